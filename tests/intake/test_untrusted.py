"""Small hostile files are refused in words: no abort, no hang, no other exception."""

from __future__ import annotations

import json
import os
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from asn_impact import read_exports
from asn_impact.errors import InputError
from asn_impact.intake.formats import untrusted
from asn_impact.intake.formats.json_records import _read_json
from asn_impact.intake.formats.untrusted import read_apart

HEADINGS = ("nomor permohonan", "unit", "jenis izin", "tanggal masuk", "tanggal selesai", "status")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACES = f'xmlns="{MAIN}" xmlns:r="{DOCUMENT}"'


def cell(place: str, text: str) -> str:
    at = f' r="{place}"' if place else ""
    return f'<c{at} t="inlineStr"><is><t>{text}</t></is></c>'


def head(*, placed: bool = True) -> str:
    cells = "".join(cell(f"{'ABCDEF'[i]}1" if placed else "", h) for i, h in enumerate(HEADINGS))
    return f'<row r="1">{cells}</row>' if placed else f"<row>{cells}</row>"


def book(path: Path, *sheets: tuple[str, str]) -> Path:
    """Write a workbook from targets and what is in each sheet."""
    listed = "".join(f'<sheet name="S{i}" sheetId="{i}" r:id="r{i}"/>' for i in range(1, len(sheets) + 1))
    kind = f"{DOCUMENT}/worksheet"
    related = "".join(f'<Relationship Id="r{i}" Type="{kind}" Target="{t}"/>' for i, (t, _) in enumerate(sheets, 1))
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    xml = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    xml += '<Default Extension="xml" ContentType="application/xml"/>'
    main = f'<Relationship Id="r1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f'<?xml version="1.0"?><Types xmlns="{types}">{xml}</Types>')
        package.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{main}</Relationships>')
        package.writestr("xl/workbook.xml", f"<workbook {SPACES}><sheets>{listed}</sheets></workbook>")
        package.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>')
        for target, content in sheets:
            package.writestr(f"xl/{target}", f"<worksheet {SPACES}><sheetData>{content}</sheetData></worksheet>")
    return path


FAR = head() + '<row r="1048576">' + cell("XFD1048576", "x") + "</row>"
NEARER = head() + '<row r="400000">' + cell("DW400000", "x") + "</row>"
HOSTILE: dict[str, Callable[[Path], Path]] = {
    "a sheet outside the folder of sheets": lambda d: book(d / "a.xlsx", ("other/sheet1.xml", FAR)),
    "a sheet in other letters": lambda d: book(d / "a.xlsx", ("WorkSheets/Sheet1.XML", FAR)),
    "a sheet with another ending": lambda d: book(d / "a.xlsx", ("worksheets/sheet1.dat", FAR)),
    "cells without a place": lambda d: book(
        d / "a.xlsx",
        ("worksheets/s.xml", head(placed=False) + '<row r="1048576">' + cell("", "x") * 16_000 + "</row>"),
    ),
    "many allowed sheets together": lambda d: book(
        d / "a.xlsx", *((f"worksheets/s{i}.xml", NEARER) for i in range(40))
    ),
    "tags that never close": lambda d: book(d / "a.xlsx", ("worksheets/s.xml", head() + "<c" * 1_000_000)),
    "rows that never close": lambda d: book(d / "a.xlsx", ("worksheets/s.xml", head() + "<row " * 500_000)),
    "formulas that never close": lambda d: book(d / "a.xlsx", ("worksheets/s.xml", head() + "<f " * 500_000)),
    "blanks after formulas": lambda d: book(d / "a.xlsx", ("worksheets/s.xml", head() + ("</f>" + " " * 5000) * 400)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_hostile_workbook_is_refused_or_read_quickly(name: str, tmp_path: Path) -> None:
    path = HOSTILE[name](tmp_path)
    assert path.stat().st_size < 100_000
    start = time.monotonic()
    with pytest.raises(InputError, match=r"a\.xlsx"):
        read_exports(path, as_of="2024-12-31")
    assert time.monotonic() - start < 20


def test_an_ordinary_sheet_whose_cells_name_no_place_is_read(tmp_path: Path) -> None:
    row = "".join(cell("", v) for v in ("{i}", "A", "IMB", "2024-01-02", "2024-01-09", "selesai"))
    rows = "".join(f"<row>{row.format(i=i)}</row>" for i in range(30_000))
    path = book(tmp_path / "a.xlsx", ("worksheets/s.xml", head(placed=False) + rows))
    assert read_exports(path, as_of="2024-12-31", selection="received").ledger.read == 30_000


@pytest.mark.parametrize(
    "content",
    [
        "[" * 600 + "]" * 600,
        "[" * 200_000,
        '{"a":' * 100_000,
        '[{"a":' + "[" * 900 + "]" * 900 + "}]",
        "[{" + ",".join(f'"k{i}":1' for i in range(200_000)) + ',"k0":2}]',
        '[{"a": 1' + "0" * 5000 + "}]",
        "[" + ",".join(f'{{"k{i}": 1}}' for i in range(3000)) + "]",
    ],
)
def test_a_hostile_json_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    start = time.monotonic()
    with pytest.raises(InputError, match=r"a\.json"):
        read_exports(tmp_path / "a.json", as_of="2024-12-31")
    assert time.monotonic() - start < 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(InputError):
        read_exports(tmp_path / "b.csv", as_of="2024-12-31")
    rows = "".join(f"{i},A,IMB,2024-01-02,2024-01-09,selesai\n" for i in range(20))
    (tmp_path / "a.csv").write_text(",".join(HEADINGS) + "\n" + rows)
    assert read_exports(tmp_path, as_of="2024-12-31", selection="received").ledger.read == 20


def test_a_view_in_a_database_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("office,received,decided\nA,2024-01-02,2024-01-09\n")
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(f"CREATE VIEW permohonan AS SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        database.execute("CREATE TABLE other AS SELECT 1 AS a")
    with pytest.raises(InputError, match="permohonan"):
        read_exports(path, as_of="2024-12-31", table="permohonan")


# --- the process itself -------------------------------------------------------------------------------------------


@pytest.fixture
def records(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text(json.dumps([{"a": 1}]))
    return tmp_path / "a.json"


def test_a_file_that_ends_its_reader_is_refused_and_the_next_is_read(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_apart(_read_json, records)[0] == {"a": ["1"]}
    first = untrusted._reader().process
    first.kill()
    first.wait()
    assert read_apart(_read_json, records)[0] == {"a": ["1"]}
    assert untrusted._reader().process is not first
    monkeypatch.setattr(untrusted, "_receive", lambda pipe: (_ for _ in ()).throw(EOFError()))
    with pytest.raises(InputError, match="ended its reader"):
        read_apart(_read_json, records)
    monkeypatch.undo()
    assert read_apart(_read_json, records)[0] == {"a": ["1"]}


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_apart(_read_json, records)
    monkeypatch.setattr(untrusted, "SECONDS", 0.0)
    monkeypatch.setattr(untrusted, "SECONDS_PER_MB", 0.0)
    slow = records.with_name("slow.json")
    slow.write_text(json.dumps([{"a": i} for i in range(400_000)]))
    with pytest.raises(InputError, match="was not read within"):
        read_apart(_read_json, slow)
    monkeypatch.undo()
    assert read_apart(_read_json, records)[0] == {"a": ["1"]}


def test_one_process_reads_all_files_and_threads_take_turns(tmp_path: Path) -> None:
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"{i}.json")
        paths[-1].write_text(json.dumps([{"a": i}] * 200))
    answers: dict[int, object] = {}

    def read(i: int) -> None:
        answers[i] = read_apart(_read_json, paths[i])[0]["a"][0]

    threads = [threading.Thread(target=read, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {i: str(i) for i in range(6)}
    process = untrusted._reader().process
    read_apart(_read_json, paths[0])
    assert untrusted._reader().process is process


def test_modules_of_the_folder_one_happens_to_be_in_are_not_run(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (records.parent / "pandas.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(records.parent)
    untrusted._close()
    assert read_apart(_read_json, records)[0] == {"a": ["1"]}
    assert not (records.parent / "ran").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs a script")
def test_what_a_reader_writes_to_the_terminal_is_no_answer(tmp_path: Path) -> None:
    script = tmp_path / "noise.sh"
    script.write_text("#!/bin/sh\necho 39 percent, 3 seconds remaining\n")
    script.chmod(0o700)
    assert read_apart(os.system, script) == 0


def test_the_process_that_was_started_early_reads_the_first_file(tmp_path: Path) -> None:
    untrusted.begin()
    early = untrusted._READERS[0].process.pid
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADINGS) + "\n1,Dinas A,SIUP,2024-01-02,2024-01-05,Izin Terbit\n")
    assert read_exports(path, as_of="2024-02-01").ledger.kept == 1
    assert untrusted._READERS[0].process.pid == early
