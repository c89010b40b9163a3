"""Properties of effects by dose, and their slow twin: one comparison of means a dose, least squares over units.

CLOSE 1e-9: sums.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn_impact.errors import EstimationError
from asn_impact.estimation import GroupTime
from asn_impact.estimation.dose import Dose
from tests.estimation.random_designs import design_of, with_mean

CLOSE = 1e-9
seeds = st.integers(0, 2**32 - 1)


def made(seed, *, units=24, periods=5, doses=(0.25, 0.5, 1.0), clusters=None, adopted=(3,)):
    rng = np.random.default_rng(seed)
    treated = np.arange(units) < units // 2
    start = np.where(treated, np.resize(np.asarray(adopted, dtype=float), units), np.inf)
    dose = {"dose": np.repeat(np.resize(doses, units // 2), 2)}
    outcome = rng.normal(size=(units, periods))
    return design_of(outcome, start, cluster=None if clusters is None else np.arange(units) % clusters, attributes=dose)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_slow_twin_with_one_wave(seed):
    design = made(seed)
    mean, dose = design.panel.mean, design.panel.attributes["dose"].to_numpy()
    never = np.isinf(design.adopted)
    change = mean[:, 3:].mean(axis=1) - mean[:, 2]
    by_dose = [change[~never & (dose == d)].mean() - change[never].mean() for d in (0.25, 0.5, 1.0)]
    slope = np.polyfit(dose[~never], change[~never], 1)[0]
    np.testing.assert_allclose(Dose()(design).estimate, [*by_dose, slope], rtol=CLOSE, atol=CLOSE)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_influence_is_that_of_least_squares_on_units(seed):
    design = made(seed)
    effects = Dose()(design)
    mean, dose = design.panel.mean, design.panel.attributes["dose"].to_numpy()
    treated = np.isfinite(design.adopted)
    change = (mean[:, 3:].mean(axis=1) - mean[:, 2])[treated]
    away = dose[treated] - dose[treated].mean()
    expected = away * (change - change.mean() - effects.estimate[-1] * away) / (away @ away)
    np.testing.assert_allclose(effects.influence[treated, -1], expected, atol=CLOSE)
    np.testing.assert_allclose(effects.influence[~treated, -1], 0, atol=CLOSE)


@given(seed=seeds, clusters=st.sampled_from([None, 8]), adopted=st.sampled_from([(3,), (2, 2, 3, 3)]))
@settings(max_examples=8, deadline=None)
def test_leaving_out_and_loadings(seed, clusters, adopted):
    design = made(seed, clusters=clusters, adopted=adopted)
    effects = Dose()(design)
    deleted = effects.leave_one_out()
    for c in range(0, len(design.clusters), 3):
        again = Dose()(design.without(c))
        assert again.terms.equals(effects.terms)
        np.testing.assert_allclose(deleted[c], again.estimate, rtol=CLOSE, atol=CLOSE)
    product = (effects.loadings() * design.panel.mean).sum(axis=(1, 2))
    np.testing.assert_allclose(product, effects.estimate, atol=CLOSE)


@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_invariances(seed):
    rng = np.random.default_rng(seed)
    design = made(seed, adopted=(2, 2, 3, 3))
    still = Dose()(design)
    moved = with_mean(design, 2 * design.panel.mean + rng.normal(size=(24, 1)) + rng.normal(size=(1, 5)))
    np.testing.assert_allclose(Dose()(moved).estimate, 2 * still.estimate, atol=CLOSE)
    order = rng.permutation(24)
    shuffled = replace(
        design, panel=design.panel.select(order), adopted=design.adopted[order], cluster=design.cluster[order]
    )
    np.testing.assert_allclose(Dose()(shuffled).estimate, still.estimate, atol=CLOSE)
    np.testing.assert_allclose(Dose()(shuffled).influence, still.influence, atol=CLOSE)


def test_a_line_put_in_comes_out():
    design = made(1)
    dose = design.panel.attributes["dose"].to_numpy()
    effect = (1 + 4 * dose)[:, None] * (np.arange(5)[None, :] >= design.adopted[:, None])
    effects = Dose()(with_mean(design, effect + np.arange(24)[:, None]))
    np.testing.assert_allclose(effects.estimate, [2, 3, 5, 4], atol=CLOSE)
    assert effects.terms["term"].tolist() == ["effect at 0.25", "effect at 0.5", "effect at 1", "slope"]


def test_one_dose_is_the_overall_effect_without_a_slope():
    design = made(2, doses=(1.0,))
    effects = Dose()(design)
    whole = GroupTime(controls="never")(design).overall()
    np.testing.assert_allclose(effects.estimate, whole.estimate, atol=CLOSE)
    np.testing.assert_allclose(effects.influence, whole.influence, atol=CLOSE)


def test_refusals():
    design = made(3)
    attributes = design.panel.attributes
    with pytest.raises(EstimationError, match=r"'doze' is not a numeric attribute.*Did you mean 'dose'"):
        Dose("doze")(design)
    zero = attributes.assign(dose=attributes["dose"].where(np.arange(24) != 3, 0.0))
    with pytest.raises(EstimationError, match="1 treated units have no dose above zero"):
        Dose()(replace(design, panel=replace(design.panel, attributes=zero)))
    many = attributes.assign(dose=np.arange(24) + 1.0)
    big = replace(
        made(3, units=40),
        panel=replace(made(3, units=40).panel, attributes=pd.DataFrame({"dose": np.arange(40.0) + 1})),
    )
    with pytest.raises(EstimationError, match="round it to a few classes"):
        Dose()(big)
    with pytest.raises(EstimationError, match="never treated"):
        Dose()(replace(design, panel=replace(design.panel, attributes=many)).where(np.isfinite(design.adopted)))
