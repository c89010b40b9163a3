"""Who works where, who took which course, and what they knew before and after: persons that never were."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Int
from synthetic.programme.town import COURSES, Drawn, Town
from synthetic.regency import month_starts

__all__ = ["draw_people"]

_OTHERS: Final = ("Pengadaan Barang dan Jasa", "Orientasi PPPK", "Penyusunan SOP")
_PRACTICE: Final = 4.0  # points that everybody gains by taking the test again
_TESTED: Final = 6  # persons of an office who take the tests


def draw_people(town: Town, drawn: Drawn) -> dict[str, pd.DataFrame]:
    """Return ``training``, ``positions``, ``staff`` and ``tests``: rows with plain names."""
    draw = town.draw("people")
    home = np.arange(len(drawn.names)).repeat(drawn.staff)
    persons = pd.DataFrame({"person": [_number(i) for i in range(len(home))], "home": home})
    training, moves = _training(draw, drawn, persons, town)
    return {
        "training": training,
        "positions": _positions(draw, drawn, persons, moves),
        "staff": pd.DataFrame({"office": np.arange(len(drawn.names)), "staff": drawn.staff}),
        "tests": _tests(town, drawn, persons, training),
    }


def _number(i: int) -> str:
    """Return a number of the form of a NIP that nobody can have: born on a day of 1900."""
    return f"19000101192001{1 + i % 2}{i // 2 + 1:03d}"


def _training(
    draw: np.random.Generator, drawn: Drawn, persons: pd.DataFrame, town: Town
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return who completed what, and who moved after it: the list has the office of today, as personnel systems do."""
    rows: list[pd.DataFrame] = []
    moves: list[tuple[str, int, pd.Timestamp]] = []
    for course in COURSES:
        for month, day, _ in course.waves[town.layout]:
            ended = pd.Timestamp(month_starts(np.array([month]))[0]) + pd.Timedelta(days=day - 1)
            for office in np.flatnonzero(drawn.adopted[course.key] == month):
                staff = persons.loc[persons["home"] == office, "person"].to_numpy()
                chosen = draw.permutation(staff)
                passed = int(np.ceil(draw.uniform(0.62, 0.80) * len(staff)))
                taken = chosen[: passed + 1]
                word = np.where(np.arange(len(taken)) < passed, "passed", "attended")
                rows.append(_sat(taken, str(draw.choice(course.titles)), ended, word))
                if draw.random() < 0.4:
                    moves.append((str(taken[0]), _elsewhere(draw, int(office), drawn), ended + pd.Timedelta(days=150)))
        few = draw.choice(np.flatnonzero(np.isinf(drawn.adopted[course.key])), 2, replace=False)
        for office in few:  # sent one person, far from half
            staff = persons.loc[persons["home"] == office, "person"].to_numpy()
            rows.append(_sat(staff[:1], course.titles[0], pd.Timestamp("2024-02-21"), np.array(["passed"])))
    some = draw.permutation(persons["person"].to_numpy())[: len(persons) // 3]
    for title, taken in zip(_OTHERS, np.array_split(some, len(_OTHERS)), strict=True):
        rows.append(_sat(taken, title, pd.Timestamp("2023-06-22"), np.full(len(taken), "passed", dtype=object)))
    table = pd.concat(rows, ignore_index=True)
    gone = pd.DataFrame(moves, columns=["person", "office", "since"]).drop_duplicates("person")
    today = {
        **dict(zip(persons["person"], persons["home"], strict=True)),
        **dict(zip(gone["person"], gone["office"], strict=True)),
    }
    table["office"] = table["person"].map(today)
    return table.sort_values(["ended", "person"], kind="stable", ignore_index=True), gone


def _sat(taken: np.ndarray, title: str, ended: pd.Timestamp, word: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"person": taken, "title": title, "hours": 24, "ended": ended, "word": word})


def _elsewhere(draw: np.random.Generator, office: int, drawn: Drawn) -> int:
    return int(draw.choice(np.delete(np.arange(len(drawn.names)), office)))


def _positions(draw: np.random.Generator, drawn: Drawn, persons: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Everybody's posts: the first at another office for some, the home from 2020 at the latest, a move for a few."""
    homes = persons.rename(columns={"home": "office"}).assign(since=pd.Timestamp("2020-01-17"))
    before = persons.sample(frac=0.2, random_state=draw).assign(since=pd.Timestamp("2016-04-26"))
    before["office"] = draw.integers(0, len(drawn.names), len(before))
    every = pd.concat([before.drop(columns="home"), homes, moves], ignore_index=True)
    return every.sort_values(["person", "since"], kind="stable", ignore_index=True)[["person", "office", "since"]]


def _tests(town: Town, drawn: Drawn, persons: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Scores before and after of those at the communication course and of others: practice, and nothing besides."""
    draw = town.draw("tests")
    titles = next(c.titles for c in COURSES if c.key == "komunikasi")
    there = set(training.loc[training["title"].isin(titles), "person"])
    taught = np.isfinite(drawn.adopted["komunikasi"])
    keep = persons["person"].isin(there) | ~taught[persons["home"].to_numpy()]
    sat = persons.loc[keep].groupby("home").head(_TESTED)
    office: Int = sat["home"].to_numpy()
    mood = draw.normal(0.0, 1.5, len(drawn.names))[office]
    before = draw.normal(60, 9, len(sat)) + 5 * drawn.level[office]
    after = before + _PRACTICE + mood + draw.normal(0.0, 5, len(sat))
    scores = {name: np.clip(np.round(s, 1), 0, 100) for name, s in (("before", before), ("after", after))}
    return pd.DataFrame({"person": sat["person"].to_numpy(), "office": office, "taught": taught[office], **scores})
