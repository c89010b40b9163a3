"""Surveys of satisfaction: the answers, the index (SKM), its table and its chart."""

from __future__ import annotations

from asn_impact.topics.surveys.answers import Survey, SurveyAggregates, read_survey, read_survey_aggregates
from asn_impact.topics.surveys.bands import respondents_needed
from asn_impact.topics.surveys.satisfaction import SatisfactionIndex, satisfaction_panel, skm_index, which_weight

__all__ = [
    "SatisfactionIndex",
    "Survey",
    "SurveyAggregates",
    "read_survey",
    "read_survey_aggregates",
    "respondents_needed",
    "satisfaction_panel",
    "skm_index",
    "which_weight",
]


def __dir__() -> list[str]:
    return sorted(__all__)
