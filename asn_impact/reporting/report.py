"""The report and the policy brief: page, Word and PDF, with a manifest that says where every number came from."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from asn_impact.arguments import Level, did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.ledger import Ledger
from asn_impact.reporting import documents, prose, several
from asn_impact.reporting.chapters import Exhibits, Section, brief, chapters, doubts_of
from asn_impact.reporting.claims import brief_of_claims, claim_chapters
from asn_impact.reporting.contents import Item, Report
from asn_impact.reporting.earlier import MANIFEST, Earlier, refuse_close
from asn_impact.reporting.folders import is_made_by, make_beside, plain_name, put_in_place
from asn_impact.reporting.gate import release
from asn_impact.reporting.imprint import LOGO, Imprint
from asn_impact.reporting.proof import not_proved, prove
from asn_impact.reporting.provenance import provenance, sha256, shown_number, write_beside
from asn_impact.reporting.public import CELLS_ZIP, cells_zip
from asn_impact.reporting.since import found_in, since_of, table_of_moved
from asn_impact.reporting.words import check_language
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, paragraph
from asn_impact.words.writing import date, unbroken

if TYPE_CHECKING:
    from jinja2 import Template

Format: TypeAlias = Literal["html", "docx", "pdf"]
Close: TypeAlias = Literal["refuse", "allow"]
FORMATS: Final[tuple[Format, ...]] = ("html", "docx", "pdf")
PAGE: Final = "report.html"
MADE_BY: Final = "asn_impact"


@public_verb
def publish(
    folder: str | Path,
    report: Report | Sequence[Item],
    *,
    language: Language,
    title: str | None = None,
    source: str | None = None,
    ledger: Ledger | None = None,
    inputs: Iterable[Any] = (),
    as_of: dt.date | None = None,
    level: Level = 0.95,
    formats: Sequence[Format] = FORMATS,
    words: Mapping[str, str] | None = None,
    reference: Path | None = None,
    close: Close = "refuse",
    earlier: Path | None = None,
    cells: bool = False,
) -> list[Path]:
    """Write a report that a reader without statistics can follow, and a brief for one who decides; return the files.

    The report has the chapters of an Indonesian evaluation report, from the summary to the appendices. Methods say who
    was compared, what was left out, how it was computed, and the limits. Each format is made from the same page:
    ``report.html`` needs no other file and no network, ``report.docx`` has native tables that an office can edit,
    ``report.pdf`` is tagged for screen readers. ``brief.*`` is the policy brief. Beside them lie the figures (svg, png,
    csv, json), the tables (csv) and ``manifest.json``. It lists every number in a sentence with its value and source,
    every exhibit with its data, the notes, and the SHA-256 of every file. The same report gives the same bytes.

    Parameters
    ----------
    folder
        Replaced as a whole once everything is written; it must be new, empty or an earlier report.
    report
        A `Report`; or a list of values in the order in which they are to appear: Finding, Inference, Scrutiny, Chart,
        Table, Ledger, Panel, the frame of `maturity`. A list needs title and source, and takes ledger, inputs, as_of,
        level and words, which mean what the fields of `Report` of the same name do. Of several courses, or several
        findings on one measure, each is a `Finding`: a list that a reader could not tell apart is refused.
    language
        ``"id"``, ``"en"`` or another that ``words/`` has; charts must be in the same language.
    title, source, ledger, inputs, as_of, level, words
        For a list; a `Report` has them itself.
    formats
        Of ``"html"``, ``"docx"``, ``"pdf"``; the page is always written.
    reference
        A DOCX whose styles, header and footer are used for the Word files.
    close
        ``"allow"`` replaces an earlier report also where all that was kept or analysed differs from it by fewer than
        ten, so that whoever has both learns of those few. ``"refuse"`` does not, and withholds the lines of tables that
        differ by few. The manifest names the counts.
    earlier
        The report that the new one is compared with; None: the one in the folder.
    cells
        Write ``cells.zip`` beside the report: public cells, rollout and study, from which anyone runs the answer again.
        Of findings there is one each, ``cells/<id>.zip``.
        The answer must be of a design whose cells can be published: `public_cells`.

    Returns
    -------
    list of Path
        The page first.

    Raises
    ------
    InputError
        Nothing to report, an item of an unknown kind, a chart in another language, a folder with other things in it,
        an unknown format or chapter.
    PrivacyError
        Something that identifies a person was about to leave; the exhibits together give a small count back; what was
        kept or analysed differs by fewer than ten from the report that is there. The old folder stays as it was.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()) / "report"
    >>> files = publish(folder, [answer], language="en", title="Waits", source="Invented data")
    >>> sorted({file.suffix for file in files})
    ['.csv', '.docx', '.html', '.json', '.pdf']
    """
    check_language(language)
    target = Path(folder)
    _refuse_foreign(target)
    facts = {"title": title, "source": source, "ledger": ledger, "inputs": tuple(inputs), "as_of": as_of}
    report = _one_report(report, {**facts, "level": level, "words": dict(words or {})})
    _refuse_other_languages(report, language)
    kinds = _sort_formats(formats)
    place = target if earlier is None else earlier
    before = Earlier.of(place, allowed=close == "allow")
    spoken = report.spoken(language)
    now = found_in(report)
    since = since_of(before.record, now)
    long = Exhibits(spoken, earlier=before, moved=table_of_moved(report, now, since))
    short = Exhibits(spoken, folder="brief/", earlier=before)
    day = date(report.as_of, language) if report.as_of is not None else ""
    head = {"title": report.title, "source": report.source, "as_of": day}
    write, write_short = (claim_chapters, brief_of_claims) if report.findings else (chapters, brief)
    known = report.imprint
    files = _document("report", write(long, report), head, known, long, kinds, reference)
    if report.answer or report.findings:
        head |= {"kind": prose.HEADINGS["brief"].text(language).text}
        files |= _document("brief", write_short(short, report), head, known, short, kinds, reference)
    if cells:
        files |= _packed(report)
    numbers = [number for pages in (long, short) for sentence in pages.sentences for number in sentence.numbers]
    prove(report, (*long.shown, *short.shown), numbers, cells=cells)
    compared: dict[str, Any] = {
        "differs_by_few": list(refuse_close(before, place)),
        "last_shown": [[*line, n] for line, n in before.last_shown.items()],
        "totals": [[*key, n] for key, n in before.said.items()],
        "found": now,
        "since": since,
        "not_proved": list(not_proved(report, (*long.shown, *short.shown))),
    }
    files[MANIFEST] = _manifest(files, (long, short), report, compared)
    release(files[MANIFEST], MANIFEST)
    _swap(target, files)
    return [target / name for name in sorted(files, key=lambda name: (name != PAGE, name))]


def refuse_before_drawing(folder: Path, report: Report, *, language: Language) -> None:
    """Refuse what `publish` would refuse once all is drawn: totals that differ by few from the report in a folder.

    Raises
    ------
    PrivacyError
        As `publish`.
    """
    before = Earlier.of(folder, allowed=False)
    beside = several.compared(report) if report.findings else {}
    for finding in report.findings:
        page = before.page(finding.id, 0 if finding.panel is None else int(finding.panel.n.sum()))
        said = [] if finding.panel is None else prose.say_left_out(finding.panel, finding.ledger)
        if finding.design is not None and finding.inference is not None:
            said += prose.say_compared(finding.design, counted=beside[finding.id].counted)
        page.hear_all(said, language)
    for answer in report.answer[:1]:
        design = answer.effects.design
        before.hear_all([*prose.say_left_out(design.panel, report.ledger), *prose.say_compared(design)], language)
    refuse_close(before, folder)


# ------------------------------------------------------------------------------------------- the arguments

_DEFAULTS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("title", "source", "ledger", "as_of"), None),
    "inputs": (),
    "level": 0.95,
    "words": {},
}


def _one_report(report: Report | Sequence[Item], facts: dict[str, Any]) -> Report:
    """Return the report, or that of a list; what a report says itself is not said again."""
    if isinstance(report, Report):
        if doubles := [name for name, value in facts.items() if value != _DEFAULTS[name]]:
            raise InputError(Message("report.refused.twice", names=doubles))
        return report
    if gaps := [name for name in ("title", "source") if facts[name] is None]:
        raise InputError(Message("report.refused.untitled", names=gaps))
    return Report.of(report, **facts)


def _packed(report: Report) -> dict[str, bytes]:
    """Return the public cells of the answer, or of each claim under its name."""
    named = [(f"cells/{plain_name(f.id)}.zip", f.inference) for f in report.findings if f.inference is not None]
    answers = [*named, *((CELLS_ZIP, answer) for answer in report.answer)]
    if not answers or len(report.answer) > 1:
        raise InputError(Message("release.no_answer"))
    facts: Any = {"title": report.title, "source": report.source, "level": report.level}
    return {name: cells_zip(answer, **facts) for name, answer in answers}


def _refuse_other_languages(report: Report, language: Language) -> None:
    for chart in report.charts:
        if chart.language != language:
            languages = {"found": chart.language, "wanted": language}
            raise InputError(Message("report.refused.other_language", kind=chart.kind, **languages))


def _sort_formats(formats: Sequence[Format]) -> tuple[Format, ...]:
    for name in formats:
        if name not in FORMATS:
            refusal = Message("report.refused.format", found=name, known=FORMATS)
            raise InputError(paragraph(refusal, did_you_mean(name, FORMATS)))
    return tuple(name for name in FORMATS if name in formats)


# --------------------------------------------------------------------------------------- page and folder


def _document(
    name: str,
    sections: Sequence[Section],
    head: Mapping[str, str],
    imprint: Imprint | None,
    exhibits: Exhibits,
    formats: tuple[Format, ...],
    reference: Path | None,
) -> dict[str, bytes]:
    """Return the files of a document; what Word and PDF hold has passed the gate as page and pictures.

    The names of its authors, who put them there themselves, are the one thing that the gate does not see.
    """
    language = exhibits.language
    release(_embed(_page(sections, language, head), exhibits.files).encode("utf-8"), f"{name}.html")
    for file, content in exhibits.files.items():
        release(content, file, counts=exhibits.counts_in(file))
    page = _page(sections, language, head, imprint)
    logo = {} if imprint is None or imprint.logo is None else {LOGO: release(imprint.picture(), LOGO)}
    files = {**exhibits.files, f"{name}.html": _embed(page, {**exhibits.files, **logo}).encode("utf-8")}
    if "docx" in formats:
        pictures = {f: content for f, content in exhibits.files.items() if f.endswith(".png")}
        files[f"{name}.docx"] = documents.word(
            page.replace('.svg" alt', '.png" alt'), {**pictures, **logo}, language=language, reference=reference
        )
    if "pdf" in formats:
        drawings = {f: content for f, content in exhibits.files.items() if f.endswith(".svg")}
        files[f"{name}.pdf"] = documents.pdf(page, {**drawings, **logo}, language=language)
    return files


def _page(
    sections: Sequence[Section], language: Language, head: Mapping[str, str], imprint: Imprint | None = None
) -> str:
    """Return the page; its pictures are named as files."""
    own: dict[str, Any] = {"by": (), "contact": "", "cite": "", "logo": ""}
    if imprint is not None:
        logo = LOGO if imprint.logo is not None else ""
        cite = "" if "kind" in head else imprint.cited(head["title"], language)
        own = {"by": imprint.by(language), "contact": imprint.contact, "logo": logo, "cite": cite}
    words = {name: heading.text(language).text for name, heading in prose.HEADINGS.items()}
    return _template().render(language=language, sections=sections, words=words, **{"kind": "", **own, **head})


@functools.cache  # a run writes it four times and more: every language, page and brief, once to try them
def _template() -> Template:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("asn_impact.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["trusted"] = Markup  # tables write and escape their own cells
    environment.filters["unbroken"] = unbroken
    return environment.get_template("report.html.j2")


def _embed(page: str, files: Mapping[str, bytes]) -> str:
    """Write the pictures into the page itself."""
    kinds = {name: "svg+xml" for name in files if name.endswith(".svg")} | {LOGO: "png"}
    for name, kind in ((name, kind) for name, kind in kinds.items() if name in files):
        data = base64.b64encode(files[name]).decode("ascii")
        page = page.replace(f'src="{name}"', f'src="data:image/{kind};base64,{data}"')
    return page


def _manifest(
    files: Mapping[str, bytes], documents_: Sequence[Exhibits], report: Report, compared: Mapping[str, Any]
) -> bytes:
    sentences = {s.text: s for exhibits in documents_ for s in exhibits.sentences if s.numbers}
    facts = {
        "as_of": report.as_of.isoformat() if report.as_of is not None else None,
        "checks": doubts_of(report),
        **compared,
        "exhibits": [entry for exhibits in documents_ for entry in exhibits.listed],
        "files": [
            {"bytes": len(content), "name": name, "sha256": sha256(content)} for name, content in sorted(files.items())
        ],
        "inferences": [repr(inference) for inference in report.inferences],
        "language": documents_[0].language,
        "made_by": MADE_BY,
        "notes": [str(note) for note in report.all_notes],
        "numbers": [
            {"sentence": text, **shown_number(q)} for text, sentence in sentences.items() for q in sentence.numbers
        ],
        "provenance": provenance({"level": report.level}, report.inputs),
        "source": report.source,
        "title": report.title,
    }
    return (json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")


def _refuse_foreign(target: Path) -> None:
    """Refuse a folder whose replacement would destroy something that is not a report."""
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(Message("report.refused.a_file", name=target.name))
    if any(target.iterdir()) and not is_made_by(target / MANIFEST, MADE_BY):
        raise InputError(Message("report.refused.foreign", name=target.name, made_by=MADE_BY))


def _swap(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the folder, then put them in its place at once."""
    with make_beside(target) as fresh:
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            write_beside(fresh / name, content)
        put_in_place(target, fresh)
