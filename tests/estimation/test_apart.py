"""Period effects of each group: against a regression with all its dummies, and against dense twins."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.estimation.apart import Apart, apart
from asn_impact.estimation.fit import moments_of, two_groups
from asn_impact.estimation.imputation import TwoStage

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")  # empty cells are meant

CLOSE = 1e-9  # sums of some hundred terms of size ten
HELD = ai.GLSImputation(correlation=0.6, ratio=0.5, periods="regency")
ESTIMATORS = (HELD, ai.Imputation(periods="regency"), TwoStage(periods="regency"))
CLUSTERS = ("office", "regency", "kind")


def make_design(seed=5, *, cluster="office", regencies=4, offices=7, periods=9, missing=0.08, weights="units"):
    rng = np.random.default_rng(seed)
    units = regencies * offices
    regency = np.repeat(np.arange(regencies), offices)
    start = np.array([(4, 6, np.inf)[i % 3] for i in range(units)])
    common = 4 * rng.normal(size=(regencies, periods))[regency]
    y = 3 * rng.normal(size=(units, 1)) + common + rng.normal(size=(units, periods))
    frame = pd.DataFrame(
        {
            "office": np.repeat([f"K{i:02d}" for i in range(units)], periods),
            "regency": np.repeat([f"R{r}" for r in regency], periods),
            "kind": np.repeat([f"D{i % 5}" for i in range(units)], periods),
            "t": np.tile(np.arange(periods), units),
            "y": y.ravel(),
            "n": rng.integers(3, 60, units * periods),
            "start": np.repeat(np.where(np.isinf(start), np.nan, start), periods),
        }
    )
    frame = frame[rng.random(len(frame)) > missing]
    panel = ai.read_panel(
        frame, unit="office", period="t", outcome="y", sizes="n", attributes=["regency", "kind", "office"]
    )
    return ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="start"), cluster=cluster, weights=weights)


def codes(design):
    return pd.factorize(design.panel.attributes["regency"])[0]


@pytest.mark.parametrize("weights", ["units", "records"])
def test_the_estimates_are_those_of_a_regression_with_a_dummy_for_each_regency_and_month(weights):
    design = make_design(weights=weights)
    effects = ai.Imputation(periods="regency")(design)
    panel, untreated = design.panel, design.panel.observed & ~design.treated()
    unit, period = np.indices(panel.mean.shape)
    shared = pd.factorize(pd.Series((codes(design)[unit] * 100 + period).ravel()))[0].reshape(unit.shape)
    x = np.concatenate([np.eye(unit.max() + 1)[unit], np.eye(shared.max() + 1)[shared]], axis=2)
    root = np.sqrt(panel.weight[untreated])
    slope = np.linalg.lstsq(x[untreated] * root[:, None], panel.mean[untreated] * root, rcond=None)[0]
    residual = panel.mean - x @ slope
    for row, found in zip(effects.terms.itertuples(), effects.estimate, strict=True):
        cells = panel.observed & (unit >= 0) & (period == panel.timeline.labels.index(row.period))
        cells &= (design.adopted == float(panel.timeline.labels.index(row.cohort)))[:, None]
        assert found == pytest.approx(np.average(residual[cells], weights=panel.weight[cells]), abs=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("cluster", ["office", "kind"])
def test_one_regency_alone_is_the_estimator_without_groups(estimator, cluster):
    design = make_design(cluster=cluster, regencies=1, offices=20)
    apart, plain = (e(design).overall() for e in (estimator, replace(estimator, periods=None)))
    np.testing.assert_allclose(apart.estimate, plain.estimate, atol=CLOSE)
    np.testing.assert_allclose(apart.influence, plain.influence, atol=CLOSE)
    np.testing.assert_allclose(apart.leave_one_out(), plain.leave_one_out(), atol=CLOSE)
    for rule in (ai.BiasReduced(), ai.Jackknife(), ai.ClusterRobust()):
        one, other = (ai.infer(e, rule) for e in (apart, plain))
        np.testing.assert_allclose(one.variance, other.variance, rtol=1e-8)
        np.testing.assert_allclose(one.df, other.df, rtol=1e-8)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, ai.GLSImputation(periods="regency")], ids=lambda e: e.name)
def test_what_happens_in_one_regency_in_one_month_moves_nothing(estimator):
    design = make_design()
    shocked = design.panel.mean.copy()
    shocked[codes(design) == 1, 5] += 40
    shocked[codes(design) == 2, 7] -= 25
    other = replace(design, panel=replace(design.panel, mean=shocked))
    one, two = (ai.infer(estimator(d).event_study(), ai.BiasReduced()) for d in (design, other))
    np.testing.assert_allclose(one.estimate, two.estimate, atol=CLOSE)
    np.testing.assert_allclose(one.variance, two.variance, atol=CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_without_a_cluster_it_is_estimated_again(estimator, cluster):
    design = make_design(cluster=cluster)
    fit = estimator(design).fit
    without, left = fit.leave_one_out(), fit._left
    for c in range(len(design.clusters)):
        again = apart(fit.whole.without(c), codes(design.without(c)))
        np.testing.assert_allclose(without[c], again.estimate, atol=CLOSE)
        np.testing.assert_allclose(left[c], again._sizes.sum(axis=0), atol=CLOSE)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_overall_without_a_cluster_is_the_overall_of_the_others(cluster):
    design = make_design(cluster=cluster)
    estimator = ai.Imputation(periods="regency")
    without = estimator(design).overall().leave_one_out()
    for c in range(len(design.clusters)):
        again = estimator(design.without(c)).overall()
        assert without[c, 0] == pytest.approx(again.estimate[0], abs=CLOSE)


def dense_moments(effects, groups):
    """Covariances of what happens to the overall without each cluster, with its weights on all cells written out."""
    design, fit = effects.design, effects.fit.by_cell
    assert isinstance(fit, Apart)
    difference = effects.fit.differences(effects)
    roots = np.empty((len(design.adopted), len(fit.whole.shocks), len(fit.whole.shocks)))
    for group in fit.groups:
        roots[group.units] = group.fit._roots(np.arange(len(group.units)))
    onto = (difference[..., None, :] @ roots)[..., 0, :]
    own = (effects.loadings()[..., None, :] @ roots)[..., 0, :] ** 2
    return moments_of(design, onto, groups), np.bincount(design.cluster, own.sum(axis=(0, 2)))


@pytest.mark.parametrize("estimator", ESTIMATORS[:2], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_moments_are_those_of_the_weights_written_out(estimator, cluster):
    effects = estimator(make_design(cluster=cluster)).overall()
    groups = two_groups(effects.design)
    moments, own = dense_moments(effects, groups)
    (found,) = effects.fit.deletions(effects.design, groups)
    expected, total, product = found.traces(np.ones(len(found.estimate)))
    np.testing.assert_allclose(found.own, own, rtol=1e-8)
    np.testing.assert_allclose(expected, np.einsum("khgg->hg", moments), rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(total, expected.sum(axis=1))
    np.testing.assert_allclose(product, np.einsum("khgf,klgf->hl", moments, moments), rtol=1e-8)
    np.testing.assert_allclose(found.estimate, effects.leave_one_out()[:, 0], atol=CLOSE)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_view_has_an_interval(cluster):
    effects = ai.GLSImputation(periods="regency")(make_design(cluster=cluster, missing=0.0))
    for view in (effects.overall(), effects.event_study(), effects.cohorts(), effects.calendar()):
        found = ai.infer(view, ai.BiasReduced())
        assert np.isfinite(found.std_error).all()
        assert (found.df > 1).all()


def test_a_regency_where_all_are_trained_at_once_tells_nothing_and_is_counted():
    design = make_design(missing=0.0)
    adopted = np.where(codes(design) == 0, 4.0, design.adopted)
    estimator = ai.Imputation(periods="regency")
    effects = estimator(replace(design, adopted=adopted))
    note = next(n for n in effects.notes if n.key == "estimation.cells_not_predicted_apart")
    assert dict(note.values) == {"n": 35, "silent": 1, "groups": 4}
    np.testing.assert_allclose(effects.estimate, estimator(design.where(codes(design) != 0)).estimate, atol=CLOSE)


def test_what_cannot_be_asked_is_refused():
    design = make_design()
    with pytest.raises(ai.EstimationError, match=re.escape("periods='regencies' is not a unit attribute")):
        ai.GLSImputation(periods="regencies")(design)
    with pytest.raises(ai.EstimationError, match="does not go with"):
        ai.GLSImputation(periods="regency", trend="differential")
    with pytest.raises(ai.EstimationError, match="does not go with"):
        ai.Imputation(periods="regency", covariates=("x",))
    nowhere = design.panel.attributes.assign(regency=[None, *design.panel.attributes["regency"][1:]])
    with pytest.raises(ai.EstimationError, match="1 unit has no 'regency'"):
        ai.Imputation(periods="regency")(replace(design, panel=replace(design.panel, attributes=nowhere)))


def test_the_name_says_whose_the_period_effects_are():
    assert HELD.entry.name.text("id").startswith("Imputasi GLS, dengan dampak periode tersendiri bagi tiap regency")
    assert ai.Imputation(periods="regency").name.endswith("period effects of each regency its own")
