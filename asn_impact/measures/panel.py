"""The panel: an outcome by unit and period, as cells. Everything after it is small arrays.

`read_panel` is the door for offices that have only aggregates; `tabulate` (in `tabulate.py`) makes the same value
from records.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import pandas as pd

from asn_impact.arguments import Names, did_you_mean
from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.display import card, noted
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.fields.labels import TOTAL_LABEL, plain_label, settle_labels
from asn_impact.intake.fields.numbers import NumberStyle, parse_numbers
from asn_impact.intake.frames import in_pandas
from asn_impact.intake.privacy import masked
from asn_impact.measures.outcome_words import OutcomeWords
from asn_impact.measures.outcomes import Mean
from asn_impact.starts import read_start
from asn_impact.timeline import Timeline, coded
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, paragraph

_LARGEST_EXACT = 2.0**53
_THOUSANDS = r"\s*-?\d{1,3}(?:\.\d{3})+\s*"


class Outcome(Protocol):
    """What is measured: its name and its unit ("" when it has none)."""

    @property
    def name(self) -> str:
        """Short name, the same in code and in file names."""

    @property
    def unit(self) -> str:
        """Unit of the number, for instance ``working days``."""

    @property
    def better(self) -> Literal["lower", "higher"] | None:
        """Which way is hoped for; None where nobody said."""

    @property
    def words(self) -> OutcomeWords:
        """How the outcome is spoken of."""


@dataclass(frozen=True, eq=False)
class Panel(Guided):
    """Cells of an outcome by unit and period.

    Attributes
    ----------
    outcome
        What was measured.
    units
        (U,) labels, as given.
    timeline
        The T periods.
    n
        (U, T) records behind each cell, 0 where nothing was observed (a ready panel without `sizes` has 1).
    mean
        (U, T) mean of the outcome in the cell, NaN where nothing was observed.
    weight
        (U, T) weight of the cell, 0 where nothing was observed.
    within
        (U, T, 1 + p, 1 + p) centred cross-products of the outcome and the covariates inside each cell (0: ready panel).
    stands_for
        (U, T) sum of the sampling weights of each cell: what its records stand for. `n` is then the number of records
        alike that tell as much (Kish). Empty without sampling weights: every record stands for one.
    covariates, x
        p names and their (U, T, p) cell means.
    attributes
        One row a unit, in the order of `units`: what `cluster` and `adjust` can name.
    immature
        Labels of the periods left out because not all their cases have been followed long enough.
    unusable
        Labels of units that had rows, none of which could be used.
    notes
        What was assumed or left out.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> panel = design.panel
    >>> panel.mean.shape, panel.frame().columns.tolist()
    ((12, 12), ['unit', 'period', 'n', 'mean', 'weight'])
    """

    outcome: Outcome
    units: tuple[Hashable, ...]
    timeline: Timeline
    n: Float
    mean: Float
    weight: Float
    attributes: pd.DataFrame
    within: Float = field(default_factory=lambda: np.zeros((0, 0, 1, 1)))
    covariates: tuple[str, ...] = ()
    x: Float = field(default_factory=lambda: np.zeros((0, 0, 0)))
    stands_for: Float = field(default_factory=lambda: np.zeros((0, 0)))
    immature: tuple[str, ...] = ()
    unusable: tuple[Hashable, ...] = ()
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.units), len(self.timeline))
        p = len(self.covariates)
        zero = np.zeros(())  # one zero seen everywhere: a ready panel has no variation inside its cells to store
        fill = {"within": np.broadcast_to(zero, (*shape, 1 + p, 1 + p)), "x": np.broadcast_to(zero, (*shape, p))}
        for name in ("n", "mean", "weight", "within", "x", *(["stands_for"] if self.stands_for.size else [])):
            array = np.asarray(getattr(self, name), dtype=np.float64)
            array = fill[name] if name in fill and array.size == 0 else array
            if array.shape[:2] != shape:
                raise InputError(
                    Message("measures.panel.shape", array=name, shape=str(array.shape), expected=str(shape))
                )
            object.__setattr__(self, name, readonly(array))

    @property
    def observed(self) -> Bool:
        """(U, T) True where the cell holds a value that counts."""
        return np.asarray((self.n > 0) & (self.weight > 0))

    @property
    def records(self) -> Float:
        """(U, T) weight of each cell where every record counts alike: `n`, or what its records stand for."""
        return self.stands_for if self.stands_for.size else self.n

    @cached_property
    def magnitude(self) -> float:
        """Size of the outcome: its largest distance from the mean, or a thousandth of its largest value if more."""
        low, middle, high = float(np.nanmin(self.mean)), float(np.nanmean(self.mean)), float(np.nanmax(self.mean))
        return max(high - middle, middle - low, 1e-3 * max(high, -low))

    def select(self, units: Int) -> Panel:
        """Return the panel of some units, by position, in the given order."""
        return replace(
            self,
            units=tuple(self.units[i] for i in units),
            **{name: getattr(self, name)[units] for name in ("n", "mean", "weight", "x")},
            within=self.within[units] if any(self.within.strides) else np.zeros((0, 0, 1, 1)),
            stands_for=self.stands_for[units] if self.stands_for.size else self.stands_for,
            attributes=self.attributes.iloc[units].reset_index(drop=True),
        )

    def without_cells(self, cells: Bool) -> Panel:
        """Return the panel in which the cells marked True were never observed."""
        if not cells.any():
            return self
        return replace(
            self,
            n=np.where(cells, 0.0, self.n),
            mean=np.where(cells, np.nan, self.mean),
            weight=np.where(cells, 0.0, self.weight),
            within=np.where(cells[:, :, None, None], 0.0, self.within),
        )

    def until(self, periods: int) -> Panel:
        """Return the panel of the first periods, so many of them."""
        arrays = {name: array[:, :periods] for name, array in vars(self).items() if name in self._by_period}
        return replace(self, timeline=self.timeline.select(np.arange(periods)), **arrays)

    #: Fields whose second axis are the periods.
    _by_period: ClassVar[tuple[str, ...]] = ("n", "mean", "weight", "within", "x", "stands_for")

    def frame(self) -> pd.DataFrame:
        """Return the observed cells as a long frame: unit, period, n, mean, weight and the covariates."""
        rows, columns = np.nonzero(self.observed)
        labels = np.array(self.timeline.labels, dtype=object)
        frame = pd.DataFrame(
            {
                "unit": [self.units[i] for i in rows],
                "period": labels[columns],
                **{name: getattr(self, name)[rows, columns] for name in ("n", "mean", "weight")},
            }
        )
        return frame.assign(**{name: self.x[rows, columns, j] for j, name in enumerate(self.covariates)})

    def __repr__(self) -> str:
        labels = self.timeline.labels
        return (
            f"Panel({self.outcome.name}: {len(self.units)} units x {len(labels)} periods, {labels[0]} to {labels[-1]})"
        )

    def _repr_html_(self) -> str:
        labels = self.timeline.labels
        facts: list[tuple[str, object]] = [
            (
                "outcome",
                f"{self.outcome.name} ({self.outcome.unit})" if self.outcome.unit else self.outcome.name,
            ),
            ("units", len(self.units)),
            ("periods", f"{len(labels)}, {labels[0]} to {labels[-1]}"),
            ("records", f"{int(self.n.sum()):,}"),
            ("cells observed", f"{int(self.observed.sum()):,} of {self.n.size:,}"),
        ]
        if self.immature:
            facts.append(("immature, left out", ", ".join(self.immature)))
        return card("Panel", [*facts, *noted(self)])


@public_verb
def read_panel(
    frame: Any,  # noqa: ANN401 - pandas, polars, pyarrow, DuckDB: whatever narwhals knows
    *,
    unit: str,
    period: str,
    outcome: str,
    weights: str | None = None,
    sizes: str | None = None,
    covariates: Names = (),
    attributes: Names | None = None,
    style: NumberStyle | None = None,
) -> Panel:
    """Read a ready panel: one row a unit and period.

    Rows whose unit, period, outcome, weight or covariate is missing or infinite are left out, counted in `Panel.notes`
    and announced by a `DataWarning`; so are rows of totals. Units whose names differ in case, spaces, punctuation or
    invisible characters only are one unit. Nothing is written to the frame.

    Parameters
    ----------
    frame
        Any frame narwhals knows.
    unit, period, outcome
        Column names. Periods may be Periods, dates, years, yyyymm codes, text of these, or whole numbers.
    weights
        Column of weights (analysis weights, not negative); a weight of zero leaves the row out.
    sizes
        Column with the number of records behind each row.
    covariates
        Numeric columns that vary over time or units.
    attributes
        Columns that describe the unit (for `cluster`); by default every other column that is constant within units.
    style : {"1.234,56", "1,234.56"}, optional
        How numbers in columns of text are written, where a column can be read in two ways: 1.110 is 1.11, or a thousand
        and more.

    Raises
    ------
    InputError
        A column does not exist or is not numeric, a unit and period occur twice, a weight is negative, nothing is left.

    Examples
    --------
    >>> import pandas as pd
    >>> read_panel(pd.DataFrame({"office": ["A", "A"], "year": [2023, 2024], "days": [9.0, 7.5]}),
    ...            unit="office", period="year", outcome="days")
    Panel(days: 1 units x 2 periods, 2023 to 2024)
    """
    table = in_pandas(frame)
    sources = [unit, period, outcome, *covariates, *([weights] if weights else []), *([sizes] if sizes else [])]
    _require(table, [*sources, *(attributes or ())])
    if table.empty:
        raise InputError(Message("measures.panel.empty"))
    table, of_labels = settle_rows(table, unit, period)
    if table.empty:
        raise InputError(paragraph(Message("measures.panel.nothing_usable"), *of_labels))
    values = {name: _numeric(table[name], name, style) for name in dict.fromkeys([outcome, *covariates])}
    weight = _numeric(table[weights], weights, style) if weights else np.ones(len(table))
    size = _numeric(table[sizes], sizes, style) if sizes else np.ones(len(table))
    keep, of_rows = _choose_rows(table, unit, period, values, {weights: weight, sizes: size})
    notes = (*of_labels, *of_rows)
    if not keep.any():
        raise InputError(paragraph(Message("measures.panel.nothing_usable"), *notes))
    rows = slice(None) if keep.all() else np.flatnonzero(keep)
    remaining = table if keep.all() else table.iloc[rows]
    units, unit_of = _units(remaining[unit], unit)
    timeline, period_of = Timeline.read(remaining[period], column=period)
    cell = unit_of * len(timeline) + period_of
    spread = _Spread((len(units), len(timeline)), cell)
    _refuse_duplicates(units, timeline, cell)
    return Panel(
        outcome=Mean(outcome),
        units=units,
        timeline=timeline,
        n=spread(size[rows], 0.0),
        mean=spread(values[outcome][rows], np.nan),
        weight=spread(weight[rows], 0.0),
        attributes=_attributes(remaining, unit, unit_of, sources, attributes),
        covariates=tuple(covariates),
        x=np.stack([spread(values[name][rows], np.nan) for name in covariates], axis=-1)
        if covariates
        else np.zeros((0, 0, 0)),
        unusable=_without_rows(table[unit], keep, units),
        notes=(*notes, *_standing_for(timeline, remaining[period])),
    )


def _standing_for(timeline: Timeline, periods: pd.Series) -> tuple[Message, ...]:
    """Say that months which begin half-years, or thirds of a year, are read as all of it, where no word says so."""
    if timeline.kind != "month" or timeline.span == 1:
        return ()
    worded = any(start is not None and start.months > 1 for start in map(read_start, periods.unique()))
    return () if worded else (Alert("measures.panel.months_begin", periods=timeline.labels, n=timeline.span),)


def settle_rows(table: pd.DataFrame, unit: str, period: str) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Return the rows that are none of totals, one spelling a unit; and what has to be said of it."""
    notes: list[Message] = []
    total = _totals(table[unit]) | _totals(table[period])
    if total.any():
        names = [masked(str(v)) for v in dict.fromkeys(table[unit][total].dropna())]
        notes.append(Alert("measures.panel.totals", n=int(total.sum()), of=len(table), names=names))
        table = table.loc[~total]
    _refuse_slips(table[period], period)
    labels = table[unit]
    if not _holds_texts(labels):
        return table, tuple(notes)
    counts = labels[labels.map(lambda v: isinstance(v, str))].value_counts()
    if any(persons_in(str(label)) for label in counts.index):
        raise PrivacyError(Message("measures.panel.persons", column=unit))
    changed, said = settle_labels({str(label): int(n) for label, n in counts.items()}, door="unit")
    if changed:
        spelt = labels.astype(object).map(lambda v: changed.get(v, v) if isinstance(v, str) else v)
        table = table.assign(**{unit: spelt})
    return table, (*notes, *said)


def _holds_texts(column: pd.Series) -> bool:
    kind = column.cat.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    return bool(pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind))


def _totals(column: pd.Series) -> pd.Series:
    """Return which labels say that their row adds up or averages the others."""
    if not _holds_texts(column):
        return pd.Series(data=False, index=column.index)
    distinct = column.dropna().unique()
    totals = [v for v in distinct if isinstance(v, str) and TOTAL_LABEL.match(plain_label(v))]
    return column.isin(totals)


def _refuse_slips(column: pd.Series, name: str) -> None:
    """Refuse months written as yyyymm of which some are none: as plain numbers they would be periods of their own."""
    distinct = [str(v).strip().removesuffix(".0") for v in column.dropna().unique()]
    if not distinct or not all(re.fullmatch(r"(?:19|20)\d{4}", v) for v in distinct):
        return
    wrong = [v for v in distinct if not 1 <= int(v[4:]) <= 12]
    if wrong and len(wrong) < len(distinct):
        raise InputError(Message("measures.panel.no_months", column=name, n=len(wrong), found=wrong[:3]))


def _without_rows(labels: pd.Series, keep: Bool, units: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    """Return the units that are in the frame but have no row that counts."""
    lacking = labels[~keep].dropna()
    known = set(units) if len(lacking) else set()
    return tuple(label for label in _units(lacking, str(labels.name))[0] if label not in known) if len(lacking) else ()


def _require(table: pd.DataFrame, names: Sequence[str]) -> None:
    twice = table.columns[table.columns.duplicated()].unique()
    if hit := [name for name in names if name in twice]:
        raise InputError(Message("measures.panel.same_heading", names=hit))
    for name in names:
        if name not in table.columns:
            absence = Message("measures.panel.no_column", column=name, known=list(map(str, table.columns)))
            raise InputError(paragraph(absence, did_you_mean(name, table.columns)))


def _numeric(column: pd.Series, name: str | None, style: NumberStyle | None = None) -> Float:
    """Return the column as float64, exactly; text of plain numbers is converted, anything else refused."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        column = column.map(lambda v: v.strip() if isinstance(v, str) else v).replace("", np.nan)
        number = pd.to_numeric(column, errors="coerce")
        if column.dropna().astype(str).str.fullmatch(_THOUSANDS).any():  # 1.110 is 1.11 or a thousand and more
            texts = [None if pd.isna(v) else str(v) for v in column]
            number = parse_numbers(texts, name=str(name), style=style).set_axis(column.index)
        strange = column[number.isna() & column.notna()]
        if len(strange):
            raise InputError(
                Message("measures.panel.text", column=name, n=len(strange), found=tuple(map(str, strange.unique()[:3])))
            )
        column = number
    if not pd.api.types.is_numeric_dtype(column):
        raise InputError(Message("measures.panel.no_numbers", column=name, kind=str(column.dtype)))
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _choose_rows(
    table: pd.DataFrame, unit: str, period: str, values: dict[str, Float], weights: dict[str | None, Float]
) -> tuple[Bool, tuple[Message, ...]]:
    """Return which rows count, and a note a reason on the others: each under the first reason that applies."""
    reasons = {("missing", name): table[name].isna().to_numpy() for name in (unit, period)}
    for name, value in values.items():
        reasons["missing", name] = np.isnan(value)
        reasons["infinite", name] = np.isinf(value)
    for column, weight in weights.items():
        if column is None:
            continue
        if (negative := int((weight < 0).sum())) > 0:
            raise InputError(Message("measures.panel.negative", column=column, n=negative))
        reasons["missing", column] = ~np.isfinite(weight)
        reasons["zero", column] = weight == 0
    keep = np.ones(len(table), dtype=np.bool_)
    notes: list[Message] = []
    for (reason, name), applies in reasons.items():
        if (count := int((applies & keep).sum())) > 0:
            why = Message(f"measures.panel.{reason}", column=name)
            notes.append(Alert("measures.panel.left_out", n=count, of=len(table), reason=why))
            keep &= ~applies
    return keep, tuple(notes)


def _units(column: pd.Series, name: str) -> tuple[tuple[Hashable, ...], Int]:
    """Return sorted distinct unit labels as plain Python values, and each row's position among them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_float_dtype(column.dtype):
        number = column.to_numpy(dtype=np.float64)
        if (np.abs(number) >= _LARGEST_EXACT).any():
            raise InputError(Message("measures.panel.long_numbers", column=name))
        if (number == np.round(number)).all():
            column = column.astype("int64")
    codes, distinct = coded(column)
    if isinstance(distinct.dtype, np.dtype) and distinct.dtype.kind in "iu":  # whole numbers sort without Python
        numbers = np.asarray(distinct)
        by_value = np.argsort(numbers)
        return tuple(numbers[by_value].tolist()), _ranks(by_value)[codes]
    labels: list[Hashable] = distinct.tolist()
    order = sorted(range(len(labels)), key=lambda i: (type(labels[i]).__name__, labels[i]))
    return tuple(labels[i] for i in order), _ranks(np.array(order, dtype=np.int64))[codes]


def _ranks(order: Int) -> Int:
    """Return the position in the order of each element."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _refuse_duplicates(units: tuple[Hashable, ...], timeline: Timeline, cell: Int) -> None:
    count = np.bincount(cell)
    if (twice := np.flatnonzero(count > 1)).size:
        cells = [f"{units[k // len(timeline)]} {timeline.labels[k % len(timeline)]}" for k in twice[:3]]
        raise InputError(Message("measures.panel.twice", n=len(twice), cells=cells))


@dataclass(frozen=True)
class _Spread:
    """Put row values into (U, T) cells; `cell` is the position of each row's cell, unit by unit."""

    shape: tuple[int, int]
    cell: Int

    @cached_property
    def _in_order(self) -> bool:
        """Whether the rows are the cells, all of them and in order."""
        every = self.shape[0] * self.shape[1]
        return len(self.cell) == every and bool((self.cell == np.arange(every)).all())

    def __call__(self, values: Float, empty: float) -> Float:
        if self._in_order:
            return values.reshape(self.shape).copy()  # the frame stays the caller's own
        cells = np.full(self.shape[0] * self.shape[1], empty)
        cells[self.cell] = values
        return cells.reshape(self.shape)


def _attributes(
    table: pd.DataFrame, unit: str, unit_of: Int, sources: Sequence[str], names: Sequence[str] | None
) -> pd.DataFrame:
    """Return one row a unit: columns asked for, which must be constant within units, or all that are so."""
    first = _first_rows(unit_of)
    candidates = names if names is not None else [c for c in table.columns.unique() if c not in sources]
    columns: dict[Any, Any] = {unit: table[unit].iloc[first].to_numpy()}
    for name in candidates:
        if isinstance(table[name], pd.DataFrame):  # a bystander heading that occurs twice
            continue
        constant = _as_first(table[name], first, unit_of)
        if constant.all():
            columns[name] = table[name].iloc[first].to_numpy()
        elif names is not None:
            raise InputError(Message("measures.panel.changes", column=name, n=int((~constant).sum())))
    return pd.DataFrame(columns)


def _first_rows(unit_of: Int) -> Int:
    """Return the first row of each unit, from the unit of each row."""
    change = np.diff(unit_of)
    if (change >= 0).all():  # unit after unit
        return np.concatenate([[0], np.flatnonzero(change) + 1])
    first = np.empty(int(unit_of.max()) + 1, dtype=np.int64)
    first[unit_of[::-1]] = np.arange(len(unit_of))[::-1]  # the last assignment stays
    return first


def _as_first(column: pd.Series, first: Int, unit_of: Int) -> Bool:
    """Return for each row whether its value is that of the first row of its unit; missing equals missing."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        values = column.to_numpy()
        expected = values[first][unit_of]
        return np.asarray((values == expected) | ((values != values) & (expected != expected)))
    codes = pd.factorize(column, use_na_sentinel=False)[0]
    return np.asarray(codes == codes[first][unit_of])
