"""What a programme cost: components with their amounts, each with its source and the year of its prices.

There are no default prices. A component without a source is refused; the template that travels with the package is a
worked example and says so on every line, and so does whatever is computed from it.
"""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.fields.numbers import NumberStyle, multiplied, parse_numbers, style_told
from asn_impact.intake.gathering import explaining, gather, headings_of
from asn_impact.intake.privacy import masked
from asn_impact.topics.planning.course_rows import rows_of_course
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Language, Message, Quantity, verbatim
from asn_impact.words.writing import UNDEFINED

__all__ = ["Costs", "cost_template", "money", "read_costs", "rupiah"]

TEMPLATE: Final = "cost_template.csv"
_NEEDED: Final = ("komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga")
_YEAR: Final = "tahun_ke"  # year of the programme in which a component is paid; 0 when the column is absent
_AMOUNT: Final = "nilai"  # quantity times price, where the table says it
_COURSE: Final = "asn_course"
_OWN: Final = "asn_own"  # whether a row is of the course asked for
_NOTHING: Final = ("", "-", "0", "0.0")
_ROUNDING: Final = 0.001  # share by which an amount may differ from its product
_EXAMPLE: Final = "contoh"  # a source that begins with this word belongs to the worked example


def money(amount: float, source: str, decimals: int = 0) -> Message:
    """Return an amount of rupiah for a sentence; `source` is the expression it came from.

    Examples
    --------
    >>> money(-1234567, "costs.total").text("id").numbers[0].source
    'costs.total'
    """
    if math.isnan(amount):
        return verbatim(UNDEFINED)
    size = Quantity(abs(amount), source, decimals)
    below = math.isinf(amount) or round(amount, decimals) != 0
    return Message("planning.minus_rupiah" if amount < 0 and below else "planning.rupiah", amount=size)


def rupiah(amount: float, language: Language, *, decimals: int = 0) -> str:
    """Return an amount of money as EYD V writes it in Indonesian, and its English counterpart.

    Examples
    --------
    >>> rupiah(1234567, "id", decimals=2), rupiah(-1234567, "en")
    ('Rp1.234.567,00', '−Rp1,234,567')
    """
    return money(amount, "amount", decimals).text(language).text


@dataclass(frozen=True, eq=False)
class Costs(Guided):
    """What a programme cost.

    Attributes
    ----------
    components
        One row a component: komponen, jumlah, satuan, harga_satuan, sumber, tahun_harga, tahun_ke (year of the
        programme in which it is paid, 0 the first) and biaya, the product of quantity and unit price in rupiah.
    example
        Number of components that are the worked example of the template.
    notes
        What must be known about the prices.
    sources
        The files they were read from.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> fee = {"komponen": "Narasumber", "jumlah": 24, "satuan": "jam", "harga_satuan": "Rp900.000,00"}
    >>> costs = ai.read_costs(pd.DataFrame([fee]), origin="DPA 2024, hlm. 4", price_year=2024)
    >>> costs.components.shape
    (1, 8)
    """

    components: pd.DataFrame
    example: int = 0
    notes: tuple[Message, ...] = ()
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "components", self.components.copy(deep=False))

    @property
    def total(self) -> float:
        """Sum of all components in rupiah, at the prices they were given in."""
        return float(self.components["biaya"].sum())

    def by_year(self) -> dict[int, float]:
        """Return the sum of each year of the programme: 0 is the year of the training."""
        paid, amount = self.components["tahun_ke"].to_numpy(), self.components["biaya"].to_numpy()
        return {int(year): float(amount[paid == year].sum()) for year in np.unique(paid)}

    def present_value(self, discount: float) -> float:
        """Return the sum, with what is paid in year k divided by ``(1 + discount) ** k``."""
        return sum(amount / (1 + discount) ** year for year, amount in self.by_year().items())

    def __repr__(self) -> str:
        years = sorted(self.components["tahun_harga"].unique())
        prices = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
        example = f"; {self.example} from the worked example" if self.example else ""
        return f"Costs({len(self.components)} components, {rupiah(self.total, 'id')}, prices of {prices}{example})"

    def _repr_html_(self) -> str:
        table = self.components.assign(
            harga_satuan=[rupiah(v, "id") for v in self.components["harga_satuan"]],
            biaya=[rupiah(v, "id") for v in self.components["biaya"]],
        )
        return card(repr(self), noted(self), table=table)


@public_verb
def read_costs(
    source: Any,  # noqa: ANN401
    *,
    origin: str | None = None,
    price_year: int | None = None,
    style: NumberStyle | None = None,
    course: str | None = None,
    match: Names = (),
    others: Names = (),
) -> Costs:
    """Return the costs of a programme, from a file or a frame with one row a component.

    Columns: komponen, jumlah, satuan, harga_satuan (rupiah), sumber, tahun_harga; and, where something is paid in a
    later year of the programme, tahun_ke (0 the first). Numbers may be written as in Indonesia. `cost_template` makes a
    file to fill in. A sheet of a budget (RKA, DPA) is read as it is: Uraian, Volume or Koefisien, Satuan, Harga Satuan;
    its column Jumlah must be their product, and its rows of groups, without volume and price, are left out.

    Parameters
    ----------
    source
        A path, or any frame narwhals knows.
    origin
        Where the prices come from, where the table has no column ``sumber``: ``"DPA BKPSDM 2024"``.
    price_year
        Year of the prices, where the table has no column ``tahun_harga``.
    style : {"1.234,56", "1,234.56"}, optional
        How numbers are written, where a column does not tell.
    course, match, others
        Where a budget holds several courses: the heading of the column that says which, words of the course whose rows
        count, and words of the other courses. Without such a column a row belongs to the course that it names, or that
        the last row above it named which names one.

    Raises
    ------
    InputError
        It cannot be told which rows are those of the course; a column is missing, a component has no name, source,
        price, quantity or price year, a number cannot be, or an amount is not quantity times price.

    Warns
    -----
    DataWarning
        Components of the worked example are still there; prices of several years are added up; rows of groups are left
        out.

    Examples
    --------
    >>> read_costs(pd.DataFrame({"komponen": ["Narasumber"], "jumlah": [24], "satuan": ["jam"],
    ...                          "harga_satuan": ["Rp900.000,00"], "sumber": ["DPA 2025, hlm. 4"],
    ...                          "tahun_harga": [2025]}))
    Costs(1 components, Rp21.600.000, prices of 2025)
    >>> read_costs(pd.DataFrame({"Uraian": ["Narasumber"], "Volume": [24], "Satuan": ["OJ"],
    ...                          "Harga Satuan": ["900.000,00"], "Jumlah": ["21.600.000,00"]}),
    ...            origin="DPA 2024", price_year=2024)
    Costs(1 components, Rp21.600.000, prices of 2024)
    """
    table, groups, sources = _table(source, {"sumber": origin, "tahun_harga": price_year}, course, match, others)
    for name in ("komponen", "satuan", "sumber"):
        _refuse_empty(table, name)
    money = [name for name in ("harga_satuan", _AMOUNT) if name in table]
    style = style or style_told(pd.concat([table, groups])[money].to_numpy(dtype=object).ravel().tolist())
    numbers = {name: _numbers(table, name, style) for name in ("jumlah", "harga_satuan")}
    years = {name: _whole(table, name) for name in ("tahun_harga", _YEAR)}
    _refuse_strange_years(table, years)
    table = table.assign(**numbers, **years, biaya=numbers["jumlah"] * numbers["harga_satuan"])
    _refuse_other_amounts(table, groups, style)
    table = table.loc[table[_OWN]].drop(columns=[_AMOUNT, _OWN], errors="ignore").reset_index(drop=True)
    if not table["biaya"].sum() > 0:
        raise InputError(Message("planning.costs.nothing"))
    example = int(table["sumber"].str.strip().str.casefold().str.startswith(_EXAMPLE).sum())
    return Costs(table, example, tuple([*_notes(table, example), *_group_notes(groups)]), sources)


@public_verb
def cost_template(path: str | Path) -> Path:
    """Write the worked example to a file to fill in, and return its path; nothing is overwritten.

    Raises
    ------
    InputError
        The file exists already.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from asn_impact.topics.planning import cost_template
    >>> cost_template(Path(tempfile.mkdtemp()) / "costs.csv").name
    'costs.csv'
    """
    target = Path(path)
    if target.exists():
        raise InputError(Message("planning.costs.exists", path=str(target)))
    with resources.as_file(resources.files("asn_impact.reference") / TEMPLATE) as template:
        shutil.copyfile(template, target)
    return target


def _table(
    source: Any,  # noqa: ANN401
    given: Mapping[str, Any],
    course: str | None,
    match: Names,
    others: Names,
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Source, ...]]:
    """Return the components, texts as texts and numbers as they came, the rows of groups of a budget, and the files."""
    given = {name: value for name, value in given.items() if value is not None}
    with explaining(source):
        table, sources = _columns(source, given, course)
    cells = table.drop(columns=_COURSE, errors="ignore")
    table = table.loc[~cells.map(lambda value: _plain_text(value) == "").all(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(Message("planning.costs.no_rows"))
    unpriced = table[["jumlah", "harga_satuan"]].map(lambda value: _plain_text(value) in _NOTHING).all(axis=1)
    heads = unpriced.to_numpy() & (_AMOUNT in table)
    said = [_plain_text(text) for text in table.pop(_COURSE)] if _COURSE in table else []
    own = rows_of_course(said, [_plain_text(text) for text in table["komponen"]], heads, match, others)
    table[_OWN] = own
    groups, table = table.loc[heads], table.loc[~heads].reset_index(drop=True)
    if table.empty:
        raise InputError(Message("planning.costs.no_rows"))
    absent: dict[str, Any] = {name: value for name, value in given.items() if name not in table}
    table = table.assign(**absent)
    texts = {name: table[name].map(_plain_text) for name in ("komponen", "satuan", "sumber")}
    return table.assign(**{_YEAR: table.get(_YEAR, 0), **texts}), groups, sources


#: What the reader can say for all rows where no column does -> the line.
_GIVEN: Final = {"sumber": 'origin="DPA BKPSDM 2024"', "tahun_harga": "price_year=2024"}


def _columns(
    source: Any,  # noqa: ANN401
    given: Mapping[str, Any],
    course: str | None,
) -> tuple[pd.DataFrame, tuple[Source, ...]]:
    """Return the columns of the contract under their names; what is given need not be there."""
    price = {"harga_satuan": _known()["harga_satuan"]}
    rows = gather(source, (), columns=price, dates=None, keep=("harga_satuan",), required=())
    found = _found(headings_of(source, rows))
    needed = [name for name in _NEEDED if name in found or name not in given]
    names = [*needed, *(name for name in (_YEAR, _AMOUNT) if name in found)]
    if lines := [_GIVEN[name] for name in needed if name in _GIVEN and name not in found]:
        raise InputError(Message("planning.costs.give", names=[n for n in needed if n not in found], lines=lines))
    columns = {name: found.get(name, name) for name in names}
    if course is not None:
        names, columns = [*names, _COURSE], {**columns, _COURSE: course}
    rows = gather(source, (), columns=columns, dates=None, keep=names, required=())
    frame = pd.DataFrame(rows.frame.select(*names).collect().to_pandas())
    return frame, tuple(Source(hidden(t.name, names=True), t.relation.shape[0], t.sha256) for t in rows.tables)


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
    text = (resources.files("asn_impact.reference") / "cost_headings.csv").read_text(encoding="utf-8")
    known: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        known[row["kanonik"]] = (*known.get(row["kanonik"], ()), row["sinonim"])
    return known


def cost_columns(heading: str) -> frozenset[str]:
    """Return which columns of a file of costs a heading can be."""
    plain = normalised(heading)
    return frozenset(name for name, words in _known().items() if plain in map(normalised, words))


def _refuse_other_amounts(table: pd.DataFrame, groups: pd.DataFrame, style: NumberStyle | None) -> None:
    """Refuse amounts that are not quantity times price, and groups that hold more than their components."""
    if _AMOUNT not in table:
        return
    amounts = pd.Series(_amounts(table, style), index=table.index)
    wrong = table.index[(amounts - table["biaya"]).abs() > _ROUNDING * table["biaya"].clip(lower=1)]
    if len(wrong):
        first = table.loc[wrong[0]]
        shown = {"amount": rupiah(amounts[wrong[0]], "id"), "product": rupiah(first["biaya"], "id")}
        raise InputError(Message("planning.costs.amount", n=len(wrong), first=first["komponen"], **shown))
    largest = _amounts(groups, style).max(initial=0.0)
    total = table["biaya"].sum()
    if largest > total * (1 + _ROUNDING) + 1:
        shown = {"amount": rupiah(largest, "id"), "total": rupiah(total, "id")}
        raise InputError(Message("planning.costs.lump_sum", **shown))


def _amounts(table: pd.DataFrame, style: NumberStyle | None) -> Any:  # noqa: ANN401 - an array
    texts = [_plain_text(value) or None for value in table[_AMOUNT]] if len(table) else []
    if pd.api.types.is_numeric_dtype(table[_AMOUNT]):
        return table[_AMOUNT].to_numpy(dtype=np.float64)
    return parse_numbers(texts, name=_AMOUNT, style=style).to_numpy()


def _group_notes(groups: pd.DataFrame) -> list[Message]:
    names = tuple(masked(_plain_text(name)) for name in groups["komponen"])
    return [Alert("planning.costs.groups", n=len(names), names=names)] if names else []


def _plain_text(value: object) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def _refuse_empty(table: pd.DataFrame, name: str) -> None:
    empty = table.index[table[name].str.strip(" -–.").eq("")]
    if len(empty):
        at = int(empty[0])
        first = table["komponen"].iloc[at] or Message("planning.costs.row", row=at + 1)
        raise InputError(Message("planning.costs.empty", n=len(empty), total=len(table), name=name, first=first))


def _numbers(table: pd.DataFrame, name: str, style: NumberStyle | None) -> Any:  # noqa: ANN401 - a Series
    column = table[name].map(multiplied) if name == "jumlah" else table[name]
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        column = parse_numbers([_plain_text(value) or None for value in column], name=name, style=style)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if wrong.size:
        first = table["komponen"].iloc[int(wrong[0])]
        raise InputError(Message("planning.costs.no_number", name=name, n=wrong.size, total=len(table), first=first))
    return values


def _whole(table: pd.DataFrame, name: str) -> Any:  # noqa: ANN401 - a Series
    values = pd.to_numeric(table[name].map(_plain_text), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(values) | (values != np.round(values)))
    if wrong.size:
        where = {"n": wrong.size, "total": len(table), "first": table["komponen"].iloc[int(wrong[0])]}
        raise InputError(Message("planning.costs.not_whole", name=name, **where, expected=_expectation(name)))
    return values.astype(np.int64)


def _expectation(column: str) -> Message:
    return Message(f"planning.year_or_later.{column}")


def _refuse_strange_years(table: pd.DataFrame, years: dict[str, Any]) -> None:
    prices, paid = years["tahun_harga"], years[_YEAR]
    outside = {"tahun_harga": (prices < 1990) | (prices > 2100), _YEAR: (paid < 0) | (paid > 50)}
    for name, strange in outside.items():
        if strange.any():
            at = int(np.flatnonzero(strange)[0])
            where = {"year": years[name][at], "first": table["komponen"].iloc[at]}
            raise InputError(Message("planning.costs.strange_year", name=name, **where, expected=_expectation(name)))


def _notes(table: pd.DataFrame, example: int) -> Iterable[Message]:
    if example:
        yield Alert("planning.costs.example", n=example, total=len(table))
    years = sorted(set(table["tahun_harga"].tolist()))
    if len(years) > 1:
        yield Alert("planning.costs.several_years", years=[str(year) for year in years])
