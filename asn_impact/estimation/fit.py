"""The numbers behind estimates that every rule of inference asks for; an estimator overrides what it knows better."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.counted import Counted
from asn_impact.estimation.deletions import Deletions, Weigh
from asn_impact.estimation.working import Working

if TYPE_CHECKING:
    from asn_impact.estimation.effects import Effects


@dataclass(frozen=True, eq=False)
class Traces:
    """Moments of sums of G squares under a working model, for k estimates and h groups of clusters."""

    expected: Float  #: (k, h, G) expectation of each square, if the errors vary in one group only
    total: Float  #: (k, h) their sums
    #: (k, h, h) traces of the products of the groups' covariances: half the covariance of the sums of squares.
    product: Float

    @classmethod
    def of(cls, moments: Float) -> Traces:
        """Return the traces of (k, h, G, G) covariances."""
        expected = np.einsum("khgg->khg", moments)
        return cls(expected, expected.sum(axis=2), np.einsum("khgf,klgf->khl", moments, moments, optimize=True))

    def of_rows(self, rows: Int) -> Traces:
        """Return the traces of some of the estimates."""
        return Traces(self.expected[rows], self.total[rows], self.product[rows])

    @classmethod
    def stacked(cls, parts: Sequence[Traces]) -> Traces:
        """Return the traces of several sets of estimates, one after the other."""
        names = ("expected", "total", "product")
        return cls(*(np.concatenate([vars(part)[name] for part in parts]) for name in names))


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each cluster adds to a variance: k variances that are sums of G squares, each linear in the cell means."""

    value: Float  #: (G, k) the numbers that are squared and summed
    #: Called with (h, G) groups of clusters: the moments of the squares if the errors were independent, of variance one
    #: over the weight of the cell (or of the estimator's working model), in one group and zero elsewhere.
    traces: Callable[[Bool], Traces]


class Fit(ABC):
    """The numbers behind k estimates on a design of G clusters, U units and T periods.

    Four are asked of every fit; the others have a definition here that holds for any. A fit that knows a closed form
    puts it in place of that definition.
    """

    @property
    @abstractmethod
    def estimate(self) -> Float:
        """(k,) the estimates; NaN where not estimable."""

    @abstractmethod
    def influence(self) -> Float:
        """(G, k) what each cluster adds to the error of each estimate; the variance is the sum of squares."""

    @abstractmethod
    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster in turn; NaN where one rests on that cluster alone."""

    @abstractmethod
    def loadings(self) -> Float:
        """(k, U, T) the weight of each cell mean in each estimate."""

    @property
    def correction(self) -> float:
        """Small-sample factor of the variance besides G / (G - 1): (N - 1) / (N - K) for a regression, else 1."""
        return 1.0

    def counted(self, *, singles: bool) -> Counted | None:
        """Return the rows and coefficients of the regression that the estimates are of; None where they are of none."""
        return None

    @property
    def linear(self) -> bool:
        """Whether the estimates are the same weighted sums of cell means whatever the outcome is."""
        return True

    @property
    def regression(self) -> bool:
        """Whether the estimates are coefficients of one regression, with closed forms for every rule."""
        return False

    @property
    def working(self) -> Working | None:
        """What was chosen by the outcome and can be held, for an estimator with a working covariance."""
        return None

    @property
    def by_cell(self) -> Fit:
        """The fit of the estimator's own terms, where this one averages them."""
        return self

    @property
    def known(self) -> Bool:
        """(k,) estimates that an average counts."""
        return np.isfinite(self.estimate)

    def cell_variance(self, design: Design) -> Float:
        """(U, T) working variance of each cell mean, on whatever scale: one over the weight of the cell."""
        weight = np.where(design.panel.observed, design.panel.weight, 0.0)
        return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)

    def influence_of(self, weights: Float) -> Float:
        """(G, m) influence of (m, k) weighted sums of the estimates."""
        return np.asarray(np.nan_to_num(self.influence()) @ weights.T)

    def loadings_of(self, weights: Float) -> Float:
        """(m, U, T) weights on the cell means of (m, k) weighted sums of the estimates."""
        return np.asarray(np.tensordot(weights, np.nan_to_num(self.loadings()), axes=1))

    def with_mean(self, mean: Float) -> Fit | None:
        """Return the fit of other (U, T) cell means on the same cells, where much of it does not depend on them."""
        return None

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> Iterable[Deletions] | None:
        """Return what happens to (m, k) weighted means of the estimates when each cluster goes; see `Deletions`.

        `weigh` gives the (c, k) weights of a mean without each of c clusters. None where no form in low rank is known.
        """
        return None

    def deletions_of_sums(self, weights: Float, groups: Bool) -> Iterable[Deletions] | None:
        """Return the same for (m, k) fixed sums of the estimates, all of which stay known without any cluster."""
        return None

    def loadings_without(self, weights: Float) -> Float | None:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of the estimates without each cluster.

        None where there is no closed form: then the estimator is called again without each cluster.
        """
        return None

    def alone(self, effects: Effects, j: int) -> tuple[Effects, int]:
        """Return the effects that estimate j has its outcome in common with, and its position among them."""
        return effects, j

    def differences(self, effects: Effects) -> Float:
        """(G, k, U, T) the weights on the cell means without each cluster, less the weights with all of them."""
        design = effects.design
        difference = np.repeat(-self.loadings()[None], len(design.clusters), axis=0)
        for c in range(len(difference)):
            try:
                difference[c][:, design.cluster != c] += _same_terms(effects, effects.anew(design.without(c)))
            except EstimationError:  # nothing is left without the cluster
                difference[c] = np.nan
        return np.where(np.isnan(difference).any(axis=(2, 3), keepdims=True), np.nan, difference)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        """Return what happens to each estimate when each cluster goes, in low rank; None where that is not known."""

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            return np.where(np.arange(known.shape[1]) == row, known, 0.0)

        return self.means_without(np.diag(np.isfinite(self.estimate).astype(np.float64)), weigh, groups)

    def deleted(self, effects: Effects) -> Contributions:
        """Return the deviations of the estimates without each cluster, with their moments."""
        if (parts := self.deletions(effects.design, two_groups(effects.design))) is not None:
            return contributions_of(parts, self.estimate, scaled=False)
        value = self.leave_one_out() - self.estimate
        return Contributions(
            value,
            lambda groups: Traces.of(moments_of(effects.design, spread(effects, self.differences(effects)), groups)),
        )

    def bias_reduced(self, effects: Effects) -> Contributions:
        """Return the deviations scaled to be unbiased under independent errors, with their moments."""
        if (parts := self.deletions(effects.design, two_groups(effects.design))) is not None:
            return contributions_of(parts, self.estimate, scaled=True)
        difference = spread(effects, self.differences(effects))
        own = np.zeros((len(self.estimate), len(effects.design.clusters)))
        np.add.at(own.T, effects.design.cluster, (spread(effects, self.loadings()) ** 2).sum(axis=2).T)
        expected = (difference**2).sum(axis=(2, 3)).T
        share = np.divide(own, expected, out=np.full(own.shape, np.nan), where=expected > 0)
        scale = np.sqrt(np.where(own > 0, share, 0.0)).T  # (G, k)
        without = effects.estimator.estimates_anew(effects)
        value = np.where(scale > 0, without - self.estimate, 0.0) * scale
        scaled = difference * scale[:, :, None, None]
        return Contributions(value, lambda groups: Traces.of(moments_of(effects.design, scaled, groups)))


@dataclass(frozen=True, eq=False)
class Joined(Fit):
    """The estimates of several fits on the same design, one after the other."""

    fits: Sequence[Fit]

    @cached_property
    def estimate(self) -> Float:
        return np.concatenate([fit.estimate for fit in self.fits])

    def influence(self) -> Float:
        return np.concatenate([fit.influence() for fit in self.fits], axis=1)

    def leave_one_out(self) -> Float:
        return np.concatenate([fit.leave_one_out() for fit in self.fits], axis=1)

    def loadings(self) -> Float:
        return np.concatenate([fit.loadings() for fit in self.fits])

    def differences(self, effects: Effects) -> Float:
        return np.concatenate([fit.differences(effects) for fit in self.fits], axis=1)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        parts = [fit.deletions(design, groups) for fit in self.fits]
        return None if None in parts else chain.from_iterable(part for part in parts if part is not None)


def two_groups(design: Design) -> Bool:
    """(h, G) the clusters with treated units and the others; one group where all are treated."""
    treated = np.isin(np.arange(len(design.clusters)), design.cluster[np.isfinite(design.adopted)])
    return np.stack([treated, ~treated])[: 1 if treated.all() else 2]


def contributions_of(parts: Iterable[Deletions], estimate: Float, *, scaled: bool) -> Contributions:
    """Return the deviations that deletions in low rank make, scaled to be unbiased or as they are: one at a time."""
    values, traces, known = [], [], []
    for part, whole in zip(parts, estimate, strict=True):
        scale = part.scale() if scaled else np.ones(len(part.estimate))
        values.append(np.where(scale > 0, part.estimate - whole, 0.0) * scale)
        traces.append(Traces(*(np.asarray(one)[None] for one in part.traces(scale))))
        known.append(part.groups)
    stacked = Traces.stacked(traces)

    def of_groups(groups: Bool) -> Traces:
        assert all(np.array_equal(groups, one) for one in known), "deletions are worked out for their groups"
        return stacked

    return Contributions(np.stack(values, axis=1), of_groups)


def differences_of(fit: Fit, effects: Effects) -> Float:
    """(G, k, U, T) the same for a fit that knows its `loadings_without`: NaN where a cluster carries an estimate."""
    clusters, k = len(effects.design.clusters), len(fit.estimate)
    without = fit.loadings_without(np.broadcast_to(np.eye(k), (clusters, k, k)))
    assert without is not None
    return np.where(np.isnan(fit.leave_one_out())[:, :, None, None], np.nan, without - fit.loadings()[None])


def moments_of(design: Design, weights: Float, groups: Bool) -> Float:
    """(k, h, G, G) covariances of G sums with (G, k, U, T) weights, if errors vary in one group of clusters only."""
    g, k = weights.shape[:2]
    moments = np.empty((k, len(groups), g, g))
    for h, group in enumerate(groups):
        part = weights[:, :, group[design.cluster]].transpose(1, 0, 2, 3).reshape(k, g, -1)
        moments[:, h] = part @ part.transpose(0, 2, 1)
    return moments


def spread(effects: Effects, weights: Float) -> Float:
    """Weights on errors of the working variance of each cell, as weights on errors of variance one."""
    return np.asarray(np.nan_to_num(weights) * np.sqrt(effects.fit.cell_variance(effects.design)))


def _same_terms(effects: Effects, without: Effects) -> Float:
    """Return the loadings without a cluster in the order of the full terms; NaN where a term has gone."""
    if without.terms.equals(effects.terms):
        return without.loadings()
    rows = without.terms.itertuples(index=False)
    loadings = {tuple(row): loading for row, loading in zip(rows, without.loadings(), strict=True)}
    empty = np.full(without.design.panel.mean.shape, np.nan)
    return np.stack([loadings.get(tuple(row), empty) for row in effects.terms.itertuples(index=False)])
