"""How a value shows itself at the end of a notebook cell: short, true and the same on every run."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import pandas as pd

__all__ = ["card"]


def card(title: str, facts: Iterable[tuple[str, object]] = (), *, table: pd.DataFrame | None = None) -> str:
    """Return a small HTML block: a title, pairs of a name and a fact, and a table below them.

    Examples
    --------
    >>> card("No facts")
    '<div><strong>No facts</strong></div>'
    """
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(str(name))}</th>'
        f'<td style="text-align:left">{escape(str(fact))}</td></tr>'
        for name, fact in facts
    )
    facts_html = f"<table>{rows}</table>" if rows else ""
    table_html = "" if table is None else str(table.to_html(index=False, border=0, na_rep=""))
    return f"<div><strong>{escape(title)}</strong>{facts_html}{table_html}</div>"
