"""Formats of files -> named tables, headings and rows as found; no meaning here. A format is a file and a line below.

Which format a file has is told by how it begins; its ending decides between those that begin alike. What comes from a
program of spreadsheets or the web is read in a process apart (`intake/formats/untrusted.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asn_impact.errors import InputError
from asn_impact.intake.formats.database import open_database
from asn_impact.intake.formats.event_log import open_event_log
from asn_impact.intake.formats.json_records import open_json
from asn_impact.intake.formats.packed import open_gzip, open_zip
from asn_impact.intake.formats.parquet import open_parquet
from asn_impact.intake.formats.raw import Asked, Recogniser
from asn_impact.intake.formats.raw import RawTable as RawTable
from asn_impact.intake.formats.spreadsheet_xml import open_spreadsheet_xml
from asn_impact.intake.formats.sqlite import open_sqlite
from asn_impact.intake.formats.text import open_text
from asn_impact.intake.formats.web_page import open_web_page
from asn_impact.intake.formats.workbook import open_old_workbook, open_workbook
from asn_impact.words import Message

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


def _open_gzip(path: Path, asked: Asked) -> list[RawTable]:
    return open_gzip(path, lambda inside: _open_unpacked(inside, asked))


def _open_zip(path: Path, asked: Asked) -> list[RawTable]:
    return open_zip(path, lambda inside: _open_unpacked(inside, asked), lambda inside: ending_of(inside) in _PLAIN)


def _open_unpacked(path: Path, asked: Asked) -> list[RawTable]:
    if ending_of(path) not in _PLAIN:
        raise InputError(Message("files.packed_twice", file=path.name))
    return open_file(path, *asked)


_TEXTS: Final = (".csv", ".tsv", ".txt")
_JSON: Final = (".json", ".jsonl", ".ndjson")
_BOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls")
_MARKUP: Final = rb"(?:\xef\xbb\xbf)?(?=\s*<)"
_LINES: Final = rb"(?=[^\n]*[\t;,|][^\n]*\n)[^\x00-\x08\x0e-\x1f]+\Z"  # separated, and nothing but text

FORMATS: Final[tuple[Format, ...]] = (
    Format("text", _TEXTS, open_text),
    Format("text", (), open_text, _LINES, (".xls",)),
    Format("zip", (".xlsx", ".xlsm", ".xlsb", ".ods"), open_workbook, rb"PK\x03\x04", (".xls",), many=True),
    Format("zip", (".zip",), _open_zip, rb"PK\x03\x04", many=True),
    Format("old_excel", (".xls",), open_old_workbook, rb"\xd0\xcf\x11\xe0", _BOOKS, many=True),
    Format(
        "spreadsheet_xml",
        (".xml",),
        open_spreadsheet_xml,
        _MARKUP + rb"(?=.{0,4000}?<(?:\w{1,20}:)?Workbook\b)",
        _BOOKS,
        many=True,
        in_folders=False,
    ),
    Format("event_log", (".xes",), open_event_log, _MARKUP + rb"(?=.{0,4000}?<log\b)", (".xml",)),
    Format(
        "web",
        (".html", ".htm", ".mht", ".mhtml"),
        open_web_page,
        rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<[a-z!?]|mime-version:)",
        _BOOKS,
        many=True,
        in_folders=False,
    ),
    Format("parquet", (".parquet",), open_parquet, rb"PAR1"),
    Format("json", _JSON, open_json),
    Format("gzip", tuple(f"{e}.gz" for e in (*_TEXTS, *_JSON, ".xes")), _open_gzip, rb"\x1f\x8b"),
    Format("duckdb", (".duckdb", ".ddb", ".db"), open_database, rb".{8}DUCK", many=True, in_folders=False),
    Format(
        "sqlite",
        (".sqlite", ".sqlite3", ".db3"),
        open_sqlite,
        rb"SQLite format 3",
        (".db",),
        many=True,
        in_folders=False,
    ),
    Format("access", (".mdb", ".accdb"), None, rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB", in_folders=False),
    Format("pickle", begins=rb"\x80[\x02-\x05]"),
    Format("pdf", begins=rb"%PDF"),
)
#: Endings of files that are read when they lie in a folder, and those of them that are not packed.
KNOWN: Final = tuple(ending for f in FORMATS if f.in_folders for ending in f.endings)
_PLAIN: Final = tuple(ending for ending in KNOWN if not ending.endswith((".gz", ".zip")))


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
    """Return the ending of a file in small letters; of a gzip file with the ending of what is in it.

    Examples
    --------
    >>> ending_of(Path("izin.2024.XLSX")), ending_of(Path("izin.csv.gz"))
    ('.xlsx', '.csv.gz')
    """
    ending = path.suffix.casefold()
    return Path(path.stem).suffix.casefold() + ending if ending == ".gz" else ending


def _format_of(path: Path) -> Format:
    ending = ending_of(path)
    if all(ending not in f.endings for f in FORMATS):
        shown = repr(ending) if ending else Message("files.nothing")
        raise InputError(Message("files.ending", file=path.name, ending=shown, known=KNOWN))
    with path.open("rb") as handle:
        start = handle.read(4096)
    if not start:
        raise InputError(Message("files.zero_bytes", file=path.name))
    told = [f for f in FORMATS if f.begins and re.match(f.begins, start, re.DOTALL)]
    ways = told if any(f.name != "text" for f in told) else [*told, *(f for f in FORMATS if not f.begins)]
    fitting = [f for f in ways if ending in f.endings] or [f for f in ways if ending in f.met]
    if fitting and fitting[0].opens is not None:
        return fitting[0]
    raise InputError(_refusal(path, ending, ways[0]))


def _refusal(path: Path, ending: str, there: Format) -> Message:
    """Return what to do with a file that is of another format than its ending says, or of one that nothing opens."""
    if there.name == "access":
        return Message("files.access", file=path.name)
    if there.name == "text":
        return Message("files.starts_otherwise", file=path.name, ending=ending)
    if there.name in ("web", "spreadsheet_xml", "event_log"):
        return Message("files.web_page", file=path.name, ending=ending)
    return Message("files.is_another", file=path.name, ending=ending, kind=Message(f"files.kind.{there.name}"))
