"""Units that are alike in all but their outcomes: what leaving clusters out does to a comparison, once for each kind.

A group-time comparison weighs a unit by when it adopted, which of its cells are seen, and their weights. So units that
agree in these have the same weights with and without any cluster, and clusters of the same units do the same damage
when they go. Thousands of clusters come in few kinds, and the matrices are as large as the number of kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design


def kinds_of(rows: Float) -> tuple[Int, Int]:
    """Return the (P,) first of each kind of (U, m) rows that are the same to the bit, and the (U,) kind of each."""
    rows = np.ascontiguousarray(rows + 0.0)  # minus zero is zero
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, kind = np.unique(whole, return_index=True, return_inverse=True)
    return first, kind.ravel()


def sorts_of(kind: Int, cluster: Int, clusters: int) -> tuple[Int, Int, scipy.sparse.csr_matrix]:
    """Return the sorts of clusters, those that hold the same kinds of units, for (U,) kinds and clusters.

    (S,) a cluster of each sort, the (G,) sort of each cluster, and the (S, P) number of units of each kind in one.
    """
    order = np.lexsort((kind, cluster))
    ends = np.cumsum(np.bincount(cluster, minlength=clusters))
    held = np.split(kind[order], ends[:-1])
    known: dict[bytes, int] = {}
    sort = np.array([known.setdefault(kinds.tobytes(), len(known)) for kinds in held])
    first = np.unique(sort, return_index=True)[1]
    row = np.repeat(np.arange(len(first)), [len(held[c]) for c in first])
    column = np.concatenate([held[c] for c in first])
    holds = scipy.sparse.csr_matrix(
        (np.ones(len(row)), (row, column)), shape=(len(first), int(kind.max(initial=-1)) + 1)
    )
    return first, sort, holds


@dataclass(frozen=True, eq=False)
class Patterns:
    """The kinds of units and of clusters in a design."""

    design: Design  #: what is compared

    @cached_property
    def _found(self) -> tuple[Int, Int]:
        """(P,) a unit of each kind, and (U,) the kind of each unit."""
        panel = self.design.panel
        weight = np.where(panel.observed, panel.weight, 0.0)
        return kinds_of(np.concatenate([self.design.adopted[:, None], weight], axis=1))

    @property
    def first(self) -> Int:
        """(P,) a unit of each kind."""
        return self._found[0]

    @property
    def kind(self) -> Int:
        """(U,) the kind of each unit."""
        return self._found[1]

    @cached_property
    def noise(self) -> Float:
        """(P, T) working variance of the cells of each kind: one over the weight, 0 where not seen."""
        panel = self.design.panel
        weight = np.where(panel.observed, panel.weight, 0.0)[self.first]
        return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)

    @cached_property
    def _clusters(self) -> tuple[Int, Int, scipy.sparse.csr_matrix]:
        return sorts_of(self.kind, self.design.cluster, len(self.design.clusters))

    @property
    def cluster(self) -> Int:
        """(S,) a cluster of each sort: those that hold the same kinds of units are alike."""
        return self._clusters[0]

    @property
    def sort(self) -> Int:
        """(G,) the sort of each cluster."""
        return self._clusters[1]

    @property
    def holds(self) -> Float:
        """(S, P) number of units of each kind in a cluster of each sort."""
        return np.asarray(self._clusters[2].toarray())


@dataclass(frozen=True, eq=False)
class Shares:
    """Comparisons by kind of unit: their terms and periods, and the weights of the treated and of the controls."""

    #: For each of I comparisons with the same rows: positions of its terms, their periods, and the base period.
    terms: Sequence[Int]
    periods: Sequence[Int]
    base: Sequence[int]
    #: (I, P) weight of a unit of each kind, 0 where it is not among them.
    treated: Float
    controls: Float
    count: Float  #: (P,) number of units of each kind

    def loadings(self, weights: Float, lost: Float, periods: int) -> Float:
        """(S, P, T) weights on the cells of a unit of each kind, in S weighted sums of the terms.

        `weights` (S, k) are those of the terms, `lost` (S, P) the units of each kind that are left out of each sum.
        """
        total = np.zeros((len(weights), len(self.count), periods))
        entering = np.asarray(weights.any(axis=0))
        for i, terms in enumerate(self.terms):
            if not entering[terms].any():
                continue
            own = weights[:, terms]
            some = np.flatnonzero(own.any(axis=1))
            if not some.size:
                continue
            kinds = np.flatnonzero((self.treated[i] > 0) | (self.controls[i] > 0))
            share = (
                self._share(self.treated[i], lost[some])[:, kinds] - self._share(self.controls[i], lost[some])[:, kinds]
            )
            by_period = np.zeros((len(some), periods))
            by_period[:, self.periods[i]] = own[some]
            by_period[:, self.base[i]] -= own[some].sum(axis=1)
            used = np.append(self.periods[i], self.base[i])
            added = share[:, :, None] * by_period[:, None, used]
            total[some[:, None, None], kinds[None, :, None], used[None, None, :]] += added
        return total

    def _share(self, weight: Float, lost: Float) -> Float:
        """(S, P) weights of units of each kind that sum to one over the units that are left."""
        left = (weight * self.count).sum() - lost @ weight
        return np.asarray(weight[None, :] / np.where(left > 0, left, np.inf)[:, None])
