"""Rows that were left out reach the office that can correct them: where they stand and why, and no person."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.intake import cleaning
from asn_impact.intake.extract import Extract
from asn_impact.intake.readers import exports
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.steps import read_steps

from .conftest import codes

AS_OF = "2024-12-31"
NIP = "19870910" + "2011011006"
PHONE = "0812" + "34567890"
HEADINGS = "No Permohonan;Perangkat Daerah;Tanggal Masuk;Tanggal Selesai;status\n"
GOOD = "".join(f"C{i};D{i % 3};{i % 28 + 1:02d}/02/2024;{i % 28 + 1:02d}/04/2024;Selesai\n" for i in range(40))

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def read(source: Any, **given_: Any) -> Extract:
    return read_exports(source, as_of=AS_OF, **given_)


def test_a_row_is_found_again_by_file_and_number_with_its_reason(tmp_path: Path) -> None:
    text = "LAPORAN 2024\n\n" + HEADINGS + GOOD + "\nX1;D1;20/03/2024;19/03/2024;Selesai\nX2;D1;;;Proses\n"
    (tmp_path / "a.csv").write_text(text)
    rows = read(tmp_path / "a.csv").dropped()
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows["reason"].tolist() == ["decided_before_received", "no_received_date"]
    assert [lines[n - 1][0] for n in rows["row"]] == ["X1", "X2"] == rows["case"].tolist()
    assert set(rows["file"]) == {"a.csv"}
    assert rows["received"].tolist() == ["20/03/2024", ""]


def test_a_row_of_a_sheet_has_the_number_that_the_spreadsheet_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Januari"
    sheet["B3"] = "DAFTAR IZIN"
    for column, heading in zip("BCDE", HEADINGS.split(";"), strict=False):
        sheet[f"{column}5"] = heading
    for row, decided in ((6, "2024-03-09"), (9, "2024-03-01"), (10, "2024-03-20")):
        for column, cell in zip("BCDE", (f"C{row}", "D1", "2024-03-05", decided), strict=True):
            sheet[f"{column}{row}"] = cell
    book.save(tmp_path / "izin.xlsx")
    rows = read(tmp_path / "izin.xlsx").dropped()
    assert rows[["file", "sheet", "row", "case"]].values.tolist() == [["izin.xlsx", "Januari", 9, "C9"]]


def test_the_rows_are_those_of_the_ledger_in_every_engine(tmp_path: Path) -> None:
    text = HEADINGS + GOOD + "C1;D1;02/02/2024;02/04/2024;Selesai\nC2;D2;09/02/2024;;Proses\nC5;D2;06/02/2024;;Proses\n"
    text += ";D1;02/02/2024;02/04/2024;Selesai\nuji test;D1;02/02/2024;;Proses\nC90;D1;30/02/2024;;Proses\n"
    text += "C91;D1;02/02/2024;;Selesai\nC92;;02/02/2024;;Proses\nC93;D1;02/02/2004;02/04/2024;Selesai\n;JUMLAH;;;\n"
    (tmp_path / "a.csv").write_text(text)
    frame = pd.read_csv(tmp_path / "a.csv", sep=";", dtype=str)
    for source in (tmp_path / "a.csv", frame, pl.from_pandas(frame), pl.from_pandas(frame).lazy()):
        extract = read(source)
        assert Counter(extract.dropped()["reason"]) == Counter(codes(extract.ledger))


ROW = st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(1, 9), st.one_of(st.none(), st.integers(1, 12)))


@settings(max_examples=7, suppress_health_check=list(HealthCheck))
@given(st.lists(ROW, min_size=6, max_size=24))
def test_dropped_and_ledger_always_agree(rows: list[tuple[int, int, int, int | None]]) -> None:
    frame = pd.DataFrame(
        {
            "case": [f"c{c}" for c, *_ in rows],
            "office": [f"o{o}" for _, o, *_ in rows],
            "received": [pd.Timestamp(2024, 1, r) for *_, r, _ in rows],
            "decided": [pd.NaT if d is None else pd.Timestamp(2024, 1, d) for *_, d in rows],
        }
    )
    try:
        extract = read(frame)
    except InputError:  # nothing left
        return
    dropped = extract.dropped()
    assert Counter(dropped["reason"]) == Counter(codes(extract.ledger))
    assert len(set(dropped["row"])) == len(dropped)


def test_persons_do_not_get_into_the_file(tmp_path: Path) -> None:
    text = HEADINGS + GOOD + f"KTP-{NIP};D1;20/03/2024;19/03/2024;Selesai\n;BUDI SANTOSO;;;\n;;Siti Aminah {PHONE};;\n"
    (tmp_path / "a.csv").write_text(text)
    target = read(tmp_path / "a.csv").write_dropped(tmp_path / "perbaikan.csv")
    written = target.read_text(encoding="utf-8-sig")
    for person in (NIP, PHONE, "BUDI", "Siti"):
        assert person not in written
    assert written.count("\n") == 4


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1"])
def test_f13_no_cell_of_the_file_runs_in_a_spreadsheet(tmp_path: Path, cell: str) -> None:
    frame = pd.DataFrame({"case": ["a", "b"], "office": [cell, cell], "received": pd.to_datetime(["2024-01-02"] * 2)})
    frame["decided"] = pd.to_datetime(["2024-01-01", "2024-01-05"])
    text = read(frame).write_dropped(tmp_path / "x.csv").read_text(encoding="utf-8-sig")
    cells = [c for row in csv.reader(io.StringIO(text), delimiter=";") for c in row]
    assert any(c.startswith("'") for c in cells)
    assert not any(c[:1] in ("=", "+", "-", "@", "\t", "\r") for c in cells)


def test_nothing_left_out_is_a_file_with_headings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADINGS + GOOD)
    extract = read(tmp_path / "a.csv")
    assert extract.dropped().empty
    assert extract.write_dropped(tmp_path / "b.csv").read_text(encoding="utf-8-sig").startswith("file;sheet;row;reason")


def test_the_file_is_in_the_language_of_the_office(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADINGS + GOOD + "X1;D1;20/03/2024;19/03/2024;Selesai\n")
    extract = read(tmp_path / "a.csv")
    english = extract.write_dropped(tmp_path / "b.csv").read_text(encoding="utf-8-sig").splitlines()
    assert english[1].split(";")[3] == "decided before received"
    written = extract.write_dropped(tmp_path / "b.csv", "id").read_text(encoding="utf-8-sig").splitlines()
    assert written[0] == "berkas;lembar;baris;alasan;nomor permohonan;unit;tanggal masuk;tanggal selesai;status"
    assert written[1].split(";")[3] == "diputuskan sebelum diterima"
    with pytest.raises(InputError, match="language='fr'"):
        extract.dropped("fr")


def test_the_list_is_not_written_among_the_exports_nor_over_them(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADINGS + GOOD)
    for source, target in ((folder, "b.csv"), (folder / "a.csv", "a.csv")):
        with pytest.raises(InputError, match="would be read as an export"):
            read(source).write_dropped(folder / target)
    assert (folder / "a.csv").read_text() == HEADINGS + GOOD


def test_steps_cannot_be_listed_and_say_so() -> None:
    steps = pd.DataFrame({"case": ["1"], "office": "O", "step_start": pd.to_datetime(["2024-01-02"])})
    extract = read_steps(steps.assign(step_end=pd.Timestamp(2024, 1, 3)), as_of=AS_OF)
    with pytest.raises(InputError, match="processing steps"):
        extract.dropped()


def test_the_list_of_dropped_rows_replaces_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    source = tmp_path / "exports" / "izin.csv"
    rows = "".join(f"Dinas A;{i + 13}/01/2024;{i + 13}/02/2024\n" for i in range(12))
    source.write_text("OPD;Tanggal Masuk;Tanggal Selesai\n" + rows + "JUMLAH;;\n")
    extract = read_exports(source, as_of="2024-12-31", selection="received")
    other = tmp_path / "pelatihan.csv"
    other.write_text("OPD;Nama Pelatihan\nDinas A;SPBE\n")
    with pytest.raises(InputError, match="exists and is no list of rows left out"):
        extract.write_dropped(other)
    assert "SPBE" in other.read_text()
    for language in ("en", "id", "en"):
        extract.write_dropped(tmp_path / "dropped.csv", language)


def test_what_stands_under_the_status_in_a_row_of_totals_is_no_status():
    rows = [(f"P-{i}", "Dinas A", "2024-03-01", "2024-03-29", "Terbit") for i in range(20)]
    frame = pd.DataFrame(rows, columns=["case", "office", "received", "decided", "status"])
    total = pd.DataFrame([(None, "JUMLAH", None, None, "20")], columns=frame.columns)
    extract = ai.read_exports(pd.concat([frame, total]), as_of="2024-12-31")
    assert (extract.ledger.read, extract.ledger.kept) == (21, 20)
    frame.loc[0, "status"] = "20"  # but in a row that is a case it is asked for
    with pytest.raises(ai.AsnImpactError, match="'20'"):
        ai.read_exports(frame, as_of="2024-12-31")


def test_what_was_read_once_more_is_kept_while_the_rows_left_out_are_looked_for(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(HEADINGS + GOOD + "C1;D1;02/02/2024;02/04/2024;Selesai\n")
    extract, seen = read(tmp_path / "a.csv"), []
    settle, copies = exports.settle_keys, cleaning.copies_of
    monkeypatch.setattr(exports, "settle_keys", lambda rows, *a: (seen.append(rows), settle(rows, *a))[1])
    monkeypatch.setattr(cleaning, "copies_of", lambda rows, **k: (seen.append(rows), copies(rows, **k))[1])
    assert extract.dropped()["reason"].tolist() == ["repeated_copy"]
    queries = [rows.to_native().sql_query() for rows in seen]
    assert [("read_parquet" in query, "CAST" in query) for query in queries] == [(True, False)] * 2  # once each
