"""Raw trends: the outcome itself, a line a wave."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.figures.drawing import GREY, PALETTE, bold, direct_labels, numerals, period_axis, short_label
from asn_impact.reporting.tables import MINIMUM_CELL, counts_records
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    joined,
    outcome_words,
    period,
    say,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["group_means", "raw_trends", "wave_name", "waves"]


_TITLE_TRENDS: Final = both(
    id="Sesudah pelatihan pertama, {label} berubah {treated} {unit} pada yang terlatih dan {never} pada yang "
    "tidak pernah dilatih",
    en="After the first training the {label} changed by {treated} {unit} among the trained and {never} among "
    "the never trained",
)
_SUBTITLE_TRENDS: Final = both(id="{label}; titik: bulan pelatihan", en="{label}; dot: month of training")
_TITLE_TRENDS_ALONE: Final = both(
    id="Semua unit dilatih pada akhirnya: pembandingnya adalah yang belum dilatih",
    en="Every unit is trained in the end: those not yet trained are the comparison",
)
_ALT_TRENDS: Final = both(
    id="Garis rata-rata per periode dari {first} sampai {last} untuk {groups}. {finding}.",
    en="Lines of the mean by period from {first} to {last} for {groups}. {finding}.",
)
_NEVER: Final = both(id="tidak pernah dilatih", en="never trained")
_WAVE: Final = both(id="dilatih {when}", en="trained {when}")


def raw_trends(design: Design, *, language: Language = "en", source: str = "", inputs: Iterable[Any] = ()) -> Chart:
    """Return the chart of the outcome itself: a line a wave and one for those never trained.

    Lines are means over units, weighted as in the panel. Months in which a wave has fewer than ten records are not
    drawn. The title compares the change of those ever trained with the change of those never trained, before and
    after the first training of anyone; it describes and does not estimate an effect.
    """
    checked(language)
    words, panel = outcome_words(design.panel.outcome), design.panel
    data = _trend_data(design, words)
    title = _trend_title(design, words, language)
    groups = joined([wave_name(design, step, language) for step in waves(design)], language)
    return Chart(
        kind="raw_trends",
        title=title,
        subtitle=say(_SUBTITLE_TRENDS, language, label=words.label[language]).text,
        source=source,
        alt=say(
            _ALT_TRENDS,
            language,
            first=period(panel.timeline.labels[0], language),
            last=period(panel.timeline.labels[-1], language),
            groups=groups,
            finding=title,
        ).text,
        data=data,
        paint=_paint_raw_trends,
        language=language,
        parameters={"outcome": panel.outcome.name, "treatment": design.treatment},
        inputs=tuple(inputs),
    )


def waves(design: Design) -> list[float]:
    """Return the steps of adoption in order, infinity last where some are never treated."""
    never = [np.inf] if np.isinf(design.adopted).any() else []
    return [*design.cohorts, *never]


def wave_name(design: Design, step: float, language: Language) -> str:
    """Return what a wave is called in a legend."""
    if np.isinf(step):
        return _NEVER[language]
    return say(_WAVE, language, when=period(design.cohort_label(step), language)).text


def group_means(panel: Panel, members: Float) -> tuple[Float, Float]:
    """(T,) weighted mean over the units marked True, NaN where too few records stand behind it, and (T,) records."""
    weight = np.where(panel.observed & members[:, None].astype(bool), panel.weight, 0.0)
    records = (panel.n * (weight > 0)).sum(axis=0)
    total = weight.sum(axis=0)
    mean = np.divide(
        (weight * np.nan_to_num(panel.mean)).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0
    )
    if counts_records(panel):
        mean = np.where(records < MINIMUM_CELL, np.nan, mean)
    return mean, records


def _trend_data(design: Design, words: OutcomeWords) -> pd.DataFrame:
    timeline = design.panel.timeline
    frames = []
    for step in waves(design):
        members = design.adopted == step
        mean, _ = group_means(design.panel, members)
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
    return pd.concat(frames, ignore_index=True)


def _trend_title(design: Design, words: OutcomeWords, language: Language) -> Sentence:
    ever = np.isfinite(design.adopted)
    if ever.all():
        return say(_TITLE_TRENDS_ALONE, language)
    after = design.panel.timeline.steps >= design.cohorts[0]
    change = {}
    for name, members in (("treated", ever), ("never", ~ever)):
        mean = words.scale * group_means(design.panel, members)[0]
        change[name] = _mean_shown(mean[after]) - _mean_shown(mean[~after])
    return say(
        _TITLE_TRENDS,
        language,
        label=short_label(words, language),
        unit=words.unit[language],
        treated=Quantity(
            change["treated"], "mean of the trained after minus before the first training", words.decimals
        ),
        never=Quantity(change["never"], "mean of the never trained after minus before it", words.decimals),
    )


def _mean_shown(values: Float) -> float:
    """Return the mean of the values that are shown, NaN when none is."""
    shown = values[np.isfinite(values)]
    return float(shown.mean()) if len(shown) else float("nan")


def _paint_raw_trends(figure: Figure, chart: Chart) -> None:
    axes, ends = figure.subplots(), []
    colours = itertools.cycle(PALETTE)
    for wave, line in chart.data.groupby("wave", sort=False):
        treated = bool(line["adopted_step"].notna().all())
        colour = next(colours) if treated else GREY
        axes.plot(line["step"], line["mean"], color=colour, linewidth=(1.4 if treated else 2.2) * bold())
        if treated:
            start = line.loc[line["step"] >= line["adopted_step"]].head(1)
            axes.scatter(start["step"], start["mean"], s=34 * bold() ** 2, color=colour, zorder=4, edgecolors="white")
        shown = line["mean"].dropna()
        if len(shown):
            ends.append((float(shown.iloc[-1]), _line_name(str(wave), line, chart.language, treated=treated), colour))
    period_axis(axes, chart)
    numerals(axes, chart.language)
    axes.margins(x=0.01)
    direct_labels(axes, ends, at=float(chart.data["step"].max()))


_LINE: Final = both(id="{wave} ({n} unit)", en="{wave} ({n} {noun})")


def _line_name(wave: str, line: pd.DataFrame, language: Language, *, treated: bool) -> str:
    name = say(_WAVE, language, when=period(wave, language)).text if treated else _NEVER[language]
    count = int(line["units"].iloc[0])
    noun = "unit" if count == 1 else "units"
    return say(_LINE, language, wave=name, n=Quantity(count, "units"), noun=noun).text
