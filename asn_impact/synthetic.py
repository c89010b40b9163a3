"""A regency with known truth: applications, courses and satisfaction answers that never happened.

The names of the offices are those of a real regency; every number is drawn by a generator. Each application
is drawn once and followed twice, with the training of its office and without it, so that the true effect is
known exactly.

``python -m asn_impact.synthetic data/demo --seed 2026`` writes the demonstration data.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.errors import DesignError, InputError, listed, nearest
from asn_impact.measures.calendar import WorkCalendar

__all__ = ["COURSE", "ELEMENTS", "Records", "Regency", "World", "main", "simulate", "write"]

World: TypeAlias = Literal["effect", "no_effect", "diverging", "selected", "system_change", "few_treated"]
Dates: TypeAlias = npt.NDArray[np.datetime64]

# --- What is offered where ----------------------------------------------------------------------------------

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

# Course, organiser: what else is in the training file.
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

_FIRST_MONTH = np.datetime64("2023-01", "M")
_WAVES: tuple[tuple[int, int], ...] = ((14, 5), (20, 5), (26, 4))  # months since 2023-01, offices
_USUAL_EFFECT = -0.40
_TREND = -0.02  # log points a month, in the diverging world
_SYSTEM = -0.20  # log points, in the world of the system change
_STREAMS = (
    "offices",
    "shocks",
    "rollout",
    "volume",
    "received",
    "waits",
    "status",
    "training",
    "survey",
    "dirt",
)
_TEST_ROWS, _REPEATED, _BACKWARDS, _SPACED = 12, 20, 6, 15


@dataclass(frozen=True, eq=False, kw_only=True)
class Regency:
    """What is fixed before anything is drawn.

    Parameters
    ----------
    seed
        Two regencies with the same parameters and seed are the same to the last byte.
    offices
        Number of offices, 20 to 38.
    months
        Months from January 2023, 30 to 48; the export is made on the last day of the last month.
    effect
        Log change of the office's own working time once the training works fully. The default, -0.40, is
        about 33 % shorter: far more than to hope for in earnest, so that a first analysis sees it. It rises
        over three months (one third, two thirds, full) and differs between offices (sd 0.2 of its size).
        Survey scores move in proportion.
    world
        ``effect``: training works; trained offices were drawn by lot.
        ``no_effect``: training does nothing, whatever `effect` says.
        ``diverging``: trained offices were already getting faster, month by month.
        ``selected``: the offices with the worst past year were trained, and would have recovered anyway.
        ``system_change``: trained offices got a new computer system in the same month.
        ``few_treated``: two trained offices.

    Raises
    ------
    DesignError
        Too few or too many offices or months.
    InputError
        An unknown world or an effect that is not a finite number.

    Examples
    --------
    >>> Regency(seed=1, world="no_effect").training_effect
    0.0
    """

    seed: int
    offices: int = 38
    months: int = 36
    effect: float = _USUAL_EFFECT
    world: World = "effect"

    def __post_init__(self) -> None:
        if not 20 <= self.offices <= len(OFFICES):
            msg = f"offices is {self.offices}; expected 20 to {len(OFFICES)}. Choose a number in that range."
            raise DesignError(msg)
        if not 30 <= self.months <= 48:
            msg = f"months is {self.months}; expected 30 to 48, so that every wave of training can be followed."
            raise DesignError(msg)
        if self.world not in get_args(World):
            msg = f"world is {self.world!r}; expected one of {listed(get_args(World), 6)}."
            raise InputError(msg + nearest(self.world, get_args(World)))
        if not np.isfinite(self.effect):
            msg = f"effect is {self.effect}; expected a finite log change such as -0.40."
            raise InputError(msg)

    @property
    def training_effect(self) -> float:
        """The log change that training causes at full dose: `effect`, or 0 in the world without one."""
        return 0.0 if self.world == "no_effect" else float(self.effect)

    @property
    def as_of(self) -> dt.date:
        """The day the export is made: the last day of the last month."""
        years, months = divmod(self.months, 12)
        return dt.date(2023 + years, months + 1, 1) - dt.timedelta(days=1)

    def draw(self, part: str) -> np.random.Generator:
        """Return the generator of one part: a change in one part leaves the draws of the others alone."""
        return np.random.default_rng([self.seed, _STREAMS.index(part)])


@dataclass(frozen=True, eq=False)
class Records:
    """What the offices would hand over, and what only the generator knows.

    Attributes
    ----------
    permits
        One row an application as exported, dirt included, with Indonesian headings; ``Tahun Berkas`` is the
        yearly file a row stands in. Dates are dates; `write` turns them into text.
    training
        One row a session of a course at an office.
    survey
        One row a respondent; nine elements scored 1 to 4.
    potential
        One row a true application (no dirt): ``case``, ``office``, ``month`` received and month ``adopted``
        (12 * year + month - 1; missing for offices never trained), ``followed`` (working days to the export),
        and the working days ``with_training``, ``without_training`` and ``without_training_or_system``
        (missing when withdrawn).
    truth
        The effects that were realised, by outcome. The content of ``truth.json``.
    """

    permits: pd.DataFrame
    training: pd.DataFrame
    survey: pd.DataFrame
    potential: pd.DataFrame
    truth: Mapping[str, Any]


def simulate(regency: Regency) -> Records:
    """Draw the applications, courses and answers of a regency, with the truth beside them.

    Examples
    --------
    >>> records = simulate(Regency(seed=1, world="no_effect"))
    >>> records.truth["outcomes"]["RestrictedMean(30)"]["att_office_months"]
    0.0
    """
    calendar = WorkCalendar.indonesia()
    offices = _offices(regency)
    applications = _applications(regency, offices, calendar)
    waits = _waits(regency, offices, applications, calendar)
    potential = _potential(regency, offices, applications, waits, calendar)
    export = _export(regency, applications, waits, calendar)
    survey, gains = _survey(regency, offices, export)
    permits = _permits(regency, export)
    truth = _truth(regency, offices, potential, gains)
    return Records(permits, _training(regency, offices, calendar), survey, potential, truth)


# --- Calendar -----------------------------------------------------------------------------------------------


def _date(calendar: WorkCalendar, number: Int) -> Dates:
    """Return the working day of each number; the last covered day, far beyond any export, for later ones."""
    working: Dates = calendar.days[calendar.working]
    dates: Dates = working[np.minimum(number, len(working)) - 1]
    return dates


def _month_starts(months: Int) -> Dates:
    return (_FIRST_MONTH + months).astype("datetime64[D]")


# --- Offices ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Offices:
    """Offices before any application comes in. O offices, T months; logs of working time."""

    names: npt.NDArray[np.object_]  # (O,)
    volume: Float  # (O,) applications a month
    staff: Int  # (O,) staff who handle cases
    adopted: Float  # (O,) month of training since 2023-01; inf = never
    without: Float  # (O, T) log shift without training
    system: Float  # (O, T) log shift of the new system, part of `without`
    dose: Float  # (O, T) share of the full effect at work
    response: Float  # (O,) effect of an office relative to the usual one


def _offices(regency: Regency) -> _Offices:
    draw = regency.draw("offices")
    count = regency.offices
    volume = np.array([office[1] for office in OFFICES[:count]], dtype=np.float64)
    level = draw.normal(0.0, 0.20, count)
    staff = draw.integers(6, 25, count) + (volume // 8).astype(np.int64)
    response = np.clip(draw.normal(1.0, 0.2, count), 0.5, 1.5)
    shocks = _shocks(regency)
    adopted = _adopted(regency, shocks)
    since = np.arange(regency.months) - adopted[:, None]  # (O, T); -inf for offices never trained
    system = np.where((since >= 0) & (regency.world == "system_change"), _SYSTEM, 0.0)
    drift = np.where(np.isfinite(adopted)[:, None] & (regency.world == "diverging"), _TREND, 0.0)
    return _Offices(
        names=np.array([office[0] for office in OFFICES[:count]], dtype=object),
        volume=volume,
        staff=staff,
        adopted=adopted,
        without=level[:, None] + shocks + system + drift * np.arange(regency.months),
        system=system,
        dose=np.clip((since + 1) / 3, 0.0, 1.0),
        response=response,
    )


def _shocks(regency: Regency) -> Float:
    """Shocks of office and month (O, T): autoregressive within an office, plus one common to the month."""
    draw = regency.draw("shocks")
    memory, spread = (0.85, 0.30) if regency.world == "selected" else (0.50, 0.12)
    fresh = draw.normal(0.0, spread, (regency.offices, regency.months))
    shocks = np.empty_like(fresh)
    shocks[:, 0] = fresh[:, 0]
    for month in range(1, regency.months):
        shocks[:, month] = memory * shocks[:, month - 1] + np.sqrt(1 - memory**2) * fresh[:, month]
    return shocks + draw.normal(0.0, 0.04, regency.months)


def _adopted(regency: Regency, shocks: Float) -> Float:
    """Month of training of each office (O,): by lot, or those whose past year was worst."""
    waves = ((14, 2),) if regency.world == "few_treated" else _WAVES
    lot = regency.draw("rollout").random(regency.offices)
    adopted = np.full(regency.offices, np.inf)
    for month, size in waves:
        claim = shocks[:, month - 12 : month].mean(axis=1) if regency.world == "selected" else lot
        waiting = np.flatnonzero(np.isinf(adopted))
        adopted[waiting[np.argsort(-claim[waiting], kind="stable")[:size]]] = month
    return adopted


# --- Applications -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Applications:
    """Applications in order of receipt. N applications."""

    case: npt.NDArray[np.object_]  # (N,) application number
    office: Int  # (N,) position of the office
    month: Int  # (N,) month of receipt since 2023-01
    service: npt.NDArray[np.object_]  # (N,)
    district: npt.NDArray[np.object_]  # (N,)
    received: Dates  # (N,)


def _applications(regency: Regency, offices: _Offices, calendar: WorkCalendar) -> _Applications:
    counts = _counts(regency, offices)
    office = np.repeat(np.repeat(np.arange(regency.offices), regency.months), counts.ravel())
    month = np.repeat(np.tile(np.arange(regency.months), regency.offices), counts.ravel())
    draw = regency.draw("received")
    received = _received(draw, month, calendar)
    service = _chosen_services(draw, office)
    district = _chosen_districts(draw, offices.names[office])
    order = np.argsort(received, kind="stable")
    return _Applications(
        _numbers(received[order]),
        office[order],
        month[order],
        service[order],
        district[order],
        received[order],
    )


def _counts(regency: Regency, offices: _Offices) -> Int:
    """Applications by office and month (O, T): slow growth, fewer in Ramadan, a rush in December."""
    draw = regency.draw("volume")
    months = np.arange(regency.months)
    calendar_month = months % 12
    season = 1.0 + 0.25 * (calendar_month == 11) + 0.08 * (calendar_month == 0)
    season = season * np.where(_in_ramadan(_month_starts(months) + 14), 0.92, 1.0) * 1.003**months
    busy = draw.gamma(25.0, 1 / 25.0, (regency.offices, regency.months))
    counts: Int = draw.poisson(offices.volume[:, None] * season * busy).astype(np.int64)
    return counts


def _in_ramadan(dates: Dates) -> Bool:
    inside = np.zeros(dates.shape, dtype=np.bool_)
    for first, last in RAMADAN:
        inside |= (dates >= np.datetime64(first)) & (dates <= np.datetime64(last))
    return inside


def _received(draw: np.random.Generator, month: Int, calendar: WorkCalendar) -> Dates:
    """Day of receipt: a working day at the counter, any day for the 6 % sent from home."""
    start, end = _month_starts(month), _month_starts(month + 1)
    place, from_home = draw.random(len(month)), draw.random(len(month)) < 0.06
    before = calendar.number(start - 1)
    at_counter = before + 1 + (place * (calendar.number(end - 1) - before)).astype(np.int64)
    any_day = start + (place * (end - start).astype(np.int64)).astype(np.int64)
    return np.where(from_home, any_day, _date(calendar, at_counter))


def _chosen_services(draw: np.random.Generator, office: Int) -> npt.NDArray[np.object_]:
    """Draw a service for each; the k-th of an office's list is asked for in proportion to 1 / k."""
    place = draw.random(len(office))
    chosen = np.empty(len(office), dtype=object)
    for position in np.unique(office):
        names = np.array(OFFICES[position][2], dtype=object)
        shares = np.cumsum(1 / np.arange(1, len(names) + 1))
        mine = office == position
        chosen[mine] = names[np.searchsorted(shares / shares[-1], place[mine], side="right")]
    return chosen


def _chosen_districts(draw: np.random.Generator, office: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Home district: a district office serves its own inhabitants."""
    anywhere = draw.choice(np.array(list(DISTRICTS), dtype=object), size=len(office), p=list(DISTRICTS.values()))
    own = np.array([name.removeprefix("Kecamatan ") for name in office], dtype=object)
    return np.where(np.isin(own, list(DISTRICTS)), own, anywhere)


def _numbers(received: Dates) -> npt.NDArray[np.object_]:
    """Application numbers that start again every year."""
    year = received.astype("datetime64[Y]").astype(np.int64) + 1970
    running = np.arange(len(year)) - np.searchsorted(year, year, side="left") + 1
    return np.array([f"503/{n:06d}/DPMPTSP/{y}" for n, y in zip(running, year, strict=True)], dtype=object)


# --- Waits --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Waits:
    """Working days from receipt to decision, three times from the same draws, and what became of the file."""

    with_training: Int  # (N,)
    without_training: Int  # (N,)
    without_either: Int  # (N,) neither training nor the new system
    rejected: Bool  # (N,)
    withdrawn: Bool  # (N,)
    withdrawn_after: Int  # (N,) working days; read only where withdrawn


def _waits(regency: Regency, offices: _Offices, applications: _Applications, calendar: WorkCalendar) -> _Waits:
    cell = (applications.office, applications.month)
    draws = _case_draws(regency, applications, calendar)
    gain = regency.training_effect * offices.response[applications.office] * offices.dose[cell]
    without = offices.without[cell]
    with_training = _days(draws, without + gain)
    draw = regency.draw("status")
    fate, place = draw.random(len(without)), draw.random(len(without))
    return _Waits(
        with_training=with_training,
        without_training=_days(draws, without),
        without_either=_days(draws, without - offices.system[cell]),
        rejected=fate < 0.045,
        withdrawn=fate > 1 - 0.015,
        withdrawn_after=np.maximum((place * with_training).astype(np.int64), draws.least),
    )


@dataclass(frozen=True, eq=False)
class _CaseDraws:
    """Everything about an application that does not depend on its office's training. N applications."""

    log_time: Float  # (N,) log working time at an average office in an average month
    pause: Int  # (N,) working days a returned file lay with the applicant
    limit: Int  # (N,) time limit of the service
    year_left: Int  # (N,) working days left in the year of receipt
    to_limit: Bool  # (N,) would be hurried to meet the limit
    to_year_end: Bool  # (N,) would be hurried to close the year
    at_once: Bool  # (N,) so simple that it was finished while the applicant waited
    least: Int  # (N,) 1 when received on a day off, else 0


def _case_draws(regency: Regency, applications: _Applications, calendar: WorkCalendar) -> _CaseDraws:
    draw = regency.draw("waits")
    size = len(applications.case)
    known = np.array([SERVICES[name] for name in applications.service])  # (N, 3)
    received = applications.received
    year_end = (received.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
    number = calendar.number(received)
    returned = draw.random(size) < 0.20
    pause = draw.lognormal(np.log(6.0), 0.6, size) * 5 / 7  # median 6 calendar days
    return _CaseDraws(
        log_time=np.log(known[:, 0]) + known[:, 1] * draw.normal(size=size) + 0.11 * _in_ramadan(received),
        pause=np.where(returned, np.rint(pause), 0).astype(np.int64),
        limit=known[:, 2].astype(np.int64),
        year_left=calendar.number(year_end) - number,
        to_limit=draw.random(size) < 0.40,
        to_year_end=draw.random(size) < 0.40,
        at_once=draw.random(size) < 0.05,
        least=(_date(calendar, number) != received).astype(np.int64),
    )


def _days(draws: _CaseDraws, shift: Float) -> Int:
    """Working days to the decision for a log shift (N,): same day is 0; some files meet a deadline."""
    days = np.floor(np.exp(draws.log_time + shift)).astype(np.int64) + draws.pause
    days = _hurried(days, deadline=draws.limit, reach=3, who=draws.to_limit)
    days = _hurried(days, deadline=draws.year_left, reach=8, who=draws.to_year_end)
    return np.maximum(np.where(draws.at_once, 0, days), draws.least)


def _hurried(days: Int, *, deadline: Int, reach: int, who: Bool) -> Int:
    late = (days > deadline) & (days <= deadline + reach)
    return np.where(late & who, deadline, days)


# --- Truth --------------------------------------------------------------------------------------------------


def _potential(
    regency: Regency,
    offices: _Offices,
    applications: _Applications,
    waits: _Waits,
    calendar: WorkCalendar,
) -> pd.DataFrame:
    zero = 12 * 2023
    return pd.DataFrame(
        {
            "case": applications.case,
            "office": offices.names[applications.office],
            "month": zero + applications.month,
            "adopted": _missing_where(zero + offices.adopted, np.isinf(offices.adopted))[applications.office],
            "followed": calendar.between(applications.received, regency.as_of),
            "with_training": _missing_where(waits.with_training, waits.withdrawn),
            "without_training": _missing_where(waits.without_training, waits.withdrawn),
            "without_training_or_system": _missing_where(waits.without_either, waits.withdrawn),
        }
    )


def _missing_where(values: Int | Float, missing: Bool) -> Float:
    return np.where(missing, np.nan, values)


def _restricted(horizon: int) -> Callable[[Float], Float]:
    return lambda days: np.fmin(days, horizon)


def _within(limit: int) -> Callable[[Float], Float]:
    return lambda days: (days <= limit).astype(np.float64)


# Outcomes of an application, by the words that ask for them, with the follow-up they need and their unit. A
# withdrawn one is never decided. Written apart from asn_impact.measures.outcomes, so that tests can compare.
_OUTCOMES: tuple[tuple[str, int, str, Callable[[Float], Float]], ...] = (
    ("RestrictedMean(30)", 30, "working days", _restricted(30)),
    ("Within(5)", 5, "share", _within(5)),
    ("Within(14)", 14, "share", _within(14)),
)


def _truth(regency: Regency, offices: _Offices, potential: pd.DataFrame, gains: pd.DataFrame) -> Mapping[str, Any]:
    trained = np.flatnonzero(np.isfinite(offices.adopted))
    adopted = {offices.names[i]: _label(12 * 2023 + int(offices.adopted[i])) for i in trained}
    facts = {
        "about": "DATA SINTETIS, bukan data Batanghari. SYNTHETIC DATA, not data of Batanghari.",
        "adopted": adopted,
        "applications": len(potential),
        "as_of": str(regency.as_of),
        "course": COURSE,
        "dirt": {
            "completed_before_received": _BACKWARDS,
            "repeated_rows": _REPEATED,
            "spaces_after_office": _SPACED,
            "test_rows": _TEST_ROWS,
        },
        "effect_log_points": regency.training_effect,
        "first_month": str(_FIRST_MONTH),
        "months": regency.months,
        "offices": regency.offices,
        "outcomes": {
            name: _realised(potential, followed, unit, outcome) for name, followed, unit, outcome in _OUTCOMES
        },
        "seed": regency.seed,
        "survey": _survey_truth(gains),
        "system_log_points": _SYSTEM if regency.world == "system_change" else 0.0,
        "trend_log_points_a_month": _TREND if regency.world == "diverging" else 0.0,
        "world": regency.world,
    }
    return MappingProxyType(_rounded(facts))


def _realised(potential: pd.DataFrame, followed: int, unit: str, outcome: Callable[[Float], Float]) -> dict[str, Any]:
    """Average effects over treated office-months whose month was followed long enough by all."""
    shortest = potential.groupby("month")["followed"].transform("min")
    cases = potential.loc[(shortest >= followed) & (potential["month"] >= potential["adopted"])]
    now = outcome(cases["with_training"].to_numpy())
    effects = cases[["office", "month", "adopted"]].assign(
        training=now - outcome(cases["without_training"].to_numpy()),
        both=now - outcome(cases["without_training_or_system"].to_numpy()),
    )
    cells = effects.groupby(["office", "month", "adopted"], as_index=False)[["training", "both"]].mean()
    cells = cells.assign(event_time=(cells["month"] - cells["adopted"]).astype(int))
    return {
        "att_cases": effects["training"].mean(),
        "att_office_months": cells["training"].mean(),
        "att_with_system_office_months": cells["both"].mean(),
        "by_cohort": _averages(cells.assign(cohort=cells["adopted"].map(_label)), "cohort"),
        "by_event_time": _averages(cells, "event_time"),
        "cases": len(cases),
        "last_mature_month": _label(int(potential["month"][shortest >= followed].max())),
        "office_months": len(cells),
        "unit": unit,
    }


def _averages(cells: pd.DataFrame, by: str) -> list[dict[str, Any]]:
    table = cells.groupby(by)["training"].agg(["mean", "size"])
    rows = zip(table.index.tolist(), table["mean"].tolist(), table["size"].tolist(), strict=True)
    return [{by: key, "att": mean, "office_months": size} for key, mean, size in rows]


def _label(month: float) -> str:
    """Return the month as text: 24290 is 2024-03."""
    return f"{int(month) // 12}-{int(month) % 12 + 1:02d}"


def _rounded(value: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Return the same nested value with numbers of six decimals; minus zero becomes zero."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(float(value), 6) + 0.0 if isinstance(value, float) else value


# --- What the offices hand over -----------------------------------------------------------------------------


def _export(regency: Regency, applications: _Applications, waits: _Waits, calendar: WorkCalendar) -> pd.DataFrame:
    """Return the true applications as they stand on the day of the export: what has not ended is open."""
    ended = np.where(waits.withdrawn, waits.withdrawn_after, waits.with_training)
    end = _date(calendar, calendar.number(applications.received) + ended)
    still_open = end > np.datetime64(regency.as_of)
    queued = regency.draw("status").spawn(1)[0].random(len(end)) < 0.4
    status = np.select(
        [still_open & queued, still_open, waits.withdrawn, waits.rejected],
        ["Menunggu", "Proses", "Dicabut", "Ditolak"],
        default="Selesai",
    )
    return pd.DataFrame(
        {
            "case": applications.case,
            "office": applications.office,
            "service": applications.service,
            "district": applications.district,
            "received": applications.received.astype("datetime64[s]"),
            "ended": np.where(still_open, np.datetime64("NaT"), end).astype("datetime64[s]"),
            "status": status.astype(object),
        }
    )


def _permits(regency: Regency, export: pd.DataFrame) -> pd.DataFrame:
    names = np.array([office[0] for office in OFFICES], dtype=object)
    clean = pd.DataFrame(
        {
            "No Permohonan": export["case"],
            "Perangkat Daerah": names[export["office"].to_numpy()],
            "Jenis Izin": export["service"],
            "Kecamatan": export["district"],
            "Tanggal Masuk": export["received"],
            "Tanggal Selesai": export["ended"],
            "Status": export["status"],
            "Tahun Berkas": export["received"].dt.year,
        }
    )
    dirty = _with_dirt(clean, regency.draw("dirt"))
    return dirty.sort_values(["Tahun Berkas", "Tanggal Masuk", "No Permohonan"], kind="stable", ignore_index=True)


def _with_dirt(clean: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Rows that a careful reader must notice; no row is soiled twice."""
    end_year = clean["Tanggal Selesai"].dt.year
    carried = _picked(draw, clean, end_year == clean["Tahun Berkas"] + 1, _REPEATED)
    rest = clean.drop(index=carried.index)
    backwards = _picked(draw, rest, rest["Status"] == "Selesai", _BACKWARDS)
    rest = rest.drop(index=backwards.index)
    spaced = _picked(draw, rest, rest["Status"] != "", _SPACED)
    tests = _picked(draw, rest.drop(index=spaced.index), rest["Status"] == "Selesai", _TEST_ROWS)
    early = pd.to_timedelta(draw.integers(1, 10, _BACKWARDS), unit="D")
    soiled: list[pd.DataFrame] = [
        rest.drop(index=spaced.index),
        _changed(spaced, "Perangkat Daerah", spaced["Perangkat Daerah"] + " "),
        _changed(backwards, "Tanggal Selesai", backwards["Tanggal Masuk"] - early),
        _changed(_changed(carried, "Tanggal Selesai", pd.NaT), "Status", "Proses"),
        _changed(carried, "Tahun Berkas", carried["Tahun Berkas"] + 1),
        _changed(tests, "No Permohonan", "TEST/" + tests["No Permohonan"].str.removeprefix("503/")),
    ]
    return pd.concat(soiled)


def _changed(rows: pd.DataFrame, heading: str, value: Any) -> pd.DataFrame:  # noqa: ANN401 - column or value
    return rows.assign(**{heading: value})


def _picked(draw: np.random.Generator, rows: pd.DataFrame, eligible: pd.Series[bool], size: int) -> pd.DataFrame:
    candidates = rows.index[eligible.reindex(rows.index)].to_numpy()
    return rows.loc[np.sort(draw.choice(candidates, size=size, replace=False))]


# --- Training -----------------------------------------------------------------------------------------------


def _training(regency: Regency, offices: _Offices, calendar: WorkCalendar) -> pd.DataFrame:
    """Sessions by date; a trained office has half its staff through the course in its month of adoption."""
    draw = regency.draw("training")
    sessions = pd.concat(
        [
            _course_at_trained(draw, regency, offices),
            _course_below_half(draw, regency, offices),
            _other_courses(draw, regency, offices),
        ],
        ignore_index=True,
    )
    first = calendar.number(_month_starts(sessions["month"].to_numpy()) - 1) + 2 + sessions["into"].to_numpy()
    last = first + sessions["days"].to_numpy() - 1
    office = sessions["office"].to_numpy()
    table = pd.DataFrame(
        {
            "Perangkat Daerah": offices.names[office],
            "Nama Pelatihan": sessions["course"],
            "Penyelenggara": sessions["organiser"],
            "JP": 8 * sessions["days"],
            "Tanggal Mulai": _date(calendar, first).astype("datetime64[s]"),
            "Tanggal Selesai": _date(calendar, last).astype("datetime64[s]"),
            "Jumlah Peserta Lulus": sessions["passed"],
            "Jumlah Petugas Layanan": offices.staff[office],
        }
    )
    return table.sort_values(["Tanggal Mulai", "Perangkat Daerah", "Nama Pelatihan"], kind="stable", ignore_index=True)


def _course_at_trained(draw: np.random.Generator, regency: Regency, offices: _Offices) -> pd.DataFrame:
    """List the sessions of trained offices: at every third office a few staff, then most, then the rest."""
    office = np.flatnonzero(np.isfinite(offices.adopted))
    staff, month = offices.staff[office], offices.adopted[office].astype(np.int64)
    few = np.where(np.arange(len(office)) % 3 == 0, np.floor(0.2 * staff), 0).astype(np.int64)
    main = np.ceil(draw.uniform(0.55, 0.75, len(office)) * staff).astype(np.int64)
    rest = np.floor(0.7 * (staff - few - main)).astype(np.int64)
    later = np.minimum(month + draw.integers(1, 4, len(office)), regency.months - 1)
    into = draw.integers(0, 5, (3, len(office)))
    return pd.concat(
        [
            _sessions(office, month - 1, into[0], few),
            _sessions(office, month, into[1], main),
            _sessions(office, later, into[2], rest),
        ]
    )


def _course_below_half(draw: np.random.Generator, regency: Regency, offices: _Offices) -> pd.DataFrame:
    """List the sessions of a third of the other offices, which sent a few staff and never half of them."""
    office = np.flatnonzero(np.isinf(offices.adopted))[::3]
    few = np.floor(draw.uniform(0.15, 0.35, len(office)) * offices.staff[office]).astype(np.int64)
    month = draw.integers(12, regency.months - 3, len(office))
    return _sessions(office, month, draw.integers(0, 5, len(office)), few)


def _sessions(office: Int, month: Int, into: Int, passed: Int) -> pd.DataFrame:
    """Three-day sessions of the course; those without participants did not take place."""
    rows = pd.DataFrame({"office": office, "month": month, "into": into, "passed": passed})
    held = rows.loc[rows["passed"] > 0]
    return held.assign(course=COURSE, organiser="BPSDM Provinsi Jambi", days=3)


def _other_courses(draw: np.random.Generator, regency: Regency, offices: _Offices) -> pd.DataFrame:
    office = np.repeat(np.arange(regency.offices), draw.integers(3, 9, regency.offices))
    kind = draw.integers(0, len(OTHER_COURSES), len(office))
    return pd.DataFrame(
        {
            "office": office,
            "month": draw.integers(0, regency.months, len(office)),
            "into": draw.integers(0, 10, len(office)),
            "passed": 1 + np.floor(draw.uniform(0.0, 0.5, len(office)) * offices.staff[office]).astype(np.int64),
            "course": [OTHER_COURSES[k][0] for k in kind],
            "organiser": [OTHER_COURSES[k][1] for k in kind],
            "days": draw.integers(1, 5, len(office)),
        }
    )


# --- Survey -------------------------------------------------------------------------------------------------


def _survey(regency: Regency, offices: _Offices, export: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers of applicants on the day they got their permit, and what training added to each answer."""
    draw = regency.draw("survey")
    answering = np.minimum(0.4, 3.0 / offices.volume)[export["office"].to_numpy()]
    invited = (draw.random(len(export)) < answering) & (export["status"] == "Selesai").to_numpy()
    people = export.loc[invited]
    office = people["office"].to_numpy()
    month = (people["ended"].dt.year.to_numpy() - 2023) * 12 + people["ended"].dt.month.to_numpy() - 1
    usual, gain = np.array(list(ELEMENTS.values())).T
    mood = draw.normal(0.0, 0.14, regency.offices)[office] + draw.normal(0.0, 0.30, len(people))
    without = usual + mood[:, None] + draw.normal(0.0, 0.40, (len(people), len(ELEMENTS)))
    scale = regency.training_effect / _USUAL_EFFECT * offices.dose[office, month] * offices.response[office]
    score, score_without = _scored(without + scale[:, None] * gain), _scored(without)
    labels = list(ELEMENTS)
    who = {"Perangkat Daerah": offices.names[office], "Jenis Izin": people["service"].to_numpy()}
    answers = pd.DataFrame({**who, "Tanggal": people["ended"].to_numpy()}).join(pd.DataFrame(score, columns=labels))
    gains = pd.DataFrame(score - score_without, columns=labels).assign(office=office, month=month)
    in_order = answers.sort_values(["Tanggal", "Perangkat Daerah", "Jenis Izin"], kind="stable", ignore_index=True)
    return in_order, gains.loc[month >= offices.adopted[office]]


def _scored(latent: Float) -> Int:
    return np.clip(np.rint(latent), 1, 4).astype(np.int64)


def _survey_truth(gains: pd.DataFrame) -> dict[str, Any]:
    """Mean gain in score by element among respondents of trained offices, and equally over office-months."""
    cells = gains.groupby(["office", "month"]).mean()
    by_element = {
        name: {"att_office_months": cells[name].mean(), "att_respondents": gains[name].mean()} for name in ELEMENTS
    }
    index = 25 * cells[list(ELEMENTS)].mean(axis=1).mean()
    return {"elements": by_element, "ikm_att_office_months": index, "respondents": len(gains)}


# --- Files --------------------------------------------------------------------------------------------------


def write(records: Records, folder: str | Path) -> tuple[Path, ...]:
    """Write the files an office would hand over, and the truth; return their paths.

    Every file is written beside its place and then renamed, so that a reader sees the old file or the new
    one, never half of one. The bytes depend on the records alone.

    Raises
    ------
    InputError
        ``permits/`` already holds files of other years, which a reader of the folder would mix in.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write(simulate(Regency(seed=1)), folder)
    >>> [path.name for path in paths][:3]
    ['permohonan_2023.csv', 'permohonan_2024.csv', 'permohonan_2025.csv']
    """
    folder = Path(folder)
    contents = _contents(records)
    _refuse_strangers(folder / "permits", [name for name in contents if name.startswith("permits/")])
    return tuple(_replace(folder / name, content) for name, content in contents.items())


def _contents(records: Records) -> dict[str, bytes]:
    by_year = {
        f"permits/permohonan_{year}.csv": _csv(rows.drop(columns="Tahun Berkas"))
        for year, rows in records.permits.groupby("Tahun Berkas")
    }
    truth = json.dumps(dict(records.truth), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    return {
        **by_year,
        "training.csv": _csv(records.training),
        "survey.csv": _csv(records.survey),
        "truth.json": truth.encode(),
    }


def _csv(frame: pd.DataFrame) -> bytes:
    """As a spreadsheet with Indonesian settings saves it: semicolons, byte order mark, dd/mm/yyyy."""
    text = frame.to_csv(sep=";", index=False, date_format="%d/%m/%Y", lineterminator="\n")
    return text.encode("utf-8-sig")


def _refuse_strangers(folder: Path, ours: Sequence[str]) -> None:
    names = {Path(name).name for name in ours}
    strangers = sorted(path.name for path in folder.glob("*.csv") if path.name not in names)
    if strangers:
        msg = (
            f"permits/ already holds {listed(strangers)}, which this regency does not write. "
            "Expected only its own yearly files: move the others away or choose another folder."
        )
        raise InputError(msg)


def _replace(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    return beside.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a regency from the command line and say what was written."""
    parser = argparse.ArgumentParser(prog="python -m asn_impact.synthetic", description="Write a synthetic regency.")
    parser.add_argument("folder", type=Path, help="where to write, for example data/demo")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--world", choices=get_args(World), default="effect")
    chosen = parser.parse_args(arguments)
    records = simulate(Regency(seed=chosen.seed, world=chosen.world))
    for path in write(records, chosen.folder):
        print(f"{path}  {path.stat().st_size:,} bytes")
    outcome = records.truth["outcomes"]["RestrictedMean(30)"]
    print(f"True effect on RestrictedMean(30): {outcome['att_office_months']:.2f} working days per office-month")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
