"""Persons who change offices after a course: what they learned goes with them, or stays where it was learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from asn_impact.intake.fields.labels import same_office


def follow(completions: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of completions with a person's part taken from the office left and given to the one joined.

    A person counts once, from the first completion on, wherever that person works. Hours completed go along. A course
    that ends in another office than the last one known tells of a move too; an office written otherwise is no other.

    Parameters
    ----------
    completions
        ``office``, ``officer``, ``course_end`` and, for hours, ``hours``; rows without a person do not count.
    later
        ``officer``, ``office_then``, ``since``: the history of positions.

    Returns
    -------
    DataFrame
        ``office``, ``course_end`` (the day of the course, or of the move), ``month``, ``n`` (1, 0 or -1), ``hours``.
    """
    rows = [row for _, events in _by_person(completions, later) for row in _path(events)]
    table = pd.DataFrame(rows, columns=["office", "course_end", "n", "hours"])
    days = pd.to_datetime(table["course_end"])
    table = table.assign(course_end=days, month=days.dt.to_period("M"))
    return table if "hours" in completions else table.drop(columns="hours")


def count_movers(completions: pd.DataFrame, later: pd.DataFrame) -> int:
    """Return how many persons work in another office some day after their first completion."""
    return sum(any(n < 0 for _, _, n, _ in _path(events)) for _, events in _by_person(completions, later))


def _by_person(completions: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[Any, list[tuple[Any, ...]]]]:
    """Yield each person with ``(day, 0 a move or 1 a completion, office, hours)``, in the order of time."""
    done = completions.dropna(subset=["officer"])
    hours = done["hours"] if "hours" in done else pd.Series(0.0, index=done.index)
    days = pd.to_datetime(done["course_end"])
    events = pd.DataFrame({"who": done["officer"], "day": days, "kind": 1, "office": done["office"], "hours": hours})
    moves = later.loc[later["officer"].isin(done["officer"])]
    moved = {"who": moves["officer"], "day": moves["since"], "kind": 0, "office": moves["office_then"], "hours": 0.0}
    every = pd.concat([events, pd.DataFrame(moved)], ignore_index=True).sort_values(["who", "day", "kind", "office"])
    for who, own in every.groupby("who", sort=True):
        yield who, list(own[["day", "kind", "office", "hours"]].itertuples(index=False, name=None))


def _path(events: list[tuple[Any, ...]]) -> Iterator[tuple[Any, Any, int, float]]:
    """Yield ``(office, day, persons, hours)`` added by each event of one person; nothing before the first course."""
    at, carried = None, 0.0
    for day, completed, office, hours in events:
        if at is None:
            if not completed:
                continue
            at = office
            yield at, day, 1, 0.0
        if not same_office(str(office), str(at)):
            yield at, day, -1, -carried
            at = office
            yield at, day, 1, carried
        if completed and hours:
            carried += hours
            yield at, day, 0, hours
