"""Imputation: the untreated outcome of a treated cell, predicted from untreated cells by unit and period effects.

Borusyak, Jaravel and Spiess (2024) and Gardner (2022) share the estimates and differ in what counts as noise.
Unit effects are taken out within units, so that the first stage is one T x T system, and p wider with p covariates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.apart import Apart, OfGroups, apart, groups_of, of_each
from asn_impact.estimation.cell_effects import (
    GivenSizes,
    all_but_base,
    effects_by_cell,
    standardise,
    treated_cells,
    where_known,
)
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.estimation.prediction import Deviation, PredictionFit, within_units
from asn_impact.estimation.two_way import columns_of
from asn_impact.words import Alert, Message


@dataclass(frozen=True)
class Imputation(OfGroups):
    """Effects as the treated outcome minus its prediction from the unit and period effects of untreated cells.

    Assumes parallel trends in all periods used and no anticipation. Treated cells that cannot be predicted
    (the unit is never seen untreated, or nobody is untreated in the period) are left out.

    Parameters
    ----------
    deviation
        What the effect of a treated unit is compared with to judge its noise: ``"cell_mean"``, the mean
        effect of its cohort and period; ``"leave_out"``, the mean over the other clusters of the cohort and
        period, which does not understate the noise of small cohorts but needs two clusters in each.
    covariates
        Names of covariates of the panel that vary within units and that training does not change: the prediction has
        one slope for each, learnt from untreated cells. One that is constant within units is explained by the unit
        effects and left out (`GroupTime(adjust=...)` and `Saturated(covariates=...)` use such).
    periods
        Name of an attribute of the units, such as ``"regency"``: each of its groups has period effects of its own.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91: section 4.1, and the conservative
    variance of section 4.3 (eq. 8 to 10); reference R package didimputation 0.5.0. The views take cohort
    sizes as given, as that paper does. See docs/methods.md#imputation.

    Examples
    --------
    >>> Imputation().name
    'Imputation (Borusyak, Jaravel and Spiess)'
    """

    deviation: Literal["cell_mean", "leave_out"] = "cell_mean"
    covariates: Names = ()
    periods: str | None = None

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        variance = Message("methods.imputation.leave_out") if self.deviation == "leave_out" else None
        return estimator_entry(
            "imputation",
            variance,
            of_each(self.periods),
            given(self.covariates),
            authors=("Borusyak", "Jaravel", "Spiess"),
        )

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each treated cohort and period.

        Raises
        ------
        EstimationError
            A covariate is not in the panel, or varies in treated cells alone; or no effect can be estimated.
        """
        design, covariates, notes = predictors(design, self.covariates)
        start, period = treated_cells(design)
        fit = _fit(design, start, period, _BJS[self.deviation], covariates, self.periods)
        return effects_by_cell(self, design, fit, GivenSizes, notes=(*notes, *fit.notes()))


@dataclass(frozen=True)
class TwoStage(OfGroups):
    """The estimates of `Imputation` as a regression of two stages, with the variance of both stages together.

    Terms before adoption are mean residuals of the first stage: the same cells were used to fit it, so they lie closer
    to zero than effects predicted from the months before them.

    Parameters
    ----------
    covariates
        Names of covariates of the panel in the first stage, as in `Imputation`.
    periods
        Name of an attribute whose groups have period effects of their own, as in `Imputation`.

    Notes
    -----
    Gardner (2022), section 3.2, variance as a method of moments (Newey and McFadden 1994, theorem 6.1);
    reference R package did2s 1.2.0. Differences of the effect between cohorts and periods count as noise of
    an average. See docs/methods.md#twostage.

    Examples
    --------
    >>> TwoStage().name
    'Two-stage differences (Gardner)'
    """

    covariates: Names = ()
    periods: str | None = None

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        return estimator_entry("two_stage", of_each(self.periods), given(self.covariates), authors=("Gardner",))

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each cohort and period but the last one before adoption.

        Raises
        ------
        EstimationError
            As for `Imputation`.
        """
        design, covariates, notes = predictors(design, self.covariates)
        start, period = all_but_base(design, design.cohorts)
        fit = _fit(design, start, period, "weighted_mean", covariates, self.periods)
        return effects_by_cell(self, design, fit, Effects, notes=(*notes, *fit.notes()))


_BJS: dict[str, Deviation] = {"cell_mean": "squared_mean", "leave_out": "leave_out"}


def predictors(design: Design, covariates: tuple[str, ...]) -> tuple[Design, tuple[str, ...], tuple[Message, ...]]:
    """Return the design of the cells whose covariates are known, the covariates that predict, and what was left out.

    Raises
    ------
    EstimationError
        A covariate varies in treated cells but says nothing of its own in untreated ones: no slope can be learnt.
    """
    if not covariates:
        return design, (), ()
    design, notes = where_known(design, covariates)
    untreated = np.where(design.treated(), 0.0, design.panel.weight)
    below = _find_explained(replace(design, panel=replace(design.panel, weight=untreated)), covariates)
    names = np.array(covariates, dtype=object)
    if (unlearnt := below & ~_find_explained(design, covariates)).any():
        raise EstimationError(Message("estimation.slope_unlearnt", names=names[unlearnt]))
    if below.any():
        notes = (*notes, Alert("estimation.covariates_collinear", names=names[below]))
    return design, tuple(names[~below]), notes


def _find_explained(design: Design, covariates: tuple[str, ...]) -> Bool:
    """(p,) True for a covariate that unit effects, period effects and the covariates before it explain wholly."""
    if not design.panel.weight.any():
        return np.ones(len(covariates), dtype=np.bool_)
    return LeastSquares(design, columns_of(design, covariates)).collinear()


def _fit(
    design: Design,
    start: Float,
    period: Int,
    deviation: Deviation,
    covariates: tuple[str, ...],
    groups: str | None,
) -> PredictionFit | Apart:
    """Return the fit without shocks: each untreated cell counts with its weight."""
    weight, untreated = design.panel.weight, design.panel.observed & ~design.treated()
    noise = np.divide(1.0, weight, out=np.ones_like(weight), where=weight > 0)
    x = within_units(standardise(design, covariates, np.where(untreated, weight, 0.0)), untreated, weight)
    periods = len(design.panel.timeline)
    whole = PredictionFit(design, start, period, untreated, np.zeros((periods, periods)), noise, x, deviation)
    return whole if groups is None else apart(whole, groups_of(design, groups))
