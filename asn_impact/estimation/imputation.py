"""Imputation: the untreated outcome of a treated cell, predicted from untreated cells by unit and period effects.

Borusyak, Jaravel and Spiess (2024) and Gardner (2022) share the estimates and differ in what counts as noise.
Unit effects are taken out within units, so that the first stage is one T x T system.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.saturated import (
    GivenSizes,
    all_but_base,
    by_cluster,
    centred,
    effects_by_cell,
    inverted,
    ratio,
    root_of,
    treated_cells,
    unit_shares,
    within_moment,
)

__all__ = ["Imputation", "Leads", "TwoStage"]

_LOOSE = 1e-6  # share of a prediction in directions without information above which it is not to be had
_GONE = 1e-8  # what is left of a direction without a cluster, below which the estimate rests on that cluster


@dataclass(frozen=True)
class Imputation:
    """Effects as the treated outcome minus its prediction from the unit and period effects of untreated cells.

    Assumes parallel trends in all periods used and no anticipation. Treated cells that cannot be predicted
    (the unit is never seen untreated, or nobody is untreated in the period) are left out. Terms before
    adoption: see `Leads`.

    Parameters
    ----------
    deviation
        What the effect of a treated unit is compared with to judge its noise: ``"cell_mean"``, the mean
        effect of its cohort and period; ``"leave_out"``, the mean over the other clusters of the cohort and
        period, which does not understate the noise of small cohorts but needs two clusters in each.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91: section 4.1, and the conservative
    variance of section 4.3 (eq. 8 to 10); reference R package didimputation 0.5.0. The views take cohort
    sizes as given, as that paper does. See docs/methods.md#imputation.

    Examples
    --------
    >>> Imputation().name
    'Imputation (Borusyak, Jaravel and Spiess)'
    """

    deviation: Literal["cell_mean", "leave_out"] = "cell_mean"

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return "Imputation (Borusyak, Jaravel and Spiess)" + (
            ", leave-out variance" if self.deviation == "leave_out" else ""
        )

    def __call__(self, design: Design) -> Effects:
        """Estimate one effect for each treated cohort and period."""
        start, period = treated_cells(design)
        fit = ImputationFit(design, start, period, _BJS[self.deviation])
        return effects_by_cell(self, design, fit, GivenSizes, notes=fit.left_out())


@dataclass(frozen=True)
class TwoStage:
    """The estimates of `Imputation` as a regression of two stages, with the variance of both stages together.

    Terms before adoption are mean residuals of the first stage: the same cells were used to fit it, so they
    lie closer to zero than those of `Leads`.

    Notes
    -----
    Gardner (2022), section 3.2, variance as a method of moments (Newey and McFadden 1994, theorem 6.1);
    reference R package did2s 1.2.0. Differences of the effect between cohorts and periods count as noise of
    an average. See docs/methods.md#twostage.

    Examples
    --------
    >>> TwoStage().name
    'Two-stage differences (Gardner)'
    """

    @property
    def name(self) -> str:
        """Name as printed."""
        return "Two-stage differences (Gardner)"

    def __call__(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and period but the last one before adoption."""
        start, period = all_but_base(design, design.cohorts)
        fit = ImputationFit(design, start, period, "weighted_mean")
        return effects_by_cell(self, design, fit, Effects, notes=fit.left_out())


@dataclass(frozen=True)
class Leads:
    """Differences before adoption: a regression on untreated cells alone, with one dummy for each of the last periods.

    They do not touch the effects of `Imputation`, so that testing them does not distort what is estimated
    afterwards.

    Parameters
    ----------
    before
        Number of steps before adoption with a dummy; earlier cells and the never-treated are the reference.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024), section 4.4 (``pretrends`` in did_imputation). See
    docs/methods.md#leads.

    Examples
    --------
    >>> Leads(before=4).name
    'Leads of 4 periods on untreated cells'
    """

    before: int

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return f"Leads of {self.before} periods on untreated cells"

    def __call__(self, design: Design) -> Effects:
        """Estimate one coefficient for each step before adoption; one that the others explain is left out.

        The design of the effects holds the units that are seen untreated more than once: only they carry
        information, and only their clusters count.
        """
        untreated = design.panel.observed & ~design.treated()
        design = design.where(untreated.sum(axis=1) > 1)
        since = design.panel.timeline.steps[None, :] - design.adopted[:, None]
        times = np.arange(-self.before, 0)
        dummies = (since[:, :, None] == times).astype(np.float64)
        dummies[design.treated()] = np.nan  # LeastSquares leaves out cells with an unknown regressor
        gone = LeastSquares(design, dummies).collinear()
        if gone.all():
            raise EstimationError(
                f"{self.name}: no lead is identified. Expected treated units with two periods before adoption, "
                "and others untreated in the same periods. Widen the window."
            )
        left = tuple(f"Lead {t} is explained by the others and left out." for t in times[gone])
        fit = LeastSquares(design, dummies[:, :, ~gone])
        return Effects(self, design, pd.DataFrame({"event_time": times[~gone]}), fit, notes=left)


Deviation = Literal["weighted_mean", "squared_mean", "leave_out"]
_BJS: dict[str, Deviation] = {"cell_mean": "squared_mean", "leave_out": "leave_out"}


@dataclass(frozen=True, eq=False)
class ImputationFit:
    """Means of outcome minus prediction by cohort and period; the prediction is fitted on untreated cells.

    Attributes
    ----------
    start, period
        (k,) adoption step and period position of each term.
    deviation
        Mean effect that deviations are taken from: with the weights of the estimate, with their squares
        (the choice that makes the estimated variance smallest), or with the squares over the other clusters.
    """

    design: Design
    start: Float
    period: Int
    deviation: Deviation
    correction: float = 1.0

    @cached_property
    def _untreated(self) -> Float:
        """(U, T) weight of the cells that the prediction is fitted on."""
        return np.where(self.design.panel.observed & ~self.design.treated(), self.design.panel.weight, 0.0)

    @cached_property
    def _share(self) -> Float:
        """(U, T) weight of each untreated cell in the mean of its unit."""
        return unit_shares(self._untreated)

    @cached_property
    def _gap(self) -> Float:
        """(U, T) outcome less the untreated mean of its unit."""
        return self._less_unit_mean(centred(self.design, self._untreated))

    def _less_unit_mean(self, values: Float) -> Float:
        """(U, T) values, given by cell or by period, less the untreated mean of each unit."""
        return np.asarray(values - (self._share * values).sum(axis=-1, keepdims=True))

    @cached_property
    def _normal(self) -> tuple[Float, Float, Float]:
        """Inverse cross-product of the period dummies (T, T), its null space (T, d), and the period effects (T,)."""
        gram = np.diag(self._untreated.sum(axis=0)) - self._untreated.T @ self._share
        inverse, null = inverted(gram)
        return inverse, null, inverse @ (self._untreated * self._gap).sum(axis=0)

    @cached_property
    def _residual(self) -> Float:
        """(U, T) outcome less prediction: the effect in a treated cell."""
        return np.asarray(self._gap - self._less_unit_mean(self._normal[2]))

    @cached_property
    def _term(self) -> Int:
        """(U, T) position of the term that each cell belongs to, k for none."""
        starts, kind = np.unique(self.design.adopted, return_inverse=True)
        table = np.full((len(starts), self._untreated.shape[1]), len(self.start))
        rows, terms = np.nonzero(starts[:, None] == self.start[None, :])
        table[rows, self.period[terms]] = terms
        return table[kind]

    @cached_property
    def _weight(self) -> Float:
        """(U, T) weight of each cell in its term; 0 where it belongs to none or cannot be predicted."""
        known: Bool = self.design.panel.observed & (self._term < len(self.start))
        known &= self._share.sum(axis=1, keepdims=True) > 0
        for direction in self._normal[1].T:
            known = known & (np.abs(self._less_unit_mean(direction)) < _LOOSE)
        return np.where(known, self.design.panel.weight, 0.0)

    def left_out(self) -> tuple[str, ...]:
        """Return a sentence about cells that cannot be predicted, in terms that rest on others."""
        wanted = self.design.panel.observed & np.append(np.isfinite(self.estimate), False)[self._term]
        if not (lost := int((wanted & (self._weight == 0)).sum())):
            return ()
        return (
            f"{lost} cells cannot be predicted (their unit is never seen untreated) and are left out of the mean "
            "of their wave and period.",
        )

    def _by_term(self, values: Float) -> Float:
        """(G, k) sums of (U, T) values by cluster and term."""
        width = len(self.start) + 1
        code = self.design.cluster[:, None] * width + self._term
        sums = np.bincount(code.ravel(), values.ravel(), minlength=len(self.design.clusters) * width)
        return np.asarray(sums.reshape(-1, width)[:, :-1])

    @cached_property
    def _size(self) -> Float:
        """(G, k) weight of each cluster in each term."""
        return self._by_term(self._weight)

    @cached_property
    def estimate(self) -> Float:
        """(k,) mean effects; NaN where no cell can be predicted."""
        return ratio(self._by_term(self._weight * self._residual).sum(axis=0), self._size.sum(axis=0))

    @cached_property
    def _pull(self) -> Float:
        """(k, T) sum over the cells of each term of its weight times the untreated shares of its unit."""
        pull = np.zeros((len(self.start), self._untreated.shape[1]))
        for start in np.unique(self.start):
            units, terms = self.design.adopted == start, np.flatnonzero(self.start == start)
            pull[terms] = (self._weight[units].T @ self._share[units])[self.period[terms]]
        return pull

    @cached_property
    def _slope(self) -> Float:
        """(T, k) weights on the within-unit untreated outcomes that stem from the period effects."""
        size = self._size.sum(axis=0)
        on_period = self._pull.copy()
        on_period[np.arange(len(self.start)), self.period] -= size
        return np.asarray(self._normal[0] @ ratio(on_period.T, size))

    def influence(self) -> Float:
        """(G, k) weights of the cells of each cluster times residuals, or effects less a mean effect."""
        own = self._by_term(self._weight * self._residual) - self._size * self._mean_effect()
        first_stage = by_cluster(self.design, self._untreated * self._residual @ self._slope)
        return np.asarray(ratio(own, self._size.sum(axis=0)) + first_stage)

    def _mean_effect(self) -> Float:
        """(k,), or (G, k) when it leaves out the cluster: what the effects of a term are compared with."""
        if self.deviation == "weighted_mean":
            return self.estimate
        squared = self._weight**2
        total, weight = self._by_term(squared * self._residual), self._by_term(squared)
        if self.deviation == "squared_mean":
            return ratio(total.sum(axis=0), weight.sum(axis=0))
        alone = (weight > 0).sum(axis=0) == 1
        if alone.any():
            waves = ", ".join(self.design.cohort_label(step) for step in np.unique(self.start[alone])[:5])
            raise InferenceError(
                f"The leave-out variance needs two clusters in every wave and period; one alone in wave {waves}. "
                "Use Imputation(deviation='cell_mean'), or Jackknife()."
            )
        return ratio(total.sum(axis=0) - total, weight.sum(axis=0) - weight)

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means."""
        size = self._size.sum(axis=0)
        loadings = np.empty((len(self.start), *self._untreated.shape))
        for j in range(len(self.start)):
            own = np.where(self._term == j, self._weight, 0.0)
            slope = self._untreated * self._less_unit_mean(self._slope[:, j])
            loadings[j] = ratio(own - own.sum(axis=1, keepdims=True) * self._share, size[j]) + slope
        return loadings

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster."""
        effects, whole = self._period_effects_without()
        own = self._by_term(self._weight * (self._gap - self._less_unit_mean(effects[self.design.cluster])))
        size = self._size.sum(axis=0)
        predicted = size * effects[:, self.period] - effects @ self._pull.T
        left = np.where(size - self._size > 1e-12 * size, size - self._size, 0.0)
        deleted = ratio(self._by_term(self._weight * self._gap).sum(axis=0) - predicted - own, left)
        for cluster in np.flatnonzero(~whole):
            deleted[cluster] = replace(self, design=self.design.without(int(cluster))).estimate
        return deleted

    def _period_effects_without(self) -> tuple[Float, Bool]:
        """(G, T) period effects without each cluster, and whether (G,) the other clusters identify them as well."""
        inverse = self._normal[0]
        root = root_of(inverse)
        clusters, periods = len(self.design.clusters), self._untreated.shape[1]
        effects, whole = np.zeros((clusters, periods)), np.zeros(clusters, dtype=np.bool_)
        score = by_cluster(self.design, self._untreated * self._gap)
        block = max(1, 20_000_000 // periods**2)
        for first in range(0, clusters, block):
            chosen = slice(first, first + block)
            units = np.flatnonzero((self.design.cluster >= first) & (self.design.cluster < first + block))
            moment = np.zeros((len(score[chosen]), periods, periods))
            np.add.at(moment, self.design.cluster[units] - first, within_moment(self._untreated[units]))
            left = np.eye(root.shape[1]) - root.T @ moment @ root
            here = np.linalg.eigvalsh(left).min(axis=1, initial=1.0) > _GONE
            whole[chosen] = here
            left[~here] = np.eye(root.shape[1])
            right = (score.sum(axis=0) - score[chosen]) @ root
            effects[chosen] = np.linalg.solve(left, right[:, :, None])[:, :, 0] @ root.T
        return effects, whole
