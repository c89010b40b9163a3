"""Every check that can run on a finding, and the grade that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

import pandas as pd

from asn_impact.arguments import Level, Names, Times, did_you_mean
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.left_out import counted_cells
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcomes import RestrictedMean, Share, Within
from asn_impact.measures.panel import Outcome, Panel
from asn_impact.scrutiny.case import Case, settled
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.scrutiny.choice import CHOSEN
from asn_impact.scrutiny.decomposition import WEIGHTS
from asn_impact.scrutiny.departures import DEPARTURES
from asn_impact.scrutiny.event_path import EventPath
from asn_impact.scrutiny.grade import EXPLAINABLE, REQUIRED, ROBUSTNESS, Assignment, Grade, grade
from asn_impact.scrutiny.heaping import HEAPING, check_limits
from asn_impact.scrutiny.lottery import LOTTERY
from asn_impact.scrutiny.placebo import LEAVE_ONE_OUT, PLACEBO_IN_SPACE, PLACEBO_IN_TIME, PLACEBO_OUTCOME
from asn_impact.scrutiny.pretrends import PRETRENDS
from asn_impact.scrutiny.sensitivity import Breakdown
from asn_impact.scrutiny.specification import SPECIFICATION_CURVE
from asn_impact.scrutiny.surroundings import COINCIDENCE, COMPOSITION, SPILLOVER
from asn_impact.scrutiny.three_rows import Row, three_rows
from asn_impact.scrutiny.turning import Turning, what_would_change
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Language, Message, paragraph

CHECKS: Final = (
    PRETRENDS,
    DEPARTURES,
    PLACEBO_IN_TIME,
    PLACEBO_IN_SPACE,
    LEAVE_ONE_OUT,
    WEIGHTS,
    SPECIFICATION_CURVE,
    COMPOSITION,
    COINCIDENCE,
    HEAPING,
    CHOSEN,
    SPILLOVER,
    PLACEBO_OUTCOME,
    LOTTERY,
)


@dataclass(frozen=True, eq=False)
class Scrutiny(Guided):
    """A finding with everything that was held against it.

    Attributes
    ----------
    finding
        The effect and its uncertainty; None where there is none.
    checks
        In the order in which a reader asks.
    grade
        By the published rule.
    breakdown
        The largest departure survived; None where it cannot be had.
    path
        The event study in steps, which the checks of trends use; None where there is none.
    turning
        What would change the conclusion; None where there is none.
    rows
        The effect from all months, without the months of choice, and with a trend of the trained of their own.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> scrutiny = ai.scrutinise(effects, rule=ai.BiasReduced(), seed=1, reps=19)
    >>> {check.name: check.verdict for check in scrutiny.checks[:2]}
    {'pretrends': 'holds', 'departures': 'cannot_say'}
    """

    finding: Inference | None
    checks: tuple[Check, ...]
    grade: Grade
    breakdown: Breakdown | None
    path: EventPath | None = None
    turning: Turning | None = None
    rows: tuple[Row, ...] = ()

    def __getitem__(self, name: str) -> Check:
        """Return the check of a name."""
        for check in self.checks:
            if check.name == name:
                return check
        available = [check.name for check in self.checks]
        raise KeyError(str(Message("scrutiny.no_such_check", name=name, available=available)))

    def table(self, language: Language = "en") -> pd.DataFrame:
        """Return one row a check: name, question, verdict and answer."""
        return pd.DataFrame(
            {
                "check": [check.name for check in self.checks],
                "question": [check.question.text(language).text for check in self.checks],
                "verdict": [check.verdict_words.text(language).text for check in self.checks],
                "answer": [check.answer.text(language).text for check in self.checks],
            }
        )

    def __repr__(self) -> str:
        counts = Counter(check.verdict for check in self.checks)
        verdicts = [v for v in get_args(Verdict) if counts[v]]
        summary = ", ".join(f"{counts[v]} {Message(f'scrutiny.verdict.{v}')}" for v in verdicts)
        return f"Scrutiny({self.grade!r}; {len(self.checks)} checks: {summary})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("grade", f"{self.grade.letter}: {self.grade.meaning}")]
        facts += [("missing for the next grade", lack) for lack in self.grade.missing]
        facts += [("what would change it", self.turning.said)] if self.turning is not None else []
        return card("Scrutiny", facts, table=self.table())


@public_verb
def scrutinise(
    effects: Effects,
    *,
    rule: Rule,
    seed: int,
    reps: Times = 199,
    events: Any = None,  # noqa: ANN401 - a frame or Events
    durations: Durations | None = None,
    limits: Sequence[int] = (),
    neighbours: Mapping[Hashable, Sequence[Hashable]] | None = None,
    other: Inference | Mapping[str, Inference] | None = None,
    panels: Sequence[Panel] | None = None,
    assignment: Assignment = "comparison",
    drawn: Mapping[Hashable, Any] | None = None,
    chosen: Names | None = None,
    margin: float | None = None,
    explained: Mapping[str, str] | None = None,
    courses: pd.DataFrame | None = None,
    level: Level = 0.95,
    checks: Sequence[CheckEntry] = CHECKS,
) -> Scrutiny:
    """Return every check that can run on these effects, and the grade.

    Checks that need something that was not given say so (``cannot_say``).

    Parameters
    ----------
    effects
        Any effects with an overall number, for instance ``GroupTime()(design)``.
    rule
        The rule of inference of the finding.
    seed, reps
        Of the placebo among untrained offices.
    events
        Frame of dated events: see `coincidence`.
    durations, limits
        For `heaping`.
    neighbours
        For `spillover`.
    other
        Inference on an outcome that training cannot touch, or several by name: see `placebo_outcome`.
    panels
        For `composition`: the mix of services. An empty list says that there is none that could change.
    assignment, drawn
        How training was given; for a lottery, the first treated period drawn for each unit: see `lottery_kept`.
    chosen
        Labels of the periods whose outcomes were looked at when the offices were chosen; none (``()``) where the
        outcome played no part; None where that is not known: see `without_choice`.
    margin
        Named before the data are looked at: an effect that would not matter, in the unit of the outcome. An interval
        within it shows that there is no effect that matters.
    explained
        Name of a check that is doubtful -> why that does not touch the finding. The grade and the report show it.
    courses
        Other courses that were completed, for `coincidence`: see `read_other_courses`.
    level
        Of the interval that has to settle the question; that of a look where there are several: `levels_of_looks`.
    checks
        Which checks to run, in order; all of them by default. ``(*CHECKS, own)`` adds one of your own.

    Raises
    ------
    EstimationError
        The effects have no overall number.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> scrutiny = ai.scrutinise(effects, rule=ai.BiasReduced(), seed=1, reps=19)
    >>> scrutiny.grade.letter
    'C'
    """
    given = (events, durations, limits, neighbours, other, panels, drawn, assignment, chosen, margin, courses, level)
    case = Case(effects, rule, seed, reps, *given)
    _check_explained(explained or {}, checks)
    design = case.overall.design
    _check_margin(margin, design.panel.outcome)
    check_limits(limits)
    answers = tuple(check for entry in checks if (check := _answer(entry, case)) is not None)
    letter = grade(
        answers,
        estimable=case.finding is not None,
        assignment=assignment,
        clusters=len(design.clusters),
        treated_clusters=design.treated_clusters,
        settled=case.finding is not None and settled(case.finding, margin, level=level),
        explained=explained,
        counted=counted_cells(case.overall),
    )
    path = case.path if isinstance(case.path, EventPath) else None
    without = () if chosen is None and assignment == "lottery" else chosen  # a lottery looks at no month
    turning = None
    if case.finding is not None:
        turning = what_would_change(case.finding, durations=durations, margin=margin, level=level)
    return Scrutiny(
        case.finding,
        answers,
        replace(letter, margin=margin),
        case.breakdown,
        path,
        turning,
        () if case.finding is None else three_rows(case.overall, rule=rule, chosen=without),
    )


def _answer(entry: CheckEntry, case: Case) -> Check | None:
    """Return the answer of a check; one that needs treatment that stays cannot say anything where it may end."""
    try:
        return entry.run(case)
    except AsnImpactError as problem:
        if case.design.status is None:
            raise
        return entry.cannot_say(problem)


def _check_margin(margin: float | None, outcome: Outcome) -> None:
    """Refuse a margin that is no size, or that nothing could lie outside of: it would show any effect to be none."""
    if margin is None:
        return
    if not 0 < margin < float("inf"):
        raise InputError(Message("scrutiny.margin", found=repr(margin)))
    if isinstance(outcome, Within | Share) and margin >= 1:
        raise InputError(Message("scrutiny.margin_of_share", found=repr(margin), example=repr(margin / 100)))
    if isinstance(outcome, RestrictedMean) and margin >= outcome.horizon:
        raise InputError(Message("scrutiny.margin_beyond", found=repr(margin), most=outcome.horizon))


def check_said(
    outcome: Outcome,
    *,
    margin: float | None = None,
    limits: Sequence[int] = (),
    explained: Mapping[str, str] | None = None,
    **_: Any,  # noqa: ANN401 - what else a study says of its finding
) -> None:
    """Refuse what a study says of its finding and cannot mean, before its data are read."""
    _check_margin(margin, outcome)
    check_limits(limits)
    _check_explained(explained or {}, CHECKS)


def _check_explained(explained: Mapping[str, str], checks: Sequence[CheckEntry]) -> None:
    """Refuse an explanation of a check that there is not: it would explain nothing."""
    names = [entry.name for entry in checks]
    for name in explained:
        if name not in names:
            unknown = Message("scrutiny.no_such_check", name=name, available=names)
            raise InputError(paragraph(unknown, did_you_mean(name, names)))
        if name in {*REQUIRED, *ROBUSTNESS, "lottery"} - {*EXPLAINABLE}:
            able = [n for n in names if n not in {*REQUIRED, *ROBUSTNESS, "lottery"} or n in EXPLAINABLE]
            raise InputError(Message("scrutiny.not_explained", name=name, available=able))
        if not explained[name].strip():
            raise InputError(Message("scrutiny.empty_explanation", name=name))
