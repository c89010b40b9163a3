"""Every public name, once: where it lives. `ai.<Tab>` shows `__all__`; the other names are importable all the same."""

from asn_impact.designs.design import Design as Design, agree as agree, assign as assign
from asn_impact.designs.after_event import after_event as after_event
from asn_impact.designs.doses import with_doses as with_doses
from asn_impact.designs.example import (
    example_design as example_design,
    example_records as example_records,
    example_rollout as example_rollout,
    example_steps as example_steps,
)
from asn_impact.topics.planning.lottery import Lottery as Lottery, draw_waves as draw_waves
from asn_impact.words import Message as Message
from asn_impact.errors import (
    AsnImpactError as AsnImpactError,
    DataWarning as DataWarning,
    DesignError as DesignError,
    EstimationError as EstimationError,
    InferenceError as InferenceError,
    InputError as InputError,
    NotThereError as NotThereError,
    PrivacyError as PrivacyError,
    StudyError as StudyError,
)
from asn_impact.estimation.along import Along as Along
from asn_impact.estimation.curve import curves as curves, quantile_effects as quantile_effects
from asn_impact.estimation.dose import Dose as Dose
from asn_impact.estimation.effects import Effects as Effects
from asn_impact.estimation.efficient import Efficient as Efficient
from asn_impact.estimation.gls import GLSImputation as GLSImputation, GLSLeads as GLSLeads
from asn_impact.estimation.group_time import GroupTime as GroupTime
from asn_impact.estimation.grouped import Groups as Groups, compare_groups as compare_groups
from asn_impact.estimation.imputation import Imputation as Imputation, TwoStage as TwoStage
from asn_impact.estimation.inference import (
    Classical as Classical,
    ClusterRobust as ClusterRobust,
    Inference as Inference,
    infer as infer,
)
from asn_impact.estimation.bootstrap import ClusterBootstrap as ClusterBootstrap
from asn_impact.estimation.jackknife import BiasReduced as BiasReduced, Jackknife as Jackknife
from asn_impact.estimation.placebo import Placebo as Placebo
from asn_impact.estimation.poisson import Poisson as Poisson
from asn_impact.estimation.resampling import Permutation as Permutation, WildBootstrap as WildBootstrap
from asn_impact.estimation.saturated import InteractionWeighted as InteractionWeighted, Saturated as Saturated
from asn_impact.estimation.simultaneous import (
    Banded as Banded,
    Multiplier as Multiplier,
    Simultaneous as Simultaneous,
    romano_wolf as romano_wolf,
)
from asn_impact.estimation.stacked import Stacked as Stacked
from asn_impact.estimation.switchers import Switchers as Switchers
from asn_impact.estimation.synthetic_did import SyntheticDiD as SyntheticDiD
from asn_impact.estimation.triple import TripleDifference as TripleDifference
from asn_impact.estimation.two_way import TwoWay as TwoWay
from asn_impact.estimation.twoway_clusters import TwoWayClustered as TwoWayClustered
from asn_impact.estimation.views import (
    Calendar as Calendar,
    Cohorts as Cohorts,
    EventStudy as EventStudy,
    Overall as Overall,
)
from asn_impact.intake.readers.events import Events as Events, read_events as read_events
from asn_impact.intake.readers.complaints import read_complaints as read_complaints
from asn_impact.intake.readers.exports import read_exports as read_exports
from asn_impact.intake.extract import Extract as Extract
from asn_impact.intake.readers.steps import read_steps as read_steps
from asn_impact.intake.readers.wide import read_wide as read_wide
from asn_impact.intake.ledger import Ledger as Ledger
from asn_impact.intake.readers.observations import (
    Observations as Observations,
    read_observations as read_observations,
    with_days as with_days,
    with_flag as with_flag,
    with_recorded as with_recorded,
)
from asn_impact.topics.clocks.step_log import StepLog as StepLog, read_step_log as read_step_log
from asn_impact.topics.surveys.answers import (
    Survey as Survey,
    SurveyAggregates as SurveyAggregates,
    read_survey as read_survey,
    read_survey_aggregates as read_survey_aggregates,
)
from asn_impact.intake.readers.training import (
    Rollout as Rollout,
    read_rollout as read_rollout,
    read_rollout_from_status as read_rollout_from_status,
    read_training as read_training,
)
from asn_impact.measures.calendar import OfficeHours as OfficeHours, Opening as Opening, WorkCalendar as WorkCalendar
from asn_impact.topics.clocks.changes import StepChanges as StepChanges, changes_by_step as changes_by_step
from asn_impact.topics.clocks.clocks import Clocks as Clocks, clocks as clocks
from asn_impact.topics.clocks.split import SplitDays as SplitDays, split_days as split_days
from asn_impact.measures.curves import CurvePanel as CurvePanel
from asn_impact.measures.durations import Durations as Durations, measure as measure
from asn_impact.topics.learning.learning import (
    Learning as Learning,
    Reliability as Reliability,
    paired_tests as paired_tests,
    reliability as reliability,
)
from asn_impact.study.proposal.proposed import Proposal as Proposal, propose_study as propose_study
from asn_impact.study.programme import Programme as Programme, open_study as open_study
from asn_impact.measures.outcomes import (
    CompletionCurve as CompletionCurve,
    Count as Count,
    Mean as Mean,
    RestrictedMean as RestrictedMean,
    Score as Score,
    Share as Share,
    Within as Within,
)
from asn_impact.measures.panel import Panel as Panel, read_panel as read_panel
from asn_impact.topics.promises.promises import (
    Kept as Kept,
    Promises as Promises,
    kept as kept,
    read_promises as read_promises,
)
from asn_impact.topics.recovery.comparison import (
    RecoveryComparison as RecoveryComparison,
    compare_recovery as compare_recovery,
)
from asn_impact.topics.recovery.recovery import (
    Recovery as Recovery,
    ShareBand as ShareBand,
    SpreadBand as SpreadBand,
    recovery as recovery,
)
from asn_impact.topics.regencies.compare import Comparison as Comparison, compare as compare
from asn_impact.topics.surveys.bands import respondents_needed as respondents_needed
from asn_impact.topics.surveys.satisfaction import (
    SatisfactionIndex as SatisfactionIndex,
    satisfaction_panel as satisfaction_panel,
    skm_index as skm_index,
    which_weight as which_weight,
)
from asn_impact.measures.tabulate import maturity as maturity, tabulate as tabulate
from asn_impact.topics.planning.costs import Costs as Costs, read_costs as read_costs
from asn_impact.topics.planning.past import (
    Scenario as Scenario,
    never_treated as never_treated,
    pre_period as pre_period,
)
from asn_impact.topics.planning.power import Power as Power, detectable as detectable
from asn_impact.topics.planning.returns import (
    Returns as Returns,
    StaffTime as StaffTime,
    cases_per_month as cases_per_month,
    returns as returns,
)
from asn_impact import (
    checks as checks,
    estimators as estimators,
    figures as figures,
    rules as rules,
    tables as tables,
    topics as topics,
)
from asn_impact.reporting.chart import Chart as Chart
from asn_impact.reporting.contents import Report as Report
from asn_impact.reporting.findings import Finding as Finding
from asn_impact.study.explorer import explore as explore
from asn_impact.reporting.new_notebook import new_notebook as new_notebook
from asn_impact.reporting.public import public_cells as public_cells
from asn_impact.reporting.report import publish as publish
from asn_impact.reporting.tables import Table as Table
from asn_impact.scrutiny.check import Check as Check, CheckEntry as CheckEntry
from asn_impact.scrutiny.choice import without_choice as without_choice
from asn_impact.scrutiny.decomposition import two_way_weights as two_way_weights
from asn_impact.scrutiny.departures import departures as departures
from asn_impact.scrutiny.heaping import heaping as heaping
from asn_impact.scrutiny.looks import levels_of_looks as levels_of_looks
from asn_impact.scrutiny.lottery import lottery_kept as lottery_kept
from asn_impact.scrutiny.placebo import (
    leave_one_out as leave_one_out,
    placebo_in_space as placebo_in_space,
    placebo_in_time as placebo_in_time,
    placebo_outcome as placebo_outcome,
)
from asn_impact.scrutiny.pretrends import pretrends as pretrends, trends_before as trends_before
from asn_impact.scrutiny.said import Said as Said
from asn_impact.scrutiny.scrutinise import CHECKS as CHECKS, Scrutiny as Scrutiny, scrutinise as scrutinise
from asn_impact.scrutiny.specification import (
    SpecificationCurve as SpecificationCurve,
    specification_curve as specification_curve,
)
from asn_impact.scrutiny.surroundings import (
    coincidence as coincidence,
    composition as composition,
    service_shares as service_shares,
    spillover as spillover,
)
from asn_impact.scrutiny.three_rows import Row as Row, three_rows as three_rows
from asn_impact.scrutiny.turning import Turning as Turning, what_would_change as what_would_change
from asn_impact.scrutiny.decomposition import (
    Decomposition as Decomposition,
    NegativeWeights as NegativeWeights,
    bacon as bacon,
    negative_weights as negative_weights,
)
from asn_impact.scrutiny.event_path import EventPath as EventPath, event_path as event_path
from asn_impact.scrutiny.grade import Grade as Grade, grade as grade
from asn_impact.scrutiny.joint import joint_leads as joint_leads
from asn_impact.scrutiny.pretrends import JointTest as JointTest
from asn_impact.scrutiny.restrictions import RelativeMagnitude as RelativeMagnitude, Smoothness as Smoothness
from asn_impact.scrutiny.sensitivity import (
    Breakdown as Breakdown,
    RobustInterval as RobustInterval,
    SmoothnessSeen as SmoothnessSeen,
    breakdown as breakdown,
    robust_ends as robust_ends,
    robust_interval as robust_interval,
    sensitivity as sensitivity,
    smoothness_seen as smoothness_seen,
)

__all__ = [
    "AsnImpactError",
    "BiasReduced",
    "Count",
    "DataWarning",
    "Finding",
    "GLSImputation",
    "GroupTime",
    "Imputation",
    "Jackknife",
    "Mean",
    "Permutation",
    "Report",
    "RestrictedMean",
    "Score",
    "Share",
    "Simultaneous",
    "Within",
    "WorkCalendar",
    "assign",
    "checks",
    "detectable",
    "estimators",
    "explore",
    "figures",
    "infer",
    "maturity",
    "measure",
    "open_study",
    "propose_study",
    "publish",
    "quantile_effects",
    "read_events",
    "read_exports",
    "read_observations",
    "read_panel",
    "read_rollout",
    "read_steps",
    "read_survey",
    "read_training",
    "read_wide",
    "rules",
    "scrutinise",
    "tables",
    "tabulate",
    "topics",
]
