"""What can be read of a source whatever else is wrong with it: labels, words, days, and everything that is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import narwhals as nw

from asn_impact.errors import AsnImpactError
from asn_impact.intake.blocks import with_offices
from asn_impact.intake.cleaning import total_words
from asn_impact.intake.fields.canonical import DATE_FIELDS
from asn_impact.intake.fields.columns import Headings, match_columns
from asn_impact.intake.fields.labels import TOTAL_LABEL, plain_label
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.gathering import explaining, gather
from asn_impact.words import Message

MOST: Final = 100_000  # different values of a column that are counted
_UNTOLD: Final = (
    "intake.dates.either_order",
    "intake.dates.maybe_swapped",
    "intake.dates.partly_swapped",
    "intake.dates.two_orders",
)


@dataclass(frozen=True)
class Word:
    """A word of a column: the rows that have it, and those of them with a date of decision; None where none is read."""

    rows: int
    dated: int | None = 0


@dataclass(frozen=True, eq=False)
class Facts:
    """Counts of a source, as found: raw labels of offices, words of status and passing, courses, the days there are.

    Attributes
    ----------
    words
        Field -> word -> how often.
    first, last
        Field of dates -> its earliest and latest day.
    months
        Month of receipt -> rows.
    headings
        Field -> heading found.
    zones
        Field of dates -> zones written beside its times.
    problems
        Field -> why it cannot be read.
    absent
        Fields that no heading is known to be.
    files
        Name, rows and hash of every table.
    """

    words: Mapping[str, Mapping[str, Word]] = field(default_factory=dict)
    first: Mapping[str, dt.date] = field(default_factory=dict)
    last: Mapping[str, dt.date] = field(default_factory=dict)
    months: Mapping[str, int] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Mapping[str, Message] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    files: tuple[tuple[str, int, str], ...] = ()
    rows: int = 0


def facts(
    source: str | Path | Sequence[str | Path],
    wanted: Sequence[str],
    counted: Sequence[str],
    *,
    columns: Headings | None = None,
    dates: Mapping[str, str] | None = None,
    fill_down: Sequence[str] | None = None,
    **others: Any,  # noqa: ANN401 - table, zone, sheets
) -> Facts:
    """Return what the fields of a source hold, each read on its own: one that is refused hides no other.

    Parameters
    ----------
    source, columns, dates, others
        As for `read_exports`.
    wanted, counted
        Fields to read, and those of them whose words are counted.
    fill_down
        For exports: the columns to fill down. An office in a row of its own above its rows is then read too.
    """
    others.setdefault("sheets", ())
    if fill_down is not None:
        others["reshape"] = partial(with_offices, names=fill_down, columns=columns or {}, offices=())
    known = {name: heading for name, heading in (columns or {}).items() if name in wanted}

    def read(fields: Sequence[str], guessed: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - gathered rows
        own = {name: heading for name, heading in known.items() if name in fields}
        orders = {name: order for name, order in {**(dates or {}), **(guessed or {})}.items() if name in fields}
        needed = fields if len(fields) == 1 else ()
        return gather(source, fields, columns=own, dates=orders, keep=(), required=needed, **others)

    with suppress(AsnImpactError), explaining(source):
        rows = read(wanted)
        matched = [match_columns(t.headings, wanted, columns=known, keep=(), required=()) for t in rows.tables]
        if all(one.keys() == rows.headings.keys() for one in matched):
            return replace(_counted(rows, counted), absent=tuple(n for n in wanted if n not in rows.headings))
    problems: dict[str, Message] = {}  # one is refused, or not in every table
    absent: list[str] = []
    for name in wanted:
        try:
            with explaining(source):
                read([name])
        except AsnImpactError as problem:
            if _lacks(problem.message):
                absent.append(name)
            else:
                problems[name] = problem.message
    ends = {name: _ends_by_order(source, read, name) for name in problems if name in DATE_FIELDS}
    guessed = {name: next(iter(orders)) for name, orders in ends.items() if orders}
    there = [name for name in wanted if name in guessed or (name not in problems and name not in absent)]
    if not there:
        return Facts(problems=problems, absent=tuple(absent))
    try:
        with explaining(source):
            found = _counted(read(there, guessed), counted, undated="decided" in problems and "decided" not in guessed)
    except AsnImpactError as problem:
        return Facts(problems={**problems, "": problem.message}, absent=tuple(absent))
    last = {name: min(orders.values()) for name, orders in ends.items() if orders}  # under either order it is as late
    return replace(found, problems=problems, absent=tuple(absent), last={**found.last, **last})


def _ends_by_order(source: Any, read: Callable[..., Any], name: str) -> dict[str, dt.date]:  # noqa: ANN401 - as `facts`
    """Return the last day of a column of dates that is refused, under each order of day and month that can be read.

    Whether a cell holds a date, and hardly when the last one was, does not wait for the order to be settled.
    """
    found: dict[str, dt.date] = {}
    for order in ("day-first", "month-first", "swapped"):
        with suppress(AsnImpactError), explaining(source):
            last = read([name], {name: order}).frame.select(day=nw.col(name).max()).collect().rows(named=True)[0]
            if last["day"] is not None:
                found[order] = _day(last["day"])
    return found


def _lacks(why: Message) -> bool:
    """Return whether a field has no heading: nothing is wrong with one that need not be there."""
    parts = why["parts"] if why.key == "common.paragraph" else (why,)
    return any(part.key == "intake.columns.missing" for part in parts)


def _counted(rows: Any, counted: Sequence[str], *, undated: bool = False) -> Facts:  # noqa: ANN401 - gathered rows
    """Count what gathered rows hold; `undated` where a column of decisions is there that cannot be read."""
    frame: nw.LazyFrame[Any] = rows.frame
    names = frame.collect_schema().names()
    days = [name for name in names if name in DATE_FIELDS]
    dated = (~nw.col("decided").is_null()).cast(nw.Int64) if "decided" in names else nw.lit(0)
    bad = nw.col("asn_decided_bad").cast(nw.Int64) if "asn_decided_bad" in names else nw.lit(0)
    words: dict[str, dict[str, Word]] = {}
    single_rows = _without_sums(frame, days).with_columns(dated=dated, bad=bad)
    for name in sorted((n for n in counted if n in names), key=lambda name: name != "office"):
        sums = [label for label in words.get("office", ()) if TOTAL_LABEL.match(plain_label(label))]
        single = single_rows
        if sums:
            single = single.filter(~nw.col("office").is_in(sums) | nw.col("office").is_null())
        of_word = single.group_by(name).agg(nw.len().alias("n"), nw.col("dated", "bad").sum())
        table = of_word.sort("n", descending=True).head(MOST).collect()
        words[name] = {
            str(r[name]): Word(int(r["n"]), None if undated or 10 * (r["bad"] or 0) > r["n"] else int(r["dated"] or 0))
            for r in table.rows(named=True)
            if r[name]
        }
    ends: dict[str, Any] = {}
    if days:
        asked = {f"{side}_{d}": getattr(nw.col(d), side)() for d in days for side in ("min", "max")}
        ends = frame.select(**asked).collect().rows(named=True)[0]
    files = tuple((t.name, int(t.relation.aggregate("count(*)").fetchall()[0][0]), t.sha256) for t in rows.tables)
    return Facts(
        words=words,
        first={d: _day(ends[f"min_{d}"]) for d in days if ends[f"min_{d}"] is not None},
        last={d: _day(ends[f"max_{d}"]) for d in days if ends[f"max_{d}"] is not None},
        months=_months(frame) if "received" in names else {},
        headings=dict(rows.headings),
        zones={r.column: r.zones for r in rows.readings if r.zones},
        files=files,
        rows=sum(n for _, n, _ in files),
    )


def _without_sums(frame: nw.LazyFrame[Any], days: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the rows without those that add up others: no date, and the word of a total or a number for an office."""
    names = frame.collect_schema().names()
    if not days:
        return frame
    number = nw.col("office").str.contains(r"^[\d\s.,]+$").fill_null(value=False)
    sums = [*total_words(names), *([number] if "office" in names else [])]
    dated = nw.any_horizontal(*(~nw.col(day).is_null() for day in days), ignore_nulls=True)
    return frame.filter(dated | ~nw.any_horizontal(*sums, ignore_nulls=True)) if sums else frame


def _day(value: Any) -> dt.date:  # noqa: ANN401 - each engine has its own
    return value.date() if isinstance(value, dt.datetime) else value


def _months(frame: nw.LazyFrame[Any]) -> dict[str, int]:
    day = nw.col("received").cast(nw.Date)
    rows = frame.select(day=day).group_by("day").agg(n=nw.len()).sort("day").collect().rows(named=True)
    months: dict[str, int] = {}
    for row in rows:
        if row["day"] is not None:
            month = f"{_day(row['day']):%Y-%m}"
            months[month] = months.get(month, 0) + int(row["n"])
    return dict(sorted(months.items()))


def asked_of_regencies(source: Sequence[Path], columns: Headings, **others: Any) -> Message | None:  # noqa: ANN401
    """Return what a reader would ask where offices of several regencies might count as one; None where nothing."""
    for dates in (("received", "course_end"), ()):  # told apart by their time too, where it can be read
        wanted = ("office", *dates, REGENCY)
        own = {name: heading for name, heading in columns.items() if name in wanted}
        try:
            with explaining(source):
                rows = gather(source, wanted, columns=own, dates=None, keep=(), required=(), **others)
                settle_regencies(rows.frame, None)
        except AsnImpactError as problem:
            asked: Message = problem.message
            if asked.key.startswith("intake.regency."):
                return asked
        else:
            return None
    return None


def settled_orders(
    source: str | Path | Sequence[str | Path],
    problems: Mapping[str, Message],
    pair: tuple[str, str],
    columns: Headings | None,
    **others: Any,  # noqa: ANN401 - as `facts`
) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
    """Return the order of day and month that the waits tell where the dates of a column do not, with the evidence.

    Under the wrong order many cases would be decided before they were received. Evidence: waits below zero under the
    order returned and under the other.
    """
    asked = [name for name in pair if name in problems and problems[name].key in _UNTOLD[:1]]
    if not asked:
        return {}, {}
    negative: dict[str, int] = {}
    for order in ("day-first", "month-first"):
        try:
            with explaining(source):
                rows = gather(
                    source, pair, columns={k: v for k, v in (columns or {}).items() if k in pair},
                    dates=dict.fromkeys(asked, order), keep=(), required=pair, **others,
                )  # fmt: skip
                early = rows.frame.filter(nw.col(pair[1]) < nw.col(pair[0]))
                negative[order] = int(early.select(n=nw.len()).collect().rows(named=True)[0]["n"])
        except AsnImpactError:
            return {}, {}
    best, worst = sorted(negative, key=lambda order: negative[order])
    if negative[worst] < max(5, 10 * negative[best]):
        return {}, {}
    return dict.fromkeys(asked, best), dict.fromkeys(asked, (negative[best], negative[worst]))
