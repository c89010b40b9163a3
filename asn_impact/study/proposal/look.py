"""What lies in a folder: its tables, and what their columns look like. No meaning yet, and no value of a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from asn_impact.errors import AsnImpactError
from asn_impact.identifiers import persons_in
from asn_impact.intake.fields.columns import FIELDS, PERSON_FIELDS, normalised, recognised, synonyms
from asn_impact.intake.fields.elements import element_of
from asn_impact.intake.fields.sketched import sketched
from asn_impact.intake.formats import KNOWN, RawTable, ending_of, open_file
from asn_impact.intake.formats.engine import reading
from asn_impact.intake.privacy import masked
from asn_impact.reference import read_headings
from asn_impact.starts import MONTHS
from asn_impact.words import Message

SAMPLE: Final = 5_000  # rows of a table that are looked at
FEWEST: Final = 10  # rows that share a word before it is shown
_RESULT: Final = "run.json"
DEEPEST: Final = 3  # folders below the one named
_MONTH: Final = "|".join(MONTHS)
_DATE: Final = (
    r"^[^0-9]{0,14}(.{0,30}[^0-9])?([0-9]{1,2}|[0-9]{4})[-/. ]+"
    rf"([0-9]{{1,2}}|{_MONTH})[-/. ,]+[0-9]{{2,4}}([^0-9]|$)"
)
_OF_PERSONS: Final = frozenset(
    [
        "nama",
        "pemohon",
        "nik",
        "nip",
        "hp",
        "telp",
        "telepon",
        "email",
        "alamat",
        "pemilik",
        "kontak",
        "ktp",
        "npwp",
        "applicant",
        "name",
        "phone",
        "address",
    ]
)
_NOT_OF_PERSONS: Final = frozenset(
    [
        "izin",
        "opd",
        "unit",
        "dinas",
        "kantor",
        "layanan",
        "pelatihan",
        "diklat",
        "kursus",
        "instansi",
        "perangkat",
        "kegiatan",
        "skpd",
        "bimtek",
        "office",
    ]
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its heading, shares of the rows that are filled, dates, numbers; examples that may be shown."""

    heading: str
    filled: float
    dates: float
    numbers: float
    distinct: int
    examples: tuple[str, ...]
    person: bool

    @property
    def fields(self) -> frozenset[str]:
        """The fields that its heading can stand for."""
        return synonyms().get(normalised(self.heading), frozenset())


@dataclass(frozen=True, eq=False)
class Seen:
    """One table of a file, with the files of the same folder that could not be read beside it."""

    path: Path
    table: RawTable
    rows: int
    columns: tuple[Column, ...]


def tokens(heading: str) -> frozenset[str]:
    """Return the words of a heading in small letters.

    Examples
    --------
    >>> sorted(tokens("tglBerkasMasuk (WIB)"))
    ['berkas', 'masuk', 'tgl', 'wib']
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return frozenset(re.findall(r"[a-z]+", spaced.casefold()))


def files_in(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files of paths that could be tables, sorted, folders opened; and the names of the others."""
    found: list[Path] = []
    others: list[Path] = []
    for path in paths:
        inside = _inside(path, DEEPEST) if path.is_dir() else [path]
        found += [p for p in inside if not path.is_dir() or ending_of(p) in KNOWN]
        others += [p for p in inside if path.is_dir() and ending_of(p) not in KNOWN]
    return list(dict.fromkeys(found)), list(dict.fromkeys(others))


def _inside(folder: Path, depth: int) -> list[Path]:
    if (folder / _RESULT).exists():  # what a run has written is no data
        return []
    visible = [p for p in sorted(folder.iterdir()) if not p.name.startswith((".", "~$")) and not p.is_symlink()]
    files = [p for p in visible if p.is_file()]
    deeper = [p for sub in visible if sub.is_dir() and depth for p in _inside(sub, depth - 1)]
    return [*files, *deeper]


def look(files: Sequence[Path]) -> tuple[list[Seen], dict[str, Message]]:
    """Return the tables of files, and why a file could not be read."""
    seen: list[Seen] = []
    unread: dict[str, Message] = {}
    for file in files:
        try:
            with reading(file.name):
                seen += [_seen(file, table) for table in open_file(file, _recognise)]
        except AsnImpactError as problem:
            unread[file.name] = problem.message
    return seen, unread


def _recognise(cells: Sequence[str]) -> int:
    return recognised(cells, FIELDS, _of_complaints()) + sum(element_of(cell) is not None for cell in cells)


@cache
def _of_complaints() -> tuple[str, ...]:
    return tuple(word for words in read_headings("complaint_headings.csv").values() for word in words)


def _seen(file: Path, table: RawTable) -> Seen:
    rows = int(table.relation.aggregate("count(*)").fetchall()[0][0])
    sample = duckdb.from_arrow(table.relation.limit(SAMPLE).to_arrow_table())
    size = min(rows, SAMPLE)
    columns = [_column(sample, i, heading, size) for i, heading in enumerate(table.headings)]
    return Seen(file, table, rows, tuple(columns))


def _column(sample: duckdb.DuckDBPyRelation, at: int, heading: str, rows: int) -> Column:
    typed = str(sample.types[at]).startswith(("DATE", "TIMESTAMP"))
    texts = sample.project(f"trim(CAST(c{at} AS VARCHAR)) AS v").filter("v <> ''")
    number = r"^-?[0-9][0-9.,]*$"
    date = "count(*)" if typed else f"count(*) FILTER (regexp_matches(lower(v), '{_DATE}') AND length(v) < 60)"
    row = texts.aggregate(
        f"count(*), count(DISTINCT v), {date}, count(*) FILTER (regexp_matches(v, '{number}'))"
    ).fetchall()[0]
    filled, distinct, dates, numbers = (int(n) for n in row)
    share = max(filled, 1)
    person = _is_person(heading)
    shown = () if person else _examples(texts, dates=dates / share, numbers=numbers / share)
    return Column(heading, filled / max(rows, 1), dates / share, numbers / share, distinct, shown, person)


def _is_person(heading: str) -> bool:
    fields, words = synonyms().get(normalised(heading), frozenset()), tokens(heading)
    if fields:
        return fields <= PERSON_FIELDS
    return bool(words & _OF_PERSONS) and not words & _NOT_OF_PERSONS


def _examples(texts: duckdb.DuckDBPyRelation, *, dates: float, numbers: float) -> tuple[str, ...]:
    """Return up to three values: dates and numbers with words left out, and words that many rows share."""
    counted = texts.aggregate("v, count(*) AS n").order("n DESC, v").limit(3).fetchall()
    if dates > 0.5 or numbers > 0.5:
        return tuple(sketched(str(v)) for v, _ in counted)
    return tuple(masked(str(v)) for v, n in counted if n >= FEWEST and not persons_in(str(v)))
