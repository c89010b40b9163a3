"""Parquet files, read by DuckDB after a trial in the process for untrusted files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.engine import file_literal, identifier, query, reading
from asn_impact.intake.formats.lake import parts_of
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.intake.formats.snapshots import snapshot
from asn_impact.intake.formats.trial import try_apart
from asn_impact.words import Message

__all__ = ["columns_of", "open_parquet", "rows_of"]


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
        relation = query(f"SELECT * FROM {rows_of([path])}")
    headings = tuple(relation.columns)
    check_width(name, len(headings))
    relation = relation.project(columns_of(headings))
    return [RawTable(name, headings, relation, sha256(path), loose=False, changed=changed, parquet=path)]


def rows_of(files: Sequence[Path], *, named: str | None = None) -> str:
    """Write SQL for the rows of Parquet files whose folders are split alike, with a column for their names.

    The columns ``key=value`` of their folders come last; one that the files hold themselves is theirs.
    """
    keys = [part.partition("=")[0] for part in parts_of(files[0])]
    if not keys:
        return _plain_rows(files, named)
    own = {name.casefold() for name in query(f"SELECT * FROM {_plain_rows(files[:1])} LIMIT 0").columns}
    said = [key for key in keys if key.casefold() not in own]
    if len(said) == len(keys):
        return _plain_rows(files, named, split="true, hive_types_autocast=false")
    place = named or "asn_place"
    values = "".join(
        f", url_decode(regexp_extract({place}, '/{key}=([^/]*)/', 1)) AS {identifier(key)}" for key in said
    )
    without = "" if named else f" EXCLUDE ({place})"
    return f"(SELECT *{without}{values} FROM {_plain_rows(files, place)})"


def _plain_rows(files: Sequence[Path], named: str | None = None, split: str = "false") -> str:
    name = "" if named is None else f", filename='{named}'"
    return f"read_parquet([{', '.join(map(file_literal, files))}], hive_partitioning={split}{name})"


def columns_of(headings: Sequence[str]) -> str:
    """Write SQL for the columns of a Parquet file under the names of a raw table."""
    return ", ".join(f"{identifier(h)} AS c{i}" for i, h in enumerate(headings))
