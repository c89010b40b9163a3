"""Promises kept: the standard of each service against what happened."""

from __future__ import annotations

from asn_impact.topics.promises.promises import Kept, Promises, kept, read_promises

__all__ = [
    "Kept",
    "Promises",
    "kept",
    "read_promises",
]


def __dir__() -> list[str]:
    return sorted(__all__)
