"""DuckDB as the reader of files: statements, names quoted for it, and its errors in our words."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import psutil

from asn_impact.errors import InputError
from asn_impact.intake.formats.snapshots import copies
from asn_impact.intake.formats.untrusted import number_in
from asn_impact.words import Message

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

#: GB that the engine may hold before it puts rows aside. Without it so much that holding more saves no time (10 M cases
#: take 6.4 s with 0.25 GB, 6.8 s with 0.5 GB and 7.6 s with 14 GB), and at most a share of the memory of the machine.
MEMORY_VARIABLE: Final = "ASN_IMPACT_MEMORY"
MEMORY, MEMORY_PER_THREAD, SHARE_OF_MEMORY = 1 << 29, 1 << 27, 0.6


@functools.cache
def connection() -> duckdb.DuckDBPyConnection:
    """Return the connection that reads for this package: the private folder alone, nothing fetched, nothing loaded.

    It is not DuckDB's default connection, which belongs to the user.
    """
    return locked(Path(copies().name), memory=memory())


def locked(*places: Path, memory: int) -> duckdb.DuckDBPyConnection:
    """Open a connection that reaches these folders and files alone, whatever a file or a query asks of it.

    Memory is in bytes; what does not fit is put aside in the first of the places.
    """
    settings: dict[str, Any] = {
        "allocator_background_threads": True,  # what a query needed goes back to the machine, not to the next query
        "allocator_flush_threshold": "8MB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(places[0] / "aside"),
        "memory_limit": f"{max(memory >> 20, 128)}MiB",
    }
    opened = duckdb.connect(":memory:", config=settings)
    opened.execute("SET enable_progress_bar = false")  # it would be drawn where Python finds no script
    for setting, of_folders in (("allowed_directories", True), ("allowed_paths", False)):
        allowed = ", ".join(quote(str(place)) for place in places if place.is_dir() == of_folders)
        opened.execute(f"SET {setting} = [{allowed}]")
    opened.execute("SET enable_external_access = false")
    opened.execute("SET lock_configuration = true")
    return opened


def memory() -> int:
    """Return the bytes that the engine may hold: what the environment says in GB, or what its threads need."""
    asked = number_in(MEMORY_VARIABLE)
    if asked is not None:
        return int(asked * 1e9)
    needed = max(MEMORY, MEMORY_PER_THREAD * (psutil.cpu_count() or 1))
    return min(needed, int(SHARE_OF_MEMORY * psutil.virtual_memory().total))


def give_back() -> None:
    """Give what queries needed back to the machine at once (15 ms): left alone DuckDB holds it for some seconds.

    It does so where a limit is set, on any connection; ours is locked.
    """
    with duckdb.connect(":memory:") as other:
        other.execute("SET memory_limit = '128MiB'")


def query(sql: str) -> duckdb.DuckDBPyRelation:
    """Return the relation of a SELECT statement; nothing runs yet."""
    relation = connection().sql(sql)
    assert relation is not None  # None is for statements that return no rows
    return relation


def from_arrow(table: pa.Table | ds.Dataset) -> duckdb.DuckDBPyRelation:
    """Return a table or a dataset of Arrow as a relation."""
    return connection().from_arrow(table)


def run(sql: str, *values: str) -> list[tuple[Any, ...]]:
    """Return all rows of a statement; an answer half fetched would block the connection."""
    return list(connection().execute(sql, list(values)).fetchall())


def identifier(name: str) -> str:
    """Write a name for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def quote(text: str) -> str:
    """Write a text for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path | str) -> str:
    """Write the name of a file for DuckDB, which would read ``*``, ``?`` and ``[`` in it as a pattern."""
    return quote(re.sub(r"[*?\[]", lambda sign: f"[{sign.group()}]", str(path)))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what DuckDB says about a file into an InputError that shows no row of it."""
    try:
        yield
    except duckdb.Error as error:
        raise InputError(_explain(name, str(error))) from None
    except (RuntimeError, UnicodeDecodeError) as error:  # bytes that are no text, also in a message
        if isinstance(error, RuntimeError) and "conversion error" not in str(error):
            raise
        raise InputError(Message("files.no_text_bytes", file=name)) from None
    except OverflowError:  # a date beyond the bounds that a damaged file states for its column
        raise InputError(Message("files.damaged_parquet", file=name)) from None
    except OSError as error:
        raise InputError(
            Message("files.not_opened", file=name[:80], why=error.strerror or Message("files.unreadable"))
        ) from None


def _explain(name: str, message: str) -> Message:
    """Put what DuckDB says about a file in our words; its own text is read, because it has no codes."""
    if "asn_long_float" in message:
        return Message("files.long_floats", file=name)
    if message.startswith("Out of Memory"):
        return Message("files.engine_memory", file=name, gb=memory() / 1e9, variable=MEMORY_VARIABLE)
    line = re.search(r"Line:? (\d+)", message)
    row = Message("files.row_at", line=line.group(1)) if line else Message("files.some_row")
    file = re.search(r"file = (.+)", message)
    name = Path(file.group(1).strip()).name if file else name
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if "quote" in message.split("Possible")[0].casefold():
        return Message("files.open_quote", file=name, row=row)
    if counts:
        expected, fields = counts.groups()
        return Message("files.number_of_fields", file=name, row=row, fields=fields, expected=expected)
    if "maximum line size" in message.casefold():
        return Message("files.long_row", file=name, row=row)
    if "parquet" in message.casefold():
        return Message("files.damaged_parquet", file=name)
    if "CSV" in message:
        return Message("files.no_csv_row", file=name, row=row)
    return Message("files.unknown_fault", file=name, said=message.splitlines()[0][:120])


#: Numbers of cases hardly repeat: looking for a dictionary of them takes longer than writing the rest.
_QUICKLY: Final = "FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 4096"


def kept_typed(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the same rows from a private Parquet file, written once: later queries do not parse the text again.

    The file is removed when Python ends. Where it cannot be written the relation itself is returned: slow, and right.
    """
    name = ""
    try:
        handle, name = tempfile.mkstemp(suffix=".parquet", dir=copies().name)
        os.close(handle)
        relation.query("asn_kept", f"COPY asn_kept TO {quote(name)} ({_QUICKLY})")
    except (
        duckdb.IOException,
        duckdb.PermissionException,
        OSError,
    ):  # no room left, or a connection that may not write
        if name:
            Path(name).unlink(missing_ok=True)
        return relation
    return query(f"SELECT * FROM read_parquet({file_literal(name)}, hive_partitioning=false)")
