"""The keys of a table in study.toml: each is a parameter of what the table becomes, of the kind its hint says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from asn_impact.arguments import did_you_mean, hints_of
from asn_impact.errors import AsnImpactError, StudyError
from asn_impact.study.kinds import Kind, kind_of, one_of, table_of
from asn_impact.words import Message, for_file, paragraph


@dataclass(frozen=True)
class Place:
    """Where in which file we are, for messages."""

    file: Path
    section: str

    def refuse(self, what: Message) -> StudyError:
        """Return the error that says what is wrong here."""
        return StudyError(Message("study.at", file=self.file.as_posix(), section=self.section, what=for_file(what)))

    def inside(self, key: str) -> Place:
        """Return the place of a table inside this one."""
        return replace(self, section=f"{self.section}.{key}")

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Say in which file and section an error has its cause."""
        try:
            yield
        except StudyError:
            raise
        except AsnImpactError as problem:
            raise self.refuse(problem.message) from problem


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of one table of the file."""

    kinds: Mapping[str, Kind]  #: key -> what it may hold
    required: tuple[str, ...] = ()  #: those that must be there
    home: Callable[..., Any] | None = None  #: what the table becomes: called with the keys as arguments
    #: Key -> parameter of the home, where they have different names.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Parameters that are no keys, and why: said in another place, or made in Python only.
    elsewhere: Mapping[str, Message] = field(default_factory=dict)

    def only(self, *names: str) -> Keys:
        """Return these keys alone."""
        return replace(
            self,
            kinds={key: kind for key, kind in self.kinds.items() if key in names},
            required=tuple(key for key in self.required if key in names),
        )

    def without(self, *names: str) -> Keys:
        """Return all other keys."""
        return self.only(*(key for key in self.kinds if key not in names))

    def optional(self, *names: str) -> Keys:
        """Return the same keys, some of which need not be there."""
        return replace(self, required=tuple(key for key in self.required if key not in names))

    def also(self, *required: str, **kinds: Kind) -> Keys:
        """Return these keys and further ones, which may replace those of the same name."""
        needed = tuple(dict.fromkeys([*required, *self.required]))
        elsewhere = {name: why for name, why in self.elsewhere.items() if name not in kinds}
        return replace(self, kinds={**self.kinds, **kinds}, required=needed, elsewhere=elsewhere)


@dataclass(frozen=True, eq=False)
class Choice:
    """A table that first says which: the key of the choice, what there is, and what cannot be chosen and why."""

    key: str
    offers: Mapping[str, Keys]
    refused: Mapping[str, Message] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Setting:
    """A choice and its parameters, as the study states them.

    Examples
    --------
    >>> from asn_impact.study.offers import outcomes
    >>> Setting("within", {"days": 5}, outcomes().offers["within"]).made()
    Within(days=5, counted_in='working days')
    """

    name: str  #: the word in the file: ``records``, ``restricted_mean``, ``group_time``, ..
    parameters: Mapping[str, Any]  #: what stands beside it
    keys: Keys = field(default_factory=lambda: Keys({}))  #: what may stand there, and what becomes of it

    def made(self, **others: Any) -> Any:  # noqa: ANN401 - an outcome, an estimator, a rule, records
        """Return the thing itself: its home called with the parameters it has, and with others no file can hold."""
        assert self.keys.home is not None
        return once(self.keys.home, self.arguments(**others))

    def arguments(self, **others: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Return what the home is called with."""
        assert self.keys.home is not None
        own = {self.keys.parameters.get(key, key): _build(value) for key, value in self.parameters.items()}
        known = inspect.signature(self.keys.home).parameters
        return {name: value for name, value in {**own, **others}.items() if name in known}

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={_shown(value)}' for key, value in self.parameters.items())})"


_MADE: ContextVar[dict[Any, Any] | None] = ContextVar("made", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Read once what is asked for in the same words: the claims of a programme share files and courses."""
    token = _MADE.set(_MADE.get() or {})
    try:
        yield
    finally:
        _MADE.reset(token)


def once(home: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the home gives
    """Return what a home gives; inside `reading_once` what it gave for the same arguments, frames aside."""
    made, asked = _MADE.get(), (home, _words(arguments))
    try:
        if made is not None and asked in made:
            return made[asked]
    except TypeError:  # not hashable
        made = None
    value = home(**arguments)
    if made is not None:
        made[asked] = value
    return value


def _words(value: Any) -> Any:  # noqa: ANN401 - whatever a key holds
    """Return an argument as it can be looked up, with its type: True is not 1."""
    if isinstance(value, Mapping):
        return tuple((key, _words(one)) for key, one in value.items())
    return tuple(map(_words, value)) if isinstance(value, tuple | list) else (type(value), value)


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a key holds
    """Return a value as text that is the same on every machine: a file by its name."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_shown(one)}' for key, one in value.items())}}}"
    if isinstance(value, tuple):
        return f"({''.join(f'{_shown(one)}, ' for one in value).removesuffix(' ' if len(value) == 1 else ', ')})"
    return repr(value.name if isinstance(value, Path) else value)


def _build(value: Any) -> Any:  # noqa: ANN401 - whatever a key holds
    if isinstance(value, Setting):
        return value.made()
    return tuple(_build(item) for item in value) if isinstance(value, tuple) else value


def keys_of(
    home: Callable[..., Any],
    *,
    rename: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, Message] | None = None,
    tables: Mapping[Any, Choice] | None = None,
) -> Keys:
    """Return the keys of what a table becomes: its parameters, with the kinds that their hints say.

    Parameters
    ----------
    home
        A dataclass or a function.
    rename
        Parameter -> key, where the file has another word for it.
    elsewhere
        Parameters that the file says in another place, and where.
    tables
        Hint -> the choice that a table inside this one makes, for parameters that are estimators or rules.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import RestrictedMean
    >>> keys_of(RestrictedMean).required
    ('horizon',)
    """
    names, hints = rename or {}, hints_of(home)
    kinds: dict[str, Kind] = {}
    parameters = inspect.signature(home).parameters
    apart = {name: why for name, why in (elsewhere or {}).items() if name in parameters}
    needed = []
    for name, parameter in parameters.items():
        if name in apart:
            continue
        key = names.get(name, name)
        kind = _kind_of(hints.get(name), tables or {})
        if kind is None:
            apart[name] = Message("study.python_only", name=name)
            continue
        kinds[key] = kind
        if parameter.default is inspect.Parameter.empty:
            needed.append(key)
    backwards = {key: name for name, key in names.items()}
    return Keys(kinds, tuple(needed), home, backwards, apart)


def _kind_of(hint: Any, tables: Mapping[Any, Choice]) -> Kind | None:  # noqa: ANN401 - a hint
    if hint in tables:
        return choice_kind(tables[hint])
    if dataclasses.is_dataclass(hint) and inspect.isclass(hint):
        return _table_kind(hint, tables)
    return kind_of(hint, lambda part: _kind_of(part, tables))


def _table_kind(home: type, tables: Mapping[Any, Choice]) -> Kind | None:
    """Return the kind of a table that becomes a dataclass; None where the file can say nothing of it."""
    keys = keys_of(home, tables=tables)
    if not keys.kinds or set(keys.elsewhere) & _needed(home):
        return None

    def read(value: Mapping[str, Any], place: Place) -> Setting:
        return Setting(home.__name__, values(value, keys, place), keys)

    return table_of(keys.kinds, read)


def _needed(home: type) -> set[str]:
    parameters = inspect.signature(home).parameters.values()
    return {p.name for p in parameters if p.default is inspect.Parameter.empty}


def choice_kind(choice: Choice) -> Kind:
    """Return the kind of a table that makes a choice: ``{name = "group_time", controls = "never"}``."""

    def read(value: Mapping[str, Any], place: Place) -> Setting:
        return choose(value, choice, place)

    return table_of([choice.key], read)


def choose(table: Mapping[str, Any], choice: Choice, place: Place, default: str | None = None) -> Setting:
    """Return what a table chooses, with its parameters; an unknown word is refused with the nearest one."""
    rest = dict(table)
    name = rest.pop(choice.key, default)
    if name is None:
        raise place.refuse(Message("study.missing", key=choice.key, expected=one_of(choice.offers).expected))
    if isinstance(name, str) and name in choice.refused:
        raise place.refuse(paragraph(Message("study.refused_choice", key=choice.key, name=name), choice.refused[name]))
    if not isinstance(name, str) or name not in choice.offers:
        unknown = Message("study.unknown_choice", key=choice.key, name=repr(name))
        known = Message("study.choices", names=tuple(choice.offers))
        raise place.refuse(paragraph(unknown, did_you_mean(name, choice.offers), known))
    return Setting(name, values(rest, choice.offers[name], place), choice.offers[name])


def values(table: Mapping[str, Any], keys: Keys, place: Place) -> dict[str, Any]:
    """Return the values of a table, converted; unknown and missing keys are refused."""
    for key in table:
        if key in keys.elsewhere:
            raise place.refuse(paragraph(Message("study.no_key", key=key), keys.elsewhere[key]))
        if key not in keys.kinds:
            absent = Message("study.no_key", key=key)
            raise place.refuse(paragraph(absent, did_you_mean(key, keys.kinds), _key_names(keys)))
    missing = [key for key in keys.required if key not in table]
    if missing:
        absence = Message("study.missing", key=missing[0], expected=keys.kinds[missing[0]].expected)
        raise place.refuse(paragraph(absence, _TO_GO_ON.get(missing[0])))
    return {key: convert(value, keys.kinds[key], place, key) for key, value in table.items()}


#: How to go on without a key that a file may have nothing for.
_TO_GO_ON: Final = {"respondents": Message("study.without_respondents")}


def _key_names(keys: Keys) -> Message:
    """Return the keys there are, those that must be there in front."""
    names = tuple(dict.fromkeys([*keys.required, *keys.kinds]))
    return Message("study.keys", names=names) if names else Message("study.no_keys")


def convert(value: Any, kind: Kind, place: Place, key: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a value as the kind a key asks for.

    Raises
    ------
    StudyError
        Naming file, section, key, what was found and what was expected.
    """
    if kind.table is not None and isinstance(value, Mapping):
        return kind.table(value, place.inside(key))
    if kind.table is not None and kind.many and isinstance(value, list) and all(isinstance(v, Mapping) for v in value):
        return tuple(kind.table(item, place.inside(key)) for item in value)
    result = kind.read(value)
    if result is not None:
        return result
    if kind.choices:
        wrong, known = Message("study.wrong_choice", key=key, value=repr(value)), kind.choices
        expected = Message("study.expected", expected=kind.expected)
        raise place.refuse(paragraph(wrong, did_you_mean(value, known), expected))
    shown = value.isoformat() if isinstance(value, dt.date | dt.time) else repr(value)
    raise place.refuse(Message("study.wrong_value", key=key, value=shown, expected=kind.expected))
