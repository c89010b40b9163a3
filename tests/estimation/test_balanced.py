"""A balanced event study compares the same cohorts at every time since adoption."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import GLSImputation, GroupTime, Imputation, InteractionWeighted, Saturated
from tests.estimation.random_designs import design_of, quietly

SAME = 1e-8  # the same estimate by another way
ESTIMATORS = [GroupTime(), Imputation(), Saturated(), InteractionWeighted(), GLSImputation(correlation=0.5, ratio=1.0)]


def waves(effects_by_wave, *, units=4, periods=5, never=0):
    """Units in waves with a constant effect each."""
    starts = np.repeat(
        [*effects_by_wave, *[np.inf] * bool(never)], [units] * len(effects_by_wave) + [never] * bool(never)
    )
    size = np.array([effects_by_wave.get(start, 0.0) for start in starts])
    outcome = np.where(np.arange(periods)[None, :] >= starts[:, None], size[:, None], 0.0)
    return outcome, starts


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_without_never_treated_units_the_same_waves_stand_at_every_time(estimator):
    outcome, starts = waves({2: 1.0, 3: 10.0, 4: 100.0})
    effects = quietly(estimator, design_of(outcome, starts)).event_study(balanced=1)
    after = effects.terms["event_time"].to_numpy() >= 0
    np.testing.assert_allclose(effects.estimate[after], [1.0, 1.0], atol=SAME)
    assert any(note.key == "estimation.balanced_waves" for note in effects.notes)


def test_a_wave_without_one_of_the_effects_leaves_all_times():
    outcome, starts = waves({2: 1.0, 3: 10.0}, periods=8, never=3)
    observed = np.ones(outcome.shape, dtype=bool)
    observed[4:8, 4] = False  # the second wave is not seen one step after adoption
    effects = quietly(GroupTime(), design_of(outcome, starts, observed=observed)).event_study(balanced=2)
    np.testing.assert_allclose(effects.estimate[effects.terms["event_time"] >= 0], 1.0, atol=SAME)


def test_what_no_wave_has_is_refused():
    outcome, starts = waves({2: 1.0, 3: 10.0})
    with pytest.raises(EstimationError, match="No group-time effect is estimable for the EventStudy view"):
        quietly(GroupTime(), design_of(outcome, starts)).event_study(balanced=2)


@settings(max_examples=14)
@given(seed=st.integers(0, 10_000), steps=st.integers(0, 3), never=st.sampled_from([0, 2]))
@pytest.mark.parametrize("estimator", ESTIMATORS[:4], ids=lambda e: type(e).__name__)
def test_property_cohorts_are_the_same_and_a_cluster_left_out_is_estimating_again(estimator, seed, steps, never):
    rng = np.random.default_rng(seed)
    starts = np.array([2, 2, 2, 4, 4, 4, 6, 6, 6, *[np.inf] * never], dtype=float)
    outcome = rng.normal(size=(len(starts), 9))
    design = design_of(outcome, starts, observed=rng.random(outcome.shape) > 0.12)
    try:
        effects = quietly(lambda: estimator(design).event_study(balanced=steps))
    except EstimationError:
        return
    after = effects.terms["event_time"].to_numpy() >= 0
    members = effects.members(effects.cells)[after]
    standing = {tuple(sorted(set(effects.cells.cohort[row]))) for row in members}
    assert len(standing) == 1
    without = effects.leave_one_out()
    for c in range(len(starts)):
        try:
            again = quietly(effects.again, design.without(c))
        except EstimationError:
            continue
        there = dict(zip(again.terms["event_time"], again.estimate, strict=True))
        for j, time in enumerate(effects.terms["event_time"]):
            if time >= 0:
                np.testing.assert_allclose(without[c, j], there.get(time, np.nan), atol=SAME)
