"""A table of an SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from asn_impact.errors import InputError
from asn_impact.intake.formats.database import which_table
from asn_impact.intake.formats.engine import identifier
from asn_impact.intake.formats.raw import (
    MOST_CELLS,
    Asked,
    RawTable,
    cell_text,
    check_width,
    sha256,
    text_relation,
)
from asn_impact.intake.formats.snapshots import snapshot
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message


def open_sqlite(path: Path, asked: Asked) -> list[RawTable]:
    """Return the table named of an SQLite file, or the only one."""
    if any(_is_filled(path.with_name(path.name + end)) for end in ("-wal", "-journal")):  # rows not yet in the file
        raise InputError(Message("files.database_not_opened", file=path.name, why=Message("files.database_in_use")))
    copy, changed = snapshot(path)
    name, columns = read_apart(_read_table, copy, asked.table)
    relation = text_relation(list(columns.values()))
    return [RawTable(f"{path.name}[{name}]", tuple(columns), relation, sha256(copy), loose=True, changed=changed)]


def _is_filled(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _read_table(path: Path, table: str | None) -> tuple[str, dict[str, list[str | None]]]:
    """Return the name of the table and heading -> texts; runs in the process for untrusted files."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = lambda content: content.decode("utf-8", errors="replace")
            database.execute("PRAGMA trusted_schema = OFF")
            return _table(database, path.name, table)
    except sqlite3.Error:
        why = Message("files.database_damaged")
        raise InputError(Message("files.database_not_opened", file=path.name, why=why)) from None


def _table(database: sqlite3.Connection, file: str, table: str | None) -> tuple[str, dict[str, list[str | None]]]:
    known = "type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    names = [str(name) for (name,) in database.execute(f"SELECT name FROM sqlite_master WHERE {known} ORDER BY name")]
    found = [name for name in names if table in (None, name)]
    if len(found) != 1:
        raise InputError(which_table(file, table, 0, names, names))
    rows = database.execute(f"SELECT * FROM {identifier(found[0])}")
    headings = [str(column[0]) for column in rows.description]
    check_width(f"{file}[{found[0]}]", len(headings))
    records = rows.fetchmany(MOST_CELLS // max(len(headings), 1) + 1)
    if len(records) * len(headings) > MOST_CELLS:
        raise InputError(Message("files.too_many_cells", file=file, most=MOST_CELLS))
    columns = zip(*records, strict=True) if records else ([] for _ in headings)
    return found[0], {h: [_text(v) for v in column] for h, column in zip(headings, columns, strict=True)}


def _text(value: Any) -> str | None:  # noqa: ANN401
    return None if isinstance(value, bytes) else cell_text(value)
