"""Several panels on the same records, as parts that add up to each of them: what one table less another would count.

Claims on one file count nearly the same cases: by month here and by quarter there, without those that lack an answer,
by office or by office and service. Where two panels count the same cases they share a part; what one counts beyond it
is a part of its own. So one linear program can hold what the pages of all claims say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from asn_impact.arrays import Bool, Float, Int
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline

SAME: float = 0.05  # panels without a ledger whose cells differ by no more are of the same records
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, eq=False)
class Layers:
    """The parts of some panels on the same records.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.measures.panel import read_panel
    >>> frame = pd.DataFrame({"office": list("AABB"), "year": [2023, 2024] * 2, "n": [40, 30, 20, 10], "days": 7.0})
    >>> most = read_panel(frame, unit="office", period="year", outcome="days", sizes="n")
    >>> fewer = read_panel(frame.assign(n=[38, 30, 20, 10]), unit="office", period="year", outcome="days", sizes="n")
    >>> layers = Layers.of([most, fewer])
    >>> layers.truth.tolist(), layers.beyond.tolist()
    ([38.0, 30.0, 20.0, 10.0, 2.0], [False, False, False, False, True])
    """

    truth: Float  #: (atoms,) how many records each part holds
    #: For each panel (atoms,) the cell it is in, counted along the periods of the first unit first; -1: in none.
    cell_of: tuple[Int, ...]
    #: (atoms,) True for parts that everybody knows to hold someone: the only part of a cell that is not empty.
    sure: Bool
    beyond: Bool  #: (atoms,) True for what some of the panels count and others that have the cell do not

    @classmethod
    def of(cls, panels: Sequence[Panel]) -> Layers:
        """Return the parts of panels that are `alike`."""
        finest = max(range(len(panels)), key=lambda i: panels[i].n.size)
        maps = [_Map.of(panels[finest], panel) for panel in panels]
        shares = [one.share(panels[finest].n, panel.n) for one, panel in zip(maps, panels, strict=True)]
        parts = list(_parts({i: share for i, share in enumerate(shares) if share.any()}))
        truth = [part[part > 0] for _, part in parts]
        cell_of: list[list[Int]] = [
            [one.cell[part > 0] if i in members else np.full(int((part > 0).sum()), -1) for members, part in parts]
            for i, one in enumerate(maps)
        ]
        beyond = [np.full(int((part > 0).sum()), len(members) < len(panels)) for members, part in parts]
        for i, (one, panel, share) in enumerate(zip(maps, panels, shares, strict=True)):
            more = panel.n.ravel() - one.added_up(share, panel.n.size)
            rest = np.flatnonzero(more > 0)
            truth.append(more[rest])
            beyond.append(np.isin(rest, one.cell) & (len(panels) > 1))
            for j, cells in enumerate(cell_of):
                cells.append(rest if i == j else np.full(len(rest), -1))
        places = tuple(np.concatenate([*own, np.zeros(0, dtype=np.int64)]).astype(np.int64) for own in cell_of)
        return cls(np.concatenate(truth), places, _alone(places, panels), np.concatenate(beyond))


def alike(panels: Sequence[Panel], read: Mapping[int, int]) -> list[list[int]]:
    """Return which panels are of the same records, as positions: those of one file, or that count nearly the same.

    Parameters
    ----------
    panels
        Of records.
    read
        Position -> rows of the file that it was made of, where that is known.
    """
    groups: list[list[int]] = []
    for i in sorted(range(len(panels)), key=lambda i: -panels[i].n.size):
        for group in groups:
            known = read.get(i), read.get(group[0])
            fits = _Map.of(panels[group[0]], panels[i])
            if fits.any and (known[0] == known[1] if None not in known else fits.counts_alike(panels, group[0], i)):
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


@dataclass(frozen=True, eq=False)
class _Map:
    """Where the cells of a finer panel lie in another one: (U, T) its cell there, -1 where it has none."""

    cell: Int

    @classmethod
    def of(cls, finer: Panel, panel: Panel) -> _Map:
        unit, period = _units(finer, panel), _periods(finer.timeline, panel.timeline)
        inside = (unit >= 0)[:, None] & (period >= 0)
        return cls(np.where(inside, unit[:, None] * len(panel.timeline) + period, -1).astype(np.int64))

    @property
    def any(self) -> bool:
        return bool((self.cell >= 0).any())

    def added_up(self, values: Float, cells: int) -> Float:
        """Add the cells of the finer panel up to those of the other."""
        inside = self.cell >= 0
        total = np.bincount(self.cell[inside], weights=values[inside], minlength=cells)
        return np.asarray(total, dtype=np.float64)

    def share(self, n: Float, counts: Float) -> Float:
        """(U, T) what of the finer panel is in the other one: all, or less where that counts fewer."""
        share = np.where(self.cell >= 0, n, 0.0)
        lacking = self.added_up(share, counts.size) - counts.ravel()
        for cell in np.flatnonzero(lacking > 0):
            at = np.flatnonzero(self.cell.ravel() == cell)
            for one in at[np.argsort(-share.flat[at], kind="stable")]:  # the largest cells lose first
                loss = min(float(share.flat[one]), float(lacking[cell]))
                share.flat[one] -= loss
                lacking[cell] -= loss
        return share

    def counts_alike(self, panels: Sequence[Panel], finer: int, other: int) -> bool:
        """Say whether two panels count nearly the same where both have cells."""
        n, counts = panels[finer].n, panels[other].n.ravel()
        both = np.isin(np.arange(counts.size), self.cell)
        inside = self.added_up(np.where(self.cell >= 0, n, 0.0), counts.size)
        return bool(np.abs(inside - counts)[both].sum() <= SAME * counts[both].sum())


def _units(finer: Panel, panel: Panel) -> Int:
    """(U,) the unit of another panel that each unit is, or is a part of; -1: none."""
    place = {unit: i for i, unit in enumerate(panel.units)}
    columns: list[Iterable[object]] = [finer.units, *(finer.attributes[c].tolist() for c in finer.attributes.columns)]
    found = [np.array([place.get(label, -1) for label in labels], dtype=np.int64) for labels in columns]
    return max(found, key=lambda one: int((one >= 0).sum()))


def _periods(finer: Timeline, timeline: Timeline) -> Int:
    """(T,) the period of another timeline that each period lies in; -1: none."""
    place = {month: i for i, months in enumerate(_months(timeline)) for month in months}
    found = [[place.get(month, -1) for month in months] for months in _months(finer)]
    return np.array([one[0] if len(set(one)) == 1 else -1 for one in found], dtype=np.int64)


def _months(timeline: Timeline) -> list[list[object]]:
    """Return the months of each period; a plain number is itself."""
    if timeline.kind == "step":
        return [[("step", int(o))] for o in timeline.ordinals]
    length = _MONTHS[timeline.kind]
    span = length * max(timeline.span, 1)
    return [[length * int(o) + k for k in range(span)] for o in timeline.ordinals]


def _parts(shares: Mapping[int, Float]) -> Iterable[tuple[frozenset[int], Float]]:
    """Yield what some panels have in common, then what is left of each, in the same way."""
    if not shares:
        return
    common = np.minimum.reduce(list(shares.values()))
    if common.any():
        yield frozenset(shares), common
    rest = {i: share - common for i, share in shares.items()}
    same: dict[bytes, list[int]] = {}
    for i, share in rest.items():
        if share.any():
            same.setdefault(share.tobytes(), []).append(i)
    if common.any() and len(same) > 1:
        yield from _parts({i: share for i, share in rest.items() if share.any()})
        return
    for members in same.values():
        yield frozenset(members), rest[members[0]]


def _alone(cell_of: tuple[Int, ...], panels: Sequence[Panel]) -> Bool:
    """Say which parts are the only one of a cell of some panel: that it is not empty shows in the figure of cells."""
    alone = np.zeros(len(cell_of[0]), dtype=bool)
    for cells, panel in zip(cell_of, panels, strict=True):
        inside = cells >= 0
        parts = np.bincount(cells[inside], minlength=panel.n.size)
        alone[inside] |= parts[cells[inside]] == 1
    return alone
