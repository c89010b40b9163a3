"""What one export holds, as a value: clean records, the ledger of every row, and what was left out."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.display import card, noted
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import identifiers_in
from asn_impact.intake.codebook import SMALLEST, codebook
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.written import shielded, write_beside
from asn_impact.verbs import Guided
from asn_impact.words import Language, Message
from asn_impact.words.catalogue import languages

Selection: TypeAlias = Literal["received", "completed", "unknown"]


@dataclass(frozen=True, eq=False)
class Source:
    """One file or sheet: its name, its rows and the SHA-256 of the file (empty for a frame)."""

    name: str
    rows: int
    sha256: str


def _nothing() -> None:
    """Find nothing changed: what does not come from a file."""


@dataclass(frozen=True, eq=False)
class Extract(Guided):
    """What one export holds: clean records, still in the engine that holds them, and the ledger.

    Attributes
    ----------
    records : narwhals.LazyFrame
        ``case``, ``office``, ``service`` texts, ``received`` date, ``decided`` date or missing, ``status`` one
        of ``open``, ``granted``, ``rejected``, ``withdrawn``, then the extra columns asked for. Where files were
        exported earlier than ``as_of``, ``asn_followed``: the last day for which their open cases are known.
    as_of : datetime.date
        The day the export was made.
    ledger : Ledger
        Rows read = kept + dropped, by reason.
    headings : mapping
        Field -> heading found, in the first file that has it.
    layouts : mapping
        Name of the first file of each way to head the fields -> field -> heading.
    sources : tuple of Source
    notes : tuple of Message
        What was assumed or left out.
    selection : {"received", "completed", "unknown"}
        How the export was drawn: all cases received in a period; only cases completed in a period (then the
        early months hold long waits only, and no comparison of months is valid); or nothing tells.
    left_out, place, refuse_changed
        For `dropped` and `write_dropped`: what reads the rows again, where the exports lie, and what refuses files that
        have changed since.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> extract
    Extract(as of 2025-03-31, 1 sources, Ledger(read 1,728 = kept 1,728 + dropped 0))
    >>> extract.records.collect().to_pandas().columns.tolist()
    ['case', 'office', 'service', 'received', 'decided', 'status']
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    ledger: Ledger
    headings: Mapping[str, str]
    sources: tuple[Source, ...]
    notes: tuple[Message, ...]
    selection: Selection = "unknown"
    left_out: Callable[[], pd.DataFrame] | None = field(default=None, repr=False)
    place: Path | None = field(default=None, repr=False)
    refuse_changed: Callable[[], None] = field(default=_nothing, repr=False)
    layouts: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def dropped(self, language: Language | None = None) -> pd.DataFrame:
        """Return the rows that were left out, for the office to correct; read again when asked, not before.

        Parameters
        ----------
        language : {"id", "en"}, optional
            Language of the headings and reasons. Without one the reasons are the codes of words/reasons.toml.

        Returns
        -------
        pandas.DataFrame
            ``file``, ``sheet``, ``row`` (counted from 1 as a spreadsheet shows it; in Parquet, JSON, a database or a
            frame the number of the record), ``reason``, then ``case``, ``office``, ``service``, ``received``,
            ``decided`` and ``status`` as found, where the export has them. Numbers of persons and words that could
            be names are left out of the cells.

        Raises
        ------
        InputError
            For an extract of processing steps, whose ledger counts steps and not the rows of cases.

        Examples
        --------
        >>> from asn_impact.intake.readers.exports import read_exports
        >>> frame = pd.DataFrame({"office": ["O1", "JUMLAH"], "received": pd.to_datetime(["2024-01-02", None]),
        ...                       "decided": pd.to_datetime(["2024-01-05", None])})
        >>> extract = read_exports(frame, as_of="2024-01-31")
        >>> extract.dropped()[["row", "reason"]].values.tolist()
        [[2, 'row_of_totals']]
        >>> extract.dropped("id")[["baris", "alasan"]].values.tolist()
        [[2, 'baris jumlah']]
        """
        if self.left_out is None:
            raise InputError(Message("intake.dropped.no_list"))
        rows = self.left_out()
        if language is None:
            return rows
        words = {code: reason(code).text(language).text for code in rows["reason"].unique()}
        headings = {c: Message(f"intake.dropped.{c}").text(language).text for c in rows.columns}
        return rows.assign(reason=rows["reason"].map(words)).rename(columns=headings)

    def codebook(self, *, smallest: int = SMALLEST) -> pd.DataFrame:
        """Return what the records hold, one row a field: small groups of rows are not shown.

        Parameters
        ----------
        smallest : int
            Rows that must share a word, or a gap, before it is shown.

        Returns
        -------
        pandas.DataFrame
            ``field``, ``heading`` in the export, ``type`` (as Frictionless names it), ``missing`` (share of the
            records; empty where it would point at few rows), ``few`` (whether it would), ``first`` and ``last``
            month of dates, and ``words``: those that enough records share.

        Examples
        --------
        >>> frame = pd.DataFrame({"office": ["O1"] * 12, "received": pd.to_datetime(["2024-01-02"] * 12),
        ...                       "decided": pd.to_datetime(["2024-01-05"] * 12)})
        >>> from asn_impact import read_exports
        >>> book = read_exports(frame, as_of="2024-01-31").codebook()
        >>> book.loc[book["field"] == "office", ["type", "missing", "words"]].values.tolist()
        [['string', 0.0, ('O1',)]]
        """
        return codebook(self.records, self.headings, smallest=smallest)

    def write_dropped(self, path: str | Path, language: Language = "en") -> Path:
        """Write the rows of `dropped` to a CSV file that a spreadsheet opens as it is, and return its path.

        Separated by semicolons, with a byte order mark; a text that a spreadsheet would run as a formula has an
        apostrophe in front. The file appears whole or not at all; only its owner can read it.

        Raises
        ------
        InputError
            The file would lie among the exports, where it would be read as one.
        OSError
            The folder cannot be written.
        """
        target = Path(path)
        self.refuse_place(target)
        return write_rows(self.dropped(language), target)

    def refuse_place(self, path: Path) -> None:
        """Refuse a place in which the list would be taken for one of the exports, or would replace another file.

        Raises
        ------
        InputError
            It is among the exports, or another file is there.
        """
        if self.place is not None and self.place in (path.resolve(), path.resolve().parent):
            raise InputError(Message("intake.dropped.among_exports", file=path.name))
        if path.exists() and not _is_list_of_dropped(path):
            raise InputError(Message("intake.dropped.other_file", file=path.name))

    def __repr__(self) -> str:
        return f"Extract(as of {self.as_of}, {len(self.sources)} sources, {self.ledger!r})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("as of", self.as_of),
            ("sources", len(self.sources)),
            ("drawn on", self.selection),
        ]
        facts += [(field, heading) for field, heading in self.headings.items()]
        return card("Extract", [*facts, *noted(self)], table=self.ledger.table())


def _is_list_of_dropped(path: Path) -> bool:
    """Return whether a file begins with the headings of the list of dropped rows, in any language."""
    if not path.is_file():
        return False
    with path.open("rb") as handle:
        line = handle.readline(4096).decode("utf-8-sig", errors="replace").strip()
    places = ("file", "sheet", "row", "reason")
    known = [";".join(Message(f"intake.dropped.{place}").text(code).text for place in places) for code in languages()]
    return any(line.startswith(start) for start in (";".join(places), *known))


def write_rows(rows: pd.DataFrame, path: Path) -> Path:
    """Write a frame of texts and whole numbers as `Extract.write_dropped` does, and return the path."""
    cells = rows.astype(object).where(rows.notna(), "")
    memory = io.StringIO()
    writer = csv.writer(memory, delimiter=";", lineterminator="\r\n")
    writer.writerow(str(c) for c in cells.columns)
    writer.writerows([shielded(str(c)) for c in row] for row in cells.itertuples(index=False))
    text = memory.getvalue()
    if any(identifiers_in(str(c)) for row in cells.itertuples(index=False) for c in row):
        raise PrivacyError(Message("intake.dropped.persons", file=path.name))
    write_beside(path, text.encode("utf-8-sig"), mode=0o600)
    return path
