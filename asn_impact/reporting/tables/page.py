"""A table as HTML: a part of the report, or a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from asn_impact.reporting.tables.cells import Kind, cell_text
from asn_impact.words import Language

if TYPE_CHECKING:
    from asn_impact.reporting.tables.table import Table

_STYLE: Final = (
    "body{font-family:sans-serif;font-size:10pt} table{border-collapse:collapse} caption{font-weight:bold;"
    "text-align:left;padding-bottom:4pt} th{border-top:1.2pt solid;border-bottom:.6pt solid} th,td{padding:2pt 8pt}"
    " tbody tr:last-child td{border-bottom:1.2pt solid} .note{font-size:8.5pt}"
)


def html(table: Table, language: Language, numbered: str = "") -> str:
    """Return the table as a part of a page."""
    frame = table.shown
    kinds = [table.kind(c) for c in frame.columns]
    title = f"<span class='number'>{escape(numbered)}.</span> " if numbered else ""
    names = [table.heading(c).text(language) for c in frame.columns]
    heads = zip(names, kinds, strict=True)
    head = "".join(f'<th scope="col" {_side(kind)}>{escape(name)}</th>' for name, kind in heads)
    body = "".join(f"<tr>{_row(row, kinds, names, language)}</tr>" for row in frame.itertuples(index=False))
    words = sum(kind == "text" for kind in kinds) > 2
    style = "table cards" if words else "table"  # a table of words is a list of cards where the page is narrow
    note = table.note_below.text(language)
    below = f'<div class="note"><p>{escape(note)}</p></div>' if note else ""
    return (
        f'<div class="{style}"><table><caption>{title}{escape(table.title.text(language))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
    )


def whole_page(table: Table, language: Language) -> str:
    """Return the table as a page of its own, which browsers and word processors open."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(table.title.text(language))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{html(table, language)}\n</body>\n</html>\n"
    )


def _side(kind: Kind) -> str:
    """Return the class of a cell; documents made from the page read the side from the style."""
    text = kind in {"text", "period"}
    return 'class="text" style="text-align: left"' if text else 'class="number" style="text-align: right"'


def _row(row: tuple[object, ...], kinds: list[Kind], names: Sequence[str], language: Language) -> str:
    cells = zip(row, kinds, names, strict=True)
    return "".join(
        f'<td {_side(kind)} data-of="{escape(name)}">{escape(cell_text(value, kind, language))}</td>'
        for value, kind, name in cells
    )
