"""Goodman-Bacon decomposition against bacondecomp 0.1.3 (R): castle, mpdta.

Closed forms on both sides, R's numbers with 15 digits: 1e-8, as everywhere.
"""

from __future__ import annotations

import numpy as np
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import TwoWay
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.decomposition import bacon

CLOSED = 1e-8

pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")

PANELS = {
    "castle": ("sid", "year", "l_homicide", "effyear"),
    "mpdta": ("countyreal", "year", "lemp", "first.treat"),
}


CONTROLS = {
    "castle": (("l_pop", "l_income"), "bacon_controls", "twfe_controls"),
    "mpdta": (("lpop_t",), "bacon_control_interacted_trend", "twfe_control"),
}


def designed(data, name, covariates=()):
    unit, period, outcome, adopted = PANELS[name]
    frame = data(name)
    frame = frame.assign(**{adopted: frame[adopted].where(frame[adopted] > 0)})
    if "lpop_t" in covariates:
        frame = frame.assign(lpop_t=frame["lpop"] * (frame["year"] - 2003))
    panel = read_panel(frame, unit=unit, period=period, outcome=outcome, covariates=covariates)
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


@pytest.mark.parametrize("name", list(PANELS))
def test_every_pair_and_its_weight_with_covariates(data, values, name):
    covariates, identity, total = CONTROLS[name]
    found = bacon(designed(data, name, covariates), covariates)
    theirs = values(f"{name}__bacon")[identity]
    pairs = theirs["two_by_twos"]
    numbers = zip(pairs["estimate"], pairs["weight"], strict=True)
    sides = zip(map(str, pairs["treated"]), (str(u).replace("Inf", "never") for u in pairs["untreated"]), strict=True)
    expected = dict(zip(map(frozenset, sides), numbers, strict=True))
    within, rows = found.table.iloc[0], found.table.iloc[1:]
    assert within["kind"] == "within groups"
    np.testing.assert_allclose(within["weight"], theirs["Omega"], rtol=CLOSED)
    np.testing.assert_allclose(within["estimate"], theirs["beta_hat_w"], rtol=CLOSED)
    assert len(rows) == len(expected)
    for row in rows.itertuples():
        estimate, weight = expected[frozenset((row.treated, row.control))]
        np.testing.assert_allclose(row.estimate, estimate, rtol=CLOSED)
        np.testing.assert_allclose(row.weight / (1 - within["weight"]), weight, rtol=CLOSED)
    np.testing.assert_allclose(found.estimate, values(f"{name}__bacon")[total], rtol=CLOSED)
    np.testing.assert_allclose(found.table["weight"].sum(), 1.0, rtol=CLOSED)
