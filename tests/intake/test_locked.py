"""The engine reaches the private folder alone; limits hold and are said; what dead processes leave is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pyarrow as pa
import pytest

from asn_impact import leftovers, read_exports
from asn_impact.errors import InputError
from asn_impact.intake.formats import open_file, snapshots, trial, untrusted
from asn_impact.intake.formats.database import open_database
from asn_impact.intake.formats.engine import connection, locked, query
from asn_impact.intake.formats.json_records import _read_json
from asn_impact.intake.formats.raw import Asked
from asn_impact.intake.formats.untrusted import Limits, limits_of, read_apart

HEADINGS = "No Permohonan,Perangkat Daerah,Tanggal Masuk,Tanggal Selesai\n"
ROWS = [f"C{i},Dinas A,2024-01-{i % 28 + 1:02d},2024-02-{i % 28 + 1:02d}\n" for i in range(60)]
MANY = 1_200_000  # records of JSON, some 300 MB as Python holds them


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return tmp_path / "secret.csv"


def test_the_engine_reads_and_writes_nothing_outside_its_folder(outside: Path) -> None:
    inside = Path(snapshots.copies().name)
    assert outside.parent not in (inside, *inside.parents)
    for sql in (
        f"SELECT * FROM read_csv('{outside}')",
        f"SELECT * FROM read_text('{inside}/../{outside.relative_to('/') if os.name == 'posix' else outside}')",
        f"COPY (SELECT 1) TO '{outside.with_suffix('.parquet')}'",
        f"ATTACH '{outside.with_suffix('.duckdb')}' AS secret",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '1TB'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            connection().execute(sql)
    assert not outside.with_suffix(".parquet").exists()


def test_the_engine_draws_no_bar_of_its_own() -> None:
    ask = "from asn_impact.intake.formats.engine import run; "
    ask += "print(run(\"SELECT current_setting('enable_progress_bar')\"))"
    said = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout
    assert said == "[(False,)]\n"


def test_the_engine_takes_no_variable_of_python_for_a_table() -> None:
    secret = pa.table({"a": [1]})
    with pytest.raises(duckdb.Error, match="secret"):
        query("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_the_connection_of_the_user_stays_as_it_is(outside: Path) -> None:
    query("SELECT 1")
    assert duckdb.sql(f"SELECT * FROM read_csv('{outside}')").fetchall() == [(1,)]
    ours, theirs = (c.execute("SELECT current_setting('enable_external_access')") for c in (connection(), duckdb))
    assert (ours.fetchall(), theirs.fetchall()) == ([(False,)], [(True,)])


def test_the_memory_of_the_engine_is_limited_and_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from asn_impact.intake.formats import engine

    asked = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
    monkeypatch.setenv("ASN_IMPACT_MEMORY", "0.5")
    opened = locked(Path(snapshots.copies().name), memory=engine.memory())
    limit, place = opened.execute(asked).fetchall()[0]
    assert limit.startswith("47")  # 0.5 GB are 476 MiB
    assert Path(place).parent == Path(snapshots.copies().name)
    for wrong in ("lots", "0", "inf", "nan", "1e30"):
        monkeypatch.setenv("ASN_IMPACT_MEMORY", wrong)
        with pytest.raises(InputError, match=f"ASN_IMPACT_MEMORY='{wrong}' is no number above 0"):
            engine.memory()


def test_what_does_not_fit_into_the_memory_of_the_engine_is_said_with_the_limit() -> None:
    from asn_impact.intake.formats.engine import reading

    many = "SELECT list(i::VARCHAR || repeat('x', 100)) FROM range(3000000) t(i)"
    with (
        pytest.raises(InputError, match=r"'izin.csv' takes more than \d+\.\d GB of memory.*ASN_IMPACT_MEMORY=4"),
        reading("izin.csv"),
    ):
        locked(Path(snapshots.copies().name), memory=0).execute(many).fetchall()


def test_the_engine_takes_no_more_than_it_needs() -> None:
    from asn_impact.intake.formats.engine import MEMORY, MEMORY_PER_THREAD, memory

    assert memory() <= max(MEMORY, MEMORY_PER_THREAD * (os.cpu_count() or 1))


# --- what is put aside ----------------------------------------------------------------------------------------------

LEAVES = """
import os, signal, sys
from asn_impact.intake.formats.snapshots import copies
print(copies().name, oct(os.stat(copies().name).st_mode)[-3:], flush=True)
if sys.argv[1:]:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals and modes of files")
def test_the_private_folder_goes_with_its_process_or_with_the_next_one(tmp_path: Path) -> None:
    def begin(*more: str) -> tuple[Path, str]:
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", LEAVES, *more]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        name, mode = done.stdout.split()
        return Path(name), mode

    ended, mode = begin()
    assert mode == "700"
    assert not ended.exists()
    killed, _ = begin("be killed")
    assert killed.parent == tmp_path
    assert killed.is_dir()
    others = tmp_path / f"asn-impact-{leftovers.HERE}-{os.getpid()}-x", tmp_path / "asn-impact-00000000-999999-x"
    for other in others:
        other.mkdir()
    begin()
    assert not killed.exists()
    assert all(other.is_dir() for other in others)  # of a process that lives, and of another machine


# --- limits ---------------------------------------------------------------------------------------------------------


def test_the_limits_can_be_set_and_a_wrong_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits_of(10**7) == Limits(48.0, (3 << 30) + 60 * 10**7)
    monkeypatch.setenv("ASN_IMPACT_READ_SECONDS", "5")
    monkeypatch.setenv("ASN_IMPACT_READ_MEMORY", "1.5")
    assert limits_of(10**7) == Limits(5.0, 1_500_000_000)
    for wrong in ("0", "-1", "x", "nan"):
        monkeypatch.setenv("ASN_IMPACT_READ_SECONDS", wrong)
        with pytest.raises(InputError, match=f"ASN_IMPACT_READ_SECONDS='{wrong}' is no number above 0"):
            limits_of(1)


@pytest.mark.skipif(not untrusted.LIMITED_BY_THE_SYSTEM, reason="elsewhere the watch below does it")
def test_a_file_that_needs_too_much_memory_is_refused_with_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = tmp_path / "large.json", tmp_path / "small.json"
    large.write_text("[" + '{"a":1},' * MANY + '{"a":1}]')
    small.write_text('[{"a": 1}]')
    read_apart(_read_json, small)
    limit = round(psutil.Process(untrusted._reader().process.pid).memory_info().vms / 1e9 + 0.1, 1)
    monkeypatch.setenv("ASN_IMPACT_READ_SECONDS", "300")
    monkeypatch.setenv("ASN_IMPACT_READ_MEMORY", str(limit))
    with pytest.raises(InputError, match=rf"large\.json.* more than {limit} GB .*ASN_IMPACT_READ_MEMORY=8"):
        read_exports(large, as_of="2024-12-31")
    assert read_apart(_read_json, small)[0] == {"a": ["1"]}


HOLDS = "x = bytearray(300_000_000); print('ready', flush=True); import time; time.sleep(60)"


@pytest.mark.parametrize(("limits", "found"), [(Limits(50, 100_000_000), "memory"), (Limits(0.3, 1 << 40), "time")])
def test_where_the_system_limits_nothing_a_watch_ends_the_process(
    limits: Limits, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted, "LIMITED_BY_THE_SYSTEM", False)
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        watch = untrusted._Watch(process, limits)
        assert process.wait(20) in (-signal.SIGTERM, -9, 1)
        watch.join(20)
        assert watch.found == found


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".csv.gz", ".zip"])
def test_a_file_that_the_engine_does_not_come_back_from_is_refused_by_its_name(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{ending}"
    text = HEADINGS + "".join(ROWS)
    if ending == ".csv":
        path.write_text(text)
    elif ending == ".parquet":
        (tmp_path / "b.csv").write_text(text)
        duckdb.sql(f"COPY (FROM '{tmp_path / 'b.csv'}') TO '{path}'")
    else:
        import gzip
        import zipfile

        if ending == ".zip":
            with zipfile.ZipFile(path, "w") as package:
                package.writestr("a.csv", text)
        else:
            path.write_bytes(gzip.compress(text.encode()))
    read_exports(path, as_of="2024-12-31", selection="received")
    trial.try_apart.cache_clear()  # a file that was tried is not tried again
    asked = untrusted._Reader.ask

    def stopped(reader: untrusted._Reader, *given: object) -> object:
        reader.process.kill()
        reader.process.wait()
        return asked(reader, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(untrusted._Reader, "ask", stopped)
    with pytest.raises(InputError, match=r"'a\.(csv|parquet)'.* ended its reader"):
        read_exports(path, as_of="2024-12-31", selection="received")
    monkeypatch.undo()
    assert read_exports(path, as_of="2024-12-31", selection="received").ledger.read == 60


def test_a_file_that_breaks_the_engine_is_refused_before_this_process_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def execute(self, sql: str) -> None:
            raise duckdb.InternalException(sql)

    monkeypatch.setattr(
        trial, "_engine", type("E", (), {"__call__": lambda *_: Broken(), "cache_clear": lambda _: 0})()
    )
    with pytest.raises(InputError, match=r"a\.csv.* damaged"):
        trial._decode(tmp_path / "a.csv", "rows", "a.csv", tmp_path)


# --- databases ------------------------------------------------------------------------------------------------------


def test_a_table_comes_out_of_a_database_with_its_types(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as database:
        database.execute("CREATE TYPE size AS ENUM ('kecil', 'besar')")
        database.execute(
            'CREATE TABLE t AS SELECT \'besar\'::size AS s, 123456789012345678901234567890::HUGEINT AS "a""b", '
            "DATE '2024-01-02' AS d, [1, 2] AS l, 1.5::DECIMAL(9, 2) AS n"
        )
    (table,) = open_file(tmp_path / "a.duckdb", len)
    assert table.headings == ("s", 'a"b', "d", "l", "n")
    assert [str(kind) for kind in table.relation.types] == [
        "ENUM('kecil', 'besar')", "HUGEINT", "DATE", "INTEGER[]", "DECIMAL(9,2)",
    ]  # fmt: skip
    assert table.relation.fetchall()[0][1] == 123456789012345678901234567890


def test_rows_that_are_not_yet_in_the_database_file_are_read(tmp_path: Path) -> None:
    write = (
        "import duckdb, os; c = duckdb.connect('a.duckdb'); c.execute('PRAGMA disable_checkpoint_on_shutdown');"
        "c.execute('CREATE TABLE t AS SELECT 1 AS a'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", write], cwd=tmp_path, check=True)
    assert (tmp_path / "a.duckdb.wal").stat().st_size > 0
    (table,) = open_database(tmp_path / "a.duckdb", Asked(len))
    assert table.relation.fetchall() == [(1,)]


def test_the_file_of_a_database_is_not_held(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS a")
    open_file(tmp_path / "a.duckdb", len)
    with duckdb.connect(str(tmp_path / "a.duckdb")) as database:
        database.execute("INSERT INTO t VALUES (2)")
    (table,) = open_file(tmp_path / "a.duckdb", len)
    assert sorted(table.relation.fetchall()) == [(1,), (2,)]


def test_the_trial_costs_little(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADINGS + "".join(ROWS))
    open_file(tmp_path / "a.csv", len)
    began = time.process_time()
    for _ in range(20):
        open_file(tmp_path / "a.csv", len)
    assert time.process_time() - began < 2.0
