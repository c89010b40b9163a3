"""Errors that measuring found in well-known packages; each of these tests would fail there."""

import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai


def design(outcome, adopted, weight=None):
    units, periods = outcome.shape
    frame = pd.DataFrame(
        {
            "office": np.repeat(np.arange(units), periods),
            "month": np.tile(np.arange(1, periods + 1), units),
            "days": outcome.ravel(),
            "adopted": np.repeat(np.where(np.isfinite(adopted), adopted + 1, np.nan), periods),
        }
    )
    frame = frame if weight is None else frame[weight.ravel() > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ai.DataWarning)
        panel = ai.read_panel(frame, unit="office", period="month", outcome="days")
        return ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="adopted"), cluster="office")


@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("ahead", [2, 3])
def test_an_effect_that_starts_before_adoption_is_found_with_anticipation(base, ahead):
    """Four packages answer 0 here with a varying base; the truth is 1."""
    adopted = np.array([6.0] * 5 + [np.inf] * 5)
    outcome = np.random.default_rng(1).normal(size=(10, 1)) + np.zeros((10, 10))
    outcome[:5, 6 - ahead :] += 1.0
    effects = ai.GroupTime(controls="never", anticipation=ahead, base=base)(design(outcome, adopted))
    study = effects.event_study()
    after = study.estimate[study.terms["event_time"] >= -ahead]
    np.testing.assert_allclose(after, 1.0, atol=1e-12)
    assert effects.overall().estimate[0] == pytest.approx(1.0, abs=1e-12)


def test_two_way_effects_on_unbalanced_cells_are_those_of_explicit_dummies():
    """Demeaning by office and by month once each is something else when cells are missing (duckreg)."""
    rng = np.random.default_rng(2)
    adopted = np.array([4.0, 4, 6, 6, np.inf, np.inf, np.inf, np.inf])
    seen = (rng.random((8, 10)) < 0.75).astype(float)
    outcome = rng.normal(size=(8, 10))
    found = ai.TwoWay()(design(outcome, adopted, seen)).estimate[0]
    u, t = np.nonzero(seen)
    treated = t >= adopted[u]
    x = np.column_stack([treated, u[:, None] == np.arange(8), t[:, None] == np.arange(1, 10)]).astype(float)
    assert found == pytest.approx(np.linalg.lstsq(x, outcome[u, t], rcond=None)[0][0], rel=1e-9)


def test_bootstrap_samples_are_demeaned_again():
    """A wild bootstrap that does not take the effects out of its samples again has p-values that are too small."""
    rng = np.random.default_rng(3)
    adopted = np.array([4.0, 4, 4, np.inf, np.inf, np.inf, np.inf])
    effects = ai.TwoWay()(design(rng.normal(size=(7, 8)), adopted))
    inference = ai.infer(effects, ai.WildBootstrap(reps=128, seed=1))
    outcome = effects.design.panel.mean
    residual = outcome - outcome.mean(axis=1, keepdims=True) - outcome.mean(axis=0) + outcome.mean()
    larger = 0
    observed = abs(effects.estimate[0]) / np.sqrt((effects.influence**2).sum())
    for code in range(128):
        signs = 1.0 - 2.0 * ((code >> np.arange(7)) & 1)
        sample = replace(effects.design, panel=replace(effects.design.panel, mean=residual * signs[:, None]))
        again = effects.again(sample)
        larger += abs(again.estimate[0]) / np.sqrt((again.influence**2).sum()) > observed * (1 + 1e-9)
    assert inference.p_value[0] == pytest.approx(larger / 128, abs=1e-12)


@pytest.mark.parametrize("estimator", [ai.TwoStage(), ai.Imputation()], ids=lambda e: type(e).__name__)
def test_twenty_thousand_units_need_little_memory(estimator):
    """Of 50,000 one package asks for 27.9 GiB, another is quadratic in the units: 3.2 GB for one such matrix here."""
    rng = np.random.default_rng(4)
    adopted = rng.choice([4.0, 6.0, 8.0, np.inf], 20_000)
    made = design(rng.normal(size=(20_000, 12)), adopted)
    tracemalloc.start()
    estimator(made).overall().influence.sum()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000_000


def test_imputation_two_stage_and_saturated_agree_on_the_overall_effect():
    """Where packages differ it is by the weights of the average: ours are one convention (docs/methods.md)."""
    rng = np.random.default_rng(5)
    made = design(rng.normal(size=(12, 8)), np.array([3.0] * 3 + [5.0] * 3 + [np.inf] * 6))
    found = [e(made).overall().estimate[0] for e in (ai.Imputation(), ai.TwoStage(), ai.Saturated())]
    np.testing.assert_allclose(found, found[0], rtol=1e-9)
    never = [e(made).overall().estimate[0] for e in (ai.GroupTime(controls="never"), ai.InteractionWeighted())]
    np.testing.assert_allclose(never, never[0], rtol=1e-9)


@pytest.mark.parametrize("rule", [ai.ClusterRobust(), ai.BiasReduced(), ai.WildBootstrap(99, 1), ai.Jackknife()])
def test_the_convention_in_force_is_printed(rule):
    rng = np.random.default_rng(6)
    made = design(rng.normal(size=(8, 6)), np.array([3.0, 3, 3, *[np.inf] * 5]))
    text = ai.infer(ai.GroupTime()(made).overall(), rule)._repr_html_()
    assert rule.name in text
    assert "8 by office, 3 treated, effective" in text
