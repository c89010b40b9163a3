"""Three clocks of one application: gross, without the applicant's time, and the office's own."""

from __future__ import annotations

from asn_impact.topics.clocks.clocks import Clocks, clocks
from asn_impact.topics.clocks.step_log import StepLog, read_step_log

__all__ = [
    "Clocks",
    "StepLog",
    "clocks",
    "read_step_log",
]


def __dir__() -> list[str]:
    return sorted(__all__)
