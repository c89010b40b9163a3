"""Respondents who stand for unequal numbers of people: weighted cells, and the regression of survey::svyglm.

Closed forms against the regression on the respondents written out: 1e-9.
"""

import functools

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.errors import InputError
from asn_impact.estimation import BiasReduced, ClusterRobust, GLSImputation, TwoWay, infer
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.outcomes import Count, Score, Share
from asn_impact.measures.tabulate import tabulate
from asn_impact.topics.surveys.answers import ELEMENTS, read_survey, read_survey_aggregates
from asn_impact.topics.surveys.satisfaction import satisfaction_panel, skm_index

EXACT = {"rtol": 1e-9, "atol": 1e-9}
pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def answers(n=900, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({e: rng.choice([2, 3, 4], n, p=[0.1, 0.5, 0.4]) for e in ELEMENTS})
    frame.insert(0, "office", rng.choice([f"O{i:02d}" for i in range(12)], n))
    frame.insert(1, "Tanggal", pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 180, n), "D"))
    return frame.assign(bobot=rng.uniform(0.5, 9.0, n).round(3), digital=rng.integers(0, 2, n))


@functools.cache
def usual():
    """The usual answers, read once."""
    return survey(answers())


def survey(frame):
    return read_survey(frame, as_of="2024-12-31", keep=("bobot", "digital"))


def test_a_cell_is_the_weighted_mean_of_its_respondents_and_counts_as_kish_says():
    frame = answers()
    panel = satisfaction_panel(usual(), "waktu", sampling_weight="bobot")
    own = frame[(frame["office"] == "O03") & (frame["Tanggal"].dt.month == 2)]
    w, y = own["bobot"].to_numpy(), own["waktu"].to_numpy()
    mean, effective = np.average(y, weights=w), w.sum() ** 2 / (w**2).sum()
    np.testing.assert_allclose(panel.mean[3, 1], mean, **EXACT)
    np.testing.assert_allclose(panel.n[3, 1], effective, **EXACT)
    np.testing.assert_allclose(panel.records[3, 1], w.sum(), **EXACT)
    np.testing.assert_allclose(panel.within[3, 1, 0, 0] / effective, np.average((y - mean) ** 2, weights=w), **EXACT)
    whole = frame["bobot"].sum() ** 2 / (frame["bobot"] ** 2).sum()
    assert f"{whole:.1f} who count alike (Kish)" in str(panel.notes[-1])


def test_respondents_of_equal_weight_are_as_without_weights():
    frame = answers()
    plain = satisfaction_panel(usual(), "waktu")
    for weight in (1.0, 4.0):
        found = satisfaction_panel(survey(frame.assign(bobot=weight)), "waktu", sampling_weight="bobot")
        for name in ("n", "mean", "within", "weight"):
            np.testing.assert_allclose(getattr(found, name), getattr(plain, name), **EXACT)
        np.testing.assert_allclose(found.records, weight * plain.records, **EXACT)


def rollout():
    return Rollout(pd.Series({f"O{i:02d}": "2023-04" for i in range(5)}, dtype=object), "trained")


def design_of(frame, *, weights="records", outcome=None, covariates=(), weight="bobot"):
    outcome = Score("waktu") if outcome is None else outcome
    panel = tabulate(survey(frame), outcome, covariates=covariates, sampling_weight=weight)
    return assign(panel, rollout(), cluster="office", weights=weights)


@pytest.mark.parametrize("covariates", [(), ("digital",)])
def test_two_way_effects_of_weighted_answers_are_those_of_svyglm(covariates):
    """Written out: weighted least squares on respondents, Taylor linearisation with offices as primary units."""
    frame = answers()
    office, month = pd.factorize(frame["office"])[0], frame["Tanggal"].dt.month.to_numpy()
    treated = (frame["office"].isin([f"O{i:02d}" for i in range(5)]) & (month >= 4)).to_numpy(float)
    dummies = pd.get_dummies(pd.DataFrame({"o": office.astype(str), "m": month.astype(str)}), dtype=float).to_numpy()
    x = np.column_stack([treated, *(frame[c].to_numpy(float) for c in covariates), dummies])
    w, y = frame["bobot"].to_numpy(), frame["waktu"].to_numpy(float)
    inverse = np.linalg.pinv(x.T @ (w[:, None] * x))
    beta = inverse @ x.T @ (w * y)
    totals = np.stack([((w * (y - x @ beta))[:, None] * x)[office == g].sum(axis=0) for g in range(12)])
    variance = inverse @ (12 / 11 * (totals - totals.mean(axis=0)).T @ (totals - totals.mean(axis=0))) @ inverse
    effects = TwoWay(covariates=covariates)(design_of(frame, covariates=covariates))
    found = infer(effects, ClusterRobust("survey"))
    np.testing.assert_allclose(found.estimate[0], beta[0], **EXACT)
    np.testing.assert_allclose(found.std_error[0], np.sqrt(variance[0, 0]), **EXACT)
    assert found.df[0] == 11


@pytest.mark.parametrize("weights", ["units", "records"])
def test_the_unit_of_the_weights_does_not_matter(weights):
    frame = answers()
    designs = [design_of(frame.assign(bobot=times * frame["bobot"]), weights=weights) for times in (1, 1000)]
    for estimator in (TwoWay(), GLSImputation()):
        one, other = (infer(estimator(design).overall(), BiasReduced()) for design in designs)
        np.testing.assert_allclose(one.table().iloc[:, 1:], other.table().iloc[:, 1:], rtol=1e-6)


def test_a_share_of_respondents_can_be_weighted():
    frame = answers()
    panel = tabulate(usual(), Share("digital"), sampling_weight="bobot")
    own = frame[(frame["office"] == "O00") & (frame["Tanggal"].dt.month == 1)]
    np.testing.assert_allclose(panel.mean[0, 0], np.average(own["digital"], weights=own["bobot"]), **EXACT)


def test_the_index_has_weighted_elements():
    frame = answers()
    found = skm_index(usual(), sampling_weight="bobot").frame().set_index("office")
    own = frame[frame["office"] == "O05"]
    for element in ELEMENTS:
        np.testing.assert_allclose(found.loc["O05", element], np.average(own[element], weights=own["bobot"]), **EXACT)
    effective = own["bobot"].sum() ** 2 / (own["bobot"] ** 2).sum()
    np.testing.assert_allclose(found.loc["O05", "effective"], effective, **EXACT)
    assert found.loc["O05", "respondents"] == len(own)
    alike = skm_index(survey(frame.assign(bobot=2.0)), sampling_weight="bobot").frame()
    plain = skm_index(usual()).frame()
    pd.testing.assert_frame_equal(alike.drop(columns="effective"), plain, check_exact=False)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("use", [skm_index, satisfaction_panel])
def test_a_weight_below_zero_or_missing_is_refused(use, wrong):
    frame = answers()
    frame.loc[7, "bobot"] = wrong
    with pytest.raises(InputError, match="missing or below zero in 1 of 900 rows"):
        use(survey(frame), sampling_weight="bobot")


def test_where_a_weight_has_no_meaning_it_is_refused():
    frame = answers()
    with pytest.raises(InputError, match="for means of answers"):
        tabulate(usual(), Count(), sampling_weight="bobot")
    with pytest.raises(InputError, match="Did you mean 'bobot'"):
        satisfaction_panel(usual(), sampling_weight="bobt")
    with pytest.raises(InputError, match="two things at once"):
        tabulate(usual(), Score("digital"), sampling_weight="digital")
    with pytest.raises(InputError, match="All weights"):
        satisfaction_panel(survey(frame.assign(bobot=0)), sampling_weight="bobot")
    groups = pd.DataFrame(
        {"office": ["A", "A"], "p": ["2023", "2024"], "n": [9, 9], **{e: [3.0, 3.1] for e in ELEMENTS}}
    )
    for use in (skm_index, satisfaction_panel):
        with pytest.raises(InputError, match="no single respondents"):
            use(read_survey_aggregates(groups, period="p", respondents="n"), sampling_weight="n")
