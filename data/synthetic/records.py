"""Everything a regency hands over, and what only the generator knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.measures.calendar import WorkCalendar
from synthetic import adaptation, complaints, learning, projects, services
from synthetic.catalogue import COURSE, PROJECT_COURSE, PROVIDERS
from synthetic.costs import costs, costs_truth
from synthetic.permits import (
    BACKWARDS,
    OUTCOMES,
    REPEATED,
    SPACED,
    TEST_ROWS,
    as_exported,
    channel_truth,
    choose_channels,
    draw_applications,
    follow,
    on_the_day_of_export,
    potential_waits,
    provider_truth,
    realised,
)
from synthetic.regency import FIRST_MONTH, SYSTEM, TREND, Offices, Regency, draw_offices
from synthetic.survey import ask, survey_truth
from synthetic.training import assign_providers, hold_sessions, reached_half
from synthetic.truth import adoption, rounded


@dataclass(frozen=True, eq=False, kw_only=True)
class Records:
    """What the offices would hand over, and what only the generator knows.

    Headings are Indonesian and dates are dates; `write` turns them into text.

    Attributes
    ----------
    permits
        One row an application as exported, dirt included; ``Tahun Berkas`` is the yearly file a row stands in.
    training
        One row a session of a course at an office.
    survey
        One row a respondent; nine elements scored 1 to 4.
    services
        One row a service: its standard time.
    projects
        One row a project of an office, with its plan and its budget.
    tests
        One row a person and test: four dimensions of five items, each 0 to 10.
    complaints
        One row a complaint; some without a status.
    new_service
        One row an application for a service introduced in July 2024, whose rules and system changed in 2025; some
        without a status.
    events
        One row a change of rules or system, all invented.
    costs
        One row a component of what the E-Government course cost.
    potential
        One row a true application (no dirt): ``case``, ``office``, ``month`` received and month ``adopted``
        (12 * year + month - 1; missing for offices never trained), ``followed`` (working days to the export),
        the working days ``with_training``, ``without_training`` and ``without_training_or_system`` (missing when
        withdrawn), ``online_with_training`` and ``online_without_training``, ``service`` and ``received``.
    potential_of
        The same for the other tables: ``projects`` (see `run_projects`), ``complaints`` (`follow_complaints`),
        ``new_service`` (`follow_new_service`) and ``tests``: what training added to the mean item score of each
        trained person, by dimension.
    truth
        The effects that were realised, by outcome. The content of ``truth.json``.
    """

    permits: pd.DataFrame
    training: pd.DataFrame
    survey: pd.DataFrame
    services: pd.DataFrame
    projects: pd.DataFrame
    tests: pd.DataFrame
    complaints: pd.DataFrame
    new_service: pd.DataFrame
    events: pd.DataFrame
    costs: pd.DataFrame
    potential: pd.DataFrame
    potential_of: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]


def simulate(regency: Regency) -> Records:
    """Draw everything the offices of a regency would hand over, with the truth beside it.

    Examples
    --------
    >>> records = simulate(Regency(seed=1, world="no_effect"))
    >>> records.truth["outcomes"]["RestrictedMean(30)"]["att_office_months"]
    0.0
    """
    calendar = WorkCalendar.indonesia()
    offices = draw_offices(regency)
    providers, late = assign_providers(regency, offices), projects.lateness(regency)
    applications = draw_applications(regency, offices, calendar)
    waits = follow(regency, offices, applications, calendar)
    channels = choose_channels(regency, offices, applications, calendar)
    potential = potential_waits(regency, offices, applications, waits, channels, calendar)
    export = on_the_day_of_export(regency, applications, waits, channels, calendar)
    survey, gains = ask(regency, offices, export)
    training = hold_sessions(regency, offices, providers, late, calendar)
    workshop = reached_half(training, PROJECT_COURSE, offices.names)
    skills, gain = learning.digital_skills(regency), learning.digital_gain(regency, offices, providers)
    tests = learning.sit_tests(regency, offices, providers, skills)
    twice = {
        "complaints": complaints.follow_complaints(regency, offices, calendar),
        "new_service": adaptation.follow_new_service(regency, offices, skills, gain, calendar),
        "projects": projects.run_projects(regency, offices, workshop, late, calendar),
        "tests": learning.gains(tests, offices, providers),
    }
    paid = costs(training)
    truth = _permit_truth(regency, offices, potential, gains)
    more = {
        "adaptation": adaptation.adaptation_truth(twice["new_service"], regency, skills, gain),
        "channel": channel_truth(potential),
        "complaints": complaints.complaints_truth(twice["complaints"], regency),
        "costs": costs_truth(paid, training, truth["outcomes"]["RestrictedMean(30)"]),
        "learning": learning.learning_truth(tests, twice["tests"]),
        "projects": projects.projects_truth(twice["projects"], regency, offices.names, workshop),
        "promised": services.promise_truth(potential, calendar),
        "providers": provider_truth(potential, _providers_by_office(offices, providers)),
        "providers_by_office": _providers_by_office(offices, providers),
    }
    return Records(
        permits=as_exported(regency, export),
        training=training,
        survey=survey,
        services=services.services(),
        projects=projects.projects_as_exported(twice["projects"], np.datetime64(regency.as_of)),
        tests=learning.tests_as_exported(tests, offices, calendar),
        complaints=complaints.complaints_as_exported(twice["complaints"], regency, calendar),
        new_service=adaptation.new_service_as_exported(twice["new_service"], regency, calendar),
        events=adaptation.events(),
        costs=paid,
        potential=potential,
        potential_of=MappingProxyType(twice),
        truth=MappingProxyType(rounded({**truth, **more})),
    )


def _providers_by_office(offices: Offices, providers: Any) -> dict[str, str]:  # noqa: ANN401 - positions (O,)
    trained = np.flatnonzero(np.isfinite(offices.adopted))
    return {offices.names[i]: PROVIDERS[providers[i]][0] for i in trained}


def _permit_truth(regency: Regency, offices: Offices, potential: pd.DataFrame, gains: pd.DataFrame) -> dict[str, Any]:
    return {
        "about": "DATA SINTETIS, bukan data Batanghari. SYNTHETIC DATA, not data of Batanghari.",
        "adopted": adoption(offices.names, offices.adopted),
        "applications": len(potential),
        "as_of": str(regency.as_of),
        "course": COURSE,
        "dirt": {
            "completed_before_received": BACKWARDS,
            "repeated_rows": REPEATED,
            "spaces_after_office": SPACED,
            "test_rows": TEST_ROWS,
        },
        "effect_log_points": regency.training_effect,
        "first_month": str(FIRST_MONTH),
        "months": regency.months,
        "offices": regency.offices,
        "outcomes": {name: realised(potential, followed, unit, outcome) for name, followed, unit, outcome in OUTCOMES},
        "seed": regency.seed,
        "survey": survey_truth(gains),
        "system_log_points": SYSTEM if regency.world == "system_change" else 0.0,
        "trend_log_points_a_month": TREND if regency.world == "diverging" else 0.0,
        "world": regency.world,
    }
