"""Properties of the efficient estimator for drawn timing, and its slow twin: the equations on unit vectors.

No numbers of the R package staggered are available; so: the equations written out, every assignment of a lottery
enumerated, and simulation. CLOSE 1e-9: sums.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import BiasReduced, GroupTime, infer
from asn_impact.estimation.efficient import Efficient
from tests.estimation.random_designs import design_of

CLOSE = 1e-9
seeds = st.integers(0, 2**32 - 1)


def made(seed, *, units=18, periods=6, adopted=(2, 3, np.inf), persistence=0.5):
    rng = np.random.default_rng(seed)
    start = np.resize(np.asarray(adopted), units)[rng.permutation(units)]
    unit = rng.normal(size=(units, 1))
    return design_of(persistence * unit + rng.normal(size=(units, periods)), start)


def slow(design, time=None, wave=None, period=None):
    """Estimate, beta and variance from per-wave sample covariances of two numbers a unit."""
    y, g = design.panel.mean, design.adopted
    periods = y.shape[1]
    pairs = [(w, t) for w in np.unique(g[np.isfinite(g)]) for t in range(int(w), periods) if (g > t).any()]
    pairs = [(w, t) for w, t in pairs if time is None or t - w == time]
    pairs = [(w, t) for w, t in pairs if wave in (None, w) and period in (None, t)]
    total = sum((g == w).sum() for w, _ in pairs)
    after, before = np.zeros_like(y), np.zeros_like(y)
    for w, t in pairs:
        share = (g == w).sum() / total
        contrast = (g == w) / (g == w).sum() - (g > t) / (g > t).sum()
        after[:, t] += share * contrast
        before[:, int(w) - 1] += share * contrast
    a, b = (after * y).sum(axis=1), (before * y).sum(axis=1)
    waves = [g == w for w in np.unique(g)]
    cov = sum(m.sum() * np.cov(a[m], b[m]) for m in waves)
    beta = cov[0, 1] / cov[1, 1]
    variance = cov[0, 0] - 2 * beta * cov[0, 1] + beta**2 * cov[1, 1]
    return a.sum() - beta * b.sum(), beta, variance


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_slow_twin(seed):
    design = made(seed)
    overall, study = Efficient()(design), Efficient().event_study(design)
    twins = [slow(design), *(slow(design, time) for time in study.terms["event_time"])]
    estimates = [*overall.estimate, *study.estimate]
    variances = [*(overall.influence**2).sum(axis=0), *(study.influence**2).sum(axis=0)]
    betas = [*overall.fit.beta, *study.fit.beta]
    np.testing.assert_allclose(estimates, [twin[0] for twin in twins], rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(betas, [twin[1] for twin in twins], rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(variances, [twin[2] for twin in twins], rtol=CLOSE, atol=CLOSE)


@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_slow_twin_by_wave_and_by_period(seed):
    design = made(seed)
    labels = design.panel.timeline.labels
    effects = Efficient()(design)
    for found, name, twins in (
        (effects.cohorts(), "cohort", {labels[w]: slow(design, wave=w) for w in (2, 3)}),
        (effects.calendar(), "period", {labels[t]: slow(design, period=t) for t in (2, 3, 4, 5)}),
    ):
        assert found.terms[name].tolist() == list(twins)
        np.testing.assert_allclose(found.estimate, [e for e, _, _ in twins.values()], rtol=CLOSE, atol=CLOSE)
        np.testing.assert_allclose(found.fit.beta, [b for _, b, _ in twins.values()], rtol=CLOSE, atol=CLOSE)
        variance = (found.influence**2).sum(axis=0)
        np.testing.assert_allclose(variance, [v for _, _, v in twins.values()], rtol=CLOSE, atol=CLOSE)
        assert found.again(design).terms.equals(found.terms)


def test_by_wave_and_by_period_it_is_named_as_other_estimators_name_it():
    design = made(4)
    ours, theirs = Efficient()(design), GroupTime()(design)
    for view in ("cohorts", "calendar"):
        assert getattr(ours, view)().terms.equals(getattr(theirs, view)().terms)
        table = infer(getattr(ours, view)(), BiasReduced()).table()
        assert np.isfinite(table["std_error"]).all()
    with pytest.raises(EstimationError):
        ours.cohorts().calendar()


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_with_beta_one_it_is_did_with_not_yet_treated_controls(seed):
    design = made(seed)
    fit = Efficient()(design).fit
    after, before = fit._weights
    means = np.stack([design.panel.mean[design.adopted == w].mean(axis=0) for w in (2, 3, np.inf)])
    did = ((after - before)[0] * means).sum()
    assert did == pytest.approx(GroupTime()(design).overall().estimate[0], abs=CLOSE)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    design = made(seed)
    still = Efficient()(design)
    order = rng.permutation(18)
    shuffled = design_of(design.panel.mean[order], design.adopted[order])
    moved = replace(design.panel, mean=-3 * design.panel.mean + rng.normal(size=(1, 6)))
    np.testing.assert_allclose(Efficient()(shuffled).estimate, still.estimate, atol=CLOSE)
    np.testing.assert_allclose(Efficient()(replace(design, panel=moved)).estimate, -3 * still.estimate, atol=CLOSE)


@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_leaving_out_and_loadings(seed):
    design = made(seed)
    overall = Efficient()(design)
    for effects in (overall, overall.event_study(), overall.cohorts(), overall.calendar()):
        difference = effects.fit.differences(effects)
        deleted = effects.leave_one_out()
        for c in (0, 7, 17):
            without = effects.again(design.without(c))
            np.testing.assert_allclose(deleted[c], without.estimate, rtol=CLOSE, atol=CLOSE)
            moved = np.delete(effects.loadings() + difference[c], c, axis=1)
            np.testing.assert_allclose(moved, without.loadings(), rtol=CLOSE, atol=CLOSE)
            np.testing.assert_allclose(difference[c][:, c], -effects.loadings()[:, c], rtol=CLOSE, atol=CLOSE)
        product = (effects.loadings() * design.panel.mean).sum(axis=(1, 2))
        np.testing.assert_allclose(product, effects.estimate, atol=CLOSE)


def test_unbiased_over_every_assignment_of_a_lottery_and_more_precise_than_did():
    """Two waves of four units drawn from eight, all 70 draws; no effect; units that differ lastingly, with noise."""
    rng = np.random.default_rng(3)
    outcome = rng.normal(size=(8, 1)) * 0.5 + rng.normal(size=(8, 4))
    ours, did = [], []
    for chosen in combinations(range(8), 4):
        start = np.where(np.isin(np.arange(8), chosen), 2.0, np.inf)
        design = design_of(outcome, start)
        ours.append(Efficient()(design).estimate[0])
        did.append(GroupTime()(design).overall().estimate[0])
    assert np.mean(ours) == pytest.approx(0, abs=1e-9)  # each draw and its mirror image cancel
    assert np.std(ours) < np.std(did)


def test_coverage_of_the_neyman_interval_in_simulation():
    rng = np.random.default_rng(11)
    covered, ratio = [], []
    for _ in range(400):
        start = np.resize([2.0, 4.0, np.inf], 60)[rng.permutation(60)]
        treated = np.arange(6)[None, :] >= start[:, None]
        design = design_of(rng.normal(size=(60, 1)) + rng.normal(size=(60, 6)) + 0.7 * treated, start)
        effects = Efficient()(design)
        error = np.sqrt((effects.influence[:, 0] ** 2).sum())
        covered.append(abs(effects.estimate[0] - 0.7) < 1.96 * error)
        ratio.append([effects.estimate[0] - 0.7, GroupTime()(design).overall().estimate[0] - 0.7])
    assert 0.91 < np.mean(covered) < 0.98
    ours, did = np.std(ratio, axis=0)
    assert ours < did


def test_refusals():
    design = made(1)
    with pytest.raises(EstimationError, match="One unit only in wave"):
        Efficient()(design_of(design.panel.mean, np.where(np.arange(18) == 0, 4.0, design.adopted)))
    with pytest.raises(EstimationError, match="own cluster"):
        Efficient()(replace(design, cluster=np.arange(18) // 2, clusters=tuple(range(9))))
    n = design.panel.n.copy()
    n[0, 0] = 0
    with pytest.raises(EstimationError, match="1 cells are empty"):
        Efficient()(replace(design, panel=replace(design.panel, n=n)))
