"""Files as received -> tables of DuckDB: found, checked, hashed, and refused with a reason when unfit.

A CSV file stays where it is and DuckDB reads it there, all columns as text. A file in another encoding than
UTF-8 is rewritten once, chunk by chunk, to a private temporary copy. A workbook is read sheet by sheet, a JSON
file is a list of records. A table of a database is read where it is a file, and once where it is on a server.
What the package writes itself (`write_beside`, `shielded`) is here too.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import functools
import hashlib
import io
import json
import lzma
import os
import re
import shutil
import struct
import tempfile
import urllib.parse
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import duckdb
import numpy as np
import pyarrow as pa

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Int
from asn_impact.errors import InputError
from asn_impact.intake.old_workbooks import reaches_too_far
from asn_impact.intake.untrusted import read_apart
from asn_impact.words import Alert, Message, paragraph

__all__ = [
    "RawTable",
    "files_of",
    "kept_typed",
    "named_source",
    "on_server",
    "open_file",
    "open_server",
    "query",
    "reading",
    "refuse_changed",
    "shielded",
    "write_beside",
]

CHUNK = 1 << 22
LONG_TEXT = 1 << 23  # bytes of a text file from which parsing it again costs more than writing down what is wanted
LONGEST_LINE = 1_000_000  # bytes of one row of a text file
SAMPLE = 1 << 18  # bytes in which the heading row must lie
HEADER_ROWS = 20  # title rows in front of the headings: 1 to 6 in practice, 20 in the most patient reader seen
MOST_COPIED = 1 << 26  # bytes of a Parquet file that is copied before it is read
MOST_COLUMNS = 2_000
MOST_UNPACKED = 1 << 28  # bytes of one workbook once unpacked
MOST_CELLS = 50_000_000  # a sheet is held as rows times columns, empty cells too
MOST_PARTS = 10_000  # files inside one workbook
MOST_JSON = 1 << 30  # bytes; a JSON file is held in memory as a whole
WORKBOOKS = (".xlsx", ".xlsm", ".xls")
TEXTS = (".csv", ".tsv", ".txt")
KNOWN = (*TEXTS, *WORKBOOKS, ".parquet", ".json")
DATABASES = (".duckdb", ".ddb", ".db")
#: Scheme of an address -> the extension of DuckDB that reads such a server.
SERVERS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql"}

Recogniser = Callable[[Sequence[str]], int]


@dataclass(frozen=True, eq=False)
class RawTable:
    """One file or sheet: its headings, and its rows as a relation with the columns ``c0``, ``c1``, ...

    A loose table comes from a text file or a sheet: every column is text, and rows of totals may be in it.
    ``places`` gives the row of the file in which each row of the table stands, where that is not 1, 2, 3, ...
    (a spreadsheet counts from 1, with titles and empty rows); it is called when rows are shown, not before. A table
    ``on_server`` must be fetched once: it can change between two looks. A ``long`` text file is parsed anew by every
    query; what is wanted of it is kept typed (`kept_typed`). ``changed`` tells whether a file that is read where it
    stands is another one by now.
    """

    name: str
    headings: tuple[str, ...]
    relation: duckdb.DuckDBPyRelation
    sha256: str
    loose: bool
    notes: tuple[Message, ...] = ()
    places: Callable[[], Int] | None = None
    on_server: bool = False
    long: bool = False
    changed: Callable[[], bool] = bool


class Scan(NamedTuple):
    """What one pass over the bytes of a file tells."""

    sha256: str
    encoding: str
    mixed_lines: bool
    ends_whole: bool


_MAGIC: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"PK\x03\x04", "zip", (".xlsx", ".xlsm")),
    (b"PAR1", "parquet", (".parquet",)),
    (b"\xd0\xcf\x11\xe0", "old_excel", (".xls",)),
    (b"\x80\x02", "pickle", ()),
    (b"\x80\x03", "pickle", ()),
    (b"\x80\x04", "pickle", ()),
    (b"\x80\x05", "pickle", ()),
    (b"\x1f\x8b", "gzip", ()),
    (b"%PDF", "pdf", ()),
    (b"SQLite format 3", "sqlite", ()),
)


def query(sql: str) -> duckdb.DuckDBPyRelation:
    """Return the relation of a SELECT statement, on DuckDB's default connection; nothing runs yet."""
    _lock_extensions()
    relation = duckdb.sql(sql)
    assert relation is not None  # None is for statements that return no rows
    return relation


@functools.cache
def _lock_extensions() -> None:
    """Let no file make DuckDB fetch or load an extension by itself."""
    duckdb.execute("SET autoinstall_known_extensions = false")
    duckdb.execute("SET autoload_known_extensions = false")


def files_of(source: Path) -> tuple[list[Path], list[str]]:
    """Return the data files of a path, sorted by name, and the names of what was passed over.

    Raises
    ------
    InputError
        When nothing is there, nothing can be read, or a link leaves the folder.
    """
    if not source.exists():
        raise InputError(Message("files.absent", file=source.name[:80]))
    if source.is_file():
        _stays_inside(source, source.parent)
        return [source], []
    if not source.is_dir():
        raise InputError(Message("files.no_file", file=source.name))
    inside = sorted(source.iterdir(), key=lambda p: p.name)
    visible = [p for p in inside if not p.name.startswith((".", "~$"))]
    known = [p for p in visible if p.suffix.casefold() in KNOWN and (p.is_file() or not p.exists())]
    files = [p for p in known if p.suffix.casefold() != ".json"] or known  # beside tables a JSON file describes them
    others = [f"{p.name}/" if p.is_dir() else p.name for p in visible if p not in files]
    if not files:
        endings: list[Any] = sorted({Path(name).suffix or name for name in others}) or [Message("files.nothing")]
        raise InputError(Message("files.none_known", folder=source.resolve().name, endings=endings, known=KNOWN))
    for file in files:
        _stays_inside(file, source)
    return files, others


def _stays_inside(file: Path, folder: Path) -> None:
    try:
        inside = folder.resolve() in file.resolve().parents
    except (OSError, RuntimeError):  # a link to itself
        inside = False
    if not inside:
        raise InputError(Message("files.link", file=file.name, folder=folder.resolve().name))


def open_file(path: Path, recognise: Recogniser, table: str | None = None) -> list[RawTable]:
    """Return the tables of one file: one for CSV and Parquet, one a visible sheet for a workbook.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    recognise : callable
        Counts the cells of a row that are known headings; the heading row is where it counts most.
    table : str, optional
        Table of a database, or sheet of a workbook.

    Raises
    ------
    InputError
        Naming the file, what was found and what was expected.
    """
    kind = path.suffix.casefold()
    if kind not in (*KNOWN, *DATABASES):
        raise InputError(Message("files.ending", file=path.name, ending=_ending(kind), known=KNOWN))
    _check_magic(path, kind)
    if kind in DATABASES:
        return [_open_database(path, table)]
    if table is not None and kind not in WORKBOOKS:
        raise InputError(Message("files.one_table", file=path.name, table=table))
    if kind == ".parquet" or kind in TEXTS:
        path, changed = snapshot(path)
        opened = _open_parquet(path) if kind == ".parquet" else _open_text(path, recognise)
        return [replace(opened, changed=changed)]
    if kind == ".json":
        return [_open_json(path)]
    if kind in WORKBOOKS:
        return _open_workbook(path, recognise, table)
    raise AssertionError(kind)


def snapshot(path: Path) -> tuple[Path, Callable[[], bool]]:
    """Return a private copy of a file, so that what is hashed is what is counted; and whether the file has changed.

    A file that is too large to be copied is read where it stands, and must be the same afterwards.
    """
    mark = _mark(path)
    folder = ""
    if mark[0] < (MOST_COPIED if path.suffix.casefold() == ".parquet" else LONG_TEXT):
        try:
            folder = tempfile.mkdtemp(dir=_copies().name)
            return Path(shutil.copyfile(path, Path(folder) / path.name)), bool
        except OSError:  # no room left
            shutil.rmtree(folder, ignore_errors=True)
    return path, lambda: _mark(path) != mark


def _mark(path: Path) -> tuple[int, int, int]:
    """Return what tells one state of a file from another: size, time of the last change, place on the disk."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return -1, 0, 0
    return now.st_size, now.st_mtime_ns, now.st_ino


def refuse_changed(tables: Sequence[RawTable]) -> None:
    """Refuse to go on with a file that has changed since it was opened.

    Raises
    ------
    InputError
        Naming the file.
    """
    for table in tables:
        if table.changed():
            raise InputError(Message("files.changed", file=table.name))


def _ending(kind: str) -> Message | str:
    return repr(kind) if kind else Message("files.nothing")


def _check_magic(path: Path, kind: str) -> None:
    with path.open("rb") as handle:
        start = handle.read(512)
    if not start:
        raise InputError(Message("files.zero_bytes", file=path.name))
    for magic, what, suffixes in _MAGIC:
        if start.startswith(magic) and kind not in suffixes:
            kind_there = Message(f"files.kind.{what}")
            raise InputError(Message("files.is_another", file=path.name, ending=kind, kind=kind_there))
    expected = [magic for magic, _, suffixes in _MAGIC if kind in suffixes]
    web = re.match(rb"\s*(\xef\xbb\xbf)?\s*(<[a-z!?]|mime-version:)", start, re.IGNORECASE) is not None
    if web:
        raise InputError(Message("files.web_page", file=path.name, ending=kind))
    if expected and not any(start.startswith(magic) for magic in expected):
        raise InputError(Message("files.starts_otherwise", file=path.name, ending=kind))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what DuckDB says about a file into an InputError that shows no row of it."""
    try:
        yield
    except duckdb.Error as error:
        raise InputError(_explain(name, str(error))) from None
    except RuntimeError as error:  # DuckDB's message held bytes that are no text
        if "conversion error" not in str(error):
            raise
        raise InputError(Message("files.no_text_bytes", file=name)) from None
    except OSError as error:
        raise InputError(
            Message("files.not_opened", file=name[:80], why=error.strerror or Message("files.unreadable"))
        ) from None


def _explain(name: str, message: str) -> Message:
    """Put what DuckDB says about a file in our words; its own text is read, because it has no codes."""
    if "asn_long_float" in message:
        return Message("files.long_floats", file=name)
    line = re.search(r"Line:? (\d+)", message)
    row = Message("files.row_at", line=line.group(1)) if line else Message("files.some_row")
    file = re.search(r"file = (.+)", message)
    name = Path(file.group(1).strip()).name if file else name
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if "quote" in message.split("Possible")[0].casefold():
        return Message("files.open_quote", file=name, row=row)
    if counts:
        expected, fields = counts.groups()
        return Message("files.number_of_fields", file=name, row=row, fields=fields, expected=expected)
    if "maximum line size" in message.casefold():
        return Message("files.long_row", file=name, row=row)
    if "parquet" in message.casefold():
        return Message("files.damaged_parquet", file=name)
    if "CSV" in message:
        return Message("files.no_csv_row", file=name, row=row)
    return Message("files.unknown_fault", file=name, said=message.splitlines()[0][:120])


# --- text files -----------------------------------------------------------------------------------------------


def _bom(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8"


def scan(path: Path) -> Scan:
    """Hash a text file and learn its encoding and line ends in one pass of fixed memory."""
    digest, last, crlf, lf = hashlib.sha256(), b"", 0, 0
    with path.open("rb") as handle:
        encoding = _bom(handle.read(4))
        handle.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
            if encoding == "utf-16":
                last = chunk[-4:]
                continue
            if b"\x00" in chunk:
                raise InputError(Message("files.nul_bytes", file=path.name))
            crlf, lf = crlf + chunk.count(b"\r\n"), lf + chunk.count(b"\n")
            if encoding == "utf-8":
                encoding = _still_utf8(decoder, chunk)
            last = chunk[-4:]
        if encoding == "utf-8" and _still_utf8(decoder, b"", final=True) != "utf-8":
            encoding = "cp1252"
    return Scan(digest.hexdigest(), encoding, 0 < crlf < lf, last.rstrip(b"\x00").endswith((b"\n", b"\r")))


def _still_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> str:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@functools.cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    """Return the private folder of rewritten copies; removed when Python ends."""
    return tempfile.TemporaryDirectory(prefix="asn-impact-")


def _as_utf8(path: Path, facts: Scan) -> Path:
    """Return the file itself, or a UTF-8 copy with one kind of line end (cp1252 is what a Windows Excel writes)."""
    if facts.encoding == "utf-8" and not facts.mixed_lines:
        return path
    copy = Path(_copies().name) / f"{facts.sha256}.csv"
    if not copy.exists():
        part = copy.with_suffix(".part")
        errors = "replace" if facts.encoding == "cp1252" else "strict"
        try:
            with (
                path.open(encoding=facts.encoding, errors=errors) as old,
                part.open("w", encoding="utf-8", newline="\n") as new,
            ):
                while text := old.read(CHUNK):
                    if "\x00" in text:
                        raise InputError(Message("files.nul_bytes", file=path.name))
                    new.write(text)
        except UnicodeError:
            raise InputError(Message("files.encoding", file=path.name, encoding=facts.encoding)) from None
        part.replace(copy)
    return copy


def _first_rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the first rows and the number of physical lines in front of each."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for row in reader:
            rows.append((before, row))
            before = reader.line_num
            if len(rows) == HEADER_ROWS + 1:
                break
    except csv.Error:
        pass
    return rows


def _heading_row(rows: Sequence[Sequence[str]], recognise: Recogniser) -> int:
    """Position of the row with most known headings; without any, of the first row with two filled cells."""
    scores = [0 if _holds_values(row) else recognise(row) for row in rows[:HEADER_ROWS]]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    return next((i for i, row in enumerate(rows) if sum(bool(c.strip()) for c in row) >= 2), 0)


_VALUE = re.compile(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|\d{5,}\s*)", re.DOTALL)  # a date, or a long number


def _holds_values(cells: Sequence[str]) -> bool:
    """Return whether a row holds values: a word in it that is also a heading (``Layanan``) makes it no heading row."""
    return any(_VALUE.fullmatch(c) for c in cells)


_NUMBERING = re.compile(r"\(?\d{1,3}\)?\.?")


def _is_numbering(cells: Sequence[str]) -> bool:
    """Return whether a row holds the numbers of the columns, (1) (2) (3), as official tables do under the headings."""
    filled = [c.strip() for c in cells if c.strip()]
    return len(filled) > 1 and filled[0].strip("().") == "1" and all(_NUMBERING.fullmatch(c) for c in filled)


_YEAR = re.compile(r"(19|20)\d\d")


def _join_headings(upper: Sequence[str], lower: Sequence[str], recognise: Recogniser) -> list[str] | None:
    """Headings in two rows, a group and what is in it, as one; None when the lower row holds values."""
    numbers = [c for c in lower if any(map(str.isdigit, c)) and not _YEAR.fullmatch(c.strip())]
    if not any(c.strip() for c in lower) or numbers:
        return None
    width = max(len(upper), len(lower))
    group, headings = "", []
    for above, below in zip(_pad(upper, width), _pad(lower, width), strict=True):
        group = above if above or not below else group
        ways = (f"{group} {below}".strip(), below, above) if below else (above,)
        headings.append(next((way for way in ways if way and recognise([way])), ways[0]))
    return headings


def _pad(cells: Sequence[str], width: int) -> list[str]:
    return [" ".join(c.split()) for c in cells] + [""] * (width - len(cells))


def _heading_block(rows: Sequence[Sequence[str]], recognise: Recogniser) -> tuple[list[str], int]:
    """Headings, and the position of the last row that belongs to them: one to three rows, and a row of numbers."""
    at = _heading_row(rows, recognise)
    ways = [(list(rows[at]), at)]
    for first in (at, at - 1, at - 2):
        block: list[str] | None = list(rows[first]) if first >= 0 else None
        for lower in range(first + 1, min(first + 3, len(rows))):
            block = None if block is None else _join_headings(block, rows[lower], recognise)
            ways += [(block, lower)] if block is not None and lower >= at else []
    headings, last = max(ways, key=lambda way: 0 if _holds_values(way[0]) else recognise(way[0]))
    numbered = last + 1 < len(rows) and _is_numbering(rows[last + 1])
    return headings, last + numbered


class Dialect(NamedTuple):
    """How a text file is cut: separator, lines above the headings, place of the heading record, headings."""

    delimiter: str
    skip: int
    last: int
    headings: list[str]


def _dialect(text: str, recognise: Recogniser) -> Dialect | None:
    """Return the separator under which most headings are known, then most columns, and what follows from it."""
    best: tuple[tuple[int, int], Dialect] | None = None
    for delimiter in ";,\t|":
        rows = _first_rows(text, delimiter)
        if not rows:
            continue
        cells, last = _heading_block([row for _, row in rows], recognise)
        before = rows[last][0]
        rank = (recognise(cells), len(cells))
        if best is None or rank > best[0]:
            best = (rank, Dialect(delimiter, before, last, cells))
    return None if best is None else best[1]


def _text_places(file: Path, dialect: Dialect) -> Int:
    """Return the place of each row of a text file: records counted from 1, empty lines too, as a spreadsheet does."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            records = enumerate(csv.reader(handle, delimiter=dialect.delimiter))
            return np.array([i + 1 for i, record in records if record and i > dialect.last], dtype=np.int64)
    finally:
        csv.field_size_limit(before)


def _sample(path: Path) -> str:
    with path.open("rb") as handle:
        start = handle.read(SAMPLE)
        more = bool(handle.read(1))
    if more and b"\n" not in start and b"\r" not in start:
        raise InputError(Message("files.long_line", file=path.name, bytes=SAMPLE, most=MOST_COLUMNS))
    text = start.decode("utf-8-sig", errors="ignore")
    return text[: text.rfind("\n") + 1] if more and "\n" in text else text


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _file_literal(path: Path | str) -> str:
    """Write the name of a file for DuckDB, which would read ``*``, ``?`` and ``[`` in it as a pattern."""
    return _quote(re.sub(r"[*?\[]", lambda sign: f"[{sign.group()}]", str(path)))


def _open_text(path: Path, recognise: Recogniser) -> RawTable:
    facts = scan(path)
    file = _as_utf8(path, facts)
    dialect = _dialect(_sample(file), recognise)
    if dialect is None:
        raise InputError(Message("files.no_text", file=path.name))
    delimiter, skip, _, headings = dialect
    _check_width(path.name, len(headings))
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(headings)))
    options = (
        f"auto_detect=false, columns={{{columns}}}, delim={_quote(delimiter)}, header=true, skip={skip}, "
        f"quote='\"', escape='\"', strict_mode=true, null_padding=false, max_line_size={LONGEST_LINE}"
    )
    with reading(path.name):
        relation = query(f"SELECT * FROM read_csv({_file_literal(file)}, {options}, hive_partitioning=false)")
    notes = []
    if facts.encoding != "utf-8":
        notes.append(Message("files.read_as", file=path.name, encoding=facts.encoding))
    if skip:
        notes.append(Message("files.lines_above", file=path.name, n=skip))
    if not facts.ends_whole:
        notes.append(Alert("files.cut_off", file=path.name))
    return RawTable(
        path.name,
        tuple(headings),
        relation,
        facts.sha256,
        loose=True,
        notes=tuple(notes),
        places=functools.partial(_text_places, file, dialect),
        long=file.stat().st_size >= LONG_TEXT,
    )


def kept_typed(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the same rows from a private Parquet file, written once: later queries do not parse the text again.

    The file is removed when Python ends. Where it cannot be written the relation itself is returned: slow, and right.
    """
    name = ""
    try:
        handle, name = tempfile.mkstemp(suffix=".parquet", dir=_copies().name)
        os.close(handle)
        relation.write_parquet(name)
    except (duckdb.IOException, OSError):  # no room left
        if name:
            Path(name).unlink(missing_ok=True)
        return relation
    return query(f"SELECT * FROM read_parquet({_file_literal(name)}, hive_partitioning=false)")


def _check_width(name: str, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise InputError(Message("files.too_wide", file=name, n=columns, most=MOST_COLUMNS))


# --- Parquet and workbooks ------------------------------------------------------------------------------------


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _open_parquet(path: Path) -> RawTable:
    with path.open("rb") as handle:
        handle.seek(-min(4, path.stat().st_size), io.SEEK_END)
        whole = handle.read(4) == b"PAR1"
    if not whole:
        raise InputError(Message("files.damaged_parquet", file=path.name))
    with reading(path.name):
        relation = query(f"SELECT * FROM read_parquet({_file_literal(path)}, hive_partitioning=false)")
    headings = tuple(relation.columns)
    _check_width(path.name, len(headings))
    columns = ", ".join(f'"{h.replace(chr(34), chr(34) * 2)}" AS c{i}' for i, h in enumerate(headings))
    return RawTable(path.name, headings, relation.project(columns), _sha256(path), loose=False)


_HIDDEN_ROW = re.compile(rb"<row\b[^<>]{0,600}\bhidden=\"(1|true)\"")
_EMPTY_FORMULA = re.compile(
    rb"</f>\s{0,20}(?:<v\s{0,9}/>\s{0,20}|<v>\s{0,20}</v>\s{0,20})?</c>|<f\b[^<>]{0,400}/>\s{0,20}</c>"
)


def _check_package(path: Path) -> list[Message]:
    """Refuse a workbook that could harm; say what in it a reader does not see."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            if sum(p.file_size for p in parts) > MOST_UNPACKED:
                raise InputError(Message("files.unpacks", file=path.name, most=MOST_UNPACKED >> 20))
            if len(parts) > MOST_PARTS:
                raise InputError(Message("files.damaged_workbook", file=path.name))
            names = [p.filename.casefold() for p in parts]
            looked = [_marks_in(package, p) for p in parts if not p.is_dir()]
            if sum(cells for _, cells in looked) > MOST_CELLS:
                raise _TooWideError
            marks = [present for present, _ in looked]
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, RuntimeError):
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


def _cell_text(value: Any) -> str | None:  # noqa: ANN401 (a workbook cell is a text, number, date, time or truth)
    """Write a cell as text: dates in ISO form, whole numbers without a decimal point."""
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip() or None


class Sheets(NamedTuple):
    """What a workbook holds: notes, the names of hidden sheets, and name, cells and first cell of the others."""

    notes: list[Message]
    hidden: list[str]
    grids: list[tuple[str, list[list[Any]], tuple[int, int]]]


def _read_sheets(path: Path, only: str | None) -> Sheets:
    """Return the sheets of a workbook; runs in the process for untrusted files."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    if path.suffix.casefold() != ".xls":
        notes = _check_package(path)
    elif reaches_too_far(path.read_bytes()):
        raise InputError(Message("files.no_workbook", file=path.name))
    else:
        notes = []
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets_meant = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet and only in (None, s.name)]
        if only is not None and not sheets_meant:
            names = [s.name for s in book.sheets_metadata]
            absent = Message("files.no_such_sheet", file=path.name, sheet=only)
            raise InputError(paragraph(absent, did_you_mean(only, names), Message("files.sheets", names=names)))
        hidden = [s.name for s in sheets_meant if s.visible != SheetVisibleEnum.Visible]
        sheets = [(s.name, book.get_sheet_by_name(s.name)) for s in sheets_meant if s.name not in hidden]
        for name, sheet in sheets:
            _check_width(f"{path.name}[{name}]", sheet.width)
        grids = [(name, sheet.to_python(skip_empty_area=True), sheet.start or (0, 0)) for name, sheet in sheets]
        if any(note.key == "files.holds.errors" for note in notes):
            errors = _error_cells(path)
            grids = [(name, _with_errors(grid, start, errors.get(name, {})), start) for name, grid, start in grids]
    except InputError:
        raise
    except BaseException as error:  # calamine raises its own kinds for damage, and panics, which are no Exception
        if not (isinstance(error, Exception) or type(error).__name__ == "PanicException"):
            raise
        raise InputError(Message("files.no_workbook", file=path.name)) from None
    return Sheets(notes, hidden, grids)


def _open_workbook(path: Path, recognise: Recogniser, only: str | None = None) -> list[RawTable]:
    digest = _sha256(path)
    notes, hidden, grids = read_apart(_read_sheets, path, only)
    if hidden:
        notes.append(Alert("files.hidden_sheets", file=path.name, n=len(hidden)))
    tables = [_sheet_table(f"{path.name}[{n}]", grid, recognise, digest, start[0]) for n, grid, start in grids]
    filled = [t for t in tables if t is not None]
    known = [t for t in filled if recognise(t.headings) > 0] or filled[:1]
    n_others = len(grids) - len(known)
    if n_others:
        notes.append(Alert("files.sheets_passed", file=path.name, n=n_others))
    if not known:
        raise InputError(Message("files.no_sheet", file=path.name))
    return [replace(known[0], notes=(*known[0].notes, *notes)), *known[1:]]


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _error_cells(path: Path) -> dict[str, dict[tuple[int, int], str]]:
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


def _with_errors(
    grid: list[list[Any]], start: tuple[int, int], errors: Mapping[tuple[int, int], str]
) -> list[list[Any]]:
    """Return a grid with its error cells as the texts that a spreadsheet shows."""
    for (row, column), text in errors.items():
        i, j = row - start[0], column - start[1]
        if 0 <= i < len(grid) and 0 <= j < len(grid[i]):
            grid[i][j] = text
    return grid


def _sheet_table(name: str, grid: list[list[Any]], recognise: Recogniser, digest: str, start: int) -> RawTable | None:
    if not grid:
        return None
    top = [[_cell_text(cell) or "" for cell in row] for row in grid[: HEADER_ROWS + 1]]
    headings, at = _heading_block(top, recognise)
    filled = [i for i in range(at + 1, len(grid)) if any(c is not None and c != "" for c in grid[i])]
    if not filled:
        return None
    cells = zip(*(grid[i] for i in filled), strict=True)
    arrays = [pa.array([_cell_text(cell) for cell in column], pa.string()) for column in cells]
    relation = duckdb.from_arrow(pa.table({f"c{i}": a for i, a in enumerate(arrays)}))
    notes = (Message("files.rows_above", file=name, n=at),) if at else ()
    rows = np.array(filled, dtype=np.int64) + start + 1
    return RawTable(name, tuple(headings), relation, digest, loose=True, notes=notes, places=lambda: rows)


# --- JSON -----------------------------------------------------------------------------------------------------


def _open_json(path: Path) -> RawTable:
    """Read a list of records, alone or inside ``{"data": ...}`` as SiCantik answers; every value becomes text."""
    if path.stat().st_size > MOST_JSON:
        raise InputError(Message("files.large_json", file=path.name, most=MOST_JSON >> 20))
    columns, digest = read_apart(_read_json, path)
    arrays = [pa.array(values, pa.string()) for values in columns.values()]
    relation = duckdb.from_arrow(pa.table({f"c{i}": a for i, a in enumerate(arrays)}))
    return RawTable(path.name, tuple(columns), relation, digest, loose=True)


def _read_json(path: Path) -> tuple[dict[str, list[str | None]], str]:
    """Return heading -> texts, and the SHA-256 of the file; runs in the process for untrusted files."""
    content = path.read_bytes()
    try:
        tree = json.loads(content, object_pairs_hook=_fields)
        records = _records(tree)
    except _DoubleFieldError as error:
        raise InputError(Message("files.json_double_field", file=path.name, field=str(error))) from None
    except (ValueError, RecursionError):
        raise InputError(Message("files.no_json", file=path.name)) from None
    if records is None:
        raise InputError(Message("files.json_no_list", file=path.name))
    headings = tuple(dict.fromkeys(field for record in records for field in record))
    _check_width(path.name, len(headings))
    if not headings:
        raise InputError(Message("files.json_no_records", file=path.name))
    if len(headings) * len(records) > MOST_CELLS:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS))
    try:
        columns = {h: [_json_text(r.get(h)) for r in records] for h in headings}
    except (ValueError, RecursionError):  # lists in lists, a number of thousands of digits
        raise InputError(Message("files.no_json", file=path.name)) from None
    return columns, hashlib.sha256(content).hexdigest()


class _DoubleFieldError(Exception):
    pass


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        times = Counter(name for name, _ in pairs)
        raise _DoubleFieldError(next(name for name, n in times.items() if n > 1))
    return fields


def _records(tree: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401
    """Return the list of records of a JSON tree: the tree itself, or what is under the one field that leads there."""
    if isinstance(tree, list):
        return tree if all(isinstance(record, dict) for record in tree) else None
    if not isinstance(tree, dict):
        return None
    below = [found for value in tree.values() if (found := _records(value))]
    return below[0] if len(below) == 1 else None


def _json_text(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    try:
        return _cell_text(value.encode().decode() if isinstance(value, str) else value)
    except UnicodeError:  # half of a surrogate pair
        return None


# --- databases ------------------------------------------------------------------------------------------------


def on_server(source: object) -> bool:
    """Return whether a source is the address of a database server: ``postgresql://...`` or ``mysql://...``.

    Examples
    --------
    >>> on_server("postgresql://db.example/izin"), on_server("office.duckdb")
    (True, False)
    """
    return isinstance(source, str) and source.partition("://")[0].casefold() in SERVERS and "://" in source


def named_source(source: object) -> str:
    """Return the name of a source for messages and records: a file without its folder, a server without its secrets.

    Examples
    --------
    >>> named_source("postgresql://user:secret@db.example:5432/izin?password=secret")
    'postgresql://db.example/izin'
    >>> named_source("exports/permits.csv")
    'permits.csv'
    """
    if isinstance(source, str) and on_server(source):
        address = urllib.parse.urlsplit(source)
        return f"{address.scheme}://{(address.hostname or 'localhost')[:80]}/{address.path.strip('/')[:80]}"
    return Path(source).name if isinstance(source, str | Path) else "the frame"


def open_server(address: str, table: str | None) -> RawTable:
    """Return one table of a PostgreSQL or MySQL server, through DuckDB's extension for it.

    The password is better left out of the address: PostgreSQL reads it from ``~/.pgpass`` or ``PGPASSWORD``, MySQL
    from ``MYSQL_PWD``. It is in no message and no record.

    Raises
    ------
    InputError
        The extension is not installed, the server does not answer, or there is no such table.
    """
    parts, name = urllib.parse.urlsplit(address), named_source(address)
    extension = SERVERS[parts.scheme.casefold()]
    _require_extension(extension, name)
    alias = "asn_" + hashlib.sha256(address.encode()).hexdigest()[:12]
    try:
        _run(f"LOAD {extension}")
        _run(f"DETACH DATABASE IF EXISTS {alias}")
        _run(f"ATTACH {_quote(_connection(parts, extension))} AS {alias} (TYPE {extension}, READ_ONLY)")
    except duckdb.Error:  # its message holds the address, and the password in it
        raise InputError(Message("files.server_silent", server=name)) from None
    return _database_table(alias, table, name, "", on_server=True)


def _require_extension(extension: str, name: str) -> None:
    answers = _run(
        "SELECT installed FROM duckdb_extensions() WHERE extension_name IN (?, ? || '_scanner')", extension, extension
    )
    if not any(installed for (installed,) in answers):
        raise InputError(Message("files.no_extension", server=name, extension=extension))


def _connection(parts: urllib.parse.SplitResult, extension: str) -> str:
    """Write the connection as pairs ``key='value'``, the form that both extensions read."""
    database = {"postgres": "dbname", "mysql": "database"}[extension]
    unquote = urllib.parse.unquote
    pairs = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        database: unquote(parts.path.strip("/")) or None,
        **dict(urllib.parse.parse_qsl(parts.query)),
    }
    escaped = {key: str(value).replace("\\", "\\\\").replace("'", "\\'") for key, value in pairs.items() if value}
    return " ".join(f"{key}='{value}'" for key, value in escaped.items())


def _open_database(path: Path, table: str | None) -> RawTable:
    """Return one table of a DuckDB file, opened for reading only."""
    with path.open("rb") as handle:
        if handle.read(12)[8:] != b"DUCK":
            raise InputError(Message("files.no_duckdb", file=path.name))
    digest, file = _sha256(path), str(path.resolve())
    open_as = _run("SELECT database_name FROM duckdb_databases() WHERE path = ?", file)
    alias = open_as[0][0] if open_as else f"asn_{digest[:12]}"
    try:
        if not open_as:
            _run(f"ATTACH {_quote(file)} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        busy = "lock" in str(error).casefold() or "in use" in str(error).casefold()
        why = Message("files.database_in_use") if busy else Message("files.database_damaged")
        raise InputError(Message("files.database_not_opened", file=path.name, why=why)) from None
    return _database_table(alias, table, path.name, digest)


def _database_table(alias: str, table: str | None, name: str, digest: str, *, on_server: bool = False) -> RawTable:
    answers = _run(
        "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        "WHERE table_catalog = ? ORDER BY ALL",
        alias,
    )
    if not on_server:  # a view can read any file of this machine
        answers = [row for row in answers if row[2] == "BASE TABLE"]
    ways = {f"{schema}.{t}": (schema, t) for schema, t, _ in answers}
    matches = [way for way in ways if table in (way, way.partition(".")[2])]
    if len(matches) != 1:
        raise InputError(_which_table(name, table, len(matches), [t for _, t in ways.values()], list(ways)))
    schema, chosen = ways[matches[0]]
    inner = ".".join(_identifier(part) for part in (alias, schema, chosen))
    relation = query(f"SELECT * FROM {inner}")
    headings = tuple(relation.columns)
    _check_width(f"{name}[{chosen}]", len(headings))
    columns = ", ".join(f"{_identifier(h)} AS c{i}" for i, h in enumerate(headings))
    return RawTable(f"{name}[{chosen}]", headings, relation.project(columns), digest, loose=False, on_server=on_server)


def _which_table(name: str, table: str | None, n: int, known: Sequence[str], ways: Sequence[str]) -> Message:
    """Return what to do when not exactly one table is meant."""
    names = [repr(way.removeprefix("main.").removeprefix("public.")) for way in ways[:20]]
    tables: list[Any] = names or [Message("files.no_tables")]
    if table is None:
        return Message("files.which_table", file=name, tables=tables)
    if n:
        return Message("files.many_tables", file=name, n=n, table=table, tables=tables)
    absent = Message("files.no_such_table", file=name, table=table, tables=tables)
    return paragraph(absent, did_you_mean(table, known))


def _run(sql: str, *values: str) -> list[tuple[Any, ...]]:
    """Return all rows of a statement; an answer half fetched would block the connection."""
    _lock_extensions()
    return list(duckdb.execute(sql, list(values)).fetchall())


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- what is written ------------------------------------------------------------------------------------------


def write_beside(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that under its name there is the old one or the new one, never half of either.

    Raises
    ------
    OSError
        The folder cannot be written or the disk is full; the old file is still there.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException as problem:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(problem, OSError):
            problem.filename = problem.filename or str(path)
        raise


_RUNS = re.compile(r"[\s\x00-\x1f]*[=+\-@]|[\t\r]")
_RUNS_AFTER = re.compile(r"([;\n\r\t])(?=[\x00-\x1f]*[=+\-@])")  # where an office's program may begin a new cell
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PLAIN_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?|[-+]?inf|-+")


def shielded(cell: str) -> str:
    """Return a text that no spreadsheet runs as a formula: an apostrophe in front of ``=``, ``+``, ``-`` and ``@``.

    Where a program in Indonesian or German splits at semicolons, what follows one is a cell too. Numbers stay as they
    are; control characters go.

    Examples
    --------
    >>> shielded("=1+1"), shielded("-2.5"), shielded("-inf"), shielded("Dinas A")
    ("'=1+1", '-2.5', '-inf', 'Dinas A')
    >>> shielded("Dinas A;=1+1"), shielded("a; b")
    ("Dinas A;'=1+1", 'a; b')
    """
    if _PLAIN_NUMBER.fullmatch(cell):
        return cell
    safe = _RUNS_AFTER.sub(r"\1'", _CONTROL.sub("", cell))
    return f"'{safe}" if _RUNS.match(safe) else safe
