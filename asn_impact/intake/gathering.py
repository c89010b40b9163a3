"""From files and frames to one typed frame: which columns, under which names, with dates read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, get_args

import duckdb
import narwhals as nw
import pyarrow as pa

from asn_impact.arguments import check_choice, did_you_mean
from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.blocks import with_column, with_names
from asn_impact.intake.cleaning import (
    BLANK,
    FEW_ROWS,
    FIRST,
    PLACE,
    TOTAL,
    UNKNOWN,
    Bounds,
    bounds_of,
    without_placeholders,
)
from asn_impact.intake.fields.canonical import CASE_FIELDS, DATE_FIELDS, FILE, STEP_FIELDS
from asn_impact.intake.fields.cells import field_sql, is_sql_temporal
from asn_impact.intake.fields.columns import (
    Headings,
    check_mapping,
    listed_headings,
    match_columns,
    normalised,
    recognised,
    stands_in,
    synonyms,
)
from asn_impact.intake.fields.date_columns import Order, see_dates
from asn_impact.intake.fields.dates import DateReading, dated
from asn_impact.intake.fields.file_orders import read_by_file
from asn_impact.intake.fields.free_text import refuse_names
from asn_impact.intake.fields.periods import OF_HEADING, period_in
from asn_impact.intake.fields.regencies import (
    REGENCY,
    named_regencies,
    refuse_untold,
    regencies_in,
    told_apart_by_folder,
)
from asn_impact.intake.fields.zones import ZONED, zone_name
from asn_impact.intake.formats import KNOWN, RawTable, ending_of, open_file
from asn_impact.intake.formats.engine import from_arrow, kept_typed, query, quote, reading
from asn_impact.intake.formats.folder import files_of, may_hold_data, paths_of
from asn_impact.intake.formats.parquet import columns_of, rows_of
from asn_impact.intake.formats.server import named_source, on_server, open_server
from asn_impact.intake.frames import (
    MOST_IN_ARROW,
    as_relation,
    is_temporal,
    narwhal,
    refuse_long_floats,
    refuse_strange_kinds,
    type_frame,
)
from asn_impact.intake.gathered import Gathered, lacking_notes, reading_notes, time_notes, zone_notes
from asn_impact.intake.sheets import sheets_that_count
from asn_impact.words import Alert, Message, paragraph

Relation: TypeAlias = duckdb.DuckDBPyRelation

MANY: Final = 8  # tables below each other from which the engine plans longer than it reads: they are written down once


@contextmanager
def explaining(source: Any) -> Iterator[None]:  # noqa: ANN401
    """Put DuckDB's errors about a file, met in whichever query, in our words."""
    with reading(named_source(source)):
        yield


def headings_of(source: Any, rows: Gathered) -> list[str]:  # noqa: ANN401
    """Return every heading of a source that was gathered, the columns that nobody wanted too."""
    if isinstance(source, str | Path | tuple | list) or on_server(source):
        return list(dict.fromkeys(heading for one in rows.tables for heading in one.headings))
    return list(narwhal(source, lambda _: None).collect_schema().names())


def gather(
    source: Any,  # noqa: ANN401
    wanted: Sequence[str],
    *,
    columns: Headings | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    table: str | None = None,
    zone: str | None = None,
    sheets: Sequence[str] | None = None,
    reshape: Callable[[RawTable], RawTable] | None = None,
    partly: Sequence[str] = (),
) -> Gathered:
    """Return the wanted columns of a source, and only those, under field names, with dates typed.

    Parameters as for `read_exports`; `wanted` are fields, `required` those without which there is no answer; `reshape`
    makes of a table as it was found the one that is read; `partly` are columns to keep that some tables may lack. A
    date that means "no date" is missing, except in the fields of cases and steps: their readers count it.
    """
    rows = _gather(source, wanted, columns, dates, keep, required, table, zone, sheets, reshape, partly)
    others = [f for f in rows.headings if f in DATE_FIELDS - {*CASE_FIELDS, *STEP_FIELDS}]
    return replace(rows, frame=without_placeholders(rows.frame, others).drop(BLANK)) if others else rows


def _gather(
    source: Any,  # noqa: ANN401
    wanted: Sequence[str],
    columns: Headings | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    table: str | None,
    zone: str | None,
    sheets: Sequence[str] | None,
    reshape: Callable[[RawTable], RawTable] | None,
    partly: Sequence[str],
) -> Gathered:
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
    if isinstance(source, str | Path | tuple | list):
        tables, notes = _file_tables(paths_of(source), wanted, keep, columns, table)
        tables = tables if reshape is None else [reshape(one) for one in tables]
        tables = with_names(tables, wanted, columns or {}, keep)
        find_in = _matching(tables, wanted, columns, keep, partly)
        tables, of_sheets = sheets_that_count(tables, sheets, required, find_in)
        notes += of_sheets
        return _type_tables(tables, wanted, columns, dates, keep, required, notes, zone, partly)
    find = partial(match_columns, wanted=wanted, columns=columns, keep=keep, required=required)
    if reshape is not None:
        every = narwhal(source, find)
        raw = reshape(RawTable("frame", tuple(every.collect_schema().names()), as_relation(every), "", loose=True))
        return _type_tables([raw], wanted, columns, dates, keep, required, [], zone)
    frame = narwhal(source, find)
    match = find(frame.collect_schema().names())
    if REGENCY in wanted:
        strings = [name for name, kind in frame.collect_schema().items() if kind in (nw.String, nw.Object)]
        _refuse_regencies([(frame, dict(zip(strings, strings, strict=True)), match)], columns)
    refuse_strange_kinds(frame.collect_schema(), match.values())
    if not match:
        frame, match = frame.with_columns(nw.lit(0).alias(FILE)), {FILE: FILE}
    frame = frame.select(*(nw.col(heading).alias(field) for field, heading in match.items()))
    refuse_long_floats(frame)
    schema = frame.collect_schema()
    texts = [f for f in match if f in DATE_FIELDS and not is_temporal(schema[f])]
    if texts or frame.implementation.is_pyarrow() or frame.implementation.is_duckdb():
        held = not frame.implementation.is_duckdb()
        raw = RawTable("frame", tuple(match), as_relation(frame), "", loose=False, held=held)
        rows = _type_tables(
            [raw], wanted, {f: f if f in match else None for f in wanted}, dates, keep, required, [], zone
        )
        return replace(rows, headings=MappingProxyType(match))
    refuse_names(frame, match, keep)
    return type_frame(frame, match, zone)


def _file_tables(
    paths: Sequence[Path],
    wanted: Sequence[str],
    keep: Sequence[str],
    columns: Headings | None,
    table: str | None,
) -> tuple[list[RawTable], list[Message]]:
    names = [*keep, *listed_headings(columns)]

    def recognise(cells: Sequence[str]) -> int:
        periods = sum(period_in(cell, None) is not None for cell in cells) if OF_HEADING in names else 0
        return recognised(cells, [*wanted, *keep], names) + periods

    paths = [inner for path in paths for inner in folders_of_regencies(path)]
    places = [path.name if path.is_dir() else path.absolute().parent.name for path in paths]
    regencies = named_regencies(places) or told_apart_by_folder(places) if REGENCY in wanted else {}
    found = [files_of(path) for path in paths]
    files = [(file, regencies.get(name)) for name, (part, _) in zip(places, found, strict=True) for file in part]
    if REGENCY in wanted and not regencies:
        named = regencies_in([file.stem for file, _ in files])
        files = [(file, named.get(file.stem)) for file, _ in files]
    opened = [[_of_regency(one, name) for one in open_file(file, recognise, table)] for file, name in files]
    tables, copies = _without_copies(opened)
    others = [note for path, (_, names) in zip(paths, found, strict=True) for note in _passed_over(path, names)]
    return tables, [*others, *copies]


def folders_of_regencies(path: Path) -> list[Path]:
    """Return the folders of regencies in a folder that holds nothing else that is read; otherwise the path itself."""
    if not path.is_dir():
        return [path]
    inside = sorted(one for one in path.iterdir() if not one.name.startswith((".", "~$")))
    named = named_regencies([one.name for one in inside if one.is_dir()])
    alone = not any(one.is_file() and ending_of(one) in KNOWN for one in inside)
    return [one for one in inside if one.name in named] if named and alone else [path]


def _of_regency(table: RawTable, name: str | None) -> RawTable:
    """Return the table with the regency of its folder as a column, unless it has one of its own."""
    if name is None or any(REGENCY in synonyms().get(normalised(heading), ()) for heading in table.headings):
        return table
    return with_column(table, REGENCY, name)


def _passed_over(folder: Path, names: Sequence[str]) -> list[Message]:
    """Say what in a folder was not read; what a reader may take for data is said aloud."""
    data = [name for name in names if may_hold_data(folder / name)]
    rest = [name for name in names if name not in data]
    aloud: list[Message] = [Alert("intake.data_not_read", names=data)] if data else []
    return [*aloud, *([Message("intake.no_data_files", names=rest)] if rest else [])]


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


def _type_tables(
    tables: Sequence[RawTable],
    wanted: Sequence[str],
    columns: Headings | None,
    dates: Mapping[str, str] | None,
    keep: Sequence[str],
    required: Sequence[str],
    notes: Sequence[Message],
    zone: str | None,
    partly: Sequence[str] = (),
) -> Gathered:
    """All tables under one set of field names, stacked; text dates parsed by expressions over whole columns."""
    known: dict[tuple[str, ...], dict[str, str]] = {}
    find_in = _matching(tables, wanted, columns, keep, partly)
    for t in tables:
        if t.headings not in known:
            known[t.headings] = find_in(t, required)
    matches = [known[t.headings] for t in tables]
    if REGENCY in wanted:
        every = [(nw.from_native(t.relation), {f"c{i}": h for i, h in enumerate(t.headings)}) for t in tables]
        _refuse_regencies([(*one, match) for one, match in zip(every, matches, strict=True)], columns)
    fields = list(dict.fromkeys(f for match in matches for f in match))
    kinds = {f: [_kind(t, m[f]) for t, m in zip(tables, matches, strict=True) if f in m] for f in fields}
    is_typed = {f: _stays_typed(f, kinds[f]) for f in fields}
    tables = [_fetch(t, m) if t.on_server else t for t, m in zip(tables, matches, strict=True)]
    rows = _stack(tables, matches, fields, is_typed, zone)
    long = any(t.long for t in tables)
    texts = [f for f in fields if f in DATE_FIELDS and not is_typed[f]]
    small = bool(texts) and len(tables) <= MANY and all(_is_held(t) for t in tables)
    in_days = [f for f in fields if f in DATE_FIELDS and is_typed[f]]
    if small:
        rows, readings, native, bounds = _of_small(rows, texts, in_days, dates or {}, zone, tables)
    else:
        rows = _written(rows) if long else rows
        lots = [[f] for f in texts] if long else [texts] if texts else []  # of a long file one column fills the memory
        seen = {f: one for lot in lots for f, one in see_dates(rows, lot).items()}
        readings = read_by_file(rows, seen, dates or {}, zone, tables)
        native = _with_dates(rows, readings, in_days)
        if long and any(r.timed for r in readings):  # hardly a text comes twice: reading them again would cost more
            native = kept_typed(native)
    if len(tables) > 1 and "case" not in fields and (twice := _repeated(native, fields)):
        again = [Alert("intake.copy_of_a_file", file=tables[j].name, first=tables[i].name) for j, i in twice.items()]
        rest = [table for i, table in enumerate(tables) if i not in twice]
        return _type_tables(rest, wanted, columns, dates, keep, required, [*notes, *again], zone, partly)
    frame: nw.LazyFrame[Any] = nw.from_native(native).lazy()
    if not small:
        bounds = bounds_of(frame) if long else UNKNOWN if texts else bounds_of(nw.from_native(rows))
    for match in known.values():
        refuse_names(frame, match, keep)
    headings = {f: next(m[f] for m in matches if f in m) for f in fields}
    of_dates = [n for r in readings for n in (*r.notes, *reading_notes(r))]
    moments = [f for f in fields if f in DATE_FIELDS and ZONED in kinds[f]]
    of_moments = [Message("intake.dates.moments", field=f, zone=zone_name(zone)) for f in moments]
    of_times = [
        *time_notes(bounds.timed),
        *of_moments,
        *zone_notes({r.column: z for r in readings for z in r.zones}),
    ]

    def numbered() -> nw.LazyFrame[Any]:
        rows = _stack(tables, matches, fields, is_typed, zone, numbered=texts)
        if not any(t.sha256 for t in tables):  # a frame, perhaps of a connection of the reader's own
            rows = from_arrow(rows.to_arrow_table())
        return nw.from_native(_with_dates(rows, readings, in_days))

    return Gathered(
        frame=frame,
        bounds=bounds,
        headings=MappingProxyType(headings),
        tables=tuple(tables),
        readings=tuple(readings),
        texts=rows,
        notes=(
            *notes,
            *lacking_notes(tables, matches, partly),
            *(n for t in tables for n in t.notes),
            *of_dates,
            *of_times,
        ),
        numbered=numbered,
        layouts=_layouts(tables, matches),
    )


def _matching(
    tables: Sequence[RawTable],
    wanted: Sequence[str],
    columns: Headings | None,
    keep: Sequence[str],
    partly: Sequence[str],
) -> Callable[[RawTable, Sequence[str]], dict[str, str]]:
    """Return what finds the headings of a table: an extra column that it may lack has to stand in one of the others."""
    lacking = {
        headings: {name for name in partly if name not in wanted and not stands_in(name, headings, columns or {})}
        for headings in {table.headings for table in tables}
    }
    nowhere = set(partly).intersection(*lacking.values())

    def find_in(one: RawTable, needed: Sequence[str]) -> dict[str, str]:
        absent = lacking[one.headings] - nowhere
        own = {field: heading for field, heading in (columns or {}).items() if field not in absent}
        there = [name for name in keep if name not in absent]
        return match_columns(one.headings, wanted, columns=own, keep=there, required=needed, source=one.name)

    return find_in


_SMALL: Final[dict[Any, tuple[Any, tuple[Relation, list[DateReading], Relation | pa.Table, Bounds]]]] = {}
MOST_SMALL: Final = 2  # exports and a list of training: what `check` asks for again


def _of_small(
    rows: Relation,
    texts: Sequence[str],
    in_days: Sequence[str],
    dates: Mapping[str, str],
    zone: str | None,
    tables: Sequence[RawTable],
) -> tuple[Relation, list[DateReading], Relation | pa.Table, Bounds]:
    """Return rows held in memory, how their dates are read, and the rows so read: every later query would do it again.

    Few are rows of Arrow. The last are kept: the same query of the same private copies, held so that no other gets its
    names, is not asked.
    """
    files = tuple((t.name, t.sha256) for t in tables)
    asked = (rows.sql_query(), tuple(texts), tuple(in_days), tuple(sorted(dates.items())), zone, files)
    if asked not in _SMALL:
        held = from_arrow(rows.to_arrow_table())
        readings = read_by_file(held, see_dates(held, texts), dates, zone, tables)
        table = _with_dates(held, readings, in_days).to_arrow_table().combine_chunks()
        native = table if len(table) <= MOST_IN_ARROW else from_arrow(table)
        for oldest in [*_SMALL][: len(_SMALL) + 1 - MOST_SMALL]:
            del _SMALL[oldest]
        _SMALL[asked] = rows, (held, readings, native, bounds_of(nw.from_native(table).lazy()))
    return _SMALL[asked][1]


def _refuse_regencies(
    tables: Iterable[tuple[nw.LazyFrame[Any], Mapping[str, str], Mapping[str, str]]], columns: Headings | None
) -> None:
    """Refuse to read offices of several regencies as one where a column that is not read tells them apart."""
    if REGENCY in {*(columns or {})}:
        return
    refuse_untold(
        (frame, next(c for c, h in headings.items() if h == match["office"]), others)
        for frame, headings, match in tables
        if "office" in match
        and REGENCY not in match
        and match["office"] in headings.values()
        and (others := {c: h for c, h in headings.items() if h not in match.values()})
    )


def _is_held(table: RawTable) -> bool:
    """Return whether the wanted cells fit into memory: texts of a file that is not long, or few rows."""
    if table.parquet is None and not table.held:
        return table.loose and bool(table.sha256) and not table.long
    return len(table.relation.limit(FEW_ROWS + 1).project("1").fetchall()) <= FEW_ROWS


def _layouts(tables: Sequence[RawTable], matches: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """Return the name of the first table of each way to head the fields -> field -> heading."""
    first: dict[tuple[tuple[str, str], ...], str] = {}
    for table, match in zip(tables, matches, strict=True):
        first.setdefault(tuple(sorted(match.items())), hidden(table.name, names=True))
    return MappingProxyType({name: MappingProxyType(dict(match)) for match, name in first.items()})


def _repeated(rows: Relation | pa.Table, fields: Sequence[str]) -> dict[int, int]:
    """Return the tables with the rows of an earlier one, whatever their form: without numbers nothing else tells."""
    cells = ", ".join(f'"{field}"' for field in fields)
    rows = from_arrow(rows) if isinstance(rows, pa.Table) else rows
    tables = rows.aggregate(f"{FILE}, count(*) AS n, sum(hash({cells})) AS total").order(FILE).fetchall()
    first: dict[tuple[int, int], int] = {}
    for table, n, total in tables:
        first.setdefault((n, total), table)
    return {table: first[n, total] for table, n, total in tables if n >= _TELLING and first[n, total] != table}


_TELLING: Final = 10  # rows that two tables do not share by chance


def _written(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the wanted cells, written down once; of first cells only those that are the word of a total."""
    if FIRST in rows.columns:
        of_total = f"NOT {FIRST} GLOB '[0-9]*' AND regexp_matches({FIRST}, {quote(TOTAL)})"  # the cheap question first
        rows = rows.project(f"* REPLACE (CASE WHEN {of_total} THEN {FIRST} END AS {FIRST})")
    return kept_typed(rows)


def _fetch(table: RawTable, match: Mapping[str, str]) -> RawTable:
    """Return a table of a server with the wanted columns fetched, once; the others are empty and stay there."""
    used = {table.headings.index(heading) for heading in match.values()}
    columns = (f"c{i}" if i in used else f"CAST(NULL AS VARCHAR) AS c{i}" for i in range(len(table.headings)))
    try:
        rows = table.relation.project(", ".join(columns)).to_arrow_table()
    except duckdb.Error:  # its message can hold the address
        raise InputError(Message("intake.not_fetched", table=table.name)) from None
    return replace(table, relation=from_arrow(rows))


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
    for run in _runs(tables, matches, together=numbered is None):
        table, match = tables[run.start], matches[run.start]
        cells = [field_sql(table, f, match.get(f), typed=typed[f], zone=zone) for f in fields]
        first = f"c0 AS {FIRST}" if table.loose else f"CAST(NULL AS VARCHAR) AS {FIRST}"
        extra = [first] if any(not typed[f] for f in fields if f in DATE_FIELDS) else []
        relation, number = (table.relation, str(run.start)) if len(run) == 1 else _read_as_one(tables, run)
        extra += [f"{number} AS {FILE}"] if len(tables) > 1 or numbered is not None or not cells else []
        if numbered is not None:
            extra += [f"row_number() OVER () AS {PLACE}"]
            extra += [field_sql(table, f, match.get(f), typed=False, zone=zone, name=f"asn_text_{f}") for f in numbered]
        parts.append(relation.project(", ".join([*cells, *extra])))
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.union(part)
    return rows if len(parts) <= MANY or numbered is not None else kept_typed(rows)


def _runs(tables: Sequence[RawTable], matches: Sequence[Mapping[str, str]], *, together: bool) -> list[range]:
    """Return the places of tables that can be read as one: Parquet files of the same columns that mean the same."""
    runs: list[range] = []
    before: object = None
    for i, (table, match) in enumerate(zip(tables, matches, strict=True)):
        alike = (table.headings, table.split, list(map(str, table.relation.types)), dict(match))
        kind = alike if table.parquet is not None else None
        if together and kind is not None and kind == before:
            runs[-1] = range(runs[-1].start, i + 1)
        else:
            runs.append(range(i, i + 1))
        before = kind
    return runs


def _read_as_one(tables: Sequence[RawTable], run: range) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Return the rows of several Parquet files as one relation, and SQL for the number of the file each is from."""
    files = [file for i in run if (file := tables[i].parquet) is not None]
    rows = rows_of(files, tables[run.start].split, named="asn_name")
    names = ", ".join(quote(str(file)) for file in files)
    relation = query(f"SELECT {columns_of(tables[run.start].headings)}, asn_name FROM {rows}")
    return relation, f"CAST({run.start - 1} + list_position([{names}], asn_name) AS INTEGER)"


def _kind(table: RawTable, heading: str) -> str:
    return str(table.relation.types[table.headings.index(heading)])


def _stays_typed(field: str, kinds: Sequence[str]) -> bool:
    if field in DATE_FIELDS:
        return all(is_sql_temporal(k) for k in kinds)
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
