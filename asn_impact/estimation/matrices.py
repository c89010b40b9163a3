"""Symmetric matrices with directions that carry no information."""

from __future__ import annotations

import numpy as np

from asn_impact.arrays import Float

_NULL = 1e-10  # eigenvalue of a cross-product of unit scale below which a direction carries no information


def invert(gram: Float, size: Float | None = None) -> tuple[Float, Float]:
    """Inverse of a symmetric cross-product on the directions that carry information, and (q, d) the others.

    `size` (q,) is the diagonal that says what is much, where something has been taken out: rounding is left of nothing.
    """
    size = np.diag(gram) if size is None else size
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    values, vectors = np.linalg.eigh(gram / scale[:, None] / scale[None, :])
    dead = values < _NULL * max(values[-1], 1.0)
    kept = vectors[:, ~dead] / scale[:, None]
    null = vectors[:, dead] / scale[:, None]
    null = null / np.linalg.norm(null, axis=0)
    return kept / values[~dead] @ kept.T, null


def root_of(matrix: Float) -> Float:
    """(n, r) root: ``root @ root.T`` is the symmetric, non-negative matrix."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > _NULL * max(values[-1], 0.0)
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))
