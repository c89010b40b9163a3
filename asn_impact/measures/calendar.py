"""Working days are numbered once; the length of a case is then a difference of two numbers."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Bool, Int, readonly
from asn_impact.display import card
from asn_impact.errors import InputError, listed

__all__ = ["Day", "DayUnit", "WorkCalendar"]

Day: TypeAlias = dt.date | str
DayUnit: TypeAlias = Literal["working days", "calendar days"]
_Days: TypeAlias = npt.NDArray[np.datetime64]

_SATURDAY = 5  # Monday is 0


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """The days on which an office works, numbered from the first covered day on.

    Attributes
    ----------
    first
        The first covered day.
    working
        (D,) one truth value a covered day: does the office work?
    name
        What the calendar is called in tables and reports.
    unit
        What a difference of two numbers counts: ``"working days"`` or ``"calendar days"``.
    notes
        Sentences: what counts as a day off.

    Examples
    --------
    >>> calendar = WorkCalendar.indonesia()
    >>> int(calendar.between("2024-04-05", "2024-04-16"))  # Idul Fitri and its joint leave between
    1
    """

    first: dt.date
    working: Bool  # (D,)
    name: str
    unit: DayUnit = "working days"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "working", readonly(np.array(self.working, dtype=np.bool_)))

    @classmethod
    def indonesia(cls, *, closures: Iterable[Day] = (), six_day_until: Day | None = None) -> WorkCalendar:
        """Return the calendar of Indonesian government offices: Monday to Friday, less all days off.

        National holidays (``libur_nasional``) and joint leave (``cuti_bersama``) are both days off for civil
        servants. The calendar covers the years for which the table has joint leave: a year before its decree
        would look too long.

        Parameters
        ----------
        closures
            Further days off of this office or region (local holidays, local elections).
        six_day_until
            The last day of the six-day week, for an office that worked on Saturdays before Presidential
            Regulation 21/2023; None for Monday to Friday throughout.

        Raises
        ------
        InputError
            A day is not a date, or lies outside the table.

        Notes
        -----
        Source: joint decrees of three ministers (SKB 3 Menteri), ``asn_impact/reference/holidays_id.csv``.

        Examples
        --------
        >>> calendar = WorkCalendar.indonesia(closures=["2024-12-02"])
        >>> calendar
        WorkCalendar('Indonesia with 1 local closure', 2018-01-01 to 2027-12-31)
        """
        holidays, joint_leave = _reference_days()
        first, last = _year_start(joint_leave.min()), _year_end(joint_leave.max())
        local = _inside(_days(closures), first, last, what="local closures")
        until = () if six_day_until is None else ((first, _one_day(six_day_until)),)
        calendar = cls.weekdays(first, last, holidays=np.concatenate([holidays, joint_leave, local]), six_day=until)
        shut = f", {len(local)} local closure{'s' if len(local) > 1 else ''}" if len(local) else ""
        saturdays = f" Saturdays were working days until {until[0][1]}." if until else ""
        note = f"Monday to Friday, less national holidays and joint leave{shut}.{saturdays}"
        return cls(calendar.first, calendar.working, f"Indonesia{shut and ' with' + shut[1:]}", notes=(note,))

    @classmethod
    def weekdays(
        cls, first: Day, last: Day, *, holidays: Iterable[Day] = (), six_day: Iterable[tuple[Day, Day]] = ()
    ) -> WorkCalendar:
        """Return a calendar of Mondays to Fridays from the first to the last day, both included.

        Parameters
        ----------
        holidays
            Days off; those outside the covered days are of no consequence.
        six_day
            Ranges (first day, last day) in which Saturdays are working days too.

        Examples
        --------
        >>> week = WorkCalendar.weekdays("2024-01-01", "2024-01-14", six_day=[("2024-01-01", "2024-01-07")])
        >>> week.number(["2024-01-05", "2024-01-06", "2024-01-13"]).tolist()
        [5, 6, 11]
        """
        start, end = _one_day(first), _one_day(last)
        if end < start:
            raise InputError(f"The calendar ends on {end}, before it begins on {start}. Give the first day first.")
        days = np.arange(np.datetime64(start, "D"), np.datetime64(end, "D") + 1)
        weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        working = weekday < _SATURDAY
        for begin, finish in six_day:
            inside = (days >= np.datetime64(_one_day(begin), "D")) & (days <= np.datetime64(_one_day(finish), "D"))
            working |= inside & (weekday == _SATURDAY)
        working &= ~np.isin(days, _days(holidays))
        return cls(start, working, "Monday to Friday")

    def every_day(self) -> WorkCalendar:
        """Return the calendar over the same dates in which every day counts.

        Examples
        --------
        >>> int(WorkCalendar.indonesia().every_day().between("2024-04-05", "2024-04-16"))
        11
        """
        note = ("Every day counts: Saturdays, Sundays and holidays too.",)
        return WorkCalendar(self.first, np.ones_like(self.working), "Calendar days", "calendar days", note)

    @property
    def last(self) -> dt.date:
        """The last covered day."""
        return self.first + dt.timedelta(days=len(self.working) - 1)

    @property
    def days(self) -> _Days:
        """(D,) the covered dates."""
        start = np.datetime64(self.first, "D")
        return readonly(np.arange(start, start + len(self.working)))

    def number(self, dates: Any) -> Int:  # noqa: ANN401 - a date, text, or any sequence, array or column of them
        """Return the number of each date: working days from the first covered day up to it, included.

        The time a case took is ``number(decided) - number(received)``: the start day is day 0, working days
        in (start, end] are counted, the same day gives 0.

        Raises
        ------
        InputError
            A date is missing or outside the calendar: a day nobody has a holiday table for is not guessed.

        Examples
        --------
        >>> week = WorkCalendar.weekdays("2024-01-01", "2024-01-31")
        >>> week.number(["2024-01-01", "2024-01-06", "2024-01-08"])
        array([1, 5, 6])
        """
        wanted = _inside(_days(dates), self.first, self.last, what=f"dates for the calendar {self.name!r}")
        position = (wanted - np.datetime64(self.first, "D")).astype(np.int64)
        return np.asarray(np.cumsum(self.working, dtype=np.int64)[position], dtype=np.int64)

    def between(self, start: Any, end: Any) -> Int:  # noqa: ANN401 - as `number`
        """Return the days counted in (start, end]; negative when the end is before the start.

        Examples
        --------
        >>> week = WorkCalendar.weekdays("2024-01-01", "2024-01-31")
        >>> week.between(["2024-01-05", "2024-01-05"], ["2024-01-05", "2024-01-08"])
        array([0, 1])
        """
        return np.asarray(self.number(end) - self.number(start), dtype=np.int64)

    def table(self) -> pd.DataFrame:
        """Return one row a covered day, for joins: ``date``, ``number``, ``month`` (12 * year + month - 1).

        Examples
        --------
        >>> WorkCalendar.weekdays("2024-01-05", "2024-01-06").table()
                date  number  month
        0 2024-01-05       1  24288
        1 2024-01-06       1  24288
        """
        days = self.days
        return pd.DataFrame(
            {
                "date": days.astype("datetime64[us]"),
                "number": np.cumsum(self.working, dtype=np.int32),
                "month": month_of(days).astype(np.int32),
            }
        )

    def by_year(self) -> pd.DataFrame:
        """Return the covered days and the working days of each year.

        Examples
        --------
        >>> table = WorkCalendar.indonesia().by_year().set_index("year")
        >>> int(table["working_days"][2024]), int(table["working_days"][2025])
        (238, 237)
        """
        years = pd.Series(self.days.astype("datetime64[Y]").astype(np.int64) + 1970, name="year")
        grouped = pd.Series(self.working).groupby(years)
        return grouped.agg(days="size", working_days="sum").reset_index()

    def __repr__(self) -> str:
        return f"WorkCalendar({self.name!r}, {self.first} to {self.last})"

    def _repr_html_(self) -> str:
        facts = [("covers", f"{self.first} to {self.last}"), ("counts", self.unit)]
        facts += [("note", note) for note in self.notes]
        return card(f"Calendar: {self.name}", facts, table=self.by_year())


def month_of(days: _Days) -> Int:
    """Return the month of each date as a whole number, 12 * year + month - 1.

    Examples
    --------
    >>> month_of(np.array(["2024-01-31", "2024-02-01"], dtype="datetime64[D]"))
    array([24288, 24289])
    """
    return np.asarray(days.astype("datetime64[M]").astype(np.int64) + 12 * 1970, dtype=np.int64)


def _reference_days() -> tuple[_Days, _Days]:
    """National holidays and joint leave of the table that travels with the package."""
    path = resources.files("asn_impact") / "reference" / "holidays_id.csv"
    with path.open(encoding="utf-8-sig") as file:
        rows = [(row["tanggal"], row["kategori"]) for row in csv.DictReader(file)]
    national = [day for day, kind in rows if kind == "libur_nasional"]
    joint = [day for day, kind in rows if kind == "cuti_bersama"]
    return _days(national), _days(joint)


def _year_start(day: np.datetime64) -> dt.date:
    return dt.date(_python_date(day).year, 1, 1)


def _year_end(day: np.datetime64) -> dt.date:
    return dt.date(_python_date(day).year, 12, 31)


def _python_date(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day.astype("datetime64[D]")))


def _one_day(day: Day) -> dt.date:
    return _python_date(_days([day])[0])


def _days(dates: Any) -> _Days:  # noqa: ANN401 - a date, text, or any sequence, array or column of them
    """Dates of any form as ``datetime64[D]``; times of day are cut off."""
    given = (
        dates
        if isinstance(dates, str | np.ndarray | pd.Series | pd.Index) or not isinstance(dates, Iterable)
        else list(dates)
    )
    try:
        return np.asarray(given).astype("datetime64[D]") if np.size(given) else np.array([], dtype="datetime64[D]")
    except (ValueError, TypeError) as problem:
        raise InputError(
            f"These are not dates: {listed(np.atleast_1d(np.asarray(given, dtype=object)), 3)}. "
            "Expected dates, datetime64 or text such as '2024-08-19'."
        ) from problem


def _inside(days: _Days, first: dt.date, last: dt.date, *, what: str) -> _Days:
    """Return the same days, if all are covered."""
    missing = np.isnat(days)
    outside = ~missing & ((days < np.datetime64(first, "D")) | (days > np.datetime64(last, "D")))
    if missing.any():
        raise InputError(f"{int(missing.sum())} of the {what} are missing. Leave them out before counting days.")
    if outside.any():
        raise InputError(
            f"{int(outside.sum())} of the {what} lie outside the calendar, which covers {first} to {last}; "
            f"earliest {days[outside].min()}, latest {days[outside].max()}. "
            "Correct the dates, or use a calendar that covers them."
        )
    return days
