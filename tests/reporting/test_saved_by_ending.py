"""A file is what its ending says: one file a name, the usual ones where there is no ending."""

import io
import zipfile

import docx
import openpyxl
import pandas as pd
import pypandoc
import pytest
import typst

import asn_impact as ai
from asn_impact.errors import InputError, PrivacyError
from asn_impact.reporting.tables import Table

ANSWER = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
TABLE = ai.tables.results(ANSWER)
ENDINGS = ("docx", "xlsx", "html", "tex", "md", "typ", "csv")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_table_is_one_file_of_its_ending(ending, language, tmp_path):
    files = TABLE.save(tmp_path / "new" / f"results.{ending}", language)
    assert [p.name for p in files] == [f"results.{ending}"]
    assert [p.name for p in (tmp_path / "new").iterdir()] == [f"results.{ending}"]
    again = TABLE.save(tmp_path / f"results.{ending}", language)
    assert again[0].read_bytes() == files[0].read_bytes()


def test_a_table_without_an_ending_is_the_three_files(tmp_path):
    assert sorted(p.suffix for p in TABLE.save(tmp_path / "results", "en")) == [".csv", ".html", ".tex"]
    assert TABLE.save(tmp_path / "results.v2", "en")[0].name == "results.v2.html"


def test_an_ending_in_capitals_is_the_same(tmp_path):
    assert TABLE.save(str(tmp_path / "R.DOCX"), "en")[0].name == "R.docx"


def test_an_ending_that_a_table_cannot_be_is_refused_with_those_it_can(tmp_path):
    with pytest.raises(InputError, match=r"ending='png'\. Expected 'html', 'tex', 'csv', 'md', 'typ'"):
        TABLE.save(tmp_path / "results.png", "en")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_file_says_the_same_cells(language, tmp_path):
    frame = TABLE.to_frame(language)
    cells = [list(frame.columns), *frame.to_numpy().tolist()]
    (word,) = TABLE.save(tmp_path / "t.docx", language)
    (native,) = docx.Document(str(word)).tables
    assert [[cell.text for cell in row.cells] for row in native.rows] == cells
    (book,) = TABLE.save(tmp_path / "t.xlsx", language)
    rows = list(openpyxl.load_workbook(book).active.values)
    assert rows[0][0] == str(TABLE.title.text(language))
    assert list(rows[1]) == cells[0]
    column = cells[0].index(str(TABLE.heading("estimate").text(language)))
    assert [row[column] for row in rows[2 : 2 + len(frame)]] == TABLE.frame["estimate"].tolist()
    page = pypandoc.convert_text(TABLE.markdown(language), "html", format="markdown")
    read = pd.read_html(io.StringIO(page), keep_default_na=False, decimal="@", thousands=None)[0].astype(str)
    assert list(read.columns) == cells[0]
    assert read.shape == frame.shape


@pytest.mark.parametrize("language", ["id", "en"])
def test_typst_sets_the_table(language, tmp_path):
    rough = Table(pd.DataFrame({"group": ["a#b", "[c]", "*d*_e_", "$1 @x <y> // =", "\\"]}), "# T & $x$", note="_n_")
    for table in (TABLE, rough):
        (file,) = table.save(tmp_path / "t.typ", language)
        assert typst.compile(file).startswith(b"%PDF")


def test_what_is_hidden_is_hidden_in_every_file(tmp_path):
    frame = pd.DataFrame({"group": ["a", "b", "c"], "records": [120, 4, 31], "mean_before": [7.5, 6.125, 8.2]})
    table = Table(frame, "T", kinds={"records": "records", "mean_before": "one"}, rests_on={"mean_before": "records"})
    for ending in ENDINGS:
        content = table.save(tmp_path / f"t.{ending}", "en")[0].read_bytes()
        if ending in {"docx", "xlsx"}:
            archive = zipfile.ZipFile(io.BytesIO(content))
            content = b"".join(
                archive.read(name) for name in archive.namelist() if "sheet1" in name or "document" in name
            )
        assert b"6.1" not in content
    rows = list(openpyxl.load_workbook(tmp_path / "t.xlsx").active.values)
    assert [row[1] for row in rows[2:5]] == [120, "<10", "*"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_persons_number_leaves_in_no_file(ending, tmp_path):
    nip = "19850101" + "201001" + "1" + "001"
    table = Table(pd.DataFrame({"group": [f"Pegawai {nip}"]}), "T")
    with pytest.raises(PrivacyError):
        table.save(tmp_path / f"t.{ending}", "id")
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_runs_nothing(tmp_path):
    table = Table(pd.DataFrame({"group": ["=1+1", "+cmd", "a & <b>"]}), "T")
    rows = list(openpyxl.load_workbook(table.save(tmp_path / "t.xlsx", "en")[0]).active.values)
    assert [row[0] for row in rows[2:5]] == ["'=1+1", "'+cmd", "a & <b>"]
