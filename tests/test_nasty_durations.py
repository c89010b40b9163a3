"""Bad dates: the right number of days, or a refusal or warning that names the cause. Never a silent wrong number.

The numbers in the names are those of the project's list of bad inputs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import asn_impact as ai

AS_OF = "2024-12-31"
Write = Callable[[str], Path]


@pytest.fixture
def export(tmp_path: Path) -> Write:
    def write(rows: str, name: str = "izin.csv") -> Path:
        path = tmp_path / name
        path.write_text("No Permohonan;Perangkat Daerah;Tanggal Masuk;Tanggal Selesai\n" + rows)
        return path

    return write


def said(value: Any) -> str:
    return " ".join(map(str, value.notes))


def clean(n: int = 60) -> str:
    """Return rows whose days reach 28, so that the order of day and month shows."""
    return "".join(
        f"C{i};D{i % 3};{i % 28 + 1:02d}/0{i % 9 + 1}/2024;{i % 28 + 1:02d}/1{i % 3}/2024\n" for i in range(n)
    )


def days(source: Any, **settings: Any) -> list[int | None]:
    """Return the working days of each case, by case number."""
    extract = ai.read_exports(source, as_of=AS_OF, keep=["district"], **settings)
    frame = ai.measure(extract, ai.WorkCalendar.indonesia()).records.collect().to_pandas().sort_values("district")
    return [None if pd.isna(d) else int(d) for d in frame["days"]]


def cases(received: list[Any], decided: list[Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"received": pd.Series(received), "decided": pd.Series(decided)})
    return frame.assign(
        office="O1", case=[f"c{i}" for i in range(len(frame))], district=[f"c{i}" for i in range(len(frame))]
    )


def test_b01_completed_before_received_is_dropped_and_said(export: Write) -> None:
    with pytest.warns(ai.DataWarning, match="decided before received 3"):
        extract = ai.read_exports(export(clean() + "x;D1;20/03/2024;01/02/2024\n" * 3), as_of=AS_OF)
    assert extract.ledger.kept == 60


@pytest.mark.parametrize("received", ["20/03/2004", "20/03/2014", "20/03/0024", "20/03/1924"])
def test_b02_waits_of_ten_years_and_more_are_dropped_and_said(export: Write, received: str) -> None:
    reason = "received before the year 1900" if received.endswith("0024") else "a wait of ten years or more"
    with pytest.warns(ai.DataWarning, match=f"{reason} 1"):
        extract = ai.read_exports(export(clean() + f"x;D1;{received};21/03/2024\n"), as_of=AS_OF)
    assert extract.ledger.kept == 60


def same_waits_every_month(as_of: str, waits: Sequence[int] = (10, 40, 80)) -> pd.DataFrame:
    """Cases of two offices with the same waits in every month; what is decided after ``as_of`` is open."""
    received = [d for d in pd.date_range("2023-01-01", as_of) if d.day <= 27]
    frame = pd.DataFrame(
        {"received": received, "office": ["O1", "O2", "O1"] * (len(received) // 3) + ["O1"] * (len(received) % 3)}
    )
    decided = frame["received"] + pd.to_timedelta(np.resize(waits, len(frame)), unit="D")
    return frame.assign(decided=decided.where(decided <= pd.Timestamp(as_of)))


def test_b03_open_cases_fake_no_improvement() -> None:
    extract = ai.read_exports(same_waits_every_month(AS_OF), as_of=AS_OF)
    times = ai.measure(extract, ai.WorkCalendar.indonesia(), clock="calendar_days")
    panel = ai.tabulate(times, ai.RestrictedMean(60))
    total = np.nansum(panel.mean * panel.n, axis=0) / panel.n.sum(axis=0)
    assert total == pytest.approx((10 + 40 + 60) / 3)
    assert panel.immature
    assert panel.timeline.labels[-1] == "2024-10"


def test_b04_an_export_of_completed_cases_is_refused() -> None:
    frame = same_waits_every_month(AS_OF, range(5, 96, 7))
    drawn = frame.loc[frame["decided"].dt.year == 2024]
    with pytest.warns(ai.DataWarning, match="completed cases only"):
        extract = ai.read_exports(drawn, as_of=AS_OF)
    with pytest.raises(ai.InputError, match="finished cases only"):
        ai.measure(extract, ai.WorkCalendar.indonesia())


@pytest.mark.parametrize("second", ["WITA", "WIT", "UTC", "Z", "+09:00"])
def test_b05_time_zones_mixed_in_a_column_are_refused(export: Write, second: str) -> None:
    rows = f"a;O;2024-01-03 23:30 WIB;2024-01-09\nb;O;2024-01-04 23:30 {second};2024-01-09\n"
    with pytest.raises(ai.InputError, match="'received' mixes time zones"):
        ai.read_exports(export(rows), as_of=AS_OF)


def test_b05_times_without_a_zone_beside_those_of_one_are_of_that_and_it_is_said(export: Write) -> None:
    rows = "a;O;2024-01-03 23:30 WIB;2024-01-09\nb;O;2024-01-04 23:30;2024-01-09\n"
    extract = ai.read_exports(export(rows), as_of=AS_OF)
    assert [str(day) for (day,) in extract.records.select("received").collect().rows()] == ["2024-01-03", "2024-01-04"]
    assert "some times name the zone +07:00" in said(extract)


def test_b05_one_zone_written_in_two_ways_is_one_zone(export: Write) -> None:
    rows = "a;O;2024-01-03 23:30 WIB;2024-01-09\nb;O;2024-01-04T23:30:00+07:00;2024-01-09\n"
    assert ai.read_exports(export(rows), as_of=AS_OF).ledger.kept == 2


def test_b05_utc_and_columns_in_two_zones_are_said(export: Write) -> None:
    rows = "a;O;2024-01-03 23:30 WIB;2024-01-09T10:00:00Z\n"
    with pytest.warns(ai.DataWarning, match=r"decided: times are in UTC.*different zones"):
        ai.read_exports(export(rows), as_of=AS_OF)
    zoned = cases(["2024-01-03 23:30"], ["2024-01-09 10:00"])
    zoned = zoned.assign(
        received=pd.to_datetime(zoned["received"]).dt.tz_localize("Asia/Jakarta"),
        decided=pd.to_datetime(zoned["decided"]).dt.tz_localize("UTC"),
    )
    with pytest.warns(ai.DataWarning, match=r"decided: times are in UTC.*different zones"):
        ai.read_exports(zoned, as_of=AS_OF)


def test_b06_few_dates_that_tell_the_order_are_said(export: Write) -> None:
    dates = ["03/04/2024", "05/06/2024", "07/08/2024", "01/02/2024", "25/03/2024", "28/03/2024"]
    rows = "".join(f"c{i};O;{d};2024-09-0{i + 1}\n" for i, d in enumerate(dates))
    with pytest.warns(ai.DataWarning, match=r"4 of 6 dates fit day first and month first.*read day-first"):
        extract = ai.read_exports(export(rows), as_of=AS_OF)
    assert dt.date(2024, 4, 3) in extract.records.collect()["received"].to_list()


def test_b06_nothing_that_tells_is_refused(export: Write) -> None:
    with pytest.raises(ai.InputError, match="day first or month first"):
        ai.read_exports(export("a;O;03/04/2024;05/06/2024\n"), as_of=AS_OF)


EXPECTED = [5, 4, None]
RECEIVED, DECIDED = [45356, 45355, 45357], [45364, 45362, None]  # 5, 4 and 6 March; 13 and 11 March is Nyepi


def test_b07_excel_serial_numbers_are_days(tmp_path: Path) -> None:
    dates = [dt.date(1899, 12, 30) + dt.timedelta(n) for n in RECEIVED]
    ended = [None if n is None else dt.date(1899, 12, 30) + dt.timedelta(n) for n in DECIDED]
    truth = days(cases(dates, ended))
    assert len(truth) == 3
    assert days(cases(RECEIVED, DECIDED)) == truth
    assert days(cases([str(n) for n in RECEIVED], [None if n is None else f"{n}.75" for n in DECIDED])) == truth
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["case", "office", "district", "received", "decided"])
    for i, (start, end) in enumerate(zip(dates, ended, strict=True)):
        book.active.append([f"c{i}", "O1", f"c{i}", start, end])
    book.save(tmp_path / "mac.xlsx")
    assert days(tmp_path / "mac.xlsx") == truth


def test_b08_the_29th_of_february_exists_in_2024_only(export: Write) -> None:
    good = ai.read_exports(export(clean() + "x;D1;29/02/2024;04/03/2024\n"), as_of=AS_OF)
    assert good.ledger.kept == 61
    with pytest.warns(ai.DataWarning, match="the received date is no date 1"):
        bad = ai.read_exports(export(clean() + "x;D1;29/02/2023;04/03/2023\n"), as_of=AS_OF)
    assert "29/02/2023" in said(bad)
    assert bad.ledger.kept == 60


def monthly_sheets(path: Path, later: dt.date) -> Path:
    book = openpyxl.Workbook()
    for title, decided in (("JAN", None), ("FEB", later)):
        sheet = book.create_sheet(title)
        sheet.append(["No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai"])
        sheet.append(["P1", "O1", dt.date(2024, 1, 10), decided or dt.date(2024, 1, 31)])
        sheet.append(["P2", "O1", dt.date(2024, 1, 11), None if decided is None else dt.date(2024, 2, 5)])
    del book["Sheet"]
    book.save(path)
    return path


def test_b09_an_open_copy_gives_way_to_the_completed_one(tmp_path: Path) -> None:
    path = monthly_sheets(tmp_path / "rekap.xlsx", dt.date(2024, 1, 31))
    extract = ai.read_exports(path, as_of=AS_OF)
    assert "repeated copy of a case 1, open copy of a case decided in another 1" in said(extract)
    found = {r[0]: r[4] for r in extract.records.collect().rows()}
    assert found == {"P1": dt.date(2024, 1, 31), "P2": dt.date(2024, 2, 5)}


def test_b10_two_completion_dates_contradict_each_other(tmp_path: Path) -> None:
    path = monthly_sheets(tmp_path / "rekap.xlsx", dt.date(2024, 2, 15))
    with pytest.warns(ai.DataWarning, match="contradicting copies of a case 2"):
        extract = ai.read_exports(path, as_of=AS_OF)
    assert extract.records.collect()["case"].to_list() == ["P2"]


PLACEHOLDERS = [
    "1900-01-01",
    "9999-12-31",
    "0000-00-00",
    "1899-12-30",
    "31/12/2099",
    "0001-01-01 00:00:00",
    "1900-01-00",
]


def with_decided(texts: list[str]) -> str:
    return clean() + "".join(f"x{i};D1;20/03/2024;{text}\n" for i, text in enumerate(texts))


@pytest.mark.parametrize("texts", [PLACEHOLDERS, ["31/12/2099"]], ids=len)
def test_b11_dates_that_mean_none_leave_the_case_open_and_are_said(export: Write, texts: list[str]) -> None:
    extract = ai.read_exports(export(with_decided(texts)), as_of=AS_OF)
    assert sum(map(int, re.findall(r"(\d+) placeholder", said(extract)))) == len(texts)
    assert extract.records.collect()["status"].to_list().count("open") == len(texts)


def test_b11_words_that_mean_none_leave_the_case_open(export: Write) -> None:
    words = ["-", "belum terbit", "Masih Proses", "NULL", "tidak ada", "0", " "]
    extract = ai.read_exports(export(with_decided(words)), as_of=AS_OF)
    assert extract.ledger.kept == 60 + len(words)
    assert extract.records.collect()["status"].to_list().count("open") == len(words)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_b11_placeholders_of_typed_columns(unit: str) -> None:
    empty = np.datetime64("2099-12-31" if unit == "ns" else "9999-12-31", unit)
    frame = cases([np.datetime64("2024-03-05", unit)] * 2, [np.datetime64("2024-03-13", unit), empty])
    assert days(frame)[1] is None
    assert "1 placeholder" in said(ai.read_exports(frame, as_of=AS_OF))


def test_b11_placeholders_of_steps_are_said(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    head = "no_permohonan;opd;nama_proses;status;start_date;end_date\n"
    path.write_text(head + "1;O;a;Selesai;2024-01-02;2024-01-05\n1;O;b;Proses;2024-01-05;0001-01-01 00:00:00\n")
    extract = ai.read_steps(path, as_of=AS_OF)
    assert extract.records.collect()["status"].to_list() == ["open"]
    assert "1 placeholder" in said(extract)


def test_b12_indonesian_months(export: Write) -> None:
    words = ["Mei", "Agustus", "Des", "Oktober", "Nopember", "Pebruari", "Agt", "Jum'at, 17 Mei"]
    numbers = [5, 8, 12, 10, 11, 2, 8, 5]
    rows = "".join(f"c{i};O;{w if ' ' in w else '17 ' + w} 2024;20 {w.split()[-1]} 2024\n" for i, w in enumerate(words))
    extract = ai.read_exports(export(rows), as_of=AS_OF)
    found = {r[0]: (r[3], r[4]) for r in extract.records.collect().rows()}
    assert found == {f"c{i}": (dt.date(2024, m, 17), dt.date(2024, m, 20)) for i, m in enumerate(numbers)}


def test_b13_days_and_times_in_one_column_are_said(export: Write) -> None:
    rows = "a;O;2024-01-03 23:30;2024-01-09 08:00\nb;O;2024-01-04;2024-01-09\n"
    assert "1 of 2 values have no time of day" in said(ai.read_exports(export(rows), as_of=AS_OF))


def test_b14_completed_after_the_export_is_dropped_and_said(export: Write) -> None:
    with pytest.warns(ai.DataWarning, match="decided after the export 1"):
        ai.read_exports(export(clean() + "x;D1;20/03/2024;20/03/2025\n"), as_of=AS_OF)


def test_b15_a_month_treated_in_part_is_said() -> None:
    records = pd.DataFrame({"office": ["O1", "O2"], "course_end": pd.to_datetime(["2024-06-17", "2024-07-01"])})
    rollout = ai.read_training(records)
    assert any("In 1 offices the course ended after the first day" in str(note) for note in rollout.notes)


FAR = {
    "seconds": (np.array(["1066-01-01", "2024-01-02"], "M8[s]"), np.array(["2024-01-01", "2500-01-02"], "M8[s]")),
    "dates": ([dt.date(1066, 1, 1), dt.date(2024, 1, 2)], [dt.date(2024, 1, 1), dt.date(2500, 1, 2)]),
    "texts": (["1066-01-01", "2024-01-02"], ["2024-01-01", "2500-01-02"]),
}


@pytest.mark.parametrize("kind", FAR)
def test_b16_dates_beyond_nanoseconds_are_dropped_and_said(kind: str) -> None:
    frame = pd.concat(
        [
            cases(*map(list, FAR[kind])),
            cases([type(FAR[kind][0][1])("2024-01-03")] if kind == "texts" else [FAR[kind][0][1]], [None]),
        ]
    )
    frame["case"] = ["a", "b", "c"]
    with pytest.warns(ai.DataWarning, match=r"received before the year 1900 1, decided after the export 1"):
        assert ai.read_exports(frame, as_of=AS_OF).ledger.kept == 1


def test_messages_about_dates_hold_no_name(export: Write) -> None:
    with pytest.warns(ai.DataWarning) as caught:
        extract = ai.read_exports(export(clean() + "x;D1;Budi Santoso 081234567890;\n"), as_of=AS_OF)
    shown = " ".join([said(extract), *(str(w.message) for w in caught)])
    assert "the received date is no date 1" in shown
    assert not any(part in shown for part in ("Budi", "Santoso", "0812"))
