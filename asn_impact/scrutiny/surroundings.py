"""Did anything else change: the mix of cases, the neighbours, the rules and systems of the day."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, did_you_mean
from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, DesignError, InputError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.case import Case, one_estimate
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict, reason_of
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

__all__ = [
    "COINCIDENCE",
    "COMPOSITION",
    "SPILLOVER",
    "coincidence",
    "composition",
    "service_shares",
    "spillover",
]

_LEVEL = 0.05


# ------------------------------------------------------------------------------------------------- composition


@public_verb
def composition(effects: Effects, *, rule: Rule, panels: Sequence[Panel] = ()) -> Check:
    """Return the check of what came in: the same estimator on volumes, covariates and shares of services.

    Looked at are the number of records in a cell over the unit's usual number before training, the covariates of the
    panel, and `panels`. These have the same units and periods, for instance those of `service_shares`. P-values are
    corrected for their number (Holm 1979).

    Fails: one of them moved with training. A mix that is not shown to move may still have moved a little: the table has
    the intervals.
    """
    design = one_estimate(effects).design
    rows = []
    for name, other in _mixes(design, panels):
        try:
            rows.append(rule(effects.again(other)).table().assign(term=name))
        except AsnImpactError as problem:
            rows.append(pd.DataFrame([{"term": name, "reason": reason_of(problem)}]))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    if table.empty or "p_value" not in table or table["p_value"].isna().all():
        return COMPOSITION.cannot_say(Message("checks.composition.nothing"))
    table = table.assign(p_adjusted=_holm(table["p_value"].to_numpy(dtype=np.float64)))
    least = table.iloc[int(np.nanargmin(table["p_adjusted"].to_numpy(dtype=np.float64)))]
    term = str(least["term"])
    answer = Message(
        "checks.composition.answer",
        k=len(table),
        name=Message("checks.composition.records") if term == _RECORDS else term,
        x=float(least["estimate"]),
        p=float(least["p_adjusted"]),
    )
    verdict: Verdict = "fails" if least["p_adjusted"] < _LEVEL else "holds"
    return COMPOSITION.check(verdict, answer, table)


_RECORDS = "records"  # what is looked at without being named by the analyst


def _mixes(design: Design, panels: Sequence[Panel]) -> list[tuple[str, Design]]:
    panel = design.panel
    mixes = []
    if np.ptp(panel.n[panel.observed]) > 0:
        mixes.append((_RECORDS, with_outcome(_months_alike(design), panel.n / _usual(design), _RECORDS)))
    for j, name in enumerate(panel.covariates):
        mixes.append((name, with_outcome(design, panel.x[:, :, j], name)))
    return [*mixes, *((p.outcome.name, with_outcome(design, _align(design, p), p.outcome.name)) for p in panels)]


def with_outcome(design: Design, values: Float, name: str) -> Design:
    """Return the design with another (U, T) outcome; cells where it is missing do not count."""
    panel = design.panel
    valid = panel.observed & np.isfinite(values)
    within = panel.within.copy()
    within[:, :, 0, :] = within[:, :, :, 0] = 0.0
    weight = np.where(valid, panel.weight, 0.0)
    mean = np.where(valid, values, np.nan)
    return replace(design, panel=replace(panel, outcome=Mean(name), mean=mean, weight=weight, within=within))


def _months_alike(design: Design) -> Design:
    """Return the design with the same weight for all months of a unit: the number of records is here the outcome."""
    panel = design.panel
    mean = np.where(panel.observed, panel.weight, 0.0).sum(axis=1) / np.maximum(panel.observed.sum(axis=1), 1)
    weight = np.where(panel.observed, mean[:, None], 0.0)
    return replace(design, panel=replace(panel, n=panel.observed.astype(np.float64), weight=weight))


def _usual(design: Design) -> Float:
    """(U, 1) mean number of records of a unit before training, or ever: one large office is not to hide the others."""
    panel = design.panel
    before = panel.observed & ~design.treated()
    cells = np.where(before.any(axis=1, keepdims=True), before, panel.observed)
    mean = np.sum(np.where(cells, panel.n, 0.0), axis=1, keepdims=True) / np.maximum(
        cells.sum(axis=1, keepdims=True), 1
    )
    return np.asarray(np.where(mean > 0, mean, 1.0))


def _align(design: Design, panel: Panel) -> Float:
    """(U, T) means of another panel in the order of the design; NaN where it has no cell."""
    ours = design.panel
    if ours.timeline.kind != panel.timeline.kind:
        kinds = {"theirs": panel.timeline.kind, "ours": ours.timeline.kind}
        raise DesignError(Message("checks.composition.timeline", name=panel.outcome.name, **kinds))
    row = {unit: i for i, unit in enumerate(panel.units)}
    column = {int(o): j for j, o in enumerate(panel.timeline.ordinals)}
    values = np.full(ours.mean.shape, np.nan)
    for i, unit in enumerate(ours.units):
        for j, ordinal in enumerate(ours.timeline.ordinals):
            if unit in row and int(ordinal) in column:
                values[i, j] = panel.mean[row[unit], column[int(ordinal)]]
    return values


@public_verb
def service_shares(panel: Panel, *, office: str = "office", service: str = "service") -> tuple[Panel, ...]:
    """Return one panel for each service: its share of the records of an office and period.

    Parameters
    ----------
    panel
        From ``tabulate(..., by=("office", "service"))``.
    office, service
        Its attributes.
    """
    available = panel.attributes.columns
    for name in (office, service):
        if name not in available:
            what = Message("checks.composition.attribute", name=name, available=available)
            raise InputError(paragraph(what, did_you_mean(name, available), Message("checks.composition.tabulate")))
    offices, row = np.unique(panel.attributes[office].astype(str), return_inverse=True)
    services = panel.attributes[service].astype(str).to_numpy()
    total = np.zeros((len(offices), len(panel.timeline)))
    np.add.at(total, row, panel.n)
    return tuple(_share(panel, name, services == name, offices, row, total) for name in np.unique(services))


def _share(panel: Panel, name: str, own: Any, offices: Any, row: Any, total: Float) -> Panel:  # noqa: ANN401
    part = np.zeros_like(total)
    np.add.at(part, row[own], panel.n[own])
    return Panel(
        outcome=Mean(f"share of {name}"),
        units=tuple(str(o) for o in offices),
        timeline=panel.timeline,
        n=total,
        mean=np.divide(part, total, out=np.full_like(total, np.nan), where=total > 0),
        weight=(total > 0).astype(np.float64),
        attributes=pd.DataFrame({"office": [str(o) for o in offices]}),
    )


def _holm(p: Float) -> Float:
    """Return step-down p-values; NaN stays NaN."""
    order = np.argsort(np.where(np.isnan(p), np.inf, p))
    m = int(np.isfinite(p).sum())
    holm = np.full(len(p), np.nan)
    largest = 0.0
    for rank, index in enumerate(order[:m]):
        largest = max(largest, min(1.0, (m - rank) * float(p[index])))
        holm[index] = largest
    return holm


# --------------------------------------------------------------------------------------------------- spillover


@public_verb
def spillover(effects: Effects, neighbours: Mapping[Hashable, Sequence[Hashable]], *, rule: Rule) -> Check:
    """Return the check of untrained offices next to trained ones: the effect on them of their neighbour's training.

    Offices never trained get the first date of a trained neighbour; the other untrained offices are the comparison.

    Parameters
    ----------
    neighbours
        For each unit the units next to it, or those it exchanges staff with; this the caller must know.

    Raises
    ------
    DesignError
        A unit in `neighbours` is not in the design.
    """
    design = one_estimate(effects).design
    dates = _exposure(design, neighbours)
    never = np.isinf(design.adopted)
    near, far = never & np.isfinite(dates), never & np.isinf(dates)
    counts = [len(np.unique(design.cluster[mask])) for mask in (near, far)]
    if min(counts) < 2:
        return SPILLOVER.cannot_say(Message("checks.spillover.too_few", near=counts[0], far=counts[1]))
    try:
        inference = rule(effects.again(replace(design, adopted=dates).where(never)))
    except AsnImpactError as problem:
        return SPILLOVER.cannot_say(problem)
    p = float(inference.p_value[0])
    answer = Message("checks.spillover.answer", n=counts[0], x=float(inference.estimate[0]), p=p)
    verdict: Verdict = "cannot_say" if np.isnan(p) else "fails" if p < _LEVEL else "holds"
    return SPILLOVER.check(verdict, answer, inference.table())


def _exposure(design: Design, neighbours: Mapping[Hashable, Sequence[Hashable]]) -> Float:
    """(U,) first adoption among the neighbours of a unit; infinite without a trained one."""
    place = {unit: i for i, unit in enumerate(design.panel.units)}
    strangers = [u for pair in neighbours.items() for u in (pair[0], *pair[1]) if u not in place]
    if strangers:
        what = Message("checks.spillover.strangers", n=len(strangers), first=strangers[:3])
        raise DesignError(paragraph(what, did_you_mean(strangers[0], design.panel.units)))
    dates = np.full(len(place), np.inf)
    for unit, around in neighbours.items():
        dates[place[unit]] = min((float(design.adopted[place[u]]) for u in around), default=np.inf)
    return dates


# ------------------------------------------------------------------------------------------------- coincidence


@public_verb
def coincidence(design: Design, events: Any, *, within: Steps = 1) -> Check:  # noqa: ANN401 - a frame, or Events
    """Return the check of events near the start of a wave.

    An event that reached all offices alike is taken out by the comparison; one that came with the training cannot be
    told from it. Doubtful: an event within `within` periods of a wave. Fails: all are trained in one wave, and a
    verified event is that near.

    Parameters
    ----------
    events
        Frame with ``date``, ``kind``, ``name``, ``services``, ``source``, ``verified`` (and ``until``), or a value with
        such a ``frame()``.
    within
        Periods on either side of the first treated period.
    """
    frame = events if isinstance(events, pd.DataFrame) else events.frame()
    absent = [name for name in ("date", "name", "verified") if name not in frame.columns]
    if absent:
        raise InputError(Message("checks.coincidence.columns", missing=absent, available=frame.columns))
    per_year = {"month": 12, "quarter": 4, "year": 1}.get(design.panel.timeline.kind)
    if per_year is None:
        return COINCIDENCE.cannot_say(Message("checks.coincidence.no_dates"))
    table = _near_waves(design, frame, per_year, within)
    if table.empty:
        return COINCIDENCE.check("holds", Message("checks.coincidence.none_near", k=len(frame), w=within), table)
    answer = Message(
        "checks.coincidence.near",
        k=table["name"].nunique(),
        w=within,
        g=table["wave"].nunique(),
        n=len(design.cohorts),
        v=int(table.loc[table["verified"], "name"].nunique()),
    )
    one_wave = len(design.cohorts) == 1 and bool(table["verified"].any())
    return COINCIDENCE.check("fails" if one_wave else "doubtful", answer, table)


def _near_waves(design: Design, frame: pd.DataFrame, per_year: int, within: int) -> pd.DataFrame:
    timeline = design.panel.timeline
    first = _periods(frame["date"], per_year)
    last = _periods(frame["until"], per_year) if "until" in frame.columns else first
    last = np.where(np.isnan(last), first, last)
    columns = [name for name in ("date", "kind", "name", "services", "source", "verified") if name in frame.columns]
    parts = []
    for step in design.cohorts:
        at = float(timeline.ordinals[0] + step * timeline.step)
        distance = np.where(at < first, first - at, np.where(at > last, last - at, 0.0))
        near = np.abs(distance) <= within
        part = frame.loc[near, columns].assign(wave=design.cohort_label(step), periods_after_wave=distance[near])
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.assign(verified=table["verified"].astype(bool))


def _periods(dates: pd.Series, per_year: int) -> Float:
    """Return dates as numbers of periods, NaN where missing."""
    when = pd.to_datetime(dates)
    return np.asarray(when.dt.year * per_year + (when.dt.month - 1) * per_year // 12, dtype=np.float64)


# ------------------------------------------------------------------------------------------------- the entries


def _run_composition(case: Case) -> Check:
    """Look at everything that is there; a mix of services that was never given cannot be said to have stayed."""
    check = composition(case.overall, rule=case.rule, panels=case.panels or ())
    panel = case.design.panel
    has_mix = case.panels is not None or bool(panel.covariates) or "service" in panel.attributes.columns
    if check.verdict == "cannot_say" and case.panels is not None:
        return COMPOSITION.check("holds", Message("checks.composition.alike"), check.table)
    if check.verdict != "holds" or has_mix:
        return check
    return COMPOSITION.check("cannot_say", paragraph(check.answer, Message("checks.composition.no_mix")), check.table)


def _run_spillover(case: Case) -> Check:
    if case.neighbours is None:
        return SPILLOVER.cannot_say(Message("checks.spillover.not_given"))
    return spillover(case.overall, case.neighbours, rule=case.rule)


def _run_coincidence(case: Case) -> Check:
    if case.events is None:
        return COINCIDENCE.cannot_say(Message("checks.coincidence.not_given"))
    return coincidence(case.design, case.events)


COMPOSITION = CheckEntry(
    "composition",
    Message("checks.composition.question"),
    _run_composition,
    "Holm (1979), Scandinavian Journal of Statistics 6",
)
SPILLOVER = CheckEntry("spillover", Message("checks.spillover.question"), _run_spillover)
COINCIDENCE = CheckEntry("coincidence", Message("checks.coincidence.question"), _run_coincidence)
