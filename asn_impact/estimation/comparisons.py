"""Group-time comparisons as a fit: which rows each one has, and the estimates they give together.

Comparisons that share their rows are estimated together, so that a logit of treatment is solved once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.adjusted import Adjusted, Recipe, Rows
from asn_impact.estimation.deletions import Deletions, Weigh
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.patterns import Patterns, Shares
from asn_impact.words import Alert, Message, paragraph

_MOST_WEIGHTS = 30_000_000  # weights by sort of cluster, kind of unit and period, beyond which kinds do not pay


@dataclass(frozen=True, eq=False)
class Comparison:
    """One cohort against its controls in each of its periods: (U,) cohort, (k,) period and base, (U, k) controls."""

    position: int
    cohort: Bool
    period: Int
    base: Int
    controls: Bool


@dataclass(frozen=True, eq=False)
class Group:
    """Terms of one comparison that share their rows: which terms, and where their outcomes stand in the panel.

    `column` holds the (n,) periods of the rows of cross-sections; it is None for changes from `base` to each `period`.
    """

    terms: Int
    unit: Int
    column: Int | None
    period: Int
    base: int
    adjusted: Adjusted

    def outcome(self, mean: Float) -> Float:
        """(n, k) changes or levels of the outcome."""
        if self.column is not None:
            return np.asarray(mean[self.unit, self.column][:, None])
        rows = mean.take(self.unit, axis=0)
        return np.asarray(rows[:, self.period] - rows[:, [self.base]])

    def estimate(self, mean: Float) -> Float:
        if self.column is not None:
            return np.asarray(self.adjusted.loading @ self.outcome(mean))
        by_period = self.adjusted.loading @ mean.take(self.unit, axis=0)
        return np.asarray(by_period[self.period] - by_period[self.base])


@dataclass(frozen=True, eq=False)
class AdjustedFit(Fit):
    """Group-time effects given (U, T, p) covariates, or none: all of `Fit`.

    Pairs take the covariates of the base period, cross-sections those of each cell's own period.
    """

    design: Design
    comparisons: tuple[Comparison, ...]
    sample: str
    method: Recipe
    covariates: Float

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The comparisons, those with the same rows together: their logit is estimated once."""
        make = self._pairs if self.sample == "pairs" else self._cross_sections
        first = np.cumsum([0, *(len(comparison.period) for comparison in self.comparisons)])
        return tuple(group for c, start in zip(self.comparisons, first, strict=False) for group in make(c, int(start)))

    @cached_property
    def _mean(self) -> Float:
        """(U, T) outcomes less their mean, 0 where not observed: no estimate depends on the level."""
        seen = self._seen
        outcome = np.asarray(self.design.panel.mean)
        if seen.all():
            return np.asarray(outcome - outcome.mean())
        return np.where(seen, outcome - outcome[seen].mean(), 0.0)

    @cached_property
    def _seen(self) -> Bool:
        return self.design.panel.observed

    @cached_property
    def estimate(self) -> Float:
        estimate = np.full(sum(len(comparison.period) for comparison in self.comparisons), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                estimate[group.terms] = group.estimate(self._mean)
        return estimate

    def without_overlap(self) -> Bool:
        """(k,) effects with treated units and controls that the covariates tell apart, or cannot be learnt from."""
        lost = np.zeros(len(self.estimate), dtype=np.bool_)
        for group in self.groups:
            rows = group.adjusted.rows
            counted = rows.weight > 0
            both = bool((counted & rows.treated).any() and (counted & ~rows.treated).any())
            lost[group.terms] = both and not group.adjusted.estimable
        return lost

    def influence(self) -> Float:
        values = np.full((len(self.design.clusters), len(self.estimate)), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                values[:, group.terms] = group.adjusted.influence(group.outcome(self._mean))
        return values

    def influence_of(self, weights: Float) -> Float:
        """(G, m) influence of (m, k) weighted sums of estimates: ``influence() @ weights.T`` without the (G, k)."""
        total = np.zeros((len(weights), len(self.design.clusters)))
        for group in self.groups:
            some = weights[:, group.terms]
            if some.any() and group.adjusted.estimable:
                own = group.adjusted.row_influence(group.outcome(self._mean))
                for j in np.flatnonzero(some.any(axis=1)):
                    total[j] += np.bincount(group.adjusted.rows.cluster, own @ some[j], minlength=total.shape[1])
        return total.T

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster, the logits estimated again."""
        values = np.full((len(self.design.clusters), len(self.estimate)), np.nan)
        for group in self.groups:
            if group.adjusted.estimable:
                values[:, group.terms] = group.adjusted.leave_one_out(group.outcome(self._mean))
        return values

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given the estimated odds of treatment."""
        block = np.zeros((len(self.estimate), *self.design.panel.mean.shape))
        for group in self.groups:
            loading = group.adjusted.loading
            for term, period in zip(group.terms, group.period, strict=True):
                if not group.adjusted.estimable:
                    block[term] = np.nan
                elif group.column is None:
                    block[term, group.unit, period] += loading
                    block[term, group.unit, group.base] -= loading
                else:
                    block[term, group.unit, group.column] += loading
        return block

    def loadings_of(self, weights: Float) -> Float:
        """(m, U, T) weights on the cell means of (m, k) weighted sums of the estimates, without those of each."""
        total = np.zeros((len(weights), *self.design.panel.mean.shape))
        for group in self.groups:
            some = weights[:, group.terms]
            if not (some.any() and group.adjusted.estimable):
                continue
            loading = group.adjusted.loading
            if group.column is not None:
                total[:, group.unit, group.column] += some * loading  # one term alone
                continue
            by_period = np.zeros((len(weights), total.shape[2]))
            by_period[:, group.period] = some
            by_period[:, group.base] -= some.sum(axis=1)
            total[:, group.unit] += loading[None, :, None] * by_period[:, None, :]
        return total

    def loadings_without(self, weights: Float) -> Float | None:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of estimates, without each cluster in turn.

        Closed for changes without covariates, where leaving out a cluster only rescales the shares; None otherwise.
        """
        if self.method != "none" or self.sample != "pairs":
            return None
        periods = self.design.panel.mean.shape[1]
        total = np.zeros((*weights.shape[:2], *self.design.panel.mean.shape))
        for group in self.groups:
            if not group.adjusted.estimable:
                continue
            own = weights[:, :, group.terms]
            rows = np.flatnonzero(own.any(axis=(0, 2)))
            by_period = np.zeros((len(own), len(rows), periods))
            by_period[:, :, group.period] = own[:, rows]
            by_period[:, :, group.base] = -own[:, rows].sum(axis=2)
            added = np.einsum("gn,gmt->gmnt", group.adjusted.loading_without(), by_period)
            total[:, rows[:, None], group.unit] += added
        return total

    @cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self.design)

    @cached_property
    def _shares(self) -> Shares:
        """The comparisons that are estimable, by kind of unit."""
        groups = [group for group in self.groups if group.adjusted.estimable]
        first = self._patterns.first
        treated, controls = np.zeros((2, len(groups), len(first)))
        row = np.full(len(self.design.cluster), -1)
        row[first] = np.arange(len(first))
        for i, group in enumerate(groups):
            rows, kind = group.adjusted.rows, row[group.unit]
            mine = kind >= 0
            treated[i, kind[mine]] = (rows.weight * rows.treated)[mine]
            controls[i, kind[mine]] = (rows.weight * ~rows.treated)[mine]
        count = np.bincount(self._patterns.kind, minlength=len(first)).astype(np.float64)
        base = [group.base for group in groups]
        return Shares([group.terms for group in groups], [g.period for g in groups], base, treated, controls, count)

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> Sequence[Deletions] | None:
        """Return what happens to (m, k) weighted means of the estimates when each cluster goes.

        Notes
        -----
        The weights without a cluster depend on its sort alone, so the functions of the cells that `Deletions` asks for
        are one for each sort of cluster. None where there are covariates, or nearly as many kinds as clusters.
        """
        kinds, periods = self._patterns, self.design.panel.mean.shape[1]
        if self.method != "none" or self.sample != "pairs":
            return None
        if len(kinds.cluster) * len(kinds.first) * periods > _MOST_WEIGHTS:
            return None
        without = self.leave_one_out()
        return [self._mean_without(j, weights, weigh, groups, without) for j, weights in enumerate(now)]

    def _mean_without(self, j: int, weights: Float, weigh: Weigh, groups: Bool, without: Float) -> Deletions:
        kinds, periods = self._patterns, self.design.panel.mean.shape[1]
        rest = weigh(j, kinds.cluster, np.isfinite(without[kinds.cluster]))  # (S, k)
        estimate = np.full(len(without), np.nan)
        for sort in np.flatnonzero(rest.any(axis=1)):
            members, terms = np.flatnonzero(kinds.sort == sort), np.flatnonzero(rest[sort])
            estimate[members] = without[np.ix_(members, terms)] @ rest[sort, terms]
        none = np.zeros((1, len(kinds.first)))
        with_all = self._shares.loadings(np.nan_to_num(weights)[None], none, periods)[0]
        other = self._shares.loadings(rest, kinds.holds, periods)
        change = other - with_all  # (S, P, T) the functions of the cells
        inside = other * (kinds.holds[:, :, None] * kinds.noise)
        flat = change.reshape(len(change), -1)
        cross = inside.reshape(flat.shape) @ flat.T
        square = (inside * other).sum(axis=(1, 2))
        own = kinds.holds @ (with_all**2 * kinds.noise).sum(axis=1)
        covariance = []
        for group in groups:
            count = np.bincount(kinds.kind[group[self.design.cluster]], minlength=len(kinds.first))
            covariance.append((flat * (count[:, None] * kinds.noise).ravel()) @ flat.T)
        identity = np.eye(len(kinds.cluster))
        return Deletions(estimate, own, identity, np.stack(covariance), cross, square, groups, kinds.sort)

    def _pairs(self, comparison: Comparison, first: int) -> Iterator[Group]:
        seen = self._seen
        chosen = comparison.cohort[:, None] | comparison.controls
        if not seen.all():
            chosen = chosen & seen[:, comparison.period] & seen[:, comparison.base]
        together: dict[tuple[int, bytes], list[int]] = {}
        for j, base in enumerate(comparison.base):
            together.setdefault((int(base), chosen[:, j].tobytes()), []).append(j)
        for (base, _), columns in together.items():
            unit = np.flatnonzero(chosen[:, columns[0]])
            rows = self._rows(comparison, unit, np.full(len(unit), base))
            yield Group(first + np.array(columns), unit, None, comparison.period[columns], base, self._adjusted(rows))

    def _cross_sections(self, comparison: Comparison, first: int) -> Iterator[Group]:
        seen = self._seen
        for j, (period, base) in enumerate(zip(comparison.period, comparison.base, strict=True)):
            chosen = comparison.cohort | comparison.controls[:, j]
            late, early = (np.flatnonzero(chosen & seen[:, t]) for t in (period, base))
            unit, column = np.concatenate([late, early]), np.repeat([period, base], [len(late), len(early)])
            rows = replace(self._rows(comparison, unit, column), after=column == period)
            yield Group(np.array([first + j]), unit, column, np.array([period]), int(base), self._adjusted(rows))

    def _rows(self, comparison: Comparison, unit: Int, column: Int) -> Rows:
        return Rows(
            x=_regressors(self.covariates[unit, column]),
            treated=comparison.cohort[unit],
            weight=self.design.panel.weight[unit, column],
            cluster=self.design.cluster[unit],
        )

    def _adjusted(self, rows: Rows) -> Adjusted:
        return Adjusted(rows, self.method, len(self.design.clusters))


def _regressors(covariates: Float) -> Float:
    """(n, 1 + p) intercept and covariates, centred and scaled: the same span, better numbers."""
    if not covariates.size:
        return np.ones((len(covariates), 1 + covariates.shape[1]))
    centred = covariates - covariates.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    flat = ~(spread > 1e-12 * np.abs(covariates).max(axis=0))
    scaled = np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))
    return np.concatenate([np.ones((len(covariates), 1)), scaled], axis=1)


def covariates_of(design: Design, names: tuple[str, ...]) -> tuple[Float, tuple[Message, ...]]:
    """Return (U, T, p) covariates by name and a sentence about those left out because others explain them.

    A name is looked up among the covariates of the panel, then among the numeric attributes of the units.

    Raises
    ------
    EstimationError
        A name does not exist or is not numeric, or a covariate is the treatment itself.
    """
    columns = np.stack([_column(design, name) for name in names], axis=2)
    seen = design.panel.observed & np.isfinite(columns).all(axis=2)
    for j, name in enumerate(names):
        _refuse_treatment(design, columns[:, :, j], seen, name)
    positions: list[int] = []
    basis = np.ones((int(seen.sum()), 1)) / np.sqrt(max(int(seen.sum()), 1))
    for j in range(len(names)):
        column = columns[:, :, j][seen]
        centred = column - column.mean() if len(column) else column
        rest = centred - basis @ (basis.T @ centred)
        rest -= basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-9 * float(np.linalg.norm(column)):
            positions.append(j)
            basis = np.concatenate([basis, (rest / size)[:, None]], axis=1)
    if not positions:
        raise EstimationError(Message("estimation.adjust_constant", names=repr(names)))
    names_out = [name for j, name in enumerate(names) if j not in positions]
    return columns[:, :, positions], (Alert("estimation.adjust_dropped", names=names_out),) if names_out else ()


def _column(design: Design, name: str) -> Float:
    panel = design.panel
    if name in panel.covariates:
        return np.asarray(panel.x[:, :, panel.covariates.index(name)])
    attributes = panel.attributes
    numeric = [str(c) for c in attributes.columns if attributes[c].dtype.kind in "biuf"]
    if name not in numeric:
        known = [*panel.covariates, *numeric]
        problem = "not_numeric" if name in attributes.columns else "unknown"
        message = Message(f"estimation.adjust_{problem}", name=name, known=known)
        raise EstimationError(paragraph(message, did_you_mean(name, known), Message("estimation.adjust_over_time")))
    values = attributes[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.repeat(values[:, None], panel.mean.shape[1], axis=1)


def _refuse_treatment(design: Design, column: Float, seen: Bool, name: str) -> None:
    """Raise when a covariate is the treatment, now or ever, up to scale and shift."""
    ever = np.broadcast_to(np.isfinite(design.adopted)[:, None], column.shape)
    for status in (design.treated(), ever):
        on, off = column[seen & status], column[seen & ~status]
        if not on.size or not off.size:
            continue
        if np.ptp(on) == 0 and np.ptp(off) == 0 and on[0] != off[0]:
            raise EstimationError(Message("estimation.adjust_is_treatment", name=name))
