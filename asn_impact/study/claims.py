"""One file, many claims: what is said once is put into each [[claim]], which then is a study like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from asn_impact.arguments import did_you_mean
from asn_impact.errors import StudyError
from asn_impact.intake.fields.regencies import regency_key
from asn_impact.measures.outcomes import Better
from asn_impact.study import offers, resting
from asn_impact.study.gains import OF_PERSONS
from asn_impact.study.keys import Keys, Place, Setting, values
from asn_impact.study.kinds import DAY, LABEL, LANGUAGES, PAIRS, TEXT, TEXTS, TRANSLATED, one_of, table_of
from asn_impact.study.paths import locate
from asn_impact.study.resting import COSTS, LEVELS, ROLES, Worth
from asn_impact.study.settings import Study, in_languages, study_of
from asn_impact.words import Language, Message, paragraph, verbatim
from asn_impact.words.catalogue import keys_of

if TYPE_CHECKING:
    from asn_impact.reporting.findings import Role

_SHARED: Final = ("calendar", "design", "estimator", "inference", "scrutiny", "report", "words")
SECTIONS_OF_MANY: Final = ("study", "offices", "training", "events", "assignment", "files", "claim", "family", *_SHARED)
_PERIODS: Final = ("month", "quarter", "half_year", "year")

_STUDY: Final = Keys({**offers.STUDY.kinds, "as_of": DAY, "language": LANGUAGES}, offers.STUDY.required)
_OFFICES: Final = Keys({"path": TEXT, "columns": PAIRS, "aliases": PAIRS, "regency": TEXT})
_EVENTS: Final = Keys({"path": TEXT}, ("path",))
_ASSIGNMENT: Final = Keys({"kind": one_of(("comparison", "lottery", "before_after")), "certificate": TEXT}, ("kind",))
_FAMILY: Final = Keys({"correction": one_of(("romano_wolf", "holm")), "registered": TEXT})
_ANY_TABLE: Final = table_of((), lambda table, _place: dict(table))
_TEXT_OR_TABLE: Final = replace(TEXT, table=_ANY_TABLE.table)


def _there(where: str) -> Message:
    return Message("study.elsewhere.there", where=where)


_CLAIM: Final = Keys(
    {
        **{"id": TEXT, "asks": TRANSLATED, "file": TEXT, "course": TEXT, "measure": _ANY_TABLE},
        **{
            "hoped": one_of(("lower", "higher")),
            "role": one_of(ROLES),
            "level": one_of(LEVELS),
            "period": one_of(_PERIODS),
        },
        **{"estimator": _TEXT_OR_TABLE, "inference": _ANY_TABLE, "design": _ANY_TABLE, "scrutiny": _ANY_TABLE},
        **{"secondary": TEXTS, "placebo": TEXTS},
    },
    ("id", "asks", "file", "measure"),
    elsewhere={
        **dict.fromkeys(("share", "match", "staff", "dose", "partial"), _there("[training.courses]")),
        **dict.fromkeys(("path", "kind", "as_of", "columns", "offices"), _there("[files]")),
        **dict.fromkeys(("outcome", "horizon", "column"), _there('measure = {kind = "...", ...}')),
        **dict.fromkeys(("title", "label", "question"), _there('asks = "..."')),
    },
)


@dataclass(frozen=True, eq=False)
class Claim:
    """A claim of a programme: what is asked, and the study that answers it."""

    #: Its name, and what it asks in each language.
    id: str
    label: Message
    #: Key of its course in the file, and what the course is called; None where there is one rollout without courses.
    course: str | None
    course_label: Message | None
    file: str  #: key of its file
    #: See `Finding`.
    role: Role
    hoped: Better | None
    level: Literal[1, 2, 3, 4] | None  #: of Kirkpatrick, 1 to 4; None where it is not said
    study: Study  #: the study: everything from here on is that of a single study
    #: The claim that this one rests on; the groups whose effects it compares, or what the effect cost.
    of: Claim | None = None
    by: str | None = None
    worth: Worth | None = None

    def __repr__(self) -> str:
        return f"Claim({self.id!r}: {self.label}, {self.role}, {self.study.outcome!r} of {self.file})"


@dataclass(frozen=True, eq=False)
class Shared:
    """What a file of many claims says once, checked."""

    file: Path
    #: Of the whole evaluation.
    title: Message
    source: Message
    #: How the family of primary claims is corrected, and the file in which they were locked; None where there is none.
    correction: Any
    registered: Path | None
    aliases: Mapping[str, str]  #: short name of an office -> its name
    sha256: str = ""  #: of the file as it was read


def _element(name: str, language: Language) -> str:
    """Return what an element of a survey is called in a language; one of a questionnaire of its own as it is."""
    key = f"score.{name}.short"
    said = Message(f"outcomes.{key}").text(language).text if key in keys_of("outcomes") else name
    return said[:1].lower() + said[1:]


def claims_of(file: Path, raw: Mapping[str, Any]) -> tuple[Shared, tuple[Claim, ...]]:
    """Return what is said once, and every claim with its study.

    Raises
    ------
    StudyError
        Naming the place in the file, the key, what was found, what was expected and the nearest match.
    """
    _refuse_unknown(file, raw)
    once = _Once(file, raw)
    claims = list(once.every(raw["claim"]))
    twice = [claim.id for claim in claims]
    for name in twice:
        if twice.count(name) > 1:
            raise Place(file, "claim").refuse(Message("programme.id_twice", id=name))
    return once.shared(), tuple(claims)


def _refuse_unknown(file: Path, raw: Mapping[str, Any]) -> None:
    name = file.as_posix()
    for section, table in raw.items():
        if section in {"data", "outcome", "rollout", "plan"}:
            raise StudyError(Message("programme.of_one", file=name, section=section))
        if section not in SECTIONS_OF_MANY:
            unknown = Message("study.no_section", file=name, section=section)
            known = Message("study.sections", names=SECTIONS_OF_MANY)
            raise StudyError(paragraph(unknown, did_you_mean(section, SECTIONS_OF_MANY), known))
        if section == "claim":
            if not (isinstance(table, list) and table and all(isinstance(t, dict) for t in table)):
                raise StudyError(Message("programme.claim_is_list", file=name))
        elif not isinstance(table, dict):
            raise StudyError(Message("study.stands_alone", file=name, key=section))
    for section in ("study", "files"):
        if section not in raw:
            raise StudyError(Message("study.section_missing", file=name, section=section))


class _Once:
    """The tables that are said once, and how they enter a claim."""

    def __init__(self, file: Path, raw: Mapping[str, Any]) -> None:
        self.file, self.raw = file, raw
        self.about = values(raw["study"], _STUDY, self.at("study"))
        self.offices = values(raw.get("offices", {}), _OFFICES, self.at("offices"))
        self.events = values(raw["events"], _EVENTS, self.at("events")) if "events" in raw else {}
        self.given = values(raw["assignment"], _ASSIGNMENT, self.at("assignment")) if "assignment" in raw else {}
        self.family = values(raw.get("family", {}), _FAMILY, self.at("family"))
        self.spoken: Sequence[str] = self.about.get("language", ("id", "en"))

    def at(self, section: str) -> Place:
        return Place(self.file, section)

    def shared(self) -> Shared:
        registered = self.family.get("registered")
        return Shared(
            self.file,
            in_languages(self.about["title"], self.spoken, self.at("study"), "title"),
            in_languages(self.about["source"], self.spoken, self.at("study"), "source"),
            self.family.get("correction", "romano_wolf"),
            None if registered is None else self.file.parent / registered,
            self.offices.get("aliases", {}),
        )

    # ------------------------------------------------------------------------------------------------ a claim

    def every(self, tables: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
        """Give the claims in the order of the file; those that rest on another find it wherever it stands."""
        own = [None if resting.rests(table) else tuple(self.claims(table)) for table in tables]
        known = {claim.id: claim for claims in own if claims is not None for claim in claims}
        for table, claims in zip(tables, own, strict=True):
            yield from (self._derived(table, known),) if claims is None else claims

    def _derived(self, table: Mapping[str, Any], known: Mapping[str, Claim]) -> Claim:
        """Return a claim on the effect of another one: by groups, or against what it cost."""
        name = table.get("id")
        place = self.at(f"claim {name}" if isinstance(name, str) else "claim")
        given = values(table, resting.keys_of_resting(table, place), place)
        if given["of"] not in known:
            unknown = Message("programme.no_of", of=given["of"])
            names = Message("programme.known", names=tuple(known))
            raise place.refuse(paragraph(unknown, did_you_mean(given["of"], known), names))
        of = known[given["of"]]
        label = resting.asked(of.label, given)
        if "asks" in given:
            label = in_languages(given["asks"], self.spoken, place, "asks")
        how: dict[str, Any] = {"by": given.get("by")}
        if COSTS in given:
            file, kind = self._file(given[COSTS], place)
            if kind != COSTS:
                raise place.refuse(Message("programme.not_costs", file=given[COSTS], kind=kind))
            courses = self.raw.get("training", {}).get("courses", {})
            how = {"worth": resting.worth_of(given, file, courses, of.course, self.at(f"files.{given[COSTS]}"))}
        role, level = given.get("role", "exploratory"), given.get("level", of.level)
        return replace(of, id=given["id"], label=label, role=role, level=level, of=of, **how)

    def claims(self, table: Mapping[str, Any]) -> Iterator[Claim]:
        """Give the claim of a table, and those of its secondary and placebo elements."""
        name = table.get("id")
        place = self.at(f"claim {name}" if isinstance(name, str) else "claim")
        given = values(table, _CLAIM, place)
        if "level" in given.get("inference", {}):
            raise place.refuse(Message("programme.level_once"))
        yield self._claim(self._with_placebo(given), place)
        roles = {**dict.fromkeys(given.get("secondary", ()), "secondary")}
        roles |= dict.fromkeys(given.get("placebo", ()), "placebo")
        for element, role in roles.items():
            measure = {"kind": "element", "of": element}
            asks = {lang: f"{_said(given['asks'], lang)} ({_element(element, lang)})" for lang in self.spoken}
            unsaid = {"hoped", "scrutiny"} if role == "placebo" else set()
            rest = {key: value for key, value in given.items() if key not in unsaid}
            own = {**rest, "id": f"{given['id']}-{element}", "asks": asks, "measure": measure, "role": role}
            yield self._claim(own, place)

    def _with_placebo(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a claim that is held against its first placebo element, where answers allow it."""
        file = self.raw["files"].get(given["file"], {})
        if not given.get("placebo") or not isinstance(file, dict) or file.get("kind") != "survey":
            return given
        own = {"placebo_outcome": {"kind": "element", "of": given["placebo"][0]}}
        return {**given, "scrutiny": {**own, **given.get("scrutiny", {})}}

    def _claim(self, given: Mapping[str, Any], place: Place) -> Claim:
        data, kind = self._data(given["file"], place)
        rollout, places, course_label = self._rollout(given.get("course"), place)
        if kind in OF_PERSONS:  # who was trained is in the file
            rollout = None
        _refuse_two_regencies(data, rollout or {}, place)
        sections: dict[str, Any] = {
            "study": {key: value for key, value in self.raw["study"].items() if key != "as_of"}
            | {"title": given["asks"].get("*", given["asks"])},
            "data": data,
            "outcome": self._outcome(given, kind, place),
            **{name: self.raw[name] for name in _SHARED if name in self.raw},
            **({} if rollout is None else {"rollout": rollout}),
        }
        if kind == "panel" or kind in OF_PERSONS:
            sections.pop("calendar", None)
        cluster = data.get("columns", {}).get("unit", "office") if kind == "panel" else "office"
        sections["design"] = {"cluster": cluster, **sections.get("design", {}), **given.get("design", {})}
        for name in ("estimator", "inference"):
            if name in given:
                sections[name] = {"name": given[name]} if isinstance(given[name], str) else given[name]
                places[name] = f"{place.section}.{name}"
        if scrutiny := self._scrutiny(given):
            sections["scrutiny"] = scrutiny
            places["scrutiny"] = f"{place.section}.scrutiny" if "scrutiny" in given else "scrutiny"
        places |= {"data": f"files.{given['file']}", "outcome": f"{place.section}.measure", "staff": "offices"}
        places |= {"design": f"{place.section}.design"} if "design" in given else {}
        study = study_of(self.file, sections, places, staff=self._staff())
        _refuse_against(study, given.get("hoped"), place)
        label = in_languages(given["asks"], self.spoken, place, "asks")
        role, hoped = given.get("role", "primary"), given.get("hoped")
        level, course = given.get("level", OF_PERSONS.get(kind)), given.get("course")
        return Claim(given["id"], label, course, course_label, given["file"], role, hoped, level, study)

    def _file(self, key: str, place: Place) -> tuple[dict[str, Any], str]:
        """Return the table of a file, and its kind."""
        files = self.raw["files"]
        if isinstance(files.get(key), str | list):
            path = files[key] if isinstance(files[key], str) else "..."
            raise self.at("files").refuse(Message("programme.file_is_table", file=key, path=path))
        if key not in files or not isinstance(files.get(key), dict):
            unknown = Message("programme.no_file", file=key)
            raise place.refuse(
                paragraph(unknown, did_you_mean(key, files), Message("programme.known", names=tuple(files)))
            )
        return dict(files[key]), str(files[key].get("kind"))

    def _data(self, key: str, place: Place) -> tuple[dict[str, Any], str]:
        """Return the table of a file with what is said once for all files."""
        table, kind = self._file(key, place)
        if kind == COSTS:
            raise place.refuse(Message("programme.costs_are_no_data", file=key))
        known = offers.data().offers[kind].kinds if kind in offers.data().offers else {}
        if "as_of" in known and "as_of" in self.about:
            table.setdefault("as_of", self.about["as_of"])
        if kind in offers.data().offers and "as_of" in offers.data().offers[kind].required and "as_of" not in table:
            raise self.at("study").refuse(Message("programme.no_as_of", file=key))
        if "offices" in known and self.offices.get("aliases"):
            table["offices"] = {**self.offices["aliases"], **table.get("offices", {})}
        return table, kind

    def _rollout(
        self, course: str | None, place: Place
    ) -> tuple[dict[str, Any] | None, dict[str, str], Message | None]:
        """Return the table of the rollout of a course, where it was said, and what the course is called."""
        if "training" not in self.raw:
            if course is not None:
                raise place.refuse(Message("programme.no_training", course=course))
            return None, {}, None
        table = dict(self.raw["training"])
        courses = table.pop("courses", {})
        table.setdefault("kind", "training")
        if "aliases" in self.offices and table["kind"] == "training":
            table["offices"] = {**self.offices["aliases"], **table.get("offices", {})}
        if course is None:
            if courses:
                raise place.refuse(Message("programme.which_course", names=tuple(courses)))
            return table, {"rollout": "training"}, None
        if course not in courses:
            unknown = Message("programme.no_course", course=course)
            known = Message("programme.known", names=tuple(courses))
            raise place.refuse(paragraph(unknown, did_you_mean(course, courses), known))
        own, label = self._course(course, courses[course], table["kind"])
        return {**table, **own}, {"rollout": "training"}, label

    def _course(self, name: str, table: Any, kind: object) -> tuple[dict[str, Any], Message]:  # noqa: ANN401 - of TOML
        """Return the table of a course as keys of the rollout, and what it is called."""
        place = self.at(f"training.courses.{name}")
        if not isinstance(table, dict):
            raise place.refuse(Message("programme.course_is_table", course=name))
        known = offers.rollouts().offers.get(str(kind))
        own = {} if known is None else {k: v for k, v in known.kinds.items() if k != "course"}
        given = values(table, Keys({"match": TEXTS, "label": LABEL, **own}), place)
        label = given.pop("label", None) or verbatim(name)
        rest = {key: table[key] for key in given if key != "match"}
        return {**rest, **({"course": list(given["match"])} if "match" in given else {})}, label

    def _outcome(self, given: Mapping[str, Any], kind: str, place: Place) -> dict[str, Any]:
        """Return the measure of a claim as [outcome]: its period and the direction hoped for with it."""
        table = dict(given["measure"])
        if table.get("kind") == "mean" and kind != "panel":
            table["kind"] = "score"
        known = offers.outcomes().offers.get(str(table.get("kind")))
        if known is not None and "better" in known.kinds and "hoped" in given:
            table.setdefault("better", given["hoped"])
        if "period" in given:
            if known is None or "per" not in known.kinds:
                raise place.refuse(Message("programme.no_period", kind=str(table.get("kind"))))
            table["per"] = given["period"]
        return table

    def _scrutiny(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the claim is held against: events and assignment of all, then its own."""
        table = {**self.raw.get("scrutiny", {}), **given.get("scrutiny", {})}
        if "path" in self.events:
            table.setdefault("events", self.events["path"])
        if "kind" in self.given:
            table.setdefault("assignment", self.given["kind"])
        if "certificate" in self.given:
            table.setdefault("lottery", self.given["certificate"])
        return table

    def _staff(self) -> Setting | None:
        """Return the list of offices with their staff, where there is one."""
        if "path" not in self.offices:
            return None
        place, columns = self.at("offices"), self.offices.get("columns", {})
        missing = [key for key in ("office", "staff") if key not in columns]
        if missing and set(columns) - {
            "office",
            "staff",
            "regency",
        }:  # usual headings need not be named, but a slip is one
            raise place.refuse(Message("programme.staff_columns", key=missing[0]))
        path = locate(self.offices["path"], place)
        return Setting("offices", {**self.offices, "path": path, "columns": columns})


def _said(asks: Mapping[str, str], language: str) -> str:
    return asks.get(language) or asks.get("*") or next(iter(asks.values()))


def _refuse_two_regencies(data: Mapping[str, Any], rollout: Mapping[str, Any], place: Place) -> None:
    """Refuse records of one regency beside the list of training of another: offices of one name are two."""
    own, taught = data.get("regency"), rollout.get("regency")
    if isinstance(own, str) and isinstance(taught, str) and regency_key(own) != regency_key(taught):
        raise place.refuse(Message("programme.two_regencies", own=own, taught=taught))


def _refuse_against(study: Study, hoped: str | None, place: Place) -> None:
    """Refuse a direction that is the opposite of what the measure means."""
    better = study.outcome.made().better
    if hoped is not None and better is not None and hoped != better:
        raise place.refuse(Message("programme.hoped", hoped=hoped, better=better, kind=study.outcome.name))
