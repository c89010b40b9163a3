"""Group-time effects: Callaway and Sant'Anna (2021) on cell means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, Steps
from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.adjusted import AdjustBy
from asn_impact.estimation.cell_effects import cells_of, cohort_sizes, pairs_of, without_unknown
from asn_impact.estimation.comparisons import AdjustedFit, Comparison, covariates_of
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.estimation.views import Cells
from asn_impact.words import Alert, Message

AUTHORS = ("Callaway", "Sant'Anna")


@dataclass(frozen=True)
class GroupTime(Estimator):
    """Group-time effects ATT(g, t): the treated change since the base period minus the same change among controls.

    Assumes parallel trends in cell means (given the covariates in `adjust`) and no anticipation beyond `anticipation`
    steps. Cells without a control are not estimable and listed.

    Parameters
    ----------
    controls
        ``"not_yet"``: units never treated or treated later than both periods of the comparison (plus `anticipation`);
        ``"never"``: units never treated in the window.
    anticipation
        Steps before adoption in which the outcome may already react.
    base
        ``"universal"``: every period is compared with the last one before adoption (minus `anticipation`).
        ``"varying"``: a period before that is compared with the period just before it.
    sample
        ``"pairs"``: change of the units seen in both periods, with their weight in the base period.
        ``"cross_sections"``: change of the weighted mean over all units seen in either period.
    adjust
        Names of covariates of the panel or of numeric attributes of the units. Pairs use the values of the base period.
    method
        How `adjust` enters: ``"regression"`` of the controls' change, ``"ipw"`` (controls weighted by their odds of
        treatment, normalised), or both, ``"doubly_robust"``.

    Notes
    -----
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, eq. 2.5 and 2.6 without covariates, theorem 2 for the
    influence; Sant'Anna and Zhao (2020), Journal of Econometrics 219, for the covariates.
    See docs/methods.md#grouptime.

    Examples
    --------
    >>> GroupTime(controls="never").name
    "Group-time effects (Callaway and Sant'Anna), never-treated controls, universal base"
    """

    controls: Literal["never", "not_yet"] = "not_yet"
    anticipation: Steps = 0
    base: Literal["universal", "varying"] = "universal"
    sample: Literal["pairs", "cross_sections"] = "pairs"
    adjust: Names = ()
    method: AdjustBy = "doubly_robust"

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        how = Message(f"methods.adjusting.{self.method}")
        return estimator_entry(
            "group_time",
            Message(f"methods.controls.{self.controls}"),
            Message(f"methods.group_time.base.{self.base}"),
            Message("methods.group_time.ahead", periods=self.anticipation) if self.anticipation else None,
            Message("methods.group_time.pooled") if self.sample == "cross_sections" else None,
            Message("methods.given_by", names=self.adjust, how=how) if self.adjust else None,
            authors=AUTHORS,
            also=(Message("methods.adjusting.source"),) if self.adjust else (),
            explained={"controls": Message(f"methods.group_time.compared.{self.controls}")},
        )

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.adjust

    @property
    def compares_whole_units(self) -> bool:
        return self.controls == "never"

    def estimate(self, design: Design) -> Effects:
        """Estimate every ATT(g, t) of the design.

        Raises
        ------
        EstimationError
            Nobody is never treated and `controls` asks for them, no wave has a period before it, a covariate is not
            there, or the covariates leave nothing to estimate.
        """
        if self.controls == "never" and np.isfinite(design.adopted).all():
            raise EstimationError(Message("estimation.nobody_never"))
        comparisons = tuple(self._comparisons(design))
        if not comparisons:
            raise EstimationError(Message("estimation.no_base"))
        used, fit, notes = self._fit(design, comparisons)
        cohort = np.concatenate([np.full(len(c.period), c.position) for c in comparisons])
        period = np.concatenate([c.period for c in comparisons])
        terms, cells = cells_of(design, cohort, period, cohort_sizes(used, self.sample))
        notes = (*notes, *_not_estimable(design, comparisons, terms, fit.estimate, cells))
        effects = Effects(self, design, terms, fit, cells, notes=notes, reference=self._reference(design, comparisons))
        return replace(effects, notes=(*notes, *self._without_overlap(effects, fit.without_overlap())))

    def _without_overlap(self, effects: Effects, lost: Bool) -> tuple[Message, ...]:
        """Return what to do about effects after adoption that the covariates take away, with their share."""
        assert effects.cells is not None
        lost = lost & (effects.cells.event_time >= 0)
        if not lost.any() or not self.adjust:
            return ()
        pairs = pairs_of(effects.terms[lost], effects.design, "att")
        gone = effects.left_out.merge(effects.terms[lost], on=["cohort", "period"])
        share = float(gone["share_of_treated"].sum())
        return (Alert("estimation.no_overlap", n=len(pairs), names=self.adjust, share=share, pairs=pairs),)

    def _reference(self, design: Design, comparisons: tuple[Comparison, ...]) -> int | None:
        """Return the event time of the base: none where it moves, or differs between waves."""
        if self.base == "varying":
            return None
        steps = design.panel.timeline.steps
        bases = {int(steps[c.base[0]] - design.cohorts[c.position]) for c in comparisons if c.base.size}
        return bases.pop() if len(bases) == 1 else None

    def _fit(
        self, design: Design, comparisons: tuple[Comparison, ...]
    ) -> tuple[Design, AdjustedFit, tuple[Message, ...]]:
        """Return the design of the cells that count, the fit, and what was left out."""
        if not self.adjust:
            none = np.zeros((*design.panel.mean.shape, 0))
            return design, AdjustedFit(design, comparisons, self.sample, "none", none), ()
        covariates, notes = covariates_of(design, self.adjust)
        used, lost = without_unknown(design, covariates, self.adjust)
        fit = AdjustedFit(used, comparisons, self.sample, self.method, covariates)
        if np.isnan(fit.estimate).all():
            raise EstimationError(Message("estimation.not_identified_given", names=self.adjust))
        return used, fit, (*notes, *lost)

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


def _not_estimable(
    design: Design, comparisons: tuple[Comparison, ...], terms: pd.DataFrame, estimate: Float, cells: Cells
) -> tuple[Message, ...]:
    notes: list[Message] = []
    absent = set(range(len(design.cohorts))) - {c.position for c in comparisons}
    if absent:
        labels = [design.cohort_label(design.cohorts[i], spoken=True) for i in sorted(absent)]
        notes.append(Alert("estimation.waves_without_base", waves=labels))
    missing = np.isnan(estimate) & (cells.event_time >= 0)
    if missing.any():
        effects = pairs_of(terms[missing], design, "att")
        notes.append(Message("estimation.pairs_not_estimable", n=len(effects), pairs=effects))
    return tuple(notes)
