"""What leaving clusters out does to a variance, without a matrix as large as the number of clusters squared.

Without cluster c the weights of an estimate on the cells are phi_c . B_u, for r functions B of the cells that do not
depend on c. So the covariances of the deviations are of rank r plus a diagonal, and their traces cost O(G r^2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from asn_impact.arrays import Bool, Float, Int

_ROUNDING = 1e-14  # share of the largest change of coefficients below which a direction is rounding
_WORTH = 0.9  # share of the functions up to which fewer of them are worth the products

#: (row of a mean, (c,) clusters, (c, k) what can be estimated without each) -> (c, k) weights of the estimates
Weigh: TypeAlias = Callable[[int, Int, Bool], Float]


@dataclass(frozen=True, eq=False)
class Deletions:
    """One weighted mean of the estimates without each cluster, and how independent errors would move it.

    Clusters that are alike share a row: there are R rows, one for each cluster unless `row` says otherwise.
    """

    estimate: Float  #: (G,) the mean without each cluster; NaN where nothing of it is left
    own: Float  #: (R,) variance that each cluster adds to the mean with all of them
    #: (R, r) phi_c - phi_0: what the deletion changes in the r functions of the cells that the mean is made of.
    coefficient: Float
    covariance: Float  #: (h, r, r) covariance of the r functions over the clusters of each group
    cross: Float  #: (R, r) covariance of the r functions of the cluster's own cells with the mean without it
    square: Float  #: (R,) variance of the cluster's own cells in the mean without it
    groups: Bool  #: (h, G) disjoint groups of clusters whose errors vary alike
    row: Int | None = None  #: (G,) the row of each cluster; None: one each. All clusters of a row are in one group.

    @property
    def _row(self) -> Int:
        return np.arange(len(self.own)) if self.row is None else self.row

    def compressed(self, parts: Sequence[Int]) -> Deletions:
        """Return the same with fewer functions: of each part as many as the coefficients of its functions are apart.

        `parts` are disjoint positions of functions; without a cluster most weights change in proportion.
        """
        bases, alone = [], np.ones(self.coefficient.shape[1], dtype=np.bool_)
        for part in parts:
            if not len(part):
                continue
            alone[part] = False
            _, size, directions = np.linalg.svd(np.linalg.qr(self.coefficient[:, part], mode="r"))
            bases.append((part, directions[: len(size)][size > _ROUNDING * size.max(initial=0.0)].T))
        kept = np.flatnonzero(alone)
        width = len(kept) + sum(basis.shape[1] for _, basis in bases)
        if width > _WORTH * len(alone):
            return self
        onto = np.zeros((len(alone), width))
        onto[kept, np.arange(len(kept))] = 1.0
        first = len(kept)
        for part, basis in bases:
            onto[part, first : first + basis.shape[1]] = basis
            first += basis.shape[1]
        return replace(
            self,
            coefficient=self.coefficient @ onto,
            covariance=onto.T @ self.covariance @ onto,
            cross=self.cross @ onto,
        )

    def scale(self) -> Float:
        """(G,) factors that make the sum of the squared deviations unbiased under the working model."""
        row = self._row
        expected = self.traces(np.ones(len(row)))[0].sum(axis=0)
        own = self.own[row]
        share = np.divide(own, expected, out=np.zeros(len(row)), where=expected > 0)
        return np.sqrt(np.where(own > 0, share, 0.0))

    def each(self) -> Deletions:
        """Return the same with a row for each cluster."""
        row = self._row
        own, coefficient, cross, square = (part[row] for part in (self.own, self.coefficient, self.cross, self.square))
        return replace(self, own=own, coefficient=coefficient, cross=cross, square=square, row=None)

    def traces(self, scale: Float) -> tuple[Float, Float, Float]:
        """Return expectations (h, G) of the scaled squares, their sums (h,), and products (h, h) of their covariances.

        Notes
        -----
        M_h = D H_h D' - D P_h' - P_h D' + diag(delta_h), with D the coefficients, P_h the cross covariances and delta_h
        the squares of group h. With Z_h = [D, P_h] and K_h = [[H_h, -I], [-I, 0]] the low-rank part is Z_h K_h Z_h'.
        """
        row, number = self._row, range(len(self.groups))
        count = np.bincount(row, minlength=len(self.own)).astype(np.float64)
        first = np.zeros(len(self.own), dtype=np.int64)
        first[row] = np.arange(len(row))
        if (scale != scale[first][row]).any():
            return self.each().traces(scale)
        groups, scale = self.groups[:, first], scale[first]
        d = self.coefficient * scale[:, None]
        p = [self.cross * (scale * group)[:, None] for group in groups]
        delta = [self.square * scale**2 * group for group in groups]
        smooth = [((d @ h) * d).sum(axis=1) - 2 * (d * p[i]).sum(axis=1) for i, h in enumerate(self.covariance)]
        expected = np.stack([smooth[i] + delta[i] for i in number])
        product = np.empty((len(groups), len(groups)))
        often = count[:, None]
        dd, dp = d.T @ (often * d), [d.T @ (often * one) for one in p]
        for i in number:
            for j in range(i, len(groups)):
                pp = p[i].T @ (often * p[j]) if i == j else np.zeros_like(dd)
                low = trace_of(self.covariance[i], self.covariance[j], dd, dp[j], dp[i].T, pp)
                both = delta[j] * smooth[i] + delta[i] * smooth[j] + delta[i] * delta[j]
                product[i, j] = product[j, i] = low + (count * both).sum()
        return expected[:, row], (count * expected).sum(axis=1), product


def trace_of(h: Float, k: Float, dd: Float, dp: Float, pd: Float, pp: Float) -> float:
    """tr(K_h A K_k A') for A = [[D'D, D'P_k], [P_h'D, P_h'P_k]] and K = [[H, -I], [-I, 0]]."""
    upper, upper_right = h @ dd - pd, h @ dp - pp
    lower, lower_right = -dd, -dp
    return float(
        ((upper @ k - upper_right) * dd).sum()
        - (upper * dp).sum()
        + ((lower @ k - lower_right) * pd).sum()
        - (lower * pp).sum()
    )
