"""What the files of a study hold, whatever else is refused, and what is still open.

Offices and their spellings, words of status, courses; each question with the lines of study.toml that answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pandas as pd

from asn_impact.identifiers import persons_in
from asn_impact.intake.cleaning import STATUSES
from asn_impact.intake.fields.canonical import CASE_FIELDS
from asn_impact.intake.fields.columns import status_meanings
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.fields.labels import TOTAL_LABEL, plain_label, settle_labels
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import TRAINING_FIELDS
from asn_impact.study.prepared import Tried
from asn_impact.study.proposal.facts import Facts, facts
from asn_impact.study.proposal.look import files_in, look
from asn_impact.study.proposal.match import Role, match
from asn_impact.study.proposal.offices import alike, meet
from asn_impact.study.proposal.statuses import propose_statuses, unknown_statuses
from asn_impact.study.proposal.taught import one_course
from asn_impact.study.proposal.write import Question, inline, written
from asn_impact.study.settings import Study
from asn_impact.words import Message, for_file

LONG: Final = 1 << 26  # bytes of exports that are not counted a second time where they could be read
MOST: Final = 200  # offices or words in a table


@dataclass(frozen=True, eq=False)
class Found:
    """Tables for `check`, each empty where it could not be made, and what is still open."""

    files: tuple[tuple[str, int, str], ...] = ()  #: name, rows and hash of what was read, where no extract tells
    headings: Mapping[str, str] = field(default_factory=dict)  #: field -> heading, where no extract tells
    offices: pd.DataFrame = field(default_factory=pd.DataFrame)  #: ``office``, ``rows``, ``spellings``
    #: ``word``, ``rows``, ``dated``, ``meaning`` (a message).
    statuses: pd.DataFrame = field(default_factory=pd.DataFrame)
    courses: pd.DataFrame = field(default_factory=pd.DataFrame)  #: ``course``, ``rows``
    questions: tuple[Question, ...] = ()


def found_in(study: Study, tried: Tried) -> Found:
    """Return what the files of a study hold."""
    if study.data.name != "records":
        return Found()
    of_data = _data(study, tried)
    of_training = _training(study)
    settled = study.data.parameters.get("offices", {})
    needed = ("received", "decided", *(() if "office" in study.data.parameters else ("office",)))
    counts, spellings = _offices(of_data, settled)
    if not counts and tried.extract is not None:
        counts = _counted(tried)
    told_apart = tried.extract is not None and REGENCY in study.data.parameters
    return Found(
        of_data.files,
        of_data.headings,
        _office_table(_counted(tried) if told_apart else counts, spellings),
        _status_table(of_data, study.data.parameters.get("status_words", {})),
        _course_table(of_training),
        (
            *_of_fields(of_data, "data", study.data.parameters["path"], "records", needed),
            *_of_statuses(of_data, study.data.parameters.get("status_words", {})),
            *_of_offices(counts, settled, of_training.words.get("office", {})),
            *_of_training(study, of_training),
            *_of_courses(study, of_training),
            *_of_names(study, of_training, counts),
        ),
    )


def _data(study: Study, tried: Tried) -> Facts:
    given = study.data.parameters
    if tried.extract is not None and _size(given["path"]) > LONG:
        return Facts()
    unused = given.get("unused", ())
    fields = [f for f in CASE_FIELDS if f not in unused and not (f == "office" and "office" in given)]
    others = {key: given[key] for key in ("table", "zone", "sheets") if key in given}
    columns, dates = given.get("columns"), given.get("dates")
    above = given.get("fill_down", ()) if "office" in fields and isinstance(given["path"], Path | tuple) else None
    asked = {"columns": columns, "dates": dates, "fill_down": above, **others}
    return facts(given["path"], fields, ("office", "status"), **asked)


def _size(path: Any) -> int:  # noqa: ANN401 - a path, several, or the address of a server
    paths = path if isinstance(path, tuple | list) else [path]
    files = [f for p in paths if isinstance(p, Path) for f in (p.rglob("*") if p.is_dir() else [p])]
    return sum(f.stat().st_size for f in files if f.is_file()) if files else LONG + 1


def _training(study: Study) -> Facts:
    if study.rollout is None or study.rollout.name != "training":
        return Facts()
    given = study.rollout.parameters
    fields = [f for f in TRAINING_FIELDS if f not in given.get("unused", ())]
    others = {key: given[key] for key in ("table", "zone", "sheets") if key in given}
    columns, dates = given.get("columns"), given.get("dates")
    dates = {f: o for f, o in (dates or {}).items() if f in fields}
    return facts(given["path"], fields, ("office", "course", "passed"), columns=columns, dates=dates, **others)


# --------------------------------------------------------------------------------------------------- tables


def _offices(found: Facts, settled: Mapping[str, str]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Return office -> rows, and office -> its other spellings with their rows; nothing where persons may be named."""
    words = {label: word.rows for label, word in found.words.get("office", {}).items()}
    labels = {label: n for label, n in words.items() if plain_label(label) and not TOTAL_LABEL.match(label)}
    if any(persons_in(label) for label in labels):
        return {}, {}
    changed, _ = settle_labels(labels, settled)
    counts: dict[str, int] = {}
    spellings: dict[str, dict[str, int]] = {}
    for label, n in labels.items():
        office = changed.get(label, label)
        counts[office] = counts.get(office, 0) + n
        if office != label:
            spellings.setdefault(office, {})[label] = n
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))), spellings


def _counted(tried: Tried) -> dict[str, int]:
    assert tried.extract is not None
    rows = tried.extract.records.group_by("office").agg(n=nw.len()).sort("office").collect().rows(named=True)
    return {str(r["office"]): int(r["n"]) for r in sorted(rows, key=lambda r: -int(r["n"]))}


def _office_table(counts: Mapping[str, int], spellings: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    rows = [
        (masked(office, 60), n, ", ".join(f"{masked(a, 60)} ({m})" for a, m in spellings.get(office, {}).items()))
        for office, n in list(counts.items())[:MOST]
    ]
    return pd.DataFrame(rows, columns=["office", "rows", "spellings"])


def _status_table(found: Facts, own: Mapping[str, str]) -> pd.DataFrame:
    words = found.words.get("status", {})
    said = {" ".join(word.split()).casefold(): status for word, status in own.items()}
    known = {**status_meanings(), **said}
    rows = []
    for word, count in list(words.items())[:MOST]:
        plain = " ".join(word.split()).casefold()
        waiting = "open" if "nunggu" in plain else "by_date" if plain in NULL_WORDS else "unknown"
        meaning = Message(f"study.meaning.{known.get(plain, waiting)}")
        rows.append((masked(word), count.rows, "?" if count.dated is None else count.dated, meaning))
    return pd.DataFrame(rows, columns=["word", "rows", "dated", "meaning"])


def _course_table(found: Facts) -> pd.DataFrame:
    courses = {name: word.rows for name, word in found.words.get("course", {}).items() if not persons_in(name)}
    rows = [(masked(name, 60), n) for name, n in list(courses.items())[:MOST]]
    return pd.DataFrame(rows, columns=["course", "rows"])


# ------------------------------------------------------------------------------------------------ questions


def _of_fields(found: Facts, section: str, path: Any, role: Role, needed: Sequence[str]) -> list[Question]:  # noqa: ANN401
    """Ask for the fields that cannot be read or found, each with the line that says which or how."""
    questions = []
    for name, why in found.problems.items():
        if why.key == "intake.dates.either_order":
            lines = (f'{name} = "day-first"', f'# {name} = "month-first"')
            python = f'dates={{"{name}": "day-first"}}'
            questions.append(Question(for_file(why), f"{section}.dates", lines, python))
        else:
            questions.append(Question(for_file(why), section))
    lacking = [name for name in needed if name in found.absent]
    guesses = _guesses(path, role) if lacking else {}
    for name in lacking:
        heading = guesses.get(name, "...")
        what = Message("proposal.absent_field", field=name)
        line = f"{name} = {written(heading)}"
        questions.append(Question(what, f"{section}.columns", (line,), f"columns={{{name!r}: {heading!r}}}"))
    return questions


def _of_training(study: Study, found: Facts) -> list[Question]:
    if study.rollout is None or study.rollout.name != "training":
        return []
    return _of_fields(found, "rollout", study.rollout.parameters["path"], "training", ("office", "course_end"))


def _guesses(path: Any, role: Role) -> dict[str, str]:  # noqa: ANN401 - a path or several
    """Return the headings that could be the fields of a role."""
    paths = [p for p in (path if isinstance(path, tuple | list) else [path]) if isinstance(p, Path)]
    seen, _ = look(files_in(paths)[0])
    return {name: choice.heading for table in seen for name, choice in match(table, role).choices.items()}


def _of_statuses(found: Facts, own: Mapping[str, str]) -> list[Question]:
    said = {" ".join(word.split()).casefold() for word in own}
    words = {w: n for w, n in found.words.get("status", {}).items() if " ".join(w.split()).casefold() not in said}
    unknown = {w: n for w, n in unknown_statuses(words).items() if not persons_in(w)}
    if not unknown:
        return []
    sure, guesses = propose_statuses(unknown)
    every = {**sure, **guesses}
    shown = tuple(Message("intake.status.word", word=masked(w), n=n.rows) for w, n in list(unknown.items())[:10])
    asked = {"n": len(unknown), "words": shown, "first": masked(next(iter(unknown))), "known": STATUSES}
    what = Message("in_file.intake.status.unknown", **asked)
    lines = tuple(f"{inline(w)} = {written(status)}" for w, status in list(every.items())[:40])
    return [Question(what, "data.status_words", lines, f"status_words={every!r}")]


def _of_offices(counts: Mapping[str, int], settled: Mapping[str, str], taught: Iterable[str]) -> list[Question]:
    answered = {*settled, *settled.values()}
    same = alike(counts, [*settled.values(), *taught])
    pairs = [*same.sure.items(), *same.doubtful]
    questions = []
    for first, second in pairs:
        if first in answered and second in answered:
            continue
        n, m = counts.get(first, 0), counts.get(second, 0)
        what = Message("proposal.alike", first=masked(first), second=masked(second), n=n, m=m)
        line = f"{inline(first)} = {written(second)}"
        questions.append(Question(what, "data.offices", (line,), f"offices={{{first!r}: {second!r}}}"))
    return questions


def _of_courses(study: Study, found: Facts) -> list[Question]:
    names = [name for name in found.words.get("course", {}) if not persons_in(name)]
    if study.rollout is None or "course" in study.rollout.parameters or not names or one_course(names) is not None:
        return []
    each = tuple(
        Message("proposal.course", course=masked(name), n=found.words["course"][name].rows) for name in names[:20]
    )
    lines = tuple(f"# course = {written(name)}" for name in names[:20])
    return [Question(Message("proposal.courses", n=len(names), courses=each), "rollout", lines)]


def _of_names(study: Study, found: Facts, offices: Mapping[str, int]) -> list[Question]:
    if study.rollout is None or not offices:
        return []
    settled: Mapping[str, str] = study.rollout.parameters.get("offices", {})
    labels = [plain_label(a) for a in found.words.get("office", {}) if a not in settled and not persons_in(a)]
    met = meet(labels, _units(study, offices))
    lines = [f"{inline(a)} = {written(b)}" for a, b in met.sure.items()]
    lines += [f"# {inline(a)} = {written(b)}" for a, b in met.doubtful]
    lines += [f"# {inline(a)} = {written('-')}" for a in met.unknown if a]
    if not lines:
        return []
    return [Question(Message("proposal.strangers"), "rollout.offices", tuple(lines), f"offices={dict(met.sure)!r}")]


def _units(study: Study, offices: Mapping[str, int]) -> Sequence[str]:
    given = study.data.parameters.get("office")
    return [*offices, *([given] if given is not None else [])]
