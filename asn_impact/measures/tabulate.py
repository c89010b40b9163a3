"""Durations to a panel: one pass over the records, in their own engine; only cells come back."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.errors import DataWarning, InputError, listed, nearest
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcomes import Count, RecordOutcome, RestrictedMean, Score, Share, Within
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

__all__ = ["maturity", "tabulate"]


def tabulate(durations: Durations, outcome: RecordOutcome, *, by: str | Sequence[str] = "office") -> Panel:
    """Return the panel of an outcome by unit and month of receipt.

    A month enters when *all* its cases, of all offices, have been followed for the horizon of the outcome;
    the others are listed in `Panel.immature`. A month in which nobody received a case is a gap in the
    timeline. Sums of days are exact whole numbers, so that every engine and every order of the records gives
    the same panel.

    Parameters
    ----------
    durations
        What `measure` returned.
    outcome
        `Within`, `RestrictedMean`, `Score`, `Share` or `Count`.
    by
        The column that names the unit, or several: the unit is then called ``"office / service"``, and the
        columns are attributes of the panel.

    Returns
    -------
    Panel
        (U, T) `n` records, `mean`, `weight` 1 where there are records, `within` the sum of squares around the
        cell mean. For `Count` each cell is one observation (`n` = 1), 0 where a unit received nothing.

    Raises
    ------
    InputError
        A column does not exist or is of the wrong kind, or no month has been followed long enough.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.exports import read_exports
    >>> from asn_impact.measures.calendar import WorkCalendar
    >>> from asn_impact.measures.durations import measure
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b", "c"], "office": ["O1", "O1", "O2"], "status": ["granted", "open", "granted"],
    ...     "received": pd.to_datetime(["2024-02-01", "2024-02-01", "2024-02-05"]),
    ...     "decided": pd.to_datetime(["2024-02-05", None, "2024-02-07"])})
    >>> times = measure(read_exports(frame, as_of="2024-03-28"), WorkCalendar.indonesia())
    >>> tabulate(times, RestrictedMean(30)).mean
    array([[16.],
           [ 2.]])
    """
    columns = (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))
    _require_columns(durations, (*columns, *_source(outcome)))
    _require_kind(durations, outcome)
    outcome = _on_the_clock(outcome, durations)
    shift = _shift(durations, outcome)
    cells, notes = _with_units(_cells(durations, outcome, columns, shift), columns, _source(outcome))
    if isinstance(outcome, Share):
        _require_zero_or_one(cells, outcome)
    months = _months(cells, outcome, durations)
    mature = months.index[months["mature"]].to_numpy(dtype=np.int64)
    if not len(mature):
        raise InputError(_nothing_mature(months, outcome, durations))
    grid = _Grid.of(cells, columns, mature)
    immature = Timeline.months(months.index[~months["mature"]].to_numpy()).labels
    arrays = _counts(grid) if isinstance(outcome, Count) else _moments(grid, shift)
    return Panel(
        outcome=outcome,
        units=grid.units,
        timeline=Timeline.months(mature),
        attributes=grid.attributes,
        immature=immature,
        notes=(*durations.notes, *notes),
        n=arrays.n,
        mean=arrays.mean,
        weight=arrays.weight,
        within=arrays.within,
    )


def maturity(durations: Durations, outcome: RecordOutcome) -> pd.DataFrame:
    """Return for each month of receipt whether all its cases have been followed long enough.

    Returns
    -------
    DataFrame
        ``month`` as text, ``cases``, ``open`` (neither decided nor withdrawn), ``least_follow_up`` (days of
        the case received last, in the days of the clock) and ``mature``.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.exports import read_exports
    >>> from asn_impact.measures.calendar import WorkCalendar
    >>> from asn_impact.measures.durations import measure
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b"], "office": ["O1", "O1"], "status": ["granted", "open"],
    ...     "received": pd.to_datetime(["2024-02-01", "2024-03-01"]),
    ...     "decided": pd.to_datetime(["2024-02-05", None])})
    >>> times = measure(read_exports(frame, as_of="2024-03-28"), WorkCalendar.indonesia())
    >>> maturity(times, Within(20))
         month  cases  open  least_follow_up  mature
    0  2024-02      1     0               35    True
    1  2024-03      1     1               17   False
    """
    is_open = nw.col("status") == "open"
    found = (
        durations.records.with_columns(is_open.cast(nw.Int64).alias("is_open"))
        .group_by("month")
        .agg(nw.len().alias("rows"), nw.col("is_open").sum(), nw.col("day").max().alias("latest"))
        .collect()
        .to_pandas()
        .astype("int64")
    )
    months = _months(found, _on_the_clock(outcome, durations), durations)
    return pd.DataFrame(
        {
            "month": Timeline.months(months.index.to_numpy()).labels,
            "cases": months["rows"].to_numpy(),
            "open": found.set_index("month")["is_open"].loc[months.index].to_numpy(),
            "least_follow_up": months["least_follow_up"].to_numpy(),
            "mature": months["mature"].to_numpy(),
        }
    )


def _source(outcome: RecordOutcome) -> tuple[str, ...]:
    """Name the extra column that an outcome reads."""
    return (outcome.column,) if isinstance(outcome, Score | Share) else ()


def _require_columns(durations: Durations, names: Sequence[str]) -> None:
    if not names:
        raise InputError("by= names no column. Expected the column that names the unit, for instance 'office'.")
    found = [n for n in durations.records.collect_schema().names() if n not in {"month", "day", "days"}]
    for name in names:
        if name not in found:
            raise InputError(
                f"Column {name!r} is not in the records. Found: {listed(found, 20)}.{nearest(name, found)} "
                "Columns beyond the standard ones must be named when the export is read."
            )


def _on_the_clock(outcome: RecordOutcome, durations: Durations) -> RecordOutcome:
    """Say in which days the outcome counts."""
    if isinstance(outcome, Within | RestrictedMean):
        return replace(outcome, counted_in=durations.calendar.unit)
    return outcome


def _require_kind(durations: Durations, outcome: RecordOutcome) -> None:
    """Refuse a column whose kind cannot give the outcome."""
    if not isinstance(outcome, Score | Share):
        return
    kind = durations.records.collect_schema()[outcome.column]
    if not (kind.is_numeric() or (isinstance(outcome, Share) and kind == nw.Boolean)):
        wanted = "numbers" if isinstance(outcome, Score) else "true and false, or of 1 and 0"
        raise InputError(f"Column {outcome.column!r} holds {kind}. Expected a column of {wanted}.")


def _finite(column: str) -> nw.Expr:
    """Write a column as decimals, missing where it is missing or infinite."""
    number = nw.col(column).cast(nw.Float64)
    return nw.when(number.is_finite()).then(number)


def _shift(durations: Durations, outcome: RecordOutcome) -> float:
    """Return a value near those of a score: sums of squares around it lose no digits in one pass."""
    if not isinstance(outcome, Score):
        return 0.0
    some = durations.records.select(_finite(outcome.column).alias("value")).drop_nulls().head(1).collect()
    return float(np.round(some.item())) if len(some) else 0.0


def _value(outcome: RecordOutcome, shift: float) -> nw.Expr:
    """Write what each record contributes, missing where it does not count."""
    match outcome:
        case Within() | RestrictedMean():
            return outcome.value(nw.col("days")).cast(nw.Int64)
        case Score():
            return _finite(outcome.column) - shift
        case Share():
            return _finite(outcome.column)
        case Count():
            return nw.lit(1, nw.Int64)


def _cells(durations: Durations, outcome: RecordOutcome, columns: tuple[str, ...], shift: float) -> pd.DataFrame:
    """Run the one pass over the records."""
    value = nw.col("value")
    keys = _keys(columns)
    real = isinstance(outcome, Score | Share)  # days are never missing here, and whole: they add up exactly
    return (
        durations.records.select(
            *(nw.col(name).alias(key) for name, key in zip(columns, keys, strict=True)),
            nw.col("month", "day"),
            _value(outcome, shift).alias("value"),
        )
        .with_columns((value * value).alias("square"))
        .group_by(*keys, "month")
        .agg(
            nw.len().alias("rows"),
            (value.count() if real else nw.len()).alias("n"),
            value.sum().alias("total"),
            nw.col("square").sum().alias("squares"),
            nw.col("day").max().alias("latest"),
        )
        .with_columns(nw.col("total", "squares").cast(nw.Float64 if real else nw.Int64))
        .collect()
        .to_pandas()
    )


def _with_units(
    cells: pd.DataFrame, columns: tuple[str, ...], source: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out, and count, records that belong to no unit; count records without a value."""
    keys = _keys(columns)
    nameless = cells[keys].isna().any(axis=1).to_numpy()
    lost, empty = int(cells["rows"][nameless].sum()), int((cells["rows"] - cells["n"])[~nameless].sum())
    notes = []
    if lost:
        notes.append(f"{lost:,} records without {' or '.join(columns)} are left out.")
    if empty:
        notes.append(f"{empty:,} records without a value of {source[0]} are left out.")
    if notes:
        warnings.warn(f"tabulate: {' '.join(notes)}", DataWarning, stacklevel=3)
    return cells[~nameless].reset_index(drop=True), tuple(notes)


def _keys(columns: Sequence[str]) -> list[str]:
    """Name the unit columns so that they cannot meet the names made here."""
    return [f"unit_{i}" for i in range(len(columns))]


def _months(cells: pd.DataFrame, outcome: RecordOutcome, durations: Durations) -> pd.DataFrame:
    """Return one row a month with a case, sorted: rows, latest, least_follow_up, mature."""
    months = cells.groupby("month").agg(rows=("rows", "sum"), latest=("latest", "max")).sort_index()
    months = months.assign(least_follow_up=durations.as_of_day - months["latest"].astype("int64"))
    if isinstance(outcome, Count):
        return months.assign(mature=_month_end(months.index.to_numpy()) <= np.datetime64(durations.as_of, "D"))
    if outcome.horizon is None:
        return months.assign(mature=True)
    return months.assign(mature=months["least_follow_up"] >= outcome.horizon)


def _month_end(months: Int) -> Any:  # noqa: ANN401 - datetime64[D]
    following = (months.astype(np.int64) + 1 - 12 * 1970).astype("datetime64[M]")
    return following.astype("datetime64[D]") - 1


def _nothing_mature(months: pd.DataFrame, outcome: RecordOutcome, durations: Durations) -> str:
    if isinstance(outcome, Count):
        return f"No month with a case was over when the export was made ({durations.as_of}). Use a later export."
    follow_up = months["least_follow_up"].to_numpy(dtype=np.int64)
    longest = int(np.argmax(follow_up))
    return (
        f"No month can answer {outcome.name}: the cases of {Timeline.months(months.index.to_numpy()).labels[longest]}, "
        f"followed longest, have {follow_up[longest]} of {outcome.horizon} "
        f"{durations.calendar.unit} of follow-up. "
        "Use a shorter horizon, or a later export."
    )


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where each cell of the mature months stands in a (U, T) array."""

    units: tuple[Hashable, ...]  # U labels
    attributes: pd.DataFrame  # U rows
    cells: pd.DataFrame
    row: Int  # (cells,)
    column: Int  # (cells,)
    periods: int

    @classmethod
    def of(cls, cells: pd.DataFrame, columns: tuple[str, ...], mature: Int) -> _Grid:
        keys = _keys(columns)
        cells = cells[cells["month"].isin(mature)].sort_values([*keys, "month"], ignore_index=True)
        row: Int = np.asarray(cells.groupby(keys, sort=True).ngroup(), dtype=np.int64)
        attributes = cells[keys].drop_duplicates(ignore_index=True)
        attributes.columns = pd.Index(columns)
        column: Int = np.asarray(np.searchsorted(mature, cells["month"].to_numpy()), dtype=np.int64)
        return cls(_labels(attributes), attributes, cells, row, column, len(mature))

    def spread(self, values: npt.NDArray[Any], empty: float) -> Float:
        """Return the values of the cells as (U, T)."""
        grid = np.full((len(self.units), self.periods), empty)
        grid[self.row, self.column] = values
        return grid


def _labels(attributes: pd.DataFrame) -> tuple[Hashable, ...]:
    if attributes.shape[1] == 1:
        return tuple(attributes.iloc[:, 0].tolist())
    labels = [" / ".join(map(str, row)) for row in attributes.itertuples(index=False)]
    if len(set(labels)) < len(labels):
        raise InputError(f"Two units of {listed(attributes.columns)} have the same name. Rename values with ' / '.")
    return tuple(labels)


class _Arrays(NamedTuple):
    n: Float  # (U, T)
    mean: Float  # (U, T)
    weight: Float  # (U, T)
    within: Float  # (U, T, 1, 1)


def _counts(grid: _Grid) -> _Arrays:
    """Return one observation a cell: the number of records, 0 where there is none."""
    ones = np.ones((len(grid.units), grid.periods))
    counted = grid.spread(grid.cells["rows"].to_numpy(), 0.0)
    return _Arrays(n=ones, mean=counted, weight=ones, within=np.zeros((*ones.shape, 1, 1)))


def _moments(grid: _Grid, shift: float) -> _Arrays:
    """Return n, mean, weight and within of each cell from its count, sum and sum of squares."""
    n, total, squares = (grid.cells[name].to_numpy() for name in ("n", "total", "squares"))
    some = n > 0
    count = np.where(some, n, 1)
    around = _around_mean(count, total, squares)
    size = grid.spread(n, 0.0)
    return _Arrays(
        n=size,
        mean=grid.spread(np.where(some, shift + total / count, np.nan), np.nan),
        weight=(size > 0).astype(np.float64),
        within=grid.spread(np.where(some, around, 0.0), 0.0)[:, :, np.newaxis, np.newaxis],
    )


def _around_mean(n: Int, total: npt.NDArray[Any], squares: npt.NDArray[Any]) -> Float:
    """Return the sum of squares around the mean, squares - total^2 / n, without cancellation.

    With total = q n + r the sum is squares - q (total + r) - r^2 / n: exact whole numbers but for the last
    fraction.
    """
    q, r = np.divmod(total, n)
    return np.asarray(np.maximum(squares - q * (total + r) - r * r / n, 0.0), dtype=np.float64)


def _require_zero_or_one(cells: pd.DataFrame, outcome: Share) -> None:
    """Refuse other numbers: only for 0 and 1 the sum equals the sum of squares."""
    if (cells["total"] != cells["squares"]).any():
        raise InputError(f"Column {outcome.column!r} holds other numbers than 0 and 1. Expected true/false or 0/1.")
