"""`run`: the whole job, written beside its place and put there at once."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import StudyError
from asn_impact.reporting import folders
from asn_impact.study.blind import said_of
from asn_impact.study.evidence import Evidence, charts, contents, estimated, findings, imprint_of, say_look, source_of
from asn_impact.study.measured import nouns_of
from asn_impact.study.notebooks import run_notebooks, small_counts
from asn_impact.study.prepared import Prepared, prepared
from asn_impact.study.public import with_public_cells
from asn_impact.study.replacing import refuse_rows, refuse_soon
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Language, Message, each_once

if TYPE_CHECKING:
    from asn_impact.reporting.chart import Chart
    from asn_impact.reporting.contents import Report


RECORD: Final = "run.json"
MADE_BY: Final = "asn_impact run"


@dataclass(frozen=True)
class Spent:
    """Where time went: a step, seconds on the wall, and seconds of processor of this process alone."""

    step: Message
    seconds: float
    processor: float


@dataclass(frozen=True, eq=False)
class Finished:
    """What `run` did.

    Attributes
    ----------
    folder
        Where the results are: a report a language, ``figures/``, ``notebooks/`` and ``run.json``.
    findings
        The answer in a sentence.
    refusal
        Why no effect is claimed; None when one is.
    notes
        What was left out, assumed or must be known before the answer.
    spent
        Where time went, step by step; no file holds it.
    """

    folder: Path
    findings: tuple[str, ...]
    refusal: Message | None
    notes: tuple[Message, ...]
    spent: tuple[Spent, ...] = ()


def run(study: Study) -> Finished:
    """Do the whole job of a study and return where the results are.

    The folder of the results is replaced as a whole when everything is ready; it is tried before the analysis. Two runs
    at the same time do not mix: the later one stays. A progress bar is shown on a terminal. The same study gives the
    same bytes.

    Raises
    ------
    StudyError
        The data cannot be read as the study says, the folder cannot be written or holds something else, a notebook
        fails.
    PrivacyError
        Something that identifies a person was about to leave.
    """
    return Finished(*_work(study))


@public_verb
def _work(study: Study) -> tuple[Any, ...]:
    """Return the parts of `Finished`; its notes stand in the report and in run.json: nothing is left to warn of."""
    from asn_impact.reporting.since import say_moved, say_same
    from asn_impact.study.programme import alone
    from asn_impact.study.registered import deviations

    refuse_foreign(study)
    locked = deviations(alone(study))
    steps = 2 + len(study.languages) + len(study.notebooks)
    with run_notebooks() as begin, work_beside(study) as fresh, progress(study.languages[0], steps) as tell:
        notebooks = begin(study.notebooks)
        tell(Message("study.step.reading"))
        ready = with_public_cells(study, prepared(study)) if study.cells else prepared(study)
        refuse_rows(study, {"": ready.ledger})
        tell(Message("study.step.estimating"))
        evidence = estimated(study, ready)
        refuse_soon(study, partial(_report, study, evidence, {}, locked))
        written: list[Path] = []
        for language in study.languages:
            tell(Message("study.step.writing", language=language))
            drawings = charts(study, evidence, language)
            written += _save(drawings, fresh / "figures" / language)
            report = _report(study, evidence, drawings, locked, language)
            written += publish_report(study, report, fresh / f"report_{language}", language, study.folder)
        written += _codebook(study, ready, fresh)
        for name, content in notebooks.items():
            tell(Message("study.step.running", notebook=name))
            written += [write(fresh / "notebooks" / name, content.result())]
        refusal = evidence.ready.refusal
        beside = {path.relative_to(fresh).as_posix(): small for path, small in _not_proved(written)}
        warned = (w for w in evidence.warnings if w != refusal)
        page = f"report_{study.languages[0]}"
        same, moved = say_same(fresh / page, study.folder / page), say_moved(fresh / page)
        said = [*([_say_beside(beside)] if beside else []), *([] if moved is None else [moved])]
        notes = each_once(locked[:1], warned, evidence.ready.notes, said)
        result = (study.folder, tuple(findings(study, evidence)), refusal, notes)
        put_results(study, fresh, written, lambda files: _record(study, evidence, Finished(*result), files, beside))
    return (*result[:-1], each_once(notes, same), tell.spent())


# ------------------------------------------------------------------------------------------- progress


@dataclass(eq=False)
class Progress:
    """A bar that is told of every step before it begins, and when each began."""

    bar: Any
    language: Language
    began: list[tuple[Message, float, float]] = field(default_factory=list)

    def __call__(self, step: Message) -> None:
        """Show a step that begins."""
        self.began.append((step, time.perf_counter(), time.process_time()))
        self.bar.set_description_str(step.text(self.language))
        self.bar.update()

    def spent(self) -> tuple[Spent, ...]:
        """Return what every step took, the last one until now."""
        now = (time.perf_counter(), time.process_time())
        ends = [*((wall, processor) for _, wall, processor in self.began[1:]), now]
        return tuple(
            Spent(step, end - wall, ended - processor)
            for (step, wall, processor), (end, ended) in zip(self.began, ends, strict=True)
        )


@contextmanager
def progress(language: Language, steps: int) -> Iterator[Progress]:
    """Show a bar on a terminal, nothing elsewhere; give what is told of each step before it begins."""
    from tqdm import tqdm

    layout = "{desc:<40} {bar} {n}/{total}"
    with tqdm(total=steps, disable=None, leave=False, file=sys.stderr, bar_format=layout) as bar:
        yield Progress(bar, language)


# ------------------------------------------------------------------------------------------- pieces


def _save(drawings: Mapping[str, Chart], folder: Path) -> list[Path]:
    return [path for name, chart in drawings.items() for path in chart.save(folder / name)]


def _report(
    study: Study,
    evidence: Evidence,
    drawings: Mapping[str, Chart],
    locked: tuple[Message, ...],
    language: Language,
) -> Report:
    from asn_impact.reporting.contents import Report

    title = study.title if evidence.headline is not None else Message("study.without_effect", title=study.title)
    return Report(
        title=said_of(study, title).text(language),
        source=source_of(study).text(language),
        imprint=imprint_of(study),
        nouns=nouns_of(study),
        words={chapter: text.text(language) for chapter, text in study.words.items()},
        **contents(evidence, dict(drawings), level=study.level, look=(*locked, *say_look(study))),
    )


def publish_report(
    about: Study, report: Report, place: Path, language: Language, earlier: Path | None = None
) -> list[Path]:
    """Write a report in the formats of a study, held against the one of the same name in an earlier folder."""
    from asn_impact.reporting.report import FORMATS, publish

    how: dict[str, Any] = {"reference": about.reference, "close": about.close, "cells": about.cells}
    how |= {"formats": [name for name in FORMATS if name in about.formats]}
    return publish(place, report, language=language, earlier=earlier and earlier / place.name, **how)


def _codebook(study: Study, ready: Prepared, folder: Path) -> list[Path]:
    """Write the codebook of the records as CSV and Table Schema, without small groups, as the release rule has it."""
    if ready.extract is None:
        return []
    from asn_impact.intake.codebook import table_schema
    from asn_impact.reporting.gate import MINIMUM, release

    book = ready.extract.codebook(smallest=MINIMUM)
    flat = book.assign(words=["; ".join(words) for words in book["words"]]).to_csv(index=False, lineterminator="\n")
    files = {"codebook.csv": flat.encode(), "codebook.json": table_schema(book, study.languages[0])}
    for name, content in files.items():
        release(content, name)
    return [write(folder / name, content) for name, content in files.items()]


def _not_proved(written: Iterable[Path]) -> list[tuple[Path, int]]:
    """Return the notebooks, which the proof of the release does not cover, with the small counts in their tables."""
    return [(path, small_counts(path.read_bytes())) for path in written if path.suffix == ".ipynb"]


def _say_beside(beside: Mapping[str, int]) -> Message:
    kind = Alert if any(beside.values()) else Message
    return kind("study.notebooks_beside", files=tuple(beside), small=sum(beside.values()))


def _record(
    study: Study, evidence: Evidence, result: Finished, files: Mapping[str, Path], beside: Mapping[str, int]
) -> bytes:
    from asn_impact.reporting.provenance import provenance

    parameters = {name: repr(getattr(study, name)) for name in ("outcome", "estimator", "rule", "cluster", "level")}
    return record(
        study,
        files,
        title=in_each(study.title, study),
        study_sha256=study.sha256,
        findings=result.findings,
        refusal=in_each(result.refusal, study) if result.refusal is not None else {},
        notes=[in_each(note, study) for note in result.notes],
        not_proved=dict(beside),
        provenance=provenance(parameters, evidence.ready.sources),
    )


def record(about: Study, files: Mapping[str, Path], **facts: object) -> bytes:
    """Return what was run and what came of it: no clock, no machine."""
    from asn_impact.reporting.provenance import sha256

    blind = {} if about.blind is None else {"blind": about.blind}
    hashes = {name: sha256(path.read_bytes()) for name, path in files.items()}
    facts |= {"made_by": MADE_BY, "synthetic": about.synthetic, "files": hashes, **blind}
    return f"{json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def in_each(message: Message, study: Study) -> dict[str, str]:
    """Return a message in every language of the study."""
    return {language: message.text(language).text for language in study.languages}


# ------------------------------------------------------------------------------------------- folders


def write(path: Path, content: bytes) -> Path:
    """Write a file of a result; its folder is made."""
    from asn_impact.reporting.provenance import write_beside

    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, content)
    return path


def refuse_foreign(study: Study) -> None:
    """Refuse a folder whose replacement would destroy what is no result of a run, and one that cannot be written."""
    folder, place = study.folder, study.place("report")
    if folder.exists() and not folder.is_dir():
        raise place.refuse(Message("study.folder_is_file", folder=folder.name))
    if folder.exists() and any(folder.iterdir()) and not folders.is_made_by(folder / RECORD, MADE_BY):
        raise place.refuse(Message("study.folder_of_others", folder=folder.name))
    with work_beside(study):
        pass


@contextmanager
def work_beside(study: Study) -> Iterator[Path]:
    """Make a folder beside the one of the results, writable and on the same disk; it is gone afterwards."""
    with ExitStack() as stack:
        tried = study.folder
        try:
            for tried in (study.figures or study.folder, study.folder):  # which neither can be filled nor moved aside
                there = next(place for place in (tried, *tried.parents) if place.exists())
                if not os.access(there, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            fresh = stack.enter_context(folders.make_beside(study.folder))
        except OSError as problem:
            raise study.place("report").refuse(
                Message("study.folder_not_written", folder=tried.name, problem=str(problem.strerror))
            ) from problem
        yield fresh


def refuse_gaps(folder: Path, fresh: Path, names: Iterable[str]) -> None:
    """Refuse results of which a part that was written is gone: somebody cleaned up while they were made."""
    if gone := folders.missing_files(fresh, names):
        raise StudyError(Message("study.files_gone", folder=folder.name, files=gone))


def put_results(
    about: Study, fresh: Path, written: Iterable[Path], made: Callable[[dict[str, Path]], bytes]
) -> list[str]:
    """Put what was written, and the record made of it, in their place, and copies of the figures in theirs."""
    names = [path.relative_to(fresh).as_posix() for path in written]
    refuse_gaps(about.folder, fresh, names)
    write(fresh / RECORD, made({name: fresh / name for name in names}))
    copies = files_of(fresh / "figures")
    put(about.folder, fresh, (*names, RECORD))
    if about.figures is not None:
        for file, drawing in copies.items():
            write(about.figures / file, drawing)
    return names


def put(folder: Path, fresh: Path, names: Iterable[str]) -> None:
    """Put the results in their place, all of those that were written."""
    refuse_gaps(folder, fresh, names)
    try:
        folders.put_in_place(folder, fresh)
    except OSError as problem:
        barred = os.name != "nt" and isinstance(problem, PermissionError)  # Windows says so of files that are open
        key = "study.folder_barred" if barred else "study.folder_in_use"
        raise StudyError(Message(key, folder=folder.name, problem=str(problem.strerror))) from problem


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return the files of a folder by their names in it."""
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
