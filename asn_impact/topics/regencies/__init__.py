"""The same question in several regencies: findings side by side, their mean, and what to expect in the next one."""

from __future__ import annotations

from asn_impact.topics.regencies.compare import Comparison, compare

__all__ = ["Comparison", "compare"]


def __dir__() -> list[str]:
    return sorted(__all__)
