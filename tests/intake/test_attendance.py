"""Sheets of attendance as a list of training: a column a day, a mark for each person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError

pytestmark = pytest.mark.filterwarnings("ignore:The unit of each person")
PERSONS = [f"19870101201101{1001 + i}" for i in range(4)]
DAYS = ["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"]
STAFF = {"Dinas A": 2, "Dinas B": 2}
MARKS = [
    ["Hadir", "H", "\u2713", "v", "1"],  # all five
    ["Hadir", "H", "\u2713", "v", "Izin"],  # four
    ["hadir", "h.", "sakit", "I", "1"],  # three
    ["A", "-", "", "alpa", "0"],  # none
]


def sheet(path: Path, days: list[str], *titles: str, marks: Any = None, group: str = "") -> Path:
    headings = ["No", "Nama", "NIP", "Perangkat Daerah", *days]
    rows = [[i + 1, f"P{i}", PERSONS[i], "Dinas A" if i < 2 else "Dinas B", *m] for i, m in enumerate(marks or MARKS)]
    if group:
        top = [*headings[:4], group, *[None] * (len(days) - 1)]
        rows = [top, [None] * 4 + days, *rows]
    else:
        rows = [headings, *rows]
    width = len(headings)
    every = [*([title, *[None] * (width - 1)] for title in titles), *rows]
    pd.DataFrame(every, dtype=object).to_excel(path, header=False, index=False)
    return path


def share(rollout: ai.Rollout) -> dict[str, float]:
    assert rollout.doses is not None
    return dict(zip(rollout.doses["office"], rollout.doses["share"], strict=True))


@pytest.mark.parametrize(("attended", "expected"), [(1.0, {"Dinas A": 0.5}), (0.8, {"Dinas A": 1.0}), (0.6, None)])
def test_who_was_there_often_enough_counts(tmp_path: Path, attended: float, expected: Any) -> None:
    path = sheet(tmp_path / "hadir.xlsx", DAYS, "DAFTAR HADIR BIMTEK SPBE")
    rollout = ai.read_training(path, attended=attended, staff=STAFF, course="spbe")
    assert share(rollout) == (expected or {"Dinas A": 1.0, "Dinas B": 0.5})
    assert rollout.adopted["Dinas A"] == pd.Period("2024-03", "M")
    assert any("5 sessions held" in note for note in rollout.notes)


@pytest.mark.parametrize("form", ["Hari {}", "Sesi {}", "Pertemuan ke-{}", "H{}", "Hari ke {}"])
def test_sessions_have_their_date_from_the_title(tmp_path: Path, form: str) -> None:
    days = [form.format(i + 1) for i in range(5)]
    path = sheet(tmp_path / "hadir.xlsx", days, "DAFTAR HADIR", "Tanggal: 4 s.d. 8 Maret 2024")
    assert share(ai.read_training(path, attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}
    with pytest.raises(InputError, match="does not say when the course ended"):
        ai.read_training(sheet(tmp_path / "lain.xlsx", days, "DAFTAR HADIR"), attended=0.8)


@pytest.mark.parametrize(
    "days", [["4 Maret 2024", "5 Maret 2024"], ["Senin, 04/03/2024", "Jumat, 25/03/2024"], DAYS[:2]]
)
def test_dates_in_headings_are_read_as_they_are_written(tmp_path: Path, days: list[str]) -> None:
    path = sheet(tmp_path / "hadir.xlsx", days, "PEMERINTAH KABUPATEN", marks=[m[:2] for m in MARKS])
    rollout = ai.read_training(path, attended=1.0, staff=STAFF)
    assert share(rollout) == {"Dinas A": 1.0, "Dinas B": 0.5}


def test_headings_in_two_rows(tmp_path: Path) -> None:
    path = sheet(tmp_path / "hadir.xlsx", [f"Hari {i}" for i in range(1, 6)], "8 Maret 2024", group="Kehadiran")
    assert share(ai.read_training(path, attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}
    path = sheet(tmp_path / "hari.xlsx", [str(i) for i in range(1, 6)], "8 Maret 2024", group="Hari ke")
    assert share(ai.read_training(path, attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}
    path = sheet(tmp_path / "tanggal.xlsx", DAYS, group="Kehadiran")
    assert share(ai.read_training(path, attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}


def test_without_a_share_nobody_is_counted_in_silence(tmp_path: Path) -> None:
    path = sheet(tmp_path / "hadir.xlsx", DAYS)
    with pytest.raises(InputError, match=r"sheet of attendance with 5 sessions.*attended=0.8"):
        ai.read_training(path)
    with pytest.raises(InputError, match="attended is 80"):
        ai.read_training(path, attended=80)


def test_a_session_not_held_and_a_row_of_sums_do_not_count(tmp_path: Path) -> None:
    marks = [[*m, None] for m in MARKS]
    path = sheet(tmp_path / "hadir.xlsx", [*DAYS, "2024-03-11"], marks=marks)
    rows = pd.read_excel(path, header=None, dtype=object, engine="openpyxl")
    rows.loc[len(rows)] = ["Jumlah hadir", None, None, None, 3, 3, 2, 2, 2, 0]
    rows.to_excel(path, header=False, index=False)
    with pytest.warns(DataWarning, match="left out: no office 1, not passed 2"):
        rollout = ai.read_training(path, attended=0.8, staff=STAFF)
    assert share(rollout) == {"Dinas A": 1.0}
    assert any("not held: '2024-03-11'" in note for note in rollout.notes)


def test_unknown_marks_and_no_marks_are_refused(tmp_path: Path) -> None:
    marks = [*([*m[:4], "X"] for m in MARKS[:2]), *MARKS[2:]]
    with pytest.raises(InputError, match="marks that are not known: 'x'"):
        ai.read_training(sheet(tmp_path / "hadir.xlsx", DAYS, marks=marks), attended=0.8)
    plain = pd.DataFrame({"NIP": PERSONS, "OPD": "A", "Tanggal Selesai": "25/03/2024"})
    with pytest.raises(InputError, match="holds marks of attendance"):
        ai.read_training(plain, attended=0.8)


def test_a_frame_and_a_text_file(tmp_path: Path) -> None:
    rows = pd.DataFrame(MARKS, columns=DAYS).assign(NIP=PERSONS, OPD=["Dinas A"] * 2 + ["Dinas B"] * 2)
    assert share(ai.read_training(rows, attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}
    rows.to_csv(tmp_path / "hadir.csv", index=False, sep=";")
    assert share(ai.read_training(tmp_path / "hadir.csv", attended=0.8, staff=STAFF)) == {"Dinas A": 1.0}
