"""The attacker: everything a release says of numbers of cases, as linear equations over the hidden cells.

Whoever has the release has a system of equations: each published count is a sum over cells (unit by month) that are
whole numbers, none negative. The attacker works out the smallest and the largest that a hidden count can be in any
solution (Fischetti and Salazar 2000; Hundepool and others 2012, section 4.3). A count is given away when that range is
narrower than the threshold. Linear programs by HiGHS; where a solution is no whole number, whole numbers are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from asn_impact.arrays import Bool, Float, Int
from asn_impact.reporting.gate import MINIMUM

ROUNDS: Final = 40  # joint programs that clear many counts at a time; what they leave is looked at one by one
UNBOUNDED: Final = 3  # as linprog says it
CLOSE: Final = 1e-6
PATIENCE: Final = 5.0  # seconds for a solution that only saves time


@dataclass(frozen=True, eq=False)
class Known:
    """What a release says of a sum of cells: that it lies between two numbers, the same two for a count shown."""

    where: str  #: the exhibit and column: ``Table 2, records``
    cells: Int  #: positions of the cells that are added up
    #: Ends; ``high`` may be infinite.
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Protected:
    """A count that must stay hidden."""

    kind: str  #: what it is, never which: ``office``, ``month``, ``cell``
    cells: Int  #: positions of the cells that it adds up
    width: float = MINIMUM  #: the narrowest range that may be known


@dataclass(frozen=True)
class Disclosed:
    """A hidden count that the release gives away."""

    kind: str  #: of `Protected`
    #: What it must lie between.
    low: float
    high: float
    together: tuple[str, ...]  #: the exhibits whose counts give it, taken together


def attack(
    known: Sequence[Known],
    protected: Sequence[Protected],
    *,
    cells: int,
    low: Float | None = None,
    solutions: Iterable[Float] = (),
) -> tuple[Disclosed, ...]:
    """Return the protected counts that what is known pins down to less than their width.

    Parameters
    ----------
    known
        Everything published.
    protected
        What must stay hidden.
    cells
        Number of hidden cells.
    low
        (cells,) the least each cell can be; 0 where nothing is known of it.
    solutions
        Each (cells,) whole numbers that may be a solution: what is none is not looked at. They only save time.

    Examples
    --------
    Two tables: offices K, L and M have 57 cases together, L and M 56. Office K has one.

    >>> total, rest = Known("Table 1", np.arange(3), 57, 57), Known("Table 2", np.array([1, 2]), 56, 56)
    >>> attack([total, rest], [Protected("office", np.array([0]))], cells=3)
    (Disclosed(kind='office', low=1.0, high=1.0, together=('Table 1', 'Table 2')),)
    >>> attack([total], [Protected("office", np.array([0]))], cells=3)
    ()
    """
    if not protected:
        return ()
    system = _System.of(known, np.zeros(cells) if low is None else low, cells)
    sums = _Sums.of(protected, system)
    width = np.array([one.width for one in protected])
    reach = _Reach.nothing(sums)
    for one in solutions:
        reach.see(system.solution(one))
        if not reach.open(width).any():
            return ()
    _push_apart(system, reach, width)
    disclosed = []
    for i in range(len(protected)):
        if reach.open(width)[i]:
            found = _ends(system, reach, i)
            if found.high - found.low < width[i] - CLOSE:
                disclosed.append(replace(found, kind=protected[i].kind))
    return tuple(disclosed)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of cells, over classes: their least counts the classes wholly inside, their most those they touch."""

    least: sparse.csr_array  # (P, classes)
    most: sparse.csr_array  # (P, classes)
    constant: Float  # (P,)

    @classmethod
    def of(cls, protected: Sequence[Protected], system: _System) -> _Sums:
        row = np.repeat(np.arange(len(protected)), [len(one.cells) for one in protected])
        classes = system.class_of[np.concatenate([one.cells for one in protected])]
        sizes = np.bincount(system.class_of)
        touched = sparse.csr_array((np.ones(len(row)), (row, classes)), shape=(len(protected), len(sizes)))
        touched.sum_duplicates()
        whole = (touched.data == sizes[touched.indices]).astype(np.float64)
        least = sparse.csr_array((whole, touched.indices, touched.indptr), shape=touched.shape)
        most = sparse.csr_array((np.ones(len(whole)), touched.indices, touched.indptr), shape=touched.shape)
        constant = np.array([float(system.base[one.cells].sum()) for one in protected])
        return cls(least, most, constant)


@dataclass(frozen=True, eq=False)
class _System:
    """The equations, over classes of cells that no published count tells apart; values above the least of each cell."""

    rows: sparse.csr_array  # (m, classes)
    low: Float  # (m,)
    high: Float  # (m,)
    names: tuple[str, ...]
    class_of: Int  # (cells,)
    base: Float  # (cells,)

    @classmethod
    def of(cls, known: Sequence[Known], base: Float, cells: int) -> _System:
        rows = np.repeat(np.arange(len(known)), [len(one.cells) for one in known])
        columns = np.concatenate([one.cells for one in known]) if known else np.zeros(0, dtype=np.int64)
        inside = sparse.csc_array((np.ones(len(rows)), (rows, columns)), shape=(len(known), cells))
        inside.sort_indices()
        found: dict[bytes, int] = {}
        spans = zip(inside.indptr[:-1], inside.indptr[1:], strict=True)
        class_of = [found.setdefault(inside.indices[start:end].tobytes(), len(found)) for start, end in spans]
        first = np.unique(class_of, return_index=True)[1]
        below = inside @ base
        return cls(
            rows=sparse.csr_array(inside[:, first]),
            low=np.array([one.low for one in known]) - below,
            high=np.array([one.high for one in known]) - below,
            names=tuple(one.where for one in known),
            class_of=np.array(class_of, dtype=np.int64),
            base=base,
        )

    def solution(self, cells: Float) -> Float | None:
        """Return a solution over the classes from one over the cells; None where it is none."""
        above = cells - self.base
        every = np.bincount(self.class_of, weights=above, minlength=self.rows.shape[1])
        classes: Float = np.asarray(every, dtype=np.float64)
        told = self.rows @ classes
        fits = (above >= 0).all() and _whole(cells) and (told >= self.low - CLOSE).all()
        return classes if fits and (told <= self.high + CLOSE).all() else None

    def end(self, objective: Float) -> tuple[float, Float | None, tuple[str, ...]]:
        """Return the least of a sum, a solution that has it, and the equations that hold it there."""
        found = self.program(objective)
        if found.status == UNBOUNDED:
            return -np.inf, None, ()
        weights = np.concatenate([found.eqlin.marginals, found.ineqlin.marginals])
        held = tuple(self.names[i] for i in self._order[np.abs(weights) > CLOSE])
        if not _whole(found.x):  # the linear program ends between two whole numbers
            found = self._in_whole_numbers(objective)
        return float(found.fun), found.x, held

    def point(self, objective: Float, upper: Float | None = None, more: sparse.csr_array | None = None) -> Float | None:
        """Return a solution in whole numbers that makes a sum small: the least, or near it. None: not found soon."""
        found = self.program(objective, upper, more)
        if found.status != UNBOUNDED and not _whole(found.x[: self.rows.shape[1]]):
            found = self._in_whole_numbers(objective, upper, more, seconds=PATIENCE)
        return None if found.x is None else np.round(found.x[: self.rows.shape[1]])

    def program(self, objective: Float, upper: Float | None = None, more: sparse.csr_array | None = None) -> Any:  # noqa: ANN401
        """Minimise over the classes, and over further variables up to `upper`, of which `more` says what they obey."""
        equal, above, below = self._kinds
        beside = len(objective) - self.rows.shape[1]
        rows = sparse.csr_array(sparse.hstack([self.rows, sparse.csr_array((len(self.names), beside))]))
        ends = [self.high[above], -self.low[below], np.zeros(beside)]
        given: dict[str, Any] = {  # sparse matrices, which the hints of scipy do not know
            "A_ub": sparse.vstack([rows[above], -rows[below], *([more] if more is not None else [])]),
            "b_ub": np.concatenate(ends),
            "A_eq": rows[equal],
            "b_eq": self.low[equal],
            "bounds": np.stack([np.zeros(len(objective)), self._ceiling(upper)], axis=1),
        }
        found = linprog(objective, **given)
        if found.status not in {0, UNBOUNDED}:
            raise RuntimeError(found.message)  # what is published is true of the cells: there is a solution
        return found

    def _in_whole_numbers(
        self,
        objective: Float,
        upper: Float | None = None,
        more: sparse.csr_array | None = None,
        seconds: float = np.inf,
    ) -> Any:  # noqa: ANN401 - what scipy returns
        classes, beside = self.rows.shape[1], len(objective) - self.rows.shape[1]
        rows = sparse.csr_array(sparse.hstack([self.rows, sparse.csr_array((len(self.names), beside))]))
        obeyed = [LinearConstraint(rows, self.low, self.high)]
        return milp(
            objective,
            constraints=[*obeyed, *([LinearConstraint(more, -np.inf, 0.0)] if more is not None else [])],
            integrality=(np.arange(len(objective)) < classes).astype(np.int64),
            bounds=Bounds(0.0, self._ceiling(upper)),
            options={"time_limit": seconds},
        )

    def _ceiling(self, upper: Float | None) -> Float:
        every = np.full(self.rows.shape[1], np.inf)
        return every if upper is None else np.concatenate([every, upper])

    @property
    def _kinds(self) -> tuple[Int, Int, Int]:
        """Positions of equations, of rows with an upper end, and of rows with a lower end above nothing."""
        equal = self.low == self.high
        return (
            np.flatnonzero(equal),
            np.flatnonzero(~equal & np.isfinite(self.high)),
            np.flatnonzero(~equal & (self.low > 0)),
        )

    @property
    def _order(self) -> Int:
        return np.concatenate(self._kinds)


def _whole(values: Float) -> bool:
    return bool((np.abs(values - np.round(values)) < CLOSE).all())


@dataclass(frozen=True, eq=False)
class _Reach:
    """The ends that solutions seen so far reach, of every protected sum at once."""

    sums: _Sums
    least: Float  # (P,)
    most: Float  # (P,)

    @classmethod
    def nothing(cls, sums: _Sums) -> _Reach:
        return cls(sums, np.full(len(sums.constant), np.inf), np.full(len(sums.constant), -np.inf))

    def see(self, solution: Float | None) -> None:
        """Take in a solution: it moves the ends of all sums, not only of the one it was looked for."""
        if solution is not None:
            np.minimum(self.least, self.sums.constant + self.sums.least @ solution, out=self.least)
            np.maximum(self.most, self.sums.constant + self.sums.most @ solution, out=self.most)

    def open(self, width: Float) -> Bool:
        """(P,) True where no two solutions are far enough apart yet."""
        return np.asarray(~(self.most - self.least >= width - CLOSE))


def _push_apart(system: _System, reach: _Reach, width: Float) -> None:
    """Clear many sums at a time: all as small as can be, then as many as can be large enough."""
    low, high, constant = reach.sums.least, reach.sums.most, reach.sums.constant
    if np.isinf(reach.least).any():
        reach.see(system.point(np.asarray(low.sum(axis=0), dtype=np.float64).ravel()))
    for _ in range(ROUNDS):
        at = np.flatnonzero(reach.open(width))
        if not len(at) or np.isinf(reach.least).any():
            return
        # a variable for each sum still open: at most the sum, and at most what clears it
        need = np.ceil(reach.least[at] + width[at] - constant[at])
        rows = sparse.csr_array(sparse.hstack([-high[at], sparse.eye_array(len(at))]))
        aim = np.concatenate([np.zeros(low.shape[1]), -np.ones(len(at))])
        reach.see(system.point(aim, need, rows))
        if reach.open(width).sum() == len(at):
            return


def _ends(system: _System, reach: _Reach, i: int) -> Disclosed:
    """Return the ends of one sum, and what holds it there; its solutions count for the others too."""
    constant = float(reach.sums.constant[i])
    low, at_low, below = system.end(reach.sums.least[[i]].toarray()[0])
    high, at_high, above = system.end(-reach.sums.most[[i]].toarray()[0])
    reach.see(at_low if at_low is None else np.round(at_low))
    reach.see(at_high if at_high is None else np.round(at_high))
    together = tuple(dict.fromkeys(name for name in system.names if name in {*below, *above}))
    return Disclosed("", constant + low, constant - high, together)
