"""Ten million cases, from Parquet to the answer, next to the cheapest query that could say anything.

    python benchmarks/ten_million.py [--rows 10000000] [--runs 5] [--files 200] [--table unkind]

Every run is a fresh process, and the contestants take turns. The yardstick is a bare DuckDB GROUP BY office, month
over the same columns: a count and a sum of calendar days, and in the unkind table a count(distinct) of the cases; no
calendar, no ledger, no checks. Five outcomes are tabulated in one pass. CPU seconds are user + system of the work
after the imports, with those of the process in which files are tried: the least of the runs, and the median in
brackets. Memory is the largest resident size of the whole process (VmHWM). With `--files` as many Parquet files of
1,000 rows stand beside one file with the same rows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from statistics import median

from cases import AS_OF, TABLES, alternated, cost, cpu_seconds, least_and_median, write_parquet

STEPS = ("read_exports", "measure", "tabulate 5 outcomes", "estimate")


def bare(path: Path, table: str) -> dict[str, float]:
    """Count and add up in DuckDB, nothing else."""
    import duckdb

    duckdb.sql("SELECT 1").fetchall()
    distinct = ', count(DISTINCT "case"), max(status)' if table == "unkind" else ""
    began = cpu_seconds()
    duckdb.sql(f"""
        SELECT office, 12 * year(received) + month(received) AS month, count(*), sum(decided - received){distinct}
        FROM read_parquet('{path}') GROUP BY ALL
    """).fetchall()
    return cost(began)


def ours(path: Path) -> dict[str, float]:
    """Read with the ledger, measure, tabulate, estimate; CPU seconds of each step."""
    from asn_impact.intake.readers.exports import read_exports
    from asn_impact.measures.calendar import WorkCalendar
    from asn_impact.measures.durations import measure
    from asn_impact.measures.outcomes import RestrictedMean, Within
    from asn_impact.measures.tabulate import tabulate

    estimate = estimation()
    small = path.parent / "small" / "cases.parquet"
    read_exports(small, as_of=AS_OF)  # starts the engine, and the process in which files are tried
    marks = [cpu_seconds()]
    extract = read_exports(path, as_of=AS_OF)
    marks.append(cpu_seconds())
    durations = measure(extract, WorkCalendar.indonesia())
    marks.append(cpu_seconds())
    panels = tabulate(durations, [RestrictedMean(30), RestrictedMean(60), Within(5), Within(10), Within(20)])
    marks.append(cpu_seconds())
    estimate(panels[0])
    marks.append(cpu_seconds())
    steps = [later - earlier for earlier, later in pairwise(marks)]
    return {**cost(marks[0]), **dict(zip(STEPS, steps, strict=True))}


def estimation():
    """Return the estimation step: group-time effects of a made-up rollout with the jackknife over offices."""
    import pandas as pd

    from asn_impact.designs.design import assign
    from asn_impact.estimation.group_time import GroupTime
    from asn_impact.estimation.inference import infer
    from asn_impact.estimation.jackknife import Jackknife
    from asn_impact.intake.readers.training import read_rollout

    def estimate(panel):
        months = [pd.Period("2023-03", "M"), pd.Period("2024-03", "M"), pd.NaT]
        adopted = [months[u % 3] for u in range(len(panel.units))]
        frame = pd.DataFrame({"office": panel.units, "adopted": pd.Series(adopted, dtype=object)})
        design = assign(panel, read_rollout(frame, unit="office", adopted="adopted"), cluster="office")
        return infer(GroupTime(controls="not_yet")(design).overall(), Jackknife()).table()

    return estimate


def report(folder: Path, rows: int, runs: int, table: str) -> None:
    """Print what each step costs beside the bare query."""
    place = folder / table
    (place / "small").mkdir(parents=True, exist_ok=True)
    for path, n in ((place / "cases.parquet", rows), (place / "small" / "cases.parquet", 5_000)):
        if not path.exists():
            write_parquet(path, n, table)
    works = {
        name: ["--work", name, "--table", table, "--path", str(place / "cases.parquet")] for name in ("bare", "ours")
    }
    found = alternated(__file__, works, runs)
    seconds = {name: [run["seconds"] for run in runs_of] for name, runs_of in found.items()}
    largest = {name: max(run["memory"] for run in runs_of) for name, runs_of in found.items()}
    yardstick = median(seconds["bare"])
    print(f"\n{table} table, {rows:,} cases: CPU seconds, least (median) of {runs} fresh processes in turn")
    print(f"  {'bare GROUP BY':<22} {least_and_median(seconds['bare']):>16}  1.00 x   {largest['bare']:5.0f} MB")
    for step in STEPS:
        times = [run[step] for run in found["ours"]]
        print(f"  {step:<22} {least_and_median(times):>16}  {median(times) / yardstick:4.2f} x")
    ratio = median(seconds["ours"]) / yardstick
    reader = max(run["reader"] for run in found["ours"])
    print(
        f"  {'everything':<22} {least_and_median(seconds['ours']):>16}  {ratio:4.2f} x   {largest['ours']:5.0f} MB",
        end="",
    )
    print(f" (and {reader:.0f} MB where files are tried)")


def report_files(folder: Path, files: int, runs: int) -> None:
    """Print what as many files of 1,000 rows cost beside one file with the same rows."""
    import duckdb

    one, many = folder / "one", folder / "many"
    for place in (one, many, folder / "small"):
        place.mkdir(exist_ok=True)
    write_parquet(one / "cases.parquet", files * 1_000, "unkind")
    write_parquet(folder / "small" / "cases.parquet", 5_000, "unkind")
    for i in range(files):
        rows = f"SELECT * FROM '{one}/cases.parquet' LIMIT 1000 OFFSET {1_000 * i}"
        duckdb.sql(f"COPY ({rows}) TO '{many}/{i:04d}.parquet'")
    works = {place.name: ["--work", "ours", "--table", "unkind", "--path", str(place)] for place in (one, many)}
    found = alternated(__file__, works, runs)
    times = {name: [run["seconds"] for run in runs_of] for name, runs_of in found.items()}
    ratio = median(times["many"]) / median(times["one"])
    print(f"\n{files:,} Parquet files of 1,000 rows: {least_and_median(times['many'])} CPU seconds")
    print(f"one file with the same rows: {least_and_median(times['one'])}, so {ratio:.1f} times")


def main() -> None:
    """Write the cases to a temporary folder (or use those there), then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, default=200, help="Parquet files of 1,000 rows; 0 leaves them out")
    parser.add_argument("--table", choices=TABLES, help="one table only")
    parser.add_argument("--folder", type=Path, help="where the Parquet files are kept; a temporary folder without it")
    parser.add_argument("--work", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        warnings.simplefilter("ignore")
        print(json.dumps(bare(options.path, options.table) if options.work == "bare" else ours(options.path)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for table in (options.table,) if options.table else TABLES:
            report(folder, options.rows, options.runs, table)
        if options.files:
            report_files(Path(temporary), options.files, options.runs)


if __name__ == "__main__":
    main()
