"""A notebook to start from runs as it is, in both languages, and replaces nobody's work."""

import ast

import nbclient
import nbformat
import pytest

import asn_impact as ai
from asn_impact.errors import InputError


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_notebook_runs_as_it_is(language, tmp_path):
    file = ai.new_notebook(tmp_path / "studies" / "mine", language=language)
    book = nbformat.read(file, as_version=4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
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
