"""What else people were taught: the other courses in the training records, by office and month.

An office that is trained in one course is often sent to another in the same month. What follows cannot be put down to
one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings
from asn_impact.intake.fields.labels import answered, is_one_of
from asn_impact.intake.gathering import explaining
from asn_impact.intake.readers.completions import select_course, who_completed
from asn_impact.intake.readers.training_list import read_list, unreadable_ends
from asn_impact.verbs import public_verb


@public_verb
def read_other_courses(
    source: Any,  # noqa: ANN401 - a path or a frame
    *,
    course: str | Names | None,
    columns: Headings | None = None,
    dates: Mapping[str, str] | None = None,
    offices: Mapping[str, str] | None = None,
    completion: Literal["passed", "attended"] = "passed",
    passed_words: Mapping[str, str] | None = None,
    regency: str | None = None,
    table: str | None = None,
    sheets: Names = (),
    zone: str | None = None,
) -> pd.DataFrame:
    """Return in which months an office completed a course other than the one that is studied.

    Parameters
    ----------
    source, course, columns, dates, offices, completion, passed_words, regency, table, sheets, zone
        As for `read_training`. Without a course every course counts as the one studied: there is no other.

    Returns
    -------
    DataFrame
        ``office``, ``course``, ``month`` (a monthly `pandas.Period`), each combination once, in this order.

    Examples
    --------
    >>> sessions = pd.DataFrame({"office": ["O1", "O1", "O2"], "course": ["E-Gov", "Etika", "Etika"],
    ...     "course_end": pd.to_datetime(["2024-03-05", "2024-03-20", "2024-09-02"]), "passed_count": [2, 4, 3]})
    >>> read_other_courses(sessions, course="e-gov").astype(str).to_numpy().tolist()
    [['O1', 'Etika', '2024-03'], ['O2', 'Etika', '2024-09']]
    """
    empty = pd.DataFrame({"office": [], "course": [], "month": []}, dtype=object)
    if course is None:
        return empty
    with explaining(source):
        days = dict(dates or {})
        rows = read_list(
            source,
            columns=columns,
            dates=days,
            offices=offices,
            regency=regency,
            table=table,
            sheets=sheets,
            zone=zone,
            passed_words=passed_words,
        )
        _, studied, _ = select_course(rows.frame, course)
        others = rows.frame.filter(~nw.col("course").is_null() & ~is_one_of("course", studied))
        try:
            completed, _, _ = who_completed(others, completion, unreadable_ends(rows), passed_words)
        except InputError as problem:
            if problem.message.key not in _NOTHING:
                raise
            return empty
    completed = completed.assign(office=completed["office"].map(lambda o: answered(o, offices)))
    found = completed[["office", "course", "month"]].drop_duplicates()
    return found.sort_values(["office", "course", "month"], ignore_index=True)


_NOTHING = ("training.nothing_usable", "common.paragraph")  # nobody completed another course
