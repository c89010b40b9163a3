"""A text that should have been a date or number, shown in a message without the names in it."""

from __future__ import annotations

import re

from asn_impact.intake.fields.empty_words import NULL_WORDS, WAITING_WORDS
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS


def sketched(text: str) -> str:
    """Return a text that should have been a date or number, for a message: words that could be a name are left out.

    Examples
    --------
    >>> sketched("Siti, 31 Desember 2024")
    '…, 31 Desember 2024'
    """
    return masked(re.sub(r"[^\W\d_]{2,}", lambda m: m.group() if m.group().casefold() in _PLAIN_WORDS else "…", text))


_PLAIN_WORDS = {*MONTHS, *(word for phrase in (*NULL_WORDS, *WAITING_WORDS) for word in phrase.split())}
_PLAIN_WORDS |= {
    "wib",
    "wita",
    "wit",
    "utc",
    "pukul",
    "jam",
    "value",
    "ref",
    "div",
    "name",
    "rp",
    "juta",
    "hari",
    "days",
}
