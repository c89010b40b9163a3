"""Which months have been followed long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, PALE, VERMILION, label_periods, use_numerals
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.recoding import Cells, cells_of_months, thickened
from asn_impact.reporting.tables import suppressed
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@public_verb
def maturity(
    months: Panel | pd.DataFrame,
    *,
    language: Language = "en",
    source: str = "",
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of which months can be used: applications by month, used or too recent, and how many are open.

    Parameters
    ----------
    months
        The frame of `maturity` (month, cases, open, mature), or a Panel. A panel knows which months were left out, but
        not how many applications they hold.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        The frame is not that of `maturity`: it says which columns are missing.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> ai.figures.maturity(ai.maturity(durations, ai.RestrictedMean(30)))
    Chart(maturity: All 12 periods have been followed long enough and are used)
    """
    check_language(language)
    if not isinstance(months, pd.DataFrame):
        check_kind("maturity", "months", months, "Panel")
    data = _make_data(months)
    used, left = int(data["mature"].sum()), int((~data["mature"]).sum())
    title = Message("charts.maturity.title_all", kept=Quantity(used, "mature months"))
    alt = Message("charts.sentence", text=title)
    if left:
        counts = {"kept": Quantity(used, "mature months"), "left": Quantity(left, "immature months")}
        title = Message("charts.maturity.title", **counts)
        alt = Message("charts.maturity.alt", title=title, months=data.loc[~data["mature"], "period"])
    return Chart(
        kind="maturity",
        title=title.text(language),
        subtitle=Message("charts.maturity.subtitle").text(language),
        source=source,
        alt=alt.text(language),
        data=data,
        paint=_paint,
        language=language,
        rows=18,
        cells=_cells(months, data),
    ).shaped(**look)


def _make_data(months: Panel | pd.DataFrame) -> pd.DataFrame:
    if isinstance(months, Panel):
        cases = [*months.n.sum(axis=0), *([np.nan] * len(months.immature))]
        labels = [*months.timeline.labels, *months.immature]
        mature = [True] * len(months.timeline) + [False] * len(months.immature)
        frame = pd.DataFrame({"period": labels, "cases": cases, "open": np.nan, "mature": mature})
    else:
        missing = {"month", "cases", "open", "mature"} - set(months.columns)
        if missing:
            columns = tuple(str(column) for column in months.columns)
            raise InputError(Message("charts.maturity.no_column", missing=sorted(missing), found=columns))
        frame = thickened(months).rename(columns={"month": "period"})[["period", "cases", "open", "mature"]]
        frame = frame.assign(period=frame["period"].astype(str), mature=frame["mature"].astype(bool))
    frame = frame.sort_values("period", ignore_index=True)
    return frame.assign(cases=_withhold(frame["cases"]), open=_withhold(frame["open"]), step=np.arange(len(frame)))


def _cells(months: Panel | pd.DataFrame, data: pd.DataFrame) -> dict[str, tuple[Cells, ...]]:
    """Return what each bar counts: every case of a frame of months, the cells of a panel."""
    if isinstance(months, pd.DataFrame):
        return cells_of_months(data["period"], cases="cases")
    units = frozenset(months.units)
    return {"cases": tuple(Cells(units, frozenset({str(label)})) for label in data["period"])}


def _withhold(counts: pd.Series) -> Float:
    """Return counts as a table may show them, NaN for those withheld or unknown."""
    cells = np.full(len(counts), np.nan)
    places = np.flatnonzero(counts.notna().to_numpy())
    visible = suppressed(counts.iloc[places].tolist())
    cells[places] = [cell if isinstance(cell, int) else np.nan for cell in visible]
    return cells


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    words = {kind: Message(f"charts.maturity.bars.{kind}").text(language) for kind in ("used", "left_out", "open")}
    for mature, kind, colour in ((True, "used", BLUE), (False, "left_out", PALE)):
        part = data[data["mature"] == mature]
        if len(part):
            axes.bar(part["step"], part["cases"].fillna(0.0), color=colour, width=0.8, label=words[kind])
    if data["open"].fillna(0.0).gt(0).any():
        axes.bar(data["step"], data["open"].fillna(0.0), color=VERMILION, width=0.8, label=words["open"])
    if data.loc[~data["mature"], "cases"].isna().any():
        for step in data.loc[~data["mature"] & data["cases"].isna(), "step"]:
            axes.axvspan(step - 0.4, step + 0.4, color=PALE, linewidth=0)
    label_periods(axes, chart)
    use_numerals(axes, language)
    axes.margins(x=0.01)
    figure.legend(handles=axes.get_legend_handles_labels()[0])
