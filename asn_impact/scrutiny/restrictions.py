"""What is assumed about the departure from parallel trends: inequalities, and nothing else.

A departure d has one number for each period but the reference, ``pre`` of them before and ``post`` after it; in the
reference period it is zero. A restriction is a union of sets ``A d <= b``; in each of them the inequalities come in
pairs: a change of d between minus and plus a limit. The limit is a number, or a change seen before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

import numpy as np

from asn_impact.arguments import AtLeast, check_fields
from asn_impact.arrays import Float, readonly
from asn_impact.errors import InferenceError
from asn_impact.words import Message

__all__ = ["Bands", "RelativeMagnitude", "Restriction", "Smoothness"]


@dataclass(frozen=True, eq=False)
class Bands:
    """Departures d with ``|change d| <= limit d + size``: R bands on k = pre + post numbers.

    Attributes
    ----------
    change, limit
        (R, k) what is bounded, and by which change before the reference period.
    size
        (R,) fixed part of the limit.
    """

    change: Float
    limit: Float
    size: Float

    def __post_init__(self) -> None:
        for name in ("change", "limit", "size"):
            object.__setattr__(self, name, readonly(np.asarray(getattr(self, name), dtype=np.float64)))

    @property
    def a(self) -> Float:
        """(2R, k) left side of the inequalities ``A d <= b``."""
        return np.concatenate([self.change - self.limit, -self.change - self.limit])

    @property
    def b(self) -> Float:
        """(2R,) right side of the inequalities ``A d <= b``."""
        return np.concatenate([self.size, self.size])

    def after(self, pre: int) -> Bands:
        """Return the bands that say something about the periods after the reference."""
        rows = (self.change[:, pre:] != 0).any(axis=1)
        return Bands(self.change[rows], self.limit[rows], self.size[rows])


class Restriction(Protocol):
    """Parameters in the object, numbers of periods in the call."""

    @property
    def words(self) -> Message:
        """Name and parameters in every language."""

    @property
    def name(self) -> str:
        """Name and parameters as printed."""

    def bands(self, pre: int, post: int) -> tuple[Bands, ...]:
        """Return the sets whose union is the restriction."""


@dataclass(frozen=True)
class RelativeMagnitude:
    """After the reference period, no change larger than `mbar` times the largest change before it.

    Parameters
    ----------
    mbar
        How many times the largest change before; zero or more.
    of
        ``"changes"`` of the departure from one period to the next, or its ``"curvature"``: changes of those changes,
        which leaves a straight line free.

    Notes
    -----
    Rambachan and Roth (2023), Review of Economic Studies 90, section 2.4.1 (``DeltaRM``, ``DeltaSDRM`` in HonestDiD).

    Examples
    --------
    >>> [len(RelativeMagnitude(1.0).bands(pre, 2)) for pre in (1, 3)]
    [2, 6]
    """

    mbar: Annotated[float, AtLeast(0)]
    of: Literal["changes", "curvature"] = "changes"

    def __post_init__(self) -> None:
        check_fields(self)
        _require_finite(mbar=self.mbar)

    @property
    def words(self) -> Message:
        """Name and parameters in every language."""
        return Message(f"sensitivity.restriction.{self.of}", mbar=self.mbar)

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return f"{self.of} at most {self.mbar:g} times the largest before"

    def bands(self, pre: int, post: int) -> tuple[Bands, ...]:
        """Return one set for each change before the reference period and each sign it may have."""
        change = _changes(pre, post) if self.of == "changes" else np.diff(_changes(pre, post), axis=0)
        before = ~(change[:, pre:] != 0).any(axis=1)
        if not before.any():
            of = Message(f"sensitivity.restriction.of.{self.of}")
            least = 1 if self.of == "changes" else 2
            raise InferenceError(Message("sensitivity.restriction.nothing_before", pre=pre, of=of, least=least))
        factor = np.where(before, 1.0, self.mbar)[:, None]
        zero = np.zeros(len(change))
        return tuple(
            Bands(change, factor * sign * change[s], zero) for s in np.flatnonzero(before) for sign in (1.0, -1.0)
        )


@dataclass(frozen=True)
class Smoothness:
    """The slope of the departure changes by no more than `m` from one period to the next; a straight line is free.

    Parameters
    ----------
    m
        Largest change of slope in a period, in the unit of the outcome; zero or more.

    Notes
    -----
    Rambachan and Roth (2023), section 2.4.2 (``DeltaSD`` in HonestDiD).

    Examples
    --------
    >>> Smoothness(0.0).bands(2, 1)[0].change.tolist()  # before 2 and 1 periods, after 1
    [[1.0, -2.0, 0.0], [0.0, 1.0, 1.0]]
    """

    m: Annotated[float, AtLeast(0)]

    def __post_init__(self) -> None:
        check_fields(self)
        _require_finite(m=self.m)

    @property
    def words(self) -> Message:
        """Name and parameters in every language."""
        return Message("sensitivity.restriction.smooth", m=self.m)

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return f"slope changes by at most {self.m:g} a period"

    def bands(self, pre: int, post: int) -> tuple[Bands, ...]:
        """Return the one set of departures that are smooth."""
        change = np.diff(_changes(pre, post), axis=0)
        return (Bands(change, np.zeros_like(change), np.full(len(change), float(self.m))),)


def _changes(pre: int, post: int) -> Float:
    """(pre + post, k) changes from one period to the next; the reference period, where d is zero, has no column."""
    if pre < 1 or post < 1:
        raise InferenceError(Message("sensitivity.restriction.one_each", pre=pre, post=post))
    return np.diff(np.insert(np.eye(pre + post), pre, 0.0, axis=0), axis=0)


def _require_finite(**sizes: float) -> None:
    for name, size in sizes.items():
        if not np.isfinite(size):
            raise InferenceError(Message("sensitivity.restriction.infinite", name=name, found=repr(size)))
