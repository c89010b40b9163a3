"""Every argument is checked where it enters: a wrong word, a wrong range, a wrong type, a class without brackets."""

from __future__ import annotations

import re

import numpy as np
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from tests.estimation.random_designs import design_of

WRONG = [
    (ai.GroupTime, {"anticipation": -1}, "Expected a whole number, 0 or more"),
    (ai.GroupTime, {"anticipation": 1.5}, "Expected a whole number, 0 or more"),
    (ai.GroupTime, {"base": "x"}, "Expected 'universal' or 'varying'"),
    (ai.GroupTime, {"controls": "nott_yet"}, "Did you mean 'not_yet'"),
    (ai.GroupTime, {"sample": "pair"}, "Did you mean 'pairs'"),
    (ai.GroupTime, {"method": "ols"}, "Expected 'regression', 'ipw' or 'doubly_robust'"),
    (ai.GroupTime, {"adjust": "x"}, r"Expected a tuple of names: adjust=\('x',\)"),
    (ai.GroupTime, {"adjust": (1,)}, "Expected"),
    (ai.TwoWay, {"terms": "event"}, "Expected 'overall' or 'event_time'"),
    (ai.TwoWay, {"regressors": "x"}, "Expected a tuple of names"),
    (ai.TwoWay, {"covariates": 3}, "Expected"),
    (ai.Imputation, {"deviation": "leaveout"}, "Did you mean 'leave_out'"),
    (ai.Imputation, {"covariates": "x"}, "Expected a tuple of names"),
    (ai.TwoStage, {"covariates": "x"}, "Expected a tuple of names"),
    (ai.Saturated, {"controls": "all"}, "Expected 'not_yet' or 'never'"),
    (ai.Saturated, {"covariates": "x"}, "Expected a tuple of names"),
    (ai.Stacked, {"before": 0, "after": 1}, "1 or more"),
    (ai.Stacked, {"before": 1, "after": -1}, "0 or more"),
    (ai.Stacked, {"before": 1, "after": 1, "terms": "x"}, "Expected 'overall' or 'event_time'"),
    (ai.TripleDifference, {"third": 1}, "Expected a text"),
    (ai.TripleDifference, {"third": "x", "comparison": ai.GroupTime}, r"Write it with brackets: GroupTime\(\)"),
    (ai.TripleDifference, {"third": "x", "comparison": ai.TwoWay()}, "Expected GroupTime"),
    (ai.SyntheticDiD, {"kind": "sdid"}, "Expected 'synthetic_did', 'synthetic_control' or 'did'"),
    (ai.Efficient, {"by": "wave"}, "Expected 'overall', 'event_time', 'cohort' or 'calendar'"),
    (ai.Dose, {"column": 1}, "Expected a text"),
    (ai.Along, {"estimator": ai.GroupTime}, r"Write it with brackets: GroupTime\(\)"),
    (ai.Along, {"estimator": ai.GroupTime(), "view": "waves"}, "Expected 'overall'"),
    (ai.BiasReduced, {"degrees": "normal"}, "Expected 'welch' or 'satterthwaite'"),
    (ai.Jackknife, {"degrees": "welsh"}, "Did you mean 'welch'"),
    (ai.ClusterRobust, {"correction": "CR2"}, "Expected 'CR0', 'CR1', 'stata'"),
    (ai.TwoWayClustered, {"by": 1}, "Expected a text"),
    (ai.TwoWayClustered, {"correction": "cr1"}, "Did you mean 'CR1'"),
    (ai.WildBootstrap, {"reps": 0, "seed": 1}, "1 or more"),
    (ai.WildBootstrap, {"reps": 99, "seed": None}, "0 or more"),
    (ai.WildBootstrap, {"reps": 99, "seed": 1, "weights": "web"}, "Did you mean 'webb'"),
    (ai.Permutation, {"reps": 0, "seed": 1}, "1 or more"),
    (ai.Permutation, {"reps": 99, "seed": -1}, "0 or more"),
    (ai.Permutation, {"reps": 99, "seed": 1, "strata": 5}, "Expected a text"),
    (ai.Placebo, {"reps": 1, "seed": 1}, "2 or more"),
    (ai.Multiplier, {"reps": 0, "seed": 1}, "1 or more"),
    (ai.Simultaneous, {"reps": 18, "seed": 1}, "19 or more"),
    (ai.Simultaneous, {"reps": 99, "seed": 1, "rule": ai.BiasReduced}, r"Write it with brackets: BiasReduced\(\)"),
]


@pytest.mark.parametrize(("make", "arguments", "message"), WRONG)
def test_a_wrong_parameter_is_refused_when_the_object_is_made(make, arguments, message):
    with pytest.raises(InputError, match=message) as refused:
        make(**arguments)
    assert refused.value.text("id") != str(refused.value)


@pytest.mark.parametrize("rule", [ai.WildBootstrap, ai.Permutation, ai.Placebo, ai.Multiplier, ai.Simultaneous])
def test_a_seed_has_no_default(rule):
    with pytest.raises(TypeError, match="seed"):
        rule(reps=99)


def design():
    rng = np.random.default_rng(1)
    return design_of(rng.normal(size=(8, 6)), [3.0] * 4 + [np.inf] * 4)


def test_a_rule_without_brackets_is_refused():
    effects = ai.GroupTime()(design()).overall()
    with pytest.raises(InputError, match=r"Write it with brackets: BiasReduced\(\)"):
        ai.infer(effects, ai.BiasReduced)
    with pytest.raises(InputError, match="Expected Rule"):
        ai.infer(effects, "jackknife")
    with pytest.raises(InputError, match="Expected Effects"):
        ai.infer(ai.GroupTime(), ai.BiasReduced())


def test_an_estimator_wants_a_design_and_a_rule_wants_effects():
    with pytest.raises(InputError, match="Expected Design"):
        ai.GroupTime()(design().panel)
    with pytest.raises(InputError, match="Expected Effects"):
        ai.BiasReduced()(design())
    with pytest.raises(InputError, match="Expected Design"):
        ai.GroupTime()(design()).again(design().panel)


@pytest.mark.parametrize("level", [0, 1, 95, "0.95", None])
def test_a_level_is_a_share(level):
    effects = ai.GroupTime()(design())
    for rule in (ai.BiasReduced(), ai.Permutation(99, 1), ai.Simultaneous(199, 1), ai.Multiplier(199, 1)):
        inference = ai.infer(effects.event_study() if rule.name.startswith("sim") else effects.overall(), rule)
        for ask in (inference.interval, inference.table):
            with pytest.raises(InputError, match="between 0 and 1"):
                ask(level)


def test_a_balanced_event_study_is_a_number_of_steps_and_of_group_time_effects():
    with pytest.raises(InputError, match="0 or more"):
        ai.GroupTime()(design()).event_study(balanced=-1)
    with pytest.raises(ai.AsnImpactError, match="balanced is for effects by wave and period"):
        ai.TwoWay()(design()).event_study(balanced=1)


def test_verbs_of_the_curve_and_of_families_check_too():
    inference = ai.infer(ai.GroupTime()(design()).overall(), ai.BiasReduced())
    with pytest.raises(InputError, match="1 or more"):
        ai.romano_wolf([inference], reps=0, seed=1)
    with pytest.raises(InputError, match="between 0 and 1"):
        ai.curves(inference, level=2)
    with pytest.raises(InputError, match="Write it with brackets"):
        ai.quantile_effects(inference.effects, rule=ai.BiasReduced)


def test_a_note_on_one_time_of_an_event_study_says_what_its_number_is():
    said = ai.GroupTime()(ai.example_design()).event_study().said_terms[-1]
    assert re.fullmatch(r"time \d+ since training", said.text("en").text)
    assert re.fullmatch(r"waktu \d+ sejak pelatihan", said.text("id").text)
