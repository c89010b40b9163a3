"""Treatment that ends: those who switch against those who stay as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.methods import Method, estimator_entry
from asn_impact.words import Alert, Message

_ROUNDING = 1e-12  # share of a sum that is nothing once a cluster is taken out of it
_ROWS = ("overall", "joiners", "leavers", "placebo")
_PLACEBO = -2  # event time of the placebo: two periods before, against the last one before


@dataclass(frozen=True)
class Switchers(Estimator):
    """Effects of treatment that may end, in the period of the switch: joiners and leavers against those who stay.

    A unit that joins is compared with those not treated before and after, one that leaves with those treated before and
    after, from one period to the next. The effect of leaving is turned, so that both are effects of being treated.
    Assumes parallel trends without treatment for joiners, and with treatment for leavers; and that only today's
    treatment counts, not how long it has lasted. The row ``placebo`` is the same comparison one period earlier, among
    units that had not switched then: it should be zero.

    `event_study()` follows units from their first switch on against those alike before that have not switched yet.
    There the effect at k is that of having switched k periods ago, whatever happened since.

    A design whose treatment stays may be used too: its effects are those of the first treated period.

    Parameters
    ----------
    terms
        ``"overall"``: the mean over all switches, that of joiners, that of leavers and the placebo. ``"event_time"``:
        the event study.

    Notes
    -----
    De Chaisemartin and D'Haultfoeuille (2020), American Economic Review 110(9), theorem 3 (DID_M) and section 5
    (placebo); event study: de Chaisemartin and D'Haultfoeuille (2024), section 3 (not normalised).

    Equation: DID_M is the mean over the switchers of DID_+(t) and DID_-(t), each the mean change of those who switch in
    t less that of those who stay, by the weight of the switchers.

    Examples
    --------
    >>> Switchers().name
    "Switchers against stayers (de Chaisemartin and D'Haultfœuille)"
    """

    terms: Literal["overall", "event_time"] = "overall"

    fixed_weights: ClassVar[bool] = True
    ends: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        also = (Message("methods.switchers.also"),) if self.terms == "event_time" else ()
        return estimator_entry("switchers", authors=("de Chaisemartin", "D'Haultfœuille"), also=also)

    def estimate(self, design: Design) -> Effects:
        """Estimate the effect of switching.

        Raises
        ------
        EstimationError
            Nobody switches while others stay as they were.
        """
        overall = self.terms == "overall"
        every = list(_of_periods(design) if overall else _since_switch(design))
        pieces = tuple(piece for piece in every if piece.switch.any() and piece.stay.any())
        found = {name for piece in pieces for name in piece.terms}
        known = [name for name in _ROWS if name in found] if overall else sorted(found, key=int)
        if not {"overall", 0} & set(known):
            raise EstimationError(Message("estimation.no_switch", name=self.entry.name))
        terms = pd.DataFrame({"term" if overall else "event_time": known})
        member = np.array([[name in piece.terms for piece in pieces] for name in known])
        reference = None if overall else -1
        return Effects(
            self, design, terms, SwitchFit(design, pieces, member), notes=_alone(design, every), reference=reference
        )

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Estimate one effect for each time since the first switch, and the placebo before it."""
        return replace(self, terms="event_time").estimate(design)


@dataclass(frozen=True, eq=False)
class Piece:
    """One comparison of who switches (U,) with who stays (U,).

    Their outcomes change from `early` to `late`, they count with their weights in `heavy`, and `sign` is -1 for those
    who leave. `terms` are the estimates it is part of.
    """

    switch: Bool
    stay: Bool
    early: int
    late: int
    heavy: int
    sign: float
    terms: tuple[str | int, ...]


def _steps_of_one(design: Design) -> Int:
    """Positions of the periods that follow the one before without a gap."""
    return np.flatnonzero(np.diff(design.panel.timeline.steps) == 1) + 1


def _of_periods(design: Design) -> Iterator[Piece]:
    """Yield joiners and leavers of each period, and their placebo one period before."""
    on, seen, follows = design.treated(), design.panel.observed, _steps_of_one(design)
    for t in follows:
        for before, name, sign in ((False, "joiners", 1.0), (True, "leavers", -1.0)):
            now = seen[:, t] & seen[:, t - 1] & (on[:, t - 1] == before)
            switch = on[:, t] != before
            yield Piece(now & switch, now & ~switch, t - 1, t, t, sign, ("overall", name))
            if t - 1 in follows:
                steady = now & seen[:, t - 2] & (on[:, t - 2] == before)
                yield Piece(steady & switch, steady & ~switch, t - 2, t - 1, t, sign, ("placebo",))


def _since_switch(design: Design) -> Iterator[Piece]:
    """Yield those who first switch in a period against those alike that have not switched yet, at each time since."""
    on, seen, steps = design.treated(), design.panel.observed, design.panel.timeline.steps
    first = np.where((on != on[:, :1]).any(axis=1), (on != on[:, :1]).argmax(axis=1), len(steps))
    follows = _steps_of_one(design)
    for g in np.intersect1d(np.unique(first), follows):
        for before, sign in ((False, 1.0), (True, -1.0)):
            same = (on[:, 0] == before) & seen[:, g - 1]
            for t in range(g, len(steps)):
                now = same & seen[:, t]
                yield Piece(now & (first == g), now & (first > t), g - 1, t, t, sign, (int(steps[t] - steps[g]),))
            if g - 1 in follows:
                now = same & seen[:, g - 2]
                yield Piece(now & (first == g), now & (first > g), g - 1, g - 2, g - 1, sign, (_PLACEBO,))


def _alone(design: Design, pieces: list[Piece]) -> tuple[Message, ...]:
    """Say who switches while nobody stays."""
    alone = [p for p in pieces if p.switch.any() and not p.stay.any() and {"overall", 0} & set(p.terms)]
    if not alone:
        return ()
    labels = design.panel.timeline.labels
    n = sum(int(piece.switch.sum()) for piece in alone)
    return (Alert("estimation.switchers_alone", n=n, periods=sorted({labels[piece.late] for piece in alone})),)


@dataclass(frozen=True, eq=False)
class SwitchFit(Fit):
    """Means of differences between switchers and stayers, each piece by the weight of its switchers."""

    design: Design  #: what is compared
    pieces: tuple[Piece, ...]  #: P comparisons, each with somebody on both sides
    member: Bool  #: (k, P) which of them each estimate is the mean of

    @cached_property
    def _weight(self) -> Float:
        return np.where(self.design.panel.observed, self.design.panel.weight, 0.0)

    @cached_property
    def sums(self) -> Float:
        """(4, G, P) by cluster: weight and weighted change of those who switch, and of those who stay."""
        mean = np.nan_to_num(self.design.panel.mean)
        found = np.empty((4, len(self.design.clusters), len(self.pieces)))
        for j, piece in enumerate(self.pieces):
            weight = self._weight[:, piece.heavy]
            change = mean[:, piece.late] - mean[:, piece.early]
            sides = [side * weight * one for side in (piece.switch, piece.stay) for one in (1.0, change)]
            found[:, :, j] = by_cluster(self.design, np.stack(sides, axis=1)).T
        return found

    @cached_property
    def _sign(self) -> Float:
        return np.array([piece.sign for piece in self.pieces])

    def _combine(self, sums: Float) -> tuple[Float, Float, Float]:
        """(..., k) estimates, (..., P) differences and (..., P) weights of the pieces, from (4, ..., P) sums."""
        size, change, others, change_of_others = sums
        difference = self._sign * (ratio(change, size) - ratio(change_of_others, others))
        weight = np.where((size > 0) & (others > 0), size, 0.0)
        total = weight @ self.member.T
        return ratio((weight * np.nan_to_num(difference)) @ self.member.T, total), difference, weight

    @property
    def estimate(self) -> Float:
        return np.asarray(self._combine(self.sums.sum(axis=1))[0])

    def influence(self) -> Float:
        """(G, k) influence of each cluster; that of its weight among the switchers counts too."""
        total = self.sums.sum(axis=1)
        estimate, difference, weight = self._combine(total)
        size, change, others, change_of_others = self.sums
        own = (change - size * ratio(total[1], total[0])) - weight * ratio(
            change_of_others - others * ratio(total[3], total[2]), total[2]
        )
        pieces = self._sign * own + size * difference
        whole = weight @ self.member.T
        return np.asarray((pieces @ self.member.T - (size @ self.member.T) * estimate) / whole)

    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster; NaN where nobody is left to compare."""
        return np.asarray(self._combine(self._sums_without())[0])

    def _sums_without(self) -> Float:
        """(4, G, P) sums without each cluster."""
        total = self.sums.sum(axis=1, keepdims=True)
        rest = total - self.sums
        for i in (0, 2):  # the weights: what is rounding there is nobody
            rest[i] = np.where(rest[i] > _ROUNDING * total[i], rest[i], 0.0)
        return np.asarray(rest)

    def loadings(self) -> Float:
        return self._load(self.sums.sum(axis=1), self._weight)

    def _load(self, total: Float, cell_weight: Float) -> Float:
        """(k, U, T) weights on the cell means for (4, P) sums over the units that weigh something."""
        weight = self._combine(total)[2]
        share = self.member * ratio(weight[None, :], (weight @ self.member.T)[:, None])
        block = np.zeros((len(self.member), *cell_weight.shape))
        for j, piece in enumerate(self.pieces):
            if weight[j] == 0:
                continue
            unit = cell_weight[:, piece.heavy]
            one = piece.sign * unit * (piece.switch / total[0, j] - piece.stay / total[2, j])
            block[:, :, piece.late] += share[:, j, None] * one
            block[:, :, piece.early] -= share[:, j, None] * one
        block[np.isnan(share).any(axis=1)] = np.nan
        return block

    def differences(self, effects: Effects) -> Float:
        without, whole = self._sums_without(), self.loadings()
        clusters = range(len(self.design.clusters))
        out = [np.where((self.design.cluster == c)[:, None], 0.0, self._weight) for c in clusters]
        return np.stack([self._load(without[:, c], out[c]) - whole for c in clusters])
