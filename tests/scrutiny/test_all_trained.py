"""Everybody is trained in waves: the finding says for which pairs of office and period it speaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai

MONTHS = [f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(20)]


def design(*, never: int) -> ai.Design:
    rng = np.random.default_rng(7)
    start = {f"O{u:02d}": None if u < never else MONTHS[6 + 4 * (u % 3)] for u in range(12)}
    rows = [
        (unit, month, 50 + rng.normal() + 2 * (begun is not None and month >= begun), begun)
        for unit, begun in start.items()
        for month in MONTHS
    ]
    frame = pd.DataFrame(rows, columns=["office", "month", "score", "begun"])
    panel = ai.read_panel(frame, unit="office", period="month", outcome="score")
    return ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="begun"), cluster="office")


@pytest.mark.parametrize("estimator", [ai.GroupTime(controls="not_yet"), ai.GLSImputation()], ids=repr)
def test_the_part_that_is_answered_for_is_said_and_caps_the_grade(estimator):
    scrutiny = ai.scrutinise(estimator(design(never=0)), rule=ai.BiasReduced(), seed=1)
    # from the third wave on nobody is left: waves of month 7 and 11 are heard until then, 4 and 8 offices
    assert dict(scrutiny.grade.missing[0].values) == {"n": 4 * 8 + 4 * 4, "total": 4 * (14 + 10 + 6)}
    assert scrutiny.grade.letter == "C"


def test_nothing_is_said_where_somebody_was_never_trained():
    scrutiny = ai.scrutinise(ai.GLSImputation()(design(never=3)), rule=ai.BiasReduced(), seed=1)
    assert all(lack.key != "grade.counted" for lack in scrutiny.grade.missing)


@pytest.mark.parametrize("estimator", [ai.GLSImputation(), ai.TwoWay()], ids=repr)
def test_the_headline_says_for_how_many_it_speaks(estimator):
    # until the third wave is trained: 8 months of four offices, 4 of four
    found = ai.infer(estimator(design(never=0)).overall(), ai.BiasReduced())
    assert "this speaks for 48 of 120 trained pairs of office and period" in ai.figures.headline(found)
    assert "berlaku untuk 48 dari 120 pasangan" in ai.figures.headline(found, language="id")
    scrutiny = ai.scrutinise(found.effects, rule=ai.BiasReduced(), seed=1)
    assert dict(scrutiny.grade.missing[0].values) == {"n": 48, "total": 120}


def test_the_headline_says_nothing_where_somebody_was_never_trained():
    found = ai.infer(ai.GLSImputation()(design(never=3)).overall(), ai.BiasReduced())
    assert "speaks for" not in ai.figures.headline(found)
