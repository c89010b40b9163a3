"""The overall of waves, of times since adoption, of periods: one number, whatever asks for it."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError, InputError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Multiplier,
    Permutation,
    Saturated,
    Simultaneous,
    Stacked,
    TwoStage,
    TwoWay,
    WildBootstrap,
)
from asn_impact.estimation.fit import Fit, contributions_of, two_groups
from asn_impact.estimation.views import Calendar, Cohorts, EventStudy, Overall
from tests.estimation.random_designs import design_of, quietly, with_mean

SAME = 1e-8  # the same number by another way
SLOPE = 1e-5  # of a difference quotient
AGAIN = 1e-7  # estimated again, with matrices that are next to singular among them

VIEWS = [Cohorts(), EventStudy(), EventStudy(last=2), EventStudy(balanced=1), EventStudy(first=1, last=3), Calendar()]
ESTIMATORS = [
    GroupTime(),
    GroupTime(controls="never", base="varying"),
    GroupTime(sample="cross_sections"),
    GroupTime(adjust=("size",), method="regression"),
    Imputation(),
    TwoStage(),
    GLSImputation(correlation=0.6, ratio=0.5),
    Saturated(),
    InteractionWeighted(),
]
RULES = [
    BiasReduced(),
    Jackknife(),
    ClusterRobust(),
    Multiplier(seed=1, reps=199),
    WildBootstrap(seed=1, reps=49),
    Permutation(seed=1, reps=39),
    Simultaneous(reps=199, seed=1),
]
named = {"ids": lambda one: one.name if hasattr(one, "name") else repr(one)}


def make_design(seed, *, missing=0.1, never=4, periods=9):
    rng = np.random.default_rng(seed)
    starts = np.array([3, 3, 5, 5, 5, 6, 6, 6, 6, *[np.inf] * never])
    outcome = rng.normal(size=(len(starts), periods))
    observed = rng.random(outcome.shape) >= missing
    observed[:, :2] = True
    weight = rng.uniform(0.5, 2.0, outcome.shape)
    return design_of(
        outcome, starts, observed=observed, weight=weight, attributes={"size": rng.normal(size=len(starts))}
    )


def mean_by_hand(effects, view):
    """The mean of the numbers of a view after adoption: of waves by their size, of others alike."""
    averaged = effects.average_by(view)
    after = averaged.terms["event_time"] >= 0 if "event_time" in averaged.terms else np.ones(len(averaged.terms), bool)
    if not isinstance(view, Cohorts):
        return averaged.estimate[after].mean()
    labels = [effects.design.cohort_label(step) for step in effects.design.cohorts]
    sizes = dict(zip(labels, effects.cells.sizes.sum(axis=0), strict=True))
    return np.average(averaged.estimate, weights=[sizes[label] for label in averaged.terms["cohort"]])


@pytest.mark.parametrize("view", VIEWS, **named)
@pytest.mark.parametrize("estimator", ESTIMATORS, **named)
def test_it_is_the_mean_of_the_numbers_of_the_view(estimator, view):
    design = make_design(1)
    effects = quietly(estimator, design)
    overall = effects.average_by(Overall(view))
    np.testing.assert_allclose(overall.estimate, [mean_by_hand(effects, view)], rtol=SAME)
    np.testing.assert_allclose((overall.loadings() * np.nan_to_num(design.panel.mean)).sum(), overall.estimate[0], SAME)
    same = quietly(lambda: effects.average_by(view).overall())
    np.testing.assert_allclose(same.influence, overall.influence, rtol=SAME)


@settings(max_examples=9)
@given(seed=st.integers(0, 10_000), view=st.sampled_from(VIEWS), never=st.sampled_from([0, 4]))
@pytest.mark.parametrize("estimator", ESTIMATORS, **named)
def test_property_without_a_cluster_it_is_what_estimating_again_gives(estimator, seed, view, never):
    design = make_design(seed, never=never)
    try:
        effects = quietly(lambda: estimator(design).average_by(Overall(view)))
    except EstimationError:
        return
    without = effects.leave_one_out()
    for c in range(len(design.clusters)):
        try:
            again = quietly(effects.again, design.without(c)).estimate
        except EstimationError:
            again = np.array([np.nan])
        np.testing.assert_allclose(without[c], again, atol=AGAIN, err_msg=f"cluster {c}")


@pytest.mark.parametrize("view", VIEWS, **named)
@pytest.mark.parametrize("method", [{}, {"adjust": ("size",), "method": "regression"}, {"sample": "cross_sections"}])
def test_influence_is_what_a_little_more_of_a_cluster_does_sizes_of_waves_included(view, method):
    design = make_design(3, missing=0.0)
    effects = quietly(lambda: GroupTime(**method)(design).average_by(Overall(view)))
    for c in range(len(design.clusters)):
        moved = []
        for by in (1e-5, -1e-5):
            weight = np.where((design.cluster == c)[:, None], 1 + by, 1.0) * design.panel.weight
            moved.append(quietly(effects.again, replace(design, panel=replace(design.panel, weight=weight))).estimate)
        np.testing.assert_allclose(effects.influence[c], (moved[0] - moved[1]) / 2e-5, atol=SLOPE)


@pytest.mark.parametrize("view", VIEWS, **named)
@pytest.mark.parametrize("estimator", [GroupTime(), Imputation()], **named)
def test_low_rank_and_dense_give_the_same_variance_and_degrees(estimator, view):
    effects = quietly(lambda: estimator(make_design(4)).average_by(Overall(view)))
    groups = two_groups(effects.design)
    parts = effects.fit.deletions(effects.design, groups)
    low = contributions_of(parts, effects.estimate, scaled=True)
    of_no_form = type("Dense", (type(effects.fit),), {"deletions": lambda *_: None})
    values = {name: getattr(effects.fit, name) for name in type(effects.fit).__dataclass_fields__}
    dense = Fit.bias_reduced(of_no_form(**values), effects)
    np.testing.assert_allclose(low.value, dense.value, atol=AGAIN)
    np.testing.assert_allclose(low.traces(groups).product, dense.traces(groups).product, rtol=1e-6)


@functools.cache
def estimated(estimator):
    return quietly(estimator, make_design(5))


@pytest.mark.parametrize("rule", RULES, **named)
@pytest.mark.parametrize("view", [Cohorts(), EventStudy(last=1), Calendar()], **named)
@pytest.mark.parametrize("estimator", [GroupTime(), Imputation(), GLSImputation(), Saturated()], **named)
def test_every_rule_has_an_error_for_it(estimator, view, rule):
    inference = quietly(lambda: rule(estimated(estimator).average_by(Overall(view))))
    low, high = inference.interval()
    assert np.isfinite([*low, *high]).all()
    assert (low < high).all()
    assert 0 < inference.p_value[0] <= 1


def test_early_waves_count_no_more_than_late_ones_among_waves():
    starts = np.array([2, 2, 8, 8, *[np.inf] * 4], dtype=float)
    outcome = np.where(np.arange(10)[None, :] >= starts[:, None], np.where(starts == 2, 1.0, 3.0)[:, None], 0.0)
    effects = quietly(GroupTime(), design_of(outcome, starts))
    np.testing.assert_allclose(effects.overall().estimate, [(8 * 1 + 2 * 3) / 10], atol=SAME)
    np.testing.assert_allclose(effects.cohorts().overall().estimate, [2.0], atol=SAME)
    np.testing.assert_allclose(effects.calendar().overall().estimate, [(6 * 1 + 2 * 2) / 8], atol=SAME)
    np.testing.assert_allclose(effects.event_study().overall().estimate, [(2 * 2 + 6 * 1) / 8], atol=SAME)
    np.testing.assert_allclose(effects.event_study(last=1).overall().estimate, [2.0], atol=SAME)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, Stacked(before=2, after=1), TwoWay()], **named)
def test_event_times_asked_for_are_the_same_numbers_and_no_others(estimator):
    effects = quietly(estimator, make_design(6))
    whole, part = quietly(effects.event_study), quietly(lambda: effects.event_study(first=-1, last=1))
    times = part.terms["event_time"].to_numpy()
    assert set(times) <= {-1, 0, 1}
    assert 1 in times
    here = [list(whole.terms["event_time"]).index(time) for time in times]
    for name in ("estimate", "influence"):
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name)[..., here], atol=SAME)
    one, all_ = (quietly(BiasReduced(), one) for one in (part, whole))
    np.testing.assert_allclose(one.std_error, all_.std_error[here], rtol=SAME)
    np.testing.assert_allclose(one.df, all_.df[here], rtol=1e-6)


def test_leads_alone_can_be_asked_for():
    effects = quietly(GLSImputation(), make_design(7, missing=0.0))
    leads = effects.event_study(last=-1)
    assert (leads.terms["event_time"] < 0).all()
    assert effects.event_study(first=-1, last=-1).left_out.empty
    assert len(quietly(BiasReduced(), leads).std_error) == len(leads.terms)


def test_what_is_left_out_of_an_event_study_with_predicted_leads_can_be_told():
    design = make_design(8)
    assert quietly(GLSImputation(), design).event_study().left_out.columns.tolist()[0] == "cohort"


def test_what_makes_no_sense_is_refused():
    effects = quietly(GroupTime(), make_design(9))
    with pytest.raises(InputError, match="Expected first to be at most last"):
        effects.event_study(first=2, last=1)
    with pytest.raises(InputError, match=r"Expected Cohorts\(\), EventStudy"):
        Overall("group")
    with pytest.raises(EstimationError, match="No group-time effect is estimable"):
        effects.event_study(first=50)
    with pytest.raises(EstimationError, match="already averaged"):
        effects.overall().overall()
    with pytest.raises(EstimationError, match="already averaged"):
        effects.event_study().cohorts()
    with pytest.raises(EstimationError, match="there is no Overall view"):
        quietly(TwoWay(), effects.design).average_by(Overall(Cohorts()))


def test_another_outcome_with_the_weights_held_gives_the_loadings():
    effects = quietly(GroupTime(), make_design(10)).cohorts().overall()
    other = with_mean(effects.design, np.where(effects.design.panel.observed, 3.0, np.nan))
    np.testing.assert_allclose(effects.again(other).estimate, [0.0], atol=SAME)


@pytest.mark.parametrize("estimator", [Imputation(), TwoWay()], ids=lambda e: e.name)
def test_a_window_without_estimates_says_which_times_there_are(estimator):
    effects = quietly(estimator, window_design())
    with pytest.raises(EstimationError, match=r"with first=-9, last=-7\. .* run from .?\d to \d:"):
        effects.event_study(first=-9, last=-7)


def test_an_overall_of_leads_does_not_speak_of_effects():
    leads = GroupTime()(window_design()).event_study(first=-2, last=-1).overall()
    assert "estimation.overall_of.leads" in [note.key for note in leads.notes]
    assert "estimation.overall_of.eventstudy" not in [note.key for note in leads.notes]


def window_design():
    outcome = np.random.default_rng(0).normal(size=(8, 6))
    return design_of(outcome, [3, 3, 4, 4, *[np.inf] * 4])
