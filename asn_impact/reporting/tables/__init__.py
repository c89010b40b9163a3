"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from asn_impact.reporting.tables.before import balance as balance
from asn_impact.reporting.tables.cells import ELEMENTS as ELEMENTS
from asn_impact.reporting.tables.cells import Kind as Kind
from asn_impact.reporting.tables.effects import results as results
from asn_impact.reporting.tables.grouped import by_group as by_group
from asn_impact.reporting.tables.groups import clusters as clusters
from asn_impact.reporting.tables.groups import descriptive as descriptive
from asn_impact.reporting.tables.months import maturity_table as maturity_table
from asn_impact.reporting.tables.questions import checks as checks
from asn_impact.reporting.tables.rows import ledger as ledger
from asn_impact.reporting.tables.side_by_side import specifications as specifications
from asn_impact.reporting.tables.small import MINIMUM_CELL as MINIMUM_CELL
from asn_impact.reporting.tables.small import counts_records as counts_records
from asn_impact.reporting.tables.small import suppressed as suppressed
from asn_impact.reporting.tables.table import Table as Table
from asn_impact.reporting.tables.targets import lkjip as lkjip
from asn_impact.reporting.tables.three_rows import three_rows as three_rows
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
