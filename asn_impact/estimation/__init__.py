"""Numbers and their uncertainty."""

from asn_impact.estimation.effects import Effects
from asn_impact.estimation.group_time import GroupTime
from asn_impact.estimation.inference import Classical, ClusterRobust, Inference, Jackknife, infer
from asn_impact.estimation.two_way import TwoWay

__all__ = ["Classical", "ClusterRobust", "Effects", "GroupTime", "Inference", "Jackknife", "TwoWay", "infer"]
