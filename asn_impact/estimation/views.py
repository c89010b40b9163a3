"""Views: which group-time terms stand behind the overall effect, the event study, and effects by wave or period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, check_fields
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design

__all__ = ["Calendar", "Cells", "Cohorts", "EventStudy", "Overall", "View", "keep_whole"]


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

    Of differences before adoption alone it is the mean of these.
    Callaway and Sant'Anna (2021), eq. 3.10 (``simple`` in the R package did).
    """

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        after = cells.event_time >= 0
        return pd.DataFrame({"term": ["overall"]}), (after if after.any() else ~after)[None, :]


@dataclass(frozen=True)
class EventStudy:
    """One number for each time since adoption, cohorts weighted by size.

    Callaway and Sant'Anna (2021), eq. 3.4. With `balanced`, only cohorts whose effects exist at every step from
    adoption to so many steps after it enter, so that these event times compare the same cohorts (eq. 3.5). Times before
    adoption compare those of them that were seen so early.
    """

    balanced: Steps | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, cells: Cells, design: Design) -> tuple[pd.DataFrame, Bool]:
        """Return the terms and (m, k) membership of the group-time terms in them."""
        keep = np.ones(len(cells.cohort), dtype=np.bool_)
        if self.balanced is not None:
            keep = self._whole(cells, design, self.balanced)[cells.cohort] & (cells.event_time <= self.balanced)
            keep &= (cells.event_time < 0) | np.isin(cells.event_time, self._shared(cells, keep))
        times = np.unique(cells.event_time[keep])
        member = (cells.event_time[None, :] == times[:, None]) & keep[None, :]
        return pd.DataFrame({"event_time": times}), member

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


View: TypeAlias = Overall | EventStudy | Cohorts | Calendar
