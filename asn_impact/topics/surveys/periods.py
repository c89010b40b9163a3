"""The period of a published result, as offices write it: in a column, in the name of a sheet, in a title."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final, Literal

import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.formats import RawTable
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS
from asn_impact.timeline import Timeline
from asn_impact.words import Alert, Message

Year = Literal["sheet", "title"]

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_BETWEEN = {"s", "d", "sd", "sampai", "dengan", "hingga", "to", "until"}  # of two months, marks gone: s.d., s/d
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_PARTS = {"semester": 6, "smt": 6, "sem": 6, "s": 6, "triwulan": 3, "tw": 3, "kuartal": 3, "quarter": 3, "q": 3}
_NUMBER = re.compile(r"(iv|i{1,3}|[1-4])(?![\w.-])", re.IGNORECASE)  # II, 2, II 2024, II/2024: not 2024, 1-2024
_PART = re.compile(rf"({'|'.join(sorted(_PARTS, key=len, reverse=True))})\s*[-.]?\s*(iv|i{{1,3}}|[1-4])")


def period_text(value: object) -> str:
    """Return a period as it is written in a cell: a whole number without its point, a date as its month."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.date):  # a Timestamp is one
        return f"{value.year:04d}-{value.month:02d}"
    return " ".join(str(value).split())


def survey_period(value: object) -> tuple[int, int]:
    """Return the first month (12 * year + month - 1) and the number of months of a period as offices write it.

    Raises
    ------
    InputError
        The text cannot be read as a year, half-year, quarter or month.

    Examples
    --------
    >>> survey_period("Semester II Tahun 2024"), survey_period("TW I 2025"), survey_period("Maret 2024")
    ((24294, 6), (24300, 3), (24290, 1))
    >>> survey_period("Juli s.d. September 2024")
    (24294, 3)
    """
    text = period_text(value).casefold()
    years = _YEAR.findall(text)
    rest = _YEAR.sub(" ", text)
    rest = re.sub(r"[^a-z0-9]+", " ", re.sub(r"\b(tahun|thn|ta|bulan|periode|ke)\b", " ", rest)).strip()
    if len(set(years)) == 1:
        january = 12 * int(years[0])
        if not rest:
            return january, 12
        if rest in MONTHS:
            return january + MONTHS[rest] - 1, 1
        if rest.isdigit() and 1 <= int(rest) <= 12:
            return january + int(rest) - 1, 1
        if (part := _PART.fullmatch(rest)) is not None:
            length, number = _PARTS[part.group(1)], part.group(2)
            order = _ROMAN.get(number) or int(number)
            if order * length <= 12:
                return january + (order - 1) * length, length
        if (months := _from_to(rest)) is not None:
            return january + months[0] - 1, months[1]
    raise InputError(Message("survey.no_period", period=masked(period_text(value))))


def _from_to(text: str) -> tuple[int, int] | None:
    """Return the first month and the length of ``januari s d maret``, where that is a part of a year as such."""
    words = [word for word in text.split() if word not in _BETWEEN]
    if len(words) != 2 or not set(words) <= set(MONTHS):
        return None
    first, last = (MONTHS[word] for word in words)
    length = last - first + 1
    return (first, length) if length in {1, *_PARTS.values(), 12} and (first - 1) % length == 0 else None


def standing_for(
    values: Sequence[object], periods: Sequence[tuple[int, int]]
) -> tuple[Sequence[tuple[int, int]], list[Message]]:
    """Return the periods, months in numbers that begin half-years or quarters read as all of it; and what is said.

    So are months in numbers beside half-years or quarters in words. Months that lie as far apart and begin none count
    as months, with an alert.

    Examples
    --------
    >>> standing_for(["2024-01", "2024-07"], [(24288, 1), (24294, 1)])[0]
    [(24288, 6), (24294, 6)]
    """
    lettered = [bool(re.search(r"[a-z]", period_text(value).casefold())) for value in values]
    worded = any(lettered)
    parts = {months for (_, months), word in zip(periods, lettered, strict=True) if word}
    bare = sorted({first for (first, months), word in zip(periods, lettered, strict=True) if not word and months == 1})
    if bare and len(parts) == 1 and (n := max(parts)) > 1 and all(first % n == 0 for first in bare):
        whole = [(first, n if months == 1 else months) for first, months in periods]
        return whole, [Alert("survey.months_begin", periods=Timeline.months(bare).labels, n=n)]
    line = Timeline.months([first for first, _ in periods])
    if worded or len(line) < 2 or any(months > 1 for _, months in periods):
        return periods, []
    span = Timeline.read(pd.Series(line.labels), column="period")[0].span
    if span > 1:
        return [(first, span) for first, _ in periods], [Alert("survey.months_begin", periods=line.labels, n=span)]
    return periods, [Alert("survey.months_alone", periods=line.labels, n=line.step)] if line.step > 2 else []


def with_part(periods: pd.Series, heading: str) -> pd.Series:
    """Return the periods; a bare number or Roman one below ``Semester`` or ``Triwulan`` is that part of its year."""
    part = next((word for word in re.findall(r"[a-z]+", heading.casefold()) if word in _PARTS), None)
    if part is None:
        return periods
    return periods.map(lambda v: f"{part} {period_text(v)}" if _NUMBER.match(period_text(v)) else v)


def with_year(periods: pd.Series, years: pd.Series) -> pd.Series:
    """Return the periods, those that say no year with that of the column of years beside them."""
    texts = [[period_text(value) for value in column] for column in (periods, years)]
    full = [text if _YEAR.search(text) else f"{text} {year}" for text, year in zip(*texts, strict=True)]
    return pd.Series(full, index=periods.index)


# ------------------------------------------------------------------------------------- said beside the table, not in it


def dated_elsewhere(table: pd.DataFrame, tables: Sequence[RawTable], where: Year) -> tuple[list[str], list[Message]]:
    """Return the periods with what the name of their sheet, or the title above them, says; and what was read there.

    A period that says its year keeps it. Without a column of periods the title or name says the whole period.

    Raises
    ------
    InputError
        No year stands there, or several; or several parts of a year, and no column says which row is of which.
    """
    at = table[FILE].astype(int) if FILE in table else pd.Series(0, index=table.index)
    if "period" not in table:
        said = [_period_said(one, where) for one in tables] or [_none_said(where)]
        return [said[i] for i in at], [Message("survey.period_said", periods=tuple(dict.fromkeys(said)))]
    years = [_year_said(one, where) for one in tables] or [_none_said(where)]
    texts = [period_text(value) for value in table["period"]]
    full = with_year(table["period"], at.map(dict(enumerate(years)))).tolist()
    return full, [Message("survey.year_said", years=tuple(dict.fromkeys(years)))] if full != texts else []


def _none_said(where: Year) -> str:
    raise InputError(Message("survey.no_year_in_frame", year=where))


def _lines_with_years(table: RawTable, where: Year) -> list[str]:
    """Return the lines that say the year: those that speak of a period, where there are any."""
    texts = [table.sheet or table.name] if where == "sheet" else [_LAW.sub(" ", title) for title in table.titles]
    dated = [line.casefold() for line in texts if _YEAR.search(line)]
    return [line for line in dated if _OF_PERIODS.search(line)] or dated


def _year_said(table: RawTable, where: Year) -> str:
    years = {year for line in _lines_with_years(table, where) for year in _YEAR.findall(line)}
    if len(years) != 1:
        if where == "sheet":
            raise InputError(Message("survey.no_year_in_sheet", sheet=table.sheet or table.name, n=len(years)))
        said = {"table": table.name, "years": tuple(sorted(years)), "titles": tuple(map(masked, table.titles))}
        raise InputError(Message("survey.no_year_in_title", **said))
    return str(years.pop())


def _period_said(table: RawTable, where: Year) -> str:
    """Return the year, or the one part of it that stands right before it: ``semester i 2024``."""
    year = _year_said(table, where)
    lines = _lines_with_years(table, where)
    parts = {" ".join(found[1].split()) for line in lines for found in _PART_OF_YEAR.finditer(line)}
    named = {word for line in lines for word in _OF_PARTS.findall(line)}
    if len(parts) > 1 or (named and not parts):
        raise InputError(Message("survey.part_unclear", table=table.name, line=masked(lines[0])))
    return f"{parts.pop()} {year}" if parts else year


_LAW: Final = re.compile(
    r"\b(?:permen\S*|peraturan|keputusan|instruksi|surat|undang\S*|perda|perbup|perwal\S*|perpres|nomor|no)\b[^;()]*?"
    r"\b\d+\S*\s*(?:tahun|thn?\.?|/)\s*\d{4}|\bpermen\S*[^;()]*?\b\d+/\d{4}",
    re.IGNORECASE,
)
_OF_PERIODS: Final = re.compile(r"\b(?:tahun|thn|t\.?a|periode|semester|smt|triwulan|tw|kuartal|bulan|year|period)\b")
_MONTH_WORDS: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
#: Words of a part of a year, and a part with its year right behind it: "semester i dan ii 2024" is none.
_OF_PARTS: Final = re.compile(rf"\b(?:semester|smt|triwulan|tw|kuartal|quarter|{_MONTH_WORDS})\b")
_PART_OF_YEAR: Final = re.compile(
    rf"(?<!dan )(?<!s\.d )(?<!s\.d\. )(?<!s/d )(?<!sampai )(?<![-\d&+] )(?<![-\d&+])"
    rf"\b((?:semester|smt|triwulan|tw|kuartal|quarter)[ .-]*(?:iv|i{{1,3}}|[1-4])|{_MONTH_WORDS})"
    rf"[ ,.]*(?:(?:tahun|thn|t\.?a)\.?[ ,.]*)?(?:(?:anggaran)[ ,.]*)?(?=(?:19|20)\d\d)"
)
