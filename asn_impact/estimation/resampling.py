"""Rules that draw again: the wild cluster bootstrap and randomisation of who was treated when.

Both ask how extreme the t statistic is among statistics of draws in which the effect is r. Every estimator here is
linear in the cell means, so a draw's estimate is ``a0 - r a1`` and its squared standard error ``q0 - 2 r q1 + r^2 q2``:
five numbers a draw, after which testing any r, and so an interval by inversion, costs nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.arguments import Level, Steps, Times
from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.designs.design import attribute
from asn_impact.errors import InferenceError
from asn_impact.estimation.deals import Dealt, deal_alike
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Inference, Rule, clustered, cr1_factor, refuse_single_cluster
from asn_impact.estimation.linear import Blocks, LeastSquares
from asn_impact.estimation.methods import Method, full_name, rule_entry
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, Quantity

Weights: TypeAlias = Literal["rademacher", "webb", "mammen"]

_TIE = 1e-9  # statistics closer than this share are ties: the draw that repeats the data must not count as larger
_BLOCK = 4096  # draws at a time
_TOO_FEW = 7  # with four to six clusters the wild bootstrap rejected a true null in 8 to 21 % of 400 draws at 5 %
_COARSE = 512  # values of p below which its steps show


@dataclass(frozen=True, eq=False)
class Draws:
    """Five numbers for each of N draws of one estimate; see the module."""

    a0: Float
    a1: Float
    q0: Float
    q1: Float
    q2: Float

    def statistics(self, r: float) -> Float:
        """(N,) absolute t statistics of the draws when the effect is r."""
        square = self.q0 - 2 * r * self.q1 + r * r * self.q2
        return np.abs(self.a0 - r * self.a1) / np.sqrt(np.maximum(square, 1e-300))


@dataclass(frozen=True, eq=False, repr=False)
class Resampled(Inference):
    """Inference whose p-values and intervals come from draws; the standard error is the one in the t statistic.

    Ties ``"excluded"``: only draws strictly more extreme than the data count (the wild bootstrap, as in the R package
    fwildclusterboot). ``"counted"``: the data are one of the draws (randomisation).
    """

    draws: tuple[Draws, ...] = ()  #: those of each estimate
    ties: Literal["excluded", "counted"] = "excluded"
    added: int = 0  #: 1 if the data must still be added to the draws, as for a random sample of permutations; else 0

    @property
    def p_value(self) -> Float:
        """(k,) share of draws at least as extreme as the data when there is no effect."""
        return np.array([self._p(j, 0.0) for j in range(len(self.estimate))])

    @public_verb
    def interval(self, level: Level = 0.95) -> tuple[Float, Float]:
        """Return the ends of the (k,) intervals: all effects that the test at ``1 - level`` does not reject."""
        ends = [[self._end(j, 1 - level, side) for side in (-1.0, 1.0)] for j in range(len(self.estimate))]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def _p(self, j: int, r: float) -> float:
        if not np.isfinite(self.std_error[j]):
            return float("nan")
        observed = abs(self.estimate[j] - r) / self.std_error[j]
        statistics = self.draws[j].statistics(r)
        if self.ties == "excluded":
            extreme = (statistics > observed * (1 + _TIE) + 1e-14).sum()
        else:
            extreme = (statistics >= observed * (1 - _TIE) - 1e-14).sum()
        return float(extreme + self.added) / (len(statistics) + self.added)

    def _end(self, j: int, alpha: float, side: float) -> float:
        """Walk outwards until the test rejects, then halve the step: one end of the interval."""
        if not np.isfinite(self.std_error[j]) or not self.effects.linear:
            return float("nan")
        inside, reach = self.estimate[j], 2.0 * self.std_error[j]
        outside = inside + side * reach
        for _ in range(40):
            if self._p(j, outside) < alpha:
                break
            inside, reach = outside, 2 * reach
            outside = inside + side * reach
        else:
            return side * float("inf")
        while abs(outside - inside) > 1e-7 * self.std_error[j]:
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self._p(j, middle) >= alpha else (inside, middle)
        return float((inside + outside) / 2)


@dataclass(frozen=True)
class WildBootstrap(Rule):
    """Restricted wild cluster bootstrap of the t statistic, for every estimator that is linear in the cell means.

    Residuals under the effect that is tested change sign (``"rademacher"``), or are multiplied by one of Webb's six or
    Mammen's two numbers, whole clusters at a time. With Rademacher weights and 2^G draws or more to be made, all 2^G
    are taken once and the result is exact. For a regression the restricted model is the regression without the
    coefficient (Cameron, Gelbach and Miller 2008; WCR-C in MacKinnon, Nielsen and Webb 2023); for other estimators it
    has unit and period effects, the other group-time cells, and the tested effect on every cell of its own.

    Equation: p = the share of draws with |t*| > |t|, ties not counted.

    With few treated clusters it rejects too rarely (MacKinnon and Webb 2017); see docs/coverage.md. With fewer than
    seven clusters it rejects too often: there are few statistics to compare with, and a note says how many.

    Parameters
    ----------
    reps
        Number of draws.
    seed
        Of the draws: the same seed gives the same numbers.
    weights
        What residuals are multiplied by: ``"rademacher"``, ``"webb"`` or ``"mammen"``.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.TwoWay()(ai.example_design())
    >>> found = ai.infer(effects.overall(), WildBootstrap(reps=99, seed=1))
    >>> found.p_value.round(2).tolist()
    [0.0]
    """

    reps: Times
    seed: Steps
    weights: Weights = "rademacher"

    @property
    def entry(self) -> Method:
        statistic, ties = Message("rules.wild_bootstrap.statistic"), Message("rules.wild_bootstrap.ties")
        return rule_entry("wild_bootstrap", statistic, ties, weights=self.weights)

    def attach(self, effects: Effects) -> Inference:
        """Attach bootstrap p-values and intervals by test inversion.

        Raises
        ------
        InferenceError
            The weights of the estimates depend on the outcome, or one cluster carries all that is treated.
        """
        refuse_single_cluster(effects)
        g = len(effects.design.clusters)
        signs = self._signs(g)
        alone = (effects.fit.alone(effects, j) for j in range(len(effects.terms)))
        draws = tuple(_wild(signs, *_restrict(whole, j), cr1_factor(whole)) for whole, j in alone)
        inference = Resampled(**vars(clustered(effects, self)), draws=draws, ties="excluded")
        return replace(inference, notes=(*inference.notes, *self._few(g)))

    def _few(self, g: int) -> tuple[Message, ...]:
        """Say how few values p can take with few clusters, and where it is too small too often."""
        kinds = {"rademacher": 2, "webb": 6, "mammen": 2}[self.weights]
        mirrored = 1 if self.weights == "mammen" else 2  # weights of the other sign give the same statistic
        values = min(kinds**g // mirrored, self.reps)
        if g < _TOO_FEW:
            return (Alert("inference.wild_too_few", clusters=g, values=values),)
        return (Message("inference.wild_values", clusters=g, values=values),) if values <= _COARSE else ()

    def _signs(self, g: int) -> Float:
        """(N, G) weights; all sign vectors when they fit."""
        if self.weights == "rademacher" and g < 60 and 2**g <= self.reps:
            return np.asarray(1.0 - 2.0 * ((np.arange(2**g)[:, None] >> np.arange(g)) & 1))
        rng = np.random.default_rng(self.seed)
        shape = (self.reps, g)
        if self.weights == "rademacher":
            return np.asarray(1.0 - 2.0 * rng.integers(0, 2, shape))
        if self.weights == "webb":
            return np.asarray(rng.choice(np.sqrt([0.5, 1.0, 1.5]), shape) * (1.0 - 2.0 * rng.integers(0, 2, shape)))
        golden = (1 + math.sqrt(5)) / 2
        return np.asarray(np.where(rng.random(shape) < golden / math.sqrt(5), 1 - golden, golden))


@dataclass(frozen=True)
class Permutation(Rule):
    """Randomisation inference: the t statistic among those of all ways the clusters could have been timed.

    Adoption times are dealt again among the clusters, within the values of `strata` (an attribute of the units) if
    the lottery was drawn within them. When there are no more than `reps` distinct ways, all are taken and the p-value
    is exact; otherwise a random sample of `reps`, with the data added (Phipson and Smyth 2010). Studentised, so that it
    is also valid in large samples when the noise differs (Chung and Romano 2013). Intervals hold all constant effects
    not rejected; an estimator that chooses its weights by the outcome (`SyntheticDiD`, `Efficient`) has none.

    Equation: p = the share of deals with |t*| >= |t|; in a sample of N deals (1 + r) / (1 + N), r their number.

    Parameters
    ----------
    reps
        The most deals to look at.
    seed
        Of the draws: the same seed gives the same numbers.
    strata
        Attribute of the units within whose values the lottery was drawn.

    Examples
    --------
    >>> import asn_impact as ai
    >>> effects = ai.GroupTime()(ai.example_design())
    >>> found = ai.infer(effects.overall(), Permutation(reps=99, seed=1))
    >>> found.p_value.round(2).tolist()
    [0.01]
    """

    reps: Times
    seed: Steps
    strata: str | None = None

    @property
    def entry(self) -> Method:
        own = rule_entry("permutation", Message("rules.permutation.studentised"))
        if self.strata is None:
            return own
        short = Message("rules.permutation.within", strata=self.strata)
        return replace(own, name=full_name(short, own.parts), short=short)

    def attach(self, effects: Effects) -> Inference:
        """Attach randomisation p-values and intervals.

        Raises
        ------
        InferenceError
            A cluster holds units with different adoption times, `strata` is no attribute, or a deal does not have the
            same terms.
        """
        design = effects.design
        times, groups = times_of_clusters(design), _strata(design, self.strata)
        ways = number_of_ways(times, groups)
        exact = ways <= self.reps
        orders = all_ways(times, groups) if exact else some_ways(times, groups, self.reps, self.seed)
        draws = _deal(effects, orders, ways if exact else self.reps, cr1_factor(effects))
        base = vars(clustered(effects, self))
        inference = Resampled(**base, draws=draws, ties="counted", added=0 if exact else 1)
        least = 1 / ways if exact else 1 / (self.reps + 1)
        how = "all" if exact else "some"
        note = Message(f"inference.dealt_{how}", reps=self.reps, ways=ways_of(ways), least=least)
        notes = (note,) if effects.linear else (note, Message("inference.no_inversion"))
        return replace(inference, notes=(*inference.notes, *notes))


def _wild(signs: Float, pieces: Float, spread: Float, factor: float) -> Draws:
    """Draws from (2, G) pieces of the estimate and (2, G, G) pieces of the influence, by the cluster they come from."""
    parts = []
    for start in range(0, len(signs), _BLOCK):
        sign = signs[start : start + _BLOCK]
        a0, a1 = sign @ pieces[0], sign @ pieces[1]
        p0, p1 = sign @ spread[0], sign @ spread[1]
        parts.append([a0, a1, factor * (p0 * p0).sum(1), factor * (p0 * p1).sum(1), factor * (p1 * p1).sum(1)])
    return Draws(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _restrict(effects: Effects, j: int) -> tuple[Float, Float]:
    """Return what each cluster's restricted residuals do to estimate j (2, G) and to its influence (2, G, G).

    The residuals under effect r are e0 - r e1; the first entry belongs to e0, the second to e1.
    """
    fit = effects.fit
    if isinstance(fit, LeastSquares):
        return _restrict_blocks(fit.blocks, j)
    if not effects.linear:
        raise InferenceError(Message("inference.no_wild_bootstrap", name=effects.estimator.entry.name))
    residuals = _null_residuals(effects, j)
    g = len(effects.design.clusters)
    pieces, spread = np.empty((2, g)), np.empty((2, g, g))
    for part, residual in enumerate(residuals):
        for c in range(g):
            alone = _with_outcome(effects, np.where((effects.design.cluster == c)[:, None], residual, 0.0))
            pieces[part, c] = alone.estimate[j]
            spread[part, c] = np.nan_to_num(alone.influence[:, j])
    return pieces, spread


def _restrict_blocks(blocks: Blocks, j: int) -> tuple[Float, Float]:
    direction = blocks.inverse[:, j]
    reach = blocks.times(direction)  # (G, q)
    # residual scores with coefficient j held at r: s_c + H_c S^-1 a (b_j - r) / (a' S^-1 a)
    shift = reach / direction[j]
    scores = np.stack([blocks.residual_score + shift * blocks.slopes[j], shift])
    pieces = scores @ direction
    own = pieces[:, :, None] * np.eye(len(reach))
    return pieces, own - (scores @ blocks.inverse) @ reach.T


def _null_residuals(effects: Effects, j: int) -> tuple[Float, Float]:
    """(U, T) residuals of the outcome and of the tested effect on unit effects, period effects and the other cells."""
    design, cells = effects.design, effects.cells
    own, others = design.treated(), np.zeros((*design.panel.mean.shape, 0))
    if cells is not None:
        member = effects.members(cells)[j]
        own = _mark_cells(design, cells.cohort[member], cells.period[member])
        rest = design.treated() & ~own
        groups = np.unique(np.where(rest, _cell_number(design), -1))
        others = (_cell_number(design)[:, :, None] == groups[groups >= 0]).astype(np.float64) * rest[:, :, None]
    outcome = LeastSquares(design, others).residual
    effect = LeastSquares(on_outcome(design, own.astype(np.float64)), others).residual
    return outcome, effect


def _cell_number(design: Design) -> Int:
    """(U, T) a number for each pair of cohort and period; units never treated share the last cohort."""
    cohort = np.searchsorted(design.cohorts, design.adopted)
    return np.asarray(cohort[:, None] * len(design.panel.timeline) + np.arange(len(design.panel.timeline)))


def _mark_cells(design: Design, cohort: Int, period: Int) -> Bool:
    cells = np.zeros(design.panel.mean.shape, dtype=np.bool_)
    for c, t in zip(cohort, period, strict=True):
        cells[design.adopted == design.cohorts[c], t] = True
    return cells


def on_outcome(design: Design, outcome: Float) -> Design:
    """Return the design with another (U, T) outcome, which does not vary inside cells; the covariates still do."""
    values = np.where(design.panel.observed, outcome, np.nan)
    within = design.panel.within.copy()
    within[:, :, 0, :] = within[:, :, :, 0] = 0.0
    return replace(design, panel=replace(design.panel, mean=values, within=within))


def _with_outcome(effects: Effects, outcome: Float) -> Effects:
    """Return the effects on another outcome: linear, so a residual shows what it adds to each estimate."""
    return effects.held().anew(on_outcome(effects.design, outcome))


def times_of_clusters(design: Design) -> Float:
    """(G,) adoption time of each cluster, which must be one."""
    times = np.full(len(design.clusters), np.nan)
    for c in range(len(design.clusters)):
        distinct = np.unique(design.adopted[design.cluster == c])
        if len(distinct) > 1:
            cluster = repr(design.clusters[c])
            raise InferenceError(Message("inference.several_times", cluster=cluster, n=len(distinct)))
        times[c] = distinct[0]
    return times


def _strata(design: Design, strata: str | None) -> Int:
    if strata is None:
        return np.zeros(len(design.clusters), dtype=np.int64)
    column = attribute(design.panel, strata, "estimation.no_attribute", InferenceError, argument="strata")
    first = [int(np.flatnonzero(design.cluster == c)[0]) for c in range(len(design.clusters))]
    return np.asarray(column.iloc[first].factorize()[0], dtype=np.int64)


def number_of_ways(times: Float, groups: Int) -> int:
    """Return in how many ways (G,) times can be dealt to the clusters of each group."""
    ways = 1
    for group in np.unique(groups):
        _, counts = np.unique(times[groups == group], return_counts=True)
        ways *= math.factorial(int(counts.sum())) // math.prod(math.factorial(int(c)) for c in counts)
    return ways


def ways_of(ways: int) -> Quantity | str:
    """Return a number of ways as it is shown: from a million on as a power of ten."""
    if ways < 1_000_000:
        return Quantity(ways, "number_of_ways")
    power = len(str(ways)) - 1
    return f"{ways / 10**power:.1f}e+{power:02d}"


def all_ways(times: Float, groups: Int) -> Iterator[Float]:
    """Yield every distinct vector of times, dealt within groups."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for deal in itertools.product(*(list(_distinct(sorted(times[m].tolist()))) for m in members)):
        dealt = times.copy()
        for m, part in zip(members, deal, strict=True):
            dealt[m] = part
        yield dealt


def _distinct(items: list[float]) -> Iterator[list[float]]:
    """Yield the distinct permutations of a sorted list in lexicographic order (Knuth, algorithm L)."""
    while True:
        yield list(items)
        i = len(items) - 2
        while i >= 0 and items[i] >= items[i + 1]:
            i -= 1
        if i < 0:
            return
        j = len(items) - 1
        while items[j] <= items[i]:
            j -= 1
        items[i], items[j] = items[j], items[i]
        items[i + 1 :] = reversed(items[i + 1 :])


def some_ways(times: Float, groups: Int, reps: int, seed: int) -> Iterator[Float]:
    """Yield (G,) times dealt by lot inside each group."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for _ in range(reps):
        dealt = times.copy()
        for group in members:
            dealt[group] = rng.permutation(times[group])
        yield dealt


def _deal(effects: Effects, orders: Iterator[Float], n: int, factor: float) -> tuple[Draws, ...]:
    """Return the draws of all estimates: all deals at once where clusters can be exchanged, else one by one."""
    dealt = deal_alike(effects, effects.design.treated().astype(np.float64), orders, n, _on_means)
    if dealt is None:
        dealt = deal_one_by_one(effects, orders)
    a0, a1, *squares = dealt
    columns = [a0, a1, *(factor * square for square in squares)]
    return tuple(Draws(*(column[:, j] for column in columns)) for j in range(len(effects.terms)))


def _on_means(effects: Effects, means: Float) -> Effects:
    """Return the effects on other cell means."""
    fit = effects.fit.with_mean(means)
    return _with_outcome(effects, means) if fit is None else replace(effects, fit=fit)


def deal_one_by_one(effects: Effects, orders: Iterator[Float]) -> Dealt:
    """Return the numbers of every deal by estimating again as if the clusters had been treated at those times."""
    effect = _with_outcome(effects, effects.design.treated().astype(np.float64)) if effects.linear else effects
    rows = [_permute(effects, effect, order) for order in orders]
    a0, a1, q0, q1, q2 = (np.stack(column) for column in zip(*rows, strict=True))
    return a0, a1, q0, q1, q2


def _permute(effects: Effects, effect: Effects, times: Float) -> Dealt:
    """Five (k,) numbers when the clusters had been treated at other times."""
    adopted = times[effects.design.cluster]
    outcome = effects.anew(replace(effects.design, adopted=adopted))
    shift = outcome.held().anew(replace(effect.design, adopted=adopted))
    if not outcome.terms.equals(effects.terms):
        raise InferenceError(Message("inference.dealt_other_terms"))
    i0, i1 = np.nan_to_num(outcome.influence), np.nan_to_num(shift.influence)
    return outcome.estimate, shift.estimate, (i0**2).sum(0), (i0 * i1).sum(0), (i1**2).sum(0)
