"""What a file or a cell is called, and how a program stored it, changes no number."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact import read_exports
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.fields.elements import ELEMENTS
from asn_impact.intake.readers.training import read_training
from asn_impact.words import Message

from .conftest import HEADINGS, codes, lines

AS_OF = "2024-12-31"


def offices(source: Any) -> list[str]:
    return sorted(set(read_exports(source, as_of="2025-12-31").records.collect()["office"].to_list()))


@pytest.mark.parametrize("name", ["izin[1].csv", "izin*.csv", "izin?.csv", "izin{a,b}.csv", "a[b]c[1-9].csv", "[].csv"])
def test_a_name_of_a_file_is_no_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HEADINGS + lines().replace("Dinas", "Dinas benar"))
    for other in ("izin1.csv", "izin2.csv", "izina.csv", "abc1.csv"):
        (tmp_path / other).write_text(HEADINGS + lines().replace("Dinas", "Dinas salah"))
    assert all("benar" in office for office in offices(tmp_path / name))


@pytest.mark.parametrize("folder", ["office=WRONG", "status=ditolak", "a[1]"])
def test_a_name_of_a_folder_is_no_column(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    query = "SELECT 'right' AS office, 'selesai' AS status, DATE '2024-01-01' + i::INT AS received"
    query += ", DATE '2024-01-05' + i::INT AS decided"
    duckdb.sql(f"{query} FROM range(30) t(i)").to_df().to_parquet(place / "a.parquet")
    records = read_exports(place / "a.parquet", as_of=AS_OF).records.collect()
    assert set(records["office"].to_list()) == {"right"}
    assert set(records["status"].to_list()) == {"granted"}


def coded(labels: list[float]) -> pd.DataFrame:
    days = pd.date_range("2025-01-01", periods=30)
    return pd.DataFrame({"office": np.resize(labels, 30), "received": days, "decided": days + pd.Timedelta(days=9)})


@pytest.mark.parametrize("form", ["frame", "polars", "csv", "parquet", "xlsx", "json"])
def test_codes_with_decimals_stay_apart_in_every_form(tmp_path: Path, form: str) -> None:
    frame = coded([1.01, 1.02, 2.07])
    path = tmp_path / f"a.{form}"
    write = {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}
    if form in write:
        write[form](path, index=False)  # type: ignore[operator]
    if form == "json":
        frame.to_json(path, orient="records", date_format="iso")
    if form == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    assert offices(path if path.exists() else frame) == ["1.01", "1.02", "2.07"]


@pytest.mark.parametrize("form", ["frame", "parquet"])
def test_a_gap_among_whole_codes_is_a_row_without_an_office(tmp_path: Path, form: str) -> None:
    frame = coded([1.0, 2.0, np.nan])
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.warns(DataWarning, match="no office 10"):
        extract = read_exports(frame if form == "frame" else tmp_path / "a.parquet", as_of="2025-12-31", most_lost=0.5)
    assert sorted(set(extract.records.collect()["office"].to_list())) == ["1", "2"]


def test_numbers_of_persons_that_lost_digits_are_refused(tmp_path: Path) -> None:
    persons = [float(199001012010011000 + i) for i in range(12)] + [np.nan]
    frame = pd.DataFrame({"NIP": persons, "Unit Kerja": "D", "Nama Diklat": "E-Gov", "Kelulusan": "Lulus"})
    frame = frame.assign(**{"Tanggal Selesai": pd.Timestamp("2024-03-13")})
    with pytest.raises(InputError, match="last digits are lost"):
        read_training(frame, course="e-gov")
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="last digits are lost"):
        read_training(tmp_path / "a.parquet", course="e-gov")


@pytest.mark.parametrize("name", ["a.xlsx", "b.csv"])
def test_the_error_of_a_formula_is_no_open_case(tmp_path: Path, name: str) -> None:
    rows = [r.split(";") for r in (HEADINGS + lines()).strip().split("\n")]
    for row, error in zip(rows[7::2], ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "Err:502"), strict=False):
        row[2] = error
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "b.csv").write_text("\n".join(";".join(r) for r in rows) + "\n")
    with pytest.warns(DataWarning, match="the decision date is no date 5"):
        extract = read_exports(tmp_path / name, as_of=AS_OF)
    assert codes(extract.ledger) == {"decided_is_no_date": 5}
    assert "open" not in extract.records.collect()["status"].to_list()


@pytest.mark.parametrize("word", ["Layanan", "Status", "Masuk"])
def test_a_row_of_data_is_no_row_of_headings_and_is_not_shown(tmp_path: Path, word: str) -> None:
    rows = "".join(
        f"Contoh Nama {i};Jalan Contoh {i};{13 + i % 14}/03/2025;{13 + i % 14}/04/2025;{word if i == 3 else 'Biasa'}\n"
        for i in range(30)
    )
    (tmp_path / "a.csv").write_text("Pemilik;Tinggal di;Tiba;Keluar;Golongan\n" + rows)
    with pytest.raises(InputError, match="'Pemilik', 'Tinggal di', 'Tiba', 'Keluar', 'Golongan'") as caught:
        read_exports(tmp_path / "a.csv", as_of="2025-12-31", office="Dinas A")
    assert "Contoh" not in str(caught.value)


def _one_office_over(reader: str, frame: pd.DataFrame, office: str) -> tuple[Message, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        if reader == "exports":
            return ai.read_exports(frame, as_of="2024-12-31", office=office).notes
        if reader == "steps":
            steps = frame.rename(columns={"decided": "step_end"}).assign(step="verify", case=range(len(frame)))
            return ai.read_steps(steps, as_of="2024-12-31", office=office).notes
        if reader == "survey":
            marks = frame.assign(**dict.fromkeys(ELEMENTS, 3))
            return ai.read_survey(marks, as_of="2024-12-31", date="received", office=office).notes
        if reader == "aggregates":
            means = frame.iloc[:2].assign(tahun=[2023, 2024], n=30, **dict.fromkeys(ELEMENTS, 3.0))
            return ai.read_survey_aggregates(means, period="tahun", respondents="n", office=office).notes
        return ai.read_observations(frame, as_of="2024-12-31", date="received", office=office).notes


@pytest.mark.parametrize("reader", ["exports", "steps", "observations", "survey", "aggregates"])
@pytest.mark.parametrize("heading", ["OPD", "Unit Kerja"])
def test_a_heading_is_no_name_of_an_office_and_offices_are_not_joined_unsaid(reader: str, heading: str) -> None:
    days = pd.date_range("2024-01-02", periods=40, freq="7D")
    frame = pd.DataFrame({heading: ["Dinas A", "Dinas B"] * 20, "received": days, "decided": days})
    with pytest.raises(InputError, match="the name of one office"):
        _one_office_over(reader, frame, heading.lower())
    keys = {note.key for note in _one_office_over(reader, frame, "Dinas X")}
    assert "intake.office.over" in keys
    alone = frame.assign(**{heading: "Dinas A"})
    assert "intake.office.over" not in {note.key for note in _one_office_over(reader, alone, "Dinas A")}
