"""An estimator and a rule of one's own: four numbers and an entry, and every rule, view and check works.

The estimator is the difference in differences of means for one date, which `TwoWay` gives as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design
from asn_impact.estimation import (
    BiasReduced,
    ClusterRobust,
    Jackknife,
    Permutation,
    Simultaneous,
    SyntheticDiD,
    WildBootstrap,
    infer,
)
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.inference import Rule, conclude
from asn_impact.estimation.methods import Method
from asn_impact.words import verbatim
from tests.estimation.random_designs import design_of


def entry(name):
    return Method(verbatim(name), verbatim(name), verbatim(f"{name}."), verbatim("Somebody (2026)."))


@dataclass(frozen=True, eq=False)
class Means(Fit):
    design: Design

    @cached_property
    def _change(self):
        start = np.flatnonzero(self.design.panel.timeline.steps >= self.design.cohorts[0])[0]
        mean = self.design.panel.mean
        return mean[:, start:].mean(axis=1) - mean[:, :start].mean(axis=1), start

    @property
    def estimate(self):
        treated = np.isfinite(self.design.adopted)
        return np.array([self._change[0][treated].mean() - self._change[0][~treated].mean()])

    def influence(self):
        change, treated = self._change[0], np.isfinite(self.design.adopted)
        away = np.where(treated, change - change[treated].mean(), -(change - change[~treated].mean()))
        return (away / np.where(treated, treated.sum(), (~treated).sum()))[:, None]

    def leave_one_out(self):
        clusters = range(len(self.design.clusters))
        return np.array([Means(self.design.without(c)).estimate for c in clusters])

    def loadings(self):
        treated, start = np.isfinite(self.design.adopted), self._change[1]
        unit = np.where(treated, 1 / treated.sum(), -1 / (~treated).sum())
        periods = self.design.panel.mean.shape[1]
        time = np.where(np.arange(periods) >= start, 1 / (periods - start), -1 / start)
        return (unit[:, None] * time)[None]


@dataclass(frozen=True)
class OwnEstimator(Estimator):
    @property
    def entry(self):
        return entry("Own difference of means")

    def estimate(self, design):
        return Effects(self, design, pd.DataFrame({"term": ["overall"]}), Means(design))


@dataclass(frozen=True)
class OwnRule(Rule):
    @property
    def entry(self):
        return entry("own rule")

    def attach(self, effects):
        return conclude(effects, self, effects.influence.T @ effects.influence, np.full(len(effects.terms), 5.0))


def design(seed=1):
    rng = np.random.default_rng(seed)
    return design_of(rng.normal(size=(9, 6)), [3.0] * 4 + [np.inf] * 5)


RULES = [
    BiasReduced(),
    BiasReduced("satterthwaite"),
    Jackknife(),
    ClusterRobust(),
    Permutation(99, 1),
    WildBootstrap(512, 1),
    Simultaneous(199, 1),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_every_rule_works_on_four_numbers(rule):
    own = infer(OwnEstimator()(design()), rule)
    ours = infer(SyntheticDiD("did")(design()).overall(), rule)
    np.testing.assert_allclose(own.estimate, ours.estimate, rtol=1e-10)
    np.testing.assert_allclose(own.std_error, ours.std_error, rtol=1e-8)
    np.testing.assert_allclose(own.df, ours.df, rtol=1e-8)
    if not isinstance(rule, WildBootstrap):  # its null is the regression's here, that of group-time cells there
        np.testing.assert_allclose(own.p_value, ours.p_value, atol=1e-9)


def test_the_effects_are_views_and_come_again():
    effects = OwnEstimator()(design())
    assert effects.overall() is effects
    assert effects.again(design(2)).estimate != effects.estimate
    assert (effects.reference, effects.anticipation, effects.covariates) == (None, 0, ())
    assert repr(effects) == "Effects(Own difference of means on days: 1 estimates)"


def test_a_rule_of_ones_own_is_a_rule():
    inference = infer(OwnEstimator()(design()), OwnRule())
    assert inference.rule.name == "own rule"
    assert np.isfinite(inference.interval(0.9)).all()


def test_an_outcome_may_be_put_in_again():
    effects = OwnEstimator()(design())
    doubled = effects.again(replace(design(), panel=replace(design().panel, mean=2 * design().panel.mean)))
    np.testing.assert_allclose(doubled.estimate, 2 * effects.estimate)
