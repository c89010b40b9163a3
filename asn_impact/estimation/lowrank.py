"""What leaving clusters out does to a variance, without a matrix as large as the number of clusters squared.

Without cluster c the weights of an estimate on the cells are phi_c . B_u, for r functions B of the cells that do not
depend on c. So the covariances of the deviations are of rank r plus a diagonal, and their traces cost O(G r^2).
"""

from __future__ import annotations

import numpy as np

from asn_impact.arrays import Float
from asn_impact.estimation.prediction import Deletions

__all__ = ["traces_of"]


def traces_of(deleted: Deletions, groups: Float, scale: Float) -> tuple[Float, Float, Float]:
    """Return expectations (h, G) of squared deviations, and traces (h,) and products (h, h) of their covariances.

    Parameters
    ----------
    deleted
        One estimate without each cluster.
    groups
        (h, G) disjoint groups of clusters whose errors vary alike.
    scale
        (G,) what each deviation is multiplied with.

    Notes
    -----
    M_h = D H_h D' - D P_h' - P_h D' + diag(delta_h), with D the coefficients, P_h the cross covariances and delta_h the
    squares of group h. With Z_h = [D, P_h] and K_h = [[H_h, -I], [-I, 0]] the low-rank part is Z_h K_h Z_h'.
    """
    d = deleted.coefficient * scale[:, None]
    p = [deleted.cross * (scale * group)[:, None] for group in groups]
    delta = [deleted.square * scale**2 * group for group in groups]
    reach = [d @ h for h in deleted.covariance]
    smooth = [(reach[i] * d).sum(axis=1) - 2 * (d * p[i]).sum(axis=1) for i in range(len(groups))]
    expected = np.stack([smooth[i] + delta[i] for i in range(len(groups))])
    product = np.empty((len(groups), len(groups)))
    dd, dp = d.T @ d, [d.T @ one for one in p]
    for i in range(len(groups)):
        for j in range(i, len(groups)):
            pp = p[i].T @ p[j] if i == j else np.zeros_like(dd)
            low = _trace(deleted.covariance[i], deleted.covariance[j], dd, dp[j], dp[i].T, pp)
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
