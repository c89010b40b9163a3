"""Merged cells of an OpenDocument spreadsheet, which its reader does not tell."""

from __future__ import annotations

import zipfile
from pathlib import Path

from asn_impact.intake.formats.xml_events import read_xml

Range = tuple[tuple[int, int], tuple[int, int]]


def merged_in(path: Path) -> dict[str, tuple[Range, ...]]:
    """Return sheet -> the ranges of its merged cells; nothing for a workbook of another kind."""
    with zipfile.ZipFile(path) as package:
        if "content.xml" not in package.namelist():
            return {}
        content = package.read("content.xml")
    listener = _Ranges()
    if b"-spanned" in content:
        read_xml(path, listener, content)
    return {name: tuple(ranges) for name, ranges in listener.ranges.items()}


class _Ranges:
    """Ranges of merged cells by sheet (OpenDocument 1.3, part 3, sections 9.1 and 19.676)."""

    def __init__(self) -> None:
        self.ranges: dict[str, list[Range]] = {}
        self.sheet = ""
        self.row = self.column = self.rows = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table":
            self.sheet, self.row = attributes.get("name", ""), 0
        elif tag == "table-row":
            self.column, self.rows = 0, int(attributes.get("number-rows-repeated", "1"))
        elif tag in ("table-cell", "covered-table-cell"):
            down, right = (int(attributes.get(f"number-{way}-spanned", "1")) for way in ("rows", "columns"))
            if down > 1 or right > 1:
                end = (self.row + down - 1, self.column + right - 1)
                self.ranges.setdefault(self.sheet, []).append(((self.row, self.column), end))
            self.column += int(attributes.get("number-columns-repeated", "1"))

    def end(self, tag: str) -> None:
        if tag == "table-row":
            self.row += self.rows

    def data(self, text: str) -> None:
        pass
