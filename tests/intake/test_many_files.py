"""Many files of one folder are read as one, and each row still knows its file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from asn_impact.intake import cleaning, gathering

from .conftest import codes
from .test_exports import quietly

ROWS = """
    SELECT 'C' || i AS "{case}", 'Dinas ' || i % 3 AS office, DATE '2024-01-02' + (i % 90)::INTEGER AS received,
        received + (i % 40 - 1)::INTEGER AS decided{more} FROM range({first}, {last}) t(i)"""


def write(folder: Path, n: int, ending: str, *, odd: int = -1) -> Path:
    """Write files of ten cases, the first of which is decided before it came in; one has other columns."""
    for i in range(n):
        columns = {"case": "nomor permohonan" if i == odd else "case", "more": ", 1 AS remark" if i == odd else ""}
        duckdb.sql(f"COPY ({ROWS.format(first=40 * i, last=40 * i + 10, **columns)}) TO '{folder}/[{i:02d}].{ending}'")
    return folder


@pytest.mark.parametrize(("ending", "odd"), [("parquet", -1), ("parquet", 4), ("csv", -1)])
def test_many_files_give_what_each_of_them_gives(ending: str, odd: int, tmp_path: Path) -> None:
    extract = quietly(write(tmp_path, 12, ending, odd=odd), selection="received")
    assert (extract.ledger.read, codes(extract.ledger)) == (120, {"decided_before_received": 12})
    assert [(s.name, s.rows) for s in extract.sources] == [(f"[{i:02d}].{ending}", 10) for i in range(12)]
    dropped = extract.dropped()
    assert dropped["file"].tolist() == [f"[{i:02d}].{ending}" for i in range(12)]
    assert set(dropped["row"]) == {1 + (ending == "csv")}
    cases = extract.records.select("case").collect()["case"].to_list()
    assert sorted(cases) == sorted(f"C{40 * i + j}" for i in range(12) for j in range(1, 10))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_what_many_files_hold_is_asked_of_one(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "FEW_ROWS", 0)  # few records are held in memory, and ask no file
    extract = quietly(write(tmp_path, gathering.MANY + 1, ending), selection="received")
    asked = extract.records.to_native().sql_query().casefold()
    assert asked.count("read_") == 1
