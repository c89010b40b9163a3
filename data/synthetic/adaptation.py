"""A new service, a change of its rules and a new computer system: who recovers, and how fast.

The office's own working time for the service jumps when the rules change and again when the system comes. The excess
fades at a speed that grows with the digital skills of the office, which the E-Government course raises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.complaints import (
    compared_days,
    days_at_counter,
    ends_and_status,
    has_status,
    number_yearly,
    recorded_truth,
)
from synthetic.regency import Offices, Regency
from synthetic.truth import (
    averages,
    known_months,
    mature,
    realised_difference,
    restricted,
    since_january_2023,
    within,
)

NEW_SERVICE = "Izin Terpadu"
INTRODUCED = 18  # July 2024, in months since 2023-01
SHOCKS: tuple[tuple[str, int, float], ...] = (("rule", 29, 0.55), ("system", 30, 0.35))  # month, log points
SPEED = 0.30  # share of the excess that fades in a month (of its log), at usual skills
SKILL = 0.60  # log change of the speed for one standard deviation of digital skills
DIRECT = -0.15  # log working time at full dose, shocks or not
_USUAL_DAYS, _SPREAD = 6.0, 0.55

_EVENTS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("2024-07-01", "aturan", "Izin Terpadu mulai dilayani", NEW_SERVICE, "rekaan, bersama data sintetis", "ya"),
    ("2025-02-24", "anggaran", "Efisiensi belanja perjalanan", "semua", "rekaan, kabar tanpa dokumen", "tidak"),
    ("2025-06-02", "aturan", "Syarat Izin Terpadu berubah", NEW_SERVICE, "rekaan, bersama data sintetis", "ya"),
    ("2025-07-01", "sistem", "Sistem baru untuk Izin Terpadu", NEW_SERVICE, "rekaan, bersama data sintetis", "ya"),
)


def events() -> pd.DataFrame:
    """Return the events of the regency, all invented; the one that is not verified changes nothing."""
    headings = ["tanggal", "jenis", "nama", "izin_terdampak", "sumber", "terverifikasi"]
    table = pd.DataFrame(_EVENTS, columns=headings)
    return table.assign(tanggal=pd.to_datetime(table["tanggal"]).astype("datetime64[s]"))


def excess(month: Int, skill: Float) -> Float:
    """Log points above the usual working time in each month (months since 2023-01) at an office of some skill.

    Every shock h of month m adds h * exp(-SPEED * exp(SKILL * skill) * (month - m)) from its month on.
    """
    speed = SPEED * np.exp(SKILL * skill)
    parts = [np.where(month >= at, size * np.exp(-speed * np.maximum(month - at, 0)), 0.0) for _, at, size in SHOCKS]
    total: Float = np.sum(parts, axis=0)
    return total


def follow_new_service(
    regency: Regency, offices: Offices, skills: Float, gain: Float, calendar: WorkCalendar
) -> pd.DataFrame:
    """Draw the applications for the new service; follow each with training, without, and with half of its work.

    Parameters
    ----------
    skills, gain
        Digital skills of each office before the course and what the course adds (O,), in sd of persons.

    Returns
    -------
    pandas.DataFrame
        As `follow_complaints`, without ``channel`` and with ``with_training_unskilled``: the working days had training
        shortened the work and left the digital skills, and so the recovery, as they were; ``rejected``.
    """
    draw = regency.draw("adaptation")
    counts = draw.poisson((1.8 + 0.05 * offices.volume)[:, None], (regency.offices, regency.months - INTRODUCED))
    office, month = (cell.ravel().repeat(counts.ravel()) for cell in np.indices(counts.shape))
    month = month + INTRODUCED
    received = days_at_counter(draw, month, calendar)
    usual = np.log(_USUAL_DAYS) + offices.without[office, month] + draw.normal(0.0, _SPREAD, len(office))
    dose = offices.dose[office, month]
    work = DIRECT * regency.scale * offices.response[office] * dose
    skill = skills[office]
    place, fate = draw.random(len(office)), draw.random(len(office))
    with_status = regency.scale * offices.response[office] * dose
    table = pd.DataFrame(
        {
            "office": offices.names[office],
            "month": since_january_2023(month),
            "adopted": known_months(offices.adopted)[office],
            "received": received.astype("datetime64[s]"),
            "followed": calendar.between(received, regency.as_of),
            "with_training": _days(usual + work + excess(month, skill + gain[office] * dose)),
            "without_training": _days(usual + excess(month, skill)),
            "with_training_unskilled": _days(usual + work + excess(month, skill)),
            "recorded_with": has_status(place, with_status),
            "recorded_without": has_status(place, np.zeros(len(office))),
            "rejected": fate < 0.045,
        }
    ).sort_values(["received", "office"], kind="stable", ignore_index=True)
    table.insert(0, "case", number_yearly(table["received"].dt.year, "IT"))
    return table


def _days(log_time: Float) -> Int:
    return np.floor(np.exp(log_time)).astype(np.int64)


def new_service_as_exported(followed: pd.DataFrame, regency: Regency, calendar: WorkCalendar) -> pd.DataFrame:
    """Return the export of the new service on the same day as the other exports."""
    decision = np.where(followed["rejected"], "Ditolak", "Selesai").astype(object)
    date, status = ends_and_status(followed, regency, calendar, decision)
    return pd.DataFrame(
        {
            "No Permohonan": followed["case"],
            "Perangkat Daerah": followed["office"],
            "Jenis Izin": NEW_SERVICE,
            "Tanggal Masuk": followed["received"],
            "Tanggal Selesai": date,
            "Status": status.astype(object),
        }
    )


def adaptation_truth(followed: pd.DataFrame, regency: Regency, skills: Float, gain: Float) -> dict[str, Any]:
    """Return what training changed for the new service: in all, after the rules changed, and by recovery alone."""
    first = int(since_january_2023(SHOCKS[0][1]))
    cases = mature(followed, 30)
    after = cases.loc[cases["month"] >= first]
    speed = SPEED * np.exp(SKILL * np.array([skills.mean(), skills.mean() + gain.max(initial=0.0)]))
    return {
        "after_rule_change": {**_restricted(after, "without_training"), "by_month": _by_month(after, first)},
        "cases": len(followed),
        "half_life_months": {"without_course": np.log(2) / speed[0], "with_course_at_most": np.log(2) / speed[1]},
        "log_points_per_sd_of_digital_skills": SKILL,
        "outcomes": {
            "RestrictedMean(30)": compared_days(followed, 30, restricted(30), "working days"),
            "Within(10)": compared_days(followed, 10, within(10), "share"),
            "recorded_status": recorded_truth(followed),
        },
        "recovery_alone_after_rule_change": _restricted(after, "with_training_unskilled"),
        "rise_after_rule_change": _rise(cases, first),
        "service": NEW_SERVICE,
        "shocks": [{"kind": kind, "log_points": size, "month": _month(at)} for kind, at, size in SHOCKS],
    }


def _month(at: int) -> str:
    return f"{2023 + at // 12}-{at % 12 + 1:02d}"


def _restricted(cases: pd.DataFrame, other: str) -> dict[str, Any]:
    now, then = (np.fmin(cases[name].to_numpy(np.float64), 30.0) for name in ("with_training", other))
    return realised_difference(cases, now, then, "working days")


def _rise(cases: pd.DataFrame, first: int) -> dict[str, Any]:
    """Average by how much less the wait rose when the rules changed: after it, less what was off it since training."""
    cells = _cells(cases.loc[cases["adopted"] < first])
    before = cells.loc[cells["month"] < first].groupby("office")["training"].mean()
    after = cells.loc[(cells["month"] >= first) & cells["office"].isin(before.index)]
    less = after["training"] - after["office"].map(before).astype(np.float64)
    return {"att_office_months": less.mean(), "office_months": len(less), "unit": "working days"}


def _by_month(cases: pd.DataFrame, first: int) -> list[dict[str, Any]]:
    cells = _cells(cases)
    return averages(cells.assign(months_since=cells["month"] - first), "months_since")


def _cells(cases: pd.DataFrame) -> pd.DataFrame:
    """Return what training changed in each month of each trained office."""
    days = cases[["with_training", "without_training"]].astype(np.float64).clip(upper=30)
    effects = cases.assign(training=days["with_training"] - days["without_training"]).loc[
        cases["month"] >= cases["adopted"]
    ]
    return effects.groupby(["office", "month"], as_index=False).agg({"training": "mean"})
