"""Intervals that stay right under a restricted departure from parallel trends: arrays in, two ends out.

Two constructions of Rambachan and Roth (2023). For smooth departures, the shortest interval of fixed length around an
affine estimate (section 4.1). For everything else, the values that a conditional test with a least favourable first
stage does not reject (section 3, "C-LF"), each of which is a linear programme.

The programme is solved once for all values and all draws. Its dual has the same feasible set whatever the data are, and
because the inequalities come in pairs (see `restrictions`), that set has only post + 2 corners: one that adds up the
bands in the direction of the target, one against it, and one for each band and its own opposite. Inequalities of one
side, those of a sign or a direction, have no opposite: there the corners are listed, for a few periods at most.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float
from asn_impact.errors import InferenceError
from asn_impact.scrutiny.restrictions import Bands
from asn_impact.words import Message

_FIRST_STAGE = 0.1  # share of the error rate spent on it: Rambachan and Roth (2023), section 3.3
_DRAWS = 2**13
_GRID = 1000  # points over 20 standard errors on both sides, as in HonestDiD; the ends are then halved down
_REACH = 20.0
_DOUBLINGS = 6
_MOST_SIDED = 6  # periods after the reference of which all corners can be listed: 18,564 candidates
_CORNER = 1e-9  # a weight below this is zero
_EDGE = 1e-7  # precision of the ends, in standard errors


# --------------------------------------------------------------------------------- tests on the corners of the dual


def corners(bands: Bands, pre: int, l_vec: Float, sigma: Float) -> tuple[Float, Float]:
    """Return (V, 2R) corners of the dual with their (V,) slope in the target.

    A corner g has ``g >= 0``, ``g' sd = 1`` and weighs the periods after the reference as ``slope * l_vec``. With S
    inequalities of one side g has 2R + S numbers.
    """
    if len(bands.one_sided):
        return _listed_corners(bands, pre, l_vec, sigma)
    direction = np.linalg.solve(bands.change[:, pre:].T, l_vec)
    up = np.concatenate([np.maximum(direction, 0.0), np.maximum(-direction, 0.0)])
    down = np.concatenate([np.maximum(-direction, 0.0), np.maximum(direction, 0.0)])
    points = np.stack([up, down, *np.tile(np.eye(len(direction)), 2)])
    spread = points @ np.sqrt(np.einsum("ij,jk,ik->i", bands.a, sigma, bands.a))
    slope = np.zeros(len(points))
    slope[:2] = 1.0, -1.0
    return points / spread[:, None], slope / spread


def _listed_corners(bands: Bands, pre: int, l_vec: Float, sigma: Float) -> tuple[Float, Float]:
    """Return corners and slopes by trying every set of as many inequalities as there are periods after."""
    post = len(l_vec)
    if post > _MOST_SIDED:
        raise InferenceError(Message("sensitivity.too_many_corners", post=post, most=_MOST_SIDED))
    spread = np.sqrt(np.einsum("ij,jk,ik->i", bands.a, sigma, bands.a))
    after = bands.a[:, pre:] / spread[:, None]
    beside = np.linalg.svd(l_vec[None, :])[2][1:]  # (post - 1, post) directions that leave the target alone
    system = np.concatenate([beside @ after.T, np.ones((1, len(after)))])
    sets = np.array(list(combinations(range(len(after)), post)))
    square = system[:, sets].transpose(1, 0, 2)
    regular = np.abs(np.linalg.det(square)) > _CORNER
    sets, square = sets[regular], square[regular]
    weights = np.linalg.solve(square, np.eye(post)[:, -1:])[:, :, 0]
    inside = (weights > -_CORNER).all(axis=1)
    points = np.zeros((int(inside.sum()), len(after)))
    np.put_along_axis(points, sets[inside], np.maximum(weights[inside], 0.0), axis=1)
    points = points[np.unique(points.round(8), axis=0, return_index=True)[1]]
    slope = points @ after @ l_vec / (l_vec @ l_vec)
    return points / spread, slope


def rejects(means: Float, covariance: Float, critical: float, alpha: float, first_stage: float = _FIRST_STAGE) -> Bool:
    """(N,) whether (N, V) studentised sums of moments are too large, given which is largest.

    Andrews, Roth and Pakes (2023), conditional test with a least favourable first stage: above `critical` reject; else
    compare the largest with a normal cut off below and above where another would have been the largest.
    """
    largest = means.argmax(axis=1)
    top = means[np.arange(len(means)), largest]
    own = covariance[largest, largest]
    own = np.where(own > 0, own, 1.0)  # a sum without noise is at most zero and never rejects
    share = covariance[largest] / own[:, None]
    rest = means - share * top[:, None]
    gap = 1.0 - share
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = rest / gap
    low = np.where(gap > 1e-10, bound, -np.inf).max(axis=1)
    high = np.minimum(np.where(gap < -1e-10, bound, np.inf).min(axis=1), critical)
    size = alpha * (1 - first_stage) / (1 - alpha * first_stage)
    scale = np.sqrt(own)
    limit = np.maximum(_cut_normal_quantile(1 - size, low / scale, high / scale), 0.0)
    return np.asarray((top > critical) | ((top > limit * scale) & (low <= top) & (top <= high)))


def _cut_normal_quantile(p: float, low: Float, high: Float) -> Float:
    """Quantile of a standard normal between two cuts, exact far out in the tails."""
    flip = low > 0  # work in the lower tail, where logarithms of the distribution function are exact
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    share = np.where(flip, 1 - p, p)
    log_a, log_b = scipy.special.log_ndtr(a), scipy.special.log_ndtr(b)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mixed = np.logaddexp(log_a + np.log1p(-share), log_b + np.log(share))
    quantile = np.clip(scipy.special.ndtri_exp(mixed), a, b)
    return np.asarray(np.where(flip, -quantile, quantile))


@cache
def _normal_points(dimension: int) -> Float:
    """(N, dimension) points spread evenly over the normal distribution: a numerical integral, not a random choice."""
    points = scipy.stats.qmc.Sobol(dimension, scramble=True, rng=0).random(_DRAWS)
    return np.asarray(scipy.special.ndtri(np.clip(points, 1e-12, 1 - 1e-12)))


def least_favourable(covariance: Float, alpha: float) -> float:
    """Return the critical value of the largest sum when every moment is as large as it may be."""
    value, vector = np.linalg.eigh(covariance)
    positive = value > 1e-12 * value.max()
    draws = _normal_points(int(positive.sum())) @ (vector[:, positive] * np.sqrt(value[positive])).T
    return float(np.quantile(draws.max(axis=1), 1 - alpha * _FIRST_STAGE))


def conditional_ends(
    beta: Float,
    sigma: Float,
    *,
    pre: int,
    l_vec: Float,
    bands: Bands,
    alpha: float,
    first_stage: float = _FIRST_STAGE,
) -> tuple[float, float]:
    """Return the smallest and largest value of the target that the test does not reject; NaN where it rejects all.

    Without a `first_stage` (0) it is the conditional test alone.
    """
    after = bands.after(pre)
    points, slope = corners(after, pre, l_vec, sigma)
    loading = points @ after.a
    start = loading @ beta - points @ after.b
    covariance = loading @ sigma @ loading.T
    critical = least_favourable(covariance, alpha) if first_stage else np.inf
    centre = float(l_vec @ beta[pre:])
    scale = float(np.sqrt(l_vec @ sigma[pre:, pre:] @ l_vec))

    def accepts(values: Float) -> Bool:
        return ~rejects(start - slope * values[:, None], covariance, critical, alpha, first_stage)

    return _ends(accepts, centre, scale, _furthest(start, slope, centre))


def _furthest(start: Float, slope: Float, centre: float) -> float:
    """Return how far from the centre the values reach that the estimates themselves do not contradict."""
    some = slope != 0
    value, up = start[some] / slope[some], slope[some] > 0
    low, high = value[up].max(initial=-np.inf), value[~up].min(initial=np.inf)
    return float(max((abs(end - centre) for end in (low, high) if np.isfinite(end)), default=0.0))


def _ends(accepts: Callable[[Float], Bool], centre: float, scale: float, furthest: float) -> tuple[float, float]:
    """Find the outer ends of what is kept: a grid, widened until its ends are not kept, then halving."""
    reach, points = max(_REACH * scale, 1.1 * furthest), _GRID + 1
    for _ in range(_DOUBLINGS):
        grid = np.linspace(centre - reach, centre + reach, points)
        inside = accepts(grid)
        if not (inside[0] or inside[-1]):
            break
        reach, points = 2 * reach, 2 * points - 1
    if not inside.any():
        return np.nan, np.nan
    first, last = np.flatnonzero(inside)[[0, -1]]
    low = -np.inf if first == 0 else _edge(accepts, grid[first], grid[first - 1], scale)
    high = np.inf if last == len(grid) - 1 else _edge(accepts, grid[last], grid[last + 1], scale)
    return low, high


def _edge(accepts: Callable[[Float], Bool], inside: float, outside: float, scale: float) -> float:
    while abs(outside - inside) > _EDGE * scale:
        between = np.linspace(inside, outside, 12)
        first_out = int(np.argmin(np.append(accepts(between[:-1]), False)))
        inside, outside = between[first_out - 1], between[first_out]
    return float(inside)


# ------------------------------------------------------------------------- what the periods before say of a slope


def change_of_slope(beta: Float, sigma: Float, change: Float, alpha: float) -> tuple[float, float]:
    """Return one-sided bounds of the largest absolute one of R changes of slope of (k,) estimates.

    Below: the smallest size that the conditional test does not reject. Above: the largest upper bound of any of them.
    """
    both = np.concatenate([change, -change])
    covariance = both @ sigma @ both.T
    spread = np.sqrt(np.diag(covariance))
    seen, correlation = both @ beta / spread, covariance / np.outer(spread, spread)
    upper = float((both @ beta + scipy.special.ndtri(1 - alpha) * spread).max())

    def accepts(sizes: Float) -> Bool:
        return ~rejects(seen - sizes[:, None] / spread, correlation, np.inf, alpha, 0.0)

    grid = np.linspace(0.0, float(np.abs(change @ beta).max()), _GRID + 1)  # the largest seen is never rejected
    first = int(np.argmax(accepts(grid)))
    return 0.0 if first == 0 else _edge(accepts, grid[first], grid[first - 1], float(spread.min())), upper


# ------------------------------------------------------------------------------------- intervals of fixed length


def folded_quantile(bias: Float | float, p: float) -> Float:
    """Return the quantile of |N(bias, 1)|.

    Examples
    --------
    >>> folded_quantile(0.0, 0.95).round(3).item()
    1.96
    """
    return np.asarray(np.sqrt(scipy.stats.ncx2.ppf(p, 1, np.square(bias))))


def fixed_length(
    beta: Float, sigma: Float, *, pre: int, l_vec: Float, m: float, alpha: float
) -> tuple[float, float, Float]:
    """Return centre, half length and (k,) weights of the shortest interval of fixed length for slopes that change by m.

    The estimate is the target plus a weighted sum of the estimates before. Weights that undo a straight line have a
    worst bias of m times the sum of the absolute weights they put on changes of slope; the weights that trade it best
    against the variance are a lasso path, along which the half length has one minimum.
    """
    problem = _Affine(sigma, pre, l_vec)

    def half(log_penalty: float) -> float:
        return problem.half_length(problem.weights(np.exp(log_penalty)), m, alpha)

    top = problem.largest_penalty()
    penalties = [0.0] if m == 0 else [0.0, 2 * top]
    if m > 0 and top > 0:
        grid = np.log(top) + np.linspace(-14.0, 0.0, 29)
        best = int(np.argmin([half(g) for g in grid]))
        around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        penalties.append(float(np.exp(scipy.optimize.minimize_scalar(half, bounds=around, method="bounded").x)))
    weights = min((problem.weights(p) for p in penalties), key=lambda w: problem.half_length(w, m, alpha))
    return float(weights @ beta), problem.half_length(weights, m, alpha), weights


class _Affine:
    """Estimates ``l_vec' after + v' before`` that no straight line can bias, by their weights u on changes of slope."""

    def __init__(self, sigma: Float, pre: int, l_vec: Float) -> None:
        post = len(l_vec)
        self.sigma, self.pre = sigma, pre
        # a departure of slope zero just before the reference, from its changes of slope: (before), (at and after)
        distance = np.arange(pre, 1, -1)[:, None] - np.arange(pre - 1, 0, -1)[None, :]
        self.before = np.maximum(np.concatenate([distance, np.zeros((1, pre - 1))]), 0.0)  # (pre, pre - 1)
        after = np.maximum(np.arange(1, post + 1)[:, None] - np.arange(post)[None, :], 0.0)  # (post, post)
        self.fixed_bias = float(np.abs(l_vec @ after).sum())
        # v with before' v = u, and v' (-pre .. -1) + l_vec' (1 .. post) = 0
        system = np.concatenate([self.before.T, np.arange(-pre, 0.0)[None, :]])
        inverse = np.linalg.inv(system)
        offset = inverse[:, -1] * -(l_vec @ np.arange(1.0, post + 1))
        self.start = np.concatenate([offset, l_vec])
        self.move = np.concatenate([inverse[:, :-1], np.zeros((post, pre - 1))])
        self.curve = self.move.T @ sigma @ self.move
        self.pull = self.move.T @ sigma @ self.start

    def largest_penalty(self) -> float:
        return float(np.abs(self.pull).max(initial=0.0))

    def weights(self, penalty: float) -> Float:
        """(k,) weights of least ``variance / 2 + penalty * sum |u|``, by coordinate descent to rounding."""
        u = np.zeros(len(self.pull)) if penalty > 0 else -np.linalg.lstsq(self.curve, self.pull, rcond=None)[0]
        for _ in range(10_000 if penalty > 0 else 0):
            old = u.copy()
            for j in range(len(u)):
                slope = self.pull[j] + self.curve[j] @ u - self.curve[j, j] * u[j]
                u[j] = -np.sign(slope) * max(abs(slope) - penalty, 0.0) / self.curve[j, j]
            if np.abs(u - old).max(initial=0.0) <= 1e-13 * (1 + np.abs(u).max(initial=0.0)):
                break
        return np.asarray(self.start + self.move @ u)

    def half_length(self, weights: Float, m: float, alpha: float) -> float:
        spread = float(np.sqrt(weights @ self.sigma @ weights))
        bias = m * (self.fixed_bias + float(np.abs(self.before.T @ weights[: self.pre]).sum()))
        return float(folded_quantile(bias / spread, 1 - alpha)) * spread
