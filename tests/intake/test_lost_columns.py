"""A column that counts for the meaning of rows, and is there in some files only, or empty from a day on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from asn_impact.errors import InputError

from .conftest import said
from .test_exports import quietly

AS_OF = dt.date(2024, 12, 31)


def cases(year: int, office: str = "A", n: int = 300) -> pd.DataFrame:
    """Cases of a year; a fifth is withdrawn five days after it came, with a date."""
    came = pd.Timestamp(f"{year}-01-02") + pd.to_timedelta((np.arange(n) * 350) // n, unit="D")
    frame = pd.DataFrame({"no_permohonan": np.arange(n) + 10_000 * year, "dinas": office, "tanggal_masuk": came})
    status = np.where(np.arange(n) % 5 == 0, "Dicabut", "Terbit")
    frame = frame.assign(tanggal_selesai=came + pd.Timedelta(days=5), status=status)
    frame.loc[frame.index[-3:], ["tanggal_selesai", "status"]] = [pd.NaT, "Proses"]
    return frame


def read(folder: Path, **files: pd.DataFrame) -> Any:
    for name, frame in files.items():
        frame.to_parquet(folder / f"{name}.parquet") if name[0] == "p" else frame.to_csv(folder / f"{name}.csv")
    return quietly(folder, as_of=AS_OF, columns={"office": "dinas"})


@pytest.mark.parametrize("kind", ["p", "c"])
@pytest.mark.parametrize("lost", ["renamed", "absent", "empty", "blank"])
def test_files_without_a_status_are_named(lost: str, kind: str, tmp_path: Path) -> None:
    new = cases(2024)
    new = {
        "renamed": new.rename(columns={"status": "keterangan_akhir"}),
        "absent": new.drop(columns="status"),
        "empty": new.assign(status=pd.Series([None] * len(new), dtype=object)),
        "blank": new.assign(status=" "),
    }[lost]
    text = said(read(tmp_path, **{f"{kind}2023": cases(2023), f"{kind}2024": new}))
    assert f"297 decided cases have no status (received Jan 2024 to Dec 2024): '{kind}2024." in text
    assert "60 were withdrawn" in text
    assert ("have no column for 'status'" in text) == (lost in ("renamed", "absent"))


def test_a_status_that_ends_inside_one_table_is_told_with_its_months_and_offices() -> None:
    both = pd.concat([cases(2024), cases(2024, "B")], ignore_index=True)
    both.loc[(both["dinas"] == "B") & (both["tanggal_masuk"] >= "2024-07-01"), "status"] = None
    text = said(quietly(both, as_of=AS_OF, columns={"office": "dinas"}))
    assert "no status (received Jul 2024 to Dec 2024): 'B'" in text


def test_a_status_left_empty_here_and_there_is_no_sign() -> None:
    one = cases(2024)
    one.loc[one.index % 3 == 0, "status"] = None
    assert "no status" not in said(quietly(one, as_of=AS_OF, columns={"office": "dinas"}))
    only = cases(2024).assign(status=lambda f: f["status"].where(f["status"] == "Dicabut"))
    assert "no status" not in said(quietly(only, as_of=AS_OF, columns={"office": "dinas"}))


def test_a_status_left_empty_by_chance_in_small_offices_is_no_sign() -> None:
    every = pd.concat([cases(2024, f"D{i}", 40) for i in range(30)], ignore_index=True)
    every.loc[np.random.default_rng(0).random(len(every)) < 0.5, "status"] = None
    assert "no status" not in said(quietly(every, as_of=AS_OF, columns={"office": "dinas"}))


def test_a_status_lost_in_many_small_files(tmp_path: Path) -> None:
    every = pd.concat([cases(2024, f"D{i}", 30) for i in range(8)], ignore_index=True)
    every["no_permohonan"] = range(len(every))
    months = {f"c{m:02d}": own for m, own in every.groupby(every["tanggal_masuk"].dt.month)}
    lost = {name: own.assign(status=None) if name >= "c09" else own for name, own in months.items()}
    text = said(read(tmp_path, **lost))
    assert "no status (received Sep 2024 to Dec 2024): 'c09.csv', 'c10.csv'" in text


def test_nobody_withdrew_so_nothing_is_missed(tmp_path: Path) -> None:
    never = [cases(year).replace({"status": {"Dicabut": "Ditolak"}}) for year in (2023, 2024)]
    text = said(read(tmp_path, c2023=never[0], c2024=never[1].assign(status=None)))
    assert "no status" not in text


def test_a_number_that_has_another_heading_in_some_files_is_not_only_a_loss(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column for 'case', which is empty there: 'c2024\.csv'"):
        read(tmp_path, c2023=cases(2023), c2024=cases(2024).rename(columns={"no_permohonan": "kode"}))
