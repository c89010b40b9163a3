"""Two-way fixed effects: kept because readers expect it, though staggered waves make it a strange average."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError, listed, nearest
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, Procedure, estimator_entry, full_name, given
from asn_impact.words import Message

__all__ = ["TwoWay"]


@dataclass(frozen=True)
class TwoWay(Procedure):
    """Coefficients of a regression with unit and period effects.

    Without `regressors`, the regressor is 1 from adoption on and the coefficient is an effect only if effects are the
    same
    for all waves and all times since adoption (Goodman-Bacon 2021, eq. 10). `event_study()` has one dummy for
    every time since adoption but the last one before it.

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

    Examples
    --------
    >>> TwoWay().name
    'Two-way fixed effects'
    """

    regressors: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    terms: Literal["overall", "event_time"] = "overall"

    def __post_init__(self) -> None:
        object.__setattr__(self, "regressors", names_of(self.regressors, "regressors"))
        object.__setattr__(self, "covariates", names_of(self.covariates))

    @property
    def entry(self) -> Method:
        """Name, sentence and source."""
        own = estimator_entry("two_way", given(self.covariates))
        if not self.regressors:
            return own
        short = Message("methods.two_way.of", names=self.regressors)
        return replace(own, name=full_name(short, own.parts), short=short)

    def __call__(self, design: Design) -> Effects:
        """Estimate on a design: the treatment, each regressor, or each time since adoption."""
        if self.terms == "event_time":
            return self._by_event_time(design)
        if self.regressors:
            names = list(self.regressors)
            return self._fit(design, columns_of(design, self.regressors), names, "term", _places(design, names))
        return self._fit(design, design.treated()[:, :, None].astype(np.float64), ["overall"], "term")

    def event_study(self, design: Design) -> Effects:
        """Estimate one coefficient for every time since adoption but the last one before it."""
        return replace(self, terms="event_time")(design)

    def _by_event_time(self, design: Design) -> Effects:
        if self.regressors:
            raise EstimationError(f"{self.name} has no event study: it uses columns of the panel, not the rollout.")
        since = design.panel.timeline.steps[None, :] - design.adopted[:, None]
        times = np.unique(since[np.isfinite(since) & design.panel.observed]).astype(np.int64)
        before = times[times < 0]
        if not before.size:
            raise EstimationError("No unit is seen before its adoption: an event study needs a base period.")
        times = times[times != before[-1]]
        return self._fit(design, (since[:, :, None] == times).astype(np.float64), times.tolist(), "event_time")

    def _fit(
        self, design: Design, regressors: Float, names: Sequence[object], column: str, places: tuple[int, ...] = ()
    ) -> Effects:
        columns = (
            np.concatenate([regressors, columns_of(design, self.covariates)], axis=2) if self.covariates else regressors
        )
        labels = [*names, *self.covariates]
        places = (*(places or (-1,) * len(names)), *_places(design, self.covariates))
        # the regressors of interest go last in the search, so that a control equal to one of them is named as the
        # culprit
        fit = LeastSquares(design, columns, places)
        gone = fit.collinear()
        dropped = [labels[j] for j in np.flatnonzero(gone)]
        if gone[: len(names)].all() or self._hides_treatment(fit, len(names)):
            raise EstimationError(
                f"The effect is not identified: {listed(names, 3)} does not vary once unit effects, period effects "
                f"{'and ' + listed(self.covariates) + ' ' if self.covariates else ''}are taken out."
            )
        notes: tuple[str, ...] = ()
        if dropped:
            notes = (f"Collinear with the effects or the regressors before them, and left out: {listed(dropped)}.",)
            warnings.warn(notes[0], DataWarning, stacklevel=3)
            left = tuple(place for place, out in zip(places, gone, strict=True) if not out)
            fit = LeastSquares(design, columns[:, :, ~gone], left)
        kept = [label for label, out in zip(labels, gone, strict=True) if not out]
        return Effects(self, design, pd.DataFrame({column: kept}), fit, notes=notes)

    def _hides_treatment(self, fit: LeastSquares, own: int) -> bool:
        """Return True when the covariates alone explain a regressor of interest."""
        if not self.covariates:
            return False
        columns, places = fit.regressors, fit.covariates
        reordered = np.concatenate([columns[:, :, own:], columns[:, :, :own]], axis=2)
        return bool(LeastSquares(fit.design, reordered, (*places[own:], *places[:own])).collinear()[-own:].any())


def names_of(names: Sequence[str], parameter: str = "covariates") -> tuple[str, ...]:
    """Return the names given for a parameter as a tuple.

    Raises
    ------
    EstimationError
        The names are one text.
    """
    if isinstance(names, str):
        raise EstimationError(f"{parameter}={names!r}. Expected a tuple of names: {parameter}=({names!r},).")
    return tuple(names)


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
            raise EstimationError(
                f"{name!r} is not a covariate of the panel. Available: {listed(panel.covariates, 20)}."
                f"{nearest(name, panel.covariates)} Name it in read_panel(covariates=...)."
            )
    return np.asarray(panel.x[:, :, [panel.covariates.index(name) for name in names]])


def _places(design: Design, names: Sequence[object]) -> tuple[int, ...]:
    """Return the positions of covariates of the panel."""
    return tuple(list(design.panel.covariates).index(str(name)) for name in names)
