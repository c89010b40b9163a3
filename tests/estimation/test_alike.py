"""Units and clusters that are alike are worked out once for each kind: the numbers are those of each."""

import numpy as np
import pytest

from asn_impact.errors import InferenceError
from asn_impact.estimation import (
    BiasReduced,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Saturated,
    TwoWay,
    cohort_deletions,
    comparisons,
    linear,
)
from asn_impact.estimation.cohort_regression import CohortRegression
from asn_impact.estimation.deletions import Deletions
from asn_impact.estimation.prediction import PredictionFit
from tests.estimation.random_designs import design_of, quietly

SAME = 1e-9  # inverses of cross-products of some ten dummies


def make_design(shape, seed=2):
    rng = np.random.default_rng(seed)
    starts = np.array([3.0] * 4 + [5.0] * 4 + [6.0] * 2 + [np.inf] * 6)
    outcome = rng.normal(size=(16, 9))
    observed = np.ones(outcome.shape, dtype=bool)
    weight, cluster = None, None
    if shape == "holes":
        observed = rng.random(outcome.shape) > 0.12
    if shape == "one hole":
        observed[1, 3] = False
    if shape == "weights":
        weight = np.where(np.arange(16) % 2, 2.0, 0.7)[:, None] * np.ones(9)
    if shape == "clusters":
        cluster = np.arange(16) // 2
    if shape == "mixed":
        cluster = np.arange(16) % 7
    return design_of(outcome, starts, observed=observed, weight=weight, cluster=cluster)


VIEWS = ["overall", "event_study", "cohorts", "calendar"]
RULES = [BiasReduced(), BiasReduced("satterthwaite"), Jackknife()]


def deviations(estimator, shape, views=VIEWS, rules=RULES):
    """Standard errors and degrees of freedom of the terms and the views of them on a design, one below the other."""
    terms = estimator(make_design(shape))
    all_views = [terms, *(getattr(terms, view)() for view in views)]
    tables = [rule(effects).table()[["std_error", "df"]].to_numpy(float) for effects in all_views for rule in rules]
    assert all(np.isfinite(table[:, 0]).any() for table in tables)
    return np.concatenate(tables)


SHAPES = ["complete", "one hole", "holes", "weights", "clusters", "mixed"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("terms", ["overall", "event_time"])
@pytest.mark.parametrize("rule", [BiasReduced(), BiasReduced("satterthwaite"), Jackknife()])
def test_a_regression_by_kind_is_the_regression_unit_by_unit(monkeypatch, shape, terms, rule):
    def numbers():
        effects = TwoWay(terms=terms)(make_design(shape))
        table = rule(effects).table()[["estimate", "std_error", "df"]].to_numpy(float)
        return table, effects.influence, effects.leave_one_out(), effects.loadings(), effects.fit.residual

    fast = quietly(numbers)
    monkeypatch.setattr(linear, "kinds_of", lambda rows: (np.arange(len(rows)), np.arange(len(rows))))
    slow = quietly(numbers)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_allclose(one, other, rtol=SAME, atol=SAME)
    assert np.isfinite(fast[0]).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("estimator", [Saturated(), Saturated("never"), InteractionWeighted()], ids=lambda e: e.name)
def test_saturated_regressions_in_low_rank_have_the_dense_numbers(monkeypatch, shape, estimator):
    asked = estimator, shape, VIEWS[:3], [BiasReduced(), Jackknife()]
    fast = quietly(deviations, *asked)
    monkeypatch.setattr(cohort_deletions, "_MOST_ROWS", 0)
    low_rank = quietly(deviations, *asked)
    monkeypatch.setattr(CohortRegression, "means_without", lambda *_: None)
    monkeypatch.setattr(CohortRegression, "deletions", lambda *_: None)
    slow = quietly(deviations, *asked)
    np.testing.assert_allclose(fast, slow, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(low_rank, slow, rtol=SAME, atol=SAME)


def test_functions_that_change_in_proportion_are_one_function():
    rng = np.random.default_rng(4)
    g, r = 30, 12
    shape = rng.normal(size=(2, 4))
    coefficient = np.concatenate([rng.normal(size=(g, 2)) @ shape, rng.normal(size=(g, 8))], axis=1)
    root = rng.normal(size=(2, r, r))
    groups = np.arange(g) < 11
    whole = Deletions(
        rng.normal(size=g),
        rng.uniform(size=g),
        coefficient,
        root @ root.transpose(0, 2, 1),
        rng.normal(size=(g, r)),
        rng.uniform(size=g),
        np.stack([groups, ~groups]),
    )
    small, scale = whole.compressed([np.arange(4)]), rng.uniform(1, 2, g)
    assert small.coefficient.shape == (g, 10)
    for one, other in zip(whole.traces(scale), small.traces(scale), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("shape", ["complete", "weights", "clusters"])
@pytest.mark.parametrize("estimator", [Imputation(), GLSImputation(correlation=0.6, ratio=0.5)], ids=lambda e: e.name)
def test_predictions_by_sort_of_cluster_have_the_numbers_of_each(monkeypatch, shape, estimator):
    asked = estimator, shape, VIEWS[:2], [BiasReduced(), Jackknife()]
    fast = quietly(deviations, *asked)
    monkeypatch.setattr(PredictionFit, "_rows", lambda fit: (np.arange(len(fit.design.clusters)),) * 2)
    slow = quietly(deviations, *asked)
    np.testing.assert_allclose(fast, slow, rtol=SAME, atol=SAME)


@pytest.mark.parametrize("shape", ["complete", "holes", "weights", "clusters", "mixed"])
@pytest.mark.parametrize("estimator", [GroupTime(), GroupTime(controls="never", base="varying")])
def test_kinds_of_clusters_give_the_dense_numbers(monkeypatch, shape, estimator):
    fast = quietly(deviations, estimator, shape)
    monkeypatch.setattr(comparisons, "_MOST_WEIGHTS", 0)
    slow = quietly(deviations, estimator, shape)
    np.testing.assert_allclose(fast, slow, rtol=SAME, atol=SAME)


def test_what_does_not_fit_into_memory_is_said(monkeypatch):
    def too_large(*_):
        raise MemoryError

    monkeypatch.setattr(BiasReduced, "attach", too_large)
    with pytest.raises(InferenceError, match="not enough memory for 16 clusters"):
        BiasReduced()(GroupTime()(make_design("complete")))
