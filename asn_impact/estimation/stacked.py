"""Stacked differences: each wave with its own clean controls, stacked by time since adoption with corrective weights.

Wing, Freedman and Hollingsworth (2024). The stack is never built: its regression is four weighted means for
each event time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, Times
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.counted import Counted
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.words import Alert, Message, paragraph


@dataclass(frozen=True)
class Stacked(Estimator):
    """The treated change since the last period before adoption minus that of clean controls, over a fixed window.

    Every wave is compared with units treated neither in its window nor before. Waves whose window the panel
    does not hold, and units not seen in all of it, are left out and counted. Control units get weights that
    give each wave the same share among controls as among the treated, so that the estimate is the mean over
    waves weighted by their treated units.

    Parameters
    ----------
    before, after
        First and last step of the window, counted from adoption: ``before=4, after=3`` is -4 to 3.
    terms
        ``"overall"``: the mean over 0 to `after`; ``"event_time"``: one term for each step but -1
        (`Effects.event_study`).

    Raises
    ------
    EstimationError
        The window has no period before adoption, or no wave has its whole window and a clean control.

    Notes
    -----
    Wing, Freedman and Hollingsworth (2024), NBER working paper 32054: weighted regression on treatment by
    event time, standard errors clustered over stacks. Those (`ClusterRobust`) count what is common to a calendar
    period as noise, because waves share one mean for each event time; the rules that leave clusters out do not.
    A unit counts with its weight in the last period before adoption. See docs/methods.md#stacked.

    Equation: with D_a and C_a the weights of the treated and of the controls of wave a, and D and C their sums, a
    control of wave a weighs (D_a / D) / (C_a / C).

    Examples
    --------
    >>> Stacked(before=4, after=3).name
    'Stacked differences (Wing, Freedman and Hollingsworth), steps -4 to 3'
    """

    before: Times
    after: Steps
    terms: Literal["overall", "event_time"] = "overall"

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        window = Message("methods.stacked.window", first=-self.before, last=self.after)
        return estimator_entry("stacked", window, authors=("Wing", "Freedman", "Hollingsworth"))

    def estimate(self, design: Design) -> Effects:
        """Estimate the mean effect over the window, or one for each event time."""
        stacks, notes = self._stacks(design)
        if not stacks:
            nothing = Message("estimation.no_stack", name=self.entry.name)
            raise EstimationError(paragraph(nothing, *notes, Message("estimation.shorter_window")))
        steps = self._steps
        combination = (steps >= 0)[None, :] / (self.after + 1)
        terms = pd.DataFrame({"term": ["overall"]})
        if self.terms == "event_time":
            combination, terms = np.eye(len(steps)), pd.DataFrame({"event_time": steps})
        return Effects(self, design, terms, StackedFit(design, stacks, combination), notes=notes, reference=-1)

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Estimate one effect for each event time but -1."""
        return replace(self, terms="event_time").estimate(design)

    @property
    def _steps(self) -> Int:
        """(k,) event times with a term."""
        return np.array([h for h in range(-self.before, self.after + 1) if h != -1], dtype=np.int64)

    def _stacks(self, design: Design) -> tuple[tuple[Stack, ...], tuple[Message, ...]]:
        """Return the waves that can be used, and sentences about what cannot."""
        position = {int(step): i for i, step in enumerate(design.panel.timeline.steps)}
        stacks, outside, alone, incomplete = [], [], [], 0
        for start in design.cohorts.astype(np.int64).tolist():
            window = [start + h for h in range(-self.before, self.after + 1)]
            if not all(step in position for step in window):
                outside.append(design.cohort_label(start, spoken=True))
                continue
            seen = design.panel.observed[:, [position[step] for step in window]].all(axis=1)
            treated, control = design.adopted == start, design.adopted > start + self.after
            incomplete += int(((treated | control) & ~seen).sum())
            if not ((treated & seen).any() and (control & seen).any()):
                alone.append(design.cohort_label(start, spoken=True))
                continue
            period = np.array([position[start + h] for h in self._steps], dtype=np.int64)
            stacks.append(Stack(treated & seen, control & seen, period, position[start - 1]))
        notes: list[Message] = []
        if outside:
            notes.append(Alert("estimation.waves_outside", waves=outside))
        if alone:
            notes.append(Alert("estimation.waves_alone", waves=alone))
        if incomplete:
            notes.append(Alert("estimation.units_incomplete", n=incomplete))
        return tuple(stacks), tuple(notes)


@dataclass(frozen=True, eq=False)
class Stack:
    """One wave with its clean controls: (U,) members, (k,) positions of the periods, and that of the base period."""

    treated: Bool
    control: Bool
    period: Int
    base: int


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums by stack: (..., A, k) weighted changes and (..., A, 1) weights of the treated and of the controls."""

    treated: Float
    treated_weight: Float
    control: Float
    control_weight: Float

    @property
    def share(self) -> Float:
        """(..., A, 1) share of each stack among the treated; 0 without treated or without controls."""
        usable = (self.treated_weight > 0) & (self.control_weight > 0)
        weight = np.where(usable, self.treated_weight, 0.0)
        return ratio(weight, weight.sum(axis=-2, keepdims=True))

    def means(self) -> tuple[Float, Float]:
        """(..., k) mean change of the treated, and of the controls with the shares of the treated."""
        treated = np.nan_to_num(ratio(self.treated, self.treated_weight))
        control = np.nan_to_num(ratio(self.control, self.control_weight))
        return (self.share * treated).sum(axis=-2), (self.share * control).sum(axis=-2)

    def without(self) -> Totals:
        """Return the totals less those of each cluster, from totals by cluster (G, A, .)."""
        sums = self._parts
        left = [total.sum(axis=0) - total for total in sums]
        for i in (1, 3):  # what is left of a weight after subtraction may be rounding
            left[i] = np.where(left[i] > 1e-12 * sums[i].sum(axis=0), left[i], 0.0)
        return Totals(*left)

    def sum_up(self) -> Totals:
        """Return the totals over clusters, from totals by cluster (G, A, .)."""
        return Totals(*(part.sum(axis=0) for part in self._parts))

    @property
    def _parts(self) -> tuple[Float, ...]:
        return self.treated, self.treated_weight, self.control, self.control_weight


@dataclass(frozen=True, eq=False)
class StackedFit(Fit):
    """Combinations (m, k) of the treated minus control changes of k event times."""

    design: Design
    stacks: tuple[Stack, ...]
    combination: Float

    def _weights(self, stack: Stack) -> tuple[Float, Float]:
        """(U, 1) weights of the treated and of the controls: those of the base period."""
        weight = self.design.panel.weight[:, stack.base]
        return (weight * stack.treated)[:, None], (weight * stack.control)[:, None]

    @cached_property
    def totals(self) -> Totals:
        """Sums by cluster and stack (G, A, .)."""
        outcome = np.nan_to_num(self.design.panel.mean)
        parts = []
        for stack in self.stacks:
            change = outcome[:, stack.period] - outcome[:, [stack.base]]
            treated, control = self._weights(stack)
            parts.append([by_cluster(self.design, v) for v in (treated * change, treated, control * change, control)])
        return Totals(*(np.stack(part, axis=1) for part in zip(*parts, strict=True)))

    @cached_property
    def estimate(self) -> Float:
        treated, control = self.totals.sum_up().means()
        return np.asarray(self.combination @ (treated - control))

    def influence(self) -> Float:
        """(G, m) influence by cluster: residuals from the means of the pooled stack, with the corrective weights."""
        total = self.totals.sum_up()
        treated, control = total.means()
        by_weight = total.share / total.treated_weight, total.share / total.control_weight
        own = by_weight[0] * (self.totals.treated - self.totals.treated_weight * treated)
        other = by_weight[1] * (self.totals.control - self.totals.control_weight * control)
        return np.asarray((own - other).sum(axis=1) @ self.combination.T)

    def leave_one_out(self) -> Float:
        """(G, m) estimates without each cluster, corrective weights found anew."""
        treated, control = self.totals.without().means()
        return np.asarray((treated - control) @ self.combination.T)

    def loadings(self) -> Float:
        total = self.totals.sum_up()
        loadings = np.zeros((len(self.combination), *self.design.panel.mean.shape))
        for i, stack in enumerate(self.stacks):
            treated, control = self._weights(stack)
            unit = total.share[i] * (treated / total.treated_weight[i] - control / total.control_weight[i])
            for j, period in enumerate(stack.period):
                loadings[:, :, period] += self.combination[:, [j]] * unit.T
            loadings[:, :, stack.base] -= self.combination.sum(axis=1, keepdims=True) * unit.T
        return loadings

    @property
    def correction(self) -> float:
        """(N - 1) / (N - K): N cells of the stack, K means by treatment and event time."""
        counted = self.counted(singles=False)
        return (counted.rows - 1) / (counted.rows - counted.free)

    def counted(self, *, singles: bool) -> Counted:
        """Rows and coefficients of the stacked regression, which has no unit effects and nothing seen once."""
        width = len(self.stacks[0].period) + 1
        members = np.stack([stack.treated | stack.control for stack in self.stacks])
        clusters = np.unique(self.design.cluster[members.any(axis=0)])
        return Counted(float(width * members.sum()), len(clusters), 2 * width)
