"""Figures of completion, departures, satisfaction, calendar, events, choices and worth: what they draw and say.

Tolerances: 1e-9 relative where a CSV of ten significant digits is compared with what was computed; shares of draws are
compared exactly, as both sides count the same draws.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from asn_impact import figures
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation import BiasReduced, GroupTime, Imputation, Inference, Jackknife, Multiplier, TwoWay, infer
from asn_impact.estimation.along import Along
from asn_impact.estimation.simultaneous import Banded
from asn_impact.intake.readers.events import Events
from asn_impact.measures.curves import CurvePanel
from asn_impact.measures.outcomes import CompletionCurve, Mean, RestrictedMean, Within
from asn_impact.measures.panel import Panel
from asn_impact.reporting.drawn import apply_style
from asn_impact.scrutiny.event_path import event_path
from asn_impact.scrutiny.sensitivity import (
    Breakdown,
    RelativeMagnitude,
    RobustInterval,
    Smoothness,
    breakdown,
    robust_interval,
)
from asn_impact.scrutiny.specification import SpecificationCurve, specification_curve
from asn_impact.timeline import Timeline
from asn_impact.topics.planning.costs import read_costs
from asn_impact.topics.planning.returns import returns
from asn_impact.topics.surveys.answers import ELEMENTS, read_survey
from asn_impact.topics.surveys.satisfaction import half_up, skm_index
from asn_impact.words import verbatim

LANGUAGES = ["id", "en"]
KINDS = [
    *("event_band", "completion_curve", "sensitivity", "smoothness", "satisfaction", "satisfaction_two"),
    *("waits_calendar", "raw_trends", "specifications", "returns"),
]
HAPPENED = pd.DataFrame(
    {
        "tanggal": ["2024-07-01", "2025-06-05", "2025-01-22", "2019-01-01"],
        "jenis": ["gangguan", "aturan", "anggaran", "aturan"],
        "nama": ["Gangguan pusat data", "PP 28/2025: SLA setiap tahap", "Inpres 1/2025 efisiensi", "Sebelum data"],
        "izin_terdampak": "semua",
        "sumber": "berita daerah",
        "terverifikasi": ["ya", "ya", "tidak", "ya"],
    }
)


def completion(seed=1):
    """Curves of twelve offices over eight months, six of them trained, decided sooner from training on."""
    rng = np.random.default_rng(seed)
    adopted = np.array([3.0] * 6 + [np.inf] * 6)
    level = rng.normal(0, 0.2, (12, 8, 1)) + 1.2 * (np.arange(8)[None, :, None] >= adopted[:, None, None])
    curve = np.round(1 / (1 + np.exp(-(level + np.linspace(-2, 3, 10)))), 3)
    n = np.full((12, 8), 40.0)
    labels = tuple(f"O{i:02d}" for i in range(12))
    inside = n[:, :, None] * curve * (1 - curve)
    panel = CurvePanel(
        outcome=CompletionCurve(9),
        units=labels,
        timeline=Timeline.months(24276 + np.arange(8)),
        n=n,
        mean=curve[:, :, -1],
        weight=np.ones((12, 8)),
        within=inside[:, :, -1][:, :, None, None],
        attributes=pd.DataFrame({"office": labels}),
        curve=curve,
        inside=inside,
    )
    return Design(panel, adopted, np.arange(12), labels, "office")


def answered(n, seed, *, day="2024-03-04", **fixed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"office": "A", "Tanggal": day, **{e: rng.choice([2, 3, 4], n) for e in ELEMENTS}})
    return read_survey(frame.assign(**fixed), as_of="2025-12-31")


def spent(total):
    names = ["komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga", "tahun_ke"]
    return read_costs(pd.DataFrame([("Pelatihan", 1, "paket", total, "DPA 2025", 2025, 0)], columns=names))


def returned(design, estimate, error, total=1_500_000):
    effects = GroupTime()(design).overall()
    told = Inference(effects, BiasReduced(), np.array([estimate]), np.array([[error**2]]), np.array([12.0]))
    asked = {"cases_per_month": 100, "value_of_a_day": 1500.0, "years": 1.0, "discount": 0.05}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return returns(told, spent(total), across_offices="equal", reps=4000, seed=1, **asked)


@pytest.fixture(scope="module")
def made(design):
    """Everything that is drawn, computed once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # late event times rest on one cluster
        events = GroupTime()(design).event_study()
        event, band = infer(events, Jackknife()), infer(events, Multiplier(reps=499, seed=1))
        path = event_path(event, every=3)
        choices = specification_curve(
            {"semua": design, "tanpa A": design.without(0)},
            [GroupTime(), GroupTime(controls="never"), Imputation(), TwoWay()],
            [BiasReduced(), Jackknife()],
        )
        return SimpleNamespace(
            event=event,
            band=band,
            curve=infer(Along(GroupTime())(completion()), BiasReduced()),
            intervals=[robust_interval(path, RelativeMagnitude(m)) for m in (1.0, 0.0, 2.0)],
            survives=breakdown(path),
            smooth=[robust_interval(path, Smoothness(m)) for m in (0.0, 0.05)],
            smooth_survives=breakdown(path, "smooth"),
            index=skm_index(answered(300, 1), by=()),
            later=skm_index(answered(200, 2, waktu=4), by=()),
            choices=choices,
            returns=returned(design, -1.0, 0.3),
        )


def drawn(made, design, panel, kind, language):
    source = {"id": "Sumber: data perizinan (data sintetis)", "en": "Source: permit data (synthetic data)"}[language]
    common = {"language": language, "source": source}
    if kind == "event_band":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # narrower than the jackknife: tested below
            return figures.event_study(made.event, band=made.band, **common)
    waits = panel.outcome
    return {
        "completion_curve": lambda: figures.completion_curve(made.curve, **common),
        "sensitivity": lambda: figures.sensitivity(made.intervals, made.survives, outcome=waits, **common),
        "smoothness": lambda: figures.sensitivity(made.smooth, made.smooth_survives, outcome=waits, **common),
        "satisfaction": lambda: figures.satisfaction(made.index, **common),
        "satisfaction_two": lambda: figures.satisfaction({"2024": made.index, "2025": made.later}, **common),
        "waits_calendar": lambda: figures.waits_calendar(panel, **common),
        "raw_trends": lambda: figures.raw_trends(design, events=HAPPENED, **common),
        "specifications": lambda: figures.specifications(made.choices, outcome=waits, **common),
        "returns": lambda: figures.returns(made.returns, **common),
    }[kind]()


@pytest.fixture(scope="module")
def charts(made, design, panel):
    return {(kind, language): drawn(made, design, panel, kind, language) for kind in KINDS for language in LANGUAGES}


# ------------------------------------------------------------------------------------------- what all have to do


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", ["a4_width", "a4_column", "slide"])
def test_nothing_drawn_leaves_the_page_and_names_do_not_overlap(charts, kind, language, size):
    page = figures.PAGES[size]
    with apply_style(page):
        figure = charts[kind, language].figure(size)
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= page.width + 0.01
    assert box.y1 <= figure.get_figheight() + 0.01
    for axes in figure.axes:
        names = [t.get_window_extent() for t in axes.get_yticklabels() if t.get_text()]
        names.sort(key=lambda name: name.y0)
        assert all(one.y1 <= other.y0 + 1 for one, other in itertools.pairwise(names))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_alt_text_states_the_finding(charts, kind, language):
    chart = charts[kind, language]
    assert chart.title.text in chart.alt
    assert chart.alt.endswith(".")
    assert chart.subtitle
    assert "None" not in chart.alt + chart.subtitle


@pytest.mark.parametrize("kind", KINDS)
def test_indonesian_charts_hold_no_english(charts, kind):
    chart = charts[kind, "id"]
    figure = chart.figure()
    figure.draw_without_rendering()
    texts = " ".join(t.get_text() for t in figure.findobj(Text)) + " " + chart.alt
    english = {"the", "of", "and", "trained", "training", "months", "since", "never", "used", "open", "source", "by"}
    english |= {"may", "aug", "oct", "dec", "units", "interval", "with", "to", "up", "draws", "share", "effect"}
    english |= {"controls", "effects", "freedom", "degrees", "unadjusted", "cluster", "slope", "times", "parallel"}
    assert not english & set(re.findall(r"[a-z]+", texts.casefold()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_csv_is_what_is_drawn(charts, kind):
    chart = charts[kind, "en"]
    rows = list(csv.DictReader(io.StringIO(chart.csv())))
    assert len(rows) == len(chart.data)
    for column in chart.data.select_dtypes("number"):
        shown = [float(row[column]) if row[column] else np.nan for row in rows]
        np.testing.assert_allclose(shown, chart.data[column].astype(float), rtol=1e-9, equal_nan=True)
    assert chart.csv() == charts[kind, "id"].csv() or kind.startswith("satisfaction")  # names of the elements differ


@pytest.mark.parametrize("kind", ["specifications", "waits_calendar"])
def test_the_saved_files_embed_their_fonts(charts, kind, tmp_path):
    files = {p.suffix: p.read_bytes() for p in charts[kind, "id"].save(tmp_path / kind)}
    assert sorted(files) == [".csv", ".json", ".pdf", ".png", ".svg"]
    assert files[".pdf"].count(b"/FontFile2") >= 1
    assert b"/Type3" not in files[".pdf"]


def test_numbers_are_written_in_the_language(charts):
    assert re.search(r"\d,\d", charts["waits_calendar", "id"].title.text)
    assert not re.search(r"\d\.\d", charts["waits_calendar", "id"].title.text)
    assert re.search(r"\d\.\d", charts["waits_calendar", "en"].title.text)


# ------------------------------------------------------------------------------------------------------- the band


def test_the_band_is_drawn_with_the_points_and_said(made, charts):
    chart = charts["event_band", "en"]
    low, high = made.band.interval(0.95)
    known = chart.data[~chart.data["base"]].set_index("event_time")
    expected = pd.DataFrame({"low": low, "high": high}, index=made.band.effects.terms["event_time"])
    np.testing.assert_array_equal(known["band_low"], expected.loc[known.index, "low"])
    np.testing.assert_array_equal(known["band_high"], expected.loc[known.index, "high"])
    assert chart.data.loc[chart.data["base"], "band_low"].isna().all()
    assert "for all points together" in chart.subtitle
    assert "band_low" not in figures.event_study(made.event).data


def test_a_band_that_is_none_or_of_other_effects_is_refused(made):
    with pytest.raises(InputError, match="point by point"):
        figures.event_study(made.event, band=made.event)
    other = replace(made.band, estimate=made.band.estimate + 0.1)
    assert isinstance(other, Banded)
    with pytest.raises(InputError, match="other estimates"):
        figures.event_study(made.event, band=other)


def test_a_band_narrower_than_the_interval_of_a_point_is_announced(made):
    with pytest.warns(DataWarning, match="narrower than the interval of one point"):
        figures.event_study(made.event, band=made.band)


# --------------------------------------------------------------------------------------------- completion, departures


def test_the_completion_chart_names_the_day_the_curves_lie_furthest_apart(charts):
    chart = charts["completion_curve", "en"]
    gap = (chart.data["with_training"] - chart.data["without_training"]).abs()
    day = int(chart.data.loc[gap.idxmax(), "days"])
    row = chart.data.loc[gap.idxmax()]
    assert chart.title.text == (
        f"With training {row['with_training']:.0f}% of applications are decided within {day} working days, "
        f"without it {row['without_training']:.0f}%"
    )


def test_the_original_interval_comes_first_and_is_that_of_the_estimate(made, charts):
    data = charts["sensitivity", "en"].data
    assert data["restriction"].tolist() == ["original", "relative", "relative", "relative"]
    assert data["size"].tolist()[1:] == [0.0, 1.0, 2.0]  # sorted, though given otherwise
    first = made.intervals[0]
    assert data["estimate"].iloc[0] == first.estimate
    assert data["conf_high"].iloc[0] - first.estimate == pytest.approx(first.estimate - data["conf_low"].iloc[0])
    width = (data["conf_high"] - data["conf_low"]).tolist()
    assert width[1] < width[2] < width[3]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.2799, "up to 1.27 times"),  # never more than was found
        (0.004, "even a small departure"),
        (np.nan, "no finding to test"),
        (np.inf, "every departure"),
    ],
)
def test_the_title_gives_the_breakdown_value_rounded_down(made, panel, value, said):
    survives = replace(made.survives, value=value)
    chart = figures.sensitivity(made.intervals, survives, outcome=panel.outcome)
    assert said in chart.title.text


def test_open_and_contradicted_intervals_are_drawn_and_saved(made, panel, tmp_path):
    first = made.intervals[0]
    given = [
        replace(first, restriction=RelativeMagnitude(5.0), low=-np.inf, high=np.inf),
        replace(first, restriction=RelativeMagnitude(0.1), low=np.nan, high=np.nan),
    ]
    chart = figures.sensitivity(given, made.survives, outcome=panel.outcome, language="en")
    figure = chart.figure()
    figure.draw_without_rendering()
    texts = [t.get_text() for t in figure.findobj(Text)]
    assert any("contradict" in t for t in texts)
    low, high = figure.axes[0].get_xlim()
    assert np.isfinite([low, high]).all()
    assert chart.data["open"].tolist() == ["", "", "both"]
    assert chart.data["conf_low"].isna().tolist() == [False, True, True]
    assert len(chart.save(tmp_path / "open")) == 5


def test_departures_of_shares_are_in_percentage_points():
    interval = RobustInterval(Smoothness(0.01), 0.95, "event times 0 to 5", 0.12, 0.02, 0.22, 0.03, 11.0, "x")
    survives = Breakdown(0.034, "smooth", verbatim(""), 0.95, "event times 0 to 5")
    chart = figures.sensitivity([interval], survives, outcome=Within(5), language="id")
    assert chart.data["conf_high"].iloc[1] == pytest.approx(22.0)
    assert chart.data["size"].iloc[1] == pytest.approx(1.0)
    assert "3,40 poin persen" in chart.title.text


def test_intervals_that_answer_two_questions_are_refused(made, panel):
    with pytest.raises(InputError, match="questions"):
        figures.sensitivity([*made.intervals, *made.smooth], made.survives, outcome=panel.outcome)
    with pytest.raises(InputError, match="questions"):
        figures.sensitivity(made.intervals, made.smooth_survives, outcome=panel.outcome)
    with pytest.raises(InputError, match="no interval"):
        figures.sensitivity([], made.survives, outcome=panel.outcome)
    moved = [made.intervals[0], replace(made.intervals[1], estimate=9.0)]
    with pytest.raises(InputError, match="different estimates"):
        figures.sensitivity(moved, made.survives, outcome=panel.outcome)


# --------------------------------------------------------------------------------------------------- satisfaction


def test_the_lowest_element_is_at_the_top_and_in_the_title(made, charts):
    chart, nrr = charts["satisfaction", "en"], made.index.rows.iloc[0][list(ELEMENTS)].astype(float)
    assert chart.data["nrr"].is_monotonic_increasing
    assert chart.data["element"].iloc[0] == nrr.idxmin()
    assert f"({half_up(nrr.min())} of 4)" in chart.title.text
    assert str(half_up(float(made.index.rows["ikm"].iloc[0]))) in chart.title.text


def test_two_groups_are_compared_by_their_widest_gap(made, charts):
    chart = charts["satisfaction_two", "en"]
    change = made.later.rows.iloc[0][list(ELEMENTS)].astype(float) - made.index.rows.iloc[0][list(ELEMENTS)]
    assert change.abs().idxmax() == "waktu"
    assert f"U3 Time to completion (+{half_up(change['waktu'])})" in chart.title.text
    assert "not an effect" in chart.subtitle
    assert len(chart.data) == 2 * len(ELEMENTS)


def test_groups_that_cannot_be_compared_are_refused(made):
    rounded = skm_index(answered(200, 2), by=(), weight=0.11)
    with pytest.raises(InputError, match="weight"):
        figures.satisfaction({"a": made.index, "b": rounded})
    with pytest.raises(InputError, match="fewer than 10"):
        figures.satisfaction(skm_index(answered(6, 3), by=()))
    with pytest.raises(InputError, match="found 3"):
        figures.satisfaction({"a": made.index, "b": made.later, "c": made.later})


# ------------------------------------------------------------------------------------------------ calendar, events


def test_the_calendar_shows_the_mean_over_offices_and_hatches_what_is_too_recent(charts, panel):
    data = charts["waits_calendar", "en"].data.set_index("period")
    assert data.loc[list(panel.immature), "state"].eq("immature").all()
    assert data.loc[list(panel.immature), "mean"].isna().all()
    for at in (0, 7, 23):
        label = panel.timeline.labels[at]
        assert data.loc[label, "mean"] == pytest.approx(float(panel.mean[:, at].mean()))
    assert data["mean"].max() == pytest.approx(panel.mean.mean(axis=0).max())
    assert "Too recent to judge: Jan 2026 and Feb 2026" in charts["waits_calendar", "en"].alt


def test_months_of_few_records_are_empty_and_other_outcomes_are_not_waits(panel):
    n = panel.n.copy()
    n[:, 3] = 0.4  # eight records in all
    chart = figures.waits_calendar(replace(panel, n=n, outcome=Mean("skor"), immature=()))
    assert chart.data.set_index("period").loc[panel.timeline.labels[3], "state"] == "hidden"
    assert chart.title.text.startswith("Highest in")


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_calendar_of_nothing_or_of_one_number_is_drawn(panel, language):
    few, same = replace(panel, n=panel.n * 0 + 0.01), replace(panel, mean=panel.mean * 0 + 7)
    last = replace(panel, n=np.where(np.arange(panel.n.shape[1]) < 12, 0.01, panel.n))  # a year with no number
    for one in (few, same, last):
        assert figures.waits_calendar(one, language=language).png().startswith(b"\x89PNG")


def test_the_calendar_needs_months():
    panel = Panel(
        outcome=RestrictedMean(30),
        units=("A", "B"),
        timeline=Timeline("year", np.array([2023, 2024])),
        n=np.ones((2, 2)),
        mean=np.ones((2, 2)),
        weight=np.ones((2, 2)),
        attributes=pd.DataFrame({"office": ["A", "B"]}),
    )
    with pytest.raises(InputError, match="needs months"):
        figures.waits_calendar(panel)


def test_a_weighted_mean_is_called_so(charts, panel):
    assert "weighted" not in charts["waits_calendar", "en"].subtitle
    weight = panel.weight.copy()
    weight[0] = 3.0
    chart = figures.waits_calendar(replace(panel, weight=weight))
    assert "weighted mean over all offices" in chart.subtitle
    expected = float(np.average(panel.mean[:, 0], weights=weight[:, 0]))
    assert chart.data["mean"].iloc[0] == pytest.approx(expected)


def test_events_stand_between_the_months_they_separate(charts, design):
    data = charts["raw_trends", "en"].data
    events = data.dropna(subset=["event"]).set_index("event")
    assert "Sebelum data" not in events.index  # before the window
    assert events.loc["Gangguan pusat data", "step"] == 5.5  # 1 July: between June (5) and July (6) of 2024
    assert 16.5 < events.loc["PP 28/2025: SLA setiap tahap", "step"] < 17  # 5 June 2025
    assert "22 January 2025 (not verified): Inpres" in charts["raw_trends", "en"].alt
    lines = data.dropna(subset=["wave"])
    plain = figures.raw_trends(design)
    pd.testing.assert_frame_equal(lines[plain.data.columns].reset_index(drop=True), plain.data, check_dtype=False)
    assert "event" not in plain.data


def test_events_in_two_forms_give_one_chart(design):
    given = figures.raw_trends(design, events=HAPPENED)
    known = Events.indonesia().verified()
    assert given.title.text == figures.raw_trends(design).title.text
    assert figures.raw_trends(design, events=known).data["event"].notna().sum() == 4  # 2024 and 2025, counted by hand


def test_more_events_than_a_reader_can_follow_are_refused(design):
    many = pd.concat([HAPPENED.iloc[[0]]] * 10, ignore_index=True)
    with pytest.raises(InputError, match="a chart holds 9"):
        figures.raw_trends(design, events=many)


# --------------------------------------------------------------------------------------------------- choices, worth


def test_choices_are_sorted_and_counted(made, charts):
    chart = charts["specifications", "en"]
    data = chart.data
    assert data["estimate"].is_monotonic_increasing
    assert len(data) == 16
    clear = ((data["conf_high"] < 0) | (data["conf_low"] > 0)).sum()
    assert chart.title.text.startswith(f"16 of 16 choices agree in direction, {clear} of them")
    assert made.choices.median == pytest.approx(data["estimate"].median())


def test_choices_without_an_estimate_are_said(made, panel):
    table = made.choices.table.copy()
    table.loc[:3, ["estimate", "conf_low", "conf_high"]] = np.nan
    chart = figures.specifications(SpecificationCurve(table, -2.0, 1.0, 1.0), outcome=panel.outcome)
    assert "4 choices cannot be estimated" in chart.subtitle
    assert len(chart.data) == 12
    nothing = SpecificationCurve(table.assign(estimate=np.nan), np.nan, np.nan, np.nan)
    with pytest.raises(InputError, match="None of 16"):
        figures.specifications(nothing, outcome=panel.outcome)


def test_choices_with_open_intervals_are_drawn_and_saved(made, panel, tmp_path):
    table = made.choices.table.copy()
    table.loc[0, "conf_low"] = -np.inf
    chart = figures.specifications(replace(made.choices, table=table), outcome=panel.outcome)
    assert chart.data["open"].tolist() == ["low"] + [""] * 15
    assert len(chart.save(tmp_path / "open")) == 5


def test_the_bars_are_the_draws(made, charts):
    data, values = charts["returns", "en"].data, made.returns.net_present_value() / 1e6
    for row in data.iloc[[0, len(data) // 2, -2]].itertuples():
        assert row.share == pytest.approx(((values >= row.low) & (values < row.high)).mean(), abs=1e-12)
    assert 0.985 < data["share"].sum() <= 1
    inside = data["low"].iloc[0] < 0 < data["high"].iloc[-1]
    assert not inside or np.isclose(data["low"], 0, atol=1e-9).any()  # no bar is on both sides of zero


def test_the_title_of_returns_never_says_more_than_the_effect(design):
    paid, unclear = returned(design, -1.0, 0.1, total=500_000), returned(design, -0.3, 0.5, total=1_000)
    assert figures.returns(paid).title.text.startswith("The benefits of the training exceed its costs")
    assert figures.returns(unclear).title.text.startswith("Whether the training paid cannot be said")
    assert "million rupiah" in figures.returns(paid).subtitle
