"""Prediction with a working covariance: against generalised least squares with a dummy for each treated cell."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.estimation.cell_effects import treated_cells
from asn_impact.estimation.prediction import PredictionFit
from asn_impact.estimation.working import FALLBACK, GRID, Working, choose_working

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")  # empty cells are meant

TYPICAL = Working(0.6, 0.5, 20.0)
CLOSE = 1e-9  # sums of some hundred terms of size ten


def make_design(seed, *, units=14, periods=10, adopted=(4, 6, np.inf), missing=0.1, per_cluster=1, sizes=True):
    rng = np.random.default_rng(seed)
    start = np.array([adopted[i % len(adopted)] for i in range(units)])
    shocks = rng.normal(size=(units, periods)).cumsum(axis=1) / 2
    outcome = 3 * rng.normal(size=(units, 1)) + rng.normal(size=periods) + shocks + rng.normal(size=(units, periods))
    frame = pd.DataFrame(
        {
            "office": np.repeat([f"K{i:02d}" for i in range(units)], periods),
            "cluster": np.repeat([f"C{i // per_cluster:02d}" for i in range(units)], periods),
            "t": np.tile(np.arange(periods), units),
            "y": outcome.ravel(),
            "n": rng.integers(3, 60, units * periods),
            "start": np.repeat(np.where(np.isinf(start), np.nan, start), periods),
        }
    )
    frame = frame[rng.random(len(frame)) > missing]
    counted = {"sizes": "n"} if sizes else {}
    panel = ai.read_panel(frame, unit="office", period="t", outcome="y", attributes=["cluster"], **counted)
    return ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="start"), cluster="cluster")


def make_fit(design, working=TYPICAL):
    start, period = treated_cells(design)
    steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
    return PredictionFit(
        design,
        start,
        period,
        design.panel.observed & ~design.treated(),
        working.shocks(steps),
        working.noise(design.panel.n),
        np.zeros((*design.panel.mean.shape, 0)),
    )


def dense_twin(fit):
    """Estimates and loadings by generalised least squares on all cells: units, periods, a dummy a treated cell."""
    panel, treated = fit.design.panel, fit.design.treated()
    at = np.argwhere(panel.observed)
    own = [i for i, (u, t) in enumerate(at) if treated[u, t]]
    dummies = np.zeros((len(at), len(own)))
    dummies[own, np.arange(len(own))] = 1
    effects = [pd.get_dummies(at[:, j]).to_numpy(float) for j in (0, 1)]
    x = np.hstack([effects[0], effects[1][:, 1:], dummies])
    inverse = np.zeros((len(at), len(at)))
    for u in np.unique(at[:, 0]):
        rows = np.flatnonzero(at[:, 0] == u)
        t = at[rows, 1]
        inverse[np.ix_(rows, rows)] = np.linalg.inv(fit.shocks[np.ix_(t, t)] + np.diag(fit.noise[u, t]))
    weights = (np.linalg.pinv(x.T @ inverse @ x, rcond=1e-12) @ x.T @ inverse)[-len(own) :]
    loadings = np.zeros((len(fit.start), *treated.shape))
    for j in range(len(fit.start)):
        cells = [(u, t, k) for k, (u, t) in enumerate(at[own]) if fit._term[u, t] == j and fit._weight[u, t] > 0]
        total = sum(fit._weight[u, t] for u, t, _ in cells)
        for u, t, k in cells:
            loadings[j][panel.observed] += fit._weight[u, t] / total * weights[k]
    return loadings


def average(fit):
    """Weights of the overall mean, now and without each cluster, leaving out what cannot be estimated without it."""
    size = fit._size
    now = np.where(np.isfinite(fit.estimate), size.sum(axis=0), 0.0)
    rest = np.where(np.isfinite(fit.leave_one_out()), size.sum(axis=0) - size, 0.0)
    return now / now.sum(), rest / rest.sum(axis=1, keepdims=True)


def delete(fit, now, rest, groups):
    return fit.means_without(now[None], lambda _, clusters, known: rest[clusters], groups)[0]


def moments_of(fit, now, rest, groups):
    """(h, G, G) covariances of the deviations of the mean without each cluster, from all weights on all cells."""
    with_all = fit.loadings_of(now[None])[0]
    difference = np.repeat(-with_all[None], len(rest), axis=0)
    for c in range(len(rest)):
        others = fit.design.cluster != c
        difference[c][others] += fit.without(c).loadings_of(rest[c][None])[0]
    spread = np.einsum("gut,uts->gus", difference, fit._roots(np.arange(len(with_all))))
    parts = [(spread * group[fit.design.cluster][:, None]).reshape(len(rest), -1) for group in groups]
    return np.stack([part @ part.T for part in parts])


DESIGNS = [
    {},
    {"units": 8, "periods": 8, "adopted": (3, 5, 6), "missing": 0.15},
    {"per_cluster": 2, "units": 16},
    {"sizes": False, "missing": 0.0},
]
WORKINGS = [TYPICAL, Working(1.0, 8.0, 20.0), Working(0.3, np.inf, 20.0), Working(0.0, 0.0, 20.0)]


@pytest.mark.parametrize("working", WORKINGS, ids=repr)
@pytest.mark.parametrize("shape", DESIGNS, ids=repr)
@pytest.mark.parametrize("seed", [0, 1, 5])
def test_estimates_and_weights_are_those_of_generalised_least_squares(seed, shape, working):
    fit = make_fit(make_design(seed, **shape), working)
    expected = dense_twin(fit)
    known = np.isfinite(fit.estimate)
    assert np.allclose(fit.loadings()[known], expected[known], atol=CLOSE)
    outcome = np.nan_to_num(fit.design.panel.mean)
    assert np.allclose(fit.estimate[known], (expected * outcome).sum(axis=(1, 2))[known], atol=CLOSE)


@pytest.mark.parametrize("shape", DESIGNS, ids=repr)
@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_without_a_cluster_is_the_same_again(seed, shape):
    fit = make_fit(make_design(seed, **shape))
    deleted = fit.leave_one_out()
    for c in range(len(deleted)):
        again = fit.without(c).estimate
        assert np.array_equal(np.isnan(again), np.isnan(deleted[c]))
        assert np.allclose(again, deleted[c], atol=CLOSE, equal_nan=True)


@pytest.mark.parametrize("shape", DESIGNS, ids=repr)
@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_traces_of_low_rank_are_those_of_the_whole_matrices(seed, shape):
    fit = make_fit(make_design(seed, **shape))
    now, rest = average(fit)
    clusters = np.arange(len(rest))
    treated = np.isin(clusters, fit.design.cluster[np.isfinite(fit.design.adopted)])
    groups = np.stack([treated, ~treated])[: 1 if treated.all() else 2]
    scale = 0.5 + np.random.default_rng(1).random(len(rest))
    moments = moments_of(fit, now, rest, groups) * scale[:, None] * scale
    expected, traces, products = delete(fit, now, rest, groups).traces(scale)
    assert np.allclose(expected, np.einsum("hgg->hg", moments), atol=CLOSE)
    assert np.allclose(traces, np.einsum("hgg->h", moments), atol=CLOSE)
    assert np.allclose(products, np.einsum("hgf,kgf->hk", moments, moments), atol=CLOSE)


@pytest.mark.parametrize("shape", DESIGNS, ids=repr)
def test_the_mean_without_a_cluster_comes_with_its_deletions(shape):
    fit = make_fit(make_design(3, **shape))
    now, rest = average(fit)
    everything = np.ones((1, len(rest)), dtype=np.bool_)
    deletions = delete(fit, now, rest, everything)
    values = np.where(rest > 0, fit.leave_one_out(), 0.0)
    assert np.allclose(deletions.estimate, (rest * values).sum(axis=1), atol=CLOSE)
    squares = (fit.loadings_of(now[None])[0][:, None] @ fit._roots(np.arange(len(fit.untreated)))) ** 2
    own = np.bincount(fit.design.cluster, squares.sum(axis=(1, 2)), minlength=len(rest))
    assert np.allclose(deletions.each().own, own, atol=CLOSE)


def test_without_shocks_and_with_equal_noise_it_is_imputation():
    design = make_design(4, sizes=False)
    fit, known = make_fit(design, Working(0.0, 0.0, 1.0)), ai.Imputation()(design)
    assert np.allclose(fit.estimate, known.estimate, atol=CLOSE, equal_nan=True)
    assert np.allclose(fit.influence(), known.influence, atol=CLOSE, equal_nan=True)


# ------------------------------------------------------------------------------------- the covariance


def deviance_twin(outcome, untreated, n, steps, working):
    """Minus twice the restricted log likelihood by its definition, on the whole stacked vector."""
    at = np.argwhere(untreated)
    covariance = np.zeros((len(at), len(at)))
    for u in np.unique(at[:, 0]):
        rows = np.flatnonzero(at[:, 0] == u)
        t = at[rows, 1]
        shocks = working.shocks(steps)[np.ix_(t, t)]
        covariance[np.ix_(rows, rows)] = shocks + np.diag(working.noise(n)[u, t])
    x = np.hstack([pd.get_dummies(at[:, j]).to_numpy(float)[:, j:] for j in (0, 1)])
    y = outcome[untreated]
    inverse = np.linalg.inv(covariance)
    gram = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(gram, x.T @ inverse @ y)
    df = len(y) - x.shape[1]
    logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(gram)[1]
    return logs + df * np.log(residual @ inverse @ residual / df)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_choice_has_the_highest_restricted_likelihood(seed):
    design = make_design(seed, units=12, missing=0.05)
    untreated = design.panel.observed & ~design.treated()
    keep = untreated.sum(axis=1) >= 2
    outcome, untreated, n = design.panel.mean[keep], untreated[keep], design.panel.n[keep]
    steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
    chosen = choose_working(outcome, untreated, n, steps)
    deviances = [deviance_twin(outcome, untreated, n, steps, Working(*p, chosen.level)) for p in GRID]
    assert deviances[GRID.index((chosen.correlation, chosen.ratio))] == pytest.approx(min(deviances), abs=1e-6)


def test_with_few_cells_nothing_is_chosen():
    design = make_design(0, units=6, periods=6, adopted=(3, np.inf), missing=0.0)
    chosen = choose_working(
        design.panel.mean,
        design.panel.observed & ~design.treated(),
        design.panel.n,
        np.asarray(design.panel.timeline.steps, dtype=np.float64),
    )
    assert (chosen.correlation, chosen.ratio, chosen.chosen) == (*FALLBACK, False)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), rho=st.sampled_from([0.0, 0.6, 1.0]), ratio=st.sampled_from([0.1, 2.0, np.inf]))
def test_what_moves_all_offices_or_one_office_for_good_moves_no_estimate(seed, rho, ratio):
    design = make_design(seed)
    fit = make_fit(design, Working(rho, ratio, 20.0))
    loadings = fit.loadings()[np.isfinite(fit.estimate)]
    assert np.allclose(loadings.sum(axis=1), 0, atol=1e-7)
    assert np.allclose(loadings.sum(axis=2), 0, atol=1e-7)
    treated = np.where(design.treated() & design.panel.observed, 1.0, 0.0)
    assert np.allclose((loadings * treated).sum(axis=(1, 2)), 1, atol=1e-7)
