"""Tables of a web page, as systems save them under the name of a workbook; also one that was saved as MHTML."""

from __future__ import annotations

import codecs
import email
import email.policy
import re
from html.parser import HTMLParser
from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.grids import Sheet, Sheets, chosen, tables_of
from asn_impact.intake.formats.raw import MOST_CELLS, MOST_UNPACKED, Asked, RawTable, sha256
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message

WIDEST, LONGEST = 1_000, 65_534  # what colspan and rowspan can say (HTML Living Standard, section 4.9.11)
_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)
_UNSEEN = ("script", "style", "title")
_BREAKS = ("br", "p", "div", "li")


def open_web_page(path: Path, asked: Asked) -> list[RawTable]:
    """Return the tables of a web page; each is a sheet by its number, ``"1"`` the first."""
    found = read_apart(_read_page, path, asked.table)
    try:
        return tables_of(path, asked, sha256(path), found)
    except InputError as error:
        if error.message.key != "files.no_sheet":
            raise
        raise InputError(Message("files.page_without_table", file=path.name)) from None


def _read_page(path: Path, only: str | None) -> Sheets:
    """Return the tables of a page; runs in the process for untrusted files."""
    if path.stat().st_size > MOST_UNPACKED:
        raise InputError(Message("files.unpacks", file=path.name, most=MOST_UNPACKED >> 20))
    tables = _Tables()
    try:
        tables.feed(_text(path.read_bytes()))
        tables.close()
    except _TooManyCellsError:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS)) from None
    sheets = [s for table in tables.found if (s := table.sheet(str(tables.found.index(table) + 1))).grid]
    names = chosen(path, [s.name for s in sheets], only) if sheets else []
    return Sheets([], [], [s for s in sheets if s.name in names])


def _text(content: bytes) -> str:
    if content[:2048].lstrip().lower().startswith(b"mime-version:"):
        message = email.message_from_bytes(content, policy=email.policy.compat32)
        pages = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "text/html"]
        content = b"\n".join(page for page in pages if isinstance(page, bytes))
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    said = _CHARSET.search(content[:4096])
    for encoding in ("utf-8-sig", said.group(1).decode() if said else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", errors="replace")


class _TooManyCellsError(Exception):
    pass


class _Table:
    """One table while it is read: the texts of its cells, how far each one spans, and what spans from above."""

    def __init__(self) -> None:
        self.grid: list[list[str]] = []
        self.merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self.taken: dict[tuple[int, int], bool] = {}
        self.spans: list[tuple[int, int]] = []
        self.cell: list[str] | None = None

    def open_row(self) -> None:
        self.close_cell()
        self.grid.append([])

    def open_cell(self, right: int, down: int) -> None:
        self.close_cell()
        if not self.grid:
            self.grid.append([])
        self.cell, self.spans = [], [(right, down)]

    def close_cell(self) -> None:
        if self.cell is None:
            return
        text, (right, down), row = " ".join("".join(self.cell).split()), self.spans[0], self.grid[-1]
        i = len(self.grid) - 1
        while self.taken.pop((i, len(row)), False):
            row.append("")
        j = len(row)
        row += [text, *[""] * (right - 1)]
        if down > 1 and (down - 1) * right + len(self.taken) > MOST_CELLS // 100:
            raise _TooManyCellsError
        if down > 1:
            self.merged.append(((i, j), (i + down - 1, j + right - 1)))
            self.taken |= dict.fromkeys(((i + n, j + k) for n in range(1, down) for k in range(right)), True)
        self.cell = None

    def sheet(self, name: str) -> Sheet:
        self.close_cell()
        last = len(self.grid) - 1
        width = max(map(len, self.grid), default=0)
        if width * len(self.grid) > MOST_CELLS:
            raise _TooManyCellsError
        merged = tuple(((i, j), (min(end, last), right)) for (i, j), (end, right) in self.merged)
        return Sheet(name, self.grid if width else [], (0, 0), merged)


class _Tables(HTMLParser):
    """Hears of the elements of a page; a table in a cell of another is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[_Table] = []
        self.inside: list[_Table] = []
        self.unseen = 0
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Hear of the beginning of an element."""
        if tag == "table":
            table = _Table()
            self.found.append(table)
            self.inside.append(table)
        elif tag in _UNSEEN:
            self.unseen += 1
        elif self.inside and tag == "tr":
            self.inside[-1].open_row()
        elif self.inside and tag in ("td", "th"):
            given = dict(attrs)
            right, down = _span(given.get("colspan"), WIDEST), _span(given.get("rowspan"), LONGEST)
            self.cells += right
            if self.cells > MOST_CELLS:
                raise _TooManyCellsError
            self.inside[-1].open_cell(right, down)
        elif tag in _BREAKS:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """Hear of the end of an element."""
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag == "table" and self.inside:
            self.inside.pop().close_cell()
        elif tag in ("td", "th", "tr") and self.inside:
            self.inside[-1].close_cell()
        elif tag in _BREAKS:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        """Hear of a piece of text."""
        if self.inside and not self.unseen and (cell := self.inside[-1].cell) is not None:
            cell.append(data)


def _span(written: str | None, most: int) -> int:
    text = (written or "").strip()
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 9 else 1
