"""What is hashed is what is counted, also when a file changes; and threads take turns."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from asn_impact import read_exports
from asn_impact.errors import InputError
from asn_impact.intake.formats import open_file, snapshots
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate

HEAD = "No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai\n"
ROWS = [f"C{i},Dinas {'AB'[i % 2]},2024-03-{1 + i % 25:02d},2024-04-{1 + i % 25:02d}\n" for i in range(2000)]


def write(path: Path, n: int) -> Path:
    path.with_suffix(".csv").write_text(HEAD + "".join(ROWS[:n]))
    if path.suffix == ".parquet":
        duckdb.sql(f"COPY (FROM '{path.with_suffix('.csv')}') TO '{path}'")
        path.with_suffix(".csv").unlink()
    return path


def counted(extract: Any) -> int:
    durations = measure(extract, WorkCalendar.indonesia())
    return int(tabulate(durations, RestrictedMean(30)).n.sum())


@pytest.fixture(params=["a.csv", "a.parquet"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write(tmp_path / request.param, 2000)


def test_a_file_that_changes_after_it_was_read_is_counted_as_it_was_read(path: Path) -> None:
    extract = read_exports(path, as_of="2024-12-31", selection="received")
    write(path, 500)
    assert extract.ledger.kept == counted(extract) == 2000
    assert len(extract.dropped()) == 0
    path.unlink()
    assert counted(extract) == 2000


def test_a_large_file_that_changes_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    monkeypatch.setattr(snapshots, "MOST_COPIED", 0)
    extract = read_exports(path, as_of="2024-12-31", selection="received")
    write(path, 500)
    if path.suffix == ".csv":  # what was wanted of it was written down
        assert counted(extract) == 2000
    else:
        with pytest.raises(InputError, match="changed after it was opened"):
            counted(extract)
    with pytest.raises(InputError, match=r"changed|cannot be read"):
        extract.dropped()


def test_a_large_file_that_changes_while_it_is_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    monkeypatch.setattr(snapshots, "MOST_COPIED", 0)

    def open_and_change(*given: Any) -> Any:
        table = open_file(*given)
        write(path, 500)
        return table

    monkeypatch.setattr("asn_impact.intake.gathering.open_file", open_and_change)
    with pytest.raises(InputError, match="changed after it was opened"):
        read_exports(path, as_of="2024-12-31", selection="received")


def test_threads_that_read_and_measure_at_once_get_the_answers_of_one(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.csv", n) for n in (500, 1000, 2000)]
    answers: dict[int, list[int]] = {}
    problems: list[BaseException] = []

    def go(i: int) -> None:
        try:
            answers[i] = [counted(read_exports(paths[i], as_of="2024-12-31", selection="received")) for _ in range(3)]
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=go, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert answers == {0: [500] * 3, 1: [1000] * 3, 2: [2000] * 3}
