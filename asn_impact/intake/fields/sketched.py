"""A text that should have been a date or number, shown in a message without the names in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from asn_impact.intake.fields.empty_words import NULL_WORDS, WAITING_WORDS
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS
from asn_impact.words import Message

_ALIKE: Final = 0.75  # to a month, for a word between a day and a year to be shown: Septmber, Agtt
#: What persons are called after a month, or nearly so.
_CALLED: Final = frozenset(
    [
        *("apri", "desi", "desy", "devi", "dewi", "febi", "febri", "febry", "jana", "jani", "juan", "juna", "marni"),
        *("mari", "maria", "meri", "mery", "nova", "novi", "novia", "novy", "okta", "okti", "septa", "septi", "yuli"),
        *("yulia", "yuni", "yunita", "juliana", "oktavia", "novita", "agustin", "agustina", "agusta", "septian"),
    ]
)


def sketched(text: str) -> str:
    """Return a text that should have been a date or number, for a message: words that could be a name are left out.

    What stands where a month should and is nearly one is shown, so that it can be corrected.

    Examples
    --------
    >>> sketched("Siti, 31 Desember 2024"), sketched("3 Agtus 2024"), sketched("Senin, 2 s.d. 4 Sptm 24")
    ('…, 31 Desember 2024', '3 Agtus 2024', 'Senin, 2 s.d. 4 Sptm 24')
    """
    months = {match.start(1) for match in _DATE.finditer(text)}

    def shown(word: re.Match[str]) -> str:
        small = word.group().casefold()
        near = word.start() in months and small not in _CALLED and get_close_matches(small, MONTHS, 1, _ALIKE)
        return word.group() if small in _PLAIN_WORDS or near else "…"

    return masked(re.sub(r"[^\W\d_]{2,}", shown, text))


def examples_of(texts: Iterable[object]) -> list[str | Message]:
    """Return up to three texts for a message, as `sketched` shows them; words alone say that they are not shown.

    Examples
    --------
    >>> examples_of(["Siti", "31 Juni 2024", "Budi"]), str(examples_of(["Siti"])[0])
    (["'31 Juni 2024'"], 'words that could be names and are not shown')
    """
    shown = dict.fromkeys(repr(text) for text in map(sketched, map(str, texts)) if any(map(str.isalnum, text)))
    return [*[*shown][:3]] or [Message("intake.dates.words_only")]


_DATE: Final = re.compile(r"(?<!\d)\d{1,2}[-/. ]*([^\W\d_]{2,})\.?[-/., ]*(?:(?:19|20)\d\d|\d\d)(?!\d)")
_PLAIN_WORDS: Final = {*MONTHS, *(word for phrase in (*NULL_WORDS, *WAITING_WORDS) for word in phrase.split())} | {
    *("senin", "selasa", "rabu", "kamis", "jumat", "jum", "at", "sabtu", "minggu", "ahad"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("tanggal", "tgl", "hari", "days", "sampai", "dengan", "sd", "hingga", "dan", "until", "to", "and"),
    *("wib", "wita", "wit", "utc", "pukul", "jam", "value", "ref", "div", "name", "rp", "juta"),
}
