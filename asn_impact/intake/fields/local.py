"""Numbers, dates, months and empty words as Indonesian offices write them.

One rule for all of it: the *column* decides, never the cell. ``03/04/2024`` and ``1.234`` can be read in
two ways; the other values of the column say which, or the reader is asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from asn_impact.errors import InputError
from asn_impact.intake.fields.date_lists import LISTED_FIELDS, is_list, last_day
from asn_impact.intake.fields.swapped import Mixture
from asn_impact.intake.fields.zones import offset_of, same_offset, zone_name
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS, ROMAN
from asn_impact.words import Alert, Message

__all__ = [
    "MONTHS",
    "NULL_WORDS",
    "PLACEHOLDERS",
    "DateReading",
    "dated",
    "parse_dates",
    "parse_numbers",
    "read_dates",
    "sketched",
]

Order: TypeAlias = Literal["day-first", "month-first", "swapped"]
NumberStyle: TypeAlias = Literal["1.234,56", "1,234.56"]

#: What offices write where there is no date or number.
NULL_WORDS: tuple[str, ...] = (
    "",
    "-",
    "--",
    "—",
    "–",
    "null",
    "none",
    "nan",
    "nat",
    "na",
    "n/a",
    "#n/a",
    "tidak ada",
    "belum",
    "belum selesai",
    "nihil",
    "kosong",
    "0",
)

#: What offices write for "not decided yet" where the date will come.
WAITING_WORDS: tuple[str, ...] = (
    "belum terbit",
    "belum ada",
    "belum jadi",
    "proses",
    "masih proses",
    "dalam proses",
    "sedang diproses",
    "masih diproses",
    "diproses",
    "menunggu",
    "pending",
    "open",
    "00:00:00",
    "(blank)",
    "#null!",
    ".",
    "?",
    "/",
)

#: Dates that systems store for "no date" (databases, spreadsheets, Unix time).
PLACEHOLDERS: tuple[dt.date, ...] = (
    dt.date(1, 1, 1),
    dt.date(1899, 12, 30),
    dt.date(1899, 12, 31),
    dt.date(1900, 1, 1),
    dt.date(1970, 1, 1),
    dt.date(1753, 1, 1),
    dt.date(2079, 6, 6),
    dt.date(2099, 12, 31),
    dt.date(2999, 12, 31),
    dt.date(9999, 1, 1),
    dt.date(9999, 12, 31),
)

FEW_TELLING = 10  # values above 12: fewer than this, and a minority, is thin evidence worth a warning

_SERIAL_EPOCH = "DATE '1899-12-30'"  # day 0 of the 1900 system once its false 29 February 1900 is behind
_FAST: dict[str, Order | None] = {
    "%Y-%m-%d": None,
    "%Y-%m-%d %H:%M:%S": None,
    "%Y-%m-%dT%H:%M:%S": None,
    "%d/%m/%Y": "day-first",
    "%d-%m-%Y": "day-first",
    "%d/%m/%Y %H:%M": "day-first",
    "%d/%m/%Y %H:%M:%S": "day-first",
    "%m/%d/%Y": "month-first",
}


def _texts(values: Sequence[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)


_ZONE = r"(wib|wita|wit|utc|gmt|z|[+-]\d{2}(:?\d{2})?)"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_DOTTED = r"([01]?\d|2[0-3])\.[0-5]\d(\.[0-5]\d)?"  # 08.30 and 08.30.00, as Indonesian computers write them
_AT = r"((pukul|pkl\.?|jam) ?)?"
_TAIL = rf"([ t,]+|^){_AT}({_CLOCK}|{_DOTTED})( ?(am|pm))?( ?{_ZONE})?$"
_TIMED = rf"[ t,]{_AT}({_CLOCK}|{_DOTTED})( ?(am|pm))?( ?{_ZONE})?$"
_MIDNIGHT = rf"[ t,]0?0[:.]00([:.]00([.,]0+)?)?( ?{_ZONE})?$"
_HOUR = rf"(\d{{1,2}})[:.](\d{{2}})([:.]\d{{2}}([.,]\d+)?)?( ?(am|pm))?( ?{_ZONE})?$"
_DAY = (
    r"^(day of |tanggal |tgl\.? )?((senin|selasa|rabu|kamis|jum ?at|sabtu|minggu|ahad|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun)[ ,.]+)?"
)
_ISO = r"^\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}$"
_TRIPLE = r"^\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4}|\d{2})$"
_BASIC = r"^\d{7,8}$"  # yyyymmdd and ddmmyyyy, also without its first zero
_EPOCH = r"^(\d{9,10}|\d{12,13})([.,]0+)?$"  # seconds and thousandths since 1970
_SERIAL = r"^\d{5}([.,]\d+)?$"
_WORD = r"^(\d{1,4}[-/. ,]*[a-z]+\.?[-/. ,]*\d{1,4}|[a-z]+\.?[-/. ,]+\d{1,2}[-/. ,]+\d{4})$"
_ZERO = r"^(0{1,4}[-/.]0{1,2}[-/.]0{1,4}|1900-0?1-00|0?0/0?1/1900|[01]([.,]0+)?|2958465([.,]0+)?)$"


@dataclass(frozen=True, eq=False)
class DateReading:
    """How one column of texts becomes dates, and what was seen on the way; `dated` carries it out.

    ``form`` is the one format that fits every value, or None when several shapes are mixed. ``rows`` counts
    the values that are there, ``timed`` those with a time of day, ``thin`` those that fit both orders when
    hardly any value tells them apart, ``zones`` the time zone of the times, where one is written, ``zeros``
    counts placeholders for no date. ``zone`` is that in which a moment has its day, where texts are to be moved to it;
    ``swapped`` tells that a spreadsheet has swapped day and month of the dates it made.
    """

    column: str
    order: str
    form: str | None
    rows: int
    timed: int
    thin: int
    notes: tuple[Message, ...]
    zones: tuple[str, ...] = ()
    zeros: int = 0
    zone: str | None = None
    swapped: bool = False


# SQL over the columns that `_parts` makes; each stage is written once, so the query stays small.
_BLANK = "chr(160) || chr(39) || chr(9) || chr(8217) || chr(8216) || chr(96) || chr(180)"  # also apostrophes
_PLAIN = f"lower(trim(regexp_replace(translate({{v}}, {_BLANK}, '{' ' * 7}'), '\\s+', ' ', 'g')))"
_BARE = f"regexp_replace(asn_plain, '{_DAY}', '')"
_HAS_TIME = f"regexp_matches(asn_bare, '{_TIMED}')"
_PART = f"trim(CASE WHEN {_HAS_TIME} THEN regexp_replace(asn_bare, '{_TAIL}', '') ELSE asn_bare END)"
_STAGES = ("asn_plain", "asn_bare", "asn_part", "asn_numbers")
_EMPTY = f"(asn_plain IS NULL OR asn_plain IN ({_texts([*NULL_WORDS, *WAITING_WORDS])}))"
_ZEROS = f"regexp_matches(asn_part, '{_ZERO}')"


def _parts(relation: duckdb.DuckDBPyRelation, quoted: str, *, lists: bool = False) -> duckdb.DuckDBPyRelation:
    """Add the stages of a text: plain, without its weekday, without its time of day, its numbers."""
    bare = last_day("asn_plain", _DAY.replace("'", "''")) if lists else _BARE
    return (
        relation.project(f"*, {_PLAIN.format(v=quoted)} AS asn_plain")
        .project(f"*, {bare} AS asn_bare")
        .project(f"*, {_PART} AS asn_part")
        .project("*, regexp_extract_all(asn_part, '\\d+') AS asn_numbers")
    )


def _word_date() -> str:
    """Write SQL for ``17 agustus 2023``, ``17-agt-23``, ``17-viii-2023``, ``2023 agustus 17``, ``august 17, 2023``."""
    months = ", ".join(f"'{word}': {number}" for word, number in {**MONTHS, **ROMAN}.items())
    month = f"(MAP {{{months}}})[regexp_extract(asn_part, '[a-z]+')]"
    first_is_year = "length(asn_numbers[1]) = 4"
    year = f"CASE WHEN {first_is_year} THEN asn_numbers[1] ELSE asn_numbers[2] END"
    day = f"CASE WHEN {first_is_year} THEN asn_numbers[2] ELSE asn_numbers[1] END"
    century = f"CASE WHEN length({year}) = 4 THEN '' WHEN ({year}) < '69' THEN '20' ELSE '19' END"
    return f"TRY_CAST(({century}) || ({year}) || '-' || {month} || '-' || ({day}) AS DATE)"


def _any_date(reading: DateReading) -> str:
    """Write SQL for a date in any of the shapes this module knows, with the order of day and month settled."""
    dashed = "translate(asn_part, '/. ', '---')"
    front = "%m-%d-" if reading.order == "month-first" else "%d-%m-"
    iso = "%Y-%d-%m" if reading.swapped else "%Y-%m-%d"
    number = "CAST(floor(TRY_CAST(replace(asn_part, ',', '.') AS DOUBLE)) AS INTEGER)"
    basic = f"try_strptime(lpad(asn_part, 8, '0'), '{front.replace('-', '')}%Y')"
    whole = "TRY_CAST(regexp_extract(asn_part, '^[0-9]+') AS BIGINT)"
    seconds = f"CASE WHEN {whole} > 99999999999 THEN {whole} // 1000 ELSE {whole} END"
    ahead = 60 * offset_of(reading.zone or zone_name(None))
    found = f"""CASE
        WHEN {_EMPTY} OR {_ZEROS} THEN NULL
        WHEN regexp_matches(asn_part, '{_ISO}') THEN CAST(try_strptime({dashed}, '{iso}') AS DATE)
        WHEN regexp_matches(asn_part, '{_TRIPLE}') THEN CAST(CASE WHEN length(asn_numbers[3]) = 2
            THEN try_strptime({dashed}, '{front}%y') ELSE try_strptime({dashed}, '{front}%Y') END AS DATE)
        WHEN regexp_matches(asn_part, '{_BASIC}') THEN CAST(CASE WHEN regexp_matches(asn_part, '^(19|20)[0-9]{{6}}$')
            THEN coalesce(try_strptime(asn_part, '%Y%m%d'), {basic}) ELSE {basic} END AS DATE)
        WHEN regexp_matches(asn_part, '{_EPOCH}') THEN
            CASE WHEN ({seconds}) BETWEEN 300000000 AND 4200000000
            THEN DATE '1970-01-01' + CAST((({seconds}) + {ahead}) // 86400 AS INTEGER) END
        WHEN regexp_matches(asn_part, '{_SERIAL}') THEN
            CASE WHEN {number} BETWEEN 20000 AND 80000 THEN {_SERIAL_EPOCH} + {number} END
        WHEN regexp_matches(asn_part, '{_WORD}') THEN {_word_date()}
        ELSE NULL END"""
    return f"({found})" if reading.zone is None else f"(({found}) + {_days_away(reading.zone)})"


def _days_away(zone: str) -> str:
    """Write SQL for the days between the day written and that in a zone; 0 for a text without time or zone."""
    hour = f"CAST(regexp_extract(asn_bare, '{_HOUR}', 1) AS INTEGER)"
    half = f"regexp_extract(asn_bare, '{_HOUR}', 6)"
    hours = f"CASE {half} WHEN 'pm' THEN {hour} % 12 + 12 WHEN 'am' THEN {hour} % 12 ELSE {hour} END"
    minutes = f"60 * ({hours}) + CAST(regexp_extract(asn_bare, '{_HOUR}', 2) AS INTEGER)"
    written = f"regexp_extract(asn_bare, ' ?{_ZONE}$', 1)"
    digits = f"rpad(replace({written}[2:], ':', ''), 4, '0')"
    of_digits = f"60 * CAST({digits}[1:2] AS INTEGER) + CAST({digits}[3:4] AS INTEGER)"
    ahead = f"""CASE WHEN {written} IN ('z', 'utc', 'gmt') THEN 0 WHEN {written} = 'wib' THEN 420
        WHEN {written} = 'wita' THEN 480 WHEN {written} = 'wit' THEN 540
        ELSE CASE WHEN {written}[1] = '-' THEN -1 ELSE 1 END * ({of_digits}) END"""
    away = f"CAST(floor(({minutes} - ({ahead}) + {offset_of(zone)}) / 1440.0) AS INTEGER)"
    return f"CASE WHEN {_HAS_TIME} AND {written} <> '' THEN {away} ELSE 0 END"


def dated(relation: duckdb.DuckDBPyRelation, reading: DateReading) -> duckdb.DuckDBPyRelation:
    """Return the relation with the text column as dates, and ``asn_<column>_bad``: a text that is no date.

    A column of one format gets no such column: every value was seen to fit.
    """
    quoted = _name(reading.column)
    if reading.form is not None:
        return relation.project(f"* REPLACE (CAST(try_strptime({quoted}, '{reading.form}') AS DATE) AS {quoted})")
    rows = _parts(relation, quoted, lists=reading.column in LISTED_FIELDS)
    rows = rows.project(f"* REPLACE ({_any_date(reading)} AS {quoted})")
    if reading.column not in _OF_CASES:
        rows = rows.project(f"* REPLACE (CASE WHEN {_long_ago(quoted)} THEN NULL ELSE {quoted} END AS {quoted})")
    bad = f"(NOT {_EMPTY} AND NOT {_ZEROS} AND {quoted} IS NULL) AS asn_{reading.column}_bad"
    return rows.project(f"* EXCLUDE ({', '.join(_STAGES)}), {bad}")


_OF_CASES = {"received", "decided", "promised", "step_start", "step_end"}  # theirs are dropped by the wait they make


def _long_ago(quoted: str) -> str:
    """Write SQL for a date of a year that nobody means (0024), and that no system stores for "no date"."""
    known = ", ".join(f"DATE '{day.isoformat()}'" for day in PLACEHOLDERS)
    return f"({quoted} < DATE '1900-01-01' AND {quoted} NOT IN ({known}))"


def sketched(text: str) -> str:
    """Return a text that should have been a date or number, for a message: words that could be a name are left out.

    Examples
    --------
    >>> sketched("Siti, 31 Desember 2024")
    '…, 31 Desember 2024'
    """
    return masked(re.sub(r"[^\W\d_]{2,}", lambda m: m.group() if m.group().casefold() in _PLAIN_WORDS else "…", text))


_PLAIN_WORDS = {*MONTHS, *(word for phrase in (*NULL_WORDS, *WAITING_WORDS) for word in phrase.split())}
_PLAIN_WORDS |= {
    "wib",
    "wita",
    "wit",
    "utc",
    "pukul",
    "jam",
    "value",
    "ref",
    "div",
    "name",
    "rp",
    "juta",
    "hari",
    "days",
}


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


_PROFILE = f"""
    SELECT coalesce(sum(n), 0),
        sum(n) FILTER (is_empty),
        sum(n) FILTER (NOT is_empty AND is_zero),
        sum(n) FILTER (triple),
        sum(n) FILTER (triple AND n1 > 12),
        sum(n) FILTER (triple AND n2 > 12),
        sum(n) FILTER (timed),
        list(DISTINCT zone) FILTER (timed OR zone <> ''),
        min(v, 3) FILTER (triple AND n1 <= 12 AND n2 <= 12 AND n1 <> n2),
        min(v) FILTER (triple AND n1 > 12),
        min(v) FILTER (triple AND n2 > 12),
        [{", ".join(f"sum(n) FILTER (year(try_strptime(v, '{form}')) >= 1900)" for form in _FAST)}],
        sum(n) FILTER (triple AND year_digits = 2),
        sum(n) FILTER (listed AND NOT is_empty),
        count(*) FILTER (iso), count(*) FILTER (iso AND n3 > 12), count(*) FILTER (triple),
        list(DISTINCT n2) FILTER (iso), list(DISTINCT n3) FILTER (iso),
        list(DISTINCT CASE WHEN n1 > 12 THEN n2 ELSE n1 END) FILTER (triple)
    FROM (
        SELECT v, n, {_EMPTY} AS is_empty, {_ZEROS} AS is_zero,
            NOT {_EMPTY} AND NOT {_ZEROS} AND regexp_matches(asn_part, '{_TRIPLE}') AS triple,
            NOT {_EMPTY} AND NOT {_ZEROS} AND asn_part NOT IN ({_texts([d.isoformat() for d in PLACEHOLDERS])})
                AND regexp_matches(asn_part, '{_ISO}') AS iso,
            {is_list(_BARE, "asn_bare")} AS listed,
            TRY_CAST(asn_numbers[1] AS INTEGER) AS n1, TRY_CAST(asn_numbers[2] AS INTEGER) AS n2,
            TRY_CAST(asn_numbers[3] AS INTEGER) AS n3, length(asn_numbers[3]) AS year_digits,
            NOT {_EMPTY} AND {_HAS_TIME} AND NOT regexp_matches(asn_bare, '{_MIDNIGHT}') AS timed,
            CASE WHEN {_HAS_TIME} THEN regexp_extract(asn_bare, ' ?{_ZONE}$', 1) ELSE '' END AS zone
        FROM texts)"""


@dataclass(frozen=True, eq=False)
class _Profile:
    rows: int
    empty: int
    zero: int
    triples: int
    first_over_12: int
    second_over_12: int
    timed: int
    zones: tuple[str, ...]
    either_way: tuple[str, ...]
    day_first: str | None
    month_first: str | None
    fast: tuple[int, ...]
    two_digits: int
    listed: int
    mixture: Mixture


def _profile(relation: duckdb.DuckDBPyRelation, quoted: str, *, lists: bool) -> _Profile:
    distinct = relation.aggregate(f"{quoted} AS v, count(*) AS n")
    result = _parts(distinct, "v", lists=lists).query("texts", _PROFILE)
    assert result is not None  # None is for statements that return no rows
    row = result.fetchall()[0]
    rows, empty, zero, triples, first_over_12, second_over_12, timed = (int(v or 0) for v in row[:7])
    examples = tuple(masked(str(v)) for v in row[8] or ())
    fast = tuple(int(v or 0) for v in row[11])
    return _Profile(
        rows=rows,
        empty=empty,
        zero=zero,
        triples=triples,
        first_over_12=first_over_12,
        second_over_12=second_over_12,
        timed=timed,
        zones=tuple(sorted(row[7] or ())),
        either_way=examples,
        day_first=row[9],
        month_first=row[10],
        fast=fast,
        two_digits=int(row[12] or 0),
        listed=int(row[13] or 0) if lists else 0,
        mixture=Mixture(
            made=int(row[14]),
            made_over_12=int(row[15]),
            texts=int(row[16]),
            either=int(row[8] is not None),
            months=frozenset(row[17] or ()),
            days=frozenset(row[18] or ()),
            text_months=frozenset(row[19] or ()),
        ),
    )


def _order(profile: _Profile, name: str, setting: str | None) -> str:
    """Day or month first, from the whole column; an error when nothing tells."""
    if setting in {"day-first", "month-first"}:
        return str(setting)
    day, month = profile.first_over_12, profile.second_over_12
    if day and month:
        one, other = masked(str(profile.day_first)), masked(str(profile.month_first))
        raise InputError(
            Message("intake.dates.two_orders", field=name, day_first=one, month_first=other, n_day=day, n_month=month)
        )
    if not day and not month and profile.either_way:
        raise InputError(Message("intake.dates.either_order", field=name, examples=profile.either_way))
    return "month-first" if month else "day-first"


def _zone(written: str) -> str:
    """Return one name for a zone however it is written: ``wib`` is ``+07:00``, ``z`` is ``UTC``."""
    if written in ("utc", "gmt", "z"):
        return "UTC"
    known = {"": "none", "wib": "+07:00", "wita": "+08:00", "wit": "+09:00"}
    if written in known:
        return known[written]
    digits = written[1:].replace(":", "").ljust(4, "0")
    return "UTC" if digits == "0000" else f"{written[0]}{digits[:2]}:{digits[2:]}"


def _told_zones(profile: _Profile, name: str, zone: str | None) -> tuple[tuple[str, ...], str | None, list[Message]]:
    """Return the zone of the times of a column (none or one), that to which they must be moved, and what is said.

    Times in one zone of Indonesia have the day they show, unless a zone is declared. Others, and several, are moved.
    """
    every = sorted({_zone(z) for z in profile.zones})
    written = [z for z in every if z != "none"]
    target = zone_name(zone)
    here = [z for z in written if z in _OF_INDONESIA]
    if not written or (len(every) == 1 and (same_offset(written[0], target) or (zone is None and here))):
        return tuple(written), None, []
    if zone is None and len(every) > 1 and (here or "none" in every):
        raise InputError(Message("intake.dates.mixed_zones", field=name, zones=every))
    note = Alert if zone is None else Message
    return (
        (f"+{offset_of(target) // 60:02d}:00",),
        target,
        [note("intake.dates.moved", field=name, zones=written, zone=target)],
    )


_OF_INDONESIA = ("+07:00", "+08:00", "+09:00")


def _told_swap(profile: _Profile, name: str, setting: str | None) -> tuple[bool, list[Message]]:
    """Return whether day and month of the dates made by a spreadsheet are swapped, and what is said of it."""
    verdict, n = profile.mixture.verdict(), profile.mixture.made
    counts = {"n": n, "texts": profile.mixture.texts}
    if setting == "swapped" or verdict == "swapped":
        return True, [Alert("intake.dates.swapped", field=name, **counts)]
    if setting is None and verdict == "suspect":
        raise InputError(Message("intake.dates.maybe_swapped", field=name, **counts))
    return False, [
        Alert("intake.dates.thin_swap", field=name, **counts)
    ] if setting is None and verdict == "thin" else []


def read_dates(
    relation: duckdb.DuckDBPyRelation,
    column: str,
    *,
    name: str,
    order: str | None = None,
    zone: str | None = None,
) -> DateReading:
    """Return how a text column of a DuckDB relation is read as dates, decided from all of its values.

    One aggregate query looks at the whole column (over its distinct values); nothing is read row by row.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        Rows with the text column.
    column : str
        Its name in the relation.
    name : str
        Its name in messages, and in the setting that decides.
    order : {"day-first", "month-first", "swapped"}, optional
        Settles the order of day and month. Without it a value above 12 must settle it. ``"swapped"``: a spreadsheet has
        swapped day and month of the dates it made, and the texts it left tell their order.
    zone : str, optional
        Zone in which a time has its day: ``"Asia/Makassar"``.

    Raises
    ------
    InputError
        When the order cannot be told, when two orders or two time zones are mixed, when a spreadsheet may have swapped
        day and month.

    Examples
    --------
    >>> import duckdb
    >>> read_dates(duckdb.sql("SELECT '17 Agustus 2023' AS d"), "d", name="received").order
    'day-first'
    """
    profile = _profile(relation, _name(column), lists=column in LISTED_FIELDS)
    decision = _order(profile, name, order)
    present = profile.rows - profile.empty - profile.zero
    telling = profile.first_over_12 + profile.second_over_12
    either = profile.triples - telling
    thin = either if order is None and telling < min(FEW_TELLING, either) else 0
    zones, moved, of_zones = _told_zones(profile, name, zone)
    swapped, of_swap = _told_swap(profile, name, order)
    notes = [_order_note(name, decision, None if order else telling)] if profile.triples else []
    notes += [Message("intake.dates.two_digits", field=name, n=profile.two_digits)] if profile.two_digits else []
    notes += [Message("intake.dates.listed", field=name, n=profile.listed)] if profile.listed else []
    return DateReading(
        column,
        decision,
        None if swapped else _one_form(profile.fast, decision, present),
        present,
        profile.timed,
        thin,
        (*notes, *of_zones, *of_swap),
        zones,
        profile.zero,
        moved or (None if zone is None else zone_name(zone)),
        swapped,
    )


def _order_note(name: str, order: str, telling: int | None) -> Message:
    word = Message(f"intake.dates.order.{order}")
    if telling is None:
        return Message("intake.dates.order_asked", field=name, order=word)
    return Message("intake.dates.order_told", field=name, order=word, n=telling)


def _one_form(fast: tuple[int, ...], order: str, present: int) -> str | None:
    """Return the format that fits every value, if there is one."""
    fitting = (
        form
        for (form, needs), hits in zip(_FAST.items(), fast, strict=True)
        if hits == present and needs in (None, order)
    )
    return next(fitting, None)


def parse_dates(
    values: Sequence[str | None], *, name: str = "date", order: Order | None = None, zone: str | None = None
) -> pd.Series:
    """Return the dates of a column of texts, in the order given; missing for empty words and placeholders.

    Parameters
    ----------
    values : sequence of str or None
        The whole column, because the whole column decides whether day or month comes first.
    name : str
        Name of the column in messages.
    order : {"day-first", "month-first", "swapped"}, optional
        Settles the order when the values cannot.
    zone : str, optional
        Zone in which a time has its day.

    Returns
    -------
    pandas.Series
        ``datetime64[s]``, one value for each text.

    Raises
    ------
    InputError
        For a column that can be read in two ways, and for texts that are no date of the calendar.

    Examples
    --------
    >>> parse_dates(["Kamis, 17 Agustus 2023", "1-Nop-23", "-"]).dt.strftime("%Y-%m-%d").tolist()[:2]
    ['2023-08-17', '2023-11-01']
    """
    table = pa.table({"i": pa.array(range(len(values)), pa.int64()), "v": pa.array(list(values), pa.string())})
    relation = from_arrow(table)
    reading = read_dates(relation, "v", name=name, order=order, zone=zone)
    with_dates = dated(relation.project("*, v AS t"), reading)
    rows = with_dates.project(f"i, v, {'asn_v_bad' if reading.form is None else 'false'}, t").order("i").fetchall()
    wrong = [str(v) for _, _, bad, v in rows if bad]
    if wrong:
        examples = [repr(sketched(v)) for v in wrong[:3]]
        raise InputError(Message("intake.dates.no_dates", field=name, n=len(wrong), all=len(rows), examples=examples))
    empty = set(PLACEHOLDERS)
    dates = [None if d is None or d in empty else d.isoformat() for _, d, _, _ in rows]
    return pd.Series(pd.array(dates, dtype="datetime64[s]"), name=name)


_MONEY = re.compile(r"^(rp\.?\s*)?|(,-|,--)$", re.IGNORECASE)
_SCALES = {"ribu": 1e3, "rb": 1e3, "juta": 1e6, "jt": 1e6, "miliar": 1e9, "milyar": 1e9, "triliun": 1e12}
_NUMBER = re.compile(r"^-?[\d.,]*\d[\d.,]*$")


def _bare(text: str) -> tuple[str, float]:
    """Digits and separators of a number text, and what they are multiplied with."""
    bare = text.replace("\xa0", " ").replace("\u2212", "-").strip().lstrip("'").casefold()
    bare = _MONEY.sub("", bare).strip()
    scale = 1.0
    if bare.endswith("%"):
        bare, scale = bare[:-1].strip(), 0.01
    for word, factor in _SCALES.items():
        if bare.endswith(" " + word):
            bare, scale = bare.removesuffix(word).strip(), factor
            break
    return bare.replace(" ", ""), scale


def _number_evidence(bare: str) -> NumberStyle | None:
    """Tell what one number says about its column: which of dot and comma ends the whole part, or nothing."""
    dots, commas = bare.count("."), bare.count(",")
    if dots and commas:
        return "1.234,56" if bare.rfind(",") > bare.rfind(".") else "1,234.56"
    if dots > 1:
        return "1.234,56"
    if commas > 1:
        return "1,234.56"
    mark = "." if dots else ","
    whole, _, rest = bare.lstrip("-").partition(mark)
    thousands = len(rest) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    if not (dots or commas) or thousands:
        return None
    return "1,234.56" if dots else "1.234,56"


def _number_style(bares: Sequence[str], name: str, style: NumberStyle | None) -> NumberStyle:
    evidence = {e: b for b in bares if (e := _number_evidence(b)) is not None}
    if style is not None:
        return style
    if len(evidence) == 2:
        examples = [repr(masked(b)) for b in evidence.values()]
        raise InputError(Message("intake.numbers.mixed", field=name, examples=examples))
    if evidence:
        return next(iter(evidence))
    unclear = [b for b in bares if "." in b or "," in b]
    if unclear:
        examples = [repr(masked(b)) for b in list(dict.fromkeys(unclear))[:3]]
        raise InputError(Message("intake.numbers.either_way", field=name, examples=examples))
    return "1.234,56"


def parse_numbers(values: Sequence[str | None], *, name: str = "number", style: NumberStyle | None = None) -> pd.Series:
    """Return the numbers of a column of texts; missing for empty words. The column decides what ``1.234`` means.

    ``Rp2.785.700,00``, ``Rp. 2.785.700,-``, ``2,7 juta`` and ``88,31%`` (0.8831) are known.

    Parameters
    ----------
    values : sequence of str or None
        The whole column.
    name : str
        Name of the column in messages.
    style : {"1.234,56", "1,234.56"}, optional
        Settles the separators when the values cannot.

    Returns
    -------
    pandas.Series
        Floats, one for each text.

    Raises
    ------
    InputError
        For a column that can be read in two ways, mixes both, or holds texts that are no number.

    Examples
    --------
    >>> parse_numbers(["Rp2.785.700,00", "1.234", "-"]).tolist()[:2]
    [2785700.0, 1234.0]
    """
    empty = set(NULL_WORDS) - {"0"}
    parts = [None if v is None or str(v).strip().casefold() in empty else _bare(str(v)) for v in values]
    present = [p[0] for p in parts if p is not None]
    wrong = [b for b in present if not _NUMBER.match(b)]
    if wrong:
        examples = [repr(sketched(b)) for b in wrong[:3]]
        raise InputError(
            Message("intake.numbers.no_numbers", field=name, n=len(wrong), all=len(parts), examples=examples)
        )
    thousands, decimal = (".", ",") if _number_style(present, name, style) == "1.234,56" else (",", ".")
    numbers = [
        float("nan") if p is None else float(p[0].replace(thousands, "").replace(decimal, ".")) * p[1] for p in parts
    ]
    return pd.Series(numbers, name=name, dtype="float64")
