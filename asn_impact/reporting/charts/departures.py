"""How large a departure from parallel trends the finding survives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import special

from asn_impact.errors import InputError
from asn_impact.measures.panel import Outcome
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, bold, lower, numerals, open_ends, short_label
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    decimals_for,
    level_quantity,
    number,
    outcome_words,
    say,
)
from asn_impact.scrutiny.sensitivity import Breakdown, RelativeMagnitude, RobustInterval, Smoothness

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sensitivity"]

_SURVIVES: Final = {
    "relative": both(
        id="Temuan ini bertahan terhadap penyimpangan tren sampai {x} kali yang terbesar sebelum pelatihan",
        en="The finding survives departures from parallel trends up to {x} times the largest seen before training",
    ),
    "smooth": both(
        id="Temuan ini bertahan selama kemiringan selisih tren berubah paling banyak {x} {unit} per langkah",
        en="The finding survives as long as the slope of the difference in trends changes by at most {x} {unit} a step",
    ),
}
_ALWAYS: Final = both(
    id="Temuan ini bertahan terhadap setiap penyimpangan tren yang dicoba",
    en="The finding survives every departure from parallel trends that was tried",
)
_HARDLY: Final = both(
    id="Temuan ini gugur pada penyimpangan tren yang kecil sekalipun",
    en="The finding falls at even a small departure from parallel trends",
)
_NOTHING: Final = {
    "relative": both(
        id="Selangnya memuat nol walaupun tren dianggap sejajar: tidak ada temuan untuk diuji",
        en="The interval holds zero even with parallel trends: there is no finding to test",
    ),
    "smooth": both(
        id="Selangnya memuat nol walaupun selisih tren dianggap lurus: tidak ada temuan untuk diuji",
        en="The interval holds zero even with a straight difference in trends: there is no finding to test",
    ),
}
_SUBTITLE: Final = both(
    id="Dampak terhadap {label} ({unit}){when}, dengan selang kepercayaan {level} menurut besar penyimpangan yang "
    "diizinkan",
    en="Effect on the {label} ({unit}){when}, with {level} confidence intervals by how much departure is allowed",
)
_WHEN: Final = both(
    id=" pada periode ke-{first} sampai ke-{last} sejak pelatihan", en=", periods {first} to {last} since training"
)
_ALT: Final = both(
    id="Selang kepercayaan untuk {n} besar penyimpangan dari {least} sampai {most}. {title}. Selang tidak memuat nol "
    "pada {k} dari {n}.",
    en="Confidence intervals for {n} sizes of departure from {least} to {most}. {title}. The interval leaves out zero "
    "for {k} of {n}.",
)
_ORIGINAL: Final = both(id="tren sejajar (asli)", en="parallel trends (original)")
_ROW: Final = {
    "relative": both(id="sampai {x} kali", en="up to {x} times"),
    "smooth": both(id="kemiringan ±{x}", en="slope ±{x}"),
}
_CONTRADICTED: Final = both(id="data menolak anggapan ini", en="the data contradict this assumption")


def sensitivity(
    intervals: Sequence[RobustInterval],
    survives: Breakdown,
    *,
    outcome: Outcome,
    language: Language = "en",
    source: str = "",
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of intervals that widen with the departure allowed, the original first.

    The title gives the breakdown value, rounded down so that it never promises more than was found. An end that
    is open is drawn as an arrow.

    Parameters
    ----------
    intervals
        From `robust_interval`, of one target and one kind of restriction.
    survives
        From `breakdown`, of the same.
    outcome
        What the effect is on: ``design.panel.outcome``.

    Raises
    ------
    InputError
        There is no interval, or they differ in target, level, estimate or kind of restriction.
    """
    checked(language)
    _require_one_question(intervals, survives)
    words = outcome_words(outcome)
    data = _data(intervals, words, survives.kind)
    title = _title(survives, words, language)
    allowed = data[data["restriction"] != "original"]
    level = intervals[0].level
    clear = (allowed["conf_low"] > 0) | (allowed["conf_high"] < 0)
    return Chart(
        kind="sensitivity",
        title=title,
        subtitle=say(
            _SUBTITLE,
            language,
            label=lower(short_label(words, language)),
            unit=words.unit[language],
            when=_when(survives.target, language),
            level=level_quantity(level),
        ).text.replace(" ()", ""),
        source=source,
        alt=say(
            _ALT,
            language,
            n=Quantity(len(allowed), "restrictions"),
            least=_size(float(allowed["size"].min()), language),
            most=_size(float(allowed["size"].max()), language),
            title=title,
            k=Quantity(int(clear.sum()), "intervals that leave out zero"),
        ).text,
        data=data,
        paint=_paint,
        language=language,
        parameters={"level": level, "outcome": outcome.name, "method": intervals[0].method, "unit": words.unit},
        inputs=tuple(inputs),
        rows=2 * len(data) + 4,
    )


def _kind(interval: RobustInterval) -> str:
    restriction = interval.restriction
    if isinstance(restriction, RelativeMagnitude) and restriction.of == "changes":
        return "relative"
    return "smooth" if isinstance(restriction, Smoothness) else restriction.name


def _require_one_question(intervals: Sequence[RobustInterval], survives: Breakdown) -> None:
    if not intervals:
        raise InputError("sensitivity() was given no interval. Expected one or more, from robust_interval.")
    asked = {(i.target, i.level, _kind(i)) for i in intervals} | {(survives.target, survives.level, survives.kind)}
    if len(asked) > 1:
        raise InputError(
            f"The intervals and the breakdown value answer {len(asked)} questions: {sorted(asked)}. Expected one "
            "target, one level and one kind of restriction ('relative' or 'smooth')."
        )
    if not np.allclose([i.estimate for i in intervals], intervals[0].estimate, rtol=1e-9, atol=1e-12):
        raise InputError("The intervals are of different estimates. Make all of them from the same event study.")


def _data(intervals: Sequence[RobustInterval], words: OutcomeWords, kind: str) -> pd.DataFrame:
    """Return the original interval and one row a restriction, in display units, smallest departure first."""
    first = intervals[0]
    reach = float(special.stdtrit(first.df, (1 + first.level) / 2)) * first.std_error
    rows = [("original", np.nan, first.estimate, first.estimate - reach, first.estimate + reach)]
    sized = [(_departure(i), i) for i in intervals]
    rows += [(kind, size, i.estimate, i.low, i.high) for size, i in sorted(sized, key=lambda pair: pair[0])]
    data = pd.DataFrame(rows, columns=["restriction", "size", "estimate", "conf_low", "conf_high"])
    scaled = ["estimate", "conf_low", "conf_high", *(["size"] if kind == "smooth" else [])]
    data[scaled] = data[scaled] * words.scale
    return open_ends(data)


def _departure(interval: RobustInterval) -> float:
    restriction = interval.restriction
    return float(restriction.m if isinstance(restriction, Smoothness) else getattr(restriction, "mbar", np.nan))


def _title(survives: Breakdown, words: OutcomeWords, language: Language) -> Sentence:
    if np.isnan(survives.value):
        return say(_NOTHING[survives.kind], language)
    if np.isinf(survives.value):
        return say(_ALWAYS, language)
    value = survives.value * (words.scale if survives.kind == "smooth" else 1.0)
    down = float(np.floor(100 * value + 1e-9) / 100)
    if down == 0:
        return say(_HARDLY, language)
    return say(
        _SURVIVES[survives.kind],
        language,
        x=Quantity(down, f"breakdown value ({survives.kind}), rounded down", 2),
        unit=words.unit[language],
    )


def _when(target: str, language: Language) -> str:
    found = re.fullmatch(r"event times (-?\d+) to (-?\d+)", target)
    if found is None:
        return ""
    first, last = (number(float(v), 0, language) for v in found.groups())
    return say(_WHEN, language, first=first, last=last).text


def _size(value: float, language: Language) -> str:
    decimals = next(d for d in range(7) if d == 6 or abs(round(value, d) - value) < 1e-9)
    return number(value, decimals if decimals < 6 else decimals_for([value], 2), language)


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    y = np.arange(len(data))
    low, high = _reach(data)
    clear = ((data["conf_low"] > 0) | (data["conf_high"] < 0)).to_numpy()
    colours = [BLUE if c else GREY for c in clear]
    axes.axvline(0, color=INK, linewidth=0.9 * bold())
    axes.hlines(
        y,
        data["conf_low"].where(~_open(data, "low"), low),
        data["conf_high"].where(~_open(data, "high"), high),
        colors=colours,
        linewidth=1.8 * bold(),
    )
    for side, edge, marker in (("low", low, "<"), ("high", high, ">")):
        open_ended = _open(data, side).to_numpy()
        axes.scatter(np.full(open_ended.sum(), edge), y[open_ended], marker=marker, s=30 * bold() ** 2, c=GREY)
    axes.scatter(data["estimate"][:1], y[:1], s=26 * bold() ** 2, c=colours[:1], zorder=3)
    for row in np.flatnonzero((data["conf_low"].isna() & data["open"].eq("")).to_numpy()):
        axes.annotate(_CONTRADICTED[language], (0, y[row]), va="center", size="small", color=INK)
    axes.set_yticks(y, [_row_name(row, language) for row in data.itertuples()])
    axes.set_ylim(len(data) - 0.4, -0.6)
    axes.axhline(0.5, color=GREY, linewidth=0.6 * bold(), linestyle=(0, (2, 3)))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    unit = chart.parameters["unit"]
    axes.set_xlabel(str(unit[language]) if isinstance(unit, dict) else "")
    axes.margins(x=0.06)
    numerals(axes, language, which="x")


def _open(data: pd.DataFrame, side: str) -> pd.Series:
    return data["open"].isin([side, "both"])


def _reach(data: pd.DataFrame) -> tuple[float, float]:
    """Return how far the drawing goes: past the finite ends, where an end is open."""
    ends = data[["conf_low", "conf_high"]].to_numpy()
    finite = np.append(ends[np.isfinite(ends)], 0.0)
    room = 0.15 * max(float(np.ptp(finite)), 1e-9)
    return float(finite.min()) - room, float(finite.max()) + room


def _row_name(row: Any, language: Language) -> str:  # noqa: ANN401 - a row of itertuples
    if row.restriction == "original":
        return _ORIGINAL[language]
    return say(_ROW[str(row.restriction)], language, x=_size(float(row.size), language)).text
