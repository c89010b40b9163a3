"""Effects by dose of training: Callaway, Goodman-Bacon and Sant'Anna (2024)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import cluster_sums
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.grouped import GroupFit
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.words import Message, paragraph

_AGAINST_NEVER = GroupTime(controls="never")
_MOST_DOSES = 12  # more than a table can show, and too few units behind each


@dataclass(frozen=True)
class Dose(Estimator):
    """The effect of each dose on those who had it, ATT(d|d), against never-treated units; and how it rises with dose.

    Assumes parallel trends of each dose group and the never-treated. The slope is the least-squares line through the
    treated units' effects over their doses. It says what one more unit of dose *did to* the offices only if those with
    different doses would have gained alike (strong parallel trends): a high dose may sit where training works.

    Parameters
    ----------
    column
        Attribute of the units with the dose; counted for treated units only.

    Notes
    -----
    Callaway, Goodman-Bacon and Sant'Anna (2024), NBER working paper 32117: ATT(d|d) under parallel trends, discrete
    doses. Waves are averaged as in ``GroupTime(controls="never").overall()``.

    Equation: ATT(d|d) is the change of the units with dose d less that of the never-treated. The slope is that of least
    squares of the treated units' effects on their dose.

    Examples
    --------
    >>> Dose().name
    "Effects by 'dose', against never-treated units"
    """

    column: str = "dose"

    @property
    def entry(self) -> Method:
        return estimator_entry("dose", Message("methods.dose.against"), column=self.column)

    @property
    def uses(self) -> tuple[str, ...]:
        return (self.column,)

    def estimate(self, design: Design) -> Effects:
        """Estimate one effect for each dose and their slope.

        Raises
        ------
        EstimationError
            The column is no numeric attribute, a treated unit has no positive dose, nobody is never treated, or there
            are more than twelve doses.
        """
        dose = doses_of(design, self.column)
        distinct = np.unique(dose[np.isfinite(dose)])
        if len(distinct) > _MOST_DOSES:
            many = Message("estimation.many_doses", column=self.column, n=len(distinct), most=_MOST_DOSES)
            raise EstimationError(many)
        never = np.isinf(design.adopted)
        against = (_AGAINST_NEVER.estimate(design.where((dose == d) | never)).overall() for d in distinct)
        fit = DoseFit(dose, GroupFit(design, tuple(against)))
        labels = [f"effect at {d:g}" for d in distinct]
        terms = pd.DataFrame({"term": labels, "dose": distinct})
        if len(distinct) > 1:
            terms = pd.DataFrame({"term": [*labels, "slope"], "dose": [*distinct, np.nan]})
        notes = tuple(
            type(note)("estimation.note_of_dose", dose=f"{d:g}", note=note)
            for d, part in zip(distinct, fit.parts.parts, strict=True)
            for note in part.notes
        )
        return Effects(self, design, terms, fit, notes=notes)


def doses_of(design: Design, column: str) -> Float:
    """Return (U,) doses, NaN for never-treated units.

    Raises
    ------
    EstimationError
        The column is not a numeric attribute, a treated unit has no positive dose, or nobody is never treated.
    """
    attributes = design.panel.attributes
    if column not in attributes.columns or attributes[column].dtype.kind not in "biuf":
        unknown = Message("estimation.no_numeric_attribute", name=column, known=attributes.columns)
        raise EstimationError(paragraph(unknown, did_you_mean(column, attributes.columns)))
    treated = np.isfinite(design.adopted)
    if treated.all():
        raise EstimationError(Message("estimation.no_never_treated", name="Dose()"))
    dose = np.where(treated, attributes[column].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)
    strange = treated & ~(dose > 0)
    if strange.any():
        units = [design.panel.units[i] for i in np.flatnonzero(strange)]
        raise EstimationError(Message("estimation.no_dose", n=int(strange.sum()), column=column, units=units))
    return dose


@dataclass(frozen=True, eq=False)
class DoseFit(Fit):
    """Effects by dose, each estimated on its own units and the never-treated, and the slope over them."""

    dose: Float
    parts: GroupFit

    @property
    def design(self) -> Design:
        """All units."""
        return self.parts.design

    @cached_property
    def _distinct(self) -> Float:
        return np.unique(self.dose[np.isfinite(self.dose)])

    @cached_property
    def _sizes(self) -> Float:
        """(G, D) treated units by cluster and dose."""
        members = (self.dose[:, None] == self._distinct).astype(np.float64)
        return cluster_sums(self.design.cluster, len(self.design.clusters), members)

    @cached_property
    def estimate(self) -> Float:
        """(k,) effects by dose, then the slope if there are two doses or more."""
        return self._with_slope(self.parts.estimate, self._sizes.sum(axis=0))

    def _with_slope(self, effect: Float, sizes: Float) -> Float:
        """(..., k) the (..., D) effects with their slope behind them."""
        if len(self._distinct) < 2:
            return effect
        return np.concatenate(
            [effect, (self._slope(sizes) * np.where(sizes > 0, effect, 0.0)).sum(-1)[..., None]], axis=-1
        )

    def _slope(self, sizes: Float) -> Float:
        """(..., D) weights of the slope on the effects; NaN where one dose only is left."""
        share = sizes / sizes.sum(axis=-1, keepdims=True)
        away = self._distinct - (share * self._distinct).sum(axis=-1, keepdims=True)
        spread = (share * away**2).sum(axis=-1, keepdims=True)
        full = np.full(share.shape, np.nan)
        return np.asarray(np.divide(share * away, spread, out=full, where=spread > 1e-12 * np.ptp(self._distinct) ** 2))

    def influence(self) -> Float:
        """(G, k) influence by cluster; that of the slope counts the distance of the effects from the line."""
        direct = self.parts.influence()
        if len(self._distinct) < 2:
            return direct
        sizes = self._sizes.sum(axis=0)
        weights, effect = self._slope(sizes), self.estimate[:-1]
        centre = sizes @ self._distinct / sizes.sum()
        off_line = effect - sizes @ effect / sizes.sum() - self.estimate[-1] * (self._distinct - centre)
        return np.column_stack([direct, direct @ weights + self._sizes @ (weights / sizes * off_line)])

    def leave_one_out(self) -> Float:
        """(G, k) effects and slope without each cluster."""
        return self._with_slope(self.parts.leave_one_out(), self._sizes.sum(axis=0) - self._sizes)

    def loadings(self) -> Float:
        block = self.parts.loadings()
        if len(self._distinct) < 2:
            return block
        slope = np.tensordot(self._slope(self._sizes.sum(axis=0)), block, axes=1)
        return np.concatenate([block, slope[None]])
