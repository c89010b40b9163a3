"""A notebook to start from: it runs as it is, on invented data, and says where one's own files go."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from asn_impact.errors import InputError
from asn_impact.reporting.provenance import write_beside
from asn_impact.reporting.words import check_language
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message

#: What a cell is about -> its lines, at most 88 columns; the text above it is in words/notebook.toml.
CELLS: Final = {
    "title": "",
    "files": """import asn_impact as ai

permits = ai.example_records()  # "data/permits"
cases = ai.read_exports(permits, as_of="2025-03-31")
cases""",
    "waits": """times = ai.measure(cases, ai.WorkCalendar.indonesia())
panel = ai.tabulate(times, ai.RestrictedMean(30), by="office")
ai.figures.waits_calendar(panel, language="{language}")""",
    "training": """rollout = ai.example_rollout()  # ai.read_training("data/training.csv", ...)
design = ai.assign(panel, rollout, cluster="office")
ai.figures.who_is_compared(design, language="{language}")""",
    "effect": """effects = ai.GLSImputation()(design)
answer = ai.infer(effects.overall(), ai.BiasReduced())
ai.tables.results(answer).to_frame("{language}")""",
    "time": """by_time = ai.infer(effects.event_study(), ai.BiasReduced())
ai.figures.event_study(by_time, language="{language}")""",
    "checks": """scrutiny = ai.scrutinise(effects, rule=ai.BiasReduced(), seed=2026)
ai.tables.checks(scrutiny).to_frame("{language}")""",
    "explore": """ai.explore(design, language="{language}")""",
    "save": """# ai.figures.event_study(by_time).save("figures/by_time.png")
# ai.tables.results(answer).save("tables/answer.docx", "{language}")
# ai.publish(
#     "report",
#     [answer, by_time, scrutiny],
#     language="{language}",
#     title="...",
#     source="...",
# )""",
}


@public_verb
def new_notebook(path: str | Path, *, language: Language = "en") -> Path:
    """Write a notebook to start from and return its path: from the files to the report, a sentence above every cell.

    It runs as it is, on the invented data of `example_records`; the comments say where your own files go.

    Parameters
    ----------
    path
        ``"my_study.ipynb"``; the folder is made.
    language
        Of the sentences, the charts and the tables.

    Raises
    ------
    InputError
        There is a file of this name already: nobody's work is replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import asn_impact as ai
    >>> ai.new_notebook(Path(tempfile.mkdtemp()) / "my_study.ipynb", language="id").name
    'my_study.ipynb'
    """
    import nbformat

    form: Any = nbformat  # it has no types
    v4 = form.v4
    check_language(language)
    file = Path(path).with_suffix(".ipynb")
    if file.exists():
        raise InputError(Message("notebook.there", name=file.name))
    cells = []
    for name, lines in CELLS.items():
        cells.append(v4.new_markdown_cell(Message(f"notebook.{name}").text(language).text, id=f"{name}-text"))
        if lines:
            cells.append(v4.new_code_cell(lines.format(language=language), id=name))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    file.parent.mkdir(parents=True, exist_ok=True)
    write_beside(file, form.writes(book).encode("utf-8"))
    return file
