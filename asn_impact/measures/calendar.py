"""Working days and minutes are numbered once; the length of a case is then a difference of two numbers."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, check_choice, check_fields
from asn_impact.arrays import Bool, Int, readonly
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.measures.dates import Day, Days, python_date, read_day, read_days, read_times, require_covered
from asn_impact.reference import read_rows
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, paragraph

DayUnit: TypeAlias = Literal["working days", "calendar days", "working minutes", "minutes"]

_SATURDAY = 5  # Monday is 0
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY_MINUTES = 24 * 60
_ESTIMATED = "E"  # status of a row that no decree has set yet


class _Numbered(Guided):
    """Days or minutes of work, numbered from the first covered day on."""

    @abstractmethod
    def number(self, dates: Any, /) -> Int:  # noqa: ANN401 - a date or time, text, or any sequence of them
        """Return the number of each date or time."""

    def between(self, start: Any, end: Any) -> Int:  # noqa: ANN401 - a date or time, text, or any sequence of them
        """Return the days counted in (start, end], or the minutes worked in [start, end); negative backwards.

        Examples
        --------
        >>> week = WorkCalendar.weekdays("2024-01-01", "2024-01-31")
        >>> week.between(["2024-01-05", "2024-01-05"], ["2024-01-05", "2024-01-08"])
        array([0, 1])
        >>> int(WorkCalendar.indonesia().hours().between("2024-08-19 11:00", "2024-08-19 14:00"))  # less the break
        120
        """
        return np.asarray(self.number(end) - self.number(start), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class WorkCalendar(_Numbered):
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
        What counts as a day off.

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
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "working", readonly(np.array(self.working, dtype=np.bool_)))

    @classmethod
    @public_verb
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
        holidays, joint_leave = _days_off()
        first, last = _whole_years(python_date(day).year for day in (joint_leave.min(), joint_leave.max()))
        local = require_covered(read_days(closures), first, last, what=Message("calendar.closures"))
        until = () if six_day_until is None else ((first, read_day(six_day_until)),)
        calendar = cls.weekdays(first, last, holidays=np.concatenate([holidays, joint_leave, local]), six_day=until)
        suffix = f" with {len(local)} local closure{'s' if len(local) > 1 else ''}" if len(local) else ""
        off = Message("calendar.days_off", n=len(local)) if len(local) else Message("calendar.national_days_off")
        saturdays = Message("calendar.saturdays", until=until[0][1]) if until else None
        return cls(calendar.first, calendar.working, f"Indonesia{suffix}", notes=(paragraph(off, saturdays),))

    @classmethod
    @public_verb
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

        Raises
        ------
        InputError
            The last day is before the first.

        Examples
        --------
        >>> week = WorkCalendar.weekdays("2024-01-01", "2024-01-14", six_day=[("2024-01-01", "2024-01-07")])
        >>> week.number(["2024-01-05", "2024-01-06", "2024-01-13"]).tolist()
        [5, 6, 11]
        """
        start, end = read_day(first), read_day(last)
        if end < start:
            raise InputError(Message("calendar.ends_before", end=end, start=start))
        days = np.arange(np.datetime64(start, "D"), np.datetime64(end, "D") + 1)
        weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        working = weekday < _SATURDAY
        for begin, finish in six_day:
            inside = (days >= np.datetime64(read_day(begin), "D")) & (days <= np.datetime64(read_day(finish), "D"))
            working |= inside & (weekday == _SATURDAY)
        working &= ~np.isin(days, read_days(holidays))
        return cls(start, working, "Monday to Friday")

    def every_day(self) -> WorkCalendar:
        """Return the calendar over the same dates in which every day counts.

        Examples
        --------
        >>> int(WorkCalendar.indonesia().every_day().between("2024-04-05", "2024-04-16"))
        11
        """
        notes = (Message("calendar.every_day"),)
        return WorkCalendar(self.first, np.ones_like(self.working), "Calendar days", "calendar days", notes)

    @public_verb
    def hours(self, *, own: Iterable[Opening] = ()) -> OfficeHours:
        """Return the opening hours on these days, so that `measure` counts working minutes between two times of day.

        Without more the hours are those of Presidential Regulation 21/2023: Monday to Thursday 07.30-16.00 and
        Friday 07.30-16.30 (37.5 hours a week), in Ramadan 08.00-15.00 and 08.00-15.30 (32.5 hours), less the breaks.
        They cover the years whose Ramadan is in the table. Of ``every_day()`` all 24 hours of every day count.

        Parameters
        ----------
        own
            Hours of this office (its regent sets them), for some weekdays and dates; a later one wins over an earlier
            one, and over the regulation, in Ramadan too. A Saturday on which the office works needs them.

        Raises
        ------
        InputError
            The office works on a day for which no hours are known; hours are no times of day, or out of order.

        Examples
        --------
        >>> hours = WorkCalendar.indonesia().hours()
        >>> int(hours.between("2024-08-16 15:00", "2024-08-19 08:00"))  # Friday to Monday
        120
        """
        return _every_minute(self) if self.unit == "calendar days" else _office_hours(self, tuple(own))

    @property
    def last(self) -> dt.date:
        """The last covered day."""
        return self.first + dt.timedelta(days=len(self.working) - 1)

    @property
    def days(self) -> Days:
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
        what = Message("calendar.dates", calendar=self.name)
        days = require_covered(read_days(dates), self.first, self.last, what=what)
        position = (days - np.datetime64(self.first, "D")).astype(np.int64)
        return np.asarray(np.cumsum(self.working, dtype=np.int64)[position], dtype=np.int64)

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
        years_of_days = pd.Series(self.working).groupby(years)
        return years_of_days.agg(days="size", working_days="sum").reset_index()

    def __repr__(self) -> str:
        return f"WorkCalendar({self.name!r}, {self.first} to {self.last})"

    def _repr_html_(self) -> str:
        facts = [("covers", f"{self.first} to {self.last}"), ("counts", self.unit)]
        notes = noted(self)
        return card(f"Calendar: {self.name}", [*facts, *notes], table=self.by_year())


@dataclass(frozen=True)
class Opening(Guided):
    """Opening hours of an office on some weekdays, between two dates.

    Parameters
    ----------
    weekdays
        English names: ``("Saturday",)``.
    opens, closes
        Local times of day, as ``"07.30"`` or ``"07:30"``.
    rest
        The break, (from, to); None without one.
    first, last
        The first and last day on which they hold; None for as long as the calendar.

    Examples
    --------
    >>> Opening(("Saturday",), "07.30", "12.30")
    Opening(weekdays=('Saturday',), opens='07.30', closes='12.30', rest=None, first=None, last=None)
    """

    weekdays: Names
    opens: str
    closes: str
    rest: tuple[str, str] | None = None
    first: Day | None = None
    last: Day | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        for weekday in self.weekdays:
            check_choice("weekdays", weekday, _WEEK)
        edges = self.minutes
        if not (edges[0] <= edges[1] <= edges[2] <= edges[3] and edges[0] < edges[3]):
            rest = "–".join(self.rest) if self.rest else "–"
            raise InputError(Message("calendar.hours_order", opens=self.opens, closes=self.closes, rest=rest))

    @property
    def minutes(self) -> tuple[int, int, int, int]:
        """Minutes after midnight: opens, break begins, break ends, closes."""
        opens, closes = _minute_of(self.opens), _minute_of(self.closes)
        rest = (closes, closes) if self.rest is None else (_minute_of(self.rest[0]), _minute_of(self.rest[1]))
        return opens, *rest, closes


@dataclass(frozen=True, eq=False)
class OfficeHours(_Numbered):
    """The minutes in which an office works, numbered from the first covered day on.

    Attributes
    ----------
    calendar
        The days on which it works, over the same dates.
    edges
        (D, 4) minutes after midnight a covered day: opens, break begins, break ends, closes; all 0 on a day off.
    name, unit, notes
        As of `WorkCalendar`; the unit is ``"working minutes"``, or ``"minutes"`` where every minute counts.

    Examples
    --------
    >>> WorkCalendar.indonesia().hours()
    OfficeHours('Indonesia', 2019-01-01 to 2027-12-31)
    """

    calendar: WorkCalendar
    edges: Int  # (D, 4)
    name: str
    unit: DayUnit = "working minutes"
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", readonly(np.array(self.edges, dtype=np.int64)))

    @property
    def first(self) -> dt.date:
        """The first covered day."""
        return self.calendar.first

    @property
    def last(self) -> dt.date:
        """The last covered day."""
        return self.calendar.last

    @property
    def length(self) -> Int:
        """(D,) minutes worked on each covered day."""
        opens, rests, resumes, closes = self.edges.T
        return np.asarray((rests - opens) + (closes - resumes), dtype=np.int64)

    def number(self, times: Any) -> Int:  # noqa: ANN401 - a time, text, or any sequence, array or column of them
        """Return the number of each time: minutes worked from the first covered day up to it; a date is its midnight.

        The time a case took is ``number(decided) - number(received)``: the minutes worked in [received, decided),
        seconds cut off.

        Raises
        ------
        InputError
            A time is missing, outside the covered days, or carries a time zone: opening hours are local.

        Examples
        --------
        >>> WorkCalendar.indonesia().hours().number(["2019-01-01", "2019-01-02 08:30", "2019-01-02 23:59"])
        array([  0,  60, 450])
        """
        moments = read_times(times)
        what = Message("calendar.times", hours=self.name)
        days = require_covered(moments.astype("datetime64[D]"), self.first, self.last, what=what)
        position = (days - np.datetime64(self.first, "D")).astype(np.int64)
        minute = (moments - days.astype("datetime64[m]")).astype(np.int64)
        opens, rests, resumes, closes = self.edges[position].T
        today = np.clip(minute, opens, rests) - opens + np.clip(minute, resumes, closes) - resumes
        return np.asarray(self._before()[position] + today, dtype=np.int64)

    def table(self) -> pd.DataFrame:
        """Return one row a covered day, for joins: ``date``, minutes worked ``before`` it, and its four edges.

        Examples
        --------
        >>> WorkCalendar.indonesia().hours().table().iloc[1, 1:].astype(int).tolist()
        [0, 450, 720, 780, 960]
        """
        names = ("opens", "rests", "resumes", "closes")
        columns = {name: self.edges[:, i].astype(np.int32) for i, name in enumerate(names)}
        dates = self.calendar.days.astype("datetime64[us]")
        return pd.DataFrame({"date": dates, "before": self._before().astype(np.int32), **columns})

    def _before(self) -> Int:
        return np.asarray(np.cumsum(self.length) - self.length, dtype=np.int64)

    def __repr__(self) -> str:
        return f"OfficeHours({self.name!r}, {self.first} to {self.last})"

    def _repr_html_(self) -> str:
        facts = [("covers", f"{self.first} to {self.last}"), ("counts", self.unit)]
        table = self.calendar.by_year()
        years = pd.Series(self.calendar.days.astype("datetime64[Y]").astype(np.int64) + 1970)
        table["working_hours"] = (pd.Series(self.length).groupby(years).sum() / 60).to_numpy()
        return card(f"Opening hours: {self.name}", [*facts, *noted(self)], table=table)


def month_of(days: Days) -> Int:
    """Return the month of each date as a whole number, 12 * year + month - 1.

    Examples
    --------
    >>> month_of(np.array(["2024-01-31", "2024-02-01"], dtype="datetime64[D]"))
    array([24288, 24289])
    """
    return np.asarray(days.astype("datetime64[M]").astype(np.int64) + 12 * 1970, dtype=np.int64)


def _every_minute(calendar: WorkCalendar) -> OfficeHours:
    """Return the hours of a clock: all 24 on every covered day."""
    noon = _DAY_MINUTES // 2
    edges = np.tile(np.array([0, noon, noon, _DAY_MINUTES], dtype=np.int64), (len(calendar.working), 1))
    return OfficeHours(calendar, edges, "Every minute", "minutes", (Message("calendar.every_minute"),))


def _office_hours(calendar: WorkCalendar, own: tuple[Opening, ...]) -> OfficeHours:
    """Return the hours of the regulation, and over them those of the office."""
    fasting, first, last = _ramadan()
    within = _narrowed(calendar, first, last)
    days = within.days
    weekday = (days.astype(np.int64) + 3) % 7
    edges = np.full((len(days), 4), -1, dtype=np.int64)
    holy = np.isin(days, fasting)
    for season, day, minutes in _regulation():
        edges[(weekday == day) & (holy == (season == "ramadan"))] = minutes
    for opening in own:
        edges[_find_days(opening, days, weekday)] = opening.minutes
    unknown = within.working & (edges[:, 0] < 0)
    if unknown.any():
        name = Message(f"calendar.weekday.{_WEEK[int(weekday[unknown][0])].lower()}")
        raise InputError(
            Message("calendar.unknown_hours", n=int(unknown.sum()), first=days[unknown].min(), weekday=name)
        )
    edges[~within.working] = 0
    own_hours = (Message("calendar.own_hours", n=len(own)),) if own else ()
    notes = (*calendar.notes, Message("calendar.regulation"), *own_hours, *_notes_on_estimates(within))
    return OfficeHours(within, edges, calendar.name, notes=notes)


def _notes_on_estimates(calendar: WorkCalendar) -> tuple[Message, ...]:
    """Say which Ramadans within the calendar are estimated, because no decree has set them yet."""
    years = range(calendar.first.year, calendar.last.year + 1)
    rows = [r for r in read_rows("ramadan_id.csv") if r["status"] == _ESTIMATED and int(r["tahun"]) in years]
    ends = ([dt.date.fromisoformat(row[end]) for end in ("mulai", "selesai")] for row in rows)
    return tuple(Message("calendar.estimated", first=first, last=last) for first, last in ends)


def _find_days(opening: Opening, days: Days, weekday: Int) -> Bool:
    """(D,) the days on which these hours hold."""
    those = np.isin(weekday, [_WEEK.index(name) for name in opening.weekdays])
    if opening.first is not None:
        those &= days >= np.datetime64(read_day(opening.first), "D")
    if opening.last is not None:
        those &= days <= np.datetime64(read_day(opening.last), "D")
    return np.asarray(those, dtype=np.bool_)


def _narrowed(calendar: WorkCalendar, first: dt.date, last: dt.date) -> WorkCalendar:
    """Return the calendar between two dates; an error where nothing is left."""
    begin, end = max(first, calendar.first), min(last, calendar.last)
    if end < begin:
        raise InputError(
            Message("calendar.no_ramadan", begins=calendar.first, ends=calendar.last, first=first, last=last)
        )
    skipped = (begin - calendar.first).days
    working = calendar.working[skipped : skipped + (end - begin).days + 1]
    return WorkCalendar(begin, working, calendar.name, calendar.unit, calendar.notes)


def _ramadan() -> tuple[Days, dt.date, dt.date]:
    """All fasting days of the table, and the first and last day of its years."""
    rows = read_rows("ramadan_id.csv")
    months = [np.arange(np.datetime64(r["mulai"]), np.datetime64(r["selesai"]) + 1) for r in rows]
    return np.concatenate(months), *_whole_years(int(row["tahun"]) for row in rows)


def _regulation() -> list[tuple[str, int, tuple[int, int, int, int]]]:
    """Season, weekday (Monday 0) and the four edges of each row of the table."""
    names = ("buka", "istirahat_mulai", "istirahat_selesai", "tutup")
    rows = []
    for row in read_rows("office_hours_id.csv"):
        opens, rests, resumes, closes = (_minute_of(row[name]) for name in names)
        rows.append((row["masa"], int(row["hari"]) - 1, (opens, rests, resumes, closes)))
    return rows


def _minute_of(text: str) -> int:
    """Return the minutes after midnight of ``07.30`` or ``07:30``."""
    hour, _, minute = str(text).replace(".", ":").partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise InputError(Message("calendar.no_clock", text=str(text)))
    minutes = 60 * int(hour) + int(minute)
    if int(minute) > 59 or minutes > _DAY_MINUTES:
        raise InputError(Message("calendar.past_midnight", text=str(text)))
    return minutes


def _days_off() -> tuple[Days, Days]:
    """National holidays and joint leave of the table that travels with the package."""
    rows = read_rows("holidays_id.csv")
    national, joint = (
        read_days([r["tanggal"] for r in rows if r["kategori"] == kind]) for kind in ("libur_nasional", "cuti_bersama")
    )
    return national, joint


def _whole_years(years: Iterable[int]) -> tuple[dt.date, dt.date]:
    """Return the first day of the first year and the last day of the last."""
    ordered = sorted(years)
    return dt.date(ordered[0], 1, 1), dt.date(ordered[-1], 12, 31)
