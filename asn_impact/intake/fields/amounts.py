"""What a table of money says beside its amounts: which rows are totals, and what 1 stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from asn_impact.intake.fields.columns import normalised
from asn_impact.reference import read_headings

_TOTAL: Final = re.compile(
    r"(?:[\W\d_]|\b(?:[ivxlc]+|[a-z])[.)])*(?:grand|sub)?[\s.-]*(?:jumlah|jml\w?|total|subtotal|keseluruhan)\b"
    r"(?!\s*station)|(?:realisasi\s+)?(?:s[./]{1,2}d\b|sampai\s+dengan|kumulatif|akumulasi)",
    re.IGNORECASE,
)
_SPACED: Final = re.compile(r"\w(?: \w){3,}")  # J U M L A H


def is_total(label: str, said: Sequence[str] | None = None) -> bool:
    """Return whether a row is called a sum of others; `said` are rows of which the reader says it.

    Examples
    --------
    >>> is_total("II. Sub Total 1 Ls"), is_total("J U M L A H"), is_total("Sewa total station"), is_total("S.d. Maret")
    (True, True, False, True)
    """
    bare = " ".join(label.split()).strip(" :.=")
    bare = bare.replace(" ", "") if _SPACED.fullmatch(bare) else bare
    return bool(_TOTAL.match(bare)) or normalised(label) in {normalised(name) for name in said or ()}


_NO_AMOUNT: Final = re.compile(r"\b(?:no|nomor|kode|nip|rek(?:ening)?|ta(?:hu)?n|tgl|tanggal|date|code|year)\b|%", re.I)
_LARGE: Final = re.compile(r"(?:(?:rp|idr)\.?\s*)?(?=(?:\D*\d){4})\d[\d.,]*(?:,-)?", re.I)


def is_amount(text: str) -> bool:
    """Return whether a cell is a number of four digits or more, as an amount of money is.

    Examples
    --------
    >>> is_amount("Rp 900.000,-"), is_amount("12"), is_amount("2 juta")
    (True, False, False)
    """
    return _LARGE.fullmatch(text) is not None


def may_head_amounts(heading: str) -> bool:
    """Return whether a heading may stand above amounts: those of codes, dates and shares do not.

    Examples
    --------
    >>> may_head_amounts("Realisasi (Rp)"), may_head_amounts("No. Bukti"), may_head_amounts("Realisasi (%)")
    (True, False, False)
    """
    return _NO_AMOUNT.search(heading) is None


_SCALES: Final = {
    **{"ribu": 1e3, "rb": 1e3, "juta": 1e6, "jt": 1e6, "miliar": 1e9, "milyar": 1e9, "mlr": 1e9, "triliun": 1e12},
    **{"thousand": 1e3, "million": 1e6, "billion": 1e9, "000": 1e3, "1000": 1e3, "000000": 1e6, "1000000": 1e6},
}
_MONEY: Final = r"(?:rupiah|rp|idr)(?![a-z])\.?"
_WORDS: Final = "|".join(word for word in _SCALES if word.isalpha())
_WORD: Final = rf"({_WORDS})(?:an|s)?\b"
_ZEROS: Final = r"['’.,]?((?:1[.,]?)?000(?:[.,]?000)?)(?![.]?\d|,\d(?!0\b))"
_OPEN, _CLOSED = r"(?:^|[(\[])\s*", rf"(?:,-|,00)?\s*(?:{_MONEY})?\s*(?:[)\]]|$)"
_UNITS: Final = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b(?:dalam|dlm|in|satuan)\b[\s:.]*(?:satuan\s*)?(?:{_MONEY}\s*)?{_WORD}",  # dalam ribuan rupiah
        rf"\b({_WORDS})an\s*{_MONEY}",
        rf"{_OPEN}(?:{_MONEY}\s*)?(?:[x×*]\s*)?(?:1\s*)?{_WORD}{_CLOSED}",  # (Rp juta)
        rf"(?:{_OPEN}|\b(?:dalam|satuan)\b[\s:]*){_MONEY}\s*{_ZEROS}{_CLOSED}",  # (Rp1.000)
        rf"{_OPEN}{_ZEROS}\s*{_MONEY}\s*[)\]]",  # (000 Rp)
        rf"(?<!\d)(?<!\d )[x×*]\s*(?:{_MONEY}\s*)?{_ZEROS}{_CLOSED}",  # Rp x 1000
        r"\b(?:rp|idr)\.?\s*['’.]?(000(?:[.,]?000)?)(?![.,]?\s?\d)",  # Rp 000
    )
]


def unit_of_text(text: str) -> float | None:
    """Return the rupiah that 1 stands for by a title or the name of a sheet; None where nothing is said of it.

    Examples
    --------
    >>> unit_of_text("DPA 2024 (dalam ribuan rupiah)"), unit_of_text("(Rp juta)"), unit_of_text("Terbilang: dua juta")
    (1000.0, 1000000.0, None)
    """
    found = next((match[1] for form in _UNITS if (match := form.search(text)) is not None), None)
    return None if found is None else _SCALES[re.sub(r"[.,]", "", found).casefold()]


#: What can stand behind the name of a column of money -> the rupiah that 1 stands for.
UNITS_OF_HEADINGS: Final = {
    form.format(word): unit
    for stem, unit in _SCALES.items()
    for word in ((stem,) if stem[-1] == "0" else (stem, f"{stem}an", f"{stem}s"))
    for inner in (
        "{}",
        "rp {}",
        "{} rp",
        "{} rupiah",
        "rupiah {}",
        "dalam {}",
        "dalam {} rp",
        "dalam {} rupiah",
        "dalam rp {}",
        "dlm {}",
        "dlm {} rp",
        "x rp {}",
        "rp '{}",
        "rp {},-",
    )
    for more in (inner, inner.replace("{}", "x {}"))
    for form in (f" {more}", f" ({more})", f" [{more}]", f", {more}")
}

_BETWEEN: Final = r"[\s.,:()\[\]@*×'’–-]*"
_AT_END: Final = re.compile(
    rf"(?<![a-z])(?:(?:dalam|dlm|in|satuan|of|x|rp|idr|rupiah)(?:{_BETWEEN}|(?=\d)))*(?:(?<![\d.,])1\s*)?"
    rf"(?:(?<![a-z])({_WORDS})(?:an|s)?|(?<!\d)(?<!\d[.,])((?:1[.,]?)?000(?:[.,]?000)?)(?:,00)?"
    rf"|\b(?:rp|idr){_BETWEEN}(m|t)(?=[\s.)\]]|$))"
    rf"{_BETWEEN}(?:(?:rp|idr|rupiah){_BETWEEN})?$",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    rf"(?<![a-z])(?:{_WORDS})(?:an|s)?(?![a-z])|\b(?:ratus|puluh)an\b|(?<![1-9])000|[x×]\s*(?:rp)?[\s.]*\d|\((?:m|t|k)\)",
    re.IGNORECASE,
)


def unit_of_heading(heading: str) -> float | None:
    """Return the rupiah that 1 stands for in a column of money by its heading; None where nothing is said of it.

    NaN where a heading holds a number, or a word of one, that is not understood.

    Examples
    --------
    >>> unit_of_heading("Harga Satuan (x Rp1.000)"), unit_of_heading("Jumlah (Rp)"), unit_of_heading("Pagu (x100)")
    (1000.0, None, nan)
    """
    found, known = _AT_END.search(heading), unit_of_text(heading)
    if _NUMBERED.search(heading if found is None else heading[: found.start()]) and (found or known is None):
        return float("nan")
    if found is None:
        return known
    word, zeros, letter = found.groups()
    return (
        {"m": 1e9, "t": 1e12}[letter.casefold()] if letter else _SCALES[re.sub(r"[.,]", "", word or zeros).casefold()]
    )


#: Columns of money in a file of costs: unit price, and quantity times price where the table says it.
COSTS_IN_UNITS: Final = ("harga_satuan", "nilai")


@cache
def cost_headings() -> Mapping[str, tuple[str, ...]]:
    """Return name of a column of a file of costs -> the headings it can have, the first ones first."""
    known = read_headings("cost_headings.csv")
    units = ((name, tuple(f"{w}{unit}" for w in known[name] for unit in UNITS_OF_HEADINGS)) for name in COSTS_IN_UNITS)
    return known | {name: (*known[name], *more) for name, more in units}


@cache
def _plain_headings() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(map(normalised, words)) for name, words in cost_headings().items()}


def cost_columns(heading: str) -> frozenset[str]:
    """Return which columns of a file of costs a heading can be."""
    plain = normalised(heading)
    return frozenset(name for name, words in _plain_headings().items() if plain in words)
