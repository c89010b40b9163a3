"""Raw trends: the outcome itself, a line a wave."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, Unpack

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float
from asn_impact.errors import InputError
from asn_impact.intake.readers.events import Events, read_events
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    GREY,
    INK,
    PALETTE,
    bold,
    label_lines,
    label_periods,
    lower,
    text_size,
    use_numerals,
    write_change,
)
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.recoding import Release, all_alike, counts_records
from asn_impact.reporting.tables import MINIMUM_CELL
from asn_impact.reporting.words import OutcomeWords
from asn_impact.timeline import Timeline
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, paragraph
from asn_impact.words.writing import date, period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asn_impact.designs import Design

MOST_EVENTS: Final = 9  # numbered lines that a reader can follow


@public_verb
def raw_trends(
    design: Design,
    *,
    language: Language = "en",
    source: str = "",
    events: Events | pd.DataFrame | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of the outcome itself: a line a wave and one for those never trained.

    Lines are means over units, weighted as in the panel, rounded as a reader sees them: a mean of whole days with ten
    digits tells how many cases stand behind it. Months in which a wave has fewer than ten records are not drawn, nor
    those of fewer than twenty that are all alike. The title compares the change of those ever trained with the change
    of those never trained, before and after the first training of anyone; it describes and does not estimate an effect.

    Parameters
    ----------
    design
        Who was trained when, and the outcome.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.
    events
        Rule changes, new systems, outages: `Events`, or a frame that `read_events` reads. Those that began within the
        window are numbered vertical lines, named below the heading as given; dotted where nobody has verified them.

    Raises
    ------
    InputError
        More than nine events fall into the window, or the periods of the panel have no dates.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> chart = ai.figures.raw_trends(design)
    >>> chart.data.columns.tolist()
    ['wave', 'adopted_step', 'units', 'period', 'step', 'mean']
    """
    check_language(language)
    check_kind("raw_trends", "design", design, "Design")
    design.require_staying("raw_trends()")
    words, panel = design.panel.outcome.words, design.panel
    data = _make_data(design, words)
    marks = _mark_events(events, panel.timeline)
    title = _write_title(design, words, language)
    monthly = panel.timeline.kind == "month" and panel.timeline.step == 1
    subtitle = "charts.trends.subtitle" if monthly else "charts.trends.subtitle_periods"
    alt = Message(
        "charts.trends.alt",
        first=panel.timeline.labels[0],
        last=panel.timeline.labels[-1],
        waves=tuple(_name_wave(None if wave == "never" else wave) for wave in data["wave"].drop_duplicates()),
        finding=title,
    )
    return Chart(
        kind="raw_trends",
        title=title.text(language),
        subtitle=Message(subtitle, measure=words.label).text(language),
        source=source,
        alt=paragraph(alt, _write_event_alt(marks, language)).text(language),
        data=data if marks.empty else pd.concat([data, marks], ignore_index=True),
        paint=_paint,
        language=language,
        parameters={"outcome": panel.outcome.name, "treatment": design.treatment},
        rows=None if marks.empty else 24 + 2 * len(marks),
    ).shaped(**look)


def _name_wave(label: str | None) -> Message:
    """Return what a wave is called in a legend; None: those never trained."""
    return Message("charts.trends.never") if label is None else Message("charts.trends.wave", when=label)


def average_group(panel: Panel, members: Float) -> tuple[Float, Float]:
    """Return (T,) means over the units marked True and (T,) records; NaN where too few records stand behind one."""
    weight = np.where(panel.observed & members[:, None].astype(bool), panel.weight, 0.0)
    records = (panel.n * (weight > 0)).sum(axis=0)
    total = weight.sum(axis=0)
    mean = np.divide(
        (weight * np.nan_to_num(panel.mean)).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0
    )
    if counts_records(panel):
        mean = np.where((records < MINIMUM_CELL) | _all_alike(panel, weight > 0), np.nan, mean)
    return mean, records


def _all_alike(panel: Panel, cells: Bool) -> Bool:
    """(T,) True for periods in which the few records of the cells marked True all have the same value."""
    return np.asarray([all_alike(panel, cells & (np.arange(len(panel.timeline)) == t)) for t in range(cells.shape[1])])


def _mark_events(events: Events | pd.DataFrame | None, timeline: Timeline) -> pd.DataFrame:
    """Return one row an event that began in the window: where its line stands, period, date, name, verified."""
    if events is None:
        return pd.DataFrame()
    if timeline.kind == "step":
        raise InputError(Message("charts.trends.no_dates"))
    rows = (events if isinstance(events, Events) else read_events(events)).frame()
    place = (_find_ordinals(rows["date"], timeline.kind) - timeline.ordinals[0]) / timeline.step - 0.5
    inside = (place >= -0.5) & (place <= timeline.steps[-1] + 0.5)
    rows, place = rows[inside], place[inside]
    if len(rows) > MOST_EVENTS:
        raise InputError(Message("charts.trends.too_many_events", n=len(rows), most=MOST_EVENTS))
    return pd.DataFrame(
        {
            "step": place,
            "event": rows["name"].astype(str).to_numpy(),
            "event_date": rows["date"].dt.strftime("%Y-%m-%d").to_numpy(),
            "precision": rows["precision"].to_numpy() if "precision" in rows else "day",
            "verified": rows["verified"].astype(bool).to_numpy(),
            "event_source": rows["source"].astype(str).to_numpy(),
        }
    )


def _find_ordinals(dates: pd.Series, kind: str) -> Float:
    """Return (E,) positions of days on a line of years, quarters or months, with the part that has passed."""
    freq = {"year": "Y", "quarter": "Q", "month": "M"}[kind]
    periods = dates.dt.to_period(freq)
    start, end = periods.dt.start_time, (periods + 1).dt.start_time
    passed = ((dates - start) / (end - start)).to_numpy(dtype=np.float64)
    per_year = {"year": 1, "quarter": 4, "month": 12}[kind]
    within = {"year": 0 * dates.dt.year, "quarter": dates.dt.quarter - 1, "month": dates.dt.month - 1}[kind]
    return np.asarray((per_year * dates.dt.year + within).to_numpy(dtype=np.float64) + passed)


def _name_events(marks: pd.DataFrame, language: Language) -> list[str]:
    """Return when and what, as exactly as the date is known; the name is quoted as given."""
    names = []
    for row in marks.itertuples():
        day = pd.Timestamp(str(row.event_date))
        when = {"day": date(day, language), "month": period(f"{day:%Y-%m}", language), "year": str(day.year)}
        facts = {"when": when[str(row.precision)], "name": str(row.event)}
        key = "charts.trends.event" if row.verified else "charts.trends.event_not_verified"
        names.append(Message(key, **facts).text(language).text)
    return names


def _write_event_alt(marks: pd.DataFrame, language: Language) -> Message | None:
    if marks.empty:
        return None
    return Message("charts.trends.alt_events", events="; ".join(_name_events(marks, language)))


def _make_data(design: Design, words: OutcomeWords) -> pd.DataFrame:
    timeline = design.panel.timeline
    frames = []
    release = Release.of(design)
    alone = release.waves.any()  # no line where all waves stand together
    for step in release.steps[release.waves] if alone else release.steps:
        members = design.adopted == step
        mean = average_group(design.panel, members)[0] if alone else np.full(len(timeline), np.nan)
        frames.append(
            pd.DataFrame(
                {
                    "wave": design.cohort_label(step),
                    "adopted_step": step if np.isfinite(step) else np.nan,
                    "units": int(members.sum()),
                    "period": timeline.labels,
                    "step": timeline.steps,
                    "mean": words.scale * mean,
                }
            )
        )
    data = pd.concat(frames, ignore_index=True)
    return data.assign(mean=data["mean"].round(_decimals(data["mean"], words)))


def _decimals(means: pd.Series, words: OutcomeWords) -> int:
    """Return how many decimals of the means a reader of the chart can see: a hundredth of their range."""
    spread = float(means.max() - means.min())
    return max(words.decimals, int(np.floor(2 - np.log10(spread)))) if spread > 0 else words.decimals + 1


def _write_title(design: Design, words: OutcomeWords, language: Language) -> Message:
    ever = np.isfinite(design.adopted)
    if ever.all():
        return Message("charts.trends.title_all_trained")
    after = design.panel.timeline.steps >= design.cohorts[0]
    change = {}
    for name, members in (("treated", ever), ("never", ~ever)):
        mean = words.scale * average_group(design.panel, members)[0]
        change[name] = _average(mean[after]) - _average(mean[~after])
    treated = Quantity(change["treated"], "mean of the trained after minus before the first training", words.decimals)
    never = Quantity(change["never"], "mean of the never trained after minus before it", words.decimals)
    measure = lower(words.short[language])
    return Message("charts.trends.title", measure=measure, treated=write_change(treated, words), never=never)


def _average(values: Float) -> float:
    """Return the mean of the values that are shown, NaN when none is."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _paint(figure: Figure, chart: Chart) -> None:
    axes, ends = figure.subplots(), []
    colours = itertools.cycle(PALETTE)
    lines = chart.data.dropna(subset=["wave"])
    for wave, line in lines.groupby("wave", sort=False):
        treated = bool(line["adopted_step"].notna().all())
        colour = next(colours) if treated else GREY
        axes.plot(line["step"], line["mean"], color=colour, linewidth=(1.4 if treated else 2.2) * bold())
        if treated:
            start = line.loc[line["step"] >= line["adopted_step"]].head(1)
            axes.scatter(start["step"], start["mean"], s=34 * bold() ** 2, color=colour, zorder=4, edgecolors="white")
        values = line["mean"].dropna()
        if len(values):
            name = _name_wave(str(wave) if treated else None)
            label = Message("charts.trends.line", wave=name, n=int(line["units"].iloc[0]))
            ends.append((float(values.iloc[-1]), str(label.text(chart.language)), colour))
    label_periods(axes, replace(chart, data=lines))
    use_numerals(axes, chart.language)
    axes.margins(x=0.01)
    label_lines(axes, ends, at=float(lines["step"].max()))
    if "event" in chart.data:
        _draw_events(figure, axes, chart.data.dropna(subset=["event"]), chart.language)


def _draw_events(figure: Figure, axes: Axes, marks: pd.DataFrame, language: Language) -> None:
    """Draw numbered lines, the numbers in three heights so that neighbours do not meet, and what they stand for."""
    from matplotlib.lines import Line2D

    handles = []
    letters = int(figure.get_figwidth() * 72 / (0.56 * text_size())) - 8
    for i, (row, name) in enumerate(zip(marks.itertuples(), _name_events(marks, language), strict=True)):
        look: Literal["-", ":"] = "-" if row.verified else ":"
        axes.axvline(float(str(row.step)), color=INK, linewidth=0.9 * bold(), linestyle=look, zorder=1.5)
        axes.annotate(
            str(i + 1),
            (float(str(row.step)), 1 - 0.07 * (i % 3)),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            size="small",
            color=INK,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": INK, "linewidth": 0.6},
        )
        label = f"{i + 1}  {textwrap.shorten(name, letters, placeholder='…')}"
        handles.append(Line2D([], [], color=INK, linestyle=look, linewidth=0.9 * bold(), label=label))
    figure.legend(handles=handles)
