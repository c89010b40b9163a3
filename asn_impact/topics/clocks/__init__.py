"""Three clocks of one application: gross, without the applicant's time, and the office's own."""

from asn_impact.topics.clocks.changes import StepChanges as StepChanges
from asn_impact.topics.clocks.changes import changes_by_step as changes_by_step
from asn_impact.topics.clocks.clocks import Clocks as Clocks
from asn_impact.topics.clocks.clocks import clocks as clocks
from asn_impact.topics.clocks.split import SplitDays as SplitDays
from asn_impact.topics.clocks.split import split_days as split_days
from asn_impact.topics.clocks.step_log import StepLog as StepLog
from asn_impact.topics.clocks.step_log import read_step_log as read_step_log
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
