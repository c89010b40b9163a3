"""Leaving clusters out of a regression by cohort and period: what it does to a mean of its coefficients.

A coefficient weighs the cells of a unit by a curve over the periods, less its mean in the unit, and the curve depends
on the unit's cohort alone. So a mean without a cluster is C curves of T numbers; clusters that hold units of the same
cohorts and weights have the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float, Int
from asn_impact.estimation.cell_effects import unit_shares
from asn_impact.estimation.deletions import Deletions

_MOST_ROWS = 4_000  # sorts of clusters from which on their changes are too many functions


@dataclass(frozen=True, eq=False)
class Curves:
    """A mean with all clusters and without each sort of them, as curves by cohort."""

    estimate: Float  #: (G,) the mean without each cluster
    whole: Float  #: (C, T) its curves with all clusters
    without: Float  #: (S, C, T) those without a cluster of each sort
    #: (S,) a cluster of each sort and (G,) the sort of each cluster.
    first: Int
    sort: Int

    def deletions(self, weight: Float, cohort: Int, cluster: Int, groups: Bool) -> Deletions:
        """Return the deletions for (U, T) weights, (U,) positions of cohorts and clusters, and (h, G) groups."""
        rows = len(self.first)
        change = self.without - self.whole
        row = np.full(len(self.sort), -1)
        row[self.first] = np.arange(rows)
        units = np.flatnonzero(row[cluster] >= 0)
        row, kind, w = row[cluster[units]], cohort[units], weight[units]
        inside, outside = _demean(self.without[row, kind], w), _demean(self.whole[kind], w)
        cross = np.zeros(change.shape)
        np.add.at(cross, (row, kind), w * inside)
        square, own = (np.bincount(row, (w * one**2).sum(axis=1), rows).astype(np.float64) for one in (inside, outside))
        covariance = np.stack([_moments(weight, cohort, group[cluster], len(self.whole)) for group in groups])
        if rows > min(self.whole.size, _MOST_ROWS):  # the numbers of the curves are the functions
            flat = np.stack([scipy.linalg.block_diag(*one) for one in covariance])
            parts = (own, change.reshape(rows, -1), flat, cross.reshape(rows, -1), square)
            return Deletions(self.estimate, *parts, groups, self.sort)
        flat = change.reshape(rows, -1)  # the changes are the functions, one for each sort
        loaded = np.einsum("sct,hctv->hscv", change, covariance, optimize=True).reshape(len(groups), rows, -1)
        parts = (own, np.eye(rows), loaded @ flat.T, cross.reshape(rows, -1) @ flat.T, square)
        return Deletions(self.estimate, *parts, groups, self.sort)


def _demean(curve: Float, weight: Float) -> Float:
    """(n, T) curves less their weighted unit means."""
    return np.asarray(curve - (unit_shares(weight) * curve).sum(axis=1, keepdims=True))


def _moments(weight: Float, cohort: Int, some: Bool, cohorts: int) -> Float:
    """(C, T, T) covariances of the cells of some units, unit means taken out, by cohort."""
    moments = np.empty((cohorts, weight.shape[1], weight.shape[1]))
    for c in range(cohorts):
        own = weight[some & (cohort == c)]
        moments[c] = np.diag(own.sum(axis=0)) - own.T @ unit_shares(own)
    return moments
