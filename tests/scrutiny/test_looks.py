"""Looking every month: limits are those published, and all looks together err no more often than one."""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.errors import InputError, StudyError
from asn_impact.reporting.words import level_quantity
from asn_impact.scrutiny.looks import SHOWN, levels_of_looks, limits
from asn_impact.study import read_study
from asn_impact.study.evidence import say_look

PRINTED = 2e-4  # limits are printed with four decimals, from a coarser grid
DRAWS = 200_000

STUDY = """\
[study]
title = "Waits"
source = "Made up"

[data]
kind = "panel"
path = "panel.csv"
columns = {unit = "office", period = "month"}

[outcome]
kind = "mean"
column = "days"

[rollout]
kind = "panel"
adopted = "trained"

[design]
cluster = "office"

[inference]
level = 0.95
"""


def test_the_limits_of_five_looks_are_those_in_the_literature():
    """Two-sided limits at 0.05 with the O'Brien-Fleming spending function: Reboussin et al. (2000), ldbounds."""
    assert limits(5, 0.05) == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=PRINTED)


@pytest.mark.parametrize(("looks", "level"), [(1, 0.95), (2, 0.9), (4, 0.95), (12, 0.95), (12, 0.8), (24, 0.99)])
def test_walks_without_drift_cross_as_often_as_one_interval_errs(looks, level):
    """The twin draws the walks themselves."""
    rng = np.random.default_rng(looks)
    walk = rng.standard_normal((DRAWS, looks)).cumsum(axis=1) / np.sqrt(np.arange(1, looks + 1))
    crossed = (np.abs(walk) > limits(looks, 1 - level, least=SHOWN)).any(axis=1).mean()
    assert crossed == pytest.approx(1 - level, abs=4 * np.sqrt(level * (1 - level) / DRAWS))


def test_looks_that_hang_together_more_closely_err_less_often():
    """Half of the variance never changes, as that of offices that differ from the start on."""
    rng = np.random.default_rng(1)
    moving = rng.standard_normal((DRAWS, 12)).cumsum(axis=1) / np.arange(1, 13)
    estimate = moving + 0.5 * rng.standard_normal((DRAWS, 1))
    z = estimate / np.sqrt(1 / np.arange(1, 13) + 0.25)
    assert (np.abs(z) > limits(12, 0.05, least=SHOWN)).any(axis=1).mean() < 0.05


def test_levels_fall_and_the_last_look_costs_little():
    levels = levels_of_looks(12)
    assert (np.diff(levels) <= 0).all()
    assert levels[0] <= 1 - SHOWN + 1e-12
    assert 0.95 < levels[-1] < 0.97
    assert levels_of_looks(1) == pytest.approx([0.95], abs=1e-9)
    with pytest.raises(InputError, match=r"looks=0\). Expected a whole number, 1 or more"):
        levels_of_looks(0)


def test_a_level_short_of_all_is_never_said_to_be_all():
    for level in levels_of_looks(12):
        for language in ("id", "en"):
            assert not level_quantity(float(level)).shown(language).startswith("100")


def study_of(folder, lines):
    (folder / "panel.csv").write_text("office,month,days,trained\nA,2024-01,3,\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY + lines, encoding="utf-8")
    return read_study(folder / "study.toml")


def test_a_study_says_which_look_it_is(tmp_path):
    study = study_of(tmp_path, "looks = 12\nlook = 3\n")
    assert study.level == pytest.approx(levels_of_looks(12)[2])
    assert study.level_together == 0.95
    assert study_of(tmp_path, "").looks is None


@pytest.mark.parametrize("lines", ["looks = 12\n", "look = 2\n", "looks = 3\nlook = 4\n"])
def test_one_without_the_other_or_beyond_the_plan_is_refused(tmp_path, lines):
    with pytest.raises(StudyError, match="which look this is, of how many"):
        study_of(tmp_path, lines)


def test_a_look_is_a_whole_number(tmp_path):
    with pytest.raises(StudyError, match="looks = 0; expected a whole number, 1 or more"):
        study_of(tmp_path, "looks = 0\nlook = 1\n")


@pytest.mark.parametrize(("looks", "level"), [(251, 0.95), (1000, 0.95), (12, 0.999), (2, 0.9999)])
def test_so_many_looks_that_the_last_cannot_answer_are_refused(looks, level):
    """The least error each look is given may not use up what the last look needs: its level was 1."""
    with pytest.raises(InputError, match="Expected at most"):
        levels_of_looks(looks, level=level)


def test_the_most_looks_there_can_be_leave_the_last_one_an_answer():
    levels = levels_of_looks(25, level=0.995)
    assert (np.diff(levels) <= 1e-12).all()
    assert levels[-1] < 0.9992


def test_the_level_of_a_look_is_written_alike_wherever_it_stands(tmp_path):
    study = study_of(tmp_path, "looks = 4\nlook = 3\n")
    for language in ("id", "en"):
        assert level_quantity(study.level).shown(language) in say_look(study)[0].text(language)
