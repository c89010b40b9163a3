"""Bands over many estimates: what holds for one and for all, against brute force, and how often they leave out zero."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from scipy import special
from statsmodels.stats.multitest import multipletests

from asn_impact.errors import DataWarning, InferenceError, InputError
from asn_impact.estimation.along import Along
from asn_impact.estimation.curve import quantile_effects
from asn_impact.estimation.efficient import Efficient
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.imputation import Imputation, TwoStage
from asn_impact.estimation.inference import ClusterRobust, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife
from asn_impact.estimation.resampling import Permutation, WildBootstrap
from asn_impact.estimation.saturated import InteractionWeighted, Saturated
from asn_impact.estimation.simultaneous import Banded, Multiplier, Simultaneous, _root, _smallest, holm
from asn_impact.estimation.stacked import Stacked
from asn_impact.estimation.two_way import TwoWay
from asn_impact.measures.curves import CurvePanel
from asn_impact.measures.outcomes import CompletionCurve
from tests.estimation.random_designs import design_of

# The 5 % quantile of N smallest p-values has a standard error of sqrt(0.05 * 0.95 / N) on the scale of the level of the
# band: 0.0015 with 20,000 draws. Two such quantiles are compared, at four standard errors of their difference.
DRAWS, NEAR = 20_000, 4 * np.sqrt(2 * 0.05 * 0.95 / 20_000)
WAVES = (3, 3, 3, 5, 5, 5, np.inf, np.inf, np.inf, np.inf, np.inf, np.inf)
ONE_DATE = (4, 4, 4, 4, *[np.inf] * 8)
ESTIMATORS = [
    GroupTime(),
    TwoWay(),
    Imputation(),
    TwoStage(),
    InteractionWeighted(),
    Saturated(),
    Stacked(2, 2),
    Efficient(),
]


def made(seed, adopted=WAVES, periods=8):
    rng = np.random.default_rng(seed)
    shape = (len(adopted), periods)
    labels = tuple(f"O{i:02d}" for i in range(shape[0]))
    outcome = rng.normal(size=(shape[0], 1)) + rng.normal(size=shape)
    return replace(design_of(outcome, adopted, units=labels, attributes={"office": labels}), clusters=labels)


def along(seed, days=8, adopted=ONE_DATE, periods=8):
    """Completion curves of offices that differ, with months of their own, and no effect."""
    rng = np.random.default_rng(seed)
    plain = made(seed, adopted, periods)
    shape = plain.panel.n.shape
    level = rng.normal(0, 0.7, (shape[0], 1)) + rng.normal(0, 0.4, shape)
    law = 1 / (1 + np.exp(-(level[:, :, None] + np.linspace(-2, 2, days))))
    ends = np.zeros((*shape, 1)), np.ones((*shape, 1))
    steps = np.diff(np.concatenate([ends[0], law, ends[1]], axis=2), axis=2)
    cases = np.full(shape, 40)
    curve = rng.multinomial(cases, steps).cumsum(axis=2)[:, :, :-1] / cases[:, :, None]
    inside = cases[:, :, None] * curve * (1 - curve)
    panel = CurvePanel(
        outcome=CompletionCurve(days - 1),
        units=plain.panel.units,
        timeline=plain.panel.timeline,
        n=cases.astype(float),
        mean=curve[:, :, -1],
        weight=np.ones(shape),
        within=inside[:, :, -1, None, None],
        attributes=plain.panel.attributes,
        curve=curve,
        inside=inside,
    )
    return replace(plain, panel=panel)


def level_of(smallest, alpha=0.05):
    """Level of a band whose single intervals have level 1 - alpha."""
    return (smallest <= alpha).mean()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_a_band_is_the_pointwise_interval_at_a_higher_level_for_every_estimator(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        effects = estimator(made(1)).event_study()
        band, alone = infer(effects, Simultaneous(reps=999, seed=1)), infer(effects, BiasReduced())
    np.testing.assert_array_equal(band.std_error, alone.std_error)
    k = np.isfinite(alone.std_error).sum()
    # no narrower than for one estimate, no wider than Bonferroni asks for; 4 standard errors of the drawn level
    assert 0.95 <= band.each() <= 1 - (0.05 - 4 * np.sqrt(0.05 * 0.95 / 999)) / k
    reach = special.stdtrit(band.df, (1 + band.each()) / 2) * band.std_error
    np.testing.assert_allclose(band.interval(), [band.estimate - reach, band.estimate + reach])


@pytest.mark.parametrize(
    "rule",
    [BiasReduced("satterthwaite"), Jackknife(), ClusterRobust(), WildBootstrap(256, 1), Permutation(99, 1)],
    ids=lambda r: type(r).__name__,
)
def test_every_rule_for_one_estimate_gives_a_band(rule):
    effects = GroupTime()(made(2, periods=6, adopted=(3, 3, 3, 3, *[np.inf] * 4))).event_study()
    band, alone = infer(effects, Simultaneous(reps=399, seed=1, rule=rule)), infer(effects, rule)
    assert (band.p_value >= alone.p_value).all()
    np.testing.assert_allclose(band.interval(0.8), alone.interval(band.each(0.8)))
    assert rule.name in band.rule.name


@pytest.mark.parametrize("adopted", [WAVES, ONE_DATE], ids=["waves", "one date"])
def test_the_band_holds_the_pointwise_intervals_of_its_rule(adopted):
    for seed in range(20):
        effects = GroupTime()(made(seed, adopted)).event_study()
        wide, narrow = infer(effects, Simultaneous(reps=199, seed=seed)), infer(effects, BiasReduced())
        assert (wide.interval()[0] <= narrow.interval()[0]).all()
        assert (wide.interval()[1] >= narrow.interval()[1]).all()


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_zero_is_left_out_where_the_adjusted_p_value_is_small(level):
    out, small = [], []
    for seed in range(20):
        design = made(seed)
        moved = replace(design.panel, mean=design.panel.mean + 1.2 * design.treated())
        band = infer(GroupTime()(replace(design, panel=moved)).event_study(), Simultaneous(reps=199, seed=seed))
        low, high = band.interval(level)
        out += list((low > 0) | (high < 0))
        small += list(band.p_value <= 1 - level + 1e-9)
    assert out == small
    assert 0 < sum(out) < len(out)


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife("welch")], ids=lambda r: type(r).__name__)
def test_degrees_of_freedom_rest_on_the_noise_in_all_estimates(rule):
    """One date, so that all event times have the same weights: one ratio of noise, one number of degrees of freedom.

    Eight offices against four whose noise is s times as large: Welch's degrees of freedom of two means.
    """
    values = []
    for seed in range(40):
        design = made(seed, adopted=(4, 4, 4, 4, *[np.inf] * 8))
        loud = replace(design.panel, mean=design.panel.mean * np.where(np.arange(12) < 4, 3.0, 1.0)[:, None])
        effects = GroupTime()(replace(design, panel=loud)).event_study()
        df = infer(effects, Simultaneous(reps=19, seed=1, rule=rule)).df
        assert np.ptp(df) < 1e-6
        values.append((df[0], *infer(effects, rule).df))
    found = np.array(values)
    share = np.array([9 / 4, 1 / 8])
    welch = share.sum() ** 2 / (share**2 / [3, 7]).sum()
    assert np.median(found[:, 0]) == pytest.approx(welch, rel=0.15)  # the ratio is estimated from four offices
    # by themselves the estimates say anything between the fewest and the most, and the most is what decides
    assert found[:, 0].std() < 0.5 * found[:, 1:].std()
    assert (found[:, 1:].max(axis=1) > found[:, 0]).all()


def test_one_ratio_of_noise_leaves_the_degrees_of_one_estimate_as_they_are():
    for adopted in (WAVES, ONE_DATE, (3, 3, 3, 5, 5, 5)):  # the last: every office is treated at some time
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            effects = GroupTime()(made(2, adopted)).overall()
        for rule in (BiasReduced(), Jackknife("welch"), BiasReduced("satterthwaite"), ClusterRobust()):
            band = infer(effects, Simultaneous(reps=19, seed=1, rule=rule))
            np.testing.assert_allclose(band.df, infer(effects, rule).df)
            np.testing.assert_array_equal(band.std_error, infer(effects, rule).std_error)


def test_one_estimate_needs_no_draws():
    effects = GroupTime()(made(3)).overall()
    band, alone = infer(effects, Simultaneous(reps=1999, seed=1)), infer(effects, BiasReduced())
    for level in (0.5, 0.9, 0.95):
        np.testing.assert_allclose(band.interval(level), alone.interval(level), rtol=1e-9)
    assert band.p_value[0] == pytest.approx(alone.p_value[0], abs=1 / 2000)


def test_estimates_that_are_one_and_the_same_count_once():
    together = _smallest(np.ones((6, 1)), np.full(6, 7.0), DRAWS, 1)
    assert level_of(together) == pytest.approx(0.05, abs=NEAR)


@pytest.mark.parametrize("df", [1.0, 4.0, 40.0])
def test_independent_estimates_need_what_sidak_says(df):
    together = _smallest(np.eye(6), np.full(6, df), DRAWS, 2)
    assert level_of(together, 1 - 0.95 ** (1 / 6)) == pytest.approx(0.05, abs=NEAR)


def test_the_draws_are_those_of_two_groups_of_normal_clusters():
    """Brute force: 20,000 times four clusters against eight, six correlated changes, the usual pooled t statistics."""
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(0.6 + 0.4 * np.eye(6))
    data = rng.standard_normal((DRAWS, 12, 6)) @ root.T
    treated, others = data[:, :4], data[:, 4:]
    pooled = (4 * treated.var(axis=1) + 8 * others.var(axis=1)) / 10
    statistic = (treated.mean(axis=1) - others.mean(axis=1)) / np.sqrt(pooled * (1 / 4 + 1 / 8))
    brute = (2 * special.stdtr(10, -np.abs(statistic))).min(axis=1)
    drawn = _smallest(root, np.full(6, 10.0), DRAWS, 5)
    for alpha in (0.002, 0.01, 0.02):
        assert level_of(drawn, alpha) == pytest.approx(level_of(brute, alpha), abs=NEAR)
    # one variance for all six, a multivariate t, would be another law: the comparison can tell
    shared = rng.chisquare(10, (DRAWS, 1)) / 10
    multivariate = 2 * special.stdtr(10, -np.abs(rng.standard_normal((DRAWS, 6)) @ root.T / np.sqrt(shared)))
    assert level_of(multivariate.min(axis=1), 0.02) < level_of(brute, 0.02) - NEAR


def test_more_draws_agree_with_fewer_and_another_seed_with_the_first():
    effects = GroupTime()(made(5)).event_study()
    few = infer(effects, Simultaneous(reps=1999, seed=1))
    many = infer(effects, Simultaneous(reps=DRAWS, seed=2))
    assert level_of(many.smallest, 1 - few.each()) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1999) + NEAR)


def test_the_same_seed_gives_the_same_band():
    effects = GroupTime()(made(6)).event_study()
    one, two = (infer(effects, Simultaneous(reps=999, seed=7)) for _ in range(2))
    pd.testing.assert_frame_equal(one.table(), two.table())


@pytest.mark.parametrize("seed", range(3))
def test_unit_and_period_effects_and_scale_change_nothing(seed):
    design, rule = made(seed), Simultaneous(reps=1999, seed=1)
    rng = np.random.default_rng(seed + 1)
    moved = -3 * design.panel.mean + rng.normal(size=(12, 1)) * 10 + rng.normal(size=(1, 8)) * 10
    one = infer(GroupTime()(design).event_study(), rule)
    two = infer(GroupTime()(replace(design, panel=replace(design.panel, mean=moved))).event_study(), rule)
    low, high = one.interval()
    np.testing.assert_allclose(two.interval(), [-3 * high, -3 * low], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(two.p_value, one.p_value)


def test_an_estimate_without_a_standard_error_has_none_in_the_band_and_leaves_the_others_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        effects = GroupTime()(made(7, adopted=(3, 3, 5, *[np.inf] * 6))).event_study()
        band, alone = infer(effects, Simultaneous(reps=999, seed=1)), infer(effects, BiasReduced())
    gone = np.isnan(alone.std_error)
    assert 0 < gone.sum() < len(gone)
    for values in (band.p_value, *band.interval()):
        np.testing.assert_array_equal(np.isnan(values), gone)
    assert band.notes[0] == alone.notes[0]  # says that one treated cluster stands behind them


def test_the_band_of_a_curve_holds_for_all_days():
    effects = Along(GroupTime())(along(8))
    band = infer(effects, Simultaneous(reps=999, seed=1))
    assert list(band.table().columns)[:2] == ["days", "estimate"]
    assert 0.95 < band.each() < 1 - 0.03 / 8
    wide, narrow = (quantile_effects(effects, (0.5,), rule=rule) for rule in (band.rule, BiasReduced()))
    assert wide["conf_low"][0] <= narrow["conf_low"][0]
    assert wide["conf_high"][0] >= narrow["conf_high"][0]


def test_a_day_without_variation_does_not_count():
    design = along(9)
    curve, inside = design.panel.curve.copy(), design.panel.inside.copy()
    curve[:, :, 0] = inside[:, :, 0] = 0.0
    panel = replace(design.panel, curve=curve, inside=inside)
    with pytest.warns(DataWarning, match="does not vary in '0'"):
        band = infer(Along(GroupTime())(replace(design, panel=panel)), Simultaneous(reps=999, seed=1))
    assert np.isnan(band.p_value[0])
    assert np.isfinite(band.p_value[1:]).all()


@pytest.mark.parametrize("what", ["event study", "curve"])
def test_few_clusters_do_not_make_the_band_leave_out_zero(what):
    """4 of 12 offices treated, 150 draws without any effect: 5 % give or take three standard errors at most.

    The multiplier band of the first sixty draws leaves out zero in more than 15 %: the test can tell.
    """
    out = {"Simultaneous": [], "Multiplier": []}
    for seed in range(150):
        effects = (
            Along(GroupTime())(along(seed)) if what == "curve" else GroupTime()(made(seed, ONE_DATE)).event_study()
        )
        rules = (Simultaneous(reps=199, seed=seed), Multiplier(reps=199, seed=seed))
        for rule in rules if seed < 60 else rules[:1]:
            low, high = infer(effects, rule).interval()
            out[type(rule).__name__].append(((low > 0) | (high < 0)).any())
    rates = {name: np.mean(found) for name, found in out.items()}
    print(what, rates)
    assert rates["Simultaneous"] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
    assert rates["Multiplier"] > 0.15


def test_an_effect_that_is_there_is_found():
    design = made(10, adopted=(4, 4, 4, 4, 4, 4, *[np.inf] * 6))
    moved = replace(design.panel, mean=design.panel.mean + 6 * design.treated())
    band = infer(GroupTime()(replace(design, panel=moved)).event_study(), Simultaneous(reps=999, seed=1))
    after = band.effects.terms["event_time"].to_numpy() >= 0
    assert (band.p_value[after] < 0.05).mean() > 0.7
    assert (band.p_value[~after] > 0.05).all()


def test_a_variance_that_is_none_is_made_a_correlation():
    root = _root(np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]))
    np.testing.assert_allclose((root**2).sum(axis=1), 1)


def test_the_root_gives_the_correlations_back():
    values = np.random.default_rng(1).normal(size=(4, 6))  # four clusters, six estimates: of rank four
    variance = values.T @ values
    root = _root(variance)
    assert root.shape == (6, 4)
    scale = np.sqrt(np.diag(variance))
    np.testing.assert_allclose(root @ root.T, variance / scale / scale[:, None], atol=1e-12)


def test_what_cannot_be_a_band_is_refused():
    with pytest.raises(InputError, match="Expected a whole number, 19 or more"):
        Simultaneous(reps=10, seed=1)
    for rule in (Multiplier(99, 1), Simultaneous(99, 1)):
        with pytest.raises(InferenceError, match="is a band over all estimates itself"):
            Simultaneous(reps=999, seed=1, rule=rule)
    band = infer(GroupTime()(made(11)).event_study(), Simultaneous(reps=99, seed=1))
    with pytest.raises(InputError, match="Expected a number between 0 and 1"):
        band.interval(95)
    with pytest.raises(InferenceError, match="Expected reps=999 or more"):
        band.interval(0.999)
    single = made(12, adopted=(3, *[np.inf] * 6))
    with pytest.raises(InferenceError, match="Permutation"):
        infer(GroupTime()(single).event_study(), Simultaneous(reps=99, seed=1))


@pytest.mark.parametrize("rule", [Simultaneous(99, 1), Multiplier(99, 1)], ids=lambda r: type(r).__name__)
def test_a_band_shows_itself_in_short(rule):
    band = infer(GroupTime()(made(13)).event_study(), rule)
    assert isinstance(band, Banded)
    data, _ = DisplayFormatter().format(band)
    assert rule.name in data["text/html"]
    assert len(data["text/plain"]) < 400
    assert "array" not in data["text/plain"]
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(band)).table(), band.table())


def test_holm_is_that_of_statsmodels_to_the_digit():
    rng = np.random.default_rng(5)
    for n in (1, 2, 7):
        p_values = np.round(rng.random(n), 1)  # some are the same
        assert holm(p_values).tolist() == multipletests(p_values, method="holm")[1].tolist()
    assert holm(np.array([])).tolist() == []
