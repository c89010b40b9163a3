"""Properties of stacked differences; the slow twin, a regression on rows, is in tests/reference/test_stacked.py.

CLOSE 1e-8: sums in another order.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from asn_impact.errors import DataWarning, EstimationError, InputError
from asn_impact.estimation import BiasReduced, ClusterRobust, GroupTime, infer
from asn_impact.estimation.stacked import Stacked
from tests.estimation.random_designs import quietly, random_design, with_mean

CLOSE = 1e-8
ESTIMATORS = [Stacked(before=2, after=1), Stacked(before=2, after=1, terms="event_time")]


made = partial(random_design, units=16, periods=7, adopted=(2, 3, 5, np.inf))


def test_one_wave_is_the_plain_difference_of_changes():
    design = made(1, adopted=(3, np.inf))
    mean, treated = design.panel.mean, np.isfinite(design.adopted)
    change = mean[:, [1, 3, 4]] - mean[:, [2]]
    expected = change[treated].mean(axis=0) - change[~treated].mean(axis=0)
    study = Stacked(before=2, after=1)(design).event_study()
    assert study.terms["event_time"].tolist() == [-2, 0, 1]
    np.testing.assert_allclose(study.estimate, expected, rtol=CLOSE)
    np.testing.assert_allclose(Stacked(before=2, after=1)(design).estimate, [expected[1:].mean()], rtol=CLOSE)


def test_waves_are_weighted_by_their_treated_units_and_compared_with_clean_controls():
    design = made(2)
    mean, parts, sizes = design.panel.mean, [], []
    for start in (2, 3, 5):
        treated, clean = design.adopted == start, design.adopted > start + 1
        change = mean[:, [start - 2, start, start + 1]] - mean[:, [start - 1]]
        parts.append(change[treated].mean(axis=0) - change[clean].mean(axis=0))
        sizes.append(treated.sum())
    study = Stacked(before=2, after=1, terms="event_time")(design)
    np.testing.assert_allclose(study.estimate, np.average(parts, axis=0, weights=sizes), rtol=CLOSE)


def test_with_a_single_wave_it_is_the_group_time_event_study():
    design = made(3, adopted=(3, np.inf), weighted=True)
    study = Stacked(before=3, after=3)(design).event_study()
    group_time = GroupTime(controls="never")(design).event_study()
    np.testing.assert_allclose(study.estimate, group_time.estimate, rtol=CLOSE)
    np.testing.assert_allclose(study.influence, group_time.influence, rtol=CLOSE, atol=1e-12)


def test_period_effects_are_noise_to_the_published_variance_but_not_to_the_default_rule():
    # the regression has one mean for each event time, whatever the calendar period: docs/methods.md#stacked
    design = made(7)
    lifted = with_mean(design, design.panel.mean + 100 * np.arange(16)[:, None])
    shocked = with_mean(design, design.panel.mean + 100 * (np.arange(7) == 3))
    plain, by_unit, by_period = (Stacked(before=2, after=1)(d) for d in (design, lifted, shocked))
    np.testing.assert_allclose(by_unit.influence, plain.influence, atol=1e-10)
    assert infer(by_period, ClusterRobust()).std_error > 2 * infer(plain, ClusterRobust()).std_error
    np.testing.assert_allclose(infer(by_period, BiasReduced()).std_error, infer(plain, BiasReduced()).std_error)


def test_a_wave_whose_window_is_not_in_the_panel_is_left_out_and_named():
    with pytest.warns(DataWarning, match=r"window the panel does not hold are left out: Mar 2023"):
        effects = Stacked(before=3, after=1)(made(1))
    keep = made(1).adopted != 2
    np.testing.assert_allclose(effects.estimate, quietly(Stacked(before=3, after=1), made(1).where(keep)).estimate)


def test_units_not_seen_in_the_whole_window_are_left_out_and_counted():
    design = made(1, adopted=(3, np.inf))
    weight = design.panel.weight.copy()
    weight[0, 4] = 0
    cut = replace(design, panel=replace(design.panel, weight=weight))
    with pytest.warns(DataWarning, match="1 units, counted once a wave, are not seen"):
        effects = Stacked(before=2, after=1)(cut)
    rest = Stacked(before=2, after=1)(design.where(np.arange(16) != 0))
    np.testing.assert_allclose(effects.estimate, rest.estimate, rtol=CLOSE)


def test_no_usable_wave_and_a_window_without_a_before_are_refused():
    with pytest.raises(EstimationError, match="no wave can be used"):
        Stacked(before=6, after=1)(made(1))
    with pytest.raises(EstimationError, match="clean control seen in the whole window: Apr 2023"):
        Stacked(before=2, after=1)(made(1, adopted=(3,)))
    with pytest.raises(InputError, match="before=0"):
        Stacked(before=0, after=1)
