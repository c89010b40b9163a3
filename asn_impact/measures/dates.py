"""Dates and times of any form as arrays of numpy, all of them read or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.zones import ZONE
from asn_impact.words import Message

Day: TypeAlias = dt.date | str
Days: TypeAlias = npt.NDArray[np.datetime64]


def python_date(day: np.datetime64) -> dt.date:
    """Return a day of numpy as one of Python."""
    return dt.date.fromisoformat(str(day.astype("datetime64[D]")))


def read_day(day: Day) -> dt.date:
    """Return one day of any form."""
    return python_date(read_days([day])[0])


def read_days(dates: Any) -> Days:  # noqa: ANN401 - a date, text, or any sequence, array or column of them
    """Return dates of any form as ``datetime64[D]``; times are cut off, moments have the day of the study's zone.

    Examples
    --------
    >>> read_days(pd.Series(pd.to_datetime(["2024-03-05 18:00"]).tz_localize("UTC")))
    array(['2024-03-06'], dtype='datetime64[D]')
    """
    dates = _local(dates)
    ready = isinstance(dates, str | np.ndarray | pd.Series | pd.Index) or not isinstance(dates, Iterable)
    values = dates if ready else list(dates)
    try:
        return np.asarray(values).astype("datetime64[D]") if np.size(values) else np.array([], dtype="datetime64[D]")
    except (ValueError, TypeError) as problem:
        shown = np.atleast_1d(np.asarray(values, dtype=object))
        raise InputError(Message("calendar.no_dates", found=_first_three(shown))) from problem


def _local(dates: Any) -> Any:  # noqa: ANN401 - see read_days
    """Return moments with a zone as local times of the study's zone; anything else as it is."""
    if isinstance(dates, pd.Series) and isinstance(dates.dtype, pd.DatetimeTZDtype):
        return dates.dt.tz_convert(ZONE).dt.tz_localize(None)
    if isinstance(dates, pd.DatetimeIndex) and dates.tz is not None:
        return dates.tz_convert(ZONE).tz_localize(None)
    if isinstance(dates, dt.datetime):
        return dates if dates.tzinfo is None else pd.Timestamp(dates).tz_convert(ZONE).tz_localize(None)
    if isinstance(dates, pd.Series | pd.Index | np.ndarray) and dates.dtype != object:
        return dates
    if isinstance(dates, str) or not isinstance(dates, Iterable):
        return dates
    values = list(dates)
    zoned = any(isinstance(v, dt.datetime) and v.tzinfo is not None for v in values)
    return [_local(v) for v in values] if zoned else values


def read_times(times: Any) -> npt.NDArray[np.datetime64]:  # noqa: ANN401 - a time, text, or any sequence of them
    """Return times of any form as ``datetime64[m]``, seconds cut off; time zones are refused."""
    one = isinstance(times, str) or not isinstance(times, Iterable)
    values = pd.Series([times] if one else times if isinstance(times, pd.Series | pd.Index) else list(times))
    try:
        moments = pd.to_datetime(values, format=None if pd.api.types.is_datetime64_any_dtype(values) else "ISO8601")
    except (ValueError, TypeError) as problem:
        raise InputError(Message("calendar.no_times", found=_first_three(values))) from problem
    if (zone := getattr(moments.dt, "tz", None)) is not None:
        raise InputError(Message("calendar.zone", zone=str(zone)))
    minutes = moments.to_numpy().astype("datetime64[m]")
    return minutes.reshape(()) if one else minutes


def _first_three(values: Iterable[Any]) -> tuple[str, ...]:
    every = [str(v) for v in values]
    return (*every[:3], "...") if len(every) > 3 else tuple(every)


def require_covered(days: Days, first: dt.date, last: dt.date, *, what: Message) -> Days:
    """Return the same days, if all are there and covered; an error that says `what` they are otherwise."""
    missing = np.isnat(days)
    outside = ~missing & ((days < np.datetime64(first, "D")) | (days > np.datetime64(last, "D")))
    if missing.any():
        raise InputError(Message("calendar.missing", n=int(missing.sum()), what=what))
    if outside.any():
        raise InputError(
            Message(
                "calendar.outside",
                n=int(outside.sum()),
                what=what,
                first=first,
                last=last,
                earliest=days[outside].min(),
                latest=days[outside].max(),
            )
        )
    return days
