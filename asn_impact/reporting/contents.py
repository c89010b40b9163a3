"""What a report is made of: the findings, what shakes them, the data behind them, and the words of its author."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pandas as pd

from asn_impact.arguments import Level, check_fields, did_you_mean
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.family import Family, family_of
from asn_impact.reporting.findings import Finding, refuse_not_apart
from asn_impact.reporting.imprint import Imprint
from asn_impact.reporting.recoding import counts_records, nouns_of, thickened
from asn_impact.reporting.tables import Table
from asn_impact.scrutiny.scrutinise import Scrutiny
from asn_impact.verbs import Guided
from asn_impact.words import Language, Message, Speech, paragraph

Item: TypeAlias = Finding | Inference | Scrutiny | Chart | Table | Ledger | Panel | pd.DataFrame
CHAPTERS_OF_THE_AUTHOR: Final = ("foreword", "introduction", "conclusion", "recommendations")
_CHAPTER_OF: Final[Mapping[str, str]] = {
    "who_is_compared": "compared",
    "raw_trends": "compared",
    "maturity": "left_out",
    "sensitivity": "strength",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Report(Guided):
    """What stands in a report. Every field but title and source may be left out; one value will do for several.

    Attributes
    ----------
    title
        Shown at the top.
    source
        Whose data these are; repeated below figures made here.
    findings
        Findings with their names: a row each on the first page, then a page each. Several courses need them.
    family
        The p-values of the primary findings together; made from them where it is not given.
    answer
        The effect, one number; several measures of one course share a table, and the first leads.
    by_time
        Effects by time since training: a figure each.
    scrutiny
        The checks of the answer.
    panel
        What was analysed, where there is no answer.
    ledger
        Rows read, left out and kept.
    months
        The frame of `maturity`.
    exhibits
        Further charts, tables and effects by group, in the order in which they are to appear. A chart stands in the
        chapter of its kind, a long table in the appendix.
    beside
        What must be said right beside the first finding, such as a slowest tenth that moved the other way.
    notes
        What else the reader should know; the notes of the analysis are there without asking.
    inputs
        The files read: ``extract.sources``.
    as_of
        The day the export was made.
    level
        Level of the intervals.
    words
        The author's own paragraphs (blank line between them) by chapter: ``foreword``, ``introduction``,
        ``conclusion``, ``recommendations``.
    imprint
        Authors, institution, contact, day and logo.
    nouns
        What records are called: sets of ``words/nouns.toml``. Findings say it themselves.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> report = Report(title="Training and waits", source="Invented data", answer=(answer,), panel=design.panel)
    >>> report.title, len(report.charts)
    ('Training and waits', 0)
    """

    title: str
    source: str
    findings: tuple[Finding, ...] = ()
    family: Family | None = None
    answer: tuple[Inference, ...] = ()
    by_time: tuple[Inference, ...] = ()
    scrutiny: tuple[Scrutiny, ...] = ()
    panel: Panel | None = None
    ledger: Ledger | None = None
    months: tuple[pd.DataFrame, ...] = ()
    exhibits: tuple[Chart | Table | Inference, ...] = ()
    beside: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    inputs: tuple[Any, ...] = ()
    as_of: dt.date | None = None
    level: Level = 0.95
    words: Mapping[str, str] = field(default_factory=dict)
    imprint: Imprint | None = None
    nouns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, kinds in _SEVERAL.items():
            value = getattr(self, name)
            values = (value,) if isinstance(value, kinds) else tuple(value)
            _refuse_others(name, values, kinds)
            object.__setattr__(self, name, values)
        object.__setattr__(self, "inputs", tuple(self.inputs))
        check_fields(self)
        if self.findings and self.family is None:
            object.__setattr__(self, "family", family_of(self.findings))
        for inference in self.answer:
            if len(inference.estimate) != 1:
                raise InputError(Message("report.refused.several_terms", n=len(inference.estimate)))
        for chapter in self.words:
            if chapter not in CHAPTERS_OF_THE_AUTHOR:
                refusal = Message("report.refused.chapter", found=chapter, known=CHAPTERS_OF_THE_AUTHOR)
                raise InputError(paragraph(refusal, did_you_mean(chapter, CHAPTERS_OF_THE_AUTHOR)))
        beside = (e for e in self.exhibits if isinstance(e, Inference))
        unnamed = (*self.by_time, *(s.finding for s in self.scrutiny if s.finding is not None), *beside)
        refuse_not_apart(self.answer, unnamed, self.findings)
        if not (self.findings or self.inferences or self.charts or self.tables):
            raise InputError(Message("report.refused.nothing"))

    @classmethod
    def of(cls, items: Iterable[Item], **facts: Any) -> Report:  # noqa: ANN401 - the other fields
        """Return the report of a list of values, each put where its kind belongs.

        Parameters
        ----------
        items
            In the order in which they are to appear.
        facts
            Title, source and the other fields.

        Raises
        ------
        InputError
            A value that no report holds.
        """
        fields: dict[str, Any] = {name: [] for name in _SEVERAL}
        fields |= {name: list(facts.pop(name, ())) for name in ("beside", "notes")}
        for item in items:
            name = _place(item)
            if name in _SEVERAL:
                fields[name].append(item)
            else:
                fields.setdefault(name, item)
        return cls(**fields | {name: value for name, value in facts.items() if value is not None})

    @property
    def inferences(self) -> tuple[Inference, ...]:
        """The answer, effects by time and those among the exhibits; those of the findings."""
        named = (i for finding in self.findings for i in finding.inferences)
        return (*named, *self.answer, *self.by_time, *(e for e in self.exhibits if isinstance(e, Inference)))

    def spoken(self, language: Language) -> Speech:
        """Return the language of what is said of all findings together: in their words, where they share them."""
        if not self.findings:
            return Speech(language, self.nouns or nouns_of(*(i.effects.design.panel for i in self.answer[:1])))
        told = [finding.nouns for finding in self.findings]
        return Speech(language, (*(name for name in told[0] if all(name in nouns for nouns in told)), "records"))

    @property
    def every_scrutiny(self) -> tuple[Scrutiny, ...]:
        """The scrutiny of the answer, and those of the findings."""
        return (*self.scrutiny, *(s for finding in self.findings for s in finding.scrutinies))

    @property
    def has_several(self) -> bool:
        """Whether answers and checks are of several measures, so that a grade has to say of which it is."""
        checked = (scrutiny.finding for scrutiny in self.scrutiny if scrutiny.finding is not None)
        names = {str(i.effects.design.panel.outcome.words.name) for i in (*self.answer, *checked)}
        return len(names) > 1

    @property
    def charts(self) -> tuple[Chart, ...]:
        """The charts among the exhibits."""
        return tuple(e for e in self.exhibits if isinstance(e, Chart))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables among the exhibits."""
        return tuple(e for e in self.exhibits if isinstance(e, Table))

    @property
    def periods(self) -> tuple[pd.DataFrame, ...]:
        """The frames of months as they may be shown beside the rest: in quarters or years where months are thin."""
        designs = [i.effects.design for i in self.inferences if counts_records(i.effects.design.panel)]
        return tuple(thickened(frame, designs[0] if designs else self.panel) for frame in self.months)

    def charts_of(self, chapter: str) -> tuple[Chart, ...]:
        """Return the charts that stand in a chapter."""
        return tuple(chart for chart in self.charts if chapter_of(chart) == chapter)

    @property
    def all_notes(self) -> tuple[Message, ...]:
        """The notes of the analysis and those of the author, each once."""
        sources = [source for i in self.inferences for source in (i.effects.design, i.effects, i)]
        named = (note for finding in self.findings for note in finding.remarks)
        return tuple(dict.fromkeys((*(note for source in sources for note in source.notes), *named, *self.notes)))


_SEVERAL: Final[Mapping[str, tuple[type, ...]]] = {
    "findings": (Finding,),
    "answer": (Inference,),
    "by_time": (Inference,),
    "scrutiny": (Scrutiny,),
    "months": (pd.DataFrame,),
    "exhibits": (Chart, Table, Inference),
    "beside": (Message,),
    "notes": (Message,),
}


def chapter_of(chart: Chart) -> str:
    """Return the chapter in which a chart stands."""
    return _CHAPTER_OF.get(chart.kind, "results")


def _refuse_others(name: str, values: Sequence[object], kinds: tuple[type, ...]) -> None:
    for value in values:
        if not isinstance(value, kinds):
            expected = ", ".join(kind.__name__ for kind in kinds)
            refusal = Message("report.refused.wrong_kind", name=name, found=type(value).__name__, expected=expected)
            raise InputError(refusal)


def _place(item: object) -> str:
    """Return the field that a value of a list belongs in."""
    if isinstance(item, Inference):
        if len(item.estimate) == 1:
            return "answer"
        return "by_time" if "event_time" in item.effects.terms.columns else "exhibits"
    places = {Finding: "findings", Scrutiny: "scrutiny", Ledger: "ledger", Panel: "panel", pd.DataFrame: "months"}
    for kind, name in (*places.items(), (Chart, "exhibits"), (Table, "exhibits")):
        if isinstance(item, kind):
            return name
    raise InputError(Message("report.refused.unknown_item", kind=type(item).__name__))
