"""The finding of an inference as a sentence: the title of its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asn_impact.arguments import Level
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.headline import headline_message
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Sentence

if TYPE_CHECKING:
    from asn_impact.estimation import Inference


@public_verb
def headline(
    inference: Inference, *, language: Language = "en", level: Level = 0.95, grade: Grade | None = None
) -> Sentence:
    """Return the finding of an inference as a sentence, in the words that its grade allows.

    An inference with several terms (an event study, say) is told by its estimator's overall effect under the same rule;
    where there is none, by how many of the terms differ from zero.

    Parameters
    ----------
    language
        ``"id"`` or ``"en"``.
    level
        How sure the intervals are, for instance 0.95.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> ai.figures.headline(answer)[:53]
    'Among the trained, the mean waiting time fell by 2.0 '
    """
    check_kind("headline", "inference", inference, "Inference")
    check_language(language)
    return headline_message(inference, level=level, grade=grade).text(language)
