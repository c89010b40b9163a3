"""Is this population plausible? What the dates of an export tell of how it was drawn, and what no one would accept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import narwhals as nw
import numpy as np

from asn_impact.arrays import Float, Int
from asn_impact.errors import InputError
from asn_impact.intake.ledger import Ledger
from asn_impact.words import Alert, Message, paragraph

__all__ = [
    "MOST_LOST",
    "OfficeCount",
    "drawn_on_completion",
    "expected_open",
    "lacking_open",
    "late",
    "refuse_losses",
    "undecided",
]

Frame: TypeAlias = "nw.LazyFrame[Any]"

FEWEST_CASES, ALREADY_WAITING = 20, 5  # below these the dates do not tell how an export was drawn
FEWEST_OPEN: Final = 5.0  # open cases that must be expected before their absence tells something (chance: e**-5)
FEWEST_RECENT: Final = 200  # decided cases of the last months, below which the absence of open ones tells nothing
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
    received_on, wait, n = _received_and_waited(records)
    if n.sum() < FEWEST_CASES:
        return False
    waits, received, first = _counted(wait, n), _counted(received_on, n), int((received_on + wait).min())
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
    last = until.toordinal()
    received_on, wait, n = _received_and_waited(records.filter(_WAIT >= 0))
    if not n.size:
        return 0.0
    waits, received = _counted(wait, n), _counted(received_on, n)
    ended = np.cumsum(waits.n)
    short, long = (int(waits.day[np.searchsorted(ended, q * ended[-1])]) for q in (0.1, 0.9))
    if last - received.day[-1] > max(LATE_OF_MANY, short):
        return 0.0
    first = last - max(WINDOW, 3 * long)
    received = Counts(received.day[received.day >= first], received.n[received.day >= first])
    if received.n.sum() < FEWEST_RECENT:
        return 0.0
    recent = received_on >= first
    followed = Counts(np.maximum(last - received.day, 0)[::-1], received.n[::-1])
    return _unseen(_counted(wait[recent], n[recent]), followed)


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
    lacking = [
        name for name in without if expected_open(records.filter(nw.col("office") == name), until) >= FEWEST_OPEN
    ]
    return [Alert("intake.offices_without_open", n=len(lacking), offices=lacking)] if lacking else []


def _ordinal(name: str) -> nw.Expr:
    """Write the number of a day, as `date.toordinal` counts: whole numbers mean the same in every engine."""
    date = nw.col(name).dt
    years = date.year().cast(nw.Int64) - 1
    return 365 * years + years // 4 - years // 100 + years // 400 + date.ordinal_day().cast(nw.Int64)


_RECEIVED = _ordinal("received")
_WAIT = _ordinal("decided") - _RECEIVED


def _received_and_waited(records: Frame) -> tuple[Int, Int, Int]:
    """Return days of receipt, days waited, and how many records have both: one row a pair leaves the engine."""
    dated = records.filter(~nw.col("received").is_null() & ~nw.col("decided").is_null())
    pairs = (
        dated.select(asn_day=_RECEIVED, asn_wait=_WAIT).group_by("asn_day", "asn_wait").agg(asn_n=nw.len()).collect()
    )
    day, wait, n = (pairs[name].to_numpy().astype(np.int64) for name in ("asn_day", "asn_wait", "asn_n"))
    return day, wait, n


def _counted(values: Int, n: Int) -> Counts:
    """Return each value once, in order, and how many records have it."""
    day, at = np.unique(values, return_inverse=True)
    return Counts(day, np.bincount(at, weights=n, minlength=len(day)).astype(np.int64))


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


# --- the day of the export ------------------------------------------------------------------------------------


def late(earliest: dt.date | None, latest: dt.date | None, as_of: dt.date, cases: int) -> bool:
    """Return whether the export must have been made before the day that was named: its last days are empty."""
    if earliest is None or latest is None:
        return False
    gap, span = (as_of - latest).days, max((latest - earliest).days, 1)
    return gap > LATE or (gap > LATE_OF_MANY and cases * gap / span >= FEWEST_CASES)


# --- rows lost ------------------------------------------------------------------------------------------------


def refuse_losses(ledger: Ledger, most_lost: float, name: str | Message, more: Sequence[Message | None] = ()) -> None:
    """Refuse an export of which more rows were lost than its readers would accept."""
    if ledger.lost >= FEWEST_CASES and ledger.lost > most_lost * ledger.cases:
        share = Message("intake.lost.share", file=name, lost=ledger.lost, n=ledger.cases, reasons=ledger.reasons())
        raise InputError(paragraph(share, *more, Message("intake.lost.settle", most=most_lost)))
