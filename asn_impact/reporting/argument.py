"""The argument of the report: what was asked, how training could work, how strong the evidence is, what follows.

Every sentence is chosen by rule from the values. "Dampak" (impact) is said only of a comparison; where the interval
holds zero the report says that evidence is missing, not that there is no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from asn_impact.estimation import Inference
from asn_impact.measures.outcomes import Better
from asn_impact.reporting.headline import grade_of, headline_message, is_within, within_margin
from asn_impact.reporting.tables.small import counts_records
from asn_impact.reporting.words import unit_noun
from asn_impact.scrutiny.check import Check
from asn_impact.scrutiny.grade import LETTERS, Grade, Letter
from asn_impact.scrutiny.scrutinise import Scrutiny
from asn_impact.words import Message, Quantity
from asn_impact.words.catalogue import keys_of

_UNTOLD = "grade.required.cannot_say"


def say_question(inferences: Sequence[Inference]) -> list[Message]:
    """Return what the report asks, of whom, over which time, and why a before-after mean is not an answer."""
    if not inferences:
        return []
    design = inferences[0].effects.design
    lines = [i.effects.design.panel.timeline for i in inferences]
    first = min(lines, key=lambda line: line.labels[0])
    last = max(lines, key=lambda line: line.labels[-1])
    has_name = design.treatment not in {"", "treatment"}
    question = Message(
        "report.question.of_training",
        what=Message("report.question.named", name=design.treatment) if has_name else Message("report.question.any"),
        measures=_measures(inferences),
    )
    scope = Message(
        "report.question.scope",
        units=Quantity(len(design.panel.units), "len(design.panel.units)"),
        noun=unit_noun(design.panel)[1],
        first=first.spoken(0),
        last=last.spoken(int(last.steps[-1])),
    )
    return [question + scope, Message("report.question.why_compare")]


def _measures(inferences: Iterable[Inference]) -> list[Message]:
    """Return the measures as they are called within a sentence, each once."""
    return list(dict.fromkeys(i.effects.design.panel.outcome.words.name for i in inferences))


def say_framework(inferences: Sequence[Inference]) -> list[Message]:
    """Return the theory of change in a paragraph, for studies of services; nothing for other panels."""
    if not inferences or not counts_records(inferences[0].effects.design.panel):
        return []
    return [Message("report.framework", measures=_measures(inferences))]


# ----------------------------------------------------------------------------------- strength of evidence


def say_grade(scrutiny: Scrutiny, *, named: bool = False) -> Message:
    """Return the grade and what it means; named: on which measure, where a report has several."""
    if named and scrutiny.finding is not None:
        measure = scrutiny.finding.effects.design.panel.outcome.words.name
        graded = {"letter": scrutiny.grade.letter, "meaning": scrutiny.grade.meaning}
        return Message("report.strength.grade_of", measure=measure, **graded)
    return Message("report.strength.grade", letter=scrutiny.grade.letter, meaning=scrutiny.grade.meaning)


def say_grade_and_lack(scrutiny: Scrutiny, *, named: bool = False) -> list[Message]:
    """Return the grade, the checks that fail, and what kept it from the next one."""
    lacking = _untold_once(scrutiny.grade.missing)
    said = [Message("report.strength.missing", reasons=Message("common.paragraph", parts=lacking))] if lacking else []
    return [say_grade(scrutiny, named=named), *_say_explained(scrutiny), *say_failing(scrutiny), *said]


def say_failing(scrutiny: Scrutiny) -> list[Message]:
    """Return the checks that fail, by question and answer; those that the grade E names already are left out."""
    failing = [c for c in scrutiny.checks if c.verdict == "fails" and c.name not in scrutiny.grade.contradicted]
    told = tuple(Message("report.strength.failing", question=c.question, answer=_first(c.answer)) for c in failing)
    return [Message("report.strength.fails", reasons=Message("common.paragraph", parts=told))] if told else []


def _untold_once(lacking: Sequence[Message]) -> tuple[Message, ...]:
    """Return what a grade lacks, the checks that cannot say in one sentence."""
    untold = tuple(lack["what"] for lack in lacking if lack.key == _UNTOLD)
    if len(untold) < 2:
        return tuple(lacking)
    return tuple(dict.fromkeys(Message(f"{_UNTOLD}_several", what=untold) if x.key == _UNTOLD else x for x in lacking))


def _say_explained(scrutiny: Scrutiny) -> list[Message]:
    """Return what is doubtful with the explanation of the study: a reader judges it himself."""
    reasons = scrutiny.grade.explained
    return [Message("report.strength.explained", reasons=Message("common.paragraph", parts=reasons))] if reasons else []


def _first(answer: Message) -> Message:
    """Return the sentence that an answer begins with; the table of the checks has all of it."""
    first: Message = answer["parts"][0] if answer.key == "common.paragraph" else answer
    return first


def scale_of_grades() -> list[Message]:
    """Return a sentence a letter, from the strongest."""
    return [Message(f"grade.scale.{letter}") for letter in LETTERS]


def say_turning(scrutiny: Scrutiny) -> list[Message]:
    """Return what would change the conclusion; nothing where there is none."""
    if scrutiny.turning is None:
        return []
    return [Message("report.strength.turning", what=scrutiny.turning.said)]


def say_strength(scrutiny: Scrutiny, *, named: bool = False) -> list[Message]:
    """Return the grade with what kept it from the next one, what would change it, and how to read the table."""
    return [*say_grade_and_lack(scrutiny, named=named), *say_turning(scrutiny), Message("report.strength.verdicts")]


# --------------------------------------------------------------------------- conclusion and recommendations


def conclude(inferences: Iterable[Inference], scrutinies: Sequence[Scrutiny], *, level: float) -> list[Message]:
    """Return the findings once more, and how much weight the grade lets them carry."""
    told = [(inference, grade_of(inference, scrutinies)) for inference in inferences]
    messages = [
        Message("report.finding.full_stop", finding=headline_message(inference, level=level, grade=grade))
        for inference, grade in told
    ]
    letters = dict.fromkeys(None if grade is None else grade.letter for _, grade in told)
    return [*messages, *map(weigh, letters)]


def weigh(letter: Letter | None) -> Message:
    """Say how much weight evidence of a grade can carry."""
    if letter is None:
        return Message("report.conclusion.unchecked")
    if letter in {"A", "B"}:
        return Message("report.conclusion.strong", letter=letter)
    return Message(f"report.conclusion.{letter}")


def advise(
    inferences: Sequence[Inference], scrutinies: Sequence[Scrutiny], *, level: float, better: Better | None = None
) -> list[Message]:
    """Return recommendations that follow from the findings by rule; the office adds who, when and at what cost."""
    if not inferences:
        return []
    hoped = better or inferences[0].effects.design.panel.outcome.better
    messages = [_direction(inferences[0], grade_of(inferences[0], scrutinies), level, hoped)]
    if not any(s.grade.letter == "A" for s in scrutinies):
        messages.append(Message("report.advice.by_lot"))
    if counts_records(inferences[0].effects.design.panel):
        messages.append(Message("report.advice.record"))
    return messages


#: What is advised where the grade does not allow to tell the finding as an effect, whatever its direction.
_HOLD_BACK: Final[Mapping[Letter, str]] = {
    "C": "report.advice.not_shown",
    "D": "report.advice.no_comparison",
    "E": "report.advice.contradicted",
    "X": "report.advice.not_estimable",
}


def _direction(inference: Inference, grade: Grade | None, level: float, better: Better | None) -> Message:
    """Say whether to go on: from the grade first, then from the interval, then from which way is better."""
    low, high = (float(end[0]) for end in inference.interval(level))
    one_side = bool(np.isfinite([low, high]).all() and (low > 0 or high < 0))
    if grade is None:
        return Message("report.advice.unchecked")
    if grade.letter == "C" and not one_side:
        return Message(
            "report.advice.unfinished" if is_within(inference, grade, level=level) else "report.advice.find_out"
        )
    if grade.letter in _HOLD_BACK:
        return Message(_HOLD_BACK[grade.letter])
    if not one_side or within_margin(inference, grade, level=level) is not None:
        return Message("report.advice.within_margin")
    if better is None:
        return Message("report.advice.direction")
    good = (better == "higher") == (low > 0)
    return Message("report.advice.go_on" if good else "report.advice.reverse")


# --------------------------------------------------------------------------------------------- references


def sources(inferences: Iterable[Inference], scrutinies: Iterable[Scrutiny]) -> list[str]:
    """Return the sources of the methods used and of the checks shown, sorted by author."""
    entries = [entry for i in inferences for entry in (i.effects.estimator.entry, i.rule.entry)]
    of_methods = [str(source) for entry in entries for source in entry.sources]
    of_checks = [source for s in scrutinies for check in s.checks for source in _sources_of(check)]
    return sorted(dict.fromkeys((*of_methods, *of_checks)), key=str.casefold)


def _sources_of(check: Check) -> list[str]:
    """Return the references of a check that gave an answer; one of your own brings its source itself."""
    if check.verdict == "cannot_say":
        return []
    ours = [Message(f"report.{key}") for key in keys_of("report") if key.startswith(f"source.{check.name}.")]
    return [str(source) for source in ours] or [str(check.source)] * bool(check.source)
