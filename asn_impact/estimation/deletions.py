"""What leaving clusters out does to a variance, without a matrix as large as the number of clusters squared.

Without cluster c the weights of an estimate on the cells are phi_c . B_u, for r functions B of the cells that do not
depend on c. So the covariances of the deviations are of rank r plus a diagonal, and their traces cost O(G r^2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from asn_impact.arrays import Bool, Float, Int

__all__ = ["Deletions", "Weigh"]

#: (row of a mean, (c,) clusters, (c, k) what can be estimated without each) -> (c, k) weights of the estimates
Weigh: TypeAlias = Callable[[int, Int, Bool], Float]


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
    groups
        (h, G) disjoint groups of clusters whose errors vary alike.
    """

    estimate: Float
    own: Float
    coefficient: Float
    covariance: Float
    cross: Float
    square: Float
    groups: Bool

    def scale(self) -> Float:
        """(G,) factors that make the sum of the squared deviations unbiased under the working model."""
        expected = self.traces(np.ones(len(self.own)))[0].sum(axis=0)
        share = np.divide(self.own, expected, out=np.zeros(len(expected)), where=expected > 0)
        return np.sqrt(np.where(self.own > 0, share, 0.0))

    def traces(self, scale: Float) -> tuple[Float, Float, Float]:
        """Return expectations (h, G) of the scaled squares, their sums (h,), and products (h, h) of their covariances.

        Notes
        -----
        M_h = D H_h D' - D P_h' - P_h D' + diag(delta_h), with D the coefficients, P_h the cross covariances and delta_h
        the squares of group h. With Z_h = [D, P_h] and K_h = [[H_h, -I], [-I, 0]] the low-rank part is Z_h K_h Z_h'.
        """
        number = range(len(self.groups))
        d = self.coefficient * scale[:, None]
        p = [self.cross * (scale * group)[:, None] for group in self.groups]
        delta = [self.square * scale**2 * group for group in self.groups]
        smooth = [((d @ h) * d).sum(axis=1) - 2 * (d * p[i]).sum(axis=1) for i, h in enumerate(self.covariance)]
        expected = np.stack([smooth[i] + delta[i] for i in number])
        product = np.empty((len(self.groups), len(self.groups)))
        dd, dp = d.T @ d, [d.T @ one for one in p]
        for i in number:
            for j in range(i, len(self.groups)):
                pp = p[i].T @ p[j] if i == j else np.zeros_like(dd)
                low = _trace(self.covariance[i], self.covariance[j], dd, dp[j], dp[i].T, pp)
                both = (delta[j] * smooth[i]).sum() + (delta[i] * smooth[j]).sum() + (delta[i] * delta[j]).sum()
                product[i, j] = product[j, i] = low + both
        return expected, expected.sum(axis=1), product


def _trace(h: Float, k: Float, dd: Float, dp: Float, pd: Float, pp: Float) -> float:
    """tr(K_h A K_k A') for A = [[D'D, D'P_k], [P_h'D, P_h'P_k]] and K = [[H, -I], [-I, 0]]."""
    upper, upper_right = h @ dd - pd, h @ dp - pp
    lower, lower_right = -dd, -dp
    return float(
        ((upper @ k - upper_right) * dd).sum()
        - (upper * dp).sum()
        + ((lower @ k - lower_right) * pd).sum()
        - (lower * pp).sum()
    )
