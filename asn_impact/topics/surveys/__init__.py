"""Surveys of satisfaction: the answers, the index (SKM), its table and its chart."""

from asn_impact.topics.surveys.answers import Survey as Survey
from asn_impact.topics.surveys.answers import SurveyAggregates as SurveyAggregates
from asn_impact.topics.surveys.answers import read_survey as read_survey
from asn_impact.topics.surveys.answers import read_survey_aggregates as read_survey_aggregates
from asn_impact.topics.surveys.bands import respondents_needed as respondents_needed
from asn_impact.topics.surveys.satisfaction import SatisfactionIndex as SatisfactionIndex
from asn_impact.topics.surveys.satisfaction import satisfaction_panel as satisfaction_panel
from asn_impact.topics.surveys.satisfaction import skm_index as skm_index
from asn_impact.topics.surveys.satisfaction import which_weight as which_weight
from asn_impact.words.habits import group as _group

__all__, __dir__, __getattr__ = _group(globals())
