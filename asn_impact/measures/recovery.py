"""How long offices take to come back after a rule change, and whether trained offices come back sooner.

Each unit is compared with itself: its own months before the shock make a band, and it has recovered in the first month
in which its mean is no longer worse than the band. A unit that is not back when the data, or the time looked at, end
is *censored*: it counts with the months it was followed, and is never dropped.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.display import card
from asn_impact.errors import DataWarning, DesignError, InputError, listed, nearest
from asn_impact.intake.training import Rollout
from asn_impact.measures.panel import Panel

__all__ = ["Recovery", "RecoveryComparison", "ShareBand", "SpreadBand", "compare_recovery", "recovery"]

Worse: TypeAlias = Literal["higher", "lower"]

_LEAST_SHARE = 0.5  # of the months of a band that must have a value


class Band(Protocol):
    """How far from its own usual level a unit may be and still count as usual."""

    @property
    def months(self) -> int:
        """Months before the shock that say what is usual."""

    def width(self, before: Float) -> float:
        """Return the half-width of the band from the values before the shock."""


@dataclass(frozen=True)
class SpreadBand:
    """The unit's own mean plus and minus some standard deviations of its monthly means.

    Parameters
    ----------
    deviations
        How many standard deviations (n - 1).
    months
        Months before the shock.
    """

    deviations: float
    months: int

    def __post_init__(self) -> None:
        _require_band(self.deviations, self.months, least=2)

    def width(self, before: Float) -> float:
        """Return deviations times the standard deviation."""
        return self.deviations * float(before.std(ddof=1))


@dataclass(frozen=True)
class ShareBand:
    """The unit's own mean plus and minus a share of it.

    Parameters
    ----------
    share
        0.1 for 10 per cent.
    months
        Months before the shock.
    """

    share: float
    months: int

    def __post_init__(self) -> None:
        _require_band(self.share, self.months, least=1)

    def width(self, before: Float) -> float:
        """Return the share of the mean's size."""
        return self.share * abs(float(before.mean()))


def _require_band(reach: float, months: int, *, least: int) -> None:
    if not reach > 0 or not np.isfinite(reach):
        raise InputError(f"The band reaches {reach!r}; expected a number above 0.")
    if not isinstance(months, int) or isinstance(months, bool) or months < least:
        raise InputError(f"months={months!r}; expected a whole number of months, {least} or more.")


@dataclass(frozen=True, eq=False)
class Recovery:
    """When each unit came back inside its own band.

    Attributes
    ----------
    panel : Panel
    at : int
        Position of the month of the shock.
    within : int
        Months looked at, from the month of the shock on.
    band, worse
        As asked for.
    months : array
        (U,) months from the shock to the first month back, 0 for a unit that never left its band in the month of the
        shock; for a unit that did not come back the months it was followed. NaN without a band.
    recovered : array
        (U,) True for units that came back; False: censored, or no band.
    usual, limit : array
        (U,) own mean before the shock, and the worst value that still counts as usual.
    worst : array
        (U,) how far beyond the limit the unit went at most; 0 for a unit that stayed inside.
    reasons : tuple of str
        (U,) why a unit has no band; empty for the others.
    notes : tuple of str
    """

    panel: Panel
    at: int
    within: int
    band: Band
    worse: Worse
    months: Float
    recovered: Bool
    usual: Float
    limit: Float
    worst: Float
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("months", "recovered", "usual", "limit", "worst"):
            object.__setattr__(self, name, readonly(np.asarray(getattr(self, name))))

    @property
    def followed(self) -> int:
        """Months that could be looked at: `within`, or fewer where the panel ends before."""
        return min(self.within, _distance(self.panel, self.at, len(self.panel.timeline) - 1) + 1)

    def frame(self) -> pd.DataFrame:
        """Return one row a unit: unit, months, recovered, usual, limit, worst, reason."""
        return pd.DataFrame(
            {
                "unit": list(self.panel.units),
                "months": self.months,
                "recovered": self.recovered,
                "usual": self.usual,
                "limit": self.limit,
                "worst": self.worst,
                "reason": self.reasons,
            }
        )

    def __repr__(self) -> str:
        known = np.isfinite(self.months)
        label = self.panel.timeline.labels[self.at]
        back = int(self.recovered.sum())
        return (
            f"Recovery({self.panel.outcome.name} after {label}: {back} of {int(known.sum())} units back within "
            f"{self.followed} months, {int(known.sum()) - back} censored)"
        )

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("band", self.band), ("worse", self.worse)]
        return card(repr(self), [*facts, *(("note", n) for n in self.notes)], table=self.frame().round(2))


def recovery(panel: Panel, *, at: object, band: Band, worse: Worse, within: int, stays: int = 1) -> Recovery:
    """Return for each unit the months until its mean is back inside its own band of before the shock.

    The time runs from the month of the shock. A unit is back in the first month, from the month of the shock on, whose
    mean is no worse than the limit of the band, and stays so for `stays` months; being better than the band is no
    departure. A month without a value counts as not yet back.

    Parameters
    ----------
    panel
        From `tabulate` or `read_panel`, by month.
    at
        Month of the shock: ``"2025-06"``, a date, a `pandas.Period`.
    band
        `SpreadBand` or `ShareBand`: what is usual.
    worse : {"higher", "lower"}
        ``"higher"`` for waits and complaints, ``"lower"`` for satisfaction and shares in time.
    within
        Months looked at. Units not back by then are censored.
    stays
        Consecutive months that must be inside; one lucky month does not make a recovery of 2.

    Raises
    ------
    InputError
        The panel has too few months before the shock, or none from it on, or is not by month.

    Warns
    -----
    DataWarning
        The panel ends before `within`; units have no band; units have months without a value.

    Notes
    -----
    The month of the shock is often treated in part; give the first month in which the rule was in force. All units must
    be mature for the outcome (`tabulate` sees to that), or late months look quick.

    Examples
    --------
    >>> from asn_impact.measures.panel import read_panel
    >>> months = [f"2024-{m:02d}" for m in range(1, 9)]
    >>> frame = pd.DataFrame({"office": "O1", "month": months, "days": [10, 11, 10, 11, 20, 16, 11, 10.0]})
    >>> recovery(read_panel(frame, unit="office", period="month", outcome="days"), at="2024-05",
    ...          band=ShareBand(0.1, months=4), worse="higher", within=4).months
    array([2.])
    """
    position = _position(panel, at)
    _require_choices(worse, within, stays)
    before, followed = _window(panel, position, band, within)
    reasons, usual, width = _bands(panel.mean[:, before], band)
    sign = 1.0 if worse == "higher" else -1.0
    beyond = sign * (panel.mean[:, followed] - usual[:, None]) - width[:, None]  # (U, F), above 0: worse than usual
    months, back = _returns(beyond, _distances(panel, position, followed), stays)
    known = np.isfinite(width)
    notes = _notes(panel, followed, reasons, within, _distance(panel, position, int(followed[-1])) + 1)
    if notes:
        warnings.warn(f"recovery: {' '.join(notes)}", DataWarning, stacklevel=2)
    deepest = np.nanmax(np.where(np.isfinite(beyond), beyond, 0.0), axis=1)
    return Recovery(
        panel=panel,
        at=position,
        within=within,
        band=band,
        worse=worse,
        months=np.where(known, months, np.nan),
        recovered=back & known,
        usual=usual,
        limit=usual + sign * width,
        worst=np.where(known, np.maximum(deepest, 0.0), np.nan),
        reasons=reasons,
        notes=(*panel.notes, *notes),
    )


def _position(panel: Panel, at: object) -> int:
    """Return the position of the month of the shock: the first month of the panel that is not before it."""
    if panel.timeline.kind != "month":
        raise InputError(f"The panel is by {panel.timeline.kind}; recovery is counted in months. Tabulate by month.")
    steps = panel.timeline.locate([at])[0]
    if not np.isfinite(steps[0]):
        raise InputError(f"The shock ({at}) lies after the last month of the panel ({panel.timeline.labels[-1]}).")
    position = int(np.searchsorted(panel.timeline.steps, steps[0]))
    if position == 0:
        raise InputError(f"The shock ({at}) lies in or before the first month ({panel.timeline.labels[0]}): no before.")
    return position


def _require_choices(worse: str, within: int, stays: int) -> None:
    if worse not in ("higher", "lower"):
        raise InputError(f"worse={worse!r}. Expected 'higher' (waits) or 'lower' (satisfaction).")
    for name, number in (("within", within), ("stays", stays)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise InputError(f"{name}={number!r}. Expected a whole number of months, 1 or more.")


def _distance(panel: Panel, start: int, end: int) -> int:
    return int(panel.timeline.ordinals[end] - panel.timeline.ordinals[start])


def _distances(panel: Panel, start: int, positions: Int) -> Int:
    return np.asarray(panel.timeline.ordinals[positions] - panel.timeline.ordinals[start], dtype=np.int64)


def _window(panel: Panel, position: int, band: Band, within: int) -> tuple[Int, Int]:
    """Return the positions of the months of the band, and of the months looked at."""
    away = panel.timeline.ordinals - panel.timeline.ordinals[position]
    before = np.flatnonzero((away < 0) & (away >= -band.months))
    if len(before) < max(_LEAST_SHARE * band.months, 1):
        raise InputError(
            f"The band asks for {band.months} months before {panel.timeline.labels[position]}, the panel has "
            f"{len(before)}. Use fewer months, or a panel that begins earlier."
        )
    return before, np.flatnonzero((away >= 0) & (away < within))


def _bands(before: Float, band: Band) -> tuple[tuple[str, ...], Float, Float]:
    """Return by unit the reason why there is no band, the mean before and the half-width of the band."""
    usual, width = np.full(len(before), np.nan), np.full(len(before), np.nan)
    reasons = []
    for unit, row in enumerate(before):
        seen = row[np.isfinite(row)]
        if len(seen) < max(_LEAST_SHARE * band.months, 2):
            reasons.append(f"{len(seen)} of {band.months} months before the shock have a value")
            continue
        usual[unit], width[unit] = float(seen.mean()), band.width(seen)
        reasons.append("")
    return tuple(reasons), usual, width


def _returns(beyond: Float, distance: Int, stays: int) -> tuple[Float, Bool]:
    """Return (U,) months until the first run of `stays` months inside, and whether there is one.

    A run that is not over when the data end says neither: the unit is censored in the month it began.
    """
    inside = np.nan_to_num(beyond, nan=1.0) <= 0
    months, back = np.empty(len(inside)), np.zeros(len(inside), dtype=np.bool_)
    for unit, row in enumerate(inside):
        run = 0
        months[unit] = distance[-1] + 1
        for t, is_in in enumerate(row):
            run = run + 1 if is_in else 0
            if run == stays:
                months[unit], back[unit] = distance[t - stays + 1], True
                break
        if not back[unit] and run:
            months[unit] = distance[len(row) - run]
    return months, back


def _notes(panel: Panel, followed: Int, reasons: tuple[str, ...], within: int, seen: int) -> list[str]:
    notes = []
    if seen < within:
        notes.append(
            f"The panel ends {seen} months after the shock, not {within}: units not back by then are censored."
        )
    lacking = [unit for unit, reason in zip(panel.units, reasons, strict=True) if reason]
    if lacking:
        notes.append(f"{len(lacking)} units have too few months before the shock for a band: {listed(lacking)}.")
    empty = int((~np.isfinite(panel.mean[:, followed])).sum())
    if empty:
        notes.append(f"{empty} months after the shock have no value and count as not yet back.")
    return notes


# --- trained and untrained units ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RecoveryComparison:
    """Whether trained units come back sooner: difference of restricted mean months, trained less untrained.

    Attributes
    ----------
    recovery : Recovery
    trained : array
        (U,) 1 trained before the shock, 0 untrained, NaN set aside.
    horizon : int
        Months up to which each recovery time counts.
    means : array
        (2,) restricted mean months of untrained and trained.
    estimate, std_error, df : float
        Difference, its error from leaving out clusters one at a time in each group, and Welch's degrees of freedom.
        NaN, with a note that says why, where early censoring leaves a mean unknown.
    p_value : float
        Share of the ways to deal training over the clusters with a difference as large.
    ways : int
        Ways looked at; `exact` says whether they are all.
    exact : bool
    log_rank : float
        p-value of the log-rank test, a second view that takes units as independent. NaN where nobody came back.
    clustered_by : str
    clusters : array
        (2,) untrained and trained clusters.
    notes : tuple of str
    """

    recovery: Recovery
    trained: Float
    horizon: int
    means: Float
    estimate: float
    std_error: float
    df: float
    p_value: float
    ways: int
    exact: bool
    log_rank: float
    clustered_by: str
    clusters: Int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("trained", "means", "clusters"):
            object.__setattr__(self, name, readonly(np.asarray(getattr(self, name))))

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row: term, estimate (months), std_error, statistic, df, p_value, conf_low, conf_high.

        The interval is Welch's, from the errors of the two groups; the p-value is that of the permutation.
        """
        if not 0 < level < 1:
            raise InputError(f"level={level!r}. Expected a share between 0 and 1, for instance 0.95.")
        reach = float(stats.t.ppf((1 + level) / 2, self.df)) * self.std_error
        statistic = self.estimate / self.std_error if self.std_error > 0 else np.nan
        row = {
            "term": f"restricted mean months to recovery, up to {self.horizon}: trained less untrained",
            "estimate": self.estimate,
            "std_error": self.std_error,
            "statistic": statistic,
            "df": self.df,
            "p_value": self.p_value,
            "conf_low": self.estimate - reach,
            "conf_high": self.estimate + reach,
        }
        return pd.DataFrame([row])

    def groups(self) -> pd.DataFrame:
        """Return one row a group: units, clusters, recovered, censored, restricted mean months."""
        rows = []
        for value, name in ((0, "untrained"), (1, "trained")):
            member = self.trained == value
            back = int(self.recovery.recovered[member].sum())
            rows.append(
                {
                    "group": name,
                    "units": int(member.sum()),
                    "clusters": int(self.clusters[value]),
                    "recovered": back,
                    "censored": int(member.sum()) - back,
                    "mean_months": float(self.means[value]),
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return (
            f"RecoveryComparison({self.estimate:+.2f} months up to {self.horizon}, trained less untrained: "
            f"p = {self.p_value:.3g} by permutation, {int(self.clusters.sum())} clusters by {self.clustered_by})"
        )

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("log-rank p", f"{self.log_rank:.3g}"), *(("note", n) for n in self.notes)]
        return card(repr(self), facts, table=self.groups().round(3))


def compare_recovery(found: Recovery, rollout: Rollout, *, cluster: str, reps: int, seed: int) -> RecoveryComparison:
    """Return the difference in restricted mean recovery time between trained and untrained units.

    Trained: from before the month of the shock on. Units trained in or after it, within the months looked at, change
    group on the way and are set aside. The restricted mean is the area under the Kaplan-Meier curve of "not yet back"
    up to the horizon; without early censoring it is the mean of min(months, horizon).

    Parameters
    ----------
    found
        From `recovery`.
    rollout
        From `read_training` or `read_rollout`.
    cluster
        Attribute of the units whose values were trained together; training is dealt over clusters.
    reps, seed
        Permutations, when there are more ways than that to deal the training; and the seed of the draw.

    Raises
    ------
    DesignError
        The rollout names unknown units, a cluster is trained in part, or a group has fewer than two clusters.

    Notes
    -----
    The comparison is between units at one shock: it takes trained and untrained offices as alike but for training, and
    differs from a difference-in-differences in that. Phipson and Smyth (2010): the data are counted among the
    permutations, so that no p-value is 0. Royston and Parmar (2013) on restricted means.
    """
    _require_draws(reps, seed)
    trained, notes = _trained(found, rollout)
    code, labels = _cluster_codes(found.panel, cluster)
    trained = np.where(code < 0, np.nan, trained)
    use = np.flatnonzero(np.isfinite(trained))
    _, own = np.unique(code[use], return_inverse=True)
    group = _of_clusters(trained[use], own, [labels[i] for i in code[use]], cluster)
    horizon = found.followed
    times = np.minimum(found.months[use], horizon)
    back = found.recovered[use] & (found.months[use] < horizon)
    means = np.array([_restricted(times[group[own] == g], back[group[own] == g], horizon) for g in (0, 1)])
    parts = [_deleted(times, back, own, group, g, horizon) for g in (0, 1)]
    error, df = _welch(parts)
    draws, exact = _dealt(group, reps, seed)
    estimate = float(means[1] - means[0])
    p_value, ways = _permutation(times, back, own, draws, estimate, horizon, exact=exact)
    if found.recovered.sum() == 0:
        notes.append("Nobody came back within the horizon: there is nothing to compare.")
    notes += _unknown(means, error, horizon)
    return RecoveryComparison(
        recovery=found,
        trained=trained,
        horizon=horizon,
        means=means,
        estimate=estimate,
        std_error=error,
        df=df,
        p_value=p_value,
        ways=ways,
        exact=exact,
        log_rank=_log_rank(times, back, group[own]),
        clustered_by=cluster,
        clusters=np.array([(group == 0).sum(), (group == 1).sum()]),
        notes=(*found.notes, *notes),
    )


def _unknown(means: Float, error: float, horizon: int) -> list[str]:
    """Say why there is no mean, or no error; nothing where there are both."""
    early = [name for name, mean in zip(("untrained", "trained"), means, strict=True) if np.isnan(mean)]
    if early:
        return [
            f"The mean up to {horizon} months of the {' and '.join(early)} units is not known: nobody among them was "
            f"followed that long without coming back (a run of good months that is not over when the data end counts "
            f"from its beginning). Use a smaller within in recovery(), or stays=1."
        ]
    if np.isnan(error):
        return [
            "There is no standard error: without one of its clusters the mean of a group is not known so far, or all "
            "clusters of both groups are alike. The p-value needs none."
        ]
    return []


def _require_draws(reps: int, seed: int) -> None:
    for name, number, least in (("reps", reps, 1), ("seed", seed, 0)):
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise InputError(f"{name}={number!r}. Expected a whole number, {least} or more.")


def _trained(found: Recovery, rollout: Rollout) -> tuple[Float, list[str]]:
    """(U,) 1 trained before the shock, 0 not in the months looked at, NaN set aside; and who was."""
    panel = found.panel
    given = dict(zip(rollout.adopted.index.tolist(), rollout.adopted.tolist(), strict=True))
    strangers = [unit for unit in given if unit not in {*panel.units, *panel.unusable}]
    if strangers:
        close = nearest(str(strangers[0]), panel.units)
        raise DesignError(
            f"{len(strangers)} units in the rollout are not in the panel, first: {listed(strangers)}.{close}"
        )
    steps = panel.timeline.locate([given.get(unit) for unit in panel.units])[0]
    shock = float(panel.timeline.steps[found.at])
    end = shock + (found.followed - 1) / panel.timeline.step
    trained = np.where(steps < shock, 1.0, np.where(steps > end, 0.0, np.nan))
    between = [panel.units[i] for i in np.flatnonzero(np.isnan(trained))]
    notes = []
    if between:
        notes.append(f"{len(between)} units were trained in the months looked at and are set aside: {listed(between)}.")
    unknown = np.isnan(found.months) & np.isfinite(trained)
    if unknown.any():
        names = [panel.units[i] for i in np.flatnonzero(unknown)]
        notes.append(f"{len(names)} units without a band are set aside: {listed(names)}.")
    return np.where(np.isnan(found.months), np.nan, trained), notes


def _cluster_codes(panel: Panel, cluster: str) -> tuple[Int, list[Hashable]]:
    if cluster not in panel.attributes.columns:
        known = panel.attributes.columns
        raise DesignError(
            f"cluster={cluster!r} is not a unit attribute. Available: {listed(known, 20)}.{nearest(cluster, known)}"
        )
    codes, labels = pd.factorize(panel.attributes[cluster])
    return codes.astype(np.int64), list(labels)


def _of_clusters(trained: Float, own: Int, names: list[Hashable], cluster: str) -> Int:
    """(G,) the group of each cluster; a cluster trained in part has none."""
    size = np.bincount(own)
    share = np.bincount(own, weights=trained) / np.maximum(size, 1)
    if ((share > 0) & (share < 1)).any():
        part = sorted({str(names[i]) for i in np.flatnonzero((share[own] > 0) & (share[own] < 1))})
        raise DesignError(
            f"{len(part)} clusters by {cluster!r} are trained in part, first: {listed(part)}. Cluster finer."
        )
    group = share.round().astype(np.int64)
    for value, name in ((0, "untrained"), (1, "trained")):
        if (group == value).sum() < 2:
            raise DesignError(
                f"{int((group == value).sum())} cluster by {cluster!r} is {name} at the shock. A comparison needs two "
                f"or more on both sides."
            )
    return group


def _restricted(times: Float, back: Bool, horizon: int) -> float:
    """Area under the Kaplan-Meier curve of "not yet back" from 0 to the horizon; NaN where it is not known so far."""
    if (back.all() or (times[~back] >= horizon).all()) and len(times):
        return float(np.minimum(times, horizon).mean())
    area, alive, last = 0.0, 1.0, 0.0
    for time in np.unique(times[back]):
        area += alive * (time - last)
        alive *= 1 - ((times == time) & back).sum() / (times >= time).sum()
        last = float(time)
    if alive > 0 and times.max(initial=0.0) < horizon:
        return float("nan")
    return area + alive * (horizon - last)


def _deleted(times: Float, back: Bool, own: Int, group: Int, value: int, horizon: int) -> Float:
    """Restricted means of one group with each of its clusters left out."""
    member = group[own] == value
    clusters = np.flatnonzero(group == value)
    return np.array([_restricted(times[member & (own != c)], back[member & (own != c)], horizon) for c in clusters])


def _welch(parts: list[Float]) -> tuple[float, float]:
    """Return the standard error and the degrees of freedom of a difference from the deleted means of both groups."""
    sizes = np.array([len(p) for p in parts])
    variance = np.array([(n - 1) / n * ((p - p.mean()) ** 2).sum() for n, p in zip(sizes, parts, strict=True)])
    total = float(variance.sum())
    if not total > 0:
        return (float("nan"), float("nan"))
    return math.sqrt(total), float(total**2 / (variance**2 / (sizes - 1)).sum())


def _dealt(group: Int, reps: int, seed: int) -> tuple[Iterator[Int], bool]:
    """Return ways to deal the training over the clusters: all, or a random sample with the data among them."""
    g, treated = len(group), int(group.sum())
    if math.comb(g, treated) <= reps:
        return (_chosen(g, chosen) for chosen in itertools.combinations(range(g), treated)), True
    draw = np.random.default_rng(seed)
    return itertools.chain([group], (draw.permutation(group) for _ in range(reps))), False


def _chosen(g: int, chosen: tuple[int, ...]) -> Int:
    dealt = np.zeros(g, dtype=np.int64)
    dealt[list(chosen)] = 1
    return dealt


def _permutation(
    times: Float, back: Bool, own: Int, draws: Iterator[Int], estimate: float, horizon: int, *, exact: bool
) -> tuple[float, int]:
    """Return the share of ways with a difference as large in size, and their number."""
    simple = bool((times[~back] >= horizon).all())
    size = np.bincount(own).astype(np.float64)
    total = np.bincount(own, weights=np.minimum(times, horizon))
    differences = []
    for dealt in draws:
        if simple:  # without early censoring a restricted mean is a mean
            treated, others = dealt == 1, dealt == 0
            differences.append(total[treated].sum() / size[treated].sum() - total[others].sum() / size[others].sum())
        else:
            one, zero = (_restricted(times[dealt[own] == v], back[dealt[own] == v], horizon) for v in (1, 0))
            differences.append(one - zero)
    values = np.abs(np.array(differences))
    known = values[np.isfinite(values)]
    if not len(known) or not np.isfinite(estimate):
        return float("nan"), len(values)
    return float((known >= abs(estimate) - 1e-9).mean()), len(values)


def _log_rank(times: Float, back: Bool, group: Int) -> float:
    """Return the p-value of the log-rank test; NaN where nobody came back."""
    if not back.any():
        return float("nan")
    one, zero = (stats.CensoredData.right_censored(times[group == g] + 1, ~back[group == g]) for g in (1, 0))
    return float(stats.logrank(one, zero).pvalue)
