"""Where the headings of a table stand: one to three rows below titles, a row of column numbers under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from asn_impact.intake.formats.raw import Recogniser

HEADER_ROWS = 20  # title rows in front of the headings: 1 to 6 in practice, 20 in the most patient reader seen


def _heading_row(rows: Sequence[Sequence[str]], recognise: Recogniser) -> int:
    """Position of the row with most known headings; without any, of the first row with two filled cells."""
    scores = [_known(row, recognise) for row in rows[:HEADER_ROWS]]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    return next((i for i, row in enumerate(rows) if sum(bool(c.strip()) for c in row) >= 2), 0)


_VALUE = re.compile(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|\d{5,}\s*)", re.DOTALL)  # a date, or a long number


def holds_values(cells: Sequence[str]) -> bool:
    """Return whether a row holds values: a word in it that is also a heading (``Layanan``) makes it no heading row."""
    return any(_VALUE.fullmatch(c) for c in cells)


def begins_table(cells: Sequence[str | None], recognise: Recogniser) -> bool:
    """Return whether a row below a table holds the headings of another: two that are known, and half of its cells."""
    there = [cell for cell in cells if cell]
    known = 0 if len(there) < 2 or holds_values(there) else recognise(there)
    return known > 1 and 2 * known >= len(there)


def _known(row: Sequence[str], recognise: Recogniser) -> int:
    """Return how many known headings a row has; of one with values none, unless several stand beside days in a row.

    Days in a row, side by side and without a time, are the headings of a sheet of attendance.
    """
    days = [i for i, cell in enumerate(row) if _VALUE.fullmatch(cell)]
    if not days:
        return recognise(row)
    if len(days) == 1 or days[-1] - days[0] >= len(days) or any(":" in row[i] for i in days):
        return 0
    known = recognise([cell for cell in row if not _VALUE.fullmatch(cell)])
    return known if known > 1 else 0


_NUMBERING = re.compile(r"\(?\d{1,3}\)?\.?")


def _is_numbering(cells: Sequence[str]) -> bool:
    """Return whether a row holds the numbers of the columns, (1) (2) (3), as official tables do under the headings."""
    filled = [c.strip() for c in cells if c.strip()]
    return len(filled) > 1 and filled[0].strip("().") == "1" and all(_NUMBERING.fullmatch(c) for c in filled)


_YEAR = re.compile(r"(19|20)\d\d")


def _join_headings(upper: Sequence[str], lower: Sequence[str], recognise: Recogniser) -> list[str] | None:
    """Headings in two rows, a group and what is in it, as one; None when the lower row holds values."""
    numbers = any(_of_number(c) for c in lower)
    if not any(c.strip() for c in lower) or (numbers and not _under_groups(upper, lower, recognise)):
        return None
    width = max(len(upper), len(lower))
    group, headings = "", []
    pairs = [*zip(_pad(upper, width), _pad(lower, width), strict=True)]
    if any(_YEAR.fullmatch(below) for _, below in pairs) and any(_is_value(*pair, recognise) for pair in pairs):
        return None
    for above, below in pairs:
        group = above if above or not below else group
        ways = (f"{group} {below}".strip(), below, above) if below else (above,)
        ways = ways[:1] if numbers and below else ways
        headings.append(next((way for way in ways if way and recognise([way])), ways[0]))
    return headings


def _is_value(above: str, below: str, recognise: Recogniser) -> bool:
    """Return whether a text stands under a known heading: a unit, so that years beside it are counts like 2024."""
    return bool(below and not _YEAR.fullmatch(below) and recognise([above]) and not recognise([below]))


def _of_number(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and not _YEAR.fullmatch(cell.strip())


def _under_groups(upper: Sequence[str], lower: Sequence[str], recognise: Recogniser) -> bool:
    """Return whether a row stands under groups of headings alone: days or numbers of sessions, no row of data."""
    width = max(len(upper), len(lower))
    pairs = [*zip(_pad(upper, width), _pad(lower, width), strict=True), ("", "")]
    starts = [after[1] and not after[0] for (above, below), after in pairwise(pairs) if above and below]
    return all(starts) and any(recognise([above]) for above, below in pairs if above and not below)


def _pad(cells: Sequence[str], width: int) -> list[str]:
    return [" ".join(c.split()) for c in cells] + [""] * (width - len(cells))


def heading_block(rows: Sequence[Sequence[str]], recognise: Recogniser) -> tuple[list[str], int]:
    """Headings, and the position of the last row that belongs to them: one to three rows, and a row of numbers."""
    at = _heading_row(rows, recognise)
    ways = [(list(rows[at]), at, False)]
    for first in (at, at - 1, at - 2):
        block: list[str] | None = list(rows[first]) if first >= 0 else None
        for lower in range(first + 1, min(first + 3, len(rows))):
            block = None if block is None else _join_headings(block, rows[lower], recognise)
            under = lower > at and any(map(_of_number, rows[lower]))  # what is known stands above
            ways += [(block, lower, under)] if block is not None and lower >= at else []
    headings, last, _ = max(ways, key=lambda way: (way[2], _known(way[0], recognise)))
    numbered = last + 1 < len(rows) and _is_numbering(rows[last + 1])
    return headings, last + numbered


def titles_above(rows: Sequence[Sequence[str | None]], headings: Sequence[str]) -> tuple[str, ...]:
    """Return the texts of the rows above a table, without those that went into its headings.

    Examples
    --------
    >>> titles_above([["REKAP IKM TAHUN 2024", ""], ["", ""], ["OPD", "Nilai"], ["", "U1"]], ["OPD", "Nilai U1"])
    ('REKAP IKM TAHUN 2024',)
    """
    joined = " ".join(" ".join(heading.split()) for heading in headings)
    lines = ([" ".join(cell.split()) for cell in row if cell and cell.strip()] for row in rows)
    return tuple(" ".join(cells) for cells in lines if cells and not any(cell in joined for cell in cells))
