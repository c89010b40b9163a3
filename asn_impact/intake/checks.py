"""Is this population plausible? What the dates of an export tell of how it was drawn, and what no one would accept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
import scipy

from asn_impact.arrays import Float, Int
from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.reference import read_rows
from asn_impact.words import Alert, Message, paragraph

Frame: TypeAlias = "nw.LazyFrame[Any]"

FEWEST_CASES, ALREADY_WAITING = 20, 5  # below these the dates do not tell how an export was drawn
FEWEST_OPEN: Final = 5.0  # open cases that must be expected before their absence tells something (chance: e**-5)
FEWEST_RECENT: Final = 200  # decided cases of the last months, below which the absence of open ones tells nothing
FETCHED: Final = 1_000_000  # decided cases of offices whose days are fetched at once
WINDOW: Final = 90  # days of receipt before the last date, or more, from which the waits of today are learnt
FEWEST_AT_RISK: Final = 10  # cases that could have waited so long, below which the share that did is a guess
LATE: Final = 62  # days between the last date in the file and as_of that deserve a word
LATE_OF_MANY: Final = 21  # ... where so many cases would have come in them; the longest holidays take two weeks
#: Share of the rows that were cases and may be lost: if the lost fifth waited longer than all others, a share within a
#: time is wrong by 20 points, more than any effect that training is known to have.
MOST_LOST: Final = 0.2


class OfficeCount(NamedTuple):
    """Cases of one office (or file), and how many of them are open and how many have a decision date."""

    cases: int
    still_open: int
    decided: int


# --- finished cases only --------------------------------------------------------------------------------------


class Counts(NamedTuple):
    """Values of a whole number of days, in order, and how many cases have each."""

    day: Int
    n: Int


def drawn_on_completion(records: Frame) -> bool:
    """Return whether records without an open case look drawn by decision date.

    An export of what was *received* since a day has its first decisions soon after. An export of what was
    *decided* since a day reaches back by the longest waits before the first decision: then the gap between
    the first received date and the first decision exceeds nine in ten of all waits, and several cases were
    waiting at the first decision. With fewer than 20 cases nothing can be told.
    """
    days = _days(records)
    waits, received = days.waits(), days.received()
    if waits.n.sum() < FEWEST_CASES:
        return False
    first = days.first_decided()
    long = waits.day[np.searchsorted(np.cumsum(waits.n) / waits.n.sum(), 0.9)]
    waiting = received.n[received.day < first].sum()
    return bool(first - received.day[0] > long and waiting >= ALREADY_WAITING)


def expected_open(records: Frame, until: dt.date) -> float:
    """Return how many cases must still be open on the last day, if waits are as those of the decided cases.

    Of decided cases one sees only waits that ended before the last day. The distribution of all waits follows from
    them by the product-limit estimator in reversed time (Lagakos, Barraj and De Gruttola 1988); each case decided
    then stands for ``(1 - F) / F`` cases received on the same day that are not decided yet. Zero where all cases have
    been followed beyond the longest wait, or where receipts ended long before the last date. Only the last months
    count, three times as long as nine in ten waits: an office that has become faster has no open cases because of it.
    """
    return _expected(_days(records), until.toordinal())


def _expected(days: Days, last: int) -> float:
    waits, received = days.waits(), days.received()
    if not waits.n.size:
        return 0.0
    ended = np.cumsum(waits.n)
    short, long = (int(waits.day[np.searchsorted(ended, q * ended[-1])]) for q in (0.1, 0.9))
    if last - received.day[-1] > max(LATE_OF_MANY, short):
        return 0.0
    first = last - max(WINDOW, 3 * long)
    received = Counts(received.day[received.day >= first], received.n[received.day >= first])
    if received.n.sum() < FEWEST_RECENT:
        return 0.0
    return _unseen(days.waits(first), Counts(np.maximum(last - received.day, 0)[::-1], received.n[::-1]))


def _unseen(waits: Counts, followed: Counts) -> float:
    """Return the cases not seen, from the waits of those seen and the days they could have been seen for."""
    left = np.concatenate([[0.0], np.cumsum(followed.n)])[np.searchsorted(followed.day, waits.day)]
    at_risk = np.cumsum(waits.n) - left
    stay: Float = np.where(at_risk >= FEWEST_AT_RISK, 1 - waits.n / np.maximum(at_risk, 1), 1.0)
    longer = np.append(np.cumprod(stay[::-1])[::-1], 1.0)  # chance of a wait below days[i], and at the end 1
    decided_by = np.maximum(longer[np.searchsorted(waits.day, followed.day, side="right")], 0.05)
    return float((followed.n * (1 - decided_by) / decided_by).sum())


def lacking_open(records: Frame, until: dt.date, offices: Mapping[str, OfficeCount]) -> list[Message]:
    """Say where open cases must be and are hardly any: in the whole export, or in some of its offices."""
    cases, still_open = (sum(getattr(o, name) for o in offices.values()) for name in ("cases", "still_open"))
    if 0 < still_open < 0.01 * cases and still_open < 0.1 * (expected := expected_open(records, until)) >= FEWEST_OPEN:
        return [Alert("intake.few_open", n=still_open, expected=round(expected))]
    if not still_open:
        return []
    without = [name for name, o in offices.items() if o.decided >= FEWEST_RECENT and not o.still_open]
    each = {name: _expected(days, until.toordinal()) for name, days in _days_of(records, without, offices)}
    lacking = [name for name in without if each.get(name, 0.0) >= FEWEST_OPEN]
    return [Alert("intake.offices_without_open", n=len(lacking), offices=lacking)] if lacking else []


def _days_of(records: Frame, names: Sequence[str], offices: Mapping[str, OfficeCount]) -> Iterator[tuple[str, Days]]:
    """Yield the days of some offices: fetched in lots of few enough cases, or asked for where the records stay."""
    if is_remote(records):
        yield from ((name, _days(records.filter(nw.col("office") == name))) for name in names)
        return
    lots: dict[int, list[str]] = {}
    before = 0
    for name in names:
        lots.setdefault(before // FETCHED, []).append(name)
        before += offices[name].decided
    for some in lots.values():
        pairs = _pairs(records.filter(nw.col("office").is_in(some)), "office")
        yield from ((str(name), FetchedDays(own)) for name, own in pairs.groupby("office"))


class Days(Protocol):
    """The days on which decided cases were received, and how long they waited."""

    def received(self) -> Counts:
        """Return how many were received on each day."""

    def waits(self, first: int | None = None) -> Counts:
        """Return how many waited so many days, of all or of those received from a day on."""

    def first_decided(self) -> int:
        """Return the day of the first decision."""


@dataclass(frozen=True, eq=False)
class FetchedDays:
    """One row a day and wait, held here."""

    pairs: pd.DataFrame

    def received(self) -> Counts:
        """Return how many were received on each day."""
        return _tally(self.pairs["asn_day"], self.pairs["n"])

    def waits(self, first: int | None = None) -> Counts:
        """Return how many waited so many days, of all or of those received from a day on."""
        pairs = self.pairs if first is None else self.pairs[self.pairs["asn_day"] >= first]
        return _tally(pairs["asn_wait"], pairs["n"])

    def first_decided(self) -> int:
        """Return the day of the first decision."""
        return int((self.pairs["asn_day"] + self.pairs["asn_wait"]).min())


@dataclass(frozen=True, eq=False)
class AskedDays:
    """Records that stay in their engine: no more rows leave it than there are days."""

    records: Frame

    def received(self) -> Counts:
        """Return how many were received on each day."""
        return self._counted(self.records, "asn_day")

    def waits(self, first: int | None = None) -> Counts:
        """Return how many waited so many days, of all or of those received from a day on."""
        records = self.records if first is None else self.records.filter(nw.col("asn_day") >= first)
        return self._counted(records, "asn_wait")

    def first_decided(self) -> int:
        """Return the day of the first decision."""
        found = self.records.select(first=(nw.col("asn_day") + nw.col("asn_wait")).min()).collect()
        return int(found["first"][0])

    def _counted(self, records: Frame, name: str) -> Counts:
        rows = pd.DataFrame(records.group_by(name).agg(n=nw.len()).collect().to_pandas())
        return _tally(rows[name], rows["n"])


def is_remote(records: Frame) -> bool:
    """Return whether the rows stay where they are: only few may leave."""
    return records.implementation.is_ibis() or records.implementation.is_spark_like()


def _days(records: Frame) -> Days:
    if not is_remote(records):
        return FetchedDays(_pairs(records))
    days = _decided(records).select(asn_day=_RECEIVED, asn_wait=_WAIT)
    return AskedDays(days.filter(nw.col("asn_wait") >= 0))


def _decided(records: Frame) -> Frame:
    return records.filter(~nw.col("received").is_null() & ~nw.col("decided").is_null())


def _pairs(records: Frame, *by: str) -> pd.DataFrame:
    """Return how many decided cases (of each office) were received on a day and waited so long; numbered here."""
    pairs = _decided(records).group_by(*by, "received", "decided").agg(n=nw.len()).collect()
    days = pairs.select(*by, "n", asn_day=_RECEIVED, asn_wait=_WAIT).filter(nw.col("asn_wait") >= 0)
    return pd.DataFrame(days.to_pandas())


def _ordinal(name: str) -> nw.Expr:
    """Write the number of a day, as `date.toordinal` counts: whole numbers mean the same in every engine."""
    date = nw.col(name).dt
    years = date.year().cast(nw.Int64) - 1
    return 365 * years + years // 4 - years // 100 + years // 400 + date.ordinal_day().cast(nw.Int64)


_RECEIVED = _ordinal("received")
_WAIT = _ordinal("decided") - _RECEIVED


def _tally(values: pd.Series, n: pd.Series) -> Counts:
    """Return the values in order, and how many cases have each."""
    day, at = np.unique(values.to_numpy(dtype=np.int64), return_inverse=True)
    return Counts(day, np.bincount(at, weights=n.to_numpy(dtype=np.float64), minlength=len(day)).astype(np.int64))


# --- nothing decided ------------------------------------------------------------------------------------------


def undecided(
    offices: Mapping[str, OfficeCount], files: Mapping[str, OfficeCount], *, declared: bool, heading: str
) -> list[Message]:
    """Say where no case has been decided: every wait then equals the horizon. An export of such cases is refused."""
    cases = sum(o.cases for o in offices.values())
    if cases and not any(o.decided for o in offices.values()):
        what = Message("intake.nothing_decided", n=cases, heading=heading)
        if cases >= FEWEST_CASES and not declared:
            raise InputError(paragraph(what, Message("intake.nothing_decided_todo")))
        return [Alert("intake.nothing_decided", n=cases, heading=heading) if cases >= FEWEST_CASES else what]
    notes: list[Message] = []
    for key, groups in (("offices", offices), ("files", files)):
        names = [name for name, g in groups.items() if g.cases >= FEWEST_CASES and not g.decided]
        if names:
            notes.append(Alert(f"intake.{key}_undecided", n=len(names), names=names))
    return notes


# --- no status ------------------------------------------------------------------------------------------------


class Unsaid(NamedTuple):
    """Decided cases of files or offices, and of months of receipt, in which no status was written; and the others."""

    n: int
    files: tuple[int, ...]
    offices: tuple[str, ...]
    first: str
    last: str
    said: int
    withdrawn: int


def without_status(records: Frame, said: str) -> Unsaid | None:
    """Return where no decided case has a status though elsewhere they have one; None where no withdrawn one is missed.

    Asked of the months before the first status of a file and of an office, and after the last one: who leaves some
    empty does so by chance in no run of many cases (0.001). The column `said` is 1 where a status stands.
    """
    keys = [c for c in (FILE, "office") if c in records.collect_schema().names()]
    dated, there = ~nw.col("decided").is_null(), nw.col(said) == 1
    flags = {"n": dated, "dated": dated & there, "said": there, "withdrawn": there & (nw.col("status") == "withdrawn")}
    ones = {name: nw.when(flag).then(1).otherwise(0) for name, flag in flags.items()}
    month = 12 * nw.col("received").dt.year().cast(nw.Int64) + nw.col("received").dt.month().cast(nw.Int64) - 1
    groups = records.with_columns(asn_month=month, **{f"asn_{name}": one for name, one in ones.items()})
    groups = groups.group_by(*keys, "asn_month").agg(**{name: nw.col(f"asn_{name}").sum() for name in flags})
    rows = pd.DataFrame(groups.collect().to_pandas()).astype({"asn_month": int, **dict.fromkeys(flags, int)})
    rows = rows.sort_values("asn_month", ignore_index=True)
    runs = [run for by in ([], *([key] for key in keys), keys) for run in _silent_runs(rows, by)]
    others = rows[~pd.concat([edge for edge, _ in runs], axis=1).any(axis=1)]
    if not others["dated"].sum():
        return None
    empty = (others["n"].sum() - others["dated"].sum() + 1) / (others["n"].sum() + 2)
    lost = rows[pd.concat([edge & (n * np.log(empty) < np.log(BY_CHANCE)) for edge, n in runs], axis=1).any(axis=1)]
    n, written, withdrawn = (int(v) for v in (lost["n"].sum(), others["said"].sum(), others["withdrawn"].sum()))
    if n < FEWEST_CASES or n * withdrawn < written:
        return None
    files = tuple(sorted({*lost[FILE]} - {*others[FILE]})) if FILE in keys else ()
    rest = lost[~lost[FILE].isin(files)] if files else lost
    first, last = (f"{m // 12}-{m % 12 + 1:02d}" for m in (lost["asn_month"].min(), lost["asn_month"].max()))
    return Unsaid(n, tuple(map(int, files)), tuple(sorted({*rest["office"]})), first, last, written, withdrawn)


def _silent_runs(rows: pd.DataFrame, by: list[str]) -> list[tuple[pd.Series, pd.Series]]:
    """Return the rows before the first status, and after the last one, of each group; and the cases of these rows."""
    groups = [rows[key] for key in by] or [rows["n"] * 0]
    said = rows.groupby(groups)["said"]
    edges = (said.cumsum() == 0, said.transform("sum") - said.cumsum() + rows["said"] == 0)
    return [(edge, rows["n"].where(edge, 0).groupby(groups).transform("sum")) for edge in edges]


# --- files exported earlier -----------------------------------------------------------------------------------

#: Column of the last day for which an open case is known; only where a file was exported earlier than as_of.
FOLLOWED: Final = "asn_followed"
FEWEST_LEFT: Final = 3  # open cases at the end of a file below which they may just be slow
BY_CHANCE: Final = 0.001


FEWEST_DAYS: Final = 5  # working days without any date: a week that was not exported again
USUAL: Final = 0.99  # share of the gaps between two days of decisions up to which a silence is a usual one

#: Number of a file, and the regency of its rows where they are of several.
Part: TypeAlias = tuple[int, str]


class Earlier(NamedTuple):
    """A day after which files or regencies know nothing more, their open cases, and how many of one month are open."""

    day: dt.date
    parts: tuple[Part, ...]
    still_open: int
    month: str
    of_month: tuple[int, int]


def day_said(part: Part, exported: Mapping[int | str, dt.date]) -> dt.date | None:
    """Return the day of export that was said for the file or the regency of a part."""
    return exported.get(part[0]) or exported.get(part[1])


def last_days(
    ends: Mapping[Part, dt.date], counts: Mapping[Part, OfficeCount], exported: Mapping[int | str, dt.date]
) -> dict[Part, dt.date]:
    """Return the last day of each part with open cases that others leave behind, or whose day was said."""
    latest = max(ends.values(), default=dt.date.min)
    behind = {p: (latest - day).days >= FEWEST_DAYS and counts[p].still_open >= FEWEST_LEFT for p, day in ends.items()}
    days = {p: day_said(p, exported) or (day if behind[p] else None) for p, day in ends.items() if counts[p].still_open}
    return {part: day for part, day in days.items() if day is not None}


def followed(
    records: Frame, until: Mapping[Part, dt.date], said: Mapping[int | str, dt.date], as_of: dt.date, latest: dt.date
) -> tuple[Frame, list[Earlier]]:
    """Return the records with the last day of each open case whose part was exported earlier; and those days.

    Said, or known by the end of the part: a silence longer than its usual ones, in which none of its last open cases
    was decided, has a chance below 0.001 by the product-limit estimator of the waits until then. Its last cases are
    those received within the wait of nine in ten; older ones may stay open for ever.
    """
    waiting = (nw.col("status") == "open") & nw.col("decided").is_null()
    rows = _spans(records, waiting, latest)
    settled = {day for part, day in until.items() if day_said(part, said) is not None}
    found: list[Earlier] = []
    for day in sorted(set(until.values()) - settled):
        own = rows[rows["until"] == day.toordinal()]
        if _is_silent(own, day, latest) and _chance_of_none(own, rows, (latest - day).days) < BY_CHANCE:
            month = [dt.date.fromordinal(came).isoformat()[:7] for came in own["day"]]
            n = own.assign(still=own["n"].where(own["still_open"], 0))[["still", "n"]].groupby(month).sum()
            most = str(n["still"].idxmax())
            parts = tuple(part for part, one in until.items() if one == day)
            of_month = int(n["still"][most]), int(n["n"][most])
            found.append(Earlier(day, parts, int(n["still"].sum()), most, of_month))
    days = sorted({day for day in settled if day < as_of} | {one.day for one in found})
    if not days:
        return records.drop(FOLLOWED), []
    known = nw.when(waiting & nw.col(FOLLOWED).is_in(days)).then(nw.col(FOLLOWED))
    return records.with_columns(known.alias(FOLLOWED)), found


class Appended(NamedTuple):
    """Days after which nothing is known of the rows of a regency, or of all (no name), that had come by then."""

    regency: str
    days: tuple[dt.date, ...]
    still_open: int


def not_exported_again(
    records: Frame, regencies: Mapping[str, str], said: Mapping[int | str, dt.date], latest: dt.date
) -> tuple[Frame, list[Appended]]:
    """Return the records of one table to which rows were added, with the last day for which its older rows are known.

    `regencies` are those of the offices. After such a day no case that had come by then is decided, and of the cases
    received in the last days before it more are open than of those received in as many days before these.
    """
    waiting = (nw.col("status") == "open") & nw.col("decided").is_null()
    rows = _spans(records, waiting, latest, "office" if regencies else None)
    followed_until: Any = nw.lit(None, dtype=nw.Date)
    found: list[Appended] = []
    places = rows["office"].map(regencies) if regencies else pd.Series("", index=rows.index)
    for name, own in rows.groupby(places):
        days = [] if day_said((0, str(name)), said) is not None else _breaks(own)
        its = nw.col("office").is_in([office for office, one in regencies.items() if one == name] or [""])
        for day in reversed(days):
            known = waiting & (nw.col("received") <= day) & (its if regencies else waiting)
            followed_until = nw.when(known).then(nw.lit(day, dtype=nw.Date)).otherwise(followed_until)
        if days:
            left = own["n"][own["still_open"] & (own["day"] <= days[-1].toordinal())].sum()
            found.append(Appended(str(name), tuple(days), int(left)))
    return (records.with_columns(followed_until.alias(FOLLOWED)) if found else records), found


def _breaks(own: pd.DataFrame) -> list[dt.date]:
    """Return the days after which no case that had come by then is decided, where open ones were left by it."""
    ended = (own["day"] + own["span"]).where(~own["still_open"], 0)
    daily = own.assign(ended=ended, left=own["n"].where(own["still_open"], 0)).groupby("day")
    day, n, left = (np.asarray(v) for v in ([*daily.groups], daily["n"].sum(), daily["left"].sum()))
    ended_by = np.maximum.accumulate(daily["ended"].max().to_numpy())
    long, before, found = max(_nine_in_ten(own), FEWEST_DAYS), 0, list[dt.date]()
    for i in np.flatnonzero(ended_by[:-1] <= day[1:]):
        last = int(max(day[i], ended_by[i]))
        half = min(long, (last - before) // 2)
        late, early = ((day > last - of) & (day <= last - of + half) for of in (half, 2 * half))
        open_late, open_near = left[late].sum(), left[late | early].sum()
        share = n[late].sum() / max(n[late | early].sum(), 1)
        if day[-1] - last < long or open_late < FEWEST_LEFT:
            continue
        if scipy.special.bdtrc(open_late - 1, open_near, share) < BY_CHANCE / len(day):
            found.append(dt.date.fromordinal(last))
            before = last
    return found


def _spans(records: Frame, waiting: nw.Expr, latest: dt.date, by: str | None = FOLLOWED) -> pd.DataFrame:
    """Return how many cases were received on a day, and decided or seen for so long, by the last day of their part."""
    counted = records.with_columns(asn_open=nw.when(waiting).then(1).otherwise(0))
    keys = [] if by is None else [by]
    groups = counted.group_by(*keys, "received", "decided", "asn_open").agg(n=nw.len()).collect()
    rows = pd.DataFrame(groups.select(*keys, "asn_open", "n", day=_RECEIVED, asn_wait=_WAIT).to_pandas())
    ends = [latest] * len(rows) if by != FOLLOWED else [pd.Timestamp(day).date() for day in rows[FOLLOWED]]
    until = np.array([min(day, latest).toordinal() for day in ends], dtype=np.int64)
    still = rows["asn_open"] == 1
    span = rows["asn_wait"].astype(float).where(~still, until - rows["day"]).clip(lower=0)
    spans = rows.assign(until=until, still_open=still, span=span).dropna(subset="span")
    return spans.astype({"day": int, "span": int, "n": int})


def _is_silent(own: pd.DataFrame, day: dt.date, latest: dt.date) -> bool:
    """Return whether there are more working days after a day than a part usually goes without a decision."""
    decided = own[~own["still_open"]]
    days = np.unique(decided["day"] + decided["span"])
    gaps = _working_days(days[:-1], days[1:])
    after = _working_days(np.array([day.toordinal()]), np.array([latest.toordinal()]))[0]
    return bool(after >= FEWEST_DAYS and after > (np.quantile(gaps, USUAL, method="lower") if gaps.size else 0))


def _working_days(first: Int, last: Int) -> Int:
    """Return how many working days lie after one day and up to another."""
    start, end = ((days - dt.date(1969, 12, 31).toordinal()).astype("datetime64[D]") for days in (first, last))
    return np.busday_count(start, end, holidays=[row["tanggal"] for row in read_rows("holidays_id.csv")])


def _chance_of_none(own: pd.DataFrame, rows: pd.DataFrame, more: int) -> float:
    """Return how likely none of the last open cases of a part is decided within `more` days, had it been followed."""
    size = int(rows["span"].max()) + more + 2
    (decided, at_risk), (of_all, all_at_risk) = _at_risk(own, size), _at_risk(rows, size)
    few = at_risk < FEWEST_AT_RISK
    decided, at_risk = np.where(few, of_all, decided), np.where(few, all_at_risk, at_risk)
    hazard = np.where(at_risk >= FEWEST_AT_RISK, decided / np.maximum(at_risk, 1), 0.0)
    stays = np.cumsum(np.log1p(-np.minimum(hazard, 0.99)))
    long = max(_nine_in_ten(own), _nine_in_ten(rows))
    last = own[own["still_open"] & (own["span"] < long)]
    if last["n"].sum() < FEWEST_LEFT:
        return 1.0
    return float(np.exp((last["n"] * (stays[last["span"] + more] - stays[last["span"]])).sum()))


def _at_risk(rows: pd.DataFrame, size: int) -> tuple[Float, Float]:
    """Return how many cases were decided after each number of days, and how many were seen for so long."""
    n, still_open = rows["n"].to_numpy(np.float64), rows["still_open"].to_numpy()
    decided: Float = np.bincount(rows["span"], weights=n * ~still_open, minlength=size).astype(np.float64)
    seen: Float = np.bincount(rows["span"], weights=n, minlength=size).astype(np.float64)
    return decided, seen[::-1].cumsum()[::-1]


def _nine_in_ten(rows: pd.DataFrame) -> int:
    """Return the days within which nine in ten of the decided cases were decided."""
    waits = _tally(rows["span"], rows["n"].where(~rows["still_open"], 0))
    ended = np.cumsum(waits.n)
    return int(waits.day[np.searchsorted(ended, 0.9 * ended[-1])]) if ended.size and ended[-1] else 0


# --- the day of the export ------------------------------------------------------------------------------------


def late(earliest: dt.date | None, latest: dt.date | None, as_of: dt.date, cases: int) -> bool:
    """Return whether the export must have been made before the day that was named: its last days are empty."""
    if earliest is None or latest is None:
        return False
    gap, span = (as_of - latest).days, max((latest - earliest).days, 1)
    return gap > LATE or (gap > LATE_OF_MANY and cases * gap / span >= FEWEST_CASES)


# --- rows lost ------------------------------------------------------------------------------------------------


def once_above(ledger: Ledger) -> list[Message]:
    """Return the line that fills the office, or its regency, down, where most rows that are lost lack it."""
    lost = ledger.read - ledger.kept
    lacking = [field for field in ("office", "regency") if 2 * ledger.dropped.get(reason(f"no_{field}"), 0) > lost]
    return [Message(f"intake.lost.{field}_once") for field in lacking]


def refuse_losses(ledger: Ledger, most_lost: float, name: str | Message, more: Sequence[Message | None] = ()) -> None:
    """Refuse an export of which more rows were lost than its readers would accept."""
    if ledger.lost >= FEWEST_CASES and ledger.lost > most_lost * ledger.cases:
        share = Message("intake.lost.share", file=name, lost=ledger.lost, n=ledger.cases, reasons=ledger.reasons())
        raise InputError(paragraph(share, *more, *once_above(ledger), Message("intake.lost.settle", most=most_lost)))
