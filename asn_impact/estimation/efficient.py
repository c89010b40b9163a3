"""The efficient estimator when the order of the waves was drawn by lot: Roth and Sant'Anna (2023)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.estimation.views import Calendar, Cohorts, View
from asn_impact.words import Message

By: TypeAlias = Literal["overall", "event_time", "cohort", "calendar"]


@dataclass(frozen=True)
class Efficient(Estimator):
    """Effects under drawn timing: the difference after treatment less beta times the same difference before.

    Difference-in-differences takes all of the difference before treatment off (beta = 1), a comparison of means none
    (beta = 0). If a lottery decided who came when, every beta is unbiased, and the one estimated here has the smallest
    variance. Without a lottery it is not justified: use `GroupTime`.

    Each unit counts alike and is its own cluster. The influence gives Neyman's variance, which is too large rather than
    too small where effects differ between units. With 8 to 20 offices of which 4 or more are treated `BiasReduced`
    rejects a true null in 6 to 9 %, not 5 % (600 draws a cell of ``benchmarks/coverage.py``); a wave of two units has
    no interval.

    Parameters
    ----------
    by
        ``"overall"``: the mean effect over all treated units and periods. ``"event_time"``, ``"cohort"``,
        ``"calendar"``: one effect for each time since adoption, wave or period, each with its own beta;
        `Effects.event_study`, `cohorts` and `calendar` ask for them.

    Notes
    -----
    Roth and Sant'Anna (2023), Journal of Political Economy: Microeconomics 1, section 2: the plug-in efficient
    estimator with a scalar difference before treatment, that of `GroupTime(controls="not_yet")`; beta = 1 is that one.

    Examples
    --------
    >>> Efficient().name
    "Efficient estimator for drawn timing (Roth and Sant'Anna)"
    """

    by: By = "overall"

    @property
    def entry(self) -> Method:
        return estimator_entry("efficient", authors=("Roth", "Sant'Anna"))

    def estimate(self, design: Design) -> Effects:
        """Estimate the overall effect, or one for each time since adoption, wave or period.

        Raises
        ------
        EstimationError
            A cell is empty, units share a cluster, a wave has a single unit, or none has a period before it and a later
            wave.
        """
        refuse_unfit(design)
        fit = PlugIn(design, self.by)
        notes: tuple[Message, ...] = ()
        if np.isfinite(design.adopted).all():
            last = design.cohort_label(design.cohorts[-1])
            notes = (Message("estimation.later_as_controls", name=self.entry.name, wave=last),)
        return Drawn(self, design, fit.terms, fit, notes=notes)

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Estimate one effect for every time since adoption, each with its own beta."""
        return Efficient("event_time").estimate(design)


class Drawn(Effects):
    """Effects that are no averages of one another: by wave and by period each has a beta of its own."""

    def average_by(self, view: View) -> Effects:
        """Return the overall effect, or those by wave or period, estimated for themselves."""
        asked: dict[type[View], By] = {Cohorts: "cohort", Calendar: "calendar"}
        if self.estimator == Efficient() and type(view) in asked:
            return Efficient(asked[type(view)]).estimate(self.design)
        return super().average_by(view)


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
        single = [design.cohort_label(step, spoken=True) for step in waves[units < 2]]
        raise EstimationError(Message("estimation.single_unit_wave", waves=single))


@dataclass(frozen=True, eq=False)
class PlugIn(Fit):
    """The estimates of `Efficient`: sums over waves and periods of weights times wave means."""

    design: Design  #: balanced, each unit its own cluster
    by: By  #: one effect for all waves and periods together, or one for each time since adoption, wave or period

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
    def _effects(self) -> tuple[Int, Int, Int]:
        """(E,) wave, period and last period before it, of every effect that has a control."""
        waves, steps = self._waves[0], self.design.panel.timeline.steps
        base = np.searchsorted(steps, waves) - 1
        some = (steps >= waves[:, None]) & (steps < waves.max()) & (base >= 0)[:, None]
        wave, period = np.nonzero(some & np.isfinite(waves)[:, None])
        if not wave.size:
            raise EstimationError(Message("estimation.no_wave_before_and_later"))
        return wave, period, base[wave]

    @cached_property
    def _label(self) -> Float:
        """(E,) which estimate each effect is part of: a time since adoption, a wave, a period, or the only one."""
        wave, period, _ = self._effects
        since = self.design.panel.timeline.steps[period] - self._waves[0][wave]
        return np.asarray({"overall": 0 * since, "event_time": since, "cohort": wave, "calendar": period}[self.by])

    @property
    def terms(self) -> pd.DataFrame:
        """One row an estimate, named as the views name them."""
        labels = np.unique(self._label)
        if self.by == "overall":
            return pd.DataFrame({"term": ["overall"]})
        if self.by == "event_time":
            return pd.DataFrame({"event_time": labels.astype(np.int64)})
        if self.by == "cohort":
            return pd.DataFrame({"cohort": [self.design.cohort_label(self._waves[0][int(g)]) for g in labels]})
        return pd.DataFrame({"period": [self.design.panel.timeline.labels[int(t)] for t in labels]})

    @cached_property
    def _weights(self) -> tuple[Float, Float]:
        """(k, W, T) weights on wave means: of the difference after treatment, and of the same difference before."""
        return self._weights_of(self._waves[2])

    def _weights_of(self, units: Int) -> tuple[Float, Float]:
        """Return the weights for waves of so many (W,) units."""
        waves, steps = self._waves[0], self.design.panel.timeline.steps
        wave, period, base = self._effects
        later = np.where(waves[None, :] > steps[period][:, None], units, 0)
        contrast = -later / later.sum(axis=1, keepdims=True)
        contrast[np.arange(len(wave)), wave] = 1.0
        member = np.unique(self._label)[:, None] == self._label
        share = member * units[wave] / (member @ units[wave])[:, None]
        at = np.eye(len(steps))
        after, before = (np.einsum("ke,ew,et->kwt", share, contrast, at[t], optimize=True) for t in (period, base))
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
        mean = self.design.panel.mean
        return np.asarray(np.einsum("kut,ut->k", self._net(), mean - mean.mean()))

    def influence(self) -> Float:
        """(G, k) deviations inside the waves, scaled so that their squares sum to Neyman's variance."""
        _, wave, units = self._waves
        scale = np.sqrt(units / (units - 1.0))[wave]
        by_unit = np.einsum("kut,ut->uk", self._net(), self._inside) * scale[:, None]
        return cluster_sums(self.design.cluster, len(self.design.clusters), by_unit)

    def _without(self) -> Iterator[tuple[Int, Float, Float]]:
        """Yield the n units of each wave, with (k, n) effects and (k, W, T, n) weights on wave means without each.

        A wave of two is left out: with one unit nothing says how much it varies.
        """
        _, wave, units = self._waves
        mean = np.stack([self.design.panel.mean[wave == g].mean(axis=0) for g in range(len(units))])
        mean = mean - self.design.panel.mean.mean()
        for g in np.flatnonzero(units > 2):
            members, n = np.flatnonzero(wave == g), float(units[g])
            after, before = self._weights_of(units - (np.arange(len(units)) == g))
            rest = np.where(np.arange(len(units))[:, None, None] == g, 0.0, self._spread)
            own = self._inside[members]
            past, late = before[:, g] @ own.T, after[:, g] @ own.T  # (k, n)

            others = [np.einsum("kwt,wts,kws->k", before, rest, one) for one in (before, after)]
            variance, covariance = (
                other[:, None] + _products_without(past, one) for other, one in zip(others, (past, late), strict=True)
            )
            beta = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0)
            net = after[..., None] - beta[:, None, None, :] * before[..., None]
            effect = np.einsum("kwtn,wt->kn", net, mean) - np.einsum("ktn,nt->kn", net[:, g], own) / (n - 1)
            yield members, effect, net

    def leave_one_out(self) -> Float:
        """(G, k) effects without each unit, beta estimated again; NaN where a wave would be left with one unit."""
        deleted = np.full((len(self.design.clusters), len(self.beta)), np.nan)
        for members, effect, _ in self._without():
            deleted[self.design.cluster[members]] = effect.T
        return deleted

    def differences(self, effects: Effects) -> Float:
        """(G, k, U, T) the weights on the cell means without each unit, beta estimated again, less those with all."""
        _, wave, units = self._waves
        loadings = self.loadings()
        difference = np.full((len(self.design.clusters), *loadings.shape), np.nan)
        for members, _, net in self._without():
            left = units - (np.arange(len(units)) == wave[members[0]])
            by_unit = (net / left[:, None, None])[:, wave]  # (k, U, T, n)
            by_unit[:, members, :, np.arange(len(members))] = 0.0
            difference[self.design.cluster[members]] = by_unit.transpose(3, 0, 1, 2) - loadings
        return difference

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means, given beta."""
        return self._net()


def _products_without(one: Float, other: Float) -> Float:
    """(k, n) covariances of the means of two (k, n) deviations from the mean of a wave, without each unit in turn."""
    n = one.shape[1]
    inside = (one * other).sum(axis=1, keepdims=True) - n / (n - 1) * one * other
    return np.asarray(inside / ((n - 1) * (n - 2)))
