"""What was decided before the results: the claims, how each is computed, and what the files held then."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import StudyError
from asn_impact.intake.written import write_new
from asn_impact.study.inputs import WITH_FILES, files_named
from asn_impact.study.keys import Setting
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, languages

if TYPE_CHECKING:
    from asn_impact.study.claims import Claim
    from asn_impact.study.programme import Programme
    from asn_impact.study.settings import Study

FILE: Final = "registered.json"
MADE_BY: Final = "asn_impact register"
LONG: Final = 160  # characters that a reader compares without help
_PARTS: Final = (
    *("asks", "course", "rollout", "measure", "role", "hoped", "estimator", "inference", "design", "level"),
    *("data", "staff", "calendar", "scrutiny", "looks", "kirkpatrick", "of", "by", "worth"),
)


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
    try:
        write_new(file, f"{json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode())
    except FileExistsError:  # another one was faster
        raise StudyError(Message("programme.registered_already", file=file.name)) from None
    return file


def deviations(programme: Programme) -> tuple[Message, ...]:
    """Return when the claims were locked, and everything that is not as it was locked; nothing where none were."""
    file = programme.shared.registered or programme.shared.file.parent / FILE
    if not file.exists():
        if programme.shared.registered is None:
            return ()
        raise StudyError(Message("programme.not_registered", file=file.name))
    locked = _read(file)
    before, now = locked["claims"], {claim.id: _facts(claim) for claim in programme.claims}
    said = [Message("programme.added", id=name) for name in now if name not in before]
    said += [Message("programme.dropped", id=name) for name in before if name not in now]
    for name, was, new in ((name, before[name], now[name]) for name in now if name in before):
        for part in (part for part in _PARTS if part in was and was[part] != new[part]):  # an older lock knows fewer
            ends = _apart(*("–" if one.get(part) is None else str(one[part]) for one in (was, new)))
            said.append(Message("programme.changed", id=name, part=part, **ends))
    if locked["correction"] != (correction := programme.shared.correction):
        ends = {"before": locked["correction"], "now": correction}
        said.append(Message("programme.changed", id="family", part="correction", **ends))
    prints = _fingerprints(programme)
    changed = tuple(name for name in {**prints, **locked["files"]} if prints.get(name) != locked["files"].get(name))
    said += [Message("programme.other_data", files=changed)] if changed else []
    kind = Alert if said else Message
    head = kind("programme.registered", on=dt.date.fromisoformat(locked["on"]), n=len(before), deviations=len(said))
    return (head, *said)


def _apart(before: str, now: str) -> dict[str, str]:
    """Return two long texts without the arguments at the beginning and the end that they share.

    Examples
    --------
    >>> _apart("mean()", "index()")
    {'before': 'mean()', 'now': 'index()'}
    >>> names = ", ".join(f"'D{i}': 'Dinas {i}'" for i in range(20))
    >>> _apart(f"records({names}, as_of=1)", f"records({names}, as_of=2)")["now"]
    "... 'D19': 'Dinas 19', as_of=2)"
    """
    if len(before) + len(now) > LONG:
        old, new = before.split(", "), now.split(", ")
        same = [a == b for a, b in zip(old, new, strict=False)]
        head = max([*same, False].index(False) - 1, 0)  # one that is alike says where
        ends = [a == b for a, b in zip(old[head + 1 :][::-1], new[head + 1 :][::-1], strict=False)]
        tail = max([*ends, False].index(False) - 1, 0)
        cuts = ((one, one[head : len(one) - tail]) for one in (old, new))
        before, now = (f"{'... ' if head else ''}{', '.join(part)}{', ...' if tail else ''}" for _, part in cuts)
    return {"before": before, "now": now}


def _read(file: Path) -> dict[str, Any]:
    """Return what was locked, or refuse a file that is not as `register` wrote it."""
    try:
        locked: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        dt.date.fromisoformat(locked["on"])
        whole = all(isinstance(one, dict) for one in (*locked["claims"].values(), locked["files"]))
        if whole and isinstance(locked["correction"], str):
            return locked
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise StudyError(Message("programme.registered_damaged", file=file.name))


def _facts(claim: Claim) -> dict[str, Any]:
    """Return what a claim is, as text that says the same on every machine: all that its numbers and grade rest on."""
    study, home = claim.study, claim.study.file.parent
    settings = {
        **{"rollout": study.rollout, "measure": study.outcome, "estimator": study.estimator, "inference": study.rule},
        **{"data": study.data, "staff": study.staff, "calendar": study.calendar, "scrutiny": study.scrutiny},
    }
    return {
        "asks": _said(study, claim.label),
        "course": None if claim.course_label is None else f"{claim.course} ({_said(study, claim.course_label)})",
        "kirkpatrick": claim.level,
        "of": None if claim.of is None else claim.of.id,
        "by": claim.by,
        "worth": None
        if claim.worth is None
        else f"{claim.worth!r} {_text(claim.worth.costs, home)} {claim.worth.course}",
        "role": claim.role,
        "hoped": claim.hoped,
        "design": ", ".join(map(str, (study.cluster, study.weights, study.partly, *([study.by] if study.by else [])))),
        "level": study.level,
        "looks": None if study.looks is None else f"{study.look}/{study.looks}",
        **{part: _text(value, home) for part, value in settings.items()},
    }


def _said(study: Study, message: Message) -> str:
    return " / ".join(dict.fromkeys(message.text(language).text for language in study.languages))


def _text(value: Any, home: Path) -> str:  # noqa: ANN401 - whatever a key holds
    """Return a value in the signs of a study file: a path by its name beside it, a label in its languages."""
    if value is None or isinstance(value, bool):
        return "–" if value is None else str(value).lower()
    if isinstance(value, Path):
        return _quoted(_name(value, home))
    if isinstance(value, Message):
        return _quoted(" / ".join(dict.fromkeys(value.text(language).text for language in languages())))
    if isinstance(value, Setting):
        return f"{value.name}({_pairs(value.parameters, home)})"
    if isinstance(value, Mapping):
        return f"{{{_pairs(value, home)}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_text(one, home) for one in value)}]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _pairs(values: Mapping[Any, Any], home: Path) -> str:
    keys = (key if (key := str(name)).replace("-", "_").isidentifier() else _quoted(key) for name in values)
    return ", ".join(f"{key} = {_text(one, home)}" for key, one in zip(keys, values.values(), strict=True))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _fingerprints(programme: Programme) -> dict[str, str]:
    """Return the SHA-256 of every file that the claims name, by its name beside the study; one for those of a name."""
    home = programme.shared.file.parent
    named: dict[str, list[str]] = {}
    every = [getattr(claim.study, part) for claim in programme.claims for part in WITH_FILES]
    every += [claim.worth.costs for claim in programme.claims if claim.worth is not None]
    for path in sorted({path for value in every for path in files_named(value)}):
        named.setdefault(_name(path, home), []).append(hashlib.sha256(path.read_bytes()).hexdigest())
    return {
        name: prints[0] if len(prints) == 1 else hashlib.sha256("".join(prints).encode()).hexdigest()
        for name, prints in named.items()
    }


def _name(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name
