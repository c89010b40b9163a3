"""The proof of a release: its exhibits and sentences together give no small count back, or it does not leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.designs import Design
from asn_impact.errors import PrivacyError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.attack import Disclosed, Known, Protected, attack
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.contents import Report
from asn_impact.reporting.exchange import exchanged
from asn_impact.reporting.gate import MINIMUM
from asn_impact.reporting.recoding import Cells, counts_records, periods_after
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.cells import Printed
from asn_impact.reporting.tables.small import FEW, SECONDARY
from asn_impact.words import Message, Quoted

__all__ = ["given_away", "not_proved", "prove"]


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
    found: list[Disclosed] = []
    for panel, design in _panels(report):
        if not counts_records(panel):
            continue
        hidden = _hidden(report, exhibits, panel, design)
        known = [*hidden.of_exhibits(exhibits), *hidden.of_sentences(numbers)]
        protected = [*hidden.protected(), *(hidden.beside() if cells else ())]
        known += hidden.of_cells() if cells else ()
        found += attack(known, protected, cells=len(hidden.truth), low=hidden.least, solutions=hidden.solutions())
    return tuple(found)


def not_proved(report: Report, exhibits: Sequence[tuple[str, Table | Chart]]) -> tuple[str, ...]:
    """Return the columns of counts that the proof could not use: nobody said what they add up, or it is no such cells.

    A count of another outcome, or of cases that no panel of the report holds, is looked at for itself alone.
    """
    hidden = [_hidden(report, exhibits, panel, design) for panel, design in _panels(report) if counts_records(panel)]
    if not hidden:
        return ()
    open_ones: dict[str, None] = {}
    for name, exhibit in exhibits:
        open_ones |= {f"{name}: {column}": None for column in exhibit.counts if column not in exhibit.cells}
        for column in exhibit.cells:
            if any(not any(one.says(*count) for one in hidden) for count in _counts([(name, exhibit)], column)):
                open_ones[f"{name}: {column}"] = None
    return tuple(open_ones)


def _hidden(
    report: Report, exhibits: Sequence[tuple[str, Table | Chart]], panel: Panel, design: Design | None
) -> _Hidden:
    months = report.months[0] if report.months else None
    return _Hidden(panel, design, months if _same_months(panel, months) else None, tuple(exhibits))


def _panels(report: Report) -> Iterator[tuple[Panel, Design | None]]:
    """Yield the cells that a report rests on, each once."""
    seen: set[int] = set()
    designs = [inference.effects.design for inference in report.inferences]
    for panel, design in (*((d.panel, d) for d in designs), *([(report.panel, None)] if report.panel else [])):
        if id(panel) not in seen:
            seen.add(id(panel))
            yield panel, design


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
class _Hidden:
    """The hidden cells in a row: those of the panel that hold anyone, the rest of each month, those open in each month.

    Which cells of a panel are empty is no secret: the figure of who is compared shows it.
    """

    panel: Panel
    design: Design | None
    months: pd.DataFrame | None
    exhibits: tuple[tuple[str, Table | Chart], ...] = ()

    @cached_property
    def others(self) -> dict[Cells, float]:
        """What counts hold of units that are not in the panel: those a table shows and the answer cannot use."""
        found: dict[Cells, float] = {}
        for _, one, shown in _counts(self.exhibits):
            if (key := self._beyond(one)) is not None and shown is not None and not isinstance(shown, str):
                found.setdefault(key, float(shown) - float(self.panel.n[np.ix_(*self._members(one))].sum()))
        return found

    def _beyond(self, cells: Cells) -> Cells | None:
        units = frozenset() if cells.units is None else cells.units - set(self.panel.units)
        return Cells(units, cells.periods) if units else None

    def _members(self, cells: Cells) -> tuple[list[int], list[int]]:
        periods = [i for i, p in enumerate(self.panel.timeline.labels) if cells.periods is None or p in cells.periods]
        return [i for i, unit in enumerate(self.panel.units) if cells.units is None or unit in cells.units], periods

    @cached_property
    def place(self) -> Int:
        """(U, T) position of each cell, -1 where it is empty."""
        place = np.full(self.panel.n.shape, -1, dtype=np.int64)
        place[self.panel.n > 0] = np.arange(int((self.panel.n > 0).sum()))
        return place

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
        return np.concatenate([self.panel.n[self.panel.n > 0], self.rest, self.open, list(self.others.values())])

    def solutions(self) -> Iterator[Float]:
        """Yield what the cells may hold besides the truth, so that each small one holds ten more in one of them.

        The attacker tries each; what is none costs a moment.
        """
        yield self.truth
        inside = int((self.panel.n > 0).sum())
        few = (self.open > 0) & (self.open < MINIMUM)
        more = self.truth.copy()
        more[inside + len(self.labels) : inside + 2 * len(self.labels)] += np.where(few, MINIMUM, 0)
        yield more
        for counts in exchanged(self.panel.n, self.design):
            cells = self.truth.copy()
            cells[self.place[self.place >= 0]] = counts[self.place >= 0]
            yield cells

    @property
    def least(self) -> Float:
        """What each cell holds at the least, as everyone knows."""
        return (np.arange(len(self.truth)) < int((self.panel.n > 0).sum())).astype(np.float64)

    def positions(self, cells: Cells) -> Int:
        """Return the hidden cells that a count adds up."""
        months = [i for i, label in enumerate(self.labels) if cells.periods is None or label in cells.periods]
        start = int((self.panel.n > 0).sum())
        if cells.of == "open":
            return np.array(months, dtype=np.int64) + start + len(self.labels)
        inside = self.place[np.ix_(*self._members(cells))].ravel()
        beside = np.array(months, dtype=np.int64) + start if cells.units is None else np.zeros(0, dtype=np.int64)
        known = list(self.others)
        beyond = [start + 2 * len(self.labels) + known.index(key)] if (key := self._beyond(cells)) in known else []
        return np.concatenate([inside[inside >= 0], beside, np.array(beyond, dtype=np.int64)])

    def of_exhibits(self, exhibits: Sequence[tuple[str, Table | Chart]]) -> Iterator[Known]:
        """Yield what the columns of counts of tables and figures say of these cells."""
        for name, one, shown in _counts(exhibits):
            yield from self._known(name, self.positions(one), shown)

    def says(self, name: str, cells: Cells, shown: float | str | None) -> bool:
        """Say whether a count is one of these cells: hidden, nobody, or their sum."""
        return shown in {None, 0.0} or any(True for _ in self._known(name, self.positions(cells), shown))

    def of_sentences(self, numbers: Iterable[Quoted]) -> Iterator[Known]:
        """Yield what the sentences say: all that was analysed, all that was kept."""
        every = {"panel.n.sum()": Cells(frozenset(self.panel.units)), "ledger.kept": Cells()}
        for quoted in {q.source: q for q in numbers if q.source in every}.values():
            yield from self._known("report.html", self.positions(every[quoted.source]), quoted.value)

    def of_cells(self) -> Iterator[Known]:
        """Yield what public cells say: each cell of the panel."""
        for at in self.place[self.place >= 0]:
            yield from self._known("cells.csv", np.array([at]), self.truth[at])

    def beside(self) -> Iterator[Protected]:
        """Yield what is in no public cell of a month, where that is few."""
        start = int((self.panel.n > 0).sum())
        for i in np.flatnonzero((self.rest > 0) & (self.rest < MINIMUM)):
            yield Protected("beside", np.array([start + i]), self._width_outside)

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
        """Yield every count that is too small to be shown: cells, units, groups, waves, months and those open."""
        every = np.arange(len(self.truth))
        inside = self.place.max(initial=-1) + 1
        cells = [("cell", every[i : i + 1]) for i in range(inside)]
        beyond = [("unit", every[len(every) - i - 1 : len(every) - i]) for i in range(len(self.others))]
        for kind, positions in (*cells, *beyond, *self._sums()):
            if len(positions) and 0 < self.truth[positions].sum() < MINIMUM:
                outside = kind == "month" and bool((positions >= inside).all())
                yield Protected(kind, positions, self._width_outside if outside else MINIMUM)

    @property
    def _width_outside(self) -> float:
        """How closely a month without a cell may be known: rows kept less rows analysed are a count of the ledger."""
        return min(float(MINIMUM), max(float(self.rest.sum()) - 1, 0.0))

    def _sums(self) -> Iterator[tuple[str, Int]]:
        panel, design = self.panel, self.design
        yield from (("unit", row[row >= 0]) for row in self.place)
        for label in self.labels:
            yield "month", self.positions(Cells(None, frozenset({label})))
            yield "open", self.positions(Cells(None, frozenset({label}), "open"))
        if design is None:
            return
        after = periods_after(design)
        for code in range(len(design.clusters)):
            yield "group", self._block(design.cluster == code, np.ones(len(panel.timeline), dtype=bool))
        for step in np.unique(design.adopted):
            for side in (after, ~after):
                yield "wave", self._block(design.adopted == step, side)

    def _block(self, units: Int | np.ndarray, periods: np.ndarray) -> Int:
        inside = self.place[np.ix_(np.flatnonzero(units), np.flatnonzero(periods))].ravel()
        return np.asarray(inside[inside >= 0])
