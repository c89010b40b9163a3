"""Dated records that are no permits: projects, complaints, tests, answers; clean, counted and typed.

One row is one observation of an office on a day. Columns of numbers and further dates are read by the rules for
permits (the column decides, never the cell). Persons enter as keyed pseudonyms only.

Waiting times of complaints are waiting times: `read_exports` with ``received`` and ``decided`` and `measure` are right
for them (open complaints count, in working days). `read_observations` is for what else a record holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import narwhals as nw
import pyarrow as pa

from asn_impact.arguments import Names, did_you_mean
from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.blocks import OFFICE, under_groups
from asn_impact.intake.cleaning import UNKNOWN, Cleaned, clean
from asn_impact.intake.copies import REPEATED, ROW, with_row_texts, with_texts_of_rows, without_copies
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.columns import Headings
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.finishing import settle_office
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.intake.frames import narwhal
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.privacy import pseudonym
from asn_impact.intake.readers.derived import with_days as with_days
from asn_impact.intake.readers.derived import with_flag as with_flag
from asn_impact.intake.readers.derived import with_recorded as with_recorded
from asn_impact.intake.readers.given import office_given, values_beside
from asn_impact.intake.records import (
    MOST_UNREADABLE,
    NumberStyle,
    Order,
    Relation,
    in_memory,
    map_texts,
    quote,
    with_types,
)
from asn_impact.intake.records import Observations as Observations
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph

Reshape: TypeAlias = Callable[[RawTable], RawTable]

_MADE = ("date", "month", "day", "person")
_OF_PERMITS = ("case", "decided", "status")  # names with a meaning for permits that a kept column need not share
_NO_CALENDAR_DATE = Message("observations.reason.no_calendar_date")
_REASONS = {  # of permits -> of records that have one date
    reason("received_is_no_date"): _NO_CALENDAR_DATE,
    reason("no_received_date"): Message("observations.reason.no_date"),
    reason("received_after_export"): Message("observations.reason.after_as_of"),
}


@public_verb
def read_observations(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    as_of: dt.date | str,
    date: str,
    office: str | None = None,
    numbers: Names = (),
    moments: Names = (),
    keep: Names = (),
    person: str | None = None,
    key: bytes | None = None,
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    style: NumberStyle | None = None,
    zone: str | None = None,
    group_rows: str | None = None,
    groups: Names = (),
    regency: str | None = None,
    copies: Literal["once", "each"] = "once",
) -> Observations:
    """Return the dated records of a file or frame, every row accounted for.

    Parameters
    ----------
    source : path or frame
        As for `read_exports`: CSV, XLSX, Parquet, JSON, a folder of them, or a frame.
    as_of : datetime.date or ISO text
        The day the export was made; later dates are dropped and counted.
    date : str
        Heading of the date that places a record in its month.
    office : str, optional
        The office of all rows, for a file without an office column.
    numbers : sequence of str
        Columns that must hold numbers (``1.234,5``, ``Rp2.785.700,00``, ``88,31%``); an empty cell is missing.
    moments : sequence of str
        Further columns of dates, such as the planned and the real end of a project; an empty cell is missing.
    keep : sequence of str
        Columns kept as they are. Columns of persons are refused.
    person : str, optional
        Heading of the identifier of a person. Only its keyed pseudonym enters, as ``person``.
    key : bytes, optional
        The project's key (`asn_impact.intake.privacy.load_key`); needed with `person`.
    columns : mapping, optional
        Name of a column (``office``, ``service``, or one of `numbers`, `moments`, `keep`) -> heading, or a list of
        headings where files differ; None for a standard column that is not to be used.
    dates : mapping, optional
        Date column -> ``"day-first"`` or ``"month-first"`` where the column does not tell, as for `read_exports`.
    style : {"1.234,56", "1,234.56"}, optional
        How numbers are written, where a column does not tell.
    zone : str, optional
        Zone in which the date has its day, as for `read_exports`.
    group_rows : str, optional
        Heading under which an office stands in a row of its own, above its records: "DINAS SOSIAL" above its projects.
    groups : sequence of str, optional
        Names in such rows that are offices although their words do not say so.
    regency : str, optional
        As for `read_exports`: the one to read where rows are of several, or ``"all"``.
    copies : {"once", "each"}
        How often rows count that are one in every column, their time to the second with it: a form sent twice. A
        column that numbers the rows is not compared. Without times to the second all rows count.

    Returns
    -------
    Observations

    Raises
    ------
    InputError
        Naming file, column, what was found and what to do: a column is absent, holds texts that are no numbers or
        dates, or can be read in two ways; no row can be used.
    PrivacyError
        A column of persons would enter as it is.

    Warns
    -----
    DataWarning
        Once, when rows or values were left out.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "start": ["17 Maret 2024", "2 April 2024"],
    ...                       "budget": ["Rp1.500.000,00", "2,5 juta"]})
    >>> projects = read_observations(frame, as_of="2024-12-31", date="start", numbers=["budget"])
    >>> projects.records.select("budget", "month").sort("month").collect().rows()
    [(1500000.0, 24290), (2500000.0, 24291)]
    """
    return observe(**locals())


def observe(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    date: str,
    office: str | None,
    keep: Sequence[str],
    columns: Headings | None,
    dates: Mapping[str, Order] | None,
    numbers: Sequence[str] = (),
    moments: Sequence[str] = (),
    person: str | None = None,
    key: bytes | None = None,
    style: NumberStyle | None = None,
    zone: str | None = None,
    on: dt.date | None = None,
    group_rows: str | None = None,
    groups: Sequence[str] = (),
    regency: str | None = None,
    copies: Literal["once", "each"] = "once",
) -> Observations:
    """Return the observations of a source, for every reader of dated records; `on` is the day of all without a date."""
    day = _as_day(as_of)
    reshape: Reshape | None = None
    if group_rows is not None:
        columns = {**(columns or {}), "office": OFFICE}
        reshape = partial(under_groups, heading=group_rows, date=date, offices=groups)
    reshape, source = _told_apart(source, reshape, date)
    names = _distinct_names(numbers, moments, keep)
    fields, settled = _fields(source, office, date, person, key, columns)
    if on is not None:
        fields = [field for field in fields if field != "received"]
        settled = {field: heading for field, heading in settled.items() if field != "received"}
    order = {("received" if name == date else name): way for name, way in (dates or {}).items()}
    _require_dates(order, ("received", *moments))
    with explaining(source):
        with _naming(date):
            rows = gather(
                source,
                fields,
                columns=settled,
                dates={name: way for name, way in order.items() if name == "received"},
                keep=[*names, ROW],
                required=[field for field in fields if field not in {"service", REGENCY}],
                zone=zone,
                reshape=reshape,
            )
        if on is not None:
            received = rows.frame.with_columns(nw.lit(on, nw.Date).alias("received"))
            rows = replace(rows, frame=received, bounds=UNKNOWN)
        cleaned, ledger = _clean_rows(rows, day, office, [*names, ROW], date, regency)
        table = in_memory(cleaned.records)
        once = without_copies(table)
        n = ledger.kept - once.shape[0]
        if copies == "once" and n:
            table, ledger = once, Ledger(ledger.read, ledger.kept - n, {**ledger.dropped, reason(REPEATED): n})
        copied = [Alert(f"observations.{'copied' if copies == 'each' else 'copied_once'}", n=n)] if n else []
        table, untyped = with_types(table.project(f"* EXCLUDE {ROW}"), numbers, moments, order, style)
        table, ledger = _without_persons(table, ledger, key)
        records = _date_records(table)
    given = office_given(office, source, rows.tables)
    counted = [rows.headings.get(name, name) for name in numbers]
    given += [note for heading in counted for note in values_beside(heading, counted, rows.tables)]
    said = (*given, *rows.notes, *copied, *cleaned.notes, *untyped, ledger.note())
    notes = [note for note in said if note is not None]
    sources = tuple(Source(t.name, cleaned.rows_by_file.get(i, 0), t.sha256) for i, t in enumerate(rows.tables))
    headings = {("date" if f == "received" else f): h for f, h in rows.headings.items() if f not in {"officer", ROW}}
    own_notes = tuple(_name_date(note, date) for note in notes)
    return Observations(nw.from_native(records).lazy(), day, ledger, headings, sources, own_notes)


def _told_apart(source: Any, reshape: Reshape | None, date: str) -> tuple[Any, ...]:  # noqa: ANN401
    """Return how the tables of a source become those that are read, and the source, with each row as one text too."""
    if reshape is not None or isinstance(source, str | Path | tuple | list):
        return lambda one: with_texts_of_rows(one if reshape is None else reshape(one), date), source
    frame = narwhal(source, lambda _: None)
    names = frame.collect_schema().names()
    return None, with_row_texts(frame, dict(zip(names, names, strict=True)), date).to_native()


def _fields(
    source: Any,  # noqa: ANN401
    office: str | None,
    date: str,
    person: str | None,
    key: bytes | None,
    columns: Headings | None,
) -> tuple[list[str], dict[str, str | Sequence[str] | None]]:
    """Return the standard fields that are read, and field -> heading as far as it is settled."""
    settled = {**(columns or {}), "received": date}
    fields = ["service", "received", *([] if office is not None else ["office", REGENCY])]
    if person is None:
        return fields, settled
    _require_key(source, person, key)
    return [*fields, "officer"], {**settled, "officer": person}


@contextmanager
def _naming(date: str) -> Iterator[None]:
    """Call the date by the reader's own name where it is refused."""
    try:
        yield
    except InputError as error:
        raise InputError(_name_date(error.message, date)) from None


def _name_date(value: Any, date: str) -> Any:  # noqa: ANN401 - a message, or what fills a gap of one
    """Return a message in which the date has the reader's own name in the place of that of permits."""
    if isinstance(value, Message):
        return type(value)(value.key, **{name: _name_date(filling, date) for name, filling in value.values})
    if isinstance(value, tuple):
        return tuple(_name_date(item, date) for item in value)
    return date if isinstance(value, str) and value == "received" else value


def _as_day(value: dt.date | str) -> dt.date:
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise InputError(Message("observations.as_of", value=repr(value))) from None
    return day.date() if isinstance(day, dt.datetime) else day


def _distinct_names(*groups: Sequence[str]) -> list[str]:
    names = [name for group in groups for name in group]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(Message("observations.named_twice", names=twice))
    reserved = [name for name in names if name in _MADE or name.startswith("asn_")]
    if reserved:
        raise InputError(Message("observations.made_here", names=reserved, first=reserved[0]))
    return names


def _require_dates(order: Mapping[str, str], known: Sequence[str]) -> None:
    for name, way in order.items():
        if name not in known:
            problem, dates = (
                Message("observations.no_such_date", name=name),
                Message("observations.dates_here", names=known),
            )
            raise InputError(paragraph(problem, did_you_mean(name, known), dates))
        if way not in get_args(Order):
            raise InputError(Message("observations.order", name=name, value=repr(way), known=get_args(Order)))


def _require_key(source: Any, person: str, key: bytes | None) -> None:  # noqa: ANN401
    if key is None:
        raise PrivacyError(Message("observations.needs_key", name=person))
    if isinstance(source, str | Path | tuple | list):
        return
    schema = narwhal(source, lambda _: None).collect_schema()
    if person in schema and schema[person].is_float():
        raise PrivacyError(Message("observations.decimals", name=person))


def _clean_rows(
    rows: Gathered, day: dt.date, office: str | None, names: Sequence[str], date: str, regency: str | None
) -> tuple[Cleaned, Ledger]:
    """Leave out rows without a date or an office by the rules for permits: a record is decided when it is dated."""
    aside = {name: f"asn_own_{name}" for name in names if name in _OF_PERMITS}
    frame = rows.frame.rename(aside).with_columns(nw.col("received").alias("decided"))
    frame, of_offices = settle_office(frame, office, door="unit")
    frame, of_regencies = settle_regencies(frame, regency, kept=rows.same_column(REGENCY, names))
    present = frame.collect_schema().names()
    own = [aside.get(name, name) for name in names]
    columns = ["office", "received", *(c for c in ("service", "officer") if c in present), *own]
    cleaned = clean(frame, bounds=rows.bounds, as_of=day, columns=columns)
    own_names = {own: name for name, own in aside.items()}
    cleaned = replace(
        cleaned, records=cleaned.records.rename(own_names), notes=(*of_offices, *of_regencies, *cleaned.notes)
    )
    ledger = _relabel(cleaned.ledger)
    _refuse_unusable(ledger, rows.tables[0].name if rows.tables else Message("observations.the_data"), date)
    return cleaned, ledger


def _relabel(ledger: Ledger) -> Ledger:
    return Ledger(ledger.read, ledger.kept, {_REASONS.get(r, r): n for r, n in ledger.dropped.items()})


def _refuse_unusable(ledger: Ledger, name: str | Message, date: str) -> None:
    if ledger.read == 0:
        raise InputError(Message("observations.no_rows", name=name))
    bad = ledger.dropped.get(_NO_CALENDAR_DATE, 0)
    if bad > MOST_UNREADABLE * ledger.read:
        raise InputError(Message("observations.column_of_dates", name=date, n=bad, rows=ledger.read))
    if ledger.kept == 0:
        raise InputError(Message("observations.nothing_usable", name=name, read=ledger.read, reasons=ledger.reasons()))


# --- persons and months ---------------------------------------------------------------------------------------


def _without_persons(table: Relation, ledger: Ledger, key: bytes | None) -> tuple[Relation, Ledger]:
    """Put pseudonyms in the place of persons; a row without a person is left out."""
    if "officer" not in table.columns or key is None:
        return table, ledger
    known = table.filter("officer IS NOT NULL AND trim(officer) <> ''")
    persons = [str(p) for (p,) in known.aggregate("officer").fetchall()]
    pseudonyms = pa.array([pseudonym("person", p, key) for p in persons], pa.string())
    pseudonymous = map_texts(known, "officer", persons, pseudonyms)
    cells = (f"{quote(c)} AS person" if c == "officer" else quote(c) for c in pseudonymous.columns)
    persons_only = pseudonymous.project(", ".join(cells))
    count = int(persons_only.aggregate("count(*)").fetchall()[0][0])
    if count == 0:
        raise InputError(Message("observations.no_persons"))
    nameless = Message("observations.reason.no_person")
    return persons_only, Ledger(ledger.read, count, {**ledger.dropped, nameless: ledger.kept - count})


def _date_records(table: Relation) -> Relation:
    """Add month and day numbers, and hold the result in memory: nothing of the source is needed any more."""
    rest = [quote(c) for c in table.columns if c != "received"]
    parts = (
        "received AS date, CAST(12 * year(received) + month(received) - 1 AS INTEGER) AS month, "
        "CAST(datediff('day', DATE '0001-01-01', received) + 1 AS INTEGER) AS day"
    )
    return from_arrow(table.project(f"{', '.join(rest)}, {parts}").to_arrow_table())
