"""Numbers and their uncertainty."""

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
from asn_impact.estimation.simultaneous import Multiplier, romano_wolf
from asn_impact.estimation.stacked import Stacked
from asn_impact.estimation.synthetic_did import SyntheticDiD
from asn_impact.estimation.triple import TripleDifference
from asn_impact.estimation.two_way import TwoWay
from asn_impact.estimation.twoway_clusters import TwoWayClustered

__all__ = [
    "BiasReduced",
    "Classical",
    "ClusterRobust",
    "Dose",
    "Effects",
    "Efficient",
    "GroupTime",
    "Imputation",
    "Inference",
    "InteractionWeighted",
    "Jackknife",
    "Multiplier",
    "Permutation",
    "Placebo",
    "Saturated",
    "Stacked",
    "SyntheticDiD",
    "TripleDifference",
    "TwoStage",
    "TwoWay",
    "TwoWayClustered",
    "WildBootstrap",
    "infer",
    "romano_wolf",
]
