"""Least squares with unit and period effects, from one block of cross-products a cluster.

Unit effects lie within clusters, so they are taken out inside each unit first. What is left, regressors next to period
dummies, is small: its cross-products by cluster give the coefficients, the coefficients without each cluster, the
influence of each cluster, bias-reduced variances and every bootstrap draw, without touching a record again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.counted import Counted, count
from asn_impact.estimation.deletions import Deletions
from asn_impact.estimation.effects import Contributions, Effects, Fit, Traces

__all__ = ["Blocks", "LeastSquares"]

_SINGULAR = 1e-9  # share of a regressor's variation below which nothing of its own is left


@dataclass(frozen=True, eq=False)
class Blocks:
    """A weighted regression as cross-products by cluster: p coefficients of interest, q - p others to partial out.

    Attributes
    ----------
    gram
        (G, q, q) cross-products of the regressors; the first p are of interest.
    score
        (G, q) cross-products of the regressors with the outcome.
    p
        Number of coefficients of interest.
    """

    gram: Float
    score: Float
    p: int

    @cached_property
    def inverse(self) -> Float:
        """(q, q) pseudo-inverse of the whole cross-product: some dummies may be redundant."""
        return np.asarray(np.linalg.pinv(self.gram.sum(axis=0), hermitian=True, rcond=1e-11))

    @cached_property
    def slopes(self) -> Float:
        """(q,) all coefficients."""
        return np.asarray(self.inverse @ self.score.sum(axis=0))

    @cached_property
    def estimate(self) -> Float:
        """(p,) coefficients of interest; NaN for one without variation of its own."""
        return np.asarray(_partial_out(self.gram.sum(axis=0)[None], self.score.sum(axis=0)[None], self.p)[0])

    @property
    def residual_score(self) -> Float:
        """(G, q) cross-products of the regressors with the residuals."""
        return self.score - self.gram @ self.slopes

    def influence(self) -> Float:
        """(G, p) influence of each cluster: its score times the inverse cross-product."""
        return np.asarray(self.residual_score @ self.inverse[:, : self.p])

    def leave_one_out(self) -> Float:
        """(G, p) coefficients without each cluster; NaN where one rests on that cluster.

        Where the others leave two of them alike, the later one goes, as it does when the regression is run without the
        cluster.
        """
        gram, score = self.gram.sum(axis=0) - self.gram, self.score.sum(axis=0) - self.score
        without = _partial_out(gram, score, self.p)
        for c in np.flatnonzero(np.isnan(without).all(axis=1)):
            without[c] = _without_collinear(gram[c], score[c], self.p)
        return without

    @property
    def lost(self) -> Bool:
        """(G, p) coefficients that are not the same thing, or nothing, without a cluster."""
        gram, score = self.gram.sum(axis=0) - self.gram, self.score.sum(axis=0) - self.score
        return np.isnan(_partial_out(gram, score, self.p))

    def deleted(self) -> Contributions:
        """Jackknife deviations as products of scores: g_c = -(S - H_c)^-1 a."""
        without = np.linalg.pinv(self.gram.sum(axis=0) - self.gram, hermitian=True, rcond=1e-11)
        direction = -without[:, :, : self.p]
        value = np.where(self.lost, np.nan, np.einsum("gqp,gq->gp", direction, self.residual_score))
        return Contributions(value, lambda groups: self._traces(direction, groups))

    def bias_reduced(self) -> Contributions:
        """CR2 (Bell and McCaffrey 2002): g_c = B_c' S^-1 a with B_c = R (I - R S^-1 R)^(-1/2) R^+, R = H_c^(1/2)."""
        root, root_inverse = _power(self.gram, 0.5), _power(self.gram, -0.5)
        middle = np.eye(self.gram.shape[1]) - root @ self.inverse @ root
        adjust = root @ _power(middle, -0.5) @ root_inverse
        direction = np.swapaxes(adjust, 1, 2) @ self.inverse[:, : self.p]
        value = np.einsum("gqp,gq->gp", direction, self.residual_score)
        return Contributions(value, lambda groups: self._traces(direction, groups))

    def _traces(self, direction: Float, groups: Bool) -> Traces:
        """Moments of the contributions g_c' X_c' M y if errors vary in one group only: of rank q plus a diagonal."""
        reach = np.einsum("gqr,grp->pgq", self.gram, direction)  # K_c = H_c g_c
        own = np.einsum("gqp,pgq->pg", direction, reach)
        covariance = np.stack([self.gram[group].sum(axis=0) for group in groups])
        nothing, one = np.zeros(len(self.gram)), np.ones(len(self.gram))
        parts = [
            Deletions(nothing, nothing, reach[j] @ self.inverse, covariance, reach[j], own[j], groups).traces(one)
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

    Attributes
    ----------
    design
        What is compared.
    regressors
        (U, T, p) cell means of the regressors.
    covariates
        For each regressor its position in ``design.panel.covariates``, or -1 for one that is constant inside a
        cell, such as the treatment. Empty: all are constant inside cells.
    trend
        ``"unit"``: a straight line for each unit beside its effect. A unit seen twice says nothing then.
    """

    design: Design
    regressors: Float
    covariates: tuple[int, ...] = ()
    trend: Literal["common", "unit"] = "common"

    @property
    def _known(self) -> Bool:
        """(U, T) cells whose outcome and regressors are known."""
        return np.asarray(self.design.panel.observed & np.isfinite(self.regressors).all(axis=-1))

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

    @cached_property
    def _within(self) -> Float:
        """(U, T, 1 + p + T): outcome, regressors and period dummies less their weighted unit means."""
        weight = self.weight
        outcome = np.nan_to_num(self.design.panel.mean)
        centre = (weight * outcome).sum() / weight.sum()
        periods = np.broadcast_to(np.eye(weight.shape[1]), (*weight.shape, weight.shape[1]))
        columns = np.concatenate([(outcome - centre)[:, :, None], np.nan_to_num(self.regressors), periods], axis=2)
        total = weight.sum(axis=1)
        mean = np.einsum("ut,utq->uq", weight, columns) / np.where(total > 0, total, 1.0)[:, None]
        rest = (columns - mean[:, None, :]) * (weight > 0)[:, :, None]
        return np.asarray(rest if self.trend == "common" else self._without_lines(rest))

    def _without_lines(self, columns: Float) -> Float:
        """(U, T, q) columns less their weighted unit means, less a straight line of each unit too."""
        weight = self.weight
        steps, total = np.asarray(self.design.panel.timeline.steps, dtype=np.float64), weight.sum(axis=1)
        line = (steps - (weight @ steps / np.where(total > 0, total, 1.0))[:, None]) * (weight > 0)
        size = (weight * line**2).sum(axis=1)
        slope = np.einsum("ut,utq->uq", weight * line, columns) / np.where(size > 0, size, 1.0)[:, None]
        return np.asarray(columns - line[:, :, None] * slope[:, None, :])

    @cached_property
    def blocks(self) -> Blocks:
        """The regression by cluster."""
        within = self._within
        by_unit = np.matmul(np.swapaxes(within * self.weight[:, :, None], 1, 2), within)
        by_unit[:, self._varying[:, None], self._varying] += self._inside.sum(axis=1)
        clusters = len(self.design.clusters)
        flat = cluster_sums(self.design.cluster, clusters, by_unit.reshape(len(by_unit), -1))
        total = flat.reshape(clusters, *by_unit.shape[1:])
        return Blocks(total[:, 1:, 1:], total[:, 1:, 0], self.regressors.shape[-1])

    @property
    def estimate(self) -> Float:
        """(p,) coefficients; NaN for a regressor without variation of its own."""
        return self.blocks.estimate

    def influence(self) -> Float:
        """(G, p) influence of each cluster."""
        return self.blocks.influence()

    def leave_one_out(self) -> Float:
        """(G, p) coefficients without each cluster."""
        return self.blocks.leave_one_out()

    @property
    def regression(self) -> bool:
        """True: every rule has a closed form."""
        return True

    def deleted(self, effects: Effects) -> Contributions:
        """Jackknife deviations with their moments."""
        return self.blocks.deleted()

    def bias_reduced(self, effects: Effects) -> Contributions:
        """CR2 contributions with their moments."""
        return self.blocks.bias_reduced()

    def loadings(self) -> Float:
        """(p, U, T) weights of the coefficients on the cell means (what varies inside cells has weights of its own)."""
        direction = self.blocks.inverse[:, : self.blocks.p]
        return np.asarray(np.einsum("utq,qp,ut->put", self._within[:, :, 1:], direction, self.weight))

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
        return np.asarray(self._within[:, :, 0] - self._within[:, :, 1:] @ self.blocks.slopes)

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
        """Rows and coefficients, with or without the rows of units seen once."""
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
        total = self.blocks.gram.sum(axis=0)
        gram = _free(total[None], total[None, :, :p], p)[0][:p]
        size = (self.weight[:, :, None] * np.nan_to_num(self.regressors) ** 2).sum(axis=(0, 1))
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
        found[left] = _partial_out(gram[np.ix_(columns, columns)][None], score[columns][None], len(left))[0]
    return found


def _free(gram: Float, right: Float, p: int) -> Float:
    """(..., p, r) rows of interest of a right-hand side with the other regressors partialled out."""
    other = np.linalg.pinv(gram[..., p:, p:], hermitian=True, rcond=1e-11)
    return np.asarray(right[..., :p, :] - gram[..., :p, p:] @ other @ right[..., p:, :])


def _partial_out(gram: Float, score: Float, p: int) -> Float:
    """(..., p) coefficients of interest; NaN where they are not identified."""
    right = np.concatenate([gram[..., :p], score[..., None]], axis=-1)
    free = _free(gram, right, p)
    left = np.diagonal(free[..., :p], axis1=-2, axis2=-1)
    own = np.diagonal(gram, axis1=-2, axis2=-1)[..., :p]
    dead = ~(left > _SINGULAR * own) | ~(own > 0)
    scale = np.sqrt(np.where(dead, 1.0, left))
    unit = free[..., :p] / scale[..., :, None] / scale[..., None, :]
    unit = np.where(dead[..., :, None] | dead[..., None, :], np.eye(p), unit)
    singular = np.linalg.eigvalsh(unit)[..., 0] < _SINGULAR
    safe = np.where(singular[..., None, None], np.eye(p), unit)
    solution = np.linalg.solve(safe, np.where(dead, 0.0, free[..., p] / scale)[..., None])[..., 0] / scale
    return np.where(dead | singular[..., None], np.nan, solution)


def _power(matrix: Float, exponent: float) -> Float:
    """Symmetric power of positive semi-definite matrices on their range."""
    values, vectors = np.linalg.eigh(matrix)
    floor = 1e-10 * np.maximum(values[..., -1:], 1e-300)
    powered = np.where(values > floor, np.maximum(values, floor) ** exponent, 0.0)
    return np.asarray((vectors * powered[..., None, :]) @ np.swapaxes(vectors, -1, -2))
