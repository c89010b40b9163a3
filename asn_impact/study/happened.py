"""What else happened, and the one event of which a study asks how the trained stood it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import normalised
from asn_impact.starts import read_start
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.study.settings import Study

RISE: Final = "rise_after"


def other_events(study: Study) -> Any:  # noqa: ANN401 - Events, or the frame of a table without a row
    """Return what else happened; a table with headings and no row says that nothing did."""
    from asn_impact.intake.readers.events import Events, read_events

    try:
        events = read_events(study.scrutiny["events"])
    except InputError as problem:
        if problem.message.key != "events.none":
            raise
        return pd.DataFrame({"date": [], "name": [], "verified": []})
    if study.outcome.name != RISE:
        return events
    rows = events.frame()
    return Events(rows.drop(index=_named(rows, study.outcome.parameters["event"])).reset_index(drop=True))


def event_of(study: Study) -> tuple[Any, str]:
    """Return the month of the event that a study asks for, and what it is called.

    Raises
    ------
    StudyError
        No event is called so, several are, or only its year is known.
    """
    place, asked = study.place("outcome"), study.outcome.parameters["event"]
    if read_start(asked) is not None:
        return asked, asked
    if "events" not in study.scrutiny:
        raise place.refuse(Message("study.event.no_file", event=asked))
    from asn_impact.intake.readers.events import read_events

    with study.place("scrutiny").explaining():
        rows = read_events(study.scrutiny["events"]).frame()
    found = _named(rows, asked)
    names: Sequence[str] = tuple(rows["name"])
    if not len(found):
        unknown, known = Message("study.event.unknown", event=asked), Message("programme.known", names=names)
        raise place.refuse(paragraph(unknown, did_you_mean(asked, names), known))
    if len(rows.loc[found, "date"].dt.to_period("M").unique()) > 1:
        raise place.refuse(Message("study.event.several", event=asked, names=tuple(rows.loc[found, "name"])))
    first = rows.loc[found[0]]
    if first["precision"] == "year":
        raise place.refuse(Message("study.event.year", event=asked))
    return first["date"].to_period("M"), asked


def _named(rows: pd.DataFrame, asked: str) -> pd.Index:
    """Return the rows whose name holds what was asked; the exact name goes before."""
    names = rows["name"].map(normalised)
    exact = names == normalised(asked)
    hit = exact if exact.any() else names.str.contains(normalised(asked), regex=False)
    return rows.index[hit.to_numpy(dtype=bool)]
