"""Counts that may be shown: small ones are hidden, and so is what would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.words import Message

__all__ = ["FEW", "MINIMUM_CELL", "SECONDARY", "counts_records", "suppressed"]

MINIMUM_CELL: Final = 10  # a convention: default 10, never below 5
FEW: Final = f"<{MINIMUM_CELL}"
SECONDARY: Final = "*"


def suppressed(counts: Sequence[float], *, minimum: int = MINIMUM_CELL) -> list[object]:
    """Return counts of one column as they may be shown.

    Counts from 1 to below the minimum become ``<10``. If what is hidden could be had by subtracting the rest from a
    known total (one cell is hidden, or those hidden sum to less than the minimum), the next smallest counts become
    ``*`` until it cannot. Zero is nobody and is shown.

    Raises
    ------
    InputError
        The minimum is below 5.

    Examples
    --------
    >>> suppressed([40, 12, 3])
    [40, '*', '<10']
    >>> suppressed([40, 12, 0])
    [40, 12, 0]
    """
    if minimum < 5:
        raise InputError(Message("tables.minimum_too_small", minimum=minimum))
    whole = [int(c) for c in counts]
    hidden = {i for i, c in enumerate(whole) if 0 < c < minimum}
    cells: list[object] = [f"<{minimum}" if i in hidden else c for i, c in enumerate(whole)]
    rest = sorted((c, i) for i, c in enumerate(whole) if c > 0 and i not in hidden)
    while hidden and rest and (len(hidden) < 2 or sum(whole[i] for i in hidden) < minimum):
        _, i = rest.pop(0)
        hidden.add(i)
        cells[i] = SECONDARY
    return cells


def counts_records(panel: Panel) -> bool:
    """Return whether the panel's n counts records (people's cases), and not just ready rows.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> counts_records(SimpleNamespace(n=np.ones((2, 3))))
    False
    """
    return bool((panel.n > 1).any())
