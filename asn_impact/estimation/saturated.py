"""Effects from one dummy for each treated cohort and period: Wooldridge (2021), Sun and Abraham (2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from asn_impact.arguments import Names
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.cell_effects import (
    GivenSizes,
    all_but_base,
    base_of,
    effects_by_cell,
    treated_cells,
    where_known,
)
from asn_impact.estimation.cohort_regression import CohortRegression
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.words import Alert, Message


@dataclass(frozen=True)
class Saturated(Estimator):
    """Extended two-way effects: unit effects, period effects and one dummy for each treated cohort and period.

    Assumes parallel trends in all periods used and no anticipation. With ``"not_yet"`` every untreated cell
    helps to find the period effects (in a balanced panel the estimates are those of `Imputation`); with
    ``"never"`` the never-treated alone do, and cells before adoption get a dummy too, all but the last one.

    Parameters
    ----------
    controls
        ``"not_yet"``: all cells not yet treated; ``"never"``: units never treated in the window.
    covariates
        Names of covariates of the panel, constant or not within units, that training does not change. Each has a
        slope for every period, for every cohort and for every dummy: parallel trends need to hold only between units
        alike in them. The effect is the one at the mean of the covariates over the cells of the cohort and period, of
        units seen before adoption.

    Notes
    -----
    Wooldridge (2021), section 6; covariates as in his eq. 6.33 with unit effects in place of the cohorts'. Reference R
    package etwfe 0.6.2. The views take cohort sizes as given, as etwfe does. See docs/methods.md#saturated.

    Examples
    --------
    >>> Saturated(controls="never").name
    'Saturated two-way effects (Wooldridge), never-treated controls'
    """

    controls: Literal["not_yet", "never"] = "not_yet"
    covariates: Names = ()

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        controls = Message(f"methods.controls.{self.controls}")
        return estimator_entry("saturated", controls, given(self.covariates), authors=("Wooldridge",))

    @property
    def compares_whole_units(self) -> bool:
        return self.controls == "never"

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and period.

        Raises
        ------
        EstimationError
            Nobody is never treated and `controls` asks for them, a covariate is not in the panel or varies inside the
            cells, or no effect can be estimated.
        """
        design, notes = where_known(design, self.covariates)
        reference = None
        if self.controls == "not_yet":
            start, period = treated_cells(design)
        elif np.isinf(design.adopted).any():
            start, period = all_but_base(design, design.cohorts)
            reference = base_of(design, design.cohorts)
        else:
            raise EstimationError(Message("estimation.nobody_never"))
        fit = CohortRegression(design, start, period, covariates=self.covariates)
        return effects_by_cell(self, design, fit, GivenSizes, notes=notes, reference=reference)


@dataclass(frozen=True)
class InteractionWeighted(Estimator):
    """Interaction-weighted effects: one dummy for each cohort and time since adoption but the last before it.

    Assumes parallel trends in all periods and no anticipation. Compared with the never-treated; without any,
    with the wave treated last, and periods from its adoption on are left out.

    Notes
    -----
    Sun and Abraham (2021), Journal of Econometrics 225, section 4.1; reference `fixest::sunab` 0.14.2. The
    views take cohort shares as given, as sunab does (Sun and Abraham add their sampling error). See
    docs/methods.md#interactionweighted.

    Examples
    --------
    >>> InteractionWeighted().name
    'Interaction-weighted effects (Sun and Abraham)'
    """

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        return estimator_entry("interaction_weighted", authors=("Sun", "Abraham"))

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and time since adoption.

        Raises
        ------
        EstimationError
            All are treated in one wave, or no effect can be estimated.
        """
        if np.isinf(design.adopted).any():
            start, period = all_but_base(design, design.cohorts)
            fit, reference = CohortRegression(design, start, period), base_of(design, design.cohorts)
            return effects_by_cell(self, design, fit, GivenSizes, reference=reference)
        if len(design.cohorts) < 2:
            raise EstimationError(Message("estimation.all_at_once"))
        *waves, last = design.cohorts
        start, period = all_but_base(design, np.array(waves))
        seen = design.panel.timeline.steps[period] < last
        note = Alert("estimation.against_last_wave", wave=design.cohort_label(last))
        fit = CohortRegression(design, start[seen], period[seen], until=float(last))
        reference = base_of(design, np.array(waves))
        return effects_by_cell(self, design, fit, GivenSizes, notes=(note,), reference=reference)
