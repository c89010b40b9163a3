"""A claim on one step of a log: the days of the wait that it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.study.measured import WAITING
from asn_impact.study.settings import Study
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.measures.panel import Panel

__all__ = ["panel_of_step"]


def panel_of_step(
    study: Study,
    outcome: RestrictedMean,
    *,
    covariates: Sequence[str],
    **cells: Any,  # noqa: ANN401 - by, per
) -> Panel:
    """Return the panel of the days in the step that [outcome] names; one of `waiting` for those of no step.

    Raises
    ------
    InputError
        The log has no such step, or covariates of cases are asked for, which steps do not have.
    """
    from asn_impact.topics.clocks.placed import plain_name
    from asn_impact.topics.clocks.split import split_days
    from asn_impact.topics.clocks.step_log import read_step_log

    if covariates:
        raise InputError(Message("clocks.no_covariates", names=tuple(covariates)))
    given = dict(study.data.parameters)
    given.pop("called", None)
    columns = {**given.pop("columns", {}), **dict.fromkeys(given.pop("unused", ()))}
    log = read_step_log(given.pop("path"), columns=columns, **given)
    step, rule = study.outcome.parameters["step"], study.outcome.parameters.get("waiting", "apart")
    clock = study.calendar.parameters.get("clock", "working_days")
    whole = replace(outcome, label=None)
    split = split_days(
        log, study.calendar.made(), whole, waiting=rule, clock=clock, most=max(len(log.owners), 1), **cells
    )
    counted: Any = split.panel.outcome  # with the unit of the clock
    known = {plain_name(name): part for name, part in zip(split.steps, split.parts, strict=True)}
    asked = plain_name(Message("clocks.waiting") if step in WAITING else step)
    if asked not in known:
        absent = Message("measures.clocks.no_step", steps=(step,))
        names = [str(name) for name in split.steps]
        raise InputError(paragraph(absent, did_you_mean(step, names), Message("clocks.known_steps", steps=names)))
    return replace(known[asked], outcome=replace(counted, label=outcome.label), notes=split.panel.notes)
