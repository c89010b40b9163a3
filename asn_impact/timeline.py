"""Months are positions on a timeline, never numbers like 202401.

`Timeline.read` turns the period column of any panel (pandas Periods, dates, years, yyyymm codes, plain steps) into
ordinals of one kind; `Timeline.locate` places adoption dates, however an office writes them, on the same line. All
later arithmetic is on `steps`: the distance from the first period in units of the smallest gap that divides all gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int, readonly
from asn_impact.errors import DesignError, InputError
from asn_impact.words import Alert, Message

__all__ = ["Kind", "Timeline"]

Kind: TypeAlias = Literal["month", "quarter", "year", "step"]

_PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
_NEVER_WORDS = {"", "-", "na", "nan", "nat", "none", "null", "never", "inf", "belum", "tidak", "tidak pernah"}
_LARGEST = 2**62  # whole numbers below it can be subtracted
_NEVER_FROM = 9999  # 9999, 10000, 99999, 999999: the usual codes for "never" in panels of years, months and steps


@dataclass(frozen=True, eq=False)
class Timeline:
    """The periods of a panel, in order.

    Attributes
    ----------
    kind
        ``"month"``, ``"quarter"``, ``"year"`` or ``"step"`` (any other whole numbers).
    ordinals
        (T,) sorted whole numbers: ``12 * year + month - 1`` for months, the year, or the number itself.

    Examples
    --------
    >>> Timeline.months([24276, 24277]).labels
    ('2023-01', '2023-02')
    """

    kind: Kind
    ordinals: Int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ordinals", readonly(np.asarray(self.ordinals, dtype=np.int64)))

    @classmethod
    def months(cls, ordinals: Sequence[int] | Int) -> Timeline:
        """Return the timeline of the given months, each written as ``12 * year + month - 1``."""
        return cls("month", np.unique(np.asarray(ordinals, dtype=np.int64)))

    @classmethod
    def read(cls, values: pd.Series, *, column: str) -> tuple[Timeline, Int]:
        """Return the timeline of a period column without missing values, and each row's position on it."""
        codes, once = coded(values)  # periods are few and rows many: each value is read once
        kind, ordinals = _ordinals(pd.Series(once), column)
        distinct, position = np.unique(ordinals, return_inverse=True)
        return cls(kind, distinct), position.astype(np.int64)[codes]

    def __len__(self) -> int:
        return len(self.ordinals)

    @property
    def step(self) -> int:
        """The smallest distance that divides all gaps: 2 for periods 2, 4, 6; 1 for 1, 2, 5."""
        return int(np.gcd.reduce(np.diff(self.ordinals))) if len(self) > 1 else 1

    @property
    def steps(self) -> Int:
        """(T,) distance of each period from the first, in whole steps; a gap in time stays a gap."""
        return readonly((self.ordinals - self.ordinals[0]) // self.step)

    @property
    def labels(self) -> tuple[str, ...]:
        """(T,) the periods as text: ``2023-01``, ``2023Q1``, ``2023`` or the number itself."""
        return tuple(_label(self.kind, int(o)) for o in self.ordinals)

    def label(self, step: float) -> str:
        """Return the text of the period at a distance in steps from the first."""
        return _label(self.kind, int(self.ordinals[0] + step * self.step))

    def period(self, position: int) -> pd.Period | int:
        """Return a `pandas.Period` for months, quarters and years, the number itself for steps."""
        ordinal = int(self.ordinals[position])
        if self.kind == "step":
            return ordinal
        return pd.Period(_label(self.kind, ordinal), freq={"month": "M", "quarter": "Q", "year": "Y"}[self.kind])

    def select(self, positions: Int) -> Timeline:
        """Return the timeline of some of the periods."""
        return Timeline(self.kind, self.ordinals[np.sort(positions)])

    def locate(self, adopted: Sequence[Any]) -> tuple[Float, tuple[Message, ...]]:
        """Place first treated periods on the line.

        Returns
        -------
        steps
            One number a value: the first step at which the unit is treated; ``inf`` for never in the window. A start
            inside a period or a gap counts from the next period on. Zero or less: treated before the second period.
        notes
            What was read as "never", and how often.
        """
        values = np.empty(len(adopted), dtype=object)
        values[:] = adopted
        codes, distinct = pd.factorize(values)  # waves are few and units many: each value is read once; missing is -1
        ordinals = [_ordinal_or_never(value, self.kind, int(self.ordinals[0])) for value in distinct]
        number = np.array([*(np.inf if o is None else o for o in ordinals), np.inf], dtype=np.float64)[codes]
        late = np.isfinite(number) & (number > self.ordinals[-1])
        steps = np.ceil((number - self.ordinals[0]) / self.step - 1e-9)
        steps[late] = np.inf
        count = int(late.sum())
        return steps, (Alert("timeline.after_the_end", n=count, last=self.labels[-1]),) if count else ()


def coded(values: pd.Series) -> tuple[Int, Any]:
    """Return each row's position among the distinct values (-1: missing), and the distinct values.

    Whole numbers that lie close together, as periods and numbered units do, are told apart by their distance from the
    smallest, without hashing.
    """
    if len(values) and isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        numbers = values.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < 2 * len(numbers) and low > -_LARGEST and high < _LARGEST:
            away = numbers.astype(np.int64) - low
            seen = np.zeros(high - low + 1, dtype=np.int64)
            seen[away] = 1
            return np.asarray((np.cumsum(seen) - 1)[away]), np.flatnonzero(seen) + low
    codes, distinct = pd.factorize(values)
    return codes.astype(np.int64), distinct


def _label(kind: Kind, ordinal: int) -> str:
    if kind == "month":
        return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"
    if kind == "quarter":
        return f"{ordinal // 4:04d}Q{ordinal % 4 + 1}"
    return str(ordinal)


def _ordinals(values: pd.Series, column: str) -> tuple[Kind, Int]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, pd.PeriodDtype):
        return _from_periods(pd.PeriodIndex(values))
    if pd.api.types.is_datetime64_any_dtype(values):
        return _from_dates(pd.DatetimeIndex(values))
    if values.dtype == object or pd.api.types.is_string_dtype(values):
        return _from_objects(values, column)
    if pd.api.types.is_bool_dtype(values):
        raise InputError(Message("timeline.true_false", column=column))
    return _from_numbers(values.to_numpy(dtype=np.float64), column)


def _from_periods(index: pd.PeriodIndex) -> tuple[Kind, Int]:
    frequency = index.freqstr[0]
    if frequency == "Q":
        return "quarter", np.asarray(index.year * 4 + index.quarter - 1, dtype=np.int64)
    if frequency in {"Y", "A"}:
        return "year", np.asarray(index.year, dtype=np.int64)
    return "month", np.asarray(index.year * 12 + index.month - 1, dtype=np.int64)


def _from_dates(index: pd.DatetimeIndex) -> tuple[Kind, Int]:
    if bool(((index.month == 1) & (index.day == 1)).all()) and index.year.min() < index.year.max():
        return "year", np.asarray(index.year, dtype=np.int64)
    return "month", np.asarray(index.year * 12 + index.month - 1, dtype=np.int64)


def _from_numbers(numbers: Float, column: str) -> tuple[Kind, Int]:
    broken = ~np.isfinite(numbers) | (numbers != np.round(numbers))
    if broken.any():
        first = tuple(numbers[broken][:3])
        raise InputError(Message("timeline.not_whole", column=column, n=int(broken.sum()), first=first))
    whole = numbers.astype(np.int64)
    if _looks_yyyymm(whole).all():
        return "month", whole // 100 * 12 + whole % 100 - 1
    return ("year" if ((whole >= 1900) & (whole <= 2100)).all() else "step"), whole


def _looks_yyyymm(whole: Int) -> Any:  # noqa: ANN401 - a scalar or an array of booleans
    return (whole >= 190001) & (whole <= 210012) & (whole % 100 >= 1) & (whole % 100 <= 12)


def _from_objects(values: pd.Series, column: str) -> tuple[Kind, Int]:
    items = list(values)
    if all(isinstance(v, pd.Period) for v in items):
        return _from_periods(pd.PeriodIndex(items))
    text = pd.Series([str(v).strip() for v in items], dtype="str")
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().all():
        return _from_numbers(numbers.to_numpy(dtype=np.float64), column)
    if text.str.fullmatch(r"\d{4}-?Q[1-4]").all():
        quarters = text.str[:4].astype(int) * 4 + text.str[-1].astype(int) - 1
        return "quarter", np.asarray(quarters, dtype=np.int64)
    iso = text.str.extract(r"^(\d{4})-(\d{2})(?:-\d{2}(?:[ T].*)?)?$").astype("Float64")
    if iso.notna().all(axis=None) and bool(iso[1].between(1, 12).all()):
        return "month", (iso[0] * 12 + iso[1] - 1).to_numpy(dtype=np.int64)
    no_month = ~iso[1].between(1, 12).fillna(value=False)
    strange = text[numbers.isna() & no_month]
    raise InputError(Message("timeline.unreadable", column=column, first=strange.unique()))


def _ordinal_or_never(value: Any, kind: Kind, first: int) -> float | None:  # noqa: ANN401 - whatever a file holds
    """One adoption date as an ordinal of the panel's kind; None means never."""
    if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value) and value != -np.inf):
        return None
    if isinstance(value, str):
        if value.strip().casefold() in _NEVER_WORDS:
            return None
        try:
            value = float(value)
        except ValueError:
            return float(_from_objects(pd.Series([value], dtype=object), "adopted")[1][0])
    if isinstance(value, pd.Period | pd.Timestamp) or hasattr(value, "year"):
        return _dated(value, kind)
    if value is pd.NA:
        return None
    return _coded(float(value), kind, first)


def _dated(value: Any, kind: Kind) -> float:  # noqa: ANN401 - Period, Timestamp or date
    if kind == "step":
        raise DesignError(Message("timeline.date_for_numbers", value=str(value)))
    year, month = int(value.year), int(getattr(value, "month", 1))
    return float(year * _PER_YEAR[kind] + (month - 1) * _PER_YEAR[kind] // 12)


def _coded(number: float, kind: Kind, first: int) -> float | None:
    if number >= _NEVER_FROM and not (kind == "month" and _looks_yyyymm(np.array(int(number)))):
        return None
    if number in {0.0, -1.0} and first > 0:  # the codes for "never" in csdid, diff-diff, did and many spreadsheets
        return None
    if kind == "month":
        if number != round(number) or not _looks_yyyymm(np.array(int(number))):
            raise DesignError(Message("timeline.no_month", value=f"{number:g}"))
        return float(int(number) // 100 * 12 + int(number) % 100 - 1)
    return number
