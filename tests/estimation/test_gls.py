"""GLS imputation as its users meet it: views, rules, leads, donut, trend, and what it says of itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.estimation import RULES, infer
from asn_impact.estimation.fit import two_groups
from asn_impact.estimation.gls import GLSImputation, GLSLeads
from asn_impact.estimation.prediction import PredictionFit

from .test_prediction import make_design

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

DRAWS = {"reps": 49, "seed": 1}
ON_ALL = {
    "bias_reduced": {},
    "jackknife": {},
    "cluster_robust": {},
    "wild_bootstrap": DRAWS,
    "cluster_bootstrap": {"reps": 5, "seed": 1},
    "permutation": DRAWS,
    "placebo": DRAWS,
    "simultaneous": DRAWS,
    "multiplier": DRAWS,
}


@pytest.fixture(scope="module")
def design():
    return make_design(3, units=20, periods=16, adopted=(8, 11, np.inf, np.inf, np.inf), missing=0.0)


@pytest.mark.parametrize("name", ON_ALL)
def test_every_rule_gives_an_interval(design, name):
    inference = infer(GLSImputation()(design).overall(), RULES[name](**ON_ALL[name]))
    low, high = inference.interval(0.9)
    assert low[0] < inference.estimate[0] < high[0] or name == "placebo"


def test_every_view_has_intervals(design):
    effects = GLSImputation()(design)
    for viewed in (effects.overall(), effects.event_study(), effects.cohorts(), effects.calendar()):
        known = np.isfinite(viewed.estimate)
        assert known.all()
        support = viewed.support()
        errors = infer(viewed, ai.BiasReduced()).std_error
        assert np.isfinite(errors[support > 1]).all()


def test_the_event_study_has_leads_and_no_base_period(design):
    events = GLSImputation()(design).event_study()
    times = events.terms["event_time"].to_numpy()
    assert events.reference is None
    assert times.min() == -4
    assert np.array_equal(times, np.arange(times.min(), times.max() + 1))


def test_leads_are_the_effects_of_an_earlier_date_on_earlier_cells(design):
    leads = GLSLeads(2, GLSImputation(correlation=0.6, ratio=0.5))(design)
    panel, steps = design.panel, design.panel.timeline.steps
    early = np.where(steps[None, :] >= design.adopted[:, None], 0.0, panel.weight)
    moved = replace(design, adopted=design.adopted - 2, panel=replace(panel, weight=early))
    again = GLSImputation(correlation=0.6, ratio=0.5)(moved)
    ours = leads.terms.assign(estimate=leads.estimate).sort_values(["period", "cohort"])["estimate"]
    theirs = again.terms.assign(estimate=again.estimate).dropna().sort_values(["period", "cohort"])["estimate"]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_adding_an_effect_moves_the_estimate_by_it(design):
    added = replace(design.panel, mean=design.panel.mean + 2.5 * design.treated())
    plain, moved = (GLSImputation()(replace(design, panel=p)).overall() for p in (design.panel, added))
    assert moved.estimate[0] - plain.estimate[0] == pytest.approx(2.5, abs=1e-9)
    assert plain.fit.working == moved.fit.working  # chosen from untreated cells alone


def test_a_straight_trend_of_the_treated_moves_only_the_common_one(design):
    steps = np.asarray(design.panel.timeline.steps, dtype=float)
    line = 0.7 * np.isfinite(design.adopted)[:, None] * steps[None, :]
    bent = replace(design, panel=replace(design.panel, mean=design.panel.mean + line))
    own = [GLSImputation(trend="differential", correlation=0.6, ratio=0.5)(d).overall() for d in (design, bent)]
    assert own[0].estimate[0] == pytest.approx(own[1].estimate[0], abs=1e-8)
    common = [GLSImputation(correlation=0.6, ratio=0.5)(d).overall().estimate[0] for d in (design, bent)]
    assert abs(common[1] - common[0]) > 0.5


def test_months_left_out_do_not_matter(design):
    labels = [str(label) for label in design.panel.timeline.labels]
    out = np.isin(np.array(labels), labels[4:6])
    wild = replace(design.panel, mean=design.panel.mean + 100.0 * out[None, :] * np.isfinite(design.adopted)[:, None])
    estimator = GLSImputation(without=tuple(labels[4:6]))
    plain, moved = (estimator(replace(design, panel=p)).overall().estimate[0] for p in (design.panel, wild))
    assert plain == pytest.approx(moved, abs=1e-9)


def test_a_period_that_is_not_there_is_named(design):
    with pytest.raises(ai.EstimationError, match="without= names '99'"):
        GLSImputation(without=("99",))(design)


def test_anticipated_months_are_neither(design):
    steps = design.panel.timeline.steps
    since = steps[None, :] - design.adopted[:, None]
    ahead = (since < 0) & (since >= -2)
    wild = replace(design.panel, mean=design.panel.mean + 50.0 * ahead)
    plain, moved = (
        GLSImputation(anticipation=2)(replace(design, panel=p)).overall().estimate[0] for p in (design.panel, wild)
    )
    assert plain == pytest.approx(moved, abs=1e-9)


@pytest.mark.parametrize("wrong", [{"correlation": 0.5}, {"correlation": 1.5, "ratio": 1.0}, {"anticipation": -1}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ai.AsnImpactError):
        GLSImputation(**wrong)


def test_what_was_chosen_is_said_in_both_languages(design):
    note = GLSImputation()(design).notes[-1]
    assert "chosen from untreated cells" in str(note)
    assert "dipilih dari sel yang belum dilatih" in note.text("id")


def test_it_uses_low_rank_and_its_dense_twin_agrees(design):
    effects = GLSImputation(correlation=0.6, ratio=0.5)(design).overall()
    assert isinstance(effects.fit.fit, PredictionFit)
    inference = infer(effects, ai.BiasReduced())
    anew = np.array([effects.anew(design.without(c)).estimate[0] for c in range(len(design.clusters))])
    # the level of the noise is that of all untreated cells: held without a cluster, chosen again by `anew`
    assert np.corrcoef(anew, effects.leave_one_out()[:, 0])[0, 1] > 0.999
    assert np.isfinite(inference.df[0])


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_one_empty_cell_never_takes_the_interval_away(seed):
    rng = np.random.default_rng(seed)
    waves = (6, 8, *[np.inf] * 4)  # two offices each: without the other, a term may rest on the one with the hole
    design = make_design(seed, units=12, periods=12, adopted=waves, missing=0.0)
    weight, n = design.panel.weight.copy(), design.panel.n.copy()
    u, t = rng.choice(np.flatnonzero(np.isfinite(design.adopted))), rng.integers(5, 12)
    weight[u, t] = n[u, t] = 0.0
    holed = replace(design, panel=replace(design.panel, weight=weight, n=n))
    clusters = range(len(holed.clusters))
    for estimator in (GLSImputation(), ai.Imputation(), ai.GroupTime()):
        effects = estimator(holed).overall()
        assert np.isfinite(infer(effects, ai.BiasReduced()).std_error).all()
        deletions = effects.fit.deletions(holed, two_groups(holed))
        if deletions is not None and not isinstance(estimator, GLSImputation):  # which chooses its covariance anew
            again = [effects.anew(holed.without(c)).estimate[0] for c in clusters]
            np.testing.assert_allclose(deletions[0].estimate, again, atol=1e-9)
            np.testing.assert_allclose(effects.leave_one_out()[:, 0], again, atol=1e-9)
