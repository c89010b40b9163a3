"""Several findings below each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.errors import InputError
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, bold, describe, fold, level_quantity, use_numerals
from asn_impact.reporting.charts.finding import headline
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.left_out import left_out_lines
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.estimation import Inference


@public_verb
def forest(
    inferences: Mapping[str, Inference] | Sequence[Inference] | Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    grade: Grade | Mapping[str, Grade] | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of several one-number findings below each other, grouped by unit.

    The form is that of meta-analyses: Lewis and Clarke (2001), British Medical Journal 322.

    Parameters
    ----------
    inferences
        One-number inferences, or a single one; a mapping gives each its own name, otherwise the outcome is the name.
    grade
        The grade of all of them, or of each by its name in the mapping, or by the name of its outcome: the title says
        no more than the grades allow.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.
    level
        How sure the intervals are, for instance 0.95.

    Raises
    ------
    InputError
        There is no inference, or one is of several numbers.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> chart = ai.figures.forest({"Mean wait": answer})
    >>> chart.data[["measure", "estimate"]].round(1).to_numpy().tolist()
    [['Mean wait', -2.0]]
    """
    check_language(language)
    if isinstance(inferences, Mapping):
        singles = list(inferences.items())
    else:
        singles = [("", one) for one in (inferences if isinstance(inferences, Iterable) else [inferences])]
    if not singles:
        raise InputError(Message("charts.forest.nothing"))
    data = pd.DataFrame([_make_row(name, inference, language, level) for name, inference in singles])
    clear = int(((data["conf_low"] > 0) | (data["conf_high"] < 0)).sum())
    grades = [_grade_of(name, inference, grade) for name, inference in singles]
    findings = [
        headline(inference, language=language, level=level, grade=own)
        for (_, inference), own in zip(singles, grades, strict=True)
    ]
    title = findings[0]
    if len(singles) > 1:
        counts = {"k": Quantity(clear, "intervals that leave out zero"), "n": Quantity(len(data), "measures")}
        shown = Quantity(_count_shown(data, grades), "intervals that leave out zero, of grade A or B")
        graded = any(own is not None and not own.shown for own in grades)
        key = "charts.forest.title_graded" if graded else "charts.forest.title"
        title = Message(key, **counts, **({"shown": shown} if graded else {})).text(language)
    lines = dict.fromkeys(Message("charts.sentence", text=finding) for finding in [title, *findings])
    left_out = left_out_lines(singles)
    return Chart(
        kind="forest",
        title=title,
        subtitle=Message("charts.forest.subtitle", level=level_quantity(level)).text(language),
        source=source,
        below=paragraph(*left_out).text(language),
        alt=paragraph(*lines, *left_out).text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={"level": level, "findings": [describe(inference) for _, inference in singles]},
        rows=2 * len(data) + 5 * data["unit"].nunique(),
    ).shaped(**look)


def _grade_of(name: str, inference: Inference, grade: Grade | Mapping[str, Grade] | None) -> Grade | None:
    if not isinstance(grade, Mapping):
        return grade
    return grade.get(name) or grade.get(inference.effects.design.panel.outcome.name)


def _count_shown(data: pd.DataFrame, grades: Sequence[Grade | None]) -> int:
    clear = ((data["conf_low"] > 0) | (data["conf_high"] < 0)).to_numpy()
    return sum(bool(one) and grade is not None and grade.shown for one, grade in zip(clear, grades, strict=True))


def _make_row(name: str, inference: Inference, language: Language, level: float) -> dict[str, object]:
    check_kind("forest", "inferences", inference, "Inference", "infer(effects.overall(), BiasReduced())")
    if (n := len(inference.estimate)) != 1:
        raise InputError(Message("charts.forest.several_numbers", name=name or repr(inference), n=n))
    words = inference.effects.outcome.words
    low, high = inference.interval(level)
    return {
        "measure": name or str(words.short[language]),
        "unit": str(words.unit[language]),
        "estimate": float(words.shown(inference.estimate[0])),
        "conf_low": float(words.shown(low[0])),
        "conf_high": float(words.shown(high[0])),
    }


def _paint(figure: Figure, chart: Chart) -> None:
    groups = [(str(unit), part) for unit, part in chart.data.groupby("unit", sort=False)]
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=[len(part) + 0.8 for _, part in groups])
    for axes, (unit, part) in zip(panels[:, 0], groups, strict=True):
        y = np.arange(len(part))
        clear = (part["conf_low"] > 0) | (part["conf_high"] < 0)
        colours = np.where(clear, BLUE, GREY)
        axes.axvline(0, color=INK, linewidth=0.9 * bold())
        axes.hlines(y, part["conf_low"], part["conf_high"], colors=colours, linewidth=1.6 * bold())
        axes.scatter(part["estimate"], y, s=24 * bold() ** 2, c=colours, zorder=3)
        axes.set_yticks(y, [fold(str(m)) for m in part["measure"]])
        axes.set_ylim(len(part) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.set_xlabel(unit)
        axes.margins(x=0.08)
        use_numerals(axes, chart.language, which="x")
