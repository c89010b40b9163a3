"""The event study of a regression with covariates has event times alone, and every check and rule works on it."""

from dataclasses import replace

import numpy as np
import pytest

from asn_impact.estimation import (
    BiasReduced,
    Classical,
    ClusterRobust,
    Permutation,
    Stacked,
    Switchers,
    TwoWay,
    TwoWayClustered,
    WildBootstrap,
    infer,
)
from asn_impact.reporting import figures
from asn_impact.scrutiny.event_path import event_path
from asn_impact.scrutiny.joint import joint_leads
from asn_impact.scrutiny.pretrends import pretrends
from asn_impact.scrutiny.sensitivity import Smoothness, robust_interval
from tests.estimation.random_designs import design_of, quietly

STARTS = np.array([4, 4, 4, *[np.inf] * 5])


def made(seed=0):
    rng = np.random.default_rng(seed)
    shape = (len(STARTS), 8)
    x = rng.normal(size=(*shape, 1))
    outcome = rng.normal(size=shape) + 2 * x[:, :, 0]
    return design_of(outcome, STARTS, covariates=("x",), x=x)


@pytest.mark.parametrize("trend", ["common", "unit"])
def test_its_terms_are_event_times(trend):
    effects = TwoWay(covariates=("x",), trend=trend).event_study(made())
    times = effects.terms["event_time"]
    assert times.dtype.kind == "i"
    assert set(times) == set(range(-4, 4)) - ({-1} if trend == "common" else {-4, -1})


@pytest.mark.parametrize(
    "rule",
    [BiasReduced(), ClusterRobust(), ClusterRobust("areg"), Classical(), TwoWayClustered(), WildBootstrap(49, 1)],
)
def test_every_rule_says_of_some_coefficients_what_it_says_of_all(rule):
    design = made()
    some = TwoWay(covariates=("x",))(design).event_study(first=-3, last=1)
    whole = replace(some, fit=some.fit.whole.fit, terms=some.fit.whole.terms)
    rows = np.flatnonzero(whole.terms["event_time"].isin(some.terms["event_time"]))
    expected = quietly(infer, whole, rule)
    inference = quietly(infer, some, rule)
    np.testing.assert_allclose(inference.estimate, expected.estimate[rows])
    np.testing.assert_allclose(inference.std_error, expected.std_error[rows])
    np.testing.assert_allclose(inference.p_value, expected.p_value[rows])


def test_checks_and_figures_take_it():
    events = quietly(infer, TwoWay(covariates=("x",))(made()).event_study(), BiasReduced())
    assert list(event_path(events).step) == [-3, -2, -1, 1, 2, 3, 4]
    assert quietly(joint_leads, quietly(infer, TwoWay(covariates=("x",))(made()).event_study(first=-2), BiasReduced()))
    assert quietly(pretrends, events).verdict
    assert quietly(robust_interval, events, Smoothness(0.1))
    assert figures.event_study(events)


@pytest.mark.parametrize(
    "estimator", [TwoWay(), TwoWay(covariates=("x",)), Switchers(), Stacked(before=3, after=2)], ids=lambda e: e.name
)
def test_the_event_times_asked_for_are_those_of_every_deal(estimator):
    effects = estimator(made()).event_study(first=-2, last=1)
    again = quietly(effects.again, made(1))
    assert again.terms.equals(effects.terms)
    whole = quietly(infer, estimator(made()).event_study(), Permutation(60, 1))
    rows = np.flatnonzero(whole.effects.terms["event_time"].isin(effects.terms["event_time"]))
    np.testing.assert_allclose(quietly(infer, effects, Permutation(60, 1)).p_value, whole.p_value[rows])
