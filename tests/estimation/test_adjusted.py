"""Properties of estimators given covariates, and their slow twins: statsmodels row by row.

CLOSE 1e-8 for sums and least squares; ITERATED 1e-6 against the logit of statsmodels, which stops at 1e-8.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, EstimationError, InputError
from asn_impact.estimation import BiasReduced, GroupTime
from asn_impact.estimation.adjusted import Adjusted, Rows, cluster_sums, logit
from tests.estimation.random_designs import design_of, quietly

CLOSE = 1e-8
ITERATED = 1e-6

METHODS = ["regression", "ipw", "doubly_robust"]
SAMPLES = ["pairs", "cross_sections"]
seeds = st.integers(0, 2**32 - 1)


def made(seed, *, units=60, periods=4, clusters=None, missing=0.0, adopted=(2, 3, np.inf)):
    """A design whose covariate x1 drives the trend and, a little, the treatment; x2 varies over time."""
    rng = np.random.default_rng(seed)
    x1 = rng.normal(size=units)
    start = rng.choice(adopted, size=units)
    start[:4] = [2, 2, 3, 3]
    start = np.where(rng.random(units) < 0.3 * (x1 > 0), np.inf, start)
    observed = rng.random((units, periods)) >= missing
    outcome = rng.normal(size=(units, periods)) + x1[:, None] * np.arange(periods)
    outcome += np.arange(periods)[None, :] >= start[:, None]
    weight = np.where(observed, rng.uniform(0.5, 2, (units, periods)), 0.0)
    attributes = {"x1": x1, "kind": ["a", "b"] * (units // 2)}
    cluster = None if clusters is None else np.arange(units) % clusters
    x2 = rng.normal(size=(units, periods, 1))
    return design_of(
        outcome,
        start,
        observed=observed,
        weight=weight,
        cluster=cluster,
        attributes=attributes,
        covariates=("x2",),
        x=x2,
    )


def slow(design, method, cohort, period, base):
    """One doubly robust, weighted or regression estimate on pairs, never-treated controls, with statsmodels."""
    rows = (design.adopted == design.cohorts[cohort]) | np.isinf(design.adopted)
    rows &= design.panel.observed[:, period] & design.panel.observed[:, base]
    treated = np.isfinite(design.adopted[rows])
    weight = design.panel.weight[rows, base]
    x = np.column_stack([np.ones(rows.sum()), design.panel.attributes["x1"][rows], design.panel.x[rows, base, 0]])
    change = design.panel.mean[rows, period] - design.panel.mean[rows, base]
    chance = (
        sm.GLM(treated.astype(float), x, family=sm.families.Binomial(), var_weights=weight).fit(tol=1e-12).fittedvalues
    )
    unweighted = sm.GLM(treated.astype(float), x, family=sm.families.Binomial()).fit(tol=1e-12).fittedvalues
    if unweighted[~treated].max() >= 0.999:
        return np.nan
    odds = np.where(unweighted < 0.995, chance / (1 - chance), 0)
    fit = sm.WLS(change[~treated], x[~treated], weights=weight[~treated]).fit()
    rest = change - (fit.predict(x) if method != "ipw" else 0)
    control = np.average(rest[~treated], weights=(weight * odds)[~treated]) if method != "regression" else 0
    return np.average(rest[treated], weights=weight[treated]) - control


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_slow_twin(seed, method):
    design = made(seed, missing=0.1)
    effects = quietly(GroupTime(controls="never", adjust=("x1", "x2"), method=method), design)
    for j, (cohort, period) in enumerate(zip(effects.cells.cohort, effects.cells.period, strict=True)):
        twin = slow(design, method, cohort, period, int(design.cohorts[cohort]) - 1)
        np.testing.assert_allclose(effects.estimate[j], twin, rtol=ITERATED, atol=ITERATED)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_influence_is_the_derivative_by_the_weight_of_a_unit(method, sample):
    design, step, unit = made(11), 1e-5, 5
    estimator = GroupTime(controls="never", adjust=("x1", "x2"), method=method, sample=sample)
    moved = []
    for change in (step, -step):
        weight = design.panel.weight.copy()
        weight[unit] *= 1 + change
        moved.append(quietly(estimator, replace(design, panel=replace(design.panel, weight=weight))).overall())
    derivative = (moved[0].estimate - moved[1].estimate) / (2 * step)
    np.testing.assert_allclose(quietly(estimator, design).overall().influence[unit], derivative, rtol=1e-5, atol=1e-9)


@given(seed=seeds, method=st.sampled_from(METHODS), sample=st.sampled_from(SAMPLES))
@settings(max_examples=10, deadline=None)
def test_period_shocks_scale_and_units_of_covariates(seed, method, sample):
    rng = np.random.default_rng(seed)
    estimator = GroupTime(adjust=("x1", "x2"), method=method, sample=sample)
    design = made(seed)
    panel = design.panel
    shocks = 5 * rng.normal(size=(1, 4)) + (5 * rng.normal(size=(60, 1)) if sample == "pairs" else 0)
    moved = replace(
        panel,
        mean=3 * panel.mean + shocks,
        x=1000 + 50 * panel.x,
        attributes=panel.attributes.assign(x1=7 - 0.01 * panel.attributes["x1"]),
    )
    here, there = quietly(estimator, design), quietly(estimator, replace(design, panel=moved))
    np.testing.assert_allclose(there.estimate, 3 * here.estimate, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(there.influence, 3 * here.influence, rtol=1e-6, atol=1e-7)


def test_adjustment_takes_out_the_trend_that_goes_with_a_covariate():
    design = made(3, units=600)
    x1 = design.panel.attributes["x1"].to_numpy()
    treated = np.arange(4)[None, :] >= design.adopted[:, None]
    exact = replace(design, panel=replace(design.panel, mean=x1[:, None] * np.arange(4) + treated))
    for method in ("regression", "doubly_robust"):
        study = GroupTime(adjust=("x1",), method=method)(exact).event_study()
        np.testing.assert_allclose(study.estimate, (study.terms["event_time"] >= 0) * 1.0, atol=CLOSE)
    assert abs(GroupTime()(exact).overall().estimate[0] - 1) > 0.05


def test_a_collinear_covariate_is_named_and_left_out():
    design = made(1)
    twice = design.panel.attributes.assign(x3=2 * design.panel.attributes["x1"] + 1)
    design = replace(design, panel=replace(design.panel, attributes=twice))
    with pytest.warns(DataWarning, match=r"left out of adjust: 'x3'"):
        effects = GroupTime(adjust=("x1", "x3"))(design)
    np.testing.assert_allclose(effects.estimate, GroupTime(adjust=("x1",))(design).estimate, rtol=CLOSE)
    assert any("x3" in str(note) for note in effects.notes)


def test_the_treatment_itself_is_refused_as_covariate():
    design = made(1)
    now = replace(design.panel, x=design.treated()[:, :, None] * 1.0)
    ever = replace(design.panel, attributes=design.panel.attributes.assign(x1=np.isfinite(design.adopted) * 2.0))
    for panel, name in ((now, "x2"), (ever, "x1")):
        with pytest.raises(EstimationError, match="tells the treated from the untreated"):
            GroupTime(adjust=(name,))(replace(design, panel=panel))


def test_a_covariate_that_separates_the_groups_is_not_estimable():
    design = made(1)
    x1 = np.isfinite(design.adopted) * 10 + design.panel.attributes["x1"]
    design = replace(design, panel=replace(design.panel, attributes=design.panel.attributes.assign(x1=x1)))
    with pytest.raises(EstimationError, match="tell the treated from"):
        GroupTime(controls="never", adjust=("x1",), method="ipw")(design)


def test_units_without_a_value_are_left_out_aloud():
    design = made(1)
    attributes = design.panel.attributes.assign(x1=design.panel.attributes["x1"].where(np.arange(60) != 7))
    design = replace(design, panel=replace(design.panel, attributes=attributes))
    with pytest.warns(DataWarning, match="4 cells have no value"):
        effects = GroupTime(adjust=("x1",))(design)
    without = GroupTime(adjust=("x1",))(design.where(np.arange(60) != 7))
    np.testing.assert_allclose(effects.overall().estimate, without.overall().estimate, rtol=CLOSE)


@pytest.mark.parametrize(
    ("adjust", "error", "message"),
    [
        (("x9",), EstimationError, "unknown"),
        (("kind",), EstimationError, "not numeric"),
        ("x1", InputError, "Expected a tuple"),
    ],
)
def test_names_that_do_not_work(adjust, error, message):
    with pytest.raises(error, match=message):
        GroupTime(adjust=adjust)(made(1))


def test_logit_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(200), rng.normal(size=(200, 2))])
    treated = rng.random(200) < 1 / (1 + np.exp(-x @ [-1, 0.5, 1]))
    weight = rng.uniform(0.5, 2, (200, 3))
    ours = logit(x, treated, weight, np.zeros((3, 3)))
    for j in range(3):
        model = sm.GLM(treated.astype(float), x, family=sm.families.Binomial(), var_weights=weight[:, j])
        np.testing.assert_allclose(ours[j], model.fit(tol=1e-14).params, rtol=1e-9)
    gradient = (weight * (treated[:, None] - 1 / (1 + np.exp(-x @ ours.T)))).T @ x
    np.testing.assert_allclose(gradient, 0, atol=1e-11)


@settings(max_examples=60)
@given(seed=seeds, share=st.sampled_from([0.02, 0.05, 0.1, 0.3]), start=st.sampled_from([0.0, -3.0, 6.0]))
def test_property_the_logit_finds_the_maximum_wherever_there_is_one(seed, share, start):
    rng = np.random.default_rng(seed)
    z = np.column_stack([rng.random(400) < 0.06, rng.normal(size=400)])
    treated = rng.random(400) < 1 / (1 + np.exp(-(np.log(share / (1 - share)) - 0.7 + z @ [3.5, 0.5])))
    dummy = z[:, 0] > 0
    if min((treated & dummy).sum(), (~treated & dummy).sum(), (treated & ~dummy).sum()) < 2:
        return
    x = np.column_stack([np.ones(400), (z - z.mean(0)) / z.std(0)])
    ours = logit(x, treated, np.ones((400, 1)), np.full((1, 3), start))[0]
    gradient = x.T @ (treated - 1 / (1 + np.exp(-x @ ours)))
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


def make_rare(seed=3, *, method="doubly_robust", units=514):
    """A small wave that a rare covariate predicts a little, and a large one that nothing predicts."""
    rng = np.random.default_rng(seed)
    urban, size = rng.random(units) < 0.05, rng.normal(size=units)
    order = np.argsort(-(3.4 * urban + 0.5 * size + rng.gumbel(size=units)))
    start = np.full(units, np.inf)
    start[order[:12]], start[rng.permutation(order[12:])[:150]] = 3, 6
    outcome = rng.normal(size=(units, 9)) * 0.1 + 0.3 * urban[:, None] * np.arange(9)
    outcome += 5.0 * ((np.arange(9) >= 3) & (start == 3)[:, None])
    return design_of(outcome, start, attributes={"urban": urban.astype(float), "size": size})


@pytest.mark.parametrize("method", ["ipw", "doubly_robust"])
def test_a_small_wave_that_a_rare_covariate_predicts_stays(method):
    effects = GroupTime(controls="never", adjust=("urban", "size"), method=method)(make_rare())
    np.testing.assert_allclose(effects.cohorts().estimate, [5.0, 0.0], atol=0.2)
    assert effects.left_out.empty


def test_one_treated_unit_beyond_all_controls_does_not_take_its_wave_away():
    rng = np.random.default_rng(4)
    x1 = rng.normal(size=120)
    start = np.where(np.arange(120) < 40, 2, np.inf)
    x1[:40] += 0.4
    x1[0] = 14.0
    design = design_of(rng.normal(size=(120, 5)) + (np.arange(5) >= 2), start, attributes={"x1": x1})
    effects = GroupTime(controls="never", adjust=("x1",))(design)
    assert effects.left_out.empty
    assert np.isfinite(effects.estimate).all()


def test_overlap_does_not_depend_on_the_weights():
    design = made(1)
    weight = design.panel.weight * np.where(np.isfinite(design.adopted), 1e6, 1.0)[:, None]
    heavy = replace(design, panel=replace(design.panel, weight=weight))
    effects = quietly(GroupTime(controls="never", adjust=("x1",), method="ipw"), heavy)
    light = quietly(GroupTime(controls="never", adjust=("x1",), method="ipw"), design)
    assert effects.left_out.empty
    assert light.left_out.empty


def test_effects_without_overlap_are_said_with_their_share_of_the_treated():
    design = made(1)
    first = design.adopted == 2
    x1 = np.where(first, 10.0, 0.0) + design.panel.attributes["x1"]
    design = replace(design, panel=replace(design.panel, attributes=design.panel.attributes.assign(x1=x1)))
    with pytest.warns(DataWarning, match="of the treated and are left out of every average"):
        effects = GroupTime(controls="never", adjust=("x1",), method="ipw")(design)
    gone = effects.left_out
    assert len(set(gone["cohort"])) == 1
    size = effects.cells.sizes.sum(axis=0)
    expected = size[0] * 2 / (size[0] * 2 + size[1])  # the first wave has two treated periods, the second one
    assert gone["share_of_treated"].sum() == pytest.approx(expected)
    pd.testing.assert_frame_equal(effects.overall().left_out, gone)


def test_without_covariates_all_three_methods_are_one():
    rng = np.random.default_rng(5)
    outcome = rng.normal(size=(40, 2))
    rows = Rows(np.ones((40, 1)), np.arange(40) < 12, rng.uniform(1, 2, 40), np.arange(40) % 7)
    every = [Adjusted(rows, method, 7) for method in (*METHODS, "none")]
    for one in every[:-1]:
        np.testing.assert_allclose(one.loading @ outcome, every[-1].loading @ outcome, rtol=CLOSE)
        np.testing.assert_allclose(one.influence(outcome), every[-1].influence(outcome), atol=CLOSE)
        np.testing.assert_allclose(one.leave_one_out(outcome), every[-1].leave_one_out(outcome), rtol=CLOSE)


def test_sums_by_cluster():
    values = np.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(cluster_sums(np.array([1, 1, 0, 1]), 3, values), [[4, 5], [8, 11], [0, 0]])
    np.testing.assert_array_equal(cluster_sums(np.array([2, 0, 4, 1]), 5, values)[[2, 0, 4, 1, 3]][:4], values)


@pytest.mark.parametrize("method", ["regression", "ipw", "doubly_robust"])
def test_a_period_in_which_nobody_is_seen_beside_the_base_leaves_the_other_effects(method):
    design = made(3, periods=5)
    observed = design.panel.observed.copy()
    wave = design.adopted == 2
    observed[wave, 3] = False
    observed[np.isinf(design.adopted), 4] = observed[design.adopted == 3, 4] = False
    panel = replace(design.panel, weight=np.where(observed, design.panel.weight, 0.0), n=design.panel.n * observed)
    effects = quietly(GroupTime(adjust=("x1",), method=method), replace(design, panel=panel))
    assert np.isnan(effects.estimate).any()
    assert np.isfinite(quietly(BiasReduced(), effects.overall()).std_error).all()
    assert np.isfinite(
        quietly(BiasReduced(), effects).std_error[np.isfinite(effects.estimate) & (effects.estimate != 0)]
    ).all()


def test_a_logit_of_nobody_has_no_coefficients():
    assert np.isnan(logit(np.zeros((0, 2)), np.zeros(0, dtype=bool), np.zeros((0, 1)), np.zeros((1, 2)))).all()
