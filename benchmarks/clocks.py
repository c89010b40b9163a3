"""Three clocks of a log of steps, three outcomes each, next to the cheapest query that reads the log in order.

    python benchmarks/clocks.py [--events 50000000] [--runs 3] [--folder place]

Every run is a fresh process, and the contestants take turns. The yardstick is a bare DuckDB GROUP BY case over the log,
sorted by case: first beginning, last end, a count; no calendar, no ledger, no union of steps. CPU seconds are user +
system of the work after the imports: the least of the runs, and the median in brackets. Memory is the largest resident
size of the whole process (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from statistics import median

from cases import alternated, cost, cpu_seconds, least_and_median

AS_OF = "2025-12-31"
EVERY = 5  # steps of a case
STEPS = ("read_step_log", "clocks", "tabulate 3 x 3 outcomes")


def write_log(path: Path, events: int) -> None:
    """Write a log: five steps a case, of the office and the applicant in turn, some of them open, some at once."""
    import duckdb

    duckdb.sql(f"""
        COPY (
            WITH cases AS (
                SELECT range AS n, DATE '2022-01-03' + (hash(range) % 1300)::INTEGER AS received
                FROM range({events // EVERY})
            ), steps AS (
                SELECT *, received + (2 * k + hash(n * 7 + k) % 4)::INTEGER AS began
                FROM cases, (SELECT range AS k FROM range({EVERY}))
            )
            SELECT 'P-' || n AS "case", 'Dinas ' || hash(n + 3) % 30 AS office,
                   ['Verifikasi', 'Perbaikan', 'Rekomendasi', 'Pemeriksaan', 'Penetapan'][k + 1] AS step,
                   CASE WHEN n % 40 = 0 AND k = {EVERY - 1} THEN 'Proses' ELSE 'Selesai' END AS status,
                   began AS step_start,
                   CASE WHEN n % 40 = 0 AND k = {EVERY - 1} THEN NULL
                        ELSE began + (1 + hash(n + k) % 5)::INTEGER END AS step_end
            FROM steps
        ) TO '{path}' (FORMAT parquet)
    """)


def bare(path: Path) -> dict[str, float]:
    """Sort and group in DuckDB, nothing else."""
    import duckdb

    duckdb.sql("SELECT 1").fetchall()
    began = cpu_seconds()
    duckdb.sql(f"""
        CREATE TEMP TABLE answer AS SELECT office, "case", min(step_start), max(step_end), count(*)
        FROM read_parquet('{path}') GROUP BY ALL ORDER BY office, "case"
    """)
    return cost(began)


def ours(path: Path) -> dict[str, float]:
    """Read the log, settle the clocks, tabulate; CPU seconds of each step."""
    import asn_impact as ai

    ai.read_step_log(path.parent / "small" / "log.parquet", as_of=AS_OF)  # starts the engine
    marks = [cpu_seconds()]
    log = ai.read_step_log(path, as_of=AS_OF)
    marks.append(cpu_seconds())
    owners = {"applicant": ["Perbaikan"], "elsewhere": ["Rekomendasi"], "office": "the rest"}
    three = ai.clocks(log, ai.WorkCalendar.indonesia(), **owners, abandoned_after=40)
    marks.append(cpu_seconds())
    for times in (three.gross, three.net_of_applicant, three.office_only):
        ai.tabulate(times, [ai.RestrictedMean(30), ai.Within(5), ai.Within(10)])
    marks.append(cpu_seconds())
    steps = [later - earlier for earlier, later in pairwise(marks)]
    return {**cost(marks[0]), **dict(zip(STEPS, steps, strict=True))}


def report(folder: Path, events: int, runs: int) -> None:
    """Print what each step costs beside the bare query."""
    (folder / "small").mkdir(parents=True, exist_ok=True)
    path = folder / "log.parquet"
    for place, n in ((path, events), (folder / "small" / "log.parquet", 5_000)):
        if not place.exists():
            write_log(place, n)
    found = alternated(__file__, {name: ["--work", name, "--path", str(path)] for name in ("bare", "ours")}, runs)
    seconds = {name: [run["seconds"] for run in runs_of] for name, runs_of in found.items()}
    largest = {name: max(run["memory"] for run in runs_of) for name, runs_of in found.items()}
    yardstick = median(seconds["bare"])
    print(f"\n{events:,} events: CPU seconds, least (median) of {runs} fresh processes in turn")
    print(
        f"  {'bare GROUP BY, sorted':<24} {least_and_median(seconds['bare']):>16}  1.00 x   {largest['bare']:5.0f} MB"
    )
    for step in STEPS:
        times = [run[step] for run in found["ours"]]
        print(f"  {step:<24} {least_and_median(times):>16}  {median(times) / yardstick:4.2f} x")
    ratio, whole = median(seconds["ours"]) / yardstick, least_and_median(seconds["ours"])
    print(f"  {'everything':<24} {whole:>16}  {ratio:4.2f} x   {largest['ours']:5.0f} MB")


def main() -> None:
    """Write the log to a temporary folder (or use the one there), then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the log is kept; a temporary folder without it")
    parser.add_argument("--work", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        warnings.simplefilter("ignore")
        print(json.dumps(bare(options.path) if options.work == "bare" else ours(options.path)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        report(options.folder or Path(temporary), options.events, options.runs)


if __name__ == "__main__":
    main()
