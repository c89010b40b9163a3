"""Habits that all charts share: colours, axes, labels at the end of a line, numbers as the language writes them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.reporting.chart import Chart
from asn_impact.reporting.words import OutcomeWords
from asn_impact.reporting.words import level_quantity as level_quantity
from asn_impact.words import Language, Message, Quantity, Sentence
from asn_impact.words.writing import number, period

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from asn_impact.estimation import Inference


BLUE: Final = "#0072B2"  # Okabe and Ito's palette: told apart by colour-blind readers
VERMILION: Final = "#D55E00"
PALETTE: Final = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY: Final = "#8c8c8c"
PALE: Final = "#dedede"
PALE_BLUE: Final = "#d6e8f4"
INK: Final = "#333333"


def label_lines(axes: Axes, ends: Sequence[tuple[float, str, str]], *, at: float) -> None:
    """Write each line's name beside its end, moved apart where two would overlap."""
    low, high = axes.get_ylim()
    axes_height = 0.5 * axes.figure.get_figure(root=True).get_figheight() * 72
    gap = (high - low) * text_size() / axes_height
    order = sorted(range(len(ends)), key=lambda i: ends[i][0])
    places: list[float] = []
    for i in order:
        places.append(max(ends[i][0], places[-1] + gap) if places else ends[i][0])
    excess = max(0.0, places[-1] - high) if places else 0.0
    for i, place in zip(order, places, strict=True):
        value, name, colour = ends[i]
        axes.annotate(
            name,
            xy=(at, value),
            xytext=(at + 0.02 * max(at, 1.0), place - excess),
            color=colour if colour != GREY else "#666666",
            va="center",
            ha="left",
            size="small",
            annotation_clip=False,
        )


def label_periods(axes: Axes, chart: Chart) -> None:
    """Label about six periods of the time axis in words."""
    labels = chart.data.drop_duplicates("step").set_index("step")["period"].sort_index()
    every = max(1, int(np.ceil(len(labels) / 6)))
    every = next((e for e in (1, 2, 3, 6, 12) if e >= every), every) if "-" in str(labels.iloc[0]) else every
    labels = labels.iloc[::every]
    axes.set_xticks(list(labels.index), [period(label, chart.language).replace(" ", "\n") for label in labels])


def name_change(words: OutcomeWords, language: Language) -> Sentence:
    """Return the name of a difference within a sentence: a share changes in percentage points, not in per cent."""
    if words.scale == 100:
        return Message("charts.with_unit", measure=lower(words.short[language]), unit=words.unit).text(language)
    return lower(words.label[language])


def write_change(x: Quantity, words: OutcomeWords) -> Message | Quantity:
    """Return a difference with its unit, where the outcome has one."""
    return Message("charts.amount", x=x, unit=words.unit) if words.unit["en"] else x


def write_level(x: Quantity, words: OutcomeWords) -> Message | Quantity:
    """Return a level with its unit: a share is in per cent, its change in points."""
    return Message("charts.share", x=x) if words.scale == 100 else write_change(x, words)


def fold(text: str, most: int = 38) -> str:
    """Break a label into lines of a number of characters."""
    return "\n".join(textwrap.wrap(text, most))


def close_ends(data: pd.DataFrame) -> pd.DataFrame:
    """Return the data with NaN for ends that are infinite, and which they were in `open`: low, high, both or nothing.

    A spreadsheet takes ``-inf`` for a formula, so it may not leave in a CSV.

    Examples
    --------
    >>> close_ends(pd.DataFrame({"conf_low": [-np.inf, 0.5], "conf_high": [2.0, 1.5]}))["open"].tolist()
    ['low', '']
    """
    low, high = (np.isinf(data[end].to_numpy(dtype=np.float64)) for end in ("conf_low", "conf_high"))
    which = np.select([low & high, low, high], ["both", "low", "high"], default="")
    finite = data[["conf_low", "conf_high"]].astype(float).replace([np.inf, -np.inf], np.nan)
    return data.assign(conf_low=finite["conf_low"], conf_high=finite["conf_high"], open=which)


def lower(text: str) -> Sentence:
    """Lower the first letter of a phrase, but not of a name such as SKM; the record of its numbers stays.

    Examples
    --------
    >>> lower("Mean waiting time"), lower("IKM")
    ('mean waiting time', 'IKM')
    """
    first = text[:1] if text[:2].isupper() else text[:1].lower()
    return Sentence(first + text[1:], text.numbers if isinstance(text, Sentence) else ())


def describe(inference: Inference) -> dict[str, object]:
    """Return what the provenance of a chart says of an inference."""
    design = inference.effects.design
    return {
        "clusters": len(design.clusters),
        "estimator": inference.effects.estimator.name,
        "outcome": design.panel.outcome.name,
        "rule": inference.rule.name,
        "treatment": design.treatment,
        "treated_clusters": design.treated_clusters,
    }


def text_size() -> float:
    """Text size of the page being drawn, in points."""
    import matplotlib as mpl

    return float(mpl.rcParams["font.size"])


def bold() -> float:
    """How much thicker than on an A4 page lines and points are drawn."""
    return text_size() / 8.0


def use_whole_steps(axes: Axes, language: Language) -> None:
    """Put ticks at whole steps of time."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 3, 6, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 0, language))


def use_numerals(axes: Axes, language: Language, *, which: str = "y") -> None:
    """Write tick labels with the decimal mark of the language and a true minus sign."""
    from matplotlib.ticker import Formatter

    class Numerals(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return number(x, 2, language)

        def format_ticks(self, values: Any) -> list[str]:  # noqa: ANN401 - as matplotlib declares it
            return [number(float(v), find_tick_decimals(values), language) for v in values]

    (axes.yaxis if which == "y" else axes.xaxis).set_major_formatter(Numerals())


def find_tick_decimals(ticks: Sequence[float]) -> int:
    """Return the decimals that tell neighbouring ticks apart."""
    gaps = np.diff(np.unique(np.asarray(ticks, dtype=np.float64)))
    step = float(gaps.min()) if len(gaps) else 1.0
    return next((d for d in range(7) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 6)
