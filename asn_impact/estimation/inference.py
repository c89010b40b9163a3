"""How sure: rules of inference, and the result that holds an estimate with its variance.

A rule is a small value, called on `Effects`. An `Inference` stores the variance, never an interval: the level is
asked for.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from scipy import special

from asn_impact.arrays import Float, readonly
from asn_impact.display import card
from asn_impact.errors import DataWarning, InferenceError, listed
from asn_impact.estimation.adjusted import cluster_sums
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, Procedure, rule_entry
from asn_impact.words import Message

__all__ = ["Classical", "ClusterRobust", "Inference", "Rule", "infer"]

_NO_VARIATION = 1e-12  # a standard error below this share of the outcome's size is rounding, not uncertainty


class Rule(Protocol):
    """A rule of inference."""

    def __call__(self, effects: Effects) -> Inference:
        """Attach a variance and degrees of freedom to effects."""

    @property
    def name(self) -> str:
        """Name and convention as printed."""


@dataclass(frozen=True, eq=False)
class Inference:
    """Estimates with their uncertainty.

    Attributes
    ----------
    effects, rule
        What was estimated and how its uncertainty was found.
    estimate
        (k,) estimates.
    variance
        (k, k) variance; NaN rows where it cannot be had, for the reason in `notes`.
    df
        (k,) degrees of freedom of the t distribution.
    notes
        Sentences: what cannot be said, and why.
    """

    effects: Effects
    rule: Rule
    estimate: Float
    variance: Float
    df: Float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("estimate", "variance", "df"):
            object.__setattr__(self, name, readonly(np.asarray(getattr(self, name), dtype=np.float64)))

    @property
    def std_error(self) -> Float:
        """(k,) standard errors."""
        return np.sqrt(np.diag(self.variance))

    @property
    def p_value(self) -> Float:
        """(k,) two-sided p-values of no effect."""
        return np.asarray(2 * special.stdtr(self.df, -np.abs(self.estimate / self.std_error)))

    def interval(self, level: float = 0.95) -> tuple[Float, Float]:
        """Return the (k,) lower and upper ends of the pointwise intervals at a level between 0 and 1."""
        if not 0 < level < 1:
            raise InferenceError(f"level={level!r}. Expected a share between 0 and 1, for instance 0.95.")
        reach = special.stdtrit(self.df, (1 + level) / 2) * self.std_error
        return self.estimate - reach, self.estimate + reach

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a term: estimate, std_error, statistic, df, p_value, conf_low, conf_high."""
        low, high = self.interval(level)
        return self.effects.terms.assign(
            estimate=self.estimate,
            std_error=self.std_error,
            statistic=self.estimate / self.std_error,
            df=self.df,
            p_value=self.p_value,
            conf_low=low,
            conf_high=high,
        )

    @property
    def clusters(self) -> dict[str, float]:
        """Number of clusters, of clusters with treated units, and of effective clusters (of the least certain term)."""
        design = self.effects.design
        return {
            "clusters": len(design.clusters),
            "treated_clusters": design.treated_clusters,
            "effective_clusters": float(np.nanmin(effective_clusters(self.effects))),
        }

    def __repr__(self) -> str:
        head = (
            f"Inference({self.effects.estimator.name}; {self.rule.name}; {len(self.effects.design.clusters)} clusters"
        )
        if len(self.estimate) == 1:
            low, high = self.interval()
            head += f": {self.estimate[0]:.4g}, 95% CI {low[0]:.4g} to {high[0]:.4g}, t({self.df[0]:.1f})"
        return head + ")"

    def _repr_html_(self) -> str:
        design, counts = self.effects.design, self.clusters
        facts: list[tuple[str, object]] = [
            (
                "outcome",
                f"{design.panel.outcome.name}{', ' + design.panel.outcome.unit if design.panel.outcome.unit else ''}",
            ),
            ("estimator", self.effects.estimator.name),
            ("inference", self.rule.name),
            (
                "clusters",
                f"{counts['clusters']} by {design.clustered_by}, {counts['treated_clusters']} treated, "
                f"effective {counts['effective_clusters']:.1f}",
            ),
            *self.effects.said_of_covariates(),
        ]
        return card("Inference", [*facts, *(("note", note) for note in self.notes)], table=self.table().round(4))


def infer(effects: Effects, rule: Rule) -> Inference:
    """Return the effects with their uncertainty under a rule.

    Raises
    ------
    InferenceError
        A single cluster is treated, or a single one is not: no rule based on clusters can tell its noise from the
        effect.
    """
    return rule(effects)


@dataclass(frozen=True)
class ClusterRobust(Procedure):
    """The usual clustered variance (Liang and Zeger 1986): for comparison with other software.

    ``"CR1"`` multiplies the sum of squared influences by G / (G - 1), and for a regression by (N - 1) / (N - K) with
    unit
    effects nested in clusters not counted in K (the convention of fixest and reghdfe); ``"CR0"`` does not (the
    convention of did, csdid and diff-diff). Both use t(G - 1). It rejects a true null too often when few clusters
    are treated: use `BiasReduced` for a conclusion.
    """

    correction: Literal["CR0", "CR1"] = "CR1"

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return rule_entry("cluster_robust", Message("rules.cluster_robust.degrees"), correction=self.correction)

    def __call__(self, effects: Effects) -> Inference:
        """Attach the clustered variance."""
        refuse_single_cluster(effects)
        g = len(effects.design.clusters)
        influence = effects.influence
        factor = 1.0 if self.correction == "CR0" else g / (g - 1) * effects.fit.correction
        return conclude(effects, self, factor * influence.T @ influence, np.full(len(effects.terms), g - 1.0))


@dataclass(frozen=True)
class Classical(Procedure):
    """Independent errors of one size: what a textbook regression table prints. Not for data with clusters."""

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return rule_entry("classical", Message("rules.classical.degrees"))

    def __call__(self, effects: Effects) -> Inference:
        """Attach the classical variance of a regression."""
        if not isinstance(effects.fit, LeastSquares):
            raise InferenceError(
                f"{effects.estimator.name} is not one regression: it has no classical variance. Use Jackknife()."
            )
        variance, df = effects.fit.classical()
        return conclude(effects, self, variance, np.full(len(effects.terms), df))


def refuse_single_cluster(effects: Effects) -> None:
    """Raise where one cluster carries all that is treated, or all that is not."""
    design = effects.design
    if design.treated_clusters < 2:
        raise InferenceError(
            f"{design.treated_clusters} of {len(design.clusters)} clusters ({design.clustered_by}) is "
            "treated: its own noise "
            "cannot be told from the effect, so a clustered interval would mean nothing. Report the "
            "estimate without an "
            "interval, or use a randomisation argument (Permutation) over the clusters that could have been treated."
        )
    untreated = design.untreated_clusters
    if untreated < 2 and len(design.cohorts) < 2:
        raise InferenceError(
            f"{untreated} of {len(design.clusters)} clusters ({design.clustered_by}) is never "
            "treated: a comparison with one "
            "cluster has no interval. Add comparison units or cluster at a finer level."
        )


def conclude(effects: Effects, rule: Rule, variance: Float, df: Float) -> Inference:
    """Return the inference; where a variance is not to be had, say why instead of giving one."""
    notes = [*effects.notes]
    variance, df = variance.copy(), np.asarray(df, dtype=np.float64).copy()
    diagonal = np.diag(variance)
    flat = ~(np.sqrt(np.abs(diagonal)) > _NO_VARIATION * effects.design.panel.magnitude)
    alone = effects.support() < 2
    names = [" ".join(str(v) for v in row) for row in effects.terms.itertuples(index=False)]
    if (flat & np.isfinite(diagonal)).any():
        notes.append(
            "The outcome does not vary in "
            f"{listed(np.array(names)[flat & np.isfinite(diagonal)], 3)}: no standard error. "
            "An effect of exactly zero here is arithmetic, not evidence."
        )
    if alone.any():
        notes.append(
            f"One treated cluster stands behind {listed(np.array(names)[alone], 4)}: its noise cannot "
            "be told from the effect."
        )
    if (np.isnan(diagonal) & ~alone).any():
        notes.append(
            f"{listed(np.array(names)[np.isnan(diagonal) & ~alone], 4)} cannot be estimated without "
            "one of the clusters: no standard error."
        )
    if len(notes) > len(effects.notes):
        warnings.warn(f"{rule.name}: {' '.join(notes[len(effects.notes) :])}", DataWarning, stacklevel=4)
    unknown = flat | np.isnan(diagonal)
    variance[unknown, :] = np.nan
    variance[:, unknown] = np.nan
    df[unknown] = np.nan
    if (weak := np.isfinite(df) & (df < 3)).any():
        notes.append(
            f"{listed(np.array(names)[weak], 3)}: with {df[weak].min():.1f} degrees of freedom only a "
            "very large effect could be seen."
        )
    return Inference(effects, rule, effects.estimate, variance, df, tuple(notes))


def effective_clusters(effects: Effects) -> Float:
    """(k,) effective number of clusters: G / (1 + squared coefficient of variation of their shares in the variance).

    Carter, Schnepel and Steigerwald (2017), eq. 5, with independent working errors: the share of a cluster is the sum
    of its
    squared weights on the cell means.
    """
    squared = (np.nan_to_num(effects.loadings()) ** 2).sum(axis=2)
    share = cluster_sums(effects.design.cluster, len(effects.design.clusters), squared.T).T
    total = (share**2).sum(axis=1)
    return np.asarray(np.divide(share.sum(axis=1) ** 2, total, out=np.full(len(total), np.nan), where=total > 0))
