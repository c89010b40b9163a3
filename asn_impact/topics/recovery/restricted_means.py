"""Restricted mean times to an event, and how far two groups of clusters differ in them: numbers of arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float, Int


def restricted_mean(times: Float, back: Bool, horizon: int) -> float:
    """Return the area under the curve of "not yet back" (Kaplan-Meier) up to the horizon; NaN where it is not known."""
    if (back.all() or (times[~back] >= horizon).all()) and len(times):
        return float(np.minimum(times, horizon).mean())
    area, alive, last = 0.0, 1.0, 0.0
    for time in np.unique(times[back]):
        area += alive * (time - last)
        alive *= 1 - ((times == time) & back).sum() / (times >= time).sum()
        last = float(time)
    if alive > 0 and times.max(initial=0.0) < horizon:
        return float("nan")
    return area + alive * (horizon - last)


def deleted_means(times: Float, back: Bool, own: Int, group: Int, value: int, horizon: int) -> Float:
    """Return the restricted means of one group with each of its clusters left out."""
    member = group[own] == value
    clusters = np.flatnonzero(group == value)
    return np.array([restricted_mean(times[member & (own != c)], back[member & (own != c)], horizon) for c in clusters])


def welch(parts: list[Float]) -> tuple[float, float]:
    """Return the standard error and the degrees of freedom of a difference from the deleted means of both groups."""
    sizes = np.array([len(p) for p in parts])
    variance = np.array([(n - 1) / n * ((p - p.mean()) ** 2).sum() for n, p in zip(sizes, parts, strict=True)])
    total = float(variance.sum())
    if not total > 0:
        return (float("nan"), float("nan"))
    return math.sqrt(total), float(total**2 / (variance**2 / (sizes - 1)).sum())


def deal(group: Int, reps: int, seed: int) -> tuple[Iterator[Int], bool]:
    """Return ways to deal the training over the clusters: all, or a random sample with the data among them."""
    g, treated = len(group), int(group.sum())
    if math.comb(g, treated) <= reps:
        return (_deal_to(g, clusters) for clusters in itertools.combinations(range(g), treated)), True
    draw = np.random.default_rng(seed)
    return itertools.chain([group], (draw.permutation(group) for _ in range(reps))), False


def _deal_to(g: int, clusters: tuple[int, ...]) -> Int:
    ways = np.zeros(g, dtype=np.int64)
    ways[list(clusters)] = 1
    return ways


def permutation(
    times: Float, back: Bool, own: Int, draws: Iterator[Int], estimate: float, horizon: int, *, exact: bool
) -> tuple[float, int]:
    """Return the share of ways with a difference as large in size, and their number."""
    simple = bool((times[~back] >= horizon).all())
    size = np.bincount(own).astype(np.float64)
    total = np.bincount(own, weights=np.minimum(times, horizon))
    differences = []
    for ways in draws:
        if simple:  # without early censoring a restricted mean is a mean
            treated, others = ways == 1, ways == 0
            differences.append(total[treated].sum() / size[treated].sum() - total[others].sum() / size[others].sum())
        else:
            one, zero = (restricted_mean(times[ways[own] == v], back[ways[own] == v], horizon) for v in (1, 0))
            differences.append(one - zero)
    values = np.abs(np.array(differences))
    finite = values[np.isfinite(values)]
    if not len(finite) or not np.isfinite(estimate):
        return float("nan"), len(values)
    return float((finite >= abs(estimate) - 1e-9).mean()), len(values)


def log_rank(times: Float, back: Bool, group: Int) -> float:
    """Return the p-value of the log-rank test; NaN where nobody came back."""
    if not back.any():
        return float("nan")
    one, zero = (scipy.stats.CensoredData.right_censored(times[group == g] + 1, ~back[group == g]) for g in (1, 0))
    return float(scipy.stats.logrank(one, zero).pvalue)
