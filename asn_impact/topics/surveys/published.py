"""The index that a recap prints itself, held against the one that its elements give."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.intake.fields.elements import ELEMENTS
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message

OWN: Final = "asn_own_index"
_OWN: Final = re.compile(r"\b(?:ikm|indeks kepuasan(?: masyarakat)?|nilai skm|skm|satisfaction index)\b", re.IGNORECASE)
_ANOTHER: Final = re.compile(
    r"\b(?:mutu|kategori|kinerja|predikat|target|sebelum\w*|lalu|kenaikan|naik|selisih|no|nomor|jumlah|periode|tahun|"
    r"tanggal|responden|peringkat|rank\w*|unsur|band|grade)\b|\d{4}",
    re.IGNORECASE,
)
_WEIGHTS: Final = (1 / 9, 0.111, 0.11)
_PER_POINT: Final = 25
_HIGHEST_MEAN: Final = 4.0  # an index up to this is on the scale of the answers


def own_index(tables: Sequence[tuple[Any, list[str]]], elements: Collection[str]) -> dict[str, str]:
    """Return the heading of the index that a recap prints, where all nine elements are there to hold it against."""
    found = [[h for h in headings if _OWN.search(h) and not _ANOTHER.search(h)] for _, headings in tables]
    alone = {tuple(one) for one in found}
    if set(elements) != set(ELEMENTS) or len(alone) != 1 or len(found[0]) != 1:
        return {}
    return {OWN: found[0][0]}


def held_against_elements(
    groups: pd.DataFrame, own: pd.Series | None, heading: str | None, elements: Sequence[str]
) -> list[Message]:
    """Say in which rows the printed index is another one than that of the elements, by more than rounding.

    Every weight in use is tried; what rounding can do follows from the decimals that are printed. A column that holds
    no numbers, or numbers of another scale, is none of the index.
    """
    numbers = None if own is None else _numbers(own)
    if numbers is None or heading is None:
        return []
    printed = np.where(numbers <= _HIGHEST_MEAN, numbers * _PER_POINT, numbers)
    sums = groups[list(elements)].sum(axis=1, skipna=False).to_numpy(dtype=float) * _PER_POINT
    away = np.min([np.abs(printed - sums * weight) for weight in _WEIGHTS], axis=0)
    scale = np.where(numbers <= _HIGHEST_MEAN, _PER_POINT, 1)
    room = _PER_POINT * _half(groups[list(elements)].to_numpy().ravel()) + scale * _half(numbers) + 1e-9
    wrong = np.flatnonzero(away > room)
    if not len(wrong):
        return []
    at = wrong[np.argmax(away[wrong])]
    first = groups.iloc[at]
    shown = {"printed": float(printed[at]), "computed": float(sums[at] * _WEIGHTS[0])}
    where = {"office": masked(str(first["office"])), "period": str(first["period"])}
    return [Alert("survey.own_index", heading=heading, n=len(wrong), total=len(groups), **where, **shown)]


def _numbers(own: pd.Series) -> np.ndarray[Any, Any] | None:
    """Return the printed index as numbers; None where the column holds something else."""
    try:
        values = (
            own if pd.api.types.is_numeric_dtype(own) else parse_numbers([None if pd.isna(v) else str(v) for v in own])
        )
    except ValueError:
        return None
    numbers = np.asarray(values, dtype=float)
    known = numbers[np.isfinite(numbers)]
    fits = ((known >= 1) & (known <= _HIGHEST_MEAN)) | ((known >= _PER_POINT) & (known <= 100))
    return numbers if len(known) and fits.all() else None


def _half(values: np.ndarray[Any, Any]) -> float:
    """Return half of the last digit that the values are printed with, four decimals at most."""
    known = [v for v in values if np.isfinite(v)]
    digits = next((d for d in range(4) if all(abs(v - round(v, d)) < 1e-9 for v in known)), 4)
    return float(0.5 * 10.0**-digits)
