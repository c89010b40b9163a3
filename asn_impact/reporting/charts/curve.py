"""Completion curves: the share decided by each day, with training and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.estimation.curve import curves
from asn_impact.estimation.simultaneous import Banded
from asn_impact.measures.outcomes import CompletionCurve
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    bold,
    describe,
    level_quantity,
    use_numerals,
    use_whole_steps,
)
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.recoding import counts_records
from asn_impact.reporting.tables import MINIMUM_CELL
from asn_impact.reporting.words import with_grade
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.estimation.inference import Inference

_COMPARED: Final = {
    "with_training": "trained",
    "without_training": "expected",
}  # where it is not shown what training did


@public_verb
def completion_curve(
    inference: Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    grade: Grade | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of the completion curve of the treated, with training and as it would have been without.

    Days by which, or after which, only one to nine of the treated were decided are not drawn. The title names the day
    on which the two curves lie furthest apart among the days whose interval leaves out zero.

    One less the survival curve of Kaplan and Meier (1958), Journal of the American Statistical Association 53.

    Parameters
    ----------
    inference
        Of ``Along(estimator)(design)``; under `Simultaneous` or `Multiplier` the band holds for all days together.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.
    level
        Level of the band.
    grade
        ``scrutiny.grade``: below B the title and the lines say whose curves these are, not what training did.

    Raises
    ------
    EstimationError
        The inference is not along a completion curve.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> panel = ai.tabulate(durations, ai.CompletionCurve(12), by="office")
    >>> design = ai.assign(panel, ai.example_rollout(), cluster="office")
    >>> answer = ai.infer(ai.Along(ai.GroupTime())(design), ai.ClusterRobust())
    >>> ai.figures.completion_curve(answer)
    Chart(completion_curve: With training 78% of applications are decided within 6 working days, without it 51%)
    """
    check_language(language)
    check_kind("completion_curve", "inference", inference, "Inference", "infer(Along(GroupTime())(design), rule)")
    rows = _without_few(curves(inference, level), inference)
    outcome = inference.effects.design.panel.outcome
    clock = outcome.counted_in if isinstance(outcome, CompletionCurve) else "working days"
    unit = Message(f"charts.completion.unit.{clock}")
    shown = grade is None or grade.shown
    title = with_grade(_write_title(rows, unit, shown=shown), grade)
    subtitle = "charts.completion.subtitle_joint" if isinstance(inference, Banded) else "charts.completion.subtitle"
    alt = Message(
        "charts.completion.alt",
        last=Quantity(int(rows["days"].max()), "last day"),
        title=title,
        clear=Quantity(int(_leaves_out_zero(rows).sum()), "days whose interval leaves out zero"),
        days=Quantity(int(rows["effect"].notna().sum()), "days"),
    )
    return Chart(
        kind="completion_curve",
        title=title.text(language),
        subtitle=Message(subtitle, unit=unit, level=level_quantity(level)).text(language),
        source=source,
        alt=alt.text(language),
        data=_make_data(rows),
        paint=_paint,
        language=language,
        parameters={**describe(inference), "level": level, "unit": clock, "shown": shown},
    ).shaped(**look)


def _without_few(rows: pd.DataFrame, inference: Inference) -> pd.DataFrame:
    """Leave out the days by which, or after which, one to nine of the treated were decided: they are the ends."""
    design = inference.effects.design
    treated = float(np.where(design.treated(), design.panel.n, 0.0).sum())
    part = rows["with_training"].to_numpy(dtype=np.float64)
    few = [((treated * side > 0) & (treated * side < MINIMUM_CELL)) for side in (part, 1 - part)]
    ends = np.asarray(few[0] | few[1]) & counts_records(design.panel)
    columns = [c for c in rows.columns if c != "days"]
    return rows.assign(**{c: rows[c].mask(pd.Series(ends, index=rows.index)) for c in columns})


def _leaves_out_zero(rows: pd.DataFrame) -> pd.Series:
    return (rows["conf_low"] > 0) | (rows["conf_high"] < 0)


def _write_title(rows: pd.DataFrame, unit: Message, *, shown: bool) -> Message:
    clear = rows[_leaves_out_zero(rows)]
    if clear.empty:
        return Message("charts.completion.title_unclear")
    row = clear.iloc[int(np.argmax(clear["effect"].abs().to_numpy()))]
    day = int(row["days"])
    return Message(
        f"charts.completion.{'title' if shown else 'title_compared'}",
        day=Quantity(day, "day on which the curves lie furthest apart"),
        unit=unit,
        trained=Quantity(float(row["with_training"]), f"with_training at day {day}", 0, "percent"),
        untrained=Quantity(float(row["without_training"]), f"without_training at day {day}", 0, "percent"),
    )


def _make_data(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the curves in per cent, the band around the one without training."""
    return pd.DataFrame(
        {
            "days": rows["days"],
            "with_training": 100 * rows["with_training"],
            "without_training": 100 * rows["without_training"],
            "without_low": 100 * (rows["with_training"] - rows["conf_high"]),
            "without_high": 100 * (rows["with_training"] - rows["conf_low"]),
        }
    )


def _paint(figure: Figure, chart: Chart) -> None:
    axes = figure.subplots()
    data = pd.concat([chart.data, chart.data.tail(1).assign(days=chart.data["days"].max() + 1)], ignore_index=True)
    days = data["days"].to_numpy()  # the last day lasts a day, too
    axes.fill_between(days, data["without_low"], data["without_high"], step="post", color=GREY, alpha=0.25, linewidth=0)
    for column, colour in (("without_training", GREY), ("with_training", BLUE)):
        own = column if chart.parameters["shown"] else _COMPARED[column]
        label = Message(f"charts.completion.{own}").text(chart.language)
        axes.step(days, data[column], where="post", color=colour, linewidth=1.8 * bold(), label=label)
    axes.set_xlabel(Message(f"charts.completion.axis.{chart.parameters['unit']}").text(chart.language))
    lowest = float(data["without_low"].min())  # NaN where nothing is drawn
    axes.set_ylim(lowest if lowest < 0 else 0.0, 102)
    axes.axhline(100, color=INK, linewidth=0.4 * bold())
    axes.margins(x=0.01)
    use_whole_steps(axes, chart.language)
    use_numerals(axes, chart.language)
    figure.legend(handles=axes.get_legend_handles_labels()[0][::-1])
