"""Effects: the waist. Every estimator returns one; every table, figure, check and rule of inference reads one.

An estimate travels with three things that do not depend on which estimator made it: its influence by cluster, its value
without each cluster in turn, and (for estimators without an optimiser) its weights on the cell means. A view, such as
the overall effect or the event study, is a weighted mean of an estimator's own terms, and carries all three along.
"""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arguments import Steps
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.display import card, noted
from asn_impact.errors import EstimationError
from asn_impact.estimation.averages import Averaged, Pooled, Some
from asn_impact.estimation.fit import Fit
from asn_impact.estimation.left_out import left_out_table
from asn_impact.estimation.methods import Procedure
from asn_impact.estimation.views import Calendar, Cells, Cohorts, EventStudy, Overall, View, keep_whole
from asn_impact.measures.panel import Outcome
from asn_impact.measures.ratio import RatioOf
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, each_once, paragraph


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
        """Estimate on a design.

        Raises
        ------
        EstimationError
            Nothing can be estimated on this design; the message says what is lacking.
        """
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
        if not isinstance(self.fit, Some):
            return effects
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
        columns, member = view(self.cells, self.design)
        left = np.flatnonzero((member & known).any(axis=1))
        if not left.size:
            raise EstimationError(paragraph(_say_empty(view, self.cells.event_time[self.fit.known]), *self.notes))
        terms = pd.DataFrame({name: [labels[i] for i in left] for name, labels in columns.items()})
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
