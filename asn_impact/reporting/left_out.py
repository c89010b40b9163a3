"""What a reader of a number must know beside it: what no estimate counts, and cases that count as the limit."""

from __future__ import annotations

from collections.abc import Iterable

from asn_impact.estimation import Inference
from asn_impact.estimation.left_out import say_left_out
from asn_impact.measures.panel import Panel
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


def withdrawn_lines(panel: Panel | None) -> tuple[Message, ...]:
    """Return which share of the cases has no decision and counts as the limit; nothing where it is small."""
    told = {"measures.tabulate.at_limit", "measures.tabulate.not_in_time"}
    return () if panel is None else tuple(note for note in panel.notes if note.key in told)
