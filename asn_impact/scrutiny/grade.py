"""How far a finding can be trusted, by a published rule: A to D, or X. In the spirit of the Maryland scale.

A   the order of training was drawn by lot, the lot was kept, and there are enough clusters
B   a comparison with trends that are flat before training in a test that would have noticed, a breakdown value of 1 or
    more, enough clusters, and no other check that fails
C   a comparison, but one of these is missing
D   before and after only
X   not estimable
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.arguments import Steps
from asn_impact.display import card
from asn_impact.scrutiny.check import Check
from asn_impact.verbs import public_verb
from asn_impact.words import Message

__all__ = ["ENOUGH_BREAKDOWN", "ENOUGH_CLUSTERS", "ENOUGH_TREATED", "Assignment", "Grade", "Letter", "grade"]

Letter: TypeAlias = Literal["A", "B", "C", "D", "X"]
Assignment: TypeAlias = Literal["lottery", "comparison", "before_after"]

ENOUGH_BREAKDOWN = 1.0
ENOUGH_CLUSTERS = 8  # the rules of inference were tried with 8 clusters and more: docs/coverage.md
ENOUGH_TREATED = 4  # with fewer, hardly any effect can be told from noise: docs/coverage.md


@dataclass(frozen=True, eq=False)
class Grade:
    """A letter, why it was given, and what kept the finding from the next one.

    Attributes
    ----------
    letter
        ``"A"`` to ``"D"``, or ``"X"``.
    reasons
        What the finding has.
    missing
        What kept it from the next grade; empty for A.
    """

    letter: Letter
    reasons: tuple[Message, ...]
    missing: tuple[Message, ...]

    @property
    def meaning(self) -> Message:
        """What the letter stands for."""
        return Message(f"grade.meaning.{self.letter}")

    def __repr__(self) -> str:
        why = "; ".join(str(lack) for lack in self.missing)
        return f"Grade({self.letter}: {self.meaning}{'. Missing: ' + why if why else ''})"

    def _repr_html_(self) -> str:
        facts = [("reason", _both(reason)) for reason in self.reasons]
        return card(
            f"Grade {self.letter}: {_both(self.meaning)}", [*facts, *(("missing", _both(m)) for m in self.missing)]
        )


def _both(message: Message) -> str:
    return f"{message} / {message.text('id')}"


@public_verb
def grade(
    checks: Sequence[Check],
    *,
    estimable: bool,
    assignment: Assignment,
    clusters: Steps,
    treated_clusters: Steps,
    breakdown: float,
) -> Grade:
    """Return the grade of a finding.

    Parameters
    ----------
    checks
        What was checked; ``pretrends`` and, for a lottery, ``lottery`` are looked at by name, the others for failures.
    estimable
        Whether there is an estimate with a standard error.
    assignment
        How training was given: ``"lottery"``, ``"comparison"`` with offices not (yet) trained, ``"before_after"``.
    clusters, treated_clusters
        Numbers of clusters and of those with trained units.
    breakdown
        Largest departure from parallel trends survived, relative to those before training; NaN for none.

    Examples
    --------
    >>> grade([], estimable=True, assignment="before_after", clusters=20, treated_clusters=20, breakdown=float("nan"))
    Grade(D: before and after only. Missing: There is no comparison with offices not (yet) trained.)
    """
    if not estimable:
        return Grade("X", (), (Message("grade.not_estimable"),))
    if assignment == "before_after":
        return Grade("D", (Message("grade.estimated"),), (Message("grade.no_comparison"),))
    has, lacks = _conditions(checks, clusters, treated_clusters, breakdown)
    if assignment == "lottery":
        met, unmet = _lottery(checks, clusters, treated_clusters)
        if not unmet:
            return Grade("A", met, ())
        return Grade("C" if lacks else "B", has, lacks or unmet)
    if lacks:
        return Grade("C", has, lacks)
    return Grade("B", has, (Message("grade.no_lottery"),))


def _split(conditions: list[tuple[bool, Message]]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Return what is said of the conditions that are met, and of those that are not."""
    return tuple(m for met, m in conditions if met), tuple(m for met, m in conditions if not met)


def _conditions(
    checks: Sequence[Check], clusters: int, treated: int, breakdown: float
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    return _split([_trends(checks), _survives(breakdown), _enough(clusters, treated), _others(checks)])


def _trends(checks: Sequence[Check]) -> tuple[bool, Message]:
    verdict = next((check.verdict for check in checks if check.name == "pretrends"), "cannot_say")
    return verdict == "holds", Message(f"grade.trends.{verdict}")


def _survives(breakdown: float) -> tuple[bool, Message]:
    if np.isnan(breakdown):
        return False, Message("grade.no_conclusion")
    enough = breakdown >= ENOUGH_BREAKDOWN
    return enough, Message("grade.survives", x=float(breakdown), required=ENOUGH_BREAKDOWN)


def _enough(clusters: int, treated: int) -> tuple[bool, Message]:
    counts = Message(
        "grade.clusters", clusters=clusters, treated=treated, enough=ENOUGH_CLUSTERS, enough_treated=ENOUGH_TREATED
    )
    return clusters >= ENOUGH_CLUSTERS and treated >= ENOUGH_TREATED, counts


def _others(checks: Sequence[Check]) -> tuple[bool, Message]:
    failed = [check.name for check in checks if check.verdict == "fails" and check.name != "pretrends"]
    return (False, Message("grade.others_fail", names=failed)) if failed else (True, Message("grade.others_hold"))


def _lottery(checks: Sequence[Check], clusters: int, treated: int) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    intact = any(check.name == "lottery" and check.verdict == "holds" for check in checks)
    words = Message("grade.lottery_kept") if intact else Message("grade.lottery_not_shown")
    return _split([(intact, words), _enough(clusters, treated)])
