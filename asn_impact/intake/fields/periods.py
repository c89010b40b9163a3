"""Periods that stand in headings, or in the names of sheets: which ones they are, and their tables with a row for each.

``JUMLAH IZIN TW I 2024`` is a quarter with what is counted before it, ``Semester I 2024 Responden`` a half-year with it
behind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import pandas as pd
import pyarrow as pa

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import normalised
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.starts import MONTHS, Start, read_start
from asn_impact.words import Alert, Message

Found: TypeAlias = tuple[str, pd.Period, int]  # what stands beside a period, the period, its months
OF_HEADING: Final = "[heading]"  # the heading that stands for the periods in the headings
_APOSTROPHES: Final = {ord(c): " " for c in "'’‘`´"}
_SHORT_PART: Final = re.compile(r"[sh][ .-]?\d", re.IGNORECASE)
_ANY_YEAR: Final = 2000
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_A_YEAR: Final = 12
_BESIDE: Final = frozenset(["rekap", "rekapitulasi", "data", "bulan", "bln", "lap", "laporan", "sheet"])


def period_in(heading: str, year: int | None) -> Found | None:
    """Return what stands beside a period in a heading, the period, and its months.

    A half-year is the month it begins with. Without a year in the heading or beside it the year is 1.
    """
    plain = heading.translate(_APOSTROPHES)
    words = list(re.finditer(r"[^\W\d_]+|\d+", plain))
    for end in range(len(words), 0, -1):
        for at, word in enumerate(words[:end]):
            text = " ".join(plain[word.start() : words[end - 1].end()].replace("_", " ").split())
            if at and (_SHORT_PART.match(text) or (text.isdigit() and len(text) != 4)):
                continue  # PENDIDIKAN S1 2024, KODE 202401
            start, known = _start_of(text, year)
            if start is not None:
                first = pd.Period(year=start.first // 12 if known else 1, month=start.first % 12 + 1, freq="M")
                freq = {3: "Q", 12: "Y"}.get(start.months, "M")
                beside = " ".join(w[0] for w in (*words[:at], *words[end:]))
                return beside, first.asfreq(freq), start.months
    return None


def _start_of(text: str, year: int | None) -> tuple[Start | None, bool]:
    """Return the period that a text is, with the year from elsewhere where it has none; and whether there is one."""
    words = set(re.findall(r"[a-z]+", text.casefold()))
    start, known = read_start(text, month_first=False), True
    if start is None and words and not re.search(r"\d{4}|\d[-/. ]\d", text):
        start, known = read_start(f"{text} {_ANY_YEAR if year is None else year}"), year is not None
        start = None if start is not None and start.months == _A_YEAR else start  # tahun
    if start is not None and start.months == 1 and words and not words & MONTHS.keys():
        return None, False  # III 2024: a month, a quarter or a rank
    return start, known


def years_in(*texts: str) -> set[int]:
    """Return the years that texts name."""
    return {int(found) for found in _YEAR.findall(" ".join(texts))}


def year_beside(table: RawTable) -> int | None:
    """Return the year that the name of a sheet holds, else its titles, else the name of its file."""
    for text in (table.sheet or "", " ".join(table.titles), table.name):
        if len(years := years_in(text)) == 1:
            return years.pop()
    return None


def period_named(table: RawTable, name: str) -> str:
    """Return the period that the name of a sheet or file is, with the year that stands beside it; else the name."""
    found = period_in(name, year_beside(table))
    if found is None or set(found[0].casefold().split()) - _BESIDE or found[1].year == 1:
        return name
    return period_words(*found[1:])


def period_words(period: pd.Period, months: int) -> str:
    """Return a period as a cell of a column of periods says it.

    Examples
    --------
    >>> period_words(pd.Period("2024-07", "M"), 6), period_words(pd.Period("2024Q1"), 3)
    ('Semester II 2024', '2024Q1')
    """
    return f"Semester {'I' if period.month == 1 else 'II'} {period.year}" if months == _A_YEAR // 2 else str(period)


def in_rows(table: RawTable, asked: Collection[str]) -> RawTable:
    """Return a table whose headings hold periods with a row for each, under ``[heading]``; any other as it is.

    What stands beside the periods is the heading of the values; where nothing does, it is the one of those `asked` for
    that the table lacks. Periods of another length than most are passed over, and said.

    Raises
    ------
    InputError
        A period stands twice, or its year nowhere.
    """
    year = year_beside(table)
    found = {i: p for i, heading in enumerate(table.headings) if (p := period_in(heading, year)) is not None}
    if len(found) < 2:  # one heading with a year in it
        return table
    others = [i for i in range(len(table.headings)) if i not in found]
    here = {normalised(table.headings[i]) for i in others} | {normalised(beside) for beside, _, _ in found.values()}
    lacking = {name for name in asked if normalised(name) not in here and not name.startswith("[")}
    unnamed = lacking.pop() if len(lacking) == 1 else "value"
    usual, found, notes = _of_one_length(table, found)
    cells: dict[str, dict[pd.Period, int]] = {}
    for i, (beside, period, _) in found.items():
        if period.year == 1:
            raise InputError(Message("intake.wide.year_nowhere", file=table.name, heading=table.headings[i]))
        if period in (own := cells.setdefault(beside or unnamed, {})):
            raise InputError(Message("intake.wide.period_twice", file=table.name, period=str(period), group=beside))
        own[period] = i
    periods = sorted({period for own in cells.values() for period in own})
    rows = table.relation.to_arrow_table()
    parts = [
        [*(rows.column(i) for i in others), _repeated(period_words(period, usual), rows.num_rows)]
        + [rows.column(own[period]) if period in own else _repeated(None, rows.num_rows) for own in cells.values()]
        for period in periods
    ]
    texts = [[column.cast(pa.string()) for column in part] for part in parts]
    made = pa.concat_tables([pa.table(part, names=[f"c{i}" for i in range(len(part))]) for part in texts])
    headings = (*(table.headings[i] for i in others), OF_HEADING, *cells)
    said = Message("intake.wide.in_rows", file=table.name, n=len(periods), periods=_ends(periods, usual))
    own_notes = (*table.notes, said, *notes)
    return replace(table, headings=headings, relation=from_arrow(made), notes=own_notes, parquet=None, places=None)


def _of_one_length(table: RawTable, found: Mapping[int, Found]) -> tuple[int, dict[int, Found], list[Message]]:
    """Return how many months most periods have, the headings of those, and what has to be said of the others.

    A month in numbers that begins such a period is the whole of it: ``2023-07`` beside ``Semester I 2023``.
    """
    lengths = [months for _, _, months in found.values()]
    usual = max(set(lengths), key=lambda months: (lengths.count(months), -months))
    alike = next((period.freqstr for _, period, months in found.values() if months == usual), "M")
    begun = {
        i: (beside, period.asfreq(alike), usual)
        for i, (beside, period, months) in found.items()
        if months == 1 < usual and (period.month - 1) % usual == 0 and not re.search("[a-z]", table.headings[i], re.I)
    }
    kept = {i: begun.get(i, one) for i, one in found.items() if i in begun or one[2] == usual}
    left = tuple(table.headings[i] for i in found if i not in kept)
    notes: list[Message] = []
    if begun:
        names = tuple(table.headings[i] for i in begun)
        notes.append(Alert("intake.wide.months_begin", file=table.name, headings=names, n=usual))
    if left:
        notes.append(Alert("intake.wide.other_lengths", file=table.name, headings=left, n=usual))
    return usual, kept, notes


def _ends(periods: Sequence[pd.Period], months: int) -> tuple[str, ...]:
    return tuple(period_words(period, months) for period in dict.fromkeys((periods[0], periods[-1])))


def _repeated(text: str | None, n: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([text] * n, pa.string())])
