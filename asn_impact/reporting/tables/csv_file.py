"""A table for other programs: English headings and codes, decimal points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asn_impact.intake.written import shielded
from asn_impact.reporting.tables.cells import plain_cell

if TYPE_CHECKING:
    from asn_impact.reporting.tables.table import Table

__all__ = ["csv"]


def csv(table: Table) -> str:
    """Return the whole frame, the columns aside too; no cell is one that a spreadsheet would run."""
    safe = table.frame.map(plain_cell).rename(columns=lambda name: shielded(str(name)))
    return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")
