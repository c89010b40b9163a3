"""A column of texts -> how its dates are read.

The *column* decides, never the cell: ``03/04/2024`` can be read in two ways; the other values of the column say which,
or the reader is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from asn_impact.errors import InputError
from asn_impact.intake.fields.date_lists import LISTED_FIELDS, Days, days_of
from asn_impact.intake.fields.date_shapes import (
    EMPTY,
    HAS_TIME,
    ISO,
    MIDNIGHT,
    PLACEHOLDERS,
    TRIPLE,
    ZEROS,
    ZONE,
    listed_texts,
    quoted_name,
    split_parts,
)
from asn_impact.intake.fields.dates import DateReading, dated
from asn_impact.intake.fields.sketched import sketched
from asn_impact.intake.fields.swapped import Mixture
from asn_impact.intake.fields.zones import offset_of, same_offset, zone_name
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

__all__ = ["Order", "parse_dates", "read_dates"]

Order: TypeAlias = Literal["day-first", "month-first", "swapped"]

FEW_TELLING = 10  # values above 12: fewer than this, and a minority, is thin evidence worth a warning

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
        count(*) FILTER (iso), count(*) FILTER (iso AND n3 > 12), count(*) FILTER (triple),
        list(DISTINCT n2) FILTER (iso), list(DISTINCT n3) FILTER (iso),
        list(DISTINCT CASE WHEN n1 > 12 THEN n2 ELSE n1 END) FILTER (triple),
        sum(n) FILTER (triple AND n1 = n2),
        sum(n) FILTER (stamped)
    FROM (
        SELECT v, n, {EMPTY} AS is_empty, {ZEROS} AS is_zero,
            NOT {EMPTY} AND NOT {ZEROS} AND regexp_matches(asn_part, '{TRIPLE}') AS triple,
            NOT {EMPTY} AND NOT {ZEROS} AND asn_part NOT IN ({listed_texts([d.isoformat() for d in PLACEHOLDERS])})
                AND regexp_matches(asn_part, '{ISO}') AS iso,
            TRY_CAST(asn_numbers[1] AS INTEGER) AS n1, TRY_CAST(asn_numbers[2] AS INTEGER) AS n2,
            TRY_CAST(asn_numbers[3] AS INTEGER) AS n3, length(asn_numbers[3]) AS year_digits,
            NOT {EMPTY} AND {HAS_TIME} AS stamped,
            stamped AND NOT regexp_matches(asn_bare, '{MIDNIGHT}') AS timed,
            CASE WHEN {HAS_TIME} THEN regexp_extract(asn_bare, ' ?{ZONE}$', 1) ELSE '' END AS zone
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
    stamped: int
    zones: tuple[str, ...]
    either_way: tuple[str, ...]
    day_first: str | None
    month_first: str | None
    fast: tuple[int, ...]
    two_digits: int
    alike: int
    mixture: Mixture


def _profile(relation: duckdb.DuckDBPyRelation, quoted: str, lists: Mapping[str, str]) -> _Profile:
    distinct = relation.aggregate(f"{quoted} AS v, count(*) AS n")
    result = split_parts(distinct, "v", lists).query("texts", _PROFILE)
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
        stamped=int(row[-1] or 0),
        zones=tuple(sorted(row[7] or ())),
        either_way=examples,
        day_first=row[9],
        month_first=row[10],
        fast=fast,
        two_digits=int(row[12] or 0),
        alike=int(row[19] or 0),
        mixture=Mixture(
            made=int(row[13]),
            made_over_12=int(row[14]),
            texts=int(row[15]),
            either=int(row[8] is not None),
            months=frozenset(row[16] or ()),
            days=frozenset(row[17] or ()),
            text_months=frozenset(row[18] or ()),
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

    Times in one zone of Indonesia have the day they show, unless a zone is declared; so have those beside them without
    a zone: one office has one clock, and some cells lack its name. Others, and several, are moved.
    """
    every = sorted({_zone(z) for z in profile.zones})
    written = [z for z in every if z != "none"]
    target = zone_name(zone)
    here = [z for z in written if z in _OF_INDONESIA]
    if not written or (len(every) == 1 and (same_offset(written[0], target) or (zone is None and here))):
        return tuple(written), None, []
    if zone is None and len(written) == 1 and here:
        return tuple(written), None, [Message("intake.dates.one_zone", field=name, zone=written[0])]
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
    found = _read_lists(relation, quoted_name(column)) if column in LISTED_FIELDS else {}
    lists = {text: days.last for text, (days, _) in found.items()}
    listed = sum(n for _, n in found.values())
    profile = _profile(relation, quoted_name(column), lists)
    decision = _order(profile, name, order)
    _refuse_backwards(found, decision, name)
    present = profile.rows - profile.empty - profile.zero
    telling = profile.first_over_12 + profile.second_over_12
    either = profile.triples - telling - profile.alike
    thin = either if order is None and telling < min(FEW_TELLING, either) else 0
    zones, moved, of_zones = _told_zones(profile, name, zone)
    swapped, of_swap = _told_swap(profile, name, order)
    notes = [_order_note(name, decision, None if order else telling)] if profile.triples else []
    notes += [Message("intake.dates.two_digits", field=name, n=profile.two_digits)] if profile.two_digits else []
    notes += [Message("intake.dates.listed", field=name, n=listed)] if listed else []
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
        lists,
        profile.stamped,
    )


def _read_lists(relation: duckdb.DuckDBPyRelation, quoted: str) -> dict[str, tuple[Days, int]]:
    """Return the texts that are ranges or lists of days: the days, and how many rows have them."""
    texts = relation.aggregate(f"{quoted} AS v, count(*) AS n").order("v").fetchall()
    found = {text: (days_of(text), n) for text, n in texts if text is not None}
    return {text: (days, n) for text, (days, n) in found.items() if days is not None}


def _refuse_backwards(found: Mapping[str, tuple[Days, int]], order: str, name: str) -> None:
    wrong = [text for text, (days, _) in found.items() if order in days.backwards]
    if wrong:
        examples = [repr(sketched(text)) for text in wrong[:3]]
        raise InputError(Message("intake.dates.backwards", field=name, n=len(wrong), examples=examples))


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
