"""Offices that were merged with a trained one: their cases are counted elsewhere from then on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs import Design

_WITHIN = 1  # periods between the end of an office and the start of the wave
_ENDED = 2  # periods without records after which an office has ended
_USUAL = 6  # periods on either side whose mean is compared
_SHARE = (0.5, 2.0)  # how many more records the other office has, over those the ended one had
_CLEAR = 3.0  # standard errors by which its number has risen


def merged_offices(design: Design) -> pd.DataFrame:
    """Return the units that end about the start of a wave while a unit of that wave has as many records more.

    One row each: ``gone``, ``taker``, ``period`` (the first without the one that is gone).
    """
    panel, labels = design.panel, design.panel.timeline.labels
    n, steps = np.asarray(panel.n, dtype=np.float64), panel.timeline.steps
    rows = []
    for gone in range(len(n)):
        seen = np.flatnonzero(n[gone] > 0)
        end = int(seen[-1]) + 1 if seen.size else 0
        if not 2 <= end <= n.shape[1] - _ENDED:
            continue
        usual = float(n[gone, max(end - _USUAL, 0) : end].mean())
        wave = np.abs(design.adopted - steps[end]) <= _WITHIN
        for taker in np.flatnonzero(wave & (np.arange(len(n)) != gone)):
            more, error = _rise(n[taker], end)
            if more > _CLEAR * error and _SHARE[0] * usual <= more <= _SHARE[1] * usual:
                rows.append((str(panel.units[gone]), str(panel.units[taker]), labels[end]))
    return pd.DataFrame(rows, columns=["gone", "taker", "period"])


def _rise(n: Float, end: int) -> tuple[float, float]:
    """Return by how much a number rose at a period, and its standard error: of counts, or as they have varied."""
    before, after = n[max(end - _USUAL, 0) : end], n[end : end + _USUAL]
    spread = max(float(before.var(ddof=1)) if len(before) > 1 else 0.0, float(before.mean()), 1.0)
    return float(after.mean() - before.mean()), float(np.sqrt(spread * (1 / len(before) + 1 / len(after))))
