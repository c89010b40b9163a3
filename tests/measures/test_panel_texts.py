"""Texts of a ready panel that can be read in two ways are asked about; a failed lookup is no "never"."""

from __future__ import annotations

import pandas as pd
import pytest

import asn_impact as ai

ROWS = pd.DataFrame({"office": ["A", "A", "B", "B"], "year": [2023, 2024] * 2})


def panel(days: list[str], **more: str) -> ai.Panel:
    return ai.read_panel(ROWS.assign(days=days), unit="office", period="year", outcome="days", **more)


def test_a_point_before_three_digits_is_asked_about():
    with pytest.raises(ai.InputError, match="style"):
        panel(["1.110", "1.250", "2.000", "1.750"])
    assert panel(["1.110", "1.250", "2.000", "1.750"], style="1.234,56").mean.max() == 2000
    assert panel(["1.110", "1.250", "2.000", "1.750"], style="1,234.56").mean.max() == 2
    assert panel(["1.110", "1.25", "2.000", "1.75"]).mean.max() == 2  # the other values of the column say which


@pytest.mark.parametrize("texts", [["1.5", "2", "3.25", "4"], ["10", "11", "12", "13"], [" 7 ", "8", "9", "1e1"]])
def test_plain_numbers_are_read_as_before(texts):
    assert panel(texts).mean.ravel().tolist() == [float(text) for text in texts]


def test_a_failed_lookup_is_no_start_and_no_never():
    starts = ai.read_rollout(
        pd.DataFrame({"office": ["A", "B"], "begun": [2024, "#N/A"]}), unit="office", adopted="begun"
    )
    with pytest.raises(ai.DesignError, match="#N/A"):
        ai.assign(panel(["1", "2", "3", "4"]), starts, cluster="office")


@pytest.mark.parametrize(
    ("periods", "labels"),
    [
        (["Januari 2024", "Februari 2024"], ("2024-01", "2024-02")),
        (["01/2024", "02/2024"], ("2024-01", "2024-02")),
        (["TW I 2024", "TW II 2024"], ("2024Q1", "2024Q2")),
        (["Triwulan IV Tahun 2023", "Triwulan I Tahun 2024"], ("2023Q4", "2024Q1")),
        (["Semester I 2024", "Semester II 2024"], ("2024-01", "2024-07")),
        (["Tahun 2023", "Tahun 2024"], ("2023", "2024")),
    ],
)
def test_a_panel_reads_the_periods_that_a_list_of_starts_may_say(periods, labels):
    frame = pd.DataFrame([(o, p, 1.0) for o in "AB" for p in periods], columns=["office", "period", "y"])
    panel = ai.read_panel(frame, unit="office", period="period", outcome="y")
    assert panel.timeline.labels == labels
    assert len(panel.timeline.place([periods[1]]).steps) == 1
    assert panel.timeline.place([periods[1]]).steps[0] == 1


@pytest.mark.parametrize(
    "periods", [["1/2024", "2/2024"], ["Januari 2024", "TW II 2024"], ["03/04/2024", "04/05/2024"]]
)
def test_periods_that_can_be_read_in_two_ways_are_refused(periods):
    frame = pd.DataFrame([(o, p, 1.0) for o in "AB" for p in periods], columns=["office", "period", "y"])
    with pytest.raises(ai.InputError, match=r"can be months or quarters|cannot be read"):
        ai.read_panel(frame, unit="office", period="period", outcome="y")
