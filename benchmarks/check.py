"""How long `asn-impact check` takes on a CSV of 100 MB, and reading a workbook of 80,000 rows.

Files are made up, in a temporary folder. Prints seconds of wall clock and the limit each must stay under::

    python benchmarks/check.py
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from asn_impact.intake.readers.exports import read_exports

CSV_BYTES, CSV_LIMIT = 100_000_000, 10.0
XLSX_ROWS, XLSX_LIMIT = 80_000, 15.0
HEADINGS = ("No Permohonan", "Perangkat Daerah", "Jenis Izin", "Tanggal Masuk", "Tanggal Selesai", "Status", "Alamat")
STUDY = """\
[study]
title = "Benchmark"
source = "Made up"
language = "en"
synthetic = true

[data]
kind = "records"
path = "cases.csv"
as_of = 2025-06-30

[outcome]
kind = "restricted_mean"
horizon = 30
"""


def rows() -> Iterator[tuple[str, ...]]:
    """Yield cases without end: 40 offices, three years, one in fifty still open."""
    first = dt.date(2022, 1, 3)
    for number in itertools.count():
        received = first + dt.timedelta(number * 7919 % 1090)
        decided = received + dt.timedelta(1 + number * 31 % 45)
        waiting = number % 50 == 0
        yield (
            f"503/{number:07d}/SIP/2024",
            f"Dinas {number % 40}",
            f"Izin {number % 25}",
            received.strftime("%d/%m/%Y"),
            "" if waiting else decided.strftime("%d/%m/%Y"),
            "Proses" if waiting else "Selesai",
            f"Jalan Nomor {number % 997}, Desa {number % 110}, Kecamatan {number % 8}",
        )


def write_csv(path: Path) -> int:
    """Write rows until the file has its size; return how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADINGS)
        made = rows()
        while file.tell() < CSV_BYTES:
            writer.writerows(itertools.islice(made, 10_000))
            count += 10_000
    return count


def write_xlsx(path: Path) -> None:
    """Write a workbook with texts in its cells, as an export has them."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    for row in (HEADINGS, *itertools.islice(rows(), XLSX_ROWS)):
        sheet.append(row)
    book.save(path)


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def main() -> int:
    """Print both times beside their limits; 1 when one is over."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "study.toml").write_text(STUDY, encoding="utf-8")
        count = write_csv(folder / "cases.csv")
        size = (folder / "cases.csv").stat().st_size / 1e6
        words = [sys.executable, "-m", "asn_impact", "check", str(folder)]
        said: list[str] = []
        check = seconds(lambda: said.append(subprocess.run(words, check=False, capture_output=True, text=True).stdout))
        if f"{count}" not in said[0]:
            raise SystemExit("check did not count the rows of the file")
        print(f"asn-impact check, CSV of {size:.0f} MB, {count:,} rows: {check:.1f} s (limit {CSV_LIMIT:.0f} s)")
        write_xlsx(folder / "cases.xlsx")
        read = seconds(lambda: read_exports(folder / "cases.xlsx", as_of="2025-06-30"))
        print(f"read_exports, XLSX of {XLSX_ROWS:,} rows: {read:.1f} s (limit {XLSX_LIMIT:.0f} s)")
    return int(check > CSV_LIMIT or read > XLSX_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
