"""The search for period effects and slopes of counts, by Poisson quasi-likelihood, and what they predict.

Unit effects have a closed form given the period effects, so that what is searched is of the size of the periods. Units
that were treated, seen and exposed alike are added up first: the likelihood knows their totals only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from asn_impact.arrays import Bool, Float, Int

_MOST_STEPS = 200
_CLOSE = 1e-12  # gradient, as a share of the total, at which the search ends
_ENOUGH = 1e-9  # gradient at which it may end where rounding allows no better
_TOLD = 1e-9  # information on a slope, a count, below which there is none


@dataclass(frozen=True, eq=False)
class Kinds:
    """Units alike in everything but what they count, added up: K kinds."""

    of: Int  #: (U,) the kind of each unit
    total: Float  #: (K, T) weighted counts of their units
    size: Float  #: (K, T) weight times exposure of one unit; 0 where not observed
    untreated: Bool  #: (K, T) observed cells before adoption
    term: Int  #: (K, T) the effect each treated cell belongs to; k for none
    x: Float  #: (K, T, p) covariates


@dataclass(frozen=True, eq=False)
class Search:
    """Period effects and slopes that solve the likelihood equations for some totals, and what they predict."""

    kinds: Kinds  #: what is known of the units
    total: Float  #: (K, T) weighted counts: those of `kinds`, or those without a cluster
    k: int  #: number of effects
    start: Float | None = None  #: (T + p,) where to search from, or None

    @cached_property
    def _parts(self) -> tuple[Int, Int]:
        """(K,), (T,) parts of the data that determine each other: a cell between two parts is separated by zeros.

        A mean can be fitted where each cell leads to each other: from a unit to all its periods, from a period to the
        units that count something in it.
        """
        kinds, periods = self.total.shape
        k, t = np.nonzero(self.kinds.untreated)
        back = self.total[k, t] > 0
        rows, columns = np.concatenate([k, kinds + t[back]]), np.concatenate([kinds + t, k[back]])
        graph = scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(kinds + periods,) * 2)
        label = scipy.sparse.csgraph.connected_components(graph, directed=True, connection="strong")[1]
        return label[:kinds].astype(np.int64), label[kinds:].astype(np.int64)

    @cached_property
    def used(self) -> Bool:
        """(K, T) untreated cells that are not separated."""
        kind, period = self._parts
        return np.asarray(self.kinds.untreated & (kind[:, None] == period[None, :]))

    @cached_property
    def predicted(self) -> Bool:
        """(K, T) cells whose mean without training is determined; it is zero for units that count nothing before."""
        kind, period = self._parts
        alive = self.used.any(axis=0)
        own = (kind[:, None] == period[None, :]) & alive
        nothing = (np.where(self.kinds.untreated, self.total, 0.0) == 0).all(axis=1)
        numbers = np.unique(period[alive], return_inverse=True)[1]
        part = np.zeros((self.total.shape[1], int(numbers.max(initial=-1)) + 1))
        part[alive, numbers] = 1.0
        reached = (self.kinds.untreated & alive) @ part > 0
        return np.asarray(np.where(nothing[:, None], (reached @ part.T > 0) & alive, own))

    @cached_property
    def solution(self) -> Float:
        """(T + p,) log period effects and slopes; NaN where the search does not end."""
        periods, p = self.total.shape[1], self.kinds.x.shape[2]
        at = np.zeros(periods + p) if self.start is None else self.start.copy()
        counted = np.where(self.used, self.total, 0.0).sum()
        value, gradient, curvature = self._likelihood(at)
        for _ in range(_MOST_STEPS):
            if np.abs(gradient).max(initial=0.0) <= _CLOSE * counted:
                return at
            step = np.linalg.solve(curvature, gradient)
            for _halving in range(40):
                new = self._likelihood(at + step)
                if new[0] >= value - 1e-13 * abs(value):
                    break
                step = step / 2
            else:
                break
            if np.abs(step).max() < 1e-15 * (1 + np.abs(at).max()):
                break
            at = at + step
            value, gradient, curvature = new
        return at if np.abs(gradient).max(initial=0.0) <= _ENOUGH * counted else np.full_like(at, np.nan)

    def _likelihood(self, at: Float) -> tuple[float, Float, Float]:
        """Return the log likelihood without unit effects, its gradient and minus its second derivatives."""
        periods = self.total.shape[1]
        log_mean = at[:periods] + self.kinds.x @ at[periods:]
        mean = np.where(self.used, self.kinds.size * np.exp(log_mean), 0.0)
        counts = np.where(self.used, self.total, 0.0)
        whole, of_unit = mean.sum(axis=1), counts.sum(axis=1)
        scale = np.divide(of_unit, whole, out=np.zeros_like(whole), where=whole > 0)
        with np.errstate(divide="ignore"):
            value = (counts * log_mean).sum() - (of_unit * np.log(np.where(whole > 0, whole, 1.0))).sum()
        fitted = mean * scale[:, None]
        rest = counts - fitted
        gradient = np.concatenate([rest.sum(axis=0), np.einsum("kt,ktp->p", rest, self.kinds.x)])
        curvature = self._level.copy()
        curvature[:periods, :periods].flat[:: periods + 1] += fitted.sum(axis=0)
        by_kind = fitted
        if self.kinds.x.shape[2]:
            slopes = np.einsum("kt,ktp->tp", fitted, self.kinds.x)
            curvature[:periods, periods:] += slopes
            curvature[periods:, :periods] += slopes.T
            curvature[periods:, periods:] += np.einsum("kt,ktp,ktq->pq", fitted, self.kinds.x, self.kinds.x)
            by_kind = np.concatenate([fitted, np.einsum("kt,ktp->kp", fitted, self.kinds.x)], axis=1)
        some = of_unit > 0
        curvature -= by_kind[some].T @ (by_kind[some] / of_unit[some, None])
        return float(value), gradient, curvature

    @cached_property
    def _level(self) -> Float:
        """(T + p, T + p) what determines the level of each part, which the unit effects hold, and unused periods."""
        periods, p = self.total.shape[1], self.kinds.x.shape[2]
        label = np.where(self.used.any(axis=0), self._parts[1], -1 - np.arange(periods))
        level = np.zeros((periods + p, periods + p))
        size = np.where(self.used, self.total, 0.0).sum() / periods
        level[:periods, :periods] = (label[:, None] == label[None, :]) * (size if size > 0 else 1.0)
        return level

    @property
    def tells_slopes(self) -> bool:
        """Whether the untreated cells that are used tell the slopes: without variation any slope fits alike."""
        periods, p = self.total.shape[1], self.kinds.x.shape[2]
        if not p:
            return True
        curvature = self._likelihood(np.zeros(periods + p) if self.start is None else self.start)[2]
        head, cross, own = curvature[:periods, :periods], curvature[:periods, periods:], curvature[periods:, periods:]
        left = own - cross.T @ np.linalg.solve(head, cross)
        return bool(np.linalg.eigvalsh(left).min() > _TOLD * np.where(self.used, self.total, 0.0).sum())

    @cached_property
    def pace(self) -> Float:
        """(K, T) size times period effect: the mean of a unit of effect one."""
        periods = self.total.shape[1]
        return np.asarray(self.kinds.size * np.exp(self.solution[:periods] + self.kinds.x @ self.solution[periods:]))

    @cached_property
    def _whole(self) -> Float:
        """(K,) sum of the pace over the untreated cells that are used."""
        return np.asarray(np.where(self.used, self.pace, 0.0).sum(axis=1))

    @cached_property
    def valid(self) -> Bool:
        """(K, T) treated cells whose mean without training is determined."""
        return np.asarray((self.kinds.term < self.k) & (self.kinds.size > 0) & self.predicted)

    @cached_property
    def expected(self) -> Float:
        """(K, T) totals without training in valid cells."""
        own = np.where(self.used, self.total, 0.0).sum(axis=1)
        effect = np.divide(own, self._whole, out=np.zeros_like(own), where=self._whole > 0)
        return np.where(self.valid, effect[:, None] * self.pace, 0.0)

    def by_term(self, cells: Float) -> Float:
        """(k,) sums of (K, T) values over the valid cells of each effect."""
        values = np.where(self.valid, cells, 0.0)
        sums = np.bincount(self.kinds.term.ravel(), values.ravel(), minlength=self.k + 1)[: self.k]
        return np.asarray(sums, dtype=np.float64)

    @cached_property
    def sums(self) -> Float:
        """(2, k) what was seen and what would have been, for each effect."""
        return np.stack([self.by_term(self.total), self.by_term(self.expected)])

    def derivative(self, member: Bool) -> Float:
        """(m, K, T) change of what would have been, summed over (m, k) effects, with the count of each untreated cell.

        The unit's own effect moves with its counts; the period effects move with everybody's.
        """
        periods = self.total.shape[1]
        whole = np.where(self._whole > 0, self._whole, 1.0)
        shares = np.where(self.used, self.pace, 0.0) / whole[:, None]  # of a cell in what its unit is expected to count
        mean_x = np.einsum("kt,ktp->kp", shares, self.kinds.x)
        curvature = self._likelihood(self.solution)[2]
        chosen = np.concatenate([member, np.zeros((len(member), 1), dtype=np.bool_)], axis=1)[:, self.kinds.term]
        chosen = chosen & self.valid
        expected = np.where(chosen, self.expected, 0.0)  # (m, K, T)
        of_unit = expected.sum(axis=2)
        pull = expected.sum(axis=1) - of_unit @ shares
        pull_x = np.einsum("mkt,ktp->mp", expected, self.kinds.x) - of_unit @ mean_x
        reach = np.linalg.solve(curvature, np.concatenate([pull, pull_x], axis=1).T).T  # (m, T + p)
        along = reach[:, None, :periods] + np.einsum("mp,ktp->mkt", reach[:, periods:], self.kinds.x)
        common = along - np.einsum("mkt,kt->mk", along, shares)[:, :, None]
        own = np.where(chosen, self.pace, 0.0).sum(axis=2) / whole
        return np.where(self.used, own[:, :, None] + common, 0.0)

    def loadings(self, member: Bool) -> Float:
        """(m, K, T) derivative of each log ratio with respect to the weighted count of a unit in each cell."""
        seen, expected = self.sums @ member.T  # each (m,)
        inside = np.concatenate([member, np.zeros((len(member), 1), dtype=np.bool_)], axis=1)[:, self.kinds.term]
        first = np.where(inside & self.valid, 1.0, 0.0) / np.where(seen > 0, seen, np.nan)[:, None, None]
        return np.asarray(first - self.derivative(member) / np.where(expected > 0, expected, np.nan)[:, None, None])
