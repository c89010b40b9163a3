"""Effects as outcome minus prediction, for any covariance of an office's months: the numbers behind the imputations.

Untreated cells tell about treated ones through a covariance V = shocks + diag(noise) of the months of a unit. Unit
effects are taken out within units, so that the period effects (and slopes) come from one small system. Without shocks
this is `Imputation`; with them the prediction also carries on what an office's shocks have been like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.estimation.saturated import by_cluster, inverted, ratio, root_of, sums_by_term, term_of_cell
from asn_impact.estimation.working import Units, project

__all__ = ["Deletions", "Deviation", "PredictionFit"]

Deviation: TypeAlias = Literal["weighted_mean", "squared_mean", "leave_out"]

_LOOSE = 1e-6  # share of a prediction in directions without information above which it is not to be had
_GONE = 1e-6  # what is left of a direction without a cluster, below which it is estimated again: rounding would show
_NOTHING = 1e-12  # share of the weight of a term below which nothing of it is left
_BLOCK = 3_000_000  # numbers in one (n, T, T) array at a time
_KEPT = 30_000_000  # numbers in all (U, T, T) arrays up to which they are kept


@dataclass(frozen=True, eq=False)
class Block:
    """Units of some whole clusters, with what their months say of each other.

    Attributes
    ----------
    units
        (n,) positions, cluster by cluster.
    clusters, row
        (c,) the clusters, in order, and (n,) which of them each unit belongs to.
    within
        (n, T, T) M of `Units`.
    contrast
        (n, T, T) K of `Units`.
    """

    units: Int
    clusters: Int
    row: Int
    within: Float
    contrast: Float


@dataclass(frozen=True, eq=False)
class Deletions:
    """One weighted mean of the estimates without each cluster, and how independent errors would move it.

    Attributes
    ----------
    estimate
        (G,) the mean without each cluster; NaN where nothing of it is left.
    own
        (G,) variance that each cluster adds to the mean with all of them.
    coefficient
        (G, r) phi_c - phi_0: what the deletion changes in the r functions of the cells that the mean is made of.
    covariance
        (h, r, r) covariance of the r functions over the clusters of each group.
    cross
        (G, r) covariance of the r functions of the cluster's own cells with the mean without it.
    square
        (G,) variance of the cluster's own cells in the mean without it.
    """

    estimate: Float
    own: Float
    coefficient: Float
    covariance: Float
    cross: Float
    square: Float


@dataclass(frozen=True, eq=False)
class PredictionFit:
    """Means of outcome minus prediction by cohort and period; the prediction is learnt from untreated cells.

    Attributes
    ----------
    start, period
        (k,) adoption step and period position of each term.
    untreated
        (U, T) cells that the prediction is learnt from.
    shocks, noise
        (T, T) covariance of the shocks of a unit and (U, T) variance of the noise of each cell.
    x
        (U, T, p) covariates with one slope each.
    deviation
        Mean effect that deviations are taken from: with the weights of the estimate, with their squares (the choice
        that makes the estimated variance smallest), or with the squares over the other clusters.
    """

    design: Design
    start: Float
    period: Int
    untreated: Bool
    shocks: Float
    noise: Float
    x: Float
    deviation: Deviation = "squared_mean"
    correction: float = 1.0
    linear: bool = True

    # ------------------------------------------------------------------------------ what units say

    @cached_property
    def _outcome(self) -> Float:
        """(U, T) outcome less its mean over untreated cells, 0 where not known: large levels would cost digits."""
        outcome = np.nan_to_num(self.design.panel.mean)
        return np.asarray(outcome - outcome[self.untreated].mean() if self.untreated.any() else outcome)

    def _blocks(self) -> Iterator[Block]:
        """Yield all units in blocks of whole clusters."""
        yield from self._stored if self.untreated.size * len(self.shocks) <= _KEPT else self._solved()

    @cached_property
    def _stored(self) -> tuple[Block, ...]:
        return tuple(self._solved())

    def _solved(self) -> Iterator[Block]:
        order = np.argsort(self.design.cluster, kind="stable")
        sizes = np.bincount(self.design.cluster, minlength=len(self.design.clusters))
        ends = np.cumsum(sizes)
        limit = max(1, _BLOCK // len(self.shocks) ** 2)
        first = 0
        while first < len(ends):
            done = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + limit, side="right")))
            units = order[done : ends[last - 1]]
            said: Units = project(self.untreated[units], self.shocks, self.noise[units])
            yield Block(units, np.arange(first, last), self.design.cluster[units] - first, said.within, said.contrast)
            first = last

    def _predicted(self, slopes: Float, units: Int) -> Float:
        """(n, T) period effects and slopes of units, for (T + p,) or (n, T + p) coefficients."""
        periods = len(self.shocks)
        by_period = np.broadcast_to(slopes[..., :periods], (len(units), periods))
        if not self.x.shape[2]:
            return by_period
        return np.asarray(by_period + (self.x[units] * slopes[..., None, periods:]).sum(axis=-1))

    def _onto(self, rows: Float, units: Int) -> Float:
        """(n, ..., T + p) rows over the periods of units times the regressors."""
        if not self.x.shape[2]:
            return rows
        return np.concatenate([rows, np.einsum("n...t,ntp->n...p", rows, self.x[units])], axis=-1)

    def _regressed(self, block: Block) -> Float:
        """(n, T + p, T) F'M: what the coefficients take from the cells of each unit."""
        if not self.x.shape[2]:
            return block.within
        return np.concatenate([block.within, np.swapaxes(self.x[block.units], 1, 2) @ block.within], axis=1)

    def _moment(self, block: Block) -> Float:
        """(n, T + p, T + p) F'M F of each unit."""
        return self._onto(self._regressed(block), block.units)

    @cached_property
    def _normal(self) -> tuple[Float, Float, Float, Float]:
        """Cross-product S (q, q), its inverse, null space (q, d), and the coefficients (q,)."""
        q = len(self.shocks) + self.x.shape[2]
        gram, score = np.zeros((q, q)), np.zeros(q)
        for block in self._blocks():
            gram += self._moment(block).sum(axis=0)
            score += np.einsum("nqt,nt->q", self._regressed(block), self._outcome[block.units])
        inverse, null = inverted(gram)
        return gram, inverse, null, inverse @ score

    # ------------------------------------------------------------------------------------ estimates

    @cached_property
    def _term(self) -> Int:
        """(U, T) position of the term that each cell belongs to, k for none."""
        return term_of_cell(self.design, self.start, self.period)

    @cached_property
    def _weight(self) -> Float:
        """(U, T) weight of each cell in its term; 0 where it belongs to none or cannot be predicted."""
        seen = self.untreated.any(axis=1, keepdims=True)
        known = np.asarray(self.design.panel.observed & (self._term < len(self.start)) & seen)
        null = self._normal[2]
        for block in self._blocks():
            for direction in null.T:
                lost = np.einsum("nst,nt->ns", block.contrast, self._predicted(direction, block.units))
                known[block.units] &= np.abs(lost) < _LOOSE
        return np.where(known, self.design.panel.weight, 0.0)

    @cached_property
    def _cohorts(self) -> list[tuple[Bool, Int]]:
        """The units that adopt at each step, and the (T,) term of each of their periods, k for none."""
        periods = len(self.shocks)
        found = []
        for start in np.unique(self.start):
            terms = np.full(periods, len(self.start))
            mine = np.flatnonzero(self.start == start)
            terms[self.period[mine]] = mine
            found.append((self.design.adopted == start, terms))
        return found

    @cached_property
    def _parts(self) -> tuple[Float, Float, Float]:
        """Residuals (U, T), scores (U, q) of the untreated cells, and the pull (k + 1, q) of the terms' predictions."""
        coefficient = self._normal[3]
        residual = np.zeros(self.untreated.shape)
        score = np.zeros((len(self.untreated), len(coefficient)))
        pull = np.zeros((len(self.start) + 1, len(coefficient)))
        for block in self._blocks():
            gap = self._outcome[block.units] - self._predicted(coefficient, block.units)
            residual[block.units] = np.einsum("nst,nt->ns", block.contrast, gap)
            score[block.units] = np.einsum("nqt,nt->nq", self._regressed(block), gap)
            for members, terms in self._cohorts:
                if (mine := members[block.units]).any():
                    units = block.units[mine]
                    rows = self._weight[units][:, :, None] * block.contrast[mine]
                    pull[terms] += self._onto(rows, units).sum(axis=0)
        pull[-1] = 0.0
        return residual, score, pull[:-1]

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
        return ratio(self._by_term(self._weight * self._parts[0]).sum(axis=0), self._size.sum(axis=0))

    def lost(self) -> int:
        """Return how many treated cells cannot be predicted, in terms that rest on others."""
        wanted = self.design.panel.observed & np.append(np.isfinite(self.estimate), False)[self._term]
        return int((wanted & (self._weight == 0)).sum())

    @cached_property
    def _slope(self) -> Float:
        """(q, k) weights on the scores of the untreated cells that stem from the coefficients."""
        return np.asarray(-self._normal[1] @ ratio(self._parts[2].T, self._size.sum(axis=0)))

    def influence(self) -> Float:
        """(G, k) weights of the cells of each cluster times residuals, or effects less a mean effect."""
        residual, score, _ = self._parts
        own = self._by_term(self._weight * residual) - self._size * self._mean_effect()
        return np.asarray(ratio(own, self._size.sum(axis=0)) + by_cluster(self.design, score @ self._slope))

    def _mean_effect(self) -> Float:
        """(k,), or (G, k) when it leaves out the cluster: what the effects of a term are compared with."""
        if self.deviation == "weighted_mean":
            return self.estimate
        squared = self._weight**2
        total, weight = self._by_term(squared * self._parts[0]), self._by_term(squared)
        if self.deviation == "squared_mean":
            return ratio(total.sum(axis=0), weight.sum(axis=0))
        return ratio(total.sum(axis=0) - total, weight.sum(axis=0) - weight)

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means."""
        return self.loadings_of(np.eye(len(self.start)))

    def loadings_of(self, weights: Float) -> Float:
        """(m, U, T) weights on the cell means of (m, k) weighted sums of the estimates."""
        each = np.nan_to_num(weights / np.where(self._size.sum(axis=0) > 0, self._size.sum(axis=0), np.nan))
        slope = -(each @ self._parts[2]) @ self._normal[1]
        each = np.concatenate([each, np.zeros((len(each), 1))], axis=1)
        loadings = np.zeros((len(weights), *self.untreated.shape))
        for block in self._blocks():
            own = each[:, self._term[block.units]] * self._weight[block.units]
            loadings[:, block.units] = np.einsum("mns,nst->mnt", own, block.contrast)
            loadings[:, block.units] += np.einsum("mq,nqt->mnt", slope, self._regressed(block))
        return loadings

    # ---------------------------------------------------------------------------- without a cluster

    def without(self, cluster: int) -> PredictionFit:
        """Return the same fit, its covariance held, on the other clusters."""
        rest = self.design.cluster != cluster
        return replace(
            self,
            design=self.design.without(cluster),
            untreated=self.untreated[rest],
            noise=self.noise[rest],
            x=self.x[rest],
        )

    def _left(self) -> Float:
        """(G, k) weight of each term without each cluster."""
        size = self._size.sum(axis=0)
        return np.where(size - self._size > _NOTHING * size, size - self._size, 0.0)

    def _deletions(self) -> Iterator[tuple[Block, Float, Bool]]:
        """Blocks with the (c, q, q) inverse cross-products without each of their clusters, and whether all is known."""
        root = root_of(self._normal[1])
        for block in self._blocks():
            moment = np.zeros((len(block.clusters), *self._normal[0].shape))
            np.add.at(moment, block.row, self._moment(block))
            left = np.eye(root.shape[1]) - root.T @ moment @ root
            whole = _well_conditioned(left)
            left[~whole] = np.eye(root.shape[1])
            yield block, root @ np.linalg.inv(left) @ root.T, whole

    @cached_property
    def _again(self) -> dict[int, PredictionFit]:
        """The fits without the clusters whose periods no other cluster knows."""
        again = {}
        for block, _, whole in self._deletions():
            for cluster in block.clusters[~whole]:
                again[int(cluster)] = self.without(int(cluster))
        return again

    @cached_property
    def _deleted(self) -> Float:
        periods = len(self.shocks)
        total = self._normal[0] @ self._normal[3]  # the score of all untreated cells
        value = np.zeros((len(self.design.clusters), len(self.start)))
        own_total = np.zeros(len(self.start) + 1)
        filtered = np.zeros(self.untreated.shape)
        for block in self._blocks():
            filtered[block.units] = np.einsum("nst,nt->ns", block.contrast, self._outcome[block.units])
        own_total = self._by_term(self._weight * filtered).sum(axis=0)
        for block, inverse, whole in self._deletions():
            score = np.zeros((len(block.clusters), periods + self.x.shape[2]))
            np.add.at(score, block.row, np.einsum("nqt,nt->nq", self._regressed(block), self._outcome[block.units]))
            slopes = (inverse @ (total - score)[:, :, None])[:, :, 0]
            gap = self._outcome[block.units] - self._predicted(slopes[block.row], block.units)
            here = self._weight[block.units] * np.einsum("nst,nt->ns", block.contrast, gap)
            own = _sums(block.row, self._term[block.units], here, len(block.clusters), len(self.start))
            left = self._left()[block.clusters]
            value[block.clusters] = ratio(own_total - slopes @ self._parts[2].T - own, left)
            for cluster in block.clusters[~whole]:
                value[cluster] = self._again[int(cluster)].estimate
        return value

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster; NaN where one rests on that cluster alone."""
        return self._deleted

    def deletions(self, now: Float, without: Float, groups: Bool) -> Deletions:
        """Return what happens to one weighted mean of the estimates when each cluster goes.

        Parameters
        ----------
        now, without
            (k,) weights of the estimates, and (G, k) without each cluster.
        groups
            (h, G) groups of clusters whose errors vary alike.

        Notes
        -----
        The mean is phi . B y with r = k' + q functions B of the cells: the contrasts of the k' terms that enter, and
        the scores of the q coefficients. Without a cluster only phi changes, so no (G, G) matrix is needed.
        """
        columns = np.flatnonzero((now != 0) | (without != 0).any(axis=0))
        place = np.full(len(self.start) + 1, len(columns))
        place[columns] = np.arange(len(columns))
        k, q, g = len(columns), len(self._normal[3]), len(self.design.clusters)
        extra = sorted(self._again)
        r = k + q + len(extra)
        size = self._size.sum(axis=0)[columns]
        first = np.zeros(r)
        first[:k] = np.nan_to_num(ratio(now[columns], size))
        first[k : k + q] = -(first[:k] @ self._parts[2][columns]) @ self._normal[1]
        share = np.nan_to_num(ratio(without[:, columns], self._left()[:, columns]))
        again = self._loadings_again(extra, without)
        result = Deletions(
            estimate=np.full(g, np.nan),
            own=np.zeros(g),
            coefficient=np.zeros((g, r)),
            covariance=np.zeros((len(groups), r, r)),
            cross=np.zeros((g, r)),
            square=np.zeros(g),
        )
        for block, inverse, whole in self._deletions():
            phi = np.zeros((len(block.clusters), r))
            phi[:, :k] = share[block.clusters]
            phi[:, k : k + q] = self._coefficients_without(block, phi[:, :k], columns, place, inverse)
            for i in np.flatnonzero(~whole):
                phi[i] = 0.0
                phi[i, k + q + extra.index(int(block.clusters[i]))] = 1.0
            self._add_block(block, phi, first, place[:-1], again, groups, result)
            result.coefficient[block.clusters] = phi - first
        self._add_estimates(result, now, without)
        return result

    def _add_estimates(self, result: Deletions, now: Float, without: Float) -> None:
        values = np.where(without != 0, self.leave_one_out(), 0.0)
        result.estimate[:] = np.where((without != 0).any(axis=1), (without * values).sum(axis=1), np.nan)

    def _loadings_again(self, extra: list[int], without: Float) -> Float:
        """(e, U, T) weights on the cells of the mean without each cluster that had to be estimated again."""
        loadings = np.zeros((len(extra), *self.untreated.shape))
        for i, cluster in enumerate(extra):
            rest = self.design.cluster != cluster
            loadings[i][rest] = self._again[cluster].loadings_of(without[cluster][None])[0]
        return loadings

    def _coefficients_without(self, block: Block, share: Float, columns: Int, place: Int, inverse: Float) -> Float:
        """(c, q) weights on the scores in the mean without each cluster of a block."""
        pull = share @ self._parts[2][columns]
        padded = np.concatenate([share, np.zeros((len(share), 1))], axis=1)
        term = place[self._term[block.units]]
        cell = padded[block.row[:, None], term] * self._weight[block.units]
        own = np.zeros_like(pull)
        np.add.at(own, block.row, self._onto(np.einsum("ns,nst->nt", cell, block.contrast), block.units))
        return np.asarray(-np.einsum("cq,cqp->cp", pull - own, inverse))

    def _add_block(
        self, block: Block, phi: Float, first: Float, place: Int, again: Float, groups: Bool, result: Deletions
    ) -> None:
        """Add the units of a block to the covariances of the functions, and what their clusters do to themselves."""
        k = len(first) - len(self._normal[3]) - len(again)
        root = self._roots(block.units)
        score = self._regressed(block) @ root
        more = (
            np.swapaxes(again[:, block.units], 0, 1) @ root
            if len(again)
            else np.zeros((len(block.units), 0, len(self.shocks)))
        )
        tail = np.concatenate([score, more], axis=1)  # (n, q + e, T)
        group = groups[:, self.design.cluster[block.units]]
        treated = np.zeros(len(block.units), dtype=np.bool_)
        for members, terms in self._cohorts:
            mine = np.flatnonzero(members[block.units])
            rows = np.flatnonzero((terms < len(place)) & (np.append(place, k)[terms] < k))
            if not len(mine) or not len(rows):
                continue
            treated[mine] = True
            at = place[terms[rows]]
            head = (self._weight[block.units[mine]][:, rows, None] * block.contrast[mine][:, rows]) @ root[mine]
            where = np.concatenate([at, np.arange(k, len(first))])
            self._add_units(np.concatenate([head, tail[mine]], axis=1), where, block, mine, phi, first, group, result)
        rest = np.flatnonzero(~treated)
        if len(rest):
            self._add_units(tail[rest], np.arange(k, len(first)), block, rest, phi, first, group, result)

    @staticmethod
    def _add_units(
        function: Float, where: Int, block: Block, mine: Int, phi: Float, first: Float, group: Bool, result: Deletions
    ) -> None:
        """Add (n, r', T) functions of units on standardised errors, whose places among all functions are `where`."""
        row = block.row[mine]
        for h in range(len(group)):
            if (chosen := group[h, mine]).any():
                flat = function[chosen].transpose(1, 0, 2).reshape(function.shape[1], -1)
                result.covariance[h][np.ix_(where, where)] += flat @ flat.T
        without = np.einsum("nr,nrt->nt", phi[row][:, where], function)
        cross = np.zeros((len(block.clusters), len(where)))
        np.add.at(cross, row, np.einsum("nrt,nt->nr", function, without))
        result.cross[block.clusters[:, None], where] += cross
        np.add.at(result.square, block.clusters[row], (without**2).sum(axis=1))
        with_all = np.einsum("r,nrt->nt", first[where], function)
        np.add.at(result.own, block.clusters[row], (with_all**2).sum(axis=1))

    def _roots(self, units: Int) -> Float:
        """(n, T, T) roots L of the covariances of units: errors are L times errors of variance one."""
        identity = np.eye(len(self.shocks))
        observed = self.design.panel.observed[units]
        noise = np.where(observed, self.noise[units], 0.0 if not self.shocks.any() else 1.0)
        if not self.shocks.any():
            return np.asarray(np.sqrt(noise)[:, :, None] * identity)
        kinds, kind = np.unique(noise, axis=0, return_inverse=True)
        return np.asarray(np.linalg.cholesky(self.shocks + kinds[:, :, None] * identity)[kind.ravel()])


def _well_conditioned(matrices: Float) -> Bool:
    """(n,) whether the smallest eigenvalue of each symmetric matrix is not next to nothing."""
    shifted = matrices - _GONE * np.eye(matrices.shape[1])
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.eigvalsh(matrices).min(axis=1, initial=1.0) > _GONE)
    return np.ones(len(matrices), dtype=np.bool_)


def _sums(row: Int, term: Int, values: Float, rows: int, terms: int) -> Float:
    """(rows, terms) sums of (n, T) values whose term is below `terms`."""
    code = row[:, None] * (terms + 1) + term
    sums = np.bincount(code.ravel(), values.ravel(), minlength=rows * (terms + 1))
    return np.asarray(sums.reshape(rows, terms + 1)[:, :-1])
