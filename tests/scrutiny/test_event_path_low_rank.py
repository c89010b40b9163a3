"""Sums of an event study under a rule: in low rank they are what the weights on all cells give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.scrutiny.case import from_one_reference
from asn_impact.scrutiny.event_path import Combined, combine, event_path

MONTHS = [f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(18)]


def design(seed: int, *, holes: bool) -> ai.Design:
    rng = np.random.default_rng(seed)
    start = {f"O{u:02d}": MONTHS[9 + 3 * (u % 2)] if u < 8 else None for u in range(14)}
    rows = [
        (unit, month, rng.normal(), begun, rng.integers(5, 50))
        for unit, begun in start.items()
        for month in MONTHS
        if not (holes and rng.random() < 0.08)
    ]
    frame = pd.DataFrame(rows, columns=["office", "month", "score", "begun", "n"])
    panel = ai.read_panel(frame, unit="office", period="month", outcome="score", sizes="n")
    return ai.assign(panel, ai.read_rollout(frame, unit="office", adopted="begun"), cluster="office")


@pytest.mark.parametrize("holes", [False, True], ids=["full", "holes"])
@pytest.mark.parametrize("rule", [ai.BiasReduced(), ai.Jackknife()], ids=["bias_reduced", "jackknife"])
@pytest.mark.parametrize(
    "estimator",
    [ai.GroupTime(), ai.estimators.InteractionWeighted(), ai.Imputation()],
    ids=lambda e: type(e).__name__,
)
def test_a_path_in_low_rank_is_the_path_over_all_cells(estimator, rule, holes, monkeypatch):
    events = ai.infer(from_one_reference(estimator(design(3, holes=holes)), 4, 2), rule)
    path = event_path(events, every=2)
    with monkeypatch.context() as patch:
        patch.setattr(Combined, "deletions", lambda *_: None)
        slow = event_path(events, every=2)
    np.testing.assert_allclose(path.inference.estimate, slow.inference.estimate, rtol=1e-9)
    np.testing.assert_allclose(path.inference.variance, slow.inference.variance, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(path.inference.df, slow.inference.df, rtol=1e-6)
    weights = np.ones(path.post) / path.post
    np.testing.assert_allclose(path.target(weights).df, slow.target(weights).df, rtol=1e-6)


@pytest.mark.parametrize("holes", [False, True], ids=["full", "holes"])
@pytest.mark.parametrize("rule", [ai.BiasReduced(), ai.Jackknife()], ids=["bias_reduced", "jackknife"])
@pytest.mark.parametrize("estimator", [ai.GLSImputation(), ai.GroupTime(), ai.Imputation()], ids=repr)
def test_sums_that_are_single_estimates_are_those_of_the_event_study(estimator, rule, holes):
    events = ai.infer(from_one_reference(estimator(design(3, holes=holes)), 4, 2), rule)
    known = np.flatnonzero(np.isfinite(events.df) & np.isfinite(events.effects.leave_one_out()).all(axis=0))
    weights = np.eye(len(events.estimate))[known]
    alone = rule(combine(events.effects, weights, events.effects.terms.iloc[known].reset_index(drop=True)))
    np.testing.assert_allclose(alone.variance, events.variance[np.ix_(known, known)], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(alone.df, events.df[known], rtol=1e-9)
