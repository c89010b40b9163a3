"""Claims that rest on another one: which groups are compared, and what the effect cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from asn_impact.study import offers
from asn_impact.study.keys import Keys, Place, Setting, values
from asn_impact.study.kinds import TEXT, TEXTS, TRANSLATED, one_of
from asn_impact.study.paths import locate
from asn_impact.words import Message

COSTS: Final = "costs"  # the kind of a file that is no data of a claim
ROLES: Final = ("primary", "secondary", "placebo", "exploratory")
LEVELS: Final = (1, 2, 3, 4)
_RESTING: Final = {"id": TEXT, "asks": TRANSLATED, "of": TEXT, "role": one_of(ROLES), "level": one_of(LEVELS)}
_BY: Final = Keys({**_RESTING, "by": TEXT}, ("id", "of", "by"))


@dataclass(frozen=True, eq=False)
class Worth:
    """What an effect cost, and what a day is worth, as a claim says it."""

    #: Key of the budget file, and how it is read.
    file: str
    costs: Setting
    #: Words of the course whose rows count, and those of the other courses of the programme.
    course: tuple[str, ...]
    others: tuple[str, ...]
    #: Of the claim: ``value_of_a_day``, ``years``, ``discount`` and what else `returns` takes.
    values: Mapping[str, Any]
    place: Place  #: where in the file the budget was said

    def __repr__(self) -> str:
        said = {"costs": self.file, "match": self.course, **self.values}
        return ", ".join(f"{key}={value!r}" for key, value in said.items())


def rests(table: object) -> bool:
    """Return whether a claim rests on another one."""
    return isinstance(table, Mapping) and bool({"of", "by", COSTS} & set(table))


def keys_of_resting(table: Mapping[str, Any], place: Place) -> Keys:
    """Return the keys of such a claim, by what it asks."""
    if "by" in table:
        return _BY
    if COSTS not in table:
        raise place.refuse(Message("programme.of_what"))
    return offers.worth().also("id", "of", COSTS, **_RESTING, **{COSTS: TEXT, "match": TEXTS})


def asked(label: Message, given: Mapping[str, Any]) -> Message:
    """Return what is asked, where the file does not say it."""
    from asn_impact.estimation.grouped import noun_of

    if "by" in given:
        return Message("programme.asks_by", label=label, noun=noun_of(given["by"]))
    return Message("programme.asks_costs", label=label)


def worth_of(
    given: Mapping[str, Any], file: Mapping[str, Any], courses: Mapping[str, Any], course: str | None, at: Place
) -> Worth:
    """Return what the effect of a course cost: its rows in a budget file."""
    found = values({key: value for key, value in file.items() if key != "kind"}, offers.costs(), at)
    paths = found["path"]
    path = locate(paths, at) if isinstance(paths, str) else tuple(locate(one, at) for one in paths)
    words = {name: _words_of(name, table) for name, table in courses.items() if isinstance(table, dict)}
    own = tuple(given.get("match") or words.get(course or "", ()))
    if "match" in given:
        taken = {word.casefold() for word in own}
        others = [word for some in words.values() for word in some if word.casefold() not in taken]
    else:
        others = [word for name, some in words.items() if name != course for word in some]
    chosen = {key: value for key, value in given.items() if key not in {*_RESTING, COSTS, "match"}}
    costs = Setting(COSTS, {**found, "path": path}, offers.costs())
    return Worth(given[COSTS], costs, own, tuple(others), chosen, at)


def _words_of(name: str, course: Mapping[str, Any]) -> tuple[str, ...]:
    match = course.get("match", name)
    return (match,) if isinstance(match, str) else tuple(map(str, match))
