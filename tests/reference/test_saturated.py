"""Saturated and interaction-weighted effects against etwfe 0.6.2 and fixest::sunab 0.14.2.

EXACT 1e-8: both sides solve one least-squares problem directly.
LOOSE 1e-6: standard errors of emfx come from numerical derivatives, good for 6 to 7 digits.
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import ClusterRobust, infer
from asn_impact.estimation.saturated import InteractionWeighted, Saturated
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel

EXACT, LOOSE = 1e-8, 1e-6

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")  # wave 2005 is one state

VIEWS = {"simple": "overall", "event": "event_study", "group": "cohorts", "calendar": "calendar"}


def castle(data, weights=None):
    frame = data("castle")
    panel = read_panel(frame, unit="sid", period="year", outcome="l_homicide", weights=weights, attributes=[])
    return assign(panel, read_rollout(frame, unit="sid", adopted="effyear"), cluster="sid")


def mpdta(data, covariates=()):
    frame = data("mpdta")
    frame = frame.assign(adopted=frame["first.treat"].replace(0, np.nan))
    panel = read_panel(frame, unit="countyreal", period="year", outcome="lemp", covariates=covariates, attributes=[])
    return assign(panel, read_rollout(frame, unit="countyreal", adopted="adopted"), cluster="countyreal")


def in_order(effects, names):
    own = [f".Dtreat:g::{g}:year::{t}" for g, t in zip(effects.terms["cohort"], effects.terms["period"], strict=True)]
    return [own.index(name) for name in names]


@pytest.mark.parametrize("design", [castle, mpdta])
def test_each_cohort_and_period_is_etwfe_with_unit_effects(data, values, design):
    reference = values(f"{design.__name__}__etwfe")["etwfe_notyet_ivar"]
    answer = infer(Saturated()(design(data)), ClusterRobust())
    order = in_order(answer.effects, reference["coefnames"])
    np.testing.assert_allclose(answer.estimate[order], reference["coef"], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error[order], reference["se_cluster"], rtol=EXACT)


@pytest.mark.parametrize(
    ("key", "controls", "weights"),
    [
        ("etwfe_notyet_nocov", "not_yet", None),
        ("etwfe_never_nocov", "never", None),
        ("etwfe_notyet_weighted", "not_yet", "popwt"),
    ],
)
def test_unit_effects_change_the_count_of_parameters_of_etwfe_and_nothing_else(data, values, key, controls, weights):
    reference = values("castle__etwfe")[key]
    effects = Saturated(controls)(castle(data, weights))
    answer = infer(effects, ClusterRobust())
    order = in_order(effects, reference["coefnames"])
    n, k, cohorts = 550, len(effects.terms) + 11, 5  # etwfe without ivar counts one effect for each cohort
    np.testing.assert_allclose(answer.estimate[order], reference["coef"], rtol=EXACT, atol=1e-12)
    factor = np.sqrt((n - k) / (n - k - cohorts))
    np.testing.assert_allclose(answer.std_error[order] * factor, reference["se_cluster"], rtol=EXACT)


@pytest.mark.parametrize("controls", ["not_yet", "never"])
def test_covariates_have_the_slopes_of_etwfe(data, values, controls):
    reference = values("mpdta__etwfe")[f"etwfe_{controls.replace('_', '')}_lpop"]
    answer = infer(Saturated(controls, ("lpop",))(mpdta(data, ["lpop"])), ClusterRobust())
    names = [
        f".Dtreat:g::{g}:year::{t}"
        for g, t in zip(answer.effects.terms["cohort"], answer.effects.terms["period"], strict=True)
    ]
    found = dict(zip(reference["coefnames"], zip(reference["coef"], reference["se_cluster"], strict=True), strict=True))
    coefficients, errors = np.array([found[name] for name in names]).T
    np.testing.assert_allclose(answer.estimate, coefficients, rtol=EXACT)
    # etwfe counts, besides, three waves, lpop and its slope in each wave: here they lie in the unit effects
    n, k = 2500, 2 * len(names) + 5 + 4
    np.testing.assert_allclose(answer.std_error * np.sqrt((n - k) / (n - k - 7)), errors, rtol=EXACT)


@pytest.mark.parametrize("controls", ["not_yet", "never"])
@pytest.mark.parametrize(("kind", "view"), VIEWS.items())
def test_views_given_a_covariate_are_those_of_emfx(data, values, numbers, controls, kind, view):
    reference = values("mpdta__etwfe")[f"etwfe_{controls.replace('_', '')}_lpop"]["emfx"][kind]
    effects = getattr(Saturated(controls, ("lpop",))(mpdta(data, ["lpop"])), view)()
    expected = numbers(reference["estimate"])
    np.testing.assert_allclose(effects.estimate, expected[expected != 0], rtol=EXACT)  # the base period is 0 there


@pytest.mark.parametrize(("kind", "view"), VIEWS.items())
def test_views_take_cohort_sizes_as_given_like_emfx(data, values, numbers, kind, view):
    reference = values("castle__etwfe")["etwfe_notyet_ivar"]["emfx"][kind]
    answer = infer(getattr(Saturated()(castle(data)), view)(), ClusterRobust())
    np.testing.assert_allclose(answer.estimate, reference["estimate"], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error, numbers(reference["se"]), rtol=LOOSE)


VIEWS_OF_SUNAB = {"att": "overall", "event_study": "event_study", "cohort": "cohorts"}


@pytest.mark.parametrize("weights", [None, "popwt"])
@pytest.mark.parametrize(("kind", "view"), VIEWS_OF_SUNAB.items())
def test_interaction_weighted_effects_are_sunab(data, values, weights, kind, view):
    reference = values("castle__fixest")["sunab_weighted" if weights else "sunab"]
    effects = getattr(InteractionWeighted()(castle(data, weights)), view)()
    answer = infer(effects, ClusterRobust())
    np.testing.assert_allclose(answer.estimate, reference[kind]["coef"], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error, reference[kind]["se"], rtol=EXACT)
    np.testing.assert_allclose(answer.p_value, reference[kind]["p"], rtol=1e-6)
    if kind != "cohort":
        bare = reference["att_CR0"] if kind == "att" else reference["event_study_CR0"]["se"]
        np.testing.assert_allclose(infer(effects, ClusterRobust("CR0")).std_error, bare, rtol=EXACT)


def test_interaction_weighted_effects_are_sunab_on_counties(data, values):
    reference = values("mpdta__fixest")["sunab"]["event_study"]
    answer = infer(InteractionWeighted()(mpdta(data)).event_study(), ClusterRobust())
    np.testing.assert_allclose(answer.estimate, reference["coef"], rtol=EXACT)
    np.testing.assert_allclose(answer.std_error, reference["se"], rtol=EXACT)


def test_each_raw_term_is_the_raw_coefficient_of_sunab(data, values):
    reference = values("castle__fixest")["sunab"]["raw_cohort_period"]
    answer = infer(InteractionWeighted()(castle(data)), ClusterRobust())
    own = [
        f"year::{e}:cohort::{g}"
        for g, e in zip(*(answer.effects.terms[c] for c in ("cohort", "event_time")), strict=True)
    ]
    order = [own.index(name) for name in reference["names"]]
    np.testing.assert_allclose(answer.estimate[order], reference["coef"], rtol=EXACT, atol=1e-12)
    np.testing.assert_allclose(answer.std_error[order], reference["se"], rtol=EXACT)
