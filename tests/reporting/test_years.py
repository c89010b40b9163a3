"""A ready panel of years: no records, no months, neutral words, and everything still works."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from asn_impact import figures, tables
from asn_impact.designs import assign
from asn_impact.estimation import BiasReduced, ClusterRobust, GroupTime, infer
from asn_impact.intake.readers.training import Rollout, read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.reporting import publish
from asn_impact.reporting.prose import say_compared


@pytest.fixture(scope="module")
def effects():
    generator = np.random.default_rng(7)
    years, states = np.arange(2000, 2011), np.arange(30)
    adopted = {int(s): [2005, 2007][s % 2] for s in states[:12]}
    rows = [
        {
            "state": int(s),
            "year": int(y),
            "rate": 1.0 + generator.normal(0, 0.1) - 0.5 * (y >= adopted.get(int(s), 9999)),
        }
        for s in states
        for y in years
    ]
    panel = read_panel(pd.DataFrame(rows), unit="state", period="year", outcome="rate")
    rollout = Rollout(pd.Series(adopted, dtype=object), label="law")
    return GroupTime(controls="never")(assign(panel, rollout, cluster="state"))


def test_every_chart_and_table_of_a_ready_panel(effects, tmp_path):
    event = infer(effects.event_study(), ClusterRobust())
    answer = infer(effects.overall(), ClusterRobust())
    chart = figures.event_study(event, language="id")
    assert chart.title.text.startswith(
        f"Pada yang dilatih, rate turun sebesar 0,{-100 * answer.estimate[0]:.0f} dibandingkan"
    )
    shown = chart.figure().axes[0]
    assert shown.get_xlabel() == "Tahun sejak perlakuan"
    assert "Years since treatment" in tables.results([event]).html("en")
    assert "records" not in tables.clusters(effects.design).frame
    trends = figures.raw_trends(effects.design)
    assert trends.data["mean"].notna().all()
    assert trends.subtitle == "rate; dot: first period of a wave"
    page, *_ = publish(tmp_path / "r", [answer, event], language="en", title="Law", source="made up")
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "applications" not in text
    assert "nan" not in text.casefold().split()


def test_a_cohort_view_becomes_a_table(effects):
    table = tables.results([infer(effects.cohorts(), ClusterRobust())])
    assert table.frame["cohort"].tolist() == ["2005", "2007"]
    assert "Gelombang" in table.html("id")


@pytest.mark.filterwarnings("ignore:The periods")
def test_half_years_are_told_in_half_years():
    """A step of six months is one half-year in the chart and in the table, and the base period one before."""
    rng = np.random.default_rng(5)
    offices, halves = np.repeat(np.arange(8), 8), np.tile(np.arange(8), 8)
    frame = pd.DataFrame(
        {
            "office": offices,
            "period": pd.PeriodIndex(pd.period_range("2020-01", periods=48, freq="M")[6 * halves]),
            "y": rng.normal(size=64),
            "from": pd.PeriodIndex(["2022-01" if office < 4 else None for office in offices], freq="M"),
        }
    )
    panel = read_panel(frame, unit="office", period="period", outcome="y")
    design = assign(panel, read_rollout(frame, unit="office", adopted="from"), cluster="office")
    event = infer(GroupTime()(design).event_study(), BiasReduced())
    chart = figures.event_study(event)
    assert chart.data["event_time"].tolist() == [-4, -3, -2, -1, 0, 1, 2, 3]
    assert chart.data.loc[chart.data["base"], "event_time"].tolist() == [-1]
    assert tables.results([event]).frame["event_time"].tolist() == [-4, -3, -2, 0, 1, 2, 3]
    assert chart.parameters["timeline"] == "half_year"
    assert "Semester sejak pelatihan" in tables.results([event]).html("id")
    said = str(say_compared(design)[0])
    assert "half 1 of 2022" in said
    assert "between half 1 of 2020 and half 2 of 2023" in said
    assert "semester 1 2022" in tables.descriptive(panel, design).html("id")
    assert "Jan 2022" not in tables.descriptive(panel, design).html("id")
