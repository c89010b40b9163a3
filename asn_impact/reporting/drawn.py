"""A chart on its page: style, heading, legend and source around what a painter draws; or on the Axes of somebody."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from asn_impact.arguments import check_choice
from asn_impact.errors import InputError
from asn_impact.words import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text as Artist

    from asn_impact.reporting.chart import Chart

Size: TypeAlias = Literal["a4_width", "a4_column", "slide"]
Sizes: TypeAlias = Size | tuple[float, float]  #: a page, or width and height in centimetres
STYLE: Final = "asn_impact.reporting.styles.report"
SCREEN_DPI: Final = 120
MARGIN: Final = 0.8  # between the edge and what is drawn, as a multiple of the text size
HEADING: Final = 12.0  # what a drawing needs besides its rows of text: headings, legend, axis, source
LEAST_CM, MOST_CM = 3.0, 120.0  # of a side


@dataclass(frozen=True)
class Page:
    """A page that charts are drawn on.

    Attributes
    ----------
    width, height
        In inches.
    title, text
        Sizes of the letters in points.
    grows
        Whether a tall chart may grow in height.

    Examples
    --------
    >>> PAGES["a4_width"]
    Page(width=6.3, height=3.8, title=10.5, text=8.0, grows=True)
    """

    width: float
    height: float
    title: float
    text: float
    grows: bool


PAGES: Final[Mapping[Size, Page]] = {
    "a4_width": Page(width=6.3, height=3.8, title=10.5, text=8.0, grows=True),  # 160 mm: the text width of A4
    "a4_column": Page(width=3.15, height=2.6, title=8.5, text=6.5, grows=True),  # 80 mm: one of two columns
    "slide": Page(width=40 / 3, height=7.5, title=26.0, text=16.0, grows=False),  # 16:9
}


def find_page(size: object) -> Page:
    """Return the page of a size: one of ours, or width and height in centimetres with the letters of the nearest.

    Examples
    --------
    >>> find_page((12, 8)).width.__round__(2), find_page((12, 8)).text
    (4.72, 6.5)
    """
    if isinstance(size, str):
        check_choice("size", size, PAGES)
        return PAGES[size]  # type: ignore[index]
    sides = tuple(size) if isinstance(size, tuple | list) else ()
    if len(sides) != 2 or not all(isinstance(side, int | float) and LEAST_CM <= side <= MOST_CM for side in sides):
        raise InputError(Message("charts.size", found=repr(size), least=LEAST_CM, most=MOST_CM, allowed=tuple(PAGES)))
    width, height = (float(side) / 2.54 for side in sides)
    nearest = min(PAGES.values(), key=lambda page: abs(page.width - width))
    return replace(nearest, width=width, height=height, grows=False)


@contextmanager
def apply_style(page: Page) -> Iterator[None]:
    """Matplotlib as the report wants it, and as it was afterwards."""
    import matplotlib as mpl
    import matplotlib.style

    with mpl.rc_context(), mpl.style.context(["default", STYLE]), mpl.rc_context({"font.size": page.text}):
        yield


def draw(chart: Chart, page: Page) -> Figure:
    """Return a chart on its page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(page.width, _find_height(chart, page)), dpi=SCREEN_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    top = _write_heading(figure, chart, page)
    bottom = _write_source(figure, chart, page)
    chart.paint(figure, chart)
    if chart.ylim is not None:
        _limit(figure, chart)
    top = _move_legend(figure, page, top)
    engine = figure.get_layout_engine()
    assert engine is not None
    side = _find_margin(page)
    engine.set(rect=(side, bottom, 1 - 2 * side, top - bottom), w_pad=0.01, h_pad=0.03)  # type: ignore[call-arg]
    return figure


def _find_height(chart: Chart, page: Page) -> float:
    if chart.rows is None or not page.grows:
        return page.height
    return max(0.55 * page.height, (HEADING + chart.rows) * page.text / 72)


def _move_legend(figure: Figure, page: Page, top: float) -> float:
    """Move the legend a painter made below the heading, in as many columns as the page holds; return the new top."""
    if not figure.legends:
        return top
    original = figure.legends[0]
    handles: list[Any] = list(original.legend_handles)
    labels = [text.get_text() for text in original.get_texts()]
    original.remove()
    place = (_find_margin(page), top)
    for columns in range(len(labels), 0, -1):
        legend = figure.legend(
            handles,
            labels,
            loc="upper left",
            bbox_to_anchor=place,
            ncols=columns,
            handlelength=1.2,
            columnspacing=1.2,
            borderpad=0,
            borderaxespad=0,
        )
        legend.set_in_layout(False)
        box = legend.get_window_extent()
        if columns == 1 or box.width <= figure.bbox.width * (1 - 2 * _find_margin(page)):
            break
        legend.remove()
    return top - float(box.height + 0.5 * page.text * figure.dpi / 72) / float(figure.bbox.height)


def _write_heading(figure: Figure, chart: Chart, page: Page) -> float:
    """Write title and subtitle from the top; return where the drawing may begin, as a share of the height."""
    points = figure.get_figheight() * 72
    y = 1 - MARGIN * page.text / points
    for text, size, weight, colour in (
        (chart.title.text, page.title, "bold", "#1a1a1a"),
        (chart.subtitle, page.text * 1.05, "normal", "#4d4d4d"),
    ):
        artist = figure.text(
            _find_margin(page), y, "", size=size, weight=weight, color=colour, va="top", linespacing=1.15
        )
        _fit(artist, text, figure, page)
        y -= (_measure_height(artist, figure) + 0.3 * page.text) / points
    return y - 0.35 * page.text / points


def _write_source(figure: Figure, chart: Chart, page: Page) -> float:
    """Write the source at the bottom, what stands above it too; return where the drawing may end, as a share."""
    points = figure.get_figheight() * 72
    y = MARGIN * page.text / points
    for text, colour in ((chart.source, "#666666"), (chart.below.text, "#1a1a1a")):
        if text:
            artist = figure.text(_find_margin(page), y, "", size=page.text * 0.85, color=colour, va="bottom")
            _fit(artist, text, figure, page)
            y += (_measure_height(artist, figure) + 0.4 * page.text) / points
    return y


def _find_margin(page: Page) -> float:
    return MARGIN * page.text / 72 / page.width


def _measure_height(artist: Artist, figure: Figure) -> float:
    """Return the height of a text in points."""
    return float(artist.get_window_extent().height * 72 / figure.dpi)


def _fit(artist: Artist, text: str, figure: Figure, page: Page) -> None:
    """Break a text into lines that the width of the page holds."""
    most = (1 - 2 * _find_margin(page)) * page.width * figure.dpi * 0.97
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        artist.set_text(longer)
        if lines and artist.get_window_extent().width <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    artist.set_text("\n".join(lines))


def _limit(figure: Figure, chart: Chart) -> None:
    """Let the y axis of every panel with a scale end where the user wants; refuse a chart that has none."""
    scales = [axes for axes in figure.axes if not _names_rows(axes)]
    if not scales:
        raise InputError(Message("charts.no_scale", kind=chart.kind))
    for axes in scales:
        axes.set_ylim(chart.ylim)


def _names_rows(axes: Axes) -> bool:
    """Say whether the y axis names rows and has no scale."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    named = isinstance(axes.yaxis.get_major_formatter(), FixedFormatter | FuncFormatter)
    return named and isinstance(axes.yaxis.get_major_locator(), FixedLocator)


def reach(figure: Figure) -> tuple[float, float]:
    """Return the lowest and highest value drawn on the first panel, seen or not."""
    box = figure.axes[0].dataLim
    return float(box.y0), float(box.y1)


class _Place:
    """The Axes of somebody, for a painter that asks a figure for its panels and its legend."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self.panels: list[Axes] = [axes]

    def subplots(self, rows: int = 1, columns: int = 1, *, squeeze: bool = True, **more: Any) -> Any:  # noqa: ANN401
        """Return the Axes itself, or as many panels in its place."""
        if rows * columns == 1:
            import numpy as np

            return self._axes if squeeze else np.array([[self._axes]], dtype=object)
        place = self._axes.get_subplotspec()
        if place is None:
            raise InputError(Message("charts.no_place", n=rows * columns))
        self._axes.set_axis_off()
        ratios = more.pop("height_ratios", None)
        grid: Any = place.subgridspec(rows, columns, height_ratios=ratios)
        panels = grid.subplots(squeeze=squeeze, **more)
        self.panels = list(panels.ravel())
        return panels

    def legend(self, **given: Any) -> None:  # noqa: ANN401 - what matplotlib takes
        """Put the legend of the painter below the Axes."""
        self._axes.legend(
            **given, loc="upper left", bbox_to_anchor=(0, -0.16), borderaxespad=0, fontsize="small", ncols=2
        )

    def get_figheight(self) -> float:
        """Return the height of the Axes in inches."""
        return float(self._axes.get_position().height * self._root().get_figheight())

    def get_figwidth(self) -> float:
        """Return the width of the Axes in inches."""
        return float(self._axes.get_position().width * self._root().get_figwidth())

    def _root(self) -> Any:  # noqa: ANN401 - the figure around it
        return self._axes.get_figure(root=True)


def draw_on(axes: Axes, chart: Chart) -> None:
    """Draw a chart on an Axes of somebody's own figure, in its size of letters; all words but the source above it."""
    import matplotlib as mpl

    page = replace(PAGES["a4_width"], text=float(mpl.rcParams["font.size"]))
    place: Any = _Place(axes)
    with apply_style(page):
        chart.paint(place, chart)
        if chart.ylim is not None:
            place.panels[0].set_ylim(chart.ylim)
        letters = max(20, int(place.get_figwidth() * 72 / (0.5 * page.text)))
        lines = [textwrap.fill(text, letters) for text in (chart.title, chart.subtitle, chart.below) if text]
        place.panels[0].set_title("\n".join(lines), loc="left", size=page.text)
