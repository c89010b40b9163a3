"""Regressions with one dummy for each treated cohort and period: Wooldridge (2021), Sun and Abraham (2021).

Regressors that depend on the cohort and the period only need one T x T matrix a unit: its weights less their
unit mean. Sums of these by cohort give the coefficients, sums by cluster the coefficients without each
cluster; no row is ever expanded into dummies.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError
from asn_impact.estimation.adjusted import cluster_sums
from asn_impact.estimation.effects import Averaged, Cells, Effects, Estimator, Fit, View

__all__ = ["InteractionWeighted", "Saturated"]

_NULL = 1e-10  # eigenvalue of a cross-product of unit scale below which a direction carries no information
_LOOSE = 1e-6  # share of an estimate in directions without information above which it is not estimable
_GONE = 1e-8  # what is left of a direction without a cluster, below which the estimate rests on that cluster


@dataclass(frozen=True)
class Saturated:
    """Extended two-way effects: unit effects, period effects and one dummy for each treated cohort and period.

    Assumes parallel trends in all periods used and no anticipation. With ``"not_yet"`` every untreated cell
    helps to find the period effects (in a balanced panel the estimates are those of `Imputation`); with
    ``"never"`` the never-treated alone do, and cells before adoption get a dummy too, all but the last one.

    Parameters
    ----------
    controls
        ``"not_yet"``: all cells not yet treated; ``"never"``: units never treated in the window.

    Notes
    -----
    Wooldridge (2021), section 6, without covariates; reference R package etwfe 0.6.2 with unit effects. The
    views take cohort sizes as given, as etwfe does. See docs/methods.md#saturated.

    Examples
    --------
    >>> Saturated(controls="never").name
    'Saturated two-way effects (Wooldridge), never-treated controls'
    """

    controls: Literal["not_yet", "never"] = "not_yet"

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        controls = {"never": "never-treated", "not_yet": "not-yet-treated"}[self.controls]
        return f"Saturated two-way effects (Wooldridge), {controls} controls"

    def __call__(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and period."""
        if self.controls == "not_yet":
            start, period = treated_cells(design)
        elif np.isinf(design.adopted).any():
            start, period = all_but_base(design, design.cohorts)
        else:
            raise EstimationError(
                "controls='never', but every unit is treated in the window. Use controls='not_yet', or widen "
                "the window."
            )
        return effects_by_cell(self, design, CohortRegression(design, start, period), GivenSizes)


@dataclass(frozen=True)
class InteractionWeighted:
    """Interaction-weighted effects: one dummy for each cohort and time since adoption but the last before it.

    Assumes parallel trends in all periods and no anticipation. Compared with the never-treated; without any,
    with the wave treated last, and periods from its adoption on are left out.

    Notes
    -----
    Sun and Abraham (2021), Journal of Econometrics 225, section 4.1; reference `fixest::sunab` 0.14.2. The
    views take cohort shares as given, as sunab does (Sun and Abraham add their sampling error). See
    docs/methods.md#interactionweighted.

    Examples
    --------
    >>> InteractionWeighted().name
    'Interaction-weighted effects (Sun and Abraham)'
    """

    @property
    def name(self) -> str:
        """Name as printed."""
        return "Interaction-weighted effects (Sun and Abraham)"

    def __call__(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and time since adoption."""
        if np.isinf(design.adopted).any():
            start, period = all_but_base(design, design.cohorts)
            return effects_by_cell(self, design, CohortRegression(design, start, period), GivenSizes)
        if len(design.cohorts) < 2:
            raise EstimationError("All units are treated at the same time: there is nobody to compare them with.")
        *waves, last = design.cohorts
        start, period = all_but_base(design, np.array(waves))
        seen = design.panel.timeline.steps[period] < last
        label = design.cohort_label(last)
        note = f"No unit is never treated: compared with the last wave ({label}), over the periods before it."
        fit = CohortRegression(design, start[seen], period[seen], until=float(last))
        return effects_by_cell(self, design, fit, GivenSizes, notes=(note,))


class GivenSizes(Effects):
    """Effects whose views take the cohort sizes as given: their sampling error is not part of the influence."""

    def _viewed(self, view: View) -> Effects:
        viewed = super()._viewed(view)
        averaged = viewed.fit
        if not isinstance(averaged, Averaged):
            return viewed
        return replace(viewed, fit=GivenAveraged(averaged.fit, averaged.cells, averaged.member, averaged.alike))


class GivenAveraged(Averaged):
    """Weighted means of another fit's estimates, with weights that are not estimates."""

    def influence(self) -> Float:
        return np.asarray(np.nan_to_num(self.fit.influence()) @ self._now.T)


class CellFit(Fit, Protocol):
    """A fit with one estimate for each pair of an adoption step and a period."""

    @property
    def start(self) -> Float:
        """(k,) step at which the cohort of each term adopted."""

    @property
    def period(self) -> Int:
        """(k,) position of the period of each term."""


@dataclass(frozen=True, eq=False)
class CohortRegression:
    """Coefficients of cohort-by-period dummies in a weighted regression with unit and period effects.

    Attributes
    ----------
    start, period
        (k,) adoption step and period position of each dummy.
    until
        Cells from this step on are left out.
    """

    design: Design
    start: Float
    period: Int
    until: float = np.inf

    @cached_property
    def _weight(self) -> Float:
        """(U, T); cells that do not count, and units seen once (no change to learn from), weigh nothing."""
        panel = self.design.panel
        known = panel.observed & (panel.timeline.steps < self.until)
        known &= known.sum(axis=1, keepdims=True) > 1
        return np.where(known, panel.weight, 0.0)

    @cached_property
    def _share(self) -> Float:
        """(U, T) weight of each cell in the mean of its unit."""
        return unit_shares(self._weight)

    @cached_property
    def _within(self) -> Float:
        """(U, T) outcome less the mean of its unit."""
        outcome = centred(self.design, self._weight)
        return np.asarray(outcome - (self._share * outcome).sum(axis=1, keepdims=True))

    def _columns(self, start: float) -> Float:
        """(T, k + T) dummies of a cohort and of the periods."""
        k, periods = len(self.period), self._weight.shape[1]
        own = np.flatnonzero(self.start == start)
        columns = np.zeros((periods, k + periods))
        columns[self.period[own], own] = 1
        columns[np.arange(periods), k + np.arange(periods)] = 1
        return columns

    def _cohorts(self) -> Iterator[tuple[Bool, Float]]:
        """Units and dummies of each cohort, the never-treated last."""
        for start in np.unique(self.design.adopted):
            yield self.design.adopted == start, self._columns(float(start))

    @cached_property
    def _normal(self) -> tuple[Float, Float, Float]:
        """Inverse cross-product (q, q), its null space (q, d), and the coefficients (q,), q = k + T."""
        q = len(self.period) + self._weight.shape[1]
        gram, score = np.zeros((q, q)), np.zeros(q)
        for units, columns in self._cohorts():
            weight = self._weight[units]
            gram += columns.T @ (np.diag(weight.sum(axis=0)) - weight.T @ self._share[units]) @ columns
            score += (weight * self._within[units]).sum(axis=0) @ columns
        inverse, null = inverted(gram)
        return inverse, null, inverse @ score

    @cached_property
    def _known(self) -> Float:
        """(k,) 1 for an estimable term, else NaN."""
        null = self._normal[1][: len(self.period)]
        return np.where((np.abs(null) < _LOOSE).all(axis=1), 1.0, np.nan)

    @cached_property
    def estimate(self) -> Float:
        """(k,) coefficients; NaN where the effects explain a dummy wholly."""
        return np.asarray(self._normal[2][: len(self.period)] * self._known)

    @cached_property
    def _score(self) -> Float:
        """(U, T) weighted residuals."""
        residual = self._within.copy()
        for units, columns in self._cohorts():
            fitted = columns @ self._normal[2]
            residual[units] -= fitted - (self._share[units] @ fitted)[:, None]
        return np.asarray(self._weight * residual)

    def influence(self) -> Float:
        """(G, k) influence of each cluster: its score times the inverse cross-product."""
        by_unit = np.empty((len(self.design.cluster), len(self.period)))
        for units, columns in self._cohorts():
            by_unit[units] = self._score[units] @ (columns @ self._normal[0][:, : len(self.period)])
        return by_cluster(self.design, by_unit) * self._known

    def loadings(self) -> Float:
        """(k, U, T) weights of the coefficients on the cell means."""
        loadings = np.empty((len(self.period), *self._weight.shape))
        for units, columns in self._cohorts():
            slope = columns @ self._normal[0][:, : len(self.period)]
            centre = self._share[units] @ slope
            loadings[:, units] = self._weight[units] * (slope.T[:, None, :] - centre.T[:, :, None])
        return np.asarray(loadings * self._known[:, None, None])

    def leave_one_out(self) -> Float:
        """(G, k) coefficients without each cluster: the inverse is updated by blocks of the periods of its cohorts."""
        deleted = np.full((len(self.design.clusters), len(self.period)), np.nan)
        for cohorts, clusters in self._alike():
            deleted[clusters] = self._without(cohorts, clusters)
        return deleted * self._known

    def _alike(self) -> Iterator[tuple[Float, Int]]:
        """Clusters that hold units of the same cohorts, in blocks that fit into memory."""
        starts, kind = np.unique(self.design.adopted, return_inverse=True)
        holds = np.zeros((len(self.design.clusters), len(starts)), dtype=np.bool_)
        holds[self.design.cluster, kind] = True
        patterns, pattern = np.unique(holds, axis=0, return_inverse=True)
        for i, cohorts in enumerate(patterns):
            clusters = np.flatnonzero(pattern.ravel() == i)
            block = max(1, 20_000_000 // (int(cohorts.sum()) * self._weight.shape[1]) ** 2)
            for first in range(0, len(clusters), block):
                yield starts[cohorts], clusters[first : first + block]

    def _without(self, cohorts: Float, clusters: Int) -> Float:
        """(n, k) coefficients without each of n clusters that hold units of the same S cohorts."""
        moment, score = self._blocks(cohorts, clusters)
        columns = np.concatenate([self._columns(float(start)) for start in cohorts])
        slope = columns @ self._normal[0]
        root = root_of(slope @ columns.T)
        left = np.eye(root.shape[1]) - root.T @ moment @ root
        whole = np.linalg.eigvalsh(left)[:, 0] > _GONE
        left[~whole] = np.eye(root.shape[1])
        change = score + (moment @ root @ np.linalg.solve(left, (score @ root)[:, :, None]))[:, :, 0]
        deleted = self._normal[2][: len(self.period)] - change @ slope[:, : len(self.period)]
        for i in np.flatnonzero(~whole):
            deleted[i] = replace(self, design=self.design.without(int(clusters[i]))).estimate
        return np.asarray(deleted)

    def _blocks(self, cohorts: Float, clusters: Int) -> tuple[Float, Float]:
        """(n, S T, S T) within-unit weights and (n, S T) scores of clusters, by cohort and period."""
        units = np.flatnonzero(np.isin(self.design.cluster, clusters))
        row = np.searchsorted(clusters, self.design.cluster[units])
        slot = np.searchsorted(cohorts, self.design.adopted[units])
        n, s, periods = len(clusters), len(cohorts), self._weight.shape[1]
        moment, score = np.zeros((n, s, periods, s, periods)), np.zeros((n, s, periods))
        for i in range(s):
            here = slot == i
            np.add.at(moment[:, i, :, i], row[here], within_moment(self._weight[units[here]]))
        np.add.at(score, (row, slot), self._score[units])
        return moment.reshape(n, s * periods, s * periods), score.reshape(n, s * periods)

    @property
    def correction(self) -> float:
        """(N - 1) / (N - K): K counts dummies and period effects, not the unit effects nested in clusters."""
        counted = self._weight > 0
        records = self.design.weights == "records"
        n = float(self.design.panel.n[counted].sum()) if records else float(counted.sum())
        rank = len(self._normal[0]) - self._normal[1].shape[1]
        return float((n - 1) / (n - rank - 1))


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


def effects_by_cell(
    estimator: Estimator, design: Design, fit: CellFit, kind: type[Effects], *, notes: tuple[str, ...] = ()
) -> Effects:
    """Return the effects of a fit by cohort and period; cells that are not estimable are NaN, and named.

    Raises
    ------
    EstimationError
        No effect after adoption is estimable.
    """
    cohort = np.searchsorted(design.cohorts, fit.start)
    event_time = (design.panel.timeline.steps[fit.period] - fit.start).astype(np.int64)
    labels = design.panel.timeline.labels
    terms = pd.DataFrame(
        {
            "cohort": [design.cohort_label(step) for step in fit.start],
            "period": [labels[p] for p in fit.period],
            "event_time": event_time,
        }
    )
    missing = np.isnan(fit.estimate)
    if missing[event_time >= 0].all():
        raise EstimationError(
            f"{estimator.name}: no effect is estimable. Every treated cell lacks either a cell of the same unit "
            "before adoption or an untreated unit in the same period. Widen the window or add comparison units."
        )
    if missing.any():
        pairs = [f"({a}, {b})" for a, b in zip(terms["cohort"][missing], terms["period"][missing], strict=True)]
        more = f" and {len(pairs) - 4} more" if len(pairs) > 4 else ""
        notes = (
            *notes,
            f"{len(pairs)} effects are not estimable (no cell of the same units to start from, or nobody "
            "to compare with) and left out of every average, by wave and period: "
            f"{', '.join(pairs[:4])}{more}.",
        )
    for note in notes:
        warnings.warn(note, DataWarning, stacklevel=3)
    cells = Cells(cohort, fit.period, event_time, cohort_sizes(design))
    return kind(estimator, design, terms, fit, cells, notes=notes)


def by_cluster(design: Design, values: Float) -> Float:
    """(G, k) sums of (U, k) values."""
    return cluster_sums(design.cluster, len(design.clusters), values)


def ratio(numerator: Float, denominator: Float) -> Float:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.asarray(np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator > 0))


def cohort_sizes(design: Design) -> Float:
    """(G, C) weight of each cohort in each cluster: a unit counts with the mean weight of its observed cells."""
    weight = np.where(design.panel.observed, design.panel.weight, 0.0)
    unit = np.nan_to_num(ratio(weight.sum(axis=1), (weight > 0).sum(axis=1)))
    return by_cluster(design, unit[:, None] * (design.adopted[:, None] == design.cohorts[None, :]))


def centred(design: Design, weight: Float) -> Float:
    """(U, T) outcome less its overall mean, 0 where it is not known: large levels would cost digits."""
    outcome = np.nan_to_num(design.panel.mean)
    return np.asarray(outcome - (weight * outcome).sum() / weight.sum() if weight.any() else outcome)


def unit_shares(weight: Float) -> Float:
    """(U, T) weights that sum to one for each unit, or zero for a unit without any."""
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(total > 0, total, 1.0))


def within_moment(weight: Float) -> Float:
    """(U, T, T) weight matrix of each unit once its mean is taken out."""
    moment = -weight[:, :, None] * unit_shares(weight)[:, None, :]
    diagonal = np.arange(weight.shape[1])
    moment[:, diagonal, diagonal] += weight
    return moment


def inverted(gram: Float) -> tuple[Float, Float]:
    """Inverse of a symmetric cross-product on the directions that carry information, and (q, d) the others."""
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    values, vectors = np.linalg.eigh(gram / scale[:, None] / scale[None, :])
    dead = values < _NULL * max(values[-1], 1.0)
    kept = vectors[:, ~dead] / scale[:, None]
    null = vectors[:, dead] / scale[:, None]
    null = null / np.linalg.norm(null, axis=0)
    return kept / values[~dead] @ kept.T, null


def root_of(matrix: Float) -> Float:
    """(n, r) root: ``root @ root.T`` is the symmetric, non-negative matrix."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > _NULL * max(values[-1], 0.0)
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))
