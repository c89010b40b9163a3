"""Effects where there can be none: before training, in offices nobody trained, in outcomes training cannot touch.

Each is the same estimator on another design, so every estimator gets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, Times
from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import AsnImpactError, EstimationError, InputError
from asn_impact.estimation import Inference
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.simultaneous import holm
from asn_impact.scrutiny.case import Case, one_estimate, settled
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_LEVEL = 0.05
_DOUBT = 0.20


# ----------------------------------------------------------------------------------------------------- in time


def before_training(design: Design, *, steps: int, anticipation: int = 0) -> Design:
    """Return the design with training `steps` periods earlier, on the cells before the real training alone.

    The last `anticipation` periods before training are left out too. So are units whose moved date has no period
    before it.
    """
    if steps <= anticipation:
        raise EstimationError(Message("checks.placebo_in_time.steps", steps=steps, least=anticipation + 1))
    panel, late = design.panel, design.shifted(-anticipation).treated()
    last = int(np.flatnonzero((panel.observed & ~late).any(axis=0)).max(initial=0)) + 1
    earlier = replace(design, panel=panel.without_cells(late).until(last)).shifted(-steps)
    return earlier.where(earlier.adopted >= 1 + anticipation)


@public_verb
def placebo_in_time(effects: Effects, *, rule: Rule, steps: Steps) -> Check:
    """Return the check that moves training `steps` periods forward and uses the time before training alone.

    Periods in which the estimator allows for anticipation are not used, so `steps` must be larger than their number.
    Fails: the interval excludes zero. Doubtful: it holds zero but also the real estimate, so that it could not tell.

    Heckman and Hotz (1989): an effect before training is none.

    Parameters
    ----------
    effects, rule
        The finding: one number, and how its interval is found.

    Raises
    ------
    EstimationError
        `steps` is not larger than the periods of anticipation.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.placebo_in_time(effects, rule=ai.BiasReduced(), steps=2).verdict
    'holds'
    """
    anticipation = effects.anticipation
    earlier = before_training(one_estimate(effects).design, steps=steps, anticipation=anticipation)
    try:
        fake = rule(effects.again(earlier))
    except AsnImpactError as problem:
        return PLACEBO_IN_TIME.cannot_say(problem)
    x, p = float(fake.estimate[0]), float(fake.p_value[0])
    verdict, more = _zero_or_real(fake, float(effects.estimate[0]))
    answer = paragraph(
        Message("checks.placebo_in_time.answer", k=steps, x=x, p=p),
        Message("checks.anticipation", n=anticipation) if anticipation else None,
        more,
    )
    return PLACEBO_IN_TIME.check(verdict, answer, fake.table().assign(steps=steps))


def _zero_or_real(fake: Inference, real: float) -> tuple[Verdict, Message | None]:
    """Return what an interval says that ought to hold zero and ought not to hold the real estimate."""
    low, high = (float(end[0]) for end in fake.interval())
    if np.isnan(low):
        return "cannot_say", Message("checks.placebo.no_error")
    if low > 0 or high < 0:
        return "fails", None
    if np.isfinite(real) and low <= real <= high:
        return "doubtful", Message("checks.placebo.holds_real", x=real)
    return "holds", None


def _run_in_time(case: Case) -> Check:
    """Move training forward so that half of the time before it, without anticipation, comes after the moved date."""
    ahead = case.overall.anticipation
    steps = ahead + max(1, (int(case.design.cohorts.min()) - ahead) // 2)
    return placebo_in_time(case.overall, rule=case.rule, steps=steps)


@public_verb
def placebo_outcome(other: Inference | Mapping[str, Inference], *, real: float = np.nan) -> Check:
    """Return the check of outcomes or services that training cannot have touched.

    P-values of several are corrected for their number (Holm 1979); the answer names the one that moved most.

    Parameters
    ----------
    other
        Inference of one number on the other outcome, or several by name.
    real
        The effect on the outcome of interest, if it has the same unit: the check is doubtful when it cannot tell the
        two apart.

    Raises
    ------
    InputError
        There is none.

    Examples
    --------
    >>> import asn_impact as ai
    >>> nothing = ai.example_design(effect=0.0)
    >>> other = ai.infer(ai.GroupTime()(nothing).overall(), ai.BiasReduced())
    >>> ai.checks.placebo_outcome(other, real=-2.0).verdict
    'holds'
    """
    if not isinstance(other, Mapping):
        other = {one_estimate(other.effects).design.panel.outcome.name: other}
    if not other:
        raise InputError(Message("checks.placebo_outcome.not_given"))
    raw = np.array([float(one.p_value[0]) for one in other.values()])
    adjusted = holm(raw)
    table = pd.concat([one.table().assign(term=name) for name, one in other.items()], ignore_index=True)
    at = int(np.nanargmin(adjusted)) if np.isfinite(adjusted).any() else 0
    name, worst = list(other.items())[at]
    one_estimate(worst.effects)
    verdict, more = _zero_or_real(worst, real)
    if verdict == "fails" and adjusted[at] >= _LEVEL:
        verdict, more = "holds", None
    facts = {"name": name, "x": float(worst.estimate[0]), "p": float(adjusted[at])}
    key = "answer" if len(other) == 1 else "several"
    answer = paragraph(Message(f"checks.placebo_outcome.{key}", k=len(other), **facts), more)
    return PLACEBO_OUTCOME.check(verdict, answer, table.assign(p_adjusted=adjusted))


def _run_outcome(case: Case) -> Check:
    if not case.other:
        return PLACEBO_OUTCOME.cannot_say(Message("checks.placebo_outcome.not_given"))
    return placebo_outcome(case.other)


PLACEBO_IN_TIME = CheckEntry("placebo_in_time", Message("checks.placebo_in_time.question"), _run_in_time)
PLACEBO_OUTCOME = CheckEntry("placebo_outcome", Message("checks.placebo_outcome.question"), _run_outcome)


# ---------------------------------------------------------------------------------------------------- in space


@public_verb
def placebo_in_space(effects: Effects, *, seed: int, reps: Times, finding: Inference | None = None) -> Check:
    """Return the check that deals the real training dates among offices that were never trained.

    As many clusters get each date as in truth, or in the same proportions when fewer than twice as many are untrained.
    The t statistic of the real effect is ranked among theirs: ``p = (1 + number as large) / (1 + reps)``;
    the same `seed` gives the same deals.

    Holds: p at most 0.05. Doubtful: at most 0.20. For a `finding` whose interval holds zero it is the other way round:
    offices that nobody trained ought to show as much. Holds: p above 0.05; doubtful otherwise.

    Abadie, Diamond and Hainmueller (2010); the limits are ours.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.placebo_in_space(effects, seed=1, reps=19).verdict
    'holds'
    """
    design = one_estimate(effects).design
    free = ~np.isin(design.cluster, design.cluster[np.isfinite(design.adopted)])
    if (untrained := len(np.unique(design.cluster[free]))) < 4:
        return PLACEBO_IN_SPACE.cannot_say(_too_few(untrained))
    pool = design.where(free)
    dates = _dates(design, untrained)
    real = _studentise(effects)
    held = replace(effects, estimator=effects.estimator.held(effects))  # what was chosen by the outcome stays
    rng = np.random.default_rng(seed)
    draws = np.array([_deal_dates(held, pool, dates, rng) for _ in range(reps)])
    valid = draws[np.isfinite(draws[:, 1])]
    if len(valid) < reps / 2 or not np.isfinite(real):
        return PLACEBO_IN_SPACE.cannot_say(_too_few(untrained))
    as_large = int((np.abs(valid[:, 1]) >= abs(real)).sum())
    p = (1 + as_large) / (1 + len(valid))
    verdict: Verdict = "holds" if p <= _LEVEL else "doubtful" if p <= _DOUBT else "fails"
    if finding is not None and not settled(finding):
        verdict = "holds" if p > _LEVEL else "doubtful"
    answer = Message("checks.placebo_in_space.answer", k=len(valid), u=untrained, m=as_large, p=p)
    table = pd.DataFrame(
        {
            "term": ["real", *(f"placebo {q:g}%" for q in (2.5, 50, 97.5))],
            "estimate": [float(effects.estimate[0]), *np.percentile(valid[:, 0], (2.5, 50, 97.5))],
            "statistic": [real, *np.percentile(valid[:, 1], (2.5, 50, 97.5))],
            "p_value": [p, np.nan, np.nan, np.nan],
        }
    )
    return PLACEBO_IN_SPACE.check(verdict, answer, table)


def _too_few(untrained: int) -> Message:
    return Message("checks.placebo_in_space.too_few", u=untrained)


def _dates(design: Design, untrained: int) -> Float:
    """(untrained,) dates to deal: those of the trained clusters, thinned so that at least half stay without."""
    first = [design.adopted[design.cluster == c].min() for c in np.unique(design.cluster)]
    waves, counts = np.unique([d for d in first if np.isfinite(d)], return_counts=True)
    sizes = np.maximum(1, np.floor(counts * min(1.0, untrained / 2 / counts.sum()))).astype(np.int64)
    deal = np.repeat(waves, sizes)[: untrained // 2]
    return np.concatenate([deal, np.full(untrained - len(deal), np.inf)])


def _deal_dates(effects: Effects, pool: Design, dates: Float, rng: np.random.Generator) -> tuple[float, float]:
    deal: Float = rng.permutation(dates)[pool.cluster]
    try:
        fake = effects.again(replace(pool, adopted=deal))
    except AsnImpactError:
        return np.nan, np.nan
    return float(fake.estimate[0]), _studentise(fake)


def _studentise(effects: Effects) -> float:
    spread = float(np.sqrt((effects.influence[:, 0] ** 2).sum()))
    return float(effects.estimate[0]) / spread if spread > 0 else np.nan


PLACEBO_IN_SPACE = CheckEntry(
    "placebo_in_space",
    Message("checks.placebo_in_space.question"),
    lambda case: placebo_in_space(case.overall, seed=case.seed, reps=case.reps, finding=case.finding),
)


# ------------------------------------------------------------------------------------------------- leave one out


@public_verb
def leave_one_out(effects: Effects, *, finding: Inference | None = None) -> Check:
    """Return the check of the estimate without each cluster in turn.

    Fails: without one cluster the sign changes. Doubtful: it moves by more than half its size, or cannot be estimated.
    For a `finding` whose interval holds zero the sign means nothing. Doubtful: without one cluster the estimate leaves
    the interval.

    Abadie, Diamond and Hainmueller (2015) leave out units of comparison one by one; here every cluster.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design()).overall()
    >>> ai.checks.leave_one_out(effects).verdict
    'holds'
    """
    one_estimate(effects)
    full, without = float(effects.estimate[0]), effects.leave_one_out()[:, 0]
    labels = [str(label) for label in effects.design.clusters]
    order: Int = np.argsort(-np.nan_to_num(np.abs(without - full), nan=np.inf), kind="stable")
    table = pd.DataFrame({"without": labels, "estimate": without, "change": without - full}).iloc[order]
    if np.isnan(without).all() or np.isnan(full):
        return LEAVE_ONE_OUT.cannot_say(Message("checks.leave_one_out.none"))
    worst = int(np.nanargmax(np.abs(without - full)))
    answer = Message(
        "checks.leave_one_out.answer",
        low=float(np.nanmin(without)),
        high=float(np.nanmax(without)),
        name=labels[worst],
        x=float(without[worst]),
    )
    if gaps := int(np.isnan(without).sum()):
        answer += Message("checks.leave_one_out.some", k=gaps)
    no_effect = finding is not None and not settled(finding)
    verdict = _leaves(finding, without) if finding is not None and no_effect else _rests(full, without)
    return LEAVE_ONE_OUT.check(verdict, answer, table.reset_index(drop=True))


def _leaves(finding: Inference, without: Float) -> Verdict:
    low, high = (float(end[0]) for end in finding.interval())
    return "holds" if bool(((low <= without) & (without <= high)).all()) else "doubtful"


def _rests(full: float, without: Float) -> Verdict:
    valid = without[np.isfinite(without)]
    if (np.sign(valid) != np.sign(full)).any():
        return "fails"
    large = np.abs(valid - full).max() > 0.5 * abs(full)
    return "doubtful" if large or len(valid) < len(without) else "holds"


LEAVE_ONE_OUT = CheckEntry(
    "leave_one_out",
    Message("checks.leave_one_out.question"),
    lambda case: leave_one_out(case.overall, finding=case.finding),
)
