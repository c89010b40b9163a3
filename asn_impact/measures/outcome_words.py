"""How an outcome is spoken of: its name, its unit, and what is said of its change. Texts: words/outcomes.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from asn_impact.words import Message, Quantity, verbatim
from asn_impact.words.catalogue import keys_of
from asn_impact.words.writing import number

Number: TypeAlias = Any  #: a number, an array of numbers or a frame of them

_HOURS: Final[Mapping[str, str]] = {"working minutes": "working hours", "minutes": "hours"}
_ANSWERS: Final = frozenset({"", "points", "score"})  # units of a score; any other is a number with a unit of its own


@dataclass(frozen=True)
class OutcomeWords:
    """How an outcome is spoken of."""

    label: Message  #: name of the measure for an axis or a heading, with its unit
    short: Message  #: the same without its unit
    name: Message  #: the measure within a sentence: the mean waiting time
    unit: Message  #: of a difference; empty where there is none
    #: What is found when the interval lies above zero, below zero, or holds zero; the size comes after it.
    rose: Message
    fell: Message
    unclear: Message
    explained: Message | None = None  #: how the measure is counted, where that needs saying
    scale: float = 1.0  #: what a value is multiplied with before it is shown: 100 for shares
    decimals: int = 1  #: least number of decimals
    ratio: bool = False  #: whether effects are logs of ratios, shown as changes in per cent

    def shown(self, effect: Number) -> Number:
        """Return an effect, or an end of its interval, as it is shown: in display units, or in per cent of a ratio."""
        return self.scale * np.expm1(effect) if self.ratio else self.scale * effect

    def shown_error(self, error: Number, effect: Number) -> Number:
        """Return the standard error of an effect as it is shown; that of a ratio by the delta method."""
        return self.scale * np.exp(effect) * error if self.ratio else self.scale * error


@dataclass(frozen=True)
class Limit:
    """The limit of a measure of time as people say it: 240 working minutes are 4 working hours."""

    value: float  #: the number
    unit: Message  #: its unit, that of the estimate too
    scale: float = 1.0  #: what a value in the unit of the outcome is multiplied with
    decimals: int = 0  #: how it is shown
    source: str = "horizon"

    def shown(self, language: str) -> str:
        """Return the number."""
        return number(self.value, self.decimals, language)

    @property
    def message(self) -> Message:
        """The number and its unit."""
        return Message("outcomes.limit", n=Quantity(self.value, self.source, self.decimals), unit=self.unit)


def limit_of(horizon: int, counted_in: str, name: str) -> Limit:
    """Return the limit of a wait: days as they are, minutes as hours where that is a whole or a half number."""
    source = f"{name}.horizon"
    if counted_in in _HOURS and horizon % 30 == 0:
        return Limit(horizon / 60, unit_words(_HOURS[counted_in]), 1 / 60, 0 if horizon % 60 == 0 else 1, source)
    return Limit(horizon, unit_words(counted_in), source=source)


def unit_words(unit: str) -> Message:
    """Return a unit in words; one that we have no words for stays as it is."""
    return Message(f"outcomes.unit.{unit}") if f"unit.{unit}" in keys_of("outcomes") else verbatim(unit)


def names_of(key: str, **gaps: object) -> tuple[Message, Message, Message]:
    """Return label, short label and name within a sentence."""
    return Message(f"{key}.label", **gaps), Message(f"{key}.short", **gaps), Message(f"{key}.name", **gaps)


def change_words(
    names: tuple[Message, Message, Message],
    *,
    who: Literal["training", "treatment"],
    unit: Message,
    explained: Message | None = None,
    scale: float = 1.0,
    decimals: int = 1,
) -> OutcomeWords:
    """Return the words of a measure that rises or falls."""
    label, short, name = names
    rose, fell, unclear = (Message(f"outcomes.{who}.{change}", what=name) for change in ("rose", "fell", "unclear"))
    return OutcomeWords(label, short, name, unit, rose, fell, unclear, explained, scale, decimals)


def called(words: OutcomeWords, label: Message | None) -> OutcomeWords:
    """Return the words with a name of the study's own in the place of ours; the same words without one."""
    if label is None:
        return words
    rose, fell, unclear = (Message(f"outcomes.training.{change}", what=label) for change in ("rose", "fell", "unclear"))
    with_unit = Message("outcomes.own.label", label=label, unit=words.unit) if str(words.unit) else label
    return replace(words, label=with_unit, short=label, name=label, rose=rose, fell=fell, unclear=unclear)


def wait_words(limit: Limit) -> OutcomeWords:
    """Return the words of a wait counted up to a limit."""
    end = Quantity(limit.value, limit.source, limit.decimals)
    label, short, name = names_of("outcomes.wait", limit=end, unit=limit.unit)
    return OutcomeWords(
        label=label,
        short=short,
        name=name,
        unit=limit.unit,
        rose=Message("outcomes.wait.rose"),
        fell=Message("outcomes.wait.fell"),
        unclear=Message("outcomes.wait.unclear"),
        explained=Message("outcomes.wait.explained", limit=limit.message),
        scale=limit.scale,
    )


def within_words(limit: Limit, explained: Message | None = None) -> OutcomeWords:
    """Return the words of a share decided in time."""
    return _percentage(names_of("outcomes.within", limit=limit.message), explained)


def share_words(column: str) -> OutcomeWords:
    """Return the words of the share of a column; a promise kept has a name of its own."""
    has_words = f"share.{column}.name" in keys_of("outcomes")
    return _percentage(names_of(f"outcomes.share.{column}") if has_words else names_of("outcomes.share", column=column))


def _percentage(names: tuple[Message, Message, Message], explained: Message | None = None) -> OutcomeWords:
    unit = unit_words("percentage points")
    return change_words(names, who="training", unit=unit, explained=explained, scale=100.0)


def score_words(column: str, unit: str) -> OutcomeWords:
    """Return the words of a score; the elements of the satisfaction survey have names of their own."""
    if f"score.{column}.name" in keys_of("outcomes"):
        names = names_of(f"outcomes.score.{column}")
    elif unit in _ANSWERS:
        names = names_of("outcomes.score", column=column)
    else:
        names = names_of("outcomes.average", column=column)
    decimals = 1 if unit.endswith(" days") else 2  # a tenth of a day, as for every wait
    return change_words(names, who="training", unit=unit_words(unit), decimals=decimals)
