"""Robust intervals: the corners against linear programmes, coverage, and what must hold whatever the numbers.

Tolerances: 1e-8 where both sides are exact; coverage of 4,000 draws has a standard error of 0.0034, so that 0.94 is
three of them below 0.95.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from asn_impact.errors import InferenceError, InputError
from asn_impact.scrutiny.honest import _cut_normal_quantile, corners, least_favourable, rejects
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.sensitivity import robust_ends

EXACT = 1e-8
COVERAGE = 0.94


def covariance(k, seed=1, spread=0.3):
    root = np.random.default_rng(seed).normal(size=(k, k)) * spread
    return root @ root.T + 0.1 * np.eye(k)


def ends(beta, sigma, restriction, *, pre, l_vec, **more):
    post = len(beta) - pre
    return np.array(robust_ends(beta, sigma, pre=pre, post=post, restriction=restriction, l_vec=l_vec, **more))


@pytest.mark.parametrize(
    "restriction", [RelativeMagnitude(0.7), RelativeMagnitude(1.0, of="curvature"), Smoothness(0.2)]
)
@pytest.mark.parametrize(("pre", "post"), [(2, 1), (3, 4)])
def test_the_corners_give_the_value_of_the_linear_programme(restriction, pre, post):
    """Slow twin: smallest eta such that some path of effects keeps every studentised moment below it."""
    rng = np.random.default_rng(3)
    sigma, l_vec = covariance(pre + post), rng.normal(size=post)
    for bands in restriction.bands(pre, post):
        left = bands.after(pre)
        points, slope = corners(left, pre, l_vec, sigma)
        scale = np.sqrt(np.diag(left.a @ sigma @ left.a.T))
        beta, value = rng.normal(size=pre + post), rng.normal()
        ours = (points @ (left.a @ beta - left.b) - slope * value).max()
        moments = left.a @ beta - left.b
        result = optimize.linprog(
            [1.0, *np.zeros(post)],
            A_ub=np.column_stack([-scale, -left.a[:, pre:]]),
            b_ub=-moments,
            A_eq=[[0.0, *l_vec]],
            b_eq=[value],
            bounds=[(None, None)] * (post + 1),
        )
        np.testing.assert_allclose(ours, result.fun, atol=EXACT)


@pytest.mark.parametrize("mbar", [0.5, 1.0, 2.0])
def test_the_set_holds_the_truth_as_often_as_it_says(mbar):
    """The departure is the worst that is allowed: it goes on by mbar times the one large change before."""
    pre, post = 3, 2
    sigma = 0.02 * (0.5 * np.eye(pre + post) + 0.5)
    step = 0.3
    departure = np.array([-step, -step, -step, mbar * step, 2 * mbar * step])
    l_vec = np.array([0.5, 0.5])
    truth = 0.0
    draws = np.random.default_rng(5).multivariate_normal(departure, sigma, 4000)
    inside = np.zeros(len(draws), dtype=bool)
    for bands in RelativeMagnitude(mbar).bands(pre, post):
        left = bands.after(pre)
        points, slope = corners(left, pre, l_vec, sigma)
        loading = points @ left.a
        spread = loading @ sigma @ loading.T
        means = draws @ loading.T - points @ left.b - slope * truth
        inside |= ~rejects(means, spread, least_favourable(spread, 0.05), 0.05)
    assert inside.mean() > COVERAGE


def test_the_fixed_length_interval_holds_the_truth_as_often_as_it_says():
    pre, post, m = 3, 2, 0.1
    sigma = 0.02 * (0.5 * np.eye(pre + post) + 0.5)
    bend = m * np.array([6.0, 3.0, 1.0, 0.0, 1.0])  # slope changes by m a period
    line = 0.4 * np.array([-3.0, -2.0, -1.0, 1.0, 2.0])
    draws = np.random.default_rng(6).multivariate_normal(bend + line, sigma, 4000)
    width = ends(np.zeros(5), sigma, Smoothness(m), pre=pre, l_vec=np.array([0.0, 1.0]))
    from asn_impact.scrutiny.honest import fixed_length

    _, half, weights = fixed_length(np.zeros(5), sigma, pre=pre, l_vec=np.array([0.0, 1.0]), m=m, alpha=0.05)
    np.testing.assert_allclose(width, [-half, half])
    assert (np.abs(draws @ weights) <= half).mean() > COVERAGE


def test_more_departure_never_makes_the_interval_narrower():
    sigma, beta = covariance(5), np.array([0.1, -0.2, 0.1, 2.0, 2.5])
    for kind in (RelativeMagnitude, Smoothness):
        result = np.array([ends(beta, sigma, kind(x), pre=3, l_vec=np.full(2, 0.5)) for x in (0.0, 0.5, 1.0, 2.0)])
        assert (np.diff(result[:, 1] - result[:, 0]) > 0).all()


def test_the_interval_moves_and_stretches_with_the_outcome():
    sigma, beta, l_vec = covariance(4), np.array([0.1, -0.2, 1.0, 1.5]), np.array([1.0, 0.0])
    for restriction, scaled in ((RelativeMagnitude(1.0), RelativeMagnitude(1.0)), (Smoothness(0.1), Smoothness(0.3))):
        plain = ends(beta, sigma, restriction, pre=2, l_vec=l_vec)
        np.testing.assert_allclose(ends(3 * beta, 9 * sigma, scaled, pre=2, l_vec=l_vec), 3 * plain, rtol=1e-5)
        np.testing.assert_allclose(ends(-beta, sigma, restriction, pre=2, l_vec=l_vec), -plain[::-1], rtol=1e-2)
        shifted = beta + np.array([0.0, 0.0, 5.0, 0.0])
        np.testing.assert_allclose(ends(shifted, sigma, restriction, pre=2, l_vec=l_vec), plain + 5.0, rtol=1e-5)


def test_a_straight_line_is_free_under_smoothness():
    sigma, beta, l_vec = covariance(5), np.array([0.1, -0.2, 0.0, 1.0, 1.5]), np.full(2, 0.5)
    line = np.array([-3.0, -2.0, -1.0, 1.0, 2.0])
    plain = ends(beta, sigma, Smoothness(0.1), pre=3, l_vec=l_vec)
    np.testing.assert_allclose(ends(beta + 7 * line, sigma, Smoothness(0.1), pre=3, l_vec=l_vec), plain, atol=EXACT)


def test_few_degrees_of_freedom_widen_the_interval():
    sigma, beta, l_vec = covariance(4), np.array([0.1, -0.2, 1.0, 1.5]), np.array([1.0, 0.0])
    for restriction in (RelativeMagnitude(1.0), Smoothness(0.1)):
        narrow = ends(beta, sigma, restriction, pre=2, l_vec=l_vec)
        wide = ends(beta, sigma, restriction, pre=2, l_vec=l_vec, df=5.0)
        assert wide[0] < narrow[0]
        assert wide[1] > narrow[1]


def test_the_quantile_of_a_cut_normal_is_that_of_scipy():
    low, high = np.array([-np.inf, -1.0, 1.0, 6.0, -7.0]), np.array([np.inf, 2.0, np.inf, 6.5, -6.0])
    theirs = stats.truncnorm.ppf(0.95, low, high)
    np.testing.assert_allclose(_cut_normal_quantile(0.95, low, high), theirs, rtol=1e-7)


def test_impossible_questions_are_refused():
    sigma, l_vec = covariance(4), np.array([1.0, 0.0])
    with pytest.raises(InferenceError, match="no inverse"):
        ends(np.zeros(4), np.ones((4, 4)), Smoothness(0.0), pre=2, l_vec=l_vec)
    with pytest.raises(InferenceError, match="Expected"):
        ends(np.zeros(4), sigma, Smoothness(0.0), pre=3, l_vec=l_vec)
    with pytest.raises(InputError, match="level"):
        ends(np.zeros(4), sigma, Smoothness(0.0), pre=2, l_vec=l_vec, level=95)
    with pytest.raises(InferenceError, match="missing"):
        ends(np.full(4, np.nan), sigma, Smoothness(0.0), pre=2, l_vec=l_vec)
    with pytest.raises(InputError, match="mbar"):
        RelativeMagnitude(-1.0)
    with pytest.raises(InferenceError, match="finite"):
        RelativeMagnitude(np.inf)
    with pytest.raises(InferenceError, match="2 or more"):
        RelativeMagnitude(1.0, of="curvature").bands(1, 2)


@pytest.mark.parametrize("other", [RelativeMagnitude(1.0), Smoothness(0.1)])
def test_a_matrix_that_is_not_symmetric_is_no_variance(other):
    lower = 0.04 * np.eye(4)
    lower[1, 0] = 0.03
    for matrix in (lower, lower.T):
        with pytest.raises(InferenceError, match="The two must be equal"):
            robust_ends(
                np.array([0.1, -0.1, 1.0, 1.2]), matrix, pre=2, post=2, restriction=other, l_vec=np.full(2, 0.5)
            )
