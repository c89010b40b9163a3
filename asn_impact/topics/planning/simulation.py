"""Intervals of studies without an effect, drawn again and again from the model of a past."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy

from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Contributions, Traces, two_groups
from asn_impact.estimation.gls import GLSImputation
from asn_impact.estimation.inference import Rule, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife, degrees_of_freedom
from asn_impact.topics.planning.past import Past, Scenario
from asn_impact.words import Message

_TRIES: Final = 20  # draws after which a scenario that gives no two intervals is given up
_SAME: Final = 1e-8  # two ways to the same sums in double precision
_SHIFT: Final = 1e-6  # share of the effect by which an estimate may miss it: rounding, not another estimator
_SETS: Final = 20  # of cells, each with many histories, where offices are unequally large


@dataclass(frozen=True, eq=False)
class Template:
    """The weights of one estimate, and of what it is without each cluster, on the cells of one design.

    They serve every history on these cells: only for estimators that are linear in the cell means, and for rules that
    leave clusters out.
    """

    effects: Effects
    rule: BiasReduced | Jackknife
    loading: Float  #: (U T,)
    difference: Float  #: (G, U T), scaled as the rule does
    traces: Traces

    @classmethod
    def of(cls, effects: Effects, rule: BiasReduced | Jackknife) -> Template:
        """Return the weights of the one estimate of effects under a rule."""
        unbiased, fit = isinstance(rule, BiasReduced), effects.fit
        plain = fit.deleted(effects)
        parts = fit.bias_reduced(effects) if unbiased else plain
        g = len(plain.value)
        scale = np.divide(parts.value, plain.value, out=np.zeros_like(plain.value), where=plain.value != 0)
        factor = 1.0 if unbiased else math.sqrt((g - 1) / g)
        difference = fit.differences(effects)[:, 0].reshape(g, -1) * scale * factor
        return cls(effects, rule, effects.loadings().ravel(), difference, parts.traces(two_groups(effects.design)))

    def ends(self, mean: Float, level: float) -> Float:
        """(R, 2) ends of the intervals of (R, U, T) cell means."""
        cells = np.nan_to_num(mean - np.nanmean(mean)).reshape(len(mean), -1)
        estimate, value = cells @ self.loading, self.difference @ cells.T
        error = np.sqrt((value**2).sum(axis=0))
        repeated = self.traces.of_rows(np.zeros(len(mean), dtype=np.int64))
        df = degrees_of_freedom(self.effects, Contributions(value, lambda _: repeated), self.rule.degrees)
        reach = scipy.stats.t.ppf((1 + level) / 2, df) * error
        return np.stack([estimate - reach, estimate + reach], axis=1)


@dataclass(frozen=True, eq=False)
class PlannedStudy:
    """How a planned study would be analysed."""

    estimator: Estimator
    rule: Rule
    level: float

    def knowing(self, past: Past, scenario: Scenario) -> PlannedStudy:
        """Return the study with the working covariance of the past, where it would choose one by its data."""
        if not isinstance(self.estimator, GLSImputation) or self.estimator.correlation is not None:
            return self
        correlation, ratio = past.held(scenario.months)
        return replace(self, estimator=replace(self.estimator, correlation=correlation, ratio=ratio))

    def effects(self, design: Design) -> Effects:
        """Return the one number that is estimated on a design."""
        effects = self.estimator(design).overall()
        if len(effects.terms) != 1:
            name = self.estimator.entry.name
            raise EstimationError(Message("planning.power.several_numbers", estimator=name, n=len(effects.terms)))
        return effects

    def ends(self, effects: Effects) -> tuple[float, float]:
        """Return the ends of the interval of one number."""
        low, high = infer(effects, self.rule).interval(self.level)
        return float(low[0]), float(high[0])

    def ends_of(self, design: Design) -> tuple[float, float]:
        """Return the ends of the interval on one design; NaN where it has none."""
        try:
            return self.ends(self.effects(design))
        except (EstimationError, InferenceError):
            return math.nan, math.nan

    def refuse_other_than_shifts(self, design: Design) -> None:
        """Raise where adding a constant to the treated cells does more, or less, than move the interval by it."""
        low, high = self.ends(self.effects(design))
        size = float(np.nanstd(design.panel.mean)) or 1.0
        shift = replace(design.panel, mean=design.panel.mean + size * design.treated())
        ends = self.ends(self.effects(replace(design, panel=shift)))
        if not np.allclose(np.array(ends) - size, (low, high), rtol=0, atol=_SHIFT * size, equal_nan=True):
            names = {"estimator": self.estimator.entry.name, "rule": self.rule.entry.name}
            moves = {"size": size, "low": low, "high": high, "new_low": ends[0], "new_high": ends[1]}
            raise EstimationError(Message("planning.power.no_shift", **names, **moves))

    def template(self, design: Design) -> Template | None:
        """Return the weights that serve every history on the cells of a design; None where there are none."""
        if not isinstance(self.rule, BiasReduced | Jackknife):
            return None
        try:
            template = Template.of(self.effects(design), self.rule)
        except (EstimationError, InferenceError):
            return None
        known = np.isfinite(template.difference).all() and np.isfinite(template.loading).all()
        return template if template.effects.linear and known else None

    def agrees(self, template: Template, designs: Sequence[Design]) -> bool:
        """Whether weights made once give what the estimator gives on histories of the same cells."""
        fast = template.ends(np.stack([design.panel.mean for design in designs]), self.level)
        size = np.nanstd(designs[0].panel.mean)
        return bool(np.allclose(fast, [self.ends_of(design) for design in designs], rtol=_SAME, atol=_SAME * size))


def intervals(
    past: Past,
    scenario: Scenario,
    study: PlannedStudy,
    reps: int,
    seed: int,
    *,
    treated_noise: float = 1.0,
    tick: Callable[[int], object] = lambda _: None,
) -> tuple[Float, int]:
    """(R, 2) ends of the intervals of studies without an effect, NaN where a study has none; and how many have none.

    The draws do not depend on how they are analysed. The noise of each study is larger or smaller than in the past by
    as much as the past may err about it: ``1 / s`` times, ``(G - 1) s^2`` chi squared with G - 1 degrees of freedom.
    """
    key = [seed, scenario.offices, scenario.treated, scenario.months, *scenario.starts]
    study = study.knowing(past, scenario)
    trial = _try(past, scenario, study, treated_noise, np.random.default_rng([*key, 1]))
    study.refuse_other_than_shifts(trial[0])
    template = study.template(trial[0])
    shares = template is not None and study.agrees(template, trial)
    rng, ends = np.random.default_rng([*key, 0]), []
    sets = 1 if past.alike_in_size else min(_SETS, reps)
    for histories in map(len, np.array_split(np.arange(reps), sets)):
        design = past.draw(scenario, rng)
        means = design.panel.mean + past.draw_noise(design, histories, treated_noise, rng)
        template = study.template(_with_mean(design, means[0])) if shares else None
        if template is not None:
            ends.append(template.ends(means, study.level))
            tick(histories)
            continue
        for mean in means:
            ends.append(np.array([study.ends_of(_with_mean(design, mean))]))
            tick(1)
    found = np.concatenate(ends) / rng.permutation(_errs(len(past.members), reps))[:, None]
    return found, int(np.isnan(found).any(axis=1).sum())


def _errs(clusters: int, reps: int) -> Float:
    """(R,) by how much the noise of a past of so many clusters is found too large, evenly over its distribution."""
    shares = (np.arange(reps) + 0.5) / reps
    return np.asarray(np.sqrt(scipy.stats.chi2.ppf(shares, clusters - 1) / (clusters - 1)))


def _with_mean(design: Design, mean: Float) -> Design:
    return replace(design, panel=replace(design.panel, mean=mean))


def _try(
    past: Past, scenario: Scenario, study: PlannedStudy, treated_noise: float, rng: np.random.Generator
) -> list[Design]:
    """Return two histories on the same cells that have an interval, or say why there are none."""
    reason: Any = Message("planning.power.no_interval")
    for _ in range(_TRIES):
        design = past.draw(scenario, rng)
        means = design.panel.mean + past.draw_noise(design, 2, treated_noise, rng)
        designs = [_with_mean(design, mean) for mean in means]
        try:
            if all(np.isfinite(study.ends(study.effects(one))).all() for one in designs):
                return designs
        except (EstimationError, InferenceError) as problem:
            reason = problem.message
    names = {"estimator": study.estimator.entry.name, "rule": study.rule.entry.name, "scenario": repr(scenario)}
    raise EstimationError(Message("planning.power.cannot_analyse", n=_TRIES, tries=_TRIES, **names, reason=reason))
