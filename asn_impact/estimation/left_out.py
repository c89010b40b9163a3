"""What was treated and enters no effect: which cells, which waves and periods, and their share of the treated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool
from asn_impact.estimation.clusters import ratio
from asn_impact.words import Message

if TYPE_CHECKING:
    from asn_impact.estimation.effects import Effects

_SAYS: Final = 1e-10  # share of the largest weight on a cell below which a cell says nothing


def left_out_cells(effects: Effects) -> Bool:
    """(U, T) treated cells that were seen and that no effect by cohort and period counts, whatever the reason.

    Their wave has no period to start from, nobody to be compared with or no overlap in the covariates; or their unit is
    not seen in the period it is compared with, or never untreated.
    """
    design, cells = effects.design, effects.cells
    if cells is None or not (cells.event_time >= 0).any():
        return np.zeros(design.panel.mean.shape, dtype=np.bool_)
    fit = effects.fit.by_cell
    after = (cells.event_time >= 0) & fit.known
    mixed = np.random.default_rng(0).uniform(0.5, 1.5, len(after)) * after  # zero only where every weight is
    weight = np.abs(fit.loadings_of(mixed[None])[0])
    silent = weight <= _SAYS * weight.max(initial=0.0)
    for term in np.flatnonzero(after & ~np.isfinite(fit.estimate)):  # counted, with nothing seen in it
        silent[design.adopted == design.cohorts[cells.cohort[term]], cells.period[term]] = False
    return np.asarray(design.treated() & design.panel.observed & silent)


def counted_cells(effects: Effects) -> tuple[int, int] | None:
    """Return how many treated cells the effects count, and of how many; None where somebody was never trained.

    An estimator without effects by cohort and period has somebody to compare with until the last unit is trained.
    """
    design = effects.design
    if not np.isfinite(design.adopted).all() or design.status is not None:
        return None
    treated, seen = design.treated() & design.panel.observed, design.panel.observed
    if effects.cells is not None:
        return int((treated & ~left_out_cells(effects)).sum()), int(treated.sum())
    return int((treated & (seen & ~design.treated()).any(axis=0)).sum()), int(treated.sum())


def left_out_table(effects: Effects) -> pd.DataFrame:
    """Return one row for each wave and period with cells that are left out: cells, and their share of the treated.

    A cell counts with the weight that its unit has in the size of its wave: the mean weight of its cells.
    """
    design = effects.design
    observed = design.panel.observed
    size = ratio(np.where(observed, design.panel.weight, 0.0).sum(axis=1), observed.sum(axis=1))
    unit, period = np.nonzero(left_out_cells(effects))
    treated = (np.nan_to_num(size)[:, None] * (design.treated() & observed)).sum()
    rows = (
        pd.DataFrame({"start": design.adopted[unit], "position": period, "share": size[unit] / treated})
        .groupby(["start", "position"], as_index=False)
        .agg(cells=("share", "size"), share=("share", "sum"))
    )
    labels, steps = design.panel.timeline.labels, design.panel.timeline.steps
    return pd.DataFrame(
        {
            "cohort": pd.Series([design.cohort_label(start) for start in rows["start"]], dtype=object),
            "period": pd.Series([labels[t] for t in rows["position"]], dtype=object),
            "event_time": (steps[rows["position"].to_numpy()] - rows["start"].to_numpy()).astype(np.int64),
            "cells": rows["cells"],
            "share_of_treated": rows["share"],
        }
    )


def say_left_out(effects: Effects) -> Message | None:
    """Return what no average counts with its share of the treated, for a line below a table or a figure."""
    rows = left_out_table(effects)
    if rows.empty:
        return None
    pairs = [
        Message("estimation.pair", cohort=cohort, period=period)
        for cohort, period in zip(rows["cohort"], rows["period"], strict=True)
    ]
    treated = effects.design.treated() & effects.design.panel.observed
    return Message(
        "estimation.left_out",
        share=float(rows["share_of_treated"].sum()),
        n=int(rows["cells"].sum()),
        total=int(treated.sum()),
        pairs=pairs,
    )
