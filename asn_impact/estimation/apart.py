"""Period effects of each group of units: everybody is predicted from the untreated cells of its own group alone.

What happens in one regency says nothing of a month in another. The effects of all groups are then pooled: a mean of the
cells of all of them, as it is without groups. Leaving a cluster out changes the prediction of its own groups and the
weights of all, so that the covariances of the deviations are of low rank but for clusters that share a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import scipy

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.designs.design import attribute
from asn_impact.errors import EstimationError
from asn_impact.estimation.cell_effects import CellFit
from asn_impact.estimation.clusters import ratio
from asn_impact.estimation.deletions import Deletions, Weigh, trace_of
from asn_impact.estimation.effects import Estimator
from asn_impact.estimation.prediction import PredictionFit, mean_effect
from asn_impact.estimation.working import Working
from asn_impact.words import Alert, Message

_MEANS = 6  # means that pass through the groups together: each holds a number for every two clusters of a group
_NOTHING = 1e-12  # share of the weight of a term below which nothing of it is left


def groups_of(design: Design, name: str) -> Int:
    """(U,) the group of each unit, by the name of an attribute.

    Raises
    ------
    EstimationError
        The units have no such attribute, or it is missing for some of them.
    """
    labels = attribute(design.panel, name, "estimation.no_period_groups", EstimationError)
    codes = pd.factorize(labels, sort=False)[0].astype(np.int64)
    if (codes < 0).any():
        units = [str(design.panel.units[u]) for u in np.flatnonzero(codes < 0)]
        raise EstimationError(Message("estimation.without_group", name=name, n=len(units), units=units))
    return codes


class OfGroups(Estimator):
    """An estimator whose period effects all units share, or the units of each group, by the name of an attribute."""

    periods: str | None
    trend: str = "common"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.periods is not None and (self.covariates or self.trend != "common"):
            raise EstimationError(Message("estimation.groups_share_no_slope", periods=self.periods))

    @property
    def uses(self) -> tuple[str, ...]:
        return self.covariates if self.periods is None else (*self.covariates, self.periods)


def of_each(periods: str | None) -> Message | None:
    """Return the part of a name that says whose the period effects are; None where all units share them."""
    return None if periods is None else Message("methods.periods_of_each", name=periods)


def apart(whole: PredictionFit, group: Int) -> Apart:
    """Return the fit in which every group of units has period effects of its own."""
    order = np.argsort(group, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group))[:-1])
    return Apart(whole, tuple(members))


@dataclass(frozen=True, eq=False)
class Group:
    """The fit of one group."""

    fit: PredictionFit  #: on the design of its units
    #: (n,) positions of its units, and (c,) of its clusters, among all.
    units: Int
    clusters: Int


@dataclass(frozen=True, eq=False)
class Apart(CellFit):
    """Means over all groups of outcome minus prediction, by cohort and period."""

    whole: PredictionFit  #: what would be fitted without groups; nothing of it is worked out
    members: tuple[Int, ...]  #: the units of each group

    @property
    def design(self) -> Design:  # type: ignore[override]
        """All units."""
        return self.whole.design

    @property
    def start(self) -> Float:  # type: ignore[override]
        """(k,) adoption step of each term."""
        return self.whole.start

    @property
    def period(self) -> Int:  # type: ignore[override]
        """(k,) position of the period of each term."""
        return self.whole.period

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The fit of each group, on its own units."""
        return tuple(self._group(units) for units in self.members)

    def _group(self, units: Int) -> Group:
        whole, chosen = self.whole, np.zeros(len(self.design.adopted), dtype=np.bool_)
        chosen[units] = True
        fit = replace(
            whole,
            design=replace(whole.design, notes=()).where(chosen),
            untreated=whole.untreated[units],
            noise=whole.noise[units],
            x=whole.x[units],
            kept=whole.kept // len(self.members),
        )
        return Group(fit, units, np.unique(whole.design.cluster[units]))

    def with_mean(self, mean: Float) -> Apart:
        other = replace(self, whole=self.whole.with_mean(mean))
        own = tuple(replace(group, fit=group.fit.with_mean(mean[group.units])) for group in self.groups)
        vars(other)["groups"] = own
        return other

    @property
    def working(self) -> Working | None:
        return self.whole.working

    # ------------------------------------------------------------------------------------ estimates

    def _by_cluster(self, values: Iterator[Float]) -> Float:
        """(G, k) sums over groups of the (c, k) values of the clusters of each."""
        total = np.zeros((len(self.design.clusters), len(self.start)))
        for group, own in zip(self.groups, values, strict=True):
            total[group.clusters] += own
        return total

    @cached_property
    def _sizes(self) -> Float:
        """(R, k) weight of each group in each term."""
        return np.stack([group.fit._size.sum(axis=0) for group in self.groups])

    @cached_property
    def _sums(self) -> Float:
        """(R, k) weighted sums of the effects of each group."""
        return np.stack(
            [size * np.nan_to_num(g.fit.estimate) for g, size in zip(self.groups, self._sizes, strict=True)]
        )

    @cached_property
    def estimate(self) -> Float:
        """(k,) mean effects; NaN where no cell can be predicted."""
        return ratio(self._sums.sum(axis=0), self._sizes.sum(axis=0))

    def notes(self) -> tuple[Message, ...]:
        """Return what is to be said of treated cells that their own group cannot predict."""
        terms = np.append(np.isfinite(self.estimate), False)
        lost, silent = 0, 0
        for group in self.groups:
            fit = group.fit
            asked = fit.design.panel.observed & terms[fit._term]
            counted = fit._weight > 0
            lost += int((asked & ~counted).sum())
            silent += int(asked.any() and not counted.any())
        if not lost:
            return ()
        return (Alert("estimation.cells_not_predicted_apart", n=lost, silent=silent, groups=len(self.groups)),)

    def influence(self) -> Float:
        """(G, k) influence of each cluster, effects less the mean effect of all groups."""
        total = self._sizes.sum(axis=0)
        if self.whole.deviation == "weighted_mean":
            around = np.broadcast_to(self.estimate, (len(self.design.clusters), len(self.start)))
        else:
            squares = [group.fit.squares() for group in self.groups]
            effect = mean_effect(self.whole, *(self._by_cluster(iter(part)) for part in zip(*squares, strict=True)))
            around = np.broadcast_to(effect, (len(self.design.clusters), len(self.start)))
        return self._by_cluster(g.fit.influence_around(around[g.clusters], total) for g in self.groups)

    def loadings_of(self, weights: Float) -> Float:
        loadings = np.empty((len(weights), *self.whole.untreated.shape))
        each = np.nan_to_num(ratio(weights, self._sizes.sum(axis=0)))
        for group, size in zip(self.groups, self._sizes, strict=True):
            loadings[:, group.units] = group.fit.loadings_of(each * size)
        return loadings

    # ---------------------------------------------------------------------------- without a cluster

    @cached_property
    def _left(self) -> Float:
        """(G, k) weight of each term without each cluster."""
        changes = (group.fit.weights_without() - size for group, size in zip(self.groups, self._sizes, strict=True))
        size = self._sizes.sum(axis=0)
        left = size + self._by_cluster(changes)
        return np.where(left > _NOTHING * size, left, 0.0)

    @cached_property
    def _deleted(self) -> Float:
        changes = (
            group.fit.weights_without() * np.nan_to_num(group.fit.leave_one_out()) - total
            for group, total in zip(self.groups, self._sums, strict=True)
        )
        return ratio(self._sums.sum(axis=0) + self._by_cluster(changes), self._left)

    def leave_one_out(self) -> Float:
        return self._deleted

    def loadings_without(self, weights: Float) -> Float:
        loadings = np.empty((*weights.shape[:2], *self.whole.untreated.shape))
        each = np.nan_to_num(ratio(weights, self._left[:, None]))
        for group, size in zip(self.groups, self._sizes, strict=True):
            flat = (each * size).reshape(-1, each.shape[2])
            own = group.fit.loadings_of(flat).reshape(*each.shape[:2], len(group.units), -1)
            left = each[group.clusters] * group.fit.weights_without()[:, None]
            own[group.clusters] = group.fit.loadings_without(left)
            loadings[:, :, group.units] = own
        return loadings

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> Iterator[Deletions]:
        """Yield what happens to m weighted means of the estimates when each cluster goes; see `PredictionFit`.

        Notes
        -----
        With F_r (k,) the weighted sums of the effects of group r, a mean is phi_0 . sum of F_r, and without cluster c
        it is phi_c . sum of F_r and what changes in the groups of c: L_c, which lives on the cells of these groups.
        """
        every, known = np.arange(len(self.design.clusters)), np.isfinite(self._deleted)
        for first in range(0, len(now), _MEANS):
            means = []
            for j in range(first, min(first + _MEANS, len(now))):
                weights = np.where(known, weigh(j, every, known), 0.0)
                means.append(_Mean.begin(now[j], weights, self, len(groups)))
            for group in self.groups:
                self._add_group(means, group, groups)
            while means:
                yield means.pop(0).finish(groups)

    def _add_group(self, means: list[_Mean], group: Group, groups: Bool) -> None:
        """Add the cells of a group to the covariances of the means."""
        fit, clusters = group.fit, group.clusters
        root = fit._roots(np.arange(len(group.units)))
        used = np.unique(np.concatenate([mean.columns for mean in means]))
        unit = np.zeros((len(used), len(self.start)))
        unit[np.arange(len(used)), used] = fit._size.sum(axis=0)[used]
        sums = _standard(fit.loadings_of(unit), root)  # (k', n, T)
        left = fit.weights_without()
        changed = np.zeros((len(clusters), len(means), len(self.start)))
        for j, mean in enumerate(means):
            changed[:, j, mean.columns] = mean.phi[clusters] * left[:, mean.columns]
        without = _standard(fit.loadings_without(changed), root)  # (c, m, n, T)
        of_group = groups[:, clusters][:, fit.design.cluster]  # (h, n)
        for j, mean in enumerate(means):
            terms = sums[np.searchsorted(used, mean.columns)]
            local = without[:, j] - np.tensordot(mean.phi[clusters], terms, axes=1)
            mean.add(clusters, terms, local, of_group, fit.design.cluster)


@dataclass(frozen=True, eq=False)
class _Mean:
    """A weighted mean on its way through the groups: k' `columns` enter, by `first`, and (G, k') `phi` without each."""

    columns: Int
    first: Float
    phi: Float
    estimate: Float
    own: Float
    covariance: Float
    cross: Float
    near: list[list[tuple[Int, Float]]]

    @classmethod
    def begin(cls, now: Float, without: Float, fit: Apart, h: int) -> _Mean:
        """Return a mean before any group was added, from (k,) weights and the (G, k) weights without each cluster."""
        columns = np.flatnonzero(now != 0)
        phi = np.nan_to_num(ratio(without[:, columns], fit._left[:, columns]))
        estimate = (without * np.nan_to_num(fit._deleted)).sum(axis=1)
        g, k = phi.shape
        return cls(
            columns,
            now[columns] / fit._sizes.sum(axis=0)[columns],
            phi,
            np.where(without.any(axis=1), estimate, np.nan),
            np.zeros(g),
            np.zeros((h, k, k)),
            np.zeros((h, g, k)),
            [[] for _ in range(h)],
        )

    def add(self, clusters: Int, terms: Float, local: Float, of_group: Bool, cluster: Int) -> None:
        """Add the (k', n, T) sums of a group and (c, n, T) what its clusters change in it, on standardised errors."""
        square = (np.tensordot(self.first, terms, axes=1) ** 2).sum(axis=1)
        self.own[clusters] += np.bincount(cluster, square, minlength=len(clusters))
        for h, some in enumerate(of_group):
            if some.any():
                these, those = (part[:, some].reshape(len(part), -1) for part in (terms, local))
                self.covariance[h] += these @ these.T
                self.cross[h][clusters] += those @ these.T
                self.near[h].append((clusters, those @ those.T))

    def finish(self, groups: Bool) -> Near:
        """Return what was added up."""
        near = tuple(_joined(parts, len(self.phi)) for parts in self.near)
        change, nothing = self.phi - self.first, np.zeros(len(self.phi))
        return Near(self.estimate, self.own, change, self.covariance, self.cross, nothing, groups, None, near)


@dataclass(frozen=True, eq=False)
class Near(Deletions):
    """One weighted mean without each cluster, where clusters that share a group move it together.

    Attributes
    ----------
    cross
        (h, G, r) covariance of the r functions with what a cluster changes in its groups, by group of clusters.
    near
        h sparse (G, G) covariances of what two clusters change in the groups they share.
    """

    near: tuple[scipy.sparse.csr_array, ...] = ()

    def traces(self, scale: Float) -> tuple[Float, Float, Float]:
        """Return expectations (h, G) of the scaled squares, their sums (h,), and products (h, h) of their covariances.

        Notes
        -----
        M_h = D H_h D' + D P_h' + P_h D' + N_h, with D the coefficients, P_h the cross covariances and N_h `near`.
        """
        d, number = self.coefficient * scale[:, None], range(len(self.covariance))
        p = [one * scale[:, None] for one in self.cross]
        weigh = scipy.sparse.diags_array(scale)
        near = [scipy.sparse.csr_array(weigh @ one @ weigh) for one in self.near]
        smooth = [((d @ h) * d).sum(axis=1) + 2 * (d * q).sum(axis=1) for h, q in zip(self.covariance, p, strict=True)]
        expected = np.stack([one + both.diagonal() for one, both in zip(smooth, near, strict=True)])
        reached = [one @ d for one in near]
        product = np.empty((len(p), len(p)))
        for i in number:
            for j in range(i, len(p)):
                h, k = self.covariance[i], self.covariance[j]
                low = trace_of(h, k, d.T @ d, -d.T @ p[j], -p[i].T @ d, p[i].T @ p[j])
                mixed = sum((reached[b] * (d @ self.covariance[a] + 2 * p[a])).sum() for a, b in ((i, j), (j, i)))
                product[i, j] = product[j, i] = low + mixed + near[i].multiply(near[j]).sum()
        return expected, expected.sum(axis=1), product


def _standard(weights: Float, root: Float) -> Float:
    """Return (..., n, T) weights on errors as weights on errors of variance one."""
    return np.asarray((weights[..., None, :] @ root)[..., 0, :])


def _joined(parts: list[tuple[Int, Float]], size: int) -> scipy.sparse.csr_array:
    """Return the sum of dense blocks as a sparse (G, G) matrix."""
    if not parts:
        return scipy.sparse.csr_array((size, size))
    row = np.concatenate([np.repeat(clusters, len(clusters)) for clusters, _ in parts])
    column = np.concatenate([np.tile(clusters, len(clusters)) for clusters, _ in parts])
    return scipy.sparse.csr_array(
        (np.concatenate([block.ravel() for _, block in parts]), (row, column)), shape=(size, size)
    )
