"""Whether trained offices come back sooner: a difference of restricted means, training dealt again over clusters."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from asn_impact.arguments import Level, Steps, Times, did_you_mean
from asn_impact.arrays import Float, Int
from asn_impact.display import card, noted
from asn_impact.errors import DesignError
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import Panel
from asn_impact.topics.recovery.recovery import Recovery
from asn_impact.topics.recovery.restricted_means import (
    deal,
    deleted_means,
    log_rank,
    permutation,
    restricted_mean,
    welch,
)
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Message, paragraph

_GROUPS = ("untrained", "trained")


@dataclass(frozen=True, eq=False)
class RecoveryComparison(Held):
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
        Difference in months, its error from leaving out clusters one at a time in each group, and Welch's degrees of
        freedom. NaN, with a note that says why, where early censoring leaves a mean unknown.
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
    notes : tuple of Message

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> quick, slow = [10, 11, 10, 11, 20, 11, 11, 10.0], [10, 11, 10, 11, 20, 19, 18, 10.0]
    >>> rows = [(o, f"2024-0{m}", d) for o in "ABCD" for m, d in enumerate(quick if o < "C" else slow, start=1)]
    >>> frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    >>> panel = ai.read_panel(frame, unit="office", period="month", outcome="days")
    >>> found = ai.recovery(panel, at="2024-05", band=ai.ShareBand(0.2, months=4), worse="higher", within=3)
    >>> starts = pd.DataFrame({"office": ["A", "B"], "start": ["2024-02"] * 2})
    >>> rollout = ai.read_rollout(starts, unit="office", adopted="start")
    >>> compared = ai.compare_recovery(found, rollout, cluster="office", reps=99, seed=1)
    >>> compared.means.tolist(), round(compared.estimate, 1)
    ([3.0, 1.0], -2.0)
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
    notes: tuple[Message, ...] = ()

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return one row: term, estimate (months), std_error, statistic, df, p_value, conf_low, conf_high.

        The interval is Welch's, from the errors of the two groups; the p-value is that of the permutation.
        """
        reach = float(scipy.stats.t.ppf((1 + level) / 2, self.df)) * self.std_error
        statistic = self.estimate / self.std_error if self.std_error > 0 else np.nan
        row = {
            "term": str(Message("recovery.term", horizon=self.horizon)),
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
        for value, name in enumerate(_GROUPS):
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
        facts: list[tuple[str, object]] = [("log-rank p", f"{self.log_rank:.3g}"), *noted(self)]
        return card(repr(self), facts, table=self.groups().round(3))


@public_verb
def compare_recovery(
    found: Recovery, rollout: Rollout, *, cluster: str, reps: Times, seed: Steps
) -> RecoveryComparison:
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

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> quick, slow = [10, 11, 10, 11, 20, 11, 11, 10.0], [10, 11, 10, 11, 20, 19, 18, 10.0]
    >>> rows = [(o, f"2024-0{m}", d) for o in "ABCD" for m, d in enumerate(quick if o < "C" else slow, start=1)]
    >>> frame = pd.DataFrame(rows, columns=["office", "month", "days"])
    >>> panel = ai.read_panel(frame, unit="office", period="month", outcome="days")
    >>> found = ai.recovery(panel, at="2024-05", band=ai.ShareBand(0.2, months=4), worse="higher", within=3)
    >>> starts = pd.DataFrame({"office": ["A", "B"], "start": ["2024-02"] * 2})
    >>> rollout = ai.read_rollout(starts, unit="office", adopted="start")
    >>> compared = ai.compare_recovery(found, rollout, cluster="office", reps=99, seed=1)
    >>> round(compared.p_value, 2), compared.ways, compared.exact
    (0.33, 6, True)
    """
    trained, notes = _split_by_training(found, rollout)
    code, labels = _cluster_codes(found.panel, cluster)
    trained = np.where(code < 0, np.nan, trained)
    use = np.flatnonzero(np.isfinite(trained))
    _, own = np.unique(code[use], return_inverse=True)
    group = _groups_of_clusters(trained[use], own, [labels[i] for i in code[use]], cluster)
    horizon = found.followed
    times = np.minimum(found.months[use], horizon)
    back = found.recovered[use] & (found.months[use] < horizon)
    means = np.array([restricted_mean(times[group[own] == g], back[group[own] == g], horizon) for g in (0, 1)])
    parts = [deleted_means(times, back, own, group, g, horizon) for g in (0, 1)]
    error, df = welch(parts)
    draws, exact = deal(group, reps, seed)
    estimate = float(means[1] - means[0])
    p_value, ways = permutation(times, back, own, draws, estimate, horizon, exact=exact)
    if found.recovered.sum() == 0:
        notes.append(Message("recovery.nobody_back"))
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
        log_rank=log_rank(times, back, group[own]),
        clustered_by=cluster,
        clusters=np.array([(group == 0).sum(), (group == 1).sum()]),
        notes=(*found.notes, *notes),
    )


def _unknown(means: Float, error: float, horizon: int) -> list[Message]:
    """Say why there is no mean, or no error; nothing where there are both."""
    early = [Message(f"recovery.{name}") for name, mean in zip(_GROUPS, means, strict=True) if np.isnan(mean)]
    if early:
        return [Message("recovery.no_mean", horizon=horizon, groups=early)]
    return [Message("recovery.no_error")] if np.isnan(error) else []


def _split_by_training(recovery: Recovery, rollout: Rollout) -> tuple[Float, list[Message]]:
    """Return (U,) 1 trained before the shock, 0 not in the months looked at, NaN set aside; and who was."""
    panel = recovery.panel
    adopted = dict(zip(rollout.adopted.index.tolist(), rollout.adopted.tolist(), strict=True))
    strangers = [unit for unit in adopted if unit not in {*panel.units, *panel.unusable}]
    if strangers:
        absence = Message("recovery.strangers", n=len(strangers), units=list(map(str, strangers)))
        raise DesignError(paragraph(absence, did_you_mean(strangers[0], panel.units)))
    steps = panel.timeline.locate([adopted.get(unit) for unit in panel.units])[0]
    shock = float(panel.timeline.steps[recovery.at])
    end = shock + (recovery.followed - 1) / panel.timeline.step
    trained = np.where(steps < shock, 1.0, np.where(steps > end, 0.0, np.nan))
    between = [str(panel.units[i]) for i in np.flatnonzero(np.isnan(trained))]
    notes = [Message("recovery.trained_between", n=len(between), units=between)] if between else []
    unknown = np.isnan(recovery.months) & np.isfinite(trained)
    if unknown.any():
        names = [str(panel.units[i]) for i in np.flatnonzero(unknown)]
        notes.append(Message("recovery.bandless_aside", n=len(names), units=names))
    return np.where(np.isnan(recovery.months), np.nan, trained), notes


def _cluster_codes(panel: Panel, cluster: str) -> tuple[Int, list[Hashable]]:
    if cluster not in panel.attributes.columns:
        known = list(map(str, panel.attributes.columns))
        absence = Message("recovery.no_attribute", cluster=cluster, known=known)
        raise DesignError(paragraph(absence, did_you_mean(cluster, known)))
    codes, labels = pd.factorize(panel.attributes[cluster])
    return codes.astype(np.int64), list(labels)


def _groups_of_clusters(trained: Float, own: Int, names: list[Hashable], cluster: str) -> Int:
    """Return (G,) the group of each cluster; a cluster trained in part has none."""
    size = np.bincount(own)
    share = np.bincount(own, weights=trained) / np.maximum(size, 1)
    if ((share > 0) & (share < 1)).any():
        part = sorted({str(names[i]) for i in np.flatnonzero((share[own] > 0) & (share[own] < 1))})
        raise DesignError(Message("recovery.trained_in_part", n=len(part), cluster=cluster, clusters=part))
    group = share.round().astype(np.int64)
    for value, name in enumerate(_GROUPS):
        if (n := int((group == value).sum())) < 2:
            raise DesignError(Message("recovery.one_cluster", n=n, cluster=cluster, group=Message(f"recovery.{name}")))
    return group
