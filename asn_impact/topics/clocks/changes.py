"""Where the days went: the effect on a wait as the sum of the effects on its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.display import card
from asn_impact.errors import EstimationError, InputError
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, infer
from asn_impact.measures.panel import Panel
from asn_impact.reporting.headline import headline_message
from asn_impact.reporting.matrix import levels_of
from asn_impact.topics.clocks.split import SplitDays
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, Quantity, paragraph

_EXACT: Final = 1e-9  # of the size of the outcome: rounding of a sum


@dataclass(frozen=True, eq=False)
class StepChanges(Guided):
    """The effect on a wait and on the days in each of its steps, which add up to it, term by term.

    Attributes
    ----------
    whole
        The inference on the wait.
    parts
        That on each step, under the same rule, with the weights on the cells of `whole`.
    notes
        How days are given to steps; what a reader must know of the intervals.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))
    >>> design = ai.assign(split.panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced())
    >>> changes = ai.changes_by_step(answer, split)
    >>> bool(np.isclose(sum(part.estimate[0] for part in changes.parts), answer.estimate[0]))
    True
    """

    whole: Inference
    parts: tuple[Inference, ...]
    notes: tuple[Message, ...] = ()

    @property
    def steps(self) -> tuple[Message, ...]:
        """What each part is called."""
        return tuple(part.effects.outcome.words.short for part in self.parts)

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return a row a step (and term), and those of the whole last.

        ``step``, the terms, ``before``, ``with_training`` and ``without_training`` where there is one term (means of
        the trained, as in the matrix of a report), ``estimate``, ``std_error``, ``statistic``, ``df``, ``p_value``,
        ``conf_low``, ``conf_high``. Means and estimates of the steps add up to the last rows; intervals do not.
        """
        names = [*(str(step) for step in self.steps), str(self.whole.effects.outcome.words.short)]
        rows = [_rows(inference, name, level) for inference, name in zip((*self.parts, self.whole), names, strict=True)]
        return pd.concat(rows, ignore_index=True)

    def said(self, level: Level = 0.95) -> Message:
        """Return in words what training changed, and in which steps that can be seen."""
        whole = Message("clocks.sentence", finding=headline_message(self.whole, level=level))
        return whole if len(self.whole.estimate) > 1 else paragraph(whole, self.seen(level))

    def seen(self, level: Level = 0.95) -> Message:
        """Return in words which steps changed: those whose own interval leaves out zero, of one number."""
        words = self.whole.effects.outcome.words
        low, high = (np.array([part.interval(level)[end][0] for part in self.parts]) for end in (0, 1))
        clear = [i for i in np.argsort(low + high, kind="stable") if low[i] > 0 or high[i] < 0]
        named = [
            Message(
                "clocks.by",
                step=self.steps[i],
                change=Quantity(float(words.shown(self.parts[i].estimate[0])), f"step {i}: estimate", words.decimals),
            )
            for i in clear
        ]
        return Message("clocks.seen_in", steps=named, unit=words.unit) if named else Message("clocks.seen_nowhere")

    def __repr__(self) -> str:
        return f"StepChanges({len(self.parts)} parts of {self.whole!r})"

    def _repr_html_(self) -> str:
        facts = [("", self.said()), *(("note", note) for note in self.notes)]
        return card("Changes by step", facts, table=self.table().round(3))


@public_verb
def changes_by_step(answer: Inference, split: SplitDays) -> StepChanges:
    """Return how much of an effect on the wait lies in each step: by the same estimator, weights and rule.

    An estimate that is a weighted sum of cell means is the sum of the estimates on the parts of these means. What the
    estimator chose by the wait, such as the working covariance of `GLSImputation`, is held for the parts, so that the
    identity is exact; the interval of a part is its own, and not adjusted for their number.

    Parameters
    ----------
    answer
        What `infer` gave on a design of ``split.panel``: one number, or one a term (an event study, say).
    split
        What `split_days` returned.

    Raises
    ------
    InputError
        The answer is of another panel than that of the split.
    EstimationError
        The weights of the estimator depend on the outcome, or its effects are ratios: parts would not add up.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))
    >>> design = ai.assign(split.panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced())
    >>> ai.changes_by_step(answer, split).table()[["step", "estimate"]].round(2).to_numpy().tolist()[:2]
    [['Verifikasi', -1.79], ['Perbaikan Dokumen', -0.18]]
    """
    effects = answer.asked or answer.effects
    if not effects.linear or effects.estimator.relative:
        raise EstimationError(Message("clocks.not_linear", name=effects.estimator.entry.name))
    held = effects.held()
    parts = tuple(infer(_of_part(held, part), answer.rule) for part in _in_design(split, effects))
    added = np.sum([part.estimate for part in parts], axis=0)
    size = effects.design.panel.magnitude
    assert np.allclose(added, answer.estimate, rtol=0.0, atol=_EXACT * size, equal_nan=True), "parts add up"
    return StepChanges(answer, parts, (*split.notes, Message("clocks.intervals_apart")))


def _in_design(split: SplitDays, effects: Effects) -> list[Panel]:
    """Return the parts with the units and periods of the design, whose panel must be that of the split."""
    panel, whole = effects.design.panel, split.panel
    position = {unit: i for i, unit in enumerate(whole.units)}
    if any(unit not in position for unit in panel.units) or panel.outcome != whole.outcome:
        raise InputError(Message("clocks.other_panel"))
    units = np.array([position[unit] for unit in panel.units], dtype=np.int64)
    same = np.flatnonzero(np.isin(whole.timeline.ordinals, panel.timeline.ordinals))
    parts = [
        replace(
            panel, outcome=part.outcome, mean=part.mean[np.ix_(units, same)], within=part.within[np.ix_(units, same)]
        )
        for part in split.parts
        if len(same) == len(panel.timeline)
    ]
    added = np.sum([part.mean for part in parts], axis=0)
    if not np.allclose(added[panel.observed], panel.mean[panel.observed], atol=_EXACT * panel.magnitude):
        raise InputError(Message("clocks.other_panel"))
    return parts


def _of_part(held: Effects, part: Panel) -> Effects:
    """Return the same effects on a part of the wait."""
    effects = held.anew(replace(held.design, panel=part))
    if not effects.terms.equals(held.terms):
        raise EstimationError(Message("clocks.not_linear", name=held.estimator.entry.name))
    return effects


def _rows(inference: Inference, name: str, level: float) -> pd.DataFrame:
    rows = inference.table(level)
    if len(rows) == 1:
        means = levels_of(inference)
        for i, column in enumerate(("before", "with_training", "without_training")):
            rows.insert(len(inference.effects.terms.columns) + i, column, getattr(means, column))
    rows.insert(0, "step", name)
    return rows
