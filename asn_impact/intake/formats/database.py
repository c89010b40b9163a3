"""A table of a DuckDB file: copied into a clean one by the process for untrusted files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import psutil

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import identifier, locked, query, quote, run
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.intake.formats.snapshots import copies
from asn_impact.intake.formats.trial import TRIAL_MEMORY
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message, paragraph

_TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' ORDER BY ALL"


def open_database(path: Path, asked: Asked) -> list[RawTable]:
    """Return one table of a DuckDB file; what else is in it (views, macros, what was damaged) is not touched here."""
    if os.name == "posix" and _is_open_here(path):  # locks hold between processes, and here none is seen
        why = Message("files.database_in_use")
        raise InputError(Message("files.database_not_opened", file=path.name, why=why))
    digest, folder = sha256(path), Path(tempfile.mkdtemp(prefix="database_", dir=copies().name))
    chosen, headings = read_apart(_copy_table, path, asked.table, folder / "clean.duckdb")
    alias = identifier(folder.name)
    run(f"ATTACH {quote(str(folder / 'clean.duckdb'))} AS {alias} (READ_ONLY)")
    return [RawTable(f"{path.name}[{chosen}]", headings, query(f"SELECT * FROM {alias}.rows"), digest, loose=False)]


def _is_open_here(path: Path) -> bool:
    with suppress(psutil.Error):  # a system may not tell a process what it holds open itself
        return str(path.resolve()) in {file.path for file in psutil.Process().open_files()}
    return False


def _copy_table(path: Path, table: str | None, clean: Path) -> tuple[str, tuple[str, ...]]:
    """Write the table named, or the only one, into a new file; return its name and headings."""
    path = path.resolve()
    try:
        with closing(locked(clean.parent, path, path.with_name(path.name + ".wal"), memory=TRIAL_MEMORY)) as engine:
            engine.execute(f"ATTACH {quote(str(path))} AS source (READ_ONLY)")
            schema, chosen = settled_table(engine.execute(_TABLES).fetchall(), table, path.name)
            rows = engine.sql(f"FROM source.{identifier(schema)}.{identifier(chosen)}")
            headings = tuple(rows.columns)
            check_width(f"{path.name}[{chosen}]", len(headings))
            engine.execute(f"ATTACH {quote(str(clean))} AS clean")
            rows.project(", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))).create("clean.rows")
            engine.execute("DETACH clean")
    except InputError:
        raise
    except (duckdb.OutOfMemoryException, MemoryError):
        raise MemoryError from None
    except (duckdb.Error, RuntimeError, ValueError) as error:
        busy = "lock" in str(error).casefold() or "in use" in str(error).casefold()
        why = Message("files.database_in_use") if busy else Message("files.database_damaged")
        raise InputError(Message("files.database_not_opened", file=path.name, why=why)) from None
    return chosen, headings


def settled_table(tables: Sequence[tuple[str, str]], table: str | None, name: str) -> tuple[str, str]:
    """Return schema and name of the table that is meant: the one named, or the only one."""
    ways = {f"{schema}.{t}": (schema, t) for schema, t in tables}
    matches = [way for way in ways if table in (None, way, way.partition(".")[2])]
    if len(matches) != 1:
        raise InputError(which_table(name, table, len(matches), [t for _, t in ways.values()], list(ways)))
    return ways[matches[0]]


def which_table(name: str, table: str | None, n: int, known: Sequence[str], ways: Sequence[str]) -> Message:
    """Return what to do when not exactly one table is meant."""
    names = [repr(way.removeprefix("main.").removeprefix("public.")) for way in ways[:20]]
    tables: list[Any] = names or [Message("files.no_tables")]
    if table is None:
        return Message("files.which_table", file=name, tables=tables)
    if n:
        return Message("files.many_tables", file=name, n=n, table=table, tables=tables)
    absent = Message("files.no_such_table", file=name, table=table, tables=tables)
    return paragraph(absent, did_you_mean(table, known))
