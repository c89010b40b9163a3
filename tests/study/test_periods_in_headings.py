"""A recap whose periods are headings, or the names of its sheets, is a panel as it lies."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from asn_impact.errors import StudyError
from asn_impact.study import read_study
from asn_impact.study.prepared import attempted
from asn_impact.topics.surveys.answers import read_survey_aggregates

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

OFFICES = ["Dinas A", "Dinas B", "Dinas C"]

STUDY = """
[study]
title = "a"
source = "a"
language = ["en"]
[data]
kind = "panel"
path = "rekap.xlsx"
columns = {{unit = {unit}, period = {period}{more}}}
{keys}
[outcome]
kind = "mean"
column = "Nilai IKM"
unit = "poin"
[report]
folder = "result"
"""


def book(folder: Path, sheets: dict[str, list[list[object]]]) -> None:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(folder / "rekap.xlsx")


def panel_of(folder: Path, unit: str = "Unit", period: str = "[heading]", more: str = "", keys: str = ""):
    text = STUDY.format(unit=f'"{unit}"', period=f'"{period}"', more=more, keys=keys)
    (folder / "study.toml").write_text(text)
    tried = attempted(read_study(folder / "study.toml"))
    if tried.problems:
        raise tried.problems[0]
    return tried.ready.panel, tried.ready.notes


LAYOUTS = {
    "half-years": (["No", "Unit", "Sem. I 2023", "Smt 2 2023", "S1-2024"],),
    "a date that begins one": (["No", "Unit", "Semester I 2023", "2023-07", "Semester I 2024"],),
    "the measure before": (["No", "Unit", "Nilai IKM Sem I 2023", "Nilai IKM Sem II 2023", "Nilai IKM Sem I 2024"],),
    "the measure behind": (["No", "Unit", "Sem I 2023 Nilai IKM", "Sem II 2023 Nilai IKM", "Sem I 2024 Nilai IKM"],),
    "the year above": (["No", "Unit", 2023, None, 2024], [None, None, "Semester I", "Semester II", "Semester I"]),
    "the year in a title": (["REKAP IKM TAHUN 2023"], [], ["No", "Unit", "Sem I", "Sem II", None]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_half_years_in_headings_are_periods(tmp_path: Path, layout: str) -> None:
    rows = [[i, name, 3 + i / 10, 3.1 + i / 10, 3.2 + i / 10] for i, name in enumerate(OFFICES)]
    if layout == "the year in a title":
        rows = [row[:4] for row in rows]
    book(tmp_path, {"IKM": [*LAYOUTS[layout], *rows, ["", "Rata-rata", *([3.2] * (len(rows[0]) - 2))]]})
    panel, notes = panel_of(tmp_path)
    assert panel.units == tuple(OFFICES)
    assert list(panel.timeline.labels) == ["2023-01", "2023-07", "2024-01"][: len(rows[0]) - 2]
    assert panel.timeline.span == 6
    assert not any(note.key == "measures.panel.months_begin" for note in notes)
    assert panel.mean[1, :2] == pytest.approx([3.1, 3.2])


@pytest.mark.parametrize(
    ("headings", "n"),
    [
        (["TW I 2024", "TW II 2024", "TW III 2024", "Jumlah 2024"], 3),
        (["Januari 2024", "Pebruari 2024", "Mar-24", "2024"], 3),
        (["2022", "2023", "2024"], 3),
    ],
)
def test_other_lengths_are_periods_too_and_totals_are_passed_over(tmp_path: Path, headings: list[str], n: int) -> None:
    book(tmp_path, {"IKM": [["Unit", *headings], *([name, *([3.5] * len(headings))] for name in OFFICES)]})
    panel, notes = panel_of(tmp_path)
    assert len(panel.timeline) == n
    assert any(note.key == "intake.wide.other_lengths" for note in notes) is (len(headings) > n)


def test_a_half_year_of_no_year_is_refused(tmp_path: Path) -> None:
    book(tmp_path, {"IKM": [["Unit", "Sem I", "Sem II"], *([name, 3, 3] for name in OFFICES)]})
    with pytest.raises(StudyError, match="without its year"):
        panel_of(tmp_path)


def test_one_regency_of_several_is_read(tmp_path: Path) -> None:
    rows = [[where, name, 3, 3.5] for where in ("Kab. Hulu", "Kab. Hulu Rimba") for name in OFFICES]
    book(tmp_path, {"IKM": [["Wilayah", "Unit", "Sem I 2023", "Sem II 2023"], *rows]})
    panel, _ = panel_of(tmp_path, more=', regency = "Wilayah"', keys='regency = "Hulu"')
    assert panel.units == tuple(OFFICES)


@pytest.mark.parametrize("names", [["Januari", "Pebruari", "Maret"], ["Jan 2024", "Feb 2024", "Mar 2024"]])
def test_a_sheet_a_month(tmp_path: Path, names: list[str]) -> None:
    sheet = [["REKAP TAHUN 2024"], [], ["No", "Unit", "Nilai IKM"]]
    own = {name: [*sheet, *([i, o, 3 + i + k / 10] for i, o in enumerate(OFFICES))] for k, name in enumerate(names)}
    book(tmp_path, {"Petunjuk": [["Isi setiap bulan"]], **own})
    panel, _ = panel_of(tmp_path, period="[sheet]", keys=f"sheets = {names}")
    assert list(panel.timeline.labels) == ["2024-01", "2024-02", "2024-03"]
    assert panel.mean[2] == pytest.approx([5.0, 5.1, 5.2])


def test_a_sheet_an_office(tmp_path: Path) -> None:
    own = {name: [["Bulan", "Nilai IKM"], ["Januari 2024", 3], ["Februari 2024", 3.2]] for name in OFFICES}
    book(tmp_path, own)
    panel, _ = panel_of(tmp_path, unit="[sheet]", period="Bulan")
    assert panel.units == tuple(OFFICES)
    assert panel.mean[0] == pytest.approx([3, 3.2])


def test_a_recap_with_the_respondents_below_each_half_year(tmp_path: Path) -> None:
    heads = [["Unit", "Semester I 2023", None, "Semester II 2023", None], [None, *(["Responden", "Nilai IKM"] * 2)]]
    book(tmp_path, {"IKM": [*heads, *([name, 40, "82,25", 50, "83,5"] for name in OFFICES)]})
    read = read_survey_aggregates(
        tmp_path / "rekap.xlsx", period="[heading]", respondents="Responden", columns={"office": "Unit"}
    )
    assert read.elements == ("ikm",)
    assert read.rows[["period", "respondents", "ikm"]].drop_duplicates().to_numpy().tolist() == [
        ["Semester I 2023", 40, 82.25],
        ["Semester II 2023", 50, 83.5],
    ]
