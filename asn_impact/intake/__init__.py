"""Files as received -> clean records; every row accounted for."""

from __future__ import annotations

from asn_impact.intake.extract import Extract as Extract
from asn_impact.intake.extract import Source as Source
from asn_impact.intake.ledger import Ledger as Ledger
from asn_impact.intake.readers.exports import read_exports as read_exports
from asn_impact.intake.readers.steps import read_steps as read_steps
from asn_impact.intake.readers.training import Rollout as Rollout
from asn_impact.intake.readers.training import read_rollout as read_rollout
from asn_impact.intake.readers.training import read_rollout_from_status as read_rollout_from_status
from asn_impact.intake.readers.training import read_training as read_training
from asn_impact.intake.readers.wide import read_wide as read_wide
