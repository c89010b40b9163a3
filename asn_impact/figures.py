"""Charts: each states its finding, chosen by rule from the numbers, in the reader's language."""

from asn_impact.reporting.charts import PAGES as PAGES
from asn_impact.reporting.charts import Chart as Chart
from asn_impact.reporting.charts import Page as Page
from asn_impact.reporting.charts import Size as Size
from asn_impact.reporting.charts import completion_curve as completion_curve
from asn_impact.reporting.charts import event_study as event_study
from asn_impact.reporting.charts import forest as forest
from asn_impact.reporting.charts import headline as headline
from asn_impact.reporting.charts import map_of_effects as map_of_effects
from asn_impact.reporting.charts import maturity as maturity
from asn_impact.reporting.charts import raw_trends as raw_trends
from asn_impact.reporting.charts import sensitivity as sensitivity
from asn_impact.reporting.charts import specifications as specifications
from asn_impact.reporting.charts import waits_by_office as waits_by_office
from asn_impact.reporting.charts import waits_calendar as waits_calendar
from asn_impact.reporting.charts import who_is_compared as who_is_compared
from asn_impact.topics.clocks.shown import days_by_step as days_by_step
from asn_impact.topics.planning.chart import returns as returns
from asn_impact.topics.surveys.chart import satisfaction as satisfaction
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
