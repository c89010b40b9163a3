"""Rules that leave one cluster out, with degrees of freedom from the estimator's own weights on the cells.

Both rules add up one square for each cluster. Those squares are quadratic in the cell means, so their mean and
variance under a working model are traces of small matrices: that is where the degrees of freedom come from, for every
estimator that is linear in the cell means (Bell and McCaffrey 2002; Imbens and Kolesar 2016; Hansen 2025).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np

from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.errors import DataWarning
from asn_impact.estimation.effects import Contributions, Effects
from asn_impact.estimation.inference import Inference, conclude, refuse_single_cluster
from asn_impact.estimation.methods import Method, Procedure, rule_entry
from asn_impact.words import Message

__all__ = ["BiasReduced", "Degrees", "Jackknife", "bias_reduced", "degrees_of_freedom", "deleted"]

Degrees: TypeAlias = Literal["welch", "satterthwaite"]

# Two treated clusters that happen to look alike make Welch's degrees of freedom large by luck. So they may exceed those
# under equal noise by a quarter at most: a larger cap lets some cell of docs/coverage.md reject more than 6.5 %.
WELCH_CAP = 1.25


@dataclass(frozen=True)
class BiasReduced(Procedure):
    """Leave one cluster out, each deviation scaled so that the variance is unbiased: the default rule.

    For a regression this is CR2 (Bell and McCaffrey 2002); for the other estimators the squared deviation of the
    estimate without cluster c is multiplied by the share of the variance that c has under independent errors over the
    expectation of the square, which is the same thing for a difference of two means. `SyntheticDiD` chooses its weights
    by the outcome: they are chosen anew without each cluster, which makes the rule cautious rather than too bold.

    Degrees of freedom: ``"welch"`` weighs treated and untreated clusters by the noise found in each (Welch 1947,
    Satterthwaite 1946), but never more than a quarter above ``"satterthwaite"``, which takes all clusters as equally
    noisy.

    Notes
    -----
    docs/methods.md#bias-reduced has the equations, docs/coverage.md the rejection rates.
    """

    degrees: Degrees = "welch"

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return rule_entry("bias_reduced", Message(f"rules.degrees.{self.degrees}"))

    def __call__(self, effects: Effects) -> Inference:
        """Attach the bias-reduced variance and its degrees of freedom."""
        refuse_single_cluster(effects)
        parts = bias_reduced(effects)
        return conclude(effects, self, parts.value.T @ parts.value, degrees_of_freedom(effects, parts, self.degrees))


@dataclass(frozen=True)
class Jackknife(Procedure):
    """Leave one cluster out (CR3): never too small, and with few treated clusters rather too large.

    Variance: (G - 1) / G times the sum of squared deviations of the estimates without each cluster from the estimate
    (MacKinnon, Nielsen and Webb 2023, eq. 12; Hansen 2025). summclust in R prints the same; clubSandwich has
    no (G - 1) / G. Degrees of freedom as for `BiasReduced`, by default under equal noise.
    """

    degrees: Degrees = "satterthwaite"

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        fast = Message("rules.jackknife.fast")
        return rule_entry("jackknife", Message(f"rules.degrees.{self.degrees}"), also=(fast,))

    def __call__(self, effects: Effects) -> Inference:
        """Attach the jackknife variance and its degrees of freedom."""
        refuse_single_cluster(effects)
        g = len(effects.design.clusters)
        parts = deleted(effects)
        variance = (g - 1) / g * parts.value.T @ parts.value
        return conclude(effects, self, variance, degrees_of_freedom(effects, parts, self.degrees))


_DEGREES = {"welch": "Welch-Satterthwaite", "satterthwaite": "Satterthwaite"}


def degrees_of_freedom(effects: Effects, parts: Contributions, degrees: Degrees) -> Float:
    """(k,) degrees of freedom of a sum of squares: twice its squared mean over its variance, under a working model."""
    design = effects.design
    treated = np.isin(np.arange(len(design.clusters)), design.cluster[np.isfinite(design.adopted)])
    groups = np.stack([treated, ~treated])[: 1 if treated.all() else 2]
    moments = parts.moments(groups)
    equal = _matched_moments(moments, np.ones(moments.shape[:2]))
    if degrees == "satterthwaite":
        return equal
    expected = np.einsum("khgg->kg", moments)
    square = np.nan_to_num(parts.value.T) ** 2
    noise = np.stack([_share((square * group).sum(axis=1), (expected * group).sum(axis=1)) for group in groups], axis=1)
    return np.asarray(np.minimum(_matched_moments(moments, noise), WELCH_CAP * equal))


def _matched_moments(moments: Float, noise: Float) -> Float:
    """(k,) tr(M)^2 / tr(M M) for M = the sum over groups of noise times moments."""
    total = np.einsum("kh,khgf->kgf", noise, moments)
    return _share(np.einsum("kgg->k", total) ** 2, (total**2).sum(axis=(1, 2)))


def _share(part: Float, whole: Float) -> Float:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def deleted(effects: Effects) -> Contributions:
    """Return the deviations of the estimates without each cluster, with their moments."""
    if (closed := getattr(effects.fit, "deleted", None)) is not None:
        return cast("Contributions", closed())
    value = effects.leave_one_out() - effects.estimate
    return Contributions(value, lambda groups: _moments(effects.design, _spread(effects, differences(effects)), groups))


def bias_reduced(effects: Effects) -> Contributions:
    """Return the deviations scaled to be unbiased under independent errors, with their moments."""
    if (closed := getattr(effects.fit, "bias_reduced", None)) is not None:
        return cast("Contributions", closed())
    difference = _spread(effects, differences(effects))
    own = np.zeros((len(effects.terms), len(effects.design.clusters)))
    np.add.at(own.T, effects.design.cluster, (_spread(effects, effects.loadings()) ** 2).sum(axis=2).T)
    share = _share(own, (difference**2).sum(axis=(2, 3)).T)
    scale = np.sqrt(np.where(own > 0, share, 0.0)).T  # (G, k)
    value = np.where(scale > 0, _estimates_without(effects) - effects.estimate, 0.0) * scale
    scaled = difference * scale[:, :, None, None]
    return Contributions(value, lambda groups: _moments(effects.design, scaled, groups))


def _estimates_without(effects: Effects) -> Float:
    """(G, k) estimates without each cluster; an estimator that fits its weights to the outcome may fit them anew."""
    anew = getattr(effects.estimator, "estimates_anew", None)
    return effects.leave_one_out() if anew is None else np.asarray(anew(effects))


def _moments(design: Design, weights: Float, groups: Bool) -> Float:
    """(k, h, G, G) covariances of G sums with (G, k, U, T) weights, if errors vary in one group of clusters only."""
    g, k = weights.shape[:2]
    moments = np.empty((k, len(groups), g, g))
    for h, group in enumerate(groups):
        part = weights[:, :, group[design.cluster]].transpose(1, 0, 2, 3).reshape(k, g, -1)
        moments[:, h] = part @ part.transpose(0, 2, 1)
    return moments


def _spread(effects: Effects, weights: Float) -> Float:
    """Weights on errors of variance one over the weight of the cell, as weights on errors of variance one."""
    panel = effects.design.panel
    weight = np.where(panel.observed, panel.weight, 0.0)
    return np.asarray(
        np.nan_to_num(weights) * np.sqrt(np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0))
    )


def differences(effects: Effects) -> Float:
    """Return the (G, k, U, T) weights on the cell means without each cluster, less the weights with all of them."""
    closed = getattr(effects.fit, "differences", None)
    if closed is not None and (found := closed()) is not None:
        return np.asarray(found)
    full = effects.loadings()
    difference = np.repeat(-full[None], len(effects.design.clusters), axis=0)
    for c in range(len(difference)):
        difference[c][:, effects.design.cluster != c] += _same_terms(effects, _quietly(effects, c))
    return difference


def _quietly(effects: Effects, cluster: int) -> Effects:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return effects.again(effects.design.without(cluster))


def _same_terms(effects: Effects, without: Effects) -> Float:
    """Return the loadings without a cluster in the order of the full terms; NaN where a term has gone."""
    if without.terms.equals(effects.terms):
        return without.loadings()
    rows = without.terms.itertuples(index=False)
    found = {tuple(row): loading for row, loading in zip(rows, without.loadings(), strict=True)}
    empty = np.full(without.design.panel.mean.shape, np.nan)
    return np.stack([found.get(tuple(row), empty) for row in effects.terms.itertuples(index=False)])
