"""Exports of an office, as received -> one `Extract`: clean records, and a ledger of every row.

Files are read by DuckDB where they lie. A frame that is typed already stays in its engine. Texts that must
become dates go through DuckDB whatever they came in.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from asn_impact.display import card
from asn_impact.errors import DataWarning, InputError, nearest
from asn_impact.intake.cleaning import (
    FILE,
    FIRST,
    GIVEN,
    NO_DATE,
    UNKNOWN,
    Bounds,
    Cleaned,
    bounds_of,
    clean,
    drawn_on_completion,
    placeholders_read,
)
from asn_impact.intake.columns import match_columns, recognised
from asn_impact.intake.files import RawTable, files_of, open_file, query, reading
from asn_impact.intake.ledger import Ledger
from asn_impact.intake.local import DateReading, dated, read_dates, sketched
from asn_impact.intake.privacy import masked
from asn_impact.intake.steps import STEPS, cases_of_steps, distinct_steps

__all__ = ["Extract", "Selection", "Source", "read_exports", "read_steps"]

Selection: TypeAlias = Literal["received", "completed", "unknown"]

CASE_FIELDS = ("case", "office", "service", "received", "decided", "status")
STEP_FIELDS = ("case", "office", "service", "received", "step", "step_start", "step_end", "status", "deleted")
TEXT_FIELDS = frozenset(
    {"case", "office", "service", "status", "step", "deleted", "course", "officer", "passed", "provider"}
)
DATE_FIELDS = frozenset({"received", "decided", "promised", "step_start", "step_end", "course_start", "course_end"})
UNREADABLE = 0.1  # share of texts that are no dates above which the column was misread
LATE = 62  # days between the last date in the file and as_of that deserve a word


@dataclass(frozen=True, eq=False)
class Source:
    """One file or sheet: its name, its rows and the SHA-256 of the file (empty for a frame)."""

    name: str
    rows: int
    sha256: str


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
    notes : tuple of str
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
    notes: tuple[str, ...]
    selection: Selection = "unknown"

    def __repr__(self) -> str:
        return f"Extract(as of {self.as_of}, {len(self.sources)} sources, {self.ledger!r})"

    def _repr_html_(self) -> str:
        rows = [("read", self.ledger.read), *((f"dropped: {r}", n) for r, n in self.ledger.dropped.items())]
        table = pd.DataFrame([*rows, ("kept", self.ledger.kept)], columns=["rows", "n"])
        facts: list[tuple[str, object]] = [
            ("as of", self.as_of),
            ("sources", len(self.sources)),
            ("drawn on", self.selection),
        ]
        facts += [(field, heading) for field, heading in self.headings.items()]
        return card("Extract", [*facts, *(("note", note) for note in self.notes)], table=table)


@dataclass(frozen=True, eq=False)
class Gathered:
    """Rows of all tables under field names, with dates typed; and what was learnt on the way."""

    frame: nw.LazyFrame[Any]
    bounds: Bounds
    headings: Mapping[str, str]
    tables: tuple[RawTable, ...]
    readings: tuple[DateReading, ...]
    texts: duckdb.DuckDBPyRelation | None
    notes: tuple[str, ...]
    alerts: tuple[str, ...]


def read_exports(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    as_of: dt.date | str,
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    office: str | None = None,
    status_words: Mapping[str, str] | None = None,
    selection: Literal["received", "completed"] | None = None,
) -> Extract:
    """Return the cases of an export, one row a case, with every row of the export accounted for.

    Parameters
    ----------
    source : path or frame
        A CSV, XLSX, XLS, Parquet or JSON file (a list of records, also inside ``{"data": ...}``), a folder of them
        (all are read, sorted by name), or a frame: pandas, polars, pyarrow, a DuckDB relation, or another that
        narwhals knows. Headings may stand below titles and in two rows, with a row of column numbers under them.
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
    status_words : mapping, optional
        Status words of this office -> ``open``, ``granted``, ``rejected`` or ``withdrawn``.
    selection : {"received", "completed"}, optional
        How the export was drawn, when known. Without it the dates are asked.

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
        Once, when rows were left out or something was read that the reader may not expect.

    Notes
    -----
    A row is dropped for the first reason that applies, in the order of the ledger. Of copies of a case (same
    office and number) that agree one is kept, a decided one before an open one; copies that contradict each
    other are all dropped. A row with an open status and a decision date, or finished without a date,
    contradicts itself and is dropped; ``columns={"status": None}`` trusts the dates alone. A withdrawn case
    may lack a date.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "received": pd.to_datetime(["2024-01-02", "2024-01-03"]),
    ...                       "decided": pd.to_datetime(["2024-01-09", None])})
    >>> read_exports(frame, as_of="2024-01-31").ledger
    Ledger(read 2 = kept 2 + dropped 0)
    """
    day = _as_day(as_of)
    wanted = [f for f in CASE_FIELDS if not (f == "office" and office is not None)]
    required = ["received", "decided", *([] if office is not None else ["office"])]
    with explaining(source):
        rows = gather(source, wanted, columns=columns, dates=dates, keep=keep, required=required)
        frame = rows.frame if office is None else _at_office(rows.frame, office)
        names = [*CASE_FIELDS, *(k for k in keep if k not in CASE_FIELDS)]
        cleaned = clean(frame, bounds=rows.bounds, as_of=day, columns=names, status_words=status_words)
        _refuse_empty(cleaned.ledger, rows.tables)
        alerts = [*rows.alerts, *_unreadable(rows, cleaned.ledger), *cleaned.alerts]
        drawn, word = _selection(cleaned, selection)
    return _finished(rows, cleaned, day, drawn, [*alerts, *word])


def _at_office(frame: nw.LazyFrame[Any], office: str) -> nw.LazyFrame[Any]:
    return frame.with_columns(nw.lit(office).alias("office"), nw.lit(1).alias(GIVEN))


def _finished(rows: Gathered, cleaned: Cleaned, day: dt.date, drawn: Selection, alerts: Sequence[str]) -> Extract:
    said = [*alerts, *_left_out(cleaned.ledger)]
    if said:
        warnings.warn(" ".join(said), DataWarning, stacklevel=3)
    sources = tuple(Source(t.name, cleaned.rows_by_file.get(i, 0), t.sha256) for i, t in enumerate(rows.tables))
    notes = (*rows.notes, *cleaned.notes, *_late(cleaned.latest, day), *said)
    return Extract(cleaned.records, day, cleaned.ledger, rows.headings, sources, notes, drawn)


def _as_day(value: dt.date | str) -> dt.date:
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise InputError(f"as_of is {value!r}; expected a date or a text like '2025-12-31'.") from None
    return day.date() if isinstance(day, dt.datetime) else day


def _left_out(ledger: Ledger) -> list[str]:
    total = sum(ledger.dropped.values())
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in ledger.dropped.items())
    return [f"{total:,} of {ledger.read:,} rows left out: {reasons}."] if total else []


def _late(latest: dt.date | None, as_of: dt.date) -> list[str]:
    if latest is None or (as_of - latest).days <= LATE:
        return []
    return [
        f"The last date in the export is {latest}, {(as_of - latest).days} days before as_of {as_of}: "
        f"if the export was made earlier, open cases look older than they are."
    ]


def _refuse_empty(ledger: Ledger, tables: Sequence[RawTable]) -> None:
    name = tables[0].name if tables else "the data"
    if ledger.read == 0:
        raise InputError(f"{name!r} has headings and no rows. Export it again.")
    if ledger.kept == 0:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in ledger.dropped.items())
        raise InputError(f"{name!r}: none of {ledger.read:,} rows can be used ({reasons}). Check the columns.")


def _selection(cleaned: Cleaned, said: Selection | None) -> tuple[Selection, list[str]]:
    if said is not None:
        drawn = said
    elif cleaned.open_cases:
        drawn = "received"
    else:
        drawn = "completed" if drawn_on_completion(cleaned.records) else "unknown"
    word = (
        "The export holds completed cases only, drawn by the date of completion: its early months hold long waits "
        "only. Ask for all cases received, open ones too."
    )
    return drawn, [word] if drawn == "completed" else []


def _unreadable(rows: Gathered, ledger: Ledger) -> list[str]:
    """Say which texts are no dates; too many mean that the column was misread."""
    alerts = []
    for reading_of in rows.readings:
        count = ledger.dropped.get(NO_DATE.get(reading_of.column, ""), 0)
        if not count or rows.texts is None:
            continue
        texts = rows.texts.project(f'"{reading_of.column}", "{reading_of.column}" AS asn_text')
        bad = dated(texts, reading_of).filter(f"asn_{reading_of.column}_bad").project("asn_text").limit(3).fetchall()
        shown = ", ".join(repr(sketched(str(v))) for (v,) in bad)
        what = f"Texts in {reading_of.column!r} that are no date of the calendar: {count:,}, for example {shown}."
        if count > UNREADABLE * reading_of.rows:
            raise InputError(f"{what} That is too many of {reading_of.rows:,}: check the column and dates=.")
        alerts.append(what)
    return alerts


@contextmanager
def explaining(source: Any) -> Iterator[None]:  # noqa: ANN401
    """Put DuckDB's errors about a file, met in whichever query, in our words."""
    with reading(Path(source).name if isinstance(source, str | Path) else "the frame"):
        yield


# --- one row a step -------------------------------------------------------------------------------------------


def read_steps(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, str] | None = None,
    finished: Sequence[str] = ("Selesai",),
    last_step: str | None = None,
    office: str | None = None,
) -> Extract:
    """Return the cases of an export with one row a processing step, as SiCantik writes it.

    A case is received when its first step starts (or on the application date, where there is one) and decided
    when its last step ends, if every step is finished; with an unfinished step it is open. This is the gross
    time: waiting for the applicant is in it.

    Parameters
    ----------
    source, as_of, columns, dates, office
        As for `read_exports`; the fields are ``case``, ``office``, ``service``, ``received``, ``step``,
        ``step_start``, ``step_end``, ``status`` (of the step) and ``deleted``.
    finished : sequence of str
        Status words of a finished step. Without a status column a step with an end date is finished.
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
    day = _as_day(as_of)
    wanted = [f for f in STEP_FIELDS if not (f == "office" and office is not None)]
    required = ["case", "step_start", "step_end", *([] if office is not None else ["office"])]
    required += ["step"] if last_step is not None else []
    with explaining(source):
        rows = gather(source, wanted, columns=columns, dates=dates, keep=(), required=required)
        frame = rows.frame if office is None else rows.frame.with_columns(nw.lit(office).alias("office"))
        distinct, before, blanks = distinct_steps(frame)
        cases = cases_of_steps(distinct, finished=finished, last_step=last_step)
        cleaned = clean(cases, bounds=UNKNOWN, as_of=day, columns=list(CASE_FIELDS), weight=STEPS)
        ledger = Ledger(sum(before.values()), 0, before) + cleaned.ledger
        _refuse_empty(ledger, rows.tables)
    counted = int(cleaned.records.select(nw.len()).collect().item())
    note = f"{ledger.kept:,} steps kept make {counted:,} cases; time is gross, waiting for the applicant included."
    sizes = {0: ledger.read} if len(rows.tables) == 1 else _rows_by_table(rows)
    result = replace(cleaned, ledger=ledger, rows_by_file=sizes, notes=(*cleaned.notes, note))
    drawn: Selection = "received" if cleaned.open_cases else "unknown"
    return _finished(rows, result, day, drawn, [*rows.alerts, *placeholders_read(blanks), *cleaned.alerts])


def _rows_by_table(rows: Gathered) -> dict[int, int]:
    counts = rows.frame.group_by(FILE).agg(n=nw.len()).collect().rows(named=True)
    return {int(r[FILE]): int(r["n"]) for r in counts}


# --- from files and frames to one typed frame -----------------------------------------------------------------


def gather(
    source: Any,  # noqa: ANN401
    wanted: Sequence[str],
    *,
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
) -> Gathered:
    for field in dates or {}:
        if field not in (*wanted, *keep) or field not in DATE_FIELDS:
            known = [f for f in (*wanted, *keep) if f in DATE_FIELDS]
            raise InputError(
                f"dates names {field!r}, which is no date here.{nearest(field, known)} Dates: {', '.join(known)}."
            )
    if isinstance(source, str | Path):
        tables, notes = _file_tables(Path(source), [*wanted, *keep], columns)
        return _typed_tables(tables, wanted, columns, dates, keep, required, notes)
    frame = _narwhal(source)
    found = match_columns(frame.collect_schema().names(), wanted, columns=columns, keep=keep, required=required)
    frame = frame.select(*(nw.col(heading).alias(field) for field, heading in found.items()))
    _refuse_long_floats(frame)
    schema = frame.collect_schema()
    texts = [f for f in found if f in DATE_FIELDS and not _is_temporal(schema[f])]
    if texts or frame.implementation.is_pyarrow():
        table = RawTable("frame", tuple(found), _as_relation(frame), "", loose=False)
        rows = _typed_tables([table], wanted, {f: f if f in found else None for f in wanted}, dates, keep, required, [])
        return Gathered(
            rows.frame,
            rows.bounds,
            MappingProxyType(found),
            rows.tables,
            rows.readings,
            rows.texts,
            rows.notes,
            rows.alerts,
        )
    return _typed_frame(frame, found)


def _narwhal(source: Any) -> nw.LazyFrame[Any]:  # noqa: ANN401
    native = source.reset_index(drop=True) if isinstance(source, pd.DataFrame) else source
    try:
        if isinstance(native, pd.DataFrame) and not native.columns.is_unique:
            double = native.columns[native.columns.duplicated()].tolist()
            raise InputError(f"The frame has two columns named {masked(str(double[0]))!r}. Rename one of them.")
        frame = nw.from_native(native)
    except TypeError:
        raise InputError(
            f"A {type(source).__name__} cannot be read; expected a path, or a pandas, polars, pyarrow or DuckDB frame."
        ) from None
    return frame.lazy()


def _is_temporal(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Date or dtype == nw.Datetime


def _refuse_long_floats(frame: nw.LazyFrame[Any]) -> None:
    """Refuse numbers of 16 digits or more stored as floats: their last digits are lost, different cases collapse."""
    schema = frame.collect_schema()
    for field in [f for f in ("case", "office") if f in schema and schema[f].is_float()]:
        top = frame.select(nw.col(field).max()).collect().item()
        if top is not None and top >= 2**53:
            raise InputError(
                f"Column {field!r} holds long numbers stored as floats, whose last digits are lost. Read it as text."
            )


def _as_text(field: str, dtype: nw.dtypes.DType) -> nw.Expr:
    column = nw.col(field)
    if dtype.is_float():
        column = column.cast(nw.Int64)
    return column if dtype == nw.String else column.cast(nw.String)


def _typed_frame(frame: nw.LazyFrame[Any], found: Mapping[str, str]) -> Gathered:
    schema = frame.collect_schema()
    alerts = _zone_alerts({f: str(getattr(schema[f], "time_zone", None)) for f in schema if _is_zoned(schema[f])})
    zoned = [f for f in found if _is_zoned(schema[f])]
    if zoned and not frame.implementation.is_duckdb():
        frame = frame.with_columns(*(nw.col(f).dt.replace_time_zone(None) for f in zoned))
    bounds = bounds_of(frame)
    texts = [_as_text(f, schema[f]).alias(f) for f in found if f in TEXT_FIELDS and schema[f] != nw.String]
    days = [nw.col(f).cast(nw.Date) for f in found if f in DATE_FIELDS and schema[f] != nw.Date]
    typed = frame.with_columns(*texts, *days) if texts or days else frame
    table = RawTable("frame", tuple(found), query("SELECT 1 WHERE false"), "", loose=False)
    alerts += _timed_alerts(bounds.timed)
    return Gathered(typed, bounds, MappingProxyType(dict(found)), (table,), (), None, (), tuple(alerts))


def _is_zoned(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Datetime and getattr(dtype, "time_zone", None) is not None


def _zone_alerts(zones: Mapping[str, str]) -> list[str]:
    """Say where days were cut in UTC, up to a day before the local one, or two columns are in two zones."""
    alerts = [
        f"{f}: times are in UTC; the day there is used, up to a day before the local one."
        for f, zone in zones.items()
        if zone == "UTC"
    ]
    if len(set(zones.values())) > 1:
        each = ", ".join(f"{f} in {zone}" for f, zone in zones.items())
        alerts.append(f"Times are in different zones ({each}): durations can differ by a day.")
    return alerts


def _timed_alerts(timed: Mapping[str, tuple[int, int]]) -> list[str]:
    """Say where part of a column has times of day: a day of error either way for the rest."""
    mixed = {f: (t, n) for f, (t, n) in timed.items() if 0 < t < 0.999 * n}
    return [
        f"{f}: {n - t:,} of {n:,} values have no time of day and the others do; only the days are used."
        for f, (t, n) in mixed.items()
    ]


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
    path: Path, fields: Sequence[str], columns: Mapping[str, str | None] | None
) -> tuple[list[RawTable], list[str]]:
    named = [h for h in (columns or {}).values() if h is not None]

    def recognise(cells: Sequence[str]) -> int:
        return recognised(cells, fields, named)

    files, passed = files_of(path)
    tables, copies = _without_copies([open_file(file, recognise) for file in files])
    notes = [f"Not read, no data files: {', '.join(passed)}."] if passed else []
    return [replace(tables[0], alerts=(*tables[0].alerts, *copies)), *tables[1:]], notes


def _without_copies(files: Sequence[list[RawTable]]) -> tuple[list[RawTable], list[str]]:
    """Return the tables of the files, each file once: the same bytes under two names would count every case twice."""
    seen: dict[str, str] = {}
    tables: list[RawTable] = []
    alerts = []
    for file in files:
        first = seen.setdefault(file[0].sha256, file[0].name)
        if first == file[0].name:
            tables += file
        else:
            alerts.append(f"{file[0].name} is a copy of {first}: not read.")
    return tables, alerts


#: What keeps a spreadsheet from reading 007 as 7: an apostrophe in front, or ="007".
_SHIELD = """'^(?:''|="([^"]*)"$)'"""


def _sql_text(column: str, kind: str, *, loose: bool) -> str:
    """Write SQL for a text: numbers written out, and in loose text files spaces at the ends cut."""
    if kind == "VARCHAR":
        return f"nullif(regexp_replace(trim({column}), {_SHIELD}, '\\1'), '')" if loose else column
    whole = f"CAST({column} AS BIGINT)" if kind in ("DOUBLE", "FLOAT") else column
    return f"CAST({whole} AS VARCHAR)"


def _is_sql_temporal(kind: str) -> bool:
    return kind.startswith(("DATE", "TIMESTAMP"))


def _field_sql(table: RawTable, field: str, heading: str | None, *, typed: bool) -> str:
    """Write SQL for one field of one table, under its own name."""
    if heading is None:
        return f'CAST(NULL AS {"DATE" if typed and field in DATE_FIELDS else "VARCHAR"}) AS "{field}"'
    at = table.headings.index(heading)
    column, kind = f"c{at}", str(table.relation.types[at])
    if field in TEXT_FIELDS:
        sql = _sql_text(column, kind, loose=table.loose)
    elif field in DATE_FIELDS:
        sql = column if typed or kind == "VARCHAR" else f"CAST({column} AS VARCHAR)"
    else:
        sql = column if typed else f"CAST({column} AS VARCHAR)"
    return f'{sql} AS "{field}"'


def _typed_tables(
    tables: Sequence[RawTable],
    wanted: Sequence[str],
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    notes: Sequence[str],
) -> Gathered:
    """All tables under one set of field names, stacked; text dates parsed by expressions over whole columns."""
    matches = [
        match_columns(t.headings, wanted, columns=columns, keep=keep, required=required, source=t.name) for t in tables
    ]
    fields = list(dict.fromkeys(f for match in matches for f in match))
    kinds = {f: [_kind(t, m[f]) for t, m in zip(tables, matches, strict=True) if f in m] for f in fields}
    typed = {f: _stays_typed(f, kinds[f]) for f in fields}
    parts = []
    for i, (table, match) in enumerate(zip(tables, matches, strict=True)):
        cells = [_field_sql(table, f, match.get(f), typed=typed[f]) for f in fields]
        first = f"c0 AS {FIRST}" if table.loose else f"CAST(NULL AS VARCHAR) AS {FIRST}"
        extra = [first] if any(not typed[f] for f in fields if f in DATE_FIELDS) else []
        extra += [f"{i} AS {FILE}"] if len(tables) > 1 else []
        parts.append(table.relation.project(", ".join([*cells, *extra])))
    stacked = parts[0]
    for part in parts[1:]:
        stacked = stacked.union(part)
    texts = [f for f in fields if f in DATE_FIELDS and not typed[f]]
    readings = [read_dates(stacked, f, name=f, order=(dates or {}).get(f)) for f in texts]
    frame = nw.from_native(_with_dates(stacked, readings, [f for f in fields if f in DATE_FIELDS and typed[f]]))
    bounds = UNKNOWN if texts else bounds_of(nw.from_native(stacked))
    headings = {f: next(m[f] for m in matches if f in m) for f in fields}
    said = [*notes, *(n for t in tables for n in t.notes), *(n for r in readings for n in r.notes)]
    alerts = [a for t in tables for a in t.alerts] + [a for r in readings for a in _reading_alerts(r)]
    alerts += [*_timed_alerts(bounds.timed), *_zone_alerts({r.column: z for r in readings for z in r.zones})]
    return Gathered(
        frame, bounds, MappingProxyType(headings), tuple(tables), tuple(readings), stacked, tuple(said), tuple(alerts)
    )


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


def _reading_alerts(reading_of: DateReading) -> list[str]:
    alerts = _timed_alerts({reading_of.column: (reading_of.timed, reading_of.rows)})
    if reading_of.zeros:
        alerts.append(
            f"{reading_of.column}: {reading_of.zeros:,} placeholders (0000-00-00 and the like) read as no date."
        )
    if reading_of.thin:
        alerts.append(
            f"{reading_of.column}: {reading_of.thin:,} of {reading_of.rows:,} dates fit day first and month first; "
            f"read {reading_of.order} because the others tell. "
            f'dates={{"{reading_of.column}": "{reading_of.order}"}} settles it.'
        )
    return alerts
