"""The table of indicators of a performance report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.reporting.tables.cells import Printed
from asn_impact.reporting.tables.table import Table
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph
from asn_impact.words.writing import find_decimals

_COLUMNS: Final = ("indicator", "unit", "target", "realised", "better")


@public_verb
def lkjip(rows: pd.DataFrame | Sequence[Mapping[str, object]]) -> Table:
    """Return the table of indicators of a performance report (LKjIP): target, realised and the per cent achieved.

    Achieved is realised / target where more is better, and (2 target - realised) / target where less is better, as for
    a wait: 12 days against a target of 10 is 80 per cent, 8 days is 120. The direction has no default, because the
    wrong one turns a failure into a success.

    The form is that of reports under PermenPANRB 53 of 2014.

    Parameters
    ----------
    rows
        One an indicator: ``indicator`` and ``unit`` (text, or a text in both languages), ``target``, ``realised`` and
        ``better`` (``"higher"`` or ``"lower"``).

    Raises
    ------
    InputError
        A column is absent, a target or value is not a number, a direction is another word.

    Examples
    --------
    >>> wait = {"indicator": "Lama proses izin", "unit": "hari kerja", "better": "lower"}
    >>> print(lkjip([{**wait, "target": 10, "realised": 12}]).csv())
    indicator,unit,target,realised,achieved
    Lama proses izin,hari kerja,10,12,0.8
    <BLANKLINE>
    """
    indicators = pd.DataFrame(list(rows) if not isinstance(rows, pd.DataFrame) else rows).reset_index(drop=True)
    _check(indicators)
    target, realised = (_numbers(indicators[c], c) for c in ("target", "realised"))
    ratio = np.divide(realised, target, out=np.full(len(target), np.nan), where=target > 0)
    frame = pd.DataFrame(
        {
            "indicator": indicators["indicator"].astype(object),
            "unit": indicators["unit"].astype(object),
            "target": pd.Series([Printed((v,), find_decimals(v, 2)) for v in target], dtype=object),
            "realised": pd.Series([Printed((v,), find_decimals(v, 2)) for v in realised], dtype=object),
            "achieved": np.where(indicators["better"] == "higher", ratio, 2 - ratio),
        }
    )
    has_zero = bool((target <= 0).any())
    return Table(
        frame=frame,
        title=Message("tables.lkjip.title"),
        note=paragraph(Message("tables.lkjip.note"), Message("tables.lkjip.undefined") if has_zero else None),
        kinds={"target": "printed", "realised": "printed", "achieved": "share"},
    )


def _check(indicators: pd.DataFrame) -> None:
    lacking = [c for c in _COLUMNS if c not in indicators.columns]
    if indicators.empty:
        raise InputError(Message("tables.lkjip.empty"))
    if lacking:
        columns = tuple(map(str, indicators.columns))
        raise InputError(Message("tables.lkjip.lacks", lacking=lacking, expected=_COLUMNS, found=columns))
    strange = sorted({str(b) for b in indicators["better"]} - {"higher", "lower"})
    if strange:
        raise InputError(Message("tables.lkjip.direction", found=strange))


def _numbers(column: pd.Series, name: str) -> Float:
    try:
        values = np.array([float(v) for v in column], dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not np.isfinite(values).all() or any(isinstance(v, str | bool) for v in column) or (values < 0).any():
        raise InputError(Message("tables.lkjip.not_numbers", name=name))
    return values
