"""What a regression has in rows and coefficients, and what other programs make of it for their standard errors.

They print different standard errors of the same regression because they count its coefficients differently: the unit
effects are parameters to some of them and not to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design

Program: TypeAlias = Literal["stata", "areg", "fixest", "sandwich", "survey"]


@dataclass(frozen=True)
class Counted:
    """Rows and coefficients of a regression."""

    rows: float  #: N: cells, or records where they count alike
    clusters: int  #: G: clusters with a row
    free: int  #: coefficients and period effects
    units: int = 1  #: unit effects; 1, the constant, for a regression without any
    parts: int = 1  #: groups of units and periods that no row links: each makes one effect redundant


@dataclass(frozen=True)
class Convention:
    """How a program counts."""

    units: bool  #: whether unit effects, which lie within clusters, are parameters
    singles: bool  #: whether rows of units seen once count, though they say nothing
    #: Whether redundant period effects are found by which rows link them; else one is taken to be so.
    links: bool = True
    residual: bool = False  #: whether the t distribution has N - K degrees of freedom in place of G - 1
    rank: bool = True  #: whether coefficients are counted at all: not where the factor is G / (G - 1) alone

    def parameters(self, counted: Counted) -> int:
        """K, with the constant."""
        if not self.rank:
            return 1
        redundant = counted.parts if self.links else 1
        return counted.free - redundant + (counted.units if self.units else 1)

    def factor(self, counted: Counted) -> float:
        """G / (G - 1) times (N - 1) / (N - K)."""
        g, n = counted.clusters, counted.rows
        return g / (g - 1) * (n - 1) / (n - self.parameters(counted))

    def degrees(self, counted: Counted) -> float:
        """Degrees of freedom of the t distribution."""
        return counted.rows - self.parameters(counted) if self.residual else counted.clusters - 1.0


#: reghdfe 6; areg and regress with dummies; fixest 0.13 and 0.14 (0.12 kept units seen once); sandwich 3 with lmtest;
#: survey 4 (svyglm).
CONVENTIONS: Final[dict[Program, Convention]] = {
    "stata": Convention(units=False, singles=False),
    "areg": Convention(units=True, singles=True),
    "fixest": Convention(units=False, singles=False, links=False),
    "sandwich": Convention(units=True, singles=True, residual=True),
    "survey": Convention(units=False, singles=True, rank=False),
}


def count(design: Design, cells: Bool, coefficients: int, *, singles: bool) -> Counted:
    """Count a regression with unit and period effects on (U, T) cells, `coefficients` besides these effects."""
    rows = np.where(cells, design.panel.n if design.weights == "records" else 1.0, 0.0)
    if not singles:
        rows = _without_singles(rows)
    used = rows > 0
    units, periods = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    rows_of, columns_of = np.nonzero(used[np.ix_(units, periods)])
    size = len(units) + len(periods)
    linked = scipy.sparse.csr_array((np.ones(len(rows_of)), (rows_of, len(units) + columns_of)), shape=(size, size))
    parts = scipy.sparse.csgraph.connected_components(linked, directed=False)[0]
    clusters = len(np.unique(design.cluster[units]))
    return Counted(float(rows.sum()), clusters, coefficients + len(periods), len(units), int(parts))


def _without_singles(rows: Float) -> Float:
    """(U, T) numbers of rows once units and periods of a single row are gone, and those that this makes single."""
    while True:
        kept = rows * (rows.sum(axis=1, keepdims=True) > 1) * (rows.sum(axis=0, keepdims=True) > 1)
        if kept.sum() == rows.sum():
            return rows
        rows = kept
