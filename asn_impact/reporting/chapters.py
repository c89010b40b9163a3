"""What stands in a report, chapter by chapter, and in the policy brief: blocks of text, figures and tables.

The chapters are those of an Indonesian evaluation report: summary, introduction, framework, methods, results,
strength of the evidence, conclusion, then references and appendices. Each is a function of the `Report`. HTML, Word
and PDF are made from the same blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from asn_impact.estimation import Inference
from asn_impact.reporting import argument, prose, tables
from asn_impact.reporting.bands import band_of
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts import event_study, maturity
from asn_impact.reporting.contents import Report, chapter_of
from asn_impact.reporting.earlier import Earlier
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.headline import grade_of
from asn_impact.reporting.provenance import provenance
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.words import glossary
from asn_impact.words import Language, Message, Sentence, Speech, paragraph, together
from asn_impact.words.writing import number

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


@dataclass
class Exhibits:
    """What is gathered while a document is put together: files, numbered exhibits and the sentences that were said."""

    language: Language
    files: dict[str, bytes] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    shown: list[tuple[str, Table | Chart]] = field(default_factory=list)
    figures: int = 0
    tables: int = 0
    folder: str = ""
    earlier: Earlier = field(default_factory=Earlier)
    moved: Table | None = None  # since an earlier release

    @contextmanager
    def speaking_of(self, finding: Finding) -> Iterator[None]:
        """Call things what they are in a finding, as long as its part is written."""
        before, self.language = self.language, Speech(self.language, finding.nouns)
        yield
        self.language = before

    def text(self, message: Message) -> str:
        """Return a message in the language of the document, and remember the numbers in it."""
        sentence = message.text(self.language)
        self.sentences.append(sentence)
        self.earlier.hear(sentence)
        return sentence.text

    def say(self, messages: Iterable[Message]) -> list[Block]:
        """Return a paragraph a message."""
        return [Block("paragraph", text=self.text(message)) for message in messages]

    def list(self, messages: Iterable[Message], kind: str = "list") -> list[Block]:
        """Return a list of messages; nothing where there is none."""
        entries = [self.text(message) for message in messages]
        return [Block(kind, entries=entries)] if entries else []

    def figure(self, chart: Chart) -> Block:
        """Return a numbered figure, its files kept."""
        self.figures += 1
        self.earlier.note(chart)
        stem = f"{self.folder}figures/{self.figures:02d}_{chart.kind}"
        self.files |= {f"{stem}.{ending}": content for ending, content in chart.files("svg", "png").items()}
        self.sentences.append(chart.title)
        label = f"{prose.HEADINGS['figure'].text(self.language)} {self.figures}"
        self._list(label, chart.title.text, f"{stem}.csv", chart)
        below = prose.caption(chart.kind)
        return Block(
            "figure",
            image=f"{stem}.svg",
            alt=chart.alt,
            number=label,
            caption=chart.title.text if below is None else self.text(below),
        )

    def table(self, table: Table) -> Block:
        """Return a numbered table, its numbers kept, also those in the sentences of its cells."""
        self.tables += 1
        table = self.earlier.withheld(table.marked_alike())
        name = f"{self.folder}tables/{self.tables:02d}.csv"
        self.files[name] = table.csv().encode("utf-8")
        label = f"{prose.HEADINGS['table'].text(self.language)} {self.tables}"
        cells = [cell for column in table.shown.columns for cell in table.shown[column] if isinstance(cell, Message)]
        for message in (table.title, table.note_below, *dict.fromkeys(cells)):
            self.text(message)
        self._list(label, table.title.text(self.language).text, name, table)
        return Block("table", html=table.html(self.language, numbered=label))

    def counts_in(self, file: str) -> tuple[str, ...]:
        """Return the columns of a file that count persons or their cases."""
        return next((tuple(entry["counts"]) for entry in self.listed if entry["data"] == file), ())

    def _list(self, label: str, title: str, data: str, exhibit: Table | Chart) -> None:
        """Keep an exhibit for the proof, and list it with its columns of counts."""
        self.shown.append((label, exhibit))
        of = {"of": self.earlier.name} if self.earlier.name else {}
        self.listed.append({"exhibit": label, "title": title, "data": data, "counts": list(exhibit.counts), **of})


Chapter: TypeAlias = Callable[[Exhibits, Report], list[Block]]

# ------------------------------------------------------------------------------------------- the report


def chapters(pages: Exhibits, report: Report) -> list[Section]:
    """Return the chapters of the report in order, numbered as in evaluation reports; empty ones are left out."""
    parts = {name: write(pages, report) for name, write in _CHAPTERS.items()}
    methods = any(parts[name] for name in _PARTS)
    sections, numbers = [], iter(_ROMAN)
    for name, blocks in parts.items():
        if not blocks and not (name == "methods" and methods):
            continue
        heading = prose.HEADINGS[name].text(pages.language).text
        if name not in (*_PARTS, *_UNNUMBERED):
            heading = f"{next(numbers)}. {heading}"
        sections.append(Section(name, heading, blocks, level=3 if name in _PARTS else 2))
    return sections


def quote_author(report: Report, chapter: str) -> list[Block]:
    """Return the author's own paragraphs."""
    paragraphs = report.words.get(chapter, "").split("\n\n")
    return [Block("paragraph", text=text.strip()) for text in paragraphs if text.strip()]


def _findings(pages: Exhibits, report: Report) -> list[Block]:
    leading = report.answer or (report.inferences if len(report.inferences) == 1 else ())
    return [*(_finding(pages, inference, report) for inference in leading), *pages.say(report.beside)]


def _finding(pages: Exhibits, inference: Inference, report: Report) -> Block:
    grade = grade_of(inference, report.scrutiny)
    said = prose.say_finding(inference, level=report.level, grade=grade)
    lead, *meaning = (pages.text(message) for message in said)
    return Block("finding", lead=lead, text=" ".join(meaning))


def _grades(pages: Exhibits, report: Report) -> list[Block]:
    """Return the grade of each finding, by its measure where there are several, and what the letters stand for."""
    blocks = []
    for scrutiny in report.scrutiny:
        blocks += pages.say([argument.say_grade(scrutiny, named=report.has_several), *argument.say_failing(scrutiny)])
    scale = paragraph(Message("report.strength.scale"), *argument.scale_of_grades())
    return [*blocks, *pages.say([scale])] if blocks else []


def _introduction(pages: Exhibits, report: Report) -> list[Block]:
    return [*pages.say(argument.say_question(report.inferences)), *quote_author(report, "introduction")]


def _say_compared(pages: Exhibits, report: Report) -> list[Block]:
    charts = report.charts_of("compared")
    if not report.inferences:
        return [pages.figure(chart) for chart in charts]
    design = report.inferences[0].effects.design
    said = [*prose.say_compared(design), *prose.say_within(report.inferences[0].effects)]
    blocks = pages.say([*said, *prose.say_other_cells(report.answer)])
    blocks += [pages.figure(chart) for chart in charts]
    if design.status is None:
        blocks.append(pages.table(tables.descriptive(design.panel, design)))
    if any(len(table.frame) > LONG for table in report.tables):
        blocks += pages.say([prose.SEE_APPENDIX])
    return blocks


def _say_left_out(pages: Exhibits, report: Report) -> list[Block]:
    panels = [panel for panel in (report.panel, *(i.effects.design.panel for i in report.inferences)) if panel]
    blocks = pages.say(prose.say_left_out(panels[0], report.ledger)) if panels else []
    if report.ledger is not None:
        blocks.append(pages.table(tables.ledger(report.ledger)))
    blocks += [pages.figure(chart) for chart in report.charts_of("left_out")]
    for frame in report.periods:
        line = source_line(pages, report)
        blocks.append(pages.figure(maturity(frame, language=pages.language, source=line, inputs=report.inputs)))
        if len(frame) <= LONG:
            blocks.append(pages.table(tables.maturity_table(frame)))
    return [*blocks, *pages.list(together(map(as_message, report.all_notes)), "notes")]


def source_line(pages: Exhibits, report: Report) -> str:
    """Return the line below a figure: whose data these are."""
    return f"{prose.HEADINGS['source'].text(pages.language)}: {report.source}"


def say_calculation(pages: Exhibits, report: Report) -> list[Block]:
    """Say how outcomes, then effects, then uncertainty were computed, each way once."""
    ways = [prose.say_method(inference) for inference in report.inferences]
    return pages.say(dict.fromkeys(m for step in zip(*ways, strict=True) for m in step if m is not None))


def say_limits(pages: Exhibits, report: Report) -> list[Block]:
    """Return what results rest on and what they do not say."""
    return pages.say(prose.limits()) if report.inferences else []


def _results(pages: Exhibits, report: Report) -> list[Block]:
    blocks = [pages.table(tables.results(report.answer, level=report.level))] if report.answer else []
    blocks += [_event_study(pages, report, inference) for inference in report.by_time]
    for exhibit in report.exhibits:
        if isinstance(exhibit, Inference):
            blocks.append(pages.table(tables.results([exhibit], level=report.level)))
        elif isinstance(exhibit, Chart):
            if chapter_of(exhibit) == "results":  # the others stand in a chapter of their own
                blocks.append(pages.figure(exhibit))
        elif len(exhibit.frame) <= LONG:
            blocks.append(pages.table(exhibit))
    return blocks


def _event_study(pages: Exhibits, report: Report, inference: Inference) -> Block:
    line = source_line(pages, report)
    chart = event_study(
        inference,
        language=pages.language,
        source=line,
        level=report.level,
        band=band_of(inference, report.level),
        inputs=report.inputs,
        grade=grade_of(inference, report.scrutiny),
    )
    return pages.figure(chart)


def _strength(pages: Exhibits, report: Report) -> list[Block]:
    blocks: list[Block] = []
    for scrutiny in report.scrutiny:
        blocks += pages.say(argument.say_strength(scrutiny, named=report.has_several))
        if scrutiny.rows:
            blocks.append(pages.table(tables.three_rows(scrutiny.rows, level=report.level)))
        blocks.append(pages.table(tables.checks(scrutiny)))
    return [*blocks, *(pages.figure(chart) for chart in report.charts_of("strength"))]


def _conclusion(pages: Exhibits, report: Report) -> list[Block]:
    return [*_options(pages, report), *quote_author(report, "conclusion"), *_recommendations(pages, report)]


def _options(pages: Exhibits, report: Report) -> list[Block]:
    return pages.say(argument.conclude(report.answer, report.scrutiny, level=report.level))


def _recommendations(pages: Exhibits, report: Report) -> list[Block]:
    advice = argument.advise(report.answer, report.scrutiny, level=report.level)
    return [*pages.list(advice), *quote_author(report, "recommendations")]


def list_references(_pages: Exhibits, report: Report) -> list[Block]:
    """Return the sources of methods and checks."""
    return _list_sources(argument.sources(report.inferences, report.every_scrutiny))


def _list_sources(entries: Sequence[str]) -> list[Block]:
    return [Block("list", entries=entries)] if entries else []


def long_tables(pages: Exhibits, report: Report) -> list[Block]:
    """Return the tables that would break the argument: lists of offices, of months."""
    every = [*report.tables, *map(tables.maturity_table, report.periods)]
    return [pages.table(table) for table in every if len(table.frame) > LONG]


def list_glossary(pages: Exhibits, report: Report) -> list[Block]:
    """Return the terms a newcomer needs."""
    if not report.inferences:
        return []
    terms = [glossary()[name] for name in prose.glossary_terms(report.inferences)]
    entries = [(term.names.text(pages.language).text, term.meaning.text(pages.language).text) for term in terms]
    return [Block("glossary", entries=sorted(entries, key=lambda entry: entry[0].casefold()))]


def say_provenance(pages: Exhibits, report: Report) -> list[Block]:
    """Return what moved since the release before, the files read, with hashes, and the versions used."""
    facts: Any = provenance({}, report.inputs)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    entries = [
        {**entry, "rows": number(entry["rows"], 0, pages.language) if "rows" in entry else ""}
        for entry in facts["inputs"]
    ]
    moved = [] if pages.moved is None else [pages.table(pages.moved)]
    return [*moved, Block("provenance", entries=entries, versions=versions, commit=facts["commit"] or "")]


_CHAPTERS: Final[Mapping[str, Chapter]] = {
    "foreword": lambda _pages, report: quote_author(report, "foreword"),
    "summary": lambda pages, report: [*_findings(pages, report), *_grades(pages, report)],
    "introduction": _introduction,
    "framework": lambda pages, report: pages.say(argument.say_framework(report.inferences)),
    "methods": lambda _pages, _report: [],  # a heading over the four parts that follow
    "compared": _say_compared,
    "left_out": _say_left_out,
    "calculation": say_calculation,
    "limits": say_limits,
    "results": _results,
    "strength": _strength,
    "conclusion": _conclusion,
    "references": list_references,
    "tables": long_tables,
    "glossary": list_glossary,
    "provenance": say_provenance,
}
_PARTS: Final = ("compared", "left_out", "calculation", "limits")
_UNNUMBERED: Final = ("foreword", "summary", "references", "tables", "glossary", "provenance")
_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII")


def doubts_of(report: Report) -> list[str]:
    """Return the answers of the checks in English, the language of errors and of the manifest."""
    return [f"{check.name}: {check.verdict}. {check.answer}" for s in report.every_scrutiny for check in s.checks]


# -------------------------------------------------------------------------------------------- the brief


def brief(pages: Exhibits, report: Report) -> list[Section]:
    """Return the policy brief: two pages for a reader who decides and does not compute."""
    parts = {name: write(pages, report) for name, write in _BRIEF.items()}
    headings = {name: prose.HEADINGS[name].text(pages.language).text for name in parts}
    return [Section(name, headings[name], blocks) for name, blocks in parts.items() if blocks]


def _evidence(pages: Exhibits, report: Report) -> list[Block]:
    blocks: list[Block] = []
    if report.inferences:
        blocks += pages.say(prose.say_compared(report.inferences[0].effects.design)[:1])
    if report.by_time:
        blocks.append(_event_study(pages, report, report.by_time[0]))
    else:
        blocks += [pages.figure(chart) for chart in report.charts_of("results")[:1]]
    turning = pages.say(said for scrutiny in report.scrutiny for said in argument.say_turning(scrutiny))
    return [*blocks, *_grades(pages, report), *turning]


_BRIEF: Final[Mapping[str, Chapter]] = {
    "summary": _findings,
    "problem": _introduction,
    "evidence": _evidence,
    "options": _options,
    "recommendations": _recommendations,
    "references": lambda _pages, report: _list_sources(argument.sources(report.inferences, ())),  # it shows no check
}
