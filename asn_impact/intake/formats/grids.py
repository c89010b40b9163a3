"""Sheets of cells -> raw tables: merged cells filled, repeated headings left out, several tables told apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.formats.headings import HEADER_ROWS, begins_table, heading_block, titles_above
from asn_impact.intake.formats.raw import (
    MOST_SHEETS,
    Asked,
    RawTable,
    Recogniser,
    cell_text,
    check_width,
    text_relation,
)
from asn_impact.words import Alert, Message, paragraph

Row = Sequence[str | None]

HEADINGS_AT_MOST = 4  # rows: three of headings, and one of the numbers of columns


class Sheet(NamedTuple):
    """A sheet: its cells, where the first of them stands, and the ranges of merged cells (both counted from 0)."""

    name: str
    grid: list[list[Any]]
    start: tuple[int, int] = (0, 0)
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


class Sheets(NamedTuple):
    """What a file of sheets holds: notes, the names of hidden sheets, and the others."""

    notes: list[Message]
    hidden: list[str]
    sheets: list[Sheet]


def chosen(path: Path, names: Sequence[str], only: str | None) -> list[str]:
    """Return the names of the sheets that are meant: all, or the one named.

    Raises
    ------
    InputError
        There is none of this name, two have one name, or there are too many.
    """
    if len(names) > MOST_SHEETS:
        raise InputError(Message("files.too_many_sheets", file=path.name, n=len(names), most=MOST_SHEETS))
    if alike := [name for name, n in Counter(names).items() if n > 1]:
        raise InputError(Message("files.sheets_alike", file=path.name, names=alike))
    if only is None or only in names:
        return [name for name in names if only in (None, name)]
    absent = Message("files.no_such_sheet", file=path.name, sheet=only)
    raise InputError(paragraph(absent, did_you_mean(only, names), Message("files.sheets", names=names)))


def tables_of(path: Path, asked: Asked, digest: str, found: Sheets) -> list[RawTable]:
    """Return the tables of a file of sheets: those with a known heading, or the first that has rows.

    Raises
    ------
    InputError
        No sheet has headings and rows.
    """
    notes = list(found.notes)
    if found.hidden:
        notes.append(Alert("files.hidden_sheets", file=path.name, n=len(found.hidden)))
    filled = [t for sheet in found.sheets for t in _tables(path.name, sheet, asked.recognise, digest)]
    known = [t for t in filled if asked.recognise(t.headings) > 0] or filled[:1]
    n_others = len(found.sheets) - len({t.sheet for t in known})
    if n_others > 0:
        notes.append(Alert("files.sheets_passed", file=path.name, n=n_others))
    if not known:
        raise InputError(Message("files.no_sheet", file=path.name))
    return [replace(known[0], notes=(*known[0].notes, *notes)), *known[1:]]


def _tables(file: str, sheet: Sheet, recognise: Recogniser, digest: str) -> list[RawTable]:
    """Return the tables of a sheet: one, or several below or beside each other."""
    if not sheet.grid:
        return []
    width = max(map(len, sheet.grid))
    check_width(f"{file}[{sheet.name}]", width)
    rows = [[*map(cell_text, row), *[None] * (width - len(row))] for row in sheet.grid]
    headings, last = heading_block(_texts(rows[: HEADER_ROWS + 1]), recognise)
    _fill_merged(rows, sheet, after=last)
    tables = []
    for number, columns in enumerate(_side_by_side(rows, headings, last, recognise)):
        part = [[row[j] for j in columns] for row in rows]
        above = 0
        for top, bottom in _stacked(part, recognise):
            place = f"!{_letters(sheet.start[1] + columns[0])}{sheet.start[0] + top + 1}" if number or top else ""
            name = f"{file}[{sheet.name}{place}]"
            table = _table(name, part[top:bottom], recognise, digest, sheet.start[0] + top)
            if table is not None:
                titles = (*titles_above(part[above:top], table.headings), *table.titles)
                tables.append(replace(table, sheet=sheet.name, titles=titles))
            above = bottom
    return tables


def _texts(rows: Iterable[Row]) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in rows]


def _fill_merged(rows: list[list[str | None]], sheet: Sheet, *, after: int) -> None:
    """Write the value of a merged cell into all of its rows, as the sheet shows it; headings and titles stay."""
    above, left = sheet.start
    for (first, column), (end, _) in sheet.merged:
        top, j = first - above, column - left
        if after < top < len(rows) and 0 <= j < len(rows[top]):
            for i in range(top + 1, min(end - above + 1, len(rows))):
                rows[i][j] = rows[top][j]


def _side_by_side(rows: Sequence[Row], headings: Sequence[str], last: int, recognise: Recogniser) -> list[list[int]]:
    """Return the columns of each table, where one stands beside another with the same headings; else all columns."""
    every = list(range(len(headings)))
    filled = {j for j in every if headings[j] or any(row[j] for row in rows[last:])}
    groups: list[list[int]] = []
    for j in sorted(filled):
        if groups and groups[-1][-1] == j - 1:
            groups[-1].append(j)
        else:
            groups.append([j])
    known = [g for g in groups if recognise([headings[j] for j in g]) > 1]
    names = [{_plain(headings[j]) for j in g if headings[j]} for g in known]
    if len(known) > 1 and all(len(n & names[0]) > 1 for n in names):
        return known
    return [every]


def _stacked(rows: Sequence[Row], recognise: Recogniser) -> list[tuple[int, int]]:
    """Return where each table of a stack begins and ends: a row of other headings begins another table."""
    own, last = _own_headings(rows[: HEADER_ROWS + 1], recognise)
    tops = [0]
    for i in range(last + 1, len(rows)):
        again = _key(rows[i]) in own and not _titled_with_year(rows, i)
        if i > last and not again and begins_table(rows[i], recognise):
            tops.append(i)
            own, below = _own_headings(rows[i : i + HEADINGS_AT_MOST], recognise)
            last = i + below
    return list(zip(tops, [*(_above_titles(rows, top) for top in tops[1:]), len(rows)], strict=True))


def _own_headings(rows: Sequence[Row], recognise: Recogniser) -> tuple[set[tuple[str, ...]], int]:
    """Return the rows that are the headings of a table when they come again, and where its headings end."""
    _, last = heading_block(_texts(rows), recognise)
    return _keys(rows[: last + 1]), last


def _titled_with_year(rows: Sequence[Row], top: int) -> bool:
    """Return whether a title of its own says of which year the table below is: no new page of the one above."""
    titles = [" ".join(cell or "" for cell in row) for row in rows[_above_titles(rows, top) : top]]
    return any(_YEAR.search(title) and not _DAY.search(title) for title in titles)


_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY: Final = re.compile(r"\d{1,2}(?: [^\W\d_]+ |[/.-]\d{1,2}[/.-])\d{4}")  # of printing


def _above_titles(rows: Sequence[Row], top: int) -> int:
    """Return where the rows above a table end, its titles and empty rows left out."""
    while top > 1 and sum(bool(cell) for cell in rows[top - 1]) < 2:
        top -= 1
    return top


def _table(name: str, rows: Sequence[Row], recognise: Recogniser, digest: str, above: int) -> RawTable | None:
    headings, last = heading_block(_texts(rows[: HEADER_ROWS + 1]), recognise)
    own = _keys(rows[: last + 1])
    below = [i for i in range(last + 1, len(rows)) if any(rows[i])]
    filled = [i for i in below if _key(rows[i]) not in own]
    if not filled:
        return None
    relation = text_relation(list(zip(*(rows[i] for i in filled), strict=True)))
    notes = [Message("files.rows_above", file=name, n=last)] if last else []
    if len(filled) < len(below):
        notes.append(Message("files.headings_again", file=name, n=len(below) - len(filled)))
    import numpy as np  # here: the process for untrusted files does not need it

    places = np.array(filled, dtype=np.int64) + above + 1
    titles = titles_above(rows[:last], headings)
    return RawTable(
        name, tuple(headings), relation, digest, loose=True, notes=tuple(notes), places=lambda: places, titles=titles
    )


def _plain(cell: str | None) -> str:
    return "".join((cell or "").split()).casefold()


def _key(row: Row) -> tuple[str, ...]:
    return tuple(_plain(cell) for cell in row)


def _keys(rows: Iterable[Row]) -> set[tuple[str, ...]]:
    """Return the rows that are headings again wherever they come: those with two cells or more."""
    return {_key(row) for row in rows if sum(bool(cell) for cell in row) > 1}


def _letters(column: int) -> str:
    """Return the letters of a column, counted from 0."""
    more, rest = divmod(column, 26)
    return (_letters(more - 1) if more else "") + chr(65 + rest)
