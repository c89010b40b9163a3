"""What the pages of several claims may show beside each other: decided once for all claims that rest on the same file.

A page that merges waves beside a page that shows them singly gives a hidden count back, and so do two pages whose cases
differ by an office or by a few answers. So the tables of who is compared are gone through in the order of the pages:
one that, with those before it, would give a small count back is shown without its counts.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from asn_impact.reporting import tables
from asn_impact.reporting.contents import Report
from asn_impact.reporting.earlier import apart
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.proof import Hidden, hidden_cells
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.small import SECONDARY
from asn_impact.words import Quoted


@dataclass(frozen=True, eq=False)
class Compared:
    """What the page of a claim says of who is compared."""

    table: Table | None  #: groups before and after; None where units come and go
    counted: bool = True  #: whether the number of all cases analysed is said


def compared(report: Report, *, allowed: bool = False) -> Mapping[str, Compared]:
    """Return for each finding, by its id, what may be shown beside the pages before it.

    Parameters
    ----------
    report
        Of several findings.
    allowed
        Whether lines that differ by few from those of another page are shown all the same.
    """
    found: dict[str, Compared] = {}
    records = hidden_cells(report, ())
    shown: list[tuple[str, Table]] = [(f.id, table) for f in report.findings for table in f.tables]
    said = [Quoted("", float(f.ledger.kept), "ledger.kept") for f in report.findings if f.ledger is not None]
    for finding in report.findings:
        if finding.design is None:
            continue
        table = None
        if finding.design.status is None:
            own = tables.descriptive(finding.design.panel, finding.design).marked_alike()
            table = apart(own, [one for _, one in shown], allowed=allowed)
        hidden = next((one for one in records if any(panel is finding.design.panel for panel in one.panels)), None)
        page = Compared(table) if hidden is None else _safe(hidden, finding, table, shown, said)
        found[finding.id] = page
        shown += [(finding.id, page.table)] if page.table is not None else []
        said += [_total(finding)] if page.counted else []
    return found


def _safe(
    hidden: Hidden,
    finding: Finding,
    table: Table | None,
    shown: Sequence[tuple[str, Table]],
    said: Sequence[Quoted],
) -> Compared:
    """Return as much of a page as gives nothing back: all, or no counts, or not even how many there are."""
    bare = None if table is None else _without_counts(hidden, table, [one for _, one in shown])
    for page in (Compared(table), Compared(bare)):
        every = [*shown, *([(finding.id, page.table)] if page.table is not None else [])]
        if not replace(hidden, exhibits=tuple(every)).given_away([*said, _total(finding)]):
            return page
    return Compared(bare, counted=False)


def _total(finding: Finding) -> Quoted:
    assert finding.design is not None
    return Quoted("", float(finding.design.panel.n.sum()), "panel.n.sum()")


def _without_counts(hidden: Hidden, table: Table, others: Sequence[Table]) -> Table:
    """Return a table without its counts, and without the means of lines that differ from another by a few cases."""
    frame = table.frame
    for column in table.cells:
        few = pd.Series([hidden.near(cells, others) for cells in table.cells[column]])
        marks = [cell if cell == 0 else SECONDARY for cell in frame[column]]
        values = [value for value, behind in table.rests_on.items() if behind == column]
        values += ["change"] if few.any() and "change" in frame.columns else []
        frame = frame.assign(
            **{column: pd.Series(marks, dtype=object)},
            **{value: frame[value].astype(float).mask(few) for value in values},
        )
    made = copy.copy(table)
    object.__setattr__(made, "frame", frame)
    return made
