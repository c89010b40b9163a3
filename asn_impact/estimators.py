"""Estimators: parameters in the object, data in the call. `ESTIMATORS` has them by their names in study.toml.

Their effects by cohort and period are averaged by a view: ``effects.average_by(Overall(EventStudy(last=11)))``.
"""

from asn_impact.estimation import ESTIMATORS as ESTIMATORS
from asn_impact.estimation import Along as Along
from asn_impact.estimation import Dose as Dose
from asn_impact.estimation import Efficient as Efficient
from asn_impact.estimation import GLSImputation as GLSImputation
from asn_impact.estimation import GLSLeads as GLSLeads
from asn_impact.estimation import GroupTime as GroupTime
from asn_impact.estimation import Imputation as Imputation
from asn_impact.estimation import InteractionWeighted as InteractionWeighted
from asn_impact.estimation import Poisson as Poisson
from asn_impact.estimation import Saturated as Saturated
from asn_impact.estimation import Stacked as Stacked
from asn_impact.estimation import Switchers as Switchers
from asn_impact.estimation import SyntheticDiD as SyntheticDiD
from asn_impact.estimation import TripleDifference as TripleDifference
from asn_impact.estimation import TwoStage as TwoStage
from asn_impact.estimation import TwoWay as TwoWay
from asn_impact.estimation.views import Calendar as Calendar
from asn_impact.estimation.views import Cohorts as Cohorts
from asn_impact.estimation.views import EventStudy as EventStudy
from asn_impact.estimation.views import Overall as Overall
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
