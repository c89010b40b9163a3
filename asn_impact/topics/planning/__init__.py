"""What to do next, and was it worth it: power and lotteries before a study, returns after it."""

from __future__ import annotations

from asn_impact.topics.planning.costs import Costs, cost_template, read_costs
from asn_impact.topics.planning.lottery import Lottery, draw_waves
from asn_impact.topics.planning.past import Scenario, never_treated, pre_period
from asn_impact.topics.planning.power import Power, detectable
from asn_impact.topics.planning.returns import Returns, StaffTime, cases_per_month, returns

__all__ = [
    "Costs",
    "Lottery",
    "Power",
    "Returns",
    "Scenario",
    "StaffTime",
    "cases_per_month",
    "cost_template",
    "detectable",
    "draw_waves",
    "never_treated",
    "pre_period",
    "read_costs",
    "returns",
]


def __dir__() -> list[str]:
    return sorted(__all__)
