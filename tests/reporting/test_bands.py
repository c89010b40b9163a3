"""Every report draws the band for all points together, on an axis that can be read."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import BiasReduced, GroupTime, infer
from asn_impact.estimation.simultaneous import Banded, Simultaneous
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.reporting.bands import band_of
from asn_impact.reporting.charts import event_study
from asn_impact.reporting.contents import Report
from asn_impact.reporting.report import publish
from asn_impact.words import Message

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


@pytest.fixture(scope="module", name="by_time")
def _by_time():
    rng = np.random.default_rng(4)
    months = pd.period_range("2024-01", periods=12, freq="M")
    rows = [
        (f"O{o:02d}", str(m), 9 + rng.normal() - (o < 6 and t >= 6)) for o in range(16) for t, m in enumerate(months)
    ]
    frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    frame["trained"] = np.where(frame["office"] < "O06", "2024-07", None)
    panel = read_panel(frame, unit="office", period="month", outcome="days")
    design = assign(panel, read_rollout(frame, unit="office", adopted="trained"), cluster="office")
    return infer(GroupTime()(design).event_study(), BiasReduced())


def test_the_band_is_that_of_the_rule_itself_and_wider_than_each_point(by_time):
    band = band_of(by_time)
    assert isinstance(band, Banded)
    own = infer(by_time.effects, Simultaneous(reps=1999, seed=2026, rule=by_time.rule))
    known = np.isfinite(by_time.std_error)
    for ours, theirs in zip(band.interval(), own.interval(), strict=True):
        np.testing.assert_array_equal(ours[known], theirs[known])
    low, high = by_time.interval()
    assert (band.interval()[0][known] < low[known]).all()
    assert (band.interval()[1][known] > high[known]).all()


def test_what_has_a_band_or_needs_none_gets_no_second_one(by_time):
    assert band_of(band_of(by_time)) is None
    assert band_of(infer(by_time.effects.estimator(by_time.effects.design).overall(), BiasReduced())) is None


def test_a_report_made_in_python_draws_the_band(tmp_path, by_time):
    publish(tmp_path, Report(title="x", source="y", by_time=by_time), language="en", formats=["html"])
    data = pd.read_csv(next(tmp_path.rglob("*event_study.csv")))
    assert data["band_low"].notna().sum() == data["conf_low"].notna().sum()
    assert "for all points together" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_one_interval_as_long_as_the_page_does_not_hide_the_others(by_time, tmp_path):
    """A variance 400 times as large at the last point: its bar ends in an arrow, and the note says how far it goes."""
    variance = by_time.variance.copy()
    variance[-1, :] *= 20
    variance[:, -1] *= 20
    long = replace(by_time, variance=variance)
    plain, clipped = (event_study(i, language="en") for i in (by_time, long))
    assert "axis" not in plain.parameters
    low, high = clipped.parameters["axis"]
    others = clipped.data.iloc[:-1]
    assert low <= others["conf_low"].min() <= others["conf_high"].max() <= high
    last = clipped.data.iloc[-1]
    assert last["conf_low"] < low < high < last["conf_high"]
    assert "arrows: 1 point beyond the axis" in clipped.subtitle
    assert "panah: 1 titik" in event_study(long, language="id").subtitle
    clipped.save(tmp_path / "chart")
    assert (tmp_path / "chart.png").stat().st_size > 0


def test_the_numbers_of_a_clipped_point_stay_in_the_data(by_time):
    variance = by_time.variance * np.outer(*[np.where(np.arange(len(by_time.estimate)) == 0, 30.0, 1.0)] * 2)
    chart = event_study(replace(by_time, variance=variance))
    _, high = replace(by_time, variance=variance).interval()
    assert chart.data["conf_high"].max() == pytest.approx(high[0])


def test_a_note_that_many_files_have_stands_once_in_the_report(tmp_path, by_time):
    above = tuple(Message("files.rows_above", file=f"{month}.xlsx", n=4) for month in range(1, 37))
    publish(tmp_path, Report(title="x", source="y", by_time=by_time, notes=above), language="en", formats=["html"])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("rows in front of the headings passed over") == 1
    assert re.search(r"36\s+files or sheets", re.sub(r"<[^>]+>", "", page))
