"""Trained persons who change offices: their part stays, or goes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError

PERSONS = [f"19870101201101{1001 + i}" for i in range(8)]


def records(n: int = 4, office: str = "Dinkes", **more: Any) -> pd.DataFrame:
    rows = {"nip": PERSONS[:n], "unit kerja": office, "nama_diklat": "E-Gov", "tgl_selesai": "25-03-2024"}
    return pd.DataFrame({**rows, **more})


def history(*rows: tuple[int, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(PERSONS[i], o, pd.Timestamp(d)) for i, o, d in rows], columns=["NIP", "Unit Kerja", "TMT"])


EVERYBODY_MOVES = history(
    *((i, "Dinkes", "2023-01-01") for i in range(4)), *((i, "Dinsos", "2024-06-01") for i in range(4))
)
STAFF = {"Dinkes": 4, "Dinsos": 8}


def read(positions: pd.DataFrame, **settings: Any) -> ai.Rollout:
    return ai.read_training(settings.pop("of", records()), share=0.5, staff=STAFF, positions=positions, **settings)


def doses(rollout: ai.Rollout) -> dict[tuple[str, str], float]:
    assert rollout.doses is not None
    return {
        (str(o), str(m)): float(d) for o, m, d in rollout.doses[["office", "month", "dose"]].itertuples(index=False)
    }


def test_who_moves_takes_the_share_along() -> None:
    with pytest.warns(DataWarning, match="below the mark again"):
        rollout = read(EVERYBODY_MOVES, moves="follow")
    assert doses(rollout) == {("Dinkes", "2024-03"): 1.0, ("Dinkes", "2024-06"): 0.0, ("Dinsos", "2024-06"): 0.5}
    assert rollout.adopted.astype(str).to_dict() == {"Dinkes": "2024-03", "Dinsos": "2024-06"}


def test_left_where_it_was_the_note_says_what_following_would_do() -> None:
    rollout = read(EVERYBODY_MOVES)
    assert any(
        "4 trained persons moved" in note and "1 offices start in another month" in note for note in rollout.notes
    )
    assert doses(rollout) == {("Dinkes", "2024-03"): 1.0}


def test_an_office_that_never_starts_starts_in_no_other_month_with_moves() -> None:
    positions = history(*((i, "Dinkes", "2023-01-01") for i in range(4)), (0, "Dinsos", "2024-06-01"))
    rollout = read(positions)
    assert rollout.adopted.isna()["Dinsos"]
    assert any("1 trained persons moved" in note and "0 offices start" in note for note in rollout.notes)


def test_a_new_post_in_the_same_office_is_no_move() -> None:
    positions = history((0, "Dinkes", "2023-01-01"), (0, "DINKES", "2024-05-01"), (1, "Dinkes", "2023-01-01"))
    for moves in ("ignore", "follow"):
        with pytest.warns(DataWarning, match="whose unit that day is unknown"):
            rollout = read(positions, moves=moves)
        assert doses(rollout) == {("Dinkes", "2024-03"): 1.0}


def test_hours_go_along_and_a_second_course_adds_hours_where_the_person_is() -> None:
    second = records(1, tgl_selesai="10-09-2024", jp=6, nama_diklat="E-Gov 2")
    every = pd.concat([records(2, jp=10), second])
    positions = history((0, "Dinkes", "2023-01-01"), (0, "Dinsos", "2024-06-01"), (1, "Dinkes", "2023-01-01"))
    with pytest.warns(DataWarning, match="below the mark again"):
        rollout = read(positions, of=every, dose="hours", moves="follow")
    expected = {("Dinkes", "2024-03"): 5.0, ("Dinkes", "2024-06"): 2.5, ("Dinsos", "2024-06"): 1.25}
    assert doses(rollout) == {**expected, ("Dinsos", "2024-09"): 2.0}


def test_following_needs_a_history_and_an_office_without_staff_is_said() -> None:
    with pytest.raises(InputError, match=r"moves='follow' needs the history"):
        ai.read_training(records(), moves="follow")
    positions = history((0, "Dinkes", "2023-01-01"), (0, "Arsip", "2024-06-01"), (1, "Dinkes", "2023-01-01"))
    with pytest.warns(DataWarning, match="moved to 1 offices without a number of staff.*'Arsip'"):
        rollout = read(positions, of=records(2), moves="follow")
    assert doses(rollout) == {("Dinkes", "2024-03"): 0.5, ("Dinkes", "2024-06"): 0.25}


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ABC"), st.integers(0, 700)), min_size=4, max_size=24))
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_property_nobody_is_lost_or_made_by_moving(moves: list[tuple[int, str, int]]) -> None:
    """By the last month every trained person counts in exactly one office: the one of the latest position."""
    first = [(i, "A", "2020-01-01") for i in range(4)]
    later = {(i, d): o for i, o, d in moves}
    days = [(i, o, str(pd.Timestamp("2023-06-01") + pd.Timedelta(days=d))[:10]) for (i, d), o in later.items()]
    of = records(office="A")
    staff = dict.fromkeys("ABC", 4)
    rollout = ai.read_training(of, staff=staff, positions=history(*first, *days), moves="follow")
    assert rollout.doses is not None
    last = rollout.doses.groupby("office")["share"].last() * 4
    at = {i: max(((d, o) for (j, d), o in later.items() if j == i), default=(0, "A"))[1] for i in range(4)}
    everyone = pd.Series(at).value_counts()
    assert last[last > 0].astype(int).to_dict() == everyone.to_dict()
    assert np.isclose(last.sum(), 4)


def test_hours_reach_the_estimator_of_doses() -> None:
    frame = pd.DataFrame(
        {
            "office": np.repeat(list("ABCD"), 3),
            "year": [2023, 2024, 2025] * 4,
            "days": [9.0, 9, 7, 9, 9, 8, 9, 9, 9, 9, 9, 9],
        }
    )
    sessions = pd.DataFrame(
        {
            "office": ["A", "B"],
            "course_end": pd.to_datetime(["2025-01-01"] * 2),
            "jp": [20, 10],
            "passed_count": 4,
            "staff": 4,
        }
    )
    rollout = ai.read_training(sessions, dose="hours")
    panel = ai.with_doses(ai.read_panel(frame, unit="office", period="year", outcome="days"), rollout)
    effects = ai.estimators.Dose()(ai.assign(panel, rollout, cluster="office"))
    assert effects.terms["dose"].tolist()[:2] == [10.0, 20.0]
    assert effects.estimate[:2].tolist() == [-1.0, -2.0]


def test_a_list_that_names_no_office_has_it_from_the_history() -> None:
    nameless = records(3).drop(columns="unit kerja")
    positions = history((0, "Dinkes", "2023-01-01"), (1, "Dinsos", "2023-01-01"))
    with pytest.warns(DataWarning, match="1 of 3 completions do not count"):
        rollout = read(positions, of=nameless)
    assert rollout.adopted.isna().all()
    assert doses(rollout) == {("Dinkes", "2024-03"): 0.25, ("Dinsos", "2024-03"): 0.125}
    with pytest.raises(InputError, match="no column for 'office'"):
        ai.read_training(nameless)


def test_an_office_written_otherwise_in_the_history_is_no_move() -> None:
    spellings = history(
        *((i, "Dinas Kesehatan", "2023-01-01") for i in range(4)),
        *((i, "DINAS KESEHATAN KAB. BATANGHARI", "2024-06-01") for i in range(2)),
        *((i, "Dinas Kesehatn", "2024-06-01") for i in range(2, 4)),
    )
    with pytest.warns(DataWarning, match="look alike"):  # asked about, as ever, and no event
        rollout = read(spellings, moves="follow")
    assert doses(rollout) == {("Dinkes", "2024-03"): 1.0}
    assert {note["n"] for note in rollout.notes if note.key == "training.moves_followed"} == {0}
