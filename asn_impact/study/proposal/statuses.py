"""Words of an office for the state of an application -> the four statuses, proposed from stems and dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from asn_impact.intake.fields.columns import status_meanings
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.study.proposal.facts import Word

MOSTLY, HARDLY = 0.9, 0.1  # share of rows with a date of decision
#: Stems in the order in which they count: what is denied or waits first.
_STEMS: Final = (
    ("withdrawn", r"batal|cabut|tarik|mundur|withdraw|cancel"),
    ("rejected", r"tolak|tidak (?:di)?(?:setuju|kabul|penuh|lengkap)|tdk (?:di)?setuju|gagal|reject|denied"),
    ("open", r"belum|blm|proses|verif|tunggu|antri|antre|pending|draf|revisi|perbaik|periksa|survey|survei|open|tahap"),
    ("open", r"masuk|didaftar|terdaftar|diterima (?:berkas|loket)|wait|progress"),
    (
        "granted",
        r"selesai|terbit|setuju|kabul|sah\b|disahkan|ambil|serah|jadi|rampung|beres|tuntas|keluar|cetak|done|issued|approv|close",
    ),
)


def unknown_statuses(words: Mapping[str, Word]) -> dict[str, Word]:
    """Return the words that no table knows; what stands for an empty cell, and the number of a total, left out."""
    known = status_meanings()
    plain = {word: " ".join(word.split()).casefold() for word in words}
    totals = {w for w, n in words.items() if plain[w].isdigit() and n.rows == 1}
    others = {
        w: n for w, n in words.items() if plain[w] not in known and plain[w] not in NULL_WORDS and w not in totals
    }
    return {w: n for w, n in others.items() if "nunggu" not in plain[w]}


def propose_statuses(words: Mapping[str, Word]) -> tuple[dict[str, str], dict[str, str]]:
    """Return word -> status where its stem and its dates agree, and word -> best guess where they do not.

    Examples
    --------
    >>> propose_statuses({"SK sdh keluar": Word(40, 40), "Meja Kabid": Word(9, 0)})
    ({'SK sdh keluar': 'granted'}, {'Meja Kabid': 'open'})
    """
    sure: dict[str, str] = {}
    guesses: dict[str, str] = {}
    for word, count in unknown_statuses(words).items():
        share = None if count.dated is None else count.dated / max(count.rows, 1)
        plain = " ".join(word.split()).casefold()
        stem = next((status for status, pattern in _STEMS if re.search(pattern, plain)), None)
        if stem is not None and (stem == "withdrawn" or (share is not None and _fits(stem, share))):
            sure[word] = stem
        elif share is None:
            guesses[word] = stem or "open"
        else:
            guesses[word] = "granted" if share >= MOSTLY else "open" if share <= HARDLY else stem or "open"
    return sure, guesses


def _fits(status: str, dated: float) -> bool:
    """Return whether so many dates of decision go with a status."""
    return dated <= HARDLY if status == "open" else dated >= MOSTLY
