"""Units treated from the start may enter the two-way regression and its decomposition when asked for."""

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.errors import DataWarning
from asn_impact.estimation import GroupTime, Imputation, TwoWay
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.decomposition import bacon

YEARS = range(2015, 2023)
STARTS = {"A": 2014, "B": 2015, "C": 2018, "D": 2018, "E": 2020, "F": 2020, "G": None, "H": None}


def make_design(**more):
    rng = np.random.default_rng(3)
    rows = [(o, y, s, rng.normal() - 2 * (s is not None and y >= s)) for o, s in STARTS.items() for y in YEARS]
    frame = pd.DataFrame(rows, columns=["office", "year", "trained", "days"])
    panel = read_panel(frame, unit="office", period="year", outcome="days", attributes=[])
    rollout = read_rollout(frame, unit="office", adopted="trained")
    with pytest.warns(DataWarning, match="2 units are treated in or before the first period"):
        return assign(panel, rollout, cluster="office", **more)


def test_they_are_set_aside_unless_asked_for():
    assert len(make_design().adopted) == 6


def test_the_two_way_regression_compares_with_them():
    design = make_design(always="keep")
    office, year = np.repeat(np.arange(8), 8), np.tile(np.arange(8), 8)
    start = np.repeat([0 if s and s < 2015 else np.inf if s is None else s - 2015 for s in STARTS.values()], 8)
    x = np.column_stack([year >= start, office[:, None] == np.arange(8), year[:, None] == np.arange(1, 8)]).astype(
        float
    )
    expected = np.linalg.lstsq(x, design.panel.mean.ravel(), rcond=None)[0][0]
    assert TwoWay()(design).estimate[0] == pytest.approx(expected, abs=1e-10)


def test_the_decomposition_has_them_and_adds_up():
    design = make_design(always="keep")
    found = bacon(design)
    assert found.estimate == pytest.approx(TwoWay()(design).estimate[0], abs=1e-10)
    assert "treated against always" in set(found.table["kind"])


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("estimator", [GroupTime(), Imputation()])
def test_they_move_no_other_estimate(estimator):
    kept, aside = (estimator(make_design(**more)).overall().estimate for more in ({"always": "keep"}, {}))
    np.testing.assert_allclose(kept, aside, atol=1e-10)
