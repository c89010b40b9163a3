"""The waits of a log of steps, day by day in the step that had them: panels that add up to the panel of the wait."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, Times
from asn_impact.arrays import Float, Int
from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import Clock, Durations, measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import Panel
from asn_impact.measures.tabulate import LENGTHS, Per, tabulate
from asn_impact.topics.clocks.placed import CASE, START, STOP, leave_out, place_steps, plain_name
from asn_impact.topics.clocks.step_log import StepLog
from asn_impact.topics.clocks.sweep import Intervals, Shares, share_days
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, verbatim

Waiting: TypeAlias = Literal["apart", "next"]

MOSTLY: Final = 0.8  # share of the days between steps above which the log hardly says who had the case


@dataclass(frozen=True, eq=False)
class SplitDays(Guided):
    """A wait, and the days of it in each step: every cell of `panel` is the sum of those of `parts`.

    Attributes
    ----------
    panel
        The panel of the outcome, as `tabulate` makes it: what a design is made of.
    parts
        A panel a step, in the order of the process, then the other steps together, then waiting between steps; a case
        without the step counts 0 days. The label of its outcome names the step.
    notes
        What was left out, how days are given to steps.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> steps = pd.DataFrame({"case": "1", "office": "O1", "step": ["Verifikasi", "Penetapan"], "status": "Selesai",
    ...                       "step_start": pd.to_datetime(["2024-01-02", "2024-01-10"]),
    ...                       "step_end": pd.to_datetime(["2024-01-05", "2024-01-12"])})
    >>> log = ai.read_step_log(steps, as_of="2024-03-28")
    >>> split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))
    >>> split.table()
                        step  days  share
    0             Verifikasi   3.0  0.375
    1              Penetapan   2.0  0.250
    2  waiting, no step open   3.0  0.375
    """

    panel: Panel
    parts: tuple[Panel, ...]
    notes: tuple[Message, ...] = ()

    @property
    def steps(self) -> tuple[Message, ...]:
        """What each part is called."""
        return tuple(part.outcome.words.short for part in self.parts)

    def table(self) -> pd.DataFrame:
        """Return the mean over all cases: ``step``, ``days`` and ``share`` of the wait; a description, no estimate."""
        days = np.array([_mean_of_cases(part) for part in self.parts])
        whole = _mean_of_cases(self.panel)
        return pd.DataFrame({"step": [str(name) for name in self.steps], "days": days, "share": days / whole})

    def __repr__(self) -> str:
        return f"SplitDays({self.panel!r} in {len(self.parts)} parts)"

    def _repr_html_(self) -> str:
        return card("Days by step", [("note", note) for note in self.notes], table=self.table().round(3))


@public_verb
def split_days(
    log: StepLog,
    calendar: WorkCalendar,
    outcome: RestrictedMean,
    *,
    waiting: Waiting = "apart",
    by: str | Names = "office",
    per: Per = "month",
    clock: Clock = "working_days",
    most: Times = 12,
    least: Times = 1,
) -> SplitDays:
    """Return the panel of a wait and a panel of the days in each step, which add up to it exactly.

    A step has the days in (began, ended], as on `clocks`. A day of several steps is shared among them alike; rows of
    one step that overlap count once, and its later rows count too. Days after the horizon count for no step. A step
    without an end runs to the decision, or in an open case to the day of the export. See
    docs/decisions/014-where-the-days-go.md.

    Parameters
    ----------
    log
        What `read_step_log` returned.
    calendar, clock
        The days that count, as for `measure`.
    outcome
        The wait, with its horizon.
    waiting : {"apart", "next"}
        A day on which no step is open is a part of its own, or belongs to the step that begins next. A log with one
        time a step says only when each was done: ``"next"`` gives a step the time since the one before.
    by, per
        Units and length of the periods, as for `tabulate`.
    most
        So many steps, those with most days, are parts of their own; the others are one part together.
    least
        A step of fewer cases is one of the others.

    Raises
    ------
    InputError
        No step lasts a day, so that all time would be waiting; and as `measure` and `tabulate`.

    Warns
    -----
    DataWarning
        Cases are left out because one of their steps has no beginning or ends before it; most days are between steps.

    Examples
    --------
    >>> steps = pd.DataFrame({"case": "1", "office": "O1", "step": ["Verifikasi", "Penetapan"], "status": "Selesai",
    ...                       "step_start": pd.to_datetime(["2024-01-02", "2024-01-10"]),
    ...                       "step_end": pd.to_datetime(["2024-01-05", "2024-01-12"])})
    >>> from asn_impact.topics.clocks.step_log import read_step_log
    >>> log = read_step_log(steps, as_of="2024-03-28")
    >>> split = split_days(log, WorkCalendar.indonesia(), RestrictedMean(30), waiting="next")
    >>> [part.mean.item() for part in split.parts], split.panel.mean.item()
    ([3.0, 5.0], 8.0)
    """
    cases, of_log = leave_out(log)
    times = measure(replace(log.cases, records=cases), calendar, clock=clock)
    panel = tabulate(times, outcome, by=by, per=per)
    days = calendar if clock == "working_days" else calendar.every_day()
    placed = place_steps(log, cases, days)
    columns = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    rows = times.records.select(CASE, *columns, "month", "day", "days").collect().to_pandas()
    steps = placed.select(CASE, "step", START, STOP).collect().to_pandas()
    names, intervals, length = _count(rows, steps, times)
    shares = share_days(intervals, length, outcome.horizon, to_next=waiting == "next")
    if waiting == "apart" and not shares.days.any() and shares.waiting.any():  # times at which steps were done
        raise InputError(Message("clocks.no_step_lasts"))
    cell = _cells(rows, columns, panel, LENGTHS[per])
    labels, groups = _group(names, intervals, shares, log, most=most, least=least)
    parts = [*_parts(panel, shares, cell, labels, groups)]
    if (idle := shares.waiting[cell >= 0]).any():
        own = _own(panel, cell, np.arange(len(cell)), shares.waiting)
        parts.append(_named(own, Message("clocks.waiting")))
    notes = (*of_log, Message(f"clocks.days_{waiting}"), Message("clocks.shared"))
    if waiting == "apart" and idle.sum() > MOSTLY * (idle.sum() + shares.days[cell[shares.case] >= 0].sum()):
        notes = (*notes, Alert("clocks.mostly_waiting"))
    return SplitDays(replace(panel, notes=(*panel.notes, *notes)), tuple(parts), notes)


def _mean_of_cases(panel: Panel) -> float:
    return float((np.nan_to_num(panel.mean) * panel.n).sum() / panel.n.sum())


def _count(rows: pd.DataFrame, steps: pd.DataFrame, times: Durations) -> tuple[list[str | None], Intervals, Int]:
    """Return names of steps made plain, the steps as days since the receipt of their case, and the length of cases."""
    day = rows["day"].to_numpy(dtype=np.int64)
    follow = times.as_of_day - day
    took = rows["days"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    length: Int = np.where(np.isnan(took), follow, took).astype(np.int64)
    place = pd.DataFrame({CASE: rows[CASE], "asn_row": np.arange(len(rows))})
    found = steps.merge(place, on=CASE, how="inner")
    case = found["asn_row"].to_numpy(dtype=np.int64)
    written, spelt = pd.factorize(found["step"], use_na_sentinel=False)
    plain = pd.Series([None if pd.isna(name) else plain_name(name) for name in spelt], dtype=object)
    code, names = pd.factorize(plain, use_na_sentinel=False)
    code = code[written]
    start, stop = (found[name].to_numpy(dtype=np.int64) - day[case] for name in (START, STOP))
    known = [None if pd.isna(name) else str(name) for name in names]
    return known, Intervals(case, code.astype(np.int64), start, stop), length


def _cells(rows: pd.DataFrame, columns: Sequence[str], panel: Panel, length: int) -> Int:
    """(cases,) position of the cell of each case, unit by unit; -1 where the panel has none."""
    ordinals, whole = panel.timeline.ordinals, panel.timeline.kind != "month"
    first = rows["month"].to_numpy(dtype=np.int64) // length * (1 if whole else length)
    column = np.minimum(np.searchsorted(ordinals, first), len(ordinals) - 1)
    labels = rows[columns[0]] if len(columns) == 1 else rows[columns].astype(str).agg(" / ".join, axis=1)
    units: dict[Hashable, int] = {label: i for i, label in enumerate(panel.units)}
    row = labels.map(units).fillna(-1).to_numpy(dtype=np.int64)
    return np.where((row >= 0) & (ordinals[column] == first), row * len(ordinals) + column, -1)


def _group(
    names: Sequence[str | None], steps: Intervals, shares: Shares, log: StepLog, *, most: int, least: int
) -> tuple[list[Message], Int]:
    """Return the label of each part and (names,) the part of each step, in the order in which steps begin."""
    days = np.bincount(shares.step, weights=shares.days, minlength=len(names))
    count = np.bincount(steps.step, minlength=len(names))
    begins = np.bincount(steps.step, weights=steps.start, minlength=len(names)) / np.maximum(count, 1)
    cases = np.bincount(np.unique(np.column_stack([steps.step, steps.case]), axis=0)[:, 0], minlength=len(names))
    large = np.argsort(-days, kind="stable")[: most if len(names) > most + 1 else len(names)]
    large = large[cases[large] >= least]
    order = large[np.lexsort((large, begins[large]))]
    part = np.full(len(names), len(order), dtype=np.int64)
    part[order] = np.arange(len(order))
    spelt = log.owners.dropna(subset=["step"]).sort_values(["rows", "step"], ascending=[True, False])
    written = {plain_name(name): str(name) for name in spelt["step"]}
    labels = [verbatim(written.get(name, name)) if name is not None else Message("clocks.no_name") for name in names]
    own = [labels[i] for i in order]
    rest = len(names) - len(order)
    return ([*own, Message("clocks.others", n=rest)] if rest else own), part


def _parts(panel: Panel, shares: Shares, cell: Int, labels: Sequence[Message], groups: Int) -> list[Panel]:
    """Return the panel of each part: the days of one case in all steps of a part are one value."""
    part = groups[shares.step]
    made = []
    for i, label in enumerate(labels):
        mine = part == i
        cases, at = np.unique(shares.case[mine], return_inverse=True)
        made.append(
            _named(_own(panel, cell, cases, np.bincount(at, weights=shares.days[mine]).astype(np.float64)), label)
        )
    return made


def _own(panel: Panel, cell: Int, cases: Int, days: Float) -> Panel:
    """Return a panel of the means of days over all cases of each cell, 0 for a case that is not named."""
    at = cell[cases]
    inside, size = at >= 0, panel.n.size
    total, squares = (
        np.bincount(at[inside], weights=values[inside], minlength=size).reshape(panel.n.shape)
        for values in (days, days * days)
    )
    mean = np.divide(total, panel.n, out=np.full(panel.n.shape, np.nan), where=panel.n > 0)
    within = np.maximum(squares - total * np.nan_to_num(mean), 0.0)
    return replace(panel, mean=mean, within=within[:, :, None, None])


def _named(panel: Panel, label: Message) -> Panel:
    outcome: Any = panel.outcome
    return replace(panel, outcome=replace(outcome, label=label), notes=())
