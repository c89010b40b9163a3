"""Two-way clusters: the sum over pairs of rows that share a group, statsmodels, and what cannot be had."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from asn_impact.designs import Design
from asn_impact.errors import DataWarning, InferenceError
from asn_impact.estimation import ClusterRobust, GroupTime, TwoWay, infer
from asn_impact.estimation.twoway_clusters import TwoWayClustered, _positive
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

SAME = 1e-9  # the same linear algebra in another order
ADOPTED = np.array([3, 3, 5, 5, 5, np.inf, np.inf, np.inf, np.inf, np.inf])


def made(seed, *, units_a_cluster=1, periods=9, largest=1, common=1.0):
    """Records of units in clusters over months, with a shock common to the month; and the cells they make."""
    rng = np.random.default_rng(seed)
    adopted = np.repeat(ADOPTED, units_a_cluster)
    shape = (len(adopted), periods)
    n = rng.integers(1, largest + 1, shape)
    u, t = (np.repeat(index.ravel(), n.ravel()) for index in np.indices(shape))
    x = rng.normal(size=len(u)) + 0.3 * t
    y = (
        0.5 * x
        + rng.normal(size=shape)[u, t]
        + common * rng.normal(size=(4, periods))[u % 4, t]
        + rng.normal(size=len(u))
    )
    within, mean, centre = np.zeros((*shape, 2, 2)), np.zeros(shape), np.zeros((*shape, 1))
    for i, j in np.ndindex(*shape):
        rows = np.column_stack([y, x])[(u == i) & (t == j)]
        mean[i, j], centre[i, j, 0] = rows.mean(axis=0)
        within[i, j] = (rows - rows.mean(axis=0)).T @ (rows - rows.mean(axis=0))
    cluster = np.repeat(np.arange(len(ADOPTED)), units_a_cluster)
    panel = Panel(
        outcome=Mean("days"),
        units=tuple(f"O{i}" for i in range(shape[0])),
        timeline=Timeline.months(24276 + np.arange(periods)),
        n=n,
        mean=mean,
        weight=n,
        within=within,
        covariates=("x",),
        x=centre,
        attributes=pd.DataFrame({"office": cluster, "service": np.arange(shape[0]) % 4}),
    )
    design = Design(panel, adopted, cluster, tuple(range(len(ADOPTED))), "office", weights="records")
    treated = (t >= adopted[u]).astype(float)
    dummies = [np.eye(shape[0])[u], np.eye(periods)[t][:, 1:]]
    return design, np.column_stack([treated, x, *dummies]), y, cluster[u], t, u


def pairs(X, y, one, other):
    """The definition: the sum over all pairs of rows that share a group in either way of x_i e_i e_j x_j'."""
    inverse = np.linalg.inv(X.T @ X)
    scores = X * (y - X @ inverse @ (X.T @ y))[:, None]
    together = (one[:, None] == one) | (other[:, None] == other)
    return (inverse @ scores.T @ together @ scores @ inverse)[:2, :2]


@given(seed=st.integers(0, 10_000), largest=st.sampled_from([1, 3]), units=st.sampled_from([1, 2]))
@settings(max_examples=12, deadline=None)
def test_the_variance_is_the_sum_over_pairs_of_records_that_share_a_group(seed, largest, units):
    design, X, y, office, month, unit = made(seed, largest=largest, units_a_cluster=units)
    effects = TwoWay(covariates=("x",))(design)
    for by, other in (("period", month), ("service", unit % 4)):
        expected = pairs(X, y, office, other)
        if (np.linalg.eigvalsh(expected) > 0).all():
            found = infer(effects, TwoWayClustered(by, correction="CR0"))
            np.testing.assert_allclose(found.variance, expected, rtol=SAME, atol=SAME * np.abs(expected).max())


@pytest.mark.parametrize("seed", [1, 3, 5])  # without a negative eigenvalue
@pytest.mark.parametrize("correction", ["CR0", "CR1"])
def test_statsmodels_gives_the_same(seed, correction):
    design, X, y, office, month, _ = made(seed, largest=3, common=3.0)
    effects = TwoWay(covariates=("x",))(design)
    fit = sm.OLS(y, X).fit()
    variance = cov_cluster_2groups(fit, office, month, use_correction=correction == "CR1")[0][:2, :2]
    if correction == "CR1":  # statsmodels counts the unit effects in K, this package does not
        variance = variance / ((len(y) - 1) / fit.df_resid) * effects.fit.correction
    found = infer(effects, TwoWayClustered(correction=correction))
    np.testing.assert_allclose(found.variance, variance, rtol=SAME)
    np.testing.assert_allclose(found.estimate, fit.params[:2], rtol=SAME)
    assert (found.df == min(len(ADOPTED), 9) - 1).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_influence_of_cells_adds_up_to_influence_of_clusters(seed):
    design, *_ = made(seed, largest=3, units_a_cluster=2)
    effects = TwoWay(covariates=("x",))(design)
    total = np.zeros_like(effects.influence)
    np.add.at(total, design.cluster, effects.fit.cell_influence().sum(axis=1))
    np.testing.assert_allclose(total, effects.influence, rtol=SAME, atol=1e-12)


def test_groups_equal_to_the_clusters_give_the_one_way_variance():
    effects = TwoWay()(made(4, units_a_cluster=2)[0])
    for correction in ("CR0", "CR1"):
        one, two = infer(effects, ClusterRobust(correction)), infer(effects, TwoWayClustered("office", correction))
        np.testing.assert_allclose(two.variance, one.variance, rtol=SAME)


def test_empty_cells_do_not_count():
    design, X, y, office, month, unit = made(5, common=3.0)
    size = design.panel.n.copy()
    size[7, 2] = 0
    panel = replace(design.panel, n=size, weight=size, mean=np.where(size > 0, design.panel.mean, np.nan))
    keep = (unit != 7) | (month != 2)
    expected = pairs(np.delete(X, 1, axis=1)[keep], y[keep], office[keep], month[keep])[0, 0]
    found = infer(TwoWay()(replace(design, panel=panel)), TwoWayClustered(correction="CR0"))
    assert found.variance[0, 0] == pytest.approx(expected, rel=SAME)


def test_an_estimate_without_a_variance_of_its_own_is_struck_out_and_the_others_stay():
    design, X, y, office, month, _ = made(4, largest=3, common=3.0)
    expected = pairs(X, y, office, month)
    assert expected[0, 0] < 0 < expected[1, 1]
    with pytest.warns(DataWarning, match="variance of 'overall' is not positive"):
        inference = infer(TwoWay(covariates=("x",))(design), TwoWayClustered(correction="CR0"))
    np.testing.assert_allclose(inference.variance[1, 1], expected[1, 1], rtol=SAME)
    assert np.isnan(inference.variance[0]).all()
    assert np.isnan(inference.table()["p_value"][0])
    assert "not positive" in str(inference.notes[-1])


def test_negative_eigenvalues_become_zero_and_a_note_says_so():
    # with as many event times as here some direction has none of the common variation
    inference = infer(TwoWay().event_study(made(7, common=0.0)[0]), TwoWayClustered())
    assert any("negative of" in str(note) and "ClusterRobust()" in str(note) for note in inference.notes)
    assert np.linalg.eigvalsh(inference.variance).min() > -1e-12


def test_clipping_is_that_of_cameron_gelbach_and_miller():
    kept, notes = _positive(np.array([[2.0, 3.0], [3.0, 2.0]]))  # eigenvalues 5 and -1
    np.testing.assert_allclose(kept, [[2.5, 2.5], [2.5, 2.5]])
    assert notes
    same = np.diag([1.0, 2.0])
    assert _positive(same) == (same, ())


def test_a_negative_variance_is_refused():
    refused = 0
    for seed in range(40):
        design, X, y, office, month, _ = made(seed, periods=4, common=0.0)
        if pairs(X, y, office, month)[0, 0] < 0:
            effects = TwoWay()(replace(design, panel=replace(design.panel, covariates=(), x=np.zeros((0, 0, 0)))))
            refused += _refuses(effects)
    assert refused


def _refuses(effects):
    try:
        infer(effects, TwoWayClustered(correction="CR0"))
    except InferenceError as error:
        return "not positive" in str(error) and "BiasReduced()" in str(error)
    return False


def test_other_estimators_and_unknown_groups_are_refused():
    design, *_ = made(8)
    with pytest.raises(InferenceError, match=r"no scores by cell. Use BiasReduced\(\)"):
        infer(GroupTime()(design).overall(), TwoWayClustered())
    with pytest.raises(InferenceError, match=r"'servic' is neither 'period' nor an attribute.*Did you mean 'service'"):
        infer(TwoWay()(design), TwoWayClustered("servic"))
    attributes = design.panel.attributes.assign(one="a", some=[None, *"abcdefghi"])
    other = replace(design, panel=replace(design.panel, attributes=attributes))
    with pytest.raises(InferenceError, match="'one' has one value"):
        infer(TwoWay()(other), TwoWayClustered("one"))
    with pytest.raises(InferenceError, match="'some' is missing for 1 units"):
        infer(TwoWay()(other), TwoWayClustered("some"))
    single = replace(design, adopted=np.where(np.arange(10) == 0, 3.0, np.inf))
    with pytest.raises(InferenceError, match="1 of 10 clusters"):
        infer(TwoWay()(single), TwoWayClustered())
