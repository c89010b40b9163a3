"""Power of pre-trend tests against pretrends 0.1.0 (R), Benzarti and Carloni (2019).

R integrates the normal rectangle by quasi-Monte-Carlo to about 1e-3 in probability and finds the slope on top of it;
ours is integrated to 1e-5. Slopes agree to 3e-3, powers near one to 1e-6.
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.scrutiny.pretrends import pretest_power, slope_for_power

SLOPE = 3e-3
POWER = 1e-6


@pytest.fixture(name="sigma")
def _sigma(data):
    return data("honest_BC_sigma").to_numpy()[:4, :4]


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_slope_that_would_be_noticed(sigma, values, power):
    theirs = values("honest_BC__pretrends")[f"BC_slope_for_power_{power}"]
    np.testing.assert_allclose(slope_for_power(sigma, np.arange(-4.0, 0.0), power=power), theirs, rtol=SLOPE)


def test_power_against_a_line(sigma, values):
    theirs = values("honest_BC__pretrends")["BC_pretrends_slope0.05"]["df_power"]["Power"][0]
    np.testing.assert_allclose(pretest_power(sigma, 0.05 * np.arange(-4.0, 0.0)), theirs, atol=POWER)
