"""The decomposition with covariates: its parts add up whatever the groups are. Closed forms: 1e-8."""

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.errors import DesignError, EstimationError
from asn_impact.estimation import TwoWay
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import read_panel
from asn_impact.scrutiny.decomposition import bacon

CLOSED = {"rtol": 1e-8, "atol": 1e-10}
pytestmark = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")


def design_of(starts, *, seed=1, years=7, varies=True, missing=False):
    rng = np.random.default_rng(seed)
    units = [f"O{i:02d}" for i in range(len(starts))]
    frame = pd.DataFrame([(u, 2015 + t) for u in units for t in range(years)], columns=["unit", "year"])
    load = (
        rng.normal(size=len(frame))
        if varies
        else frame["year"] % 3 * frame["unit"].map(dict(zip(units, starts, strict=True))).fillna(0)
    )
    frame = frame.assign(load=load, other=rng.normal(size=len(frame)), y=rng.normal(size=len(frame)) + 2 * load)
    if missing:
        frame.loc[3, "load"] = np.nan
    panel = read_panel(frame, unit="unit", period="year", outcome="y", covariates=("load", "other"))
    adopted = pd.Series(dict(zip(units, starts, strict=True)), dtype=object)
    return assign(panel, Rollout(adopted, "year"), cluster="unit", always="keep")


STAGGERED = [2017] * 3 + [2019] * 2 + [2020] + [None] * 4


@pytest.mark.parametrize("starts", [STAGGERED, STAGGERED[:6], [2015, 2015, *STAGGERED], [2018] * 3 + [None] * 3])
@pytest.mark.parametrize("covariates", [("load",), ("load", "other")])
def test_the_parts_add_up_and_their_weights_sum_to_one(starts, covariates):
    design = design_of(starts)
    found = bacon(design, covariates)
    np.testing.assert_allclose(found.table["weight"].sum(), 1.0, **CLOSED)
    np.testing.assert_allclose(found.estimate, TwoWay(covariates=covariates)(design).overall().estimate[0], **CLOSED)
    assert (found.table["weight"] > 0).all()
    groups = len({str(s) for s in starts})
    assert len(found.table) == 1 + groups * (groups - 1) // 2


def test_covariates_add_a_part_within_groups():
    design = design_of([2018] * 3 + [None] * 3)
    assert bacon(design).table["kind"].tolist() == ["treated against never"]
    assert bacon(design, ("load",)).table["kind"].tolist() == ["within groups", "treated against never"]


def test_a_covariate_that_is_the_same_for_all_of_a_wave_has_no_part_within():
    found = bacon(design_of(STAGGERED, varies=False), ("load",))
    assert "within groups" not in found.table["kind"].tolist()
    np.testing.assert_allclose(found.table["weight"].sum(), 1.0, **CLOSED)


def test_always_trained_units_are_a_comparison_never_treated():
    kinds = set(bacon(design_of([2015, 2015, *STAGGERED]), ("load",)).table["kind"])
    assert {"treated against always", "never against always", "trained at different times"} < kinds


def test_a_cell_without_its_covariate_is_refused():
    with pytest.raises(DesignError, match="1 of 70 cells are empty"):
        bacon(design_of(STAGGERED, missing=True), ("load",))
    with pytest.raises(EstimationError, match="Did you mean 'load'"):
        bacon(design_of(STAGGERED), ("lod",))
