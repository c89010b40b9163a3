"""Names of Indonesian offices written out, to ask whether Dinkes and Dinas Kesehatan are one; never to join them.

The words stand in ``reference/office_names_id.csv`` with their sources. A word with several meanings (DKP) is left as
it is.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from asn_impact.reference import read_rows

_MOST_WORDS = 12  # of the longest name in the table


@functools.cache
def meanings() -> Mapping[str, frozenset[str]]:
    """Return a word or words of a name, in small letters -> what they can stand for, written out.

    Examples
    --------
    >>> sorted(meanings()["dkp"])
    ['dinas kelautan dan perikanan', 'dinas ketahanan pangan']
    """
    found: dict[str, set[str]] = {}
    for row in read_rows("office_names_id.csv"):
        found.setdefault(row["kata"], set()).add(row["nama"])
    return MappingProxyType({word: frozenset(names) for word, names in found.items()})


@functools.cache
def written_out(key: str) -> str:
    """Return the key of a label with its abbreviations written out and its accents gone.

    Examples
    --------
    >>> written_out("dinkes kab batanghari"), written_out("satpol pp")
    ('dinas kesehatan kabupaten batanghari', 'satuan polisi pamong praja')
    """
    plain = unicodedata.normalize("NFKD", key)
    words = "".join(c for c in plain if not unicodedata.combining(c)).split()
    return " ".join(_expanded(_expanded(words)))


def _expanded(words: list[str]) -> list[str]:
    """Return words with what is shortened in them written out; the longest match from the left counts."""
    written, at = [], 0
    while at < len(words):
        sizes = range(min(_MOST_WORDS, len(words) - at), 0, -1)
        size = next((n for n in sizes if " ".join(words[at : at + n]) in _unique()), 0)
        written += _unique()[" ".join(words[at : at + size])].split() if size else [words[at]]
        at += size or 1
    return written


@functools.cache
def _unique() -> Mapping[str, str]:
    """Return words -> the one name they stand for; a name written out stands for itself."""
    names = {name: name for every in meanings().values() for name in every}
    return {**names, **{word: next(iter(every)) for word, every in meanings().items() if len(every) == 1}}
