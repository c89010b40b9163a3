"""The published rule: a test for each branch, and for what is said to be missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from asn_impact.scrutiny.check import Check
from asn_impact.scrutiny.grade import grade
from asn_impact.words import verbatim


def check(name, verdict):
    return Check(name, verbatim("?"), verbatim("!"), verdict, pd.DataFrame())


GOOD = [check("pretrends", "holds"), check("leave_one_out", "holds")]


def graded(checks=GOOD, **changed):
    facts = dict(estimable=True, assignment="comparison", clusters=38, treated_clusters=14, breakdown=1.2)
    return grade(checks, **(facts | changed))


def test_not_estimable_is_x_whatever_else():
    assert graded(estimable=False, assignment="lottery").letter == "X"


def test_before_and_after_is_d():
    result = graded(assignment="before_after")
    assert result.letter == "D"
    assert "no comparison" in result.missing[0].en


def test_a_comparison_that_meets_every_condition_is_b():
    result = graded()
    assert result.letter == "B"
    assert "drawn by lot" in result.missing[0].en


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"checks": [check("pretrends", "fails")]}, "not parallel"),
        ({"checks": [check("pretrends", "doubtful")]}, "too weak"),
        ({"checks": [check("pretrends", "cannot_say")]}, "could not be tested"),
        ({"checks": []}, "could not be tested"),
        ({"breakdown": 0.99}, "0.990 times"),
        ({"breakdown": np.nan}, "no conclusion"),
        ({"clusters": 7}, "7 clusters"),
        ({"treated_clusters": 3}, "3 of them"),
        ({"checks": [*GOOD, check("placebo_in_time", "fails")]}, "placebo_in_time"),
    ],
)
def test_one_condition_that_fails_makes_it_c_and_is_named(changed, words):
    result = graded(**changed)
    assert result.letter == "C"
    assert len(result.missing) == 1
    assert words in result.missing[0].en


def test_a_lottery_that_was_kept_is_a():
    result = graded([*GOOD, check("lottery", "holds")], assignment="lottery", breakdown=np.nan)
    assert result.letter == "A"
    assert result.missing == ()


@pytest.mark.parametrize("verdict", ["doubtful", "fails"])
def test_a_lottery_that_was_not_kept_is_no_more_than_a_comparison(verdict):
    assert graded([*GOOD, check("lottery", verdict)], assignment="lottery").letter in {"B", "C"}
    assert graded(GOOD, assignment="lottery").letter == "B"


def test_a_lottery_with_few_clusters_is_c():
    result = graded([*GOOD, check("lottery", "holds")], assignment="lottery", treated_clusters=2)
    assert result.letter == "C"


def test_both_languages_are_there():
    result = graded(breakdown=0.85)
    assert "0,850" in result.missing[0].id
    assert "0.850" in result.missing[0].en
