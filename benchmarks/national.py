"""A national study on one machine: 514 regencies of 20 offices, from files to the answer, beside the bare query.

    python benchmarks/national.py --folder /data/national [--rows 100000000] [--regencies 514] [--runs 3] [--memory 1]
    python benchmarks/national.py --folder /data/national --curve --rows 10000000 --regencies 400
    python benchmarks/national.py --folder /data/national --spark spark://127.0.0.1:7077

The cases have a number, a regency, an office, two dates and a status; 0.2 % of the rows are copies. Offices are trained
in three waves or never, and what happens in a regency in a month happens to all its offices. The study reads and counts
the rows, measures working days, tabulates five outcomes by regency and office in one pass, estimates with period
effects of each regency, and finds the interval with every office a cluster, and with every regency one.

Every run is a fresh process, and the contestants take turns. The yardstick is a bare DuckDB GROUP BY over the same
columns with a count(DISTINCT) of the cases, under the same limit. Memory of the engine is set to `--memory` GB (ours:
ASN_IMPACT_MEMORY); what is printed is the largest resident size of the whole process (VmHWM). Rows that left the engine
are those of all frames that were collected. The truth is an effect of -1.5 working days from the month of training on.

With `--curve` the completion curve of 30 days of every office is tabulated instead, in a process of its own.
With `--spark` the same study runs on that cluster, and its cells are compared with those of the files.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import alternated, cost, cpu_seconds, least_and_median

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.designs.design import Design
    from asn_impact.measures.panel import Panel

AS_OF, OFFICES, MONTHS = "2025-12-31", 20, 36
WAVES = ("2024-01", "2024-07", "2025-01", None)
STEPS = ("read_exports", "measure", "tabulate 5 outcomes", "estimation", "infer, by office", "infer, by regency")

CASES = f"""
    SELECT *, greatest(0, spread - if(month >= start, 2, 0) + hash(regency, month, 'shock') % 5)::INTEGER AS took
    FROM (
        SELECT i, printf('R%03d', {{of}}[1 + i * len({{of}}) // {{rows}}]) AS regency,
            printf('Dinas %02d', hash(i) % {OFFICES}) AS office,
            DATE '2023-01-01' + (hash(i, 'day') % 1096)::INTEGER AS received,
            12 * (year(received) - 2023) + month(received) - 1 AS month,
            [12, 18, 24, 99][1 + (hash(regency, office, 'wave') % 4)::INTEGER] AS start,
            least(hash(i, 'one') % 45, hash(i, 'two') % 90) AS spread, hash(i, 'fate') % 1000 AS fate
        FROM range({{rows}}) t(i)))"""
ROWS = f"""
    SELECT printf('503/%09d/IZIN/%d', i, year(received)) AS "case", regency, office, received,
        if(received + took > DATE '{AS_OF}', NULL, received + took) AS decided,
        if(received + took > DATE '{AS_OF}', 'Proses', if(i % 20 = 0, 'Ditolak', 'Selesai')) AS status, fate
    FROM ({CASES}"""
COPIES = f"""
    WITH cases AS NOT MATERIALIZED ({ROWS})
    SELECT * EXCLUDE (fate) FROM cases UNION ALL SELECT * EXCLUDE (fate) FROM cases WHERE fate < 2"""


def write(folder: Path, rows: int, regencies: int) -> None:
    """Write a folder a regency, in one go; regencies differ in size, up to fivefold."""
    import duckdb

    of = [r for r in range(regencies) for _ in range(1 + (7 * r) % 5)]
    settings = {"memory_limit": "1GB", "temp_directory": str(folder / "aside"), "preserve_insertion_order": False}
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config=settings) as connection:
        query = COPIES.format(of=of, rows=rows)
        connection.execute(f"COPY ({query}) TO '{folder}/cases' (FORMAT parquet, PARTITION_BY regency)")


def bare(folder: Path, gigabytes: float) -> dict[str, float]:
    """Count and add up in DuckDB, nothing else; with as much memory as it likes where the limit does not suffice."""
    import duckdb

    try:
        return _bare(folder, {"memory_limit": f"{gigabytes}GB"})
    except duckdb.OutOfMemoryException:
        return _bare(folder, {})


def _bare(folder: Path, settings: dict[str, str]) -> dict[str, float]:
    import duckdb

    with duckdb.connect(config={**settings, "temp_directory": str(folder / "aside")}) as connection:
        connection.execute("SELECT 1").fetchall()
        began = cpu_seconds()
        connection.execute(f"""
            SELECT regency, office, 12 * year(received) + month(received) AS month, count(*), sum(decided - received),
                count(DISTINCT "case"), max(status)
            FROM read_parquet('{folder}/cases/*/*.parquet', hive_partitioning=true) GROUP BY ALL
        """).fetchall()
        return cost(began)


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count rows and bytes of the frames that leave the engine."""
    import narwhals as nw

    left = {"rows": 0, "bytes": 0}
    collect = nw.LazyFrame.collect

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = collect(self, *args, **kwargs)
        left["rows"] += len(found)
        left["bytes"] += found.to_arrow().nbytes
        return found

    nw.LazyFrame.collect = counting
    try:
        yield left
    finally:
        nw.LazyFrame.collect = collect


def study(source: Any, mark: Any) -> tuple[tuple[Panel, ...], dict[str, Any]]:
    """Read, measure, tabulate, estimate and infer; `mark` is called after each step."""
    import asn_impact as ai

    extract = ai.read_exports(source, as_of=AS_OF, keep=["regency"], regency="all")
    mark()
    durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    mark()
    outcomes = [ai.RestrictedMean(30), ai.RestrictedMean(60), ai.Within(5), ai.Within(10), ai.Within(20)]
    panels = ai.tabulate(durations, outcomes, by=("regency", "office"))
    mark()
    by_office, by_regency = (assigned(panels[0], cluster) for cluster in ("unit", "regency"))
    effects = ai.GLSImputation(periods="regency")(by_office)
    mark()
    answer = ai.infer(effects.overall(), ai.BiasReduced()).table().iloc[0]
    mark()
    other = ai.infer(ai.GLSImputation(periods="regency")(by_regency).overall(), ai.BiasReduced()).table().iloc[0]
    mark()
    names = ("estimate", "std_error", "df", "conf_low", "conf_high")
    said = {name: float(answer[name]) for name in names} | {f"{name} by regency": float(other[name]) for name in names}
    return panels, {**said, "kept": extract.ledger.kept, "units": len(panels[0].units)}


def assigned(panel: Panel, cluster: str) -> Design:
    """Return the design: waves as they were drawn when the cases were made."""
    from dataclasses import replace

    import asn_impact as ai

    waves = wave_of(panel.attributes)
    panel = replace(panel, attributes=panel.attributes.assign(unit=list(panel.units)))
    frame = waves.assign(unit=list(panel.units))
    return ai.assign(panel, ai.read_rollout(frame, unit="unit", adopted="wave"), cluster=cluster)


def wave_of(units: pd.DataFrame) -> pd.DataFrame:
    """Return the month of training of each office, from the same hash as that of the cases."""
    import duckdb

    name = "split_part(office, ' / ', -1)"  # an office is known by its regency and its name
    found = duckdb.sql(f"SELECT regency, office, hash(regency, {name}, 'wave') % 4 AS wave FROM units").df()
    return found.assign(wave=[WAVES[int(w)] for w in found["wave"]])


def ours(folder: Path) -> dict[str, Any]:
    """Run the study on the files; CPU seconds of each step."""
    import asn_impact as ai
    from asn_impact.intake.formats.engine import memory

    # starts the engine, and the process where files are tried
    ai.read_exports(folder / "small" / "cases", as_of=AS_OF, regency="all")
    marks = [cpu_seconds()]
    with counted() as left:
        _, said = study(folder / "cases", lambda: marks.append(cpu_seconds()))
    steps = [later - earlier for earlier, later in pairwise(marks)]
    engine = {"engine": memory() / 1e9, **{f"left {name}": n for name, n in left.items()}}
    return {**cost(marks[0]), **dict(zip(STEPS, steps, strict=True)), **said, **engine}


def curve(folder: Path) -> dict[str, Any]:
    """Tabulate the completion curve of every office from the files; CPU seconds and memory of all of it."""
    import asn_impact as ai

    began = cpu_seconds()
    extract = ai.read_exports(folder / "cases", as_of=AS_OF, keep=["regency"], regency="all")
    durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    panel = ai.tabulate(durations, ai.CompletionCurve(30), by=("regency", "office"))
    return {**cost(began), "units": len(panel.units), "answer": (panel.curve.nbytes + panel.inside.nbytes) / 1e6}


def report_curve(folder: Path, rows: int, runs: int, words: list[str]) -> None:
    """Print what the completion curve of every office costs."""
    found = alternated(__file__, {"curve": [*words, "--work", "curve"]}, runs)["curve"]
    seconds, largest = [run["seconds"] for run in found], max(run["memory"] for run in found)
    print(f"{rows:,} cases, curve of 30 days of {found[0]['units']:,} offices: {least_and_median(seconds)} CPU seconds")
    print(f"  largest memory {largest:.0f} MB, of which the answer has {found[0]['answer']:.0f} MB")


def prepare(folder: Path, rows: int, regencies: int) -> None:
    """Write the cases, and a few to start with, unless they are there."""
    for place, n, some in ((folder, rows, regencies), (folder / "small", 5_000, 2)):
        if not (place / "cases").exists():
            write(place, n, some)


def report(rows: int, regencies: int, runs: int, words: list[str]) -> None:
    """Print what each step costs beside the bare query."""
    found = alternated(__file__, {name: [*words, "--work", name] for name in ("bare", "ours")}, runs)
    seconds = {name: [run["seconds"] for run in runs_of] for name, runs_of in found.items()}
    largest = {name: max(run["memory"] for run in runs_of) for name, runs_of in found.items()}
    yardstick, one = min(seconds["bare"]), found["ours"][0]
    print(f"\n{rows:,} cases, {regencies} regencies, {one['units']:,} offices; engine {one['engine']:.1f} GB")
    print(f"CPU seconds, least (median) of {runs} fresh processes in turn")
    print(f"  {'bare GROUP BY':<22} {least_and_median(seconds['bare']):>18}  1.00 x   {largest['bare']:6.0f} MB")
    for step in STEPS:
        times = [run[step] for run in found["ours"]]
        print(f"  {step:<22} {least_and_median(times):>18}  {min(times) / yardstick:4.2f} x")
    ratio, reader = min(seconds["ours"]) / yardstick, max(run["reader"] for run in found["ours"])
    print(f"  {'everything':<22} {least_and_median(seconds['ours']):>18}  {ratio:4.2f} x   {largest['ours']:6.0f} MB")
    print(f"  where files are tried: {reader:.0f} MB; a million cases: {1e6 * min(seconds['ours']) / rows:.2f} s")
    print(f"  left the engine: {one['left rows']:,} rows, {one['left bytes'] / 1e6:.1f} MB, of {one['kept']:,} cases")
    for by, end in (("office", ""), ("regency", " by regency")):
        low, high, df = (one[f"{name}{end}"] for name in ("conf_low", "conf_high", "df"))
        print(f"  effect, clusters by {by}: {one['estimate']:.3f} days ({low:.3f} to {high:.3f}; df {df:.0f})")


def compare(folder: Path, address: str) -> None:
    """Print whether a cluster gives the cells that the files give."""
    import numpy as np
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.remote(address) if address.startswith("sc://") else SparkSession.builder
    builder = builder if address.startswith("sc://") else builder.master(address)
    # joins by sorting: a driver with 1 GB has no room for a table that it sends to all workers
    settings = {"ui.enabled": "false", "sql.shuffle.partitions": "8", "sql.autoBroadcastJoinThreshold": "-1"}
    for name, value in settings.items():
        builder = builder.config(f"spark.{name}", value)
    spark = builder.getOrCreate()
    try:
        table = spark.read.parquet(str(folder / "cases"))
        with counted() as left:
            there, said = study(table, lambda: None)
    finally:
        spark.stop()
    here, same = study(folder / "cases", lambda: None)
    for one, other in zip(there, here, strict=True):
        np.testing.assert_array_equal(one.n, other.n)
        np.testing.assert_array_equal(one.mean, other.mean)
        assert one.units == other.units
    assert said == same
    print(f"{address}: {here[0].n.size:,} cells of {len(here)} outcomes, equal to the bit to those of the files")
    print(f"left the cluster: {left['rows']:,} rows, {left['bytes'] / 1e6:.1f} MB, of {said['kept']:,} cases")


def main() -> None:
    """Write the cases (or use those there), then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--regencies", type=int, default=514)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", type=float, default=1.0, help="GB that the engine may hold")
    parser.add_argument("--folder", type=Path, help="where the files are kept; a temporary folder without it")
    parser.add_argument("--curve", action="store_true", help="the completion curve of every office, nothing else")
    parser.add_argument("--spark", metavar="MASTER", help="compare with a cluster: spark://..., sc://..., local[2]")
    parser.add_argument("--work", choices=["bare", "ours", "curve"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["ASN_IMPACT_MEMORY"] = str(options.memory)
    if options.work:
        warnings.simplefilter("ignore")
        work = {"bare": lambda: bare(options.folder, options.memory), "ours": lambda: ours(options.folder)}
        print(json.dumps((work | {"curve": lambda: curve(options.folder)})[options.work]()))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        prepare(folder, options.rows, options.regencies)
        words = ["--folder", str(folder), "--memory", str(options.memory)]
        if options.spark:
            compare(folder, options.spark)
        elif options.curve:
            report_curve(folder, options.rows, options.runs, words)
        else:
            report(options.rows, options.regencies, options.runs, words)


if __name__ == "__main__":
    main()
