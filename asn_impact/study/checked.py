"""`check`: what a study would use and lose, without an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn_impact.study.prepared import Prepared, prepared
from asn_impact.study.settings import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Checked", "check", "notes_of"]


@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found: the text to print, and why no effect can be estimated ("" when one can)."""

    text: str
    refusal: str


def check(study: Study) -> Checked:
    """Return what a study would use and lose: headings, rows, months and groups; nothing is estimated or written.

    Raises
    ------
    StudyError
        The data cannot be read as the study says.
    """
    ready = prepared(study)
    refusal = ready.refusal["en"] if ready.refusal is not None else ""
    parts = [
        f"Study: {study.title[study.languages[-1]]}{' (synthetic data)' if study.synthetic else ''}",
        *_said_of_rows(ready),
        *_said_of_periods(ready),
        *([_block("Who is compared with whom", ready.design.table())] if ready.design is not None else []),
        *([f"Clusters: {len(ready.design.clusters)} by {study.cluster}"] if ready.design is not None else []),
        *(f"Note: {note}" for note in notes_of(ready)),
        f"No effect will be estimated: {refusal}"
        if refusal
        else f"Would estimate {study.estimator!r} with {study.rule!r}.",
    ]
    return Checked("\n\n".join(parts), refusal)


def _said_of_rows(ready: Prepared) -> list[str]:
    import pandas as pd

    files = pd.DataFrame([{"file": s.name, "rows": s.rows, "sha256": s.sha256[:12]} for s in ready.sources])
    if ready.extract is None:
        return [_block("Files", files)]
    ledger = ready.extract.ledger
    rows = [("read", ledger.read), *((f"left out: {reason}", n) for reason, n in ledger.dropped.items())]
    headings = pd.DataFrame(ready.extract.headings.items(), columns=["field", "heading"])
    return [
        _block(f"Files, as of {ready.extract.as_of}", files),
        _block("Headings", headings),
        _block("Rows", pd.DataFrame([*rows, ("kept", ledger.kept)], columns=["rows", "n"])),
    ]


def _said_of_periods(ready: Prepared) -> list[str]:
    if ready.months is not None:
        table = ready.months.assign(mature=ready.months["mature"].map({True: "used", False: "left out"}))
        return [_block(f"Months, for {ready.panel.outcome.name}", table), repr(ready.panel)]
    return [repr(ready.panel)]


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.to_string(index=False)}"


def notes_of(ready: Prepared) -> list[str]:
    """Every note once, those of the design included; a note that only repeats part of another is left out."""
    of_design = ready.design.notes if ready.design is not None else ready.panel.notes
    every = list(dict.fromkeys([*ready.notes, *of_design]))
    return [note for note in every if not any(note != other and note in other for other in every)]
