"""The regression behind `Saturated` and `InteractionWeighted`, with one dummy for each cohort and period.

Regressors that depend on the cohort and the period only need one T x T matrix a unit: its weights less their
unit mean. Sums of these by cohort give the coefficients, sums by cluster the coefficients without each
cluster; no row is ever expanded into dummies. With p covariates, whose slopes depend on the cohort and the
period too, the matrix is T (1 + p) wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.estimation.cell_effects import (
    CellFit,
    centre,
    diagonal,
    flat,
    standardise,
    unit_shares,
    within_moment,
)
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.cohort_deletions import Curves
from asn_impact.estimation.counted import Counted, count
from asn_impact.estimation.deletions import Deletions, Weigh
from asn_impact.estimation.matrices import invert, root_of
from asn_impact.estimation.patterns import kinds_of, sorts_of

_NULL = 1e-10  # eigenvalue of a cross-product of unit scale below which a direction carries no information
_LOOSE = 1e-6  # share of an estimate in directions without information above which it is not estimable
_GONE = 1e-6  # what is left of a direction without a cluster, below which it is estimated again: rounding would show
_MOST = 10_000_000  # numbers in the cross-products of clusters at a time
_CONSTANT = 1e-12  # share of the square of a covariate within units below which it counts as constant there


@dataclass(frozen=True, eq=False)
class CohortRegression(CellFit):
    """Coefficients of cohort-by-period dummies in a weighted regression with unit and period effects.

    All regressors of a unit are sums of its local ones, which are 1 and its covariates in each of the periods: the sums
    depend on its cohort alone.
    """

    design: Design
    #: (k,) adoption step and period position of each dummy.
    start: Float
    period: Int
    until: float = np.inf  #: cells from this step on are left out
    #: Names of p covariates of the panel, with slopes by dummy, by period and by cohort.
    covariates: tuple[str, ...] = ()

    @cached_property
    def _weight(self) -> Float:
        """(U, T); cells that do not count, and units seen once (no change to learn from), weigh nothing."""
        known = self._counted & (self._counted.sum(axis=1, keepdims=True) > 1)
        return np.where(known, self.design.panel.weight, 0.0)

    @property
    def _counted(self) -> Bool:
        """(U, T) cells of the regression."""
        return np.asarray(self.design.panel.observed & (self.design.panel.timeline.steps < self.until))

    @cached_property
    def _local(self) -> Float:
        """(U, 1 + p, T) local regressors: 1 and the covariates."""
        x = standardise(self.design, self.covariates, self._weight)
        return np.concatenate([np.ones((len(x), 1, x.shape[1])), x.transpose(0, 2, 1)], axis=1)

    @cached_property
    def _weighted_local(self) -> Float:
        """(U, L) weighted local regressors, L = (1 + p) T."""
        return flat(self._local * self._weight[:, None, :])

    @cached_property
    def _share(self) -> Float:
        """(U, L) what each local regressor adds to the weighted mean over the periods of the unit."""
        return flat(self._local * unit_shares(self._weight)[:, None, :])

    @cached_property
    def _within(self) -> Float:
        """(U, T) outcome less the mean of its unit."""
        outcome = centre(self.design, self._weight)
        return np.asarray(outcome - (unit_shares(self._weight) * outcome).sum(axis=1, keepdims=True))

    def _values(self, units: Bool, slope: Float) -> Float:
        """(n, T, m) sums of the local regressors of units with (L, m) slopes, less their unit means."""
        local, periods = self._local[units], self._weight.shape[1]
        summed = np.einsum("nat,atm->ntm", local, slope.reshape(-1, periods, slope.shape[1]))
        return np.asarray(summed - (self._share[units] @ slope)[:, None, :])

    def _columns(self, start: float) -> Float:
        """(L, q) the regressors of a cohort: dummies and their slopes, then periods, period and cohort slopes."""
        k, periods, p = len(self.period), self._weight.shape[1], len(self.covariates)
        own = np.flatnonzero(self.start == start)
        dummy = np.zeros((periods, k))
        dummy[self.period[own], own] = 1
        each = np.eye(1 + p)
        cohort = (np.unique(self.design.adopted) == start).astype(np.float64)[None, :]
        slopes = np.kron(each[:, 1:], np.repeat(cohort, periods, axis=0))
        return np.concatenate([np.kron(each, dummy), np.kron(each, np.eye(periods)), slopes], axis=1)

    def _cohorts(self) -> Iterator[tuple[Bool, Float]]:
        """Units and regressors of each cohort, the never-treated last."""
        for start in np.unique(self.design.adopted):
            yield self.design.adopted == start, self._columns(float(start))

    @cached_property
    def _normal(self) -> tuple[Inverse, Float, Float]:
        """Inverse cross-product, its null space (q, d), and the coefficients (q,)."""
        return self._solved_whole() if self.covariates else self._solved_by_cohort()

    def _solved_whole(self) -> tuple[Inverse, Float, Float]:
        q = self._columns(np.inf).shape[1]
        gram, size, score = np.zeros((q, q)), np.zeros(q), np.zeros(q)
        for units, columns in self._cohorts():
            local = self._local[units]
            alone = diagonal(np.einsum("uat,ubt->abt", self._weighted_local[units].reshape(local.shape), local))
            gram += columns.T @ (alone - self._weighted_local[units].T @ self._share[units]) @ columns
            size += (columns * (alone @ columns)).sum(axis=0)
            score += self._scores(units, self._within[units]).sum(axis=0) @ columns
        absorbed = np.diag(gram) < _CONSTANT * size  # what the unit effects absorb leaves rounding behind
        gram[absorbed, :] = gram[:, absorbed] = 0.0
        inverse, null = invert(gram)
        whole = Inverse([(np.arange(q), inverse)], np.zeros((q, 0)), np.zeros((0, 0)))
        return whole, null, inverse @ score

    def _solved_by_cohort(self) -> tuple[Inverse, Float, Float]:
        """Take out the dummies of each cohort, which meet those of no other, and solve for the periods what is left."""
        k, periods = len(self.start), self._weight.shape[1]
        left, size = np.zeros((periods, periods)), np.zeros(periods)
        score, onto, null, blocks = np.zeros(k + periods), np.zeros((k, periods)), [], []
        for start in np.unique(self.design.adopted):
            units, own = self.design.adopted == start, np.flatnonzero(self.start == start)
            weight, here = self._weight[units], self.period[own]
            moment = np.diag(weight.sum(axis=0)) - weight.T @ self._share[units]
            by_period = self._scores(units, self._within[units]).sum(axis=0)
            score[k:] += by_period
            size += np.diag(moment)
            left += moment
            if own.size:
                score[own] = by_period[here]
                dummies, nothing = invert(moment[np.ix_(here, here)])
                blocks.append((own, dummies))
                onto[own] = dummies @ moment[here]
                left -= moment[:, here] @ onto[own]
                null.append(np.zeros((k + periods, nothing.shape[1])))
                null[-1][own] = nothing
        gone = np.flatnonzero(~np.isin(self.start, self.design.adopted))  # dummies of cohorts without a unit
        null.append(np.eye(k + periods)[:, gone])
        period, nothing = invert(left, size)
        null.append(np.concatenate([-onto @ nothing, nothing]))
        null[-1] /= np.linalg.norm(null[-1], axis=0)
        inverse = Inverse(blocks, onto, period)
        return inverse, np.concatenate(null, axis=1), inverse.times(score[:, None])[:, 0]

    def _scores(self, units: Bool, residual: Float) -> Float:
        """(n, L) weighted local regressors of units times their (n, T) residuals."""
        periods = self._weight.shape[1]
        return flat(self._weighted_local[units].reshape(len(residual), -1, periods) * residual[:, None, :])

    @cached_property
    def _sums(self) -> tuple[Float, Float]:
        """(G, k) weight and (G, k, p) weighted sums of the covariates of each cluster in each term.

        Units without a cell outside the dummies of their cohort say nothing about its effects and do not count.
        """
        based = ((self._weight > 0) & (self._term == len(self.start))).any(axis=1, keepdims=True)
        weight = self._weight * based
        x = [self._by_term(weight * self._local[:, 1 + j]) for j in range(len(self.covariates))]
        size = self._by_term(weight) if x else np.zeros((len(self.design.clusters), len(self.start)))
        return size, np.stack(x, axis=-1) if x else np.zeros((*size.shape, 0))

    def _wanted(self, weights: Float) -> Float:
        """(q, m) weights on the coefficients in (m, k) weighted sums of the estimates."""
        if self.covariates:
            return np.asarray(self._contrast.T @ weights.T)
        return np.concatenate([weights.T, np.zeros((self._weight.shape[1], len(weights)))])

    def _estimates_of(self, coefficients: Float) -> Float:
        """(k, m) estimates for (q, m) coefficients."""
        return self._contrast @ coefficients if self.covariates else coefficients[: len(self.start)]

    @cached_property
    def _contrast(self) -> Float:
        """(k, q) the estimates as sums of coefficients: a dummy and its slopes times the mean of the covariates."""
        size, x = self._sums
        return self._contrast_at(size.sum(axis=0), x.sum(axis=0))

    def _contrast_at(self, size: Float, x: Float) -> Float:
        """(..., k, q) the contrast for sizes (..., k) and sums of covariates (..., k, p)."""
        k, q = len(self.start), self._columns(np.inf).shape[1]
        contrast = np.zeros((*size.shape[:-1], k, q))
        mean = np.concatenate([np.ones((*size.shape, 1)), np.nan_to_num(ratio(x, size[..., None]))], axis=-1)
        each = np.arange(k)
        for j in range(1 + len(self.covariates)):
            contrast[..., each, j * k + each] = mean[..., j]
        return contrast

    def _contrast_without(self, clusters: Int) -> Float:
        """(n, k, q) the contrasts without each of n clusters."""
        x = self._sums[1]
        return self._contrast_at(self._left(clusters), x.sum(axis=0) - x[clusters])

    def _left(self, clusters: Int) -> Float:
        """(n, k) weight behind the mean of the covariates without each of n clusters."""
        size = self._sums[0]
        left = size.sum(axis=0) - size[clusters]
        return np.where(left > _NULL * size.sum(axis=0), left, 0.0)

    @cached_property
    def _known(self) -> Float:
        """(k,) 1 for an estimable term, else NaN."""
        known = (np.abs(self._estimates_of(self._normal[1])) < _LOOSE).all(axis=1)
        if self.covariates:  # averaged over units with a base
            known &= self._sums[0].sum(axis=0) > 0
        return np.where(known, 1.0, np.nan)

    @cached_property
    def estimate(self) -> Float:
        """(k,) effects; NaN where the other regressors explain a dummy wholly."""
        return np.asarray(self._estimates_of(self._normal[2][:, None])[:, 0] * self._known)

    @cached_property
    def _score(self) -> Float:
        """(U, L) weighted local regressors times residuals."""
        score = np.empty_like(self._weighted_local)
        for units, columns in self._cohorts():
            fitted = self._values(units, columns @ self._normal[2][:, None])[:, :, 0]
            score[units] = self._scores(units, self._within[units] - fitted)
        return score

    def influence(self) -> Float:
        """(G, k) influence of each cluster: its score times the inverse cross-product."""
        return self.influence_of(np.eye(len(self.start))) * self._known

    def influence_of(self, weights: Float) -> Float:
        slopes = self._normal[0].times(self._wanted(weights))
        by_unit = np.empty((len(self.design.cluster), len(weights)))
        for units, columns in self._cohorts():
            by_unit[units] = self._score[units] @ (columns @ slopes)
        return by_cluster(self.design, by_unit)

    def loadings_of(self, weights: Float) -> Float:
        slopes = self._normal[0].times(self._wanted(weights))
        loadings = np.empty((len(weights), *self._weight.shape))
        for units, columns in self._cohorts():
            values = self._values(units, columns @ slopes)
            loadings[:, units] = self._weight[units] * values.transpose(2, 0, 1)
        return loadings

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster: the inverse is updated by blocks of the periods of its cohorts."""
        deleted = np.full((len(self.design.clusters), len(self.period)), np.nan)
        for cohorts, clusters in self._alike():
            deleted[clusters] = self._estimates_without(cohorts, clusters)
        return deleted * self._known

    def loadings_without(self, weights: Float) -> Float:
        loadings = np.zeros((*weights.shape[:2], *self._weight.shape))
        for cohorts, clusters in self._alike():
            deletion = self._deletion(cohorts, clusters)
            wanted = np.stack([self._wanted(one) for one in weights[clusters]])
            if self.covariates:
                wanted = np.swapaxes(weights[clusters] @ self._contrast_without(clusters), 1, 2)
            slope = deletion.times_inverse(self._normal[0], wanted)
            for units, columns in self._cohorts():
                for c, one in zip(clusters[deletion.whole], slope[deletion.whole], strict=True):
                    loadings[c][:, units] = self._weight[units] * self._values(units, columns @ one).transpose(2, 0, 1)
            for c in clusters[~deletion.whole]:
                rest = np.nan_to_num(self._again(int(c)).loadings())
                loadings[c][:, self.design.cluster != c] = np.tensordot(weights[c], rest, axes=1)
        for c in range(len(loadings)):
            loadings[c][:, self.design.cluster == c] = 0.0
        return loadings

    def _again(self, cluster: int) -> CohortRegression:
        return replace(self, design=self.design.without(cluster))

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> Sequence[Deletions] | None:
        """Return what happens to m weighted means of the estimates when each cluster goes; None with covariates."""
        if self.covariates:
            return None
        kind = kinds_of(np.concatenate([self.design.adopted[:, None], self._weight], axis=1))[1]
        first, sort, _ = sorts_of(kind, self.design.cluster, len(self.design.clusters))
        starts, cohort = np.unique(self.design.adopted, return_inverse=True)
        curves = np.zeros((len(now), len(first), len(starts), self._weight.shape[1]))
        value = np.zeros((len(now), len(first)))
        known, lost = np.isfinite(self.estimate), []
        for held, clusters in self._alike(first):
            deletion, row = self._deletion(held, clusters), np.searchsorted(first, clusters)
            all_known = np.broadcast_to(known, (len(clusters), len(known)))
            rest = np.stack([weigh(j, clusters, all_known) for j in range(len(now))], axis=1)  # (n, m, k)
            value[:, row] = np.where(rest.any(axis=2), rest @ np.nan_to_num(self.estimate), np.nan).T
            slopes = deletion.times_inverse(self._normal[0], np.stack([self._wanted(one) for one in rest]))
            curves[:, row] = self._curves(np.moveaxis(slopes, 2, 0), starts)
            lost.extend(clusters[~deletion.whole].tolist())
        estimate = value[:, sort]
        for j, own in enumerate(curves):
            pulled = (own[sort[self.design.cluster], cohort] * self._score).sum(axis=1)
            estimate[j] -= np.bincount(self.design.cluster, pulled, minlength=len(sort))
        for cluster in np.flatnonzero(np.isin(sort, sort[lost])):
            fit = self._again(int(cluster))
            here = np.isfinite(fit.estimate)[None]
            rest = np.concatenate([weigh(j, np.array([cluster]), here) for j in range(len(now))])
            estimate[:, cluster] = np.where(rest.any(axis=1), rest @ np.nan_to_num(fit.estimate), np.nan)
            curves[:, sort[cluster]] = self._curves(fit._normal[0].times(fit._wanted(rest)).T, starts)
        whole = self._curves(self._normal[0].times(self._wanted(np.nan_to_num(now))).T, starts)
        each = zip(estimate, whole, curves, strict=True)
        return [Curves(*one, first, sort).deletions(self._weight, cohort, self.design.cluster, groups) for one in each]

    def _curves(self, slopes: Float, starts: Float) -> Float:
        """(..., C, T) the coefficients (..., q) by cohort and period: those of its dummies and of the periods."""
        k = len(self.start)
        curves = np.repeat(slopes[..., None, k:], len(starts), axis=-2)
        curves[..., np.searchsorted(starts, self.start), self.period] += slopes[..., :k]
        return curves

    def _alike(self, some: Int | None = None) -> Iterator[tuple[Float, Int]]:
        """All or some clusters, those that hold units of the same cohorts together, in blocks that fit into memory."""
        starts, kind = np.unique(self.design.adopted, return_inverse=True)
        holds = np.zeros((len(self.design.clusters), len(starts)), dtype=np.bool_)
        holds[self.design.cluster, kind] = True
        some = np.arange(len(holds)) if some is None else some
        patterns, pattern = np.unique(holds[some], axis=0, return_inverse=True)
        for i, cohorts in enumerate(patterns):
            clusters = some[pattern.ravel() == i]
            block = max(1, _MOST // (int(cohorts.sum()) * self._weighted_local.shape[1]) ** 2)
            for first in range(0, len(clusters), block):
                yield starts[cohorts], clusters[first : first + block]

    def _deletion(self, cohorts: Float, clusters: Int) -> Deleted:
        """Return what is taken away with each of n clusters that hold units of the same S cohorts."""
        moment = self._moments(cohorts, clusters)
        columns = np.concatenate([self._columns(float(start)) for start in cohorts])
        reach = self._normal[0].times(columns.T).T
        root = root_of(reach @ columns.T)
        left = np.eye(root.shape[1]) - root.T @ moment @ root
        whole = np.linalg.eigvalsh(left).min(axis=1, initial=1.0) > _GONE
        left[~whole] = np.eye(root.shape[1])
        return Deleted(moment, reach, root, left, whole)

    def _estimates_without(self, cohorts: Float, clusters: Int) -> Float:
        """(n, k) estimates without each of n clusters that hold units of the same cohorts."""
        deletion = self._deletion(cohorts, clusters)
        moment_lost = deletion.moment_of_rest(self._scores_of(cohorts, clusters)[:, :, None])[:, :, 0]
        head = len(self.period) * (1 + len(self.covariates))  # dummies and their slopes: what estimates are made of
        slopes = self._normal[2][:head] - moment_lost @ deletion.reach[:, :head]
        deleted = slopes
        if self.covariates:
            deleted = (self._contrast_without(clusters)[:, :, :head] @ slopes[:, :, None])[:, :, 0]
            deleted[self._left(clusters) <= 0] = np.nan
        for i in np.flatnonzero(~deletion.whole):
            deleted[i] = self._again(int(clusters[i])).estimate
        return np.asarray(deleted)

    def _units_of(self, cohorts: Float, clusters: Int) -> tuple[Int, Int, Int]:
        """Units of some clusters, and which of the clusters and of the cohorts each belongs to."""
        units = np.flatnonzero(np.isin(self.design.cluster, clusters))
        row = np.searchsorted(clusters, self.design.cluster[units])
        return units, row, np.searchsorted(cohorts, self.design.adopted[units])

    def _moments(self, cohorts: Float, clusters: Int) -> Float:
        """(n, S L, S L) cross-products of the local regressors of clusters, by cohort."""
        units, row, slot = self._units_of(cohorts, clusters)
        n, s, length = len(clusters), len(cohorts), self._weighted_local.shape[1]
        moment = np.zeros((n, s, length, s, length))
        for i in range(s):
            here = slot == i
            own = within_moment(self._weight[units[here]], self._local[units[here]])
            np.add.at(moment[:, i, :, i], row[here], own)
        return moment.reshape(n, s * length, s * length)

    def _scores_of(self, cohorts: Float, clusters: Int) -> Float:
        """(n, S L) scores of clusters, by cohort."""
        units, row, slot = self._units_of(cohorts, clusters)
        score = np.zeros((len(clusters), len(cohorts), self._weighted_local.shape[1]))
        np.add.at(score, (row, slot), self._score[units])
        return score.reshape(len(clusters), -1)

    @property
    def correction(self) -> float:
        """(N - 1) / (N - K): K counts dummies, slopes and period effects, not the unit effects nested in clusters."""
        counted = self._weight > 0
        records = self.design.weights == "records"
        n = float(self.design.panel.n[counted].sum()) if records else float(counted.sum())
        return float((n - 1) / (n - self._rank - 1))

    @property
    def _rank(self) -> int:
        """Coefficients and period effects that the rows tell apart, one period effect less."""
        return int(len(self._normal[2]) - self._normal[1].shape[1])

    def counted(self, *, singles: bool) -> Counted:
        periods = int((self._weight > 0).any(axis=0).sum())
        return count(self.design, self._counted, self._rank + 1 - periods, singles=singles)


@dataclass(frozen=True, eq=False)
class Inverse:
    """The inverse of a cross-product of blocks that meet in T others only."""

    blocks: list[tuple[Int, Float]]  #: positions and inverse of each block
    onto: Float  #: (k, T) coefficients of the others on the blocks
    period: Float  #: (T, T) inverse of what the blocks leave of the others, which come last

    def times(self, values: Float) -> Float:
        """(q, m) the inverse times (q, m) values."""
        head = values[: len(self.onto)]
        last = self.period @ (values[len(self.onto) :] - self.onto.T @ head)
        found = -self.onto @ last
        for own, inverse in self.blocks:
            found[own] += inverse @ head[own]
        return np.concatenate([found, last])


@dataclass(frozen=True, eq=False)
class Deleted:
    """What n clusters take away from the normal equations S: their moments M, local regressors D, H = D S^-1 D'."""

    moment: Float  #: (n, L, L) M
    reach: Float  #: (L, q) D S^-1
    root: Float  #: (L, r) R with R R' = H
    left: Float  #: (n, r, r) I - R' M R: what is left of each direction
    whole: Bool  #: (n,) whether the other clusters know all that all of them know

    def moment_of_rest(self, values: Float) -> Float:
        """(n, L, m) ``(I - M H)^-1`` times (n, L, m) values: they weigh more without the cluster."""
        return np.asarray(values + self.moment @ self.root @ np.linalg.solve(self.left, self.root.T @ values))

    def times_inverse(self, inverse: Inverse, values: Float) -> Float:
        """(n, q, m) the inverse cross-product without each cluster times (n, q, m) values (Woodbury)."""
        with_all = np.stack([inverse.times(one) for one in values])
        return np.asarray(with_all + self.reach.T @ self.moment_of_rest(self.moment @ (self.reach @ values)))
