"""What a two-way fixed effects estimate is made of: comparisons of two groups, and effects with weights below zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, DesignError, EstimationError
from asn_impact.estimation import TwoWay
from asn_impact.estimation.cell_effects import where_known
from asn_impact.estimation.effects import Effects
from asn_impact.scrutiny.case import one_estimate
from asn_impact.scrutiny.check import Check, CheckEntry, Verdict
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, paragraph

_ROUNDING = 1e-12  # share of the variation of the treatment that is rounding


@dataclass(frozen=True, eq=False)
class Decomposition(Guided):
    """The two-way estimate as a weighted mean of comparisons between two groups and two spells of time.

    Attributes
    ----------
    table
        One row a comparison: kind, treated, control, weight, estimate. With covariates the row ``within groups`` has
        no treated and no control.
    estimate
        The weighted sum: the two-way estimate itself, in the unit of the outcome.

    Examples
    --------
    >>> import asn_impact as ai
    >>> found = ai.bacon(ai.example_design())
    >>> round(found.estimate, 2), found.table.columns.tolist()
    (-2.04, ['kind', 'treated', 'control', 'weight', 'estimate'])
    """

    table: pd.DataFrame
    estimate: float

    def by_kind(self) -> pd.DataFrame:
        """Return one row a kind of comparison: its weight and its mean estimate."""
        sums = self.table.assign(part=self.table["weight"] * self.table["estimate"])
        sums = sums.groupby("kind", sort=True, as_index=False)[["weight", "part"]].sum()
        return sums.assign(estimate=sums["part"] / sums["weight"])[["kind", "weight", "estimate"]]

    def __repr__(self) -> str:
        parts = ", ".join(f"{row.kind} {row.weight:.3f}" for row in self.by_kind().itertuples())
        return f"Decomposition({self.estimate:.4g} from {len(self.table)} comparisons: {parts})"

    def _repr_html_(self) -> str:
        return card(repr(self), table=self.table.round(4))


@public_verb
def bacon(design: Design, covariates: Names = ()) -> Decomposition:
    """Return the decomposition of the two-way estimate by Goodman-Bacon (2021).

    Kinds: ``treated against never``, ``earlier against later`` (the later wave before it is trained) and ``later
    against earlier`` (the earlier wave after it was trained). With ``assign(always="keep")`` there is ``treated
    against always`` as well. The last two are comparisons only if effects do not change over time.

    Covariates move treatment that was predicted from them out of the comparison, and cannot be told apart into before
    and after. Two trained waves are then one row, ``trained at different times``. What the covariates make of units of
    the same wave is the row ``within groups``: it compares nobody trained with nobody untrained.

    Parameters
    ----------
    design
        What is compared.
    covariates
        Names of covariates of the panel, as for `TwoWay`.

    Raises
    ------
    DesignError
        Treatment may end, a cell is empty or lacks a covariate, or weights differ: the decomposition is for a balanced
        panel in which every cell counts alike.
    EstimationError
        A name is not a covariate of the panel, or the covariates explain the treatment.

    Notes
    -----
    Goodman-Bacon (2021), Journal of Econometrics 225, theorem 1, and section 5.2 with covariates; checked against the R
    package bacondecomp. The weights of all rows, the one within groups among them, sum to one.

    Examples
    --------
    >>> import asn_impact as ai
    >>> ai.bacon(ai.example_design()).by_kind()[["kind", "weight"]].round(2).to_numpy().tolist()
    [['earlier against later', 0.06], ['later against earlier', 0.06], ['treated against never', 0.88]]
    """
    if covariates:
        return _with_covariates(design, covariates)
    _require_balanced(design)
    groups = [*design.cohorts, np.inf]
    rows = [
        _comparison(design, group, other)
        for group in groups
        for other in groups
        if group != other and np.isfinite(group) and group > 0 and (design.adopted == other).any()
    ]
    table = pd.DataFrame(rows)
    table["weight"] = table["weight"] / table["weight"].sum()
    return Decomposition(table, float((table["weight"] * table["estimate"]).sum()))


def _with_covariates(design: Design, covariates: tuple[str, ...]) -> Decomposition:
    """Return the decomposition with covariates: pairs of groups, and the rest within them."""
    known, _ = where_known(design, covariates)
    _require_balanced(known)
    effects = TwoWay(covariates=covariates).estimate(design).overall()
    loading, mean = effects.loadings()[0], design.panel.mean
    left = loading / (loading**2).sum()  # (U, T) treatment less what effects and covariates explain
    adopted = np.unique(design.adopted)
    members = design.adopted[:, None] == adopted[None, :]
    units = members.sum(axis=0)
    own, outcome = ((members.T @ values) / units[:, None] for values in (left, mean))  # (K, T) means of the groups
    inside = left - own[np.searchsorted(adopted, design.adopted)]
    total = float((left**2).sum())
    rows = []
    if (squares := float((inside**2).sum())) > _ROUNDING * total:
        estimate = float((inside * mean).sum()) / squares
        rows.append(_row("within groups", "", "", squares / total, estimate))
    for k, group in enumerate(adopted):
        for other in range(k + 1, len(adopted)):
            apart = own[k] - own[other]
            if (size := float((apart**2).sum())) > 0:
                share = units[k] * units[other] / len(left) * size / total
                estimate = float(apart @ (outcome[k] - outcome[other])) / size
                rows.append(_pair(design, group, adopted[other], share, estimate))
    table = pd.DataFrame(rows)
    return Decomposition(table, float((table["weight"] * table["estimate"]).sum()))


def _pair(design: Design, group: float, other: float, weight: float, estimate: float) -> dict[str, object]:
    """One row of two groups, the one trained first named first; trained from the start is a comparison."""
    kind = "treated against never" if np.isinf(other) else "trained at different times"
    if group <= 0:
        group, other, kind = other, group, "never against always" if np.isinf(other) else "treated against always"
    return _row(kind, design.cohort_label(group), design.cohort_label(other), weight, estimate)


def _row(kind: str, treated: object, control: object, weight: float, estimate: float) -> dict[str, object]:
    return {"kind": kind, "treated": treated, "control": control, "weight": weight, "estimate": estimate}


def _require_balanced(design: Design) -> None:
    design.require_staying("bacon()")
    panel = design.panel
    if (empty := int((~panel.observed).sum())) > 0:
        raise DesignError(Message("checks.weights.gaps", empty=empty, cells=panel.observed.size))
    if np.ptp(panel.weight) > 1e-12 * panel.weight.max():
        raise DesignError(Message("checks.weights.unequal"))


def _comparison(design: Design, group: float, other: float) -> dict[str, object]:
    """One two-by-two comparison, with a weight not yet divided by the sum of all."""
    steps = design.panel.timeline.steps
    kind, window = "treated against never", np.ones(len(steps), dtype=np.bool_)
    if np.isfinite(other):
        kind = "earlier against later" if group < other else "later against earlier"
        window = steps < other if group < other else steps >= other
        if other <= 0:
            kind = "treated against always"
    after = window & (steps >= group)
    treated, control = design.adopted == group, design.adopted == other
    n = np.array([treated.mean(), control.mean()])
    share, within = n[0] / n.sum(), after.sum() / window.sum()
    weight = (n.sum() * window.mean()) ** 2 * share * (1 - share) * within * (1 - within)
    estimate = _change(design, treated, window, after) - _change(design, control, window, after)
    return _row(kind, design.cohort_label(group), design.cohort_label(other), float(weight), estimate)


def _change(design: Design, units: Bool, window: Bool, after: Bool) -> float:
    mean = design.panel.mean[units]
    return float(mean[:, after].mean() - mean[:, window & ~after].mean())


@dataclass(frozen=True, eq=False)
class NegativeWeights(Guided):
    """How an estimate weighs the effects in the treated cells, if effects differ between them.

    Attributes
    ----------
    weight
        (U, T) weight of each treated cell, zero elsewhere; they sum to one.
    share
        Share of treated cells with a weight below zero.
    sum
        Sum of the weights below zero, as a share of all.

    Examples
    --------
    >>> import asn_impact as ai
    >>> found = ai.negative_weights(ai.TwoWay()(ai.example_design()))
    >>> round(found.share, 2), found.weight.shape
    (0.0, (12, 12))
    """

    weight: Float
    share: float
    sum: float

    def __repr__(self) -> str:
        return f"NegativeWeights({100 * self.share:.0f}% of treated cells, sum {self.sum:.3g})"


@public_verb
def negative_weights(effects: Effects) -> NegativeWeights:
    """Return the weights of an overall effect on the treated cells: those below zero turn an effect upside down.

    Works for every estimator that is linear in the cell means: they are its loadings on the treated cells.

    Raises
    ------
    EstimationError
        There is more than one estimate, or its weights do not sum to one over treated cells.
    DesignError
        Treatment may end.

    Notes
    -----
    De Chaisemartin and D'Haultfoeuille (2020), American Economic Review 110, theorem 1, for two-way fixed effects.

    Examples
    --------
    >>> import asn_impact as ai
    >>> round(ai.negative_weights(ai.TwoWay()(ai.example_design())).sum, 3)
    0.0
    """
    one_estimate(effects)
    effects.design.require_staying("negative_weights()")
    weight = np.where(effects.design.treated(), effects.loadings()[0], 0.0)
    if abs(weight.sum() - 1) > 1e-6:
        raise EstimationError(Message("checks.weights.not_a_mean", sum=float(weight.sum())))
    nonzero = np.abs(weight) > 1e-12
    below = weight < -1e-12
    return NegativeWeights(weight, float(below.sum() / nonzero.sum()), float(weight[below].sum()))


@public_verb
def two_way_weights(effects: Effects) -> Check:
    """Return the check of weights below zero, in this estimate and in the two-way estimate of the same design.

    Fails: in this estimate they sum to less than -0.1. Doubtful: there are some.

    de Chaisemartin and D'Haultfoeuille (2020); the limit is ours.

    Examples
    --------
    >>> import asn_impact as ai
    >>> ai.checks.two_way_weights(ai.TwoWay()(ai.example_design()).overall()).verdict
    'holds'
    """
    ours, two_way = _weights(lambda: effects), _weights(lambda: TwoWay()(effects.design))
    if ours is None:
        return WEIGHTS.cannot_say(Message("checks.weights.unknown"))
    rows = [
        {"estimate of": label, "share negative": weights.share, "sum of negative weights": weights.sum}
        for label, weights in (("this estimate", ours), ("two-way", two_way))
        if weights is not None
    ]
    verdict: Verdict = "fails" if ours.sum < -0.1 else "doubtful" if ours.share > 0 else "holds"
    answer = Message("checks.weights.answer", share=ours.share, x=ours.sum)
    return WEIGHTS.check(verdict, paragraph(answer, _compared_with_trained(effects.design)), pd.DataFrame(rows))


def _weights(estimate: Callable[[], Effects]) -> NegativeWeights | None:
    try:
        return negative_weights(estimate())
    except AsnImpactError:
        return None


def _compared_with_trained(design: Design) -> Message | None:
    try:
        kinds = bacon(design).by_kind().set_index("kind")["weight"]
    except AsnImpactError:
        return None
    trained = [float(kinds.get(kind, 0.0)) for kind in ("later against earlier", "treated against always")]
    return Message("checks.weights.two_way", share=sum(trained))


WEIGHTS = CheckEntry(
    "weights",
    Message("checks.weights.question"),
    lambda case: two_way_weights(case.overall),
    "de Chaisemartin and D'Haultfoeuille (2020), AER 110; Goodman-Bacon (2021), Journal of Econometrics 225",
)
