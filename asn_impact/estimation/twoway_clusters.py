"""Errors that hang together in two ways: within an office over time, and across all offices in a month."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, InferenceError, listed, nearest
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, conclude, refuse_single_cluster
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, Procedure, rule_entry
from asn_impact.words import Message

__all__ = ["TwoWayClustered"]

_NOTHING = 1e-9  # share of the larger one-way variance below which the two-way variance is none


@dataclass(frozen=True)
class TwoWayClustered(Procedure):
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
        """Name, sentence and source."""
        by = Message("rules.two_way_clustered.period") if self.by == "period" else self.by
        degrees = Message("rules.two_way_clustered.degrees")
        return rule_entry("two_way_clustered", degrees, correction=self.correction, by=by)

    def __call__(self, effects: Effects) -> Inference:
        """Attach the two-way clustered variance."""
        refuse_single_cluster(effects)
        if not isinstance(effects.fit, LeastSquares):
            raise InferenceError(
                f"{effects.estimator.name} is not one regression: it has no scores by cell. Use BiasReduced() or "
                "Jackknife(), or TwoWayClustered() on TwoWay()."
            )
        cells = np.nonzero(effects.fit.weight > 0)
        influence = effects.fit.cell_influence()[cells]
        one = np.broadcast_to(effects.design.cluster[:, None], effects.fit.weight.shape)[cells]
        other = _groups(effects.design, self.by)[cells]
        both = one * (other.max() + 1) + other
        groups = min(len(np.unique(one)), len(np.unique(other)))
        if groups < 2:
            raise InferenceError(
                f"{self.by!r} has one value here. Two-way clusters need two or more. Use BiasReduced()."
            )
        parts = [self._one_way(influence, group, effects.fit.correction) for group in (one, other, both)]
        two_way, one_way = parts[0] + parts[1] - parts[2], np.maximum(parts[0], parts[1]).diagonal()
        none = (two_way.diagonal() <= _NOTHING * one_way) & (one_way > 0)
        notes = _without_variance(effects, none)
        variance = np.diag(one_way)  # of the estimates without a variance: a stand-in, struck out below
        variance[np.ix_(~none, ~none)], clipped = _positive(two_way[np.ix_(~none, ~none)])
        inference = conclude(effects, self, variance, np.full(len(none), groups - 1.0))
        return _struck_out(inference, none, (*notes, *clipped))

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
        raise InferenceError(
            f"by={by!r} is neither 'period' nor an attribute of the units. Available: {listed(known, 20)}."
            f"{nearest(by, known)}"
        )
    codes = attributes[by].factorize()[0]
    if (codes < 0).any():
        raise InferenceError(f"{by!r} is missing for {int((codes < 0).sum())} units. Fill it in, or leave them out.")
    return np.broadcast_to(np.asarray(codes, dtype=np.int64)[:, None], shape)


def _positive(variance: Float) -> tuple[Float, tuple[str, ...]]:
    """Return the variance with negative eigenvalues set to 0, and a sentence if there were any."""
    values, vectors = np.linalg.eigh(variance)
    if not (values < -_NOTHING * np.abs(values).max()).any():
        return variance, ()
    kept = np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
    note = (
        f"The two-way variance has {int((values < 0).sum())} negative of {len(values)} eigenvalues, set to 0: "
        "compare with ClusterRobust()."
    )
    return kept, (note,)


def _without_variance(effects: Effects, none: Bool) -> tuple[str, ...]:
    """Say which estimates vary, but have a two-way variance that is not positive; refuse if all have."""
    if not none.any():
        return ()
    names = np.array([" ".join(str(v) for v in row) for row in effects.terms.itertuples(index=False)])
    note = (
        f"The two-way variance of {listed(names[none], 3)} is not positive: what the clusters and the other way share "
        "is more than they have. Use BiasReduced(), or the larger of the one-way variances."
    )
    if none.all():
        raise InferenceError(note)
    warnings.warn(note, DataWarning, stacklevel=4)
    return (note,)


def _struck_out(inference: Inference, none: Bool, notes: tuple[str, ...]) -> Inference:
    """Return the inference without the variance of some estimates."""
    variance = np.where(none[:, None] | none[None, :], np.nan, inference.variance)
    df = np.where(none, np.nan, inference.df)
    return replace(inference, variance=variance, df=df, notes=(*inference.notes, *notes))
