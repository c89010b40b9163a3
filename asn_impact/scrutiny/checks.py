"""The checks of a finding, by name: each is a function that returns a `Check`."""

from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.scrutiny.choice import without_choice
from asn_impact.scrutiny.decomposition import two_way_weights
from asn_impact.scrutiny.departures import departures
from asn_impact.scrutiny.heaping import heaping
from asn_impact.scrutiny.looks import levels_of_looks
from asn_impact.scrutiny.lottery import lottery_kept
from asn_impact.scrutiny.placebo import leave_one_out, placebo_in_space, placebo_in_time, placebo_outcome
from asn_impact.scrutiny.pretrends import pretrends, trends_before
from asn_impact.scrutiny.said import Said
from asn_impact.scrutiny.scrutinise import CHECKS, Scrutiny, scrutinise
from asn_impact.scrutiny.specification import SpecificationCurve, specification_curve
from asn_impact.scrutiny.surroundings import coincidence, composition, service_shares, spillover
from asn_impact.scrutiny.three_rows import Row, three_rows
from asn_impact.scrutiny.turning import Turning, what_would_change

__all__ = [
    "CHECKS",
    "Check",
    "CheckEntry",
    "Row",
    "Said",
    "Scrutiny",
    "SpecificationCurve",
    "Turning",
    "Verdict",
    "coincidence",
    "composition",
    "departures",
    "heaping",
    "leave_one_out",
    "levels_of_looks",
    "lottery_kept",
    "placebo_in_space",
    "placebo_in_time",
    "placebo_outcome",
    "pretrends",
    "scrutinise",
    "service_shares",
    "specification_curve",
    "spillover",
    "three_rows",
    "trends_before",
    "two_way_weights",
    "what_would_change",
    "without_choice",
]
