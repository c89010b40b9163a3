"""Triple difference: services that the treatment reaches against services it does not, inside the same offices."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.designs.design import attribute
from asn_impact.errors import EstimationError
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.group_time import AUTHORS, GroupTime
from asn_impact.estimation.methods import Method, estimator_entry, full_name
from asn_impact.estimation.views import Cells
from asn_impact.words import Alert, Message, paragraph

_NEVER = GroupTime(controls="never")


@dataclass(frozen=True)
class TripleDifference(Estimator):
    """Group-time effects among the services reached minus those among the services not reached, by cohort and period.

    Assumes that the difference between the two kinds of services would have changed alike in treated and
    untreated offices (Olden and Moen 2022): whatever happens to all services of an office in a month drops
    out. A unit is a service of an office; both kinds carry the adoption of the office, and the office (or
    something coarser) is the cluster.

    Parameters
    ----------
    third
        Attribute of the units that says which kind of service it is.
    reached
        Its value for the services that the treatment reaches; every other value is not reached.
    comparison
        How each of the two effects is estimated. With ``controls="not_yet"`` the two kinds are compared with
        pools of offices that must hold the waves in the same shares (Ortiz-Villavicencio and Sant'Anna 2025);
        true if every office has both kinds with the same weights.

    Raises
    ------
    EstimationError
        `third` is no attribute of the units, has one kind only, or one kind is never treated.

    Notes
    -----
    Olden and Moen (2022), Econometrics Journal 25; Ortiz-Villavicencio and Sant'Anna (2025) for staggered adoption. See
    docs/methods.md#tripledifference.

    Equation: ATT(g, t) = ATT(g, t | reached) - ATT(g, t | not reached), each as in `GroupTime`.

    Examples
    --------
    >>> TripleDifference(third="digital").name.split(" of ")[0]
    'Triple difference (digital = True against the rest)'
    """

    third: str
    reached: Hashable = True
    comparison: GroupTime = _NEVER

    fixed_weights: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        own = estimator_entry("triple_difference", third=self.third, reached=self.reached)
        among = Message("methods.by", short=Message("methods.group_time.inside"), authors=AUTHORS)
        head = Message("methods.triple_difference.head", short=own.short, inner=among)
        inner = self.comparison.entry
        return replace(own, name=full_name(head, inner.parts), parts=inner.parts, also=inner.sources)

    @property
    def anticipation(self) -> int:
        return self.comparison.anticipation

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.comparison.covariates

    @property
    def uses(self) -> tuple[str, ...]:
        return (self.third, *self.comparison.uses)

    def estimate(self, design: Design) -> Effects:
        """Estimate the difference for every cohort and period that both kinds of services have."""
        reached = self._find_reached(design)
        one, one_notes = self._arm(design, reached, reached=True)
        other, other_notes = self._arm(design, ~reached, reached=False)
        keys = [list(zip(e.terms["cohort"], e.terms["period"], strict=True)) for e in (one, other)]
        place = {key: i for i, key in enumerate(keys[1])}
        rows = np.array([i for i, key in enumerate(keys[0]) if key in place], dtype=np.int64)
        notes = (*one_notes, *other_notes, *_note_unmatched(keys[0], keys[1]))
        match = np.array([place[keys[0][i]] for i in rows], dtype=np.int64)
        fit = Difference(design, (Arm(1, reached, one, rows), Arm(-1, ~reached, other, match)))
        terms = one.terms.iloc[rows].reset_index(drop=True)
        if not np.isfinite(fit.estimate[terms["event_time"].to_numpy() >= 0]).any():
            raise EstimationError(paragraph(Message("estimation.no_both_kinds", name=self.entry.name), *notes))
        reference = one.reference if one.reference == other.reference else None
        cells = _cells(design, one, reached, rows)
        return Effects(self, design, terms, fit, cells, notes=notes, reference=reference)

    def _find_reached(self, design: Design) -> Bool:
        """(U,) True for the services that the treatment reaches."""
        column = attribute(design.panel, self.third, "estimation.no_attribute", EstimationError, argument="third")
        reached = (column == self.reached).fillna(value=False).to_numpy(dtype=np.bool_)
        if reached.all() or not reached.any():
            raise EstimationError(
                Message(
                    "estimation.one_kind",
                    n=int(reached.sum()),
                    units=len(reached),
                    third=self.third,
                    reached=repr(self.reached),
                    values=column.drop_duplicates(),
                )
            )
        for kind, units in (("reached", reached), ("not_reached", ~reached)):
            if not np.isfinite(design.adopted[units]).any():
                which = Message(f"estimation.services.{kind}")
                raise EstimationError(Message("estimation.kind_never_treated", kind=which, third=self.third))
        return reached

    def _arm(self, design: Design, units: Bool, *, reached: bool) -> tuple[Effects, tuple[Message, ...]]:
        """Return the effects among one kind of services, and its notes with the kind in front."""
        effects = self.comparison.estimate(design.where(units))
        kind = Message(f"estimation.services.{'reached' if reached else 'not_reached'}")
        return effects, tuple(type(note)("estimation.note_of_services", kind=kind, note=note) for note in effects.notes)


@dataclass(frozen=True, eq=False)
class Arm:
    """The effects among one kind of services: their sign, their (U,) units, and the (k,) terms used."""

    sign: int
    units: Bool
    effects: Effects
    rows: Int


@dataclass(frozen=True, eq=False)
class Difference(Fit):
    """Signed sums of estimates on parts of a design that share its clusters."""

    design: Design
    arms: tuple[Arm, ...]

    def _clusters(self, arm: Arm) -> Int:
        """Positions of the clusters of a part in the whole design."""
        return np.unique(self.design.cluster[arm.units])

    @property
    def estimate(self) -> Float:
        return np.asarray(sum(arm.sign * arm.effects.estimate[arm.rows] for arm in self.arms))

    def influence(self) -> Float:
        """(G, k) influence by cluster: what both kinds of services of a cluster share cancels."""
        influence = np.zeros((len(self.design.clusters), len(self.arms[0].rows)))
        for arm in self.arms:
            influence[self._clusters(arm)] += arm.sign * arm.effects.influence[:, arm.rows]
        return influence

    def leave_one_out(self) -> Float:
        deleted = np.zeros((len(self.design.clusters), len(self.arms[0].rows)))
        for arm in self.arms:
            part = np.tile(arm.effects.estimate[arm.rows], (len(deleted), 1))
            part[self._clusters(arm)] = arm.effects.leave_one_out()[:, arm.rows]
            deleted += arm.sign * part
        return deleted

    def loadings(self) -> Float:
        loadings = np.zeros((len(self.arms[0].rows), *self.design.panel.mean.shape))
        for arm in self.arms:
            loadings[:, arm.units] = arm.sign * arm.effects.loadings()[arm.rows]
        return loadings


def _cells(design: Design, one: Effects, reached: Bool, rows: Int) -> Cells:
    """Cohort and period of the terms on the whole design; a cohort weighs what its services reached weigh."""
    assert one.cells is not None
    position = np.searchsorted(design.cohorts, one.design.cohorts)
    sizes = np.zeros((len(design.clusters), len(design.cohorts)))
    sizes[np.ix_(np.unique(design.cluster[reached]), position)] = one.cells.sizes
    return Cells(position[one.cells.cohort[rows]], one.cells.period[rows], one.cells.event_time[rows], sizes)


def _note_unmatched(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> tuple[Message, ...]:
    lost = pd.unique(pd.Series([cohort for cohort, _ in set(one) ^ set(other)], dtype=object))
    if not len(lost):
        return ()
    return (Alert("estimation.waves_of_one_kind", waves=sorted(lost)),)
