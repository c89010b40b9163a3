"""Amounts of rupiah, as each language writes them."""

from __future__ import annotations

import math

from asn_impact.words import Language, Message, Quantity, verbatim
from asn_impact.words.writing import UNDEFINED


def money(amount: float, source: str, decimals: int = 0) -> Message:
    """Return an amount of rupiah for a sentence; `source` is the expression it came from.

    Examples
    --------
    >>> money(-1234567, "costs.total").text("id").numbers[0].source
    'costs.total'
    """
    if math.isnan(amount):
        return verbatim(UNDEFINED)
    size = Quantity(abs(amount), source, decimals)
    below = math.isinf(amount) or round(amount, decimals) != 0
    return Message("planning.minus_rupiah" if amount < 0 and below else "planning.rupiah", amount=size)


def rupiah(amount: float, language: Language, *, decimals: int = 0) -> str:
    """Return an amount of money as EYD V writes it in Indonesian, and its English counterpart.

    Examples
    --------
    >>> rupiah(1234567, "id", decimals=2), rupiah(-1234567, "en")
    ('Rp1.234.567,00', '−Rp1,234,567')
    """
    return money(amount, "amount", decimals).text(language).text
