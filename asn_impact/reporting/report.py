"""The report and the policy brief: page, Word and PDF, with a manifest that says where every number came from."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting import documents, prose
from asn_impact.reporting.chapters import Exhibits, Item, Section, Told, brief, chapters, doubts_of, notes_of
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.gate import release
from asn_impact.reporting.provenance import provenance, sha256, write_beside
from asn_impact.reporting.tables import Table
from asn_impact.reporting.words import Language, checked, date
from asn_impact.scrutiny.scrutinise import Scrutiny

__all__ = ["FORMATS", "Format", "Item", "publish"]

Format: TypeAlias = Literal["html", "docx", "pdf"]
FORMATS: Final[tuple[Format, ...]] = ("html", "docx", "pdf")
PAGE: Final = "report.html"
MANIFEST: Final = "manifest.json"
MADE_BY: Final = "asn_impact"


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
    formats: Sequence[Format] = FORMATS,
    words: Mapping[str, str] | None = None,
    reference: Path | None = None,
) -> list[Path]:
    """Write a report that a reader without statistics can follow, and a brief for one who decides; return the files.

    The report has the chapters of an Indonesian evaluation report: summary, introduction, framework, methods (who was
    compared, what was left out, how it was computed, limits), results, strength of the evidence, conclusion and
    recommendations, references, appendices. Each format is made from the same page: ``report.html`` needs no other file
    and no network, ``report.docx`` has native tables that an office can edit, ``report.pdf`` is tagged for screen
    readers. ``brief.*`` is the policy brief. Beside them lie the figures (svg, png, csv, json), the tables (csv) and
    ``manifest.json``: every number in a sentence with the value and the expression it came from, every exhibit with its
    data, the technical notes, the SHA-256 of every file. The same items give the same bytes.

    Parameters
    ----------
    folder
        Replaced as a whole once everything is written; it must be new, empty or an earlier report.
    items
        In the order in which they are to appear: Inference (several of one number share a table, one by event time
        becomes a figure), Scrutiny, Chart, Table, Ledger, Panel or the maturity frame of `maturity`.
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
    formats
        Of ``"html"``, ``"docx"``, ``"pdf"``; the page is always written.
    words
        The author's own paragraphs (blank line between them) by chapter: ``foreword``, ``introduction``,
        ``conclusion``, ``recommendations``.
    reference
        A DOCX whose styles, header and footer are used for the Word files.

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
        Something that identifies a person was about to leave; the old folder stays as it was.
    """
    checked(language)
    target = Path(folder)
    _refuse_foreign(target)
    items = _sorted_out(items, ledger, language)
    told = Told(source, tuple(inputs), level, _author(words or {}))
    wanted = _wanted(formats)
    report, short = Exhibits(language), Exhibits(language, folder="brief/")
    head = {"title": title, "source": source, "as_of": date(as_of, language) if as_of is not None else ""}
    files = _document("report", _page(chapters(report, items, told), language, head), report, wanted, reference)
    if _of_one_number(items):
        head |= {"kind": prose.HEADINGS["brief"][language]}
        files |= _document("brief", _page(brief(short, items, told), language, head), short, wanted, reference)
    files[MANIFEST] = _manifest(files, (report, short), items, told, title=title, as_of=as_of)
    release(files[MANIFEST], MANIFEST)
    _swap(target, files)
    return [target / name for name in sorted(files, key=lambda name: (name != PAGE, name))]


# --------------------------------------------------------------------------------------------- the items


def _sorted_out(items: Sequence[Item], ledger: Ledger | None, language: Language) -> list[Item]:
    """Check the items, and put the ledger among them."""
    known = (Inference, Scrutiny, Chart, Table, Ledger, Panel, pd.DataFrame)
    for item in items:
        if not isinstance(item, known):
            raise InputError(
                f"A report cannot hold a {type(item).__name__}. Expected Inference, Scrutiny, Chart, Table, Ledger, "
                "Panel or the frame of maturity()."
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


def _of_one_number(items: Sequence[Item]) -> bool:
    return any(isinstance(item, Inference) and len(item.estimate) == 1 for item in items)


def _author(words: Mapping[str, str]) -> Mapping[str, str]:
    known = ("foreword", "introduction", "conclusion", "recommendations")
    if strange := sorted(set(words) - set(known)):
        raise InputError(f"words has no chapter {strange[0]!r}. Available: {', '.join(known)}.")
    return words


def _wanted(formats: Sequence[Format]) -> tuple[Format, ...]:
    if strange := [name for name in formats if name not in FORMATS]:
        raise InputError(f"formats holds {strange[0]!r}. Available: {', '.join(FORMATS)}.")
    return tuple(name for name in FORMATS if name in formats)


# --------------------------------------------------------------------------------------- page and folder


def _document(
    name: str, page: str, exhibits: Exhibits, formats: tuple[Format, ...], reference: Path | None
) -> dict[str, bytes]:
    """Return the files of a document; what Word and PDF hold has passed the gate as page and pictures."""
    whole = _embedded(page, exhibits.files).encode("utf-8")
    release(whole, f"{name}.html")
    for file, content in exhibits.files.items():
        release(content, file)
    made = {**exhibits.files, f"{name}.html": whole}
    if "docx" in formats:
        pictures = {f: content for f, content in exhibits.files.items() if f.endswith(".png")}
        made[f"{name}.docx"] = documents.word(
            page.replace('.svg" alt', '.png" alt'), pictures, language=exhibits.language, reference=reference
        )
    if "pdf" in formats:
        drawings = {f: content for f, content in exhibits.files.items() if f.endswith(".svg")}
        made[f"{name}.pdf"] = documents.pdf(page, drawings, language=exhibits.language)
    return made


def _page(sections: Sequence[Section], language: Language, head: Mapping[str, str]) -> str:
    """Return the page; its pictures are named as files."""
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
    words = {name: text[language] for name, text in prose.HEADINGS.items()}
    return environment.get_template("report.html.j2").render(
        language=language, sections=sections, words=words, **{"kind": "", **head}
    )


def _embedded(page: str, files: Mapping[str, bytes]) -> str:
    """Write the pictures into the page itself."""
    for name in (name for name in files if name.endswith(".svg")):
        data = base64.b64encode(files[name]).decode("ascii")
        page = page.replace(f'src="{name}"', f'src="data:image/svg+xml;base64,{data}"')
    return page


def _manifest(
    files: Mapping[str, bytes],
    documents_: Sequence[Exhibits],
    items: Sequence[Item],
    told: Told,
    *,
    title: str,
    as_of: dt.date | None,
) -> bytes:
    inferences: list[Inference] = [item for item in items if isinstance(item, Inference)]
    said = {s.text: s for exhibits in documents_ for s in exhibits.sentences if s.numbers}
    facts = {
        "as_of": as_of.isoformat() if as_of is not None else None,
        "checks": doubts_of(items),
        "exhibits": [entry for exhibits in documents_ for entry in exhibits.listed],
        "files": [
            {"bytes": len(content), "name": name, "sha256": sha256(content)} for name, content in sorted(files.items())
        ],
        "inferences": [repr(inference) for inference in inferences],
        "language": documents_[0].language,
        "made_by": MADE_BY,
        "notes": notes_of(inferences),
        "numbers": [
            {"sentence": text, "shown": q.shown, "source": q.source, "value": _plain(q.value)}
            for text, sentence in said.items()
            for q in sentence.numbers
        ],
        "provenance": provenance({"level": told.level}, told.inputs),
        "source": told.source,
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
