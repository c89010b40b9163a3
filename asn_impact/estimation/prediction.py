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
from asn_impact.errors import InferenceError
from asn_impact.estimation.cell_effects import CellFit, sums_by_term, unit_shares
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.deletions import Deletions, Weigh
from asn_impact.estimation.matrices import invert, root_of
from asn_impact.estimation.patterns import kinds_of, sorts_of
from asn_impact.estimation.working import Units, Working, project, roots
from asn_impact.words import Alert, Message

Deviation: TypeAlias = Literal["weighted_mean", "squared_mean", "leave_out"]

_LOOSE = 1e-6  # share of a prediction in directions without information above which it is not to be had
_GONE = 1e-6  # what is left of a direction without a cluster, below which it is estimated again: rounding would show
_NOTHING = 1e-12  # share of the weight of a term below which nothing of it is left
_CONSTANT = 1e-9  # distance of a covariate from its mean in the unit, in standard deviations, that is rounding
_BLOCK = 3_000_000  # numbers in one (n, T, T) array at a time
#: What does not depend on the outcome.
_OF_CELLS = (
    "_sort",
    "_stored",
    "_normal",
    "_term",
    "_weight",
    "_cohorts",
    "_pull",
    "_size",
)
_KEPT = 30_000_000  # numbers in all (U, T, T) arrays up to which they are kept


@dataclass(frozen=True, eq=False)
class Block:
    """Units of some whole clusters, with what their months say of each other."""

    units: Int  #: (n,) positions, cluster by cluster
    #: (c,) the clusters, and (n,) which of them each unit belongs to.
    clusters: Int
    row: Int
    within: Float  #: (n, T, T) M of `Units`
    contrast: Float  #: (n, T, T) K of `Units`


@dataclass(frozen=True, eq=False)
class Mean:
    """A weighted mean on its way through the blocks."""

    #: The k' terms that enter, and (k + 1,) the place of each term among them, k' for none.
    columns: Int
    place: Int
    first: Float  #: (r,) weights of the functions with all clusters
    again: Float  #: (e, U, T) weights on the cells without each cluster whose deletion is estimated again
    deletions: Deletions  #: what is added up


@dataclass(frozen=True, eq=False)
class PredictionFit(CellFit):
    """Means of outcome minus prediction by cohort and period; the prediction is learnt from untreated cells."""

    design: Design
    #: (k,) adoption step and period position of each term.
    start: Float
    period: Int
    untreated: Bool  #: (U, T) cells that the prediction is learnt from
    #: (T, T) covariance of the shocks of a unit and (U, T) variance of the noise of each cell.
    shocks: Float
    noise: Float
    x: Float  #: (U, T, p) covariates with one slope each
    #: Mean effect that deviations are taken from: with the weights of the estimate, with their squares (the choice that
    #: makes the estimated variance smallest), or with the squares over the other clusters.
    deviation: Deviation = "squared_mean"
    working: Working | None = None  #: where the covariance was chosen by the outcome: what was chosen
    kept: int = _KEPT  #: numbers in all (U, T, T) arrays up to which they are kept

    # ------------------------------------------------------------------------------ what units say

    @cached_property
    def _outcome(self) -> Float:
        """(U, T) outcome less its mean over untreated cells, 0 where not known: large levels would cost digits."""
        outcome = np.nan_to_num(self.design.panel.mean)
        return np.asarray(outcome - outcome[self.untreated].mean() if self.untreated.any() else outcome)

    def _blocks(self) -> Iterator[Block]:
        """Yield all units in blocks of whole clusters."""
        yield from self._stored if self.untreated.size * len(self.shocks) <= self.kept else self._solved()

    @cached_property
    def _stored(self) -> tuple[Block, ...]:
        return tuple(self._solved())

    @cached_property
    def _sort(self) -> Int:
        """(G,) the sort of each cluster: those of one sort know the same of the coefficients."""
        return self._sorts()[1]

    def _sorts(self, *more: Float | Bool) -> tuple[Int, Int]:
        """(S,) a cluster of each sort and the (G,) sort of each: alike in what is known of their units, and in more."""
        parts = [self.untreated, self.noise, self.x.reshape(len(self.noise), int(np.prod(self.x.shape[1:]))), *more]
        kind = kinds_of(np.concatenate(parts, axis=1))[1]
        return sorts_of(kind, self.design.cluster, len(self.design.clusters))[:2]

    def _solved(self) -> Iterator[Block]:
        """Yield the blocks, clusters of one sort together: what their units say is worked out once."""
        clusters = np.argsort(self._sort, kind="stable")
        sizes = np.bincount(self.design.cluster, minlength=len(clusters))[clusters]
        place = np.empty(len(clusters), dtype=np.int64)
        place[clusters] = np.arange(len(clusters))
        order, ends = np.argsort(place[self.design.cluster], kind="stable"), np.cumsum(sizes)
        limit = max(1, _BLOCK // len(self.shocks) ** 2)
        first = 0
        while first < len(ends):
            done = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + limit, side="right")))
            units = order[done : ends[last - 1]]
            said: Units = project(self.untreated[units], self.shocks, self.noise[units])
            row = place[self.design.cluster[units]] - first
            yield Block(units, clusters[first:last], row, said.within, said.contrast)
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
    def _normal(self) -> tuple[Float, Float, Float]:
        """Cross-product S (q, q), its inverse, and its null space (q, d)."""
        q = len(self.shocks) + self.x.shape[2]
        gram = np.zeros((q, q))
        for block in self._blocks():
            gram += self._moment(block).sum(axis=0)
        return gram, *invert(gram)

    @cached_property
    def _coefficient(self) -> Float:
        """(q,) period effects and slopes."""
        score = np.zeros(len(self._normal[0]))
        for block in self._blocks():
            score += np.einsum("nqt,nt->q", self._regressed(block), self._outcome[block.units])
        return np.asarray(self._normal[1] @ score)

    def with_mean(self, mean: Float) -> PredictionFit:
        """Return the fit of another outcome on the same cells: what does not depend on the outcome is kept."""
        other = replace(self, design=replace(self.design, panel=replace(self.design.panel, mean=mean)))
        vars(other).update({name: vars(self)[name] for name in _OF_CELLS if name in vars(self)})
        return other

    # ------------------------------------------------------------------------------------ estimates

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
    def _parts(self) -> tuple[Float, Float]:
        """Residuals (U, T) and scores (U, q) of the untreated cells."""
        coefficient = self._coefficient
        residual = np.zeros(self.untreated.shape)
        score = np.zeros((len(self.untreated), len(coefficient)))
        for block in self._blocks():
            gap = self._outcome[block.units] - self._predicted(coefficient, block.units)
            residual[block.units] = np.einsum("nst,nt->ns", block.contrast, gap)
            score[block.units] = np.einsum("nqt,nt->nq", self._regressed(block), gap)
        return residual, score

    @cached_property
    def _pull(self) -> Float:
        """(k, q) the pull of the coefficients on the predictions of each term."""
        pull = np.zeros((len(self.start) + 1, len(self._normal[0])))
        for block in self._blocks():
            for members, terms in self._cohorts:
                if (mine := members[block.units]).any():
                    units = block.units[mine]
                    rows = self._weight[units][:, :, None] * block.contrast[mine]
                    pull[terms] += self._onto(rows, units).sum(axis=0)
        return pull[:-1]

    @cached_property
    def _size(self) -> Float:
        """(G, k) weight of each cluster in each term."""
        return self._by_term(self._weight)

    @cached_property
    def estimate(self) -> Float:
        """(k,) mean effects; NaN where no cell can be predicted."""
        return ratio(self._by_term(self._weight * self._parts[0]).sum(axis=0), self._size.sum(axis=0))

    def notes(self) -> tuple[Message, ...]:
        """Return what is to be said of treated cells that cannot be predicted, in terms that rest on others."""
        asked = self.design.panel.observed & np.append(np.isfinite(self.estimate), False)[self._term]
        lost = int((asked & (self._weight == 0)).sum())
        return (Alert("estimation.cells_not_predicted", n=lost),) if lost else ()

    def influence(self) -> Float:
        """(G, k) weights of the cells of each cluster times residuals, or effects less a mean effect."""
        effect = self.estimate if self.deviation == "weighted_mean" else mean_effect(self, *self.squares())
        return self.influence_around(effect, self._size.sum(axis=0))

    def influence_around(self, mean_effect: Float, size: Float) -> Float:
        """(G, k) influence in means whose cells have (k,) weights `size` in all, effects less a given mean effect."""
        residual, score = self._parts
        own = self._by_term(self._weight * residual) - self._size * mean_effect
        slope = -self._normal[1] @ ratio(self._pull.T, size)
        return np.asarray(ratio(own, size) + by_cluster(self.design, score @ slope))

    def squares(self) -> tuple[Float, Float]:
        """(G, k) sums of squared weights times effects, and of squared weights, by cluster."""
        squared = self._weight**2
        return self._by_term(squared * self._parts[0]), self._by_term(squared)

    def loadings_of(self, weights: Float) -> Float:
        each = np.nan_to_num(weights / np.where(self._size.sum(axis=0) > 0, self._size.sum(axis=0), np.nan))
        slope = -(each @ self._pull) @ self._normal[1]
        each = np.concatenate([each, np.zeros((len(each), 1))], axis=1)
        loadings = np.zeros((len(weights), *self.untreated.shape))
        for block in self._blocks():
            own = each[:, self._term[block.units]] * self._weight[block.units]
            loadings[:, block.units] = np.einsum("mns,nst->mnt", own, block.contrast)
            loadings[:, block.units] += np.einsum("mq,nqt->mnt", slope, self._regressed(block))
        return loadings

    # ---------------------------------------------------------------------------- without a cluster

    def loadings_without(self, weights: Float) -> Float:
        loadings = np.zeros((*weights.shape[:2], *self.untreated.shape))
        each = np.nan_to_num(ratio(weights, self._left(np.arange(len(weights)))[:, None]))
        padded = np.concatenate([each, np.zeros((*each.shape[:2], 1))], axis=2)
        slope = np.zeros((*each.shape[:2], len(self._normal[0])))
        for block, inverse, _ in self._deletions():
            pull = each[block.clusters] @ self._pull
            own = padded[block.clusters[block.row][:, None], :, self._term[block.units]].swapaxes(1, 2)
            rows = (own * self._weight[block.units][:, None]) @ block.contrast
            np.subtract.at(pull, block.row, self._onto(rows, block.units))
            slope[block.clusters] = -pull @ inverse
        for block in self._blocks():
            own = padded[:, :, self._term[block.units]] * self._weight[block.units]
            at_units = (own[:, :, :, None] @ block.contrast)[:, :, :, 0]
            loadings[:, :, block.units] = at_units + np.einsum("gmq,nqt->gmnt", slope, self._regressed(block))
        for cluster, fit in self._again.items():
            loadings[cluster][:, self.design.cluster != cluster] = fit.loadings_of(weights[cluster])
        loadings[self.design.cluster, :, np.arange(len(self.untreated))] = 0.0
        return loadings

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

    def _left(self, clusters: Int) -> Float:
        """(c, k) weight of each term without each of some clusters."""
        size = self._size.sum(axis=0)
        left = size - self._size[clusters]
        return np.where(left > _NOTHING * size, left, 0.0)

    def weights_without(self) -> Float:
        """(G, k) weight of the cells that can be predicted in each term, without each cluster."""
        left = self._left(np.arange(len(self.design.clusters)))
        for cluster, fit in self._again.items():
            left[cluster] = fit._size.sum(axis=0)
        return left

    def _deletions(self) -> Iterator[tuple[Block, Float, Bool]]:
        """Blocks with the (c, q, q) inverse cross-products without each of their clusters, and whether all is known."""
        root = root_of(self._normal[1])
        for block in self._blocks():
            _, first, sort = np.unique(self._sort[block.clusters], return_index=True, return_inverse=True)
            row = np.full(len(block.clusters), -1)
            row[first] = np.arange(len(first))
            here = np.flatnonzero(row[block.row] >= 0)  # the units of one cluster of each sort
            some = Block(block.units[here], block.clusters, block.row[here], block.within[here], block.contrast[:0])
            moment = np.zeros((len(first), *self._normal[0].shape))
            np.add.at(moment, row[some.row], self._moment(some))
            left = np.eye(root.shape[1]) - root.T @ moment @ root
            whole = _well_conditioned(left)
            left[~whole] = np.eye(root.shape[1])
            yield block, (root @ np.linalg.inv(left) @ root.T)[sort], whole[sort]

    @cached_property
    def _again(self) -> dict[int, PredictionFit]:
        """The fits without the clusters whose periods no other cluster knows."""
        lost = [c for block, _, whole in self._deletions() for c in block.clusters[~whole].tolist()]
        return {cluster: self.without(cluster) for cluster in lost}

    @cached_property
    def _filtered(self) -> Float:
        """(G, k) weighted outcomes less what the untreated cells of the unit say, period effects left in."""
        filtered = np.zeros(self.untreated.shape)
        for block in self._blocks():
            filtered[block.units] = np.einsum("nst,nt->ns", block.contrast, self._outcome[block.units])
        return self._by_term(self._weight * filtered)

    def _scores_without(self, block: Block) -> Float:
        """(c, q) scores of the untreated cells of all but each cluster of a block."""
        total = self._normal[0] @ self._coefficient
        own = np.zeros((len(block.clusters), len(total)))
        np.add.at(own, block.row, np.einsum("nqt,nt->nq", self._regressed(block), self._outcome[block.units]))
        return np.asarray(total - own)

    def leave_one_out(self) -> Float:
        return self._deleted

    @cached_property
    def _deleted(self) -> Float:
        value = np.zeros((len(self.design.clusters), len(self.start)))
        total = self._filtered.sum(axis=0)
        for block, inverse, whole in self._deletions():
            slopes = np.einsum("cqp,cp->cq", inverse, self._scores_without(block))
            gap = self._outcome[block.units] - self._predicted(slopes[block.row], block.units)
            here = self._weight[block.units] * np.einsum("nst,nt->ns", block.contrast, gap)
            own = sums_by_term(block.row, len(block.clusters), self._term[block.units], len(self.start), here)
            value[block.clusters] = ratio(total - slopes @ self._pull.T - own, self._left(block.clusters))
            for cluster in block.clusters[~whole].tolist():
                value[cluster] = self._again[cluster].estimate
        return value

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> list[Deletions]:
        """Return what happens to m weighted means of the estimates when each cluster goes.

        Parameters
        ----------
        now
            (m, k) weights of the estimates.
        weigh
            Called with the row of a mean, c clusters and (c, k) what can be estimated without each: (c, k) weights.
        groups
            (h, G) groups of clusters whose errors vary alike.

        Notes
        -----
        A mean is phi . B y with r = k' + q functions B of the cells: the contrasts of the k' terms that enter, and the
        scores of the q coefficients. Without a cluster only phi changes, so no (G, G) matrix is needed.
        """
        first, sort = self._rows()
        means = [self._begin(j, weights, weigh, groups, sort) for j, weights in enumerate(now)]
        often = np.stack([np.bincount(sort[group], minlength=len(first)) for group in groups])
        for whole_block, every_inverse, _ in self._deletions():
            some = np.flatnonzero(first[sort[whole_block.clusters]] == whole_block.clusters)
            if not some.size:
                continue
            block, inverse = _part(whole_block, some), every_inverse[some]
            root = self._roots(block.units)
            score = self._regressed(block) @ root
            left = self._left(block.clusters)
            for j, mean in enumerate(means):
                weights = np.where(left > 0, weigh(j, block.clusters, left > 0), 0.0)
                phi = self._coefficients_without(mean, block, weights, left, inverse)
                self._add_block(mean, block, phi, root, score, often)
        if len(first) < len(sort):
            self._finish(means, sort)
        return [self._compressed(means.pop(0)) for _ in now]  # one by one: each is large

    def _rows(self) -> tuple[Int, Int]:
        """(S,) a cluster of each sort and the (G,) sort of each: alike in all but their outcomes, or each its own.

        A cluster whose deletion is estimated again has functions of its own: then each is.
        """
        clusters = len(self.design.clusters)
        first, sort = self._sorts(self._weight, self.design.panel.observed, self.design.adopted[:, None])
        if self._again or 2 * len(first) > clusters:
            return np.arange(clusters), np.arange(clusters)
        return first, sort

    def _finish(self, means: list[Mean], sort: Int) -> None:
        """Put down the means without each cluster: those of a sort differ in what the cluster's own cells say."""
        own = np.zeros((len(sort), len(self._coefficient)))
        for block in self._blocks():
            said = np.einsum("nqt,nt->nq", self._regressed(block), self._outcome[block.units])
            np.add.at(own, block.clusters[block.row], said)
        score = self._normal[0] @ self._coefficient - own
        filtered = self._filtered.sum(axis=0) - self._filtered
        for mean in means:
            k, found = len(mean.columns), mean.deletions
            phi = (found.coefficient + mean.first)[sort]
            value = (phi[:, :k] * filtered[:, mean.columns]).sum(axis=1) + (phi[:, k:] * score).sum(axis=1)
            found.estimate[:] = np.where(
                np.isfinite(found.estimate[np.unique(sort, return_index=True)[1]])[sort], value, np.nan
            )

    def _compressed(self, mean: Mean) -> Deletions:
        """Return the deletions of a mean with the functions of its terms cohort by cohort."""
        places = [mean.place[terms] for _, terms in self._cohorts]
        return mean.deletions.compressed([place[place < len(mean.columns)] for place in places])

    def _begin(self, j: int, weights: Float, weigh: Weigh, groups: Bool, sort: Int) -> Mean:
        """Return a mean before any cluster has gone; those whose deletion is estimated again are done already."""
        g, k, q, e = len(self.design.clusters), len(self.start), len(self._coefficient), len(self._again)
        columns = np.flatnonzero(weights != 0)
        place = np.full(k + 1, len(columns))
        place[columns] = np.arange(len(columns))
        first = np.zeros(len(columns) + q + e)
        first[: len(columns)] = weights[columns] / self._size.sum(axis=0)[columns]
        first[len(columns) : len(columns) + q] = -(first[: len(columns)] @ self._pull[columns]) @ self._normal[1]
        r = len(first)
        estimate, again = np.full(g, np.nan), np.zeros((e, *self.untreated.shape))
        for i, (cluster, fit) in enumerate(self._again.items()):
            known = np.isfinite(fit.estimate)
            rest = weigh(j, np.array([cluster]), known[None])
            if rest.any():
                estimate[cluster] = float((rest[0] * np.nan_to_num(fit.estimate)).sum())
                again[i][self.design.cluster != cluster] = fit.loadings_of(rest)[0]
        moments = np.zeros((len(groups), r, r))
        n = int(sort.max()) + 1
        parts = (np.zeros(n), np.zeros((n, r)), moments, np.zeros((n, r)), np.zeros(n))
        empty = Deletions(estimate, *parts, groups, sort)
        return Mean(columns, place, first, again, empty)

    def _coefficients_without(self, mean: Mean, block: Block, weights: Float, left: Float, inverse: Float) -> Float:
        """(c, r) weights of the functions in a mean without each cluster of a block; the mean is put down as well."""
        k, q, columns = len(mean.columns), len(self._coefficient), mean.columns
        phi = np.zeros((len(block.clusters), len(mean.first)))
        phi[:, :k] = np.nan_to_num(ratio(weights[:, columns], left[:, columns]))
        padded = np.concatenate([phi[:, :k], np.zeros((len(phi), 1))], axis=1)
        cell = padded[block.row[:, None], mean.place[self._term[block.units]]] * self._weight[block.units]
        pull = phi[:, :k] @ self._pull[columns]
        np.subtract.at(pull, block.row, self._onto(np.einsum("ns,nst->nt", cell, block.contrast), block.units))
        phi[:, k : k + q] = -np.einsum("cq,cqp->cp", pull, inverse)
        filtered = self._filtered.sum(axis=0)[columns] - self._filtered[block.clusters[:, None], columns]
        estimate = (phi[:, :k] * filtered).sum(axis=1)
        estimate += (phi[:, k : k + q] * self._scores_without(block)).sum(axis=1)
        some = np.asarray(weights.any(axis=1))
        for i, cluster in enumerate(block.clusters.tolist()):
            if cluster in self._again:
                some[i], phi[i] = False, 0.0
                phi[i, k + q + list(self._again).index(cluster)] = 1.0
        mean.deletions.estimate[block.clusters[some]] = estimate[some]
        mean.deletions.coefficient[mean.deletions._row[block.clusters]] = phi - mean.first
        return phi

    def _add_block(self, mean: Mean, block: Block, phi: Float, root: Float, score: Float, often: Int) -> None:
        """Add the units of a block to the covariances of the functions, and what their clusters do to themselves."""
        k = len(mean.columns)
        more = np.swapaxes(mean.again[:, block.units], 0, 1) @ root
        tail = np.concatenate([score, more], axis=1)  # (n, q + e, T)
        group = often[:, mean.deletions._row[self.design.cluster[block.units]]]
        every = np.arange(k, len(mean.first))
        alone = np.ones(len(block.units), dtype=np.bool_)
        for members, terms in self._cohorts:
            mine = np.flatnonzero(members[block.units])
            rows = np.flatnonzero(mean.place[terms] < k)
            if len(mine) and len(rows):
                alone[mine] = False
                head = (self._weight[block.units[mine]][:, rows, None] * block.contrast[mine][:, rows]) @ root[mine]
                where = np.concatenate([mean.place[terms[rows]], every])
                _add_units(mean, np.concatenate([head, tail[mine]], axis=1), where, block, mine, phi, group)
        if alone.any():
            rest = np.flatnonzero(alone)
            _add_units(mean, tail[rest], every, block, rest, phi, group)

    def _roots(self, units: Int) -> Float:
        """(n, T, T) roots L of the covariances of units: errors are L times errors of variance one."""
        observed = self.design.panel.observed[units]
        noise = np.where(observed, self.noise[units], 0.0 if not self.shocks.any() else 1.0)
        if not self.shocks.any():
            return np.asarray(np.sqrt(noise)[:, :, None] * np.eye(len(self.shocks)))
        return roots(self.shocks, noise)


def mean_effect(fit: PredictionFit, total: Float, weight: Float) -> Float:
    """(k,), or (G, k) when it leaves out the cluster: what the effects of a term are compared with.

    `total` and `weight` are the (G, k) `squares` of all that enters.
    """
    if fit.deviation == "squared_mean":
        return ratio(total.sum(axis=0), weight.sum(axis=0))
    alone = (weight > 0).sum(axis=0) == 1
    if alone.any():
        waves = tuple(fit.design.cohort_label(step, spoken=True) for step in np.unique(fit.start[alone]))
        raise InferenceError(Message("estimation.leave_out_alone", waves=waves))
    return ratio(total.sum(axis=0) - total, weight.sum(axis=0) - weight)


def _part(block: Block, some: Int) -> Block:
    """Return the block of some of its clusters."""
    if len(some) == len(block.clusters):
        return block
    row = np.full(len(block.clusters), -1)
    row[some] = np.arange(len(some))
    here = np.flatnonzero(row[block.row] >= 0)
    return Block(
        block.units[here], block.clusters[some], row[block.row[here]], block.within[here], block.contrast[here]
    )


def _add_units(mean: Mean, function: Float, where: Int, block: Block, mine: Int, phi: Float, often: Int) -> None:
    """Add (n, r', T) functions of units on standardised errors, whose places among all functions are `where`."""
    row, found = block.row[mine], mean.deletions
    place = found._row[block.clusters]
    for h in range(len(often)):
        if (chosen := often[h, mine] > 0).any():
            loaded = function[chosen] * np.sqrt(often[h, mine][chosen])[:, None, None]
            flat = loaded.transpose(1, 0, 2).reshape(function.shape[1], -1)
            found.covariance[h][np.ix_(where, where)] += flat @ flat.T
    without = np.einsum("nr,nrt->nt", phi[row][:, where], function)
    cross = np.zeros((len(block.clusters), len(where)))
    np.add.at(cross, row, np.einsum("nrt,nt->nr", function, without))
    found.cross[place[:, None], where] += cross
    np.add.at(found.square, place[row], (without**2).sum(axis=1))
    with_all = np.einsum("r,nrt->nt", mean.first[where], function)
    np.add.at(found.own, place[row], (with_all**2).sum(axis=1))


def within_units(x: Float, untreated: Bool, weight: Float) -> Float:
    """(U, T, p) covariates less their untreated mean in each unit; one that is constant there is zero, not rounding."""
    share = unit_shares(np.where(untreated, weight, 0.0))
    x = x - np.einsum("ut,utp->up", share, x)[:, None, :]
    return np.where(np.abs(x) < _CONSTANT, 0.0, x)


def _well_conditioned(matrices: Float) -> Bool:
    """(n,) whether the smallest eigenvalue of each symmetric matrix is not next to nothing."""
    shifted = matrices - _GONE * np.eye(matrices.shape[1])
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.eigvalsh(matrices).min(axis=1, initial=1.0) > _GONE)
    return np.ones(len(matrices), dtype=np.bool_)
