"""The days of steps as marks of one number a case: a union of intervals without sorting, where DuckDB holds them.

Day d is bit d modulo 126, so that 126 days after each other have a bit each, whichever is the first. The union of steps
is the bitwise or of theirs; what of it lies between two dates, and on working days, is a bitwise and.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.intake.formats.engine import identifier
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import brought_in
from asn_impact.topics.clocks.placed import CASE

Frame: TypeAlias = "nw.LazyFrame[Any]"

RECEIVED, DECIDED = "asn_received", "asn_decided"
LONG: Final = "asn_long"  # the steps of the case reach over more days than there are bits
_BITS: Final = 126  # of a HUGEINT: 1 << 126 is a number too
_DAY_0: Final = dt.date(1, 1, 1)


def mark_days(
    steps: Frame, cases: Frame, calendar: WorkCalendar, as_of: dt.date, theirs: str, owners: Sequence[str], waiting: str
) -> Frame:
    """Return the cases with the working days in the steps of the applicant and of the office, and those of waiting.

    Parameters
    ----------
    steps
        ``asn_case``, ``began``, ``ended`` and the column `theirs`: whether the step is the applicant's.
    cases
        ``asn_case``, ``asn_received`` and ``asn_decided``, which go, and columns that stay.
    owners, waiting
        What the three columns are called. Where ``asn_long`` is true the first two say nothing.
    """
    relation: Any = nw.to_native(steps.with_columns(until=nw.coalesce(nw.col("ended"), nw.lit(as_of))))
    marks = _marks("began", "until")
    joined = relation.query(
        "asn_steps",
        f"""SELECT {CASE}, bit_or({marks}) FILTER ({theirs}) AS theirs, bit_or({marks}) FILTER (NOT {theirs}) AS mine,
            min(began) AS lowest, max(until) AS highest, min(began) FILTER ({theirs} AND ended IS NULL) AS waits_from
        FROM asn_steps GROUP BY {CASE}""",
    )
    days = cases.join(nw.from_native(joined), on=CASE, how="left")
    later = {"asn_from": "lowest", "asn_since": "waits_from"}
    days = days.with_columns(
        *(nw.max_horizontal(nw.col(RECEIVED), nw.col(name)).alias(date) for date, name in later.items()),
        until=nw.min_horizontal(nw.coalesce(nw.col(DECIDED), nw.lit(as_of)), nw.col("highest")),
    )
    table = brought_in(_table(calendar), days)
    for date in later:
        own = table.rename({name: f"{date}_{name}" for name in ("number", "works")})
        days = days.join(own, how="left", left_on=date, right_on="date")
    inside = f"asn_from_works & {_marks('asn_from', 'until')}"
    counts = [
        f"coalesce(bit_count({mine} & {inside}), 0)::INTEGER AS {name}"
        for mine, name in zip(("theirs", "mine"), owners, strict=True)
    ]
    waited = f"CASE WHEN waits_from IS NOT NULL THEN {calendar.number(as_of)} - asn_since_number END AS {waiting}"
    stay = [identifier(name) for name in cases.collect_schema().names() if name not in (RECEIVED, DECIDED)]
    columns = ", ".join([*stay, *counts, waited, f"coalesce(highest - lowest > {_BITS}, false) AS {LONG}"])
    rows: Any = nw.to_native(days)
    return nw.from_native(rows.query("asn_rows", f"SELECT {columns} FROM asn_rows"))  # type: ignore[no-any-return]


def _marks(start: str, stop: str) -> str:
    """Write the marks of the days in (start, stop] for DuckDB; those that do not fit before the last bit come first."""
    first = f"(({start} - DATE '{_DAY_0}' + 1) % {_BITS})::INTEGER"
    end = f"({first} + greatest(least({stop} - {start}, {_BITS}), 0)::INTEGER)"
    one = "1::HUGEINT"
    return f"(({one} << least({end}, {_BITS})) - ({one} << {first}) + ({one} << greatest({end} - {_BITS}, 0)) - 1)"


def _table(calendar: WorkCalendar) -> pd.DataFrame:
    """Return by date its number, and the marks of the working days among the next 126."""
    table = calendar.table()[["date", "number"]]
    days = [(day - _DAY_0).days % _BITS for day in table["date"].dt.date]
    marks = [int(works) << day for works, day in zip(calendar.working.tolist(), days, strict=True)]
    following = sum(marks[1 : _BITS + 1])
    works = []
    for i, _ in enumerate(marks):
        works.append(following)
        following += sum(marks[i + 1 + _BITS : i + 2 + _BITS]) - sum(marks[i + 1 : i + 2])
    return table.assign(works=pd.Series(works, dtype=object))
