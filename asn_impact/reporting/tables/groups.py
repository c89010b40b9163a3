"""Who was trained and when, and how the groups stand before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool
from asn_impact.designs import Design
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.recoding import Cells, Release, all_alike, counts_records, nouns_of
from asn_impact.reporting.tables.cells import Kind
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph, spoken_of


@public_verb
def clusters(design: Design) -> Table:
    """Return the table of clusters: since when trained, units, periods seen and records, in the order of adoption.

    Clusters with few records, and those that subtraction would give away, stand together in the last line (`Release`).

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> ai.tables.clusters(design).frame.head(2)["cluster"].tolist()
    ['Dinas A', 'Dinas B']
    """
    design.require_staying("clusters()")
    panel, shown = design.panel, Release.of(design).clusters
    groups = [(str(label), design.cluster == g) for g, label in enumerate(design.clusters) if shown[g]]
    rows = [_row_of_cluster(design, label, members) for label, members in groups]
    rows.sort(key=lambda row: (row["order"], row["cluster"]))
    if not shown.all():
        rows.append(_row_of_cluster(design, _other(design, "clusters"), ~shown[design.cluster]))
    frame = pd.DataFrame(rows).drop(columns=["order", "members"])
    if len(design.clusters) == len(panel.units):
        frame = frame.drop(columns="units")
    has_records = counts_records(panel)
    offices = design.clustered_by == "office"
    return Table(
        frame=frame if has_records else frame.drop(columns="records"),
        title=Message("tables.clusters.title"),
        note=Message("release.note") if not shown.all() else "",
        kinds={"adopted": "period", "units": "whole", "periods": "whole", "records": "records"},
        headings={"cluster": Message("tables.heading.office" if offices else "tables.heading.cluster")}
        | {"records": spoken_of(Message("tables.heading.records"), nouns_of(panel))},
        cells={"records": tuple(Cells(row["members"]) for row in rows)} if has_records else {},
    )


def _row_of_cluster(design: Design, label: str | Message, members: Bool) -> dict[str, Any]:
    panel, steps = design.panel, design.adopted[members]
    alike = len(set(steps.tolist())) == 1 or not isinstance(label, Message)
    first = float(steps.min())
    return {
        "cluster": label,
        "adopted": design.cohort_label(first, spoken=True) if alike else Message("release.various"),
        "units": int(members.sum()),
        "periods": int(panel.observed[members].any(axis=0).sum()),
        "records": int(panel.n[members].sum()),
        "order": first,
        "members": frozenset(panel.units[i] for i in np.flatnonzero(members)),
    }


def _other(design: Design, what: Literal["clusters", "waves"]) -> Message:
    """Return the name of what stands together: other offices, other groups, other waves."""
    offices = what == "clusters" and design.clustered_by == "office"
    return Message("release.other.offices") if offices else Message(f"release.other.{what}")


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

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> table = ai.tables.descriptive(design.panel, design)
    >>> table.frame.columns.tolist()
    ['group', 'units', 'records_before', 'records_after', 'mean_before', 'mean_after', 'change']
    """
    design.require_staying("descriptive()")
    same = of_design(panel, design)
    words, first = panel.outcome.words, design.cohort_label(float(design.cohorts[0]), spoken=True)
    after = same.timeline.ordinals >= first_training(design)
    before_and_after = len(same.timeline) == 2  # the tests of a course: their numbers say nothing
    release = Release.of(design if panel is design.panel else replace(design, panel=same))
    groups: list[tuple[str | Message, Bool]] = [
        (
            "trained" if before_and_after and np.isfinite(step) else design.cohort_label(step, spoken=True),
            design.adopted == step,
        )
        for step in release.steps[release.waves]
    ]
    if not release.waves.all():
        groups.append((_other(design, "waves"), release.in_other_waves))
    frame = pd.DataFrame([_row_of_group(name, same, members, after, words.scale) for name, members in groups])
    sides = {"before": ~after, "after": after}
    decimals: Kind = "one" if words.decimals < 2 else "two"
    has_records = counts_records(panel)
    return Table(
        frame=frame if has_records else frame.drop(columns=["records_before", "records_after"]),
        title=Message("tables.descriptive.two_periods", label=words.label)
        if before_and_after
        else Message("tables.descriptive.title", label=words.label, first=first),
        note=paragraph(
            Message("tables.descriptive.note"),
            _left_out_of_waves(design) if panel is design.panel else None,
            Message("release.note") if not release.waves.all() else None,
        ),
        kinds={
            "units": "whole",
            "records_before": "records",
            "records_after": "records",
            **dict.fromkeys(("mean_before", "mean_after", "change"), decimals),
        },
        headings={
            f"records_{name}": spoken_of(Message(f"tables.heading.records_{name}"), nouns_of(panel)) for name in sides
        },
        rests_on={"mean_before": "records_before", "mean_after": "records_after"} if has_records else {},
        cells={
            f"records_{name}": tuple(_cells_of(same, members, periods) for _, members in groups)
            for name, periods in sides.items()
        }
        if has_records
        else {},
    )


def _left_out_of_waves(design: Design) -> Message | None:
    """Say that waves lack the period in which their course ended, which the others keep; None where all are whole."""
    if not any(note.key == "designs.partly_treated" for note in design.notes):
        return None
    return Message("tables.descriptive.partly", period=Message(f"report.period.{design.panel.timeline.frequency}.one"))


def _cells_of(panel: Panel, members: Bool, periods: Bool) -> Cells:
    labels = panel.timeline.labels
    return Cells(
        frozenset(panel.units[i] for i in np.flatnonzero(members)),
        frozenset(labels[i] for i in np.flatnonzero(periods)),
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


def _row_of_group(name: str | Message, panel: Panel, members: Bool, after: Bool, scale: float) -> dict[str, object]:
    weight = np.where(panel.observed, panel.weight, 0.0)[members]
    mean = np.nan_to_num(panel.mean)[members]
    side = {}
    for when, periods in (("before", ~after), ("after", after)):
        total = weight[:, periods].sum()
        hidden = counts_records(panel) and all_alike(panel, panel.observed & members[:, None] & periods)
        side[when] = scale * float((weight * mean)[:, periods].sum() / total) if total > 0 and not hidden else np.nan
    return {
        "group": name,
        "units": int(members.sum()),
        "records_before": int(panel.n[members][:, ~after].sum()),
        "records_after": int(panel.n[members][:, after].sum()),
        "mean_before": side["before"],
        "mean_after": side["after"],
        "change": side["after"] - side["before"],
    }
