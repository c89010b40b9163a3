"""All deals of a randomisation at once, where clusters are alike in all but their outcomes and when they were treated.

Such clusters can be exchanged. What the cells of a cluster add to an estimate then depends on when that cluster adopts
and on nothing else, and so does its influence but for a part that all clusters of a wave share. These weights are found
once; every deal of the adoption times is a sum of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import numpy as np
import scipy

from asn_impact.arrays import Float, Int
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.patterns import Patterns

#: estimates of the outcome and of the effect, and the sums of squares and products of their influences: five (N, k)
Dealt: TypeAlias = tuple[Float, Float, Float, Float, Float]
#: Effects on other (U, T) cell means.
OnMeans: TypeAlias = Callable[[Effects, Float], Effects]

_BLOCK = 4_000_000  # numbers in one array of a block of deals


@dataclass(frozen=True, eq=False)
class Exchange:
    """Weights of the P cells of one cluster when it adopts at one of C times."""

    estimate: Float  #: (C, P, k) in the estimates
    own: Float  #: (C, P, k) in the influence of the cluster itself, beside what it shares
    shared: Float  #: (C, P, C, k) in the influence of every cluster that adopts at each time

    def table(self, values: Float) -> Table:
        """Return what the (G, P) values of each cluster add when it adopts at each time."""
        return Table(*(np.tensordot(values, each, axes=(1, 1)) for each in (self.estimate, self.own, self.shared)))


@dataclass(frozen=True, eq=False)
class Table:
    """What each of G clusters adds when it adopts at each of C times: (G, C, k), and (G, C, C, k) to all of a wave."""

    estimate: Float
    own: Float
    shared: Float

    def deal(self, dealt: Int) -> tuple[Float, Float]:
        """(N, k) estimates and (N, G, k) influences for (N, G) positions of the times that clusters are dealt."""
        n, g = dealt.shape
        times, k = self.estimate.shape[1:]
        place = (np.arange(g) * times + dealt).ravel()
        chosen = scipy.sparse.csr_matrix((np.ones(n * g), place, np.arange(0, n * g + 1, g)), shape=(n, g * times))
        estimate = chosen @ self.estimate.reshape(g * times, k)
        shared = (chosen @ self.shared.reshape(g * times, -1)).reshape(n, times, k)
        influence = self.own[np.arange(g), dealt] + shared[np.arange(n)[:, None], dealt]
        return np.asarray(estimate), np.asarray(influence)


def deal_alike(effects: Effects, effect: Float, orders: Iterator[Float], n: int, on_means: OnMeans) -> Dealt | None:
    """Return the numbers of n deals of the (G,) adoption times, or None where clusters cannot be exchanged.

    Parameters
    ----------
    effects
        What was estimated, linear in the cell means.
    effect
        (U, T) the outcome that a constant effect alone would make.
    orders
        The deals: each a (G,) vector of adoption times.
    n
        How many there are.
    on_means
        Gives the effects on other cell means.
    """
    places = _places(effects, n)
    if places is None:
        return None
    times, codes = np.unique(effects.design.adopted[places[:, 0, 0]], return_inverse=True)
    exchange = _weigh(effects, places, codes, on_means)
    outcomes = (np.nan_to_num(effects.design.panel.mean), effect)
    tables = [exchange.table(values[places[..., 0], places[..., 1]]) for values in outcomes]
    size = max(1, _BLOCK // (len(codes) * exchange.estimate.shape[2]))
    blocks = []
    while block := list(islice(orders, size)):
        dealt = np.searchsorted(times, np.stack(block))
        (a0, i0), (a1, i1) = (table.deal(dealt) for table in tables)
        blocks.append((a0, a1, (i0 * i0).sum(axis=1), (i0 * i1).sum(axis=1), (i1 * i1).sum(axis=1)))
    a0, a1, q0, q1, q2 = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return a0, a1, q0, q1, q2


def _places(effects: Effects, deals: int) -> Int | None:
    """(G, P, 2) units and periods of the cells of each cluster, in the same order; None where clusters differ.

    None as well where asking for the weight of each cell would take longer than the deals.
    """
    design, estimator = effects.design, effects.estimator
    if not (effects.linear and estimator.fixed_weights) or estimator.uses:
        return None
    kinds = Patterns(replace(design, adopted=np.full(len(design.adopted), np.inf)))
    if len(kinds.cluster) != 1:
        return None
    units = np.lexsort((kinds.kind, design.cluster)).reshape(len(design.clusters), -1)
    unit, period = np.nonzero(design.panel.observed[units[0]])
    if len(np.unique(design.adopted)) * len(unit) > deals:
        return None
    return np.stack([units[:, unit], np.broadcast_to(period, (len(units), len(period)))], axis=-1)


def _weigh(effects: Effects, places: Int, codes: Int, on_means: OnMeans) -> Exchange:
    """Return the weights, each found as what one cell of one cluster of each wave adds."""
    first = np.unique(codes, return_index=True)[1]
    cells, k = places.shape[1], len(effects.terms)
    estimate, own = np.empty((2, len(first), cells, k))
    shared = np.empty((len(first), cells, len(first), k))
    for code, cluster in enumerate(first):
        other = first.copy()  # a cluster of each wave that is not the one asked about
        others = np.flatnonzero((codes == code) & (np.arange(len(codes)) != cluster))
        alone = not len(others)
        other[code] = cluster if alone else others[0]
        for cell, (unit, period) in enumerate(places[cluster]):
            means = np.zeros(effects.design.panel.mean.shape)
            means[unit, period] = 1.0
            one = on_means(effects, means)
            influence = np.nan_to_num(one.influence)
            estimate[code, cell], shared[code, cell] = one.estimate, influence[other]
            if alone:
                shared[code, cell, code] = 0.0
            own[code, cell] = influence[cluster] - shared[code, cell, code]
    return Exchange(estimate, own, shared)
