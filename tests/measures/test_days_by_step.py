"""Where the days went: every day of a wait in one step, and effects of steps that add up to that of the wait."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning, EstimationError, InputError
from asn_impact.topics.clocks.sweep import Intervals, share_days

EXACT = 1e-9  # rounding of sums of parts of days

CALENDAR = ai.WorkCalendar.indonesia()
START = dt.date(2024, 3, 4)


def day(offset):
    return START + dt.timedelta(days=offset)


def log_of(rows, **options):
    frame = pd.DataFrame(rows, columns=["case", "step", "step_start", "step_end"]).assign(office="O1")
    frame["status"] = np.where(frame["step_end"].isna(), "Proses", "Selesai")
    for name in ("step_start", "step_end"):
        frame[name] = pd.to_datetime(frame[name])
    return ai.read_step_log(frame, as_of="2024-06-28", **options)


def twin(steps, length, horizon, to_next):
    """Day by day, step by step: the slow twin."""
    days, waiting = dict.fromkeys((step for step, _, _ in steps), 0.0), 0.0
    for d in range(1, min(length, horizon) + 1):
        having = {step for step, start, stop in steps if start < d <= stop}
        if not having and to_next:
            later = [start for _, start, _ in steps if start >= d]
            having = {step for step, start, _ in steps if later and start == min(later)}
        for step in having:
            days[step] += 1 / len(having)
        waiting += not having
    return days, waiting


spans = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20), st.integers(0, 12)), max_size=7)


@settings(deadline=None)
@given(st.lists(st.tuples(spans, st.integers(0, 25)), min_size=1, max_size=6), st.integers(1, 15), st.booleans())
def test_each_day_of_a_case_is_given_away_once_as_a_twin_does_property(drawn, horizon, to_next):
    cases = [([(k, min(b, n), min(b + long, n)) for k, b, long in steps], n) for steps, n in drawn]
    rows = [(i, *step) for i, (steps, _) in enumerate(cases) for step in steps]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    length = np.array([n for _, n in cases])
    found = share_days(Intervals(*table.T), length, horizon, to_next=to_next)
    days = {(int(c), int(k)): d for c, k, d in zip(found.case, found.step, found.days, strict=True)}
    for i, (steps, n) in enumerate(cases):
        expected, waiting = twin(steps, n, horizon, to_next)
        assert {k: d for (c, k), d in days.items() if c == i} == pytest.approx(expected, abs=EXACT)
        assert found.waiting[i] == pytest.approx(waiting, abs=EXACT)
        assert sum(expected.values()) + waiting == pytest.approx(min(n, horizon), abs=EXACT)


HAND = [
    ("1", "Verifikasi", day(0), day(2)),  # Monday to Wednesday: two days
    ("1", "Rekomendasi", day(1), day(4)),  # shares Wednesday, then Thursday and Friday
    ("1", "verifikasi ", day(1), day(2)),  # a copy: no second share
    ("1", "Penetapan", day(14), day(15)),  # after a week of waiting: 11 and 12 March are days off
]


def table_of(split):
    return dict(zip(split.table()["step"], split.table()["days"], strict=True))


def test_overlap_copies_and_waiting_on_a_case_by_hand():
    split = ai.split_days(log_of(HAND), CALENDAR, ai.RestrictedMean(30))
    assert table_of(split) == {"Verifikasi": 1.5, "Rekomendasi": 2.5, "Penetapan": 1.0, "waiting, no step open": 4.0}
    to_next = ai.split_days(log_of(HAND), CALENDAR, ai.RestrictedMean(30), waiting="next")
    assert table_of(to_next) == {"Verifikasi": 1.5, "Rekomendasi": 2.5, "Penetapan": 5.0}


def test_the_horizon_cuts_the_steps_that_come_late():
    split = ai.split_days(log_of(HAND), CALENDAR, ai.RestrictedMean(5))
    assert table_of(split) == {"Verifikasi": 1.5, "Rekomendasi": 2.5, "Penetapan": 0.0, "waiting, no step open": 1.0}


def test_an_open_case_counts_the_days_of_its_open_step_up_to_the_horizon():
    rows = [("1", "Verifikasi", day(0), day(1)), ("1", "Perbaikan", day(1), None)]
    split = ai.split_days(log_of(rows), CALENDAR, ai.RestrictedMean(30))
    assert table_of(split) == {"Verifikasi": 1.0, "Perbaikan": 29.0}


def test_steps_beyond_the_largest_are_one_part_and_nothing_is_lost():
    rows = [("1", f"Langkah {i}", day(7 * i), day(7 * i + 1)) for i in range(6)]
    with pytest.warns(DataWarning, match="Most days lie between steps"):
        split = ai.split_days(log_of(rows), CALENDAR, ai.RestrictedMean(60), most=2)
    assert [str(step) for step in split.steps][-2:] == ["4 other steps", "waiting, no step open"]
    assert split.table()["days"].sum() == pytest.approx(split.panel.mean.item(), abs=EXACT)


def test_a_log_of_one_time_a_step_says_what_to_write_and_then_tells_steps_apart():
    rows = [("1", "Verifikasi", day(1)), ("1", "Penetapan", day(4)), ("1", "Berkas masuk", day(0))]
    frame = pd.DataFrame(rows, columns=["case", "step", "step_end"]).assign(office="O1")
    frame["step_end"] = pd.to_datetime(frame["step_end"])
    with pytest.warns(DataWarning, match="one"):
        log = ai.read_step_log(frame, as_of="2024-06-28")
    with pytest.raises(InputError, match="waiting='next'"):
        ai.split_days(log, CALENDAR, ai.RestrictedMean(30))
    split = ai.split_days(log, CALENDAR, ai.RestrictedMean(30), waiting="next")
    assert table_of(split) == {"Berkas masuk": 0.0, "Verifikasi": 1.0, "Penetapan": 3.0}


@pytest.fixture(scope="module")
def split():
    log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    return ai.split_days(log, CALENDAR, ai.RestrictedMean(30))


@pytest.fixture(scope="module")
def design(split):
    return ai.assign(split.panel, ai.example_rollout(), cluster="office")


@pytest.mark.parametrize("estimator", [ai.GLSImputation(), ai.GroupTime(), ai.TwoWay(), ai.Imputation()])
def test_effects_of_the_steps_add_up_to_that_of_the_wait(split, design, estimator):
    answer = ai.infer(estimator(design).overall(), ai.BiasReduced())
    table = ai.changes_by_step(answer, split).table()
    columns = ["before", "with_training", "without_training", "estimate"]
    steps, whole = table[columns].iloc[:-1].sum(), table[columns].iloc[-1]
    assert steps.to_numpy() == pytest.approx(whole.to_numpy(dtype=float), abs=EXACT)
    assert whole["estimate"] == answer.estimate[0]


def test_they_add_up_at_every_time_since_training(split, design):
    answer = ai.infer(ai.GLSImputation()(design).event_study(), ai.Jackknife())
    changes = ai.changes_by_step(answer, split)
    assert sum(part.estimate for part in changes.parts) == pytest.approx(answer.estimate, abs=EXACT)


def test_the_step_that_was_shortened_is_named_in_both_languages(split, design):
    changes = ai.changes_by_step(ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced()), split)
    assert "Verifikasi (−1.8)" in changes.said()
    assert "Verifikasi (−1,8)" in changes.said().text("id")
    assert changes.said().text("id").endswith(".")


def test_the_chart_and_the_table_hold_the_same_numbers_in_both_languages(split, design):
    changes = ai.changes_by_step(ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced()), split)
    chart = ai.figures.days_by_step(changes, language="id")
    table = ai.tables.days_by_step_table(changes)
    assert chart.data["change"].tolist() == table.frame["change"].tolist()
    assert chart.data["step"].iloc[-1] == "semua langkah"
    assert "menunggu, tidak ada langkah berjalan" in table.html("id")
    assert chart.png()


def test_weights_that_follow_the_outcome_are_refused(split, design):
    answer = ai.infer(ai.estimators.SyntheticDiD()(design).overall(), ai.Jackknife())
    with pytest.raises(EstimationError, match="would not add up"):
        ai.changes_by_step(answer, split)


def test_an_answer_on_another_wait_is_refused(split):
    answer = ai.infer(ai.GLSImputation()(ai.example_design()).overall(), ai.BiasReduced())
    with pytest.raises(InputError, match=r"split\.panel"):
        ai.changes_by_step(answer, split)


def test_an_event_study_has_no_bars(split, design):
    answer = ai.infer(ai.GLSImputation()(design).event_study(), ai.BiasReduced())
    with pytest.raises(InputError, match="one number a step"):
        ai.figures.days_by_step(ai.changes_by_step(answer, split))


@pytest.mark.parametrize("per", ["month", "quarter", "half_year", "year"])
def test_every_length_of_a_period_adds_up(per):
    log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    split = ai.split_days(log, CALENDAR, ai.RestrictedMean(10), per=per, clock="calendar_days", waiting="next")
    assert sum(part.mean for part in split.parts) == pytest.approx(split.panel.mean, abs=EXACT)
