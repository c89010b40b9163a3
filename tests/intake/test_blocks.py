"""Sheets in blocks: an office said once, in a row of its own above its records or in the first row of its block."""

from __future__ import annotations

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.topics.surveys.answers import ELEMENTS

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
HEADINGS = ["No", "Uraian", "Pagu", "Mulai"]
ROWS = [
    ["I", "DINAS SOSIAL", "700.000.000", None],
    [None, "Program Rehabilitasi Sosial", None, None],
    ["1", "Pengadaan beras", "300.000.000", "17 Maret 2024"],
    ["2", "Rehabilitasi panti", "400.000.000", "2 April 2024"],
    ["II", "Dinas Kesehatan", None, "-"],
    ["1", "Pengadaan obat", "100.000.000", "5 Mei 2024"],
    [None, "JUMLAH", "800.000.000", None],
]


def sheet(*more, at=5):
    return pd.DataFrame([*ROWS[:at], *more, *ROWS[at:]], columns=HEADINGS)


def read(source, **others):
    return ai.read_observations(
        source, as_of="2024-12-31", date="Mulai", numbers=["Pagu"], group_rows="Uraian", **others
    )


def owners(observations):
    frame = observations.records.select("office", "Pagu").collect().to_pandas().sort_values("Pagu")
    return dict(zip(frame["Pagu"].astype(int) // 1_000_000, frame["office"], strict=True))


@pytest.mark.parametrize("kind", ["frame", "workbook", "csv"])
def test_an_office_above_its_records_is_theirs(tmp_path, kind):
    source = sheet()
    if kind == "workbook":
        source = tmp_path / "paket.xlsx"
        pd.DataFrame([["REALISASI", None, None, None], HEADINGS, *ROWS]).to_excel(source, header=False, index=False)
    if kind == "csv":
        source = tmp_path / "paket.csv"
        sheet().to_csv(source, index=False, sep=";")
    read_ = read(source)
    assert owners(read_) == {300: "DINAS SOSIAL", 400: "DINAS SOSIAL", 100: "Dinas Kesehatan"}
    assert "2 offices stand above their records: 'DINAS SOSIAL', 'Dinas Kesehatan'" in " ".join(map(str, read_.notes))


def test_a_sheet_a_year_begins_anew(tmp_path):
    file = tmp_path / "paket.xlsx"
    with pd.ExcelWriter(file) as book:
        sheet().to_excel(book, sheet_name="2024", index=False)
        later = pd.DataFrame([["1", "Jalan", "900.000.000", "3 Juni 2024"], ["I", "Badan Keuangan", None, None],
                              ["1", "Meja", "50.000.000", "4 Juni 2024"]], columns=HEADINGS)  # fmt: skip
        later.to_excel(book, sheet_name="2025", index=False)
    read_ = read(file)
    assert owners(read_)[50] == "Badan Keuangan"
    assert 900 not in owners(read_)  # no office above it: left out, and counted
    assert read_.ledger.dropped


def test_a_label_alone_that_may_be_an_office_is_asked_about():
    more = [["III", "Hamba Muara Bulian", None, None], ["1", "Ambulans", "600.000.000", "6 Juni 2024"]]
    with pytest.raises(ai.InputError, match=r"'Hamba Muara Bulian'.*groups="):
        read(sheet(*more))
    assert owners(read(sheet(*more), groups=["Hamba Muara Bulian"]))[600] == "Hamba Muara Bulian"


def test_a_package_that_has_not_begun_is_no_office_and_is_said():
    with pytest.warns(ai.DataWarning, match="Gedung arsip"):
        read_ = read(sheet(["3", "Gedung arsip", "250.000.000", None], at=4))
    assert set(owners(read_).values()) == {"DINAS SOSIAL", "Dinas Kesehatan"}


def test_a_sheet_without_offices_says_so():
    with pytest.raises(ai.InputError, match="no row without a date names an office"):
        read(sheet().iloc[2:4])
    with pytest.raises(ai.InputError, match="Did you mean 'Uraian'"):
        ai.read_observations(sheet(), as_of="2024-12-31", date="Mulai", group_rows="Uraiann")


def test_an_office_once_a_block_holds_for_its_block():
    means = dict.fromkeys(ELEMENTS, 3.2)
    rows = [{"OPD": o if half == 1 else None, "Periode": f"Semester {half} 2024", "n": 50, **means}
            for o in ("Dinas Sosial", "Dinas Kesehatan") for half in (1, 2)]  # fmt: skip
    recap = ai.read_survey_aggregates(pd.DataFrame(rows), period="Periode", respondents="n", fill_down=["OPD"])
    assert recap.frame()["office"].tolist() == ["Dinas Sosial"] * 2 + ["Dinas Kesehatan"] * 2
    assert "2 empty cells" in " ".join(map(str, recap.notes))
    with pytest.warns(ai.DataWarning, match=r"2 of 4 rows name no office.*fill_down=\['OPD'\]"):
        ai.read_survey_aggregates(pd.DataFrame(rows), period="Periode", respondents="n")


@pytest.mark.parametrize(("heading", "columns"), [("Perangkat Daerah", None), ("Instansi yang dinilai", "named")])
def test_a_block_can_be_named_by_its_field_as_the_template_does(heading, columns):
    means = dict.fromkeys(ELEMENTS, 3.2)
    rows = [{heading: o if half == 1 else None, "Periode": f"Semester {half} 2024", "n": 50, **means}
            for o in ("Dinas Sosial", "Dinas Kesehatan") for half in (1, 2)]  # fmt: skip
    named = {"office": heading} if columns else None
    recap = ai.read_survey_aggregates(
        pd.DataFrame(rows), period="Periode", respondents="n", fill_down=["office"], columns=named
    )
    assert recap.frame()["office"].tolist() == ["Dinas Sosial"] * 2 + ["Dinas Kesehatan"] * 2


PERMITS = ["No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai"]
OFFICES = ["Dinas Kesehatan", "RSUD Harapan", "Kecamatan Muara"]


def permits(office):
    return [[f"{office[:3]}{i}", office, f"2024-03-{i:02d}", f"2024-04-{i:02d}"] for i in range(1, 11)]


def exported(tmp_path, rows, headings=PERMITS, **others):
    path = tmp_path / "izin.csv"
    pd.DataFrame(rows, columns=headings).to_csv(path, index=False)
    return ai.read_exports(path, as_of="2024-12-31", selection="received", **others)


def by_office(extract):
    return extract.records.collect().to_pandas()["office"].value_counts().to_dict()


def test_an_office_in_the_first_row_of_its_block_of_permits_is_filled_down_where_asked(tmp_path):
    blocks = [
        [[case, office if i == 0 else "", *days] for i, (case, office, *days) in enumerate(permits(office))]
        for office in OFFICES
    ]
    rows = [row for block in blocks for row in block]
    with pytest.raises(InputError, match=r"no office 27.*fill_down=\[\"office\"\]"):
        exported(tmp_path, rows)
    extract = exported(tmp_path, rows, fill_down=["office"])
    assert by_office(extract) == dict.fromkeys(OFFICES, 10)
    assert any(note.key == "observations.filled_down" for note in extract.notes)


@pytest.mark.parametrize("number", ["", "A.", "II", "3"])
@pytest.mark.parametrize("total", [[], [["Jumlah", "", "", "10"]]])
def test_an_office_in_a_row_of_its_own_above_its_permits_is_that_of_the_rows_below(tmp_path, number, total):
    rows = []
    for office in OFFICES:
        rows += [[number, office, "", ""] if number else [office, "", "", ""]]
        rows += [[case, "Izin", *days] for case, _, *days in permits(office)] + total
    headings = ["No Permohonan", "Jenis Izin", *PERMITS[2:]]
    extract = exported(tmp_path, [*rows, ["Muara Bulian, 31 Desember 2024", "", "", ""]], headings)
    assert by_office(extract) == dict.fromkeys(OFFICES, 10)
    assert any(note.key == "observations.groups.found" for note in extract.notes)


def test_a_row_that_stands_alone_and_may_be_an_office_is_asked_about(tmp_path):
    rows = [row for office in [*OFFICES, "Disdik"] for row in ([office, "", "", ""], *permits(office))]
    headings = ["No Permohonan", "Jenis Izin", *PERMITS[2:]]
    rows = [["Unit Khusus Pelayanan", "", "", ""] if row[0] == "Disdik" else row for row in rows]
    rows = [["Kelompok Kerja", "", "", ""], *rows]
    with pytest.raises(InputError, match=r"'Kelompok Kerja'.*offices=\{'Kelompok Kerja': 'Kelompok Kerja'\}"):
        exported(tmp_path, rows, headings)
    extract = exported(tmp_path, rows, headings, offices={"Kelompok Kerja": "Kelompok Kerja"})
    assert extract.ledger.kept == 40


def written_in_sheets(place, names):
    with pd.ExcelWriter(place / "izin.xlsx") as book:
        for name in names:
            rows = pd.DataFrame(
                {
                    "No Permohonan": [f"{name}-{month}" for month in range(1, 13)],
                    "Tanggal Masuk": [f"2024-{month:02}-05" for month in range(1, 13)],
                    "Tanggal Selesai": [f"2024-{month:02}-15" for month in range(1, 13)],
                }
            )
            rows.to_excel(book, sheet_name=name, index=False)
    return place / "izin.xlsx"


def offices_in(source, **options):
    extract = ai.read_exports(source, as_of="2025-06-30", selection="received", **options)
    return sorted(set(extract.records.collect()["office"].to_list()))


def test_sheets_called_after_offices_say_whose_their_rows_are(tmp_path):
    book = written_in_sheets(tmp_path, ["Dinas Kesehatan", "DPMPTSP"])
    with pytest.warns(DataWarning, match=r"names of 2 sheets.*\[sheet\]"):
        assert offices_in(book) == ["DPMPTSP", "Dinas Kesehatan"]
    assert offices_in(book, columns={"office": "[sheet]"}) == ["DPMPTSP", "Dinas Kesehatan"]
    assert offices_in(book, office="Dinas Sosial") == ["Dinas Sosial"]


@pytest.mark.parametrize("names", [("Barat", "Timur"), ("Badan Usaha", "Perorangan"), ("Januari", "Februari")])
def test_names_of_sheets_that_may_be_something_else_are_offices_only_where_that_is_said(tmp_path, names):
    book = written_in_sheets(tmp_path, names)
    with pytest.raises(InputError, match=r"each sheet is an office.*\[sheet\].*\[file\]"):
        offices_in(book)
    assert offices_in(book, columns={"office": "[sheet]"}) == sorted(names)
    assert offices_in(book, columns={"office": "[file]"}) == ["izin"]


def test_a_workbook_of_sheets_beside_a_file_with_a_column_of_offices(tmp_path):
    written_in_sheets(tmp_path, ["Barat", "Timur"])
    rows = {
        "OPD": "Selatan",
        "No": ["1", "2"],
        "Tanggal Masuk": ["2024-01-05", "2024-02-05"],
        "Tanggal Selesai": "2024-03-01",
    }
    pd.DataFrame(rows).rename(columns={"No": "No Permohonan"}).to_csv(tmp_path / "lain.csv", index=False)
    assert offices_in(tmp_path, columns={"office": ["OPD", "[sheet]"]}) == ["Barat", "Selatan", "Timur"]


def test_each_file_can_be_an_office_and_each_sheet_of_a_list_of_training(tmp_path):
    rows = pd.DataFrame({"Tanggal Masuk": ["2024-01-05", "2024-02-05"], "Tanggal Selesai": "2024-03-01"})
    for name in ("Dinas_Sosial", "Dinas Kesehatan"):
        rows.assign(Catatan=name).to_csv(tmp_path / f"{name}.csv", index=False)
    assert offices_in(tmp_path, columns={"office": "[file]"}) == ["Dinas Kesehatan", "Dinas Sosial"]
    with pd.ExcelWriter(tmp_path / "hadir.xlsx") as book:
        for month, name in enumerate(["Dinas Sosial", "Dinas Kesehatan"], 3):
            days = {f"{day}/{month}/2024": "H" for day in (21, 22)}
            heads = {"NIP": [f"19870101201101100{month + i}" for i in (0, 4)], **days}
            pd.DataFrame({**heads, "Pelatihan": "Bimtek"}).to_excel(book, sheet_name=name, index=False)
    with pytest.warns(DataWarning, match="names of 2 sheets"):
        rollout = ai.read_training(tmp_path / "hadir.xlsx", attended=0.8)
    assert sorted(rollout.adopted.index) == ["Dinas Kesehatan", "Dinas Sosial"]
