"""What stands in a report, chapter by chapter, and in the policy brief: blocks of text, figures and tables.

The chapters are those of an Indonesian evaluation report: summary, introduction, framework, methods, results,
strength of the evidence, conclusion, then references and appendices. HTML, Word and PDF are made from the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pandas as pd

from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting import argument, prose, tables
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts import event_study, maturity
from asn_impact.reporting.provenance import provenance
from asn_impact.reporting.tables import Table
from asn_impact.reporting.words import Language, Sentence, glossary, number, say
from asn_impact.scrutiny.scrutinise import Scrutiny

__all__ = ["Block", "Exhibits", "Item", "Section", "Told", "brief", "chapters", "doubts_of", "notes_of"]

Item: TypeAlias = Inference | Scrutiny | Chart | Table | Ledger | Panel | pd.DataFrame
_CHAPTER_OF: Final[Mapping[str, str]] = {
    "who_is_compared": "compared",
    "raw_trends": "compared",
    "maturity": "left_out",
    "sensitivity": "strength",
}
LONG: Final = 15  # rows: a longer table stands in the appendix


@dataclass(frozen=True)
class Block:
    """A piece of the page; `kind` says which fields count."""

    kind: str
    text: str = ""
    lead: str = ""
    html: str = ""
    image: str = ""
    alt: str = ""
    number: str = ""
    caption: str = ""
    commit: str = ""
    versions: str = ""
    entries: Sequence[Any] = ()


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; `level` 2 is a chapter, 3 a part of one."""

    name: str
    heading: str
    blocks: Sequence[Block]
    level: int = 2


@dataclass(frozen=True)
class Told:
    """What the author of a report knows and the data do not.

    Attributes
    ----------
    source
        Whose data these are.
    inputs
        The files read.
    level
        Level of the intervals.
    words
        The author's own paragraphs by chapter: ``foreword``, ``introduction``, ``conclusion``, ``recommendations``.
    """

    source: str
    inputs: tuple[Any, ...] = ()
    level: float = 0.95
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Exhibits:
    """What is gathered while a document is put together: files, numbered exhibits and the sentences that were said."""

    language: Language
    files: dict[str, bytes] = field(default_factory=dict)
    print_files: dict[str, bytes] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    listed: list[dict[str, str]] = field(default_factory=list)
    figures: int = 0
    tables: int = 0
    folder: str = ""

    def say(self, sentence: Sentence) -> Block:
        """Return a paragraph, and remember the numbers in it."""
        self.sentences.append(sentence)
        return Block("paragraph", text=sentence.text)

    def figure(self, chart: Chart) -> Block:
        """Return a numbered figure, its files kept."""
        self.figures += 1
        stem = f"{self.folder}figures/{self.figures:02d}_{chart.kind}"
        self.files |= {f"{stem}.{ending}": content for ending, content in chart.files("svg", "png").items()}
        self.sentences.append(chart.title)
        numbered = f"{prose.HEADINGS['figure'][self.language]} {self.figures}"
        self.listed.append({"exhibit": numbered, "title": chart.title.text, "data": f"{stem}.csv"})
        return Block(
            "figure",
            image=f"{stem}.svg",
            alt=chart.alt,
            number=numbered,
            caption=prose.CAPTIONS[chart.kind][self.language] if chart.kind in prose.CAPTIONS else chart.title.text,
        )

    def table(self, table: Table) -> Block:
        """Return a numbered table, its numbers kept."""
        self.tables += 1
        name = f"{self.folder}tables/{self.tables:02d}.csv"
        self.files[name] = table.csv().encode("utf-8")
        numbered = f"{prose.HEADINGS['table'][self.language]} {self.tables}"
        self.listed.append({"exhibit": numbered, "title": table.title[self.language], "data": name})
        return Block("table", html=table.html(self.language, numbered=numbered))


# ------------------------------------------------------------------------------------------- the report


def chapters(pages: Exhibits, items: Sequence[Item], told: Told) -> list[Section]:
    """Return the chapters of the report in order; those with nothing to say are left out."""
    inferences: list[Inference] = _of(items, Inference)
    parts: dict[str, list[Block]] = {
        "foreword": _authors(told, "foreword"),
        "summary": [*_findings(pages, inferences, told), *_grades(pages, items)],
        "introduction": [
            *_said(pages, argument.question(inferences, language=pages.language)),
            *_authors(told, "introduction"),
        ],
        "framework": _said(pages, argument.framework(inferences, language=pages.language)),
        "methods": [],
        "compared": _compared_blocks(pages, inferences, items),
        "left_out": _left_out_blocks(pages, inferences, items, told),
        "calculation": _method_blocks(pages, inferences),
        "limits": _said(pages, prose.limits(language=pages.language)) if inferences else [],
        "results": _result_blocks(pages, items, told),
        "strength": _strength_blocks(pages, items),
        "conclusion": _conclusion(pages, items, told),
        "references": [_list(argument.references(inferences))] if inferences else [],
        "tables": _long_tables(pages, items),
        "glossary": [_glossary_block(inferences, pages.language)] if inferences else [],
        "provenance": [_provenance_block(told.inputs, pages.language)],
    }
    return _numbered(parts, pages.language)


_PARTS: Final = ("compared", "left_out", "calculation", "limits")
_UNNUMBERED: Final = ("foreword", "summary", "references", "tables", "glossary", "provenance")
_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII")


def _numbered(parts: Mapping[str, list[Block]], language: Language) -> list[Section]:
    """Return the chapters, numbered as in evaluation reports; methods is there when one of its parts is."""
    methods = any(parts[name] for name in _PARTS)
    sections, numbers = [], iter(_ROMAN)
    for name, blocks in parts.items():
        if not blocks and not (name == "methods" and methods):
            continue
        heading = prose.HEADINGS[name][language]
        if name not in (*_PARTS, *_UNNUMBERED):
            heading = f"{next(numbers)}. {heading}"
        sections.append(Section(name, heading, blocks, level=3 if name in _PARTS else 2))
    return sections


def _of(items: Sequence[Item], kind: type) -> list[Any]:
    return [item for item in items if isinstance(item, kind)]


def _said(pages: Exhibits, sentences: Iterable[Sentence]) -> list[Block]:
    return [pages.say(sentence) for sentence in sentences]


def _authors(told: Told, chapter: str) -> list[Block]:
    """Return the author's own paragraphs."""
    return [Block("paragraph", text=text.strip()) for text in told.words.get(chapter, "").split("\n\n") if text.strip()]


def _introduction(pages: Exhibits, inferences: Sequence[Inference], told: Told) -> list[Block]:
    return [
        *_said(pages, argument.question(inferences, language=pages.language)),
        *_authors(told, "introduction"),
    ]


def _list(entries: Sequence[str]) -> Block:
    return Block("list", entries=entries)


def _findings(pages: Exhibits, inferences: Sequence[Inference], told: Told) -> list[Block]:
    return [_finding(pages, i, told.level) for i in inferences if len(i.estimate) == 1 or len(inferences) == 1]


def _finding(pages: Exhibits, inference: Inference, level: float) -> Block:
    sentence = prose.found(inference, language=pages.language, level=level)
    pages.sentences.append(sentence)
    lead, _, rest = sentence.text.partition(". ")
    return Block("finding", lead=lead.removesuffix(".") + ".", text=rest)


def _grades(pages: Exhibits, items: Sequence[Item]) -> list[Block]:
    return _said(pages, [argument.graded(s, language=pages.language) for s in _of(items, Scrutiny)])


def _compared_blocks(pages: Exhibits, inferences: Sequence[Inference], items: Sequence[Item]) -> list[Block]:
    blocks: list[Block] = []
    if inferences:
        design = inferences[0].effects.design
        blocks += _said(pages, prose.compared(design, language=pages.language))
    blocks += [pages.figure(chart) for chart in _charts(items, "compared")]
    if inferences:
        blocks.append(pages.table(tables.descriptive(design.panel, design)))
        if any(len(table.frame) > LONG for table in _of(items, Table)):
            blocks.append(pages.say(say(prose.SEE_APPENDIX, pages.language)))
    return blocks


def _charts(items: Sequence[Item], chapter: str) -> list[Chart]:
    return [chart for chart in _of(items, Chart) if _CHAPTER_OF.get(chart.kind, "results") == chapter]


def _result_blocks(pages: Exhibits, items: Sequence[Item], told: Told) -> list[Block]:
    blocks: list[Block] = []
    single = [item for item in _of(items, Inference) if len(item.estimate) == 1]
    if single:
        blocks.append(pages.table(tables.results(single, level=told.level)))
    for item in items:
        if isinstance(item, Inference) and item not in single:
            if "event_time" in item.effects.terms.columns:
                line = f"{prose.HEADINGS['source'][pages.language]}: {told.source}"
                chart = event_study(item, language=pages.language, source=line, level=told.level, inputs=told.inputs)
                blocks.append(pages.figure(chart))
            else:
                blocks.append(pages.table(tables.results([item], level=told.level)))
        elif isinstance(item, Chart) and _CHAPTER_OF.get(item.kind, "results") == "results":
            blocks.append(pages.figure(item))
        elif isinstance(item, Table) and len(item.frame) <= LONG:
            blocks.append(pages.table(item))
    return blocks


def _long_tables(pages: Exhibits, items: Sequence[Item]) -> list[Block]:
    """Return the tables that would break the argument: lists of offices, of months."""
    months = [tables.maturity_table(frame) for frame in _of(items, pd.DataFrame)]
    listed = [*_of(items, Table), *months]
    return [pages.table(table) for table in listed if len(table.frame) > LONG]


def _left_out_blocks(
    pages: Exhibits, inferences: Sequence[Inference], items: Sequence[Item], told: Told
) -> list[Block]:
    ledgers: list[Ledger] = _of(items, Ledger)
    record = ledgers[-1] if ledgers else None
    panels = [*_of(items, Panel), *(i.effects.design.panel for i in inferences)]
    blocks = _said(pages, prose.left_out(panels[0], record, language=pages.language)) if panels else []
    if record is not None:
        blocks.append(pages.table(tables.ledger(record)))
    blocks += [pages.figure(chart) for chart in _charts(items, "left_out")]
    line = f"{prose.HEADINGS['source'][pages.language]}: {told.source}"
    for frame in _of(items, pd.DataFrame):
        blocks.append(pages.figure(maturity(frame, language=pages.language, source=line, inputs=told.inputs)))
        if len(frame) <= LONG:
            blocks.append(pages.table(tables.maturity_table(frame)))
    notes = notes_of(inferences)
    if notes and pages.language == "en":  # the notes of the computation are in English; the manifest has them always
        blocks.append(Block("notes", entries=notes))
    return blocks


def notes_of(inferences: Iterable[Inference]) -> list[str]:
    """Return the notes of the computation, each once."""
    notes = [note for i in inferences for note in (*i.effects.design.notes, *i.effects.notes, *i.notes)]
    return list(dict.fromkeys(notes))


def doubts_of(items: Sequence[Item]) -> list[str]:
    """Return the answers of the checks in English, the language of errors and of the manifest."""
    return [f"{check.name}: {check.verdict}. {check.answer.en}" for s in _of(items, Scrutiny) for check in s.checks]


def _method_blocks(pages: Exhibits, inferences: Sequence[Inference]) -> list[Block]:
    """Say how outcomes, then effects, then uncertainty were computed, each way once."""
    ways = [prose.method(inference, language=pages.language) for inference in inferences]
    said = {sentence.text: sentence for step in zip(*ways, strict=True) for sentence in step if sentence.text}
    return _said(pages, said.values())


def _strength_blocks(pages: Exhibits, items: Sequence[Item]) -> list[Block]:
    blocks: list[Block] = []
    for scrutiny in _of(items, Scrutiny):
        blocks += _said(pages, argument.strength(scrutiny, language=pages.language))
        blocks.append(pages.table(tables.checks(scrutiny)))
    return [*blocks, *(pages.figure(chart) for chart in _charts(items, "strength"))]


def _conclusion(pages: Exhibits, items: Sequence[Item], told: Told) -> list[Block]:
    inferences: list[Inference] = [i for i in _of(items, Inference) if len(i.estimate) == 1]
    blocks = _said(
        pages, argument.conclusion(inferences, _of(items, Scrutiny), language=pages.language, level=told.level)
    )
    blocks += _authors(told, "conclusion")
    if advice := [*argument.advice(inferences, _of(items, Scrutiny), language=pages.language, level=told.level)]:
        blocks.append(_list([sentence.text for sentence in advice]))
        pages.sentences.extend(advice)
    return [*blocks, *_authors(told, "recommendations")]


def _glossary_block(inferences: Sequence[Inference], language: Language) -> Block:
    terms = [glossary()[name] for name in prose.glossary_terms(inferences)]
    entries = [(term.names[language], term.meaning[language]) for term in terms]
    return Block("glossary", entries=sorted(entries, key=lambda entry: entry[0].casefold()))


def _provenance_block(inputs: tuple[Any, ...], language: Language) -> Block:
    facts: Any = provenance({}, inputs)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    entries = [
        {**entry, "rows": number(entry["rows"], 0, language) if "rows" in entry else ""} for entry in facts["inputs"]
    ]
    return Block("provenance", entries=entries, versions=versions, commit=facts["commit"] or "")


# -------------------------------------------------------------------------------------------- the brief


def brief(pages: Exhibits, items: Sequence[Item], told: Told) -> list[Section]:
    """Return the policy brief: two pages for a reader who decides and does not compute."""
    inferences: list[Inference] = _of(items, Inference)
    single = [i for i in inferences if len(i.estimate) == 1]
    scrutinies: list[Scrutiny] = _of(items, Scrutiny)
    language = pages.language
    parts = {
        "summary": _findings(pages, inferences, told),
        "problem": _introduction(pages, inferences, told),
        "evidence": _brief_evidence(pages, inferences, items, told),
        "options": _said(pages, argument.conclusion(single, scrutinies, language=language, level=told.level)),
        "recommendations": _brief_advice(pages, single, scrutinies, told),
        "references": [_list(argument.references(inferences))] if inferences else [],
    }
    return [Section(name, prose.HEADINGS[name][language], blocks) for name, blocks in parts.items() if blocks]


def _brief_evidence(pages: Exhibits, inferences: Sequence[Inference], items: Sequence[Item], told: Told) -> list[Block]:
    blocks: list[Block] = []
    if inferences:
        blocks += _said(pages, prose.compared(inferences[0].effects.design, language=pages.language)[:1])
    by_time = [i for i in inferences if "event_time" in i.effects.terms.columns]
    charts = [c for c in _of(items, Chart) if _CHAPTER_OF.get(c.kind, "results") == "results"]
    if by_time:
        line = f"{prose.HEADINGS['source'][pages.language]}: {told.source}"
        charts = [event_study(by_time[0], language=pages.language, source=line, level=told.level, inputs=told.inputs)]
    blocks += [pages.figure(chart) for chart in charts[:1]]
    return [*blocks, *_grades(pages, items)]


def _brief_advice(
    pages: Exhibits, inferences: Sequence[Inference], scrutinies: Sequence[Scrutiny], told: Told
) -> list[Block]:
    advice = [*argument.advice(inferences, scrutinies, language=pages.language, level=told.level)]
    pages.sentences.extend(advice)
    listed = [_list([sentence.text for sentence in advice])] if advice else []
    return [*listed, *_authors(told, "recommendations")]
