"""The Wald test over all leads: degrees of freedom that clusters bear, and words where they do not."""

import re

import numpy as np
import pytest
from scipy import stats

from asn_impact.errors import InferenceError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Jackknife,
    Permutation,
    Saturated,
    Simultaneous,
    TwoWay,
)
from asn_impact.estimation.fit import spread
from asn_impact.scrutiny.event_path import event_path
from asn_impact.scrutiny.joint import joint_leads, matrix_degrees
from tests.estimation.random_designs import design_of, quietly, with_mean

CLOSED = 1e-8
STARTS = np.array([6, 6, 8, 8, *[np.inf] * 8])


def make_design(seed=0, *, periods=10, starts=STARTS, noisy=1.0):
    rng = np.random.default_rng(seed)
    size = np.where(np.isfinite(starts), noisy, 1.0)
    return design_of(rng.normal(size=(len(starts), periods)) * size[:, None], starts)


def events(estimator, design, rule=None, **window):
    rule = BiasReduced() if rule is None else rule
    return quietly(lambda: rule(estimator(design).event_study(**window)))


def test_one_lead_is_the_t_test():
    inference = events(GroupTime(base="varying"), make_design(), first=-1)
    test = joint_leads(inference)
    np.testing.assert_allclose(test.statistic, (inference.estimate[0] / inference.std_error[0]) ** 2, rtol=CLOSED)
    np.testing.assert_allclose(test.df_denom, inference.df[0], rtol=1e-6)


def test_degrees_of_freedom_are_those_of_the_wishart_matrix_that_varies_as_much():
    effects = quietly(lambda: GroupTime(base="varying")(make_design()).event_study(first=-2))
    rows = np.flatnonzero(effects.terms["event_time"] < 0)
    weights = spread(effects, effects.fit.differences(effects)[:, rows]).reshape(len(STARTS), len(rows), -1)
    scale = effects.fit.bias_reduced(effects).value[:, rows] / (effects.leave_one_out() - effects.estimate)[:, rows]
    errors = np.random.default_rng(1).normal(size=(200_000, weights.shape[2]))
    deviation = np.einsum("gqn,rn->rgq", weights * scale[:, :, None], errors, optimize=True)
    matrix = np.einsum("rgq,rgs->rqs", deviation, deviation)
    root = np.linalg.inv(np.linalg.cholesky(matrix.mean(axis=0)))
    whitened = root @ matrix @ root.T
    expected = 2 * 3 / whitened.var(axis=0).sum()
    np.testing.assert_allclose(matrix_degrees(effects, rows), expected, rtol=0.02)


@pytest.mark.parametrize("estimator", [GroupTime(), GLSImputation(), Saturated(controls="never"), TwoWay()])
@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife(), ClusterRobust(), Simultaneous(reps=199, seed=1)])
def test_every_estimator_with_leads_and_every_rule_with_a_variance(estimator, rule):
    starts = np.array([6] * 6 + [8] * 6 + [np.inf] * 12)
    test = joint_leads(events(estimator, make_design(starts=starts), rule, first=-3))
    assert 0 < test.p_value < 1
    assert test.df_num >= 1


def test_steps_of_several_periods_are_tested_together_too():
    starts = np.array([10] * 6 + [12] * 6 + [np.inf] * 12)
    path = event_path(events(GroupTime(), make_design(periods=14, starts=starts)), every=3)
    assert joint_leads(path).df_num == path.pre


def test_it_holds_with_four_treated_clusters_where_the_chi_squared_test_does_not():
    rejected, asymptotic, draws = 0, 0, 250
    effects = quietly(lambda: GroupTime(base="varying")(make_design()).event_study(first=-2, last=0))
    for seed in range(draws):
        mean = make_design(seed, noisy=2.0).panel.mean
        again = quietly(effects.again, with_mean(effects.design, mean))
        test = joint_leads(quietly(BiasReduced(), again))
        rejected += test.p_value < 0.05
        asymptotic += stats.chi2.sf(test.wald, test.df_num) < 0.05
    assert rejected / draws <= 0.06  # a draw rejects with probability 0.04
    assert asymptotic / draws > 0.2


def test_more_leads_than_the_clusters_bear_are_refused_with_the_number_they_do():
    inference = events(GroupTime(), make_design())
    with pytest.raises(InferenceError, match=r"12 clusters, 4 of them treated") as refused:
        joint_leads(inference)
    most = int(re.search(r"Test (\d) at most: event_study\(first=-\1\)", str(refused.value))[1])
    fewer = events(GroupTime(), make_design(), first=-most - 1)  # less the base, which is zero by construction
    assert joint_leads(fewer).df_num <= most


def test_what_has_no_leads_or_no_variance_is_refused():
    design = make_design()
    with pytest.raises(InferenceError, match="no effect before training here"):
        joint_leads(events(GroupTime(), design, first=0))
    with pytest.raises(InferenceError, match="no effect before training here"):
        joint_leads(quietly(lambda: BiasReduced()(GroupTime()(design).overall())))
    with pytest.raises(InferenceError, match="has no variance for several numbers at once"):
        joint_leads(events(GroupTime(), design, Permutation(reps=99, seed=1)))
    assert joint_leads(events(GroupTime(base="varying", anticipation=1), design, first=-2)).df_num == 1
