"""Effects along the completion curve: the same as day by day, bands, quantiles, and a known shift."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError, InferenceError, InputError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    Efficient,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Multiplier,
    Permutation,
    Saturated,
    Stacked,
    SyntheticDiD,
    TwoStage,
    TwoWay,
    WildBootstrap,
    infer,
)
from asn_impact.estimation.along import Along, fit_of
from asn_impact.estimation.curve import curves, quantile_effects
from asn_impact.measures.curves import CurvePanel
from asn_impact.measures.outcomes import CompletionCurve, Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

SAME = 1e-9  # the same linear algebra in another order
WAVES = (3, 3, 3, 5, 5, 5, np.inf, np.inf, np.inf, np.inf, np.inf, np.inf)


def panel_of(curve, n):
    units, periods = curve.shape[:2]
    inside = n[:, :, None] * curve * (1 - curve)
    labels = tuple(f"O{i:02d}" for i in range(units))
    return CurvePanel(
        outcome=CompletionCurve(curve.shape[2] - 1),
        units=labels,
        timeline=Timeline.months(24276 + np.arange(periods)),
        n=n,
        mean=curve[:, :, -1],
        weight=np.ones((units, periods)),
        within=np.nan_to_num(inside[:, :, -1])[:, :, None, None],
        attributes=pd.DataFrame({"office": labels}),
        curve=curve,
        inside=inside,
    )


def design_of(panel, adopted=WAVES):
    return Design(panel, np.array(adopted, dtype=float), np.arange(len(panel.units)), panel.units, "office")


def made(seed, adopted=WAVES, periods=8, horizon=9):
    """Curves of offices with effects of their own, months of their own, and cases that differ."""
    rng = np.random.default_rng(seed)
    shape = (len(adopted), periods)
    level = rng.normal(0, 0.7, (shape[0], 1, 1)) + rng.normal(0, 0.4, (*shape, 1))
    curve = 1 / (1 + np.exp(-(level + np.linspace(-2, 3, horizon + 1))))
    n = rng.integers(20, 60, shape).astype(float)
    counts = np.maximum.accumulate(rng.binomial(n[:, :, None].astype(int), curve), axis=2)
    return design_of(panel_of(counts / n[:, :, None], n), adopted)


def partly(design, reach=(6, 2)):
    """The same design whose last months were followed for some days only."""
    panel = design.panel
    curve, inside = panel.curve.copy(), panel.inside.copy()
    for column, day in zip((-2, -1), reach, strict=True):
        curve[:, column, day + 1 :] = inside[:, column, day + 1 :] = np.nan
    within = np.nan_to_num(inside[:, :, -1])[:, :, None, None]
    return replace(design, panel=replace(panel, curve=curve, inside=inside, mean=curve[:, :, -1], within=within))


def by_day(estimator, design, view="overall"):
    """The slow way: the estimator on each day."""
    for day in range(design.panel.horizon + 1):
        yield getattr(estimator(replace(design, panel=design.panel.at(day))), view)()


ESTIMATORS = [
    GroupTime(),
    GroupTime(controls="never", sample="cross_sections"),
    TwoWay(),
    Imputation(),
    TwoStage(),
    InteractionWeighted(),
    Saturated(),
    Stacked(2, 2),
    SyntheticDiD(),
    Efficient(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife(), ClusterRobust()], ids=lambda r: type(r).__name__)
def test_along_the_curve_is_the_estimator_on_every_day(estimator, rule):
    design = made(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = infer(Along(estimator)(design), rule)
        slow = [infer(effects, rule) for effects in by_day(estimator, design)]
    assert list(found.effects.terms["days"]) == list(range(10))
    for name in ("estimate", "std_error", "df"):
        expected = np.concatenate([getattr(inference, name) for inference in slow])
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-7, atol=SAME, err_msg=name)


@pytest.mark.parametrize("estimator", [GroupTime(), TwoWay(), Imputation()], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("weights", ["units", "records"])
def test_days_on_which_fewer_months_count_are_estimated_on_those(estimator, weights):
    design = partly(made(2))
    if weights == "records":
        design = replace(
            design, weights=weights, panel=replace(design.panel, weight=design.panel.weight * design.panel.n)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        for rule in (BiasReduced(), ClusterRobust()):
            found = infer(Along(estimator)(design), rule)
            slow = [infer(effects, rule) for effects in by_day(estimator, design)]
            for name in ("estimate", "std_error", "df"):
                expected = np.concatenate([getattr(inference, name) for inference in slow])
                np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-7, atol=SAME)


def test_months_that_were_not_followed_so_long_do_not_move_a_later_day():
    whole = Along(GroupTime())(made(3)).estimate
    short = _quiet(Along(GroupTime()), partly(made(3), (9, 4))).estimate
    np.testing.assert_allclose(short[:5], whole[:5], atol=SAME)
    assert np.abs(short[5:] - whole[5:]).max() > 1e-4


def _quiet(make, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return make(*arguments)


def test_days_that_cannot_be_estimated_are_left_out_and_named():
    design = made(4, adopted=(7, 7, 7, np.inf, np.inf, np.inf))
    design = partly(design, reach=(9, 4))  # the only treated month was followed for 4 days
    with pytest.warns(DataWarning, match="Days 5 to 9 cannot be estimated and left out"):
        effects = Along(GroupTime())(design)
    assert list(effects.terms["days"]) == [0, 1, 2, 3, 4]
    assert any("Days 5 to 9" in str(note) for note in effects.notes)


@pytest.mark.parametrize("view", ["cohorts", "event_study", "calendar"])
def test_other_views_are_those_of_every_day(view):
    design = made(5)
    effects = Along(GroupTime(), view=view)(design)
    slow = np.concatenate([e.estimate for e in by_day(GroupTime(), design, view)])
    np.testing.assert_allclose(effects.estimate, slow, atol=SAME)
    assert effects.terms.columns[0] == "days"
    assert len(effects.terms) == len(effects.support())


def test_clusters_behind_an_estimate_are_those_of_its_wave():
    design = made(6, adopted=(3, 5, 5, 5, np.inf, np.inf, np.inf))
    assert Along(GroupTime(), view="cohorts")(design).support()[:2].tolist() == [1, 3]


def test_the_band_holds_for_all_days_and_is_wider_than_the_intervals():
    effects = Along(GroupTime())(made(7))
    band, point = infer(effects, Multiplier(reps=999, seed=1)), infer(effects, ClusterRobust())
    np.testing.assert_allclose(band.std_error, point.std_error)
    low, high = band.interval()
    assert (low < point.interval()[0]).all()
    assert (high > point.interval()[1]).all()


def test_randomisation_of_each_day_is_that_of_the_day_alone():
    design = made(8, adopted=(3, 3, 5, np.inf, np.inf, np.inf))
    effects, rule = Along(GroupTime())(design), Permutation(reps=100, seed=1)
    found = infer(effects, rule)
    for day in (0, 4, 9):
        alone = infer(fit_of(effects).along.on(design, day), rule)
        assert found.p_value[day] == alone.p_value[0]
        np.testing.assert_allclose(
            [e[day] for e in found.interval(0.9)], [e[0] for e in alone.interval(0.9)], rtol=1e-6
        )


def test_randomisation_where_months_count_in_part_is_refused():
    with pytest.raises(InputError, match="Use CompletionCurve"):
        infer(_quiet(Along(GroupTime()), partly(made(8))), Permutation(reps=20, seed=1))


@pytest.mark.parametrize("estimator", [GroupTime(), TwoWay()], ids=lambda e: type(e).__name__)
def test_the_wild_bootstrap_of_each_day_is_that_of_the_day_alone(estimator):
    """Residuals of the last day must never stand for those of another, nor its correction where months differ."""
    design, rule = partly(made(9)), WildBootstrap(reps=199, seed=1)
    effects = _quiet(Along(estimator), design)
    found = infer(effects, rule)
    low, high = found.interval(0.9)
    for day in (0, 4, 9):
        alone = _quiet(lambda day: infer(estimator(replace(design, panel=design.panel.at(day))).overall(), rule), day)
        assert found.p_value[day] == alone.p_value[0]
        np.testing.assert_allclose([low[day], high[day]], [e[0] for e in alone.interval(0.9)], rtol=1e-6)


def test_another_outcome_in_place_of_a_curve_is_refused():
    effects = Along(GroupTime())(made(9))
    residuals = replace(effects.design.panel, mean=effects.design.panel.mean - 0.5)
    with pytest.raises(InferenceError, match="needs the effects of one day"):
        effects.again(replace(effects.design, panel=residuals))


def test_an_effect_of_one_office_and_month_on_all_days_moves_nothing_but_the_level():
    design = made(10)
    moved = np.clip(design.panel.curve * 0.5 + 0.2, 0, 1)  # scale and shift: effects scale, shift drops out
    again = design_of(panel_of(moved, design.panel.n))
    np.testing.assert_allclose(Along(GroupTime())(again).estimate, 0.5 * Along(GroupTime())(design).estimate, atol=SAME)


def test_the_last_day_is_the_estimate_on_the_panel_itself():
    design = made(11)
    assert Along(GroupTime())(design).estimate[-1] == pytest.approx(GroupTime()(design).overall().estimate[0], abs=SAME)


def test_a_panel_without_a_curve_is_refused():
    design = made(12)
    plain = replace(design, panel=design.panel.at(3))
    with pytest.raises(EstimationError, match="Expected a completion curve"):
        Along(GroupTime())(plain)
    with pytest.raises(EstimationError, match="no effects along a completion curve"):
        quantile_effects(GroupTime()(plain).overall())


def test_the_display_names_the_curve():
    effects = Along(GroupTime())(made(13))
    assert repr(effects).endswith("along the completion curve on completion_curve_9: 10 estimates)")
    assert "days" in infer(effects, BiasReduced())._repr_html_()


def test_what_is_drawn_adds_up_and_is_the_mean_of_the_treated_cells():
    design = made(14)
    band = infer(Along(GroupTime())(design), Multiplier(reps=199, seed=1))
    drawn = curves(band, level=0.9)
    assert list(drawn.columns) == ["days", "with_training", "without_training", "effect", "conf_low", "conf_high"]
    np.testing.assert_allclose(drawn["with_training"] - drawn["without_training"], drawn["effect"], atol=SAME)
    np.testing.assert_array_equal(drawn["conf_low"], band.interval(0.9)[0])
    # units weigh alike here, so every treated cell does
    treated = design.panel.curve[design.treated()].mean(axis=0)
    np.testing.assert_allclose(drawn["with_training"], treated, atol=SAME)


def test_curves_of_waves_are_no_single_curve():
    with pytest.raises(EstimationError, match="Expected one overall effect a day"):
        quantile_effects(Along(GroupTime(), view="cohorts")(made(15)))


def quantile(curve, p):
    reached = np.flatnonzero(curve >= p)
    return float(reached[0]) if reached.size else np.nan


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_are_those_of_the_slow_twin(seed):
    """Every day tried in turn: which first days do the intervals of the curve without training allow?"""
    effects = Along(GroupTime())(made(seed))
    table = quantile_effects(effects, (0.3, 0.5, 0.8), rule=ClusterRobust()).set_index("quantile")
    drawn = curves(infer(effects, ClusterRobust()))
    lower, upper = drawn["with_training"] - drawn["conf_high"], drawn["with_training"] - drawn["conf_low"]
    for p in (0.3, 0.5, 0.8):
        row = table.loc[p]
        treated = quantile(drawn["with_training"].to_numpy(), p)
        without = quantile(np.sort(drawn["without_training"].to_numpy()), p)
        assert row["with_training"] == treated
        np.testing.assert_equal([row["without_training"], row["estimate"]], [without, treated - without])
        days = np.arange(10)
        # day d is allowed unless the upper end is below p there, or the lower end at p or above on all days before d on
        allowed = [d for d in days if (upper[: d + 1] >= p).any() and (d == 0 or (lower[d - 1 :] < p).any())]
        if lower.iloc[-1] >= p:
            assert (row["conf_low"], row["conf_high"]) == (treated - max(allowed), treated - min(allowed))
        else:
            assert row["conf_low"] == -np.inf


def shifted(seed, *, days=2, offices=20, treated=8, periods=8, horizon=15, cases=200):
    """Waits of whole days around a median of 8 that fall by some days with training; offices differ at random."""
    rng = np.random.default_rng(seed)
    adopted = np.r_[np.full(treated, 4.0), np.full(offices - treated, np.inf)]
    day = np.arange(horizon + 1)
    level = rng.normal(0, 0.3, (offices, 1)) + rng.normal(0, 0.25, (offices, periods))
    on = np.arange(periods)[None, :] >= adopted[:, None]
    before = 1 / (1 + np.exp(-(level[:, :, None] + (day - 7.4) / 1.2)))
    after = 1 / (1 + np.exp(-(level[:, :, None] + (day + days - 7.4) / 1.2)))
    law = np.where(on[:, :, None], after, before)
    steps = np.diff(np.concatenate([np.zeros((*law.shape[:2], 1)), law, np.ones((*law.shape[:2], 1))], axis=2), axis=2)
    counts = rng.multinomial(cases, steps).cumsum(axis=2)[:, :, :-1]
    return design_of(panel_of(counts / cases, np.full(level.shape, float(cases))), adopted)


def test_intervals_of_quantiles_cover_a_known_shift_and_exclude_no_effect():
    """120 draws, nominal 95 %: at least 91 % (two standard errors below), and they are short enough to see two days."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        for seed in range(120):
            table = quantile_effects(Along(GroupTime(controls="never"))(shifted(seed)), (0.5, 0.9))
            found.append(table[["estimate", "conf_low", "conf_high"]].to_numpy())
    estimate, low, high = np.array(found).transpose(2, 0, 1)
    covered = ((low <= -2) & (high >= -2)).mean(axis=0)
    print("coverage", covered, "mean length", (high - low).mean(axis=0), "mean estimate", estimate.mean(axis=0))
    assert (covered >= 0.91).all()
    assert ((high - low).mean(axis=0) < 2).all()
    assert (np.abs(np.median(estimate, axis=0) + 2) == 0).all()
    assert ((high < 0).mean(axis=0) > 0.9).all()


def test_a_quantile_beyond_the_horizon_is_missing_with_a_reason():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        effects = Along(GroupTime(controls="never"))(shifted(1, days=3, horizon=7))
        table = quantile_effects(effects, (0.5, 0.75, 0.95))
    median, upper, last = (table.iloc[i] for i in range(3))
    assert np.isnan(upper["estimate"])
    assert upper["conf_low"] == -np.inf
    assert upper["conf_high"] < 0
    assert "without training" in str(upper["note"])
    assert np.isnan(last["with_training"])
    assert np.isnan(last["conf_high"])
    assert str(last["note"]) == "Not reached within 7 days with training."
    assert np.isfinite(median["with_training"])


def test_a_quantile_is_a_share():
    with pytest.raises(InferenceError, match="between 0 and 1"):
        quantile_effects(Along(GroupTime())(made(1)), (50,))


def test_days_without_any_variation_have_no_standard_error_and_leave_quantiles_alone():
    design = made(16)
    curve = design.panel.curve.copy()
    curve[:, :, 0] = 0.0
    with pytest.warns(DataWarning, match="does not vary in '0'"):
        inference = infer(Along(GroupTime())(design_of(panel_of(curve, design.panel.n))), ClusterRobust())
    assert inference.estimate[0] == 0
    assert np.isnan(inference.std_error[0])
    table = quantile_effects(inference.effects, (0.5,), rule=ClusterRobust())
    assert np.isfinite(table["conf_high"][0])


def test_a_ready_panel_has_no_curve():
    with pytest.raises(InputError, match="Expected CompletionCurve"):
        CurvePanel(
            outcome=Mean("days"),
            units=("a",),
            timeline=Timeline.months([24276]),
            n=np.ones((1, 1)),
            mean=np.ones((1, 1)),
            weight=np.ones((1, 1)),
            attributes=pd.DataFrame({"office": ["a"]}),
        )
    assert not hasattr(Panel, "curve")
