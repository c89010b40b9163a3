"""Where the headings of a table stand: one to three rows below titles, a row of column numbers under them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asn_impact.intake.formats.raw import Recogniser

__all__ = ["HEADER_ROWS", "heading_block", "holds_values", "titles_above"]

HEADER_ROWS = 20  # title rows in front of the headings: 1 to 6 in practice, 20 in the most patient reader seen


def _heading_row(rows: Sequence[Sequence[str]], recognise: Recogniser) -> int:
    """Position of the row with most known headings; without any, of the first row with two filled cells."""
    scores = [0 if holds_values(row) else recognise(row) for row in rows[:HEADER_ROWS]]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    return next((i for i, row in enumerate(rows) if sum(bool(c.strip()) for c in row) >= 2), 0)


_VALUE = re.compile(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|\d{5,}\s*)", re.DOTALL)  # a date, or a long number


def holds_values(cells: Sequence[str]) -> bool:
    """Return whether a row holds values: a word in it that is also a heading (``Layanan``) makes it no heading row."""
    return any(_VALUE.fullmatch(c) for c in cells)


_NUMBERING = re.compile(r"\(?\d{1,3}\)?\.?")


def _is_numbering(cells: Sequence[str]) -> bool:
    """Return whether a row holds the numbers of the columns, (1) (2) (3), as official tables do under the headings."""
    filled = [c.strip() for c in cells if c.strip()]
    return len(filled) > 1 and filled[0].strip("().") == "1" and all(_NUMBERING.fullmatch(c) for c in filled)


_YEAR = re.compile(r"(19|20)\d\d")


def _join_headings(upper: Sequence[str], lower: Sequence[str], recognise: Recogniser) -> list[str] | None:
    """Headings in two rows, a group and what is in it, as one; None when the lower row holds values."""
    numbers = [c for c in lower if any(map(str.isdigit, c)) and not _YEAR.fullmatch(c.strip())]
    if not any(c.strip() for c in lower) or numbers:
        return None
    width = max(len(upper), len(lower))
    group, headings = "", []
    for above, below in zip(_pad(upper, width), _pad(lower, width), strict=True):
        group = above if above or not below else group
        ways = (f"{group} {below}".strip(), below, above) if below else (above,)
        headings.append(next((way for way in ways if way and recognise([way])), ways[0]))
    return headings


def _pad(cells: Sequence[str], width: int) -> list[str]:
    return [" ".join(c.split()) for c in cells] + [""] * (width - len(cells))


def heading_block(rows: Sequence[Sequence[str]], recognise: Recogniser) -> tuple[list[str], int]:
    """Headings, and the position of the last row that belongs to them: one to three rows, and a row of numbers."""
    at = _heading_row(rows, recognise)
    ways = [(list(rows[at]), at)]
    for first in (at, at - 1, at - 2):
        block: list[str] | None = list(rows[first]) if first >= 0 else None
        for lower in range(first + 1, min(first + 3, len(rows))):
            block = None if block is None else _join_headings(block, rows[lower], recognise)
            ways += [(block, lower)] if block is not None and lower >= at else []
    headings, last = max(ways, key=lambda way: 0 if holds_values(way[0]) else recognise(way[0]))
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
