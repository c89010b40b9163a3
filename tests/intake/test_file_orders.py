"""Exports of computers with different settings: each file is read in the order of day and month that it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import asn_impact as ai
from asn_impact.errors import InputError

DAY, MONTH = "%d/%m/%Y", "%m/%d/%Y"
FIRST = dt.date(2024, 1, 3)


def write(folder: Path, name: str, form: str, year: int, *, until: int = 28, decided: str = "", text: str = "") -> None:
    """Write an export in which no day of receipt is later in its month than `until`."""
    days = [dt.date(year, month, day) for month in range(1, 13) for day in range(1, until + 1, 3)]
    rows = [f"{name}{i},Dinas A,{d.strftime(form)},{_after(d, decided or form, until)}" for i, d in enumerate(days)]
    rows += [f"{name}x,Dinas A,{text},"] if text else []
    (folder / f"{name}.csv").write_text("\n".join(["No Permohonan,OPD,Tanggal Masuk,Tanggal Selesai", *rows]) + "\n")


def _after(day: dt.date, form: str, until: int) -> str:
    late = day + dt.timedelta(days=2)
    return (late if late.day <= until or form == "%Y-%m-%d" or until > 12 else day).strftime(form)


def read(folder: Path, **more: object) -> ai.Extract:
    return ai.read_exports(folder, as_of="2025-06-30", selection="received", **more)  # type: ignore[arg-type]


def keys(extract: ai.Extract) -> set[str]:
    return {note.key for note in extract.notes}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("declared", [None, "day-first", "month-first"])
def test_two_files_that_each_tell_are_read_as_if_both_were_written_by_year(
    declared: str | None, tmp_path: Path
) -> None:
    days = {}
    for form in ("%Y-%m-%d", MONTH):
        folder = tmp_path / form[1]
        folder.mkdir()
        write(folder, "a", "%Y-%m-%d" if form[1] == "Y" else DAY, 2023)
        write(folder, "b", form, 2024)
        dates = {} if declared is None else {"dates": dict.fromkeys(("received", "decided"), declared)}
        extract = read(folder, **dates)
        days[form] = extract.records.select("case", "received", "decided").sort("case").collect().rows()
    assert days[MONTH] == days["%Y-%m-%d"]
    assert "intake.dates.by_file" in keys(extract)
    assert len(extract.dropped()) == 0


def test_a_file_that_does_not_tell_is_refused_by_name_until_its_order_is_said(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    write(tmp_path, "b", MONTH, 2024, until=12)
    with pytest.raises(InputError, match=r"1 file can be read .*'b\.csv'.*\"month-first\".*Day first in 'a\.csv'"):
        read(tmp_path)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_the_order_that_is_said_counts_for_the_files_that_do_not_tell(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    write(tmp_path, "b", MONTH, 2024)
    write(tmp_path, "c", DAY, 2022, until=12)
    extract = read(tmp_path, dates={"received": "day-first", "decided": "day-first"})
    years = extract.records.select("received").collect()["received"].to_pandas().dt.year.value_counts()
    assert extract.ledger.dropped == {}
    assert years.to_dict() == {2022: 48, 2023: 120, 2024: 120}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_column_that_does_not_tell_has_the_order_of_the_other_dates_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    write(tmp_path, "b", MONTH, 2024)
    rows = [f"c{i},Dinas A,01/{day:02d}/2022,01/{day + 14}/2022" for i, day in enumerate(range(1, 13))]
    (tmp_path / "c.csv").write_text("\n".join(["No Permohonan,OPD,Tanggal Masuk,Tanggal Selesai", *rows]) + "\n")
    extract = read(tmp_path)
    found = {d for (d,) in extract.records.select("received").collect().rows() if d.year == 2022}
    assert {(d.month, d.day) for d in found} == {(1, day) for day in range(1, 13)}


def test_one_slip_of_the_hand_turns_no_file(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    write(tmp_path, "b", DAY, 2024, until=12, text="04/17/2024")
    with pytest.raises(InputError, match=r"hardly any number is above 12: 'b\.csv'.*Day first in 'a\.csv'"):
        read(tmp_path)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_row_that_is_no_date_is_listed_with_its_text_whatever_the_order_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    write(tmp_path, "b", MONTH, 2024, text="lihat berkas")
    dropped = read(tmp_path).dropped()
    assert dropped[["file", "row"]].values.tolist() == [["b.csv", 122]]


def test_a_few_dates_that_fit_both_ways_are_read_as_in_the_other_files_and_it_is_said(tmp_path: Path) -> None:
    write(tmp_path, "a", DAY, 2023)
    head = "No Permohonan,OPD,Tanggal Masuk,Tanggal Selesai\n"
    (tmp_path / "b.csv").write_text(f"{head}b1,Dinas A,02/03/2023,05/03/2023\nb2,Dinas A,04/03/2023,06/03/2023\n")
    extract = read(tmp_path)
    assert "intake.dates.few_silent" in keys(extract)
    assert extract.ledger.kept == 122


# --- day and month swapped in one file of several, or in a part of one


HEAD = ["No Permohonan", "OPD", "Tanggal Masuk", "Tanggal Selesai"]
Cell = Callable[[dt.date], object]


def right(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)


def swapped(day: dt.date) -> object:
    return dt.datetime(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"


def book(path: Path, *sheets: tuple[int, Cell], months: range = range(1, 13), other: Cell | None = None) -> None:
    """Write a workbook with a sheet for each year and way to write; `other` is how another computer wrote `months`."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for i, (year, cell) in enumerate(sheets):
        sheet = made.create_sheet(f"S{i}")
        sheet.append(HEAD)
        days = [dt.date(year, month, day) for month in range(1, 13) for day in range(1, 29, 2)]
        for n, day in enumerate(days):
            write_cell = other if other is not None and day.month in months else cell
            late = day + dt.timedelta(days=7)
            sheet.append([f"{path.stem}{i}-{n}", "Dinas A", write_cell(day), write_cell(late)])
    made.save(path)


def waits(extract: ai.Extract) -> set[int]:
    rows = extract.records.select("received", "decided").collect().rows()
    return {(decided - received).days for received, decided in rows}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("declared", [None, "swapped"])
def test_a_swap_in_one_file_is_undone_there_and_nowhere_else(declared: str | None, tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", (2023, right))
    book(tmp_path / "b.xlsx", (2024, swapped))
    write(tmp_path, "c", DAY, 2022)
    extract = read(tmp_path, dates=dict.fromkeys(("received", "decided"), declared) if declared else None)
    assert extract.ledger.dropped == {}
    assert waits(extract) == {2, 7}
    received = {row[0] for row in extract.records.select("received").collect().rows()}
    assert {dt.date(year, m, d) for year in (2023, 2024) for m in range(1, 13) for d in range(1, 29, 2)} <= received
    said = [str(n) for n in extract.notes if "has swapped day and month" in str(n)]
    assert len(said) == 2
    assert all("b.xlsx" in one and "a.xlsx" not in one for one in said)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_sheets_of_one_workbook_from_two_computers_are_told_apart(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", (2023, right), (2024, swapped))
    extract = read(tmp_path)
    assert extract.ledger.dropped == {}
    assert waits(extract) == {7}


@pytest.mark.parametrize("year", [None, 2023])
def test_rows_of_another_computer_inside_a_file_are_asked_about(year: int | None, tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", (2024, right), months=range(6, 8), other=swapped)
    if year is not None:
        book(tmp_path / "a.xlsx", (year, right))
    with pytest.raises(InputError, match=r"Two computers wrote them") as refused:
        read(tmp_path)
    assert year is None or "Files: 'b.xlsx" in str(refused.value)
    with pytest.raises(InputError, match=r"Two computers wrote them"):
        read(tmp_path, dates={"received": "swapped"})


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_file_that_shows_a_swap_and_is_said_to_be_right_is_read_as_it_is_and_it_is_said(tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", (2024, swapped))
    extract = read(tmp_path, dates=dict.fromkeys(("received", "decided"), "kept"), most_lost=0.99)
    assert "intake.dates.kept_swap" in keys(extract)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_the_order_of_texts_is_not_the_answer_to_whether_a_spreadsheet_swapped_dates(tmp_path: Path) -> None:
    """A file of texts that does not tell its order, beside one in which dates are swapped beyond doubt."""
    book(tmp_path / "b.xlsx", (2024, swapped))
    rows = [f"c-{m}-{d},Dinas A,0{m}/0{d}/2023,0{m}/0{d + 1}/2023" for m in range(1, 9) for d in range(1, 8) if m != d]
    (tmp_path / "c.csv").write_text("\n".join([",".join(HEAD), *rows, ""]), encoding="utf-8")
    extract = read(tmp_path, dates=dict.fromkeys(("received", "decided"), "month-first"))
    assert waits(extract) == {1, 7}
    assert any("has swapped day and month" in str(note) for note in extract.notes)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_files_in_two_orders_one_of_which_is_swapped_too_are_each_read_right(tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", (2024, swapped))
    write(tmp_path, "c", MONTH, 2023)
    extract = read(tmp_path)
    assert extract.ledger.dropped == {}
    assert waits(extract) == {2, 7}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_sheets_of_a_few_days_that_look_swapped_by_accident_are_left_alone(tmp_path: Path) -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(364)]
    made = openpyxl.Workbook()
    made.remove(made.active)
    for week in range(52):
        sheet = made.create_sheet(f"W{week}")
        sheet.append(HEAD)
        for n, day in enumerate(days[7 * week : 7 * week + 7]):
            cell = right(day) if (n % 2 if week % 2 else week < 26) else f"{day:%d/%m/%Y}"
            sheet.append([f"{week}-{n}", "Dinas A", cell, right(day)])
    made.save(tmp_path / "a.xlsx")
    extract = read(tmp_path, dates={"decided": "day-first"})
    assert waits(extract) == {0}
    assert extract.ledger.dropped == {}


def test_the_answer_for_a_file_that_does_not_tell_leaves_those_that_do(tmp_path: Path) -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=at) for at in range(180)]
    low = [day for day in days if day.day <= 12]
    for name, written, of in (("a", "%m/%d/%Y", days), ("b", "%d/%m/%Y", low)):
        rows = [f"{name}{i},Dinas A,{day.strftime(written)},2024-09-01" for i, day in enumerate(of)]
        (tmp_path / f"{name}.csv").write_text("No Permohonan,OPD,Tanggal Masuk,Tanggal Selesai\n" + "\n".join(rows))
    how = {"as_of": "2024-12-31", "selection": "received"}
    with pytest.raises(InputError, match=r"Files that tell keep their own order.*Month first in 'a.csv'"):
        ai.read_exports(tmp_path, **how)
    with pytest.warns(ai.errors.DataWarning, match=r"Day first in 'b.csv'.*Month first in 'a.csv'"):
        extract = ai.read_exports(tmp_path, **how, dates={"received": "day-first"})
    assert sorted(extract.records.collect()["received"].to_list()) == sorted([*days, *low])
    with pytest.raises(InputError):  # what every file contradicts is no answer
        ai.read_exports(tmp_path / "a.csv", **how, dates={"received": "day-first"})


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("kind", ["swapped", "slips", "early in the month", "none"])
def test_a_block_in_the_other_order_whose_days_fit_both_is_seen_by_its_waits(kind: str, tmp_path: Path) -> None:
    rows, random = [], np.random.default_rng(4)
    for i in range(600):
        first = dt.date(2024, 1, 1) + dt.timedelta(days=int(random.integers(330)))
        first = first.replace(day=1 + first.day % 9) if kind == "early in the month" else first
        last = first + dt.timedelta(days=3 + i % 12)
        wrong = kind in ("slips", "early in the month") and i % 30 == 0
        block = kind == "swapped" and 300 <= i < 400 and max(first.day, first.month) <= 12
        text = f"{first:%m/%d/%Y}" if block else f"{first:%d/%m/%Y}"
        rows.append(f"K{i},Dinas A,{f'{last:%d/%m/%Y}' if wrong else text},{text if wrong else f'{last:%d/%m/%Y}'}")
    (tmp_path / "a.csv").write_text("\n".join([",".join(HEAD), *rows, ""]), encoding="utf-8")
    extract = read(tmp_path)
    said = [note for note in extract.notes if note.key == "intake.dates.low_and_backwards"]
    assert [note["field"] for note in said] == (["received"] if kind == "swapped" else [])
