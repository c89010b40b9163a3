"""Did anything else change: the mix of cases, the neighbours, the rules and systems of the day."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, DesignError, InputError, listed, nearest
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.placebo import again, one_estimate, under
from asn_impact.scrutiny.said import Check, Verdict, cannot_say, refused, say

__all__ = ["coincidence", "composition", "service_shares", "spillover"]

_MIX = say("Apakah susunan permohonan berubah bersama pelatihan?", "Did the mix of applications change with training?")
NEAR = say(
    "Apakah kantor tetangga yang tidak dilatih ikut berubah?", "Did untrained neighbours of trained offices change too?"
)
EVENT = say(
    "Apakah pelatihan bersamaan dengan perubahan aturan atau sistem?",
    "Did training coincide with a change of rules or systems?",
)
_LEVEL = 0.05


# ------------------------------------------------------------------------------------------------- composition


def composition(effects: Effects, *, rule: Rule, panels: Sequence[Panel] = ()) -> Check:
    """Return the check of what came in: the same estimator on volumes, covariates and shares of services.

    Looked at are the number of records in a cell, the covariates of the panel, and `panels` of the same units and
    periods, for instance from `service_shares`. P-values are corrected for their number (Holm 1979).

    Fails: one of them moved with training. A mix that is not shown to move may still have moved a little: the table has
    the intervals.
    """
    design = one_estimate(effects).design
    rows = []
    for name, moved in _mixes(design, panels):
        try:
            rows.append(under(rule, again(effects, moved)).table().assign(term=name))
        except AsnImpactError as problem:
            rows.append(pd.DataFrame([{"term": name, "reason": str(problem)}]))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    if table.empty or "p_value" not in table or table["p_value"].isna().all():
        why = say(
            "Jumlah permohonan, jenis layanan dan peubah lain tidak ada dalam panel ini.",
            "This panel has no numbers of applications, services or covariates that vary.",
        )
        return cannot_say("composition", _MIX, why)
    table = table.assign(p_adjusted=_holm(table["p_value"].to_numpy(dtype=np.float64)))
    least = table.iloc[int(np.nanargmin(table["p_adjusted"].to_numpy(dtype=np.float64)))]
    answer = say(
        "{k} ukuran diperiksa; yang paling berubah {nama}: {x} (p terkoreksi = {p}).",
        "Measures looked at: {k}; the one that moved most is {name}: {x} (corrected p = {p}).",
        k=len(table),
        nama=_NAMES.get(str(least["term"]), str(least["term"])),
        name=str(least["term"]),
        x=float(least["estimate"]),
        p=float(least["p_adjusted"]),
    )
    verdict: Verdict = "fails" if least["p_adjusted"] < _LEVEL else "holds"
    return Check("composition", _MIX, answer, verdict, table, "Holm (1979), Scandinavian Journal of Statistics 6")


_NAMES = {"records": "jumlah catatan"}  # what is looked at without being named by the analyst


def _mixes(design: Design, panels: Sequence[Panel]) -> list[tuple[str, Design]]:
    panel = design.panel
    found = []
    if np.ptp(panel.n[panel.observed]) > 0:
        found.append(("records", with_outcome(design, panel.n, "records")))
    for j, name in enumerate(panel.covariates):
        found.append((name, with_outcome(design, panel.x[:, :, j], name)))
    return [*found, *((p.outcome.name, with_outcome(design, _aligned(design, p), p.outcome.name)) for p in panels)]


def with_outcome(design: Design, values: Float, name: str) -> Design:
    """Return the design with another (U, T) outcome; cells where it is missing do not count."""
    panel = design.panel
    known = panel.observed & np.isfinite(values)
    within = panel.within.copy()
    within[:, :, 0, :] = within[:, :, :, 0] = 0.0
    weight = np.where(known, panel.weight, 0.0)
    mean = np.where(known, values, np.nan)
    return replace(design, panel=replace(panel, outcome=Mean(name), mean=mean, weight=weight, within=within))


def _aligned(design: Design, panel: Panel) -> Float:
    """(U, T) means of another panel in the order of the design; NaN where it has no cell."""
    ours = design.panel
    if ours.timeline.kind != panel.timeline.kind:
        raise DesignError(
            f"The panel of {panel.outcome.name} is by {panel.timeline.kind}, the design by {ours.timeline.kind}."
        )
    row = {unit: i for i, unit in enumerate(panel.units)}
    column = {int(o): j for j, o in enumerate(panel.timeline.ordinals)}
    values = np.full(ours.mean.shape, np.nan)
    for i, unit in enumerate(ours.units):
        for j, ordinal in enumerate(ours.timeline.ordinals):
            if unit in row and int(ordinal) in column:
                values[i, j] = panel.mean[row[unit], column[int(ordinal)]]
    return values


def service_shares(panel: Panel, *, office: str = "office", service: str = "service") -> tuple[Panel, ...]:
    """Return one panel for each service: its share of the records of an office and period.

    Parameters
    ----------
    panel
        From ``tabulate(..., by=("office", "service"))``.
    office, service
        Its attributes.
    """
    for name in (office, service):
        if name not in panel.attributes.columns:
            raise InputError(
                f"{name!r} is not an attribute of the panel. Available: {listed(panel.attributes.columns, 20)}."
                f"{nearest(name, panel.attributes.columns)} Use tabulate(..., by=('office', 'service'))."
            )
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
    adjusted = np.full(len(p), np.nan)
    running = 0.0
    for rank, index in enumerate(order[:m]):
        running = max(running, min(1.0, (m - rank) * float(p[index])))
        adjusted[index] = running
    return adjusted


# --------------------------------------------------------------------------------------------------- spillover


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
    exposed = _exposure(design, neighbours)
    never = np.isinf(design.adopted)
    near, far = never & np.isfinite(exposed), never & np.isinf(exposed)
    counts = [len(np.unique(design.cluster[mask])) for mask in (near, far)]
    if min(counts) < 2:
        why = say(
            "{a} kelompok bertetangga dan {b} tidak: terlalu sedikit untuk dibandingkan.",
            "{a} clusters are neighbours and {b} are not: too few to compare.",
            a=counts[0],
            b=counts[1],
        )
        return cannot_say("spillover", NEAR, why)
    try:
        found = under(rule, again(effects, replace(design, adopted=exposed).where(never)))
    except AsnImpactError as problem:
        return cannot_say("spillover", NEAR, refused(problem))
    p = float(found.p_value[0])
    answer = say(
        "'Dampak' pada {a} kelompok tetangga: {x} (p = {p}).",
        "'Effect' on {a} neighbouring clusters: {x} (p = {p}).",
        a=counts[0],
        x=float(found.estimate[0]),
        p=p,
    )
    verdict: Verdict = "cannot_say" if np.isnan(p) else "fails" if p < _LEVEL else "holds"
    return Check("spillover", NEAR, answer, verdict, found.table())


def _exposure(design: Design, neighbours: Mapping[Hashable, Sequence[Hashable]]) -> Float:
    """(U,) first adoption among the neighbours of a unit; infinite without a trained one."""
    place = {unit: i for i, unit in enumerate(design.panel.units)}
    strangers = [u for pair in neighbours.items() for u in (pair[0], *pair[1]) if u not in place]
    if strangers:
        raise DesignError(
            f"{len(strangers)} units in neighbours are not in the design, first: {listed(strangers, 3)}."
            f"{nearest(str(strangers[0]), design.panel.units)}"
        )
    exposed = np.full(len(place), np.inf)
    for unit, around in neighbours.items():
        exposed[place[unit]] = min((float(design.adopted[place[u]]) for u in around), default=np.inf)
    return exposed


# ------------------------------------------------------------------------------------------------- coincidence


def coincidence(design: Design, events: Any, *, within: int = 1) -> Check:  # noqa: ANN401 - a frame, or Events
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
    missing = [name for name in ("date", "name", "verified") if name not in frame.columns]
    if missing:
        raise InputError(f"Events have no column {listed(missing)}. Found: {listed(frame.columns, 12)}.")
    per_year = {"month": 12, "quarter": 4, "year": 1}.get(design.panel.timeline.kind)
    if per_year is None:
        why = say("Periode panel bukan tanggal.", "The periods of the panel are not dates.")
        return cannot_say("coincidence", EVENT, why)
    table = _near_waves(design, frame, per_year, within)
    if table.empty:
        answer = say(
            "Tidak satu pun dari {k} peristiwa berada dalam {w} periode dari awal suatu gelombang.",
            "None of {k} events lies within {w} periods of the start of a wave.",
            k=len(frame),
            w=within,
        )
        return Check("coincidence", EVENT, answer, "holds", table)
    answer = say(
        "{k} peristiwa dalam {w} periode dari awal {g} dari {n} gelombang, {v} di antaranya terverifikasi. Yang "
        "mengenai semua kantor terhapus oleh pembanding; yang datang bersama pelatihan tidak dapat dipisahkan.",
        "Events within {w} periods of the start of {g} of {n} waves: {k}, of which {v} verified. What reached all "
        "offices is taken out by the comparison; what came with training cannot be told from it.",
        k=table["name"].nunique(),
        w=within,
        g=table["wave"].nunique(),
        n=len(design.cohorts),
        v=int(table.loc[table["verified"], "name"].nunique()),
    )
    one_wave = len(design.cohorts) == 1 and bool(table["verified"].any())
    return Check("coincidence", EVENT, answer, "fails" if one_wave else "doubtful", table)


def _near_waves(design: Design, frame: pd.DataFrame, per_year: int, within: int) -> pd.DataFrame:
    timeline = design.panel.timeline
    first = _periods(frame["date"], per_year)
    last = _periods(frame["until"], per_year) if "until" in frame.columns else first
    last = np.where(np.isnan(last), first, last)
    shown = [name for name in ("date", "kind", "name", "services", "source", "verified") if name in frame.columns]
    parts = []
    for step in design.cohorts:
        at = float(timeline.ordinals[0] + step * timeline.step)
        distance = np.where(at < first, first - at, np.where(at > last, last - at, 0.0))
        near = np.abs(distance) <= within
        part = frame.loc[near, shown].assign(wave=design.cohort_label(step), periods_after_wave=distance[near])
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.assign(verified=table["verified"].astype(bool))


def _periods(dates: pd.Series, per_year: int) -> Float:
    """Return dates as numbers of periods, NaN where missing."""
    when = pd.to_datetime(dates)
    return np.asarray(when.dt.year * per_year + (when.dt.month - 1) * per_year // 12, dtype=np.float64)
