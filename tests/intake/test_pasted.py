"""Exports pasted below each other into one file: the columns of each part are those of its own headings."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from pathlib import Path

import openpyxl
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.intake.formats import snapshots

HEADINGS = ("No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai")
TWO = ((2023, (0, 1, 2, 3)), (2024, (3, 2, 1, 0)))


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
    rows = [*part(2023, (0, 1, 2, 3)), *part(2024, order), *part(2022, (0, 1, 2, 3)), *part(2021, (3, 2, 1, 0))]
    extract = ai.read_exports(save(tmp_path / f"gabung{ending}", rows), as_of="2025-06-30", selection="received")
    kept = extract.records.select("case", "office", "received", "decided").collect().to_pandas()
    assert len(kept) == extract.ledger.kept == 112
    assert (kept["case"].str[:4] == kept["received"].astype(str).str[:4]).all()
    assert set(kept["office"]) == {"Dinas 0", "Dinas 1", "Dinas 2"}
    assert all(late - early == dt.timedelta(31) for early, late in zip(kept["received"], kept["decided"], strict=True))


@pytest.mark.parametrize("gap", [[[]], [[], [], []], [["", "", "", ""]]])
def test_parts_with_empty_lines_between_them_are_read(gap: list[list[str]], tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *gap, *part(2024, (3, 2, 1, 0)), *gap]
    extract = ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received")
    assert extract.ledger.kept == 56


def with_remarks(rows: list[list[str]]) -> list[list[str]]:
    return [[*row, "lengkap" if i else "Keterangan"] for i, row in enumerate(rows)]


@pytest.mark.parametrize("title", [[], [["REKAP TAHUN 2024"]], [["REKAP TAHUN 2024"], ["Dinas Penanaman Modal"], []]])
@pytest.mark.parametrize("wider", [0, 1])
def test_parts_with_another_number_of_fields_are_read(wider: int, title: list[list[str]], tmp_path: Path) -> None:
    parts = [part(2023, (0, 1, 2, 3)), part(2024, (0, 1, 2, 3))]
    parts[wider] = with_remarks(parts[wider])
    source = save(tmp_path / "gabung.csv", [*parts[0], *title, *parts[1]])
    extract = ai.read_exports(source, as_of="2025-06-30", selection="received")
    kept = extract.records.select("case", "received").collect().to_pandas()
    assert len(kept) == extract.ledger.kept == extract.ledger.read == 56
    assert (kept["case"].str[:4] == kept["received"].astype(str).str[:4]).all()


def test_a_title_between_parts_alike_is_no_damage(tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), ["REKAP TAHUN 2024"], *part(2024, (0, 1, 2, 3))]
    extract = ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received")
    assert extract.ledger.kept == 56


def test_headings_with_line_breaks_begin_a_part_too(tmp_path: Path) -> None:
    later = part(2024, (3, 2, 1, 0))
    later[0] = [heading.replace(" ", "\n") for heading in later[0]]
    source = save(tmp_path / "gabung.csv", [*part(2023, (0, 1, 2, 3)), *later])
    assert ai.read_exports(source, as_of="2025-06-30", selection="received").ledger.kept == 56


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("later", ["\n", "\r\n", "\r"])
def test_parts_are_found_whatever_ends_their_lines(end: str, later: str, tmp_path: Path) -> None:
    parts = [save(tmp_path / "teks.csv", part(year, order)).read_text() for year, order in TWO]
    texts = (text.replace("\n", sign) for text, sign in zip(parts, (end, later), strict=True))
    (tmp_path / "gabung.csv").write_bytes("".join(texts).encode())
    extract = ai.read_exports(tmp_path / "gabung.csv", as_of="2025-06-30", selection="received")
    assert extract.ledger.kept == 56


@pytest.mark.parametrize(("row", "fields"), [(["2024/99", "Dinas 1, Bidang", "2", "2024-05-05", "2024-06-05", "x"], 6)])
@pytest.mark.parametrize("at", [20, 40])
def test_a_row_that_does_not_fit_its_own_part_is_named(row: list[str], fields: int, at: int, tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *with_remarks(part(2024, (0, 1, 2, 3)))]
    rows.insert(at, row)
    with pytest.raises(InputError, match=rf"line {at + 1} has {fields} fields, the headings have {4 + (at > 29)}"):
        ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received")


@pytest.mark.parametrize(("order", "more"), [((0, 1, 3, 2), False), ((1, 0, 2, 3), True), ((0, 1, 2, 3), True)])
def test_a_long_file_of_parts_is_refused_with_the_row_to_cut_at(
    order: tuple[int, ...], more: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "LONG_TEXT", 0)
    later = part(2024, order)
    source = save(tmp_path / "gabung.csv", [*part(2023, (0, 1, 2, 3)), *(with_remarks(later) if more else later)])
    with pytest.raises(InputError, match=r"other headings stand in row 30: .*Cut it there"):
        ai.read_exports(source, as_of="2025-06-30", selection="received")
    pages = save(tmp_path / "halaman.csv", [*part(2023, (0, 1, 2, 3)), *part(2024, (0, 1, 2, 3))])
    assert ai.read_exports(pages, as_of="2025-06-30", selection="received").ledger.kept == 56


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_row_left_out_of_a_pasted_part_is_listed_where_it_stands(tmp_path: Path) -> None:
    rows = [*part(2023, (0, 1, 2, 3)), *part(2024, (2, 1, 0, 3)), ["", "Dinas 1", "2024/99", "2024-05-05"]]
    dropped = ai.read_exports(save(tmp_path / "gabung.csv", rows), as_of="2025-06-30", selection="received").dropped()
    assert dropped[["file", "row"]].values.tolist() == [["gabung.csv", 59]]
