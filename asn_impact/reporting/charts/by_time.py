"""The event study: the effect by time since training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.errors import InputError
from asn_impact.estimation.simultaneous import Banded
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    PALE_BLUE,
    bold,
    describe,
    level_quantity,
    name_change,
    use_numerals,
    use_whole_steps,
)
from asn_impact.reporting.charts.finding import headline
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.left_out import left_out_lines
from asn_impact.reporting.words import OutcomeWords, periods_in_step
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Language, Message, Quantity, Sentence, paragraph
from asn_impact.words.writing import decimals_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asn_impact.estimation import Inference

LONG: Final = 4  # times the median interval: longer ones end in an arrow, so that the others can be read
_ENDS: Final = ("lower", "upper")


@public_verb
def event_study(
    inference: Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    band: Inference | None = None,
    grade: Grade | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of the effect by time since training, with pointwise intervals.

    Where the estimator has a reference period, against which the others are measured, it is zero by construction and
    drawn hollow. An interval more than four times as long as the median one ends in an arrow at the edge of the axis,
    so that the others can be read. The title is the overall effect of the same estimator under the same rule. What was
    treated and enters no effect is said in a line below the drawing, with its share of the treated.

    Conventions of the plot: Freyaldenhoven, Hansen, Pérez Pérez and Shapiro (2021), NBER Working Paper 29170.

    Parameters
    ----------
    inference
        From ``infer(effects.event_study(), rule)``.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.
    level
        Level of the intervals, and of the band.
    band
        The same effects under `Simultaneous` or `Multiplier`: drawn as a pale band that holds for all points together.
        An `Alert` in `notes` where it is narrower than the interval of a point, as that of `Multiplier` is where few
        clusters stand behind one.
    grade
        ``scrutiny.grade``: the title says no more than the grade allows.

    Raises
    ------
    InputError
        The inference is not by event time, or the band is not simultaneous or of other effects.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> events = ai.infer(ai.GroupTime()(design).event_study(), ai.BiasReduced())
    >>> chart = ai.figures.event_study(events, title="Training and waits", size=(16, 9))
    >>> chart
    Chart(event_study: Training and waits)
    >>> chart.data[["event_time", "estimate"]].tail(2).round(1).to_numpy().tolist()
    [[5.0, -1.9], [6.0, -1.7]]
    """
    check_language(language)
    check_kind("event_study", "inference", inference, "Inference", "infer(effects.event_study(), BiasReduced())")
    table, effects = inference.table(level), inference.effects
    if "event_time" not in table:
        raise InputError(Message("charts.event_study.no_event_time", found=tuple(effects.terms.columns)))
    timeline, words = effects.design.panel.timeline, effects.outcome.words
    step = periods_in_step(timeline)
    base = None if effects.reference is None else step * effects.reference
    data = _make_data(table.assign(event_time=step * table["event_time"]), words, base)
    title = headline(inference, language=language, level=level, grade=grade)
    alt = _write_alt(data, title, level)
    parameters: dict[str, object] = {
        **describe(inference),
        "level": level,
        "timeline": timeline.frequency,
        "step": step,
    }
    notes: tuple[Message, ...] = ()
    if band is not None:
        data = _add_band(data, inference, band, level, words)
        alt = paragraph(alt, _write_band_alt(data))
        parameters["band"] = band.rule.name
        notes = _note_narrow_band(data, inference, band)
    axis = _find_axis(data)
    parameters |= {} if axis is None else {"axis": [float(end) for end in axis]}
    subtitle = Message(
        "charts.event_study.subtitle",
        measure=name_change(words, language),
        level=level_quantity(level),
        base=None if base is None else Message("charts.event_study.base"),
        band=None if band is None else Message("charts.event_study.band", level=level_quantity(level)),
        clipped=None if axis is None else _say_clipped(data, axis),
    )
    left_out = left_out_lines([("", inference)])
    return Chart(
        kind="event_study",
        title=title,
        subtitle=subtitle.text(language),
        source=source,
        below=paragraph(*left_out).text(language),
        alt=paragraph(alt, *left_out).text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters=parameters,
        notes=notes,
    ).shaped(**look)


def _add_band(
    data: pd.DataFrame, inference: Inference, band: Inference, level: float, words: OutcomeWords
) -> pd.DataFrame:
    """Return the data with band_low and band_high, after making sure that they belong to the same estimates."""
    if not isinstance(band, Banded):
        raise InputError(Message("charts.event_study.band_pointwise", rule=band.rule.name))
    if not inference.effects.terms.equals(band.effects.terms) or not np.allclose(
        inference.estimate, band.estimate, rtol=1e-9, atol=1e-12, equal_nan=True
    ):
        raise InputError(Message("charts.event_study.band_other"))
    low, high = (words.shown(end) for end in band.interval(level))
    times = periods_in_step(band.effects.design.panel.timeline) * band.effects.terms["event_time"]
    ends = pd.DataFrame({"event_time": times, "band_low": low, "band_high": high})
    data = data.merge(ends, on="event_time", how="left")
    data.loc[data["base"], ["band_low", "band_high"]] = np.nan
    return data


def _note_narrow_band(data: pd.DataFrame, inference: Inference, band: Inference) -> tuple[Message, ...]:
    """Say so where a band for all points is narrower than the interval of one."""
    width = data["conf_high"] - data["conf_low"]
    narrower = int((data["band_high"] - data["band_low"] < width * (1 - 1e-9)).sum())
    if not narrower:
        return ()
    rules = {"band": band.rule.name, "rule": inference.rule.name}
    return (Alert("charts.event_study.band_narrow", n=narrower, **rules),)


def _write_band_alt(data: pd.DataFrame) -> Message:
    after = data[(data["event_time"] >= 0) & data["band_low"].notna()]
    clear = int(((after["band_low"] > 0) | (after["band_high"] < 0)).sum())
    return Message(
        "charts.event_study.alt_band",
        after=Quantity(clear, "points after training whose band leaves out zero"),
        count_after=Quantity(len(after), "points after training with a band"),
    )


def _make_data(table: pd.DataFrame, words: OutcomeWords, base: int | None) -> pd.DataFrame:
    """Return what the event study draws: display units, the base period marked where there is one."""
    columns = ["estimate", "conf_low", "conf_high"]
    data = table[["event_time", *columns]].copy()
    data[columns] = words.shown(data[columns])
    data = data.assign(base=False if base is None else data["event_time"].eq(base))
    data.loc[data["base"], columns] = [0.0, np.nan, np.nan]
    if base is not None and not data["base"].any():
        extra = pd.DataFrame({"event_time": [base], "estimate": [0.0], "base": [True]})
        data = pd.concat([data, extra], ignore_index=True)
    return data.sort_values("event_time", ignore_index=True)


def _write_alt(data: pd.DataFrame, title: Sentence, level: float) -> Message:
    clear = (data["conf_low"] > 0) | (data["conf_high"] < 0)
    has_interval, before = data["conf_low"].notna(), data["event_time"] < 0
    counts = {
        "before": (clear & before).sum(),
        "count_before": (has_interval & before).sum(),
        "after": (clear & ~before).sum(),
        "count_after": (has_interval & ~before).sum(),
    }
    return Message(
        "charts.event_study.alt" if counts["count_before"] else "charts.event_study.alt_after",
        first=Quantity(float(data["event_time"].min()), "first event time"),
        last=Quantity(float(data["event_time"].max()), "last event time"),
        level=level_quantity(level),
        finding=title,
        **{name: Quantity(int(count), name) for name, count in counts.items()},
    )


def _reach(data: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the lower and upper end of what is drawn at each point."""
    lows, highs = ([name for name in (f"conf_{end}", f"band_{end}") if name in data] for end in ("low", "high"))
    return data[["estimate", *lows]].min(axis=1), data[["estimate", *highs]].max(axis=1)


def _find_axis(data: pd.DataFrame) -> tuple[float, float] | None:
    """Return where the axis ends when a few intervals are so long that the others could not be read; else None."""
    low, high = _reach(data)
    width = (high - low).where(data["conf_low"].notna())
    readable = ~(width > LONG * width.median())
    if readable.all():
        return None
    bottom, top = min(float(low[readable].min()), 0.0), max(float(high[readable].max()), 0.0)
    room = 0.06 * (top - bottom)
    return bottom - room, top + room


def _say_clipped(data: pd.DataFrame, axis: tuple[float, float]) -> Message:
    low, high = _reach(data)
    ends = [float(low.min()), float(high.max())]
    decimals = decimals_for(ends, 1)
    least, most = (Quantity(end, f"the {which} end of all", decimals) for end, which in zip(ends, _ENDS, strict=True))
    out = Quantity(int(((low < axis[0]) | (high > axis[1])).sum()), "points that go beyond the axis")
    return Message("charts.event_study.clipped", n=out, low=least, high=most)


def _draw_arrows(axes: Axes, points: pd.DataFrame, ends: tuple[float, float]) -> None:
    """Mark what goes on beyond the axis with an arrow at its edge."""
    low, high = _reach(points)
    for out, edge, marker in ((low < ends[0], ends[0], "v"), (high > ends[1], ends[1], "^")):
        at = points.loc[out, "event_time"]
        axes.scatter(at, np.full(len(at), edge), marker=marker, s=22 * bold() ** 2, c=INK, zorder=4, clip_on=False)
    axes.set_ylim(*ends)


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, step = figure.subplots(), chart.data, float(str(chart.parameters["step"]))
    axes.axhline(0, color=INK, linewidth=0.9 * bold(), zorder=1.5)
    axes.axvline(-0.5 * step, color=INK, linewidth=0.9 * bold(), linestyle=(0, (4, 3)), zorder=1.5)
    points = data[~data["base"]]
    if "band_low" in data:
        axes.use_sticky_edges = False
        axes.bar(
            points["event_time"],
            points["band_high"] - points["band_low"],
            bottom=points["band_low"],
            width=step,
            color=PALE_BLUE,
            linewidth=0,
            zorder=1,
        )
    colours = [GREY if time < 0 else BLUE for time in points["event_time"]]
    axes.vlines(points["event_time"], points["conf_low"], points["conf_high"], colors=colours, linewidth=1.4 * bold())
    axes.scatter(points["event_time"], points["estimate"], s=16 * bold() ** 2, c=colours, zorder=3)
    base = data[data["base"]]
    axes.scatter(
        base["event_time"], base["estimate"], s=20 * bold() ** 2, facecolors="white", edgecolors=GREY, zorder=3
    )
    kind = str(chart.parameters["timeline"])
    word = Message(f"charts.event_study.{'treatment' if kind in {'year', 'step'} else 'training'}")
    axes.annotate(
        f" {word.text(chart.language)}",
        (-0.5 * step, 1),
        xycoords=("data", "axes fraction"),
        va="top",
        ha="left",
        color=INK,
        size="small",
    )
    axes.set_xlabel(Message(f"report.event_axis.{kind}").text(chart.language).text)
    axes.margins(x=0.02)
    if "axis" in chart.parameters:
        ends: Any = chart.parameters["axis"]
        _draw_arrows(axes, points, (float(ends[0]), float(ends[1])))
    use_whole_steps(axes, chart.language)
    use_numerals(axes, chart.language)
