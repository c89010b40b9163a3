"""Exports of which no column is known to hold case numbers: one that plainly does is named, not passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import narwhals as nw

from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.copies import ROW, with_texts_of_rows
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

_NUMBER: Final = re.compile(
    r"(?i)^\W*(?:no|nomor|number|kode|code|id|reg\w*|tracking|tiket|ticket)(?:[\W_]|$)|[\W_](?:no|nomor|id)$"
)
_BY_CHANCE: Final = 0.1  # share of repeated numbers that may stand for another case, as a numbering that starts again


def repeated_numbers(
    rows: Gathered,
    headings: Sequence[str],
    columns: Mapping[str, Any] | None,
    read_with: Callable[[str], Gathered],
) -> list[Message]:
    """Say which column that is not read holds one number in several rows of one office and day: copies of a case.

    `read_with` reads the source again with a heading for the case number.
    """
    if "case" in rows.headings or "case" in (columns or {}):
        return []
    unused = [h for h in headings if h not in rows.headings.values() and _NUMBER.search(h)]
    return [note for heading in unused for note in _said(read_with, heading)]


def repeated_rows(rows: Gathered) -> list[Message]:
    """Say how many rows of files are others in every cell, to the second, where no number tells cases apart."""
    date = rows.headings.get("received")
    if "case" in rows.headings or date is None:
        return []
    tables = [table for table in rows.tables if table.loose and not table.long and not table.on_server]
    texts = [with_texts_of_rows(one, date).relation.project(f"c{len(one.headings)} AS {ROW}") for one in tables]
    if not texts:
        return []
    every = reduce(lambda above, below: above.union(below), texts)
    n = int(every.aggregate(f"count({ROW}) - count(DISTINCT {ROW})").fetchall()[0][0])
    return [Alert("intake.case.copied_rows", n=n)] if n else []


def _said(read_with: Callable[[str], Gathered], heading: str) -> list[Message]:
    try:
        rows = read_with(heading)
    except (InputError, PrivacyError):  # a column of persons, or not in every file: no case number
        return []
    if "case" not in rows.frame.collect_schema().names():
        return []
    fields = [f for f in ("case", "office", "received") if f in rows.frame.collect_schema().names()]
    cases = rows.frame.filter(~nw.col("case").is_null()).select(*fields)
    facts = [cases, *(cases.group_by(*keys).agg(n=nw.len()) for keys in (["case"], fields))]
    n, numbers, apart = (int(one.select(nw.len()).collect().item()) for one in facts)
    if n == numbers or apart - numbers > _BY_CHANCE * (n - numbers):
        return []
    return [Alert("intake.case.unread", heading=masked(heading), n=n - numbers)]
