"""Projects of the offices: planned once, followed twice, with the workshop in project management and without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import PROJECT_COURSE
from synthetic.complaints import number_yearly
from synthetic.regency import TREND, Dates, Offices, Regency, month_starts, working_day
from synthetic.truth import adoption, known_months, realised_difference, since_january_2023

# Kind, usual length in days and usual budget in millions of rupiah. Assumptions.
KINDS: tuple[tuple[str, float, float], ...] = (
    ("Pembangunan fisik", 150, 900),
    ("Rehabilitasi gedung", 120, 450),
    ("Pemeliharaan sarana", 75, 150),
    ("Pengadaan barang", 70, 250),
    ("Jasa konsultansi", 90, 200),
    ("Penyusunan dokumen", 80, 120),
    ("Sosialisasi dan pembinaan", 60, 90),
    ("Sistem informasi", 110, 300),
)
WORKSHOP = -0.22  # log length of a project, once half the staff had the workshop
_LATE = 0.12  # log length beyond the plan that is usual


def lateness(regency: Regency) -> Float:
    """How late the projects of an office run (O, T): its level and a shock of the half-year, logs of length."""
    draw = regency.draw("projects").spawn(1)[0]
    spread = 0.25 if regency.world == "selected" else 0.10
    level = draw.normal(0.0, 0.12, regency.offices)
    shock = draw.normal(0.0, spread, (regency.offices, (regency.months + 5) // 6))
    return level[:, None] + np.repeat(shock, 6, axis=1)[:, : regency.months]


def run_projects(
    regency: Regency, offices: Offices, trained: Float, late: Float, calendar: WorkCalendar
) -> pd.DataFrame:
    """Plan the projects of every office and year, and follow each with the workshop and without it.

    Parameters
    ----------
    trained
        Month since 2023-01 in which half the staff of each office had the workshop (O,); inf = never. A project
        started in that month or later is run by trained staff.
    late
        As `lateness` returns it.

    Returns
    -------
    pandas.DataFrame
        One row a project: ``code``, ``office``, ``kind``, ``month`` of the start and ``adopted`` (12 * year +
        month - 1), ``start``, ``planned``, ``budget`` (rupiah) and, ``_with`` the workshop and ``_without`` it,
        ``ended`` (date), ``delay`` (days beyond the plan), ``on_time``, ``in_year`` (share 0 or 1) and ``absorbed``
        (share of the budget spent by the end of the budget year or the export).
    """
    draw = regency.draw("projects")
    plan = _plans(draw, regency, calendar)
    office, month = plan["office"].to_numpy(), plan["month"].to_numpy()
    own = draw.normal(0.0, 0.28, len(plan))
    response = np.clip(draw.normal(1.0, 0.2, regency.offices), 0.5, 1.5)
    drift = np.where(np.isfinite(trained[office]) & (regency.world == "diverging"), TREND / 2, 0.0) * month
    usual = _LATE + late[office, month] + drift + own
    gain = np.where(month >= trained[office], WORKSHOP * regency.scale * response[office], 0.0)
    thrift = draw.uniform(0.88, 0.995, len(plan))
    table = plan.assign(office=offices.names[office], month=since_january_2023(month))
    table.insert(4, "adopted", known_months(trained)[office])
    for name, shift in (("with", usual + gain), ("without", usual)):
        table = table.join(_ends(plan, shift, thrift, regency).add_suffix(f"_{name}"))
    return table.drop(columns="days")


def _plans(draw: np.random.Generator, regency: Regency, calendar: WorkCalendar) -> pd.DataFrame:
    """Three to eight projects an office and year, begun from January to October, planned to end by 15 December."""
    years = -(-regency.months // 12)
    each = draw.integers(3, 9, regency.offices * years)
    office = np.repeat(np.repeat(np.arange(regency.offices), years), each)
    year = np.repeat(np.tile(np.arange(years), regency.offices), each)
    kind = draw.integers(0, len(KINDS), len(office))
    month = 12 * year + draw.integers(0, 10, len(office))
    first = calendar.number(month_starts(month) - 1) + 1 + draw.integers(0, 12, len(office))
    start = working_day(calendar, first)
    usual = np.array([days for _, days, _ in KINDS])[kind]
    wanted = np.rint(usual * draw.lognormal(0.0, 0.20, len(office))).astype(np.int64)
    last = month_starts(12 * year + 11) + 14
    days = np.maximum(np.minimum(wanted, (last - start).astype(np.int64)), 30)
    million = np.array([budget for _, _, budget in KINDS])[kind] * draw.lognormal(0.0, 0.5, len(office))
    plans = pd.DataFrame(
        {
            "office": office,
            "kind": [KINDS[k][0] for k in kind],
            "month": month,
            "days": days,
            "start": start.astype("datetime64[s]"),
            "planned": (start + days).astype("datetime64[s]"),
            "budget": 100_000 * np.rint(10 * million).astype(np.int64),
        }
    )
    begun = plans.loc[plans["month"] < regency.months].sort_values(
        ["start", "office"], kind="stable", ignore_index=True
    )
    begun.insert(0, "code", number_yearly(begun["start"].dt.year, "KEG"))
    return begun


def _ends(plan: pd.DataFrame, shift: Float, thrift: Float, regency: Regency) -> pd.DataFrame:
    """When projects end whose length is the planned one times exp(shift), and what that does to time and budget."""
    start, planned = (plan[name].to_numpy().astype("datetime64[D]") for name in ("start", "planned"))
    length = np.maximum(np.rint(plan["days"].to_numpy() * np.exp(shift)), 5).astype(np.int64)
    ended = start + length
    settled = _year_end(start)
    spent_until = np.minimum(settled, np.datetime64(regency.as_of))
    progress = np.clip((spent_until - start).astype(np.int64) / length, 0.0, 1.0)
    return pd.DataFrame(
        {
            "ended": ended.astype("datetime64[s]"),
            "delay": (ended - planned).astype(np.int64),
            "on_time": (ended <= planned).astype(np.float64),
            "in_year": (ended <= settled).astype(np.float64),
            "absorbed": progress * thrift,
        }
    )


def _year_end(dates: Dates) -> Dates:
    end: Dates = (dates.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
    return end


def projects_as_exported(followed: pd.DataFrame, as_of: np.datetime64) -> pd.DataFrame:
    """Return the list of projects as it stands on the day of the export: what has not ended has no end."""
    ended = followed["ended_with"]
    spent = 1_000 * np.rint(followed["budget"] * followed["absorbed_with"] / 1_000).astype(np.int64)
    return pd.DataFrame(
        {
            "Kode Kegiatan": followed["code"],
            "Perangkat Daerah": followed["office"],
            "Jenis Kegiatan": followed["kind"],
            "Tanggal Mulai": followed["start"],
            "Rencana Selesai": followed["planned"],
            "Realisasi Selesai": ended.where(ended <= as_of),
            "Pagu": followed["budget"],
            "Realisasi Anggaran": spent,
        }
    )


# Outcome, column, unit: what a completed budget year answers for every project.
_OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("absorption", "absorbed", "share"),
    ("delay_days", "delay", "calendar days"),
    ("finished_in_budget_year", "in_year", "share"),
    ("finished_on_time", "on_time", "share"),
)


def projects_truth(
    followed: pd.DataFrame, regency: Regency, names: npt.NDArray[np.object_], trained: Float
) -> dict[str, Any]:
    """Return what the workshop changed, over projects of budget years that had ended by the export."""
    as_of = np.datetime64(regency.as_of)
    settled = followed.loc[_year_end(followed["start"].to_numpy().astype("datetime64[D]")) <= as_of]
    return {
        "adopted": adoption(names, trained),
        "course": PROJECT_COURSE,
        "open_at_export": int((followed["ended_with"] > as_of).sum()),
        "outcomes": {name: _compared(settled, column, unit) for name, column, unit in _OUTCOMES},
        "projects": len(followed),
        "workshop_log_points": WORKSHOP * regency.scale,
    }


def _compared(projects: pd.DataFrame, column: str, unit: str) -> dict[str, Any]:
    now, then = (projects[f"{column}_{name}"].to_numpy(np.float64) for name in ("with", "without"))
    return realised_difference(projects, now, then, unit)
