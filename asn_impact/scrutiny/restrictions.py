"""What is assumed about the departure from parallel trends: inequalities, and nothing else.

A departure d has one number for each period but the reference, ``pre`` of them before and ``post`` after it; in the
reference period it is zero. A restriction is a union of sets ``A d <= b``; in each of them the inequalities come in
pairs: a change of d between minus and plus a limit. The limit is a number, or a change seen before. A shape adds
inequalities of one side: a departure that is not below zero after the reference, or never falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, Protocol, TypeAlias

import numpy as np

from asn_impact.arguments import AtLeast, check_fields
from asn_impact.arrays import Float, readonly
from asn_impact.errors import InferenceError
from asn_impact.verbs import Guided
from asn_impact.words import Message

#: What is known of the departure besides its size: its sign after the reference period, or which way it moves.
Shape: TypeAlias = Literal["any", "positive", "negative", "increasing", "decreasing"]
_SHAPES: Final[dict[str, str]] = {
    "any": "",
    "positive": ", and not below zero after training",
    "negative": ", and not above zero after training",
    "increasing": ", and never falling",
    "decreasing": ", and never rising",
}


@dataclass(frozen=True, eq=False)
class Bands:
    """Departures d with ``|change d| <= limit d + size`` and ``one_sided d <= 0``, of k = pre + post numbers."""

    #: (R, k) what is bounded, and by which change before the reference period.
    change: Float
    limit: Float
    size: Float  #: (R,) fixed part of the limit
    one_sided: Float = field(default_factory=lambda: np.zeros((0, 0)))  #: (S, k) what may not be above zero

    def __post_init__(self) -> None:
        if not self.one_sided.size:
            object.__setattr__(self, "one_sided", np.zeros((0, self.change.shape[1])))
        for name in ("change", "limit", "size", "one_sided"):
            object.__setattr__(self, name, readonly(np.asarray(getattr(self, name), dtype=np.float64)))

    @property
    def a(self) -> Float:
        """(2R + S, k) left side of the inequalities ``A d <= b``."""
        return np.concatenate([self.change - self.limit, -self.change - self.limit, self.one_sided])

    @property
    def b(self) -> Float:
        """(2R + S,) right side of the inequalities ``A d <= b``."""
        return np.concatenate([self.size, self.size, np.zeros(len(self.one_sided))])

    def after(self, pre: int) -> Bands:
        """Return the bands that say something about the periods after the reference."""
        rows = (self.change[:, pre:] != 0).any(axis=1)
        sided = self.one_sided[(self.one_sided[:, pre:] != 0).any(axis=1)]
        return Bands(self.change[rows], self.limit[rows], self.size[rows], sided)


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
class RelativeMagnitude(Guided):
    """After the reference period, no change larger than `mbar` times the largest change before it.

    Parameters
    ----------
    mbar
        How many times the largest change before; zero or more.
    of
        ``"changes"`` of the departure from one period to the next, or its ``"curvature"``: changes of those changes,
        which leaves a straight line free.
    shape
        ``"positive"`` or ``"negative"``: the departure after the reference period is not below, or not above, zero.
        ``"increasing"`` or ``"decreasing"``: it never falls, or never rises, before and after.

    Notes
    -----
    Rambachan and Roth (2023), Review of Economic Studies 90, section 2.4.1 (``DeltaRM``, ``DeltaSDRM`` in HonestDiD;
    with a shape ``DeltaRMPB``, ``DeltaRMNB``, ``DeltaRMI``, ``DeltaRMD`` and the same after ``DeltaSDRM``).

    Examples
    --------
    >>> [len(RelativeMagnitude(1.0).bands(pre, 2)) for pre in (1, 3)]
    [2, 6]
    """

    mbar: Annotated[float, AtLeast(0)]
    of: Literal["changes", "curvature"] = "changes"
    shape: Shape = "any"

    def __post_init__(self) -> None:
        check_fields(self)
        _require_finite(mbar=self.mbar)

    @property
    def words(self) -> Message:
        """Name and parameters in every language."""
        return _shaped(Message(f"sensitivity.restriction.{self.of}", mbar=self.mbar), self.shape)

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return f"{self.of} at most {self.mbar:g} times the largest before{_SHAPES[self.shape]}"

    def bands(self, pre: int, post: int) -> tuple[Bands, ...]:
        """Return one set for each change before the reference period and each sign it may have.

        Raises
        ------
        InferenceError
            There is no change before the reference period, or no period on one side of it.
        """
        change = _changes(pre, post) if self.of == "changes" else np.diff(_changes(pre, post), axis=0)
        before = ~(change[:, pre:] != 0).any(axis=1)
        if not before.any():
            of = Message(f"sensitivity.restriction.of.{self.of}")
            least = 1 if self.of == "changes" else 2
            raise InferenceError(Message("sensitivity.restriction.nothing_before", pre=pre, of=of, least=least))
        factor = np.where(before, 1.0, self.mbar)[:, None]
        zero, sided = np.zeros(len(change)), _one_sided(self.shape, pre, post)
        return tuple(
            Bands(change, factor * sign * change[s], zero, sided)
            for s in np.flatnonzero(before)
            for sign in (1.0, -1.0)
        )


@dataclass(frozen=True)
class Smoothness(Guided):
    """The slope of the departure changes by no more than `m` from one period to the next; a straight line is free.

    Parameters
    ----------
    m
        Largest change of slope in a period, in the unit of the outcome; zero or more.
    shape
        As for `RelativeMagnitude`.

    Notes
    -----
    Rambachan and Roth (2023), section 2.4.2 (``DeltaSD`` in HonestDiD; with a shape ``DeltaSDPB``, ``DeltaSDNB``,
    ``DeltaSDI``, ``DeltaSDD``).

    Examples
    --------
    >>> Smoothness(0.0).bands(2, 1)[0].change.tolist()  # before 2 and 1 periods, after 1
    [[1.0, -2.0, 0.0], [0.0, 1.0, 1.0]]
    """

    m: Annotated[float, AtLeast(0)]
    shape: Shape = "any"

    def __post_init__(self) -> None:
        check_fields(self)
        _require_finite(m=self.m)

    @property
    def words(self) -> Message:
        """Name and parameters in every language."""
        return _shaped(Message("sensitivity.restriction.smooth", m=self.m), self.shape)

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        return f"slope changes by at most {self.m:g} a period{_SHAPES[self.shape]}"

    def bands(self, pre: int, post: int) -> tuple[Bands, ...]:
        """Return the one set of departures that are smooth.

        Raises
        ------
        InferenceError
            There is no period on one side of the reference.
        """
        change = np.diff(_changes(pre, post), axis=0)
        sided = _one_sided(self.shape, pre, post)
        return (Bands(change, np.zeros_like(change), np.full(len(change), float(self.m)), sided),)


def _shaped(words: Message, shape: Shape) -> Message:
    return words if shape == "any" else Message(f"sensitivity.restriction.shape.{shape}", restriction=words)


def _one_sided(shape: Shape, pre: int, post: int) -> Float:
    """(S, k) what may not be above zero: the departure after the reference, or its changes."""
    if shape == "any":
        return np.zeros((0, pre + post))
    side = -1.0 if shape in {"positive", "increasing"} else 1.0
    by_sign = shape in {"positive", "negative"}
    return side * (np.eye(pre + post)[pre:] if by_sign else _changes(pre, post))


def _changes(pre: int, post: int) -> Float:
    """(pre + post, k) changes from one period to the next; the reference period, where d is zero, has no column."""
    if pre < 1 or post < 1:
        raise InferenceError(Message("sensitivity.restriction.one_each", pre=pre, post=post))
    return np.diff(np.insert(np.eye(pre + post), pre, 0.0, axis=0), axis=0)


def _require_finite(**sizes: float) -> None:
    for name, size in sizes.items():
        if not np.isfinite(size):
            raise InferenceError(Message("sensitivity.restriction.infinite", name=name, found=repr(size)))
