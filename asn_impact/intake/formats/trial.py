"""Every row of a file is decoded once in the process for untrusted files, before this one touches it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import duckdb

from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import locked
from asn_impact.intake.formats.snapshots import copies
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message

TRIAL_MEMORY: Final = 1 << 30  # bytes that the engine may hold in that process before it puts rows aside


@functools.lru_cache(16)  # once is enough: what lies in the private folder stays as it is
def try_apart(path: Path, rows: str, name: str) -> None:
    """Let the engine decode all rows of a file, which lies in the private folder, and forget them.

    Values of a Parquet file are hashed: to count them the engine would ask the footer and decode nothing.

    What is wrong with a row is said by those who read it. Here a file is refused that ends the engine.

    Raises
    ------
    InputError
        The engine died, ran out of memory or time, or broke.
    """
    read_apart(_decode, path, rows, name, Path(copies().name), name=name)


def _decode(_: Path, rows: str, name: str, folder: Path) -> None:
    try:
        cells = "count(COLUMNS(*))" if rows.startswith("read_csv") else "max(hash(COLUMNS(*)))"
        _engine(folder).execute(f"SELECT {cells} FROM {rows}").fetchall()
    except (duckdb.InternalException, duckdb.FatalException):  # either would leave this session without an engine
        _engine.cache_clear()
        raise InputError(Message("files.broke_the_engine", file=name)) from None
    except duckdb.OutOfMemoryException:
        raise MemoryError from None
    except (duckdb.Error, RuntimeError, OSError, ValueError):
        return


@functools.lru_cache(1)
def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return the engine of that process: it reaches the private folder of the session that asks."""
    return locked(folder, memory=TRIAL_MEMORY)
