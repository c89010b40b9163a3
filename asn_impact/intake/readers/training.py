"""Training records -> `Rollout`: which unit was treated from when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pandas as pd

from asn_impact.arguments import Names
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, course_categories
from asn_impact.intake.fields.labels import answered, label_key, settle_labels
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.gathering import explaining
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import (
    count_taught_by_others,
    loss_notes,
    nearly_chosen,
    select_course,
    select_provider,
    several_courses,
    who_completed,
)
from asn_impact.intake.readers.moves import count_movers, follow
from asn_impact.intake.readers.positions import dates_of, find_units_then, read_history, tell_apart
from asn_impact.intake.readers.rollout import Rollout as Rollout
from asn_impact.intake.readers.rollout import read_rollout as read_rollout
from asn_impact.intake.readers.rollout import read_rollout_from_status as read_rollout_from_status
from asn_impact.intake.readers.staff import staff_numbers
from asn_impact.intake.readers.trained import (
    accumulate,
    count_below_again,
    count_over_full,
    count_partly_treated,
    count_persons_once,
    first_months,
    main_providers,
)
from asn_impact.intake.readers.training_list import read_list, unreadable_ends
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message

_NO_OFFICE: Final = "-"  # said of an office that is in no export


@public_verb
def read_training(
    source: Any,  # noqa: ANN401
    *,
    course: str | Names | None = None,
    share: float | None = None,
    staff: Mapping[str, float] | Any | None = None,  # noqa: ANN401
    columns: Headings | None = None,
    dates: Mapping[str, str] | None = None,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    provider: str | None = None,
    completion: Literal["passed", "attended"] = "passed",
    passed_words: Mapping[str, str] | None = None,
    attended: float | None = None,
    dose: Literal["share", "hours"] = "share",
    positions: Any | None = None,  # noqa: ANN401
    position_columns: Headings | None = None,
    moves: Literal["ignore", "follow"] = "ignore",
    key: bytes | None = None,
    table: str | None = None,
    sheets: Names = (),
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
    course : str or several, optional
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
        end: ``3 s.d. 7 Maret 2024``. Where an end is empty the start of the course counts, if the list has one. A
        column under another usual heading (``keterangan``) says who passed when some of its words do.
    offices : mapping, optional
        Office label in the training records -> label in the exports, where they differ; ``"-"`` for one that is in no
        export and is left out.
    regency : str, optional
        As for `read_exports`: the one that counts where a list is of several, or ``"all"``.
    provider : str, optional
        Part of the name of who gave the course; the others do not count. Offices they taught are not untrained: leave
        them out of the comparison (`Design.where`).
    completion : {"passed", "attended"}
        Whether those count who are known to have passed (``Lulus``, ``Kompeten``), or also those who were there
        (``Hadir``).
    passed_words : mapping, optional
        What words of the office in that column mean: ``{"Remedial": "failed"}``; or ``"passed"``, ``"attended"``.
    attended : float, optional
        Of a sheet of attendance (daftar hadir), a column a day or session with a mark for each person (``Hadir``,
        ``H``, ``v``, ``1``; ``Izin``, ``S``, ``A``, ``-``): who was there in at least this share of the sessions held
        counts, and nobody else. The course ends with the last session, if no column says its end.
    dose : {"share", "hours"}
        What ``doses`` holds as ``dose``: the share of staff, or the hours of training for each member of it.
        `with_doses` gives it to a panel for `Dose`.
    positions : path or frame, optional
        History of positions (riwayat jabatan): ``officer``, ``office`` and ``since`` (TMT). A person then counts for
        the unit of the day on which the course ended. Without it the unit of the records is used, which in personnel
        systems is the current one, and a warning says so. With it the records need not say the office.
    position_columns : mapping, optional
        Field -> heading in `positions`, as ``columns``.
    moves : {"ignore", "follow"}
        What becomes of a person's part in the share when that person works in another office later. ``"ignore"``: it
        stays with the office of the day of the course. ``"follow"``: it goes along from the month of the move on, out
        of the office left and into the one joined; this needs `positions`. An office starts in the first month at
        the share either way.
    key : bytes, optional
        Key of `asn_impact.intake.privacy.load_key`; persons are then told apart by keyed pseudonyms from the first
        step on.
    table : str, optional
        Table of a database or sheet of a workbook, as for `read_exports`.
    sheets : sequence of str, optional
        The sheets that count, as for `read_exports`.
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
    if attended is not None and not 0 < attended <= 1:
        raise InputError(Message("training.attended_range", share=repr(attended)))
    if moves == "follow" and positions is None:
        raise InputError(Message("training.moves_need_positions"))
    with explaining(source):
        days = dates_of(dates, positions, since=False)
        needed = share is not None or staff is not None or dose == "hours"
        rows = read_list(
            source,
            columns=columns,
            dates=days,
            offices=offices,
            regency=regency,
            table=table,
            sheets=sheets,
            zone=zone,
            placed=positions is not None,
            counted=needed,
            attended=attended,
            passed_words=passed_words,
        )
        of_provider, elsewhere = select_provider(rows.frame, provider)
        frame, courses, nameless = select_course(of_provider, course)
        missed = nearly_chosen(of_provider, course, courses)
        completions, unfit, of_ends = who_completed(frame, completion, unreadable_ends(rows), passed_words)
        apart = count_taught_by_others(select_course(rows.frame, course)[0], frame) if provider is not None else []
    losses = {**elsewhere, **nameless, **unfit}
    history, of_history = None, list[Message]()
    if "officer" in completions:
        completions = completions.assign(officer=tell_apart(completions["officer"], key))
    if positions is not None:
        if "officer" not in completions:
            raise InputError(Message("training.positions_need_persons"))
        since = dates_of(dates, positions, since=True)
        by = regency if REGENCY in rows.headings else None
        history, of_history = read_history(positions, position_columns, since, key, offices=offices, regency=by)
    completions, of_units = find_units_then(completions, history, rows.headings)
    completions, history, of_offices = _one_spelling(completions, history, offices, moves)
    here = completions.loc[completions["office"] != _NO_OFFICE]
    by_office = staff_numbers(staff, here, offices) if needed else None
    listed = by_office.index if by_office is not None and staff is not None else ()
    stayed = count_persons_once(completions, dose)
    went = None if history is None else follow(stayed, history)
    counted, beyond = _of_offices_here(stayed if went is None or moves == "ignore" else went, by_office)
    monthly = accumulate(counted, by_office)
    adopted = first_months(monthly, share, sorted({*monthly["office"], *listed}))
    if history is None or went is None:
        of_moves = list[Message]()
    elif moves == "ignore":
        others = accumulate(_of_offices_here(went, by_office)[0], by_office)
        of_moves = _left_behind(
            count_movers(stayed, history), adopted, first_months(others, share, sorted({*others["office"], *listed}))
        )
    else:
        of_moves = [*_went_along(count_movers(stayed, history), beyond), *count_below_again(monthly, share)]
    doses = None if by_office is None else _doses(monthly, dose)
    over = [] if by_office is None else count_over_full(monthly)
    wanted = several_courses(course)
    label = wanted[0] if wanted else (courses[0] if len(courses) == 1 else "training")
    partly = count_partly_treated(counted.loc[counted["n"] > 0], adopted)
    about = (_rule(share, courses), *_guess_notes(course, courses), *missed, *partly, *rows.notes, *of_offices, *over)
    return Rollout(
        adopted,
        label,
        (*about, *loss_notes(losses), *of_ends, *apart, *of_history, *of_units, *of_moves),
        doses,
        providers=main_providers(stayed, adopted),
    )


def _of_offices_here(counted: pd.DataFrame, staff: pd.Series | None) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of offices that are in an export and, where staff counts, have a number of it; others joined."""
    here = counted.loc[counted["office"] != _NO_OFFICE]
    if staff is None:
        return here, []
    known = here["office"].isin(staff.index[staff > 0])
    return here.loc[known], sorted(here.loc[~known, "office"].unique())


def _doses(monthly: pd.DataFrame, dose: Literal["share", "hours"]) -> pd.DataFrame:
    """Return ``office, month, share`` and, for hours, ``hours``; ``dose`` is the one asked for."""
    names = ["office", "month", "share", *(["hours"] if dose == "hours" else [])]
    return monthly[names].assign(dose=monthly[dose])


def _left_behind(n: int, adopted: pd.Series, other: pd.Series) -> list[Message]:
    """Say how many persons moved after the course, and how many offices would start in another month if it went along.

    Parameters are the number of persons, and the first months without and with moves.
    """
    both = adopted.index.union(other.index)
    before, after = (s.reindex(both) for s in (adopted, other))
    changed = int(((before != after) & ~(before.isna() & after.isna())).sum())
    return [Message("training.moves_ignored", n=n, changed=changed)] if n else []


def _went_along(n: int, beyond: Sequence[str]) -> list[Message]:
    """Say how many persons took their part along, and which offices they joined have no number of staff."""
    notes: list[Message] = [Message("training.moves_followed", n=n)]
    return (
        [*notes, Alert("training.moved_beyond", n=len(beyond), offices=tuple(map(masked, beyond)))] if beyond else notes
    )


def _guess_notes(course: str | Names | None, courses: Sequence[str]) -> list[Message]:
    """Say which courses count because of their category, and not because their name holds what was asked."""
    asked = several_courses(course)
    if not any(one.casefold() in course_categories() for one in asked):
        return []
    guesses = tuple(masked(c) for c in courses if not any(one.casefold() in c.casefold() for one in asked))
    return [Message("training.by_category", course=", ".join(asked), courses=guesses)] if guesses else []


def _one_spelling(
    completions: pd.DataFrame,
    history: pd.DataFrame | None,
    offices: Mapping[str, str] | None,
    moves: Literal["ignore", "follow"],
) -> tuple[pd.DataFrame, pd.DataFrame | None, list[Message]]:
    """Return completions and history with one spelling of each office, and what has to be said of it.

    Only persons with a completion matter in the history, and their offices only where they are followed.
    """
    labels = completions["office"]
    if history is not None:
        history = history.loc[history["officer"].isin(completions["officer"])]
        joined = history["office_then"] if moves == "follow" else history["office_then"].iloc[:0]
        labels = pd.concat([labels, joined])
    counts = {str(label): int(n) for label, n in labels.value_counts().items()}
    changed, notes = settle_labels(counts, offices)
    elsewhere = sorted(label for label in counts if changed.get(label) == _NO_OFFICE)
    if elsewhere:
        notes = [*notes, Message("training.of_no_office", n=len(elsewhere), offices=tuple(map(masked, elsewhere)))]
    settled = completions.assign(office=completions["office"].replace(changed))
    if history is not None:
        known = {label_key(label): changed.get(label, label) for label in counts}
        names = {
            str(o): known.get(label_key(str(o)), answered(str(o), offices)) for o in history["office_then"].unique()
        }
        history = history.assign(office_then=history["office_then"].replace(names))
    return settled, history, notes


def _rule(share: float | None, names: list[str]) -> Message:
    courses = Message("training.by_courses", n=len(names), courses=tuple(masked(c) for c in names))
    first = Message("training.first_completion") if share is None else Message("training.share_reached", share=share)
    return Message("training.rule", when=first, what=courses if names else Message("training.by_records"))
