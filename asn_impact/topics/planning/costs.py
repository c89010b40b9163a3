"""What a programme cost: components with their amounts, each with its source and the year of its prices.

There are no default prices. A component without a source is refused; the template that travels with the package is a
worked example and says so on every line, and so does whatever is computed from it.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.intake.fields.local import parse_numbers
from asn_impact.intake.gathering import explaining, gather
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Language, Message, Quantity, verbatim
from asn_impact.words.writing import UNDEFINED

__all__ = ["Costs", "cost_template", "money", "read_costs", "rupiah"]

TEMPLATE: Final = "cost_template.csv"
_NEEDED: Final = ("komponen", "jumlah", "satuan", "harga_satuan", "sumber", "tahun_harga")
_YEAR: Final = "tahun_ke"  # year of the programme in which a component is paid; 0 when the column is absent
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

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> fee = {"komponen": "Narasumber", "jumlah": 24, "satuan": "jam", "harga_satuan": "Rp900.000,00"}
    >>> frame = pd.DataFrame([fee | {"sumber": "DPA 2024, hlm. 4", "tahun_harga": 2024}])
    >>> costs = ai.read_costs(frame)
    >>> costs.components.shape
    (1, 8)
    """

    components: pd.DataFrame
    example: int = 0
    notes: tuple[Message, ...] = ()

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
        return card(repr(self), [("note", note) for note in self.notes], table=table)


@public_verb
def read_costs(source: Any) -> Costs:  # noqa: ANN401 - a path, or any frame narwhals knows
    """Return the costs of a programme, from a file or a frame with one row a component.

    Columns: komponen, jumlah, satuan, harga_satuan (rupiah), sumber, tahun_harga; and, where something is paid in a
    later year of the programme, tahun_ke (0 the first). Numbers may be written as in Indonesia. `cost_template` makes a
    file to fill in.

    Raises
    ------
    InputError
        A column is missing, a component has no name, source, price, quantity or price year, or a number cannot be.

    Warns
    -----
    DataWarning
        Components of the worked example are still there; prices of several years are added up.

    Examples
    --------
    >>> read_costs(pd.DataFrame({"komponen": ["Narasumber"], "jumlah": [24], "satuan": ["jam"],
    ...                          "harga_satuan": ["Rp900.000,00"], "sumber": ["DPA 2025, hlm. 4"],
    ...                          "tahun_harga": [2025]}))
    Costs(1 components, Rp21.600.000, prices of 2025)
    """
    table = _table(source)
    for name in ("komponen", "satuan", "sumber"):
        _refuse_empty(table, name)
    numbers = {name: _numbers(table, name) for name in ("jumlah", "harga_satuan")}
    years = {name: _whole(table, name) for name in ("tahun_harga", _YEAR)}
    _refuse_strange_years(table, years)
    table = table.assign(**numbers, **years, biaya=numbers["jumlah"] * numbers["harga_satuan"])
    if not table["biaya"].sum() > 0:
        raise InputError(Message("planning.costs.nothing"))
    example = int(table["sumber"].str.strip().str.casefold().str.startswith(_EXAMPLE).sum())
    return Costs(table, example, tuple(_notes(table, example)))


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


def _table(source: Any) -> pd.DataFrame:  # noqa: ANN401
    """Return the columns of the contract, texts as texts and numbers as they came; rows without anything are gone."""
    with explaining(source):
        try:
            table = _columns(source, (*_NEEDED, _YEAR))
        except InputError:  # without the column of years, or with another fault: that one is then said
            table = _columns(source, _NEEDED)
    table = table.loc[~table.map(lambda value: _plain_text(value) == "").all(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(Message("planning.costs.no_rows"))
    texts = {name: table[name].map(_plain_text) for name in ("komponen", "satuan", "sumber")}
    return table.assign(**{_YEAR: table.get(_YEAR, 0), **texts})


def _columns(source: Any, names: tuple[str, ...]) -> pd.DataFrame:  # noqa: ANN401
    rows = gather(source, (), columns=None, dates=None, keep=names, required=())
    return pd.DataFrame(rows.frame.select(*names).collect().to_pandas())


def _plain_text(value: object) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def _refuse_empty(table: pd.DataFrame, name: str) -> None:
    empty = table.index[table[name].str.strip(" -–.").eq("")]
    if len(empty):
        at = int(empty[0])
        first = table["komponen"].iloc[at] or Message("planning.costs.row", row=at + 1)
        raise InputError(Message("planning.costs.empty", n=len(empty), total=len(table), name=name, first=first))


def _numbers(table: pd.DataFrame, name: str) -> Any:  # noqa: ANN401 - a Series
    column = table[name]
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        column = parse_numbers([_plain_text(value) or None for value in column], name=name)
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
