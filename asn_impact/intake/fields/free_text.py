"""Free text does not bring persons in: every value of a column that a reader will see is looked through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw

from asn_impact.errors import PrivacyError
from asn_impact.identifiers import hidden, persons_in
from asn_impact.intake.fields.columns import may_name_persons
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

Frame: TypeAlias = "nw.LazyFrame[Any]"

MOST_MASKED = 30  # values of the services; above that the column is no list of services
LOOKED_AT = 1000  # numbers of cases in which persons are looked for: a system makes all of them in one way
MOST_BY_CHANCE = 0.05  # share of them that can look like a number of a person and be none
ENOUGH = 50  # values with a person in them after which looking further tells nothing


def without_persons(
    records: Frame, kept: Sequence[str], *, listed: Sequence[str] = ("service",)
) -> tuple[Frame, list[Message]]:
    """Return the records with persons masked in columns that are lists of words, and what was masked.

    Parameters
    ----------
    records : narwhals.LazyFrame
        What was read.
    kept : sequence of str
        Extra columns that were asked for. One value with a person in it refuses the column: bare names beside it
        could not be found.
    listed : sequence of str
        Columns of services and the like, whose few values with a person in them are masked.

    Raises
    ------
    PrivacyError
        A kept column, or too much of a listed one, holds numbers, addresses or titled names of persons.
    """
    schema = records.collect_schema()
    said: list[Message] = []
    for name in kept:
        if name in schema and (found := _with_persons(records, name, schema[name])):
            raise PrivacyError(Message("intake.free_text.kept", column=hidden(name, names=True), n=len(found)))
    for name in listed:
        found = _with_persons(records, name, schema[name]) if name in schema else []
        if len(found) > MOST_MASKED:
            raise PrivacyError(Message("intake.free_text.listed", column=name, n=len(found)))
        if found:
            said.append(Alert("intake.free_text.masked", column=name, n=len(found)))
            records = records.with_columns(_masked(name, found))
    return records, said


def numbers_of_persons(rows: Frame) -> list[Message]:
    """Return what to say of numbers of cases that are numbers of persons: no output shows them."""
    if "case" not in rows.collect_schema():
        return []
    values = [_text(v) for v in rows.select("case").head(LOOKED_AT).collect()["case"].to_list() if v is not None]
    found = sum(bool(persons_in(value)) for value in values)
    if found <= MOST_BY_CHANCE * len(values):
        return []
    return [Alert("intake.free_text.case_numbers", n=found, of=len(values))]


def refuse_names(rows: Frame, headings: Mapping[str, str], kept: Sequence[str]) -> None:
    """Refuse a column that was asked for where its heading may name persons and its values are not small whole numbers.

    Raises
    ------
    PrivacyError
        Naming the heading.
    """
    for name in kept:
        if name in headings and may_name_persons(headings[name]):
            counts = nw.col(name).cast(nw.String).str.contains(r"^\s*[0-9]{0,5}(?:[.,]0+)?\s*$")
            if len(rows.filter(~counts).select(name).head(1).collect()):
                raise PrivacyError(Message("intake.columns.keep_persons", heading=masked(headings[name])))


def _with_persons(records: Frame, name: str, dtype: nw.dtypes.DType) -> list[str]:
    """Return the distinct values that identify a person, as texts; not all of very many."""
    if dtype.is_temporal() or dtype.is_boolean() or dtype.is_decimal():
        return []
    found: list[str] = []
    for value in records.group_by(name).agg(n=nw.len()).collect()[name].to_list():
        if value is not None and persons_in(_text(value)):
            found.append(str(value))
        if len(found) > ENOUGH:
            break
    return sorted(found)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _masked(name: str, values: Sequence[str]) -> nw.Expr:
    masked: Any = nw.col(name)
    for value in values:
        masked = nw.when(nw.col(name) == value).then(nw.lit(hidden(value, names=True))).otherwise(masked)
    expression: nw.Expr = masked.alias(name)
    return expression
