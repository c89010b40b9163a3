"""How long each case took, as one lazy expression that runs in whichever engine holds the records.

A day arithmetic per record would be slow and different in each engine. Instead the calendar, a table of some
3,650 rows, is brought into the engine and joined twice: once on the day of receipt, once on the day of the
decision.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.display import card
from asn_impact.errors import InputError, listed
from asn_impact.intake.exports import Extract
from asn_impact.measures.calendar import WorkCalendar

__all__ = ["Clock", "Durations", "measure"]

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
            days from receipt to decision; missing while undecided, and when withdrawn.
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
    calendar: WorkCalendar
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


def measure(extract: Extract, calendar: WorkCalendar, *, clock: Clock = "working_days") -> Durations:
    """Return the days from receipt to decision of each case.

    The day of receipt is day 0; days in (received, decided] are counted; the same day gives 0. A rejection is
    a decision and ends the clock. A withdrawn case has no duration: withdrawal competes with the decision.

    Parameters
    ----------
    extract
        What `read_exports` returned.
    calendar
        The days on which the offices work.
    clock
        ``"working_days"``, or ``"calendar_days"`` for limits that count every day.

    Raises
    ------
    InputError
        The export holds finished cases only and nobody said so; a day of receipt or decision, or the day of
        the export, lies outside the calendar; a case was received after the export was made; an extra column
        has a name that is needed here.

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
    counted = _calendar_of(clock, calendar)
    _refuse_finished_only(extract)
    records = _with_days_only(extract.records)
    _refuse_taken_names(records)
    _require_coverage(records, counted, extract.as_of)
    joined = _joined(records, _brought_in(counted.table(), records))
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


def _require_coverage(records: nw.LazyFrame[Any], calendar: WorkCalendar, as_of: dt.date) -> None:
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


def _count_outside(records: nw.LazyFrame[Any], column: str, calendar: WorkCalendar) -> int:
    outside = (nw.col(column) < nw.lit(calendar.first)) | (nw.col(column) > nw.lit(calendar.last))
    return int(records.filter(outside).select(nw.len()).collect().item())


def _brought_in(table: pd.DataFrame, records: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the calendar in the engine that holds the records: a join does not cross engines."""
    engine = records.implementation
    if engine.is_duckdb():
        relation: Any = nw.to_native(records)
        made: Any = relation.query("asn_impact_records", _calendar_query(table))
    elif engine.is_pandas():
        # pandas joins dates of Arrow as Python objects, ten times slower than its timestamps
        made = table.astype({"date": "timestamp[us][pyarrow]", "number": "Int32", "month": "Int32"})
    elif engine.is_polars() or engine.is_pyarrow():
        days = {"date": pa.array(table["date"].dt.date), "number": table["number"], "month": table["month"]}
        made = nw.to_native(nw.from_arrow(pa.table(days), backend=engine))
    else:
        raise InputError(f"Records held by {engine} cannot be measured. Expected DuckDB, pandas, polars or pyarrow.")
    calendar: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return calendar


def _calendar_query(table: pd.DataFrame) -> str:
    """Return the calendar as a query without a source, so that it needs no name in the caller's database.

    The numbers travel as one text that is cast to a list: 7,000 literals would take longer to parse than the
    join takes.
    """
    first = table["date"].iloc[0].date()
    lists = ", ".join(f"unnest('{table[name].tolist()}'::integer[]) as {name}" for name in ("number", "month"))
    return f"select date '{first}' + unnest(range({len(table)}))::integer as date, {lists}"


def _joined(records: nw.LazyFrame[Any], table: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the day numbers of receipt and decision, subtracted."""
    began = table.rename({"number": "day"})
    ended = table.select(nw.col("date"), nw.col("number").alias("ended"))
    kept = [name for name in records.collect_schema().names() if name not in _USED]
    key = table.collect_schema()["date"]
    received, decided = (nw.col(name).cast(key) for name in ("received", "decided"))
    return (
        records.with_columns(received, nw.when(nw.col("status") != "withdrawn").then(decided))
        .join(began, how="inner", left_on="received", right_on="date")
        .join(ended, how="left", left_on="decided", right_on="date")
        .with_columns((nw.col("ended") - nw.col("day")).alias("days"))
        .select(*kept, *_MADE)
    )
