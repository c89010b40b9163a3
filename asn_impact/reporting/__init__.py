"""What people read: charts, tables, sentences and the report; nothing leaves with an identifier in it."""

from asn_impact.reporting import charts, tables, words
from asn_impact.reporting import charts as figures
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.contents import Report
from asn_impact.reporting.gate import release
from asn_impact.reporting.report import publish
from asn_impact.reporting.tables import Table

__all__ = ["Chart", "Report", "Table", "charts", "figures", "publish", "release", "tables", "words"]
