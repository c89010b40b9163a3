"""Rules of inference: how an interval is found. `RULES` has them by their names in study.toml."""

from asn_impact.estimation import RULES as RULES
from asn_impact.estimation import BiasReduced as BiasReduced
from asn_impact.estimation import Classical as Classical
from asn_impact.estimation import ClusterBootstrap as ClusterBootstrap
from asn_impact.estimation import ClusterRobust as ClusterRobust
from asn_impact.estimation import Jackknife as Jackknife
from asn_impact.estimation import Multiplier as Multiplier
from asn_impact.estimation import Permutation as Permutation
from asn_impact.estimation import Placebo as Placebo
from asn_impact.estimation import Simultaneous as Simultaneous
from asn_impact.estimation import TwoWayClustered as TwoWayClustered
from asn_impact.estimation import WildBootstrap as WildBootstrap
from asn_impact.estimation import infer as infer
from asn_impact.estimation import romano_wolf as romano_wolf
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
