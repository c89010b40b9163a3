"""A long text file is parsed once and kept typed; nothing about the answer may depend on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from asn_impact.errors import DataWarning
from asn_impact.intake.formats import snapshots
from asn_impact.intake.formats.engine import kept_typed
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.steps import read_steps
from tests.intake.conftest import HEADINGS, lines

AS_OF = "2024-12-31"
CASES = {
    "clean": lines(),
    "every fault at once": lines()
    + "Dinas 1;belum;\nDinas 1;20/03/2024;0000-00-00\nDinas 2;20/03/2024;31/12/9999\n"  # no dates, placeholders
    + "Dinas 1;20/03/2004;21/03/2024\nDinas 1;20/03/2024;01/02/2024\n"  # a long wait and a slip
    + "Dinas 1;20/03/2025;\nDinas 1;20/03/2024;21/03/2025\n"  # after the export
    + ";20/03/2024;21/03/2024\n"  # no office
    + "JUMLAH;;60\n;Muara Bulian, 31 Desember 2024;\n",  # totals and a signature
    "shielded codes": lines().replace("Dinas 1", "'007").replace("Dinas 2", '"=""008"""'),
}


def read(path: Path, **given: Any) -> tuple[Any, ...]:
    """Return records, ledger, notes and the rows left out."""
    extract = read_exports(path, as_of=AS_OF, **given)
    records = sorted(extract.records.collect().rows(), key=repr)
    return records, dict(extract.ledger.dropped), extract.notes, extract.selection, extract.dropped().to_csv()


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("case", CASES)
def test_a_long_file_gives_what_a_short_one_gives(
    case: str, export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export(HEADINGS + CASES[case])
    short = read(path)
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    assert read(path) == short


def test_a_long_file_beside_a_short_one(export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = export(HEADINGS + lines()).parent
    export(HEADINGS.replace("Tanggal Masuk", "tgl_pengajuan") + lines(7), "second.csv")
    short = read(folder)
    monkeypatch.setattr(snapshots, "LONG_TEXT", len(HEADINGS + lines(7)) + 20)
    assert read(folder) == short


def test_steps_of_a_long_file(export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    head = "no_permohonan;opd;nama_proses;status;start_date;end_date\n"
    path = export(head + "1;O;a;Selesai;2024-01-02;2024-01-05\n1;O;b;Proses;2024-01-05;\n2;O;a;Selesai;2024-01-02;x\n")
    with pytest.warns(DataWarning):
        short = read_steps(path, as_of=AS_OF)
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    with pytest.warns(DataWarning):
        long = read_steps(path, as_of=AS_OF)
    assert (dict(long.ledger.dropped), long.notes) == (dict(short.ledger.dropped), short.notes)
    assert long.records.collect().rows() == short.records.collect().rows()


def test_the_records_of_a_long_file_are_not_parsed_again(
    export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export(HEADINGS + lines())
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    extract = read_exports(path, as_of=AS_OF)
    path.unlink()
    assert extract.records.collect().shape[0] == 60


FULL = """
import resource, sys
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.formats import snapshots
snapshots.LONG_TEXT = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
print(read_exports(sys.argv[1], as_of="2024-12-31").ledger)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_without_room_for_the_copy_the_answer_is_the_same(export: Callable[..., Path]) -> None:
    path = export(HEADINGS + lines())
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout == "Ledger(read 60 = kept 60 + dropped 0)\n"


def test_only_what_is_wanted_is_kept(export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"ORANG {i};{line}\n" for i, line in enumerate(lines().splitlines()))
    path = export("Nama Pemohon;" + HEADINGS + rows)
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    written: list[str] = []
    original = kept_typed

    def seen(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        written.append(repr(relation.fetchall()))
        return original(relation)

    monkeypatch.setattr("asn_impact.intake.gathering.kept_typed", seen)
    read_exports(path, as_of=AS_OF)
    assert written
    assert "ORANG" not in written[0]
