"""One text -> a date, in every shape that Indonesian offices and their systems write, once its order is settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.date_shapes import (
    BASIC,
    EMPTY,
    EPOCH,
    HAS_TIME,
    HOUR,
    ISO,
    PLACEHOLDERS,
    SERIAL,
    STAGES,
    TRIPLE,
    WORD,
    ZEROS,
    ZONE,
    split_parts,
)
from asn_impact.intake.fields.zones import offset_of, zone_name
from asn_impact.intake.formats.engine import identifier
from asn_impact.starts import MONTH_WORDS
from asn_impact.words import Message

_SERIAL_EPOCH = "DATE '1899-12-30'"  # day 0 of the 1900 system once its false 29 February 1900 is behind


@dataclass(frozen=True, eq=False)
class DateReading:
    """How one column of texts becomes dates, and what was seen on the way; `dated` carries it out.

    ``form`` is the one format that fits every value, or None when several shapes are mixed. ``rows`` counts
    the values that are there, ``timed`` those with a time of day, ``stamped`` those and the midnights, ``thin``
    those that fit both orders when hardly any value tells them apart, ``zones`` the time zone of the times, where
    one is written, ``zeros``
    counts placeholders for no date. ``zone`` is that in which a moment has its day, where texts are to be moved to it;
    ``swapped`` are the tables in which a spreadsheet has swapped day and month of the dates it made. ``lists`` has the
    last day of each text that is a range or list of days. ``turned`` are the tables in which day and month stand the
    other way.
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
    swapped: frozenset[int] = frozenset()
    lists: Mapping[str, str] = field(default_factory=dict)
    stamped: int = 0
    turned: frozenset[int] = frozenset()


def _word_date() -> str:
    """Write SQL for ``17 agustus 2023``, ``17-agt-23``, ``17-viii-2023``, ``2023 agustus 17``, ``august 17, 2023``."""
    months = ", ".join(f"'{word}': {number}" for word, number in MONTH_WORDS.items())
    month = f"(MAP {{{months}}})[regexp_extract(asn_part, '[a-z]+')]"
    first_is_year = "length(asn_numbers[1]) = 4"
    year = f"CASE WHEN {first_is_year} THEN asn_numbers[1] ELSE asn_numbers[2] END"
    day = f"CASE WHEN {first_is_year} THEN asn_numbers[2] ELSE asn_numbers[1] END"
    century = f"CASE WHEN length({year}) = 4 THEN '' WHEN ({year}) < '69' THEN '20' ELSE '19' END"
    return f"TRY_CAST(({century}) || ({year}) || '-' || {month} || '-' || ({day}) AS DATE)"


def _any_date(reading: DateReading) -> str:
    """Write SQL for a date in any of the shapes this module knows, with the order of day and month settled."""
    if reading.turned:
        other = "day-first" if reading.order == "month-first" else "month-first"
        ways = [_any_date(replace(reading, order=order, turned=frozenset())) for order in (other, reading.order)]
        return f"CASE WHEN {_in_tables(reading.turned)} THEN {ways[0]} ELSE {ways[1]} END"
    dashed = "translate(asn_part, '/. ', '---')"
    front = "%m-%d-" if reading.order == "month-first" else "%d-%m-"
    iso = f"try_strptime({dashed}, '%Y-%m-%d')"
    if reading.swapped:
        iso = f"CASE WHEN {_in_tables(reading.swapped)} THEN try_strptime({dashed}, '%Y-%d-%m') ELSE {iso} END"
    number = "CAST(floor(TRY_CAST(replace(asn_part, ',', '.') AS DOUBLE)) AS INTEGER)"
    basic = f"try_strptime(lpad(asn_part, 8, '0'), '{front.replace('-', '')}%Y')"
    whole = "TRY_CAST(regexp_extract(asn_part, '^[0-9]+') AS BIGINT)"
    seconds = f"CASE WHEN {whole} > 99999999999 THEN {whole} // 1000 ELSE {whole} END"
    ahead = 60 * offset_of(reading.zone or zone_name(None))
    found = f"""CASE
        WHEN {EMPTY} OR {ZEROS} THEN NULL
        WHEN regexp_matches(asn_part, '{ISO}') THEN CAST({iso} AS DATE)
        WHEN regexp_matches(asn_part, '{TRIPLE}') THEN CAST(CASE WHEN length(asn_numbers[3]) = 2
            THEN try_strptime({dashed}, '{front}%y') ELSE try_strptime({dashed}, '{front}%Y') END AS DATE)
        WHEN regexp_matches(asn_part, '{BASIC}') THEN CAST(CASE WHEN regexp_matches(asn_part, '^(19|20)[0-9]{{6}}$')
            THEN coalesce(try_strptime(asn_part, '%Y%m%d'), {basic}) ELSE {basic} END AS DATE)
        WHEN regexp_matches(asn_part, '{EPOCH}') THEN
            CASE WHEN ({seconds}) BETWEEN 300000000 AND 4200000000
            THEN DATE '1970-01-01' + CAST((({seconds}) + {ahead}) // 86400 AS INTEGER) END
        WHEN regexp_matches(asn_part, '{SERIAL}') THEN
            CASE WHEN {number} BETWEEN 20000 AND 80000 THEN {_SERIAL_EPOCH} + {number} END
        WHEN regexp_matches(asn_part, '{WORD}') THEN {_word_date()}
        ELSE NULL END"""
    return f"({found})" if reading.zone is None else f"(({found}) + {_days_away(reading.zone)})"


def _in_tables(tables: Iterable[int]) -> str:
    return f"{FILE} IN ({', '.join(map(str, sorted(tables)))})"


def _days_away(zone: str) -> str:
    """Write SQL for the days between the day written and that in a zone; 0 for a text without time or zone."""
    hour = f"CAST(regexp_extract(asn_bare, '{HOUR}', 1) AS INTEGER)"
    half = f"regexp_extract(asn_bare, '{HOUR}', 6)"
    hours = f"CASE {half} WHEN 'pm' THEN {hour} % 12 + 12 WHEN 'am' THEN {hour} % 12 ELSE {hour} END"
    minutes = f"60 * ({hours}) + CAST(regexp_extract(asn_bare, '{HOUR}', 2) AS INTEGER)"
    written = f"regexp_extract(asn_bare, ' ?{ZONE}$', 1)"
    digits = f"rpad(replace({written}[2:], ':', ''), 4, '0')"
    of_digits = f"60 * CAST({digits}[1:2] AS INTEGER) + CAST({digits}[3:4] AS INTEGER)"
    ahead = f"""CASE WHEN {written} IN ('z', 'utc', 'gmt') THEN 0 WHEN {written} = 'wib' THEN 420
        WHEN {written} = 'wita' THEN 480 WHEN {written} = 'wit' THEN 540
        ELSE CASE WHEN {written}[1] = '-' THEN -1 ELSE 1 END * ({of_digits}) END"""
    away = f"CAST(floor(({minutes} - ({ahead}) + {offset_of(zone)}) / 1440.0) AS INTEGER)"
    return f"CASE WHEN {HAS_TIME} AND {written} <> '' THEN {away} ELSE 0 END"


def dated(relation: duckdb.DuckDBPyRelation, reading: DateReading) -> duckdb.DuckDBPyRelation:
    """Return the relation with the text column as dates, and ``asn_<column>_bad``: a text that is no date.

    A column of one format gets no such column: every value was seen to fit.
    """
    quoted = identifier(reading.column)
    if reading.form is not None:
        return relation.project(f"* REPLACE (CAST(try_strptime({quoted}, '{reading.form}') AS DATE) AS {quoted})")
    of_one = FILE not in relation.columns  # one table needs no number
    rows = split_parts(relation.project(f"*, 0 AS {FILE}") if of_one else relation, quoted, reading.lists)
    rows = rows.project(f"* REPLACE ({_any_date(reading)} AS {quoted})")
    if reading.column not in _OF_CASES:
        rows = rows.project(f"* REPLACE (CASE WHEN {_long_ago(quoted)} THEN NULL ELSE {quoted} END AS {quoted})")
    bad = f"(NOT {EMPTY} AND NOT {ZEROS} AND {quoted} IS NULL) AS asn_{reading.column}_bad"
    return rows.project(f"* EXCLUDE ({', '.join((*STAGES, *([FILE] if of_one else [])))}), {bad}")


_OF_CASES = {"received", "decided", "promised", "step_start", "step_end"}  # theirs are dropped by the wait they make


def _long_ago(quoted: str) -> str:
    """Write SQL for a date of a year that nobody means (0024), and that no system stores for "no date"."""
    known = ", ".join(f"DATE '{day.isoformat()}'" for day in PLACEHOLDERS)
    return f"({quoted} < DATE '1900-01-01' AND {quoted} NOT IN ({known}))"
