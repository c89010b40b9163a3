"""The bootstrap over clusters. CLOSE 1e-9: the same draws on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.errors import InferenceError
from asn_impact.estimation import ClusterBootstrap, ClusterRobust, GroupTime, SyntheticDiD, TwoWay, infer
from tests.estimation.random_designs import design_of

CLOSE = 1e-9
pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def made(seed=1, *, units=24, periods=6, adopted=(3,) * 8, clusters=None):
    rng = np.random.default_rng(seed)
    start = np.full(units, np.inf)
    start[: len(adopted)] = adopted
    outcome = rng.normal(size=(units, periods)) + rng.normal(size=(units, 1))
    return design_of(outcome, start, cluster=None if clusters is None else np.arange(units) // (units // clusters))


@pytest.mark.parametrize("clusters", [None, 8])
def test_slow_twin_of_a_difference_of_means(clusters):
    """Clusters drawn by the same generator; each draw is two differences of plain means."""
    design, reps = made(clusters=clusters), 40
    mean, treated, number = design.panel.mean, np.isfinite(design.adopted), len(design.clusters)
    change = mean[:, 3:].mean(axis=1) - mean[:, :3].mean(axis=1)
    rng, found = np.random.default_rng(5), []
    while len(found) < reps:
        units = np.concatenate([np.flatnonzero(design.cluster == c) for c in rng.integers(0, number, number)])
        if 0 < treated[units].sum() < len(units):
            found.append(change[units][treated[units]].mean() - change[units][~treated[units]].mean())
    inference = infer(SyntheticDiD("did")(design).overall(), ClusterBootstrap(reps, 5))
    np.testing.assert_allclose(inference.std_error[0], np.std(found), rtol=CLOSE)
    assert inference.df[0] == number - 1


@pytest.mark.parametrize("estimator", [TwoWay(), GroupTime(), SyntheticDiD("did")], ids=lambda e: type(e).__name__)
def test_with_many_clusters_it_is_the_clustered_standard_error(estimator):
    effects = estimator(made(units=90, adopted=(3,) * 40)).overall()
    one, other = infer(effects, ClusterBootstrap(300, 2)), infer(effects, ClusterRobust("CR0"))
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=0.12)  # 300 draws: 4 %


def test_the_seed_is_all_that_is_random():
    effects = SyntheticDiD()(made()).overall()
    one, same, other = (infer(effects, ClusterBootstrap(30, seed)).std_error[0] for seed in (1, 1, 2))
    assert one == same != other


def test_a_whole_event_study_has_one_variance():
    found = infer(GroupTime()(made()).event_study(), ClusterBootstrap(60, 1))
    assert found.variance.shape == (len(found.estimate),) * 2
    assert (
        np.linalg.eigvalsh(found.variance[np.isfinite(found.std_error)][:, np.isfinite(found.std_error)]).min() > -1e-9
    )


def test_draws_without_a_treated_cluster_are_drawn_again_and_said():
    effects = SyntheticDiD("did")(made(adopted=(3, 3))).overall()
    note = infer(effects, ClusterBootstrap(50, 1)).notes[-1]
    assert note.key == "inference.drawn_again"
    single = SyntheticDiD("did")(made(adopted=(3,))).overall()
    with pytest.raises(InferenceError, match="its own noise cannot be told from the effect"):
        infer(single, ClusterBootstrap(50, 1))


def test_where_most_draws_lack_an_estimate_it_is_refused():
    effects = GroupTime()(made(adopted=(2, 2, 3, 4, 5)))  # effects of waves of one unit
    with pytest.raises(InferenceError, match=r"Ask for \.overall"):
        infer(effects, ClusterBootstrap(30, 1))
