"""An export whose population cannot be is refused or said, with the line that decides; a plausible one passes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact import Extract, read_exports, read_steps
from asn_impact.errors import DataWarning, InputError

from .conftest import codes, said

AS_OF = "2025-12-31"


def stream(n: int = 4000, mean: float = 40.0, offices: int = 8, seed: int = 0, days: int = 1090) -> pd.DataFrame:
    """Cases received until the day of the export, all of them, the last ones open."""
    random = np.random.default_rng(seed)
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(random.integers(0, days, n), unit="D")
    decided = received + pd.to_timedelta(np.ceil(random.exponential(mean, n)), unit="D")
    frame = pd.DataFrame({"office": [f"Kantor {i % offices}" for i in range(n)], "received": received})
    return frame.assign(decided=decided.where(decided <= pd.Timestamp(AS_OF)))


def quietly(source: Any, **settings_: Any) -> Extract:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return read_exports(source, **{"as_of": AS_OF, **settings_})


# --- finished cases only --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [10.0, 40.0, 150.0])
def test_finished_cases_only_are_said_and_not_measured_unless_declared(mean: float) -> None:
    every = stream(mean=mean)
    assert read_exports(every, as_of=AS_OF).selection == "received"
    finished = every.dropna()
    with pytest.warns(DataWarning, match=r"finished cases only.*selection=\"received\""):
        extract = read_exports(finished, as_of=AS_OF)
    with pytest.raises(InputError, match="finished cases only"):
        ai.measure(extract, ai.WorkCalendar.indonesia())
    declared = read_exports(finished, as_of=AS_OF, selection="received")
    assert declared.selection == "received"
    assert "would still be open" in said(declared)


def test_finished_cases_only_are_seen_although_as_of_is_late() -> None:
    finished = stream(mean=60.0).dropna()
    assert quietly(finished, as_of="2027-06-30").selection == "completed"


def test_withdrawn_cases_without_a_date_are_no_open_cases() -> None:
    finished = stream(mean=60.0).dropna().assign(status="Selesai")
    finished.loc[finished.index[::50], ["decided", "status"]] = [pd.NaT, "Dicabut"]
    assert quietly(finished).selection == "completed"


def test_one_office_of_finished_cases_only_is_named() -> None:
    every = stream(n=8000, mean=60.0)
    partly = every.loc[every["decided"].notna() | (every["office"] != "Kantor 3")]
    with pytest.warns(DataWarning, match=r"no open case and must have some: 'Kantor 3'"):
        read_exports(partly, as_of=AS_OF)


def test_a_handful_of_open_cases_does_not_hide_the_others() -> None:
    every = stream(n=8000, mean=60.0)
    still = every.index[every["decided"].isna()]
    with pytest.warns(DataWarning, match="Only 5 cases are open"):
        read_exports(every.drop(still[5:]), as_of=AS_OF)


def test_a_closed_period_followed_to_its_end_passes() -> None:
    closed = stream(days=365, mean=40.0)
    assert closed["decided"].notna().all()
    assert read_exports(closed, as_of=AS_OF).selection == "unknown"


def test_an_office_that_has_become_faster_passes() -> None:
    random = np.random.default_rng(2)
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(np.arange(4000) % 1090, unit="D")
    waits = np.where(received < pd.Timestamp("2025-01-01"), random.integers(20, 60, 4000), 0)
    fast = pd.DataFrame({"office": "Kantor", "received": received})
    fast = fast.assign(decided=received + pd.to_timedelta(waits, unit="D"))
    assert read_exports(fast, as_of=AS_OF).selection == "unknown"


def test_steps_of_finished_cases_only_are_said() -> None:
    finished = stream(mean=60.0).dropna()
    steps = pd.DataFrame(
        {
            "case": [f"c{i}" for i in range(len(finished))],
            "office": finished["office"],
            "step": "TTE",
            "step_start": finished["received"],
            "step_end": finished["decided"],
        }
    )
    with pytest.warns(DataWarning, match="finished cases only"):
        assert read_steps(steps, as_of=AS_OF).selection == "completed"


# --- nothing decided ------------------------------------------------------------------------------------------


def test_an_export_in_which_nothing_is_decided_is_refused_unless_declared() -> None:
    nothing = stream(n=600).assign(decided=pd.NaT)
    with pytest.raises(InputError, match="None of 600 cases has been decided"):
        read_exports(nothing, as_of=AS_OF)
    with pytest.warns(DataWarning, match="every wait equals the horizon"):
        read_exports(nothing, as_of=AS_OF, selection="received")


def test_an_office_in_which_nothing_is_decided_is_named() -> None:
    every = stream()
    with pytest.warns(DataWarning, match=r"no decision at all: 'Kantor 2'"):
        read_exports(every.assign(decided=every["decided"].where(every["office"] != "Kantor 2")), as_of=AS_OF)


# --- the day of the export, and old cases ---------------------------------------------------------------------


@pytest.mark.parametrize("as_of", ["2027-12-31", "2026-04-15", "2026-02-15"])
def test_open_cases_are_followed_until_the_last_date_when_as_of_is_too_late(as_of: str) -> None:
    calendar, outcome = ai.WorkCalendar.weekdays("2022-01-01", "2028-12-31"), ai.RestrictedMean(30)
    right = ai.tabulate(ai.measure(read_exports(stream(), as_of=AS_OF), calendar), outcome)
    with pytest.warns(DataWarning, match="must have been made earlier"):
        extract = read_exports(stream(), as_of=as_of)
    panel = ai.tabulate(ai.measure(extract, calendar), outcome)
    assert panel.timeline.labels == right.timeline.labels
    assert np.nanmean(panel.mean, axis=0) == pytest.approx(np.nanmean(right.mean, axis=0), abs=0.05)


def test_open_cases_are_never_dropped_for_their_age() -> None:
    random = np.random.default_rng(0)
    received = pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 4300, 6000), unit="D")
    decided = received + pd.to_timedelta(random.integers(1, 20, 6000), unit="D")
    frame = pd.DataFrame({"office": "K", "received": received, "decided": decided.where(random.random(6000) > 0.4)})
    with pytest.warns(DataWarning, match="have been open for 10 years or more and are kept"):
        extract = read_exports(frame, as_of="2024-12-31")
    assert extract.ledger.kept == 6000


# --- numbers that begin again ---------------------------------------------------------------------------------


def numbered(**columns: Any) -> pd.DataFrame:
    frame = stream(n=300, days=1000).assign(**columns)
    return frame.sort_values("received").reset_index(drop=True)


def test_numbers_that_begin_again_each_year_are_no_copies() -> None:
    frame = numbered()
    number = frame.groupby(["office", frame["received"].dt.year]).cumcount() + 1
    frame = frame.assign(case=number.astype(str))
    with pytest.warns(DataWarning, match="begin again each year"):
        extract = read_exports(frame, as_of=AS_OF)
    assert extract.ledger.kept == 300
    copied = pd.concat([frame, frame.iloc[:7]])
    extract = quietly(copied)
    assert codes(extract.ledger) == {"repeated_copy": 7}
    assert len(extract.dropped()) == 7


def test_numbers_that_begin_again_with_each_service_are_no_copies() -> None:
    frame = numbered(service=[f"Izin {i % 5}" for i in range(300)])
    number = frame.groupby(["office", "service"]).cumcount() + 1
    with pytest.warns(DataWarning, match="begin again with each service"):
        assert read_exports(frame.assign(case=number.astype(str)), as_of=AS_OF).ledger.kept == 300


def test_copies_that_contradict_each_other_still_do() -> None:
    frame = numbered(case=[f"c{i}" for i in range(300)]).dropna()
    changed = frame.iloc[:12].assign(decided=lambda f: f["decided"] + pd.Timedelta(days=1))
    assert codes(quietly(pd.concat([frame, changed])).ledger) == {"contradicting_copies": 24}


def test_case_numbers_damaged_by_a_spreadsheet_are_refused() -> None:
    with pytest.raises(InputError, match=r"damaged by a spreadsheet.*columns="):
        quietly(numbered(case="1,23E+17"))


# --- rows lost ------------------------------------------------------------------------------------------------


def test_more_losses_than_anyone_would_accept_are_refused_unless_accepted() -> None:
    frame = stream(n=400)
    frame.loc[frame.index[::3], "office"] = None
    with pytest.raises(InputError, match=r"134 of 400 cases would be lost.*most_lost"):
        read_exports(frame, as_of=AS_OF)
    assert quietly(frame, most_lost=0.4).ledger.kept == 266
    with pytest.raises(InputError, match="would be lost"):
        read_exports(frame, as_of=AS_OF, most_lost=0.3)


@pytest.mark.parametrize("sheets", [False, True])
def test_more_losses_in_one_file_than_the_whole_may_have_are_refused_by_its_name(sheets: bool, tmp_path: Path) -> None:
    frame = stream(n=600)
    frame.loc[frame.index[:200:3], "office"] = None
    parts = {"a": frame[:200], "b": frame[200:400], "c": frame[400:]}
    if sheets:
        with pd.ExcelWriter(tmp_path / "x.xlsx") as book:
            for name, part in parts.items():
                part.to_excel(book, sheet_name=name, index=False)
    else:
        for name, part in parts.items():
            part.to_csv(tmp_path / f"{name}.csv", index=False)
    file = r"'x\.xlsx\[a\]'" if sheets else r"'a\.csv'"
    with pytest.raises(InputError, match=rf"{file}: 67 of 200 cases would be lost.*most_lost"):
        read_exports(tmp_path, as_of=AS_OF)
    assert quietly(tmp_path, most_lost=0.4).ledger.kept == 533


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([3.0, 20.0, 90.0]))
def test_property_all_cases_with_their_open_ones_pass_in_silence(seed: int, mean: float) -> None:
    frame = stream(n=1500, mean=mean, seed=seed)
    drawn = "received" if frame["decided"].isna().any() else "unknown"
    assert read_exports(frame, as_of=AS_OF).selection == drawn
