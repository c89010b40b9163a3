"""A finding to be checked: the effect, what the caller gave, and what several checks share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, EstimationError, InferenceError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.measures.durations import Durations
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.check import reason_of
from asn_impact.scrutiny.event_path import EventPath, event_path
from asn_impact.scrutiny.sensitivity import Breakdown, breakdown
from asn_impact.words import Message

__all__ = ["Case", "one_estimate", "settled", "steps_for"]

_STEPS = (1, 2, 3, 4, 6, 12)
_PER_ESTIMATE = 5  # clusters for each estimate of an event study whose whole variance is used


def one_estimate(effects: Effects) -> Effects:
    """Return effects of one number, or refuse."""
    if len(effects.terms) != 1:
        raise EstimationError(Message("scrutiny.one_estimate", n=len(effects.terms)))
    return effects


def settled(inference: Inference, margin: float | None = None, *, level: float = 0.95) -> bool:
    """Return whether an interval gives an answer: it excludes zero, or lies within a margin."""
    low, high = (float(end[0]) for end in inference.interval(level))
    return bool(low > 0 or high < 0 or (margin is not None and -margin < low and high < margin))


@dataclass(frozen=True, eq=False)
class Case:
    """A finding to be checked; see `scrutinise` for what can be given."""

    effects: Effects
    rule: Rule
    seed: int
    reps: int
    events: Any = None
    durations: Durations | None = None
    limits: Sequence[int] = ()
    neighbours: Mapping[Hashable, Sequence[Hashable]] | None = None
    other: Inference | None = None
    panels: Sequence[Panel] | None = None
    drawn: Mapping[Hashable, Any] | None = None
    assignment: str = "comparison"
    chosen: Sequence[str] | None = None
    margin: float | None = None

    @property
    def design(self) -> Design:
        """The design of the finding."""
        return self.effects.design

    @cached_property
    def overall(self) -> Effects:
        """The effects as one number."""
        whole = self.effects.view is not None or len(self.effects.terms) == 1
        return one_estimate(self.effects if whole else self.effects.overall())

    @cached_property
    def finding(self) -> Inference | None:
        """The effect with its uncertainty, or None where it has no standard error."""
        try:
            finding = self.rule(self.overall)
        except AsnImpactError:
            return None
        return finding if np.isfinite(finding.std_error[0]) and np.isfinite(finding.df[0]) else None

    @cached_property
    def path(self) -> EventPath | Message:
        """The event study in steps that its clusters can carry, or the reason why there is none."""
        effects = self.effects
        try:
            source = effects if effects.view is None else effects.estimator(effects.design)
            events = self.rule(source.event_study())
            single = event_path(events, waves="same")
            every = steps_for(len(effects.design.clusters), single.pre, single.post)
            return event_path(events, every=every, waves="same")
        except AsnImpactError as problem:
            return reason_of(problem)

    @cached_property
    def breakdown(self) -> Breakdown | None:
        """The largest departure survived, or None where it cannot be had."""
        try:
            return breakdown(self.path) if isinstance(self.path, EventPath) else None
        except InferenceError:
            return None


def steps_for(clusters: int, before: int, after: int) -> int:
    """Return how many periods to put in a step of the event path: the fewest that leave few enough estimates.

    No more estimates than a fifth of the clusters, and no fewer than one on each side. The rule does not look at the
    estimates, so that nobody chooses the step by its answer.

    Examples
    --------
    >>> steps_for(38, 13, 8)
    3
    """
    for every in _STEPS:
        pre, post = (before - (every - 1)) // every, after // every
        if pre < 1 or post < 1:
            break
        if pre + post <= max(2, clusters // _PER_ESTIMATE):
            return every
    raise InferenceError(Message("scrutiny.steps", before=before, after=after, clusters=clusters, each=_PER_ESTIMATE))
