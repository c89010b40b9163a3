"""Counts that may be shown: small ones are hidden, and so is what would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asn_impact.errors import InputError
from asn_impact.reporting.recoding import counts_records as counts_records
from asn_impact.words import Message

MINIMUM_CELL: Final = 10  # a convention: default 10, never below 5
FEW: Final = f"<{MINIMUM_CELL}"
SECONDARY: Final = "*"
SMALL_GROUP: Final = 2 * MINIMUM_CELL  # of fewer, 0 % or 100 % tells something of each


def suppressed(counts: Sequence[float], *, minimum: int = MINIMUM_CELL) -> list[object]:
    """Return counts of one column as they may be shown.

    Counts from 1 to below the minimum become ``<10``. If subtracting the rest from a known total says more of one of
    them than that it lies between 1 and 9, the next smallest counts become ``*`` until it does not. Zero is nobody and
    is shown.

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
    few = len(hidden)
    while hidden and rest and _gives_away(sum(whole[i] for i in hidden), few, len(hidden) - few, minimum):
        _, i = rest.pop(0)
        hidden.add(i)
        cells[i] = SECONDARY
    return cells


def _gives_away(total: int, few: int, withheld: int, minimum: int) -> bool:
    """Say whether the sum of the hidden cells narrows one of the few: each can be 1 and can be the minimum less one."""
    largest_fits = total - (few + withheld - 1) >= minimum - 1
    one_fits = withheld > 0 or total <= 1 + (few - 1) * (minimum - 1)
    return not (largest_fits and one_fits)
