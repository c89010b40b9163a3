"""Rules of inference: how an interval is found. `RULES` has them by their names in study.toml."""

from __future__ import annotations

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
