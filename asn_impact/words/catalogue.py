"""What is said, by key: ``words/<subject>.toml`` holds each text once in every language, read when first needed."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, Final

__all__ = ["ENGLISH", "forget", "keys_of", "languages", "subjects", "template"]

ENGLISH: Final = "en"
_LANGUAGES: Final = "languages"


def _folder() -> Traversable:
    return importlib.resources.files(__package__)


@functools.cache
def _subject(name: str) -> Mapping[str, Mapping[str, str] | str]:
    """Return the texts of a file: dotted key -> language -> text, or one text for all languages."""
    table = tomllib.loads(_folder().joinpath(f"{name}.toml").read_text(encoding="utf-8"))
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


def keys_of(subject: str) -> Mapping[str, Mapping[str, str] | str]:
    """Return the texts of one file by key."""
    return _subject(subject)


def template(key: str, language: str) -> str:
    """Return the text of a key; in English where the language has none yet.

    Raises
    ------
    KeyError
        No file has such a key: a slip of the program, never of its user.
    """
    subject, _, rest = key.partition(".")
    text = _subject(subject)[rest]
    return text if isinstance(text, str) else text.get(language, text[ENGLISH])


def forget() -> None:
    """Read the files again at the next word: for tests that add a language."""
    _subject.cache_clear()
    languages.cache_clear()
