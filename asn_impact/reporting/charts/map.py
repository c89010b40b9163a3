"""The map: one finding an area, on the boundaries that the user has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level, did_you_mean
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.fields.labels import label_key
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import GREY, INK, bold, find_tick_decimals, text_size
from asn_impact.reporting.charts.side_by_side import forest
from asn_impact.scrutiny.grade import Grade
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, paragraph
from asn_impact.words.writing import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMED: Final = 40  # areas: the names of more could not be read
COLOURS: Final = "RdBu_r"


@public_verb
def map_of_effects(
    inferences: Mapping[str, Inference],
    boundaries: Any,  # noqa: ANN401 - a file, or a frame of geopandas
    *,
    area: str,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    grade: Grade | Mapping[str, Grade] | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Return the map of findings by area: a colour for each effect, hatched where its interval holds zero.

    It says what `forest` says of the same findings: the title counts the intervals that leave out zero. With many areas
    some leave it out by chance alone. Areas of the file without a finding are grey. Needs geopandas:
    ``pip install "asn-impact[map]"``.

    Parameters
    ----------
    inferences
        Name of the area -> one number, such as ``infer(effects.overall(), BiasReduced())`` of a design of that area.
    boundaries
        A file of boundaries (GeoJSON, shapefile, GeoPackage), or a GeoDataFrame.
    area
        Its column with the names of the areas; case, spaces and punctuation do not matter.
    level
        Level of the intervals.
    grade
        As in `forest`.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        geopandas is not there; the column, or an area of a finding, is not in the file, or twice; the findings are in
        different units.

    Examples
    --------
    >>> import asn_impact as ai
    >>> import geopandas
    >>> from shapely import box
    >>> shapes = geopandas.GeoDataFrame({"name": ["North", "South"]}, geometry=[box(0, 1, 2, 2), box(0, 0, 2, 1)])
    >>> answer = ai.infer(ai.GroupTime()(ai.example_design()).overall(), ai.BiasReduced())
    >>> chart = ai.figures.map_of_effects({"NORTH": answer}, shapes, area="name")
    >>> chart.data[["area", "estimate"]].round(1).to_numpy().tolist()
    [['North', -2.0], ['South', nan]]
    """
    chart = forest(inferences, language=language, source=source, level=level, grade=grade)
    units = tuple(dict.fromkeys(chart.data["unit"]))
    if len(units) > 1:
        raise InputError(Message("charts.map.units", units=units))
    shapes = _read_shapes(boundaries, area)
    place = _find_places(tuple(inferences), [str(name) for name in shapes[area]])
    rows = chart.data.assign(area=place).set_index("area").reindex(np.arange(len(shapes)))
    data = pd.DataFrame({"area": shapes[area].astype(str).to_numpy()}).join(
        rows[["estimate", "conf_low", "conf_high"]].reset_index(drop=True)
    )
    without = int(data["estimate"].isna().sum())
    clear = int(((data["conf_low"] > 0) | (data["conf_high"] < 0)).sum())
    counts = {"k": Quantity(clear, "intervals that leave out zero"), "n": Quantity(len(inferences), "areas")}
    title = chart.title if grade is not None else Message("charts.map.title", **counts).text(language)
    areas = Message("charts.map.alt", n=len(inferences), without=without)
    subtitle = Message("charts.map.subtitle", unit=units[0], level=Quantity(level, "level", 0, "percent"))
    return replace(
        chart,
        kind="map_of_effects",
        title=title,
        subtitle=subtitle.text(language),
        alt=Message("charts.sentence", text=title).text(language).then(chart.alt, areas.text(language)),
        data=data,
        paint=partial(_paint, shapes=shapes.geometry, unit=units[0]),
        rows=40,
    ).shaped(**look)


def _read_shapes(boundaries: Any, area: str) -> Any:  # noqa: ANN401 - a frame of geopandas
    """Return the areas with their names, in their order; refuse what is none."""
    try:
        import geopandas
    except ImportError:
        raise InputError(Message("charts.map.no_geopandas")) from None
    shapes = boundaries
    if isinstance(boundaries, str | Path):
        if not Path(boundaries).exists():
            raise InputError(Message("charts.map.no_file", name=Path(boundaries).name))
        shapes = geopandas.read_file(boundaries)
    if not isinstance(shapes, geopandas.GeoDataFrame):
        raise InputError(Message("charts.map.no_shapes", found=type(boundaries).__name__))
    if area not in shapes.columns or area == shapes.geometry.name:
        known = [str(column) for column in shapes.columns if column != shapes.geometry.name]
        raise InputError(paragraph(Message("charts.map.no_column", area=area, known=known), did_you_mean(area, known)))
    return shapes[shapes.geometry.notna()].reset_index(drop=True)


def _find_places(names: tuple[str, ...], areas: list[str]) -> list[int]:
    """Return where each finding lies among the areas."""
    keys = [label_key(area) for area in areas]
    places = []
    for name in names:
        matches = [i for i, key in enumerate(keys) if key == label_key(name)]
        if len(matches) != 1:
            key = "charts.map.twice" if matches else "charts.map.no_area"
            raise InputError(paragraph(Message(key, name=name), None if matches else did_you_mean(name, areas)))
        places += matches
    if len(set(places)) < len(places):
        raise InputError(Message("charts.map.two_findings", names=names))
    return places


def _paint(figure: Figure, chart: Chart, *, shapes: Any, unit: str) -> None:  # noqa: ANN401 - as read
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Patch

    axes, data, language = figure.subplots(), chart.data, chart.language
    most = float(data["estimate"].abs().max()) or 1.0
    colours = ScalarMappable(Normalize(-most, most), COLOURS)
    known, clear = data["estimate"].notna(), (data["conf_low"] > 0) | (data["conf_high"] < 0)
    looks: dict[str, tuple[pd.Series, dict[str, Any]]] = {
        "none": (~known, {"facecolor": "#eeeeee", "edgecolor": "white"}),
        "clear": (clear, {"edgecolor": "white"}),
        "zero": (known & ~clear, {"edgecolor": GREY, "hatch": "////"}),
    }
    handles = []
    for name, (rows, style) in looks.items():
        if rows.any():
            if name != "none":
                style = {**style, "color": None, "facecolor": list(colours.to_rgba(data.loc[rows, "estimate"]))}
            shapes[rows.to_numpy()].plot(ax=axes, linewidth=0.6 * bold(), **style)
            if name != "clear":
                label = Message(f"charts.map.{name}").text(language)
                face = "#eeeeee" if name == "none" else "white"
                handles.append(Patch(facecolor=face, edgecolor=GREY, hatch=style.get("hatch"), label=label))
    if len(data) <= MOST_NAMED:
        _write_names(axes, data, shapes, language)
    axes.set_axis_off()
    bar = axes.figure.colorbar(colours, ax=axes, orientation="horizontal", shrink=0.5, aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(unit, size="small")
    ticks = [tick for tick in bar.get_ticks() if abs(tick) <= most * (1 + 1e-9)]
    decimals = find_tick_decimals(ticks)
    bar.set_ticks(ticks, labels=[number(float(tick), decimals, language) for tick in ticks])
    if handles:
        figure.legend(handles=handles)


def _write_names(axes: Any, data: pd.DataFrame, shapes: Any, language: Language) -> None:  # noqa: ANN401
    """Write the name and the effect of each area inside it."""
    for row, point in zip(data.itertuples(), shapes.representative_point(), strict=True):
        value = float(str(row.estimate))
        text = str(row.area) if np.isnan(value) else f"{row.area}\n{number(value, 1, language)}"
        note = axes.annotate(text, (point.x, point.y), ha="center", va="center", size=0.8 * text_size(), color=INK)
        note.set_bbox({"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.7, "linewidth": 0})
