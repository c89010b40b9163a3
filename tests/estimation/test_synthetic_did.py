"""Properties of synthetic difference-in-differences.

CLOSE 1e-8 for closed forms. OPTIMUM 1e-7: conditions of the optimum, relative to the size of the gradient.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from asn_impact.errors import DataWarning, EstimationError, InferenceError
from asn_impact.estimation import BiasReduced, ClusterRobust, Efficient, GroupTime, Permutation, WildBootstrap, infer
from asn_impact.estimation.synthetic_did import SyntheticDiD, simplex_weights
from tests.estimation.random_designs import design_of, with_mean

CLOSE = 1e-8
OPTIMUM = 1e-7

KINDS = ["synthetic_did", "synthetic_control", "did"]
seeds = st.integers(0, 2**32 - 1)


def made(seed, *, units=14, periods=8, adopted=(4, 4, 6), clusters=None, noise=1.0):
    """Units with a common factor; the first few are treated."""
    rng = np.random.default_rng(seed)
    start = np.full(units, np.inf)
    start[: len(adopted)] = adopted
    outcome = noise * rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) * rng.normal(size=periods)
    return design_of(outcome, start, cluster=None if clusters is None else np.arange(units) % clusters)


@given(seed=seeds, penalty=st.sampled_from([0.01, 0.3, 3.0]), shape=st.sampled_from([(5, 20), (20, 5), (6, 6)]))
@settings(max_examples=20, deadline=None)
def test_the_weights_meet_the_conditions_of_the_optimum(seed, penalty, shape):
    """The gradient is the same on all weights above zero and not below that elsewhere."""
    rng = np.random.default_rng(seed)
    columns, target = rng.normal(size=shape), rng.normal(size=shape[0])
    weights = simplex_weights(columns, target, penalty=penalty)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    gradient = columns.T @ (columns @ weights - target) / shape[0] + penalty**2 * weights
    level = weights @ gradient
    size = np.abs(gradient).max()
    assert np.abs(gradient - level)[weights > 1e-9].max() < OPTIMUM * size
    assert (gradient - level).min() > -OPTIMUM * size


def test_the_weights_are_those_of_a_general_solver():
    rng = np.random.default_rng(1)
    columns, target = rng.normal(size=(12, 6)), rng.normal(size=12)
    found = minimize(
        lambda w: ((columns @ w - target) ** 2).mean() + 0.04 * w @ w,
        np.full(6, 1 / 6),
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    np.testing.assert_allclose(simplex_weights(columns, target, penalty=0.2), found.x, atol=1e-6)


def test_slow_twin_of_one_wave():
    design = made(5, adopted=(4, 4))
    fit = SyntheticDiD()(design).fit
    wave, mean = fit.waves[0], design.panel.mean
    for j, t in enumerate(wave.period):
        gap = mean[:2].mean(axis=0) - wave.omega @ mean[2:]
        assert fit.estimate[j] == pytest.approx(gap[t] - wave.lambda_ @ gap[wave.before], abs=CLOSE)


def given_load(seed=7, *, slope=3.0, kind="synthetic_did", **more):
    """A design with a covariate and another that says nothing, and the estimator that is given both."""
    design = made(seed, **more)
    x = np.random.default_rng(seed + 1).normal(size=(*design.panel.mean.shape, 2))
    panel = replace(design.panel, covariates=("load", "other"), x=x, mean=design.panel.mean + slope * x[:, :, 0])
    panel = replace(panel, within=np.zeros((0, 0, 1, 1)))
    return replace(design, panel=panel), SyntheticDiD(kind, ("load", "other"))


@pytest.mark.parametrize("kind", KINDS)
def test_slow_twin_with_covariates_is_the_estimate_on_what_they_leave(kind):
    """Dummies written out, untreated cells alone: Arkhangelsky et al. (2021), footnote 4."""
    design, estimator = given_load(kind=kind)
    units, periods = design.panel.mean.shape
    dummies = np.concatenate([np.repeat(np.eye(units), periods, 0), np.tile(np.eye(periods), (units, 1))], axis=1)
    x, untreated = design.panel.x.reshape(-1, 2), ~design.treated().ravel()
    columns = np.concatenate([x, dummies], axis=1)[untreated]
    slopes = np.linalg.lstsq(columns, design.panel.mean.ravel()[untreated], rcond=None)[0][:2]
    left = with_mean(design, design.panel.mean - design.panel.x @ slopes)
    np.testing.assert_allclose(estimator(design).estimate, SyntheticDiD(kind)(left).estimate, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_with_covariates_the_estimate_is_its_weights_on_the_outcomes(kind):
    design, estimator = given_load(kind=kind)
    for effects in (estimator(design), estimator(design).overall()):
        total = np.tensordot(effects.loadings(), design.panel.mean, 2)
        np.testing.assert_allclose(total, effects.estimate, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("clusters", [None, 7])
def test_with_covariates_leaving_a_cluster_out_is_estimating_again(clusters):
    design, estimator = given_load(kind="did", clusters=clusters)
    effects = estimator(design)
    for c, found in enumerate(effects.leave_one_out()):
        again = effects.anew(design.without(c))
        keys = effects.terms.apply(tuple, axis=1).isin(again.terms.apply(tuple, axis=1)).to_numpy()
        np.testing.assert_allclose(found[keys], again.estimate, rtol=1e-7, atol=1e-7)
    overall = effects.overall()
    difference, deviation = overall.fit.differences(overall), overall.leave_one_out() - overall.estimate
    np.testing.assert_allclose(np.einsum("gkut,ut->gk", difference, design.panel.mean), deviation, rtol=1e-6, atol=1e-7)


def test_what_a_covariate_explains_is_taken_off():
    """However steep its slope, the estimate stays: untreated cells alone are enough to learn it."""
    (flat, estimator), (steep, _) = given_load(slope=0.0), given_load(slope=50.0)
    np.testing.assert_allclose(estimator(flat).estimate, estimator(steep).estimate, rtol=1e-7, atol=1e-7)
    for rule in (BiasReduced(), ClusterRobust("CR0")):
        one, other = (infer(estimator(d).overall(), rule).std_error for d in (flat, steep))
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_covariate_that_is_not_known_everywhere_is_refused():
    design, estimator = given_load()
    x = design.panel.x.copy()
    x[3, 2, 0] = np.nan
    with pytest.raises(EstimationError, match="1 cells are empty"):
        estimator(replace(design, panel=replace(design.panel, x=x)))
    with pytest.raises(EstimationError, match="Did you mean 'load'"):
        SyntheticDiD(covariates=("lod",))(design)


@pytest.mark.parametrize(
    ("kind", "what"),
    [("synthetic_did", "units"), ("did", "units"), ("did", "periods"), ("synthetic_control", "periods")],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_common_shocks_move_nothing(seed, kind, what):
    """Not in the list: period effects enter the noise level of synthetic_did, and by it the ridge, as in synthdid."""
    shift = np.random.default_rng(seed).normal(size=(14, 1) if what == "units" else (1, 8))
    design = made(seed)
    moved = SyntheticDiD(kind)(with_mean(design, design.panel.mean + shift))
    np.testing.assert_allclose(moved.estimate, SyntheticDiD(kind)(design).estimate, atol=1e-6)


@given(seed=seeds, kind=st.sampled_from(KINDS), scale=st.floats(0.01, 100))
@settings(max_examples=10, deadline=None)
def test_scale_scales(seed, kind, scale):
    design = made(seed)
    scaled = SyntheticDiD(kind)(with_mean(design, design.panel.mean * scale))
    np.testing.assert_allclose(scaled.estimate / scale, SyntheticDiD(kind)(design).estimate, rtol=1e-6, atol=1e-6)


def test_equal_weights_are_did_against_the_never_treated():
    design = made(2, adopted=(4, 4, 4))
    ours = SyntheticDiD("did")(design).overall().estimate[0]
    mean, treated = design.panel.mean, np.arange(14) < 3
    change = mean[:, 4:].mean(axis=1) - mean[:, :4].mean(axis=1)
    assert ours == pytest.approx(change[treated].mean() - change[~treated].mean(), abs=CLOSE)
    last_base = SyntheticDiD("did")(design).estimate - GroupTime(controls="never")(design).estimate[3:]
    assert np.ptp(last_base) == pytest.approx(0, abs=CLOSE)  # only the base differs


def test_waves_count_by_treated_units_and_periods():
    effects = SyntheticDiD()(made(3))
    by_wave = [effects.estimate[effects.cells.cohort == c].mean() for c in (0, 1)]
    assert effects.overall().estimate[0] == pytest.approx((8 * by_wave[0] + 2 * by_wave[1]) / 10, abs=CLOSE)


def test_leaving_out_keeps_the_weights_and_rescales_them():
    design = made(4, adopted=(4, 4), clusters=7)
    effects = SyntheticDiD()(design)
    wave, mean = effects.fit.waves[0], design.panel.mean
    omega = np.concatenate([np.zeros(2), wave.omega])
    for c in range(7):
        kept = design.cluster != c
        treated = kept & (np.arange(14) < 2)
        gap = mean[treated].mean(axis=0) - (omega * kept / (omega * kept).sum()) @ mean
        expected = gap[wave.period] - wave.lambda_ @ gap[wave.before]
        np.testing.assert_allclose(effects.leave_one_out()[c], expected, atol=CLOSE)


def test_a_factor_that_did_cannot_take_out():
    """Treated units follow a mean of three controls exactly; a difference of plain means does not see it."""
    design = made(6, adopted=(5, 5), noise=0.3)
    mean = design.panel.mean.copy()
    mean[:2] = mean[2:5].mean(axis=0) + 3
    mean[:2, 5:] += 2
    design = with_mean(design, mean)
    errors = {k: abs(SyntheticDiD(k)(design).overall().estimate[0] - 2) for k in ("synthetic_did", "did")}
    assert errors["synthetic_did"] < errors["did"]


def test_refusals():
    design = made(7)
    with pytest.raises(EstimationError, match="never treated"):
        SyntheticDiD()(design.where(np.isfinite(design.adopted)))
    n = design.panel.n.copy()
    n[5, 2] = 0
    with pytest.raises(EstimationError, match="1 cells are empty, in units 5"):
        SyntheticDiD()(replace(design, panel=replace(design.panel, n=n)))
    with pytest.raises(EstimationError, match="two periods before"):
        SyntheticDiD()(design.shifted(-4).where(design.adopted != 6))
    with pytest.warns(DataWarning, match="fewer than two periods before"):
        SyntheticDiD()(design.shifted(-3))
    uneven = replace(design.panel, weight=np.random.default_rng(0).uniform(1, 2, (14, 8)))
    with pytest.warns(DataWarning, match="not used"):
        SyntheticDiD()(replace(design, panel=uneven))


def test_nothing_warns_on_clean_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SyntheticDiD()(made(8)).overall()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_without_a_cluster_are_those_of_leaving_it_out(kind):
    """For views and for single effects: the differences of the weights times the data are the deviations."""
    design = made(11, adopted=(4, 4, 6, 6), clusters=7)
    for one in (SyntheticDiD(kind)(design), SyntheticDiD(kind)(design).overall()):
        moved = np.einsum("gkut,ut->gk", one.fit.differences(one), design.panel.mean)
        np.testing.assert_allclose(moved, one.leave_one_out() - one.estimate, atol=CLOSE)


@pytest.mark.parametrize("estimator", [SyntheticDiD(), SyntheticDiD("synthetic_control"), Efficient()])
def test_weights_chosen_by_the_outcome_have_no_wild_bootstrap_and_no_interval_by_permutation(estimator):
    effects = estimator(made(12, adopted=(4, 4, 6, 6))).overall()
    with pytest.raises(InferenceError, match="chooses its weights by the outcome"):
        infer(effects, WildBootstrap(reps=99, seed=1))
    dealt = infer(effects, Permutation(reps=9, seed=1))
    assert 0 < dealt.p_value[0] <= 1
    assert np.isnan(dealt.interval()).all()
    assert any("no interval" in str(note) for note in dealt.notes)


def test_equal_weights_do_not_depend_on_the_outcome_and_have_both():
    effects = SyntheticDiD("did")(made(12, adopted=(4, 4, 6, 6))).overall()
    for rule in (WildBootstrap(reps=99, seed=1), Permutation(reps=99, seed=1)):
        assert np.isfinite(infer(effects, rule).p_value).all()


def test_weights_chosen_by_the_outcome_are_said_to_be_taken_as_given():
    assert any("three times as often" in str(note) for note in SyntheticDiD()(made(8)).notes)
    assert not SyntheticDiD("did")(made(8)).notes


@pytest.mark.parametrize("view", [None, "overall", "event_study", "cohorts"])
def test_the_default_rule_chooses_the_weights_anew_without_each_cluster(view):
    """Each deviation is the estimate without the cluster less the estimate, times a factor between 0 and 1."""
    effects = SyntheticDiD()(made(14, adopted=(4, 4, 6, 6), clusters=7))
    effects = effects if view is None else getattr(effects, view)()
    anew = effects.estimator.estimates_anew(effects)
    for c in range(7):
        without = effects.again(effects.design.without(c))
        found = dict(zip(without.terms.itertuples(index=False, name=None), without.estimate, strict=True))
        expected = [found.get(key, np.nan) for key in effects.terms.itertuples(index=False, name=None)]
        np.testing.assert_array_equal(anew[c], expected)
    value = effects.fit.bias_reduced(effects).value
    scale = value / (anew - effects.estimate)
    assert ((scale >= 0) & (scale <= 1 + CLOSE)).all()
    given = effects.leave_one_out() - effects.estimate
    assert (value**2).sum() > ((scale * given) ** 2).sum()  # the weights were fitted to the noise
    inference = infer(effects, BiasReduced())
    np.testing.assert_allclose(inference.std_error**2, (value**2).sum(axis=0), rtol=CLOSE)


def test_equal_weights_need_no_choosing_anew():
    effects = SyntheticDiD("did")(made(14, adopted=(4, 4, 6, 6), clusters=7)).overall()
    np.testing.assert_array_equal(effects.estimator.estimates_anew(effects), effects.leave_one_out())


def test_a_wave_of_one_cluster_has_no_standard_error_and_the_others_have():
    effects = SyntheticDiD()(made(15, adopted=(4, 4, 6))).cohorts()
    with pytest.warns(DataWarning, match="One treated cluster stands behind"):
        error = infer(effects, BiasReduced()).std_error
    assert np.isfinite(error).tolist() == [True, False]


def test_the_default_rule_does_not_reject_a_true_null_too_often():
    """8 offices, 4 treated, the worst cell: 0.115 with the weights as given. 200 draws: 0.05 + 3 standard errors."""
    rejected = [
        infer(SyntheticDiD()(pure_noise(seed)).overall(), BiasReduced()).table()["p_value"][0] < 0.05
        for seed in range(200)
    ]
    assert np.mean(rejected) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def pure_noise(seed):
    """Eight units of independent noise with unit effects, four of them treated half-way through 12 periods."""
    design = made(seed, units=8, periods=12, adopted=(6, 6, 6, 6))
    return with_mean(design, np.random.default_rng(seed).normal(size=(8, 12)))


def test_covariates_of_the_panel_that_are_not_used_are_named():
    design = made(13)
    x = np.random.default_rng(1).normal(size=(14, 8, 1))
    design = replace(design, panel=replace(design.panel, covariates=("queue",), x=x))
    assert "covariates not used" in SyntheticDiD()(design)._repr_html_()
    assert GroupTime(controls="never")(design).unused_covariates == ("queue",)
    assert GroupTime(controls="never", adjust=("queue",))(design).unused_covariates == ()
