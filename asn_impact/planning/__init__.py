"""What to do next, and was it worth it: power before a study, returns after it."""

from asn_impact.planning.costs import Costs, cost_template, read_costs
from asn_impact.planning.power import Power, Scenario, detectable, never_treated, pre_period
from asn_impact.planning.returns import Returns, StaffTime, cases_per_month, returns

__all__ = [
    "Costs",
    "Power",
    "Returns",
    "Scenario",
    "StaffTime",
    "cases_per_month",
    "cost_template",
    "detectable",
    "never_treated",
    "pre_period",
    "read_costs",
    "returns",
]
