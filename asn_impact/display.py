"""How a value shows itself at the end of a notebook cell: short, true and the same on every run."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Attribute of a value: those of its notes that what it was made of has, and shows, already.
SAID_BEFORE = "_said_before"


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


def noted(value: Any) -> list[tuple[str, object]]:  # noqa: ANN401 - any value with notes
    """Return the lines of a card that say the notes of a value; those of what it was made of are only counted.

    Examples
    --------
    >>> import asn_impact as ai
    >>> cases = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> times = ai.measure(cases, ai.WorkCalendar.indonesia())
    >>> len(times.notes), noted(times)
    (2, [('said before', '2 more, all in .notes')])
    """
    before = getattr(value, SAID_BEFORE, ())
    own: list[tuple[str, object]] = [("note", note) for note in value.notes if note not in before]
    more = len(value.notes) - len(own)
    return [*own, ("said before", f"{more} more, all in .notes")] if more else own
