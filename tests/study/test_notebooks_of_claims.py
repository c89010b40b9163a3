"""Each claim of a programme has a notebook to go on from: the library's calls, and the number of the report."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import nbformat
import pytest

import asn_impact as ai
from asn_impact.reporting.tables import results
from asn_impact.study import notebooks
from asn_impact.study.as_code import notebook_of
from asn_impact.study.happened import RISE
from asn_impact.study.notebooks import execute
from asn_impact.study.whole import run_programme

from .programme_files import STUDY, write_programme

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
ONCE, *CLAIMS = STUDY.split("[[claim]]")
_, ONLINE, HAPPY, LATE, QUEUE = (f"[[claim]]{part}".replace('placebo = ["sarana"]', "") for part in CLAIMS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("claims")


@pytest.fixture(scope="module")
def programme(place):
    once = ONCE.replace('["id", "en"]', '"id"')
    cell = nbformat.v4.new_code_cell("1 + 1")
    (place / "mine.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])), encoding="utf-8")
    once = once.replace('formats = ["html"]', 'formats = ["html"]\nfigures = "figures"\nnotebooks = "mine.ipynb"')
    return ai.open_study(write_programme(place, once + ONLINE + HAPPY + LATE + QUEUE))


@pytest.fixture(scope="module")
def finished(programme):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "TOGETHER", 1)  # in one kernel
        return run_programme(programme)


def book(finished, name):
    return nbformat.read(finished.folder / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", ["daring", "puas", "proyek", "antri"])
def test_the_last_number_of_a_notebook_is_that_of_the_report_to_the_digit(finished, programme, name):
    last = book(finished, name).cells[-1].outputs[-1]["data"]["text/html"]
    shown = results(programme[name].inference, level=0.95).to_frame("id")
    assert last == shown._repr_html_()


def test_a_notebook_is_the_literal_calls_with_the_values_of_the_file(finished):
    source = "\n".join(cell.source for cell in book(finished, "daring").cells if cell.cell_type == "code")
    for line in (
        "ai.read_exports(",
        'here / "izin.csv"',
        "ai.Imputation()",
        'true=("Online",)',
        "rule = ai.BiasReduced()",
    ):
        assert line in source
    assert not [note for note in finished.notes if note.key == "notebook.claim.differs" and note["id"] == "daring"]


def test_what_calls_alone_cannot_say_is_read_through_the_study_file(finished):
    source = "\n".join(cell.source for cell in book(finished, "antri").cells)
    assert 'programme["antri"]' in source
    assert "ai.Imputation()(design)" in source


def test_trained_by_the_day_of_an_event_is_read_through_the_study_file_at_once(programme, place):
    """Calls one by one gave another number, so that each such notebook was run twice."""
    claim, finding = programme.claim("daring"), programme["daring"]
    rise = replace(claim.study, outcome=replace(claim.study.outcome, name=RISE))
    cells = notebook_of(replace(claim, study=rise), finding, place / "result" / "notebooks", "id").cells
    assert 'finding = programme["daring"]' in "\n".join(source for _, source in cells)


def test_the_checks_of_a_notebook_give_the_grade_of_the_report(programme):
    finding = programme["daring"]
    effects = finding.effects.estimator(finding.design)
    again = programme.scrutinise("daring", effects, rule=finding.inference.rule)
    assert again.grade.letter == finding.grade.letter
    assert [c.answer for c in again.checks] == [c.answer for c in finding.scrutiny.checks]


def test_notebooks_and_figures_of_the_study_file_are_made_too(finished, place):
    assert book(finished, "mine").cells[0].outputs[0]["data"]["text/plain"] == "2"
    assert (place / "figures" / "id" / "daring_event_study.png").is_file()
    listed = json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))["files"]
    assert {"notebooks/daring.ipynb", "notebooks/mine.ipynb", "figures/id/daring_event_study.svg"} <= set(listed)


def test_no_path_of_the_machine_stands_in_a_notebook(finished, place):
    for file in (finished.folder / "notebooks").glob("*.ipynb"):
        assert str(place) not in file.read_text(encoding="utf-8")


def test_a_claim_without_an_effect_says_why(programme, place):
    claim = programme.claim("antri")
    empty = ai.Finding(id="antri", label="x", refusal=ai.Message("study.no_rollout"), panel=programme["antri"].panel)
    cells = notebook_of(claim, empty, place / "result" / "notebooks", "id").cells
    assert "programme.matrix([finding]" in cells[-1][1]


def test_the_cells_of_each_claim_can_be_published(programme, tmp_path):
    text = programme.shared.file.read_text(encoding="utf-8").split("[[claim]]")
    text[0] = text[0].replace('figures = "figures"\nnotebooks = "mine.ipynb"', "cells = true")
    file = programme.shared.file.with_name("cells.toml")
    file.write_text("[[claim]]".join([text[0], text[1], text[-1]]), encoding="utf-8")
    files = ai.open_study(file).publish(folder=tmp_path / "result")
    assert {"daring.zip", "antri.zip"} <= {path.name for path in files if path.parent.name == "cells"}


def written(file, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return file


def outputs(content):
    return [cell.outputs for cell in nbformat.reads(content.decode(), as_version=4).cells]


def test_what_a_cell_prints_in_pieces_is_one_text_and_a_widget_leaves_no_random_number(tmp_path):
    view = "{'application/vnd.jupyter.widget-view+json': {'model_id': uuid.uuid4().hex}, 'text/plain': 'a slider'}"
    file = written(
        tmp_path / "slow.ipynb",
        "import time\nprint('a', flush=True)\ntime.sleep(0.5)\nprint('b')",
        f"import uuid\ndisplay({view}, raw=True)",
    )
    (said,), (shown,) = outputs(asyncio.run(execute(file)))
    assert said.text == "a\nb\n"
    assert shown.data == {"text/plain": "a slider"}


def test_notebooks_that_share_a_kernel_know_nothing_of_each_other(tmp_path, monkeypatch):
    """Each counts from one, has no name of the other, and hears a warning that the other heard before."""
    monkeypatch.setattr(notebooks, "TOGETHER", 1)
    cells = ("import os, warnings\nprint('mine' in dir())\nmine = os.getpid()\nmine", "warnings.warn('again')")
    with notebooks.run_notebooks() as begin:
        running = begin([written(tmp_path / name, *cells) for name in ("a.ipynb", "b.ipynb")], trusted=True)
        first, second = (outputs(result.result()) for result in running.values())
    assert [first, [o.text for o in first[0][:1]]] == [second, ["False\n"]]
    assert first[0][1].execution_count == 1
    assert "again" in second[1][0].text


def test_a_notebook_of_ours_that_fails_takes_no_other_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "TOGETHER", 1)
    files = [written(tmp_path / f"{name}.ipynb", source) for name, source in {"a": "1/0", "b": "1 + 1"}.items()]
    with notebooks.run_notebooks() as begin:
        running = begin(files, trusted=True)
        with pytest.raises(ai.StudyError, match="ZeroDivisionError"):
            running["a.ipynb"].result()
        assert outputs(running["b.ipynb"].result())[0][0].data["text/plain"] == "2"
