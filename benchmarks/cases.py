"""Made-up exports for the benchmarks, kind and unkind, and what a process has cost; no command of its own.

The kind table has an office and two dates. The unkind one is what offices send: numbers of cases, services, words of
status, an address that nobody asked for, and 0.16 % copies: the same row again, an open copy of a decided case, and
copies that contradict each other.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

AS_OF, OFFICES = "2025-12-31", 40
TABLES = ("kind", "unkind")

CASES = f"""
    SELECT i, printf('503/%07d/SIP/%d', i, year(received)) AS "case", office, 'Izin ' || hash(i + 4) % 25 AS service,
        received, if(ready > DATE '{AS_OF}', NULL, ready) AS decided,
        if(ready > DATE '{AS_OF}', 'Proses', if(i % 20 = 0, 'Ditolak', 'Selesai')) AS status,
        printf('Jalan Nomor %d, Desa %d, Kecamatan %d', hash(i + 5) % 997, hash(i + 6) % 110, hash(i + 7) % 8)
            AS address,
        hash(i + 8) % 1000 AS fate
    FROM (
        SELECT i, 'Dinas ' || hash(i) % {OFFICES} AS office,
            DATE '2021-01-01' + (hash(i + 1) % 1826)::INTEGER AS received,
            received + (1 + least(hash(i + 2) % 45, hash(i + 3) % 90))::INTEGER AS ready
        FROM range({{rows}}) t(i))"""
COPIES = """
    SELECT * FROM cases
    UNION ALL SELECT * FROM cases WHERE fate = 0
    UNION ALL SELECT * REPLACE (NULL AS decided, 'Proses' AS status) FROM cases
        WHERE fate = 1 AND i % 2 = 0 AND decided IS NOT NULL
    UNION ALL SELECT * REPLACE (received - 3 AS received) FROM cases WHERE fate = 1 AND i % 8 = 1"""
TEXTS = """
    SELECT "case" AS "No Permohonan", office AS "Perangkat Daerah", service AS "Jenis Izin",
        strftime(received, '%d/%m/%Y') AS "Tanggal Masuk", strftime(decided, '%d/%m/%Y') AS "Tanggal Selesai",
        status AS "Status", address AS "Alamat" """


def write_parquet(path: Path, rows: int, table: str) -> None:
    """Write a Parquet file of so many cases."""
    unkind = f"SELECT * EXCLUDE (i, fate) FROM ({COPIES})"
    kind = "SELECT office, received, decided FROM cases"
    _write(path, rows, unkind if table == "unkind" else kind, "FORMAT parquet")


def write_csv(path: Path, rows: int) -> None:
    """Write the unkind table as a text file with Indonesian headings and dates."""
    _write(path, rows, f"{TEXTS} FROM ({COPIES})", "FORMAT csv, DELIMITER ';', HEADER")


def _write(path: Path, rows: int, query: str, options: str) -> None:
    import duckdb

    with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(path.parent / "aside")}) as connection:
        connection.execute(f"CREATE VIEW cases AS {CASES.format(rows=rows)}")
        connection.execute(f"COPY ({query}) TO '{path}' ({options})")


_others: dict[int, float] = {}


def cpu_seconds() -> float:
    """User and system time of this process so far, and of those it has started, also where they have ended."""
    import psutil

    def of(process: psutil.Process) -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    us = psutil.Process()
    for child in us.children(recursive=True):
        _others[child.pid] = max(_others.get(child.pid, 0.0), of(child))  # one that has ended says nothing any more
    return of(us) + sum(_others.values())


def memory(process: int | str = "self") -> float:
    """Return the largest resident size of a process in MB, as the kernel counted it."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found.group(1)) / 1024 if found else float("nan")


def cost(began: float) -> dict[str, float]:
    """Return the CPU seconds since a moment, and the largest memory: here, and where files are tried."""
    import psutil

    others = [memory(child.pid) for child in psutil.Process().children(recursive=True)]
    return {"seconds": cpu_seconds() - began, "memory": memory(), "reader": max(others, default=0.0)}


def alternated(script: str, contestants: dict[str, Sequence[str]], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Run each contestant in a fresh process, one after the other, in so many rounds; return what each printed."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, words in contestants.items():
            done = subprocess.run([sys.executable, script, *words], check=True, stdout=subprocess.PIPE, text=True)
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return found


def least_and_median(values: Sequence[float]) -> str:
    """Write the least of several values, and their median in brackets."""
    return f"{min(values):.2f} ({median(values):.2f})"
