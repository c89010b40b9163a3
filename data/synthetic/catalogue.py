"""What is offered where: services, offices, districts, courses and organisers, elements of the survey."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Median and spread (sd of the log) of the office's own working time in working days, and the time limit in
# working days. Assumptions: most medians between 3 and 9, building permits far above.
SERVICES: Mapping[str, tuple[float, float, int]] = MappingProxyType(
    {
        "Izin Penelitian": (3.4, 0.70, 3),
        "Izin Reklame": (6.0, 0.70, 7),
        "PBG": (24.0, 0.70, 28),
        "SIP Dokter": (5.8, 0.70, 7),
        "SIP Perawat": (5.3, 0.70, 7),
        "SIP Bidan": (5.3, 0.70, 7),
        "SIP Tenaga Kefarmasian": (6.2, 0.70, 7),
        "Izin Apotek": (9.2, 0.72, 14),
        "Sertifikat Laik Higiene": (8.7, 0.72, 14),
        "Izin Operasional Satuan Pendidikan": (9.2, 0.72, 14),
        "Izin Trayek": (8.7, 0.72, 14),
        "Izin Pemakaian Ruang Publik": (5.3, 0.70, 5),
        "Rekomendasi Teknis": (7.4, 0.70, 10),
        "Rekomendasi Usaha": (6.9, 0.70, 7),
        "Surat Keterangan": (3.7, 0.72, 3),
        "Surat Pengantar Usaha Mikro": (4.1, 0.72, 3),
        "Dispensasi Nikah": (3.2, 0.70, 3),
        "Legalisasi Dokumen": (3.0, 0.72, 2),
        "Pencatatan Dokumen Penduduk": (3.9, 0.72, 5),
        "Rekomendasi Bantuan": (8.0, 0.72, 10),
        "Persetujuan Lingkungan": (14.0, 0.70, 21),
        "Rekomendasi Tata Ruang": (10.3, 0.72, 14),
        "Pelayanan Data dan Arsip": (5.3, 0.72, 5),
        "Izin Magang": (4.8, 0.70, 5),
        "Pelayanan Rekam Medis": (4.6, 0.72, 3),
    }
)

_COMMON = ("Surat Keterangan", "Rekomendasi Teknis", "Izin Magang")
_DISTRICT = ("Surat Keterangan", "Surat Pengantar Usaha Mikro", "Dispensasi Nikah", "Rekomendasi Usaha")
_BUILDING = ("PBG", "Rekomendasi Tata Ruang", "Rekomendasi Teknis")
_HEALTH = (
    "SIP Perawat",
    "SIP Bidan",
    "SIP Dokter",
    "SIP Tenaga Kefarmasian",
    "Izin Apotek",
    "Sertifikat Laik Higiene",
)
_TRADE = ("Rekomendasi Usaha", "Rekomendasi Teknis", "Surat Keterangan")
_AID = ("Rekomendasi Bantuan", "Surat Keterangan")

# Office, applications expected a month, services with the most asked for first.
OFFICES: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("Dinas Penanaman Modal dan PTSP", 110, ("Izin Reklame", "Rekomendasi Usaha", "Izin Penelitian", "PBG")),
    ("Dinas Kesehatan", 85, _HEALTH),
    ("Dinas Kependudukan dan Pencatatan Sipil", 60, ("Pencatatan Dokumen Penduduk", "Legalisasi Dokumen")),
    ("Dinas Pekerjaan Umum dan Tata Ruang", 30, ("Rekomendasi Tata Ruang", "PBG", "Rekomendasi Teknis")),
    ("Dinas Perumahan dan Kawasan Permukiman", 17, _BUILDING),
    (
        "Dinas Pendidikan dan Kebudayaan",
        34,
        ("Izin Operasional Satuan Pendidikan", "Legalisasi Dokumen", "Izin Magang"),
    ),
    ("Dinas Sosial", 24, _AID),
    ("Dinas Pemberdayaan Masyarakat dan Desa", 16, _COMMON),
    ("Dinas PPKB dan P3A", 14, _COMMON),
    ("Dinas Perhubungan", 19, ("Izin Trayek", "Izin Pemakaian Ruang Publik", "Rekomendasi Teknis")),
    ("Dinas Komunikasi dan Informatika", 15, ("Rekomendasi Teknis", "Izin Magang")),
    ("Dinas Koperasi Perindustrian dan Perdagangan", 26, _TRADE),
    ("Dinas Pariwisata Pemuda dan Olahraga", 16, ("Rekomendasi Usaha", "Izin Pemakaian Ruang Publik")),
    ("Dinas Perpustakaan dan Arsip", 14, ("Pelayanan Data dan Arsip", "Izin Magang")),
    ("Dinas Lingkungan Hidup", 18, ("Rekomendasi Teknis", "Persetujuan Lingkungan", "Surat Keterangan")),
    ("Dinas Perkebunan dan Peternakan", 17, _TRADE),
    ("Dinas Tanaman Pangan dan Hortikultura", 16, _TRADE),
    ("Dinas Perikanan dan Ketahanan Pangan", 15, _TRADE),
    (
        "Dinas Tenaga Kerja dan Transmigrasi",
        24,
        ("Surat Keterangan", "Rekomendasi Teknis", "Legalisasi Dokumen"),
    ),
    (
        "Satuan Polisi Pamong Praja dan Pemadam Kebakaran",
        15,
        ("Rekomendasi Teknis", "Izin Pemakaian Ruang Publik"),
    ),
    ("Badan Perencanaan Pembangunan Daerah", 14, ("Izin Penelitian", "Pelayanan Data dan Arsip")),
    ("Badan Kepegawaian dan PSDM Daerah", 18, ("Surat Keterangan", "Legalisasi Dokumen", "Izin Magang")),
    ("Badan Keuangan Daerah", 28, ("Izin Reklame", "Surat Keterangan")),
    ("Badan Kesatuan Bangsa dan Politik", 17, ("Izin Penelitian", "Rekomendasi Teknis")),
    ("Badan Penanggulangan Bencana Daerah", 13, ("Rekomendasi Bantuan", "Rekomendasi Teknis")),
    ("RSUD Haji Abdoel Madjid Batoe", 32, ("Pelayanan Rekam Medis", "Izin Penelitian", "Izin Magang")),
    ("Kecamatan Mersam", 18, _DISTRICT),
    ("Kecamatan Muara Tembesi", 18, _DISTRICT),
    ("Kecamatan Muara Bulian", 26, _DISTRICT),
    ("Kecamatan Batin XXIV", 17, _DISTRICT),
    ("Kecamatan Pemayung", 18, _DISTRICT),
    ("Kecamatan Maro Sebo Ulu", 18, _DISTRICT),
    ("Kecamatan Bajubang", 19, _DISTRICT),
    ("Kecamatan Maro Sebo Ilir", 15, _DISTRICT),
    ("Sekretariat Daerah", 16, _COMMON),
    ("Bagian Kesejahteraan Rakyat Sekretariat Daerah", 15, _AID),
    ("Sekretariat DPRD", 13, ("Surat Keterangan", "Izin Magang")),
    ("Inspektorat", 13, ("Surat Keterangan", "Rekomendasi Teknis")),
)

# Rough shares of the inhabitants of the eight districts.
DISTRICTS: Mapping[str, float] = MappingProxyType(
    {
        "Mersam": 0.11,
        "Muara Tembesi": 0.12,
        "Muara Bulian": 0.25,
        "Batin XXIV": 0.10,
        "Pemayung": 0.12,
        "Maro Sebo Ulu": 0.12,
        "Bajubang": 0.13,
        "Maro Sebo Ilir": 0.05,
    }
)

# Ramadan as announced by the government: first and last day.
RAMADAN: tuple[tuple[str, str], ...] = (
    ("2023-03-23", "2023-04-21"),
    ("2024-03-12", "2024-04-09"),
    ("2025-03-01", "2025-03-30"),
    ("2026-02-19", "2026-03-20"),
)

COURSE = "E-Government"

# Course, organiser: what else is in the training file. Only PROJECT_COURSE changes anything, and only projects.
OTHER_COURSES: tuple[tuple[str, str], ...] = (
    ("Manajemen Proyek", "BPSDM Provinsi Jambi"),
    ("Komunikasi Pelayanan", "BKPSDMD Batanghari"),
    ("Pengadaan Barang dan Jasa", "BPSDM Provinsi Jambi"),
    ("Kearsipan", "BKPSDMD Batanghari"),
    ("Keuangan Daerah", "BPSDM Provinsi Jambi"),
    ("Penyusunan SOP", "BKPSDMD Batanghari"),
)

# The nine elements of the satisfaction survey by label, never by number; usual score and gain at full dose.
ELEMENTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "persyaratan": (3.38, 0.0),
        "prosedur": (3.34, 0.0),
        "waktu": (3.16, 0.10),
        "biaya": (3.90, 0.0),
        "produk": (3.40, 0.0),
        "kompetensi": (3.36, 0.08),
        "perilaku": (3.42, 0.05),
        "pengaduan": (3.30, 0.0),
        "sarana": (3.28, 0.0),
    }
)

PROJECT_COURSE = "Manajemen Proyek"
SOFT_COURSES = ("Komunikasi Pelayanan", "Manajemen Waktu")

# Organiser of E-Government sessions, form of the sessions, gain in the tests relative to the usual one. Permits do
# not know who taught: what differs there between organisers is chance and the offices they happened to get.
PROVIDERS: tuple[tuple[str, str, float], ...] = (
    ("Universitas (rekaan)", "Campuran", 1.15),
    ("BPSDM Provinsi Jambi", "Tatap muka", 1.00),
    ("Lembaga pelatihan daring (rekaan)", "Daring", 0.75),
)

# Limits in calendar days instead of working days.
CALENDAR_LIMITS: Mapping[str, int] = MappingProxyType({"Izin Magang": 7, "Rekomendasi Bantuan": 14})
