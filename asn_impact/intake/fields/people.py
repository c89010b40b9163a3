"""Cells of a training list that name persons: who is in a cell, and what two spellings of one person share.

A number (NIP, NIK) tells persons apart best. Without one the name does, without titles, degrees, case and punctuation.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{8}[ .]?\d{6}[ .]?\d[ .]?\d{3}|\d{16})(?!\d)")  # NIP, also spaced, and NIK
_ITEM: Final = re.compile(r"(?:^|(?<=\s))\(?(?:\d{1,2}[.)]\s*|[a-z][.)]\s+)(?=[A-Z])")  # 1. 2) a.
_COUNT: Final = re.compile(r"\s*\d{1,4}\s*(?:orang|org|peserta|pegawai|asn|pns|persons?)\b.*", re.IGNORECASE)
_DEGREES: Final = frozenset(  # without points, in small letters
    re.findall(
        r"\w+",
        "se sh st sip ssos skom spd sag shi sei ssi sap sp spt spi skm skep skeb sfarm sgz spsi "
        "shut sstp sst str stp sta spdi mm msi mh mt map mkes mkom mpd mpa mpp msc ma mba mhum mag "
        "mp meng mec mecdev mkm msos mphil mpsi mstat mtr phd ph amd amdkeb amdkep amdkom amk ama "
        "akt ak apt ners ns spog spa spb sppd spkk cpa cfra cgcae iaia ip ap si pd kom sos",
    )
)
_FRONT: Final = re.compile(
    r"^(?:(?:dr|drs|dra|drg|drh|ir|prof|h|hj|kh|apt|ns|bapak|ibu|bpk|sdr|sdri)\.\s*|(?:dr|drs|dra|drg|ir|prof|hj|bapak|"
    r"ibu|bpk|sdr|sdri)\s+)+",
    re.IGNORECASE,
)


def persons_of(cell: str) -> list[str]:
    """Return the persons that a cell names: numbers where there are any, else names; degrees are no persons.

    Examples
    --------
    >>> persons_of("1. Budi Santoso, S.E., M.M. 2. Ani Wijaya"), persons_of("Budi, Ani dan Joko / Tini")
    (['Budi Santoso, S.E., M.M.', 'Ani Wijaya'], ['Budi', 'Ani', 'Joko', 'Tini'])
    """
    numbers = list(dict.fromkeys(re.sub(r"[ .]", "", number) for number in _NUMBER.findall(cell)))
    if numbers or any(map(str.isdigit, _ITEM.sub("", cell))):
        parts = [part.strip() for part in re.split(r"[;|\n]|\s/\s|,\s", cell) if part.strip()]
        return numbers or parts or [cell]
    parts = re.split(r"[;|\n/]|\s(?:dan|serta|and|&)\s", _ITEM.sub("\n", cell))
    return [name for part in parts for name in _names(part)] or [cell]


def _names(part: str) -> list[str]:
    """Return the names in a list by commas; what stands after a comma and is a degree belongs to the name before."""
    names: list[str] = []
    for piece in part.split(","):
        if names and _is_degree(piece):
            names[-1] += f", {piece.strip()}"
        elif piece.strip():
            names.append(piece.strip())
    return names


def _is_degree(piece: str) -> bool:
    words = piece.split()
    return all(re.sub(r"\W", "", word).casefold() in _DEGREES or _dotted(word) for word in words)


def _dotted(word: str) -> bool:
    """Return whether a word is written as a degree: S.Tr.Keb, M.Ec.Dev."""
    return re.fullmatch(r"(?:[A-Z][A-Za-z]{0,4}\.){1,4}(?:[A-Z][A-Za-z]{0,6}\.?)?", word) is not None


def person_key(text: str) -> str:
    """Return what two spellings of one person share: the digits of a number, or the bare name.

    Examples
    --------
    >>> person_key("19870910 201101 1 006"), person_key("Drs. BUDI  Santoso, S.E.") == person_key("Budi Santoso SE")
    ('198709102011011006', True)
    """
    text = re.sub(r"^\s*'?(\d+)\.0+\s*$", r"\1", text)
    if not any(map(str.isdigit, text)):
        words = _FRONT.sub("", text.split(",")[0].strip()).split()
        while len(words) > 1 and (
            re.sub(r"\W", "", words[-1]).casefold() in _DEGREES and words[-1] == words[-1].upper()
        ):
            words.pop()
        text = " ".join(words) or text
    return re.sub(r"[\W_]", "", text).upper()


def counts_persons(cell: str) -> bool:
    """Return whether a cell says how many there were, and names nobody.

    Examples
    --------
    >>> counts_persons("2 orang"), counts_persons("Budi")
    (True, False)
    """
    return _COUNT.fullmatch(cell) is not None
