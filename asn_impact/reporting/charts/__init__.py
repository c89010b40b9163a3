"""Charts: each states its finding, chosen by rule from the numbers, in Indonesian or in English."""

from asn_impact.reporting.chart import PAGES, Chart, Page, Size
from asn_impact.reporting.charts.by_time import event_study
from asn_impact.reporting.charts.choices import specifications
from asn_impact.reporting.charts.curve import completion_curve
from asn_impact.reporting.charts.departures import sensitivity
from asn_impact.reporting.charts.finding import headline
from asn_impact.reporting.charts.map import map_of_effects
from asn_impact.reporting.charts.months import maturity
from asn_impact.reporting.charts.offices import waits_by_office
from asn_impact.reporting.charts.side_by_side import forest
from asn_impact.reporting.charts.timing import who_is_compared
from asn_impact.reporting.charts.trends import raw_trends
from asn_impact.reporting.charts.waits import waits_calendar

__all__ = [
    "PAGES",
    "Chart",
    "Page",
    "Size",
    "completion_curve",
    "event_study",
    "forest",
    "headline",
    "map_of_effects",
    "maturity",
    "raw_trends",
    "sensitivity",
    "specifications",
    "waits_by_office",
    "waits_calendar",
    "who_is_compared",
]
