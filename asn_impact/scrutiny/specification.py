"""Every defensible choice, estimated: whether the finding hangs on the one that was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, EstimationError
from asn_impact.estimation import GLSImputation, GroupTime, Imputation, Inference, TwoStage, TwoWay
from asn_impact.estimation.effects import Effects, Estimator
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.methods import Method
from asn_impact.scrutiny.case import settled
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict, reason_of
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message

_USUAL = ("term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, eq=False)
class SpecificationCurve(Guided):
    """One estimate for each combination of design, estimator and rule.

    Attributes
    ----------
    table
        One row a combination, smallest estimate first: design, estimator, rule, the usual columns, and the reason where
        there is no estimate.
    median
        Of the estimates, in the unit of the outcomes.
    same_sign
        Share of the estimates with the sign of the median.
    significant
        Share of the estimates with that sign whose interval excludes zero, among all that have an interval.
    methods
        The entry of each estimator and rule, by the name in the table.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> curve = ai.specification_curve({"all": design}, [ai.GroupTime(), ai.TwoWay()], [ai.ClusterRobust()])
    >>> curve.same_sign, curve.table[["design", "estimate"]].round(1).to_numpy().tolist()
    (1.0, [['all', -2.0], ['all', -2.0]])
    """

    table: pd.DataFrame
    median: float
    same_sign: float
    significant: float
    methods: Mapping[str, Method] = field(default_factory=dict)

    def check(self, finding: Inference | None = None) -> Check:
        """Return the curve as a check: fails below 80 % of the same sign, holds when also 80 % exclude zero.

        For a `finding` whose interval holds zero: holds when at most 20 % exclude zero, doubtful otherwise.
        """
        count = int(self.table["estimate"].notna().sum())
        answer = Message(
            "checks.specification_curve.answer",
            k=count,
            n=len(self.table),
            x=self.median,
            same=self.same_sign,
            significant=self.significant,
        )
        verdict: Verdict = "cannot_say" if count < 2 else "fails" if self.same_sign < 0.8 else "doubtful"
        if verdict == "doubtful" and self.same_sign == 1 and self.significant >= 0.8:
            verdict = "holds"
        if finding is not None and not settled(finding) and count >= 2:
            verdict = "holds" if self.outside <= 0.2 else "doubtful"
        return SPECIFICATION_CURVE.check(verdict, answer, self.table)

    @property
    def outside(self) -> float:
        """Share of the estimates with an interval that exclude zero, on either side."""
        low, high = (self.table[end].to_numpy(dtype=np.float64) for end in ("conf_low", "conf_high"))
        known = np.isfinite(low)
        return float(((low > 0) | (high < 0))[known].mean()) if known.any() else 0.0

    def __repr__(self) -> str:
        return (
            f"SpecificationCurve({len(self.table)} choices: median {self.median:.4g}, {100 * self.same_sign:.0f}% of "
            f"the same sign, {100 * self.significant:.0f}% exclude zero)"
        )

    def _repr_html_(self) -> str:
        return card(repr(self), table=self.table.round(4))


@public_verb
def specification_curve(
    designs: Mapping[str, Design], estimators: Sequence[Estimator], rules: Sequence[Rule], *, level: Level = 0.95
) -> SpecificationCurve:
    """Return the overall effect under every combination of designs, estimators and rules.

    A combination that cannot be estimated keeps its row, with the reason.

    Simonsohn, Simmons and Nelson (2020).

    Parameters
    ----------
    designs
        By name: other outcomes of the same unit, windows, weights, sets of offices.
    estimators, rules
        All of them are combined with all designs.
    level
        How sure the intervals are, for instance 0.95.

    Raises
    ------
    EstimationError
        Nothing to combine, or estimators of differences and of ratios together.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> curve = ai.specification_curve({"all": design}, [ai.GroupTime(), ai.TwoWay()], [ai.ClusterRobust()])
    >>> round(curve.median, 1)
    -2.0
    """
    if not (designs and estimators and rules):
        raise EstimationError(Message("checks.specification_curve.nothing"))
    if len({estimator.relative for estimator in estimators}) > 1:
        ratios = [estimator.entry.name for estimator in estimators if estimator.relative]
        raise EstimationError(Message("checks.specification_curve.units", names=ratios))
    rows = [
        row
        for name, design in designs.items()
        for estimator in estimators
        for row in _rows(name, design, estimator, rules, level)
    ]
    table = pd.DataFrame(rows, columns=["design", "estimator", "rule", *_USUAL, "reason"])
    table = table.sort_values("estimate", kind="stable", ignore_index=True)
    entries = {method.name: method.entry for method in (*estimators, *rules)}
    return replace(_summarise(table), methods=entries)


def _rows(
    name: str, design: Design, estimator: Estimator, rules: Sequence[Rule], level: float
) -> list[dict[str, object]]:
    labels: dict[str, object] = {"design": name, "estimator": estimator.name}
    try:
        effects = estimator(design).overall()
    except AsnImpactError as problem:
        return [labels | {"rule": rule.name, "reason": reason_of(problem)} for rule in rules]
    return [labels | {"rule": rule.name} | _row(effects, rule, level) for rule in rules]


def _row(effects: Effects, rule: Rule, level: float) -> dict[str, object]:
    try:
        row = rule(effects).table(level)[list(_USUAL)].iloc[0]
    except AsnImpactError as problem:
        return {"estimate": float(effects.estimate[0]), "reason": reason_of(problem)}
    return {str(name): value for name, value in row.items()}


def _summarise(table: pd.DataFrame) -> SpecificationCurve:
    estimate = table["estimate"].to_numpy(dtype=np.float64)
    estimates = estimate[np.isfinite(estimate)]
    if not len(estimates):
        return SpecificationCurve(table, np.nan, np.nan, np.nan)
    median = float(np.median(estimates))
    low, high = (table[end].to_numpy(dtype=np.float64) for end in ("conf_low", "conf_high"))
    has_interval = np.isfinite(low)
    outside = (low[has_interval] > 0) if median > 0 else (high[has_interval] < 0)
    significant = float(outside.mean()) if has_interval.any() else np.nan
    return SpecificationCurve(table, median, float((np.sign(estimates) == np.sign(median)).mean()), significant)


def _defensible(effects: Effects) -> list[Estimator]:
    """Return the estimator that was used and those just as defensible, each once: none assumes less anticipation.

    Where groups are compared within themselves, none compares them with each other.
    """
    ahead, apart = effects.anticipation, getattr(effects.estimator, "periods", None)
    others: list[Estimator] = [GroupTime(anticipation=ahead), GroupTime(controls="never", anticipation=ahead)]
    others += [] if ahead else [Imputation(), TwoWay()]
    if apart is not None:
        others = [GLSImputation(periods=apart, anticipation=ahead)]
        others += [] if ahead else [Imputation(periods=apart), TwoStage(periods=apart)]
    every = (effects.estimator, *others)
    return list({one.name: one for one in every if one.relative == effects.estimator.relative}.values())


SPECIFICATION_CURVE = CheckEntry(
    "specification_curve",
    Message("checks.specification_curve.question"),
    lambda case: specification_curve({"as given": case.design}, _defensible(case.overall), (case.rule,)).check(
        case.finding
    ),
    "Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4",
)
