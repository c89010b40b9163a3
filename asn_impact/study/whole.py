"""`run` of a programme: every claim estimated, reports, figures and notebooks, put in their place at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asn_impact.errors import StudyError
from asn_impact.reporting.folders import plain_name
from asn_impact.study.evidence import source_of
from asn_impact.study.keys import reading_once
from asn_impact.study.notebooks import Begin, Results, run_notebooks
from asn_impact.study.replacing import refuse_rows, refuse_soon
from asn_impact.study.running import (
    Finished,
    in_each,
    progress,
    put_results,
    record,
    refuse_foreign,
    work_beside,
    write,
)
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Speech, each_once

if TYPE_CHECKING:
    from asn_impact.reporting.findings import Finding
    from asn_impact.study.claims import Claim
    from asn_impact.study.programme import Programme

Tell = Callable[[Message], object]


def run_programme(programme: Programme) -> Finished:
    """Do the whole job of a programme and return where the results are; the same files give the same bytes.

    Raises
    ------
    StudyError
        Data cannot be read as the file says, a notebook fails, or the folder cannot be written or holds something else.
    PrivacyError
        Something that identifies a person was about to leave.
    """
    return Finished(*_work(programme))


@public_verb
def _work(programme: Programme) -> tuple[Any, ...]:
    about, claims = programme.about, programme.claims
    refuse_foreign(about)
    steps = 2 * len(claims) + len(about.languages) + len(about.notebooks)
    with run_notebooks() as begin, progress(about.languages[0], steps) as tell:
        given = begin(about.notebooks)
        findings = programme.found(
            lambda claim: tell(Message("study.step.claim", label=claim.label)),
            lambda finding: refuse_rows(about, {finding.id: finding.ledger}),
        )
        with reading_once():
            refuse_soon(about, lambda language: programme.report(language, findings))
        books = (begin, given) if about.blind is None else None
        _, said = _put(programme, findings, about.folder, tell, books)
    notes = each_once(said, *(finding.notes for finding in findings))
    refusals = [finding.refusal for finding in findings if finding.refusal is not None]
    refusal = refusals[0] if len(refusals) == len(findings) else None
    return about.folder, _told(programme, findings), refusal, notes, tell.spent()


def put_reports(programme: Programme, findings: tuple[Finding, ...], folder: Path) -> list[Path]:
    """Put the reports of all languages and the record in their place at once; return the files of the reports."""
    return _put(programme, findings, folder, bool)[0]


def _put(
    programme: Programme,
    findings: tuple[Finding, ...],
    folder: Path,
    tell: Tell,
    notebooks: tuple[Begin, Results] | None = None,
) -> tuple[list[Path], tuple[Message, ...]]:
    """Put everything in its place at once; return the files, and what has to be said."""
    from asn_impact.reporting.since import say_moved, say_same
    from asn_impact.study.registered import deviations

    about = replace(programme.about, folder=folder)
    refuse_foreign(about)
    refuse_changed(programme)
    with work_beside(about) as fresh:
        books = None if notebooks is None else _begun(programme, findings, fresh, *notebooks)
        written: list[Path] = []
        for language in about.languages:
            tell(Message("study.step.writing", language=language))
            if books is not None and about.figures is not None:  # in all formats first: the report shows some of them
                written += _draw(programme, findings, language, fresh / "figures" / language)
            written += programme.write(language, fresh, findings, earlier=folder)
        if books is not None:
            written += books.finished(tell)
        report = f"report_{about.languages[0]}"
        same, moved = say_same(fresh / report, folder / report), say_moved(fresh / report)
        names = put_results(about, fresh, written, lambda files: _record(programme, findings, files))
    told = [*same, *([] if moved is None else [moved])]
    said = [*deviations(programme)[:1], *(books.said if books is not None else ()), *told]
    return [folder / name for name in names], tuple(said)


def _draw(programme: Programme, findings: Sequence[Finding], language: Language, folder: Path) -> list[Path]:
    """Save the pictures of every primary claim under its name."""
    from asn_impact.reporting.claims import pictures_of
    from asn_impact.reporting.prose import HEADINGS

    about = programme.about
    source = f"{HEADINGS['source'].text(language)}: {source_of(about).text(language)}"
    common: dict[str, Any] = {"source": source, "inputs": programme.sources, "level": about.level}
    return [
        path
        for finding in findings
        if finding.role == "primary"
        for chart in pictures_of(finding, language=Speech(language, finding.nouns), **common)
        for path in chart.save(folder / f"{plain_name(finding.id)}_{chart.kind}")
    ]


# ------------------------------------------------------------------------------------------------------- notebooks


@dataclass(eq=False)
class _Books:
    """Notebooks that run: those of the study file, and one a claim, each held to the number of the report."""

    programme: Programme
    claims: dict[str, tuple[Claim, Finding]]  # by name of the file
    place: Path
    fresh: Path
    begin: Begin
    running: Results = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)

    def finished(self, tell: Tell) -> list[Path]:
        """Return the files of the notebooks; one whose calls do not give the number opens the study file instead."""
        results: dict[str, bytes] = {}
        again: list[Path] = []
        for name, content in self.running.items():
            tell(Message("study.step.running", notebook=name))
            claim, finding = self.claims.get(name, (None, None))
            try:
                results[name] = content.result()
            except StudyError:
                if claim is None:
                    raise
            if claim is not None and finding is not None and not self._gives(results.get(name), finding):
                again.append(self._written(name, claim, finding, opened=True))
                self.said.append(Message("notebook.claim.differs", id=claim.id))
        results |= {name: content.result() for name, content in self.begin(again, trusted=True).items()}
        return [write(self.fresh / "notebooks" / name, content) for name, content in results.items()]

    def _gives(self, content: bytes | None, finding: Finding) -> bool:
        """Return whether the last thing a notebook shows is the number of the report, to the digit."""
        from asn_impact.reporting.tables import results

        if content is None or finding.inference is None:
            return content is not None
        about = self.programme.about
        shown: Any = results(finding.inference, level=about.level).to_frame(about.languages[0])
        last = json.loads(content)["cells"][-1]["outputs"][-1:]
        return any("".join(output["data"]["text/html"]) == shown._repr_html_() for output in last)

    def _written(self, name: str, claim: Claim, finding: Finding, *, opened: bool = False) -> Path:
        from asn_impact.study.as_code import notebook_of

        about = self.programme.about
        book = notebook_of(claim, finding, about.folder / "notebooks", about.languages[0], opened=opened)
        return write(self.place / name, book.written(about.languages[0]))


def _begun(programme: Programme, findings: Sequence[Finding], fresh: Path, begin: Begin, given: Results) -> _Books:
    """Let the notebooks of the claims run while this process writes the reports; the longest begin first."""
    claims: dict[str, tuple[Claim, Finding]] = {}
    read = {claim.id for claim, _ in programme.computed}  # of a file that is refused there are no calls
    for claim, finding in zip(programme.claims, findings, strict=True):
        if claim.id not in read:
            continue
        name = plain_name(claim.id)
        while f"{name}.ipynb" in {*claims, *given}:
            name += "_"
        claims[f"{name}.ipynb"] = (claim, finding)
    place = fresh.parent / "notebooks"  # as deep as the place they will have, so that their paths hold in both
    books = _Books(programme, claims, place, fresh, begin)
    files = {name: books._written(name, *of) for name, of in claims.items()}
    of_two = [name for name, (claim, _) in claims.items() if claim.of is not None]
    begun = begin([files[name] for name in dict.fromkeys([*of_two, *files])], trusted=True)
    books.running = {**given, **{name: begun[name] for name in files}}
    return books


# ------------------------------------------------------------------------------------------------ what is told


def refuse_changed(programme: Programme) -> None:
    """Refuse claims of which some read a file before, and some after, it was changed."""
    seen: dict[str, set[tuple[str, str]]] = {}
    for claim, evidence in programme.computed:
        own = {(source.name, source.sha256) for source in evidence.ready.sources}
        before = seen.setdefault(claim.file, own)
        if changed := sorted({name for name, _ in own - before} & {name for name, _ in before - own}):
            raise StudyError(Message("programme.changed_meanwhile", files=tuple(changed)))


def _told(programme: Programme, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return each finding in a paragraph: its name, what was found, and its grade."""
    from asn_impact.reporting.argument import say_grade
    from asn_impact.reporting.family import family_of, weak_in_family
    from asn_impact.reporting.matrix import under_name
    from asn_impact.reporting.prose import say_finding

    about, family = programme.about, family_of(findings, correction=programme.shared.correction)

    def parts_of(finding: Finding) -> Sequence[Message]:
        if finding.inference is None:
            return [finding.refusal] if finding.refusal is not None else finding.said
        weak = weak_in_family(finding, family, about.level)
        said = say_finding(finding.inference, level=about.level, grade=finding.grade)
        return [*said, *([] if weak is None else [weak]), *map(say_grade, finding.scrutinies)]

    language = about.languages[0]
    source = source_of(about).text(language)
    return tuple(
        f"{under_name([one], parts_of(one)).text(Speech(language, one.nouns)).text} [{source}]" for one in findings
    )


def _record(programme: Programme, findings: Sequence[Finding], files: dict[str, Path]) -> bytes:
    from asn_impact.reporting.family import family_of
    from asn_impact.reporting.provenance import provenance

    family, about = family_of(findings, correction=programme.shared.correction), programme.about
    return record(
        about,
        files,
        title=in_each(programme.shared.title, about),
        study_sha256=programme.shared.sha256,
        findings=_told(programme, findings),
        claims={claim.id: repr(claim.study) for claim in programme.claims},
        family={"correction": family.correction, "p": dict(family.adjusted)},
        provenance=provenance({"level": about.level}, programme.sources),
    )
