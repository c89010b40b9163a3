"""What holds for every estimator whose weights do not depend on the outcome, on designs of random numbers.

CLOSE 1e-8: sums in another order, and inverses of matrices that are worse conditioned without a cluster.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, SyntheticDiD, TripleDifference, infer
from asn_impact.estimation.imputation import Imputation, TwoStage
from asn_impact.estimation.saturated import InteractionWeighted, Saturated
from asn_impact.estimation.stacked import Stacked
from tests.estimation.random_designs import again_without, quietly, random_design, with_mean

CLOSE = 1e-8
NAMES = ("queue", "staff", "size")


def covariates(rng, shape):
    """Two that vary within units and one that does not."""
    wandering, size = 3 + rng.normal(size=shape).cumsum(axis=1), rng.normal(size=(shape[0], 1))
    return np.stack([20 + 5 * rng.normal(size=shape), wandering, np.repeat(size, shape[1], axis=1)], axis=2)


def design_for(estimator, seed, **kinds):
    """A design that an estimator can use: twelve offices with two kinds of services for the triple difference."""
    if isinstance(estimator, SyntheticDiD):
        return random_design(seed, periods=8, adopted=(4, 6, np.inf), **(kinds | {"missing": 0.0}))
    design = random_design(seed, units=24, names=NAMES, x=covariates, **kinds)
    if not isinstance(estimator, TripleDifference):
        return design
    start, office = design.adopted[::2], np.repeat(np.arange(12), 2)
    attributes = design.panel.attributes.assign(digital=np.tile([True, False], 12))
    panel = replace(design.panel, attributes=attributes)
    return replace(design, panel=panel, adopted=start[office], cluster=office, clusters=tuple(range(12)))


REGRESSIONS = [
    *(Imputation(), Imputation(covariates=NAMES[:2]), TwoStage(), TwoStage(covariates=NAMES[:1])),
    *(Saturated(), Saturated(controls="never"), InteractionWeighted()),
    *(Saturated(covariates=("size",)), Saturated("never", ("queue",)), GLSImputation(correlation=0.6, ratio=0.5)),
]
COMPARISONS = [
    *(GroupTime(controls=c, base=b) for c in ("never", "not_yet") for b in ("universal", "varying")),
    *(GroupTime(anticipation=1), TripleDifference(third="digital")),
]
POOLED = GroupTime(sample="cross_sections")
ADJUSTED = [GroupTime(adjust=("size",), method=m) for m in ("regression", "ipw", "doubly_robust")]
STACKED = [Stacked(before=1, after=1), Stacked(before=1, after=1, terms="event_time")]
SYNTHETIC = [SyntheticDiD(kind) for kind in ("synthetic_did", "synthetic_control", "did")]
FIXED = [*REGRESSIONS, *COMPARISONS, POOLED, *STACKED]
drawn = {
    "seed": st.integers(0, 10**6),
    "missing": st.sampled_from([0.0, 0.25]),
    "clusters": st.sampled_from([None, 7]),
}


def every(estimators):
    return pytest.mark.parametrize("estimator", estimators, ids=lambda e: f"{e.name}{getattr(e, 'terms', '')}")


def estimable(estimator, design):
    try:
        return quietly(estimator, design)
    except EstimationError:
        assume(False)


def views(effects):
    """The effects, their overall, and the event study."""
    yield effects
    for view in (effects.overall, effects.event_study):
        try:
            yield quietly(view)
        except EstimationError:
            continue


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=CLOSE, atol=CLOSE)


@every([*FIXED, *ADJUSTED, *SYNTHETIC])
@settings(max_examples=5, deadline=None)
@given(**drawn)
def test_estimates_are_loadings_times_cell_means(estimator, seed, missing, clusters):
    design = design_for(estimator, seed, missing=missing, clusters=clusters, weighted=True)
    for effects in views(estimable(estimator, design)):
        known = np.isfinite(effects.estimate)
        product = (effects.loadings() * np.nan_to_num(effects.design.panel.mean)).sum(axis=(1, 2))
        close(product[known], effects.estimate[known])


@every([*FIXED, *ADJUSTED])
@settings(max_examples=3, deadline=None)  # on other designs: test_left_out, test_overall, test_saturated, test_balanced
@given(**drawn)
def test_leaving_a_cluster_out_is_estimating_without_it(estimator, seed, missing, clusters):
    design = design_for(estimator, seed, missing=missing, clusters=clusters, weighted=True)
    effects = estimable(estimator, design)
    deleted, again = effects.leave_one_out(), again_without(effects)
    if "event_time" in effects.terms:  # where no effect is left, leads may be
        leads = effects.terms["event_time"].to_numpy() < 0
        again = np.where(np.isnan(again).all(axis=1, keepdims=True) & leads, deleted, again)
    again[:, np.isnan(effects.estimate)] = np.nan  # with covariates a term may be to be had without a cluster alone
    close(deleted, again)


@every([*FIXED, *ADJUSTED, *SYNTHETIC])
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), missing=drawn["missing"])
def test_neither_order_nor_names_of_units_count(estimator, seed, missing):
    design = design_for(estimator, seed, missing=missing, clusters=7, weighted=True)
    order = np.random.default_rng(seed).permutation(len(design.adopted))
    panel = design.panel.select(order)
    panel = replace(panel, units=tuple(f"office {u}" for u in panel.units))
    moved = replace(design, panel=panel, adopted=design.adopted[order], cluster=design.cluster[order])
    here, there = estimable(estimator, design), quietly(estimator, moved)
    tolerance = 1e-6 if isinstance(estimator, SyntheticDiD) else CLOSE  # of the solver
    np.testing.assert_allclose(there.estimate, here.estimate, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(there.influence, here.influence, rtol=tolerance, atol=tolerance)


@every([*FIXED, *ADJUSTED])
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), missing=drawn["missing"], scale=st.sampled_from([-70.0, 0.02, 3.0]))
def test_shocks_of_units_and_of_periods_move_nothing_and_scale_scales(estimator, seed, missing, scale):
    design, rng = design_for(estimator, seed, missing=missing, weighted=True), np.random.default_rng(seed)
    units, periods = design.panel.mean.shape
    shock = 10 * rng.normal(size=(1, periods)) + (estimator != POOLED) * 10 * rng.normal(size=(units, 1))
    here = estimable(estimator, design)
    there = quietly(estimator, with_mean(design, scale * design.panel.mean + shock))
    size = 1 + abs(scale)
    np.testing.assert_allclose(there.estimate, scale * here.estimate, rtol=CLOSE, atol=CLOSE * size)
    if estimator not in STACKED:  # to whose published variance period effects are noise
        np.testing.assert_allclose(there.influence, scale * here.influence, rtol=CLOSE, atol=CLOSE * size)


@every([*REGRESSIONS, *COMPARISONS, STACKED[0]])
def test_bias_reduced_inference_works_on_every_view(estimator):
    effects = quietly(estimator, design_for(estimator, 5, clusters=7))
    several = [] if estimator in STACKED else [effects.cohorts(), effects.calendar()]
    for view in (effects.overall(), effects.event_study(), *several):
        assert np.isfinite(quietly(infer, view, BiasReduced()).std_error).all()
