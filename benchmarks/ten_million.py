"""Ten million cases, from Parquet to the answer, next to the cheapest query that could say anything.

    python benchmarks/ten_million.py --rows 10000000 --runs 5

Each run is a fresh process. The yardstick is a bare DuckDB GROUP BY office, month with a count and a sum of calendar
days: no calendar, no ledger, no checks. CPU seconds are user + system, of the work after the imports; the least of
several runs counts, for other programs can only add. Memory is the largest resident size of the whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

OFFICES, AS_OF = 40, "2025-12-31"


def write_cases(path: Path, rows: int) -> None:
    """Write cases received from 2021 to 2025, one in some hundred still open on the day of the export."""
    import duckdb

    duckdb.sql(f"""
        copy (
            select office, received, if(decided > date '{AS_OF}', null, decided) as decided
            from (
                select 'O' || lpad((hash(i) % {OFFICES})::varchar, 2, '0') as office,
                       date '2021-01-01' + (hash(i + 1) % 1826)::integer as received,
                       received + least(hash(i + 2) % 45, hash(i + 3) % 90)::integer as decided
                from range({rows}) t(i)
            )
        ) to '{path}' (format parquet)
    """)


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def bare(path: Path) -> dict[str, float]:
    """Count and add up in DuckDB, nothing else."""
    import duckdb

    began = cpu_seconds()
    duckdb.sql(f"""
        select office, date_part('year', received) * 12 + date_part('month', received) as month,
               count(*), sum(decided - received)
        from read_parquet('{path}') group by all
    """).fetchall()
    return {"bare": cpu_seconds() - began}


def ours(path: Path) -> dict[str, float]:
    """Read with the ledger, measure, tabulate, estimate; CPU seconds of each step."""
    from asn_impact.intake.readers.exports import read_exports
    from asn_impact.measures.calendar import WorkCalendar
    from asn_impact.measures.durations import measure
    from asn_impact.measures.outcomes import RestrictedMean
    from asn_impact.measures.tabulate import tabulate

    estimate = estimation()
    marks = [cpu_seconds()]
    extract = read_exports(path, as_of=AS_OF)
    marks.append(cpu_seconds())
    durations = measure(extract, WorkCalendar.indonesia())
    marks.append(cpu_seconds())
    panel = tabulate(durations, RestrictedMean(30))
    marks.append(cpu_seconds())
    estimate(panel)
    marks.append(cpu_seconds())
    steps = [later - earlier for earlier, later in pairwise(marks)]
    return dict(zip(("read_exports", "measure", "tabulate", "estimate"), steps, strict=True))


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


def fresh(work: str, path: Path, runs: int) -> tuple[dict[str, float], float, float]:
    """Run in fresh processes: least CPU seconds of each step, of the whole process, and largest memory in MB."""
    command = [sys.executable, __file__, "--work", work, "--folder", str(path.parent)]
    found = [json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(runs)]
    least = {step: min(run["steps"][step] for run in found) for step in found[0]["steps"]}
    return least, min(run["process"] for run in found), max(run["memory"] for run in found)


def report(path: Path, rows: int, runs: int) -> None:
    """Print what each step costs, and the ratios to the bare query."""
    base, base_process, base_memory = fresh("bare", path, runs)
    steps, process, memory = fresh("ours", path, runs)
    yardstick = base["bare"]
    print(f"{rows:,} rows, least CPU seconds of {runs} fresh processes")
    print(f"  bare GROUP BY        {yardstick:6.2f}   whole process {base_process:5.2f}   {base_memory:5.0f} MB")
    for step, seconds in steps.items():
        print(f"  {step:<20} {seconds:6.2f}   {seconds / yardstick:4.2f} x")
    passes = steps["measure"] + steps["tabulate"]
    print(f"  measure + tabulate   {passes:6.2f}   {passes / yardstick:4.2f} x")
    reading = passes + steps["read_exports"]
    print(f"  with read_exports    {reading:6.2f}   {reading / yardstick:4.2f} x")
    everything = sum(steps.values())
    print(
        f"  everything           {everything:6.2f}   {everything / yardstick:4.2f} x"
        f"   whole process {process:5.2f}   {memory:5.0f} MB"
    )


def work_once(work: str, path: Path) -> None:
    """Do the work in this process and print what it cost as JSON."""
    warnings.simplefilter("ignore")
    steps = {"bare": bare, "ours": ours}[work](path)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": steps, "process": cpu_seconds(), "memory": memory}))


def main() -> None:
    """Write the cases to a temporary folder (or use those there), then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the Parquet file is kept; a temporary folder without it")
    parser.add_argument("--work", choices=["bare", "ours"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work_once(options.work, options.folder / "cases.parquet")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write_cases(folder / "cases.parquet", options.rows)
        report(folder / "cases.parquet", options.rows, options.runs)


if __name__ == "__main__":
    main()
