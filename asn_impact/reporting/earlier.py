"""Two releases of the same thing: whoever has both sees what a few persons more or less have changed.

Next month's export changes every total by many and the line of a small office by few. Such a line is withheld, with
others until what is hidden changed by nobody or by ten, and named in the record: a report that is made again every
month goes on being made. The whole that differs by few, the same data with a person more or less, is an error. The
count of a month over all offices is named and shown: cases are decided and typed in late every month.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool
from asn_impact.errors import PrivacyError
from asn_impact.reporting.gate import MINIMUM, differing
from asn_impact.reporting.tables import Table
from asn_impact.reporting.tables.cells import plain_cell
from asn_impact.reporting.tables.small import SECONDARY
from asn_impact.words import Language, Message, Quoted, Sentence

if TYPE_CHECKING:
    from asn_impact.reporting.chart import Chart

MANIFEST: Final = "manifest.json"
SAME: Final = 0.05  # columns of counts within so much of each other, in every line, are of the same cases
_ANALYSED: Final = "panel.n.sum()"
_KEPT: Final = "ledger.kept"
_TOTALS: Final = {_KEPT: "kept", _ANALYSED: "analysed"}  # of sentences
Line: TypeAlias = tuple[str, str, str]  # heading of the first column, of the column of counts, and which line
Shown: TypeAlias = tuple[Mapping[Line, int], Mapping[str, int]]  # lines of tables and figures; totals of sentences


@dataclass(frozen=True, eq=False)
class Earlier:
    """What a page of an earlier release shows, and what of a new one is withheld for its sake."""

    #: What each line of a table or figure showed when it was last shown.
    counts: Mapping[Line, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)  #: of its sentences
    #: Both for every page, by the id of its claim; what is on none of these pages under "".
    pages: Mapping[str, Shown] = field(default_factory=dict)
    name: str = ""  #: the id of the claim whose page this is
    allowed: bool = False  #: whether lines that differ by few are shown all the same
    #: Names of counts that differ by fewer than ten, filled while a report is put together.
    few: dict[str, None] = field(default_factory=dict)
    #: Of totals that do, with their page and what they count.
    close: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Page and source of each total of the new sentences.
    said: dict[tuple[str, str], int] = field(default_factory=dict)
    #: Of lines that are withheld now, behind the name of their page: what they showed last.
    last_shown: dict[tuple[str, ...], int] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)  #: the manifest

    @classmethod
    def of(cls, folder: Path, *, allowed: bool) -> Earlier:
        """Return what the report in a folder shows; nothing where there is none."""
        record = _record(folder)
        pages: dict[str, tuple[dict[Line, int], dict[str, int]]] = {"": ({}, {})}
        for *page, a, b, c, n in record.get("last_shown", ()):
            pages.setdefault("".join(page), ({}, {}))[0][a, b, c] = int(n)
        for entry in record.get("exhibits", ()):
            lines = _lines(_text(folder / str(entry["data"])), entry.get("counts", ()))
            pages.setdefault(entry.get("of", ""), ({}, {}))[0].update(lines)
        for page, source, n in _totals(record):
            pages.setdefault(page, ({}, {}))[1][source] = n
        counts, totals = pages[""]
        return cls(counts, totals, pages, allowed=allowed, record=record)

    def page(self, name: str, analysed: int) -> Earlier:
        """Return what the page of a claim showed; of a claim with another id, the page that counted as many.

        Parameters
        ----------
        name
            Id of the claim.
        analysed
            How many cases it analyses now.
        """
        known = self.pages.get(name)
        if known is None:
            near = {page: abs(shown[1].get(_ANALYSED, 0) - analysed) for page, shown in self.pages.items()}
            nearest = min(near, key=near.__getitem__, default="")
            known = self.pages[nearest] if near and near[nearest] <= SAME * analysed else ({}, {})
        return replace(self, counts=known[0], totals=known[1], name=name)

    def withheld(self, table: Table) -> Table:
        """Return a table without the counts that differ from those shown before by fewer than ten."""
        frame = table.frame
        for column in (c for c in table.counts if c in frame.columns):
            before = self._before(frame, column)
            hidden = self._hidden(frame[column].tolist(), before)
            everyone = any(cells is not None and cells.units is None for cells in table.cells.get(column, ()))
            if everyone or not hidden.any():
                continue
            self.last_shown.update(
                {(self.name, *key): n for (key, n), gone in zip(before, hidden, strict=True) if gone and n is not None}
            )
            cells = [SECONDARY if gone else cell for cell, gone in zip(frame[column], hidden, strict=True)]
            few = [gone and self._name(key) in self.few for (key, _), gone in zip(before, hidden, strict=True)]
            values = [value for value, behind in table.rests_on.items() if behind == column]
            values += ["change"] if values and "change" in frame.columns else []
            frame = frame.assign(
                **{column: pd.Series(cells, dtype=object)},
                **{value: frame[value].astype(float).mask(pd.Series(few)) for value in values},
            )
        if frame is table.frame:
            return table
        table = copy.copy(table)
        object.__setattr__(table, "frame", frame)
        return table

    def hear(self, sentence: Sentence) -> None:
        """Take down the totals in a sentence, and those that differ by few."""
        new = {n.source: int(n.value) for n in sentence.numbers if n.source in _TOTALS}
        self.said.update({(self.name, source): n for source, n in new.items()})
        page = f"{self.name}: " if self.name else ""
        self.close.update({self._named(s): (page, _TOTALS[s]) for s in differing(self.totals, new)})

    def hear_all(self, said: Iterable[Message], language: Language) -> None:
        """Take down the totals that will be said."""
        for message in said:
            self.hear(message.text(language))

    def note(self, exhibit: Chart) -> None:
        """Take down the counts of a figure that differ by few: those of months, which say nothing of an office."""
        for column in exhibit.cells:
            self._hidden([_whole(n) for n in exhibit.data[column]], self._before(exhibit.data, column))

    def _before(self, frame: pd.DataFrame, column: str) -> list[tuple[Line, int | None]]:
        """Return the key of each line, and what it showed."""
        first = str(frame.columns[0])
        keys = [(first, column, str(plain_cell(cell))) for cell in frame.iloc[:, 0]]
        return [(key, self.counts.get(key)) for key in keys]

    def _hidden(self, cells: Sequence[object], before: Sequence[tuple[Line, int | None]]) -> Bool:
        """Say which counts are withheld: those that changed by few, and others until together it is enough."""
        changed = np.array(
            [
                float(cell) - n if isinstance(cell, int | np.integer) and n is not None else np.nan
                for cell, (_, n) in zip(cells, before, strict=True)
            ]
        )
        hidden: Bool = np.asarray((np.abs(changed) > 0) & (np.abs(changed) < MINIMUM))
        named = [self._name(key) for (key, _), few in zip(before, hidden, strict=True) if few]
        self.few.update(dict.fromkeys(named))
        if self.allowed or not hidden.any():
            return np.zeros(len(cells), dtype=bool)
        others = [i for i in np.argsort(np.abs(changed)) if not hidden[i] and isinstance(cells[i], int | np.integer)]
        while others and (hidden.sum() < 2 or 0 < abs(np.nansum(changed[hidden])) < MINIMUM):
            hidden[others.pop(0)] = True
        return np.asarray(hidden)

    def _name(self, line: Line) -> str:
        """Return what a count is called: its column and its line."""
        return self._named(f"{line[1]} of {line[2]}")

    def _named(self, what: str) -> str:
        return f"{self.name}: {what}" if self.name else what


def refuse_close(earlier: Earlier, folder: Path) -> tuple[str, ...]:
    """Return the names of all counts that differ from the earlier release by fewer than ten.

    Raises
    ------
    PrivacyError
        The whole does, and it is not allowed: it names them, and the line that allows it.
    """
    names = (*earlier.close, *earlier.few)
    if earlier.close and not earlier.allowed:
        totals = (Message(f"release.total.{what}", page=page) for page, what in earlier.close.values())
        said = (*totals, *earlier.few)
        raise PrivacyError(Message("release.close", n=len(said), names=said, folder=folder.name, least=MINIMUM))
    return names


def refuse_rows_close(folder: Path, kept: Mapping[str, int | None]) -> None:
    """Refuse a report whose rows kept differ by few from those of the one in a folder: known once files are read.

    Parameters
    ----------
    kept
        Rows by the id of the claim; "" for a report of one.

    Raises
    ------
    PrivacyError
        As `refuse_close`.
    """
    before = Earlier.of(folder, allowed=False)
    for name, n in kept.items():
        page = replace(before, totals=before.pages.get(name, ({}, {}))[1], name=name)
        page.hear(Sentence("", () if n is None else [Quoted(str(n), n, _KEPT)]))
    refuse_close(before, folder)


def apart(table: Table, others: Sequence[Table], *, allowed: bool = False) -> Table:
    """Return a table without the counts that differ by few from those of another table on the same cases.

    Two claims on one file differ by the cases that lack a date or an answer: one table less the other counts these.

    Parameters
    ----------
    table, others
        Whose counts say what they add up (`Table.cells`); others that count other cases change nothing.
    allowed
        Whether they are shown all the same.
    """
    for other in others:
        beside = {column: _beside(table, other, column) for column in table.cells if column in other.cells}
        if any(_same_cases(table.frame[column].tolist(), shown) for column, shown in beside.items()):
            first = str(table.frame.columns[0])
            labels = [str(plain_cell(cell)) for cell in table.frame.iloc[:, 0]]
            lines = {
                (first, column, label): n
                for column, shown in beside.items()
                for label, n in zip(labels, shown, strict=True)
                if n is not None
            }
            table = Earlier(lines, allowed=allowed).withheld(table)
    return table


def _beside(table: Table, other: Table, column: str) -> list[int | None]:
    """Return for each line what the lines of the other table on the same units add up to; None where none do."""
    lines = [
        (cells.units, int(n))
        for cells, n in zip(other.cells[column], other.frame[column], strict=True)
        if cells is not None and cells.units and isinstance(n, int | np.integer)
    ]
    sums: list[int | None] = []
    for cells in table.cells[column]:
        units = frozenset() if cells is None or cells.units is None else cells.units
        parts = [(own, n) for own, n in lines if own is not None and own <= units]
        whole = units and frozenset().union(*(own for own, _ in parts)) == units
        sums.append(sum(n for _, n in parts) if whole else None)
    return sums


def _same_cases(counts: Sequence[object], others: Sequence[int | None]) -> bool:
    """Say whether two columns count nearly the same, line by line: no two files do that by chance."""
    both = [(int(n), o) for n, o in zip(counts, others, strict=True) if isinstance(n, int | np.integer) and o]
    return bool(both) and all(abs(n - o) <= SAME * o for n, o in both)


def _whole(value: float) -> int | None:
    return None if np.isnan(float(value)) else int(value)


def _totals(record: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return page, source and value of what the sentences of a record add up; older records do not know the page."""
    if "totals" in record:
        return [(str(page), str(source), int(n)) for page, source, n in record["totals"]]
    numbers = record.get("numbers", ())
    return [("", n["source"], int(n["value"])) for n in numbers if n["source"] in _TOTALS]


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _lines(text: str, columns: Sequence[str]) -> dict[Line, int]:
    """Return the counts of a CSV that are shown."""
    reader = csv.DictReader(io.StringIO(text))
    first = (reader.fieldnames or [""])[0]
    shown = ((row[first], column, row.get(column) or "") for row in reader for column in columns)
    cells = ((label, column, cell.removesuffix(".0")) for label, column, cell in shown)
    return {(first, column, label): int(cell) for label, column, cell in cells if cell.isdecimal()}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig").replace("\r\n", "\n") if file.is_file() else ""
