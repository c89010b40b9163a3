"""One release: which offices, waves and months may stand alone, decided once from the cells and kept to everywhere.

A table that hides its own small cells gives them back when another table holds the rest. So the small ones are found
once, and merged by the same rule in every table, figure and sentence (global recoding). Whatever two tables give
together is then still a sum over enough persons; `attack` proves it for each release before it leaves.

Two rules decide. Threshold: a sum over persons is nobody, or at least ten more than the cells it is known to hold, so
that each of them can still be anything up to ten. Dominance (the p % rule): what the two largest members of a merged
group leave is at least p % of the largest, so that no member learns another one from what it knows of itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.designs import Design
from asn_impact.measures.outcomes import Count, Mean, Score, Share
from asn_impact.measures.panel import Panel
from asn_impact.reporting.gate import MINIMUM, dominated


@dataclass(frozen=True)
class Cells:
    """Which hidden cells a published count adds up: what makes a column one of counts, whatever its heading."""

    units: frozenset[Hashable] | None = None  #: units of the panel; None: every case that was kept, of whatever unit
    periods: frozenset[str] | None = None  #: labels of months or other periods; None: all of them
    of: Literal["records", "open"] = "records"  #: all cases, or those still open


@dataclass(frozen=True, eq=False)
class Release:
    """Which clusters and waves of a design are shown by themselves; the others stand together as "other offices".

    Examples
    --------
    >>> from asn_impact.measures.panel import read_panel
    >>> from asn_impact.intake.readers.training import Rollout
    >>> from asn_impact.designs import assign
    >>> cells = [(office, year, n) for office, n in zip("ABCDEF", (40, 3, 50, 60, 55, 45)) for year in (2023, 2024)]
    >>> frame = pd.DataFrame(cells, columns=["office", "year", "n"]).assign(days=7.0)
    >>> panel = read_panel(frame, unit="office", period="year", outcome="days", sizes="n")
    >>> design = assign(panel, Rollout(pd.Series({"A": 2024, "D": 2024})), cluster="office")
    >>> Release.of(design).clusters.tolist()
    [False, False, False, True, False, False]
    """

    design: Design  #: whose cells these are
    clusters: Bool  #: (G,) True where a cluster is shown by itself
    waves: Bool  #: (C + 1,) True where a wave is shown by itself, those never trained last

    @classmethod
    def of(cls, design: Design) -> Release:
        """Return what may be shown of a design; everything, when its cells are no sums over records."""
        waves = [*design.cohorts, *([np.inf] if np.isinf(design.adopted).any() else [])]
        wave_of = np.searchsorted(np.array(waves), design.adopted)
        if not counts_records(design.panel):
            return cls(design, _all(len(design.clusters)), _all(len(waves)))
        panel, after = design.panel, periods_after(design)
        by_side = np.stack([panel.n[:, ~after].sum(axis=1), panel.n[:, after].sum(axis=1)], axis=1)
        filled = np.stack([(panel.n[:, ~after] > 0).sum(axis=1), (panel.n[:, after] > 0).sum(axis=1)], axis=1)
        together = _pooled(_sums(by_side, wave_of), _sums(filled, wave_of))
        row_of = np.where(together[wave_of], len(waves), wave_of)  # of the table of waves: the merged ones are one row
        of_unit = panel.n.sum(axis=1)
        clusters = _pooled(_sums(of_unit, design.cluster), _sums((panel.n > 0).sum(axis=1), design.cluster))
        return cls(design, ~_until_rows_are_safe(clusters, of_unit, design, row_of), ~together)

    @classmethod
    def of_units(cls, panel: Panel) -> Bool:
        """(U,) True for the units of a panel without a design that are shown by themselves."""
        if not counts_records(panel):
            return _all(len(panel.units))
        return readonly(~_pooled(panel.n.sum(axis=1), (panel.n > 0).sum(axis=1)))

    @property
    def units(self) -> Bool:
        """(U,) True for the units of the clusters that are shown by themselves."""
        return np.asarray(self.clusters[self.design.cluster])

    @property
    def steps(self) -> Float:
        """(C + 1,) the step of adoption of each wave, infinity last where some are never trained."""
        never = [np.inf] if np.isinf(self.design.adopted).any() else []
        return np.array([*self.design.cohorts, *never])

    @property
    def in_other_waves(self) -> Bool:
        """(U,) True for the units whose wave stands together with others."""
        return np.asarray(np.isin(self.design.adopted, self.steps[~self.waves]))


def nouns_of(panel: Panel | None = None) -> tuple[str, ...]:
    """Return what records are called where nobody says: answers, projects and ratings are no applications.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from asn_impact.measures.outcomes import Score, Within
    >>> [nouns_of(SimpleNamespace(outcome=outcome)) for outcome in (Score("waktu"), Within(5))]
    [('records',), ()]
    """
    return ("records",) if panel is not None and isinstance(panel.outcome, Score | Share | Count | Mean) else ()


def counts_records(panel: Panel) -> bool:
    """Return whether the panel's n counts records (people's cases), and not just ready rows.

    What was tabulated from records counts them, also where no cell has more than one; a ready panel does with `sizes`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from asn_impact.measures.outcomes import Mean, Within
    >>> [counts_records(SimpleNamespace(n=np.ones((2, 3)), outcome=outcome)) for outcome in (Mean("y"), Within(5))]
    [False, True]
    """
    return not isinstance(panel.outcome, Mean) or bool((panel.n > 1).any())


def as_read(values: ArrayLike, decimals: int) -> Float:
    """Return means of records with the decimals that a reader sees: more would tell the sum behind them.

    A mean of whole days to ten digits is a fraction whose denominator is the number of cases; times that number it is
    their sum, and two such sums are apart by the days of whoever is in one of them only.

    Examples
    --------
    >>> as_read(np.array([7.4285714286, np.nan]), 1).tolist()
    [7.4, nan]
    """
    return np.asarray(values, dtype=np.float64).round(decimals)


def all_alike(panel: Panel, cells: Bool) -> bool:
    """Return whether the records in some cells are fewer than twenty and all have the same value: a mean tells each.

    A ready panel says how its cells differ, not what lies inside one.

    Parameters
    ----------
    panel
        Of records.
    cells
        (U, T) True for the cells that a mean is taken over.
    """
    n = np.where(cells, panel.n, 0.0)
    total = float(n.sum())
    return 0 < total < 2 * MINIMUM and not isinstance(panel.outcome, Mean) and _spread(panel, n, cells) == 0


def _spread(panel: Panel, n: Float, cells: Bool) -> float:
    """Return the sum of squares around the mean of all records in some cells, as good as zero told as zero."""
    mean = np.nan_to_num(panel.mean)
    around = mean - (n * mean).sum() / n.sum()
    spread = float((n * around**2).sum() + panel.within[cells][:, 0, 0].sum())
    return spread if spread > 1e-9 * max(1.0, float((n * mean**2).sum())) else 0.0


def periods_after(design: Design) -> Bool:
    """(T,) True from the first training of anyone on."""
    return np.asarray(design.panel.timeline.steps >= design.cohorts[0])


def _all(length: int) -> Bool:
    return readonly(np.ones(length, dtype=bool))


def _sums(values: Float, group: Int) -> Float:
    """Add rows up by group."""
    total = np.zeros((int(group.max()) + 1, *values.shape[1:]))
    np.add.at(total, group, values)
    return total


def _thin(sums: Float, filled: Float) -> Bool:
    """Say which sums point at few: below the threshold and the cells known to hold someone."""
    return np.asarray((sums > 0) & (sums < MINIMUM + filled))


def _pooled(sums: Float, filled: Float) -> Bool:
    """(K,) True for the rows that must stand together: those with a thin sum, and the smallest others with them."""
    sums, filled = sums.reshape(len(sums), -1), filled.reshape(len(filled), -1)
    pooled: Bool = np.asarray(_thin(sums, filled).any(axis=1))
    rest = [k for k in np.argsort(sums.sum(axis=1), kind="stable") if not pooled[k]]
    while pooled.any() and rest and _gives_away(sums[pooled], filled[pooled]):
        pooled[rest.pop(0)] = True
    return pooled


def _gives_away(sums: Float, filled: Float) -> bool:
    """Say whether a merged group is still thin, or too much of one member."""
    thin = bool(_thin(sums.sum(axis=0), filled.sum(axis=0)).any())
    return thin or dominated(sums.sum(axis=1), k=1.0)  # the p % rule alone: of two members each knows the other


def _until_rows_are_safe(pooled: Bool, of_unit: Float, design: Design, row_of: Int) -> Bool:
    """Pool clusters until what a row of waves holds besides those shown is nobody or enough: subtraction gives it."""
    filled = (design.panel.n > 0).sum(axis=1).astype(np.float64)
    size = _sums(of_unit, design.cluster)
    for _ in range(len(pooled)):
        shown = ~pooled[design.cluster]
        for row in np.unique(row_of):
            members = row_of == row
            left, cells = (_sums(np.where(members & ~shown, x, 0.0), design.cluster) for x in (of_unit, filled))
            beside = np.unique(design.cluster[members & shown])
            secret = bool(_thin(left, cells).any())  # without a small one among them they may be worked out
            if secret and len(beside) and _gives_away(left[:, None], cells[:, None]):
                smallest = beside[np.argmin(size[beside])]
                pooled = pooled | (np.arange(len(pooled)) == smallest)
                break
        else:
            break
    return pooled


def thickened(months: pd.DataFrame, shown: Panel | Design | None = None) -> pd.DataFrame:
    """Return the frame of `maturity` in months, or in quarters or years where months are thin.

    The finest periods are taken that leave the fewest thin ones; these join the period before or after. Months that are
    followed long enough and months that are not do not share a period, and none spans the first training of anyone:
    other tables count before and after it.

    Parameters
    ----------
    months
        month, cases, open, mature; what is in quarters already comes back as it is.
    shown
        What is shown beside: which cells of a panel are empty, so that a period needs a case more for each that is not.

    Examples
    --------
    >>> frame = pd.DataFrame({"month": ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"],
    ...                       "cases": [30, 4, 25, 40, 35, 6], "open": 0, "mature": True})
    >>> thickened(frame)[["month", "cases"]].to_numpy().tolist()
    [['2024Q1', 59], ['2024Q2', 81]]
    """
    frame = months.assign(month=months["month"].astype(str)).sort_values("month", ignore_index=True)
    if not frame["month"].str.fullmatch(r"\d{4}-\d{2}").all():
        return frame
    panel = shown.panel if isinstance(shown, Design) else shown
    filled = {} if panel is None else dict(zip(panel.timeline.labels, (panel.n > 0).sum(axis=0), strict=True))
    first = shown.cohort_label(float(shown.cohorts[0])) if isinstance(shown, Design) else ""
    mature = frame["mature"].astype(bool)
    frame = frame.assign(
        mature=mature,
        part=2 * mature + (frame["month"] >= first),
        filled=[float(filled.get(label, 0.0)) for label in frame["month"]],
    )
    ordinal = (12 * frame["month"].str[:4].astype(int) + frame["month"].str[5:].astype(int) - 1).to_numpy()
    runs = [_runs(frame, np.asarray(ordinal // length, dtype=np.int64)) for length in (1, 3, 12)]
    thin = [int(_thin_runs(frame, run).sum()) for run in runs]
    finest = int(np.argmin(thin))
    return _added_up(frame, _joined(frame, runs[finest]), (1, 3, 12)[finest])


def _runs(frame: pd.DataFrame, period: Int) -> Int:
    """Return the number of the stretch of each month: of one period, all mature or not, all before training or not."""
    return np.asarray(pd.factorize(pd.Series(list(zip(period, frame["part"], strict=True))))[0])


def _thin_runs(frame: pd.DataFrame, run: Int) -> Bool:
    sums = frame.groupby(run)[["cases", "filled"]].sum()
    return _thin(sums["cases"].to_numpy(dtype=np.float64), sums["filled"].to_numpy())


def _joined(frame: pd.DataFrame, run: Int) -> Int:
    """Join each thin stretch to the one before it, or after it, of the same part; none: it stays."""
    for _ in range(len(frame)):
        part = frame["part"].groupby(run).first().to_numpy()
        for r in np.flatnonzero(_thin_runs(frame, run)):
            near = [k for k in (r - 1, r + 1) if 0 <= k < len(part) and part[k] == part[r]]
            if near:
                run = np.unique(np.where(run == r, near[0], run), return_inverse=True)[1]
                break
        else:
            return run
    return run


def _added_up(frame: pd.DataFrame, run: Int, length: int) -> pd.DataFrame:
    least = {c: "min" for c in ("follow_up", "least_follow_up") if c in frame.columns}
    made = frame.groupby(run).agg({"cases": "sum", "open": "sum", "mature": "first", **least})
    ends = frame["month"].groupby(run).agg(["first", "last", "size"])
    labels = [_label(str(e.first), str(e.last), int(str(e.size)), length) for e in ends.itertuples(index=False)]
    return made.assign(month=labels)[["month", *made.columns]].reset_index(drop=True)


def _label(first: str, last: str, size: int, length: int) -> str:
    """Name a period: as a whole where it is one, by its ends otherwise."""
    if size == 1:
        return first
    if size == length:
        return f"{first[:4]}Q{(int(first[5:]) + 2) // 3}" if length == 3 else first[:4]
    return f"{first}/{last}"


def members_of(label: str) -> frozenset[str]:
    """Return the months that a label of `thickened` stands for, and the label itself.

    Examples
    --------
    >>> sorted(members_of("2024Q1")), sorted(members_of("2024-12/2025-01"))[1:]
    (['2024-01', '2024-02', '2024-03', '2024Q1'], ['2024-12/2025-01', '2025-01'])
    """
    year, rest = label[:4], label[4:]
    if "/" in label:
        first, last = (pd.Period(end, "M") for end in label.split("/"))
    elif year.isdecimal() and rest[:1] == "Q":
        first, last = pd.Period(label, "Q").asfreq("M", "start"), pd.Period(label, "Q").asfreq("M", "end")
    elif label.isdecimal() and len(label) == 4:
        first, last = pd.Period(f"{label}-01", "M"), pd.Period(f"{label}-12", "M")
    else:
        return frozenset({label})
    return frozenset({label, *map(str, pd.period_range(first, last, freq="M"))})


def cells_of_months(labels: Iterable[object], *, cases: str) -> dict[str, tuple[Cells, ...]]:
    """Return what the two columns of a frame of months count, under their names: cases and those still open."""
    periods = [members_of(str(label)) for label in labels]
    return {cases: tuple(Cells(None, p) for p in periods), "open": tuple(Cells(None, p, "open") for p in periods)}
