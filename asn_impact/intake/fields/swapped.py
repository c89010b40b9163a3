"""Dates whose day and month a spreadsheet has swapped: told by the pattern, undone, and said.

A spreadsheet that expects month/day turns ``03/04/2024`` into a date (of the wrong month) and leaves ``25/04/2024`` a
text. Then every date it made has a day of 12 or less, and every text that is left has a number above 12. That this
comes about by chance is soon impossible: a day is 12 or less in four of ten dates.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

_CHANCE = 1e-4  # chance of the pattern without a swap, below which it is proof
_SUSPECT = 0.05  # below which it is no accident that can be passed over
_LOW_DAYS, _HIGH_DAYS = 0.4, 0.6  # share of dates with a day up to 12, and above
_MANY_MONTHS = 6  # months among the made dates that no short time explains


@dataclass(frozen=True)
class Mixture:
    """What a column of dates made by a spreadsheet and of texts looks like.

    ``made`` and ``texts`` count different values, ``made_over_12`` the made dates with a day above 12, ``either`` the
    texts that fit both orders. Months and days are those seen in the made dates, ``text_months`` those of the texts.
    """

    made: int
    made_over_12: int
    texts: int
    either: int
    months: frozenset[int]
    days: frozenset[int]
    text_months: frozenset[int]

    def verdict(self) -> Literal["swapped", "suspect", "thin", "sound"]:
        """Return what the pattern says.

        Examples
        --------
        >>> whole_year = frozenset(range(1, 13))
        >>> Mixture(40, 0, 60, 0, whole_year, whole_year, whole_year).verdict()
        'swapped'
        >>> Mixture(40, 9, 60, 0, whole_year, whole_year, whole_year).verdict()
        'sound'
        """
        if not self.made or not self.texts or self.made_over_12 or self.either:
            return "sound"
        chance = _LOW_DAYS**self.made * _HIGH_DAYS**self.texts
        if chance < _CHANCE and self._spreads():
            return "swapped"
        return "suspect" if chance < _SUSPECT else "thin"

    def _spreads(self) -> bool:
        """Return whether the months of the made dates are days of a month, and not the months of a change of form."""
        near = {m + k for m in self.text_months for k in (-1, 0, 1)}
        return len(self.months) >= _MANY_MONTHS or (_inside(self.days, near) and not _inside(self.months, near))


def _inside(some: Collection[int], those: Collection[int]) -> bool:
    return all(value in those for value in some)
