"""Synthetic difference-in-differences: Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), for few treated units.

Weights on the untreated units and on the periods before make the comparison resemble the treated. Both solve a least
squares problem on the simplex, here to the optimum (R's synthdid stops early), so a number does not depend on a solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.adjusted import Adjusted, Rows
from asn_impact.estimation.cell_effects import cells_of
from asn_impact.estimation.clusters import by_cluster
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit, differences_of
from asn_impact.estimation.imputation import predictors
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.estimation.two_way import columns_of
from asn_impact.words import Alert, Message, paragraph

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
    covariates
        Names of covariates of the panel that training does not change. Their slopes are learnt from untreated cells,
        with unit and period effects, and what they explain is taken off before weights are chosen.

    Notes
    -----
    Arkhangelsky et al. (2021), American Economic Review 111, algorithm 1, eq. 4 and 6; covariates as in their footnote
    4, with slopes from untreated cells as sdid in Stata does on demand (R's synthdid chooses them with the weights).
    `Effects.leave_one_out` keeps the weights and rescales them (algorithm 3, and R's jackknife); `estimates_anew`, for
    `BiasReduced`, chooses anew, and so does `ClusterBootstrap` (algorithm 2).

    Examples
    --------
    >>> SyntheticDiD().name
    'Synthetic difference-in-differences'
    """

    kind: Literal["synthetic_did", "synthetic_control", "did"] = "synthetic_did"
    covariates: Names = ()

    @property
    def entry(self) -> Method:
        return estimator_entry(self.kind, given(self.covariates))

    @property
    def compares_whole_units(self) -> bool:
        return True

    def estimate(self, design: Design) -> Effects:
        """Estimate on a design without empty cells.

        Raises
        ------
        EstimationError
            A cell is empty, nobody is never treated, or no wave has two periods before it.
        """
        refuse_holes(design, self.entry.name)
        slopes, found = self._slopes(design)
        waves = tuple(self._waves(design, design.panel.mean if slopes is None else slopes.left))
        if not waves:
            raise EstimationError(Message("estimation.nothing_to_match", name=self.entry.name))
        notes = (*found, *_left_out(design, waves))
        if self.kind != "did":
            notes = (*notes, Message("estimation.weights_by_outcome"))
        cohort = np.concatenate([np.full(len(wave.period), wave.position) for wave in waves])
        period = np.concatenate([wave.period for wave in waves])
        sizes = by_cluster(design, (design.adopted[:, None] == design.cohorts[None, :]).astype(np.float64))
        terms, cells = cells_of(design, cohort, period, sizes)
        fit = SyntheticFit(design, waves, fixed=self.kind == "did", slopes=slopes)
        return Effects(self, design, terms, fit, cells, notes=notes)

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

    def _slopes(self, design: Design) -> tuple[Slopes | None, tuple[Message, ...]]:
        """Return the slopes of the covariates, None without any, and which covariates say nothing of their own."""
        if not self.covariates:
            return None, ()
        alike = replace(design, weights="units", panel=replace(design.panel, weight=np.ones(design.panel.n.shape)))
        known, names, notes = predictors(alike, self.covariates)
        refuse_holes(known, self.entry.name, *notes)
        return (Slopes(design, columns_of(design, names)) if names else None), notes

    def _waves(self, design: Design, mean: Float) -> Iterator[Synthetic]:
        steps = design.panel.timeline.steps
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


def refuse_holes(design: Design, name: Message, *because: Message) -> None:
    """Raise where a cell is empty, `because` of what was left out, or nobody is never treated."""
    if np.isfinite(design.adopted).all():
        raise EstimationError(Message("estimation.no_never_treated", name=name))
    empty = ~design.panel.observed
    if empty.any():
        units = [design.panel.units[i] for i in np.flatnonzero(empty.any(axis=1))]
        problem = Message("estimation.holes_in_units", n=int(empty.sum()), units=units, name=name)
        raise EstimationError(paragraph(*because, problem))


def _left_out(design: Design, waves: tuple[Synthetic, ...]) -> tuple[Message, ...]:
    notes: list[Message] = []
    absent = sorted(set(range(len(design.cohorts))) - {wave.position for wave in waves})
    if absent:
        labels = [design.cohort_label(design.cohorts[i], spoken=True) for i in absent]
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
    """One wave: its units and periods, and the weights of its comparison."""

    position: int  #: which cohort of the design
    #: Positions of the units.
    treated: Int
    control: Int
    #: Positions of the periods before and after adoption.
    before: Int
    period: Int
    #: Weights of the control units and of the periods before.
    omega: Float
    lambda_: Float

    @property
    def units(self) -> Int:
        """Positions of the treated, then of the controls."""
        return np.concatenate([self.treated, self.control])


@dataclass(frozen=True, eq=False)
class Slopes:
    """Slopes of (U, T, p) covariates `x` in untreated cells with unit and period effects, every cell alike."""

    design: Design
    x: Float

    @cached_property
    def regression(self) -> LeastSquares:
        """The regression on untreated cells."""
        return self._among(np.ones(len(self.x), dtype=np.bool_))

    def _among(self, units: Bool) -> LeastSquares:
        panel = self.design.panel
        weight = np.where(units[:, None] & ~self.design.treated(), 1.0, 0.0)
        return LeastSquares(replace(self.design, weights="units", panel=replace(panel, weight=weight)), self.x)

    @cached_property
    def left(self) -> Float:
        """(U, T) outcome less what the covariates explain."""
        return np.asarray(self.design.panel.mean - self.x @ self.regression.estimate)

    def taken_off(self, loadings: Float) -> Float:
        """(k, U, T) weights on cell means less those that the slopes have in them."""
        return np.asarray(loadings - np.tensordot(np.tensordot(loadings, self.x, 2), self.regression.loadings(), 1))

    def loadings_without(self) -> Float:
        """(G, p, U, T) weights of the slopes on cell means without each cluster."""
        clusters = range(len(self.design.clusters))
        return np.stack([self._among(self.design.cluster != c).loadings() for c in clusters])


@dataclass(frozen=True, eq=False)
class SyntheticFit(Fit):
    """Effects of waves given their weights: a weighted difference of means of each unit's change since before.

    `fixed` says whether those weights are the same whatever the outcome. What covariates explain is taken off by their
    `slopes`, which are estimates and count as such.
    """

    design: Design
    waves: tuple[Synthetic, ...]
    fixed: bool = False
    slopes: Slopes | None = None

    @property
    def linear(self) -> bool:
        return self.fixed

    @cached_property
    def _parts(self) -> tuple[tuple[Adjusted, Float], ...]:
        """The comparison of each wave and the (n, k) changes of its units from the weighted past."""
        left = self.design.panel.mean if self.slopes is None else self.slopes.left
        return tuple((self._comparison(wave), self._change(wave, left - left.mean())) for wave in self.waves)

    def _comparison(self, wave: Synthetic) -> Adjusted:
        treated = np.arange(len(wave.units)) < len(wave.treated)
        weight = np.concatenate([np.ones(len(wave.treated)), wave.omega])
        rows = Rows(np.ones((len(weight), 1)), treated, weight, self.design.cluster[wave.units])
        return Adjusted(rows, "none", len(self.design.clusters))

    def _change(self, wave: Synthetic, values: Float) -> Float:
        own = values[wave.units]
        return np.asarray(own[:, wave.period] - (own[:, wave.before] @ wave.lambda_)[:, None])

    def _changes_of_covariates(self) -> Iterator[tuple[Adjusted, list[Float]]]:
        """Yield the comparison of each wave with the (n, k) changes of its p covariates."""
        assert self.slopes is not None
        for wave, (comparison, _) in zip(self.waves, self._parts, strict=True):
            yield comparison, [self._change(wave, x) for x in np.moveaxis(self.slopes.x, 2, 0)]

    @cached_property
    def estimate(self) -> Float:
        return np.concatenate([comparison.loading @ change for comparison, change in self._parts])

    def influence(self) -> Float:
        own = np.concatenate([comparison.influence(change) for comparison, change in self._parts], axis=1)
        if self.slopes is None:
            return own
        pull = [[one.loading @ change for change in changes] for one, changes in self._changes_of_covariates()]
        return np.asarray(own - self.slopes.regression.influence() @ np.concatenate(pull, axis=1))

    def leave_one_out(self) -> Float:
        """(G, k) effects without each cluster, its weights shared out among the others; slopes are learnt anew."""
        own = np.concatenate([comparison.leave_one_out(change) for comparison, change in self._parts], axis=1)
        if self.slopes is None:
            return own
        parts = [[one.leave_one_out(change) for change in changes] for one, changes in self._changes_of_covariates()]
        moved = self.slopes.regression.leave_one_out() - self.slopes.regression.estimate
        return np.asarray(own - np.einsum("pgk,gp->gk", np.concatenate(parts, axis=2), moved))

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given the weights of units and periods."""
        blocks = []
        for wave, (comparison, _) in zip(self.waves, self._parts, strict=True):
            block = np.zeros((len(wave.period), *self.design.panel.mean.shape))
            over_time = self._over_time(wave, np.eye(len(wave.period)))
            block[:, wave.units] = comparison.loading[None, :, None] * over_time[:, None, :]
            blocks.append(block)
        loadings = np.concatenate(blocks)
        return loadings if self.slopes is None else self.slopes.taken_off(loadings)

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
        if self.slopes is None:
            return total
        pull = np.einsum("gmut,utp->gmp", total, self.slopes.x)
        return np.asarray(total - np.einsum("gmp,gput->gmut", pull, self.slopes.loadings_without()))

    def differences(self, effects: Effects) -> Float:
        return differences_of(self, effects)

    def _over_time(self, wave: Synthetic, weights: Float) -> Float:
        """(..., T) weights on the periods of (..., k) weighted sums of the effects of a wave."""
        over_time = np.zeros((*weights.shape[:-1], self.design.panel.mean.shape[1]))
        over_time[..., wave.before] = -wave.lambda_ * weights.sum(axis=-1, keepdims=True)
        over_time[..., wave.period] = weights
        return over_time
