"""Formats of files -> named tables, headings and rows as found; no meaning here. A format is a file and a line below.

Which format a file has is told by how it begins; its ending decides between those that begin alike. What comes from a
program of spreadsheets or the web is read in a process apart (`intake/untrusted.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asn_impact.errors import InputError
from asn_impact.intake.formats.database import open_database
from asn_impact.intake.formats.json_records import open_json
from asn_impact.intake.formats.parquet import open_parquet
from asn_impact.intake.formats.raw import Asked, RawTable, Recogniser
from asn_impact.intake.formats.text import open_text
from asn_impact.intake.formats.workbook import open_old_workbook, open_workbook
from asn_impact.words import Message

__all__ = ["FORMATS", "KNOWN", "Asked", "Format", "RawTable", "ending_of", "open_file"]

Opener = Callable[[Path, Asked], list[RawTable]]


@dataclass(frozen=True)
class Format:
    """One format: its name among the words (``files.kind.*``), the endings of its files, and what opens them.

    ``begins`` is how its files begin; a format without it is told by the ending alone. ``met`` are endings of others
    under which it is met in practice. A format that nothing opens is known in order to be refused by name.
    """

    name: str
    endings: tuple[str, ...] = ()
    opens: Opener | None = None
    begins: bytes = b""
    met: tuple[str, ...] = ()
    many: bool = False  # tables in a file, of which one can be named
    in_folders: bool = True


FORMATS: Final[tuple[Format, ...]] = (
    Format("text", (".csv", ".tsv", ".txt"), open_text),
    Format("zip", (".xlsx", ".xlsm"), open_workbook, rb"PK\x03\x04", many=True),
    Format("old_excel", (".xls",), open_old_workbook, rb"\xd0\xcf\x11\xe0", many=True),
    Format("parquet", (".parquet",), open_parquet, rb"PAR1"),
    Format("json", (".json",), open_json),
    Format("duckdb", (".duckdb", ".ddb", ".db"), open_database, rb".{8}DUCK", many=True, in_folders=False),
    Format("pickle", begins=rb"\x80[\x02-\x05]"),
    Format("gzip", begins=rb"\x1f\x8b"),
    Format("pdf", begins=rb"%PDF"),
    Format("sqlite", begins=rb"SQLite format 3"),
    Format("web", begins=rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<[a-z!?]|mime-version:)"),
)
#: Endings of files that are read when they lie in a folder.
KNOWN: Final = tuple(ending for f in FORMATS if f.in_folders for ending in f.endings)


def open_file(path: Path, recognise: Recogniser, table: str | None = None) -> list[RawTable]:
    """Return the tables of one file: one for CSV and Parquet, one a visible sheet for a workbook.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    recognise : callable
        Counts the cells of a row that are known headings; the heading row is where it counts most.
    table : str, optional
        Table of a database, or sheet of a workbook.

    Raises
    ------
    InputError
        Naming the file, what was found and what was expected.
    """
    found = _format_of(path)
    if table is not None and not found.many:
        raise InputError(Message("files.one_table", file=path.name, table=table))
    assert found.opens is not None
    return found.opens(path, Asked(recognise, table))


def ending_of(path: Path) -> str:
    """Return the ending of a file in small letters.

    Examples
    --------
    >>> ending_of(Path("izin.2024.XLSX"))
    '.xlsx'
    """
    return path.suffix.casefold()


def _format_of(path: Path) -> Format:
    ending = ending_of(path)
    if all(ending not in f.endings for f in FORMATS):
        shown = repr(ending) if ending else Message("files.nothing")
        raise InputError(Message("files.ending", file=path.name, ending=shown, known=KNOWN))
    with path.open("rb") as handle:
        start = handle.read(512)
    if not start:
        raise InputError(Message("files.zero_bytes", file=path.name))
    ways = [f for f in FORMATS if f.begins and re.match(f.begins, start, re.DOTALL)]
    ways = ways or [f for f in FORMATS if not f.begins]
    fitting = [f for f in ways if ending in f.endings] or [f for f in ways if ending in f.met]
    if fitting and fitting[0].opens is not None:
        return fitting[0]
    if not ways[0].begins:
        raise InputError(Message("files.starts_otherwise", file=path.name, ending=ending))
    kind = Message(f"files.kind.{ways[0].name}")
    key = "files.web_page" if ways[0].name == "web" else "files.is_another"
    raise InputError(Message(key, file=path.name, ending=ending, kind=kind))
