"""Sums over clusters, and ratios of sums."""

from __future__ import annotations

import numpy as np
import scipy

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design


def cluster_sums(cluster: Int, clusters: int, values: Float) -> Float:
    """Return (G, m) sums over the clusters of (n, m) values."""
    counts = np.bincount(cluster, minlength=clusters)
    if counts.max(initial=0) <= 1:
        if len(cluster) == clusters and (cluster == np.arange(clusters)).all():
            return values
        total = np.zeros((clusters, values.shape[1]))
        total[cluster] = values
        return total
    n = len(cluster)
    one_hot = scipy.sparse.csr_matrix((np.ones(n), (cluster, np.arange(n))), shape=(clusters, n))
    return np.asarray(one_hot @ values)


def by_cluster(design: Design, values: Float) -> Float:
    """(G, k) sums of (U, k) values."""
    return cluster_sums(design.cluster, len(design.clusters), values)


def ratio(numerator: Float, denominator: Float) -> Float:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.asarray(np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator > 0))
