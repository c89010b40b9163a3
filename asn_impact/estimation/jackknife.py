"""Rules that leave one cluster out, with degrees of freedom from the estimator's own weights on the cells.

Both rules add up one square for each cluster. Those squares are quadratic in the cell means, so their mean and
variance under a working model are traces of small matrices: that is where the degrees of freedom come from, for every
estimator that is linear in the cell means (Bell and McCaffrey 2002; Imbens and Kolesar 2016; Hansen 2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.arrays import Float
from asn_impact.estimation.clusters import ratio
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Contributions, Traces, two_groups
from asn_impact.estimation.inference import Inference, Rule, conclude, refuse_single_cluster
from asn_impact.estimation.methods import Method, rule_entry
from asn_impact.words import Message

Degrees: TypeAlias = Literal["welch", "satterthwaite"]

# Two treated clusters that happen to look alike make Welch's degrees of freedom large by luck. So they may exceed those
# under equal noise by a quarter at most: a larger cap lets some cell of docs/coverage.md reject more than 6.5 %.
WELCH_CAP = 1.25


@dataclass(frozen=True)
class BiasReduced(Rule):
    """Leave one cluster out, each deviation scaled so that the variance is unbiased: the default rule.

    For a regression this is CR2 (Bell and McCaffrey 2002); for the other estimators the squared deviation of the
    estimate without cluster c is multiplied by the share of the variance that c has under independent errors over the
    expectation of the square, which is the same thing for a difference of two means. `SyntheticDiD` chooses its weights
    by the outcome: they are chosen anew without each cluster, which makes the rule cautious rather than too bold.

    Parameters
    ----------
    degrees
        Degrees of freedom: ``"welch"`` weighs treated and untreated clusters by the noise found in each (Welch 1947,
        Satterthwaite 1946), but never more than a quarter above ``"satterthwaite"``, which takes all clusters as
        equally noisy.

    Notes
    -----
    Equation: V = sum over clusters of f_c d_c^2, with d_c the estimate without cluster c less the estimate, and f_c the
    variance owed to c over the expectation of d_c^2. docs/methods.md#bias-reduced has more, docs/coverage.md the
    rejection rates.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> ai.infer(effects.overall(), BiasReduced()).df.round(1).tolist()
    [8.5]
    """

    degrees: Degrees = "welch"

    @property
    def entry(self) -> Method:
        return rule_entry("bias_reduced", Message(f"rules.degrees.{self.degrees}"))

    def attach(self, effects: Effects) -> Inference:
        refuse_single_cluster(effects)
        parts = effects.fit.bias_reduced(effects)
        return conclude(effects, self, parts.value.T @ parts.value, degrees_of_freedom(effects, parts, self.degrees))


@dataclass(frozen=True)
class Jackknife(Rule):
    """Leave one cluster out (CR3): never too small, and with few treated clusters rather too large.

    Variance: (G - 1) / G times the sum of squared deviations of the estimates without each cluster from the estimate
    (MacKinnon, Nielsen and Webb 2023, eq. 12; Hansen 2025). summclust in R prints the same; clubSandwich has
    no (G - 1) / G.

    Parameters
    ----------
    degrees
        Degrees of freedom, as for `BiasReduced`; by default under equal noise.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> ai.infer(effects.overall(), Jackknife()).std_error.round(2).tolist()
    [0.17]
    """

    degrees: Degrees = "satterthwaite"

    @property
    def entry(self) -> Method:
        fast = Message("rules.jackknife.fast")
        return rule_entry("jackknife", Message(f"rules.degrees.{self.degrees}"), also=(fast,))

    def attach(self, effects: Effects) -> Inference:
        refuse_single_cluster(effects)
        g = len(effects.design.clusters)
        parts = effects.fit.deleted(effects)
        variance = (g - 1) / g * parts.value.T @ parts.value
        return conclude(effects, self, variance, degrees_of_freedom(effects, parts, self.degrees))


def degrees_of_freedom(effects: Effects, parts: Contributions, degrees: Degrees) -> Float:
    """(k,) degrees of freedom of a sum of squares: twice its squared mean over its variance, under a working model."""
    groups = two_groups(effects.design)
    traces = parts.traces(groups)
    equal = _matched_moments(traces, np.ones(traces.total.shape))
    if degrees == "satterthwaite":
        return equal
    expected = traces.expected.sum(axis=1) @ groups.T
    noise = ratio(np.nan_to_num(parts.value.T) ** 2 @ groups.T, expected)
    return np.asarray(np.minimum(_matched_moments(traces, noise), WELCH_CAP * equal))


def _matched_moments(traces: Traces, noise: Float) -> Float:
    """(k,) tr(M)^2 / tr(M M) for M = the sum over groups of (k, h) noise times their covariances."""
    square = np.einsum("kh,kl,khl->k", noise, noise, traces.product)
    return ratio((noise * traces.total).sum(axis=1) ** 2, square)
