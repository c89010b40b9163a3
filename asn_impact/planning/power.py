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
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.designs import Design
from asn_impact.designs.design import Weighing
from asn_impact.display import card
from asn_impact.errors import DataWarning, DesignError, EstimationError, InferenceError, InputError, listed, nearest
from asn_impact.estimation.effects import Contributions, Traces, Effects, Estimator, Overall
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.inference import Rule, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife, bias_reduced, deleted, differences
from asn_impact.measures.panel import Panel
from asn_impact.planning.costs import Language, number
from asn_impact.timeline import Timeline

__all__ = ["Power", "Scenario", "detectable", "never_treated", "pre_period"]

Direction: TypeAlias = Literal["lower", "higher"]

_GROUP_TIME: Final = GroupTime()
_BIAS_REDUCED: Final = BiasReduced()
_SAME: Final = 1e-8  # two ways to the same sums in double precision
_SHIFT: Final = 1e-6  # share of the effect by which an estimate may miss it: rounding, not another estimator
_PER_YEAR: Final = {"month": 12, "quarter": 4}
_TRIES: Final = 20  # draws after which a scenario that gives no two intervals is given up
_TOO_OFTEN: Final = 0.01  # share of draws without an interval from which on a reader must know


# ------------------------------------------------------------------------------------------- the past without treatment


def pre_period(design: Design, *, anticipation: int = 0) -> Panel:
    """Return all units in the periods before the first wave (less `anticipation` periods): a past without treatment.

    Raises
    ------
    DesignError
        Fewer than two periods are left.
    """
    steps = design.panel.timeline.steps
    before = np.flatnonzero(steps < design.cohorts[0] - anticipation)
    if len(before) < 2:
        raise DesignError(
            f"{len(before)} periods lie before the first wave ({design.cohort_label(design.cohorts[0])}, less "
            f"{anticipation} of anticipation). Expected two or more; or use never_treated(design)."
        )
    return _cut(_unweighted(design), np.arange(len(design.adopted)), before, design.panel.timeline.select(before))


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
        raise DesignError(f"{clusters} clusters are never treated. Expected two or more; or use pre_period(design).")
    return _unweighted(design).select(units)


def _unweighted(design: Design) -> Panel:
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

    offices: int
    treated: int
    starts: tuple[int, ...]
    months: int

    def __post_init__(self) -> None:
        for name, value in (("offices", self.offices), ("treated", self.treated), ("months", self.months)):
            if isinstance(value, bool) or value != int(value) or value < 2:
                raise InputError(f"{name}={value!r}. Expected a whole number, 2 or more.")
        if self.treated > self.offices or (self.treated == self.offices and self.waves == 1):
            raise InputError(
                f"{self.treated} of {self.offices} offices in {self.waves} waves leaves nobody to compare with. "
                "Train fewer, or in more waves."
            )
        if not self.starts or list(self.starts) != sorted(set(self.starts)) or self.starts[0] < 1:
            raise InputError(f"Waves start after {self.starts} periods. Expected whole numbers from 1 on, in order.")
        if self.starts[-1] >= self.months:
            raise InputError(f"The last wave starts after {self.starts[-1]} periods; the study has {self.months}.")
        if self.waves > self.treated:
            raise InputError(f"{self.waves} waves for {self.treated} offices. Expected one office a wave or more.")

    @classmethod
    def even(cls, *, offices: int, treated: int, waves: int, months: int) -> Scenario:
        """Return the study with `waves` waves at even distances: wave i of k starts after i / (k + 1) of the months."""
        if isinstance(waves, bool) or waves != int(waves) or waves < 1:
            raise InputError(f"waves={waves!r}. Expected a whole number, 1 or more.")
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

    def drawn(self, scenario: Scenario, rng: np.random.Generator) -> Design:
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
    if cluster not in panel.attributes.columns:
        raise DesignError(
            f"cluster={cluster!r} is not a unit attribute. Available: {listed(panel.attributes.columns, 20)}."
            f"{nearest(cluster, panel.attributes.columns)}"
        )
    if (np.diff(panel.timeline.steps) != 1).any():
        late = panel.timeline.labels[int(np.flatnonzero(np.diff(panel.timeline.steps) != 1)[0]) + 1]
        raise DesignError(
            f"The past has a gap before {late}. Seasons and serial correlation need periods without gaps: "
            "take the part after it, or the part before."
        )
    codes, labels = pd.factorize(panel.attributes[cluster])
    members = tuple(np.flatnonzero(codes == c) for c in range(len(labels)))
    if len(members) < 2:
        raise DesignError(f"The past holds {len(members)} clusters by {cluster!r}. Expected two or more to draw from.")
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
    moments: Callable[[Bool], Traces]
    scaled_moments: Callable[[Bool], Traces]
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

    def __init__(self, moments: Callable[[Bool], Traces]) -> None:
        self._moments, self._known = moments, {}  # type: tuple[Callable[[Bool], Traces], dict[bytes, Traces]]

    def __call__(self, groups: Bool) -> Traces:
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
            "moments": _Remembered(plain.traces),
            "scaled_moments": _Remembered(scaled.traces),
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
            raise EstimationError(f"{self.estimator.name} gives {len(effects.terms)} numbers. Power is about one.")
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
            raise EstimationError(
                f"{self.estimator.name} with {self.rule.name} does not move one for one with a constant effect on the "
                f"treated cells (an effect of {size:.4g} moved the interval from {low:.4g}, {high:.4g} to "
                f"{ends[0]:.4g}, {ends[1]:.4g}). Use an estimator of the mean effect, such as GroupTime()."
            )

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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        trial = _trial(past, scenario, study, rng)
        study.refuse_other_than_shifts(trial[0])
        template = study.template(trial)
        ends = np.array([_one(past.drawn(scenario, rng), study, template) for _ in reps])
    return ends, int(np.isnan(ends).any(axis=1).sum())


def _trial(past: _Past, scenario: Scenario, study: _Study, rng: np.random.Generator) -> list[Design]:
    """Return two draws that have an interval, or say why there are none."""
    found: list[Design] = []
    reason = "no interval"
    for _ in range(_TRIES):
        design = past.drawn(scenario, rng)
        try:
            if np.isfinite(study.ends(study.effects(design))).all():
                found.append(design)
        except (EstimationError, InferenceError) as problem:
            reason = str(problem)
        if len(found) == 2:
            return found
    raise EstimationError(
        f"{_TRIES - len(found)} of {_TRIES} draws of {scenario!r} cannot be analysed with {study.estimator.name} and "
        f"{study.rule.name}: {reason}"
    )


def _one(design: Design, study: _Study, template: _Template | None) -> tuple[float, float]:
    if template is not None and template.fits(design):
        return study.ends(template.again(design))
    try:
        return study.ends(study.effects(design))
    except (EstimationError, InferenceError):
        return math.nan, math.nan


# --------------------------------------------------------------------------------------------------------- the question


def detectable(
    panel: Panel,
    *,
    cluster: str,
    treated: int | Sequence[int],
    waves: int | Sequence[int | tuple[int, ...]],
    months: int | Sequence[int],
    reps: int,
    seed: int,
    offices: int | Sequence[int] | None = None,
    estimator: Estimator = _GROUP_TIME,
    rule: Rule = _BIAS_REDUCED,
    weights: Weighing = "units",
    direction: Direction = "lower",
    power: float = 0.8,
    level: float = 0.95,
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
        How the study would be analysed.
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
    for name, share in (("power", power), ("level", level)):
        if not 0 < share < 1:
            raise InputError(f"{name}={share!r}. Expected a share between 0 and 1.")
    if isinstance(reps, bool) or reps < 20:
        raise InputError(f"reps={reps!r}. Expected a whole number of draws, 20 or more.")
    if direction not in ("lower", "higher"):
        raise InputError(f"direction={direction!r}. Expected 'lower' or 'higher'.")
    past = _past(panel, cluster, weights)
    scenarios = _scenarios(offices if offices is not None else len(past.members), treated, waves, months)
    study = _Study(estimator, rule, level)
    ends, notes = [], list(_seams(panel.timeline, scenarios))
    for scenario in scenarios:
        found, without = _intervals(past, scenario, study, _counted(reps, scenario), seed)
        ends.append(found)
        if without > _TOO_OFTEN * reps:
            notes.append(f"{without} of {reps} draws of {scenario!r} have no interval and count as not seen.")
    for note in notes:
        warnings.warn(note, DataWarning, stacklevel=2)
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
        notes=tuple(notes),
    )


def _counted(reps: int, scenario: Scenario) -> Iterable[int]:
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
        raise InputError("A list of offices, treated, waves or months is empty. Expected one number or several.")
    return tuple(
        Scenario(o, t, tuple(w), m)
        if isinstance(w, Sequence)
        else Scenario.even(offices=o, treated=t, waves=w, months=m)
        for o, t, w, m in itertools.product(*several)
    )


def _seams(line: Timeline, scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    longest = max(scenario.months for scenario in scenarios)
    if longest <= len(line):
        return ()
    season = (
        "at the same season"
        if _PER_YEAR.get(line.kind, len(line) + 1) <= len(line)
        else "without regard to seasons (the past is shorter than a year)"
    )
    return (
        f"The past has {len(line)} periods, a study up to {longest}: its windows are laid end to end {season}. Noise "
        "that lasts longer than the past is missing from the draws, so the smallest effects may be understated.",
    )


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
        What was assumed, in sentences.
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
    notes: tuple[str, ...] = ()

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
            raise InputError(f"effects {listed(wrong)} do not go with direction={self.direction!r}.")
        rows = []
        for scenario, needed in zip(self.scenarios, self._needed, strict=True):
            for effect in effects:
                share = float(np.searchsorted(needed, abs(effect), side="left")) / len(needed)
                rows.append({**_named(scenario), "effect": float(effect), **_share(share, len(needed))})
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
                    **_named(scenario),
                    "effect": sign * size if math.isfinite(size) else math.nan,
                    "conf_low": min(sign * low, sign * high),
                    "conf_high": max(sign * low, sign * high),
                    **_share(share, len(needed)),
                    "rejected_at_zero": rejected,
                    "draws": len(needed),
                }
            )
        return rows

    def sentences(self, language: Language) -> tuple[str, ...]:
        """Return one sentence a scenario, in Indonesian (``"id"``) or English (``"en"``); sizes are rounded up."""
        scale, unit = _unit(self.panel.outcome.unit, language)
        rows = self._minimum()
        return tuple(_sentence(row, scale, unit, self.power, language) for row in rows)

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


def _named(scenario: Scenario) -> dict[str, Any]:
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


_UNITS: Final = {
    "working days": {"id": "hari kerja", "en": "working days"},
    "calendar days": {"id": "hari kalender", "en": "calendar days"},
    "share": {"id": "poin persen", "en": "percentage points"},
    "applications": {"id": "permohonan", "en": "applications"},
}


def _unit(unit: str, language: Language) -> tuple[float, str]:
    return (100.0 if unit == "share" else 1.0), _UNITS.get(unit, {"id": unit, "en": unit})[language]


def _rounded_up(size: float) -> tuple[float, int]:
    """Return a size rounded up to two digits that count, and its decimals: a plan must not promise more than it has."""
    decimals = max(0, 1 - math.floor(math.log10(size))) if size > 0 else 0
    return math.ceil(round(size * 10**decimals, 9)) / 10**decimals, decimals


def _sentence(row: dict[str, Any], scale: float, unit: str, power: float, language: Language) -> str:
    offices, treated, waves, months = (int(row[name]) for name in ("offices", "treated", "waves", "months"))
    shown = number(100 * power, 0 if float(100 * power).is_integer() else 1, language)
    plan = {
        "id": f"Dengan {treated} dari {offices} kantor dilatih dalam {waves} gelombang dan {months} bulan,",
        "en": f"With {treated} of {offices} offices in {waves} wave{'s' if waves > 1 else ''} and {months} months,",
    }[language]
    if math.isnan(row["effect"]):
        return {
            "id": f"{plan} tidak ada ukuran efek yang akan terlihat dalam {shown} dari 100 studi.",
            "en": f"{plan} no size of effect would be seen in {shown} of 100 studies.",
        }[language]
    size, decimals = _rounded_up(abs(row["effect"]) * scale)
    said = f"{number(size, decimals, language)}{f' {unit}' if unit else ''}"
    return {
        "id": f"{plan} efek sebesar {said} akan terlihat dalam {shown} dari 100 studi.",
        "en": f"{plan} an effect of {said} would be seen in {shown} of 100 studies.",
    }[language]
