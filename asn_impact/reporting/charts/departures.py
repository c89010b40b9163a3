"""How large a departure from parallel trends the finding survives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from scipy import special

from asn_impact.errors import InputError
from asn_impact.measures.panel import Outcome
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    bold,
    close_ends,
    level_quantity,
    lower,
    use_numerals,
    write_change,
)
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.words import OutcomeWords, with_grade
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.restrictions import RelativeMagnitude, Smoothness
from asn_impact.scrutiny.sensitivity import round_down
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity
from asn_impact.words.writing import MOST_DECIMALS, decimals_for, find_decimals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.scrutiny.sensitivity import Breakdown, RobustInterval


@public_verb
def sensitivity(
    intervals: Sequence[RobustInterval] | RobustInterval,
    survives: Breakdown,
    *,
    outcome: Outcome,
    language: Language = "en",
    source: str = "",
    grade: Grade | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of intervals that widen with the departure allowed, the original first.

    The title gives the breakdown value, rounded down so that it never promises more than was found. An end that
    is open is drawn as an arrow.

    The form is that of Rambachan and Roth (2023), Review of Economic Studies 90.

    Parameters
    ----------
    intervals
        From `robust_interval`, of one target and one kind of restriction.
    survives
        From `breakdown`, of the same.
    outcome
        What the effect is on: ``design.panel.outcome``.
    grade
        ``scrutiny.grade``: below B the title says what the finding lacks.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        There is no interval, or they differ in target, level, estimate or kind of restriction.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> events = ai.infer(ai.GroupTime()(design).event_study(), ai.BiasReduced())
    >>> path = ai.event_path(events, every=3)
    >>> interval = ai.robust_interval(path, ai.RelativeMagnitude(1.0))
    >>> chart = ai.figures.sensitivity(interval, ai.breakdown(path), outcome=design.panel.outcome)
    >>> chart.title[:53]
    'The finding survives departures from parallel trends '
    """
    check_language(language)
    intervals = list(intervals) if isinstance(intervals, Iterable) else [intervals]
    _require_one_question(intervals, survives)
    words = outcome.words
    data = _make_data(intervals, words, survives.kind)
    title = with_grade(_write_title(survives, words), grade)
    rows = data[data["restriction"] != "original"]
    level = intervals[0].level
    clear = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    alt = Message(
        "charts.sensitivity.alt",
        n=Quantity(len(rows), "restrictions"),
        least=_write_size(float(rows["size"].min())),
        most=_write_size(float(rows["size"].max())),
        title=title,
        k=Quantity(int(clear.sum()), "intervals that leave out zero"),
    )
    return Chart(
        kind="sensitivity",
        title=title.text(language),
        subtitle=_write_subtitle(survives.target, level, words, language).text(language),
        source=source,
        alt=alt.text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={
            "level": level,
            "outcome": outcome.name,
            "method": str(intervals[0].method),
            "unit": str(words.unit[language]),
        },
        rows=2 * len(data) + 4,
    ).shaped(**look)


def _find_kind(interval: RobustInterval) -> str:
    restriction = interval.restriction
    if isinstance(restriction, RelativeMagnitude) and restriction.of == "changes":
        return "relative"
    return "smooth" if isinstance(restriction, Smoothness) else restriction.name


def _require_one_question(intervals: Sequence[RobustInterval], survives: Breakdown) -> None:
    check_kind("sensitivity", "survives", survives, "Breakdown")
    for interval in intervals:
        check_kind("sensitivity", "intervals", interval, "RobustInterval")
    if not intervals:
        raise InputError(Message("charts.sensitivity.no_interval"))
    questions = {(str(i.target), i.level, _find_kind(i), getattr(i.restriction, "shape", "any")) for i in intervals}
    questions |= {(str(survives.target), survives.level, survives.kind, survives.shape)}
    if len(questions) > 1:
        raise InputError(Message("charts.sensitivity.questions", n=len(questions), found=str(sorted(questions))))
    if not np.allclose([i.estimate for i in intervals], intervals[0].estimate, rtol=1e-9, atol=1e-12):
        raise InputError(Message("charts.sensitivity.estimates"))


def _make_data(intervals: Sequence[RobustInterval], words: OutcomeWords, kind: str) -> pd.DataFrame:
    """Return the original interval and one row a restriction, in display units, smallest departure first."""
    first = intervals[0]
    reach = float(special.stdtrit(first.df, (1 + first.level) / 2)) * first.std_error
    rows = [("original", np.nan, first.estimate, first.estimate - reach, first.estimate + reach)]
    pairs = [(_find_departure(i), i) for i in intervals]
    rows += [(kind, size, i.estimate, i.low, i.high) for size, i in sorted(pairs, key=lambda pair: pair[0])]
    data = pd.DataFrame(rows, columns=["restriction", "size", "estimate", "conf_low", "conf_high"])
    columns = ["estimate", "conf_low", "conf_high", *(["size"] if kind == "smooth" else [])]
    data[columns] = data[columns] * words.scale
    return close_ends(data)


def _find_departure(interval: RobustInterval) -> float:
    restriction = interval.restriction
    return float(restriction.m if isinstance(restriction, Smoothness) else getattr(restriction, "mbar", np.nan))


def _write_title(survives: Breakdown, words: OutcomeWords) -> Message:
    if np.isnan(survives.value):
        return Message(f"charts.sensitivity.nothing.{survives.kind}")
    if np.isinf(survives.value):
        return Message("charts.sensitivity.always")
    value = survives.value * (words.scale if survives.kind == "smooth" else 1.0)
    down = round_down(value)
    if down == 0:
        return Message("charts.sensitivity.hardly")
    x = Quantity(down, f"breakdown value ({survives.kind}), rounded down", 2)
    return Message(f"charts.sensitivity.survives.{survives.kind}", x=x, amount=write_change(x, words))


def _write_subtitle(target: Message, level: float, words: OutcomeWords, language: Language) -> Message:
    measure: Message | str = lower(words.short[language])
    if words.unit[language]:
        measure = Message("charts.with_unit", measure=measure, unit=words.unit)
    facts = {"measure": measure, "level": level_quantity(level)}
    times = dict(target.values) if isinstance(target, Message) else {}
    if "first" not in times:
        return Message("charts.sensitivity.subtitle", **facts)
    first, last = (Quantity(times[end], f"target.{end}") for end in ("first", "last"))
    return Message("charts.sensitivity.subtitle_times", first=first, last=last, **facts)


def _write_size(value: float) -> Quantity:
    decimals = find_decimals(value, MOST_DECIMALS)
    return Quantity(value, "size", decimals if decimals < MOST_DECIMALS else decimals_for([value], 2))


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    y = np.arange(len(data))
    low, high = _find_reach(data)
    clear = ((data["conf_low"] > 0) | (data["conf_high"] < 0)).to_numpy()
    colours = [BLUE if c else GREY for c in clear]
    axes.axvline(0, color=INK, linewidth=0.9 * bold())
    axes.hlines(
        y,
        data["conf_low"].where(~_is_open(data, "low"), low),
        data["conf_high"].where(~_is_open(data, "high"), high),
        colors=colours,
        linewidth=1.8 * bold(),
    )
    for side, edge, marker in (("low", low, "<"), ("high", high, ">")):
        open_ended = _is_open(data, side).to_numpy()
        axes.scatter(np.full(open_ended.sum(), edge), y[open_ended], marker=marker, s=30 * bold() ** 2, c=GREY)
    axes.scatter(data["estimate"][:1], y[:1], s=26 * bold() ** 2, c=colours[:1], zorder=3)
    contradicted = Message("charts.sensitivity.contradicted").text(language)
    for row in np.flatnonzero((data["conf_low"].isna() & data["open"].eq("")).to_numpy()):
        axes.annotate(contradicted, (0, y[row]), va="center", size="small", color=INK)
    axes.set_yticks(y, [_name_row(row, language) for row in data.itertuples()])
    axes.set_ylim(len(data) - 0.4, -0.6)
    axes.axhline(0.5, color=GREY, linewidth=0.6 * bold(), linestyle=(0, (2, 3)))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(str(chart.parameters["unit"]))
    axes.margins(x=0.06)
    use_numerals(axes, language, which="x")


def _is_open(data: pd.DataFrame, side: str) -> pd.Series:
    return data["open"].isin([side, "both"])


def _find_reach(data: pd.DataFrame) -> tuple[float, float]:
    """Return how far the drawing goes: past the finite ends, where an end is open."""
    ends = data[["conf_low", "conf_high"]].to_numpy()
    finite = np.append(ends[np.isfinite(ends)], 0.0)
    room = 0.15 * max(float(np.ptp(finite)), 1e-9)
    return float(finite.min()) - room, float(finite.max()) + room


def _name_row(row: Any, language: Language) -> str:  # noqa: ANN401 - a row of itertuples
    return Message(f"charts.sensitivity.row.{row.restriction}", x=_write_size(float(row.size))).text(language).text
