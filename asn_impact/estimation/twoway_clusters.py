"""Errors that hang together in two ways: within an office over time, and across all offices in a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import InferenceError
from asn_impact.estimation.averages import Some
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, Rule, conclude, refuse_single_cluster
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, rule_entry
from asn_impact.words import Alert, Message, paragraph

_NOTHING = 1e-9  # share of the larger one-way variance below which the two-way variance is none


@dataclass(frozen=True)
class TwoWayClustered(Rule):
    """Clustered by the clusters of the design and by something that cuts across them (Cameron, Gelbach, Miller 2011).

    The variance is that by clusters, plus that by `by`, less that by their intersections (eq. 2.8). With ``"CR1"`` each
    of the three is multiplied by its own H / (H - 1), H its number of groups, and by the (N - 1) / (N - K) of
    `ClusterRobust`: the first of the authors' options, and that of statsmodels; fixest and reghdfe take the smallest H
    for all three. The degrees of freedom are the smaller number of groups less 1.

    The difference can be negative. An estimate whose own variance is not positive has no standard error here, and a
    note and a warning say so: clipped, it would look as if it were known almost exactly. Of the other estimates
    together the negative eigenvalues are set to 0 (their section 2.3), and a note says so.

    Parameters
    ----------
    by
        ``"period"``, or an attribute of the units that cuts across the clusters.
    correction
        ``"CR1"``, or ``"CR0"`` without factors.

    Raises
    ------
    InferenceError
        The effects are not those of one regression, a single cluster is treated, `by` is unknown, missing for some
        units or has one value, or the two-way variance of no estimate is positive.

    Examples
    --------
    >>> TwoWayClustered().name
    'two-way clustered (CR1) by clusters and period, t(min(G, H) - 1)'
    """

    by: str = "period"
    correction: Literal["CR0", "CR1"] = "CR1"

    @property
    def entry(self) -> Method:
        by = Message("rules.two_way_clustered.period") if self.by == "period" else self.by
        degrees = Message("rules.two_way_clustered.degrees")
        return rule_entry("two_way_clustered", degrees, correction=self.correction, by=by)

    def attach(self, effects: Effects) -> Inference:
        refuse_single_cluster(effects)
        whole, rows = Some.unfold(effects)
        if whole is not effects:  # what is set to 0 hangs on all coefficients, not on those that are shown
            every = self.attach(whole)
            variance = every.variance[np.ix_(rows, rows)]
            return replace(every, effects=effects, estimate=effects.estimate, variance=variance, df=every.df[rows])
        if not isinstance(effects.fit, LeastSquares):
            raise InferenceError(Message("inference.no_scores_by_cell", name=effects.estimator.entry.name))
        cells = np.nonzero(effects.fit.weight > 0)
        influence = effects.fit.cell_influence()[cells]
        one = np.broadcast_to(effects.design.cluster[:, None], effects.fit.weight.shape)[cells]
        other = _groups(effects.design, self.by)[cells]
        both = one * (other.max() + 1) + other
        groups = min(len(np.unique(one)), len(np.unique(other)))
        if groups < 2:
            raise InferenceError(Message("inference.one_value", by=self.by))
        parts = [self._one_way(influence, group, effects.fit.correction) for group in (one, other, both)]
        two_way, one_way = parts[0] + parts[1] - parts[2], np.maximum(parts[0], parts[1]).diagonal()
        none = (two_way.diagonal() <= _NOTHING * one_way) & (one_way > 0)
        notes = _without_variance(effects, none)
        variance = np.diag(one_way)  # of the estimates without a variance: a stand-in, struck out below
        variance[np.ix_(~none, ~none)], clipped = _positive(two_way[np.ix_(~none, ~none)])
        inference = conclude(effects, self, variance, np.full(len(none), groups - 1.0))
        variance = np.where(none[:, None] | none[None, :], np.nan, inference.variance)
        df = np.where(none, np.nan, inference.df)
        return replace(inference, variance=variance, df=df, notes=(*inference.notes, *notes, *clipped))

    def _one_way(self, influence: Float, group: Int, correction: float) -> Float:
        """(k, k) variance by one grouping of the (cells, k) influence."""
        distinct, code = np.unique(group, return_inverse=True)
        total = np.zeros((len(distinct), influence.shape[1]))
        np.add.at(total, code, influence)
        factor = 1.0 if self.correction == "CR0" else len(distinct) / (len(distinct) - 1) * correction
        return np.asarray(factor * total.T @ total)


def _groups(design: Design, by: str) -> Int:
    """(U, T) group of each cell in the second way."""
    shape = design.panel.mean.shape
    if by == "period":
        return np.broadcast_to(np.arange(shape[1]), shape)
    attributes = design.panel.attributes
    if by not in attributes.columns:
        known = ["period", *attributes.columns]
        raise InferenceError(paragraph(Message("inference.no_such_way", by=by, known=known), did_you_mean(by, known)))
    codes = attributes[by].factorize()[0]
    if (codes < 0).any():
        raise InferenceError(Message("inference.way_missing", by=by, n=int((codes < 0).sum())))
    return np.broadcast_to(np.asarray(codes, dtype=np.int64)[:, None], shape)


def _positive(variance: Float) -> tuple[Float, tuple[Message, ...]]:
    """Return the variance with negative eigenvalues set to 0, and a sentence if there were any."""
    values, vectors = np.linalg.eigh(variance)
    if not (values < -_NOTHING * np.abs(values).max()).any():
        return variance, ()
    positive = np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
    return positive, (Message("inference.eigenvalues_cut", n=int((values < 0).sum()), k=len(values)),)


def _without_variance(effects: Effects, none: Bool) -> tuple[Message, ...]:
    """Say which estimates vary, but have a two-way variance that is not positive; refuse if all have."""
    if not none.any():
        return ()
    note = Alert("inference.not_positive", terms=effects.said_terms[none])
    if none.all():
        raise InferenceError(note)
    return (note,)
