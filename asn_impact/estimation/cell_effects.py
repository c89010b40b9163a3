"""Effects by cohort and period: what the estimators with one term for each have in common."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit, differences_of
from asn_impact.estimation.two_way import columns_of
from asn_impact.estimation.views import Cells
from asn_impact.words import Alert, Message, paragraph


class GivenSizes(Effects):
    """Effects whose views take the cohort sizes as given: their sampling error is not part of the influence."""

    sizes_estimated: ClassVar[bool] = False


class CellFit(Fit):
    """A fit with one estimate for each pair of an adoption step and a period."""

    design: Design
    #: (k,) step at which the cohort of each term adopted, and position of its period.
    start: Float
    period: Int

    @cached_property
    def _term(self) -> Int:
        """(U, T) position of the term that each cell belongs to, k for none."""
        return term_of_cell(self.design, self.start, self.period)

    def _by_term(self, values: Float) -> Float:
        """(G, k) sums of (U, T) values by cluster and term."""
        return sums_by_term(self.design.cluster, len(self.design.clusters), self._term, len(self.start), values)

    def loadings(self) -> Float:
        unknown = np.isnan(self.estimate)[:, None, None]
        return np.where(unknown, np.nan, self.loadings_of(np.eye(len(self.start))))

    def differences(self, effects: Effects) -> Float:
        return differences_of(self, effects)


def where_known(design: Design, covariates: tuple[str, ...]) -> tuple[Design, tuple[Message, ...]]:
    """Return the design of the cells whose covariates are known, and what was left out.

    Raises
    ------
    EstimationError
        A name is not a covariate of the panel, or one varies inside the cells while records count alike.
    """
    if not covariates:
        return design, ()
    columns = columns_of(design, covariates)
    _refuse_varying_inside(design, covariates)
    return without_unknown(design, columns, covariates)


def without_unknown(design: Design, x: Float, names: tuple[str, ...]) -> tuple[Design, tuple[Message, ...]]:
    """Return the design of the cells whose (U, T, p) covariates are known, and how many were left out."""
    known = np.isfinite(x).all(axis=2)
    lost = int((design.panel.observed & ~known).sum())
    if not lost:
        return design, ()
    used = replace(design, panel=replace(design.panel, weight=np.where(known, design.panel.weight, 0.0)))
    return used, (Alert("estimation.cells_unknown", n=lost, names=names),)


def _refuse_varying_inside(design: Design, covariates: tuple[str, ...]) -> None:
    """Raise where cell means are not the records: a slope between records needs what varies inside the cells."""
    panel = design.panel
    if design.weights != "records":
        return
    for name in covariates:
        j = panel.covariates.index(name)
        if (panel.within[:, :, 1 + j, 1 + j] > 1e-18 * panel.n * np.nan_to_num(panel.x[:, :, j]) ** 2).any():
            raise EstimationError(Message("estimation.varies_inside_cells", name=name))


def standardise(design: Design, covariates: tuple[str, ...], weight: Float) -> Float:
    """(U, T, p) covariates of mean zero and spread one over the cells that weigh: estimates do not depend on it."""
    x = np.nan_to_num(columns_of(design, covariates)) if covariates else np.zeros((*weight.shape, 0))
    counted = weight > 0
    if not counted.any() or not covariates:
        return np.asarray(x * counted[:, :, None])
    x = x - x[counted].mean(axis=0)
    spread = x[counted].std(axis=0)
    return np.asarray(x / np.where(spread > 0, spread, 1.0) * design.panel.observed[:, :, None])


def term_of_cell(design: Design, start: Float, period: Int) -> Int:
    """(U, T) position of the term, among k with a start and a period, that each cell belongs to; k for none."""
    starts, kind = np.unique(design.adopted, return_inverse=True)
    table = np.full((len(starts), design.panel.mean.shape[1]), len(start))
    rows, terms = np.nonzero(starts[:, None] == start[None, :])
    table[rows, period[terms]] = terms
    return np.asarray(table[kind])


def sums_by_term(cluster: Int, clusters: int, term: Int, k: int, values: Float) -> Float:
    """(G, k) sums of (U, T) values by cluster and term."""
    code = cluster[:, None] * (k + 1) + term
    sums = np.bincount(code.ravel(), values.ravel(), minlength=clusters * (k + 1))
    return np.asarray(sums.reshape(-1, k + 1)[:, :-1])


def treated_cells(design: Design) -> tuple[Float, Int]:
    """Return the adoption step and the period position of every treated cell."""
    steps = design.panel.timeline.steps
    cohort, period = np.nonzero(steps[None, :] >= design.cohorts[:, None])
    return design.cohorts[cohort], period


def all_but_base(design: Design, cohorts: Float) -> tuple[Float, Int]:
    """Return the adoption step and the period of every cell of some cohorts but the last one before adoption."""
    steps = design.panel.timeline.steps
    base = np.searchsorted(steps, cohorts) - 1
    cohort, period = np.nonzero(np.arange(len(steps))[None, :] != base[:, None])
    return cohorts[cohort], period


def base_of(design: Design, cohorts: Float) -> int | None:
    """Return the event time of the last period before adoption; None where it differs between cohorts."""
    steps = design.panel.timeline.steps
    base = np.searchsorted(steps, cohorts) - 1
    times = np.unique(steps[base[base >= 0]] - cohorts[base >= 0])
    return int(times[0]) if len(times) == 1 else None


def effects_by_cell(
    estimator: Estimator,
    design: Design,
    fit: CellFit,
    kind: type[Effects],
    *,
    notes: tuple[Message, ...] = (),
    reference: int | None = None,
) -> Effects:
    """Return the effects of a fit by cohort and period; cells that are not estimable are NaN, and named.

    Raises
    ------
    EstimationError
        No effect after adoption is estimable.
    """
    cohort = np.searchsorted(design.cohorts, fit.start)
    terms, cells = cells_of(design, cohort, fit.period, cohort_sizes(design))
    missing, after = ~fit.known, cells.event_time >= 0
    if missing[after if after.any() else ...].all():
        nothing = Message("estimation.nothing_estimable", name=estimator.entry.name)
        given_that = Message("estimation.covariates_explain") if estimator.covariates else None
        raise EstimationError(paragraph(nothing, given_that, Message("estimation.widen_or_add")))
    if missing.any():
        pairs = pairs_of(terms[missing], design)
        notes = (*notes, Message("estimation.cells_not_estimable", n=int(missing.sum()), pairs=pairs))
    return kind(estimator, design, terms, fit, cells, notes=notes, reference=reference)


def cells_of(design: Design, cohort: Int, period: Int, sizes: Float) -> tuple[pd.DataFrame, Cells]:
    """Return the terms of effects by cohort and period, by their positions, and the cells they belong to."""
    timeline, waves = design.panel.timeline, [design.cohort_label(step) for step in design.cohorts]
    cells = Cells(cohort, period, (timeline.steps[period] - design.cohorts[cohort]).astype(np.int64), sizes)
    labels = {"cohort": [waves[c] for c in cohort], "period": [timeline.labels[p] for p in period]}
    return pd.DataFrame({**labels, "event_time": cells.event_time}), cells


def cohort_sizes(design: Design, sample: Literal["pairs", "cross_sections"] = "pairs") -> Float:
    """(G, C) weight of each cohort in each cluster: a unit counts with the mean weight of its observed cells.

    A unit seen once has no change to compare, and its wave is no larger for it. Cross-sections count it, and where they
    weigh records a unit counts with the sum.
    """
    weight = np.where(design.panel.observed, design.panel.weight, 0.0)
    if sample == "pairs":
        weight = np.where((weight > 0).sum(axis=1, keepdims=True) > 1, weight, 0.0)
    unit = weight.sum(axis=1)
    if sample == "pairs" or design.weights == "units":
        unit = ratio(unit, (weight > 0).sum(axis=1))
    return by_cluster(design, np.nan_to_num(unit)[:, None] * (design.adopted[:, None] == design.cohorts[None, :]))


def centre(design: Design, weight: Float) -> Float:
    """(U, T) outcome less its overall mean, 0 where it is not known: large levels would cost digits."""
    outcome = np.nan_to_num(design.panel.mean)
    return np.asarray(outcome - (weight * outcome).sum() / weight.sum() if weight.any() else outcome)


def unit_shares(weight: Float) -> Float:
    """(U, T) weights that sum to one for each unit, or zero for a unit without any."""
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(total > 0, total, 1.0))


def within_moment(weight: Float, local: Float) -> Float:
    """(U, L, L) cross-products of the (U, 1 + p, T) local regressors of each unit once its means are taken out."""
    loaded = local * weight[:, None, :]
    share = flat(local * unit_shares(weight)[:, None, :])
    return diagonal(loaded[:, :, None] * local[:, None]) - flat(loaded)[:, :, None] * share[:, None, :]


def diagonal(products: Float) -> Float:
    """(..., L, L) matrices of (..., 1 + p, 1 + p, T) products: different periods have none."""
    *front, a, b, periods = products.shape
    matrix = np.zeros((*front, a, periods, b, periods))
    each = np.arange(periods)
    for i in range(a):
        for j in range(b):
            matrix[..., i, each, j, each] = products[..., i, j, :]
    return matrix.reshape(*front, a * periods, b * periods)


def flat(local: Float) -> Float:
    """(U, L) from (U, 1 + p, T)."""
    return np.asarray(local.reshape(len(local), -1))


def pairs_of(terms: pd.DataFrame, design: Design, key: Literal["pair", "att"] = "pair") -> tuple[Message, ...]:
    """Return the wave and period of each term as a pair, for messages."""
    said = design.panel.timeline.said
    pairs = zip(terms["cohort"].map(str).map(said), terms["period"].map(str).map(said), strict=True)
    return tuple(Message(f"estimation.{key}", cohort=cohort, period=period) for cohort, period in pairs)
