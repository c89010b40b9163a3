"""What lies in a lake: folders split as ``key=value``, tables of Delta and Iceberg, addresses of stores of objects.

A split folder is read as it is. A table of Delta or Iceberg is more than its files: those of rows deleted or written
anew still lie there, so that reading them all would count cases twice. These, and what lies at an address, are read
where they are by DuckDB or Spark; nothing is installed or fetched here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from asn_impact.errors import InputError
from asn_impact.words import Message

STORES: Final = ("s3", "s3a", "s3n", "gs", "gcs", "r2", "az", "azure", "abfs", "abfss", "hdfs", "http", "https", "hf")
#: Scheme of an address -> the extension of DuckDB that reads it; httpfs for the others.
_EXTENSIONS: Final = {"az": "azure", "azure": "azure", "abfs": "azure", "abfss": "azure"}
_READERS: Final = {".csv": "read_csv", ".tsv": "read_csv", ".txt": "read_csv", ".json": "read_json"}


def parts_of(path: Path) -> tuple[str, ...]:
    """Return the folders ``key=value`` that a file lies in, the outermost first.

    Examples
    --------
    >>> parts_of(Path("izin/provinsi=32/tahun=2024/0.parquet"))
    ('provinsi=32', 'tahun=2024')
    """
    parts: list[str] = []
    for name in reversed(path.parts[:-1]):
        if not is_part(name):
            break
        parts.append(name)
    return tuple(reversed(parts))


def split_files(folder: Path) -> list[Path]:
    """Return the Parquet files of a folder that is split as ``key=value``, at any depth; none where it is not split.

    Raises
    ------
    InputError
        The parts hold files of another kind.
    """
    files = [file for part in _parts_in(folder) for file in _files_below(part)]
    others = [file for file in files if file.suffix.casefold() != ".parquet"]
    if others:
        raise InputError(Message("files.split_of_others", folder=folder.resolve().name, file=others[0].name))
    return files


def _parts_in(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if p.is_dir() and is_part(p.name)), key=lambda p: p.name)


def _files_below(part: Path) -> Iterator[Path]:
    for path in sorted(part.iterdir(), key=lambda p: p.name):
        if path.name.startswith((".", "_")):  # what programs leave behind: _SUCCESS, .part.crc
            continue
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def is_part(name: str) -> bool:
    """Return whether the name of a folder is ``key=value``."""
    key, sign, _ = name.partition("=")
    return bool(sign) and key.isidentifier()


def refuse_lake(folder: Path) -> None:
    """Refuse the folder of a table of Delta or Iceberg, with the lines that read it.

    Raises
    ------
    InputError
        With the lines for DuckDB and for Spark.
    """
    if (folder / "_delta_log").is_dir():
        raise InputError(Message("files.lake", folder=folder.resolve().name, kind="Delta", word="delta"))
    metadata = folder / "metadata"
    if metadata.is_dir() and any(metadata.glob("*.metadata.json")):
        raise InputError(Message("files.lake", folder=folder.resolve().name, kind="Iceberg", word="iceberg"))


def refuse_address(source: object) -> None:
    """Refuse the address of a store of objects or of the web, with the lines that read it where it is.

    Raises
    ------
    InputError
        With the lines for DuckDB and for Spark; what follows a question mark in the address can be a key, and is cut.
    """
    scheme, sign, rest = source.partition("://") if isinstance(source, str) else ("", "", "")
    if not sign or scheme.casefold() not in STORES:
        return
    address = f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
    reader = _READERS.get(Path(address).suffix.casefold(), "read_parquet")
    extension = _EXTENSIONS.get(scheme.casefold(), "httpfs")
    raise InputError(Message("files.address", address=address, reader=reader, extension=extension))
