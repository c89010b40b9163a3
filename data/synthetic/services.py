"""What is promised to applicants, and how often the promise is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import CALENDAR_LIMITS, SERVICES
from synthetic.regency import working_day
from synthetic.truth import mature, realised_difference


def services() -> pd.DataFrame:
    """Return the standard time of every service; two are counted in calendar days."""
    return pd.DataFrame(
        {
            "Jenis Izin": list(SERVICES),
            "Standar Waktu": [CALENDAR_LIMITS.get(name, limit) for name, (_, _, limit) in SERVICES.items()],
            "Satuan": ["hari_kalender" if name in CALENDAR_LIMITS else "hari_kerja" for name in SERVICES],
        }
    )


def decided_in_time(potential: pd.DataFrame, column: str, calendar: WorkCalendar) -> Float:
    """Say for each application (0 or 1) whether it was decided within its standard; a withdrawn one never was."""
    promised = services().set_index("Jenis Izin").loc[potential["service"]]
    days = potential[column].to_numpy(np.float64)
    received = potential["received"].to_numpy().astype("datetime64[D]")
    decided = working_day(calendar, calendar.number(received) + np.nan_to_num(days).astype(np.int64))
    elapsed = np.where(promised["Satuan"] == "hari_kalender", (decided - received).astype(np.int64), days)
    within = elapsed <= promised["Standar Waktu"].to_numpy()
    return np.where(np.isnan(days), 0.0, within.astype(np.float64))


def promise_truth(potential: pd.DataFrame, calendar: WorkCalendar) -> dict[str, Any]:
    """Return what training changed in the share decided in time, over months followed for the longest standard."""
    cases = mature(potential, max(limit for _, _, limit in SERVICES.values()))
    now, then = (decided_in_time(cases, f"{name}_training", calendar) for name in ("with", "without"))
    return realised_difference(cases, now, then, "share")
