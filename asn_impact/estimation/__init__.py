"""Numbers and their uncertainty."""

from asn_impact.estimation.effects import Effects
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.inference import Classical, ClusterRobust, Inference, infer
from asn_impact.estimation.jackknife import BiasReduced, Jackknife
from asn_impact.estimation.resampling import Permutation, WildBootstrap
from asn_impact.estimation.simultaneous import Multiplier, romano_wolf
from asn_impact.estimation.two_way import TwoWay

__all__ = [
    "BiasReduced",
    "Classical",
    "ClusterRobust",
    "Effects",
    "GroupTime",
    "Inference",
    "Jackknife",
    "Multiplier",
    "Permutation",
    "TwoWay",
    "WildBootstrap",
    "infer",
    "romano_wolf",
]
