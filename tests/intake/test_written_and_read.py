"""Any record, written in any of the forms and spellings of offices, reads back equal."""

from __future__ import annotations

import datetime as dt
import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.intake.fields.labels import label_key

MONTHS = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]
SHORT = ["Jan", "Peb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agt", "Sep", "Okt", "Nop", "Des"]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
WEEKDAYS = ["Senin", "Selasa", "Rabu", "Kamis", "Jum'at", "Sabtu", "Minggu"]
DATES: dict[str, Callable[[dt.date], str]] = {
    "iso": lambda d: d.isoformat(),
    "numbers": lambda d: f"{d:%d/%m/%Y}",
    "spaced": lambda d: f"{d:%d} / {d:%m} / {d:%Y}",
    "dots and time": lambda d: f"{d:%d.%m.%Y} 08.30 WIB",
    "words": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "weekday": lambda d: f"{WEEKDAYS[d.weekday()]}, {d.day} {MONTHS[d.month - 1]} {d.year}",
    "short": lambda d: f"{d.day}-{SHORT[d.month - 1]}-{d:%y}",
    "roman": lambda d: f"{d.day}-{ROMAN[d.month - 1]}-{d.year}",
    "basic": lambda d: f"{d:%Y%m%d}",
    "serial": lambda d: str((d - dt.date(1899, 12, 30)).days),
}
OFFICES = ("Dinas Kesehatan", "Kecamatan Muara Bulian", "UPTD 1.01")
LABELS: dict[str, Callable[[str], str]] = {
    "as it is": lambda o: o,
    "capitals": str.upper,
    "spaces": lambda o: f"  {o.replace(' ', chr(160) + ' ')} ",
    "invisible": lambda o: f"{o[:3]}\u200b{o[3:]}",
}
EMPTY = ("", "-", "belum selesai", "0000-00-00")
HEADINGS = (
    ("No Permohonan", "Perangkat Daerah", "Tanggal Masuk", "Tanggal Selesai"),
    ("NO_PERMOHONAN", "opd", "Tgl. Masuk", "tgl_selesai"),
    ("No. Registrasi", "Unit Layanan", "TANGGAL TERIMA", "Tanggal Terbit"),
)


def as_csv(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "a.csv", index=False, sep=";")
    return folder / "a.csv"


def as_tabs(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "a.tsv", index=False, sep="\t", encoding="utf-8-sig")
    return folder / "a.tsv"


def as_packed(frame: pd.DataFrame, folder: Path) -> Path:
    (folder / "a.csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    return folder / "a.csv.gz"


def as_workbook(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_excel(folder / "a.xlsx", index=False)
    return folder / "a.xlsx"


def as_parquet(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def as_json(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_json(folder / "a.json", orient="records")
    return folder / "a.json"


def as_web_page(frame: pd.DataFrame, folder: Path) -> Path:
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    (folder / "a.xls").write_text(f"<html><body><table>{lines}</table></body></html>", encoding="utf-8")
    return folder / "a.xls"


WRITERS = (as_csv, as_tabs, as_packed, as_workbook, as_parquet, as_json, as_web_page, lambda frame, _: frame)
DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2025, 6, 30))
OFFICE = st.tuples(st.sampled_from(OFFICES), st.sampled_from(sorted(LABELS)))
CASES = st.lists(
    st.tuples(OFFICE, DAYS, st.none() | st.integers(0, 120), st.sampled_from(EMPTY)), min_size=1, max_size=16
)


@settings(max_examples=12)  # each form and spelling alone: test_formats, test_dates, test_labels
@given(
    cases=CASES,
    day=st.sampled_from(sorted(DATES)),
    headings=st.sampled_from(HEADINGS),
    write=st.sampled_from(WRITERS),
)
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_property_an_export_reads_back_equal(cases: list[Any], day: str, headings: tuple[str, ...], write: Any) -> None:
    truth = [
        (f"{i:06d}", office, received, None if wait is None else received + dt.timedelta(days=wait))
        for i, ((office, _), received, wait, _) in enumerate(cases)
    ]
    rows = [
        (case, LABELS[label](office), DATES[day](received), empty if decided is None else DATES[day](decided))
        for (case, office, received, decided), ((_, label), _, _, empty) in zip(truth, cases, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(headings))
    order = dict.fromkeys(("received", "decided"), "day-first")
    with tempfile.TemporaryDirectory() as folder:
        source = write(frame, Path(folder))
        extract = ai.read_exports(source, as_of="2025-12-31", dates=order, selection="received")
        found = extract.records.select("case", "office", "received", "decided").collect().rows()
    assert sorted((c, label_key(o), r, d or dt.date.max) for c, o, r, d in found) == sorted(
        (c, label_key(o), r, d or dt.date.max) for c, o, r, d in truth
    )


UNTIL = (" s.d. ", " s/d ", " - ", "-", " sampai dengan ")
WORDS = {True: ("Lulus", "LULUS", "kompeten", "Ya"), False: ("Tidak lulus", "tidak", "TIDAK HADIR")}
PERSON = st.tuples(OFFICE, DAYS, st.integers(0, 9), st.booleans(), st.sampled_from(UNTIL))
TRAINED = st.lists(PERSON, min_size=1, max_size=16).filter(lambda rows: any(passed for *_, passed, _ in rows))


def span(first: dt.date, last: dt.date, until: str) -> str:
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{until}{end} ({(last - first).days + 1} hari)"
    start = f"{first.day} {MONTHS[first.month - 1]}"
    return f"{start}{until}{end}" if first.year == last.year else f"{start} {first.year}{until}{end}"


@settings(max_examples=12)  # and each word and range alone: test_training_lists, test_dates
@given(
    trained=TRAINED,
    passing=st.sampled_from(("Keterangan", "Status Kelulusan", "Hasil")),
    at=st.sampled_from(("Tanggal Pelaksanaan", "Tanggal Selesai", "Tgl. Selesai")),
    write=st.sampled_from(WRITERS),
    which=st.integers(0, 10),
)
@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_property_a_training_list_reads_back_equal(
    trained: list[Any], passing: str, at: str, write: Any, which: int
) -> None:
    first: dict[str, str] = {}
    rows = []
    for i, ((office, label), start, length, passed, until) in enumerate(trained):
        end = start + dt.timedelta(days=length)
        words = WORDS[passed]
        person = f"19870101201101{1001 + i}"
        rows.append((person, LABELS[label](office), "E-Gov", span(start, end, until), words[(which + i) % len(words)]))
        if passed:
            key = label_key(office)
            first[key] = min(first.get(key, "9999"), f"{end:%Y-%m}")
    frame = pd.DataFrame(rows, columns=["NIP", "Unit Kerja saat Pelatihan", "Nama Diklat", at, passing])
    with tempfile.TemporaryDirectory() as folder:
        rollout = ai.read_training(write(frame, Path(folder)))
    assert {label_key(str(o)): str(m) for o, m in rollout.adopted.items()} == first
