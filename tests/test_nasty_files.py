"""Bad files: read exactly, or refused or warned about by name. Never a silent wrong number, never a foreign error.

The numbers in the names are those of the project's list of bad inputs. Files are also made at random; for a
longer hunt than the test run affords (about four minutes)::

    ASN_IMPACT_EXAMPLES=3000 python -m pytest tests/test_nasty_files.py -k random -q
"""

from __future__ import annotations

import codecs
import datetime as dt
import io
import json
import pickle
import re
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

import asn_impact as ai
from asn_impact.intake.written import write_beside

AS_OF = "2024-12-31"
HEADINGS = "No Permohonan;Perangkat Daerah;Tanggal Masuk;Tanggal Selesai\n"
ROWS = "".join(f"C{i};D{i % 3};{i % 28 + 1:02d}/0{i % 9 + 1}/2024;{i % 28 + 1:02d}/1{i % 3}/2024\n" for i in range(60))
CLEAN = HEADINGS + ROWS
NIP = "19870910" + "2011011006"
Write = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "izin.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def read(source: Any, **given_: Any) -> ai.Extract:
    return ai.read_exports(source, as_of=AS_OF, **given_)


def said(value: Any) -> str:
    return " ".join(map(str, value.notes))


def records(extract: ai.Extract) -> list[tuple[Any, ...]]:
    return sorted(extract.records.collect().rows(), key=repr)


@cache
def truth() -> list[tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "truth.csv").write_text(CLEAN)
        return records(read(Path(folder) / "truth.csv"))


# --- text files -----------------------------------------------------------------------------------------------

SAME: dict[str, bytes] = {
    "f01 semicolons and decimal commas": CLEAN.replace("\n", ";1,5\n")
    .replace("Selesai;1,5", "Selesai;Luas", 1)
    .encode(),
    "f02 byte order mark": codecs.BOM_UTF8 + CLEAN.encode(),
    "f03 latin-1": CLEAN.replace("\n", ";caf\u00e9\n").encode("latin-1"),
    "f04 utf-16 with tabs": CLEAN.replace(";", "\t").encode("utf-16"),
    "f04 utf-16, the big end first": b"\xfe\xff" + CLEAN.encode("utf-16-be"),
    "commas": CLEAN.replace(";", ",").encode(),
    "every field quoted": re.sub(r"[^;\n]+", r'"\g<0>"', CLEAN).encode(),
    "titles": ("DAFTAR IZIN\n\nKabupaten;;\n" + CLEAN).encode(),
    "f26 windows lines": CLEAN.replace("\n", "\r\n").encode(),
    "f26 some windows lines": CLEAN.replace("\n", "\r\n", 5).encode(),
    "f26 a line break inside quotes": CLEAN.replace("\n", ';"x\r\ny"\n').encode(),
    "old mac lines": CLEAN.replace("\n", "\r").encode(),
    "empty lines": CLEAN.replace("\n", "\n\n").encode(),
    "sep= in front": ("sep=;\n" + CLEAN).encode(),
    "numbers of the columns": (HEADINGS + "(1);(2);(3);(4)\n" + ROWS).encode(),
    "headings in two rows": (
        "No Permohonan;Perangkat Daerah;Tanggal;\n;;Masuk;Selesai\n(1);(2);(3);(4)\n" + ROWS
    ).encode(),
    "groups above headings": (
        "No;Perangkat Daerah;Proses;\nPermohonan;;Tanggal Masuk;Tanggal Selesai\n" + ROWS
    ).encode(),
    "titles, then two rows": ("DAFTAR IZIN\n\nNo Permohonan;Unit Kerja;Tanggal;\n;;Masuk;Selesai\n" + ROWS).encode(),
    "codes shielded by an apostrophe": ROWS.join([HEADINGS, ""]).replace(";D", ";'D").encode(),
    'codes shielded by ="..."': "".join(
        ";".join(f'"=""{c}"""' if i == 1 and n else c for i, c in enumerate(row.split(";"))) + "\n"
        for n, row in enumerate(CLEAN.splitlines())
    ).encode(),
}


@pytest.mark.parametrize("form", SAME)
def test_the_form_of_the_file_changes_nothing(form: str, export: Write) -> None:
    assert records(read(export(SAME[form]))) == truth()


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "f05 NUL in a field": (CLEAN.replace("D1", "D\x001", 1).encode(), "izin.csv", "NUL"),
    "f05 NUL in place of rows": (CLEAN.encode() + bytes(4096), "izin.csv", "NUL"),
    "f05 NUL in utf-16": (CLEAN.replace("D1", "D\x001", 1).encode("utf-16"), "izin.csv", "NUL"),
    "f06 a row too long": ((CLEAN + "a;b;01/02/2024;;e\n").encode(), "izin.csv", "has 5 fields"),
    "f06 a row too short": ((CLEAN + "a;b\n" + ROWS).encode(), "izin.csv", "has 2 fields"),
    "f07 a quote never closed": ((CLEAN + 'x;"D1;01/02/2024;\n' + ROWS * 9).encode(), "izin.csv", "quote"),
    "f08 a million columns": (b";".join([b"c"] * 1_000_000) + b"\n", "izin.csv", "at most 2,000 columns"),
    "f14 parquet junk": (b"PAR1" + bytes(50) + b"PAR1", "izin.parquet", "cut off or damaged"),
    "f14 parquet of four bytes": (b"PAR1", "izin.parquet", "cut off"),
    "f15 cut in a row": (CLEAN[: int(len(CLEAN) * 0.7)].encode(), "izin.csv", "fields"),
    "f23 two columns of one name": (CLEAN.replace("Selesai", "Masuk", 1).encode(), "izin.csv", "2 columns named"),
    "f24 headings only": (HEADINGS.encode(), "izin.csv", "no rows"),
    "f24 zero bytes": (b"", "izin.csv", "zero bytes"),
    "f24 a byte order mark only": (codecs.BOM_UTF8, "izin.csv", "izin.csv"),
    "f24 line ends only": (b"\n\n\n", "izin.csv", "izin.csv"),
    "f25 a pickle": (pickle.dumps([1]), "izin.csv", "pickle"),
    "f25 an old pickle": (pickle.dumps([1], protocol=0), "izin.csv", "no column for"),
    "a web page": (b"<html><body>", "izin.xls", "web page"),
    "a table of a web page": (b"\n <TABLE border=1><tr><td>a", "izin.xls", "web page"),
    "a web page in one file": (b"MIME-Version: 1.0\n", "izin.xls", "web page"),
    "an old workbook of junk": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "izin.xls", "cannot be opened"),
    "a workbook with a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "izin.xlsx", "old Excel"),
    "csv called xlsx": (CLEAN.encode(), "izin.xlsx", "does not start like one"),
    "json cut off": (b'{"data": [{"a": 1}', "izin.json", "cut off"),
    "json too deep": (b"[" * 100_000, "izin.json", "no JSON"),
    "json without records": (b'{"a": 1}', "izin.json", "no list of records"),
    "json with a field twice": (b'[{"a": 1, "a": 2}]', "izin.json", "two fields named 'a'"),
}


@pytest.mark.parametrize("condition", REFUSED)
def test_an_unfit_file_is_refused_by_name(condition: str, export: Write) -> None:
    content, name, message = REFUSED[condition]
    with pytest.raises(ai.InputError, match=message) as caught:
        read(export(content, name))
    assert name in str(caught.value)


def test_f14_parquet_cut_off(tmp_path: Path) -> None:
    query = "SELECT 'a' AS office, DATE '2024-01-01' + i::INT AS received, NULL::DATE AS decided FROM range(300) t(i)"
    duckdb.sql(query).write_parquet(str(tmp_path / "a.parquet"))
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) * 7 // 10])
    with pytest.raises(ai.InputError, match="cut off"):
        read(tmp_path / "a.parquet")


def test_a_parquet_file_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.read_csv(io.StringIO(CLEAN), sep=";", dtype=str).to_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"Tanggal Masuk", b"Tangga\x80 Masuk"))
    with pytest.raises(ai.InputError, match=r"a\.parquet"):
        read(path)


def test_f15_a_file_cut_in_its_last_number_is_said(export: Write) -> None:
    with pytest.warns(ai.DataWarning, match="may be cut off"):
        read(export(CLEAN[:-1]))


@pytest.mark.parametrize(
    "source", ["../../../../../../etc/passwd", "https://example.org/x.csv", "a\x00b.csv", "a" * 5000, "/dev/null"]
)
def test_f16_paths_that_are_no_export_are_refused(source: str, tmp_path: Path) -> None:
    with pytest.raises(ai.InputError):
        read(str(tmp_path / source) if not source.startswith(("/", "h")) else source)


def test_f17_a_link_out_of_the_folder_is_refused(tmp_path: Path, export: Write) -> None:
    outside = export(CLEAN, "outside.csv")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.csv").symlink_to(outside)
    with pytest.raises(ai.InputError, match="leaves the folder"):
        read(folder)
    (folder / "a.csv").unlink()
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    with pytest.raises(ai.AsnImpactError):
        read(folder)


def test_f18_long_case_numbers_stay_apart(export: Write, tmp_path: Path) -> None:
    numbers = [str(10**17 + i) for i in range(20)]
    rows = "".join(f"{n};D;{i + 1:02d}/01/2024;{i + 1:02d}/12/2024\n" for i, n in enumerate(numbers))
    rows += ";D;28/01/2024;\n"
    with pytest.warns(ai.DataWarning, match="no case number 1"):
        extract = read(export(HEADINGS + rows))
    assert sorted(r[0] for r in records(extract)) == numbers
    frame = pd.DataFrame({"case": [float(n) for n in numbers], "office": "D", "received": pd.Timestamp(2024, 1, 2)})
    with pytest.raises(ai.InputError, match="last digits are lost"):
        read(frame.assign(decided=pd.NaT))


LABELS = ["007", "NA", "None", "null", "nan", "#N/A", "-", "1e5", "1.10", "TRUE", "=cmd|x"]


@pytest.mark.filterwarnings("ignore:.*look alike:asn_impact.errors.DataWarning")
@pytest.mark.parametrize("labels", [LABELS, ["NULL", "1"]], ids=len)
def test_f19_f20_office_labels_stay_as_they_are(export: Write, labels: list[str]) -> None:
    rows = ROWS.splitlines(keepends=True)
    text = HEADINGS + "".join(re.sub(r"D\d", labels[i % len(labels)], row) for i, row in enumerate(rows))
    assert {r[1] for r in records(read(export(text)))} == set(labels)


@pytest.mark.parametrize("label", [*LABELS, "NULL"])
def test_f19_f20_labels_typed_into_a_workbook_stay_as_they_are(tmp_path: Path, label: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADINGS.strip().split(";"))
    for i in range(3):
        book.active.append([f"c{i}", label, dt.date(2024, 1, 2 + i), None])
        book.active.cell(i + 2, 2).data_type = "s"
    book.save(tmp_path / "izin.xlsx")
    assert {r[1] for r in records(read(tmp_path / "izin.xlsx"))} == {label}


def sessions(passed: Sequence[str]) -> str:
    return "Perangkat Daerah;Nama Pelatihan;Tanggal Selesai;Jumlah Peserta Lulus;Jumlah Petugas\n" + "".join(
        f"O{i};X;2024-01-01;{n};2.500\n" for i, n in enumerate(passed)
    )


def test_f21_a_thousands_dot_is_never_guessed(export: Write) -> None:
    with pytest.raises(ai.InputError, match="thousands or decimals"):
        ai.read_training(export(sessions(["1.234", "1.100"])), share=0.5)
    rollout = ai.read_training(export(sessions(["1.234.000", "1.300"]).replace("2.500", "2.000.000")), share=0.5)
    assert rollout.adopted.notna().to_dict() == {"O0": True, "O1": False}


def test_f22_rows_of_totals_are_dropped_and_said(export: Write) -> None:
    totals = ["JUMLAH;;;60\n", ";Total;;\n", "Grand Total;60;;\n", "Rata-rata;;;\n", ";JUMLAH D1;;20\n"]
    extract = read(export(CLEAN + "".join(totals)))
    assert "row of totals 5" in said(extract)
    assert records(extract) == truth()


def test_signatures_below_the_table_are_dropped_and_not_shown(export: Write) -> None:
    below = ";;Muara Bulian, 31 Desember 2024;\n;;Kepala Dinas;\n;;BUDI SANTOSO;\n;;NIP 19870910 201101 1 006;\n"
    extract = read(export(CLEAN + below))
    assert records(extract) == truth()
    assert "text below the table 4" in said(extract)
    assert "BUDI" not in said(extract)
    moved = ";NIP 19870910 201101 1 006;;\n;BUDI SANTOSO;;\n"
    with pytest.warns(ai.DataWarning, match="left out"):
        assert records(read(export(CLEAN + moved))) == truth()


def test_a_file_without_headings_is_refused_and_not_shown(export: Write) -> None:
    rows = "".join(f"BUDI SANTOSO;{NIP[:-1]}{i % 10};{i + 1:02d}/01/2024;\n" for i in range(20))
    with pytest.raises(ai.InputError, match="no row of headings") as caught:
        read(export(rows))
    assert "BUDI" not in str(caught.value)


@pytest.mark.parametrize("heading", ["NIK", "Nama Pemohon", "Telp./HP. Pemohon", "E-mail", "Alamat", "org:resource"])
def test_columns_of_persons_neither_stand_for_a_field_nor_are_kept(export: Write, heading: str) -> None:
    path = export(CLEAN.replace("\n", ";BUDI\n").replace("Selesai;BUDI", f"Selesai;{heading}", 1))
    with pytest.raises(ai.PrivacyError, match="identifies persons"):
        read(path, columns={"status": heading})
    with pytest.raises(ai.PrivacyError, match="identifies persons"):
        read(path, keep=[heading])


def test_a_column_of_names_taken_for_a_status_is_not_shown(export: Write) -> None:
    lines = [f"{line};ORANG {i}" for i, line in enumerate(ROWS.splitlines())]
    with pytest.raises(ai.InputError, match="60 different words") as caught:
        read(export(HEADINGS.replace("\n", ";status\n") + "\n".join(lines) + "\n"))
    assert "ORANG" not in str(caught.value)


def test_one_file_under_two_names_is_read_once(tmp_path: Path, export: Write) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(CLEAN)
    (folder / "sub").mkdir()
    with pytest.warns(ai.DataWarning, match=r"b.csv is a copy of a.csv: not read"):
        extract = read(folder)
    assert records(extract) == truth()
    assert "sub/" in said(extract)


# --- JSON -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: {"status": 200, "data": {"count": len(r), "data": r}}])
def test_lists_of_records_are_read(export: Write, wrap: Callable[[Any], Any]) -> None:
    fields = HEADINGS.strip().split(";")
    rows = [dict(zip(fields, row.split(";"), strict=True)) for row in ROWS.splitlines()]
    assert records(read(export(json.dumps(wrap(rows)), "izin.json"))) == truth()


def test_json_keeps_long_numbers_and_reads_null(export: Write) -> None:
    rows = [{"case": 10**17 + i, "office": 7, "received": "2024-01-02", "decided": None} for i in range(3)]
    extract = read(export(json.dumps(rows), "izin.json"))
    assert [r[:2] for r in records(extract)] == [(str(10**17 + i), "7") for i in range(3)]


def test_json_beside_tables_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CLEAN)
    (tmp_path / "datapackage.json").write_text("{}")
    assert "datapackage.json" in said(read(tmp_path))


# --- workbooks ------------------------------------------------------------------------------------------------


def workbook(path: Path, *above: Sequence[Any]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in above or [HEADINGS.strip().split(";")]:
        book.active.append(row)
    for i in range(30):
        dates = [dt.date(2024, 1, 1) + dt.timedelta(i), dt.date(2024, 2, 1) + dt.timedelta(i)]
        book.active.append([f"C{i}", "007", *dates])
    book.save(path)
    return book


def repacked(path: Path, parts: dict[str, bytes]) -> Path:
    workbook(path)
    with zipfile.ZipFile(path) as old:
        kept = {n: old.read(n) for n in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (kept | parts).items():
            new.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet>&a;</worksheet>'


def test_f09_f10_f11_a_workbook_that_could_harm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ai.InputError, match="unpacks to more than"):
        read(repacked(tmp_path / "bomb.xlsx", {"xl/media/a.bin": bytes(300 << 20)}))
    for content in (LAUGHS, OUTSIDE):
        with pytest.raises(ai.InputError, match="XML entities"):
            read(repacked(tmp_path / "e.xlsx", {SHEET: content}))


@pytest.mark.parametrize("cell", ['<c r="BUB1000000"><v>1</v></c>', "<c><v>1</v></c>"])
def test_one_value_in_a_far_corner_is_refused_before_it_takes_60_gigabytes(tmp_path: Path, cell: str) -> None:
    xml = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    xml += f'<c r="A1"><v>1</v></c><c r="BUB1"><v>1</v></c></row><row r="1000000">{cell}</row></sheetData></worksheet>'
    with pytest.raises(ai.InputError, match="spreads over more than"):
        read(repacked(tmp_path / "far.xlsx", {SHEET: xml.encode()}))


def test_f12_macros_links_and_formulas_without_values_are_said(tmp_path: Path) -> None:
    parts = {"xl/vbaProject.bin": b"x", "xl/externalLinks/externalLink1.xml": b"<x/>"}
    book = workbook(tmp_path / "f.xlsx")
    book.active["B3"] = "=1+1"
    book.save(tmp_path / "f.xlsx")
    with pytest.warns(ai.DataWarning, match=r"formulas without a stored value.*no office 1"):
        read(tmp_path / "f.xlsx")
    assert re.search("macros.*links to other workbooks", said(read(repacked(tmp_path / "m.xlsx", parts))))


def test_f31_hidden_rows_merged_cells_and_hidden_sheets_are_said(tmp_path: Path) -> None:
    path = tmp_path / "izin.xlsx"
    book = workbook(path, ["LAPORAN"], HEADINGS.strip().split(";"))
    book.active.merge_cells("A1:D1")
    book.active.row_dimensions[8].hidden = True
    book.create_sheet("rahasia").sheet_state = "hidden"
    book.save(path)
    with pytest.warns(ai.DataWarning, match=r"hidden rows.*merged cells.*1 hidden sheets not read"):
        assert read(path).ledger.kept == 30


def test_headings_in_two_rows_of_a_sheet_are_joined(tmp_path: Path) -> None:
    plain, joined = tmp_path / "plain.xlsx", tmp_path / "joined.xlsx"
    workbook(plain)
    top = ["No Permohonan", "Perangkat Daerah", "Tanggal", None]
    workbook(joined, ["DAFTAR IZIN"], [], top, [None, None, "Masuk", "Selesai"], ["(1)", "(2)", "(3)", "(4)"])
    assert records(read(joined)) == records(read(plain))


# --- writing --------------------------------------------------------------------------------------------------

KILLED = """
import sys
from pathlib import Path
from asn_impact.intake.written import write_beside
while True:
    for content in (b"a" * 3_000_000, b"b" * 3_000_000):
        write_beside(Path(sys.argv[1]), content)
"""


def test_f29_killed_while_writing_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_beside(path, b"a" * 3_000_000)
    before = path.stat().st_ino
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as writer:
        while path.stat().st_ino == before:
            time.sleep(0.001)
        time.sleep(0.02)
        writer.kill()
    content = path.read_bytes()
    assert len(content) == 3_000_000
    assert len(set(content)) == 1


def test_f30_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([n]) * 400_000 for n in (1, 2)]
    write_beside(path, contents[0])
    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(lambda c: [write_beside(path, c) for _ in range(15)], c) for c in contents]
        while not all(w.done() for w in writing):
            seen = path.read_bytes()
            assert len(seen) == 400_000
            assert len(set(seen)) == 1
        for done in writing:
            done.result()
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


# --- at random ------------------------------------------------------------------------------------------------

HUNT = settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
WORDS = ["Tanggal Masuk", "Tanggal Selesai", "Unit Kerja", "status", "Selesai", "JUMLAH", "(1)", "2", "=1"]
DATES = ["2024-01-02", "03/04/2024", "13.05.24", "45300", "31 Mei 2024", "2024-02-30", "0000-00-00", "9999-12-31"]
MARKS = ['"', '""', "'", "", "-", "a\nb", ";", "\x1a", "\u2028", "\ufeff", "2024-01-02T00:00:00Z", "1e400", "NaN"]
CELL = st.one_of(st.sampled_from([*WORDS, *DATES, *MARKS]), st.text(max_size=6))
TABLE = st.lists(st.lists(CELL, max_size=6), max_size=8)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"]


def survives(path: Path) -> None:
    """Read, measure and collect; only the package's own refusals may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)
        try:
            extract = read(path)
            assert extract.ledger.kept == extract.records.collect().shape[0]
            ai.measure(extract, ai.WorkCalendar.indonesia()).records.collect()
        except ai.AsnImpactError:
            pass
        finally:
            path.unlink()


@HUNT
@given(
    rows=TABLE,
    delimiter=st.sampled_from(";,\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    known=st.booleans(),
    encoding=st.sampled_from(ENCODINGS),
)
def test_random_texts_are_read_or_refused(
    tmp_path_factory: Any, rows: Any, delimiter: str, end: str, known: bool, encoding: str
) -> None:
    head = ["Unit Kerja", "Tanggal Masuk", "Tanggal Selesai"]
    text = end.join(delimiter.join(row) for row in ([head, *rows] if known else rows)) + end
    path = tmp_path_factory.getbasetemp() / "random.csv"
    path.write_bytes(text.encode(encoding, errors="replace"))
    survives(path)


@HUNT
@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["a.csv", "a.xlsx", "a.xls", "a.parquet", "a.json"]),
    start=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"[{"]),
)
def test_random_bytes_are_refused(tmp_path_factory: Any, content: bytes, name: str, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(start + content)
    survives(path)


@HUNT
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                CELL,
                st.none(),
                st.integers(),
                st.floats(),
                st.dates(min_value=dt.date(1900, 3, 1)),
                st.booleans(),
                st.times(),
            ),
            max_size=6,
        ),
        max_size=8,
    ),
    known=st.booleans(),
)
def test_random_workbooks_are_read_or_refused(tmp_path_factory: Any, rows: Any, known: bool) -> None:
    book = openpyxl.Workbook()
    head = ["Unit Kerja", "Tanggal Masuk", "Tanggal Selesai"]
    for row in [head, *rows] if known else rows:
        try:
            book.active.append(row)
        except (ValueError, IllegalCharacterError):  # a character no workbook can hold
            continue
    path = tmp_path_factory.getbasetemp() / "random.xlsx"
    book.save(path)
    survives(path)
