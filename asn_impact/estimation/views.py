"""Views: which group-time terms stand behind the overall effect, the event study, and effects by wave or period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, check_fields
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design

__all__ = ["Calendar", "Cells", "Cohorts", "EventStudy", "Overall", "View"]


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

    balanced: Steps | None = None

    def __post_init__(self) -> None:
        check_fields(self)

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


View: TypeAlias = Overall | EventStudy | Cohorts | Calendar
