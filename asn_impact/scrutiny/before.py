"""What can be known before training: the mean of the last periods, and whether trends were already apart.

Two numbers carry nearly all of it. The first sees people react ahead of training and offices chosen in a bad moment,
the second sees trends that would have gone on without it. Both are estimated on cells before training alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, Steps
from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, EstimationError
from asn_impact.estimation import GLSImputation, GLSLeads, Imputation, Inference, TwoStage
from asn_impact.estimation.dose import Dose
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.gls import leave_out
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.linear import LeastSquares
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.estimation.synthetic_did import SyntheticDiD
from asn_impact.estimation.triple import TripleDifference
from asn_impact.estimation.two_way import columns_of
from asn_impact.scrutiny.check import reason_of
from asn_impact.scrutiny.placebo import before_training
from asn_impact.words import Message

LAST: Final = 3  # periods before training whose mean is looked at
_OTHERS = (Dose, SyntheticDiD, TripleDifference)  # they do not rest on parallel trends of trained and untrained


@dataclass(frozen=True)
class Slope(Estimator):
    """How much faster the outcome of the trained moved each period before training: treated x time on untreated cells.

    Where everybody is trained in the end, those trained earlier are set against those trained later.

    Parameters
    ----------
    ahead
        Periods before adoption that are left out, as people may already react in them.
    given
        Covariates that vary within units.

    Examples
    --------
    >>> Slope().name
    'Difference in slopes before adoption'
    """

    ahead: Steps = 0
    given: Names = ()

    @property
    def entry(self) -> Method:
        """Name and sentence."""
        return estimator_entry("slope")

    def estimate(self, design: Design) -> Effects:
        """Estimate one number, a period: the last term."""
        steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
        line = (_exposure(design)[:, None] * (steps - steps.mean())[None, :])[:, :, None]
        x = np.concatenate([columns_of(design, self.given), line], axis=2) if self.given else line
        late = design.shifted(-self.ahead).treated()
        fit = LeastSquares(design, np.where(late[:, :, None], np.nan, x))
        if fit.collinear()[-1]:
            raise EstimationError(Message("checks.pretrends.one_period"))
        terms = pd.DataFrame({"term": [*self.given, "slope"]})
        return Effects(self, design, terms, fit)


def _exposure(design: Design) -> Float:
    """(U,) one for the trained and zero for the others; where all are trained, how early (a spread of one)."""
    trained = np.isfinite(design.adopted)
    if not trained.all():
        return trained.astype(np.float64)
    early = design.adopted.mean() - design.adopted
    return np.asarray(early / max(float(np.ptp(early)), 1.0))


@dataclass(frozen=True, eq=False)
class Before:
    """The two numbers, each with its uncertainty or the reason why it cannot be had."""

    leads: Inference | Message  #: mean of the last periods before training
    #: Difference in slopes, a period; None for an estimator that allows for one, or rests on something else.
    slope: Inference | Message | None
    explaining: float  #: the slope that would make up the whole effect; NaN where that is not known


def look_before(effects: Effects, rule: Rule) -> Before:
    """Return the two numbers of an effect of one number, under its rule."""
    leads = _under(lambda: last_leads(effects), rule)
    slope = _under(lambda: slope_of(effects), rule) if _needs_alike(effects.estimator) else None
    return Before(leads, slope, line_that_explains(effects))


def _needs_alike(estimator: Estimator) -> bool:
    """Return whether an estimator takes trained and untrained to have moved in parallel."""
    own_trend = isinstance(estimator, GLSImputation) and estimator.trend == "differential"
    return not own_trend and not isinstance(estimator, _OTHERS)


def _under(make: Callable[[], Effects], rule: Rule) -> Inference | Message:
    try:
        inference = rule(make())
    except AsnImpactError as problem:
        return reason_of(problem)
    return inference if np.isfinite(inference.p_value[-1]) else Message("checks.placebo.no_error")


def last_leads(effects: Effects) -> Effects:
    """Return the mean of the last periods before training, by the estimator of the effects, as one number.

    The last periods change sides: they are predicted, or compared, as if training had come before them. Periods of
    anticipation, and those that the estimator leaves out, do not count among them.
    """
    estimator, ahead = effects.estimator, effects.anticipation
    if not isinstance(estimator, GLSImputation):
        return effects.again(before_training(effects.design, steps=LAST + ahead, anticipation=ahead))
    design, of = effects.design.shifted(-ahead), replace(estimator, anticipation=0)
    for before in range(LAST, LAST + len(estimator.without)):
        try:
            return GLSLeads(before, of)(design).overall()
        except EstimationError:
            continue
    return GLSLeads(LAST + len(estimator.without), of)(design).overall()


def slope_of(effects: Effects) -> Effects:
    """Return the difference in slopes before training of trained and untrained, as one number.

    Raises
    ------
    EstimationError
        There is too little time before training.
    """
    estimator, design = effects.estimator, effects.design
    given = estimator.covariates if isinstance(estimator, GLSImputation | Imputation | TwoStage) else ()
    if isinstance(estimator, GLSImputation) and estimator.without:
        design = leave_out(design, estimator.without)
    return Slope(effects.anticipation, given)(design)


def line_that_explains(effects: Effects) -> float:
    """Return the difference in slopes that would look like the whole effect: its size over the time between the sides.

    That time is the mean distance of the periods after training from those before it, over the trained units.
    """
    design = effects.design
    steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
    after, seen = design.treated(), design.panel.observed
    with np.errstate(invalid="ignore"):
        late, early = (((seen & side) @ steps) / (seen & side).sum(axis=1) for side in (after, ~after))
    distance = np.nanmean(np.where(np.isfinite(design.adopted), late - early, np.nan))
    return float(effects.estimate[0] / distance) if np.isfinite(distance) and distance > 0 else float("nan")
