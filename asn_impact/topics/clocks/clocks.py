"""Three clocks of one case: from receipt to decision, without the applicant's time, and in the office's own steps.

Steps are intervals of days, (began, ended] as everywhere: the day on which a file is handed over still belongs to
whoever had it. A working day has a number (`WorkCalendar.number`), so an interval of days is an interval of numbers.
The working days that several intervals cover together are the length of a union of intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names, Times, check_choice, check_value, did_you_mean
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import Durations, brought_in, measure
from asn_impact.topics.clocks.step_log import StepLog
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, paragraph

__all__ = ["Clocks", "clocks"]

Frame: TypeAlias = "nw.LazyFrame[Any]"

_ENDED, _START, _STOP = "asn_ended", "asn_start", "asn_stop"
_KEYS = ["office", "case"]


@dataclass(frozen=True, eq=False)
class Clocks(Guided):
    """The same cases on three clocks, each ready for `tabulate`.

    Attributes
    ----------
    gross
        Working days in (received, decided].
    net_of_applicant
        Those of them on which no step of the applicant was open.
    office_only
        Those of them on which a step of the office was open; steps in parallel count once.
    owners
        One row a step: ``step``, ``rows``, ``suggested``, and ``owner``, as declared.
    notes
        What was left out, what was assumed.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> steps = pd.DataFrame({"case": "1", "office": "O1", "step": ["Verifikasi", "Perbaikan Dokumen", "Penetapan"],
    ...                       "status": "Selesai",
    ...                       "step_start": pd.to_datetime(["2024-01-02", "2024-01-05", "2024-01-10"]),
    ...                       "step_end": pd.to_datetime(["2024-01-05", "2024-01-10", "2024-01-12"])})
    >>> log = ai.read_step_log(steps, as_of="2024-03-28")
    >>> three = ai.clocks(log, ai.WorkCalendar.indonesia(), applicant=["Perbaikan Dokumen"], elsewhere=[],
    ...                   office=["Verifikasi", "Penetapan"])
    >>> three.table()["mean"].tolist()
    [8.0, 5.0, 5.0]
    """

    gross: Durations
    net_of_applicant: Durations
    office_only: Durations
    owners: pd.DataFrame
    notes: tuple[Message, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return the decided cases on each clock: ``clock``, ``cases``, ``mean``, ``median``, ``p90`` in working days.

        Open cases are not in it: a description of the log, not an estimate. Use `tabulate` with a horizon for that.
        """
        names = ("gross", "net_of_applicant", "office_only")
        days = [getattr(self, name).records.select("days").drop_nulls().collect().to_pandas()["days"] for name in names]
        rows = [(len(d), d.mean(), d.quantile(0.5), d.quantile(0.9)) for d in (day.astype("float64") for day in days)]
        table = pd.DataFrame(rows, columns=["cases", "mean", "median", "p90"])
        table.insert(0, "clock", names)
        return table

    def __repr__(self) -> str:
        kinds = len(self.owners)
        return f"Clocks({kinds} kinds of steps, as of {self.gross.as_of}, calendar {self.gross.calendar.name!r})"

    def _repr_html_(self) -> str:
        facts = [("as of", str(self.gross.as_of)), *noted(self)]
        return card("Clocks", facts, table=self.owners)


@public_verb
def clocks(
    log: StepLog,
    calendar: WorkCalendar,
    *,
    applicant: Names,
    elsewhere: Names,
    office: Sequence[str] | Literal["the rest"],
    abandoned_after: Times | None = None,
) -> Clocks:
    """Return the durations of the cases on three clocks: gross, net of the applicant's time, the office's own steps.

    A step covers the working days in (began, ended]. Steps outside (received, decided] are cut off;
    overlapping ones count once. An open step runs to the decision or, in an open case, to the day of the export. A day
    with steps of office and applicant is the office's on its own clock, the applicant's on the net one.

    An open case has been followed, on a clock, for the days that clock ran: a file that lies with the applicant
    does not get older. A month in which such a case has not run up to the horizon is immature: ``abandoned_after``
    says when a file is given up.

    Parameters
    ----------
    log
        What `read_step_log` returned; ``log.owners`` suggests whose step is whose.
    calendar
        The working days.
    applicant, elsewhere, office
        Names of steps, as the log writes them; case and spacing do not matter. ``office="the rest"`` declares every
        other step the office's.
    abandoned_after
        An open case with an open step of the applicant for this many working days counts as withdrawn on the net and
        office clocks. None: no case is given up.

    Raises
    ------
    InputError
        A step belongs to nobody or to two; with "the rest", a name is not in the log; and as `measure`.

    Warns
    -----
    DataWarning
        Cases are left out, of all three clocks, because one of their steps has no beginning or ends before it.

    Examples
    --------
    >>> from asn_impact.topics.clocks.step_log import read_step_log
    >>> steps = pd.DataFrame({
    ...     "case": "1", "office": "O1", "step": ["Verifikasi", "Perbaikan Dokumen", "Penetapan"], "status": "Selesai",
    ...     "step_start": pd.to_datetime(["2024-01-02", "2024-01-05", "2024-01-10"]),
    ...     "step_end": pd.to_datetime(["2024-01-05", "2024-01-10", "2024-01-12"])})
    >>> three = clocks(read_step_log(steps, as_of="2024-03-28"), WorkCalendar.indonesia(),
    ...     applicant=["Perbaikan Dokumen"], elsewhere=[], office=["Verifikasi", "Penetapan"])
    >>> three.table()["mean"].tolist()
    [8.0, 5.0, 5.0]
    """
    owners = _assign_owners(log.owners, applicant=applicant, elsewhere=elsewhere, office=office)
    cases, notes = _leave_out(log)
    base = measure(replace(log.cases, records=_mark_cases(cases)), calendar)
    others = [_on_clock(log, cases, calendar, owners, base, clock, abandoned_after) for clock in ("net", "office")]
    if abandoned_after is not None:
        notes = (*notes, Message("measures.clocks.abandoned", days=abandoned_after))
    names = ("gross", "net", "office")
    gross, net, own = (
        replace(
            times,
            records=times.records.drop(*_KEPT_KEYS),
            notes=(*times.notes, *notes, Message(f"measures.clocks.clock_{name}")),
        )
        for times, name in zip((base, *others), names, strict=True)
    )
    return Clocks(gross, net, own, owners, notes)


_KEPT_KEYS = ("asn_case", "asn_open")


def _plain(name: object) -> str:
    return " ".join(str(name).split()).casefold()


def _assign_owners(
    owners: pd.DataFrame, *, applicant: Sequence[str], elsewhere: Sequence[str], office: Sequence[str] | str
) -> pd.DataFrame:
    """Return the owner of each step of the log, every one declared, and once."""
    if isinstance(office, str):
        check_choice("office", office, ("the rest",))
    else:
        check_value("office", office, Names, where="clocks")
    lists = {"applicant": applicant, "elsewhere": elsewhere, "office": () if isinstance(office, str) else office}
    pairs = [(_plain(name), owner) for owner, names in lists.items() for name in names]
    double = sorted({name for name, owner in pairs if len({o for n, o in pairs if n == name}) > 1})
    if double:
        raise InputError(Message("measures.clocks.two_owners", steps=double))
    known = {_plain(name) for name in owners["step"] if name is not None}
    absent = [name for name, _ in pairs if name not in known]
    if absent and office == "the rest":  # else the step that was meant belongs to nobody, and is listed below
        absence = Message("measures.clocks.no_step", steps=absent)
        raise InputError(paragraph(absence, did_you_mean(absent[0], known), Message("measures.clocks.see_owners")))
    whose = dict(pairs)
    rest = "office" if office == "the rest" else None
    owner = [whose.get(_plain(name), None if pd.isna(name) else rest) for name in owners["step"]]
    unknown = [name for name, mine in zip(owners["step"], owner, strict=True) if mine is None]
    if unknown:
        raise InputError(Message("measures.clocks.nobodys", n=len(unknown), steps=unknown))
    return owners.assign(owner=pd.Series(owner, index=owners.index, dtype="str"))


def _leave_out(log: StepLog) -> tuple[Frame, tuple[Message, ...]]:
    """Return the cases all of whose steps can be placed, and what was left out."""
    wrong = nw.col("began").is_null() | (nw.col("ended") < nw.col("began"))
    bad = log.steps.filter(wrong).select(*_KEYS).unique()
    out = int(log.cases.records.join(bad, on=_KEYS, how="semi").select(nw.len()).collect().item())
    if not out:
        return log.cases.records, ()
    note = Alert("measures.clocks.left_out", n=out)
    return log.cases.records.join(bad, on=_KEYS, how="anti"), (note,)


def _mark_cases(records: Frame) -> Frame:
    """Keep the key of a case beside what `measure` keeps."""
    return records.with_columns(nw.col("case").alias("asn_case"), (nw.col("status") == "open").alias("asn_open"))


def _on_clock(
    log: StepLog,
    cases: Frame,
    calendar: WorkCalendar,
    owners: pd.DataFrame,
    gross: Durations,
    clock: str,
    abandoned_after: int | None,
) -> Durations:
    """Return the durations with the days of one clock, and each open case followed as long as its clock ran."""
    owner = "applicant" if clock == "net" else "office"
    lengths = _cover_days(_number_steps(log, cases, calendar, owners, owner))
    records = gross.records.join(lengths, left_on=["office", "asn_case"], right_on=_KEYS, how="left")
    length = nw.when(nw.col("asn_covered").is_null()).then(0).otherwise(nw.col("asn_covered"))
    records = records.with_columns(length.cast(nw.Int32).alias("asn_covered"))
    inside = nw.col("asn_covered")
    outside = nw.col("days") - inside  # missing where there is no duration
    ran = outside if clock == "net" else nw.col("days") - outside
    follow_up = gross.as_of_day - nw.col("day")
    followed = follow_up - inside if clock == "net" else inside
    gone = nw.lit(value=False)
    if abandoned_after is not None:
        waits = _count_waiting(log, cases, calendar, owners)
        records = records.join(waits, left_on=["office", "asn_case"], right_on=_KEYS, how="left")
        gone = nw.when(nw.col("asn_held") >= abandoned_after).then(nw.lit(value=True)).otherwise(nw.lit(value=False))
    still = nw.col("asn_open") & ~gone
    names = gross.records.collect_schema().names()
    clocked = records.with_columns(
        ran.alias("days"),
        nw.when(still).then(gross.as_of_day - followed).otherwise(nw.col("day")).cast(nw.Int32).alias("day"),
        nw.when(nw.col("asn_open") & gone).then(nw.lit("withdrawn")).otherwise(nw.col("status")).alias("status"),
    ).select(*names)
    return replace(gross, records=clocked)


def _number_steps(log: StepLog, cases: Frame, calendar: WorkCalendar, owners: pd.DataFrame, owner: str) -> Frame:
    """Return the steps of one owner, cut to their case, as distinct intervals of working-day numbers."""
    mine = [_plain(name) for name, whose in zip(owners["step"], owners["owner"], strict=True) if whose == owner]
    spaced = nw.col("step").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    as_of = nw.lit(log.cases.as_of)
    close = nw.when(nw.col("decided").is_null()).then(as_of).otherwise(nw.col("decided"))
    steps = (
        log.steps.filter(spaced.is_in(mine))
        .join(cases.select(*_KEYS, "received", "decided"), on=_KEYS, how="inner")
        .with_columns(close.cast(nw.Date).alias("asn_close"), nw.col("received").cast(nw.Date))
    )
    late = nw.col("ended").is_null() | (nw.col("ended") > nw.col("asn_close"))
    spans = steps.select(
        *_KEYS,
        nw.when(nw.col("began") < nw.col("received")).then(nw.col("received")).otherwise(nw.col("began")).alias(_START),
        nw.when(late).then(nw.col("asn_close")).otherwise(nw.col("ended")).alias(_STOP),
    ).filter(nw.col(_STOP) > nw.col(_START))
    table = brought_in(calendar.table()[["date", "number"]], spans)
    key = table.collect_schema()["date"]
    for name in (_START, _STOP):
        spans = spans.with_columns(nw.col(name).cast(key)).join(
            table.rename({"number": f"{name}_number"}), how="left", left_on=name, right_on="date"
        )
    return spans.select(
        *_KEYS, nw.col(f"{_START}_number").alias(_START), nw.col(f"{_STOP}_number").alias(_STOP)
    ).unique()


def _cover_days(intervals: Frame) -> Frame:
    """Return the length of the union of the intervals of each case, ``asn_covered``.

    In order of their beginning an interval adds what lies beyond the furthest end so far: stop - max(start, furthest).
    """
    order = [_START, _STOP]
    furthest = nw.col(_STOP).cum_max().over(*_KEYS, order_by=order)
    steps = intervals.with_columns(furthest.alias("asn_far"))
    # a count over a column of the order would replace it before the rows are sorted, in pandas
    place = nw.col("asn_far").cum_count().over(*_KEYS, order_by=order).cast(nw.Int64)
    steps = steps.with_columns(place.alias("asn_place"))
    earlier = steps.select(*_KEYS, (nw.col("asn_place") + 1).alias("asn_place"), nw.col("asn_far").alias("asn_before"))
    steps = steps.join(earlier, on=[*_KEYS, "asn_place"], how="left")  # a shift of whole numbers fails in pandas
    hidden = nw.col("asn_before") > nw.col(_START)
    begins = nw.when(hidden).then(nw.col("asn_before")).otherwise(nw.col(_START))
    adds = nw.col(_STOP) - begins
    added = nw.when(adds > 0).then(adds).otherwise(nw.lit(0, nw.Int32))
    return (
        steps.with_columns(added.alias("asn_added"))
        .group_by(*_KEYS)
        .agg(nw.col("asn_added").sum().alias("asn_covered"))
    )


def _count_waiting(log: StepLog, cases: Frame, calendar: WorkCalendar, owners: pd.DataFrame) -> Frame:
    """Return for how many working days a case has lain in a step of the applicant that is still open, ``asn_held``."""
    waiting = replace(log, steps=log.steps.filter(nw.col("ended").is_null()))
    last = int(calendar.number(log.cases.as_of))
    intervals = _number_steps(waiting, cases, calendar, owners, "applicant")
    return (
        intervals.with_columns((last - nw.col(_START)).alias("asn_held")).group_by(*_KEYS).agg(nw.col("asn_held").max())
    )
