"""With and without: three means and the change between two of them, for a reader who reads nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, PALE, bold, describe, level_quantity, use_numerals
from asn_impact.reporting.headline import headline_message
from asn_impact.reporting.matrix import levels_as_read
from asn_impact.reporting.recoding import counts_records
from asn_impact.scrutiny.grade import Grade
from asn_impact.words import Language, Message, Quantity
from asn_impact.words.writing import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.estimation import Inference

_COLOURS = {"before": PALE, "without_training": GREY, "with_training": BLUE}


def with_and_without(
    inference: Inference,
    *,
    language: Language,
    source: str,
    level: float = 0.95,
    grade: Grade | None = None,
    inputs: Iterable[Any] = (),
) -> Chart | None:
    """Return the chart of the trained before, without and with training; None where a mean may not be shown.

    The bar of what would have been without training carries the interval of the change, turned round: with less the
    ends of the interval. The numbers are those of the matrix.
    """
    words, means = inference.effects.outcome.words, levels_as_read(inference)
    low, high = (float(words.shown(end[0])) for end in inference.interval(level))
    if words.ratio or not np.isfinite([means.before, means.with_training, low, high]).all():
        return None
    ends = {"conf_low": means.with_training - high, "conf_high": means.with_training - low}
    rows: list[dict[str, Any]] = [
        {"which": "before", "mean": means.before},
        {"which": "without_training", "mean": means.without_training, **ends},
        {"which": "with_training", "mean": means.with_training},
    ]
    decimals = max(words.decimals, 1)
    beyond = 0 if counts_records(inference.effects.design.panel) else 2
    data = pd.DataFrame(rows, columns=["which", "mean", "conf_low", "conf_high"])
    said = {str(row["which"]): Quantity(row["mean"], f"matrix.{row['which']}", decimals) for row in rows}
    title = headline_message(inference, level=level, grade=grade)
    return Chart(
        kind="with_and_without",
        title=title.text(language),
        subtitle=Message("claims.chart.subtitle", measure=words.label, level=level_quantity(level)).text(language),
        source=source,
        alt=Message("claims.chart.alt", finding=title, **said).text(language),
        data=data.round({name: decimals + beyond for name in ("mean", "conf_low", "conf_high")}),
        paint=_paint,
        language=language,
        parameters={**describe(inference), "decimals": decimals},
        inputs=tuple(inputs),
        rows=10,
    )


def _paint(figure: Figure, chart: Chart) -> None:
    axes, language = figure.subplots(), chart.language
    names = [Message(f"claims.chart.{which}").text(language).text for which in chart.data["which"]]
    places = np.arange(len(names))[::-1]
    colours = [_COLOURS[str(which)] for which in chart.data["which"]]
    axes.barh(places, chart.data["mean"], color=colours, height=0.6)
    decimals = int(str(chart.parameters["decimals"]))
    ends = chart.data["conf_high"].fillna(chart.data["mean"]).clip(lower=0)
    for place, row, end in zip(places, chart.data.itertuples(), ends, strict=True):
        if np.isfinite(float(str(row.conf_low))):
            span = [float(str(row.conf_low)), float(str(row.conf_high))]
            axes.plot(span, [place, place], color=INK, linewidth=1.4 * bold())
        text = number(float(str(row.mean)), decimals, language)
        beside = max(float(end), float(str(row.mean)), 0.0)
        axes.annotate(f"  {text}", (beside, place), va="center", ha="left", color=INK)
    axes.set_yticks(places, names)
    axes.axvline(0, color=INK, linewidth=0.8 * bold())
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    use_numerals(axes, language, which="x")
