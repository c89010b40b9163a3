"""Two-way fixed effects: kept because readers expect it, though staggered waves make it a strange average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, did_you_mean
from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, estimator_entry, full_name, given
from asn_impact.words import Alert, Message, paragraph


@dataclass(frozen=True)
class TwoWay(Estimator):
    """Coefficients of a regression with unit and period effects.

    Without `regressors`, the regressor is 1 from adoption on and the coefficient is an effect only if effects are the
    same
    for all waves and all times since adoption (Goodman-Bacon 2021, eq. 10). `event_study()` has one dummy for
    every time since adoption but the last one before it, and none of the covariates.

    When the design weighs records, covariates made by ``tabulate(..., covariates=...)`` count with all their variation
    between records: the coefficients and every rule of inference are those of the regression on the records. When it
    weighs units, covariates are cell means and what varies inside a cell does not count.

    Parameters
    ----------
    regressors
        Names of covariates of the panel to use instead of the treatment dummy, in order.
    covariates
        Names of covariates of the panel to add to the treatment dummy.
    terms
        ``"event_time"`` estimates the event study in place of the one coefficient.
    trend
        ``"unit"``: each unit has a straight trend of its own beside its effect (Angrist and Pischke 2009, eq. 5.2.7).
        Treated units need two untreated periods to learn it from. It takes away part of an effect that grows with
        time. Event studies set the first lead to zero too, as no trend can be told from a slope in all leads.

    Examples
    --------
    >>> TwoWay().name
    'Two-way fixed effects'
    """

    regressors: Names = ()
    covariates: Names = ()
    terms: Literal["overall", "event_time"] = "overall"
    trend: Literal["common", "unit"] = "common"

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        trend = Message("methods.unit_trends") if self.trend == "unit" else None
        own = estimator_entry("two_way", trend, given(self.covariates))
        if not self.regressors:
            return own
        short = Message("methods.two_way.of", names=self.regressors)
        return replace(own, name=full_name(short, own.parts), short=short)

    @property
    def uses(self) -> tuple[str, ...]:
        return (*self.regressors, *self.covariates)

    def estimate(self, design: Design) -> Effects:
        """Estimate on a design: the treatment, each regressor, or each time since adoption.

        Raises
        ------
        EstimationError
            A regressor is not in the panel or cannot be told from the effects and the covariates, a unit has no two
            untreated periods for its line, or an event study has no period before adoption.
        """
        if self.trend == "unit" and not self.regressors:
            _refuse_no_line(design)
        if self.terms == "event_time":
            return self._by_event_time(design)
        if self.regressors:
            names = list(self.regressors)
            return self._fit(design, columns_of(design, self.regressors), names, "term", _places(design, names))
        return self._fit(design, design.treated()[:, :, None].astype(np.float64), ["overall"], "term")

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Estimate one coefficient for every time since adoption but the last one before it."""
        return replace(self, terms="event_time").estimate(design)

    def _by_event_time(self, design: Design) -> Effects:
        if self.regressors:
            raise EstimationError(Message("estimation.no_event_study", name=self.entry.name))
        steps, (starts, shared) = design.panel.timeline.steps, np.unique(design.adopted, return_inverse=True)
        since = steps[None, :] - design.adopted[:, None]
        times = np.unique(since[np.isfinite(since) & design.panel.observed]).astype(np.int64)
        before = times[times < 0]
        if not before.size:
            raise EstimationError(Message("estimation.nobody_before"))
        zero = before[-1:] if self.trend == "common" else before[[0, -1]]
        times = times[~np.isin(times, zero)]
        since = steps[None, :] - starts[:, None]
        dummies = (since[:, :, None] == times).astype(np.float64)
        effects = self._fit(design, dummies, times.tolist(), "event_time", shared=shared)
        if self.covariates:  # a coefficient of a covariate is no event time
            times_alone = effects.some(np.flatnonzero(~effects.terms["event_time"].isin(self.covariates).to_numpy()))
            effects = replace(times_alone, terms=times_alone.terms.astype({"event_time": np.int64}))
        notes = () if self.trend == "common" else (Message("estimation.two_references", first=int(zero[0])),)
        return replace(effects, reference=int(before[-1]), notes=(*effects.notes, *notes))

    def _fit(
        self,
        design: Design,
        regressors: Float,
        names: Sequence[object],
        column: str,
        places: tuple[int, ...] = (),
        shared: Int | None = None,
    ) -> Effects:
        columns = regressors
        if self.covariates:
            own = regressors if shared is None else regressors[shared]
            columns, shared = np.concatenate([own, columns_of(design, self.covariates)], axis=2), None
        labels = [*names, *self.covariates]
        places = (*(places or (-1,) * len(names)), *_places(design, self.covariates))
        # the regressors of interest go last in the search, so that a control equal to one of them is named as the
        # culprit
        fit = LeastSquares(design, columns, places, self.trend, shared)
        explained = fit.collinear()
        collinear = [labels[j] for j in np.flatnonzero(explained)]
        if explained[: len(names)].all() or self._hides_treatment(fit, len(names)):
            beside = "_beside" if self.covariates else ""
            raise EstimationError(
                Message(f"estimation.not_identified{beside}", names=names, covariates=self.covariates)
            )
        notes: tuple[Message, ...] = ()
        if collinear:
            notes = (Alert("estimation.regressors_collinear", names=collinear),)
            left = tuple(place for place, out in zip(places, explained, strict=True) if not out)
            fit = LeastSquares(design, columns[:, :, ~explained], left, self.trend, shared)
        if not self.regressors and np.isfinite(design.adopted).all():
            notes = (*notes, Message("estimation.earlier_as_controls", name=self.entry.name))
        names_left = [label for label, out in zip(labels, explained, strict=True) if not out]
        return Effects(self, design, pd.DataFrame({column: names_left}), fit, notes=notes)

    def _hides_treatment(self, fit: LeastSquares, own: int) -> bool:
        """Return True when the covariates alone explain a regressor of interest."""
        if not self.covariates:
            return False
        columns, places = fit.regressors, fit.covariates
        reordered = np.concatenate([columns[:, :, own:], columns[:, :, :own]], axis=2)
        places = (*places[own:], *places[:own])
        return bool(LeastSquares(fit.design, reordered, places, self.trend).collinear()[-own:].any())


def _refuse_no_line(design: Design) -> None:
    """Raise where a treated unit is not seen in two periods before adoption: its trend would be that of its effect."""
    before = (design.panel.observed & ~design.treated()).sum(axis=1)
    short = np.flatnonzero((before < 2) & (design.panel.observed & design.treated()).any(axis=1))
    if short.size:
        units = [str(design.panel.units[u]) for u in short]
        raise EstimationError(Message("estimation.no_line", n=len(units), units=units))


def columns_of(design: Design, names: tuple[str, ...]) -> Float:
    """(U, T, p) covariates of the panel by name.

    Raises
    ------
    EstimationError
        A name is not a covariate of the panel.
    """
    panel = design.panel
    for name in names:
        if name not in panel.covariates:
            unknown = Message("estimation.no_covariate", name=name, known=panel.covariates)
            do = Message("estimation.name_it_in_read_panel")
            raise EstimationError(paragraph(unknown, did_you_mean(name, panel.covariates), do))
    return np.asarray(panel.x[:, :, [panel.covariates.index(name) for name in names]])


def _places(design: Design, names: Sequence[object]) -> tuple[int, ...]:
    """Return the positions of covariates of the panel."""
    return tuple(list(design.panel.covariates).index(str(name)) for name in names)
