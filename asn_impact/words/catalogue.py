"""What is said, by key: ``words/<subject>.toml`` holds each text once in every language, read when first needed."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Any, Final

from asn_impact.words.in_file import as_toml

ENGLISH: Final = "en"
IN_FILE: Final = "in_file"  # among the nouns of a language: its reader answers in study.toml
_LANGUAGES: Final = "languages"
_ANYTHING: Final = "records"  # the name of whatever has none of its own
_USUAL: Final = ("applications", "course")


def _folder() -> Traversable:
    return importlib.resources.files(__package__)


@functools.cache
def keys_of(subject: str) -> Mapping[str, Mapping[str, str] | str]:
    """Return the texts of a file: dotted key -> language -> text, or one text for all languages."""
    table = tomllib.loads(_folder().joinpath(f"{subject}.toml").read_text(encoding="utf-8"))
    return dict(_leaves(table, ""))


def _leaves(table: Mapping[str, Any], path: str) -> list[tuple[str, Mapping[str, str] | str]]:
    found: list[tuple[str, Mapping[str, str] | str]] = []
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, str) or ENGLISH in value:
            found.append((here, value))
        else:
            found += _leaves(value, here)
    return found


@functools.cache
def languages() -> Mapping[str, Mapping[str, Any]]:
    """Return how each language writes: code -> separators, months and joining words.

    Examples
    --------
    >>> sorted(languages())
    ['en', 'id']
    """
    return tomllib.loads(_folder().joinpath(f"{_LANGUAGES}.toml").read_text(encoding="utf-8"))


def subjects() -> list[str]:
    """Return the files of texts, by name."""
    names = [entry.name for entry in _folder().iterdir() if entry.name.endswith(".toml")]
    return sorted(name.removesuffix(".toml") for name in names if name != f"{_LANGUAGES}.toml")


def template(key: str, language: str) -> str:
    """Return the text of a key; in English where the language has none yet.

    Raises
    ------
    KeyError
        No file has such a key: a slip of the program, never of its user.
    """
    subject, _, rest = key.partition(".")
    in_file = IN_FILE in getattr(language, "nouns", ())
    own = keys_of(IN_FILE).get(key) if in_file else None
    text = own or keys_of(subject)[rest]
    said = text if isinstance(text, str) else text.get(language, text[ENGLISH])
    return as_toml(said) if in_file and own is None else said


class Speech(str):
    """A language in which things are called what they are here: a complaint is no application.

    A text names them by ``{@case}``, ``{@cases}``, ...: see ``words/nouns.toml``. It goes wherever a language does.

    Attributes
    ----------
    nouns
        Sets of names in ``words/nouns.toml``; the first that has a name is asked, ``"records"`` last. With `IN_FILE`
        among them every text names the line of study.toml in place of an argument of Python.

    Examples
    --------
    >>> noun("cases", "en"), noun("cases", Speech("en", ["complaints"]))
    ('applications', 'complaints')
    """

    nouns: tuple[str, ...]
    __slots__ = ("nouns",)

    def __new__(cls, language: str, nouns: Iterable[str] = ()) -> Speech:
        """Return the language with these sets of names, before those that it has."""
        made = super().__new__(cls, language)
        made.nouns = tuple(sorted((*nouns, *getattr(language, "nouns", ())), key=lambda name: name == _ANYTHING))
        return made

    def __getnewargs__(self) -> tuple[str, tuple[str, ...]]:  # type: ignore[override]
        return str(self), self.nouns


def noun(name: str, language: str) -> str:
    """Return what a thing is called in the first set of names that has it, with a capital where it is asked with one.

    Examples
    --------
    >>> noun("Case", "id")
    'Permohonan'
    """
    sets = (*getattr(language, "nouns", ()), *_USUAL)
    key = next(key for one in sets if (key := f"{one}.{name.lower()}") in keys_of("nouns"))
    text = template(f"nouns.{key}", language)
    return text if name.islower() else text[:1].upper() + text[1:]


def forget() -> None:
    """Read the files again at the next word: for tests that add a language."""
    keys_of.cache_clear()
    languages.cache_clear()
