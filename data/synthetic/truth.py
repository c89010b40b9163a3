"""What the truth of every table is made of: differences that were realised, averaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from asn_impact.arrays import Bool, Float, Int


def missing_where(values: Int | Float, missing: Bool) -> Float:
    """Return the values with NaN where they are missing."""
    return np.where(missing, np.nan, values)


def since_january_2023(months: Any) -> Any:  # noqa: ANN401 - a number or an array of them
    """Return 12 * year + month - 1 of months counted from January 2023."""
    return 12 * 2023 + months


def known_months(adopted: Float) -> Float:
    """Return 12 * year + month - 1 of the month of training; missing for offices never trained."""
    return missing_where(since_january_2023(adopted), np.isinf(adopted))


def restricted(horizon: int) -> Callable[[Float], Float]:
    """Return the outcome min(T, horizon); what never happened counts as the horizon."""
    return lambda days: np.fmin(days, horizon)


def within(limit: int) -> Callable[[Float], Float]:
    """Return the outcome T <= limit; what never happened is not within."""
    return lambda days: (days <= limit).astype(np.float64)


def mature(cases: pd.DataFrame, followed: int) -> pd.DataFrame:
    """Return the cases of months in which every case was followed long enough."""
    shortest = cases.groupby("month")["followed"].transform("min")
    return cases.loc[shortest >= followed]


def realised_difference(cases: pd.DataFrame, now: Float, then: Float, unit: str) -> dict[str, Any]:
    """Average what training changed over the treated among the cases: by case and by office-month.

    Parameters
    ----------
    cases
        ``office``, ``month`` and ``adopted`` (both 12 * year + month - 1; missing for the never trained).
    now, then
        The outcome of every case with training and without it.
    """
    effects = cases[["office", "month", "adopted"]].assign(training=now - then)
    treated = effects.loc[effects["month"] >= effects["adopted"]]
    cells = treated.groupby(["office", "month", "adopted"], as_index=False)["training"].mean()
    return {
        "att_cases": treated["training"].mean(),
        "att_office_months": cells["training"].mean(),
        "by_cohort": averages(cells.assign(cohort=cells["adopted"].map(label)), "cohort"),
        "cases": len(treated),
        "office_months": len(cells),
        "unit": unit,
    }


def averages(cells: pd.DataFrame, by: str) -> list[dict[str, Any]]:
    """Return the mean effect over office-months by group, with their number."""
    table = cells.groupby(by)["training"].agg(["mean", "size"])
    rows = zip(table.index.tolist(), table["mean"].tolist(), table["size"].tolist(), strict=True)
    return [{by: key, "att": mean, "office_months": size} for key, mean, size in rows]


def adoption(names: npt.NDArray[np.object_], adopted: Float) -> dict[str, str]:
    """Return the trained offices with their month as text."""
    known = zip(names.tolist(), adopted.tolist(), strict=True)
    return {name: label(since_january_2023(month)) for name, month in known if np.isfinite(month)}


def label(month: float) -> str:
    """Return the month as text: 24290 is 2024-03."""
    return f"{int(month) // 12}-{int(month) % 12 + 1:02d}"


def rounded(value: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Return the same nested value with numbers of six decimals; minus zero becomes zero, NaN becomes null."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(float(value), 6) + 0.0
