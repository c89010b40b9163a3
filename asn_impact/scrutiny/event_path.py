"""The event study as scrutiny needs it: estimates before and after one reference period, with their whole variance.

Many event times from few offices make a variance matrix that is mostly noise. So event times can be grouped into
blocks of several periods, and those that rest on some of the waves only can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Times
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs.design import Design
from asn_impact.display import card, noted
from asn_impact.errors import InferenceError
from asn_impact.estimation import BiasReduced, ClusterRobust, Inference, Jackknife
from asn_impact.estimation.deletions import Deletions
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Fit
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Message, paragraph

Target: TypeAlias = Literal["average", "first"] | int | Sequence[float]

_LINEAR = (BiasReduced, ClusterRobust, Jackknife)  # rules that need no more than a fit offers


@dataclass(frozen=True, eq=False)
class Combined(Fit):
    """Weighted sums of another fit's estimates, with fixed (m, k) weights."""

    effects: Effects
    weights: Float

    def _sum(self, values: Float, axis: int) -> Float:
        """Return sums over the terms on an axis; terms without weight do not matter, not even NaN."""
        nonzero = (self.weights != 0).any(axis=0)
        part = np.compress(nonzero, values, axis=axis)
        return np.asarray(np.moveaxis(np.tensordot(self.weights[:, nonzero], part, axes=(1, axis)), 0, axis))

    @property
    def estimate(self) -> Float:
        return self._sum(self.effects.estimate, 0)

    def influence(self) -> Float:
        return self._sum(self.effects.influence, 1)

    def leave_one_out(self) -> Float:
        return self._sum(self.effects.leave_one_out(), 1)

    def loadings(self) -> Float:
        return self._sum(self.effects.loadings(), 0)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        """Return what happens to each sum when each cluster goes, in low rank; None where one of its terms goes too."""
        return (
            None if np.isnan(self.leave_one_out()).any() else self.effects.fit.deletions_of_sums(self.weights, groups)
        )

    def differences(self, effects: Effects | None = None) -> Float:
        return self._sum(self.effects.fit.differences(self.effects), 1)

    @property
    def correction(self) -> float:
        return self.effects.fit.correction


def combine(effects: Effects, weights: Float, terms: pd.DataFrame) -> Effects:
    """Return sums of effects as effects: with influence, leave-one-out values and weights on the cells."""
    return replace(effects, terms=terms, fit=Combined(effects, weights), cells=None, view=None)


@dataclass(frozen=True, eq=False)
class EventPath(Held):
    """Estimates in equal steps around a reference period.

    Attributes
    ----------
    source
        The event study it was made from, with its rule.
    weights
        (k, event times) how each estimate is made from the event study.
    every
        Periods in a step.
    step
        (k,) distance from the reference in steps: -pre .. -1, 1 .. post.
    first, last
        (k,) event times of each step.
    inference
        The k estimates with variance and degrees of freedom, under the same rule.
    notes
        Which event times are not here, and why.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> path.first.tolist(), path.last.tolist()
    ([-6, 0, 3], [-4, 2, 5])
    >>> path.table().columns.tolist()
    ['step', 'first', 'last', 'estimate', 'std_error', 'statistic', 'df', 'p_value', 'conf_low', 'conf_high']
    """

    source: Inference
    weights: Float
    every: int
    step: Int
    first: Int
    last: Int
    inference: Inference
    notes: tuple[Message, ...] = ()

    @property
    def pre(self) -> int:
        """Number of estimates before the reference."""
        return int((self.step < 0).sum())

    @property
    def post(self) -> int:
        """Number of estimates after the reference."""
        return int((self.step > 0).sum())

    def target(self, l_vec: Float) -> Inference:
        """Return a weighted sum of the estimates after the reference, with the degrees of freedom of its own."""
        weights = l_vec @ self.weights[self.pre :]
        return _under_rule(self.source, weights[None, :], pd.DataFrame({"term": ["target"]}))

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a step, with the event times it covers and the usual columns."""
        return self.inference.table(level)

    def __repr__(self) -> str:
        return (
            f"EventPath({self.source.effects.estimator.name}: {self.pre} steps before and {self.post} after the "
            f"reference, {self.every} periods each)"
        )

    def _repr_html_(self) -> str:
        return card(repr(self), noted(self), table=self.table().round(4))


@public_verb
def event_path(
    events: Inference, *, every: Times = 1, waves: Literal["all", "same"] = "all", most: Times | None = None
) -> EventPath:
    """Return the event study in steps of `every` periods around the reference.

    The reference step ends with the reference period of the estimator: the last one before training, less its
    anticipation. The periods of anticipation come after it, so that nothing takes them for a trend before training.
    What is not a whole step is left out.

    Parameters
    ----------
    events
        From ``infer(effects.event_study(), rule)``.
    every
        Periods in a step: 3 for quarters of months. The estimates of a step are averaged and the mean of the reference
        step is taken off.
    waves
        ``"same"``: only event times at which as many treated clusters stand behind the estimate as behind any, so that
        all steps compare the same waves.
    most
        So many steps before training, the reference step among them, and so many after it; all there are otherwise.

    Raises
    ------
    InferenceError
        The estimates are not an event study with a reference period, fewer than one step is left on a side, or none
        begins with training or after it.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> path.first.tolist(), path.last.tolist()
    ([-6, 0, 3], [-4, 2, 5])
    """
    reference = _reference(events)
    times, notes = _usable(events, waves)
    before, after = _run(times, reference, -1), _run(times, reference, 1)
    pre, post = (before - (every - 1)) // every, after // every
    if most is not None:
        pre, post = min(pre, most - 1), min(post, most)
    if pre < 1 or post < 1:
        raise InferenceError(
            Message("scrutiny.path.too_short", before=before, after=after, reference=reference, every=every)
        )
    steps = np.array([*range(-pre, 0), *range(1, post + 1)])
    first = reference + 1 + (steps - 1) * every  # step 0 is the reference and ends with it
    if not (first >= 0).any():
        raise InferenceError(Message("scrutiny.path.no_effect"))
    weights = _weights(events, first, every, reference)
    terms = pd.DataFrame({"step": steps, "first": first, "last": first + every - 1})
    inside = {int(f) + i for f in (*first, reference + 1 - every) for i in range(every)}
    if left_out := sorted({int(t) for t in _event_times(events)} - inside):
        notes = (*notes, Message("scrutiny.path.not_whole", times=_texts(left_out)))
    under = _under_rule(events, weights, terms)
    if np.isnan(under.variance).any():
        why = Message("scrutiny.path.no_error", rule=events.rule.entry.name)
        raise InferenceError(paragraph(why, *under.notes, Message("scrutiny.path.longer")))
    return EventPath(events, weights, every, steps, first, first + every - 1, under, notes)


def _event_times(events: Inference) -> Int:
    columns = events.effects.terms.columns
    if "event_time" not in columns or "cohort" in columns:
        raise InferenceError(Message("scrutiny.path.no_event_study", columns=columns))
    return events.effects.terms["event_time"].to_numpy(dtype=np.int64)


def _reference(events: Inference) -> int:
    """Return the event time from which the others are differences; every departure from parallel trends is zero there.

    Leads from one period to the next and residuals of an imputation have none. Before and after training they do not
    measure one and the same departure, so nothing that is said of a path holds for them.
    """
    _event_times(events)
    if events.effects.reference is None:
        raise InferenceError(Message("scrutiny.path.no_reference"))
    return events.effects.reference


def _usable(events: Inference, waves: str) -> tuple[set[int], tuple[Message, ...]]:
    times, support = _event_times(events), events.effects.support()
    usable = np.isfinite(events.estimate) & np.isfinite(np.diag(events.variance)) & (support >= 2)
    if waves == "same":
        usable &= support == support.max()
    others = _texts(times[~usable])
    why = "some_waves" if waves == "same" else "unknown"
    return {int(t) for t in times[usable]}, (Message(f"scrutiny.path.{why}", times=others),) if others else ()


def _texts(times: Iterable[int]) -> tuple[str, ...]:
    """Return event times as they stand in a sentence."""
    return tuple(str(int(t)) for t in times)


def _run(times: set[int], reference: int, direction: int) -> int:
    """Return the number of event times without a gap on one side of the reference."""
    length = 0
    while reference + direction * (length + 1) in times:
        length += 1
    return length


def _weights(events: Inference, first: Int, every: int, reference: int) -> Float:
    """(k, event times) means over the steps less the mean over the reference step."""
    times = _event_times(events)

    def mean(start: int) -> Float:
        return np.asarray(((times >= start) & (times < start + every)) / every)

    base = mean(reference - every + 1)
    return np.stack([mean(int(start)) - base for start in first])


def _under_rule(events: Inference, weights: Float, terms: pd.DataFrame) -> Inference:
    """Return sums of an event study under the rule of its inference."""
    effects = combine(events.effects, weights, terms)
    if isinstance(events.rule, _LINEAR):
        return events.rule(effects)
    nonzero = (weights != 0).any(axis=0)
    variance = weights[:, nonzero] @ events.variance[np.ix_(nonzero, nonzero)] @ weights[:, nonzero].T
    df = np.full(len(weights), float(np.min(events.df[nonzero])))
    return Inference(effects, events.rule, effects.estimate, variance, df, events.notes)


def target_weights(of: Target, first: Int, last: Int) -> Float:
    """(post,) weights of the target on the steps after the reference.

    ``"average"``: equal weights on all steps from the start of training on. ``"first"``: the first of them. A whole
    number: the step that holds this event time. Numbers: the weights.
    """
    if isinstance(of, str):
        if of not in {"average", "first"}:
            raise InferenceError(Message("scrutiny.target.unknown", found=repr(of)))
        since_training = first >= 0
        mask = since_training if of == "average" else np.arange(len(first)) == np.flatnonzero(since_training)[0]
        return np.asarray(mask / mask.sum())
    if isinstance(of, int | np.integer):
        mask = (first <= of) & (of <= last)
        if not mask.any():
            raise InferenceError(Message("scrutiny.target.no_step", found=str(of), starts=_texts(first)))
        return mask.astype(np.float64)
    weights = np.asarray(of, dtype=np.float64)
    if weights.shape != first.shape or not np.isfinite(weights).all() or not (weights != 0).any():
        raise InferenceError(Message("scrutiny.target.shape", shape=str(weights.shape), n=len(first)))
    return weights
