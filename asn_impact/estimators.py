"""Estimators: parameters in the object, data in the call. `ESTIMATORS` has them by their names in study.toml."""

from __future__ import annotations

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

__all__ = [
    "ESTIMATORS",
    "Along",
    "Dose",
    "Efficient",
    "GLSImputation",
    "GLSLeads",
    "GroupTime",
    "Imputation",
    "InteractionWeighted",
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
