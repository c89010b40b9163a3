"""Waits office by office: a small panel each, the middle half of the waits by month of receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.measures.curves import CurvePanel
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, INK, PALE_BLUE, bold, text_size, use_numerals
from asn_impact.reporting.charts.kinds import check_language
from asn_impact.reporting.tables import MINIMUM_CELL
from asn_impact.reporting.tables.small import SMALL_GROUP
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity
from asn_impact.words.writing import period

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS: Final = 4  # panels beside each other
HIGH: Final = 9  # lines of text that a panel is high
QUARTERS: Final = {"low": 0.25, "middle": 0.5, "high": 0.75}


@public_verb
def waits_by_office(panel: CurvePanel, *, language: Language = "en", source: str = "", **look: Unpack[Look]) -> Chart:
    """Return the waits of every office in a panel of its own: the line is the median, the band the middle half.

    The quartiles come from the completion curve of each office and month, so that open applications count as what they
    are. Where half are not decided within the horizon the line has a gap; where three quarters are not, the band goes
    to the edge. Months with fewer than ten applications of an office are empty. The title describes and says nothing of
    training.

    Parameters
    ----------
    panel
        ``tabulate(durations, CompletionCurve(30), by="office")``.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        The panel holds no completion curves.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> chart = ai.figures.waits_by_office(ai.tabulate(durations, ai.CompletionCurve(20), by="office"))
    >>> chart.data[["unit", "period", "low", "middle", "high"]].head(2).to_numpy().tolist()
    [['Dinas A', '2024-01', 5.0, 6.0, 7.0], ['Dinas A', '2024-02', 4.0, 6.0, 7.0]]
    """
    check_language(language)
    data = _make_data(panel)
    unit = Message(f"charts.completion.unit.{panel.outcome.counted_in}")  # type: ignore[attr-defined]
    title = _write_title(panel, unit)
    subtitle = Message("charts.offices.subtitle", unit=unit, horizon=panel.horizon, least=MINIMUM_CELL)
    return Chart(
        kind="waits_by_office",
        title=title.text(language),
        subtitle=subtitle.text(language),
        source=source,
        alt=Message("charts.offices.alt", title=title, n=len(panel.units), months=len(panel.timeline)).text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={"horizon": panel.horizon, "unit": str(unit)},
        rows=HIGH * -(-len(panel.units) // ACROSS),
    ).shaped(**look)


def _day_of(curve: Float, share: float) -> Float:
    """Return the first day on which a share is decided, of curves along the last axis; NaN where it never is."""
    reached = curve >= share - 1e-12
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1).astype(np.float64), np.nan)


def _make_data(panel: CurvePanel) -> pd.DataFrame:
    """Return one row an office and month: the quartiles, NaN where there are none or too few applications."""
    days = {name: _day_of(np.nan_to_num(panel.curve), share) for name, share in QUARTERS.items()}
    alike = (days["low"] == days["high"]) & (panel.n < SMALL_GROUP)  # it would tell the wait of each
    hidden = (panel.n < MINIMUM_CELL) | alike | np.isnan(panel.curve[:, :, -1])
    rows, columns = (index.ravel() for index in np.indices(hidden.shape))
    labels = np.array(panel.timeline.labels, dtype=object)
    return pd.DataFrame(
        {
            "unit": [_name(panel.units[u]) for u in rows],
            "period": labels[columns],
            "step": panel.timeline.steps[columns],
            **{name: np.where(hidden, np.nan, day).ravel() for name, day in days.items()},
        }
    )


def _name(unit: object) -> str:
    return " · ".join(map(str, unit)) if isinstance(unit, tuple) else str(unit)


def _write_title(panel: CurvePanel, unit: Message) -> Message:
    """Name the offices whose applications of all months together were decided soonest and latest."""
    weight = np.where(np.isfinite(panel.curve), panel.n[:, :, None], 0.0)
    total = weight.sum(axis=1)
    together = np.divide(
        (weight * np.nan_to_num(panel.curve)).sum(axis=1), total, out=np.zeros_like(total), where=total > 0
    )
    middle = np.where(panel.n.sum(axis=1) < MINIMUM_CELL, np.nan, _day_of(together, 0.5))
    if np.isfinite(middle).sum() < 2 or np.nanmin(middle) == np.nanmax(middle):
        return Message("charts.offices.title_plain", unit=unit)
    soonest, latest = int(np.nanargmin(middle)), int(np.nanargmax(middle))
    return Message(
        "charts.offices.title",
        soonest=_name(panel.units[soonest]),
        low=Quantity(float(middle[soonest]), "median wait of the quickest office"),
        latest=_name(panel.units[latest]),
        high=Quantity(float(middle[latest]), "median wait of the slowest office"),
        unit=unit,
    )


def _paint(figure: Figure, chart: Chart) -> None:
    offices = list(chart.data.groupby("unit", sort=False))
    across = min(ACROSS, len(offices))
    panels = figure.subplots(-(-len(offices) // across), across, sharex=True, sharey=True, squeeze=False).ravel()
    edge = float(str(chart.parameters["horizon"]))
    top = min(edge, 1.05 * float(np.nanmax([chart.data["high"].max(), chart.data["middle"].max(), 1.0])))
    steps, labels = (list(dict.fromkeys(chart.data[name])) for name in ("step", "period"))
    ends = sorted({0, len(steps) - 1})
    for axes, (office, rows) in zip(panels, offices, strict=False):
        reached = rows["high"].where(rows["high"].notna() | rows["low"].isna(), edge)
        axes.fill_between(rows["step"], rows["low"], reached, color=PALE_BLUE, linewidth=0)
        axes.plot(rows["step"], rows["middle"], color=BLUE, linewidth=1.3 * bold(), marker=".", markersize=3 * bold())
        axes.set_title(str(office), loc="left", size=0.95 * text_size(), color=INK, pad=2)
        axes.set_ylim(0, edge if chart.data["high"].isna().any() and reached.eq(edge).any() else top)
        axes.set_xticks([steps[i] for i in ends], [period(labels[i], chart.language) for i in ends])
        for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=False):
            label.set_horizontalalignment(side)
        use_numerals(axes, chart.language)
    for axes in panels[len(offices) :]:
        axes.set_axis_off()
