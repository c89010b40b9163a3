"""Counts, sums and sums of products of cells to the arrays of a panel: numbers only, no records."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.errors import InputError
from asn_impact.measures.curves import incidence
from asn_impact.words import Message


def unit_keys(columns: Sequence[str]) -> list[str]:
    """Name the unit columns so that they cannot meet the names made here."""
    return [f"unit_{i}" for i in range(len(columns))]


def pairs(k: int) -> list[tuple[int, int]]:
    """Return the places of a symmetric matrix, each once."""
    return [(i, j) for j in range(k) for i in range(j + 1)]


def total_name(i: int) -> str:
    """Name the column of a sum."""
    return f"total_{i}"


def product_name(i: int, j: int) -> str:
    """Name the column of a sum of products."""
    return f"product_{i}_{j}"


def within_name(day: int) -> str:
    """Name the column of cases decided within so many days."""
    return f"within_{day}"


@dataclass(frozen=True, eq=False)
class Grid:
    """Where each cell of the mature months stands in a (U, T) array."""

    units: tuple[Hashable, ...]  # U labels
    attributes: pd.DataFrame  # U rows
    cells: pd.DataFrame
    entering: Bool  # which of the cells are of these months
    row: Int  # (entering cells,)
    column: Int  # (entering cells,)
    periods: int

    @classmethod
    def of(cls, cells: pd.DataFrame, columns: tuple[str, ...], mature: Int) -> Grid:
        """Return the grid of the cells of some months."""
        keys = unit_keys(columns)
        entering = np.asarray(cells["month"].isin(mature))
        places = cells.loc[entering, [*keys, "month"]]
        row: Int = np.asarray(places.groupby(keys, sort=True).ngroup(), dtype=np.int64)
        attributes = places[keys].drop_duplicates().sort_values(keys, ignore_index=True)
        attributes.columns = pd.Index(columns)
        column: Int = np.asarray(np.searchsorted(mature, places["month"].to_numpy()), dtype=np.int64)
        return cls(_join_labels(attributes), attributes, cells, entering, row, column, len(mature))

    def values(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the entering cells: one at a time, for all of them may have a hundred megabytes."""
        return np.asarray(self.cells[name].to_numpy()[self.entering])

    def spread(self, values: npt.NDArray[Any], empty: float) -> Float:
        """Return the values of the entering cells as (U, T)."""
        grid = np.full((len(self.units), self.periods), empty)
        grid[self.row, self.column] = values
        return grid

    def counted(self, name: str) -> Int:
        """Return whole numbers of the cells as (U, T), 0 where there is none."""
        grid = np.zeros((len(self.units), self.periods), dtype=np.int64)
        grid[self.row, self.column] = self.values(name)
        return grid

    def rows_of(self, cells: pd.DataFrame) -> Int:
        """Return the unit of each of other cells, all of which are in the grid."""
        keys = unit_keys(list(map(str, self.attributes.columns)))
        places = self.attributes.set_axis(keys, axis=1).assign(row=np.arange(len(self.units)))
        return np.asarray(cells[keys].merge(places, on=keys, how="left")["row"], dtype=np.int64)


def _join_labels(attributes: pd.DataFrame) -> tuple[Hashable, ...]:
    if attributes.shape[1] == 1:
        return tuple(attributes.iloc[:, 0].tolist())
    labels = [" / ".join(map(str, row)) for row in attributes.itertuples(index=False)]
    if len(set(labels)) < len(labels):
        raise InputError(Message("measures.cells.same_name", columns=tuple(attributes.columns)))
    return tuple(labels)


class Curves(NamedTuple):
    """Completion curves of the cells."""

    n: Float  # (U, T)
    share: Float  # (U, T, h + 1)
    inside: Float  # (U, T, h + 1)


def shares(grid: Grid, horizon: int) -> Curves:
    """Return the shares decided within each number of days, and the sums of squares around them: whole numbers."""
    n = grid.counted("rows")
    count = np.maximum(n, 1)
    share = np.empty((*n.shape, horizon + 1))
    inside = np.empty_like(share)
    for day in range(horizon + 1):  # day by day: whole cubes on the way would be several times as large as the two
        within = grid.counted(within_name(day))
        share[:, :, day] = np.where(n > 0, within / count, np.nan)
        inside[:, :, day] = _around_mean(count, within, within)
    return Curves(n.astype(np.float64), share, inside)


def product_limit(counts: pd.DataFrame, rows: Int, units: int, horizon: int) -> tuple[Float, Float]:
    """Return (U, h + 1) shares and n squared times their variance, from the counts of one month and their units."""
    cases = np.zeros((units, horizon + 1, horizon + 2))
    np.add.at(cases, (rows, counts["follow"].to_numpy(), counts["event"].to_numpy()), counts["n"].to_numpy())
    estimate = incidence(cases[:, :, :-1], cases.sum(axis=2))
    return estimate.share, estimate.variance * cases.sum(axis=(1, 2))[:, None] ** 2


class Arrays(NamedTuple):
    """What a panel holds of its cells."""

    n: Float  # (U, T)
    mean: Float  # (U, T)
    weight: Float  # (U, T)
    within: Float  # (U, T, 1 + p, 1 + p)
    x: Float  # (U, T, p)
    stands_for: Float = np.zeros((0, 0))  # (U, T), or empty without sampling weights


def count_records(grid: Grid) -> Arrays:
    """Return one observation a cell: the number of records, 0 where there is none."""
    ones = np.ones((len(grid.units), grid.periods))
    count = grid.spread(grid.values("rows"), 0.0)
    return Arrays(n=ones, mean=count, weight=ones, within=np.zeros((*ones.shape, 1, 1)), x=np.zeros((*ones.shape, 0)))


def moments(grid: Grid, shifts: Float) -> Arrays:
    """Return n, means, weight and cross-products of each cell from its count, sums and sums of products.

    Where the sums are weighted, n is the effective number of records (Kish) and cross-products are scaled to it.
    """
    weighted = "size" in grid.cells
    n = grid.values("size" if weighted else "n")
    some = n > 0
    count = np.where(some, n, 1)
    effective = count / np.where(some, grid.values("squares"), 1.0) if weighted else np.ones(len(n))
    size = grid.spread(n * effective, 0.0)
    totals = [grid.values(total_name(i)) for i in range(len(shifts))]
    means = [
        grid.spread(np.where(some, shift + total / count, np.nan), np.nan)
        for shift, total in zip(shifts, totals, strict=True)
    ]
    within = np.zeros((*size.shape, len(shifts), len(shifts)))
    for i, j in pairs(len(shifts)):
        products = grid.values(product_name(i, j))
        around = (
            _around_mean(count, totals[i], products)
            if i == j
            else _around_means(count, (totals[i], totals[j]), products)
        )
        within[:, :, i, j] = within[:, :, j, i] = grid.spread(np.where(some, around * effective, 0.0), 0.0)
    x = np.stack(means[1:], axis=2) if len(means) > 1 else np.zeros((*size.shape, 0))
    stands_for = grid.spread(n, 0.0) if weighted else np.zeros((0, 0))
    return Arrays(size, means[0], (size > 0).astype(np.float64), within, x, stands_for)


def _around_mean(n: Int, total: npt.NDArray[Any], squares: npt.NDArray[Any]) -> Float:
    """Return the sum of squares around the mean; rounding never makes it negative."""
    return np.asarray(np.maximum(_around_means(n, (total, total), squares), 0.0))


def _around_means(n: Int, totals: tuple[npt.NDArray[Any], npt.NDArray[Any]], products: npt.NDArray[Any]) -> Float:
    """Return the sum of products around the means, products - total total' / n, without cancellation.

    With total = q n + r and total' = q' n + r' the sum is products - q total' - r q' - r r' / n: exact whole numbers
    but for the last fraction.
    """
    q, r = np.divmod(totals[0], n)
    q_other, r_other = np.divmod(totals[1], n)
    return np.asarray(products - q * totals[1] - r * q_other - r * r_other / n, dtype=np.float64)
