"""A table as Markdown, as typst, as a document and as a workbook: the words and numbers of the page."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from asn_impact.intake.written import shielded
from asn_impact.reporting.documents import word
from asn_impact.reporting.tables.cells import cell_text
from asn_impact.reporting.tables.page import whole_page
from asn_impact.words import Language

if TYPE_CHECKING:
    from asn_impact.reporting.tables.table import Table

EPOCH_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first day a zip file can name
_TYPST: Final = str.maketrans({char: f"\\{char}" for char in "\\#[]*_$@<>`~/="})
_MARKDOWN: Final = str.maketrans({char: f"\\{char}" for char in "\\|*_`<>[]#$"})


def printed(table: Table, language: Language) -> pd.DataFrame:
    """Return the cells of the page as texts, under the headings of the language."""
    shown = table.shown
    return pd.DataFrame(
        [
            [cell_text(v, table.kind(c), language) for v, c in zip(row, shown.columns, strict=True)]
            for row in shown.itertuples(index=False)
        ],
        columns=[table.heading(c).text(language).text for c in shown.columns],
        dtype=object,
    )


def sides(table: Table) -> list[str]:
    """Return where the text of each column stands."""
    return ["left" if table.kind(c) in {"text", "period"} else "right" for c in table.shown.columns]


def markdown(table: Table, language: Language) -> str:
    """Return the table for Markdown, as pandoc and JupyterLab read it."""
    frame = printed(table, language)
    rule = ["---" if side == "left" else "---:" for side in sides(table)]
    rows = [[_one_line(str(cell)).translate(_MARKDOWN) for cell in row] for row in (frame.columns, *frame.to_numpy())]
    lines = [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
    parts = [f"**{_of_text(table.title.text(language))}**", "\n".join(lines), _of_text(table.note_below.text(language))]
    return "\n\n".join(part for part in parts if part) + "\n"


def typst(table: Table, language: Language, label: str = "") -> str:
    """Return the table for typst: a figure with its caption, the note below."""
    frame = printed(table, language)
    body = ["  ".join(f"[{str(cell).translate(_TYPST)}]," for cell in row) for row in frame.to_numpy()]
    note = table.note_below.text(language).text.translate(_TYPST)
    lines = [
        "#figure(",
        f"  caption: [{table.title.text(language).text.translate(_TYPST)}],",
        "  kind: table,",
        "  table(",
        f"    columns: {len(frame.columns)},",
        f"    align: ({', '.join(sides(table))},),",
        "    stroke: none,",
        "    table.hline(),",
        f"    table.header({' '.join(f'[{str(c).translate(_TYPST)}],' for c in frame.columns)}),",
        "    table.hline(stroke: 0.5pt),",
        *(f"    {row}" for row in body),
        "    table.hline(),",
        "  ),",
        f"){f' <{label}>' if label else ''}",
        *([f"#text(size: 0.85em)[{note}]"] if note else []),
    ]
    return "\n".join(lines) + "\n"


def docx(table: Table, language: Language) -> bytes:
    """Return the table as a document with one native table that an office can edit."""
    return word(whole_page(table, language), {}, language=language)


def xlsx(table: Table, language: Language) -> bytes:
    """Return the table as a workbook of one sheet: numbers are numbers, what is hidden is its mark; the note below.

    Office Open XML, ECMA-376 part 1, with the parts a reader needs and no others; the same bytes on every day.
    """
    frame = printed(table, language)
    values = table.shown.to_numpy(dtype=object)
    rows: list[list[object]] = [[table.title.text(language).text], list(frame.columns)]
    for shown, held in zip(frame.to_numpy(), values, strict=True):
        rows.append([_cell(v, text) for v, text in zip(held, shown, strict=True)])
    if note := table.note_below.text(language).text:
        rows.append([note])
    cells = "".join(
        f'<row r="{i}">{"".join(_xml(value, i, j) for j, value in enumerate(row))}</row>'
        for i, row in enumerate(rows, start=1)
    )
    parts = {**_PARTS, "xl/worksheets/sheet1.xml": _SHEET.format(cells)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH_DATE), f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _of_text(text: str) -> str:
    return _one_line(text).translate(_MARKDOWN)


def _cell(value: object, text: str) -> object:
    """Return a finite number as one, anything else as the page shows it."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool) and np.isfinite(value)
    return value if number else shielded(text)


def _xml(value: object, row: int, column: int) -> str:
    place, name = column + 1, ""
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(65 + letter) + name
    if isinstance(value, str):
        return f'<c r="{name}{row}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{name}{row}"><v>{float(str(value)):.17g}</v></c>'


_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_FORM: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET: Final = f'<worksheet xmlns="{_MAIN}"><sheetData>{{}}</sheetData></worksheet>'
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_FORM}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_FORM}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
