"""Workbooks of Excel 97 to 2003, written here byte by byte because nothing in the environment writes them."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from asn_impact import read_exports
from asn_impact.errors import InputError

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR = 512


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def cell(row: int, column: int, value: str | float) -> bytes:
    """Return a text, or a number shown as a date."""
    if isinstance(value, str):
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 0) + value.encode("latin-1"))
    return record(0x0203, struct.pack("<HHHd", row, column, 1, value))


def stream(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return the records of a workbook with one sheet (MS-XLS 2.1.7.20)."""
    start = [record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0x41, 6)) for kind in (5, 0x10)]
    formats = b"".join(record(0x00E0, struct.pack("<HHH", 0, form, 0) + bytes(14)) for form in (0, 14))
    head = start[0] + record(0x42, struct.pack("<H", 1200)) + record(0x22, struct.pack("<H", 0)) + formats
    cells = b"".join(cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row))
    name = b"\x04\x00izin"
    sheet_at = len(head) + 4 + 6 + len(name) + 4
    sheet = start[1] + record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0)) + cells + record(0x0A)
    book = head + record(0x85, struct.pack("<IBB", sheet_at, 0, 0) + name) + record(0x0A) + sheet
    return book.ljust(max(4096, -(-len(book) // SECTOR) * SECTOR), b"\0")


def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    letters = name.encode("utf-16-le") + b"\0\0" if name else b""
    links = struct.pack("<HBBIII", len(letters), kind, 1, FREE, FREE, child)
    return letters.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def old_workbook(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return a compound file (MS-CFB 2): header, allocation table, directory, the workbook."""
    book = stream(rows)
    chain = [TABLE, END, *range(3, len(book) // SECTOR + 2), END]
    table = chain + [FREE] * (SECTOR // 4 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<10I", 0, 1, 1, 0, 4096, END, 0, END, 0, 0) + b"\xff" * 432
    directory = (
        entry("Root Entry", 5, 1, END, 0) + entry("Workbook", 2, FREE, 2, len(book)) + entry("", 0, FREE, 0, 0) * 2
    )
    return header + struct.pack("<128I", *table) + directory + book


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    headings = ["Unit Kerja", "Tanggal Masuk", "Tanggal Selesai"]
    rows = [["007", 45300.0 + i, 45310.0 + i] for i in range(30)]
    (tmp_path / "izin.xls").write_bytes(old_workbook([headings, *rows]))
    extract = read_exports(tmp_path / "izin.xls", as_of="2024-12-31")
    assert extract.ledger.kept == 30
    assert extract.records.collect().rows()[0][1:5] == ("007", None, dt.date(2024, 1, 9), dt.date(2024, 1, 19))


def test_an_old_workbook_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "izin.xls").write_bytes(old_workbook([["Unit Kerja", "x"]])[:1500])
    with pytest.raises(InputError, match="cannot be opened as a workbook"):
        read_exports(tmp_path / "izin.xls", as_of="2024-12-31")


def test_a_sheet_that_begins_after_its_end_is_refused(tmp_path: Path) -> None:
    whole = old_workbook([["Unit Kerja", "Tanggal Masuk", "Tanggal Selesai"], ["007", 45300.0, 45310.0]])
    size = struct.pack("<IIHHH", 0, 2, 0, 3, 0)
    (tmp_path / "izin.xls").write_bytes(whole.replace(size, struct.pack("<IIHHH", 251, 2, 0, 3, 0)))
    with pytest.raises(InputError, match="cannot be opened as a workbook"):
        read_exports(tmp_path / "izin.xls", as_of="2024-12-31")


def test_cells_that_the_format_does_not_have_are_refused(tmp_path: Path) -> None:
    whole = old_workbook([["Unit Kerja", "Tanggal Masuk", "Tanggal Selesai"], ["007", 45300.0, 45310.0]])
    at = whole.index(cell(1, 1, 45300.0))
    (tmp_path / "izin.xls").write_bytes(whole[: at + 6] + b"\xff\xff" + whole[at + 8 :])
    with pytest.raises(InputError, match="cannot be opened as a workbook"):
        read_exports(tmp_path / "izin.xls", as_of="2024-12-31")
