"""Months are positions on a timeline, never numbers like 202401.

`Timeline.read` turns the period column of any panel (pandas Periods, dates, years, yyyymm codes, plain steps) into
ordinals of one kind; `Timeline.place` puts starts of treatment, however an office writes them, on the same line. All
later arithmetic is on `steps`: the distance from the first period in units of the smallest gap that divides all gaps.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int, readonly
from asn_impact.errors import DesignError, InputError
from asn_impact.starts import (
    NEVER_CODES,
    Start,
    is_never,
    month_first,
    number_of,
    numbered_alike,
    read_start,
    triple_of,
)
from asn_impact.words import Alert, Message

Kind: TypeAlias = Literal["month", "quarter", "year", "step"]

_PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
_EARLIEST_SERIAL, _SHORTEST_MONTH = 29221, 28  # days as Excel counts them, from 1980
MOST_EXACT = 2.0**53  # larger numbers have lost digits; NaN is not below it
_LARGEST = 2**62  # whole numbers below it can be subtracted
_FAR = 9999  # a plain number from here on that is beyond the panel and no code for never is no start
_SPANS = (12, 6, 4, 3)  # months that begin years, half-years, four-month terms or quarters stand for all of it
_LONG_NUMBER = re.compile(r"\d{9,}")


@dataclass(frozen=True, eq=False)
class Placed:
    """Starts of treatment on a timeline.

    Attributes
    ----------
    steps
        One number a value: the first step at which the unit is treated; ``inf`` for never in the window.
    partly
        One number a value: the step whose period the start lies inside, so that the unit is treated in part of it; NaN
        where the start is that of a period. Within a month the month counts whole.
    notes
        What was read as "never", and how often.
    """

    steps: Float
    partly: Float
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Timeline:
    """The periods of a panel, in order.

    Attributes
    ----------
    kind
        ``"month"``, ``"quarter"``, ``"year"`` or ``"step"`` (any other whole numbers).
    ordinals
        (T,) sorted whole numbers: ``12 * year + month - 1`` for months, the year, or the number itself.
    span
        How many months a period named by its first month covers: 6 for half-years; 1 for months.

    Examples
    --------
    >>> Timeline.months([24276, 24277]).labels
    ('2023-01', '2023-02')
    """

    kind: Kind
    ordinals: Int
    span: int = 1

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
        return cls(kind, distinct, _span(kind, distinct)), position.astype(np.int64)[codes]

    @classmethod
    def of_length(cls, first_months: Sequence[int] | Int, length: int) -> Timeline:
        """Return the timeline of periods of some months, each given by its first month.

        Examples
        --------
        >>> Timeline.of_length([24288, 24294], 6).labels, Timeline.of_length([24288, 24300], 12).labels
        (('2024-01', '2024-07'), ('2024', '2025'))
        """
        months = np.unique(np.asarray(first_months, dtype=np.int64))
        if length in {3, 12} and not (months % length).any():
            return cls("quarter" if length == 3 else "year", months // length)
        return cls("month", months, length)

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

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """(T,) the periods as text: ``2023-01``, ``2023Q1``, ``2023`` or the number itself."""
        return tuple(_label(self.kind, int(o)) for o in self.ordinals)

    @property
    def frequency(self) -> str:
        """What a period is called: its kind, ``"half_year"`` for six months, ``"step"`` for any other number of them.

        Examples
        --------
        >>> Timeline.of_length([12 * 2024, 12 * 2024 + 6], 6).frequency
        'half_year'
        """
        return self.kind if self.kind != "month" or self.span == 1 else "half_year" if self.span == 6 else "step"

    def label(self, step: float) -> str:
        """Return the text of the period at a distance in steps from the first."""
        return _label(self.kind, int(self.ordinals[0] + step * self.step))

    def spoken(self, step: float) -> str:
        """Return the period at a distance in steps for a sentence: a half-year is no January, as its label has it.

        Examples
        --------
        >>> halves = Timeline.of_length([12 * 2024, 12 * 2024 + 6], 6)
        >>> halves.label(1), halves.spoken(1)
        ('2024-07', '2024S2')
        """
        return self.said(self.label(step))

    def said(self, label: str) -> str:
        """Return the label of a period for a sentence."""
        return f"{label[:4]}S{int(label[5:]) // 6 + 1}" if self.frequency == "half_year" else label

    def period(self, position: int) -> pd.Period | int:
        """Return a `pandas.Period` for months, quarters and years, the number itself for steps."""
        ordinal = int(self.ordinals[position])
        if self.kind == "step":
            return ordinal
        return pd.Period(_label(self.kind, ordinal), freq={"month": "M", "quarter": "Q", "year": "Y"}[self.kind])

    def select(self, positions: Int) -> Timeline:
        """Return the timeline of some of the periods."""
        return Timeline(self.kind, self.ordinals[np.sort(positions)], self.span)

    def locate(self, adopted: Sequence[Any]) -> tuple[Float, tuple[Message, ...]]:
        """Return the steps and notes of `place`."""
        placed = self.place(adopted)
        return placed.steps, placed.notes

    def place(self, adopted: Sequence[Any]) -> Placed:
        """Place starts of treatment on the line, by one rule for months, quarters, half-years and years.

        A unit is treated from the period on that contains its start, and the period before is its last untreated one.
        A start after the first month of a longer period treats the unit in part of that period: see `Placed.partly`. A
        start in a gap counts from the next period on. A step of zero or less: treated before the second period.

        Raises
        ------
        DesignError
            A value is no start, or names a longer time than a period of the panel.

        Examples
        --------
        >>> years = Timeline("year", np.array([2022, 2023, 2024]))
        >>> placed = years.place(["2023", "15 Maret 2023", 45047, None])
        >>> placed.steps, placed.partly
        (array([ 1.,  1.,  1., inf]), array([nan,  1.,  1., nan]))
        """
        values = np.empty(len(adopted), dtype=object)
        values[:] = adopted
        codes, distinct = pd.factorize(values)  # waves are few and units many: each value is read once; missing is -1
        known = self._place_distinct(list(distinct))
        steps, partly = (np.array([*side, fill])[codes] for side, fill in zip(known, (np.inf, np.nan), strict=True))
        return self._within(steps, partly)

    def _within(self, steps: Float, partly: Float) -> Placed:
        """Return the starts with those after the end as never, and what has to be said about them."""
        end, last = float(self.steps[-1]), self.labels[-1]
        late = np.isfinite(steps) & (steps > end)
        ending = np.isfinite(steps) & (partly == end) & (end > 0)
        steps = np.where(late | ending, np.inf, steps)
        partly = np.where(late, np.nan, partly)
        notes = [Alert("timeline.after_the_end", n=int(late.sum()), last=last)] if late.any() else []
        notes += [Alert("timeline.in_the_last", n=int(ending.sum()), last=last)] if ending.any() else []
        return Placed(steps, partly, tuple(notes))

    def _place_distinct(self, values: list[Any]) -> tuple[list[float], list[float]]:
        """Return step and partly treated step of each distinct value, or refuse those that are no starts."""
        places: list[tuple[float, float]] = []
        wrong: list[Any] = []
        order = month_first(values)
        for value in values:
            place = self._place_one(value, order)
            if place is None:
                wrong.append(value)
            else:
                places.append(place)
        if wrong:
            raise DesignError(self._no_starts(wrong, len(values)))
        parts = 12 // self.period_months if self.kind != "step" and self.period_months < 12 else 12
        if parts < 12 and (either := numbered_alike(values, parts)):
            raise DesignError(Message(f"timeline.month_or_{'quarter' if parts == 4 else 'part'}", values=either))
        return [step for step, _ in places], [part for _, part in places]

    def _place_one(self, value: Any, order: bool | None) -> tuple[float, float] | None:  # noqa: ANN401, FBT001
        """Return step and partly treated step of one value; None where it is no start on this line."""
        if is_never(value):
            return np.inf, np.nan
        number = number_of(value)
        first, last = int(self.ordinals[0]), int(self.ordinals[-1])
        if number in {0.0, -1.0} and first > 0:  # the codes for "never" in csdid, diff-diff, did and many spreadsheets
            return np.inf, np.nan
        if number in NEVER_CODES and (self.kind != "step" or number > last):
            return np.inf, np.nan
        if number == -np.inf:
            return -np.inf, np.nan
        if self.kind == "step":
            if number is None or number >= max(_FAR, last + 1):
                return None
            return float(np.ceil((number - first) / self.step - 1e-9)), np.nan
        start = read_start(value, month_first=order)
        length = self.period_months
        return None if start is None or start.months > length else self._place_month(start, length)

    def _place_month(self, start: Start, length: int) -> tuple[float, float]:
        unit = 12 // _PER_YEAR[self.kind]  # months in one whole number of the line
        whole, rest = divmod(start.first - int(self.ordinals[0]) * unit, self.step * unit)
        if rest >= length:
            return float(whole + 1), np.nan
        return float(whole), float(whole) if rest else np.nan

    @property
    def period_months(self) -> int:
        """How many months a period covers (1 for plain numbers)."""
        return self.span if self.kind in {"month", "step"} else 12 // _PER_YEAR[self.kind]

    def _no_starts(self, wrong: list[Any], n: int) -> Message:
        """Return why values are no starts on this line, and what to write."""
        shown = [_LONG_NUMBER.sub("…", str(value)) for value in wrong]
        if self.kind == "step":
            if all(number_of(value) is None for value in wrong):
                return Message("timeline.date_for_numbers", value=shown[0], n=len(wrong))
            return Message("timeline.far_number", values=shown, n=len(wrong), all=n, last=self.labels[-1])
        if any(isinstance(value, str) and triple_of(value) for value in wrong):
            either = [s for s, value in zip(shown, wrong, strict=True) if isinstance(value, str) and triple_of(value)]
            if all(max(triple_of(v) or (99, 99)) <= 12 for v in wrong if isinstance(v, str) and triple_of(v)):
                return Message("timeline.either_order", values=either, n=len(either), all=n)
        coarse = [s for s, value in zip(shown, wrong, strict=True) if read_start(value) is not None]
        if coarse:
            period = Message(f"timeline.kind.{self.kind if self.span == 1 else 'part'}")
            return Message("timeline.too_coarse", values=coarse, n=len(coarse), all=n, period=period)
        return Message("timeline.no_starts", values=shown, n=len(wrong), all=n, like=self.labels[0])


def _span(kind: Kind, ordinals: Int) -> int:
    """Return how many months a period covers that is named by its first month: half-years as 2024-01 and 2024-07."""
    if kind != "month" or len(ordinals) < 2:
        return 1
    step = int(np.gcd.reduce(np.diff(ordinals)))
    return next((n for n in _SPANS if step % n == 0 and not (ordinals % n).any()), 1)


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
            present = np.zeros(high - low + 1, dtype=np.int64)
            present[away] = 1
            return np.asarray((np.cumsum(present) - 1)[away]), np.flatnonzero(present) + low
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
    broken = ~(np.abs(numbers) < MOST_EXACT) | (numbers != np.round(numbers))
    if broken.any():
        first = tuple(numbers[broken][:3])
        raise InputError(Message("timeline.not_whole", column=column, n=int(broken.sum()), first=first))
    whole = numbers.astype(np.int64)
    if _looks_yyyymm(whole).all():
        return "month", whole // 100 * 12 + whole % 100 - 1
    distinct = np.unique(whole)
    if len(distinct) > 1 and distinct[0] >= _EARLIEST_SERIAL and np.diff(distinct).min() >= _SHORTEST_MONTH:
        raise InputError(Message("timeline.days", column=column, first=tuple(map(int, distinct[:3]))))
    return ("year" if ((whole >= 1900) & (whole <= 2100)).all() else "step"), whole


def _looks_yyyymm(whole: Int) -> Any:  # noqa: ANN401 - a scalar or an array of booleans
    return (whole >= 190001) & (whole <= 210012) & (whole % 100 >= 1) & (whole % 100 <= 12)


def _from_words(items: Sequence[Any]) -> tuple[Kind, Int] | None:
    """Return periods as an office writes them, all of one length: Januari 2024, 01/2024, TW I 2024, Semester I 2024."""
    order = month_first(items)
    starts = [read_start(item, month_first=order) for item in items]
    found = [start for start in starts if start is not None]
    if len(found) < len(items) or len({start.months for start in found}) > 1:
        return None
    if either := numbered_alike(items, 4):
        raise InputError(Message("timeline.months_or_quarters", values=either))
    length = found[0].months
    first = np.array([start.first for start in found], dtype=np.int64)
    if length not in {1, 3, 12} and np.gcd.reduce(np.diff(np.unique(first))) != length:
        return None  # the length of half-years is told by their distance
    if length not in {3, 12}:
        return "month", first
    return ("quarter" if length == 3 else "year"), first // length


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
    if (read := _from_words(items)) is not None:
        return read
    no_month = ~iso[1].between(1, 12).fillna(value=False)
    strange = text[numbers.isna() & no_month]
    raise InputError(Message("timeline.unreadable", column=column, first=strange.unique()))
