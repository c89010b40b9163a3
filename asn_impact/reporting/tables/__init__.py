"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from asn_impact.reporting.tables.before import balance
from asn_impact.reporting.tables.cells import ELEMENTS as ELEMENTS
from asn_impact.reporting.tables.cells import Kind as Kind
from asn_impact.reporting.tables.effects import results
from asn_impact.reporting.tables.grouped import by_group
from asn_impact.reporting.tables.groups import clusters, descriptive
from asn_impact.reporting.tables.months import maturity_table
from asn_impact.reporting.tables.questions import checks
from asn_impact.reporting.tables.rows import ledger
from asn_impact.reporting.tables.side_by_side import specifications
from asn_impact.reporting.tables.small import MINIMUM_CELL as MINIMUM_CELL
from asn_impact.reporting.tables.small import counts_records as counts_records
from asn_impact.reporting.tables.small import suppressed as suppressed
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.tables.targets import lkjip
from asn_impact.reporting.tables.three_rows import three_rows

__all__ = [
    "Table",
    "balance",
    "by_group",
    "checks",
    "clusters",
    "descriptive",
    "ledger",
    "lkjip",
    "maturity_table",
    "results",
    "specifications",
    "three_rows",
]


def __dir__() -> list[str]:
    return sorted(__all__)
