"""Workbooks in the XML of Excel 2002 and 2003 (SpreadsheetML), as systems write them under the name of a workbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from asn_impact.errors import InputError
from asn_impact.intake.formats.grids import Sheet, Sheets, chosen, tables_of
from asn_impact.intake.formats.raw import MOST_CELLS, MOST_UNPACKED, Asked, RawTable, sha256
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.intake.formats.xml_events import read_xml
from asn_impact.words import Alert, Message

ROWS, COLUMNS = 1 << 20, 1 << 14  # the most that a sheet has


def open_spreadsheet_xml(path: Path, asked: Asked) -> list[RawTable]:
    """Return the tables in the visible sheets of a workbook in SpreadsheetML."""
    return tables_of(path, asked, sha256(path), read_apart(_read_sheets, path, asked.table))


def _read_sheets(path: Path, only: str | None) -> Sheets:
    """Return the sheets of a workbook; runs in the process for untrusted files."""
    if path.stat().st_size > MOST_UNPACKED:
        raise InputError(Message("files.unpacks", file=path.name, most=MOST_UNPACKED >> 20))
    book = _Book()
    try:
        read_xml(path, book)
        names = chosen(path, [sheet.name for sheet in book.sheets], only)
        hidden = [sheet.name for sheet in book.sheets if sheet.hidden and sheet.name in names]
        shown = [sheet for sheet in book.sheets if sheet.name in names and not sheet.hidden]
        sheets = [sheet.filled() for sheet in shown]
    except _TooManyCellsError:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS)) from None
    marks = [mark for mark in ("hidden_rows", "merged_cells", "errors") if any(mark in s.marks for s in shown)]
    return Sheets([Alert(f"files.holds.{mark}", file=path.name) for mark in marks], hidden, sheets)


class _TooManyCellsError(Exception):
    pass


class _Cells:
    """One sheet while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hidden = False
        self.marks: set[str] = set()
        self.cells: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[tuple[int, int], tuple[int, int]]] = []

    def filled(self) -> Sheet:
        """Return the sheet as a grid."""
        height = 1 + max((i for i, _ in self.cells), default=-1)
        width = 1 + max((j for _, j in self.cells), default=-1)
        if height * width > MOST_CELLS:
            raise _TooManyCellsError
        grid: list[list[Any]] = [[None] * width for _ in range(height)]
        for (i, j), text in self.cells.items():
            grid[i][j] = text
        return Sheet(self.name, grid, (0, 0), tuple(self.merged))


class _Book:
    """Hears of the elements of a workbook (XML Spreadsheet Reference, Microsoft 2002)."""

    def __init__(self) -> None:
        self.sheets: list[_Cells] = []
        self.row = self.column = 0
        self.kind = ""
        self.said: list[str] | None = None
        self.options = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Worksheet":
            self.sheets.append(_Cells(attributes.get("Name", str(len(self.sheets) + 1))))
        elif not self.sheets:
            return
        elif tag == "Table":
            self.row = -1
        elif tag == "Row":
            self.row = _place(attributes, self.row + 1, ROWS)
            self.column = -1
            if attributes.get("Hidden") == "1":
                self.sheets[-1].marks.add("hidden_rows")
        elif tag == "Cell":
            self.column = _place(attributes, self.column + 1, COLUMNS)
            self.right = _more(attributes, "MergeAcross", COLUMNS)
            if (down := _more(attributes, "MergeDown", ROWS)) or self.right:
                end = (self.row + down, self.column + self.right)
                self.sheets[-1].merged.append(((self.row, self.column), end))
                self.sheets[-1].marks |= {"merged_cells"} if down else set()
        elif tag == "Data":
            self.kind, self.said = attributes.get("Type", "String"), []
        elif tag == "Visible":
            self.said = []

    def end(self, tag: str) -> None:
        if tag == "Cell" and self.sheets:
            self.column += self.right
        if tag not in ("Data", "Visible") or self.said is None:
            return
        text, self.said = "".join(self.said).strip(), None
        if tag == "Visible":
            self.sheets[-1].hidden = text in ("SheetHidden", "SheetVeryHidden")
        elif text:
            self.sheets[-1].cells[self.row, self.column] = _value(text, self.kind)
            self.sheets[-1].marks |= {"errors"} if self.kind == "Error" else set()

    def data(self, text: str) -> None:
        if self.said is not None:
            self.said.append(text)


def _place(attributes: dict[str, str], following: int, most: int) -> int:
    written = attributes.get("Index", "")
    place = int(written) - 1 if written.isdecimal() and len(written) < 9 else following
    if not 0 <= place < most:
        raise _TooManyCellsError
    return place


def _more(attributes: dict[str, str], name: str, most: int) -> int:
    written = attributes.get(name, "")
    return min(int(written), most) if written.isdecimal() and len(written) < 9 else 0


def _value(text: str, kind: str) -> str:
    """Return a date without its midnight, a number without its empty decimals; the rest as it is written."""
    if kind == "DateTime":
        return re.sub(r"\.000$", "", text).replace("T00:00:00", "").replace("T", " ")
    if kind == "Number" and re.fullmatch(r"-?\d+(\.\d*)?[eE][-+]?\d+", text):
        number = float(text)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text) if kind == "Number" else text
