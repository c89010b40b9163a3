"""A small regency made up on the spot: 20 offices, 24 months, three waves, an effect that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import Design, assign
from asn_impact.estimation import GroupTime, Inference, Jackknife, infer
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.outcomes import Mean, RestrictedMean, Within
from asn_impact.measures.panel import Outcome, Panel
from asn_impact.timeline import Timeline

FIRST_MONTH = 12 * 2024  # January 2024
WAVES = ("2025-01", "2025-03", "2025-07")


@dataclass(frozen=True)
class Source:
    name: str
    rows: int
    sha256: str


def office_names(count: int) -> tuple[str, ...]:
    return tuple(f"Dinas {chr(65 + i)}" for i in range(count))


def make_panel(outcome: Outcome, *, effect: float, level: float, noise: float, offices: int = 20) -> Panel:
    generator = np.random.default_rng(2026)
    months = 24
    names = office_names(offices)
    trained = {office: 12 + 2 * (i % 3) + (i % 3 == 2) * 2 for i, office in enumerate(names[:9])}
    start = np.array([trained.get(office, 10_000) for office in names])
    mean = level + generator.normal(0, noise, (offices, 1)) + generator.normal(0, noise / 3, (1, months))
    mean = mean + generator.normal(0, noise / 2, (offices, months))
    mean = mean + effect * (np.arange(months)[None, :] >= start[:, None])
    return Panel(
        outcome=outcome,
        units=names,
        timeline=Timeline.months([FIRST_MONTH + m for m in range(months)]),
        n=generator.integers(15, 60, (offices, months)).astype(float),
        mean=mean,
        weight=np.ones((offices, months)),
        attributes=pd.DataFrame({"office": names}),
        immature=("2026-01", "2026-02"),
    )


def make_rollout(panel: Panel) -> Rollout:
    adopted = {office: pd.Period(WAVES[i % 3], "M") for i, office in enumerate(panel.units[:9])}
    return Rollout(adopted=pd.Series(adopted, dtype=object), label="e-government")


def make_design(panel: Panel) -> Design:
    return assign(panel, make_rollout(panel), cluster="office")


def overall(design: Design) -> Inference:
    return infer(GroupTime()(design).overall(), Jackknife())


@pytest.fixture(scope="session")
def panel() -> Panel:
    return make_panel(RestrictedMean(30), effect=-2.0, level=9.0, noise=0.8)


@pytest.fixture(scope="session")
def design(panel: Panel) -> Design:
    return make_design(panel)


@pytest.fixture(scope="session")
def answer(design: Design) -> Inference:
    return overall(design)


@pytest.fixture(scope="session")
def event(design: Design) -> Inference:
    return infer(GroupTime()(design).event_study(), Jackknife())


@pytest.fixture(scope="session")
def nothing() -> Inference:
    return overall(make_design(make_panel(RestrictedMean(30), effect=0.0, level=9.0, noise=0.8)))


@pytest.fixture(scope="session")
def in_time() -> Inference:
    return overall(make_design(make_panel(Within(5), effect=0.12, level=0.5, noise=0.05)))


@pytest.fixture(scope="session")
def ready() -> Inference:
    return overall(make_design(make_panel(Mean("l_homicide"), effect=0.3, level=1.0, noise=0.3)))


@pytest.fixture(scope="session")
def months() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": [f"2025-{m:02d}" for m in range(1, 13)],
            "cases": [812, 770, 640, 701, 698, 733, 745, 720, 760, 790, 655, 480],
            "open": [0, 0, 0, 0, 0, 0, 0, 0, 12, 25, 90, 310],
            "follow_up": [200 - 20 * m for m in range(1, 10)] + [25, 12, 0],
            "mature": [True] * 9 + [False] * 3,
        }
    )


@pytest.fixture(scope="session")
def sources() -> tuple[Source, ...]:
    return (Source("permohonan_2024.csv", 9000, "ab" * 32), Source("permohonan_2025.csv", 8900, "cd" * 32))


@pytest.fixture(scope="session")
def record() -> Ledger:
    return Ledger(
        read=17_900, kept=17_862, dropped={reason("test_row"): 12, reason("row_of_totals"): 20, reason("no_office"): 6}
    )
