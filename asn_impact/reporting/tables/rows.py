"""The table of rows: read, left out by reason, kept."""

from __future__ import annotations

import pandas as pd

from asn_impact.intake.ledger import Ledger
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.tables.small import MINIMUM_CELL
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message

__all__ = ["ledger"]


@public_verb
def ledger(record: Ledger) -> Table:
    """Return the table of rows read, left out by reason and kept.

    Reasons with fewer than ten rows are put together into one line of at least ten (taking the next smallest reason
    with them where needed), so that the table still adds up without a small cell.

    Examples
    --------
    >>> record = Ledger(read=100, kept=75, dropped={"test row": 12, "missing office": 6, "received missing": 7})
    >>> print(ledger(record).csv())
    term,rows
    read,100
    test row,12
    "other reasons, combined",13
    kept,75
    <BLANKLINE>
    """
    reasons = sorted(record.dropped.items(), key=lambda item: (-item[1], str(item[0])))
    large = [(reason, n) for reason, n in reasons if n >= MINIMUM_CELL]
    few = sum(n for _, n in reasons if n < MINIMUM_CELL)
    while 0 < few < MINIMUM_CELL and large:
        few += large.pop()[1]
    rows: list[tuple[object, int]] = [("read", record.read), *((as_message(reason), n) for reason, n in large)]
    rows += [(Message("tables.cell.few"), few)] if few else []
    frame = pd.DataFrame([*rows, ("kept", record.kept)], columns=["term", "rows"])
    return Table(
        frame=frame,
        title=Message("tables.ledger.title"),
        kinds={"rows": "records"},
        headings={"term": Message("tables.heading.rows"), "rows": Message("tables.heading.number")},
    )
