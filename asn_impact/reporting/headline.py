"""The finding of an inference in one sentence."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation import Inference, infer
from asn_impact.estimation.left_out import counted_cells
from asn_impact.reporting.words import finding_message, level_quantity
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.scrutinise import Scrutiny
from asn_impact.words import Message, Quantity
from asn_impact.words.writing import decimals_for


def grade_of(inference: Inference, scrutinies: Iterable[Scrutiny]) -> Grade | None:
    """Return the grade of a finding: that of the scrutiny of the same measure; None where nobody checked it.

    A scrutiny of something that could not be estimated has no measure: it is taken to be of the one that is told.
    """
    outcome = inference.effects.design.panel.outcome
    for scrutiny in scrutinies:
        if scrutiny.finding is None or scrutiny.finding.effects.design.panel.outcome == outcome:
            return scrutiny.grade
    return None


def within_margin(inference: Inference, grade: Grade | None, *, level: float) -> Message | None:
    """Say that the interval of a shown finding lies within the margin that the study named; None where it does not."""
    if grade is None or grade.margin is None or not (grade.shown and is_within(inference, grade, level=level)):
        return None
    words = inference.effects.outcome.words
    size = abs(float(words.shown(grade.margin)))
    number = Quantity(size, "margin", decimals_for([size], words.decimals))
    amount = Message("report.amount", n=number, unit=words.unit) if str(words.unit) else number
    return Message("report.finding.within_margin_of", margin=amount)


def is_within(inference: Inference, grade: Grade, *, level: float) -> bool:
    """Return whether the interval lies within the margin that the study named, whatever the grade."""
    low, high = (float(end[0]) for end in inference.interval(level))
    return grade.margin is not None and -grade.margin < low and high < grade.margin


def headline_message(inference: Inference, *, level: float = 0.95, grade: Grade | None = None) -> Message:
    """Return the finding of an inference, in the words that its grade allows.

    An inference with several terms (an event study, say) is told by its estimator's overall effect under the same rule;
    where there is none, by how many of the terms differ from zero.
    """
    whole = overall(inference)
    if whole is None:
        return _count_of_terms(inference, level)
    low, high = whole.interval(level)
    outcome = whole.effects.outcome
    told = finding_message(
        outcome,
        estimate=float(whole.estimate[0]),
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        origin=f"{outcome.name}.overall",
        grade=grade,
    )
    counted = counted_cells(whole.asked or whole.effects)
    if counted is None or counted[0] == counted[1] or not np.isfinite(whole.estimate[0]):
        return told
    n, total = (Quantity(n, f"{name} treated cells") for n, name in zip(counted, ("counted", "all"), strict=True))
    return Message("report.finding.counted", finding=told, n=n, total=total)


def overall(inference: Inference) -> Inference | None:
    """Return the one-number inference that belongs to an inference, or None where the estimator has none."""
    if len(inference.estimate) == 1:
        return inference
    effects = inference.effects
    try:
        return infer(effects.estimator(effects.design).overall(), inference.rule)
    except (EstimationError, InferenceError):
        return None


def _count_of_terms(inference: Inference, level: float) -> Message:
    low, high = inference.interval(level)
    clear = int(((low > 0) | (high < 0)).sum())
    name = inference.effects.design.panel.outcome.name
    return Message(
        "report.finding.terms",
        k=Quantity(clear, f"{name}: terms whose interval does not hold zero"),
        n=Quantity(int(np.isfinite(inference.estimate).sum()), f"{name}: terms"),
        level=level_quantity(level),
    )
