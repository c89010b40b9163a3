"""How fast service recovered after a shock or a new rule."""

from asn_impact.topics.recovery.comparison import RecoveryComparison as RecoveryComparison
from asn_impact.topics.recovery.comparison import compare_recovery as compare_recovery
from asn_impact.topics.recovery.recovery import Recovery as Recovery
from asn_impact.topics.recovery.recovery import ShareBand as ShareBand
from asn_impact.topics.recovery.recovery import SpreadBand as SpreadBand
from asn_impact.topics.recovery.recovery import recovery as recovery
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
