"""What study.toml says, read and checked; no data are read and nothing heavy is imported."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from asn_impact.errors import StudyError, nearest
from asn_impact.study.keys import (
    Days,
    Keys,
    Language,
    Languages,
    Names,
    Numbers,
    Place,
    Text,
    Words,
    converted,
    in_languages,
    values,
)
from asn_impact.study.paths import located, require_file

__all__ = ["DATA", "ESTIMATOR", "OUTCOME", "ROLLOUT", "RULE", "SECTIONS", "Setting", "Study", "read_study"]


@dataclass(frozen=True, eq=False)
class Setting:
    """A choice and its parameters, as the study states them.

    Attributes
    ----------
    name
        The word in the file: ``records``, ``restricted_mean``, ``group_time``, ...
    parameters
        What stands beside it.
    home
        Where the thing itself is, as ``module:name``.

    Examples
    --------
    >>> Setting("within", {"days": 5}, "asn_impact.measures.outcomes:Within").made()
    Within(days=5, counted_in='working days')
    """

    name: str
    parameters: Mapping[str, Any]
    home: str = ""

    def made(self) -> Any:  # noqa: ANN401 - an outcome, an estimator or a rule
        """Return the thing itself: its home called with the parameters."""
        module, _, name = self.home.partition(":")
        return getattr(import_module(module), name)(**self.parameters)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.parameters.items())})"


_STUDY: Final = Keys(
    {"title": Text, "source": Text, "language": Languages, "synthetic": bool}, required=("title", "source")
)
_CASES: Final = {
    **{"path": str, "table": str, "as_of": dt.date, "office": str},
    **{"columns": Names, "dates": Names, "unused": Words},
}
DATA: Final[Mapping[str, Keys]] = {
    "records": Keys(
        {
            **_CASES,
            "keep": Words,
            "status_words": Names,
            "selection": Literal["received", "completed"],
        },
        required=("path", "as_of"),
        home="asn_impact.intake.exports:read_exports",
    ),
    "steps": Keys(
        {**_CASES, "finished": Words, "last_step": str},
        required=("path", "as_of"),
        home="asn_impact.intake.exports:read_steps",
    ),
    "panel": Keys(
        {
            "path": str,
            "columns": Keys({"unit": str, "period": str, "weights": str, "sizes": str}, required=("unit", "period")),
            "attributes": Words,
            "numbers": Literal["1.234,56", "1,234.56"],
        },
        required=("path", "columns"),
    ),
}
OUTCOME: Final[Mapping[str, Keys]] = {
    "restricted_mean": Keys({"horizon": int}, ("horizon",), "asn_impact.measures.outcomes:RestrictedMean"),
    "within": Keys({"days": int}, ("days",), "asn_impact.measures.outcomes:Within"),
    "count": Keys({}, (), "asn_impact.measures.outcomes:Count"),
    "score": Keys({"column": str, "unit": str}, ("column",), "asn_impact.measures.outcomes:Score"),
    "share": Keys({"column": str}, ("column",), "asn_impact.measures.outcomes:Share"),
    "mean": Keys({"column": str, "unit": str}, ("column",)),
}
_CLOCK: Final = Literal["working_days", "calendar_days", "working_hours"]
_CALENDAR: Final[Mapping[str, Keys]] = {
    "indonesia": Keys({"closures": Days, "six_day_until": dt.date, "clock": _CLOCK, "times": Names}),
    "weekdays": Keys(
        {"first": dt.date, "last": dt.date, "holidays": Days, "clock": _CLOCK, "times": Names},
        required=("first", "last"),
    ),
}
ROLLOUT: Final[Mapping[str, Keys]] = {
    "training": Keys(
        {
            "path": str,
            "table": str,
            "course": str,
            "provider": str,
            "completion": Literal["passed", "attended"],
            "share": float,
            "dose": Literal["share", "hours"],
            "positions": str,
            "position_columns": Names,
            "staff": Numbers,
            "columns": Names,
            "dates": Names,
            "unused": Words,
            "offices": Names,
        },
        required=("path",),
    ),
    "panel": Keys({"path": str, "unit": str, "adopted": str}, required=("adopted",)),
    "status": Keys(
        {
            "path": str,
            "unit": str,
            "period": str,
            "treated": str,
            "absorbing": Literal["required", "first"],
        },
        required=("treated",),
    ),
}
_DESIGN: Final = Keys({"cluster": str, "weights": Literal["units", "records"]}, required=("cluster",))
ESTIMATOR: Final[Mapping[str, Keys]] = {
    "group_time": Keys(
        {
            "controls": Literal["never", "not_yet"],
            "anticipation": int,
            "base": Literal["universal", "varying"],
            "sample": Literal["pairs", "cross_sections"],
        },
        home="asn_impact.estimation.group_time:GroupTime",
    ),
    "two_way": Keys({"regressors": Words, "covariates": Words}, home="asn_impact.estimation.two_way:TwoWay"),
    "imputation": Keys({}, home="asn_impact.estimation.imputation:Imputation"),
    "two_stage": Keys({}, home="asn_impact.estimation.imputation:TwoStage"),
    "saturated": Keys({}, home="asn_impact.estimation.saturated:Saturated"),
    "interaction_weighted": Keys({}, home="asn_impact.estimation.saturated:InteractionWeighted"),
    "synthetic_did": Keys({}, home="asn_impact.estimation.synthetic_did:SyntheticDiD"),
}
_DRAWS: Final = {"reps": int, "seed": int}
RULE: Final[Mapping[str, Keys]] = {
    "bias_reduced": Keys(
        {"degrees": Literal["welch", "satterthwaite"]}, home="asn_impact.estimation.jackknife:BiasReduced"
    ),
    "jackknife": Keys({"degrees": Literal["welch", "satterthwaite"]}, home="asn_impact.estimation.jackknife:Jackknife"),
    "cluster_robust": Keys({"correction": Literal["CR0", "CR1"]}, home="asn_impact.estimation.inference:ClusterRobust"),
    "classical": Keys({}, home="asn_impact.estimation.inference:Classical"),
    "wild_bootstrap": Keys(_DRAWS, ("reps", "seed"), "asn_impact.estimation.resampling:WildBootstrap"),
    "permutation": Keys(
        {**_DRAWS, "strata": str | None}, ("reps", "seed"), "asn_impact.estimation.resampling:Permutation"
    ),
    "placebo": Keys(_DRAWS, ("reps", "seed"), "asn_impact.estimation.placebo:Placebo"),
}
_REPORT: Final = Keys({"folder": str, "figures": str, "notebooks": Words, "formats": Words, "reference": str})
_WORDS: Final = Keys(dict.fromkeys(("foreword", "introduction", "conclusion", "recommendations"), Text))
_SCRUTINY: Final = Keys({"events": str, "seed": int})
SEED: Final = 2026  # of the placebo among untrained offices: one for all studies, so that nobody chooses it
SECTIONS: Final = (
    *("study", "data", "outcome", "calendar", "rollout", "design", "estimator", "inference", "report"),
    *("scrutiny", "words", "plan"),  # plan is read by study/planned.py
)


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
    cluster, weights
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
    words
        The author's own paragraphs by chapter, in each language.
    events, seed
        A file of dated events for the check of coincidence (None: none), and the seed of the placebo.
    """

    file: Path
    title: Text
    source: Text
    languages: tuple[Language, ...]
    synthetic: bool
    data: Setting
    outcome: Setting
    calendar: Setting
    rollout: Setting | None
    cluster: str
    weights: Literal["units", "records"]
    estimator: Setting
    rule: Setting
    level: float
    folder: Path
    figures: Path | None
    notebooks: tuple[Path, ...]
    formats: tuple[str, ...] = ("html", "docx", "pdf")
    reference: Path | None = None
    words: Mapping[str, Text] = field(default_factory=dict)
    events: Path | None = None
    seed: int = SEED

    def __repr__(self) -> str:
        effect = f"{self.estimator!r}, {self.rule!r}" if self.rollout is not None else "no rollout, no effect"
        return f"Study({self.title[self.languages[0]]!r}: {self.data.name}, {self.outcome!r}, {effect})"


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
    sections = _sections(file)
    place = {name: Place(file, name) for name in SECTIONS}
    said = values(sections["study"], _STUDY, place["study"])
    languages = said.get("language", ("id", "en"))
    study = Study(
        file=file,
        title=in_languages(said["title"], languages, place["study"], "title"),
        source=in_languages(said["source"], languages, place["study"], "source"),
        languages=languages,
        synthetic=said.get("synthetic", False),
        data=_setting(sections["data"], DATA, place["data"], key="kind"),
        outcome=_setting(sections["outcome"], OUTCOME, place["outcome"], key="kind"),
        calendar=_setting(
            {"kind": "indonesia", **sections.get("calendar", {})}, _CALENDAR, place["calendar"], key="kind"
        ),
        rollout=_setting(sections["rollout"], ROLLOUT, place["rollout"], key="kind") if "rollout" in sections else None,
        **_design_values(sections, place),
        **_report_values(sections, place),
        **_scrutiny_values(sections, place),
        words={
            chapter: in_languages(text, languages, place["words"], chapter)
            for chapter, text in values(sections.get("words", {}), _WORDS, place["words"]).items()
        },
    )
    _refuse_contradictions(study, sections)
    return replace(study, data=_found(study.data, place["data"]), rollout=_found(study.rollout, place["rollout"]))


def _sections(file: Path) -> dict[str, dict[str, Any]]:
    """Return the tables of the file; their names are checked, their keys not yet."""
    if not file.is_file():
        folder = file.parent.as_posix()
        raise StudyError(f"{file.as_posix()} does not exist. Make one with: asn-impact new {folder}")
    try:
        raw = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise StudyError(f"{file.as_posix()} is not UTF-8 text. Save it as UTF-8.") from problem
    except tomllib.TOMLDecodeError as problem:
        raise StudyError(
            f"{file.as_posix()} is not valid TOML: {problem}. Texts and dates need their quotes."
        ) from problem
    for name, table in raw.items():
        if name not in SECTIONS:
            raise StudyError(
                f"{file.as_posix()}: [{name}] is not a section.{nearest(name, SECTIONS)} "
                f"Sections: {', '.join(SECTIONS)}."
            )
        if not isinstance(table, dict):
            raise StudyError(f"{file.as_posix()}: {name!r} stands alone. Expected a section: [{name}].")
    missing = [name for name in ("study", "data", "outcome") if name not in raw]
    if missing:
        raise StudyError(f"{file.as_posix()} has no [{missing[0]}]. Expected [study], [data] and [outcome] at least.")
    return raw


def _design_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    design = values(sections.get("design", {"cluster": "office"}), _DESIGN, place["design"])
    inference = dict(sections.get("inference", {}))
    level = converted(inference.pop("level", 0.95), float, place["inference"], "level")
    if not 0 < level < 1:
        raise place["inference"].refuse(f"level is {level}; expected a share between 0 and 1, such as 0.95.")
    return {
        "cluster": design["cluster"],
        "weights": design.get("weights", "units"),
        "level": level,
        "estimator": _setting(
            {"name": "group_time", **sections.get("estimator", {})}, ESTIMATOR, place["estimator"], key="name"
        ),
        "rule": _setting({"rule": "bias_reduced", **inference}, RULE, place["inference"], key="rule"),
    }


def _report_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    report = values(sections.get("report", {}), _REPORT, place["report"])
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
    }


FORMATS: Final = ("html", "docx", "pdf")


def _formats(given: Sequence[str], place: Place) -> tuple[str, ...]:
    if strange := [name for name in given if name not in FORMATS]:
        raise place.refuse(f"formats names {strange[0]!r}. Expected some of: {', '.join(FORMATS)}.")
    return tuple(given)


def _beside(name: str | None, place: Place, key: str) -> Path | None:
    """Return a file beside the study, which must be there."""
    if name is None:
        return None
    require_file(place.file.parent / name, place, key)
    return place.file.parent / name


def _scrutiny_values(sections: Mapping[str, dict[str, Any]], place: Mapping[str, Place]) -> dict[str, Any]:
    given = values(sections.get("scrutiny", {}), _SCRUTINY, place["scrutiny"])
    return {
        "events": _beside(given.get("events"), place["scrutiny"], "events"),
        "seed": given.get("seed", SEED),
    }


def _plain(path: Path) -> Path:
    """Return a path without steps back, as a reader would write it."""
    return Path(os.path.normpath(path))


def _refuse_contradictions(study: Study, sections: Mapping[str, Any]) -> None:
    """Refuse what is well written and makes no sense together."""
    ready = study.data.name == "panel"
    if ready != (study.outcome.name == "mean"):
        fits = "mean" if ready else ", ".join(name for name in OUTCOME if name != "mean")
        raise Place(study.file, "outcome").refuse(
            f"kind = {study.outcome.name!r} does not go with [data] kind = {study.data.name!r}. Expected: {fits}."
        )
    if ready and "calendar" in sections:
        raise Place(study.file, "calendar").refuse("a ready panel has no days to count. Leave this section out.")
    if "times" in study.calendar.parameters and study.calendar.parameters.get("clock") != "working_hours":
        raise Place(study.file, "calendar").refuse(
            "times is for clock = 'working_hours'. Add the clock, or leave it out."
        )
    if study.rollout is not None and "design" not in sections:
        raise Place(study.file, "design").refuse(
            "is missing. Say what stands or falls together, for instance: cluster = 'office'. It has no default."
        )
    if study.rollout is not None and not ready and study.rollout.name != "training":
        wanted = ("path", "unit") if study.rollout.name == "panel" else ("path", "unit", "period")
        missing = [key for key in wanted if key not in study.rollout.parameters]
        if missing:
            raise Place(study.file, "rollout").refuse(
                f"{missing[0]!r} is missing: the data are no panel to take it from."
            )


def _setting(table: Mapping[str, Any], offers: Mapping[str, Keys], place: Place, *, key: str) -> Setting:
    rest = dict(table)
    name = rest.pop(key, None)
    if not isinstance(name, str) or name not in offers:
        found = (
            f"{key} = {name!r} is not known.{nearest(str(name), offers)}"
            if name is not None
            else f"{key!r} is missing."
        )
        raise place.refuse(f"{found} Expected one of: {', '.join(offers)}.")
    return Setting(name, values(rest, offers[name], place), offers[name].home)


def _found(setting: Any, place: Place) -> Any:  # noqa: ANN401 - a Setting, or None as it came
    """Return the setting with its path found."""
    if setting is None or "path" not in setting.parameters:
        return setting
    return replace(setting, parameters={**setting.parameters, "path": located(setting.parameters["path"], place)})
