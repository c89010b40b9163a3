"""The files as offices keep them: two ways to write the same facts, and the study that reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from synthetic.programme.records import ELEMENTS, Handed
from synthetic.programme.study import study_text
from synthetic.programme.town import Layout

__all__ = ["write_town"]

_QUESTIONS: Final = (
    "1. Bagaimana pendapat Saudara tentang kesesuaian persyaratan pelayanan dengan jenis pelayanannya?",
    "2. Bagaimana pemahaman Saudara tentang kemudahan prosedur pelayanan di unit ini?",
    "3. Bagaimana pendapat Saudara tentang kecepatan waktu dalam memberikan pelayanan?",
    "4. Bagaimana pendapat Saudara tentang kewajaran biaya/tarif dalam pelayanan?",
    "5. Bagaimana pendapat Saudara tentang kesesuaian produk pelayanan antara yang tercantum dan hasilnya?",
    "6. Bagaimana pendapat Saudara tentang kompetensi/kemampuan petugas dalam pelayanan?",
    "7. Bagaimana pendapat Saudara tentang perilaku petugas terkait kesopanan dan keramahan?",
    "9. Bagaimana pendapat Saudara tentang penanganan pengaduan pengguna layanan?",
    "8. Bagaimana pendapat Saudara tentang kualitas sarana dan prasarana?",
)
_ANSWERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "persyaratan": ("Tidak sesuai", "Kurang sesuai", "Sesuai", "Sangat sesuai"),
        "prosedur": ("Tidak mudah", "Kurang mudah", "Mudah", "Sangat mudah"),
        "waktu": ("Tidak cepat", "Kurang cepat", "Cepat", "Sangat cepat"),
        "biaya": ("Sangat mahal", "Cukup mahal", "Murah", "Gratis"),
        "produk": ("Tidak sesuai", "Kurang sesuai", "Sesuai", "Sangat sesuai"),
        "kompetensi": ("Tidak kompeten", "Kurang kompeten", "Kompeten", "Sangat kompeten"),
        "perilaku": (
            *("Tidak sopan dan ramah", "Kurang sopan dan ramah"),
            *("Sopan dan ramah", "Sangat sopan dan ramah"),
        ),
        "pengaduan": (
            *("Tidak ada", "Ada tetapi tidak berfungsi"),
            *("Berfungsi kurang maksimal", "Dikelola dengan baik"),
        ),
        "sarana": ("Buruk", "Cukup", "Baik", "Sangat Baik"),
    }
)
_LABELS: Final = (
    *("U1. Persyaratan", "U2. Prosedur", "U3. Waktu Penyelesaian", "U4. Biaya/Tarif", "U5. Produk Layanan"),
    *("U6. Kompetensi Pelaksana", "U7. Perilaku Pelaksana", "U8. Penanganan Pengaduan", "U9. Sarana"),
)
_MONTHS: Final = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli"),
    *("Agustus", "September", "Oktober", "November", "Desember"),
)
_ROMAN: Final = ("I", "II")
Grid = list[list[Any]]


def write_town(handed: Handed, folder: str | Path) -> Path:
    """Write the files of a town, its study and, beside them, ``truth.json``; return the path of ``study.toml``.

    Workbooks hold the time they were written, so their bytes differ from run to run; the cells do not.

    Examples
    --------
    >>> import tempfile
    >>> from synthetic.programme import Town, hand_over
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = write_town(hand_over(Town(seed=1, size=0.1)), folder)
    ...     len(list(study.parent.rglob("*.*")))
    16
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    files: Callable[[Handed], Iterator[tuple[str, Any]]] = _WRITERS[handed.town.layout]
    for name, content in files(handed):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
            continue
        with pd.ExcelWriter(path) as book:
            for sheet, grid in content.items():
                pd.DataFrame(grid).to_excel(book, sheet_name=sheet, header=False, index=False)
    truth = json.dumps(dict(handed.truth), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    (place / "truth.json").write_text(truth, encoding="utf-8")
    study = place / "study.toml"
    study.write_text(study_text(handed.town.layout), encoding="utf-8")
    return study


def _csv(frame: pd.DataFrame, separator: str, dates: str) -> bytes:
    return frame.to_csv(sep=separator, index=False, date_format=dates, lineterminator="\n").encode("utf-8-sig")


def _grid(frame: pd.DataFrame, *above: str) -> Grid:
    """Return titles, headings and rows; what is missing is an empty cell."""
    rows = frame.astype(object).where(frame.notna(), None).values.tolist()
    width = len(frame.columns)
    return [
        *([title] + [None] * (width - 1) for title in above),
        *([[None] * width] if above else []),
        list(frame),
        *rows,
    ]


def _words(codes: pd.Series, words: Mapping[str, str]) -> pd.Series:
    return codes.map(dict(words))


# ------------------------------------------------------------------------------------------------ twelve offices


def _twelve(handed: Handed) -> Iterator[tuple[str, Any]]:
    """Semicolons, days first, titles above the sheets, offices above their packages."""
    names, tables = handed.drawn.names, handed.tables
    status = {"open": "Proses", "granted": "Selesai", "rejected": "Ditolak"}
    permits = tables["permits"]
    frame = pd.DataFrame(
        {
            "No Permohonan": permits["case"],
            "Perangkat Daerah": names[permits["office"]],
            "Jenis Izin": permits["service"],
            "Tanggal Masuk": permits["received"],
            "Tanggal Selesai": permits["decided"],
            "Status": _words(permits["status"], status),
            "Kanal": np.where(permits["online"], "Online", "Loket"),
        }
    )
    for year, rows in frame.groupby(frame["Tanggal Masuk"].dt.year):
        yield f"perizinan/permohonan_{year}.csv", _csv(rows, ";", "%d/%m/%Y")
    survey = tables["survey"]
    answers = {q: [_ANSWERS[e][a - 1] for a in survey[e]] for q, e in zip(_QUESTIONS, ELEMENTS, strict=True)}
    form = {"Timestamp": survey["moment"], "Unit layanan yang dinilai": names[survey["office"]], **answers}
    yield "skm_google_form.csv", _csv(pd.DataFrame(form), ",", "%d/%m/%Y %H:%M:%S")
    recap = tables["recap"]
    period = [f"Semester {_ROMAN[h - 1]} {y}" for y, h in zip(recap["year"], recap["half"], strict=True)]
    means = {label: recap[e] for label, e in zip(_LABELS, ELEMENTS, strict=True)}
    named = {"UNIT PELAYANAN": names[recap["office"]], "PERIODE": period, "JUMLAH RESPONDEN": recap["people"]}
    sheet = _grid(pd.DataFrame({**named, **means}), "REKAPITULASI INDEKS KEPUASAN MASYARAKAT")
    yield "rekap_ikm_semester.xlsx", {"Rekap": sheet}
    projects = tables["projects"]
    for year, rows in projects.groupby(projects["start"].dt.year):
        yield f"paket/realisasi_fisik_keuangan_{year}.xlsx", {"Realisasi": _packages_twelve(rows, names, int(year))}
    tests = tables["tests"]
    scores = {
        **{"NIP": tests["person"], "Perangkat Daerah": names[tests["office"]]},
        **{"Kelompok": np.where(tests["taught"], "Peserta", "Pembanding")},
        **{"PRE TEST": tests["before"], "POST TEST": tests["after"]},
    }
    yield "nilai_pre_post.xlsx", {"Nilai": _grid(pd.DataFrame(scores), "NILAI PRE TEST DAN POST TEST")}
    lapor = tables["complaints"]
    words = {"open": "Sedang Ditindaklanjuti", "granted": "Selesai"}
    complaints = {
        **{"Nomor Laporan": lapor["case"], "Instansi Terlapor": names[lapor["office"]]},
        **{"Tanggal Laporan": lapor["received"], "Tanggal Selesai": lapor["decided"]},
        "Status": _words(lapor["status"], words),
    }
    yield "sp4n_lapor_export.xlsx", {"Laporan": _grid(pd.DataFrame(complaints))}
    training = tables["training"]
    listed = {
        **{"nip": training["person"], "unit_kerja": names[training["office"]], "namaKursus": training["title"]},
        **{"jumlahJam": training["hours"], "tanggalSelesaiKursus": training["ended"]},
        "keterangan": _words(training["word"], {"passed": "Lulus", "attended": "Hadir"}),
    }
    yield "riwayat_diklat_siasn.csv", _csv(pd.DataFrame(listed), ";", "%d-%m-%Y")
    posts = tables["positions"]
    held = {"NIP": posts["person"], "Unit Kerja": names[posts["office"]], "TMT Jabatan": posts["since"]}
    yield "riwayat_jabatan.csv", _csv(pd.DataFrame(held), ";", "%d-%m-%Y")
    staff = pd.DataFrame({"Perangkat Daerah": names[tables["staff"]["office"]], "Jumlah": tables["staff"]["staff"]})
    yield "jumlah_pegawai.xlsx", {"Pegawai": _grid(staff)}
    promised = tables["promises"]
    limits: dict[str, Any] = {"Jenis Pelayanan": promised["service"]}
    limits["Jangka Waktu Penyelesaian"] = [f"paling lama {d} hari kerja" for d in promised["days"]]
    yield "standar_pelayanan.xlsx", {"Standar": _grid(pd.DataFrame(limits), "STANDAR PELAYANAN")}
    yield "dpa_bkpsdm_2024.xlsx", {"DPA": _budget(tables["costs"])}


def _packages_twelve(rows: pd.DataFrame, names: np.ndarray, year: int) -> Grid:
    """Return the packages of a year: each office stands in a row of its own above its packages."""
    headings = ["No", "Perangkat Daerah / Paket", "Pagu", "Mulai", "Rencana Selesai", "Realisasi Selesai (PHO)"]
    headings += ["Fisik (%)", "Keuangan (%)"]
    grid: Grid = [[f"REALISASI FISIK DAN KEUANGAN TAHUN {year}", *[None] * 7], [None] * 8, headings]
    for office, packages in rows.groupby("office"):
        grid.append([None, _name(names, office), *[None] * 6])
        for number, row in enumerate(packages.itertuples(index=False), start=1):
            done: Any = row.ended
            ended = None if pd.isna(done) else done
            grid.append([number, row.package, row.budget, row.start, row.planned, ended, row.physical, row.spent])
    return grid


def _name(names: np.ndarray, office: Any) -> str:  # noqa: ANN401 - a key of a group
    return str(names[int(office)])


def _budget(costs: pd.DataFrame) -> Grid:
    frame = costs.assign(total=costs["volume"] * costs["price"])
    frame.columns = pd.Index(["Uraian", "Volume", "Satuan", "Harga Satuan", "Jumlah"])
    return _grid(frame, "DOKUMEN PELAKSANAAN ANGGARAN 2024")


# ----------------------------------------------------------------------------------------------- sixteen offices


def _loud(names: np.ndarray) -> np.ndarray:
    """Offices as a form in capitals has them, with a full stop and doubled spaces at some."""
    spelt = [str(n).upper() if i % 3 else str(n).upper().replace(" ", "  ", 1) for i, n in enumerate(names)]
    return np.array(spelt, dtype=object)


def _short(names: np.ndarray) -> np.ndarray:
    short = {"Dinas Kesehatan": "Dinkes", "Dinas Kependudukan dan Pencatatan Sipil": "Disdukcapil"}
    return np.array([short.get(str(n), n) for n in names], dtype=object)


def _sixteen(handed: Handed) -> Iterator[tuple[str, Any]]:
    """Commas, months first, a sheet a year, offices once a block, words of another province."""
    names, tables = handed.drawn.names, handed.tables
    loud, short = _loud(names), _short(names)
    status = {"open": "Dalam Proses", "granted": "Terbit", "rejected": "Ditolak"}
    permits = tables["permits"]
    frame = pd.DataFrame(
        {
            "nomor_permohonan": permits["case"],
            "tgl_pengajuan": permits["received"],
            "tgl_terbit": permits["decided"],
            "jenis_layanan": permits["service"],
            "opd": loud[permits["office"]],
            "media": np.where(permits["online"], "Daring", "Datang langsung"),
            "status_berkas": _words(permits["status"], status),
        }
    )
    for year, rows in frame.groupby(frame["tgl_pengajuan"].dt.year):
        yield f"izin/izin-{year}.csv", _csv(rows, ",", "%m/%d/%Y")
    survey = tables["survey"]
    answers = {label: survey[e] for label, e in zip(_LABELS, ELEMENTS, strict=True)}
    when = [f"{m.month}/{m.day}/{m.year} {m.hour}:{m.minute:02d}:{m.second:02d}" for m in survey["moment"]]
    yield (
        "SKM (Responses).csv",
        _csv(pd.DataFrame({"Timestamp": when, "OPD": short[survey["office"]], **answers}), ",", ""),
    )
    yield "IKM per semester.xlsx", {"IKM": _recap_sixteen(tables["recap"], names)}
    yield (
        "paket_pekerjaan.xlsx",
        {
            f"TA {year}": _packages_sixteen(rows, loud)
            for year, rows in tables["projects"].groupby(tables["projects"]["start"].dt.year)
        },
    )
    tests = tables["tests"]
    sides = [
        tests[["person"]].assign(test=word, score=[f"{s:.1f}".replace(".", ",") for s in tests[side]])
        for word, side in (("Sebelum", "before"), ("Sesudah", "after"))
    ]
    who = {"ID Pegawai": tests["person"], "Asal OPD": short[tests["office"]]}
    who["Keikutsertaan"] = np.where(tests["taught"], "Ikut", "Tidak ikut")
    long = pd.concat([pd.DataFrame({**who, "Tes": r["test"], "Nilai": r["score"]}) for r in sides], ignore_index=True)
    yield "hasil_tes.csv", _csv(long, ";", "")
    lapor = tables["complaints"]
    complaints = {
        **{"No Registrasi": lapor["case"], "OPD": names[lapor["office"]]},
        **{"Tanggal Aduan": _spoken(lapor["received"]), "Tanggal Selesai": _spoken(lapor["decided"])},
        "Status": _words(lapor["status"], {"open": "Diproses", "granted": "Selesai"}),
    }
    yield "pengaduan.xlsx", {"Pengaduan": _grid(pd.DataFrame(complaints), "REGISTER PENGADUAN")}
    training = tables["training"]
    begun = training["ended"] - pd.Timedelta(days=2)
    listed = {
        **{"NIP": training["person"], "Asal OPD": loud[training["office"]], "Judul Pelatihan": training["title"]},
        **{"Jumlah JP": training["hours"], "Tanggal Pelaksanaan": _ranges(begun, training["ended"])},
        "Status Lulus": _words(training["word"], {"passed": "Lulus", "attended": "Tidak Lulus"}),
    }
    yield "peserta_pelatihan.xlsx", {"Peserta": _grid(pd.DataFrame(listed), "DAFTAR PESERTA PELATIHAN 2023-2024")}
    posts = tables["positions"]
    held = {"nip baru": posts["person"], "Unor": short[posts["office"]], "TMT Unor": posts["since"]}
    yield "riwayat_unor.xlsx", {"Riwayat": _grid(pd.DataFrame(held))}
    staff = pd.DataFrame({"Nama OPD": names[tables["staff"]["office"]], "Jumlah ASN": tables["staff"]["staff"]})
    yield "opd.csv", _csv(staff, ",", "")
    promised = tables["promises"]
    limits = {"layanan": promised["service"], "SLA": [f"{d} hari kerja" for d in promised["days"]]}
    yield "sla.csv", _csv(pd.DataFrame(limits), ",", "")
    yield "RKA 2024.xlsx", {"RKA": _budget(tables["costs"])}


def _recap_sixteen(recap: pd.DataFrame, names: np.ndarray) -> Grid:
    """Return the recap with decimal commas, the office once a block of its half-years."""
    headings = ["OPD", "Periode", "Responden", *_LABELS]
    grid: Grid = [headings]
    for office, rows in recap.groupby("office"):
        for i, row in enumerate(rows.to_dict("records")):
            means = [f"{row[e]:.2f}".replace(".", ",") for e in ELEMENTS]
            period = f"Smt {_ROMAN[row['half'] - 1]} {row['year']}"
            grid.append([_name(names, office) if i == 0 else None, period, row["people"], *means])
    return grid


def _packages_sixteen(rows: pd.DataFrame, names: np.ndarray) -> Grid:
    """Return the packages of a year: Roman numbers before the offices, dates in words, a sum below each."""
    grid: Grid = [["No.", "Uraian", "Nilai Kontrak", "Tgl Mulai", "Target Selesai", "Selesai", "Serapan (%)"]]
    for number, (office, packages) in enumerate(rows.groupby("office"), start=1):
        grid.append([_roman(number), _name(names, office), *[None] * 5])
        for row in packages.itertuples(index=False):
            dates = [_said(d) for d in (row.start, row.planned, row.ended)]
            spent = f"{row.spent:.2f}".replace(".", ",")
            grid.append([None, row.package, f"Rp{row.budget:,}".replace(",", "."), *dates, spent])
    return grid


def _roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    return "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]


def _said(date: Any) -> str | None:  # noqa: ANN401 - a Timestamp or missing
    return None if pd.isna(date) else f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def _spoken(dates: pd.Series) -> list[str | None]:
    return [_said(date) for date in dates]


def _ranges(begun: pd.Series, ended: pd.Series) -> list[str]:
    return [f"{b.day} s.d. {_said(e)}" for b, e in zip(begun, ended, strict=True)]


_WRITERS: Final[Mapping[Layout, Callable[[Handed], Iterator[tuple[str, Any]]]]] = MappingProxyType(
    {"twelve": _twelve, "sixteen": _sixteen}
)
