"""What to do next, and was it worth it: power and lotteries before a study, returns after it."""

from asn_impact.topics.planning.costs import Costs as Costs
from asn_impact.topics.planning.costs import cost_template as cost_template
from asn_impact.topics.planning.costs import read_costs as read_costs
from asn_impact.topics.planning.lottery import Lottery as Lottery
from asn_impact.topics.planning.lottery import draw_waves as draw_waves
from asn_impact.topics.planning.past import Scenario as Scenario
from asn_impact.topics.planning.past import never_treated as never_treated
from asn_impact.topics.planning.past import pre_period as pre_period
from asn_impact.topics.planning.power import Power as Power
from asn_impact.topics.planning.power import detectable as detectable
from asn_impact.topics.planning.returns import Returns as Returns
from asn_impact.topics.planning.returns import StaffTime as StaffTime
from asn_impact.topics.planning.returns import cases_per_month as cases_per_month
from asn_impact.topics.planning.returns import returns as returns
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
