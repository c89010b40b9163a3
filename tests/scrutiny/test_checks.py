"""Checks on small regencies whose answer is known: each can hold and each can fail."""

from __future__ import annotations

import datetime as dt
import functools
import math
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.checks import (
    CHECKS,
    Check,
    coincidence,
    composition,
    departures,
    heaping,
    leave_one_out,
    lottery_kept,
    placebo_in_space,
    placebo_in_time,
    placebo_outcome,
    pretrends,
    scrutinise,
    service_shares,
    specification_curve,
    spillover,
    trends_before,
    two_way_weights,
    without_choice,
)
from asn_impact.designs import assign
from asn_impact.errors import DataWarning, DesignError, EstimationError, InferenceError, InputError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, Saturated, TwoStage, TwoWay, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.before import last_leads, slope_of
from asn_impact.scrutiny.case import Case
from asn_impact.scrutiny.check import CheckEntry
from asn_impact.scrutiny.decomposition import bacon, negative_weights
from asn_impact.scrutiny.event_path import EventPath, event_path
from asn_impact.scrutiny.pretrends import equivalence_margin, joint_test, pretest_power
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.said import Said
from asn_impact.scrutiny.sensitivity import breakdown, robust_ends, robust_interval, sensitivity
from asn_impact.words import Message, verbatim

RULE = BiasReduced()
MONTHS = pd.period_range("2023-01", periods=24, freq="M")
pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def regency(effect=-3.0, drift=0.0, spill=0.0, mix=0.0, offices=20, noise=0.5, seed=2, waves=("2024-01", "2024-05")):
    """Offices in two waves and a comparison: `drift` a month among those to be trained, `spill` on three others."""
    rng = np.random.default_rng(seed)
    rows = []
    for office in range(offices):
        date = waves[office % len(waves)] if office < 10 else None
        begins = pd.Period(date, "M") if date else None
        for t, month in enumerate(MONTHS):
            on = begins is not None and month >= begins
            near = office in {12, 13, 14} and month >= pd.Period(waves[0], "M")
            days = 10 + 0.3 * office + np.sin(t) + noise * rng.normal() + effect * on + spill * near
            days += drift * t * (begins is not None)
            rows.append((f"O{office:02d}", str(month), days, date, 30 + int(mix * on) + int(rng.integers(0, 3))))
    return pd.DataFrame(rows, columns=["office", "month", "days", "trained", "cases"])


def design_of(frame, **more):
    panel = read_panel(frame, unit="office", period="month", outcome="days", sizes="cases", **more)
    return assign(panel, read_rollout(frame, unit="office", adopted="trained"), cluster="office")


def effects_of(frame, estimator=None):
    return (estimator or GroupTime())(design_of(frame)).overall()


def nothing_else_happened():
    """A table of events that somebody signed although it is empty."""
    return pd.DataFrame(columns=["date", "kind", "name", "services", "source", "verified"])


WHOLE = dict(events=nothing_else_happened(), panels=(), chosen=())  # what a complete study says besides its records


@functools.cache
def recorded():
    """Waits without heaps, and the promised days at which heaps are looked for."""
    return {"durations": timed(cases_of(np.random.default_rng(1).integers(0, 20, 4000))), "limits": (10,)}


def events_of(frame, estimator=None):
    return infer((estimator or GroupTime())(design_of(frame)).event_study(), RULE)


@pytest.fixture(scope="module", name="good")
def _good():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return effects_of(regency())


# ------------------------------------------------------------------------------------------------- words


def test_numbers_are_written_as_each_language_writes_them():
    answer = Message("checks.placebo_in_space.answer", k=1500, u=12, m=0, p=0.0004)
    assert "1.500 pembagian tanggal" in answer.id
    assert "p <0,001" in answer.id
    assert "1,500 deals of the dates" in answer.en
    assert "p <0.001" in answer.en
    weights = Message("checks.weights.answer", share=0.256, x=-1.234)
    assert weights.id == "26% sel yang dilatih berbobot negatif, berjumlah −1,23."
    assert weights.en == "26% of the treated cells have a weight below zero, −1.23 in sum."


def test_the_numbers_of_an_answer_carry_their_source(good):
    answer = placebo_in_time(good, rule=RULE, steps=4).answer
    sources = [number.source for number in answer.text("id").numbers]
    assert sources == [f"checks.placebo_in_time.answer:{gap}" for gap in ("k", "x", "p")]
    assert answer.text("id").numbers[0].value == 4


def test_a_sentence_in_two_languages_is_a_message_under_its_old_name():
    assert Said is Message


def test_what_could_not_be_run_gives_its_reason_in_indonesian_too():
    check = pretrends(events_of(regency(), Imputation()))
    assert check.verdict == "cannot_say"
    assert check.answer.id.startswith("Tidak ada periode acuan")
    assert check.answer.en.startswith("There is no reference period")
    assert check.verdict_words.id == "tidak dapat dijawab"


# ---------------------------------------------------------------------------------------------- the event path


def test_steps_of_one_period_are_the_event_study_itself():
    events = events_of(regency())
    path = event_path(events, waves="same")
    times = events.effects.terms["event_time"].to_numpy()
    rows = [int(np.flatnonzero(times == t)[0]) for t in path.first]
    np.testing.assert_allclose(path.inference.estimate, events.estimate[rows])
    np.testing.assert_allclose(path.inference.variance, events.variance[np.ix_(rows, rows)])
    np.testing.assert_allclose(path.inference.df, events.df[rows])


def test_longer_steps_are_means_less_the_mean_of_the_reference_step():
    events = events_of(regency())
    path = event_path(events, every=3)
    value = dict(zip(events.effects.terms["event_time"], events.estimate, strict=True)) | {-1: 0.0}
    base = np.mean([value[t] for t in (-3, -2, -1)])
    for first, estimate in zip(path.first, path.inference.estimate, strict=True):
        np.testing.assert_allclose(estimate, np.mean([value[int(first) + i] for i in range(3)]) - base)
    assert path.first[path.pre] == 0
    assert path.last[path.pre - 1] == -4


def test_what_is_no_event_study_is_refused():
    frame = regency()
    with pytest.raises(InferenceError, match="event study"):
        event_path(infer(effects_of(frame), RULE))
    with pytest.raises(InferenceError, match="reference"):
        event_path(events_of(frame, GroupTime(base="varying")))
    with pytest.raises(InferenceError, match="GroupTime"):
        event_path(events_of(frame, Imputation()))


def test_a_hole_in_the_event_times_is_no_reference():
    """Half of the trained miss one month, half the next: with a varying base that hole once passed for the base."""
    frame = regency(waves=("2024-01",))
    number, month = frame["office"].str[1:].astype(int), pd.PeriodIndex(frame["month"], freq="M")
    gone = (number < 10) & (month == np.where(number % 2, pd.Period("2023-10", "M"), pd.Period("2023-09", "M")))
    events = events_of(frame[~gone], GroupTime(base="varying"))
    missing = set(range(-11, 0)) - set(events.effects.terms["event_time"])
    assert missing
    with pytest.raises(InferenceError, match="no reference period"):
        event_path(events)


def test_periods_of_anticipation_come_after_the_reference():
    path = event_path(events_of(regency(), GroupTime(anticipation=2)), waves="same")
    assert path.last[path.pre - 1] == -4
    assert path.first[path.pre] == -2
    assert path.target(np.eye(path.post)[0]).effects.anticipation == 2
    late = events_of(regency(waves=("2024-08", "2024-10")), GroupTime(anticipation=2))
    with pytest.raises(InferenceError, match="start of training"):
        event_path(late, every=3, waves="same")  # the only step after the reference begins two periods ahead


def test_a_reaction_before_training_is_no_trend_where_it_is_allowed_for():
    """Trained offices react two months ahead: with `anticipation=2` no check takes these months for a pre-trend."""
    frame = regency()
    month, begins = (pd.PeriodIndex(frame[name].fillna("2099-01"), freq="M") for name in ("month", "trained"))
    early = (month < begins) & (month >= begins - 2)
    reacting = frame.assign(days=frame["days"] - 3.0 * early)
    effects = effects_of(reacting, GroupTime(anticipation=2))
    result = scrutinise(effects, rule=RULE, seed=1, reps=9)
    assert result["pretrends"].verdict == "holds"
    assert "The 2 periods just before training" in result["pretrends"].answer.en
    assert "2 periode tepat sebelum pelatihan" in result["placebo_in_time"].answer.id
    calm = effects_of(frame, GroupTime(anticipation=2))
    one, two = (placebo_in_time(e, rule=RULE, steps=5) for e in (calm, effects))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.table["estimate"].abs().max() < 1
    assert set(result["specification_curve"].table["estimator"]) == {
        GroupTime(anticipation=2).name,
        GroupTime(controls="never", anticipation=2).name,
    }
    with pytest.raises(EstimationError, match="3 or more"):
        placebo_in_time(effects, rule=RULE, steps=2)


# ------------------------------------------------------------------------------------------------- sensitivity


def test_the_breakdown_value_is_where_the_interval_reaches_zero():
    path = event_path(events_of(regency()), every=4, waves="same")
    result = breakdown(path)
    assert result.value > 1
    assert robust_interval(path, RelativeMagnitude(result.value)).excludes_zero
    assert not robust_interval(path, RelativeMagnitude(result.value * 1.01 + 0.002)).excludes_zero
    assert "times the largest" in result.said.en
    assert "kali yang terbesar" in result.said.id


def test_no_effect_has_no_breakdown_value():
    path = event_path(events_of(regency(effect=0.0)), every=4, waves="same")
    assert np.isnan(breakdown(path).value)


def test_without_departure_the_interval_is_close_to_that_of_the_rule():
    path = event_path(events_of(regency()), every=4, waves="same")
    result = robust_interval(path, RelativeMagnitude(0.0), of="first")
    low, high = path.inference.interval()
    np.testing.assert_allclose((result.low, result.high), (low[path.pre], high[path.pre]), rtol=0.05)
    table = sensitivity(path, [RelativeMagnitude(0.5), Smoothness(0.1)])
    assert list(table["estimate"].round(9).unique()) == [table["estimate"].round(9).iloc[0]]


def path_of(frame, estimator):
    return Case(effects_of(frame, estimator), RULE, 1, 9).path


@pytest.mark.parametrize(
    "estimator",
    [GLSImputation(), Imputation(), TwoStage(), GroupTime(), GroupTime(base="varying"), TwoWay()],
)
def test_every_estimator_with_leads_and_lags_has_a_path_in_quarters(estimator):
    path = path_of(regency(), estimator)
    assert isinstance(path, EventPath), path
    assert path.every == 3
    assert path.last[path.pre - 1] == -4
    assert path.first[path.pre] == 0
    np.testing.assert_allclose(path.inference.estimate[path.pre :], -3, atol=0.8)
    np.testing.assert_allclose(path.inference.estimate[: path.pre], 0, atol=0.8)
    assert np.isfinite(breakdown(path).value)


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime()])
def test_twenty_more_offices_ask_the_same_question(estimator):
    """The steps once followed the number of clusters, so that more offices asked another, harder question."""
    few, many = (path_of(regency(offices=offices), estimator) for offices in (20, 40))
    assert few.first.tolist() == many.first.tolist()
    assert few.last.tolist() == many.last.tolist()


def test_no_more_than_four_quarters_on_either_side():
    frame = regency(waves=("2023-12",))
    path = event_path(events_of(frame), every=2, waves="same", most=3)
    assert (path.pre, path.post) == (2, 3)
    path = path_of(regency(waves=("2024-08",)), Imputation())
    assert path.pre == 3
    assert path.first[0] == -12


def test_an_imputation_with_little_time_before_training_says_why_it_has_no_path():
    path = path_of(regency(waves=("2023-06",)), GLSImputation())
    assert path.key == "scrutiny.path.too_early"
    assert "Expected 8 or more" in path.en


# ------------------------------------------------------------------------------------------------- pre-trends


def test_the_joint_test_of_one_is_the_t_test_and_has_its_size():
    assert joint_test(np.array([1.96]), np.eye(1), np.inf).p_value == pytest.approx(0.05, abs=1e-4)
    rng = np.random.default_rng(4)
    rejections = 0
    for _ in range(2000):
        sample = rng.normal(size=(12, 3))
        mean, sigma = sample.mean(axis=0), np.cov(sample.T) / 12
        rejections += joint_test(mean, sigma, 11.0).p_value < 0.05
    assert 0.035 < rejections / 2000 < 0.065  # three standard errors of 0.005 around 0.05


def test_too_few_degrees_of_freedom_are_no_test():
    assert np.isnan(joint_test(np.ones(4), np.eye(4), 3.0).p_value)


def test_power_of_independent_estimates_is_a_product():
    from scipy import stats

    z = 1.959963984540054
    one = stats.norm.cdf(z - 1.0) - stats.norm.cdf(-z - 1.0)
    assert pretest_power(np.eye(3), np.ones(3)) == pytest.approx(1 - one**3, abs=1e-5)


def test_the_margin_is_the_one_that_just_passes():
    assert equivalence_margin(np.array([0.1, -0.4]), np.array([0.1, 0.2]), np.array([np.inf] * 2)) == pytest.approx(
        0.4 + 1.6448536 * 0.2
    )


def test_flat_trends_hold_diverging_trends_fail_and_weak_tests_are_doubtful():
    assert pretrends(event_path(events_of(regency()), every=4, waves="same")).verdict == "holds"
    assert pretrends(event_path(events_of(regency(drift=-0.3)), every=4, waves="same")).verdict == "fails"
    noisy = event_path(events_of(regency(noise=4.0, effect=-1.0)), every=4, waves="same")
    assert pretrends(noisy).verdict == "doubtful"
    assert pretrends(noisy, margin=100.0).verdict == "holds"
    assert pretrends(events_of(regency(), Imputation())).verdict == "cannot_say"


# ------------------------------------------------------------------------------------------------- placebos


def test_placebo_in_time_uses_nothing_after_training():
    frame = regency()
    later = frame["trained"].notna() & (frame["month"] >= frame["trained"].fillna("9999-99"))
    changed = frame.assign(days=frame["days"].where(~later, 99.0))
    one, two = (placebo_in_time(effects_of(f), rule=RULE, steps=4) for f in (frame, changed))
    assert one.verdict == "holds"
    pd.testing.assert_frame_equal(one.table, two.table)
    assert placebo_in_time(effects_of(regency(drift=-0.4)), rule=RULE, steps=4).verdict == "fails"
    with pytest.raises(EstimationError, match=r"steps=0\. Expected .* 1 or more"):
        placebo_in_time(effects_of(frame), rule=RULE, steps=0)


def test_placebo_in_space_ranks_the_real_effect(good):
    assert placebo_in_space(good, seed=1, reps=99).verdict == "holds"
    assert placebo_in_space(effects_of(regency(effect=0.0)), seed=1, reps=99).verdict == "fails"
    pd.testing.assert_frame_equal(
        placebo_in_space(good, seed=1, reps=20).table, placebo_in_space(good, seed=1, reps=20).table
    )
    assert placebo_in_space(effects_of(regency(offices=12)), seed=1, reps=9).verdict == "cannot_say"


def test_placebo_outcome_fails_where_there_is_an_effect(good):
    assert placebo_outcome(infer(good, RULE)).verdict == "fails"
    quiet = infer(effects_of(regency(effect=0.0)), RULE)
    assert placebo_outcome(quiet, real=-3.0).verdict == "holds"
    assert placebo_outcome(quiet, real=float(quiet.estimate[0])).verdict == "doubtful"


def test_one_office_that_carries_the_finding_is_found(good):
    assert leave_one_out(good).verdict == "holds"
    frame = regency(effect=0.0, noise=0.1)
    frame.loc[(frame["office"] == "O03") & (frame["month"] >= "2024-05"), "days"] -= 30
    result = leave_one_out(effects_of(frame))
    assert result.verdict in {"doubtful", "fails"}
    assert result.table["without"].iloc[0] == "O03"
    with pytest.raises(EstimationError, match="overall"):
        leave_one_out(GroupTime()(design_of(frame)))


# ------------------------------------------------------------------------------------------------ surroundings


def test_a_shift_of_volume_with_training_is_found(good):
    assert composition(good, rule=RULE).verdict == "holds"
    result = composition(effects_of(regency(mix=15)), rule=RULE)
    assert result.verdict == "fails"
    assert result.table["term"].iloc[0] == "records"
    assert "yang paling berubah jumlah catatan dibanding jumlah yang biasa di unit itu:" in result.answer.id
    assert "moved most is records over the unit's usual number:" in result.answer.en
    assert result.table["estimate"].iloc[0] == pytest.approx(15 / 31, abs=1 / 31)
    plain = regency().assign(cases=1)
    assert composition(effects_of(plain), rule=RULE).verdict == "cannot_say"


def test_one_large_office_does_not_hide_that_the_others_get_fewer_applications():
    """In numbers of records its ordinary month to month changes were larger than all that the others lost."""
    frame, rng = regency(), np.random.default_rng(3)
    trained = frame["trained"].notna() & (frame["month"] >= frame["trained"].fillna("9999"))
    usual = np.where(frame["office"] == "O15", 600, 12) * np.where(trained, 0.6, 1.0)
    cases = np.maximum(rng.poisson(usual * rng.gamma(25, 1 / 25, len(frame))), 1)
    result = composition(effects_of(frame.assign(cases=cases), GLSImputation()), rule=RULE)
    assert result.verdict == "fails"
    assert result.table["estimate"].iloc[0] == pytest.approx(-0.4, abs=0.1)


@pytest.mark.parametrize("weights", ["units", "records"])
def test_chance_in_the_number_of_applications_is_no_shift_of_volume(weights):
    """Months with many applications counted for more, as if they told more of a mean: the number seemed to fall."""
    moved = []
    for seed in range(12):
        frame = regency()
        frame = frame.assign(cases=np.random.default_rng(seed).poisson(4, len(frame)) + 1)
        panel = read_panel(frame, unit="office", period="month", outcome="days", sizes="cases")
        adopted = read_rollout(frame, unit="office", adopted="trained")
        effects = GLSImputation()(assign(panel, adopted, cluster="office", weights=weights)).overall()
        moved.append(composition(effects, rule=RULE).table["estimate"].iloc[0])
    assert abs(np.mean(moved)) < 3 * np.std(moved) / math.sqrt(12)
    assert abs(np.mean(moved)) < 0.04


def test_an_office_that_was_merged_with_a_trained_one_is_a_doubt_and_named():
    """Its cases are counted elsewhere from then on; the mean change of volume over all trained offices hides one."""
    frame, rng = regency(), np.random.default_rng(5)
    frame = frame.assign(cases=np.maximum(rng.poisson(30, len(frame)), 1))
    late = frame["month"] >= "2024-01"
    frame.loc[late & (frame["office"] == "O00"), "cases"] += 30
    result = composition(effects_of(frame[~(late & (frame["office"] == "O15"))], GLSImputation()), rule=RULE)
    assert result.verdict in {"doubtful", "fails"}
    assert (
        "O15 has no more applications from Jan 2024, and newly trained O00 has about as many more" in result.answer.en
    )
    apart = composition(
        effects_of(frame[~(late & (frame["office"] == "O15"))].assign(cases=30), GLSImputation()), rule=RULE
    )
    assert "merged" not in apart.answer.en


def test_shares_of_services_add_up_to_one():
    rows = pd.DataFrame(
        {
            "unit": ["A / x", "A / y", "B / x", "B / y"] * 2,
            "month": ["2024-01"] * 4 + ["2024-02"] * 4,
            "days": 1.0,
            "n": [1, 3, 2, 2, 4, 4, 0.5, 1.5],
            "office": ["A", "A", "B", "B"] * 2,
            "service": ["x", "y", "x", "y"] * 2,
        }
    )
    shares = service_shares(read_panel(rows, unit="unit", period="month", outcome="days", sizes="n"))
    np.testing.assert_allclose(sum(panel.mean for panel in shares), 1.0)
    np.testing.assert_allclose(shares[0].mean, [[0.25, 0.5], [0.5, 0.25]])


def test_neighbours_that_changed_too_are_found(good):
    around = {"O12": ["O00"], "O13": ["O02"], "O14": ["O04"]}
    assert spillover(good, around, rule=RULE).verdict == "holds"
    assert spillover(effects_of(regency(spill=-3.0)), around, rule=RULE).verdict == "fails"
    assert spillover(good, {"O12": ["O00"]}, rule=RULE).verdict == "cannot_say"
    with pytest.raises(DesignError, match="not in the design"):
        spillover(good, {"O99": ["O00"]}, rule=RULE)


def test_events_near_a_wave_are_listed():
    events = pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-02-10", "2020-01-01"]),
            "kind": "sistem",
            "name": ["new system", "old rule"],
            "services": "semua",
            "source": "decree",
            "verified": [True, True],
        }
    )
    design = design_of(regency())
    result = coincidence(design, events)
    assert result.verdict == "doubtful"
    assert result.table[["name", "wave", "periods_after_wave"]].to_numpy().tolist() == [["new system", "2024-01", 1.0]]
    assert coincidence(design, events, within=0).verdict == "holds"
    one_wave = design_of(regency(waves=("2024-01",)))
    assert coincidence(one_wave, events).verdict == "fails"
    assert coincidence(one_wave, events.assign(verified=False)).verdict == "doubtful"


# --------------------------------------------------------------------------------------------------- heaping


def cases_of(days, seed=0):
    """Applications of random days in 2023, decided after so many calendar days."""
    rng = np.random.default_rng(seed)
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 300, len(days)), unit="D")
    frame = pd.DataFrame({"case": [f"c{i}" for i in range(len(days))], "office": "O1", "status": "granted"})
    return frame.assign(received=received, decided=received + pd.to_timedelta(np.asarray(days), unit="D"))


def timed(frame):
    calendar = WorkCalendar.weekdays(first=dt.date(2022, 1, 1), last=dt.date(2025, 12, 31))
    return measure(read_exports(frame, as_of="2024-12-31", selection="received"), calendar.every_day())


def test_a_heap_at_the_limit_and_at_the_end_of_months_is_found():
    rng = np.random.default_rng(1)
    smooth = cases_of(rng.integers(0, 20, 4000))
    assert heaping(timed(smooth), limits=[10]).verdict == "holds"
    piled = rng.integers(0, 20, 4000)
    piled[rng.random(4000) < 0.3] = 10
    assert heaping(timed(cases_of(piled)), limits=[10]).verdict == "fails"
    late = smooth.assign(
        decided=smooth["decided"].where(rng.random(4000) < 0.5, smooth["decided"] + pd.offsets.MonthEnd(0))
    )
    assert heaping(timed(late)).verdict == "fails"


def test_a_wait_without_a_working_day_is_not_said_to_end_on_the_day_of_receipt():
    friday = cases_of(np.ones(40)).assign(received=pd.Timestamp("2023-01-06"), decided=pd.Timestamp("2023-01-07"))
    frame = pd.concat([friday, cases_of(np.full(60, 9)).assign(case=[f"d{i}" for i in range(60)])])
    extract = read_exports(frame, as_of="2024-12-31", selection="received")
    calendar = WorkCalendar.weekdays(first=dt.date(2022, 1, 1), last=dt.date(2025, 12, 31))
    answer = heaping(measure(extract, calendar)).answer
    assert "40% fell on the day of receipt or before the next working day" in str(answer)
    assert "40% terjadi pada hari permohonan diterima atau sebelum hari kerja berikutnya" in str(answer.text("id"))
    assert "0% fell on the day of receipt." in str(heaping(measure(extract, calendar.every_day())).answer)


# --------------------------------------------------------------------------------------- weights and specifications


def test_weights_of_the_two_way_estimate_below_zero_are_found():
    frame = regency(offices=10, waves=("2023-03", "2024-11"))  # everybody is trained, most of them early
    result = two_way_weights(effects_of(frame, TwoWay()))
    assert result.verdict in {"doubtful", "fails"}
    weights = negative_weights(effects_of(frame, TwoWay()))
    assert weights.sum < 0
    assert weights.weight.sum() == pytest.approx(1)
    assert two_way_weights(effects_of(regency())).verdict == "holds"


def test_the_decomposition_refuses_panels_with_gaps():
    frame = regency()
    with pytest.raises(DesignError, match="balanced"):
        bacon(design_of(frame.iloc[1:]))


def test_the_specification_curve_counts_signs_and_keeps_what_cannot_be_estimated():
    designs = {"all": design_of(regency()), "everybody trained": design_of(regency(offices=10))}
    curve = specification_curve(designs, [GroupTime(controls="never"), TwoWay()], [RULE])
    assert len(curve.table) == 4
    assert curve.table["reason"].notna().sum() == 1
    assert curve.same_sign == 1
    assert curve.median == pytest.approx(-3, abs=0.4)
    assert curve.check().verdict == "holds"
    with pytest.raises(EstimationError, match="at least one"):
        specification_curve({}, [TwoWay()], [RULE])


# --------------------------------------------------------------------------------------------------- all of it


def test_scrutiny_says_what_it_could_not_look_at_and_shows_itself(good):
    from IPython.core.formatters import DisplayFormatter

    result = scrutinise(good, rule=RULE, seed=1, reps=49)
    assert result["heaping"].verdict == "cannot_say"
    assert result["pretrends"].verdict == "holds"
    assert result.grade.letter in {"B", "C"}
    html = DisplayFormatter().format(result)[0]["text/html"]
    assert "Scrutiny" in html
    assert repr(result) == repr(pickle.loads(pickle.dumps(result)))
    assert result.path is not None
    assert set(result.table("id")["verdict"]) <= {"bertahan", "meragukan", "tidak bertahan", "tidak dapat dijawab"}
    with pytest.raises(KeyError, match="There are"):
        result["nothing"]


def test_a_lottery_kept_to_the_letter_gives_an_a(good):
    drawn = regency().groupby("office")["trained"].first().to_dict()
    result = scrutinise(good, rule=RULE, seed=1, reps=9, assignment="lottery", drawn=drawn, **WHOLE, **recorded())
    assert result.grade.letter == "A"
    assert scrutinise(good, rule=RULE, seed=1, reps=9, assignment="lottery", drawn=drawn).grade.letter == "C"
    moved = drawn | {"O00": "2024-05", "O01": "2024-01"}
    assert lottery_kept(good.design, moved).verdict == "fails"
    assert scrutinise(good, rule=RULE, seed=1, reps=9, assignment="lottery", drawn=moved).grade.letter != "A"


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime(), TwoWay()])
def test_a_trend_that_explains_the_effect_contradicts_it(estimator):
    effects = effects_of(regency(effect=0.0, drift=-0.3), estimator)
    result = scrutinise(effects, rule=RULE, seed=1, reps=9, **WHOLE, **recorded())
    assert result["pretrends"].verdict == "fails"
    assert result.grade.letter == "E"
    assert result.grade.contradicted == ("pretrends",)


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime(), TwoStage(), Saturated(), TwoWay()])
def test_every_estimator_can_reach_b(estimator):
    result = scrutinise(effects_of(regency(), estimator), rule=RULE, seed=1, reps=9, **WHOLE, **recorded())
    assert result.grade.letter == "B", result.grade
    assert result["pretrends"].table["term"].tolist() == ["leads", "slope"]


@pytest.mark.parametrize("left_out", ["events", "panels", "chosen", "limits", "durations"])
def test_what_was_not_given_keeps_a_finding_at_c(good, left_out):
    given = {name: value for name, value in (WHOLE | recorded()).items() if name != left_out}
    result = scrutinise(good, rule=RULE, seed=1, reps=9, **given)
    assert result.grade.letter == "C"
    assert len(result.grade.missing) == 1


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime()])
def test_offices_that_react_or_are_chosen_in_the_last_months_are_seen(estimator):
    frame = regency(effect=0.0)
    month, begins = (pd.PeriodIndex(frame[name].fillna("2099-01"), freq="M") for name in ("month", "trained"))
    dip = frame.assign(days=frame["days"] + 3.0 * ((month < begins) & (month >= begins - 3)))
    check = trends_before(effects_of(dip, estimator), rule=RULE)
    assert check.verdict == "fails"
    leads = check.table.set_index("term").loc["leads"]
    assert leads["estimate"] == pytest.approx(3, abs=0.5)
    allowed = {GLSImputation: GLSImputation(anticipation=3), GroupTime: GroupTime(anticipation=3)}
    if type(estimator) in allowed:
        assert trends_before(effects_of(dip, allowed[type(estimator)]), rule=RULE).verdict != "fails"


def test_the_last_leads_of_both_imputations_are_one_number():
    """Training that came three months earlier, on the cells before the real training: the same as leads."""
    frame = regency().assign(cases=30)
    gls, plain = (
        last_leads(effects_of(frame, estimator)).estimate[0]
        for estimator in (GLSImputation(correlation=0.0, ratio=0.0), Imputation())
    )
    assert gls == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime()])
def test_neither_number_reads_a_month_after_training(estimator):
    frame = regency()
    later = frame["trained"].notna() & (frame["month"] >= frame["trained"].fillna("9999-99"))
    changed = frame.assign(days=frame["days"].where(~later, 99.0))
    one, two = (trends_before(effects_of(f, estimator), rule=RULE, margin=1.0).table for f in (frame, changed))
    held_against = ["bound", "explaining"]  # these look at the effect: its direction and its size
    pd.testing.assert_frame_equal(one.drop(columns=held_against), two.drop(columns=held_against))


def test_the_slope_is_the_difference_in_trends_also_where_everybody_is_trained_in_the_end():
    steep = slope_of(effects_of(regency(drift=-0.3, noise=0.01)))
    assert steep.estimate[-1] == pytest.approx(-0.3, abs=0.01)
    frame = regency(offices=10, noise=0.01)
    early = frame["trained"] == "2024-01"
    frame["days"] -= 0.1 * early * pd.PeriodIndex(frame["month"], freq="M").astype("int64")
    check = trends_before(effects_of(frame, Imputation()), rule=RULE)
    assert check.verdict == "fails"


def test_a_trend_that_is_allowed_for_is_not_held_against_the_finding():
    allowing = effects_of(regency(drift=-0.3), GLSImputation(trend="differential"))
    check = trends_before(allowing, rule=RULE)
    assert check.table["term"].tolist() == ["leads"]
    assert check.verdict == "holds"


def test_with_few_or_noisy_offices_nothing_is_called_passed():
    noisy = trends_before(effects_of(regency(noise=6.0, effect=-1.0, offices=12)), rule=RULE)
    assert noisy.verdict == "cannot_say"
    assert "cannot exclude a difference as large as the effect" in noisy.answer.en
    assert "tidak dapat menyingkirkan selisih sebesar dampak" in noisy.answer.id
    assert trends_before(effects_of(regency(effect=0.0)), rule=RULE).verdict == "cannot_say"
    assert trends_before(effects_of(regency(effect=0.0)), rule=RULE, margin=2.0).verdict == "holds"


def test_a_finding_of_no_effect_is_shown_by_a_margin_named_before():
    effects = effects_of(regency(effect=0.0), GLSImputation())
    facts = dict(rule=RULE, seed=1, reps=9) | WHOLE | recorded()
    assert scrutinise(effects, **facts).grade.letter == "C"
    assert scrutinise(effects, margin=2.0, **facts).grade.letter == "B"
    assert scrutinise(effects, margin=0.01, **facts).grade.letter == "C"
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="above zero"):
            scrutinise(effects, margin=wrong, **facts)


def test_the_months_on_which_offices_were_chosen_are_left_out_in_a_row_of_their_own(good):
    months = ("2023-12", "2024-04")
    assert without_choice(good, months, rule=RULE).verdict == "cannot_say"  # it compares with these months alone
    check = without_choice(effects_of(regency(), GLSImputation()), months, rule=RULE)
    assert check.verdict == "holds"
    assert check.table["estimate"].item() == pytest.approx(-3, abs=0.5)
    assert without_choice(good, (), rule=RULE).verdict == "holds"
    dip = regency(effect=0.0)
    dip.loc[dip["trained"].notna() & (dip["month"] == "2023-12"), "days"] += 20
    assert without_choice(effects_of(dip, Imputation()), ("2023-12",), rule=RULE).verdict == "doubtful"
    with pytest.raises(InputError, match="no period"):
        without_choice(good, ("2023-13",), rule=RULE)


@pytest.mark.parametrize("estimator", [GLSImputation(), Imputation(), GroupTime()])
def test_a_finding_of_no_effect_fails_no_check_by_being_one(estimator):
    result = scrutinise(effects_of(regency(effect=0.0), estimator), rule=RULE, seed=1, reps=49)
    low, high = result.finding.interval()
    assert low[0] < 0 < high[0]
    failed = {check.name for check in result.checks if check.verdict == "fails"}
    assert not failed & {"leave_one_out", "placebo_in_space", "specification_curve", "departures"}


def test_an_explanation_needs_a_check_that_there_is(good):
    with pytest.raises(InputError, match="Did you mean 'heaping'"):
        scrutinise(good, rule=RULE, seed=1, reps=9, explained={"heeping": "x"})


def test_heaps_are_looked_for_at_the_horizon_without_asking():
    design = design_of(regency())
    design = replace(design, panel=replace(design.panel, outcome=RestrictedMean(10)))
    effects = GroupTime()(design).overall()
    days = np.random.default_rng(1).integers(0, 20, 4000)
    days[np.random.default_rng(2).random(4000) < 0.3] = 10
    piled = timed(cases_of(days))
    assert scrutinise(effects, rule=RULE, seed=1, reps=9, durations=piled)["heaping"].verdict == "fails"
    at_promise = scrutinise(effects_of(regency()), rule=RULE, seed=1, reps=9, durations=piled, limits=(10,))
    assert at_promise.grade.letter == "E"


def test_two_trained_offices_are_not_graded_b():
    frame = regency()
    few = frame[~frame["office"].isin([f"O{i:02d}" for i in range(2, 10)])]
    result = scrutinise(effects_of(few), rule=RULE, seed=1, reps=9)
    assert result.grade.letter in {"C", "X"}


# ------------------------------------------------------------------------------------------- one entry a check


def test_a_check_is_one_entry(good):
    """All that a new check takes: a function of the case, and an entry with its name and question."""

    def run(case):
        return TOY.check("doubtful", verbatim({"id": "Ya.", "en": "Yes."}), pd.DataFrame({"reps": [case.reps]}))

    TOY = CheckEntry("toy", verbatim({"id": "Apakah ini mainan?", "en": "Is this a toy?"}), run, "nobody (2024)")
    result = scrutinise(good, rule=RULE, seed=1, reps=9, checks=(*CHECKS, TOY))
    assert result["toy"].table["reps"].item() == 9
    assert result.table("id").iloc[-1].tolist() == ["toy", "Apakah ini mainan?", "meragukan", "Ya."]
    assert len(result.checks) == len(CHECKS)  # the lottery does not concern a comparison, the toy does


def test_every_entry_has_its_own_name_and_question():
    assert len({entry.name for entry in CHECKS}) == len({entry.question for entry in CHECKS}) == len(CHECKS) == 14
    for entry in CHECKS:
        assert entry.question.en.endswith("?")
        assert entry.question.id.endswith("?")


# -------------------------------------------------------------------------------------- arguments and channels


def _wrong_calls(effects, path):
    """A wrong word, a wrong range or a wrong type for every public name of this room."""
    design, beta = effects.design, np.zeros(2)
    return {
        "Check": lambda: Check("x", Message("checks.lottery.question"), verbatim("!"), "perhaps", pd.DataFrame()),
        "RelativeMagnitude": lambda: RelativeMagnitude(1.0, of="curve"),
        "Smoothness": lambda: Smoothness("much"),
        "bacon": lambda: bacon(effects),
        "breakdown": lambda: breakdown(path, "relatve"),
        "coincidence": lambda: coincidence(design, pd.DataFrame(), within=-1),
        "composition": lambda: composition(effects, rule=BiasReduced),
        "departures": lambda: departures(effects),
        "event_path": lambda: event_path(path.source, waves="some"),
        "grade": lambda: ai.grade(
            [], estimable=True, assignment="lotery", clusters=1, treated_clusters=1, settled=True
        ),
        "heaping": lambda: heaping(effects),
        "leave_one_out": lambda: leave_one_out(design),
        "lottery_kept": lambda: lottery_kept(effects, {}),
        "negative_weights": lambda: negative_weights(design),
        "placebo_in_space": lambda: placebo_in_space(effects, seed=1, reps=0),
        "placebo_in_time": lambda: placebo_in_time(effects, rule=RULE, steps=-1),
        "placebo_outcome": lambda: placebo_outcome(effects),
        "pretrends": lambda: pretrends(path, level=95),
        "robust_ends": lambda: robust_ends(
            beta, np.eye(2), pre=-1, post=1, restriction=Smoothness(0.0), l_vec=np.ones(1)
        ),
        "robust_interval": lambda: robust_interval(path, Smoothness(0.0), level=1.0),
        "scrutinise": lambda: scrutinise(effects, rule=RULE, seed=1, reps=9, assignment="lotery"),
        "sensitivity": lambda: sensitivity(path, [Smoothness(0.0)], level="95"),
        "service_shares": lambda: service_shares(design),
        "specification_curve": lambda: specification_curve({"a": design}, [TwoWay()], [RULE], level=2.0),
        "spillover": lambda: spillover(effects, {}, rule=BiasReduced),
        "trends_before": lambda: trends_before(effects, rule=BiasReduced),
        "without_choice": lambda: without_choice(effects, "2024-01", rule=BiasReduced),
        "two_way_weights": lambda: two_way_weights(design),
    }


def test_every_public_argument_is_checked_where_it_enters(good):
    calls = _wrong_calls(good, event_path(events_of(regency()), every=4, waves="same"))
    for name, call in calls.items():
        with pytest.raises(InputError, match=rf"^{name}\(\w+="):
            call()


def test_what_a_path_leaves_out_is_among_its_notes():
    path = event_path(events_of(regency()), every=4, waves="same")
    assert [note.key for note in path.notes] == ["scrutiny.path.some_waves", "scrutiny.path.not_whole"]
    assert path.notes[0].id.startswith("Waktu yang hanya bertumpu pada sebagian gelombang")
