"""Robust intervals: the corners against linear programmes, coverage, and what must hold whatever the numbers.

Tolerances: 1e-8 where both sides are exact; coverage of 4,000 draws has a standard error of 0.0034, so that 0.94 is
three of them below 0.95.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from asn_impact.errors import InferenceError, InputError
from asn_impact.estimation import BiasReduced, GroupTime, infer
from asn_impact.scrutiny.event_path import event_path
from asn_impact.scrutiny.honest import _cut_normal_quantile, corners, least_favourable, rejects
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.sensitivity import breakdown, robust_ends, robust_interval, smoothness_seen
from tests.estimation.random_designs import design_of

EXACT = 1e-8
COVERAGE = 0.94


def covariance(k, seed=1, spread=0.3):
    root = np.random.default_rng(seed).normal(size=(k, k)) * spread
    return root @ root.T + 0.1 * np.eye(k)


def ends(beta, sigma, restriction, *, pre, l_vec, **more):
    post = len(beta) - pre
    return np.array(robust_ends(beta, sigma, pre=pre, post=post, restriction=restriction, l_vec=l_vec, **more))


SHAPES = ["positive", "negative", "increasing", "decreasing"]


@pytest.mark.parametrize(
    "restriction",
    [
        RelativeMagnitude(0.7),
        RelativeMagnitude(1.0, of="curvature"),
        Smoothness(0.2),
        *(RelativeMagnitude(0.7, shape=shape) for shape in SHAPES),
        *(Smoothness(0.2, shape) for shape in SHAPES),
        RelativeMagnitude(1.0, "curvature", "positive"),
    ],
    ids=lambda r: r.name,
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


@pytest.mark.parametrize("make", [lambda s: RelativeMagnitude(1.0, shape=s), lambda s: Smoothness(0.3, s)])
def test_the_other_side_of_a_shape_is_the_mirror_image(make):
    sigma, beta, l_vec = covariance(6), np.array([0.1, -0.2, 0.1, 1.0, 1.4, 1.3]), np.full(3, 1 / 3)
    for one, other in (("positive", "negative"), ("increasing", "decreasing")):
        ours = ends(beta, sigma, make(one), pre=3, l_vec=l_vec)
        theirs = ends(-beta, sigma, make(other), pre=3, l_vec=l_vec)
        np.testing.assert_allclose(ours, -theirs[::-1], atol=5e-3)  # the least favourable value is an integral


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_with_little_noise_leaves_the_identified_set(shape):
    """Slow twin: the smallest and largest target that some departure within the restriction makes, by linprog."""
    rng = np.random.default_rng(2)
    pre, post, restriction, l_vec = 3, 3, Smoothness(0.4, shape), np.full(3, 1 / 3)
    side = 1 if shape in {"positive", "increasing"} else -1
    beta = np.array([-0.9, -0.5, -0.2, 0.3, 0.5, 0.9]) * side + np.array([0, 0, 0, 2.0, 2.0, 2.0])
    (bands,) = restriction.bands(pre, post)
    found = []
    for sign in (1, -1):
        result = optimize.linprog(
            np.concatenate([np.zeros(pre), sign * -l_vec]),
            A_ub=bands.a,
            b_ub=bands.b,
            A_eq=np.eye(pre + post)[:pre],
            b_eq=beta[:pre],
            bounds=[(None, None)] * (pre + post),
        )
        found.append(l_vec @ beta[pre:] - l_vec @ result.x[pre:])
    sigma = 1e-8 * covariance(pre + post, seed=int(rng.integers(9)))
    np.testing.assert_allclose(ends(beta, sigma, restriction, pre=pre, l_vec=l_vec), found, atol=2e-3)


@pytest.mark.parametrize("shape", ["positive", "increasing"])
def test_a_shape_holds_the_truth_as_often_as_it_says(shape):
    """The departure is the one the shape allows least: zero throughout."""
    rng, l_vec, pre, post = np.random.default_rng(11), np.array([1.0, 0.0, 0.0]), 3, 3
    sigma = covariance(pre + post)
    root, draws = np.linalg.cholesky(sigma), 4_000
    (bands,) = Smoothness(0.2, shape).bands(pre, post)
    after = bands.after(pre)
    points, slope = corners(after, pre, l_vec, sigma)
    loading = points @ after.a
    means = rng.normal(size=(draws, pre + post)) @ root.T @ loading.T - points @ after.b
    spread = loading @ sigma @ loading.T
    assert 1 - rejects(means, spread, least_favourable(spread, 0.05), 0.05).mean() > COVERAGE
    assert len(slope) == len(points)


def test_a_shape_of_many_periods_says_how_to_take_fewer():
    with pytest.raises(InferenceError, match=r"7 estimates after the reference.*most=6"):
        ends(np.zeros(9), np.eye(9), Smoothness(0.1, "positive"), pre=2, l_vec=np.full(7, 1 / 7))


def test_one_period_after_the_reference_can_have_a_shape():
    beta, sigma = np.array([0.1, 2.0]), 0.01 * np.eye(2)
    found = ends(beta, sigma, RelativeMagnitude(1.0, shape="positive"), pre=1, l_vec=np.ones(1))
    free = ends(beta, sigma, RelativeMagnitude(1.0), pre=1, l_vec=np.ones(1))
    assert free[0] - 0.05 < found[0] < found[1] < free[1]


def test_the_ends_are_found_however_small_the_noise_is():
    """Thousands of clusters: a set of departures that is thousands of standard errors wide is no infinite interval."""
    beta, l_vec = np.array([0.5, -0.4, 1.0, 1.1]), np.array([0.5, 0.5])
    found = ends(beta, 1e-12 * np.eye(4), RelativeMagnitude(1.0), pre=2, l_vec=l_vec)
    np.testing.assert_allclose(found, [1.05 - 1.35, 1.05 + 1.35], atol=1e-4)


def events(noise=0.3):
    rng = np.random.default_rng(5)
    starts = np.where(np.arange(30) < 12, 6.0, np.inf)
    outcome = noise * rng.normal(size=(30, 11)) + 2.0 * (np.arange(11) >= starts[:, None])
    return infer(GroupTime()(design_of(outcome, starts)).event_study(), BiasReduced())


def test_what_is_known_of_the_sign_makes_a_conclusion_last_longer():
    free, known = breakdown(events()), breakdown(events(), shape="negative")
    assert known.value >= free.value
    assert "not to be above zero" in str(known.said)
    assert "never falling" in str(robust_interval(events(), Smoothness(0.1, "increasing")).restriction.words)


def test_the_change_of_slope_seen_lies_between_its_bounds():
    found = smoothness_seen(events())
    assert 0 <= found.lower <= found.seen <= found.upper
    wider = smoothness_seen(events(), level=0.99)
    assert wider.lower <= found.lower
    assert found.upper <= wider.upper
    assert "each at 95%" in str(found.said)
    with pytest.raises(InferenceError, match="needs two or more"):
        smoothness_seen(event_path(events(), most=2))
