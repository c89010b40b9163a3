"""Counts: Poisson quasi-likelihood against a regression with dummies, what moves nothing, zeros, and rules."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from asn_impact.errors import DataWarning, EstimationError, InferenceError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Jackknife,
    Permutation,
    Poisson,
    Simultaneous,
    WildBootstrap,
    infer,
)
from asn_impact.reporting import charts as figures
from asn_impact.reporting import tables
from asn_impact.reporting.headline import headline_message
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.scrutinise import scrutinise
from asn_impact.scrutiny.specification import specification_curve
from tests.estimation.random_designs import design_of, quietly, with_mean

TWIN = 1e-8  # the same likelihood, searched to the end by another program
SAME = 1e-9
STARTS = np.array([4.0] * 4 + [6.0] * 5 + [np.inf] * 7)


def counts(seed=0, *, starts=STARTS, periods=9, size=6.0, effect=-0.3):
    rng = np.random.default_rng(seed)
    level = size * rng.uniform(0.3, 2.0, (len(starts), 1)) * np.exp(rng.normal(0, 0.2, periods))
    after = np.arange(periods) >= starts[:, None]
    return rng.poisson(level * np.exp(effect * after)).astype(float)


def made(seed=0, *, observed=None, exposure=None, starts=STARTS, **more):
    outcome = counts(seed, starts=starts, **more)
    names = {} if exposure is None else {"covariates": ("cases",), "x": exposure[:, :, None]}
    return design_of(outcome, starts, observed=observed, **names)


def dummies(unit, period):
    first = period[:, None] == np.unique(period)[1:]
    return np.column_stack([unit[:, None] == np.unique(unit), first]).astype(float)


def twin(design, exposure=None):
    """Log ratios by cohort and period: a GLM with dummies on untreated cells, and totals over its predictions."""
    panel = design.panel
    u, t = np.nonzero(panel.observed & ~design.treated())
    size = np.ones(panel.mean.shape) if exposure is None else exposure
    model = sm.GLM(panel.mean[u, t], dummies(u, t), family=sm.families.Poisson(), offset=np.log(size[u, t]))
    found = model.fit(tol=1e-14, maxiter=200).params
    units, months = np.unique(u), np.unique(t)
    unit, month = np.full(panel.mean.shape[0], np.nan), np.full(panel.mean.shape[1], np.nan)
    unit[units], month[months] = found[: len(units)], [0.0, *found[len(units) :]]
    expected = np.exp(unit[:, None] + month[None, :]) * size
    return {
        (design.cohort_label(g), panel.timeline.labels[s]): np.log(
            panel.mean[design.adopted == g, s][panel.observed[design.adopted == g, s]].sum()
            / expected[design.adopted == g, s][panel.observed[design.adopted == g, s]].sum()
        )
        for g in design.cohorts
        for s in range(int(g), panel.mean.shape[1])
    }


def keyed(effects):
    return dict(zip(zip(effects.terms["cohort"], effects.terms["period"], strict=True), effects.estimate, strict=True))


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("exposed", [False, True])
def test_it_is_the_glm_with_dummies(holes, exposed):
    rng = np.random.default_rng(3)
    exposure = rng.uniform(0.5, 2.0, (16, 9)) if exposed else None
    observed = rng.random((16, 9)) >= holes
    observed[:, :2] = True
    design = made(1, observed=observed, exposure=exposure)
    ours, theirs = keyed(quietly(Poisson(exposure="cases" if exposed else None), design)), twin(design, exposure)
    assert ours.keys() == theirs.keys()
    np.testing.assert_allclose([ours[k] for k in theirs], list(theirs.values()), atol=TWIN)


def test_in_a_balanced_panel_it_is_the_pooled_regression_with_its_clustered_variance():
    design = made(2)
    effects = Poisson()(design)
    u, t = (one.ravel() for one in np.indices(design.panel.mean.shape))
    cells = [(design.adopted[u] == g) & (t == s) for g in design.cohorts for s in range(int(g), 9)]
    x = np.column_stack([*cells, dummies(u, t)]).astype(float)
    model = sm.GLM(design.panel.mean.ravel(), x, family=sm.families.Poisson())
    options = {"groups": u, "use_correction": False, "df_correction": False}
    found = model.fit(tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds=options)
    k = len(cells)
    np.testing.assert_allclose(effects.estimate, found.params[:k], atol=TWIN)
    variance = effects.influence.T @ effects.influence
    np.testing.assert_allclose(variance, found.cov_params()[:k, :k], atol=TWIN)


def test_a_covariate_has_the_slope_of_the_glm():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(16, 9))
    design = replace(
        made(1), panel=replace(made(1).panel, covariates=("x",), x=x[:, :, None], within=np.zeros((0, 0, 1, 1)))
    )
    u, t = np.nonzero(~design.treated())
    model = sm.GLM(design.panel.mean[u, t], np.column_stack([x[u, t], dummies(u, t)]), family=sm.families.Poisson())
    slope = model.fit(tol=1e-14, maxiter=200).params[0]
    effects = Poisson(covariates=("x",))(design)
    spread = x[u, t].std()
    assert effects.fit.search.solution[-1] / spread == pytest.approx(slope, abs=TWIN)


def test_a_view_is_the_ratio_of_the_totals():
    design = made(4)
    effects = Poisson()(design)
    expected = twin(design)
    seen = {
        (design.cohort_label(g), design.panel.timeline.labels[s]): design.panel.mean[design.adopted == g, s].sum()
        for g in design.cohorts
        for s in range(int(g), 9)
    }
    would = sum(seen[k] / np.exp(expected[k]) for k in seen)
    assert effects.overall().estimate[0] == pytest.approx(np.log(sum(seen.values()) / would), abs=TWIN)
    for view in ("event_study", "cohorts", "calendar"):
        assert np.isfinite(getattr(effects, view)().estimate).all()


def test_what_moves_nothing():
    rng = np.random.default_rng(6)
    exposure = rng.uniform(0.5, 2.0, (16, 9))
    design = made(5, exposure=exposure)
    estimator = Poisson(exposure="cases")
    first = infer(estimator(design).overall(), BiasReduced())
    panel = design.panel
    factors = rng.uniform(0.1, 10, (16, 1)) * rng.uniform(0.1, 10, (1, 9))
    order = rng.permutation(16)
    others = [
        replace(design, panel=replace(panel, x=panel.x * factors[:, :, None])),  # sizes of units and months
        with_mean(design, 7.0 * panel.mean),  # the unit of counting: its overdispersion is not learnt
        replace(design.where(np.ones(16, dtype=bool)), panel=panel.select(order), adopted=design.adopted[order]),
    ]
    for other in others:
        again = infer(estimator(other).overall(), BiasReduced())
        np.testing.assert_allclose(again.estimate, first.estimate, atol=SAME)
        np.testing.assert_allclose(again.std_error, first.std_error, rtol=1e-7)
        np.testing.assert_allclose(again.df, first.df, rtol=1e-6)


def test_an_effect_without_noise_is_found():
    rng = np.random.default_rng(7)
    level = rng.uniform(1, 9, (16, 1)) * rng.uniform(0.5, 2, (1, 9))
    effects = Poisson()(design_of(np.where(np.arange(9) >= STARTS[:, None], 0.8, 1.0) * level, STARTS))
    np.testing.assert_allclose(effects.estimate, np.log(0.8), atol=SAME)


@pytest.mark.parametrize("view", [None, "overall", "event_study", "cohorts", "calendar"])
def test_leaving_out_is_searching_again(view):
    rng = np.random.default_rng(8)
    observed = rng.random((16, 9)) >= 0.1
    design = made(8, observed=observed, size=2.0)
    effects = quietly(Poisson(), design)
    effects = effects if view is None else getattr(effects, view)()
    keys = list(effects.terms.itertuples(index=False, name=None))
    for c in range(16):
        again = quietly(effects.again, design.without(c))
        found = dict(zip(again.terms.itertuples(index=False, name=None), again.estimate, strict=True))
        np.testing.assert_allclose(effects.leave_one_out()[c], [found.get(key, np.nan) for key in keys], atol=1e-8)


def test_influence_is_the_derivative_with_respect_to_the_weight_of_a_cluster():
    design = made(9, size=2.0)
    effects = Poisson()(design).overall()
    for c in (0, 5, 12):
        ends = []
        for step in (1e-5, -1e-5):
            total = design.panel.mean * np.where(design.cluster == c, 1 + step, 1.0)[:, None]
            ends.append(Poisson()(with_mean(design, total)).overall().estimate[0])
        assert effects.influence[c, 0] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


def test_loadings_are_the_derivative_with_respect_to_the_cells():
    design = made(9, size=2.0)
    for u, t in ((0, 1), (2, 7), (12, 5)):
        ends = []
        for step in (1e-5, -1e-5):
            mean = design.panel.mean.copy()
            mean[u, t] += 1 + step
            ends.append(Poisson()(with_mean(design, mean)).overall().estimate[0])
        mean = design.panel.mean.copy()
        mean[u, t] += 1
        again = Poisson()(with_mean(design, mean)).overall()
        assert again.loadings()[0, u, t] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


def test_units_with_only_zeros_are_left_out_and_said():
    design = made(10)
    mean = design.panel.mean.copy()
    mean[[2, 14]] = 0.0
    there, away = Poisson()(with_mean(design, mean)), Poisson()(design.where(~np.isin(np.arange(16), [2, 14])))
    np.testing.assert_allclose(there.estimate, away.estimate, atol=SAME)
    assert len(there.design.clusters) == 14
    assert "estimation.poisson_zero_units" in [note.key for note in there.notes]


def test_periods_in_which_the_untreated_count_only_zeros_are_left_out_and_said():
    design = made(11)
    mean = np.where((np.arange(9) == 7) & ~design.treated(), 0.0, design.panel.mean)
    with pytest.warns(DataWarning, match="2023-08"):
        effects = Poisson()(with_mean(design, mean))
    gone = effects.terms["period"] == "2023-08"
    assert np.isnan(effects.estimate[gone]).all()
    assert np.isfinite(effects.estimate[~gone]).all()


def test_zeros_that_separate_two_parts_are_no_prediction():
    # units 0 and 1 count in the first two periods only, and nobody else is seen then
    mean, observed = np.zeros((6, 4)), np.ones((6, 4), dtype=bool)
    mean[:2, :2], mean[2:, 2:] = 3.0, 5.0
    observed[2:, :2] = False
    design = design_of(mean, [2.0, np.inf, 3.0, 3.0, np.inf, np.inf], observed=observed)
    effects = quietly(Poisson(), design)
    assert "estimation.poisson_separated" in [note.key for note in effects.notes]
    assert np.isnan(effects.estimate[effects.terms["cohort"] == "2023-03"]).all()
    assert effects.estimate[-1] == pytest.approx(0.0, abs=SAME)


def test_a_unit_that_counts_nothing_before_training_counts_in_the_total():
    design = made(12)
    mean = design.panel.mean.copy()
    mean[0, :4] = 0.0
    effects = Poisson()(with_mean(design, mean))
    u, t = (one.ravel() for one in np.indices(mean.shape))
    cells = [(design.adopted[u] == g) & (t == s) for g in design.cohorts for s in range(int(g), 9)]
    x = np.column_stack([*cells, dummies(u, t)]).astype(float)
    found = sm.GLM(mean.ravel(), x, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200).params[: len(cells)]
    np.testing.assert_allclose(effects.estimate, found, atol=TWIN)


def test_a_month_without_a_single_case_counts_in_the_overall_effect():
    design = made(13)
    mean = np.where((STARTS == 4.0)[:, None] & (np.arange(9) == 8), 0.0, design.panel.mean)
    effects = Poisson()(with_mean(design, mean))
    assert "estimation.poisson_nothing_seen" in [note.key for note in effects.notes]
    assert np.isnan(effects.estimate).sum() == 1
    assert len(effects.left_out) == 0
    assert effects.overall().estimate[0] < Poisson()(design).overall().estimate[0]


def test_what_is_no_count_is_refused():
    design = made(14)
    with pytest.raises(EstimationError, match="never below zero"):
        Poisson()(with_mean(design, design.panel.mean - 20))
    exposure = np.ones((16, 9))
    exposure[3, 2] = 0.0
    strange = made(14, exposure=exposure)
    strange = with_mean(strange, np.maximum(strange.panel.mean, 1.0))
    with pytest.raises(EstimationError, match="zero or missing"):
        Poisson(exposure="cases")(strange)


@pytest.mark.parametrize(
    "rule",
    [
        BiasReduced(),
        BiasReduced("satterthwaite"),
        Jackknife(),
        ClusterRobust(),
        Permutation(29, 1),
        Simultaneous(99, 1),
    ],
    ids=lambda rule: rule.name,
)
def test_every_rule_gives_an_interval(rule):
    inference = quietly(infer, Poisson()(made(15, size=3.0)).overall(), rule)
    assert np.isfinite(inference.std_error).all()
    assert 0 < inference.p_value[0] <= 1


def test_the_wild_bootstrap_is_refused_with_what_to_use():
    with pytest.raises(InferenceError, match=r"Use Permutation\(\)"):
        infer(Poisson()(made(16)).overall(), WildBootstrap(99, 1))


def test_the_working_variance_is_the_fitted_mean():
    design = made(17, size=40.0)
    effects = Poisson()(design).overall()
    variance = effects.fit.cell_variance(design)
    np.testing.assert_allclose(variance.sum(axis=1), design.panel.mean.sum(axis=1), rtol=1e-8)  # units are fitted
    own = (effects.loadings()[0] ** 2 * variance).sum()
    expected = float(effects.fit.bias_reduced(effects).traces(np.ones((1, 16), dtype=bool)).total.sum())
    assert expected == pytest.approx(own, rel=1e-8)  # unbiased if counts are Poisson


def test_small_changes_of_large_counts_are_what_logs_say():
    rng = np.random.default_rng(18)
    level = 1e6 * rng.uniform(1, 2, (16, 1)) * rng.uniform(0.9, 1.1, (1, 9))
    mean = level * np.exp(0.001 * rng.normal(size=level.shape))
    ours = Poisson()(design_of(mean, STARTS)).overall().estimate[0]
    theirs = GroupTime()(design_of(np.log(mean), STARTS)).overall().estimate[0]
    assert ours == pytest.approx(theirs, abs=2e-3)


def draw_of_null(rng, *, units=24, periods=12, treated=8):
    """Counts whose mean wanders: an AR(1) log rate with correlation one half, and no effect."""
    shock = np.zeros((units, periods))
    shock[:, 0] = rng.normal(0, 0.4, units)
    for t in range(1, periods):
        shock[:, t] = 0.5 * shock[:, t - 1] + np.sqrt(0.75) * rng.normal(0, 0.4, units)
    level = rng.uniform(2, 12, (units, 1)) * np.exp(0.2 * rng.normal(size=periods) + shock)
    starts = np.repeat([6.0, 8.0, np.inf], [treated // 2, treated - treated // 2, units - treated])
    return design_of(rng.poisson(level).astype(float), starts)


@pytest.mark.slow
def test_a_true_null_is_rejected_about_as_often_as_said():
    rng = np.random.default_rng(2023)
    p = [quietly(infer, Poisson()(draw_of_null(rng)).overall(), BiasReduced()).p_value[0] for _ in range(240)]
    rate = float(np.mean(np.array(p) < 0.05))
    print(f"Poisson, BiasReduced, 24 units of which 8 treated, AR(1) counts: {rate:.3f} of 240 at 5 %")
    assert 0.02 <= rate <= 0.08


def test_the_effect_is_told_as_a_change_in_per_cent():
    inference = infer(Poisson()(made(19, size=40.0)).overall(), BiasReduced())
    low, high = (float(end[0]) for end in inference.interval())
    row = tables.results([inference]).frame.iloc[0]
    percent = [100 * np.expm1(x) for x in (inference.estimate[0], low, high)]
    assert [row["estimate"], row["conf_low"], row["conf_high"]] == pytest.approx(percent)
    assert row["std_error"] == pytest.approx(100 * np.exp(inference.estimate[0]) * inference.std_error[0])
    assert str(row["unit"]) == "per cent"
    assert row["unit"].text("id") == "persen"
    told = headline_message(inference, grade=Grade("B", (), ())).text("en").text
    assert told.startswith(f"Treatment lowered days by {-percent[0]:.1f} per cent (95% CI ")
    printed = tables.specifications({"counts": inference}).frame.set_index("term")["counts"]
    assert percent[0] == pytest.approx(printed.iloc[1].values[0])


def test_charts_are_in_per_cent():
    effects = Poisson()(made(20))
    chart = figures.event_study(infer(effects.event_study(), BiasReduced()))
    first = effects.event_study().estimate[0]
    assert chart.data["estimate"].iloc[0] == pytest.approx(100 * np.expm1(first))
    assert "per cent" in chart.subtitle.text
    forest = figures.forest([infer(effects.overall(), BiasReduced())])
    assert forest.data["estimate"][0] == pytest.approx(100 * np.expm1(effects.overall().estimate[0]))
    assert forest.data["unit"][0] == "per cent"


def test_ratios_and_differences_are_not_one_curve_and_no_days():
    design = made(21)
    with pytest.raises(EstimationError, match="make two"):
        specification_curve({"as given": design}, [Poisson(), GroupTime()], [BiasReduced()])
    found = quietly(scrutinise, Poisson()(design), rule=BiasReduced(), seed=1)
    curve = next(check for check in found.checks if check.name == "specification_curve")
    assert set(curve.table["estimator"]) == {Poisson().name}


def test_other_estimators_are_told_in_the_unit_of_the_outcome_whatever_their_parameters():
    for estimator in (GroupTime(), GLSImputation(correlation=0.5, ratio=1.0)):
        effects = estimator(made(22)).overall()
        assert effects.outcome is effects.design.panel.outcome


def test_a_ratio_does_not_depend_on_the_unit_of_large_totals():
    rng = np.random.default_rng(0)
    counts = rng.poisson(20.0, (10, 6)).astype(float)
    starts = [3, 3, 3, 4, 4, *[np.inf] * 5]
    small, large = (
        quietly(infer, Poisson()(design_of(counts * unit, starts)).overall(), BiasReduced()) for unit in (1, 1e15)
    )
    np.testing.assert_allclose(large.std_error, small.std_error, rtol=1e-6)


def test_without_the_cluster_that_tells_the_slope_nothing_is_estimated():
    """Any slope fits the others alike: taking the slope of all as theirs left an error that was too small."""
    x = np.zeros((16, 9))
    x[15] = np.random.default_rng(4).normal(size=9)  # only the last unit's covariate moves, and the first one's after
    x[0, 5:] = 1.0
    design = design_of(counts(3), STARTS, covariates=("x",), x=x[:, :, None])
    effects = Poisson(covariates=("x",))(design).overall()
    without = effects.leave_one_out()[:, 0]
    assert np.isnan(without[15])
    assert np.isfinite(without[:15]).all()
    assert np.isnan(quietly(infer, effects, Jackknife()).std_error[0])
