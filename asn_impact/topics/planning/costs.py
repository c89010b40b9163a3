"""What a programme cost: components with their amounts, each with its source and the year of its prices.

There are no default prices. A component without a source is refused; the template that travels with the package is a
worked example and says so on every line, and so does whatever is computed from it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arguments import AtLeast, Names
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.amounts import is_total
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.fields.numbers import NumberStyle, multiplied, parse_numbers, style_told
from asn_impact.intake.privacy import masked
from asn_impact.topics.planning.budget import (
    AMOUNT,
    CODE,
    COURSE,
    NUMBER,
    UNITS,
    YEAR,
    Budget,
    beside_notes,
    columns_of,
    plain_text,
    unit_notes,
    unpriced,
    with_others,
)
from asn_impact.topics.planning.course_rows import rows_of_course
from asn_impact.topics.planning.money import money, rupiah
from asn_impact.topics.planning.sums import (
    ROUNDING,
    Rows,
    heads_period,
    holding,
    latest_of,
    numbered,
    sums_of,
    times_over,
)
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Alert, Message, paragraph

TEMPLATE: Final = "cost_template.csv"
_OWN: Final = "asn_own"  # whether a row is of the course asked for
_LEVEL: Final = "asn_level"  # the code, or the numbers, of a row and of those that hold it
_AT: Final = "asn_at"  # place of a row in the table
_EXAMPLE: Final = "contoh"  # a source that begins with this word belongs to the worked example


@dataclass(frozen=True, eq=False)
class Costs(Held):
    """What a programme cost.

    Attributes
    ----------
    components
        One row a component: komponen, jumlah, satuan, harga_satuan, sumber, tahun_harga, tahun_ke (year of the
        programme in which it is paid, 0 the first) and biaya, the product of quantity and unit price in rupiah. Where a
        column of other amounts stands beside them, nilai_lain: what was spent where the plan counts, or the plan.
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
    totals: Names | None = None,
    unit: Annotated[float, AtLeast(1)] | None = None,
    amount: str | None = None,
    sheets: Names = (),
) -> Costs:
    """Return the costs of a programme, from a file or a frame with one row a component.

    Columns: komponen, jumlah, satuan, harga_satuan (rupiah), sumber, tahun_harga; and, where something is paid in a
    later year of the programme, tahun_ke (0 the first). Numbers may be written as in Indonesia. `cost_template` makes a
    file to fill in. A sheet of a budget (RKA, DPA) is read as it is: Uraian, Volume or Koefisien, Satuan, Harga Satuan;
    its column Jumlah must be their product, and its rows of groups, without volume and price, are left out, as are
    totals (Jumlah, Sub Total) and rows whose account code holds those below, whatever else stands in them. Amounts "in
    thousands of rupiah" by a title, a sheet or a heading are multiplied.

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
    totals
        Names of rows that add up others; ``[]`` where none does. None: it is told from names, account codes and sums.
        The heading of `amount` where each row holds those before it of the same name: the last one counts.
    unit
        Rupiah that 1 stands for in all columns of money: 1000 for a table in thousands. None: titles and headings say.
    amount
        Heading of the column whose amounts count, each row as a lump sum, in the place of volume times unit price:
        ``"Realisasi"`` for what was spent where the others say what was planned. They may be negative.
    sheets
        Names of the sheets of a workbook that count; all where none is named.

    Raises
    ------
    InputError
        A row can be a sum or a component; the unit of the amounts is not clear, or said in two ways; two sheets or
        files are stages of one budget; amounts up to a month (s.d.) stand in several rows of one name.
        It cannot be told which rows are those of the course; a column is missing, a component has no name, source,
        price, quantity or price year, a number cannot be, or an amount is not quantity times price.

    Warns
    -----
    DataWarning
        Another column of amounts stands beside those that count; components of the worked example are still there;
        prices of several years are added up; groups and totals are left out; a total is not the sum of its rows;
        amounts were in thousands or millions; some are negative; some rows do not name the course that others name.

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
    found = columns_of(source, {"sumber": origin, "tahun_harga": price_year}, course, unit, amount, sheets)
    given = {"sumber": origin, "tahun_harga": price_year}
    table, groups, of_course = _table(found, given, match, others, totals)
    for name in ("komponen", "satuan", "sumber"):
        _refuse_empty(table, name)
    columns = [name for name in UNITS if name in table]
    style = style or style_told(pd.concat([table, groups])[columns].to_numpy(dtype=object).ravel().tolist())
    numbers = {name: _numbers(table, name, style) for name in ("jumlah", "harga_satuan")}
    numbers["harga_satuan"] = numbers["harga_satuan"] * table[UNITS["harga_satuan"]].to_numpy()
    years = {name: _whole(table, name) for name in ("tahun_harga", YEAR)}
    _refuse_strange_years(table, years)
    table = table.assign(**numbers, **years, biaya=numbers["jumlah"] * numbers["harga_satuan"])
    table = with_others(table, style)
    table, of_periods = (table, []) if amount is None else _latest(table, groups, amount, totals)
    _refuse_other_amounts(table, style)
    sums, notes = _sums(table, groups, style, totals)
    left, table = table.loc[sums], table.loc[~sums]
    own = table.loc[table[_OWN]].drop(
        columns=[AMOUNT, CODE, NUMBER, _LEVEL, _OWN, _AT, *UNITS.values()], errors="ignore"
    )
    own = own.reset_index(drop=True)
    if not own["biaya"].sum() > 0:
        raise InputError(Message("planning.costs.nothing"))
    example = int(own["sumber"].str.strip().str.casefold().str.startswith(_EXAMPLE).sum())
    notes = [*_notes(own, example), *_left_out(groups, left), *notes, *unit_notes(found.units, own)]
    if (n := times_over(own["komponen"].tolist())) > 1 and not (sheets or of_periods):
        of_periods = [Alert("planning.costs.times_over", n=n, total=money(own["biaya"].sum(), "costs.total"))]
    notes += [*of_course, *of_periods, *beside_notes(found.beside, own, planned=amount is None)]
    return Costs(own, example, tuple(notes), found.sources)


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
    found: Budget, given: Mapping[str, Any], match: Names, others: Names, totals: Names | None
) -> tuple[pd.DataFrame, pd.DataFrame, list[Message]]:
    """Return the components, texts as texts and numbers as they came, the rows of groups and totals, and notes."""
    table = found.frame
    cells = table.drop(columns=[COURSE, NUMBER, _AT, *UNITS.values()], errors="ignore")
    table = table.loc[~cells.map(lambda value: plain_text(value) == "").all(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(Message("planning.costs.no_rows"))
    table = table.assign(komponen=_named(table), **{_AT: np.arange(len(table))})
    heads = unpriced(table) & (AMOUNT in table) | table["komponen"].map(lambda text: is_total(text, totals))
    said = [plain_text(text) for text in table.pop(COURSE)] if COURSE in table else []
    names, codes = table["komponen"].tolist(), [plain_text(text) for text in table.get(CODE, [""] * len(table))]
    levels = numbered([plain_text(text) for text in table.get(NUMBER, [""] * len(table))], names)
    table[_LEVEL] = codes if any(codes) else levels
    above = heads.to_numpy(dtype=np.bool_) | holding(table[_LEVEL].tolist())
    table[_OWN], notes = rows_of_course(said, names, above, match, others, found.named)
    groups, table = table.loc[heads], table.loc[~heads].reset_index(drop=True)
    if table.empty:
        raise InputError(Message("planning.costs.no_rows"))
    absent: dict[str, Any] = {n: value for n, value in given.items() if value is not None and n not in table}
    table = table.assign(**absent)
    texts = {name: table[name].map(plain_text) for name in ("satuan", "sumber")}
    return table.assign(**{YEAR: table.get(YEAR, 0), **texts}), groups, notes


def _named(table: pd.DataFrame) -> list[str]:
    """Return what each row is called: a total may stand in the merged cells before the names."""
    names = [plain_text(text) for text in table["komponen"]]
    codes = [plain_text(text) for text in table[CODE]] if CODE in table else [""] * len(names)
    return [name or (code if is_total(code) else "") for name, code in zip(names, codes, strict=True)]


def _latest(
    table: pd.DataFrame, groups: pd.DataFrame, amount: str, totals: Names | None
) -> tuple[pd.DataFrame, list[Message]]:
    """Return the rows without those that a later one of the same name below the same group holds."""
    own = [not (is_total(text) or heads_period(text)) for text in groups["komponen"]]
    bare = groups.loc[unpriced(groups).to_numpy(dtype=np.bool_) & np.array(own, dtype=np.bool_)]
    within = np.array(["", *bare["komponen"]], dtype=object)[np.searchsorted(bare[_AT], table[_AT])]
    codes = table[CODE].map(plain_text) if CODE in table else [""] * len(table)
    keys = list(zip(table["komponen"].map(normalised), codes, within, strict=True))
    kept, notes = latest_of(keys, table["komponen"].tolist(), table["biaya"].to_numpy(), amount, totals)
    return table.loc[kept], notes


def _refuse_other_amounts(table: pd.DataFrame, style: NumberStyle | None) -> None:
    """Refuse amounts that are not quantity times price."""
    if AMOUNT not in table:
        return
    amounts = pd.Series(_amounts(table, style), index=table.index)
    wrong = table.index[(amounts - table["biaya"]).abs() > ROUNDING * table["biaya"].abs().clip(lower=1)]
    if len(wrong):
        first = table.loc[wrong[0]]
        shown = {"amount": rupiah(amounts[wrong[0]], "id"), "product": rupiah(first["biaya"], "id")}
        raise InputError(Message("planning.costs.amount", n=len(wrong), first=first["komponen"], **shown))


def _sums(
    table: pd.DataFrame, groups: pd.DataFrame, style: NumberStyle | None, totals: Names | None
) -> tuple[Any, list[Message]]:
    """Return which components add up others, and what has to be said of sums."""
    every = pd.concat([table, groups.assign(biaya=_amounts(groups, style) if AMOUNT in groups else np.nan)])
    every = every.sort_values(_AT, kind="stable")
    rows = Rows(
        names=every["komponen"].tolist(),
        codes=every[_LEVEL].tolist(),
        amounts=every["biaya"].to_numpy(dtype=np.float64),
        alike=list(zip(every["jumlah"], every["harga_satuan"], strict=True)),
        heads=~every[_AT].isin(table[_AT]).to_numpy(),
        said=totals,
    )
    sums, notes = sums_of(rows)
    return table[_AT].isin(every.loc[sums, _AT]).to_numpy(), notes


def _amounts(table: pd.DataFrame, style: NumberStyle | None) -> Any:  # noqa: ANN401 - an array
    texts = [plain_text(value) or None for value in table[AMOUNT]] if len(table) else []
    if pd.api.types.is_numeric_dtype(table[AMOUNT]):
        return table[AMOUNT].to_numpy(dtype=np.float64) * table[UNITS[AMOUNT]].to_numpy()
    return parse_numbers(texts, name=AMOUNT, style=style).to_numpy() * table[UNITS[AMOUNT]].to_numpy()


def _left_out(groups: pd.DataFrame, sums: pd.DataFrame) -> Iterable[Message]:
    bare = unpriced(groups)
    for key, rows in (("groups", groups.loc[bare]), ("totals", pd.concat([groups.loc[~bare], sums]))):
        called = zip(rows["komponen"], rows[_AT], strict=True)
        names = tuple(masked(name) or Message("planning.costs.row", row=at + 1) for name, at in called)
        if names:
            yield Alert(f"planning.costs.{key}", n=len(names), names=names)


def _refuse_empty(table: pd.DataFrame, name: str) -> None:
    empty = table.index[table[name].str.strip(" -–.").eq("")]
    if len(empty):
        at = int(empty[0])
        first = table["komponen"].iloc[at] or Message("planning.costs.row", row=at + 1)
        what = Message("planning.costs.empty", n=len(empty), total=len(table), name=name, first=first)
        cure = Message("planning.costs.maybe_total", first=first) if unpriced(table).loc[at] else None
        raise InputError(paragraph(what, cure))


def _numbers(table: pd.DataFrame, name: str, style: NumberStyle | None) -> Any:  # noqa: ANN401 - a Series
    column = table[name].map(multiplied) if name == "jumlah" else table[name]
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        column = parse_numbers([plain_text(value) or None for value in column], name=name, style=style)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0) & (name == "jumlah" or AMOUNT not in table))
    if wrong.size:
        first = table["komponen"].iloc[int(wrong[0])]
        raise InputError(Message("planning.costs.no_number", name=name, n=wrong.size, total=len(table), first=first))
    return values


def _whole(table: pd.DataFrame, name: str) -> Any:  # noqa: ANN401 - a Series
    values = pd.to_numeric(table[name].map(plain_text), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(values) | (values != np.round(values)))
    if wrong.size:
        where = {"n": wrong.size, "total": len(table), "first": table["komponen"].iloc[int(wrong[0])]}
        raise InputError(Message("planning.costs.not_whole", name=name, **where, expected=_expectation(name)))
    return values.astype(np.int64)


def _expectation(column: str) -> Message:
    return Message(f"planning.year_or_later.{column}")


def _refuse_strange_years(table: pd.DataFrame, years: dict[str, Any]) -> None:
    prices, paid = years["tahun_harga"], years[YEAR]
    outside = {"tahun_harga": (prices < 1990) | (prices > 2100), YEAR: (paid < 0) | (paid > 50)}
    for name, strange in outside.items():
        if strange.any():
            at = int(np.flatnonzero(strange)[0])
            where = {"year": years[name][at], "first": table["komponen"].iloc[at]}
            raise InputError(Message("planning.costs.strange_year", name=name, **where, expected=_expectation(name)))


def _notes(table: pd.DataFrame, example: int) -> Iterable[Message]:
    if example:
        yield Alert("planning.costs.example", n=example, total=len(table))
    if (less := table.loc[table["biaya"] < 0]).size:
        total = money(-less["biaya"].sum(), "-costs.components['biaya'].clip(upper=0).sum()")
        yield Alert("planning.costs.negative", n=len(less), first=masked(less["komponen"].iloc[0]), total=total)
    years = sorted(set(table["tahun_harga"].tolist()))
    if len(years) > 1:
        yield Alert("planning.costs.several_years", years=[str(year) for year in years])
