"""Sessions of courses: the ones that change something and the ones that do not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import COURSE, OTHER_COURSES, PROJECT_COURSE, PROVIDERS, SOFT_COURSES
from synthetic.regency import Offices, Regency, month_starts, working_day

WORKSHOP_WAVES: tuple[tuple[int, int], ...] = ((13, 6), (19, 5), (25, 4))  # months since 2023-01, offices
_FORMATS, _SHARES = ("Tatap muka", "Daring", "Campuran"), (0.60, 0.25, 0.15)


def hold_sessions(
    regency: Regency, offices: Offices, providers: Int, claim: Float, calendar: WorkCalendar
) -> pd.DataFrame:
    """Return the sessions by date.

    A trained office has half its staff through the course in its month of adoption; an office of a workshop wave has
    half its staff through project management in its wave. `claim` (O, T) is how late the projects of an office run:
    who is invited to the workshops where they are not drawn by lot.
    """
    draw = regency.draw("training")
    usual = pd.concat(
        [
            _course_at_trained(draw, regency, offices, providers),
            _course_below_half(draw, regency, offices, providers),
            _with_formats(_other_courses(draw, regency, offices), regency.draw("formats")),
        ],
        ignore_index=True,
    )
    workshops = regency.draw("workshops")
    added = [_soft_skills(workshops, regency, offices), _workshops(workshops, regency, offices, usual, claim)]
    sessions = pd.concat([usual, *added], ignore_index=True)
    first = calendar.number(month_starts(sessions["month"].to_numpy()) - 1) + 2 + sessions["into"].to_numpy()
    last = first + sessions["days"].to_numpy() - 1
    office = sessions["office"].to_numpy()
    table = pd.DataFrame(
        {
            "Perangkat Daerah": offices.names[office],
            "Nama Pelatihan": sessions["course"],
            "Penyelenggara": sessions["organiser"],
            "JP": 8 * sessions["days"],
            "Tanggal Mulai": working_day(calendar, first).astype("datetime64[s]"),
            "Tanggal Selesai": working_day(calendar, last).astype("datetime64[s]"),
            "Jumlah Peserta Lulus": sessions["passed"],
            "Jumlah Petugas Layanan": offices.staff[office],
            "Format": sessions["format"],
        }
    )
    return table.sort_values(["Tanggal Mulai", "Perangkat Daerah", "Nama Pelatihan"], kind="stable", ignore_index=True)


def reached_half(training: pd.DataFrame, course: str, names: npt.NDArray[np.object_]) -> Float:
    """Month since 2023-01 in which half the staff of each office had passed the course (O,); inf = never."""
    rows = training.loc[training["Nama Pelatihan"] == course].sort_values("Tanggal Selesai", kind="stable")
    done = rows.groupby("Perangkat Daerah")["Jumlah Peserta Lulus"].cumsum()
    half = rows.loc[done >= rows["Jumlah Petugas Layanan"] / 2].drop_duplicates("Perangkat Daerah")
    ends = half.set_index("Perangkat Daerah")["Tanggal Selesai"]
    months = _months(ends).reindex(names).fillna(np.inf)
    return np.asarray(months, dtype=np.float64)


def _months(dates: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    return ((dates.dt.year - 2023) * 12 + dates.dt.month - 1).astype(np.float64)


def assign_providers(regency: Regency, offices: Offices) -> Int:
    """Organiser of each office's E-Government sessions (O,): by lot, and in equal numbers among the trained."""
    draw = regency.draw("providers")
    chosen = draw.integers(0, len(PROVIDERS), regency.offices)
    lot = draw.random(regency.offices)
    trained = np.flatnonzero(np.isfinite(offices.adopted))
    in_turn = trained[np.lexsort((lot[trained], offices.adopted[trained]))]
    chosen[in_turn] = np.arange(len(in_turn)) % len(PROVIDERS)
    return chosen


# --- The E-Government course --------------------------------------------------------------------------------


def _course_at_trained(draw: np.random.Generator, regency: Regency, offices: Offices, providers: Int) -> pd.DataFrame:
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
            _sessions(office, month - 1, into[0], few, providers),
            _sessions(office, month, into[1], main, providers),
            _sessions(office, later, into[2], rest, providers),
        ]
    )


def _course_below_half(draw: np.random.Generator, regency: Regency, offices: Offices, providers: Int) -> pd.DataFrame:
    """List the sessions of a third of the other offices, which sent a few staff and never half of them."""
    office = np.flatnonzero(np.isinf(offices.adopted))[::3]
    few = np.floor(draw.uniform(0.15, 0.35, len(office)) * offices.staff[office]).astype(np.int64)
    month = draw.integers(12, regency.months - 3, len(office))
    return _sessions(office, month, draw.integers(0, 5, len(office)), few, providers)


def _sessions(office: Int, month: Int, into: Int, passed: Int, providers: Int) -> pd.DataFrame:
    """Three-day sessions of the course; those without participants did not take place."""
    rows = pd.DataFrame({"office": office, "month": month, "into": into, "passed": passed})
    held = rows.loc[rows["passed"] > 0]
    who = [PROVIDERS[k] for k in providers[held["office"].to_numpy()]]
    return held.assign(
        course=COURSE, organiser=[organiser for organiser, _, _ in who], days=3, format=[form for _, form, _ in who]
    )


# --- Other courses ------------------------------------------------------------------------------------------


def _other_courses(draw: np.random.Generator, regency: Regency, offices: Offices) -> pd.DataFrame:
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


def _with_formats(sessions: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    return sessions.assign(format=draw.choice(np.array(_FORMATS, dtype=object), size=len(sessions), p=_SHARES))


def _soft_skills(draw: np.random.Generator, regency: Regency, offices: Offices) -> pd.DataFrame:
    """One-day workshops for a third of the staff: at trained offices with the course, at some others at any time."""
    trained = np.isfinite(offices.adopted)
    at_any_time = draw.integers(6, regency.months - 3, (len(SOFT_COURSES), regency.offices))
    invited = trained | (draw.random((len(SOFT_COURSES), regency.offices)) < 0.3)
    course, office = np.nonzero(invited)
    at_training = np.where(trained, offices.adopted, 0).astype(np.int64)
    return pd.DataFrame(
        {
            "office": office,
            "month": np.where(trained, at_training, at_any_time)[course, office],
            "into": 6 + course,
            "passed": np.maximum(offices.staff[office] // 3, 1),
            "course": [SOFT_COURSES[k] for k in course],
            "organiser": "BKPSDMD Batanghari",
            "days": 1,
            "format": "Tatap muka",
        }
    )


# --- Workshops in project management ------------------------------------------------------------------------


def _workshops(
    draw: np.random.Generator, regency: Regency, offices: Offices, usual: pd.DataFrame, claim: Float
) -> pd.DataFrame:
    """List the workshops that bring the offices of a wave to half their staff, ordinary sessions counted in."""
    ordinary = _passed_by_month(usual.loc[usual["course"] == PROJECT_COURSE], regency)
    wave = _workshop_waves(draw, regency, offices.staff, ordinary, claim)
    office = np.flatnonzero(np.isfinite(wave))
    month, staff = wave[office].astype(np.int64), offices.staff[office]
    before = ordinary[office, month]
    wanted = np.ceil(draw.uniform(0.55, 0.75, len(office)) * staff).astype(np.int64) - before
    free = staff - ordinary[office, -1]
    return pd.DataFrame(
        {
            "office": office,
            "month": month,
            "into": draw.integers(0, 5, len(office)),
            "passed": np.minimum(wanted, free),
            "course": PROJECT_COURSE,
            "organiser": "BPSDM Provinsi Jambi",
            "days": 3,
            "format": "Tatap muka",
        }
    )


def _passed_by_month(sessions: pd.DataFrame, regency: Regency) -> Int:
    """Staff who had passed ordinary sessions by the end of each month (O, T)."""
    passed = np.zeros((regency.offices, regency.months), dtype=np.int64)
    np.add.at(passed, (sessions["office"].to_numpy(), sessions["month"].to_numpy()), sessions["passed"].to_numpy())
    return passed.cumsum(axis=1)


def _workshop_waves(draw: np.random.Generator, regency: Regency, staff: Int, ordinary: Int, claim: Float) -> Float:
    """Month of the workshop of each office (O,): by lot, or those whose projects ran latest; inf = none.

    An office that ordinary sessions bring to half anyway goes first, because it would be no comparison later; one
    that is there already, or whose staff could not all be counted once, is not invited.
    """
    waves = ((13, 2),) if regency.world == "few_treated" else WORKSHOP_WAVES
    half = np.ceil(staff / 2).astype(np.int64)
    lot = draw.random(regency.offices) + 0.6 * (ordinary[:, -1] >= half)
    wave = np.full(regency.offices, np.inf)
    for month, size in waves:
        fits = (ordinary[:, month] < half) & (half - ordinary[:, month] <= staff - ordinary[:, -1])
        score = claim[:, month - 12 : month].mean(axis=1) if regency.world == "selected" else lot
        waiting = np.flatnonzero(np.isinf(wave) & fits)
        wave[waiting[np.argsort(-score[waiting], kind="stable")[:size]]] = month
    return wave
