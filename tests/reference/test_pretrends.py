"""Power of pre-trend tests against pretrends 0.1.0 (R), Benzarti and Carloni (2019); Wald tests against did 2.5.1.

R integrates the normal rectangle by quasi-Monte-Carlo to about 1e-3 in probability; ours is integrated to 1e-5.
Powers near one agree to 1e-6.
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import ClusterRobust, GroupTime
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.joint import joint_leads
from asn_impact.scrutiny.pretrends import pretest_power

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

POWER = 1e-6


@pytest.fixture(name="sigma")
def _sigma(data):
    return data("honest_BC_sigma").to_numpy()[:4, :4]


def test_power_against_a_line(sigma, values):
    theirs = values("honest_BC__pretrends")["BC_pretrends_slope0.05"]["df_power"]["Power"][0]
    np.testing.assert_allclose(pretest_power(sigma, 0.05 * np.arange(-4.0, 0.0)), theirs, atol=POWER)


@pytest.mark.parametrize("controls", ["never", "not_yet"])
@pytest.mark.parametrize("how", ["panel", "rc"])
def test_wald_statistic_over_all_leads_is_the_one_did_prints(values, data, controls, how):
    frame = data("mpdta").rename(columns={"first.treat": "adopted"})
    frame = frame.assign(adopted=frame["adopted"].where(frame["adopted"] > 0), row=np.arange(len(frame)))
    unit = "row" if how == "rc" else "countyreal"
    panel = read_panel(frame, unit=unit, period="year", outcome="lemp")
    design = assign(panel, read_rollout(frame, unit=unit, adopted="adopted"), cluster=unit)
    sample = "cross_sections" if how == "rc" else "pairs"
    effects = GroupTime(controls=controls, base="varying", sample=sample)(design)
    test = joint_leads(ClusterRobust("CR0")(effects))
    expected = values("mpdta__did251")[f"attgt_{how}_{controls.replace('_', '')}treated_antic0_varying_nocov_dr"]
    np.testing.assert_allclose(test.wald, expected["W_pretest"], rtol=1e-8)
    assert test.p_value == pytest.approx(expected["p_pretest"], abs=0.01)  # F with 499 for chi squared
