"""Which sheets of a workbook count: those named, or those that hold what is asked and do not repeat the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import DATE_FIELDS
from asn_impact.intake.formats import RawTable
from asn_impact.words import Alert, Message, paragraph

Match = Callable[[RawTable, Sequence[str]], dict[str, str]]
MOST_COMPARED: Final = 200_000  # rows of a file whose sheets are held against each other


def sheets_that_count(
    tables: Sequence[RawTable], sheets: Sequence[str] | None, required: Sequence[str], match: Match
) -> tuple[list[RawTable], list[Message]]:
    """Return the tables that are read, and what has to be said of the others.

    Parameters
    ----------
    tables
        Those of all files.
    sheets
        Names of the sheets that count; empty where nobody said, None where nobody can.
    required
        Fields without which there is no answer.
    match
        Finds the headings of a table for its fields, some of them required.

    Raises
    ------
    InputError
        No sheet has a name that was said, or one lacks part of what is required.
    """
    there = list(dict.fromkeys(t.sheet for t in tables if t.sheet is not None))
    if sheets:
        if lost := [name for name in sheets if name not in there]:
            absent = Message("intake.sheets.absent", sheet=lost[0])
            raise InputError(paragraph(absent, did_you_mean(lost[0], there), Message("files.sheets", names=there)))
        return [t for t in tables if t.sheet is None or t.sheet in sheets], []
    if len(tables) < 2 or not there:
        return list(tables), []
    dates = [field for field in required if field in DATE_FIELDS]
    lacking = {t.name: [f for f in required if f not in match(t, ())] for t in tables}
    whole = [t for t in tables if not lacking[t.name]]
    other = [t for t in tables if t.sheet is not None and dates and set(dates) <= set(lacking[t.name])]
    if not whole:
        return list(tables), []
    kept = [t for t in tables if t not in other]
    for table in kept:
        _require(table, required, match, "take_out" if sheets is None else "name_them")
    again = _repeating(kept, match)
    notes: list[Message] = [_passed(other, "others")] if other else []
    notes += [_passed(again, "again")] if again else []
    return [t for t in kept if t not in again], notes


def _require(table: RawTable, required: Sequence[str], match: Match, otherwise: str) -> None:
    try:
        match(table, required)
    except InputError as error:
        hint = Message(f"intake.sheets.{otherwise}") if table.sheet is not None else None
        raise InputError(paragraph(error.message, hint)) from None


def _passed(tables: Sequence[RawTable], why: str) -> Alert:
    return Alert(f"intake.sheets.{why}", n=len(tables), names=tuple(t.name for t in tables))


def _repeating(tables: Sequence[RawTable], match: Match) -> list[RawTable]:
    """Return the sheets that hold again what the other sheets of their file hold together."""
    again = []
    for digest in dict.fromkeys(t.sha256 for t in tables if t.sheet is not None):
        same = [t for t in tables if t.sha256 == digest]
        counts = [_rows(t) for t in same] if len(same) > 1 else []
        if not counts or sum(counts) > MOST_COMPARED:
            continue
        halves = [t for t, n in zip(same, counts, strict=True) if n and 2 * n == sum(counts)]
        for table in reversed(halves):
            if _contents([table], match) == _contents([other for other in same if other is not table], match):
                again.append(table)
                break
    return again


def _rows(table: RawTable) -> int:
    counted = table.relation.aggregate("count(*)").fetchall()
    return int(counted[0][0])


def _contents(tables: Sequence[RawTable], match: Match) -> Counter[tuple[tuple[str, object], ...]]:
    """Return how often each row stands in the tables, by the fields that are read."""
    rows: Counter[tuple[tuple[str, object], ...]] = Counter()
    for table in tables:
        found = sorted(match(table, ()).items())
        columns = ", ".join(f"c{table.headings.index(heading)}" for _, heading in found)
        for row in table.relation.project(columns).fetchall():
            rows[tuple(zip((field for field, _ in found), row, strict=True))] += 1
    return rows
