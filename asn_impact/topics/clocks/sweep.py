"""Whose is each day of a case? Numbers only: steps as intervals of days since receipt, shared where they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from asn_impact.arrays import Float, Int


class Intervals(NamedTuple):
    """Steps of cases: who had a case on the days in (start, stop], counted since its receipt."""

    case: Int  #: (n,) positions: of the case
    step: Int  #: and of the name of the step
    start: Int  #: (n,) days since receipt, within 0 and the length of the case
    stop: Int  #: the same as the start where only one day was written


class Shares(NamedTuple):
    """The days of cases, each given away once."""

    case: Int  #: (m,) a case
    step: Int  #: and a step of it, each pair once and in order
    days: Float  #: (m,) its days: whole ones, and parts of those that several steps had at once
    waiting: Float  #: (cases,) days on which no step was open and that no step was given


def share_days(steps: Intervals, length: Int, horizon: int, *, to_next: bool) -> Shares:
    """Return the days of each case up to the horizon, by step: min(length, horizon) in all, exactly.

    A day on which several steps are open is shared among them alike; rows of one step count once. A day without any is
    one of waiting, or belongs to the step (or steps) that begin next where `to_next` is true.

    Parameters
    ----------
    steps
        In any order.
    length
        (cases,) whole days of each case.

    Examples
    --------
    >>> steps = Intervals(*(np.array(values) for values in ([0, 0, 0], [0, 1, 2], [0, 2, 8], [4, 4, 9])))
    >>> shares = share_days(steps, np.array([9]), 30, to_next=False)
    >>> shares.days.tolist(), shares.waiting.tolist()
    ([3.0, 1.0, 1.0], [4.0])
    """
    runs, pair, first = _runs(steps)
    points, size = _points(runs, length)
    case, time = np.divmod(points, size)
    after = np.append(time[1:], 0)
    same = np.append(case[1:] == case[:-1], False)
    segment = np.where(same, np.minimum(after, horizon) - np.minimum(time, horizon), 0)
    begins = np.searchsorted(points, runs.case * size + runs.start)
    ends = np.searchsorted(points, runs.case * size + runs.stop)
    beginning = np.bincount(begins, minlength=len(points))
    active = np.cumsum(beginning - np.bincount(ends, minlength=len(points)))
    each = np.divide(segment, active, out=np.zeros(len(points)), where=active > 0)
    days = _between(each, begins, ends)
    idle = np.where(active == 0, segment, 0).astype(np.float64)
    if to_next:  # the segment without a step ends where the next one begins, or with the case
        taken = np.append(beginning[1:] > 0, False) & same
        days += np.where(begins > 0, idle[begins - 1], 0.0) / beginning[begins]
        idle = np.where(taken, 0.0, idle)
    waiting = _add_up(case, idle, len(length))
    return Shares(runs.case[first], runs.step[first], _add_up(pair, days, len(first)), waiting)


def _runs(steps: Intervals) -> tuple[Intervals, Int, Int]:
    """Return the intervals of each step of a case joined where they touch; the pair of each, and the first of each."""
    order = np.lexsort((steps.stop, steps.start, steps.step, steps.case))
    case, step, start, stop = (values[order] for values in steps)
    new = np.ones(len(case), dtype=np.bool_)
    new[1:] = (case[1:] != case[:-1]) | (step[1:] != step[:-1])
    pair = np.cumsum(new) - 1
    size = int(stop.max(initial=0)) + 1
    furthest = np.maximum.accumulate(pair * size + stop) - pair * size if len(pair) else stop
    apart = new.copy()
    apart[1:] |= start[1:] > furthest[:-1]
    at = np.flatnonzero(apart)
    last = np.append(at[1:], len(case))[: len(at)] - 1
    runs = Intervals(case[at], step[at], start[at], furthest[last])
    return runs, pair[at], np.flatnonzero(new[at])


def _points(runs: Intervals, length: Int) -> tuple[Int, int]:
    """Return the moments at which anything begins or ends, as case times a size plus time, and the size."""
    size = int(length.max(initial=0)) + 2
    whole = np.arange(len(length), dtype=np.int64) * size
    keys = (whole, whole + length, runs.case * size + runs.start, runs.case * size + runs.stop)
    return np.unique(np.concatenate(keys)), size


def _add_up(at: Int, values: Float, size: int) -> Float:
    return np.asarray(np.bincount(at, weights=values, minlength=size), dtype=np.float64)


def _between(values: Float, begins: Int, ends: Int) -> Float:
    """Return the sums of values[begin:end], each added up by itself: one running sum of all would round."""
    if not len(begins):
        return np.zeros(0)
    edges = np.stack([begins, ends], axis=1).ravel()
    sums = np.add.reduceat(np.append(values, 0.0), edges)[::2]
    return np.where(ends > begins, sums, 0.0)
