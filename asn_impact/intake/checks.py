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
from asn_impact.intake.ledger import Ledger, reason
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
    if _is_remote(records):
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


def _is_remote(records: Frame) -> bool:
    return records.implementation.is_ibis() or records.implementation.is_spark_like()


def _days(records: Frame) -> Days:
    if not _is_remote(records):
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


# --- files exported earlier -----------------------------------------------------------------------------------

#: Column of the last day for which an open case is known; only where a file was exported earlier than as_of.
FOLLOWED: Final = "asn_followed"
FEWEST_LEFT: Final = 3  # open cases at the end of a file below which they may just be slow
BY_CHANCE: Final = 0.001


class Earlier(NamedTuple):
    """A day after which files know nothing more, their open cases, and how many of one month are open."""

    day: dt.date
    files: tuple[int, ...]
    still_open: int
    month: str
    of_month: tuple[int, int]


def last_days(
    ends: Mapping[int, dt.date], files: Mapping[int, OfficeCount], exported: Mapping[int, dt.date]
) -> dict[int, dt.date]:
    """Return the last day of each file with open cases that others leave behind, or whose day was said."""
    latest = max(ends.values(), default=dt.date.min)
    behind = [i for i, day in ends.items() if i in exported or (latest - day).days > LATE_OF_MANY]
    return {i: exported.get(i, ends[i]) for i in behind if files[i].still_open}


def followed(
    records: Frame, until: Mapping[int, dt.date], said: Mapping[int, dt.date], as_of: dt.date
) -> tuple[Frame, list[Earlier]]:
    """Return the records with the last day of each open case whose file was exported earlier; and those days.

    Said, or known by the end of the file: of the cases received within the wait of nine in ten before its last date
    more are open than of the cases of later files that could have been followed as long (binomial, 0.001).
    """
    waiting = (nw.col("status") == "open") & nw.col("decided").is_null()
    rows, long = _counts_of_days(records, waiting), _long_wait(records)
    others = rows[(rows["until"] >= as_of.toordinal()) & (rows["day"] <= as_of.toordinal() - long)]
    usual = min((int(others["still_open"].sum()) + 1) / (int(others["n"].sum()) + 20), 1.0)
    settled = {day for i, day in until.items() if i in said}
    found: list[Earlier] = []
    for day in sorted(set(until.values()) - settled):
        own = rows[rows["until"] == day.toordinal()]
        end = own[own["day"] > day.toordinal() - long]
        left, n = int(end["still_open"].sum()), int(end["n"].sum())
        behind = (as_of - day).days > max(LATE_OF_MANY, long)
        if behind and left >= FEWEST_LEFT and scipy.stats.binom.sf(left - 1, n, usual) < BY_CHANCE:
            months = own.groupby("month")[["still_open", "n"]].sum().sort_values("still_open").reset_index()
            month, of_month, cases = months.iloc[-1][["month", "still_open", "n"]]
            files = tuple(i for i, one in until.items() if one == day)
            found.append(Earlier(day, files, int(own["still_open"].sum()), str(month), (of_month, cases)))
    days = sorted({day for day in settled if day < as_of} | {one.day for one in found})
    if not days:
        return records.drop(FOLLOWED), []
    known = nw.when(waiting & nw.col(FOLLOWED).is_in(days)).then(nw.col(FOLLOWED))
    return records.with_columns(known.alias(FOLLOWED)), found


def _counts_of_days(records: Frame, waiting: nw.Expr) -> pd.DataFrame:
    """Return how many cases, and how many open ones, were received on a day and known until another; as numbers."""
    counted = records.with_columns(day=_RECEIVED, asn_open=nw.when(waiting).then(1).otherwise(0))
    groups = counted.group_by(FOLLOWED, "day").agg(n=nw.len(), still_open=nw.col("asn_open").sum())
    rows = pd.DataFrame(groups.collect().to_pandas()).astype({"day": int, "n": int, "still_open": int})
    month = [dt.date.fromordinal(day).isoformat()[:7] for day in rows["day"]]
    return rows.assign(until=[pd.Timestamp(day).toordinal() for day in rows[FOLLOWED]], month=month)


def _long_wait(records: Frame) -> int:
    """Return the days within which nine in ten of the decided cases were decided."""
    waits = _days(records).waits()
    return int(waits.day[np.searchsorted(np.cumsum(waits.n), 0.9 * waits.n.sum())]) if waits.n.size else 0


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
