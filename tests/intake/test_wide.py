"""Counts in one column a month, with the headings of official tables, become one row a unit and month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from asn_impact.errors import DataWarning, InputError, PrivacyError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.wide import read_wide

MONTHS = ["JANUARI", "PEBRUARI", "MARET", "AUGUST"]


def official(path: Path, *, title: bool = True) -> Path:
    """A table as a one-stop shop publishes it: title, two rows of headings, their numbers, totals below."""
    book = openpyxl.Workbook()
    sheet = book.active
    if title:
        sheet.append(["TAHUN 2025"])
        sheet.append([])
    sheet.append(["NO", "SEKTOR", "JENIS IZIN", "JUMLAH IZIN", None, None, None, None, "JUMLAH PENOLAKAN"])
    sheet.append([None, None, None, *MONTHS, "JUMLAH", "JANUARI", "FEBRUARI", "MARET", "AGUSTUS", "JUMLAH"])
    sheet.append(["1", "2", 3, 4, 5, 6, 7, 8, 4, 5, 6, 7, 8])
    sheet.append([1, "KESEHATAN", "SIP BIDAN ", 25, 24, 0, None, 49, 1, 0, 0, None, 1])
    sheet.append([2, "KESEHATAN", "SIP PERAWAT", "1.177", 127, 122, None, 1426, 0, 0, 0, None, 0])
    sheet.append([None, None, "JUMLAH", 1202, 151, 122, None, 1475, 1, 0, 0, None, 1])
    sheet.append([None, None, None, 407, None, None, None, None, None, None, None, None, None])
    book.save(path)
    return path


@pytest.mark.parametrize("title", [True, False])
def test_an_official_table_becomes_one_row_a_unit_and_month(tmp_path: Path, title: bool) -> None:
    path = official(tmp_path / "izin.xlsx", title=title)
    long = read_wide(path, unit="JENIS IZIN", group="JUMLAH IZIN", year=2025, numbers="1.234,56")
    assert "2 rows of totals or without 'JENIS IZIN' left out" in str(long.attrs["notes"][-1])
    wide = long.pivot(index="JENIS IZIN", columns="period", values="JUMLAH IZIN")
    assert list(map(str, wide.columns)) == ["2025-01", "2025-02", "2025-03", "2025-08"]
    assert wide.loc["SIP BIDAN"].tolist()[:3] == [25, 24, 0]
    assert wide.loc["SIP PERAWAT"].tolist()[:3] == [1177, 127, 122]
    assert wide["2025-08"].isna().all()  # not yet, and not none


def test_the_other_group_has_its_own_spelling_of_months(tmp_path: Path) -> None:
    long = read_wide(official(tmp_path / "i.xlsx"), unit="jenis_izin", group="jumlah penolakan", year=2025)
    assert long["jumlah penolakan"].sum() == 1


CSVS: dict[str, tuple[str, dict[str, Any]]] = {
    "month and year": ("Dinas,Jan 2025,Peb 2025\nA,1,2\n", {}),
    "month-year": ("Dinas,Jan-2025,Feb-2025\nA,1,2\n", {}),
    "year above months": ("Dinas,2025,\n,Januari,Februari\nA,1,2\n", {}),
    "months alone": ("Dinas,JAN,FEB\nA,1,2\n", {"year": 2025}),
}


@pytest.mark.parametrize("form", CSVS)
def test_a_month_is_a_month_however_it_is_headed(tmp_path: Path, form: str) -> None:
    text, given = CSVS[form]
    (tmp_path / "a.csv").write_text(text)
    long = read_wide(tmp_path / "a.csv", unit="Dinas", **given)
    assert long["period"].astype(str).tolist() == ["2025-01", "2025-02"]
    assert long["value"].tolist() == [1, 2]


def test_years_in_three_rows_of_headings(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Wilayah", "Angka Partisipasi", None, None, None],
        [None, "SD/MI", None, "SMP/MTs", None],
        [None, "2017", "2018", "2017", "2018"],
        ["Bogor", "112.02", "107.91", "81.72", "84.12"],
        ["Sukabumi", "106.40", "110.02", "92.15", "87.89"],
    ):
        book.active.append(row)
    book.save(tmp_path / "apk.xlsx")
    long = read_wide(tmp_path / "apk.xlsx", unit="Wilayah", group="SMP/MTs")
    assert long["SMP/MTs"].tolist() == [81.72, 84.12, 92.15, 87.89]
    assert long["period"].dt.year.tolist() == [2017, 2018] * 2


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "no year": ("Dinas,Jan,Feb\nA,1,2\n", {}, "Say it: year=2025"),
    "no months": ("Dinas,a,b\nA,1,2\n", {}, "No heading is a month"),
    "another group": ("Dinas,Masuk Jan,Masuk Feb\nA,1,2\n", {"year": 2025}, "'Masuk'. Say which"),
    "one month twice": ("Dinas,Jan,Januari\nA,1,2\n", {"year": 2025}, "2025-01 twice"),
    "one unit twice": ("Dinas,Jan,Feb\nA,1,2\nA,3,4\n", {"year": 2025}, "more than one row"),
    "no numbers": ("Dinas,Jan,Feb\nA,satu,2\n", {"year": 2025}, "no numbers"),
    "no unit": ("Dinas,Jan,Feb\nA,1,2\n", {"year": 2025, "unit": "Dins"}, "Did you mean 'Dinas'"),
}


@pytest.mark.parametrize("condition", BAD)
def test_what_cannot_be_read_in_one_way_is_refused(tmp_path: Path, condition: str) -> None:
    text, given, said = BAD[condition]
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_wide(tmp_path / "a.csv", **{"unit": "Dinas", **given})


def test_units_that_are_persons_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Dinas,Jan,Feb\n" + "19870910" + "2011011006,1,2\n")
    with pytest.raises(PrivacyError):
        read_wide(tmp_path / "a.csv", unit="Dinas", year=2025)


def test_counts_are_no_cases_and_the_refusal_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column for 'received', 'decided' and 'office'"):
        read_exports(official(tmp_path / "izin.xlsx"), as_of="2025-12-31")


def test_codes_written_as_decimals_are_codes(tmp_path: Path) -> None:
    rows = "".join(f"320{i % 3}.0;{i % 28 + 1:02d}/02/2024;{i % 28 + 1:02d}/12/2024\n" for i in range(30))
    (tmp_path / "a.csv").write_text("Unit Kerja;Tanggal Masuk;Tanggal Selesai\n" + rows)
    extract = read_exports(tmp_path / "a.csv", as_of="2024-12-31")
    assert set(pd.Series(extract.records.collect()["office"].to_list())) == {"3200", "3201", "3202"}


HEADINGS = {
    "Jan-24|Feb-24|Mar-24": ("M", ["2024-01", "2024-02", "2024-03"]),
    "Jan'24|Peb'24|Mar'24": ("M", ["2024-01", "2024-02", "2024-03"]),
    "JANUARI 2024|PEBRUARI 2024|MARET 2024": ("M", ["2024-01", "2024-02", "2024-03"]),
    "2024-01-01 00:00:00|2024-02-01 00:00:00|2024-03-01 00:00:00": ("M", ["2024-01", "2024-02", "2024-03"]),
    "01/01/2024|01/02/2024|01/03/2024": ("M", ["2024-01", "2024-02", "2024-03"]),
    "31/01/2024|29/02/2024|31/03/2024": ("M", ["2024-01", "2024-02", "2024-03"]),
    "45292|45323|45352": ("M", ["2024-01", "2024-02", "2024-03"]),
    "202401|202402|202403": ("M", ["2024-01", "2024-02", "2024-03"]),
    "TW I 2024|TW II 2024|TW III 2024": ("Q-DEC", ["2024Q1", "2024Q2", "2024Q3"]),
    "Triwulan 1|Triwulan 2|Triwulan 3": ("Q-DEC", ["2024Q1", "2024Q2", "2024Q3"]),
    "Q1-2024|Q2-2024|Q3-2024": ("Q-DEC", ["2024Q1", "2024Q2", "2024Q3"]),
    "Semester I 2024|Semester II 2024|Semester I 2025": ("M", ["2024-01", "2024-07", "2025-01"]),
    "2022|2023|2024": ("Y-DEC", ["2022", "2023", "2024"]),
}


@pytest.mark.parametrize("headings", HEADINGS)
@pytest.mark.parametrize("group", ["", "Jumlah Izin"])
def test_a_heading_is_a_period_however_it_is_written(tmp_path: Path, headings: str, group: str) -> None:
    cells = headings.split("|")
    if group and cells[0].isdigit() and len(cells[0]) > 4:
        pytest.skip("a number of five digits below a group is no date")
    path = tmp_path / "izin.csv"
    path.write_text(";".join(["Dinas", *(f"{group} {c}".strip() for c in cells)]) + "\nA;3;4;5\nB;5;6;7\n")
    wide = read_wide(path, unit="Dinas", group=group, year=2024)
    freq, labels = HEADINGS[headings]
    assert wide["period"].astype(str).tolist() == labels * 2
    assert wide["period"].iloc[0].freqstr == freq
    assert wide[group or "value"].tolist() == [3, 4, 5, 5, 6, 7]


def test_other_numbers_in_headings_are_no_periods(tmp_path: Path) -> None:
    path = tmp_path / "pegawai.csv"
    path.write_text("Dinas;Pendidikan S1;Kode 202401;Golongan III;Jan-24;Feb-24\nA;1;2;3;4;5\n")
    assert read_wide(path, unit="Dinas")["value"].tolist() == [4, 5]


def test_half_years_and_months_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "izin.csv"
    path.write_text("Dinas;Semester I 2024;Juli 2024\nA;4;5\n")
    with pytest.raises(InputError):
        read_wide(path, unit="Dinas")


@pytest.mark.parametrize("name", ["REKAP 2024.csv", "rekap-2024-semua.csv"])
def test_months_without_a_year_are_refused_with_the_year_of_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("OPD;Jan;Feb\nA;3;4\nB;5;6\n")
    with pytest.raises(InputError, match="year=2024"):
        read_wide(tmp_path / name, unit="OPD")


def book(path: Path, **sheets: dict[str, Any]) -> Path:
    with pd.ExcelWriter(path) as writer:
        for name, columns in sheets.items():
            pd.DataFrame(columns).to_excel(writer, sheet_name=name.replace("_", " "), index=False)
    return path


def values(long: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(unit, str(period)): value for unit, period, value in long.iloc[:, :3].itertuples(index=False)}


def test_sheets_and_workbooks_of_one_layout_are_one_table(tmp_path: Path) -> None:
    units = {"Dinas": ["A", "B"]}
    book(
        tmp_path / "a.xlsx", **{"2022": {**units, "Jan": [1, 2], "Feb": [3, 4]}, "2023": {**units, "Jan": [5, "1.006"]}}
    )
    book(tmp_path / "b 2024.xlsx", Lembar={**units, "Jan": [7, 8]}, Target={"Catatan": ["isi"], "Jan": [3]})
    with pytest.warns(DataWarning, match="1 sheets or files without a column .Dinas..*Target"):
        long = read_wide(tmp_path, unit="Dinas", numbers="1.234,56")
    assert values(long)["B", "2023-01"] == 1006
    assert values(long)["A", "2024-01"] == 7
    assert len(long) == 8


def test_a_sheet_a_month_is_read_by_its_name(tmp_path: Path) -> None:
    months = ("Januari", "Peb", "Maret")
    for year in (2023, 2024):
        sheets = {m: {"JENIS IZIN": ["SIP", "SIUP"], "JUMLAH": [year - 2000 + i, i]} for i, m in enumerate(months)}
        book(tmp_path / f"rekap {year}.xlsx", **sheets)
    long = read_wide(tmp_path, unit="JENIS IZIN", group="JUMLAH")
    assert values(long)["SIP", "2024-03"] == 26
    assert len(long) == 12
    with pytest.raises(InputError, match="no months"):
        read_wide(tmp_path, unit="JENIS IZIN")


def test_one_period_in_two_sheets_and_periods_of_two_lengths_are_refused(tmp_path: Path) -> None:
    twice = book(tmp_path / "a.xlsx", Asli={"Dinas": ["A"], "Jan 2024": [1]}, Salinan={"Dinas": ["A"], "Jan 2024": [2]})
    with pytest.raises(InputError, match=r"'A' has 2024-01 in 'a.xlsx\[Asli\]' and in 'a.xlsx\[Salinan\]'"):
        read_wide(twice, unit="Dinas")
    assert read_wide(twice, unit="Dinas", table="Salinan")["value"].tolist() == [2]
    mixed = book(
        tmp_path / "b.xlsx", Bulan={"Dinas": ["A"], "Jan 2024": [1]}, Semester={"Dinas": ["A"], "Semester I 2023": [2]}
    )
    with pytest.raises(InputError, match="another length"):
        read_wide(mixed, unit="Dinas")


@pytest.mark.parametrize("months", ["Jan;Peb", "Jan 2024;Peb 2024", "2024-01;2024-02"])
@pytest.mark.parametrize("first", ["", "No;"])
@pytest.mark.parametrize("beside", ["Jumlah", "Target", "Ket"])
def test_counts_that_look_like_years_are_no_second_row_of_headings(
    months: str, first: str, beside: str, tmp_path: Path
) -> None:
    path, one, two = tmp_path / "izin.csv", first and "1;", first and "2;"
    path.write_text(f"{first}Dinas;{months};{beside}\n{one}A;2023;2024;2025\n{two}B;5;6;11\n")
    table = read_wide(path, unit="Dinas", year=2024)
    assert table["value"].tolist() == [2023, 2024, 5, 6]
    assert table["period"].astype(str).tolist() == ["2024-01", "2024-02"] * 2


def test_years_below_months_are_headings_where_no_unit_stands_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "izin.csv"
    path.write_text("Dinas;Jan;;Peb;\n;2023;2024;2023;2024\nB;5;6;7;8\n")
    periods = read_wide(path, unit="Dinas")["period"].astype(str).tolist()
    assert periods == ["2023-01", "2024-01", "2023-02", "2024-02"]
