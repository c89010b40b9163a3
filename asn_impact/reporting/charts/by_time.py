"""The event study: the effect by time since training."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.errors import DataWarning, InputError
from asn_impact.estimation import Inference
from asn_impact.estimation.simultaneous import Banded
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    PALE_BLUE,
    bold,
    described,
    lower,
    numerals,
    unit_changed,
    whole_steps,
)
from asn_impact.reporting.charts.finding import headline
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    event_axis,
    level_quantity,
    months_in_step,
    outcome_words,
    say,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["event_study"]


_SUBTITLE_EVENT: Final = both(
    id="Perubahan {label} dibandingkan kelompok pembanding, dengan selang kepercayaan {level} per titik; "
    "lingkaran kosong: periode dasar",
    en="Change in {label} compared with the comparison group, with pointwise {level} intervals; hollow: base period",
)
_BAND: Final = both(
    id="; pita pucat: {level} untuk semua titik sekaligus", en="; pale band: {level} for all points together"
)
_ALT_BAND: Final = both(
    id="Pita untuk semua titik sekaligus tidak memuat nol pada {after} dari {count_after} titik sesudah pelatihan.",
    en="The band for all points together leaves out zero at {after} of {count_after} points after training.",
)
_ALT_EVENT: Final = both(
    id="Studi peristiwa dari {first} sampai {last}: titik dan selang kepercayaan {level}. {finding}. "
    "Sebelum pelatihan {before} dari {count_before} selang tidak memuat nol, sesudahnya {after} dari {count_after}.",
    en="Event study from {first} to {last}: points and {level} confidence intervals. {finding}. "
    "Before training {before} of {count_before} intervals leave out zero, afterwards {after} of {count_after}.",
)


def event_study(
    inference: Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: float = 0.95,
    band: Inference | None = None,
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of the effect by time since training, with pointwise intervals.

    The base period, against which the others are measured, is zero by construction and drawn hollow. The title is the
    overall effect of the same estimator under the same rule.

    Parameters
    ----------
    inference
        From ``infer(effects.event_study(), rule)``.
    language
        ``"id"`` or ``"en"``.
    source
        The line below: whose data these are.
    level
        Level of the intervals, and of the band.
    band
        The same effects under `Simultaneous` or `Multiplier`: drawn as a pale band that holds for all points together.
        A `DataWarning` where it is narrower than the interval of a point, as that of `Multiplier` is where few
        clusters stand behind one.
    inputs
        ``extract.sources``: what the provenance names.

    Raises
    ------
    InputError
        The inference is not by event time, or the band is not simultaneous or of other effects.
    """
    checked(language)
    table = inference.table(level)
    if "event_time" not in table:
        raise InputError(
            f"The chart needs effects by event_time, found terms by {list(inference.effects.terms.columns)}. "
            "Use infer(effects.event_study(), rule)."
        )
    design = inference.effects.design
    words, step = outcome_words(design.panel.outcome), months_in_step(design.panel.timeline)
    base = -1 - int(getattr(inference.effects.estimator, "anticipation", 0))
    data = _event_data(table.assign(event_time=step * table["event_time"]), words, base=step * base)
    title = headline(inference, language=language, level=level)
    shown_level = level_quantity(level)
    label = lower(words.label[language])
    subtitle = say(_SUBTITLE_EVENT, language, label=unit_changed(label, words, language), level=shown_level).text
    alt = _event_alt(data, title, shown_level, language)
    named: dict[str, object] = {
        **described(inference),
        "level": level,
        "timeline": design.panel.timeline.kind,
        "step": step,
    }
    if band is not None:
        data = _with_band(data, inference, band, level, words)
        subtitle += say(_BAND, language, level=shown_level).text
        alt = f"{alt} {_band_alt(data, language)}"
        named["band"] = band.rule.name
    return Chart(
        kind="event_study",
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt,
        data=data,
        paint=_paint_event_study,
        language=language,
        parameters=named,
        inputs=tuple(inputs),
    )


def _with_band(
    data: pd.DataFrame, inference: Inference, band: Inference, level: float, words: OutcomeWords
) -> pd.DataFrame:
    """Return the data with band_low and band_high, after making sure that they belong to the same estimates."""
    if not isinstance(band, Banded):
        raise InputError(
            f"The band has intervals point by point ({band.rule.name}). Expected one that holds for all points: "
            "infer(effects.event_study(), Simultaneous(reps=..., seed=..., rule=...))."
        )
    if not inference.effects.terms.equals(band.effects.terms) or not np.allclose(
        inference.estimate, band.estimate, rtol=1e-9, atol=1e-12, equal_nan=True
    ):
        raise InputError("The band is of other estimates than the points. Expected the same effects under both rules.")
    low, high = (words.scale * end for end in band.interval(level))
    times = months_in_step(band.effects.design.panel.timeline) * band.effects.terms["event_time"]
    ends = pd.DataFrame({"event_time": times, "band_low": low, "band_high": high})
    joined = data.merge(ends, on="event_time", how="left")
    narrower = (joined["band_high"] - joined["band_low"]) < (joined["conf_high"] - joined["conf_low"]) * (1 - 1e-9)
    if narrower.any():
        warnings.warn(
            f"The band ({band.rule.name}) is narrower than the interval of one point ({inference.rule.name}) at "
            f"{int(narrower.sum())} event times: the two rules use other standard errors. Expected a band of the same "
            "rule: Simultaneous(reps=..., seed=..., rule=...).",
            DataWarning,
            stacklevel=3,
        )
    joined.loc[joined["base"], ["band_low", "band_high"]] = np.nan
    return joined


def _band_alt(data: pd.DataFrame, language: Language) -> str:
    after = data[(data["event_time"] >= 0) & data["band_low"].notna()]
    clear = int(((after["band_low"] > 0) | (after["band_high"] < 0)).sum())
    return say(
        _ALT_BAND,
        language,
        after=Quantity(clear, "points after training whose band leaves out zero"),
        count_after=Quantity(len(after), "points after training with a band"),
    ).text


def _event_data(table: pd.DataFrame, words: OutcomeWords, *, base: int) -> pd.DataFrame:
    """Return what the event study draws: display units, the base period marked."""
    columns = ["estimate", "conf_low", "conf_high"]
    data = table[["event_time", *columns]].copy()
    data[columns] = data[columns] * words.scale
    flat = data["event_time"].eq(base) & data["estimate"].fillna(0.0).eq(0.0)
    data = data.assign(base=flat)
    data.loc[flat, columns] = [0.0, np.nan, np.nan]
    if base not in set(data["event_time"]):
        extra = pd.DataFrame({"event_time": [base], "estimate": [0.0], "base": [True]})
        data = pd.concat([data, extra], ignore_index=True)
    return data.sort_values("event_time", ignore_index=True)


def _event_alt(data: pd.DataFrame, title: Sentence, level: Quantity, language: Language) -> str:
    clear = (data["conf_low"] > 0) | (data["conf_high"] < 0)
    real, before = data["conf_low"].notna(), data["event_time"] < 0
    counted = {
        "before": (clear & before).sum(),
        "count_before": (real & before).sum(),
        "after": (clear & ~before).sum(),
        "count_after": (real & ~before).sum(),
    }
    return say(
        _ALT_EVENT,
        language,
        first=Quantity(float(data["event_time"].min()), "first event time"),
        last=Quantity(float(data["event_time"].max()), "last event time"),
        level=level,
        finding=title,
        **{name: Quantity(int(value), name) for name, value in counted.items()},
    ).text


def _paint_event_study(figure: Figure, chart: Chart) -> None:
    axes, data, step = figure.subplots(), chart.data, float(str(chart.parameters["step"]))
    axes.axhline(0, color=INK, linewidth=0.9 * bold(), zorder=1.5)
    axes.axvline(-0.5 * step, color=INK, linewidth=0.9 * bold(), linestyle=(0, (4, 3)), zorder=1.5)
    drawn = data[~data["base"]]
    if "band_low" in data:
        axes.use_sticky_edges = False
        axes.bar(
            drawn["event_time"],
            drawn["band_high"] - drawn["band_low"],
            bottom=drawn["band_low"],
            width=step,
            color=PALE_BLUE,
            linewidth=0,
            zorder=1,
        )
    colours = [GREY if time < 0 else BLUE for time in drawn["event_time"]]
    axes.vlines(drawn["event_time"], drawn["conf_low"], drawn["conf_high"], colors=colours, linewidth=1.4 * bold())
    axes.scatter(drawn["event_time"], drawn["estimate"], s=16 * bold() ** 2, c=colours, zorder=3)
    base = data[data["base"]]
    axes.scatter(
        base["event_time"], base["estimate"], s=20 * bold() ** 2, facecolors="white", edgecolors=GREY, zorder=3
    )
    word = {"month": both(id=" pelatihan", en=" training")}.get(
        str(chart.parameters["timeline"]), both(id=" perlakuan", en=" treatment")
    )
    axes.annotate(
        word[chart.language],
        (-0.5 * step, 1),
        xycoords=("data", "axes fraction"),
        va="top",
        ha="left",
        color=INK,
        size="small",
    )
    axes.set_xlabel(event_axis(str(chart.parameters["timeline"]))[chart.language])
    axes.margins(x=0.02)
    whole_steps(axes)
    numerals(axes, chart.language)
