"""Tests before and after the courses: four dimensions of five items, with a group for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import PROVIDERS
from synthetic.regency import WAVES, Offices, Regency, month_starts, working_day

# Dimension, usual item score before (0 to 10) and gain at the usual effect and organiser.
DIMENSIONS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"teknis": (5.6, 1.20), "komunikasi": (6.2, 0.25), "waktu": (6.0, 0.20), "digital": (5.2, 1.50)}
)
ITEMS = 5
PRACTICE = 0.20  # item points that everyone gains by taking the test again
ABILITY, NOISE = 1.3, 1.7  # sd between persons and sd of an item around its person, in item points
_SHARED = 0.4  # correlation of two dimensions of a person
_OFFICE = 0.5  # sd of offices in digital skills, in sd of persons
_ABSENT = 0.04  # share of persons who miss the second test
_AT_TRAINED, _AT_OTHERS = 6, 5  # persons tested at an office


def reliability(items: int = ITEMS) -> float:
    """Cronbach's alpha of a dimension: items * r / (1 + (items - 1) * r), r the correlation of two items.

    The noise of an item holds its rounding (variance 1/12); that scores end at 0 and 10 is left out.

    Examples
    --------
    >>> round(reliability(), 3)
    0.74
    """
    r = ABILITY**2 / (ABILITY**2 + NOISE**2 + 1 / 12)
    return items * r / (1 + (items - 1) * r)


def digital_skills(regency: Regency) -> Float:
    """Draw the digital skills of an office before any course (O,), in standard deviations of persons."""
    return regency.draw("learning").spawn(1)[0].normal(0.0, _OFFICE, regency.offices)


def digital_gain(regency: Regency, offices: Offices, providers: Int) -> Float:
    """Return what the course adds to the digital skills of a trained office (O,), in the same unit."""
    gain = DIMENSIONS["digital"][1] / ABILITY * regency.scale
    return np.where(np.isfinite(offices.adopted), gain * _strength(providers), 0.0)


def _strength(providers: Int) -> Float:
    return np.array([strength for _, _, strength in PROVIDERS])[providers]


@dataclass(frozen=True, eq=False)
class Tests:
    """Answers of P persons, the second test twice from the same draws. D dimensions, J items."""

    office: Int  # (P,)
    trained: Bool  # (P,)
    month: Int  # (P,) month of the course, or of the wave the person is compared with
    present: Bool  # (P,) came to the second test
    before: Int  # (P, D, J)
    after: Int  # (P, D, J)
    after_without: Int  # (P, D, J)


def sit_tests(regency: Regency, offices: Offices, providers: Int, skills: Float) -> Tests:
    """Test participants of the course and staff of untrained offices before and after."""
    draw = regency.draw("learning")
    trained_office = np.isfinite(offices.adopted)
    office = np.repeat(np.arange(regency.offices), np.where(trained_office, _AT_TRAINED, _AT_OTHERS))
    trained = trained_office[office]
    compared_with = np.array([month for month, _ in WAVES])[draw.integers(0, len(WAVES), regency.offices)]
    month = np.where(trained_office, np.nan_to_num(offices.adopted, posinf=0.0), compared_with).astype(np.int64)[office]
    ability = _abilities(draw, skills[office])
    usual, gain = np.array(list(DIMENSIONS.values())).T
    learnt = np.clip(draw.normal(1.0, 0.35, len(office)), 0.0, 2.0) * _strength(providers)[office]
    added = np.where(trained, regency.scale * learnt, 0.0)[:, None] * gain
    first = usual + ABILITY * ability
    noise = draw.normal(0.0, NOISE, (2, *ability.shape, ITEMS))
    return Tests(
        office=office,
        trained=trained,
        month=month,
        present=draw.random(len(office)) >= _ABSENT,
        before=_scored(first, noise[0]),
        after=_scored(first + PRACTICE + added, noise[1]),
        after_without=_scored(first + PRACTICE, noise[1]),
    )


def _abilities(draw: np.random.Generator, office: Float) -> Float:
    """Abilities of persons by dimension (P, D), sd 1; digital skills partly those of the office."""
    shared = draw.normal(0.0, np.sqrt(_SHARED), (len(office), 1))
    own = draw.normal(0.0, np.sqrt(1 - _SHARED), (len(office), len(DIMENSIONS)))
    ability = shared + own
    digital = list(DIMENSIONS).index("digital")
    ability[:, digital] = office + np.sqrt(1 - _OFFICE**2) * ability[:, digital]
    return ability


def _scored(level: Float, noise: Float) -> Int:
    return np.clip(np.rint(level[:, :, None] + noise), 0, 10).astype(np.int64)


def tests_as_exported(tests: Tests, offices: Offices, calendar: WorkCalendar) -> pd.DataFrame:
    """Return one row a person and test; who missed the second test has one row."""
    person = np.char.add("P", np.char.zfill((np.arange(len(tests.office)) + 1).astype(str), 4))
    before = _rows(
        tests, offices, person, "Awal", working_day(calendar, calendar.number(month_starts(tests.month)) + 1)
    )
    last = working_day(calendar, calendar.number(month_starts(tests.month + 2)) + 12)
    after = _rows(tests, offices, person, "Akhir", last).loc[tests.present]
    rows = pd.concat([before, after])
    return rows.sort_values(["Tanggal", "Kode Peserta"], kind="stable", ignore_index=True)


def _rows(tests: Tests, offices: Offices, person: Any, test: str, date: Any) -> pd.DataFrame:  # noqa: ANN401
    scores = tests.before if test == "Awal" else tests.after
    headings = [f"{name}_{item + 1}" for name in DIMENSIONS for item in range(ITEMS)]
    who = pd.DataFrame(
        {
            "Kode Peserta": person.astype(object),
            "Perangkat Daerah": offices.names[tests.office],
            "Kelompok": np.where(tests.trained, "Dilatih", "Pembanding").astype(object),
            "Tes": test,
            "Tanggal": date.astype("datetime64[s]"),
        }
    )
    return who.join(pd.DataFrame(scores.reshape(len(who), -1), columns=headings))


def gains(tests: Tests, offices: Offices, providers: Int) -> pd.DataFrame:
    """Return what training added to the mean item score of each trained person who came twice, by dimension."""
    kept = tests.trained & tests.present
    added = (tests.after - tests.after_without)[kept].mean(axis=2)
    office = tests.office[kept]
    provider = [PROVIDERS[k][0] for k in providers[office]]
    return pd.DataFrame(added, columns=list(DIMENSIONS)).assign(office=offices.names[office], provider=provider)


def learning_truth(tests: Tests, gained: pd.DataFrame) -> dict[str, Any]:
    """Return realised gains in item points (0 to 10) by dimension and organiser, and the reliability."""
    names = list(DIMENSIONS)
    by_provider = gained.groupby("provider")[names].mean()
    return {
        "alpha_of_generator": reliability(),
        "dimensions": {
            name: {
                "att_offices": gained.groupby("office")[name].mean().mean(),
                "att_persons": gained[name].mean(),
                "by_provider": [{"provider": k, "att": v} for k, v in by_provider[name].items()],
            }
            for name in names
        },
        "persons": len(tests.office),
        "persons_absent_after": int((~tests.present).sum()),
        "practice_item_points": PRACTICE,
        "trained_persons_compared": len(gained),
        "unit": "item points, 0 to 10",
    }
