"""Charts: each states its finding, chosen by rule from the numbers, in Indonesian or in English."""

from asn_impact.reporting.chart import PAGES, Chart, Page, Size
from asn_impact.reporting.figures.by_time import event_study
from asn_impact.reporting.figures.finding import headline
from asn_impact.reporting.figures.months import maturity
from asn_impact.reporting.figures.side_by_side import forest
from asn_impact.reporting.figures.timing import who_is_compared
from asn_impact.reporting.figures.trends import raw_trends

__all__ = [
    "PAGES",
    "Chart",
    "Page",
    "Size",
    "event_study",
    "forest",
    "headline",
    "maturity",
    "raw_trends",
    "who_is_compared",
]
