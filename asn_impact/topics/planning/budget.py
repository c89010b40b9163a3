"""The columns of a budget as an office keeps it, and what 1 stands for in those of money."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.cleaning import FILE
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.amounts import UNITS_OF_HEADINGS, unit_of_heading, unit_of_text
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.formats.raw import RawTable
from asn_impact.intake.gathering import explaining, gather, headings_of
from asn_impact.intake.privacy import masked
from asn_impact.reference import read_headings
from asn_impact.words import Message

_NEEDED: Final = ("komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga")
YEAR: Final = "tahun_ke"  # year of the programme in which a component is paid; 0 when the column is absent
AMOUNT: Final = "nilai"  # quantity times price, where the table says it
CODE: Final = "kode"  # account code, where the table has one
COURSE: Final = "asn_course"
#: Columns of money -> the column that holds what 1 stands for in them.
UNITS: Final = {name: f"asn_unit_of_{name}" for name in ("harga_satuan", AMOUNT)}
_NOTHING: Final = ("", "-", "0", "0.0")
#: What the reader can say for all rows where no column does -> the line.
_GIVEN: Final = {"sumber": 'origin="DPA BKPSDM 2024"', "tahun_harga": "price_year=2024"}


@dataclass(frozen=True, eq=False)
class Budget:
    """The columns of the contract, what 1 stands for in them by which words, and the files."""

    frame: pd.DataFrame
    units: Mapping[float, str]
    sources: tuple[Source, ...]


def columns_of(
    source: Any,  # noqa: ANN401
    given: Mapping[str, Any],
    course: str | None,
    unit: float | None,
) -> Budget:
    """Return the columns of the contract under their names; what is given need not be there.

    `unit` is what 1 stands for in all columns of money, where the reader says it.
    """
    with explaining(source):
        price = {"harga_satuan": _known()["harga_satuan"]}
        rows = gather(source, (), columns=price, dates=None, keep=("harga_satuan",), required=())
        found = _found(headings_of(source, rows))
        needed = [name for name in _NEEDED if name in found or given.get(name) is None]
        names = [*needed, *(name for name in (YEAR, AMOUNT, CODE) if name in found)]
        if lines := [_GIVEN[name] for name in needed if name in _GIVEN and name not in found]:
            absent = [name for name in needed if name not in found]
            raise InputError(Message("planning.costs.give", names=absent, lines=lines))
        columns = {name: found.get(name, name) for name in names}
        if course is not None:
            names, columns = [*names, COURSE], {**columns, COURSE: course}
        rows = gather(source, (), columns=columns, dates=None, keep=names, required=())
        several = [FILE] if len(rows.tables) > 1 else []
        frame = pd.DataFrame(rows.frame.select(*names, *several).collect().to_pandas())
    files = tuple(Source(hidden(t.name, names=True), t.relation.shape[0], t.sha256) for t in rows.tables)
    frame, units = _with_units(frame, rows.tables, columns, unit)
    return Budget(frame, units, files)


def _with_units(
    frame: pd.DataFrame, tables: Sequence[RawTable], columns: Mapping[str, str], unit: float | None
) -> tuple[pd.DataFrame, dict[float, str]]:
    """Return the rows with what 1 stands for in each column of money, and the words that say so."""
    number = frame.pop(FILE).astype(int).to_numpy() if FILE in frame else np.zeros(len(frame), dtype=np.int64)
    bare = unpriced(frame)
    said: dict[float, str] = {}
    for name, column in UNITS.items():
        units = np.ones(len(frame))
        by_heading = {value: columns[name] for value in [unit_of_heading(columns.get(name, ""))] if value is not None}
        for i in range(max(len(tables), 1)):
            below = [plain_text(text) for text in frame.loc[bare & (number == i), "komponen"]]
            texts = [*tables[i].titles, tables[i].name, *below] if tables else below
            words = {value: text for text in texts if (value := unit_of_text(text)) is not None} | by_heading
            if unit is None and len(words) > 1:
                raise InputError(Message("planning.costs.two_units", texts=[masked(text) for text in words.values()]))
            if unit is None and words:
                units[number == i] = next(iter(words))
                said |= words
        frame[column] = units if unit is None else float(unit)
    return frame, said


def _found(headings: Sequence[str]) -> dict[str, str]:
    """Return name -> heading, the first one of its synonyms that is there; no heading counts twice."""
    there = {normalised(heading): heading for heading in reversed(headings)}
    found: dict[str, str] = {}
    for name, words in _known().items():
        known = (there[normalised(word)] for word in words if normalised(word) in there)
        if (heading := next((h for h in known if h not in found.values()), None)) is not None:
            found[name] = heading
    return found


@cache
def _known() -> Mapping[str, tuple[str, ...]]:
    """Return name of a column -> the headings it can have, the first ones first."""
    known = read_headings("cost_headings.csv")
    units = {name: tuple(f"{word}{unit}" for word in known[name] for unit in UNITS_OF_HEADINGS) for name in UNITS}
    return known | {name: (*known[name], *more) for name, more in units.items()}


def cost_columns(heading: str) -> frozenset[str]:
    """Return which columns of a file of costs a heading can be."""
    plain = normalised(heading)
    return frozenset(name for name, words in _known().items() if plain in map(normalised, words))


def unpriced(table: pd.DataFrame) -> pd.Series:
    """Return which rows have neither a volume nor a unit price."""
    return table[["jumlah", "harga_satuan"]].map(lambda value: plain_text(value) in _NOTHING).all(axis=1)


def plain_text(value: object) -> str:
    """Return a cell as text; empty where there is nothing in it."""
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()
