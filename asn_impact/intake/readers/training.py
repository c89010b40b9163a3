"""Training records -> `Rollout`: which unit was treated from when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, course_categories
from asn_impact.intake.fields.labels import settle_labels
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import (
    TRAINING_FIELDS,
    count_taught_by_others,
    loss_notes,
    select_course,
    select_provider,
    who_completed,
)
from asn_impact.intake.readers.positions import dates_of, find_units_then
from asn_impact.intake.readers.rollout import Rollout, read_rollout, read_rollout_from_status
from asn_impact.intake.readers.staff import staff_numbers
from asn_impact.intake.readers.trained import (
    accumulate,
    count_over_full,
    count_partly_treated,
    count_persons_once,
    first_months,
)
from asn_impact.verbs import public_verb
from asn_impact.words import Message

__all__ = [
    "Rollout",
    "read_rollout",
    "read_rollout_from_status",
    "read_training",
]

_NO_OFFICE: Final = "-"  # said of an office that is in no export


@public_verb
def read_training(
    source: Any,  # noqa: ANN401
    *,
    course: str | None = None,
    share: float | None = None,
    staff: Mapping[str, float] | Any | None = None,  # noqa: ANN401
    columns: Headings | None = None,
    dates: Mapping[str, str] | None = None,
    offices: Mapping[str, str] | None = None,
    provider: str | None = None,
    completion: Literal["passed", "attended"] = "passed",
    dose: Literal["share", "hours"] = "share",
    positions: Any | None = None,  # noqa: ANN401
    position_columns: Mapping[str, str | None] | None = None,
    key: bytes | None = None,
    table: str | None = None,
    zone: str | None = None,
) -> Rollout:
    """Return from which month each office counts as trained, from training records.

    Reads both forms: one row a person and course, or one row a session with the number who passed. The month
    is that of the *end* of the course. Numbers of persons are used to count a person once, and to find the unit of
    the day in `positions`; they are in nothing that is returned or said.

    Parameters
    ----------
    source : path or frame
        As for `read_exports`. Fields: ``office``, ``course``, ``course_end``; by person ``officer`` and
        ``passed``; by session ``passed_count`` and ``staff``.
    course : str, optional
        Part of the name of the course, in any case; or a category: ``"e-government"``, ``"digital"``, ``"project
        management"``, ``"communication"``, ``"time management"``, ``"regulation"``, also in Indonesian, which then
        counts what is known to belong there too (``Bimtek SPBE``): the notes list every course counted. Without it
        every course counts.
    share : float, optional
        The office counts as trained from the first month in which this share of its staff had completed the
        course. Without it: from the first completion.
    staff : mapping or frame, optional
        Office -> number of case-handling staff. Without it the column ``staff`` of the records is used.
    columns, dates : mapping, optional
        As for `read_exports`; of `positions` the field of ``dates`` is ``since``. A range or list of days counts to its
        end: ``3 s.d. 7 Maret 2024``.
    offices : mapping, optional
        Office label in the training records -> label in the exports, where they differ; ``"-"`` for one that is in no
        export and is left out.
    provider : str, optional
        Part of the name of who gave the course; the others do not count. Offices they taught are not untrained: leave
        them out of the comparison (`Design.where`).
    completion : {"passed", "attended"}
        Whether those count who are known to have passed (``Lulus``, ``Kompeten``), or also those who were there
        (``Hadir``).
    dose : {"share", "hours"}
        What ``doses`` holds: the share of staff, or also the hours of training for each member of it.
    positions : path or frame, optional
        History of positions (riwayat jabatan): ``officer``, ``office`` and ``since`` (TMT). A person then counts for
        the unit of the day on which the course ended. Without it the unit of the records is used, which in personnel
        systems is the current one, and a warning says so.
    position_columns : mapping, optional
        Field -> heading in `positions`, as ``columns``.
    key : bytes, optional
        Key of `asn_impact.intake.privacy.load_key`; persons are then told apart by keyed pseudonyms from the first
        step on.
    table : str, optional
        Table of a database or sheet of a workbook, as for `read_exports`.
    zone : str, optional
        Zone in which the end of a course has its day, as for `read_exports`.

    Returns
    -------
    Rollout
        ``adopted`` holds monthly `pandas.Period` values, missing for an office below the share.

    Raises
    ------
    InputError
        When no course matches, staff numbers are absent or not positive, or a column cannot be read.

    Examples
    --------
    >>> sessions = pd.DataFrame({"office": ["O1", "O1"], "course": ["E-Gov 1", "E-Gov 2"],
    ...     "course_end": pd.to_datetime(["2024-03-05", "2024-05-20"]), "passed_count": [2, 4], "staff": [10, 10]})
    >>> read_training(sessions, course="e-gov", share=0.5).adopted.astype(str).to_dict()
    {'O1': '2024-05'}
    """
    if share is not None and not 0 < share <= 1:
        raise InputError(Message("training.share_range", share=repr(share)))
    with explaining(source):
        rows = gather(
            source,
            TRAINING_FIELDS,
            columns=columns,
            dates=dates_of(dates, positions, since=False),
            keep=(),
            required=("office", "course_end"),
            table=table,
            zone=zone,
        )
        of_provider, elsewhere = select_provider(rows.frame, provider)
        frame, courses, nameless = select_course(of_provider, course)
        completions, unfit = who_completed(frame, completion)
        apart = count_taught_by_others(select_course(rows.frame, course)[0], frame) if provider is not None else []
    losses = {**elsewhere, **nameless, **unfit}
    completions, unit_notes = find_units_then(
        completions, positions, position_columns, dates_of(dates, positions, since=True), rows.headings, key
    )
    completions, of_offices = one_spelling(completions, offices)
    needed = share is not None or staff is not None or dose == "hours"
    by_office = staff_numbers(staff, completions, offices) if needed else None
    monthly = accumulate(count_persons_once(completions, dose), by_office)
    listed_offices = by_office.index if by_office is not None and staff is not None else ()
    adopted = first_months(monthly, share, sorted({*monthly["office"], *listed_offices}))
    doses = None if by_office is None else monthly[["office", "month", "share", *(["hours"] * (dose == "hours"))]]
    over = [] if by_office is None else count_over_full(monthly)
    label = course or (courses[0] if len(courses) == 1 else "training")
    partly = count_partly_treated(count_persons_once(completions, "share"), adopted)
    about = (_rule(share, courses), *_guess_notes(course, courses), *partly, *rows.notes, *of_offices, *over)
    return Rollout(adopted, label, (*about, *loss_notes(losses), *apart, *unit_notes), doses)


def _guess_notes(course: str | None, courses: Sequence[str]) -> list[Message]:
    """Say which courses count because of their category, and not because their name holds what was asked."""
    if course is None or course.casefold() not in course_categories():
        return []
    guesses = tuple(masked(c) for c in courses if course.casefold() not in c.casefold())
    return [Message("training.by_category", course=course, courses=guesses)] if guesses else []


def one_spelling(completions: pd.DataFrame, offices: Mapping[str, str] | None) -> tuple[pd.DataFrame, list[Message]]:
    """Return the completions with one spelling of each office, and what has to be said of it."""
    counts = {str(label): int(n) for label, n in completions["office"].value_counts().items()}
    changed, notes = settle_labels(counts, offices)
    settled = completions.assign(office=completions["office"].replace(changed))
    elsewhere = sorted(label for label in counts if changed.get(label) == _NO_OFFICE)
    if elsewhere:
        notes = [*notes, Message("training.of_no_office", n=len(elsewhere), offices=tuple(map(masked, elsewhere)))]
    return settled.loc[settled["office"] != _NO_OFFICE], notes


def _rule(share: float | None, names: list[str]) -> Message:
    courses = Message("training.by_courses", n=len(names), courses=tuple(masked(c) for c in names))
    first = Message("training.first_completion") if share is None else Message("training.share_reached", share=share)
    return Message("training.rule", when=first, what=courses if names else Message("training.by_records"))
