"""How far the cells of an Excel 97 to 2003 workbook reach, told before a reader makes room for all of them.

The format allows 65,536 rows and 256 columns. A damaged number in it can claim 65,536 columns, for which a
reader asks for some 100 GB and ends the process. Structure: MS-CFB section 2, MS-XLS section 2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MOST_ROWS, MOST_COLUMNS = 1 << 16, 256
_CELLS = frozenset({0x0006, 0x00BD, 0x00BE, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x00D6, 0x027E})
_SHEET, _SIZE, _END_OF_SHEET, _PASSWORD = 0x0085, 0x0200, 0x000A, 0x002F


def reaches_too_far(content: bytes) -> bool:
    """Return whether a sheet claims cells that the format does not have, or cannot be followed at all.

    Examples
    --------
    >>> reaches_too_far(b"no workbook")
    True
    """
    try:
        book = _workbook(content)
        offsets = [struct.unpack_from("<I", body)[0] for kind, body in _records(book, 0) if kind == _SHEET]
        return any(_too_far(kind, body) for at in (0, *offsets) for kind, body in _records(book, at))
    except (struct.error, IndexError, ValueError):
        return True


def is_locked(content: bytes) -> bool:
    """Return whether a password protects the workbook: FilePass (MS-XLS 2.4.117), or a new workbook in a safe."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return True
    try:
        return any(kind == _PASSWORD for kind, _ in _records(_workbook(content), 0))
    except (struct.error, IndexError, ValueError):
        return False


def _too_far(kind: int, body: bytes) -> bool:
    if kind == _SIZE:
        top, rows, left, columns = struct.unpack_from("<HHHH" if len(body) < 14 else "<IIHH", body)
        return not (top <= rows <= MOST_ROWS and left <= columns <= MOST_COLUMNS)
    return kind in _CELLS and bool(struct.unpack_from("<H", body, 2)[0] >= MOST_COLUMNS)


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one part of the workbook: (kind, content)."""
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _END_OF_SHEET:
            return


def _workbook(content: bytes) -> bytes:
    """Return the stream of the workbook inside the compound file."""
    size = 1 << content[30]
    table = _table(content, size)
    (first,) = struct.unpack_from("<I", content, 48)
    directory = _stream(content, table, first, size)
    for at in range(0, len(directory), 128):
        (letters,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(letters - 2, 0)].decode("utf-16-le")
        if name in ("Workbook", "Book"):
            (start,) = struct.unpack_from("<I", directory, at + 116)
            return _stream(content, table, start, size)
    raise ValueError("no workbook")


def _table(content: bytes, size: int) -> list[int]:
    """Return the allocation table: sector -> next sector."""
    sectors = list(struct.unpack_from("<109I", content, 76))
    further, count = struct.unpack_from("<II", content, 68)
    for _ in range(min(count, len(content) // size)):
        *more, further = struct.unpack_from(f"<{size // 4}I", content, (further + 1) * size)
        sectors += more
    used = [s for s in sectors if (s + 2) * size <= len(content)]
    return [entry for s in used for entry in struct.unpack_from(f"<{size // 4}I", content, (s + 1) * size)]


def _stream(content: bytes, table: list[int], start: int, size: int) -> bytes:
    parts: list[bytes] = []
    sector = start
    while sector < len(table) and len(parts) <= len(table):
        parts.append(content[(sector + 1) * size : (sector + 2) * size])
        sector = table[sector]
    return b"".join(parts)
