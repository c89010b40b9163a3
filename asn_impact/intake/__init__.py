"""Files as received -> clean records; every row accounted for."""

from __future__ import annotations

from asn_impact.intake.exports import Extract, Source, read_exports, read_steps, read_wide
from asn_impact.intake.ledger import Ledger
from asn_impact.intake.training import Rollout, read_rollout, read_rollout_from_status, read_training

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
