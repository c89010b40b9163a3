"""Copies of one case: which rows are the same case, and which of them stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import narwhals as nw

from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import from_arrow, kept_typed
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

Frame: TypeAlias = "nw.LazyFrame[Any]"

PLACE, REASON, KEPT = "asn_place", "asn_reason", "kept"
SERIES: Final = "asn_series"
REPEATED, SUPERSEDED, CONTRADICTING = "repeated_copy", "open_copy", "contradicting_copies"
DAMAGED: Final = r"^\s*\d[.,]\d+[eE]\+?\d+\s*$"  # 1,23E+17: what a spreadsheet leaves of a long number
FEW: Final = 10  # contradicting rows below which nobody asks whether the numbers begin again
MOST_ASKED: Final = 2_000_000  # records, above which numbers are not compared across offices
LONG_NUMBER: Final = 6  # characters of a number that two offices do not both give, with one day, by chance
MOST_PAIRS: Final = 5  # pairs of offices that are asked about
AGAIN: Final = 0.1  # of the numbers that could come again do, where numbers begin again
LEFT: Final = 0.05  # share of the contradictions that may stay where a series of numbers explains the others


def one_row_a_case(records: Frame, *, few: bool = False) -> tuple[Frame, dict[str, int], tuple[Message, ...]]:
    """One row for each (office, case). Copies that agree become one; an open copy gives way to a decided one.

    Copies that name different received dates, decision dates or outcomes contradict each other: nobody knows
    which is right, so all of them are dropped. Numbers that begin again each year, each month or with each service
    are no copies: then the case is known by both. Only cases that come twice are judged, once; the others are read
    as they stand. Where the records are `few`, and held, what is found is held in memory too.
    """
    twice = _twice(records, few=few)
    if twice is None:
        return records, {}, ()
    if records.implementation.is_pyarrow():  # its joins have no order
        once, fates, notes = one_row_a_case(in_duckdb(records), few=True)
        return once.collect().lazy(), fates, notes
    doubled, copies = twice
    judged, counts, notes = _told_apart(copies, records, few=few)
    schema, found = records.collect_schema(), judged.collect_schema()
    others = [c for c in schema if c not in ("office", "case")]
    single = held(
        judged.filter(nw.col(REASON) == KEPT)
        .group_by(*_keys(judged))
        .agg(*(nw.col(c).max() for c in others))
        .select(*(nw.col(c).cast(dtype) if found[c] != dtype else c for c, dtype in schema.items())),
        few=few,
    )
    single = _remembered(single)
    left = int(_one(single.select(n=nw.len()))["n"])
    fates = {REPEATED: counts.get(KEPT, 0) - left, **{k: counts.get(k, 0) for k in (SUPERSEDED, CONTRADICTING)}}
    once = nw.concat([_without(records, doubled), single], how="vertical")
    return held(once, few=True) if few else once, fates, notes


def copies_of(kept: Frame, *, few: bool = False) -> Frame:
    """Return the rows of `kept` that give way to another row of the same case, with the reason."""
    records = kept.drop(REASON)
    twice = _twice(records, few=few)
    if twice is None:
        return kept.filter(nw.col(REASON) != KEPT)
    copies, _, _ = _told_apart(twice[1], records, few=few)
    keys = _keys(copies)
    usable = copies.filter(nw.col(REASON) == KEPT)
    first = usable.group_by(*keys).agg(nw.col(FILE).min().alias("asn_first_file"))
    in_file = usable.group_by(*keys, FILE).agg(nw.col(PLACE).min().alias("asn_first_place"))
    rows = copies.join(first, on=keys, how="left").join(in_file, on=[*keys, FILE], how="left")
    again = (nw.col(FILE) > nw.col("asn_first_file")) | (nw.col(PLACE) > nw.col("asn_first_place"))
    fate = nw.when((nw.col(REASON) == KEPT) & again).then(nw.lit(REPEATED)).otherwise(nw.col(REASON))
    return rows.with_columns(fate.alias(REASON)).filter(nw.col(REASON) != KEPT)


def shared_numbers(
    records: Frame, n: int, labels: Collection[str], offices: Mapping[str, str] | None, *, regencies: bool = False
) -> list[Message]:
    """Ask about cases that may count twice: one number and day in two offices, or numbers that differ in signs only.

    `n` is the number of records, `labels` are their offices.
    Offices that number their cases by themselves share numbers too, but seldom with the day of receipt. Those of two
    `regencies`, whose name stands before that of the office, are never one; but a case may be listed in both.
    """
    if records.implementation.is_ibis() or n > MOST_ASKED:
        return []
    whole = records.filter(~nw.col("case").is_null() & ~nw.col("office").is_null())
    notes: list[Message] = []
    itself = {old for old, new in (offices or {}).items() if old == new}
    same, by_year = _pairs(whole, "received") if len(labels) > 1 else [], list[_Pair]()
    if regencies:
        same = [pair for pair in same if len(_regencies_of(pair)) == 1]
        notes += _in_two_regencies(whole)
    if same:
        by_year = _pairs(whole.with_columns(asn_year=nw.col("received").dt.year()), "asn_year")
    one_series = 2 * sum(pair.n for pair in same) >= sum(pair.n for pair in by_year)
    told = [p for p in same if one_series and (p.n > 1 or p.longest >= LONG_NUMBER) and not {p.low, p.high} <= itself]
    for pair in told[:MOST_PAIRS]:
        first, second = sorted(map(masked, pair[:2]), key=len)  # the shorter stands for the longer
        line = f'offices={{"{first}": "{second}"}}'
        notes.append(Alert("intake.copies.two_offices", n=pair.n, first=first, second=second, line=line))
    edged = nw.concat_str(nw.lit("/"), nw.col("case").str.to_lowercase(), nw.lit("/"))
    signs = edged.str.replace_all("[^a-z0-9]+0*", "/")
    ways = whole.with_columns(asn_key=signs).group_by("office", "received", "asn_key").agg(
        low=nw.col("case").min(), high=nw.col("case").max()
    ).filter(nw.col("low") != nw.col("high"))  # fmt: skip
    if differing := int(_one(ways.select(n=nw.len()))["n"]):
        example = ways.select("low", "high").sort("low", "high").head(1).collect().rows()[0]
        first, second = (masked(str(number)) for number in example)
        notes.append(Alert("intake.copies.other_signs", n=differing, first=first, second=second))
    return notes


def _in_two_regencies(records: Frame) -> list[Message]:
    """Say which regencies list cases of one number, day of receipt and day of decision, unless that is chance."""
    both, by_year = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    decided = records.filter(~nw.col("decided").is_null()).with_columns(asn_year=nw.col("received").dt.year())
    for found, when in ((both, ("received", "decided")), (by_year, ("asn_year",))):
        for pair in _pairs(decided, *when):
            if len(named := _regencies_of(pair)) == 2 and (pair.n > 1 or pair.longest >= LONG_NUMBER):
                found[tuple(sorted(named))] += pair.n
    told = [(tuple(map(masked, names)), n) for names, n in both.most_common() if 2 * n >= by_year[names]]
    return [Alert("intake.copies.two_regencies", n=n, first=low, second=high) for (low, high), n in told[:MOST_PAIRS]]


def _regencies_of(pair: _Pair) -> set[str]:
    return {office.partition(" / ")[0] for office in pair[:2]}


class _Pair(NamedTuple):
    low: str
    high: str
    n: int
    longest: int


def _pairs(records: Frame, *when: str) -> list[_Pair]:
    """Return two offices, how many numbers they share with one day (or year) and the longest of these, most first."""
    ends = records.group_by("case", *when).agg(low=nw.col("office").min(), high=nw.col("office").max())
    shared = ends.filter(nw.col("low") != nw.col("high")).with_columns(long=nw.col("case").str.len_chars())
    rows = shared.group_by("low", "high").agg(n=nw.len(), longest=nw.col("long").max()).collect().rows(named=True)
    pairs = [_Pair(r["low"], r["high"], int(r["n"]), int(r["longest"])) for r in rows]
    return sorted(pairs, key=lambda pair: (-pair.n, pair))


def _twice(records: Frame, *, few: bool = False) -> tuple[Frame, Frame] | None:
    """Return the (office, case) that come twice and all their rows, both worked out; None where there are none."""
    rows = records if few else held(_suspects(records))
    again = rows.group_by("office", "case").agg(n=nw.len()).filter(nw.col("n") > 1)
    doubled = _remembered(held(again.select("office", "case"), few=few))
    if not int(_one(doubled.select(n=nw.len()))["n"]):
        return None
    return doubled, _remembered(rows.join(doubled, on=["office", "case"], how="inner"))


def _suspects(records: Frame) -> Frame:
    """Return all rows of cases that come twice, and perhaps some of others that a hash takes for the same."""
    if not records.implementation.is_duckdb():
        doubled = records.group_by("office", "case").agg(n=nw.len()).filter(nw.col("n") > 1)
        return records.join(doubled.select("office", "case"), on=["office", "case"], how="inner")
    # sorted, not grouped: ten million numbers take 80 MB less, and a hundred million are put aside either way
    keys = 'SELECT hash(office, "case") AS key FROM asn_rows'
    twice = f"SELECT key FROM (SELECT key, lag(key) OVER (ORDER BY key) AS former FROM ({keys})) WHERE key = former"
    relation: Any = nw.to_native(records)
    suspects: Frame = nw.from_native(
        relation.query("asn_rows", f'SELECT * FROM asn_rows WHERE hash(office, "case") IN ({twice})')
    )
    return suspects


def _without(records: Frame, doubled: Frame) -> Frame:
    """Return the rows of all other cases."""
    try:
        return records.join(doubled, on=["office", "case"], how="anti")
    except duckdb.InvalidInputException:  # a relation of another connection: it has to come to that of the package
        return held(records).join(doubled, on=["office", "case"], how="anti")


def in_duckdb(frame: Frame) -> Frame:
    """Return rows of Arrow, in which few of a file are looked at, as a relation; others as they are."""
    if not frame.implementation.is_pyarrow():
        return frame
    rows: Frame = nw.from_native(from_arrow(nw.to_native(frame.collect())))
    return rows


def held(frame: Frame, *, few: bool = False) -> Frame:
    """Return the rows of a frame, worked out once: in a private file where DuckDB holds many, else in memory."""
    if frame.implementation.is_duckdb():
        rows: Any = nw.to_native(frame)
        written: Frame = nw.from_native(from_arrow(rows.to_arrow_table()) if few else kept_typed(rows))
        return written
    local = frame.implementation.is_pandas_like() or frame.implementation.is_polars()
    return frame.collect().lazy() if local else frame


def _remembered(frame: Frame) -> Frame:
    """Return the rows of cases that come twice which Spark keeps: else each later query looks for them anew."""
    if not (frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect()):
        return frame
    native: Any = nw.to_native(frame)
    remembered: Frame = nw.from_native(native.persist())
    return remembered


def _told_apart(copies: Frame, records: Frame, *, few: bool) -> tuple[Frame, dict[str, int], tuple[Message, ...]]:
    """Return the copies with their fates and how many have each, by the series of their numbers where there is one."""
    judged = held(_judge_copies(copies), few=True) if few else _judge_copies(copies)
    counts = _fates(judged)
    before = counts.get(CONTRADICTING, 0)
    if before < FEW:
        return judged, counts, ()
    _refuse_damaged(records)
    numbered = in_series(copies, before, lambda rows: _fates(_judge_copies(rows)).get(CONTRADICTING, 0), records)
    if numbered is None:
        return judged, counts, (Alert("intake.copies.no_series", n=before),)
    judged = _judge_copies(numbered[0])
    return judged, _fates(judged), numbered[1]


def in_series(
    rows: Frame, before: int, count: Callable[[Frame], int], records: Frame
) -> tuple[Frame, tuple[Message, ...]] | None:
    """Return the rows with what their numbers begin again with; None where nothing explains rows that share a number.

    There are as many such rows as `before`; `count` says how many are left where the series is part of the number.
    Numbers of which hardly any of all `records` come again are in no series.
    """
    for name, series in _series(rows).items():
        numbered = rows.with_columns(series.alias(SERIES))
        if (
            before >= FEW
            and count(numbered) <= LEFT * before
            and _begin_again(records.with_columns(series.alias(SERIES)))
        ):
            return numbered, (Alert("intake.copies.series", n=before, series=Message(f"intake.copies.{name}")),)
    return None


def _begin_again(records: Frame) -> bool:
    """Return whether about as many numbers come again in another part as if each part began with the first number.

    Parts that each begin with the first number share all those of the smaller part. Offices may number by themselves or
    together: the rows of one office are then a draw from the numbers of all, and only all of them tell.
    """
    numbers = held(records.filter(~nw.col("case").is_null()).group_by("office", "case", SERIES).agg(asn_n=nw.len()))
    together = numbers.group_by("case", SERIES).agg(asn_n=nw.len())
    alone, of_all = (int(_one(one.select(n=nw.len()))["n"]) for one in (numbers, together))
    if _share_again(numbers, ["office"]) >= AGAIN:
        return True
    return of_all >= (1 - LEFT) * alone and _share_again(together, []) >= AGAIN


def _share_again(numbers: Frame, keys: list[str]) -> float:
    """Return how many numbers come again, as a share of those that could."""
    parts = numbers.with_columns(asn_all=nw.lit(0)).group_by("asn_all", *keys, SERIES).agg(n=nw.len())
    sums = parts.group_by("asn_all", *keys).agg(n=nw.col("n").sum(), largest=nw.col("n").max())
    once = numbers.group_by(*keys, "case").agg(asn_one=nw.len()).with_columns(asn_all=nw.lit(0))
    different = once.group_by("asn_all", *keys).agg(different=nw.len())
    table = sums.join(different, on=["asn_all", *keys], how="inner").filter(nw.col("n") > nw.col("different"))
    again = table.select(again=(nw.col("n") - nw.col("different")).sum(), could=(nw.col("n") - nw.col("largest")).sum())
    found = _one(again)
    return int(found["again"] or 0) / max(int(found["could"] or 0), 1)


def _series(records: Frame) -> dict[str, nw.Expr]:
    """Return what numbers may begin again with, the simplest first; every series is a text."""
    year = nw.col("received").dt.year().cast(nw.String)
    month = nw.concat_str([year, nw.col("received").dt.month().cast(nw.String)], separator="-")
    ways = {"each_year": year, "each_month": month}
    if "service" in records.collect_schema().names():
        service = nw.col("service").fill_null("")
        ways |= {
            "each_service": service,
            "each_service_and_year": nw.concat_str([service, year], separator="|"),
            "each_service_and_month": nw.concat_str([service, month], separator="|"),
        }
    return ways


def _refuse_damaged(records: Frame) -> None:
    case = nw.col("case")
    looks = case.str.contains("e", literal=True) | case.str.contains("E", literal=True)
    damaged = int(_one(records.filter(looks & case.str.contains(DAMAGED)).select(n=nw.len()))["n"])
    if damaged >= FEW:
        raise InputError(Message("intake.copies.damaged", n=damaged))


def _keys(records: Frame) -> list[str]:
    return ["office", "case", *([SERIES] if SERIES in records.collect_schema().names() else [])]


def _fates(judged: Frame) -> dict[str, int]:
    rows = judged.group_by(REASON).agg(n=nw.len()).sort(REASON).collect().rows(named=True)
    return {r[REASON]: int(r["n"]) for r in rows}


def _judge_copies(records: Frame) -> Frame:
    """Each record with the fate of its case's copies in ``asn_reason``: kept, superseded or contradicting."""
    ended = nw.when(nw.col("status") != "open").then(nw.col("status")).alias("asn_ended")
    rows = records.with_columns(ended)
    keys = _keys(records)
    facts = {"received": "received", "decided": "decided", "ended": "asn_ended"}
    edges = {f"asn_{f}_lo": nw.col(c).min() for f, c in facts.items()}
    edges |= {f"asn_{f}_hi": nw.col(c).max() for f, c in facts.items()}
    groups = rows.group_by(*keys).agg(asn_copies=nw.len(), **edges)
    differs = reduce(or_, (_two_values(f"asn_{f}_lo", f"asn_{f}_hi") for f in facts))
    outdated = (nw.col("asn_copies") > 1) & nw.col("asn_ended").is_null() & ~nw.col("asn_ended_lo").is_null()
    fate = (
        nw.when(differs)
        .then(nw.lit(CONTRADICTING))
        .otherwise(nw.when(outdated).then(nw.lit(SUPERSEDED)).otherwise(nw.lit(KEPT)))
    )
    return rows.join(groups, on=keys, how="inner").with_columns(fate.alias(REASON))


def _two_values(low: str, high: str) -> nw.Expr:
    return ~nw.col(low).is_null() & (nw.col(low) != nw.col(high)).fill_null(value=False)


def _one(frame: Frame) -> Mapping[str, Any]:
    return dict(frame.collect().rows(named=True)[0])


ROW: Final = "asn_row"  # all cells of a row as one text
_RUNNING: Final = frozenset({"no", "nomor", "no urut", "nomor urut", "no_urut", "nomor_urut", "number"})  # of a row
_SECOND: Final = r"(?:^|[ T])[0-9]{1,2}[:.][0-9]{2}[:.][0-9]{2}"


def with_row_texts(frame: Frame, headings: Mapping[str, str], date: str) -> Frame:
    """Return rows with their cells as one text, but for a running number: missing where no time to the second stands.

    `headings` are those of the columns, `date` that of the time. A column of midnights holds no times.
    """
    cells = [nw.col(c).cast(nw.String).fill_null("") for c, h in headings.items() if normalised(h) not in _RUNNING]
    moments = [nw.col(c).cast(nw.String) for c, h in headings.items() if normalised(h) == normalised(date)]
    if moments:
        stamped = moments[0].str.contains(_SECOND)
        if len(frame.filter(stamped & ~moments[0].str.contains("00[:.]00[:.]00")).head(1).collect()):
            return frame.with_columns(nw.when(stamped).then(nw.concat_str(cells, separator="\x1f")).alias(ROW))
    return frame.with_columns(nw.lit(None, dtype=nw.String).alias(ROW))


def with_texts_of_rows(table: RawTable, date: str) -> RawTable:
    """Return a table with what `with_row_texts` says of its rows as a column."""
    own = {f"c{i}": heading for i, heading in enumerate(table.headings)}
    rows = with_row_texts(nw.from_native(table.relation).lazy(), own, date).rename({ROW: f"c{len(own)}"})
    return replace(table, headings=(*table.headings, ROW), relation=rows.to_native(), parquet=None)


def without_copies(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return rows, held in memory, in their order, without those that have the text of another one."""
    again: Any = rows.query("rows", f"SELECT 1 FROM rows WHERE {ROW} IS NOT NULL GROUP BY {ROW} HAVING count(*) > 1")
    if not again.limit(1).fetchall():
        return rows
    placed = f"SELECT *, row_number() OVER () AS {PLACE} FROM rows"
    first = f"{ROW} IS NULL OR row_number() OVER (PARTITION BY {ROW} ORDER BY {PLACE}) = 1"
    once: Any = rows.query("rows", f"SELECT * EXCLUDE {PLACE} FROM ({placed}) QUALIFY {first} ORDER BY {PLACE}")
    return from_arrow(once.to_arrow_table())
