"""What study.toml says, read and checked; no data are read and nothing is estimated."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from asn_impact.arguments import did_you_mean
from asn_impact.errors import PROGRAM, StudyError
from asn_impact.intake.formats import KNOWN, ending_of
from asn_impact.study import offers
from asn_impact.study.keys import Place, choose, convert, values
from asn_impact.study.keys import Setting as Setting
from asn_impact.study.kinds import NUMBER, TIMES, one_of
from asn_impact.study.measured import FITTING
from asn_impact.study.offers import FORMATS, SECTIONS
from asn_impact.study.paths import locate, require_file
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, languages, paragraph, verbatim

SEED: Final = 2026  # of the placebo among untrained offices: one for all studies, so that nobody chooses it
_BOTH: Final = ("id", "en")


@dataclass(frozen=True, eq=False)
class Study:
    """What study.toml says, checked; paths are found, nothing is read yet.

    Attributes
    ----------
    file
        The study file.
    title, source
        In each language of `languages`; the source is the line below every figure.
    languages
        Of the report: ``"id"``, ``"en"`` or both.
    synthetic
        True when the data are made up: then every page, figure and table says so.
    data, outcome, calendar, estimator, rule
        Choices with their parameters.
    rollout
        Where it is written who was trained when; None when nobody was: then there is no effect to estimate.
    cluster, weights, partly
        What stands or falls together, and what counts alike.
    level
        Level of the intervals.
    folder
        Where the results go, replaced as a whole.
    figures
        A second place for the figures, or None.
    notebooks
        Notebooks to run, in order.
    formats, reference
        Of the report, and the DOCX whose styles its Word files take (None: ours).
    cells
        True publishes the cells too, so that anyone can run the numbers again; all is then computed from them.
    close
        ``"allow"`` replaces an earlier report also where counts differ from it by a few persons.
    words
        The author's own paragraphs by chapter, in each language.
    looks, look, level_together
        How often the study is looked at, which look this is, and the level of all looks together: `level` is that of
        this one. None where it is looked at once.
    staff, places
        Of a claim of a programme: the list of offices with their staff, and section -> where in the file it was said.
    imprint
        Authors, institution, contact, published and logo, each that is said.
    sha256
        Of the file as it was read; of a claim none.
    events, seed
        A file of dated events for the check of coincidence (None: none), and the seed of the placebo.
    blind
        Seed by which the training is dealt out anew among the offices; None as it was.
    """

    file: Path
    title: Message
    source: Message
    languages: tuple[Language, ...]
    synthetic: bool
    data: Setting
    outcome: Setting
    calendar: Setting
    rollout: Setting | None
    cluster: str
    weights: Literal["units", "records"]
    partly: Literal["left_out", "treated"]
    estimator: Setting
    rule: Setting
    level: float
    folder: Path
    figures: Path | None
    notebooks: tuple[Path, ...]
    formats: tuple[str, ...] = FORMATS
    reference: Path | None = None
    close: Literal["refuse", "allow"] = "refuse"
    cells: bool = False
    words: Mapping[str, Message] = field(default_factory=dict)
    scrutiny: Mapping[str, Any] = field(default_factory=dict)
    seed: int = SEED
    by: str | None = None
    looks: int | None = None
    look: int | None = None
    level_together: float | None = None
    staff: Setting | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    imprint: Mapping[str, Any] = field(default_factory=dict)
    blind: int | None = None
    sha256: str = ""

    def place(self, section: str) -> Place:
        """Return where in the user's own file a section was said, for messages."""
        return Place(self.file, self.places.get(section, section))

    def __repr__(self) -> str:
        effect = f"{self.estimator!r}, {self.rule!r}" if self.rollout is not None else "no rollout, no effect"
        return f"Study({self.title.text(self.languages[0])!r}: {self.data.name}, {self.outcome!r}, {effect})"


@public_verb
def read_study(path: str | Path) -> Study:
    """Return the study a file describes, with every key checked and every path found; no data are read.

    Raises
    ------
    StudyError
        Naming the file, the key, what was found, what was expected and the nearest match.

    Examples
    --------
    >>> read_study("nowhere/study.toml")
    Traceback (most recent call last):
    ...
    asn_impact.errors.StudyError: nowhere/study.toml does not exist. Make one with: asn-impact new nowhere
    """
    file = Path(path)
    sections, digest = _sections(file)
    return replace(study_of(file, sections), sha256=digest)


def study_of(
    file: Path,
    sections: Mapping[str, dict[str, Any]],
    places: Mapping[str, str] | None = None,
    *,
    staff: Setting | None = None,
) -> Study:
    """Return the study that some tables describe; `places` says where in the file each was said."""
    said = places or {}
    place = {name: Place(file, said.get(name, name)) for name in SECTIONS}
    about = values(sections["study"], offers.STUDY, place["study"])
    spoken = about.get("language", _BOTH)
    study = Study(
        file=file,
        title=in_languages(about["title"], spoken, place["study"], "title"),
        source=in_languages(about["source"], spoken, place["study"], "source"),
        languages=spoken,
        synthetic=about.get("synthetic", False),
        data=choose(sections["data"], offers.data(), place["data"]),
        outcome=choose(sections["outcome"], offers.outcomes(), place["outcome"]),
        calendar=choose(sections.get("calendar", {}), offers.calendars(), place["calendar"], "indonesia"),
        rollout=choose(sections["rollout"], offers.rollouts(), place["rollout"]) if "rollout" in sections else None,
        **_design_values(sections, place),
        **_report_values(sections, place),
        **_scrutiny_values(sections, place),
        words={
            chapter: in_languages(text, spoken, place["words"], chapter)
            for chapter, text in values(sections.get("words", {}), offers.WORDS, place["words"]).items()
        },
        places=said,
        staff=staff,
        imprint=_imprint(about, place["study"]),
    )
    _refuse_contradictions(study, sections)
    _try_out(study, place)
    return replace(
        study,
        data=_with_paths(study.data, place["data"], "path"),
        outcome=_with_paths(study.outcome, place["outcome"], "promises"),
        rollout=None if study.rollout is None else _with_paths(study.rollout, place["rollout"], "path", "positions"),
    )


def _imprint(about: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return who wrote the report, the logo found beside the study."""
    said = {key: about[key] for key in ("authors", "institution", "contact", "published", "logo") if key in about}
    return said | ({"logo": _beside(said["logo"], place, "logo")} if "logo" in said else {})


def language_of(path: Path) -> Language:
    """Return the language of what is said about a study: its first, and English where the file does not tell.

    Examples
    --------
    >>> language_of(Path("nowhere/study.toml"))
    'en'
    """
    try:
        about = tomllib.loads(path.read_bytes().decode("utf-8-sig"))["study"]
        needed = about.get("language", _BOTH)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "en"
    first = needed[0] if isinstance(needed, list | tuple) and needed else needed
    return first if isinstance(first, str) and first in languages() else "en"


def _sections(file: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the tables of the file and its digest; their names are checked, their keys not yet."""
    raw, digest = tables_of(file)
    name = file.as_posix()
    if "claim" in raw:
        raise StudyError(Message("programme.many", file=name))
    if "files" in raw:
        raise StudyError(Message("programme.no_claims", file=name))
    for section, table in raw.items():
        if section not in SECTIONS:
            unknown = Message("study.no_section", file=name, section=section)
            there = Message("study.sections", names=SECTIONS)
            raise StudyError(paragraph(unknown, did_you_mean(section, SECTIONS), there))
        if not isinstance(table, dict):
            raise StudyError(Message("study.stands_alone", file=name, key=section))
    missing = [section for section in ("study", "data", "outcome") if section not in raw]
    if missing:
        raise StudyError(Message("study.section_missing", file=name, section=missing[0]))
    return raw, digest


def is_programme(file: Path) -> bool:
    """Return whether a study file has claims."""
    return "claim" in tables_of(file)[0]


def tables_of(file: Path) -> tuple[dict[str, Any], str]:
    """Return what a TOML file holds, nothing of it checked, and the SHA-256 of what was read."""
    name = file.as_posix()
    if (above := next((p for p in file.parents if p.is_file()), None)) is not None:
        raise StudyError(Message("study.inside_a_file", place=name, file=above.as_posix()))
    if not file.is_file():
        raise StudyError(Message("study.no_file", file=name, folder=file.parent.as_posix(), program=PROGRAM))
    try:
        content = file.read_bytes()
        return tomllib.loads(content.decode("utf-8-sig")), hashlib.sha256(content).hexdigest()
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        if ending_of(file) in KNOWN:
            raise StudyError(Message("study.a_table", file=name, program=PROGRAM)) from None
        if isinstance(problem, UnicodeDecodeError):
            raise StudyError(Message("study.no_utf8", file=name)) from problem
        raise StudyError(Message("study.no_toml", file=name, problem=str(problem))) from problem


def in_languages(text: Mapping[str, str], spoken: Iterable[Language], place: Place, key: str) -> Message:
    """Return a text in each language of the report; one text alone stands for all."""
    if "*" in text:
        return verbatim(text["*"])
    missing = [language for language in spoken if language not in text]
    if missing:
        raise place.refuse(Message("study.no_translation", key=key, language=missing[0]))
    return verbatim(text)


def _design_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    design = values(sections.get("design", {"cluster": "office"}), offers.design(), place["design"])
    inference = dict(sections.get("inference", {}))
    level = convert(inference.pop("level", 0.95), NUMBER, place["inference"], "level")
    if not 0 < level < 1:
        raise place["inference"].refuse(Message("study.level", level=str(level)))
    looks = _looks(inference, level, place["inference"])
    estimator, rule = offers.estimators(), offers.rules()
    return {
        "cluster": design["cluster"],
        "weights": design.get("weights", "units"),
        "partly": design.get("partly", "left_out"),
        "by": design.get("by"),
        "level": level,
        **looks,
        "estimator": choose(
            sections.get("estimator", {}), estimator, place["estimator"], default=offers.DEFAULT_ESTIMATOR
        ),
        "rule": choose(inference, rule, place["inference"], default=offers.DEFAULT_RULE),
    }


def _looks(inference: dict[str, Any], level: float, place: Place) -> dict[str, Any]:
    """Return which look this is of how many, with the level that it needs; nothing where there is one."""
    given: dict[str, Any] = {
        key: convert(inference.pop(key), TIMES, place, key) for key in ("looks", "look") if key in inference
    }
    if not given:
        return {}
    if len(given) == 1 or given["look"] > given["looks"]:
        raise place.refuse(Message("study.looks", found=", ".join(f"{key} = {n}" for key, n in given.items())))
    from asn_impact.scrutiny.looks import levels_of_looks

    with place.explaining():
        own = float(levels_of_looks(given["looks"], level=level)[given["look"] - 1])
    return {**given, "level_together": level, "level": own}


def _report_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    report = values(sections.get("report", {}), offers.REPORT, place["report"])
    home = place["report"].file.parent
    notebooks = tuple(home / name for name in report.get("notebooks", ()))
    for notebook in notebooks:
        require_file(notebook, place["report"], "notebooks")
    return {
        "folder": _plain(home / report.get("folder", "result")),
        "figures": _plain(home / report["figures"]) if "figures" in report else None,
        "notebooks": notebooks,
        "formats": _formats(report.get("formats", FORMATS), place["report"]),
        "reference": _beside(report.get("reference"), place["report"], "reference"),
        "close": report.get("close", "refuse"),
        "cells": report.get("cells", False),
    }


def _formats(names: Sequence[str], place: Place) -> tuple[str, ...]:
    for name in names:
        convert(name, one_of(FORMATS), place, "formats")
    return tuple(names)


def _beside(name: str | None, place: Place, key: str) -> Path | None:
    """Return a file beside the study, which must be there."""
    if name is None:
        return None
    require_file(place.file.parent / name, place, key)
    return place.file.parent / name


def _scrutiny_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    """Return the seed of everything drawn beside the rule, and what else the finding is held against."""
    if "scrutiny" not in sections:
        return {}
    parameters = values(sections["scrutiny"], offers.scrutiny(), place["scrutiny"])
    for key in ("events", "lottery"):
        if key in parameters:
            parameters[key] = _beside(parameters[key], place["scrutiny"], key)
    return {"seed": parameters.pop("seed", SEED), "scrutiny": parameters}


def _plain(path: Path) -> Path:
    """Return a path without steps back, as a reader would write it."""
    return Path(os.path.normpath(path))


def _refuse_contradictions(study: Study, sections: Mapping[str, Any]) -> None:
    """Refuse what is well written and makes no sense together."""
    ready, clock = study.data.name == "panel", study.calendar.parameters
    _refuse_unfitting(study, study.outcome, study.place("outcome"))
    _refuse_in_scrutiny(study, ready=ready)
    if ready and "calendar" in sections:
        raise study.place("calendar").refuse(Message("study.no_days"))
    for key in ("times", "hours"):
        if key in clock and clock.get("clock") != "working_hours":
            raise study.place("calendar").refuse(Message("study.no_hours", key=key))
    if study.rollout is not None and "design" not in sections:
        raise study.place("design").refuse(Message("study.no_design"))
    if study.rollout is not None and not ready and study.rollout.name != "training":
        needed = ("path", "unit") if study.rollout.name == "panel" else ("path", "unit", "period")
        missing = [key for key in needed if key not in study.rollout.parameters]
        if missing:
            raise study.place("rollout").refuse(Message("study.no_panel", key=missing[0]))


def _refuse_unfitting(study: Study, outcome: Setting, place: Place) -> None:
    """Refuse an outcome that these data cannot have."""
    known = FITTING[study.data.name]
    if outcome.name not in known:
        raise place.refuse(Message("study.kinds_differ", outcome=outcome.name, data=study.data.name, known=known))


def _refuse_in_scrutiny(study: Study, *, ready: bool) -> None:
    """Refuse checks that the data of the study cannot answer, or that contradict each other."""
    place, given = study.place("scrutiny"), study.scrutiny
    if given.get("assignment", "lottery") != "lottery" and "lottery" in given:
        raise place.refuse(Message("study.lottery_or_not", assignment=given["assignment"]))
    if ready and "placebo_services" in given:
        raise place.refuse(Message("study.no_services"))
    other = given.get("placebo_outcome")
    if other is not None:
        _refuse_unfitting(study, other, place)
    if other is not None:
        with place.explaining():
            other.made()


def _try_out(study: Study, place: Mapping[str, Place]) -> None:
    """Make the outcome, the estimator and the rule once: what they refuse is refused here, before data are read."""
    for section, setting in (("outcome", study.outcome), ("estimator", study.estimator), ("inference", study.rule)):
        with place[section].explaining():
            setting.made()
    from asn_impact.scrutiny.scrutinise import check_said

    with place["scrutiny"].explaining():
        check_said(study.outcome.made(), **study.scrutiny)


def _with_paths(setting: Setting, place: Place, *names: str) -> Setting:
    """Return the setting with the files it names found."""
    given = {key: setting.parameters[key] for key in names if key in setting.parameters}
    paths = {
        key: locate(path, place, key) if isinstance(path, str) else tuple(locate(one, place, key) for one in path)
        for key, path in given.items()
    }
    return replace(setting, parameters={**setting.parameters, **paths})
