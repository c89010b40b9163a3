"""Six messy folders of an office, with the truth about them: what a right `check` has to find.

The truth is a regency with offices, months, and a course that some offices completed. Each folder writes it as offices
do: names spelt in several ways, headings of their own, days before months, words of their own for the state of an
application, cut files, and a list of training in which the offices are called otherwise.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl

from asn_impact.words import languages

FIRST, MONTHS = (2023, 1), 24
OFFICES = (
    "Dinas Kesehatan",
    "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
    "Dinas Kependudukan dan Pencatatan Sipil",
    "Dinas Pekerjaan Umum dan Penataan Ruang",
    "Badan Pengelolaan Keuangan dan Aset Daerah",
    "Satuan Polisi Pamong Praja",
    "Kecamatan Sungai Limau",
    "Kecamatan Batang Anai",
    "Dinas Perhubungan",
    "Dinas Lingkungan Hidup",
)
SHORT = {
    "Dinas Kesehatan": "Dinkes",
    "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu": "DPMPTSP",
    "Dinas Kependudukan dan Pencatatan Sipil": "Disdukcapil",
    "Dinas Pekerjaan Umum dan Penataan Ruang": "Dinas PUPR",
    "Badan Pengelolaan Keuangan dan Aset Daerah": "BPKAD",
    "Satuan Polisi Pamong Praja": "Satpol PP",
    "Kecamatan Sungai Limau": "Kec. Sei Limau",
    "Kecamatan Batang Anai": "Kantor Camat Batang Anai",
    "Dinas Perhubungan": "Dishub",
    "Dinas Lingkungan Hidup": "DLH",
}
TRAINED = {
    "Dinas Kesehatan": dt.date(2023, 9, 14),
    "Dinas Kependudukan dan Pencatatan Sipil": dt.date(2023, 9, 14),
    "Dinas Pekerjaan Umum dan Penataan Ruang": dt.date(2024, 3, 7),
    "Kecamatan Sungai Limau": dt.date(2024, 3, 7),
}
MONTH_NAMES = languages()["id"]["months"]


@dataclass(frozen=True)
class Case:
    """One application: a decision comes or is still to come."""

    number: int
    office: str
    service: str
    received: dt.date
    decided: dt.date | None
    state: str  # granted, rejected, withdrawn, open


@dataclass(frozen=True)
class Truth:
    """What a right `check` finds: offices, months, and who was trained from which month on."""

    offices: frozenset[str]
    months: tuple[str, ...]
    trained: dict[str, str]
    decisions: tuple[tuple[str, str], ...] = ()  # lines of the reader's own, (commented line, line that counts)


def months() -> list[tuple[int, int]]:
    return [divmod(FIRST[0] * 12 + FIRST[1] - 1 + at, 12) for at in range(MONTHS)]


def cases(seed: int, per_month: int = 9) -> list[Case]:
    """The applications of the regency; some of the last months are still open."""
    draw = np.random.default_rng(seed)
    end = dt.date(2024, 12, 31)
    made: list[Case] = []
    for year, month in months():
        for office in OFFICES:
            for _ in range(per_month):
                received = dt.date(year, month + 1, int(draw.integers(1, 29)))
                decided = received + dt.timedelta(days=int(draw.integers(3, 40)))
                state = str(draw.choice(["granted", "rejected", "withdrawn"], p=[0.9, 0.07, 0.03]))
                service = str(draw.choice(["Izin Praktik", "Izin Reklame", "PBG"]))
                late = decided > end
                made.append(
                    Case(len(made) + 1, office, service, received, None if late else decided, "open" if late else state)
                )
    return made


def truth(rename: Callable[[str], str] = str, **others: tuple[tuple[str, str], ...]) -> Truth:
    labels = tuple(f"{year}-{month + 1:02d}" for year, month in months())
    trained = {rename(office): f"{day:%Y-%m}" for office, day in TRAINED.items()}
    return Truth(frozenset(map(rename, OFFICES)), labels, trained, **others)


def write_csv(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def write_book(path: Path, sheets: dict[str, list[Sequence[object]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def slashed(day: dt.date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"


def in_words(day: dt.date | None) -> str:
    return "-" if day is None else f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def abbreviated(folder: Path) -> Truth:
    """Every fifth row abbreviates its office; the list of training has abbreviations with the name of the regency."""
    rows: list[Sequence[object]] = [
        ("No Permohonan", "Perangkat Daerah", "Jenis Izin", "Tgl Masuk", "Tgl Selesai", "Status")
    ]
    words = {"granted": "Terbit", "rejected": "Ditolak", "withdrawn": "Dicabut", "open": "Proses"}
    for c in cases(1):
        name = SHORT[c.office] if c.number % 5 == 0 else c.office.upper() if c.number % 7 == 0 else c.office
        number = f"503/{c.number:05d}/2024"
        rows.append((number, name, c.service, slashed(c.received), slashed(c.decided), words[c.state]))
    write_csv(folder / "izin.csv", rows, ";", "utf-8-sig")
    taught = [
        (f"Peserta {i}", f"{SHORT[o]} Kab. Padang Pariaman", "Bimtek SPBE", slashed(day), "Lulus")
        for i, (o, day) in enumerate(TRAINED.items())
    ]
    write_csv(
        folder / "pelatihan.csv",
        [("Nama Peserta", "Unit Kerja", "Nama Pelatihan", "Tanggal Selesai", "Kelulusan"), *taught],
    )
    return truth()


def other_headings(folder: Path) -> Truth:
    """No heading is one of the usual ones; statuses are words of the office itself."""
    words = {
        "granted": "SK sdh keluar",
        "rejected": "Tdk disetujui",
        "withdrawn": "Batal oleh ybs",
        "open": "Masih di meja verifikasi",
    }
    head = (
        "Kode Berkas Permohonan",
        "Dinas Tujuan",
        "Layanan Izin",
        "Berkas Masuk Tgl",
        "SK Terbit Tgl",
        "Posisi Akhir",
    )
    rows = [
        (
            f"B-{c.number}",
            c.office,
            c.service,
            c.received.isoformat(),
            c.decided.isoformat() if c.decided else "",
            words[c.state],
        )
        for c in cases(2)
    ]
    write_csv(folder / "rekap berkas.csv", [head, *rows])
    taught = [(SHORT[o], "Diklat Pelayanan Prima", in_words(day), "Hadir") for o, day in TRAINED.items()]
    write_csv(folder / "diklat.csv", [("Asal Dinas", "Judul Diklat", "Pelaksanaan Diklat", "Hasil Diklat"), *taught])
    return truth()


def by_year(folder: Path) -> Truth:
    """A file a year, one a workbook with a title and a row of totals; offices slip by a letter; two courses."""
    head = ("No. Registrasi", "Nama OPD", "Jenis Layanan", "Tanggal Permohonan", "Tanggal Terbit", "Status Permohonan")
    words = {"granted": "Selesai", "rejected": "Ditolak", "withdrawn": "Dibatalkan", "open": "Dalam Proses"}

    def row(c: Case) -> tuple[object, ...]:
        name = c.office.replace("Kesehatan", "Kesehatn") if c.number % 101 == 0 else c.office
        return (f"R{c.number:06d}", name, c.service, in_words(c.received), in_words(c.decided), words[c.state])

    every = cases(3)
    old = [row(c) for c in every if c.received.year == 2023]
    new = [row(c) for c in every if c.received.year == 2024]
    write_csv(folder / "2023.csv", [head, *old], ";")
    write_book(folder / "2024.xlsx", {"Data": [("REKAP PERMOHONAN 2024",), (), head, *new, ("JUMLAH", len(new))]})
    taught: list[Sequence[object]] = []
    for office, day in TRAINED.items():
        days = f"{day.day - 3} s.d. {day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
        taught += [(office, "E-Government Dasar", days, 4, 9), (office, "Etika ASN", "2 Mei 2023", 2, 9)]
    taught.append(("Dinas Perhubungan", "Etika ASN", "2 Mei 2023", 3, 8))
    columns = ("Perangkat Daerah", "Nama Diklat", "Tanggal Selesai", "Jumlah Lulus", "Jumlah Pegawai")
    write_book(folder / "pelatihan 2023-2024.xlsx", {"Daftar": [columns, *taught]})
    lines = (('# course = "E-Government Dasar"', 'course = "E-Government Dasar"'),)
    return truth(decisions=lines)


def one_book(folder: Path) -> Truth:
    """One workbook with the applications, the training and a legend; dates typed, offices abbreviated throughout."""
    head = (
        "Nomor Permohonan",
        "OPD",
        "Jenis Izin",
        "Tanggal Masuk",
        "Tanggal Selesai",
        "Ket. Status",
        "Nama Pemohon",
        "No HP",
    )
    words = {"granted": "Rampung", "rejected": "Berkas ditolak", "withdrawn": "Ditarik pemohon", "open": "Antri survei"}
    rows = [
        (
            f"{c.number:05d}/PTSP",
            SHORT[c.office],
            c.service,
            c.received,
            c.decided,
            words[c.state],
            "Rahasia Sekali",
            "081234567890",
        )
        for c in cases(4)
    ]
    taught = [(o, "Bimtek OSS Angkatan I", day, "Ya") for o, day in TRAINED.items()]
    legend = [("Kode", "Arti"), ("PTSP", "Pelayanan Terpadu Satu Pintu")]
    columns = ("Instansi", "Nama Bimtek", "Tanggal Selesai", "Lulus")
    write_book(
        folder / "data lengkap.xlsx", {"Izin": [head, *rows], "Bimtek": [columns, *taught], "Keterangan": legend}
    )
    return truth(SHORT.__getitem__)


def either_way(folder: Path) -> Truth:
    """Days and months that one column does not tell apart; a column too many that could be the office; no status."""
    head = ("No Reg", "Instansi", "Loket", "Jenis Perizinan", "Tgl Pengajuan", "Tgl Penetapan")
    rows = []
    for c in cases(5):
        received = c.received.replace(day=(c.received.day - 1) % 12 + 1)
        rows.append((c.number, c.office, f"Loket {c.number % 3 + 1}", c.service, slashed(received), slashed(c.decided)))
    write_csv(folder / "ekspor_2024-12-31.csv", [head, *rows], "\t")
    taught = [
        (f"{o} ({SHORT[o]})", "Pelatihan Manajemen Waktu", f"{day:%Y-%m-%d}", "lulus") for o, day in TRAINED.items()
    ]
    write_csv(folder / "peserta.csv", [("SKPD", "Pelatihan", "Tgl Selesai", "Keterangan Lulus"), *taught])
    return truth()


def folders_apart(folder: Path) -> Truth:
    """Applications in a folder of their own, half of them cut; one office trained that takes no applications."""
    head = ("id_permohonan", "unit_kerja", "jenis_layanan", "tgl_permohonan", "tgl_terbit", "status_berkas")
    words = {"granted": "TERBIT", "rejected": "DITOLAK", "withdrawn": "DICABUT", "open": "PROSES"}
    rows = [
        (c.number, f"{c.office} Kabupaten Padang Pariaman" if c.number % 3 == 0 else c.office, c.service,
         f"{c.received:%d-%m-%Y} 08:30", f"{c.decided:%d-%m-%Y} 14:00" if c.decided else "NULL", words[c.state])
        for c in cases(6)
    ]  # fmt: skip
    half = len(rows) // 2
    write_csv(folder / "izin" / "bagian1.csv", [head, *rows[:half]])
    write_csv(folder / "izin" / "bagian2.csv", [head, *rows[half:]])
    (folder / "izin" / "catatan.docx").write_text("bukan tabel")
    taught = [(f"{SHORT[o]}", "Pelatihan SOP", slashed(day), 5) for o, day in TRAINED.items()]
    taught.append(("Inspektorat", "Pelatihan SOP", "14/09/2023", 2))
    write_csv(
        folder / "latih" / "sop.csv", [("Unit", "Nama Pelatihan", "Tanggal Selesai", "Peserta Lulus"), *taught], ";"
    )
    return truth(decisions=(('# Inspektorat = "-"', 'Inspektorat = "-"'),))


MESSY = (abbreviated, other_headings, by_year, one_book, either_way, folders_apart)
