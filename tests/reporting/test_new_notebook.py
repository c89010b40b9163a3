"""A notebook to start from runs as it is, in both languages, and replaces nobody's work."""

import ast

import nbformat
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.study import notebooks


def test_the_notebook_runs_as_it_is_in_both_languages(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "TOGETHER", 1)  # in one kernel
    files = [ai.new_notebook(tmp_path / "studies" / language, language=language) for language in ("id", "en")]
    for file in files:
        nbformat.validate(nbformat.read(file, as_version=4))
    with notebooks.run_notebooks() as begin:
        running = begin(files, trusted=True)
        books = [nbformat.reads(running[file.name].result(), as_version=4) for file in files]
    for book in books:
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        assert all(len(line) <= 88 for cell in code for line in cell.source.splitlines())
        assert [len(cell.outputs) for cell in code] == [1] * (len(code) - 1) + [0]


def test_what_is_commented_out_is_code(tmp_path):
    book = nbformat.read(ai.new_notebook(tmp_path / "mine.ipynb"), as_version=4)
    ast.parse(book.cells[-1].source.replace("# ", ""))


def test_nobodys_notebook_is_replaced(tmp_path):
    file = tmp_path / "mine.ipynb"
    file.write_text("my work")
    with pytest.raises(InputError, match="is there already"):
        ai.new_notebook(file)
    assert file.read_text() == "my work"
