"""Group-time effects: Callaway and Sant'Anna (2021) on cell means."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError, listed
from asn_impact.estimation.effects import Cells, Effects

__all__ = ["GroupTime"]


@dataclass(frozen=True)
class GroupTime:
    """Group-time effects ATT(g, t): the treated change since the base period minus the same change among controls.

    Assumes parallel trends in cell means and no anticipation beyond `anticipation` steps. Cells without a control are not
    estimable and listed.

    Parameters
    ----------
    controls
        ``"not_yet"``: units never treated or treated later than both periods of the comparison (plus `anticipation`);
        ``"never"``: units never treated in the window.
    anticipation
        Steps before adoption in which the outcome may already react.
    base
        ``"universal"``: every period is compared with the last one before adoption (minus `anticipation`). ``"varying"``: a
        period before that is compared with the period just before it.
    sample
        ``"pairs"``: change of the units seen in both periods, with their weight in the base period.
        ``"cross_sections"``: change of the weighted mean over all units seen in either period.

    Notes
    -----
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, eq. 2.5 and 2.6 without covariates; influence as in their
    theorem 2. See docs/methods.md#grouptime.

    Examples
    --------
    >>> GroupTime(controls="never").name
    "Group-time effects (Callaway and Sant'Anna), never-treated controls, universal base"
    """

    controls: Literal["never", "not_yet"] = "not_yet"
    anticipation: int = 0
    base: Literal["universal", "varying"] = "universal"
    sample: Literal["pairs", "cross_sections"] = "pairs"

    @property
    def name(self) -> str:
        """Name and parameters as printed."""
        controls = {"never": "never-treated", "not_yet": "not-yet-treated"}[self.controls]
        ahead = f", {self.anticipation} periods of anticipation" if self.anticipation else ""
        pooled = ", repeated cross-sections" if self.sample == "cross_sections" else ""
        return f"Group-time effects (Callaway and Sant'Anna), {controls} controls, {self.base} base{ahead}{pooled}"

    def __call__(self, design: Design) -> Effects:
        """Estimate every ATT(g, t) of the design."""
        if self.controls == "never" and np.isfinite(design.adopted).all():
            raise EstimationError(
                "controls='never', but every unit is treated in the window. Use controls='not_yet', or widen the window."
            )
        comparisons = tuple(self._comparisons(design))
        if not comparisons:
            raise EstimationError("No wave has a period before it started (less anticipation): there is no base to compare with.")
        fit = RatioFit(design, comparisons, self.sample)
        cohort = np.concatenate([np.full(len(c.period), c.position) for c in comparisons])
        period = np.concatenate([c.period for c in comparisons])
        cells = Cells(
            cohort=cohort,
            period=period,
            event_time=(design.panel.timeline.steps[period] - design.cohorts[cohort]).astype(np.int64),
            sizes=_sizes(design, self.sample),
        )
        labels = design.panel.timeline.labels
        terms = pd.DataFrame(
            {
                "cohort": [design.cohort_label(design.cohorts[c]) for c in cohort],
                "period": [labels[p] for p in period],
                "event_time": cells.event_time,
            }
        )
        notes = _not_estimable(design, comparisons, terms, fit.estimate, cells)
        for note in notes:
            warnings.warn(note, DataWarning, stacklevel=2)
        return Effects(self, design, terms, fit, cells, notes=notes)

    def _comparisons(self, design: Design) -> Iterator[Comparison]:
        steps = design.panel.timeline.steps
        for position, start in enumerate(design.cohorts):
            cohort = design.adopted == start
            before = np.flatnonzero(steps < start - self.anticipation)
            if not before.size:
                continue
            period = np.flatnonzero(np.arange(len(steps)) != before[-1])
            base = np.full(len(period), before[-1])
            if self.base == "varying":
                # a lead is compared with the period just before it; from `start - anticipation` on, with the base
                period = np.arange(1, len(steps))
                base = np.where(steps[period] < start - self.anticipation, period - 1, before[-1])
            latest = np.maximum(steps[period], steps[base])
            later = design.adopted[:, None] > latest[None, :] + self.anticipation
            controls = np.isinf(design.adopted)[:, None] if self.controls == "never" else later & ~cohort[:, None]
            yield Comparison(position, cohort, period, base, np.broadcast_to(controls, (len(cohort), len(period))))


@dataclass(frozen=True, eq=False)
class Comparison:
    """One cohort against its controls in each of its periods: (U,) cohort, (k,) period and base, (U, k) controls."""

    position: int
    cohort: Bool
    period: Int
    base: Int
    controls: Bool


@dataclass(frozen=True, eq=False)
class Mean:
    """A weighted mean that enters each estimate with a sign; (G, k) totals and weights by cluster."""

    sign: int
    total: Float
    weight: Float

    def value(self) -> Float:
        """(k,) the mean; NaN where nothing carries weight."""
        return _ratio(self.total.sum(axis=0), self.weight.sum(axis=0))

    def influence(self) -> Float:
        """(G, k) what each cluster adds to the error of the mean."""
        return _ratio(self.total - self.weight * self.value(), self.weight.sum(axis=0))

    def leave_one_out(self) -> Float:
        """(G, k) the mean without each cluster; NaN where nothing else carries weight."""
        weight = self.weight.sum(axis=0) - self.weight
        weight = np.where(weight > 1e-12 * self.weight.sum(axis=0), weight, 0.0)
        return _ratio(self.total.sum(axis=0) - self.total, weight)


@dataclass(frozen=True, eq=False)
class RatioFit:
    """Estimates that are signed sums of weighted means: all of `Fit` in closed form from sums by cluster."""

    design: Design
    comparisons: tuple[Comparison, ...]
    sample: str
    correction: float = 1.0

    @cached_property
    def means(self) -> tuple[Mean, ...]:
        """The signed means, each with (G, k) totals and weights."""
        parts = [list(self._means(comparison)) for comparison in self.comparisons]
        return tuple(
            Mean(
                group[0].sign,
                np.concatenate([m.total for m in group], axis=1),
                np.concatenate([m.weight for m in group], axis=1),
            )
            for group in zip(*parts, strict=True)
        )

    @cached_property
    def estimate(self) -> Float:
        """(k,) the estimates."""
        return np.asarray(sum(m.sign * m.value() for m in self.means))

    def influence(self) -> Float:
        """(G, k) influence by cluster."""
        return np.asarray(sum(m.sign * m.influence() for m in self.means))

    def leave_one_out(self) -> Float:
        """(G, k) estimates without each cluster."""
        return np.asarray(sum(m.sign * m.leave_one_out() for m in self.means))

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means."""
        shape = self.design.panel.mean.shape
        rows = []
        for comparison in self.comparisons:
            block = np.zeros((len(comparison.period), *shape))
            term = np.arange(len(comparison.period))
            for sign, weight, column in self._weights(comparison):
                share = _ratio(weight, weight.sum(axis=0)).T  # (k, U)
                if column is None:
                    block[term, :, comparison.period] += sign * share
                    block[term, :, comparison.base] -= sign * share
                else:
                    block[term, :, column] += sign * share
            rows.append(block)
        return np.concatenate(rows)

    def _weights(self, comparison: Comparison) -> Iterator[tuple[int, Float, Int | None]]:
        """Sign, (U, k) weights and the column of each mean; column None stands for the change since the base."""
        weight = np.where(self.design.panel.observed, self.design.panel.weight, 0.0)
        now, then = weight[:, comparison.period], weight[:, comparison.base]
        for sign, members in ((1, comparison.cohort[:, None]), (-1, comparison.controls)):
            if self.sample == "pairs":
                yield sign, np.where(now > 0, then, 0.0) * members, None
            else:
                yield sign, now * members, comparison.period
                yield -sign, then * members, comparison.base

    def _means(self, comparison: Comparison) -> Iterator[Mean]:
        outcome = np.nan_to_num(self.design.panel.mean)
        for sign, weight, column in self._weights(comparison):
            if column is None:
                value = outcome[:, comparison.period] - outcome[:, comparison.base]
            else:
                value = outcome[:, column]
            yield Mean(sign, _by_cluster(self.design, weight * value), _by_cluster(self.design, weight))


def _by_cluster(design: Design, values: Float) -> Float:
    """(G, k) sums of (U, k) values."""
    units, clusters = len(design.cluster), len(design.clusters)
    if units == clusters and (design.cluster == np.arange(units)).all():
        return values
    one_hot = sparse.csr_matrix((np.ones(units), (design.cluster, np.arange(units))), shape=(clusters, units))
    return np.asarray(one_hot @ values)


def _sizes(design: Design, sample: str) -> Float:
    """(G, C) weight of each cohort in each cluster: mean weight of its units, or their total over time for cross-sections."""
    weight = np.where(design.panel.observed, design.panel.weight, 0.0)
    unit = weight.sum(axis=1)
    if sample == "pairs":
        unit = _ratio(unit, (weight > 0).sum(axis=1))
    return _by_cluster(design, np.nan_to_num(unit)[:, None] * (design.adopted[:, None] == design.cohorts[None, :]))


def _ratio(numerator: Float, denominator: Float) -> Float:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, dtype=np.float64), denominator)
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


def _not_estimable(
    design: Design, comparisons: tuple[Comparison, ...], terms: pd.DataFrame, estimate: Float, cells: Cells
) -> tuple[str, ...]:
    notes = []
    absent = set(range(len(design.cohorts))) - {c.position for c in comparisons}
    if absent:
        labels = [design.cohort_label(design.cohorts[i]) for i in sorted(absent)]
        notes.append(f"Waves without a period before them (less anticipation) are not estimable: {listed(labels)}.")
    missing = np.isnan(estimate) & (cells.event_time >= 0)
    if missing.any():
        pairs = [f"ATT({a}, {b})" for a, b in zip(terms["cohort"][missing], terms["period"][missing], strict=True)]
        notes.append(
            f"{len(pairs)} effects are not estimable (no treated unit or no control is observed in both periods) and "
            f"left out of every average: {', '.join(pairs[:4])}{' ...' if len(pairs) > 4 else ''}."
        )
    return tuple(notes)
