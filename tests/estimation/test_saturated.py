"""Properties of regressions by cohort and period, and their slow twin: every dummy written out, least squares on rows.

CLOSE 1e-8: the twin inverts a larger and worse conditioned matrix.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, EstimationError, InputError
from asn_impact.estimation import BiasReduced, ClusterRobust, GroupTime, infer
from asn_impact.estimation.cohort_regression import CohortRegression
from asn_impact.estimation.saturated import InteractionWeighted, Saturated
from tests.estimation.random_designs import aligned, quietly, random_design, with_mean

CLOSE = 1e-8
GIVEN = ("queue", "size")
ESTIMATORS = [Saturated(), Saturated(controls="never"), InteractionWeighted()]
WITH_COVARIATES = [Saturated(covariates=("size",)), Saturated("never", ("queue",)), Saturated(covariates=GIVEN)]


def covariates(rng, shape):
    size = np.repeat(rng.normal(size=(shape[0], 1)), shape[1], axis=1)
    return np.stack([20 + 5 * rng.normal(size=shape), 40 + 7 * size], axis=2)


def made(seed, **kinds):
    return random_design(seed, names=GIVEN, x=covariates, **kinds)


def rows_of(fit):
    """(N, q) regressors, (k, q) the effects as sums of coefficients, outcome, weight and cluster of the rows."""
    unit, period = np.nonzero(fit._weight > 0)
    weight = fit._weight[unit, period]
    own = (fit.design.adopted[unit][:, None] == fit.start) & (period[:, None] == fit.period)
    of_unit, of_period = unit[:, None] == np.arange(len(fit.design.adopted)), period[:, None] == np.arange(6)
    wave = fit.design.adopted[unit][:, None] == np.unique(fit.design.adopted)
    columns, contrast = [own, of_unit, of_period], [np.eye(len(fit.start)), np.zeros((len(fit.start), 14 + 6))]
    for name in fit.covariates:
        x = fit.design.panel.x[unit, period, GIVEN.index(name)]
        x = (x - x.mean()) / x.std()
        based = np.isin(unit, unit[~own.any(axis=1)])  # seen outside the dummies
        size = (own * (based * weight)[:, None]).sum(axis=0)
        mean = ((own * (based * weight)[:, None]).T @ x) / np.where(size > 0, size, 1.0)
        columns += [own * x[:, None], of_period * x[:, None], wave * x[:, None]]
        contrast += [np.diag(mean), np.zeros((len(mean), 6 + wave.shape[1]))]
    stacked = np.concatenate(columns, axis=1).astype(float)
    clusters = fit.design.cluster[unit]
    return stacked, np.concatenate(contrast, axis=1), fit.design.panel.mean[unit, period], weight, clusters


def twin(fit):
    """Effects, influence by cluster, and which effects are identified, from the rows."""
    columns, contrast, outcome, weight, cluster = rows_of(fit)
    root = np.sqrt(weight)[:, None]
    inverse = np.linalg.pinv((columns * root).T @ (columns * root), rcond=1e-10, hermitian=True)
    coefficients = inverse @ columns.T @ (weight * outcome)
    score = columns * (weight * (outcome - columns @ coefficients))[:, None] @ inverse @ contrast.T
    influence = np.stack([score[cluster == c].sum(axis=0) for c in range(len(fit.design.clusters))])
    seen = contrast @ np.linalg.pinv(columns, rcond=1e-9) @ columns
    known = np.abs(seen - contrast).max(axis=1) < 1e-6
    return contrast @ coefficients, influence, known & (based_weight(fit) > 0)


def based_weight(fit):
    """(k,) weight of the cells whose unit is also seen outside the dummies of its cohort; with covariates it counts."""
    weight, weights = fit._weight, []
    dummies = {(start, period) for start, period in zip(fit.start, fit.period, strict=True)}
    for start, period in zip(fit.start, fit.period, strict=True):
        units = np.flatnonzero((fit.design.adopted == start) & (weight[:, period] > 0))
        based = [u for u in units if any(weight[u, t] > 0 and (start, t) not in dummies for t in range(6))]
        weights.append(weight[based, period].sum())
    return np.array(weights) if fit.covariates else np.ones(len(fit.start))


@pytest.mark.parametrize("estimator", [*ESTIMATORS, *WITH_COVARIATES], ids=lambda e: e.name)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.3]), clusters=st.sampled_from([None, 5]))
def test_estimate_and_influence_are_those_of_least_squares_on_rows(estimator, seed, missing, clusters):
    design = made(seed, missing=missing, weighted=True, clusters=clusters)
    try:
        effects = quietly(estimator, design)
    except EstimationError:
        assume(False)
    coefficients, influence, known = twin(effects.fit)
    np.testing.assert_array_equal(np.isfinite(effects.estimate), known)
    np.testing.assert_allclose(effects.estimate[known], coefficients[known], rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(effects.influence[:, known], influence[:, known], rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, WITH_COVARIATES[0]], ids=lambda e: e.name)
@pytest.mark.parametrize("view", ["overall", "event_study", "cohorts", "calendar"])
def test_views_without_a_cluster_are_views_of_the_rest(estimator, view):
    design = made(4, clusters=7, weighted=True)
    effects = getattr(quietly(estimator, design), view)()
    deleted = effects.leave_one_out()
    for cluster in range(7):
        again = aligned(effects, quietly(effects.again, design.without(cluster)))
        np.testing.assert_allclose(deleted[cluster], again, rtol=CLOSE, atol=CLOSE)


def test_a_large_level_costs_no_digits():
    design = made(2)
    effects, lifted = Saturated()(design), Saturated()(with_mean(design, design.panel.mean + 2.0**20))
    np.testing.assert_allclose(lifted.estimate, effects.estimate, rtol=1e-8)


def test_with_never_treated_controls_a_balanced_panel_gives_group_time_effects():
    design = made(5)
    saturated, group_time = Saturated(controls="never")(design), GroupTime(controls="never")(design)
    np.testing.assert_allclose(saturated.estimate, group_time.estimate, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(saturated.influence, group_time.influence, rtol=CLOSE, atol=CLOSE)


def without_each_cluster(effects):
    """Weights without each cluster less those with all, the slow way: estimated again."""
    difference = np.repeat(-effects.loadings()[None], len(effects.design.clusters), axis=0)
    for c in range(len(difference)):
        rest = effects.design.cluster != c
        try:
            without = quietly(effects.again, effects.design.without(c))
        except EstimationError:
            difference[c] = effects.fit.differences(effects)[c]  # no effect is left to compare, at most leads
            continue
        keys = [tuple(row) for row in without.terms.itertuples(index=False)]
        found = dict(zip(keys, without.loadings(), strict=True))
        nowhere = np.full(without.design.panel.mean.shape, np.nan)
        rows = effects.terms.itertuples(index=False)
        difference[c][:, rest] += np.stack([found.get(tuple(row), nowhere) for row in rows])
    return difference


def gains_terms(effects):
    """Whether a term that all clusters together do not identify is to be had without one: with covariates it may be."""
    whole = quietly(effects.estimator, effects.design)
    for c in range(len(effects.design.clusters)):
        try:
            without = aligned(whole, quietly(effects.estimator, effects.design.without(c)))
        except EstimationError:
            continue
        if (np.isnan(whole.estimate) & np.isfinite(without)).any():
            return True
    return False


@pytest.mark.parametrize("estimator", [*ESTIMATORS, *WITH_COVARIATES[:2]], ids=lambda e: e.name)
@settings(max_examples=3, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.3]), clusters=st.sampled_from([None, 5]))
def test_weights_without_a_cluster_are_those_of_estimating_without_it(estimator, seed, missing, clusters):
    try:
        terms = quietly(estimator, made(seed, missing=missing, weighted=True, clusters=clusters))
    except EstimationError:
        assume(False)
    assume(not gains_terms(terms))
    for effects in (terms, terms.overall(), terms.event_study(), terms.cohorts(), terms.calendar()):
        gone = np.isnan(effects.leave_one_out())[:, :, None, None]  # an average of terms of which one has gone
        expected = np.where(gone, np.nan, without_each_cluster(effects))
        size = np.max(np.nan_to_num(np.abs(expected)), initial=1.0)
        assume(size < 1000)  # where a slope hangs on next to nothing both ways rest on the last digits
        reach = size * (1e-6 if getattr(estimator, "covariates", ()) else CLOSE)  # slopes square the cells' condition
        np.testing.assert_allclose(effects.fit.differences(effects), expected, rtol=CLOSE, atol=reach)


def test_weights_without_a_cluster_that_nearly_carries_a_slope_are_estimated_again():
    """Without one of two units a cohort's slope hangs on next to nothing: the closed form lost eight digits."""
    effects = quietly(Saturated("not_yet", ("size",)), made(128, weighted=True)).calendar()
    np.testing.assert_allclose(effects.fit.differences(effects), without_each_cluster(effects), rtol=CLOSE, atol=CLOSE)


def test_weights_without_a_cluster_where_the_last_wave_compares():
    effects = quietly(InteractionWeighted(), made(6, adopted=(2, 3, 5))).overall()
    np.testing.assert_allclose(effects.fit.differences(effects), without_each_cluster(effects), rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("controls", ["not_yet", "never"])
def test_with_a_covariate_constant_over_time_statsmodels_gives_the_same(controls):
    """One regression of all dummies and slopes on rows, by statsmodels, with its clustered standard errors."""
    sm = pytest.importorskip("statsmodels.api")
    effects = Saturated(controls, ("size",))(made(12, units=40, weighted=True))
    design, fit = effects.design, effects.fit
    unit, period = (index.ravel() for index in np.indices(design.panel.mean.shape))
    x = design.panel.x[unit, period, 1]
    own = ((design.adopted[unit][:, None] == fit.start) & (period[:, None] == fit.period)).astype(float)
    weight = design.panel.weight[unit, period]
    mean = (own * (weight * x)[:, None]).sum(axis=0) / (own * weight[:, None]).sum(axis=0)
    of_unit, of_period = pd.get_dummies(unit, dtype=float), pd.get_dummies(period, dtype=float).iloc[:, 1:]
    slopes = of_period.mul(x, axis=0)  # the slope of the first period lies in the unit effects
    columns = np.column_stack([own, own * (x[:, None] - mean), of_unit, of_period, slopes])
    rows = sm.WLS(design.panel.mean[unit, period], columns, weights=weight)
    rows = rows.fit(cov_type="cluster", cov_kwds={"groups": unit, "use_correction": False})
    k = len(fit.start)
    np.testing.assert_allclose(effects.estimate, rows.params[:k], rtol=CLOSE)
    np.testing.assert_allclose(infer(effects, ClusterRobust("CR0")).std_error, rows.bse[:k], rtol=1e-7)


def test_an_effect_that_depends_on_a_covariate_is_its_mean_over_the_treated():
    design = made(1)
    size = design.panel.x[:, :, 1]
    mean = np.arange(14)[:, None] * 7.0 + np.arange(6) ** 2 + 0.3 * size * np.arange(6)
    effect = np.where(design.treated(), -2.0 - 0.1 * size, 0.0)
    effects = Saturated(covariates=("size",))(with_mean(design, mean + effect))
    for estimate, start, period in zip(effects.estimate, effects.fit.start, effects.fit.period, strict=True):
        own = design.adopted == start
        assert estimate == pytest.approx(effect[own, period].mean(), rel=1e-9)
    for view in (effects.overall(), effects.event_study(), effects.cohorts(), effects.calendar()):
        assert np.isfinite(infer(view, BiasReduced()).std_error).all()


def test_covariates_of_saturated_may_be_shifted_and_scaled():
    design = made(4, units=40, weighted=True)
    panel = replace(design.panel, x=design.panel.x * (-100.0, 0.01) + (1e5, 3.0))
    given = Saturated(covariates=("queue", "size"))
    effects, moved = given(design), given(replace(design, panel=panel))
    np.testing.assert_allclose(moved.estimate, effects.estimate, rtol=1e-7)
    np.testing.assert_allclose(moved.influence, effects.influence, rtol=1e-6, atol=1e-8)


def test_a_covariate_that_is_the_treatment_leaves_nothing_to_estimate():
    design = made(4)
    panel = replace(design.panel, x=np.repeat(design.treated()[:, :, None].astype(float), 2, axis=2))
    with pytest.raises(EstimationError, match="the covariates explain"):
        Saturated(covariates=("queue",))(replace(design, panel=panel))


def test_covariates_of_saturated_that_vary_inside_cells_need_the_records_when_these_count():
    design = made(4)
    within = np.zeros((14, 6, 3, 3))
    within[:, :, 1, 1] = 2.0
    panel = replace(design.panel, n=design.panel.n * 3, within=within)
    with pytest.raises(EstimationError, match="'queue' differs between the records of a cell"):
        Saturated(covariates=("queue",))(replace(design, panel=panel, weights="records"))
    assert np.isfinite(Saturated(covariates=("queue",))(replace(design, panel=panel)).overall().estimate).all()
    with pytest.raises(InputError, match="Expected a tuple of names"):
        Saturated(covariates="queue")


def test_interaction_weighted_is_saturated_with_never_treated_controls():
    design = made(5, missing=0.1, weighted=True)
    one, other = quietly(InteractionWeighted(), design), quietly(Saturated(controls="never"), design)
    np.testing.assert_array_equal(one.estimate, other.estimate)


def test_without_never_treated_the_last_wave_compares_over_the_periods_before_it():
    design = made(6, adopted=(2, 3, 5))
    with pytest.warns(DataWarning, match="compared with the last wave"):
        effects = InteractionWeighted()(design)
    assert set(effects.terms["cohort"]) == {"2023-03", "2023-04"}
    assert effects.terms["period"].max() == "2023-05"
    cut = replace(design.panel, weight=np.where(np.arange(6) < 5, design.panel.weight, 0.0))
    never = replace(design, panel=cut, adopted=np.where(design.adopted == 5, np.inf, design.adopted))
    expected = quietly(InteractionWeighted(), never)
    known = np.isfinite(expected.estimate)
    np.testing.assert_allclose(effects.estimate, expected.estimate[known], rtol=CLOSE)


def test_an_effect_by_cohort_and_period_is_found_exactly_where_there_is_no_noise():
    design = made(1, missing=0.1)
    truth = 100 * design.adopted[:, None] + np.arange(6)
    mean = np.arange(14)[:, None] * 7.0 + np.arange(6) ** 2
    mean = np.where(design.treated(), mean + np.where(design.treated(), truth, 0), mean)
    effects = quietly(Saturated(), with_mean(design, np.where(design.panel.observed, mean, np.nan)))
    steps = effects.fit.start * 100 + effects.fit.period
    known = np.isfinite(effects.estimate)
    assert known.sum() > 5
    np.testing.assert_allclose(effects.estimate[known], steps[known], rtol=1e-10)


def test_a_period_without_untreated_units_is_not_estimable_and_named():
    design = made(8, adopted=(2, 3, 4))
    effects = Saturated()(design)
    assert re.search(r"not estimable .* \(Mar 2023, May 2023\)", str(effects.notes[0]))
    late = effects.terms["period"] >= "2023-05"
    assert np.isnan(effects.estimate[late]).all()
    assert np.isfinite(effects.estimate[~late]).all()
    assert np.isfinite(effects.overall().estimate).all()
    assert np.isnan(effects.influence[:, late]).all()


def test_never_treated_controls_need_a_never_treated_unit():
    with pytest.raises(EstimationError, match="every unit is treated in the window"):
        Saturated(controls="never")(made(8, adopted=(2, 3, 4)))


def test_one_wave_and_nobody_else_is_refused():
    design = made(8, adopted=(3,))
    with pytest.raises(EstimationError, match="nobody to compare them with"):
        InteractionWeighted()(design)
    with pytest.raises(EstimationError, match="no effect is estimable"):
        Saturated()(design)


def test_the_variance_of_a_view_takes_cohort_sizes_as_given():
    design = made(5)
    effects = Saturated()(design)
    weights = design.adopted[:, None] == effects.fit.start
    share = weights.sum(axis=0) / weights.sum()
    np.testing.assert_allclose(effects.overall().estimate, effects.estimate @ share, rtol=CLOSE)
    np.testing.assert_allclose(effects.overall().influence[:, 0], effects.influence @ share, rtol=CLOSE, atol=1e-12)


def test_records_count_as_observations_in_the_small_sample_factor():
    design = made(5)
    fit = CohortRegression(design, np.array([2.0]), np.array([4]))
    many = replace(design, weights="records", panel=replace(design.panel, n=design.panel.n * 10))
    assert fit.correction == pytest.approx((84 - 1) / (84 - 1 - 6))
    assert replace(fit, design=many).correction == pytest.approx((840 - 1) / (840 - 1 - 6))
    assert infer(Saturated()(design).overall(), ClusterRobust()).std_error[0] > 0
