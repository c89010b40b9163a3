"""A regency that ran three courses in waves and holds a dozen files: what is fixed before anything is drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from asn_impact.arguments import check_fields
from asn_impact.arrays import Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import OFFICES
from synthetic.regency import Dates, month_starts, working_day

__all__ = [
    "COURSES",
    "EARLIEST",
    "FILES",
    "MONTHS",
    "Course",
    "Drawn",
    "Layout",
    "Town",
    "days_in",
    "draw_town",
]

Layout: TypeAlias = Literal["twelve", "sixteen"]

MONTHS: Final = 24  # January 2023 to December 2024
EARLIEST: Final = -24  # January 2021: where the recaps begin; months are counted from January 2023
FILES: Final = ("permits", "survey", "recap", "projects", "tests", "complaints")
_OFFICES_OF: Final[Mapping[Layout, tuple[int, ...]]] = MappingProxyType(
    {"twelve": tuple(range(12)), "sixteen": (*range(14), 18, 20)}
)
_LARGEST: Final = 40.0  # applications a month
_STREAMS: Final = ("offices", "courses", "people", *FILES)  # a part is known by its place: new ones go to the end


@dataclass(frozen=True)
class Course:
    """A course: what it is called, in the report and in the list, and its waves (month, day it ended, offices)."""

    key: str
    id: str
    en: str
    titles: tuple[str, ...]
    waves: Mapping[Layout, tuple[tuple[int, int, int], ...]]


#: Only the first changes anything.
COURSES: Final = (
    Course(
        "egov",
        "Layanan Elektronik",
        "electronic services",
        ("Pelatihan SPBE bagi Petugas", "Bimtek SPBE dan Layanan Elektronik"),
        MappingProxyType({"twelve": ((9, 6, 3), (14, 8, 2)), "sixteen": ((8, 7, 4), (13, 9, 3))}),
    ),
    Course(
        "proyek",
        "Manajemen Proyek",
        "project management",
        ("Manajemen Proyek Pemerintah", "Diklat Manajemen Proyek Dasar"),
        MappingProxyType({"twelve": ((8, 8, 3), (13, 6, 2)), "sixteen": ((2, 8, 4), (14, 7, 3))}),
    ),
    Course(
        "komunikasi",
        "Komunikasi Publik",
        "public communication",
        ("Pelatihan Komunikasi Publik", "Workshop Komunikasi Publik yang Efektif"),
        MappingProxyType({"twelve": ((10, 8, 3), (15, 5, 2)), "sixteen": ((9, 9, 4), (15, 8, 2))}),
    ),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Town:
    """What is fixed before anything is drawn.

    Parameters
    ----------
    seed
        Two towns with the same parameters and seed hand over the same cells.
    layout
        ``twelve`` offices that write one way, or ``sixteen`` that write another: other headings, other orders of
        dates, other spellings.
    size
        Records relative to the usual number; below 1 for a quick test.
    """

    seed: int
    layout: Layout = "twelve"
    size: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def as_of(self) -> dt.date:
        """The day the exports are made."""
        return dt.date(2024, 12, 31)

    def draw(self, part: str) -> np.random.Generator:
        """Return the random numbers of one part; no part moves another."""
        return np.random.default_rng([self.seed, _STREAMS.index(part)])


@dataclass(frozen=True, eq=False)
class Drawn:
    """The offices and who was trained. O offices; months are counted from January 2023."""

    names: npt.NDArray[np.object_]  # (O,)
    volume: Float  # (O,) applications a month
    staff: Int  # (O,)
    level: Float  # (O,) how slow the office is, in logs
    adopted: Mapping[str, Float]  # course -> (O,) month of training; inf = never
    holds: Mapping[str, Int]  # file -> positions of the offices that are in it

    def trained(self, course: str, office: Int, month: Int) -> npt.NDArray[np.bool_]:
        """Say for each record whether its office had been trained by its month."""
        return np.asarray(month >= self.adopted[course][office])


def draw_town(town: Town) -> Drawn:
    """Draw levels, staff and, course by course, the lottery; the last offices of the list keep no permits."""
    draw = town.draw("offices")
    every = _OFFICES_OF[town.layout]
    count = len(every)
    volume = np.array([min(OFFICES[i][1], _LARGEST) for i in every], dtype=np.float64)
    lots = town.draw("courses")
    return Drawn(
        names=np.array([OFFICES[i][0] for i in every], dtype=object),
        volume=town.size * volume,
        staff=draw.integers(7, 13, count),
        level=draw.normal(0.0, 0.20, count),
        adopted=MappingProxyType({c.key: _drawn_by_lot(lots, c.waves[town.layout], count) for c in COURSES}),
        holds=MappingProxyType(
            {
                "permits": np.arange(count - 1),
                "survey": np.arange(count - 1),
                "recap": np.arange(count),
                "projects": np.arange(1, count),
                "tests": np.arange(count),
                "complaints": np.delete(np.arange(count), 3),
            }
        ),
    )


def _drawn_by_lot(draw: np.random.Generator, waves: tuple[tuple[int, int, int], ...], count: int) -> Float:
    """Return the month of training of each office (O,); inf = never."""
    adopted = np.full(count, np.inf)
    months = np.concatenate([np.full(size, month) for month, _, size in waves])
    adopted[draw.permutation(count)[: len(months)]] = months
    return adopted


def shocks(draw: np.random.Generator, offices: int, periods: int, *, spread: float) -> Float:
    """Return shocks of office and period (O, T) that fade, and one common to the period."""
    fresh = draw.normal(0.0, spread, (offices, periods))
    for t in range(1, periods):
        fresh[:, t] = 0.5 * fresh[:, t - 1] + np.sqrt(0.75) * fresh[:, t]
    return np.asarray(fresh + draw.normal(0.0, spread / 2, periods), dtype=np.float64)


def days_in(draw: np.random.Generator, month: Int, calendar: WorkCalendar) -> Dates:
    """Draw a working day in each month."""
    before = calendar.number(month_starts(month) - 1)
    inside = calendar.number(month_starts(month + 1) - 1) - before
    return working_day(calendar, before + 1 + (draw.random(len(month)) * inside).astype(np.int64))
