"""Properties of regressions by cohort and period, and their slow twin: every dummy written out, least squares on rows.

CLOSE 1e-8: the twin inverts a larger and worse conditioned matrix.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError
from asn_impact.estimation import BiasReduced, ClusterRobust, GroupTime, infer
from asn_impact.estimation.saturated import CohortRegression, InteractionWeighted, Saturated
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

CLOSE = 1e-8
ESTIMATORS = [Saturated(), Saturated(controls="never"), InteractionWeighted()]


def made(seed, *, units=14, periods=6, clusters=None, missing=0.0, weighted=False, adopted=(2, 3, 4, np.inf)):
    """A design of random numbers."""
    rng = np.random.default_rng(seed)
    start = np.concatenate([np.repeat(adopted, 2), rng.choice(adopted, units - 2 * len(adopted))])
    observed = rng.random((units, periods)) >= missing
    weight = rng.uniform(0.5, 2, (units, periods)) if weighted else np.ones((units, periods))
    outcome = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) + 0.5 * np.arange(periods)
    panel = Panel(
        outcome=Mean("days"),
        units=tuple(range(units)),
        timeline=Timeline.months(np.arange(24276, 24276 + periods)),
        n=observed.astype(float),
        mean=np.where(observed, outcome, np.nan),
        weight=np.where(observed, weight, 0.0),
        attributes=pd.DataFrame({"office": np.arange(units)}),
    )
    cluster = np.arange(units) if clusters is None else np.arange(units) % clusters
    return Design(panel, start, cluster, tuple(range(cluster.max() + 1)), "office")


def quietly(estimator, design):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return estimator(design)


def with_mean(design, mean):
    return replace(design, panel=replace(design.panel, mean=mean))


def aligned(effects, other):
    """Estimates of other effects in the order of the terms; NaN where a term has gone."""
    keys = [tuple(row) for row in other.terms.itertuples(index=False)]
    found = dict(zip(keys, other.estimate, strict=True))
    return np.array([found.get(tuple(row), np.nan) for row in effects.terms.itertuples(index=False)])


def rows_of(fit):
    """(N, k + U + T) dummies, outcome, weight and cluster of the rows of a regression."""
    unit, period = np.nonzero(fit._weight > 0)
    own = (fit.design.adopted[unit][:, None] == fit.start) & (period[:, None] == fit.period)
    effects = [unit[:, None] == np.arange(len(fit.design.adopted)), period[:, None] == np.arange(fit._weight.shape[1])]
    columns = np.concatenate([own, *effects], axis=1).astype(float)
    return columns, fit.design.panel.mean[unit, period], fit._weight[unit, period], fit.design.cluster[unit]


def twin(fit):
    """Coefficients, influence by cluster, and which coefficients are identified, from the rows."""
    columns, outcome, weight, cluster = rows_of(fit)
    root, k = np.sqrt(weight)[:, None], len(fit.start)
    inverse = np.linalg.pinv((columns * root).T @ (columns * root), rcond=1e-10, hermitian=True)
    coefficients = inverse @ columns.T @ (weight * outcome)
    score = columns * (weight * (outcome - columns @ coefficients))[:, None] @ inverse
    influence = np.stack([score[cluster == c].sum(axis=0) for c in range(len(fit.design.clusters))])
    rank = np.linalg.matrix_rank(columns)
    known = np.array([np.linalg.matrix_rank(np.delete(columns, j, axis=1)) < rank for j in range(k)])
    return coefficients[:k], influence[:, :k], known


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
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


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.3]), clusters=st.sampled_from([None, 5]))
def test_leaving_a_cluster_out_is_estimating_without_it(estimator, seed, missing, clusters):
    design = made(seed, missing=missing, weighted=True, clusters=clusters)
    try:
        effects = quietly(estimator, design)
    except EstimationError:
        assume(False)
    deleted = effects.leave_one_out()
    for cluster in range(len(design.clusters)):
        try:
            again = aligned(effects, quietly(effects.again, design.without(cluster)))
        except EstimationError:
            again = np.full(len(effects.terms), np.nan)
        np.testing.assert_allclose(deleted[cluster], again, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
@pytest.mark.parametrize("view", ["overall", "event_study", "cohorts", "calendar"])
def test_views_without_a_cluster_are_views_of_the_rest(estimator, view):
    design = made(4, clusters=7, weighted=True)
    effects = getattr(quietly(estimator, design), view)()
    deleted = effects.leave_one_out()
    for cluster in range(7):
        again = aligned(effects, quietly(effects.again, design.without(cluster)))
        np.testing.assert_allclose(deleted[cluster], again, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_estimates_are_loadings_times_cell_means(estimator, missing):
    design = made(3, missing=missing, weighted=True)
    effects = quietly(estimator, design)
    for each in (effects, effects.overall(), effects.event_study()):
        product = (each.loadings() * np.nan_to_num(design.panel.mean)).sum(axis=(1, 2))
        np.testing.assert_allclose(product, each.estimate, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_unit_and_period_effects_move_nothing_and_scale_scales(estimator, seed):
    design = made(7, missing=0.1, weighted=True)
    rng = np.random.default_rng(seed)
    shift = rng.normal(size=(14, 1)) * 10 + rng.normal(size=(1, 6)) * 10
    effects = quietly(estimator, design)
    shifted = quietly(estimator, with_mean(design, 3 * design.panel.mean + shift))
    np.testing.assert_allclose(shifted.estimate, 3 * effects.estimate, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(shifted.influence, 3 * effects.influence, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(14)))
def test_order_and_names_of_units_do_not_matter(estimator, order):
    design = made(9, missing=0.1, weighted=True)
    order = np.array(order)
    panel = design.panel.select(order)
    shuffled = replace(
        design,
        panel=replace(panel, units=tuple(f"office {u}" for u in panel.units)),
        adopted=design.adopted[order],
    )
    effects, other = quietly(estimator, design), quietly(estimator, shuffled)
    np.testing.assert_allclose(other.estimate, effects.estimate, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(other.influence, effects.influence[order], rtol=CLOSE, atol=CLOSE)


def test_a_large_level_costs_no_digits():
    design = made(2)
    effects, lifted = Saturated()(design), Saturated()(with_mean(design, design.panel.mean + 2.0**20))
    np.testing.assert_allclose(lifted.estimate, effects.estimate, rtol=1e-8)


def test_with_never_treated_controls_a_balanced_panel_gives_group_time_effects():
    design = made(5)
    saturated, group_time = Saturated(controls="never")(design), GroupTime(controls="never")(design)
    np.testing.assert_allclose(saturated.estimate, group_time.estimate, rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(saturated.influence, group_time.influence, rtol=CLOSE, atol=CLOSE)


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
    with pytest.warns(DataWarning, match=r"not estimable .* \(2023-03, 2023-05\)"):
        effects = Saturated()(design)
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


def test_bias_reduced_inference_works_on_every_view():
    effects = Saturated(controls="never")(made(5, clusters=7))
    for view in (effects.overall(), effects.event_study(), effects.cohorts(), effects.calendar()):
        answer = infer(view, BiasReduced())
        assert np.isfinite(answer.std_error).all()
    assert repr(effects.overall()).startswith("Effects(Saturated two-way effects")


def test_records_count_as_observations_in_the_small_sample_factor():
    design = made(5)
    fit = CohortRegression(design, np.array([2.0]), np.array([4]))
    many = replace(design, weights="records", panel=replace(design.panel, n=design.panel.n * 10))
    assert fit.correction == pytest.approx((84 - 1) / (84 - 1 - 6))
    assert replace(fit, design=many).correction == pytest.approx((840 - 1) / (840 - 1 - 6))
    assert infer(Saturated()(design).overall(), ClusterRobust()).std_error[0] > 0
