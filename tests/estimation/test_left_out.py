"""What an estimate is without a cluster is what estimating again without it gives: every estimator, every view."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import (
    BiasReduced,
    Dose,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Saturated,
    Stacked,
    TwoStage,
    TwoWay,
    infer,
)
from tests.estimation.random_designs import again_without, design_of, quietly

SAME = 1e-7  # the same estimate by another way, with matrices that are next to singular among them

ESTIMATORS = [
    GroupTime(),
    GroupTime(controls="never", base="varying"),
    GroupTime(sample="cross_sections"),
    GroupTime(adjust=("size",), method="regression"),
    Imputation(),
    TwoStage(),
    GLSImputation(correlation=0.6, ratio=0.5),
    Saturated(),
    Saturated(controls="never"),
    InteractionWeighted(),
    Stacked(before=2, after=1),
    TwoWay(),
]
VIEWS = ["overall", "event_study", "cohorts", "calendar"]


def make_design(seed, *, missing=0.1, never=4, periods=9):
    rng = np.random.default_rng(seed)
    starts = np.array([3, 3, 5, 5, 6, 6, 6, *[np.inf] * never])
    outcome = rng.normal(size=(len(starts), periods))
    observed = rng.random(outcome.shape) >= missing
    observed[:, :2] = True
    return design_of(outcome, starts, observed=observed, attributes={"size": rng.normal(size=len(starts))})


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), view=st.sampled_from(VIEWS), never=st.sampled_from([0, 4]))
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_property_a_view_without_a_cluster_is_the_view_estimated_again(estimator, seed, view, never):
    design = make_design(seed, never=never)
    try:
        effects = quietly(lambda: getattr(estimator(design), view)())
    except EstimationError:
        return
    np.testing.assert_allclose(effects.leave_one_out(), again_without(effects), atol=SAME)


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife()])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_one_empty_month_in_a_small_wave_takes_no_standard_error_away(estimator, rule):
    rng = np.random.default_rng(0)
    starts = np.array([6, 6, 12, 12, *[np.inf] * 12])
    outcome = rng.normal(size=(16, 24))
    observed = np.ones(outcome.shape, dtype=bool)
    observed[2, 11] = False  # the month before the training of the second wave
    design = design_of(outcome, starts, observed=observed, attributes={"size": rng.normal(size=16)})
    inference = quietly(lambda: rule(estimator(design).overall()))
    assert np.isfinite(inference.std_error).all()


def lone_wave(seed, *, missing=0.1):
    """A wave of one office beside others: without it there is nothing to say of it."""
    rng = np.random.default_rng(seed)
    starts = np.array([3, 3, 5, 6, 6, *[np.inf] * 4])
    outcome = rng.normal(size=(len(starts), 8))
    observed = rng.random(outcome.shape) >= missing
    return design_of(outcome, starts, observed=observed, attributes={"size": rng.normal(size=len(starts))})


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_property_every_term_without_a_cluster_is_the_term_estimated_again(estimator, seed):
    design = lone_wave(seed)
    try:
        effects = quietly(estimator, design)
    except EstimationError:
        return
    expected = np.where(np.isnan(effects.estimate), np.nan, again_without(effects))
    np.testing.assert_allclose(effects.leave_one_out(), expected, atol=SAME)


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife()])
@pytest.mark.parametrize(
    "estimator", [e for e in ESTIMATORS if not isinstance(e, TwoWay | Stacked)], ids=lambda e: e.name
)
def test_the_terms_of_a_wave_of_one_cluster_have_no_standard_error(estimator, rule):
    effects = quietly(estimator, lone_wave(1, missing=0.0))
    inference = quietly(rule, effects)
    label = effects.design.cohort_label(5)
    own = (effects.terms["cohort"].astype(str) == label).to_numpy()
    assert np.isnan(inference.std_error[own]).all()
    assert np.isfinite(inference.std_error[~own & (effects.estimate != 0)]).all()
    assert not any(note.key == "inference.no_variation" for note in inference.notes)


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife()])
def test_a_dose_that_one_cluster_carries_leaves_the_other_doses_their_interval(rule):
    rng = np.random.default_rng(2)
    starts = np.array([3, 3, 3, 3, 5, 5, *[np.inf] * 5])
    observed = np.ones((len(starts), 8), dtype=bool)
    observed[5, 4] = False  # the period before the training of the second office with the highest dose
    dose = np.array([1.0, 1, 1, 1, 2, 2, *[1] * 5])
    design = design_of(rng.normal(size=observed.shape), starts, observed=observed, attributes={"dose": dose})
    inference = quietly(infer, quietly(Dose("dose"), design), rule)
    assert list(np.isfinite(inference.std_error)) == [True, False, False]
    assert "inference.rests_on_clusters" in [note.key for note in inference.notes]


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife()])
def test_a_view_that_is_empty_without_a_cluster_has_no_interval_and_is_no_error(rule):
    starts = np.array([3, 3, *[np.inf] * 5])
    observed = np.ones((len(starts), 8), dtype=bool)
    observed[1, 4] = False
    outcome = np.random.default_rng(2).normal(size=observed.shape)
    events = GroupTime(sample="cross_sections")(design_of(outcome, starts, observed=observed)).event_study(balanced=1)
    inference = quietly(infer, events, rule)
    assert np.isfinite(inference.estimate).all()
    assert "inference.rests_on_clusters" in [note.key for note in inference.notes]
