"""Files as offices have them: heads of five rows, drifting headings, totals, signatures, dumps; made here."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.extract import Extract
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.steps import read_steps
from asn_impact.intake.readers.wide import read_wide
from tests.intake.conftest import said
from tests.intake.test_old_workbooks import old_workbook

AS_OF = "2025-12-31"
NIK = "150401" + "100987" + "0001"
NIP = "19870910" + "201101" + "1" + "006"
PHONE = "0812" + "34567890"


def sheet(path: Path, *rows: Sequence[Any], title: str = "Sheet") -> openpyxl.Workbook:
    """Write a workbook of one sheet."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return book


def kept(extract: Extract) -> list[tuple[Any, ...]]:
    """Return case, office, received, decided and status of each record, in order of case."""
    columns = ("case", "office", "received", "decided", "status")
    return sorted(extract.records.select(*columns).collect().rows(), key=repr)


# --- SiCantik -------------------------------------------------------------------------------------------------

ISSUED = ["No.", "Nama Pemohon", "Nama Perusahaan", "Jenis Izin", "Jenis Permohonan", "Telp./HP. Pemohon"]
ISSUED += ["Lokasi", "Nomor Izin", "Tanggal Penetapan", "Akhir Masa Berlaku"]


def issue_list(path: Path) -> Path:
    """The list of issued permits: titles in rows 1 to 3, headings in row 5, no day of receipt."""
    persons = ["BUDI SANTOSO", "CV MAJU", "SIP Bidan", "Baru", f"'{PHONE}", f"KTP-{NIK}"]
    book = sheet(
        path,
        ["LAPORAN PENERBITAN IZIN"],
        ["DPMPTSP KABUPATEN CONTOH"],
        ["Periode 1 Januari 2025 s.d. 31 Maret 2025"],
        [],
        ISSUED,
        *([i, *persons, f"503/{i}/SIP/I/2025", dt.date(2025, 1, i), dt.date(2030, 1, i)] for i in range(1, 29)),
    )
    for row in (1, 2, 3):
        book.active.merge_cells(start_row=row, end_row=row, start_column=1, end_column=10)
    book.save(path)
    return path


def test_a_list_of_issued_permits_has_no_day_of_receipt_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column for 'received'") as caught:
        read_exports(issue_list(tmp_path / "terbit.xlsx"), as_of=AS_OF, office="DPMPTSP")
    assert not any(part in str(caught.value) for part in ("BUDI", NIK, PHONE))
    assert "Tanggal Penetapan" in str(caught.value)


def test_an_old_workbook_with_the_headings_in_row_five_is_read(tmp_path: Path) -> None:
    above = [["LAPORAN PERMOHONAN"] + [""] * 4, ["DPMPTSP"] + [""] * 4, ["2025"] + [""] * 4, ["-"] + [""] * 4]
    head = ["No Permohonan", "Nama Pemohon", "Telp./HP. Pemohon", "Tanggal Pengajuan", "Tanggal Penetapan"]
    rows: list[list[str | float]] = [[f"P{i:02d}", "BUDI", f"'{PHONE}", 45660.0 + i, 45664.0 + i] for i in range(1, 20)]
    (tmp_path / "izin.xls").write_bytes(old_workbook([*above, head, *rows]))
    extract = read_exports(tmp_path / "izin.xls", as_of=AS_OF, office="DPMPTSP")
    assert extract.ledger.kept == 19
    assert kept(extract)[0][:4] == ("P01", "DPMPTSP", dt.date(2025, 1, 4), dt.date(2025, 1, 8))
    assert PHONE not in extract.records.collect().to_pandas().to_csv()


def test_steps_of_the_interface_lose_tests_deleted_rows_and_placeholder_dates(tmp_path: Path) -> None:
    def step(case: str, name: str, start: str | None, end: str | None, status: str, **more: Any) -> dict[str, Any]:
        fields = {"no_permohonan": case, "jenis_izin": "SIP Bidan", "nama_proses": name, "start_date": start}
        return {**fields, "end_date": end, "status": status, "nama": "BUDI", "no_hp": PHONE, "del": 0, **more}

    rows = [
        step("1", "Verifikasi", "2025-01-02 08:11:00", "2025-01-03 09:00:00", "Selesai"),
        step("1", "Verifikasi", "2025-01-02 08:11:00", "2025-01-03 09:00:00", "Selesai"),
        step("1", "Penyerahan", "2025-01-03 09:00:00", "2025-01-09 10:00:00", "Selesai"),
        step("2", "Verifikasi", "2025-01-06 08:00:00", "0001-01-01 00:00:00", "Menunggu"),
        step("TEST-3", "Verifikasi", "2025-01-06 08:00:00", None, "Proses"),
        step("4", "Verifikasi", "2025-01-06 08:00:00", None, "Proses", **{"del": 1}),
    ]
    path = tmp_path / "keluaran.json"
    path.write_text(json.dumps({"status": 200, "data": {"count": len(rows), "data": rows}}), encoding="utf-8")
    extract = read_steps(path, as_of=AS_OF, office="DPMPTSP")
    assert re.search(r"1 placeholder.*deleted step 1, test row 1, repeated step 1", said(extract))
    assert kept(extract) == [
        ("1", "DPMPTSP", dt.date(2025, 1, 2), dt.date(2025, 1, 9), "granted"),
        ("2", "DPMPTSP", dt.date(2025, 1, 6), None, "open"),
    ]


# --- OSS ------------------------------------------------------------------------------------------------------


def test_an_oss_list_of_a_reporting_tool_has_the_day_of_issue_only(tmp_path: Path) -> None:
    head = ["Day of tgl_izin", "nib", "kd_resiko", "uraian_jenis_perizinan", "status_perizinan", "kab_kota"]
    rows = [
        [f"{i} November 2025", "9120001234567", "R", "Sertifikat Standar", "Izin terbit", "X"] for i in range(1, 20)
    ]
    sheet(tmp_path / "OLAH DATA OSS BULAN NOVEMBER 2025.xlsx", head, *rows, ["GRAND TOTAL", 19])
    with pytest.raises(InputError, match="no column for 'received'") as caught:
        read_exports(tmp_path, as_of=AS_OF, office="DPMPTSP")
    assert "'decided'" not in str(caught.value)  # Day of tgl_izin is the day of issue


def test_an_oss_list_with_both_days_is_read(tmp_path: Path) -> None:
    head = ["id_perizinan", "Day of tanggal_pengajuan", "Day of tanggal_terbit", "status"]
    rows = [[f"I{i}", f"{i} Nopember 2025", f"{i + 2} Nopember 2025", "Terbit otomatis"] for i in range(1, 20)]
    sheet(tmp_path / "TW IV 2025.xlsx", ["REKAP OSS"], head, *rows, ["Null"], ["JUMLAH", "19"])
    with pytest.warns(DataWarning, match=r"row of totals 1.*no received date 1"):
        extract = read_exports(tmp_path, as_of=AS_OF, office="DPMPTSP")
    assert extract.ledger.kept == 19
    assert kept(extract)[0] == ("I1", "DPMPTSP", dt.date(2025, 11, 1), dt.date(2025, 11, 3), "granted")


def test_files_of_quarters_stack_and_a_case_carried_over_counts_once(tmp_path: Path) -> None:
    head = ["No. Registrasi", "Unit Kerja", "Tgl. Pengajuan", "Tgl. Terbit"]
    first = [[f"P{i}", "DPMPTSP", dt.date(2025, 3, i), dt.date(2025, 3, i + 2)] for i in range(1, 15)]
    sheet(tmp_path / "REKAP TW I 2025.xlsx", head, *first, ["P99", "DPMPTSP", dt.date(2025, 3, 28), "proses"])
    late = ["P99", "DPMPTSP", dt.date(2025, 3, 28), dt.date(2025, 4, 9)]
    sheet(tmp_path / "REKAP TW II 2025.xlsx", ["REKAP"], [], head, late)
    extract = read_exports(tmp_path, as_of=AS_OF)
    assert "open copy of a case decided in another 1" in said(extract)
    assert len(extract.sources) == 2
    assert kept(extract)[-1] == ("P99", "DPMPTSP", dt.date(2025, 3, 28), dt.date(2025, 4, 9), "granted")


# --- SIMBG and the older counter ------------------------------------------------------------------------------

BUILDING = "no_konsultasi,nm_konsultasi,nm_pemilik,almt_bgn,tgl_pernyataan,tanggal_terbit,status\n" + "".join(
    f"PBG-150403-{i:02d}092025-001,Rumah Tinggal,BUDI,Jl. A,2025-09-{i:02d},{end},{code}\n"
    for i, end, code in [(1, "2025-10-06", 12), (2, "0000-00-00", 4), (3, "NULL", 9), (15, "2025-10-20", 12)]
)


def test_number_codes_of_a_status_are_asked_for_and_then_read(tmp_path: Path) -> None:
    path = tmp_path / "simbg.csv"
    path.write_text(BUILDING, encoding="utf-8")
    with pytest.raises(InputError, match=r"3 status words are not known: '12' \(2 rows\)"):
        read_exports(path, as_of=AS_OF, office="PUPR")
    words = {"12": "granted", "4": "open", "9": "rejected"}
    with pytest.warns(DataWarning, match=r"finished without a decision date 1"):
        extract = read_exports(path, as_of=AS_OF, office="PUPR", status_words=words)
    assert [(r[0][-12:-4], r[3], r[4]) for r in kept(extract)] == [
        ("01092025", dt.date(2025, 10, 6), "granted"),
        ("02092025", None, "open"),
        ("15092025", dt.date(2025, 10, 20), "granted"),
    ]


def dump(rows: str) -> bytes:
    """A dump of the older system in latin-1: 16 digits with zeros in front, a promised day, NULL in words."""
    head = '"pendaftaran_id","n_pemohon","n_perizinan","v_hari","d_terima_berkas","d_selesai_proses","tgl_surat"'
    return f'{head},"no_surat","status_berkas"\r\n{rows}'.encode("latin-1")


def test_a_dump_of_the_older_system_is_read_by_its_decree_and_not_by_its_promise(tmp_path: Path) -> None:
    rows = "".join(
        f'"{i:010d}082017","Jos\u00e9 {i}","SITU","14","2025-08-{i:02d}","2025-08-28","{end}","{letter}","{code}"\r\n'
        for i, end, letter, code in [
            (1, "2025-08-13", "503/1", 1),
            (4, "2025-08-20", "Ditolak", 2),
            (5, "0000-00-00", "Belum Penomoran", 0),
            (6, "NULL", "NULL", 3),
        ]
    )
    (tmp_path / "tmpermohonan.csv").write_bytes(dump(rows))
    words = {"0": "open", "1": "granted", "2": "rejected", "3": "withdrawn"}
    extract = read_exports(tmp_path, as_of=AS_OF, office="KPT", status_words=words)
    assert "1 placeholder" in said(extract)
    assert extract.headings["decided"] == "tgl_surat"
    assert "cp1252" in said(extract)
    assert [(len(r[0]), r[0][:10], r[3], r[4]) for r in kept(extract)] == [
        (16, "0000000001", dt.date(2025, 8, 13), "granted"),
        (16, "0000000004", dt.date(2025, 8, 20), "rejected"),
        (16, "0000000005", None, "open"),
        (16, "0000000006", None, "withdrawn"),
    ]


# --- sheets by hand -------------------------------------------------------------------------------------------

DRIFT = {
    "JAN": ["No", "No. Permohonan", "OPD", "Tgl. Masuk", "Tgl. Selesai"],
    "PEB": ["NO.", "NOMOR PERMOHONAN", "PERANGKAT DAERAH", "TANGGAL MASUK", "TANGGAL SELESAI"],
    "MRT": ["No", "No Registrasi", "Unit Kerja", "Tanggal Permohonan", "Tanggal Terbit"],
}


def monthly(path: Path) -> Path:
    """One sheet a month: headings drift, titles above, a total and who signed below."""
    book = openpyxl.Workbook()
    for month, (name, head) in enumerate(DRIFT.items(), start=1):
        tab = book.create_sheet(name)
        for row in (["REKAPITULASI PELAYANAN"], [f"BULAN {name} 2025"], [], head):
            tab.append(row)
        for i in range(1, 11):
            tab.append([i, f"{month}-{i}", "Dinas A", f"{i + 10}/{month:02d}/2025", f"{i + 15}/{month:02d}/2025"])
        for row in (["JUMLAH", None, None, None, "10"], [], [None, None, None, "Muara Bulian, 31 Desember 2025"]):
            tab.append(row)
        for text in ("Kepala Dinas,", "BUDI SANTOSO", f"NIP. {NIP[:8]} {NIP[8:14]} {NIP[14]} {NIP[15:]}"):
            tab.append([None, None, None, text])
    del book["Sheet"]
    book.save(path)
    return path


def test_sheets_of_months_whose_headings_drift_stack_without_totals_and_signatures(tmp_path: Path) -> None:
    extract = read_exports(monthly(tmp_path / "rekap 2025.xlsx"), as_of=AS_OF)
    assert "row of totals 3, text below the table 12" in said(extract)
    assert extract.ledger.kept == 30
    assert {r[1] for r in kept(extract)} == {"Dinas A"}
    shown = said(extract) + extract.dropped().to_csv()
    assert "BUDI" not in shown
    assert NIP[:8] not in shown


def test_subtotals_numbers_of_columns_hidden_rows_and_notes_below(tmp_path: Path) -> None:
    path = tmp_path / "izin.xlsx"
    rows = [[i, f"A{i}", "Dinas A", f"1{i % 9}-Mei-25", f"2{i % 9}-Mei-25"] for i in range(1, 10)]
    book = sheet(
        path,
        ["DAFTAR IZIN TAHUN 2025"],
        ["No", "No Berkas", "Unit Pelayanan", "Tanggal", None],
        [None, None, None, "Masuk", "Keluar"],
        ["(1)", "(2)", "(3)", "(4)", "(5)"],
        *rows[:5],
        ["Sub Total", None, None, 5],
        *rows[5:],
        ["Rata-rata", None, None, None, "9,5"],
        ["Total", None, None, 9],
        ["Ket.: *) berkas dikembalikan"],
    )
    book.active.row_dimensions[7].hidden = True
    book.save(path)
    with pytest.warns(DataWarning, match="hidden rows, read like the others"):
        extract = read_exports(path, as_of=AS_OF)
    assert "row of totals 3" in said(extract)
    assert extract.ledger.kept == 9
    assert kept(extract)[0][2:4] == (dt.date(2025, 5, 11), dt.date(2025, 5, 21))


def test_a_semicolon_file_of_an_indonesian_windows_is_read(tmp_path: Path) -> None:
    days = ["Senin, 3 Maret 2025", "Jum'at, 7 Maret 2025", "Ahad, 9 Maret 2025", "10 Pebruari 2025", "17-Agt-25"]
    rows = "".join(f"B{i};Caf\u00e9 & Dinas;{day};30 Desember 2025\r\n" for i, day in enumerate(days))
    path = tmp_path / "izin.csv"
    path.write_bytes(f"sep=;\r\nNo. Agenda;Bidang;Berkas Diterima;Tgl SK\r\n{rows}".encode("cp1252"))
    extract = read_exports(path, as_of=AS_OF)
    expected = [dt.date(2025, m, d) for m, d in [(3, 3), (3, 7), (3, 9), (2, 10), (8, 17)]]
    assert [r[2] for r in kept(extract)] == expected
    assert {r[1] for r in kept(extract)} == {"Caf\u00e9 & Dinas"}


def test_counts_as_texts_with_thousands_dots_are_asked_for_and_then_read(tmp_path: Path) -> None:
    path = tmp_path / "TW I.xlsx"
    book = sheet(
        path,
        ["REKAP IZIN TERBIT"],
        ["Jenis Izin", "Triwulan I", None, None],
        [None, "Januari", "Pebruari", "Maret"],
        ["NIB", "33.450", "1.100", "2.345"],
        ["SIP", "25", "-", ""],
        ["JUMLAH", "33.475", "1.100", "2.345"],
    )
    book.active.merge_cells("B2:D2")
    book.save(path)
    with pytest.raises(InputError, match=r"thousands or decimals"):
        read_wide(path, unit="Jenis Izin", group="Triwulan I", year=2025)
    with pytest.warns(DataWarning, match="merged cells"):
        long = read_wide(path, unit="Jenis Izin", group="Triwulan I", year=2025, numbers="1.234,56")
    assert "1 rows of totals" in str(long.attrs["notes"][-1])
    assert long["Triwulan I"].tolist()[:4] == [33450, 1100, 2345, 25]
    assert long["Triwulan I"].isna().sum() == 2


def test_a_group_is_found_by_its_last_words_and_a_long_table_is_sent_to_read_panel(tmp_path: Path) -> None:
    head = [["Wilayah", "Angka Partisipasi", None, None], [None, "SD/MI", None, "SMP"], [None, "2017", "2018", "2017"]]
    sheet(tmp_path / "wide.xlsx", *head, ["Bogor", "107.54", "106.24", "88.80"])
    assert read_wide(tmp_path / "wide.xlsx", unit="Wilayah", group="SD/MI")["SD/MI"].tolist() == [107.54, 106.24]
    (tmp_path / "long.csv").write_text("nama_kabupaten,nilai,tahun\nBogor,1,2020\n", encoding="utf-8")
    with pytest.raises(InputError, match="read_panel"):
        read_wide(tmp_path / "long.csv", unit="nama_kabupaten")


@pytest.mark.parametrize("form", ["%d/%m", "%d", "%d Januari"])
def test_dates_without_a_year_are_refused_with_what_to_write(tmp_path: Path, form: str) -> None:
    days = [dt.date(2024, 1, day) for day in range(1, 31)]
    rows = "".join(f"{i};Dinas A;{d.strftime(form)};{d.strftime(form)}\n" for i, d in enumerate(days))
    path = tmp_path / "Jan 2024.csv"
    path.write_text(f"No Permohonan;OPD;Tanggal Masuk;Tanggal Selesai\n{rows}")
    with pytest.raises(InputError, match=r"The year is not there\. Add it"):
        read_exports(path, as_of="2024-12-31")
