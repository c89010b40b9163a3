"""What reports and charts say alike: the finding of a comparison, what a unit is called, the words of the trade."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asn_impact.arguments import check_choice
from asn_impact.measures.outcome_words import Limit as Limit
from asn_impact.measures.outcome_words import OutcomeWords as OutcomeWords
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.grade import Grade
from asn_impact.timeline import Timeline
from asn_impact.words import Language, Message, Quantity, languages
from asn_impact.words.catalogue import keys_of
from asn_impact.words.writing import decimals_for


def check_language(language: str) -> Language:
    """Return the language code, or refuse one we have no words for.

    Examples
    --------
    >>> check_language("id")
    'id'
    """
    check_choice("language", language, languages())
    return language


# ------------------------------------------------------------------------------------ outcomes and findings


def finding_message(
    outcome: Any,  # noqa: ANN401 - any outcome value of measures.outcomes
    *,
    estimate: float,
    low: float,
    high: float,
    level: float,
    origin: str = "overall",
    grade: Grade | None = None,
) -> Message:
    """Return the finding as a sentence, chosen by rule.

    An interval that lies on one side of zero gives a direction and a size; one that holds zero gives "no
    sufficient evidence"; an estimate without an interval says so; an undefined one "cannot be estimated".
    Only a finding of grade A or B is told as what training did. One without a grade, or of grade C or D, is told as a
    difference, with what it lacks; one of grade E as a difference that its own data speak against.
    Decimals grow until no number that is not zero is shown as zero.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import RestrictedMean
    >>> str(finding_message(RestrictedMean(30), estimate=-2.1, low=-3.5, high=-0.7, level=0.95))[:65]
    'Among the trained, the mean waiting time fell by 2.1 working days'
    """
    words: OutcomeWords = outcome.words
    if math.isnan(estimate):
        return Message("report.finding.not_estimable")
    if grade is not None and grade.contradicted:
        return _contradicted(words, estimate, (low, high), level, origin, grade)
    fell = high < 0
    sign = -1.0 if fell else 1.0
    ends = sorted(float(sign * words.shown(end)) for end in (low, high))
    size = float(sign * words.shown(estimate))
    decimals = decimals_for([size, *ends], words.decimals)
    amount = with_unit(Quantity(size, f"{origin}.estimate", decimals), words.unit)
    if math.isnan(low) or math.isnan(high):
        return Message("report.finding.no_interval", begin=words.unclear, size=amount)
    sources = ("conf_high", "conf_low") if fell else ("conf_low", "conf_high")
    low_end, high_end = (Quantity(e, f"{origin}.{s}", decimals) for e, s in zip(ends, sources, strict=True))
    parts = {"size": amount, "level": level_quantity(level), "low": low_end, "high": high_end}
    if (low > 0 or fell) and (grade is None or not grade.shown):
        told = "not_graded" if grade is None else "described" if grade.letter == "D" else "not_shown"
        return Message(f"report.finding.{told}.{'fell' if fell else 'rose'}", measure=words.name, **parts)
    if low > 0 or fell:
        return Message("report.finding.changed", begin=words.fell if fell else words.rose, **parts)
    return Message("report.finding.unclear", begin=words.unclear, **parts)


def with_grade(title: Message, grade: Grade | None) -> Message:
    """Return a title that claims no more than its grade allows: below B it says what the letter stands for.

    Examples
    --------
    >>> from asn_impact.words import verbatim
    >>> str(with_grade(verbatim("It fell"), Grade("C", (), ())))
    'It fell (grade C: a comparison, but not shown)'
    """
    if grade is None or grade.shown:
        return title
    return Message("report.finding.graded", title=title, letter=grade.letter, meaning=grade.meaning)


def _contradicted(
    words: OutcomeWords, estimate: float, ends: tuple[float, float], level: float, origin: str, grade: Grade
) -> Message:
    """Return a finding that its own data speak against: a difference with its sign, and why it is no effect."""
    values = [float(words.shown(value)) for value in (estimate, *ends)]
    decimals = decimals_for([v for v in values if not math.isnan(v)], words.decimals)
    sources = (f"{origin}.estimate", f"{origin}.conf_low", f"{origin}.conf_high")
    size, low, high = (Quantity(v, source, decimals) for v, source in zip(values, sources, strict=True))
    amount = {"size": with_unit(size, words.unit), "measure": words.name, "why": grade.because}
    if any(math.isnan(end) for end in ends):
        return Message("report.finding.contradicted_no_interval", **amount)
    told = "contradicted" if ends[0] > 0 or ends[1] < 0 else "contradicted_unclear"
    return Message(f"report.finding.{told}", level=level_quantity(level), low=low, high=high, **amount)


def with_unit(size: Quantity, unit: Message) -> Message:
    """Return a size with its unit, where it has one."""
    return Message("report.amount", n=size, unit=unit) if str(unit) else Message("report.bare_amount", n=size)


def level_quantity(level: float) -> Quantity:
    """Return the level of an interval as it is said: whole per cent, or one decimal where it is not whole.

    A level short of 100 % is never said to be 100 %.

    Examples
    --------
    >>> level_quantity(0.95).shown("en"), level_quantity(1 - 0.05 / 3).shown("id"), level_quantity(0.9999).shown("en")
    ('95%', '98,3%', '99.99%')
    """
    whole = abs(100 * level - round(100 * level)) < 1e-9
    decimals = next((d for d in range(1, 6) if round(100 * level, d) < 100), 6)
    return Quantity(level, "level", 0 if whole else decimals, form="percent")


def periods_in_step(timeline: Timeline) -> int:
    """Return how many periods a step of a timeline is; those without a calendar count as steps.

    Examples
    --------
    >>> halves = Timeline.of_length([12 * 2024, 12 * 2025], 6)
    >>> periods_in_step(halves)
    2
    """
    return 1 if timeline.kind == "step" else int(timeline.step) // timeline.span


def unit_noun(panel: Panel) -> tuple[Message, Message]:
    """Return what a unit of the panel is called, one and many.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> unit_noun(SimpleNamespace(attributes=pd.DataFrame({"office": ["Dinas A"]})))[1].text("id")
    'perangkat daerah'
    """
    kind = "office" if set(panel.attributes.columns) == {"office"} else "unit"
    return Message(f"report.noun.{kind}.one"), Message(f"report.noun.{kind}.many")


# ------------------------------------------------------------------------------------------------ glossary


@dataclass(frozen=True)
class Term:
    """A word of the trade: its names and what it means in one plain sentence."""

    names: Message
    meaning: Message


@functools.cache
def glossary() -> Mapping[str, Term]:
    """Return the glossary: term -> name and meaning. The Indonesian names are those of evaluation reports.

    Examples
    --------
    >>> glossary()["confidence_interval"].names.text("id")
    'selang kepercayaan'
    """
    terms = dict.fromkeys(key.partition(".")[0] for key in keys_of("glossary"))
    return {term: Term(Message(f"glossary.{term}.name"), Message(f"glossary.{term}.meaning")) for term in terms}
