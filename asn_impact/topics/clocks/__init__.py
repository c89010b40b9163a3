"""Three clocks of one application: gross, without the applicant's time, and the office's own."""

from __future__ import annotations

from asn_impact.topics.clocks.changes import StepChanges, changes_by_step
from asn_impact.topics.clocks.clocks import Clocks, clocks
from asn_impact.topics.clocks.split import SplitDays, split_days
from asn_impact.topics.clocks.step_log import StepLog, read_step_log

__all__ = [
    "Clocks",
    "SplitDays",
    "StepChanges",
    "StepLog",
    "changes_by_step",
    "clocks",
    "read_step_log",
    "split_days",
]


def __dir__() -> list[str]:
    return sorted(__all__)
