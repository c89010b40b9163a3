"""What an effect along the completion curve means: the curve without training, and by how much quantiles moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.arrays import Bool, Float, Int
from asn_impact.errors import EstimationError, InferenceError
from asn_impact.estimation.along import curve_of, fit_of
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, Rule, infer
from asn_impact.estimation.jackknife import BiasReduced
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def curves(inference: Inference, level: Level = 0.95) -> pd.DataFrame:
    """Return the completion curve of the treated cases with training and without it, day by day: what is to be drawn.

    Parameters
    ----------
    inference
        Of overall effects along the curve; `Simultaneous` gives intervals that hold for all days together.
    level
        Of the intervals.

    Returns
    -------
    DataFrame
        ``days``; ``with_training``, the share decided by then in the treated cells, weighted as in the effect;
        ``without_training``, that share less the effect (not rearranged: it may leave 0 to 1); ``effect``,
        ``conf_low``, ``conf_high``, all shares between 0 and 1. Days that cannot be estimated are missing.

    Raises
    ------
    EstimationError
        The effects are not overall effects by day: ``Along(estimator)(design)``.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> panel = ai.tabulate(durations, ai.CompletionCurve(12), by="office")
    >>> design = ai.assign(panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.Along(ai.GroupTime())(design), ai.ClusterRobust())
    >>> ai.curves(answer)[["days", "with_training", "without_training"]].loc[6].round(2).tolist()
    [6.0, 0.78, 0.51]
    """
    effects = inference.effects
    _require_overall(effects)
    low, high = inference.interval(level)
    treated = _with_training(effects)
    return pd.DataFrame(
        {
            "days": effects.terms["days"].to_numpy(),
            "with_training": treated,
            "without_training": treated - effects.estimate,
            "effect": effects.estimate,
            "conf_low": low,
            "conf_high": high,
        }
    )


def _require_overall(effects: Effects) -> None:
    view = fit_of(effects).along.view
    if list(effects.terms.columns) != ["days"]:
        raise EstimationError(Message("estimation.not_overall_by_day", view=view))


def _with_training(effects: Effects) -> Float:
    """(k,) share decided by each day in the treated cells, with their weights in the estimate."""
    panel, treated = curve_of(effects.design), effects.design.treated()
    means = []
    for part in fit_of(effects).fits:
        weight = np.where(treated, np.nan_to_num(part.lead.loadings()[0]), 0.0)
        shares = (np.where(weight == 0, 0.0, panel.at(int(day)).mean) for day in part.days)
        means += [(weight * share).sum() / weight.sum() for share in shares]
    return np.array(means)


@public_verb
def quantile_effects(
    effects: Effects,
    levels: Sequence[float] = (0.5, 0.9),
    *,
    rule: Rule = BiasReduced(),  # noqa: B008 - a frozen value
    level: Level = 0.95,
) -> pd.DataFrame:
    """Return by how many days the median and other quantiles of the wait moved.

    The quantile p of a curve F is its first day d with F(d) >= p, a whole number of days. With training: the curve of
    the treated cells. Without: that curve less the effect, rearranged to rise and kept between 0 and 1.

    The curve with training is what happened to the treated cases and counts as known; uncertain is what would have
    happened without. The interval holds every day that the pointwise intervals of the curve without training allow as
    its quantile (Woodruff 1952): it is pointwise in p, and conservative, because a quantile moves in whole days. Give
    ``rule=Simultaneous(reps, seed)`` for intervals that hold for all quantiles together.

    Parameters
    ----------
    effects
        Overall effects from `Along`.
    levels
        Quantiles, between 0 and 1.
    rule
        Rule of inference for the effects by day.
    level
        Of the intervals.

    Returns
    -------
    DataFrame
        One row a quantile: ``quantile``; ``with_training``, ``without_training`` in days; ``estimate``, the first less
        the second (negative: shorter); ``std_error``, ``statistic``, ``df``, ``p_value``, missing because the interval
        comes from inverting others; ``conf_low``, ``conf_high``; ``note``, why a number is missing, or infinite.

    Notes
    -----
    Roth and Sant'Anna (2023); Chernozhukov, Fernandez-Val and Galichon (2010) for the rearrangement; Chernozhukov,
    Fernandez-Val, Melly and Wuthrich (2020) for bands of discrete outcomes. See docs/methods.md#quantile_effects.

    Raises
    ------
    EstimationError
        The effects are not overall effects by day: ``Along(estimator)(design)``.
    InferenceError
        A quantile that is not between 0 and 1.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> panel = ai.tabulate(durations, ai.CompletionCurve(12), by="office")
    >>> design = ai.assign(panel, ai.example_rollout(), cluster="office")
    >>> found = ai.quantile_effects(ai.Along(ai.GroupTime())(design), (0.5,))
    >>> found[["quantile", "with_training", "without_training"]].round(1).to_numpy().tolist()
    [[0.5, 5.0, 6.0]]
    """
    _require_overall(effects)
    if wrong := [p for p in levels if not 0 < p < 1]:
        raise InferenceError(Message("estimation.no_quantile", value=repr(wrong[0])))
    days, treated = effects.terms["days"].to_numpy(dtype=np.int64), _with_training(effects)
    low, high = _certain(effects, *infer(effects, rule).interval(level))
    rising, without = (np.clip(np.sort(curve), 0.0, 1.0) for curve in (treated, treated - effects.estimate))
    rows = [_row(p, days, rising, without, treated - high, treated - low) for p in levels]
    return pd.DataFrame(rows)


def _certain(effects: Effects, low: Float, high: Float) -> tuple[Float, Float]:
    """Return intervals without gaps: a day on which all cells are alike is certain, an unknown one says nothing."""
    panel = curve_of(effects.design)
    means = [panel.at(int(day)).mean for day in effects.terms["days"]]
    certain = np.array([np.nanmax(mean) == np.nanmin(mean) for mean in means])
    low = np.where(certain, effects.estimate, np.where(np.isnan(low), -np.inf, low))
    return low, np.where(certain, effects.estimate, np.where(np.isnan(high), np.inf, high))


def _first(reached: Bool, days: Int) -> float:
    """Return the first day on which the curve has reached the level; NaN for none."""
    return float(days[np.argmax(reached)]) if reached.any() else float("nan")


def _row(p: float, days: Int, treated: Float, without: Float, lower: Float, upper: Float) -> dict[str, object]:
    """Invert the curve with training, that without, and the ends of the intervals of the latter at a quantile."""
    stays = np.logical_and.accumulate((lower >= p)[::-1])[::-1]  # from this day on never below p again
    reached = (treated >= p, without >= p, upper >= p, stays)
    own, other, earliest, latest = (_first(one, days) for one in reached)
    ends = {"treated_later": own, "untreated_later": other, "open_end": latest}
    why = next((f"estimation.quantile.{name}" for name, day in ends.items() if np.isnan(day)), "")
    # not within the horizon: the quantile without training may be anything later, so the change has no lower end
    return {
        "quantile": p,
        "with_training": own,
        "without_training": other,
        "estimate": own - other,
        **dict.fromkeys(("std_error", "statistic", "df", "p_value"), np.nan),
        "conf_low": own - (latest if np.isfinite(latest) else np.inf),
        "conf_high": own - (earliest if np.isfinite(earliest) else int(days[-1]) + 1),
        "note": Message(why, days=int(days[-1])) if why else "",
    }
