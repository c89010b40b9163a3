"""Rows of all tables under field names, and what was learnt of their dates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import narwhals as nw

from asn_impact.identifiers import hidden
from asn_impact.intake.cleaning import (
    Bounds,
)
from asn_impact.intake.fields.dates import DateReading
from asn_impact.intake.fields.zones import OFFSETS, zone_name
from asn_impact.intake.formats import RawTable
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message


@dataclass(frozen=True, eq=False)
class Gathered:
    """Rows of all tables under field names, with dates typed; and what was learnt on the way.

    ``numbered`` gives the rows once more, with the number of the file and of the row in it, and the texts of dates.
    """

    frame: nw.LazyFrame[Any]
    bounds: Bounds
    headings: Mapping[str, str]
    tables: tuple[RawTable, ...]
    readings: tuple[DateReading, ...]
    texts: duckdb.DuckDBPyRelation | None
    notes: tuple[Message, ...]
    numbered: Callable[[], nw.LazyFrame[Any]]
    layouts: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)  # of the first table of each

    def same_column(self, field: str, names: Sequence[str]) -> list[str]:
        """Return which of the names hold the column of a field, under its name or by its heading."""
        return [name for name in names if field in self.headings and self.headings.get(name) == self.headings[field]]


#: Fields without which a row may mean something else, or is lost. A status is warned of where withdrawn cases lack it.
_TELLING: Final = {
    **{"case": Alert, "status": Message, "service": Message},
    **dict.fromkeys(("deleted", "passed", "passed_count"), Alert),
}


def lacking_notes(
    tables: Sequence[RawTable], matches: Sequence[Mapping[str, str]], partly: Sequence[str] = ()
) -> list[Message]:
    """Say which files lack a column that others have: a heading that was renamed looks like one that never was.

    Those of the extra columns that may be there in some alone are `partly`.
    """
    notes: list[Message] = []
    for field, note in {**dict.fromkeys(partly, Alert), **_TELLING}.items():
        heading = next((match[field] for match in matches if field in match), None)
        files = [hidden(t.name, names=True) for t, match in zip(tables, matches, strict=True) if field not in match]
        if heading is not None and files:
            counts = {"n": len(files), "all": len(tables), "files": files}
            notes.append(note("intake.columns.in_some", field=field, heading=masked(heading), **counts))
    return notes


def moved_notes(zones: Mapping[str, str], zone: str | None) -> list[Message]:
    """Say where moments of another zone were given their day in that of the study."""
    target, note = zone_name(zone), Alert if zone is None else Message
    return [
        note("intake.dates.moved", field=f, zones=(written,), zone=target)
        for f, written in zones.items()
        if OFFSETS.get(written) != OFFSETS[target]
    ]


def zone_notes(zones: Mapping[str, str]) -> list[Message]:
    """Say where days were cut in UTC, up to a day before the local one, or two columns are in two zones."""
    notes: list[Message] = [Alert("intake.dates.utc", field=f) for f, zone in zones.items() if zone == "UTC"]
    if len(set(zones.values())) > 1:
        each = [Message("intake.dates.zone", field=f, zone=zone) for f, zone in zones.items()]
        notes.append(Alert("intake.dates.different_zones", each=each))
    return notes


def time_notes(timed: Mapping[str, tuple[int, int]], stamped: Mapping[str, int] | None = None) -> list[Message]:
    """Say where part of a column has times of day: a day of error either way for the rest.

    `timed` is the number of values at another time than midnight, and of all; `stamped` that of those with a time.
    """
    notes: list[Message] = []
    for field, (times, every) in timed.items():
        if 0 < times < 0.999 * every:
            there = (stamped or {}).get(field, every)
            counts = {"at_midnight": there - times, "part_timed": every - there}
            notes += [Message(f"intake.dates.{key}", field=field, n=n, all=every) for key, n in counts.items() if n]
    return notes


def reading_notes(reading_of: DateReading) -> list[Message]:
    """Say what was seen while the dates of a column were read."""
    field, order = reading_of.column, reading_of.order
    notes = time_notes({field: (reading_of.timed, reading_of.rows)}, {field: reading_of.stamped})
    if reading_of.zeros:
        notes.append(Message("intake.dates.zeros", field=field, n=reading_of.zeros))
    if reading_of.thin:
        counts = {"n": reading_of.thin, "all": reading_of.rows}
        word = Message(f"intake.dates.order.{order}")
        notes.append(Alert("intake.dates.thin", field=field, order=word, setting=order, **counts))
    return notes
