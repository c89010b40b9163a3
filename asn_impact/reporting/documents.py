"""The page of a report as a document to edit (DOCX) and as one to print (PDF): the same source, so the same words.

pandoc reads the HTML page; typst sets the PDF. Both are wheels of the environment and need no network.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from asn_impact.errors import InputError
from asn_impact.words import Language, Message

TEMPLATES: Final = files("asn_impact.reporting") / "templates"
EPOCH: Final = "315532800"  # 1 January 1980, the first day a zip file can name: the same bytes on every day
PAGE: Final = "page.html"


def word(page: str, figures: Mapping[str, bytes], *, language: Language, reference: Path | None = None) -> bytes:
    """Return the page as DOCX: native tables, headings and captions that an office can edit.

    Parameters
    ----------
    page
        HTML that names its figures as files.
    figures
        Content of each file (PNG: Word draws no SVG without a copy).
    language
        Of the words.
    reference
        A DOCX whose styles, margins, header and footer are used instead of ours.

    Raises
    ------
    InputError
        The reference is no DOCX.
    """
    if reference is not None and not reference.is_file():
        raise InputError(Message("report.refused.no_reference", name=reference.name))
    with as_file(TEMPLATES / "reference.docx") as ours:
        styles = f"--reference-doc={(reference or ours).resolve()}"
        return _pandoc(page, figures, language, "docx", (styles,))


def pdf(page: str, figures: Mapping[str, bytes], *, language: Language) -> bytes:
    """Return the page as a tagged PDF for print and for screen readers (PDF/UA-1), fonts embedded.

    Parameters
    ----------
    page
        HTML that names its figures as files.
    figures
        Content of each file (SVG).
    language
        Of the words; decides hyphenation.
    """
    with as_file(TEMPLATES / "report.typ") as template:
        source = _pandoc(page, figures, language, "typst", (f"--template={template}",))
    return _typeset(source, figures)


def _pandoc(page: str, figures: Mapping[str, bytes], language: Language, to: str, options: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder, as_file(TEMPLATES / "document.lua") as filter_:
        home = Path(folder)
        _write(home, {**figures, PAGE: page.encode("utf-8")})
        output = home / f"report.{to}"
        command = (
            *(str(_locked_pandoc()), "--from=html", f"--to={to}", "--standalone"),
            *(f"--lua-filter={filter_}", f"--metadata=lang:{language}", *options, f"--output={output.name}", PAGE),
        )
        process = subprocess.run(
            command, cwd=home, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH}, capture_output=True, check=False
        )
        if process.returncode:
            raise InputError(
                Message("report.refused.not_written", form=to, reason=process.stderr.decode("utf-8").strip())
            )
        return output.read_bytes()


def _locked_pandoc() -> Path:
    """Return the pandoc of the environment, which made the reports of the tests; never one that lies on the PATH."""
    import pypandoc

    program = Path(pypandoc.__file__).parent / "files" / ("pandoc.exe" if os.name == "nt" else "pandoc")
    return program if program.is_file() else Path(pypandoc.get_pandoc_path())


def _typeset(source: bytes, figures: Mapping[str, bytes]) -> bytes:
    import matplotlib as mpl
    import typst

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _write(home, {**figures, "report.typ": source})
        document: bytes = typst.compile(
            home / "report.typ",
            root=home,
            font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"],
            ignore_system_fonts=True,  # the same page on every machine
            pdf_standards=["ua-1"],
            timestamp=int(EPOCH),
        )
    return document


def _write(home: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
