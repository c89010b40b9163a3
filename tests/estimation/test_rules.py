"""Rules of inference: closed forms against slow twins, exactness, refusals, displays."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from asn_impact.designs import assign
from asn_impact.errors import DataWarning, InferenceError, InputError
from asn_impact.estimation import (
    BiasReduced,
    Classical,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Multiplier,
    Permutation,
    TwoWay,
    WildBootstrap,
    infer,
    resampling,
    romano_wolf,
)
from asn_impact.estimation.fit import Fit, Traces, moments_of, spread, two_groups
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from tests.estimation.random_designs import design_of

CLOSED = 1e-9  # the same linear algebra in another order


def made(seed, adopted=(3, 3, 5, 5, 5, np.inf, np.inf, np.inf, np.inf), periods=8):
    rng = np.random.default_rng(seed)
    shape = (len(adopted), periods)
    outcome = rng.normal(size=(shape[0], 1)) + rng.normal(size=shape)
    labels = tuple(f"O{i}" for i in range(shape[0]))
    attributes = {"office": labels, "kind": [i % 2 for i in range(shape[0])]}
    return replace(design_of(outcome, adopted, units=labels, attributes=attributes), clusters=labels)


ESTIMATORS = [GroupTime(), GroupTime(controls="never"), TwoWay(), Imputation(), InteractionWeighted()]
RULES = [
    BiasReduced(),
    BiasReduced("satterthwaite"),
    Jackknife(),
    Jackknife("welch"),
    ClusterRobust(),
    Multiplier(199, 1),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_leaving_out_is_estimating_again_without_the_cluster(estimator):
    effects = estimator(made(1)).overall()
    again = [effects.again(effects.design.without(c)).estimate[0] for c in range(9)]
    np.testing.assert_allclose(effects.leave_one_out()[:, 0], again, rtol=CLOSED)


def test_moments_of_a_regression_in_closed_form_equal_those_from_its_weights():
    effects = TwoWay()(made(2))
    groups = np.array([[True] * 5 + [False] * 4, [False] * 5 + [True] * 4])
    slow = moments_of(effects.design, spread(effects, effects.fit.differences(effects)), groups)
    closed, expected = effects.fit.deleted(effects).traces(groups), Traces.of(slow)
    for name in ("expected", "total", "product"):
        np.testing.assert_allclose(vars(closed)[name], vars(expected)[name], atol=1e-12)


def test_cr2_in_closed_form_equals_the_matrix_square_root_on_cells():
    effects = TwoWay()(made(3))
    design = effects.design
    units, periods = design.panel.mean.shape
    u, t = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    x = np.column_stack([design.treated().ravel(), u[:, None] == np.arange(units), t[:, None] == np.arange(1, periods)])
    x = x.astype(float)
    bread = np.linalg.inv(x.T @ x)
    residual = design.panel.mean.ravel() - x @ (bread @ x.T @ design.panel.mean.ravel())
    total = 0.0
    for c in range(units):
        rows = design.cluster[u] == c
        values, vectors = np.linalg.eigh(np.eye(periods) - x[rows] @ bread @ x[rows].T)
        adjust = (vectors * np.where(values > 1e-10, np.maximum(values, 1e-10) ** -0.5, 0)) @ vectors.T
        total += float(bread[0] @ x[rows].T @ adjust @ residual[rows]) ** 2
    assert infer(effects, BiasReduced()).std_error[0] ** 2 == pytest.approx(total, rel=1e-8)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_the_bias_reduced_variance_is_unbiased_under_independent_errors(estimator):
    effects = estimator(made(4)).overall()
    expected = float(effects.fit.bias_reduced(effects).traces(two_groups(effects.design)).total[0].sum())
    assert expected == pytest.approx(float((effects.loadings() ** 2).sum()), rel=1e-8)


def test_two_groups_at_one_date_give_welchs_t_test():
    design = made(5, adopted=(4, 4, 4, np.inf, np.inf, np.inf, np.inf, np.inf))
    change = design.panel.mean[:, 4:].mean(axis=1) - design.panel.mean[:, :4].mean(axis=1)
    inference = infer(TwoWay()(design), BiasReduced())
    spread = change[:3].var(ddof=1) / 3 + change[3:].var(ddof=1) / 5
    assert inference.estimate[0] == pytest.approx(change[:3].mean() - change[3:].mean(), rel=CLOSED)
    assert inference.std_error[0] ** 2 == pytest.approx(spread, rel=1e-8)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.sampled_from(ESTIMATORS[:3]), st.sampled_from(RULES))
def test_unit_and_period_effects_and_scale_change_nothing(seed, estimator, rule):
    design = made(seed)
    rng = np.random.default_rng(seed + 1)
    moved = -3 * design.panel.mean + rng.normal(size=(9, 1)) * 10 + rng.normal(size=(1, 8)) * 10
    one = infer(estimator(design).overall(), rule)
    two = infer(estimator(replace(design, panel=replace(design.panel, mean=moved))).overall(), rule)
    assert two.estimate[0] == pytest.approx(-3 * one.estimate[0], rel=1e-7, abs=1e-9)
    assert two.std_error[0] == pytest.approx(3 * one.std_error[0], rel=1e-7)
    assert two.p_value[0] == pytest.approx(one.p_value[0], abs=1e-6)


def test_the_generic_wild_bootstrap_equals_the_one_from_blocks():
    effects = TwoWay()(made(6))

    class Opaque(Fit):  # the same numbers without the closed form
        estimate, correction = effects.fit.estimate, effects.fit.correction
        influence, leave_one_out, loadings = effects.fit.influence, effects.fit.leave_one_out, effects.fit.loadings

    opaque = replace(effects, fit=Opaque())
    for fast, slow in zip(resampling._restrict(effects, 0), resampling._restrict(opaque, 0), strict=True):
        np.testing.assert_allclose(fast, slow, atol=1e-10)


def test_the_wild_interval_is_where_the_test_stops_rejecting():
    inference = infer(GroupTime()(made(7)).overall(), WildBootstrap(reps=512, seed=1))
    low, high = inference.interval(0.90)
    for end, inward in ((low[0], 1), (high[0], -1)):
        step = 1e-4 * inference.std_error[0]
        assert inference._p(0, end - inward * step) < 0.10 <= inference._p(0, end + inward * step)


@pytest.mark.parametrize("weights", ["webb", "mammen"])
def test_other_weights_have_mean_zero_and_variance_one(weights):
    signs = WildBootstrap(200_000, 3, weights)._signs(1)
    assert abs(signs.mean()) < 0.01
    assert signs.var() == pytest.approx(1, abs=0.01)


def test_exact_randomisation_counts_every_way_to_deal_the_times():
    design = made(8, adopted=(3, 3, np.inf, np.inf, np.inf, np.inf))
    effects = GroupTime()(design).overall()
    inference = infer(effects, Permutation(reps=100, seed=1))
    statistics = []
    for first in range(6):
        for second in range(first):
            dealt = np.full(6, np.inf)
            dealt[[first, second]] = 3
            other = effects.again(replace(design, adopted=dealt))
            statistics.append(abs(other.estimate[0]) / np.sqrt((other.influence**2).sum()))
    observed = abs(effects.estimate[0]) / np.sqrt((effects.influence**2).sum())
    assert inference.p_value[0] == pytest.approx(np.mean(np.array(statistics) >= observed * (1 - 1e-9)))
    assert "15" in str(inference.notes[-1])


def test_strata_deal_times_within_their_values_only():
    effects = GroupTime()(made(9, adopted=(3, 3, np.inf, np.inf, np.inf, np.inf))).overall()
    assert "9 ways" in str(infer(effects, Permutation(reps=100, seed=1, strata="kind")).notes[-1])


def test_a_simultaneous_band_holds_the_pointwise_intervals():
    effects = GroupTime()(made(10)).event_study()
    wide, narrow = infer(effects, Multiplier(999, 1)), infer(effects, ClusterRobust())
    reach = (wide.interval()[1] - wide.estimate) / wide.std_error
    assert np.ptp(reach) < 1e-9
    assert reach[0] > 1.96
    assert (wide.p_value >= narrow.p_value - 0.05).all()


def test_romano_wolf_is_at_least_the_single_p_value_and_at_most_bonferroni():
    inferences = [infer(GroupTime()(made(seed)).overall(), ClusterRobust()) for seed in (11, 12, 13)]
    table = romano_wolf(inferences, reps=1999, seed=1)
    assert (np.diff(table.sort_values("statistic", key=abs, ascending=False)["p_adjusted"]) >= 0).all()
    assert table["p_adjusted"].max() <= 1


@pytest.mark.parametrize("rule", [*RULES, Classical(), WildBootstrap(64, 1)], ids=lambda r: type(r).__name__)
def test_every_rule_prints_the_same_columns_and_shows_itself(rule):
    inference = infer(TwoWay()(made(14)), rule)
    columns = ["term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]
    assert list(inference.table().columns) == columns
    data, _ = DisplayFormatter().format(inference)
    assert rule.name in data["text/html"]
    assert "0x" not in data["text/plain"]
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(inference)).table(), inference.table())


def test_the_level_is_asked_for_not_stored():
    inference = infer(TwoWay()(made(15)), ClusterRobust())
    narrow, wide = inference.table(0.5), inference.table(0.99)
    assert narrow["conf_low"][0] > wide["conf_low"][0]
    with pytest.raises(InputError, match="Expected a number between 0 and 1"):
        inference.table(95)


@pytest.mark.parametrize(
    "rule", [BiasReduced(), Jackknife(), ClusterRobust(), WildBootstrap(99, 1)], ids=lambda r: type(r).__name__
)
def test_one_treated_cluster_is_refused_with_the_alternative(rule):
    effects = GroupTime()(made(16, adopted=(3, np.inf, np.inf, np.inf, np.inf))).overall()
    with pytest.raises(InferenceError, match="Permutation"):
        infer(effects, rule)


def test_two_treated_clusters_are_said_to_have_next_to_no_power():
    effects = GroupTime()(made(17, adopted=(3, 3, *[np.inf] * 10))).overall()
    assert any("only a very large effect" in str(note) for note in infer(effects, BiasReduced()).notes)


def test_the_event_study_of_two_way_effects_can_be_repeated():
    effects = TwoWay()(made(18)).event_study()
    assert effects.again(effects.design).terms.equals(effects.terms)
    np.testing.assert_allclose(
        effects.fit.deleted(effects).value + effects.estimate, effects.leave_one_out(), rtol=1e-7
    )


@pytest.mark.parametrize("rule", [BiasReduced(), ClusterRobust(), WildBootstrap(64, 1)], ids=lambda r: type(r).__name__)
def test_an_event_time_that_cannot_be_estimated_does_not_disturb_the_others(rule):
    design = made(19, adopted=(3, 3, 3, *[np.inf] * 5))
    seen = np.ones((8, 8))
    seen[:3, 5] = 0  # nobody treated is seen two months after training
    panel = replace(design.panel, n=seen, weight=seen, mean=np.where(seen > 0, design.panel.mean, np.nan))
    effects = GroupTime()(replace(design, panel=panel)).event_study()
    assert "not estimable" in str(effects.notes[0])
    assert 2 not in set(effects.terms["event_time"])
    assert (effects.support() == 3).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        table = infer(effects, rule).table()
        whole = infer(GroupTime()(design).event_study(), rule).table()
    last = table["event_time"] == 4
    assert table["p_value"][last].item() == pytest.approx(whole["p_value"][whole["event_time"] == 4].item(), abs=0.2)
    assert np.isfinite(table["std_error"]).all()


@pytest.mark.parametrize("controls", ["never", "not_yet"])
@pytest.mark.parametrize("view", ["overall", "event_study", "cohorts", "calendar"])
@pytest.mark.parametrize("holes", [0.0, 0.15])
def test_weights_without_a_cluster_in_closed_form_are_those_of_estimating_again(controls, view, holes):
    rng = np.random.default_rng(20)
    design = made(20, adopted=(3, 3, 3, 5, 5, 5, *[np.inf] * 5))
    seen = (rng.random((11, 8)) >= holes).astype(float)
    panel = replace(design.panel, n=seen, weight=seen * rng.uniform(0.5, 2, (11, 1)))
    design = replace(design, panel=replace(panel, mean=np.where(seen > 0, panel.mean, np.nan)))
    effects = getattr(GroupTime(controls=controls)(design), view)()
    fast = effects.fit.differences(effects)

    class Opaque(Fit):  # the same numbers without the closed form
        estimate = effects.fit.estimate
        influence, leave_one_out, loadings = effects.fit.influence, effects.fit.leave_one_out, effects.fit.loadings

    slow = Opaque().differences(replace(effects, fit=Opaque()))
    known = np.isfinite(slow) & np.isfinite(fast)
    assert known.any()
    np.testing.assert_allclose(fast[known], slow[known], atol=1e-12)
    if not holes:
        assert known.all()


def test_two_treated_clusters_that_look_alike_do_not_promise_certainty():
    design = made(21, adopted=(4, 4, *[np.inf] * 8))
    twins = design.panel.mean.copy()
    twins[1] = twins[0] + 1e-3 * design.panel.mean[1]
    effects = GroupTime()(replace(design, panel=replace(design.panel, mean=twins))).overall()
    equal, welch = infer(effects, BiasReduced("satterthwaite")), infer(effects, BiasReduced())
    assert welch.df[0] == pytest.approx(1.25 * equal.df[0])


def test_adjusting_for_a_family_never_makes_a_p_value_smaller():
    """With few treated clusters the own p-value knows the degrees of freedom; the draws of signs do not."""
    rng = np.random.default_rng(3)
    offices, months = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    trained = (offices < 4) & (months >= 6)
    for _ in range(5):
        family = []
        for name in ("a", "b", "c"):
            frame = pd.DataFrame({"unit": offices, "period": months, name: rng.normal(size=144) - 1.5 * trained})
            frame["adopted"] = np.where(offices < 4, 6.0, np.nan)
            panel = read_panel(frame, unit="unit", period="period", outcome=name)
            design = assign(panel, read_rollout(frame, unit="unit", adopted="adopted"), cluster="unit")
            family.append(infer(GroupTime()(design).overall(), BiasReduced()))
        table = romano_wolf(family, reps=499, seed=1)
        assert (table["p_adjusted"] >= table["p_value"]).all()


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("estimator", [Imputation(periods="regency"), GLSImputation(periods="regency")], ids=str)
def test_a_regency_with_its_own_periods_where_nobody_was_trained_is_no_cluster(estimator, rule):
    """It adds nothing to the estimate, but what GLS imputation learnt from it of how long shocks last stays."""
    rng = np.random.default_rng(1)
    waits = rng.normal(size=(6, 6, 12))
    waits[:5] = waits[:5].cumsum(axis=2)  # in the last regency no shock lasts
    rows = [
        (f"R{r} / O{o}", f"R{r}", 2000 + t, 10 + waits[r, o, t] - 1.5 * (trained and t >= 6), 2006 if trained else None)
        for r, o, t in np.ndindex(waits.shape)
        for trained in [r < 5 and o < 3]
    ]
    frame = pd.DataFrame(rows, columns=["unit", "regency", "year", "days", "start"])

    def answer(part):
        panel = read_panel(part, unit="unit", period="year", outcome="days", attributes=["regency"])
        design = assign(panel, read_rollout(part, unit="unit", adopted="start"), cluster="regency")
        effects = estimator(design).overall()
        found = infer(effects, rule)
        np.testing.assert_allclose(found.estimate, effects.estimate, rtol=1e-9)
        assert found.effects.estimator == estimator
        return found

    whole, without = answer(frame), answer(frame[frame["regency"] != "R5"])
    assert "R5" in " ".join(map(str, whole.notes))
    np.testing.assert_allclose(whole.df, without.df, rtol=1e-9)
    assert np.isfinite([whole.p_value, *whole.interval()]).all()
    if isinstance(estimator, Imputation):  # GLS learns from its shocks how long they last
        np.testing.assert_allclose(whole.std_error, without.std_error, rtol=1e-9)
