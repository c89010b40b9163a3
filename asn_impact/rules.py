"""Rules of inference: how an interval is found. `RULES` has them by their names in study.toml."""

from __future__ import annotations

from typing import NoReturn

from asn_impact.estimation import (
    RULES,
    BiasReduced,
    Classical,
    ClusterBootstrap,
    ClusterRobust,
    Jackknife,
    Multiplier,
    Permutation,
    Placebo,
    Simultaneous,
    TwoWayClustered,
    WildBootstrap,
    infer,
    romano_wolf,
)
from asn_impact.words.habits import no_name

__all__ = [
    "RULES",
    "BiasReduced",
    "Classical",
    "ClusterBootstrap",
    "ClusterRobust",
    "Jackknife",
    "Multiplier",
    "Permutation",
    "Placebo",
    "Simultaneous",
    "TwoWayClustered",
    "WildBootstrap",
    "infer",
    "romano_wolf",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> NoReturn:
    raise no_name(__name__, name, __all__)
