"""Starts of treatment as people write them: which month one begins with, and how much time it names.

Texts, dates, Periods, Excel serials, yyyymm, yyyymmdd, years, quarters and half-years are known. What is none of them
is no start: who asks must refuse it, because a start that was not understood makes a control of a treated unit.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

#: Month words, Indonesian and English, with the abbreviations and old spellings seen in exports.
MONTHS: dict[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "januari january jan",
            "februari pebruari february feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agustus agst agts agu agt ags agust aug",
            "september sep sept",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        start=1,
    )
    for word in words.split()
}
ROMAN: Final = {
    roman: n
    for n, roman in enumerate(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"], start=1)
}  #: months as letters and decrees number them
#: Every word for a month beside numbers: also cut short ("Okto", "Desem"), where no other word could stand.
MONTH_WORDS: Final = {
    **{word[:k]: n for word, n in MONTHS.items() for k in range(3, len(word))},
    **MONTHS,
    **ROMAN,
}

NEVER_CODES: Final = frozenset({9999, 10000, 99999, 999999, 9999999, 99999999})  # of did, csdid and many spreadsheets
_NEVER_WORDS = frozenset(
    [
        "",
        "-",
        "--",
        "—",
        "–",
        "na",
        "n/a",
        "nan",
        "nat",
        "none",
        "null",
        "never",
        "inf",
        "belum",
        "belum pernah",
        "tidak",
        "tidak ada",
        "tidak pernah",
        "nihil",
    ]
)
_YEARS = range(1900, 2101)
_SERIALS = (29221, 73415)  # 1980 to 2100 as Excel counts days
_SERIAL_EPOCH = dt.date(1899, 12, 30)
_PIVOT = 69  # as strptime: 68 is 2068, 69 is 1969
_NUMBER = re.compile(r"[+-]?\d+([.,]0*)?|[+-]?\d+[.,]\d+")
_TIME = re.compile(
    r"([ t,]+|^)((pukul|pkl\.?|jam) ?)?\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?"
    r"( ?(am|pm))?( ?[a-z]{1,4}| ?[+-]\d{2}:?\d{2})?$"
)
_WEEKDAY = re.compile(
    r"^(senin|selasa|rabu|kamis|jum['’‘`´]?at|sabtu|minggu|ahad|(mon|tues|wednes|thurs|fri|satur|sun)day)[ ,.]+"
)
_ISO = re.compile(r"(\d{4})[-/. ](\d{1,2})(?:[-/. ](\d{1,2}))?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_TRIPLE = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_WORDED = re.compile(r"(?:(\d{1,2})[-/. ,]*)?([a-z]+)\.?[-/. ,]*(\d{4}|\d{2})")
_YEAR_WORDED = re.compile(r"(\d{4})[-/. ,]*([a-z]+)\.?(?:[-/. ,]*(\d{1,2}))?")
_ENGLISH = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_PARTS = {"q": 3, "tw": 3, "triwulan": 3, "kuartal": 3, "quarter": 3, "s": 6, "h": 6, "semester": 6, "smt": 6, "sem": 6}
_PART = re.compile(rf"({'|'.join(sorted(_PARTS, key=len, reverse=True))})[ .-]*([1-4]|i{{1,3}}|iv)")
_NUMBERED = re.compile(r"(?:(\d{1,2}|[ivx]+)[-/. ]\d{4}|\d{4}[-/. ](\d{1,2}|[ivx]+))")
_ORDER = {"pertama": "1", "kesatu": "1", "kedua": "2", "ketiga": "3", "keempat": "4"}
_FILLING = re.compile(r"\b(tahun|thn|ta|bulan|periode|ke)\b")


@dataclass(frozen=True)
class Start:
    """A start: its first month, ``12 * year + month - 1``, and how many months the text names (1 for a day)."""

    first: int
    months: int = 1


def is_never(value: Any) -> bool:  # noqa: ANN401 - whatever a file holds
    """Return whether a value says that there is no start: missing, infinite, or a word for it."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, str):
        return " ".join(value.split()).casefold() in _NEVER_WORDS
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value) or value == np.inf)
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


def number_of(value: Any) -> float | None:  # noqa: ANN401 - see is_never
    """Return the number that a value is, or is the text of; None for a date and for other texts.

    Examples
    --------
    >>> number_of("202403"), number_of("2019.0"), number_of("2024-03")
    (202403.0, 2019.0, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value.strip().replace(",", "."))
    return None


def read_start(value: Any, *, month_first: bool | None = None) -> Start | None:  # noqa: ANN401 - see is_never
    """Return what a start says, or None for what is none.

    Parameters
    ----------
    value
        A text, number, date, time or Period.
    month_first
        Whether ``03/04/2024`` is the fourth of March; None where nothing tells, and then it is no start.

    Examples
    --------
    >>> read_start("TW II 2024"), read_start(45047), read_start("Maret 2024") == read_start("2024-03-15")
    (Start(first=24291, months=3), Start(first=24280, months=1), True)
    >>> read_start("2024-13-01") is None, read_start("03/04/2024") is None
    (True, True)
    """
    if isinstance(value, pd.Period):
        letter = value.freqstr[0]
        begins = value.start_time
        return _of(begins.year, begins.month, months={"Y": 12, "A": 12, "Q": 3}.get(letter, 1))
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, dt.date):
        return _of(value.year, value.month)
    number = number_of(value)
    if number is not None:
        return _of_number(number)
    return _of_text(_plain(value), month_first) if isinstance(value, str) else None


def month_first(values: Iterable[Any]) -> bool | None:
    """Return whether texts like ``03/25/2024`` put the month first; None where nothing or both tells.

    Examples
    --------
    >>> month_first(["03/04/2024", "25/04/2024"]), month_first(["03/04/2024"])
    (False, None)
    """
    triples = [t for v in values if isinstance(v, str) and (t := triple_of(v)) is not None]
    day, month = any(a > 12 for a, _ in triples), any(b > 12 for _, b in triples)
    return None if day == month else month


def numbered_alike(values: Iterable[Any], parts: int) -> list[str]:
    """Return the texts whose number beside the year may be that of a month or of one of the `parts` of a year.

    A number with a zero in front, or one above `parts`, says that all of them are months.

    Examples
    --------
    >>> numbered_alike(["I/2023", "IV/2023"], 4), numbered_alike(["II/2023", "VI/2023"], 4)
    (['I/2023', 'IV/2023'], [])
    """
    found = [(v, match) for v in values if isinstance(v, str) and (match := _NUMBERED.fullmatch(_plain(v)))]
    texts = [(v, match[1] or match[2]) for v, match in found]
    months = any(n.startswith("0") or (ROMAN.get(n) or int(n if n.isdigit() else 99)) > parts for _, n in texts)
    return [] if months else [v for v, _ in texts]


def triple_of(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a text like ``03/04/2024``, or None."""
    found = _TRIPLE.fullmatch(_plain(text))
    return None if found is None else (int(found[1]), int(found[2]))


def _plain(text: str) -> str:
    plain = " ".join(text.replace("\xa0", " ").strip().lstrip("'").split()).casefold()
    plain = _WEEKDAY.sub("", plain)
    return plain if re.fullmatch(r"\d{1,2}\.\d{2}", plain) else _without_time(plain)


def _without_time(plain: str) -> str:
    """Return a date text without its time of day; a date written with dots is left alone."""
    rest = _TIME.sub("", plain)
    return rest if rest and rest != plain and re.search(r"\d{4}|[-/.]\d{2}$", rest) else plain


def _of(year: int, month: int, day: int = 1, months: int = 1) -> Start | None:
    """Return the start in a month of the calendar between 1900 and 2100; None for any other."""
    exists = year in _YEARS and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    return Start(12 * year + month - 1, months) if exists else None


def _of_number(number: float) -> Start | None:
    low, high = _SERIALS
    if low <= number <= high:
        day = _SERIAL_EPOCH + dt.timedelta(days=int(number))
        return _of(day.year, day.month)
    if number != round(number):
        return None
    whole = int(number)
    if whole in _YEARS:
        return _of(whole, 1, months=12)
    if 190001 <= whole <= 210012:
        return _of(whole // 100, whole % 100)
    if 1_000_000 < whole < 100_000_000:
        basic = _of(whole // 10_000, whole // 100 % 100, whole % 100)
        return basic or _of(whole % 10_000, whole // 10_000 % 100, whole // 1_000_000)
    if 300_000_000 <= whole < 4_200_000_000:
        return _of_seconds(whole)
    if 300_000_000_000 <= whole < 4_200_000_000_000:
        return _of_seconds(whole // 1000)
    return None


def _of_seconds(seconds: int) -> Start | None:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=seconds // 86_400)
    return _of(day.year, day.month)


def _of_text(text: str, first_is_month: bool | None) -> Start | None:  # noqa: FBT001 - see read_start
    if (iso := _ISO.fullmatch(text)) is not None:
        return _of(int(iso[1]), int(iso[2]), int(iso[3] or 1))
    if (short := _MONTH_YEAR.fullmatch(text)) is not None:
        return _of(int(short[2]), int(short[1]))
    if (triple := _TRIPLE.fullmatch(text)) is not None:
        return _of_triple(int(triple[1]), int(triple[2]), _year(triple[3]), first_is_month)
    return _of_part(text) or _of_words(text)


def _of_triple(one: int, other: int, year: int, first_is_month: bool | None) -> Start | None:  # noqa: FBT001
    if one == other or other > 12:
        return _of(year, one, other)
    if one > 12:
        return _of(year, other, one)
    if first_is_month is None:
        return None
    return _of(year, one, other) if first_is_month else _of(year, other, one)


def _year(text: str) -> int:
    number = int(text)
    return number if len(text) == 4 else number + (2000 if number < _PIVOT else 1900)


def _of_part(text: str) -> Start | None:
    """Return the start of a quarter or half-year: ``2024Q1``, ``TW I 2024``, ``Semester 2 Tahun 2024``."""
    years = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", text)
    if len(years) != 1:
        return None
    rest = _FILLING.sub(" ", text.replace(years[0], " ", 1)).strip(" -/.,")
    rest = " ".join(_ORDER.get(word, word) for word in rest.split())
    if not rest:
        return _of(int(years[0]), 1, months=12)
    part = _PART.fullmatch(" ".join(rest.split()))
    if part is None:
        return None
    length, order = _PARTS[part[1]], ROMAN.get(part[2]) or int(part[2])
    return _of(int(years[0]), (order - 1) * length + 1, months=length) if order * length <= 12 else None


def _of_words(text: str) -> Start | None:
    """Return the start of a date whose month is a word or a Roman number."""
    words = " ".join(_FILLING.sub(" ", text).split())
    if (worded := _WORDED.fullmatch(words)) is not None and (month := _month(worded[2])):
        return _of(_year(worded[3]), month, int(worded[1] or 1))
    if (worded := _YEAR_WORDED.fullmatch(words)) is not None and (month := _month(worded[2])):
        return _of(int(worded[1]), month, int(worded[3] or 1))
    if (worded := _ENGLISH.fullmatch(words)) is not None and (month := _month(worded[1])):
        return _of(int(worded[3]), month, int(worded[2]))
    return None


def _month(word: str) -> int | None:
    return MONTH_WORDS.get(word)
