"""Ranges and lists of days, the normal form of a training list: the last day counts.

``3-7 Maret 2024``, ``28 Februari s.d. 3 Maret 2024``, ``28, 29 Februari, 1 Maret 2024``, ``04/03/2024 - 08/03/2024``,
``Senin s.d. Jumat, 4-8 Maret 2024 (5 hari)``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from asn_impact.starts import MONTH_WORDS, MONTHS

#: Fields whose cells may hold a range or list of days.
LISTED_FIELDS: Final = frozenset({"course_start", "course_held", "course_end"})

_UNTIL: Final = re.compile(r"\bs\.? ?/? ?d\b\.?|\b(?:sampai dengan|sampai|hingga|to|until)\b| - ")
_AND: Final = re.compile(r"\b(?:dan|serta|and)\b|[&;+]")
_ASIDE: Final = re.compile(
    r"(?:\bselama )?\b\d+ (?:\([^)]*\) )?hari(?: kerja)?\b|\([^)]*\)"
    r"|,? ?\b(?:pukul|pkl\.?|jam)? ?(?<![\d.:/-])(?:[01]?\d|2[0-3])[.:][0-5]\d(?![\d.:/-])(?: ?(?:wib|wita|wit)\b)?"
    r"|\b(?:hari|tanggal|tgl\.?|bulan|tahun|pada|senin|selasa|rabu|kamis|jum ?at|sabtu|minggu|ahad|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday)\b"
)
_THREE: Final = r"\d{1,4}([/.-])\d{1,2}\1(?:\d{4}(?!\d)|\d{2}(?!\d|\1\d))"
_TRIPLE: Final = re.compile(_THREE)
_TOKEN: Final = re.compile(rf"{_THREE}|\d+|[^\W\d_]+|[-,~/]|(?<=\d)\.(?=\d)")
_PLACE: Final = re.compile(r"^[^\d,]+, ?(?=\d)|,? di [^\d]+$")  # Jakarta, 4-8 Maret 2024
_LONGEST: Final = dt.timedelta(days=200)  # of a course; the longest trainings of leaders take four to five months
_NAMES: Final = {number: word for word, number in reversed(MONTHS.items())}


@dataclass(frozen=True)
class Days:
    """What a range or list of days says: its last day as a text, and read in which orders it ends before it begins."""

    last: str
    backwards: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Day:
    day: int
    month: int | None = None
    year: int | None = None
    text: str | None = None  # three numbers, whose order the column decides

    def date(self, order: str) -> dt.date | None:
        """Return the day of the calendar, if it is one in this order."""
        swapped = self.text is not None and order == "month-first" and not self.text[:4].isdigit()
        day, month = (self.month, self.day) if swapped else (self.day, self.month)
        try:
            return dt.date(self.year or 0, month or 0, day or 0)
        except ValueError:
            return None


def days_of(text: str) -> Days | None:
    """Return the last day of a range or list of days; None for a text that is neither.

    Examples
    --------
    >>> days_of("28, 29 Februari, 1 Maret 2024"), days_of("8 Maret 2024")
    (Days(last='1 maret 2024', backwards=()), None)
    >>> days_of("8-4 Maret 2024").backwards
    ('day-first', 'month-first')
    """
    plain = re.sub(r"[\s\u00a0]+", " ", text.casefold().translate(_MARKS_ALIKE)).strip()
    if len(plain) > _MOST_LETTERS or not re.search(r"\d", plain):
        return None
    plain = _ASIDE.sub(" ", _AND.sub(" , ", _UNTIL.sub(" ~ ", _PLACE.sub("", plain))))
    days = _read(plain)
    if days is None or len(days) < 2:
        return None
    is_range = "~" in plain or re.search(r"\d ?- ?\d", _TRIPLE.sub("", plain)) is not None
    is_range = is_range or re.search(r"[a-z\d]-\d", _TRIPLE.sub("0", plain)) is not None
    dates = {order: [day.date(order) for day in days] for order in ("day-first", "month-first")}
    known = {order: [d for d in found if d is not None] for order, found in dates.items()}
    if all(len(found) < len(days) for found in known.values()):
        return None
    backwards = tuple(order for order, found in known.items() if is_range and not _forward(found, len(days)))
    order = next(o for o, found in known.items() if len(found) == len(days))
    last = days[-1] if is_range else days[known[order].index(max(known[order]))]
    return Days(last.text or f"{last.day} {_NAMES[last.month or 0]} {last.year}", backwards)


def _forward(days: list[dt.date], n: int) -> bool:
    return len(days) == n and all(a <= b for a, b in pairwise(days)) and days[-1] - days[0] <= _LONGEST


_MARKS_ALIKE: Final = {**{ord(c): "-" for c in "–—−"}, **{ord(c): " " for c in "'’‘`´"}}
_MOST_LETTERS: Final = 200


def _read(plain: str) -> list[_Day] | None:
    """Return the days of a text, each with its month and year; None where a word or number is out of place."""
    tokens = [match[0] for match in _TOKEN.finditer(plain)]
    if re.sub(r"[.\s]+", "", _TOKEN.sub("", plain)):
        return None
    words = [token for token in tokens if token not in _MARKS]
    ahead = len(words) > 1 and words[0] in MONTHS  # March 3-7, 2024
    days: list[_Day] = []
    month: int | None = None
    for i, token in enumerate(tokens):
        kind = _kind(token, tokens[:i], last=i == len(tokens) - 1)
        if kind == "triple":
            days.append(_triple(token))
        elif kind == "month":
            month = MONTH_WORDS[token]
            days = days if ahead else [replace(d, month=month) if d.month is None else d for d in days]
        elif kind == "year":
            days = _in_year(days, int(token) + (2000 if len(token) == 2 else 0))
        elif kind == "day of a month" and days:
            days[-1] = replace(days[-1], month=int(token))
        elif kind == "day":
            days.append(_Day(int(token), month if ahead else None))
        elif kind != "mark":
            return None
    return _filled(days)


_MARKS: Final = ("-", ",", "~", "/", ".")
_Kind = Literal["triple", "month", "year", "day of a month", "day", "mark"]


def _kind(token: str, before: list[str], *, last: bool) -> _Kind | None:
    if token in _MARKS:
        return "mark"
    if not token[0].isdigit():
        return "month" if token in MONTH_WORDS else None
    if not token.isdigit():
        return "triple"
    word = next((t for t in reversed(before) if t not in _MARKS), "")
    if len(token) == 4 or (last and len(token) == 2 and word[:1].isalpha() and before[-1] != "~"):
        return "year"
    if before and before[-1] in ("/", ".") and word.isdigit() and int(token) <= 12:
        return "day of a month"
    return "day" if 1 <= int(token) <= 31 else None


def _triple(token: str) -> _Day:
    one, two, three = re.split(r"[/.-]", token)
    if len(one) == 4:
        return _Day(int(three), int(two), int(one), token)
    return _Day(int(one), int(two), int(three) + (2000 if len(three) == 2 else 0), token)


def _in_year(days: list[_Day], year: int) -> list[_Day]:
    """Return the days with the year that follows them; those of a later month than the next are of the year before."""
    found: list[_Day] = []
    for day in reversed(days):
        after = found[0] if found else None
        if day.year is None:
            if after is not None and after.year is not None:
                year = after.year - ((day.month or 0) > (after.month or 0))
            day = replace(day, year=year)
        found.insert(0, day)
    return found


def _filled(days: list[_Day]) -> list[_Day]:
    """Return the days with the month and year of the one after them, else of the one before."""
    for i in reversed(range(len(days) - 1)):
        if days[i].month is None:
            days[i] = replace(days[i], month=days[i + 1].month)
    if days and days[-1].year is not None:
        days = _in_year(days, days[-1].year)
    for i in range(1, len(days)):
        days[i] = replace(days[i], month=days[i].month or days[i - 1].month, year=days[i].year or days[i - 1].year)
    return days
