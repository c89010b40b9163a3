"""Numbers, dates and lists as each language writes them: the only place where a number becomes text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from string import ascii_lowercase
from typing import Final

from asn_impact.words.catalogue import languages

MINUS: Final = "\u2212"
UNDEFINED: Final = "–"
MOST_DECIMALS: Final = 6
_FEW: Final = 5


def number(value: float, decimals: int, language: str) -> str:
    """Return a number as people write it: thousands and decimal marks of the language, a true minus sign.

    Undefined is shown as a dash, an open end as the infinity sign; nothing is ever shown as minus zero.

    Examples
    --------
    >>> number(-12345.678, 1, "id"), number(-12345.678, 1, "en"), number(-0.04, 1, "en")
    ('−12.345,7', '−12,345.7', '0.0')
    """
    if math.isnan(value):
        return UNDEFINED
    sign = MINUS if value < 0 else ""
    if math.isinf(value):
        return f"{sign}∞"
    plain = f"{abs(value):,.{decimals}f}"
    marks = languages()[language]
    shown = plain.translate({ord(","): marks["thousands"], ord("."): marks["decimal"]})
    return sign + shown if any(c in "123456789" for c in plain) else shown


def significant(value: float, language: str) -> str:
    """Return a number with three digits that count, and at least one decimal below a thousand.

    Examples
    --------
    >>> significant(1234.5, "id"), significant(-3.14159, "en"), significant(0.0412, "en")
    ('1.234', '−3.14', '0.0412')
    """
    return number(value, significant_decimals(value), language)


def significant_decimals(value: float) -> int:
    """Return the decimals that show three digits that count, at least one below a thousand.

    Examples
    --------
    >>> [significant_decimals(value) for value in (1234.5, 12.0, 0.0412)]
    [0, 1, 4]
    """
    size = abs(value)
    if size == 0 or not math.isfinite(value) or size >= 1000:
        return 0
    return min(max(2 - math.floor(math.log10(size)), 1), MOST_DECIMALS)


def percent(share: float, decimals: int, language: str) -> str:
    """Return a share between 0 and 1 as a percentage.

    Examples
    --------
    >>> percent(0.8831, 2, "id")
    '88,31%'
    """
    shown = number(100 * share, decimals, language)
    return shown if shown == UNDEFINED else f"{shown}%"


def p_value(p: float, language: str) -> str:
    """Return a p-value with three decimals, or that it is smaller than they can show.

    Examples
    --------
    >>> p_value(0.0004, "en"), p_value(0.0312, "id")
    ('<0.001', '0,031')
    """
    return f"<{number(0.001, 3, language)}" if p < 0.001 else number(p, 3, language)


def date(value: dt.date, language: str) -> str:
    """Return a day in full.

    Examples
    --------
    >>> date(dt.date(2023, 8, 17), "id")
    '17 Agustus 2023'
    """
    return f"{value.day} {languages()[language]['months'][value.month - 1]} {value.year}"


def period(label: object, language: str) -> str:
    """Return a label of a timeline in words: months, quarters and half-years are spelled out.

    Examples
    --------
    >>> period("2025-08", "id"), period("2024Q1", "id"), period("2008", "id")
    ('Agu 2025', 'triwulan 1 2024', '2008')
    >>> period("2024S1", "id"), period("2024S2", "en")
    ('semester 1 2024', 'half 2 of 2024')
    """
    text, marks = str(label), languages()[language]
    year, mark, rest = text[:4], text[4:5], text[5:]
    if not (year.isdecimal() and rest.isdecimal()):
        return text
    if mark == "-" and len(rest) == 2:
        return f"{marks['short_months'][int(rest) - 1]} {year}"
    if mark == "Q" and rest in {"1", "2", "3", "4"}:
        return str(marks["quarter"].format(n=rest, year=year))
    if mark == "S" and rest in {"1", "2"}:
        return str(marks["half_year"].format(n=rest, year=year))
    return text


def joined(items: Iterable[str], language: str) -> str:
    """Return a list as running text.

    Examples
    --------
    >>> joined(["Mar 2024", "Sep 2024"], "id"), joined(["a", "b", "c"], "en"), joined(["a", "b", "c"], "id")
    ('Mar 2024 dan Sep 2024', 'a, b and c', 'a, b, dan c')
    """
    return _together(list(items), language, two="pair", many="list")


def choice(items: Iterable[str], language: str) -> str:
    """Return a list of which one is to be chosen.

    Examples
    --------
    >>> choice(["'never'", "'not_yet'"], "en")
    "'never' or 'not_yet'"
    """
    return _together(list(items), language, two="choice", many="choice")


def _together(items: Sequence[str], language: str, *, two: str, many: str) -> str:
    if len(items) < 2:
        return "".join(items)
    words = languages()[language][two if len(items) == 2 else many]
    return str(words.format(first=", ".join(items[:-1]), last=items[-1]))


def first_few(items: Sequence[str], language: str, most: int = _FEW) -> str:
    """Return the first few of a list and how many more there are.

    Examples
    --------
    >>> first_few(["'O1'", "'O2'", "'O3'"], "en", most=2)
    "'O1', 'O2' and 1 more"
    """
    shown = ", ".join(items[:most])
    more = len(items) - most
    return str(languages()[language]["more"].format(first=shown, n=number(more, 0, language))) if more > 0 else shown


def find_decimals(value: float, most: int) -> int:
    """Return the fewest decimals that show a number as it is, `most` where that many do not.

    Examples
    --------
    >>> find_decimals(0.25, 6), find_decimals(3.0, 6), find_decimals(1 / 3, 4)
    (2, 0, 4)
    """
    return next((d for d in range(most) if abs(round(value, d) - value) < 1e-9), most)


def decimals_for(values: Iterable[float], least: int) -> int:
    """Return how many decimals keep every value that is not zero from being shown as zero.

    Examples
    --------
    >>> decimals_for([-3.5, -0.03], 1)
    2
    """
    sizes = [abs(value) for value in values if math.isfinite(value) and value != 0]
    needed = [-math.floor(math.log10(size * 2)) for size in sizes]  # 0.05 rounds to 0.1, 0.04 to 0.0
    return max([least, *(min(decimals, MOST_DECIMALS) for decimals in needed)])


def unbroken(text: str) -> str:
    r"""Return a text in which a number and the word behind it, or Rp and its number, stay on one line.

    Examples
    --------
    >>> unbroken("turun 1,5 hari kerja, Rp 48.000").split(" ")
    ['turun', '1,5\xa0hari', 'kerja,', 'Rp\xa048.000']
    """
    words = text.split(" ")
    pairs = [
        (before[-1:].isdigit() and word[:1] in _BEHIND) or (before.lstrip("(") == "Rp" and word[:1].isdigit())
        for before, word in pairwise(words)
    ]
    return words[0] + "".join(
        f"{chr(0xA0) if whole else ' '}{word}" for whole, word in zip(pairs, words[1:], strict=True)
    )


_BEHIND = {*ascii_lowercase, "("}  # how what belongs to a number begins
