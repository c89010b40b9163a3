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
from asn_impact.estimation.resampling import on_outcome
from asn_impact.estimation.simultaneous import holm
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.case import Case, one_estimate
from asn_impact.scrutiny.check import CONTRADICTS, Check, CheckEntry, Verdict, reason_of
from asn_impact.scrutiny.merged import merged_offices
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_LEVEL = 0.05


# ------------------------------------------------------------------------------------------------- composition


@public_verb
def composition(effects: Effects, *, rule: Rule, panels: Sequence[Panel] = ()) -> Check:
    """Return the check of what came in: the same estimator on volumes, covariates and shares of services.

    Looked at are the number of records in a cell over the unit's usual number before training, the covariates of the
    panel, and `panels`. These have the same units and periods, for instance those of `service_shares`. P-values are
    corrected for their number (Holm 1979).

    Fails: one of them moved with training, at 0.025 (see `trends_before`). Doubtful: an office has no more records from
    about the start of a wave on, and an office of that wave has as many more (`merged_offices`). A mix that is not
    shown to move may still have moved a little: the table has the intervals.

    Parameters
    ----------
    effects, rule
        The finding: one number, and how its interval is found.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.composition(effects, rule=ai.BiasReduced()).verdict
    'cannot_say'
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
    table = table.assign(p_adjusted=holm(table["p_value"].to_numpy(dtype=np.float64)))
    least = table.iloc[int(np.nanargmin(table["p_adjusted"].to_numpy(dtype=np.float64)))]
    term = str(least["term"])
    answer = Message(
        "checks.composition.answer",
        k=len(table),
        name=Message("checks.composition.records") if term == _RECORDS else term,
        x=float(least["estimate"]),
        p=float(least["p_adjusted"]),
    )
    merged = merged_offices(design)
    verdict: Verdict = "fails" if least["p_adjusted"] < CONTRADICTS else "doubtful" if len(merged) else "holds"
    offices = zip(merged["gone"], merged["taker"], merged["period"], strict=True)
    said = (Message("checks.composition.merged", gone=g, taker=t, period=p) for g, t, p in offices)
    return COMPOSITION.check(verdict, paragraph(answer, *said), table)


_RECORDS = "records"  # what is looked at without being named by the analyst


def _mixes(design: Design, panels: Sequence[Panel]) -> list[tuple[str, Design]]:
    panel = design.panel
    mixes = []
    if np.ptp(panel.n[panel.observed]) > 0:
        mixes.append((_RECORDS, with_outcome(_months_alike(design), panel.n / _usual(design), _RECORDS)))
    for j, name in enumerate(panel.covariates):
        mixes.append((name, with_outcome(design, panel.x[:, :, j], name)))
    return [*mixes, *((p.outcome.name, with_outcome(design, align(design, p), p.outcome.name)) for p in panels)]


def with_outcome(design: Design, values: Float, name: str) -> Design:
    """Return the design with another (U, T) outcome; cells where it is missing do not count."""
    weight = np.where(design.panel.observed & np.isfinite(values), design.panel.weight, 0.0)
    return on_outcome(replace(design, panel=replace(design.panel, outcome=Mean(name), weight=weight)), values)


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


def align(design: Design, panel: Panel) -> Float:
    """(U, T) means of another panel in the order of the design; NaN where it has no cell."""
    ours = design.panel
    if ours.timeline.kind != panel.timeline.kind:
        kinds = {"theirs": panel.timeline.kind, "ours": ours.timeline.kind}
        raise DesignError(Message("checks.composition.timeline", name=panel.outcome.name, **kinds))
    means = pd.DataFrame(panel.mean, index=pd.Index(panel.units, dtype=object), columns=panel.timeline.ordinals)
    return means.reindex(index=pd.Index(ours.units, dtype=object), columns=ours.timeline.ordinals).to_numpy()


@public_verb
def service_shares(panel: Panel, *, office: str = "office", service: str = "service") -> tuple[Panel, ...]:
    """Return one panel for each service: its share of the records of an office and period.

    Parameters
    ----------
    panel
        From ``tabulate(..., by=("office", "service"))``.
    office, service
        Its attributes.

    Raises
    ------
    InputError
        The panel has no attribute of this name.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> panel = ai.tabulate(durations, ai.RestrictedMean(30), by=("office", "service"))
    >>> len(ai.service_shares(panel))
    2
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


# --------------------------------------------------------------------------------------------------- spillover


@public_verb
def spillover(effects: Effects, neighbours: Mapping[Hashable, Sequence[Hashable]], *, rule: Rule) -> Check:
    """Return the check of untrained offices next to trained ones: the effect on them of their neighbour's training.

    Offices never trained get the first date of a trained neighbour; the other untrained offices are the comparison.

    Butts (2021): neighbours who are affected are no comparison. The limits are ours.

    Parameters
    ----------
    effects, rule
        The finding: one number, and how its interval is found.
    neighbours
        For each unit the units next to it, or those it exchanges staff with; this the caller must know.

    Raises
    ------
    DesignError
        A unit in `neighbours` is not in the design.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> neighbours = {"Dinas A": ["Dinas G"], "Dinas D": ["Dinas H"]}
    >>> ai.checks.spillover(effects, neighbours, rule=ai.BiasReduced()).verdict
    'cannot_say'
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
def coincidence(
    design: Design,
    events: Any,  # noqa: ANN401 - a frame, or Events
    *,
    within: Steps = 1,
    courses: pd.DataFrame | None = None,
) -> Check:
    """Return the check of events near the start of a wave.

    An event that reached all offices alike is taken out by the comparison; one that came with the training cannot be
    told from it. Doubtful: an event within `within` periods of a wave, or another course that at least half of a wave
    completed that near to it, twice as often as offices without training. Doubtful too: at least half of those never
    trained completed another course in the time of the panel, twice as often as the trained.
    Fails: all are trained in one wave, and a verified event is that near.

    The threat is called history: Shadish, Cook and Campbell (2002). The limits are ours.

    Parameters
    ----------
    events
        Frame with ``date``, ``kind``, ``name``, ``services``, ``source``, ``verified`` (and ``until``), or a value with
        such a ``frame()``.
    within
        Periods on either side of the first treated period.
    courses
        ``office``, ``course``, ``month`` of other courses that were completed: see `read_other_courses`.

    Raises
    ------
    InputError
        The table of events lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> frame = pd.DataFrame({"tanggal": ["2 Juni 2024"], "jenis": ["sistem"], "izin_terdampak": ["semua"],
    ...                       "sumber": ["SK Bupati"], "terverifikasi": ["ya"], "nama": ["Aplikasi baru"]})
    >>> events = ai.read_events(frame)
    >>> ai.checks.coincidence(ai.example_design(), events).verdict
    'doubtful'
    """
    frame = events if isinstance(events, pd.DataFrame) else events.frame()
    absent = [name for name in ("date", "name", "verified") if name not in frame.columns]
    if absent:
        raise InputError(Message("checks.coincidence.columns", missing=absent, available=frame.columns))
    per_year = {"month": 12, "quarter": 4, "year": 1}.get(design.panel.timeline.kind)
    if per_year is None:
        return COINCIDENCE.cannot_say(Message("checks.coincidence.no_dates"))
    table = _near_waves(design, frame, per_year, within)
    taught = taught_together(design, courses, per_year, within)
    beside = _taught_beside(design, courses, per_year)
    said = (_say_taught(taught), beside)
    if table.empty:
        none = Message("checks.coincidence.none_near", k=len(frame), w=within)
        doubt = not taught.empty or beside is not None
        return COINCIDENCE.check("doubtful" if doubt else "holds", paragraph(none, *said), taught)
    answer = Message(
        "checks.coincidence.near",
        k=table["name"].nunique(),
        w=within,
        g=table["wave"].nunique(),
        n=len(design.cohorts),
        v=int(table.loc[table["verified"], "name"].nunique()),
    )
    one_wave = len(design.cohorts) == 1 and bool(table["verified"].any())
    both = table if taught.empty else pd.concat([table, taught], ignore_index=True)
    return COINCIDENCE.check("fails" if one_wave else "doubtful", paragraph(answer, *said), both)


def _say_taught(taught: pd.DataFrame) -> Message | None:
    if taught.empty:
        return None
    names = tuple(dict.fromkeys(taught["name"]))
    return Message("checks.coincidence.taught", k=len(names), names=names)


def taught_together(design: Design, courses: pd.DataFrame | None, per_year: int, within: int) -> pd.DataFrame:
    """Return the other courses that at least half of a wave completed near its start, and others at most half as often.

    One row a course and wave: kind, name, wave, verified, share_of_wave, share_of_others.
    """
    columns = ["kind", "name", "wave", "verified", "share_of_wave", "share_of_others"]
    if courses is None or courses.empty:
        return pd.DataFrame(columns=columns)
    timeline, own = design.panel.timeline, _offices_of(design)
    when = _periods(courses["month"].map(lambda month: month.start_time), per_year)
    rows = []
    for step in design.cohorts:
        at = float(timeline.ordinals[0] + step * timeline.step)
        wave, others = design.adopted == step, design.adopted > step + within
        for course, part in courses.loc[np.abs(when - at) <= within].groupby("course"):
            taught = np.isin(own, part["office"].astype(str).to_numpy())
            share, beside = float(taught[wave].mean()), float(taught[others].mean()) if others.any() else 0.0
            if share >= _MOST and share >= 2 * beside:
                rows.append(("course", str(course), design.cohort_label(step), True, share, beside))
    return pd.DataFrame(rows, columns=columns)


def _taught_beside(design: Design, courses: pd.DataFrame | None, per_year: int) -> Message | None:
    """Return how many of those never trained had another course, or others together, that the trained did not have."""
    never = np.isinf(design.adopted)
    if courses is None or courses.empty or not never.any() or never.all():
        return None
    timeline, own = design.panel.timeline, _offices_of(design)
    when = _periods(courses["month"].map(lambda month: month.start_time), per_year)
    inside = courses.loc[(when > timeline.ordinals[0]) & (when <= timeline.ordinals[-1])]
    groups = [inside["office"], *(part["office"] for _, part in inside.groupby("course"))]
    for offices in groups:
        taught = np.isin(own, offices.astype(str).to_numpy())
        share, trained = float(taught[never].mean()), float(taught[~never].mean())
        if share >= _MOST and share >= 2 * trained:
            return Message("checks.coincidence.taught_beside", n=int(taught[never].sum()), of=int(never.sum()))
    return None


_MOST = 0.5  # share of a wave from which on another course may be what changed it


def _offices_of(design: Design) -> Any:  # noqa: ANN401 - an array of texts
    attributes = design.panel.attributes
    names = attributes["office"] if "office" in attributes.columns else design.panel.units
    return np.array([str(name) for name in names], dtype=object)


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
    if case.events is not None:
        return coincidence(case.design, case.events, courses=case.courses)
    check = coincidence(case.design, pd.DataFrame(columns=["date", "name", "verified"]), courses=case.courses)
    absent = Message("checks.coincidence.not_given")
    if check.verdict != "doubtful":
        return COINCIDENCE.cannot_say(absent)
    per_year = {"month": 12, "quarter": 4}.get(case.design.panel.timeline.kind, 1)
    beside = _taught_beside(case.design, case.courses, per_year)
    return COINCIDENCE.check("doubtful", paragraph(_say_taught(check.table), beside, absent), check.table)


COMPOSITION = CheckEntry(
    "composition",
    Message("checks.composition.question"),
    _run_composition,
    "Holm (1979), Scandinavian Journal of Statistics 6",
)
SPILLOVER = CheckEntry("spillover", Message("checks.spillover.question"), _run_spillover)
COINCIDENCE = CheckEntry("coincidence", Message("checks.coincidence.question"), _run_coincidence)
