"""What moved since the release that a report replaces: numbers, grades and rows, claim by claim."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd

from asn_impact.estimation import Inference
from asn_impact.reporting.contents import Report
from asn_impact.reporting.earlier import MANIFEST
from asn_impact.reporting.gate import MINIMUM
from asn_impact.reporting.headline import grade_of
from asn_impact.reporting.matrix import numbers_of
from asn_impact.reporting.tables import Table
from asn_impact.scrutiny.grade import Grade
from asn_impact.words import Message, Quantity, verbatim

Found: TypeAlias = list[dict[str, Any]]  # as a manifest holds it: a claim each
_SHOWN: Final = ("number_before", "number", "grade_before", "grade", "rows")


def found_in(report: Report) -> Found:
    """Return what a later release is held against: number, grade and rows kept of each claim, as they are shown."""
    if report.findings:
        return [_entry(f.id, f.inference, f.grade, f.ledger, report.level) for f in report.findings]
    answers = [(a, grade_of(a, report.scrutiny)) for a in report.answer]
    names = [str(a.effects.outcome.words.short) for a, _ in answers] if len(answers) > 1 else [""]
    return [
        _entry(name, answer, grade, report.ledger, report.level)
        for name, (answer, grade) in zip(names, answers, strict=False)
    ]


def _entry(name: str, answer: Inference | None, grade: Grade | None, ledger: Any, level: float) -> dict[str, Any]:  # noqa: ANN401
    cell: Any = None if answer is None else numbers_of(answer, level)["change"]
    shown = None if cell is None else cell["n"]
    return {
        "id": name,
        "measure": "" if answer is None else repr(answer.effects.outcome),
        "number": None if shown is None else round(shown.value, shown.decimals),
        "decimals": 0 if shown is None else shown.decimals,
        "grade": None if grade is None else grade.letter,
        "kept": None if ledger is None else int(ledger.kept),
    }


def since_of(record: Mapping[str, Any], now: Found) -> dict[str, Any] | None:
    """Return the release that a new one is held against: the one it replaces, or that one's own when nothing moved.

    A report that is written again in its own place is the same report, to the byte.
    """
    was = record.get("found")
    if was == now:
        return record.get("since")
    return None if was is None else {"as_of": record.get("as_of"), "found": was}


def table_of_moved(report: Report, now: Found, since: Mapping[str, Any] | None) -> Table | None:
    """Return number, grade and rows of each claim before and now; None where there was no release, or nothing moved.

    A number of rows that changed by fewer than ten is not said.
    """
    if since is None:
        return None
    labels = {f.id: f.label for f in report.findings}
    rows = [
        {"claim": labels.get(name, verbatim(name or report.title)), **_moved(was, new)}
        for name, was, new in _pairs(now, since)
    ]
    return Table(
        pd.DataFrame(rows, dtype=object),
        title=_head("title", since),
        note=Message("release.since.note", least=MINIMUM),
        kinds=dict.fromkeys(("number_before", "number", "rows"), "printed"),
        headings={name: Message(f"release.since.{name}") for name in ("claim", *_SHOWN)},
    )


def say_same(folder: Path, before: Path) -> list[Message]:
    """Say that the release in a folder found what the one it replaces had, where it did."""
    found, old = (_record(place).get("found") for place in (folder, before))
    return [Message("release.since.nothing")] if found is not None and found == old else []


def say_moved(folder: Path) -> Message | None:
    """Return in a line what moved between the release in a folder and the one it replaced; None where nothing did."""
    record = _record(folder)
    if (since := record.get("since")) is None:
        return None
    moved = [
        Message(
            "release.since.one",
            id=name,
            **{key: "–" if cell is None else cell for key, cell in _moved(was, new).items()},
        )
        for name, was, new in _pairs(record["found"], since)
        if was != new
    ]
    return _head("line", since) + Message("release.since.each", moved=tuple(moved))


def _record(folder: Path) -> dict[str, Any]:
    """Return the manifest of a report; nothing where there is none."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _head(name: str, since: Mapping[str, Any]) -> Message:
    day = since.get("as_of")
    return Message(
        f"release.since.{name}" if day else f"release.since.{name}_undated", day=day and dt.date.fromisoformat(day)
    )


def _pairs(now: Found, since: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Return each claim with what was found before and now; nothing on either side where it was not there."""
    before, after = ({entry["id"]: entry for entry in some} for some in (since["found"], now))
    return [(name, before.get(name, {}), after.get(name, {})) for name in dict.fromkeys([*after, *before])]


def _moved(was: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Message | str | None]:
    """Return what is shown of a claim; a number of another measure is no number before."""
    measures = {was.get("measure"), new.get("measure")} - {None, ""}
    before = Message("release.since.other_measure") if len(measures) > 1 else _number(was)
    return {
        "number_before": before,
        "number": _number(new),
        "grade_before": was.get("grade"),
        "grade": new.get("grade"),
        "rows": _rows(was.get("kept"), new.get("kept")),
    }


def _number(entry: Mapping[str, Any]) -> Message | None:
    if entry.get("number") is None:
        return None
    return Message("claims.matrix.number", n=Quantity(entry["number"], "since.found", entry["decimals"]))


def _rows(was: int | None, now: int | None) -> Message | None:
    """Return how many rows more or less were kept; of fewer than ten only that they are few."""
    if was is None or now is None:
        return None
    if 0 < abs(now - was) < MINIMUM:
        return Message("release.since.few", least=MINIMUM)
    sign = "more" if now > was else "fewer" if now < was else "same"
    return Message(f"release.since.{sign}", n=abs(now - was))
