"""Charts: each states its finding, chosen by rule from the numbers, in the reader's language."""

from __future__ import annotations

from typing import NoReturn

from asn_impact.reporting.charts import (
    PAGES,
    Chart,
    Page,
    Size,
    completion_curve,
    event_study,
    forest,
    headline,
    map_of_effects,
    maturity,
    raw_trends,
    sensitivity,
    specifications,
    waits_by_office,
    waits_calendar,
    who_is_compared,
)
from asn_impact.topics.clocks.shown import days_by_step
from asn_impact.topics.planning.chart import returns
from asn_impact.topics.surveys.chart import satisfaction
from asn_impact.words.habits import no_name

__all__ = [
    "PAGES",
    "Chart",
    "Page",
    "Size",
    "completion_curve",
    "days_by_step",
    "event_study",
    "forest",
    "headline",
    "map_of_effects",
    "maturity",
    "raw_trends",
    "returns",
    "satisfaction",
    "sensitivity",
    "specifications",
    "waits_by_office",
    "waits_calendar",
    "who_is_compared",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name, __all__)
