"""`asn-impact plan`: the study's own past, the scenarios of [plan], and a lottery that is drawn once."""

import numpy as np
import pandas as pd
import pytest

from asn_impact.errors import StudyError
from asn_impact.study import read_study, settings
from asn_impact.study.planned import plan
from asn_impact.topics.planning.lottery import read_certificate, verify

STUDY = """\
[study]
title = "Waktu tunggu"
source = "Rekaan"
synthetic = true
language = "id"

[data]
kind = "panel"
path = "panel.csv"
columns = {unit = "office", period = "month"}
attributes = ["size"]

[outcome]
kind = "mean"
column = "days"
unit = "working days"

[rollout]
kind = "panel"
adopted = "trained_from"

[design]
cluster = "office"
"""
PLAN = """
[plan]
treated = [4, 8]
waves = 1
months = 12
direction = "lower"
reps = 60
seed = 1
effects = [1.0]
"""
LOTTERY = """
[plan.lottery]
strata = "size"
waves = ["2026-02", "2026-08"]
sizes = [4, 3]
seed = "7 4 1 9"
drawn_on = 2026-01-12
certificate = "undian.json"
"""


@pytest.fixture(autouse=True)
def _section(monkeypatch):
    """The reader of study files knows the section [plan]."""
    if "plan" not in settings.SECTIONS:
        monkeypatch.setattr(settings, "SECTIONS", (*settings.SECTIONS, "plan"))


def planned_from(folder, plan_words=PLAN, study_words=STUDY):
    rng = np.random.default_rng(5)
    rows = [
        {
            "office": f"K{i:02d}",
            "month": f"{2023 + t // 12}-{t % 12 + 1:02d}",
            "days": 10 + i / 5 + rng.normal() - 50.0 * (i < 4 and t >= 16),
            "size": "besar" if i % 3 else "kecil",
            "trained_from": "2024-05" if i < 4 else "",
        }
        for i in range(16)
        for t in range(24)
    ]
    pd.DataFrame(rows).to_csv(folder / "panel.csv", index=False)
    file = folder / "study.toml"
    file.write_text(study_words + plan_words, encoding="utf-8")
    return plan(read_study(file))


def test_the_past_is_the_part_before_training(tmp_path):
    found = planned_from(tmp_path)
    assert found.power.panel.timeline.labels[-1] == "2024-04"
    table = found.power.minimum()
    assert table["treated"].tolist() == [4, 8]
    assert table["offices"].tolist() == [16, 16]
    assert (table["effect"] > -10).all(), "the effect of 50 days is not in the past"


def test_or_the_offices_never_trained(tmp_path):
    found = planned_from(tmp_path, PLAN + 'past = "never_treated"\n')
    assert found.power.panel.mean.shape == (12, 24)


def test_a_study_without_a_rollout_plans_from_all_it_has(tmp_path):
    without = STUDY.replace('[rollout]\nkind = "panel"\nadopted = "trained_from"\n', "")
    found = planned_from(tmp_path, study_words=without)
    assert found.power.panel.mean.shape == (16, 24)


@pytest.mark.parametrize(
    ("language", "words"), [("id", "akan terlihat dalam 80 dari 100 studi"), ("en", "of 100 studies")]
)
def test_what_is_printed_holds_a_sentence_and_a_row_for_each_scenario(tmp_path, language, words):
    text = planned_from(tmp_path).text(language)
    assert text.count(words) == 2
    assert "rejected_at_zero" in text
    assert "monte_carlo_error" in text
    assert "-1.0" in text, "the power at an effect of one day less"


def test_the_estimators_beside_the_headline_are_planned_with_on_the_same_draws(tmp_path):
    found = planned_from(tmp_path)
    assert found.power.estimator.name == "GLS imputation"
    assert [type(plan.estimator).__name__ for plan in found.beside] == ["Imputation", "GroupTime"]
    text = found.text("id")
    assert "Dampak terkecil menurut penaksir, dari undian yang sama" in text
    assert text.count(found.beside[1].estimator.entry.name.text("id").text) == 2, "a row a scenario"


def test_anticipation_and_estimator_of_the_study_are_those_of_the_plan(tmp_path):
    words = STUDY + '[estimator]\nname = "group_time"\nanticipation = 2\n'
    found = planned_from(tmp_path, study_words=words)
    assert found.power.estimator.anticipation == 2
    assert found.power.panel.timeline.labels[-1] == "2024-02"
    assert [plan.estimator.anticipation for plan in found.beside] == [2]


def test_trained_offices_may_be_noisier(tmp_path):
    plain, noisy = (planned_from(tmp_path, PLAN + words).power.minimum() for words in ("", "treated_noise = 2\n"))
    assert (noisy["effect"] < 1.2 * plain["effect"]).all()


def test_a_lottery_is_drawn_among_those_not_trained_and_drawn_once(tmp_path):
    found = planned_from(tmp_path, PLAN + LOTTERY)
    assert sorted(found.lottery.table["unit"]) == [f"K{i:02d}" for i in range(4, 16)]
    assert found.lottery.sizes == (4, 3)
    assert verify(
        read_certificate(found.certificate), found.lottery.table.rename(columns={"unit": "office", "stratum": "size"})
    )
    assert "BERITA ACARA" in found.text("id")
    again = planned_from(tmp_path, PLAN + LOTTERY)
    assert again.lottery.table.equals(found.lottery.table)
    with pytest.raises(StudyError, match="certificate of another draw"):
        planned_from(tmp_path, PLAN + LOTTERY.replace("7 4 1 9", "5"))


def test_a_file_of_offices_may_be_drawn_from(tmp_path):
    (tmp_path / "kantor.csv").write_text("Kantor;Ukuran\nA;b\nB;b\nC;k\nD;k\n", encoding="utf-8")
    words = LOTTERY.replace('strata = "size"', 'path = "kantor.csv"\nunit = "Kantor"\nstrata = "Ukuran"')
    found = planned_from(tmp_path, PLAN + words.replace("[4, 3]", "[1, 1]").replace('certificate = "undian.json"', ""))
    assert sorted(found.lottery.table["unit"]) == list("ABCD")
    assert found.certificate is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", r"has no \[plan\]"),
        (PLAN.replace("months = 12\n", ""), "'months' is missing"),
        (PLAN.replace("months = 12", "months = 1.5"), "whole numbers"),
        (PLAN.replace("treated = [4, 8]", "treated = [[4]]"), "expected a whole number"),
        (PLAN.replace("reps = 60", "repz = 60"), "Did you mean 'reps'"),
        (PLAN.replace('direction = "lower"\n', ""), "'direction' is missing"),
        (PLAN.replace("[4, 8]", "16"), r"\[plan\]: 16 of 16 offices in 1 waves leaves nobody"),
        (PLAN + LOTTERY.replace("[4, 3]", "[40, 3]"), r"\[plan.lottery\]: The waves have 43 places for 12 units"),
        (PLAN + LOTTERY.replace('"size"', '"sise"'), "Did you mean 'size'"),
        (PLAN + LOTTERY.replace('seed = "7 4 1 9"\n', ""), "'seed' is missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_and_section(tmp_path, words, message):
    with pytest.raises(StudyError, match=message):
        planned_from(tmp_path, words)
    assert not (tmp_path / "undian.json").exists()
