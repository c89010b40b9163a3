"""Placebo variance: by hand, against R, and where it does not depend on chance.

CLOSE 1e-9: sums of a few hundred numbers. R_STOPS 5e-3: synthdid stops its weights early, ours are the optimum; each
of its 38 placebos is reproduced to that share of their spread elsewhere in the tests.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs.design import assign
from asn_impact.errors import DataWarning, InferenceError, InputError
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.inference import infer
from asn_impact.estimation.placebo import Placebo
from asn_impact.estimation.synthetic_did import SyntheticDiD
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import read_panel
from tests.estimation.random_designs import design_of

CLOSE = 1e-9
R_STOPS = 5e-3
R_PLACEBO_SPREAD = 9.368828092774347  # standard deviation (divisor 38) of synthdid_estimate for each control state


def made(treated, *, units=7, periods=6, per_cluster=1):
    """Noise; the first units are treated from the given steps on."""
    rng = np.random.default_rng(3)
    clusters = units // per_cluster
    cluster = np.arange(units) // per_cluster
    start = np.concatenate([treated, np.full(clusters - len(treated), np.inf)])[cluster]
    return design_of(rng.normal(size=(units, periods)), start, cluster=cluster)


def inferred(effects, rule):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return infer(effects, rule)


@pytest.mark.parametrize("estimator", [SyntheticDiD("did"), SyntheticDiD(), GroupTime(controls="never")])
def test_one_treated_cluster_by_hand(estimator):
    """Each never-treated unit in turn takes the treated one's place; the treated one is in no placebo."""
    design = made([3.0])
    inference = inferred(estimator(design).overall(), Placebo(reps=200, seed=1))
    placebos = []
    for u in range(1, 7):
        never = design.where(np.arange(7) > 0)
        moved = replace(never, adopted=np.where(np.arange(1, 7) == u, 3.0, np.inf))
        placebos.append(estimator(moved).overall().estimate[0])
    assert inference.std_error[0] == pytest.approx(np.std(placebos), abs=CLOSE)
    assert inference.df[0] == 5
    assert any("6 of 6 placebos" in str(note) for note in inference.notes)


def test_the_spread_of_plain_differences_by_hand():
    """Without an estimator: the mean change of one never-treated unit less that of the others."""
    design = made([3.0])
    change = design.panel.mean[1:, 3:].mean(axis=1) - design.panel.mean[1:, :3].mean(axis=1)
    placebos = [change[i] - np.delete(change, i).mean() for i in range(6)]
    inference = inferred(SyntheticDiD("did")(design).overall(), Placebo(reps=6, seed=1))
    assert inference.std_error[0] == pytest.approx(np.std(placebos), abs=CLOSE)


def test_proposition_99_against_synthdid():
    path = Path(__file__).parents[1] / "reference" / "data" / "california_prop99.csv"
    frame = pd.read_csv(path, sep=None, engine="python")
    panel = read_panel(frame, unit="State", period="Year", outcome="PacksPerCapita", attributes=())
    design = assign(panel, Rollout(pd.Series({"California": 1989})), cluster="State")
    inference = inferred(SyntheticDiD()(design).overall(), Placebo(reps=200, seed=1))
    assert inference.std_error[0] == pytest.approx(R_PLACEBO_SPREAD, rel=R_STOPS)


def test_all_deals_do_not_depend_on_the_seed_and_few_are_repeated_by_it():
    effects = GroupTime(controls="never")(made([2.0, 4.0])).overall()
    whole = [inferred(effects, Placebo(reps=20, seed=s)).std_error[0] for s in (1, 2)]  # 5 * 4 deals
    assert whole[0] == whole[1]
    few = [inferred(effects, Placebo(reps=10, seed=s)).std_error[0] for s in (1, 1, 2)]
    assert few[0] == few[1] != few[2]


def test_what_happens_to_the_treated_moves_the_estimate_only():
    design = made([3.0])
    mean = design.panel.mean.copy()
    mean[0, 3:] += 5
    moved = replace(design, panel=replace(design.panel, mean=mean))
    here, there = (inferred(SyntheticDiD()(d).overall(), Placebo(reps=9, seed=1)) for d in (design, moved))
    assert there.estimate[0] == pytest.approx(here.estimate[0] + 5, abs=CLOSE)
    assert there.std_error[0] == pytest.approx(here.std_error[0], abs=CLOSE)


def test_clusters_are_dealt_whole():
    """Two services an office: four never-treated offices give four placebos, not eight."""
    inference = inferred(GroupTime()(made([3.0], units=10, per_cluster=2)).overall(), Placebo(reps=50, seed=1))
    assert any("4 of 4 placebos" in str(note) for note in inference.notes)


def test_views_with_many_terms():
    inference = inferred(GroupTime(controls="never")(made([3.0])).event_study(), Placebo(reps=9, seed=1))
    assert np.isfinite(inference.table()[["std_error", "p_value", "conf_low"]].to_numpy()[[0, 1, 3, 4]]).all()


def test_one_treated_cluster_is_named():
    with pytest.warns(DataWarning, match="One treated cluster"):
        infer(SyntheticDiD()(made([3.0])).overall(), Placebo(reps=9, seed=1))


def test_refusals():
    with pytest.raises(InferenceError, match="more never-treated clusters"):
        infer(GroupTime()(made([2.0, 3.0, 3.0, 4.0])).overall(), Placebo(reps=9, seed=1))
    with pytest.raises(InputError, match=r"Placebo\(reps=1\)"):
        infer(GroupTime()(made([2.0])).overall(), Placebo(reps=1, seed=1))
    mixed = replace(made([3.0], units=10, per_cluster=2), adopted=np.array([3.0] + [np.inf] * 9))
    with pytest.raises(InferenceError, match="2 adoption times"):
        infer(GroupTime()(mixed).overall(), Placebo(reps=9, seed=1))
