"""Completion curves: the share decided by each day, with training and without it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.estimation.curve import curves
from asn_impact.estimation.inference import Inference
from asn_impact.estimation.simultaneous import Banded
from asn_impact.measures.outcomes import CompletionCurve
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, bold, described, numerals, whole_steps
from asn_impact.reporting.words import Language, Quantity, Sentence, both, checked, level_quantity, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["completion_curve"]

_SOONER: Final = both(
    id="Dengan pelatihan {with_} permohonan diputuskan dalam {day} {unit}, tanpa pelatihan {without}",
    en="With training {with_} of applications are decided within {day} {unit}, without it {without}",
)
_UNCLEAR: Final = both(
    id="Tidak ditemukan bukti yang cukup bahwa pelatihan mengubah kurva penyelesaian",
    en="No sufficient evidence that training changed the completion curve",
)
_SUBTITLE: Final = both(
    id="Bagian permohonan (%) yang diputuskan dalam sekian {unit}; pita: selang kepercayaan {level}{joint} bagi kurva "
    "tanpa pelatihan",
    en="Share of applications (%) decided within so many {unit}; band: {level} confidence{joint} for the curve without "
    "training",
)
_JOINT: Final = both(id=" untuk semua hari sekaligus", en=", for all days at once,")
_ALT: Final = both(
    id="Kurva penyelesaian dari hari ke-0 sampai ke-{last}, dengan dan tanpa pelatihan. {title}. Selisih keduanya "
    "berbeda dari nol pada {clear} dari {days} hari.",
    en="Completion curves from day 0 to day {last}, with and without training. {title}. Their difference is told from "
    "zero on {clear} of {days} days.",
)
_WITH: Final = both(id="dengan pelatihan", en="with training")
_WITHOUT: Final = both(id="tanpa pelatihan", en="without training")
_AXIS: Final = both(id="{unit} sejak diterima", en="{unit} since receipt")


def completion_curve(
    inference: Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: float = 0.95,
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of the completion curve of the treated, with training and as it would have been without.

    The title names the day on which the two curves lie furthest apart among the days whose interval leaves out zero.

    Parameters
    ----------
    inference
        Of ``Along(estimator)(design)``; under `Simultaneous` or `Multiplier` the band holds for all days together.
    language
        ``"id"`` or ``"en"``.
    source
        The line below: whose data these are.
    level
        Level of the band.
    inputs
        ``extract.sources``: what the provenance names.

    Raises
    ------
    EstimationError
        The inference is not along a completion curve.
    """
    checked(language)
    drawn = curves(inference, level)
    unit = _unit(inference, language)
    title = _title(drawn, unit, language)
    shown = level_quantity(level)
    clear = _clear(drawn)
    return Chart(
        kind="completion_curve",
        title=title,
        subtitle=say(_SUBTITLE, language, unit=unit, level=shown, joint=_joint(inference, language)).text,
        source=source,
        alt=say(
            _ALT,
            language,
            last=Quantity(int(drawn["days"].max()), "last day"),
            title=title,
            clear=Quantity(int(clear.sum()), "days whose interval leaves out zero"),
            days=Quantity(int(drawn["effect"].notna().sum()), "days"),
        ).text,
        data=_data(drawn),
        paint=_paint,
        language=language,
        parameters={**described(inference), "level": level, "unit": unit},
        inputs=tuple(inputs),
    )


def _unit(inference: Inference, language: Language) -> str:
    outcome = inference.effects.design.panel.outcome
    counted = outcome.counted_in if isinstance(outcome, CompletionCurve) else "working days"
    return {
        "working days": both(id="hari kerja", en="working days"),
        "calendar days": both(id="hari kalender", en="calendar days"),
    }.get(counted, both(id="jam kerja", en="working hours"))[language]


def _joint(inference: Inference, language: Language) -> str:
    return _JOINT[language] if isinstance(inference, Banded) else ""


def _clear(drawn: pd.DataFrame) -> pd.Series:
    return (drawn["conf_low"] > 0) | (drawn["conf_high"] < 0)


def _title(drawn: pd.DataFrame, unit: str, language: Language) -> Sentence:
    told = drawn[_clear(drawn)]
    if told.empty:
        return say(_UNCLEAR, language)
    row = told.iloc[int(np.argmax(told["effect"].abs().to_numpy()))]
    day = int(row["days"])
    return say(
        _SOONER,
        language,
        day=Quantity(day, "day on which the curves lie furthest apart"),
        unit=unit,
        with_=Quantity(float(row["with_training"]), f"with_training at day {day}", 0, "percent"),
        without=Quantity(float(row["without_training"]), f"without_training at day {day}", 0, "percent"),
    )


def _data(drawn: pd.DataFrame) -> pd.DataFrame:
    """Return the curves in per cent, the band around the one without training."""
    return pd.DataFrame(
        {
            "days": drawn["days"],
            "with_training": 100 * drawn["with_training"],
            "without_training": 100 * drawn["without_training"],
            "without_low": 100 * (drawn["with_training"] - drawn["conf_high"]),
            "without_high": 100 * (drawn["with_training"] - drawn["conf_low"]),
        }
    )


def _paint(figure: Figure, chart: Chart) -> None:
    axes = figure.subplots()
    data = pd.concat([chart.data, chart.data.tail(1).assign(days=chart.data["days"].max() + 1)], ignore_index=True)
    days = data["days"].to_numpy()  # the last day lasts a day, too
    axes.fill_between(days, data["without_low"], data["without_high"], step="post", color=GREY, alpha=0.25, linewidth=0)
    for column, colour, words in (("without_training", GREY, _WITHOUT), ("with_training", BLUE, _WITH)):
        axes.step(days, data[column], where="post", color=colour, linewidth=1.8 * bold(), label=words[chart.language])
    unit = str(chart.parameters["unit"])
    axes.set_xlabel(_AXIS[chart.language].format(unit=unit[:1].upper() + unit[1:]))
    axes.set_ylim(min(0.0, float(np.nanmin(data["without_low"]))), 102)
    axes.axhline(100, color=INK, linewidth=0.4 * bold())
    axes.margins(x=0.01)
    whole_steps(axes)
    numerals(axes, chart.language)
    figure.legend(handles=axes.get_legend_handles_labels()[0][::-1])
