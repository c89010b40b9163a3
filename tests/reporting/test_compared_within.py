"""Offices compared within their regency alone: what a report says of it, and what counts as just as defensible."""

import numpy as np
import pandas as pd

import asn_impact as ai
from asn_impact.reporting.prose import say_within


def effects_of(**asked):
    rng = np.random.default_rng(2)
    rows = [
        (f"{regency} / O{o}", regency, 2000 + t, 10 + rng.normal() + shock, 2006 if trained else None)
        for regency in ("Hulu", "Tengah", "Hilir")
        for o in range(6)
        for t in range(12)
        for trained in [regency != "Hilir" and o < 3]
        for shock in [4 * (regency == "Tengah" and t > 8)]
    ]
    frame = pd.DataFrame(rows, columns=["unit", "regency", "year", "days", "start"])
    panel = ai.read_panel(frame, unit="unit", period="year", outcome="days", attributes=["regency"])
    design = ai.assign(panel, ai.read_rollout(frame, unit="unit", adopted="start"), cluster="unit")
    return ai.GLSImputation(**asked)(design)


def test_a_report_says_that_regencies_are_compared_within_themselves_and_which_tell_nothing():
    said = " ".join(message.text("en") for message in say_within(effects_of(periods="regency")))
    assert "Each regency is compared with itself alone" in said
    assert "do not measure the effect (1 of 3)" in said
    assert "Hilir" in said
    assert say_within(effects_of()) == []


def test_choices_that_compare_regencies_with_each_other_are_not_just_as_defensible():
    scrutiny = ai.scrutinise(effects_of(periods="regency"), rule=ai.BiasReduced(), seed=1)
    choices = scrutiny["specification_curve"].table
    assert len(choices) == 3
    assert all("regency" in name for name in choices["estimator"])
    assert np.ptp(choices["estimate"]) < 0.3  # the shock of one regency would move the others by more
    assert len(ai.scrutinise(effects_of(), rule=ai.BiasReduced(), seed=1)["specification_curve"].table) == 5


def test_a_trend_of_the_trained_is_not_estimated_across_regencies():
    effects = effects_of(periods="regency").overall()
    last = ai.checks.three_rows(effects, rule=ai.BiasReduced(), chosen=())[-1]
    assert last.inference is None
    assert "regency" in last.reason.text("en")
    assert "GLSImputation(" not in last.reason.text("en")
