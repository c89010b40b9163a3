"""The efficient estimator when the order of the waves was drawn by lot: Roth and Sant'Anna (2023)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.effects import Effects, Estimator, Fit
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.words import Message

__all__ = ["Efficient", "PlugIn"]


@dataclass(frozen=True)
class Efficient(Estimator):
    """Effects under drawn timing: the difference after treatment less beta times the same difference before.

    Difference-in-differences takes all of the difference before treatment off (beta = 1), a comparison of means none
    (beta = 0). If a lottery decided who came when, every beta is unbiased, and the one estimated here has the smallest
    variance. Without a lottery it is not justified: use `GroupTime`.

    Each unit counts alike and is its own cluster. The influence gives Neyman's variance,
    which is too large rather than too small where effects differ between units.

    Parameters
    ----------
    by
        ``"overall"``: the mean effect over all treated units and periods. ``"event_time"``: one effect for each time
        since adoption with its own beta; `Effects.event_study` asks for it.

    Notes
    -----
    Roth and Sant'Anna (2023), Journal of Political Economy: Microeconomics 1, section 2: the plug-in efficient
    estimator with a scalar difference before treatment, that of `GroupTime(controls="not_yet")`; beta = 1 is that one.

    Examples
    --------
    >>> Efficient().name
    "Efficient estimator for drawn timing (Roth and Sant'Anna)"
    """

    by: Literal["overall", "event_time"] = "overall"

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        return estimator_entry("efficient", authors=("Roth", "Sant'Anna"))

    def estimate(self, design: Design) -> Effects:
        """Estimate the overall effect, or one for each time since adoption."""
        refuse_unfit(design)
        fit = PlugIn(design, self.by)
        notes: tuple[Message, ...] = ()
        if np.isfinite(design.adopted).all():
            last = design.cohort_label(design.cohorts[-1])
            notes = (Message("estimation.later_as_controls", name=self.entry.name, wave=last),)
        if self.by == "overall":
            return Effects(self, design, pd.DataFrame({"term": ["overall"]}), fit, notes=notes)
        return Effects(self, design, pd.DataFrame({"event_time": fit.times.astype(np.int64)}), fit, notes=notes)

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Estimate one effect for every time since adoption, each with its own beta."""
        return Efficient("event_time").estimate(design)


def refuse_unfit(design: Design) -> None:
    """Raise where a cell is empty, units share a cluster, or a wave has a single unit."""
    empty = ~design.panel.observed
    if empty.any():
        raise EstimationError(Message("estimation.holes", n=int(empty.sum())))
    if len(design.clusters) < len(design.cluster):
        raise EstimationError(
            Message(
                "estimation.units_share_clusters",
                units=len(design.cluster),
                clusters=len(design.clusters),
                by=design.clustered_by,
            )
        )
    waves, units = np.unique(design.adopted, return_counts=True)
    if (units < 2).any():
        single = [design.cohort_label(step) for step in waves[units < 2]]
        raise EstimationError(Message("estimation.single_unit_wave", waves=single))


@dataclass(frozen=True, eq=False)
class PlugIn(Fit):
    """The estimates of `Efficient`: sums over waves and periods of weights times wave means.

    Attributes
    ----------
    design
        Balanced, each unit its own cluster.
    by
        One effect for all times since adoption together, or one for each.
    """

    design: Design
    by: Literal["overall", "event_time"]

    @property
    def linear(self) -> bool:
        """False: beta is estimated from the outcome."""
        return False

    @cached_property
    def _waves(self) -> tuple[Float, Int, Int]:
        """(W,) adoption steps, (U,) wave of each unit, (W,) units of each wave."""
        waves, wave, units = np.unique(self.design.adopted, return_inverse=True, return_counts=True)
        return waves, wave, units

    @cached_property
    def _effects(self) -> list[tuple[int, int, int]]:
        """Wave, period and last period before it, of every effect that has a control."""
        waves, _, _ = self._waves
        steps = self.design.panel.timeline.steps
        return [
            (int(g), int(t), int(np.flatnonzero(steps < waves[g])[-1]))
            for g in np.flatnonzero(np.isfinite(waves))
            for t in np.flatnonzero(steps >= waves[g])
            if (waves > steps[t]).any() and (steps < waves[g]).any()
        ]

    @cached_property
    def times(self) -> Float:
        """(k,) times since adoption; inf for all of them."""
        waves, steps = self._waves[0], self.design.panel.timeline.steps
        if not self._effects:
            raise EstimationError(Message("estimation.no_wave_before_and_later"))
        return (
            np.array([np.inf])
            if self.by == "overall"
            else np.unique([steps[t] - waves[g] for g, t, _ in self._effects])
        )

    @cached_property
    def _weights(self) -> tuple[Float, Float]:
        """(k, W, T) weights on wave means: of the difference after treatment, and of the same difference before."""
        waves, _, units = self._waves
        steps = self.design.panel.timeline.steps
        after = np.zeros((len(self.times), len(waves), len(steps)))
        before = np.zeros_like(after)
        for j, time in enumerate(self.times):
            terms = [e for e in self._effects if time in (np.inf, steps[e[1]] - waves[e[0]])]
            total = sum(units[g] for g, _, _ in terms)
            for g, t, base in terms:
                contrast = -np.where(waves > steps[t], units, 0) / units[waves > steps[t]].sum()
                contrast[g] = 1.0
                after[j, :, t] += contrast * units[g] / total
                before[j, :, base] += contrast * units[g] / total
        return after, before

    @cached_property
    def _spread(self) -> Float:
        """(W, T, T) covariances of the outcome inside each wave, over the units of the wave."""
        _, wave, units = self._waves
        inside = self._inside
        products = np.stack([inside[wave == g].T @ inside[wave == g] for g in range(len(units))])
        return np.asarray(products / (units * (units - 1.0))[:, None, None])

    @cached_property
    def _inside(self) -> Float:
        """(U, T) outcomes less the mean of the wave."""
        _, wave, units = self._waves
        mean = self.design.panel.mean
        total = np.zeros((len(units), mean.shape[1]))
        np.add.at(total, wave, mean)
        return np.asarray(mean - (total / units[:, None])[wave])

    @cached_property
    def beta(self) -> Float:
        """(k,) share of the difference before treatment that is taken off: covariance over variance."""
        after, before = self._weights
        covariance = np.einsum("kwt,wts,kws->k", before, self._spread, after)
        variance = np.einsum("kwt,wts,kws->k", before, self._spread, before)
        return np.asarray(np.divide(covariance, variance, out=np.zeros(len(variance)), where=variance > 0))

    def _net(self) -> Float:
        """(k, U, T) weights on the outcomes, given beta."""
        _, wave, units = self._waves
        after, before = self._weights
        by_wave = (after - self.beta[:, None, None] * before) / units[None, :, None]
        return np.asarray(by_wave[:, wave])

    @cached_property
    def estimate(self) -> Float:
        """(k,) effects."""
        mean = self.design.panel.mean
        return np.asarray(np.einsum("kut,ut->k", self._net(), mean - mean.mean()))

    def influence(self) -> Float:
        """(G, k) deviations inside the waves, scaled so that their squares sum to Neyman's variance."""
        _, wave, units = self._waves
        scale = np.sqrt(units / (units - 1.0))[wave]
        by_unit = np.einsum("kut,ut->uk", self._net(), self._inside) * scale[:, None]
        return cluster_sums(self.design.cluster, len(self.design.clusters), by_unit)

    def leave_one_out(self) -> Float:
        """(G, k) effects without each unit, beta estimated again; NaN where a wave would be left with one unit."""
        deleted = np.full((len(self.design.clusters), len(self.times)), np.nan)
        _, wave, units = self._waves
        for c in range(len(deleted)):
            if (units[wave[self.design.cluster == c]] > 2).all():
                deleted[c] = PlugIn(self.design.without(c), self.by).estimate
        return deleted

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given beta."""
        return self._net()
