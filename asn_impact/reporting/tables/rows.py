"""The table of rows: read, left out by reason, kept."""

from __future__ import annotations

import pandas as pd

from asn_impact.intake.ledger import Ledger
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def ledger(record: Ledger) -> Table:
    """Return the table of rows read, left out by reason and kept.

    It counts rows of files and says nothing of a person: every number is shown, as in the sentences and notes
    (docs/decisions/012-ledger-counts-rows.md).

    Examples
    --------
    >>> record = Ledger(read=100, kept=75, dropped={"test row": 12, "missing office": 6, "received missing": 7})
    >>> print(ledger(record).csv())
    term,rows
    read,100
    test row,12
    received missing,7
    missing office,6
    kept,75
    <BLANKLINE>
    """
    reasons = sorted(record.dropped.items(), key=lambda item: (-item[1], str(item[0])))
    rows: list[tuple[object, int]] = [("read", record.read), *((as_message(reason), n) for reason, n in reasons)]
    return Table(
        frame=pd.DataFrame([*rows, ("kept", record.kept)], columns=["term", "rows"]),
        title=Message("tables.ledger.title"),
        kinds={"rows": "whole"},
        headings={"term": Message("tables.heading.rows"), "rows": Message("tables.heading.number")},
    )
