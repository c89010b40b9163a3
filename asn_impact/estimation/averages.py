"""Some of the estimates of a fit, and weighted means of them: the fits behind views."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.estimation.clusters import ratio
from asn_impact.estimation.deletions import Deletions
from asn_impact.estimation.fit import Contributions, Fit
from asn_impact.estimation.views import Cells, keep_whole
from asn_impact.estimation.working import Working

if TYPE_CHECKING:
    from asn_impact.estimation.effects import Effects


@dataclass(frozen=True, eq=False)
class Some(Fit):
    """Some of the estimates of a fit: the others keep their part in it, as covariates do in a regression."""

    whole: Effects  #: the effects of all coefficients
    rows: Int  #: (k,) positions of those that are wanted

    @property
    def estimate(self) -> Float:
        return self.whole.estimate[self.rows]

    def influence(self) -> Float:
        return self.whole.influence[:, self.rows]

    def leave_one_out(self) -> Float:
        return self.whole.leave_one_out()[:, self.rows]

    def loadings(self) -> Float:
        return self.whole.loadings()[self.rows]

    @property
    def correction(self) -> float:
        return self.whole.fit.correction

    @property
    def linear(self) -> bool:
        return self.whole.linear

    @property
    def regression(self) -> bool:
        return self.whole.fit.regression

    def alone(self, effects: Effects, j: int) -> tuple[Effects, int]:
        """Return the whole regression and the position of estimate j in it: for rules that hold one coefficient."""
        return self.whole.fit.alone(self.whole, int(self.rows[j]))

    @classmethod
    def unfold(cls, effects: Effects) -> tuple[Effects, Int]:
        """Return the effects that others are some of, and the positions of these among them; else themselves."""
        if not isinstance(effects.fit, cls):
            return effects, np.arange(len(effects.terms))
        whole, rows = cls.unfold(effects.fit.whole)
        return whole, rows[effects.fit.rows]

    def differences(self, effects: Effects) -> Float:
        return self.whole.fit.differences(self.whole)[:, self.rows]

    def deleted(self, effects: Effects) -> Contributions:
        return self._own(self.whole.fit.deleted(self.whole))

    def bias_reduced(self, effects: Effects) -> Contributions:
        return self._own(self.whole.fit.bias_reduced(self.whole))

    def _own(self, whole: Contributions) -> Contributions:
        return Contributions(whole.value[:, self.rows], lambda groups: whole.traces(groups).of_rows(self.rows))


@dataclass(frozen=True, eq=False)
class Averaged(Fit):
    """Weighted means of another fit's estimates; cohort sizes are estimates too, and count as such.

    `member` (m, k) says which terms enter; weights are the cohort sizes, or all alike when `alike`. A cohort that lacks
    one of the terms that are `needed` (k,) does not enter at all. Where sizes are not `estimated` they are given.
    """

    fit: Fit
    cells: Cells
    member: Bool
    alike: bool
    needed: Bool | None = None
    estimated: bool = True

    def _by_term(self, sizes: Float, known: Bool | None) -> Float:
        """(..., k) weights of the terms that are known, before they sum to anything."""
        by_term = np.ones_like(sizes[..., self.cells.cohort]) if self.alike else sizes[..., self.cells.cohort]
        by_term = np.where(sizes[..., self.cells.cohort] > 0, by_term, 0.0)
        return by_term if known is None else np.where(keep_whole(known, self.needed, self.cells), by_term, 0.0)

    def _weights(self, sizes: Float, known: Bool | None = None, rows: slice = slice(None)) -> Float:
        """(..., m, k) weights that sum to one, from (..., C) cohort sizes; NaN where nothing is left.

        Estimates that are not `known` (..., k) leave the mean, their weight going to the others.
        """
        raw = self.member[rows] * self._by_term(sizes, known)[..., None, :]
        return ratio(raw, raw.sum(axis=-1, keepdims=True))

    @property
    def _now(self) -> Float:
        return self._weights(self.cells.sizes.sum(axis=0))

    def _sizes_without(self) -> Float:
        """(G, C) sizes of the cohorts without each cluster."""
        total = self.cells.sizes.sum(axis=0)
        sizes = total - self.cells.sizes
        return np.where(sizes > 1e-12 * total, sizes, 0.0)

    @property
    def estimate(self) -> Float:
        return _mean(self._now, self.fit.estimate)

    def influence(self) -> Float:
        direct = self.fit.influence_of(self._now)
        return np.asarray(direct + self.cells.sizes @ self.pull().T) if self.estimated else direct

    def pull(self) -> Float:
        """(m, C) what a unit more in each cohort does to each mean, its estimates as they are."""
        by_cohort = np.zeros((len(self.member), self.cells.sizes.shape[1]))
        if self.alike:
            return by_cohort
        deviation = np.nan_to_num(self.fit.estimate[None, :] - self.estimate[:, None])
        total = (self.member * self.cells.sizes.sum(axis=0)[self.cells.cohort]).sum(axis=1)
        np.add.at(by_cohort.T, self.cells.cohort, ((self.member * deviation) / total[:, None]).T)
        return by_cohort

    def with_mean(self, mean: Float) -> Averaged | None:
        fit = self.fit.with_mean(mean)
        return None if fit is None else replace(self, fit=fit)

    def leave_one_out(self) -> Float:
        deleted, sizes = self.fit.leave_one_out(), self._sizes_without()
        block = max(1, 20_000_000 // self.member.size)
        return np.concatenate(
            [
                _mean(self._weights(sizes[some], np.isfinite(deleted[some])), deleted[some])
                for some in (slice(first, first + block) for first in range(0, len(sizes), block))
            ]
        )

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        sizes = self._sizes_without()

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            return np.nan_to_num(self._weights(sizes[clusters], known, slice(row, row + 1))[:, 0])

        return self.fit.means_without(self._now, weigh, groups)

    def deletions_of_sums(self, weights: Float, groups: Bool) -> Iterable[Deletions] | None:
        sizes = self._sizes_without()

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            by_mean = (
                (j, self._weights(sizes[clusters], known, slice(j, j + 1))[:, 0]) for j in weights[row].nonzero()[0]
            )
            return sum((weights[row, j] * by_term for j, by_term in by_mean), np.zeros(known.shape))

        used = (weights != 0).any(axis=0)
        return self.fit.means_without(weights[:, used] @ self._now[used], weigh, groups)

    def differences(self, effects: Effects) -> Float:
        known = np.isfinite(self.fit.leave_one_out())
        loadings = self.fit.loadings_without(np.nan_to_num(self._weights(self._sizes_without(), known)))
        if loadings is None:
            return super().differences(effects)
        gone = np.isnan(self.leave_one_out())
        return np.where(gone[:, :, None, None], np.nan, loadings - self.loadings()[None])

    def loadings(self) -> Float:
        return self.fit.loadings_of(self._now)

    def loadings_of(self, weights: Float) -> Float:
        return self.fit.loadings_of(weights @ self._now)

    @property
    def by_cell(self) -> Fit:
        return self.fit

    @property
    def correction(self) -> float:
        return self.fit.correction

    @property
    def linear(self) -> bool:
        return self.fit.linear

    @property
    def working(self) -> Working | None:
        return self.fit.working

    def cell_variance(self, design: Design) -> Float:
        return self.fit.cell_variance(design)


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooled(Averaged):
    """One mean of the means of a view: cohorts by their size, event times and periods alike.

    `means` (n, k) says which terms enter each of them, `member` (1, k) which enter any. So the one number is a weighted
    mean of the terms as well, with other weights, and everything else is as for any other. A mean of which nothing is
    left leaves the overall, as it does when it is estimated again.
    """

    means: Bool

    def _weights(self, sizes: Float, known: Bool | None = None, rows: slice = slice(None)) -> Float:
        """(..., 1, k) weights that sum to one."""
        by_term, member = self._by_term(sizes, known), self.means.astype(np.float64)
        total = by_term @ member.T
        share = self._shares(sizes, total)
        each = np.divide(share, total, out=np.zeros_like(total), where=total > 0) @ member
        return np.where(np.isnan(share).any(axis=-1, keepdims=True), np.nan, by_term * each)[..., None, :]

    def _shares(self, sizes: Float, total: Float) -> Float:
        """(..., n) shares of the means in the overall, from what each has left of its terms; NaN where none has."""
        size = sizes[..., self.cells.cohort[self.means.argmax(axis=1)]] if self.alike else np.ones_like(total)
        left = np.where(total > 0, size, 0.0)
        return ratio(left, left.sum(axis=-1, keepdims=True))

    def pull(self) -> Float:
        sizes = self.cells.sizes.sum(axis=0)
        view = Averaged(self.fit, self.cells, self.means, self.alike, self.needed, self.estimated)
        if not self.alike:
            return self._shares(sizes, self._by_term(sizes, None) @ self.means.T)[None] @ view.pull()
        cohort = self.cells.cohort[self.means.argmax(axis=1)]
        by_cohort = np.zeros((1, len(sizes)))
        by_cohort[0, cohort] = (view.estimate - self.estimate) / sizes[cohort].sum()
        return by_cohort


def _mean(weights: Float, values: Float) -> Float:
    """(..., m) weighted means of (..., k) values; values of weight zero do not matter, not even NaN."""
    return np.asarray((weights * np.where(weights == 0, 0.0, values[..., None, :])).sum(axis=-1))
