"""How far a finding can be trusted, by a published rule: A to E, or X. See docs/decisions/008-grade.md.

A   a lottery that was kept, and all of B
B   every required check ran and none leaves a doubt, and the interval settles the question
C   a comparison, but not shown: a required check did not run or cannot say, or the study is too weak
D   description only: nobody to compare with
E   contradicted: the data themselves speak against reading the difference as an effect
X   not estimable
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from asn_impact.arguments import Steps
from asn_impact.display import card
from asn_impact.scrutiny.check import Check, Verdict
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message

Letter: TypeAlias = Literal["A", "B", "C", "D", "E", "X"]
Assignment: TypeAlias = Literal["lottery", "comparison", "before_after"]

LETTERS: Final[tuple[Letter, ...]] = ("A", "B", "C", "D", "E", "X")
ENOUGH_CLUSTERS: Final = 8  # the rules of inference were tried with 8 clusters and more: docs/coverage.md
ENOUGH_TREATED: Final = 4  # with fewer, hardly any effect can be told from noise: docs/coverage.md
#: Each must have run and answered; without it a finding is not shown.
REQUIRED: Final = ("pretrends", "composition", "coincidence", "heaping", "chosen")
#: Where one of these fails, the data speak against the finding.
CONTRADICTING: Final = ("pretrends", "composition", "coincidence", "heaping")
#: A doubt that the study may explain in its own words; the row without the months of choice must settle by itself.
EXPLAINABLE: Final = ("composition", "coincidence", "heaping")
#: Printed as they are and never graded: more evidence must not lower the letter.
ROBUSTNESS: Final = (
    *("departures", "placebo_in_time", "placebo_in_space", "leave_one_out", "weights", "specification_curve"),
)


@dataclass(frozen=True, eq=False)
class Grade(Guided):
    """A letter, why it was given, and what kept the finding from the next one.

    Attributes
    ----------
    letter
        ``"A"`` to ``"E"``, or ``"X"``.
    reasons
        What the finding has.
    missing
        What kept it from the next grade; empty for A.
    contradicted
        Names of the checks that speak against it; empty but for E.
    margin
        The effect that the study said would not matter, before the data were looked at, in the unit of the outcome;
        None where it said none.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> grade = ai.scrutinise(effects, rule=ai.BiasReduced(), seed=1, reps=19).grade
    >>> grade.letter, grade.shown
    ('C', False)
    """

    letter: Letter
    reasons: tuple[Message, ...]
    missing: tuple[Message, ...]
    contradicted: tuple[str, ...] = ()
    margin: float | None = None

    @property
    def meaning(self) -> Message:
        """What the letter stands for."""
        doubts = "_explained" if self.shown and self.explained else ""
        return Message(f"grade.meaning.{self.letter}{doubts}")

    @property
    def explained(self) -> tuple[Message, ...]:
        """What is doubtful, with the explanation that the study gives."""
        return tuple(reason for reason in self.reasons if reason.key == "grade.explained")

    @property
    def because(self) -> tuple[Message, ...]:
        """Why the difference cannot be read as an effect, as parts of a sentence; empty but for E."""
        return tuple(Message(f"grade.because.{name}") for name in self.contradicted)

    @property
    def shown(self) -> bool:
        """Whether the finding may be told as an effect of training."""
        return self.letter in {"A", "B"}

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
    settled: bool,
    explained: Mapping[str, str] | None = None,
    counted: tuple[int, int] | None = None,
) -> Grade:
    """Return the grade of a finding.

    Parameters
    ----------
    checks
        What was checked. One of `REQUIRED` that is not among them did not run.
    estimable
        Whether there is an estimate with a standard error.
    assignment
        How training was given: ``"lottery"``, ``"comparison"`` with offices not (yet) trained, ``"before_after"``.
    clusters, treated_clusters
        Numbers of clusters and of those with trained units.
    settled
        Whether the interval excludes zero, or lies within a margin that was named before the data were looked at.
    explained
        Name of a doubtful check -> the explanation that the study gives.
    counted
        Where everybody was trained in the end: how many of the treated cells the answer counts, and how many there
        are. The others have nobody to be compared with; without a lottery such an answer is C at best.

    Examples
    --------
    >>> grade([], estimable=True, assignment="before_after", clusters=20, treated_clusters=20, settled=True)
    Grade(D: description only: nobody to compare with. Missing: There is no comparison with offices not (yet) trained.)
    """
    if not estimable:
        return Grade("X", (), (Message("grade.not_estimable"),))
    verdicts = {check.name: check.verdict for check in checks}
    if against := tuple(name for name in CONTRADICTING if verdicts.get(name) == "fails"):
        contradicted = tuple(Message("grade.contradicted", why=Message(f"grade.because.{name}")) for name in against)
        return Grade("E", (Message("grade.estimated"),), contradicted, against)
    if assignment == "before_after":
        return Grade("D", (Message("grade.estimated"),), (Message("grade.no_comparison"),))
    conditions = _counted(counted) if counted is not None and assignment != "lottery" else []
    conditions += [(settled, Message("grade.settled" if settled else "grade.not_settled"))]
    wanted = {"enough": ENOUGH_CLUSTERS, "enough_treated": ENOUGH_TREATED}
    counts = Message("grade.clusters", clusters=clusters, treated=treated_clusters, **wanted)
    conditions += [(clusters >= ENOUGH_CLUSTERS and treated_clusters >= ENOUGH_TREATED, counts)]
    conditions += [_condition(name, verdicts.get(name, "cannot_say"), explained or {}) for name in REQUIRED]
    conditions += _others(verdicts, explained or {})
    has, lacks = (tuple(said for met, said in conditions if met is which) for which in (True, False))
    if lacks:
        return Grade("C", has, lacks)
    if assignment != "lottery":
        return Grade("B", has, (Message("grade.no_lottery"),))
    if verdicts.get("lottery") != "holds":
        return Grade("B", has, (Message("grade.lottery_not_shown"),))
    return Grade("A", (Message("grade.lottery_kept"), *has), ())


def _counted(counted: tuple[int, int]) -> list[tuple[bool, Message]]:
    """Return that the answer speaks for a part of the treated cells; nothing where it counts them all."""
    n, total = counted
    return [(False, Message("grade.counted", n=n, total=total))] if n < total else []


def _condition(name: str, verdict: Verdict, explained: Mapping[str, str]) -> tuple[bool, Message]:
    """Return whether a required check ran and leaves no doubt."""
    what = Message(f"grade.about.{name}")
    if verdict == "doubtful" and name in EXPLAINABLE and explained.get(name, "").strip():
        return True, Message("grade.explained", what=what, why=explained[name].strip())
    return verdict == "holds", Message(f"grade.required.{verdict}", what=what)


def _others(verdicts: Mapping[str, Verdict], explained: Mapping[str, str]) -> list[tuple[bool, Message]]:
    """Return whether a further check fails that is about the truth of the finding, not about its robustness."""
    apart = {*REQUIRED, *ROBUSTNESS, "lottery"}
    failed = [name for name, verdict in verdicts.items() if verdict == "fails" and name not in apart]
    failed = [name for name in failed if not explained.get(name, "").strip()]
    return [(False, Message("grade.others_fail", names=failed))] if failed else []
