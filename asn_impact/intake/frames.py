"""Frames of any engine -> rows under field names; what is typed already stays in its engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_list_like

from asn_impact.errors import InputError
from asn_impact.intake.cleaning import (
    PLACE,
    bounds_of,
)
from asn_impact.intake.fields.canonical import DATE_FIELDS, FILE, KEY_FIELDS, TEXT_FIELDS
from asn_impact.intake.fields.cells import MOST_EXACT, moment_sql
from asn_impact.intake.fields.zones import ZONE, offset_of, zone_name
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import from_arrow, identifier, query
from asn_impact.intake.gathered import Gathered, moved_notes, time_notes
from asn_impact.intake.privacy import masked
from asn_impact.words import Message

#: Databases behind Ibis into whose SQL not every query can be written: no regular expressions, or no day of the year.
LACKING: Final = ("impala", "mssql", "oracle")
MOST_IN_ARROW: Final = 1 << 15  # rows about which it answers sooner than pandas, or than the engine plans


def narwhal(source: Any, find: Callable[[list[str]], object]) -> nw.LazyFrame[Any]:  # noqa: ANN401
    """Return any frame as a lazy one; a frame of an unknown kind is refused."""
    native = _plain(source) if isinstance(source, pd.DataFrame) else source
    if type(source).__module__ == "pyarrow._dataset":  # not imported for a question
        native = from_arrow(source)
    try:
        if isinstance(native, pd.DataFrame) and not native.columns.is_unique:
            find([str(c) for c in native.columns])  # refuses a doubled column that is needed
            native = native.loc[:, ~native.columns.duplicated(keep=False)]
        frame = nw.from_native(native)
    except TypeError:
        raise InputError(Message("intake.frame.unknown", kind=type(source).__name__)) from None
    _refuse_unserved(frame)
    return frame.lazy()


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of pandas with the named levels of its index as columns, and days of Arrow as moments."""
    if frame.columns.nlevels > 1:
        raise InputError(Message("intake.frame.levels", n=frame.columns.nlevels))
    names = list(frame.index.names)
    levels = [name for name in names if name is not None and name not in frame.columns and names.count(name) == 1]
    table = (frame.reset_index(level=levels) if levels else frame).reset_index(drop=True)
    kinds = table.dtypes.items() if table.columns.is_unique else ()
    days = [name for name, kind in kinds if isinstance(kind, pd.ArrowDtype) and pa.types.is_date(kind.pyarrow_dtype)]
    return table.astype(dict.fromkeys(days, "datetime64[s]")) if days else table


def _refuse_unserved(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> None:
    """Refuse a frame whose engine cannot count it, before any work is done."""
    engine = frame.implementation
    if engine.is_ibis():
        table: Any = nw.to_native(frame)
        backend = table.get_backend().name
        if backend == "sqlite":
            raise InputError(Message("intake.frame.sqlite"))
        if backend in LACKING:
            raise InputError(Message("intake.frame.lacking", engine=backend))
        return
    served = (engine.is_duckdb(), engine.is_pandas(), engine.is_polars(), engine.is_pyarrow(), engine.is_pyspark())
    if not (any(served) or engine.is_pyspark_connect()):
        raise InputError(Message("intake.frame.engine", engine=str(engine)))


def is_temporal(dtype: nw.dtypes.DType) -> bool:
    """Return whether a column of a frame holds dates."""
    return dtype == nw.Date or dtype == nw.Datetime


def distinct(frame: nw.LazyFrame[Any], column: str) -> list[Any]:
    """Return the different values of a column, counted: for `unique` DuckDB numbers every row."""
    return frame.group_by(column).agg(asn_n=nw.len()).collect()[column].to_list()


def looked_at(frame: nw.LazyFrame[Any], *columns: str) -> nw.LazyFrame[Any]:
    """Return columns that a question is about: few rows of pandas as Arrow, which answers sooner."""
    some = frame.select(*columns)
    if not some.implementation.is_pandas() or len(rows := some.collect()) > MOST_IN_ARROW:
        return some
    few: nw.LazyFrame[Any] = nw.from_native(rows.to_arrow()).lazy()
    return few


def refuse_long_floats(frame: nw.LazyFrame[Any]) -> None:
    """Refuse numbers of 16 digits or more stored as floats: their last digits are lost, different cases collapse."""
    schema = frame.collect_schema()
    for name in [f for f in schema if f in KEY_FIELDS and schema[f].is_float()]:
        top = frame.select(nw.col(name).fill_nan(None).abs().max()).collect().item()
        if top is not None and top >= MOST_EXACT:
            raise InputError(Message("intake.frame.long_floats", field=name))


def _as_text(field: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Return a column of keys as texts: whole floats without their point, others as they are."""
    column = nw.col(field)
    if not dtype.is_float():
        return column if dtype == nw.String else column.cast(nw.String)
    text = column.cast(nw.String).str.replace_all(r"\.0+$", "")
    return nw.when(~(column.is_null() | column.is_nan())).then(text)


def _in_calendar(field: str, dtype: nw.dtypes.DType, engine: nw.Implementation) -> nw.Expr:
    """Return a column with a year that Python does not know as the day beside its calendar, as `moment_sql` does."""
    kind = dt.date if dtype == nw.Date else dt.datetime
    column, day = nw.col(field), dt.timedelta(days=1)
    spark = engine.is_pyspark() or engine.is_pyspark_connect()  # it is sent the year 1 with one digit, and refuses it

    def moment(value: dt.date) -> nw.Expr:
        return nw.lit(str(value)).cast(dtype) if spark else nw.lit(value)

    early = nw.when(column < moment(kind.min)).then(moment(kind.min + day)).otherwise(column)
    return nw.when(column > moment(kind.max)).then(moment(kind.max - day)).otherwise(early).alias(field)


def in_pandas(frame: Any, names: Sequence[str] | None = None) -> pd.DataFrame:  # noqa: ANN401
    """Return any frame, or some of its columns, as one of pandas, with moments in local time.

    A year that Python does not have is the day beside its calendar.

    Raises
    ------
    InputError
        A column holds lists, bytes, times of day or durations.
    """
    if isinstance(frame, pd.DataFrame):
        table = frame if names is None else frame.loc[:, list(names)]
        _refuse_strange_values(table)
        named = [c for c in table.columns if isinstance(c, str)] if table.columns.is_unique else []
        moments = [c for c in named if pd.api.types.is_datetime64_any_dtype(table[c])]
        return table.assign(**{c: _local(table[c]) for c in moments}) if moments else table
    lazy = _lazy(frame) if names is None else _lazy(frame).select(*names)
    schema = lazy.collect_schema()
    refuse_strange_kinds(schema, schema)
    if lazy.implementation.is_duckdb():
        days = [f for f in schema if is_temporal(schema[f])]
        relation: duckdb.DuckDBPyRelation = lazy.to_native()
        kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
        cells = (f"{moment_sql(identifier(f), kinds[f], None)} AS {identifier(f)}" for f in days)
        return pd.DataFrame((relation.project(f"* REPLACE ({', '.join(cells)})") if days else relation).df())
    return pd.DataFrame(_with_moments(lazy, schema, None).collect().to_pandas())


def _with_moments(frame: nw.LazyFrame[Any], fields: Iterable[str], zone: str | None) -> nw.LazyFrame[Any]:
    """Return a frame with moments in local time, and years beyond the calendar beside it."""
    fields, schema = list(fields), frame.collect_schema()
    if zoned := [f for f in fields if is_zoned(schema[f])]:
        local = (nw.col(f).dt.convert_time_zone(zone_name(zone)).dt.replace_time_zone(None) for f in zoned)
        frame = frame.with_columns(*local)
    far = [f for f in fields if is_temporal(schema[f]) and getattr(schema[f], "time_unit", "") != "ns"]
    return frame.with_columns(*(_in_calendar(f, schema[f], frame.implementation) for f in far)) if far else frame


def _local(column: pd.Series) -> pd.Series:
    if column.dt.tz is not None:
        column = column.dt.tz_convert(dt.timezone(dt.timedelta(minutes=offset_of(ZONE)))).dt.tz_localize(None)
    first, last = (pd.Timestamp(day).as_unit("s") for day in ("0001-01-02", "9999-12-30"))
    return column if column.dt.unit == "ns" else column.mask(column < first, first).mask(column > last, last)


def _lazy(frame: Any) -> nw.LazyFrame[Any]:  # noqa: ANN401
    try:
        lazy: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
    except TypeError:
        raise InputError(Message("intake.frame.unknown", kind=type(frame).__name__)) from None
    return lazy


_STRANGE: Final = (nw.List, nw.Array, nw.Struct, nw.Binary, nw.Duration, nw.Time)


def refuse_strange_kinds(schema: Mapping[str, Any], headings: Iterable[str]) -> None:
    """Refuse columns of lists, bytes, times of day and durations: no field is one of them."""
    for heading in headings:
        if any(schema[heading] == kind for kind in _STRANGE):
            kind = str(schema[heading]).split("(")[0]
            raise InputError(Message("intake.frame.strange", heading=masked(heading), kind=kind))


def _refuse_strange_values(table: pd.DataFrame) -> None:
    for heading, column in table.items():
        values = column if column.dtype == object else ()
        found = [value for value in values if isinstance(value, bytes | bytearray) or is_list_like(value)]
        if found:
            shown = {"heading": masked(str(heading)), "kind": type(found[0]).__name__}
            raise InputError(Message("intake.frame.strange", **shown))


def type_frame(frame: nw.LazyFrame[Any], match: Mapping[str, str], zone: str | None) -> Gathered:
    """Return a frame whose dates are typed, in its own engine, under field names."""
    schema = frame.collect_schema()
    zones = {f: str(getattr(schema[f], "time_zone", None)) for f in schema if is_zoned(schema[f])}
    frame = _with_moments(frame, match, zone)
    bounds = bounds_of(frame)
    texts = [_as_text(f, schema[f]).alias(f) for f in match if f in TEXT_FIELDS and schema[f] != nw.String]
    days = [nw.col(f).cast(nw.Date) for f in match if f in DATE_FIELDS and schema[f] != nw.Date]
    typed = frame.with_columns(*texts, *days) if texts or days else frame
    table = RawTable("frame", tuple(match), query("SELECT 1 WHERE false"), "", loose=False)
    notes = (*moved_notes(zones, zone), *time_notes(bounds.timed))
    numbered = partial(_number_rows, frame, match, zone)
    return Gathered(typed, bounds, MappingProxyType(dict(match)), (table,), (), None, notes, numbered)


def _number_rows(frame: nw.LazyFrame[Any], match: Mapping[str, str], zone: str | None) -> nw.LazyFrame[Any]:
    """Return the typed rows of a frame with their numbers, from 1; the frame is held in memory for it."""
    rows = frame.collect().with_row_index("asn_index")
    rows = rows.with_columns((nw.col("asn_index").cast(nw.Int64) + 1).alias(PLACE), nw.lit(0).alias(FILE))
    return type_frame(rows.drop("asn_index").lazy(), match, zone).frame


def is_zoned(dtype: nw.dtypes.DType) -> bool:
    """Return whether the times of a column carry a zone."""
    return dtype == nw.Datetime and getattr(dtype, "time_zone", None) is not None


def as_relation(frame: nw.LazyFrame[Any]) -> duckdb.DuckDBPyRelation:
    """Return the columns of a frame as ``c0``, ``c1``, ... in DuckDB; objects become texts."""
    if frame.implementation.is_duckdb():
        relation: duckdb.DuckDBPyRelation = frame.to_native()
        return relation.project(", ".join(f'"{c}" AS c{i}' for i, c in enumerate(relation.columns)))
    data = frame.collect()
    arrays = [_arrow(data[c]) for c in data.columns]
    return from_arrow(pa.table({f"c{i}": a for i, a in enumerate(arrays)}))


def _arrow(series: nw.Series[Any]) -> pa.Array:
    if series.dtype in (nw.Object, nw.Categorical, nw.Enum) or series.dtype == nw.Unknown:
        return pa.array([object_text(v) for v in series.to_list()], pa.string())
    array = series.to_arrow()
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def object_text(value: Any) -> str | None:  # noqa: ANN401
    """Return the text of a value of any kind, and None where it is missing."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
