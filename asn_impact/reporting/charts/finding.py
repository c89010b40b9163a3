"""The finding of an inference as a sentence: the title of its chart."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from asn_impact.errors import DataWarning, EstimationError, InferenceError
from asn_impact.estimation import Inference, infer
from asn_impact.reporting.words import Language, Quantity, Sentence, both, checked, finding, level_quantity, say

__all__ = ["headline", "overall"]


def headline(inference: Inference, *, language: Language = "en", level: float = 0.95) -> Sentence:
    """Return the finding of an inference as a sentence.

    An inference with several terms (an event study, say) is told by its estimator's overall effect under the same rule;
    where there is none, by how many of the terms differ from zero.
    """
    checked(language)
    whole = overall(inference)
    if whole is None:
        return _count_of_terms(inference, language, level)
    low, high = whole.interval(level)
    return finding(
        whole.effects.design.panel.outcome,
        estimate=float(whole.estimate[0]),
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        language=language,
        origin=f"{whole.effects.design.panel.outcome.name}.overall",
    )


def overall(inference: Inference) -> Inference | None:
    """Return the one-number inference that belongs to an inference, or None where the estimator has none."""
    if len(inference.estimate) == 1:
        return inference
    effects = inference.effects
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # said when the inference itself was made
            return infer(effects.estimator(effects.design).overall(), inference.rule)
    except (EstimationError, InferenceError):
        return None


_COUNTED: Final = both(
    id="{k} dari {n} perkiraan berbeda dari nol (selang kepercayaan {level})",
    en="{k} of {n} estimates differ from zero ({level} CI)",
)


def _count_of_terms(inference: Inference, language: Language, level: float) -> Sentence:
    low, high = inference.interval(level)
    clear = int(((low > 0) | (high < 0)).sum())
    name = inference.effects.design.panel.outcome.name
    return say(
        _COUNTED,
        language,
        k=Quantity(clear, f"{name}: terms whose interval does not hold zero"),
        n=Quantity(int(np.isfinite(inference.estimate).sum()), f"{name}: terms"),
        level=level_quantity(level),
    )
