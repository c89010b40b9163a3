"""A finding with its name: which claim, of which course, on which measure. A report of several takes nothing else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from asn_impact.arguments import check_fields
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.estimation import Effects, Inference, infer
from asn_impact.estimation.effects import Estimator
from asn_impact.estimation.grouped import Groups, compare_groups, noun_of
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.methods import Procedure
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.outcomes import Better
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.recoding import nouns_of
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.tables.grouped import by_group
from asn_impact.reporting.tables.table import Table, Words
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.scrutinise import Scrutiny
from asn_impact.words import Message, each_once, languages, spoken_of

Role: TypeAlias = Literal["primary", "secondary", "placebo", "exploratory"]
NOTHING_BESIDE: Final[dict[str, Any]] = {"said": (), "value": None, "tables": (), "drawn": ()}
_UNNAMED: Final = frozenset({"", "treatment", "training"})


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """One finding and everything a reader needs to know which it is.

    Attributes
    ----------
    id
        A short name, once in a report: ``"wait"``.
    label
        What it is called on the page: a text, or one in each language (``{"id": ..., "en": ...}``).
    inference
        The effect, one number; None where there is only a description, or a `refusal`.
    course
        Of the training; without it the name that the design has.
    measure
        How the outcome is called; without it the words of the outcome.
    events
        The effects by time since training.
    scrutiny
        What was held against the effect, with its grade.
    role
        ``"primary"`` (in the family of claims), ``"secondary"``, ``"placebo"`` (what the course cannot touch) or
        ``"exploratory"``.
    hoped
        ``"lower"`` or ``"higher"``: the direction hoped for. Not said, nothing is advised about the direction.
    level
        Of Kirkpatrick: 1 reaction, 2 learning, 3 behaviour, 4 results.
    panel
        What was analysed; that of the inference, where there is one.
    refusal
        Why no effect can be estimated.
    means
        Before and after, of a description without a comparison: it has no effect and no grade.
    ledger
        Rows read, left out and kept.
    said
        What was found, where it is no single effect: of groups, of costs. The first sentence stands in the matrix.
        Beside an effect: what its page and the brief say after it, such as the steps in which a wait changed.
    value
        What that rests on: `Groups`, `Returns`, `StepChanges`.
    tables, drawn
        Further tables and charts, shown on its page; what is drawn gets language, source, inputs, level and grade.
    remarks
        Notes besides those of the inference.
    nouns
        What its records are called: sets of ``words/nouns.toml``.
    brief
        Whether it stands in the table of the policy brief whatever its role: what an effect cost.
    remake
        Makes it again with other choices, for `again`; a programme gives it.

    Raises
    ------
    InputError
        The inference has several terms.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> rows = [(o, p, p * ord(o) % 7 - 3.0 * (o in "AB" and p > 2023)) for o in "ABCDEF" for p in range(2020, 2026)]
    >>> frame = pd.DataFrame(rows, columns=["office", "year", "queue"])
    >>> panel = ai.read_panel(frame, unit="office", period="year", outcome="queue")
    >>> trained = ai.Rollout(pd.Series({"A": 2024, "B": 2024}), label="E-Gov")
    >>> effects = ai.GroupTime()(ai.assign(panel, trained, cluster="office"))
    >>> ai.Finding(id="queue", label="Queues are shorter", inference=ai.infer(effects.overall(), ai.Jackknife()))
    Finding('queue': Queues are shorter, E-Gov, queue, not graded)
    """

    id: str
    label: Any  # Words when made, a Message from then on
    inference: Inference | None = None
    course: Any = None
    measure: Any = None
    events: Inference | None = None
    scrutiny: Scrutiny | None = None
    role: Role = "primary"
    hoped: Better | None = None
    level: Literal[1, 2, 3, 4] | None = None
    panel: Panel | None = None
    refusal: Message | None = None
    means: tuple[float, float] | None = None
    ledger: Ledger | None = None
    said: tuple[Message, ...] = ()
    value: Any = None
    tables: tuple[Table, ...] = ()
    drawn: tuple[Callable[..., Chart], ...] = ()
    remarks: tuple[Message, ...] = ()
    nouns: tuple[str, ...] = ()
    brief: bool = False
    remake: Callable[..., Finding] | None = field(default=None, repr=False)
    _pictures: dict[Hashable, tuple[Chart, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.inference is not None and len(self.inference.estimate) != 1:
            raise InputError(Message("report.refused.several_terms", n=len(self.inference.estimate)))
        if self.panel is None and self.inference is not None:
            object.__setattr__(self, "panel", self.inference.effects.design.panel)
        object.__setattr__(self, "nouns", tuple(self.nouns) or nouns_of(self.panel))
        named = {"label": self.label, "course": _course(self), "measure": _measure(self)}
        for name, words in named.items():
            said = None if words is None else as_message(words)
            object.__setattr__(self, name, spoken_of(said, self.nouns) if said and name == "measure" else said)

    @property
    def effects(self) -> Effects | None:
        """The effect that was estimated."""
        return None if self.inference is None else self.inference.effects

    @property
    def design(self) -> Design | None:
        """Who is compared with whom."""
        return None if self.effects is None else self.effects.design

    @property
    def grade(self) -> Grade | None:
        """The grade of the evidence; None where nobody checked it."""
        return None if self.scrutiny is None else self.scrutiny.grade

    @property
    def scrutinies(self) -> tuple[Scrutiny, ...]:
        """The scrutiny as a list of one, or none."""
        return () if self.scrutiny is None else (self.scrutiny,)

    @property
    def inferences(self) -> tuple[Inference, ...]:
        """The effect, and the effects by time."""
        return tuple(i for i in (self.inference, self.events) if i is not None)

    @property
    def notes(self) -> tuple[Message, ...]:
        """What was assumed or left out, each once."""
        sources = [source for i in self.inferences for source in (i.effects.design, i.effects, i)]
        return each_once(*(source.notes for source in sources), self.remarks)

    @property
    def better(self) -> Better | None:
        """The direction hoped for: what was said here, else what the outcome says."""
        return self.hoped or (None if self.panel is None else self.panel.outcome.better)

    def again(
        self,
        *,
        id: str | None = None,
        label: Words | None = None,
        estimator: Estimator | None = None,
        rule: Rule | None = None,
        **choices: object,
    ) -> Finding:
        """Return the finding by other choices: exploratory, not graded, and listed as such.

        Parameters
        ----------
        id, label
            Of the new one; without them those of this one, with what was changed.
        estimator, rule
            In the place of those used.
        choices
            Of a claim of a programme: ``period=``, which reads and tabulates again.

        Raises
        ------
        InputError
            There is nothing to change, or `choices` for a finding that is not of a programme.
        """
        changed = {k: v for k, v in {"estimator": estimator, "rule": rule, **choices}.items() if v is not None}
        if not changed or (choices and self.remake is None) or self.effects is None:
            raise InputError(Message("claims.again", id=self.id))
        made = self if self.remake is None or not choices else self.remake(**choices)
        assert made.effects is not None
        assert made.inference is not None
        effects = made.effects if estimator is None else estimator(made.effects.design).overall()
        how = tuple(Message("claims.again_choice", name=name, value=_said(value)) for name, value in changed.items())
        return replace(
            made,
            id=id or f"{self.id}: {', '.join(map(str, how))}",
            label=label or Message("claims.again_label", label=self.label, how=how),
            inference=infer(effects, rule or made.inference.rule),
            events=None,
            scrutiny=None,
            role="exploratory",
            **NOTHING_BESIDE,
        )

    def by(self, name: str) -> Finding:
        """Return the effect of each group of the trained, and whether they can be told apart: exploratory.

        Parameters
        ----------
        name
            ``"wave"`` or an attribute of the units; of a claim of a programme also ``"provider"``, ``"dose"``,
            ``"service"``, or any other column of its records or of the training list.

        Raises
        ------
        InputError
            There is no effect to compare groups of.
        EstimationError
            There are fewer than two groups, or nothing of that name.
        """
        if self.effects is None or self.inference is None:
            raise InputError(Message("claims.no_groups", id=self.id))
        if self.remake is not None:
            return self.remake(by=name)
        return self.of_groups(compare_groups(self.effects, name, self.inference.rule))

    def of_groups(self, groups: Groups, *, level: float = 0.95) -> Finding:
        """Return the finding on groups of what this one is on."""
        return replace(
            self,
            id=f"{self.id}-{groups.by}",
            label=Message("claims.by_label", label=self.label, noun=noun_of(groups.by)),
            inference=None,
            events=None,
            scrutiny=None,
            role="exploratory",
            panel=groups.inference.effects.design.panel,
            **NOTHING_BESIDE
            | {"said": groups.statements(level), "value": groups, "tables": (by_group(groups, level=level),)},
            remarks=each_once(groups.inference.notes, self.remarks),
        )

    def __repr__(self) -> str:
        grade = "not graded" if self.grade is None else f"grade {self.grade.letter}"
        parts = [str(part) for part in (self.label, self.course, self.measure) if part is not None]
        return f"Finding({self.id!r}: {', '.join(parts)}, {grade})"

    def _repr_html_(self) -> str:
        table = None if self.inference is None else self.inference.table()
        facts: list[tuple[str, object]] = [("grade", repr(self.grade))] if self.grade is not None else []
        facts += [("refused", self.refusal)] if self.refusal is not None else []
        return card(repr(self), facts, table=table)


def _said(value: object) -> Message | str:
    """Return a choice as a reader knows it: a method by its short name."""
    return value.entry.short if isinstance(value, Procedure) else str(value)


def _course(finding: Finding) -> Words | None:
    """Return the name of the course: what was said, else what the design calls it."""
    if finding.course is not None or finding.inference is None:
        return finding.course  # type: ignore[no-any-return]
    treatment = finding.inference.effects.design.treatment
    return None if treatment in _UNNAMED else treatment


def _measure(finding: Finding) -> Words | None:
    if finding.measure is not None or finding.panel is None:
        return finding.measure  # type: ignore[no-any-return]
    short: Message = finding.panel.outcome.words.short
    return short


# --------------------------------------------------------------------------------- what cannot be told apart


def refuse_not_apart(answers: Sequence[Inference], others: Iterable[Inference], named: Sequence[Finding]) -> None:
    """Refuse what a reader could not tell apart: findings of one name, or nameless ones of several courses or measures.

    Raises
    ------
    InputError
        It says what is alike, and the line that names them.
    """
    names = {"id": [[finding.id for finding in named]]}
    names["label"] = [[finding.label.text(language).text for finding in named] for language in languages()]
    for key, lists in names.items():
        if twice := tuple(dict.fromkeys(t for texts in lists for t in texts if texts.count(t) > 1)):
            raise InputError(Message("claims.named_alike", names=twice, key=key))
    if named and (answers or any(True for _ in others)):
        raise InputError(Message("claims.some_named", line=_line(answers)))
    every = [*answers, *others]
    measures = [str(i.effects.design.panel.outcome.words.short) for i in answers]
    if twice := tuple(dict.fromkeys(m for m in measures if measures.count(m) > 1)):
        raise InputError(Message("claims.measured_alike", measures=twice, line=_line(answers)))
    courses = tuple(dict.fromkeys(i.effects.design.treatment for i in every))
    if len(courses) > 1:
        raise InputError(Message("claims.several_courses", courses=courses, line=_line(answers or every)))
    if _differ([i.effects.design for i in every]) or len({i.effects.design.panel.units for i in answers}) > 1:
        raise InputError(Message("claims.other_offices", line=_line(answers or every)))


def _differ(designs: Sequence[Design]) -> bool:
    """Say whether a unit starts at another time in one design than in another, or none is treated in both."""
    starts: dict[object, str] = {}
    treated: list[set[object]] = []
    for design in designs:
        found = zip(design.panel.units, design.adopted, strict=True)
        own = {unit: design.panel.timeline.label(step) for unit, step in found if np.isfinite(step)}
        if any(starts.setdefault(unit, start) != start for unit, start in own.items()):
            return True
        treated += [set(own)] if own else []
    return any(not treated[0] & other for other in treated[1:])


def _line(inferences: Sequence[Inference]) -> str:
    """Return the line that names two of them."""
    calls = (f'Finding(id="{name}", label="...", inference={name})' for name in "ab"[: max(len(inferences), 1)])
    return f"publish(folder, [{', '.join(calls)}], ...)"
