"""Properties of the triple difference, and its slow twin: the regression with a triple interaction, by statsmodels.

CLOSE 1e-8: sums in another order.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import DataWarning, EstimationError
from asn_impact.estimation import ClusterRobust, GroupTime, infer
from asn_impact.estimation.triple import TripleDifference
from tests.estimation.random_designs import design_of, with_mean

CLOSE = 1e-8
TRIPLE = TripleDifference(third="digital")


def made(seed, *, offices=12, periods=6, services=2, missing=0.0, weighted=False, adopted=(2, 3, np.inf)):
    """Services of offices: the first `services` - 1 digital, the last on paper; offices are the clusters."""
    rng = np.random.default_rng(seed)
    start = np.concatenate([np.repeat(adopted, 2), rng.choice(adopted, offices - 2 * len(adopted))])
    office = np.repeat(np.arange(offices), services)
    units = len(office)
    observed = rng.random((units, periods)) >= missing
    weight = rng.uniform(0.5, 2, (units, periods)) if weighted else np.ones((units, periods))
    outcome = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1)) + 0.5 * np.arange(periods)
    digital = np.tile(np.arange(services) < services - 1, offices)
    attributes = {"office": office, "digital": digital}
    return design_of(outcome, start[office], observed=observed, weight=weight, cluster=office, attributes=attributes)


def with_attributes(design, **columns):
    return replace(design, panel=replace(design.panel, attributes=design.panel.attributes.assign(**columns)))


def test_two_by_two_by_two_is_the_coefficient_of_the_triple_interaction():
    design = made(1, periods=2, services=3, adopted=(1, np.inf))
    frame = design.panel.frame()
    attributes = design.panel.attributes.iloc[frame["unit"]].reset_index(drop=True)
    frame = frame.assign(
        office=attributes["office"],
        digital=attributes["digital"].astype(int),
        trained=np.isfinite(design.adopted)[frame["unit"]].astype(int),
        after=(frame["period"] == "2023-02").astype(int),
    )
    groups = {"groups": frame["office"], "use_correction": False}
    fitted = smf.ols("mean ~ digital * trained * after", frame).fit(cov_type="cluster", cov_kwds=groups)
    answer = infer(TRIPLE(design).overall(), ClusterRobust("CR0"))
    np.testing.assert_allclose(answer.estimate, [fitted.params["digital:trained:after"]], rtol=CLOSE)
    np.testing.assert_allclose(answer.std_error, [fitted.bse["digital:trained:after"]], rtol=CLOSE)


def test_it_is_the_difference_of_two_group_time_effects():
    design, one = made(2), made(2).panel.attributes["digital"].to_numpy()
    digital, paper = (GroupTime(controls="never")(design.where(units)) for units in (one, ~one))
    triple = TRIPLE(design)
    np.testing.assert_allclose(triple.estimate, digital.estimate - paper.estimate, rtol=CLOSE)
    np.testing.assert_allclose(triple.influence, digital.influence - paper.influence, rtol=CLOSE, atol=1e-12)


def test_with_one_service_of_each_kind_it_is_the_effect_on_their_difference():
    design = made(3)
    mean = design.panel.mean
    gap = design.where(np.arange(24) % 2 == 0)
    gap = with_mean(gap, mean[::2] - mean[1::2])
    for comparison in (GroupTime(controls="never"), GroupTime(controls="not_yet")):
        triple, expected = TripleDifference("digital", comparison=comparison)(design), comparison(gap)
        for one, other in ((triple, expected), (triple.overall(), expected.overall())):
            np.testing.assert_allclose(one.estimate, other.estimate, rtol=CLOSE)
            np.testing.assert_allclose(one.influence, other.influence, rtol=CLOSE, atol=1e-12)
            np.testing.assert_allclose(one.leave_one_out(), other.leave_one_out(), rtol=CLOSE)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_whatever_happens_to_all_services_of_an_office_moves_nothing(seed):
    design, rng = made(4, services=3), np.random.default_rng(seed)
    office_month = rng.normal(size=(12, 6))[design.cluster] * 10
    kind_month = rng.normal(size=(2, 6))[design.panel.attributes["digital"].astype(int)] * 10
    moved = with_mean(design, 3 * design.panel.mean + office_month + kind_month + rng.normal(size=(36, 1)))
    one, other = TRIPLE(design), TRIPLE(moved)
    np.testing.assert_allclose(other.estimate, 3 * one.estimate, rtol=CLOSE, atol=CLOSE)


def test_the_kind_may_be_named_by_any_value():
    design = made(7)
    channel = np.where(design.panel.attributes["digital"], "online", "paper")
    named = TripleDifference("channel", reached="online")(with_attributes(design, channel=channel))
    np.testing.assert_array_equal(named.estimate, TRIPLE(design).estimate)


def test_an_office_without_paper_services_counts_on_one_side_only():
    design = made(7)
    keep = ~((design.cluster == 0) & ~design.panel.attributes["digital"].to_numpy())
    effects = TRIPLE(design.where(keep))
    one = design.panel.attributes["digital"].to_numpy()
    paper = GroupTime(controls="never")(design.where(~one & (design.cluster != 0)))
    digital = GroupTime(controls="never")(design.where(one))
    np.testing.assert_allclose(effects.estimate, digital.estimate - paper.estimate, rtol=CLOSE)
    np.testing.assert_allclose(effects.influence[0], digital.influence[0], rtol=CLOSE)


def test_a_wave_that_one_kind_lacks_is_left_out_and_named():
    design = made(7)
    keep = ~((design.adopted == 2) & ~design.panel.attributes["digital"].to_numpy())
    with pytest.warns(DataWarning, match="only one kind of services has are left out: Mar 2023"):
        effects = TRIPLE(design.where(keep))
    assert set(effects.terms["cohort"]) == {"2023-04"}
    assert np.isfinite(effects.overall().estimate).all()
    assert effects.support().min() >= 2


def test_what_makes_no_comparison_is_refused():
    design = made(7)
    paper = ~design.panel.attributes["digital"].to_numpy()
    with pytest.raises(EstimationError, match=r"third='digitl' is not a unit attribute.*Did you mean 'digital'"):
        TripleDifference("digitl")(design)
    with pytest.raises(EstimationError, match="0 of 24 units have digital = 'yes'"):
        TripleDifference("digital", reached="yes")(design)
    with pytest.raises(EstimationError, match=r"No unit that is not reached .* is ever treated"):
        TRIPLE(replace(design, adopted=np.where(paper, np.inf, design.adopted)))
