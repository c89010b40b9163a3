"""What a key of study.toml may hold: the kind that a type hint says, how it is read and how it is named."""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, Union

from asn_impact.arguments import AtLeast, Between
from asn_impact.words import Message, languages, verbatim


@dataclass(frozen=True, eq=False)
class Kind:
    """What a key may hold."""

    read: Callable[[Any], Any]  #: returns a value of the file as the program takes it; None where it does not fit
    expected: Message  #: what to expect, in words
    choices: tuple[object, ...] = ()  #: the words there are, where it is a choice
    #: Reads a table inside this one, from what it holds and its place.
    table: Callable[[Mapping[str, Any], Any], Any] | None = None
    many: bool = False  #: whether a list of tables is meant


def _read_text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _read_whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_times(value: object) -> int | None:
    whole = _read_whole(value)
    return whole if whole is not None and whole >= 1 else None


def _read_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read_truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else None


def _read_day(value: object) -> dt.date | None:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _read_translated(value: object) -> dict[str, str] | None:
    """Return one text for all languages (key ``*``), or one for each."""
    if isinstance(value, dict):
        return _pairs(value, TEXT) if value and set(value) <= set(languages()) else None
    return None if _read_text(value) is None else {"*": str(value)}


def _read_label(value: object) -> Message | None:
    """Return a name of the study's own as what can be said."""
    text = _read_translated(value)
    return None if text is None else verbatim(text.get("*", text))


def _read_languages(value: object) -> tuple[str, ...] | None:
    names = _items(value, TEXT)
    return names if names and set(names) <= set(languages()) and len(set(names)) == len(names) else None


def _items(value: object, kind: Kind) -> tuple[Any, ...] | None:
    """Return every item read, or None when one cannot be; a single item stands for a list of one."""
    items = tuple(kind.read(item) for item in (value if isinstance(value, list) else [value]))
    return None if any(item is None for item in items) else items


def _pairs(value: object, kind: Kind) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    items = {str(key): kind.read(item) for key, item in value.items()}
    return None if any(item is None for item in items.values()) else items


TEXT: Final = Kind(_read_text, Message("study.kind.text"))
WHOLE: Final = Kind(_read_whole, Message("study.kind.whole"))
NUMBER: Final = Kind(_read_number, Message("study.kind.number"))
TRUTH: Final = Kind(_read_truth, Message("study.kind.truth"))
PLAIN: Final = Kind(_read_plain, Message("study.kind.plain"))
DAY: Final = Kind(_read_day, Message("study.kind.day"))
TEXTS: Final = Kind(lambda value: _items(value, TEXT), Message("study.kind.texts"))
PAIRS: Final = Kind(lambda value: _pairs(value, TEXT), Message("study.kind.pairs"))
NUMBERS: Final = Kind(lambda value: _pairs(value, NUMBER), Message("study.kind.numbers"))
TRANSLATED: Final = Kind(_read_translated, Message("study.kind.translated"))
LABEL: Final = Kind(_read_label, Message("study.kind.translated"))
LANGUAGES: Final = Kind(_read_languages, Message("study.kind.languages", known=tuple(languages())))
TIMES: Final = Kind(_read_times, Message("study.kind.least", kind=WHOLE.expected, least="1"))
_LISTS: Final = {
    WHOLE: Message("study.kind.wholes"),
    NUMBER: Message("study.kind.list_of_numbers"),
    DAY: Message("study.kind.days"),
}
_PLAIN_KINDS: Final[Mapping[Any, Kind]] = {
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    bool: TRUTH,
    dt.date: DAY,
    Hashable: PLAIN,
}


def one_of(words: Iterable[object]) -> Kind:
    """Return the kind of a choice among words.

    Examples
    --------
    >>> str(one_of(["never", "not_yet"]).expected)
    "'never' or 'not_yet'"
    """
    choices = tuple(words)

    def read(value: object) -> object:
        return next((one for one in choices if one == value and type(one) is type(value)), None)  # true is no 1

    return Kind(read, Message("study.kind.choice", words=choices), choices)


def table_of(keys: Iterable[str], read: Callable[[Mapping[str, Any], Any], Any]) -> Kind:
    """Return the kind of a table inside this one."""
    names = tuple(keys)
    return Kind(lambda _: None, Message(f"study.kind.{'table' if names else 'any_table'}", names=names), table=read)


def each(kind: Kind) -> Kind:
    """Return the kind of a list of such values; a single one stands for a list of one."""
    if kind.table is not None:
        return replace(kind, many=True, expected=Message("study.kind.tables", item=kind.expected))
    if kind is TEXT:
        return TEXTS
    expected = _LISTS.get(kind) or Message("study.kind.list", item=kind.expected)
    return Kind(lambda value: _items(value, kind), expected)


def kind_of(hint: Any, part_kind: Callable[[Any], Kind | None] | None = None) -> Kind | None:  # noqa: ANN401 - a hint
    """Return the kind that a type hint says; None where nothing that a file can hold fits it.

    Examples
    --------
    >>> str(kind_of(tuple[str, ...]).expected)
    'a list of texts such as ["a", "b"]'
    """
    inner = part_kind or kind_of
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is None:
        return _PLAIN_KINDS.get(hint)
    if origin is Annotated:
        return _bounded(inner(parts[0]), parts[1:])
    if origin is Literal:
        return one_of(parts)
    if origin in {Union, types.UnionType}:
        return _either([kind for part in parts if part is not type(None) and (kind := inner(part)) is not None])
    if origin is tuple and Ellipsis not in parts:
        return _several([kind for part in parts if (kind := inner(part)) is not None], len(parts))
    if not isinstance(origin, type) or not issubclass(origin, Iterable):
        return None
    if issubclass(origin, Mapping):
        return _mapping(inner(parts[1]))
    kind = inner(parts[0])
    return None if kind is None else each(kind)


def _mapping(kind: Kind | None) -> Kind | None:
    kinds_by_item = {TEXT: PAIRS, NUMBER: NUMBERS}
    if kind is None or kind in kinds_by_item:
        return None if kind is None else kinds_by_item[kind]
    return Kind(lambda value: _pairs(value, kind), Message("study.kind.pairs_of", item=kind.expected))


def _bounded(kind: Kind | None, bounds: Sequence[object]) -> Kind | None:
    if kind is None:
        return None
    for bound in bounds:
        kind = _within(kind, bound)
    return kind


def _within(kind: Kind, bound: object) -> Kind:
    """Return the kind with a bound: what lies outside does not fit."""
    read = kind.read
    if isinstance(bound, AtLeast):
        least = bound.least
        return Kind(
            lambda value: v if (v := read(value)) is not None and v >= least else None,
            Message("study.kind.least", kind=kind.expected, least=f"{least:g}"),
        )
    if isinstance(bound, Between):
        low, high = bound.low, bound.high
        return Kind(
            lambda value: v if (v := read(value)) is not None and low < v < high else None,
            Message("study.kind.between", kind=kind.expected, low=f"{low:g}", high=f"{high:g}"),
        )
    return kind


def _either(kinds: Sequence[Kind]) -> Kind | None:
    """Return the kind of a union: a date or its text is a date, else the first kind that fits."""
    if len(kinds) < 2:
        return kinds[0] if kinds else None
    if DAY in kinds:
        return DAY
    choices = tuple(word for kind in kinds for word in kind.choices)
    if all(kind.choices for kind in kinds):
        return one_of(choices)

    def read(value: object) -> Any:  # noqa: ANN401 - whatever fits
        return next((v for kind in kinds if (v := kind.read(value)) is not None), None)

    tables = [kind.table for kind in kinds if kind.table is not None]
    expected = Message("study.kind.either", kinds=tuple(kind.expected for kind in kinds))
    return Kind(read, expected, table=tables[0] if tables else None)


def _several(kinds: Sequence[Kind], size: int) -> Kind | None:
    """Return the kind of a list of so many values."""
    if len(kinds) != size:
        return None

    def read(value: object) -> tuple[Any, ...] | None:
        if not isinstance(value, list) or len(value) != size:
            return None
        items = tuple(kind.read(item) for kind, item in zip(kinds, value, strict=True))
        return None if any(item is None for item in items) else items

    return Kind(read, Message("study.kind.several", kinds=tuple(kind.expected for kind in kinds)))


#: A file or folder, or a list of them.
PATHS: Final = Kind(lambda value: _read_text(value) or _items(value, TEXT), Message("study.kind.paths"))
