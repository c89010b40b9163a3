"""Effects: the waist. Every estimator returns one; every table, figure, check and rule of inference reads one.

An estimate travels with three things that do not depend on which estimator made it: its influence by cluster, its value
without each cluster in turn, and (for estimators without an optimiser) its weights on the cell means. A view, such as
the overall effect or the event study, is a weighted mean of an estimator's own terms, and carries all three along.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arguments import Steps
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.display import card, noted
from asn_impact.errors import EstimationError
from asn_impact.estimation.counted import Counted
from asn_impact.estimation.deletions import Deletions, Weigh
from asn_impact.estimation.left_out import left_out_table
from asn_impact.estimation.methods import Procedure
from asn_impact.estimation.views import Calendar, Cells, Cohorts, EventStudy, Overall, View, keep_whole
from asn_impact.estimation.working import Working
from asn_impact.measures.panel import Outcome
from asn_impact.measures.ratio import RatioOf
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, each_once, paragraph

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
    "Traces",
    "View",
]


@dataclass(frozen=True, eq=False)
class Traces:
    """Moments of sums of G squares under a working model, for k estimates and h groups of clusters."""

    expected: Float  #: (k, h, G) expectation of each square, if the errors vary in one group only
    total: Float  #: (k, h) their sums
    #: (k, h, h) traces of the products of the groups' covariances: half the covariance of the sums of squares.
    product: Float

    @classmethod
    def of(cls, moments: Float) -> Traces:
        """Return the traces of (k, h, G, G) covariances."""
        expected = np.einsum("khgg->khg", moments)
        return cls(expected, expected.sum(axis=2), np.einsum("khgf,klgf->khl", moments, moments, optimize=True))

    def of_rows(self, rows: Int) -> Traces:
        """Return the traces of some of the estimates."""
        return Traces(self.expected[rows], self.total[rows], self.product[rows])

    @classmethod
    def stacked(cls, parts: Sequence[Traces]) -> Traces:
        """Return the traces of several sets of estimates, one after the other."""
        names = ("expected", "total", "product")
        return cls(*(np.concatenate([vars(part)[name] for part in parts]) for name in names))


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each cluster adds to a variance: k variances that are sums of G squares, each linear in the cell means."""

    value: Float  #: (G, k) the numbers that are squared and summed
    #: Called with (h, G) groups of clusters: the moments of the squares if the errors were independent, of variance one
    #: over the weight of the cell (or of the estimator's working model), in one group and zero elsewhere.
    traces: Callable[[Bool], Traces]


class Fit(ABC):
    """The numbers behind k estimates on a design of G clusters, U units and T periods.

    Four are asked of every fit; the others have a definition here that holds for any. A fit that knows a closed form
    puts it in place of that definition.
    """

    @property
    @abstractmethod
    def estimate(self) -> Float:
        """(k,) the estimates; NaN where not estimable."""

    @abstractmethod
    def influence(self) -> Float:
        """(G, k) what each cluster adds to the error of each estimate; the variance is the sum of squares."""

    @abstractmethod
    def leave_one_out(self) -> Float:
        """(G, k) the estimates without each cluster in turn; NaN where one rests on that cluster alone."""

    @abstractmethod
    def loadings(self) -> Float:
        """(k, U, T) the weight of each cell mean in each estimate."""

    @property
    def correction(self) -> float:
        """Small-sample factor of the variance besides G / (G - 1): (N - 1) / (N - K) for a regression, else 1."""
        return 1.0

    def counted(self, *, singles: bool) -> Counted | None:
        """Return the rows and coefficients of the regression that the estimates are of; None where they are of none."""
        return None

    @property
    def linear(self) -> bool:
        """Whether the estimates are the same weighted sums of cell means whatever the outcome is."""
        return True

    @property
    def regression(self) -> bool:
        """Whether the estimates are coefficients of one regression, with closed forms for every rule."""
        return False

    @property
    def working(self) -> Working | None:
        """What was chosen by the outcome and can be held, for an estimator with a working covariance."""
        return None

    @property
    def by_cell(self) -> Fit:
        """The fit of the estimator's own terms, where this one averages them."""
        return self

    @property
    def known(self) -> Bool:
        """(k,) estimates that an average counts."""
        return np.isfinite(self.estimate)

    def cell_variance(self, design: Design) -> Float:
        """(U, T) working variance of each cell mean, on whatever scale: one over the weight of the cell."""
        weight = np.where(design.panel.observed, design.panel.weight, 0.0)
        return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)

    def influence_of(self, weights: Float) -> Float:
        """(G, m) influence of (m, k) weighted sums of the estimates."""
        return np.asarray(np.nan_to_num(self.influence()) @ weights.T)

    def loadings_of(self, weights: Float) -> Float:
        """(m, U, T) weights on the cell means of (m, k) weighted sums of the estimates."""
        return np.asarray(np.tensordot(weights, np.nan_to_num(self.loadings()), axes=1))

    def with_mean(self, mean: Float) -> Fit | None:
        """Return the fit of other (U, T) cell means on the same cells, where much of it does not depend on them."""
        return None

    def means_without(self, now: Float, weigh: Weigh, groups: Bool) -> Iterable[Deletions] | None:
        """Return what happens to (m, k) weighted means of the estimates when each cluster goes; see `Deletions`.

        `weigh` gives the (c, k) weights of a mean without each of c clusters. None where no form in low rank is known.
        """
        return None

    def deletions_of_sums(self, weights: Float, groups: Bool) -> Iterable[Deletions] | None:
        """Return the same for (m, k) fixed sums of the estimates, all of which stay known without any cluster."""
        return None

    def loadings_without(self, weights: Float) -> Float | None:
        """(G, m, U, T) weights on the cell means of (G, m, k) weighted sums of the estimates without each cluster.

        None where there is no closed form: then the estimator is called again without each cluster.
        """
        return None

    def alone(self, effects: Effects, j: int) -> tuple[Effects, int]:
        """Return the effects that estimate j has its outcome in common with, and its position among them."""
        return effects, j

    def differences(self, effects: Effects) -> Float:
        """(G, k, U, T) the weights on the cell means without each cluster, less the weights with all of them."""
        design = effects.design
        difference = np.repeat(-self.loadings()[None], len(design.clusters), axis=0)
        for c in range(len(difference)):
            try:
                difference[c][:, design.cluster != c] += _same_terms(effects, effects.anew(design.without(c)))
            except EstimationError:  # nothing is left without the cluster
                difference[c] = np.nan
        return np.where(np.isnan(difference).any(axis=(2, 3), keepdims=True), np.nan, difference)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        """Return what happens to each estimate when each cluster goes, in low rank; None where that is not known."""

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            return np.where(np.arange(known.shape[1]) == row, known, 0.0)

        return self.means_without(np.diag(np.isfinite(self.estimate).astype(np.float64)), weigh, groups)

    def deleted(self, effects: Effects) -> Contributions:
        """Return the deviations of the estimates without each cluster, with their moments."""
        if (parts := self.deletions(effects.design, two_groups(effects.design))) is not None:
            return contributions_of(parts, self.estimate, scaled=False)
        value = self.leave_one_out() - self.estimate
        return Contributions(
            value,
            lambda groups: Traces.of(moments_of(effects.design, spread(effects, self.differences(effects)), groups)),
        )

    def bias_reduced(self, effects: Effects) -> Contributions:
        """Return the deviations scaled to be unbiased under independent errors, with their moments."""
        if (parts := self.deletions(effects.design, two_groups(effects.design))) is not None:
            return contributions_of(parts, self.estimate, scaled=True)
        difference = spread(effects, self.differences(effects))
        own = np.zeros((len(self.estimate), len(effects.design.clusters)))
        np.add.at(own.T, effects.design.cluster, (spread(effects, self.loadings()) ** 2).sum(axis=2).T)
        expected = (difference**2).sum(axis=(2, 3)).T
        share = np.divide(own, expected, out=np.full(own.shape, np.nan), where=expected > 0)
        scale = np.sqrt(np.where(own > 0, share, 0.0)).T  # (G, k)
        without = effects.estimator.estimates_anew(effects)
        value = np.where(scale > 0, without - self.estimate, 0.0) * scale
        scaled = difference * scale[:, :, None, None]
        return Contributions(value, lambda groups: Traces.of(moments_of(effects.design, scaled, groups)))


def two_groups(design: Design) -> Bool:
    """(h, G) the clusters with treated units and the others; one group where all are treated."""
    treated = np.isin(np.arange(len(design.clusters)), design.cluster[np.isfinite(design.adopted)])
    return np.stack([treated, ~treated])[: 1 if treated.all() else 2]


def contributions_of(parts: Iterable[Deletions], estimate: Float, *, scaled: bool) -> Contributions:
    """Return the deviations that deletions in low rank make, scaled to be unbiased or as they are: one at a time."""
    values, traces, known = [], [], []
    for part, whole in zip(parts, estimate, strict=True):
        scale = part.scale() if scaled else np.ones(len(part.estimate))
        values.append(np.where(scale > 0, part.estimate - whole, 0.0) * scale)
        traces.append(Traces(*(np.asarray(one)[None] for one in part.traces(scale))))
        known.append(part.groups)
    stacked = Traces.stacked(traces)

    def of_groups(groups: Bool) -> Traces:
        assert all(np.array_equal(groups, one) for one in known), "deletions are worked out for their groups"
        return stacked

    return Contributions(np.stack(values, axis=1), of_groups)


def differences_of(fit: Fit, effects: Effects) -> Float:
    """(G, k, U, T) the same for a fit that knows its `loadings_without`: NaN where a cluster carries an estimate."""
    clusters, k = len(effects.design.clusters), len(fit.estimate)
    without = fit.loadings_without(np.broadcast_to(np.eye(k), (clusters, k, k)))
    assert without is not None
    return np.where(np.isnan(fit.leave_one_out())[:, :, None, None], np.nan, without - fit.loadings()[None])


def moments_of(design: Design, weights: Float, groups: Bool) -> Float:
    """(k, h, G, G) covariances of G sums with (G, k, U, T) weights, if errors vary in one group of clusters only."""
    g, k = weights.shape[:2]
    moments = np.empty((k, len(groups), g, g))
    for h, group in enumerate(groups):
        part = weights[:, :, group[design.cluster]].transpose(1, 0, 2, 3).reshape(k, g, -1)
        moments[:, h] = part @ part.transpose(0, 2, 1)
    return moments


def spread(effects: Effects, weights: Float) -> Float:
    """Weights on errors of the working variance of each cell, as weights on errors of variance one."""
    return np.asarray(np.nan_to_num(weights) * np.sqrt(effects.fit.cell_variance(effects.design)))


def _same_terms(effects: Effects, without: Effects) -> Float:
    """Return the loadings without a cluster in the order of the full terms; NaN where a term has gone."""
    if without.terms.equals(effects.terms):
        return without.loadings()
    rows = without.terms.itertuples(index=False)
    loadings = {tuple(row): loading for row, loading in zip(rows, without.loadings(), strict=True)}
    empty = np.full(without.design.panel.mean.shape, np.nan)
    return np.stack([loadings.get(tuple(row), empty) for row in effects.terms.itertuples(index=False)])


def _for_treatment_that_stays(estimate: Callable[[Any, Design], Effects]) -> Callable[[Any, Design], Effects]:
    """Return the method of an estimator with a refusal of designs whose treatment ends: it would take it to stay."""

    @functools.wraps(estimate)
    def checked(self: Any, design: Design) -> Effects:  # noqa: ANN401 - any estimator
        if design.status is not None:
            raise EstimationError(Message("estimation.treatment_ends", name=self.entry.name))
        return estimate(self, design)

    return checked


@dataclass(frozen=True)
class Estimator(Procedure):
    """Parameters in the object, data in the call: the base of all estimators.

    An estimator of one's own is a frozen dataclass with `entry` and `estimate`.
    """

    #: Whether the weights on the cell means depend on which cells are seen, and never on the outcome.
    fixed_weights: ClassVar[bool] = False
    #: Whether a treatment may end again.
    ends: ClassVar[bool] = False
    #: Whether estimates are logs of ratios: told as changes in per cent.
    relative: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "estimate" in vars(cls) and not cls.ends:
            cls.estimate = _for_treatment_that_stays(cls.estimate)  # type: ignore[method-assign, assignment]

    @public_verb
    def __call__(self, design: Design) -> Effects:
        """Estimate on a design."""
        return self.estimate(design)

    @public_verb
    def event_study(self, design: Design) -> Effects:
        """Estimate one effect for every time since adoption."""
        return self.estimate_by_event_time(design)

    @abstractmethod
    def estimate(self, design: Design) -> Effects:
        """Estimate on a design: what a call does, without its checks and warnings."""

    def estimate_by_event_time(self, design: Design) -> Effects:
        """Return the event study of `estimate`; an estimator without effects by cohort and period has one of its own.

        Raises
        ------
        EstimationError
            There is none.
        """
        return self.estimate(design).average_by(EventStudy())

    def held(self, effects: Effects) -> Estimator:
        """Return the estimator with what it chose by the outcome held: linear in the cell means."""
        return self

    def estimates_anew(self, effects: Effects) -> Float:
        """(G, k) estimates without each cluster; weights that were fitted to the outcome are fitted anew."""
        return effects.leave_one_out()

    @property
    def anticipation(self) -> int:
        """Steps before adoption in which the outcome may already react."""
        return 0

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of what the estimates are given."""
        return ()

    @property
    def compares_whole_units(self) -> bool:
        """Whether a unit of which the later cells are left out can be no comparison."""
        return False

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of all columns besides the outcome and the rollout."""
        return self.covariates


@dataclass(frozen=True, eq=False)
class Effects(Guided):
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
        What could not be estimated, and what the estimates rest on.
    reference
        The event time that is zero by construction; None where there is none.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> effects.estimate.shape, effects.influence.shape
    ((22,), (12, 22))
    >>> effects.overall().estimate.round(2).tolist()
    [-2.0]
    """

    estimator: Estimator
    design: Design
    terms: pd.DataFrame
    fit: Fit
    cells: Cells | None = None
    view: View | None = None
    notes: tuple[Message, ...] = ()
    reference: int | None = None

    #: Whether the sampling error of the cohort sizes is part of the influence of an average.
    sizes_estimated: ClassVar[bool] = True

    @property
    def outcome(self) -> Outcome:
        """What the estimates are on, with their unit: the outcome of the panel, or its change in per cent."""
        outcome = self.design.panel.outcome
        return RatioOf(outcome) if self.estimator.relative else outcome

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
        return self.fit.linear

    @property
    def anticipation(self) -> int:
        """Steps before adoption in which the outcome may already react."""
        return self.estimator.anticipation

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of what the estimates are given."""
        return self.estimator.covariates

    @property
    def unused_covariates(self) -> tuple[str, ...]:
        """Covariates of the panel that the estimator does not use: it uses those it names and no other."""
        return tuple(name for name in self.design.panel.covariates if name not in self.estimator.uses)

    @public_verb
    def overall(self) -> Effects:
        """Return one number: the mean effect over all treated cohorts and periods.

        Of effects that are averaged already it is the mean of these: ``effects.cohorts().overall()`` is the same as
        ``effects.average_by(Overall(Cohorts()))``, the headline of the R package did.
        """
        return self.average_by(Overall())

    @public_verb
    def event_study(
        self, *, balanced: Steps | None = None, first: int | None = None, last: int | None = None
    ) -> Effects:
        """Return the effect by time since adoption; before adoption it should be zero.

        Parameters
        ----------
        balanced
            Only cohorts seen at least so many steps after adoption; for effects by cohort and period.
        first, last
            The event times shown, negative before adoption; all there are when left out.

        Raises
        ------
        EstimationError
            Nothing can be estimated, or no event time lies between `first` and `last`.
        """
        view = EventStudy(balanced, first, last)
        if self.cells is not None:
            return self.average_by(view)
        if balanced is not None:
            raise EstimationError(Message("estimation.not_balanced", name=self.estimator.entry.name))
        whole = self.estimator.estimate_by_event_time(self.design)
        if first is None and last is None:
            return whole
        rows = np.flatnonzero(view.shown(whole.terms["event_time"].to_numpy()))
        if not rows.size:
            raise EstimationError(paragraph(_say_empty(view, whole.terms["event_time"].to_numpy()), *self.notes))
        return whole.some(rows)

    def some(self, rows: Int) -> Effects:
        """Return some of the estimates, by position: the others keep their part in them."""
        return replace(self, terms=self.terms.iloc[rows].reset_index(drop=True), fit=Some(self, rows))

    @public_verb
    def cohorts(self) -> Effects:
        """Return the effect of each wave, averaged over its treated periods."""
        return self.average_by(Cohorts())

    @public_verb
    def calendar(self) -> Effects:
        """Return the effect in each period, averaged over the waves treated by then."""
        return self.average_by(Calendar())

    @public_verb
    def again(self, design: Design) -> Effects:
        """Return the same estimator and view on another design: the way to jackknife, placebo and permutation."""
        return self.anew(design)

    def anew(self, design: Design) -> Effects:
        """Return the effects on another design: what `again` does, without its checks and warnings."""
        effects = self.estimator.estimate(design)
        if self.view is not None:
            return effects.average_by(self.view)
        return self._same(effects) if isinstance(self.fit, Some) else effects

    def _same(self, effects: Effects) -> Effects:
        """Return those of other effects that are of the terms of these."""
        own = set(self.terms.itertuples(index=False, name=None))
        same = [term in own for term in effects.terms.itertuples(index=False, name=None)]
        return effects if all(same) else effects.some(np.flatnonzero(same))

    def held(self) -> Effects:
        """Return the effects of the estimator with what it chose by the outcome held."""
        return replace(self, estimator=self.estimator.held(self))

    def support(self) -> Int:
        """(k,) number of clusters with treated units behind each estimate."""
        if self.cells is None:
            return np.full(len(self.terms), self.design.treated_clusters)
        return self.cells.support(self.members(self.cells))

    @property
    def left_out(self) -> pd.DataFrame:
        """What was treated and no average counts, by cohort and period, with its share of the treated.

        One row for each cohort and period with such cells: cohort, period, event_time, cells, share_of_treated.
        """
        return left_out_table(self)

    def members(self, cells: Cells) -> Bool:
        """(m, k) which group-time terms stand behind each estimate."""
        return self.fit.member if isinstance(self.fit, Averaged) else np.eye(len(cells.cohort), dtype=np.bool_)

    @property
    def labels(self) -> tuple[str, ...]:
        """(k,) the terms in words, for messages."""
        return tuple(" ".join(str(v) for v in row) for row in self.terms.itertuples(index=False))

    @property
    def said_terms(self) -> npt.NDArray[np.object_]:
        """(k,) the terms as a message says them."""
        said, by_time = np.empty(len(self.labels), dtype=object), list(self.terms.columns) == ["event_time"]
        for i, label in enumerate(self.labels):
            time = Message("estimation.at_time", time=label) if by_time else label
            said[i] = Message("estimation.the_overall") if label == "overall" else time
        return said

    def average_by(self, view: View) -> Effects:
        """Return the effects averaged as a view says.

        Raises
        ------
        EstimationError
            The effects are averages already (whose overall is all that can be asked for), are not effects by cohort and
            period, or none is estimable.
        """
        if self.view is not None:
            return self._overall_of_view(view)
        if self.cells is None:
            return self._of_treatment(view)
        known = keep_whole(self.fit.known, view.needed(self.cells), self.cells)
        terms, member = view(self.cells, self.design)
        left = (member & known).any(axis=1)
        if not left.any():
            raise EstimationError(paragraph(_say_empty(view, self.cells.event_time[self.fit.known]), *self.notes))
        terms = terms.iloc[np.flatnonzero(left)].reset_index(drop=True)
        fit = self._average(self.cells, view, known)
        return replace(self, terms=terms, fit=fit, view=view, notes=each_once(self.notes, self._say_view(view, fit)))

    def _average(self, cells: Cells, view: View, known: Bool) -> Averaged:
        """Return the means of the terms that are known, or their mean."""
        member, more = view(cells, self.design)[1] & known, (view.alike, view.needed(cells), self.sizes_estimated)
        if not isinstance(view, Overall) or view.of is None:
            return Averaged(self.fit, cells, member[member.any(axis=1)], *more)
        means = view.means(cells, self.design) & known
        return Pooled(self.fit, cells, member, *more, means=means[means.any(axis=1)])

    def _overall_of_view(self, view: View) -> Effects:
        """Return the overall of what was averaged already: ``effects.event_study().overall()``."""
        if view != Overall() or self.cells is None or isinstance(self.view, Overall) or self.view is None:
            raise EstimationError(Message("estimation.already_averaged", view=repr(self.view)))
        return replace(self, fit=self.fit.by_cell, view=None).average_by(Overall(self.view))

    def _say_view(self, view: View, fit: Averaged) -> tuple[Message, ...]:
        """Return what an overall is a mean of, and which waves a balanced event study compares where some are out."""
        of = view.of if isinstance(view, Overall) else None
        leads = isinstance(of, EventStudy) and (fit.cells.event_time[fit.member.any(axis=0)] < 0).all()
        what = "leads" if leads else type(of).__name__.lower()
        notes = () if of is None else (Message(f"estimation.overall_of.{what}"),)
        if fit.needed is None:
            return notes
        kept = np.unique(fit.cells.cohort[fit.member.any(axis=0)])
        out = np.setdiff1d(np.arange(len(self.design.cohorts)), kept)
        waves = [[self.design.cohort_label(self.design.cohorts[i]) for i in some] for some in (kept, out)]
        return (*notes, Message("estimation.balanced_waves", kept=waves[0], out=waves[1])) if len(out) else notes

    def _of_treatment(self, view: View) -> Effects:
        """Return the coefficient of the treatment among those of covariates as the overall effect."""
        if view == Overall() and len(self.terms) == 1:
            return self
        if view == Overall() and "term" in self.terms:
            rows = np.flatnonzero(self.terms["term"].to_numpy() == "overall")
            if rows.size == 1:
                return replace(self.some(rows), view=view)
        raise EstimationError(
            Message(
                "estimation.no_view",
                name=self.estimator.entry.name,
                n=len(self.terms),
                view=type(view).__name__,
            )
        )

    def facts_of_covariates(self) -> list[tuple[str, object]]:
        """Return the line of a card that names the covariates of the panel that were not used; nothing without any."""
        return [("covariates not used", ", ".join(self.unused_covariates))] if self.unused_covariates else []

    def __repr__(self) -> str:
        view = "" if self.view is None else f".{type(self.view).__name__}"
        return f"Effects({self.estimator.name}{view} on {self.design.panel.outcome.name}: {len(self.terms)} estimates)"

    def _repr_html_(self) -> str:
        return card(
            repr(self),
            [*noted(self), *self.facts_of_covariates()],
            table=self.terms.assign(estimate=self.estimate),
        )


def _say_empty(view: View, times: Int) -> Message:
    """Say that a view holds no estimate; where an event study was cut to a window, which times there are."""
    if not isinstance(view, EventStudy) or (view.first is None and view.last is None) or not times.size:
        return Message("estimation.view_empty", view=type(view).__name__)
    ends = {"first": view.first, "last": view.last}
    asked = ", ".join(f"{name}={end}" for name, end in ends.items() if end is not None)
    return Message("estimation.window_empty", asked=asked, low=int(times.min()), high=int(times.max()))


@dataclass(frozen=True, eq=False)
class Some(Fit):
    """Some of the estimates of a fit: the others keep their part in it, as covariates do in a regression."""

    whole: Effects  #: the effects of all coefficients
    rows: Int  #: (k,) positions of those that are wanted

    @property
    def estimate(self) -> Float:
        return self.whole.estimate[self.rows]

    def influence(self) -> Float:
        return self.whole.influence[:, self.rows]

    def leave_one_out(self) -> Float:
        return self.whole.leave_one_out()[:, self.rows]

    def loadings(self) -> Float:
        return self.whole.loadings()[self.rows]

    @property
    def correction(self) -> float:
        return self.whole.fit.correction

    @property
    def linear(self) -> bool:
        return self.whole.linear

    @property
    def regression(self) -> bool:
        return self.whole.fit.regression

    def alone(self, effects: Effects, j: int) -> tuple[Effects, int]:
        """Return the whole regression and the position of estimate j in it: for rules that hold one coefficient."""
        return self.whole.fit.alone(self.whole, int(self.rows[j]))

    @classmethod
    def unfold(cls, effects: Effects) -> tuple[Effects, Int]:
        """Return the effects that others are some of, and the positions of these among them; else themselves."""
        if not isinstance(effects.fit, cls):
            return effects, np.arange(len(effects.terms))
        whole, rows = cls.unfold(effects.fit.whole)
        return whole, rows[effects.fit.rows]

    def differences(self, effects: Effects) -> Float:
        return self.whole.fit.differences(self.whole)[:, self.rows]

    def deleted(self, effects: Effects) -> Contributions:
        return self._own(self.whole.fit.deleted(self.whole))

    def bias_reduced(self, effects: Effects) -> Contributions:
        return self._own(self.whole.fit.bias_reduced(self.whole))

    def _own(self, whole: Contributions) -> Contributions:
        return Contributions(whole.value[:, self.rows], lambda groups: whole.traces(groups).of_rows(self.rows))


@dataclass(frozen=True, eq=False)
class Joined(Fit):
    """The estimates of several fits on the same design, one after the other."""

    fits: Sequence[Fit]

    @cached_property
    def estimate(self) -> Float:
        return np.concatenate([fit.estimate for fit in self.fits])

    def influence(self) -> Float:
        return np.concatenate([fit.influence() for fit in self.fits], axis=1)

    def leave_one_out(self) -> Float:
        return np.concatenate([fit.leave_one_out() for fit in self.fits], axis=1)

    def loadings(self) -> Float:
        return np.concatenate([fit.loadings() for fit in self.fits])

    def differences(self, effects: Effects) -> Float:
        return np.concatenate([fit.differences(effects) for fit in self.fits], axis=1)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        parts = [fit.deletions(design, groups) for fit in self.fits]
        return None if None in parts else chain.from_iterable(part for part in parts if part is not None)


@dataclass(frozen=True, eq=False)
class Averaged(Fit):
    """Weighted means of another fit's estimates; cohort sizes are estimates too, and count as such.

    `member` (m, k) says which terms enter; weights are the cohort sizes, or all alike when `alike`. A cohort that lacks
    one of the terms that are `needed` (k,) does not enter at all. Where sizes are not `estimated` they are given.
    """

    fit: Fit
    cells: Cells
    member: Bool
    alike: bool
    needed: Bool | None = None
    estimated: bool = True

    def _by_term(self, sizes: Float, known: Bool | None) -> Float:
        """(..., k) weights of the terms that are known, before they sum to anything."""
        by_term = np.ones_like(sizes[..., self.cells.cohort]) if self.alike else sizes[..., self.cells.cohort]
        by_term = np.where(sizes[..., self.cells.cohort] > 0, by_term, 0.0)
        return by_term if known is None else np.where(keep_whole(known, self.needed, self.cells), by_term, 0.0)

    def _weights(self, sizes: Float, known: Bool | None = None, rows: slice = slice(None)) -> Float:
        """(..., m, k) weights that sum to one, from (..., C) cohort sizes; NaN where nothing is left.

        Estimates that are not `known` (..., k) leave the mean, their weight going to the others.
        """
        raw = self.member[rows] * self._by_term(sizes, known)[..., None, :]
        total = raw.sum(axis=-1, keepdims=True)
        return np.asarray(np.divide(raw, total, out=np.full_like(raw, np.nan), where=total > 0))

    @property
    def _now(self) -> Float:
        return self._weights(self.cells.sizes.sum(axis=0))

    def _sizes_without(self) -> Float:
        """(G, C) sizes of the cohorts without each cluster."""
        total = self.cells.sizes.sum(axis=0)
        sizes = total - self.cells.sizes
        return np.where(sizes > 1e-12 * total, sizes, 0.0)

    @property
    def estimate(self) -> Float:
        return _mean(self._now, self.fit.estimate)

    def influence(self) -> Float:
        direct = self.fit.influence_of(self._now)
        return np.asarray(direct + self.cells.sizes @ self.pull().T) if self.estimated else direct

    def pull(self) -> Float:
        """(m, C) what a unit more in each cohort does to each mean, its estimates as they are."""
        by_cohort = np.zeros((len(self.member), self.cells.sizes.shape[1]))
        if self.alike:
            return by_cohort
        deviation = np.nan_to_num(self.fit.estimate[None, :] - self.estimate[:, None])
        total = (self.member * self.cells.sizes.sum(axis=0)[self.cells.cohort]).sum(axis=1)
        np.add.at(by_cohort.T, self.cells.cohort, ((self.member * deviation) / total[:, None]).T)
        return by_cohort

    def with_mean(self, mean: Float) -> Averaged | None:
        fit = self.fit.with_mean(mean)
        return None if fit is None else replace(self, fit=fit)

    def leave_one_out(self) -> Float:
        deleted, sizes = self.fit.leave_one_out(), self._sizes_without()
        block = max(1, 20_000_000 // self.member.size)
        return np.concatenate(
            [self._mean_without(sizes[i : i + block], deleted[i : i + block]) for i in range(0, len(sizes), block)]
        )

    def _mean_without(self, sizes: Float, deleted: Float) -> Float:
        """(n, m) means of what is left without each of n clusters."""
        return _mean(self._weights(sizes, np.isfinite(deleted)), deleted)

    def deletions(self, design: Design, groups: Bool) -> Iterable[Deletions] | None:
        sizes = self._sizes_without()

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            return np.nan_to_num(self._weights(sizes[clusters], known, slice(row, row + 1))[:, 0])

        return self.fit.means_without(self._now, weigh, groups)

    def deletions_of_sums(self, weights: Float, groups: Bool) -> Iterable[Deletions] | None:
        sizes = self._sizes_without()

        def weigh(row: int, clusters: Int, known: Bool) -> Float:
            by_mean = (
                (j, self._weights(sizes[clusters], known, slice(j, j + 1))[:, 0]) for j in weights[row].nonzero()[0]
            )
            return sum((weights[row, j] * by_term for j, by_term in by_mean), np.zeros(known.shape))

        used = (weights != 0).any(axis=0)
        return self.fit.means_without(weights[:, used] @ self._now[used], weigh, groups)

    def differences(self, effects: Effects) -> Float:
        known = np.isfinite(self.fit.leave_one_out())
        loadings = self.fit.loadings_without(np.nan_to_num(self._weights(self._sizes_without(), known)))
        if loadings is None:
            return super().differences(effects)
        gone = np.isnan(self.leave_one_out())
        return np.where(gone[:, :, None, None], np.nan, loadings - self.loadings()[None])

    def loadings(self) -> Float:
        return self.fit.loadings_of(self._now)

    def loadings_of(self, weights: Float) -> Float:
        return self.fit.loadings_of(weights @ self._now)

    @property
    def by_cell(self) -> Fit:
        return self.fit

    @property
    def correction(self) -> float:
        return self.fit.correction

    @property
    def linear(self) -> bool:
        return self.fit.linear

    @property
    def working(self) -> Working | None:
        return self.fit.working

    def cell_variance(self, design: Design) -> Float:
        return self.fit.cell_variance(design)


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooled(Averaged):
    """One mean of the means of a view: cohorts by their size, event times and periods alike.

    `means` (n, k) says which terms enter each of them, `member` (1, k) which enter any. So the one number is a weighted
    mean of the terms as well, with other weights, and everything else is as for any other. A mean of which nothing is
    left leaves the overall, as it does when it is estimated again.
    """

    means: Bool

    def _weights(self, sizes: Float, known: Bool | None = None, rows: slice = slice(None)) -> Float:
        """(..., 1, k) weights that sum to one."""
        by_term, member = self._by_term(sizes, known), self.means.astype(np.float64)
        total = by_term @ member.T
        share = self._shares(sizes, total)
        each = np.divide(share, total, out=np.zeros_like(total), where=total > 0) @ member
        return np.where(np.isnan(share).any(axis=-1, keepdims=True), np.nan, by_term * each)[..., None, :]

    def _shares(self, sizes: Float, total: Float) -> Float:
        """(..., n) shares of the means in the overall, from what each has left of its terms; NaN where none has."""
        size = sizes[..., self.cells.cohort[self.means.argmax(axis=1)]] if self.alike else np.ones_like(total)
        left = np.where(total > 0, size, 0.0)
        whole = left.sum(axis=-1, keepdims=True)
        return np.asarray(np.divide(left, whole, out=np.full_like(left, np.nan), where=whole > 0))

    def pull(self) -> Float:
        sizes = self.cells.sizes.sum(axis=0)
        view = Averaged(self.fit, self.cells, self.means, self.alike, self.needed, self.estimated)
        if not self.alike:
            return self._shares(sizes, self._by_term(sizes, None) @ self.means.T)[None] @ view.pull()
        cohort = self.cells.cohort[self.means.argmax(axis=1)]
        by_cohort = np.zeros((1, len(sizes)))
        by_cohort[0, cohort] = (view.estimate - self.estimate) / sizes[cohort].sum()
        return by_cohort


def _mean(weights: Float, values: Float) -> Float:
    """(..., m) weighted means of (..., k) values; values of weight zero do not matter, not even NaN."""
    return np.asarray((weights * np.where(weights == 0, 0.0, values[..., None, :])).sum(axis=-1))
