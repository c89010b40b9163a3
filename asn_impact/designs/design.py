"""The design: which unit was treated from when on, and which units stand or fall together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Steps, did_you_mean
from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.designs.status import first_switch, read_status
from asn_impact.display import card, noted
from asn_impact.errors import AsnImpactError, DesignError
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Placed
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message, paragraph

MANY_EMPTY: Final = 0.1  # share of empty cells from which on a reader may not expect it

Weighing: TypeAlias = Literal["units", "records"]
Partly: TypeAlias = Literal["left_out", "treated"]


@dataclass(frozen=True, eq=False)
class Design(Guided):
    """A panel with the time of treatment and the cluster of every unit.

    Attributes
    ----------
    panel
        The units that can take part.
    adopted
        (U,) step of the timeline from which the unit is treated; ``inf`` for never in the window. Where treatment may
        end: of the first switch.
    cluster
        (U,) position of the unit's cluster in `clusters`.
    clusters
        G labels.
    clustered_by
        Name of the attribute that makes the clusters.
    treatment
        Name of what the treated received.
    weights
        What counts alike: ``"units"`` or ``"records"``.
    notes
        Who was set aside and why.
    status
        (U, T) who is treated when, where treatment may end; None where it stays.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> design.cohorts.tolist(), design.treated_clusters, design.treated().shape
    ([5.0, 7.0], 6, (12, 12))
    >>> design.table().head(1).to_dict("records")
    [{'wave': '2024-06', 'units': 3, 'clusters': 3, 'records': 432}]
    """

    panel: Panel
    adopted: Float
    cluster: Int
    clusters: tuple[Hashable, ...]
    clustered_by: str
    treatment: str = "treatment"
    weights: Weighing = "units"
    notes: tuple[Message, ...] = ()
    status: Bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "adopted", readonly(np.asarray(self.adopted, dtype=np.float64)))
        if self.status is not None:
            object.__setattr__(self, "status", readonly(np.asarray(self.status, dtype=np.bool_)))
            same = self.status.shape == self.panel.mean.shape
            if not same or not np.array_equal(self.adopted, first_switch(self.status, self.panel.timeline)):
                raise DesignError(Message("designs.status_moved"))
        object.__setattr__(self, "cluster", readonly(np.asarray(self.cluster, dtype=np.int64)))

    @cached_property
    def cohorts(self) -> Float:
        """(C,) the distinct steps of adoption, in order."""
        return readonly(np.unique(self.adopted[np.isfinite(self.adopted)]))

    @property
    def treated_clusters(self) -> int:
        """Number of clusters with at least one treated unit."""
        return self._clusters_of(np.isfinite(self.adopted))

    @property
    def untreated_clusters(self) -> int:
        """Number of clusters with at least one unit that is never treated."""
        return self._clusters_of(np.isinf(self.adopted))

    def _clusters_of(self, units: Bool) -> int:
        return int(np.count_nonzero(np.bincount(self.cluster[units])))

    def treated(self) -> Bool:
        """(U, T) True from the first treated period of a unit on, or as long as it lasts where treatment may end."""
        if self.status is not None:
            return self.status
        return np.asarray(self.panel.timeline.steps[None, :] >= self.adopted[:, None])

    def where(self, units: Bool) -> Design:
        """Return the design of the units marked True; clusters without a unit disappear."""
        members = np.flatnonzero(units)
        codes, cluster = np.unique(self.cluster[members], return_inverse=True)
        return replace(
            self,
            panel=self.panel.select(members),
            adopted=self.adopted[members],
            cluster=cluster,
            clusters=tuple(self.clusters[i] for i in codes),
            status=None if self.status is None else self.status[members],
        )

    def without(self, cluster: int) -> Design:
        """Return the design with one cluster, by position, left out."""
        return self.where(self.cluster != cluster)

    @public_verb
    def compare_with_last_wave(self, *, anticipation: Steps = 0) -> Design:
        """Return the design in which the last wave is never treated: it ends before that wave starts.

        For estimators that need a comparison that is never treated where everybody is trained in the end. Every wave
        but the last keeps its effects up to then. The R package did does the same with ``control_group =
        "nevertreated"``.

        Parameters
        ----------
        anticipation
            Periods before its start in which the last wave may already react: they are left out too.

        Raises
        ------
        DesignError
            There is a single wave, some units are never treated, or too few periods are left.

        Examples
        --------
        >>> import asn_impact as ai
        >>> trained = ai.example_design().where(np.isfinite(ai.example_design().adopted))
        >>> trained.compare_with_last_wave().adopted
        array([ 5.,  5.,  5., inf, inf, inf])
        """
        panel, last = self.panel, self.cohorts[-1]
        if len(self.cohorts) < 2 or np.isinf(self.adopted).any():
            never = int(np.isinf(self.adopted).sum())
            raise DesignError(Message("designs.no_last_wave", waves=len(self.cohorts), never=never))
        kept = int((panel.timeline.steps < last - anticipation).sum())
        earlier = np.where(self.adopted < last, self.adopted, np.inf)
        if kept < 2 or not (earlier <= panel.timeline.steps[kept - 1]).any():
            wave = self.cohort_label(last)
            raise DesignError(Message("designs.nothing_before_last_wave", wave=wave, anticipation=anticipation))
        end = panel.timeline.steps[kept - 1]
        between = (earlier > end) & (
            earlier - anticipation <= end
        )  # may react in what is left, without an effect there
        rest = panel.until(kept)
        width = rest.timeline.step / panel.timeline.step  # fewer periods may lie further apart
        adopted = np.where(earlier > end, np.inf, np.ceil(earlier / width))
        notes = [
            Message(
                "designs.last_wave",
                wave=self.cohort_label(last),
                n=int((self.adopted == last).sum()),
                first=panel.timeline.labels[kept],
            )
        ]
        if between.any():
            waves = [self.cohort_label(step, spoken=True) for step in np.unique(earlier[between])]
            notes.append(Alert("designs.between_waves", n=int(between.sum()), waves=waves))
        design = replace(self, panel=rest, adopted=adopted, notes=(*self.notes, *notes))
        return design.where(~between) if between.any() else design

    def shifted(self, steps: int) -> Design:
        """Return the design with every adoption moved by some steps: a placebo in time."""
        return replace(self, adopted=self.adopted + steps)

    def require_staying(self, name: str) -> None:
        """Refuse what takes treatment to stay, by its name.

        Raises
        ------
        DesignError
            Treatment may end in this design.
        """
        if self.status is not None:
            raise DesignError(Message("designs.needs_staying", name=name))

    def cohort_label(self, step: float, *, spoken: bool = False) -> str:
        """Return the period of an adoption step as text, ``never`` for units that are not treated in the window.

        For sentences and tables it is `spoken`: a half-year is not named like a month.

        Where treatment may end it is the period of the first switch, and ``no switch``.
        """
        if np.isfinite(step):
            timeline = self.panel.timeline
            return timeline.spoken(step) if spoken else timeline.label(step)
        return "never" if self.status is None else "no switch"

    def table(self) -> pd.DataFrame:
        """Return one row a wave: first treated period, units, clusters and records."""
        rows = []
        for step in [*self.cohorts, np.inf]:
            mask = self.adopted == step
            rows.append(
                {
                    "wave": self.cohort_label(step),
                    "units": int(mask.sum()),
                    "clusters": len(np.unique(self.cluster[mask])),
                    "records": int(self.panel.n[mask].sum()),
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        treated = int(np.isfinite(self.adopted).sum())
        how = f"treated in {len(self.cohorts)} waves" if self.status is None else "switch"
        return (
            f"Design({self.panel.outcome.name}: {len(self.adopted)} units, {treated} {how}, "
            f"{len(self.clusters)} clusters by {self.clustered_by})"
        )

    def _repr_html_(self) -> str:
        return card(repr(self), noted(self), table=self.table())


@public_verb
def assign(
    panel: Panel,
    rollout: Rollout,
    *,
    cluster: str,
    weights: Weighing = "units",
    by: str | None = None,
    partly: Partly = "left_out",
    always: Literal["aside", "keep"] = "aside",
) -> Design:
    """Return the design: the panel's units with their adoption times and clusters.

    A rollout with a status (``read_rollout_from_status(..., absorbing="ends")``) makes a design for `Switchers`: nobody
    is set aside for being treated from the start, and cells of unknown status are left out.

    A unit is treated from the period on that contains its start, whatever the length of the periods. A quarter,
    half-year or year whose first month is over when the course ends is treated in part: that cell of that unit is left
    out, so that it is neither "before" nor "after".

    Units of the panel that the rollout does not name are never treated. Units treated in or before the first period
    have no "before" and are set aside, unless asked for. Both are counted in `Design.notes`; whatever is set aside is
    announced by a `DataWarning`.

    Parameters
    ----------
    panel
        From `tabulate` or `read_panel`.
    rollout
        From `read_training` or `read_rollout`.
    cluster
        Attribute of the units whose values stand or fall together: the unit itself or something coarser.
    weights
        ``"units"``: every office counts alike (times the weights of the panel). ``"records"``: every application does,
        with its sampling weight where the panel was tabulated with one.
    by
        Attribute of the units that the rollout names, where it does not name the units themselves: with ``"office"``
        all services of an office in ``tabulate(..., by=("office", "service"))`` are treated when their office is.
    partly
        ``"treated"`` keeps the cells treated in part, as treated: effects of the first period are then too small.
    always
        What becomes of units treated in or before the first period: ``"aside"``, or ``"keep"`` for `TwoWay` and
        `bacon`, which use them as a comparison. They have no effect of their own in any estimator.

    Raises
    ------
    DesignError
        The rollout names units that the panel does not have; nobody, or everybody from the start, is treated; there is
        one period only; the cluster is not an attribute.

    Examples
    --------
    >>> import asn_impact as ai
    >>> assign(ai.example_design().panel, ai.example_rollout(), cluster="office")
    Design(restricted_mean_30: 12 units, 6 treated in 2 waves, 12 clusters by office)
    """
    _refuse_hopeless(panel)
    rollout = in_periods(rollout, panel)
    placed, notes = adoption(panel, rollout, by)
    adopted = placed.steps
    before = panel.observed
    status, switches = None, tuple[Message, ...]()
    if rollout.status is not None:
        status, panel, switches = read_status(panel, rollout.status, by)
        adopted = first_switch(status, panel.timeline)
    elif partly == "left_out":
        panel = panel.without_cells(cells_partly(panel, placed))
    keep, aside = _usable(panel, adopted, cluster, always)
    adopted = np.maximum(adopted, 0.0)
    codes, distinct = pd.factorize(panel.attributes[cluster])
    if weights == "records":
        panel = replace(panel, weight=panel.weight * panel.records)
    design = Design(
        panel=panel,
        adopted=adopted,
        cluster=np.maximum(codes, 0).astype(np.int64),
        clusters=tuple(distinct.tolist()) or ("",),
        clustered_by=cluster,
        treatment=rollout.label,
        weights=weights,
        notes=(*panel.notes, *rollout.notes, *notes, *switches, *aside, *_holes(panel, keep, before)),
        status=status,
    )
    design = design if keep.all() else design.where(keep)
    _refuse_no_contrast(design)
    return design


@public_verb
def agree(panel: Panel, rollout: Rollout, other: Rollout) -> Rollout:
    """Return the first of two rollouts if both treat every unit of the panel from the same period on.

    For files that say it twice, with a 0/1 column and with a column of first treated periods. Starts in or before the
    first period count as the same, and so do starts after the last one and never.

    Raises
    ------
    DesignError
        Units start at different periods, or are named by one rollout alone and treated in it.

    Examples
    --------
    >>> import asn_impact as ai
    >>> panel, by_date = ai.example_design().panel, ai.example_rollout()
    >>> by_status = Rollout(by_date.adopted.astype(str))
    >>> agree(panel, by_date, by_status) is by_date
    True
    """
    one, two = (np.maximum(adoption(panel, which)[0].steps, 0.0) for which in (rollout, other))
    apart = np.flatnonzero(one != two)
    if apart.size:
        pairs = [
            Message("designs.start_or_start", unit=str(panel.units[i]), one=_start(panel, a), other=_start(panel, b))
            for i, a, b in zip(apart[:5].tolist(), one[apart], two[apart], strict=False)
        ]
        names = {"one": rollout.label, "other": other.label}
        raise DesignError(
            Message("designs.rollouts_disagree", **names, n=apart.size, total=len(panel.units), units=pairs)
        )
    return rollout


def _start(panel: Panel, step: float) -> str | Message:
    return panel.timeline.label(step) if np.isfinite(step) else Message("designs.never")


def _refuse_hopeless(panel: Panel) -> None:
    if len(panel.timeline) < 2:
        raise DesignError(Message("designs.single_period", period=panel.timeline.labels[0]))
    if len(panel.units) < 2:
        raise DesignError(Message("designs.single_unit", n=len(panel.units)))


def adoption(panel: Panel, rollout: Rollout, by: str | None = None) -> tuple[Placed, tuple[Message, ...]]:
    """Return the first treated step of each unit, and what is to be said of those that a rollout does not fit."""
    starts = dict(zip(rollout.adopted.index.tolist(), rollout.adopted.tolist(), strict=True))
    labels = panel.units if by is None else tuple(attribute(panel, by).tolist())
    known = {*labels, *panel.unusable}
    if not starts.keys() <= known:
        strangers = [_plain(unit) for unit in starts if unit not in known]
        unknown = Message("designs.strangers", n=len(strangers), units=strangers)
        there = Message("designs.units_of_panel", n=len(set(labels)), units=list(dict.fromkeys(labels)))
        by_name = _names_attribute(panel, starts) if by is None else None
        raise DesignError(paragraph(unknown, did_you_mean(strangers[0], labels), there, by_name))
    unnamed = len(labels) - sum(map(starts.__contains__, labels))
    placed = panel.timeline.place(list(map(starts.get, labels)))
    not_named = (Message("designs.not_named", n=unnamed, total=len(panel.units)),) if unnamed else ()
    return placed, (*not_named, *placed.notes, *_partly_notes(panel, placed))


def cells_partly(panel: Panel, placed: Placed) -> Bool:
    """(U, T) True where a start lies inside the period."""
    return np.asarray(panel.timeline.steps[None, :] == placed.partly[:, None])


def in_periods(rollout: Rollout, panel: Panel) -> Rollout:
    """Return a rollout whose notes on courses that ended inside a month speak of the longer periods of a panel."""
    frequency = panel.timeline.frequency
    if frequency == "month":
        return rollout
    period = Message(f"report.period.{frequency}.one")

    def told(note: Message) -> Message:
        if note.key == "training.partly_treated":
            return Message("designs.partly_in_period", n=note["n"], period=period)
        rule = note.key == "training.rule"
        return paragraph(note, Message("designs.rule_in_period", period=period)) if rule else note

    return replace(rollout, notes=tuple(map(told, rollout.notes)))


def _partly_notes(panel: Panel, placed: Placed) -> tuple[Message, ...]:
    hit = np.flatnonzero(cells_partly(panel, placed).any(axis=1) & (placed.partly > 0))
    if not hit.size:
        return ()
    spoken = panel.timeline.spoken
    cells = [Message("designs.cell", unit=str(panel.units[i]), period=spoken(placed.partly[i])) for i in hit]
    return (Message("designs.partly_treated", n=hit.size, cells=cells),)


def attribute(
    panel: Panel,
    name: str,
    problem: str = "designs.no_attribute",
    error: type[AsnImpactError] = DesignError,
    **gaps: str,
) -> pd.Series:
    """Return an attribute of the units, or refuse a name that is none with those there are and the nearest of them."""
    known = panel.attributes.columns.tolist()
    if name not in known:
        raise error(paragraph(Message(problem, name=name, known=known, **gaps), did_you_mean(name, known)))
    return panel.attributes[name]


def _names_attribute(panel: Panel, starts: Mapping[Hashable, object]) -> Message | None:
    """Return what to do where every name in a rollout is a value of an attribute of the units."""
    fits = [str(name) for name in panel.attributes.columns if starts.keys() <= set(panel.attributes[name].tolist())]
    return Message("designs.names_attribute", name=fits[0]) if fits else None


def _plain(label: object) -> object:
    """Return a unit label as the panel writes it: 7.0 and 7 are one unit, and equal as keys."""
    value = label.item() if hasattr(label, "item") else label
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _usable(
    panel: Panel, adopted: Float, cluster: str, always: Literal["aside", "keep"]
) -> tuple[Bool, tuple[Message, ...]]:
    nowhere, notes = attribute(panel, cluster, "designs.no_cluster").isna().to_numpy(), []
    early, first = adopted <= 0, panel.timeline.labels[0]
    if early.all():
        raise DesignError(Message("designs.all_from_the_start", n=len(adopted), period=first))
    if early.any():
        names = [panel.units[i] for i in np.flatnonzero(early)]
        key = "designs.set_aside" if always == "aside" else "designs.always_treated"
        notes.append(Alert(key, n=len(names), period=first, units=names))
    if always == "keep":
        early = np.zeros_like(early)
    if (nowhere & ~early).any():
        names = [panel.units[i] for i in np.flatnonzero(nowhere & ~early)]
        notes.append(Alert("designs.without_cluster", n=len(names), name=cluster, units=names))
    return ~early & ~nowhere, tuple(notes)


def _holes(panel: Panel, keep: Bool, before: Bool) -> tuple[Message, ...]:
    """Say which units are seen once, and how many cells were empty before those treated in part were left out."""
    notes: list[Message] = []
    single = panel.observed[keep].sum(axis=1) < 2
    if single.any():
        names = [panel.units[i] for i in np.flatnonzero(keep)[single]]
        notes.append(Alert("designs.seen_once", n=len(names), units=names))
    empty = ~before[keep][~single]
    if empty.any():
        kind = Alert if empty.mean() > MANY_EMPTY else Message
        notes.append(kind("designs.empty_cells", n=int(empty.sum()), total=empty.size))
    return tuple(notes)


def _refuse_no_contrast(design: Design) -> None:
    labels = design.panel.timeline.labels
    if not np.isfinite(design.adopted).any():
        raise DesignError(Message("designs.nobody_treated", first=labels[0], last=labels[-1]))
    if len(design.cohorts) == 1 and np.isfinite(design.adopted).all():
        period = design.cohort_label(design.cohorts[0])
        raise DesignError(Message("designs.all_at_once", n=len(design.adopted), period=period))
