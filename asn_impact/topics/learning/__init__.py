"""What was learned: tests before and after, against a comparison group, and the reliability of a scale."""

from asn_impact.topics.learning.learning import Learning as Learning
from asn_impact.topics.learning.learning import Reliability as Reliability
from asn_impact.topics.learning.learning import paired_tests as paired_tests
from asn_impact.topics.learning.learning import reliability as reliability
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
