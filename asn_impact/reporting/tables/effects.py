"""The table of estimated effects: a row a term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from asn_impact.arguments import Level, check_value
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.reporting.left_out import left_out_lines, withdrawn_lines
from asn_impact.reporting.tables.cells import Kind, as_message
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.words import level_quantity, periods_in_step
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph


@public_verb
def results(inferences: Mapping[str, Inference] | Sequence[Inference] | Inference, *, level: Level = 0.95) -> Table:
    """Return the table of one or more inferences, a row a term, in display units.

    The note below says what was treated and no average counts, with its share of the treated.

    Parameters
    ----------
    inferences
        A mapping gives each its own name, otherwise the outcome is the name.
    level
        Level of the intervals, between 0 and 1.

    Raises
    ------
    InputError
        There is none, or they are not of one view (overall, event study, ...).

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> table = ai.tables.results(answer)
    >>> table.to_frame("id").columns.tolist()
    ['Ukuran', 'Satuan', 'Perkiraan', 'Galat baku', 'Derajat bebas', 'Nilai-p', 'Batas bawah', 'Batas atas']
    """
    pairs = named(inferences)
    if not pairs:
        raise InputError(Message("tables.results.none", verb="results"))
    views = {tuple(i.effects.terms.columns) for _, i in pairs}
    if len(views) > 1:
        raise InputError(Message("tables.results.views", views=str(sorted(views))))
    frame = pd.concat([_rows(name, i, level) for name, i in pairs], ignore_index=True)
    terms = [str(c) for c in pairs[0][1].effects.terms.columns]
    if terms == ["term"] and frame["term"].eq("overall").all():
        frame = frame.drop(columns="term")
    numbers: dict[str, Kind] = dict.fromkeys(("estimate", "std_error", "statistic", "conf_low", "conf_high"), "two")
    kinds: dict[str, Kind] = {
        **numbers,
        "df": "one",
        "p_value": "p_value",
        "event_time": "whole",
        "clusters": "whole",
        "treated_clusters": "whole",
    }
    return Table(
        frame,
        title=Message("tables.results.title"),
        note=paragraph(
            Message("tables.results.level", level=level_quantity(level)), *left_out_lines(pairs), *_withdrawn(pairs)
        ),
        kinds=kinds,
        headings={"event_time": Message(f"report.event_axis.{pairs[0][1].effects.design.panel.timeline.frequency}")},
        aside=("statistic", "clusters", "treated_clusters"),
    )


def _withdrawn(pairs: Sequence[tuple[str, Inference]]) -> tuple[Message, ...]:
    return tuple(dict.fromkeys(line for _, i in pairs for line in withdrawn_lines(i.effects.design.panel)))


def named(inferences: Mapping[str, Inference] | Sequence[Inference] | Inference) -> list[tuple[str, Inference]]:
    """Return inferences as pairs of a name and one, whichever way they were given; refuse what is none."""
    if not isinstance(inferences, Mapping | list | tuple):
        inferences = [inferences]  # type: ignore[list-item]
    pairs = list(inferences.items()) if isinstance(inferences, Mapping) else [("", one) for one in inferences]
    for name, one in pairs:
        check_value(name or "inferences", one, Inference, where="results")
    return pairs


def _rows(name: str, inference: Inference, level: float) -> pd.DataFrame:
    design = inference.effects.design
    words = inference.effects.outcome.words
    table = inference.table(level)
    if "event_time" in table:
        table["event_time"] = periods_in_step(design.panel.timeline) * table["event_time"]
    table["std_error"] = words.shown_error(table["std_error"], table["estimate"])
    columns = ["estimate", "conf_low", "conf_high"]
    table[columns] = words.shown(table[columns])
    measure = as_message(name) if name else words.short
    table.insert(0, "outcome", pd.Series([measure] * len(table), dtype=object))
    table.insert(1, "unit", pd.Series([words.unit] * len(table), dtype=object))
    return table.assign(clusters=len(design.clusters), treated_clusters=design.treated_clusters)
