"""Robust intervals against HonestDiD 0.2.6 (R): Benzarti and Carloni, castle doctrine, mpdta.

Relative magnitudes and C-LF: R keeps or drops whole points of a grid of 1000 points (Benzarti and Carloni) or 200
points (the others) over 40 standard errors, and simulates its critical value with 1000 draws. So its ends lie up to one
step inside ours, here 0.04 or 0.2 standard errors, plus the simulation: 0.07 and 0.25. Ends that R cut off at the edge
of its grid (20 standard errors from zero) must not lie outside ours.

Fixed-length intervals: R simulates the quantile of |N(b, 1)| with 10^6 draws and seed 0: its half lengths at b = 0 are
0.116 % too long in all three data sets, and for large b up to 0.1 % too short. At the exact quantile ours is never
longer than that of R's weights (to 1e-7), and at b = 0 the ratio of lengths is R's error, to 2e-5. Ends of the
intervals differ by up to 0.03 standard errors, where the optimum is flat.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from asn_impact.scrutiny.honest import change_of_slope, conditional_ends, fixed_length, folded_quantile
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.sensitivity import robust_ends

FINE_GRID = 0.07
COARSE_GRID = 0.25
FLAT = 0.03
R_QUANTILE = 1.0011606  # R's simulated 95 % quantile of |N(0, 1)| over the exact one, the same in all three data sets
R_AT_ZERO = 2e-5
R_LENGTH = 1.5e-3

DATA = ("honest_BC__honestdid", "castle__honestdid", "mpdta__honestdid")
GRIDS = list(zip(DATA, (FINE_GRID, COARSE_GRID, COARSE_GRID), strict=True))


def given(name):
    """Betahat, sigma and the weights of a file, read beside the values of the other tests."""
    path = Path(__file__).parent / "values" / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    source = found["input"]
    results = {record["id"]: record["outputs"] for record in found["results"]}
    return np.array(source["betahat"]), np.array(source["sigma"]), int(source["numPrePeriods"]), results


def target(name, post):
    return np.eye(post)[0] if name == "first" else np.full(post, 1 / post)


def compare(name, call, restriction, which, tolerance):
    beta, sigma, pre, results = given(name)
    l_vec = target(which, len(beta) - pre)
    scale = np.sqrt(l_vec @ sigma[pre:, pre:] @ l_vec)
    centre = l_vec @ beta[pre:]
    theirs, size = results[call], "Mbar" if "Mbar" in results[call] else "M"
    for value, low, high in zip(theirs[size], theirs["lb"], theirs["ub"], strict=True):
        ours = robust_ends(beta, sigma, pre=pre, post=len(beta) - pre, restriction=restriction(value), l_vec=l_vec)
        for mine, other in zip(ours, (low, high), strict=True):
            cut_off = abs(abs(other) / scale - 20) < 0.1
            reaches = abs(mine - centre) >= abs(other - centre) - tolerance * scale
            assert reaches if cut_off else abs(mine - other) < tolerance * scale, (call, value)


@pytest.mark.parametrize("which", ["first", "average"])
@pytest.mark.parametrize(("name", "tolerance"), GRIDS)
def test_relative_magnitudes(name, tolerance, which):
    compare(name, f"RM_C-LF_{which}", RelativeMagnitude, which, tolerance)


@pytest.mark.parametrize(("name", "tolerance"), GRIDS)
def test_relative_magnitudes_of_curvature(name, tolerance):
    compare(name, "SDRM_C-LF_first", lambda m: RelativeMagnitude(m, of="curvature"), "first", tolerance)


@pytest.mark.parametrize("which", ["first", "average"])
@pytest.mark.parametrize("name", DATA)
def test_smooth_departures_have_the_same_interval_where_the_optimum_is_flat(name, which):
    compare(name, f"SD_FLCI_{which}", Smoothness, which, FLAT)


@pytest.mark.parametrize("which", ["first", "average"])
@pytest.mark.parametrize("name", DATA)
def test_the_best_fixed_length_is_never_longer_than_theirs_at_the_exact_quantile(name, which):
    beta, sigma, pre, results = given(name)
    l_vec = target(which, len(beta) - pre)
    prefix = "findOptimalFLCI_M"
    for call, theirs in results.items():
        if not (call.startswith(prefix) and call.endswith(which)):
            continue
        m = float(theirs["M"])
        _, half, weights = fixed_length(beta, sigma, pre=pre, l_vec=l_vec, m=m, alpha=0.05)
        other = np.array(theirs["optimalVec"], dtype=np.float64)
        length = float(np.ravel(theirs["optimalHalfLength"])[0])
        bias = m * worst_bias(other, pre)
        spread = np.sqrt(other @ sigma @ other)
        exact = float(folded_quantile(bias / spread, 0.95)) * spread
        assert half <= exact * (1 + 1e-7)
        if m == 0:
            np.testing.assert_allclose(weights, other, atol=1e-3 * np.abs(other).max())
            np.testing.assert_allclose(length / half, R_QUANTILE, rtol=0, atol=R_AT_ZERO)
        else:
            np.testing.assert_allclose(half, length, rtol=R_LENGTH)


@pytest.mark.parametrize(
    ("call", "shape"),
    [("SD_monotone_increasing_Conditional_first", "increasing"), ("SD_bias_positive_Conditional_first", "positive")],
)
@pytest.mark.parametrize("name", DATA)
def test_the_conditional_test_with_a_sign_or_a_direction(name, call, shape):
    """R's grid has 1000 points here: one step is 0.04 standard errors, wider where the identified set is wide."""
    beta, sigma, pre, results = given(name)
    post, theirs = len(beta) - pre, results[call]
    l_vec = target("first", post)
    scale = np.sqrt(l_vec @ sigma[pre:, pre:] @ l_vec)
    for m, low, high in zip(theirs["M"], theirs["lb"], theirs["ub"], strict=True):
        (bands,) = Smoothness(m, shape).bands(pre, post)
        ours = conditional_ends(beta, sigma, pre=pre, l_vec=l_vec, bands=bands, alpha=0.05, first_stage=0.0)
        np.testing.assert_allclose(ours, (low, high), rtol=0, atol=FINE_GRID * scale + 2 * m / 1000)


@pytest.mark.parametrize("name", DATA)
def test_what_the_periods_before_say_of_the_change_of_slope(name):
    beta, sigma, pre, results = given(name)
    (bands,) = Smoothness(0.0).bands(pre, len(beta) - pre)
    change = bands.change[~(bands.change[:, pre:] != 0).any(axis=1)]
    lower, upper = change_of_slope(beta, sigma, change, 0.05)
    np.testing.assert_allclose(upper, results["Mpre_upper"], rtol=1e-10)
    end_of_grid = 3 * np.sqrt(np.diag(sigma)[:pre]).max()
    theirs = float(results["Mpre_lower"])  # the first of 1000 points that is not rejected; Inf where all are
    assert lower > end_of_grid if np.isinf(theirs) else theirs - end_of_grid / 999 <= lower <= theirs


def worst_bias(weights, pre):
    """The largest bias for |second difference| <= 1, as a linear programme would find it: sums of absolute weights."""
    post = len(weights) - pre
    times = np.array([*range(-pre, 0), *range(1, post + 1)])
    bends = np.arange(-pre + 1, post)
    lines = np.stack([np.where(b < 0, np.maximum(b - times, 0), np.maximum(times - b, 0)) for b in bends])
    return np.abs(lines @ weights).sum()


def test_the_folded_normal_quantile_is_exact():
    for bias in (0.0, 0.5, 2.0, 30.0):
        q = float(folded_quantile(bias, 0.95))
        np.testing.assert_allclose(stats.norm.cdf(q - bias) - stats.norm.cdf(-q - bias), 0.95, rtol=1e-10)
