"""Parquet files, read by DuckDB after a trial in the process for untrusted files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import file_literal, identifier, query, reading
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.intake.formats.snapshots import snapshot
from asn_impact.intake.formats.trial import try_apart
from asn_impact.words import Message

__all__ = ["columns_of", "open_parquet"]


def open_parquet(path: Path, asked: Asked) -> list[RawTable]:
    """Return the one table of a Parquet file."""
    path, changed = snapshot(path)
    with path.open("rb") as handle:
        handle.seek(-min(4, path.stat().st_size), io.SEEK_END)
        whole = handle.read(4) == b"PAR1"
    if not whole:
        raise InputError(Message("files.damaged_parquet", file=path.name))
    rows = f"read_parquet({file_literal(path)}, hive_partitioning=false)"
    try_apart(path, rows, path.name)
    with reading(path.name):
        relation = query(f"SELECT * FROM {rows}")
    headings = tuple(relation.columns)
    check_width(path.name, len(headings))
    relation = relation.project(columns_of(headings))
    return [RawTable(path.name, headings, relation, sha256(path), loose=False, changed=changed, parquet=path)]


def columns_of(headings: Sequence[str]) -> str:
    """Write SQL for the columns of a Parquet file under the names of a raw table."""
    return ", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))
