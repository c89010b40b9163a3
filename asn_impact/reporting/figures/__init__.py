"""Charts: each states its finding, chosen by rule from the numbers, in Indonesian or in English."""

from asn_impact.reporting.chart import PAGES, Chart, Page, Size
from asn_impact.reporting.figures.by_time import event_study
from asn_impact.reporting.figures.choices import specifications
from asn_impact.reporting.figures.curve import completion_curve
from asn_impact.reporting.figures.departures import sensitivity
from asn_impact.reporting.figures.elements import satisfaction
from asn_impact.reporting.figures.finding import headline
from asn_impact.reporting.figures.months import maturity
from asn_impact.reporting.figures.side_by_side import forest
from asn_impact.reporting.figures.timing import who_is_compared
from asn_impact.reporting.figures.trends import raw_trends
from asn_impact.reporting.figures.waits import waits_calendar
from asn_impact.reporting.figures.worth import returns

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
