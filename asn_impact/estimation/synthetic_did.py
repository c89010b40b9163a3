"""Synthetic difference-in-differences: Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), for few treated units.

Weights on the untreated units and on the periods before make the comparison resemble the treated. Both solve a least
squares problem on the simplex, here to the optimum (R's synthdid stops early), so a number does not depend on a solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.adjusted import Adjusted, Rows
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.effects import Cells, Effects, Estimator, Fit, differences_of
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.words import Alert, Message

__all__ = ["Synthetic", "SyntheticDiD", "SyntheticFit", "simplex_weights"]

_TIE_BREAK = 1e-6  # penalty of the period weights in units of the noise: makes them unique (synthdid: eta.lambda)


@dataclass(frozen=True)
class SyntheticDiD(Estimator):
    """Effects of each wave in each of its treated periods against a weighted mean of never-treated units.

    Assumes that the untreated outcome of the treated would have moved as the weighted mean of the never-treated does.
    Waves are estimated one by one and averaged by the number of treated units and periods. Every unit counts alike.
    `BiasReduced` chooses the weights anew without each cluster and is cautious; `Jackknife` and `ClusterRobust` take
    them as given and reject a true null too often (docs/coverage.md).

    Parameters
    ----------
    kind
        ``"synthetic_did"``: weights on units and periods. ``"synthetic_control"``: on units only, without a common
        shift (Abadie, Diamond and Hainmueller 2010, without covariates). ``"did"``: all alike.

    Notes
    -----
    Arkhangelsky et al. (2021), American Economic Review 111, algorithm 1, eq. 4 and 6. `Effects.leave_one_out` keeps
    the weights and rescales them (algorithm 3, and R's jackknife); `estimates_anew`, for `BiasReduced`, chooses anew.

    Examples
    --------
    >>> SyntheticDiD().name
    'Synthetic difference-in-differences'
    """

    kind: Literal["synthetic_did", "synthetic_control", "did"] = "synthetic_did"

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return estimator_entry(self.kind)

    def estimate(self, design: Design) -> Effects:
        """Estimate on a design without empty cells."""
        refuse_holes(design, self.entry.name)
        waves = tuple(self._waves(design))
        if not waves:
            raise EstimationError(Message("estimation.nothing_to_match", name=self.entry.name))
        notes = _left_out(design, waves)
        if self.kind != "did":
            notes = (*notes, Message("estimation.weights_by_outcome"))
        cohort = np.concatenate([np.full(len(wave.period), wave.position) for wave in waves])
        period = np.concatenate([wave.period for wave in waves])
        starts, labels = design.cohorts, design.panel.timeline.labels
        since = (design.panel.timeline.steps[period] - starts[cohort]).astype(np.int64)
        sizes = (design.adopted[:, None] == starts[None, :]).astype(np.float64)
        cells = Cells(cohort, period, since, cluster_sums(design.cluster, len(design.clusters), sizes))
        terms = pd.DataFrame(
            {
                "cohort": [design.cohort_label(starts[c]) for c in cohort],
                "period": [labels[p] for p in period],
                "event_time": since,
            }
        )
        return Effects(self, design, terms, SyntheticFit(design, waves, fixed=self.kind == "did"), cells, notes=notes)

    def estimates_anew(self, effects: Effects) -> Float:
        """(G, k) estimates without each cluster, the weights chosen anew; NaN where nothing is left to estimate.

        Only the weights of `kind="did"` do not depend on the outcome: for them this is `Effects.leave_one_out`.
        """
        if self.kind == "did":
            return effects.leave_one_out()
        keys = [tuple(row) for row in effects.terms.itertuples(index=False)]
        anew = np.full((len(effects.design.clusters), len(keys)), np.nan)
        for c, kept in enumerate(np.isfinite(effects.leave_one_out())):
            if kept.any():
                without = effects.anew(effects.design.without(c))
                by_key = dict(zip(without.terms.itertuples(index=False, name=None), without.estimate, strict=True))
                anew[c] = [by_key.get(key, np.nan) for key in keys]
        return anew

    def _waves(self, design: Design) -> Iterator[Synthetic]:
        steps, mean = design.panel.timeline.steps, design.panel.mean
        control = np.flatnonzero(np.isinf(design.adopted))
        for position, start in enumerate(design.cohorts):
            treated = np.flatnonzero(design.adopted == start)
            before, period = np.flatnonzero(steps < start), np.flatnonzero(steps >= start)
            if len(before) > 1:
                omega, lambda_ = self._weights(mean[control], mean[treated], before, period)
                yield Synthetic(position, treated, control, before, period, omega, lambda_)

    def _weights(self, control: Float, treated: Float, before: Int, period: Int) -> tuple[Float, Float]:
        """Return unit weights (eq. 4) and period weights (eq. 6)."""
        past, target = control[:, before], treated[:, before].mean(axis=0)
        noise = float(np.diff(past, axis=1).std(ddof=1)) if past.size > 2 else 0.0
        if self.kind == "did":
            return np.full(len(past), 1 / len(past)), np.full(len(before), 1 / len(before))
        if self.kind == "synthetic_control":
            return simplex_weights(past.T, target, penalty=_TIE_BREAK * noise), np.zeros(len(before))
        penalty = (len(treated) * len(period)) ** 0.25 * noise
        later = control[:, period].mean(axis=1)
        omega = simplex_weights(_centre(past.T), target - target.mean(), penalty=penalty)
        return omega, simplex_weights(_centre(past), later - later.mean(), penalty=_TIE_BREAK * noise)


def refuse_holes(design: Design, name: Message) -> None:
    """Raise where a cell is empty or nobody is never treated."""
    if np.isfinite(design.adopted).all():
        raise EstimationError(Message("estimation.no_never_treated", name=name))
    empty = ~design.panel.observed
    if empty.any():
        units = [design.panel.units[i] for i in np.flatnonzero(empty.any(axis=1))]
        raise EstimationError(Message("estimation.holes_in_units", n=int(empty.sum()), units=units, name=name))


def _left_out(design: Design, waves: tuple[Synthetic, ...]) -> tuple[Message, ...]:
    notes: list[Message] = []
    absent = sorted(set(range(len(design.cohorts))) - {wave.position for wave in waves})
    if absent:
        labels = [design.cohort_label(design.cohorts[i]) for i in absent]
        notes.append(Alert("estimation.waves_short_before", waves=labels))
    if np.ptp(design.panel.weight) > 0:
        notes.append(Alert("estimation.panel_weights_unused"))
    return tuple(notes)


def _centre(columns: Float) -> Float:
    return np.asarray(columns - columns.mean(axis=0))


def simplex_weights(columns: Float, target: Float, *, penalty: float) -> Float:
    """Return (m,) weights, not negative and with sum one, that bring the columns closest to the target.

    They minimise ``|columns @ w - target|^2 / n + penalty^2 |w|^2``. With weights that sum to one the objective is
    ``|M w|^2``, M = columns less target over the penalty. Non-negative least squares of (0, 1) on M and a row of ones
    has the same direction at its optimum: for w of sum s the best s leaves v / (1 + v), which grows with
    v = ``|M w / s|^2``.

    Parameters
    ----------
    columns, target
        (n, m) and (n,).
    penalty
        Size of the ridge, in the unit of the outcome.

    Examples
    --------
    >>> import numpy as np
    >>> simplex_weights(np.array([[0.0, 4.0]]), np.array([1.0]), penalty=0.0).round(6)
    array([0.75, 0.25])
    """
    from scipy.optimize import nnls  # here: a third of the memory of a run that does not need it

    n, m = columns.shape
    stacked = np.concatenate([(columns - target[:, None]) / np.sqrt(n), penalty * np.eye(m)])
    scale = np.linalg.norm(stacked.mean(axis=1)) or 1.0
    last = np.concatenate([np.zeros(len(stacked)), [1.0]])
    weights = nnls(np.concatenate([stacked / scale, np.ones((1, m))]), last)[0]
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True, eq=False)
class Synthetic:
    """One wave: its units and periods, and the weights of its comparison.

    Attributes
    ----------
    position
        Which cohort of the design.
    treated, control
        Positions of the units.
    before, period
        Positions of the periods before and after adoption.
    omega, lambda_
        Weights of the control units and of the periods before.
    """

    position: int
    treated: Int
    control: Int
    before: Int
    period: Int
    omega: Float
    lambda_: Float

    @property
    def units(self) -> Int:
        """Positions of the treated, then of the controls."""
        return np.concatenate([self.treated, self.control])


@dataclass(frozen=True, eq=False)
class SyntheticFit(Fit):
    """Effects of waves given their weights: a weighted difference of means of each unit's change since before.

    `fixed` says whether those weights are the same whatever the outcome.
    """

    design: Design
    waves: tuple[Synthetic, ...]
    fixed: bool = False

    @property
    def linear(self) -> bool:
        """Whether the weights are the same whatever the outcome."""
        return self.fixed

    @cached_property
    def _parts(self) -> tuple[tuple[Adjusted, Float], ...]:
        """The comparison of each wave and the (n, k) changes of its units from the weighted past."""
        return tuple((self._comparison(wave), self._change(wave)) for wave in self.waves)

    def _comparison(self, wave: Synthetic) -> Adjusted:
        treated = np.arange(len(wave.units)) < len(wave.treated)
        weight = np.concatenate([np.ones(len(wave.treated)), wave.omega])
        rows = Rows(np.ones((len(weight), 1)), treated, weight, self.design.cluster[wave.units])
        return Adjusted(rows, "none", len(self.design.clusters))

    def _change(self, wave: Synthetic) -> Float:
        mean = self.design.panel.mean - self.design.panel.mean.mean()
        own = mean[wave.units]
        return np.asarray(own[:, wave.period] - (own[:, wave.before] @ wave.lambda_)[:, None])

    @cached_property
    def estimate(self) -> Float:
        """(k,) effects."""
        return np.concatenate([comparison.loading @ change for comparison, change in self._parts])

    def influence(self) -> Float:
        """(G, k) influence by cluster, given the weights."""
        return np.concatenate([comparison.influence(change) for comparison, change in self._parts], axis=1)

    def leave_one_out(self) -> Float:
        """(G, k) effects without each cluster, its weights shared out among the others."""
        return np.concatenate([comparison.leave_one_out(change) for comparison, change in self._parts], axis=1)

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given the weights of units and periods."""
        blocks = []
        for wave, (comparison, _) in zip(self.waves, self._parts, strict=True):
            block = np.zeros((len(wave.period), *self.design.panel.mean.shape))
            over_time = self._over_time(wave, np.eye(len(wave.period)))
            block[:, wave.units] = comparison.loading[None, :, None] * over_time[:, None, :]
            blocks.append(block)
        return np.concatenate(blocks)

    def loadings_without(self, weights: Float) -> Float:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of effects, without each cluster in turn.

        As in `leave_one_out` the weights of units and periods stay, and are rescaled.
        """
        total, first = np.zeros((*weights.shape[:2], *self.design.panel.mean.shape)), 0
        for wave, (comparison, _) in zip(self.waves, self._parts, strict=True):
            own = weights[:, :, first : first + len(wave.period)]
            first += len(wave.period)
            over_time = self._over_time(wave, own)
            total[:, :, wave.units] += np.einsum("gn,gmt->gmnt", comparison.loading_without(), over_time)
        return total

    def differences(self, effects: Effects) -> Float:
        """(G, k, U, T) weights on the cell means without each cluster less those with all."""
        return differences_of(self, effects)

    def _over_time(self, wave: Synthetic, weights: Float) -> Float:
        """(..., T) weights on the periods of (..., k) weighted sums of the effects of a wave."""
        over_time = np.zeros((*weights.shape[:-1], self.design.panel.mean.shape[1]))
        over_time[..., wave.before] = -wave.lambda_ * weights.sum(axis=-1, keepdims=True)
        over_time[..., wave.period] = weights
        return over_time
