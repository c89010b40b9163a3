"""The finding of an inference as a sentence: the title of its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from asn_impact.arguments import Level
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation import infer
from asn_impact.reporting.charts.drawing import level_quantity
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.words import finding
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, Sentence

if TYPE_CHECKING:
    from asn_impact.estimation import Inference

__all__ = ["find_overall", "headline"]


@public_verb
def headline(
    inference: Inference, *, language: Language = "en", level: Level = 0.95, grade: Grade | None = None
) -> Sentence:
    """Return the finding of an inference as a sentence, in the words that its grade allows.

    An inference with several terms (an event study, say) is told by its estimator's overall effect under the same rule;
    where there is none, by how many of the terms differ from zero.
    """
    check_kind("headline", "inference", inference, "Inference")
    check_language(language)
    whole = find_overall(inference)
    if whole is None:
        return _count_terms(inference, level).text(language)
    low, high = whole.interval(level)
    return finding(
        whole.effects.design.panel.outcome,
        estimate=float(whole.estimate[0]),
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        language=language,
        origin=f"{whole.effects.design.panel.outcome.name}.overall",
        grade=grade,
    )


def find_overall(inference: Inference) -> Inference | None:
    """Return the one-number inference that belongs to an inference, or None where the estimator has none."""
    if len(inference.estimate) == 1:
        return inference
    effects = inference.effects
    try:
        return infer(effects.estimator(effects.design).overall(), inference.rule)
    except (EstimationError, InferenceError):
        return None


def _count_terms(inference: Inference, level: float) -> Message:
    low, high = inference.interval(level)
    clear = int(((low > 0) | (high < 0)).sum())
    name = inference.effects.design.panel.outcome.name
    return Message(
        "charts.terms_differ",
        k=Quantity(clear, f"{name}: terms whose interval does not hold zero"),
        n=Quantity(int(np.isfinite(inference.estimate).sum()), f"{name}: terms"),
        level=level_quantity(level),
    )
