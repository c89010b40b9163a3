"""Promises kept: the standard of each service against what happened."""

from asn_impact.topics.promises.promises import Kept as Kept
from asn_impact.topics.promises.promises import Promises as Promises
from asn_impact.topics.promises.promises import kept as kept
from asn_impact.topics.promises.promises import read_promises as read_promises
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
