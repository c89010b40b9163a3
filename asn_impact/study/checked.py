"""`check`: what a study would use and lose, without an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asn_impact.errors import StudyError
from asn_impact.study.prepared import Prepared, prepared
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.intake.extract import Extract

__all__ = ["Checked", "check", "write_dropped"]

#: Fields and columns of the printed tables that have words of their own: study.field and study.column.
_FIELDS: Final = ("case", "office", "service", "received", "decided", "status")
_COLUMNS: Final = ("month", "cases", "open", "least_follow_up", "mature", "wave", "units", "clusters", "records")


@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found.

    Attributes
    ----------
    text
        What is printed.
    refusal
        Why no effect can be estimated; None when one can.
    extract
        The records; None for a ready panel.
    notes
        What was left out or assumed, each once.
    """

    text: str
    refusal: Message | None
    extract: Extract | None = None
    notes: tuple[Message, ...] = ()


def check(study: Study, language: Language | None = None) -> Checked:
    """Return what a study would use and lose: headings, rows, months and groups; nothing is estimated or written.

    Parameters
    ----------
    study
        As `read_study` gives it.
    language
        ``"id"`` or ``"en"``; the first language of the study when not given.

    Raises
    ------
    StudyError
        The data cannot be read as the study says.
    """
    return Checked(*_look(study, study.languages[0] if language is None else language))


@public_verb
def _look(study: Study, language: Language) -> tuple[str, Message | None, Extract | None, tuple[Message, ...]]:
    """Return the parts of `Checked`; its notes are printed, so that nothing is left to warn of."""
    ready = prepared(study)
    title = Message("study.title", title=study.title)
    end = (
        Message("study.would", estimator=repr(study.estimator), rule=repr(study.rule))
        if ready.refusal is None
        else Message("study.refused", why=ready.refusal)
    )
    parts = [
        (Message("study.synthetic", text=title) if study.synthetic else title).text(language),
        *_rows(ready, language),
        *_periods(ready, language),
        *_groups(study, ready, language),
        *(Message("study.note", note=note).text(language) for note in ready.notes),
        end.text(language),
    ]
    return "\n\n".join(parts), ready.refusal, ready.extract, ready.notes


def write_dropped(checked: Checked, path: Path, language: Language) -> int:
    """Write the rows that were left out to a CSV file for the office to correct, and return how many there are.

    Raises
    ------
    StudyError
        The study has no records of cases: a ready panel has no rows to correct.
    InputError
        The file would lie among the exports.
    """
    if checked.extract is None:
        raise StudyError(Message("study.nothing_dropped"))
    from asn_impact.intake.extract import write_rows

    rows = checked.extract.dropped(language=language)
    checked.extract.refuse_place(path)
    places = {name: Message(f"study.place.{name}") for name in ("file", "sheet", "row", "reason")}
    headings = {**places, **{name: Message(f"study.field.{name}") for name in _FIELDS}} if language != "en" else {}
    write_rows(rows.rename(columns={name: word.text(language).text for name, word in headings.items()}), path)
    return len(rows)


def _headed(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return a table with its headings in the language; in English they are the names of the columns."""
    if language == "en":
        return table
    if "wave" in table:
        never = Message("study.never").text(language).text
        table = table.assign(wave=[never if wave == "never" else wave for wave in table["wave"]])
    return table.rename(columns={name: Message(f"study.column.{name}").text(language).text for name in _COLUMNS})


def _rows(ready: Prepared, language: Language) -> list[str]:
    import pandas as pd

    def word(key: Message) -> str:
        return key.text(language).text

    names = [word(Message("study.file")), word(Message("study.rows")), "sha256"]
    files = pd.DataFrame([(s.name, s.rows, s.sha256[:12]) for s in ready.sources], columns=names)
    if ready.extract is None:
        return [_block(word(Message("study.files")), files)]
    ledger = ready.extract.ledger
    counts = [
        (word(Message("study.read")), ledger.read),
        *((word(Message("study.left_out", reason=why)), n) for why, n in ledger.dropped.items()),
        (word(Message("study.kept")), ledger.kept),
    ]
    fields = [
        (word(Message(f"study.field.{name}")) if name in _FIELDS else name, heading)
        for name, heading in ready.extract.headings.items()
    ]
    columns = [word(Message("study.field_name")), word(Message("study.heading"))]
    return [
        _block(word(Message("study.files_as_of", day=ready.extract.as_of)), files),
        _block(word(Message("study.headings")), pd.DataFrame(fields, columns=columns)),
        _block(word(Message("study.counts")), pd.DataFrame(counts, columns=[names[1], "n"])),
    ]


def _periods(ready: Prepared, language: Language) -> list[str]:
    panel = ready.panel
    labels, outcome = panel.timeline.labels, panel.outcome.name
    panel_words = Message(
        "study.panel",
        units=len(panel.units),
        periods=len(labels),
        first=str(labels[0]),
        last=str(labels[-1]),
        outcome=outcome,
    ).text(language)
    if ready.months is None:
        return [panel_words]
    used = {True: Message("study.used").text(language).text, False: Message("study.unused").text(language).text}
    table = _headed(ready.months.assign(mature=ready.months["mature"].map(used)), language)
    return [_block(Message("study.months", outcome=outcome).text(language), table), panel_words]


def _groups(study: Study, ready: Prepared, language: Language) -> list[str]:
    if ready.design is None:
        return []
    clusters = Message("study.clusters", n=len(ready.design.clusters), by=study.cluster)
    return [
        _block(Message("study.design").text(language), _headed(ready.design.table(), language)),
        clusters.text(language),
    ]


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.to_string(index=False)}"
