"""Day or month first, file by file: two exports can come from computers with different settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.date_columns import FEW_TELLING, Seen, may_be_swapped, read_order
from asn_impact.intake.fields.date_shapes import EMPTY, TRIPLE, ZEROS, split_parts
from asn_impact.intake.fields.dates import DateReading
from asn_impact.intake.fields.swapped import without_swap
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import identifier
from asn_impact.words import Alert, Message, paragraph

ORDERS: Final = ("day-first", "month-first")


@dataclass(frozen=True)
class _Told:
    """How many dates of a column in one table are written day first, month first, and fit both."""

    day: int = 0
    month: int = 0
    either: int = 0

    @property
    def order(self) -> str | None:
        """What the values above 12 say."""
        return "both" if self.day and self.month else "day-first" if self.day else "month-first" if self.month else None

    @property
    def clear(self) -> str | None:
        """The same, where more than a few values say it: one may be a slip."""
        return self.order if self.day + self.month >= min(FEW_TELLING, self.either) else None


def read_by_file(
    rows: duckdb.DuckDBPyRelation,
    seen: Mapping[str, Seen],
    dates: Mapping[str, str],
    zone: str | None,
    tables: Sequence[RawTable],
) -> list[DateReading]:
    """Return how each column of dates is read; where files are written in different orders, each in its own.

    A file that does not tell has the order of its other sheets, that of its other dates, or the one in `dates`. Fewer
    than ten dates that fit both have the order of the others where that is one, and a note says so.

    Raises
    ------
    InputError
        One file mixes both orders, or a file does not tell which of the two it has.
    """
    readings = _orders_by_file(rows, seen, dates, zone, tables)
    mixed = {r.column for r in readings if may_be_swapped(seen[r.column], dates.get(r.column))}
    return [without_swap(rows, r, dates.get(r.column), tables) if r.column in mixed else r for r in readings]


def _orders_by_file(
    rows: duckdb.DuckDBPyRelation,
    seen: Mapping[str, Seen],
    dates: Mapping[str, str],
    zone: str | None,
    tables: Sequence[RawTable],
) -> list[DateReading]:
    whole = {field: _try_whole(field, one, dates.get(field), zone) for field, one in seen.items()}
    if len(tables) < 2:
        return [_of_one(read, tables) for read in whole.values()]
    unsure = [field for field, read in whole.items() if not (isinstance(read, DateReading) and _is_iso(read))]
    told = {field: _told(rows, field) for field in unsure}
    readings = []
    for field, read in whole.items():
        told_here = told.get(field, {})
        clear = {one.clear for one in told_here.values()} & {*ORDERS}
        said = dates.get(field) if dates.get(field) in ORDERS else None
        asked = dates.get(field) not in (None, "kept") or not told_here
        apart = said and clear - {said} and any(one.either and one.order is None for one in told_here.values())
        if isinstance(read, DateReading) and asked and len(clear) < 2 and not apart:
            readings.append(read)
            continue
        if isinstance(read, InputError) and read.message.key != "intake.dates.two_orders":
            raise read
        orders = _orders(field, told, said, tables)
        silent = [table for table, order in orders.items() if order is None]
        if silent and isinstance(read, DateReading) and sum(told_here[i].either for i in silent) < FEW_TELLING:
            files = [hidden(tables[i].name, names=True) for i in silent]
            few = Message("intake.dates.few_silent", field=field, files=files)
            readings.append(replace(read, notes=(*read.notes, few)))
            continue
        if silent or "both" in orders.values():
            raise InputError(_unsaid(field, read, orders, tables))
        readings.append(_of_orders(field, seen[field], orders, read, zone, tables))
    return readings


def _try_whole(field: str, seen: Seen, order: str | None, zone: str | None) -> DateReading | InputError:
    try:
        return read_order(field, seen, name=field, order=order, zone=zone)
    except InputError as problem:
        return problem


def _of_one(read: DateReading | InputError, tables: Sequence[RawTable]) -> DateReading:
    """Return the reading of the only table there is."""
    if isinstance(read, DateReading):
        return read
    named = read.message.key == "intake.dates.two_orders" and tables and tables[0].sha256
    raise InputError(paragraph(read.message, *_files({0: "both"}, tables))) if named else read


def _is_iso(reading: DateReading) -> bool:
    return reading.form is not None and reading.form.startswith("%Y")


def _told(rows: duckdb.DuckDBPyRelation, field: str) -> dict[int, _Told]:
    """Return what the dates of each table say, where two numbers stand before a year."""
    texts = rows.aggregate(f"{FILE}, {identifier(field)} AS v, count(*) AS n")
    parts = split_parts(texts, "v").filter(f"NOT {EMPTY} AND NOT {ZEROS} AND regexp_matches(asn_part, '{TRIPLE}')")
    first, second = (f"CAST(asn_numbers[{i}] AS INTEGER)" for i in (1, 2))
    either = f"greatest({first}, {second}) <= 12 AND {first} <> {second}"
    sums = ", ".join(f"sum(n) FILTER ({condition})" for condition in (f"{first} > 12", f"{second} > 12", either))
    found = parts.aggregate(f"{FILE}, {sums}").fetchall()
    return {int(table): _Told(*(int(n or 0) for n in counts)) for table, *counts in found}


def _orders(
    field: str, told: Mapping[str, Mapping[int, _Told]], declared: str | None, tables: Sequence[RawTable]
) -> dict[int, str | None]:
    """Return the order of each table of which it matters; None where nothing tells it."""
    here = told[field]
    every = {one.order for one in here.values()} & {*ORDERS}

    def order_of(table: int) -> str | None:
        own = here[table]
        if own.order == "both":
            return declared or "both"
        if own.clear or (own.order and len(every) < 2):
            return own.order
        sheets = [i for i in here if tables[i].sha256 == tables[table].sha256]
        near = ([here[i].clear for i in sheets], [of.get(table, _Told()).clear for of in told.values()])
        known = ({*orders} & {*ORDERS} for orders in near)
        return next((orders.pop() for orders in known if len(orders) == 1), declared)

    return {table: order_of(table) for table, own in here.items() if own.day or own.month or own.either}


def _of_orders(
    field: str,
    seen: Seen,
    orders: Mapping[int, str | None],
    whole: DateReading | InputError,
    zone: str | None,
    tables: Sequence[RawTable],
) -> DateReading:
    """Return how a column is read of which each table has its order."""
    if len({*orders.values()}) < 2 and isinstance(whole, DateReading):
        return whole
    main = max(ORDERS, key=lambda order: list(orders.values()).count(order))
    reading = read_order(field, seen, name=field, order=main, zone=zone)
    others = frozenset(table for table, order in orders.items() if order != main)
    notes = [note for note in reading.notes if note.key != "intake.dates.order_asked"]
    by_file = Alert("intake.dates.by_file", field=field, files=paragraph(*_files(orders, tables)))
    return replace(reading, form=None, turned=others, notes=(*notes, by_file))


def _files(orders: Mapping[int, str | None], tables: Sequence[RawTable]) -> tuple[Message, ...]:
    """Say which tables have which order."""
    names = {
        order: [hidden(tables[i].name, names=True) for i, own in orders.items() if own == order]
        for order in (*ORDERS, "both")
    }
    return tuple(Message(f"intake.dates.files.{order}", files=files) for order, files in names.items() if files)


def _unsaid(
    field: str, whole: DateReading | InputError, orders: Mapping[int, str | None], tables: Sequence[RawTable]
) -> Message:
    """Say which tables mix both orders, or do not tell theirs."""
    if isinstance(whole, InputError) and "both" in orders.values():
        return paragraph(whole.message, *_files(orders, tables))
    silent = [hidden(tables[i].name, names=True) for i, order in orders.items() if order is None]
    unsaid = Message("intake.dates.silent_files", field=field, n=len(silent), files=silent)
    return paragraph(unsaid, *_files(orders, tables))
