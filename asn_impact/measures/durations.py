"""How long each case took, as one lazy expression that runs in whichever engine holds the records.

A day arithmetic per record would be slow and different in each engine. Instead the calendar, a table of some
3,650 rows, is brought into the engine and joined twice: once on the day of receipt, once on the day of the
decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.checks import FOLLOWED
from asn_impact.intake.extract import Extract
from asn_impact.measures.calendar import OfficeHours, WorkCalendar
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message

Clock: TypeAlias = Literal["working_days", "calendar_days"]

_MADE = ("month", "day", "days")
_NOT_LOCAL = frozenset({"intake.dates.utc", "intake.dates.different_zones"})  # notes of reading: no local times
_USED = ("case", "received", "decided")


@dataclass(frozen=True, eq=False)
class Durations(Guided):
    """One row a case: where it was, when it came in, how long it took; computed when it is tabulated.

    Attributes
    ----------
    records
        A lazy frame with ``office``, ``service``, ``status``, the extra columns and

        ``month``
            month of receipt, 12 * year + month - 1;
        ``day``
            number of the day of receipt (see `WorkCalendar.number`), so that follow-up is ``as_of_day -
            day``; as much later for an open case as its file was exported earlier;
        ``days``
            days from receipt to decision, or minutes where the calendar is one of opening hours; missing while
            undecided, and when withdrawn.
    as_of, as_of_day
        The day of the export, and its number.
    calendar
        The calendar the days were counted with.
    notes
        What was assumed.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> durations
    Durations(working days, as of 2025-03-31, calendar 'Indonesia')
    >>> durations.records.collect().to_pandas()["days"].head(3).tolist()
    [6, 8, 5]
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    as_of_day: int
    calendar: WorkCalendar | OfficeHours
    notes: tuple[Message, ...] = ()

    def __repr__(self) -> str:
        return f"Durations({self.calendar.unit}, as of {self.as_of}, calendar {self.calendar.name!r})"

    def _repr_html_(self) -> str:
        facts = [
            ("counted in", self.calendar.unit),
            ("calendar", self.calendar.name),
            ("as of", str(self.as_of)),
            ("columns", ", ".join(self.records.collect_schema().names())),
        ]
        return card("Durations", [*facts, *noted(self)])


@public_verb
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
    >>> from asn_impact.intake.readers.exports import read_exports
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b"], "office": ["O1", "O1"], "status": ["granted", "open"],
    ...     "received": pd.to_datetime(["2024-04-05", "2024-04-05"]),
    ...     "decided": pd.to_datetime(["2024-04-16", None])})
    >>> times = measure(read_exports(frame, as_of="2024-05-31"), WorkCalendar.indonesia())
    >>> times.records.collect().to_pandas()["days"].tolist()
    [1, <NA>]
    """
    extract.refuse_changed()
    _refuse_finished_only(extract)
    if isinstance(calendar, OfficeHours):
        return _measure_minutes(extract, calendar, dict(times or {}))
    if times:
        raise InputError(Message("measures.durations.times_need_hours"))
    day_calendar = calendar if clock == "working_days" else calendar.every_day()
    records = _with_days_only(extract.records)
    _refuse_taken_names(records)
    _require_coverage(records, day_calendar, extract.as_of)
    cases = _count_days(records, brought_in(day_calendar.table()[["date", "number"]], records))
    as_of_day = int(day_calendar.number(extract.as_of))
    cases = _followed(cases, as_of_day, day_calendar)
    return Durations(cases, extract.as_of, as_of_day, day_calendar, (*extract.notes, *day_calendar.notes))


def _refuse_finished_only(extract: Extract) -> None:
    """Refuse an export drawn by the date of decision: its first months hold long waits only, its last short ones."""
    if extract.selection == "completed":
        raise InputError(Message("measures.durations.finished_only"))


def _refuse_taken_names(records: nw.LazyFrame[Any]) -> None:
    clash = [name for name in _MADE if name in records.collect_schema().names()]
    if clash:
        raise InputError(Message("measures.durations.names_taken", names=clash))


def _with_days_only(records: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Cut times of day off ``received`` and ``decided``: 23:50 belongs to the same day as 00:10."""
    schema = records.collect_schema()
    zones = {schema[name].time_zone for name in ("received", "decided") if isinstance(schema[name], nw.Datetime)}  # type: ignore[attr-defined]
    if zones - {None}:
        raise InputError(Message("measures.durations.days_with_zone", zones=sorted(map(str, zones))))
    timed = [name for name in ("received", "decided") if schema[name] != nw.Date]
    return records.with_columns(nw.col(*timed).cast(nw.Date)) if timed else records


def _require_coverage(records: nw.LazyFrame[Any], calendar: WorkCalendar | OfficeHours, as_of: dt.date) -> None:
    """Refuse days unknown to the calendar: one query for earliest and latest, which files answer at once."""
    ends = {f"{end}_{name}": getattr(nw.col(name), end)() for name in _ENDS for end in ("min", "max")}
    edges = records.select(**ends).collect().to_pandas().iloc[0]
    if pd.isna(edges["min_received"]):
        raise InputError(Message("measures.durations.nothing_received"))
    last = pd.Timestamp(edges["max_received"]).date()
    if last > as_of:
        raise InputError(Message("measures.durations.received_after", last=last, as_of=as_of))
    calendar.number(as_of)
    for column in _ENDS:
        earliest, latest = (pd.Timestamp(edges[f"{end}_{column}"]) for end in ("min", "max"))
        if pd.isna(earliest) or (earliest.date() >= calendar.first and latest.date() <= calendar.last):
            continue
        raise InputError(
            Message(
                "measures.durations.outside",
                n=_count_outside(records, column, calendar),
                column=column,
                calendar=calendar.name,
                first=calendar.first,
                last=calendar.last,
                earliest=earliest.date(),
                latest=latest.date(),
            )
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
        Of DuckDB, pandas, polars, pyarrow, Ibis or Spark.

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
        native: Any = relation.query("asn_impact_records", _calendar_query(table))
    elif engine.is_pandas():
        # pandas joins dates of Arrow as Python objects, ten times slower than its timestamps
        native = table.astype({name: "timestamp[us][pyarrow]" if name == "date" else "Int32" for name in table.columns})
    elif engine.is_polars() or engine.is_pyarrow():
        native = nw.to_native(nw.from_arrow(_arrow_days(table), backend=engine))
    elif engine.is_ibis():
        import ibis

        native = ibis.memtable(_arrow_days(table))
    else:
        native = _broadcast(table, nw.to_native(records))
    calendar: nw.LazyFrame[Any] = nw.from_native(native).lazy()
    return calendar


def _arrow_days(table: pd.DataFrame) -> pa.Table:
    """Return the calendar with dates, never time stamps, which an engine would move to a zone of its own."""
    return pa.table({name: pa.array(table[name].dt.date if name == "date" else table[name]) for name in table.columns})


def _broadcast(table: pd.DataFrame, records: Any) -> Any:  # noqa: ANN401 - a frame of Spark, classic or Connect
    """Return the calendar in the session of a Spark frame, sent once to every worker."""
    days = records.sparkSession.createDataFrame(_arrow_days(table))
    return days.hint("broadcast")


def _calendar_query(table: pd.DataFrame) -> str:
    """Return the calendar as a query without a source, so that it needs no name in the caller's database.

    The numbers travel as one text that is cast to a list: 7,000 literals would take longer to parse than the join
    takes. The days come from ``range``, whose size DuckDB knows, so that it plans a table looked up by position.
    """
    columns = [name for name in table.columns if name != "date"]
    kinds = {name: "hugeint" if table[name].dtype == object else "integer" for name in columns}
    lists = ", ".join(f"('{table[name].tolist()}'::{kind}[])[range + 1] as {name}" for name, kind in kinds.items())
    return f"select date '{table['date'].iloc[0].date()}' + range::integer as date, {lists} from range({len(table)})"


def _count_days(records: nw.LazyFrame[Any], table: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the day numbers of receipt and decision, subtracted; every day was seen to be covered."""
    began = table.rename({"number": "day"})
    ended = table.rename({"number": "ended"})
    schema, key = records.collect_schema(), table.collect_schema()["date"]
    others = [name for name in schema.names() if name not in _USED]
    uncast = [name for name in ("received", "decided") if schema[name] != key]
    days = nw.when(nw.col("status") != "withdrawn").then(nw.col("ended") - nw.col("day"))
    return (
        (records.with_columns(nw.col(*uncast).cast(key)) if uncast else records)
        .join(began, how="left", left_on="received", right_on="date")
        .join(ended, how="left", left_on="decided", right_on="date")
        .with_columns(_month("received").alias("month"), days.alias("days"))
        .select(*others, *_MADE)
    )


def _followed(records: nw.LazyFrame[Any], as_of_day: int, calendar: WorkCalendar | OfficeHours) -> nw.LazyFrame[Any]:
    """Move the day of open cases known for a shorter time, so that ``as_of_day - day`` is what they were followed."""
    if FOLLOWED not in records.collect_schema().names():
        return records
    known = records.filter(~nw.col(FOLLOWED).is_null()).group_by(FOLLOWED).agg(nw.len())
    days = known.collect()[FOLLOWED].to_list()
    moved = [nw.when(nw.col(FOLLOWED) == d).then(nw.lit(as_of_day - int(calendar.number(d)))) for d in days]
    shift = nw.coalesce(*moved, nw.lit(0)).cast(nw.Int32)
    return records.with_columns((nw.col("day") + shift).alias("day")).drop(FOLLOWED)


def as_whole(truth: nw.Expr) -> nw.Expr:
    """Write a truth, or a small whole number, as one that cannot overflow; servers cast a truth to small ones only."""
    return truth.cast(nw.Int32).cast(nw.Int64)


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


def _measure_minutes(extract: Extract, hours: OfficeHours, times: Mapping[str, str]) -> Durations:
    """Return the minutes worked from receipt to decision."""
    if any(note.key in _NOT_LOCAL for note in extract.notes):
        raise InputError(Message("measures.durations.not_local"))
    sources = _sources_of_times(extract.records, times)
    days = _with_days_only(extract.records.with_columns(**{f"asn_{end}_at": text for end, text in sources.items()}))
    _refuse_taken_names(days)
    _require_coverage(days, hours, extract.as_of)
    cases = _with_minutes(days)
    note = _count_without_time(cases)
    complete = cases.filter(~_no_time() & ~_backwards())
    records = _count_minutes(complete, brought_in(hours.table(), complete))
    start = int(hours.number(extract.as_of))
    records = _followed(records, start, hours)
    return Durations(records, extract.as_of, start, hours, (*extract.notes, *hours.notes, *([note] if note else [])))


def _sources_of_times(records: nw.LazyFrame[Any], times: Mapping[str, str]) -> dict[str, nw.Expr]:
    """Return where the time of day of receipt and decision is found."""
    schema = records.collect_schema()
    unknown = [end for end in times if end not in _ENDS] + [
        name for name in times.values() if name not in schema.names()
    ]
    if unknown:
        raise InputError(Message("measures.durations.times_unknown", names=unknown))
    names = {end: times.get(end, end) for end in _ENDS}
    daily = [end for end, name in names.items() if schema[name] == nw.Date]
    if daily:
        raise InputError(Message("measures.durations.dates_alone", names=daily))
    return {end: _as_clock(nw.col(name), schema[name], name) for end, name in names.items()}


def _as_clock(column: nw.Expr, kind: Any, name: str) -> nw.Expr:  # noqa: ANN401 - a dtype
    """Write a column as text of a time of day, or leave it a text to be read."""
    if kind == nw.String:
        return column
    if isinstance(kind, nw.Datetime) and kind.time_zone is None:
        minute = column.dt.hour().cast(nw.Float64) * 60 + column.dt.minute().cast(nw.Float64)
        return nw.when(column.is_null()).then(nw.lit(_NO_TIME)).otherwise(minute).cast(nw.Int32)
    raise InputError(Message("measures.durations.no_times", column=name, kind=str(kind)))


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
    row = records.select(**{key: as_whole(mark).sum() for key, mark in marks.items()}).collect().to_pandas().iloc[0]
    zones = {key.split(" ")[0] for key in marks if (row[key] or 0) > 0}
    if "foreign" in zones or len(zones) > 1:
        raise InputError(Message("measures.durations.zones", zones=sorted(zones)))


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


def _count_without_time(records: nw.LazyFrame[Any]) -> Message | None:
    """Count cases whose times cannot be used; refuse when they are many, or look like those of another zone."""
    at = nw.col("asn_decided_at")
    marks = {
        "cases": nw.lit(1),
        "without": nw.when(_no_time()).then(1).otherwise(0),
        "backwards": nw.when(_backwards() & ~_no_time()).then(1).otherwise(0),
        "decided_at": nw.when(at == _NO_TIME).then(0).otherwise(1),
        "night": nw.when((at != _NO_TIME) & (at < 6 * 60)).then(1).otherwise(0),
    }
    row = records.select(**marks).select(nw.all().sum()).collect().to_pandas().iloc[0]
    count = {name: int(row[name]) for name in marks}
    if 2 * count["night"] > count["decided_at"] > 0:
        raise InputError(Message("measures.durations.night", n=count["night"], of=count["decided_at"]))
    lacking = count["without"] + count["backwards"]
    reasons = tuple(
        Message(f"measures.durations.left_{name}", n=count[name]) for name in ("without", "backwards") if count[name]
    )
    if lacking > _MOST_WITHOUT * count["cases"]:
        raise InputError(Message("measures.durations.too_few_times", n=lacking, of=count["cases"], reasons=reasons))
    return Alert("measures.durations.left_out", n=lacking, of=count["cases"], reasons=reasons) if lacking else None


def _count_minutes(records: nw.LazyFrame[Any], table: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the minute numbers of receipt and decision, subtracted; every day was seen to be covered."""
    key = table.collect_schema()["date"]
    consumed = (*_USED, *(f"asn_{end}_at" for end in _ENDS))
    others = [name for name in records.collect_schema().names() if name not in consumed]
    cases = records.with_columns(nw.col(*_ENDS).cast(key))
    for end in _ENDS:
        edges = table.rename({name: f"asn_{end}_{name}" for name in _EDGES})
        cases = cases.join(edges, how="left", left_on=end, right_on="date")
    days = nw.when(nw.col("status") != "withdrawn").then(_minute_number("decided") - _minute_number("received"))
    return cases.with_columns(
        _month("received").alias("month"), _minute_number("received").alias("day"), days.alias("days")
    ).select(*others, *_MADE)


def _minute_number(end: str) -> nw.Expr:
    """Write the minutes worked up to a time of day, see `OfficeHours.number`."""
    at, (before, opens, rests, resumes, closes) = nw.col(f"asn_{end}_at"), (nw.col(f"asn_{end}_{e}") for e in _EDGES)
    return (before + _between(at, opens, rests) - opens + _between(at, resumes, closes) - resumes).cast(nw.Int32)


def _between(minute: nw.Expr, low: nw.Expr, high: nw.Expr) -> nw.Expr:
    """Write a minute moved into [low, high]; missing stays missing."""
    return nw.when(minute < low).then(low).otherwise(nw.when(minute > high).then(high).otherwise(minute))
