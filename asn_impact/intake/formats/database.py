"""A table of a DuckDB file, read where it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import identifier, query, quote, run
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.words import Message, paragraph

__all__ = ["database_table", "open_database", "which_table"]


def open_database(path: Path, asked: Asked) -> list[RawTable]:
    """Return one table of a DuckDB file, opened for reading only."""
    digest, file = sha256(path), str(path.resolve())
    open_as = run("SELECT database_name FROM duckdb_databases() WHERE path = ?", file)
    alias = open_as[0][0] if open_as else f"asn_{digest[:12]}"
    try:
        if not open_as:
            run(f"ATTACH {quote(file)} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        busy = "lock" in str(error).casefold() or "in use" in str(error).casefold()
        why = Message("files.database_in_use") if busy else Message("files.database_damaged")
        raise InputError(Message("files.database_not_opened", file=path.name, why=why)) from None
    return [database_table(alias, asked.table, path.name, digest)]


def database_table(alias: str, table: str | None, name: str, digest: str, *, on_server: bool = False) -> RawTable:
    """Return the table named of a database that is attached, or the only one."""
    answers = run(
        "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        "WHERE table_catalog = ? ORDER BY ALL",
        alias,
    )
    if not on_server:  # a view can read any file of this machine
        answers = [row for row in answers if row[2] == "BASE TABLE"]
    ways = {f"{schema}.{t}": (schema, t) for schema, t, _ in answers}
    matches = [way for way in ways if table in (way, way.partition(".")[2])]
    if len(matches) != 1:
        raise InputError(which_table(name, table, len(matches), [t for _, t in ways.values()], list(ways)))
    schema, chosen = ways[matches[0]]
    inner = ".".join(identifier(part) for part in (alias, schema, chosen))
    relation = query(f"SELECT * FROM {inner}")
    headings = tuple(relation.columns)
    check_width(f"{name}[{chosen}]", len(headings))
    columns = ", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))
    return RawTable(f"{name}[{chosen}]", headings, relation.project(columns), digest, loose=False, on_server=on_server)


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
