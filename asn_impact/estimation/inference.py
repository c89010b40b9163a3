"""How sure: rules of inference, and the result that holds an estimate with its variance.

A rule is a small value, called on `Effects`. An `Inference` stores the variance, never an interval: the level is
asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level
from asn_impact.arrays import Bool, Float, readonly
from asn_impact.designs import Design
from asn_impact.display import card, noted
from asn_impact.errors import InferenceError
from asn_impact.estimation.averages import Averaged, Some
from asn_impact.estimation.clusters import cluster_sums, ratio
from asn_impact.estimation.counted import CONVENTIONS, Convention, Counted, Program
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, Procedure, rule_entry
from asn_impact.estimation.shared_tables import ForMaketables
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message

_SAYS = 1e-10  # share of the largest weight or influence of a cluster below which another one says nothing
_NO_VARIATION = 1e-12  # a standard error below this share of the outcome's size is rounding, not uncertainty


@dataclass(frozen=True)
class Rule(Procedure):
    """A rule of inference: a small frozen value, called on effects.

    A rule of one's own is a frozen dataclass with `entry` and `attach`.
    """

    @public_verb
    def __call__(self, effects: Effects) -> Inference:
        """Attach a variance and degrees of freedom to effects.

        Raises
        ------
        InferenceError
            The rule does not hold for these effects; the message says why, and which rule does.
        """
        return _attach(effects, self)

    @property
    def keeps_silent(self) -> bool:
        """Whether clusters that say nothing stay: only to print what another program prints."""
        return False

    @abstractmethod
    def attach(self, effects: Effects) -> Inference:
        """Attach a variance: what a call does, without its checks and warnings."""


@dataclass(frozen=True, eq=False)
class Inference(Guided, ForMaketables):
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
    asked
        The effects that were asked for, where clusters that say nothing were taken out of `effects`.

    Examples
    --------
    >>> import asn_impact as ai
    >>> answer = ai.infer(ai.GroupTime()(ai.example_design()).overall(), ai.BiasReduced())
    >>> answer.estimate.round(2).tolist(), answer.std_error.round(2).tolist(), answer.df.round(1).tolist()
    ([-2.0], [0.16], [8.5])
    >>> low, high = answer.interval(0.90)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-2.29], [-1.7])
    """

    effects: Effects
    rule: Rule
    estimate: Float
    variance: Float
    df: Float
    notes: tuple[Message, ...] = ()
    asked: Effects | None = None

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
        return np.asarray(2 * scipy.special.stdtr(self.df, -np.abs(self.estimate / self.std_error)))

    @public_verb
    def interval(self, level: Level = 0.95) -> tuple[Float, Float]:
        """Return the (k,) lower and upper ends of the pointwise intervals at a level between 0 and 1."""
        reach = scipy.special.stdtrit(self.df, (1 + level) / 2) * self.std_error
        return self.estimate - reach, self.estimate + reach

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
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
        clusters = len(self.effects.design.clusters)
        head = f"Inference({self.effects.estimator.name}; {self.rule.name}; {clusters} clusters"
        if len(self.estimate) == 1:
            low, high = self.interval()
            head += f": {self.estimate[0]:.4g}, 95% CI {low[0]:.4g} to {high[0]:.4g}, t({self.df[0]:.1f})"
        return head + ")"

    def _repr_html_(self) -> str:
        design, counts, outcome = self.effects.design, self.clusters, self.effects.outcome
        unit = "log of a ratio" if self.effects.estimator.relative else outcome.unit
        facts: list[tuple[str, object]] = [
            ("outcome", f"{outcome.name}{', ' + unit if unit else ''}"),
            ("estimator", self.effects.estimator.name),
            ("inference", self.rule.name),
            (
                "clusters",
                f"{counts['clusters']} by {design.clustered_by}, {counts['treated_clusters']} treated, "
                f"effective {counts['effective_clusters']:.1f}",
            ),
            *self.effects.facts_of_covariates(),
        ]
        return card("Inference", [*facts, *noted(self)], table=self.table().round(4))


@public_verb
def infer(effects: Effects, rule: Rule) -> Inference:
    """Return the effects with their uncertainty under a rule.

    Raises
    ------
    InferenceError
        A single cluster is treated, or a single one is not: no rule based on clusters can tell its noise from the
        effect.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> answer = infer(effects.overall(), ai.Jackknife())
    >>> answer.table()[["estimate", "conf_low", "conf_high"]].round(2).to_numpy().tolist()
    [[-2.0, -2.39, -1.61]]
    """
    return _attach(effects, rule)


def _attach(effects: Effects, rule: Rule) -> Inference:
    """Attach a rule; where its matrices do not fit into memory, say what does."""
    try:
        return _attach_to_speaking(effects, rule)
    except MemoryError:
        clusters, n = len(effects.design.clusters), len(effects.terms)
        problem = Message("inference.no_memory", rule=rule.entry.name, clusters=clusters, estimates=n)
        raise InferenceError(problem) from None


def _attach_to_speaking(effects: Effects, rule: Rule) -> Inference:
    """Attach a rule to what the clusters that say something say."""
    silent = silent_clusters(effects)
    if rule.keeps_silent or not silent.any():
        return rule.attach(effects)
    speaking = effects.held().anew(effects.design.where(~silent[effects.design.cluster]))
    if not speaking.terms.equals(effects.terms):
        return rule.attach(effects)
    labels = [str(label) for label, out in zip(effects.design.clusters, silent, strict=True) if out]
    note = Message("inference.silent_clusters", n=len(labels), clusters=labels)
    inference = rule.attach(replace(speaking, estimator=effects.estimator, notes=effects.notes))
    return replace(inference, notes=(*inference.notes, note), asked=effects)


def silent_clusters(effects: Effects) -> Bool:
    """(G,) clusters whose outcomes enter no estimate, such as a unit seen once: they are no clusters."""
    design, fit = effects.design, effects.fit
    silent = np.zeros(len(design.clusters), dtype=np.bool_)
    one_clock = (
        getattr(effects.estimator, "periods", None) is None
    )  # where each group has its own, some may say nothing
    if not effects.linear or (one_clock and design.panel.observed.all() and np.isfinite(effects.estimate).all()):
        return silent
    mixed = np.random.default_rng(0).uniform(0.5, 1.5, (1, len(effects.estimate)))  # zero only where every weight is
    loading = np.abs(fit.loadings_of(mixed)[0])
    largest = cluster_sums(design.cluster, len(silent), loading.sum(axis=1)[:, None])[:, 0]
    influence = np.abs(np.nan_to_num(effects.influence)).sum(axis=1)
    silent = (largest <= _SAYS * largest.max(initial=0.0)) & (influence <= _SAYS * influence.max(initial=0.0))
    return np.zeros_like(silent) if silent.all() else silent


@dataclass(frozen=True)
class ClusterRobust(Rule):
    """The usual clustered variance (Liang and Zeger 1986): for comparison with other software.

    It rejects a true null too often when few clusters are treated: use `BiasReduced` for a conclusion.

    Equation: V = f times the sum over clusters of psi_c psi_c', psi_c the influence and f the factor.

    Parameters
    ----------
    correction
        The factor f, for G clusters, N rows and K parameters, and the distribution of the statistic.

        ``"CR1"``: G / (G - 1), and for a regression (N - 1) / (N - K), unit effects nested in clusters and units seen
        once not counted; t(G - 1).
        ``"CR0"``: 1, as did, csdid and diff-diff; t(G - 1).
        ``"stata"``: what reghdfe prints, and xtreg where no unit is seen once: ``"CR1"`` but for periods seen once.
        ``"areg"``: what areg and regress with dummies print: unit effects, and units seen once, count; t(G - 1).
        ``"fixest"``: what feols prints since 0.13 (``K.fixef = "nonnested"``): unit effects and units seen once do
        not count; t(G - 1). In 0.12 (``fixef.K = "nested"``) units seen once counted in N and in G.
        ``"sandwich"``: what ``lmtest::coeftest(lm, vcov = vcovCL)`` prints: the factor of areg (``HC1`` with
        ``cadjust``); t(N - K).
        ``"survey"``: Taylor linearisation as ``survey::svyglm`` with the clusters as primary units: G / (G - 1);
        t(G - 1), its ``degf``. For a panel with a `sampling_weight` and ``assign(weights="records")``.

        The last five say their factor in the notes. For what is no regression they have G / (G - 1) alone, and say so.

    Examples
    --------
    >>> ClusterRobust("areg").name
    'cluster-robust as areg, G/(G - 1) × (N - 1)/(N - K), unit effects counted in K; t(G - 1)'
    """

    correction: Literal["CR0", "CR1"] | Program = "CR1"

    @property
    def entry(self) -> Method:
        if self._convention is None:
            return rule_entry("cluster_robust", Message("rules.cluster_robust.degrees"), correction=self.correction)
        factor = Message(f"rules.cluster_robust_as.factor.{self.correction}")
        return rule_entry("cluster_robust_as", factor, program=self.correction)

    @property
    def _convention(self) -> Convention | None:
        return next((found for name, found in CONVENTIONS.items() if name == self.correction), None)

    @property
    def keeps_silent(self) -> bool:
        """Other programs count clusters that say nothing."""
        return self._convention is not None

    def attach(self, effects: Effects) -> Inference:
        """Attach the clustered variance.

        Raises
        ------
        InferenceError
            One cluster carries all that is treated, or all that is not.
        """
        refuse_single_cluster(effects)
        if (convention := self._convention) is not None:
            return self._attach_as(effects, convention)
        return clustered(effects, self, 1.0 if self.correction == "CR0" else None)

    def _attach_as(self, effects: Effects, convention: Convention) -> Inference:
        """Attach the variance that a program prints, and say by which factor."""
        influence = effects.influence
        counted = counted_of(effects.fit, singles=convention.singles)
        if counted is None:
            g = int((~silent_clusters(effects)).sum())
            factor, df = g / (g - 1), np.inf if convention.residual else g - 1.0
            kind = "normal" if convention.residual else "t"
            note = Message(f"inference.no_regression_{kind}", rule=self.entry.short, g=g, factor=factor)
        else:
            factor, df = convention.factor(counted), convention.degrees(counted)
            k, n, g = convention.parameters(counted), counted.rows, counted.clusters
            note = Message("inference.factor", rule=self.entry.short, g=g, n=round(n), k=k, factor=factor, df=round(df))
        inference = conclude(effects, self, factor * influence.T @ influence, np.full(len(effects.terms), df))
        return replace(inference, notes=(*inference.notes, note))


def cr1_factor(effects: Effects) -> float:
    """Return the small-sample factor of a clustered variance: G / (G - 1), and for a regression (N - 1) / (N - K)."""
    g = len(effects.design.clusters)
    return g / (g - 1) * effects.fit.correction


def clustered(effects: Effects, rule: Rule, factor: float | None = None) -> Inference:
    """Return the inference of a rule with the clustered variance, its factor CR1 unless given, and t(G - 1)."""
    influence, df = effects.influence, np.full(len(effects.terms), len(effects.design.clusters) - 1.0)
    factor = cr1_factor(effects) if factor is None else factor
    return conclude(effects, rule, factor * influence.T @ influence, df)


def counted_of(fit: Fit, *, singles: bool) -> Counted | None:
    """Return the rows and coefficients of the regression behind estimates; None where they are not of one."""
    while isinstance(fit, Averaged | Some):
        fit = fit.fit if isinstance(fit, Averaged) else fit.whole.fit
    return fit.counted(singles=singles)


@dataclass(frozen=True)
class Classical(Rule):
    """Independent errors of one size: what a textbook regression table prints. Not for data with clusters.

    Wooldridge (2010), section 10.5.

    Examples
    --------
    >>> import asn_impact as ai
    >>> ai.infer(ai.TwoWay()(ai.example_design()).overall(), Classical()).std_error.round(2).tolist()
    [0.09]
    """

    @property
    def entry(self) -> Method:
        return rule_entry("classical", Message("rules.classical.degrees"))

    def attach(self, effects: Effects) -> Inference:
        """Attach the classical variance of a regression.

        Raises
        ------
        InferenceError
            The effects are not coefficients of one regression.
        """
        whole, rows = Some.unfold(effects)
        if not isinstance(whole.fit, LeastSquares):
            raise InferenceError(Message("inference.no_classical", name=effects.estimator.entry.name))
        variance, df = whole.fit.classical()
        return conclude(effects, self, variance[np.ix_(rows, rows)], np.full(len(effects.terms), df))


def refuse_single_cluster(effects: Effects) -> None:
    """Raise where one cluster carries all that is treated, or all that is not."""
    if (why := single_cluster(effects.design)) is not None:
        raise InferenceError(why)


def single_cluster(design: Design) -> Message | None:
    """Return why clusters cannot tell the noise of a design: one carries all that is treated, or all that is not."""
    clusters, by, untreated = len(design.clusters), design.clustered_by, design.untreated_clusters
    if design.treated_clusters < 2:
        return Message("inference.one_treated", n=design.treated_clusters, clusters=clusters, by=by)
    if untreated < 2 and len(design.cohorts) < 2:
        return Message("inference.one_untreated", n=untreated, clusters=clusters, by=by)
    return None


def conclude(effects: Effects, rule: Rule, variance: Float, df: Float) -> Inference:
    """Return the inference; where a variance is not to be had, say why instead of giving one."""
    variance, df = variance.copy(), np.asarray(df, dtype=np.float64).copy()
    diagonal = np.diag(variance)
    size = 1.0 if effects.estimator.relative else effects.design.panel.magnitude  # logs of ratios have no unit
    flat = ~(np.sqrt(np.abs(diagonal)) > _NO_VARIATION * size)
    known, labels = np.isfinite(effects.estimate), effects.said_terms
    alone = (effects.support() < 2) & known
    notes: list[Message] = []
    if (still := flat & np.isfinite(diagonal) & known).any():
        notes.append(Alert("inference.no_variation", rule=rule.entry.name, terms=labels[still]))
    if alone.any():
        notes.append(Alert("inference.one_cluster_behind", rule=rule.entry.name, terms=labels[alone]))
    if (gone := np.isnan(diagonal) & known & ~alone).any():
        notes.append(_rests_on_one(effects, rule, gone))
    unknown = flat | np.isnan(diagonal)
    variance[unknown, :] = np.nan
    variance[:, unknown] = np.nan
    df[unknown] = np.nan
    if (weak := np.isfinite(df) & (df < 3)).any():
        notes.append(Message("inference.few_degrees", terms=labels[weak], df=float(df[weak].min())))
    return Inference(effects, rule, effects.estimate, variance, df, (*effects.notes, *notes))


def _rests_on_one(effects: Effects, rule: Rule, gone: Bool) -> Message:
    """Say which estimates cannot be had without which clusters, and what would help."""
    lost = np.asarray(np.isnan(effects.leave_one_out()[:, gone]).any(axis=1))
    clusters = [str(label) for label, out in zip(effects.design.clusters, lost, strict=True) if out]
    terms = effects.said_terms[gone]
    key = "rests_on_clusters" if clusters else "rests_on_one_cluster"
    return Alert(f"inference.{key}", rule=rule.entry.name, terms=terms, clusters=clusters)


def effective_clusters(effects: Effects) -> Float:
    """(k,) effective number of clusters: G / (1 + squared coefficient of variation of their shares in the variance).

    Carter, Schnepel and Steigerwald (2017), eq. 5, with independent working errors: the share of a cluster is the sum
    of its squared weights on the cell means.
    """
    squared = (np.nan_to_num(effects.loadings()) ** 2).sum(axis=2)
    share = cluster_sums(effects.design.cluster, len(effects.design.clusters), squared.T).T
    return ratio(share.sum(axis=1) ** 2, (share**2).sum(axis=1))
