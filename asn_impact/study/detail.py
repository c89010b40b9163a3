"""What stands beside the one number: the completion curve, moved quantiles, other choices and departures survived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.errors import AsnImpactError
from asn_impact.study.prepared import Prepared
from asn_impact.study.settings import Study
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.designs import Design
    from asn_impact.estimation import Effects, Inference
    from asn_impact.reporting.tables import Table
    from asn_impact.scrutiny.scrutinise import Scrutiny
    from asn_impact.scrutiny.sensitivity import RobustInterval

QUANTILES: Final = (0.5, 0.9)
DEPARTURES: Final = (0.5, 1.0, 1.5, 2.0)  # times the largest departure before training


@dataclass(frozen=True, eq=False)
class Detail:
    """What a study reports beside its headline; a part that cannot be had is None or empty."""

    #: Effects on the share decided within each day, with a band over all days; only for waits counted in days.
    curve: Inference | None = None
    quantiles: pd.DataFrame | None = None  #: by how many days the median and the 90th percentile moved
    #: The same effect by other estimators that are as defensible, by column number.
    choices: Mapping[str, Inference] = field(default_factory=dict)
    #: Intervals that allow for departures from parallel trends, at the level of the breakdown value.
    intervals: tuple[RobustInterval, ...] = ()


def detailed(study: Study, ready: Prepared, effects: Effects, scrutiny: Scrutiny | None) -> Detail:
    """Return everything beside the headline that these data and this estimator can give."""
    rule = study.rule.made()
    curve, quantiles = _curve(study, ready)
    return Detail(curve, quantiles, _choices(effects, rule), _intervals(scrutiny))


# -------------------------------------------------------------------------------------------- the curve


def _curve(study: Study, ready: Prepared) -> tuple[Inference | None, pd.DataFrame | None]:
    """Return the completion curve under a band and its quantiles, for waits counted in days."""
    design = _curve_design(ready)
    shown = () if design is None else _shown(design)
    if design is None or not shown:
        return None, None
    from asn_impact.estimation import infer
    from asn_impact.estimation.along import Along
    from asn_impact.estimation.curve import quantile_effects
    from asn_impact.reporting.bands import together

    rule = together(study.rule.made(), seed=study.seed, level=study.level)
    try:
        effects = Along(study.estimator.made())(design)
        curve = infer(effects, rule)
        return curve, quantile_effects(effects, shown, rule=rule, level=study.level)
    except AsnImpactError:
        return None, None


def _shown(design: Design) -> tuple[float, ...]:
    """Return the quantiles beside which, on either side, there are ten of the treated: others point at few."""
    from asn_impact.reporting.gate import points_at_few

    treated = float(design.panel.n[design.treated()].sum())
    return tuple(q for q in QUANTILES if not points_at_few(treated, q))


def _curve_design(ready: Prepared) -> Design | None:
    """Return the study's design with the whole curve as its outcome: the same units, months and dates of training."""
    from asn_impact.measures.outcomes import CompletionCurve, RestrictedMean, Within
    from asn_impact.measures.tabulate import tabulate

    outcome = ready.panel.outcome
    if ready.times is None or ready.design is None or not isinstance(outcome, RestrictedMean | Within):
        return None
    if outcome.horizon < 1 or outcome.counted_in not in {"working days", "calendar days"}:
        return None
    panel = tabulate(ready.times, CompletionCurve(outcome.horizon))
    same = panel.units == ready.panel.units and panel.timeline.labels == ready.panel.timeline.labels
    if not same or ready.design.panel.units != panel.units:
        return None
    return replace(ready.design, panel=panel.without_cells(~ready.design.panel.observed))


def say_tail(quantiles: pd.DataFrame | None, headline: Inference | None) -> tuple[Message, ...]:
    """Say where the slowest moved against the mean: a wait that got shorter for most can be longer for some."""
    if quantiles is None or headline is None or len(headline.estimate) != 1:
        return ()
    outcome: Any = headline.effects.design.panel.outcome  # with a limit, as quantiles are of a curve
    faster = (float(headline.estimate[0]) < 0) == (outcome.better == "lower")
    said = []
    for row in quantiles.itertuples(index=False):
        days, low, high = (float(str(value)) for value in (row.estimate, row.conf_low, row.conf_high))
        if np.isfinite(days) and days != 0 and (days > 0) == faster:
            facts = {"share": float(str(row.quantile)), "n": abs(days), "unit": outcome.limit.unit}
            clear = "clear" if low > 0 or high < 0 else "unclear"
            said.append(Message(f"study.tail.{'later' if days > 0 else 'earlier'}_{clear}", **facts))
    return tuple(said)


def moved(quantiles: pd.DataFrame, outcome: Any, level: float) -> Table:  # noqa: ANN401 - the outcome of a panel
    """Return the table of the moved median and 90th percentile, in whole days."""
    from asn_impact.reporting.tables import Table
    from asn_impact.reporting.words import level_quantity

    days = outcome.limit.unit
    shares = [_share(float(q)) for q in quantiles["quantile"]]
    columns = ["with_training", "without_training", "estimate", "conf_low", "conf_high"]
    frame = pd.DataFrame({"share": pd.Series(shares, dtype=object), **{c: quantiles[c].to_numpy() for c in columns}})
    infinite = bool(np.isinf(quantiles[["conf_low", "conf_high"]].to_numpy(dtype=float)).any())
    beyond = infinite or bool(quantiles["without_training"].isna().any())
    open_end = Message("study.moved.open_end", horizon=outcome.horizon) if beyond else None
    return Table(
        frame=frame,
        title=Message("study.moved.title", days=days),
        note=paragraph(Message("study.moved.note", level=level_quantity(level)), open_end),
        kinds=dict.fromkeys(columns, "whole"),
        headings={name: Message(f"study.moved.{name}") for name in ("share", *columns[:3])},
    )


def _share(quantile: float) -> Message:
    if quantile == 0.5:
        return Message("study.moved.median")
    return Message("study.moved.quantile", share=quantile)


# --------------------------------------------------------------------------- other choices and departures


def _choices(effects: Effects, rule: Any) -> dict[str, Inference]:  # noqa: ANN401 - any rule of inference
    """Return the overall effect by the estimator used, then by those that the check of other choices tries."""
    from asn_impact.estimation import GroupTime, Imputation, TwoWay, infer

    tried: Sequence[Any] = [effects.estimator, GroupTime(), GroupTime(controls="never"), Imputation(), TwoWay()]
    inferences: list[Inference] = []
    for estimator in {estimator.name: estimator for estimator in tried}.values():
        try:
            inferences.append(infer(estimator(effects.design).overall(), rule))
        except AsnImpactError:
            continue
    return {f"({i})": inference for i, inference in enumerate(inferences, start=1)} if len(inferences) > 1 else {}


def _intervals(scrutiny: Scrutiny | None) -> tuple[RobustInterval, ...]:
    """Return intervals by how much trends may depart, on the path that the check of departures uses."""
    if scrutiny is None or scrutiny.breakdown is None or scrutiny.path is None:
        return ()
    from asn_impact.scrutiny.restrictions import RelativeMagnitude
    from asn_impact.scrutiny.sensitivity import robust_interval

    path, level = scrutiny.path, scrutiny.breakdown.level
    try:
        return tuple(robust_interval(path, RelativeMagnitude(size), level=level) for size in DEPARTURES)
    except AsnImpactError:
        return ()
