"""Workbooks, read by calamine in the process for untrusted files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.formats.headings import HEADER_ROWS, heading_block
from asn_impact.intake.formats.old_workbook import reaches_too_far
from asn_impact.intake.formats.packages import check_package, error_cells, with_errors
from asn_impact.intake.formats.raw import Asked, RawTable, Recogniser, cell_text, check_width, sha256, text_relation
from asn_impact.intake.untrusted import read_apart
from asn_impact.words import Alert, Message, paragraph

__all__ = ["open_old_workbook", "open_workbook"]


class Sheets(NamedTuple):
    """What a workbook holds: notes, the names of hidden sheets, and name, cells and first cell of the others."""

    notes: list[Message]
    hidden: list[str]
    grids: list[tuple[str, list[list[Any]], tuple[int, int]]]


def _read_package(path: Path, only: str | None) -> Sheets:
    """Return the sheets of a workbook; runs in the process for untrusted files, as the next two do."""
    return _read_sheets(path, only, check_package(path))


def _read_old(path: Path, only: str | None) -> Sheets:
    if reaches_too_far(path.read_bytes()):
        raise InputError(Message("files.no_workbook", file=path.name))
    return _read_sheets(path, only, [])


def _read_sheets(path: Path, only: str | None, notes: list[Message]) -> Sheets:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets_meant = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet and only in (None, s.name)]
        if only is not None and not sheets_meant:
            names = [s.name for s in book.sheets_metadata]
            absent = Message("files.no_such_sheet", file=path.name, sheet=only)
            raise InputError(paragraph(absent, did_you_mean(only, names), Message("files.sheets", names=names)))
        hidden = [s.name for s in sheets_meant if s.visible != SheetVisibleEnum.Visible]
        sheets = [(s.name, book.get_sheet_by_name(s.name)) for s in sheets_meant if s.name not in hidden]
        for name, sheet in sheets:
            check_width(f"{path.name}[{name}]", sheet.width)
        grids = [(name, sheet.to_python(skip_empty_area=True), sheet.start or (0, 0)) for name, sheet in sheets]
        if any(note.key == "files.holds.errors" for note in notes):
            errors = error_cells(path)
            grids = [(name, with_errors(grid, start, errors.get(name, {})), start) for name, grid, start in grids]
    except InputError:
        raise
    except BaseException as error:  # calamine raises its own kinds for damage, and panics, which are no Exception
        if not (isinstance(error, Exception) or type(error).__name__ == "PanicException"):
            raise
        raise InputError(Message("files.no_workbook", file=path.name)) from None
    return Sheets(notes, hidden, grids)


def open_workbook(path: Path, asked: Asked) -> list[RawTable]:
    """Return the visible sheets of a workbook that hold a table."""
    return _open(path, asked, _read_package)


def open_old_workbook(path: Path, asked: Asked) -> list[RawTable]:
    """Return the visible sheets of a workbook of Excel 97 to 2003."""
    return _open(path, asked, _read_old)


def _open(path: Path, asked: Asked, read: Callable[[Path, str | None], Sheets]) -> list[RawTable]:
    recognise, digest = asked.recognise, sha256(path)
    notes, hidden, grids = read_apart(read, path, asked.table)
    if hidden:
        notes.append(Alert("files.hidden_sheets", file=path.name, n=len(hidden)))
    tables = [_sheet_table(f"{path.name}[{n}]", grid, recognise, digest, start[0]) for n, grid, start in grids]
    filled = [t for t in tables if t is not None]
    known = [t for t in filled if recognise(t.headings) > 0] or filled[:1]
    n_others = len(grids) - len(known)
    if n_others:
        notes.append(Alert("files.sheets_passed", file=path.name, n=n_others))
    if not known:
        raise InputError(Message("files.no_sheet", file=path.name))
    return [replace(known[0], notes=(*known[0].notes, *notes)), *known[1:]]


def _sheet_table(name: str, grid: list[list[Any]], recognise: Recogniser, digest: str, start: int) -> RawTable | None:
    if not grid:
        return None
    top = [[cell_text(cell) or "" for cell in row] for row in grid[: HEADER_ROWS + 1]]
    headings, at = heading_block(top, recognise)
    filled = [i for i in range(at + 1, len(grid)) if any(c is not None and c != "" for c in grid[i])]
    if not filled:
        return None
    cells = zip(*(grid[i] for i in filled), strict=True)
    relation = text_relation([[cell_text(cell) for cell in column] for column in cells])
    notes = (Message("files.rows_above", file=name, n=at),) if at else ()
    rows = np.array(filled, dtype=np.int64) + start + 1
    return RawTable(name, tuple(headings), relation, digest, loose=True, notes=notes, places=lambda: rows)
