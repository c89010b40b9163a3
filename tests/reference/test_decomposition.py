"""Goodman-Bacon decomposition against bacondecomp 0.1.3 (R): castle, mpdta.

Closed forms on both sides, R's numbers with 15 digits: 1e-8, as everywhere.
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import TwoWay
from asn_impact.intake.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.decomposition import bacon

CLOSED = 1e-8

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

PANELS = {
    "castle": ("sid", "year", "l_homicide", "effyear"),
    "mpdta": ("countyreal", "year", "lemp", "first.treat"),
}


def designed(data, name):
    unit, period, outcome, adopted = PANELS[name]
    frame = data(name)
    frame = frame.assign(**{adopted: frame[adopted].where(frame[adopted] > 0)})
    panel = read_panel(frame, unit=unit, period=period, outcome=outcome)
    return assign(panel, read_rollout(frame, unit=unit, adopted=adopted), cluster=unit)


@pytest.mark.parametrize("name", list(PANELS))
def test_every_comparison_and_its_weight(data, values, name):
    found = bacon(designed(data, name))
    theirs = values(f"{name}__bacon")["bacon"]
    expected = {
        (str(g), "never" if h == "Inf" else str(h)): (e, w)
        for g, h, e, w in zip(theirs["treated"], theirs["untreated"], theirs["estimate"], theirs["weight"], strict=True)
    }
    assert len(found.table) == len(expected)
    for row in found.table.itertuples():
        np.testing.assert_allclose((row.estimate, row.weight), expected[row.treated, row.control], rtol=CLOSED)


@pytest.mark.parametrize("name", list(PANELS))
def test_the_parts_add_up_to_the_two_way_estimate(data, name):
    design = designed(data, name)
    np.testing.assert_allclose(bacon(design).estimate, TwoWay()(design).estimate[0], rtol=CLOSED)
