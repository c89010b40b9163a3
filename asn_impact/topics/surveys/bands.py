"""Rounding as offices round, the letters of an index under each regulation, and how many respondents are asked for."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from asn_impact.arguments import Times
from asn_impact.errors import InputError
from asn_impact.reference import read_rows
from asn_impact.topics.surveys.answers import HIGHEST, LOWEST, PER_POINT
from asn_impact.verbs import public_verb
from asn_impact.words import Message

Regime: TypeAlias = Literal["2017", "2004"]
NOISE = 8  # decimals of an index that are not rounding errors of floating point
CHI_SQUARE, SHARE, PRECISION = 3.841, 0.5, 0.05  # Krejcie and Morgan (1970): 95 %, P = 0.5, 5 points


def half_up(number: float, decimals: int = 2) -> Decimal:
    """Return a number rounded as offices round: halves away from zero, in decimals.

    Examples
    --------
    >>> half_up(76.605), half_up(88.305), half_up(2.675)
    (Decimal('76.61'), Decimal('88.31'), Decimal('2.68'))
    """
    exact = Decimal(str(round(number, NOISE)))
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@functools.total_ordering
@dataclass(frozen=True)
class Band:
    """The letter of an index under one regulation: A to D.

    Bands of one regulation are ordered (D is the lowest). Those of two regulations are not comparable, and comparing
    them is an error: the same IKM of 82 is an A of 2004 and a B of 2017.

    Examples
    --------
    >>> band(82.0), band(82.0, regime="2004")
    (Band('B', 2017), Band('A', 2004))
    >>> band(82.0) < band(90.0)
    True
    """

    letter: str
    words: str
    regime: Regime

    def __lt__(self, other: Band) -> bool:
        if self.regime != other.regime:
            raise InputError(Message("satisfaction.two_regulations", one=repr(self), other=repr(other)))
        return self.letter > other.letter

    def __repr__(self) -> str:
        return f"Band({self.letter!r}, {self.regime})"


@functools.cache
def _bands(regime: str) -> tuple[tuple[Decimal, Band], ...]:
    """Return lower limits with their bands, the highest first."""
    rows = [row for row in read_rows("skm_bands.csv") if row["aturan"] == regime]
    bands = [(Decimal(r["batas_bawah"]), Band(r["mutu"], r["kinerja"], regime)) for r in rows]  # type: ignore[arg-type]
    return tuple(sorted(bands, key=lambda pair: -pair[0]))


@public_verb
def band(ikm: float, *, regime: Regime = "2017") -> Band:
    """Return the band of an index from 25 to 100.

    The printed table has gaps (76.605 lies between C and B): the index is rounded half up to two decimals, then
    compared with the lower limits 65.00, 76.61 and 88.31 (2004: 43.76, 62.51 and 81.26, which rest on general
    knowledge).

    Raises
    ------
    InputError
        The index is no number from 25 to 100, or the regulation is not known.

    Examples
    --------
    >>> band(76.605).letter, band(76.604).letter, band(88.31).words
    ('B', 'C', 'Sangat baik')
    """
    if not LOWEST * PER_POINT - 1e-9 <= ikm <= HIGHEST * PER_POINT + 1e-9:
        raise InputError(Message("satisfaction.no_index", found=repr(ikm)))
    rounded = half_up(ikm)
    return next(one for limit, one in _bands(regime) if rounded >= limit)


@public_verb
def respondents_needed(population: Times) -> int:
    """Return how many respondents the guide asks for: Krejcie and Morgan (1970), rounded to the nearest whole number.

    ``S = x N P (1 - P) / (d (N - 1) + x P (1 - P))``, x = 3.841, P = 0.5, d = 0.05 squared. The population is the
    number of people the unit served in the period, not the number of inhabitants.

    Raises
    ------
    InputError
        The population is no whole number above 0.

    Examples
    --------
    >>> [respondents_needed(n) for n in (10, 100, 1000, 75_000)]
    [10, 80, 278, 382]
    """
    spread = CHI_SQUARE * SHARE * (1 - SHARE)
    return round(population * spread / (PRECISION**2 * (population - 1) + spread))
