"""Who was trained when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.reporting.chart import HEADING, Chart
from asn_impact.reporting.charts.drawing import BLUE, PALE, period_axis, text_size
from asn_impact.reporting.words import (
    Language,
    Quantity,
    both,
    checked,
    number,
    period,
    say,
    unit_noun,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["who_is_compared"]


MOST_NAMED: Final = 70  # units that can have their names beside the heat strip
_STATE: Final = ("never", "not_yet", "trained", "empty")
_STATES: Final[Mapping[str, Mapping[Language, str]]] = {
    "never": both(id="tidak pernah dilatih", en="never trained"),
    "not_yet": both(id="belum dilatih", en="not yet trained"),
    "trained": both(id="sudah dilatih", en="trained"),
    "empty": both(id="tanpa data", en="no data"),
}
_STATE_COLOURS: Final = {"never": PALE, "not_yet": "#9ecae8", "trained": BLUE, "empty": "#ffffff"}
_TITLE_COMPARED: Final = both(
    id="{treated} {units} dilatih dalam {waves} gelombang; {never} {units} tidak pernah dilatih menjadi pembanding",
    en="{treated} {treated_units} were trained in {waves} {wave_word}; {never} never trained serve as comparison",
)
_SUBTITLE_COMPARED: Final = both(
    id="Setiap baris satu {unit}, setiap kolom satu periode, dari {first} sampai {last}",
    en="One row for each {unit}, one column for each period, {first} to {last}",
)


def who_is_compared(
    design: Design, *, language: Language = "en", source: str = "", inputs: Iterable[Any] = ()
) -> Chart:
    """Return the chart of who was trained when: a row a unit, a column a period, sorted by adoption."""
    checked(language)
    timeline, (one, many) = design.panel.timeline, unit_noun(design.panel)
    treated, waves = int(np.isfinite(design.adopted).sum()), len(design.cohorts)
    title = say(
        _TITLE_COMPARED,
        language,
        treated=Quantity(treated, "units with an adoption time"),
        treated_units=(one if treated == 1 else many)[language],
        units=many[language],
        waves=Quantity(waves, "len(design.cohorts)"),
        wave_word="wave" if waves == 1 else "waves",
        never=Quantity(len(design.adopted) - treated, "units without an adoption time"),
    )
    first, last = (period(timeline.labels[i], language) for i in (0, -1))
    return Chart(
        kind="who_is_compared",
        title=title,
        subtitle=say(_SUBTITLE_COMPARED, language, unit=one[language], first=first, last=last).text,
        source=source,
        alt=f"{title.text}. {_wave_list(design, language)}",
        data=_compared_data(design),
        paint=_paint_who_is_compared,
        language=language,
        parameters={"outcome": design.panel.outcome.name, "treatment": design.treatment},
        inputs=tuple(inputs),
        rows=min(len(design.adopted), MOST_NAMED),
    )


def _wave_list(design: Design, language: Language) -> str:
    """Say how many units each wave has."""
    waves = [
        f"{period(design.cohort_label(step), language)}: {number(int((design.adopted == step).sum()), 0, language)}"
        for step in design.cohorts
    ]
    return "; ".join(waves) + "."


def _compared_data(design: Design) -> pd.DataFrame:
    """Return one row a unit and period, in the order drawn."""
    treated, observed = design.treated(), design.panel.observed
    order = sorted(range(len(design.adopted)), key=lambda u: (design.adopted[u], str(design.panel.units[u])))
    rows, columns = np.indices(observed.shape, dtype=np.int64)
    ever = np.isfinite(design.adopted)[:, None] & np.ones_like(observed)
    state = np.select([~observed, treated, ever], ["empty", "trained", "not_yet"], default="never")
    labels, steps = np.array(design.panel.timeline.labels, dtype=object), design.panel.timeline.steps
    picked = np.asarray(rows)[order].ravel(), np.asarray(columns)[order].ravel()
    return pd.DataFrame(
        {
            "unit": [str(design.panel.units[u]) for u in picked[0]],
            "period": labels[picked[1]],
            "step": steps[picked[1]],
            "state": state[picked],
        }
    )


def _paint_who_is_compared(figure: Figure, chart: Chart) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    axes = figure.subplots()
    wide = chart.data.pivot_table(index="unit", columns="step", values="state", aggfunc="first", sort=False)
    wide = wide.reindex(columns=range(int(chart.data["step"].max()) + 1)).astype(object)
    wide = wide.where(wide.notna(), "empty")
    codes = wide.apply(lambda column: column.map(_STATE.index)).to_numpy(dtype=np.int64)
    colours = ListedColormap([_STATE_COLOURS[s] for s in _STATE])
    axes.pcolormesh(codes, cmap=colours, vmin=-0.5, vmax=len(_STATE) - 0.5, edgecolors="white", linewidth=0.4)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    names = [_shortened(str(unit)) for unit in wide.index] if len(wide) <= MOST_NAMED else []
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(axis="y", length=0, labelsize=_row_size(figure, len(wide)))
    period_axis(axes, chart)
    axes.set_xticks([t + 0.5 for t in axes.get_xticks()], [t.get_text() for t in axes.get_xticklabels()])
    present = [s for s in ("trained", "not_yet", "never", "empty") if (chart.data["state"] == s).any()]
    handles = [
        Patch(facecolor=_STATE_COLOURS[s], edgecolor="#bbbbbb", label=_STATES[s][chart.language]) for s in present
    ]
    figure.legend(handles=handles)


def _row_size(figure: Figure, rows: int) -> float:
    """Text size at which so many rows stand below each other, in points."""
    text = text_size()
    room = figure.get_figheight() * 72 - HEADING * text
    return float(min(0.85 * text, 0.9 * room / max(rows, 1)))


def _shortened(label: str, most: int = 34) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
