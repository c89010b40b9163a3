"""A rollout that names offices is carried to the services of an office."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design, assign
from asn_impact.errors import DataWarning, DesignError, InputError
from asn_impact.estimation import GroupTime
from asn_impact.intake.readers.training import Rollout, read_rollout
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

OFFICES = ("A", "B", "C", "D")
ROLLOUT = Rollout(pd.Series({"A": "2024-03", "B": "2024-03", "C": None}), "course")


@pytest.fixture
def panel() -> Panel:
    """Two services in each of four offices, four months."""
    rows = pd.DataFrame([(office, service) for office in OFFICES for service in ("fast", "slow")])
    attributes = rows.set_axis(["office", "service"], axis=1)
    mean = np.random.default_rng(3).normal(5, 1, (8, 4))
    ones = np.ones_like(mean)
    units = tuple(f"{office} / {service}" for office, service in attributes.itertuples(index=False))
    months = Timeline.months(np.arange(24288, 24292))  # from January 2024
    return Panel(
        outcome=Mean("days"), units=units, timeline=months, n=ones, mean=mean, weight=ones, attributes=attributes
    )


def _overall(design: Design) -> float:
    return float(GroupTime()(design).overall().estimate[0])


def test_all_services_of_an_office_are_treated_when_their_office_is(panel: Panel) -> None:
    design = assign(panel, ROLLOUT, cluster="office", by="office")
    assert design.adopted.tolist() == [2, 2, 2, 2, np.inf, np.inf, np.inf, np.inf]
    assert design.clusters == OFFICES
    assert "The rollout does not name 2 of 8 units: never treated." in map(str, design.notes)


def test_it_is_the_design_of_a_rollout_written_out_by_unit(panel: Panel) -> None:
    starts = panel.attributes["office"].map(ROLLOUT.adopted.to_dict())
    each = read_rollout(pd.DataFrame({"unit": panel.units, "start": starts}), unit="unit", adopted="start")
    assert _overall(assign(panel, ROLLOUT, cluster="office", by="office")) == _overall(
        assign(panel, each, cluster="office")
    )


def test_a_rollout_by_office_without_by_is_refused_with_the_way_out(panel: Panel) -> None:
    with pytest.raises(DesignError, match=r"assign\(\.\.\., by='office'\)"):
        assign(panel, ROLLOUT, cluster="office")


def test_strangers_and_unknown_attributes_are_refused(panel: Panel) -> None:
    with pytest.raises(DesignError, match=r"1 units in the rollout are not in the panel, first: 'Z'.*has 4 units"):
        assign(panel, Rollout(pd.Series({"A": "2024-03", "Z": None})), cluster="office", by="office")
    with pytest.raises(DesignError, match=r"'offices' is not an attribute.*Did you mean 'office'"):
        assign(panel, ROLLOUT, cluster="office", by="offices")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"weights": "record"}, r"assign\(weights='record'\). Expected 'units' or 'records'. Did you mean 'records'"),
        ({"cluster": 1}, "Expected a text"),
        ({"by": ["office"]}, "Expected a text"),
    ],
)
def test_arguments_of_assign_are_checked(panel: Panel, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        assign(panel, ROLLOUT, **{"cluster": "office", "by": "office", **asked})


def test_what_is_said_of_a_design_is_there_in_indonesian(panel: Panel) -> None:
    early = Rollout(pd.Series({"A": "2023-03", "B": "2024-03", "C": "2025-01", "D": None}))
    with pytest.warns(DataWarning, match="set aside") as warned:
        design = assign(panel, early, cluster="office", by="office")
    assert len(warned) == 1
    assert [note.text("id") for note in design.notes] == [
        "2 unit baru mulai setelah periode terakhir (Apr 2024): dalam rentang data ini dihitung tidak pernah dilatih.",
        "2 unit sudah dilatih pada atau sebelum periode pertama (Jan 2024) dan disisihkan: 'A / fast', 'A / slow'.",
    ]
    with pytest.raises(DesignError) as problem:
        assign(panel, Rollout(pd.Series({"A": None})), cluster="office", by="office")
    assert problem.value.text("id").startswith("Tidak ada unit yang dilatih antara Jan 2024 dan Apr 2024.")
