"""Numbers and their uncertainty.

`ESTIMATORS` and `RULES` hold every estimator and rule by its name in study.toml.
"""

from typing import Final

from asn_impact.estimation.along import Along as Along
from asn_impact.estimation.bootstrap import ClusterBootstrap as ClusterBootstrap
from asn_impact.estimation.dose import Dose as Dose
from asn_impact.estimation.effects import Effects as Effects
from asn_impact.estimation.efficient import Efficient as Efficient
from asn_impact.estimation.gls import GLSImputation as GLSImputation
from asn_impact.estimation.gls import GLSLeads as GLSLeads
from asn_impact.estimation.group_time import GroupTime as GroupTime
from asn_impact.estimation.imputation import Imputation as Imputation
from asn_impact.estimation.imputation import TwoStage as TwoStage
from asn_impact.estimation.inference import Classical as Classical
from asn_impact.estimation.inference import ClusterRobust as ClusterRobust
from asn_impact.estimation.inference import Inference as Inference
from asn_impact.estimation.inference import infer as infer
from asn_impact.estimation.jackknife import BiasReduced as BiasReduced
from asn_impact.estimation.jackknife import Jackknife as Jackknife
from asn_impact.estimation.placebo import Placebo as Placebo
from asn_impact.estimation.poisson import Poisson as Poisson
from asn_impact.estimation.resampling import Permutation as Permutation
from asn_impact.estimation.resampling import WildBootstrap as WildBootstrap
from asn_impact.estimation.saturated import InteractionWeighted as InteractionWeighted
from asn_impact.estimation.saturated import Saturated as Saturated
from asn_impact.estimation.simultaneous import Multiplier as Multiplier
from asn_impact.estimation.simultaneous import Simultaneous as Simultaneous
from asn_impact.estimation.simultaneous import romano_wolf as romano_wolf
from asn_impact.estimation.stacked import Stacked as Stacked
from asn_impact.estimation.switchers import Switchers as Switchers
from asn_impact.estimation.synthetic_did import SyntheticDiD as SyntheticDiD
from asn_impact.estimation.triple import TripleDifference as TripleDifference
from asn_impact.estimation.two_way import TwoWay as TwoWay
from asn_impact.estimation.twoway_clusters import TwoWayClustered as TwoWayClustered

ESTIMATORS: Final = {
    "gls_imputation": GLSImputation,
    "group_time": GroupTime,
    "two_way": TwoWay,
    "imputation": Imputation,
    "two_stage": TwoStage,
    "saturated": Saturated,
    "interaction_weighted": InteractionWeighted,
    "stacked": Stacked,
    "triple_difference": TripleDifference,
    "synthetic_did": SyntheticDiD,
    "poisson": Poisson,
    "switchers": Switchers,
    "efficient": Efficient,
    "dose": Dose,
    "along": Along,
}

RULES: Final = {
    "bias_reduced": BiasReduced,
    "jackknife": Jackknife,
    "cluster_robust": ClusterRobust,
    "classical": Classical,
    "two_way_clustered": TwoWayClustered,
    "wild_bootstrap": WildBootstrap,
    "cluster_bootstrap": ClusterBootstrap,
    "permutation": Permutation,
    "placebo": Placebo,
    "simultaneous": Simultaneous,
    "multiplier": Multiplier,
}
