"""Text files: CSV and its kin, read by DuckDB where they lie, every column as text.

A file in another encoding than UTF-8 is rewritten once, chunk by chunk, to a private temporary copy.
"""

from __future__ import annotations

import codecs
import csv
import functools
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb

from asn_impact.errors import InputError
from asn_impact.intake.formats import snapshots
from asn_impact.intake.formats.engine import file_literal, query, quote, reading
from asn_impact.intake.formats.grids import Sheet, Sheets, tables_of
from asn_impact.intake.formats.headings import HEADER_ROWS, begins_table, heading_block, titles_above
from asn_impact.intake.formats.raw import CHUNK, MOST_COLUMNS, Asked, RawTable, Recogniser, check_width
from asn_impact.intake.formats.trial import try_apart
from asn_impact.words import Alert, Message

if TYPE_CHECKING:
    from asn_impact.arrays import Int

LONGEST_LINE = 1_000_000  # bytes of one row of a text file
SAMPLE = 1 << 18  # bytes in which the heading row must lie
LATELY = 16  # files of which is remembered what they hold: `check` asks for the same more than once


class Scan(NamedTuple):
    """What one pass over the bytes of a file tells."""

    sha256: str
    encoding: str
    mixed_lines: bool
    ends_whole: bool


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
            if b"\r" in chunk:
                crlf, lf = crlf + chunk.count(b"\r\n"), lf + chunk.count(b"\n")
            else:
                lf += b"\n" in chunk  # one tells as much as all
            if encoding == "utf-8" and not (chunk.isascii() and not decoder.getstate()[0]):
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


def _as_utf8(path: Path, facts: Scan) -> Path:
    """Return the file itself, or a UTF-8 copy with one kind of line end (cp1252 is what a Windows Excel writes)."""
    if facts.encoding == "utf-8" and not facts.mixed_lines:
        return path
    copy = Path(snapshots.copies().name) / f"{facts.sha256}.csv"
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


class Dialect(NamedTuple):
    """How a text file is cut: separator, lines above the headings, place of the heading record, headings, titles."""

    delimiter: str
    skip: int
    last: int
    headings: list[str]
    titles: tuple[str, ...] = ()


def _dialect(text: str, recognise: Recogniser) -> Dialect | None:
    """Return the separator under which most headings are known, then most columns, and what follows from it."""
    best: tuple[tuple[int, int], Dialect] | None = None
    for delimiter in ";,\t|":
        rows = _first_rows(text, delimiter)
        if not rows:
            continue
        cells, last = heading_block([row for _, row in rows], recognise)
        before = rows[last][0]
        rank = (recognise(cells), len(cells))
        if best is None or rank > best[0]:
            titles = titles_above([row for _, row in rows[:last]], cells)
            best = (rank, Dialect(delimiter, before, last, cells, titles))
    return None if best is None else best[1]


def _text_places(file: Path, dialect: Dialect) -> Int:
    """Return the place of each row of a text file: records counted from 1, empty lines too, as a spreadsheet does."""
    import numpy as np  # here: the process for untrusted files does not need it

    with _records(file, dialect.delimiter) as records:
        below = ((i + 1, record) for i, record in enumerate(records) if record and i > dialect.last)
        return np.array([i for i, record in below if not _comes_again(record, dialect.headings)], dtype=np.int64)


@contextmanager
def _records(file: Path, delimiter: str) -> Iterator[Iterator[list[str]]]:
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            yield csv.reader(handle, delimiter=delimiter, strict=True)
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


def _filled(headings: Sequence[str]) -> dict[int, str]:
    """Return the position and text of the headings by which a row is told to be theirs; nothing where they are few."""
    filled = {i: heading for i, heading in enumerate(headings) if heading.strip()}
    return filled if len(filled) > 1 else {}


def _is_heading_row(headings: Sequence[str]) -> str:
    """Write SQL for a row that holds the headings again, as on every page of a report."""
    return " AND ".join(f"c{i} = {quote(heading)}" for i, heading in _filled(headings).items())


def _comes_again(record: Sequence[str], headings: Sequence[str]) -> bool:
    filled = _filled(headings)
    return bool(filled) and all(i < len(record) and record[i] == heading for i, heading in filled.items())


@functools.lru_cache(LATELY)
def _asked(sql: str) -> duckdb.DuckDBPyRelation:
    """Return the rows of a private copy; those of the same text are the same relation, so that they are known again."""
    return query(sql)


_WITHOUT_NUMBERS: Final = re.compile(rb"[\r\n]([^0-9]+)[\r\n]")
_NO_NUMBERS: Final = bytes({*range(256)} - {*b"0123456789\n"})
_LONGEST_HEADINGS: Final = 1 << 12  # bytes


def _has_words(part: bytes) -> bool:
    """Return whether there may be a line without a number: a quarter of the time of the expression that finds it."""
    alone = b"\r" in part and part.count(b"\r") != part.count(b"\r\n")
    return alone or b"\n\n" in part.translate(None, _NO_NUMBERS)


def _wordy(file: Path, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows without a number, as headings are; what stands in front of the first line break is left out."""
    before = b""
    with file.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            part = before + chunk
            for found in _WITHOUT_NUMBERS.finditer(part) if _has_words(part) else ():
                text = found[1].decode("utf-8", errors="replace")
                with suppress(csv.Error):
                    yield from csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
            before = chunk[-_LONGEST_HEADINGS:]


def _pasted(file: Path, name: str, dialect: Dialect, recognise: Recogniser) -> list[list[str]] | None:
    """Return the rows of a file in which one export was pasted below another; None where it holds one.

    Raises
    ------
    InputError
        The file is too long to be cut here, or a row has not as many fields as the headings of its own part.
    """

    def same(row: Sequence[str]) -> bool:
        return len(row) == len(dialect.headings) and _comes_again(row, dialect.headings)

    long = file.stat().st_size >= snapshots.LONG_TEXT
    found = (row for row in _wordy(file, dialect.delimiter) if not (long and same(row)))
    if not any(begins_table(row, recognise) for row in found):
        return None
    rows, odd, width = list[list[str]](), list[dict[str, int]](), len(dialect.headings)
    several = uneven = False
    with suppress(csv.Error), _records(file, dialect.delimiter) as records:  # the engine says what is wrong with a row
        for number, row in enumerate(records, start=1):
            if not long:
                rows.append(row)
            if number <= dialect.last + 1 or not any(row):
                continue
            if begins_table(row, recognise):
                other = not same(row)
                if other and long:
                    raise InputError(Message("files.pasted_long", file=name, row=number))
                several, width = several or other or uneven, len(row)
            elif len(row) != width:
                uneven = True
                if sum(map(bool, row)) > 1:  # one cell is a title
                    odd.append({"line": number, "fields": len(row), "expected": width})
    if several and odd:
        at = Message("files.row_at", line=odd[0].pop("line"))
        raise InputError(Message("files.number_of_fields", file=name, row=at, **odd[0]))
    return rows if several else None


def open_text(path: Path, asked: Asked) -> list[RawTable]:
    """Return the table of a text file; several where exports were pasted below each other."""
    name, (path, changed) = path.name, snapshots.snapshot(path)
    facts = scan(path)
    path = snapshots.first_copy(path, facts.sha256) if changed is bool else path
    file = _as_utf8(path, facts)
    dialect = _dialect(_sample(file), asked.recognise)
    if dialect is None:
        raise InputError(Message("files.no_text", file=path.name))
    delimiter, skip, _, headings, titles = dialect
    check_width(path.name, len(headings))
    notes = []
    if facts.encoding != "utf-8":
        notes.append(Message("files.read_as", file=path.name, encoding=facts.encoding))
    if skip:
        notes.append(Message("files.lines_above", file=path.name, n=skip))
    if not facts.ends_whole:
        notes.append(Alert("files.cut_off", file=path.name))
    if (pasted := _pasted(file, name, dialect, asked.recognise)) is not None:
        sheets = Sheets(notes, [], [Sheet(Path(name).stem, pasted)])
        return tables_of(Path(name), asked, facts.sha256, sheets)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(headings)))
    options = (
        f"auto_detect=false, columns={{{columns}}}, delim={quote(delimiter)}, header=true, skip={skip}, "
        f"quote='\"', escape='\"', strict_mode=true, null_padding=false, max_line_size={LONGEST_LINE}"
    )
    rows = f"read_csv({file_literal(file)}, {options}, hive_partitioning=false)"
    try_apart(file, rows, name)
    with reading(path.name):
        again = _is_heading_row(headings)
        relation = _asked(f"SELECT * FROM {rows} WHERE ({again}) IS NOT TRUE" if again else f"SELECT * FROM {rows}")
    opened = RawTable(
        name,
        tuple(headings),
        relation,
        facts.sha256,
        loose=True,
        notes=tuple(notes),
        places=functools.partial(_text_places, file, dialect),
        long=file.stat().st_size >= snapshots.LONG_TEXT,
        changed=changed,
        titles=titles,
    )
    return [opened]
