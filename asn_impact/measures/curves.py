"""The completion curve of every cell: the share of cases decided within d days, for each d up to the horizon.

A case is decided on a day, withdrawn, or still open when the export was made. How long it was followed depends on the
day of receipt alone, so that it is known for withdrawn cases too: they stay at risk, never to be decided, as long as
they would have been followed. The product-limit estimate on these risk sets is the cumulative incidence of a decision,
withdrawals competing (Fine and Gray 1999, section 3.1, censoring complete data). It needs no date of withdrawal, which
many exports lack. Where all cases were followed to the end it is the plain share.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.errors import InputError
from asn_impact.measures.outcomes import CompletionCurve
from asn_impact.measures.panel import Panel
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@dataclass(frozen=True, eq=False, repr=False)
class CurvePanel(Panel):
    """Cells of the whole completion curve; as a `Panel` it is that of the last day, the horizon.

    `mean` and `within` are those of the share decided within the horizon, so that any estimator can be called on a
    design of it. `Along` estimates on every day. A cell that was not followed to the horizon (``immature=
    "kaplan_meier"``) counts on the days up to which it was followed, and is not `observed` on the last.

    Attributes
    ----------
    curve
        (U, T, h + 1) share decided within 0, 1, ..., h days; NaN without records and beyond the follow-up of the cell.
    inside
        (U, T, h + 1) sum of squares around the mean inside each cell: n p (1 - p) where all cases were followed, in
        general n squared times the variance of the estimated share.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> panel = ai.tabulate(durations, ai.CompletionCurve(20), by="office")
    >>> panel.curve.shape, panel.horizon
    ((12, 12, 21), 20)
    """

    curve: Float = field(default_factory=lambda: np.zeros((0, 0, 0)))
    inside: Float = field(default_factory=lambda: np.zeros((0, 0, 0)))

    _by_period: ClassVar[tuple[str, ...]] = (*Panel._by_period, "curve", "inside")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.outcome, CompletionCurve):
            raise InputError(Message("measures.curves.outcome", found=repr(self.outcome)))
        shape = (*self.n.shape, self.outcome.horizon + 1)
        for name in ("curve", "inside"):
            array = np.asarray(getattr(self, name), dtype=np.float64)
            if array.shape != shape:
                raise InputError(
                    Message("measures.curves.shape", array=name, shape=str(array.shape), expected=str(shape))
                )
            object.__setattr__(self, name, readonly(array))

    @property
    def horizon(self) -> int:
        """The last day of the curve."""
        return int(self.curve.shape[2] - 1)

    @property
    def observed(self) -> Bool:
        """(U, T) True where the cell holds a value that counts on the last day."""
        return np.asarray(super().observed & np.isfinite(self.mean))

    @property
    def known(self) -> Bool:
        """(U, T, h + 1) True where the cell holds a value that counts on that day."""
        return np.asarray(np.isfinite(self.curve) & ((self.n > 0) & (self.weight > 0))[:, :, None])

    def select(self, units: Int) -> CurvePanel:
        """Return the panel of some units, by position, in the given order."""
        plain = Panel(**_values(self)).select(units)
        return CurvePanel(**_values(plain), curve=self.curve[units], inside=self.inside[units])

    @public_verb
    def at(self, day: int) -> Panel:
        """Return the panel of one day, that of ``Within(day)``.

        Rules that draw again replace `mean` by numbers that do not vary inside cells: the panel then has these numbers
        on every day.

        Raises
        ------
        InputError
            The curve does not reach the day; or `mean` was changed and the curve was not, so that no day but the last
            could tell of the change.
        """
        if not 0 <= day <= self.horizon:
            raise InputError(Message("measures.curves.day", day=day, horizon=self.horizon))
        known = self.known[:, :, day]
        mean, inside = self._constant(known) if self.replaced else (self.curve[:, :, day], self.inside[:, :, day])
        values = _values(self) | {
            "outcome": self._outcome.on(day),
            "n": np.where(known, self.n, 0.0),
            "mean": np.where(known, mean, np.nan),
            "weight": np.where(known, self.weight, 0.0),
            "within": np.where(known, inside, 0.0)[:, :, None, None],
        }
        return Panel(**values)

    @property
    def _outcome(self) -> CompletionCurve:
        assert isinstance(self.outcome, CompletionCurve)
        return self.outcome

    @cached_property
    def replaced(self) -> bool:
        """Whether `mean` was replaced by other numbers than the last day of the curve."""
        return not np.array_equal(self.mean, self.curve[:, :, -1], equal_nan=True)

    def _constant(self, known: Bool) -> tuple[Float, Float]:
        """Return the replaced mean, and no variation inside cells."""
        if self.within[:, :, 0, 0].any():
            raise InputError(Message("measures.curves.mean_changed"))
        if (known & np.isnan(self.mean)).any():
            raise InputError(Message("measures.curves.other_outcome"))
        return self.mean, np.zeros(self.mean.shape)


def _values(panel: Panel) -> dict[str, Any]:
    """Return the fields that every panel has."""
    return {f.name: getattr(panel, f.name) for f in fields(Panel)}


@dataclass(frozen=True, eq=False)
class Incidence:
    """Cumulative incidence of a decision in C cells."""

    share: Float  #: (C, h + 1) estimated share decided within each number of days; NaN where the cell cannot say
    variance: Float  #: (C, h + 1) variance of the estimate


def incidence(decided: npt.NDArray[Any], followed: npt.NDArray[Any]) -> Incidence:
    """Return the product-limit estimate of the share decided within 0, 1, ..., h days, in each of C cells.

    ``F(d) = 1 - prod over t <= d of (1 - D(t) / Y(t))``, Y(t) the cases followed to day t that were not decided before
    it, withdrawn ones included; its variance is ``(1 - F)^2 * sum over t <= d of D / (Y (Y - D))`` (Greenwood). Where
    nobody is at risk any more and not all are decided, the cell has no estimate from that day on: a curve is never
    continued without cases.

    Parameters
    ----------
    decided
        (C, h + 1, h + 1) cases by last day of follow-up (h: as long or longer) and day of decision.
    followed
        (C, h + 1) all cases by last day of follow-up.

    Examples
    --------
    Four cases followed to day 2 and one to day 0; two are decided, on days 0 and 1:

    >>> import numpy as np
    >>> decided = np.zeros((1, 3, 3))
    >>> decided[0, 2, :2] = 1
    >>> incidence(decided, np.array([[1.0, 0.0, 4.0]])).share.round(3)
    array([[0.2  , 0.467, 0.467]])
    """
    ended = decided.sum(axis=1)
    reached = followed[:, ::-1].cumsum(axis=1)[:, ::-1]  # (C, t) cases followed to day t or longer
    # of these, cases decided before day t
    by_follow_up = decided[:, ::-1].cumsum(axis=1)[:, ::-1].cumsum(axis=2)
    before = np.zeros_like(reached)
    day = np.arange(1, reached.shape[1])
    before[:, 1:] = by_follow_up[:, day, day - 1]
    at_risk = reached - before
    left = np.cumprod(1 - _ratio(ended, at_risk, empty=0.0), axis=1)
    spread = np.cumsum(_ratio(ended, at_risk * (at_risk - ended), empty=0.0), axis=1)
    # nobody left undecided: the share is 1 and stays so as long as somebody was followed
    known = (reached > 0) & ((at_risk > 0) | (left <= 0))
    return Incidence(np.where(known, 1 - left, np.nan), np.where(known, left**2 * spread, np.nan))


def _ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any], *, empty: float) -> Float:
    """Return numerator / denominator, `empty` where the denominator is zero."""
    out = np.full(numerator.shape, empty, dtype=np.float64)
    return np.asarray(np.divide(numerator, denominator, out=out, where=denominator > 0))


def until(share: Float) -> tuple[int, ...]:
    """Return for each of T months the last day on which one of its (U, T, h + 1) cells can answer; -1 for none."""
    answers: Bool = np.asarray(np.isfinite(share).any(axis=0))
    return tuple(int(days.max()) if (days := np.flatnonzero(month)).size else -1 for month in answers)
