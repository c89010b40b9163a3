"""Dated records as a value, and columns of them read as numbers and dates by DuckDB."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.cells import moment_sql
from asn_impact.intake.fields.date_columns import Order as Order
from asn_impact.intake.fields.date_columns import read_dates
from asn_impact.intake.fields.date_shapes import PLACEHOLDERS
from asn_impact.intake.fields.dates import dated
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.intake.ledger import Ledger
from asn_impact.verbs import Guided
from asn_impact.words import Alert, Message

Relation: TypeAlias = duckdb.DuckDBPyRelation
NumberStyle: TypeAlias = Literal["1.234,56", "1,234.56"]
Observed = TypeVar("Observed", bound="Observations")

_DELAY = re.compile(r"terlambat|keterlambatan|telat|tunggakan|delay|late\b|overdue", re.IGNORECASE)
MOST_UNREADABLE = 0.1  # share of texts that are no dates above which the column was misread


@dataclass(frozen=True, eq=False)
class Observations(Guided):
    """Dated records of offices: `tabulate` counts and averages them by month.

    Attributes
    ----------
    records : narwhals.LazyFrame
        ``office``, ``service`` where there is one, the columns asked for, ``person`` (a pseudonym) where asked for,
        ``date``, ``month`` (Int32: 12 * year + month - 1) and ``day`` (Int32: days since the year 1, so that
        differences are calendar days).
    as_of : datetime.date
        The day the export was made.
    ledger : Ledger
        Rows read = kept + dropped, by reason.
    headings : mapping
        Column -> heading found.
    sources : tuple of Source
    notes : tuple of Message
        What was assumed or left out.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> frame = pd.DataFrame({"office": ["A", "B"], "at": pd.to_datetime(["2024-03-01", "2024-04-02"]), "cost": [5, 7]})
    >>> observations = ai.read_observations(frame, as_of="2024-12-31", date="at", numbers=["cost"])
    >>> observations.records.collect()["cost"].to_list()
    [5.0, 7.0]
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    ledger: Ledger
    headings: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "headings", MappingProxyType(dict(self.headings)))

    @property
    def as_of_day(self) -> int:
        """The day of the export, as a number of the column ``day``."""
        return self.as_of.toordinal()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the records."""
        return tuple(self.records.collect_schema().names())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(as of {self.as_of}, {self.ledger!r})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("as of", self.as_of), ("columns", ", ".join(self.columns))]
        facts += [*self._facts(), *self.headings.items(), *noted(self)]
        return card(type(self).__name__, facts, table=self.ledger.table())

    def _facts(self) -> list[tuple[str, object]]:
        return []


def in_memory(frame: nw.LazyFrame[Any]) -> Relation:
    """Return the rows of a frame, held by DuckDB: nothing of the source is needed any more."""
    if frame.implementation.is_duckdb():
        relation: Relation = frame.to_native()
        return from_arrow(relation.to_arrow_table())
    data = frame.collect()
    return from_arrow(pa.table({name: _arrow(data[name]) for name in data.columns}))


def _arrow(column: nw.Series[Any]) -> pa.Array:
    """Return a column for DuckDB; objects, which can be of several kinds in one column, become texts."""
    if column.dtype in (nw.Object, nw.Categorical, nw.Enum, nw.Unknown):
        return pa.array([_cell_text(value) for value in column.to_list()], pa.string())
    array = column.to_arrow()
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _cell_text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def quote(name: str) -> str:
    """Return a column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def kind_of(table: Relation, name: str) -> str:
    """Return the type of a column as DuckDB calls it."""
    return str(table.types[table.columns.index(name)])


def with_numbers(
    table: Relation, name: str, *, style: NumberStyle | None = None, words: Mapping[str, float | None] | None = None
) -> Relation:
    """Return the relation with a column as decimals; texts are read by the rule of the whole column.

    `words` says what some texts (in any case) mean; None is a missing value.
    """
    kind = kind_of(table, name)
    if kind.startswith(("DATE", "TIME", "INTERVAL")) or "[" in kind:
        raise InputError(Message("observations.no_numbers", name=name, kind=kind))
    if not kind.startswith(("VARCHAR", "ENUM")):
        return replace_column(table, name, f"CAST({quote(name)} AS DOUBLE)")
    texts = [str(t) for (t,) in table.aggregate(f"CAST({quote(name)} AS VARCHAR) AS t").fetchall() if t is not None]
    known = {" ".join(word.split()).casefold(): value for word, value in (words or {}).items()}
    plain = {t: " ".join(t.split()).casefold() for t in texts}
    rest = [t for t in texts if plain[t] not in known]
    numbers = dict(zip(rest, parse_numbers(rest, name=name, style=style), strict=True))
    values = [known[plain[t]] if plain[t] in known else numbers[t] for t in texts]
    return map_texts(table, name, texts, pa.array(values, pa.float64(), from_pandas=True))


def blank_when_on_time(table: Relation, name: str) -> list[Message]:
    """Say where a column of delays has blanks and not one 0: nobody is on time in it but those left blank."""
    if not _DELAY.search(name):
        return []
    column = quote(name)
    n, total, least = table.aggregate(f"count(*) - count({column}), count(*), min({column})").fetchall()[0]
    return [Alert("observations.blank_delay", name=name, n=n, total=total)] if n and least and least > 0 else []


def map_texts(table: Relation, name: str, texts: Sequence[str], values: pa.Array) -> Relation:
    """Return the relation with each text of a column replaced by its value; missing stays missing."""
    known = from_arrow(pa.table({"asn_text": pa.array(texts, pa.string()), "asn_value": values}))
    matches = table.set_alias("t").join(known.set_alias("k"), f"t.{quote(name)} = k.asn_text", how="left")
    cells = [f"k.asn_value AS {quote(c)}" if c == name else f"t.{quote(c)}" for c in table.columns]
    return matches.project(", ".join(cells))


def replace_column(table: Relation, name: str, sql: str) -> Relation:
    """Return the relation with a column made anew."""
    return table.project(f"* REPLACE ({sql} AS {quote(name)})")


def with_moment(table: Relation, name: str, order: str | None) -> tuple[Relation, list[Message]]:
    """Read a column as dates; placeholders are missing, and so, counted, are texts that are no dates."""
    empty = ", ".join(f"DATE '{day:%Y-%m-%d}'" if day.year > 999 else "DATE '0001-01-01'" for day in PLACEHOLDERS)
    clear = f"CASE WHEN {quote(name)} IN ({empty}) THEN NULL ELSE {quote(name)} END"
    if not kind_of(table, name).startswith("VARCHAR"):
        moment = moment_sql(quote(name), kind_of(table, name), None)
        return replace_column(replace_column(table, name, f"CAST({moment} AS DATE)"), name, clear), []
    aside = table.project(", ".join(f"{quote(c)} AS {'asn_moment' if c == name else quote(c)}" for c in table.columns))
    reading = read_dates(aside, "asn_moment", name=name, order=order)
    days = dated(aside, reading)
    bad = 0
    if "asn_asn_moment_bad" in days.columns:
        bad = len(days.filter("asn_asn_moment_bad").project("1").fetchall())
        days = days.project("* EXCLUDE (asn_asn_moment_bad)")
    if bad > MOST_UNREADABLE * reading.rows:
        raise InputError(Message("observations.bad_moments", name=name, n=bad, rows=reading.rows))
    back = days.project(", ".join(f"{quote(c)} AS {quote(name if c == 'asn_moment' else c)}" for c in days.columns))
    notes: list[Message] = [Alert("observations.moments_missing", name=name, n=bad)] if bad else []
    return replace_column(back, name, clear), notes


def with_types(
    table: Relation,
    numbers: Sequence[str],
    moments: Sequence[str],
    order: Mapping[str, str],
    style: NumberStyle | None,
) -> tuple[Relation, list[Message]]:
    """Return records with texts read as numbers and dates, and what has to be said of them."""
    notes: list[Message] = []
    for name in numbers:
        table = with_numbers(table, name, style=style)
        notes += blank_when_on_time(table, name)
    for name in moments:
        table, missing = with_moment(table, name, order.get(name))
        notes += missing
    return table, notes
