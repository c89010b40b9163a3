"""The rows stay where they are: the same cells from DuckDB, from a database behind Ibis and from Spark."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.intake.fields.free_text import LOOKED_AT
from asn_impact.intake.frames import LACKING

AS_OF = "2024-12-31"
OUTCOMES = [ai.RestrictedMean(30), ai.Within(5), ai.Count(), ai.Share("urgent"), ai.Score("amount")]


def office_records(seed: int = 1, n: int = 3_000) -> pd.DataFrame:
    """What an office has: case numbers, a status, open cases, copies, withdrawn cases and rows without a date."""
    rng = np.random.default_rng(seed)
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 700, n), "D")
    decided = received + pd.to_timedelta(rng.integers(0, 60, n), "D")
    status = rng.choice(["granted", "rejected", "withdrawn"], n, p=[0.85, 0.1, 0.05])
    waiting = decided > pd.Timestamp(AS_OF)
    frame = pd.DataFrame(
        {
            "case": [f"K-{i:05d}" for i in range(n)],
            "office": rng.choice(["Dinas Kesehatan", "Dinas Sosial", "Dinas PUPR", "Kec. Muara"], n),
            "service": rng.choice(["SIP", "IMB"], n),
            "received": [d.date() for d in received],
            "decided": [None if w else d.date() for d, w in zip(decided, waiting, strict=True)],
            "status": np.where(waiting, "open", status),
            "urgent": rng.random(n) < 0.3,
            "amount": rng.integers(0, 100, n).astype(float),
        }
    )
    copies = frame.sample(20, random_state=seed)
    return pd.concat([frame, copies], ignore_index=True)


def cells(source: Any) -> tuple[ai.Ledger, list[ai.Panel], pd.DataFrame]:
    extract = ai.read_exports(source, as_of=AS_OF, keep=["urgent", "amount"])
    times = ai.measure(extract, ai.WorkCalendar.indonesia())
    return extract.ledger, ai.tabulate(times, OUTCOMES), ai.maturity(times, RESTRICTED)


RESTRICTED = ai.RestrictedMean(30)


@pytest.fixture(scope="module")
def expected() -> Any:
    return cells(office_records())


def assert_same(found: Any, expected: Any) -> None:
    assert found[0].table().to_numpy().tolist() == expected[0].table().to_numpy().tolist()
    for one, other in zip(found[1], expected[1], strict=True):
        assert one.units == other.units
        np.testing.assert_array_equal(one.n, other.n)
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-15, equal_nan=True)
    pd.testing.assert_frame_equal(found[2], expected[2], check_dtype=False)


def log_of_steps() -> pd.DataFrame:
    """What an office logs: steps of office and applicant, copies, and cases that are open."""
    rows = ai.example_steps()
    rows = rows.assign(**{name: rows[name].dt.date for name in ("step_start", "step_end")})
    return pd.concat([rows, rows.head(15)], ignore_index=True)


def on_clocks(source: Any) -> tuple[ai.Ledger, list[ai.Panel], pd.DataFrame]:
    log = ai.read_step_log(source, as_of="2025-03-31")
    owners: Any = {"applicant": ["Perbaikan Dokumen"], "elsewhere": [], "office": "the rest"}
    three = ai.clocks(log, ai.WorkCalendar.indonesia(), **owners, abandoned_after=20)
    times = (three.gross, three.net_of_applicant, three.office_only)
    panels = [panel for own in times for panel in ai.tabulate(own, [ai.RestrictedMean(30), ai.Within(5)])]
    return log.cases.ledger, panels, log.owners


@pytest.fixture(scope="module")
def expected_on_clocks() -> Any:
    return on_clocks(log_of_steps())


@pytest.fixture
def fetched(monkeypatch) -> list[int]:
    """Numbers of rows that leave a database behind Ibis, one for each query."""
    expression = pytest.importorskip("ibis.expr.types.core").Expr
    counts: list[int] = []
    for name in ("to_pyarrow", "execute"):
        monkeypatch.setattr(expression, name, _counting(getattr(expression, name), counts))
    return counts


def _counting(fetch: Any, counts: list[int], asked: list[Any] | None = None) -> Any:
    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        if asked is not None:
            asked.append(self)
        found = fetch(self, *args, **kwargs)
        counts.append(len(found) if hasattr(found, "__len__") else 1)
        return found

    return counted


@pytest.fixture(scope="module")
def behind_ibis(tmp_path_factory) -> SimpleNamespace:
    """What a database behind Ibis gives, how many rows left it for that, and all that it was asked, in every way."""
    ibis = pytest.importorskip("ibis")
    expression = ibis.expr.types.core.Expr
    place = tmp_path_factory.mktemp("izin")
    office_records().to_parquet(place / "izin.parquet")
    office_records().assign(urgent=lambda d: d["urgent"].astype(int)).to_parquet(place / "counted.parquet")
    log_of_steps().to_parquet(place / "steps.parquet")
    asked: list[Any] = []
    counts: list[int] = []

    def table(name: str) -> Any:
        return ibis.duckdb.connect().read_parquet(place / f"{name}.parquet")

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the adapter, not of ours
        for name in ("to_pyarrow", "execute"):
            patch.setattr(expression, name, _counting(getattr(expression, name), counts, asked))
        found, on_clocks_found = cells(table("izin")), on_clocks(table("steps"))
        assert counts
        most = max(counts)
        extract = ai.read_exports(table("counted"), as_of=AS_OF, keep=["urgent", "amount"])
        times = ai.measure(extract, ai.WorkCalendar.indonesia(), clock="calendar_days")
        ai.tabulate(times, RESTRICTED, by=("service", "office"), covariates=["amount"], per="quarter")
        ai.tabulate(times, ai.CompletionCurve(20, immature="kaplan_meier"))
        ai.tabulate(times, ai.Score("amount"), sampling_weight="urgent")
    assert len(asked) > 20
    return SimpleNamespace(cells=found, on_clocks=on_clocks_found, most=most, queries=_with_every_operation(asked))


def test_a_database_behind_ibis_gives_the_same_cells_and_keeps_its_rows(expected, behind_ibis):
    assert_same(behind_ibis.cells, expected)
    assert behind_ibis.most <= LOOKED_AT, "no more rows leave than there are days, cells and numbers looked at"


def test_a_log_of_steps_behind_ibis_gives_the_same_clocks(expected_on_clocks, behind_ibis):
    assert_same(behind_ibis.on_clocks, expected_on_clocks)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_frame_that_cannot_be_served_is_refused_at_the_door(tmp_path):
    ibis = pytest.importorskip("ibis")
    connection = ibis.sqlite.connect(tmp_path / "izin.db")
    names = ("case", "office", "received", "decided")
    connection.create_table("izin", schema=ibis.schema(dict.fromkeys(names, "string")))
    with pytest.raises(ai.InputError, match="name of its file"):
        ai.read_exports(connection.table("izin"), as_of=AS_OF)


DIALECTS = ("postgres", "mysql", "trino", "snowflake", "bigquery", "clickhouse", "databricks", "athena")


def _with_every_operation(sent: list[Any]) -> list[Any]:
    """A few queries in which every operation occurs on all kinds of values that it is given in any of them."""
    from ibis.expr.operations import Node

    def kind(value: Any) -> str:
        return str(getattr(value, "dtype", ""))

    used = [{(type(n), kind(n), *map(kind, n.args)) for n in query.op().find(Node)} for query in sent]
    chosen, left = [], set().union(*used)
    while left:
        best = max(range(len(sent)), key=lambda i: len(used[i] & left))
        chosen.append(sent[best])
        left -= used[best]
    return chosen


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.filterwarnings("ignore")
def test_every_query_can_be_written_in_the_sql_of_a_server(behind_ibis, dialect):
    ibis = pytest.importorskip("ibis")
    for query in behind_ibis.queries:
        assert "SELECT" in ibis.to_sql(query, dialect=dialect).upper()


@pytest.mark.parametrize("dialect", LACKING)
@pytest.mark.filterwarnings("ignore")
def test_a_server_whose_sql_lacks_a_function_is_refused_at_the_door(behind_ibis, dialect, monkeypatch):
    ibis = pytest.importorskip("ibis")
    with pytest.raises(ibis.common.exceptions.OperationNotDefinedError):
        _ = [ibis.to_sql(query, dialect=dialect) for query in behind_ibis.queries]
    table = ibis.memtable(office_records()[["case", "office", "received", "decided"]])
    monkeypatch.setattr(type(table), "get_backend", lambda _: SimpleNamespace(name=dialect))
    with pytest.raises(ai.InputError, match=rf"{dialect} lacks.*to_parquet"):
        ai.read_exports(table, as_of=AS_OF)


def _programs_of_postgres() -> Path | None:
    found = shutil.which("initdb")
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    return Path(found).parent if found else known[-1] if known else None


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    """A real server on a socket of its own, gone when the tests end."""
    pytest.importorskip("psycopg", reason="needs psycopg and libpq", exc_type=ImportError)
    programs = _programs_of_postgres()
    if programs is None:
        pytest.skip("needs the programs of PostgreSQL")
    somebody = [] if os.getuid() else ["runuser", "-u", "postgres", "--"]  # the server does not run for root
    folder = Path(tempfile.mkdtemp(prefix="asn-pg-"))
    if somebody:
        shutil.chown(folder, "postgres")

    def run(program: str, *words: str) -> None:
        call = [*somebody, str(programs / program), "-D", str(folder / "data"), *words]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "-A", "trust", "-U", "asn")
    run("pg_ctl", "-o", f"-k {folder} -c listen_addresses=''", "-l", str(folder / "log"), "-w", "start")
    try:
        yield {"host": str(folder), "user": "asn"}
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_database_server_gives_the_same_cells_and_keeps_its_rows(postgres, expected, fetched):
    import ibis
    import psycopg

    rows = office_records()
    types = {"received": "date", "decided": "date", "urgent": "boolean", "amount": "double precision"}
    columns = ", ".join(f'"{name}" {types.get(name, "text")}' for name in rows.columns)
    with psycopg.connect(**postgres, dbname="postgres") as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE izin ({columns})")
        with cursor.copy("COPY izin FROM STDIN") as copy:
            for row in rows.itertuples(index=False):
                copy.write_row(tuple(row))
    table = ibis.postgres.connect(**postgres, database="postgres").table("izin")
    assert_same(cells(table), expected)
    assert max(fetched) <= LOOKED_AT


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = pytest.importorskip("pyspark.sql", reason="needs pip install 'asn-impact[spark]' and Java").SparkSession
    master = os.environ.get("ASN_IMPACT_SPARK", "local[2]")
    remote = master.startswith("sc://") or master == "local-connect"
    address = "local[2]" if master == "local-connect" else master
    builder = session.builder.remote(address) if remote else session.builder.master(address)
    made = builder.config("spark.sql.shuffle.partitions", "4").config("spark.ui.enabled", "false").getOrCreate()
    yield made
    made.stop()


@pytest.mark.filterwarnings("default")
def test_spark_gives_the_same_cells_and_keeps_its_rows(spark, expected, tmp_path, monkeypatch):
    office_records().to_parquet(tmp_path / "izin.parquet")
    table = spark.read.parquet(str(tmp_path / "izin.parquet"))
    counts: list[int] = []
    for name in ("toArrow", "collect"):
        monkeypatch.setattr(type(table), name, _counting(getattr(type(table), name), counts))
    assert_same(cells(table), expected)
    assert counts
    assert max(counts) <= LOOKED_AT


@pytest.mark.filterwarnings("default")
def test_spark_gives_the_same_clocks_and_keeps_the_steps(spark, expected_on_clocks, tmp_path, monkeypatch):
    log_of_steps().to_parquet(tmp_path / "steps.parquet")
    table = spark.read.parquet(str(tmp_path / "steps.parquet"))
    counts: list[int] = []
    for name in ("toArrow", "collect"):
        monkeypatch.setattr(type(table), name, _counting(getattr(type(table), name), counts))
    assert_same(on_clocks(table), expected_on_clocks)
    assert max(counts) <= LOOKED_AT
