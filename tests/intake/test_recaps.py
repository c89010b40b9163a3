"""Recaps of a satisfaction survey as offices publish them: the year in a title, an index of their own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.topics.surveys.answers import ELEMENTS
from asn_impact.topics.surveys.periods import standing_for, survey_period

HEADINGS = ["No", "Unit Pelayanan", "Jumlah Responden", *ELEMENTS]


def write_rows(path: Path, rows: list[list[Any]]) -> None:
    width = max(map(len, rows))
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    pd.DataFrame(padded, dtype=object).to_excel(path, header=False, index=False)


def recap(path: Path, *titles: str, headings: list[str] = HEADINGS, rows: Any = None) -> Path:
    cells = rows or [[1, "Dinas A", 60, *[3.2] * 9], [2, "Dinas B", 80, *[3.4] * 9]]
    write_rows(path, [*([t] for t in titles), [], headings, *cells])
    return path


def read(path: Path, **how: Any) -> ai.SurveyAggregates:
    given = {"respondents": "Jumlah Responden", "columns": {"office": "Unit Pelayanan"}, "year": "title"}
    return ai.read_survey_aggregates(path, **{**given, **how})


@pytest.mark.parametrize(
    ("title", "month", "months"),
    [
        ("REKAPITULASI IKM TAHUN 2024", 24288, 12),
        ("Rekap IKM Semester II Tahun 2024", 24294, 6),
        ("TRIWULAN III TAHUN ANGGARAN 2024", 24294, 3),
        ("BULAN MARET 2024", 24290, 1),
        ("Periode 1 Januari s.d. 30 Juni 2024", None, None),
        ("Semester I dan II Tahun 2024", None, None),
        ("Periode Januari - Juni 2024", None, None),
    ],
)
def test_a_recap_has_its_period_in_a_title(tmp_path: Path, title: str, month: int | None, months: int | None) -> None:
    law = "Berdasarkan PermenPANRB Nomor 14 Tahun 2017"
    path = recap(tmp_path / "rekap.xlsx", "PEMERINTAH KABUPATEN X", title, law)
    if month is None:
        with pytest.raises(InputError, match="names parts of a year, but not just one"):
            read(path)
        return
    found = read(path)
    assert found.rows["month"].tolist() == [month] * 2
    assert found.rows["months"].tolist() == [months] * 2
    assert any("read from the title" in note for note in found.notes)


def test_the_year_of_a_column_of_half_years_is_in_the_title(tmp_path: Path) -> None:
    rows = [[1, "Dinas A", 60, *[3.2] * 9, "Semester I"], [1, "Dinas A", 70, *[3.3] * 9, "Semester II"]]
    path = recap(tmp_path / "r.xlsx", "IKM 2023", headings=[*HEADINGS, "Periode"], rows=rows)
    assert read(path, period="Periode").rows["period"].tolist() == ["Semester I 2023", "Semester II 2023"]


def test_a_title_with_two_years_or_none_is_refused(tmp_path: Path) -> None:
    for title in ("IKM TAHUN 2023 DAN TAHUN 2024", "REKAPITULASI IKM"):
        with pytest.raises(InputError, match="do not hold just one year"):
            read(recap(tmp_path / "r.xlsx", title))
    with pytest.raises(InputError, match="No period was given"):
        read(recap(tmp_path / "r.xlsx", "IKM 2024"), year=None)


def test_a_text_file_has_titles_too_and_each_file_its_own(tmp_path: Path) -> None:
    for year in (2023, 2024):
        cells = [f"REKAP IKM TAHUN {year}", ";".join(HEADINGS), ";".join(["1", "Dinas A", "60", *["3,2"] * 9])]
        (tmp_path / f"{year % 7}.csv").write_text("\n".join(cells) + "\n")
    assert sorted(read(tmp_path).rows["period"]) == ["2023", "2024"]


def test_blocks_below_each_other_have_their_own_titles(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    blocks = [[[f"TAHUN {y}"], HEADINGS, [1, "Dinas A", y - 1960, *[3.2] * 9], []] for y in (2022, 2023)]
    write_rows(path, [row for block in blocks for row in block])
    assert sorted(read(path).rows["period"]) == ["2022", "2023"]


def test_the_index_a_recap_prints_is_held_against_its_elements(tmp_path: Path) -> None:
    means = [3.21, 3.25, 3.3, 3.11, 3.4, 3.05, 3.18, 3.22, 3.27]
    own = [*HEADINGS, "Nilai IKM"]
    exact, rounded = 25 * sum(means) / 9, 25 * 0.11 * sum(means)
    for printed in (round(exact, 2), round(rounded, 2), round(exact / 25, 2)):
        path = recap(
            tmp_path / "r.xlsx", "IKM 2024", headings=[*HEADINGS, "Nilai IKM"], rows=[[1, "A", 60, *means, printed]]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataWarning)
            read(path)
    path = recap(tmp_path / "r.xlsx", "IKM 2024", headings=own, rows=[[1, "A", 60, *means, 88.31]])
    with pytest.warns(DataWarning, match="'Nilai IKM' differs from its elements in 1 of 1 rows.*printed 88.31"):
        assert "Nilai IKM" not in read(path).headings.values()


def test_a_column_beside_the_index_is_not_taken_for_it(tmp_path: Path) -> None:
    for heading, value in (("Mutu IKM", "B"), ("Target IKM", 99.0), ("Peringkat IKM", 1), ("IKM", "Baik")):
        path = recap(
            tmp_path / "r.xlsx", "IKM 2024", headings=[*HEADINGS, heading], rows=[[1, "A", 60, *[3.2] * 9, value]]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataWarning)
            read(path)


def test_a_month_in_numbers_beside_half_years_in_words_is_a_half_year():
    periods, notes = standing_for(["Sem. I 2024", "2024-07"], [survey_period("Sem. I 2024"), survey_period("2024-07")])
    assert list(periods) == [(24288, 6), (24294, 6)]
    assert notes[0].key == "survey.months_begin"
    periods, notes = standing_for(["Sem. I 2024", "2024-08"], [survey_period("Sem. I 2024"), survey_period("2024-08")])
    assert list(periods) == [(24288, 6), (24295, 1)]
