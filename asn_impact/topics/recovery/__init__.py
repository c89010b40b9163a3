"""How fast service recovered after a shock or a new rule."""

from __future__ import annotations

from asn_impact.topics.recovery.comparison import RecoveryComparison, compare_recovery
from asn_impact.topics.recovery.recovery import Recovery, ShareBand, SpreadBand, recovery

__all__ = [
    "Recovery",
    "RecoveryComparison",
    "ShareBand",
    "SpreadBand",
    "compare_recovery",
    "recovery",
]


def __dir__() -> list[str]:
    return sorted(__all__)
