"""What is looked at in the package of a workbook before a reader opens it: its size, its reach, what it hides."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from asn_impact.errors import InputError
from asn_impact.intake.formats.raw import CHUNK, MOST_CELLS, MOST_PARTS, MOST_UNPACKED
from asn_impact.words import Alert, Message

_HIDDEN_ROW = re.compile(rb"<row\b[^<>]{0,600}\bhidden=\"(1|true)\"")
_EMPTY_FORMULA = re.compile(
    rb"</f>\s{0,20}(?:<v\s{0,9}/>\s{0,20}|<v>\s{0,20}</v>\s{0,20})?</c>|<f\b[^<>]{0,400}/>\s{0,20}</c>"
)


def check_package(path: Path) -> list[Message]:
    """Refuse a workbook that could harm; say what in it a reader does not see."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            if sum(p.file_size for p in parts) > MOST_UNPACKED:
                raise InputError(Message("files.unpacks", file=path.name, most=MOST_UNPACKED >> 20))
            if any(p.flag_bits & 1 for p in parts) or _is_locked(package):
                raise InputError(Message("files.locked", file=path.name))
            if len(parts) > MOST_PARTS:
                raise InputError(Message("files.damaged_workbook", file=path.name))
            names = [p.filename.casefold() for p in parts]
            looked = [_marks_in(package, p) for p in parts if not p.is_dir()]
            if sum(cells for _, cells in looked) > MOST_CELLS:
                raise _TooWideError
            marks = [present for present, _ in looked]
    except InputError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        IndexError,
    ):
        raise InputError(Message("files.damaged_workbook", file=path.name)) from None
    except _TooWideError:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS)) from None
    except _UnsafeXmlError:
        raise InputError(Message("files.xml_entities", file=path.name)) from None
    present = {mark for in_part in marks for mark in in_part}
    notes: list[Message] = [Alert(f"files.holds.{mark}", file=path.name) for mark in _MARKS if mark in present]
    notes += [Message("files.holds.macros", file=path.name)] if any("vbaproject" in n for n in names) else []
    notes += [Message("files.holds.links", file=path.name)] if any("externallinks/" in n for n in names) else []
    return notes


def _is_locked(package: zipfile.ZipFile) -> bool:
    """Return whether the parts of an OpenDocument package are encrypted."""
    manifest = "META-INF/manifest.xml"
    if manifest not in package.namelist() or package.getinfo(manifest).file_size > CHUNK:
        return False
    return b"encryption-data" in package.read(manifest)


class _UnsafeXmlError(Exception):
    pass


class _TooWideError(Exception):
    """One value in a far corner makes a reader hold every cell before it, some 60 GB at worst."""


_ATTRIBUTES = rb"[^<>]{0,400}"
_CELL = re.compile(
    rb"<(?:\w{1,20}:)?c\b[^<>]{0,400}?\br\s{0,9}=\s{0,9}[\"']([A-Za-z]{1,3})(\d{1,9})[\"'][^<>]{0,400}(?<!/)>"
)
_ROW = re.compile(rb"<(?:\w{1,20}:)?row\b(?:" + _ATTRIBUTES + rb"?\br\s{0,9}=\s{0,9}[\"'](\d{1,9})[\"'])?")
_BARE_CELL = re.compile(rb"<(?:\w{1,20}:)?c(?=[\s/>])(?!" + _ATTRIBUTES + rb"?\br\s{0,9}=)")


def _reach(text: bytes, before: int) -> tuple[int, int, int]:
    """Return the last row and column with a value in a stretch of a sheet's XML, and the bare cells after its last row.

    Bare cells name no place: they stand in the row they are in, one after the other. `before` of them stand in front.
    """
    cells = _CELL.findall(text)
    rows = [int(row) for _, row in cells]
    columns = [_column_number(letters) for letters in {letters for letters, _ in cells}]
    if _BARE_CELL.search(text) is None:
        return max(rows, default=0), max(columns, default=0), before
    starts = list(_ROW.finditer(text))
    rows += [*(int(row.group(1) or 0) for row in starts), len(starts)]
    ends = [0, *(row.start() for row in starts), len(text)]
    bare = [len(_BARE_CELL.findall(text, one, other)) for one, other in pairwise(ends)]
    bare[0] += before
    return max(rows, default=0), max(*columns, *bare), bare[-1]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


#: What in a sheet a reader of its values does not see, by the name of the note.
_MARKS: dict[str, re.Pattern[bytes]] = {
    "formulas": _EMPTY_FORMULA,
    "hidden_rows": _HIDDEN_ROW,
    "merged_cells": re.compile(b"<mergeCell "),
    "errors": re.compile(rb"<(?:\w{1,20}:)?c\b[^<>]{0,400}\bt\s{0,9}=\s{0,9}[\"']e[\"']"),
}


def _marks_in(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[set[str], int]:
    """Return what one part of XML holds that matters, and how many cells a reader makes room for; read in chunks.

    Any part can be a sheet: the workbook says which, not the folder or the ending of the name.
    """
    present: set[str] = set()
    rows = columns = bare = 0
    with package.open(part) as handle:
        tail = b""
        while chunk := handle.read(CHUNK):
            text = tail + chunk
            if not tail and not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_XML):
                return present, 0
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise _UnsafeXmlError
            tail = text[-256:]
            present |= {mark for mark, pattern in _MARKS.items() if mark not in present and pattern.search(text)}
            last, widest, bare = _reach(text, bare)
            rows, columns = max(rows, last), max(columns, widest)
    if rows * columns > MOST_CELLS:
        raise _TooWideError
    return present, rows * columns


#: How a part of XML can begin; a byte order mark of UTF-16 is refused with the other parts that a reader may follow.
_XML = (b"<", b"\xff\xfe", b"\xfe\xff")


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def error_cells(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Return sheet -> row and column, counted from 0 -> the error there, of which a reader of values sees nothing."""
    errors: dict[str, dict[tuple[int, int], str]] = {}
    with zipfile.ZipFile(path) as package:
        relations = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
        parts = {r.get("Id"): str(r.get("Target")).removeprefix("/xl/") for r in relations}
        for sheet in ElementTree.fromstring(package.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
            part = f"xl/{parts.get(sheet.get(_RELATION), '')}"
            if part not in package.namelist():
                continue
            with package.open(part) as handle:
                cells = errors.setdefault(str(sheet.get("name")), {})
                for _, cell in ElementTree.iterparse(handle):
                    if cell.tag == f"{_MAIN}c":
                        place = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", ""))
                        if cell.get("t") == "e" and place is not None:
                            column = _column_number(place.group(1).encode()) - 1
                            cells[int(place.group(2)) - 1, column] = cell.findtext(f"{_MAIN}v", "#REF!")
                        cell.clear()
    return errors


def with_errors(
    grid: list[list[Any]], start: tuple[int, int], errors: Mapping[tuple[int, int], str]
) -> list[list[Any]]:
    """Return a grid with its error cells as the texts that a spreadsheet shows."""
    for (row, column), text in errors.items():
        i, j = row - start[0], column - start[1]
        if 0 <= i < len(grid) and 0 <= j < len(grid[i]):
            grid[i][j] = text
    return grid
