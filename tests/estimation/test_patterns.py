"""Leaving clusters out by their kind is leaving them out one by one: standard errors and degrees of freedom."""

import numpy as np
import pytest

from asn_impact.estimation import BiasReduced, GroupTime, Jackknife, comparisons
from tests.estimation.random_designs import design_of, quietly

SAME = 1e-10


def make_design(shape):
    rng = np.random.default_rng(2)
    starts = np.array([3.0] * 4 + [5.0] * 4 + [6.0] * 2 + [np.inf] * 6)
    outcome = rng.normal(size=(16, 9))
    observed = np.ones(outcome.shape, dtype=bool)
    weight, cluster = None, None
    if shape == "holes":
        observed = rng.random(outcome.shape) > 0.12
    if shape == "weights":
        weight = np.where(np.arange(16) % 2, 2.0, 0.7)[:, None] * np.ones(9)
    if shape == "clusters":
        cluster = np.arange(16) // 2
    if shape == "mixed":
        cluster = np.arange(16) % 7
    return design_of(outcome, starts, observed=observed, weight=weight, cluster=cluster)


@pytest.mark.parametrize("shape", ["complete", "holes", "weights", "clusters", "mixed"])
@pytest.mark.parametrize("view", ["overall", "event_study", "cohorts", "calendar", None])
@pytest.mark.parametrize("estimator", [GroupTime(), GroupTime(controls="never", base="varying")])
@pytest.mark.parametrize("rule", [BiasReduced(), BiasReduced("satterthwaite"), Jackknife()])
def test_kinds_of_clusters_give_the_dense_numbers(monkeypatch, shape, view, estimator, rule):
    def table():
        effects = estimator(make_design(shape))
        return rule(effects if view is None else getattr(effects, view)()).table()[["std_error", "df"]].to_numpy(float)

    fast = quietly(table)
    monkeypatch.setattr(comparisons, "_MOST_WEIGHTS", 0)
    slow = quietly(table)
    np.testing.assert_allclose(fast, slow, rtol=SAME, atol=SAME)
    assert np.isfinite(fast[:, 0]).any()
