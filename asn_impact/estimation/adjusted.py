"""Comparisons given covariates: regression, inverse probability weighting, doubly robust (Sant'Anna and Zhao 2020).

All six estimators (three methods, pairs or cross-sections) are signed sums of weighted means of an outcome plus fitted
values. The weights of the comparison units may hold the odds of treatment from a logit, the fitted values come from
weighted least squares. One engine gives the estimate, its influence, its weights on the outcome and its value without
each cluster; the estimators are short lists of parts, and without covariates only the means are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from scipy import sparse
from scipy.special import expit

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.effects import Fit
from asn_impact.words import Alert, Message, paragraph

__all__ = [
    "AdjustBy",
    "Adjusted",
    "AdjustedFit",
    "Comparison",
    "Part",
    "Rows",
    "by_cluster",
    "cluster_sums",
    "covariates_of",
    "ratio",
]

AdjustBy: TypeAlias = Literal["regression", "ipw", "doubly_robust"]
_Recipe: TypeAlias = AdjustBy | Literal["none"]

_TRIM = 0.995  # comparison units with a higher probability of treatment get no weight (did, DRDID: trim.level)
_OVERLAP = 0.999  # a comparison with a higher probability anywhere is not estimable (did)
_SINGULAR = 1e-10  # smallest eigenvalue of a cross-product in units of its diagonal below which it counts as singular
_LOGIT_STEP = 1e-8  # Newton converges quadratically: a step this small leaves an error of rounding
_LOGIT_STEPS = 60
_BLOCK = 4_000_000  # numbers in one block of leave-one-out logits


@dataclass(frozen=True, eq=False)
class Rows:
    """The n rows of comparisons that share their units and weights.

    Attributes
    ----------
    x
        (n, q) intercept and covariates.
    treated
        (n,) True for the cohort.
    weight
        (n,) weights.
    cluster
        (n,) position of the cluster.
    after
        (n,) True in the later cross-section; None when rows are units seen in both periods and outcomes are changes.
    """

    x: Float
    treated: Bool
    weight: Float
    cluster: Int
    after: Bool | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """A signed weighted mean of ``own * outcome + sum of fitted values``.

    Attributes
    ----------
    sign
        +1 or -1.
    weight
        (n,) weights, before the odds.
    odds
        Whether the weights are multiplied by the odds of treatment.
    own
        1 where the outcome itself enters, 0 where only fitted values do.
    fitted
        Name of a regression -> the factor of its fitted values.
    """

    sign: int
    weight: Float
    odds: bool = False
    own: int = 1
    fitted: dict[str, int] = field(default_factory=dict)


def parts_of(rows: Rows, method: _Recipe) -> tuple[Part, ...]:
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
    method: _Recipe
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
        share = float(np.clip((rows.weight * rows.treated).sum() / max(rows.weight.sum(), 1e-300), 1e-12, 1 - 1e-12))
        start = np.zeros((1, rows.x.shape[1]))
        start[0, 0] = np.log(share / (1 - share))
        return np.asarray(logit(rows.x, rows.treated, rows.weight[:, None], start)[0])

    @cached_property
    def _inverse(self) -> dict[str, Float]:
        """(q, q) inverse cross-product of each regression; NaN where it is singular."""
        return {name: _inverted(_gram(self.rows.x, weight)[None])[0] for name, weight in self.regressions.items()}

    @cached_property
    def _shares(self) -> tuple[Float, ...]:
        """(n,) weights of each mean, which sum to one; NaN where nothing carries weight."""
        odds = odds_of(self.rows, self.coefficients[None])[:, 0] if self.uses_odds else np.ones(0)
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
            chance = expit(x @ self.coefficients)
            curvature = _inverted(_gram(x, rows.weight * chance * (1 - chance))[None])[0]
            total += (rows.weight * (rows.treated - chance))[:, None] * (x @ (curvature @ turn))
        return total

    def _from_means(self, outcome: Float) -> Float:
        """(n, k) distance of each row from the mean of its side, the treated or the controls, times its weight."""
        treated, control = (share @ outcome for share in self._shares)
        away = outcome - np.stack([control, treated])[self.rows.treated.astype(np.int64)]
        away *= self.loading[:, None]
        return away

    def rescaled(self) -> Float:
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
        weighted = iter(self._weighted()) if self.full.uses_odds else iter(())
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
        return np.asarray(_inverted(gram.reshape(-1, q, q)) @ score.reshape(self.count, q, -1))

    def _left(self, values: Float) -> Float:
        return np.asarray(values.sum(axis=0) - cluster_sums(self.position, self.count, values))

    def _plain(self, weight: Float) -> Float:
        """(g, 1 + q + k) weight, weighted regressors and outcomes of a mean; weight NaN where none is left."""
        columns = [np.ones((len(weight), 1)), self.full.rows.x, self.outcome]
        left = self._left(weight[:, None] * np.concatenate(columns, axis=1))
        left[:, 0] = np.where(left[:, 0] > 1e-12 * weight.sum(), left[:, 0], np.nan)
        return left

    def _weighted(self) -> list[Float]:
        """(g, 1 + q + k) the same for each part with odds, the logit estimated again."""
        block = max(1, _BLOCK // len(self.position))
        starts = range(0, self.count, block)
        blocks = [self._block(np.arange(first, min(first + block, self.count))) for first in starts]
        return [np.concatenate(pieces) for pieces in zip(*blocks, strict=True)]

    def _block(self, left_out: Int) -> list[Float]:
        rows = self.full.rows
        kept = self.position[:, None] != left_out[None, :]
        start = np.tile(self.full.coefficients, (len(left_out), 1))
        odds = odds_of(rows, logit(rows.x, rows.treated, rows.weight[:, None] * kept, start), kept)
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

    NaN where a step cannot be taken: no weight on one side, regressors without variation of their own.
    """
    coefficients = start.copy()
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    both = ((weight * treated[:, None]).sum(axis=0) > 0) & ((weight * ~treated[:, None]).sum(axis=0) > 0)
    coefficients[~both] = np.nan
    going: Bool = np.asarray(both)
    for _ in range(_LOGIT_STEPS):
        if not going.any():
            break
        w = weight[:, going]
        chance = expit(x @ coefficients[going].T)
        gradient = (w * (treated[:, None] - chance)).T @ x
        hessian = ((w * (chance * (1 - chance))).T @ products).reshape(-1, x.shape[1], x.shape[1])
        step = (_inverted(hessian) @ gradient[:, :, None])[:, :, 0]
        coefficients[going] += step
        going[going] = np.abs(step).max(axis=1) > _LOGIT_STEP  # also stops where the step is NaN
    coefficients[going] = np.nan  # not settled: treatment can be told from the covariates
    return coefficients


def odds_of(rows: Rows, coefficients: Float, kept: Bool | None = None) -> Float:
    """Return (n, B) odds of treatment for (B, q) logits; 0 where trimmed or not kept, all NaN without overlap."""
    chance = expit(rows.x @ coefficients.T)
    counted = (rows.weight > 0)[:, None] if kept is None else kept & (rows.weight > 0)[:, None]
    highest = np.max(np.where(counted, chance, 0.0), axis=0, initial=0.0)
    trimmed = np.where(counted & (chance < _TRIM), chance, 0.0)
    odds = trimmed / (1 - trimmed)
    return np.where(highest < _OVERLAP, odds, np.nan)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One cohort against its controls in each of its periods: (U,) cohort, (k,) period and base, (U, k) controls."""

    position: int
    cohort: Bool
    period: Int
    base: Int
    controls: Bool


def cluster_sums(cluster: Int, clusters: int, values: Float) -> Float:
    """Return (G, m) sums over the clusters of (n, m) values."""
    counts = np.bincount(cluster, minlength=clusters)
    if counts.max(initial=0) <= 1:
        if len(cluster) == clusters and (cluster == np.arange(clusters)).all():
            return values
        total = np.zeros((clusters, values.shape[1]))
        total[cluster] = values
        return total
    n = len(cluster)
    one_hot = sparse.csr_matrix((np.ones(n), (cluster, np.arange(n))), shape=(clusters, n))
    return np.asarray(one_hot @ values)


def by_cluster(design: Design, values: Float) -> Float:
    """(G, k) sums of (U, k) values."""
    return cluster_sums(design.cluster, len(design.clusters), values)


def ratio(numerator: Float, denominator: Float) -> Float:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.asarray(np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator > 0))


def _gram(x: Float, weight: Float) -> Float:
    """(q, q) weighted cross-product of (n, q) regressors."""
    return np.asarray(x.T @ (weight[:, None] * x))


def _inverted(gram: Float) -> Float:
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


@dataclass(frozen=True, eq=False)
class Group:
    """Terms of one comparison that share their rows: which terms, and where their outcomes stand in the panel.

    `column` holds the (n,) periods of the rows of cross-sections; it is None for changes from `base` to each `period`.
    """

    terms: Int
    unit: Int
    column: Int | None
    period: Int
    base: int
    adjusted: Adjusted

    def outcome(self, mean: Float) -> Float:
        """(n, k) changes or levels of the outcome."""
        if self.column is not None:
            return np.asarray(mean[self.unit, self.column][:, None])
        rows = mean.take(self.unit, axis=0)
        return np.asarray(rows[:, self.period] - rows[:, [self.base]])

    def estimate(self, mean: Float) -> Float:
        """(k,) the estimates."""
        if self.column is not None:
            return np.asarray(self.adjusted.loading @ self.outcome(mean))
        by_period = self.adjusted.loading @ mean.take(self.unit, axis=0)
        return np.asarray(by_period[self.period] - by_period[self.base])


@dataclass(frozen=True, eq=False)
class AdjustedFit(Fit):
    """Group-time effects given (U, T, p) covariates, or none: all of `Fit`.

    Pairs take the covariates of the base period, cross-sections those of each cell's own period.
    """

    design: Design
    comparisons: tuple[Comparison, ...]
    sample: str
    method: _Recipe
    covariates: Float

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The comparisons, those with the same rows together: their logit is estimated once."""
        make = self._pairs if self.sample == "pairs" else self._cross_sections
        first = np.cumsum([0, *(len(comparison.period) for comparison in self.comparisons)])
        return tuple(group for c, start in zip(self.comparisons, first, strict=False) for group in make(c, int(start)))

    @cached_property
    def _mean(self) -> Float:
        """(U, T) outcomes less their mean, 0 where not observed: no estimate depends on the level."""
        seen = self._seen
        outcome = np.asarray(self.design.panel.mean)
        if seen.all():
            return np.asarray(outcome - outcome.mean())
        return np.where(seen, outcome - outcome[seen].mean(), 0.0)

    @cached_property
    def _seen(self) -> Bool:
        return self.design.panel.observed

    @cached_property
    def estimate(self) -> Float:
        """(k,) the estimates; NaN where not estimable."""
        estimate = np.full(sum(len(comparison.period) for comparison in self.comparisons), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                estimate[group.terms] = group.estimate(self._mean)
        return estimate

    def influence(self) -> Float:
        """(G, k) influence by cluster."""
        values = np.full((len(self.design.clusters), len(self.estimate)), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                values[:, group.terms] = group.adjusted.influence(group.outcome(self._mean))
        return values

    def influence_of(self, weights: Float) -> Float:
        """(G, m) influence of (m, k) weighted sums of estimates: ``influence() @ weights.T`` without the (G, k)."""
        total = np.zeros((len(weights), len(self.design.clusters)))
        for group in self.groups:
            some = weights[:, group.terms]
            if some.any() and group.adjusted.estimable:
                own = group.adjusted.row_influence(group.outcome(self._mean))
                for j in np.flatnonzero(some.any(axis=1)):
                    total[j] += np.bincount(group.adjusted.rows.cluster, own @ some[j], minlength=total.shape[1])
        return total.T

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster, the logits estimated again."""
        values = np.full((len(self.design.clusters), len(self.estimate)), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                values[:, group.terms] = group.adjusted.leave_one_out(group.outcome(self._mean))
        return values

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given the estimated odds of treatment."""
        block = np.zeros((len(self.estimate), *self.design.panel.mean.shape))
        for group in self.groups:
            loading = group.adjusted.loading
            for term, period in zip(group.terms, group.period, strict=True):
                if not group.adjusted.estimable:
                    block[term] = np.nan
                elif group.column is None:
                    block[term, group.unit, period] += loading
                    block[term, group.unit, group.base] -= loading
                else:
                    block[term, group.unit, group.column] += loading
        return block

    def loadings_without(self, weights: Float) -> Float | None:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of estimates, without each cluster in turn.

        Closed for changes without covariates, where leaving out a cluster only rescales the shares; None otherwise.
        """
        if self.method != "none" or self.sample != "pairs":
            return None
        periods = self.design.panel.mean.shape[1]
        total = np.zeros((*weights.shape[:2], *self.design.panel.mean.shape))
        for group in self.groups:
            if not group.adjusted.estimable:
                continue
            own = weights[:, :, group.terms]
            rows = np.flatnonzero(own.any(axis=(0, 2)))
            by_period = np.zeros((len(own), len(rows), periods))
            by_period[:, :, group.period] = own[:, rows]
            by_period[:, :, group.base] = -own[:, rows].sum(axis=2)
            added = np.einsum("gn,gmt->gmnt", group.adjusted.rescaled(), by_period)
            total[:, rows[:, None], group.unit] += added
        return total

    def _pairs(self, comparison: Comparison, first: int) -> Iterator[Group]:
        seen = self._seen
        chosen = comparison.cohort[:, None] | comparison.controls
        if not seen.all():
            chosen = chosen & seen[:, comparison.period] & seen[:, comparison.base]
        together: dict[tuple[int, bytes], list[int]] = {}
        for j, base in enumerate(comparison.base):
            together.setdefault((int(base), chosen[:, j].tobytes()), []).append(j)
        for (base, _), columns in together.items():
            unit = np.flatnonzero(chosen[:, columns[0]])
            rows = self._rows(comparison, unit, np.full(len(unit), base))
            yield Group(first + np.array(columns), unit, None, comparison.period[columns], base, self._adjusted(rows))

    def _cross_sections(self, comparison: Comparison, first: int) -> Iterator[Group]:
        seen = self._seen
        for j, (period, base) in enumerate(zip(comparison.period, comparison.base, strict=True)):
            chosen = comparison.cohort | comparison.controls[:, j]
            late, early = (np.flatnonzero(chosen & seen[:, t]) for t in (period, base))
            unit, column = np.concatenate([late, early]), np.repeat([period, base], [len(late), len(early)])
            rows = replace(self._rows(comparison, unit, column), after=column == period)
            yield Group(np.array([first + j]), unit, column, np.array([period]), int(base), self._adjusted(rows))

    def _rows(self, comparison: Comparison, unit: Int, column: Int) -> Rows:
        return Rows(
            x=_regressors(self.covariates[unit, column]),
            treated=comparison.cohort[unit],
            weight=self.design.panel.weight[unit, column],
            cluster=self.design.cluster[unit],
        )

    def _adjusted(self, rows: Rows) -> Adjusted:
        return Adjusted(rows, self.method, len(self.design.clusters))


def _regressors(covariates: Float) -> Float:
    """(n, 1 + p) intercept and covariates, centred and scaled: the same span, better numbers."""
    if not covariates.size:
        return np.ones((len(covariates), 1 + covariates.shape[1]))
    centred = covariates - covariates.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    flat = ~(spread > 1e-12 * np.abs(covariates).max(axis=0))
    scaled = np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))
    return np.concatenate([np.ones((len(covariates), 1)), scaled], axis=1)


def covariates_of(design: Design, names: tuple[str, ...]) -> tuple[Float, tuple[Message, ...]]:
    """Return (U, T, p) covariates by name and a sentence about those left out because others explain them.

    A name is looked up among the covariates of the panel, then among the numeric attributes of the units.

    Raises
    ------
    EstimationError
        A name does not exist or is not numeric, or a covariate is the treatment itself.
    """
    columns = np.stack([_column(design, name) for name in names], axis=2)
    seen = design.panel.observed & np.isfinite(columns).all(axis=2)
    for j, name in enumerate(names):
        _refuse_treatment(design, columns[:, :, j], seen, name)
    kept: list[int] = []
    basis = np.ones((int(seen.sum()), 1)) / np.sqrt(max(int(seen.sum()), 1))
    for j in range(len(names)):
        column = columns[:, :, j][seen]
        centred = column - column.mean() if len(column) else column
        rest = centred - basis @ (basis.T @ centred)
        rest -= basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-9 * float(np.linalg.norm(column)):
            kept.append(j)
            basis = np.concatenate([basis, (rest / size)[:, None]], axis=1)
    if not kept:
        raise EstimationError(Message("estimation.adjust_constant", names=repr(names)))
    dropped = [name for j, name in enumerate(names) if j not in kept]
    return columns[:, :, kept], (Alert("estimation.adjust_dropped", names=dropped),) if dropped else ()


def _column(design: Design, name: str) -> Float:
    panel = design.panel
    if name in panel.covariates:
        return np.asarray(panel.x[:, :, panel.covariates.index(name)])
    attributes = panel.attributes
    numeric = [str(c) for c in attributes.columns if attributes[c].dtype.kind in "biuf"]
    if name not in numeric:
        known = [*panel.covariates, *numeric]
        problem = "not_numeric" if name in attributes.columns else "unknown"
        message = Message(f"estimation.adjust_{problem}", name=name, known=known)
        raise EstimationError(paragraph(message, did_you_mean(name, known), Message("estimation.adjust_over_time")))
    values = attributes[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.repeat(values[:, None], panel.mean.shape[1], axis=1)


def _refuse_treatment(design: Design, column: Float, seen: Bool, name: str) -> None:
    """Raise when a covariate is the treatment, now or ever, up to scale and shift."""
    ever = np.broadcast_to(np.isfinite(design.adopted)[:, None], column.shape)
    for status in (design.treated(), ever):
        on, off = column[seen & status], column[seen & ~status]
        if not on.size or not off.size:
            continue
        if np.ptp(on) == 0 and np.ptp(off) == 0 and on[0] != off[0]:
            raise EstimationError(Message("estimation.adjust_is_treatment", name=name))
