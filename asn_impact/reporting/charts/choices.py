"""Every defensible choice: sorted estimates above, the choices that gave them below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.errors import InputError
from asn_impact.measures.panel import Outcome
from asn_impact.reporting.chart import HEADING, Chart
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    PALE,
    bold,
    folded,
    lower,
    numerals,
    open_ends,
    text_size,
    unit_changed,
)
from asn_impact.reporting.tables import short_methods
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    decimals_for,
    outcome_words,
    say,
)
from asn_impact.scrutiny.specification import SpecificationCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["specifications"]

ESTIMATES: Final = 12  # lines of text that the estimates are high

_TITLE: Final = both(
    id="{same} dari {n} pilihan memberi arah yang sama, {clear} di antaranya dengan selang yang tidak memuat nol "
    "(median {median} {unit})",
    en="{same} of {n} choices agree in direction, {clear} of them with an interval that leaves out zero (median "
    "{median} {unit})",
)
_SUBTITLE: Final = both(
    id="Dampak terhadap {label}: setiap titik satu pilihan, dengan selang kepercayaannya{failed}",
    en="Effect on {label}: each dot is one choice, with its confidence interval{failed}",
)
_FAILED: Final = both(id="; {k} pilihan tidak dapat dihitung", en="; {k} choices cannot be estimated")
_ALT: Final = both(
    id="Kurva spesifikasi: {n} perkiraan dari {low} sampai {high} {unit}, diurutkan. {title}.",
    en="Specification curve: {n} estimates from {low} to {high} {unit}, sorted. {title}.",
)
_GROUPS: Final = {
    "design": both(id="Rancangan", en="Design"),
    "estimator": both(id="Cara menghitung", en="Estimator"),
    "rule": both(id="Ketidakpastian", en="Inference"),
}


def specifications(
    curve: SpecificationCurve,
    *,
    outcome: Outcome,
    language: Language = "en",
    source: str = "",
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the specification curve: estimates in order of size, and below each the choices that gave it.

    Parameters
    ----------
    curve
        From `specification_curve`; names of its designs are shown as given.
    outcome
        What the effect is on: all designs of the curve must be in its unit.

    Raises
    ------
    InputError
        No choice could be estimated.
    """
    checked(language)
    words = outcome_words(outcome)
    data = _data(curve, words)
    if data.empty:
        raise InputError(f"None of {len(curve.table)} choices could be estimated. See the column reason of the table.")
    failed = len(curve.table) - len(data)
    title = _title(data, words, language)
    ends = [float(data["estimate"].min()), float(data["estimate"].max())]
    decimals = decimals_for(ends, words.decimals)
    return Chart(
        kind="specifications",
        title=title,
        subtitle=say(
            _SUBTITLE,
            language,
            label=lower(unit_changed(words.label[language], words, language)),
            failed=say(_FAILED, language, k=Quantity(failed, "choices without an estimate")).text if failed else "",
        ).text,
        source=source,
        alt=say(
            _ALT,
            language,
            n=Quantity(len(data), "choices"),
            low=Quantity(ends[0], "smallest estimate", decimals),
            high=Quantity(ends[1], "largest estimate", decimals),
            unit=words.unit[language],
            title=title,
        ).text,
        data=data,
        paint=_paint,
        language=language,
        parameters={"outcome": outcome.name, "choices": len(curve.table)},
        inputs=tuple(inputs),
        rows=int(1.1 * ESTIMATES + sum(1.3 * _lines(_names(data, k, language, 30)).sum() + 2 for k in _chosen(data))),
    )


def _data(curve: SpecificationCurve, words: OutcomeWords) -> pd.DataFrame:
    columns = ["estimate", "conf_low", "conf_high"]
    data = curve.table.dropna(subset=["estimate"])[["design", "estimator", "rule", *columns]]
    data = data.sort_values("estimate", kind="stable", ignore_index=True)
    data[columns] = data[columns].astype(float) * words.scale
    return open_ends(data).assign(position=np.arange(len(data)))


def _title(data: pd.DataFrame, words: OutcomeWords, language: Language) -> Sentence:
    median = float(data["estimate"].median())
    same = np.sign(data["estimate"]) == np.sign(median)
    clear = same & ((data["conf_low"] > 0) | (data["conf_high"] < 0))
    return say(
        _TITLE,
        language,
        same=Quantity(int(same.sum()), "estimates with the sign of the median"),
        n=Quantity(len(data), "choices that can be estimated"),
        clear=Quantity(int(clear.sum()), "of these, intervals that leave out zero"),
        median=Quantity(median, "median estimate", decimals_for([median], words.decimals)),
        unit=words.unit[language],
    )


def _chosen(data: pd.DataFrame) -> list[str]:
    """Return the kinds of choice that differ, or the estimator where nothing does."""
    return [kind for kind in _GROUPS if len(set(data[kind])) > 1] or ["estimator"]


def _paint(figure: Figure, chart: Chart) -> None:
    data, language = chart.data, chart.language
    most = int(0.36 * figure.get_figwidth() * 72 / (0.55 * text_size()))
    named = {kind: _names(data, kind, language, most) for kind in _chosen(data)}
    heights = [_lines(names).sum() for names in named.values()]
    room = (figure.get_figheight() * 72 - HEADING * text_size()) / (ESTIMATES + sum(heights) + 2 * len(named))
    panels = figure.subplots(1 + len(named), 1, sharex=True, height_ratios=[ESTIMATES, *heights])
    _estimates(panels[0], data, language)
    for axes, (kind, names) in zip(panels[1:], named.items(), strict=True):
        _marks(axes, data, kind, names)
        axes.set_title(_GROUPS[kind][language], loc="left", size="small", weight="bold", pad=2)
        axes.tick_params(axis="y", labelsize=min(text_size(), 0.95 * room))
    panels[-1].set_xticks([])
    panels[0].set_xlim(-0.8, len(data) - 0.2)


def _estimates(axes: Axes, data: pd.DataFrame, language: Language) -> None:
    clear = ((data["conf_low"] > 0) | (data["conf_high"] < 0)).to_numpy()
    colours = [BLUE if c else GREY for c in clear]
    axes.axhline(0, color=INK, linewidth=0.9 * bold())
    known = data[["conf_low", "conf_high", "estimate"]]
    room = 0.1 * float(known.max().max() - known.min().min())
    edges = {"low": float(known.min().min()) - room, "high": float(known.max().max()) + room}
    open_at = {side: data["open"].isin([side, "both"]) for side in edges}
    low, high = (data[f"conf_{side}"].where(~open_at[side], edges[side]) for side in edges)
    axes.vlines(data["position"], low, high, colors=colours, linewidth=1.3 * bold())
    for side, marker in (("low", "v"), ("high", "^")):
        at = data.loc[open_at[side], "position"]
        axes.scatter(at, np.full(len(at), edges[side]), marker=marker, s=22 * bold() ** 2, c=GREY)
    axes.scatter(data["position"], data["estimate"], s=16 * bold() ** 2, c=colours, zorder=3)
    axes.tick_params(axis="x", length=0)
    numerals(axes, language)


def _marks(axes: Axes, data: pd.DataFrame, kind: str, names: Mapping[str, str]) -> None:
    """Draw one line an option, a dot where it was chosen."""
    lines = _lines(names)
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


def _names(data: pd.DataFrame, kind: str, language: Language, most: int) -> dict[str, str]:
    """Return option -> its name in lines of some characters, in the order in which the options appear."""
    options = [str(option) for option in dict.fromkeys(data[kind])]
    spoken = (
        {o: o for o in options} if kind == "design" else {o: w[language] for o, w in short_methods(options).items()}
    )
    return {option: folded(name, most) for option, name in spoken.items()}


def _lines(names: Mapping[str, str]) -> Float:
    """(options,) height of each option in lines of text, with the space between them."""
    return np.array([name.count("\n") + 1.5 for name in names.values()])
