"""Stacked differences against the regression of Wing, Freedman and Hollingsworth (2024), run by statsmodels on rows.

No reference value from R exists: the authors publish a few lines that build the stack and call a weighted
regression. They are written out here. EXACT 1e-9: both sides solve the same least-squares problem.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from asn_impact.designs import assign
from asn_impact.estimation import ClusterRobust, infer
from asn_impact.estimation.stacked import Stacked
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel

EXACT = 1e-9
BEFORE, AFTER = 4, 1

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def stacked_rows(frame):
    """One sub-experiment a wave: its treated states and the states not treated until after its window."""
    parts = []
    for wave in sorted(frame["effyear"].dropna().unique()):
        window = frame[frame["year"].between(wave - BEFORE, wave + AFTER)]
        window = window[(window["effyear"] == wave) | ~(window["effyear"] <= wave + AFTER)]
        event_time, treated = window["year"] - wave, (window["effyear"] == wave).astype(int)
        parts.append(window.assign(wave=wave, event_time=event_time.astype(int), treated=treated))
    return pd.concat(parts, ignore_index=True)


def corrective_weights(stack, size):
    """1 for the treated; for controls the share of their wave among the treated over its share among controls."""
    base = stack[stack["event_time"] == -1]
    total = base.groupby(["treated", "wave"])[size].sum()
    share = total / total.groupby("treated").transform("sum")
    factor = (share.loc[1] / share.loc[0]).reindex(stack["wave"]).to_numpy()
    return stack[size] * np.where(stack["treated"] == 1, 1.0, factor)


@pytest.fixture(params=["one", "popwt"])
def both(request, data):
    """The regression on rows, and the estimator, without and with weights."""
    frame = data("castle").assign(one=1.0)
    stack = stacked_rows(frame)
    stack = stack.assign(q=corrective_weights(stack, request.param))
    reference = f"C(event_time, Treatment({-1}))"
    model = smf.wls(f"l_homicide ~ treated * {reference}", stack, weights=stack["q"])
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": stack["sid"]}, use_t=True)
    panel = read_panel(frame, unit="sid", period="year", outcome="l_homicide", weights=request.param, attributes=[])
    design = assign(panel, read_rollout(frame, unit="sid", adopted="effyear"), cluster="sid")
    return fitted, Stacked(before=BEFORE, after=AFTER)(design)


def test_event_study_is_the_regression_on_the_stack(both):
    fitted, effects = both
    answer = infer(effects.event_study(), ClusterRobust())
    names = [f"treated:C(event_time, Treatment(-1))[T.{h}]" for h in answer.effects.terms["event_time"]]
    np.testing.assert_allclose(answer.estimate, fitted.params[names], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error, fitted.bse[names], rtol=EXACT)


def test_overall_is_the_mean_of_the_coefficients_after_adoption(both):
    fitted, effects = both
    names = [f"treated:C(event_time, Treatment(-1))[T.{h}]" for h in range(AFTER + 1)]
    answer = infer(effects.overall(), ClusterRobust())
    covariance = fitted.cov_params().loc[names, names].to_numpy()
    np.testing.assert_allclose(answer.estimate, [fitted.params[names].mean()], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error, [np.sqrt(covariance.mean())], rtol=EXACT)
