"""Intervals of studies without an effect, drawn again and again from a past."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.effects import Contributions, Effects, Estimator, Fit, Overall, Traces
from asn_impact.estimation.inference import Rule, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife, bias_reduced, deleted, differences
from asn_impact.topics.planning.past import Past, Scenario
from asn_impact.words import Message

__all__ = ["PlannedStudy", "estimate_one", "intervals"]

_TRIES: Final = 20  # draws after which a scenario that gives no two intervals is given up
_SAME: Final = 1e-8  # two ways to the same sums in double precision
_SHIFT: Final = 1e-6  # share of the effect by which an estimate may miss it: rounding, not another estimator


@dataclass(frozen=True, eq=False)
class _Repeated(Fit):
    """A fit that is the same weights on other cell means; only for rules that leave clusters out."""

    number: Float
    deviation: Float
    scale: Float
    moments: Callable[[Bool], Traces]
    scaled_moments: Callable[[Bool], Traces]

    @property
    def estimate(self) -> Float:
        return self.number

    def deleted(self, effects: Effects) -> Contributions:
        return Contributions(self.deviation, self.moments)

    def bias_reduced(self, effects: Effects) -> Contributions:
        return Contributions(self.deviation * self.scale, self.scaled_moments)

    def influence(self) -> Float:
        raise NotImplementedError

    leave_one_out = loadings = influence


class _Remembered:
    """A function of groups of clusters whose answers are kept: the groups are the same in every draw."""

    def __init__(self, moments: Callable[[Bool], Traces]) -> None:
        self._moments, self._known = moments, {}  # type: tuple[Callable[[Bool], Traces], dict[bytes, Traces]]

    def __call__(self, groups: Bool) -> Traces:
        key = groups.tobytes()
        if key not in self._known:
            self._known[key] = self._moments(groups)
        return self._known[key]


@dataclass(frozen=True, eq=False)
class _Template:
    """The weights of one estimate, and of what it is without each cluster, on the cells of one design."""

    effects: Effects
    loading: Float = field(init=False)  # (1, U T)
    difference: Float = field(init=False)  # (G, U T)
    scale: Float = field(init=False)  # (G, 1)
    moments: _Remembered = field(init=False)
    scaled_moments: _Remembered = field(init=False)

    def __post_init__(self) -> None:
        plain, scaled = deleted(self.effects), bias_reduced(self.effects)
        scale = np.divide(scaled.value, plain.value, out=np.zeros_like(scaled.value), where=plain.value != 0)
        for name, value in {
            "loading": self.effects.loadings().reshape(1, -1),
            "difference": differences(self.effects)[:, 0].reshape(len(scale), -1),
            "scale": scale,
            "moments": _Remembered(plain.traces),
            "scaled_moments": _Remembered(scaled.traces),
        }.items():
            object.__setattr__(self, name, value)

    def fits(self, design: Design) -> bool:
        """Whether a design has the same cells with the same weights."""
        own, other = self.effects.design, design
        return bool(
            np.array_equal(own.cluster, other.cluster)
            and np.array_equal(own.adopted, other.adopted)
            and np.array_equal(own.panel.weight, other.panel.weight)
            and own.panel.observed.all()
            and other.panel.observed.all()
        )

    def again(self, design: Design) -> Effects:
        """Return the effects on a design that `fits`."""
        mean = (design.panel.mean - design.panel.mean.mean()).ravel()
        fit = _Repeated(
            self.loading @ mean, (self.difference @ mean)[:, None], self.scale, self.moments, self.scaled_moments
        )
        return replace(self.effects, design=design, fit=fit, cells=None, view=Overall(), notes=())


@dataclass(frozen=True, eq=False)
class PlannedStudy:
    """How a planned study would be analysed."""

    estimator: Estimator
    rule: Rule
    level: float

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

    def template(self, designs: Sequence[Design]) -> _Template | None:
        """Return the weights that serve every draw, if on two draws they give what the estimator gives."""
        if not isinstance(self.rule, BiasReduced | Jackknife):
            return None
        template = _Template(self.effects(designs[0]))
        if not (template.fits(designs[1]) and np.isfinite(template.difference).all()):
            return None
        same = [np.allclose(self.ends(template.again(d)), self.ends(self.effects(d)), rtol=_SAME) for d in designs]
        return template if all(same) else None


def intervals(past: Past, scenario: Scenario, study: PlannedStudy, reps: Iterable[int], seed: int) -> tuple[Float, int]:
    """(R, 2) ends of the intervals of studies without an effect, NaN where a study has none; and how many have none."""
    rng = np.random.default_rng([seed, scenario.offices, scenario.treated, scenario.months, *scenario.starts])
    trial = _try(past, scenario, study, rng)
    study.refuse_other_than_shifts(trial[0])
    template = study.template(trial)
    ends = np.array([estimate_one(past.draw(scenario, rng), study, template) for _ in reps])
    return ends, int(np.isnan(ends).any(axis=1).sum())


def _try(past: Past, scenario: Scenario, study: PlannedStudy, rng: np.random.Generator) -> list[Design]:
    """Return two draws that have an interval, or say why there are none."""
    designs: list[Design] = []
    reason: Any = Message("planning.power.no_interval")
    for _ in range(_TRIES):
        design = past.draw(scenario, rng)
        try:
            if np.isfinite(study.ends(study.effects(design))).all():
                designs.append(design)
        except (EstimationError, InferenceError) as problem:
            reason = problem.message
        if len(designs) == 2:
            return designs
    names = {"estimator": study.estimator.entry.name, "rule": study.rule.entry.name, "scenario": repr(scenario)}
    numbers = {"n": _TRIES - len(designs), "tries": _TRIES}
    raise EstimationError(Message("planning.power.cannot_analyse", **numbers, **names, reason=reason))


def estimate_one(design: Design, study: PlannedStudy, template: _Template | None) -> tuple[float, float]:
    """Return the ends of the interval on one design; NaN where it has none."""
    if template is not None and template.fits(design):
        return study.ends(template.again(design))
    try:
        return study.ends(study.effects(design))
    except (EstimationError, InferenceError):
        return math.nan, math.nan
