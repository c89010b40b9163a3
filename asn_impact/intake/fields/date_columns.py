"""A column of texts -> how its dates are read.

The *column* decides, never the cell: ``03/04/2024`` can be read in two ways; the other values of the column say which,
or the reader is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

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
    last_days,
    listed_texts,
    split_parts,
)
from asn_impact.intake.fields.dates import DateReading, dated
from asn_impact.intake.fields.sketched import examples_of
from asn_impact.intake.fields.swapped import without_swap
from asn_impact.intake.fields.zones import offset_of, same_offset, zone_name
from asn_impact.intake.formats.engine import from_arrow, identifier, quote
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

Order: TypeAlias = Literal["day-first", "month-first", "swapped", "kept"]

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


_TIMED = 2  # a time of day that is not midnight

#: What is asked of each text, and then of all texts that are alike in it.
_SHAPE = f"""*,
    CASE WHEN {EMPTY} THEN 'empty' WHEN {ZEROS} THEN 'zero' WHEN regexp_matches(asn_part, '{TRIPLE}') THEN 'triple'
        WHEN asn_part IN ({listed_texts([d.isoformat() for d in PLACEHOLDERS])}) THEN 'other'
        WHEN regexp_matches(asn_part, '{ISO}') THEN 'iso' ELSE 'other' END AS shape,
    CASE WHEN {EMPTY} OR NOT {HAS_TIME} THEN 0
        WHEN regexp_matches(asn_bare, '{MIDNIGHT}') THEN 1 ELSE {_TIMED} END AS clock"""
_ALIKE = f"""asn_column, shape, clock,
    CASE WHEN clock > 0 THEN regexp_extract(asn_bare, ' ?{ZONE}$', 1) ELSE '' END AS zone,
    CASE WHEN shape = 'triple' THEN TRY_CAST(asn_numbers[1] AS INTEGER) END AS n1,
    CASE WHEN shape = 'triple' THEN TRY_CAST(asn_numbers[2] AS INTEGER) END AS n2,
    CASE WHEN shape = 'triple' THEN length(asn_numbers[3]) END AS digits,
    sum(n) AS asn_n, min(v, 3) AS asn_first,
    [{", ".join(f"year(try_strptime(v, '{form}')) >= 1900" for form in _FAST)}] AS asn_fast"""


class _Alike(NamedTuple):
    """Texts of one shape with the same numbers: their rows, the first three, and which common formats fit them."""

    shape: str
    clock: int
    zone: str
    n1: int
    n2: int
    digits: int
    rows: int
    first: list[str]
    fast: list[bool | None]


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
    made: int


class Seen(NamedTuple):
    """What was seen in a column of texts: its profile, and the texts that are ranges or lists of days."""

    profile: _Profile
    lists: Mapping[str, tuple[Days, int]]


def see_dates(relation: duckdb.DuckDBPyRelation, columns: Sequence[str]) -> dict[str, Seen]:
    """Return what is seen in columns of texts, from one query over the distinct values of all of them."""
    lists = {c: _read_lists(relation, identifier(c)) if c in LISTED_FIELDS else {} for c in columns}
    names, cells = (", ".join(map(write, columns)) for write in (quote, identifier))
    whens = [f"WHEN {quote(c)} THEN {last_days('v', _last_days(found))}" for c, found in lists.items() if found]
    text = f"CASE asn_column {' '.join(whens)} ELSE v END" if whens else "v"
    texts = relation.project(f"unnest([{names}]) AS asn_column, unnest([{cells}]) AS v")
    every = texts.aggregate(f"asn_column, v, count(*) AS n, {text} AS asn_text")
    rows = split_parts(every, "asn_text").project(_SHAPE).aggregate(_ALIKE).fetchall()
    return {c: Seen(_profile([_Alike(*row[1:]) for row in rows if row[0] == c]), lists[c]) for c in columns}


def _last_days(found: Mapping[str, tuple[Days, int]]) -> dict[str, str]:
    return {text: days.last for text, (days, _) in found.items()}


def _profile(groups: Sequence[_Alike]) -> _Profile:
    triples = [g for g in groups if g.shape == "triple"]
    day_first, month_first = [g for g in triples if g.n1 > 12], [g for g in triples if g.n2 > 12]
    either = [g for g in triples if g.n1 <= 12 and g.n2 <= 12 and g.n1 != g.n2]
    return _Profile(
        rows=_rows(groups),
        empty=_rows(g for g in groups if g.shape == "empty"),
        zero=_rows(g for g in groups if g.shape == "zero"),
        triples=_rows(triples),
        first_over_12=_rows(day_first),
        second_over_12=_rows(month_first),
        timed=_rows(g for g in groups if g.clock == _TIMED),
        stamped=_rows(g for g in groups if g.clock),
        zones=tuple(sorted({g.zone for g in groups if g.clock == _TIMED or g.zone})),
        either_way=tuple(masked(text) for text in _first(either)[:3]),
        day_first=next(iter(_first(day_first)), None),
        month_first=next(iter(_first(month_first)), None),
        fast=tuple(_rows(g for g in groups if g.fast[i]) for i in range(len(_FAST))),
        two_digits=_rows(g for g in triples if g.digits == 2),
        alike=_rows(g for g in triples if g.n1 == g.n2),
        made=_rows(g for g in groups if g.shape == "iso"),
    )


def _rows(groups: Iterable[_Alike]) -> int:
    return sum(g.rows for g in groups)


def _first(groups: Sequence[_Alike]) -> list[str]:
    return sorted(text for g in groups for text in g.first)


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


def read_dates(
    relation: duckdb.DuckDBPyRelation,
    column: str,
    *,
    name: str,
    order: str | None = None,
    zone: str | None = None,
    seen: Seen | None = None,
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
    order : {"day-first", "month-first", "swapped", "kept"}, optional
        Settles the order of day and month. Without it a value above 12 must settle it. ``"swapped"``: a spreadsheet has
        swapped day and month of the dates it made, in the files that show it; the texts it left tell their order.
        ``"kept"``: it has not, and texts tell their order.
    zone : str, optional
        Zone in which a time has its day: ``"Asia/Makassar"``.
    seen : Seen, optional
        What `see_dates` returned for the column, where several were asked about at once.

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
    seen = seen or see_dates(relation, [column])[column]
    reading = read_order(column, seen, name=name, order=order, zone=zone)
    return without_swap(relation, reading, order, name=name) if may_be_swapped(seen, order) else reading


def may_be_swapped(seen: Seen, setting: str | None) -> bool:
    """Return whether a spreadsheet may have made some dates of a column and left others as texts."""
    return setting == "swapped" or bool(seen.profile.made and seen.profile.triples)


def read_order(column: str, seen: Seen, *, name: str, order: str | None, zone: str | None) -> DateReading:
    """Return how a column is read if no spreadsheet has swapped day and month; as `read_dates`."""
    profile, found = seen
    listed = sum(n for _, n in found.values())
    decision = _order(profile, name, order)
    _refuse_backwards(found, decision, name)
    present = profile.rows - profile.empty - profile.zero
    telling = profile.first_over_12 + profile.second_over_12
    either = profile.triples - telling - profile.alike
    thin = either if order in (None, "kept") and telling < min(FEW_TELLING, either) else 0
    zones, moved, of_zones = _told_zones(profile, name, zone)
    notes = [_order_note(name, decision, None if order == decision else telling)] if profile.triples else []
    notes += [Message("intake.dates.two_digits", field=name, n=profile.two_digits)] if profile.two_digits else []
    notes += [Message("intake.dates.listed", field=name, n=listed)] if listed else []
    return DateReading(
        column,
        decision,
        _one_form(profile.fast, decision, present),
        present,
        profile.timed,
        thin,
        (*notes, *of_zones),
        zones,
        profile.zero,
        moved or (None if zone is None else zone_name(zone)),
        lists=_last_days(found),
        stamped=profile.stamped,
    )


def _read_lists(relation: duckdb.DuckDBPyRelation, quoted: str) -> dict[str, tuple[Days, int]]:
    """Return the texts that are ranges or lists of days: the days, and how many rows have them."""
    texts = relation.aggregate(f"{quoted} AS v, count(*) AS n").order("v").fetchall()
    found = {text: (days_of(text), n) for text, n in texts if text is not None}
    return {text: (days, n) for text, (days, n) in found.items() if days is not None}


def _refuse_backwards(found: Mapping[str, tuple[Days, int]], order: str, name: str) -> None:
    wrong = [text for text, (days, _) in found.items() if order in days.backwards]
    if wrong:
        raise InputError(Message("intake.dates.backwards", field=name, n=len(wrong), examples=examples_of(wrong)))


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
        counts = {"n": len(wrong), "all": len(rows)}
        raise InputError(Message("intake.dates.no_dates", field=name, examples=examples_of(wrong), **counts))
    empty = set(PLACEHOLDERS)
    dates = [None if d is None or d in empty else d.isoformat() for _, d, _, _ in rows]
    return pd.Series(pd.array(dates, dtype="datetime64[s]"), name=name)
