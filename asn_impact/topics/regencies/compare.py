"""Findings of several regencies beside each other; never one panel of all.

One panel with one effect a period for everybody takes a shock of one regency for an effect of training. Each regency
is therefore a study of its own, and the studies are compared: meta-analysis with random effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from scipy import optimize, stats

from asn_impact.arguments import Level
from asn_impact.arrays import Float, readonly
from asn_impact.display import card
from asn_impact.errors import InputError
from asn_impact.estimation.inference import Inference
from asn_impact.reporting.words import level_quantity
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, Quantity, paragraph

FEWEST_TO_PREDICT: Final = 3  # the prediction interval has k - 2 degrees of freedom


@dataclass(frozen=True, eq=False)
class Comparison:
    """The same effect in several regencies, in the unit of the outcome.

    Attributes
    ----------
    answers
        Name of the regency -> its one-number inference.
    mean, std_error, df
        Mean over regencies with random effects in the unit of the outcome, its standard error (Hartung and Knapp, never
        smaller than the usual one) and its degrees of freedom, k - 1.
    spread
        Standard deviation of the true effects between regencies (Paule and Mandel), in the unit of the outcome.
    q, p_same
        Cochran's Q and the p-value that all regencies have the same effect.
    weight
        (k,) share of each regency in the mean.
    notes
        What a reader must know.

    Examples
    --------
    >>> from asn_impact import BiasReduced, GroupTime, example_design, infer
    >>> north, south = (infer(GroupTime()(example_design(effect=e)).overall(), BiasReduced()) for e in (-2, -1))
    >>> both = compare({"North": north, "South": south})
    >>> round(both.mean, 1), len(both.table())
    (-1.5, 2)
    """

    answers: Mapping[str, Inference]
    mean: float
    std_error: float
    df: int
    spread: float
    q: float
    p_same: float
    weight: Float
    notes: tuple[Message, ...] = field(default=())

    def interval(self, level: Level = 0.95) -> tuple[float, float]:
        """Return the interval of the mean over regencies such as these."""
        return _around(self.mean, self.std_error, self.df, level)

    def prediction(self, level: Level = 0.95) -> tuple[float, float]:
        """Return where the true effect of a further regency is expected; NaN with fewer than three regencies.

        mean -+ t(k - 2) sqrt(spread^2 + std_error^2): Higgins, Thompson and Spiegelhalter (2009), equation 12.
        """
        if len(self.answers) < FEWEST_TO_PREDICT:
            return float("nan"), float("nan")
        return _around(self.mean, float(np.hypot(self.spread, self.std_error)), self.df - 1, level)

    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return a row a regency: regency, estimate, std_error, df, p_value, conf_low, conf_high, weight, clusters."""
        rows = [answer.table(level).iloc[0] for answer in self.answers.values()]
        names = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
        frame = pd.DataFrame([row[names] for row in rows]).reset_index(drop=True).astype(float)
        frame.insert(0, "regency", list(self.answers))
        clusters = [len(answer.effects.design.clusters) for answer in self.answers.values()]
        return frame.assign(weight=self.weight, clusters=clusters)

    def differences(self, level: Level = 0.95) -> pd.DataFrame:
        """Return one row a pair: first, second, difference (first less second), std_error, df, p_value and interval.

        Regencies are independent, so the variances add; the degrees of freedom are those of Welch and Satterthwaite.
        """
        rows = []
        for (first, one), (second, other) in combinations(self.answers.items(), 2):
            variance = np.array([one.variance[0, 0], other.variance[0, 0]])
            df = variance.sum() ** 2 / (variance**2 / np.array([one.df[0], other.df[0]])).sum()
            difference, error = float(one.estimate[0] - other.estimate[0]), float(np.sqrt(variance.sum()))
            low, high = _around(difference, error, df, level)
            p_value = 2 * float(stats.t.sf(abs(difference) / error, df))
            rows.append((first, second, difference, error, float(df), p_value, low, high))
        columns = ["first", "second", "difference", "std_error", "df", "p_value", "conf_low", "conf_high"]
        return pd.DataFrame(rows, columns=columns)

    def said(self, level: Level = 0.95) -> Message:
        """Return in words what regencies have in common, whether they differ, and what to expect in a further one."""
        words = next(iter(self.answers.values())).effects.outcome.words

        def number(value: float, origin: str) -> Quantity:
            return Quantity(float(words.shown(value)), origin, max(words.decimals, 2))

        low, high = self.interval(level)
        parts = [
            Message(
                "regencies.mean",
                n=len(self.answers),
                measure=words.short,
                unit=words.unit,
                mean=number(self.mean, "mean over regencies"),
                low=number(low, "low end of the mean"),
                high=number(high, "high end of the mean"),
                level=level_quantity(level),
            ),
            Message("regencies.differ" if self.p_same < 1 - level else "regencies.alike", p=self.p_same),
        ]
        low, high = self.prediction(level)
        ends = {"low": number(low, "low end for a further regency"), "high": number(high, "high end for a further one")}
        parts.append(Message("regencies.next", **ends) if np.isfinite(low) else Message("regencies.no_next"))
        return paragraph(*parts)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.answers)}: {self.said()})"

    def _repr_html_(self) -> str:
        return card("Comparison", [("", self.said())], table=self.table())


@public_verb
def compare(answers: Mapping[str, Inference]) -> Comparison:
    """Return the same effect in several regencies: each, its difference from the others, the mean and its spread.

    Parameters
    ----------
    answers
        Name of the regency -> its one-number inference: ``infer(effects.overall(), BiasReduced())``.

    Returns
    -------
    Comparison
        With `table`, `differences`, `interval` of the mean, `prediction` for a further regency, and `said` in words.
        ``figures.forest(comparison.answers)`` draws it.

    Raises
    ------
    InputError
        Fewer than two answers, several numbers in one, no standard error, or different measures.

    Notes
    -----
    The variances are taken as known, as is usual; they come from few clusters, which the interval of each regency says
    and the mean does not. The spread is that of Paule and Mandel (1982), the standard error that of Hartung and Knapp
    (2001) where it is larger than the usual one. `statsmodels.stats.meta_analysis` gives the same where its iteration
    ends; it sets the spread to zero where rounding takes the last step past the root.

    Examples
    --------
    >>> from asn_impact import BiasReduced, GroupTime, example_design, infer
    >>> north, south = (infer(GroupTime()(example_design(effect=e)).overall(), BiasReduced()) for e in (-2, -1))
    >>> compare({"North": north, "South": south}).differences()[["first", "second"]].values.tolist()
    [['North', 'South']]
    """
    _check(answers)
    estimate = np.array([float(answer.estimate[0]) for answer in answers.values()])
    variance = np.array([float(answer.variance[0, 0]) for answer in answers.values()])
    spread2 = _spread_squared(estimate, variance)
    mean, weight, scatter = _weighted(estimate, variance + spread2)
    k = len(estimate)
    _, _, q = _weighted(estimate, variance)
    return Comparison(
        MappingProxyType(dict(answers)),
        mean,
        float(np.sqrt(max(1.0, scatter / (k - 1)) / weight.sum())),
        k - 1,
        float(np.sqrt(spread2)),
        q,
        float(stats.chi2.sf(q, k - 1)),
        readonly(weight / weight.sum()),
        _notes(answers),
    )


def _weighted(estimate: Float, variance: Float) -> tuple[float, Float, float]:
    """Return the precision-weighted mean, the weights, and the weighted sum of squares around the mean."""
    weight = 1 / variance
    mean = float(weight @ estimate / weight.sum())
    return mean, weight, float(weight @ (estimate - mean) ** 2)


def _spread_squared(estimate: Float, variance: Float) -> float:
    """Return the variance of the true effects at which the weighted sum of squares is what it should be, or 0."""

    def excess(spread2: float) -> float:
        return _weighted(estimate, variance + spread2)[2] - (len(estimate) - 1)

    if excess(0.0) <= 0:
        return 0.0
    most = float(((estimate - estimate.mean()) ** 2).sum() / (len(estimate) - 1))  # equal weights: no excess is left
    return float(optimize.brentq(excess, 0.0, most, xtol=1e-14 * most))


def _around(centre: float, error: float, df: float, level: float) -> tuple[float, float]:
    reach = float(stats.t.isf((1 - level) / 2, df)) * error
    return centre - reach, centre + reach


def _check(answers: Mapping[str, Inference]) -> None:
    if len(answers) < 2:
        raise InputError(Message("regencies.too_few", n=len(answers)))
    for name, answer in answers.items():
        if len(answer.estimate) != 1:
            raise InputError(Message("regencies.several", name=name, n=len(answer.estimate)))
        if not (np.isfinite(answer.estimate[0]) and answer.variance[0, 0] > 0):
            raise InputError(Message("regencies.no_error", name=name))
    (first, one), *others = answers.items()
    for name, other in others:
        if other.effects.outcome != one.effects.outcome:
            measures = {"measure": one.effects.outcome.words.short, "other_measure": other.effects.outcome.words.short}
            raise InputError(Message("regencies.measures", first=first, second=name, **measures))


def _notes(answers: Mapping[str, Inference]) -> tuple[Message, ...]:
    """Say where the regencies were not analysed in the same way, or where two hold the same numbers."""
    notes: list[Message] = []
    if len({(answer.effects.estimator, answer.rule) for answer in answers.values()}) > 1:
        notes.append(Alert("regencies.methods"))
    same = [
        (first, second)
        for (first, one), (second, other) in combinations(answers.items(), 2)
        if one.estimate[0] == other.estimate[0] and one.variance[0, 0] == other.variance[0, 0]
    ]
    notes += [Alert("regencies.same", first=first, second=second) for first, second in same]
    return tuple(notes)
