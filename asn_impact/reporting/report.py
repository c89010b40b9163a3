"""The report: one self-contained page in plain words, with a manifest that says where every number came from."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting import prose, tables
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.figures import event_study, maturity
from asn_impact.reporting.gate import release
from asn_impact.reporting.provenance import provenance, sha256, write_beside
from asn_impact.reporting.tables import Table
from asn_impact.reporting.words import Language, Sentence, checked, date, glossary, number

__all__ = ["Item", "publish"]

Item: TypeAlias = Inference | Chart | Table | Ledger | Panel | pd.DataFrame
PAGE: Final = "report.html"
MANIFEST: Final = "manifest.json"
MADE_BY: Final = "asn_impact"
_SECTION_OF: Final[Mapping[str, str]] = {
    "who_is_compared": "compared",
    "raw_trends": "compared",
    "maturity": "left_out",
}


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
    """A heading and what stands below it."""

    name: str
    heading: str
    blocks: Sequence[Block]


@dataclass
class _Pages:
    """What is gathered while the report is put together: files, numbered exhibits and the sentences that were said."""

    language: Language
    files: dict[str, bytes] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    figures: int = 0
    tables: int = 0

    def say(self, sentence: Sentence) -> Block:
        self.sentences.append(sentence)
        return Block("paragraph", text=sentence.text)

    def figure(self, chart: Chart) -> Block:
        self.figures += 1
        svg = chart.svg().encode("utf-8")
        stem = f"figures/{self.figures:02d}_{chart.kind}"
        self.files |= {
            f"{stem}.svg": svg,
            f"{stem}.png": chart.png(),
            f"{stem}.csv": chart.csv().encode("utf-8"),
            f"{stem}.json": chart.record().encode("utf-8"),
        }
        self.sentences.append(chart.title)
        return Block(
            "figure",
            image=base64.b64encode(svg).decode("ascii"),
            alt=chart.alt,
            number=f"{prose.HEADINGS['figure'][self.language]} {self.figures}",
            caption=prose.CAPTIONS[chart.kind][self.language] if chart.kind in prose.CAPTIONS else chart.title.text,
        )

    def table(self, table: Table) -> Block:
        self.tables += 1
        self.files[f"tables/{self.tables:02d}.csv"] = table.csv().encode("utf-8")
        numbered = f"{prose.HEADINGS['table'][self.language]} {self.tables}"
        return Block("table", html=table.html(self.language, numbered=numbered))


def publish(
    folder: str | Path,
    items: Sequence[Item],
    *,
    language: Language,
    title: str,
    source: str,
    ledger: Ledger | None = None,
    inputs: Iterable[Any] = (),
    as_of: dt.date | None = None,
    level: float = 0.95,
) -> list[Path]:
    """Write a report that a reader without statistics can follow, and return its files.

    The page holds, in this order: the findings, who was compared with whom, figures and tables, what was left out,
    method and limits, the meaning of the words, provenance. It needs no other file and no network. Beside it lie the
    figures (svg, png, csv, json), the tables (csv) and ``manifest.json``: every number in a sentence with the value
    and the expression it came from, the technical notes, the SHA-256 of every file. The same items give the same
    bytes.

    Parameters
    ----------
    folder
        Replaced as a whole once everything is written; it must be new, empty or an earlier report.
    items
        In the order in which they are to appear: Inference (several of one number share a table, one by event time
        becomes a figure), Chart, Table, Ledger, Panel or the maturity frame of `maturity`.
    language
        ``"id"`` or ``"en"``; charts must be in the same language.
    title, source
        Shown at the top; the source is repeated below figures made here.
    ledger
        Rows read, left out and kept.
    inputs
        ``extract.sources``.
    as_of
        The day the export was made.
    level
        Level of the intervals.

    Returns
    -------
    list of Path
        The page first.

    Raises
    ------
    InputError
        Nothing to report, an item of an unknown kind, a chart in another language, a folder with other things in it.
    PrivacyError
        Something that identifies a person was about to leave; the old folder stays as it was.
    """
    checked(language)
    target = Path(folder)
    _refuse_foreign(target)
    items = _sorted_out(items, ledger, language)
    pages = _Pages(language)
    sources = tuple(inputs)
    sections = _sections(pages, items, source=source, sources=sources, level=level)
    page = _page(sections, language=language, title=title, source=source, as_of=as_of)
    pages.files[PAGE] = page.encode("utf-8")
    pages.files[MANIFEST] = _manifest(
        pages, items, title=title, source=source, sources=sources, as_of=as_of, level=level
    )
    for name, content in pages.files.items():
        release(content, name)
    _swap(target, pages.files)
    return [target / name for name in sorted(pages.files, key=lambda name: (name != PAGE, name))]


# --------------------------------------------------------------------------------------------- the items


def _sorted_out(items: Sequence[Item], ledger: Ledger | None, language: Language) -> list[Item]:
    """Check the items, and put the ledger among them."""
    known = (Inference, Chart, Table, Ledger, Panel, pd.DataFrame)
    for item in items:
        if not isinstance(item, known):
            raise InputError(
                f"A report cannot hold a {type(item).__name__}. Expected Inference, Chart, Table, Ledger, Panel or the "
                "frame of maturity()."
            )
        if isinstance(item, Chart) and item.language != language:
            raise InputError(
                f"The chart {item.kind!r} is in {item.language!r}, the report in {language!r}. Make it again with "
                f"language={language!r}."
            )
    together = [*items, *([ledger] if ledger is not None else [])]
    if not any(isinstance(item, Inference | Chart | Table) for item in together):
        raise InputError("There is nothing to report. Expected at least one Inference, Chart or Table.")
    return together


def _of(items: Sequence[Item], kind: type) -> list[Any]:
    return [item for item in items if isinstance(item, kind)]


# ------------------------------------------------------------------------------------------ the sections


def _sections(
    pages: _Pages, items: Sequence[Item], *, source: str, sources: tuple[Any, ...], level: float
) -> list[Section]:
    inferences: list[Inference] = _of(items, Inference)
    parts = {
        "summary": [_finding(pages, i, level) for i in inferences if len(i.estimate) == 1 or len(inferences) == 1],
        "compared": _compared_blocks(pages, inferences, items),
        "results": _result_blocks(pages, items, source=source, sources=sources, level=level),
        "left_out": _left_out_blocks(pages, inferences, items, source=source, sources=sources),
        "method": _method_blocks(pages, inferences),
        "glossary": [_glossary_block(inferences, pages.language)] if inferences else [],
        "provenance": [_provenance_block(sources, pages.language)],
    }
    return [Section(name, prose.HEADINGS[name][pages.language], blocks) for name, blocks in parts.items() if blocks]


def _finding(pages: _Pages, inference: Inference, level: float) -> Block:
    sentence = prose.found(inference, language=pages.language, level=level)
    pages.sentences.append(sentence)
    lead, _, rest = sentence.text.partition(". ")
    return Block("finding", lead=lead.removesuffix(".") + ".", text=rest)


def _compared_blocks(pages: _Pages, inferences: Sequence[Inference], items: Sequence[Item]) -> list[Block]:
    blocks: list[Block] = []
    if inferences:
        design = inferences[0].effects.design
        blocks += [pages.say(sentence) for sentence in prose.compared(design, language=pages.language)]
    blocks += [pages.figure(chart) for chart in _charts(items, "compared")]
    if inferences:
        blocks.append(pages.table(tables.descriptive(design.panel, design)))
    return blocks


def _charts(items: Sequence[Item], section: str) -> list[Chart]:
    return [chart for chart in _of(items, Chart) if _SECTION_OF.get(chart.kind, "results") == section]


def _result_blocks(
    pages: _Pages, items: Sequence[Item], *, source: str, sources: tuple[Any, ...], level: float
) -> list[Block]:
    blocks: list[Block] = []
    single = [item for item in _of(items, Inference) if len(item.estimate) == 1]
    if single:
        blocks.append(pages.table(tables.results(single, level=level)))
    for item in items:
        if isinstance(item, Inference) and item not in single:
            if "event_time" in item.effects.terms.columns:
                line = f"{prose.HEADINGS['source'][pages.language]}: {source}"
                chart = event_study(item, language=pages.language, source=line, level=level, inputs=sources)
                blocks.append(pages.figure(chart))
            else:
                blocks.append(pages.table(tables.results([item], level=level)))
        elif isinstance(item, Chart) and _SECTION_OF.get(item.kind, "results") == "results":
            blocks.append(pages.figure(item))
        elif isinstance(item, Table):
            blocks.append(pages.table(item))
    return blocks


def _left_out_blocks(
    pages: _Pages, inferences: Sequence[Inference], items: Sequence[Item], *, source: str, sources: tuple[Any, ...]
) -> list[Block]:
    ledgers: list[Ledger] = _of(items, Ledger)
    record = ledgers[-1] if ledgers else None
    panels = [*_of(items, Panel), *(i.effects.design.panel for i in inferences)]
    blocks = [pages.say(s) for s in prose.left_out(panels[0], record, language=pages.language)] if panels else []
    if record is not None:
        blocks.append(pages.table(tables.ledger(record)))
    blocks += [pages.figure(chart) for chart in _charts(items, "left_out")]
    line = f"{prose.HEADINGS['source'][pages.language]}: {source}"
    for frame in _of(items, pd.DataFrame):
        blocks.append(pages.figure(maturity(frame, language=pages.language, source=line, inputs=sources)))
        blocks.append(pages.table(tables.maturity_table(frame)))
    notes = _notes(inferences)
    if notes and pages.language == "en":  # the notes of the computation are in English; the manifest has them always
        blocks.append(Block("notes", entries=notes))
    return blocks


def _notes(inferences: Iterable[Inference]) -> list[str]:
    notes = [note for i in inferences for note in (*i.effects.design.notes, *i.effects.notes, *i.notes)]
    return list(dict.fromkeys(notes))


def _method_blocks(pages: _Pages, inferences: Sequence[Inference]) -> list[Block]:
    """Say how outcomes, then effects, then uncertainty were computed, each way once; then the limits."""
    ways = [prose.method(inference, language=pages.language) for inference in inferences]
    said = {sentence.text: sentence for step in zip(*ways, strict=True) for sentence in step if sentence.text}
    if inferences:
        said |= {s.text: s for s in prose.limits(language=pages.language)}
    return [pages.say(sentence) for sentence in said.values()]


def _glossary_block(inferences: Sequence[Inference], language: Language) -> Block:
    terms = [glossary()[name] for name in prose.glossary_terms(inferences)]
    entries = [(term.names[language], term.meaning[language]) for term in terms]
    return Block("glossary", entries=sorted(entries, key=lambda entry: entry[0].casefold()))


def _provenance_block(sources: tuple[Any, ...], language: Language) -> Block:
    facts: Any = provenance({}, sources)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    entries = [
        {**entry, "rows": number(entry["rows"], 0, language) if "rows" in entry else ""} for entry in facts["inputs"]
    ]
    return Block("provenance", entries=entries, versions=versions, commit=facts["commit"] or "")


# --------------------------------------------------------------------------------------- page and folder


def _page(sections: Sequence[Section], *, language: Language, title: str, source: str, as_of: dt.date | None) -> str:
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
    trusted = [
        Section(s.name, s.heading, [Block(**{**vars(b), "html": Markup(b.html)}) for b in s.blocks]) for s in sections
    ]
    return environment.get_template("report.html.j2").render(
        language=language,
        title=title,
        source=source,
        as_of=date(as_of, language) if as_of is not None else "",
        sections=trusted,
        words={name: text[language] for name, text in prose.HEADINGS.items()},
    )


def _manifest(
    pages: _Pages,
    items: Sequence[Item],
    *,
    title: str,
    source: str,
    sources: tuple[Any, ...],
    as_of: dt.date | None,
    level: float,
) -> bytes:
    inferences: list[Inference] = _of(items, Inference)
    said = {sentence.text: sentence for sentence in pages.sentences if sentence.numbers}
    facts = {
        "as_of": as_of.isoformat() if as_of is not None else None,
        "files": [
            {"bytes": len(content), "name": name, "sha256": sha256(content)}
            for name, content in sorted(pages.files.items())
        ],
        "inferences": [repr(inference) for inference in inferences],
        "language": pages.language,
        "made_by": MADE_BY,
        "notes": _notes(inferences),
        "numbers": [
            {"sentence": text, "shown": q.shown, "source": q.source, "value": _plain(q.value)}
            for text, sentence in said.items()
            for q in sentence.numbers
        ],
        "provenance": provenance({"level": level}, sources),
        "source": source,
        "title": title,
    }
    return (json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")


def _plain(value: float) -> float | None:
    """Return a number as JSON can hold it, ten significant digits."""
    return float(f"{value:.10g}") if np.isfinite(value) else None


def _refuse_foreign(target: Path) -> None:
    """Refuse a folder whose replacement would destroy something that is not a report."""
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{target.name!r} is a file. Expected the name of a folder for the report.")
    manifest = target / MANIFEST
    ours = False
    if manifest.is_file():
        try:
            ours = json.loads(manifest.read_text(encoding="utf-8")).get("made_by") == MADE_BY
        except (ValueError, AttributeError):
            ours = False
    if any(target.iterdir()) and not ours:
        raise InputError(
            f"The folder {target.name!r} holds files that are not a report of {MADE_BY}. "
            "Choose a new or an empty folder."
        )


def _swap(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the folder, then put them in its place at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    old = work / "old"
    fresh = work / "new"
    try:
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            write_beside(fresh / name, content)
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
