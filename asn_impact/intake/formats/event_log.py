"""Event logs in XES: one row an event, with what its trace says in front."""

from __future__ import annotations

from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.raw import (
    MOST_CELLS,
    MOST_UNPACKED,
    Asked,
    RawTable,
    check_width,
    sha256,
    text_relation,
)
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.intake.formats.xml_events import read_xml
from asn_impact.words import Message

_VALUES = ("string", "date", "int", "float", "boolean", "id")


def open_event_log(path: Path, asked: Asked) -> list[RawTable]:
    """Return the events of a log: the attributes of a trace are headed ``case:...``, as pm4py and bupaR do."""
    columns = read_apart(_read_log, path)
    relation = text_relation(list(columns.values()))
    return [RawTable(path.name, tuple(columns), relation, sha256(path), loose=True)]


def _read_log(path: Path) -> dict[str, list[str | None]]:
    """Return heading -> texts; runs in the process for untrusted files."""
    if path.stat().st_size > MOST_UNPACKED:
        raise InputError(Message("files.unpacks", file=path.name, most=MOST_UNPACKED >> 20))
    log = _Log()
    read_xml(path, log)
    headings = list(dict.fromkeys(key for event in log.events for key in event))
    if not headings:
        raise InputError(Message("files.no_events", file=path.name))
    check_width(path.name, len(headings))
    if len(headings) * len(log.events) > MOST_CELLS:
        raise InputError(Message("files.too_many_cells", file=path.name, most=MOST_CELLS))
    return {key: [event.get(key) for event in log.events] for key in headings}


class _Log:
    """Hears of the elements of a log (IEEE 1849-2016); what is nested in an attribute is no value."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.trace: dict[str, str] = {}
        self.waiting: list[dict[str, str]] = []
        self.event: dict[str, str] = {}
        self.events: list[dict[str, str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "trace":
            self.trace, self.waiting = {}, []
        elif tag == "event":
            self.event = {}
        elif tag in _VALUES and "key" in attributes and "value" in attributes:
            if self.path[-2:] == ["trace", "event"]:
                self.event[attributes["key"]] = attributes["value"]
            elif self.path[-1:] == ["trace"]:
                self.trace[f"case:{attributes['key']}"] = attributes["value"]
        self.path.append(tag)

    def end(self, tag: str) -> None:
        self.path.pop()
        if tag == "event" and self.path[-1:] == ["trace"]:
            self.waiting.append(self.event)
        elif tag == "trace":
            self.events += [{**self.trace, **event} for event in self.waiting]

    def data(self, text: str) -> None:
        pass
