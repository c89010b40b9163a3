"""Whether the conclusion survives departures from parallel trends as large as those seen before training."""

from __future__ import annotations

import numpy as np

from asn_impact.errors import InferenceError
from asn_impact.scrutiny.case import Case
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.scrutiny.event_path import EventPath
from asn_impact.scrutiny.restrictions import RelativeMagnitude
from asn_impact.scrutiny.sensitivity import Breakdown, breakdown, sensitivity
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_SIZES = (0.0, 0.5, 1.0, 1.5, 2.0)


@public_verb
def departures(path: EventPath, survives: Breakdown | None = None) -> Check:
    """Return the check of departures from parallel trends: holds when the breakdown value is 1 or more.

    Doubtful: between 0.5 and 1. Fails: below 0.5, although the interval excludes zero under parallel trends.

    Rambachan and Roth (2023); the limits are ours.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> ai.checks.departures(path, ai.breakdown(path)).verdict
    'holds'
    """
    largest = breakdown(path) if survives is None else survives
    table = sensitivity(path, [RelativeMagnitude(size) for size in _SIZES], level=largest.level).assign(mbar=_SIZES)
    steps = Message("checks.departures.steps", k=path.every, pre=path.pre, post=path.post)
    since = path.first >= 0
    size = float(path.inference.estimate[since].mean())
    target = Message("checks.departures.target", n=int(path.last[since].max()) + 1, x=size)
    answer = paragraph(largest.said, steps, target)
    value = largest.value
    verdict: Verdict = "holds" if value >= 1 else "doubtful" if value >= 0.5 else "fails"
    return DEPARTURES.check("cannot_say" if np.isnan(value) else verdict, answer, table)


def _run(case: Case) -> Check:
    if not isinstance(case.path, EventPath):
        return DEPARTURES.cannot_say(case.path)
    try:
        return departures(case.path, case.breakdown)
    except InferenceError as problem:
        return DEPARTURES.cannot_say(problem)


DEPARTURES = CheckEntry(
    "departures",
    Message("checks.departures.question"),
    _run,
    "Rambachan and Roth (2023), Review of Economic Studies 90",
)
