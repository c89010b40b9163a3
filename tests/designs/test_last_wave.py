"""The last wave as the comparison, where everybody is trained in the end."""

from dataclasses import replace

import numpy as np
import pytest

from asn_impact.errors import DesignError, EstimationError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, Saturated
from asn_impact.timeline import Timeline
from tests.estimation.random_designs import design_of, quietly

SAME = 1e-10
STARTS = np.array([3, 3, 3, 5, 5, 5, 8, 8, 8], dtype=float)


def make_design(seed=0, starts=STARTS, periods=10):
    return design_of(np.random.default_rng(seed).normal(size=(len(starts), periods)), starts)


def test_it_ends_before_the_last_wave_starts_and_says_so():
    design = make_design()
    last = design.compare_with_last_wave()
    assert last.panel.timeline.labels == design.panel.timeline.labels[:8]
    np.testing.assert_array_equal(last.adopted, np.where(STARTS == 8, np.inf, STARTS))
    assert "(3 units) is the comparison" in str(last.notes[-1])
    assert "3 unit" in last.notes[-1].text("id")
    assert design.adopted.max() == 8  # the design it was made from is as it was


def test_a_panel_of_a_sample_is_cut_with_what_its_records_stand_for():
    design = make_design()
    sampled = replace(design, panel=replace(design.panel, stands_for=2 * design.panel.n))
    np.testing.assert_array_equal(sampled.compare_with_last_wave().panel.records, 2 * design.panel.n[:, :8])


@pytest.mark.parametrize("estimator", [GroupTime(controls="never"), GLSImputation(), Imputation(), Saturated()])
def test_every_estimator_takes_it_as_it_takes_units_that_are_never_treated(estimator):
    design = make_design(1)
    expected = design_of(design.panel.mean[:, :8], np.where(STARTS == 8, np.inf, STARTS))
    ours, theirs = (quietly(lambda d=d: estimator(d).overall()) for d in (design.compare_with_last_wave(), expected))
    np.testing.assert_allclose(ours.estimate, theirs.estimate, rtol=SAME)
    rule = BiasReduced()
    np.testing.assert_allclose(quietly(rule, ours).std_error, quietly(rule, theirs).std_error, rtol=SAME)


def test_an_estimator_that_needs_never_treated_units_says_how_to_get_them():
    with pytest.raises(EstimationError, match=r"compare_with_last_wave\(\)"):
        GroupTime(controls="never")(make_design())


def test_periods_in_which_the_last_wave_may_react_are_left_out_and_waves_in_them():
    starts = np.array([3, 3, 5, 5, 7, 7, 8, 8], dtype=float)
    design = make_design(2, starts)
    last = quietly(lambda: design.compare_with_last_wave(anticipation=2))
    assert len(last.panel.timeline) == 6
    assert len(last.adopted) == 6
    assert last.notes[-1].key == "designs.between_waves"
    np.testing.assert_array_equal(last.cohorts, [3, 5])


def test_periods_that_lie_further_apart_once_the_last_are_gone_keep_their_waves():
    design = make_design(3, np.array([2, 2, 4, 4, 7, 7], dtype=float), periods=5)
    gaps = replace(design, panel=replace(design.panel, timeline=Timeline.months(24276 + np.array([0, 2, 4, 6, 7]))))
    last = gaps.compare_with_last_wave()
    assert [last.cohort_label(step) for step in last.cohorts] == [gaps.cohort_label(step) for step in (2, 4)]
    np.testing.assert_array_equal(last.treated()[:4], gaps.treated()[:4, :4])


@pytest.mark.parametrize("starts", [[3.0, 3.0, np.inf], [3.0, 5.0, np.inf]])
def test_it_is_refused_where_somebody_is_never_treated(starts):
    with pytest.raises(DesignError, match="1 units that are never treated"):
        make_design(4, np.array(starts)).compare_with_last_wave()


def test_it_is_refused_where_nothing_is_left_to_compare():
    with pytest.raises(DesignError, match="There are 1 waves"):
        make_design(5, np.array([3.0, 3.0, 3.0])).compare_with_last_wave()
    with pytest.raises(DesignError, match="no other wave is seen before and after"):
        make_design(6, np.array([7.0, 7.0, 8.0])).compare_with_last_wave(anticipation=1)
