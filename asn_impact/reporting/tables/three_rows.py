"""The table of three rows: all months, without the months of choice, with a trend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.errors import InputError
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.words import level_quantity
from asn_impact.scrutiny.three_rows import Row
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_NUMBERS: Final = ("estimate", "std_error", "conf_low", "conf_high")


@public_verb
def three_rows(rows: Sequence[Row], *, level: Level = 0.95) -> Table:
    """Return the table of three readings of the months: the estimate, its interval, and the months it rests on.

    A row that cannot be estimated has no numbers and says why.

    Parameters
    ----------
    rows
        ``scrutiny.rows``, or from `asn_impact.checks.three_rows`.
    level
        Level of the intervals.

    Raises
    ------
    InputError
        There is none.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> rows = ai.three_rows(answer.effects, rule=answer.rule)
    >>> ai.tables.three_rows(rows)
    Table(The same effect, read in three ways: 3 rows)
    """
    if not rows:
        raise InputError(Message("tables.results.none", verb="three_rows"))
    frame = pd.DataFrame([_cells(row, level) for row in rows])
    frame[["row", "months"]] = frame[["row", "months"]].astype(object)
    known = next((row.inference for row in rows if row.inference is not None), None)
    unit = None if known is None else known.effects.design.panel.outcome.words.unit
    return Table(
        frame=frame,
        title=Message("tables.three_rows.title"),
        note=paragraph(
            Message("tables.results.level", level=level_quantity(level)),
            Message("tables.three_rows.unit", unit=unit) if unit is not None and str(unit) else None,
        ),
        kinds=dict.fromkeys(_NUMBERS, "two"),
        headings={"row": Message("tables.three_rows.row"), "months": Message("tables.three_rows.months")},
    )


def _cells(row: Row, level: float) -> dict[str, object]:
    if row.inference is None:
        return {"row": row.label, **dict.fromkeys(_NUMBERS, np.nan), "months": row.reason}
    inference = row.inference
    scale = inference.effects.design.panel.outcome.words.scale
    low, high = inference.interval(level)
    ends = sorted((scale * float(low[0]), scale * float(high[0])))
    months = row.months
    return {
        "row": row.label,
        "estimate": scale * float(inference.estimate[0]),
        "std_error": abs(scale) * float(inference.std_error[0]),
        "conf_low": ends[0],
        "conf_high": ends[1],
        "months": Message("tables.three_rows.span", first=months[0], last=months[-1], n=len(months)),
    }
