"""Three clocks of one case: from receipt to decision, without the applicant's time, and in the office's own steps.

Steps are intervals of days, (began, ended] as everywhere: the day on which a file is handed over still belongs to
whoever had it. A working day has a number (`WorkCalendar.number`), so an interval of days is an interval of numbers.
The working days that several intervals cover together are the length of a union of intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names, Times, check_choice, check_value, did_you_mean
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.copies import held
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import Durations, measure
from asn_impact.topics.clocks.marks import DECIDED, LONG, RECEIVED, mark_days
from asn_impact.topics.clocks.placed import (
    CASE,
    START,
    STOP,
    UNENDED,
    leave_out,
    place_steps,
    plain_name,
)
from asn_impact.topics.clocks.step_log import StepLog
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, paragraph

Frame: TypeAlias = "nw.LazyFrame[Any]"

_OWNERS: Final = {"applicant": "asn_applicant", "office": "asn_own"}  # working days in the steps of each
_HELD, _THEIRS = "asn_held", "step"
_OWN: Final = (CASE, RECEIVED, DECIDED)  # columns of ours that no clock has


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
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> three = ai.clocks(log, ai.WorkCalendar.indonesia(), applicant=["Perbaikan Dokumen"], elsewhere=[],
    ...                   office="the rest")
    >>> three.table()["mean"].round(1).tolist()
    [7.9, 7.0, 6.1]
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
        other step the office's. ``""`` stands for steps without a name.
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
    cases, notes = leave_out(log)
    if office == "the rest" and (unnamed := _unnamed(owners[owners["owner"] == "office"])):
        notes = (*notes, Alert("measures.clocks.unnamed_rest", n=unnamed))
    dated = cases.with_columns(**{RECEIVED: nw.col("received"), DECIDED: nw.col("decided")})
    base = measure(replace(log.cases, records=dated), calendar)
    owned = replace(log, numbered=log.numbered._replace(steps=_owned(log.numbered.steps, owners)))
    settled = _settle(base, owned, cases, calendar, abandoned_after)
    if abandoned_after is not None:
        notes = (*notes, Message("measures.clocks.abandoned", days=abandoned_after))
    names = [name for name in base.records.collect_schema().names() if name not in _OWN]
    gross, net, own = (
        replace(
            base,
            records=(records if clock == "gross" else _on_clock(records, base, clock)).select(*names),
            notes=(*base.notes, *notes, Message(f"measures.clocks.clock_{clock}")),
        )
        for clock, records in dict.fromkeys(("gross", "net", "office"), settled).items()
    )
    return Clocks(gross, net, own, owners, notes)


def _assign_owners(
    owners: pd.DataFrame, *, applicant: Sequence[str], elsewhere: Sequence[str], office: Sequence[str] | str
) -> pd.DataFrame:
    """Return the owner of each step of the log, every one declared, and once."""
    if isinstance(office, str):
        check_choice("office", office, ("the rest",))
    else:
        check_value("office", office, Names, where="clocks")
    lists = {"applicant": applicant, "elsewhere": elsewhere, "office": () if isinstance(office, str) else office}
    pairs = [(plain_name(name), owner) for owner, names in lists.items() for name in names]
    double = sorted({name for name, owner in pairs if len({o for n, o in pairs if n == name}) > 1})
    if double:
        raise InputError(Message("measures.clocks.two_owners", steps=double))
    plain = [plain_name(name) for name in owners["step"]]
    absent = [name for name, _ in pairs if name and name not in plain]
    if absent and office == "the rest":  # else the step that was meant belongs to nobody, and is listed below
        absence = Message("measures.clocks.no_step", steps=absent)
        raise InputError(paragraph(absence, did_you_mean(absent[0], plain), Message("measures.clocks.see_owners")))
    whose = dict(pairs)
    owner = [whose.get(name, "office" if office == "the rest" else None) for name in plain]
    unknown = owners[[mine is None for mine in owner]]
    if len(unknown):
        named, unnamed = unknown["step"].dropna().tolist(), _unnamed(unknown)
        kinds = Message("measures.clocks.nobodys", n=len(named), steps=named) if named else None
        raise InputError(paragraph(kinds, Message("measures.clocks.unnamed", n=unnamed) if unnamed else None))
    return owners.assign(owner=pd.Series(owner, index=owners.index, dtype="str"))


def _unnamed(owners: pd.DataFrame) -> int:
    """Return how many rows of the log have no name of a step."""
    return int(owners.loc[owners["step"].isna(), "rows"].sum())


def _owned(steps: Frame, owners: pd.DataFrame) -> Frame:
    """Return the steps of applicant and office with whether each is the applicant's in place of its name."""
    names = {owner: owners.loc[owners["owner"] == owner, "step"].fillna("").tolist() for owner in _OWNERS}
    steps = steps.with_columns(nw.col("step").fill_null(""))
    mine = steps.filter(nw.col("step").is_in([*names["applicant"], *names["office"]]))
    return mine.with_columns(nw.col("step").is_in(names["applicant"]).alias(_THEIRS))


def _settle(base: Durations, log: StepLog, cases: Frame, calendar: WorkCalendar, abandoned_after: int | None) -> Frame:
    """Return the cases with the working days in the steps of each owner, and whether they were given up.

    They are worked out once for every outcome that is tabulated. The days of waiting that give a case up are those of
    the applicant's step that is open longest.
    """
    steps, last = log.numbered.steps, base.as_of_day
    numbers = [nw.col(name).fill_null(0).cast(nw.Int32) for name in _OWNERS.values()]
    gone = nw.lit(value=False)
    if abandoned_after is not None:
        long = nw.col(_HELD) >= abandoned_after
        gone = nw.when(long).then(nw.col("status") == "open").otherwise(nw.lit(value=False))
    if CASE not in steps.collect_schema().names():
        days = _joined(place_steps(log, cases, calendar), last)
        return held(base.records.join(days, on=CASE, how="left").with_columns(*numbers, gone.alias("asn_gone")))
    marked = mark_days(steps, base.records, calendar, log.cases.as_of, _THEIRS, tuple(_OWNERS.values()), _HELD)
    settled = held(marked.with_columns(gone.alias("asn_gone")))
    far = held(settled.filter(nw.col(LONG)).drop(*_OWNERS.values()))
    exact = _joined(place_steps(log, cases.join(far, on=CASE, how="semi"), calendar), last).select(
        CASE, *_OWNERS.values()
    )
    placed = held(far.join(exact, on=CASE, how="left").with_columns(*numbers).select(*settled.collect_schema().names()))
    return nw.concat([settled.filter(~nw.col(LONG)), placed], how="vertical")


def _joined(intervals: Frame, last: int) -> Frame:
    """Return the length of the union of the intervals of each owner by case.

    In order of their beginning an interval adds what lies before the next one begins: min(furthest end so far, next)
    - start.
    """
    run, order = (CASE, _THEIRS), [START, STOP]  # of equal rows, which an engine orders as it likes, any is first
    intervals = intervals.with_columns(
        nw.col(STOP).cast(nw.Float64).cum_max().over(*run, order_by=order).alias("asn_far"),
        nw.col(START).cast(nw.Float64).shift(-1).over(*run, order_by=order).alias("asn_next"),
    )
    until = nw.when(nw.col("asn_next") < nw.col("asn_far")).then(nw.col("asn_next")).otherwise(nw.col("asn_far"))
    theirs = nw.col(_THEIRS)
    waiting = nw.when(theirs & nw.col(UNENDED)).then(last - nw.col(START)).alias(_HELD)
    days = {"applicant": theirs, "office": ~theirs}
    added = [nw.when(days[owner]).then(until - nw.col(START)).alias(name) for owner, name in _OWNERS.items()]
    sums = [nw.col(name).sum() for name in _OWNERS.values()]
    return intervals.with_columns(*added, waiting).group_by(CASE).agg(*sums, nw.col(_HELD).max())


def _on_clock(settled: Frame, base: Durations, clock: str) -> Frame:
    """Return the cases with the days of one clock, and each open case followed as long as its clock ran."""
    inside = nw.col(_OWNERS["applicant" if clock == "net" else "office"])
    followed = base.as_of_day - nw.col("day") - inside if clock == "net" else inside
    ran = nw.col("days") - inside if clock == "net" else nw.when(~nw.col("days").is_null()).then(inside)
    still = (nw.col("status") == "open") & ~nw.col("asn_gone")
    return settled.with_columns(
        ran.cast(nw.Int32).alias("days"),
        nw.when(still).then(base.as_of_day - followed).otherwise(nw.col("day")).cast(nw.Int32).alias("day"),
        nw.when(nw.col("asn_gone")).then(nw.lit("withdrawn")).otherwise(nw.col("status")).alias("status"),
    )
