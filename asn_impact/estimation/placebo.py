"""Placebo variance: how far the estimate strays when never-treated clusters are taken for treated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from asn_impact.arguments import AtLeast, Steps
from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import InferenceError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, Rule, conclude
from asn_impact.estimation.methods import Method, rule_entry
from asn_impact.estimation.resampling import all_ways, number_of_ways, some_ways, times_of_clusters, ways_of
from asn_impact.words import Message


@dataclass(frozen=True)
class Placebo(Rule):
    """Variance of placebo estimates: the treated are left out and their adoption times dealt to never-treated clusters.

    The one rule that gives an interval with a single treated cluster, at a price: it takes for granted that the
    treated are as noisy as the never-treated, and it tests nothing about that. All distinct deals are taken when
    there are at most `reps`, and the result does not depend on `seed` then.

    Parameters
    ----------
    reps
        Largest number of deals.
    seed
        Where the random deals start, if not all are taken.

    Notes
    -----
    Arkhangelsky et al. (2021), American Economic Review 111, algorithm 4, by cluster: V = mean of the squared
    distances of the placebo estimates from their mean. They use the normal; here t with one less than the number of
    never-treated clusters. See docs/methods.md#placebo.

    Examples
    --------
    >>> Placebo(reps=200, seed=1).name
    'placebo treatment of never-treated clusters, t(never-treated clusters - 1)'
    """

    reps: Annotated[int, AtLeast(2)]
    seed: Steps

    @property
    def entry(self) -> Method:
        return rule_entry("placebo", Message("rules.placebo.degrees"))

    def attach(self, effects: Effects) -> Inference:
        """Attach the placebo variance.

        Raises
        ------
        InferenceError
            There are no more never-treated than treated clusters, a cluster holds units with different adoption times,
            or a placebo does not have the same estimates.
        """
        times = times_of_clusters(effects.design)
        treated, others = np.isfinite(times).sum(), np.isinf(times).sum()
        if others <= treated:
            raise InferenceError(Message("inference.few_never_treated", never=int(others), treated=int(treated)))
        estimates, ways = self._estimates(effects, times)
        away = estimates - estimates.mean(axis=0)
        variance = away.T @ away / len(estimates)
        inference = conclude(effects, self, variance, np.full(len(effects.terms), others - 1.0))
        note = Message("inference.spread_of_placebos", n=len(estimates), ways=ways_of(ways), clusters=int(others))
        return replace(inference, notes=(*inference.notes, note))

    def _estimates(self, effects: Effects, times: Float) -> tuple[Float, int]:
        """(N, k) placebo estimates, and how many distinct ones there are."""
        never = effects.design.where(np.isinf(effects.design.adopted))
        dealt = np.full(len(never.clusters), np.inf)
        dealt[: np.isfinite(times).sum()] = np.sort(times[np.isfinite(times)])
        together = np.zeros(len(dealt), dtype=np.int64)
        ways = number_of_ways(dealt, together)
        deals = all_ways(dealt, together) if ways <= self.reps else some_ways(dealt, together, self.reps, self.seed)
        return np.stack(list(_placebos(effects, never, deals))), ways


def _placebos(effects: Effects, never: Design, deals: Iterator[Float]) -> Iterator[Float]:
    """Yield the (k,) estimates on the never-treated for each deal of adoption times."""
    for deal in deals:
        placebo = effects.anew(replace(never, adopted=deal[never.cluster]))
        if not placebo.terms.equals(effects.terms):
            raise InferenceError(Message("inference.placebo_other_terms"))
        yield placebo.estimate
