"""How alike trained and untrained units were before anyone was trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.designs.design import attribute
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.tables.cells import as_message
from asn_impact.reporting.tables.groups import first_training, of_design
from asn_impact.reporting.tables.small import MINIMUM_CELL, counts_records
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message

_SIDES = ("trained", "untrained", "difference", "standardised")


@public_verb
def balance(design: Design, panels: Sequence[Panel] = (), *, attributes: Names = ()) -> Table:
    """Return the table of trained and untrained units before the first training of anyone.

    Every unit counts once, with its own mean over the periods before. The standardised difference is
    ``(x1 - x0) / sqrt((s1^2 + s0^2) / 2)`` (Imbens and Rubin 2015, section 14.2), with x the means and s the spread
    between units. It does not grow with their number, so it has no p-value, and none is given: twenty tests find a
    difference by chance.

    Parameters
    ----------
    design
        Its own outcome comes first.
    panels
        Other outcomes of the same units.
    attributes
        Numeric columns of ``design.panel.attributes``.

    Returns
    -------
    Table
        measure, trained, untrained, difference, standardised; NaN where one side has fewer than two units with a value
        or rests on fewer than ten records.

    Raises
    ------
    InputError
        Nobody is never trained, a panel lacks a unit of the design, an attribute is not there or not numeric.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> ai.tables.balance(design)
    Table(Trained and untrained units before the first training (Jun 2024): 2 rows)
    """
    design.require_staying("balance()")
    ever = np.isfinite(design.adopted)
    if ever.all():
        raise InputError(Message("tables.balance.all_trained"))
    rows = [row for panel in (design.panel, *panels) for row in _measures_before(panel, design)]
    rows += [_sides(as_message(name), _attribute(design, name), ever) for name in attributes]
    return Table(
        frame=pd.DataFrame(rows),
        title=Message("tables.balance.title", first=design.cohort_label(float(design.cohorts[0]), spoken=True)),
        note=Message("tables.balance.note", trained=int(ever.sum()), untrained=int((~ever).sum())),
        kinds=dict.fromkeys(_SIDES, "two"),
    )


def _measures_before(panel: Panel, design: Design) -> list[dict[str, object]]:
    """Return the row of an outcome, and for a design's own panel of records that of their number a period."""
    same = of_design(panel, design)
    before = same.timeline.ordinals < first_training(design)
    weight = np.where(same.observed, same.weight, 0.0)[:, before]
    total = weight.sum(axis=1)
    sums = (weight * np.nan_to_num(same.mean[:, before])).sum(axis=1)
    mean = np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)
    words, ever = panel.outcome.words, np.isfinite(design.adopted)
    records = same.n[:, before].sum(axis=1)
    row = _sides(words.label, words.scale * mean, ever)
    if not counts_records(same):
        return [row]
    if min(records[ever].sum(), records[~ever].sum()) < MINIMUM_CELL:
        row |= dict.fromkeys(_SIDES, np.nan)
    if panel is not design.panel:
        return [row]
    return [row, _sides(Message("tables.cell.records_a_period"), records / max(int(before.sum()), 1), ever)]


def _attribute(design: Design, name: str) -> Float:
    values = attribute(design.panel, name, "tables.balance.no_attribute", InputError)
    if not pd.api.types.is_numeric_dtype(values):
        raise InputError(Message("tables.balance.not_numeric", name=name))
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def _sides(measure: Message, values: Float, ever: Bool) -> dict[str, object]:
    """Return means of both sides, their difference, and the difference in units of the spread between units."""
    one, other = (values[side & np.isfinite(values)] for side in (ever, ~ever))
    means = [float(v.mean()) if len(v) else np.nan for v in (one, other)]
    spread = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2) if min(len(one), len(other)) > 1 else np.nan
    difference = means[0] - means[1]
    return {
        "outcome": measure,
        "trained": means[0],
        "untrained": means[1],
        "difference": difference,
        "standardised": difference / spread if spread > 0 else np.nan,
    }
