"""Which rows of a budget are those of one course, where it holds several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool
from asn_impact.errors import InputError
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import holds
from asn_impact.words import Message


def rows_of_course(said: Sequence[str], named: Sequence[str], group: Bool, match: Names, others: Names) -> Bool:
    """(N,) True for the rows of a budget that are those of a course.

    Parameters
    ----------
    said
        (N,) the column that says the course; empty where there is none.
    named
        (N,) what each row is called.
    group
        (N,) True for rows that head others.
    match, others
        Words of the course, and those of other courses.

    Raises
    ------
    InputError
        No row is of the course, or there are several courses and one row is of none.

    Examples
    --------
    >>> rows = ["Pelatihan E-Gov", "Narasumber", "Manajemen Proyek", "Narasumber"]
    >>> rows_of_course([], rows, np.array([True, False, True, False]), ("e-gov",), ("proyek",)).tolist()
    [True, True, False, False]
    """
    if said:
        own = np.array([_any(text, match) for text in said], dtype=np.bool_)
        if not own.any():
            raise InputError(Message("planning.costs.no_course", words=match, known=_shown(said)))
        return own
    kinds = [1 if _any(text, match) else 2 if _any(text, others) else 0 for text in named]
    heading = np.array([kind == 1 for kind in kinds], dtype=np.bool_) & group
    if 2 not in kinds and not heading.any():  # a budget of this course alone
        return np.ones(len(named), dtype=np.bool_)
    last, owner = 0, []
    for kind, heads in zip(kinds, group, strict=True):
        last = kind or last if heads else last
        owner.append(kind or last)
    belongs = np.array(owner)
    if 1 not in owner:
        raise InputError(Message("planning.costs.no_course", words=match, known=_shown(named)))
    if (nobody := (belongs == 0) & ~group).any():
        raise InputError(Message("planning.costs.several_courses", first=masked(named[int(np.argmax(nobody))])))
    return np.asarray(belongs == 1)


def _any(text: str, words: Names) -> bool:
    return any(holds(text, word) for word in words)


def _shown(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(masked, pd.unique(pd.Series([text for text in texts if text], dtype=object))))
