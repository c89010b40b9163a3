"""Do the recorded times look like work, or like typing? Heaps at zero days, at the limit, at the end of a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import narwhals as nw
import numpy as np
import pandas as pd
import scipy

from asn_impact.arrays import Int
from asn_impact.errors import InputError
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcomes import Count, Score, Within
from asn_impact.scrutiny.case import Case
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

SUSPICIOUS = 1.5, 0.01  # times as many as expected, and excess as a share of all decisions: doubtful
HEAVY = 2.5, 0.05  # the recorded dates cannot be taken at face value
#: Days at which dates are typed in rather than lived: weeks and months, as each clock counts them.
ROUND: Final = {"calendar days": (7, 14, 21, 30, 60, 90), "working days": (5, 10, 15, 20, 30, 60)}
_LEVEL = 0.01


@public_verb
def heaping(durations: Durations, *, limits: Sequence[int] = ()) -> Check:
    """Return the check of heaps in the recorded times.

    Looked at: exactly `limits` days, and round numbers of days (`ROUND`: weeks and months) as far as waits reach that
    long, against the mean of the two days on either side (without day 0; the fuller side for a round day that nobody
    promised, as all waits may end there); the last working day of a month, or a year,
    against an even spread over its working days. A heap counts when it is larger than chance at 0.01 (binomial,
    Bonferroni over the heaps). The share decided before the next day of the clock is shown without a verdict: for many
    services it is what they promise.

    Doubtful: a heap of 1.5 times the expected number and an excess of 1 % of all decisions. Fails: 2.5 times and 5 %.

    Heaps at a limit that matters: Kleven (2016). What they are held against is ours.

    Parameters
    ----------
    durations
        From `measure`.
    limits
        Promised days of the services (SLA), in the days of the clock.

    Raises
    ------
    InputError
        A limit is not a whole number of days, 1 or more.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> ai.checks.heaping(durations, limits=[5]).verdict
    'doubtful'
    """
    check_limits(limits)
    if durations.calendar.unit not in {"working days", "calendar days"}:
        return HEAPING.cannot_say(Message("checks.heaping.not_days"))
    counts = _counts(durations)
    total = int(counts["cases"].sum())
    if total == 0:
        return HEAPING.cannot_say(Message("checks.heaping.undecided"))
    waits: Int = np.bincount(counts["days"], counts["cases"], int(counts["days"].max()) + 4).astype(np.int64)
    looked_at = sorted({*limits, *(day for day in ROUND[durations.calendar.unit] if waits[day - 2 :].any())})
    rows = [
        _row(_days(0), int(waits[0]), np.nan, int(waits.sum())),
        *(_at_limit(waits, day, promised=day in limits) for day in looked_at),
        *_at_ends(durations, counts),
    ]
    table = pd.DataFrame(rows)
    table = table.assign(excess=(table["cases"] - table["expected"]) / total)
    has_test = table["p_value"].notna()
    heap = has_test & (table["p_value"] * max(int(has_test.sum()), 1) < _LEVEL)
    heavy, suspicious = ((heap & _reaches(table, limit)).any() for limit in (HEAVY, SUSPICIOUS))
    verdict: Verdict = "fails" if heavy else "doubtful" if suspicious else "holds"
    return HEAPING.check(verdict, _answer(table, heap, total, durations.calendar.unit), table)


def check_limits(limits: Sequence[int]) -> None:
    """Refuse promised days that are no whole number of days."""
    for limit in limits:
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InputError(Message("checks.heaping.limit", found=repr(limit)))


def _counts(durations: Durations) -> pd.DataFrame:
    """One row a working day of decision and a wait: how many cases. Computed where the records are."""
    decisions = durations.records.filter(~nw.col("days").is_null())
    groups = decisions.group_by("day", "days").agg(nw.len().alias("cases")).collect().to_pandas()
    return pd.DataFrame(
        {
            "number": groups["day"].astype("int64") + groups["days"].astype("int64"),
            "days": groups["days"].astype("int64"),
            "cases": groups["cases"].astype("int64"),
        }
    )


def _row(heap: Message, cases: int, expected: float, among: int) -> dict[str, object]:
    """One heap: found against expected among so many cases."""
    share = expected / among if among else np.nan
    p = float(scipy.stats.binom.sf(cases - 1, among, min(share, 1.0))) if among and expected > 0 else np.nan
    ratio = cases / expected if expected > 0 else np.nan
    return {"heap": heap, "cases": cases, "expected": expected, "ratio": ratio, "among": among, "p_value": p}


def _days(n: int) -> Message:
    return Message("checks.heaping.at.days", n=n)


def _at_limit(waits: Int, limit: int, *, promised: bool) -> dict[str, object]:
    """Count the cases at the limit among those within two days of it, against an even spread over these days.

    A round day that nobody promised is held against the fuller side: where all waits end there, it is no heap.
    """
    near = np.array([d for d in range(limit - 2, limit + 3) if 1 <= d < len(waits)])
    if limit >= len(waits):
        return _row(_days(limit), 0, np.nan, 0)
    others = waits[near[near != limit]]
    sides = [waits[near[near < limit]], waits[near[near > limit]]]
    expected = float(others.mean()) if len(others) else np.nan
    expected = expected if promised else max((float(side.mean()) for side in sides if len(side)), default=np.nan)
    among = int(waits[near].sum())
    cases = int(waits[limit])
    row = _row(_days(limit), cases, expected, among)
    return row | {"p_value": float(scipy.stats.binom.sf(cases - 1, among, 1 / len(near))) if among else np.nan}


def _at_ends(durations: Durations, counts: pd.DataFrame) -> list[dict[str, object]]:
    """Count the cases decided on the last working day of their month, and of their year."""
    calendar = durations.calendar.table()
    # every number belongs to one working day; days off share the number of the working day before them
    days = calendar.drop_duplicates("number").set_index("number")
    by_day = counts.groupby("number")["cases"].sum()
    frame = pd.DataFrame({"month": days["month"], "cases": by_day.reindex(days.index, fill_value=0)}).reset_index()
    frame = frame.assign(year=frame["month"] // 12)
    rows = []
    for period in ("month", "year"):
        groups = frame.groupby(period).agg(cases=("cases", "sum"), days=("cases", "size"), last=("cases", "last"))
        full = groups.loc[(groups["cases"] > 0) & (groups["days"] > 1)]
        among, cases = int(full["cases"].sum()), int(full["last"].sum())
        rows.append(
            _row(Message(f"checks.heaping.at.{period}"), cases, float((full["cases"] / full["days"]).sum()), among)
        )
    return rows


def _reaches(table: pd.DataFrame, limit: tuple[float, float]) -> pd.Series:
    return (table["ratio"] >= limit[0]) & (table["excess"] >= limit[1])


def _answer(table: pd.DataFrame, heap: pd.Series, total: int, unit: str) -> Message:
    key = "receipt_working" if unit == "working days" else "receipt"  # no working day lies between Friday and Sunday
    receipt = Message(f"checks.heaping.{key}", n=total, share=float(table["cases"].iloc[0]) / total)
    large = table.loc[heap & _reaches(table, SUSPICIOUS)]
    if large.empty:
        return receipt + Message("checks.heaping.no_heap")
    columns = zip(large["heap"], large["ratio"], large["excess"], strict=True)
    return paragraph(receipt, *(Message("checks.heaping.heap", heap=h, x=x, share=share) for h, x, share in columns))


def _run(case: Case) -> Check:
    """Look at the promised days and at the horizon; without promised days no heap on them can be excluded."""
    outcome = case.design.panel.outcome
    if isinstance(outcome, Score | Count):
        return HEAPING.check("holds", Message("checks.heaping.no_dates"), pd.DataFrame())
    if case.durations is None:
        return HEAPING.cannot_say(Message("checks.heaping.not_given"))
    horizon = getattr(outcome, "horizon", None)
    check = heaping(case.durations, limits=sorted({*case.limits, *([int(horizon)] if horizon else [])}))
    promised = bool(case.limits) or isinstance(outcome, Within)
    if check.verdict == "fails" or promised:
        return check
    return HEAPING.check("cannot_say", paragraph(check.answer, Message("checks.heaping.not_promised")), check.table)


HEAPING = CheckEntry("heaping", Message("checks.heaping.question"), _run)
