"""How large a departure from parallel trends would the finding survive? Rambachan and Roth (2023).

Nobody can show that trained and untrained offices would have moved alike without training. What can be said is how far
apart they may have drifted before the conclusion falls: the breakdown value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeGuard

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level, Steps
from asn_impact.arrays import Float
from asn_impact.display import card
from asn_impact.errors import InferenceError
from asn_impact.estimation import Inference
from asn_impact.scrutiny.event_path import EventPath, Target, event_path, target_weights
from asn_impact.scrutiny.honest import change_of_slope, conditional_ends, fixed_length
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Restriction, Shape, Smoothness
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, paragraph

_MOST = 100.0  # a breakdown value above this is reported as infinite
_SYMMETRIC = 1e-6  # difference of two entries that should be one, as a correlation, that is rounding
_FINE = 1e-3  # relative precision of a breakdown value


@dataclass(frozen=True, eq=False)
class RobustInterval(Guided):
    """An interval for the target that is right whatever the departure, within the restriction.

    Attributes
    ----------
    restriction, level
        What was assumed, and how often the interval holds the truth under it.
    target
        What the interval is for, in words.
    estimate
        The estimate under parallel trends, in the unit of the outcome; the interval need not be centred at it.
    low, high
        Ends, in that unit; infinite where no value on that side is excluded, NaN where the data contradict the
        restriction.
    std_error, df
        Of the estimate under parallel trends: in its unit, and degrees of freedom.
    method
        How the interval was made.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> found = ai.robust_interval(path, ai.RelativeMagnitude(1.0))
    >>> round(found.low, 1), round(found.high, 1), found.excludes_zero
    (-2.9, -1.3, True)
    """

    restriction: Restriction
    level: float
    target: Message
    estimate: float
    low: float
    high: float
    std_error: float
    df: float
    method: Message

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside."""
        return bool(self.low > 0 or self.high < 0)

    def table(self) -> pd.DataFrame:
        """Return one row with the usual columns; statistic and p-value are those under parallel trends."""
        statistic = self.estimate / self.std_error
        row = {
            "term": str(self.target),
            "restriction": self.restriction.name,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "statistic": statistic,
            "df": self.df,
            "p_value": float(2 * scipy.stats.t.sf(abs(statistic), self.df)),
            "conf_low": self.low,
            "conf_high": self.high,
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        return (
            f"RobustInterval({self.target}, {self.restriction.name}: "
            f"{100 * self.level:g}% {self.low:.4g} to {self.high:.4g})"
        )

    def _repr_html_(self) -> str:
        return card(repr(self), [("method", self.method)], table=self.table().round(4))


@public_verb
def robust_ends(
    beta: Float,
    sigma: Float,
    *,
    pre: Steps,
    post: Steps,
    restriction: Restriction,
    l_vec: Float,
    level: Level = 0.95,
    df: float = np.inf,
) -> tuple[float, float]:
    """Return the ends of the interval, from plain numbers.

    `Smoothness` without a shape: the shortest interval of fixed length. Every other restriction: the union over its
    sets of the values that the conditional test with a least favourable first stage (C-LF) does not reject. These are
    the defaults of HonestDiD 0.2.6 (with a shape its default is another first stage, C-F), except that nothing is cut
    off at the end of a grid and quantiles are not simulated.

    Parameters
    ----------
    beta
        (pre + post,) estimates in order of time, without the reference period.
    sigma
        (pre + post, pre + post) their variance.
    pre, post
        Numbers of estimates before and after the reference.
    restriction
        `RelativeMagnitude` or `Smoothness`.
    l_vec
        (post,) weights that make the target from the effects after the reference.
    level
        Share of the intervals that hold the truth.
    df
        Degrees of freedom of the target. The constructions are for a normal with known variance; with few clusters
        `sigma` is enlarged by the squared ratio of the t and the normal quantile.

    Raises
    ------
    InferenceError
        Shapes do not fit, the variance is not symmetric and positive definite, or a sign or direction is asked of more
        than six estimates after the reference.

    Notes
    -----
    Rambachan and Roth (2023), Review of Economic Studies 90; see docs/methods.md#robust-intervals.

    Examples
    --------
    >>> import numpy as np
    >>> ends = robust_ends(np.array([0.1, 2.0]), 0.01 * np.eye(2), pre=1, post=1,
    ...                    restriction=Smoothness(0.0), l_vec=np.array([1.0]))
    >>> [round(end, 2) for end in ends]
    [1.82, 2.38]
    """
    beta, sigma, l_vec = (np.asarray(a, dtype=np.float64) for a in (beta, sigma, l_vec))
    _require_shapes(beta, sigma, l_vec, pre, post)
    alpha = 1 - level
    normal = scipy.stats.norm.ppf((1 + level) / 2)
    variance = sigma * (scipy.stats.t.ppf((1 + level) / 2, df) / normal) ** 2 if np.isfinite(df) else sigma
    if _has_fixed_length(restriction):
        m = restriction.m
        centre, half, _ = fixed_length(beta, variance, pre=pre, l_vec=l_vec, m=m, alpha=alpha)
        return centre - half, centre + half
    ends = np.array(
        [
            conditional_ends(beta, variance, pre=pre, l_vec=l_vec, bands=bands, alpha=alpha)
            for bands in restriction.bands(pre, post)
        ]
    )
    if np.isnan(ends).all():
        return np.nan, np.nan
    return float(np.nanmin(ends[:, 0])), float(np.nanmax(ends[:, 1]))


def _has_fixed_length(restriction: Restriction) -> TypeGuard[Smoothness]:
    return isinstance(restriction, Smoothness) and restriction.shape == "any"


def _require_shapes(beta: Float, sigma: Float, l_vec: Float, pre: int, post: int) -> None:
    k = pre + post
    shapes = {"beta": beta.shape, "sigma": sigma.shape, "l_vec": l_vec.shape}
    expected = {"beta": (k,), "sigma": (k, k), "l_vec": (post,)}
    if shapes != expected:
        texts = {name: str(shape) for name, shape in shapes.items()}
        texts |= {f"want_{name}": str(shape) for name, shape in expected.items()}
        raise InferenceError(Message("sensitivity.shapes", pre=pre, post=post, **texts))
    if not (np.isfinite(beta).all() and np.isfinite(sigma).all()):
        raise InferenceError(Message("sensitivity.missing"))
    if (np.diag(sigma) <= 0).any():
        raise InferenceError(Message("sensitivity.no_inverse", k=k))
    scale = np.sqrt(np.diag(sigma))
    away = np.abs(sigma - sigma.T) / np.outer(scale, scale)
    if (away > _SYMMETRIC).any():
        row, column = (int(i) for i in np.unravel_index(away.argmax(), away.shape))
        one, two = float(sigma[row, column]), float(sigma[column, row])
        raise InferenceError(Message("sensitivity.not_symmetric", row=row, column=column, one=one, two=two))
    if np.linalg.eigvalsh(sigma / np.outer(scale, scale)).min() < 1e-10:
        raise InferenceError(Message("sensitivity.no_inverse", k=k))


@public_verb
def robust_interval(
    events: Inference | EventPath, restriction: Restriction, *, of: Target = "average", level: Level = 0.95
) -> RobustInterval:
    """Return the interval for an effect that allows for a restricted departure from parallel trends.

    Rambachan and Roth (2023).

    Parameters
    ----------
    events
        ``infer(effects.event_study(), rule)``, or an `EventPath` made from it.
    restriction
        `RelativeMagnitude` or `Smoothness`.
    of
        ``"average"`` of the steps since training, ``"first"``, an event time, or weights on the steps after the
        reference.
    level
        Share of the intervals that hold the truth.

    Raises
    ------
    InferenceError
        There is no reference period, no estimate before it, or the variance has no inverse.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> found = ai.robust_interval(path, ai.Smoothness(0.1), of="first")
    >>> round(found.low, 1), round(found.high, 1)
    (-2.7, -1.8)
    """
    return _Question.of(_as_path(events), of, level).interval(restriction)


def _as_path(events: Inference | EventPath) -> EventPath:
    return events if isinstance(events, EventPath) else event_path(events)


@dataclass(frozen=True, eq=False)
class _Question:
    """A target on a path, with its own degrees of freedom: asked many times under different restrictions."""

    path: EventPath
    l_vec: Float
    under: Inference
    level: float

    @classmethod
    def of(cls, path: EventPath, of: Target, level: float) -> _Question:
        l_vec = target_weights(of, path.first[path.pre :], path.last[path.pre :])
        return cls(path, l_vec, path.target(l_vec), level)

    @property
    def name(self) -> Message:
        steps = np.flatnonzero(self.l_vec) + self.path.pre
        first, last = int(self.path.first[steps].min()), int(self.path.last[steps].max())
        return Message("sensitivity.event_times", first=first, last=last)

    def interval(self, restriction: Restriction) -> RobustInterval:
        kind = "smooth" if _has_fixed_length(restriction) else "conditional"
        low, high = robust_ends(
            self.path.inference.estimate,
            self.path.inference.variance,
            pre=self.path.pre,
            post=self.path.post,
            restriction=restriction,
            l_vec=self.l_vec,
            level=self.level,
            df=float(self.under.df[0]),
        )
        return RobustInterval(
            restriction=restriction,
            level=self.level,
            target=self.name,
            estimate=float(self.under.estimate[0]),
            low=low,
            high=high,
            std_error=float(self.under.std_error[0]),
            df=float(self.under.df[0]),
            method=Message(f"sensitivity.method.{kind}", rule=self.path.source.rule.entry.name),
        )


@public_verb
def sensitivity(
    events: Inference | EventPath,
    restrictions: Sequence[Restriction],
    *,
    of: Target = "average",
    level: Level = 0.95,
) -> pd.DataFrame:
    """Return one row a restriction: how the interval widens as more departure is allowed for.

    Rambachan and Roth (2023).

    Parameters
    ----------
    events
        The inference of an event study, or its path from `event_path`.
    restrictions
        Departures to allow for, each a `RelativeMagnitude` or `Smoothness`; the figure draws them in this order.
    of
        ``"average"`` of the effects after training, or which of them.
    level
        How sure the intervals are, for instance 0.95.

    Raises
    ------
    EstimationError
        There is no event study with a reference period, or too few periods before training.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> table = ai.sensitivity(path, [ai.RelativeMagnitude(m) for m in (0.5, 1.0)])
    >>> table.columns.tolist()
    ['term', 'restriction', 'estimate', 'std_error', 'statistic', 'df', 'p_value', 'conf_low', 'conf_high']
    """
    question = _Question.of(_as_path(events), of, level)
    return pd.concat([question.interval(r).table() for r in restrictions], ignore_index=True)


@dataclass(frozen=True, eq=False)
class Breakdown(Guided):
    """The largest departure that the conclusion survives.

    Attributes
    ----------
    value
        Largest mbar (times) or m (unit of the outcome) at which the interval excludes zero; NaN when it does not even
        under parallel trends (or a straight line), infinite above 100.
    kind
        ``"relative"`` to the largest change before, or ``"smooth"``.
    said
        The same in words.
    level, target
        Of the interval.
    shape
        What was taken as known of the departure besides its size.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> found = ai.breakdown(path)
    >>> round(found.value, 2), found.kind
    (3.11, 'relative')
    """

    value: float
    kind: Literal["relative", "smooth"]
    said: Message
    level: float
    target: Message
    shape: Shape = "any"

    def __repr__(self) -> str:
        return f"Breakdown({self.target}: {self.said})"

    def _repr_html_(self) -> str:
        return card("Breakdown value", [("target", self.target), ("id", self.said.text("id")), ("en", self.said)])


@public_verb
def breakdown(
    events: Inference | EventPath,
    kind: Literal["relative", "smooth"] = "relative",
    *,
    of: Target = "average",
    level: Level = 0.95,
    shape: Shape = "any",
) -> Breakdown:
    """Return the largest departure at which the interval for the target still excludes zero.

    Rambachan and Roth (2023).

    Parameters
    ----------
    events, of, level
        As for `robust_interval`.
    kind
        ``"relative"``: in multiples of the largest change before training. ``"smooth"``: as a change of slope.
    shape
        What is known of the departure besides its size: see `RelativeMagnitude`.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> round(ai.breakdown(path, "smooth").value, 2)
    0.95
    """
    question = _Question.of(_as_path(events), of, level)

    def excludes(size: float) -> bool:
        restriction = RelativeMagnitude(size, shape=shape) if kind == "relative" else Smoothness(size, shape)
        return question.interval(restriction).excludes_zero

    scale = 1.0 if kind == "relative" else float(np.sqrt(np.diag(question.path.inference.variance)).mean())
    value = _largest(excludes, scale)
    known = None if shape == "any" else Message(f"sensitivity.breakdown.shape.{shape}")
    said = Message(f"sensitivity.breakdown.{kind}", x=round_down(value) if kind == "relative" else float(value))
    said = Message("sensitivity.breakdown.nothing") if np.isnan(value) else said
    return Breakdown(value, kind, paragraph(said, known), level, question.name, shape)


def _largest(holds: Callable[[float], bool], scale: float) -> float:
    """Return the largest size for which something holds, by doubling and halving; NaN when not even for zero."""
    if not holds(0.0):
        return np.nan
    low, high = 0.0, scale
    while holds(high):
        low, high = high, 2 * high
        if high > _MOST * scale:
            return np.inf
    while high - low > _FINE * scale:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def round_down(value: float) -> float:
    """Return a value with two decimals, never more than it is: what is survived must not be promised in excess.

    Examples
    --------
    >>> round_down(1.229), round_down(0.0049), round_down(0.25)
    (1.22, 0.0, 0.25)
    """
    return value if np.isinf(value) else float(np.floor(100 * value + 1e-9) / 100)


@dataclass(frozen=True, eq=False)
class SmoothnessSeen(Guided):
    """How much the slope of the departure changed before training: what an `m` for `Smoothness` can be held against.

    The data say nothing of what happens after training: a larger `m` is always possible.

    Attributes
    ----------
    lower, upper
        One-sided bounds of the largest change of slope in a step, each at the level, in the unit of the outcome.
    seen
        The largest change of slope of the estimates, in that unit.
    level
        How often each bound holds.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=2)
    >>> seen = ai.smoothness_seen(path)
    >>> seen.lower <= seen.upper
    True
    """

    lower: float
    upper: float
    seen: float
    level: float

    @property
    def said(self) -> Message:
        """The same in words."""
        values = {"lower": self.lower, "upper": self.upper, "level": self.level}
        return Message("sensitivity.seen", seen=self.seen, **values)

    def __repr__(self) -> str:
        return f"SmoothnessSeen({self.said})"

    def _repr_html_(self) -> str:
        return card("SmoothnessSeen", [("id", self.said.text("id")), ("en", self.said)])


@public_verb
def smoothness_seen(events: Inference | EventPath, *, level: Level = 0.95) -> SmoothnessSeen:
    """Return what the periods before training say of the largest change of slope, `m` in `Smoothness`.

    Rambachan and Roth (2023).

    Parameters
    ----------
    events
        As for `robust_interval`.
    level
        How often each of the two one-sided bounds holds.

    Raises
    ------
    InferenceError
        There is no reference period, or fewer than two estimates before it.

    Notes
    -----
    ``DeltaSD_lowerBound_Mpre`` and ``DeltaSD_upperBound_Mpre`` of HonestDiD 0.2.6, whose lower bound is cut off at the
    end of a grid. With few clusters the variance is enlarged as in `robust_ends`.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=2)
    >>> round(ai.smoothness_seen(path).seen, 2)
    0.28
    """
    path = _as_path(events)
    if path.pre < 2:
        raise InferenceError(Message("sensitivity.seen_needs_two", pre=path.pre))
    estimate, variance = path.inference.estimate, path.inference.variance
    df = float(path.inference.df[: path.pre].min())
    if np.isfinite(df):
        variance = variance * (scipy.stats.t.ppf(level, df) / scipy.stats.norm.ppf(level)) ** 2
    (bands,) = Smoothness(0.0).bands(path.pre, path.post)
    change = bands.change[~(bands.change[:, path.pre :] != 0).any(axis=1)]
    lower, upper = change_of_slope(estimate, variance, change, 1 - level)
    return SmoothnessSeen(lower, upper, float(np.abs(change @ estimate).max()), level)
