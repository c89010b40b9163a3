"""How the offices were chosen: a bad spell that led to training ends without training too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from asn_impact.arguments import Level, did_you_mean
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.gls import leave_out
from asn_impact.estimation.inference import Rule
from asn_impact.scrutiny.case import Case, one_estimate, settled
from asn_impact.scrutiny.check import Check, CheckEntry
from asn_impact.scrutiny.lottery import LOTTERY
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph


@public_verb
def without_choice(
    effects: Effects, chosen: Sequence[str], *, rule: Rule, margin: float | None = None, level: Level = 0.95
) -> Check:
    """Return the check of the months on which the offices were chosen: the same estimate without them.

    Holds: what the interval says with these months, it says without them too: it lies on the same side of zero, or
    within the margin. Doubtful: it does not.

    A dip or peak on which the choice was made: Ashenfelter (1978).

    Parameters
    ----------
    effects
        One number: ``effects.overall()``.
    chosen
        Labels of the periods whose outcomes were looked at when the offices were chosen; none where it played no part.
    rule
        The rule of inference of the finding.
    margin
        For a finding of no effect: how large an effect would not matter.
    level
        Of the interval.

    Raises
    ------
    InputError
        A month that the panel does not have: with the nearest.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.without_choice(effects, ["2024-05"], rule=ai.BiasReduced()).verdict
    'holds'
    """
    one_estimate(effects)
    if not chosen:
        return CHOSEN.check("holds", Message("checks.chosen.no_part"), pd.DataFrame())
    labels = [str(label) for label in effects.design.panel.timeline.labels]
    for found in chosen:
        if found not in labels:
            unknown = Message("checks.chosen.unknown", found=found, first=labels[0], last=labels[-1])
            raise InputError(paragraph(unknown, did_you_mean(found, labels)))
    try:
        row = rule(effects.again(leave_out(effects.design, tuple(chosen))))
        same = _says_the_same(rule(effects), row, margin, level)
        low, high = (float(end[0]) for end in row.interval(level))
    except AsnImpactError as problem:
        return CHOSEN.cannot_say(problem)
    words = Message("checks.chosen.without", periods=tuple(chosen), x=float(row.estimate[0]), low=low, high=high)
    return CHOSEN.check("holds" if same else "doubtful", words, row.table())


def _says_the_same(finding: Inference, row: Inference, margin: float | None, level: float) -> bool:
    """Return whether the row settles the question as the finding does: on its side of zero, or within the margin."""
    if settled(finding, level=level) or margin is None:
        return settled(row, level=level) and bool(np.sign(row.estimate[0]) == np.sign(finding.estimate[0]))
    low, high = (float(end[0]) for end in row.interval(level))
    return -margin < low and high < margin


def _run(case: Case) -> Check:
    if case.chosen is None:
        lot = LOTTERY.run(case)  # None where nobody has shown what was drawn: that costs the A alone
        if case.assignment == "lottery" and (lot is None or lot.verdict == "holds"):
            return CHOSEN.check("holds", Message("checks.chosen.by_lot"), pd.DataFrame())
        return CHOSEN.cannot_say(Message("checks.chosen.not_said"))
    return without_choice(case.overall, case.chosen, rule=case.rule, margin=case.margin, level=case.level)


CHOSEN = CheckEntry("chosen", Message("checks.chosen.question"), _run, "Ashenfelter (1978), REStat 60")
