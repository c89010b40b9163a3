"""Exports of an office, as received -> one `Extract`: clean records, and a ledger of every row.

Files are read by DuckDB where they lie. A frame that is typed already stays in its engine. Texts that must
become dates go through DuckDB whatever they came in.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias, get_args

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.arguments import Between, Names, Share, check_choice, did_you_mean
from asn_impact.display import card
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import identifiers_in, persons_in
from asn_impact.intake.checks import (
    FEWEST_CASES,
    FEWEST_OPEN,
    MOST_LOST,
    drawn_on_completion,
    expected_open,
    lacking_open,
    late,
    refuse_losses,
    undecided,
)
from asn_impact.intake.cleaning import (
    FILE,
    FIRST,
    GIVEN,
    NO_DATE,
    PLACE,
    REASON,
    TOTAL,
    UNKNOWN,
    Bounds,
    Cleaned,
    bounds_of,
    clean,
    left_out,
    placeholders_read,
)
from asn_impact.intake.columns import THE_DATA, check_mapping, match_columns, normalised, recognised
from asn_impact.intake.formats import RawTable, open_file
from asn_impact.intake.formats.engine import kept_typed, query, reading
from asn_impact.intake.formats.folder import files_of
from asn_impact.intake.formats.server import named_source, on_server, open_server
from asn_impact.intake.formats.snapshots import refuse_changed
from asn_impact.intake.free_text import without_persons
from asn_impact.intake.labels import join_spellings, settle_cases
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.local import MONTHS, DateReading, NumberStyle, Order, dated, parse_numbers, read_dates, sketched
from asn_impact.intake.privacy import masked
from asn_impact.intake.step_rows import STEPS, cases_of_steps, distinct_steps, pair_stamps
from asn_impact.intake.written import shielded, write_beside
from asn_impact.intake.zones import OFFSETS, ZONED, local_moment, zone_name
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Language, Message, paragraph

__all__ = ["Extract", "Selection", "Source", "read_exports", "read_steps", "read_wide", "write_rows"]

Selection: TypeAlias = Literal["received", "completed", "unknown"]
Year: TypeAlias = Annotated[int, Between(1900, 2100)]

CASE_FIELDS = ("case", "office", "service", "received", "decided", "status")
STEP_FIELDS = ("case", "office", "service", "received", "step", "step_start", "step_end", "status", "deleted")
TEXT_FIELDS = frozenset(
    {"case", "office", "service", "status", "step", "deleted", "course", "officer", "passed", "provider"}
)
DATE_FIELDS = frozenset(
    {"received", "decided", "promised", "step_start", "step_end", "course_start", "course_end", "since"}
)
KEY_FIELDS = ("case", "office", "officer", "service")
MOST_EXACT = 1e15  # larger floats are written with an exponent, or have lost digits
UNREADABLE = 0.1  # share of texts that are no dates above which the column was misread


@dataclass(frozen=True, eq=False)
class Source:
    """One file or sheet: its name, its rows and the SHA-256 of the file (empty for a frame)."""

    name: str
    rows: int
    sha256: str


def _nothing() -> None:
    """Find nothing changed: what does not come from a file."""


@dataclass(frozen=True, eq=False)
class Extract:
    """What one export holds: clean records, still in the engine that holds them, and the ledger.

    Attributes
    ----------
    records : narwhals.LazyFrame
        ``case``, ``office``, ``service`` texts, ``received`` date, ``decided`` date or missing, ``status`` one
        of ``open``, ``granted``, ``rejected``, ``withdrawn``, then the extra columns asked for.
    as_of : datetime.date
        The day the export was made.
    ledger : Ledger
        Rows read = kept + dropped, by reason.
    headings : mapping
        Field -> heading found.
    sources : tuple of Source
    notes : tuple of Message
        What was assumed or left out.
    selection : {"received", "completed", "unknown"}
        How the export was drawn: all cases received in a period; only cases completed in a period (then the
        early months hold long waits only, and no comparison of months is valid); or nothing tells.
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
        """Refuse a place for a file in which it would be taken for one of the exports."""
        if self.place is not None and self.place in (path.resolve(), path.resolve().parent):
            raise InputError(Message("intake.dropped.among_exports", file=path.name))

    def __repr__(self) -> str:
        return f"Extract(as of {self.as_of}, {len(self.sources)} sources, {self.ledger!r})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("as of", self.as_of),
            ("sources", len(self.sources)),
            ("drawn on", self.selection),
        ]
        facts += [(field, heading) for field, heading in self.headings.items()]
        return card("Extract", [*facts, *(("note", note) for note in self.notes)], table=self.ledger.table())


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


@dataclass(frozen=True, eq=False)
class Gathered:
    """Rows of all tables under field names, with dates typed; and what was learnt on the way.

    ``numbered`` gives the rows once more, with the number of the file and of the row in it, and the texts of dates.
    """

    frame: nw.LazyFrame[Any]
    bounds: Bounds
    headings: Mapping[str, str]
    tables: tuple[RawTable, ...]
    readings: tuple[DateReading, ...]
    texts: duckdb.DuckDBPyRelation | None
    notes: tuple[Message, ...]
    numbered: Callable[[], nw.LazyFrame[Any]]


@public_verb
def read_exports(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    as_of: dt.date | str,
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, Order] | None = None,
    keep: Names = (),
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    status_words: Mapping[str, str] | None = None,
    selection: Literal["received", "completed"] | None = None,
    most_lost: Share = MOST_LOST,
    table: str | None = None,
    zone: str | None = None,
) -> Extract:
    """Return the cases of an export, one row a case, with every row of the export accounted for.

    Parameters
    ----------
    source : path or frame
        A CSV, XLSX, XLS, Parquet or JSON file (a list of records, also inside ``{"data": ...}``), a folder of them
        (all are read, sorted by name), or a frame: pandas, polars, pyarrow, a DuckDB relation, or another that
        narwhals knows. Headings may stand below titles and in up to three rows, with a row of column numbers under
        them. Also a DuckDB file or the address of a server, ``postgresql://...`` or ``mysql://...``, with ``table``.
    as_of : datetime.date or ISO text
        The day the export was made. Open cases have been followed until then.
    columns : mapping, optional
        Field -> heading where the synonyms do not settle it; None for a field that is not to be used.
    dates : mapping, optional
        Field -> ``"day-first"`` or ``"month-first"`` where the column does not tell.
    keep : sequence of str
        Extra columns for the records: fields (``"district"``) or headings. Columns of persons are refused.
    office : str, optional
        The office of all rows, for an export without an office column.
    offices : mapping, optional
        Label of an office as found -> the label to use, for offices that are one under several names. A label that
        stands for itself is settled: it is another office, however alike it looks.
    status_words : mapping, optional
        Status words of this office -> ``open``, ``granted``, ``rejected`` or ``withdrawn``.
    selection : {"received", "completed"}, optional
        How the export was drawn, when known. Without it the dates are asked: an export without open cases up to its
        last day holds finished cases only, and nothing is measured of it.
    most_lost : float
        Share of the cases that may be lost (no date, no office, contradictions) before the export is refused. If the
        lost fifth waited longest, a share within a time is wrong by 20 points.
    table : str, optional
        Table of a database (``"permohonan"``, ``"schema.permohonan"``), or the one sheet of a workbook to be read.
        Of a server only the wanted columns are fetched, once; a password in the address is in no message or record.
    zone : str, optional
        Zone of Indonesia in which a moment has its day, where times carry a zone: ``"Asia/Makassar"``, ``"WITA"``.
        Without it ``Asia/Jakarta``, never the zone of the machine.

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
    day = _read_day(as_of)
    wanted = [f for f in CASE_FIELDS if not (f == "office" and office is not None)]
    required = ["received", "decided", *([] if office is not None else ["office"])]
    with explaining(source):
        rows = gather(
            source, wanted, columns=columns, dates=dates, keep=keep, required=required, table=table, zone=zone
        )
        frame, of_keys = settle_keys(rows.frame, office, offices)
        names = [*CASE_FIELDS, *(k for k in keep if k not in CASE_FIELDS)]
        cleaned = clean(frame, bounds=rows.bounds, as_of=day, columns=names, status_words=status_words)
        extract = _finish(rows, cleaned, day, selection, most_lost, of_keys)
    place = Path(source).resolve() if isinstance(source, str | Path) and not on_server(source) else None
    again = partial(_list_dropped, named_source(source), rows, day, office, offices, status_words)
    unchanged = partial(refuse_changed, [t for t in rows.tables if not t.long])
    return replace(extract, left_out=again, place=place, refuse_changed=unchanged)


def _list_dropped(
    name: str,
    rows: Gathered,
    as_of: dt.date,
    office: str | None,
    offices: Mapping[str, str] | None,
    status_words: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Return what `Extract.dropped` shows."""
    with reading(name):
        frame, _ = settle_keys(rows.numbered(), office, offices)
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
    return {"file": name, "sheet": sheet or "", "row": int(places[at][number - 1]) if known else number}


def _cells_of(
    row: Mapping[str, Any], columns: Sequence[str], texts: Mapping[str, str], words: Mapping[str, frozenset[str]]
) -> dict[str, str]:
    """Return the cells as found; words that no kept row has, and that are no date, could be a name and are cut."""
    cells = {}
    for name in columns:
        text = _object_text(row[texts.get(name, name)]) or ""
        known = text in words.get(name, ()) or (name == "case" and any(map(str.isdigit, text)))
        cells[name] = masked(text) if known else sketched(text)
    return {**cells, **({"status": masked(str(row["asn_said"] or ""))} if "asn_said" in row else {})}


def settle_keys(
    frame: nw.LazyFrame[Any], office: str | None, offices: Mapping[str, str] | None
) -> tuple[nw.LazyFrame[Any], list[Message]]:
    """Return the rows with one spelling of each office and each case number, and what has to be said of it."""
    check_mapping("offices", offices)
    frame, of_cases = settle_cases(frame)
    if office is not None:
        return frame.with_columns(nw.lit(office).alias("office"), nw.lit(1).alias(GIVEN)), of_cases
    frame, of_offices = join_spellings(frame, offices)
    return frame, [*of_cases, *of_offices]


def _finish(
    rows: Gathered,
    cleaned: Cleaned,
    as_of: dt.date,
    selection: Literal["received", "completed"] | None,
    most_lost: float,
    of_keys: Sequence[Message],
) -> Extract:
    """Return the extract, if its population is plausible."""
    ledger, last = cleaned.ledger, cleaned.latest
    name = rows.tables[0].name if rows.tables else THE_DATA
    _refuse_empty(ledger, rows.tables)
    unread = _unreadable(rows, ledger)
    refuse_losses(ledger, most_lost, name, unread)
    files = {rows.tables[i].name: count for i, count in cleaned.files.items() if i is not None and i < len(rows.tables)}
    heading = rows.headings.get("decided") or rows.headings.get("step_end", "")
    notes = undecided(cleaned.offices, files, declared=selection is not None, heading=masked(heading))
    drawn, of_drawing = _tell_selection(cleaned, selection)
    until = as_of
    if last is not None and late(cleaned.earliest, last, as_of, ledger.kept):
        until = last if cleaned.open_cases and ledger.kept >= FEWEST_CASES else as_of
        gap = {"latest": last, "n": (as_of - last).days, "as_of": as_of}
        notes.append(Message("intake.late", **gap) if until == as_of else Alert("intake.followed_until", **gap))
    left_out = ledger.note()
    asked = [c for c in cleaned.records.collect_schema().names() if c not in CASE_FIELDS]
    records, of_persons = without_persons(cleaned.records, asked)
    sources = tuple(Source(t.name, cleaned.rows_by_file.get(i, 0), t.sha256) for i, t in enumerate(rows.tables))
    refuse_changed(rows.tables)
    every = (*rows.notes, *of_keys, *cleaned.notes, *notes, *unread, *of_drawing, *of_persons)
    every += (left_out,) if left_out is not None else ()
    return Extract(records, until, ledger, rows.headings, sources, every, drawn)


def _tell_selection(
    cleaned: Cleaned, declared: Literal["received", "completed"] | None
) -> tuple[Selection, list[Message]]:
    """Return how the export was drawn, as declared or as the dates tell, and what has to be said of it."""
    if declared == "completed":
        return "completed", [Alert("intake.completed_only")]
    if cleaned.latest is None:
        return declared or "unknown", []
    if cleaned.open_cases:
        lacking = lacking_open(cleaned.records, cleaned.latest, cleaned.offices) if declared is None else []
        return "received", lacking
    if declared is None and drawn_on_completion(cleaned.records):
        return "completed", [Alert("intake.completed_only")]
    expected = expected_open(cleaned.records, cleaned.latest)
    if expected < FEWEST_OPEN:
        return declared or "unknown", []
    gap = {"expected": round(expected), "latest": cleaned.latest}
    if declared == "received":
        return "received", [Message("intake.finished_declared", **gap)]
    return "completed", [Alert("intake.finished_only", **gap)]


def _read_day(value: dt.date | str) -> dt.date:
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise InputError(Message("intake.as_of", found=repr(value))) from None
    return day.date() if isinstance(day, dt.datetime) else day


def _refuse_empty(ledger: Ledger, tables: Sequence[RawTable]) -> None:
    name = tables[0].name if tables else THE_DATA
    if ledger.read == 0:
        raise InputError(Message("intake.no_rows", file=name))
    if ledger.kept == 0:
        raise InputError(Message("intake.none_usable", file=name, n=ledger.read, reasons=ledger.reasons()))


def _unreadable(rows: Gathered, ledger: Ledger) -> list[Message]:
    """Say which texts are no dates; too many mean that the column was misread."""
    notes = []
    for reading_of in rows.readings:
        code = NO_DATE.get(reading_of.column)
        count = 0 if code is None else ledger.dropped.get(reason(code), 0)
        if not count or rows.texts is None:
            continue
        texts = rows.texts.project(f'"{reading_of.column}", "{reading_of.column}" AS asn_text')
        bad = dated(texts, reading_of).filter(f"asn_{reading_of.column}_bad").project("asn_text").limit(3).fetchall()
        examples = [repr(sketched(str(v))) for (v,) in bad]
        what = Message("intake.dates.unreadable", field=reading_of.column, n=count, examples=examples)
        if count > UNREADABLE * reading_of.rows:
            raise InputError(paragraph(what, Message("intake.dates.too_many", n=reading_of.rows)))
        notes.append(what)
    return notes


@contextmanager
def explaining(source: Any) -> Iterator[None]:  # noqa: ANN401
    """Put DuckDB's errors about a file, met in whichever query, in our words."""
    with reading(named_source(source)):
        yield


# --- one row a step -------------------------------------------------------------------------------------------


@public_verb
def read_steps(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, Order] | None = None,
    finished: Names = ("Selesai",),
    last_step: str | None = None,
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    selection: Literal["received", "completed"] | None = None,
    most_lost: Share = MOST_LOST,
    table: str | None = None,
    zone: str | None = None,
) -> Extract:
    """Return the cases of an export with one row a processing step, as SiCantik writes it.

    A case is received when its first step starts (or on the application date, where there is one) and decided
    when its last step ends, if every step is finished; with an unfinished step it is open. This is the gross
    time: waiting for the applicant is in it.

    Parameters
    ----------
    source, as_of, columns, dates, office, offices, selection, most_lost, table
        As for `read_exports`; the fields are ``case``, ``office``, ``service``, ``received``, ``step``,
        ``step_start``, ``step_end``, ``status`` (of the step) and ``deleted``.
    finished : sequence of str
        Status words of a finished step. Without a status column a step with an end date is finished. An event log with
        one time a row names it ``step_end``; rows of ``start`` and ``complete`` make one step.
    last_step : str, optional
        The step that decides a case (the signature, say): the case is decided when that step is finished,
        whatever is still open after it, and open until then.

    Returns
    -------
    Extract
        Records by case. The ledger counts steps, the rows of the export.

    Raises
    ------
    InputError
        Naming file, column, what was found and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> steps = pd.DataFrame({
    ...     "case": ["1", "1"], "office": "O1", "step": ["verify", "sign"], "status": ["Selesai", "Selesai"],
    ...     "step_start": pd.to_datetime(["2024-01-02", "2024-01-05"]),
    ...     "step_end": pd.to_datetime(["2024-01-05", "2024-01-09"])})
    >>> read_steps(steps, as_of="2024-01-31").records.collect().rows()[0][3:5]
    (datetime.date(2024, 1, 2), datetime.date(2024, 1, 9))
    """
    day = _read_day(as_of)
    wanted = [f for f in STEP_FIELDS if not (f == "office" and office is not None)]
    required = ["case", "step_end", *([] if office is not None else ["office"])]
    required += ["step"] if last_step is not None else []
    with explaining(source):
        rows = gather(source, wanted, columns=columns, dates=dates, keep=(), required=required, table=table, zone=zone)
        frame, of_keys = settle_keys(rows.frame, office, offices)
        distinct, before, blanks = distinct_steps(frame)
        distinct, stamps = pair_stamps(distinct)
        cases = cases_of_steps(distinct, finished=finished, last_step=last_step)
        cleaned = clean(cases, bounds=UNKNOWN, as_of=day, columns=list(CASE_FIELDS), weight=STEPS)
        ledger = Ledger(sum(before.values()), 0, {reason(code): n for code, n in before.items()}) + cleaned.ledger
        _refuse_empty(ledger, rows.tables)
        n = int(cleaned.records.select(nw.len()).collect().item())
        note = Message("intake.steps_kept", kept=ledger.kept, n=n)
        sizes = {0: ledger.read} if len(rows.tables) == 1 else _rows_by_table(rows)
        notes = (*cleaned.notes, *stamps, note, *placeholders_read(blanks))
        result = replace(cleaned, ledger=ledger, rows_by_file=sizes, notes=notes)
        return _finish(rows, result, day, selection, most_lost, of_keys)


def _rows_by_table(rows: Gathered) -> dict[int, int]:
    counts = rows.frame.group_by(FILE).agg(n=nw.len()).collect().rows(named=True)
    return {int(r[FILE]): int(r["n"]) for r in counts}


# --- one column a month ---------------------------------------------------------------------------------------


@public_verb
def read_wide(
    source: str | Path,
    *,
    unit: str,
    group: str = "",
    year: Year | None = None,
    table: str | None = None,
    numbers: NumberStyle | None = None,
) -> pd.DataFrame:
    r"""Return counts that stand in one column a month or year, as one row a unit and period, for `read_panel`.

    Headings may stand below titles and in up to three rows, a group above its months; month names may be Indonesian
    or English, short or long, also mixed. Columns of totals are passed over. So are rows of totals and rows without a
    unit; ``attrs["notes"]`` says how many.

    Parameters
    ----------
    source : path
        A CSV, XLSX, XLS or Parquet file.
    unit : str
        Heading of the column that names the units: ``"JENIS IZIN"``.
    group : str
        Heading above the months, where there are several: ``"JUMLAH IZIN"``. Empty for a table with one.
    year : int, optional
        Year of the months, where the headings do not say it.
    table : str, optional
        The one sheet of a workbook to be read.
    numbers : {"1.234,56", "1,234.56"}, optional
        Settles the separators when the values cannot.

    Returns
    -------
    pandas.DataFrame
        ``unit`` under its own heading; ``period``, a month or year (`pandas.Period`); the values under the name of the
        group, or ``value``. Empty cells are missing, not 0.

    Raises
    ------
    InputError
        No column is a period, a period comes twice, the year is not said, a unit comes twice, or a cell is no number.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "izin.csv"
    ...     _ = path.write_text("Dinas;Jan;Peb\nA;3;4\nB;5;\n")
    ...     read_wide(path, unit="Dinas", year=2025)["value"].tolist()
    [3.0, 4.0, 5.0, nan]
    """
    files, _ = files_of(Path(source))
    if len(files) != 1:
        raise InputError(Message("intake.wide.many_files", file=named_source(source), n=len(files)))

    def recognise(cells: Sequence[str]) -> int:
        return sum(_heading_period(c, year) is not None or normalised(c) == normalised(unit) for c in cells)

    with explaining(source):
        tables = open_file(files[0], recognise, table)
        if len(tables) != 1:
            raise InputError(Message("intake.wide.many_sheets", file=files[0].name, n=len(tables)))
        return _stack_periods(tables[0], unit, group, year, numbers)


def _heading_period(heading: str, year: int | None) -> tuple[str, pd.Period] | None:
    """Return what stands before a period in a heading, and the period: ``JUMLAH IZIN JANUARI``."""
    words = re.findall(r"[^\W\d_]+|\d+", heading)
    years = [w for w in words[-2:] if re.fullmatch(r"(19|20)\d\d", w)]
    months = [w for w in words[-2:] if w.casefold() in MONTHS]
    if len(years) > 1 or len(months) > 1 or not words or words[-1] not in (*years, *months):
        return None
    above = " ".join(w for w in words if w not in (*years, *months))
    if not months:
        return above, pd.Period(year=int(years[0]), freq="Y")
    known = int(years[0]) if years else year
    return above, pd.Period(year=1 if known is None else known, month=MONTHS[months[0].casefold()], freq="M")


def _stack_periods(
    table: RawTable, unit: str, group: str, year: int | None, numbers: NumberStyle | None
) -> pd.DataFrame:
    """Return the table of `read_wide`."""
    heading = match_columns(table.headings, (), columns={unit: unit}, keep=(unit,), source=table.name)[unit]
    every = {i: p for i, h in enumerate(table.headings) if h != heading and (p := _heading_period(h, year))}
    above = _group_above([a for a, _ in every.values()], group)
    periods = {i: p for i, (a, p) in every.items() if a.casefold() == above}
    _check_periods(table.name, [a for a, _ in every.values()], list(periods.values()), group, year)
    at = table.headings.index(heading)
    columns = ", ".join(f"CAST(c{i} AS VARCHAR) AS c{i}" for i in (at, *periods))
    rows = table.relation.project(columns).to_df()
    labels = rows[f"c{at}"].astype("string").str.replace(r"\s+", " ", regex=True).str.strip()
    total = labels.str.contains(TOTAL, na=False)
    empty = labels.isna() | (labels == "")
    left = int(total.sum()) + int((empty & rows.drop(columns=f"c{at}").notna().any(axis=1)).sum())
    rows, labels = rows.loc[~(total | empty)], labels.loc[~(total | empty)]
    _check_units(table.name, unit, labels)
    cells = rows[[f"c{i}" for i in periods]].to_numpy(dtype=object).ravel()
    texts = [None if pd.isna(c) else str(c) for c in cells]
    name = group or "value"
    values = parse_numbers(texts, name=name, style=numbers).to_numpy()
    long = pd.DataFrame({unit: labels.astype(object).repeat(len(periods)).to_numpy()})
    long = long.assign(period=pd.PeriodIndex(list(periods.values()) * len(labels)), **{name: values})
    out = [Message("intake.wide.left_out", file=table.name, n=left, unit=masked(unit))] if left else []
    long.attrs["notes"] = (*table.notes, *out)
    return long


def _group_above(groups: Sequence[str], group: str) -> str | None:
    """Return the group of the headings that is meant: the same words, or the only one that ends in them."""
    words, known = " ".join(re.findall(r"[^\W\d_]+|\d+", group)).casefold(), {g.casefold() for g in groups}
    ending = [g for g in known if words and g.endswith(f" {words}")]
    return words if words in known else ending[0] if len(ending) == 1 else None


def _check_periods(
    name: str, groups: Sequence[str], periods: Sequence[pd.Period], group: str, year: int | None
) -> None:
    """Refuse headings without periods, with a period twice, or months of no year."""
    if not periods:
        known = tuple(dict.fromkeys(g for g in groups if g))
        hint = Message("intake.wide.groups", known=known) if known else Message("intake.wide.no_month")
        raise InputError(paragraph(Message("intake.wide.no_periods", file=name, group=group), hint))
    double = [str(p) for p in dict.fromkeys(periods) if periods.count(p) > 1]
    if double:
        raise InputError(Message("intake.wide.period_twice", file=name, period=double[0], group=group))
    if len({p.freqstr for p in periods}) > 1:
        raise InputError(Message("intake.wide.months_and_years", file=name, group=group))
    if any(p.year == 1 for p in periods):
        raise InputError(Message("intake.wide.no_year", file=name))


def _check_units(name: str, unit: str, labels: pd.Series) -> None:
    if not len(labels):
        raise InputError(Message("intake.wide.no_units", file=name, unit=masked(unit)))
    if any(persons_in(label) for label in labels):
        raise PrivacyError(Message("intake.wide.persons", file=name, unit=masked(unit)))
    double = labels[labels.duplicated()]
    if len(double):
        names = [masked(d) for d in double.unique()]
        raise InputError(Message("intake.wide.unit_twice", file=name, n=len(names), unit=masked(unit), names=names))


# --- from files and frames to one typed frame -----------------------------------------------------------------


def gather(
    source: Any,  # noqa: ANN401
    wanted: Sequence[str],
    *,
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    table: str | None = None,
    zone: str | None = None,
) -> Gathered:
    """Return the wanted columns of a source, and only those, under field names, with dates typed.

    Parameters as for `read_exports`; `wanted` are fields, `required` those without which there is no answer.
    """
    check_mapping("columns", columns)
    check_mapping("dates", dates)
    known = [f for f in (*wanted, *keep) if f in DATE_FIELDS]
    for name, order in (dates or {}).items():
        if name not in known:
            what = Message("intake.dates.no_field", field=name)
            raise InputError(paragraph(what, did_you_mean(name, known), Message("intake.dates.fields", known=known)))
        check_choice(f"dates[{name!r}]", order, get_args(Order))
    if on_server(source):
        return _type_tables([open_server(source, table)], wanted, columns, dates, keep, required, [], zone)
    if isinstance(source, str | Path):
        tables, notes = _file_tables(Path(source), wanted, keep, columns, table)
        return _type_tables(tables, wanted, columns, dates, keep, required, notes, zone)
    frame = _narwhal(source)
    match = match_columns(frame.collect_schema().names(), wanted, columns=columns, keep=keep, required=required)
    frame = frame.select(*(nw.col(heading).alias(field) for field, heading in match.items()))
    _refuse_long_floats(frame)
    schema = frame.collect_schema()
    texts = [f for f in match if f in DATE_FIELDS and not _is_temporal(schema[f])]
    zoned = any(_is_zoned(schema[f]) for f in match)
    if texts or frame.implementation.is_pyarrow() or (zoned and frame.implementation.is_duckdb()):
        raw = RawTable("frame", tuple(match), _as_relation(frame), "", loose=False)
        rows = _type_tables(
            [raw], wanted, {f: f if f in match else None for f in wanted}, dates, keep, required, [], zone
        )
        return replace(rows, headings=MappingProxyType(match))
    return _type_frame(frame, match, zone)


def _narwhal(source: Any) -> nw.LazyFrame[Any]:  # noqa: ANN401
    native = source.reset_index(drop=True) if isinstance(source, pd.DataFrame) else source
    try:
        if isinstance(native, pd.DataFrame) and not native.columns.is_unique:
            double = native.columns[native.columns.duplicated()].tolist()
            raise InputError(Message("intake.frame.named_twice", heading=masked(str(double[0]))))
        frame = nw.from_native(native)
    except TypeError:
        raise InputError(Message("intake.frame.unknown", kind=type(source).__name__)) from None
    return frame.lazy()


def _is_temporal(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Date or dtype == nw.Datetime


def _refuse_long_floats(frame: nw.LazyFrame[Any]) -> None:
    """Refuse numbers of 16 digits or more stored as floats: their last digits are lost, different cases collapse."""
    schema = frame.collect_schema()
    for name in [f for f in schema if f in KEY_FIELDS and schema[f].is_float()]:
        top = frame.select(nw.col(name).fill_nan(None).abs().max()).collect().item()
        if top is not None and top >= MOST_EXACT:
            raise InputError(Message("intake.frame.long_floats", field=name))


def _as_text(field: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Return a column of keys as texts: whole floats without their point, others as they are."""
    column = nw.col(field)
    if not dtype.is_float():
        return column if dtype == nw.String else column.cast(nw.String)
    text = column.cast(nw.String).str.replace_all(r"\.0+$", "")
    return nw.when(~(column.is_null() | column.is_nan())).then(text)


def _type_frame(frame: nw.LazyFrame[Any], match: Mapping[str, str], zone: str | None) -> Gathered:
    schema = frame.collect_schema()
    zones = {f: str(getattr(schema[f], "time_zone", None)) for f in schema if _is_zoned(schema[f])}
    zoned = [f for f in match if _is_zoned(schema[f])]
    if zoned:
        target = zone_name(zone)
        local = (nw.col(f).dt.convert_time_zone(target).dt.replace_time_zone(None) for f in zoned)
        frame = frame.with_columns(*local)
    bounds = bounds_of(frame)
    texts = [_as_text(f, schema[f]).alias(f) for f in match if f in TEXT_FIELDS and schema[f] != nw.String]
    days = [nw.col(f).cast(nw.Date) for f in match if f in DATE_FIELDS and schema[f] != nw.Date]
    typed = frame.with_columns(*texts, *days) if texts or days else frame
    table = RawTable("frame", tuple(match), query("SELECT 1 WHERE false"), "", loose=False)
    notes = (*_moved_notes(zones, zone), *_time_notes(bounds.timed))
    numbered = partial(_number_rows, frame, match, zone)
    return Gathered(typed, bounds, MappingProxyType(dict(match)), (table,), (), None, notes, numbered)


def _number_rows(frame: nw.LazyFrame[Any], match: Mapping[str, str], zone: str | None) -> nw.LazyFrame[Any]:
    """Return the typed rows of a frame with their numbers, from 1; the frame is held in memory for it."""
    rows = frame.collect().with_row_index("asn_index")
    rows = rows.with_columns((nw.col("asn_index").cast(nw.Int64) + 1).alias(PLACE), nw.lit(0).alias(FILE))
    return _type_frame(rows.drop("asn_index").lazy(), match, zone).frame


def _is_zoned(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Datetime and getattr(dtype, "time_zone", None) is not None


def _moved_notes(zones: Mapping[str, str], zone: str | None) -> list[Message]:
    """Say where moments of another zone were given their day in that of the study."""
    target, note = zone_name(zone), Alert if zone is None else Message
    return [
        note("intake.dates.moved", field=f, zones=(written,), zone=target)
        for f, written in zones.items()
        if OFFSETS.get(written) != OFFSETS[target]
    ]


def _zone_notes(zones: Mapping[str, str]) -> list[Message]:
    """Say where days were cut in UTC, up to a day before the local one, or two columns are in two zones."""
    notes: list[Message] = [Alert("intake.dates.utc", field=f) for f, zone in zones.items() if zone == "UTC"]
    if len(set(zones.values())) > 1:
        each = [Message("intake.dates.zone", field=f, zone=zone) for f, zone in zones.items()]
        notes.append(Alert("intake.dates.different_zones", each=each))
    return notes


def _time_notes(timed: Mapping[str, tuple[int, int]]) -> list[Message]:
    """Say where part of a column has times of day: a day of error either way for the rest."""
    mixed = {f: (t, n) for f, (t, n) in timed.items() if 0 < t < 0.999 * n}
    return [Message("intake.dates.part_timed", field=f, n=n - t, all=n) for f, (t, n) in mixed.items()]


def _as_relation(frame: nw.LazyFrame[Any]) -> duckdb.DuckDBPyRelation:
    """Return the columns of a frame as ``c0``, ``c1``, ... in DuckDB; objects become texts."""
    if frame.implementation.is_duckdb():
        relation: duckdb.DuckDBPyRelation = frame.to_native()
        return relation.project(", ".join(f'"{c}" AS c{i}' for i, c in enumerate(relation.columns)))
    data = frame.collect()
    arrays = [_arrow(data[c]) for c in data.columns]
    return duckdb.from_arrow(pa.table({f"c{i}": a for i, a in enumerate(arrays)}))


def _arrow(series: nw.Series[Any]) -> pa.Array:
    if series.dtype in (nw.Object, nw.Categorical, nw.Enum) or series.dtype == nw.Unknown:
        return pa.array([_object_text(v) for v in series.to_list()], pa.string())
    array = series.to_arrow()
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _object_text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)


def _file_tables(
    path: Path,
    wanted: Sequence[str],
    keep: Sequence[str],
    columns: Mapping[str, str | None] | None,
    table: str | None,
) -> tuple[list[RawTable], list[Message]]:
    names = [*keep, *(h for h in (columns or {}).values() if h is not None)]

    def recognise(cells: Sequence[str]) -> int:
        return recognised(cells, [*wanted, *keep], names)

    files, others = files_of(path)
    tables, copies = _without_copies([open_file(file, recognise, table) for file in files])
    notes = [Message("intake.no_data_files", names=others)] if others else []
    return tables, [*notes, *copies]


def _without_copies(files: Sequence[list[RawTable]]) -> tuple[list[RawTable], list[Message]]:
    """Return the tables of the files, each file once: the same bytes under two names would count every case twice."""
    names: dict[str, str] = {}
    tables: list[RawTable] = []
    notes: list[Message] = []
    for file in files:
        first = names.setdefault(file[0].sha256, file[0].name)
        if first == file[0].name:
            tables += file
        else:
            notes.append(Alert("intake.copy_of_a_file", file=file[0].name, first=first))
    return tables, notes


#: What keeps a spreadsheet from reading 007 as 7: an apostrophe in front, or ="007".
_SHIELD = """'^(?:''|="([^"]*)"$)'"""


def _sql_text(column: str, kind: str, *, loose: bool) -> str:
    """Write SQL for a text: numbers written out, and in loose text files spaces at the ends cut."""
    if kind == "VARCHAR":
        return _unshield(f"trim({column})") if loose else column
    if kind not in ("DOUBLE", "FLOAT"):
        return f"CAST({column} AS VARCHAR)"
    exact = f"{column} = trunc({column}) AND abs({column}) < {MOST_EXACT}"  # inf and nan are no codes
    lost = "error('asn_long_float')"
    return (
        f"CASE WHEN {column} IS NULL OR isnan({column}) THEN NULL "
        f"WHEN {exact} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
        f"WHEN abs({column}) < {MOST_EXACT} THEN CAST({column} AS VARCHAR) ELSE {lost} END"
    )


def _unshield(text: str) -> str:
    """Write SQL for a text without its shield, and missing where nothing is left; few texts have one to look for."""
    bare = f"regexp_replace({text}, {_SHIELD}, '\\1')"
    return f"nullif(CASE WHEN left({text}, 1) IN (chr(39), '=') THEN {bare} ELSE {text} END, '')"


#: What a spreadsheet shows where a formula failed. It is not empty: nobody knows what should stand there.
_ERROR = r"'^\s*#(ref!|value!|div/0!|name\?|num!|null!|spill!|calc!|getting_data)|^\s*err:\d+'"


def _without_errors(column: str) -> str:
    """Write SQL for a text of a date in which the error of a formula is no date, and not a missing one."""
    shown = f"left(trim({column}), 1) IN ('#', 'E', 'e') AND regexp_matches({column}, {_ERROR}, 'i')"
    return f"CASE WHEN {shown} THEN 'formula: ' || {column} ELSE {column} END"


def _is_sql_temporal(kind: str) -> bool:
    return kind.startswith(("DATE", "TIMESTAMP"))


def _field_sql(
    table: RawTable, field: str, heading: str | None, *, typed: bool, zone: str | None, name: str = ""
) -> str:
    """Write SQL for one field of one table, under its own name or the one given."""
    if heading is None:
        return f'CAST(NULL AS {"DATE" if typed and field in DATE_FIELDS else "VARCHAR"}) AS "{name or field}"'
    at = table.headings.index(heading)
    column, kind = f"c{at}", str(table.relation.types[at])
    if kind == ZONED:
        column, kind = local_moment(column, zone), "TIMESTAMP"
    if field in TEXT_FIELDS:
        sql = _sql_text(column, kind, loose=table.loose)
    elif field in DATE_FIELDS:
        sql = _without_errors(column) if kind == "VARCHAR" else column if typed else f"CAST({column} AS VARCHAR)"
    else:
        sql = column if typed else f"CAST({column} AS VARCHAR)"
    return f'{sql} AS "{name or field}"'


def _type_tables(
    tables: Sequence[RawTable],
    wanted: Sequence[str],
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    notes: Sequence[Message],
    zone: str | None,
) -> Gathered:
    """All tables under one set of field names, stacked; text dates parsed by expressions over whole columns."""
    matches = [
        match_columns(t.headings, wanted, columns=columns, keep=keep, required=required, source=t.name) for t in tables
    ]
    fields = list(dict.fromkeys(f for match in matches for f in match))
    kinds = {f: [_kind(t, m[f]) for t, m in zip(tables, matches, strict=True) if f in m] for f in fields}
    is_typed = {f: _stays_typed(f, kinds[f]) for f in fields}
    tables = [_fetch(t, m) if t.on_server else t for t, m in zip(tables, matches, strict=True)]
    rows = _stack(tables, matches, fields, is_typed, zone)
    texts = [f for f in fields if f in DATE_FIELDS and not is_typed[f]]
    readings = [read_dates(rows, f, name=f, order=(dates or {}).get(f), zone=zone) for f in texts]
    in_days = [f for f in fields if f in DATE_FIELDS and is_typed[f]]
    long = any(t.long for t in tables)
    native = _write_typed(rows, readings, in_days) if long else _with_dates(rows, readings, in_days)
    frame = nw.from_native(native)
    bounds = bounds_of(frame) if long else UNKNOWN if texts else bounds_of(nw.from_native(rows))
    headings = {f: next(m[f] for m in matches if f in m) for f in fields}
    of_dates = [n for r in readings for n in (*r.notes, *_reading_notes(r))]
    moments = [f for f in fields if f in DATE_FIELDS and ZONED in kinds[f]]
    of_moments = [Message("intake.dates.moments", field=f, zone=zone_name(zone)) for f in moments]
    of_times = [
        *_time_notes(bounds.timed),
        *of_moments,
        *_zone_notes({r.column: z for r in readings for z in r.zones}),
    ]

    def numbered() -> nw.LazyFrame[Any]:
        rows = _stack(tables, matches, fields, is_typed, zone, numbered=texts)
        return nw.from_native(_with_dates(rows, readings, in_days))

    return Gathered(
        frame=frame,
        bounds=bounds,
        headings=MappingProxyType(headings),
        tables=tuple(tables),
        readings=tuple(readings),
        texts=rows,
        notes=(*notes, *(n for t in tables for n in t.notes), *of_dates, *of_times),
        numbered=numbered,
    )


def _write_typed(
    stacked: duckdb.DuckDBPyRelation, readings: Sequence[DateReading], typed: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    """Return the dated rows, written down once; of first cells only those that could be the word of a total."""
    rows = _with_dates(stacked, readings, typed)
    if {FIRST, "received"} <= set(rows.columns):
        rows = rows.project(f"* REPLACE (CASE WHEN received IS NULL THEN {FIRST} END AS {FIRST})")
    return kept_typed(rows)


def _fetch(table: RawTable, match: Mapping[str, str]) -> RawTable:
    """Return a table of a server with the wanted columns fetched, once; the others are empty and stay there."""
    used = {table.headings.index(heading) for heading in match.values()}
    columns = (f"c{i}" if i in used else f"CAST(NULL AS VARCHAR) AS c{i}" for i in range(len(table.headings)))
    try:
        rows = table.relation.project(", ".join(columns)).to_arrow_table()
    except duckdb.Error:  # its message can hold the address
        raise InputError(Message("intake.not_fetched", table=table.name)) from None
    return replace(table, relation=duckdb.from_arrow(rows))


def _stack(
    tables: Sequence[RawTable],
    matches: Sequence[Mapping[str, str]],
    fields: Sequence[str],
    typed: Mapping[str, bool],
    zone: str | None,
    numbered: Sequence[str] | None = None,
) -> duckdb.DuckDBPyRelation:
    """All tables under field names, one below the other; with their row numbers and the texts named, if asked."""
    parts = []
    for i, (table, match) in enumerate(zip(tables, matches, strict=True)):
        cells = [_field_sql(table, f, match.get(f), typed=typed[f], zone=zone) for f in fields]
        first = f"c0 AS {FIRST}" if table.loose else f"CAST(NULL AS VARCHAR) AS {FIRST}"
        extra = [first] if any(not typed[f] for f in fields if f in DATE_FIELDS) else []
        extra += [f"{i} AS {FILE}"] if len(tables) > 1 or numbered is not None else []
        if numbered is not None:
            extra += [f"row_number() OVER () AS {PLACE}"]
            extra += [
                _field_sql(table, f, match.get(f), typed=False, zone=zone, name=f"asn_text_{f}") for f in numbered
            ]
        parts.append(table.relation.project(", ".join([*cells, *extra])))
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.union(part)
    return rows


def _kind(table: RawTable, heading: str) -> str:
    return str(table.relation.types[table.headings.index(heading)])


def _stays_typed(field: str, kinds: Sequence[str]) -> bool:
    if field in DATE_FIELDS:
        return all(_is_sql_temporal(k) for k in kinds)
    return len(set(kinds)) == 1


def _with_dates(
    relation: duckdb.DuckDBPyRelation, readings: Sequence[DateReading], typed: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    if typed:
        days = ", ".join(f'CAST("{f}" AS DATE) AS "{f}"' for f in typed)
        relation = relation.project(f"* REPLACE ({days})")
    for reading_of in readings:
        relation = dated(relation, reading_of)
    return relation


def _reading_notes(reading_of: DateReading) -> list[Message]:
    field, order = reading_of.column, reading_of.order
    notes = _time_notes({field: (reading_of.timed, reading_of.rows)})
    if reading_of.zeros:
        notes.append(Message("intake.dates.zeros", field=field, n=reading_of.zeros))
    if reading_of.thin:
        counts = {"n": reading_of.thin, "all": reading_of.rows}
        word = Message(f"intake.dates.order.{order}")
        notes.append(Alert("intake.dates.thin", field=field, order=word, setting=order, **counts))
    return notes
