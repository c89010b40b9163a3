"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from asn_impact.reporting.matrix import matrix as matrix
from asn_impact.reporting.tables import Table as Table
from asn_impact.reporting.tables import balance as balance
from asn_impact.reporting.tables import by_group as by_group
from asn_impact.reporting.tables import checks as checks
from asn_impact.reporting.tables import clusters as clusters
from asn_impact.reporting.tables import descriptive as descriptive
from asn_impact.reporting.tables import ledger as ledger
from asn_impact.reporting.tables import lkjip as lkjip
from asn_impact.reporting.tables import maturity_table as maturity_table
from asn_impact.reporting.tables import results as results
from asn_impact.reporting.tables import specifications as specifications
from asn_impact.reporting.tables import three_rows as three_rows
from asn_impact.topics.clocks.shown import days_by_step_table as days_by_step_table
from asn_impact.topics.surveys.table import skm as skm
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
