"""Least squares with unit and period effects, from one block of cross-products a cluster: pure functions of arrays.

Unit effects lie within clusters, so they are taken out inside each unit first. What is left, regressors next to period
dummies, is small: its cross-products by cluster give the coefficients, the coefficients without each cluster, the influence
of each cluster, and (in `inference.py`) every bootstrap draw, without touching a record again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design

__all__ = ["LeastSquares", "collinear"]

_SINGULAR = 1e-9  # share of a regressor's variation below which nothing of its own is left


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Coefficients of (U, T, p) regressors in a weighted regression with unit and period effects.

    Frisch and Waugh: regress the outcome and the regressors on the effects, then residual on residual.
    Cluster-robust variance: Liang and Zeger (1986); jackknife: MacKinnon, Nielsen and Webb (2023), eq. 12.
    """

    design: Design
    regressors: Float

    @cached_property
    def _weight(self) -> Float:
        """(U, T); cells that do not count, and units seen once (no change to learn from), weigh nothing."""
        panel = self.design.panel
        known = panel.observed & np.isfinite(self.regressors).all(axis=-1)
        known &= known.sum(axis=1, keepdims=True) > 1
        return np.where(known, panel.weight, 0.0)

    @cached_property
    def _within(self) -> Float:
        """(U, T, 1 + p + T): outcome, regressors and period dummies less their weighted unit means."""
        weight = self._weight
        outcome = np.nan_to_num(self.design.panel.mean)
        centre = (weight * outcome).sum() / weight.sum()
        columns = np.concatenate(
            [
                (outcome - centre)[:, :, None],
                np.nan_to_num(self.regressors),
                np.broadcast_to(np.eye(weight.shape[1]), (*weight.shape, weight.shape[1])),
            ],
            axis=2,
        )
        total = weight.sum(axis=1)
        mean = np.einsum("ut,utq->uq", weight, columns) / np.where(total > 0, total, 1.0)[:, None]
        return np.asarray((columns - mean[:, None, :]) * (weight > 0)[:, :, None])

    @cached_property
    def blocks(self) -> Float:
        """(G, q, q) weighted cross-products of the within-unit columns by cluster, q = 1 + p + T."""
        within = self._within
        by_unit = np.matmul(np.swapaxes(within * self._weight[:, :, None], 1, 2), within)
        blocks = np.zeros((len(self.design.clusters), *by_unit.shape[1:]))
        np.add.at(blocks, self.design.cluster, by_unit)
        return blocks

    @property
    def _p(self) -> int:
        return int(self.regressors.shape[-1])

    @cached_property
    def estimate(self) -> Float:
        """(p,) coefficients; NaN for a regressor without variation of its own."""
        return coefficients(self.blocks.sum(axis=0)[None], self._p)[0]

    def leave_one_out(self) -> Float:
        """(G, p) coefficients without each cluster."""
        return coefficients(self.blocks.sum(axis=0) - self.blocks, self._p)

    @cached_property
    def _residual(self) -> tuple[Float, Float, Float]:
        """Regressors less unit and period effects (U, T, p), their inverse cross-product (p, p), residuals (U, T)."""
        total = self.blocks.sum(axis=0)
        p, periods = self._p, slice(1 + self._p, None)
        slope = np.linalg.pinv(total[periods, periods], hermitian=True) @ total[periods, : 1 + p]
        free = self._within[:, :, : 1 + p] - self._within[:, :, periods] @ slope
        regressors = free[:, :, 1:]
        inverse = np.linalg.pinv(np.einsum("ut,utp,utq->pq", self._weight, regressors, regressors), hermitian=True)
        residual = free[:, :, 0] - regressors @ np.nan_to_num(self.estimate)
        return regressors, inverse, residual

    def influence(self) -> Float:
        """(G, p) influence of each cluster: its score times the inverse cross-product."""
        regressors, inverse, residual = self._residual
        by_unit = np.einsum("ut,utp->up", self._weight * residual, regressors) @ inverse
        score = np.zeros((len(self.design.clusters), self._p))
        np.add.at(score, self.design.cluster, by_unit)
        return score

    def loadings(self) -> Float:
        """(p, U, T) weights of the coefficients on the cell means."""
        regressors, inverse, _ = self._residual
        return np.asarray(np.einsum("utp,pq,ut->qut", regressors, inverse, self._weight))

    @property
    def observations(self) -> float:
        """Rows of the regression: cells, or records when the design weighs records."""
        counted = self._weight > 0
        return float(self.design.panel.n[counted].sum()) if self.design.weights == "records" else float(counted.sum())

    @cached_property
    def _periods(self) -> int:
        return int((self._weight.sum(axis=0) > 0).sum())

    @property
    def correction(self) -> float:
        """(N - 1) / (N - K): K counts regressors and period effects, not the unit effects nested in clusters."""
        n = self.observations
        return (n - 1) / (n - self._p - self._periods)

    def classical(self) -> tuple[Float, float]:
        """(p, p) variance under independent errors of one size, and its degrees of freedom N - K, all effects counted."""
        _, inverse, residual = self._residual
        units = int((self._weight.sum(axis=1) > 0).sum())
        df = self.observations - units - self._periods + 1 - self._p
        inside = (
            self.design.panel.within[:, :, 0, 0][self._weight > 0].sum() if self.design.weights == "records" else 0.0
        )
        return inverse * ((self._weight * residual**2).sum() + inside) / df, df


def coefficients(blocks: Float, p: int) -> Float:
    """(..., p) coefficients from (..., q, q) cross-products of outcome, p regressors and the dummies to partial out.

    NaN where the regressors do not vary on their own once the dummies are out.
    """
    regressors, dummies = slice(1, 1 + p), slice(1 + p, None)
    cross = blocks[..., dummies, : 1 + p]
    free = blocks[..., : 1 + p, : 1 + p] - np.swapaxes(cross, -1, -2) @ _solve(blocks[..., dummies, dummies], cross)
    gram, score = free[..., 1:, 1:], free[..., 1:, 0]
    own = np.diagonal(blocks[..., regressors, regressors], axis1=-2, axis2=-1)
    left = np.diagonal(gram, axis1=-2, axis2=-1)
    dead = ~(left > _SINGULAR * own) | ~(own > 0)
    scale = np.sqrt(np.where(dead, 1.0, left))
    unit_gram = gram / scale[..., :, None] / scale[..., None, :]
    unit_gram = np.where(dead[..., :, None] | dead[..., None, :], np.eye(p), unit_gram)
    singular = np.linalg.eigvalsh(unit_gram)[..., 0] < _SINGULAR
    safe = np.where(singular[..., None, None], np.eye(p), unit_gram)
    solution = np.linalg.solve(safe, np.where(dead, 0.0, score / scale)[..., None])[..., 0] / scale
    return np.where(dead | singular[..., None], np.nan, solution)


def collinear(fit: LeastSquares) -> Bool:
    """(p,) True for a regressor that unit effects, period effects and the regressors before it explain wholly."""
    total = fit.blocks.sum(axis=0)
    p = fit.regressors.shape[-1]
    dummies = slice(1 + p, None)
    cross = total[dummies, 1 : 1 + p]
    gram = total[1 : 1 + p, 1 : 1 + p] - cross.T @ _solve(total[dummies, dummies], cross)
    weight = fit._weight[:, :, None]
    size = (weight * np.nan_to_num(fit.regressors) ** 2).sum(axis=(0, 1))
    gone = np.zeros(p, dtype=np.bool_)
    for j in range(p):  # Cholesky, left to right: what is left of each column after those before it
        before = np.flatnonzero(~gone[:j])
        left = (
            gram[j, j]
            - gram[j, before] @ np.linalg.pinv(gram[np.ix_(before, before)], hermitian=True) @ gram[before, j]
        )
        gone[j] = not left > _SINGULAR * size[j]
    return gone


def _solve(gram: Float, right: Float) -> Float:
    """Solve with a symmetric matrix that may be singular (a period nobody is seen in, the sum of all dummies)."""
    return np.asarray(np.linalg.pinv(gram, hermitian=True, rcond=1e-11) @ right)
