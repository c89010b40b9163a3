"""GLS imputation: a treated month against its prediction from all untreated ones, weighed by how they hang together.

It compares with every month before training, not with one, and learns from untreated cells how much a month of an
office tells about its next ones. It is the default estimator of a study.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import AtLeast, Names, Steps, Times, did_you_mean
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.apart import OfGroups, apart, groups_of, of_each
from asn_impact.estimation.averages import Averaged
from asn_impact.estimation.cell_effects import GivenSizes, effects_by_cell, standardise, treated_cells
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit, Joined
from asn_impact.estimation.imputation import predictors
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.estimation.prediction import PredictionFit, within_units
from asn_impact.estimation.views import EventStudy, View
from asn_impact.estimation.working import Working, choose_working
from asn_impact.words import Message, paragraph

NotNegative: TypeAlias = Annotated[float, AtLeast(0)]
MOST_LEADS = 12


@dataclass(frozen=True)
class GLSImputation(OfGroups):
    """Effects as the treated outcome minus its best linear prediction from untreated cells: the default estimator.

    The prediction has unit effects, period effects, and carries on the shocks of an office as far as its untreated
    months tell of them. How far they do is a working covariance, chosen by restricted likelihood from the untreated
    cells; it makes the estimate more precise and is not relied on for its uncertainty. Assumes parallel trends in all
    periods used and no anticipation beyond `anticipation`. Treated cells that cannot be predicted are left out.

    Parameters
    ----------
    anticipation
        Steps before adoption in which the outcome may already react: they are neither treated nor untreated.
    without
        Labels of periods to leave out, such as those on which the units were chosen.
    trend
        ``"common"``: all units would have moved alike. ``"differential"``: the treated may have had a straight trend
        of their own, learnt before adoption; the interval is 1.4 to 2.7 times as long.
    covariates
        Names of covariates of the panel that vary within units and that training does not change.
    correlation, ratio
        The working covariance, where it is not to be chosen by the data: correlation of the shocks one step apart
        (1: a random walk), and their variance over that of the mean of a typical cell. Give both or none.
    periods
        Name of an attribute of the units, such as ``"regency"``: each of its groups has period effects of its own, so
        that an office is compared with others of its group alone. Without it all units share them.

    Notes
    -----
    Generalised least squares on all cells with one dummy for each treated cell (Aitken 1936). Estimates are means of
    the dummies' coefficients, as in Borusyak, Jaravel and Spiess (2024), section 4.1, whose conservative variance of
    section 4.3 (eq. 8 to 10) is the influence. Best linear prediction: Goldberger (1962), eq. 3.12. Without shocks and
    with equal cells it is `Imputation`. See docs/methods.md#glsimputation.

    Examples
    --------
    >>> GLSImputation().name
    'GLS imputation'
    >>> GLSImputation(anticipation=2).name
    'GLS imputation, 2 periods of anticipation'
    """

    anticipation: Steps = 0
    without: Names = ()
    trend: Literal["common", "differential"] = "common"
    covariates: Names = ()
    correlation: NotNegative | None = None
    ratio: NotNegative | None = None
    periods: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.correlation is None) != (self.ratio is None):
            raise EstimationError(Message("estimation.gls_both"))
        if self.correlation is not None and self.correlation > 1:
            raise EstimationError(Message("estimation.gls_correlation", found=self.correlation))

    @property
    def entry(self) -> Method:
        ratio = self.ratio
        return estimator_entry(
            "gls_imputation",
            of_each(self.periods),
            Message("methods.group_time.ahead", periods=self.anticipation) if self.anticipation else None,
            Message("methods.leaving_out", periods=self.without) if self.without else None,
            Message("methods.differential_trend") if self.trend == "differential" else None,
            given(self.covariates),
            None if ratio is None else Message("methods.held", correlation=self.correlation, ratio=ratio),
        )

    def held(self, effects: Effects) -> GLSImputation:
        working = effects.fit.working
        return self if working is None else replace(self, correlation=working.correlation, ratio=working.ratio)

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each treated cohort and period.

        Raises
        ------
        EstimationError
            A period to leave out, a covariate or a group is not in the panel, or no effect can be estimated.
        """
        start, period = treated_cells(design)
        return _estimate(self, design, start, period, self.anticipation, PredictedEffects)


@dataclass(frozen=True)
class GLSLeads(Estimator):
    """Differences before adoption, estimated as effects are: the last periods predicted from those before them.

    They do not touch the effects of `GLSImputation`. Without a difference in trends each is zero on average.

    Parameters
    ----------
    before
        Number of steps before adoption that are predicted.
    of
        The estimator whose leads they are.

    Notes
    -----
    The last `before` untreated periods of each cohort change sides; the rest is `GLSImputation`. See
    docs/methods.md#glsimputation.

    Examples
    --------
    >>> GLSLeads(before=3).name
    'Leads of 3 periods of: GLS imputation'
    """

    before: Times
    of: GLSImputation = GLSImputation()

    @property
    def entry(self) -> Method:
        inner = self.of.entry
        return estimator_entry("gls_leads", before=self.before, of=inner.name, also=(inner.source,))

    def estimate(self, design: Design) -> Effects:
        """Estimate one difference for each cohort and each of the last periods before adoption."""
        steps = design.panel.timeline.steps
        since = steps[None, :] - design.cohorts[:, None]
        cohort, period = np.nonzero((since < 0) & (since >= -self.before))
        return _estimate(self.of, design, design.cohorts[cohort], period, self.before, GivenSizes, shown=self)


def _estimate(
    estimator: GLSImputation,
    design: Design,
    start: Float,
    period: Int,
    before: int,
    kind: type[Effects],
    shown: Estimator | None = None,
) -> Effects:
    """Return the means of outcome minus prediction; the last periods before adoption are not learnt from."""
    design, covariates, notes = predictors(_without(design, estimator.without), estimator.covariates)
    early = design.panel.timeline.steps[None, :] < design.adopted[:, None] - before
    untreated: Bool = np.asarray(design.panel.observed & early)
    group = None if estimator.periods is None else groups_of(design, estimator.periods)
    working = _working(estimator, design, untreated, group)
    steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
    weight = design.panel.weight
    x = within_units(standardise(design, covariates, np.where(untreated, weight, 0.0)), untreated, weight)
    if estimator.trend == "differential":
        line = (steps - steps.mean()) / max(float(steps.std()), 1.0)  # of spread one, for those treated in the window
        x = np.concatenate([x, (np.isfinite(design.adopted)[:, None] * line)[:, :, None]], axis=2)
    whole = PredictionFit(
        design, start, period, untreated, working.shocks(steps), working.noise(design.panel.n), x, working=working
    )
    fit = whole if group is None else apart(whole, group)
    how = "chosen" if working.chosen else "fallback"
    note = Message(f"estimation.working_{how}", correlation=working.correlation, share=working.share)
    return effects_by_cell(shown or estimator, design, fit, kind, notes=(*notes, *fit.notes(), note))


def _without(design: Design, periods: tuple[str, ...]) -> Design:
    """Return the design without the cells of some periods, all of which it must have."""
    labels = [str(label) for label in design.panel.timeline.labels]
    for label in periods:
        if label not in labels:
            unknown = Message("estimation.unknown_period", found=label, first=labels[0], last=labels[-1])
            raise EstimationError(paragraph(unknown, did_you_mean(label, labels)))
    return leave_out(design, periods) if periods else design


def leave_out(design: Design, periods: tuple[str, ...]) -> Design:
    """Return the design without the cells of some periods, by label."""
    out = np.isin([str(label) for label in design.panel.timeline.labels], periods)
    return replace(design, panel=replace(design.panel, weight=np.where(out[None, :], 0.0, design.panel.weight)))


def _working(estimator: GLSImputation, design: Design, untreated: Bool, group: Int | None) -> Working:
    steps = np.asarray(design.panel.timeline.steps, dtype=np.float64)
    if estimator.correlation is None or estimator.ratio is None:
        return choose_working(design.panel.mean, untreated, design.panel.n, steps, group)
    n = design.panel.n[untreated]
    return Working(estimator.correlation, estimator.ratio, 1.0 / float(np.mean(1.0 / n)) if n.size else 1.0)


@dataclass(frozen=True, eq=False)
class LeadsAndEffects(Joined):
    """Averaged leads before averaged effects, with the fit of the effects by cohort and period."""

    by_cohort_and_period: Fit

    @property
    def by_cell(self) -> Fit:
        return self.by_cohort_and_period

    @property
    def working(self) -> Working | None:
        return self.fits[-1].working


class PredictedEffects(GivenSizes):
    """Effects with leads that are predicted in the same way: the event study shows both, and has no base period."""

    def average_by(self, view: View) -> Effects:
        """Return the effects averaged as a view says, with the leads before them in an event study."""
        if not isinstance(view, EventStudy) or view.balanced is not None or self.view is not None:
            return super().average_by(view)
        leads = self._estimate_leads(view)
        try:
            main = super().average_by(view)
        except EstimationError:
            if leads is None:
                raise
            return replace(self, terms=leads.terms, fit=LeadsAndEffects((leads.fit,), self.fit), view=view)
        if leads is None:
            return main
        terms = pd.concat([leads.terms, main.terms], ignore_index=True)
        return replace(main, terms=terms, fit=LeadsAndEffects((leads.fit, main.fit), self.fit))

    def support(self) -> Int:
        if not isinstance(self.fit, Joined):
            return super().support()
        averaged = [fit for fit in self.fit.fits if isinstance(fit, Averaged)]
        return np.concatenate([fit.cells.support(fit.member) for fit in averaged])

    def _estimate_leads(self, view: EventStudy) -> Effects | None:
        """Return the differences before adoption that an event study shows; None where there are none."""
        assert isinstance(self.estimator, GLSImputation)
        if not (before := self._leads()):
            return None
        try:
            return GLSLeads(before, self.estimator.held(self)).estimate(self.design).average_by(view)
        except EstimationError:
            return None

    def _leads(self) -> int:
        """Return how many steps before adoption are shown: half of what the first wave has, twelve at most."""
        first = int(self.design.cohorts[0] - self.design.panel.timeline.steps[0]) - self.anticipation
        return min(MOST_LEADS, first // 2) + self.anticipation if first >= 2 else 0
