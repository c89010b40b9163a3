"""Whether every office was trained when the lottery said."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from asn_impact.designs import Design
from asn_impact.errors import EstimationError
from asn_impact.scrutiny.case import Case
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def lottery_kept(design: Design, drawn: Mapping[Hashable, Any]) -> Check:
    """Return the check of a lottery: every unit was trained in the period that was drawn for it.

    Holds: all units. Doubtful: 95 % or more. Fails: fewer.

    Why it is asked: Imbens and Rubin (2015). The limits are ours.

    Parameters
    ----------
    drawn
        First treated period drawn for each unit, as `Timeline.locate` reads them; missing: never.

    Raises
    ------
    EstimationError
        A unit of the design was not in the draw.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> drawn = {unit: row for unit, row in zip(design.panel.units, ["2024-06"] * 3 + ["2024-08"] * 3 + [None] * 6)}
    >>> ai.checks.lottery_kept(design, drawn).verdict
    'holds'
    """
    units = design.panel.units
    if strangers := [unit for unit in units if unit not in drawn]:
        raise EstimationError(Message("checks.lottery.not_drawn", n=len(strangers), first=strangers[:3]))
    dates, _ = design.panel.timeline.locate([drawn[unit] for unit in units])
    same = dates == design.adopted
    table = pd.DataFrame(
        {
            "unit": [str(unit) for unit in units],
            "drawn": [design.cohort_label(step) for step in dates],
            "trained": [design.cohort_label(step) for step in design.adopted],
        }
    ).loc[~same]
    verdict: Verdict = "holds" if same.all() else "doubtful" if same.mean() >= 0.95 else "fails"
    answer = Message("checks.lottery.answer", k=int(same.sum()), n=len(same))
    return LOTTERY.check(verdict, answer, table.reset_index(drop=True))


def _run(case: Case) -> Check | None:
    if case.drawn is None:
        return None
    try:
        return lottery_kept(case.design, case.drawn)
    except EstimationError as problem:  # a unit that took no part in the draw is no reason to refuse the effect
        return LOTTERY.cannot_say(problem)


LOTTERY = CheckEntry("lottery", Message("checks.lottery.question"), _run)
