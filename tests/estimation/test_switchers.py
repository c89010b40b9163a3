"""Treatment that ends: switchers against stayers, by the formula written out, and what else can be held against it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.designs.status import first_switch
from asn_impact.errors import DataWarning, DesignError, EstimationError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    GLSImputation,
    GroupTime,
    Imputation,
    Jackknife,
    Permutation,
    Simultaneous,
    Switchers,
    TwoWay,
    WildBootstrap,
    infer,
)
from asn_impact.intake.readers.training import read_rollout_from_status
from asn_impact.measures.panel import read_panel
from asn_impact.reporting import charts as figures
from asn_impact.reporting import tables
from asn_impact.reporting.prose import say_compared
from asn_impact.scrutiny.decomposition import bacon, negative_weights
from asn_impact.scrutiny.scrutinise import scrutinise
from tests.estimation.random_designs import design_of, quietly, with_mean

SAME = 1e-10


def switching(outcome, status, **more):
    """A design of a 0/1 table."""
    design = design_of(outcome, np.full(len(outcome), np.inf), **more)
    return replace(design, adopted=first_switch(status, design.panel.timeline), status=status)


def draw_status(rng, units, periods, p=0.2):
    """Spells: each month some units change."""
    change = rng.random((units, periods)) < p
    change[:, 0] = rng.random(units) < 0.4
    return change.cumsum(axis=1) % 2 == 1


def made(seed=1, units=30, periods=7, holes=0.1, weight=None, **more):
    rng = np.random.default_rng(seed)
    status = draw_status(rng, units, periods)
    outcome = rng.normal(size=(units, 1)) + rng.normal(size=(units, periods)) - 1.0 * status
    return switching(outcome, status, observed=rng.random(outcome.shape) >= holes, weight=weight, **more)


def by_the_formula(design):
    """Theorem 3 of de Chaisemartin and D'Haultfoeuille (2020), and the placebo of section 5, unit by unit."""
    y, on, n = design.panel.mean, design.status, design.panel.weight
    units, periods = y.shape
    top, bottom = dict.fromkeys(["overall", "joiners", "leavers", "placebo"], 0.0), {}
    bottom = dict(top)
    for t in range(1, periods):
        for d in (0, 1):
            for name, back in (("overall", 0), ("joiners", 0), ("leavers", 0), ("placebo", 1)):
                if (name == "joiners" and d == 1) or (name == "leavers" and d == 0) or t - 1 - back < 0:
                    continue
                sums = {True: [0.0, 0.0], False: [0.0, 0.0]}
                for i in range(units):
                    past = range(t - 1 - back, t)
                    if any(on[i, s] != d for s in past) or any(n[i, s] == 0 for s in (*past, t)):
                        continue
                    side = sums[bool(on[i, t] != d)]
                    side[0] += n[i, t]
                    side[1] += n[i, t] * (y[i, t - back] - y[i, t - 1 - back])
                if sums[True][0] == 0 or sums[False][0] == 0:
                    continue
                difference = sums[True][1] / sums[True][0] - sums[False][1] / sums[False][0]
                top[name] += sums[True][0] * difference * (1 if d == 0 else -1)
                bottom[name] += sums[True][0]
    return {name: top[name] / bottom[name] for name in top}


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_formula(weighted):
    weight = np.random.default_rng(2).uniform(0.5, 3, (30, 7)) if weighted else None
    design = made(weight=weight)
    effects = Switchers()(design)
    expected = by_the_formula(design)
    found = dict(zip(effects.terms["term"], effects.estimate, strict=True))
    assert found == pytest.approx(expected, abs=SAME)
    assert effects.overall().estimate[0] == pytest.approx(expected["overall"], abs=SAME)


def test_where_treatment_stays_it_is_the_first_period_of_group_time_effects():
    rng = np.random.default_rng(3)
    starts = np.array([2.0] * 4 + [4.0] * 5 + [np.inf] * 8)
    design = design_of(rng.normal(size=(17, 7)), starts)
    ours, theirs = Switchers().event_study(design), GroupTime()(design).event_study()
    expected = dict(zip(theirs.terms["event_time"], theirs.estimate, strict=True))
    found = dict(zip(ours.terms["event_time"], ours.estimate, strict=True))
    assert [found[k] for k in range(5)] == pytest.approx([expected[k] for k in range(5)], abs=SAME)
    assert found[-2] == pytest.approx(expected[-2], abs=SAME)
    assert Switchers()(design).estimate[0] == pytest.approx(expected[0], abs=SAME)
    ours, theirs = (infer(one, ClusterRobust()) for one in (ours, theirs))
    first = theirs.effects.terms["event_time"].isin(ours.effects.terms["event_time"]).to_numpy()
    np.testing.assert_allclose(ours.std_error, theirs.std_error[first], rtol=1e-9)


def test_an_effect_of_joining_and_of_leaving_is_found():
    rng = np.random.default_rng(4)
    status = draw_status(rng, 40, 6)
    outcome = rng.normal(size=(40, 1)) + rng.normal(size=6) - 2.5 * status
    effects = Switchers()(switching(outcome, status))
    np.testing.assert_allclose(effects.estimate, [-2.5, -2.5, -2.5, 0.0], atol=SAME)


def test_what_moves_nothing():
    rng = np.random.default_rng(5)
    design = made(5)
    first = infer(Switchers()(design), BiasReduced())
    common = with_mean(design, design.panel.mean + rng.normal(size=(30, 1)) + rng.normal(size=7))
    order = rng.permutation(30)
    shuffled = replace(
        design, panel=design.panel.select(order), adopted=design.adopted[order], status=design.status[order]
    )
    for other in (common, shuffled):
        again = infer(Switchers()(other), BiasReduced())
        np.testing.assert_allclose(again.estimate, first.estimate, atol=1e-9)
        np.testing.assert_allclose(again.std_error, first.std_error, atol=1e-9)


@pytest.mark.parametrize("terms", ["overall", "event_time"])
def test_the_numbers_behind_it(terms):
    rng = np.random.default_rng(6)
    design = made(6, cluster=np.sort(np.append(np.arange(15), rng.integers(0, 15, 15))))
    effects = Switchers(terms=terms)(design)
    np.testing.assert_allclose(
        np.einsum("kut,ut->k", effects.loadings(), np.nan_to_num(design.panel.mean)), effects.estimate, atol=SAME
    )
    slow = super(type(effects.fit), effects.fit).differences(effects)
    np.testing.assert_allclose(effects.fit.differences(effects), slow, atol=SAME)
    keys = list(effects.terms.itertuples(index=False, name=None))
    for c in range(15):
        again = quietly(effects.again, design.without(c))
        found = dict(zip(again.terms.itertuples(index=False, name=None), again.estimate, strict=True))
        np.testing.assert_allclose(effects.leave_one_out()[c], [found.get(k, np.nan) for k in keys], atol=SAME)
    weight = design.panel.weight
    for step in (1e-6,):
        heavier = replace(design.panel, weight=weight * np.where(design.cluster == 3, 1 + step, 1.0)[:, None])
        moved = Switchers(terms=terms)(replace(design, panel=heavier)).estimate - effects.estimate
        np.testing.assert_allclose(effects.influence[3], moved / step, atol=1e-5)


@pytest.mark.parametrize(
    "rule",
    [BiasReduced(), Jackknife(), ClusterRobust(), WildBootstrap(199, 1), Simultaneous(99, 1)],
    ids=lambda rule: rule.name,
)
def test_every_rule_gives_an_interval(rule):
    effects = Switchers()(made(7))
    inference = infer(effects.overall(), rule)
    low, high = inference.interval()
    assert low[0] < effects.estimate[0] < high[0]


def test_switches_with_nobody_who_stays_are_left_out_and_said():
    status = np.array([[0, 1, 1, 1], [0, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0], [0, 1, 1, 1]], dtype=bool)
    design = switching(np.random.default_rng(8).normal(size=(5, 4)), status)
    with pytest.warns(DataWarning, match="5 switches have nobody who stays"):
        effects = Switchers()(design)
    assert list(effects.terms["term"]) == ["overall", "leavers", "placebo"]
    alone = switching(np.zeros((5, 2)), status[:, :2])
    with pytest.raises(EstimationError, match="no unit switches"):
        Switchers()(alone)


@pytest.mark.parametrize("estimator", [GroupTime(), TwoWay(), Imputation(), GLSImputation()], ids=lambda e: e.name)
def test_estimators_for_treatment_that_stays_refuse_and_say_what_to_use(estimator):
    design = made(9)
    for verb in (estimator, estimator.event_study, estimator.estimate):
        with pytest.raises(EstimationError, match=r"Use Switchers\(\)"):
            verb(design)


def test_times_are_not_dealt_again_where_treatment_ends():
    with pytest.raises(DesignError, match="need treatment that stays"):
        infer(Switchers()(made(10)).overall(), Permutation(19, 1))
    with pytest.raises(DesignError, match="need treatment that stays"):
        made(10).shifted(-1)


def test_its_checks_say_what_they_cannot_say_and_no_false_alarm():
    found = quietly(scrutinise, Switchers()(made(3, units=40, holes=0)), rule=BiasReduced(), seed=1)
    verdicts = {check.name: check.verdict for check in found.checks}
    assert "fails" not in verdicts.values()
    assert verdicts["placebo_in_time"] == verdicts["weights"] == "cannot_say"
    assert verdicts["leave_one_out"] == "holds"
    with pytest.raises(DesignError, match=r"bacon\(\) takes it to stay"):
        bacon(made(3))


def test_what_takes_treatment_to_stay_is_refused_and_the_rest_says_that_it_ends():
    design = made(13)
    for verb in (figures.raw_trends, tables.clusters, tables.balance, negative_weights_of):
        with pytest.raises(DesignError, match="takes it to stay"):
            verb(design)
    chart = figures.who_is_compared(design)
    assert "changed status" in chart.title.text
    assert set(chart.data["state"]) == {"trained", "off", "empty"}
    switched = int(np.isfinite(design.adopted).sum())
    assert f"30 units, {switched} switch" in repr(design)
    assert "no switch" in set(design.table()["wave"])
    assert "changed status" in str(say_compared(design)[0])


def negative_weights_of(design):
    return negative_weights(Switchers()(design).overall())


def frame_of(status, outcome, drop=()):
    rows = [
        {"office": f"O{i:02d}", "month": f"2023-{t + 1:02d}", "days": outcome[i, t], "on": int(status[i, t])}
        for i in range(len(status))
        for t in range(status.shape[1])
        if (i, t) not in drop
    ]
    return pd.DataFrame(rows)


def test_from_a_file_with_a_column_that_ends():
    rng = np.random.default_rng(11)
    status = draw_status(rng, 20, 6)
    outcome = rng.normal(size=(20, 6))
    frame = frame_of(status, outcome)
    panel = read_panel(frame, unit="office", period="month", outcome="days")
    rollout = read_rollout_from_status(frame, unit="office", period="month", treated="on", absorbing="ends")
    design = assign(panel, rollout, cluster="office")
    np.testing.assert_array_equal(design.status, status)
    direct = Switchers()(switching(outcome, status))
    np.testing.assert_allclose(Switchers()(design).estimate, direct.estimate, atol=SAME)
    assert "designs.switches" in [note.key for note in design.notes]
    assert np.isfinite(infer(quietly(Switchers().event_study, design), Jackknife()).std_error[:2]).all()


def test_a_cell_of_unknown_status_is_left_out_and_said():
    rng = np.random.default_rng(12)
    status, outcome = draw_status(rng, 20, 6), rng.normal(size=(20, 6))
    panel = read_panel(frame_of(status, outcome), unit="office", period="month", outcome="days")
    known = frame_of(status, outcome, drop={(3, 2), (5, 4)})
    rollout = quietly(read_rollout_from_status, known, unit="office", period="month", treated="on", absorbing="ends")
    with pytest.warns(DataWarning, match="2 cells are left out"):
        design = assign(panel, rollout, cluster="office")
    assert not design.panel.observed[[3, 5], [2, 4]].any()
    later = known.assign(month=known["month"].str.replace("2023", "2031"))
    rollout = quietly(read_rollout_from_status, later, unit="office", period="month", treated="on", absorbing="ends")
    with pytest.raises(DesignError, match="are not among those of the panel"):
        assign(panel, rollout, cluster="office")


@pytest.mark.slow
def test_a_true_null_is_rejected_about_as_often_as_said():
    rng = np.random.default_rng(2020)
    p = []
    for _ in range(240):
        status = draw_status(rng, 30, 10, p=0.08)
        noise = rng.normal(size=(30, 10))
        for t in range(1, 10):
            noise[:, t] = 0.5 * noise[:, t - 1] + np.sqrt(0.75) * noise[:, t]
        p.append(quietly(infer, Switchers()(switching(noise, status)).overall(), BiasReduced()).p_value[0])
    rate = float(np.mean(np.array(p) < 0.05))
    print(f"Switchers, BiasReduced, 30 units over 10 months, AR(1): {rate:.3f} of 240 at 5 %")
    assert 0.02 <= rate <= 0.08
