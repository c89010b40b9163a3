"""A notebook to start from runs as it is, in both languages, and replaces nobody's work."""

import ast

import nbformat
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.study import notebooks


def code_of(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_the_notebook_runs_as_it_is_and_the_other_language_has_the_same_lines(tmp_path):
    files = [ai.new_notebook(tmp_path / "studies" / language, language=language) for language in ("id", "en")]
    books = [nbformat.read(file, as_version=4) for file in files]
    for book in books:
        nbformat.validate(book)
    ours, theirs = ([cell.source for cell in code_of(book)] for book in books)
    assert [source.replace('"en"', '"id"') for source in theirs] == ours
    assert all(len(line) <= 88 for source in ours for line in source.splitlines())
    with notebooks.run_notebooks() as begin:
        ran = nbformat.reads(begin(files[:1], trusted=True)[files[0].name].result(), as_version=4)
    assert [len(cell.outputs) for cell in code_of(ran)] == [1] * (len(ours) - 1) + [0]


def test_what_is_commented_out_is_code(tmp_path):
    book = nbformat.read(ai.new_notebook(tmp_path / "mine.ipynb"), as_version=4)
    ast.parse(book.cells[-1].source.replace("# ", ""))


def test_nobodys_notebook_is_replaced(tmp_path):
    file = tmp_path / "mine.ipynb"
    file.write_text("my work")
    with pytest.raises(InputError, match="is there already"):
        ai.new_notebook(file)
    assert file.read_text() == "my work"
