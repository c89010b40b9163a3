"""Numbers and their uncertainty.

`ESTIMATORS` and `RULES` hold every estimator and rule by its name in study.toml.
"""

from typing import Final

from asn_impact.estimation.along import Along
from asn_impact.estimation.bootstrap import ClusterBootstrap
from asn_impact.estimation.dose import Dose
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.efficient import Efficient
from asn_impact.estimation.gls import GLSImputation, GLSLeads
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.imputation import Imputation, TwoStage
from asn_impact.estimation.inference import Classical, ClusterRobust, Inference, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife
from asn_impact.estimation.placebo import Placebo
from asn_impact.estimation.poisson import Poisson
from asn_impact.estimation.resampling import Permutation, WildBootstrap
from asn_impact.estimation.saturated import InteractionWeighted, Saturated
from asn_impact.estimation.simultaneous import Multiplier, Simultaneous, romano_wolf
from asn_impact.estimation.stacked import Stacked
from asn_impact.estimation.switchers import Switchers
from asn_impact.estimation.synthetic_did import SyntheticDiD
from asn_impact.estimation.triple import TripleDifference
from asn_impact.estimation.two_way import TwoWay
from asn_impact.estimation.twoway_clusters import TwoWayClustered

__all__ = [
    "ESTIMATORS",
    "RULES",
    "Along",
    "BiasReduced",
    "Classical",
    "ClusterBootstrap",
    "ClusterRobust",
    "Dose",
    "Effects",
    "Efficient",
    "GLSImputation",
    "GLSLeads",
    "GroupTime",
    "Imputation",
    "Inference",
    "InteractionWeighted",
    "Jackknife",
    "Multiplier",
    "Permutation",
    "Placebo",
    "Poisson",
    "Saturated",
    "Simultaneous",
    "Stacked",
    "Switchers",
    "SyntheticDiD",
    "TripleDifference",
    "TwoStage",
    "TwoWay",
    "TwoWayClustered",
    "WildBootstrap",
    "infer",
    "romano_wolf",
]

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
