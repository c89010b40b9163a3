"""Exports of an office, as received -> one `Extract`: clean records, and a ledger of every row.

Files are read by DuckDB where they lie. A frame that is typed already stays in its engine. Texts that must
become dates go through DuckDB whatever they came in.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names, Share
from asn_impact.identifiers import hidden
from asn_impact.intake.blocks import with_offices
from asn_impact.intake.checks import (
    MOST_LOST,
)
from asn_impact.intake.cleaning import (
    NATURE,
    PLACE,
    REASON,
    clean,
    left_out,
)
from asn_impact.intake.copies import held, shared_numbers
from asn_impact.intake.extract import Extract
from asn_impact.intake.fields.canonical import CASE_FIELDS, FILE
from asn_impact.intake.fields.columns import Headings
from asn_impact.intake.fields.date_columns import Order
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.fields.sketched import sketched
from asn_impact.intake.fields.swapped import low_and_backwards
from asn_impact.intake.finishing import days_of, finish, read_day, settle_keys
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import reading
from asn_impact.intake.formats.server import named_source, on_server
from asn_impact.intake.formats.snapshots import refuse_changed
from asn_impact.intake.frames import looked_at, object_text
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.gathering import explaining, gather, headings_of
from asn_impact.intake.ledger import reason
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.given import office_given
from asn_impact.intake.readers.unnumbered import repeated_numbers, repeated_rows
from asn_impact.verbs import public_verb


@public_verb
def read_exports(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    as_of: dt.date | str,
    exported: Mapping[str, dt.date | str] | None = None,
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    keep: Names = (),
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    status_words: Mapping[str, str] | None = None,
    selection: Literal["received", "completed"] | None = None,
    most_lost: Share = MOST_LOST,
    table: str | None = None,
    zone: str | None = None,
    sheets: Names = (),
    fill_down: Names = (),
) -> Extract:
    """Return the cases of an export, one row a case, with every row of the export accounted for.

    Parameters
    ----------
    source : path or frame
        A CSV, XLSX, XLS, Parquet or JSON file (a list of records, also inside ``{"data": ...}``), a folder of them
        (all are read, sorted by name), a list of files and folders, or a frame: pandas, polars, pyarrow, a DuckDB
        relation, or another that narwhals knows. Headings may stand below titles and in up to three rows, with a row of
        column numbers under them. Also a DuckDB file or the address of a server, ``postgresql://...`` or
        ``mysql://...``, with ``table``.
    as_of : datetime.date or ISO text
        The day the export was made. Open cases have been followed until then.
    exported : mapping, optional
        File -> the day it was exported, where that is earlier: ``{"2024.xlsx": "2025-01-06"}``; or a regency, where all
        are read. An open case that no later file holds is followed until then only. Without it a file, or a regency,
        that others leave behind is followed until its last date, where its last cases would have been decided since.
    columns : mapping, optional
        Field -> heading where the synonyms do not settle it; None for a field that is not to be used. As the heading of
        ``office``, ``"[sheet]"`` is the name of each sheet and ``"[file]"`` that of each file.
    dates : mapping, optional
        Field -> ``"day-first"`` or ``"month-first"`` where the column does not tell how texts are written;
        ``"swapped"`` or ``"kept"`` where a spreadsheet may have swapped day and month of the dates it made.
    keep : sequence of str
        Extra columns for the records: fields (``"district"``) or headings. Columns of persons are refused.
        In a file without one that others have it is empty, and a note says so.
    office : str, optional
        The office of all rows, for an export without an office column.
    offices : mapping, optional
        Label of an office as found -> the label to use, for offices that are one under several names. A label that
        stands for itself is settled: it is another office, however alike it looks.
    regency : str, optional
        Where rows are of several regencies (a column, or folders ``Kab. Tebo`` and ``Kab. Bungo``): the one to read, so
        that `compare` sets them side by side; or ``"all"``, and an office is ``"Tebo / Dinas A"``. Without it such rows
        are refused: offices of one name in two regencies are two.
    status_words : mapping, optional
        Status words of this office -> ``open``, ``granted``, ``rejected`` or ``withdrawn``.
    selection : {"received", "completed"}, optional
        How the export was drawn, when known. Without it the dates are asked: an export without open cases up to its
        last day holds finished cases only, and nothing is measured of it.
    most_lost : float
        Share of the cases that may be lost (no date, no office, contradictions) before the export is refused, of the
        whole and of each file. If the lost fifth waited longest, a share within a time is wrong by 20 points.
    table : str, optional
        Table of a database (``"permohonan"``, ``"schema.permohonan"``), or the one sheet of a workbook to be read.
        Of a server only the wanted columns are fetched, once; a password in the address is in no message or record.
    zone : str, optional
        Zone of Indonesia in which a moment has its day, where times carry a zone: ``"Asia/Makassar"``, ``"WITA"``.
        Without it ``Asia/Jakarta``, never the zone of the machine.
    sheets : sequence of str, optional
        The sheets that count: ``("Jan", "Feb")``. Without it all that have the required headings do; a sheet without
        any of the dates, or one that repeats the others, is passed over, and a note says which.
    fill_down : sequence of str, optional
        Columns, fields or headings, of which an empty cell holds what stands above it: ``("office",)`` for an office
        that stands once, in the first row of its block. Merged cells are filled without it, and an office in a row of
        its own above its rows is read where there is no column of offices.

    Returns
    -------
    Extract

    Raises
    ------
    InputError
        Naming file, column, what was found and what to do.
    PrivacyError
        When a column of persons would enter.

    Warns
    -----
    DataWarning
        Once, when more than a few cases were lost or something was read that the reader may not expect.

    Notes
    -----
    A row is dropped for the first reason that applies, in the order of the ledger. Of copies of a case (same
    office and number) that agree one is kept, a decided one before an open one; copies that contradict each
    other are all dropped. A row with an open status and a decision date, or finished without a date,
    contradicts itself and is dropped; ``columns={"status": None}`` trusts the dates alone. A withdrawn case
    may lack a date. Open cases are never dropped for their age. An office whose name differs in case, spaces,
    punctuation or invisible characters only is one office, under its most frequent spelling.
    Where ``as_of`` lies long after the last date, open cases have been followed until the last date only.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "received": pd.to_datetime(["2024-01-02", "2024-01-03"]),
    ...                       "decided": pd.to_datetime(["2024-01-09", None])})
    >>> extract = read_exports(frame, as_of="2024-01-31")
    >>> extract.ledger
    Ledger(read 2 = kept 2 + dropped 0)
    """
    day = read_day(as_of)
    wanted = [
        f
        for f in (*CASE_FIELDS, REGENCY, *({NATURE} & {*(columns or {})}))
        if not (f == "office" and office is not None)
    ]
    required = ["received", "decided", *([] if office is not None else ["office"])]
    with explaining(source):
        read = partial(
            gather,
            source,
            wanted,
            dates=dates,
            keep=keep,
            required=required,
            table=table,
            zone=zone,
            sheets=sheets,
            partly=keep,
        )
        from_files = isinstance(source, str | Path | tuple | list) and not on_server(source)
        if fill_down or (from_files and office is None):
            above = partial(with_offices, names=fill_down, columns=columns or {}, offices=[*(offices or {})])
            read = partial(read, reshape=above)
        rows = read(columns=columns)
        headings = [] if on_server(source) else headings_of(source, rows)
        of_numbers = repeated_numbers(
            rows, headings, columns, lambda heading: read(columns={**(columns or {}), "case": heading})
        )
        of_numbers += repeated_rows(rows)
        of_given = office_given(office, source, rows.tables)
        frame, of_keys = settle_keys(rows.frame, office, offices, regency, kept=rows.same_column(REGENCY, keep))
        names = [*CASE_FIELDS, *(k for k in keep if k not in CASE_FIELDS)]
        told_apart = next((dict(n.values)["names"] for n in of_keys if n.key == "intake.regency.all"), ())
        ends = days_of(exported, rows.tables, day, told_apart)
        tidy = partial(clean, exported=ends, regencies=bool(told_apart))
        cleaned = tidy(frame, bounds=rows.bounds, as_of=day, columns=names, status_words=status_words)
        of_keys += low_and_backwards(frame, cleaned.ledger.dropped.get(reason("decided_before_received"), 0))
        if "case" in rows.headings:
            kept, labels = cleaned.ledger.kept, cleaned.offices
            records = looked_at(cleaned.records, "case", "office", "received", "decided")
            of_keys += shared_numbers(records, kept, labels, offices, regencies=regency == "all")
        extract = finish(rows, cleaned, day, selection, most_lost, [*of_numbers, *of_given, *of_keys], ends)
    place = Path(source).resolve() if isinstance(source, str | Path) and not on_server(source) else None
    again = partial(_list_dropped, named_source(source), rows, day, office, offices, regency, status_words)
    unchanged = partial(refuse_changed, [t for t in rows.tables if not t.long])
    return replace(extract, left_out=again, place=place, refuse_changed=unchanged)


def _list_dropped(
    name: str,
    rows: Gathered,
    as_of: dt.date,
    office: str | None,
    offices: Mapping[str, str] | None,
    regency: str | None,
    status_words: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Return what `Extract.dropped` shows."""
    with reading(name):
        frame, _ = settle_keys(held(rows.numbered()), office, offices, regency)
        present = frame.collect_schema().names()
        texts = {f: f"asn_text_{f}" for f in ("received", "decided") if f"asn_text_{f}" in present}
        rows_with_words = frame.with_columns(nw.col("status").alias("asn_said")) if "status" in present else frame
        columns = [f for f in ("case", "office", "service", "received", "decided") if f in present]
        extra = [*texts.values(), *(["asn_said"] if "status" in present else [])]
        dropped, words = left_out(rows_with_words, as_of=as_of, columns=[*columns, *extra], status_words=status_words)
        records = dropped.collect().sort(FILE, PLACE).rows(named=True)
    places = [None if t.places is None else t.places() for t in rows.tables]
    refuse_changed(rows.tables)
    return pd.DataFrame(
        [
            {**_place_of(rows.tables, places, r), "reason": r[REASON], **_cells_of(r, columns, texts, words)}
            for r in records
        ],
        columns=["file", "sheet", "row", "reason", *columns, *(["status"] if "status" in present else [])],
    )


def _place_of(tables: Sequence[RawTable], places: Sequence[Any], row: Mapping[str, Any]) -> dict[str, object]:
    at, number = int(row[FILE] or 0), int(row[PLACE])
    name, sheet = re.fullmatch(r"(.+?)(?:\[(.*)\])?", tables[at].name, re.DOTALL).groups()  # type: ignore[union-attr]
    known = places[at] is not None and number <= len(places[at])
    return {
        "file": hidden(name, names=True),
        "sheet": hidden(sheet or "", names=True),
        "row": int(places[at][number - 1]) if known else number,
    }


def _cells_of(
    row: Mapping[str, Any], columns: Sequence[str], texts: Mapping[str, str], words: Mapping[str, frozenset[str]]
) -> dict[str, str]:
    """Return the cells as found; words that no kept row has, and that are no date, could be a name and are cut."""
    cells = {}
    for name in columns:
        text = object_text(row[texts.get(name, name)]) or ""
        known = text in words.get(name, ()) or (name == "case" and any(map(str.isdigit, text)))
        cells[name] = masked(text) if known else sketched(text)
    return {**cells, **({"status": masked(str(row["asn_said"] or ""))} if "asn_said" in row else {})}
