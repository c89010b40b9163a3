"""Which rows of a budget are those of one course, where it holds several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool
from asn_impact.errors import InputError
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import holds
from asn_impact.words import Alert, Message

_NUMBER, _KIND = (
    r"[\W\d]*(?:\w[.)]\s+)?",
    r"\b(?:diklat|pelatihan|bimtek|bimbingan teknis|kursus|workshop|lokakarya|seminar|sosialisasi|training|course)\b",
)
_COURSE: Final = re.compile(
    rf"{_NUMBER}(?:belanja|biaya|kegiatan|penyelenggaraan|pelaksanaan|\s)*{_KIND}", re.IGNORECASE
)
_HEADS_COURSE: Final = re.compile(rf"{_NUMBER}{_KIND}\s+\w", re.IGNORECASE)  # Belanja Pelatihan is an account


def rows_of_course(
    said: Sequence[str], named: Sequence[str], group: Bool, match: Names, others: Names, column: str = "Uraian"
) -> tuple[Bool, list[Message]]:
    """Return (N,) which rows of a budget are those of a course, and what must be known of that.

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
    column
        Heading of the column of names.

    Raises
    ------
    InputError
        No row is of the course, or there are several courses and one row is of none; some rows name the course, and
        another one is called a course too.

    Examples
    --------
    >>> rows = ["Pelatihan E-Gov", "Narasumber", "Manajemen Proyek", "Narasumber"]
    >>> rows_of_course([], rows, np.array([True, False, True, False]), ("e-gov",), ("proyek",))[0].tolist()
    [True, True, False, False]
    """
    if said:
        own = np.array([_any(text, match) for text in said], dtype=np.bool_)
        if not own.any():
            raise InputError(Message("planning.costs.no_course", words=match, known=_shown(said)))
        return own, []
    kinds = [1 if _any(text, match) else 2 if _any(text, others) else 0 for text in named]
    heading = np.array([kind == 1 for kind in kinds], dtype=np.bool_) & group
    if 2 not in kinds and not heading.any():  # a budget of this course alone
        return np.ones(len(named), dtype=np.bool_), _all_counted(kinds, named, group, match, column)
    strange = [i for i, text in enumerate(named) if group[i] and not kinds[i] and _HEADS_COURSE.match(text)]
    kinds = [2 if i in strange else kind for i, kind in enumerate(kinds)]
    last, owner = 0, []
    for kind, heads in zip(kinds, group, strict=True):
        last = kind or last if heads else last
        owner.append(kind or last)
    belongs = np.array(owner)
    if 1 not in owner:
        raise InputError(Message("planning.costs.no_course", words=match, known=_shown(named)))
    if (nobody := (belongs == 0) & ~group).any():
        raise InputError(Message("planning.costs.several_courses", first=masked(named[int(np.argmax(nobody))])))
    below = [masked(named[i]) for i in strange]
    return np.asarray(belongs == 1), [Alert("planning.costs.below_others", names=below)] if below else []


def _all_counted(kinds: Sequence[int], named: Sequence[str], group: Bool, match: Names, column: str) -> list[Message]:
    """Say that rows without the name of the course count too, where others have it; refuse what is another course."""
    silent = [name for name, kind, heads in zip(named, kinds, group, strict=True) if not (kind or heads)]
    if 1 not in kinds or not silent:
        return []
    courses = [name for name in silent if _COURSE.match(name)]
    given = {"words": match, "heading": masked(column), "n": len(silent), "first": masked((courses or silent)[0])}
    if courses:
        raise InputError(Message("planning.costs.another_course", **given))
    return [Alert("planning.costs.all_of_course", **given)]


def _any(text: str, words: Names) -> bool:
    return any(holds(text, word) for word in words)


def _shown(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(masked, pd.unique(pd.Series([text for text in texts if text], dtype=object))))
