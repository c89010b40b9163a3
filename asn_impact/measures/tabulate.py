"""Durations to a panel: one pass over the records, in their own engine; only cells come back."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, overload, runtime_checkable

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import Names, check_value, did_you_mean
from asn_impact.arrays import Float, Int
from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import give_back
from asn_impact.measures.cells import (
    Grid,
    count_records,
    moments,
    pairs,
    product_limit,
    product_name,
    shares,
    total_name,
    unit_keys,
    within_name,
)
from asn_impact.measures.curves import CurvePanel, until
from asn_impact.measures.durations import Durations, as_whole
from asn_impact.measures.outcome_words import unit_words
from asn_impact.measures.outcomes import (
    CellOutcome,
    CompletionCurve,
    Count,
    DurationOutcome,
    RecordOutcome,
    RestrictedMean,
    Score,
    Share,
    Within,
)
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph, verbatim

Per: TypeAlias = Literal["month", "quarter", "half_year", "year"]
LENGTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_WITHDRAWN = "withdrawn"
FEW = 0.03  # share of cases withdrawn up to which the definition of the measure says enough
_FIRST = 1_000  # records whose mean is near that of all
_PLAIN = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


@runtime_checkable
class Dated(Protocol):
    """Records that can be counted by month: `Durations`, or observations such as the answers of a survey.

    ``records`` is a lazy frame with ``office``, ``month`` (Int32: 12 * year + month - 1), ``day`` (a number that grows
    with the date) and the columns that were kept.
    """

    @property
    def records(self) -> nw.LazyFrame[Any]:
        """The records, in their own engine."""

    @property
    def as_of(self) -> dt.date:
        """The day the export was made."""

    @property
    def as_of_day(self) -> int:
        """The same day as a number of the column ``day``."""

    @property
    def notes(self) -> tuple[Message, ...]:
        """What was assumed."""


@overload
def tabulate(
    durations: Dated,
    outcome: CompletionCurve,
    *,
    by: str | Names = "office",
    covariates: str | Names = (),
    sampling_weight: str | None = None,
    per: Per = "month",
) -> CurvePanel: ...
@overload
def tabulate(
    durations: Dated,
    outcome: RecordOutcome,
    *,
    by: str | Names = "office",
    covariates: str | Names = (),
    sampling_weight: str | None = None,
    per: Per = "month",
) -> Panel: ...
@overload
def tabulate(
    durations: Dated,
    outcome: list[RecordOutcome] | tuple[RecordOutcome, ...],
    *,
    by: str | Names = "office",
    covariates: str | Names = (),
    sampling_weight: str | None = None,
    per: Per = "month",
) -> tuple[Panel, ...]: ...
@public_verb
def tabulate(
    durations: Dated,
    outcome: RecordOutcome | list[RecordOutcome] | tuple[RecordOutcome, ...],
    *,
    by: str | Names = "office",
    covariates: str | Names = (),
    sampling_weight: str | None = None,
    per: Per = "month",
) -> Panel | tuple[Panel, ...]:
    """Return the panel of an outcome by unit and month of receipt (or a longer period), or of several in one pass.

    A month enters when *all* its cases, of all offices, have been followed for the horizon of the outcome;
    the others are listed in `Panel.immature`. With ``CompletionCurve(h, immature="kaplan_meier")`` all months enter,
    each cell up to the last day on which it can answer. A month in which nobody received a case is a gap in the
    timeline. Sums of days are exact whole numbers, so that every engine and every order of the records gives
    the same panel.

    Parameters
    ----------
    durations
        What `measure` returned; for `Score`, `Share` and `Count` any dated records, as `read_survey` returns them.
    outcome
        `Within`, `RestrictedMean`, `CompletionCurve`, `Score`, `Share` or `Count`. Of a list of them the records are
        read once (and once more for each `CompletionCurve`).
    by
        The column that names the unit, or several: the unit is then called ``"office / service"``, and the
        columns are attributes of the panel. This is how a discrete covariate enters: with
        ``by=("office", "service")`` an office has an effect for each of its services, and ``cluster="office"`` keeps
        the units of an office together.
    covariates
        Columns of numbers, kept by ``read_exports(keep=...)``, that differ between the records of a cell. Texts that
        are plain numbers (digits, a decimal point) are read as such; true and false count as 1 and 0. Records without
        one of them are left out and counted.
    sampling_weight
        Column of numbers that says how many people each respondent stands for; for `Score` and `Share`. `mean` and
        `within` are then weighted, `n` is the effective number of records (Kish), and ``assign(weights="records")``
        weighs a cell by the sum of its weights: `TwoWay` with ``ClusterRobust("survey")`` is the regression of
        ``survey::svyglm`` with the clusters as primary units.

    per : {"month", "quarter", "half_year", "year"}
        Length of a period. One longer than a month enters when it was over by the day of the export, and all its cases
        have been followed for the horizon.

    Returns
    -------
    Panel
        (U, T) `n` records, `mean`, `weight` 1 where there are records, `x` the cell means of the covariates, `within`
        the cross-products of (outcome, covariates) around the cell means. For `Count` each cell is one observation
        (`n` = 1), 0 where a unit received nothing. For `CompletionCurve` a `CurvePanel`, which has the (U, T, h + 1)
        `curve` besides. For a list of outcomes a tuple of panels in the same order, each as if asked for alone.

    Raises
    ------
    InputError
        There is no outcome in the list, a column does not exist or is of the wrong kind, a text covariate holds
        something else than plain numbers, a sampling weight is missing or below zero, or no month has been followed
        long enough.

    Warns
    -----
    DataWarning
        Records are left out: without a unit, or without a value of the outcome or of a covariate.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.readers.exports import read_exports
    >>> from asn_impact.measures.calendar import WorkCalendar
    >>> from asn_impact.measures.durations import measure
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b", "c"], "office": ["O1", "O1", "O2"], "status": ["granted", "open", "granted"],
    ...     "received": pd.to_datetime(["2024-02-01", "2024-02-01", "2024-02-05"]),
    ...     "decided": pd.to_datetime(["2024-02-05", None, "2024-02-07"])})
    >>> times = measure(read_exports(frame, as_of="2024-03-28"), WorkCalendar.indonesia())
    >>> tabulate(times, RestrictedMean(30)).mean
    array([[16.],
           [ 2.]])
    """
    _require_dated(durations)
    outcomes = tuple(outcome) if isinstance(outcome, list | tuple) else (outcome,)
    if not outcomes:
        raise InputError(Message("measures.tabulate.no_outcome"))
    for one in outcomes:
        check_value("outcome", one, RecordOutcome, where="tabulate")
    columns, beside = _names(by), _names(covariates)
    _require_unit(columns)
    for one in outcomes:
        _require_columns(durations, (*columns, *_source(one), *beside))
        _require_kind(durations, one)
        _require_numbers(durations, one, beside)
    schema = durations.records.collect_schema()
    _require_plain_numbers(durations, [name for name in beside if schema[name] == nw.String])
    weighing = None if sampling_weight is None else _sampling(durations, outcomes, beside, sampling_weight)
    on_clock = tuple(_on_the_clock(one, durations) for one in outcomes)
    panels = _panels(_by_period(durations, per), on_clock, columns, beside, weighing, LENGTHS[per])
    return panels if isinstance(outcome, list | tuple) else panels[0]


def _panels(
    durations: Dated,
    outcomes: tuple[RecordOutcome, ...],
    columns: tuple[str, ...],
    beside: tuple[str, ...],
    weighing: _Weighing | None,
    length: int,
) -> tuple[Panel, ...]:
    """Return the panels of outcomes whose columns are known: one pass for the cells of all."""
    plain = [one for one in outcomes if not isinstance(one, CompletionCurve)]
    sums = [_centre(durations, one, beside) for one in plain]
    cells = _cells(durations, plain, columns, sums, weighing) if plain else []
    parts = ((own, one.shifts) for own, one in zip(cells, sums, strict=True))
    return tuple(
        _curve_panel(columns, one, durations, length)
        if isinstance(one, CompletionCurve)
        else _cell_panel(durations, one, columns, beside, *next(parts), weighing, length)
        for one in outcomes
    )


def _cell_panel(
    durations: Dated,
    outcome: CellOutcome,
    columns: tuple[str, ...],
    beside: tuple[str, ...],
    cells: pd.DataFrame,
    shifts: Float,
    weighing: _Weighing | None,
    length: int,
) -> Panel:
    """Return the panel of the sums of one outcome."""
    cells, notes = _with_units(cells, columns, (*_source(outcome), *beside))
    if isinstance(outcome, Share):
        _require_zero_or_one(cells, outcome)
    if weighing is not None:
        notes = (*notes, _effective(cells, weighing.column))
    months = _months(cells, outcome, durations, length)
    mature = months.index[months["mature"]].to_numpy(dtype=np.int64)
    if not len(mature):
        raise InputError(_nothing_mature(months, outcome, durations))
    grid = Grid.of(cells, columns, mature)
    notes = (*notes, *_count_withdrawn(cells[cells["month"].isin(mature)], outcome))
    immature = Timeline.of_length(months.index[~months["mature"]].to_numpy(), length).labels
    arrays = count_records(grid) if isinstance(outcome, Count) else moments(grid, shifts)
    return Panel(
        outcome=outcome,
        units=grid.units,
        timeline=Timeline.of_length(mature, length),
        attributes=grid.attributes,
        covariates=beside,
        immature=immature,
        notes=(*durations.notes, *notes),
        **arrays._asdict(),
    )


def _names(columns: str | Names) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))


@public_verb
def maturity(durations: Dated, outcome: RecordOutcome) -> pd.DataFrame:
    """Return for each month of receipt whether all its cases have been followed long enough.

    Returns
    -------
    DataFrame
        ``month`` as text, ``cases``, ``open`` (neither decided nor withdrawn), ``least_follow_up`` (days of
        the case received last, in the days of the clock) and ``mature``.

    Raises
    ------
    InputError
        The records are not dated, or the outcome is one of waits and they have none.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.readers.exports import read_exports
    >>> from asn_impact.measures.calendar import WorkCalendar
    >>> from asn_impact.measures.durations import measure
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b"], "office": ["O1", "O1"], "status": ["granted", "open"],
    ...     "received": pd.to_datetime(["2024-02-01", "2024-03-01"]),
    ...     "decided": pd.to_datetime(["2024-02-05", None])})
    >>> times = measure(read_exports(frame, as_of="2024-03-28"), WorkCalendar.indonesia())
    >>> maturity(times, Within(20))
         month  cases  open  least_follow_up  mature
    0  2024-02      1     0               35    True
    1  2024-03      1     1               17   False
    """
    _require_dated(durations)
    is_open = nw.col("status") == "open"
    cases = (
        durations.records.with_columns(as_whole(is_open).alias("is_open"))
        .group_by("month")
        .agg(nw.len().alias("rows"), nw.col("is_open").sum(), nw.col("day").max().alias("latest"))
        .collect()
        .to_pandas()
        .astype("int64")
    )
    months = _months(cases, _on_the_clock(outcome, durations), durations)
    return pd.DataFrame(
        {
            "month": Timeline.months(months.index.to_numpy()).labels,
            "cases": months["rows"].to_numpy(),
            "open": cases.set_index("month")["is_open"].loc[months.index].to_numpy(),
            "least_follow_up": months["least_follow_up"].to_numpy(),
            "mature": months["mature"].to_numpy(),
        }
    )


def _source(outcome: RecordOutcome) -> tuple[str, ...]:
    """Name the extra column that an outcome reads."""
    return (outcome.column,) if isinstance(outcome, Score | Share) else ()


def _require_unit(names: Sequence[str]) -> None:
    if not names:
        raise InputError(Message("measures.tabulate.no_unit"))


def _require_dated(durations: object) -> None:
    if not isinstance(durations, Dated):
        raise InputError(Message("measures.tabulate.not_dated", found=type(durations).__name__))


def _require_columns(durations: Dated, names: Sequence[str]) -> None:
    known = [n for n in durations.records.collect_schema().names() if n not in {"month", "day", "days"}]
    for name in names:
        if name not in known:
            absence = Message("measures.tabulate.no_column", column=name, known=known)
            hint = Message("measures.tabulate.keep_columns")
            raise InputError(paragraph(absence, did_you_mean(name, known), hint))


def _on_the_clock(outcome: RecordOutcome, durations: Dated) -> RecordOutcome:
    """Say in which days the outcome counts; only durations can answer an outcome of days."""
    if not isinstance(outcome, DurationOutcome):
        return outcome
    if not isinstance(durations, Durations):
        raise InputError(Message("measures.tabulate.no_durations", outcome=outcome.name))
    return replace(outcome, counted_in=durations.calendar.unit)


def _require_kind(durations: Dated, outcome: RecordOutcome) -> None:
    """Refuse a column whose kind cannot give the outcome."""
    if not isinstance(outcome, Score | Share):
        return
    kind = durations.records.collect_schema()[outcome.column]
    if kind == nw.String:  # a column of an export is text: plain numbers count, anything else is shown
        _require_plain_numbers(durations, [outcome.column])
    elif not (kind.is_numeric() or (isinstance(outcome, Share) and kind == nw.Boolean)):
        expected = "numbers" if isinstance(outcome, Score) else "truths"
        raise InputError(Message(f"measures.tabulate.no_{expected}", column=outcome.column, kind=str(kind)))


def _require_numbers(durations: Dated, outcome: RecordOutcome, covariates: Sequence[str]) -> None:
    """Refuse covariates that are no numbers, or that have no place beside the outcome."""
    if covariates and isinstance(outcome, CompletionCurve):
        raise InputError(Message("measures.tabulate.curve_covariates", covariates=tuple(covariates)))
    if covariates and isinstance(outcome, Count):
        raise InputError(
            Message("measures.tabulate.count_covariates", covariates=tuple(covariates), outcome=outcome.name)
        )
    schema = durations.records.collect_schema()
    for name in covariates:
        if name in _source(outcome):
            raise InputError(Message("measures.tabulate.both", column=name))
        if not (schema[name].is_numeric() or schema[name] in (nw.Boolean, nw.String)):
            raise InputError(Message("measures.tabulate.no_numbers", column=name, kind=str(schema[name])))


def _require_plain_numbers(durations: Dated, texts: Sequence[str]) -> None:
    if not texts:
        return
    texts_odd = {name: _text(name).str.contains(_PLAIN) == nw.lit(value=False) for name in texts}
    odd = [as_whole(is_odd).sum().alias(name) for name, is_odd in texts_odd.items()]
    counts = durations.records.select(*odd).collect().to_pandas().iloc[0]
    for name in texts:
        if counts[name] > 0:
            raise InputError(Message("measures.tabulate.no_plain_numbers", column=name, n=int(counts[name])))


def _text(column: str) -> nw.Expr:
    """Write a text column without spaces around it, missing where nothing is left."""
    text = nw.col(column).str.strip_chars()
    return nw.when(text != "").then(text)


def _if_finite(column: nw.Expr) -> nw.Expr:
    """Write numbers as decimals, missing where they are missing or infinite."""
    number = column.cast(nw.Float64)
    return nw.when(number.abs() <= sys.float_info.max).then(number)  # not every engine knows what is finite


class _Centred(NamedTuple):
    """Outcome and covariates less a constant near their mean: sums of squares lose no digits in one pass."""

    values: tuple[nw.Expr, ...]  # 1 + p
    shifts: Float  # (1 + p,)


def _centre(durations: Dated, outcome: CellOutcome, covariates: Sequence[str]) -> _Centred:
    """Write what each record contributes, missing where it does not count."""
    numbers = [_number(durations, name) for name in covariates]
    first = (
        _shift(durations, _value(durations, outcome)) if isinstance(outcome, Score) else 0.0
    )  # days are small and whole
    shifts = [first, *(_shift(durations, number) for number in numbers)]
    values = (_value(durations, outcome), *numbers)
    values_less_shift = (value - shift if shift else value for value, shift in zip(values, shifts, strict=True))
    return _Centred(tuple(values_less_shift), np.array(shifts))


def _number(durations: Dated, name: str) -> nw.Expr:
    """Write a column of numbers, or of texts that are plain numbers, as decimals."""
    kind = durations.records.collect_schema()[name]
    whole = as_whole(nw.col(name))
    return _if_finite(_text(name) if kind == nw.String else whole if kind == nw.Boolean else nw.col(name))


class _Weighing(NamedTuple):
    """The sampling weight of a record, and the column it is from."""

    column: str
    expression: nw.Expr


def _sampling(durations: Dated, outcomes: Sequence[RecordOutcome], covariates: Sequence[str], name: str) -> _Weighing:
    """Write the sampling weight of each record; refuse one for an outcome that is no mean of answers."""
    for outcome in outcomes:
        if not isinstance(outcome, Score | Share):
            raise InputError(Message("measures.tabulate.weight_of_answers", column=name, outcome=outcome.name))
        if name in (outcome.column, *covariates):
            raise InputError(Message("measures.tabulate.both", column=name))
    return _Weighing(name, weight_of_records(durations, name))


def weight_of_records(durations: Dated, name: str) -> nw.Expr:
    """Write a column as sampling weights: zero or more, in every record.

    Raises
    ------
    InputError
        There is no such column, it holds no numbers, or a weight is missing or below zero.
    """
    _require_columns(durations, [name])
    schema = durations.records.collect_schema()
    if not (schema[name].is_numeric() or schema[name] == nw.String):
        raise InputError(Message("measures.tabulate.no_numbers", column=name, kind=str(schema[name])))
    _require_plain_numbers(durations, [name] if schema[name] == nw.String else [])
    weight = _number(durations, name)
    counts = durations.records.select(nw.len().alias("rows"), as_whole(weight >= 0).sum().alias("usable"))
    rows, usable = (int(number) for number in counts.collect().to_pandas().iloc[0].fillna(0))
    if usable < rows:
        raise InputError(Message("measures.tabulate.weight_unusable", column=name, n=rows - usable, rows=rows))
    return weight


def _effective(cells: pd.DataFrame, name: str) -> Message:
    """Say how many records alike would tell as much as those that were weighted."""
    size, squares = cells["size"].to_numpy(), cells["squares"].to_numpy()
    each = np.divide(size**2, squares, out=np.zeros_like(size), where=squares > 0)
    if not each.any():
        raise InputError(Message("measures.tabulate.weight_all_zero", column=name))
    whole = {"n": int(cells["n"].sum()), "column": verbatim(name), "effective": float(size.sum() ** 2 / squares.sum())}
    some = each[each > 0]
    return Message("measures.tabulate.effective", **whole, least=float(some.min()), most=float(some.max()))


def _shift(durations: Dated, number: nw.Expr) -> float:
    """Return the mean of the first records, rounded if they are whole numbers: those stay whole, and exact."""
    some = durations.records.select(number.alias("value")).drop_nulls().head(_FIRST).collect()
    values = some.to_pandas()["value"].to_numpy(dtype=np.float64)
    mean = float(values.mean()) if len(values) else 0.0
    return float(np.round(mean)) if (values == np.round(values)).all() else mean


def _value(durations: Dated, outcome: CellOutcome) -> nw.Expr:
    """Write the outcome of each record, missing where it does not count."""
    match outcome:
        case Within() | RestrictedMean():
            return as_whole(outcome.value(nw.col("days")))
        case Score() | Share():
            return _number(durations, outcome.column)
        case Count():
            return nw.lit(1, nw.Int64)


def _cells(
    durations: Dated,
    outcomes: Sequence[CellOutcome],
    columns: tuple[str, ...],
    sums: Sequence[_Centred],
    weighing: _Weighing | None = None,
) -> list[pd.DataFrame]:
    """Run the one pass over the records: for each outcome n, sums and sums of products of each cell.

    With a sampling weight the sums are weighted; ``size`` and ``squares`` are those of the weights and their squares.
    """
    keys = unit_keys(columns)
    weighted = weighing is not None
    parts = [_Part.of(i, one, len(sums[i].values), weighted=weighted) for i, one in enumerate(outcomes)]
    of_waits = any(isinstance(one, DurationOutcome) for one in outcomes)
    records = durations.records.select(
        *(nw.col(name).alias(key) for name, key in zip(columns, keys, strict=True)),
        nw.col("month", "day"),
        *([as_whole(nw.col("status") == "withdrawn").alias(_WITHDRAWN)] if of_waits else []),
        *(
            value.alias(name)
            for part, one in zip(parts, sums, strict=True)
            for value, name in zip(one.values, part.totals, strict=True)
        ),
        *([] if weighing is None else [weighing.expression.alias("weight")]),
    )
    for part in parts:
        records = _complete(records, part.totals) if len(part.totals) > 1 else records
    products = [(name, pair) for part in parts for name, pair in part.products.items()]
    summed = [name for part in parts for name in part.summed]
    exact = {name for part in parts for name in part.exact}
    records = records.with_columns(*((nw.col(one) * nw.col(other)).alias(name) for name, (one, other) in products))
    if weighted:
        records = records.with_columns(*(column for part in parts for column in part.weigh()))
    cells = (
        records.group_by(*keys, "month")
        .agg(
            nw.len().alias("rows"),
            *((nw.col(part.totals[0]).count() if part.some else nw.len()).alias(part.n) for part in parts),
            *(nw.col(name).sum() for name in summed),
            nw.col("day").max().alias("latest"),
            *([nw.col(_WITHDRAWN).sum()] if of_waits else []),
        )
        .with_columns(nw.col(name).cast(nw.Int64 if name in exact else nw.Float64) for name in summed)
        .collect()
        .to_pandas()
    )
    common = [*keys, "month", "rows", "latest", *([_WITHDRAWN] if of_waits else [])]
    return [cells[[*common, *part.names]].rename(columns=part.names) for part in parts]


class _Part(NamedTuple):
    """Columns of one outcome among those of all."""

    n: str
    totals: tuple[str, ...]
    products: dict[str, tuple[str, str]]  # name -> the totals whose products it sums
    names: dict[str, str]  # name -> what it is called alone
    some: bool  # whether a value can be missing
    exact: tuple[str, ...]  # whole numbers, which add up exactly
    sizes: tuple[str, ...]  # sums of the weights and of their squares, with a sampling weight

    @classmethod
    def of(cls, place: int, outcome: CellOutcome, values: int, *, weighted: bool) -> _Part:
        """Name the columns of an outcome with covariates, `values` in all."""
        own = f"outcome_{place}_"
        totals = tuple(own + total_name(i) for i in range(values))
        products = {own + product_name(i, j): (totals[i], totals[j]) for i, j in pairs(values)}
        real = isinstance(outcome, Score | Share)  # days are never missing here, and whole
        exact = () if real else (totals[0], own + product_name(0, 0))
        sizes = (f"{own}size", f"{own}squares") if weighted else ()
        names = {name: name.removeprefix(own) for name in (f"{own}n", *totals, *products, *sizes)}
        return cls(f"{own}n", totals, products, names, real or values > 1, exact, sizes)

    @property
    def summed(self) -> tuple[str, ...]:
        """Names of all that is added up."""
        return (*self.totals, *self.products, *self.sizes)

    def weigh(self) -> list[nw.Expr]:
        """Write values times their weight, and the weight and its square of a record that has a value."""
        size = nw.when(~nw.col(self.totals[0]).is_null()).then(nw.col("weight")).otherwise(0.0)
        values = [(nw.col(name) * nw.col("weight")).alias(name) for name in (*self.totals, *self.products)]
        return [*values, *(value.alias(name) for value, name in zip((size, size * size), self.sizes, strict=True))]


def _curve_cells(durations: Dated, outcome: CompletionCurve, columns: tuple[str, ...]) -> pd.DataFrame:
    """Run the one pass over the records: cases of each cell decided within each number of days.

    Up to some days each is a count of its own, so that no more rows than cells leave the engine. Frames of pandas would
    have a column a day of all records: they count the cases of each cell and day, as all do for longer curves.
    """
    keys, days = unit_keys(columns), range(outcome.horizon + 1)
    records = _keyed(durations, columns).select(*keys, "month", "day", "days")
    latest = nw.col("day").max().alias("latest")
    if outcome.horizon <= _COUNTED and not records.implementation.is_pandas():
        within = {within_name(day): nw.when(nw.col("days") <= day).then(nw.lit(1, nw.Int32)) for day in days}
        cells = records.with_columns(**within).group_by(*keys, "month")
        found = cells.agg(nw.len().alias("rows"), latest, *(nw.col(name).count() for name in within))
        left = found.with_columns(nw.col("rows", *within).cast(nw.Int32)).collect().to_arrow()
        if records.implementation.is_duckdb():
            give_back()  # before the answer is made, which may be as large
        others: pd.DataFrame = left.drop_columns(list(within)).to_pandas()
        counts: pd.DataFrame = left.select(list(within)).to_pandas(types_mapper=pd.ArrowDtype)  # not copied
        return pd.concat([others, counts], axis=1)
    counted = records.with_columns(event=_event(outcome)).group_by(*keys, "month", "event")
    counts = counted.agg(nw.len().alias("n"), latest).collect().to_pandas()
    groups = counts.groupby([*keys, "month"], dropna=False, sort=False)
    whole = groups.agg(rows=("n", "sum"), latest=("latest", "max")).reset_index()
    decided = np.zeros((len(whole), outcome.horizon + 2), dtype=np.int32)
    event, n = (counts[name].to_numpy(dtype=np.int32) for name in ("event", "n"))
    np.add.at(decided, (groups.ngroup().to_numpy(), event), n)
    added = np.cumsum(decided[:, :-1], axis=1, dtype=np.int32)
    return pd.concat([whole, pd.DataFrame(added, columns=list(map(within_name, days)))], axis=1)


_COUNTED = 60  # days of a curve that are counted one by one in the engine


def _keyed(durations: Dated, columns: tuple[str, ...]) -> nw.LazyFrame[Any]:
    """Return the records with their units under names that cannot meet others."""
    return durations.records.with_columns(
        nw.col(name).alias(key) for name, key in zip(columns, unit_keys(columns), strict=True)
    )


def _event(outcome: CompletionCurve) -> nw.Expr:
    """Write the day of decision, one more than the horizon for a case not decided by then."""
    days, never = nw.col("days"), nw.lit(outcome.horizon + 1, nw.Int32)
    return nw.when(days <= outcome.horizon).then(days).otherwise(never).cast(nw.Int32)


def _curve_counts(durations: Dated, outcome: CompletionCurve, columns: tuple[str, ...], months: Int) -> pd.DataFrame:
    """Return the cases of each cell of some months by day of decision and last day of follow-up."""
    keys, horizon = unit_keys(columns), outcome.horizon
    follow = nw.lit(durations.as_of_day, nw.Int32) - nw.col("day")
    counts = (
        _keyed(durations, columns)
        .filter(nw.col("month").is_in(months.tolist()))
        .with_columns(
            event=_event(outcome), follow=nw.when(follow < horizon).then(follow).otherwise(nw.lit(horizon, nw.Int32))
        )
        .group_by(*keys, "month", "event", "follow")
        .agg(nw.len().alias("n"))
    )
    return counts.with_columns(nw.col("n", "event", "follow").cast(nw.Int32)).collect().to_pandas().dropna(subset=keys)


def _complete(records: nw.LazyFrame[Any], names: Sequence[str]) -> nw.LazyFrame[Any]:
    """Make all values of a record missing where one of them is."""
    whole = ~nw.any_horizontal(*(nw.col(name).is_null() for name in names), ignore_nulls=True)
    return records.with_columns(whole.alias("whole")).with_columns(
        nw.when(nw.col("whole")).then(nw.col(name)).alias(name) for name in names
    )


def _with_units(
    cells: pd.DataFrame, columns: tuple[str, ...], source: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Leave out, and count, records that belong to no unit; count records without a value."""
    keys = unit_keys(columns)
    nameless = cells[keys].isna().any(axis=1).to_numpy()
    nameless_rows, empty = int(cells["rows"][nameless].sum()), int((cells["rows"] - cells["n"])[~nameless].sum())
    notes = []
    if nameless_rows:
        notes.append(Alert("measures.tabulate.without_unit", n=nameless_rows, columns=tuple(map(verbatim, columns))))
    if empty:
        notes.append(Alert("measures.tabulate.without_value", n=empty, columns=tuple(map(verbatim, source))))
    return cells[~nameless].reset_index(drop=True) if nameless_rows else cells, tuple(notes)


def _count_withdrawn(cells: pd.DataFrame, outcome: CellOutcome) -> tuple[Message, ...]:
    """Say which share of the cases counts as the limit because they were withdrawn, where it is more than a few."""
    if not isinstance(outcome, RestrictedMean | Within):
        return ()
    share = int(cells[_WITHDRAWN].sum()) / max(int(cells["rows"].sum()), 1)
    told = "at_limit" if isinstance(outcome, RestrictedMean) else "not_in_time"
    if share <= FEW:
        return ()
    return (Message(f"measures.tabulate.{told}", share=share, limit=outcome.limit.message),)


def _by_period(durations: Dated, per: Per) -> Dated:
    """Return the records with the first month of their period in the place of their month."""
    if per == "month":
        return durations
    first = nw.col("month") // LENGTHS[per] * LENGTHS[per]
    dated: Any = durations  # a dataclass of ours
    return replace(dated, records=durations.records.with_columns(first.cast(nw.Int32).alias("month")))  # type: ignore[no-any-return]


def _months(cells: pd.DataFrame, outcome: RecordOutcome, durations: Dated, length: int = 1) -> pd.DataFrame:
    """Return one row a month with a case, sorted: rows, latest, least_follow_up, mature."""
    months = cells.groupby("month").agg(rows=("rows", "sum"), latest=("latest", "max")).sort_index()
    months = months.assign(least_follow_up=durations.as_of_day - months["latest"].astype("int64"))
    over = _period_end(months.index.to_numpy(), length) <= np.datetime64(durations.as_of, "D")
    if isinstance(outcome, Count):
        return months.assign(mature=over)
    followed = outcome.horizon is None or months["least_follow_up"] >= outcome.horizon
    return months.assign(mature=followed & over if length > 1 else followed)


def _period_end(months: Int, length: int) -> Any:  # noqa: ANN401 - datetime64[D]
    following = (months.astype(np.int64) + length - 12 * 1970).astype("datetime64[M]")
    return following.astype("datetime64[D]") - 1


def _nothing_mature(months: pd.DataFrame, outcome: RecordOutcome, durations: Dated) -> Message:
    if not isinstance(outcome, DurationOutcome):
        return Message("measures.tabulate.no_month_over", as_of=durations.as_of)
    follow_up = months["least_follow_up"].to_numpy(dtype=np.int64)
    longest = int(np.argmax(follow_up))
    return Message(
        "measures.tabulate.nothing_mature",
        outcome=outcome.name,
        month=Timeline.months(months.index.to_numpy()).labels[longest],
        followed=int(follow_up[longest]),
        horizon=outcome.horizon,
        unit=unit_words(outcome.counted_in),
    )


def _curve_panel(columns: tuple[str, ...], outcome: CompletionCurve, durations: Dated, length: int) -> CurvePanel:
    """Return the curves: plain shares in mature months, product-limit estimates in the others if they may enter."""
    cells = _curve_cells(durations, outcome, columns)
    cells, notes = _with_units(cells.assign(n=cells["rows"]), columns, ())
    months = _months(cells, outcome, durations, length)
    left_out = outcome.immature == "leave_out"
    entering = (months.index[months["mature"]] if left_out else months.index).to_numpy(dtype=np.int64)
    if not len(entering):
        raise InputError(_nothing_mature(months, outcome, durations))
    grid = Grid.of(cells, columns, entering)
    curves = shares(grid, outcome.horizon)
    partly = np.flatnonzero(~months["mature"].to_numpy()) if not left_out else np.zeros(0, dtype=np.int64)
    if len(partly):
        counts = _curve_counts(durations, outcome, columns, entering[partly])
        rows, month = grid.rows_of(counts), counts["month"].to_numpy()
        for column in partly:
            here = month == entering[column]
            limit = product_limit(counts[here], rows[here], len(grid.units), outcome.horizon)
            curves.share[:, column], curves.inside[:, column] = limit
    if np.isnan(curves.share[:, :, -1]).all():
        raise InputError(
            Message("measures.tabulate.curve_too_long", outcome=outcome.name, day=max(until(curves.share)))
        )
    timeline = Timeline.of_length(entering, length)
    return CurvePanel(
        outcome=outcome,
        units=grid.units,
        timeline=timeline,
        attributes=grid.attributes,
        immature=Timeline.of_length(months.index[~months["mature"]].to_numpy(), length).labels if left_out else (),
        notes=(*durations.notes, *notes, *_partly(timeline, partly, curves.share, outcome)),
        n=curves.n,
        mean=curves.share[:, :, -1],
        weight=(curves.n > 0).astype(np.float64),
        within=np.nan_to_num(curves.inside[:, :, -1])[:, :, None, None],
        curve=curves.share,
        inside=curves.inside,
    )


def _partly(timeline: Timeline, partly: Int, share: Float, outcome: CompletionCurve) -> tuple[Message, ...]:
    """Say how far each month that was not followed to the horizon counts."""
    if not len(partly):
        return ()
    last = until(share)
    months = tuple(
        Message("measures.tabulate.partly_month", month=timeline.labels[column], day=last[column]) for column in partly
    )
    unit = unit_words(outcome.counted_in)
    return (Message("measures.tabulate.partly", n=len(months), horizon=outcome.horizon, unit=unit, months=months),)


def _require_zero_or_one(cells: pd.DataFrame, outcome: Share) -> None:
    """Refuse other numbers: only for 0 and 1 the sum equals the sum of squares."""
    total, squares = cells[total_name(0)].to_numpy(float), cells[product_name(0, 0)].to_numpy(float)
    if not np.allclose(
        total, squares, rtol=1e-12, atol=0.0
    ):  # weighted sums of the same numbers may differ by rounding
        raise InputError(Message("measures.tabulate.not_zero_one", column=outcome.column))
