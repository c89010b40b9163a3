"""All deals of a randomisation at once are the estimator called on every deal."""

import numpy as np
import pytest

from asn_impact.estimation import (
    GroupTime,
    Imputation,
    InteractionWeighted,
    Permutation,
    Saturated,
    Stacked,
    TwoStage,
    TwoWay,
    deals,
    infer,
)
from asn_impact.estimation.resampling import _deal, deal_one_by_one, some_ways, times_of_clusters
from tests.estimation.random_designs import design_of, quietly

DEALS, MANY = 16, 10**6  # of few deals each would be estimated: the fast way is told that there will be many
CLOSE = 1e-10  # sums of some hundred terms of size one
ESTIMATORS = [
    GroupTime(),
    GroupTime(controls="never", base="varying"),
    GroupTime(sample="cross_sections"),
    *(Imputation(), TwoWay(), Saturated(), InteractionWeighted(), Stacked(2, 2), TwoStage()),
]


def make_design(shape="plain"):
    rng = np.random.default_rng(5)
    start = np.array([4.0, 4.0, 4.0, 6.0, 6.0, 7.0, *[np.inf] * 6])
    outcome = 50 + rng.normal(size=(12, 1)) + rng.normal(size=(12, 9)).cumsum(axis=1)
    if shape == "pairs":  # two units in each cluster, of different weight and one with a hole
        order = rng.permutation(24)
        cluster = np.repeat(np.arange(12), 2)[order]
        weight = np.tile([1.0, 3.0], 12)[order][:, None] * np.ones(9)
        observed = np.ones((24, 9), dtype=bool)
        observed[np.tile([False, True], 12)[order], 2] = False
        wide = np.repeat(outcome, 2, axis=0)[order] + rng.normal(size=(24, 9))
        return design_of(wide, start[cluster], observed=observed, weight=weight, cluster=cluster)
    return design_of(outcome, start)


def numbers(effects, one_by_one):
    times = times_of_clusters(effects.design)
    orders = some_ways(times, np.zeros(len(times), dtype=int), DEALS, 3)
    if one_by_one:
        return deal_one_by_one(effects, orders)
    assert deals._places(effects, MANY) is not None
    draws = _deal(effects, orders, MANY, 1.0)
    return [np.stack([getattr(d, name) for d in draws], axis=1) for name in ("a0", "a1", "q0", "q1", "q2")]


@pytest.mark.parametrize("shape", ["plain", "pairs"])
@pytest.mark.parametrize("view", ["overall", "event_study"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_all_deals_at_once_are_the_estimator_on_every_deal(estimator, view, shape):
    effects = quietly(estimator, make_design(shape))
    if view == "event_study" or not isinstance(estimator, TwoWay | Stacked):
        effects = quietly(getattr(effects, view))
    for fast, slow in zip(numbers(effects, False), numbers(effects, True), strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=CLOSE)


def test_clusters_that_are_alike_are_not_estimated_again(monkeypatch):
    effects = GroupTime()(make_design("pairs")).overall()
    times = times_of_clusters(effects.design)
    orders = some_ways(times, np.zeros(len(times), dtype=int), 80, 3)
    assert deals._places(effects, 80) is not None
    called = []
    monkeypatch.setattr(type(effects), "anew", lambda *_: called.append(1))
    deals.deal_alike(effects, effects.design.treated().astype(float), orders, 80, lambda e, _: e)
    assert not called


def test_an_interval_and_a_p_value_do_not_depend_on_how_the_deals_are_made(monkeypatch):
    effects = Imputation()(make_design()).overall()
    fast = infer(effects, Permutation(80, 3))
    monkeypatch.setattr("asn_impact.estimation.resampling.deal_alike", lambda *_: None)
    slow = infer(effects, Permutation(80, 3))
    assert fast.p_value == slow.p_value
    np.testing.assert_allclose(fast.interval(), slow.interval(), atol=1e-6)
