"""Every defensible choice: sorted estimates above, the choices that gave them below."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.estimation.methods import short_names
from asn_impact.measures.panel import Outcome
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    PALE,
    bold,
    close_ends,
    fold,
    name_change,
    text_size,
    use_numerals,
    write_change,
)
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.drawn import HEADING
from asn_impact.reporting.words import OutcomeWords
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity
from asn_impact.words.writing import decimals_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asn_impact.scrutiny.specification import SpecificationCurve

ESTIMATES: Final = 12  # lines of text that the estimates are high
KINDS: Final = ("design", "estimator", "rule")


@public_verb
def specifications(
    curve: SpecificationCurve,
    *,
    outcome: Outcome,
    language: Language = "en",
    source: str = "",
    **look: Unpack[Look],
) -> Chart:
    """Return the specification curve: estimates in order of size, and below each the choices that gave it.

    The form is that of Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4.

    Parameters
    ----------
    curve
        From `specification_curve`; names of its designs are shown as given.
    outcome
        What the effect is on: all designs of the curve must be in its unit.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        No choice could be estimated.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> curve = ai.specification_curve({"all": design}, [ai.GroupTime(), ai.TwoWay()], [ai.ClusterRobust()])
    >>> chart = ai.figures.specifications(curve, outcome=design.panel.outcome)
    >>> chart.data["estimate"].round(1).tolist()
    [-2.0, -2.0]
    """
    check_language(language)
    check_kind("specifications", "curve", curve, "SpecificationCurve")
    words = outcome.words
    data = _make_data(curve, words)
    if data.empty:
        raise InputError(Message("charts.specifications.nothing", n=len(curve.table)))
    names = {kind: _name_options(curve, data, kind, language) for kind in _list_kinds(data)}
    failed = len(curve.table) - len(data)
    title = _write_title(data, words)
    ends = [float(data["estimate"].min()), float(data["estimate"].max())]
    low, high = (
        Quantity(x, f"{which} estimate", decimals_for(ends, words.decimals))
        for x, which in zip(ends, ("smallest", "largest"), strict=True)
    )
    count = Quantity(len(data), "choices")
    alt = Message("charts.specifications.alt", n=count, low=low, high=write_change(high, words), title=title)
    subtitle = Message(
        "charts.specifications.subtitle",
        measure=name_change(words, language),
        failed=None if failed == 0 else Message("charts.specifications.failed", k=Quantity(failed, "failed choices")),
    )
    return Chart(
        kind="specifications",
        title=title.text(language),
        subtitle=subtitle.text(language),
        source=source,
        alt=alt.text(language),
        data=data,
        paint=functools.partial(_paint, names=names),
        language=language,
        parameters={"outcome": outcome.name, "choices": len(curve.table)},
        rows=int(1.1 * ESTIMATES + sum(1.3 * _count_lines(_fold(part, 30)).sum() + 2 for part in names.values())),
    ).shaped(**look)


def _make_data(curve: SpecificationCurve, words: OutcomeWords) -> pd.DataFrame:
    columns = ["estimate", "conf_low", "conf_high"]
    data = curve.table.dropna(subset=["estimate"])[["design", "estimator", "rule", *columns]]
    data = data.sort_values("estimate", kind="stable", ignore_index=True)
    data[columns] = words.shown(data[columns].astype(float))
    return close_ends(data).assign(position=np.arange(len(data)))


def _write_title(data: pd.DataFrame, words: OutcomeWords) -> Message:
    median = float(data["estimate"].median())
    same = np.sign(data["estimate"]) == np.sign(median)
    clear = same & ((data["conf_low"] > 0) | (data["conf_high"] < 0))
    middle = Quantity(median, "median estimate", decimals_for([median], words.decimals))
    return Message(
        "charts.specifications.title",
        same=Quantity(int(same.sum()), "estimates with the sign of the median"),
        n=Quantity(len(data), "choices that can be estimated"),
        clear=Quantity(int(clear.sum()), "of these, intervals that leave out zero"),
        median=write_change(middle, words),
    )


def _list_kinds(data: pd.DataFrame) -> list[str]:
    """Return the kinds of choice that differ, or the estimator where nothing does."""
    return [kind for kind in KINDS if len(set(data[kind])) > 1] or ["estimator"]


def _paint(figure: Figure, chart: Chart, *, names: Mapping[str, Mapping[str, str]]) -> None:
    data, language = chart.data, chart.language
    most = int(0.36 * figure.get_figwidth() * 72 / (0.55 * text_size()))
    labels = {kind: _fold(part, most) for kind, part in names.items()}
    heights = [_count_lines(part).sum() for part in labels.values()]
    room = (figure.get_figheight() * 72 - HEADING * text_size()) / (ESTIMATES + sum(heights) + 2 * len(labels))
    panels = figure.subplots(1 + len(labels), 1, sharex=True, height_ratios=[ESTIMATES, *heights])
    _draw_estimates(panels[0], data, language)
    for axes, (kind, part) in zip(panels[1:], labels.items(), strict=True):
        _draw_marks(axes, data, kind, part)
        heading = Message(f"charts.specifications.{kind}").text(language)
        axes.set_title(heading, loc="left", size="small", weight="bold", pad=2)
        axes.tick_params(axis="y", labelsize=min(text_size(), 0.95 * room))
    panels[-1].set_xticks([])
    panels[0].set_xlim(-0.8, len(data) - 0.2)


def _draw_estimates(axes: Axes, data: pd.DataFrame, language: Language) -> None:
    clear = ((data["conf_low"] > 0) | (data["conf_high"] < 0)).to_numpy()
    colours = [BLUE if c else GREY for c in clear]
    axes.axhline(0, color=INK, linewidth=0.9 * bold())
    values = data[["conf_low", "conf_high", "estimate"]]
    room = 0.1 * float(values.max().max() - values.min().min())
    edges = {"low": float(values.min().min()) - room, "high": float(values.max().max()) + room}
    open_at = {side: data["open"].isin([side, "both"]) for side in edges}
    low, high = (data[f"conf_{side}"].where(~open_at[side], edges[side]) for side in edges)
    axes.vlines(data["position"], low, high, colors=colours, linewidth=1.3 * bold())
    for side, marker in (("low", "v"), ("high", "^")):
        at = data.loc[open_at[side], "position"]
        axes.scatter(at, np.full(len(at), edges[side]), marker=marker, s=22 * bold() ** 2, c=GREY)
    axes.scatter(data["position"], data["estimate"], s=16 * bold() ** 2, c=colours, zorder=3)
    axes.tick_params(axis="x", length=0)
    use_numerals(axes, language)


def _draw_marks(axes: Axes, data: pd.DataFrame, kind: str, names: Mapping[str, str]) -> None:
    """Draw one line an option, a dot where it was chosen."""
    lines = _count_lines(names)
    places = np.cumsum(lines) - lines / 2
    for place in places:
        axes.axhline(place, color=PALE, linewidth=0.6 * bold(), zorder=1)
    y = data[kind].map(dict(zip(names, places, strict=True)))
    axes.scatter(data["position"], y, s=12 * bold() ** 2, c=INK, zorder=3)
    axes.set_yticks(places, list(names.values()))
    axes.set_ylim(lines.sum(), 0)
    axes.grid(visible=False)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)


def _name_options(curve: SpecificationCurve, data: pd.DataFrame, kind: str, language: Language) -> dict[str, str]:
    """Return option -> its name, in the order in which the options appear; methods are named in short."""
    options = [str(option) for option in dict.fromkeys(data[kind])]
    methods = {option: curve.methods[option] for option in options if option in curve.methods}
    names = short_names(methods.values())
    return {o: str(names[methods[o]].text(language)) if o in methods else o for o in options}


def _fold(names: Mapping[str, str], most: int) -> dict[str, str]:
    return {option: fold(name, most) for option, name in names.items()}


def _count_lines(names: Mapping[str, str]) -> Float:
    """Return the (options,) height of each option in lines of text, with the space between them."""
    return np.array([name.count("\n") + 1.5 for name in names.values()])
