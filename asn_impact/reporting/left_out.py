"""What was treated and no estimate counts, as a line below a table or a figure."""

from __future__ import annotations

from collections.abc import Iterable

from asn_impact.estimation import Inference
from asn_impact.estimation.left_out import say_left_out
from asn_impact.words import Message, verbatim


def left_out_lines(named: Iterable[tuple[str, Inference]]) -> tuple[Message, ...]:
    """Return what no average counts: once where it is the same for all, else by name, or by outcome without one."""
    pairs = list(named)
    said = {name or i.effects.design.panel.outcome.words.short: say_left_out(i.asked or i.effects) for name, i in pairs}
    if len(set(said.values())) == 1:
        return tuple(line for line in set(said.values()) if line is not None)
    return tuple(
        Message("tables.results.left_out", name=verbatim(name) if isinstance(name, str) else name, left_out=line)
        for name, line in said.items()
        if line is not None
    )
