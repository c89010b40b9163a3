"""Imputation and two-stage effects against didimputation 0.5.0 and did2s 1.2.0.

ESTIMATE: both packages predict with fixest, whose demeaning stops at a tolerance: 5e-9 on castle, 2e-7 elsewhere.
On mpdta the estimates below equal the direct solution of etwfe to 1e-8 (last test), so the difference is theirs.
ERROR 1e-8: standard errors depend less on the prediction; 1e-7 with weights and for the leads (fixest's demeaning).
Not compared: standard errors of didimputation with weights (it squares the weights; see VALUES.md of the reference).
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import ClusterRobust, infer
from asn_impact.estimation.imputation import Imputation, TwoStage
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel

ESTIMATE = {"castle": 5e-9, "mpdta": 2e-7, "base_stagg": 2e-7}
ERROR, DEMEANED = 1e-8, 1e-7
NAMES = {
    "castle": ("sid", "l_homicide", "effyear"),
    "mpdta": ("countyreal", "lemp", "first.treat"),
    "base_stagg": ("id", "y", "year_treated"),
}
BARE = ClusterRobust("CR0")

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")  # wave 2005 of castle is one state


COVARIATES = {"castle": "unemployrt", "base_stagg": "x1"}


def design_of(data, name, weights=None, covariates=()):
    unit, outcome, adopted = NAMES[name]
    frame = data(name)
    frame = frame.assign(adopted=frame[adopted].replace([0, 10000], np.nan))
    panel = read_panel(
        frame, unit=unit, period="year", outcome=outcome, weights=weights, covariates=covariates, attributes=[]
    )
    return assign(panel, read_rollout(frame, unit=unit, adopted="adopted"), cluster=unit)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("key", "view"), [("did_imputation_overall", "overall"), ("did_imputation_horizon", "event_study")]
)
def test_imputation_and_its_conservative_variance_are_didimputation(data, values, name, key, view):
    reference = values(f"{name}__didimputation")[key]
    answer = infer(getattr(Imputation()(design_of(data, name)), view)(), BARE)
    np.testing.assert_allclose(answer.estimate, reference["estimate"], rtol=ESTIMATE[name])
    np.testing.assert_allclose(answer.std_error, reference["se"], rtol=ERROR)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("key", "view"), [("did2s_static", "overall"), ("did2s_event_study", "event_study")])
def test_two_stage_effects_and_their_variance_are_did2s(data, values, name, key, view):
    reference = values(f"{name}__did2s")[key]
    answer = infer(getattr(TwoStage()(design_of(data, name)), view)(), BARE)
    np.testing.assert_allclose(answer.estimate, reference["coef"], rtol=ESTIMATE[name])
    np.testing.assert_allclose(answer.std_error, reference["coeftable_se"], rtol=ERROR)
    covariance = np.array(reference["vcov"])
    np.testing.assert_allclose(answer.variance, covariance, rtol=1e-6, atol=1e-9 * np.abs(covariance).max())


@pytest.mark.parametrize("name", COVARIATES)
def test_a_covariate_enters_the_first_stage_as_in_didimputation_and_did2s(data, values, name):
    given = (COVARIATES[name],)
    design = design_of(data, name, covariates=given)
    for estimator, key, (estimate, error) in (
        (Imputation(covariates=given), "didimputation__did_imputation_overall_cov", ("estimate", "se")),
        (TwoStage(covariates=given), "did2s__did2s_static_cov", ("coef", "coeftable_se")),
    ):
        package, call = key.split("__")
        reference = values(f"{name}__{package}")[call]
        answer = infer(estimator(design).overall(), BARE)
        np.testing.assert_allclose(answer.estimate, reference[estimate], rtol=ESTIMATE[name])
        np.testing.assert_allclose(answer.std_error, reference[error], rtol=ERROR)


def test_weights_enter_both_stages_like_did2s(data, values):
    reference = values("castle__did2s")["did2s_static_weighted"]
    answer = infer(TwoStage()(design_of(data, "castle", "popwt")).overall(), BARE)
    np.testing.assert_allclose(answer.estimate, reference["coef"], rtol=DEMEANED)
    np.testing.assert_allclose(answer.std_error, reference["coeftable_se"], rtol=DEMEANED)


def test_weighted_imputation_has_the_estimate_of_didimputation(data, values):
    reference = values("castle__didimputation")["did_imputation_overall_weighted"]
    estimate = Imputation()(design_of(data, "castle", "popwt")).overall().estimate
    np.testing.assert_allclose(estimate, reference["estimate"], rtol=DEMEANED)


@pytest.mark.parametrize("name", ["castle", "mpdta"])
def test_in_a_balanced_panel_imputation_is_the_saturated_regression_of_etwfe(data, values, name):
    reference = values(f"{name}__etwfe")["etwfe_notyet_ivar"]
    effects = Imputation()(design_of(data, name))
    own = [f".Dtreat:g::{g}:year::{t}" for g, t in zip(effects.terms["cohort"], effects.terms["period"], strict=True)]
    order = [own.index(term) for term in reference["coefnames"]]
    np.testing.assert_allclose(effects.estimate[order], reference["coef"], rtol=1e-8)
