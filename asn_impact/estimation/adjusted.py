"""Comparisons given covariates: regression, inverse probability weighting, doubly robust (Sant'Anna and Zhao 2020).

All six estimators (three methods, pairs or cross-sections) are signed sums of weighted means of an outcome plus fitted
values. The weights of the comparison units may hold the odds of treatment from a logit, the fitted values come from
weighted least squares. One engine gives the estimate, its influence, its weights on the outcome and its value without
each cluster; the estimators are short lists of parts, and without covariates only the means are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float, Int
from asn_impact.estimation.clusters import cluster_sums

AdjustBy: TypeAlias = Literal["regression", "ipw", "doubly_robust"]
Recipe: TypeAlias = AdjustBy | Literal["none"]

_TRIM = 0.995  # controls with a higher probability of treatment get no weight (did, DRDID: trim.level)
_OVERLAP = 0.999  # a comparison with a control of a higher probability is not estimable (did: with anybody)
_SINGULAR = 1e-10  # smallest eigenvalue of a cross-product in units of its diagonal below which it counts as singular
_MOST = 500.0  # logarithm of the largest odds: exp would overflow
_LOGIT_STEP = 1e-8  # Newton converges quadratically: a step this small leaves an error of rounding
_LOGIT_STEPS = 100
_HALVINGS = 40
_NO_WORSE = 1e-12  # share of a log-likelihood that is rounding
_BLOCK = 4_000_000  # numbers in one block of leave-one-out logits


@dataclass(frozen=True, eq=False)
class Rows:
    """The n rows of comparisons that share their units and weights."""

    x: Float  #: (n, q) intercept and covariates
    treated: Bool  #: (n,) True for the cohort
    weight: Float  #: (n,) weights
    cluster: Int  #: (n,) position of the cluster
    #: (n,) True in the later cross-section; None when rows are units seen in both periods and outcomes are changes.
    after: Bool | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """A signed weighted mean of ``own * outcome + sum of fitted values``."""

    sign: int  #: +1 or -1
    weight: Float  #: (n,) weights, before the odds
    odds: bool = False  #: whether the weights are multiplied by the odds of treatment
    own: int = 1  #: 1 where the outcome itself enters, 0 where only fitted values do
    fitted: dict[str, int] = field(default_factory=dict)  #: name of a regression -> the factor of its fitted values


def parts_of(rows: Rows, method: Recipe) -> tuple[Part, ...]:
    """Return the parts of an estimator, for pairs or cross-sections: DRDID's `reg_did`, `std_ipw_did`, `drdid`."""
    cohort, control = rows.weight * rows.treated, rows.weight * ~rows.treated
    odds, fitted = method in ("ipw", "doubly_robust"), method in ("regression", "doubly_robust")
    if rows.after is None:
        less = {"control": -1} if fitted else {}
        treated = Part(1, cohort, fitted=less)
        return (treated,) if method == "regression" else (treated, Part(-1, control, odds=odds, fitted=less))
    after, before = rows.after, ~rows.after
    if method == "regression":
        change = {"control after": 1, "control before": -1}
        return Part(1, cohort * after), Part(-1, cohort * before), Part(-1, cohort, own=0, fitted=change)
    late, early = ({"control after": -1}, {"control before": -1}) if fitted else ({}, {})
    weighted = (
        Part(1, cohort * after, fitted=late),
        Part(-1, cohort * before, fitted=early),
        Part(-1, control * after, odds=odds, fitted=late),
        Part(1, control * before, odds=odds, fitted=early),
    )
    if not fitted:
        return weighted
    # their locally efficient estimator: covariates of the treated in both periods count
    late, early = {"treated after": 1, **late}, {"treated before": 1, **early}
    return (
        *weighted,
        Part(1, cohort, own=0, fitted=late),
        Part(-1, cohort * after, own=0, fitted=late),
        Part(-1, cohort, own=0, fitted=early),
        Part(1, cohort * before, own=0, fitted=early),
    )


@dataclass(frozen=True, eq=False)
class Adjusted:
    """One estimator on rows, to be called with (n, k) outcomes.

    Given the odds of treatment every one of these estimators is linear in the outcome: `loading` holds those weights.
    """

    rows: Rows
    method: Recipe
    clusters: int

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The signed means."""
        return parts_of(self.rows, self.method)

    @cached_property
    def regressions(self) -> dict[str, Float]:
        """(n,) weights of each regression that a part needs."""
        rows = self.rows
        after = np.ones(len(rows.weight), dtype=np.bool_) if rows.after is None else rows.after
        members = {
            "control": ~rows.treated,
            "control after": ~rows.treated & after,
            "control before": ~rows.treated & ~after,
            "treated after": rows.treated & after,
            "treated before": rows.treated & ~after,
        }
        return {name: rows.weight * members[name] for name in sorted({n for part in self.parts for n in part.fitted})}

    @property
    def uses_odds(self) -> bool:
        """Whether a logit of treatment is part of the estimator."""
        return any(part.odds for part in self.parts)

    @cached_property
    def coefficients(self) -> Float:
        """(q,) coefficients of the logit of treatment; NaN where treatment can be told from the covariates."""
        rows = self.rows
        return np.asarray(logit(rows.x, rows.treated, rows.weight[:, None], np.zeros((1, rows.x.shape[1])))[0])

    @cached_property
    def unweighted(self) -> Float:
        """(q,) coefficients of the logit in which all rows count alike: overlap is a matter of who there is."""
        rows = self.rows
        if self.weighs_alike:
            return self.coefficients
        counted = (rows.weight > 0).astype(np.float64)[:, None]
        return np.asarray(logit(rows.x, rows.treated, counted, np.zeros((1, rows.x.shape[1])))[0])

    @cached_property
    def weighs_alike(self) -> bool:
        """Whether all rows that count have one weight."""
        weight = self.rows.weight[self.rows.weight > 0]
        return not weight.size or bool(np.ptp(weight) <= 1e-12 * weight.max())

    @cached_property
    def _inverse(self) -> dict[str, Float]:
        """(q, q) inverse cross-product of each regression; NaN where it is singular."""
        return {name: _invert(_gram(self.rows.x, weight)[None])[0] for name, weight in self.regressions.items()}

    @cached_property
    def _shares(self) -> tuple[Float, ...]:
        """(n,) weights of each mean, which sum to one; NaN where nothing carries weight."""
        odds = (
            odds_of(self.rows, self.coefficients[None], self.unweighted[None])[:, 0] if self.uses_odds else np.ones(0)
        )
        raw = [part.weight * odds if part.odds else part.weight for part in self.parts]
        return tuple(weight / total if (total := weight.sum()) > 0 else np.full(len(weight), np.nan) for weight in raw)

    @cached_property
    def _pull(self) -> dict[str, Float]:
        """(n,) weights of the outcomes in the estimate by way of each regression."""
        reach = {name: np.zeros(self.rows.x.shape[1]) for name in self.regressions}
        for part, share in zip(self.parts, self._shares, strict=True):
            for name, factor in part.fitted.items():
                reach[name] = reach[name] + part.sign * factor * (self.rows.x.T @ share)
        return {name: self.regressions[name] * (self.rows.x @ (self._inverse[name] @ reach[name])) for name in reach}

    @cached_property
    def loading(self) -> Float:
        """(n,) weights of the estimate on the outcome; NaN throughout where it is not estimable."""
        means = [part.sign * part.own * share for part, share in zip(self.parts, self._shares, strict=True)]
        return np.asarray(np.sum([*means, *self._pull.values()], axis=0))

    @property
    def estimable(self) -> bool:
        """Whether there are weights to estimate with."""
        return bool(np.isfinite(self.loading).all()) and len(self.loading) > 0

    def influence(self, outcome: Float) -> Float:
        """(G, k) influence by cluster."""
        return cluster_sums(self.rows.cluster, self.clusters, self.row_influence(outcome))

    def row_influence(self, outcome: Float) -> Float:
        """(n, k) influence of each row: of the means, of the regressions and of the logit."""
        if self.method == "none" and self.rows.after is None:
            return self._from_means(outcome)
        rows, x = self.rows, self.rows.x
        slopes = {n: self._inverse[n] @ (x.T @ (weight[:, None] * outcome)) for n, weight in self.regressions.items()}
        total = np.zeros_like(outcome)
        turn = np.zeros((x.shape[1], outcome.shape[1]))
        for part, share in zip(self.parts, self._shares, strict=True):
            value = outcome if part.own else np.zeros_like(outcome)
            for name, factor in part.fitted.items():
                value = value + x @ (factor * slopes[name])
            deviation = (part.sign * share)[:, None] * (value - share @ value)
            total += deviation
            if part.odds:
                turn += x.T @ deviation
        for name, pull in self._pull.items():
            total += pull[:, None] * (outcome - x @ slopes[name])
        if self.uses_odds:
            chance = scipy.special.expit(x @ self.coefficients)
            curvature = _invert(_gram(x, rows.weight * chance * (1 - chance))[None])[0]
            total += (rows.weight * (rows.treated - chance))[:, None] * (x @ (curvature @ turn))
        return total

    def _from_means(self, outcome: Float) -> Float:
        """(n, k) distance of each row from the mean of its side, the treated or the controls, times its weight."""
        treated, control = (share @ outcome for share in self._shares)
        away = outcome - np.stack([control, treated])[self.rows.treated.astype(np.int64)]
        away *= self.loading[:, None]
        return away

    def loading_without(self) -> Float:
        """(G, n) weights on the outcome without each cluster, for means alone: the shares of the others grow."""
        cluster, others = self.rows.cluster, self.rows.cluster[None, :] != np.arange(self.clusters)[:, None]
        total = np.zeros(others.shape)
        for part in self.parts:
            mass = part.weight.sum() - np.bincount(cluster, part.weight, minlength=self.clusters)
            kept = others & (mass > 1e-12 * part.weight.sum())[:, None]
            total += part.sign * np.divide(part.weight, mass[:, None], out=np.zeros_like(total), where=kept)
        return total

    def leave_one_out(self, outcome: Float) -> Float:
        """(G, k) the estimates without each cluster: regressions in closed form, the logit again from where it was."""
        present, position = np.unique(self.rows.cluster, return_inverse=True)
        everywhere = np.tile(self.loading @ outcome, (self.clusters, 1))
        if len(present):
            everywhere[present] = Deletion(self, outcome, position, len(present)).estimate()
        return everywhere


@dataclass(frozen=True, eq=False)
class Deletion:
    """An estimator without each of the g clusters that are present, one at a time."""

    full: Adjusted
    outcome: Float
    position: Int
    count: int

    def estimate(self) -> Float:
        """(g, k) the estimates."""
        slopes = {name: self._slopes(weight) for name, weight in self.full.regressions.items()}
        weighted = iter(self._sum_weighted()) if self.full.uses_odds else iter(())
        q = self.full.rows.x.shape[1]
        total = np.zeros((self.count, self.outcome.shape[1]))
        for part in self.full.parts:
            sums = next(weighted) if part.odds else self._plain(part.weight)
            value = part.own * sums[:, 1 + q :]
            for name, factor in part.fitted.items():
                value = value + factor * np.einsum("gq,gqk->gk", sums[:, 1 : 1 + q], slopes[name])
            total += part.sign * value / sums[:, :1]
        return total

    def _slopes(self, weight: Float) -> Float:
        """(g, q, k) coefficients of a regression."""
        x = self.full.rows.x
        n, q = x.shape
        weighted = weight[:, None] * x
        gram = self._left((weighted[:, :, None] * x[:, None, :]).reshape(n, q * q))
        score = self._left((weighted[:, :, None] * self.outcome[:, None, :]).reshape(n, -1))
        return np.asarray(_invert(gram.reshape(-1, q, q)) @ score.reshape(self.count, q, -1))

    def _left(self, values: Float) -> Float:
        return np.asarray(values.sum(axis=0) - cluster_sums(self.position, self.count, values))

    def _plain(self, weight: Float) -> Float:
        """(g, 1 + q + k) weight, weighted regressors and outcomes of a mean; weight NaN where none is left."""
        columns = [np.ones((len(weight), 1)), self.full.rows.x, self.outcome]
        left = self._left(weight[:, None] * np.concatenate(columns, axis=1))
        left[:, 0] = np.where(left[:, 0] > 1e-12 * weight.sum(), left[:, 0], np.nan)
        return left

    def _sum_weighted(self) -> list[Float]:
        """(g, 1 + q + k) the same for each part with odds, the logit estimated again."""
        block = max(1, _BLOCK // len(self.position))
        starts = range(0, self.count, block)
        blocks = [self._block(np.arange(first, min(first + block, self.count))) for first in starts]
        return [np.concatenate(pieces) for pieces in zip(*blocks, strict=True)]

    def _block(self, left_out: Int) -> list[Float]:
        rows = self.full.rows
        kept = self.position[:, None] != left_out[None, :]
        start = np.tile(self.full.coefficients, (len(left_out), 1))
        coefficients = logit(rows.x, rows.treated, rows.weight[:, None] * kept, start)
        unweighted = coefficients
        if not self.full.weighs_alike:
            start = np.tile(self.full.unweighted, (len(left_out), 1))
            unweighted = logit(rows.x, rows.treated, (rows.weight > 0)[:, None] * kept, start)
        odds = odds_of(rows, coefficients, unweighted, kept)
        columns = np.concatenate([rows.x, self.outcome], axis=1)
        sums = []
        for part in self.full.parts:
            if part.odds:
                weight = part.weight[:, None] * odds
                mass = weight.sum(axis=0)
                sums.append(np.column_stack([np.where(mass > 0, mass, np.nan), weight.T @ columns]))
        return sums


def logit(x: Float, treated: Bool, weight: Float, start: Float) -> Float:
    """Return (B, q) coefficients of B logits of (n,) treatment on (n, q) regressors with (n, B) weights.

    Newton's steps are halved until the likelihood rises: it has one peak, so they find it from any start. NaN where a
    step cannot be taken: no weight on one side, regressors without variation of their own.
    """
    coefficients = start.copy()
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
    both = ((weight * treated[:, None]).sum(axis=0) > 0) & ((weight * ~treated[:, None]).sum(axis=0) > 0)
    coefficients[~both] = np.nan
    going: Bool = both.copy()
    for _ in range(_LOGIT_STEPS):
        if not going.any():
            break
        w, index = weight[:, going], x @ coefficients[going].T
        chance = scipy.special.expit(index)
        gradient = (w * (treated[:, None] - chance)).T @ x
        hessian = ((w * (chance * (1 - chance))).T @ products).reshape(-1, x.shape[1], x.shape[1])
        step = (_invert(hessian) @ gradient[:, :, None])[:, :, 0]
        coefficients[going] += step * _uphill(treated, w, index, x @ step.T)[:, None]
        going[going] = np.abs(step).max(axis=1) > _LOGIT_STEP  # also stops where the step is NaN
    coefficients[going] = np.nan  # not settled: treatment can be told from the covariates
    again = both & np.isnan(coefficients).any(axis=1) & start.any(axis=1)
    if again.any():  # far from the peak the likelihood is flat; zero is never far
        coefficients[again] = logit(x, treated, weight[:, again], np.zeros((int(again.sum()), x.shape[1])))
    return coefficients


def _uphill(treated: Bool, weight: Float, index: Float, change: Float) -> Float:
    """(B,) shares of the changes (n, B) of the index at which the likelihood is no lower than before."""
    before, change = _likelihood(treated, weight, index), np.nan_to_num(change)
    share = np.ones(index.shape[1])
    for _ in range(_HALVINGS):
        lower = _likelihood(treated, weight, index + share * change) < before - _NO_WORSE * np.abs(before)
        if not lower.any():
            break
        share[lower] /= 2
    return share


def _likelihood(treated: Bool, weight: Float, index: Float) -> Float:
    """(B,) log-likelihoods of treatment."""
    return np.asarray((weight * (treated[:, None] * index - np.logaddexp(0.0, index))).sum(axis=0))


def odds_of(rows: Rows, coefficients: Float, unweighted: Float, kept: Bool | None = None) -> Float:
    """Return (n, B) odds of treatment for (B, q) logits; 0 where trimmed or not kept, all NaN without overlap.

    There is overlap where no control is all but sure to be treated, by the logit in which all rows count alike: heavy
    units are not more alike. A treated unit that is all but sure to be treated lends its odds to nobody.
    """
    counted = (rows.weight > 0)[:, None] if kept is None else kept & (rows.weight > 0)[:, None]
    controls = np.where(counted & ~rows.treated[:, None], scipy.special.expit(rows.x @ unweighted.T), 0.0)
    highest = np.max(controls, axis=0, initial=0.0)
    index = np.minimum(rows.x @ coefficients.T, _MOST)
    odds = np.where(counted & ~rows.treated[:, None] & (controls < _TRIM), np.exp(index), 0.0)
    return np.where((highest < _OVERLAP) & np.isfinite(coefficients).all(axis=1), odds, np.nan)


def _gram(x: Float, weight: Float) -> Float:
    """(q, q) weighted cross-product of (n, q) regressors."""
    return np.asarray(x.T @ (weight[:, None] * x))


def _invert(gram: Float) -> Float:
    """(B, q, q) inverses of symmetric positive definite matrices; NaN where one is singular."""
    usable: Bool = np.asarray(np.isfinite(gram).all(axis=(1, 2)))
    size = np.diagonal(np.where(usable[:, None, None], gram, 0.0), axis1=1, axis2=2)
    usable &= (size > 0).all(axis=1)
    scale = np.sqrt(np.where(usable[:, None], size, 1.0))
    unit = gram / scale[:, :, None] / scale[:, None, :]
    unit = np.where(usable[:, None, None], unit, np.eye(gram.shape[1]))
    usable &= np.linalg.eigvalsh(unit)[:, 0] > _SINGULAR
    unit = np.where(usable[:, None, None], unit, np.eye(gram.shape[1]))
    inverse = np.linalg.inv(unit) / scale[:, :, None] / scale[:, None, :]
    return np.where(usable[:, None, None], inverse, np.nan)
