"""The published rule: a test for each branch, for what is said to be missing, and that more evidence never costs."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact.scrutiny.check import Check
from asn_impact.scrutiny.grade import CONTRADICTING, EXPLAINABLE, LETTERS, REQUIRED, ROBUSTNESS, Grade, grade
from asn_impact.words import verbatim

ORDER = "EXDCBA"  # from the worst to the best, where the data are the same


def check(name, verdict):
    return Check(name, verbatim("?"), verbatim("!"), verdict, pd.DataFrame())


GOOD = {name: "holds" for name in REQUIRED}


def graded(verdicts=GOOD, **changed):
    facts = dict(estimable=True, assignment="comparison", clusters=38, treated_clusters=14, settled=True)
    return grade([check(name, verdict) for name, verdict in verdicts.items()], **(facts | changed))


def test_not_estimable_is_x_whatever_else():
    assert graded(estimable=False, assignment="lottery").letter == "X"
    assert graded(GOOD | {"pretrends": "fails"}, estimable=False).letter == "X"


@pytest.mark.parametrize("assignment", ["comparison", "lottery", "before_after"])
@pytest.mark.parametrize("name", CONTRADICTING)
def test_a_finding_that_its_own_data_contradict_is_e_a_lottery_too(name, assignment):
    result = graded(GOOD | {name: "fails", "lottery": "holds"}, assignment=assignment)
    assert result.letter == "E"
    assert result.contradicted == (name,)
    assert str(result.because[0]) in result.missing[0].en
    assert not result.shown


def test_every_contradiction_is_named():
    result = graded(dict.fromkeys(REQUIRED, "fails"))
    assert result.contradicted == CONTRADICTING
    assert len(result.missing) == len(CONTRADICTING)


def test_an_explanation_does_not_undo_a_contradiction():
    explained = dict.fromkeys(REQUIRED, "We know better.")
    assert graded(GOOD | {"heaping": "fails"}, explained=explained).letter == "E"


def test_before_and_after_is_d():
    result = graded(assignment="before_after")
    assert result.letter == "D"
    assert "no comparison" in result.missing[0].en


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("verdict", ["cannot_say", "doubtful", None])
@pytest.mark.parametrize("assignment", ["comparison", "lottery"])
def test_a_required_check_that_did_not_run_or_leaves_a_doubt_makes_it_c_and_is_named(name, verdict, assignment):
    rest = {key: value for key, value in GOOD.items() if key != name} | {"lottery": "holds"}
    result = graded(rest if verdict is None else rest | {name: verdict}, assignment=assignment)
    assert result.letter == "C"
    assert len(result.missing) == 1
    assert str(result.missing[0]["what"]) in result.missing[0].en


@pytest.mark.parametrize("name", REQUIRED)
def test_a_doubt_can_be_explained_but_not_a_check_that_cannot_say(name):
    explained = {name: "The new system came to all offices."}
    assert graded(GOOD | {name: "doubtful"}, explained=explained).letter == ("B" if name in EXPLAINABLE else "C")
    assert graded(GOOD | {name: "doubtful"}, explained={name: "  "}).letter == "C"
    assert graded(GOOD | {name: "cannot_say"}, explained=explained).letter == "C"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"settled": False}, "too weak"),
        ({"clusters": 7}, "7 clusters"),
        ({"treated_clusters": 3}, "3 of them"),
        ({"verdicts": GOOD | {"placebo_outcome": "fails"}}, "placebo_outcome"),
        ({"verdicts": GOOD | {"spillover": "fails"}}, "spillover"),
        ({"verdicts": GOOD | {"chosen": "fails"}}, "chosen"),
        ({"verdicts": GOOD | {"one of your own": "fails"}}, "one of your own"),
    ],
)
def test_one_condition_that_fails_makes_it_c_and_is_named(changed, words):
    result = graded(**changed)
    assert result.letter == "C"
    assert len(result.missing) == 1
    assert words in result.missing[0].en


def test_a_comparison_that_meets_every_condition_is_b():
    result = graded()
    assert result.letter == "B"
    assert "drawn by lot" in result.missing[0].en
    assert result.shown


def test_an_answer_for_a_part_of_the_treated_says_so_and_is_c_at_best():
    result = graded(counted=(91, 262))
    assert result.letter == "C"
    assert "91" in result.missing[0].en
    assert "262" in result.missing[0].text("id")
    assert graded(counted=(262, 262)).letter == "B"
    assert graded(GOOD | {"lottery": "holds"}, assignment="lottery", counted=(91, 262)).letter == "A"


def test_robustness_is_printed_and_never_graded():
    for verdict in ("holds", "doubtful", "fails", "cannot_say"):
        assert graded(GOOD | dict.fromkeys(ROBUSTNESS, verdict)).letter == "B"


def test_a_lottery_that_was_kept_with_all_of_b_is_a():
    result = graded(GOOD | {"lottery": "holds"}, assignment="lottery")
    assert result.letter == "A"
    assert result.missing == ()


@pytest.mark.parametrize("verdict", ["doubtful", "fails", "cannot_say", None])
def test_a_lottery_that_was_not_kept_is_no_more_than_a_comparison(verdict):
    verdicts = GOOD if verdict is None else GOOD | {"lottery": verdict}
    assert graded(verdicts, assignment="lottery").letter == "B"


@given(
    st.dictionaries(st.sampled_from(REQUIRED), st.sampled_from(["holds", "doubtful", "cannot_say"])),
    st.sampled_from(["comparison", "lottery"]),
    st.integers(0, 20),
    st.integers(0, 20),
    st.booleans(),
)
def test_more_evidence_never_lowers_the_letter(verdicts, assignment, clusters, treated, settled):
    """Another check that holds, more clusters, an interval that gives an answer: none costs anything."""
    facts = dict(assignment=assignment, clusters=clusters, treated_clusters=treated, settled=settled)
    before = ORDER.index(graded(verdicts, **facts).letter)
    for name in REQUIRED:
        assert ORDER.index(graded(verdicts | {name: "holds"}, **facts).letter) >= before
    more = facts | {"clusters": clusters + 5, "treated_clusters": treated + 5}
    assert ORDER.index(graded(verdicts, **more).letter) >= before
    assert ORDER.index(graded(verdicts, **facts | {"settled": True}).letter) >= before


def test_every_letter_has_its_meaning_in_both_languages():
    for letter, language in itertools.product(LETTERS, ("id", "en")):
        assert Grade(letter, (), ()).meaning.text(language)
    result = graded(clusters=7)
    assert "7 kelompok" in result.missing[0].id
