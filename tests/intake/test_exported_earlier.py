"""Files of one study that were exported on different days: an open case is known for as long as its file goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from asn_impact.errors import InputError
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate

from .conftest import said
from .test_exports import quietly

AS_OF = dt.date(2026, 1, 9)
PRINTED = dt.date(2025, 1, 6)
HEAD = "No Permohonan;Perangkat Daerah;Tanggal Masuk;Tanggal Selesai;Status\n"


def cases(year: int, *, stuck: int = 0) -> list[tuple[str, str, dt.date, dt.date | None]]:
    """Sixteen cases a month and office, decided after 4 to 34 days; `stuck` of a year are never decided."""
    rows = [
        (f"503/{office}{month:02d}{i:02d}/{year}", office, day, day + dt.timedelta(4 + (7 * i) % 31))
        for office in "AB"
        for month in range(1, 13)
        for i in range(16)
        for day in [dt.date(year, month, 1 + (i * 11) % 28)]
    ]
    never = {row[0] for row in rows[7 :: len(rows) // stuck]} if stuck else set()
    return [(number, office, day, None if number in never else ended) for number, office, day, ended in rows]


def write(path: Path, rows: Any, day: dt.date) -> Path:
    """Write what an export of a day shows of the cases."""
    lines = [
        f"{number};Dinas {office};{came};" + (f"{ended};Selesai" if ended is not None and ended <= day else ";Proses")
        for number, office, came, ended in rows
    ]
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


def two_years(folder: Path, printed: dt.date = PRINTED, *, stuck: int = 0) -> list[Path]:
    return [
        write(folder / "2024.csv", cases(2024, stuck=stuck), printed),
        write(folder / "2025.csv", cases(2025), AS_OF),
    ]


def months(extract: Any) -> dict[str, float]:
    times = measure(extract, WorkCalendar.weekdays("2024-01-01", "2026-12-31"))
    panel = tabulate(times, RestrictedMean(30))
    means = (panel.mean * panel.n).sum(axis=0) / panel.n.sum(axis=0)
    return dict(zip(panel.timeline.labels, means.tolist(), strict=True))


def test_open_cases_of_a_file_exported_earlier_are_followed_until_its_last_day(tmp_path: Path) -> None:
    extract = quietly(two_years(tmp_path), as_of=AS_OF)
    text = said(extract)
    assert all(part in text for part in ("2024.csv", "Dec 2024", "exported"))
    whole = months(quietly(two_years(tmp_path, AS_OF), as_of=AS_OF))
    found = months(extract)
    assert set(whole) - set(found) == {"2024-12"}
    assert found == {month: mean for month, mean in whole.items() if month in found}


def test_the_day_of_a_file_can_be_said(tmp_path: Path) -> None:
    paths = two_years(tmp_path)
    found = quietly(paths, as_of=AS_OF)
    settled = quietly(paths, as_of=AS_OF, exported={"2024.csv": "2025-01-06"})
    assert "2024.csv" not in said(settled)
    assert months(settled) == months(found)
    as_one = quietly(paths, as_of=AS_OF, exported={"2024.csv": AS_OF})
    assert "2024.csv" not in said(as_one)
    assert months(as_one)["2024-12"] > 1.2 * months(quietly(two_years(tmp_path, AS_OF), as_of=AS_OF))["2024-12"]


def test_cases_that_stay_open_for_long_are_no_sign_of_an_earlier_export(tmp_path: Path) -> None:
    extract = quietly(two_years(tmp_path, AS_OF, stuck=12), as_of=AS_OF)
    assert "2024.csv" not in said(extract)
    assert "followed" not in extract.records.collect_schema().names()


def test_a_case_that_a_later_file_still_holds_is_followed_as_long_as_that(tmp_path: Path) -> None:
    first = write(tmp_path / "2024.csv", cases(2024), PRINTED)
    carried = [row for row in cases(2024) if row[3] is not None and row[3] > PRINTED]
    stays = [(number, office, came, None) for number, office, came, _ in carried]
    second = write(tmp_path / "2025.csv", [*stays, *cases(2025)], AS_OF)
    extract = quietly([first, second], as_of=AS_OF)
    assert "2024.csv" not in said(extract)
    assert "2024-12" in months(extract)


def test_every_month_in_a_file_of_its_own_day(tmp_path: Path) -> None:
    every = cases(2025)
    paths = []
    for month in range(1, 13):
        end = (dt.date(2025, month, 28) + dt.timedelta(4)).replace(day=1) - dt.timedelta(1)
        paths.append(write(tmp_path / f"{month:02d}.csv", [r for r in every if r[2].month == month], end))
    extract = quietly(paths, as_of=AS_OF)
    text = said(extract)
    assert [m for m in range(1, 11) if f"{m:02d}.csv" not in text] == []
    with pytest.raises(InputError, match="follow-up"):
        months(extract)


@pytest.mark.parametrize(
    ("exported", "match"),
    [
        ({"2023.csv": PRINTED}, "2024.csv"),
        ({"2024.csv": "6 Januari"}, "6 Januari"),
        ({"2024.csv": dt.date(2024, 6, 1)}, "2025-01-06"),
        ({"2024.csv": dt.date(2027, 6, 1)}, "2026-01-09"),
    ],
)
def test_a_day_that_cannot_be_is_refused(exported: Any, match: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=match):
        quietly(two_years(tmp_path), as_of=AS_OF, exported=exported)


def test_the_day_of_a_file_is_a_key_of_a_study(tmp_path: Path) -> None:
    from asn_impact.study.offers import data

    read = data().offers["records"].kinds["exported"].read
    assert read({"2024.csv": PRINTED}) == {"2024.csv": PRINTED}
    assert read({"2024.csv": "soon"}) is None


LATER = dt.date(2025, 1, 6) + dt.timedelta(30)


def regencies() -> pd.DataFrame:
    """Two regencies: the rows of B were last exported a month before those of A."""
    every = pd.DataFrame(cases(2024) + cases(2025), columns=["case", "office", "received", "decided"])
    parts = []
    for regency, day in (("Kab. A", LATER), ("Kab. B", PRINTED)):
        own = every[every["received"] <= day].assign(regency=regency)
        own["decided"] = own["decided"].where(own["decided"] <= day)
        parts.append(own.assign(status=np.where(own["decided"].isna(), "Proses", "Selesai")))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(received=pd.to_datetime(rows["received"]), decided=pd.to_datetime(rows["decided"]))


def as_polars(rows: pd.DataFrame) -> Any:
    return pytest.importorskip("polars").from_pandas(rows)


def as_duckdb(rows: pd.DataFrame) -> Any:
    return duckdb.from_df(rows)


def as_pandas(rows: pd.DataFrame) -> Any:
    return rows


def as_arrow(rows: pd.DataFrame) -> Any:
    return pa.Table.from_pandas(rows)


@pytest.mark.parametrize("kind", [as_pandas, as_polars, as_arrow, as_duckdb])
def test_a_regency_that_others_leave_behind_in_one_table(kind: Callable[[pd.DataFrame], Any]) -> None:
    rows = regencies()
    extract = quietly(kind(rows), as_of=LATER, regency="all")
    text = said(extract)
    assert "'B': the last date is 2025-01-06, others go on until 2025-02-0" in text
    assert 'exported={"B": "2025-01-06"}' in text
    found = months(extract)
    assert "2024-12" not in found
    settled = quietly(kind(rows), as_of=LATER, regency="all", exported={"Kab. B": "2025-01-06"})
    assert "the last date is" not in said(settled)
    assert months(settled) == found


def test_one_table_and_a_file_a_regency_say_the_same(tmp_path: Path) -> None:
    rows = regencies()
    for regency, own in rows.groupby("regency"):
        own.to_parquet(tmp_path / f"{regency[-1]}.parquet")
    files = quietly(tmp_path, as_of=LATER, regency="all")
    assert "'B.parquet': the last date is 2025-01-06" in said(files)
    assert months(files) == months(quietly(rows, as_of=LATER, regency="all"))


@pytest.mark.parametrize(("days", "found"), [(11, True), (15, True), (3, False), (0, False)])
def test_weekly_files_are_seen_as_soon_as_a_week_is_missing(days: int, found: bool, tmp_path: Path) -> None:
    every = cases(2024) + cases(2025)
    split, as_of = dt.date(2025, 2, 28), dt.date(2025, 2, 28) + dt.timedelta(days)
    old = write(tmp_path / "old.csv", [row for row in every if row[2] <= split], split)
    new = write(tmp_path / "new.csv", [row for row in every if split < row[2] <= as_of] or every[-1:], as_of)
    text = said(quietly([old, new] if days else [old], as_of=as_of))
    assert ("'old.csv': the last date is" in text) == found


def test_an_office_that_decides_every_fortnight_is_only_quiet(tmp_path: Path) -> None:
    every = cases(2024) + cases(2025)
    as_of = dt.date(2025, 2, 27)

    def next_day(row: Any) -> dt.date:
        return row[3] + dt.timedelta(-(row[3] - dt.date(2024, 1, 1)).days % 14)

    slow = [(*row[:3], next_day(row)) for row in every if row[1] == "B" and row[2] <= dt.date(2025, 2, 14)]
    first = write(tmp_path / "slow.csv", slow, as_of)
    second = write(tmp_path / "fast.csv", [row for row in every if row[1] == "A" and row[2] <= as_of], as_of)
    assert "'slow.csv': the last date is" not in said(quietly([first, second], as_of=as_of))


def appended(by: dt.date | None = None) -> pd.DataFrame:
    """One table to which each month was added when it ended; nothing older was exported again."""
    rows = pd.DataFrame(cases(2024) * 3, columns=["case", "office", "received", "decided"])
    rows["case"] = range(len(rows))
    rows["decided"] = rows["received"] + (rows["decided"] - rows["received"]) / 2
    month_end = rows["received"].map(lambda day: (day.replace(day=28) + dt.timedelta(4)).replace(day=1))
    ends = by or month_end - dt.timedelta(1)
    rows["decided"] = rows["decided"].where(rows["decided"] <= ends)
    return rows.assign(received=pd.to_datetime(rows["received"]), decided=pd.to_datetime(rows["decided"]))


@pytest.mark.parametrize("kind", [as_pandas, as_polars, as_arrow, as_duckdb])
def test_a_table_to_which_months_were_added(kind: Callable[[pd.DataFrame], Any]) -> None:
    as_of = dt.date(2024, 12, 31)
    extract = quietly(kind(appended()), as_of=as_of)
    assert "none that had come by then was decided" in said(extract)
    with pytest.raises(InputError, match="follow-up"):
        months(extract)
    assert "had come by then" not in said(quietly(kind(appended(as_of)), as_of=as_of))
    assert "had come by then" not in said(quietly(kind(appended()), as_of=as_of, exported={"frame": as_of}))
