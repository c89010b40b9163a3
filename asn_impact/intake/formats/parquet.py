"""Parquet files, read by DuckDB after a trial in the process for untrusted files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import file_literal, identifier, query, reading
from asn_impact.intake.formats.lake import parts_of
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.intake.formats.snapshots import snapshot
from asn_impact.intake.formats.trial import try_apart
from asn_impact.words import Message


def open_parquet(path: Path, asked: Asked) -> list[RawTable]:
    """Return the one table of a Parquet file; one in folders ``key=value`` has these as columns too."""
    parts = parts_of(path)
    name = "/".join([*parts, path.name])
    path, changed = snapshot(path, parts)
    with path.open("rb") as handle:
        handle.seek(-min(4, path.stat().st_size), io.SEEK_END)
        whole = handle.read(4) == b"PAR1"
    if not whole:
        raise InputError(Message("files.damaged_parquet", file=name))
    try_apart(path, _plain_rows([path]), name)
    with reading(name):
        relation = query(f"SELECT * FROM {_plain_rows([path])}")
        own = {column.casefold() for column in relation.columns}
        split = tuple(key for key in (part.partition("=")[0] for part in parts) if key.casefold() not in own)
        relation = query(f"SELECT * FROM {rows_of([path], split)}") if split else relation
    headings = tuple(relation.columns)
    check_width(name, len(headings))
    relation = relation.project(columns_of(headings))
    return [RawTable(name, headings, relation, sha256(path), loose=False, changed=changed, parquet=path, split=split)]


def rows_of(files: Sequence[Path], split: Sequence[str], *, named: str | None = None) -> str:
    """Write SQL for the rows of Parquet files, with a column for their names.

    What is `split` is read from the names of their folders, ``key=value``; a column that a file holds itself is its
    own.
    """
    place = named or "asn_place"
    found = {key: rf"url_decode(regexp_extract({place}, '[/\\]{key}=([^/\\]*)[/\\]', 1))" for key in split}
    values = "".join(f", nullif({value}, '{_NOTHING}') AS {identifier(key)}" for key, value in found.items())
    without = "" if named else f" EXCLUDE ({place})"
    return f"(SELECT *{without}{values} FROM {_plain_rows(files, place)})" if split else _plain_rows(files, named)


_NOTHING: Final = "__HIVE_DEFAULT_PARTITION__"  # how DuckDB and Spark write that there is no value


def _plain_rows(files: Sequence[Path], named: str | None = None) -> str:
    name = "" if named is None else f", filename='{named}'"
    return f"read_parquet([{', '.join(map(file_literal, files))}], hive_partitioning=false{name})"


def columns_of(headings: Sequence[str]) -> str:
    """Write SQL for the columns of a Parquet file under the names of a raw table."""
    return ", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))
