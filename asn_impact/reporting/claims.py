"""The report on several findings: the matrix first, then a page a claim, then methods and the family once.

A page speaks of its own claim alone: every sentence, table and figure in it is made from one `Finding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from asn_impact.reporting import argument, chapters, overview, prose, tables
from asn_impact.reporting.bands import band_of
from asn_impact.reporting.chapters import Block, Exhibits, Section
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts import event_study
from asn_impact.reporting.charts.with_without import with_and_without
from asn_impact.reporting.contents import Report
from asn_impact.reporting.family import Family, weak_in_family
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.matrix import beside_number, could_see, first_page, under_name
from asn_impact.reporting.several import Compared, compared
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.words import level_quantity
from asn_impact.words import Language, Message, Speech, paragraph, together

Chapter: TypeAlias = Callable[[Exhibits, Report], list[Block]]


def claim_chapters(pages: Exhibits, report: Report) -> list[Section]:
    """Return the chapters of a report on several findings, in order."""
    opening, beside = _sections(pages, report, _OPENING), compared(report, allowed=pages.earlier.allowed)
    own = [
        Section(f"claim-{number}", f"{number}. {label}", _own_page(pages, report, finding, beside.get(finding.id)))
        for number, finding in enumerate(report.findings, start=1)
        for label in (finding.label.text(pages.language),)
    ]
    return [*opening, *own, *_sections(pages, report, _CLOSING)]


def brief_of_claims(pages: Exhibits, report: Report) -> list[Section]:
    """Return the policy brief: the first page, and what follows from each grade."""
    return _sections(pages, report, _BRIEF)


def _sections(pages: Exhibits, report: Report, written: Mapping[str, Chapter]) -> list[Section]:
    parts = {name: write(pages, report) for name, write in written.items()}
    return [
        Section(name, prose.HEADINGS[name].text(pages.language).text, blocks)
        for name, blocks in parts.items()
        if blocks
    ]


# --------------------------------------------------------------------------------------------- the first page


def _first_page(pages: Exhibits, report: Report) -> list[Block]:
    table, raising = first_page(report.findings, _family(report), level=report.level)
    blocks = [pages.table(table), *pages.say(report.beside)]
    told = [(finding, argument.say_failing(scrutiny)) for finding in report.findings for scrutiny in finding.scrutinies]
    blocks += pages.list(under_name([finding], said) for finding, said in told if said)
    blocks += [_heading(pages, "raises"), *pages.list(raising)] if raising else []
    blocks += _scale(pages, report)
    steps = overview.chain(report.findings, level=report.level)
    return [*blocks, *_tables(pages, steps), *chapters.quote_author(report, "foreword")]


def _scale(pages: Exhibits, report: Report) -> list[Block]:
    """Return what the letters of the grades stand for, one a line."""
    if not any(finding.grade is not None for finding in report.findings):
        return []
    return [*pages.say([Message("report.strength.scale")]), *pages.list(argument.scale_of_grades())]


def _tables(pages: Exhibits, *shown: Table | None) -> list[Block]:
    return [pages.table(table) for table in shown if table is not None]


def _family(report: Report) -> Family:
    assert report.family is not None  # made with the report
    return report.family


def _introduction(pages: Exhibits, report: Report) -> list[Block]:
    courses = {str(f.course) for f in report.findings if f.course is not None}
    labels = tuple(finding.label for finding in report.findings)
    asked = Message("claims.page.questions", n=len(labels), courses=max(len(courses), 1))
    return [
        *pages.say([asked]),
        *pages.list(labels),
        *pages.say(_why_compare(report)),
        *chapters.quote_author(report, "introduction"),
    ]


def _why_compare(report: Report) -> list[Message]:
    """Return why changes are compared, where any are."""
    compared = any(finding.inference is not None for finding in report.findings)
    return [Message("report.question.why_compare")] if compared else []


# ------------------------------------------------------------------------------------------------ a page a claim


def _own_page(pages: Exhibits, report: Report, finding: Finding, shown: Compared | None) -> list[Block]:
    """Return the page of a finding, held against its page in an earlier report; nothing in it is of another one."""
    release = pages.earlier
    pages.earlier = release.page(finding.id, 0 if finding.panel is None else int(finding.panel.n.sum()))
    with pages.speaking_of(finding):
        blocks = _blocks(pages, report, finding, shown)
    pages.earlier = release
    return blocks


def _blocks(pages: Exhibits, report: Report, finding: Finding, shown: Compared | None) -> list[Block]:
    if finding.inference is None or finding.design is None or shown is None:
        return [*pages.say(_without_number(finding)), *map(pages.table, finding.tables), *_data(pages, finding)]
    blocks = pages.say([_question(finding), *_of_an_event(finding)])
    blocks += [_found(pages, report, finding), *pages.say(beside_number(finding))]
    if finding.scrutiny is not None:
        blocks += pages.say([*argument.say_grade_and_lack(finding.scrutiny), *argument.say_turning(finding.scrutiny)])
    blocks += _pictures(pages, report, finding)
    said = prose.say_compared(finding.design, course=finding.course, counted=shown.counted)
    said += prose.say_within(finding.inference.effects)
    blocks += [_heading(pages, "compared"), *pages.say(said)]
    blocks += [pages.table(shown.table)] if shown.table is not None else []
    blocks += _checks(pages, finding)
    if (size := could_see(finding.inference, level=report.level)) is not None:
        seen = Message("claims.page.could_see", size=size, level=level_quantity(report.level))
        blocks += [_heading(pages, "seen"), *pages.say([seen])]
    return [*blocks, *map(pages.table, finding.tables), *_data(pages, finding)]


def _heading(pages: Exhibits, name: str) -> Block:
    return Block("heading", text=pages.text(Message(f"claims.page.{name}")))


def _of_an_event(finding: Finding) -> list[Message]:
    """Return how a page is to be read whose offices count as trained from an event on."""
    about = [dict(note.values) for note in finding.notes if note.key == "designs.after_event"]
    return [Message("claims.page.of_an_event", event=one["event"], when=one["when"]) for one in about]


def _question(finding: Finding) -> Message:
    """Return what was asked, which way was hoped for, and at which step of Kirkpatrick."""
    assert finding.panel is not None
    measure = finding.panel.outcome.words.name
    asked = Message("claims.page.question_any", measure=measure)
    if finding.course is not None:
        asked = Message("claims.page.question", course=finding.course, measure=measure)
    if finding.role == "placebo":
        return paragraph(asked, Message("claims.page.placebo"))
    said = [Message(f"claims.hoped.{finding.better}")] if finding.better else []
    said += [Message(f"claims.level.{finding.level}")] if finding.level is not None else []
    return paragraph(asked, *said)


def _without_number(finding: Finding) -> list[Message]:
    if finding.refusal is None:
        return list(finding.said)
    why = finding.refusal if finding.means is not None else Message("claims.page.nothing", why=finding.refusal)
    return [why, *([Message(f"claims.level.{finding.level}")] if finding.level is not None else [])]


def _found(pages: Exhibits, report: Report, finding: Finding) -> Block:
    assert finding.inference is not None
    said = [*prose.say_finding(finding.inference, level=report.level, grade=finding.grade), *_weak(report, finding)]
    lead, *meaning = (pages.text(message) for message in said)
    return Block("finding", lead=lead, text=" ".join(meaning))


def _weak(report: Report, finding: Finding) -> list[Message]:
    weak = weak_in_family(finding, _family(report), report.level)
    return [] if weak is None else [weak]


def _pictures(pages: Exhibits, report: Report, finding: Finding) -> list[Block]:
    common: dict[str, Any] = {"source": chapters.source_line(pages, report), "inputs": report.inputs}
    charts = pictures_of(finding, language=pages.language, level=report.level, **common)
    return [pages.figure(chart) for chart in charts]


def pictures_of(
    finding: Finding, *, language: Language, source: str, inputs: tuple[Any, ...], level: float
) -> tuple[Chart, ...]:
    """Return the means with and without training, what else is drawn of a finding, and the effects by time.

    They are the same charts when asked again.
    """
    if finding.inference is None:
        return ()
    common: dict[str, Any] = {"language": language, "source": source, "inputs": inputs, "level": level}
    key = (language, source, level, *map(id, inputs))  # a chart keeps its inputs: no other value gets their ids
    if key not in finding._pictures:
        common["grade"] = finding.grade
        charts = [with_and_without(finding.inference, **common)]
        charts += [draw(**common) for draw in finding.drawn]
        if finding.events is not None:
            charts.append(event_study(finding.events, band=band_of(finding.events, level), **common))
        finding._pictures[key] = tuple(chart for chart in charts if chart is not None)
    return finding._pictures[key]


def _checks(pages: Exhibits, finding: Finding) -> list[Block]:
    """Return the checks that did not hold, with their answers."""
    if finding.scrutiny is None:
        return []
    against = [check for check in finding.scrutiny.checks if check.verdict != "holds"]
    said = [
        Message("claims.page.check", question=check.question, verdict=check.verdict_words, answer=check.answer)
        for check in against
    ]
    return [_heading(pages, "checks"), *(pages.list(said) or pages.say([Message("claims.page.all_hold")]))]


def _data(pages: Exhibits, finding: Finding) -> list[Block]:
    """Return what was read, left out and assumed for this finding."""
    blocks = [_heading(pages, "data")]
    if finding.panel is not None:
        blocks += pages.say(prose.say_left_out(finding.panel, finding.ledger))
    if finding.ledger is not None:
        blocks.append(pages.table(tables.ledger(finding.ledger)))
    blocks += pages.list(together(map(as_message, finding.notes)), "notes")
    return blocks if len(blocks) > 1 else []


# ----------------------------------------------------------------------------------------- said once, at the end


def _methods(pages: Exhibits, report: Report) -> list[Block]:
    return [
        *_tables(pages, overview.files(report.findings), overview.before_training(report.findings)),
        _heading(pages, "family"),
        *pages.say(_family(report).said),
        *chapters.say_calculation(pages, report),
        *chapters.say_limits(pages, report),
        *pages.list(together(map(as_message, report.notes)), "notes"),
    ]


def _conclusion(pages: Exhibits, report: Report) -> list[Block]:
    return [*_options(pages, report), *chapters.quote_author(report, "conclusion"), *_recommendations(pages, report)]


def _by_letter(findings: Sequence[Finding]) -> dict[Any, list[Finding]]:
    """Return the findings with a number by their grade, from the strongest; None for those that nobody checked."""
    letters = [None if finding.grade is None else finding.grade.letter for finding in findings]
    found: dict[Any, list[Finding]] = {letter: [] for letter in [*sorted({x for x in letters if x}), None]}
    for finding, letter in zip(findings, letters, strict=True):
        if finding.inference is not None:
            found[letter].append(finding)
    return {letter: some for letter, some in found.items() if some}


def _options(pages: Exhibits, report: Report) -> list[Block]:
    """Return each finding once more, under its name, by the weight that its grade lets it carry."""
    blocks: list[Block] = []
    for letter, some in _by_letter(report.findings).items():
        told = [
            under_name([f], [argument.conclude([f.inference], f.scrutinies, level=report.level)[0], *_weak(report, f)])
            for f in some
            if f.inference is not None
        ]
        blocks += [*pages.say([argument.weigh(letter)]), *pages.list(told)]
    return blocks


def _recommendations(pages: Exhibits, report: Report) -> list[Block]:
    """Return what follows from the claims, each advice once under their names, then what follows from several."""
    own: dict[Message, list[Finding]] = {}
    common: dict[Message, None] = {}
    for finding in report.findings:
        if finding.inference is None or finding.role not in {"primary", "secondary"}:  # the others are checks
            continue
        found, checked = [finding.inference], finding.scrutinies
        first, *others = argument.advise(found, checked, level=report.level, better=finding.better)
        if _weak(report, finding) and finding.grade is not None and finding.grade.letter in {"A", "B"}:
            first = Message("claims.family.no_advice")
        own.setdefault(first, []).append(finding)
        common |= dict.fromkeys(others)
    advice = [under_name(some, [said]) for said, some in own.items()]
    return [*pages.list([*advice, *common]), *chapters.quote_author(report, "recommendations")]


def _long_tables(pages: Exhibits, report: Report) -> list[Block]:
    return [*_tables(pages, overview.offices(report.findings)), *chapters.long_tables(pages, report)]


# ------------------------------------------------------------------------------------------------------ the brief


def _in_short(pages: Exhibits, report: Report) -> list[Block]:
    """Return what was found, the plain picture of the first claim that has one, and what the grades stand for."""
    shown = _leading(report)
    listed = [finding for finding in report.findings if finding in shown or finding.brief]
    figures = [pages.figure(chart) for chart in _plain_pictures(pages, report)]
    beside = [under_name([f], said) for f in listed if f.inference is not None and (said := beside_number(f))]
    table = pages.table(overview.in_short(listed, level=report.level))
    return [table, *pages.say(report.beside[:1]), *pages.list(beside), *figures, *_scale(pages, report)]


def _plain_pictures(pages: Exhibits, report: Report) -> list[Chart]:
    """Return the picture with and without training of the first claim that has one, and what else is drawn of it."""
    common: dict[str, Any] = {"source": chapters.source_line(pages, report), "inputs": report.inputs}
    for finding in _leading(report):
        spoken = Speech(pages.language, finding.nouns)
        charts = pictures_of(finding, language=spoken, level=report.level, **common)
        if any(chart.kind == "with_and_without" for chart in charts):
            return [chart for chart in charts if chart.kind != "event_study"]
    return []


def _leading(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.role == "primary"] or list(report.findings)


def _meaning(pages: Exhibits, report: Report) -> list[Block]:
    """Return the weight that each grade lets its findings carry, each said once."""
    groups = _by_letter(_leading(report))
    if len(groups) == 1:
        (letter,) = groups
        every = Message("claims.page.of", label=Message("claims.overview.all"), said=argument.weigh(letter))
        return pages.say([every])
    return pages.list([under_name(some, [argument.weigh(letter)]) for letter, some in groups.items()])


def _rests_on(pages: Exhibits, report: Report) -> list[Block]:
    """Return who is compared, once a course, how to read an interval, and what a result does not say."""
    told: dict[object, list[Message]] = {}
    for finding in _leading(report):
        if finding.design is not None:
            told.setdefault(str(finding.course), prose.say_compared(finding.design, course=finding.course)[:1])
    said = [*_why_compare(report), *(m for some in told.values() for m in some)]
    if _plain_pictures(pages, report):
        said.append(Message("claims.overview.interval", level=level_quantity(report.level)))
    return [*pages.say(said), *chapters.say_limits(pages, report)]


_OPENING: Final[Mapping[str, Chapter]] = {"summary": _first_page, "introduction": _introduction}
_CLOSING: Final[Mapping[str, Chapter]] = {
    "methods": _methods,
    "conclusion": _conclusion,
    "references": chapters.list_references,
    "tables": _long_tables,
    "glossary": chapters.list_glossary,
    "provenance": chapters.say_provenance,
}
_BRIEF: Final[Mapping[str, Chapter]] = {
    "summary": _in_short,
    "options": _meaning,
    "recommendations": _recommendations,
    "evidence": _rests_on,
}
