"""P-values of several questions asked at once."""

from __future__ import annotations

import numpy as np

from asn_impact.arrays import Float

__all__ = ["holm"]


def holm(p: Float) -> Float:
    """Return step-down p-values (Holm 1979); NaN stays NaN.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan])).tolist()
    [0.02, 0.04, nan]
    """
    order = np.argsort(np.where(np.isnan(p), np.inf, p))
    m = int(np.isfinite(p).sum())
    adjusted = np.full(len(p), np.nan)
    largest = 0.0
    for rank, index in enumerate(order[:m]):
        largest = max(largest, min(1.0, (m - rank) * float(p[index])))
        adjusted[index] = largest
    return adjusted
