"""The same records in every format that offices send are the same records; what could harm is refused in words."""

from __future__ import annotations

import datetime as dt
import gzip
import html
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from asn_impact import Extract, read_exports, read_steps
from asn_impact.errors import InputError
from tests.intake.test_old_workbooks import old_workbook

HEADINGS = ("No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai")
Row = tuple[str, str, str, str]
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
OPEN = " ".join(f'xmlns:{n}="{OFFICE}{n}:1.0"' for n in ("office", "table", "text"))
SHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(HEADINGS))


def separated(rows: Sequence[Row], mark: str = ";") -> str:
    return "".join(mark.join(f'"{c}"' for c in row) + "\n" for row in (HEADINGS, *rows))


def as_xlsx(path: Path, rows: Sequence[Row]) -> None:
    frame(rows).to_excel(path, index=False)


def as_renamed_xlsx(path: Path, rows: Sequence[Row]) -> None:
    as_xlsx(path.with_suffix(".xlsx"), rows)
    path.with_suffix(".xlsx").rename(path)


def as_ods(path: Path, rows: Sequence[Row], spans: dict[tuple[int, int], int] | None = None) -> None:
    def cell(i: int, j: int, text: str) -> str:
        down = (spans or {}).get((i, j), 1)
        if any(k == j and n < i < n + d for (n, k), d in (spans or {}).items()):
            return "<table:covered-table-cell/>"
        span = f' table:number-rows-spanned="{down}" table:number-columns-spanned="1"' if down > 1 else ""
        if i and j > 1 and text:
            return f'<table:table-cell office:value-type="date" office:date-value="{text}"{span}/>'
        return f'<table:table-cell office:value-type="string"{span}><text:p>{escape(text)}</text:p></table:table-cell>'

    lines = "".join(
        f"<table:table-row>{''.join(cell(i, j, t) for j, t in enumerate(row))}</table:table-row>"
        for i, row in enumerate((HEADINGS, *rows))
    )
    table = f'<table:table table:name="Izin">{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(
            "content.xml", f'<?xml version="1.0"?><office:document-content {OPEN}>{body}</office:document-content>'
        )


def as_html(path: Path, rows: Sequence[Row]) -> None:
    def line(row: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in row)  # nothing closes the row

    lines = "".join(line(row, "td") for row in rows)
    path.write_text(
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"><style>td{}</style></head>'
        f"<body><table><tr><td colspan=4>LAPORAN IZIN</td></tr>{line(HEADINGS, 'th')}{lines}</table></body></html>",
        encoding="utf-8",
    )


def as_mhtml(path: Path, rows: Sequence[Row]) -> None:
    as_html(path, rows)
    page = path.read_text(encoding="utf-8").encode("utf-8")
    head = b'MIME-Version: 1.0\nContent-Type: text/html; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
    path.write_bytes(head + page)


def spreadsheet(*sheets: tuple[str, str], extra: str = "") -> str:
    listed = "".join(f'<Worksheet ss:Name="{n}"><Table>{rows}</Table>{extra}</Worksheet>' for n, rows in sheets)
    opening = f'<Workbook xmlns="{SHEET}" xmlns:ss="{SHEET}">'
    return f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>{opening}{listed}</Workbook>'


def ss_row(cells: Sequence[str]) -> str:
    def cell(text: str) -> str:
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            return f'<Cell><Data ss:Type="String">{escape(text)}</Data></Cell>' if text else "<Cell/>"
        return f'<Cell><Data ss:Type="DateTime">{day}T00:00:00.000</Data></Cell>'

    return f"<Row>{''.join(map(cell, cells))}</Row>"


def as_spreadsheet_xml(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(spreadsheet(("Izin", "".join(map(ss_row, (HEADINGS, *rows))))), encoding="utf-8")


def as_sqlite(path: Path, rows: Sequence[Row]) -> None:
    with closing(sqlite3.connect(path)) as database:
        frame(rows).to_sql("permohonan", database, index=False)
        database.commit()


def as_lines(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(dict(zip(HEADINGS, row, strict=True))) + "\n" for row in rows))


def as_gz(path: Path, rows: Sequence[Row]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(separated(rows))


def as_zip(path: Path, rows: Sequence[Row]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("__MACOSX/._izin.csv", b"\x00\x05\x16\x07")
        package.writestr("2024/izin.csv", separated(rows))
        package.writestr("baca saya.pdf", b"%PDF")


def as_text(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(separated(rows, "\t"), encoding="utf-8")


def as_old_workbook(path: Path, rows: Sequence[Row]) -> None:
    def cells(row: Row) -> list[str | float]:
        days = [(dt.date.fromisoformat(c) - dt.date(1899, 12, 30)).days if c else "" for c in row[2:]]
        return [*row[:2], *map(lambda d: d if d == "" else float(d), days)]

    path.write_bytes(old_workbook([HEADINGS, *map(cells, rows)]))


Writer = Callable[[Path, Sequence[Row]], None]
FORMS: dict[str, tuple[str, Writer]] = {
    "csv": ("a.csv", lambda path, rows: path.write_text(separated(rows), encoding="utf-8") and None),
    "xlsx": ("a.xlsx", as_xlsx),
    "xlsx named xls": (
        "a.xls",
        as_renamed_xlsx,
    ),
    "xls": ("a.xls", as_old_workbook),
    "ods": ("a.ods", as_ods),
    "html named xls": ("a.xls", as_html),
    "html": ("a.html", as_html),
    "mhtml named xls": ("a.xls", as_mhtml),
    "text named xls": ("a.xls", as_text),
    "SpreadsheetML named xls": ("a.xls", as_spreadsheet_xml),
    "SpreadsheetML": ("a.xml", as_spreadsheet_xml),
    "SQLite": ("a.sqlite", as_sqlite),
    "SQLite named db": ("a.db", as_sqlite),
    "JSON lines": ("a.jsonl", as_lines),
    "JSON lines named json": ("a.json", as_lines),
    "gzip": ("a.csv.gz", as_gz),
    "zip": ("a.zip", as_zip),
    "parquet": ("a.parquet", lambda path, rows: frame(rows).to_parquet(path)),
}
DAY = dt.date(2024, 1, 1)
CASE = st.text("ABCDEFGHIJ0123456789/-", min_size=4, max_size=9).filter(lambda t: t[0].isalpha() and t[-1].isalnum())
NAME = st.text("abcdefghijé&<>'", min_size=2, max_size=9).filter(lambda t: t[0].isalpha()).map(lambda t: f"Dinas {t}")


@st.composite
def records(draw: st.DrawFn) -> list[Row]:
    cases = draw(st.lists(CASE, min_size=24, max_size=30, unique_by=str.casefold))
    names = draw(st.lists(NAME, min_size=1, max_size=2))
    days = draw(st.lists(st.integers(1, 200), min_size=len(cases), max_size=len(cases)))
    waits = [i % 9 if i % 5 else None for i in range(len(cases))]
    return [
        (
            case,
            names[i % len(names)],
            f"{DAY + dt.timedelta(days[i])}",
            "" if (wait := waits[i]) is None else f"{DAY + dt.timedelta(days[i] + wait)}",
        )
        for i, case in enumerate(cases)
    ]


def cells(extract: Extract) -> list[tuple[object, ...]]:
    columns = ("case", "office", "received", "decided")
    return sorted(extract.records.collect().select(*columns).rows(), key=repr)


def read(path: Path) -> Extract:
    return read_exports(path, as_of="2024-12-31", selection="received")


@pytest.mark.filterwarnings("ignore::asn_impact.DataWarning")
@settings(max_examples=2, phases=[Phase.explicit, Phase.generate])
@given(rows=records())
def test_property_records_written_in_any_format_read_back_equal(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = read_exports(frame(rows), as_of="2024-12-31", selection="received")
    for form, (name, write) in FORMS.items():
        folder = tmp_path_factory.mktemp("form")
        write(folder / name, rows)
        again = read(folder / name)
        assert cells(again) == cells(whole), form
        assert (again.ledger.read, again.ledger.kept) == (whole.ledger.read, whole.ledger.kept), form


ROWS: list[Row] = [
    (f"P{i}", f"Dinas {i % 2}", f"2024-02-{i % 28 + 1:02d}", f"2024-03-{i % 28 + 1:02d}") for i in range(40)
]


def test_files_of_all_forms_lie_in_one_folder(tmp_path: Path) -> None:
    for form in ("csv", "xlsx", "ods", "gzip", "zip", "parquet"):
        name, write = FORMS[form]
        write(tmp_path / name, [(f"{form}{case}", *rest) for case, *rest in ROWS])  # type: ignore[misc]
    assert read(tmp_path).ledger.kept == 40 * 6


# --- what could harm, and what cannot be read ---------------------------------------------------------------------

ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def bomb_in_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("a.csv", b"a;b\n" + b"0" * (300 << 20))


def bomb_in_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(b"0" * (1 << 20)) * 300)


def locked_zip(path: Path) -> None:
    as_zip(path, ROWS)
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(mark, place + 4)
    path.write_bytes(bytes(content))


def locked_ods(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
        package.writestr("content.xml", os.urandom(64))


SAFE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
FAR = '<Row ss:Index="1048576"><Cell ss:Index="16384"><Data ss:Type="String">x</Data></Cell></Row>'
LOG = '<log xes.version="1.0">{}</log>'
UNFIT: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a workbook with a password": ("a.xlsx", lambda p: p.write_bytes(SAFE), "protected by a password"),
    "an old workbook with a password": ("a.xls", lambda p: p.write_bytes(SAFE), "protected by a password"),
    "an ODS with a password": ("a.ods", locked_ods, "protected by a password"),
    "a zip with a password": ("a.zip", locked_zip, "protected by a password"),
    "an Access database": (
        "a.mdb",
        lambda p: p.write_bytes(b"\0\1\0\0Standard Jet DB\0" + bytes(99)),
        "Access database",
    ),
    "a new Access database": ("a.accdb", lambda p: p.write_bytes(b"\0\1\0\0Standard ACE DB\0" + bytes(99)), "Access"),
    "a bomb in a zip": ("a.zip", bomb_in_zip, "unpacks to more than"),
    "a bomb in a gzip": ("a.csv.gz", bomb_in_gzip, "unpacks to more than"),
    "a cut gzip": ("a.csv.gz", lambda p: (as_gz(p, ROWS), p.write_bytes(p.read_bytes()[:-30])), "damaged or cut off"),
    "a cut zip": ("a.zip", lambda p: (as_zip(p, ROWS), p.write_bytes(p.read_bytes()[:-30])), "damaged or cut off"),
    "a zip without tables": ("a.zip", lambda p: zipfile.ZipFile(p, "w").writestr("a.pdf", b"%PDF"), "holds no table"),
    "entities in SpreadsheetML": (
        "a.xls",
        lambda p: p.write_text(f"{ENTITIES}<Workbook>&b;</Workbook>"),
        "XML entities",
    ),
    "entities in a log": ("a.xes", lambda p: p.write_text(f"{ENTITIES}<log>&b;</log>"), "XML entities"),
    "a far cell in SpreadsheetML": (
        "a.xls",
        lambda p: p.write_text(spreadsheet(("S", ss_row(HEADINGS) + FAR))),
        "spreads over",
    ),
    "cut SpreadsheetML": ("a.xls", lambda p: p.write_text(spreadsheet(("S", ss_row(HEADINGS)))[:-20]), "no whole XML"),
    "spans without end": (
        "a.xls",
        lambda p: p.write_text("<table>" + "<tr><td colspan=1000 rowspan=65534>x" * 2000 + "</table>"),
        "spreads over",
    ),
    "tables without end": (
        "a.xls",
        lambda p: p.write_text("<table>" * 50_000),
        "web page|not read within|ended its",
    ),
    "a log without events": ("a.xes", lambda p: p.write_text(LOG.format("<trace/>")), "holds no events"),
    "a login page": (
        "a.xls",
        lambda p: p.write_text("<!DOCTYPE html><html><form>Masuk</form></html>"),
        "web page without",
    ),
    "a damaged SQLite file": (
        "a.sqlite",
        lambda p: p.write_bytes(b"SQLite format 3\0" + b"x" * 5000),
        "cannot be opened",
    ),
    "noise named xls": ("a.xls", lambda p: p.write_bytes(bytes(range(256)) * 9), "does not start like one"),
}


@pytest.mark.parametrize("condition", UNFIT)
def test_an_unfit_file_is_refused_in_words(condition: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, write, message = UNFIT[condition]
    if "without end" in condition:
        monkeypatch.setenv("ASN_IMPACT_READ_SECONDS", "2")
    write(tmp_path / name)
    with pytest.raises(InputError, match=message):
        read(tmp_path / name)


def test_a_table_of_an_sqlite_file_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    as_sqlite(path, ROWS)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE lain (a)")
        database.execute("CREATE VIEW tampak AS SELECT * FROM permohonan")
        database.commit()
    with pytest.raises(InputError, match=r"Say which table: table=\.\.\. of 'lain', 'permohonan'"):
        read(path)
    assert read_exports(path, as_of="2024-12-31", selection="received", table="permohonan").ledger.kept == 40


def test_an_sqlite_file_with_rows_not_yet_in_it_is_refused(tmp_path: Path) -> None:
    as_sqlite(tmp_path / "a.sqlite", ROWS)
    (tmp_path / "a.sqlite-wal").write_bytes(b"x" * 99)
    with pytest.raises(InputError, match="close it there"):
        read(tmp_path / "a.sqlite")


# --- logs ---------------------------------------------------------------------------------------------------------


def event(**values: str) -> str:
    keys = {"name": "concept:name", "moment": "time:timestamp", "cycle": "lifecycle:transition"}
    kinds = {"moment": "date"}
    return (
        "<event>"
        + "".join(
            f"<{kinds.get(k, 'string')} key={quoteattr(keys[k])} value={quoteattr(v)}/>" for k, v in values.items()
        )
        + "</event>"
    )


def trace(number: int) -> str:
    events = [
        event(name=step, cycle=cycle, moment=f"2024-03-{number % 20 + day:02d}T10:00:00.000+07:00")
        for step, days in (("periksa", (1, 2)), ("tanda tangan", (3, 5)))
        for cycle, day in zip(("start", "complete"), days, strict=True)
    ]
    return f'<trace><string key="concept:name" value="K{number}"/>{"".join(events)}</trace>'


@pytest.mark.parametrize("name", ["a.xes", "a.xes.gz"])
@pytest.mark.filterwarnings("ignore::asn_impact.DataWarning")
def test_an_event_log_is_read(tmp_path: Path, name: str) -> None:
    head = (
        '<string key="concept:name" value="log"/><global scope="event"><string key="concept:name" value="x"/></global>'
    )
    content = LOG.format(head + "".join(map(trace, range(30)))).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    extract = read_steps(tmp_path / name, as_of="2024-12-31", office="Dinas A", selection="received")
    rows = extract.records.collect().sort("case").rows(named=True)
    assert len(rows) == 30
    assert rows[0]["case"] == "K0"
    assert all((row["decided"] - row["received"]).days == 4 for row in rows)
    assert extract.ledger.read == 120
