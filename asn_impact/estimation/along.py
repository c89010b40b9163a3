"""Effects along the completion curve: by how much the share decided within d days moved, for every d.

An effect on the share decided within d days is an ordinary effect on an ordinary outcome. `Along` calls an estimator on
every day of a `CurvePanel` and joins the fits, so that the rules of inference, bands over all days among them, apply as
they stand. Most estimators have weights on the cell means that do not depend on the outcome: these are found once and
serve every day that has the same cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.fit import Contributions, Fit, Joined, Traces
from asn_impact.estimation.methods import Method, estimator_entry, full_name
from asn_impact.measures.curves import CurvePanel
from asn_impact.words import Alert, Message

MOST_CELLS: Final = 1 << 22  # cells of several days whose means are held at once

EachDay: TypeAlias = Literal["overall", "cohorts", "calendar", "event_study"]


@dataclass(frozen=True)
class Along(Estimator):
    """Effects on the share decided within d days, for every day d of the completion curve.

    Assumes of every day what the estimator assumes of one outcome: for difference in differences, parallel trends in
    the share decided within d days for each d, which is parallel trends in distributions.

    Parameters
    ----------
    estimator
        Called on each day.
    view
        What is asked of each day: ``"overall"``, or ``"cohorts"``, ``"calendar"``, ``"event_study"``.

    Notes
    -----
    Roth and Sant'Anna (2023), Econometrica 91, section 3: such trends for every d hold in every monotone transformation
    of the wait. See docs/methods.md#along.

    Examples
    --------
    >>> from asn_impact.estimation import GroupTime
    >>> Along(GroupTime()).name
    "Group-time effects (Callaway and Sant'Anna), not-yet-treated controls, universal base, along the completion curve"
    """

    estimator: Estimator
    view: EachDay = "overall"

    @property
    def entry(self) -> Method:
        own, inner = estimator_entry("along"), self.estimator.entry
        part = Message("methods.along.part")
        return replace(own.around(inner, part, name=full_name(inner.name, (part,))), short=inner.short)

    @property
    def anticipation(self) -> int:
        return self.estimator.anticipation

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.estimator.covariates

    @property
    def uses(self) -> tuple[str, ...]:
        return self.estimator.uses

    def estimate(self, design: Design) -> Effects:
        """Estimate on every day of the curve; the terms have a column ``days``.

        Raises
        ------
        EstimationError
            The design has no completion curve, or no day can be estimated.
        """
        panel = curve_of(design)
        parts, notes = _parts(self, design, list(_alike(self.estimator, panel)))
        references = {part.lead.reference for part in parts}
        reference = references.pop() if len(references) == 1 else None
        fit = Days(tuple(parts), self, design)
        return CurveEffects(self, design, _terms(parts), fit, notes=notes, reference=reference)

    def on(self, design: Design, day: int) -> Effects:
        """Return the effects on one day.

        Raises
        ------
        EstimationError
            The design has no completion curve, or nothing can be estimated on the day.
        """
        effects = self.estimator.estimate(replace(design, panel=curve_of(design).at(day)))
        views = {"overall": effects.overall, "cohorts": effects.cohorts, "calendar": effects.calendar}
        return views[self.view]() if self.view in views else effects.event_study()


def curve_of(design: Design) -> CurvePanel:
    """Return the panel of a design, which must hold a completion curve."""
    if not isinstance(design.panel, CurvePanel):
        raise EstimationError(Message("estimation.no_curve", outcome=design.panel.outcome.name))
    return design.panel


def _alike(estimator: Estimator, panel: CurvePanel) -> Iterator[Int]:
    """Yield days, in order, that share one set of weights on the cells; each day alone where weights may differ."""
    days = np.arange(panel.horizon + 1)
    if not estimator.fixed_weights:
        yield from np.split(days, days[1:])
        return
    known = panel.known
    changed = (known[:, :, 1:] != known[:, :, :-1]).any(axis=(0, 1))
    yield from np.split(days, np.flatnonzero(changed) + 1)


def _parts(along: Along, design: Design, groups: Sequence[Int]) -> tuple[list[Part], tuple[Message, ...]]:
    """Return the days that can be estimated, and sentences about what cannot."""
    parts: list[Part] = []
    notes: list[Message] = []
    problem = None
    for days in groups:
        first, last = int(days[0]), int(days[-1])
        several = Message("estimation.days", first=first, last=last)
        which = Message("estimation.day", day=first) if first == last else several
        try:
            lead = along.on(design, first)
        except EstimationError as error:
            problem = error
            notes.append(Alert("estimation.days_left_out", days=which, why=error.message))
            continue
        parts.append(Part(along, design, days, lead))
        notes += [
            note if len(groups) == 1 else type(note)("estimation.note_of_days", days=which, note=note)
            for note in lead.notes
        ]
    if not parts:
        raise problem or EstimationError(Message("estimation.curve_empty"))
    return parts, tuple(notes)


def _terms(parts: Sequence[Part]) -> pd.DataFrame:
    """Return one row a day and term; a view of one number needs no name beside the day."""
    frames = []
    for part in parts:
        own = part.lead.terms.drop(columns="term", errors="ignore")
        frame = pd.concat([own] * len(part.days), ignore_index=True)
        frame.insert(0, "days", np.repeat(part.days, len(own)))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, eq=False)
class Part(Fit):
    """D days that share their cells and the weights on them, m estimates on each; the terms run day by day."""

    #: What is called on what.
    along: Along
    design: Design
    days: Int  #: (D,) the days
    lead: Effects  #: the effects on the first of them

    def each(self) -> Iterator[Effects]:
        """Yield the effects on each day, the estimator called again: where the weights alone do not suffice."""
        yield self.lead
        yield from (self.along.on(self.design, int(day)) for day in self.days[1:])

    def _summed(self, weights: Float) -> Float:
        """(D, ...) sums over cells of the means of each day, centred, weighted by (..., U, T); few days at a time."""
        panel = curve_of(self.design)
        sums = []
        for days in np.array_split(self.days, -(-len(self.days) * panel.n.size // MOST_CELLS)):
            means = np.stack([panel.at(int(day)).mean for day in days])
            means -= np.nanmean(means, axis=(1, 2), keepdims=True)
            means[np.isnan(means)] = 0.0
            sums.append(np.tensordot(means, weights, axes=((1, 2), (-2, -1))))
        return np.concatenate(sums)

    @cached_property
    def _loadings(self) -> Float:
        """(m, U, T) weights of the estimates of each day on its cell means."""
        return self.lead.loadings()

    def loadings(self) -> Float:
        return self._repeated(self._loadings)

    @cached_property
    def estimate(self) -> Float:
        if len(self.days) == 1:
            return self.lead.estimate
        sums = self._summed(np.nan_to_num(self._loadings))
        return np.asarray(np.where(np.isnan(self.lead.estimate), np.nan, sums).ravel())

    def influence(self) -> Float:
        return self._influence

    @cached_property
    def _influence(self) -> Float:
        return np.concatenate([effects.influence for effects in self.each()], axis=1)

    @cached_property
    def _without(self) -> Float:
        """(G, m, U, T) weights of each day without each cluster, less those with all."""
        return self.lead.fit.differences(self.lead)

    def leave_one_out(self) -> Float:
        return self._deleted

    @cached_property
    def _deleted(self) -> Float:
        if len(self.days) == 1 or self.lead.fit.regression:
            return np.concatenate([effects.leave_one_out() for effects in self.each()], axis=1)
        gone: Bool = np.asarray(np.isnan(self._without).any(axis=(2, 3)))
        change = np.where(gone, np.nan, self._summed(np.nan_to_num(self._without))).swapaxes(0, 1)  # (G, D, m)
        return np.asarray(self.estimate + change.reshape(len(change), -1))

    def _repeated(self, weights: Float) -> Float:
        """(..., D * m, U, T) weights of all days from (..., m, U, T) of one."""
        lead, own = weights.shape[:-3], weights.shape[-3:]
        spread = np.broadcast_to(np.expand_dims(weights, -4), (*lead, len(self.days), *own))
        return spread.reshape(*lead, -1, *own[1:])

    def differences(self, effects: Effects) -> Float:
        return self._repeated(self._without)

    @property
    def correction(self) -> float:
        return self.lead.fit.correction

    def contributions(self, rule: Callable[[Effects], Contributions]) -> Contributions:
        """Return the contributions of all days; their moments rest on the weights alone, and are those of the first."""
        lead = rule(self.lead)
        if len(self.days) == 1:
            return lead
        if self.lead.fit.regression:  # closed forms of its own, day by day
            value = np.concatenate(
                [lead.value, *(rule(effects).value for effects in islice(self.each(), 1, None))], axis=1
            )
        else:
            value = rule(replace(self.lead, terms=_terms([self]), fit=self, cells=None, view=None)).value
        return Contributions(value, lambda groups: Traces.stacked([lead.traces(groups)] * len(self.days)))


@dataclass(frozen=True, eq=False)
class Days(Joined):
    """The fits of all days, one after the other: all of `Fit`."""

    fits: tuple[Part, ...]
    along: Along
    design: Design

    @cached_property
    def _influence(self) -> Float:
        # one factor serves all days: days with other cells have another one, which their influence takes up
        scale = [np.sqrt(part.correction / self.correction) for part in self.fits]
        return np.concatenate([s * part.influence() for s, part in zip(scale, self.fits, strict=True)], axis=1)

    def influence(self) -> Float:
        return self._influence

    @property
    def correction(self) -> float:
        return self.fits[0].correction

    def alone(self, effects: Effects, j: int) -> tuple[Effects, int]:
        """Return the effects of the one day that estimate j belongs to, and its position among them."""
        for part in self.fits:
            m = len(part.lead.terms)
            if j < m * len(part.days):
                return self.along.on(self.design, int(part.days[j // m])), j % m
            j -= m * len(part.days)
        raise IndexError(j)

    @property
    def linear(self) -> bool:
        return all(part.lead.linear for part in self.fits)

    def deleted(self, effects: Effects) -> Contributions:
        return _end_to_end([part.contributions(lambda own: own.fit.deleted(own)) for part in self.fits])

    def bias_reduced(self, effects: Effects) -> Contributions:
        return _end_to_end([part.contributions(lambda own: own.fit.bias_reduced(own)) for part in self.fits])


def _end_to_end(pieces: Sequence[Contributions]) -> Contributions:
    value = np.concatenate([piece.value for piece in pieces], axis=1)
    return Contributions(value, lambda groups: Traces.stacked([piece.traces(groups) for piece in pieces]))


class CurveEffects(Effects):
    """Effects by day: each rests on the clusters that stand behind its own day."""

    def support(self) -> Int:
        return np.concatenate([np.tile(part.lead.support(), len(part.days)) for part in fit_of(self).fits])

    def anew(self, design: Design) -> Effects:
        """Return the effects on another design: other units or times, or the treatment itself as the outcome.

        Raises
        ------
        InferenceError
            Another outcome was put in, such as residuals: it belongs to one day, and every day has its own.
        """
        panel = curve_of(design)
        if panel.replaced and not np.isin(panel.mean[np.isfinite(panel.mean)], (0.0, 1.0)).all():
            raise InferenceError(Message("estimation.outcome_of_one_day"))
        return super().anew(design)


def fit_of(effects: Effects) -> Days:
    """Return the fit of effects, which must be along a completion curve."""
    if not isinstance(effects.fit, Days):
        raise EstimationError(Message("estimation.not_along", name=effects.estimator.entry.name))
    return effects.fit
