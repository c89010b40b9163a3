"""The event time that is zero by construction is said by the estimator, never read off a hole in the event times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design
from asn_impact.estimation import (
    Dose,
    Efficient,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Saturated,
    Stacked,
    SyntheticDiD,
    TripleDifference,
    TwoStage,
    TwoWay,
)
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline


def design(months=range(24276, 24288), adopted=(5, 5, 7, 7), units=12):
    """Units in pairs of a service that is reached and one that is not; the first are treated."""
    months = np.array(months)
    rng = np.random.default_rng(1)
    start = np.repeat([*adopted, *[np.inf] * (units // 2 - len(adopted))], 2)
    shape = (units, len(months))
    panel = Panel(
        outcome=Mean("days"),
        units=tuple(range(units)),
        timeline=Timeline.months(months),
        n=np.ones(shape),
        mean=rng.normal(size=shape),
        weight=np.ones(shape),
        attributes=pd.DataFrame(
            {
                "office": np.arange(units),
                "digital": np.arange(units) % 2 == 0,
                "dose": np.where(start < 99, 1.0, np.nan),
            }
        ),
    )
    return Design(panel, start.astype(float), np.arange(units), tuple(range(units)), "office")


HELD = [
    (GroupTime(), -1),
    (GroupTime(anticipation=2), -3),
    (GroupTime(base="varying"), None),
    (Imputation(), None),
    (TwoStage(), None),
    (Efficient(), None),
    (Saturated(), None),
    (Saturated(controls="never"), -1),
    (InteractionWeighted(), -1),
    (TwoWay(), -1),
    (Stacked(before=2, after=2), -1),
    (TripleDifference("digital", comparison=GroupTime(anticipation=1)), -2),
    (SyntheticDiD(), None),
    (SyntheticDiD("did"), None),
]


@pytest.mark.parametrize(("estimator", "reference"), HELD, ids=lambda x: getattr(x, "name", str(x)))
def test_the_event_study_says_which_event_time_is_zero_by_construction(estimator, reference):
    events = estimator(design()).event_study()
    assert events.reference == reference
    assert reference not in set(events.terms["event_time"])


def test_the_hole_of_a_varying_base_is_no_reference():
    panel = design(adopted=(5, 5, 5, 5)).panel
    seen = np.ones(panel.n.shape)
    seen[:4, 2] = seen[4:8, 3] = 0  # half of the treated miss one month, the others the next
    panel = replace(panel, n=seen, weight=seen, mean=np.where(seen > 0, panel.mean, np.nan))
    events = GroupTime(base="varying")(replace(design(adopted=(5, 5, 5, 5)), panel=panel)).event_study()
    assert -2 not in set(events.terms["event_time"])
    assert events.reference is None


def test_waves_with_bases_at_different_distances_have_no_common_reference():
    months = [m for m in range(24276, 24288) if m != 24282]  # step 6 is missing: the base of wave 7 is two steps before
    assert GroupTime()(design(months)).event_study().reference is None
    assert InteractionWeighted()(design(months)).event_study().reference is None
    assert GroupTime()(design(months, adopted=(7, 7))).event_study().reference == -2


def test_a_view_and_another_design_keep_what_the_estimator_says():
    effects = GroupTime(anticipation=1, adjust=("dose",))
    assert (effects.anticipation, effects.covariates) == (1, ("dose",))
    overall = GroupTime(anticipation=1)(design()).overall()
    assert overall.reference == overall.again(design(units=14)).reference == -2
    assert (overall.anticipation, overall.covariates) == (1, ())
    assert TripleDifference("digital", comparison=GroupTime(anticipation=1))(design()).anticipation == 1


def test_a_dose_has_no_event_time():
    assert Dose()(design()).reference is None
