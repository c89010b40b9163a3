"""What the next wave could detect: power by simulation from an office's own past.

Whole histories are drawn from a past without treatment, so that serial correlation, seasons, common shocks and unequal
offices are the real ones. Then nothing is assumed about the noise; only about the effect: a constant added to every
treated cell. Every estimate that moves one for one with such a constant, and whose standard error does not, needs the
draws without an effect only: with an effect e each interval moves by e, so that the power at every e and the smallest
effect that is seen often enough are order statistics of the ends of intervals.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from asn_impact.arguments import AtLeast, Level, Share, Steps, Times, check_fields
from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.designs import Design
from asn_impact.designs.design import Weighing, refuse_no_cluster
from asn_impact.display import card
from asn_impact.errors import DesignError, EstimationError, InferenceError, InputError
from asn_impact.estimation.effects import Contributions, Effects, Estimator, Overall
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.inference import Rule, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife, bias_reduced, deleted, differences
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Language, Message, Quantity, Sentence

__all__ = ["Power", "Scenario", "detectable", "never_treated", "pre_period"]

Direction: TypeAlias = Literal["lower", "higher"]
Several: TypeAlias = Annotated[int, AtLeast(2)]
Draws: TypeAlias = Annotated[int, AtLeast(20)]

_GROUP_TIME: Final = GroupTime()
_BIAS_REDUCED: Final = BiasReduced()
_SAME: Final = 1e-8  # two ways to the same sums in double precision
_SHIFT: Final = 1e-6  # share of the effect by which an estimate may miss it: rounding, not another estimator
_PER_YEAR: Final = {"month": 12, "quarter": 4}
_BEFORE: Final = "planning.power.before_training"  # the note of `pre_period`
_TRIES: Final = 20  # draws after which a scenario that gives no two intervals is given up
_TOO_OFTEN: Final = 0.01  # share of draws without an interval from which on a reader must know


# ------------------------------------------------------------------------------------------- the past without treatment


@public_verb
def pre_period(design: Design, *, anticipation: Steps = 0) -> Panel:
    """Return all units in the periods before the first wave (less `anticipation` periods): a past without treatment.

    Its notes say how many periods were left off, so that `detectable` leaves off what its estimator anticipates beyond.

    Raises
    ------
    DesignError
        Fewer than two periods are left.
    """
    steps = design.panel.timeline.steps
    before = np.flatnonzero(steps < design.cohorts[0] - anticipation)
    if len(before) < 2:
        wave = design.cohort_label(design.cohorts[0])
        raise DesignError(Message("planning.power.short_past", n=len(before), wave=wave, anticipation=anticipation))
    panel, units = _unweight(design), np.arange(len(design.adopted))
    past = _cut(panel, units, before, panel.timeline.select(before))
    return replace(past, notes=(*panel.notes, Message(_BEFORE, anticipation=int(anticipation))))


@public_verb
def never_treated(design: Design) -> Panel:
    """Return the units that are never treated, in all periods: a past as long as the data.

    Right where the trained offices are like the others; otherwise `pre_period`.

    Raises
    ------
    DesignError
        Fewer than two such clusters exist.
    """
    units = np.flatnonzero(np.isinf(design.adopted))
    if (clusters := len(np.unique(design.cluster[units]))) < 2:
        raise DesignError(Message("planning.power.few_never_treated", n=clusters))
    return _unweight(design).select(units)


def _unweight(design: Design) -> Panel:
    """Return the panel with its own weights: `assign(weights="records")` multiplied them by the records."""
    if design.weights == "units":
        return design.panel
    n = design.panel.n
    weight = np.divide(design.panel.weight, n, out=np.zeros_like(n), where=n > 0)
    return replace(design.panel, weight=weight)


def _cut(panel: Panel, units: Int, periods: Int, timeline: Timeline) -> Panel:
    """Return some units and periods of a panel, by position and as often as named, on a given timeline."""
    cells = np.ix_(units, periods)
    return replace(
        panel,
        units=tuple(range(len(units))),
        timeline=timeline,
        n=panel.n[cells],
        mean=panel.mean[cells],
        weight=panel.weight[cells],
        within=panel.within[cells],
        x=panel.x[cells],
        attributes=panel.attributes.iloc[units].reset_index(drop=True),
    )


def _leave_off(panel: Panel, anticipation: int) -> tuple[Panel, tuple[Message, ...]]:
    """Return a past from `pre_period` without the periods in which people react to training that is still to come."""
    ends = [note["anticipation"] for note in panel.notes if note.key == _BEFORE]
    off = anticipation - ends[-1] if ends else 0
    line = panel.timeline
    if off <= 0:
        return panel, ()
    before = np.flatnonzero(line.steps <= line.steps[-1] - off)
    if len(before) < 2:
        wave = line.label(line.steps[-1] + 1 + ends[-1])
        raise DesignError(Message("planning.power.short_past", n=len(before), wave=wave, anticipation=anticipation))
    past = replace(_cut(panel, np.arange(len(panel.units)), before, line.select(before)), units=panel.units)
    return past, (Message("planning.power.anticipation", n=off, anticipation=anticipation),)


# --------------------------------------------------------------------------------------------------- one planned study


@dataclass(frozen=True)
class Scenario:
    """A study that could be made.

    Parameters
    ----------
    offices
        Number of clusters, trained or not.
    treated
        How many of them are trained within the study.
    starts
        Number of periods before each wave begins, in order.
    months
        Number of periods.

    Examples
    --------
    >>> Scenario.even(offices=38, treated=14, waves=3, months=36)
    Scenario(offices=38, treated=14, starts=(9, 18, 27), months=36)
    """

    offices: Several
    treated: Several
    starts: tuple[int, ...]
    months: Several

    def __post_init__(self) -> None:
        check_fields(self)
        sizes = {"treated": self.treated, "offices": self.offices, "waves": self.waves}
        if self.treated > self.offices or (self.treated == self.offices and self.waves == 1):
            raise InputError(Message("planning.power.nobody_left", **sizes))
        if not self.starts or list(self.starts) != sorted(set(self.starts)) or self.starts[0] < 1:
            raise InputError(Message("planning.power.starts", starts=repr(self.starts)))
        if self.starts[-1] >= self.months:
            raise InputError(Message("planning.power.late_wave", start=self.starts[-1], months=self.months))
        if self.waves > self.treated:
            raise InputError(Message("planning.power.more_waves", waves=self.waves, treated=self.treated))

    @classmethod
    @public_verb
    def even(cls, *, offices: Several, treated: Several, waves: Times, months: Several) -> Scenario:
        """Return the study with `waves` waves at even distances: wave i of k starts after i / (k + 1) of the months."""
        return cls(offices, treated, tuple((i + 1) * months // (waves + 1) for i in range(waves)), months)

    @property
    def waves(self) -> int:
        """Number of waves."""
        return len(self.starts)

    def adopted(self) -> Float:
        """(offices,) step from which each office is treated: the waves as equal in size as they can be."""
        times = np.full(self.offices, np.inf)
        times[: self.treated] = np.sort(np.resize(self.starts, self.treated))
        return times


@dataclass(frozen=True, eq=False)
class _Past:
    """Histories to draw from: the panel, and the positions of the units of each cluster."""

    panel: Panel
    members: tuple[Int, ...]
    clustered_by: str
    weights: Weighing

    def draw(self, scenario: Scenario, rng: np.random.Generator) -> Design:
        """Return a study without effect: clusters drawn with replacement, one window of months for all of them."""
        chosen = rng.integers(0, len(self.members), scenario.offices)
        units = np.concatenate([self.members[c] for c in chosen])
        cluster = np.repeat(np.arange(scenario.offices), [len(self.members[c]) for c in chosen])
        line = self.panel.timeline
        periods = _window(line, scenario.months, rng)
        ordinals = line.ordinals[periods[0]] + line.step * np.arange(scenario.months)
        panel = _cut(self.panel, units, periods, Timeline(line.kind, ordinals))
        if self.weights == "records":
            panel = replace(panel, weight=panel.weight * panel.n)
        return Design(
            panel=panel,
            adopted=scenario.adopted()[cluster],
            cluster=cluster,
            clusters=tuple(range(scenario.offices)),
            clustered_by=self.clustered_by,
            weights=self.weights,
        )


def _past(panel: Panel, cluster: str, weights: Weighing) -> _Past:
    refuse_no_cluster(panel, cluster)
    if (np.diff(panel.timeline.steps) != 1).any():
        late = panel.timeline.labels[int(np.flatnonzero(np.diff(panel.timeline.steps) != 1)[0]) + 1]
        raise DesignError(Message("planning.power.gap", period=late))
    codes, labels = pd.factorize(panel.attributes[cluster])
    members = tuple(np.flatnonzero(codes == c) for c in range(len(labels)))
    if len(members) < 2:
        raise DesignError(Message("planning.power.few_clusters", n=len(members), name=cluster))
    return _Past(panel, members, cluster, weights)


def _window(line: Timeline, months: int, rng: np.random.Generator) -> Int:
    """(months,) positions of a run of periods; where the past is too short, runs of it laid end to end.

    A run that follows another begins at the same season where the past holds a full year.
    """
    length = len(line)
    if months <= length:
        start = int(rng.integers(0, length - months + 1))
        return np.arange(start, start + months)
    year = _PER_YEAR.get(line.kind, length + 1)
    positions = [int(rng.integers(0, length))]
    while len(positions) < months:
        following = positions[-1] + 1
        if following == length:
            following = following % year if year <= length else int(rng.integers(0, length))
        positions.append(following)
    return np.array(positions)


# ----------------------------------------------------------------------------------------- estimating again, and again


@dataclass(frozen=True, eq=False)
class _Repeated:
    """A fit that is the same weights on other cell means; only for rules that leave clusters out."""

    estimate: Float
    deviation: Float
    scale: Float
    moments: Callable[[Bool], Float]
    scaled_moments: Callable[[Bool], Float]
    correction: float = 1.0

    def deleted(self) -> Contributions:
        return Contributions(self.deviation, self.moments)

    def bias_reduced(self) -> Contributions:
        return Contributions(self.deviation * self.scale, self.scaled_moments)

    def influence(self) -> Float:
        raise NotImplementedError

    leave_one_out = loadings = influence


class _Remembered:
    """A function of groups of clusters whose answers are kept: the groups are the same in every draw."""

    def __init__(self, moments: Callable[[Bool], Float]) -> None:
        self._moments, self._known = moments, {}  # type: tuple[Callable[[Bool], Float], dict[bytes, Float]]

    def __call__(self, groups: Bool) -> Float:
        key = groups.tobytes()
        if key not in self._known:
            self._known[key] = self._moments(groups)
        return self._known[key]


@dataclass(frozen=True, eq=False)
class _Template:
    """The weights of one estimate, and of what it is without each cluster, on the cells of one design."""

    effects: Effects
    loading: Float = field(init=False)  # (1, U T)
    difference: Float = field(init=False)  # (G, U T)
    scale: Float = field(init=False)  # (G, 1)
    moments: _Remembered = field(init=False)
    scaled_moments: _Remembered = field(init=False)

    def __post_init__(self) -> None:
        plain, scaled = deleted(self.effects), bias_reduced(self.effects)
        scale = np.divide(scaled.value, plain.value, out=np.zeros_like(scaled.value), where=plain.value != 0)
        for name, value in {
            "loading": self.effects.loadings().reshape(1, -1),
            "difference": differences(self.effects)[:, 0].reshape(len(scale), -1),
            "scale": scale,
            "moments": _Remembered(plain.moments),
            "scaled_moments": _Remembered(scaled.moments),
        }.items():
            object.__setattr__(self, name, value)

    def fits(self, design: Design) -> bool:
        """Whether a design has the same cells with the same weights."""
        own, other = self.effects.design, design
        return bool(
            np.array_equal(own.cluster, other.cluster)
            and np.array_equal(own.adopted, other.adopted)
            and np.array_equal(own.panel.weight, other.panel.weight)
            and own.panel.observed.all()
            and other.panel.observed.all()
        )

    def again(self, design: Design) -> Effects:
        """Return the effects on a design that `fits`."""
        mean = (design.panel.mean - design.panel.mean.mean()).ravel()
        fit = _Repeated(
            self.loading @ mean, (self.difference @ mean)[:, None], self.scale, self.moments, self.scaled_moments
        )
        return replace(self.effects, design=design, fit=fit, cells=None, view=Overall(), notes=())


@dataclass(frozen=True, eq=False)
class _Study:
    """How a planned study would be analysed."""

    estimator: Estimator
    rule: Rule
    level: float

    def effects(self, design: Design) -> Effects:
        effects = self.estimator(design).overall()
        if len(effects.terms) != 1:
            name = self.estimator.entry.name
            raise EstimationError(Message("planning.power.several_numbers", estimator=name, n=len(effects.terms)))
        return effects

    def ends(self, effects: Effects) -> tuple[float, float]:
        low, high = infer(effects, self.rule).interval(self.level)
        return float(low[0]), float(high[0])

    def refuse_other_than_shifts(self, design: Design) -> None:
        """Raise where adding a constant to the treated cells does more, or less, than move the interval by it."""
        low, high = self.ends(self.effects(design))
        size = float(np.nanstd(design.panel.mean)) or 1.0
        moved = replace(design.panel, mean=design.panel.mean + size * design.treated())
        ends = self.ends(self.effects(replace(design, panel=moved)))
        if not np.allclose(np.array(ends) - size, (low, high), rtol=0, atol=_SHIFT * size, equal_nan=True):
            names = {"estimator": self.estimator.entry.name, "rule": self.rule.entry.name}
            moves = {"size": size, "low": low, "high": high, "new_low": ends[0], "new_high": ends[1]}
            raise EstimationError(Message("planning.power.no_shift", **names, **moves))

    def template(self, designs: Sequence[Design]) -> _Template | None:
        """Return the weights that serve every draw, if on two draws they give what the estimator gives."""
        if not isinstance(self.rule, BiasReduced | Jackknife):
            return None
        template = _Template(self.effects(designs[0]))
        if not (template.fits(designs[1]) and np.isfinite(template.difference).all()):
            return None
        same = [np.allclose(self.ends(template.again(d)), self.ends(self.effects(d)), rtol=_SAME) for d in designs]
        return template if all(same) else None


def _intervals(past: _Past, scenario: Scenario, study: _Study, reps: Iterable[int], seed: int) -> tuple[Float, int]:
    """(R, 2) ends of the intervals of studies without an effect, NaN where a study has none; and how many have none."""
    rng = np.random.default_rng([seed, scenario.offices, scenario.treated, scenario.months, *scenario.starts])
    trial = _try(past, scenario, study, rng)
    study.refuse_other_than_shifts(trial[0])
    template = study.template(trial)
    ends = np.array([_estimate_one(past.draw(scenario, rng), study, template) for _ in reps])
    return ends, int(np.isnan(ends).any(axis=1).sum())


def _try(past: _Past, scenario: Scenario, study: _Study, rng: np.random.Generator) -> list[Design]:
    """Return two draws that have an interval, or say why there are none."""
    designs: list[Design] = []
    reason: Any = Message("planning.power.no_interval")
    for _ in range(_TRIES):
        design = past.draw(scenario, rng)
        try:
            if np.isfinite(study.ends(study.effects(design))).all():
                designs.append(design)
        except (EstimationError, InferenceError) as problem:
            reason = problem.message
        if len(designs) == 2:
            return designs
    names = {"estimator": study.estimator.entry.name, "rule": study.rule.entry.name, "scenario": repr(scenario)}
    numbers = {"n": _TRIES - len(designs), "tries": _TRIES}
    raise EstimationError(Message("planning.power.cannot_analyse", **numbers, **names, reason=reason))


def _estimate_one(design: Design, study: _Study, template: _Template | None) -> tuple[float, float]:
    if template is not None and template.fits(design):
        return study.ends(template.again(design))
    try:
        return study.ends(study.effects(design))
    except (EstimationError, InferenceError):
        return math.nan, math.nan


# --------------------------------------------------------------------------------------------------------- the question


@public_verb
def detectable(
    panel: Panel,
    *,
    cluster: str,
    treated: int | Sequence[int],
    waves: int | Sequence[int | tuple[int, ...]],
    months: int | Sequence[int],
    reps: Draws,
    seed: int,
    offices: int | Sequence[int] | None = None,
    estimator: Estimator = _GROUP_TIME,
    rule: Rule = _BIAS_REDUCED,
    weights: Weighing = "units",
    direction: Direction = "lower",
    power: Share = 0.8,
    level: Level = 0.95,
) -> Power:
    """Return what studies like these could detect, by simulation from a past without treatment.

    Each draw takes whole clusters with replacement and one window of consecutive months for all of them, so that
    serial correlation, seasons and common shocks stay as they were; gives the first of them the training dates of the
    scenario; and makes the interval of the effect, which is none. Where a study is longer than the past, windows are
    laid end to end at the same season: the correlation across the seam is lost, and a warning says so.

    The effect is a constant in the unit of the outcome, the same in every treated cell. Then the draws without effect
    serve for every size of it: exact for every estimate that moves one for one with a constant on the treated cells
    while its standard error stays. That is tried on a draw for the given estimator and rule, and refused otherwise.

    Parameters
    ----------
    panel
        Cells without any treatment in them: a panel from before the programme, `pre_period` or `never_treated`.
    cluster
        Attribute of the units that is drawn and trained as a whole.
    treated, waves, months, offices
        One number, or several: every combination is a scenario. `offices` is by default the number of clusters of the
        panel. A wave may be a number of waves at even distances, or a tuple of the months before each wave begins.
    reps, seed
        Number of studies drawn for each scenario, and the seed.
    estimator, rule, weights
        How the study would be analysed. What the estimator anticipates is left off a past from `pre_period`, and no
        wave may start before a period that lies ahead of it.
    direction
        The side on which an effect is hoped for: ``"lower"`` for waiting times, ``"higher"`` for shares done in time.
        An effect is seen when the whole interval lies on that side of zero.
    power, level
        How often it is to be seen, and the level of the interval.

    Raises
    ------
    InputError
        A scenario that cannot be, or a share outside 0 to 1.
    DesignError
        The past has a gap, a single cluster, or no attribute of that name.
    EstimationError
        The estimate does not move one for one with a constant effect.

    Notes
    -----
    Burlig, Preonas and Woerman (2020), Journal of Development Economics 144, on simulation from a panel's own past;
    Bloom (1995), Evaluation Review 19, for the closed form that the tests compare with.
    Drawing with replacement from G clusters gives a variance (G - 1) / G times that of the clusters.

    Examples
    --------
    >>> from asn_impact.measures.panel import read_panel
    >>> past = pd.DataFrame([(o, m, (7 * o * m + o) % 5) for o in range(8) for m in range(202301, 202313)],
    ...                     columns=["office", "month", "days"])
    >>> plan = detectable(read_panel(past, unit="office", period="month", outcome="days"),
    ...                   cluster="office", treated=4, waves=1, months=12, reps=40, seed=1)
    >>> plan
    Power(days: 1 scenario of 40 draws; seen in 80% of studies at level 0.95)
    """
    panel, notes = _leave_off(panel, estimator.anticipation)
    past = _past(panel, cluster, weights)
    scenarios = _scenarios(offices if offices is not None else len(past.members), treated, waves, months)
    for scenario in scenarios:
        _refuse_early(scenario, estimator.anticipation)
    study = _Study(estimator, rule, level)
    ends, said = [], [*notes, *_seams(panel.timeline, scenarios)]
    for scenario in scenarios:
        intervals, without = _intervals(past, scenario, study, _count(reps, scenario), seed)
        ends.append(intervals)
        if without > _TOO_OFTEN * reps:
            said.append(Alert("planning.power.without_interval", n=without, reps=reps, scenario=repr(scenario)))
    return Power(
        panel=panel,
        scenarios=scenarios,
        ends=np.stack(ends),
        estimator=estimator,
        rule=rule,
        direction=direction,
        power=power,
        level=level,
        seed=seed,
        notes=tuple(said),
    )


def _refuse_early(scenario: Scenario, anticipation: int) -> None:
    if scenario.starts[0] <= anticipation:
        raise InputError(Message("planning.power.early_wave", start=scenario.starts[0], anticipation=anticipation))


def _count(reps: int, scenario: Scenario) -> Iterable[int]:
    """Count to `reps`; on a terminal, and nowhere else, with a bar where it takes longer than two seconds."""
    from tqdm import tqdm  # not tqdm.auto, whose bar in a notebook is an output that differs from run to run

    words = f"{scenario.treated} of {scenario.offices} offices, {scenario.months} months"
    return tqdm(range(reps), desc=words, delay=2, leave=False, disable=None)


def _scenarios(
    offices: int | Sequence[int],
    treated: int | Sequence[int],
    waves: int | Sequence[int | tuple[int, ...]],
    months: int | Sequence[int],
) -> tuple[Scenario, ...]:
    several: tuple[Sequence[Any], ...] = tuple(
        value if isinstance(value, Sequence) else (value,) for value in (offices, treated, waves, months)
    )
    if not all(len(values) for values in several):
        raise InputError(Message("planning.power.empty_list"))
    return tuple(
        Scenario(o, t, tuple(w), m)
        if isinstance(w, Sequence)
        else Scenario.even(offices=o, treated=t, waves=w, months=m)
        for o, t, w, m in itertools.product(*several)
    )


def _seams(line: Timeline, scenarios: Sequence[Scenario]) -> tuple[Message, ...]:
    longest = max(scenario.months for scenario in scenarios)
    if longest <= len(line):
        return ()
    seasonal = _PER_YEAR.get(line.kind, len(line) + 1) <= len(line)
    season = Message("planning.power.same_season" if seasonal else "planning.power.no_season")
    return (Alert("planning.power.seam", periods=len(line), longest=longest, season=season),)


# ----------------------------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True, eq=False)
class Power:
    """What planned studies could detect.

    Attributes
    ----------
    panel
        The past that was drawn from.
    scenarios
        The S studies.
    ends
        (S, R, 2) lower and upper ends of the intervals of R studies without an effect; NaN where a study has none.
    estimator, rule, direction, power, level, seed
        As asked for.
    notes
        What was assumed.
    """

    panel: Panel
    scenarios: tuple[Scenario, ...]
    ends: Float
    estimator: Estimator
    rule: Rule
    direction: Direction
    power: float
    level: float
    seed: int
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", readonly(np.asarray(self.ends, dtype=np.float64)))

    @property
    def _needed(self) -> Float:
        """(S, R) size above which an effect is seen in each draw, sorted; infinite where it never is."""
        reach = self.ends[:, :, 1] if self.direction == "lower" else -self.ends[:, :, 0]
        return np.sort(np.where(np.isnan(reach), np.inf, reach), axis=1)

    def table(self, effects: Sequence[float]) -> pd.DataFrame:
        """Return the power at each size of the effect: one row a scenario and size.

        Columns: offices, treated, waves, months, effect (signed, in the unit of the outcome), power (share of studies
        whose interval lies wholly on the side of the effect), monte_carlo_error (standard error of that share).
        """
        sign = -1 if self.direction == "lower" else 1
        wrong = [effect for effect in effects if not (math.isfinite(effect) and sign * effect >= 0)]
        if wrong:
            raise InputError(Message("planning.power.wrong_side", effects=map(repr, wrong), direction=self.direction))
        rows = []
        for scenario, needed in zip(self.scenarios, self._needed, strict=True):
            for effect in effects:
                share = float(np.searchsorted(needed, abs(effect), side="left")) / len(needed)
                rows.append({**_numbers_of(scenario), "effect": float(effect), **_share(share, len(needed))})
        return pd.DataFrame(rows)

    def minimum(self) -> pd.DataFrame:
        """Return the minimum detectable effect of each scenario, one row each.

        Columns: offices, treated, waves, months, effect (signed; NaN where no size is seen often enough), conf_low
        and conf_high (95 % interval of `effect` for Monte-Carlo error, from order statistics), power (of the
        draws at that size), monte_carlo_error, rejected_at_zero (share of studies without effect whose interval leaves
        out zero on either side: to be about 1 - level), draws.
        """
        return pd.DataFrame(self._minimum())

    def _minimum(self) -> list[dict[str, Any]]:
        rows = []
        for scenario, needed, ends in zip(self.scenarios, self._needed, self.ends, strict=True):
            size, low, high = _quantile(needed, self.power)
            sign = -1.0 if self.direction == "lower" else 1.0
            rejected = float(((ends[:, 0] > 0) | (ends[:, 1] < 0)).mean())
            share = float((needed <= size).mean()) if math.isfinite(size) else math.nan
            rows.append(
                {
                    **_numbers_of(scenario),
                    "effect": sign * size if math.isfinite(size) else math.nan,
                    "conf_low": min(sign * low, sign * high),
                    "conf_high": max(sign * low, sign * high),
                    **_share(share, len(needed)),
                    "rejected_at_zero": rejected,
                    "draws": len(needed),
                }
            )
        return rows

    def sentences(self, language: Language) -> tuple[Sentence, ...]:
        """Return one sentence a scenario, in Indonesian (``"id"``) or English (``"en"``); sizes are rounded up."""
        return tuple(statement.text(language) for statement in self.statements())

    def statements(self) -> tuple[Message, ...]:
        """Return what is said of each scenario, before it is said in a language."""
        return tuple(_say(row, i, self) for i, row in enumerate(self._minimum()))

    def __repr__(self) -> str:
        s = len(self.scenarios)
        return (
            f"Power({self.panel.outcome.name}: {s} scenario{'s' if s > 1 else ''} of {self.ends.shape[1]} draws; seen "
            f"in {self.power:.0%} of studies at level {self.level:g})"
        )

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("past", f"{self.panel!r}"),
            ("estimator", self.estimator.name),
            ("inference", self.rule.name),
            *(("note", note) for note in self.notes),
        ]
        return card("Minimum detectable effect", facts, table=self.minimum().round(4))


def _numbers_of(scenario: Scenario) -> dict[str, Any]:
    return {
        "offices": scenario.offices,
        "treated": scenario.treated,
        "waves": scenario.waves,
        "months": scenario.months,
    }


def _share(share: float, draws: int) -> dict[str, object]:
    return {"power": share, "monte_carlo_error": math.sqrt(share * (1 - share) / draws) if share == share else math.nan}


def _quantile(needed: Float, power: float) -> tuple[float, float, float]:
    """Return the size that a share `power` of the sorted draws needs at most, with the ends of a 95 % interval.

    The number of draws below the true quantile is binomial: its 2.5 and 97.5 % points are ranks of the interval.
    """
    draws = len(needed)
    ranks = np.array([power * draws, *(stats.binom.ppf(q, draws, power) for q in (0.025, 0.975))])
    at, low, high = needed[np.clip(np.ceil(ranks - 1e-9), 1, draws).astype(np.int64) - 1]
    return float(at), float(low), float(high)


def _unit(panel: Panel) -> tuple[float, Message | None]:
    """Return what a size is multiplied with where it is said, and its unit; a share is said in percentage points."""
    if panel.outcome.unit == "share":
        return 100.0, Message("planning.points")
    return 1.0, panel.outcome.words.unit if panel.outcome.unit else None


def _round_up(size: float, source: str) -> Quantity:
    """Return a size rounded up to two digits that count: a plan must not promise more than it has."""
    decimals = max(0, 1 - math.floor(math.log10(size))) if size > 0 else 0
    return Quantity(math.ceil(round(size * 10**decimals, 9)) / 10**decimals, source, decimals)


def _say(row: dict[str, Any], at: int, power: Power) -> Message:
    scale, unit = _unit(power.panel)
    hundred = 100 * power.power
    shown = Quantity(hundred, "100 * power.power", 0 if float(hundred).is_integer() else 1)
    plan = {**{name: int(row[name]) for name in ("offices", "treated", "waves", "months")}, "shown": shown}
    if math.isnan(row["effect"]):
        return Message("planning.power.unseen", **plan)
    size = _round_up(abs(row["effect"]) * scale, f"power.minimum().effect[{at}]")
    if unit is None:
        return Message("planning.power.seen_plain", **plan, size=size)
    return Message("planning.power.seen", **plan, size=size, unit=unit)
