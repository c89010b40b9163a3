"""Did what was learnt hold when the rules changed? Offices trained before an event against those not trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from asn_impact.designs.design import adoption, cells_partly
from asn_impact.errors import DesignError
from asn_impact.intake.readers.rollout import Rollout
from asn_impact.measures.panel import Panel
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def after_event(
    panel: Panel,
    rollout: Rollout,
    *,
    at: Any,  # noqa: ANN401 - whatever a timeline places
    event: str = "",
    by: str | None = None,
) -> tuple[Panel, Rollout]:
    """Return panel and rollout in which the event is the treatment of those trained before it: for `assign`.

    The effect is by how much more the outcome rose at the event in offices trained before it than in the others. Only
    offices trained before the period of the event count as trained, and only what came after their training is their
    "before". Offices trained later are compared until their own training.

    Parameters
    ----------
    panel, rollout, by
        As for `assign`.
    at
        The period or day of the event.
    event
        What it is called, for the notes.

    Raises
    ------
    DesignError
        The event lies outside of the panel or in its first period; nobody was trained before it, or all were.

    Examples
    --------
    >>> import asn_impact as ai
    >>> panel, rollout = ai.example_design().panel, ai.example_rollout()
    >>> panel, rollout = ai.after_event(panel, rollout, at="2024-08", event="Perbup 3/2024")
    >>> rollout.adopted.dropna().to_dict()
    {'Dinas A': '2024-08', 'Dinas B': '2024-08', 'Dinas C': '2024-08'}
    >>> design = ai.assign(panel, rollout, cluster="office")  # doctest: +SKIP
    """
    if rollout.status is not None:
        raise DesignError(Message("designs.needs_staying", name="after_event()"))
    name, timeline = event or str(at), panel.timeline
    when = float(timeline.place([at]).steps[0])
    if not 0 < when < np.inf:
        raise DesignError(Message("designs.event_outside", event=name, first=timeline.labels[0]))
    placed, _ = adoption(panel, rollout, by)
    own, steps = placed.steps[:, None], timeline.steps[None, :]
    before, later = own < when, (own >= when) & np.isfinite(own)
    not_yet = before & ((steps < own) | cells_partly(panel, placed))
    rest = panel.without_cells(not_yet | (later & (steps >= own)))
    seen = (rest.observed & (steps < when)).any(axis=1)
    gone = before[:, 0] & ~seen
    if not (before[:, 0] & seen).any() or before.all():
        raise DesignError(Message("designs.event_contrast", event=name, before=int(before.sum()), units=len(before)))
    rest = rest.select(np.flatnonzero(~gone))
    labels = rest.units if by is None else tuple(rest.attributes[by])
    own_before = dict(zip(panel.units if by is None else panel.attributes[by], before[:, 0], strict=True))
    names = [one for one in rollout.adopted.index if one in set(labels)]
    adopted = pd.Series([at if own_before.get(one) else None for one in names], index=names, dtype=object)
    facts = {"n": int((before[:, 0] & seen).sum()), "later": int(later.sum()), "gone": int(gone.sum())}
    note = Message("designs.after_event", event=name, when=timeline.label(when), **facts)
    return rest, Rollout(adopted, rollout.label, (*rollout.notes, note))
