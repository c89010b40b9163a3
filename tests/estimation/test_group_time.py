"""Properties of group-time effects, and their slow twin: loops over waves, periods and units.

CLOSE 1e-9 relative to outcomes of size one: both sides are sums of a few hundred numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import GroupTime
from tests.estimation.random_designs import quietly, random_design, with_mean

CLOSE = 1e-9

seeds = st.integers(0, 2**32 - 1)
estimators = st.builds(
    GroupTime,
    controls=st.sampled_from(["never", "not_yet"]),
    anticipation=st.sampled_from([0, 1, 2]),
    base=st.sampled_from(["universal", "varying"]),
    sample=st.sampled_from(["pairs", "cross_sections"]),
)


made = partial(random_design, units=16, missing=0.1, weighted=True)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=CLOSE, atol=CLOSE)


def slow(estimator, design, cohort, period):
    """One ATT(g, t), unit by unit."""
    start = design.cohorts[cohort]
    steps = design.panel.timeline.steps
    before = [t for t in range(len(steps)) if steps[t] < start - estimator.anticipation]
    base = before[-1]
    if estimator.base == "varying" and steps[period] < start - estimator.anticipation:
        base = period - 1
    seen, weight, mean = design.panel.observed, design.panel.weight, design.panel.mean
    sums = {side: np.zeros((2, 2)) for side in ("treated", "control")}
    for unit, adopted in enumerate(design.adopted):
        latest = max(steps[period], steps[base]) + estimator.anticipation
        control = np.isinf(adopted) if estimator.controls == "never" else adopted > latest and adopted != start
        side = "treated" if adopted == start else "control" if control else None
        if side is None:
            continue
        if estimator.sample == "pairs" and seen[unit, period] and seen[unit, base]:
            w = weight[unit, base]
            sums[side] += [[w * mean[unit, period], w], [w * mean[unit, base], w]]
        if estimator.sample == "cross_sections":
            for row, t in enumerate((period, base)):
                if seen[unit, t]:
                    sums[side][row] += [weight[unit, t] * mean[unit, t], weight[unit, t]]
    with np.errstate(invalid="ignore"):
        change = {side: s[0, 0] / s[0, 1] - s[1, 0] / s[1, 1] for side, s in sums.items()}
    return change["treated"] - change["control"]


@given(seed=seeds, estimator=estimators)
@settings(max_examples=25, deadline=None)
def test_slow_twin(seed, estimator):
    effects = quietly(estimator, made(seed))
    design = effects.design
    twin = [slow(estimator, design, g, t) for g, t in zip(effects.cells.cohort, effects.cells.period, strict=True)]
    close(effects.estimate, twin)


@given(seed=seeds, estimator=estimators)
@settings(max_examples=15, deadline=None)
def test_influence_of_a_sum_is_the_sum_of_influences(seed, estimator):
    effects = quietly(estimator, made(seed, clusters=8))
    weights = np.random.default_rng(seed).normal(size=(3, len(effects.terms)))
    close(effects.fit.influence_of(weights), np.nan_to_num(effects.influence) @ weights.T)


def test_an_effect_put_in_comes_out():
    design = made(1, missing=0.0)
    steps = design.panel.timeline.steps
    treated = steps[None, :] >= design.adopted[:, None]
    effect = np.where(treated, 2.0 + 0.5 * (steps[None, :] - np.where(treated, design.adopted[:, None], 0)), 0.0)
    design = with_mean(design, effect + np.arange(16)[:, None] + np.arange(6))
    study = GroupTime()(design).event_study()
    expected = np.where(study.terms["event_time"] >= 0, 2.0 + 0.5 * study.terms["event_time"], 0.0)
    close(study.estimate, expected)


def test_a_cohort_counts_by_its_records_when_the_design_does():
    design = replace(made(4, missing=0.3), weights="records")
    sizes = quietly(GroupTime(sample="cross_sections"), design).cells.sizes
    close(sizes.sum(axis=0), [design.panel.weight[design.adopted == step].sum() for step in design.cohorts])


def test_effects_without_control_are_named_and_left_out():
    design = made(2, adopted=(2, 4), missing=0.0)
    effects = GroupTime()(design)
    assert "not estimable" in str(effects.notes[0])
    assert np.isnan(effects.estimate[effects.cells.period >= 4]).all()
    assert np.isfinite(effects.overall().estimate).all()


def test_never_treated_asked_for_but_nobody_is():
    with pytest.raises(EstimationError, match="not_yet"):
        GroupTime(controls="never")(made(2, adopted=(2, 4)))
