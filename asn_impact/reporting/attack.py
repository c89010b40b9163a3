"""The attacker: everything a release says of numbers of cases, as linear equations over the hidden cells.

Whoever has the release has a system of equations: each published count is a sum over cells (unit by month) that are
whole numbers, none negative. The attacker works out the smallest and the largest that a hidden count can be in any
solution (Fischetti and Salazar 2000; Hundepool and others 2012, section 4.3). A count is given away when that range is
narrower than the threshold. Linear programs by HiGHS; where a solution is no whole number, whole numbers are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.optimize import LinearConstraint, linprog, milp

from asn_impact.arrays import Float, Int
from asn_impact.reporting.gate import MINIMUM

__all__ = ["Disclosed", "Known", "Protected", "attack"]

ROUNDS: Final = 40  # joint programs that clear many counts at a time; what they leave is looked at one by one
UNBOUNDED: Final = 3  # as linprog says it
CLOSE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Known:
    """What a release says of a sum of cells: that it lies between two numbers, the same two for a count shown.

    Attributes
    ----------
    where
        The exhibit and column: ``Table 2, records``.
    cells
        Positions of the cells that are added up.
    low, high
        Ends; ``high`` may be infinite.
    """

    where: str
    cells: Int
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Protected:
    """A count that must stay hidden.

    Attributes
    ----------
    kind
        What it is, never which: ``office``, ``month``, ``cell``.
    cells
        Positions of the cells that it adds up.
    width
        The narrowest range that may be known.
    """

    kind: str
    cells: Int
    width: float = MINIMUM


@dataclass(frozen=True)
class Disclosed:
    """A hidden count that the release gives away.

    Attributes
    ----------
    kind
        Of `Protected`.
    low, high
        What it must lie between.
    together
        The exhibits whose counts give it, taken together.
    """

    kind: str
    low: float
    high: float
    together: tuple[str, ...]


def attack(
    known: Sequence[Known], protected: Sequence[Protected], *, cells: int, low: Float | None = None
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
    least, most = _found_together(system, sums, width)
    disclosed = []
    for i in np.flatnonzero(~(most - least >= width - CLOSE)):
        (bottom, below), (top, above) = system.end(sums.least[[i]], 1.0), system.end(sums.most[[i]], -1.0)
        bottom, top = bottom + sums.constant[i], top + sums.constant[i]
        if top - bottom < width[i] - CLOSE:
            together = tuple(dict.fromkeys(name for name in system.names if name in {*below, *above}))
            disclosed.append(Disclosed(protected[i].kind, bottom, top, together))
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

    def end(self, row: sparse.csr_array, sign: float) -> tuple[float, tuple[str, ...]]:
        """Return an end of what a sum can be, above the least of its cells, and the equations that hold it there."""
        objective = sign * row.toarray()[0]
        found = self.program(objective)
        if found.status == UNBOUNDED:
            return np.inf, ()
        weights = np.concatenate([found.eqlin.marginals, found.ineqlin.marginals])
        held = tuple(self.names[i] for i in self._order[np.abs(weights) > CLOSE])
        value = found.fun if _whole(found.x) else self._whole_number(objective)
        return sign * float(value), held

    def program(self, objective: Float, beside: int = 0, upper: Float | None = None, more: Any = None) -> Any:  # noqa: ANN401
        """Minimise over the classes, and over `beside` further variables with their own rows of inequalities."""
        equal, above, below = self._kinds
        empty = sparse.csr_array((len(self.names), beside))
        rows = sparse.csr_array(sparse.hstack([self.rows, empty]))
        most = [rows[above], -rows[below], *([more] if more is not None else [])]
        ends = [self.high[above], -self.low[below], np.zeros(more.shape[0] if more is not None else 0)]
        ceiling = np.full(self.rows.shape[1] + beside, np.inf)
        if upper is not None:
            ceiling[self.rows.shape[1] :] = upper
        found = linprog(
            objective,
            A_ub=sparse.vstack(most),
            b_ub=np.concatenate(ends),
            A_eq=rows[equal],
            b_eq=self.low[equal],
            bounds=np.stack([np.zeros(len(ceiling)), ceiling], axis=1),
        )
        if found.status not in {0, UNBOUNDED}:
            raise RuntimeError(found.message)  # what is published is true of the cells: there is a solution
        return found

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

    def _whole_number(self, objective: Float) -> float:
        """Return the least of a sum over whole numbers, where the linear program ends between two."""
        rows = LinearConstraint(self.rows, self.low, self.high)
        found = milp(objective, constraints=rows, integrality=np.ones(len(objective)))
        return float(found.fun)


def _whole(values: Float) -> bool:
    return bool((np.abs(values - np.round(values)) < CLOSE).all())


def _found_together(system: _System, sums: _Sums, width: Float) -> tuple[Float, Float]:
    """Return ends that some solutions reach: one program pushes many sums apart at a time."""
    low, high, constant = sums.least, sums.most, sums.constant
    found = system.program(np.asarray(low.sum(axis=0)).ravel())
    whole = found.status == 0 and _whole(found.x)
    least = constant + (low @ np.round(found.x) if whole else np.inf)
    most = np.full(len(width), -np.inf)
    for _ in range(ROUNDS):
        open_ = np.flatnonzero(~(most - least >= width - CLOSE))
        if not len(open_) or not whole:
            break
        # a variable for each sum still open: at most the sum, and at most what clears it
        need = np.ceil(least[open_] + width[open_] - constant[open_])
        tops = sparse.csr_array(sparse.hstack([-high[open_], sparse.eye_array(len(open_))]))
        aim = np.concatenate([np.zeros(low.shape[1]), -np.ones(len(open_))])
        found = system.program(aim, beside=len(open_), upper=need, more=tops)
        x = found.x[: low.shape[1]] if found.status == 0 else np.full(low.shape[1], 0.5)
        reached = np.where(_whole(x), constant + high @ np.round(x), -np.inf)
        cleared = int((reached[open_] - least[open_] >= width[open_] - CLOSE).sum())
        most = np.maximum(most, reached)
        if not cleared:
            break
    return least, most
