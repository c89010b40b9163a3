"""Numbers as Indonesian offices write them: ``Rp2.785.700,00``, ``2,7 juta``, ``88,31%``.

The *column* decides, never the cell: ``1.234`` can be read in two ways; the other values of the column say which, or
the reader is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.fields.sketched import examples_of
from asn_impact.intake.privacy import masked
from asn_impact.words import Message

NumberStyle: TypeAlias = Literal["1.234,56", "1,234.56"]

_MONEY = re.compile(r"^((rp|idr)\.?\s*)?|(,-|,--|\.-)$| ?(rupiah|idr)$", re.IGNORECASE)
_SCALES = {"ribu": 1e3, "rb": 1e3, "juta": 1e6, "jt": 1e6, "miliar": 1e9, "milyar": 1e9, "triliun": 1e12}
_NUMBER = re.compile(r"^-?[\d.,]*\d[\d.,]*$")


def _bare(text: str) -> tuple[str, float]:
    """Digits and separators of a number text, and what they are multiplied with."""
    bare = text.replace("\xa0", " ").replace("\u2212", "-").strip().lstrip("'").casefold()
    bare = _MONEY.sub("", bare).strip()
    scale = 1.0
    if bare.endswith("%"):
        bare, scale = bare[:-1].strip(), 0.01
    for word, factor in _SCALES.items():
        if bare.endswith(" " + word):
            bare, scale = bare.removesuffix(word).strip(), factor
            break
    return bare.replace(" ", ""), scale


def _number_evidence(bare: str) -> NumberStyle | None:
    """Tell what one number says about its column: which of dot and comma ends the whole part, or nothing."""
    dots, commas = bare.count("."), bare.count(",")
    if dots and commas:
        return "1.234,56" if bare.rfind(",") > bare.rfind(".") else "1,234.56"
    if dots > 1:
        return "1.234,56"
    if commas > 1:
        return "1,234.56"
    mark = "." if dots else ","
    whole, _, rest = bare.lstrip("-").partition(mark)
    thousands = len(rest) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    if not (dots or commas) or thousands:
        return None
    return "1,234.56" if dots else "1.234,56"


def _number_style(bares: Sequence[str], name: str, style: NumberStyle | None) -> NumberStyle:
    evidence = {e: b for b in bares if (e := _number_evidence(b)) is not None}
    if style is not None:
        return style
    if len(evidence) == 2:
        examples = [repr(masked(b)) for b in evidence.values()]
        raise InputError(Message("intake.numbers.mixed", field=name, examples=examples))
    if evidence:
        return next(iter(evidence))
    unclear = [b for b in bares if "." in b or "," in b]
    if unclear:
        examples = [repr(masked(b)) for b in list(dict.fromkeys(unclear))[:3]]
        raise InputError(Message("intake.numbers.either_way", field=name, examples=examples))
    return "1.234,56"


def _numerators(values: Sequence[str | None], name: str) -> list[str | None]:
    """Return the values with scores out of a total (35 / 50) as scores; several totals are several scales."""
    scores = {v: match for v in values if v is not None and (match := _SCORE.fullmatch(v)) is not None}
    others = [v for v in values if v is not None and v not in scores and v.strip().casefold() not in NULL_WORDS]
    above = any(float(match[1].replace(",", ".")) > float(match[2]) for match in scores.values())
    if scores and (others or above or len({match[2] for match in scores.values()}) > 1):
        examples = [repr(masked(v.strip())) for v in [*scores, *others][:3]]
        raise InputError(Message("intake.numbers.several_totals", field=name, examples=examples))
    return [scores[v][1] if v is not None and v in scores else v for v in values]


_SCORE = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*/\s*(\d+)\s*")


def parse_numbers(values: Sequence[str | None], *, name: str = "number", style: NumberStyle | None = None) -> pd.Series:
    """Return the numbers of a column of texts; missing for empty words. The column decides what ``1.234`` means.

    ``Rp2.785.700,00``, ``IDR 2.785.700``, ``Rp. 2.785.700,-``, ``2,7 juta`` and ``88,31%`` (0.8831) are known. Of
    scores out of one total, ``35 / 50``, the score counts.

    Parameters
    ----------
    values : sequence of str or None
        The whole column.
    name : str
        Name of the column in messages.
    style : {"1.234,56", "1,234.56"}, optional
        Settles the separators when the values cannot.

    Returns
    -------
    pandas.Series
        Floats, one for each text.

    Raises
    ------
    InputError
        For a column that can be read in two ways, mixes both, or holds texts that are no number; scores out of
        several totals.

    Examples
    --------
    >>> parse_numbers(["Rp2.785.700,00", "1.234", "-"]).tolist()[:2]
    [2785700.0, 1234.0]
    """
    empty = set(NULL_WORDS) - {"0"}
    texts = _numerators([None if v is None else str(v) for v in values], name)
    parts = [None if v is None or v.strip().casefold() in empty else _bare(v) for v in texts]
    present = [p[0] for p in parts if p is not None]
    wrong = [b for b in present if not _NUMBER.match(b)]
    if wrong:
        counts = {"n": len(wrong), "all": len(parts)}
        raise InputError(Message("intake.numbers.no_numbers", field=name, examples=examples_of(wrong), **counts))
    thousands, decimal = (".", ",") if _number_style(present, name, style) == "1.234,56" else (",", ".")
    numbers = [
        float("nan") if p is None else float(p[0].replace(thousands, "").replace(decimal, ".")) * p[1] for p in parts
    ]
    return pd.Series(numbers, name=name, dtype="float64")


def style_told(values: Sequence[object]) -> NumberStyle | None:
    """Return how numbers are written, where some tell and all that do say the same: for the columns of one table.

    Examples
    --------
    >>> style_told(["900.000", "18.000.000"]), style_told(["900.000"])
    ('1.234,56', None)
    """
    bares = [_bare(value)[0] for value in values if isinstance(value, str)]
    told = {_number_evidence(bare) for bare in bares if _NUMBER.match(bare)} - {None}
    return next(iter(told)) if len(told) == 1 else None


def multiplied(value: object) -> object:
    """Return the product of a coefficient as a budget writes it, ``2 Orang x 3 Hari``; any other value as it is.

    Examples
    --------
    >>> multiplied("2 Orang x 3 Hari"), multiplied("1.250")
    ('6', '1.250')
    """
    if not isinstance(value, str):
        return value
    parts = re.split(r"\s*[x×]\s*", value.strip().casefold())
    numbers = [match[1] for part in parts if (match := re.fullmatch(r"(\d+)\s*[^\d,.]*", part)) is not None]
    if len(numbers) < len(parts) or value.strip().isdigit():
        return value
    return str(math.prod(map(int, numbers)))
