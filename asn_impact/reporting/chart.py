"""Chart: a figure as a value. It draws itself on demand and does not leave without its provenance."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypedDict, get_args

import pandas as pd

from asn_impact.arguments import AtLeast, check_choice
from asn_impact.intake.written import shielded
from asn_impact.reporting.drawn import PAGES as PAGES
from asn_impact.reporting.drawn import SCREEN_DPI, Sizes, apply_style, draw, draw_on, find_page, reach
from asn_impact.reporting.drawn import Page as Page
from asn_impact.reporting.drawn import Size as Size
from asn_impact.reporting.gate import release
from asn_impact.reporting.provenance import provenance, shown_number, split_ending, write_beside
from asn_impact.reporting.recoding import Cells
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Language, Message, Sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Dots: TypeAlias = Annotated[int, AtLeast(30)]
Format: TypeAlias = Literal["svg", "pdf", "png"]
PRINT_DPI: Final = 300
ENDINGS: Final = ("svg", "pdf", "png", "csv", "json")


class Look(TypedDict, total=False):
    """What every chart takes besides: see `Chart.shaped`."""

    inputs: Iterable[Any] | None
    title: str | None
    subtitle: str | None
    size: Sizes | None
    ylim: tuple[float, float] | None
    dpi: Dots | None
    ax: Any


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
    size, ylim, dpi
        See `shaped`.

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
    size: Sizes = "a4_width"
    ylim: tuple[float, float] | None = None
    dpi: int | None = None
    _drawn: dict[tuple[object, ...], bytes] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("title", "subtitle", "alt", "below"):
            if type(getattr(self, name)) is str:
                object.__setattr__(self, name, Sentence(getattr(self, name)))

    @property
    def counts(self) -> tuple[str, ...]:
        """Names of the columns of the data that count persons or their cases."""
        return tuple(self.cells)

    @public_verb
    def shaped(
        self,
        *,
        inputs: Iterable[Any] | None = None,
        title: str | None = None,
        subtitle: str | None = None,
        size: Sizes | None = None,
        ylim: tuple[float, float] | None = None,
        dpi: Dots | None = None,
        ax: Any = None,  # noqa: ANN401 - a matplotlib Axes
    ) -> Chart:
        """Return the chart with your own words, size or axis; every chart takes the same when it is made.

        Parameters
        ----------
        inputs
            ``extract.sources``: what the provenance names.
        title, subtitle
            Your own words, in place of the finding and the measure; the alt text keeps the finding.
        size
            ``"a4_width"`` (160 mm), ``"a4_column"`` (80 mm), ``"slide"`` (16:9), or width and height in centimetres.
        ylim
            Where the y axis begins and ends, in the unit drawn. What it leaves out is said below the drawing.
        dpi
            Dots an inch of a PNG; without it 120 on the screen and 300 in a file.
        ax
            A matplotlib Axes to draw on as well, without the source line.

        Raises
        ------
        InputError
            The size is none, or the chart has no scale on its y axis.
        PrivacyError
            What would be drawn on `ax` looks like the number of a person.

        Examples
        --------
        >>> import asn_impact as ai
        >>> answer = ai.infer(ai.GroupTime()(ai.example_design()).event_study(), ai.BiasReduced())
        >>> chart = ai.figures.event_study(answer, title="Training and waits", size=(12, 8), ylim=(-4, 2))
        >>> chart.title, chart.figure().get_size_inches().round(2).tolist()
        ('Training and waits', [4.72, 3.15])
        """
        find_page(size or self.size)
        own: dict[str, Any] = {"title": title, "subtitle": subtitle, "size": size, "ylim": ylim, "dpi": dpi}
        own["inputs"] = None if inputs is None else tuple(inputs)
        chart = replace(self, **{name: value for name, value in own.items() if value is not None})
        if ylim is not None:
            chart = replace(chart, below=chart.below.then(*_say_cut(chart)))
        if ax is not None:
            _refuse_persons(chart.figure(), chart.kind)
            draw_on(ax, chart)
        return chart

    @public_verb
    def figure(self, size: Sizes | None = None) -> Figure:
        """Return the drawn chart as a matplotlib figure that no window knows of.

        Raises
        ------
        InputError
            The size is not one of `PAGES`, nor width and height in centimetres.
        """
        page = find_page(size or self.size)
        with apply_style(page):
            return draw(self, page)

    @public_verb
    def png(self, *, size: Sizes | None = None) -> bytes:
        """Return the chart as a PNG for the screen."""
        return self._render(size, {"png": self.dpi or SCREEN_DPI})["png"]

    @public_verb
    def svg(self, *, size: Sizes | None = None) -> str:
        """Return the chart as an SVG with title and description, as screen readers want it."""
        return self._render(size, {"svg": PRINT_DPI})["svg"].decode("utf-8")

    @public_verb
    def files(self, *formats: str, size: Sizes | None = None) -> dict[str, bytes]:
        """Return the chart in several formats (svg, pdf, png at 300 dpi), drawn once, with its csv and json.

        Raises
        ------
        InputError
            One of the formats is not known.
        """
        for ending in formats:
            check_choice("format", ending, get_args(Format))
        return {
            **self._render(size, dict.fromkeys(formats, self.dpi or PRINT_DPI)),
            "csv": self.csv().encode("utf-8"),
            "json": self.record(size=size).encode("utf-8"),
        }

    def csv(self) -> str:
        """Return exactly what is drawn, ten significant digits, ISO months and decimal points."""
        safe = self.data.map(lambda cell: shielded(cell) if isinstance(cell, str) else cell)
        return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")

    def record(self, *, size: Sizes | None = None) -> str:
        """Return the provenance of the chart as JSON: inputs, versions, parameters, source line, alt text."""
        quoted = dict.fromkeys(q for text in (self.title, self.subtitle, self.alt, self.below) for q in text.numbers)
        facts = {
            "alt": self.alt,
            "kind": self.kind,
            "language": self.language,
            "notes": [note.text(self.language) for note in self.notes],
            "numbers": [shown_number(q) for q in quoted],
            "provenance": provenance(self.parameters, self.inputs),
            "size": size or self.size,
            "source": self.source,
            "subtitle": self.subtitle,
            "title": self.title.text,
            **({"ylim": list(self.ylim)} if self.ylim else {}),
            **({"below": self.below} if self.below else {}),
        }
        return json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @public_verb
    def save(self, path: str | Path, *, size: Sizes | None = None) -> tuple[Path, ...]:
        """Write the chart as the ending says; without one as svg, pdf, png (300 dpi), csv and json beside each other.

        The files are the same to the byte on every run with the same versions, and complete before they get
        their names.

        Parameters
        ----------
        path
            ``"folder/name.png"``: one file, as svg, pdf, png, csv or json. ``"folder/name"``: all five. The folder is
            made.
        size
            ``"a4_width"`` (160 mm), ``"a4_column"`` (80 mm), ``"slide"`` (16:9), or width and height in centimetres.

        Returns
        -------
        tuple of Path
            The files.

        Raises
        ------
        InputError
            The ending is that of a file that a chart cannot be written as.
        PrivacyError
            A label, cell or line of text looks like the number of a person; nothing is written.
        """
        stem, endings = split_ending(path, ENDINGS, usual=ENDINGS)
        drawn = self.files(*get_args(Format), size=size)  # all: one alone would differ by what matplotlib lays out anew
        contents = {stem.with_name(f"{stem.name}.{ending}"): drawn[ending] for ending in endings}
        for ending, content in drawn.items():
            release(content, f"{stem.name}.{ending}", counts=self.counts)
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            write_beside(file, content)
        return tuple(contents)

    def _render(self, size: Sizes | None, formats: Mapping[str, int]) -> dict[str, bytes]:
        """Return each format as bytes. Text is checked before it becomes outlines that nobody can search.

        What was drawn is kept: a report and the files of its figures show the same charts.
        """
        page = find_page(size or self.size)
        keys = {ending: (page, ending, dpi) for ending, dpi in formats.items()}
        if not self._drawn.keys() >= {*keys.values()}:
            with apply_style(page):
                figure = draw(self, page)
                _refuse_persons(figure, self.kind)
                self._drawn.update({keys[end]: _encode(figure, self, end, dpi) for end, dpi in formats.items()})
        return {ending: self._drawn[key] for ending, key in keys.items()}

    def __repr__(self) -> str:
        return f"Chart({self.kind}: {self.title.text})"

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {"image/png": self.png(), "text/plain": self.alt}


def _say_cut(chart: Chart) -> tuple[Sentence, ...]:
    """Say what an axis of the user's own leaves out; nothing where all that is drawn is seen."""
    low, high = reach(chart.figure())
    assert chart.ylim is not None
    least, most = sorted(chart.ylim)
    room = 1e-9 * (high - low)
    if low >= least - room and high <= most + room:
        return ()
    return (Message("charts.cut", low=low, high=high).text(chart.language),)


def _refuse_persons(figure: Figure, kind: str) -> None:
    """Refuse a drawing with a text that looks like the number of a person."""
    for text in _find_texts(figure):
        release(text, f"{kind}.txt")


def _find_texts(figure: Figure) -> Sequence[str]:
    """Every text in a drawn figure, tick labels included."""
    from matplotlib.text import Text as Artist

    figure.draw_without_rendering()
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
