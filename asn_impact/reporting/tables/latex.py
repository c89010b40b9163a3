"""A table for LaTeX, with booktabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from asn_impact.reporting.tables.cells import cell_text
from asn_impact.words import Language

if TYPE_CHECKING:
    from asn_impact.reporting.tables.table import Table

_TEX: Final[Mapping[str, str]] = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "\u2212": "$-$",
    "\u2013": "--",
    "\u00d7": r"$\times$",
    "\u221e": r"$\infty$",
    "\u2265": r"$\geq$",
    "\u2264": r"$\leq$",
}


def latex(table: Table, language: Language, label: str) -> str:
    """Return the table as LaTeX reads it."""
    frame = table.shown
    kinds = [table.kind(c) for c in frame.columns]
    sides = "".join("l" if kind in {"text", "period"} else "r" for kind in kinds)
    head = [_tex(table.heading(c).text(language)) for c in frame.columns]
    body = [
        [_tex(cell_text(v, kind, language)) for v, kind in zip(row, kinds, strict=True)]
        for row in frame.itertuples(index=False)
    ]
    note = table.note_below.text(language)
    lines = [
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{_tex(table.title.text(language))}}}",
        *([rf"\label{{{label}}}"] if label else []),
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        _tex_row(head),
        r"\midrule",
        *map(_tex_row, body),
        r"\bottomrule",
        r"\end{tabular}",
        *([r"\par\smallskip", rf"\parbox{{\linewidth}}{{\footnotesize {_tex(note)}}}"] if note else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _tex(text: str) -> str:
    """Return a text that LaTeX prints as it is."""
    return "".join(_TEX.get(char, char) for char in text)


def _tex_row(cells: Sequence[str]) -> str:
    """Return a row; a cell that begins with a bracket is shielded from the row break before it."""
    safe = [f"{{{cell}}}" if cell.startswith("[") else cell for cell in cells]
    return " & ".join(safe) + r" \\"
