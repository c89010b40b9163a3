"""Who was trained and when, and how the groups stand before and after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool
from asn_impact.designs import Design
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.tables.cells import Kind
from asn_impact.reporting.tables.small import counts_records
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message

__all__ = ["clusters", "descriptive", "first_training", "of_design"]


@public_verb
def clusters(design: Design) -> Table:
    """Return the table of clusters: since when trained, units, periods seen and records, in the order of adoption."""
    design.require_staying("clusters()")
    panel = design.panel
    rows = []
    for code, label in enumerate(design.clusters):
        members = design.cluster == code
        first = float(design.adopted[members].min())
        rows.append(
            {
                "cluster": str(label),
                "adopted": design.cohort_label(first),
                "units": int(members.sum()),
                "periods": int(panel.observed[members].any(axis=0).sum()),
                "records": int(panel.n[members].sum()),
                "order": first,
            }
        )
    frame = pd.DataFrame(rows).sort_values(["order", "cluster"], ignore_index=True).drop(columns="order")
    if len(design.clusters) == len(panel.units):
        frame = frame.drop(columns="units")
    if not counts_records(panel):
        frame = frame.drop(columns="records")
    offices = design.clustered_by == "office"
    return Table(
        frame=frame,
        title=Message("tables.clusters.title"),
        kinds={"adopted": "period", "units": "whole", "periods": "whole", "records": "records"},
        headings={"cluster": Message("tables.heading.office" if offices else "tables.heading.cluster")},
    )


@public_verb
def descriptive(panel: Panel, design: Design) -> Table:
    """Return the table of groups: units, records and mean outcome before and after the first training of anyone.

    Parameters
    ----------
    panel
        The outcome to describe: ``design.panel`` or another outcome of the same units.
    design
        The groups: waves and those never trained.

    Raises
    ------
    InputError
        A unit of the design is not in the panel.
    """
    design.require_staying("descriptive()")
    same = of_design(panel, design)
    words = panel.outcome.words
    after = same.timeline.ordinals >= first_training(design)
    waves = [*design.cohorts, *([np.inf] if np.isinf(design.adopted).any() else [])]
    frame = pd.DataFrame([_row_of_group(design, same, step, after, words.scale) for step in waves])
    decimals: Kind = "one" if words.decimals < 2 else "two"
    has_records = counts_records(panel)
    return Table(
        frame=frame if has_records else frame.drop(columns=["records_before", "records_after"]),
        title=Message(
            "tables.descriptive.title", label=words.label, first=design.cohort_label(float(design.cohorts[0]))
        ),
        note=Message("tables.descriptive.note"),
        kinds={
            "units": "whole",
            "records_before": "records",
            "records_after": "records",
            **dict.fromkeys(("mean_before", "mean_after", "change"), decimals),
        },
        rests_on={"mean_before": "records_before", "mean_after": "records_after"} if has_records else {},
    )


def of_design(panel: Panel, design: Design) -> Panel:
    """Return the units of a design from a panel, in the order of the design."""
    place = {unit: i for i, unit in enumerate(panel.units)}
    lacking = [unit for unit in design.panel.units if unit not in place]
    if lacking:
        raise InputError(Message("tables.units_missing", n=len(lacking)))
    return panel.select(np.array([place[unit] for unit in design.panel.units], dtype=np.int64))


def first_training(design: Design) -> int:
    """Return the ordinal of the period in which anyone was first trained."""
    timeline = design.panel.timeline
    return int(timeline.ordinals[0] + design.cohorts[0] * timeline.step)


def _row_of_group(design: Design, panel: Panel, step: float, after: Bool, scale: float) -> dict[str, object]:
    members = design.adopted == step
    weight = np.where(panel.observed, panel.weight, 0.0)[members]
    mean = np.nan_to_num(panel.mean)[members]
    side = {}
    for name, periods in (("before", ~after), ("after", after)):
        total = weight[:, periods].sum()
        side[name] = scale * float((weight * mean)[:, periods].sum() / total) if total > 0 else np.nan
    return {
        "group": design.cohort_label(step),
        "units": int(members.sum()),
        "records_before": int(panel.n[members][:, ~after].sum()),
        "records_after": int(panel.n[members][:, after].sum()),
        "mean_before": side["before"],
        "mean_after": side["after"],
        "change": side["after"] - side["before"],
    }
