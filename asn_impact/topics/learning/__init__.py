"""What was learned: tests before and after, against a comparison group, and the reliability of a scale."""

from __future__ import annotations

from asn_impact.topics.learning.learning import Learning, Reliability, paired_tests, reliability

__all__ = [
    "Learning",
    "Reliability",
    "paired_tests",
    "reliability",
]


def __dir__() -> list[str]:
    return sorted(__all__)
