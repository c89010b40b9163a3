"""An office said once: above its records, in the first row of its block, or as the name of its sheet or file."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

import numpy as np
import pyarrow as pa

from asn_impact.arguments import did_you_mean
from asn_impact.arrays import Int
from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import CASE_FIELDS, DATE_FIELDS
from asn_impact.intake.fields.columns import Headings, listed_headings, match_columns, normalised, recognised
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label
from asn_impact.intake.fields.office_names import meanings, written_out
from asn_impact.intake.fields.periods import OF_HEADING, in_rows, period_named
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import from_arrow, quote
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message, paragraph

OFFICE: Final = "office"  # heading of the column that is made
OF_SHEET, OF_FILE = "[sheet]", "[file]"  # headings that stand for the name of a sheet, of a file
_NUMBERING: Final = re.compile(r"^(?:[ivxlc]+|[a-z]|\d+(?:[.\-]\d+)*)[.)]*\s+(?=\S)", re.IGNORECASE)
_ENUMERATES: Final = re.compile(r"(?:[ivxlc]+|[a-z]|\d{1,3})[.)]*", re.IGNORECASE)
_COUNTED: Final = re.compile(r"\s*[(\[:-]+\s*(?:jumlah|jml|total)?\s*\d+\s*[a-z]*[)\]]?$", re.IGNORECASE)
_SUM: Final = re.compile(r"(?:rp\.?\s*)?(?:\d{1,3}(?:[.,]\d{3})+|\d{5,})(?:[.,]\d+)?", re.IGNORECASE)
#: First words of the names of offices of a regency (PP 18/2016) and of their units.
_FIRST: Final = frozenset(
    [
        "dinas",
        "badan",
        "kantor",
        "kecamatan",
        "kelurahan",
        "bagian",
        "sekretariat",
        "inspektorat",
        "satuan",
        "rsud",
        "puskesmas",
        "uptd",
        "upt",
        "desa",
        "balai",
        "distrik",
        "nagari",
        "asisten",
        "unit",
        "office",
        "department",
        "agency",
        "bureau",
        "biro",
    ]
)
#: First words of what stands between an office and its packages.
_BETWEEN: Final = frozenset(
    ["program", "kegiatan", "sub", "subkegiatan", "belanja", "paket", "pekerjaan", "urusan", "bidang"]
)


def under_groups(table: RawTable, heading: str, date: str, offices: Sequence[str] = ()) -> RawTable:
    """Return a table with the column ``office``: of each record the last office that stands in a row of its own above.

    Such a row has the name of an office under the heading, or one of `offices`, and no date.

    Raises
    ------
    InputError
        A heading is absent, no row names an office, or a label stands alone that may be one.
    """
    columns, at = _texts(table), _place(table, heading)
    days = columns[_place(table, date)]
    known = {label_key(name) for name in offices}
    names = [_undated(label, day) for label, day in zip(columns[at], days, strict=True)]
    office = [name if name is not None and _is_office(name, known) else None for name in names]
    if not any(office):
        raise InputError(Message("observations.groups.none", file=table.name, heading=heading))
    others = [i for i, name in enumerate(names) if name is not None and office[i] is None and _may_be_office(name)]
    summed = [i for i in others if any(_SUM.fullmatch(column[i] or "") for column in columns)]
    if alone := [i for i in others if i not in summed]:
        first = _first(names, alone)
        raise InputError(Message("observations.groups.unknown", file=table.name, heading=heading, names=first))
    first = _first(names, summed)
    notes = [Alert("observations.groups.summed", file=table.name, n=len(summed), names=first)] if summed else []
    return _with_owners(table, office, notes)


def with_offices(table: RawTable, names: Sequence[str], columns: Headings, offices: Sequence[str]) -> RawTable:
    """Return an export with an office in each row, where it stands once above them.

    Without a column of offices it is the last one that stands in a row of its own, with no date beside it; with one,
    that which `names` say is filled down.

    Raises
    ------
    InputError
        Some rows that stand alone are offices, and others may be.
    """
    own = {field: columns[field] for field in CASE_FIELDS if field in columns}
    try:
        found = match_columns(table.headings, CASE_FIELDS, columns=own, source=table.name)
    except InputError:  # said where the table is read, if it is
        return table
    if "office" in found or "received" not in found or table.long:
        return filled_down(table, names, columns) if names else table
    cells = _texts(table)
    dates = [cells[_place(table, found[field])] for field in ("received", "decided") if field in found]
    known = {label_key(name) for name in offices}
    labels = [_alone(row, day) for row, day in zip(zip(*cells, strict=True), zip(*dates, strict=True), strict=True)]
    office = [label if label is not None and _is_office(label, known) else None for label in labels]
    if not any(office):
        return table
    last = max((i for i, row in enumerate(zip(*dates, strict=True)) if any(row)), default=0)
    others = [i for i, label in enumerate(labels[:last]) if label and office[i] is None and _may_be_office(label)]
    if others:
        shown = _first(labels, others)
        raise InputError(Message("intake.groups.unknown", file=table.name, names=shown, first=shown[0]))
    return _with_owners(table, office, [])


def with_names(
    tables: Sequence[RawTable], wanted: Sequence[str], columns: Headings, keep: Sequence[str] = ()
) -> list[RawTable]:
    """Return tables with the name of their sheet or file for an office, where nothing in them says it.

    Asked for (``columns={"office": "[sheet]"}``, ``"[file]"``), or where all such sheets of a file, several, are called
    after offices. So can any other column be named; ``"[heading]"`` are the periods that stand in the headings.
    """
    asked = [*listed_headings(columns), *(name for name in keep if name not in columns)]
    if OF_HEADING in asked:
        tables = [in_rows(one, asked) for one in tables]
    if OFFICE not in wanted:
        for mark in (OF_SHEET, OF_FILE):
            tables = [_named(one, mark) for one in tables] if mark in asked else tables
        return list(tables)
    if OFFICE in columns:
        given = listed_headings({OFFICE: columns[OFFICE]})
        place, own = next((h for h in given if h in (OF_SHEET, OF_FILE)), None), {*map(normalised, given)}
        lacking = [t for t in tables if place is not None and not own & {*map(normalised, t.headings)}]
        return [_named(t, place or "") if t in lacking else t for t in tables]
    dates = [field for field in wanted if field in DATE_FIELDS]
    bare = [t for t in tables if t.sheet and not recognised(t.headings, [OFFICE]) and recognised(t.headings, dates)]
    sheets: dict[str, dict[str, None]] = {}
    for table in bare:
        sheets.setdefault(table.sha256, {})[table.sheet or ""] = None
    told = {mark: [*of] for mark, of in sheets.items() if len(of) > 1 and all(_is_office(name, ()) for name in of)}
    return [_said(t, told[t.sha256]) if t in bare and t.sha256 in told else t for t in tables]


def _said(table: RawTable, sheets: Sequence[str]) -> RawTable:
    notes = [Alert("intake.office.sheets", n=len(sheets), names=_shown(sheets))] if table.sheet == sheets[0] else []
    return replace(_named(table, OF_SHEET, OFFICE), notes=(*table.notes, *notes))


def _named(table: RawTable, place: str, heading: str | None = None) -> RawTable:
    name = table.sheet if place == OF_SHEET else re.sub(r"(\.\w{1,8}){1,2}(\[.*\])?$", "", table.name)
    if name is None:
        return table
    return with_column(table, heading or place, period_named(table, plain_label(name.replace("_", " "))))


def with_column(table: RawTable, heading: str, value: str) -> RawTable:
    """Return a table with one more column that holds one text."""
    relation = table.relation.project(f"*, {quote(value)} AS c{len(table.headings)}")
    return replace(table, headings=(*table.headings, heading), relation=relation, parquet=None)


def _alone(row: Sequence[str | None], dates: Sequence[str | None]) -> str | None:
    """Return the one text of a row without dates and numbers, beside what numbers it: A, II, 3."""
    texts = [cell for cell in row if cell and not _ENUMERATES.fullmatch(cell)]
    alone = len(texts) == 1 and not any(dates) and not _SUM.fullmatch(texts[0])
    return _bare(texts[0]) if alone else None


def _with_owners(table: RawTable, office: Sequence[str | None], notes: Sequence[Message]) -> RawTable:
    """Return a table without the rows that name an office, and with the last of them beside each other row."""
    found = tuple(dict.fromkeys(name for name in office if name is not None))
    said = Message("observations.groups.found", file=table.name, n=len(found), names=_shown(found))
    owners = _held_on(office)
    kept = [i for i, name in enumerate(office) if name is None]
    rows = table.relation.to_arrow_table().take(pa.array(kept, pa.int64()))
    rows = rows.append_column(f"c{len(table.headings)}", pa.array([owners[i] for i in kept], pa.string()))
    return _rebuilt(table, rows, kept, (*table.headings, OFFICE), [said, *notes])


def filled_down(table: RawTable, names: Sequence[str], columns: Headings) -> RawTable:
    """Return a table with the empty cells of some columns, fields or headings, holding what stands above them."""
    settled = {name: columns[name] for name in names if name in columns}
    headings = tuple(match_columns(table.headings, (), columns=settled, keep=names, source=table.name).values())
    rows, filled = table.relation.to_arrow_table(), 0
    for heading in headings:
        place = _place(table, heading)
        cells = _texts(table)[place]
        below = _held_on(cells)
        filled += sum(a is None and b is not None for a, b in zip(cells, below, strict=True))
        rows = rows.set_column(place, f"c{place}", pa.array(below, pa.string()))
    notes = [Message("observations.filled_down", file=table.name, n=filled, headings=headings)] if filled else []
    return _rebuilt(table, rows, range(rows.num_rows), table.headings, notes)


def _held_on(cells: Sequence[str | None]) -> list[str | None]:
    """Return cells in which an empty one holds the last that was filled."""

    def here_or_above(above: str | None, here: str | None) -> str | None:
        return here or above

    return list(accumulate(cells, here_or_above))


def _rebuilt(
    table: RawTable, rows: pa.Table, kept: Sequence[int], headings: Sequence[str], notes: Sequence[Message]
) -> RawTable:
    def places() -> Int:
        before = np.arange(1, max(kept, default=0) + 2) if table.places is None else table.places()
        return np.asarray(before[list(kept)], dtype=np.int64)

    return replace(
        table, headings=tuple(headings), relation=from_arrow(rows), notes=(*table.notes, *notes), places=places
    )


def _texts(table: RawTable) -> list[list[str | None]]:
    """Return the columns as texts; empty cells and dashes are None."""
    rows = table.relation.to_arrow_table()
    return [[_text(value) for value in column.to_pylist()] for column in rows.itercolumns()]


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return None if text.casefold() in NULL_WORDS else text


def _place(table: RawTable, heading: str) -> int:
    wanted = [i for i, own in enumerate(table.headings) if normalised(own) == normalised(heading)]
    if not wanted:
        absent = Message("intake.columns.absent", file=table.name, heading=heading)
        raise InputError(paragraph(absent, did_you_mean(heading, table.headings)))
    return wanted[0]


def _undated(label: str | None, day: str | None) -> str | None:
    """Return the label of a row without a date, its numbering gone."""
    return None if label is None or day is not None else _bare(label)


def _bare(label: str) -> str:
    """Return a label without its numbering and the number of records behind it: "A. Dinas Sosial (12 berkas)"."""
    return _COUNTED.sub("", _NUMBERING.sub("", plain_label(label)))


def _is_office(name: str, known: Collection[str]) -> bool:
    key = label_key(name)
    firsts = {words.split(" ")[0] for words in (key, written_out(key))}
    return key in known or key in meanings() or bool(firsts & _FIRST)


def _may_be_office(name: str) -> bool:
    return not TOTAL_LABEL.match(name) and label_key(name).split(" ")[0] not in _BETWEEN


def _first(names: Sequence[str | None], places: Sequence[int]) -> tuple[str, ...]:
    return _shown(tuple(dict.fromkeys(str(names[i]) for i in places))[:3])


def _shown(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(masked(name) for name in names)
