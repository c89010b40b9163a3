"""Workbooks of all kinds, read by calamine in the process for untrusted files."""

from __future__ import annotations

import io
from pathlib import Path

from asn_impact.errors import InputError
from asn_impact.intake.formats.grids import Sheet, Sheets, chosen, tables_of
from asn_impact.intake.formats.old_workbook import is_locked, reaches_too_far
from asn_impact.intake.formats.open_document import merged_in
from asn_impact.intake.formats.packages import check_package, error_cells, with_errors
from asn_impact.intake.formats.raw import Asked, RawTable, check_width, sha256
from asn_impact.intake.formats.untrusted import read_apart
from asn_impact.words import Message


def open_workbook(path: Path, asked: Asked) -> list[RawTable]:
    """Return the tables in the visible sheets of a workbook: XLSX, XLSM, XLSB, ODS."""
    return tables_of(path, asked, sha256(path), read_apart(_read_package, path, asked.table))


def open_old_workbook(path: Path, asked: Asked) -> list[RawTable]:
    """Return the tables in the visible sheets of a workbook of Excel 97 to 2003."""
    return tables_of(path, asked, sha256(path), read_apart(_read_old, path, asked.table))


def _read_package(path: Path, only: str | None) -> Sheets:
    """Return the sheets of a workbook; runs in the process for untrusted files, as the next two do."""
    found = _read_sheets(path, only, check_package(path))
    keys = {note.key for note in found.notes}
    sheets = found.sheets
    if "files.holds.errors" in keys:
        errors = error_cells(path)
        sheets = [s._replace(grid=with_errors(s.grid, s.start, errors.get(s.name, {}))) for s in sheets]
    if merged := merged_in(path):
        sheets = [s._replace(merged=merged.get(s.name, ())) for s in sheets]
    return found._replace(sheets=sheets)


def _read_old(path: Path, only: str | None) -> Sheets:
    content = path.read_bytes()
    if is_locked(content):
        raise InputError(Message("files.locked", file=path.name))
    if (ending := path.suffix.casefold()) != ".xls":
        kind = Message("files.kind.old_excel")
        raise InputError(Message("files.is_another", file=path.name, ending=ending, kind=kind))
    if reaches_too_far(content):
        raise InputError(Message("files.no_workbook", file=path.name))
    return _read_sheets(path, only, [])


def _read_sheets(path: Path, only: str | None, notes: list[Message]) -> Sheets:
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))  # the content tells, not the ending
        of_cells = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
        meant = chosen(path, [s.name for s in of_cells], only)
        hidden = [s.name for s in of_cells if s.name in meant and s.visible != SheetVisibleEnum.Visible]
        sheets = []
        for name in meant:
            if name not in hidden:
                sheet = book.get_sheet_by_name(name)
                check_width(f"{path.name}[{name}]", sheet.width)
                ranges = tuple(sheet.merged_cell_ranges or ())
                sheets.append(Sheet(name, sheet.to_python(skip_empty_area=True), sheet.start or (0, 0), ranges))
    except InputError:
        raise
    except PasswordError:
        raise InputError(Message("files.locked", file=path.name)) from None
    except BaseException as error:  # calamine raises its own kinds for damage, and panics, which are no Exception
        if not (isinstance(error, Exception) or type(error).__name__ == "PanicException"):
            raise
        raise InputError(Message("files.no_workbook", file=path.name)) from None
    return Sheets(notes, hidden, sheets)
