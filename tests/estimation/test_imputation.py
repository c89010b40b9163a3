"""Properties of imputation, and its slow twin: dummies on rows, weights of every row by the hat matrix.

CLOSE 1e-8: the twin inverts a larger and worse conditioned matrix.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, EstimationError, InferenceError, InputError
from asn_impact.estimation import BiasReduced, ClusterRobust, infer
from asn_impact.estimation.imputation import Imputation, TwoStage
from asn_impact.estimation.saturated import Saturated
from tests.estimation.random_designs import quietly, random_design, with_mean

CLOSE = 1e-8
GIVEN = ("queue", "staff")
ESTIMATORS = [Imputation(), TwoStage()]
ALL = [*ESTIMATORS, Imputation(covariates=GIVEN), TwoStage(covariates=GIVEN[:1])]


def covariates(rng, shape):
    return np.stack([20 + 5 * rng.normal(size=shape), 3 + rng.normal(size=shape).cumsum(axis=1)], axis=2)


def made(seed, **kinds):
    return random_design(seed, names=GIVEN, x=covariates, **kinds)


def estimable(estimator, design):
    try:
        return quietly(estimator, design)
    except EstimationError:
        assume(False)


class Twin:
    """Rows of a design, the first stage on dummies, and residuals of all rows."""

    def __init__(self, design, covariates=()):
        self.design = design
        self.unit, self.period = np.nonzero(design.panel.observed)
        units, periods = design.panel.mean.shape
        self.x = np.concatenate([self.unit[:, None] == np.arange(units), self.period[:, None] == np.arange(periods)], 1)
        given = [design.panel.x[self.unit, self.period, GIVEN.index(name)] for name in covariates]
        self.x = np.column_stack([self.x.astype(float), *given])
        self.y, self.w = (getattr(design.panel, f)[self.unit, self.period] for f in ("mean", "weight"))
        self.untreated = ~design.treated()[self.unit, self.period]
        z = self.x * self.untreated[:, None]
        self.inverse = np.linalg.pinv(z.T @ (self.w[:, None] * z), rcond=1e-10, hermitian=True)
        self.first_stage = self.inverse @ z.T * self.w  # rows -> effects
        self.residual = self.y - self.x @ (self.first_stage @ self.y)
        span = np.eye(self.x.shape[1]) - np.linalg.pinv(z) @ z
        self.predicted = np.abs(self.x @ span).max(axis=1) < 1e-8

    def member(self, start, period):
        """Weights that sum to one on the rows of a cohort and period."""
        own = (self.design.adopted[self.unit] == start) & (self.period == period) & self.predicted
        total = (own * self.w).sum()
        return own * self.w / total if total > 0 else np.full(len(own), np.nan)

    def weights(self, own):
        """Weights of an average on every row: its own cells, less what their prediction takes from untreated cells."""
        return own - own @ self.x @ self.first_stage

    def by_cluster(self, values):
        cluster = self.design.cluster[self.unit]
        return np.array([values[cluster == c].sum() for c in range(len(self.design.clusters))])


@pytest.mark.parametrize("estimator", ALL, ids=lambda e: e.name)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.35]), clusters=st.sampled_from([None, 5]))
def test_estimate_loadings_and_influence_are_those_of_rows(estimator, seed, missing, clusters):
    design = made(seed, missing=missing, weighted=True, clusters=clusters)
    effects = estimable(estimator, design)
    twin, power = Twin(design, estimator.covariates), {"Imputation": 2, "TwoStage": 1}[type(estimator).__name__]
    loadings, influence = effects.loadings(), effects.influence
    for j, (start, period) in enumerate(zip(effects.fit.start, effects.fit.period, strict=True)):
        own = twin.member(start, period)
        assert np.isnan(own).all() == np.isnan(effects.estimate[j])
        if np.isnan(own).all():
            continue
        weights = twin.weights(own)
        np.testing.assert_allclose(effects.estimate[j], weights @ twin.y, rtol=CLOSE, atol=CLOSE)
        np.testing.assert_allclose(loadings[j][twin.unit, twin.period], weights, rtol=CLOSE, atol=CLOSE)
        mean = np.average(twin.residual, weights=own**power)
        first, second = (weights - own) * twin.residual, own * (twin.residual - mean)
        np.testing.assert_allclose(influence[:, j], twin.by_cluster(first + second), rtol=CLOSE, atol=CLOSE)


def test_the_variance_of_an_average_is_equation_8_of_borusyak_jaravel_and_spiess():
    design = made(5)
    twin = Twin(design)
    own = np.where(twin.untreated, 0.0, 1.0) / (~twin.untreated).sum()
    weights = twin.weights(own)
    key = design.adopted[twin.unit] * 100 + twin.period
    cell_mean = np.array([np.average(twin.residual[key == k], weights=weights[key == k] ** 2) for k in key])
    noise = twin.residual - np.where(twin.untreated, 0.0, cell_mean)
    overall = Imputation()(design).overall()
    np.testing.assert_allclose(overall.estimate, weights @ twin.y, rtol=CLOSE)
    np.testing.assert_allclose(overall.influence[:, 0], twin.by_cluster(weights * noise), rtol=CLOSE, atol=1e-12)


def test_leave_out_compares_a_unit_with_the_other_clusters_of_its_cell():
    design = made(5, units=20)
    twin = Twin(design)
    effects = Imputation(deviation="leave_out")(design)
    for j, (start, period) in enumerate(zip(effects.fit.start, effects.fit.period, strict=True)):
        own = twin.member(start, period)
        cell = np.flatnonzero(own)
        others = np.array([twin.residual[cell[cell != i]].mean() if i in cell else 0.0 for i in range(len(own))])
        noise = (twin.weights(own) - own) * twin.residual + own * (twin.residual - others)
        np.testing.assert_allclose(effects.influence[:, j], twin.by_cluster(noise), rtol=CLOSE, atol=CLOSE)
    larger = infer(effects.overall(), ClusterRobust("CR0")).std_error
    assert larger > infer(Imputation()(design).overall(), ClusterRobust("CR0")).std_error


def test_leave_out_refuses_a_wave_of_one_cluster():
    design = made(5, units=8)
    alone = replace(design, adopted=np.where(np.arange(8) == 1, np.inf, design.adopted))
    effects = Imputation(deviation="leave_out")(alone)
    with pytest.raises(InferenceError, match="two clusters in every wave and period; one alone in wave Mar 2023"):
        infer(effects.overall(), ClusterRobust())


def test_the_variance_of_two_stages_is_that_of_their_moment_conditions():
    design = made(6, clusters=7)
    twin = Twin(design)
    x2 = np.where(twin.untreated, 0.0, 1.0)
    effect = x2 @ twin.residual / x2.sum()
    second = x2 * (twin.residual - x2 * effect)
    first = twin.x * (twin.untreated * twin.residual)[:, None] @ twin.inverse @ (twin.x.T @ x2)
    overall = TwoStage()(design).overall()
    np.testing.assert_allclose(overall.estimate, effect, rtol=CLOSE)
    expected = twin.by_cluster((second - first) / x2.sum())
    np.testing.assert_allclose(overall.influence[:, 0], expected, rtol=CLOSE, atol=1e-12)


def generic_differences(effects):
    """The slow way: estimate again without each cluster."""
    full = effects.loadings()
    difference = np.repeat(-full[None], len(effects.design.clusters), axis=0)
    for c in range(len(difference)):
        rest = effects.design.cluster != c
        try:
            without = quietly(effects.again, effects.design.without(c))
        except EstimationError:
            difference[c] = np.nan
            continue
        keys = [tuple(row) for row in without.terms.itertuples(index=False)]
        found = dict(zip(keys, without.loadings(), strict=True))
        nowhere = np.full(without.design.panel.mean.shape, np.nan)
        rows = effects.terms.itertuples(index=False)
        difference[c][:, rest] += np.stack([found.get(tuple(row), nowhere) for row in rows])
    return difference


@pytest.mark.parametrize("estimator", ALL, ids=lambda e: e.name)
@pytest.mark.parametrize("view", [None, "overall", "event_study", "cohorts", "calendar"])
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.3]), clusters=st.sampled_from([None, 5]))
def test_weights_without_a_cluster_are_those_of_estimating_without_it(estimator, view, seed, missing, clusters):
    effects = estimable(estimator, made(seed, missing=missing, weighted=True, clusters=clusters))
    effects = effects if view is None else getattr(effects, view)()
    gone = np.isnan(effects.leave_one_out())[:, :, None, None]  # an average of terms of which one has gone
    found, expected = effects.fit.differences(effects), np.where(gone, np.nan, generic_differences(effects))
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("estimator", [Imputation(covariates=GIVEN), TwoStage(covariates=GIVEN)], ids=lambda e: e.name)
def test_covariates_may_be_shifted_and_scaled(estimator):
    design = made(4, missing=0.1, weighted=True)
    panel = replace(design.panel, x=design.panel.x * (1000.0, -0.01) + (1e6, 3.0))
    effects, moved = quietly(estimator, design), quietly(estimator, replace(design, panel=panel))
    np.testing.assert_allclose(moved.estimate, effects.estimate, rtol=1e-7)
    np.testing.assert_allclose(moved.influence, effects.influence, rtol=1e-6, atol=1e-8)


def test_an_outcome_that_is_effects_and_a_covariate_is_recovered_exactly():
    design = made(4)
    treated, x = design.treated(), design.panel.x[:, :, 0]
    mean = np.arange(14)[:, None] * 3.0 + np.arange(6) ** 2 + 0.7 * x + np.where(treated, -2.0, 0.0)
    with_it, without = (e(with_mean(design, mean)).overall() for e in (Imputation(covariates=("queue",)), Imputation()))
    np.testing.assert_allclose(with_it.estimate, -2.0, rtol=1e-10)
    assert abs(without.estimate[0] + 2.0) > 0.1
    inference = infer(Imputation(covariates=("queue",))(design).overall(), BiasReduced())
    assert np.isfinite(inference.std_error).all()


def test_a_covariate_constant_within_units_is_left_out_and_said():
    design = made(4)
    constant = np.repeat(design.panel.x[:, :1, :1], 6, axis=1)
    panel = replace(design.panel, x=np.concatenate([constant, design.panel.x[:, :, 1:]], axis=2))
    with pytest.warns(DataWarning, match="left out: 'queue'"):
        effects = Imputation(covariates=GIVEN)(replace(design, panel=panel))
    np.testing.assert_allclose(effects.estimate, Imputation(covariates=("staff",))(design).estimate, rtol=CLOSE)


def test_a_covariate_that_only_training_moves_is_refused():
    design = made(4)
    moved = np.where(design.treated(), design.panel.x[:, :, 0], 5.0)
    panel = replace(design.panel, x=np.stack([moved, design.panel.x[:, :, 1]], axis=2))
    with pytest.raises(EstimationError, match="slope of 'queue' cannot be learnt from untreated cells"):
        TwoStage(covariates=GIVEN)(replace(design, panel=panel))


def test_names_of_covariates_are_checked():
    design = made(4)
    with pytest.raises(EstimationError, match="'que' is not a covariate of the panel"):
        Imputation(covariates=("que",))(design)
    with pytest.raises(InputError, match="Expected a tuple of names"):
        Imputation(covariates="queue")
    assert Imputation(covariates=("queue",))(design).unused_covariates == ("staff",)


def test_cells_without_a_covariate_are_left_out_and_counted():
    design = made(4)
    x = design.panel.x.copy()
    x[3, 2, 0] = np.nan
    with pytest.warns(DataWarning, match="1 cells have no value of 'queue'"):
        effects = Imputation(covariates=("queue",))(replace(design, panel=replace(design.panel, x=x)))
    weight = design.panel.weight.copy()
    weight[3, 2] = 0.0
    rest = Imputation(covariates=("queue",))(replace(design, panel=replace(design.panel, weight=weight)))
    np.testing.assert_array_equal(effects.estimate, rest.estimate)


def varying_inside(design):
    """The design when the records of each cell differ in their covariates."""
    within = np.zeros((*design.panel.mean.shape, 3, 3))
    within[:, :, 1, 1] = 2.0
    n = design.panel.n * 3
    return replace(design, panel=replace(design.panel, n=n, within=within, weight=n))


def test_covariates_that_vary_inside_cells_need_the_records_when_these_count():
    design = varying_inside(made(4))
    with pytest.raises(EstimationError, match="'queue' differs between the records of a cell"):
        Imputation(covariates=("queue",))(replace(design, weights="records"))
    assert np.isfinite(Imputation(covariates=("queue",))(design).estimate).all()
    assert np.isfinite(Imputation(covariates=("staff",))(replace(design, weights="records")).estimate).all()


def test_in_a_balanced_panel_imputation_two_stages_and_saturated_agree():
    design = made(3)
    imputation, two_stage, saturated = (e(design).overall() for e in (Imputation(), TwoStage(), Saturated()))
    np.testing.assert_allclose(two_stage.estimate, imputation.estimate, rtol=CLOSE)
    np.testing.assert_allclose(saturated.estimate, imputation.estimate, rtol=CLOSE)


def test_a_unit_never_seen_untreated_is_left_out_and_counted():
    design = made(3)
    observed = design.panel.observed.copy()
    observed[0] = np.arange(6) >= 2  # of the first wave, which has another unit
    cut = replace(design, panel=replace(design.panel, weight=observed.astype(float), n=observed.astype(float)))
    with pytest.warns(DataWarning, match=r"4 cells cannot be predicted"):
        effects = Imputation()(cut)
    rest = Imputation()(design.where(np.arange(14) != 0))
    np.testing.assert_allclose(effects.estimate, rest.estimate, rtol=CLOSE)


def test_a_period_without_untreated_units_is_not_estimable_and_named():
    design = made(8, adopted=(2, 3, 4))
    effects = Imputation()(design)
    assert re.search(r"not estimable .* \(Mar 2023, May 2023\)", str(effects.notes[0]))
    assert np.isnan(effects.estimate[effects.terms["period"] >= "2023-05"]).all()
    assert np.isfinite(effects.overall().estimate).all()


def test_nobody_to_predict_from_is_refused():
    with pytest.raises(EstimationError, match="no effect is estimable"):
        Imputation()(made(8, adopted=(3,)))


@pytest.mark.slow
def test_fifty_thousand_units_take_a_second_or_two():
    design = made(1, units=50_000, periods=12, adopted=(4, 5, 6, 7, 8, 9, np.inf))
    start = time.perf_counter()
    influence = Imputation()(design).overall().influence
    assert influence.shape == (50_000, 1)
    assert time.perf_counter() - start < 10  # 0.5 s on an idle core
