"""A unit that says nothing about an estimate is no cluster, in any rule."""

import functools

import numpy as np
import pytest

from asn_impact.errors import DataWarning, InferenceError
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    Efficient,
    GLSImputation,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Jackknife,
    Permutation,
    Saturated,
    TwoStage,
    TwoWay,
    WildBootstrap,
    infer,
    romano_wolf,
)
from tests.estimation.random_designs import design_of, quietly

SAME = 1e-8
ESTIMATORS = [
    GroupTime(),
    TwoWay(),
    Imputation(),
    TwoStage(),
    Saturated(),
    InteractionWeighted(),
    GLSImputation(correlation=0.5, ratio=1.0),
]
RULES = [ClusterRobust(), BiasReduced(), Jackknife(), WildBootstrap(99, 1), Permutation(39, 1)]


def make_design(*, once=15, seed=1):
    """Twenty units in two waves; one of them is seen once."""
    rng = np.random.default_rng(seed)
    starts = np.array([4.0] * 5 + [6.0] * 5 + [np.inf] * 10)
    outcome = rng.normal(size=(20, 1)) + 0.5 * rng.normal(size=(20, 10)) - 2 * (np.arange(10) >= starts[:, None])
    observed = np.ones(outcome.shape, dtype=bool)
    if once is not None:
        observed[once, 1:] = False
    return design_of(outcome, starts, observed=observed)


@functools.cache
def overall_of(estimator, once, there):
    design = make_design(once=once)
    return quietly(lambda: estimator(design if there else design.without(once)).overall())


@pytest.mark.parametrize("once", [15, 7], ids=["never treated", "treated"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_a_unit_seen_once_changes_nothing(estimator, rule, once):
    there, away = (quietly(infer, overall_of(estimator, once, there), rule) for there in (True, False))
    ours, theirs = there.table().iloc[:, 1:], away.table().iloc[:, 1:]
    np.testing.assert_allclose(ours.to_numpy(float), theirs.to_numpy(float), rtol=SAME, atol=SAME)
    assert there.clusters["clusters"] == 19
    assert any(note.key == "inference.silent_clusters" for note in there.notes)


def test_two_treated_units_of_which_one_is_seen_once_are_one():
    design = make_design(once=0).where(np.isin(np.arange(20), [0, 1, *range(10, 20)]))
    with pytest.raises(InferenceError, match="1 of 11 clusters"):
        quietly(lambda: infer(Imputation()(design).overall(), BiasReduced()))


def test_outcomes_whose_silent_units_differ_are_one_family():
    family = [
        quietly(lambda d=d: infer(GroupTime()(d).overall(), BiasReduced()))
        for d in (make_design(once=15), make_design(once=16))
    ]
    assert np.isfinite(quietly(romano_wolf, family, reps=99, seed=1)["p_adjusted"]).all()


@pytest.mark.parametrize(("clusters", "values"), [(4, 8), (5, 16), (6, 32)])
def test_the_wild_bootstrap_with_few_clusters_says_how_few_values_p_can_take(clusters, values):
    design = make_design(once=None).where(np.isin(np.arange(20), [0, 1, *range(10, 8 + clusters)]))
    with pytest.warns(DataWarning, match=f"can take only {values} values"):
        inference = infer(TwoWay()(design), WildBootstrap(999, 1))
    assert float(inference.p_value[0] * values) == pytest.approx(round(inference.p_value[0] * values))


def test_the_wild_bootstrap_with_twenty_clusters_says_nothing_of_it():
    inference = infer(TwoWay()(make_design(once=None)), WildBootstrap(999, 1))
    assert not any(note.key.startswith("inference.wild") for note in inference.notes)


@pytest.mark.parametrize(
    ("estimator", "key"),
    [
        (TwoWay(), "earlier_as_controls"),
        (TwoWay(terms="event_time"), "earlier_as_controls"),
        (Efficient(), "later_as_controls"),
    ],
)
def test_what_an_estimate_rests_on_without_never_treated_units_is_noted(estimator, key):
    design = make_design(once=None)
    for some, said in ((design, False), (design.where(np.isfinite(design.adopted)), True)):
        assert (f"estimation.{key}" in [note.key for note in quietly(estimator, some).notes]) == said
