"""The effect of a regression with covariates is one number, with the uncertainty of the whole regression.

Numbers that must be equal are sums in the same order: 1e-12 is their rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design, assign
from asn_impact.errors import EstimationError
from asn_impact.estimation.dose import Dose
from asn_impact.estimation.inference import ClusterRobust, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife
from asn_impact.estimation.resampling import WildBootstrap
from asn_impact.estimation.simultaneous import romano_wolf
from asn_impact.estimation.two_way import TwoWay
from asn_impact.reporting.charts.finding import headline
from asn_impact.topics.learning.learning import Learning


@pytest.fixture
def design() -> Design:
    """48 persons of 12 offices, half of them trained, before and after a test."""
    rng = np.random.default_rng(5)
    office = np.repeat(np.arange(12), 4)
    before = rng.normal(5, 1, 48) + rng.normal(0, 0.5, 12)[office]
    after = 2 + 0.6 * before + 0.8 * (office < 6) + rng.normal(0, 1, 48)
    tests = Learning(
        {"digital": ("d",)}, ("d",), before[:, None], after[:, None], tuple(f"O{o:02d}" for o in office), office < 6
    )
    return assign(tests.panel("digital"), tests.rollout, cluster="office")


RULES = [BiasReduced(), Jackknife(), ClusterRobust(), WildBootstrap(reps=199, seed=1)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_the_overall_effect_is_the_first_coefficient_with_its_own_uncertainty(design: Design, rule: object) -> None:
    effects = TwoWay(covariates=("pre",))(design)
    both = infer(effects, rule)  # type: ignore[arg-type]
    one = infer(effects.overall(), rule)  # type: ignore[arg-type]
    assert list(effects.terms["term"]) == ["overall", "pre"]
    columns = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    pd.testing.assert_frame_equal(one.table()[columns], both.table()[columns].iloc[:1], rtol=1e-12)


def test_the_effect_equals_that_of_the_regression_of_the_score_after(design: Design) -> None:
    before, after = design.panel.mean.T
    rows = np.column_stack([np.ones(len(before)), np.isfinite(design.adopted), before])
    expected = np.linalg.lstsq(rows, after, rcond=None)[0][1]
    assert TwoWay(covariates=("pre",))(design).overall().estimate[0] == pytest.approx(expected, abs=1e-12)


def test_it_can_be_told_in_a_sentence_and_join_a_family(design: Design) -> None:
    adjusted = infer(TwoWay(covariates=("pre",))(design).overall(), BiasReduced())
    plain = infer(TwoWay()(design).overall(), BiasReduced())
    assert "digital" in headline(adjusted).text
    assert headline(infer(TwoWay(covariates=("pre",))(design), BiasReduced())).text == headline(adjusted).text
    assert romano_wolf([adjusted, plain], reps=99, seed=1)["estimate"].tolist() == [*adjusted.estimate, *plain.estimate]


def test_effects_without_a_coefficient_of_the_treatment_have_no_overall_view(design: Design) -> None:
    with pytest.raises(EstimationError, match="no Overall view"):
        TwoWay(regressors=("pre", "other"))(_with_other(design)).overall()
    with pytest.raises(EstimationError, match="no Overall view"):
        Dose("dose")(_with_dose(design)).overall()


def _with_other(design: Design) -> Design:
    panel = design.panel
    x = np.concatenate([panel.x, panel.x**2], axis=2)
    within = np.zeros((*panel.n.shape, 3, 3))
    return replace(design, panel=replace(panel, covariates=("pre", "other"), x=x, within=within))


def _with_dose(design: Design) -> Design:
    panel = design.panel
    dose = 1.0 + np.arange(len(panel.units)) % 2
    return replace(design, panel=replace(panel, attributes=panel.attributes.assign(dose=dose)))


def test_without_a_cluster_it_is_the_regression_without_the_cluster(design: Design) -> None:
    effects = TwoWay(covariates=("pre",))(design).overall()
    left_out = [effects.again(design.without(c)).estimate[0] for c in range(len(design.clusters))]
    np.testing.assert_allclose(effects.leave_one_out()[:, 0], left_out, atol=1e-10)  # solved again, not the same sums
