"""How long each case took, as one lazy expression that runs in whichever engine holds the records.

A day arithmetic per record would be slow and different in each engine. Instead the calendar, a table of some
3,650 rows, is brought into the engine and joined twice: once on the day of receipt, once on the day of the
decision.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.display import card
from asn_impact.errors import DataWarning, InputError, listed
from asn_impact.intake.exports import Extract
from asn_impact.measures.calendar import OfficeHours, WorkCalendar

__all__ = ["Clock", "Durations", "brought_in", "measure"]

Clock: TypeAlias = Literal["working_days", "calendar_days"]

_MADE = ("month", "day", "days")
_USED = ("case", "received", "decided")


@dataclass(frozen=True, eq=False)
class Durations:
    """One row a case: where it was, when it came in, how long it took; computed when it is tabulated.

    Attributes
    ----------
    records
        A lazy frame with ``office``, ``service``, ``status``, the extra columns and

        ``month``
            month of receipt, 12 * year + month - 1;
        ``day``
            number of the day of receipt (see `WorkCalendar.number`), so that follow-up is ``as_of_day -
            day``;
        ``days``
            days from receipt to decision, or minutes where the calendar is one of opening hours; missing while
            undecided, and when withdrawn.
    as_of, as_of_day
        The day of the export, and its number.
    calendar
        The calendar the days were counted with.
    notes
        Sentences: what was assumed.
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    as_of_day: int
    calendar: WorkCalendar | OfficeHours
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Durations({self.calendar.unit}, as of {self.as_of}, calendar {self.calendar.name!r})"

    def _repr_html_(self) -> str:
        facts = [
            ("counted in", self.calendar.unit),
            ("calendar", self.calendar.name),
            ("as of", str(self.as_of)),
            ("columns", ", ".join(self.records.collect_schema().names())),
        ]
        return card("Durations", [*facts, *(("note", note) for note in self.notes)])


def measure(
    extract: Extract,
    calendar: WorkCalendar | OfficeHours,
    *,
    clock: Clock = "working_days",
    times: Mapping[str, str] | None = None,
) -> Durations:
    """Return the days from receipt to decision of each case.

    The day of receipt is day 0; days in (received, decided] are counted; the same day gives 0. A rejection is
    a decision and ends the clock. A withdrawn case has no duration: withdrawal competes with the decision.

    Parameters
    ----------
    extract
        What `read_exports` returned.
    calendar
        The days on which the offices work; with ``calendar.hours()`` the minutes worked in [received, decided) are
        counted, whole ones: `Within(4 * 60)` is four working hours, and says so in minutes.
    clock
        ``"working_days"``, or ``"calendar_days"`` for limits that count every day.
    times
        Only with opening hours: ``{"received": column, "decided": column}``, columns kept by ``read_exports(keep=...)``
        that hold the local time of day (a date with a time, or a time alone; the day is always that of ``received``
        and ``decided``). Midnight is read as "no time of day". Cases without a time, or decided before they came in
        on the same day, are left out and counted. Follow-up ends as the day of the export begins.

    Raises
    ------
    InputError
        The export holds finished cases only and nobody said so; a day of receipt or decision, or the day of
        the export, lies outside the calendar; a case was received after the export was made; an extra column
        has a name that is needed here; opening hours are given and the records hold days without times of day, times
        in UTC or in different zones, or more than one in ten cases has no time of day.

    Warns
    -----
    DataWarning
        Cases are left out because their times of day are missing or contradict each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.exports import read_exports
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b"], "office": ["O1", "O1"], "status": ["granted", "open"],
    ...     "received": pd.to_datetime(["2024-04-05", "2024-04-05"]),
    ...     "decided": pd.to_datetime(["2024-04-16", None])})
    >>> times = measure(read_exports(frame, as_of="2024-05-31"), WorkCalendar.indonesia())
    >>> times.records.collect().to_pandas()["days"].tolist()
    [1, <NA>]
    """
    _refuse_finished_only(extract)
    if isinstance(calendar, OfficeHours):
        return _measured_in_minutes(extract, calendar, dict(times or {}))
    if times:
        raise InputError("times= needs opening hours: measure(extract, calendar.hours(), times=...).")
    counted = _calendar_of(clock, calendar)
    records = _with_days_only(extract.records)
    _refuse_taken_names(records)
    _require_coverage(records, counted, extract.as_of)
    joined = _joined(records, brought_in(counted.table()[["date", "number"]], records))
    as_of_day = int(counted.number(extract.as_of))
    return Durations(joined, extract.as_of, as_of_day, counted, (*extract.notes, *counted.notes))


def _calendar_of(clock: str, calendar: WorkCalendar) -> WorkCalendar:
    if clock not in {"working_days", "calendar_days"}:
        raise InputError(f"clock={clock!r} is not known. Expected 'working_days' or 'calendar_days'.")
    return calendar if clock == "working_days" else calendar.every_day()


def _refuse_finished_only(extract: Extract) -> None:
    """Refuse an export drawn by the date of decision: its first months hold long waits only, its last short ones."""
    if extract.selection == "completed":
        raise InputError(
            "The export holds finished cases only, drawn by the day of decision: its first months show long waits only "
            "and its last months short ones. Ask for all cases received, open ones too. If it does hold every case "
            "received, say so: read_exports(..., selection='received')."
        )


def _refuse_taken_names(records: nw.LazyFrame[Any]) -> None:
    taken = [name for name in _MADE if name in records.collect_schema().names()]
    if taken:
        raise InputError(f"The records have columns called {listed(taken)}, which `measure` makes. Rename them.")


def _with_days_only(records: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Cut times of day off ``received`` and ``decided``: 23:50 belongs to the same day as 00:10."""
    schema = records.collect_schema()
    zones = {schema[name].time_zone for name in ("received", "decided") if isinstance(schema[name], nw.Datetime)}  # type: ignore[attr-defined]
    if zones - {None}:
        raise InputError(f"Days of receipt carry time zones {listed(sorted(map(str, zones)))}. Expected local dates.")
    timed = [name for name in ("received", "decided") if schema[name] != nw.Date]
    return records.with_columns(nw.col(*timed).cast(nw.Date)) if timed else records


def _require_coverage(records: nw.LazyFrame[Any], calendar: WorkCalendar | OfficeHours, as_of: dt.date) -> None:
    """Refuse days unknown to the calendar: one query for earliest and latest, which files answer at once."""
    edges = (
        records.select(
            nw.col("received").min().alias("first_received"),
            nw.col("received").max().alias("last_received"),
            nw.col("decided").min().alias("first_decided"),
            nw.col("decided").max().alias("last_decided"),
        )
        .collect()
        .to_pandas()
        .iloc[0]
    )
    if pd.isna(edges["first_received"]):
        raise InputError("The export holds no record with a day of receipt. Nothing can be measured.")
    last = pd.Timestamp(edges["last_received"]).date()
    if last > as_of:
        raise InputError(
            f"The latest case was received on {last}, after the export was made ({as_of}). "
            "Correct as_of, or the day of receipt."
        )
    calendar.number(as_of)
    for column in ("received", "decided"):
        found = [pd.Timestamp(edges[f"{edge}_{column}"]) for edge in ("first", "last")]
        if pd.isna(found[0]) or (found[0].date() >= calendar.first and found[1].date() <= calendar.last):
            continue
        outside = _count_outside(records, column, calendar)
        raise InputError(
            f"{outside} records have a {column!r} day outside the calendar {calendar.name!r}, which covers "
            f"{calendar.first} to {calendar.last}; found {found[0].date()} to {found[1].date()}. "
            "Correct the dates, or use a calendar that covers them."
        )


def _count_outside(records: nw.LazyFrame[Any], column: str, calendar: WorkCalendar | OfficeHours) -> int:
    outside = (nw.col(column) < nw.lit(calendar.first)) | (nw.col(column) > nw.lit(calendar.last))
    return int(records.filter(outside).select(nw.len()).collect().item())


def brought_in(table: pd.DataFrame, records: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the table of a calendar in the engine that holds the records: a join does not cross engines.

    Parameters
    ----------
    table
        ``date`` and whole numbers, one row a day without gaps.
    records
        Of DuckDB, pandas, polars or pyarrow.

    Raises
    ------
    InputError
        Another engine holds the records.

    Examples
    --------
    >>> import polars as pl
    >>> table = WorkCalendar.weekdays("2024-01-05", "2024-01-06").table()
    >>> brought_in(table, nw.from_native(pl.LazyFrame({"a": [1]}))).collect()["number"].to_list()
    [1, 1]
    """
    engine = records.implementation
    if engine.is_duckdb():
        relation: Any = nw.to_native(records)
        made: Any = relation.query("asn_impact_records", _calendar_query(table))
    elif engine.is_pandas():
        # pandas joins dates of Arrow as Python objects, ten times slower than its timestamps
        made = table.astype({name: "timestamp[us][pyarrow]" if name == "date" else "Int32" for name in table.columns})
    elif engine.is_polars() or engine.is_pyarrow():
        columns = {name: pa.array(table[name].dt.date if name == "date" else table[name]) for name in table.columns}
        made = nw.to_native(nw.from_arrow(pa.table(columns), backend=engine))
    else:
        raise InputError(f"Records held by {engine} cannot be measured. Expected DuckDB, pandas, polars or pyarrow.")
    calendar: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return calendar


def _calendar_query(table: pd.DataFrame) -> str:
    """Return the calendar as a query without a source, so that it needs no name in the caller's database.

    The numbers travel as one text that is cast to a list: 7,000 literals would take longer to parse than the join
    takes. The days come from ``range``, whose size DuckDB knows, so that it plans a table looked up by position.
    """
    columns = [name for name in table.columns if name != "date"]
    lists = ", ".join(f"('{table[name].tolist()}'::integer[])[range + 1] as {name}" for name in columns)
    return f"select date '{table['date'].iloc[0].date()}' + range::integer as date, {lists} from range({len(table)})"


def _joined(records: nw.LazyFrame[Any], table: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the day numbers of receipt and decision, subtracted; every day was seen to be covered."""
    began = table.rename({"number": "day"})
    ended = table.rename({"number": "ended"})
    schema, key = records.collect_schema(), table.collect_schema()["date"]
    kept = [name for name in schema.names() if name not in _USED]
    other = [name for name in ("received", "decided") if schema[name] != key]
    days = nw.when(nw.col("status") != "withdrawn").then(nw.col("ended") - nw.col("day"))
    return (
        (records.with_columns(nw.col(*other).cast(key)) if other else records)
        .join(began, how="left", left_on="received", right_on="date")
        .join(ended, how="left", left_on="decided", right_on="date")
        .with_columns(_month("received").alias("month"), days.alias("days"))
        .select(*kept, *_MADE)
    )


def _month(column: str) -> nw.Expr:
    """Write the month of a date, 12 * year + month - 1."""
    date = nw.col(column).dt
    return date.year().cast(nw.Int32) * 12 + date.month().cast(nw.Int32) - 1


# --- minutes --------------------------------------------------------------------------------------------------

_ENDS = ("received", "decided")
_EDGES = ("before", "opens", "rests", "resumes", "closes")
_NO_TIME = 0  # minute after midnight that stands for "no time of day": systems fill dates up with 00:00
_MOST_WITHOUT = 0.1  # share of cases without a usable time of day above which the columns were misread
_LOCAL = {
    "WIB": r"(?i) ?(?:wib|\+07:?00|\+07)$",
    "WITA": r"(?i) ?(?:wita|\+08:?00|\+08)$",
    "WIT": r"(?i) ?(?:wit|\+09:?00|\+09)$",
}
_FOREIGN = r"(?i)\d:\d{2}(?::\d{2}(?:[.,]\d+)?)? ?(?:z|utc|gmt|[ap]\.?m\.?|[+-]\d{2}(?::?\d{2})?)$"
_ALONE = r"^\d{1,2}(?::\d{2}(?::\d{2}(?:[.,]\d+)?)?|\.\d{2})$"


def _measured_in_minutes(extract: Extract, hours: OfficeHours, times: Mapping[str, str]) -> Durations:
    """Return the minutes worked from receipt to decision."""
    if any("times are in UTC" in note or "in different zones" in note for note in extract.notes):
        raise InputError("Times are in UTC or in different zones, opening hours are local. Give the local times.")
    sources = _sources_of_times(extract.records, times)
    days = _with_days_only(
        extract.records.with_columns(*(column.alias(f"asn_{end}_at") for end, column in sources.items()))
    )
    _refuse_taken_names(days)
    _require_coverage(days, hours, extract.as_of)
    timed = _with_minutes(days)
    alerts = _left_out_without_time(timed)
    usable = timed.filter(~_no_time() & ~_backwards())
    made = _minutes_joined(usable, brought_in(hours.table(), usable))
    start = int(hours.number(extract.as_of))
    if alerts:
        warnings.warn(" ".join(alerts), DataWarning, stacklevel=3)
    return Durations(made, extract.as_of, start, hours, (*extract.notes, *hours.notes, *alerts))


def _sources_of_times(records: nw.LazyFrame[Any], times: Mapping[str, str]) -> dict[str, nw.Expr]:
    """Return where the time of day of receipt and decision is found."""
    schema = records.collect_schema()
    unknown = [end for end in times if end not in _ENDS] + [
        name for name in times.values() if name not in schema.names()
    ]
    if unknown:
        raise InputError(f"times names {listed(unknown)}. Expected 'received' and 'decided' -> columns of the records.")
    names = {end: times.get(end, end) for end in _ENDS}
    daily = [end for end, name in names.items() if schema[name] == nw.Date]
    if daily:
        raise InputError(
            f"Working hours need times of day, and {listed(daily)} of the records are dates alone. Keep the columns "
            "that hold them: read_exports(..., keep=[heading, heading]); name them: times={'received': heading, "
            "'decided': heading}. Where the office has dates only, count working days."
        )
    return {end: _as_clock(nw.col(name), schema[name], name) for end, name in names.items()}


def _as_clock(column: nw.Expr, kind: Any, name: str) -> nw.Expr:  # noqa: ANN401 - a dtype
    """Write a column as text of a time of day, or leave it a text to be read."""
    if kind == nw.String:
        return column
    if isinstance(kind, nw.Datetime) and kind.time_zone is None:
        minute = column.dt.hour().cast(nw.Float64) * 60 + column.dt.minute().cast(nw.Float64)
        return nw.when(column.is_null()).then(nw.lit(_NO_TIME)).otherwise(minute).cast(nw.Int32)
    raise InputError(f"Column {name!r} holds {kind}. Expected local times without a zone, or texts with a time of day.")


def _with_minutes(records: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add the minute after midnight of receipt and decision; 0, midnight, stands for no time of day."""
    schema = records.collect_schema()
    texts = [f"asn_{end}_at" for end in _ENDS if schema[f"asn_{end}_at"] == nw.String]
    if texts:
        _require_one_zone(records, texts)
        records = records.with_columns(_clock_text(name).alias(name) for name in texts)
        records = records.with_columns(_minute_of_text(name).alias(name) for name in texts)
    return records


def _require_one_zone(records: nw.LazyFrame[Any], texts: list[str]) -> None:
    """Refuse times that are not local, or are local to different places."""
    plain = {name: nw.col(name).str.strip_chars() for name in texts}
    marks = {f"{zone} {name}": plain[name].str.contains(form) for zone, form in _LOCAL.items() for name in texts}
    marks |= {f"foreign {name}": plain[name].str.contains(_FOREIGN) & ~_is_local(plain[name]) for name in texts}
    marks |= {
        f"none {name}": plain[name].str.contains(r"\d:\d{2}$|\d:\d{2}[.,]\d+$") & ~_is_local(plain[name])
        for name in texts
    }
    row = (
        records.select(*(mark.cast(nw.Int64).sum().alias(key) for key, mark in marks.items()))
        .collect()
        .to_pandas()
        .iloc[0]
    )
    found = {key.split(" ")[0] for key in marks if (row[key] or 0) > 0}
    if "foreign" in found or len(found) > 1:
        raise InputError(
            f"Times of day are in more than one zone, in UTC, or with a.m. and p.m. (found: {listed(sorted(found))}). "
            "Opening hours are local: export both columns in the local time of the office, 00:00 to 23:59."
        )


def _is_local(text: nw.Expr) -> nw.Expr:
    wib, wita, wit = (text.str.contains(form) for form in _LOCAL.values())
    return wib | wita | wit


def _clock_text(name: str) -> nw.Expr:
    """Write what is left of a text without its zone and its date, midnight where that is no time of day."""
    text = nw.col(name).str.strip_chars()
    for form in _LOCAL.values():
        text = text.str.replace_all(form, "")
    text = text.str.replace_all(r"^.*[ T,]", "")
    return nw.when(~text.is_null() & text.str.contains(_ALONE)).then(text).otherwise(nw.lit("00:00"))


def _minute_of_text(name: str) -> nw.Expr:
    hour = nw.col(name).str.replace_all(r"[:.].*$", "").cast(nw.Int32)
    minute = nw.col(name).str.replace_all(r"^\d{1,2}[:.]", "").str.slice(0, 2).cast(nw.Int32)
    return nw.when((hour < 24) & (minute < 60)).then(hour * 60 + minute).otherwise(nw.lit(_NO_TIME)).cast(nw.Int32)


def _no_time() -> nw.Expr:
    ended = ~nw.col("decided").is_null() & (nw.col("status") != "withdrawn")
    return (nw.col("asn_received_at") == _NO_TIME) | (ended & (nw.col("asn_decided_at") == _NO_TIME))


def _backwards() -> nw.Expr:
    """Write whether a case was decided before it came in, by the clock of one day; unknown counts as no."""
    same = (nw.col("decided") == nw.col("received")) & (nw.col("asn_decided_at") < nw.col("asn_received_at"))
    return nw.when(same).then(nw.lit(value=True)).otherwise(nw.lit(value=False))


def _left_out_without_time(timed: nw.LazyFrame[Any]) -> list[str]:
    """Count cases whose times cannot be used; refuse when they are many, or look like those of another zone."""
    at = nw.col("asn_decided_at")
    night = nw.when((at != _NO_TIME) & (at < 6 * 60)).then(1).otherwise(0)
    marks = {
        "cases": nw.lit(1),
        "without": nw.when(_no_time()).then(1).otherwise(0),
        "backwards": nw.when(_backwards() & ~_no_time()).then(1).otherwise(0),
        "decided_at": nw.when(nw.col("asn_decided_at") == _NO_TIME).then(0).otherwise(1),
        "night": night,
    }
    row = (
        timed.select(*(mark.alias(name) for name, mark in marks.items()))
        .select(nw.all().sum())
        .collect()
        .to_pandas()
        .iloc[0]
    )
    count = {name: int(row[name]) for name in marks}
    if 2 * count["night"] > count["decided_at"] > 0:
        raise InputError(
            f"{count['night']:,} of {count['decided_at']:,} decisions fall between 00.00 and 06.00, as local times do "
            "when they are written in UTC. Export the local times of the office."
        )
    said = {"without a time of day": count["without"], "decided before received by the clock": count["backwards"]}
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in said.items() if n)
    left = sum(said.values())
    if left > _MOST_WITHOUT * count["cases"]:
        raise InputError(
            f"{left:,} of {count['cases']:,} cases cannot be counted in working hours: {reasons}. "
            "Correct the columns of times=, or count working days."
        )
    return [f"{left:,} of {count['cases']:,} cases left out of working hours: {reasons}."] if left else []


def _minutes_joined(records: nw.LazyFrame[Any], table: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the minute numbers of receipt and decision, subtracted; every day was seen to be covered."""
    key = table.collect_schema()["date"]
    made = (*_USED, *(f"asn_{end}_at" for end in _ENDS))
    kept = [name for name in records.collect_schema().names() if name not in made]
    joined = records.with_columns(nw.col(*_ENDS).cast(key))
    for end in _ENDS:
        edges = table.rename({name: f"asn_{end}_{name}" for name in _EDGES})
        joined = joined.join(edges, how="left", left_on=end, right_on="date")
    days = nw.when(nw.col("status") != "withdrawn").then(_minute_number("decided") - _minute_number("received"))
    return joined.with_columns(
        _month("received").alias("month"), _minute_number("received").alias("day"), days.alias("days")
    ).select(*kept, *_MADE)


def _minute_number(end: str) -> nw.Expr:
    """Write the minutes worked up to a time of day, see `OfficeHours.number`."""
    at, (before, opens, rests, resumes, closes) = nw.col(f"asn_{end}_at"), (nw.col(f"asn_{end}_{e}") for e in _EDGES)
    return (before + _between(at, opens, rests) - opens + _between(at, resumes, closes) - resumes).cast(nw.Int32)


def _between(minute: nw.Expr, low: nw.Expr, high: nw.Expr) -> nw.Expr:
    """Write a minute moved into [low, high]; missing stays missing."""
    return nw.when(minute < low).then(low).otherwise(nw.when(minute > high).then(high).otherwise(minute))
