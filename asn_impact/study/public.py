"""A study whose cells are published: everything is computed from what anyone can have."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from asn_impact.errors import DesignError, EstimationError
from asn_impact.measures.panel import Panel
from asn_impact.study.prepared import Prepared
from asn_impact.study.settings import Study
from asn_impact.words import Message, each_once


def with_public_cells(study: Study, ready: Prepared) -> Prepared:
    """Return a prepared study with the cells that may be published, and what that costs among its notes.

    The records themselves are no longer there: a check or figure that needs them cannot be run again by others.

    Raises
    ------
    StudyError
        There is no design, or nothing is left to compare.
    """
    from asn_impact.reporting.public import public_cells

    if ready.design is None:
        raise study.place("report").refuse(Message("release.no_answer"))
    try:
        public = public_cells(ready.design)
        made = (study.estimator.made()(design).overall() for design in (ready.design, public))
        before, after = (float(effects.estimate[0]) for effects in made)
    except (DesignError, EstimationError) as problem:
        raise study.place("report").refuse(problem.message) from problem
    words = public.panel.outcome.words
    cost = Message("release.cost", cost=words.scale * (after - before), unit=words.unit)
    months = None if ready.months is None else _in_cells(ready.months, public.panel)
    notes = each_once(ready.notes, public.notes, (cost,))
    public = replace(public, notes=(*public.notes, cost))
    return replace(ready, panel=public.panel, design=public, times=None, months=months, notes=notes)


def _in_cells(months: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return the months with the cases that are in public cells, where a month has cells."""
    inside = dict(zip(panel.timeline.labels, panel.n.sum(axis=0), strict=True))
    labels = months["month"].astype(str)
    cases = [int(inside.get(label, n)) for label, n in zip(labels, months["cases"], strict=True)]
    still = [min(n, o) for n, o in zip(cases, months["open"], strict=True)]
    frame = months.assign(cases=cases, open=still)
    return frame[frame["cases"] > 0].reset_index(drop=True)
