"""What stands in a cell and above a column, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.intake.written import shielded
from asn_impact.words import Language, Message, languages
from asn_impact.words.catalogue import keys_of
from asn_impact.words.writing import UNDEFINED, number, p_value, percent, period

Kind: TypeAlias = Literal["text", "period", "records", "whole", "one", "two", "three", "p_value", "share", "printed"]
_DECIMALS: Final[Mapping[str, int]] = {"whole": 0, "records": 0, "one": 1, "two": 2, "three": 3}
#: The elements of the satisfaction survey, short; U8 and U9 are numbered in two ways, so they have no number.
ELEMENTS: Final[Mapping[str, Message]] = {
    code: Message(f"tables.element.{code}")
    for code in (
        *("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku"),
        *("pengaduan", "sarana"),
    )
}


@dataclass(frozen=True)
class Printed:
    """Numbers of a cell whose neighbours above and below are shown otherwise: plain, (2.1), [1.0, 3.2] or 20 (9)."""

    values: tuple[float, ...]
    decimals: int
    brackets: Literal["", "()", "[]", "n()"] = ""

    def text(self, language: Language) -> str:
        """Return the cell as the page shows it."""
        if np.isnan(self.values).any():
            return UNDEFINED
        numbers = [number(v, self.decimals, language) for v in self.values]
        if self.brackets == "[]":
            comma = languages()[language]["decimal"] == ","  # a decimal comma does not separate
            return f"[{('; ' if comma else ', ').join(numbers)}]"
        return {"": numbers[0], "()": f"({numbers[0]})", "n()": f"{numbers[0]} ({numbers[-1]})"}[self.brackets]

    def __str__(self) -> str:
        """For the csv: no round brackets, which a spreadsheet takes for a minus sign."""
        numbers = ["" if np.isnan(v) else f"{v:.10g}" for v in self.values]
        texts = {"[]": f"[{', '.join(numbers)}]", "n()": f"{numbers[0]} of which {numbers[-1]}"}
        return texts.get(self.brackets, numbers[0])


def as_message(text: Message | Mapping[str, str] | str) -> Message:
    """Return a message as it is, and somebody's own words as one.

    Examples
    --------
    >>> as_message({"id": "Uji", "en": "Test"}).text("id")
    'Uji'
    """
    return text if isinstance(text, Message) else Message("common.verbatim", text=text)


def heading(column: str, own: Mapping[str, Any]) -> Message:
    """Return what stands above a column: its own heading, ours, or its name."""
    if column in own:
        return as_message(own[column])
    has_words = f"heading.{column}" in keys_of("tables")
    return Message(f"tables.heading.{column}") if has_words else as_message(column)


def cell_text(value: Any, kind: Kind, language: Language) -> str:  # noqa: ANN401 - whatever a cell holds
    """Return a cell as the page shows it: messages and codes in words, numbers by their kind."""
    if isinstance(value, Printed | Message):
        return str(value.text(language))
    if isinstance(value, Mapping):
        return str(as_message(value).text(language))
    if isinstance(value, str):
        has_words = f"cell.{value}" in keys_of("tables")
        return str(Message(f"tables.cell.{value}").text(language)) if has_words else period(value, language)
    if value is None or pd.isna(value):
        return UNDEFINED
    if kind == "p_value":
        return p_value(float(value), language)
    if kind == "share":
        return percent(float(value), 1, language)
    if kind in _DECIMALS:
        return number(float(value), _DECIMALS[kind], language)
    return number(float(value), 0, language) if isinstance(value, int | float | np.number) else str(value)


def decimals_of(kind: Kind) -> int:
    """Return how many decimals of a column a reader sees; a share is written as per cent with one.

    Examples
    --------
    >>> decimals_of("one"), decimals_of("share")
    (1, 3)
    """
    return 3 if kind == "share" else _DECIMALS.get(kind, 10)


def plain_cell(cell: object) -> object:
    """Return a cell for other programs: English words, an apostrophe before text that would run as a formula."""
    if isinstance(cell, Mapping | Message):
        cell = str(as_message(cell))
    if isinstance(cell, float) and np.isinf(cell):  # "-inf" would be one
        return "infinity" if cell > 0 else "minus infinity"
    return shielded(cell) if isinstance(cell, str) else cell
