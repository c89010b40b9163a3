"""The calendar of waits: a row a year, a column a month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import GREY, INK, level_unit, text_size
from asn_impact.reporting.charts.trends import group_means
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    joined,
    month,
    number,
    outcome_words,
    period,
    say,
    unit_noun,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["waits_calendar"]

_WAIT: Final = both(
    id="Waktu tunggu paling lama pada {high_month} ({high}{unit}), paling singkat pada {low_month} ({low}{unit})",
    en="The wait was longest in {high_month} ({high}{unit}) and shortest in {low_month} ({low}{unit})",
)
_OTHER: Final = both(
    id="Tertinggi pada {high_month} ({high}{unit}), terendah pada {low_month} ({low}{unit})",
    en="Highest in {high_month} ({high}{unit}), lowest in {low_month} ({low}{unit})",
)
_NONE: Final = both(
    id="Tidak ada bulan yang cukup permohonannya untuk ditampilkan", en="No month has enough applications to be shown"
)
_SUBTITLE: Final = both(
    id="{label}: rata-rata {weighted}semua {units} menurut bulan diterima",
    en="{label}: {weighted}mean over all {units} by month of receipt",
)
_WEIGHTED: Final = both(id="tertimbang ", en="weighted ")
_ALT: Final = both(
    id="Kalender tahun kali bulan dari {first} sampai {last}. {title}.{immature}",
    en="Calendar of years by months from {first} to {last}. {title}.{immature}",
)
_ALT_IMMATURE: Final = both(id=" Terlalu baru untuk dinilai: {list}.", en=" Too recent to judge: {list}.")
_STATES: Final = {
    "immature": both(id="terlalu baru untuk dinilai", en="too recent to judge"),
    "hidden": both(id="tanpa data atau kurang dari 10 permohonan", en="no data, or fewer than 10 applications"),
}
_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "immature": {"hatch": "////", "edgecolor": GREY},
    "hidden": {"edgecolor": "#cccccc"},
}


def waits_calendar(panel: Panel, *, language: Language = "en", source: str = "", inputs: Iterable[Any] = ()) -> Chart:
    """Return the calendar of waits: the mean over all offices by month, the number in each cell.

    Months whose applications have not been followed long enough are hatched, not guessed; months that rest on fewer
    than ten applications are empty. The title names the extremes; it describes and says nothing of training.

    Parameters
    ----------
    panel
        By month, from `tabulate`.

    Raises
    ------
    InputError
        The panel is not by month.
    """
    checked(language)
    if panel.timeline.kind != "month":
        raise InputError(f"The calendar needs months, the panel is by {panel.timeline.kind}.")
    words = outcome_words(panel.outcome)
    data = _data(panel, words)
    title = _title(data, panel, words, language)
    immature = [period(label, language) for label in data.loc[data["state"] == "immature", "period"]]
    return Chart(
        kind="waits_calendar",
        title=title,
        subtitle=say(
            _SUBTITLE,
            language,
            label=words.label[language],
            units=unit_noun(panel)[1][language],
            weighted="" if len(set(panel.weight[panel.observed].tolist())) <= 1 else _WEIGHTED[language],
        ).text,
        source=source,
        alt=say(
            _ALT,
            language,
            first=period(data["period"].iloc[0], language),
            last=period(data["period"].iloc[-1], language),
            title=title,
            immature=say(_ALT_IMMATURE, language, list=joined(immature, language)).text if immature else "",
        ).text,
        data=data,
        paint=_paint,
        language=language,
        parameters={"outcome": panel.outcome.name},
        inputs=tuple(inputs),
        rows=3 * int(data["year"].nunique()) + 4,
    )


def _data(panel: Panel, words: OutcomeWords) -> pd.DataFrame:
    """Return one row a month from the first January to the last December of what is known or immature."""
    mean, _ = group_means(panel, np.ones(len(panel.units)))
    known = dict(zip(panel.timeline.labels, words.scale * mean, strict=True))
    labels = sorted({*known, *panel.immature})
    years = range(int(labels[0][:4]), int(labels[-1][:4]) + 1)
    every = [f"{year:04d}-{m:02d}" for year in years for m in range(1, 13)]
    rows = []
    for label in (label for label in every if labels[0] <= label <= labels[-1]):
        value = np.nan if label in panel.immature else float(known.get(label, np.nan))
        state = "immature" if label in panel.immature else "shown" if np.isfinite(value) else "hidden"
        rows.append((label, int(label[:4]), int(label[5:]), value, state))
    return pd.DataFrame(rows, columns=["period", "year", "month", "mean", "state"])


def _title(data: pd.DataFrame, panel: Panel, words: OutcomeWords, language: Language) -> Sentence:
    shown = data.dropna(subset=["mean"])
    if shown.empty:
        return say(_NONE, language)
    high, low = (shown.iloc[int(at)] for at in (shown["mean"].argmax(), shown["mean"].argmin()))
    return say(
        _WAIT if isinstance(panel.outcome, RestrictedMean) else _OTHER,
        language,
        high_month=month(pd.Period(high["period"], "M"), language),
        low_month=month(pd.Period(low["period"], "M"), language),
        high=Quantity(float(high["mean"]), f"mean of {high['period']}", words.decimals),
        low=Quantity(float(low["mean"]), f"mean of {low['period']}", words.decimals),
        unit=level_unit(words, language),
    )


def _paint(figure: Figure, chart: Chart) -> None:
    from matplotlib.patches import Patch

    axes, data, language = figure.subplots(), chart.data, chart.language
    years = sorted(data["year"].unique())
    data = data.assign(row=data["year"].map({year: i for i, year in enumerate(years)}))
    _cells(axes, data, language)
    for state, look in _LOOKS.items():
        part = data[data["state"] == state]
        axes.bar(part["month"], 0.92, bottom=part["row"] - 0.46, width=0.92, color="white", **look)
    axes.set_xticks(range(1, 13), [month(pd.Period(f"2024-{m:02d}", "M"), language)[:3] for m in range(1, 13)])
    axes.set_yticks(range(len(years)), [str(year) for year in years])
    axes.set_xlim(0.5, 12.5)
    axes.set_ylim(len(years) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    present = [state for state in _LOOKS if (data["state"] == state).any()]
    if present:
        figure.legend(handles=[Patch(facecolor="white", label=_STATES[s][language], **_LOOKS[s]) for s in present])


def _cells(axes: Axes, data: pd.DataFrame, language: Language) -> None:
    """Draw the months that are shown, darker where the value is larger, with the number in each."""
    from matplotlib import colormaps

    shown = data[data["state"] == "shown"]
    if shown.empty:
        return
    low, high = float(shown["mean"].min()), float(shown["mean"].max())
    share = (shown["mean"] - low) / (high - low) if high > low else shown["mean"] * 0 + 0.5
    colours = [colormaps["Blues"](0.12 + 0.75 * float(s)) for s in share]
    axes.bar(shown["month"], 0.92, bottom=shown["row"] - 0.46, width=0.92, color=colours, linewidth=0)
    decimals = 1 if high < 100 else 0
    values = shown["mean"].to_numpy(dtype=np.float64)
    for value, at, row, dark in zip(values, shown["month"], shown["row"], share > 0.55, strict=True):
        axes.annotate(
            number(float(value), decimals if high >= 1 else 2, language),
            (float(at), float(row)),
            ha="center",
            va="center",
            size=0.9 * text_size(),
            color="white" if dark else INK,
        )
