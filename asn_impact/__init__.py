"""Did training civil servants shorten the wait for a permit? Evidence from the files an office has.

The public verbs and types, and nothing else. Each is imported when it is first used, so that
``import asn_impact`` costs next to nothing.

Examples
--------
>>> import asn_impact as ai
>>> ai.Within(5)
Within(days=5, counted_in='working days')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asn_impact.designs.design import Design, assign
    from asn_impact.errors import (
        AsnImpactError,
        DataWarning,
        DesignError,
        EstimationError,
        InferenceError,
        InputError,
        PrivacyError,
        StudyError,
    )
    from asn_impact.estimation.effects import Effects
    from asn_impact.estimation.group_time import GroupTime
    from asn_impact.estimation.inference import Classical, ClusterRobust, Inference, infer
    from asn_impact.estimation.jackknife import BiasReduced, Jackknife
    from asn_impact.estimation.two_way import TwoWay
    from asn_impact.intake.exports import Extract, read_exports, read_steps
    from asn_impact.intake.ledger import Ledger
    from asn_impact.intake.training import Rollout, read_rollout, read_rollout_from_status, read_training
    from asn_impact.measures.calendar import WorkCalendar
    from asn_impact.measures.durations import Durations, measure
    from asn_impact.measures.outcomes import Count, Mean, RestrictedMean, Score, Share, Within
    from asn_impact.measures.panel import Panel, read_panel
    from asn_impact.measures.tabulate import maturity, tabulate
    from asn_impact.reporting import figures, tables
    from asn_impact.reporting.chart import Chart
    from asn_impact.reporting.report import publish
    from asn_impact.reporting.tables import Table

__all__ = [
    "AsnImpactError",
    "BiasReduced",
    "Chart",
    "Classical",
    "ClusterRobust",
    "Count",
    "DataWarning",
    "Design",
    "DesignError",
    "Durations",
    "Effects",
    "EstimationError",
    "Extract",
    "GroupTime",
    "Inference",
    "InferenceError",
    "InputError",
    "Jackknife",
    "Ledger",
    "Mean",
    "Panel",
    "PrivacyError",
    "RestrictedMean",
    "Rollout",
    "Score",
    "Share",
    "StudyError",
    "Table",
    "TwoWay",
    "Within",
    "WorkCalendar",
    "assign",
    "figures",
    "infer",
    "maturity",
    "measure",
    "publish",
    "read_exports",
    "read_panel",
    "read_rollout",
    "read_rollout_from_status",
    "read_steps",
    "read_training",
    "tables",
    "tabulate",
]

#: Module -> the public names that live in it; `figures` and `tables` are modules themselves.
_HOMES = {
    "designs.design": ("Design", "assign"),
    "errors": (
        *("AsnImpactError", "DataWarning", "DesignError", "EstimationError"),
        *("InferenceError", "InputError", "PrivacyError", "StudyError"),
    ),
    "estimation.effects": ("Effects",),
    "estimation.group_time": ("GroupTime",),
    "estimation.inference": ("Classical", "ClusterRobust", "Inference", "infer"),
    "estimation.jackknife": ("BiasReduced", "Jackknife"),
    "estimation.two_way": ("TwoWay",),
    "intake.exports": ("Extract", "read_exports", "read_steps"),
    "intake.ledger": ("Ledger",),
    "intake.training": ("Rollout", "read_rollout", "read_rollout_from_status", "read_training"),
    "measures.calendar": ("WorkCalendar",),
    "measures.durations": ("Durations", "measure"),
    "measures.outcomes": ("Count", "Mean", "RestrictedMean", "Score", "Share", "Within"),
    "measures.panel": ("Panel", "read_panel"),
    "measures.tabulate": ("maturity", "tabulate"),
    "reporting": ("figures", "tables"),
    "reporting.chart": ("Chart",),
    "reporting.report": ("publish",),
    "reporting.tables": ("Table",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = frozenset({"figures", "tables"})


if not TYPE_CHECKING:  # a type checker would take every name for granted

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'asn_impact' has no attribute {name!r}")
        home = import_module(f"asn_impact.{_HOME[name]}")
        value = import_module(f"{home.__name__}.{name}") if name in _MODULES else getattr(home, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
