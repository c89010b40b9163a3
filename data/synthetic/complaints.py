"""Complaints of citizens: how long an answer takes, and whether its status was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.regency import Dates, Offices, Regency, month_starts, working_day
from synthetic.truth import (
    known_months,
    mature,
    realised_difference,
    restricted,
    since_january_2023,
    within,
)

CHANNELS, _SHARES = ("SP4N-LAPOR", "Loket", "WhatsApp", "Surat"), (0.40, 0.25, 0.25, 0.10)
ANSWER = -0.18  # log time to the answer, at full dose
_USUAL_DAYS, _SPREAD = 6.5, 0.75  # median in working days, sd of the log
UNRECORDED, RECORDED = 0.10, 0.06  # share without a status, and what training takes from it at full dose


def follow_complaints(regency: Regency, offices: Offices, calendar: WorkCalendar) -> pd.DataFrame:
    """Draw the complaints and follow each with the training of its office and without it.

    Returns
    -------
    pandas.DataFrame
        One row a complaint in order of receipt: ``case``, ``office``, ``channel``, ``month`` and ``adopted`` (12 * year
        + month - 1), ``received``, ``followed`` (working days to the export) and, ``with_training`` and
        ``without_training``, the working days to the answer; ``recorded_with`` and ``recorded_without``.
    """
    draw = regency.draw("complaints")
    counts = draw.poisson((0.35 + 0.02 * offices.volume)[:, None], (regency.offices, regency.months))
    office, month = (cell.ravel().repeat(counts.ravel()) for cell in np.indices(counts.shape))
    received = days_at_counter(draw, month, calendar)
    usual = np.log(_USUAL_DAYS) + 0.5 * offices.without[office, month] + draw.normal(0.0, _SPREAD, len(office))
    dose = regency.scale * offices.response[office] * offices.dose[office, month]
    channel = draw.choice(np.array(CHANNELS, dtype=object), size=len(office), p=_SHARES)
    place = draw.random(len(office))
    table = pd.DataFrame(
        {
            "office": offices.names[office],
            "channel": channel,
            "month": since_january_2023(month),
            "adopted": known_months(offices.adopted)[office],
            "received": received.astype("datetime64[s]"),
            "followed": calendar.between(received, regency.as_of),
            "with_training": np.floor(np.exp(usual + ANSWER * dose)).astype(np.int64),
            "without_training": np.floor(np.exp(usual)).astype(np.int64),
            "recorded_with": has_status(place, dose),
            "recorded_without": has_status(place, np.zeros(len(office))),
        }
    ).sort_values(["received", "office"], kind="stable", ignore_index=True)
    table.insert(0, "case", number_yearly(table["received"].dt.year, "ADU"))
    return table


def days_at_counter(draw: np.random.Generator, month: Int, calendar: WorkCalendar) -> Dates:
    """Draw a working day in each month."""
    before = calendar.number(month_starts(month) - 1)
    inside = calendar.number(month_starts(month + 1) - 1) - before
    return working_day(calendar, before + 1 + (draw.random(len(month)) * inside).astype(np.int64))


def has_status(place: Float, dose: Float) -> Bool:
    """Say whether the status of a case was recorded, for a uniform draw and the dose of training of each."""
    status: Bool = place >= np.clip(UNRECORDED - RECORDED * dose, 0.0, 1.0)
    return status


def number_yearly(years: pd.Series[int], prefix: str) -> pd.Series[str]:
    """Return numbers that start again every year, such as ADU/2024/0001."""
    running = years.groupby(years).cumcount() + 1
    return prefix + "/" + years.astype(str) + "/" + running.astype(str).str.zfill(4)


def ends_and_status(
    followed: pd.DataFrame, regency: Regency, calendar: WorkCalendar, ended: npt.NDArray[np.object_]
) -> tuple[Dates, npt.NDArray[np.object_]]:
    """Return date and status on the day of the export: what has not ended has no date; some have no status."""
    received = followed["received"].to_numpy().astype("datetime64[D]")
    date = working_day(calendar, calendar.number(received) + followed["with_training"].to_numpy(np.int64))
    still_open = date > np.datetime64(regency.as_of)
    status = np.where(still_open, "Proses", ended)
    known = followed["recorded_with"].to_numpy(np.bool_)
    return np.where(still_open, np.datetime64("NaT"), date).astype("datetime64[s]"), np.where(known, status, "")


def complaints_as_exported(followed: pd.DataFrame, regency: Regency, calendar: WorkCalendar) -> pd.DataFrame:
    """Return the register of complaints as it stands on the day of the export."""
    date, status = ends_and_status(followed, regency, calendar, np.full(len(followed), "Selesai", dtype=object))
    return pd.DataFrame(
        {
            "No Aduan": followed["case"],
            "Perangkat Daerah": followed["office"],
            "Kanal": followed["channel"],
            "Tanggal Masuk": followed["received"],
            "Tanggal Selesai": date,
            "Status": status.astype(object),
        }
    )


def complaints_truth(followed: pd.DataFrame, regency: Regency) -> dict[str, Any]:
    """Return what training changed in the time to an answer and in the share of cases with a status."""
    return {
        "answer_log_points": ANSWER * regency.scale,
        "cases": len(followed),
        "outcomes": {
            "RestrictedMean(30)": compared_days(followed, 30, restricted(30), "working days"),
            "Within(10)": compared_days(followed, 10, within(10), "share"),
            "recorded_status": recorded_truth(followed),
        },
    }


def compared_days(followed: pd.DataFrame, horizon: int, outcome: Any, unit: str) -> dict[str, Any]:  # noqa: ANN401
    """Return the realised difference in an outcome of the wait, over months followed long enough."""
    cases = mature(followed, horizon)
    now, then = (outcome(cases[name].to_numpy(np.float64)) for name in ("with_training", "without_training"))
    return realised_difference(cases, now, then, unit)


def recorded_truth(followed: pd.DataFrame) -> dict[str, Any]:
    """Return the realised difference in the share of cases with a status, over all months."""
    now, then = (followed[f"recorded_{name}"].to_numpy(np.float64) for name in ("with", "without"))
    return realised_difference(followed, now, then, "share")
