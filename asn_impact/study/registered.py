"""What was decided before the results: the claims, how each is computed, and what the files held then."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import StudyError
from asn_impact.verbs import public_verb
from asn_impact.words import Message

if TYPE_CHECKING:
    from asn_impact.study.claims import Claim
    from asn_impact.study.programme import Programme

__all__ = ["deviations", "register"]

FILE: Final = "registered.json"
MADE_BY: Final = "asn_impact register"
_PARTS: Final = ("asks", "course", "rollout", "measure", "role", "hoped", "estimator", "inference", "design", "level")


@public_verb
def register(programme: Programme, *, today: dt.date | None = None) -> Path:
    """Lock the claims of a programme in a file, before there are results; return the file.

    The report compares what was run with it and prints every deviation.

    Raises
    ------
    StudyError
        The file is there already: what is locked is not changed in silence.
    """
    file = programme.shared.registered or programme.shared.file.parent / FILE
    if file.exists():
        raise StudyError(Message("programme.registered_already", file=file.name))
    facts = {
        "made_by": MADE_BY,
        "on": (today or dt.date.today()).isoformat(),
        "claims": {claim.id: _facts(claim) for claim in programme.claims},
        "correction": programme.shared.correction,
        "files": _fingerprints(programme),
    }
    file.write_text(f"{json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True)}\n", encoding="utf-8")
    return file


def deviations(programme: Programme) -> tuple[Message, ...]:
    """Return when the claims were locked, and everything that is not as it was locked; nothing where none were."""
    file = programme.shared.registered or programme.shared.file.parent / FILE
    if not file.exists():
        if programme.shared.registered is None:
            return ()
        raise StudyError(Message("programme.not_registered", file=file.name))
    locked: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    before, now = locked["claims"], {claim.id: _facts(claim) for claim in programme.claims}
    said = [Message("programme.added", id=name) for name in now if name not in before]
    said += [Message("programme.dropped", id=name) for name in before if name not in now]
    for name in (name for name in now if name in before):
        said += [
            Message(
                "programme.changed", id=name, part=part, before=str(before[name].get(part)), now=str(now[name][part])
            )
            for part in _PARTS
            if before[name].get(part) != now[name][part]
        ]
    if locked["correction"] != programme.shared.correction:
        said.append(
            Message(
                "programme.changed",
                id="family",
                part="correction",
                before=locked["correction"],
                now=programme.shared.correction,
            )
        )
    prints = _fingerprints(programme)
    changed = tuple(name for name in {**prints, **locked["files"]} if prints.get(name) != locked["files"].get(name))
    said += [Message("programme.other_data", files=changed)] if changed else []
    head = Message("programme.registered", on=dt.date.fromisoformat(locked["on"]), n=len(before), deviations=len(said))
    return (head, *said)


def _facts(claim: Claim) -> dict[str, Any]:
    """Return what a claim is, as text that says the same on every machine."""
    study, home = claim.study, claim.study.file.parent
    rollout = None if study.rollout is None else repr(study.rollout)
    facts = {
        "asks": claim.label.text("en").text,
        "course": claim.course,
        "rollout": rollout,
        "measure": repr(study.outcome),
        "role": claim.role,
        "hoped": claim.hoped,
        "estimator": repr(study.estimator),
        "inference": repr(study.rule),
        "design": f"{study.cluster}, {study.weights}, {study.partly}",
        "level": study.level,
    }
    return {
        key: value.replace(f"{home.as_posix()}/", "") if isinstance(value, str) else value
        for key, value in facts.items()
    }


def _fingerprints(programme: Programme) -> dict[str, str]:
    """Return the SHA-256 of every file that the claims name, by its name beside the study."""
    home = programme.shared.file.parent
    paths: set[Path] = set()
    for claim in programme.claims:
        settings = (claim.study.data, claim.study.rollout, claim.study.staff)
        for value in (setting.parameters.get("path") for setting in settings if setting is not None):
            for path in value if isinstance(value, tuple | list) else [value]:
                if isinstance(path, Path):
                    paths |= {p for p in path.rglob("*") if p.is_file()} if path.is_dir() else {path}
    return {_name(p, home): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(paths)}


def _name(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name
