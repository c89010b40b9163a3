"""The log of steps behind a claim: the days that one step had, and in which step an effect lies."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from asn_impact.arguments import did_you_mean
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.study.keys import once
from asn_impact.study.measured import WAITING
from asn_impact.study.named import cells_asked
from asn_impact.study.settings import Study
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.estimation import Inference
    from asn_impact.measures.panel import Panel
    from asn_impact.topics.clocks.changes import StepChanges
    from asn_impact.topics.clocks.split import SplitDays

#: Steps that stand for themselves on a page: so many, and of no fewer cases than may be shown.
SHOWN: Final = {"most": 8, "least": 10}


def asked_of_log(study: Study) -> dict[str, Any]:
    """Return the arguments with which the steps behind a study are read."""
    from asn_impact.topics.clocks.step_log import read_step_log

    known = inspect.signature(read_step_log).parameters
    given = {name: value for name, value in study.data.parameters.items() if name in known}
    columns = {**given.get("columns", {}), **dict.fromkeys(study.data.parameters.get("unused", ()))}
    return {"source": study.data.parameters["path"], **given, "columns": columns}


def asked_of_split(study: Study) -> dict[str, Any]:
    """Return how the days of a study are given to its steps, beside the log, the calendar and the outcome."""
    cells = cells_asked(study)
    if covariates := cells.pop("covariates"):
        raise InputError(Message("clocks.no_covariates", names=covariates))
    return {**cells, "clock": study.calendar.parameters.get("clock", "working_days")}


def _split(study: Study, outcome: RestrictedMean, **how: Any) -> SplitDays:  # noqa: ANN401 - of split_days
    from asn_impact.topics.clocks.split import split_days
    from asn_impact.topics.clocks.step_log import read_step_log

    log = once(read_step_log, asked_of_log(study))
    how = {"most": max(len(log.owners), 1), **how}
    return split_days(log, study.calendar.made(), outcome, **asked_of_split(study), **how)


def panel_of_step(study: Study, outcome: RestrictedMean) -> Panel:
    """Return the panel of the days in the step that [outcome] names; one of `waiting` for those of no step.

    Raises
    ------
    InputError
        The log has no such step, or covariates of cases are asked for, which steps do not have.
    """
    from asn_impact.topics.clocks.placed import plain_name

    step, rule = study.outcome.parameters["step"], study.outcome.parameters.get("waiting", "apart")
    split = _split(study, replace(outcome, label=None), waiting=rule)
    counted: Any = split.panel.outcome  # with the unit of the clock
    known = {plain_name(str(name)): part for name, part in zip(split.steps, split.parts, strict=True)}
    asked = plain_name(str(Message("clocks.waiting")) if step in WAITING else step)
    if asked not in known:
        absent = Message("measures.clocks.no_step", steps=(step,))
        names = [str(name) for name in split.steps]
        raise InputError(paragraph(absent, did_you_mean(step, names), Message("clocks.known_steps", steps=names)))
    return replace(known[asked], outcome=replace(counted, label=outcome.label), notes=split.panel.notes)


def where_days_went(study: Study, answer: Inference | None) -> tuple[StepChanges | None, tuple[Message, ...]]:
    """Return how much of an effect on a wait lies in each step of its log, or a note why that cannot be told.

    Neither where a study has no log of steps, or asks for something else than the wait.
    """
    from asn_impact.topics.clocks.changes import changes_by_step

    of_wait = study.data.name == "steps" and study.outcome.name == "restricted_mean" and not study.cells
    if answer is None or not of_wait or len(answer.estimate) != 1:
        return None, ()
    outcome = study.outcome.made()
    try:
        try:
            split = _split(study, outcome, **SHOWN)
        except InputError as problem:
            if problem.message.key != "clocks.no_step_lasts":
                raise
            split = _split(study, outcome, waiting="next", **SHOWN)
        return changes_by_step(answer, split), ()
    except AsnImpactError as problem:  # the effect stands, only its parts do not
        return None, (Message("clocks.not_split", why=problem.message),)
