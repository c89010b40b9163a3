"""A table for other programs: English headings and codes, decimal points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asn_impact.intake.written import shielded
from asn_impact.reporting.recoding import as_read
from asn_impact.reporting.tables.cells import decimals_of, plain_cell

if TYPE_CHECKING:
    from asn_impact.reporting.tables.table import Table


def csv(table: Table) -> str:
    """Return the whole frame, the columns aside too; no cell is one that a spreadsheet would run.

    What rests on a number of records has the decimals that a reader sees, everything else ten digits.
    """
    frame = table.frame
    means = [*table.rests_on, *(["change"] if table.rests_on and "change" in frame.columns else [])]
    rounded = {name: as_read(frame[name], decimals_of(table.kind(name))) for name in means if name in frame.columns}
    safe = frame.assign(**rounded).map(plain_cell).rename(columns=lambda name: shielded(str(name)))
    return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")
