"""Least squares with unit and period effects, from one block of cross-products a cluster.

Unit effects lie within clusters, so they are taken out inside each unit first. What is left, regressors next to period
dummies, is small: its cross-products by cluster give the coefficients, the coefficients without each cluster, the
influence of each cluster, bias-reduced variances and every bootstrap draw, without touching a record again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import InferenceError
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.counted import Counted, count
from asn_impact.estimation.deletions import Deletions
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Contributions, Fit, Traces
from asn_impact.estimation.patterns import kinds_of, sorts_of
from asn_impact.words import Message

_BLOCK = 4_000_000  # numbers in one of the arrays that are made at a time
_SINGULAR = 1e-9  # share of a regressor's variation below which nothing of its own is left


@dataclass(frozen=True, eq=False)
class Blocks:
    """A weighted regression as cross-products by cluster: p coefficients of interest, q - p others to partial out."""

    gram: Float  #: (S, q, q) cross-products of the regressors, for each sort of cluster; the first p are of interest
    score: Float  #: (G, q) cross-products of the regressors with the outcome
    p: int  #: number of coefficients of interest
    #: (G,) the sort of each cluster: those of one sort have the same regressors. None: each is its own.
    sort: Int | None = None

    @property
    def _sort(self) -> Int:
        return np.arange(len(self.score)) if self.sort is None else self.sort

    @cached_property
    def total(self) -> Float:
        """(q, q) cross-products of all clusters."""
        if self.sort is None:
            return np.asarray(self.gram.sum(axis=0))
        return np.asarray(np.tensordot(self._count(np.ones(len(self.score), dtype=np.bool_)), self.gram, axes=1))

    def _count(self, clusters: Bool) -> Float:
        """(S,) how many of some clusters are of each sort."""
        return np.bincount(self._sort[clusters], minlength=len(self.gram)).astype(np.float64)

    def times(self, slopes: Float) -> Float:
        """(G, q) cross-products of each cluster times (q,) coefficients."""
        return np.asarray((self.gram @ slopes)[self._sort])

    @cached_property
    def inverse(self) -> Float:
        """(q, q) pseudo-inverse of the whole cross-product: some dummies may be redundant."""
        return np.asarray(np.linalg.pinv(self.total, hermitian=True, rcond=1e-11))

    @cached_property
    def slopes(self) -> Float:
        """(q,) all coefficients."""
        return np.asarray(self.inverse @ self.score.sum(axis=0))

    @cached_property
    def estimate(self) -> Float:
        """(p,) coefficients of interest; NaN for one without variation of its own."""
        return np.asarray(_partial_out(self.total[None], self.score.sum(axis=0)[None, :, None], self.p)[0, :, 0])

    @cached_property
    def residual_score(self) -> Float:
        """(G, q) cross-products of the regressors with the residuals."""
        return self.score - self.times(self.slopes)

    def influence(self) -> Float:
        """(G, p) influence of each cluster: its score times the inverse cross-product."""
        return np.asarray(self.residual_score @ self.inverse[:, : self.p])

    def _blocks(self, width: int) -> Iterator[tuple[Int, Float]]:
        """Yield sorts with their cross-products, as many at a time as (n, q, width) arrays may hold."""
        size = max(1, _BLOCK // (self.gram.shape[1] * width))
        for first in range(0, len(self.gram), size):
            yield np.arange(first, min(first + size, len(self.gram))), self.gram[first : first + size]

    def _members(self, sorts: Int) -> list[Int]:
        """Return the clusters of each of some sorts."""
        own = self._sort
        chosen = np.flatnonzero((own >= sorts[0]) & (own <= sorts[-1]))
        order = chosen[np.argsort(own[chosen], kind="stable")]
        return np.split(order, np.cumsum(np.bincount(own[chosen] - sorts[0], minlength=len(sorts)))[:-1])

    def leave_one_out(self) -> Float:
        """(G, p) coefficients without each cluster; NaN where one rests on that cluster.

        Where the others leave two of them alike, the later one goes, as it does when the regression is run without the
        cluster.
        """
        return self._without[0]

    @property
    def lost(self) -> Bool:
        """(G, p) coefficients that are not the same thing, or nothing, without a cluster."""
        return self._without[1]

    @cached_property
    def _without(self) -> tuple[Float, Bool]:
        """Coefficients without each cluster, and which of them are lost."""
        without, score = np.empty((len(self.score), self.p)), self.score.sum(axis=0)
        lost = np.empty(without.shape, dtype=np.bool_)
        for sorts, gram in self._blocks(2 * self.gram.shape[1]):
            for rest, clusters in zip(self.total - gram, self._members(sorts), strict=True):
                found = _partial_out(rest[None], (score - self.score[clusters]).T[None], self.p)[0].T
                lost[clusters] = np.isnan(found)
                if len(found) and np.isnan(found).all(axis=1)[0]:
                    found = np.stack([_without_collinear(rest, score - self.score[c], self.p) for c in clusters])
                without[clusters] = found
        return without, lost

    def deleted(self) -> Contributions:
        """Jackknife deviations as products of scores: g_c = -(S - H_c)^-1 a."""

        def adjust(gram: Float) -> Float:
            return np.asarray(-np.linalg.pinv(self.total - gram, hermitian=True, rcond=1e-11)[:, :, : self.p])

        value, traces = self._contributions(adjust)
        return Contributions(np.where(self.lost, np.nan, value), traces)

    def bias_reduced(self) -> Contributions:
        """CR2 (Bell and McCaffrey 2002): g_c = B_c' S^-1 a with B_c = R (I - R S^-1 R)^(-1/2) R^+, R = H_c^(1/2)."""

        def adjust(gram: Float) -> Float:
            root, root_inverse = _power(gram, 0.5), _power(gram, -0.5)
            middle = np.eye(gram.shape[1]) - root @ self.inverse @ root
            adjusted = root @ _power(middle, -0.5) @ root_inverse
            return np.asarray(np.swapaxes(adjusted, 1, 2) @ self.inverse[:, : self.p])

        return Contributions(*self._contributions(adjust))

    def _contributions(self, adjust: Callable[[Float], Float]) -> tuple[Float, Callable[[Bool], Traces]]:
        """Return (G, p) contributions g_c' s_c and their traces, for directions g_c that depend on H_c alone."""
        value = np.empty((len(self.score), self.p))
        reach = np.empty((len(self.gram), self.gram.shape[1], self.p))  # K_c = H_c g_c
        own = np.empty((len(self.gram), self.p))
        for sorts, gram in self._blocks(2 * self.gram.shape[1]):
            direction = adjust(gram)
            reach[sorts] = gram @ direction
            own[sorts] = (direction * reach[sorts]).sum(axis=1)
            for one, clusters in zip(direction, self._members(sorts), strict=True):
                value[clusters] = self.residual_score[clusters] @ one
        return value, lambda groups: self._traces(reach, own, groups)

    def _traces(self, reach: Float, own: Float, groups: Bool) -> Traces:
        """Moments of the contributions g_c' X_c' M y if errors vary in one group only: of rank q plus a diagonal."""
        covariance = np.stack([np.tensordot(self._count(group), self.gram, axes=1) for group in groups])
        nothing, one = np.zeros(len(self.gram)), np.ones(len(self.score))
        parts = [
            Deletions(
                one, nothing, reach[:, :, j] @ self.inverse, covariance, reach[:, :, j], own[:, j], groups, self._sort
            ).traces(one)
            for j in range(self.p)
        ]
        return Traces(*(np.stack(each) for each in zip(*parts, strict=True)))


@dataclass(frozen=True, eq=False)
class LeastSquares(Fit):
    """Coefficients of (U, T, p) regressors in a weighted regression of the cell means with unit and period effects.

    When the design weighs records, the cross-products inside the cells are added to those of the means: the numbers are
    those of the regression on the records. When it weighs units, the cell means are the data and what varies
    inside a cell does not count.

    Cluster-robust variance: Liang and Zeger (1986); jackknife: MacKinnon, Nielsen and Webb (2023).
    """

    design: Design  #: what is compared
    regressors: Float  #: (U, T, p) cell means of the regressors, or (n, T, p) where units share them
    #: For each regressor its position in ``design.panel.covariates``, or -1 for one that is constant inside a cell,
    #: such as the treatment. Empty: all are constant inside cells.
    covariates: tuple[int, ...] = ()
    #: ``"unit"``: a straight line for each unit beside its effect. A unit seen twice says nothing then.
    trend: Literal["common", "unit"] = "common"
    shared: Int | None = None  #: (U,) which of the regressors each unit has; None: its own

    @property
    def _known(self) -> Bool:
        """(U, T) cells whose outcome and regressors are known."""
        finite = np.asarray(np.isfinite(self.regressors).all(axis=-1))
        return np.asarray(self.design.panel.observed & (finite if self.shared is None else finite[self.shared]))

    @cached_property
    def weight(self) -> Float:
        """(U, T) weights; cells that do not count, and units seen once (no change to learn from), weigh nothing.

        Seen once means one cell; where records and what varies inside cells count, one record.
        """
        panel, known = self.design.panel, self._known
        by_record = self.design.weights == "records" and bool(panel.within.any())
        known = known & ((known * (panel.n if by_record else 1.0)).sum(axis=1, keepdims=True) > 1)
        if self.trend == "unit":
            known = known & (known.sum(axis=1, keepdims=True) > (1 if by_record else 2))
        return np.where(known, panel.weight, 0.0)

    @property
    def _varying(self) -> Int:
        """Positions of the outcome (0) and of the regressors that vary inside cells, in (outcome, regressors)."""
        return np.array([0, *(1 + j for j, c in enumerate(self.covariates) if c >= 0)], dtype=np.int64)

    @cached_property
    def _inside(self) -> Float:
        """(U, T, v, v) weighted cross-products inside each cell of what varies there; zero if units count alike."""
        panel = self.design.panel
        if self.design.weights != "records":
            return np.zeros((*panel.n.shape, len(self._varying), len(self._varying)))
        own = [0, *(1 + c for c in self.covariates if c >= 0)]
        each = np.divide(self.weight, panel.n, out=np.zeros_like(self.weight), where=self.weight > 0)
        return np.asarray(panel.within[:, :, own][:, :, :, own] * each[:, :, None, None])

    def _within(self, units: Int) -> Float:
        """(n, T, 1 + p + T): outcome, regressors and period dummies of units less their weighted unit means."""
        weight = self.weight[units]
        outcome = np.nan_to_num(self.design.panel.mean[units])
        periods = np.broadcast_to(np.eye(weight.shape[1]), (*weight.shape, weight.shape[1]))
        regressors = self.regressors[units if self.shared is None else self.shared[units]]
        parts = [(outcome - self._centre)[:, :, None], np.nan_to_num(regressors), periods]
        columns = np.concatenate(parts, axis=2)
        total = weight.sum(axis=1)
        mean = (weight[:, None, :] @ columns)[:, 0] / np.where(total > 0, total, 1.0)[:, None]
        rest = (columns - mean[:, None, :]) * (weight > 0)[:, :, None]
        return np.asarray(rest if self.trend == "common" else self._without_lines(rest, weight))

    def _without_lines(self, columns: Float, weight: Float) -> Float:
        """(n, T, q) columns less their weighted unit means, less a straight line of each unit too."""
        steps, total = np.asarray(self.design.panel.timeline.steps, dtype=np.float64), weight.sum(axis=1)
        line = (steps - (weight @ steps / np.where(total > 0, total, 1.0))[:, None]) * (weight > 0)
        size = (weight * line**2).sum(axis=1)
        slope = np.einsum("ut,utq->uq", weight * line, columns) / np.where(size > 0, size, 1.0)[:, None]
        return np.asarray(columns - line[:, :, None] * slope[:, None, :])

    @cached_property
    def _centre(self) -> float:
        """Mean of the outcome: large levels would cost digits."""
        outcome = np.nan_to_num(self.design.panel.mean)
        return float((self.weight * outcome).sum() / self.weight.sum())

    @cached_property
    def _outcome(self) -> Float:
        """(U, T) outcome less its weighted unit means."""
        weight, total = self.weight, self.weight.sum(axis=1, keepdims=True)
        outcome = np.nan_to_num(self.design.panel.mean) - self._centre
        mean = (weight * outcome).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
        rest = np.asarray((outcome - mean) * (weight > 0))
        return rest if self.trend == "common" else self._without_lines(rest[:, :, None], weight)[:, :, 0]

    @cached_property
    def _kinds(self) -> tuple[Int, Int]:
        """(P,) a unit of each kind, and (U,) the kind of each: alike in weights, regressors and whether treated."""
        units = len(self.weight)
        if self._inside.any():
            return np.arange(units), np.arange(units)
        own = self.regressors.reshape(units, -1) if self.shared is None else self.shared[:, None]
        treated = np.isfinite(self.design.adopted)[:, None]
        return kinds_of(np.concatenate([np.where(np.isfinite(own), own, -np.inf), self.weight, treated], axis=1))

    def _blocks(self) -> Iterator[tuple[Int, Float]]:
        """Yield kinds of units with the (n, T, 1 + p + T) columns of one of each."""
        first, periods = self._kinds[0], self.weight.shape[1]
        width = 1 + self.regressors.shape[2] + periods
        size = max(1, _BLOCK // (width * max(width, periods)))
        for start in range(0, len(first), size):
            yield np.arange(start, min(start + size, len(first))), self._within(first[start : start + size])

    @cached_property
    def _members(self) -> list[Int]:
        """The units of each kind."""
        first, kind = self._kinds
        return np.split(np.argsort(kind, kind="stable"), np.cumsum(np.bincount(kind, minlength=len(first)))[:-1])

    def _times(self, direction: Float) -> Float:
        """(U, T, m) regressors and period dummies less their unit means, times (q, m) coefficients."""
        first, kind = self._kinds
        total = np.empty((len(first), self.weight.shape[1], direction.shape[1]))
        for kinds, within in self._blocks():
            total[kinds] = within[:, :, 1:] @ direction
        return total if len(first) == len(kind) and (kind == np.arange(len(kind))).all() else total[kind]

    @cached_property
    def blocks(self) -> Blocks:
        """The regression by cluster."""
        cluster, clusters = self.design.cluster, len(self.design.clusters)
        first, kind = self._kinds
        _, sort, holds = sorts_of(kind, cluster, clusters)
        q = self.regressors.shape[2] + self.weight.shape[1]
        gram, score = np.zeros((holds.shape[0], q, q)), np.empty((len(kind), q))
        varying = self._varying[1:] - 1
        loaded, inside = self.weight * self._outcome, self._inside.sum(axis=1)
        for kinds, within in self._blocks():
            columns = within[:, :, 1:]
            by_kind = np.swapaxes(columns * self.weight[first[kinds]][:, :, None], 1, 2) @ columns
            by_kind[:, varying[:, None], varying] += inside[first[kinds], 1:, 1:]
            for i, one in zip(kinds, columns, strict=True):
                score[self._members[i]] = loaded[self._members[i]] @ one
            entries = holds[:, kinds].tocoo()
            for row, i, often in zip(entries.row, entries.col, entries.data, strict=True):
                gram[row] += often * by_kind[i]
        score[:, varying] += inside[:, 0, 1:]
        return Blocks(gram, cluster_sums(cluster, clusters, score), self.regressors.shape[2], sort)

    @property
    def estimate(self) -> Float:
        """(p,) coefficients; NaN for a regressor without variation of its own."""
        return self.blocks.estimate

    def influence(self) -> Float:
        return self.blocks.influence()

    def leave_one_out(self) -> Float:
        return self.blocks.leave_one_out()

    @property
    def regression(self) -> bool:
        return True

    def deleted(self, effects: Effects) -> Contributions:
        return self.blocks.deleted()

    def bias_reduced(self, effects: Effects) -> Contributions:
        return self.blocks.bias_reduced()

    def loadings(self) -> Float:
        """(p, U, T) weights of the coefficients on the cell means (what varies inside cells has weights of its own)."""
        return self.loadings_of(np.eye(self.blocks.p))

    def loadings_of(self, weights: Float) -> Float:
        direction = self.blocks.inverse[:, : self.blocks.p] @ weights.T
        return np.asarray(np.moveaxis(self._times(direction) * self.weight[:, :, None], 2, 0))

    def cell_influence(self) -> Float:
        """(U, T, p) influence of each cell: summed over the cells of a cluster it is `influence`."""
        between = self.loadings().transpose(1, 2, 0) * self.residual[:, :, None]
        regressor = self._varying[1:] - 1
        inside = self._inside[:, :, 1:] @ self._contrast
        return np.asarray(between + inside @ self.blocks.inverse[regressor, : self.blocks.p])

    @property
    def _contrast(self) -> Float:
        """(v,) weights that turn what varies inside cells into its residual: 1 and minus the slopes."""
        return np.concatenate([[1.0], -self.blocks.slopes[self._varying[1:] - 1]])

    @property
    def residual(self) -> Float:
        """(U, T) outcome less everything fitted; 0 where a cell does not count."""
        return np.asarray(self._outcome - self._times(self.blocks.slopes[:, None])[:, :, 0])

    @property
    def observations(self) -> float:
        """Rows of the regression: cells, or records when the design weighs records."""
        counted = self.weight > 0
        by_record = self.design.weights == "records"
        return float(self.design.panel.n[counted].sum()) if by_record else float(counted.sum())

    @cached_property
    def _periods(self) -> int:
        return int((self.weight.sum(axis=0) > 0).sum())

    @property
    def correction(self) -> float:
        """(N - 1) / (N - K): K counts regressors and period effects, not the unit effects nested in clusters."""
        n = self.observations
        return (n - 1) / (n - self.blocks.p - self._periods)

    def counted(self, *, singles: bool) -> Counted:
        """Rows and coefficients, with or without the rows of units seen once.

        Raises
        ------
        InferenceError
            Each unit has a line of its own: programs differ in how they count those.
        """
        if self.trend == "unit":
            raise InferenceError(Message("inference.lines_not_counted"))
        return count(self.design, self._known, self.blocks.p, singles=singles)

    def classical(self) -> tuple[Float, float]:
        """(p, p) variance under independent errors of one size, and N - K with all effects counted."""
        units = int((self.weight.sum(axis=1) > 0).sum())
        own = units if self.trend == "common" else 2 * units - 1  # the lines of all units make up that of the periods
        df = self.observations - own - self._periods + 1 - self.blocks.p
        inside = self._contrast @ self._inside.sum(axis=(0, 1)) @ self._contrast
        p = self.blocks.p
        return self.blocks.inverse[:p, :p] * ((self.weight * self.residual**2).sum() + inside) / df, df

    def collinear(self) -> Bool:
        """(p,) True for a regressor that the effects and the regressors before it explain wholly."""
        p = self.blocks.p
        total = self.blocks.total
        gram = _free(total[None], total[None, :, :p], p)[0][:p]
        weight = self.weight if self.shared is None else cluster_sums(self.shared, len(self.regressors), self.weight)
        size = np.einsum("ut,utp->p", weight, np.nan_to_num(self.regressors) ** 2)
        size[self._varying[1:] - 1] += np.diagonal(self._inside.sum(axis=(0, 1)))[1:]
        return _explained(gram, size)


def _explained(gram: Float, size: Float) -> Bool:
    """(p,) columns of which nothing is left after those before them, for their cross-product and raw sizes."""
    gone = np.zeros(len(gram), dtype=np.bool_)
    for j in range(len(gram)):
        before = np.flatnonzero(~gone[:j])
        inverse = np.linalg.pinv(gram[np.ix_(before, before)], hermitian=True)
        gone[j] = not gram[j, j] - gram[j, before] @ inverse @ gram[before, j] > _SINGULAR * size[j]
    return gone


def _without_collinear(gram: Float, score: Float, p: int) -> Float:
    """(p,) coefficients of interest, NaN for those that the ones before them explain."""
    free = _free(gram[None], gram[None, :, :p], p)[0][:p]
    left = np.flatnonzero(~_explained(free, np.diag(gram)[:p]))
    columns = np.concatenate([left, np.arange(p, len(gram))])
    found = np.full(p, np.nan)
    if left.size:
        found[left] = _partial_out(gram[np.ix_(columns, columns)][None], score[None, columns, None], len(left))[0, :, 0]
    return found


def _free(gram: Float, right: Float, p: int) -> Float:
    """(..., p, r) rows of interest of a right-hand side with the other regressors partialled out."""
    other = np.linalg.pinv(gram[..., p:, p:], hermitian=True, rcond=1e-11)
    return np.asarray(right[..., :p, :] - gram[..., :p, p:] @ other @ right[..., p:, :])


def _partial_out(gram: Float, score: Float, p: int) -> Float:
    """(..., p, m) coefficients of interest for (..., q, m) scores; NaN where they are not identified."""
    right = np.concatenate([gram[..., :p], score], axis=-1)
    free = _free(gram, right, p)
    left = np.diagonal(free[..., :p], axis1=-2, axis2=-1)
    own = np.diagonal(gram, axis1=-2, axis2=-1)[..., :p]
    dead = ~(left > _SINGULAR * own) | ~(own > 0)
    scale = np.sqrt(np.where(dead, 1.0, left))
    unit = free[..., :p] / scale[..., :, None] / scale[..., None, :]
    unit = np.where(dead[..., :, None] | dead[..., None, :], np.eye(p), unit)
    singular = np.linalg.eigvalsh(unit)[..., 0] < _SINGULAR
    safe = np.where(singular[..., None, None], np.eye(p), unit)
    found = np.linalg.solve(safe, np.where(dead[..., None], 0.0, free[..., p:] / scale[..., None])) / scale[..., None]
    return np.where((dead | singular[..., None])[..., None], np.nan, found)


def _power(matrix: Float, exponent: float) -> Float:
    """Symmetric power of positive semi-definite matrices on their range."""
    values, vectors = np.linalg.eigh(matrix)
    floor = 1e-10 * np.maximum(values[..., -1:], 1e-300)
    powered = np.where(values > floor, np.maximum(values, floor) ** exponent, 0.0)
    return np.asarray((vectors * powered[..., None, :]) @ np.swapaxes(vectors, -1, -2))
