"""A margin is a size named beforehand: it shows that nothing matters, and lends no strength to anything else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.measures.outcomes import Mean, RestrictedMean, Within
from asn_impact.reporting.argument import advise, say_grade_and_lack
from asn_impact.reporting.prose import found
from asn_impact.reporting.words import finding_message
from asn_impact.scrutiny.before import leave_out
from asn_impact.scrutiny.choice import without_choice
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.pretrends import trends_before
from asn_impact.scrutiny.scrutinise import scrutinise
from asn_impact.words import Message

RULE = ai.BiasReduced()


def effects_of(effect=-1.0, *, noise=1.0, bad=0.0, months=16, seed=3):
    """Sixteen offices, eight trained from the ninth month on; `bad` is a spell of theirs in months 5 and 6."""
    rng, rows = np.random.default_rng(seed), []
    for office in range(16):
        for month in range(months):
            trained = office < 8 and month >= 8
            value = 10 + office % 3 + noise * rng.standard_normal() + effect * trained
            value += bad * (office < 8 and month in {4, 5})
            rows.append((f"O{office:02d}", f"2024-{month + 1:02d}" if month < 12 else f"2025-{month - 11:02d}", value))
    frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    frame["trained"] = [("2024-09" if int(name[1:]) < 8 else None) for name in frame["office"]]
    panel = ai.read_panel(frame, unit="office", period="month", outcome="days")
    rollout = ai.read_rollout(frame, unit="office", adopted="trained")
    return ai.Imputation()(ai.assign(panel, rollout, cluster="office")).overall()


@pytest.mark.parametrize("margin", [3.0, 50.0, 1e6])
def test_a_wide_margin_lends_no_strength_to_the_look_before_training(margin):
    effects = effects_of(-1.0)
    assert ai.infer(effects, RULE).interval(0.95)[1][0] < 0
    alone, named = (trends_before(effects, rule=RULE, margin=m) for m in (None, margin))
    assert str(named.answer) == str(alone.answer)
    assert named.verdict == alone.verdict


def test_a_row_that_turns_round_does_not_hold_whatever_the_margin():
    effects = effects_of(-0.8, noise=0.3, bad=-12.0)  # training seems to lengthen: the bad spell was a good one
    without = effects.again(leave_out(effects.design, ("2024-05", "2024-06")))
    ends = [ai.infer(e, RULE).interval(0.95) for e in (effects, without)]
    assert ends[0][0][0] > 0 > ends[1][1][0]
    for margin in (None, 0.5, 5.0):
        assert without_choice(effects, ("2024-05", "2024-06"), rule=RULE, margin=margin).verdict == "doubtful"


def hoping_for_less(effects):
    panel = replace(effects.design.panel, outcome=Mean("days", "days", better="lower"))
    return effects.again(replace(effects.design, panel=panel))


@pytest.mark.parametrize(("margin", "advice"), [(2.0, "within_margin"), (0.1, "go_on"), (None, "go_on")])
def test_a_shown_finding_inside_the_margin_is_not_advised_to_go_on(margin, advice):
    effects = hoping_for_less(effects_of(-0.5, noise=0.2))
    scrutiny = scrutinise(effects, rule=RULE, seed=1, reps=19, margin=margin)
    assert scrutiny.grade.margin == margin
    shown = replace(scrutiny, grade=replace(scrutiny.grade, letter="B"))
    assert advise([scrutiny.finding], [shown], level=0.95)[0].key == f"report.advice.{advice}"
    for language, words in (("en", "within the margin of 2.00 days"), ("id", "di dalam batas 2,00 hari")):
        told = found(scrutiny.finding, language=language, level=0.95, grade=shown.grade).text
        assert (words in told) == (margin == 2.0)


@pytest.mark.parametrize(
    ("outcome", "margin", "words"),
    [
        (Within(5), 3.0, "Three percentage points are 0.03; perhaps 0.03 is meant"),
        (Within(5), 1.0, "No share can change by so much"),
        (RestrictedMean(30), 30.0, "Waits count up to 30"),
    ],
)
def test_a_margin_that_nothing_can_leave_is_refused(outcome, margin, words):
    effects = effects_of()
    effects = effects.again(replace(effects.design, panel=replace(effects.design.panel, outcome=outcome)))
    with pytest.raises(InputError, match=words):
        scrutinise(effects, rule=RULE, seed=1, reps=19, margin=margin)


@pytest.mark.parametrize("name", ["pretrends", "chosen", "departures", "lottery"])
def test_what_words_cannot_explain_is_refused(name):
    with pytest.raises(InputError, match=f"'{name}' cannot be explained in words.*'coincidence'"):
        scrutinise(effects_of(), rule=RULE, seed=1, reps=19, explained={name: "We know better."})


def test_an_empty_explanation_is_refused():
    with pytest.raises(InputError, match="the explanation of 'heaping' is empty"):
        scrutinise(effects_of(), rule=RULE, seed=1, reps=19, explained={"heaping": "  "})


@pytest.mark.parametrize("letter", ["A", "B"])
def test_an_explained_doubt_is_printed_and_never_called_passed(letter):
    doubt = Message("grade.explained", what=Message("grade.about.heaping"), why="typed by a clerk")
    plain, explained = (Grade(letter, reasons, ()) for reasons in ((), (doubt,)))
    assert "explains the doubt" in explained.meaning.en
    assert "explains" not in plain.meaning.en
    scrutiny = scrutinise(effects_of(), rule=RULE, seed=1, reps=19)
    said = [m.en for m in say_grade_and_lack(replace(scrutiny, grade=explained))]
    assert any("typed by a clerk" in text for text in said)


def test_a_check_that_fails_is_told_before_what_a_grade_lacks():
    scrutiny = scrutinise(effects_of(), rule=RULE, seed=1, reps=19)
    broken = tuple(replace(c, verdict="fails") if c.name == "departures" else c for c in scrutiny.checks)
    lacking = replace(scrutiny, checks=broken, grade=Grade("C", (), (Message("grade.not_settled"),)))
    said = [m.en for m in say_grade_and_lack(lacking)]
    assert said[1].startswith("Checks that fail: How large a departure from parallel trends does the conclusion")
    assert said[2].startswith("What kept it from the next grade")
    contradicted = replace(lacking, grade=Grade("E", (), (), ("departures",)))
    assert not any(m.en.startswith("Checks that fail") for m in say_grade_and_lack(contradicted))


def test_a_contradicted_estimate_that_holds_zero_is_no_difference():
    grade = Grade("E", (), (), ("pretrends",))

    def says(estimate, low):
        ends = {"estimate": estimate, "low": low, "high": 0.8}
        return finding_message(RestrictedMean(30), level=0.95, grade=grade, **ends).text("en")

    assert "data show" not in says(0.2, -0.3)
    assert "data show a difference" in says(0.5, 0.3)
