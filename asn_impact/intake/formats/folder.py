"""The data files of a path: one file, or those of a folder sorted by name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asn_impact.errors import InputError
from asn_impact.intake.formats import FORMATS, KNOWN, ending_of
from asn_impact.intake.formats.lake import is_part, refuse_address, refuse_lake, split_files
from asn_impact.words import Message

_RECORDS = re.compile(rb'\s*(?:\[|\{\s*"(?:data|records|rows|items|results?|hasil)")')  # a JSON file that is a table


def files_of(source: Path) -> tuple[list[Path], list[str]]:
    """Return the data files of a path, sorted by name, and the names of what was passed over.

    Without a data file of its own a folder that is split as ``key=value`` has those of its parts.

    Raises
    ------
    InputError
        When nothing is there, nothing can be read, a link leaves the folder, or it is a table of Delta or Iceberg.
    """
    if not source.exists():
        raise InputError(Message("files.absent", file=source.name[:80]))
    if source.is_file():
        _stays_inside(source, source.parent.resolve())
        return [source], []
    if not source.is_dir():
        raise InputError(Message("files.no_file", file=source.name))
    refuse_lake(source)
    inside = sorted(source.iterdir(), key=lambda p: p.name)
    visible = [p for p in inside if not p.name.startswith((".", "~$"))]
    known = [p for p in visible if ending_of(p) in KNOWN and (p.is_file() or not p.exists())]
    files = [p for p in known if ending_of(p) != ".json"] or known  # beside tables a JSON file describes them
    split = split_files(source) if not files else []
    chosen = {*files, *(source / p.relative_to(source).parts[0] for p in split)}
    others = [f"{p.name}/" if p.is_dir() else p.name for p in visible if p not in chosen]
    files = files or split
    if not files:
        endings: list[Any] = sorted({Path(name).suffix or name for name in others}) or [Message("files.nothing")]
        raise InputError(Message("files.none_known", folder=source.resolve().name, endings=endings, known=KNOWN))
    home = source.resolve()
    for file in files:
        _stays_inside(file, home)
    return files, others


def may_hold_data(path: Path) -> bool:
    """Return whether what was passed over in a folder may be data: a file that is read when named, a folder of such."""
    if path.is_dir() and next(path.rglob("*=*/**/*.parquet" if not is_part(path.name) else "*.parquet"), None):
        return True
    if path.is_dir():
        return any(ending_of(p) in KNOWN and p.is_file() for p in path.iterdir() if not p.name.startswith((".", "~$")))
    if ending_of(path) == ".json":
        with path.open("rb") as file:
            return _RECORDS.match(file.read(400)) is not None
    return path.is_file() and any(ending_of(path) in f.endings for f in FORMATS)


def paths_of(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the paths of a source: one, or each of several, named once.

    Examples
    --------
    >>> [path.name for path in paths_of(["2023.csv", "2024.xlsx"])]
    ['2023.csv', '2024.xlsx']
    """
    several = [source] if isinstance(source, str | Path) else source
    for path in several:
        if not isinstance(path, str | os.PathLike):
            raise InputError(Message("files.listed", kind=type(path).__name__))
        refuse_address(path)
    return list(dict.fromkeys(Path(path) for path in several))


def _stays_inside(file: Path, home: Path) -> None:
    try:
        inside = home in file.resolve().parents
    except (OSError, RuntimeError):  # a link to itself
        inside = False
    if not inside:
        raise InputError(Message("files.link", file=file.name, folder=home.name))
