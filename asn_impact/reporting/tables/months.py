"""The table of months: which have been followed long enough."""

from __future__ import annotations

import pandas as pd

from asn_impact.reporting.recoding import cells_of_months, thickened
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def maturity_table(months: pd.DataFrame) -> Table:
    """Return the table of months, or of quarters where months are thin: applications, still open, can it be used.

    Parameters
    ----------
    months
        The frame of `maturity`: month, cases, open, mature, and the least follow-up if it has one.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> ai.tables.maturity_table(ai.maturity(durations, ai.RestrictedMean(30))).frame.columns.tolist()
    ['month', 'records', 'open', 'follow_up', 'mature']
    """
    months = thickened(months)
    follow_up = next((c for c in ("follow_up", "least_follow_up") if c in months.columns), None)
    frame = pd.DataFrame(
        {
            "month": months["month"].astype(str).tolist(),
            "records": months["cases"].tolist(),
            "open": months["open"].tolist(),
            **({"follow_up": months[follow_up].tolist()} if follow_up else {}),
            "mature": ["yes" if used else "no" for used in months["mature"]],
        }
    )
    return Table(
        frame=frame,
        title=Message("tables.maturity.title"),
        note=Message("tables.maturity.note"),
        kinds={"month": "period", "records": "records", "open": "records", "follow_up": "whole"},
        cells=cells_of_months(months["month"], cases="records"),
    )
