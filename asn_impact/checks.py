"""How a finding could be wrong: each check, all of them together, and the grade."""

from __future__ import annotations

from typing import NoReturn

from asn_impact.scrutiny.check import Check, CheckEntry
from asn_impact.scrutiny.choice import without_choice
from asn_impact.scrutiny.decomposition import bacon, negative_weights, two_way_weights
from asn_impact.scrutiny.departures import departures
from asn_impact.scrutiny.event_path import event_path
from asn_impact.scrutiny.grade import Grade, grade
from asn_impact.scrutiny.heaping import heaping
from asn_impact.scrutiny.joint import joint_leads
from asn_impact.scrutiny.looks import levels_of_looks
from asn_impact.scrutiny.lottery import lottery_kept
from asn_impact.scrutiny.placebo import leave_one_out, placebo_in_space, placebo_in_time, placebo_outcome
from asn_impact.scrutiny.pretrends import pretrends, trends_before
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.scrutinise import CHECKS, Scrutiny, scrutinise
from asn_impact.scrutiny.sensitivity import breakdown, robust_ends, robust_interval, sensitivity, smoothness_seen
from asn_impact.scrutiny.specification import SpecificationCurve, specification_curve
from asn_impact.scrutiny.surroundings import coincidence, composition, service_shares, spillover
from asn_impact.scrutiny.three_rows import Row, three_rows
from asn_impact.scrutiny.turning import Turning, what_would_change
from asn_impact.words.habits import no_name

__all__ = [
    "CHECKS",
    "Check",
    "CheckEntry",
    "Grade",
    "RelativeMagnitude",
    "Row",
    "Scrutiny",
    "Smoothness",
    "SpecificationCurve",
    "Turning",
    "bacon",
    "breakdown",
    "coincidence",
    "composition",
    "departures",
    "event_path",
    "grade",
    "heaping",
    "joint_leads",
    "leave_one_out",
    "levels_of_looks",
    "lottery_kept",
    "negative_weights",
    "placebo_in_space",
    "placebo_in_time",
    "placebo_outcome",
    "pretrends",
    "robust_ends",
    "robust_interval",
    "scrutinise",
    "sensitivity",
    "service_shares",
    "smoothness_seen",
    "specification_curve",
    "spillover",
    "three_rows",
    "trends_before",
    "two_way_weights",
    "what_would_change",
    "without_choice",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name, __all__)
