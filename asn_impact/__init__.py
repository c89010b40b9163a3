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
    from asn_impact.designs.design import Design, agree, assign
    from asn_impact.designs.lottery import Lottery, draw_waves
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
    from asn_impact.estimation.curve import Along, curves, quantile_effects
    from asn_impact.estimation.dose import Dose
    from asn_impact.estimation.effects import Effects
    from asn_impact.estimation.efficient import Efficient
    from asn_impact.estimation.group_time import GroupTime
    from asn_impact.estimation.imputation import Imputation, TwoStage
    from asn_impact.estimation.inference import Classical, ClusterRobust, Inference, infer
    from asn_impact.estimation.jackknife import BiasReduced, Jackknife
    from asn_impact.estimation.placebo import Placebo
    from asn_impact.estimation.resampling import Permutation, WildBootstrap
    from asn_impact.estimation.saturated import InteractionWeighted, Saturated
    from asn_impact.estimation.simultaneous import Banded, Multiplier, Simultaneous, romano_wolf
    from asn_impact.estimation.stacked import Stacked
    from asn_impact.estimation.synthetic_did import SyntheticDiD
    from asn_impact.estimation.triple import TripleDifference
    from asn_impact.estimation.two_way import TwoWay
    from asn_impact.estimation.twoway_clusters import TwoWayClustered
    from asn_impact.intake.events import Events, read_events
    from asn_impact.intake.exports import Extract, read_exports, read_steps, read_wide
    from asn_impact.intake.ledger import Ledger
    from asn_impact.intake.observations import Observations, read_observations, with_days, with_flag, with_recorded
    from asn_impact.intake.steps import StepLog, read_step_log
    from asn_impact.intake.survey import Survey, SurveyAggregates, read_survey, read_survey_aggregates
    from asn_impact.intake.training import Rollout, read_rollout, read_rollout_from_status, read_training
    from asn_impact.measures.calendar import OfficeHours, Opening, WorkCalendar
    from asn_impact.measures.clocks import Clocks, clocks
    from asn_impact.measures.curves import CurvePanel
    from asn_impact.measures.durations import Durations, measure
    from asn_impact.measures.learning import Learning, Reliability, paired_tests, reliability
    from asn_impact.measures.outcomes import CompletionCurve, Count, Mean, RestrictedMean, Score, Share, Within
    from asn_impact.measures.panel import Panel, read_panel
    from asn_impact.measures.promises import Kept, Promises, kept, read_promises
    from asn_impact.measures.recovery import (
        Recovery,
        RecoveryComparison,
        ShareBand,
        SpreadBand,
        compare_recovery,
        recovery,
    )
    from asn_impact.measures.satisfaction import (
        SatisfactionIndex,
        respondents_needed,
        satisfaction_panel,
        skm_index,
        which_weight,
    )
    from asn_impact.measures.tabulate import maturity, tabulate
    from asn_impact.planning.costs import Costs, read_costs
    from asn_impact.planning.power import Power, Scenario, detectable, never_treated, pre_period
    from asn_impact.planning.returns import Returns, StaffTime, cases_per_month, returns
    from asn_impact.reporting import figures, tables
    from asn_impact.reporting.chart import Chart
    from asn_impact.reporting.explorer import explore
    from asn_impact.reporting.report import publish
    from asn_impact.reporting.tables import Table
    from asn_impact.scrutiny.checks import (
        Check,
        Said,
        Scrutiny,
        SpecificationCurve,
        coincidence,
        composition,
        departures,
        heaping,
        leave_one_out,
        lottery_kept,
        placebo_in_space,
        placebo_in_time,
        placebo_outcome,
        pretrends,
        scrutinise,
        service_shares,
        specification_curve,
        spillover,
        two_way_weights,
    )
    from asn_impact.scrutiny.decomposition import Decomposition, NegativeWeights, bacon, negative_weights
    from asn_impact.scrutiny.event_path import EventPath, event_path
    from asn_impact.scrutiny.grade import Grade, grade
    from asn_impact.scrutiny.sensitivity import (
        Breakdown,
        RelativeMagnitude,
        RobustInterval,
        Smoothness,
        breakdown,
        robust_ends,
        robust_interval,
        sensitivity,
    )

__all__ = [
    "Along",
    "AsnImpactError",
    "Banded",
    "BiasReduced",
    "Breakdown",
    "Chart",
    "Check",
    "Classical",
    "Clocks",
    "ClusterRobust",
    "CompletionCurve",
    "Costs",
    "Count",
    "CurvePanel",
    "DataWarning",
    "Decomposition",
    "Design",
    "DesignError",
    "Dose",
    "Durations",
    "Effects",
    "Efficient",
    "EstimationError",
    "EventPath",
    "Events",
    "Extract",
    "Grade",
    "GroupTime",
    "Imputation",
    "Inference",
    "InferenceError",
    "InputError",
    "InteractionWeighted",
    "Jackknife",
    "Kept",
    "Learning",
    "Ledger",
    "Lottery",
    "Mean",
    "Multiplier",
    "NegativeWeights",
    "Observations",
    "OfficeHours",
    "Opening",
    "Panel",
    "Permutation",
    "Placebo",
    "Power",
    "PrivacyError",
    "Promises",
    "Recovery",
    "RecoveryComparison",
    "RelativeMagnitude",
    "Reliability",
    "RestrictedMean",
    "Returns",
    "RobustInterval",
    "Rollout",
    "Said",
    "SatisfactionIndex",
    "Saturated",
    "Scenario",
    "Score",
    "Scrutiny",
    "Share",
    "ShareBand",
    "Simultaneous",
    "Smoothness",
    "SpecificationCurve",
    "SpreadBand",
    "Stacked",
    "StaffTime",
    "StepLog",
    "StudyError",
    "Survey",
    "SurveyAggregates",
    "SyntheticDiD",
    "Table",
    "TripleDifference",
    "TwoStage",
    "TwoWay",
    "TwoWayClustered",
    "WildBootstrap",
    "Within",
    "WorkCalendar",
    "agree",
    "assign",
    "bacon",
    "breakdown",
    "cases_per_month",
    "clocks",
    "coincidence",
    "compare_recovery",
    "composition",
    "curves",
    "departures",
    "detectable",
    "draw_waves",
    "event_path",
    "explore",
    "figures",
    "grade",
    "heaping",
    "infer",
    "kept",
    "leave_one_out",
    "lottery_kept",
    "maturity",
    "measure",
    "negative_weights",
    "never_treated",
    "paired_tests",
    "placebo_in_space",
    "placebo_in_time",
    "placebo_outcome",
    "pre_period",
    "pretrends",
    "publish",
    "quantile_effects",
    "read_costs",
    "read_events",
    "read_exports",
    "read_observations",
    "read_panel",
    "read_promises",
    "read_rollout",
    "read_rollout_from_status",
    "read_step_log",
    "read_steps",
    "read_survey",
    "read_survey_aggregates",
    "read_training",
    "read_wide",
    "recovery",
    "reliability",
    "respondents_needed",
    "returns",
    "robust_ends",
    "robust_interval",
    "romano_wolf",
    "satisfaction_panel",
    "scrutinise",
    "sensitivity",
    "service_shares",
    "skm_index",
    "specification_curve",
    "spillover",
    "tables",
    "tabulate",
    "two_way_weights",
    "which_weight",
    "with_days",
    "with_flag",
    "with_recorded",
]

#: Module -> the public names that live in it; `figures` and `tables` are modules themselves.
_HOMES = {
    "designs.design": (
        "Design",
        "agree",
        "assign",
    ),
    "designs.lottery": (
        "Lottery",
        "draw_waves",
    ),
    "errors": (
        "AsnImpactError",
        "DataWarning",
        "DesignError",
        "EstimationError",
        "InferenceError",
        "InputError",
        "PrivacyError",
        "StudyError",
    ),
    "estimation.curve": (
        "Along",
        "curves",
        "quantile_effects",
    ),
    "estimation.dose": ("Dose",),
    "estimation.effects": ("Effects",),
    "estimation.efficient": ("Efficient",),
    "estimation.group_time": ("GroupTime",),
    "estimation.imputation": (
        "Imputation",
        "TwoStage",
    ),
    "estimation.inference": (
        "Classical",
        "ClusterRobust",
        "Inference",
        "infer",
    ),
    "estimation.jackknife": (
        "BiasReduced",
        "Jackknife",
    ),
    "estimation.placebo": ("Placebo",),
    "estimation.resampling": (
        "Permutation",
        "WildBootstrap",
    ),
    "estimation.saturated": (
        "InteractionWeighted",
        "Saturated",
    ),
    "estimation.simultaneous": (
        "Banded",
        "Multiplier",
        "Simultaneous",
        "romano_wolf",
    ),
    "estimation.stacked": ("Stacked",),
    "estimation.synthetic_did": ("SyntheticDiD",),
    "estimation.triple": ("TripleDifference",),
    "estimation.two_way": ("TwoWay",),
    "estimation.twoway_clusters": ("TwoWayClustered",),
    "intake.events": (
        "Events",
        "read_events",
    ),
    "intake.exports": (
        "Extract",
        "read_exports",
        "read_steps",
        "read_wide",
    ),
    "intake.ledger": ("Ledger",),
    "intake.observations": (
        "Observations",
        "read_observations",
        "with_days",
        "with_flag",
        "with_recorded",
    ),
    "intake.steps": (
        "StepLog",
        "read_step_log",
    ),
    "intake.survey": (
        "Survey",
        "SurveyAggregates",
        "read_survey",
        "read_survey_aggregates",
    ),
    "intake.training": (
        "Rollout",
        "read_rollout",
        "read_rollout_from_status",
        "read_training",
    ),
    "measures.calendar": (
        "OfficeHours",
        "Opening",
        "WorkCalendar",
    ),
    "measures.clocks": (
        "Clocks",
        "clocks",
    ),
    "measures.curves": ("CurvePanel",),
    "measures.durations": (
        "Durations",
        "measure",
    ),
    "measures.learning": (
        "Learning",
        "Reliability",
        "paired_tests",
        "reliability",
    ),
    "measures.outcomes": (
        "CompletionCurve",
        "Count",
        "Mean",
        "RestrictedMean",
        "Score",
        "Share",
        "Within",
    ),
    "measures.panel": (
        "Panel",
        "read_panel",
    ),
    "measures.promises": (
        "Kept",
        "Promises",
        "kept",
        "read_promises",
    ),
    "measures.recovery": (
        "Recovery",
        "RecoveryComparison",
        "ShareBand",
        "SpreadBand",
        "compare_recovery",
        "recovery",
    ),
    "measures.satisfaction": (
        "SatisfactionIndex",
        "respondents_needed",
        "satisfaction_panel",
        "skm_index",
        "which_weight",
    ),
    "measures.tabulate": (
        "maturity",
        "tabulate",
    ),
    "planning.costs": (
        "Costs",
        "read_costs",
    ),
    "planning.power": (
        "Power",
        "Scenario",
        "detectable",
        "never_treated",
        "pre_period",
    ),
    "planning.returns": (
        "Returns",
        "StaffTime",
        "cases_per_month",
        "returns",
    ),
    "reporting": (
        "figures",
        "tables",
    ),
    "reporting.chart": ("Chart",),
    "reporting.explorer": ("explore",),
    "reporting.report": ("publish",),
    "reporting.tables": ("Table",),
    "scrutiny.checks": (
        "Check",
        "Said",
        "Scrutiny",
        "SpecificationCurve",
        "coincidence",
        "composition",
        "departures",
        "heaping",
        "leave_one_out",
        "lottery_kept",
        "placebo_in_space",
        "placebo_in_time",
        "placebo_outcome",
        "pretrends",
        "scrutinise",
        "service_shares",
        "specification_curve",
        "spillover",
        "two_way_weights",
    ),
    "scrutiny.decomposition": (
        "Decomposition",
        "NegativeWeights",
        "bacon",
        "negative_weights",
    ),
    "scrutiny.event_path": (
        "EventPath",
        "event_path",
    ),
    "scrutiny.grade": (
        "Grade",
        "grade",
    ),
    "scrutiny.sensitivity": (
        "Breakdown",
        "RelativeMagnitude",
        "RobustInterval",
        "Smoothness",
        "breakdown",
        "robust_ends",
        "robust_interval",
        "sensitivity",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = frozenset({"tables"})


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
