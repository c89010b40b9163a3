"""Views: which group-time terms stand behind the overall effect, the event study, and effects by wave or period.

A view gives one number for each of several sets of terms: each wave, each time since adoption, each period. `Overall`
is one number for all terms, or one for the numbers of another view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from asn_impact.arguments import Steps, check_fields
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import InputError
from asn_impact.verbs import Guided
from asn_impact.words import Message

Terms: TypeAlias = dict[str, list[Any]]  #: columns of the table of effects


@dataclass(frozen=True, eq=False)
class Cells:
    """Which cohort and period each group-time term belongs to."""

    cohort: Int  #: (k,) position of the cohort in ``design.cohorts``
    period: Int  #: (k,) position of the period on the timeline
    event_time: Int  #: (k,) steps since adoption; negative before
    sizes: Float  #: (G, C) weight of each cohort in each cluster

    def support(self, member: Bool) -> Int:
        """(m,) number of clusters with units of the cohorts of (m, k) terms."""
        cohort = np.zeros((len(member), self.sizes.shape[1]))
        rows, columns = np.nonzero(member)
        cohort[rows, self.cohort[columns]] = 1
        return np.asarray(((cohort @ self.sizes.T) > 0).sum(axis=1))


@dataclass(frozen=True)
class EventStudy(Guided):
    """One number for each time since adoption, cohorts weighted by size.

    Callaway and Sant'Anna (2021), eq. 3.4. With `balanced`, only cohorts whose effects exist at every step from
    adoption to so many steps after it enter, so that these event times compare the same cohorts (eq. 3.5). Times before
    adoption compare those of them that were seen so early. `first` and `last` are the event times shown, negative
    before adoption (``min_e`` and ``max_e`` of the R package did); an overall of the view rests on these alone.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> effects.event_study(first=-2, last=2).terms["event_time"].tolist()
    [-2, 0, 1, 2]
    """

    balanced: Steps | None = None
    first: int | None = None
    last: int | None = None

    alike: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.first is not None and self.last is not None and self.first > self.last:
            raise InputError(Message("estimation.first_after_last", first=self.first, last=self.last))

    def __call__(self, cells: Cells, design: Design) -> tuple[Terms, Bool]:
        """Return the m terms and (m, k) membership of the group-time terms in them."""
        keep = np.ones(len(cells.cohort), dtype=np.bool_)
        if self.balanced is not None:
            keep = self._whole(cells, design, self.balanced)[cells.cohort] & (cells.event_time <= self.balanced)
            keep &= (cells.event_time < 0) | np.isin(cells.event_time, self._shared(cells, keep))
        times = np.unique(cells.event_time[keep & self.shown(cells.event_time)])
        member = (cells.event_time[None, :] == times[:, None]) & keep[None, :]
        return {"event_time": times.tolist()}, member

    def shown(self, event_time: Int) -> Bool:
        """(k,) True for the event times from `first` to `last`."""
        low = -np.inf if self.first is None else self.first
        high = np.inf if self.last is None else self.last
        return np.asarray((event_time >= low) & (event_time <= high))

    def needed(self, cells: Cells) -> Bool | None:
        """(k,) effects without which their cohort is left out; None where each cohort enters wherever it can."""
        if self.balanced is None:
            return None
        return np.asarray((cells.event_time >= 0) & (cells.event_time <= self.balanced))

    @staticmethod
    def _whole(cells: Cells, design: Design, last: int) -> Bool:
        """(C,) cohorts with a term at each of the steps from adoption to the last one asked for."""
        since = design.panel.timeline.steps[None, :] - design.cohorts[:, None]
        asked = ((since >= 0) & (since <= last)).sum(axis=1)
        within = (cells.event_time >= 0) & (cells.event_time <= last)
        found = np.bincount(cells.cohort[within], minlength=len(design.cohorts))
        return np.asarray((since[:, -1] >= last) & (found == asked))

    @staticmethod
    def _shared(cells: Cells, keep: Bool) -> Int:
        """Event times that all cohorts have: where periods are missing from the timeline some have others."""
        times, cohorts = np.unique(cells.event_time[keep], return_counts=True)
        return np.asarray(times[cohorts == len(np.unique(cells.cohort[keep]))])


def keep_whole(known: Bool, needed: Bool | None, cells: Cells) -> Bool:
    """(..., k) effects that are known, less those of cohorts that lack one that is needed."""
    if needed is None:
        return known
    own = (cells.cohort[:, None] == np.arange(cells.cohort.max(initial=-1) + 1)).astype(np.float64)
    lacking = ((needed & ~known).astype(np.float64) @ own) > 0
    return np.asarray(known & ~lacking[..., cells.cohort])


@dataclass(frozen=True)
class Cohorts(Guided):
    """One number for each cohort: the plain mean over its treated periods (Callaway and Sant'Anna 2021, eq. 3.7).

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> effects.cohorts().terms.to_dict("list")
    {'cohort': ['2024-06', '2024-08']}
    """

    alike: ClassVar[bool] = True

    def __call__(self, cells: Cells, design: Design) -> tuple[Terms, Bool]:
        """Return the m terms and (m, k) membership of the group-time terms in them."""
        cohorts = np.arange(len(design.cohorts))
        member = (cells.cohort[None, :] == cohorts[:, None]) & (cells.event_time >= 0)[None, :]
        labels = [design.cohort_label(step) for step in design.cohorts]
        return {"cohort": labels}, member

    def needed(self, cells: Cells) -> Bool | None:
        """Return None: each cohort enters wherever it can."""
        return None


@dataclass(frozen=True)
class Calendar(Guided):
    """One number for each period: the mean over the cohorts treated by then, weighted by size (eq. 3.8).

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> effects.calendar().terms.head(2).to_dict("list")
    {'period': ['2024-06', '2024-07']}
    """

    alike: ClassVar[bool] = False

    def __call__(self, cells: Cells, design: Design) -> tuple[Terms, Bool]:
        """Return the m terms and (m, k) membership of the group-time terms in them."""
        post = cells.event_time >= 0
        periods = np.unique(cells.period[post])
        labels = design.panel.timeline.labels
        member = (cells.period[None, :] == periods[:, None]) & post[None, :]
        return {"period": [labels[p] for p in periods]}, member

    def needed(self, cells: Cells) -> Bool | None:
        """Return None: each cohort enters wherever it can."""
        return None


@dataclass(frozen=True)
class Overall(Guided):
    """One number: the mean over all treated cohorts and periods, or the mean of the numbers of another view.

    Of differences before adoption alone it is the mean of these.

    Parameters
    ----------
    of
        None: every treated cohort and period, weighted by the size of its cohort (``simple`` in the R package did).
        ``Cohorts()``: the mean of the cohorts' effects, weighted by size, so that early cohorts, which are seen longer,
        count no more than late ones (``group``, the headline of did). ``EventStudy()``: the plain mean over times since
        adoption, those of the view alone (``dynamic``). ``Calendar()``: the plain mean over periods (``calendar``).

    Notes
    -----
    Callaway and Sant'Anna (2021), section 3; eq. 3.10 for None. Cohort sizes are estimates and count as such in every
    influence.

    Examples
    --------
    >>> Overall(EventStudy(last=11))  # the first year
    Overall(of=EventStudy(balanced=None, first=None, last=11))
    """

    of: Cohorts | EventStudy | Calendar | None = None

    def __post_init__(self) -> None:
        if self.of is not None and not isinstance(self.of, Cohorts | EventStudy | Calendar):
            raise InputError(Message("estimation.overall_of_what", found=repr(self.of)))

    def __call__(self, cells: Cells, design: Design) -> tuple[Terms, Bool]:
        """Return the m terms and (m, k) membership of the group-time terms in them."""
        return {"term": ["overall"]}, np.atleast_2d(self.means(cells, design).any(axis=0))

    def means(self, cells: Cells, design: Design) -> Bool:
        """(n, k) membership of the group-time terms in the means whose mean this is."""
        member = np.ones((1, len(cells.cohort)), dtype=np.bool_) if self.of is None else self.of(cells, design)[1]
        after = np.asarray(member & (cells.event_time >= 0))
        member = after if after.any() else np.asarray(member & (cells.event_time < 0))
        return np.asarray(member[member.any(axis=1)])

    def needed(self, cells: Cells) -> Bool | None:
        """(k,) effects without which their cohort is left out; None where each cohort enters wherever it can."""
        return None if self.of is None else self.of.needed(cells)

    @property
    def alike(self) -> bool:
        """Whether the terms of one mean count alike: then the means are weighted by the size of their cohort."""
        return self.of is not None and self.of.alike


View: TypeAlias = Overall | EventStudy | Cohorts | Calendar
