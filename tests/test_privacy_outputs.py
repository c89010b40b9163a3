"""What identifies a person does not come out: not in messages, lists, notebooks, pictures or tables.

The numbers in the names are those of the project's list of bad inputs. The rules themselves are tested in
tests/reporting/test_gate.py, the key and the scan in tests/intake/test_privacy.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn_impact.cli import main
from asn_impact.errors import AsnImpactError, PrivacyError
from asn_impact.intake.privacy import identifiers_in, pseudonym
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_training
from asn_impact.intake.readers.wide import read_wide
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.reporting.gate import dominated, points_at_few, release, withheld
from asn_impact.reporting.tables import Table
from asn_impact.study.notebooks import execute

AS_OF = "2024-12-31"
NIP = "19870910" + "201101" + "1" + "006"
NIK = "150401" + "100987" + "0001"
PHONE = "0812" + "34567890"
KEY = b"0123456789abcdef0123456789abcdef"
IDS = (NIP, NIK, PHONE, f"{NIP[:8]} {NIP[8:14]} {NIP[14]} {NIP[15:]}", f"KTP-{NIK}", f"hubungi {PHONE}")
HEADINGS = "No Permohonan;Perangkat Daerah;Jenis Izin;Tanggal Masuk;Tanggal Selesai;Status;Keterangan\n"


def rows(n: int = 60, **cells: str) -> str:
    """Rows of an export; ``{i}`` in a cell is the number of the row."""
    usual = {"case": "C{i}", "office": "D1", "service": "SIP", "status": "Selesai", "text": ""} | cells
    return "".join(
        ";".join(
            (
                usual["case"].format(i=i),
                usual["office"].format(i=i),
                usual["service"].format(i=i),
                f"{i % 28 + 1:02d}/0{i % 9 + 1}/2024",
                f"{i % 28 + 1:02d}/1{i % 3}/2024",
                usual["status"].format(i=i),
                usual["text"].format(i=i),
            )
        )
        + "\n"
        for i in range(n)
    )


@pytest.fixture
def export(tmp_path: Path) -> Any:
    def write(text: str, name: str = "izin.csv") -> Path:
        (tmp_path / name).write_text(HEADINGS + text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.mark.parametrize("person", IDS)
def test_p01_free_text_does_not_enter_the_records_and_shows_nowhere(export: Any, person: str) -> None:
    with pytest.warns(match="left out"):
        extract = read_exports(export(rows(text=person) + f"x;D1;{person};{person};;Selesai;{person}\n"), as_of=AS_OF)
    shown = [repr(extract), extract._repr_html_(), *map(str, extract.notes), extract.dropped().to_csv()]
    assert not any(identifiers_in(text) or person in text for text in shown)
    assert person not in extract.records.collect().to_pandas().to_csv()
    times = measure(extract, WorkCalendar.indonesia())
    assert not identifiers_in(repr(times) + times._repr_html_())


@pytest.mark.parametrize("person", IDS[:5])
def test_p02_offices_that_are_persons_stop_the_check_without_being_shown(
    export: Any, capsys: pytest.CaptureFixture[str], person: str
) -> None:
    path = export(rows(office=person))
    study = '[study]\ntitle = "T"\nsource = "S"\n[data]\nkind = "records"\npath = "izin.csv"\nas_of = 2024-12-31\n'
    (path.parent / "study.toml").write_text(f'{study}[outcome]\nkind = "within"\ndays = 5\n', encoding="utf-8")
    assert main(["check", str(path.parent)]) != 0
    printed = "".join(capsys.readouterr())
    assert "nomor orang" in " ".join(printed.split())
    assert person not in printed


@pytest.mark.parametrize("kind", ["HTML", "Markdown", "SVG"])
def test_p03_a_notebook_whose_rich_output_names_a_person_is_refused(tmp_path: Path, kind: str) -> None:
    content = f"<svg xmlns='http://www.w3.org/2000/svg'><text>{NIK[:8]}' + '{NIK[8:]}</text></svg>"
    code = f"from IPython.display import {kind}\n{kind}('{content}')".replace(
        "'<svg xmlns='", "'<svg xmlns=\""
    ).replace("svg'>", 'svg">')
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(book, tmp_path / "a.ipynb")
    with pytest.raises(PrivacyError) as refused:
        asyncio.run(execute(tmp_path / "a.ipynb"))
    assert NIK not in str(refused.value)


@pytest.mark.parametrize(
    "said", [f"a.n. Contoh Nama, NIP {NIP}", f"baris {PHONE}\\nNIK {NIK}", "Dr. Contoh Nama, S.H."]
)
def test_what_a_failing_cell_says_is_said_without_persons(tmp_path: Path, said: str) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f'raise KeyError("{said}")')])
    nbformat.write(book, tmp_path / "a.ipynb")
    with pytest.raises(AsnImpactError, match="KeyError") as failed:
        asyncio.run(execute(tmp_path / "a.ipynb"))
    assert not any(part in str(failed.value) for part in (NIP, PHONE, NIK, "Contoh Nama"))


def test_numbers_of_cases_that_are_numbers_of_persons_are_said_and_shown_nowhere(export: Any) -> None:
    with pytest.warns(match="numbers of cases are numbers of persons in 60 of the first 60 rows"):
        extract = read_exports(export(rows(case=NIK[:-4] + "1{i:03d}")), as_of=AS_OF, selection="received")
    shown = [repr(extract), extract._repr_html_(), *map(str, extract.notes), extract.dropped().to_csv()]
    assert not any(identifiers_in(text) for text in shown)


def test_numbers_of_cases_of_a_system_are_not_taken_for_persons(export: Any) -> None:
    extract = read_exports(export(rows(case="503/{i:06d}/DPMPTSP/2024")), as_of=AS_OF, selection="received")
    assert not any("numbers of persons" in str(note) for note in extract.notes)


@pytest.mark.parametrize("person", IDS)
def test_p01_p02_p05_a_table_with_a_person_in_it_is_not_written(tmp_path: Path, person: str) -> None:
    title = {"id": "Uji", "en": "Test"}
    for frame, named in (
        (pd.DataFrame({"office": [person, "A"], "records": [40, 50]}), title),
        (pd.DataFrame({person: ["A", "B"], "records": [40, 50]}), title),
        (pd.DataFrame({"office": ["A", "B"], "records": [40, 50]}), {"id": person, "en": person}),
    ):
        with pytest.raises(PrivacyError) as refused:
            Table(frame, named, kinds={"records": "records"}).save(tmp_path / "t", "id")
        assert person not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_p05_p06_counts_of_a_table_leave_suppressed_and_raw_ones_do_not_leave() -> None:
    frame = pd.DataFrame({"office": ["A", "B", "C"], "records": [40, 12, 3]})
    table = Table(frame, {"id": "Uji", "en": "Test"}, kinds={"records": "records"})
    assert release(table.csv(), "t.csv").splitlines()[1:] == ["A,40", "B,*", "C,<10"]
    with pytest.raises(PrivacyError, match="below 5"):
        release(frame.to_csv(index=False), "t.csv")


def test_p06_p08_p09_the_rules_say_no_to_the_cells_of_the_list() -> None:
    assert withheld([40, 12, 3]).sum() == 2
    assert dominated([99, *[1 / 9] * 9])
    assert points_at_few(20, 0.95)


def test_p11_there_is_no_pseudonym_without_a_key() -> None:
    assert inspect.signature(pseudonym).parameters["key"].default is inspect.Parameter.empty
    made = pseudonym("nip", NIP, KEY)
    guesses = [text + extra for text in (NIP, f"nip{NIP}", f"nip\x1f{NIP}") for extra in ("", "\n")]
    names = ("sha256", "sha1", "md5", "sha512")
    assert not any(made in hashlib.new(n, g.encode()).hexdigest() for n in names for g in guesses)


CELL = st.sampled_from([*IDS, "", "D1", "2024-01-02", "13/05/2024", "1.234", "Selesai", "JUMLAH", "x"])
HEADING = st.sampled_from(
    [*IDS, "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai", "Status", "No Permohonan", "Nama Pelatihan", "Jan"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), width=st.integers(2, 6))
def test_p12_no_message_of_a_reader_holds_an_identifier(tmp_path_factory: Any, data: Any, width: int) -> None:
    head = data.draw(st.lists(HEADING, min_size=width, max_size=width, unique=True))
    body = data.draw(st.lists(st.lists(CELL, min_size=width - 1, max_size=width), max_size=6))
    path = tmp_path_factory.getbasetemp() / "persons.csv"
    path.write_text("\n".join(";".join(row) for row in [head, *body]) + "\n", encoding="utf-8")
    readers = (
        lambda: read_exports(path, as_of=AS_OF),
        lambda: read_training(path),
        lambda: read_wide(path, unit=head[0], year=2024),
        lambda: read_exports(path, as_of=AS_OF, columns={"office": head[0], "status": head[-1]}),
    )
    for reader in readers:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            said = ""
            try:
                reader()
            except AsnImpactError as problem:
                said = str(problem)
        said += " ".join(str(w.message) for w in caught)
        assert not identifiers_in(said), said.translate({ord(d): "#" for d in "0123456789"})


FULL = """
import resource, sys
from pathlib import Path
from asn_impact.intake.written import write_beside
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_beside(Path(sys.argv[1]), b"b" * 100_000)
except OSError as problem:
    print(type(problem).__name__)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_f28_no_room_while_writing_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"a" * 10)
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout == "OSError\n"
    assert path.read_bytes() == b"a" * 10
    assert list(tmp_path.iterdir()) == [path]


def test_p03_json_of_a_notebook_is_looked_through() -> None:
    book = {"cells": [{"outputs": [{"data": {"text/html": [f"<b>{NIP}</b>"]}}]}]}
    with pytest.raises(PrivacyError):
        release(json.dumps(book), "a.json")
