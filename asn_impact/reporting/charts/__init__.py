"""Charts: each states its finding, chosen by rule from the numbers, in Indonesian or in English."""

from asn_impact.reporting.chart import PAGES as PAGES
from asn_impact.reporting.chart import Chart as Chart
from asn_impact.reporting.chart import Page as Page
from asn_impact.reporting.chart import Size as Size
from asn_impact.reporting.charts.by_time import event_study as event_study
from asn_impact.reporting.charts.choices import specifications as specifications
from asn_impact.reporting.charts.curve import completion_curve as completion_curve
from asn_impact.reporting.charts.departures import sensitivity as sensitivity
from asn_impact.reporting.charts.finding import headline as headline
from asn_impact.reporting.charts.map import map_of_effects as map_of_effects
from asn_impact.reporting.charts.months import maturity as maturity
from asn_impact.reporting.charts.offices import waits_by_office as waits_by_office
from asn_impact.reporting.charts.side_by_side import forest as forest
from asn_impact.reporting.charts.timing import who_is_compared as who_is_compared
from asn_impact.reporting.charts.trends import raw_trends as raw_trends
from asn_impact.reporting.charts.waits import waits_calendar as waits_calendar
