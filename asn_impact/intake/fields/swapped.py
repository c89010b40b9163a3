"""Dates whose day and month a spreadsheet has swapped: told by the pattern, undone file by file, and said.

A spreadsheet that expects month/day turns ``03/04/2024`` into a date (of the wrong month) and leaves ``25/04/2024`` a
text. Then every date it made has a day of 12 or less, and every text that is left has a number above 12. That this
comes about by chance is soon impossible: a day is 12 or less in four of ten dates. One computer writes one file, so a
file is judged by its own dates; where some dates it made have a day above 12, two computers wrote it, and only its
owner can tell whose dates are swapped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, log
from typing import Any, Final, Literal, TypeAlias

import duckdb
import narwhals as nw

from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.date_shapes import (
    EMPTY,
    ISO,
    PLACEHOLDERS,
    TRIPLE,
    ZEROS,
    listed_texts,
    split_parts,
)
from asn_impact.intake.fields.dates import DateReading
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import identifier
from asn_impact.words import Alert, Message, paragraph

_CHANCE = 1e-4  # chance of the pattern without a swap, below which it is proof
_RARE = 1e-3  # chance of so few texts of low days, below which a file of two computers is asked about
_SUSPECT = 0.05  # below which it is no accident that can be passed over
_LOW_DAYS, _HIGH_DAYS = 0.4, 0.6  # share of dates with a day up to 12, and above
_MANY_MONTHS = 6  # months among the made dates that no short time explains

Numbers: TypeAlias = tuple[int, int, int]
Verdict: TypeAlias = Literal["swapped", "suspect", "thin", "partly", "partly_thin", "sound"]


@dataclass(frozen=True)
class Mixture:
    """What a column of dates made by a spreadsheet and of texts looks like.

    ``made`` are the different dates made, as year, month and day; ``texts`` the three numbers of the different texts.
    """

    made: frozenset[Numbers] = frozenset()
    texts: frozenset[Numbers] = frozenset()

    def __or__(self, other: Mixture) -> Mixture:
        return Mixture(self.made | other.made, self.texts | other.texts)

    @property
    def made_over_12(self) -> int:
        """Number of made dates with a day above 12: no spreadsheet has swapped those."""
        return sum(day > 12 for _, _, day in self.made)

    @property
    def low(self) -> int:
        """Number of texts that a spreadsheet would have made dates of, in either order."""
        return sum(max(first, second) <= 12 for first, second, _ in self.texts)

    @property
    def is_clean(self) -> bool:
        """Whether every date made could be swapped, and no text could have been made a date."""
        return not self.made_over_12 and not self.low

    def verdict(self, tries: int = 1) -> Verdict:
        """Return what the pattern says, where it was looked for in so many tables.

        Examples
        --------
        >>> made = frozenset((2024, month, day) for month in range(1, 13) for day in (2, 3))
        >>> texts = frozenset((day, month, 2024) for month in (2, 3) for day in range(13, 29))
        >>> Mixture(made, texts).verdict(), Mixture(made | {(2024, 5, 20)}, texts).verdict()
        ('swapped', 'partly')
        >>> Mixture(made, texts | {(day, 3, 2024) for day in range(1, 13)}).verdict()
        'sound'
        """
        if len(self.made) == self.made_over_12 or not self.texts:
            return "sound"
        n, low = len(self.texts), self.low
        of_texts = sum(comb(n, k) * _LOW_DAYS**k * _HIGH_DAYS ** (n - k) for k in range(low + 1))
        of_texts = min(1.0, tries * of_texts)
        if self.made_over_12:
            return "partly" if of_texts < _RARE else "partly_thin" if of_texts < _SUSPECT and not low else "sound"
        if low:
            return "suspect" if of_texts < _RARE else "sound"
        chance = _LOW_DAYS ** len(self.made) * of_texts
        if chance < _CHANCE and self._spreads():
            return "swapped"
        return "suspect" if chance < _SUSPECT else "thin"

    def _spreads(self) -> bool:
        """Return whether the months of the made dates are days of a month, and not the months of a change of form."""
        months, days = ({one[i] for one in self.made} for i in (1, 2))
        near = {min(first, second) + k for first, second, _ in self.texts for k in (-1, 0, 1)}
        return len(months) >= _MANY_MONTHS or (_inside(days, near) and not _inside(months, near))


def _inside(some: Collection[int], those: Collection[int]) -> bool:
    return all(value in those for value in some)


def without_swap(
    rows: duckdb.DuckDBPyRelation,
    reading: DateReading,
    setting: str | None,
    tables: Sequence[RawTable] = (),
    name: str | None = None,
) -> DateReading:
    """Return the reading that undoes what a spreadsheet has swapped, in the files that show it, and says so.

    An order of day and month, as a setting, is that of texts: dates that a spreadsheet swapped beyond doubt are undone.

    Raises
    ------
    InputError
        Dates of a file may be swapped, and the setting does not say; or some are and others are not.
    """
    judged = _judged(_mixtures(rows, reading.column), tables)
    found: dict[str, list[_Group]] = {}
    for verdict, group in judged:
        found.setdefault(verdict, []).append(group)
    signed = [g for verdict in ("swapped", "suspect", "thin") for g in found.get(verdict, [])]
    partly, turned = found.get("partly", []), found.get("swapped", [])

    def said(key: str, groups: Iterable[_Group]) -> Message:
        return _said(f"intake.dates.{key}", name or reading.column, groups, tables)

    kept: list[Message] = []
    if setting not in (None, "swapped"):  # an order says how texts are written; "kept" that no date made is swapped
        doubtful = [*(turned if setting == "kept" else ()), *found.get("suspect", []), *partly]
        kept = [_aloud(said("kept_swap", doubtful))] if doubtful else []
        turned, partly = [] if setting == "kept" else turned, []
    if setting == "swapped":
        turned = signed or [g for _, g in judged if g.mixture.made and not g.mixture.made_over_12]
        partly = partly if turned else [g for _, g in judged if g.mixture.made]
    if partly:
        raise InputError(said("partly_swapped", partly))
    if setting is None and "suspect" in found:
        raise InputError(said("maybe_swapped", found["suspect"]))
    notes = [_aloud(said("swapped", turned))] if turned else []
    if setting is None and "thin" in found:
        notes.append(_aloud(said("thin_swap", found["thin"])))
    if "partly_thin" in found and setting != "kept":
        notes.append(_aloud(said("partly_swapped", found["partly_thin"])))
    form = None if turned else reading.form
    swapped = frozenset(i for g in turned for i in g.tables)
    return replace(reading, form=form, swapped=swapped, notes=(*reading.notes, *kept, *notes))


@dataclass(frozen=True)
class _Group:
    """Tables that one computer may have written, and what their dates look like together."""

    tables: tuple[int, ...]
    mixture: Mixture

    def __add__(self, other: _Group) -> _Group:
        return _Group((*self.tables, *other.tables), self.mixture | other.mixture)


def _mixtures(rows: duckdb.DuckDBPyRelation, column: str) -> dict[int, Mixture]:
    """Return what the column looks like in each table."""
    table = FILE if FILE in rows.columns else f"0 AS {FILE}"
    texts = rows.project(f"{table}, {identifier(column)} AS v").distinct()
    none = listed_texts([day.isoformat() for day in PLACEHOLDERS])
    parts = split_parts(texts, "v").filter(f"NOT {EMPTY} AND NOT {ZEROS} AND asn_part NOT IN ({none})")
    shapes = [f"regexp_matches(asn_part, '{shape}')" for shape in (ISO, TRIPLE)]
    numbers = ", ".join(f"CAST(asn_numbers[{i}] AS INTEGER)" for i in (1, 2, 3))
    found = parts.filter(" OR ".join(shapes)).project(f"{FILE}, {shapes[0]}, {numbers}").distinct().fetchall()
    each: dict[int, tuple[set[Numbers], set[Numbers]]] = {}
    for table, made, *three in found:
        each.setdefault(int(table), (set(), set()))[0 if made else 1].add((three[0], three[1], three[2]))
    return {table: Mixture(frozenset(made), frozenset(texts)) for table, (made, texts) in sorted(each.items())}


def _judged(mixtures: Mapping[int, Mixture], tables: Sequence[RawTable]) -> list[tuple[Verdict, _Group]]:
    """Return the verdict on each file, on each sheet of one that several computers wrote, or on all files together.

    Only whole files are put together: those picked because they look swapped would look so by the choice alone.
    """
    tries = max(1, sum(bool(m.made and m.texts) for m in mixtures.values()))
    files: dict[str | int, list[_Group]] = {}
    for i, mixture in mixtures.items():
        files.setdefault((tables[i].sha256 or i) if tables else i, []).append(_Group((i,), mixture))
    groups = [group for sheets in files.values() for group in _of_one_hand(sheets, tries)]
    judged = [(group.mixture.verdict(tries), group) for group in groups]
    if not _TELLING & {verdict for verdict, _ in judged}:
        every = _together(groups)
        return [(every.mixture.verdict(), every)] if every is not None and every.mixture.is_clean else judged
    if all(verdict != "swapped" for verdict, _ in judged):
        return judged
    beside: dict[Verdict, Verdict] = {"thin": "suspect"}  # a few dates beside files that are swapped
    return [
        (beside.get(v, "thin" if g.mixture.made and v == "sound" and g.mixture.is_clean else v), g) for v, g in judged
    ]


_TELLING: Final = {"swapped", "suspect", "partly"}


def _of_one_hand(sheets: Sequence[_Group], tries: int) -> list[_Group]:
    """Return the sheets of a file as one, unless one of them tells by itself and they differ."""
    whole = _together(sheets)
    if whole is None or whole.mixture.is_clean:
        return [] if whole is None else [whole]
    alone = {group.mixture.verdict(tries) for group in sheets}
    return [*sheets] if alone & _TELLING or whole.mixture.verdict() == "sound" else [whole]


def _together(groups: Sequence[_Group]) -> _Group | None:
    return sum(groups[1:], start=groups[0]) if groups else None


def _said(key: str, name: str, groups: Iterable[_Group], tables: Sequence[RawTable]) -> Message:
    """Say how many dates look swapped, and in which files where there are several."""
    every = [*groups]
    made = sum(sum(day <= 12 for _, _, day in g.mixture.made) for g in every)
    texts = sum(len(g.mixture.texts) - g.mixture.low for g in every)
    what = Message(key, field=name, n=made, texts=texts)
    names = [hidden(tables[i].name, names=True) for i in sorted(i for g in every for i in g.tables)] if tables else []
    return paragraph(what, Message("intake.dates.files.swapped", files=names)) if len(tables) > 1 else what


def _aloud(what: Message) -> Alert:
    return Alert(what.key, **dict(what.values))


_FEW_BACKWARDS: Final = 8  # cases decided before they were received, below which no pattern is looked for
_MOST_SURE: Final = 0.99  # share of dates with a day up to 12, above which it says nothing that others have one


def low_and_backwards(frame: nw.LazyFrame[Any], backwards: int) -> list[Message]:
    """Say in which column the cases that were decided before they were received have days up to 12 as no others have.

    Such a date can be read the other way round: a block may come from a computer with the other order. Where many are
    decided too early by a slip of the pen their days are as those of all cases.
    """
    if backwards < _FEW_BACKWARDS:
        return []
    low = {
        c: (nw.col(c).dt.day() <= 12) & (nw.col(c).dt.day() != nw.col(c).dt.month()) for c in ("received", "decided")
    }
    early = nw.col("decided") < nw.col("received")
    both = frame.filter(~nw.col("received").is_null() & ~nw.col("decided").is_null())
    ones = {c: nw.when(is_low).then(1).otherwise(0) for c, is_low in low.items()}
    counts = both.with_columns(
        asn_early=nw.when(early).then(1).otherwise(0),
        **{f"asn_{c}": one for c, one in ones.items()},
        **{f"asn_{c}_early": nw.when(early).then(one).otherwise(0) for c, one in ones.items()},
    )
    names = ["asn_early", *(f"asn_{c}{end}" for c in low for end in ("", "_early"))]
    found = counts.select(*(nw.col(name).sum() for name in names), nw.len().alias("n")).collect().rows(named=True)[0]
    n, rest = int(found["asn_early"] or 0), int(found["n"]) - int(found["asn_early"] or 0)
    counted = {c: (int(found[f"asn_{c}_early"] or 0), int(found[f"asn_{c}"] or 0)) for c in low}
    usual = max((every - k + 1) / (rest + 1) for k, every in counted.values())  # two cells exchanged are no swap
    told = [c for c, (k, _) in counted.items() if n and 0 < usual < min(k / n, _MOST_SURE)]
    return [
        Alert("intake.dates.low_and_backwards", field=c, n=n, k=counted[c][0], low=counted[c][1])
        for c in told
        if n * _away(counted[c][0] / n, usual) > -log(_CHANCE)
    ]


def _away(share: float, usual: float) -> float:
    """Return how far a share is from the usual one, so that exp(-n times it) bounds its chance (Hoeffding 1963)."""
    rest = (1 - share) * log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return share * log(share / usual) + rest
