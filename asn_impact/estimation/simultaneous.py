"""Many estimates at once: bands that hold for all of them together, and p-values for families of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import AtLeast, Level, Steps, Times
from asn_impact.arrays import Float, Int, readonly
from asn_impact.errors import InferenceError
from asn_impact.estimation.clusters import ratio
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.fit import Contributions, two_groups
from asn_impact.estimation.inference import Inference, Rule, clustered, conclude, refuse_single_cluster
from asn_impact.estimation.jackknife import WELCH_CAP, BiasReduced, Jackknife
from asn_impact.estimation.methods import Method, full_name, rule_entry
from asn_impact.verbs import public_verb
from asn_impact.words import Message

_DRAWS, _CLUSTERS = 256, 2048  # a block of signs that stays in the processor's cache; clusters in whole bytes
_BLOCK = 1024  # draws of a band at a time
_MANY = 60  # squares in a drawn variance: more degrees of freedom no longer change how the estimates hang together
_FEWEST = 19  # draws below which no band of 95 % is possible
_FLAT = 1e-10  # share of the largest eigenvalue of a correlation matrix below which there is none


@dataclass(frozen=True, eq=False, repr=False)
class Banded(Inference):
    """Inference whose intervals cover all estimates together; p-values are adjusted for their number.

    What `Simultaneous` (a `Joint`) and `Multiplier` (a `Signed`) return: `table`, `interval` and `p_value` are of the
    band; standard errors and degrees of freedom those of each estimate.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> band = ai.infer(effects.event_study(), ai.Simultaneous(reps=199, seed=1))
    >>> isinstance(band, Banded)
    True
    >>> low, high = band.interval()
    >>> bool((high > low).all())
    True
    """


@dataclass(frozen=True, eq=False, repr=False)
class Signed(Banded):
    """The band of `Multiplier`: every interval the same number of standard errors wide."""

    #: (N,) sorted largest absolute t statistic over the estimates, in each draw.
    largest: Float = None  # type: ignore[assignment]

    @property
    def p_value(self) -> Float:
        """(k,) share of draws whose largest statistic reaches that of the estimate (single-step adjusted)."""
        statistic = np.abs(self.estimate / self.std_error)
        above = len(self.largest) - np.searchsorted(self.largest, statistic, side="left")
        return np.where(np.isfinite(statistic), above / len(self.largest), np.nan)

    @public_verb
    def interval(self, level: Level = 0.95) -> tuple[Float, Float]:
        """Return the ends of the (k,) simultaneous intervals."""
        reach = float(np.quantile(self.largest, level)) * self.std_error
        return self.estimate - reach, self.estimate + reach


@dataclass(frozen=True, eq=False, repr=False)
class Joint(Banded):
    """The band of `Simultaneous`: each interval as wide as its own degrees of freedom ask for.

    `pointwise` is the inference of the rule for one estimate at a time, `smallest` (N,) the sorted smallest p-value
    over the estimates in each draw without any effect.
    """

    pointwise: Inference = None  # type: ignore[assignment]
    smallest: Float = None  # type: ignore[assignment]

    @public_verb
    def each(self, level: Level = 0.95) -> float:
        """Return the level that every single interval needs so that all of them together have the level asked for.

        Raises
        ------
        InferenceError
            The level is too high for the number of draws.
        """
        reps = len(self.smallest)
        position = int((1 - level) * (reps + 1) + 1e-9)
        if position < 1:
            least = int(np.ceil(1 / (1 - level) - 1e-9)) - 1
            raise InferenceError(Message("inference.few_draws", reps=reps, level=f"{level:.6g}", least=str(least)))
        return 1 - float(self.smallest[position - 1])

    @property
    def p_value(self) -> Float:
        """(k,) share of draws, the data among them, whose smallest p-value is as small (single-step adjusted)."""
        own = self.pointwise.p_value
        reached = np.searchsorted(self.smallest, own, side="right")
        return np.where(np.isfinite(own), (1 + reached) / (1 + len(self.smallest)), np.nan)

    @public_verb
    def interval(self, level: Level = 0.95) -> tuple[Float, Float]:
        """Return the ends of the (k,) simultaneous intervals: zero is left out where the adjusted p-value is small."""
        return self.pointwise.interval(self.each(level))


@dataclass(frozen=True)
class Simultaneous(Rule):
    """Intervals that hold for a whole event study or completion curve at once, from the intervals of another rule.

    Each interval is that of `rule` at a higher level, the same for all, found so that without any effect all of them
    together hold the truth in 95 % of draws (or what level is asked for). p-values are adjusted alike.

    Parameters
    ----------
    reps
        Draws: 1999 gives the level of the band to about half a percentage point, 9999 to 0.2.
    seed
        Of the draws.
    rule
        Standard errors and degrees of freedom of each estimate, and how the estimates hang together (its variance
        matrix). Welch degrees of freedom use the noise of treated and of untreated clusters in all estimates together.

    Notes
    -----
    A draw is normal with the correlation of the estimates; each of its k numbers is divided by the root of a mean of
    df_k squares that are drawn with the same correlation (a Wishart matrix's diagonal), as the variances of the
    estimates are correlated too: exact for normal changes of equally noisy clusters, if the correlation were known. The
    smallest of its k p-values enters. Equation: the interval is estimate +- t_k(1 - a / 2) s_k, a the 5 % quantile of
    the smallest p-values. Single-step maxT of Westfall and Young (1993) in terms of p-values; sup-t bands:
    Montiel Olea and Plagborg-Moller (2019). docs/coverage.md#bands has the measured rates, docs/methods.md#simultaneous
    the equations.

    Examples
    --------
    >>> Simultaneous(reps=1999, seed=1).name
    'simultaneous (sup-t) band, 1999 draws, each by bias-reduced (CR2), Welch-Satterthwaite degrees of freedom'
    """

    reps: Annotated[int, AtLeast(_FEWEST)]
    seed: Steps
    rule: Rule = BiasReduced()  # noqa: RUF009 - a frozen value

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.rule, Multiplier | Simultaneous):
            raise InferenceError(Message("inference.band_of_band", rule=type(self.rule).__name__))

    @property
    def entry(self) -> Method:
        own, each = rule_entry("simultaneous"), self.rule.entry
        parts = (Message("rules.draws", reps=self.reps), Message("rules.simultaneous.each", rule=each.name))
        entry = own.around(each, name=full_name(own.short, parts))
        return replace(entry, parts=parts, also=(Message("rules.simultaneous.step"), *each.sources))

    def attach(self, effects: Effects) -> Inference:
        """Attach the simultaneous band.

        Raises
        ------
        InferenceError
            What the rule raises.
        """
        each = _one_by_one(effects, self.rule)
        known = np.isfinite(each.std_error) & np.isfinite(each.df)
        root = _root(each.variance[np.ix_(known, known)])
        smallest = _smallest(root, each.df[known], self.reps, self.seed)
        shared = (effects, self, each.estimate, each.variance, each.df, each.notes)
        return Joint(*shared, pointwise=each, smallest=readonly(smallest))


def _one_by_one(effects: Effects, rule: Rule) -> Inference:
    """Return the inference of a rule; where it weighs two kinds of clusters by their noise, by that of all estimates.

    The estimate that looks most certain is often one whose treated clusters happen to look alike. It decides about the
    band, so its degrees of freedom must not rest on the same luck.
    """
    if isinstance(rule, BiasReduced) and rule.degrees == "welch":
        parts, factor = effects.fit.bias_reduced(effects), 1.0
    elif isinstance(rule, Jackknife) and rule.degrees == "welch":
        parts, factor = effects.fit.deleted(effects), 1 - 1 / len(effects.design.clusters)
    else:
        return rule.attach(effects)
    refuse_single_cluster(effects)
    return conclude(effects, rule, factor * parts.value.T @ parts.value, _degrees(effects, parts))


def _degrees(effects: Effects, parts: Contributions) -> Float:
    """(k,) Welch degrees of freedom with one ratio of the noise of treated and untreated clusters, a mean over all k.

    Capped as for one estimate; for one estimate the same.
    """
    groups = two_groups(effects.design)
    traces = parts.traces(groups)
    noise = ratio(np.nan_to_num(parts.value.T) ** 2 @ groups.T, traces.expected.sum(axis=1) @ groups.T)
    mean = traces.total
    relative = ratio(noise, (noise * mean).sum(axis=1, keepdims=True)) * mean.sum(axis=1, keepdims=True)
    known = np.isfinite(relative).all(axis=1)
    if not known.any():
        return np.full(len(relative), np.nan)
    shared, equal = relative[known].mean(axis=0), np.ones(len(groups))
    welch, alike = (ratio((mean @ share) ** 2, share @ traces.product @ share) for share in (shared, equal))
    return np.asarray(np.minimum(welch, WELCH_CAP * alike))


def _root(variance: Float) -> Float:
    """(k, r) rows of length one whose products are the correlations of k estimates.

    A variance that is a difference of variances can have eigenvalues below zero; without them it is one.
    """
    scale = np.sqrt(np.diag(variance))
    values, vectors = np.linalg.eigh(variance / scale / scale[:, None])
    positive = values > _FLAT * max(values.max(initial=0.0), 1.0)
    root = _same_sign(vectors[:, positive]) * np.sqrt(values[positive])
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))


def _same_sign(vectors: Float) -> Float:
    """Return the columns with their largest entry positive, so that rounding cannot turn them round."""
    if not vectors.size:
        return vectors
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return np.asarray(vectors * np.sign(largest))


def _smallest(root: Float, df: Float, reps: int, seed: int) -> Float:
    """(reps,) sorted smallest p-values of k estimates in draws without any effect; for one estimate, an even grid."""
    if len(root) < 2:
        return np.arange(1, reps + 1) / (reps + 1)
    rng = np.random.default_rng(seed)
    squares = np.clip(np.round(df), 1, _MANY).astype(np.int64)
    sizes = [min(_BLOCK, reps - start) for start in range(0, reps, _BLOCK)]
    return np.sort(np.concatenate([_statistics_p(rng, root, squares, size).min(axis=1) for size in sizes]))


def _statistics_p(rng: np.random.Generator, root: Float, squares: Int, size: int) -> Float:
    """(size, k) p-values of t statistics: correlated normals over correlated variances from k numbers of squares."""
    rank = root.shape[1]
    normal = rng.standard_normal((size, rank)) @ root.T
    total = np.zeros_like(normal)
    for step in range(int(squares.max())):
        more = squares > step
        total[:, more] += (rng.standard_normal((size, rank)) @ root[more].T) ** 2
    return np.asarray(2 * scipy.special.stdtr(squares, -np.abs(normal) / np.sqrt(total / squares)))


@dataclass(frozen=True)
class Multiplier(Rule):
    """Simultaneous (sup-t) bands as the R package did makes them, for comparison: use `Simultaneous` for a conclusion.

    The influence is multiplied by random signs cluster by cluster: Callaway and Sant'Anna (2021), algorithm 1, with CR1
    standard errors in place of their interquartile ranges and Rademacher in place of Mammen weights.

    Not for a conclusion with few clusters. Without any effect its band of 95 % left out zero somewhere in 11 to 96 % of
    draws of an event study of 24 months and in 8 to 50 % of draws of a curve of ten days, with 12 to 38 offices of
    which 4 to 19 were treated and as noisy as the others (docs/coverage.md#bands): signs know nothing of degrees of
    freedom, and the clustered standard error is too small where few are treated.

    Parameters
    ----------
    reps
        Number of draws.
    seed
        Of the draws: the same seed gives the same numbers.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> band = ai.infer(effects.event_study(), Multiplier(reps=199, seed=1))
    >>> bool((band.interval()[0] < band.estimate).all())
    True
    """

    reps: Times
    seed: Steps

    @property
    def entry(self) -> Method:
        return rule_entry("multiplier", Message("rules.band"), Message("rules.draws", reps=self.reps))

    def attach(self, effects: Effects) -> Inference:
        refuse_single_cluster(effects)
        base, influence = clustered(effects, self), effects.influence
        known = np.isfinite(base.std_error)
        sums = _sums(influence[:, known], self.reps, self.seed)
        scale = np.sqrt((influence[:, known] ** 2).sum(axis=0))
        largest = np.sort((np.abs(sums) / scale).max(axis=1)) if known.any() else np.full(self.reps, np.nan)
        return Signed(**vars(base), largest=largest)


@public_verb
def romano_wolf(inferences: Sequence[Inference], *, reps: Times, seed: Steps) -> pd.DataFrame:
    """Return step-down p-values for a family of single estimates on the same clusters.

    The chance, if no outcome of the family is affected, of seeing anywhere in it a t statistic as large as this one:
    Romano and Wolf (2005, algorithm 4.1; 2016), drawing the influences of all outcomes with the same signs for a
    cluster. An outcome is as strong as its own p-value, degrees of freedom and all, and adjusting never makes a p-value
    smaller: with twelve clusters of which four are treated, some outcome of three without an effect falls below 0.05 in
    8 % of draws (20 % if its t statistic is held against the draws as it is); with 38 clusters in 3 %.

    Parameters
    ----------
    inferences
        Each with one estimate, for instance overall effects on several outcomes; their clusters must have the same
        labels.
    reps, seed
        How many draws, and the number they begin with: the same seed gives the same p-values.

    Returns
    -------
    DataFrame
        One row an outcome: outcome, estimate, std_error, statistic, p_value (its own), p_adjusted.

    Raises
    ------
    InferenceError
        No inference, one with several estimates, or one on other clusters.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> answers = [ai.infer(effects.overall(), ai.ClusterRobust())]
    >>> ai.romano_wolf(answers, reps=99, seed=1).columns.tolist()
    ['outcome', 'estimate', 'std_error', 'statistic', 'p_value', 'p_adjusted']
    """
    if not inferences:
        raise InferenceError(Message("inference.empty_family"))
    labels = _clusters_of(inferences[0])
    columns = []
    for inference in inferences:
        if len(inference.estimate) != 1:
            raise InferenceError(Message("inference.several_estimates", n=len(inference.estimate)))
        own = _clusters_of(inference)
        if sorted(own) != sorted(labels):
            apart = sorted(set(own) ^ set(labels))
            raise InferenceError(Message("inference.other_clusters", clusters=apart))
        influence = inference.effects.influence[:, 0]
        silent = np.zeros(len(own) - len(influence))  # they come last
        columns.append(np.concatenate([influence, silent])[[own.index(label) for label in labels]])
    influence = np.stack(columns, axis=1)
    sums = np.abs(_sums(influence, reps, seed)) / np.sqrt((influence**2).sum(axis=0))
    own_p = np.array([float(i.p_value[0]) for i in inferences])
    strength = -scipy.special.ndtri(own_p / 2)  # on the scale of the draws, which know no degrees of freedom
    return pd.DataFrame(
        {
            "outcome": [i.effects.design.panel.outcome.name for i in inferences],
            "estimate": [i.estimate[0] for i in inferences],
            "std_error": [i.std_error[0] for i in inferences],
            "statistic": [i.estimate[0] / i.std_error[0] for i in inferences],
            "p_value": own_p,
            "p_adjusted": np.maximum(own_p, _step_down(strength, sums)),
        }
    )


def holm(p: Float) -> Float:
    """Return step-down p-values (Holm 1979); NaN stays NaN.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan])).tolist()
    [0.02, 0.04, nan]
    """
    known = np.flatnonzero(np.isfinite(p))
    order, adjusted = known[np.argsort(p[known])], np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(np.arange(len(order), 0, -1) * p[order]), 1.0)
    return adjusted


def _step_down(statistic: Float, sums: Float) -> Float:
    """(m,) adjusted p-values: the largest statistic first, each against the largest draw among those not above it."""
    adjusted, order, floor = np.empty(len(statistic)), np.argsort(-statistic), 0.0
    for position, j in enumerate(order):
        largest = sums[:, order[position:]].max(axis=1)
        floor = max(floor, float((1 + (largest >= statistic[j]).sum()) / (len(largest) + 1)))
        adjusted[j] = floor
    return adjusted


def _sums(influence: Float, reps: int, seed: int) -> Float:
    """(reps, k) sums over clusters of the influence times random signs.

    A sign is one random bit; the sum of the influences with a plus is doubled and the sum of all taken off.
    """
    rng = np.random.default_rng(seed)
    g, k = influence.shape
    width = -(-g // 8)
    plus = np.zeros((reps, k))
    for start in range(0, reps, _DRAWS):
        draws = slice(start, min(start + _DRAWS, reps))
        bits = np.frombuffer(rng.bytes((draws.stop - start) * width), dtype=np.uint8).reshape(-1, width)
        for first in range(0, g, _CLUSTERS):
            some = influence[first : first + _CLUSTERS]
            signs = np.unpackbits(bits[:, first // 8 : (first + _CLUSTERS) // 8], axis=1, count=len(some))
            plus[draws] += signs.astype(np.float64) @ some
    return np.asarray(2 * plus - influence.sum(axis=0))


def _clusters_of(inference: Inference) -> list[str]:
    """Return the names of the clusters, those that say nothing about the estimates last."""
    silent = [name for note in inference.notes if note.key == "inference.silent_clusters" for name in note["clusters"]]
    return [str(label) for label in inference.effects.design.clusters] + silent
