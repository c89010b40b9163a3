"""Power from a model of an office's own past: against a closed form, against studies with the effect put in, at zero.

Tolerances: a share of R draws has a standard error of sqrt(p (1 - p) / R); comparisons allow four of them. The minimum
detectable effect of independent normal noise is compared with its closed form within 6 %: 1,500 draws put its own error
at about 2.5 % (the order statistic's interval is printed with it), and the draws' variance differs from the normal one
by the finite number of offices.
"""

import asyncio
import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from asn_impact.designs import Design
from asn_impact.errors import DataWarning, DesignError, EstimationError, InputError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Imputation,
    Jackknife,
    Permutation,
    SyntheticDiD,
    TwoWay,
    infer,
)
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.topics.planning.past import Scenario, never_treated, past_of, pre_period, window
from asn_impact.topics.planning.power import detectable
from asn_impact.topics.planning.simulation import PlannedStudy, intervals

SHIFT = 1e-7  # the shortcut against the long way: the same arithmetic, other order


def past(seed, units=38, months=24, noise=None, n=None, start=24276, unit="working days"):
    rng = np.random.default_rng(seed)
    shape = (units, months)
    mean = rng.normal(size=shape) if noise is None else noise(rng, shape)
    n = np.ones(shape) if n is None else n
    return Panel(
        outcome=Mean("days", unit),
        units=tuple(f"O{i:02d}" for i in range(units)),
        timeline=Timeline.months(start + np.arange(months)),
        n=n,
        mean=np.where(n > 0, mean, np.nan),
        weight=(n > 0).astype(float),
        attributes=pd.DataFrame(
            {
                "office": [f"O{i:02d}" for i in range(units)],
                "district": [f"D{i % 6}" for i in range(units)],
            }
        ),
    )


def correlated(rng, shape):
    """Serial correlation 0.6 and unequal offices."""
    noise = rng.normal(size=shape)
    for t in range(1, shape[1]):
        noise[:, t] = 0.6 * noise[:, t - 1] + 0.8 * noise[:, t]
    return 10 + rng.normal(size=(shape[0], 1)) + noise * rng.uniform(0.5, 1.5, size=(shape[0], 1))


def drawn(panel, scenario, seed=1, cluster="office", weights="units", treated_noise=1.0):
    """One study with its noise."""
    rng, model = np.random.default_rng(seed), past_of(panel, cluster, weights)
    design = model.draw(scenario, rng)
    return with_mean(design, design.panel.mean + model.draw_noise(design, 1, treated_noise, rng)[0])


def with_mean(design, mean):
    return replace(design, panel=replace(design.panel, mean=mean))


PLAN = {"cluster": "office", "treated": 12, "waves": 1, "months": 12}


# ------------------------------------------------------------------------------------------------------ closed form


def closed_form(sd, treated, controls, power=0.8, level=0.95):
    """Size of effect that a t test between two groups of equal variance sees with a given power, on one side."""
    df, error = treated + controls - 2, sd * math.sqrt(1 / treated + 1 / controls)
    critical = stats.t.ppf((1 + level) / 2, df)
    return optimize.brentq(lambda e: stats.nct.sf(critical, df, e / error) - power, 0, 20 * error)


@pytest.mark.parametrize(
    ("estimator", "change"),
    [
        (TwoWay(), math.sqrt(1 / 6 + 1 / 6)),  # means of six months before and after
        (GroupTime(), math.sqrt(1 / 6 + 1)),  # six months after against the last month before
    ],
    ids=["two-way", "group-time"],
)
def test_with_independent_normal_noise_the_minimum_is_the_closed_form(estimator, change):
    panel = past(3, units=200, months=36)
    found = detectable(panel, **PLAN, offices=30, reps=1500, seed=4, estimator=estimator).minimum()
    sd = float(np.sqrt(panel.mean.var(axis=0).mean()))  # of the offices that are drawn from
    expected = closed_form(sd * change, 12, 18)
    assert abs(found["effect"][0]) == pytest.approx(expected, rel=0.06)
    assert found["effect"][0] < 0, "waits are hoped to fall"


@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife()], ids=lambda rule: type(rule).__name__)
def test_without_an_effect_a_study_is_wrong_about_as_often_as_its_level_says(rule):
    found = detectable(past(5, noise=correlated), **PLAN, reps=1500, seed=6, rule=rule).minimum()["rejected_at_zero"]
    assert abs(found[0] - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 1500)


# ------------------------------------------------------------------------------------------------- against the slow way


@pytest.mark.parametrize(
    "estimator", [GroupTime(), GroupTime(controls="never"), TwoWay()], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("rule", [BiasReduced(), Jackknife(), ClusterRobust()], ids=lambda r: type(r).__name__)
def test_shifting_intervals_is_what_studies_with_the_effect_find(estimator, rule):
    panel, scenario, effect = past(7, units=14, noise=correlated), Scenario(14, 6, (4, 8), 12), -1.5
    study, shortcut, long_way = PlannedStudy(estimator, rule, 0.95), [], []
    for seed in range(12):
        design = drawn(panel, scenario, seed)
        low, high = study.ends_of(design)
        shortcut.append((low + effect, high + effect))
        treated = replace(design, panel=replace(design.panel, mean=design.panel.mean + effect * design.treated()))
        ends = infer(estimator(treated).overall(), rule).interval()
        long_way.append((ends[0][0], ends[1][0]))
    np.testing.assert_allclose(shortcut, long_way, atol=SHIFT)


def test_the_power_in_the_table_is_the_share_of_such_studies():
    panel = past(8, units=12, noise=correlated)
    power = detectable(panel, cluster="office", treated=5, waves=1, months=12, reps=200, seed=9, rule=ClusterRobust())
    table = power.table([0.0, -0.8, -1.6])
    seen = [(power.ends[0, :, 1] + effect < 0).mean() for effect in (0.0, -0.8, -1.6)]
    np.testing.assert_allclose(table["power"], seen)
    assert (table["monte_carlo_error"] == np.sqrt(table["power"] * (1 - table["power"]) / 200)).all()


def test_a_permutation_sees_what_its_own_test_sees():
    panel, scenario = past(10, units=8, months=8), Scenario(8, 4, (4,), 8)
    rule = Permutation(reps=70, seed=1)
    design = drawn(panel, scenario)
    low, high = PlannedStudy(GroupTime(), rule, 0.9).ends_of(design)
    for effect in (-0.5, -2.0, -3.5):
        moved = replace(design, panel=replace(design.panel, mean=design.panel.mean + effect * design.treated()))
        rejected = infer(GroupTime()(moved).overall(), rule).p_value[0] < 0.1
        assert rejected == (not low <= -effect <= high)


@pytest.mark.parametrize("rule", [BiasReduced(), BiasReduced("satterthwaite"), Jackknife(), Jackknife("welch")])
@pytest.mark.parametrize(
    "estimator", [GroupTime(), Imputation(), GLSImputation(correlation=0.6, ratio=0.5)], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("sizes", ["equal", "unequal"])
def test_weights_made_once_give_what_estimating_each_time_gives(estimator, rule, sizes):
    n = np.random.default_rng(12).integers(1, 60, size=(16, 24)).astype(float) if sizes == "unequal" else None
    panel, study = past(11, units=16, noise=correlated, n=n), PlannedStudy(estimator, rule, 0.95)
    rng, model = np.random.default_rng(1), past_of(panel, "office", "records")
    design = model.draw(Scenario(16, 6, (4, 8), 12), rng)
    means = design.panel.mean + model.draw_noise(design, 8, 1.0, rng)
    template = study.template(with_mean(design, means[0]))
    assert template is not None
    slow = [study.ends_of(with_mean(design, mean)) for mean in means]
    np.testing.assert_allclose(template.ends(means, 0.95), slow, rtol=1e-8)


def test_an_estimator_that_chooses_its_weights_by_the_outcome_has_no_template():
    design = drawn(past(13, units=10, months=12), Scenario(10, 4, (6,), 12))
    assert PlannedStudy(SyntheticDiD(), Jackknife(), 0.95).template(design) is None


def test_an_estimate_that_a_constant_effect_moves_otherwise_is_refused():
    class Doubled(GroupTime):
        def __call__(self, design):
            twice = replace(design.panel, mean=2 * design.panel.mean)
            return GroupTime()(replace(design, panel=twice))

    with pytest.raises(EstimationError, match="does not move one for one"):
        detectable(
            past(14, units=10), cluster="office", treated=4, waves=1, months=12, reps=20, seed=1, estimator=Doubled()
        )


# ------------------------------------------------------------------------------------------------------- properties


def test_scale_scales_and_levels_of_offices_and_months_move_nothing():
    panel = past(15, noise=correlated)
    shifted = 3 * panel.mean + np.arange(38)[:, None] * 2.0 + 5.0
    plain, scaled = (
        detectable(p, **PLAN, reps=60, seed=2).minimum()["effect"][0] for p in (panel, replace(panel, mean=shifted))
    )
    assert scaled == pytest.approx(3 * plain, rel=1e-8)


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others():
    panel = past(16)
    first, again, other = (detectable(panel, **PLAN, reps=40, seed=s).minimum() for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["effect"][0] != other["effect"][0]


def test_a_scenario_has_the_same_draws_alone_and_among_others():
    panel = past(17)
    alone = detectable(panel, cluster="office", treated=8, waves=1, months=12, reps=40, seed=1).minimum()
    among = detectable(panel, cluster="office", treated=[8, 16], waves=[1, 2], months=12, reps=40, seed=1).minimum()
    assert len(among) == 4
    assert alone["effect"][0] == among["effect"][0]


def test_more_trained_offices_and_more_months_detect_less():
    panel = past(18, months=36, noise=correlated)
    asked = {"cluster": "office", "treated": [4, 16], "waves": 1, "months": [6, 36], "reps": 400, "seed": 3}
    found = detectable(panel, **asked, estimator=TwoWay()).minimum()
    size = found.set_index(["treated", "months"])["effect"].abs()
    assert size[16, 36] < size[4, 36]
    assert size[16, 36] < size[16, 6]


def test_whichever_side_is_hoped_for_noise_turned_over_gives_the_same_size():
    panel = past(19, noise=correlated)
    lower = detectable(panel, **PLAN, reps=800, seed=1).minimum()["effect"][0]
    higher = detectable(replace(panel, mean=-panel.mean), **PLAN, reps=800, seed=1, direction="higher").minimum()
    assert higher["effect"][0] == pytest.approx(-lower, rel=0.08), "histories are symmetric, draws are not"


def test_the_minimum_is_seen_as_often_as_asked_for_and_a_little_less_is_not():
    power = detectable(past(20), **PLAN, reps=100, seed=1, power=0.9)
    size = power.minimum()["effect"][0]
    above, below = power.table([size * (1 + 1e-9), size * 0.999])["power"]
    assert above >= 0.9 > below - 1e-12
    row = power.minimum().iloc[0]
    assert row["conf_low"] <= row["effect"] <= row["conf_high"]


def test_studies_without_an_interval_count_as_not_seen():
    n = np.ones((12, 24))
    n[:7] = 0
    n[:7, ::12] = 1  # seven of twelve offices are seen in two months only: many draws have too few to compare
    with pytest.warns(DataWarning, match="have no interval and count as not seen"):
        power = detectable(past(21, units=12, n=n), cluster="office", treated=4, waves=1, months=12, reps=60, seed=5)
    without = np.isnan(power.ends[0]).any(axis=1).sum()
    assert without > 0
    assert power.table([-1e9])["power"][0] == pytest.approx(1 - without / 60)


# ------------------------------------------------------------------------------------------------------------ draws


def test_sizes_of_cells_are_drawn_whole_and_in_the_same_months():
    labelled = 100.0 * (1 + np.arange(6)[:, None]) + np.arange(24)[None, :]
    panel = past(22, units=6, months=24, n=labelled)
    design = drawn(panel, Scenario(9, 4, (5,), 10), 3)
    month = design.panel.n % 100
    assert (month == month[0]).all(), "one window for all offices"
    assert (np.diff(month[0]) == 1).all(), "consecutive months"
    assert (design.panel.n // 100 == (design.panel.n // 100)[:, :1]).all(), "one office a row"
    first = design.panel.timeline.ordinals[0] - panel.timeline.ordinals[0]
    assert first == month[0, 0], "labels say which months they are"


def test_clusters_of_several_units_are_drawn_and_trained_together():
    design = drawn(past(23), Scenario(8, 3, (5,), 10), cluster="district")
    for c in range(8):
        assert len(set(design.adopted[design.cluster == c])) == 1
    assert len(design.clusters) == 8
    assert len(design.adopted) > 8


@pytest.mark.parametrize("seed", range(5))
def test_a_past_shorter_than_the_study_is_continued_at_the_same_season(seed):
    line = Timeline.months(24276 + np.arange(17))
    position = window(line, 60, np.random.default_rng(seed))
    season = (line.ordinals[position] % 12).tolist()
    assert len(position) == 60
    assert season == [(season[0] + i) % 12 for i in range(60)]


# ------------------------------------------------------------------------------------------------- the model of a past


def world(seed, units=200, months=24, rho=0.6, shocks=1.5, n=9.0, noise=3.0):
    """Shocks that fade, and means of n cases: sd of a shock, and of a case."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(units, months))
    shock = z.copy()
    for t in range(1, months):
        shock[:, t] = rho * shock[:, t - 1] + math.sqrt(1 - rho**2) * z[:, t]
    sizes = np.full((units, months), n)
    cells = 10 + rng.normal(size=(units, 1)) + np.sin(np.arange(months)) + shocks * shock
    mean = cells + noise * rng.normal(size=(units, months)) / np.sqrt(sizes)
    return replace(past(seed, units=units, months=months, n=sizes), mean=mean)


def test_histories_have_the_covariance_of_the_past_they_are_drawn_from():
    panel = world(40)
    model = past_of(panel, "office", "units")
    design = model.draw(Scenario(50, 20, (6,), 12), np.random.default_rng(1))
    noise = model.draw_noise(design, 400, 1.0, np.random.default_rng(2)).reshape(-1, 12)
    found = noise.T @ noise / len(noise)
    apart = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    expected = 1.5**2 * 0.6**apart + np.eye(12) * 3.0**2 / 9
    contrast = np.r_[np.full(6, 1 / 6), np.full(6, -1 / 6)]  # a unit effect cannot be told from a shock that stays
    assert contrast @ found @ contrast == pytest.approx(contrast @ expected @ contrast, rel=0.12)


def test_a_short_past_announces_what_a_long_one_does():
    """Laid end to end, the months after training repeated those before it, and the errors cancelled: .43 for .74."""
    asked = dict(cluster="office", treated=8, waves=1, months=36, offices=20, reps=400, seed=3, estimator=Imputation())
    long, *short = (
        abs(detectable(world(seed, months=months), **asked).minimum()["effect"][0])
        for seed, months in ((41, 48), (41, 12), (51, 12), (61, 12), (71, 12))
    )
    assert np.mean(short) == pytest.approx(long, rel=0.12)


def test_the_minimum_is_the_predictive_one():
    """k solves E Phi(k s (c + z) - c) = .8: what is found in a past of few offices may be too small."""
    g, panel = 8, past(42, units=8, months=60)
    asked = dict(treated=40, waves=1, months=12, offices=80, seed=3, estimator=Imputation())
    scenario, study = Scenario(80, 40, (6,), 12), PlannedStudy(Imputation(), BiasReduced(), 0.95)
    found = detectable(panel, cluster="office", reps=2000, **asked).minimum()["effect"][0]
    model = past_of(panel, "office", "units")
    sure = replace(model, members=tuple(np.array([i % 8]) for i in range(100_000)))  # the same noise, known for certain
    ends, _ = intervals(sure, scenario, study, 2000, 3)
    c, z = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    s = np.sqrt(stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, g - 1) / (g - 1))
    k = optimize.brentq(lambda k: stats.norm.cdf(k * s * (c + z) - c).mean() - 0.8, 0.5, 9)
    assert k > 1.05
    assert -found / np.quantile(ends[:, 1], 0.8) == pytest.approx(k, rel=0.05)


def test_trained_offices_that_are_twice_as_noisy_need_a_larger_effect():
    panel = world(43)
    asked = dict(cluster="office", treated=8, waves=1, months=24, offices=20, reps=400, seed=1)
    plain, noisy = (detectable(panel, **asked, treated_noise=f) for f in (1.0, 2.0))
    ratio = noisy.minimum()["effect"][0] / plain.minimum()["effect"][0]
    assert ratio == pytest.approx(math.sqrt((4 / 8 + 1 / 12) / (1 / 8 + 1 / 12)), rel=0.12)
    design = drawn(panel, Scenario(20, 8, (6,), 12), treated_noise=2.0)
    again = drawn(panel, Scenario(20, 8, (6,), 12))
    level = past_of(panel, "office", "units").draw(Scenario(20, 8, (6,), 12), np.random.default_rng(1)).panel.mean
    np.testing.assert_allclose((design.panel.mean - level)[:8], 2 * (again.panel.mean - level)[:8])
    np.testing.assert_allclose(design.panel.mean[8:], again.panel.mean[8:])


def test_units_of_one_cluster_move_together_as_they_did():
    """Drawn one by one, 6 units of a district were as good as 6 districts."""
    rng = np.random.default_rng(44)
    common = rng.normal(size=(20, 24))
    panel = past(44, units=120)
    district = np.arange(120) % 20
    mean = 2 * common[district] + rng.normal(size=(120, 24))
    panel = replace(panel, mean=mean, attributes=panel.attributes.assign(district=district))
    model = past_of(panel, "district", "units")
    assert model.alike == pytest.approx(0.8, abs=0.05)
    design = model.draw(Scenario(10, 4, (6,), 12), rng)
    noise = model.draw_noise(design, 300, 1.0, rng)
    one, other = np.flatnonzero(design.cluster == 0)[:2]
    assert np.corrcoef(noise[:, one].ravel(), noise[:, other].ravel())[0, 1] == pytest.approx(0.8, abs=0.06)
    assert past_of(panel, "office", "units").alike == 0


def test_a_random_walk_goes_on_as_it_went():
    rng = np.random.default_rng(45)
    panel = replace(past(45, units=150), mean=np.cumsum(rng.normal(size=(150, 24)), axis=1))
    model = past_of(panel, "office", "units")
    assert model.working.correlation == 1.0
    design = model.draw(Scenario(40, 16, (24,), 48), rng)
    steps = np.diff(model.draw_noise(design, 50, 1.0, rng), axis=2)
    assert steps.std() == pytest.approx(1.0, abs=0.1)


def test_the_covariance_of_the_past_serves_a_study_that_would_choose_its_own():
    panel = world(46, units=24)
    asked = dict(cluster="office", treated=8, waves=1, months=18, reps=40, seed=1)
    working = past_of(panel, "office", "units").working
    own, held = (
        detectable(panel, **asked, estimator=estimator).minimum()["effect"][0]
        for estimator in (GLSImputation(), GLSImputation(correlation=working.correlation, ratio=working.ratio))
    )
    assert own == held


def test_what_histories_are_drawn_from_is_said():
    note = detectable(world(47, units=24), **{**PLAN, "treated": 8}, reps=20, seed=1).notes[-1]
    assert str(note).startswith("Histories are drawn from a model of the past (24 clusters, 24 periods).")
    short = detectable(past(48, units=6, months=4), cluster="office", treated=3, waves=1, months=8, reps=20, seed=1)
    assert "terlalu pendek" in short.notes[-1].text("id")


def test_a_past_without_noise_to_learn_from_is_refused():
    n = np.zeros((8, 24))
    n[np.arange(8), np.arange(8)] = 1  # each office is seen once
    with pytest.raises(DesignError, match="no unit with two periods"):
        detectable(past(49, units=8, n=n), cluster="office", treated=4, waves=1, months=12, reps=20, seed=1)


def test_estimators_are_compared_on_the_same_draws():
    panel = world(50, units=24)
    asked = dict(cluster="office", treated=[6, 10], waves=2, months=24, reps=60, seed=1)
    plans = [detectable(panel, **asked, estimator=e) for e in (GLSImputation(), Imputation(), GroupTime())]
    table = plans[0].compare(*plans[1:])
    assert table["estimator"].tolist() == 2 * [plan.estimator.name for plan in plans]
    assert table["of_first"].iloc[0] == 1.0
    assert (table["of_first"][[2, 5]] > 1.2).all(), "one month of comparison needs larger effects"
    with pytest.raises(InputError, match="not from the same draws"):
        plans[0].compare(detectable(panel, **{**asked, "seed": 2}))
    with pytest.raises(InputError, match="not from the same draws"):
        plans[0].compare(detectable(world(51, units=24), **asked))


def treated_design(weights="units"):
    n = np.full((8, 10), 4.0)
    panel = past(25, units=8, months=10, n=n)
    adopted = np.array([5, 5, 7, 7, np.inf, np.inf, np.inf, np.inf])
    weighted = replace(panel, weight=panel.weight * n) if weights == "records" else panel
    return Design(weighted, adopted, np.arange(8), panel.units, "office", weights=weights)


def test_the_past_before_the_first_wave_holds_no_treated_cell():
    before = pre_period(treated_design(), anticipation=1)
    assert before.timeline.labels == ("2023-01", "2023-02", "2023-03", "2023-04")
    assert before.mean.shape == (8, 4)
    assert never_treated(treated_design()).mean.shape == (4, 10)


@pytest.mark.parametrize("cut", [pre_period, never_treated])
def test_the_past_has_the_weights_of_the_panel_whatever_the_design_made_of_them(cut):
    assert (cut(treated_design("records")).weight == 1).all()


# --------------------------------------------------------------------------------------------------------- refusals


def test_what_cannot_be_a_study_is_refused():
    for given, message in (
        ({"treated": 38}, "leaves nobody to compare with"),
        ({"treated": 1}, "Expected a whole number, 2 or more"),
        ({"waves": 0}, "Expected a whole number, 1 or more"),
        ({"waves": [(0, 4)]}, "whole numbers from 1 on"),
        ({"waves": [(4, 12)]}, "the study has 12"),
        ({"waves": 13, "treated": 12, "months": 24}, "13 waves for 12 offices"),
        ({"treated": []}, "is empty"),
        ({"power": 80}, "between 0 and 1"),
        ({"treated_noise": 0}, "0.1 or more"),
        ({"level": 95}, "between 0 and 1"),
        ({"reps": 5}, "20 or more"),
        ({"direction": "down"}, "'lower' or 'higher'"),
    ):
        with pytest.raises(InputError, match=message):
            detectable(past(26), **{**PLAN, "reps": 40, "seed": 1, **given})


def test_a_past_that_cannot_be_drawn_from_is_refused():
    panel = past(27)
    with pytest.raises(DesignError, match="Did you mean 'office'"):
        detectable(panel, **{**PLAN, "cluster": "ofice"}, reps=40, seed=1)
    gap = replace(panel, timeline=Timeline.months(np.r_[24276 + np.arange(12), 24300 + np.arange(12)]))
    with pytest.raises(DesignError, match="gap before 2025-01"):
        detectable(gap, **PLAN, reps=40, seed=1)


def test_an_effect_on_the_other_side_is_refused():
    power = detectable(past(28), **PLAN, reps=40, seed=1)
    with pytest.raises(InputError, match="do not go with direction='lower'"):
        power.table([1.0])


# ------------------------------------------------------------------------------------------------------------ words


def test_sentences_read_as_people_speak_and_round_up():
    power = detectable(past(29), cluster="office", treated=14, waves=3, months=24, reps=40, seed=1)
    ends = np.tile([-9.0, 1.1111], (1, 40, 1))
    said = replace(power, ends=ends)
    assert said.sentences("en") == (
        "With 14 of 38 offices in 3 waves and 24 months, an effect of 1.2 working days would be seen in 80 of 100 "
        "studies.",
    )
    assert said.sentences("id") == (
        "Dengan 14 dari 38 kantor dilatih dalam 3 gelombang dan 24 bulan, efek sebesar 1,2 hari kerja akan terlihat "
        "dalam 80 dari 100 studi.",
    )


def test_shares_are_spoken_of_in_percentage_points():
    power = detectable(past(30, unit="share"), **PLAN, reps=40, seed=1, direction="higher")
    said = replace(power, ends=np.tile([-0.0412, 9.0], (1, 40, 1)))
    assert "efek sebesar 4,2 poin persen" in said.sentences("id")[0]


def test_where_nothing_is_seen_often_enough_the_size_is_undefined():
    power = detectable(past(31), **PLAN, reps=40, seed=1)
    blind = replace(power, ends=np.full((1, 40, 2), np.nan))
    assert math.isnan(blind.minimum()["effect"][0])
    assert "no size of effect" in blind.sentences("en")[0]


def test_the_display_is_short_and_the_same_every_time():
    power = detectable(past(32), **PLAN, reps=40, seed=1)
    assert repr(power) == "Power(days: 1 scenario of 40 draws; seen in 80% of studies at level 0.95)"
    assert power._repr_html_() == detectable(past(32), **PLAN, reps=40, seed=1)._repr_html_()


def test_nothing_is_written_into_the_panel():
    panel = past(33)
    before = panel.mean.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detectable(panel, **PLAN, reps=20, seed=1)
    assert (panel.mean == before).all()


def test_a_notebook_with_many_draws_has_the_same_outputs_on_every_run(tmp_path):
    """A bar with its seconds was an output of the cell."""
    import nbformat

    from asn_impact.study.notebooks import execute

    lines = [
        "import time",
        "from asn_impact.topics.planning.power import Scenario, _bar",
        "with _bar(23, Scenario.even(offices=4, treated=2, waves=1, months=6)) as bar:",
        "    for _ in range(23):",
        "        time.sleep(0.1)",
        "        bar.update()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
    nbformat.write(notebook, tmp_path / "long.ipynb")
    assert nbformat.reads(asyncio.run(execute(tmp_path / "long.ipynb")).decode(), as_version=4).cells[0].outputs == []


# ----------------------------------------------------------------------------------------------------- anticipation


def test_a_past_says_how_many_periods_were_left_off_and_the_rest_is_left_off_for_the_estimator():
    panel = past(25, units=16, months=20)
    adopted = np.repeat([16, 18, np.inf], [4, 4, 8])
    design = Design(panel, adopted, np.arange(16), panel.units, "office")
    asked = {"cluster": "office", "treated": 8, "waves": 1, "months": 10, "reps": 20, "seed": 1}
    early = detectable(pre_period(design), **asked, estimator=GroupTime(anticipation=2))
    assert early.panel.timeline.labels == panel.timeline.labels[:14]
    assert early.notes[0].text("id").startswith("2 periode terakhir masa lalu tidak dipakai")
    ready = detectable(pre_period(design, anticipation=2), **asked, estimator=GroupTime(anticipation=2))
    assert [note.key for note in ready.notes] == ["planning.power.model"]
    assert ready.minimum()["effect"][0] == early.minimum()["effect"][0]
    assert len(detectable(pre_period(design), **asked).panel.timeline) == 16
    with pytest.raises(DesignError, match="1 periods lie before the first wave"):
        detectable(pre_period(design), **asked, estimator=GroupTime(anticipation=15))


def test_a_wave_needs_a_period_before_people_react():
    with pytest.raises(InputError, match="no period lies before that"):
        detectable(past(34), **{**PLAN, "waves": [(2, 6)]}, reps=20, seed=1, estimator=GroupTime(anticipation=2))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"weights": "record"}, "Did you mean 'records'"),
        ({"estimator": GroupTime}, r"Write it with brackets: GroupTime\(\)"),
        ({"rule": BiasReduced}, r"Write it with brackets: BiasReduced\(\)"),
        ({"reps": 20.5}, "Expected a whole number, 20 or more"),
        ({"seed": "one"}, "Expected a whole number"),
        ({"panel": 3}, "Expected Panel"),
    ],
)
def test_arguments_of_detectable_are_checked(asked, message):
    with pytest.raises(InputError, match=message):
        detectable(**{"panel": past(35), **PLAN, "reps": 20, "seed": 1, **asked})


def test_arguments_of_the_past_are_checked():
    with pytest.raises(InputError, match=r"pre_period\(anticipation=-1\). Expected a whole number, 0 or more"):
        pre_period(treated_design(), anticipation=-1)
    with pytest.raises(InputError, match="Expected Design"):
        never_treated(past(36))
    with pytest.raises(InputError, match="Expected a whole number, 2 or more"):
        Scenario(offices=10, treated=4, starts=(3,), months=2.5)
