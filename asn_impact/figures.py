"""Charts: each states its finding, chosen by rule from the numbers, in the reader's language."""

from __future__ import annotations

from asn_impact.reporting.charts import (
    PAGES,
    Chart,
    Page,
    Size,
    completion_curve,
    event_study,
    forest,
    headline,
    maturity,
    raw_trends,
    sensitivity,
    specifications,
    waits_calendar,
    who_is_compared,
)
from asn_impact.topics.planning.chart import returns
from asn_impact.topics.surveys.chart import satisfaction

__all__ = [
    "PAGES",
    "Chart",
    "Page",
    "Size",
    "completion_curve",
    "event_study",
    "forest",
    "headline",
    "maturity",
    "raw_trends",
    "returns",
    "satisfaction",
    "sensitivity",
    "specifications",
    "waits_calendar",
    "who_is_compared",
]


def __dir__() -> list[str]:
    return sorted(__all__)
