"""The keys of a table in study.toml: which there may be, of which type, and what is said when one does not fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin

from asn_impact.errors import StudyError, nearest

__all__ = [
    "Days",
    "Keys",
    "Language",
    "Languages",
    "Names",
    "Numbers",
    "Place",
    "Text",
    "Words",
    "converted",
    "in_languages",
    "values",
]

Language: TypeAlias = Literal["id", "en"]
Text: TypeAlias = Mapping[Language, str]
Words: TypeAlias = tuple[str, ...]
Days: TypeAlias = tuple[dt.date, ...]
Names: TypeAlias = Mapping[str, str]
Numbers: TypeAlias = Mapping[str, float]
Languages: TypeAlias = tuple[Language, ...]


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of one table of the file: name -> type, those that must be there, and what the table becomes."""

    types: Mapping[str, Any]
    required: tuple[str, ...] = ()
    home: str = ""  # "module:name", called with the keys as arguments


@dataclass(frozen=True)
class Place:
    """Where in which file we are, for messages."""

    file: Path
    section: str

    def refuse(self, what: str) -> StudyError:
        """Return the error that says what is wrong here."""
        return StudyError(f"{self.file.as_posix()}, [{self.section}]: {what}")

    def inside(self, key: str) -> Place:
        """Return the place of a table inside this one."""
        return replace(self, section=f"{self.section}.{key}")


def values(table: Mapping[str, Any], keys: Keys, place: Place) -> dict[str, Any]:
    """Return the values of a table, converted; unknown and missing keys are refused."""
    for key in table:
        if key not in keys.types:
            known = ", ".join(keys.types) or "none"
            raise place.refuse(f"{key!r} is not a key here.{nearest(key, keys.types)} Keys: {known}.")
    missing = [key for key in keys.required if key not in table]
    if missing:
        raise place.refuse(f"{missing[0]!r} is missing. Expected {_expected(keys.types[missing[0]])}.")
    return {key: converted(value, keys.types[key], place, key) for key, value in table.items()}


def converted(value: Any, kind: Any, place: Place, key: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a value as the type a key asks for.

    Raises
    ------
    StudyError
        Naming file, section, key, what was found and what was expected.
    """
    if isinstance(kind, Keys):
        if not isinstance(value, dict):
            raise place.refuse(f"{key} = {value!r}; expected {_expected(kind)}.")
        return values(value, kind, place.inside(key))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise place.refuse(f"{key} = {value!r}.{nearest(str(value), get_args(kind))} Expected {_expected(kind)}.")
        return value
    read = _READERS[kind](value)
    if read is None:
        raise place.refuse(f"{key} = {value!r}; expected {_expected(kind)}.")
    return read


def _expected(kind: Any) -> str:  # noqa: ANN401 - a type
    if isinstance(kind, Keys):
        return f"a table with {', '.join(kind.types)}"
    if get_origin(kind) is Literal:
        return " or ".join(repr(word) for word in get_args(kind))
    return _EXPECTED[kind]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _day(value: object) -> dt.date | None:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _each(value: object, read: Callable[[object], Any]) -> tuple[Any, ...] | None:
    """Every item read, or None when one cannot be; a single item stands for a list of one."""
    items = tuple(read(item) for item in (value if isinstance(value, list) else [value]))
    return None if any(item is None for item in items) else items


def _named(value: object, read: Callable[[object], Any]) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    items = {str(key): read(item) for key, item in value.items()}
    return None if any(item is None for item in items.values()) else items


def _spoken(value: object) -> dict[str, str] | None:
    """One text for all languages (key ``*``), or one for each."""
    if isinstance(value, dict):
        return _named(value, _text) if value and set(value) <= set(get_args(Language)) else None
    return None if _text(value) is None else {"*": str(value)}


def _languages(value: object) -> tuple[str, ...] | None:
    found = _each(value, _text)
    return found if found and set(found) <= set(get_args(Language)) and len(set(found)) == len(found) else None


_READERS: Final[Mapping[Any, Callable[[object], Any]]] = {
    str: _text,
    str | None: _text,
    int: _whole,
    float: _number,
    bool: _truth,
    dt.date: _day,
    Words: lambda value: _each(value, _text),
    Days: lambda value: _each(value, _day),
    Names: lambda value: _named(value, _text),
    Numbers: lambda value: _named(value, _number),
    Text: _spoken,
    Languages: _languages,
}
_EXPECTED: Final[Mapping[Any, str]] = {
    str: "a text in quotes",
    str | None: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dt.date: "a date such as 2025-12-31",
    Words: 'a list of texts such as ["a", "b"]',
    Days: "a list of dates such as [2025-12-31]",
    Names: 'pairs such as received = "Tanggal Masuk"',
    Numbers: 'pairs such as "Dinas Kesehatan" = 12',
    Text: 'a text in quotes, or one a language: {id = "...", en = "..."}',
    Languages: '"id", "en" or ["id", "en"]',
}


def in_languages(said: Mapping[str, str], languages: Iterable[Language], place: Place, key: str) -> Text:
    """Return a text in each language of the report; one text alone stands for all."""
    missing = [language for language in languages if "*" not in said and language not in said]
    if missing:
        raise place.refuse(
            f"{key} has no text in {missing[0]!r}, a language of the report. Add it, or change language."
        )
    return {language: said.get(language) or said["*"] for language in languages}
