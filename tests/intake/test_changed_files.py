"""What is hashed is what is counted, also when a file changes; and threads take turns."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from asn_impact import read_exports
from asn_impact.errors import InputError
from asn_impact.intake.formats import open_file, snapshots, trial
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


def test_a_text_of_the_same_size_and_time_is_read_again_where_its_bytes_are_others(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 40)
    before, first = path.stat(), read_exports(path, as_of="2024-12-31", selection="received")
    path.write_text(path.read_text().replace("Dinas B", "Dinas C"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = read_exports(path, as_of="2024-12-31", selection="received")
    offices = [set(one.records.collect()["office"].to_list()) for one in (first, again)]
    assert offices == [{"Dinas A", "Dinas B"}, {"Dinas A", "Dinas C"}]


def test_a_text_that_is_asked_for_twice_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(trial, "read_apart", lambda *_, name: tried.append(name))
    path = write(tmp_path / "twice.csv", 40)
    both = [read_exports(path, as_of=day, selection="received").ledger.kept for day in ("2024-12-30", "2024-12-31")]
    assert (both, tried) == ([40, 40], ["twice.csv"])


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


TWO_ROWS = "nomor;OPD;tanggal masuk;tanggal selesai\n1;Dinas A;2024-02-05;2024-02-09\n2;Dinas B;2024-02-06;\n"


def test_a_private_copy_that_is_gone_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "izin.csv"
    path.write_text(
        TWO_ROWS,
        encoding="utf-8",
    )
    first = read_exports(path, as_of="2024-12-31", selection="received").ledger.kept
    for copy in Path(snapshots.copies().name).rglob("izin.csv"):
        copy.unlink()
    assert read_exports(path, as_of="2024-12-31", selection="received").ledger.kept == first == 2


def test_a_copy_that_is_not_kept_takes_no_room(tmp_path: Path) -> None:
    path = tmp_path / "izin.csv"
    path.write_text(
        "nomor;OPD;tanggal masuk;tanggal selesai\n7;Dinas A;2024-02-05;2024-02-09\n8;Dinas B;2024-02-06;\n",
        encoding="utf-8",
    )
    read_exports(path, as_of="2024-12-31", selection="received")
    taken = snapshots.copies().taken
    read_exports(path, as_of="2024-12-31", selection="received")
    assert snapshots.copies().taken == taken
