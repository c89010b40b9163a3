"""Where the days went, as a chart and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.errors import InputError
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, bold, describe, fold, level_quantity, use_numerals
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.headline import headline_message
from asn_impact.reporting.matrix import levels_as_read
from asn_impact.reporting.tables.cells import Printed
from asn_impact.reporting.tables.table import Table
from asn_impact.scrutiny.grade import Grade
from asn_impact.topics.clocks.changes import StepChanges
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CALL: Final = "changes_by_step(answer, split)"
_MEANS: Final = ("before", "with_training", "without_training")
_LAST_DIGIT: Final = 1e-6  # sums of numbers of two decimals, in floating point


@public_verb
def days_by_step(
    changes: StepChanges,
    *,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    grade: Grade | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of the days in each step without and with training, and of the change with its interval.

    Parameters
    ----------
    changes
        From `changes_by_step`, of one number.
    level
        Level of the intervals, each of one step alone.
    grade
        Of the effect on the wait, as its scrutiny gave it: the title says it.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        The changes are of several numbers, such as an event study.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))
    >>> design = ai.assign(split.panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced())
    >>> chart = ai.figures.days_by_step(ai.changes_by_step(answer, split))
    >>> chart.data["change"].round(1).tolist()
    [-1.8, -0.2, 0.2, 0.0, -1.8]
    """
    check_language(language)
    check_kind("days_by_step", "changes", changes, StepChanges, _CALL)
    words = changes.whole.effects.outcome.words
    data = _make_data(changes, level, language)
    title = headline_message(changes.whole, level=level, grade=grade)
    return Chart(
        kind="days_by_step",
        title=title.text(language),
        subtitle=Message("clocks.chart.subtitle", unit=words.unit, level=level_quantity(level)).text(language),
        source=source,
        below=paragraph(*changes.notes).text(language),
        alt=paragraph(Message("clocks.sentence", finding=title), changes.seen(level)).text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={**describe(changes.whole), "level": level, "unit": str(words.unit.text(language))},
        rows=3 * len(data) + 2,
    ).shaped(**look)


@public_verb
def days_by_step_table(changes: StepChanges, *, level: Level = 0.95) -> Table:
    """Return the table of the days in each step: before, with and without training, and the change with its interval.

    Parameters
    ----------
    changes
        From `changes_by_step`, of one number.
    level
        Level of the intervals, each of one step alone.

    Raises
    ------
    InputError
        The changes are of several numbers, such as an event study.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))
    >>> design = ai.assign(split.panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.GLSImputation()(design).overall(), ai.BiasReduced())
    >>> ai.tables.days_by_step_table(ai.changes_by_step(answer, split)).frame["change"].round(2).tolist()
    [-1.79, -0.18, 0.15, 0.02, -1.8]
    """
    check_kind("days_by_step", "changes", changes, StepChanges, _CALL)
    data = _make_data(changes, level, "en")
    ends = [Printed((low, high), 2, "[]") for low, high in data[["conf_low", "conf_high"]].to_numpy(dtype=float)]
    names = [*changes.steps, Message("clocks.whole")]
    texts = {"step": pd.Series(names, dtype=object), "interval": pd.Series(ends, dtype=object)}
    whole = changes.whole.effects.outcome.words
    return Table(
        frame=data[["step", *_MEANS, "change"]].assign(**texts),
        title=Message("clocks.table.title", measure=whole.label),
        note=paragraph(*changes.notes, _say_rounded(data)),
        kinds={**dict.fromkeys(_MEANS, "one"), "change": "two", "interval": "printed"},
        headings={name: Message(f"claims.matrix.{name}") for name in (*_MEANS, "change", "interval")},
    )


def _make_data(changes: StepChanges, level: float, language: Language) -> pd.DataFrame:
    """Return a row a step and one of all: step, before, without_training, with_training, change and its interval."""
    if (n := len(changes.whole.estimate)) != 1:
        raise InputError(Message("clocks.several_numbers", n=n))
    names = [*changes.steps, Message("clocks.whole")]
    rows = []
    for name, inference in zip(names, (*changes.parts, changes.whole), strict=True):
        words, means = inference.effects.outcome.words, levels_as_read(inference)
        low, high = inference.interval(level)
        ends = (inference.estimate[0], low[0], high[0])
        change, conf_low, conf_high = (float(words.shown(value)) for value in ends)
        levels = {mean: getattr(means, mean) for mean in _MEANS}
        text = str(name.text(language))
        rows.append({"step": text, **levels, "change": change, "conf_low": conf_low, "conf_high": conf_high})
    return pd.DataFrame(rows)


def _say_rounded(data: pd.DataFrame) -> Message | None:
    """Say that printed numbers need not add up to the last digit, where they do not."""
    printed = data[[*_MEANS, "change"]].round({**dict.fromkeys(_MEANS, 1), "change": 2})
    apart = (printed.iloc[:-1].sum() - printed.iloc[-1]).abs()
    return Message("clocks.rounded") if bool((apart > _LAST_DIGIT).any()) else None


def _paint(figure: Figure, chart: Chart) -> None:
    data, language = chart.data, chart.language
    panels = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(data), dtype=np.float64)
    place[-1] += 0.4  # all steps together stand apart
    for mean, shift, colour in (("without_training", -0.18, GREY), ("with_training", 0.18, BLUE)):
        label = Message(f"claims.chart.{mean}").text(language)
        panels[0].barh(place + shift, data[mean], height=0.34, color=colour, label=label)
    before = Message("claims.chart.before").text(language)
    panels[0].scatter(data["before"], place, marker="|", s=120 * bold() ** 2, color=INK, zorder=3, label=before)
    clear = (data["conf_low"] > 0) | (data["conf_high"] < 0)
    colours = np.where(clear, BLUE, GREY)
    panels[1].axvline(0, color=INK, linewidth=0.9 * bold())
    panels[1].hlines(place, data["conf_low"], data["conf_high"], colors=colours, linewidth=1.6 * bold())
    panels[1].scatter(data["change"], place, s=24 * bold() ** 2, c=colours, zorder=3)
    panels[0].set_yticks(place, [fold(str(step), 26) for step in data["step"]])
    panels[0].set_ylim(place[-1] + 0.6, -0.6)
    for axes, title in zip(panels, ("levels", "change"), strict=True):
        axes.set_title(Message(f"clocks.chart.{title}").text(language), loc="left", size="small", weight="bold", pad=3)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.set_xlabel(str(chart.parameters["unit"]))
        axes.margins(x=0.08)
        use_numerals(axes, language, which="x")
    figure.legend(handles=panels[0].get_legend_handles_labels()[0])
