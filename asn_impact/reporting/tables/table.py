"""The table as a value: what may be shown of it, in any language, as the file its reader wants."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.reporting.gate import differing_tables, release
from asn_impact.reporting.provenance import split_ending, write_beside
from asn_impact.reporting.recoding import Cells
from asn_impact.reporting.tables import csv_file, latex, other_files, page
from asn_impact.reporting.tables.cells import Kind, as_message, heading
from asn_impact.reporting.tables.small import FEW, MINIMUM_CELL, SECONDARY, SMALL_GROUP, suppressed
from asn_impact.reporting.words import check_language
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Language, Message, paragraph

Words: TypeAlias = Message | Mapping[str, str] | str  #: a message, or somebody's own words, by language or not


class Saved(tuple[Path, ...]):
    """The files that were written, and what their reader should know."""

    notes: tuple[Message, ...] = ()  #: an alert where a count differs by a few persons from the version that was there


@dataclass(frozen=True, eq=False)
class Table(Guided):
    """A table that may be shown: small counts are already gone when it exists.

    Attributes
    ----------
    frame
        Columns in the grammar of the code. Columns of kind ``"records"`` are counts of records and are suppressed when
        the table is made; the values that rest on them are blanked with them.
    title, note
        A message, or your own words: a text, or one for each language.
    kinds
        How each column is shown; columns not named are text.
    rests_on
        Column of a value -> column with the number of records behind it.
    headings
        Headings that differ from the usual ones.
    aside
        Columns that are in the CSV only, so that the page stays readable.
    cells
        Column of counts -> what each row adds up, None where it is no count: with it a release is proved as a whole.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["a", "b", "c"], "records": [120, 4, 31], "mean_before": [7.5, 6.0, 8.2]})
    >>> table = Table(frame, {"id": "Uji", "en": "Test"}, kinds={"records": "records", "mean_before": "one"},
    ...               rests_on={"mean_before": "records"})
    >>> print(table.csv())
    group,records,mean_before
    a,120,7.5
    b,<10,
    c,*,8.2
    <BLANKLINE>
    """

    frame: pd.DataFrame
    title: Any  # Words when made, a Message from then on
    note: Any = ""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    rests_on: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, Words] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    cells: Mapping[str, tuple[Cells | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frame = self.frame.reset_index(drop=True)
        counts = [c for c in frame.columns if self.kinds.get(str(c)) == "records" or self._holds_counts(frame, c)]
        cells = {column: suppressed(frame[column].tolist()) for column in counts}
        for value, column in self.rests_on.items():
            small = [cell == FEW for cell in cells.get(column, [])]
            if self.kinds.get(value) == "share":
                small = [
                    few or told for few, told in zip(small, _told_of_all(frame[value], frame[column]), strict=True)
                ]
            if any(small):
                frame[value] = frame[value].astype(float).mask(pd.Series(small), np.nan)
        frame = frame.assign(**{c: pd.Series(column, dtype=object) for c, column in cells.items()})
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "title", as_message(self.title))
        object.__setattr__(self, "note", as_message(self.note))

    def _holds_counts(self, frame: pd.DataFrame, column: object) -> bool:
        """Say whether a column nobody gave a kind holds counts: whole numbers, none negative, some from 1 to 9."""
        values = frame[column]
        if str(column) in self.kinds or not pd.api.types.is_integer_dtype(values):
            return False
        return bool((values >= 0).all() and ((values > 0) & (values < MINIMUM_CELL)).any())

    @property
    def counts(self) -> tuple[str, ...]:
        """Names of the columns that count persons or their cases."""
        hidden = [str(c) for c in self.frame.columns if self.frame[c].map(lambda v: str(v) in {FEW, SECONDARY}).any()]
        return tuple(dict.fromkeys([*(c for c, kind in self.kinds.items() if kind == "records"), *hidden]))

    def marked_alike(self) -> Table:
        """Return the table with one mark for all that is hidden: beside other tables, ``<10`` says too much."""
        table = copy.copy(self)
        object.__setattr__(table, "frame", self.frame.map(lambda cell: SECONDARY if is_few(cell) else cell))
        return table

    @property
    def shown(self) -> pd.DataFrame:
        """The columns of the page."""
        return self.frame.drop(columns=list(self.aside))

    def kind(self, column: object) -> Kind:
        """Return how a column is shown."""
        return self.kinds.get(str(column), "text")

    def heading(self, column: object) -> Message:
        """Return what stands above a column."""
        return heading(str(column), self.headings)

    @property
    def note_below(self) -> Message:
        """The note, with what was hidden and what holds for everyone in a group."""
        few = self.frame.map(is_few).any(axis=None)
        hidden = few or self.frame.map(lambda cell: isinstance(cell, str) and cell == SECONDARY).any(axis=None)
        key = "tables.small_note" if few else "tables.hidden_note"
        small = Message(key, minimum=MINIMUM_CELL, mark=SECONDARY) if hidden else None
        return paragraph(self.note, small, Message("tables.of_all") if self._of_all() else None)

    def _of_all(self) -> bool:
        """Say whether a share of 0 % or 100 % of a counted group tells something of everyone in it."""
        shares = [value for value in self.rests_on if self.kinds.get(value) == "share"]
        return any(self.frame[value].astype(float).isin([0.0, 1.0]).any() for value in shares)

    @public_verb
    def html(self, language: Language, *, numbered: str = "") -> str:
        """Return the table as HTML: the title above, headings of the language, the note below.

        Parameters
        ----------
        language
            ``"id"``, ``"en"`` or another that ``words/`` has.
        numbered
            Written before the title: ``Tabel 1``.
        """
        return page.html(self, check_language(language), numbered)

    @public_verb
    def latex(self, language: Language, *, label: str = "") -> str:
        r"""Return the table for LaTeX with booktabs: caption above, rules without vertical lines, the note below.

        Parameters
        ----------
        language
            ``"id"`` or ``"en"``: decimal comma or point.
        label
            What ``\ref`` calls it.

        Examples
        --------
        >>> frame = pd.DataFrame({"group": ["R&D"], "mean_before": [-7.25]})
        >>> print(Table(frame, "Uji", kinds={"mean_before": "two"}).latex("id", label="tab:uji"))
        \begin{table}[htbp]
        \centering
        \caption{Uji}
        \label{tab:uji}
        \begin{tabular}{lr}
        \toprule
        Kelompok & Rata-rata sebelum \\
        \midrule
        R\&D & $-$7,25 \\
        \bottomrule
        \end{tabular}
        \end{table}
        <BLANKLINE>
        """
        return latex.latex(self, check_language(language), label)

    def csv(self) -> str:
        """Return the table for other programs: English headings, decimal points; no cell a spreadsheet would run."""
        return csv_file.csv(self)

    @public_verb
    def markdown(self, language: Language) -> str:
        r"""Return the table for Markdown: the title in bold, the note below.

        Examples
        --------
        >>> frame = pd.DataFrame({"group": ["A|B"], "mean_before": [-7.25]})
        >>> print(Table(frame, "Uji", kinds={"mean_before": "two"}).markdown("id"))
        **Uji**
        <BLANKLINE>
        | Kelompok | Rata-rata sebelum |
        | --- | ---: |
        | A\|B | −7,25 |
        <BLANKLINE>
        """
        return other_files.markdown(self, check_language(language))

    @public_verb
    def typst(self, language: Language, *, label: str = "") -> str:
        """Return the table for typst: a figure with its caption, the note below.

        Examples
        --------
        >>> print(Table(pd.DataFrame({"group": ["A"]}), "Uji").typst("en").splitlines()[1])
          caption: [Uji],
        """
        return other_files.typst(self, check_language(language), label)

    @public_verb
    def to_frame(self, language: Language) -> pd.DataFrame:
        """Return the cells as they are printed, under the headings of the language; `frame` holds the numbers.

        Examples
        --------
        >>> frame = pd.DataFrame({"group": ["A"], "mean_before": [-7.25]})
        >>> Table(frame, "Uji", kinds={"mean_before": "two"}).to_frame("id").to_dict("records")
        [{'Kelompok': 'A', 'Rata-rata sebelum': '−7,25'}]
        """
        return other_files.printed(self, check_language(language))

    @public_verb
    def save(self, path: str | Path, language: Language) -> Saved:
        """Write the table as the ending says; without one as html, tex (booktabs) and csv beside each other.

        The files are complete before they get their names.

        Parameters
        ----------
        path
            ``"folder/name.docx"``: one file, as docx, xlsx, html, tex, md, typ or csv. ``"folder/name"``: the three.
            The folder is made.
        language
            Of every word; the csv is for programs and always has English headings.

        Returns
        -------
        tuple of Path
            The files.

        Raises
        ------
        InputError
            The ending is that of a file that a table cannot be written as.
        PrivacyError
            A heading or cell looks like the number of a person; nothing is written.

        Warns
        -----
        DataWarning
            A count differs by fewer than ten from the version that is there: whoever has both sees the difference.
        """
        check_language(language)
        stem, endings = split_ending(path, _WRITERS, usual=("html", "tex", "csv"))
        contents = {stem.with_name(f"{stem.name}.{ending}"): _WRITERS[ending](self, language) for ending in endings}
        csv = self.csv()
        for text, ending in ((page.whole_page(self, language), "html"), (self.latex(language), "tex"), (csv, "csv")):
            release(text, f"{stem.name}.{ending}", counts=self.counts)  # what any of the files says
        alerts = _alert_of_difference(stem.with_name(f"{stem.name}.csv"), csv, self.counts)
        stem.parent.mkdir(parents=True, exist_ok=True)
        files = tuple(contents)
        for file, content in contents.items():
            write_beside(file, content.encode("utf-8") if isinstance(content, str) else content)
        saved = Saved(files)
        saved.notes = alerts
        return saved

    def _repr_html_(self) -> str:
        return self.html("en")

    def __repr__(self) -> str:
        return f"Table({self.title}: {len(self.frame)} rows)"


#: Ending -> what writes a table so.
_WRITERS: Final[Mapping[str, Callable[[Table, Language], str | bytes]]] = {
    "html": page.whole_page,
    "tex": lambda table, language: table.latex(language),
    "csv": lambda table, _: table.csv(),
    "md": other_files.markdown,
    "typ": other_files.typst,
    "docx": other_files.docx,
    "xlsx": other_files.xlsx,
}


def is_few(cell: object) -> bool:
    """Return whether a cell says that there are fewer than ten."""
    return isinstance(cell, str) and cell == FEW


def _told_of_all(shares: pd.Series, counts: pd.Series) -> list[bool]:
    """Say which shares tell something of everyone in a small group: 0 % or 100 % of fewer than twenty."""
    extreme = shares.astype(float).isin([0.0, 1.0])
    return (extreme & (counts.astype(float) < SMALL_GROUP)).tolist()


def _alert_of_difference(earlier: Path, text: str, counts: tuple[str, ...]) -> tuple[Alert, ...]:
    """Say that two versions of a table, each safe alone, differ by a few persons."""
    close = differing_tables(earlier.read_text(encoding="utf-8"), text, counts=counts) if earlier.exists() else ()
    alert = Alert("tables.close_counts", file=earlier.name, n=len(close), minimum=MINIMUM_CELL)
    return (alert,) if close else ()
