"""Real scores of eleven regencies: who began low rose, and a course that nobody gave has an effect until asked."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai

SCORES = Path(__file__).parents[2] / "examples" / "ombudsman_jambi" / "scores.csv"


@pytest.fixture(scope="module")
def scores():
    return pd.read_csv(SCORES).dropna(subset=["nilai"])


def test_every_number_has_its_source_and_is_a_score():
    every = pd.read_csv(SCORES)
    assert every["sumber"].notna().all()
    assert every["nilai"].dropna().between(0, 100).all()
    assert not every.duplicated(["pemda", "tahun"]).any()


def test_between_any_two_years_the_gain_goes_with_a_low_first_score(scores):
    wide = scores.pivot(index="pemda", columns="tahun", values="nilai")
    for first, last in combinations(wide.columns, 2):
        pair = wide[[first, last]].dropna()
        gain = pair[last] - pair[first]
        low = pair[first].nsmallest(4).index
        assert np.corrcoef(pair[first], gain)[0, 1] < -0.5
        assert gain[low].mean() > gain.drop(low).mean()


def test_the_effect_of_an_invented_course_for_the_lowest_is_gone_without_the_year_of_the_choice(scores):
    low = scores[scores["tahun"] == 2022].nsmallest(4, "nilai")["pemda"]
    begun = scores.assign(trained=scores["pemda"].map(dict.fromkeys(low, 2023)))
    panel = ai.read_panel(begun, unit="pemda", period="tahun", outcome="nilai")
    rollout = ai.read_rollout(begun.drop_duplicates("pemda"), unit="pemda", adopted="trained")
    design = ai.assign(panel, rollout, cluster="pemda")
    found, left = (
        ai.infer(ai.GLSImputation(without=years)(design).overall(), ai.BiasReduced()).interval()
        for years in ((), ("2022",))
    )
    assert found[0][0] > 0
    assert left[0][0] < 0 < left[1][0]
