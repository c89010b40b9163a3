"""Dated records that are no permits: projects, complaints, tests, answers; clean, counted and typed.

One row is one observation of an office on a day. Columns of numbers and further dates are read by the rules for
permits (the column decides, never the cell). Persons enter as keyed pseudonyms only.

Waiting times of complaints are waiting times: `read_exports` with ``received`` and ``decided`` and `measure` are right
for them (open complaints count, in working days). `read_observations` is for what else a record holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.arguments import Names, Times, did_you_mean
from asn_impact.display import card
from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.cleaning import GIVEN, Cleaned, clean
from asn_impact.intake.exports import Gathered, Source, explaining, gather
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.local import NULL_WORDS, PLACEHOLDERS, dated, parse_numbers, read_dates
from asn_impact.intake.privacy import masked, pseudonym
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph

__all__ = ["Observations", "read_observations", "with_days", "with_flag", "with_recorded"]

Relation: TypeAlias = duckdb.DuckDBPyRelation
Order: TypeAlias = Literal["day-first", "month-first"]
NumberStyle: TypeAlias = Literal["1.234,56", "1,234.56"]
Observed = TypeVar("Observed", bound="Observations")

_MOST = 20  # names shown in a refusal
MOST_UNREADABLE = 0.1  # share of texts that are no dates above which the column was misread
_MADE = ("date", "month", "day", "person")
_OF_PERMITS = ("case", "decided", "status")  # names with a meaning for permits that a kept column need not share
_NO_CALENDAR_DATE = Message("observations.reason.no_calendar_date")
_REASONS = {  # of permits -> of records that have one date
    reason("received_is_no_date"): _NO_CALENDAR_DATE,
    reason("no_received_date"): Message("observations.reason.no_date"),
    reason("received_after_export"): Message("observations.reason.after_as_of"),
}


@dataclass(frozen=True, eq=False)
class Observations:
    """Dated records of offices: `tabulate` counts and averages them by month.

    Attributes
    ----------
    records : narwhals.LazyFrame
        ``office``, ``service`` where there is one, the columns asked for, ``person`` (a pseudonym) where asked for,
        ``date``, ``month`` (Int32: 12 * year + month - 1) and ``day`` (Int32: days since the year 1, so that
        differences are calendar days).
    as_of : datetime.date
        The day the export was made.
    ledger : Ledger
        Rows read = kept + dropped, by reason.
    headings : mapping
        Column -> heading found.
    sources : tuple of Source
    notes : tuple of Message
        What was assumed or left out.
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    ledger: Ledger
    headings: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "headings", MappingProxyType(dict(self.headings)))

    @property
    def as_of_day(self) -> int:
        """The day of the export, as a number of the column ``day``."""
        return self.as_of.toordinal()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the records."""
        return tuple(self.records.collect_schema().names())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(as of {self.as_of}, {self.ledger!r})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("as of", self.as_of), ("columns", ", ".join(self.columns))]
        facts += [*self._facts(), *self.headings.items(), *(("note", note) for note in self.notes)]
        return card(type(self).__name__, facts, table=self.ledger.table())

    def _facts(self) -> list[tuple[str, object]]:
        return []


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
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, Order] | None = None,
    style: NumberStyle | None = None,
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
        Name of a column (``office``, ``service``, or one of `numbers`, `moments`, `keep`) -> heading; None for a
        standard column that is not to be used.
    dates : mapping, optional
        Date column -> ``"day-first"`` or ``"month-first"`` where the column does not tell.
    style : {"1.234,56", "1,234.56"}, optional
        How numbers are written, where a column does not tell.

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
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "start": ["17 Maret 2024", "2 April 2024"],
    ...                       "budget": ["Rp1.500.000,00", "2,5 juta"]})
    >>> projects = read_observations(frame, as_of="2024-12-31", date="start", numbers=["budget"])
    >>> projects.records.select("budget", "month").sort("month").collect().rows()
    [(1500000.0, 24290), (2500000.0, 24291)]
    """
    return observe(
        source,
        as_of=as_of,
        date=date,
        office=office,
        numbers=numbers,
        moments=moments,
        keep=keep,
        person=person,
        key=key,
        columns=columns,
        dates=dates,
        style=style,
    )


def observe(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    date: str,
    office: str | None,
    keep: Sequence[str],
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, Order] | None,
    numbers: Sequence[str] = (),
    moments: Sequence[str] = (),
    person: str | None = None,
    key: bytes | None = None,
    style: NumberStyle | None = None,
) -> Observations:
    """Return the observations of a source, for every reader of dated records."""
    day = _as_day(as_of)
    names = _distinct_names(numbers, moments, keep)
    wanted, asked = _fields(source, office, date, person, key, columns)
    order = {("received" if name == date else name): way for name, way in (dates or {}).items()}
    _require_dates(order, ("received", *moments))
    with explaining(source):
        with _naming(date):
            rows = gather(
                source,
                wanted,
                columns=asked,
                dates={name: way for name, way in order.items() if name == "received"},
                keep=names,
                required=[field for field in wanted if field != "service"],
            )
        cleaned, ledger = _kept_rows(rows, day, office, names, date)
        table, untyped = _typed(cleaned, numbers, moments, order, style)
        table, ledger = _without_persons(table, ledger, key)
        records = _date_records(table)
    notes = [note for note in (*rows.notes, *cleaned.notes, *untyped, ledger.note()) if note is not None]
    sources = tuple(Source(t.name, cleaned.rows_by_file.get(i, 0), t.sha256) for i, t in enumerate(rows.tables))
    headings = {("date" if f == "received" else f): h for f, h in rows.headings.items() if f != "officer"}
    named = tuple(_name_date(note, date) for note in notes)
    return Observations(nw.from_native(records).lazy(), day, ledger, headings, sources, named)


def _fields(
    source: Any,  # noqa: ANN401
    office: str | None,
    date: str,
    person: str | None,
    key: bytes | None,
    columns: Mapping[str, str | None] | None,
) -> tuple[list[str], dict[str, str | None]]:
    """Return the standard fields that are read, and field -> heading as far as it is settled."""
    asked = {**(columns or {}), "received": date}
    wanted = ["service", "received", *([] if office is not None else ["office"])]
    if person is None:
        return wanted, asked
    _require_key(source, person, key)
    return [*wanted, "officer"], {**asked, "officer": person}


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
    taken = [name for name in names if name in _MADE or name.startswith("asn_")]
    if taken:
        raise InputError(Message("observations.made_here", names=taken, first=taken[0]))
    return names


def _require_dates(order: Mapping[str, str], known: Sequence[str]) -> None:
    for name, way in order.items():
        if name not in known:
            problem, dates = (
                Message("observations.no_such_date", name=name),
                Message("observations.dates_here", names=known),
            )
            raise InputError(paragraph(problem, did_you_mean(name, known), dates))
        if way not in ("day-first", "month-first"):
            raise InputError(Message("observations.order", name=name, value=repr(way)))


def _require_key(source: Any, person: str, key: bytes | None) -> None:  # noqa: ANN401
    if key is None:
        raise PrivacyError(Message("observations.needs_key", name=person))
    if isinstance(source, str | Path):
        return
    schema = nw.from_native(source).lazy().collect_schema()
    if person in schema and schema[person].is_float():
        raise PrivacyError(Message("observations.decimals", name=person))


def _kept_rows(
    rows: Gathered, day: dt.date, office: str | None, names: Sequence[str], date: str
) -> tuple[Cleaned, Ledger]:
    """Leave out rows without a date or an office by the rules for permits: a record is decided when it is dated."""
    aside = {name: f"asn_own_{name}" for name in names if name in _OF_PERMITS}
    frame = rows.frame.rename(aside).with_columns(nw.col("received").alias("decided"))
    if office is not None:
        frame = frame.with_columns(nw.lit(office).alias("office"), nw.lit(1).alias(GIVEN))
    present = frame.collect_schema().names()
    own = [aside.get(name, name) for name in names]
    columns = ["office", "received", *(c for c in ("service", "officer") if c in present), *own]
    cleaned = clean(frame, bounds=rows.bounds, as_of=day, columns=columns)
    cleaned = replace(cleaned, records=cleaned.records.rename({own: name for name, own in aside.items()}))
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


# --- typed columns --------------------------------------------------------------------------------------------


def _typed(
    cleaned: Cleaned,
    numbers: Sequence[str],
    moments: Sequence[str],
    order: Mapping[str, str],
    style: NumberStyle | None,
) -> tuple[Relation, list[Message]]:
    """Return the kept rows, held in memory, with texts read as numbers and dates."""
    table = _in_memory(cleaned.records)
    notes: list[Message] = []
    for name in numbers:
        table = with_numbers(table, name, style=style)
    for name in moments:
        table, missing = _with_moment(table, name, order.get(name))
        notes += missing
    return table, notes


def _in_memory(frame: nw.LazyFrame[Any]) -> Relation:
    if frame.implementation.is_duckdb():
        relation: Relation = frame.to_native()
        return duckdb.from_arrow(relation.to_arrow_table())
    data = frame.collect()
    return duckdb.from_arrow(pa.table({name: _arrow(data[name]) for name in data.columns}))


def _arrow(column: nw.Series[Any]) -> pa.Array:
    """Return a column for DuckDB; objects, which can be of several kinds in one column, become texts."""
    if column.dtype in (nw.Object, nw.Categorical, nw.Enum, nw.Unknown):
        return pa.array([_cell_text(value) for value in column.to_list()], pa.string())
    array = column.to_arrow()
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _cell_text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def quoted(name: str) -> str:
    """Return a column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _kind(table: Relation, name: str) -> str:
    return str(table.types[table.columns.index(name)])


def with_numbers(
    table: Relation, name: str, *, style: NumberStyle | None = None, words: Mapping[str, float | None] | None = None
) -> Relation:
    """Return the relation with a column as decimals; texts are read by the rule of the whole column.

    `words` says what some texts (in any case) mean; None is a missing value.
    """
    kind = _kind(table, name)
    if kind.startswith(("DATE", "TIME", "INTERVAL")) or "[" in kind:
        raise InputError(Message("observations.no_numbers", name=name, kind=kind))
    if not kind.startswith(("VARCHAR", "ENUM")):
        return _replace_column(table, name, f"CAST({quoted(name)} AS DOUBLE)")
    texts = [str(t) for (t,) in table.aggregate(f"CAST({quoted(name)} AS VARCHAR) AS t").fetchall() if t is not None]
    known = {" ".join(word.split()).casefold(): value for word, value in (words or {}).items()}
    plain = {t: " ".join(t.split()).casefold() for t in texts}
    rest = [t for t in texts if plain[t] not in known]
    parsed = dict(zip(rest, parse_numbers(rest, name=name, style=style), strict=True))
    values = [known[plain[t]] if plain[t] in known else parsed[t] for t in texts]
    return _map_texts(table, name, texts, pa.array(values, pa.float64(), from_pandas=True))


def _map_texts(table: Relation, name: str, texts: Sequence[str], values: pa.Array) -> Relation:
    """Return the relation with each text of a column replaced by its value; missing stays missing."""
    known = duckdb.from_arrow(pa.table({"asn_text": pa.array(texts, pa.string()), "asn_value": values}))
    joined = table.set_alias("t").join(known.set_alias("k"), f"t.{quoted(name)} = k.asn_text", how="left")
    cells = [f"k.asn_value AS {quoted(c)}" if c == name else f"t.{quoted(c)}" for c in table.columns]
    return joined.project(", ".join(cells))


def _replace_column(table: Relation, name: str, sql: str) -> Relation:
    return table.project(f"* REPLACE ({sql} AS {quoted(name)})")


def _with_moment(table: Relation, name: str, order: str | None) -> tuple[Relation, list[Message]]:
    """Read a column as dates; placeholders are missing, and so, counted, are texts that are no dates."""
    empty = ", ".join(f"DATE '{day:%Y-%m-%d}'" if day.year > 999 else "DATE '0001-01-01'" for day in PLACEHOLDERS)
    clear = f"CASE WHEN {quoted(name)} IN ({empty}) THEN NULL ELSE {quoted(name)} END"
    if not _kind(table, name).startswith("VARCHAR"):
        return _replace_column(_replace_column(table, name, f"CAST({quoted(name)} AS DATE)"), name, clear), []
    renamed = table.project(
        ", ".join(f"{quoted(c)} AS {'asn_moment' if c == name else quoted(c)}" for c in table.columns)
    )
    reading = read_dates(renamed, "asn_moment", name=name, order=order)
    days = dated(renamed, reading)
    bad = 0
    if "asn_asn_moment_bad" in days.columns:
        bad = len(days.filter("asn_asn_moment_bad").project("1").fetchall())
        days = days.project("* EXCLUDE (asn_asn_moment_bad)")
    if bad > MOST_UNREADABLE * reading.rows:
        raise InputError(Message("observations.bad_moments", name=name, n=bad, rows=reading.rows))
    back = days.project(", ".join(f"{quoted(c)} AS {quoted(name if c == 'asn_moment' else c)}" for c in days.columns))
    notes: list[Message] = [Alert("observations.moments_missing", name=name, n=bad)] if bad else []
    return _replace_column(back, name, clear), notes


# --- persons and months ---------------------------------------------------------------------------------------


def _without_persons(table: Relation, ledger: Ledger, key: bytes | None) -> tuple[Relation, Ledger]:
    """Put pseudonyms in the place of persons; a row without a person is left out."""
    if "officer" not in table.columns or key is None:
        return table, ledger
    known = table.filter("officer IS NOT NULL AND trim(officer) <> ''")
    persons = [str(p) for (p,) in known.aggregate("officer").fetchall()]
    pseudonyms = pa.array([pseudonym("person", p, key) for p in persons], pa.string())
    named = _map_texts(known, "officer", persons, pseudonyms)
    cells = (f"{quoted(c)} AS person" if c == "officer" else quoted(c) for c in named.columns)
    kept = named.project(", ".join(cells))
    count = int(kept.aggregate("count(*)").fetchall()[0][0])
    if count == 0:
        raise InputError(Message("observations.no_persons"))
    nameless = Message("observations.reason.no_person")
    return kept, Ledger(ledger.read, count, {**ledger.dropped, nameless: ledger.kept - count})


def _date_records(table: Relation) -> Relation:
    """Add month and day numbers, and hold the result in memory: nothing of the source is needed any more."""
    rest = [quoted(c) for c in table.columns if c != "received"]
    parts = (
        "received AS date, CAST(12 * year(received) + month(received) - 1 AS INTEGER) AS month, "
        "CAST(datediff('day', DATE '0001-01-01', received) + 1 AS INTEGER) AS day"
    )
    return duckdb.from_arrow(table.project(f"{', '.join(rest)}, {parts}").to_arrow_table())


# --- verbs ----------------------------------------------------------------------------------------------------


@public_verb
def with_days(observations: Observed, *, start: str, end: str, name: str, horizon: Times) -> Observed:
    """Return the observations with a column of calendar days from one date to another, each counted up to a horizon.

    The value is ``min(end - start, horizon)``; a record without an end by `as_of` counts as `horizon`. A record whose
    `start` lies less than `horizon` days before `as_of` cannot answer yet and gets no value, *finished or not*:
    otherwise the quick ones would stand for all, and every recent month would look better than it is. Days before the
    start are negative (a project that ended before its plan).

    For a wait from the day a case is received in working days use `read_exports` and `measure` instead.

    Parameters
    ----------
    observations
        With both columns among its dates (``moments=``, or ``"date"``).
    start, end
        Columns of dates, for instance the planned and the real end of a project.
    name
        Of the new column, for `Score`.
    horizon
        Longest number of days that is told apart.

    Raises
    ------
    InputError
        A column is absent or holds no dates, the name is taken, ends lie after `as_of`, or no record can answer.

    Examples
    --------
    >>> frame = pd.DataFrame({"office": "O1", "begun": pd.to_datetime(["2024-01-05"] * 3),
    ...     "plan": pd.to_datetime(["2024-06-01", "2024-06-01", "2024-12-01"]),
    ...     "done": pd.to_datetime(["2024-06-11", None, "2024-11-30"])})
    >>> projects = read_observations(frame, as_of="2024-12-31", date="begun", moments=["plan", "done"])
    >>> late = with_days(projects, start="plan", end="done", name="days_late", horizon=90)
    >>> sorted(late.records.collect()["days_late"].to_list(), key=str)
    [10.0, 90.0, None]
    """
    table = _native(observations)
    _require_new(table, name)
    for column in (start, end):
        _require_column(table, column)
        if _kind(table, column) != "DATE":
            raise InputError(Message("observations.no_dates", name=column, kind=_kind(table, column)))
    as_of = f"DATE '{observations.as_of.isoformat()}'"
    late = len(table.filter(f"{quoted(end)} > {as_of}").project("1").fetchall())
    if late:
        raise InputError(Message("observations.after_as_of", n=late, name=end, day=observations.as_of))
    days = f"""CASE WHEN {quoted(start)} IS NULL OR datediff('day', {quoted(start)}, {as_of}) < {int(horizon)} THEN NULL
        ELSE CAST(least(coalesce(datediff('day', {quoted(start)}, {quoted(end)}), {int(horizon)}), {int(horizon)})
        AS DOUBLE) END AS {quoted(name)}"""
    counted = table.project(f"*, {days}")
    without = len(counted.filter(f"{quoted(name)} IS NULL").project("1").fetchall())
    total = int(table.aggregate("count(*)").fetchall()[0][0])
    if without == total:
        raise InputError(Message("observations.none_followed", name=start, horizon=horizon))
    span = {"name": name, "start": start, "end": end, "horizon": horizon}
    return _extend(observations, counted, Message("observations.days", **span, without=without, total=total))


def _extend(observations: Observed, table: Relation, note: Message) -> Observed:
    return replace(observations, records=nw.from_native(table).lazy(), notes=(*observations.notes, note))


@public_verb
def with_flag(observations: Observed, *, column: str, true: Names, name: str) -> Observed:
    """Return the observations with a column that is 1 where a text is one of some words, for `Share`.

    An empty text stays missing. Case and spacing do not matter.

    Raises
    ------
    InputError
        The column is absent or holds no texts, the name is taken, or a word does not occur (a slip would give 0).

    Examples
    --------
    >>> frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 3),
    ...                       "kanal": ["Daring", "Loket", None]})
    >>> visits = read_observations(frame, as_of="2024-12-31", date="at", keep=["kanal"])
    >>> flagged = with_flag(visits, column="kanal", true=["daring"], name="digital")
    >>> sorted(flagged.records.collect()["digital"].to_list(), key=str)
    [0.0, 1.0, None]
    """
    table = _native(observations)
    _require_new(table, name)
    _require_column(table, column)
    if not _kind(table, column).startswith("VARCHAR"):
        raise InputError(Message("observations.no_texts", name=column, kind=_kind(table, column)))
    texts = [str(t) for (t,) in table.aggregate(quoted(column)).fetchall() if t is not None and str(t).strip()]
    plain = {t: " ".join(t.split()).casefold() for t in texts}
    meant = {" ".join(word.split()).casefold(): word for word in true}
    absent = [word for key, word in meant.items() if key not in plain.values()]
    if absent:
        problem = Message("observations.no_such_word", name=column, words=absent)
        names = [masked(t) for t in sorted(texts)[:_MOST]]
        raise InputError(paragraph(problem, did_you_mean(absent[0], names), Message("observations.found", names=names)))
    flags = pa.array([float(plain[t] in meant) for t in texts], pa.float64())
    flagged = _map_texts(table.project(f"*, {quoted(column)} AS {quoted(name)}"), name, texts, flags)
    return _extend(observations, flagged, Message("observations.flag", name=name, column=column, words=tuple(true)))


@public_verb
def with_recorded(observations: Observed, *, column: str, name: str) -> Observed:
    """Return the observations with a column that is 1 where another column was filled in and 0 where it was not.

    For the share of records that say something at all (a status, a date of the answer). Empty are: nothing, spaces, a
    dash, words such as ``null`` and ``n/a``, and dates that stand for none. Every record answers, so that the empty
    ones count; in `with_flag` they do not.

    Raises
    ------
    InputError
        The column is absent, or the name is taken.

    Examples
    --------
    >>> frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 4),
    ...                       "status": ["Selesai", None, " - ", "Proses"]})
    >>> complaints = read_observations(frame, as_of="2024-12-31", date="at", keep=["status"])
    >>> with_recorded(complaints, column="status", name="told").records.collect()["told"].to_list()
    [1.0, 0.0, 0.0, 1.0]
    """
    table = _native(observations)
    _require_new(table, name)
    _require_column(table, column)
    told = table.project(f"*, CAST({_is_filled(table, column)} AS DOUBLE) AS {quoted(name)}")
    empty = len(told.filter(f"{quoted(name)} = 0").project("1").fetchall())
    total = int(table.aggregate("count(*)").fetchall()[0][0])
    return _extend(
        observations, told, Message("observations.recorded", name=name, column=column, empty=empty, total=total)
    )


def _is_filled(table: Relation, column: str) -> str:
    """Return the SQL condition that a cell holds something."""
    kind, cell = _kind(table, column), quoted(column)
    if kind.startswith(("VARCHAR", "ENUM")):
        empty = ", ".join("'" + word.replace("'", "''") + "'" for word in NULL_WORDS)
        return f"coalesce(lower(trim(CAST({cell} AS VARCHAR))) NOT IN ({empty}), FALSE)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"coalesce(NOT isnan({cell}), FALSE)"
    return f"{cell} IS NOT NULL"


def _native(observations: Observations) -> Relation:
    relation: Relation = observations.records.to_native()
    return relation


def _require_new(table: Relation, name: str) -> None:
    if name in table.columns:
        raise InputError(Message("observations.name_taken", name=name))


def _require_column(table: Relation, column: str) -> None:
    if column not in table.columns:
        problem, known = Message("observations.no_column", name=column), table.columns
        raise InputError(
            paragraph(problem, did_you_mean(column, known), Message("observations.found", names=known[:_MOST]))
        )
