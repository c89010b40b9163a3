"""Imputation: the untreated outcome of a treated cell, predicted from untreated cells by unit and period effects.

Borusyak, Jaravel and Spiess (2024) and Gardner (2022) share the estimates and differ in what counts as noise.
Unit effects are taken out within units, so that the first stage is one T x T system, and p wider with p covariates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, Times
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.cell_effects import (
    CellFit,
    GivenSizes,
    all_but_base,
    centre,
    effects_by_cell,
    invert,
    root_of,
    standardise,
    sums_by_term,
    term_of_cell,
    treated_cells,
    unit_shares,
    where_known,
    within_moment,
)
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.estimation.two_way import columns_of
from asn_impact.words import Alert, Message

__all__ = ["Imputation", "Leads", "TwoStage"]

_LOOSE = 1e-6  # share of a prediction in directions without information above which it is not to be had
_GONE = 1e-6  # what is left of a direction without a cluster, below which it is estimated again: rounding would show
_CONSTANT = 1e-9  # distance of a covariate from its mean in the unit, in standard deviations, that is rounding


@dataclass(frozen=True)
class Imputation(Estimator):
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
    covariates
        Names of covariates of the panel that vary within units and that training does not change: the prediction has
        one slope for each, learnt from untreated cells. One that is constant within units is explained by the unit
        effects and left out (`GroupTime(adjust=...)` and `Saturated(covariates=...)` use such).

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
    covariates: Names = ()

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        variance = Message("methods.imputation.leave_out") if self.deviation == "leave_out" else None
        return estimator_entry(
            "imputation", variance, given(self.covariates), authors=("Borusyak", "Jaravel", "Spiess")
        )

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each treated cohort and period."""
        design, covariates, notes = predictors(design, self.covariates)
        start, period = treated_cells(design)
        fit = ImputationFit(design, start, period, _BJS[self.deviation], covariates)
        return effects_by_cell(self, design, fit, GivenSizes, notes=(*notes, *fit.left_out()))


@dataclass(frozen=True)
class TwoStage(Estimator):
    """The estimates of `Imputation` as a regression of two stages, with the variance of both stages together.

    Terms before adoption are mean residuals of the first stage: the same cells were used to fit it, so they
    lie closer to zero than those of `Leads`.

    Parameters
    ----------
    covariates
        Names of covariates of the panel in the first stage, as in `Imputation`.

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

    covariates: Names = ()

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return estimator_entry("two_stage", given(self.covariates), authors=("Gardner",))

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and period but the last one before adoption."""
        design, covariates, notes = predictors(design, self.covariates)
        start, period = all_but_base(design, design.cohorts)
        fit = ImputationFit(design, start, period, "weighted_mean", covariates)
        return effects_by_cell(self, design, fit, Effects, notes=(*notes, *fit.left_out()))


@dataclass(frozen=True)
class Leads(Estimator):
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

    before: Times

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return estimator_entry("leads", periods=self.before)

    def estimate(self, design: Design) -> Effects:
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
        explained = LeastSquares(design, dummies).collinear()
        if explained.all():
            raise EstimationError(Message("estimation.no_lead", name=self.entry.name))
        left = tuple(Message("estimation.lead_left_out", time=int(t)) for t in times[explained])
        fit = LeastSquares(design, dummies[:, :, ~explained])
        return Effects(self, design, pd.DataFrame({"event_time": times[~explained]}), fit, notes=left)


Deviation = Literal["weighted_mean", "squared_mean", "leave_out"]
_BJS: dict[str, Deviation] = {"cell_mean": "squared_mean", "leave_out": "leave_out"}


def predictors(design: Design, covariates: tuple[str, ...]) -> tuple[Design, tuple[str, ...], tuple[Message, ...]]:
    """Return the design of the cells whose covariates are known, the covariates that predict, and what was left out.

    Raises
    ------
    EstimationError
        A covariate varies in treated cells but says nothing of its own in untreated ones: no slope can be learnt.
    """
    if not covariates:
        return design, (), ()
    design, notes = where_known(design, covariates)
    untreated = np.where(design.treated(), 0.0, design.panel.weight)
    below = _find_explained(replace(design, panel=replace(design.panel, weight=untreated)), covariates)
    if unlearnt := [
        name for name, b, e in zip(covariates, below, _find_explained(design, covariates), strict=True) if b > e
    ]:
        raise EstimationError(Message("estimation.slope_unlearnt", names=unlearnt))
    if below.any():
        explained = [name for name, out in zip(covariates, below, strict=True) if out]
        notes = (*notes, Alert("estimation.covariates_collinear", names=explained))
    return design, tuple(name for name, out in zip(covariates, below, strict=True) if not out), notes


def _find_explained(design: Design, covariates: tuple[str, ...]) -> Bool:
    """(p,) True for a covariate that unit effects, period effects and the covariates before it explain wholly."""
    if not design.panel.weight.any():
        return np.ones(len(covariates), dtype=np.bool_)
    return LeastSquares(design, columns_of(design, covariates)).collinear()


@dataclass(frozen=True, eq=False)
class ImputationFit(CellFit):
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
    covariates: tuple[str, ...] = ()

    @cached_property
    def _untreated_weight(self) -> Float:
        """(U, T) weight of the cells that the prediction is fitted on."""
        return np.where(self.design.panel.observed & ~self.design.treated(), self.design.panel.weight, 0.0)

    @cached_property
    def _share(self) -> Float:
        """(U, T) weight of each untreated cell in the mean of its unit."""
        return unit_shares(self._untreated_weight)

    @cached_property
    def _gap(self) -> Float:
        """(U, T) outcome less the untreated mean of its unit."""
        return self._less_unit_mean(centre(self.design, self._untreated_weight))

    @cached_property
    def _x(self) -> Float:
        """(U, T, p) covariates, standardised, less the untreated mean of the unit."""
        x = standardise(self.design, self.covariates, self._untreated_weight)
        x = x - np.einsum("ut,utp->up", self._share, x)[:, None, :]
        return np.where(np.abs(x) < _CONSTANT, 0.0, x)

    def _less_unit_mean(self, values: Float) -> Float:
        """(U, T) values, given by cell or by period, less the untreated mean of each unit."""
        return np.asarray(values - (self._share * values).sum(axis=-1, keepdims=True))

    def _predict(self, slopes: Float) -> Float:
        """(U, T) prediction less the untreated mean of the unit, for slopes (T + p,), or (U, T + p) by unit."""
        periods = self._untreated_weight.shape[1]
        by_period = self._less_unit_mean(slopes[..., :periods])
        if not self.covariates:
            return by_period
        return np.asarray(by_period + (self._x * slopes[..., None, periods:]).sum(axis=-1))

    def _scores(self, values: Float) -> Float:
        """(U, T + p) sums over the untreated cells of a unit of values times period dummies and covariates."""
        weighted = self._untreated_weight * values
        return np.concatenate([weighted, np.einsum("ut,utp->up", weighted, self._x)], axis=1)

    def _moments(self, units: Int) -> Float:
        """(n, T + p, T + p) cross-products in the untreated cells of units, less unit means."""
        weight, x = self._untreated_weight[units], self._x[units]
        periods, p = x.shape[1:]
        moment = np.empty((len(units), periods + p, periods + p))
        moment[:, :periods, :periods] = within_moment(weight, np.ones((len(units), 1, periods)))
        moment[:, :periods, periods:] = weight[:, :, None] * x
        moment[:, periods:, :periods] = np.swapaxes(moment[:, :periods, periods:], 1, 2)
        moment[:, periods:, periods:] = np.einsum("ut,utp,utq->upq", weight, x, x)
        return moment

    @cached_property
    def _normal(self) -> tuple[Float, Float, Float]:
        """Inverse cross-product (q, q), null space (q, d), slopes (q,) of q = T + p period dummies and covariates."""
        weight, x = self._untreated_weight, self._x
        cross = np.einsum("ut,utp->tp", weight, x)
        periods = np.diag(weight.sum(axis=0)) - weight.T @ self._share
        gram = np.block([[periods, cross], [cross.T, np.einsum("ut,utp,utq->pq", weight, x, x)]])
        inverse, null = invert(gram)
        return inverse, null, inverse @ self._scores(self._gap).sum(axis=0)

    @cached_property
    def _residual(self) -> Float:
        """(U, T) outcome less prediction: the effect in a treated cell."""
        return np.asarray(self._gap - self._predict(self._normal[2]))

    @cached_property
    def _term(self) -> Int:
        """(U, T) position of the term that each cell belongs to, k for none."""
        return term_of_cell(self.design, self.start, self.period)

    @cached_property
    def _weight(self) -> Float:
        """(U, T) weight of each cell in its term; 0 where it belongs to none or cannot be predicted."""
        known: Bool = self.design.panel.observed & (self._term < len(self.start))
        known &= self._share.sum(axis=1, keepdims=True) > 0
        for direction in self._normal[1].T:
            known = known & (np.abs(self._predict(direction)) < _LOOSE)
        return np.where(known, self.design.panel.weight, 0.0)

    def left_out(self) -> tuple[Message, ...]:
        """Return a sentence about cells that cannot be predicted, in terms that rest on others."""
        wanted = self.design.panel.observed & np.append(np.isfinite(self.estimate), False)[self._term]
        if not (lost := int((wanted & (self._weight == 0)).sum())):
            return ()
        return (Alert("estimation.cells_not_predicted", n=lost),)

    def _by_term(self, values: Float) -> Float:
        """(G, k) sums of (U, T) values by cluster and term."""
        return sums_by_term(self.design, self._term, len(self.start), values)

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
        """(k, T + p) sum over the cells of each term of its weight times what the prediction takes from each slope."""
        pull = np.zeros((len(self.start), self._untreated_weight.shape[1]))
        for start in np.unique(self.start):
            units, terms = self.design.adopted == start, np.flatnonzero(self.start == start)
            pull[terms] = -(self._weight[units].T @ self._share[units])[self.period[terms]]
        pull[np.arange(len(self.start)), self.period] += self._size.sum(axis=0)
        x = [self._by_term(self._weight * self._x[:, :, j]).sum(axis=0) for j in range(len(self.covariates))]
        return np.column_stack([pull, *x])

    @cached_property
    def _slope(self) -> Float:
        """(T + p, k) weights on the scores of the untreated cells that stem from the slopes of the prediction."""
        return np.asarray(-self._normal[0] @ ratio(self._pull.T, self._size.sum(axis=0)))

    def influence(self) -> Float:
        """(G, k) weights of the cells of each cluster times residuals, or effects less a mean effect."""
        own = self._by_term(self._weight * self._residual) - self._size * self._mean_effect()
        first_stage = by_cluster(self.design, self._scores(self._residual) @ self._slope)
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
            waves = [self.design.cohort_label(step) for step in np.unique(self.start[alone])]
            raise InferenceError(Message("estimation.leave_out_alone", waves=waves))
        return ratio(total.sum(axis=0) - total, weight.sum(axis=0) - weight)

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means."""
        size = self._size.sum(axis=0)
        loadings = np.empty((len(self.start), *self._untreated_weight.shape))
        for j in range(len(self.start)):
            own = np.where(self._term == j, self._weight, 0.0)
            slope = self._untreated_weight * self._predict(self._slope[:, j])
            loadings[j] = ratio(own - own.sum(axis=1, keepdims=True) * self._share, size[j]) + slope
        return loadings

    def loadings_without(self, weights: Float) -> Float:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of the estimates without each cluster."""
        total = np.zeros((*weights.shape[:2], *self._untreated_weight.shape))
        each = np.nan_to_num(ratio(weights, self._left()[:, None, :]))
        each = np.concatenate([each, np.zeros((*weights.shape[:2], 1))], axis=2)  # cells of no term
        for clusters, root, left, whole in self._deletions():
            for c, own_left, known in zip(clusters, left, whole, strict=True):
                rest = self.design.cluster != c
                if known:
                    total[c][:, rest] = self._loadings_of(each[c], root @ np.linalg.solve(own_left, root.T), rest)
                else:
                    total[c][:, rest] = np.tensordot(weights[c], np.nan_to_num(self._again(int(c)).loadings()), axes=1)
        return total

    def _loadings_of(self, each: Float, inverse: Float, units: Bool) -> Float:
        """(m, n, T) weights on the cells of units, for weights (m, k + 1) of a cell by term and an inverse (q, q)."""
        own = each[:, self._term[units]] * self._weight[units]
        share, of_unit = self._share[units], own.sum(axis=2)
        on_x = np.einsum("mnt,ntp->mp", own, self._x[units])
        slope = -np.concatenate([own.sum(axis=1) - of_unit @ share, on_x], axis=1) @ inverse
        on_period = slope[:, : share.shape[1]]
        first = on_period[:, None, :] - (on_period @ share.T)[:, :, None]
        if self.covariates:
            first = first + np.einsum("mp,ntp->mnt", slope[:, share.shape[1] :], self._x[units])
        return np.asarray(own - of_unit[:, :, None] * share + self._untreated_weight[units] * first)

    def _left(self) -> Float:
        """(G, k) weight of each term without each cluster."""
        size = self._size.sum(axis=0)
        return np.where(size - self._size > 1e-12 * size, size - self._size, 0.0)

    def _again(self, cluster: int) -> ImputationFit:
        return replace(self, design=self.design.without(cluster))

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster."""
        slopes, whole = self._slopes_without()
        own = self._by_term(self._weight * (self._gap - self._predict(slopes[self.design.cluster])))
        all_of_them = self._by_term(self._weight * self._gap).sum(axis=0) - slopes @ self._pull.T
        deleted = ratio(all_of_them - own, self._left())
        for cluster in np.flatnonzero(~whole):
            deleted[cluster] = self._again(int(cluster)).estimate
        return deleted

    def _slopes_without(self) -> tuple[Float, Bool]:
        """(G, T + p) slopes without each cluster, and whether (G,) the other clusters identify them as well."""
        score = by_cluster(self.design, self._scores(self._gap))
        slopes, known = np.zeros_like(score), np.zeros(len(score), dtype=np.bool_)
        for clusters, root, left, whole in self._deletions():
            right = (score.sum(axis=0) - score[clusters]) @ root
            slopes[clusters] = np.linalg.solve(left, right[:, :, None])[:, :, 0] @ root.T
            known[clusters] = whole
        return slopes, known

    def _deletions(self) -> Iterator[tuple[Int, Float, Float, Bool]]:
        """Blocks of n clusters, the (q, r) root of the inverse, what is left of it without each, and whether all is.

        With `left` (n, r, r) the inverse cross-product without a cluster is ``root @ inv(left) @ root.T``.
        """
        root = root_of(self._normal[0])
        clusters, q = len(self.design.clusters), len(root)
        block = max(1, 20_000_000 // q**2)
        for first in range(0, clusters, block):
            chosen = np.arange(first, min(first + block, clusters))
            units = np.flatnonzero((self.design.cluster >= first) & (self.design.cluster < first + block))
            moment = np.zeros((len(chosen), q, q))
            np.add.at(moment, self.design.cluster[units] - first, self._moments(units))
            left = np.eye(root.shape[1]) - root.T @ moment @ root
            whole = np.linalg.eigvalsh(left).min(axis=1, initial=1.0) > _GONE
            left[~whole] = np.eye(root.shape[1])
            yield chosen, root, left, whole
