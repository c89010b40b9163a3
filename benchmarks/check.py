"""What `asn-impact check` costs on a long CSV, beside DuckDB's own read of the same columns into Parquet.

    python benchmarks/check.py [--rows 10000000] [--runs 3]

The file is made up, in a temporary folder: 1.05 GB at ten million cases, with numbers of cases, words of status and
0.16 % copies. Every run is a fresh process, and the two take turns. CPU seconds are user + system of the whole process,
imports and the process in which files are tried included: the least, and the median in brackets. Memory is the largest
resident size (VmHWM). A workbook of 80,000 rows is read as well. Ends with 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import warnings
from pathlib import Path
from statistics import median

from cases import AS_OF, alternated, cost, least_and_median, write_csv

MOST_TIMES, MOST_MEMORY, XLSX_LIMIT = 4.0, 1_000, 15.0
XLSX_ROWS = 80_000
STUDY = f"""\
[study]
title = "Benchmark"
source = "Made up"
language = "en"
synthetic = true

[data]
kind = "records"
path = "cases.csv"
as_of = {AS_OF}

[outcome]
kind = "restricted_mean"
horizon = 30
"""


def engine(folder: Path) -> dict[str, float]:
    """Read the columns that are wanted and write them to Parquet, nothing else."""
    import duckdb

    rows = f"read_csv('{folder}/cases.csv', delim=';', header=true, all_varchar=true)"
    duckdb.sql(f"COPY (SELECT * EXCLUDE (\"Alamat\") FROM {rows}) TO '{folder}/cases.parquet'")
    return cost(0.0)


def check(folder: Path) -> dict[str, float]:
    """Check a study of the file, as the command does."""
    from asn_impact.cli import main as command

    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
        command(["check", str(folder)])
    if "contradicting copies" not in said.getvalue():
        raise SystemExit("check did not count the copies of the file")
    return cost(0.0)


def workbook(folder: Path) -> dict[str, float]:
    """Read a workbook with texts in its cells, as an export has them."""
    from asn_impact.intake.readers.exports import read_exports

    read_exports(folder / "cases.xlsx", as_of=AS_OF)
    return cost(0.0)


def write_xlsx(folder: Path) -> None:
    """Write the first rows of the text file as a workbook."""
    import csv
    import itertools

    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        for row in itertools.islice(csv.reader(file, delimiter=";"), XLSX_ROWS + 1):
            sheet.append(row)
    book.save(folder / "cases.xlsx")


WORKS = {"engine": engine, "check": check, "workbook": workbook}


def main() -> int:
    """Print what each costs, beside its limit; 1 when one is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        warnings.simplefilter("ignore")
        print(json.dumps(WORKS[options.work[0]](Path(options.work[1]))))
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "study.toml").write_text(STUDY, encoding="utf-8")
        write_csv(folder / "cases.csv", options.rows)
        write_xlsx(folder)
        size = (folder / "cases.csv").stat().st_size / 1e6
        found = alternated(__file__, {name: ["--work", name, place] for name in WORKS}, options.runs)
    times = {name: [run["seconds"] for run in runs] for name, runs in found.items()}
    largest = {name: max(run["memory"] for run in runs) for name, runs in found.items()}
    reader = max(run["reader"] for run in found["check"])
    ratio = median(times["check"]) / median(times["engine"])
    print(f"CSV of {size:,.0f} MB, {options.rows:,} cases: CPU seconds, least (median) of {options.runs} in turn")
    print(
        f"  DuckDB, the same columns into Parquet  {least_and_median(times['engine']):>16}  {largest['engine']:5.0f} MB"
    )
    print(
        f"  asn-impact check                       {least_and_median(times['check']):>16}  {largest['check']:5.0f} MB"
    )
    print(f"  {ratio:.2f} times (limit {MOST_TIMES:.0f}); {reader:.0f} MB more where files are tried")
    print(
        f"read_exports, XLSX of {XLSX_ROWS:,} rows: {least_and_median(times['workbook'])} s (limit {XLSX_LIMIT:.0f} s)"
    )
    over = largest["check"] > MOST_MEMORY or median(times["workbook"]) > XLSX_LIMIT
    return int(over or ratio > MOST_TIMES)


if __name__ == "__main__":
    raise SystemExit(main())
