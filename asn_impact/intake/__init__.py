"""Files as received -> clean records; every row accounted for."""

from __future__ import annotations

from asn_impact.intake.extract import Extract, Source
from asn_impact.intake.ledger import Ledger
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.steps import read_steps
from asn_impact.intake.readers.training import Rollout, read_rollout, read_rollout_from_status, read_training
from asn_impact.intake.readers.wide import read_wide

__all__ = [
    "Extract",
    "Ledger",
    "Rollout",
    "Source",
    "read_exports",
    "read_rollout",
    "read_rollout_from_status",
    "read_steps",
    "read_training",
    "read_wide",
]
