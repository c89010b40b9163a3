"""How much training each unit had in the end, as an attribute that `Dose` reads."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from asn_impact.errors import DesignError
from asn_impact.intake.readers.rollout import Rollout
from asn_impact.measures.panel import Panel
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def with_doses(panel: Panel, rollout: Rollout, *, by: str | None = None) -> Panel:
    """Return the panel with the attribute ``dose``: what each unit had been given by the last month of the records.

    What it holds was said in ``read_training(..., dose=...)``: the share of staff, or hours for each member of it.
    Missing for units that the training records do not name.

    Parameters
    ----------
    panel
        From `tabulate` or `read_panel`.
    rollout
        From `read_training`, with numbers of staff.
    by
        Attribute of the units that the rollout names, where it does not name the units themselves, as in `assign`.

    Raises
    ------
    DesignError
        The rollout has no doses; the attribute is not there.

    Examples
    --------
    >>> from asn_impact import read_panel, read_training
    >>> sessions = pd.DataFrame({"office": ["A"], "course_end": pd.to_datetime(["2024-03-05"]), "jp": [24],
    ...                          "passed_count": [2], "staff": [4]})
    >>> frame = pd.DataFrame({"office": ["A", "A", "B", "B"], "year": [2023, 2024] * 2, "days": [9.0, 7.5, 8.0, 8.0]})
    >>> panel = read_panel(frame, unit="office", period="year", outcome="days")
    >>> with_doses(panel, read_training(sessions, dose="hours")).attributes["dose"].tolist()
    [12.0, nan]
    """
    if rollout.doses is None:
        raise DesignError(Message("designs.no_doses"))
    if by is not None and by not in panel.attributes.columns:
        raise DesignError(Message("designs.no_attribute", name=by, known=panel.attributes.columns.tolist()))
    last = rollout.doses.sort_values("month", kind="stable").groupby("office")["dose"].last()
    names = panel.units if by is None else panel.attributes[by]
    doses = pd.Series(list(names), index=panel.attributes.index, dtype=object).map(last).astype(float)
    return replace(panel, attributes=panel.attributes.assign(dose=doses))
