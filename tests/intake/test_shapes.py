"""Shapes of sheets: merged cells, headings again, several tables, sheets that repeat the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from asn_impact import Extract, read_exports
from asn_impact.errors import DataWarning, InputError
from tests.intake.conftest import said
from tests.intake.test_formats import as_ods

HEADINGS = ["No Permohonan", "OPD", "Jenis Izin", "Tanggal Masuk", "Tanggal Selesai", "Status"]
Book = openpyxl.Workbook


def row(i: int, office: str) -> list[Any]:
    return [f"P{office}{i}", office, "IMB", dt.datetime(2025, 1, 1 + i), dt.datetime(2025, 2, 1 + i), "Selesai"]


def read(path: Path, fill: Callable[[Book], None], **more: Any) -> Extract:
    book = Book()
    book.remove(book.active)
    fill(book)
    book.save(path / "b.xlsx")
    return read_exports(path / "b.xlsx", as_of="2025-12-31", selection="received", **more)


def sheet(book: Book, name: str, rows: Sequence[Sequence[Any]]) -> Any:
    made = book.create_sheet(name)
    for line in rows:
        made.append(line)
    return made


def offices(extract: Extract) -> dict[str, int]:
    return extract.records.collect()["office"].to_pandas().value_counts().to_dict()


def test_a_merged_office_counts_for_all_its_rows(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        made = sheet(book, "d", [HEADINGS])
        for office in ("Dinas A", "Dinas B"):
            first = made.max_row + 1
            for i in range(10):
                made.append(row(i, office) if i == 0 else [f"P{office}{i}", None, *row(i, office)[2:]])
            made.merge_cells(start_row=first, end_row=first + 9, start_column=2, end_column=2)

    with pytest.warns(DataWarning, match="merged cells"):
        assert offices(read(tmp_path, fill)) == {"Dinas A": 10, "Dinas B": 10}


def test_a_merged_office_of_an_open_document_counts_for_all_its_rows(tmp_path: Path) -> None:
    rows = [(f"P{i}", "Dinas A" if i == 0 else "", f"2024-02-{i + 13}", f"2024-03-{i + 13}") for i in range(10)]
    as_ods(tmp_path / "a.ods", rows, {(1, 1): 10})
    assert offices(read_exports(tmp_path / "a.ods", as_of="2024-12-31", selection="received")) == {"Dinas A": 10}


def test_headings_on_every_page_are_no_rows(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        rows = [row(i, "Dinas A") for i in range(20)]
        sheet(book, "d", [["LAPORAN"], HEADINGS, *rows[:10], [], HEADINGS, *rows[10:15], HEADINGS, *rows[15:]])

    extract = read(tmp_path, fill)
    assert (extract.ledger.read, extract.ledger.kept) == (20, 20)
    assert "the headings come again in 2 rows" in said(extract)


def test_two_tables_below_each_other_are_two(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        other = ["OPD", "Tanggal Selesai", "Tanggal Masuk", "No Permohonan", "Jenis Izin"]
        lower = [[r[1], r[4], r[3], r[0], r[2]] for r in (row(i, "Dinas B") for i in range(9))]
        upper = [row(i, "Dinas A") for i in range(7)]
        sheet(book, "d", [HEADINGS, *upper, [], ["TABEL 2"], other, *lower])

    extract = read(tmp_path, fill)
    assert offices(extract) == {"Dinas A": 7, "Dinas B": 9}
    assert {s.name for s in extract.sources} == {"b.xlsx[d]", "b.xlsx[d!A11]"}


def test_two_tables_beside_each_other_are_two(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        pairs = [[*row(i, "Dinas A"), None, *row(i, "Dinas B")] for i in range(8)]
        sheet(book, "d", [[*HEADINGS, None, *HEADINGS], *pairs, [None] * 7 + row(8, "Dinas B")])

    assert offices(read(tmp_path, fill)) == {"Dinas A": 8, "Dinas B": 9}


RECAP = [["Jenis Izin", "Jumlah", "Status"], ["IMB", 20, "Selesai"]]


def months(book: Book) -> None:
    for name in ("Jan", "Feb"):
        sheet(book, name, [HEADINGS, *(row(i, f"Dinas {name}") for i in range(10))])


def test_a_recap_beside_the_months_is_passed_over_and_said(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        months(book)
        sheet(book, "Rekap", RECAP)

    with pytest.warns(DataWarning, match=r"1 sheets without columns of dates were not read: 'b.xlsx\[Rekap\]'"):
        extract = read(tmp_path, fill)
    assert extract.ledger.read == 20


def test_a_sheet_that_repeats_the_others_does_not_count_twice(tmp_path: Path) -> None:
    every = [[*HEADINGS[1:]], *([*row(i, f"Dinas {m}")[1:]] for m in ("Jan", "Feb") for i in range(10))]

    def fill(book: Book) -> None:
        for k, name in enumerate(("Jan", "Feb")):
            sheet(book, name, [every[0], *every[1 + 10 * k : 11 + 10 * k]])
        sheet(book, "Semua", every)

    with pytest.warns(DataWarning, match=r"1 sheets repeat what the others hold.*Semua"):
        assert read(tmp_path, fill).ledger.read == 20


def test_which_sheets_count_can_be_said(tmp_path: Path) -> None:
    assert offices(read(tmp_path, months, sheets=("Feb",))) == {"Dinas Feb": 10}
    with pytest.raises(InputError, match=r"no sheet named 'Feb '.*Did you mean 'Feb'"):
        read(tmp_path, months, sheets=("Feb ",))


def test_a_month_that_lacks_one_heading_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        months(book)
        changed = [*HEADINGS[:3], "Masuknya kapan", *HEADINGS[4:]]
        sheet(book, "Mar", [changed, *(row(i, "Dinas Mar") for i in range(10))])

    with pytest.raises(InputError, match=r"\[Mar\].*no column for 'received'.*sheets=\['...'\]"):
        read(tmp_path, fill)


def test_headings_that_differ_between_files_can_be_listed(tmp_path: Path) -> None:
    for name, heading in (("a", "Masuk_Berkas/Jam"), ("b", "Kapan diajukan")):
        rows = "".join(f"{name}{i};Dinas {name};{i + 13}/01/2025;{i + 13}/02/2025\n" for i in range(12))
        (tmp_path / f"{name}.csv").write_text(f"No Permohonan;OPD;{heading};Tanggal Selesai\n{rows}")
    listed = {"received": ["masuk berkas jam", "KAPAN_DIAJUKAN"]}
    extract = read_exports(tmp_path, as_of="2025-12-31", columns=listed, selection="received")
    assert extract.ledger.kept == 24


def test_doubled_columns_that_nobody_needs_do_not_matter() -> None:
    days = pd.date_range("2025-01-06", periods=12)
    frame = pd.DataFrame({"OPD": "A", "Tanggal Masuk": days, "Tanggal Selesai": days + pd.Timedelta(days=3)})
    frame = frame.assign(ket=1, ket2=2).set_axis([*frame.columns, "Keterangan", "Keterangan"], axis=1)
    assert read_exports(frame, as_of="2025-12-31", selection="received").ledger.kept == 12
    twice = frame.set_axis(["OPD", "Tanggal Masuk", "Tanggal Selesai", "Tanggal Selesai", "Keterangan"], axis=1)
    with pytest.raises(InputError, match="2 columns named 'Tanggal Selesai'"):
        read_exports(twice, as_of="2025-12-31", selection="received")


def test_a_workbook_that_counts_days_from_1904_has_the_same_days(tmp_path: Path) -> None:
    def fill(book: Book) -> None:
        book.epoch = CALENDAR_MAC_1904
        sheet(book, "d", [HEADINGS, *(row(i, "Dinas A") for i in range(12))])

    records = read(tmp_path, fill).records.collect()
    assert sorted(records["received"].to_list()) == [dt.date(2025, 1, 1 + i) for i in range(12)]


def test_a_year_before_1900_is_a_slip_and_not_a_case_open_for_two_centuries(tmp_path: Path) -> None:
    rows = "".join(
        f"A;{13 + i}/01/{1824 if i == 3 else 2024};{'' if i in (3, 4) else f'{13 + i}/02/2024'}\n" for i in range(12)
    )
    (tmp_path / "a.csv").write_text(f"OPD;Tanggal Masuk;Tanggal Selesai\n{rows}")
    with pytest.warns(DataWarning, match="received before the year 1900 1"):
        extract = read_exports(tmp_path / "a.csv", as_of="2024-02-29", selection="received")
    assert extract.ledger.kept == 11


def test_headings_again_in_a_text_file_are_no_rows(tmp_path: Path) -> None:
    head = "No Permohonan;OPD;Tanggal Masuk;Tanggal Selesai\n"
    rows = [f"{i};A;{i + 1:02d}/01/2024;{i + 1:02d}/02/2024\n" for i in range(25)]
    (tmp_path / "a.csv").write_text("LAPORAN\n" + head + "".join(rows[:10]) + head + "".join(rows[10:]) + "JUMLAH;;;\n")
    extract = read_exports(tmp_path / "a.csv", as_of="2024-12-31", selection="received")
    assert (extract.ledger.read, extract.ledger.kept) == (26, 25)
    assert extract.dropped()[["row", "reason"]].values.tolist() == [[29, "row_of_totals"]]
