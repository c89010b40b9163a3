"""`check`: what a study would use and lose, without an estimate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import AsnImpactError, StudyError
from asn_impact.intake.privacy import masked
from asn_impact.study.blind import said_of
from asn_impact.study.evidence import foreseen
from asn_impact.study.found import Found, found_in
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import Prepared, Tried, attempted
from asn_impact.study.replacing import would_refuse
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Speech, paragraph, together

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.intake.extract import Extract
    from asn_impact.study.proposal.write import Question

#: Fields and columns of the printed tables that have words of their own: nouns.field and study.column.
_FIELDS: Final = ("case", "office", "service", "received", "decided", "status")
_COLUMNS: Final = (
    *("month", "cases", "open", "least_follow_up", "mature", "wave", "units", "clusters", "records"),
    *("office", "rows", "spellings", "word", "meaning", "dated", "course", "since"),
)
STEPS: Final = 5
SLOW: Final = 2.0  # seconds after which progress and duration are shown


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
    problems
        Everything that cannot be read as the study says, section by section.
    questions
        What is still open, each with the lines to paste.
    """

    text: str
    refusal: Message | None
    extract: Extract | None = None
    notes: tuple[Message, ...] = ()
    problems: tuple[AsnImpactError, ...] = ()
    questions: tuple[Question, ...] = ()


def check(study: Study, language: Language | None = None) -> Checked:
    """Return what a study would use and lose: headings, rows, offices, months and groups; nothing is estimated.

    Parameters
    ----------
    study
        As `read_study` gives it.
    language
        ``"id"`` or ``"en"``; the first language of the study when not given.

    Raises
    ------
    StudyError
        The data cannot be read as the study says. `looked_at` returns what could be read all the same.
    """
    checked = looked_at(study, language)
    if len(checked.problems) == 1:
        raise checked.problems[0]
    if checked.problems:
        raise StudyError(paragraph(*(problem.message for problem in checked.problems)))
    return checked


def looked_at(study: Study, language: Language | None = None) -> Checked:
    """Return what `check` does, as far as it goes: a section that is refused does not hide the others.

    On a terminal a progress bar is shown for what takes more than two seconds.
    """
    return Checked(*_look(study, study.languages[0] if language is None else language))


@public_verb
def _look(study: Study, language: Language) -> tuple[Any, ...]:
    """Return the parts of `Checked`; its notes are printed, so that nothing is left to warn of."""
    language = Speech(language, nouns_of(study))
    with _bar(language) as tell:
        tried = attempted(study, tell)
        tell(Message("study.step.looking"))
        found = found_in(study, tried)
    ready, problems = tried.ready, tried.problems
    notes = ready.notes if ready is not None else tried.notes
    title = Message("study.title", title=study.title)
    parts = [
        said_of(study, title).text(language),
        *_rows(tried, found, language),
        *_contents(tried, found, language),
        *_periods(tried, language),
        *_groups(study, ready, language),
        *(Message("study.note", note=note).text(language) for note in together(notes)),
        *_open(found.questions, language),
        *(why.text(language) for why in would_refuse(study, {"": None if ready is None else ready.ledger})),
        _end(study, ready, problems).text(language),
    ]
    refusal = None if ready is None else foreseen(study, ready)
    return "\n\n".join(parts), refusal, tried.extract, notes, problems, found.questions


def _end(study: Study, ready: Prepared | None, problems: Sequence[AsnImpactError]) -> Message:
    if ready is None:
        return Message("study.not_read", n=len(problems))
    if (why := foreseen(study, ready)) is not None:
        return Message("study.refused", why=why)
    return Message("study.would", estimator=study.estimator.made().entry.short, rule=study.rule.made().entry.short)


@contextmanager
def _bar(language: Language) -> Iterator[Callable[[Message], None]]:
    """Show a bar on a terminal once two seconds have passed, nothing elsewhere."""
    from tqdm import tqdm

    layout = "{desc:<32} {bar} {n}/{total}"
    with tqdm(total=STEPS, disable=None, leave=False, file=sys.stderr, delay=SLOW, bar_format=layout) as bar:

        def tell(step: Message) -> None:
            bar.set_description_str(step.text(language))
            bar.update()

        yield tell


def _open(questions: Sequence[Question], language: Language) -> list[str]:
    """Return every question at once, numbered."""
    if not questions:
        return []
    head = Message("study.open_questions", n=len(questions)).text(language).text
    return ["\n".join([head, *(f"{at}. {q.text(language)}" for at, q in enumerate(questions, start=1))])]


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
    headings = {**places, **{name: Message(f"nouns.field.{name}") for name in _FIELDS}} if language != "en" else {}
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


def _rows(tried: Tried, found: Found, language: Language) -> list[str]:
    """Return the passport of the files, the headings matched, and what became of the rows."""
    import pandas as pd

    def word(key: Message) -> str:
        return key.text(language).text

    names = [word(Message("study.file")), word(Message("study.rows")), "sha256"]
    extract = tried.extract
    sources = extract.sources if extract is not None else tried.ready.sources if tried.ready is not None else ()
    listed = [(s.name, s.rows, s.sha256[:12]) for s in sources] or [(n, rows, s[:12]) for n, rows, s in found.files]
    files = pd.DataFrame(listed, columns=names)
    headings = found.headings if extract is None else extract.headings
    layouts = {} if extract is None else extract.layouts
    of_headings = [say_headings(headings, layouts, language)] if headings else []
    if extract is None:
        return [*([_block(word(Message("study.files")), files)] if listed else []), *of_headings]
    ledger = extract.ledger
    counts = [
        (word(Message("study.read")), ledger.read),
        *((word(Message("study.left_out", reason=why)), n) for why, n in ledger.dropped.items()),
        (word(Message("study.kept")), ledger.kept),
    ]
    return [
        _block(word(Message("study.files_as_of", day=extract.as_of)), files),
        *of_headings,
        _block(word(Message("study.counts")), pd.DataFrame(counts, columns=[names[1], "n"])),
    ]


def say_headings(
    headings: Mapping[str, str], layouts: Mapping[str, Mapping[str, str]], language: Language, file: str = ""
) -> str:
    """Return the headings that were read as fields: a column for each way in which the files head them."""
    import pandas as pd

    def word(key: Message) -> str:
        return key.text(language).text

    fields = [word(Message(f"nouns.field.{name}")) if name in _FIELDS else name for name in headings]
    every = dict(layouts) if len(layouts) > 1 else {word(Message("study.heading")): headings}
    found = {name: [match.get(field, "") for field in headings] for name, match in every.items()}
    table = pd.DataFrame({word(Message("study.field_name")): fields, **found})
    return _block(f"{word(Message('study.headings'))}{f' ({file})' if file else ''}", table)


def _contents(tried: Tried, found: Found, language: Language) -> list[str]:
    """Return the offices, the words of status, the courses, and who was trained when."""
    import pandas as pd

    statuses = found.statuses
    if len(statuses):
        statuses = statuses.assign(meaning=[m.text(language).text for m in statuses["meaning"]])
    who = pd.DataFrame()
    if tried.rollout is not None:
        never = Message("study.never").text(language).text
        since = [never if pd.isna(start) else str(start) for start in tried.rollout.adopted]
        who = pd.DataFrame({"office": [masked(str(o), 60) for o in tried.rollout.adopted.index], "since": since})
    tables = {"offices": found.offices, "statuses": statuses, "courses": found.courses, "who": who}
    return [
        _block(Message(f"study.{name}").text(language), _headed(table, language))
        for name, table in tables.items()
        if len(table)
    ]


def _periods(tried: Tried, language: Language) -> list[str]:
    parts = []
    panel = tried.panel
    if tried.months is not None:
        used = {True: Message("study.used").text(language).text, False: Message("study.unused").text(language).text}
        table = _headed(tried.months.assign(mature=tried.months["mature"].map(used)), language)
        outcome = "" if panel is None else panel.outcome.words.label
        parts.append(_block(Message("study.months", outcome=outcome).text(language), table))
    if panel is not None:
        labels = panel.timeline.labels
        said = {"first": str(labels[0]), "last": str(labels[-1]), "outcome": panel.outcome.words.label}
        parts.append(Message("study.panel", units=len(panel.units), periods=len(labels), **said).text(language))
    return parts


def _groups(study: Study, ready: Prepared | None, language: Language) -> list[str]:
    if ready is None or ready.design is None:
        return []
    clusters = Message("study.clusters", n=len(ready.design.clusters), by=study.cluster)
    return [
        _block(Message("study.design").text(language), _headed(ready.design.table(), language)),
        clusters.text(language),
    ]


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.to_string(index=False)}"
