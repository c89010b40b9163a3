"""Other cells that a release would look the same for: what saves the attacker most of its programs.

A unit holds ten more in a period and as many fewer in others; a large unit gives and gets them back. Sums of units, of
periods, and of waves before and after training stay as they are. Units that stand together give for each other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.reporting.gate import MINIMUM
from asn_impact.reporting.recoding import Release, periods_after


def exchanged(n: Float, design: Design | None) -> Iterator[Float]:
    """Yield (U, T) counts with the sums of n, until each small cell was seen ten apart, or none can be any more."""
    units, periods = n.shape
    wave = np.zeros(units) if design is None else design.adopted
    after = np.zeros(periods, dtype=bool) if design is None else periods_after(design)
    alone = np.ones(units, dtype=bool) if design is None else Release.of(design).units
    line = np.where(alone, np.arange(units), units + np.unique(wave, return_inverse=True)[1])
    for t in range(periods):
        waiting = np.flatnonzero((n[:, t] > 0) & (n[:, t] < MINIMUM)).tolist()
        while waiting:
            x, giving = n.copy(), n[:, t] > MINIMUM  # a cell that was raised does not give
            done = [u for u in waiting if _raise(x, int(u), t, np.flatnonzero(line == line[u]), giving, wave, after)]
            if not done:
                break
            yield x
            if less := [u for u in done if x[u, t] - n[u, t] < MINIMUM]:
                y = n.copy()
                for u in less:
                    _lower(y, u, t, wave, after)
                yield y
            waiting = [u for u in waiting if u not in done]


def _raise(x: Float, u: int, t: int, sources: Int, giving: Bool, wave: Float, after: Bool) -> bool:
    """Put ten more into a cell and say whether that went: a large unit of any wave, or of its own, makes up for it."""
    spare = np.maximum(x[sources] - 1, 0.0)
    spare[:, t] = 0.0
    for partners, allowed in ((giving, after == after[t]), (wave == wave[u], np.ones(len(after), bool))):
        large = np.flatnonzero(partners & giving & (x[:, t] > MINIMUM))
        for v in large[np.argsort(-x[large, t], kind="stable")]:
            if v in sources:
                continue
            room = np.where(allowed & (x[v] > 0), spare, 0.0)
            amount = min(float(MINIMUM), float(room.sum()))
            if amount + x[u, t] - 1 < MINIMUM:  # with what it can hold less
                continue
            filled = np.minimum(np.cumsum(room.ravel()), amount)
            moved = np.diff(filled, prepend=0.0).reshape(room.shape)
            x[sources] -= moved
            x[v] += moved.sum(axis=0)
            x[u, t] += amount
            x[v, t] -= amount
            return True
    return False


def _lower(x: Float, u: int, t: int, wave: Float, after: Bool) -> None:
    """Leave one in a cell, where a large unit of any wave, or of its own, can make up for it."""
    amount = x[u, t] - 1
    for partners, allowed in ((wave == wave, after == after[t]), (wave == wave[u], np.ones(len(after), bool))):
        fits = (partners & (x[:, t] > 0))[:, None] & (allowed & (x[u] > 0)) & (x > amount + MINIMUM)
        fits[u] = False
        fits[:, t] = False
        if fits.any():
            v, p = divmod(int(np.argmax(np.where(fits, x, -np.inf))), x.shape[1])
            x[u, t] -= amount
            x[u, p] += amount
            x[v, t] += amount
            x[v, p] -= amount
            return
