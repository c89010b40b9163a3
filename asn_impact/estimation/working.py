"""The working covariance of an office's months: shocks that fade, and the noise of a mean of n cases.

It says how much an untreated month tells about a treated one. It is chosen from untreated cells alone, by restricted
likelihood on a grid, and only makes estimates more precise: their uncertainty is found by cluster afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float, Int

CORRELATIONS: Final = (0.0, 0.3, 0.6, 0.8, 0.9, 0.96, 1.0)
RATIOS: Final = (0.1, 0.5, 2.0, 8.0, np.inf)
GRID: Final = ((0.0, 0.0), *((rho, ratio) for rho in CORRELATIONS for ratio in RATIOS))
FALLBACK: Final = (0.6, 0.5)  # where too few cells are left to choose
_LEAST_DF: Final = 20
_MOST_UNITS: Final = 300
_NUGGET: Final = 1e-6  # keeps a covariance of shocks alone invertible
_TIE: Final = 1e-9
_BLOCK: Final = 2_000_000  # numbers in one of the arrays that are made at a time


@dataclass(frozen=True)
class Working:
    """V = (ratio C + diag(level / n)) / (1 + ratio), with C the correlation of shocks some steps apart."""

    correlation: float  #: rho: of the shocks of two periods one step apart; 1 is a random walk
    ratio: float  #: variance of the shocks over that of the mean of a typical cell; ``inf`` for shocks alone
    level: float  #: one over the mean of 1 / n, so that a typical cell has noise of variance one before scaling
    chosen: bool = True  #: whether the data chose both, or there were too few of them

    @property
    def share(self) -> float:
        """Share of the variance of a typical cell that is shocks, and no noise of its own."""
        return 1.0 if np.isinf(self.ratio) else self.ratio / (1 + self.ratio)

    def shocks(self, steps: Float) -> Float:
        """(T, T) covariance of the shocks."""
        since = steps - steps[0]
        if self.correlation == 1.0:
            return np.asarray(self.share * 6 * np.minimum.outer(since + 1, since + 1) / (since[-1] + 1))
        return np.asarray(self.share * self.correlation ** np.abs(np.subtract.outer(since, since)))

    def noise(self, n: Float) -> Float:
        """(U, T) variance of the noise of each cell; one where nothing was seen."""
        if np.isinf(self.ratio):
            return np.full(n.shape, _NUGGET)
        return np.asarray(np.divide(self.level / (1 + self.ratio), n, out=np.ones(n.shape), where=n > 0))


def roots(shocks: Float, noise: Float) -> Float:
    """(U, T, T) roots of shocks plus the (U, T) noise of each unit; units with the same noise share one."""
    kinds, kind = np.unique(noise, axis=0, return_inverse=True)
    return np.asarray(np.linalg.cholesky(shocks + kinds[:, :, None] * np.eye(len(shocks)))[kind.ravel()])


@dataclass(frozen=True, eq=False)
class Units:
    """What n units say of each other's months: see `project`."""

    #: (n, T, T) M = A - A 1 1' A / (1' A 1), A the inverse covariance of the untreated cells: unit effects taken out.
    within: Float
    #: (n, T, T) K: row t takes from the outcome its best prediction from the untreated cells, unit effect and shocks.
    contrast: Float


def project(untreated: Bool, shocks: Float, noise: Float) -> Units:
    """Return the projections of n units whose (n, T) untreated cells tell about the others.

    Rows of `contrast` at untreated cells mean something only without shocks.
    """
    if not shocks.any():
        precision = np.where(untreated, 1.0 / noise, 0.0)
        return _projections(precision[:, :, None] * np.eye(len(shocks)), None)
    kinds, kind = np.unique(np.concatenate([untreated, noise], axis=1), axis=0, return_inverse=True)
    mask = kinds[:, : len(shocks)]
    both = mask[:, :, None] * mask[:, None, :]
    covariance = shocks + kinds[:, len(shocks) :, None] * np.eye(len(shocks))
    inverse = np.linalg.inv(covariance * both + (1 - mask)[:, :, None] * np.eye(len(shocks))) * both
    units = _projections(inverse, shocks)
    kind = kind.ravel()
    return Units(units.within[kind], units.contrast[kind])


def _projections(inverse: Float, shocks: Float | None) -> Units:
    row = inverse.sum(axis=2)
    total = row.sum(axis=1)
    share = np.divide(row, total[:, None], out=np.zeros_like(row), where=total[:, None] > 0)
    within = inverse - row[:, :, None] * share[:, None, :]
    one = np.eye(row.shape[1])
    if shocks is None:
        return Units(within, one - share[:, None, :] * np.ones((1, row.shape[1], 1)))
    known = shocks @ inverse
    return Units(within, one - known - (1 - known.sum(axis=2))[:, :, None] * share[:, None, :])


def choose_working(outcome: Float, untreated: Bool, n: Float, steps: Float, group: Int | None = None) -> Working:
    """Return the working covariance that makes the untreated cells most likely (REML, period effects taken out).

    Parameters
    ----------
    outcome, untreated, n
        (U, T) cell means, which of them were seen untreated, and the records behind them.
    steps
        (T,) positions of the periods on the timeline; a gap stays a gap.
    group
        (U,) groups of units with period effects of their own: each adds its likelihood, of some whole groups.

    Notes
    -----
    Restricted likelihood: Patterson and Thompson (1971), Biometrika 58. The choice is an even function of the noise, so
    it cannot tilt an estimate (Kackar and Harville 1981, Communications in Statistics A 10).
    """
    level = 1.0 / float(np.mean(1.0 / n[untreated])) if untreated.any() else 1.0
    seen = np.flatnonzero(untreated.sum(axis=1) >= 2)
    parts = [_some(seen, _MOST_UNITS)] if group is None else _some_groups(seen, group)
    masks = [untreated[units] for units in parts]
    df = sum(int(mask.sum()) - len(mask) - (int(mask.any(axis=0).sum()) - 1) for mask in masks)
    if df < _LEAST_DF:
        return Working(*FALLBACK, level, chosen=False)
    samples = [_Sample.of(outcome[units], mask, n[units]) for units, mask in zip(parts, masks, strict=True)]
    if not any(sample.outcome.any() for sample in samples):
        return Working(0.0, 0.0, level)
    deviances = np.array([_deviance(samples, steps, Working(*point, level)) for point in GRID])
    best = np.nanmin(deviances)
    first = int(np.flatnonzero(deviances <= best + _TIE * max(1.0, abs(best)))[0])
    return Working(*GRID[first], level)


def _some(positions: Int, most: int) -> Int:
    """Return at most so many of some positions, evenly."""
    return positions[np.unique(np.linspace(0, len(positions) - 1, min(len(positions), most)).astype(np.int64))]


def _some_groups(seen: Int, group: Int) -> list[Int]:
    """Return the units of whole groups, evenly, of about as many units as are looked at; alone a unit says nothing."""
    labels, often = np.unique(group[seen], return_counts=True)
    labels = labels[often > 1]
    most = max(1, int(_MOST_UNITS / max(often[often > 1].mean(), 1.0))) if labels.size else 0
    return [_some(seen[group[seen] == label], _MOST_UNITS) for label in (_some(labels, most) if most else labels)]


@dataclass(frozen=True, eq=False)
class _Sample:
    """Untreated cells that share their period effects: (n, T) outcomes less unit means, which were seen, records."""

    outcome: Float
    untreated: Bool
    n: Float
    null: Float

    @classmethod
    def of(cls, outcome: Float, mask: Bool, n: Float) -> _Sample:
        values = np.where(mask, outcome, 0.0)
        values = np.where(mask, values - values.sum(axis=1, keepdims=True) / mask.sum(axis=1, keepdims=True), 0.0)
        return cls(values, mask, n, _null_space(mask))


def _deviance(samples: list[_Sample], steps: Float, working: Working) -> float:
    """Return minus twice the restricted log likelihood, its scale at its best, up to a constant."""
    shocks = working.shocks(steps)
    parts = [_likelihood(one, shocks, working.noise(one.n)) for one in samples]
    df, left, logs = (sum(part[i] for part in parts) for i in range(3))
    return logs + df * float(np.log(left / df)) if df > 0 and left > 0 else float("nan")


def _likelihood(sample: _Sample, shocks: Float, noise: Float) -> tuple[float, float, float]:
    """Return degrees of freedom, the weighted sum of squares left, and the log determinants of one sample."""
    outcome, untreated, null = sample.outcome, sample.untreated, sample.null
    periods = len(shocks)
    gram, score = np.zeros((periods, periods)), np.zeros(periods)
    square = logs = 0.0
    size = max(1, _BLOCK // periods**2)
    for units in (slice(first, first + size) for first in range(0, len(outcome), size)):
        mask = untreated[units].astype(np.float64)
        both = mask[:, :, None] * mask[:, None, :]
        covariance = (shocks + noise[units][:, :, None] * np.eye(periods)) * both
        root = np.linalg.cholesky(covariance + (1 - mask)[:, :, None] * np.eye(periods))
        inverse = np.linalg.inv(root)
        inverse = np.swapaxes(inverse, 1, 2) @ inverse * both
        row = inverse.sum(axis=2)
        total = row.sum(axis=1)
        within = inverse - row[:, :, None] * (row / total[:, None])[:, None, :]
        filtered = (within @ outcome[units][:, :, None])[:, :, 0]
        gram += within.sum(axis=0)
        score += filtered.sum(axis=0)
        square += float((filtered * outcome[units]).sum())
        logs += float(2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum() + np.log(total).sum())
    rank = periods - null.shape[1]
    df = float(untreated.sum()) - len(outcome) - rank
    fill = float(np.trace(gram)) / periods  # directions without information are filled up, so that there is a root
    root = np.linalg.cholesky(gram + fill * null @ null.T)
    left = square - float((np.linalg.solve(root, score) ** 2).sum())
    logs += float(2 * np.log(np.diag(root)).sum()) - null.shape[1] * float(np.log(fill))
    return df, left, logs


def _null_space(untreated: Bool) -> Float:
    """(T, d) directions of the period effects that no covariance lets the untreated cells tell: one a set of periods.

    Periods hang together where a unit is seen in both; a constant over each connected set cannot be told from units.
    """
    together = (untreated.T.astype(np.float64) @ untreated) > 0
    _, part = scipy.sparse.csgraph.connected_components(together, directed=False)
    null = (part[:, None] == np.unique(part)).astype(np.float64)
    return np.asarray(null / np.linalg.norm(null, axis=0))
