"""Several regencies beside each other: against formulas written out, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import asn_impact as ai
from asn_impact.topics.regencies import compare


def study(effect: float, seed: int, outcome: str = "days"):
    rng = np.random.default_rng(seed)
    shock = rng.normal(size=6)
    rows = [
        (f"O{u}", t, rng.normal() + shock[t] + effect * (u < 5 and t >= 3), 3 if u < 5 else None)
        for u in range(10)
        for t in range(6)
    ]
    frame = pd.DataFrame(rows, columns=["office", "year", outcome, "begun"])
    panel = ai.read_panel(frame, unit="office", period="year", outcome=outcome)
    design = ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="begun"), cluster="office")
    return ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())


BASE = study(-2.0, 1)


def answers(estimates, errors):
    made = zip(estimates, errors, strict=True)
    return {
        f"R{i}": replace(BASE, estimate=np.array([e]), variance=np.array([[s**2]])) for i, (e, s) in enumerate(made)
    }


def by_hand(estimates, errors):
    """Paule and Mandel, Hartung and Knapp, Higgins and others, written out."""
    y, v = np.array(estimates), np.array(errors) ** 2
    k = len(y)

    def q(tau2):
        w = 1 / (v + tau2)
        return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())

    tau2 = 0.0
    if q(0.0) > k - 1:
        tau2 = optimize.brentq(lambda x: q(x) - (k - 1), 0.0, 100 * (y.var() + v.max()), xtol=1e-14, rtol=1e-14)
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    knapp = math.sqrt((w * (y - mean) ** 2).sum() / (k - 1) / w.sum())
    return mean, max(knapp, 1 / math.sqrt(w.sum())), math.sqrt(tau2), q(0.0)


sizes = st.lists(
    st.tuples(st.floats(-20, 20), st.floats(0.1, 5)).map(lambda x: (round(x[0], 2), round(x[1], 2))),
    min_size=2,
    max_size=8,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_mean_spread_and_error_are_those_of_the_formulas(pairs):
    estimates, errors = zip(*pairs, strict=True)
    made = compare(answers(estimates, errors))
    mean, error, spread, q = by_hand(estimates, errors)
    assert made.mean == pytest.approx(mean, abs=1e-5)
    assert made.spread == pytest.approx(spread, abs=1e-4)
    assert made.std_error == pytest.approx(error, rel=1e-4)
    assert made.q == pytest.approx(q, rel=1e-9, abs=1e-9)
    assert made.weight.sum() == pytest.approx(1)
    low, high = made.interval(0.9)
    reach = stats.t.isf(0.05, len(pairs) - 1) * error
    assert (low, high) == pytest.approx((mean - reach, mean + reach), abs=1e-3)


def test_statsmodels_agrees_where_its_iteration_ends():
    from statsmodels.stats.meta_analysis import combine_effects

    estimates, errors = np.array([0.1, 0.5, -0.2, 0.9]), np.array([0.1, 0.15, 0.2, 0.3])
    found = combine_effects(estimates, errors**2, method_re="iterated", atol=1e-9, use_t=True)
    made = compare(answers(estimates, errors))
    assert made.mean == pytest.approx(found.mean_effect_re, rel=1e-6)
    assert made.spread**2 == pytest.approx(found.tau2, rel=1e-6)
    assert made.std_error == pytest.approx(max(found.sd_eff_w_re_hksj, found.sd_eff_w_re), rel=1e-6)


def test_the_unit_of_the_outcome_changes_no_answer():
    small, large = compare(answers([1, 2, 4], [0.5, 1, 0.7])), compare(answers([1e6, 2e6, 4e6], [5e5, 1e6, 7e5]))
    assert large.mean == pytest.approx(1e6 * small.mean, rel=1e-6)
    assert large.spread == pytest.approx(1e6 * small.spread, rel=1e-6)
    assert large.p_same == pytest.approx(small.p_same)


def test_a_shock_of_one_regency_does_not_enter_the_answer_of_the_other():
    north, south = study(-2.0, 2), study(0.0, 3)
    made = compare({"North": north, "South": south})
    row = made.differences().iloc[0]
    assert row["difference"] == pytest.approx(float(north.estimate[0] - south.estimate[0]))
    assert row["std_error"] ** 2 == pytest.approx(north.variance[0, 0] + south.variance[0, 0])
    assert math.isnan(made.prediction()[0])
    assert "three" in str(made.said())
    assert made.table()["estimate"].tolist() == [north.estimate[0], south.estimate[0]]


def test_the_interval_for_a_further_regency_is_wider_than_that_of_the_mean():
    made = compare(answers([-1, -4, -2, 0], [0.5, 0.5, 0.5, 0.5]))
    (low, high), (next_low, next_high) = made.interval(), made.prediction()
    assert next_low < low < high < next_high
    assert "not the same" in str(made.said())
    assert "tidak sama" in made.said().text("id").text


def test_what_cannot_be_compared_is_refused_with_the_line_to_write():
    with pytest.raises(ai.InputError, match="at least two"):
        compare({"North": BASE})
    events = ai.infer(ai.GroupTime()(BASE.effects.design).event_study(), ai.BiasReduced())
    with pytest.raises(ai.InputError, match=r"North.* numbers"):
        compare({"North": events, "South": BASE})
    with pytest.raises(ai.InputError, match="North measures"):
        compare({"North": BASE, "South": study(1.0, 4, "score")})
    with pytest.raises(ai.InputError, match="no estimate"):
        compare({"North": replace(BASE, variance=np.array([[np.nan]])), "South": BASE})
    with pytest.raises(ai.InputError, match="Expected Inference"):
        compare({"North": BASE.effects, "South": BASE})


def test_one_file_read_twice_is_noticed():
    with pytest.warns(ai.DataWarning, match="exactly the same"):
        compare({"North": BASE, "South": BASE})
