"""Counts: what would have been without training, by Poisson quasi-likelihood, and the ratio of what was seen to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.estimation.averages import Averaged
from asn_impact.estimation.cell_effects import (
    CellFit,
    effects_by_cell,
    standardise,
    term_of_cell,
    treated_cells,
)
from asn_impact.estimation.clusters import by_cluster, ratio
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.imputation import predictors
from asn_impact.estimation.methods import Method, estimator_entry, given
from asn_impact.estimation.poisson_search import Kinds, Search
from asn_impact.estimation.two_way import columns_of
from asn_impact.estimation.views import Cells, Overall, View, keep_whole
from asn_impact.words import Alert, Message

_KEPT = 2_000_000  # numbers in the totals without each cluster up to which the searches are kept
_ROUNDING = 1e-10  # share of a total that is nothing once a cluster is taken out of it


@dataclass(frozen=True)
class Poisson(Estimator):
    """Effects on counts, as the log of what was seen over what would have been: a change in per cent.

    For complaints, rejections, applications: numbers that are never negative, often zero and larger in larger offices.
    What would have been without training is exp(unit effect + period effect), fitted to untreated cells by Poisson
    quasi-likelihood; counts need not be Poisson, only their mean has to have this form. Assumes that without
    training all units would have changed by the same *per cent* (parallel trends in ratios) and no anticipation.

    Each estimate is a log ratio: -0.22 means that exp(-0.22) = 0.80 of what would have been was seen, 20 per cent
    less. Tables, figures and sentences show changes in per cent, the standard error by the delta method. A view is the
    ratio of the totals over its cells: large offices count with what they count, and months without a single case too.

    Parameters
    ----------
    exposure
        Name of a covariate of the panel that the expected count is proportional to, such as the cases handled.
    covariates
        Names of covariates of the panel that vary within units and that training does not change.

    Notes
    -----
    Wooldridge (2023), Econometrics Journal 26(3), section 4: exponential mean, imputation; in a balanced panel without
    exposure the estimates are those of the pooled regression with unit effects, period effects and one dummy for each
    treated cohort and period. The ratio of totals is that of Chen and Roth (2024), section 4.1.
    Units that count nothing in any cell are left out; cells that zeros separate from the others are not predicted
    (Correia, Guimaraes and Zylkin 2019, section 3).

    Equation: log of (the sum over treated cells of y) over (the sum of exp(a_u + g_t) times the exposure), with a and g
    from untreated cells.

    Examples
    --------
    >>> Poisson().name
    'Poisson quasi-likelihood (Wooldridge)'
    >>> Poisson(exposure="cases").name
    "Poisson quasi-likelihood (Wooldridge), per 'cases'"
    """

    exposure: str | None = None
    covariates: Names = ()

    relative: ClassVar[bool] = True

    @property
    def entry(self) -> Method:
        per = None if self.exposure is None else Message("methods.poisson.per", exposure=self.exposure)
        also = (Message("methods.poisson.also"),)
        return estimator_entry("poisson", per, given(self.covariates), authors=("Wooldridge",), also=also)

    @property
    def uses(self) -> tuple[str, ...]:
        return (*self.covariates, *(() if self.exposure is None else (self.exposure,)))

    def estimate(self, design: Design) -> Effects:
        """Estimate one log ratio for each treated cohort and period.

        Raises
        ------
        EstimationError
            An outcome is negative, something was counted where nothing was exposed, a covariate is not in the panel, or
            a covariate tells cells without a count from the others.
        """
        design, exposed = _exposed(design, self.exposure)
        design, covariates, notes = predictors(design, self.covariates)
        design, zero = _without_zeros(design)
        start, period = treated_cells(design)
        fit = PoissonFit(design, start, period, self.exposure, covariates)
        return effects_by_cell(self, design, fit, PoissonEffects, notes=(*exposed, *notes, *zero, *fit.notes()))


def _exposed(design: Design, exposure: str | None) -> tuple[Design, tuple[Message, ...]]:
    """Return the design of the cells that can count something.

    Raises
    ------
    EstimationError
        An outcome is negative, or more than nothing was counted where nothing was exposed.
    """
    panel = design.panel
    if (negative := panel.observed & (np.nan_to_num(panel.mean) < 0)).any():
        u, t = np.argwhere(negative)[0]
        where = {"unit": str(panel.units[u]), "period": panel.timeline.labels[t]}
        least = float(panel.mean[u, t])
        raise EstimationError(Message("estimation.poisson_negative", n=int(negative.sum()), least=least, **where))
    if exposure is None:
        return design, ()
    size = columns_of(design, (exposure,))[:, :, 0]
    positive = np.isfinite(size) & (size > 0)
    if (strange := panel.observed & ~positive & (np.nan_to_num(panel.mean) > 0)).any():
        u, t = np.argwhere(strange)[0]
        where = {"unit": str(panel.units[u]), "period": panel.timeline.labels[t]}
        raise EstimationError(Message("estimation.poisson_unexposed", n=int(strange.sum()), name=exposure, **where))
    lost = int((panel.observed & ~positive).sum())
    if not lost:
        return design, ()
    used = replace(design, panel=replace(panel, weight=np.where(positive, panel.weight, 0.0)))
    return used, (Message("estimation.poisson_no_exposure", n=lost, name=exposure),)


def _without_zeros(design: Design) -> tuple[Design, tuple[Message, ...]]:
    """Return the design of the units that count something: the others say nothing of a ratio."""
    total = np.where(design.panel.observed, np.nan_to_num(design.panel.mean), 0.0).sum(axis=1)
    if (total > 0).all() or not total.any():
        return design, ()
    units = [str(design.panel.units[u]) for u in np.flatnonzero(total == 0)]
    return design.where(total > 0), (Message("estimation.poisson_zero_units", n=len(units), units=units),)


@dataclass(frozen=True, eq=False)
class PoissonFit(CellFit):
    """Log ratios of what was seen to what would have been, for each cohort and period."""

    design: Design  #: what is compared
    #: (k,) adoption step and period position of each effect.
    start: Float
    period: Int
    #: Names of covariates of the panel.
    exposure: str | None = None
    covariates: tuple[str, ...] = ()

    @cached_property
    def counts(self) -> Float:
        """(U, T) weighted counts."""
        panel = self.design.panel
        return np.where(panel.observed, panel.weight * np.nan_to_num(panel.mean), 0.0)

    @cached_property
    def kinds(self) -> Kinds:
        """The units, added up where they are alike."""
        design, panel = self.design, self.design.panel
        weight = np.where(panel.observed, panel.weight, 0.0)
        exposed = weight * np.nan_to_num(columns_of(design, (self.exposure,))[:, :, 0]) if self.exposure else weight
        untreated = panel.observed & ~design.treated()
        x = standardise(design, self.covariates, np.where(untreated, weight, 0.0))
        alike = np.concatenate([design.adopted[:, None], weight, exposed, x.reshape(len(x), -1)], axis=1)
        _, first, of = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        of = of.reshape(-1)
        total = np.zeros((len(first), weight.shape[1]))
        np.add.at(total, of, self.counts)
        term = term_of_cell(design, self.start, self.period)
        return Kinds(of, total, exposed[first], untreated[first], term[first], x[first])

    @cached_property
    def search(self) -> Search:
        """The search with all clusters.

        Raises
        ------
        EstimationError
            It does not end: a covariate tells cells without a count from the others.
        """
        found = Search(self.kinds, self.kinds.total, len(self.start))
        if np.isnan(found.solution).any():
            raise EstimationError(Message("estimation.poisson_no_end", names=self.covariates))
        return found

    def without(self) -> Iterable[Search | None]:
        """Return the search without each cluster in turn, kept where they fit; None where it does not end."""
        few = len(self.design.clusters) * self.kinds.total.size <= _KEPT
        return self._kept if few else self._search_without()

    @cached_property
    def _kept(self) -> tuple[Search | None, ...]:
        return tuple(self._search_without())

    def _search_without(self) -> Iterator[Search | None]:
        found = self.search
        for c in range(len(self.design.clusters)):
            own = np.flatnonzero(self.design.cluster == c)
            total = found.total.copy()
            np.subtract.at(total, self.kinds.of[own], self.counts[own])
            total = np.where(total > _ROUNDING * found.total, total, 0.0)
            search = Search(self.kinds, total, found.k, found.solution)
            try:
                yield search if search.tells_slopes and not np.isnan(search.solution).any() else None
            except np.linalg.LinAlgError:
                yield None

    @cached_property
    def sums_without(self) -> Float:
        """(G, 2, k) what was seen and what would have been without each cluster; NaN where it is not determined."""
        nothing = np.full((2, len(self.start)), np.nan)
        return np.stack([nothing if search is None else search.sums for search in self.without()])

    def notes(self) -> tuple[Message, ...]:
        """Return which cells are not predicted, and which effects have nothing seen in them."""
        search, labels = self.search, self.design.panel.timeline.labels
        seen = (self.kinds.untreated | (self.kinds.term < search.k)) & (self.kinds.size > 0)
        notes: list[Message] = []
        dead = np.asarray(seen.any(axis=0) & self.kinds.untreated.any(axis=0) & ~search.used.any(axis=0))
        if dead.any():
            notes.append(Alert("estimation.poisson_zero_periods", periods=[labels[t] for t in np.flatnonzero(dead)]))
        lost: Bool = np.asarray(seen & (self.kinds.term < search.k) & ~search.predicted & ~dead[None, :])
        if n := int(lost[self.kinds.of].sum()):
            notes.append(Alert("estimation.poisson_separated", n=n))
        seen_nothing = (search.sums[0] <= 0) & (search.sums[1] > 0)
        if seen_nothing.any():
            pairs = [
                Message("estimation.pair", cohort=self.design.cohort_label(s), period=labels[t])
                for s, t in zip(self.start[seen_nothing], self.period[seen_nothing], strict=True)
            ]
            notes.append(Message("estimation.poisson_nothing_seen", n=len(pairs), pairs=pairs))
        return tuple(notes)

    @property
    def _single(self) -> Bool:
        return np.eye(len(self.start), dtype=np.bool_)

    @cached_property
    def known(self) -> Bool:
        """(k,) effects of which it is known what would have been: with nothing seen their log has no number."""
        return np.asarray(self.search.sums[1] > 0)

    @property
    def estimate(self) -> Float:
        """(k,) log ratios; NaN where not estimable, or where nothing was seen."""
        return self.ratios(self._single)

    def ratios(self, member: Bool) -> Float:
        """(m,) log ratios of the totals over (m, k) effects."""
        return _log_ratio(*(self.search.sums @ member.T))

    def influence(self) -> Float:
        """(G, k) influence of each cluster: derivative of each estimate with respect to the weight of the cluster."""
        return self.influence_on(self._single)

    def influence_on(self, member: Bool) -> Float:
        """(G, m) influence on the log ratio of the totals over (m, k) effects."""
        by_count = self.search.loadings(member)[:, self.kinds.of]  # (m, U, T)
        return by_cluster(self.design, np.einsum("mut,ut->um", by_count, self.counts))

    def leave_one_out(self) -> Float:
        """(G, k) log ratios without each cluster, searched again."""
        return _log_ratio(self.sums_without[:, 0], self.sums_without[:, 1])

    def loadings(self) -> Float:
        """(k, U, T) derivative of each estimate with respect to each cell mean."""
        return self.loadings_on(self._single)

    def loadings_on(self, member: Bool, search: Search | None = None) -> Float:
        """(m, U, T) derivative of log ratios of totals, with all clusters or after another search."""
        weight = np.where(self.design.panel.observed, self.design.panel.weight, 0.0)
        return np.asarray((search or self.search).loadings(member)[:, self.kinds.of] * weight)

    @property
    def linear(self) -> bool:
        """False: the weights of the cell means depend on the counts."""
        return False

    def cell_variance(self, design: Design) -> Float:
        """(U, T) working variance of each cell mean: its fitted mean over its weight, as of a Poisson count."""
        search = self.search
        term = self.kinds.term
        effect = np.append(np.nan_to_num(ratio(*search.sums)), 0.0)
        pace = np.where(search.used, search.pace, 0.0) + np.where(search.valid, search.pace * effect[term], 0.0)
        pace = pace[self.kinds.of]
        level = np.nan_to_num(ratio((self.counts * (pace > 0)).sum(axis=1), pace.sum(axis=1)))
        weight = np.where(design.panel.observed, design.panel.weight, 0.0)
        return np.nan_to_num(ratio(level[:, None] * pace, weight**2))

    def differences(self, effects: Effects) -> Float:
        return self.differences_on(lambda known: self._single)

    def differences_on(self, members: Callable[[Bool], Bool]) -> Float:
        """(G, m, U, T) the same for log ratios of totals over the effects that `members` gives for those known."""
        whole = self.loadings_on(members(self.known))
        difference = np.repeat(-whole[None], len(self.design.clusters), axis=0)
        for c, search in enumerate(self.without()):
            if search is None:
                difference[c] = np.nan
                continue
            without = self.loadings_on(members(search.sums[1] > 0), search)
            difference[c] += np.where((self.design.cluster == c)[:, None], 0.0, without)
        return np.where(np.isnan(difference).any(axis=(2, 3), keepdims=True), np.nan, difference)


@dataclass(frozen=True, eq=False)
class RatioOfTotals(Averaged):
    """Log ratios of what was seen to what would have been, both added up over the effects of a view."""

    def _members(self, known: Bool) -> Bool:
        """(..., m, k) the effects that enter where some are known."""
        return np.asarray(self.member & keep_whole(known, self.needed, self.cells)[..., None, :])

    @property
    def _own(self) -> PoissonFit:
        assert isinstance(self.fit, PoissonFit)
        return self.fit

    @property
    def estimate(self) -> Float:
        return self._own.ratios(self._members(self._own.known))

    def influence(self) -> Float:
        return self._own.influence_on(self._members(self._own.known))

    def leave_one_out(self) -> Float:
        sums = self._own.sums_without
        members = self._members(sums[:, 1] > 0)
        seen, expected = (np.where(members, sums[:, i, None], 0.0).sum(axis=-1) for i in range(2))
        gone = np.asarray(np.isnan(sums).all(axis=(1, 2)))
        return np.where(gone[:, None], np.nan, _log_ratio(seen, expected))

    def loadings(self) -> Float:
        return self._own.loadings_on(self._members(self._own.known))

    def deletions(self, design: Design, groups: Bool) -> None:
        """Return None: no form in low rank is known."""

    def differences(self, effects: Effects) -> Float:
        return self._own.differences_on(self._members)


class PoissonEffects(Effects):
    """Log ratios by cohort and period, whose views are ratios of totals."""

    def _average(self, cells: Cells, view: View, known: Bool) -> Averaged:
        if isinstance(view, Overall) and view.of is not None:
            raise EstimationError(Message("estimation.ratio_has_one_overall", view=repr(view)))
        member = view(cells, self.design)[1] & known
        return RatioOfTotals(self.fit, cells, member[member.any(axis=1)], view.alike, view.needed(cells))


def _log_ratio(seen: Float, expected: Float) -> Float:
    value = ratio(seen, expected)
    return np.log(np.where(value > 0, value, np.nan))
