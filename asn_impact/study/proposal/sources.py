"""Tables of one role as one source: where it lies, which sheet of it, and which headings have to be named."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from asn_impact.errors import InputError
from asn_impact.identifiers import persons_in
from asn_impact.intake.blocks import OF_FILE, OF_SHEET
from asn_impact.intake.fields.labels import label_key, plain_label
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.formats.folder import files_of
from asn_impact.intake.formats.lake import parts_of
from asn_impact.intake.gathering import folders_of_regencies
from asn_impact.study.proposal.facts import asked_of_regencies
from asn_impact.study.proposal.look import SAMPLE
from asn_impact.study.proposal.match import Choice, Matched, Role
from asn_impact.study.proposal.write import Page
from asn_impact.words import Message, for_file

_FAR: Final = 3  # folders up, beyond which the whole path says more
_FULL: Final = 0.98  # of the rows name an office: what is empty is a gap


@dataclass(frozen=True, eq=False)
class SourceOf:
    """The tables of one role.

    Attributes
    ----------
    tables
        Each with the headings of its fields.
    files
        Where they lie.
    columns
        Field -> heading, or headings where files differ: only what the synonyms do not settle.
    unused
        Fields that several headings could be and none is.
    sheet, sheets
        The one sheet, or the sheets, where a workbook holds tables of other roles too.
    """

    tables: tuple[Matched, ...]
    files: tuple[Path, ...]
    columns: dict[str, str | tuple[str, ...]]
    unused: tuple[str, ...]
    sheet: str | None = None
    sheets: tuple[str, ...] = ()

    def path(self, home: Path) -> str | list[str]:
        """Return what the study names, seen from its folder: a folder where all its files belong, else the files."""
        above = {above_parts(file) for file in self.files}
        folder = Path(os.path.commonpath(above)) if len({one.drive for one in above}) == 1 else home.resolve()
        several = len(self.files) > 1 or folder != self.files[0].resolve().parent
        if several and folder != home.resolve() and _all_in(folder) == {file.resolve() for file in self.files}:
            return _seen_from(folder, home)
        names = [_seen_from(file, home) for file in self.files]
        return names[0] if len(names) == 1 else names

    def choice(self, field: str) -> Choice | None:
        """Return how a field was found, in the first table that has it."""
        return next((t.choices[field] for t in self.tables if field in t.choices), None)

    def unnamed(self) -> tuple[str, tuple[str, ...]] | None:
        """Return what stands for the office of tables without a column of offices, and names of sheets or files."""
        bare = [t.seen for t in self.tables if "office" not in t.choices]
        sheets = tuple(dict.fromkeys(one.table.sheet for one in bare if one.table.sheet is not None))
        files = tuple(dict.fromkeys(one.path.stem for one in bare))
        names = (OF_SHEET, sheets) if len(sheets) > 1 else (OF_FILE, files)
        return names if len(names[1]) > 1 or (bare and len(bare) < len(self.tables)) else None

    def names(self) -> list[str]:
        """Return the names of offices in the columns of the tables, or of the sheets or files that may stand for it."""
        found = [name for _, names in [self.unnamed() or ("", ())] for name in names]
        for table in self.tables:
            if "office" in table.choices:
                place = table.seen.table.headings.index(table.choices["office"].heading)
                cells = table.seen.table.relation.project(f"trim(CAST(c{place} AS VARCHAR))").distinct().fetchall()
                found += [plain_label(cell) for (cell,) in cells if cell]
        return [name for name in dict.fromkeys(found) if name and not persons_in(name)]

    def said_once(self) -> bool:
        """Return whether an office stands in the first row of its block alone: seldom, and never twice in a row."""
        tables = [(t, t.choices["office"].heading) for t in self.tables if "office" in t.choices]
        gaps = [(t, heading) for t, heading in tables if not _is_full(t, heading)]
        return bool(gaps) and all(_said_once(t, heading) for t, heading in gaps)

    def settings(self) -> dict[str, Any]:
        """Return what the reader is told besides the fields."""
        return {**({"table": self.sheet} if self.sheet else {}), **({"sheets": self.sheets} if self.sheets else {})}


def above_parts(file: Path) -> Path:
    """Return the folder of a file; of one in folders split as ``key=value``, the folder that is split."""
    return file.resolve().parents[len(parts_of(file.resolve()))]


def _all_in(folder: Path) -> set[Path]:
    """Return every file that a reader of the folder reads; none where it refuses the folder."""
    with suppress(InputError, OSError):
        return {file.resolve() for inner in folders_of_regencies(folder) for file in files_of(inner)[0]}
    return set()


def _is_full(table: Matched, heading: str) -> bool:
    return next(c.filled for c in table.seen.columns if c.heading == heading) > _FULL


def _said_once(table: Matched, heading: str) -> bool:
    place = table.seen.table.headings.index(heading)
    cells = table.seen.table.relation.limit(SAMPLE).project(f"trim(CAST(c{place} AS VARCHAR))").fetchall()
    names = [cell or None for (cell,) in cells]
    twice = any(name is not None and name == above for above, name in itertools.pairwise(names))
    return names[0] is not None and 2 * sum(name is not None for name in names) <= len(names) and not twice


def _seen_from(path: Path, home: Path) -> str:
    try:
        near = Path(os.path.relpath(path.resolve(), home.resolve()))
    except ValueError:  # another drive
        return path.resolve().as_posix()
    return (path.resolve() if near.parts.count("..") > _FAR else near).as_posix()


def with_regency(page: Page, source: SourceOf) -> SourceOf:
    """Write the regency that is studied, where rows are of several; return the source with the column that tells."""
    why = asked_of_regencies(source.files, source.columns, **source.settings())
    if why is None:
        if page.regency and regency_of(source.files, page.regencies) == page.regency:
            page.put(REGENCY, page.regency)
        return source
    page.regency = page.regency if page.regency in why["names"] else why["first"]
    page.regencies = tuple(why["names"])
    page.decide(REGENCY, page.regency, for_file(why))
    told = {REGENCY: why["heading"]} if why.key == "intake.regency.untold" else {}
    return replace(source, columns={**source.columns, **told})


def of_another_regency(page: Page, source: SourceOf) -> bool:
    """Return, and say, whether all files of a source are of another regency than the one that is studied."""
    whose = regency_of(source.files, page.regencies)
    if whose in (None, page.regency):
        return False
    page.lines.append("")
    names = tuple(file.name for file in source.files)
    page.say(Message("proposal.several.of_another_regency", names=names, regency=whose, studied=page.regency))
    return True


def regency_of(files: Sequence[Path], known: Sequence[str]) -> str | None:
    """Return the regency in whose folders, or under whose name, all files lie: of two names the longer one there.

    Examples
    --------
    >>> regency_of([Path("Kab. Hulu Rimba/skm.csv")], ["Hulu", "Hulu Rimba"])
    'Hulu Rimba'
    """
    by_length = sorted(known, key=len, reverse=True)
    places = [label_key(re.sub(r"[_\-]+", " ", " ".join((*file.parts[-3:-1], file.stem)))) for file in files]
    found = {next((name for name in by_length if f" {label_key(name)} " in f" {place} "), None) for place in places}
    return found.pop() if len(found) == 1 else None


def source_of(matched: Sequence[Matched], role: Role, fields: Sequence[str]) -> SourceOf | None:
    """Return the tables of a role as one source; None where there is none."""
    tables = tuple(m for m in matched if m.role == role)
    if not tables:
        return None
    files = tuple(dict.fromkeys(m.seen.path for m in tables))
    others = [m for m in matched if m.role != role and m.seen.path in files and m.seen.table.sheet is not None]
    named = tuple(dict.fromkeys(m.seen.table.sheet for m in tables if m.seen.table.sheet is not None))
    one = len(files) == 1 and len(named) == 1 and bool(others)
    columns: dict[str, str | tuple[str, ...]] = {}
    unused = []
    for name in fields:
        chosen = tuple(dict.fromkeys(m.choices[name].heading for m in tables if name in m.choices))
        if any(not _settled(m, name) for m in tables):
            if chosen:
                columns[name] = chosen[0] if len(chosen) == 1 else chosen
            else:
                unused.append(name)
    return SourceOf(
        tables, files, columns, tuple(unused), named[0] if one else None, () if one or not others else named
    )


def _settled(table: Matched, name: str) -> bool:
    """Return whether the synonyms alone find the heading that was chosen, or none where none was."""
    found = [c.heading for c in table.seen.columns if name in c.fields]
    choice = table.choices.get(name)
    return found == ([] if choice is None else [choice.heading])
