"""Working days of ten million applications, next to a plain difference of two dates in DuckDB.

    python benchmarks/working_days.py --rows 10000000 --runs 5

Both read the same Parquet file in the same process, in turns, and both end in the same sum: the yardstick adds up
`decided - received`, ours the working days from receipt to decision as `measure` writes them. CPU seconds are user +
system, seconds are those of the wall; the least of several turns counts, for other programs can only add. The sums
are checked against a slow count on a sample.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

AS_OF = "2025-12-31"


def write_cases(path: Path, rows: int) -> None:
    """Write cases received from 2021 to 2025, one in some hundred still open on the day of the export."""
    import duckdb

    duckdb.sql(f"""
        copy (
            select office, received, if(decided > date '{AS_OF}', null, decided) as decided
            from (
                select 'O' || lpad((hash(i) % 40)::varchar, 2, '0') as office,
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


def plain(path: Path) -> int:
    """Return the sum of calendar days, by DuckDB alone."""
    import duckdb

    found = duckdb.sql(f"select sum(decided - received) from read_parquet('{path}')").fetchall()
    return int(found[0][0])


def measured(path: Path, calendar):
    """Return a function that adds up the days as `measure` writes them; the reading is done before."""
    import narwhals as nw

    from asn_impact.intake.readers.exports import read_exports
    from asn_impact.measures.durations import measure

    extract = read_exports(path, as_of=AS_OF)

    def total() -> int:
        return int(measure(extract, calendar).records.select(nw.col("days").sum()).collect().item())

    return total


def counted_slowly(path: Path, calendar, sample: int) -> tuple[int, int]:
    """Return the sum over the first rows, by numpy and by `measure`."""
    import duckdb
    import numpy as np

    frame = duckdb.sql(f"select * from read_parquet('{path}') limit {sample}").df()
    closed = frame.dropna()
    one = np.timedelta64(1, "D")
    start, end = (closed[name].to_numpy().astype("datetime64[D]") + one for name in ("received", "decided"))
    off = calendar.days[~calendar.working]
    return int(np.busday_count(start, end, holidays=off).sum()), measured(frame, calendar)()


def timed(work) -> tuple[float, float]:
    """Return the CPU seconds and the wall seconds of one turn."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    return cpu_seconds() - cpu, time.perf_counter() - wall


def report(path: Path, rows: int, runs: int) -> None:
    """Print both, and the ratio."""
    from asn_impact.measures.calendar import WorkCalendar

    calendar = WorkCalendar.indonesia()
    slow, fast = counted_slowly(path, calendar, min(rows, 100_000))
    if slow != fast:
        raise SystemExit(f"The sums differ: {slow} row by row, {fast} by measure().")
    ours = measured(path, calendar)
    turns = [(timed(lambda: plain(path)), timed(ours)) for _ in range(runs)]
    print(f"{rows:,} applications, least of {runs} turns; sum checked on the first {min(rows, 100_000):,}: {slow:,}")
    for i, what in enumerate(("CPU", "wall")):
        base, own = (min(turn[side][i] for turn in turns) for side in (0, 1))
        print(f"  {what:<4} seconds   date difference {base:6.3f}   working days {own:6.3f}   ratio {own / base:5.2f}")


def main() -> None:
    """Write the cases to a temporary folder (or use those there), then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the Parquet file is kept; a temporary folder without it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write_cases(folder / "cases.parquet", options.rows)
        report(folder / "cases.parquet", options.rows, options.runs)


if __name__ == "__main__":
    main()
