"""Who was trained when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, PALE, label_periods, text_size
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.drawn import HEADING
from asn_impact.reporting.words import unit_noun
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.designs import Design

MOST_NAMED: Final = 70  # units that can have their names beside the heat strip
_STATE: Final = ("never", "not_yet", "trained", "empty", "off")
_STATE_COLOURS: Final = {"never": PALE, "not_yet": "#9ecae8", "trained": BLUE, "empty": "#ffffff", "off": PALE}


@public_verb
def who_is_compared(
    design: Design,
    *,
    language: Language = "en",
    source: str = "",
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of who was trained when: a row a unit, a column a period, sorted by adoption.

    Parameters
    ----------
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> ai.figures.who_is_compared(design)
    Chart(who_is_compared: 6 units were trained in 2 waves; 6 never trained serve as comparison)
    """
    check_language(language)
    check_kind("who_is_compared", "design", design, "Design")
    timeline, (one, many) = design.panel.timeline, unit_noun(design.panel)
    treated, waves = int(np.isfinite(design.adopted).sum()), len(design.cohorts)
    title = Message(
        f"charts.who_is_compared.{'title' if design.status is None else 'title_ends'}",
        treated=Quantity(treated, "units with an adoption time"),
        units=one if treated == 1 else many,
        waves=Quantity(waves, "len(design.cohorts)"),
        never=Quantity(len(design.adopted) - treated, "units without an adoption time"),
    )
    ends = {"first": timeline.labels[0], "last": timeline.labels[-1]}
    how = "alt" if design.status is None else "alt_ends"
    alt = Message(f"charts.who_is_compared.{how}", title=title, waves=_list_waves(design, language))
    return Chart(
        kind="who_is_compared",
        title=title.text(language),
        subtitle=Message("charts.who_is_compared.subtitle", unit=one, **ends).text(language),
        source=source,
        alt=alt.text(language),
        data=_make_data(design),
        paint=_paint,
        language=language,
        parameters={"outcome": design.panel.outcome.name, "treatment": design.treatment},
        rows=min(len(design.adopted), MOST_NAMED),
    ).shaped(**look)


def _list_waves(design: Design, language: Language) -> str:
    """Say how many units each wave has."""
    counts = {design.cohort_label(step): int((design.adopted == step).sum()) for step in design.cohorts}
    waves = [Message("charts.who_is_compared.wave", when=label, n=count) for label, count in counts.items()]
    return "; ".join(wave.text(language) for wave in waves)


def _make_data(design: Design) -> pd.DataFrame:
    """Return one row a unit and period, in the order drawn."""
    treated, observed = design.treated(), design.panel.observed
    order = sorted(range(len(design.adopted)), key=lambda u: (design.adopted[u], str(design.panel.units[u])))
    rows, columns = np.indices(observed.shape, dtype=np.int64)
    ever = np.isfinite(design.adopted)[:, None] & np.ones_like(observed)
    if design.status is None:
        state = np.select([~observed, treated, ever], ["empty", "trained", "not_yet"], default="never")
    else:
        state = np.select([~observed, treated], ["empty", "trained"], default="off")
    labels, steps = np.array(design.panel.timeline.labels, dtype=object), design.panel.timeline.steps
    places = np.asarray(rows)[order].ravel(), np.asarray(columns)[order].ravel()
    return pd.DataFrame(
        {
            "unit": [str(design.panel.units[u]) for u in places[0]],
            "period": labels[places[1]],
            "step": steps[places[1]],
            "state": state[places],
        }
    )


def _paint(figure: Figure, chart: Chart) -> None:
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
    names = [_shorten(str(unit)) for unit in wide.index] if len(wide) <= MOST_NAMED else []
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(axis="y", length=0, labelsize=_find_row_size(figure, len(wide)))
    label_periods(axes, chart)
    axes.set_xticks([t + 0.5 for t in axes.get_xticks()], [t.get_text() for t in axes.get_xticklabels()])
    present = [s for s in ("trained", "not_yet", "never", "off", "empty") if (chart.data["state"] == s).any()]
    words = {s: Message(f"charts.who_is_compared.{s}").text(chart.language) for s in present}
    figure.legend(handles=[Patch(facecolor=_STATE_COLOURS[s], edgecolor="#bbbbbb", label=words[s]) for s in present])


def _find_row_size(figure: Figure, rows: int) -> float:
    """Return the text size at which so many rows stand below each other, in points."""
    text = text_size()
    room = figure.get_figheight() * 72 - HEADING * text
    return float(min(0.85 * text, 0.9 * room / max(rows, 1)))


def _shorten(label: str, most: int = 34) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
