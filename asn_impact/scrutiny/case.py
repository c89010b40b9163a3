"""A finding to be checked: the effect, what the caller gave, and what several checks share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, EstimationError, InferenceError
from asn_impact.estimation import GLSImputation, GroupTime, Imputation, Inference, TwoStage
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.views import EventStudy
from asn_impact.measures.durations import Durations
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.check import reason_of
from asn_impact.scrutiny.event_path import EventPath, event_path
from asn_impact.scrutiny.sensitivity import Breakdown, breakdown
from asn_impact.words import Message

_LEARNT = 2  # periods before those that are predicted
MOST_STEPS = 4  # quarters before training, and after it: the first year is what is asked about


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
    other: Inference | Mapping[str, Inference] | None = None
    panels: Sequence[Panel] | None = None
    drawn: Mapping[Hashable, Any] | None = None
    assignment: str = "comparison"
    chosen: Sequence[str] | None = None
    margin: float | None = None
    courses: pd.DataFrame | None = None
    level: float = 0.95

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
        """The event study in quarters, the last four before training and the first four after it, or why there is none.

        The steps are those of the calendar and not of the number of clusters: more offices must not change what is
        asked.
        """
        every = quarter_of(self.design)
        try:
            events = self.rule(from_one_reference(self.effects, every * MOST_STEPS, every))
            return event_path(events, every=every, waves="same", most=MOST_STEPS)
        except AsnImpactError as problem:
            return reason_of(problem)

    @cached_property
    def breakdown(self) -> Breakdown | None:
        """The largest departure survived, or None where it cannot be had."""
        try:
            return breakdown(self.path, level=self.level) if isinstance(self.path, EventPath) else None
        except InferenceError:
            return None


def quarter_of(design: Design) -> int:
    """Return how many periods make a quarter; one where a period is a quarter or longer, or has no calendar."""
    timeline = design.panel.timeline
    return max(1, 3 // int(timeline.step)) if timeline.kind == "month" else 1


def from_one_reference(effects: Effects, most: int, every: int) -> Effects:
    """Return the event study as differences from one period before training, for every estimator with leads and lags.

    An imputation has no reference: what lies before training is predicted from less than what lies after it. So the
    periods that are asked about, up to `most` before training, are all predicted from those before them.

    Raises
    ------
    InferenceError
        There are not two steps before training to be predicted, and two periods to learn from.
    """
    estimator, design = effects.estimator, effects.design
    if isinstance(estimator, GroupTime) and estimator.base == "varying":
        estimator = replace(estimator, base="universal")
    if not isinstance(estimator, GLSImputation | Imputation | TwoStage):
        return estimator(design).event_study()
    ahead = estimator.anticipation
    before = int(design.cohorts.min() - design.panel.timeline.steps[0]) - ahead
    depth = min(most, (before - _LEARNT) // every * every)
    if depth < 2 * every:
        raise InferenceError(Message("scrutiny.path.too_early", before=before, least=2 * every + _LEARNT))
    if isinstance(estimator, GLSImputation):
        estimator = replace(estimator, anticipation=0)
    moved = depth + ahead
    events = Effects.average_by(estimator(design.shifted(-moved)), EventStudy())  # without leads of its own
    times = events.terms["event_time"] - moved
    return replace(events, design=design, terms=events.terms.assign(event_time=times), reference=-1 - ahead)
