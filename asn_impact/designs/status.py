"""Who is treated when, where treatment may end: the status of the units of a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float
from asn_impact.errors import DesignError
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.words import Alert, Message


def first_switch(status: Bool, timeline: Timeline) -> Float:
    """(U,) step in which the (U, T) status of each unit first changes; ``inf`` where it never does.

    Examples
    --------
    >>> first_switch(np.array([[0, 1, 0], [1, 1, 0], [1, 1, 1]], dtype=bool), Timeline.months([24276, 24277, 24278]))
    array([ 1.,  2., inf])
    """
    changed = status != status[:, :1]
    steps = np.asarray(timeline.steps, dtype=np.float64)
    return np.where(changed.any(axis=1), steps[changed.argmax(axis=1)], np.inf)


def read_status(panel: Panel, rows: pd.DataFrame, by: str | None) -> tuple[Bool, Panel, tuple[Message, ...]]:
    """Return the (U, T) status of a panel, the panel without cells of unknown status, and what has to be said.

    Units without a row are never treated. A period without a row is taken to be as the one before, and its cell is left
    out.

    Parameters
    ----------
    panel
        The units and periods.
    rows
        ``unit``, ``period`` as it was given, ``on``: a row for each unit and period.
    by
        Attribute of the units that the rows name.

    Raises
    ------
    DesignError
        The periods of the status are of another kind than those of the panel, or none is among them.
    """
    timeline = panel.timeline
    line, position = Timeline.read(rows["period"].reset_index(drop=True), column=str(rows["period"].name))
    place = {int(o): t for t, o in enumerate(timeline.ordinals)} if line.kind == timeline.kind else {}
    column = np.array([place.get(int(o), -1) for o in line.ordinals], dtype=np.int64)[position]
    if (column < 0).all():
        found = {"found": line.labels[0], "expected": timeline.labels[0]}
        raise DesignError(Message("designs.status_periods", **found))
    labels = list(panel.units if by is None else panel.attributes[by])
    names = {name: i for i, name in enumerate(dict.fromkeys(labels))}
    row = np.array([names.get(unit, -1) for unit in rows["unit"]], dtype=np.int64)
    inside = (column >= 0) & (row >= 0)
    status = np.full((len(names), len(timeline)), np.nan)
    status[row[inside], column[inside]] = rows["on"].to_numpy(dtype=np.float64)[inside]
    known = np.isfinite(status) | np.isnan(status).all(axis=1, keepdims=True)
    filled = pd.DataFrame(status).ffill(axis=1).bfill(axis=1).fillna(0.0).to_numpy() == 1.0
    unit = np.array([names[label] for label in labels], dtype=np.int64)
    status, known = filled[unit], known[unit]
    usable = panel if known.all() else replace(panel, weight=np.where(known, panel.weight, 0.0))
    return status, usable, _notes(panel, status, known)


def _notes(panel: Panel, status: Bool, known: Bool) -> tuple[Message, ...]:
    change = np.diff(status.astype(np.int64), axis=1)
    always = int(status.all(axis=1).sum())
    counts = {"joined": int((change > 0).sum()), "left": int((change < 0).sum()), "always": always}
    notes: list[Message] = [Message("designs.switches", **counts)]
    if n := int((panel.observed & ~known).sum()):
        notes.append(Alert("designs.status_unknown", n=n))
    return tuple(notes)
