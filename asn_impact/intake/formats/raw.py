"""A table as it was found: headings and rows, no meaning yet; and how much of it is taken at most."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.words import Message

if TYPE_CHECKING:
    from asn_impact.arrays import Int

CHUNK = 1 << 22
MOST_COLUMNS = 2_000
MOST_UNPACKED = 1 << 28  # bytes of one workbook once unpacked
MOST_CELLS = 50_000_000  # a sheet is held as rows times columns, empty cells too
MOST_SHEETS = 1_000
MOST_PARTS = 10_000  # files inside one workbook

Recogniser = Callable[[Sequence[str]], int]


class Asked(NamedTuple):
    """What a reader of a format is told: how headings are recognised, and the one table or sheet that is meant."""

    recognise: Recogniser
    table: str | None = None


@dataclass(frozen=True, eq=False)
class RawTable:
    """One file or sheet: its headings, and its rows as a relation with the columns ``c0``, ``c1``, ...

    A loose table comes from a text file or a sheet: every column is text, and rows of totals may be in it.
    ``places`` gives the row of the file in which each row of the table stands, where that is not 1, 2, 3, ...
    (a spreadsheet counts from 1, with titles and empty rows); it is called when rows are shown, not before. A table
    ``on_server`` must be fetched once: it can change between two looks. A ``long`` text file is parsed anew by every
    query; what is wanted of it is kept typed (`kept_typed`). ``changed`` tells whether a file that is read where it
    stands is another one by now. ``parquet`` is the file in which the rows are, where they are in one: many of the same
    columns are read as one. ``split`` are the columns that stand in the names of its folders alone. ``titles`` are the
    rows of text above the headings. The rows of a frame are ``held`` in memory already.
    """

    name: str
    headings: tuple[str, ...]
    relation: duckdb.DuckDBPyRelation
    sha256: str
    loose: bool
    notes: tuple[Message, ...] = ()
    places: Callable[[], Int] | None = None
    sheet: str | None = None
    on_server: bool = False
    long: bool = False
    changed: Callable[[], bool] = bool
    parquet: Path | None = None
    titles: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    held: bool = False


def check_width(name: str, columns: int) -> None:
    """Refuse a table that is too wide for an export."""
    if columns > MOST_COLUMNS:
        raise InputError(Message("files.too_wide", file=name, n=columns, most=MOST_COLUMNS))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def cell_text(value: Any) -> str | None:  # noqa: ANN401 (a workbook cell is a text, number, date, time or truth)
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


def text_relation(columns: Sequence[Sequence[str | None]]) -> duckdb.DuckDBPyRelation:
    """Return columns of texts as the relation of a raw table."""
    import pyarrow as pa  # here: the process for untrusted files does not need it

    arrays = [pa.array(values, pa.string()) for values in columns]
    return from_arrow(pa.table({f"c{i}": array for i, array in enumerate(arrays)}))
