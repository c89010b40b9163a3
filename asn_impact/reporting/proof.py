"""The proof of a release: its exhibits and sentences together give no small count back, or it does not leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.designs import Design
from asn_impact.errors import PrivacyError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.attack import Disclosed, Known, Protected, attack
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.contents import Report
from asn_impact.reporting.exchange import exchanged
from asn_impact.reporting.gate import MINIMUM
from asn_impact.reporting.layers import Layers, alike
from asn_impact.reporting.recoding import Cells, counts_records, periods_after
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.cells import Printed
from asn_impact.reporting.tables.small import FEW, SECONDARY
from asn_impact.words import Message, Quoted


def prove(
    report: Report, exhibits: Sequence[tuple[str, Table | Chart]], numbers: Iterable[Quoted], *, cells: bool = False
) -> None:
    """Refuse a release whose exhibits and sentences, with its public cells, together give a small count back.

    Raises
    ------
    PrivacyError
        It names the exhibits and what kind of count they give, never which one and never the number.
    """
    found = given_away(report, exhibits, numbers, cells=cells)
    if found:
        together = tuple(dict.fromkeys(name for one in found for name in one.together))
        kinds = tuple(Message(f"release.kind.{kind}") for kind in dict.fromkeys(one.kind for one in found))
        raise PrivacyError(Message("release.given_away", n=len(found), kinds=kinds, together=together, least=MINIMUM))


def given_away(
    report: Report,
    exhibits: Sequence[tuple[str, Table | Chart]],
    numbers: Iterable[Quoted] = (),
    *,
    cells: bool = False,
) -> tuple[Disclosed, ...]:
    """Return the small counts that the exhibits and sentences of a report give away together.

    Parameters
    ----------
    report
        Whose designs and months hold the cells.
    exhibits
        Name and value of all that is shown.
    numbers
        Those in the sentences.
    cells
        Whether the cells of the answer are published too.
    """
    numbers = list(numbers)
    return tuple(one for hidden in hidden_cells(report, exhibits) for one in hidden.given_away(numbers, cells=cells))


def not_proved(report: Report, exhibits: Sequence[tuple[str, Table | Chart]]) -> tuple[str, ...]:
    """Return the columns of counts that the proof could not use: nobody said what they add up, or it is no such cells.

    A count of another outcome, or of cases that no panel of the report holds, is looked at for itself alone.
    """
    hidden = hidden_cells(report, exhibits)
    if not hidden:
        return ()
    open_ones: dict[str, None] = {}
    for name, exhibit in exhibits:
        open_ones |= {f"{name}: {column}": None for column in exhibit.counts if column not in exhibit.cells}
        for column in exhibit.cells:
            if any(not any(one.says(*count) for one in hidden) for count in _counts([(name, exhibit)], column)):
                open_ones[f"{name}: {column}"] = None
    return tuple(open_ones)


def hidden_cells(report: Report, exhibits: Sequence[tuple[str, Table | Chart]]) -> list[Hidden]:
    """Return the hidden cells of each set of records: panels on the same ones are held against each other."""
    months = report.months[0] if report.months else None
    every, ledgers = _panels(report)
    groups = alike([panel for panel, _ in every], ledgers)
    found = []
    for group in groups:
        panels, designs = (tuple(every[i][0] for i in group), tuple(tuple(every[i][1]) for i in group))
        found.append(Hidden(panels, designs, months, Layers.of(panels), tuple(exhibits)))
    return found


def _panels(report: Report) -> tuple[list[tuple[Panel, list[Design]]], dict[int, int]]:
    """Return the panels of records that a report rests on, each once with its designs, and the rows of their files."""
    read = {id(f.panel): f.ledger.read for f in report.findings if f.panel is not None and f.ledger is not None}
    found: dict[int, tuple[Panel, list[Design]]] = {}
    designs = [inference.effects.design for inference in report.inferences]
    alone = [panel for panel in (report.panel, *(f.panel for f in report.findings)) if panel is not None]
    for panel, design in (*((d.panel, d) for d in designs), *((panel, None) for panel in alone)):
        if counts_records(panel):
            own = found.setdefault(id(panel), (panel, []))[1]
            own += [design] if design is not None and all(design is not one for one in own) else []
    return list(found.values()), {i: read[key] for i, key in enumerate(found) if key in read}


def _same_months(panel: Panel, months: pd.DataFrame | None) -> bool:
    """Say whether a frame of months counts the cases of the panel, and those beside it."""
    if months is None or not set(panel.timeline.labels) <= set(months["month"].astype(str)):
        return False
    cases = dict(zip(months["month"].astype(str), months["cases"], strict=True))
    inside = panel.n.sum(axis=0)
    return all(cases[label] >= n for label, n in zip(panel.timeline.labels, inside, strict=True))


def _counts(
    exhibits: Sequence[tuple[str, Table | Chart]], only: str | None = None
) -> Iterator[tuple[str, Cells, float | str | None]]:
    """Yield each count of tables and figures, or of one column: where it stands, what it adds up, what is shown."""
    for name, exhibit in exhibits:
        frame = exhibit.frame if isinstance(exhibit, Table) else exhibit.data
        for column, cells in exhibit.cells.items():
            if only not in {None, column}:
                continue
            for cell, one in zip(frame[column].tolist(), cells, strict=True):
                shown = cell.values[0] if isinstance(cell, Printed) else cell
                if one is not None:
                    hidden = shown is None or isinstance(shown, str)
                    yield name, one, shown if hidden else None if np.isnan(float(shown)) else float(shown)


@dataclass(frozen=True, eq=False)
class Hidden:
    """The hidden cells in a row: parts of the panels, the rest of each month, those open in each month, other units.

    Which cells of a panel are empty is no secret: the figure of who is compared shows it. Months are those of the panel
    with the most records.
    """

    panels: tuple[Panel, ...]
    designs: tuple[tuple[Design, ...], ...]
    given: pd.DataFrame | None
    layers: Layers
    exhibits: tuple[tuple[str, Table | Chart], ...] = ()

    def given_away(self, numbers: Iterable[Quoted], *, cells: bool = False) -> tuple[Disclosed, ...]:
        """Return the small counts that the exhibits and some numbers in sentences give away together."""
        known = [*self.of_exhibits(), *self.of_sentences(numbers), *(self.of_cells() if cells else ())]
        protected = [*self.protected(), *(self.beside() if cells else ())]
        return attack(known, protected, cells=len(self.truth), low=self.least, solutions=self.solutions())

    def near(self, cells: Cells | None, others: Iterable[Table]) -> bool:
        """Say whether a line of another table counts the same but for a few cases: two means then tell of these."""
        if cells is None:
            return False
        lines = (one for table in others for column in table.cells.values() for one in column if one is not None)
        own, every = self._all_positions(cells), (at for one in lines for at in self._all_positions(one))
        return any(0 < self.truth[np.setxor1d(one, other)].sum() < MINIMUM for other in every for one in own)

    def _all_positions(self, cells: Cells) -> list[Int]:
        """Return what a count adds up in each panel that can have it."""
        found = (self.positions(cells, p) for p in range(len(self.panels)))
        return list({at.tobytes(): at for at in found if len(at)}.values())

    @cached_property
    def main(self) -> int:
        """The panel with the most records."""
        return max(range(len(self.panels)), key=lambda p: float(self.panels[p].n.sum()))

    @property
    def panel(self) -> Panel:
        """The panel with the most records."""
        return self.panels[self.main]

    @property
    def start(self) -> int:
        """How many parts of panels there are: months come after them."""
        return len(self.layers.truth)

    @cached_property
    def months(self) -> pd.DataFrame | None:
        """The frame of months, where it counts these cases."""
        return self.given if _same_months(self.panel, self.given) else None

    @cached_property
    def others(self) -> dict[Cells, float]:
        """What counts hold of units that are not in the panel: those a table shows and the answer cannot use."""
        found: dict[Cells, float] = {}
        for _, one, shown in _counts(self.exhibits):
            if (key := self._beyond(one)) is not None and shown is not None and not isinstance(shown, str):
                found.setdefault(key, float(shown) - float(self.panel.n[np.ix_(*_members(self.panel, one))].sum()))
        return {key: n for key, n in found.items() if n >= 0}

    def _beyond(self, cells: Cells) -> Cells | None:
        units = frozenset() if cells.units is None else cells.units - set(self.panel.units)
        return Cells(units, cells.periods) if units else None

    @cached_property
    def labels(self) -> list[str]:
        """The months of the frame, or the periods of the panel."""
        return list(self.panel.timeline.labels) if self.months is None else self.months["month"].astype(str).tolist()

    @cached_property
    def cases(self) -> Float:
        """Cases of each month, within the panel and beside it."""
        inside = self.panel.n.sum(axis=0)
        return inside if self.months is None else self.months["cases"].to_numpy(dtype=np.float64)

    @cached_property
    def rest(self) -> Float:
        """Cases of each month that are in no cell of the panel."""
        inside = dict(zip(self.panel.timeline.labels, self.panel.n.sum(axis=0), strict=True))
        return np.asarray(self.cases - np.array([inside.get(label, 0.0) for label in self.labels]))

    @cached_property
    def open(self) -> Float:
        """Open cases of each month."""
        return np.zeros(len(self.labels)) if self.months is None else self.months["open"].to_numpy(dtype=np.float64)

    @cached_property
    def truth(self) -> Float:
        """What each hidden cell holds."""
        return np.concatenate([self.layers.truth, self.rest, self.open, list(self.others.values())])

    def solutions(self) -> Iterator[Float]:
        """Yield what the cells may hold besides the truth, so that each small one holds ten more in one of them.

        The attacker tries each; what is none costs a moment.
        """
        yield self.truth
        few = (self.open > 0) & (self.open < MINIMUM)
        more = self.truth.copy()
        more[self.start + len(self.labels) : self.start + 2 * len(self.labels)] += np.where(few, MINIMUM, 0)
        yield more
        for panel, designs, cell in zip(self.panels, self.designs, self.layers.cell_of, strict=True):
            inside = np.flatnonzero(cell >= 0)
            largest = dict(zip(cell[inside][order := np.argsort(self.truth[inside])], inside[order], strict=True))
            for design in designs or (None,):
                for counts in exchanged(panel.n, design):
                    cells, moved = self.truth.copy(), (counts - panel.n).ravel()
                    for at in np.flatnonzero(moved):
                        cells[largest[at]] += moved[at]
                    yield cells

    @property
    def least(self) -> Float:
        """What each cell holds at the least, as everyone knows."""
        return np.concatenate([self.layers.sure, np.zeros(len(self.truth) - self.start)]).astype(np.float64)

    def positions(self, cells: Cells, p: int | None = None) -> Int:
        """Return the hidden cells that a count of a panel adds up; of that with the most records, months too."""
        main = p is None or p == self.main
        panel = self.panel if p is None else self.panels[p]
        months = [i for i, label in enumerate(self.labels) if cells.periods is None or label in cells.periods]
        if cells.of == "open":
            return np.array(months if main else [], dtype=np.int64) + self.start + len(self.labels)
        units, periods = _members(panel, cells)
        if not main and (cells.units is None or not cells.units <= set(panel.units)):
            return np.zeros(0, dtype=np.int64)
        mask = np.zeros(panel.n.shape, dtype=bool)
        mask[np.ix_(units, periods)] = True
        inside = self._inside(self.main if p is None else p, mask)
        beside = np.array(months if main and cells.units is None else [], dtype=np.int64) + self.start
        known = list(self.others)
        beyond = [self.start + 2 * len(self.labels) + known.index(key)] if (key := self._beyond(cells)) in known else []
        return np.concatenate([inside, beside, np.array(beyond if main else [], dtype=np.int64)])

    def _inside(self, p: int, mask: Bool) -> Int:
        """Return the parts that lie in some cells of a panel."""
        cell = self.layers.cell_of[p]
        return np.flatnonzero((cell >= 0) & mask.ravel()[np.maximum(cell, 0)])

    def of_exhibits(self) -> Iterator[Known]:
        """Yield what the columns of counts of tables and figures say of these cells."""
        for count in _counts(self.exhibits):
            yield from self._said(*count)

    def says(self, name: str, cells: Cells, shown: float | str | None) -> bool:
        """Say whether a count is one of these cells: hidden, nobody, or their sum."""
        return shown in {None, 0.0} or any(True for _ in self._said(name, cells, shown))

    def _said(self, name: str, cells: Cells, shown: float | str | None) -> Iterator[Known]:
        for positions in self._all_positions(cells):
            yield from self._known(name, positions, shown)

    def of_sentences(self, numbers: Iterable[Quoted]) -> Iterator[Known]:
        """Yield what the sentences say: all that was analysed, all that was kept."""
        said = {(q.source, q.value): q for q in numbers if q.source in {"panel.n.sum()", "ledger.kept"}}
        for source, value in said:
            for panel in self.panels if source == "panel.n.sum()" else (None,):
                cells = Cells() if panel is None else Cells(frozenset(panel.units))
                yield from self._said("report.html", cells, value)

    def of_cells(self) -> Iterator[Known]:
        """Yield what public cells say: each cell of the panel."""
        for at in range(self.start):
            yield from self._known("cells.csv", np.array([at]), self.truth[at])

    def beside(self) -> Iterator[Protected]:
        """Yield what is in no public cell of a month, where that is few."""
        for i in np.flatnonzero((self.rest > 0) & (self.rest < MINIMUM)):
            yield Protected("beside", np.array([self.start + i]), _width(self.rest))

    def _known(self, where: str, positions: Int, shown: object) -> Iterator[Known]:
        """Yield what a cell says, unless it counts something else than these cells."""
        true = float(self.truth[positions].sum())
        if isinstance(shown, str) or shown is None:
            bounds = {FEW: (1.0, MINIMUM - 1.0), SECONDARY: (1.0, np.inf)}.get(str(shown), (0.0, np.inf))
        else:
            bounds = (float(str(shown)), float(str(shown)))
        if bounds[0] <= true <= bounds[1] and len(positions):
            yield Known(where, positions, *bounds)

    def protected(self) -> Iterator[Protected]:
        """Yield every count that is too small to be shown, and what one panel counts and another does not."""
        every, seen = np.arange(len(self.truth)), set()
        beyond = [("unit", every[len(every) - i - 1 : len(every) - i]) for i in range(len(self.others))]
        sums = (one for p in range(len(self.panels)) for one in self._sums(p))
        between = self.truth[: self.start][self.layers.beyond]
        for kind, positions in (*beyond, *self._months(), *sums):
            few = len(positions) > 0 and 0 < self.truth[positions].sum() < MINIMUM
            if few and (key := positions.tobytes()) not in seen:
                seen.add(key)
                outside = kind == "month" and bool((positions >= self.start).all())
                width = _width(self.rest) if outside else _width(between) if kind == "between" else MINIMUM
                yield Protected(kind, positions, width)

    def _months(self) -> Iterator[tuple[str, Int]]:
        for label in self.labels:
            yield "month", self.positions(Cells(None, frozenset({label})))
            yield "open", self.positions(Cells(None, frozenset({label}), "open"))

    def _sums(self, p: int) -> Iterator[tuple[str, Int]]:
        """Yield the sums of parts that are cells, units, groups and waves of a panel, and what of them is beyond."""
        cell, whole = self.layers.cell_of[p], np.ones(self.panels[p].n.shape, dtype=bool)
        inside = np.flatnonzero(cell >= 0)
        order = inside[np.argsort(cell[inside], kind="stable")]
        for parts in np.split(order, np.flatnonzero(np.diff(cell[order])) + 1):
            yield "cell", np.sort(parts)
        blocks = [("unit", whole & (np.arange(len(whole)) == u)[:, None]) for u in range(len(whole))]
        for design in self.designs[p]:
            after = periods_after(design)
            blocks += [("group", whole & (design.cluster == g)[:, None]) for g in range(len(design.clusters))]
            steps = np.unique(design.adopted)
            blocks += [("wave", (design.adopted == step)[:, None] & side) for step in steps for side in (after, ~after)]
        for kind, mask in blocks:
            parts = self._inside(p, mask)
            yield kind, parts
            yield "between", parts[self.layers.beyond[parts]]


def _members(panel: Panel, cells: Cells) -> tuple[list[int], list[int]]:
    periods = [i for i, p in enumerate(panel.timeline.labels) if cells.periods is None or p in cells.periods]
    return [i for i, unit in enumerate(panel.units) if cells.units is None or unit in cells.units], periods


def _width(outside: Float) -> float:
    """Return how closely what is outside may be known: how many there are of them is a count of the ledger."""
    return min(float(MINIMUM), max(float(outside.sum()) - 1, 0.0))
