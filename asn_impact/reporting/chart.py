"""Chart: a figure as a value. It draws itself on demand and does not leave without its provenance."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import pandas as pd

from asn_impact.arguments import check_choice
from asn_impact.intake.written import shielded
from asn_impact.reporting.gate import release
from asn_impact.reporting.provenance import provenance, write_beside
from asn_impact.reporting.recoding import Cells
from asn_impact.verbs import Guided
from asn_impact.words import Language, Message, Sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text as Artist

__all__ = ["PAGES", "Chart", "Page", "Size"]

Size: TypeAlias = Literal["a4_width", "a4_column", "slide"]
Format: TypeAlias = Literal["svg", "pdf", "png"]
STYLE: Final = "asn_impact.reporting.styles.report"
PRINT_DPI: Final = 300
SCREEN_DPI: Final = 120
MARGIN: Final = 0.8  # between the edge and what is drawn, as a multiple of the text size
HEADING: Final = 12.0  # what a drawing needs besides its rows of text: headings, legend, axis, source


@dataclass(frozen=True)
class Page:
    """Width and height in inches, title and text in points, whether a tall chart may grow in height."""

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


@dataclass(frozen=True, eq=False)
class Chart(Guided):
    r"""A chart that states its finding.

    Attributes
    ----------
    kind
        What was drawn: ``event_study``, ``raw_trends``, ...
    title
        The finding.
    subtitle
        Measure and unit.
    source
        The line below: where the data come from.
    alt
        What a reader who does not see the chart has to know. As title and subtitle, a `Sentence` with the record of its
        numbers; a plain text becomes one.
    data
        Exactly what is drawn, and what the CSV holds.
    paint
        Draws `data` into an empty figure.
    language
        Of every word in the chart.
    parameters, inputs
        What the provenance names.
    rows
        Lines of text that the drawing must hold; None: the usual height of the page.
    notes
        What its reader should know besides.
    below
        What stands between the drawing and the source: what the numbers do not cover.
    cells
        Column of `data` that counts -> what each row adds up.

    Examples
    --------
    >>> def line(figure, chart):
    ...     figure.subplots().plot(chart.data["month"], chart.data["days"])
    >>> data = pd.DataFrame({"month": [1, 2], "days": [7.5, 6.0]})
    >>> chart = Chart("line", "Waits fell", "Working days", "", "Waits fell.", data, line, "en")
    >>> chart, chart.csv()
    (Chart(line: Waits fell), 'month,days\n1,7.5\n2,6\n')
    """

    kind: str
    title: Sentence
    subtitle: Sentence
    source: str
    alt: Sentence
    data: pd.DataFrame
    paint: Callable[[Figure, Chart], None]
    language: Language
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    rows: int | None = None
    notes: tuple[Message, ...] = ()
    below: Sentence = field(default_factory=Sentence)
    cells: Mapping[str, tuple[Cells, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("title", "subtitle", "alt", "below"):
            if type(getattr(self, name)) is str:
                object.__setattr__(self, name, Sentence(getattr(self, name)))

    @property
    def counts(self) -> tuple[str, ...]:
        """Names of the columns of the data that count persons or their cases."""
        return tuple(self.cells)

    def figure(self, size: Size = "a4_width") -> Figure:
        """Return the drawn chart as a matplotlib figure that no window knows of.

        Raises
        ------
        InputError
            The size is not one of `PAGES`.
        """
        page = _find_page(size)
        with _apply_style(page):
            return _draw(self, page)

    def png(self, *, size: Size = "a4_width") -> bytes:
        """Return the chart as a PNG for the screen."""
        return self._render(size, {"png": SCREEN_DPI})["png"]

    def svg(self, *, size: Size = "a4_width") -> str:
        """Return the chart as an SVG with title and description, as screen readers want it."""
        return self._render(size, {"svg": PRINT_DPI})["svg"].decode("utf-8")

    def files(self, *formats: str, size: Size = "a4_width") -> dict[str, bytes]:
        """Return the chart in several formats (svg, pdf, png at 300 dpi), drawn once, with its csv and json.

        Raises
        ------
        InputError
            One of the formats is not known.
        """
        for ending in formats:
            check_choice("format", ending, get_args(Format))
        return {
            **self._render(size, dict.fromkeys(formats, PRINT_DPI)),
            "csv": self.csv().encode("utf-8"),
            "json": self.record(size=size).encode("utf-8"),
        }

    def csv(self) -> str:
        """Return exactly what is drawn, ten significant digits, ISO months and decimal points."""
        safe = self.data.map(lambda cell: shielded(cell) if isinstance(cell, str) else cell)
        return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")

    def record(self, *, size: Size = "a4_width") -> str:
        """Return the provenance of the chart as JSON: inputs, versions, parameters, source line, alt text."""
        quoted = dict.fromkeys(q for text in (self.title, self.subtitle, self.alt, self.below) for q in text.numbers)
        numbers = [{"shown": q.shown, "source": q.source, "value": _round(q.value)} for q in quoted]
        facts = {
            "alt": self.alt,
            "kind": self.kind,
            "language": self.language,
            "notes": [note.text(self.language) for note in self.notes],
            "numbers": numbers,
            "provenance": provenance(self.parameters, self.inputs),
            "size": size,
            "source": self.source,
            "subtitle": self.subtitle,
            "title": self.title.text,
            **({"below": self.below} if self.below else {}),
        }
        return json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    def save(self, path: str | Path, *, size: Size = "a4_width") -> tuple[Path, ...]:
        """Write the chart as svg, pdf, png (300 dpi), csv and json beside each other.

        The files are the same to the byte on every run with the same versions, and complete before they get
        their names.

        Parameters
        ----------
        path
            Folder and name without ending; the folder is made.
        size
            ``"a4_width"`` (160 mm), ``"a4_column"`` (80 mm) or ``"slide"`` (16:9).

        Returns
        -------
        tuple of Path
            The five files.

        Raises
        ------
        PrivacyError
            A label, cell or line of text looks like the number of a person; nothing is written.
        """
        stem = Path(path)
        stem = stem.with_suffix("") if stem.suffix.removeprefix(".") in {"svg", "pdf", "png", "csv", "json"} else stem
        files = self.files("svg", "pdf", "png", size=size)
        contents = {stem.with_name(f"{stem.name}.{ending}"): content for ending, content in files.items()}
        for file, content in contents.items():
            release(content, file.name, counts=self.counts)
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            write_beside(file, content)
        return tuple(contents)

    def _render(self, size: Size, formats: Mapping[str, int]) -> dict[str, bytes]:
        """Return each format as bytes. Text is checked before it becomes outlines that nobody can search."""
        page = _find_page(size)
        with _apply_style(page):
            figure = _draw(self, page)
            for text in _find_texts(figure):
                release(text, f"{self.kind}.txt")
            return {ending: _encode(figure, self, ending, dpi) for ending, dpi in formats.items()}

    def __repr__(self) -> str:
        return f"Chart({self.kind}: {self.title.text})"

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {"image/png": self.png(), "text/plain": self.alt}


def _find_page(size: str) -> Page:
    check_choice("size", size, PAGES)
    return PAGES[size]  # type: ignore[index]


def _round(value: float) -> float | None:
    """Return a number as JSON can hold it, ten significant digits."""
    return float(f"{value:.10g}") if math.isfinite(value) else None


@contextmanager
def _apply_style(page: Page) -> Iterator[None]:
    """Matplotlib as the report wants it, and as it was afterwards."""
    import matplotlib as mpl
    import matplotlib.style

    with mpl.rc_context(), mpl.style.context(["default", STYLE]), mpl.rc_context({"font.size": page.text}):
        yield


def _draw(chart: Chart, page: Page) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(page.width, _find_height(chart, page)), dpi=SCREEN_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    top = _write_heading(figure, chart, page)
    bottom = _write_source(figure, chart, page)
    chart.paint(figure, chart)
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


def _find_texts(figure: Figure) -> Sequence[str]:
    """Every text in a drawn figure, tick labels included."""
    from matplotlib.text import Text as Artist

    figure.canvas.draw()
    return [str(t.get_text()) for t in figure.findobj(Artist) if t.get_visible()]


def _encode(figure: Figure, chart: Chart, ending: str, dpi: int) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, dpi=dpi, metadata=_list_metadata(chart, ending))
    content = buffer.getvalue()
    return _describe(content.decode("utf-8"), chart).encode("utf-8") if ending == "svg" else content


def _list_metadata(chart: Chart, ending: str) -> dict[str, Any]:
    if ending == "png":
        return {"Title": chart.title.text, "Description": chart.alt, "Source": chart.source, "Software": None}
    if ending == "pdf":
        return {"Title": chart.title.text, "Subject": chart.alt, "CreationDate": None}
    return {
        "Title": chart.title.text,
        "Description": chart.alt,
        "Language": chart.language,
        "Source": chart.source,
        "Date": None,
    }


def _describe(svg: str, chart: Chart) -> str:
    """Tell screen readers that the drawing is one image, and what it says."""
    name = f"{chart.kind}_title", f"{chart.kind}_desc"
    svg = svg.replace("<svg ", f'<svg role="img" aria-labelledby="{name[0]} {name[1]}" xml:lang="{chart.language}" ', 1)
    before, _, after = svg.partition("</title>")
    before = before.replace("<title>", f'<title id="{name[0]}">', 1)
    return f'{before}</title>\n <desc id="{name[1]}">{escape(chart.alt)}</desc>{after}'
