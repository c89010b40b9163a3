"""Files in every condition: read exactly, or refused by name."""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from asn_impact import Extract, read_exports
from asn_impact.errors import DataWarning, InputError

from .conftest import HEADINGS, lines, said

AS_OF = "2024-12-31"
Write = Callable[..., Path]


def read(path: Path) -> Extract:
    return read_exports(path, as_of=AS_OF)


CLEAN = HEADINGS + lines()


def test_latin_letters_survive(export: Write) -> None:
    extract = read(export(CLEAN.replace("Dinas 1", "Caf\u00e9 \u2013 1").encode("cp1252")))
    assert "Caf\u00e9 \u2013 1" in extract.records.collect()["office"].to_list()


def test_offices_called_na_and_null_and_codes_with_zeros_stay(export: Write) -> None:
    text = CLEAN.replace("Dinas 0", "NA").replace("Dinas 1", "null").replace("Dinas 2", "007")
    assert set(read(export(text)).records.collect()["office"].to_list()) == {"NA", "null", "007"}


def test_a_line_break_inside_quotes_is_one_field(export: Write) -> None:
    extract = read(export(CLEAN.replace("Dinas 1;", '"Dinas\n1";', 1)))
    assert extract.ledger.read == 60


REFUSED: dict[str, tuple[bytes, str]] = {
    "NUL bytes": (CLEAN.encode() + b"\x00" * 40 + b"\n", "NUL"),
    "a row too short": ((CLEAN + "a;b\n" + lines()).encode(), "line 62 has 2 fields, the headings have 3"),
    "a row too long": ((CLEAN + "a;b;c;d\n").encode(), "has 4 fields"),
    "an open quote": (
        (CLEAN + 'Dinas;"01/01/2024;02/01/2024\n' + lines(600)).encode(),
        "quote is opened and not closed",
    ),
    "a million columns": (";".join(f"c{i}" for i in range(1_000_000)).encode() + b"\n", "at most 2,000 columns"),
    "three thousand columns": (";".join(f"c{i}" for i in range(3_000)).encode() + b"\n1\n", "3,000 columns"),
    "two columns of one name": (CLEAN.replace("Tanggal Selesai", "Tanggal Masuk", 1).encode(), "2 columns named"),
    "headings only": (HEADINGS.encode(), "no rows"),
    "nothing": (b"", "zero bytes"),
    "a pickle": (pickle.dumps({"a": 1}), "Python pickle"),
    "a workbook": (b"PK\x03\x04" + b"0" * 99, "zip file or a workbook"),
    "a web page": (b"<html><table></table></html>", "web page"),
    "no dates": (b"a;b\n1;2\n", "no column for 'received'"),
}


@pytest.mark.parametrize("condition", REFUSED)
def test_an_unfit_file_is_refused_by_name(condition: str, export: Write) -> None:
    content, message = REFUSED[condition]
    with pytest.raises(InputError, match=message) as caught:
        read(export(content))
    assert "izin.csv" in str(caught.value)


def test_messages_show_no_row_of_the_file(export: Write) -> None:
    nip = "19870910" + "2011011006"
    with pytest.raises(InputError) as caught:
        read(export(CLEAN + f"{nip};x\n"))
    assert nip not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_cut_in_the_middle_of_a_field_is_said(export: Write) -> None:
    with pytest.warns(DataWarning, match="may be cut off"):
        read(export(CLEAN[:-1]))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    query = "SELECT 'a' AS office, DATE '2024-01-01' + i::INT AS received, DATE '2024-01-05' + i::INT AS decided"
    duckdb.sql(f"{query} FROM range(300) t(i)").write_parquet(str(whole))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    assert read(whole).ledger.kept == 300
    with pytest.raises(InputError, match="cut off"):
        read(cut)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, export: Write) -> None:
    outside = export(CLEAN, "outside.csv")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "izin.csv").symlink_to(outside)
    with pytest.raises(InputError, match="leaves the folder"):
        read(folder)


def test_a_folder_is_read_whole_sorted_by_name_with_hashes(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(CLEAN)
    (tmp_path / "a.csv").write_text("\ufeff" + HEADINGS + lines(40))
    (tmp_path / "notes.md").write_text("x")
    extract = read(tmp_path)
    assert [(s.name, s.rows) for s in extract.sources] == [("a.csv", 40), ("b.csv", 60)]
    assert extract.sources[1].sha256 == hashlib.sha256((tmp_path / "b.csv").read_bytes()).hexdigest()
    assert "notes.md" in said(extract)


def test_files_of_several_kinds_stack(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CLEAN)
    query = "SELECT 'a' AS office, DATE '2024-01-01' + i::INT AS received, DATE '2024-01-05' + i::INT AS decided"
    duckdb.sql(f"{query} FROM range(30) t(i)").write_parquet(str(tmp_path / "b.parquet"))
    assert read(tmp_path).ledger.kept == 90


@pytest.mark.parametrize("name", ["nothing.csv", "notes.doc"])
def test_what_is_not_there_or_no_data_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.doc").write_text("x")
    with pytest.raises(InputError, match=name):
        read(tmp_path / name)


# --- workbooks ------------------------------------------------------------------------------------------------


def workbook(path: Path) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["LAPORAN IZIN"])
    sheet.append([])
    sheet.append(["No", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai"])
    for i in range(30):
        sheet.append([i, "007", dt.date(2024, 1, 1) + dt.timedelta(i), dt.date(2024, 2, 1) + dt.timedelta(i)])
    book.save(path)
    return book


def test_a_workbook_with_titles_is_read(tmp_path: Path) -> None:
    workbook(tmp_path / "izin.xlsx")
    extract = read(tmp_path / "izin.xlsx")
    assert extract.ledger.kept == 30
    assert extract.records.collect().rows()[0][1:5] == ("007", None, dt.date(2024, 1, 1), dt.date(2024, 2, 1))


def test_what_a_reader_does_not_see_in_a_workbook_is_said(tmp_path: Path) -> None:
    path = tmp_path / "izin.xlsx"
    book = workbook(path)
    book.active.append(["JUMLAH", None, 30, None])
    book.active.merge_cells("A1:D1")
    book.active.row_dimensions[8].hidden = True
    book.create_sheet("rahasia").sheet_state = "hidden"
    book.save(path)
    with pytest.warns(DataWarning, match=r"hidden rows.*merged cells.*hidden sheets not read"):
        extract = read(path)
    assert "row of totals 1" in said(extract)


def packed(path: Path, **changes: bytes) -> Path:
    workbook(path)
    with zipfile.ZipFile(path) as old:
        parts = {n: old.read(n) for n in old.namelist()}
    parts |= {name.replace("__", "/"): content for name, content in changes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'


def test_a_workbook_that_could_harm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unpacks to more than"):
        read(packed(tmp_path / "bomb.xlsx", **{"xl__media__a.bin": bytes(300 << 20)}))
    with pytest.raises(InputError, match="XML entities"):
        read(packed(tmp_path / "entities.xlsx", **{"xl__worksheets__sheet1.xml": ENTITIES}))
    (tmp_path / "cut.xlsx").write_bytes(packed(tmp_path / "whole.xlsx").read_bytes()[:3000])
    with pytest.raises(InputError, match="damaged"):
        read(tmp_path / "cut.xlsx")


def test_macros_links_and_formulas_without_values_are_said(tmp_path: Path) -> None:
    parts = {"xl__vbaProject.bin": b"x", "xl__externalLinks__externalLink1.xml": b"<x/>"}
    assert re.search("macros.*links to other workbooks", said(read(packed(tmp_path / "m.xlsx", **parts))))
    book = workbook(tmp_path / "f.xlsx")
    book.active["A4"] = "=1+1"
    book.save(tmp_path / "f.xlsx")
    with pytest.warns(DataWarning, match="formulas without a stored value"):
        read(tmp_path / "f.xlsx")


def test_pandas_is_not_what_reads_files(export: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pd, "read_csv", None)
    assert read(export(CLEAN)).ledger.kept == 60


def test_data_that_a_folder_read_passes_over_is_said_aloud(tmp_path: Path) -> None:
    (tmp_path / "izin.csv").write_text(HEADINGS + lines())
    (tmp_path / "maret.html").write_text("<table></table>")
    (tmp_path / "april.json").write_text('[{"a": 1}]')
    (tmp_path / "datapackage.json").write_text('{"name": "izin", "resources": []}')
    (tmp_path / "catatan.docx").write_bytes(b"x")
    (tmp_path / "2023").mkdir()
    (tmp_path / "2023" / "lama.csv").write_text(HEADINGS)
    (tmp_path / "gambar").mkdir()
    with pytest.warns(DataWarning, match="maret.html") as told:
        read_exports(tmp_path, as_of="2024-12-31")
    text = str(told[0].message)
    assert all(name in text for name in ("april.json", "2023/"))
    assert all(name not in text for name in ("datapackage", "catatan", "gambar"))


def test_the_same_rows_in_another_form_count_once(tmp_path: Path) -> None:
    days = pd.date_range("2024-02-13", periods=12, freq="D")
    frame = pd.DataFrame({"OPD": "Dinas A", "Tanggal Masuk": days, "Tanggal Selesai": days + pd.Timedelta(days=9)})
    written = frame.assign(**{c: frame[c].dt.strftime("%d/%m/%Y") for c in frame if c != "OPD"})
    written.to_csv(tmp_path / "a.csv", index=False)
    written.to_csv(tmp_path / "a (1).csv", index=False, sep="\t")
    frame.to_excel(tmp_path / "a lagi.xlsx", index=False)
    with pytest.warns(DataWarning, match=r"a\.csv is a copy of a \(1\)\.csv"):
        extract = read_exports(tmp_path, as_of="2024-12-31")
    assert extract.ledger.kept == 12
    written.iloc[1:].to_csv(tmp_path / "a (1).csv", index=False, sep="\t")
    (tmp_path / "a lagi.xlsx").unlink()
    assert read_exports(tmp_path, as_of="2024-12-31").ledger.kept == 23


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["kanal", "biaya", "daring", "survei"])
def test_an_extra_column_that_one_year_lacks_is_empty_there_and_said(tmp_path: Path, ending: str, name: str) -> None:
    for year in ("2023", "2024"):
        received = pd.date_range(f"{year}-01-02", periods=40)
        frame = pd.DataFrame({"nomor": [f"{year}-{i}" for i in range(40)], "kantor": "A", "tanggal_masuk": received})
        frame["tanggal_selesai"] = received + pd.Timedelta(days=4)
        if year == "2024":
            extra = {"kanal": "loket", "biaya": 2.5, "daring": True, "survei": received}
            frame = frame.assign(**{name: extra[name]})
        write = frame.to_parquet if ending == "parquet" else frame.to_csv
        write(tmp_path / f"{year}.{ending}", index=False)
    asked = {"as_of": "2024-12-31", "selection": "received"}
    with pytest.warns(DataWarning, match=rf"1 of 2 files .* no column for '{name}', .*2023.{ending}.*columns="):
        records = read_exports(tmp_path, keep=[name], **asked).records.collect()
    assert [value is None for value in records.sort("received")[name].to_list()] == [True] * 40 + [False] * 40
    if ending == "parquet":
        kinds = {"kanal": "String", "biaya": "Float64", "daring": "Boolean", "survei": "Datetime"}
        assert str(records[name].dtype).startswith(kinds[name])
    with pytest.raises(InputError, match="no column 'lain'"):
        read_exports(tmp_path, keep=["lain"], **asked)
