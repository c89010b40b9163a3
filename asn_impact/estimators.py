"""Estimators: parameters in the object, data in the call. `ESTIMATORS` has them by their names in study.toml.

Their effects by cohort and period are averaged by a view: ``effects.average_by(Overall(EventStudy(last=11)))``.
"""

from __future__ import annotations

from typing import NoReturn

from asn_impact.estimation import (
    ESTIMATORS,
    Along,
    Dose,
    Efficient,
    GLSImputation,
    GLSLeads,
    GroupTime,
    Imputation,
    InteractionWeighted,
    Poisson,
    Saturated,
    Stacked,
    Switchers,
    SyntheticDiD,
    TripleDifference,
    TwoStage,
    TwoWay,
)
from asn_impact.estimation.views import Calendar, Cohorts, EventStudy, Overall
from asn_impact.words.habits import no_name

__all__ = [
    "ESTIMATORS",
    "Along",
    "Calendar",
    "Cohorts",
    "Dose",
    "Efficient",
    "EventStudy",
    "GLSImputation",
    "GLSLeads",
    "GroupTime",
    "Imputation",
    "InteractionWeighted",
    "Overall",
    "Poisson",
    "Saturated",
    "Stacked",
    "Switchers",
    "SyntheticDiD",
    "TripleDifference",
    "TwoStage",
    "TwoWay",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name, __all__)
