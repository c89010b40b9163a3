"""Which months have been followed long enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, PALE, VERMILION, numerals, period_axis
from asn_impact.reporting.tables import suppressed
from asn_impact.reporting.words import (
    Language,
    Quantity,
    both,
    checked,
    joined,
    period,
    say,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["maturity"]


_TITLE_MATURITY: Final = both(
    id="{kept} bulan cukup lama diikuti dan dipakai; {left} bulan terlalu baru dan tidak dipakai",
    en="{kept} months have been followed long enough and are used; {left} are too recent and left out",
)
_TITLE_MATURE: Final = both(
    id="Semua {kept} periode cukup lama diikuti dan dipakai",
    en="All {kept} periods have been followed long enough and are used",
)
_SUBTITLE_MATURITY: Final = both(id="Permohonan diterima per bulan", en="Applications received by month")
_BARS: Final[Mapping[str, Mapping[Language, str]]] = {
    "used": both(id="dipakai", en="used"),
    "left_out": both(id="terlalu baru, tidak dipakai", en="too recent, left out"),
    "open": both(id="masih diproses", en="still open"),
}


def maturity(
    months: Panel | pd.DataFrame,
    *,
    language: Language = "en",
    source: str = "",
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of which months can be used: applications by month, used or too recent, and how many are open.

    Parameters
    ----------
    months
        The frame of `maturity` (month, cases, open, mature), or a Panel, which knows which months were left out but not
        how many applications they hold.
    """
    checked(language)
    data = _maturity_data(months)
    kept, left = int(data["mature"].sum()), int((~data["mature"]).sum())
    title = say(
        _TITLE_MATURITY if left else _TITLE_MATURE,
        language,
        kept=Quantity(kept, "mature months"),
        left=Quantity(left, "immature months"),
    )
    immature = [period(m, language) for m in data.loc[~data["mature"], "period"]]
    return Chart(
        kind="maturity",
        title=title,
        subtitle=_SUBTITLE_MATURITY[language],
        source=source,
        alt=f"{title.text}{': ' + joined(immature, language) if immature else ''}.",
        data=data,
        paint=_paint_maturity,
        language=language,
        inputs=tuple(inputs),
        rows=18,
    )


def _maturity_data(months: Panel | pd.DataFrame) -> pd.DataFrame:
    if isinstance(months, Panel):
        cases = [*months.n.sum(axis=0), *([np.nan] * len(months.immature))]
        labels = [*months.timeline.labels, *months.immature]
        mature = [True] * len(months.timeline) + [False] * len(months.immature)
        frame = pd.DataFrame({"period": labels, "cases": cases, "open": np.nan, "mature": mature})
    else:
        missing = {"month", "cases", "open", "mature"} - set(months.columns)
        if missing:
            raise InputError(f"The maturity frame has no column {sorted(missing)}. Found: {list(months.columns)}.")
        frame = months.rename(columns={"month": "period"})[["period", "cases", "open", "mature"]]
        frame = frame.assign(period=frame["period"].astype(str), mature=frame["mature"].astype(bool))
    frame = frame.sort_values("period", ignore_index=True)
    return frame.assign(cases=_showable(frame["cases"]), open=_showable(frame["open"]), step=np.arange(len(frame)))


def _showable(counts: pd.Series) -> Float:
    """Return counts as a table may show them, NaN for those withheld or unknown."""
    shown = np.full(len(counts), np.nan)
    known = np.flatnonzero(counts.notna().to_numpy())
    cells = suppressed(counts.iloc[known].tolist())
    shown[known] = [cell if isinstance(cell, int) else np.nan for cell in cells]
    return shown


def _paint_maturity(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    for mature, kind, colour in ((True, "used", BLUE), (False, "left_out", PALE)):
        part = data[data["mature"] == mature]
        if len(part):
            axes.bar(part["step"], part["cases"].fillna(0.0), color=colour, width=0.8, label=_BARS[kind][language])
    if data["open"].fillna(0.0).gt(0).any():
        axes.bar(data["step"], data["open"].fillna(0.0), color=VERMILION, width=0.8, label=_BARS["open"][language])
    if data.loc[~data["mature"], "cases"].isna().any():
        for step in data.loc[~data["mature"] & data["cases"].isna(), "step"]:
            axes.axvspan(step - 0.4, step + 0.4, color=PALE, linewidth=0)
    period_axis(axes, chart)
    numerals(axes, language)
    axes.margins(x=0.01)
    figure.legend(handles=axes.get_legend_handles_labels()[0])
