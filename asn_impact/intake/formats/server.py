"""A table of a database server, fetched once through DuckDB's extension for it."""

from __future__ import annotations

import hashlib
import urllib.parse
from pathlib import Path
from typing import Any

import duckdb

from asn_impact.errors import InputError
from asn_impact.intake.formats.database import settled_table
from asn_impact.intake.formats.engine import identifier, quote
from asn_impact.intake.formats.raw import RawTable, check_width
from asn_impact.words import Message

#: Scheme of an address -> the extension of DuckDB that reads such a server.
SERVERS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql"}


def on_server(source: object) -> bool:
    """Return whether a source is the address of a database server: ``postgresql://...`` or ``mysql://...``.

    Examples
    --------
    >>> on_server("postgresql://db.example/izin"), on_server("office.duckdb")
    (True, False)
    """
    return isinstance(source, str) and source.partition("://")[0].casefold() in SERVERS and "://" in source


def named_source(source: object) -> str:
    """Return the name of a source for messages and records: a file without its folder, a server without its secrets.

    Examples
    --------
    >>> named_source("postgresql://user:secret@db.example:5432/izin?password=secret")
    'postgresql://db.example/izin'
    >>> named_source("exports/permits.csv")
    'permits.csv'
    """
    if isinstance(source, str) and on_server(source):
        address = urllib.parse.urlsplit(source)
        return f"{address.scheme}://{(address.hostname or 'localhost')[:80]}/{address.path.strip('/')[:80]}"
    if isinstance(source, tuple | list):
        return ", ".join(named_source(one) for one in source[:3])
    return Path(source).name if isinstance(source, str | Path) else "the frame"


def open_server(address: str, table: str | None) -> RawTable:
    """Return one table of a PostgreSQL or MySQL server, through DuckDB's extension for it.

    The password is better left out of the address: PostgreSQL reads it from ``~/.pgpass`` or ``PGPASSWORD``, MySQL
    from ``MYSQL_PWD``. It is in no message and no record.

    Raises
    ------
    InputError
        The extension is not installed, the server does not answer, or there is no such table.
    """
    parts, name = urllib.parse.urlsplit(address), named_source(address)
    extension = SERVERS[parts.scheme.casefold()]
    _require_extension(extension, name)
    alias = "asn_" + hashlib.sha256(address.encode()).hexdigest()[:12]
    try:
        _run(f"LOAD {extension}")
        _run(f"DETACH DATABASE IF EXISTS {alias}")
        _run(f"ATTACH {quote(_connection(parts, extension))} AS {alias} (TYPE {extension}, READ_ONLY)")
    except duckdb.Error:  # its message holds the address, and the password in it
        raise InputError(Message("files.server_silent", server=name)) from None
    tables = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL"
    schema, chosen = settled_table(_run(tables, alias), table, name)
    relation = duckdb.sql(f"SELECT * FROM {'.'.join(map(identifier, (alias, schema, chosen)))}")
    assert relation is not None  # None is for statements that return no rows
    headings = tuple(relation.columns)
    check_width(f"{name}[{chosen}]", len(headings))
    columns = ", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))
    return RawTable(f"{name}[{chosen}]", headings, relation.project(columns), "", loose=False, on_server=True)


def _run(sql: str, *values: str) -> list[tuple[Any, ...]]:
    """Return all rows of a statement on DuckDB's default connection; the other one reaches nothing outside."""
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
        duckdb.default_connection().execute(f"SET {setting} = false")
    return list(duckdb.execute(sql, list(values)).fetchall())


def _require_extension(extension: str, name: str) -> None:
    answers = _run(
        "SELECT installed FROM duckdb_extensions() WHERE extension_name IN (?, ? || '_scanner')", extension, extension
    )
    if not any(installed for (installed,) in answers):
        raise InputError(Message("files.no_extension", server=name, extension=extension))


def _connection(parts: urllib.parse.SplitResult, extension: str) -> str:
    """Write the connection as pairs ``key='value'``, the form that both extensions read."""
    database = {"postgres": "dbname", "mysql": "database"}[extension]
    unquote = urllib.parse.unquote
    pairs = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        database: unquote(parts.path.strip("/")) or None,
        **dict(urllib.parse.parse_qsl(parts.query)),
    }
    escaped = {key: str(value).replace("\\", "\\\\").replace("'", "\\'") for key, value in pairs.items() if value}
    return " ".join(f"{key}='{value}'" for key, value in escaped.items())
