"""How long offices take to come back after a rule change.

Each unit is compared with itself: its own months before the shock make a band. It has recovered in the first month in
which its mean is no longer worse than the band. A unit that is not back when the data, or the time looked at, end
is *censored*: it counts with the months it was followed, and is never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import AtLeast, Times, check_fields
from asn_impact.arrays import Bool, Float, Int
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.verbs import Guided, Held, public_verb
from asn_impact.words import Alert, Message

Worse: TypeAlias = Literal["higher", "lower"]

_LEAST_SHARE = 0.5  # of the months of a band that must have a value


class Band(Protocol):
    """How far from its own usual level a unit may be and still count as usual."""

    @property
    def months(self) -> int:
        """Months before the shock that say what is usual."""

    def width(self, before: Float) -> float:
        """Return the half-width of the band from the values before the shock."""


@dataclass(frozen=True)
class SpreadBand(Guided):
    """The unit's own mean plus and minus some standard deviations of its monthly means.

    Parameters
    ----------
    deviations
        How many standard deviations (n - 1).
    months
        Months before the shock.

    Examples
    --------
    >>> SpreadBand(2.0, months=12)
    SpreadBand(deviations=2.0, months=12)
    """

    deviations: float
    months: Annotated[int, AtLeast(2)]

    def __post_init__(self) -> None:
        check_fields(self)
        _require_reach(self.deviations)

    def width(self, before: Float) -> float:
        """Return deviations times the standard deviation."""
        return self.deviations * float(before.std(ddof=1))


@dataclass(frozen=True)
class ShareBand(Guided):
    """The unit's own mean plus and minus a share of it.

    Parameters
    ----------
    share
        0.1 for 10 per cent.
    months
        Months before the shock.

    Examples
    --------
    >>> ShareBand(0.1, months=6)
    ShareBand(share=0.1, months=6)
    """

    share: float
    months: Times

    def __post_init__(self) -> None:
        check_fields(self)
        _require_reach(self.share)

    def width(self, before: Float) -> float:
        """Return the share of the mean's size."""
        return self.share * abs(float(before.mean()))


def _require_reach(reach: float) -> None:
    if not 0 < reach < np.inf:
        raise InputError(Message("recovery.reach", found=repr(reach)))


@dataclass(frozen=True, eq=False)
class Recovery(Held):
    """When each unit came back inside its own band.

    Attributes
    ----------
    panel : Panel
    at : int
        Position of the month of the shock.
    within : int
        Months looked at, from the month of the shock on.
    band, worse
        As asked for.
    months : array
        (U,) months from the shock to the first month back, 0 for a unit that never left its band in the month of the
        shock; for a unit that did not come back the months it was followed. NaN without a band.
    recovered : array
        (U,) True for units that came back; False: censored, or no band.
    usual, limit : array
        (U,) own mean before the shock, and the worst value that still counts as usual.
    worst : array
        (U,) how far beyond the limit the unit went at most; 0 for a unit that stayed inside.
    reasons : tuple of Message or None
        (U,) why a unit has no band; None for the others.
    notes : tuple of Message

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> days = {"C": [10, 11, 10, 11, 20, 11, 11, 10.0], "D": [10, 11, 10, 11, 20, 19, 18, 10.0]}
    >>> rows = [(o, f"2024-0{m}", d) for o, own in days.items() for m, d in enumerate(own, start=1)]
    >>> frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    >>> panel = ai.read_panel(frame, unit="office", period="month", outcome="days")
    >>> found = ai.recovery(panel, at="2024-05", band=ai.ShareBand(0.2, months=4), worse="higher", within=3)
    >>> found.months.tolist(), found.recovered.tolist()
    ([1.0, 3.0], [True, False])
    """

    panel: Panel
    at: int
    within: int
    band: Band
    worse: Worse
    months: Float
    recovered: Bool
    usual: Float
    limit: Float
    worst: Float
    reasons: tuple[Message | None, ...]
    notes: tuple[Message, ...] = ()

    @property
    def followed(self) -> int:
        """Months that could be looked at: `within`, or fewer where the panel ends before."""
        return min(self.within, _distance(self.panel, self.at, len(self.panel.timeline) - 1) + 1)

    def frame(self) -> pd.DataFrame:
        """Return one row a unit: unit, months, recovered, usual, limit, worst, reason."""
        own = {name: getattr(self, name) for name in ("months", "recovered", "usual", "limit", "worst")}
        reasons = ["" if reason is None else str(reason) for reason in self.reasons]
        return pd.DataFrame({"unit": list(self.panel.units), **own, "reason": reasons})

    def __repr__(self) -> str:
        known = np.isfinite(self.months)
        label = self.panel.timeline.labels[self.at]
        back = int(self.recovered.sum())
        return (
            f"Recovery({self.panel.outcome.name} after {label}: {back} of {int(known.sum())} units back within "
            f"{self.followed} months, {int(known.sum()) - back} censored)"
        )

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("band", self.band), ("worse", self.worse)]
        return card(repr(self), [*facts, *noted(self)], table=self.frame().round(2))


@public_verb
def recovery(panel: Panel, *, at: object, band: Band, worse: Worse, within: Times, stays: Times = 1) -> Recovery:
    """Return for each unit the months until its mean is back inside its own band of before the shock.

    The time runs from the month of the shock. A unit is back in the first month, from that one on, whose mean is
    no worse than the limit of the band and stays so for `stays` months. Being better than the band is no departure.
    A month without a value counts as not yet back.

    Parameters
    ----------
    panel
        From `tabulate` or `read_panel`, by month.
    at
        Month of the shock: ``"2025-06"``, a date, a `pandas.Period`.
    band
        `SpreadBand` or `ShareBand`: what is usual.
    worse : {"higher", "lower"}
        ``"higher"`` for waits and complaints, ``"lower"`` for satisfaction and shares in time.
    within
        Months looked at. Units not back by then are censored.
    stays
        Consecutive months that must be inside; one lucky month does not make a recovery of 2.

    Raises
    ------
    InputError
        The panel has too few months before the shock, or none from it on, or is not by month.

    Warns
    -----
    DataWarning
        The panel ends before `within`; units have no band; units have months without a value.

    Notes
    -----
    The month of the shock is often treated in part; give the first month in which the rule was in force. All units must
    be mature for the outcome (`tabulate` sees to that), or late months look quick.

    Examples
    --------
    >>> from asn_impact.measures.panel import read_panel
    >>> months = [f"2024-{m:02d}" for m in range(1, 9)]
    >>> frame = pd.DataFrame({"office": "O1", "month": months, "days": [10, 11, 10, 11, 20, 16, 11, 10.0]})
    >>> recovery(read_panel(frame, unit="office", period="month", outcome="days"), at="2024-05",
    ...          band=ShareBand(0.1, months=4), worse="higher", within=4).months
    array([2.])
    """
    position = _position(panel, at)
    before, followed = _window(panel, position, band, within)
    reasons, usual, width = _bands(panel.mean[:, before], band)
    sign = 1.0 if worse == "higher" else -1.0
    beyond = sign * (panel.mean[:, followed] - usual[:, None]) - width[:, None]  # (U, F), above 0: worse than usual
    away = panel.timeline.ordinals[followed] - panel.timeline.ordinals[position]
    months, back = _returns(beyond, away, stays)
    known = np.isfinite(width)
    notes = _notes(panel, followed, reasons, within, _distance(panel, position, int(followed[-1])) + 1)
    deepest = np.nanmax(np.where(np.isfinite(beyond), beyond, 0.0), axis=1)
    return Recovery(
        panel=panel,
        at=position,
        within=within,
        band=band,
        worse=worse,
        months=np.where(known, months, np.nan),
        recovered=back & known,
        usual=usual,
        limit=usual + sign * width,
        worst=np.where(known, np.maximum(deepest, 0.0), np.nan),
        reasons=reasons,
        notes=(*panel.notes, *notes),
    )


def _position(panel: Panel, at: object) -> int:
    """Return the position of the month of the shock: the first month of the panel that is not before it."""
    if panel.timeline.kind != "month":
        raise InputError(Message("recovery.not_by_month", kind=Message(f"recovery.kind.{panel.timeline.kind}")))
    steps = panel.timeline.locate([at])[0]
    if not np.isfinite(steps[0]):
        raise InputError(Message("recovery.shock_after", at=str(at), last=panel.timeline.labels[-1]))
    position = int(np.searchsorted(panel.timeline.steps, steps[0]))
    if position == 0:
        raise InputError(Message("recovery.shock_before", at=str(at), first=panel.timeline.labels[0]))
    return position


def _distance(panel: Panel, start: int, end: int) -> int:
    return int(panel.timeline.ordinals[end] - panel.timeline.ordinals[start])


def _window(panel: Panel, position: int, band: Band, within: int) -> tuple[Int, Int]:
    """Return the positions of the months of the band, and of the months looked at."""
    away = panel.timeline.ordinals - panel.timeline.ordinals[position]
    before = np.flatnonzero((away < 0) & (away >= -band.months))
    if len(before) < max(_LEAST_SHARE * band.months, 1):
        month = panel.timeline.labels[position]
        raise InputError(Message("recovery.too_few_months", months=band.months, shock=month, n=len(before)))
    return before, np.flatnonzero((away >= 0) & (away < within))


def _bands(before: Float, band: Band) -> tuple[tuple[Message | None, ...], Float, Float]:
    """Return by unit the reason why there is no band, the mean before and the half-width of the band."""
    usual, width = np.full(len(before), np.nan), np.full(len(before), np.nan)
    reasons: list[Message | None] = []
    for unit, row in enumerate(before):
        values = row[np.isfinite(row)]
        if len(values) < max(_LEAST_SHARE * band.months, 2):
            reasons.append(Message("recovery.no_band", n=len(values), months=band.months))
            continue
        usual[unit], width[unit] = float(values.mean()), band.width(values)
        reasons.append(None)
    return tuple(reasons), usual, width


def _returns(beyond: Float, distance: Int, stays: int) -> tuple[Float, Bool]:
    """Return (U,) months until the first run of `stays` months inside, and whether there is one.

    A run that is not over when the data end says neither: the unit is censored in the month it began.
    """
    inside = np.nan_to_num(beyond, nan=1.0) <= 0
    months, back = np.empty(len(inside)), np.zeros(len(inside), dtype=np.bool_)
    for unit, row in enumerate(inside):
        run = 0
        months[unit] = distance[-1] + 1
        for t, is_in in enumerate(row):
            run = run + 1 if is_in else 0
            if run == stays:
                months[unit], back[unit] = distance[t - stays + 1], True
                break
        if not back[unit] and run:
            months[unit] = distance[len(row) - run]
    return months, back


def _notes(panel: Panel, followed: Int, reasons: tuple[Message | None, ...], within: int, months: int) -> list[Message]:
    notes: list[Message] = []
    if months < within:
        notes.append(Alert("recovery.ends_early", seen=months, within=within))
    lacking = [str(unit) for unit, reason in zip(panel.units, reasons, strict=True) if reason]
    if lacking:
        notes.append(Alert("recovery.without_band", n=len(lacking), units=lacking))
    empty = int((~np.isfinite(panel.mean[:, followed])).sum())
    if empty:
        notes.append(Alert("recovery.without_value", n=empty))
    return notes
