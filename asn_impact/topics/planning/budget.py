"""The columns of a budget as an office keeps it, and what 1 stands for in those of money."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.amounts import (
    COSTS_IN_UNITS,
    cost_headings,
    is_amount,
    is_total,
    may_head_amounts,
    unit_of_heading,
    unit_of_text,
)
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.fields.numbers import NumberStyle, multiplied, parse_numbers
from asn_impact.intake.formats.raw import RawTable
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.gathering import explaining, gather, headings_of
from asn_impact.intake.privacy import masked
from asn_impact.topics.planning.money import money
from asn_impact.topics.planning.sums import ROUNDING
from asn_impact.words import Alert, Message, Quantity

_NEEDED: Final = ("komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga")
YEAR: Final = "tahun_ke"  # year of the programme in which a component is paid; 0 when the column is absent
AMOUNT: Final = "nilai"  # quantity times price, where the table says it
CODE: Final = "kode"  # account code, where the table has one
NUMBER: Final = "asn_number"  # I, 1, 1.1, a: which rows hold which
COURSE: Final = "asn_course"
BESIDE: Final = "nilai_lain"  # the other amount of each row: what was spent where the plan counts, or the plan
#: Columns of money -> the column that holds what 1 stands for in them.
UNITS: Final = {name: f"asn_unit_of_{name}" for name in (*COSTS_IN_UNITS, BESIDE)}
_NOTHING: Final = ("", "-", "0", "0.0")
_OF_NUMBERS: Final = frozenset(map(normalised, ("No", "No.", "Nomor", "No Urut", "Nomor Urut", "Number")))
_BY_PRICE: Final = ("jumlah", "satuan", "harga_satuan")
#: What the reader can say for all rows where no column does -> the line.
_GIVEN: Final = {"sumber": 'origin = "DPA BKPSDM 2024"', "tahun_harga": "price_year = 2024"}  # in Python and a file


#: What tells a budget from another state of it.
_STAGE: Final = re.compile(
    r"(?<![a-z])(?:dppa|rkpa|rka|dpa|p-?apbd|apbd-?p|perubahan|pergeseran|revisi|murni|induk|awal|penetapan|usulan"
    r"|rancangan|sebelum|sesudah|setelah|revised|original|before|after)(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Budget:
    """The columns of the contract, what 1 stands for in them by which words, other columns of amounts, the files."""

    frame: pd.DataFrame
    units: Mapping[float, str]
    beside: tuple[str, ...]  # without those that count; the last one is compared
    sources: tuple[Source, ...]
    named: str  # heading of the column of components


def columns_of(
    source: Any,  # noqa: ANN401
    given: Mapping[str, Any],
    course: str | None,
    unit: float | None,
    amount: str | None,
    sheets: Names,
) -> Budget:
    """Return the columns of the contract under their names; what is given need not be there.

    `sheets` are those that count, all where none is named; `unit` is what 1 stands for in all columns of money, where
    the reader says it; `amount` the heading of what counts in the place of volume and unit price.
    """
    with explaining(source):
        read = partial(gather, source, (), dates=None, required=(), sheets=sheets)
        price = cost_headings()["harga_satuan"] if amount is None else amount
        try:
            rows = read(columns={"harga_satuan": price}, keep=("harga_satuan",))
        except InputError:
            _offer_amounts(source, read, amount)
            raise
        headings = headings_of(source, rows)
        found = _found(headings) | ({} if amount is None else {"harga_satuan": amount, AMOUNT: amount})
        plan = _found(headings)
        beside = _amounts_beside(read, headings, found)
        if amount is not None:  # the plan counts last: unit prices are no amounts
            beside = tuple(h for h in beside if h != plan.get("harga_satuan"))
            beside = tuple(sorted(beside, key=lambda heading: heading == plan.get(AMOUNT)))
        if AMOUNT not in found and (own := next((h for h in beside if _is_product(read, h, found)), None)) is not None:
            found, beside = {**found, AMOUNT: own}, tuple(heading for heading in beside if heading != own)
        asked = [name for name in _NEEDED if given.get(name) is None and (amount is None or name not in _BY_PRICE)]
        needed = [name for name in _NEEDED if name in found or name in asked]
        found |= {BESIDE: beside[-1]} if beside else {}
        names: list[str] = [*needed, *(name for name in (YEAR, AMOUNT, CODE, BESIDE) if name in found)]
        if lines := [_GIVEN[name] for name in needed if name in _GIVEN and name not in found]:
            absent = [name for name in needed if name not in found]
            raise InputError(Message("planning.costs.give", names=absent, lines=lines))
        columns: dict[str, str] = {name: found.get(name, name) for name in names}
        if (number := next((h for h in headings if normalised(h) in _OF_NUMBERS), None)) not in (None, *found.values()):
            names, columns = [*names, NUMBER], {**columns, NUMBER: str(number)}
        if course is not None:
            names, columns = [*names, COURSE], {**columns, COURSE: course}
        rows = read(columns=columns, keep=names)
        several = [FILE] if len(rows.tables) > 1 else []
        frame = pd.DataFrame(rows.frame.select(*names, *several).collect().to_pandas())
    if not sheets and several:
        _refuse_stages(frame, rows.tables)
    files = tuple(Source(hidden(t.name, names=True), t.relation.shape[0], t.sha256) for t in rows.tables)
    frame, units = _with_units(frame if amount is None else _paid_at_once(frame), rows.tables, columns, unit)
    return Budget(frame, units, beside, files, columns["komponen"])


def _paid_at_once(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each row as one lump sum of its amount; what had neither volume nor amount stays a group."""
    frame = frame.assign(**{AMOUNT: frame[AMOUNT].replace(r"^\s*\(([\d.,]+)\)\s*$", r"-\1", regex=True)})
    empty = frame[AMOUNT].map(lambda value: plain_text(value) in _NOTHING)
    group = empty if "jumlah" not in frame else frame["jumlah"].map(lambda value: plain_text(value) in _NOTHING)
    prices = frame[AMOUNT].astype(object).mask(empty, "0").mask(group, None)
    return frame.assign(jumlah=np.where(group, "", "1"), satuan="paket", harga_satuan=prices)


def _refuse_stages(frame: pd.DataFrame, tables: Sequence[RawTable]) -> None:
    """Refuse tables that have the same rows where their names say several stages: a budget, and its revision."""
    number, names = frame[FILE].astype(int), frame["komponen"].map(plain_text)
    held = [
        {normalised(name) for name in names[number == i] if name and not is_total(name)} for i in range(len(tables))
    ]
    stages = [{word.casefold() for text in (one.name, *one.titles) for word in _STAGE.findall(text)} for one in tables]
    for i, j in combinations(range(len(tables)), 2):
        both = len(held[i] & held[j])
        if stages[i] != stages[j] and both and 2 * both >= min(len(held[i]), len(held[j])):
            shown = [masked(tables[at].name) for at in (i, j)]
            sheet = masked(tables[j].sheet or tables[i].sheet or "")
            key = "stages" if sheet else "stages_of_files"
            raise InputError(Message(f"planning.costs.{key}", names=shown, n=both, sheet=sheet))


def _offer_amounts(source: Any, read: Callable[..., Gathered], amount: str | None) -> None:  # noqa: ANN401
    """Refuse a table without unit prices with the line that takes a column of amounts, where there is one."""
    if amount is not None:
        return
    try:
        headings = headings_of(source, read(columns={"komponen": cost_headings()["komponen"]}, keep=("komponen",)))
    except InputError:
        return
    found = {name: heading for name, heading in _found(headings).items() if name != "jumlah"}  # can head amounts too
    if beside := _amounts_beside(read, headings, found):
        shown = tuple(map(masked, beside))
        raise InputError(Message("planning.costs.no_price", headings=shown, first=shown[-1]))


def _amounts_beside(
    read: Callable[..., Gathered], headings: Sequence[str], found: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the headings of further columns in which most cells are amounts: spent beside planned."""
    known = {normalised(heading) for name, heading in found.items() if name != AMOUNT}
    others = [h for h in headings if h.strip() and normalised(h) not in known and may_head_amounts(h)]
    columns: dict[str, list[str]] = {}
    for heading in others:
        try:
            cells = read(columns={AMOUNT: heading}, keep=(AMOUNT,)).frame.select(AMOUNT).collect()[AMOUNT].to_list()
        except InputError:  # of persons, or twice there
            continue
        texts = [text for text in map(plain_text, cells) if text not in _NOTHING]
        if 2 * sum(map(is_amount, texts)) > len(texts):
            columns[heading] = texts
    own = columns.get(found.get(AMOUNT, ""))
    return tuple(heading for heading, texts in columns.items() if texts != own)


def _is_product(read: Callable[..., Gathered], heading: str, found: Mapping[str, str]) -> bool:
    """Return whether a column is volume times unit price wherever both stand, whatever its heading."""
    names = ("jumlah", "harga_satuan", AMOUNT)
    columns = {**found, AMOUNT: heading}
    if not set(names) <= set(columns):
        return False
    rows = read(columns={name: columns[name] for name in names}, keep=names).frame.select(*names).collect().rows()
    texts = [[plain_text(cell) for cell in row] for row in rows]
    priced = [(multiplied(n), price, amount) for n, price, amount in texts if not {n, price} & {*_NOTHING}]
    try:
        n, price, amounts = (
            parse_numbers([str(x) for x in one], name=AMOUNT).to_numpy() for one in zip(*priced, strict=True)
        )
    except (InputError, ValueError):  # no numbers, or no row
        return False
    return bool(np.allclose(n * price, amounts, rtol=ROUNDING, atol=1.0))


def _with_units(
    frame: pd.DataFrame, tables: Sequence[RawTable], columns: Mapping[str, str], unit: float | None
) -> tuple[pd.DataFrame, dict[float, str]]:
    """Return the rows with what 1 stands for in each column of money, and the words that say so."""
    number = frame.pop(FILE).astype(int).to_numpy() if FILE in frame else np.zeros(len(frame), dtype=np.int64)
    bare = unpriced(frame)
    said: dict[float, str] = {}
    for name, column in UNITS.items():
        units = np.ones(len(frame))
        heading = columns.get(name, "")
        value = unit_of_heading(heading) if unit is None else None
        if value is not None and math.isnan(value):
            raise InputError(Message("planning.costs.unit_unclear", heading=masked(heading)))
        by_heading = {} if value is None else {value: heading}
        for i in range(max(len(tables), 1)):
            below = [plain_text(text) for text in frame.loc[bare & (number == i), "komponen"]]
            texts = [*tables[i].titles, tables[i].name, *below] if tables else below
            words = {value: text for text in texts if (value := unit_of_text(text)) is not None} | by_heading
            if unit is None and len(words) > 1:
                raise InputError(Message("planning.costs.two_units", texts=[masked(text) for text in words.values()]))
            if unit is None and words:
                units[number == i] = next(iter(words))
                said |= words if name != BESIDE else {}
        frame[column] = units if unit is None else float(unit)
    return frame, said


def _found(headings: Sequence[str]) -> dict[str, str]:
    """Return name -> heading, the first one of its synonyms that is there; no heading counts twice."""
    there = {normalised(heading): heading for heading in reversed(headings)}
    found: dict[str, str] = {}
    for name, words in cost_headings().items():
        known = (there[normalised(word)] for word in words if normalised(word) in there)
        if (heading := next((h for h in known if h not in found.values()), None)) is not None:
            found[name] = heading
    return found


def unit_notes(units: Mapping[float, str], own: pd.DataFrame) -> Iterable[Message]:
    """Say what 1 stands for, by which words."""
    total = money(own["biaya"].sum(), "costs.total")
    for unit, words in units.items():
        yield Alert("planning.costs.unit", words=masked(words), unit=money(unit, "costs.unit"), total=total)


def beside_notes(headings: Sequence[str], own: pd.DataFrame, *, planned: bool) -> Iterable[Message]:
    """Say which other columns of amounts do not count, and by how much the last of them differs."""
    shown = tuple(map(masked, headings))
    total = own["biaya"].sum()
    counted = money(total, "costs.total")
    if shown and planned:
        yield Alert("planning.costs.beside", headings=shown, first=shown[-1], total=counted)
    if BESIDE in own:
        other = own[BESIDE].sum()
        away = Quantity(abs(other / total - 1), "costs.components['nilai_lain'].sum() / costs.total - 1", 1, "percent")
        side = Message(f"planning.costs.{'more' if other > total else 'less'}")
        said = {"other": money(other, "costs.components['nilai_lain'].sum()"), "share": away, "side": side}
        by = money(abs(other - total), "abs(costs.components['nilai_lain'].sum() - costs.total)")
        yield Message("planning.costs.difference", heading=shown[-1], total=counted, difference=by, **said)


def with_others(table: pd.DataFrame, style: NumberStyle | None) -> pd.DataFrame:
    """Return the table with the other amount of each row as a number, without it where it is none."""
    if BESIDE not in table:
        return table
    try:
        cells = [None if (text := plain_text(cell)) in {"", "-"} else text for cell in table[BESIDE]]
        amounts = parse_numbers(cells, name=BESIDE, style=style)
    except InputError:
        return table.drop(columns=BESIDE)
    return table.assign(**{BESIDE: amounts.fillna(0.0).to_numpy() * table[UNITS[BESIDE]].to_numpy()})


def unpriced(table: pd.DataFrame) -> pd.Series:
    """Return which rows have neither a volume nor a unit price."""
    return table[["jumlah", "harga_satuan"]].astype(object).map(lambda value: plain_text(value) in _NOTHING).all(axis=1)


def plain_text(value: object) -> str:
    """Return a cell as text; empty where there is nothing in it."""
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()
