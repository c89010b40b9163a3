"""`run` of a programme: every claim estimated, a report a language and the record, put in their place at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asn_impact.errors import StudyError
from asn_impact.study.evidence import source_of
from asn_impact.study.running import MADE_BY, RECORD, Finished, put, refuse_foreign, refuse_gaps, work_beside, write
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, each_once

if TYPE_CHECKING:
    from asn_impact.reporting.findings import Finding
    from asn_impact.study.programme import Programme

__all__ = ["put_reports", "run_programme", "told"]


def run_programme(programme: Programme) -> Finished:
    """Do the whole job of a programme and return where the results are; the same files give the same bytes.

    Raises
    ------
    StudyError
        Data cannot be read as the file says, or the folder cannot be written or holds something else.
    PrivacyError
        Something that identifies a person was about to leave.
    """
    return Finished(*_work(programme))


@public_verb
def _work(programme: Programme) -> tuple[Path, tuple[str, ...], Message | None, tuple[Message, ...]]:
    from tqdm import tqdm

    about = programme.about
    refuse_foreign(about)
    findings = tuple(programme[claim.id] for claim in tqdm(programme.claims, disable=None, leave=False))
    put_reports(programme, findings, about.folder)
    notes = each_once(*(finding.notes for finding in findings))
    refusals = [finding.refusal for finding in findings if finding.refusal is not None]
    refusal = refusals[0] if len(refusals) == len(findings) else None
    return about.folder, _told(programme, findings), refusal, notes


def put_reports(programme: Programme, findings: tuple[Finding, ...], folder: Path) -> list[Path]:
    """Put the reports of all languages and the record in their place at once; return the files of the reports."""
    about = replace(programme.about, folder=folder)
    refuse_foreign(about)
    refuse_changed(programme)
    with work_beside(about) as fresh:
        written = [
            path for language in about.languages for path in programme.write(language, fresh, findings, earlier=folder)
        ]
        names = [path.relative_to(fresh).as_posix() for path in written]
        refuse_gaps(folder, fresh, names)
        write(fresh / RECORD, _record(programme, findings, {name: fresh / name for name in names}))
        put(folder, fresh, (*names, RECORD))
    return [folder / name for name in names]


def refuse_changed(programme: Programme) -> None:
    """Refuse claims of which some read a file before, and some after, it was changed."""
    seen: dict[str, set[tuple[str, str]]] = {}
    for claim, evidence in programme.computed:
        own = {(source.name, source.sha256) for source in evidence.ready.sources}
        before = seen.setdefault(claim.file, own)
        if changed := sorted({name for name, _ in own - before} & {name for name, _ in before - own}):
            raise StudyError(Message("programme.changed_meanwhile", files=tuple(changed)))


def _told(programme: Programme, findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(told(finding, programme.about.languages[0], programme) for finding in findings)


def told(finding: Finding, language: Language, programme: Programme) -> str:
    """Return a finding in a paragraph: its name, what was found, and its grade."""
    from asn_impact.reporting.argument import say_grade
    from asn_impact.reporting.family import weak_in_family
    from asn_impact.reporting.prose import say_finding

    if finding.inference is None:
        parts = [finding.refusal] if finding.refusal is not None else []
    else:
        parts = say_finding(finding.inference, level=programme.about.level, grade=finding.grade)
        weak = weak_in_family(finding, programme.family, programme.about.level)
        parts += [*([] if weak is None else [weak]), *(say_grade(scrutiny) for scrutiny in finding.scrutinies)]
    said = Message("claims.page.of", label=finding.label, said=Message("common.paragraph", parts=tuple(parts)))
    return f"{said.text(language).text} [{source_of(programme.about).text(language)}]"


def _record(programme: Programme, findings: Sequence[Finding], files: dict[str, Path]) -> bytes:
    """Return what was run and what came of it: no clock, no machine."""
    from asn_impact.reporting.family import family_of
    from asn_impact.reporting.provenance import provenance, sha256

    family, about = family_of(findings, correction=programme.shared.correction), programme.about
    facts = {
        "made_by": MADE_BY,
        "title": {language: programme.shared.title.text(language).text for language in about.languages},
        "synthetic": about.synthetic,
        "study_sha256": sha256(programme.shared.file.read_bytes()),
        "findings": list(_told(programme, findings)),
        "claims": {claim.id: repr(claim.study) for claim in programme.claims},
        "family": {"correction": family.correction, "p": dict(family.adjusted)},
        "files": {name: sha256(path.read_bytes()) for name, path in files.items()},
        "provenance": provenance({"level": about.level}, programme.sources),
    }
    return f"{json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()
