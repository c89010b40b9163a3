"""Exports pasted below each other into one file: the columns of each part are those of its own headings."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from pathlib import Path

import openpyxl
import pytest

import asn_impact as ai

HEADINGS = ("No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai")


def part(year: int, order: tuple[int, ...]) -> list[list[str]]:
    """Return headings and rows with the columns in an order of their own."""
    rows = [
        HEADINGS,
        *((f"{year}/{i}", f"Dinas {i % 3}", f"{year}-03-{i:02d}", f"{year}-04-{i:02d}") for i in range(1, 29)),
    ]
    return [[row[i] for i in order] for row in rows]


def save(path: Path, rows: list[list[str]]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", newline="") as handle:
            csv.writer(handle).writerows(rows)
        return path
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_parts_below_each_other_are_read_by_their_own_headings(
    ending: str, order: tuple[int, ...], tmp_path: Path
) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *part(2024, order), *part(2022, (3, 2, 1, 0))]
    extract = ai.read_exports(save(tmp_path / f"gabung{ending}", rows), as_of="2025-06-30", selection="received")
    kept = extract.records.select("case", "office", "received", "decided").collect().to_pandas()
    assert len(kept) == extract.ledger.kept == 84
    assert (kept["case"].str[:4] == kept["received"].astype(str).str[:4]).all()
    assert set(kept["office"]) == {"Dinas 0", "Dinas 1", "Dinas 2"}
    assert all(late - early == dt.timedelta(31) for early, late in zip(kept["received"], kept["decided"], strict=True))


@pytest.mark.parametrize("gap", [[[]], [[], [], []], [["", "", "", ""]]])
def test_parts_with_empty_lines_between_them_are_read(gap: list[list[str]], tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *gap, *part(2024, (3, 2, 1, 0)), *gap]
    extract = ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received")
    assert extract.ledger.kept == 56


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_row_left_out_of_a_pasted_part_is_listed_where_it_stands(tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *part(2024, (2, 1, 0, 3)), ["", "Dinas 1", "2024/99", "2024-05-05"]]
    dropped = ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received").dropped()
    assert dropped[["file", "row"]].values.tolist() == [["gabung.csv", 59]]
