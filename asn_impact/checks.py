"""How a finding could be wrong: each check, all of them together, and the grade."""

from asn_impact.scrutiny.check import Check as Check
from asn_impact.scrutiny.check import CheckEntry as CheckEntry
from asn_impact.scrutiny.choice import without_choice as without_choice
from asn_impact.scrutiny.decomposition import bacon as bacon
from asn_impact.scrutiny.decomposition import negative_weights as negative_weights
from asn_impact.scrutiny.decomposition import two_way_weights as two_way_weights
from asn_impact.scrutiny.departures import departures as departures
from asn_impact.scrutiny.event_path import event_path as event_path
from asn_impact.scrutiny.grade import Grade as Grade
from asn_impact.scrutiny.grade import grade as grade
from asn_impact.scrutiny.heaping import heaping as heaping
from asn_impact.scrutiny.joint import joint_leads as joint_leads
from asn_impact.scrutiny.looks import levels_of_looks as levels_of_looks
from asn_impact.scrutiny.lottery import lottery_kept as lottery_kept
from asn_impact.scrutiny.placebo import leave_one_out as leave_one_out
from asn_impact.scrutiny.placebo import placebo_in_space as placebo_in_space
from asn_impact.scrutiny.placebo import placebo_in_time as placebo_in_time
from asn_impact.scrutiny.placebo import placebo_outcome as placebo_outcome
from asn_impact.scrutiny.pretrends import pretrends as pretrends
from asn_impact.scrutiny.pretrends import trends_before as trends_before
from asn_impact.scrutiny.restrictions import RelativeMagnitude as RelativeMagnitude
from asn_impact.scrutiny.restrictions import Smoothness as Smoothness
from asn_impact.scrutiny.scrutinise import CHECKS as CHECKS
from asn_impact.scrutiny.scrutinise import Scrutiny as Scrutiny
from asn_impact.scrutiny.scrutinise import scrutinise as scrutinise
from asn_impact.scrutiny.sensitivity import breakdown as breakdown
from asn_impact.scrutiny.sensitivity import robust_ends as robust_ends
from asn_impact.scrutiny.sensitivity import robust_interval as robust_interval
from asn_impact.scrutiny.sensitivity import sensitivity as sensitivity
from asn_impact.scrutiny.sensitivity import smoothness_seen as smoothness_seen
from asn_impact.scrutiny.specification import SpecificationCurve as SpecificationCurve
from asn_impact.scrutiny.specification import specification_curve as specification_curve
from asn_impact.scrutiny.surroundings import coincidence as coincidence
from asn_impact.scrutiny.surroundings import composition as composition
from asn_impact.scrutiny.surroundings import service_shares as service_shares
from asn_impact.scrutiny.surroundings import spillover as spillover
from asn_impact.scrutiny.three_rows import Row as Row
from asn_impact.scrutiny.three_rows import three_rows as three_rows
from asn_impact.scrutiny.turning import Turning as Turning
from asn_impact.scrutiny.turning import what_would_change as what_would_change
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
