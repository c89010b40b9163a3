"""The calendar of waits: a row a year, a column a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import GREY, text_size, write_level
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.charts.trends import average_group
from asn_impact.reporting.tables import MINIMUM_CELL
from asn_impact.reporting.words import OutcomeWords, unit_noun
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, languages, paragraph
from asn_impact.words.writing import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asn_impact.measures.panel import Panel

_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "immature": {"hatch": "////", "edgecolor": GREY},
    "hidden": {"edgecolor": "#cccccc"},
}


@public_verb
def waits_calendar(panel: Panel, *, language: Language = "en", source: str = "", **look: Unpack[Look]) -> Chart:
    """Return the calendar of waits: the mean over all offices by month, the number in each cell.

    Months whose applications have not been followed long enough are hatched, not guessed; months that rest on fewer
    than ten applications are empty. The title names the extremes; it describes and says nothing of training.

    Parameters
    ----------
    panel
        By month, from `tabulate`.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        The panel is not by month.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> chart = ai.figures.waits_calendar(design.panel, language="id")
    >>> chart.title[:40]
    'Waktu tunggu paling lama pada Feb 2024 ('
    """
    check_language(language)
    check_kind("waits_calendar", "panel", panel, "Panel")
    if panel.timeline.kind != "month":
        raise InputError(Message("charts.waits.needs_months", kind=panel.timeline.kind))
    words = panel.outcome.words
    data = _make_data(panel, words)
    title = _write_title(data, panel, words)
    ends = {"first": data["period"].iloc[0], "last": data["period"].iloc[-1]}
    immature = data.loc[data["state"] == "immature", "period"]
    alike = len(set(panel.weight[panel.observed].tolist())) <= 1
    subtitle = "charts.waits.subtitle" if alike else "charts.waits.subtitle_weighted"
    alt = paragraph(
        Message("charts.waits.alt", title=title, **ends),
        Message("charts.waits.alt_immature", months=immature) if len(immature) else None,
    )
    return Chart(
        kind="waits_calendar",
        title=title.text(language),
        subtitle=Message(subtitle, measure=words.label, units=unit_noun(panel)[1]).text(language),
        source=source,
        alt=alt.text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={"outcome": panel.outcome.name},
        rows=3 * int(data["year"].nunique()) + 4,
    ).shaped(**look)


def _make_data(panel: Panel, words: OutcomeWords) -> pd.DataFrame:
    """Return one row a month from the first January to the last December of what is known or immature."""
    mean, _ = average_group(panel, np.ones(len(panel.units)))
    means = dict(zip(panel.timeline.labels, words.scale * mean, strict=True))
    labels = sorted({*means, *panel.immature})
    years = range(int(labels[0][:4]), int(labels[-1][:4]) + 1)
    every = [f"{year:04d}-{m:02d}" for year in years for m in range(1, 13)]
    rows = []
    for label in (label for label in every if labels[0] <= label <= labels[-1]):
        value = np.nan if label in panel.immature else float(means.get(label, np.nan))
        state = "immature" if label in panel.immature else "shown" if np.isfinite(value) else "hidden"
        rows.append((label, int(label[:4]), int(label[5:]), value, state))
    return pd.DataFrame(rows, columns=["period", "year", "month", "mean", "state"])


def _write_title(data: pd.DataFrame, panel: Panel, words: OutcomeWords) -> Message:
    months = data.dropna(subset=["mean"])
    if months.empty:
        return Message("charts.waits.title_none")
    high, low = (months.iloc[int(at)] for at in (months["mean"].argmax(), months["mean"].argmin()))
    return Message(
        "charts.waits.title" if isinstance(panel.outcome, RestrictedMean) else "charts.waits.title_other",
        high_month=high["period"],
        low_month=low["period"],
        high=write_level(Quantity(float(high["mean"]), f"mean of {high['period']}", words.decimals), words),
        low=write_level(Quantity(float(low["mean"]), f"mean of {low['period']}", words.decimals), words),
    )


def _paint(figure: Figure, chart: Chart) -> None:
    """Draw the months that are shown, darker where the value is larger, with the number in each; mark the others."""
    from matplotlib.patches import Patch

    axes, data, language = figure.subplots(), chart.data, chart.language
    _draw_cells(axes, data, language)
    rows = {year: row + 0.5 for row, year in enumerate(sorted(data["year"].unique()))}
    for state, look in _LOOKS.items():
        part = data[data["state"] == state]
        axes.bar(part["month"] - 0.5, 0.92, bottom=part["year"].map(rows) - 0.46, width=0.92, color="white", **look)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, rotation=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    present = [state for state in _LOOKS if (data["state"] == state).any()]
    if present:
        words = {s: Message(f"charts.waits.{s}", least=MINIMUM_CELL).text(language) for s in present}
        figure.legend(handles=[Patch(facecolor="white", label=words[s], **_LOOKS[s]) for s in present])


def _draw_cells(axes: Axes, data: pd.DataFrame, language: Language) -> None:
    import seaborn

    cells = data.pivot_table("mean", "year", "month", dropna=False).reindex(columns=range(1, 13))
    low, high = np.nan_to_num([data["mean"].min(), data["mean"].max()])
    decimals = 2 if high < 1 else 1 if high < 100 else 0
    texts = cells.map(lambda value: "" if np.isnan(value) else number(float(value), decimals, language))
    room = (high - low) / 5 or 1.0  # neither white nor nearly black
    months = languages()[language]["short_months"]
    of_numbers = {"annot": texts.to_numpy(), "fmt": "", "annot_kws": {"size": 0.9 * text_size()}}
    seaborn.heatmap(
        **{"data": cells, "ax": axes, "cmap": "Blues", "vmin": low - room, "vmax": high + room, "cbar": False},
        **{"linewidths": 2.0, "linecolor": "white", "xticklabels": months, **of_numbers},
    )
    axes.set(xlabel="", ylabel="")
