"""A past without treatment, the model of its noise, and the studies that are drawn from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import AtLeast, Steps, Times, check_fields
from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.designs.design import Weighing, attribute
from asn_impact.errors import DesignError, InputError
from asn_impact.estimation.working import Working, choose_working, project, roots
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message

Several: TypeAlias = Annotated[int, AtLeast(2)]

_BEFORE: Final = "planning.power.before_training"  # the note of `pre_period`
PER_YEAR: Final = {"month": 12, "quarter": 4}
_FEW: Final = 0.5  # degrees of freedom below which a cluster says nothing of its own scale


@public_verb
def pre_period(design: Design, *, anticipation: Steps = 0) -> Panel:
    """Return all units in the periods before the first wave (less `anticipation` periods): a past without treatment.

    Its notes say how many periods were left off, so that `detectable` leaves off what its estimator anticipates beyond.

    Raises
    ------
    DesignError
        Fewer than two periods are left.

    Examples
    --------
    >>> import asn_impact as ai
    >>> pre_period(ai.example_design())
    Panel(restricted_mean_30: 12 units x 5 periods, 2024-01 to 2024-05)
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

    Examples
    --------
    >>> import asn_impact as ai
    >>> never_treated(ai.example_design())
    Panel(restricted_mean_30: 6 units x 12 periods, 2024-01 to 2024-12)
    """
    units = np.flatnonzero(np.isinf(design.adopted))
    if (clusters := len(np.unique(design.cluster[units]))) < 2:
        raise DesignError(Message("planning.power.few_never_treated", n=clusters))
    return _unweight(design).select(units)


def _unweight(design: Design) -> Panel:
    """Return the panel with its own weights: `assign(weights="records")` multiplied them by the records."""
    if design.weights == "units":
        return design.panel
    n = design.panel.records
    weight = np.divide(design.panel.weight, n, out=np.zeros_like(n), where=n > 0)
    return replace(design.panel, weight=weight)


def _cut(panel: Panel, units: Int, periods: Int, timeline: Timeline) -> Panel:
    """Return some units and periods of a panel, by position and as often as named, on a given timeline."""
    cells = np.ix_(units, periods)
    return replace(
        panel,
        units=tuple(range(len(units))),
        timeline=timeline,
        **{name: getattr(panel, name)[cells] for name in ("n", "mean", "weight", "within", "x")},
        stands_for=panel.stands_for[cells] if panel.stands_for.size else panel.stands_for,
        attributes=panel.attributes.iloc[units].reset_index(drop=True),
    )


def leave_off(panel: Panel, anticipation: int) -> tuple[Panel, tuple[Message, ...]]:
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


@dataclass(frozen=True)
class Scenario(Guided):
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
class Past:
    """What a past says of studies to come: its cells to draw from, and a model of the noise in them.

    The noise of a unit is ``scale * root(V) z``, with V the working covariance of `GLSImputation` fitted to the past.
    """

    panel: Panel  #: the past
    members: tuple[Int, ...]  #: positions of the units of each cluster
    working: Working  #: the working covariance: chosen by restricted likelihood from all cells
    scale: Float  #: (G,) standard deviation of each cluster in terms of that covariance
    alike: float  #: correlation of the noise of two units of one cluster
    #: (U,) and (T,) effects of units and periods.
    level: Float
    season: Float
    #: Of the studies.
    clustered_by: str
    weights: Weighing

    @property
    def span(self) -> int:
        """Steps from the first period to the last, both counted."""
        return int(self.panel.timeline.steps[-1] - self.panel.timeline.steps[0]) + 1

    @property
    def alike_in_size(self) -> bool:
        """Whether all cells are seen, count alike and rest on as many records: then every study has the same cells."""
        n, weight = self.panel.n, self.panel.weight
        return bool(self.panel.observed.all() and np.ptp(n) == 0 and np.ptp(weight) == 0 and len(self.panel.x.T) == 0)

    def draw(self, scenario: Scenario, rng: np.random.Generator) -> Design:
        """Return a study without effect and without noise: clusters and a run of months drawn with replacement."""
        positions = rng.integers(0, len(self.members), scenario.offices)
        units = np.concatenate([self.members[c] for c in positions])
        cluster = np.repeat(np.arange(scenario.offices), [len(self.members[c]) for c in positions])
        line = self.panel.timeline
        periods = window(line, scenario.months, rng)
        ordinals = line.ordinals[periods[0]] + line.step * np.arange(scenario.months)
        panel = _cut(self.panel, units, periods, Timeline(line.kind, ordinals))
        panel = replace(panel, mean=np.where(panel.observed, self.level[units][:, None] + self.season[periods], np.nan))
        if self.weights == "records":
            panel = replace(panel, weight=panel.weight * panel.records)
        return Design(
            panel=panel,
            adopted=scenario.adopted()[cluster],
            cluster=cluster,
            clusters=tuple(range(scenario.offices)),
            clustered_by=self.clustered_by,
            weights=self.weights,
        )

    def draw_noise(self, design: Design, histories: int, treated_noise: float, rng: np.random.Generator) -> Float:
        """(R, U, T) noise of the cells of a design, each cluster's scale drawn with replacement in every history."""
        u, t = design.panel.mean.shape
        own = rng.standard_normal((histories, u, t))
        shared = rng.standard_normal((histories, len(design.clusters), t))[:, design.cluster]
        scale = self.scale[rng.integers(0, len(self.scale), (histories, len(design.clusters)))]
        scale = scale[:, design.cluster] * np.where(np.isfinite(design.adopted), treated_noise, 1.0)
        drawn = np.sqrt(1 - self.alike) * own + np.sqrt(self.alike) * shared
        return np.asarray(
            np.einsum("uts,rus->rut", self._roots(design.panel), drawn, optimize=True) * scale[:, :, None]
        )

    def held(self, months: int) -> tuple[float, float]:
        """Return correlation and ratio of the working covariance for a study of other length; a random walk grows."""
        rho, ratio = self.working.correlation, self.working.ratio
        return rho, ratio * months / self.span if rho == 1.0 else ratio

    def _roots(self, panel: Panel) -> Float:
        """(U, T, T) roots of the covariance of each unit's cells."""
        steps = np.asarray(panel.timeline.steps, dtype=np.float64)
        shocks = self.working.shocks(steps)
        if self.working.correlation == 1.0:
            shocks = shocks * len(steps) / self.span
        return roots(shocks, self.working.noise(panel.n))


def past_of(panel: Panel, cluster: str, weights: Weighing) -> Past:
    """Return the model of a panel's noise, and its cells to draw from, by cluster.

    Raises
    ------
    DesignError
        There is no such attribute, a gap between periods, or a single cluster; no two periods of any unit.
    """
    labelled = attribute(panel, cluster, "designs.no_cluster")
    if (np.diff(panel.timeline.steps) != 1).any():
        late = panel.timeline.labels[int(np.flatnonzero(np.diff(panel.timeline.steps) != 1)[0]) + 1]
        raise DesignError(Message("planning.power.gap", period=late))
    codes, labels = pd.factorize(labelled)
    members = tuple(np.flatnonzero(codes == c) for c in range(len(labels)))
    if len(members) < 2:
        raise DesignError(Message("planning.power.few_clusters", n=len(members), name=cluster))
    return _fit(panel, members, cluster, weights)


def _fit(panel: Panel, members: tuple[Int, ...], cluster: str, weights: Weighing) -> Past:
    """Return the past with its working covariance, the scale of each cluster and the effects of units and periods."""
    steps, seen = np.asarray(panel.timeline.steps, dtype=np.float64), panel.observed
    outcome = np.where(seen, panel.mean, 0.0)
    outcome = np.where(seen, outcome - outcome.sum() / seen.sum(), 0.0)
    working = choose_working(outcome, seen, panel.n, steps)
    shocks, noise = working.shocks(steps), working.noise(panel.n)
    within = project(seen, shocks, noise).within
    inverse = np.linalg.pinv(within.sum(axis=0), hermitian=True)
    season = inverse @ np.einsum("uts,us->t", within, outcome)
    rest = np.where(seen, outcome - season, 0.0)
    square = np.einsum("ut,uts,us->u", rest, within, rest)
    df = np.maximum(seen.sum(axis=1) - 1, 0) - np.einsum("ts,uts->u", inverse, within)
    squares, dfs = (np.array([part[m].sum() for m in members]) for part in (square, df))
    if not (dfs > _FEW).any():
        raise DesignError(Message("planning.power.no_noise"))
    scale = np.sqrt(np.maximum(squares[dfs > _FEW], 0.0) / dfs[dfs > _FEW])
    level = np.divide(rest.sum(axis=1), seen.sum(axis=1), out=np.zeros(len(rest)), where=seen.any(axis=1))
    level = level + float(panel.mean[seen].mean())
    alike = _likeness(
        np.where(seen, rest - (rest.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None], 0.0), members
    )
    return Past(panel, members, working, scale, alike, level, season, cluster, weights)


def _likeness(rest: Float, members: tuple[Int, ...]) -> float:
    """Return how far the noise of two units of one cluster moves together, period by period; 0 without such pairs."""
    common = pairs = 0.0
    for units in members:
        own = rest[units]
        square = float((own**2).sum())
        common += float((own.sum(axis=0) ** 2).sum()) - square
        pairs += (len(units) - 1) * square
    return float(np.clip(common / pairs, 0.0, 1.0)) if pairs > 0 else 0.0


def window(line: Timeline, months: int, rng: np.random.Generator) -> Int:
    """(months,) positions of a run of periods; where the past is too short, runs of it laid end to end.

    A run that follows another begins at the same season where the past holds a full year. Only sizes of cells and
    effects of periods are taken from them: the noise is drawn anew.
    """
    length = len(line)
    if months <= length:
        start = int(rng.integers(0, length - months + 1))
        return np.arange(start, start + months)
    year = PER_YEAR.get(line.kind, length + 1)
    positions = [int(rng.integers(0, length))]
    while len(positions) < months:
        following = positions[-1] + 1
        if following == length:
            following = following % year if year <= length else int(rng.integers(0, length))
        positions.append(following)
    return np.array(positions)
