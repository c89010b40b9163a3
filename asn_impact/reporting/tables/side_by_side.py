"""Main results as economists print them: a column a specification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.estimation.methods import Method, short_names
from asn_impact.measures.panel import Panel
from asn_impact.reporting.left_out import left_out_lines
from asn_impact.reporting.recoding import Cells
from asn_impact.reporting.tables.cells import Printed, as_message
from asn_impact.reporting.tables.small import MINIMUM_CELL, SECONDARY, counts_records
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.words import level_quantity
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph, verbatim
from asn_impact.words.writing import decimals_for


@public_verb
def specifications(columns: Mapping[str, Inference], *, level: Level = 0.95) -> Table:
    """Return main results as economists print them: a column a specification, its standard error in brackets below.

    No stars: the interval says more, and nobody counts them.

    Parameters
    ----------
    columns
        Name of the column -> one-number inference, in the order printed.
    level
        Level of the intervals.

    Raises
    ------
    InputError
        There is none, or one has several terms.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> table = ai.tables.specifications({"(1)": answer})
    >>> table.to_frame("en").iloc[1].tolist()
    ['Estimated effect', '−2.00']
    """
    if not columns:
        raise InputError(Message("tables.results.none", verb="specifications"))
    for name, inference in columns.items():
        if len(inference.estimate) != 1:
            raise InputError(Message("tables.specifications.several", name=name, n=len(inference.estimate)))
    entries = [entry for i in columns.values() for entry in (i.effects.estimator.entry, i.rule.entry)]
    names = short_names(entries)
    frame = pd.DataFrame({"term": pd.Series(_terms(level), dtype=object)})
    for name, inference in columns.items():
        frame[name] = pd.Series(_column(inference, level, names), dtype=object)
    counted = any(counts_records(i.effects.design.panel) for i in columns.values())
    for name in _close(columns) if counted else ():
        frame.loc[frame.index[-1], name] = SECONDARY
    if not counted:
        frame = frame.iloc[:-1]
    estimators, rules = dict.fromkeys(entries[::2]), dict.fromkeys(entries[1::2])
    methods = [method.name for method in (*estimators, *rules)]
    return Table(
        frame=frame,
        title=Message("tables.specifications.title"),
        note=paragraph(Message("tables.specifications.note", methods=_join(methods)), *left_out_lines(columns.items())),
        kinds=dict.fromkeys(columns, "printed"),
        headings={"term": verbatim(""), **{name: as_message(name) for name in columns}},
        cells=_cells(columns, len(frame)) if counted else {},
    )


def _close(columns: Mapping[str, Inference]) -> tuple[str, ...]:
    """Return the columns whose records are a few more or fewer than those of another shown: the units left out."""
    shown: list[Panel] = []
    close = []
    for name, inference in columns.items():
        panel = inference.effects.design.panel
        if any(0 < abs(float(panel.n.sum() - other.n.sum())) < MINIMUM_CELL + _apart(panel, other) for other in shown):
            close.append(name)
        else:
            shown.append(panel)
    return tuple(close)


def _apart(one: Panel, other: Panel) -> float:
    """Return how many cells that hold anyone are in one of two panels only."""
    return abs(float((one.n > 0).sum()) - float((other.n > 0).sum()))


def _cells(columns: Mapping[str, Inference], rows: int) -> dict[str, tuple[Cells | None, ...]]:
    """Return what the last row counts, for the proof of a release."""
    units = {name: frozenset(i.effects.design.panel.units) for name, i in columns.items()}
    return {name: (*[None] * (rows - 1), Cells(held)) for name, held in units.items()}


def _join(messages: Iterable[Message]) -> Message:
    return reduce(lambda one, other: Message("tables.specifications.joined", first=one, second=other), messages)


def _terms(level: float) -> list[Message]:
    rows = ("measure", "estimate", "std_error", "unit", "estimator", "rule", "clusters", "observations", "records")
    terms = [Message(f"tables.specifications.row.{row}") for row in rows]
    terms.insert(3, Message("tables.specifications.row.interval", level=level_quantity(level)))
    return terms


def _column(inference: Inference, level: float, names: Mapping[Method, Message]) -> list[object]:
    """Return the cells of one column, in the order of the terms."""
    design = inference.effects.design
    panel, words = design.panel, inference.effects.outcome.words
    low, high = inference.interval(level)
    ends = (float(words.shown(low[0])), float(words.shown(high[0])))
    estimate = float(words.shown(inference.estimate[0]))
    error = float(words.shown_error(inference.std_error[0], inference.estimate[0]))
    decimals = decimals_for([estimate, error, *ends], 2)
    return [
        words.short,
        Printed((estimate,), decimals),
        Printed((error,), decimals, "()"),
        Printed(ends, decimals, "[]"),
        words.unit,
        names[inference.effects.estimator.entry],
        names[inference.rule.entry],
        Printed((len(design.clusters), design.treated_clusters), 0, "n()"),
        Printed((int(panel.observed.sum()),), 0),
        Printed((float(panel.n.sum()) if counts_records(panel) else np.nan,), 0),
    ]
