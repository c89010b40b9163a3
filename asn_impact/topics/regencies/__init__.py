"""The same question in several regencies: findings side by side, their mean, and what to expect in the next one."""

from asn_impact.topics.regencies.compare import Comparison as Comparison
from asn_impact.topics.regencies.compare import compare as compare
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
