"""A check: one way in which a finding could be wrong, what is asked, and what the data say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import pandas as pd

from asn_impact.arguments import check_fields
from asn_impact.display import card
from asn_impact.errors import AsnImpactError
from asn_impact.verbs import Guided
from asn_impact.words import Message, verbatim

if TYPE_CHECKING:
    from asn_impact.scrutiny.case import Case

#: Level of each of the two checks that contradict a finding by a test: trends before training, and what came in.
CONTRADICTS: Final = 0.025

Verdict: TypeAlias = Literal["holds", "doubtful", "fails", "cannot_say"]


@dataclass(frozen=True, eq=False)
class Check(Guided):
    """One way in which a finding could be wrong, and what the data say about it.

    Attributes
    ----------
    name
        Short name, the same in code and in files.
    question, answer
        In every language: ``str(check.answer)``, ``check.answer.text("id")``.
    verdict
        ``"holds"``, ``"doubtful"``, ``"fails"`` or ``"cannot_say"``.
    table
        The numbers behind the answer.
    source
        Where the method comes from.

    Examples
    --------
    >>> import asn_impact as ai
    >>> events = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
    >>> check = ai.checks.pretrends(events)
    >>> check.verdict, str(check.question)
    ('cannot_say', 'Did trained offices and their comparison move alike before training?')
    """

    name: str
    question: Message
    answer: Message
    verdict: Verdict
    table: pd.DataFrame
    source: str = ""

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def verdict_words(self) -> Message:
        """The verdict as a word."""
        return Message(f"scrutiny.verdict.{self.verdict}")

    def __repr__(self) -> str:
        return f"Check({self.name}: {self.verdict}. {self.answer})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("pertanyaan", self.question.text("id")),
            ("question", self.question),
            ("jawaban", self.answer.text("id")),
            ("answer", self.answer),
            ("verdict", f"{self.verdict_words} ({self.verdict_words.text('id')})"),
        ]
        if self.source:
            facts.append(("source", self.source))
        return card(f"Check: {self.name}", facts, table=_short(self.table))


def _short(table: pd.DataFrame) -> pd.DataFrame | None:
    numbers = {name: table[name].round(4) for name in table.select_dtypes("number").columns}
    return None if table.empty else table.assign(**numbers).head(30)


@dataclass(frozen=True)
class CheckEntry(Guided):
    """All that is needed to add a check: its name, what it asks, how it is run, and where the method comes from.

    Attributes
    ----------
    name
        Short name, the same in code and in files.
    question
        What a reader wants to know.
    run
        Called with a `Case`; returns the check, or None where it does not concern this finding.
    source
        Where the method comes from.

    Examples
    --------
    >>> import asn_impact as ai
    >>> ai.CHECKS[0].name, str(ai.CHECKS[0].question)
    ('pretrends', 'Did trained offices and their comparison move alike before training?')
    """

    name: str
    question: Message
    run: Callable[[Case], Check | None]
    source: str = ""

    def check(self, verdict: Verdict, answer: Message, table: pd.DataFrame) -> Check:
        """Return the check with its answer."""
        return Check(self.name, self.question, answer, verdict, table, self.source)

    def cannot_say(self, why: Message | AsnImpactError) -> Check:
        """Return a check that could not be run, with the reason or the error that gives it."""
        answer = reason_of(why) if isinstance(why, AsnImpactError) else why
        return self.check("cannot_say", answer, pd.DataFrame())


def reason_of(problem: AsnImpactError) -> Message:
    """Return what an error says."""
    return problem.message if isinstance(problem.message, Message) else verbatim(str(problem))
