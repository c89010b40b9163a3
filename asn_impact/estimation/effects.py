"""Effects: the waist. Every estimator returns one; every table, figure, check and rule of inference reads one.

An estimate travels with three things that do not depend on which estimator made it: its influence by cluster, its value
without each cluster in turn, and (for estimators without an optimiser) its weights on the cell means. A view, such as
the
overall effect or the event study, is a weighted mean of an estimator's own terms, and carries all three along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import EstimationError

__all__ = [
    "Calendar",
    "Cells",
    "Cohorts",
    "Contributions",
    "Effects",
    "Estimator",
    "EventStudy",
    "Fit",
    "Overall",
    "View",
]


class Fit(Protocol):
    """The numbers behind k estimates on a design of G clusters, U units and T periods."""

    @property
    def estimate(self) -> Float:
        """(k,) the estimates; NaN where not estimable."""

    def influence(self) -> Float:
        """(G, k) what each cluster adds to the error of each estimate; the variance is the sum of squares."""

    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster in turn; NaN where one rests on that cluster alone."""

    def loadings(self) -> Float:
        """(k, U, T) the weight of each cell mean in each estimate."""

    @property
    def correction(self) -> float:
        """Small-sample factor of the variance besides G / (G - 1): (N - 1) / (N - K) for a regression, else 1."""


class Estimator(Protocol):
    """Parameters in the object, data in the call."""

    def __call__(self, design: Design) -> Effects:
        """Estimate on a design."""

    @property
    def name(self) -> str:
        """Name and parameters as printed."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each cluster adds to a variance: k variances that are sums of G squares, each linear in the cell means.

    Attributes
    ----------
    value
        (G, k) the numbers that are squared and summed.
    moments
        Called with (h, G) groups of clusters: (k, h, G, G) covariances of the G numbers if the errors were independent,
        of variance one over the weight of the cell, in that group of clusters and zero elsewhere.
    """

    value: Float
    moments: Callable[[Bool], Float]


@dataclass(frozen=True, eq=False)
class Cells:
    """Which cohort and period each group-time term belongs to.

    Attributes
    ----------
    cohort
        (k,) position of the cohort in ``design.cohorts``.
    period
        (k,) position of the period on the timeline.
    event_time
        (k,) steps since adoption; negative before.
    sizes
        (G, C) weight of each cohort in each cluster.
    """

    cohort: Int
    period: Int
    event_time: Int
    sizes: Float


@dataclass(frozen=True)
class Overall:
    """One number: the mean over all treated cohorts and periods, each cohort weighted by its size.

    Callaway and Sant'Anna (2021), eq. 3.10 (``simple`` in the R package did).
    """

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        return pd.DataFrame({"term": ["overall"]}), (cells.event_time >= 0)[None, :]


@dataclass(frozen=True)
class EventStudy:
    """One number for each time since adoption, cohorts weighted by size.

    Callaway and Sant'Anna (2021), eq. 3.4. With `balanced`, only cohorts seen at least so many steps after adoption
    enter, so that all event times up to there compare the same cohorts (eq. 3.5).
    """

    balanced: int | None = None

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        last = design.panel.timeline.steps[-1]
        keep = np.ones(len(cells.cohort), dtype=np.bool_)
        if self.balanced is not None:
            keep = (last - design.cohorts[cells.cohort] >= self.balanced) & (cells.event_time <= self.balanced)
        times = np.unique(cells.event_time[keep])
        member = (cells.event_time[None, :] == times[:, None]) & keep[None, :]
        return pd.DataFrame({"event_time": times}), member


@dataclass(frozen=True)
class Cohorts:
    """One number for each cohort: the plain mean over its treated periods (Callaway and Sant'Anna 2021, eq. 3.7)."""

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        cohorts = np.arange(len(design.cohorts))
        member = (cells.cohort[None, :] == cohorts[:, None]) & (cells.event_time >= 0)[None, :]
        labels = [design.cohort_label(step) for step in design.cohorts]
        return pd.DataFrame({"cohort": labels}), member


@dataclass(frozen=True)
class Calendar:
    """One number for each period: the mean over the cohorts treated by then, weighted by size (eq. 3.8)."""

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        post = cells.event_time >= 0
        periods = np.unique(cells.period[post])
        labels = design.panel.timeline.labels
        member = (cells.period[None, :] == periods[:, None]) & post[None, :]
        return pd.DataFrame({"period": [labels[p] for p in periods]}), member


View = Overall | EventStudy | Cohorts | Calendar


@dataclass(frozen=True, eq=False)
class Effects:
    """Estimates with everything that inference, checks and reports need.

    Attributes
    ----------
    estimator, design
        What was called on what: `again` repeats it on another design.
    terms
        k rows that name the estimates.
    fit
        The numbers: see `Fit`.
    cells
        Cohort and period of each term, for estimators of group-time effects.
    view
        How the terms were averaged; None for the estimator's own terms.
    notes
        What could not be estimated, in sentences.
    """

    estimator: Estimator
    design: Design
    terms: pd.DataFrame
    fit: Fit
    cells: Cells | None = None
    view: View | None = None
    notes: tuple[str, ...] = ()

    @property
    def estimate(self) -> Float:
        """(k,) the estimates; NaN where not estimable."""
        return self.fit.estimate

    @property
    def influence(self) -> Float:
        """(G, k) influence by cluster: ``influence.T @ influence`` is the cluster-robust variance without factors."""
        return self.fit.influence()

    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster in turn."""
        return self.fit.leave_one_out()

    def loadings(self) -> Float:
        """(k, U, T) the weights of the estimates on the cell means."""
        return self.fit.loadings()

    @property
    def linear(self) -> bool:
        """Whether the estimates are the same weighted sums of cell means whatever the outcome is."""
        return bool(getattr(self.fit, "linear", True))

    @property
    def unused_covariates(self) -> tuple[str, ...]:
        """Covariates of the panel that the estimator does not use: it uses those it names and no other."""
        own = (self.estimator, getattr(self.estimator, "comparison", None))
        named = {
            name for e in own for field in ("adjust", "covariates", "regressors") for name in getattr(e, field, ())
        }
        return tuple(name for name in self.design.panel.covariates if name not in named)

    def overall(self) -> Effects:
        """Return one number: the mean effect over all treated cohorts and periods."""
        return self._viewed(Overall())

    def event_study(self, *, balanced: int | None = None) -> Effects:
        """Return the effect by time since adoption; before adoption it should be zero."""
        own = getattr(self.estimator, "event_study", None)
        return own(self.design) if own is not None else self._viewed(EventStudy(balanced))

    def cohorts(self) -> Effects:
        """Return the effect of each wave, averaged over its treated periods."""
        return self._viewed(Cohorts())

    def calendar(self) -> Effects:
        """Return the effect in each period, averaged over the waves treated by then."""
        return self._viewed(Calendar())

    def again(self, design: Design) -> Effects:
        """Return the same estimator and view on another design: the way to jackknife, placebo and permutation."""
        effects = self.estimator(design)
        return effects if self.view is None else effects._viewed(self.view)

    def support(self) -> Int:
        """(k,) number of clusters with treated units behind each estimate."""
        if self.cells is None:
            return np.full(len(self.terms), self.design.treated_clusters)
        member = self.members(self.cells)
        cohort = np.zeros((len(member), self.cells.sizes.shape[1]))
        rows, columns = np.nonzero(member)
        cohort[rows, self.cells.cohort[columns]] = 1
        return np.asarray(((cohort @ self.cells.sizes.T) > 0).sum(axis=1))

    def members(self, cells: Cells) -> Bool:
        """(m, k) which group-time terms stand behind each estimate."""
        return self.fit.member if isinstance(self.fit, Averaged) else np.eye(len(cells.cohort), dtype=np.bool_)

    def _viewed(self, view: View) -> Effects:
        if self.view is not None:
            raise EstimationError(
                f"These effects are already averaged ({self.view!r}). Call the view on the estimator's own effects."
            )
        if self.cells is None:
            if isinstance(view, Overall) and len(self.terms) == 1:
                return self
            if isinstance(view, Overall) and (rows := self._of_treatment()).size == 1:
                return replace(
                    self, terms=self.terms.iloc[rows].reset_index(drop=True), fit=Some(self, rows), view=view
                )
            raise EstimationError(
                f"{self.estimator.name} gives {len(self.terms)} coefficients, not effects by cohort and period: "
                f"there is no {type(view).__name__} view. Use GroupTime()."
            )
        terms, member = view(self.cells, self.design)
        member = member & np.isfinite(self.estimate)[None, :]
        left = member.any(axis=1)
        if not left.any():
            raise EstimationError(
                f"No group-time effect is estimable for the {type(view).__name__} view. {' '.join(self.notes)}"
            )
        fit = Averaged(self.fit, self.cells, member[left], isinstance(view, Cohorts))
        return replace(self, terms=terms.iloc[np.flatnonzero(left)].reset_index(drop=True), fit=fit, view=view)

    def _of_treatment(self) -> Int:
        """Return the position of the treatment's coefficient among those of covariates; none without one."""
        if "term" not in self.terms or not hasattr(self.fit, "bias_reduced"):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.terms["term"].to_numpy() == "overall")

    def said_of_covariates(self) -> list[tuple[str, object]]:
        """Return the line of a card that names the covariates of the panel that were not used; nothing without any."""
        return [("covariates not used", ", ".join(self.unused_covariates))] if self.unused_covariates else []

    def __repr__(self) -> str:
        view = "" if self.view is None else f".{type(self.view).__name__}"
        return f"Effects({self.estimator.name}{view} on {self.design.panel.outcome.name}: {len(self.terms)} estimates)"

    def _repr_html_(self) -> str:
        return card(
            repr(self),
            [*(("note", note) for note in self.notes), *self.said_of_covariates()],
            table=self.terms.assign(estimate=self.estimate),
        )


@dataclass(frozen=True, eq=False)
class Some:
    """Some of the estimates of a regression: the others keep their part in the fit, as covariates do.

    Attributes
    ----------
    whole
        The effects of all coefficients; their fit has `deleted` and `bias_reduced` in closed form.
    rows
        (k,) positions of those that are wanted.
    """

    whole: Effects
    rows: Int

    @property
    def estimate(self) -> Float:
        """(k,) the estimates."""
        return self.whole.estimate[self.rows]

    def influence(self) -> Float:
        """(G, k) influence by cluster."""
        return self.whole.influence[:, self.rows]

    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster."""
        return self.whole.leave_one_out()[:, self.rows]

    def loadings(self) -> Float:
        """(k, U, T) weights on the cell means."""
        return self.whole.loadings()[self.rows]

    @property
    def correction(self) -> float:
        """Small-sample factor of the whole regression."""
        return self.whole.fit.correction

    @property
    def linear(self) -> bool:
        return self.whole.linear

    def alone(self, j: int) -> tuple[Effects, int]:
        """Return the whole regression and the position of estimate j in it: for rules that hold one coefficient."""
        return self.whole, int(self.rows[j])

    def deleted(self) -> Contributions:
        """Jackknife deviations with their moments."""
        return self._of(self.whole.fit.deleted())  # type: ignore[attr-defined]

    def bias_reduced(self) -> Contributions:
        """Bias-reduced contributions with their moments."""
        return self._of(self.whole.fit.bias_reduced())  # type: ignore[attr-defined]

    def _of(self, all_of_them: Contributions) -> Contributions:
        return Contributions(all_of_them.value[:, self.rows], lambda groups: all_of_them.moments(groups)[self.rows])


@dataclass(frozen=True, eq=False)
class Averaged:
    """Weighted means of another fit's estimates; cohort sizes are estimates too, and count as such.

    `member` (m, k) says which terms enter; weights are the cohort sizes, or all alike when `alike`.
    """

    fit: Fit
    cells: Cells
    member: Bool
    alike: bool

    def _weights(self, sizes: Float) -> Float:
        """(..., m, k) weights that sum to one, from (..., C) cohort sizes; NaN where nothing is left."""
        by_term = np.ones_like(sizes[..., self.cells.cohort]) if self.alike else sizes[..., self.cells.cohort]
        by_term = np.where(sizes[..., self.cells.cohort] > 0, by_term, 0.0)
        raw = self.member * by_term[..., None, :]
        total = raw.sum(axis=-1, keepdims=True)
        return np.asarray(np.divide(raw, total, out=np.full_like(raw, np.nan), where=total > 0))

    @property
    def _now(self) -> Float:
        return self._weights(self.cells.sizes.sum(axis=0))

    @property
    def estimate(self) -> Float:
        return _mean(self._now, self.fit.estimate)

    def influence(self) -> Float:
        weights = self._now
        summed = getattr(self.fit, "influence_of", None)  # without the (G, k) in between, where a fit can
        direct = summed(weights) if summed is not None else np.nan_to_num(self.fit.influence()) @ weights.T
        if self.alike:
            return np.asarray(direct)
        deviation = np.nan_to_num(self.fit.estimate[None, :] - self.estimate[:, None])
        total = (self.member * self.cells.sizes.sum(axis=0)[self.cells.cohort]).sum(axis=1)
        pull = (self.member * deviation) / total[:, None]
        by_cohort = np.zeros((len(weights), self.cells.sizes.shape[1]))
        np.add.at(by_cohort.T, self.cells.cohort, pull.T)
        return np.asarray(direct + self.cells.sizes @ by_cohort.T)

    def leave_one_out(self) -> Float:
        deleted = self.fit.leave_one_out()
        sizes = self.cells.sizes.sum(axis=0) - self.cells.sizes
        sizes = np.where(sizes > 1e-12 * self.cells.sizes.sum(axis=0), sizes, 0.0)
        block = max(1, 20_000_000 // self.member.size)
        return np.concatenate(
            [_mean(self._weights(sizes[i : i + block]), deleted[i : i + block]) for i in range(0, len(sizes), block)]
        )

    def differences(self) -> Float | None:
        """(G, m, U, T) weights on the cells without each cluster less those with all; None: no closed form."""
        without = getattr(self.fit, "loadings_without", None)
        if without is None:
            return None
        sizes = self.cells.sizes.sum(axis=0) - self.cells.sizes
        weights = np.nan_to_num(self._weights(np.where(sizes > 1e-12 * self.cells.sizes.sum(axis=0), sizes, 0.0)))
        loadings = without(weights)
        if loadings is None:
            return None
        gone = np.isnan(self.leave_one_out())
        return np.where(gone[:, :, None, None], np.nan, loadings - self.loadings()[None])

    def loadings(self) -> Float:
        return np.asarray(np.tensordot(self._now, np.nan_to_num(self.fit.loadings()), axes=1))

    @property
    def correction(self) -> float:
        return self.fit.correction

    @property
    def linear(self) -> bool:
        return bool(getattr(self.fit, "linear", True))


def _mean(weights: Float, values: Float) -> Float:
    """(..., m) weighted means of (..., k) values; values of weight zero do not matter, not even NaN."""
    return np.asarray((weights * np.where(weights == 0, 0.0, values[..., None, :])).sum(axis=-1))
