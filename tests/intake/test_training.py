"""Rollouts keep what was given; training records give months."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import asn_impact as ai
from asn_impact import read_rollout, read_rollout_from_status, read_training
from asn_impact.errors import DataWarning, DesignError, InputError

NEVER: dict[str, list[Any]] = {
    "nan": [2005.0, np.nan],
    "inf": [2005.0, np.inf],
    "zero": [2005, 0],
    "text": ["2005", ""],
    "NaT": list(pd.to_datetime(["2005-01-01", None])),
    "period": list(pd.PeriodIndex(["2005-01", None], freq="M")),
}


@pytest.mark.parametrize("code", NEVER)
def test_codes_are_kept_as_they_are(code: str) -> None:
    values = NEVER[code]
    panel = pd.DataFrame({"u": ["A", "A", "B"], "g": [values[0], values[0], values[1]]})
    adopted = read_rollout(panel, unit="u", adopted="g").adopted
    assert adopted["A"] == values[0]
    assert adopted["B"] == values[1] or (pd.isna(adopted["B"]) and pd.isna(values[1]))


@pytest.mark.parametrize("values", [[2005.0, 2006.0], [2005.0, np.nan]])
def test_rows_of_one_unit_must_agree(values: list[float]) -> None:
    with pytest.raises(DesignError, match="'B'"):
        read_rollout(pd.DataFrame({"u": ["A", "B", "B"], "g": [2004.0, *values]}), unit="u", adopted="g")


def test_the_number_1_and_the_text_1_are_two_units() -> None:
    panel = pd.DataFrame({"u": pd.Series([1, "1"], dtype=object), "g": [2005.0, np.nan]})
    assert len(read_rollout(panel, unit="u", adopted="g").adopted) == 2


def test_units_of_18_digits_stay_apart_and_categories_are_plain() -> None:
    units = [10**17 + 1, 10**17 + 2]
    assert list(read_rollout(pd.DataFrame({"u": units, "g": [1, 2]}), unit="u", adopted="g").adopted.index) == units
    frame = pd.DataFrame({"u": pd.Categorical(["A", "B"]), "g": [1, 2]})
    assert read_rollout(frame, unit="u", adopted="g").adopted.to_dict() == {"A": 1, "B": 2}


def test_rows_without_a_unit_are_left_out_and_said() -> None:
    with pytest.warns(DataWarning, match="1 rows without 'u'"):
        rollout = read_rollout(pd.DataFrame({"u": ["A", None], "g": [1.0, 2.0]}), unit="u", adopted="g")
    assert list(rollout.adopted.index) == ["A"]


def test_polars_gives_what_pandas_gives() -> None:
    frame = pd.DataFrame({"u": ["A", "B"], "g": [2005.0, np.nan]})
    adopted = read_rollout(pl.from_pandas(frame), unit="u", adopted="g").adopted
    assert adopted["A"] == 2005
    assert pd.isna(adopted["B"])


def test_absent_and_double_columns_are_refused() -> None:
    with pytest.raises(InputError, match="Did you mean 'state'"):
        read_rollout(pd.DataFrame({"state": [1], "g": [1]}), unit="stat", adopted="g")
    with pytest.raises(InputError, match="2 columns named 'g'"):
        read_rollout(pd.DataFrame([[1, 2, 3]], columns=["u", "g", "g"]), unit="u", adopted="g")
    with pytest.raises(InputError, match="no rows"):
        read_rollout(pd.DataFrame({"u": [], "g": []}), unit="u", adopted="g")


def panel(on: list[Any], periods: list[Any] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"u": ["A"] * 3 + ["B"] * 3, "t": (periods or [202211, 202212, 202301]) * 2, "d": on})


def status(frame: pd.DataFrame) -> pd.Series:
    return read_rollout_from_status(frame, unit="u", period="t", treated="d").adopted


@pytest.mark.parametrize(
    "on", [[0, 0, 1, 0, 0, 0], [False, False, True, False, False, False], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
)
def test_the_first_treated_period_is_found_in_any_row_order(on: list[Any]) -> None:
    for seed in range(3):
        adopted = status(panel(on).sample(frac=1, random_state=seed))
        assert adopted["A"] == 202301
        assert pd.isna(adopted["B"])


def test_periods_stay_periods() -> None:
    months = list(pd.PeriodIndex(["2022-11", "2022-12", "2023-01"], freq="M"))
    assert status(panel([0, 1, 1, 0, 0, 0], months))["A"] == pd.Period("2022-12", "M")


@pytest.mark.parametrize("on", [["no", "no", "yes"] * 2, [0, 0, 100] * 2, [0, np.nan, 1] * 2, ["0", "0", "1"] * 2])
def test_anything_but_zero_and_one_is_refused(on: list[Any]) -> None:
    with pytest.raises(InputError, match="Expected 0 and 1"):
        status(panel(on))


def test_treatment_that_ends_is_refused_by_unit() -> None:
    with pytest.raises(DesignError, match=r"ends again: 'A'.*Switchers\(\)"):
        status(panel([0, 1, 0, 0, 0, 0]))
    with pytest.raises(DesignError, match="disagree"):
        status(pd.DataFrame({"u": ["A", "A"], "t": [1, 1], "d": [0, 1]}))


# --- training records -----------------------------------------------------------------------------------------


def people() -> pd.DataFrame:
    rows = [
        ("O1", "E-Government Dasar", "05-03-2024", "p1", "Lulus"),
        ("O1", "e-government lanjut", "20-05-2024", "p1", "Lulus"),  # the same person again
        ("O1", "E-Government Dasar", "21-06-2024", "p2", "Lulus"),
        ("O2", "E-Government Dasar", "05-03-2024", "p3", "Tidak Lulus"),
        ("O2", "E-Government Dasar", "28-04-2024", "p4", "Lulus"),
        ("O2", "Arsip", "05-01-2024", "p4", "Lulus"),
    ]
    return pd.DataFrame(rows, columns=["unit kerja", "nama_diklat", "tgl_selesai", "NIP", "lulus"])


def months(adopted: pd.Series) -> dict[str, str]:
    return {str(k): str(v) for k, v in adopted.items()}


def test_a_person_counts_once_at_the_end_of_the_course() -> None:
    with pytest.warns(DataWarning, match="the current one"):
        rollout = read_training(people(), course="E-GOVERNMENT", share=0.5, staff={"O1": 4, "O2": 3, "O3": 5})
    assert "Training rows left out: not passed 1." in map(str, rollout.notes)
    assert months(rollout.adopted) == {"O1": "2024-06", "O2": "NaT", "O3": "NaT"}
    assert rollout.doses is not None
    assert rollout.doses["share"].tolist() == pytest.approx([0.25, 0.5, 1 / 3])


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_without_a_share_the_first_completion_counts_and_labels_can_be_mapped() -> None:
    rollout = read_training(people(), course="e-government", offices={"O1": "Dinas Satu"})
    assert months(rollout.adopted) == {"Dinas Satu": "2024-03", "O2": "2024-04"}


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_persons_do_not_leave_the_engine() -> None:
    rollout = read_training(people(), course="e-government", share=0.5, staff={"O1": 4, "O2": 3})
    shown = rollout._repr_html_() + repr(rollout) + str(rollout.doses) + " ".join(map(str, rollout.notes))
    assert not any(p in shown for p in ("p1", "p2", "p3", "p4"))


def test_sessions_add_up_to_the_share(tmp_path: Path) -> None:
    headings = "Perangkat Daerah;Nama Pelatihan;Penyelenggara;JP;Tanggal Mulai;Tanggal Selesai;"
    headings += "Jumlah Peserta Lulus;Jumlah Petugas Layanan\n"
    rows = "".join(
        f"O1;E-Government;BKPSDMD;24;{d}/{m:02d}/2024;{d + 2}/{m:02d}/2024;3;10\n"
        for m, d in [(1, 14), (3, 15), (4, 16)]
    )
    path = tmp_path / "training.csv"
    path.write_text("\ufeff" + headings + rows)
    assert months(read_training(path, course="e-government", share=0.5).adopted) == {"O1": "2024-03"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"course": "memasak"}, "No course contains 'memasak'.*'Arsip'"),
        ({"share": 1.5}, "share is 1.5"),
        ({"share": 0.5}, "needs the number of staff"),
        ({"share": 0.5, "staff": {"O1": 4}}, "1 offices have no positive number of staff: 'O2'"),
        ({"columns": {"passed": "nama_diklat"}}, "not known"),
    ],
)
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_what_cannot_be_answered_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_training(people(), **settings)


def test_a_module_of_many_engines_needs_one_function(tmp_path: Path) -> None:
    reader: Callable[..., Any] = read_training
    frame = people().drop(columns=["lulus", "NIP"])
    assert months(reader(pl.from_pandas(frame)).adopted) == months(reader(frame).adopted)


# --- whose unit, which course, how much -----------------------------------------------------------------------


def history() -> pd.DataFrame:
    rows = [
        ("p1", "O1", "01-01-2020"),
        ("p1", "O2", "01-04-2024"),
        ("p2", "O3", "31-12-2022"),
        ("p3", "O1", "13-01-2020"),
    ]
    return pd.DataFrame(rows, columns=["NIP", "unit kerja", "TMT Jabatan"])


def moved() -> pd.DataFrame:
    rows = [
        ("O2", "E-Gov", "05-03-2024", "p1"),
        ("O3", "E-Gov", "25-05-2024", "p2"),
        ("O9", "E-Gov", "25-05-2019", "p3"),
    ]
    return pd.DataFrame(rows, columns=["unit kerja", "nama_diklat", "tgl_selesai", "NIP"])


def test_a_person_counts_for_the_unit_of_the_day_the_course_ended() -> None:
    with pytest.warns(DataWarning, match=r"^1 completions by persons whose unit that day is unknown"):
        rollout = read_training(moved(), positions=history())
    assert any("1 completions counted for the unit held" in str(note) for note in rollout.notes)
    assert months(rollout.adopted) == {"O1": "2024-03", "O3": "2024-05", "O9": "2019-05"}


def test_the_order_of_the_history_does_not_matter_and_neither_does_a_key() -> None:
    with pytest.warns(DataWarning):
        plain = read_training(moved(), positions=history())
    with pytest.warns(DataWarning):
        shuffled = read_training(moved().iloc[::-1], positions=history().iloc[::-1], key=b"k" * 32)
    assert months(plain.adopted) == months(shuffled.adopted)


def test_the_day_of_the_move_is_the_first_in_the_new_unit() -> None:
    records = moved().assign(tgl_selesai=["01-04-2024", "31-12-2022", "13-01-2020"])
    rollout = read_training(records, positions=history())
    assert months(rollout.adopted) == {"O1": "2020-01", "O2": "2024-04", "O3": "2022-12"}
    assert any("held when" in str(note) for note in rollout.notes)


def test_without_a_history_the_current_unit_is_warned_of_unless_the_heading_says_which() -> None:
    with pytest.warns(DataWarning, match="the current one"):
        read_training(moved())
    read_training(moved().rename(columns={"unit kerja": "Unit Kerja saat Pelatihan"}))


def test_two_units_from_one_day_are_refused_without_naming_the_person() -> None:
    double = pd.concat([history(), history().assign(**{"unit kerja": "O7"})])
    with pytest.raises(InputError, match="two units on one day") as caught:
        read_training(moved(), positions=double)
    assert "p1" not in str(caught.value)


@pytest.mark.parametrize("number", ["1,98709E+17", "198709102011" + "011000"])
def test_p12_damaged_numbers_are_refused_and_not_shown(number: str) -> None:
    with pytest.raises(InputError, match="1 numbers of persons were damaged") as caught:
        read_training(moved().assign(NIP=["p1", number, "p3"]))
    assert number not in str(caught.value)


def test_one_person_however_the_number_is_spaced() -> None:
    records = moved().assign(**{"unit kerja": "O1", "NIP": ["19870910 2011", "198709102011", "1987.0910.2011"]})
    with pytest.warns(DataWarning, match="current"):
        rollout = read_training(records, staff={"O1": 2})
    assert rollout.doses is not None
    assert rollout.doses["share"].tolist() == [0.5]


COURSES = [
    "Bimtek SPBE",
    "Pelatihan E-Government Dasar",
    "Pengelolaan Arsip",
    "Manajemen Proyek",
    "Sosialisasi Komputer",
]


def sessions_of(courses: list[str], **more: Any) -> pd.DataFrame:
    n = len(courses)
    frame = pd.DataFrame({"office": [f"O{i}" for i in range(n)], "course": courses, "passed_count": 2, "staff": 4})
    return frame.assign(course_end=pd.Timestamp(2024, 3, 1), **more)


@pytest.mark.parametrize(
    ("asked", "offices"),
    [
        ("e-government", {"O0", "O1"}),
        ("E-Gov", {"O0", "O1"}),
        ("project management", {"O3"}),
        ("manajemen proyek", {"O3"}),
        ("E-Government Dasar", {"O1"}),
        ("SPBE", {"O0"}),
    ],
)
def test_a_category_finds_its_courses_and_says_which(asked: str, offices: set[str]) -> None:
    rollout = read_training(sessions_of(COURSES), course=asked)
    assert set(rollout.adopted.index) == offices
    guessed = [n for n in map(str, rollout.notes) if "table of course categories" in n]
    assert bool(guessed) == (asked.casefold() in ("e-government", "e-gov", "project management"))
    assert all("'Bimtek SPBE'" in n or "'Manajemen Proyek'" in n for n in guessed)


def test_a_provider_is_chosen_and_the_others_are_counted() -> None:
    records = sessions_of(["X", "X", "X"], penyelenggara=["BPSDM Provinsi", "LMS", None])
    with pytest.warns(DataWarning, match="from another provider only"):
        rollout = read_training(records, provider="bpsdm")
    assert set(rollout.adopted.index) == {"O0"}
    assert "Baris pelatihan dikeluarkan: penyelenggara lain 2." in [note.text("id") for note in rollout.notes]
    with pytest.raises(InputError, match="No provider contains 'LAN'"):
        read_training(records, provider="LAN")


def test_offices_taught_by_another_provider_only_are_no_untrained_offices_and_are_announced() -> None:
    records = sessions_of(["X", "X", "Y"], penyelenggara=["BPSDM Provinsi", "LMS", "LMS"])
    with pytest.warns(DataWarning, match="1 offices took the course from another provider only") as said:
        read_training(records, provider="bpsdm", course="X")
    assert len(said) == 1
    both = sessions_of(["X", "X"], penyelenggara=["BPSDM Provinsi", "LMS"]).assign(office="O0")
    rollout = read_training(both, provider="bpsdm", course="X")
    assert not any("from another provider only" in str(note) for note in rollout.notes)


def test_passing_is_not_attending() -> None:
    records = moved().assign(lulus=["Kompeten", "Hadir", "Belum Kompeten"])
    records = records.rename(columns={"unit kerja": "Unit Kerja saat Pelatihan"})
    passed, attended = read_training(records), read_training(records, completion="attended")
    assert set(passed.adopted.index) == {"O2"}
    assert set(attended.adopted.index) == {"O2", "O3"}
    assert str(passed.notes[-1]).endswith("attended, not known to have passed 1, not passed 1.")
    assert str(attended.notes[-1]).endswith("not passed 1.")
    with pytest.raises(InputError, match="completion='attended'"):
        read_training(moved().assign(lulus="hadir saja"))


def test_hours_by_member_of_staff_add_up_and_one_course_twice_is_one() -> None:
    records = pd.DataFrame(
        {
            "Unit Kerja saat Pelatihan": "O1",
            "nama_diklat": ["A", "A", "B", "A"],
            "tgl_selesai": ["25-01-2024", "25-01-2024", "25-02-2024", "25-02-2024"],
            "NIP": ["p1", "p1", "p1", "p2"],
            "jp": [10, 10, 6, 10],
        }
    )
    doses = read_training(records, staff={"O1": 4}, dose="hours").doses
    assert doses is not None
    assert doses["hours"].tolist() == [10 / 4, 26 / 4]
    assert doses["share"].tolist() == [1 / 4, 2 / 4]
    with pytest.raises(InputError, match="column for them"):
        read_training(records.drop(columns="jp"), staff={"O1": 4}, dose="hours")


def test_hours_of_sessions_count_for_each_who_passed() -> None:
    doses = read_training(sessions_of(["A"], jp=24), dose="hours").doses
    assert doses is not None
    assert doses["hours"].tolist() == [24 * 2 / 4]


def test_a_fault_in_the_records_is_warned_of_and_what_was_asked_for_is_not() -> None:
    records = sessions_of(["X", "X"]).assign(course_end=[pd.Timestamp(2024, 3, 1), None])
    with pytest.warns(DataWarning, match="Training rows left out: no end date 1"):
        read_training(records)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"completion": "pass"}, r"read_training\(completion='pass'\). Expected 'passed' or 'attended'"),
        ({"dose": "hour"}, "Did you mean 'hours'"),
        ({"share": 1.5}, "expected a number above 0 and at most 1"),
        ({"share": "half"}, "Expected a number"),
        ({"course": 3}, "Expected a text"),
    ],
)
def test_arguments_of_read_training_are_checked(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_training(sessions_of(["X"]), **asked)


def test_arguments_of_a_ready_rollout_are_checked() -> None:
    panel = pd.DataFrame({"u": ["A", "A"], "t": [1, 2], "d": [0, 1]})
    with pytest.raises(InputError, match=r"absorbing='last'\). Expected 'required', 'first' or 'ends'"):
        read_rollout_from_status(panel, unit="u", period="t", treated="d", absorbing="last")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Expected a text"):
        read_rollout(panel, unit=0, adopted="d")  # type: ignore[arg-type]


def test_what_is_said_of_a_rollout_is_there_in_indonesian() -> None:
    rollout = read_training(sessions_of(["X"]), share=0.5)
    assert rollout.notes[0].id == (
        "Kantor dihitung terlatih sejak bulan pertama ketika 50% petugas telah menyelesaikannya, menurut tanggal "
        "selesai 1 pelatihan ('X')."
    )


def test_dates_of_positions_are_settled_by_since() -> None:
    persons = [f"19000101192001{n}" for n in (1001, 1002)]
    records = pd.DataFrame(
        {"nip": persons, "unit_kerja": "Dinsos", "namaKursus": "E-Gov", "tanggalSelesaiKursus": "25-03-2024"}
    )
    since = ["01-01-2023", "01-01-2023", "01-06-2024", "01-06-2024"]
    history = pd.DataFrame({"NIP": persons * 2, "Unit Kerja": ["Dinkes"] * 2 + ["Dinsos"] * 2, "TMT Jabatan": since})
    orders = {"since": "day-first", "course_end": "day-first"}
    rollout = ai.read_training(records, course="E-Gov", positions=history, dates=orders)
    assert rollout.adopted.astype(str).to_dict() == {"Dinkes": "2024-03"}
    with pytest.raises(ai.InputError, match=r'dates=\{"since": "day-first"\}'):
        ai.read_training(records, course="E-Gov", positions=history)
    with pytest.raises(ai.InputError, match="which is no date here"):
        ai.read_training(records, course="E-Gov", dates={"since": "day-first"})


@pytest.mark.parametrize("gone", [(5,), (4, 5), (1, 2, 3, 4)])
def test_a_status_with_a_gap_before_its_first_1_is_said(gone: tuple[int, ...]) -> None:
    rows = [(u, t, int(u == "A" and t >= 5)) for u in "AB" for t in range(1, 9)]
    frame = pd.DataFrame(rows, columns=["u", "t", "d"])
    whole = frame.drop(frame.index[[frame.index[(frame.u == "B") & (frame.t == 5)][0]]])
    assert not read_rollout_from_status(whole, unit="u", period="t", treated="d").notes
    holed = frame.loc[~((frame.u == "A") & frame.t.isin(gone))]
    with pytest.warns(DataWarning, match=r"no row in the period before their first 1.*'A'"):
        read_rollout_from_status(holed, unit="u", period="t", treated="d")


@pytest.mark.parametrize("headings", [("Perangkat Daerah", "Jumlah"), ("OPD", "Jumlah Pegawai"), ("office", "staff")])
def test_a_frame_of_staff_may_have_headings_of_an_office(headings: tuple[str, str]) -> None:
    records = pd.DataFrame({"office": ["A", "A", "B"], "course_end": pd.to_datetime(["2024-03-25"] * 3)})
    staff = pd.DataFrame({headings[0]: ["A", "B"], headings[1]: [4, 8]})
    rollout = read_training(records, share=0.5, staff=staff)
    assert rollout.adopted.dropna().astype(str).to_dict() == {"A": "2024-03"}
    assert rollout.adopted.index.tolist() == ["A", "B"]


TRAINED = "Perangkat Daerah;Nama Pelatihan;NIP;Tanggal Selesai;Status Kelulusan;Jumlah Petugas Layanan\n"
NIP = "19000101192001100"


def test_several_persons_in_one_cell_are_several(tmp_path):
    cells = [f"{NIP}1, {NIP}2; {NIP}3", f"{NIP}1 {NIP}2\u00a0dan {NIP}3"]
    for cell in cells:
        path = tmp_path / "t.csv"
        path.write_text(
            f'{TRAINED}Dinas A;E-Gov;"{cell}";7 Maret 2024;Lulus;4\nDinas B;E-Gov;{NIP}9;7 Maret 2024;Lulus;1\n'
        )
        with pytest.warns(DataWarning):
            adopted = read_training(path, share=0.5).adopted.astype(str).to_dict()
        assert adopted == {"Dinas A": "2024-03", "Dinas B": "2024-03"}


def test_one_person_in_two_spellings_is_one(tmp_path):
    names = ["Siti Contoh / 190001011920011001", "SITI CONTOH, S.E. / 19000101 192001 1 001"]
    rows = "".join(
        f'Dinas A;E-Gov;"{name}";{day} Maret 2024;Lulus;4\n' for name, day in zip(names, (7, 9), strict=True)
    )
    (tmp_path / "t.csv").write_text(TRAINED + rows)
    with pytest.warns(DataWarning):
        rollout = read_training(tmp_path / "t.csv", share=0.25)
    assert rollout.doses["share"].tolist() == [0.25]


def test_spellings_of_an_office_are_one_in_a_training_list_and_a_total_is_none():
    frame = pd.DataFrame(
        {
            "office": ["Dinas A", "DINAS  A", "dinas\u200b a", "Dinas A", "JUMLAH"],
            "course": "E-Gov",
            "staff": 8,
            "course_end": pd.to_datetime(["2024-03-05", "2024-03-06", "2024-04-02", "2024-05-02", "2024-05-02"]),
            "passed_count": [1, 1, 1, 1, 4],
        }
    )
    with pytest.warns(DataWarning, match="row of totals 1"):
        rollout = read_training(frame, share=0.5)
    assert rollout.adopted.astype(str).to_dict() == {"Dinas A": "2024-05"}


def test_a_course_that_ends_at_night_has_the_day_of_its_zone():
    ends = pd.to_datetime(["2024-03-31 17:30"]).tz_localize("UTC")
    frame = pd.DataFrame({"office": ["A"], "course": ["E-Gov"], "course_end": ends, "passed_count": [3]})
    assert read_training(frame, zone="WITA").adopted.astype(str).to_dict() == {"A": "2024-04"}


def _share(cells: list[str], staff: Any = None) -> float:
    """Return the share of ten members of staff that a list with these cells of persons makes."""
    rows = pd.DataFrame({"OPD": "Dinas A", "Nama Pelatihan": "Bimtek", "Tgl Selesai": "2024-03-14", "Peserta": cells})
    with pytest.warns(DataWarning):
        found = read_training(rows, columns={"officer": "Peserta"}, staff={"Dinas A": 10} if staff is None else staff)
    assert found.doses is not None
    return round(10 * float(found.doses["share"].iloc[0]), 6)


@pytest.mark.parametrize(
    "cells",
    [
        ["Budi Santoso, Ani Wijaya, Joko Susilo"],
        ["Budi Santoso, S.E., M.M., Ani Wijaya, A.Md.Keb., Joko Susilo, SKM"],
        ["BUDI, ANI, TINI"],
        ["Budi Santoso dan Ani Wijaya", "Joko"],
        ["Budi Santoso / Ani Wijaya / Joko"],
        ["1. Budi Santoso 2. Ani Wijaya 3) Joko"],
        ["1. Budi Santoso\n2. Ani Wijaya", "Budi Santoso", "Joko"],
        ["a. Budi Santoso b. Ani Wijaya c. Joko"],
        ["M. Yusuf", "H. Budi, S.STP", "Budi", "Joko"],
    ],
)
def test_persons_by_name_are_counted_one_by_one(cells: list[str]) -> None:
    assert _share(cells) == 3


def test_one_person_by_name_in_many_spellings_is_one() -> None:
    spellings = ["Budi Santoso, S.E.", "Budi Santoso", "BUDI SANTOSO, SE", "Drs. Budi Santoso", "H. budi  santoso SE"]
    assert _share(spellings) == 1
    assert _share(["123456", "123456.0", "123457.0"]) == 2


def test_a_number_of_persons_where_persons_should_stand_is_refused() -> None:
    rows = pd.DataFrame({"OPD": ["Dinas A"], "Tgl Selesai": ["2024-03-14"], "NIP": ["12 orang"]})
    with pytest.raises(InputError, match="holds numbers of persons"):
        read_training(rows)


def test_a_frame_of_staff_in_another_spelling_with_a_total_is_read() -> None:
    staff = pd.DataFrame({"OPD": ["DINAS A", "JUMLAH"], "Jumlah Pegawai": [20, 20]})
    assert _share(["Budi", "Ani"], staff) == 1


def test_an_office_whose_only_end_date_cannot_be_read_is_no_control() -> None:
    rows = pd.DataFrame({"OPD": ["Dinas A", "Dinas B"], "Tgl Selesai": ["14 Maret 2024", "14 Mret 2024"]})
    with pytest.raises(InputError, match="'Dinas B'"):
        read_training(rows)
    again = pd.concat([rows, pd.DataFrame({"OPD": ["DINAS B"], "Tgl Selesai": ["15 Maret 2024"]})])
    with pytest.warns(DataWarning, match="left out"):
        assert len(read_training(again).adopted) == 2


def test_a_column_of_courses_that_is_empty_in_every_row_is_named_with_the_line_to_write(tmp_path):
    rows = [f"Dinas {'AB'[i % 2]},,{1 + i % 28:02d}/01/2024" for i in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["OPD,Nama Pelatihan,Tanggal Selesai", *rows, ""]))
    with pytest.raises(InputError, match=r"empty in every row.*columns=\{\"course\": None\}"):
        read_training(tmp_path / "t.csv")
