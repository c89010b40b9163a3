"""The same effect three times: all months, without the months on which offices were chosen, with a trend of their own.

Each row answers a doubt that the others cannot. The second is right where offices were chosen in a bad spell, the third
where the trained moved on a straight line of their own. The third is less certain, and wrong after a bad spell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.errors import AsnImpactError, EstimationError
from asn_impact.estimation import GLSImputation, Inference
from asn_impact.estimation.dose import Dose
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.gls import leave_out
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.triple import TripleDifference
from asn_impact.scrutiny.case import one_estimate
from asn_impact.scrutiny.check import reason_of
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message

Kind: TypeAlias = Literal["all_months", "without_choice", "with_trend"]


@dataclass(frozen=True, eq=False)
class Row(Guided):
    """The effect under one reading of the months.

    Attributes
    ----------
    kind
        ``"all_months"``, ``"without_choice"`` or ``"with_trend"``.
    inference
        The effect and its uncertainty; None where it cannot be had.
    reason
        Why it cannot be had.

    Examples
    --------
    >>> import asn_impact as ai
    >>> answer = ai.infer(ai.GroupTime()(ai.example_design()).overall(), ai.BiasReduced())
    >>> [row.kind for row in ai.three_rows(answer.effects, rule=answer.rule)]
    ['all_months', 'without_choice', 'with_trend']
    """

    kind: Kind
    inference: Inference | None
    reason: Message | None = None

    @property
    def label(self) -> Message:
        """What the row is called."""
        return Message(f"checks.rows.{self.kind}")

    @property
    def months(self) -> tuple[str, ...]:
        """Labels of the periods that the row looks at; none where there is no estimate."""
        if self.inference is None:
            return ()
        effects = self.inference.effects
        out = getattr(effects.estimator, "without", ())
        panel = effects.design.panel
        seen = np.flatnonzero(np.count_nonzero(panel.observed, axis=0))
        return tuple(str(panel.timeline.labels[t]) for t in seen if str(panel.timeline.labels[t]) not in out)


@public_verb
def three_rows(effects: Effects, *, rule: Rule, chosen: Sequence[str] | None = None) -> tuple[Row, ...]:
    """Return the effect from all months, without the months of choice, and with a trend of the trained of their own.

    Parameters
    ----------
    effects
        One number: ``effects.overall()``.
    rule
        The rule of inference of the finding.
    chosen
        Labels of the periods whose outcomes were looked at when the offices were chosen; none (``()``) where the
        outcome played no part: then the second row is the first. None: not known, and the second row says so.

    Raises
    ------
    EstimationError
        There are several estimates.

    Notes
    -----
    The third row is `GLSImputation` with ``trend="differential"``, with the anticipation, covariates and months left
    out of the estimator of the effects, whatever that estimator is.

    Examples
    --------
    >>> [Row(kind, None).label.text("en") for kind in ("all_months", "without_choice", "with_trend")]
    ['all periods', 'without the periods on which offices were chosen', 'with a trend of their own for the trained']
    """
    design = one_estimate(effects).design
    return (
        _row("all_months", rule, lambda: effects),
        Row("without_choice", None, Message("checks.rows.not_said"))
        if chosen is None
        else _row("without_choice", rule, lambda: effects.again(leave_out(design, tuple(chosen)))),
        _row("with_trend", rule, lambda: trended(effects.estimator)(design).overall()),
    )


def _row(kind: Kind, rule: Rule, make: Callable[[], Effects]) -> Row:
    try:
        return Row(kind, rule(make()))
    except AsnImpactError as problem:
        return Row(kind, None, reason_of(problem))


def trended(estimator: Estimator) -> GLSImputation:
    """Return the imputation nearest to an estimator that lets the trained have a straight trend of their own.

    Raises
    ------
    EstimationError
        It rests on something else than trained and untrained units, or compares groups within themselves.
    """
    if (apart := getattr(estimator, "periods", None)) is not None:
        raise EstimationError(Message("checks.rows.trend_of_each", name=apart))
    if isinstance(estimator, GLSImputation):
        return replace(estimator, trend="differential")
    if isinstance(estimator, Dose | TripleDifference):
        raise EstimationError(Message("checks.rows.no_trend", name=estimator.entry.name))
    return GLSImputation(trend="differential", anticipation=estimator.anticipation, covariates=estimator.covariates)
