"""Training records -> `Rollout`: which unit was treated from when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.display import card
from asn_impact.errors import DesignError, InputError
from asn_impact.intake.columns import course_categories, in_category, normalised
from asn_impact.intake.exports import explaining, gather
from asn_impact.intake.local import parse_numbers
from asn_impact.intake.privacy import masked, pseudonym
from asn_impact.timeline import Timeline
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph

__all__ = ["Rollout", "read_rollout", "read_rollout_from_status", "read_training"]

TRAINING_FIELDS = (
    "office",
    "course",
    "course_end",
    "officer",
    "passed",
    "passed_count",
    "staff",
    "provider",
    "hours",
)
_PASSED = {"lulus", "kompeten", "ya", "y", "yes", "1", "true", "passed", "pass"}
_ATTENDED = {"hadir", "hadir saja", "mengikuti", "telah mengikuti", "peserta", "selesai", "attended", "completed"}
_FAILED = {"tidak lulus", "tidak", "belum", "belum lulus", "t", "n", "no", "0", "false", "failed", "fail", "gagal"}
_FAILED |= {"tidak hadir", "mengundurkan diri", "belum kompeten", "tidak kompeten", "absen", "absent"}
_MOST: Final = 20  # names shown in a refusal
_BY_RULE: Final = frozenset({"another_provider", "attended", "not_passed"})  # left out as asked, not for a fault
_DAMAGED = re.compile(r"\s*\d[.,]\d+e\+?\d+\s*|\d{15}000", re.IGNORECASE)  # what a spreadsheet leaves of a long number


@dataclass(frozen=True, eq=False)
class Rollout:
    """Which unit was treated from when.

    Attributes
    ----------
    adopted : pandas.Series
        Index: unit labels. Values as they were given (a month, a year, a code); missing means never.
    label : str
        Name of the course or treatment.
    notes : tuple of Message
        The rule used, and what was left out.
    doses : pandas.DataFrame or None
        ``office``, ``month``, ``share``: the share of staff that had completed the course by the end of each
        month in which somebody completed it. Only from training records with staff numbers. With ``dose="hours"`` also
        ``hours``: hours of training (JP) completed so far for each member of the staff.
    """

    adopted: pd.Series
    label: str = "treatment"
    notes: tuple[Message, ...] = ()
    doses: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "adopted", self.adopted.copy(deep=False))
        if self.doses is not None:
            object.__setattr__(self, "doses", self.doses.copy(deep=False))

    def __repr__(self) -> str:
        treated = int(self.adopted.notna().sum())
        return f"Rollout({self.label!r}: {treated} of {len(self.adopted)} units with a date)"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("units", len(self.adopted)),
            ("with a date", int(self.adopted.notna().sum())),
        ]
        counts = self.adopted.dropna().astype(str).value_counts().sort_index()
        table = pd.DataFrame({"from": counts.index.to_numpy(), "units": counts.to_numpy()})
        return card(f"Rollout: {self.label}", [*facts, *(("note", n) for n in self.notes)], table=table)


# --- from a ready panel ---------------------------------------------------------------------------------------


def _columns_of(frame: Any, names: tuple[str, ...]) -> pd.DataFrame:  # noqa: ANN401
    """Return the named columns as a pandas frame, values untouched."""
    if isinstance(frame, pd.DataFrame):
        headings = [str(c) for c in frame.columns]
    else:
        try:
            lazy = nw.from_native(frame).lazy()
        except TypeError:
            raise InputError(Message("training.no_frame", kind=type(frame).__name__)) from None
        headings = list(lazy.collect_schema().names())
    for name in names:
        if headings.count(name) > 1:
            raise InputError(Message("training.double_column", n=headings.count(name), name=name))
        if name not in headings:
            raise InputError(_unknown(Message("training.no_column", name=name), name, headings))
    if isinstance(frame, pd.DataFrame):
        return frame.loc[:, list(dict.fromkeys(names))].reset_index(drop=True)
    return pd.DataFrame(lazy.select(*dict.fromkeys(names)).collect().to_pandas())


def _unknown(problem: Message, name: str, known: Sequence[str]) -> Message:
    """Return a refusal with the nearest of the names there are, and with all of them."""
    names = tuple(masked(k) for k in known[:_MOST])
    return paragraph(problem, did_you_mean(name, names), Message("training.columns", names=names))


def _plain(values: pd.Series) -> pd.Series:
    """Return a categorical as the values it stands for."""
    return values.astype(values.cat.categories.dtype) if isinstance(values.dtype, pd.CategoricalDtype) else values


def _drop_missing(table: pd.DataFrame, names: tuple[str, ...]) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Return the rows with all of the named values, and what has to be said about the others."""
    notes = []
    for name in names:
        missing = table[name].isna()
        if missing.any():
            notes.append(Alert("training.without_value", n=int(missing.sum()), name=name))
            table = table.loc[~missing]
    return table, tuple(notes)


def _refuse_no_rows(table: pd.DataFrame) -> None:
    if table.empty:
        raise InputError(Message("training.no_rows"))


@public_verb
def read_rollout(frame: Any, *, unit: str, adopted: str) -> Rollout:  # noqa: ANN401
    """Return the first treated period of each unit, from a column of a panel or of a list of units.

    Values are kept as they are: what is a month, a year or a code for never is decided when the rollout meets
    the periods of a panel.

    Parameters
    ----------
    frame : frame
        pandas, polars, pyarrow, DuckDB; one row a unit, or a panel in which each unit says the same in all rows.
    unit, adopted : str
        Names of the columns. A missing value of ``adopted`` means never treated.

    Raises
    ------
    InputError
        When a column is absent or double, or there are no rows.
    DesignError
        When rows of one unit disagree.

    Examples
    --------
    >>> panel = pd.DataFrame({"state": ["A", "A", "B"], "effyear": [2006.0, 2006.0, None]})
    >>> read_rollout(panel, unit="state", adopted="effyear").adopted.to_dict()
    {'A': 2006.0, 'B': nan}
    """
    table, notes = _drop_missing(_columns_of(frame, (unit, adopted)), (unit,))
    _refuse_no_rows(table)
    pairs = pd.DataFrame({"unit": _plain(table[unit]), "adopted": _plain(table[adopted])}).drop_duplicates()
    double = pairs.loc[pairs["unit"].duplicated(), "unit"].drop_duplicates()
    if len(double):
        units = _masked_units(double)
        raise DesignError(Message("training.several_values", n=len(double), adopted=adopted, units=units))
    return Rollout(_series(pairs["unit"], pairs["adopted"], unit, adopted), adopted, notes)


def _series(units: pd.Series, values: pd.Series, unit: str, name: str) -> pd.Series:
    return pd.Series(values.array, index=pd.Index(units.array, name=unit), name=name)


def _zero_one(values: pd.Series, name: str) -> pd.Series:
    """(n,) booleans of a 0/1 column; anything else is refused."""
    expected = Message("training.zero_one")
    if values.isna().any():
        raise InputError(paragraph(Message("training.status_missing", n=int(values.isna().sum()), name=name), expected))
    numeric = pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values)
    objects = values.map(type).isin([bool, int, float, np.bool_]).all()
    if not (numeric or objects):
        raise InputError(paragraph(Message("training.status_text", name=name), expected))
    wrong = sorted(set(values.astype(float)) - {0.0, 1.0})
    if wrong:
        shown = tuple(masked(str(w)) for w in wrong)
        raise InputError(paragraph(Message("training.status_holds", name=name, values=shown), expected))
    return values.astype(float) == 1.0


@public_verb
def read_rollout_from_status(
    frame: Any,  # noqa: ANN401
    *,
    unit: str,
    period: str,
    treated: str,
    absorbing: Literal["required", "first"] = "required",
) -> Rollout:
    """Return the first period in which each unit is treated, from a 0/1 column of a panel.

    Parameters
    ----------
    frame : frame
        A panel: one row a unit and period.
    unit, period, treated : str
        Names of the columns; ``treated`` is 0 or 1 and, once 1, stays 1.
    absorbing : {"required", "first"}
        ``"first"`` for a 0/1 column that marks an event, such as the year of a grant: the unit counts as treated from
        the first 1 on, whatever follows. ``"required"`` refuses a treatment that ends again.

    Raises
    ------
    InputError
        When ``treated`` is text, missing, or holds other numbers than 0 and 1.
    DesignError
        When a unit's treatment ends again, or two rows of one unit and period disagree.

    Examples
    --------
    >>> panel = pd.DataFrame({"u": ["A", "A", "B", "B"], "t": [1, 2, 1, 2], "d": [0, 1, 0, 0]})
    >>> read_rollout_from_status(panel, unit="u", period="t", treated="d").adopted.to_dict()
    {'A': 2.0, 'B': nan}
    """
    table, notes = _drop_missing(_columns_of(frame, (unit, period, treated)), (unit, period))
    _refuse_no_rows(table)
    on = _zero_one(_plain(table[treated]), treated).to_numpy()
    raw, owner = _plain(table[period]).reset_index(drop=True), _plain(table[unit]).reset_index(drop=True)
    _, position = Timeline.read(raw, column=period)
    rows = pd.DataFrame({"unit": owner, "at": position, "on": on})
    first = rows.loc[rows["on"]].groupby("unit", sort=False)["at"].min()
    start = rows["unit"].map(first)
    double = rows.groupby(["unit", "at"], sort=False)["on"].transform("min") != rows["on"]
    both = rows.loc[double, "unit"].drop_duplicates()
    if len(both):
        units = _masked_units(both)
        raise DesignError(Message("training.status_disagrees", n=len(both), name=treated, units=units))
    ended = rows.loc[(rows["at"] > start) & ~rows["on"], "unit"].drop_duplicates()
    if len(ended) and absorbing == "required":
        units = _masked_units(ended)
        raise DesignError(Message("training.status_ends", n=len(ended), units=units, name=treated))
    if len(ended):
        notes = (*notes, Message("training.counts_from_first", name=treated, n=len(ended)))
    labels = rows["unit"].drop_duplicates()
    at = {int(p): i for i, p in reversed(list(enumerate(position)))}
    taken = [at.get(int(first[u])) if u in first.index else None for u in labels]
    values = raw.reindex([-1 if i is None else i for i in taken])
    return Rollout(_series(labels, values, unit, treated), treated, notes)


def _masked_units(units: pd.Series) -> tuple[object, ...]:
    return tuple(masked(u) if isinstance(u, str) else u for u in units.tolist())


# --- from training records ------------------------------------------------------------------------------------


@public_verb
def read_training(
    source: Any,  # noqa: ANN401
    *,
    course: str | None = None,
    share: float | None = None,
    staff: Mapping[str, float] | Any | None = None,  # noqa: ANN401
    columns: Mapping[str, str | None] | None = None,
    dates: Mapping[str, str] | None = None,
    offices: Mapping[str, str] | None = None,
    provider: str | None = None,
    completion: Literal["passed", "attended"] = "passed",
    dose: Literal["share", "hours"] = "share",
    positions: Any | None = None,  # noqa: ANN401
    position_columns: Mapping[str, str | None] | None = None,
    key: bytes | None = None,
    table: str | None = None,
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
        As for `read_exports`.
    offices : mapping, optional
        Office label in the training records -> label in the exports, where they differ.
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
            dates=dates,
            keep=(),
            required=("office", "course_end"),
            table=table,
        )
        theirs, elsewhere = _select_provider(rows.frame, provider)
        frame, chosen, nameless = _select_course(theirs, course)
        completions, unfit = _completions(frame, completion)
        apart = _taught_by_others(_select_course(rows.frame, course)[0], frame) if provider is not None else []
    left = {**elsewhere, **nameless, **unfit}
    completions, moved = _at_the_time(completions, positions, position_columns, rows.headings, key)
    completions["office"] = completions["office"].map(lambda o: (offices or {}).get(o, o))
    needed = share is not None or staff is not None or dose == "hours"
    by_office = _staff_numbers(staff, completions, offices) if needed else None
    monthly = _cumulated(_each_person_once(completions, dose), by_office)
    listed_offices = by_office.index if by_office is not None and staff is not None else ()
    adopted = _first_months(monthly, share, sorted({*monthly["office"], *listed_offices}))
    doses = None if by_office is None else monthly[["office", "month", "share", *(["hours"] * (dose == "hours"))]]
    over = [] if by_office is None else _over_full(monthly)
    label = course or (chosen[0] if len(chosen) == 1 else "training")
    partly = _partly_treated(_each_person_once(completions, "share"), adopted)
    about = (_rule(share, chosen), *_guess_notes(course, chosen), *partly, *rows.notes, *over)
    return Rollout(adopted, label, (*about, *_left_notes(left), *apart, *moved), doses)


def _select_provider(frame: nw.LazyFrame[Any], provider: str | None) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
    """Rows of the courses given by the provider, and how many were given by another or by nobody named."""
    if provider is None:
        return frame, {}
    if "provider" not in frame.collect_schema().names():
        raise InputError(Message("training.no_providers"))
    counts = {r["provider"]: int(r["n"]) for r in frame.group_by("provider").agg(n=nw.len()).collect().rows(named=True)}
    names = sorted(str(p) for p in counts if isinstance(p, str))
    chosen = [p for p in names if provider.casefold() in p.casefold()]
    if not chosen:
        raise InputError(_unknown(Message("training.no_provider", name=provider), provider, names))
    others = sum(n for p, n in counts.items() if p not in chosen)
    return frame.filter(nw.col("provider").is_in(chosen)), {"another_provider": others}


def _taught_by_others(everyone: nw.LazyFrame[Any], theirs: nw.LazyFrame[Any]) -> list[Message]:
    """Say how many offices took the course from another provider only: without a date they look untrained."""
    taught, own = (set(rows.select("office").unique().collect()["office"].to_list()) for rows in (everyone, theirs))
    others = len(taught - own - {None, ""})
    return [Alert("training.taught_by_others", n=others)] if others else []


def _guess_notes(course: str | None, chosen: Sequence[str]) -> list[Message]:
    """Say which courses count because of their category, and not because their name holds what was asked."""
    if course is None or course.casefold() not in course_categories():
        return []
    guesses = tuple(masked(c) for c in chosen if course.casefold() not in c.casefold())
    return [Message("training.by_category", course=course, courses=guesses)] if guesses else []


def _at_the_time(
    completions: pd.DataFrame,
    positions: Any | None,  # noqa: ANN401
    columns: Mapping[str, str | None] | None,
    headings: Mapping[str, str],
    key: bytes | None,
) -> tuple[pd.DataFrame, list[Message]]:
    """Completions with the unit of each person on the day the course ended, and what has to be said about it."""
    if "officer" not in completions:
        if positions is not None:
            raise InputError(Message("training.positions_need_persons"))
        return completions, []
    completions = completions.assign(officer=_told_apart(completions["officer"], key))
    if positions is None:
        at_training = "pelatihan" in normalised(headings["office"]) or "training" in normalised(headings["office"])
        return completions, [] if at_training else [Alert("training.unit_of_records")]
    history = _history(positions, columns, key)
    days = pd.to_datetime(completions["course_end"]).astype("datetime64[s]")
    dated = completions.assign(day=days, row=range(len(completions))).sort_values(["day", "row"])
    held = pd.merge_asof(dated, history, left_on="day", right_on="since", by="officer", suffixes=("", "_then"))
    held = held.sort_values("row").set_index(completions.index)
    known = held["office_then"].notna()
    changed = int((known & (held["office_then"] != completions["office"])).sum())
    unknown = int((~known).sum())
    notes = [Message("training.unit_then", n=changed)] if changed else []
    notes += [Alert("training.unit_unknown", n=unknown)] if unknown else []
    return completions.assign(office=completions["office"].where(~known, held["office_then"])), notes


def _history(positions: Any, columns: Mapping[str, str | None] | None, key: bytes | None) -> pd.DataFrame:  # noqa: ANN401
    """Return ``officer, office_then, since`` in the order of time; of two units from one day none can be chosen."""
    fields = ("officer", "office", "since")
    with explaining(positions):
        rows = gather(positions, fields, columns=columns, dates=None, keep=(), required=fields)
        table = pd.DataFrame(rows.frame.select(*fields).collect().to_pandas()).dropna()
    table = table.assign(
        officer=_told_apart(table["officer"], key), since=pd.to_datetime(table["since"]).astype("datetime64[s]")
    ).drop_duplicates()
    double = int(table.duplicated(["officer", "since"], keep=False).sum())
    if double:
        raise InputError(Message("training.two_units", n=double))
    if table.empty:
        raise InputError(Message("training.no_history"))
    return table.sort_values("since", kind="stable").rename(columns={"office": "office_then"})


def _told_apart(numbers: pd.Series, key: bytes | None) -> pd.Series:
    """Numbers of persons however they were spaced as one, or as keyed pseudonyms; damaged ones are refused."""
    texts = numbers.astype("string")
    damaged = int(texts.str.fullmatch(_DAMAGED.pattern, flags=re.IGNORECASE).fillna(value=False).sum())
    if damaged:
        raise InputError(Message("training.damaged", n=damaged))
    plain = texts.str.replace(r"[\W_]", "", regex=True).str.upper()
    plain = plain.mask(plain == "")
    if key is not None:
        names = {p: pseudonym("nip", p, key) for p in plain.dropna().unique()}
        plain = plain.map(names, na_action="ignore").astype("string")
    return plain.astype(object).where(plain.notna(), None)


def _each_person_once(completions: pd.DataFrame, dose: Literal["share", "hours"]) -> pd.DataFrame:
    """Return ``office, course_end, month, n`` and, for hours, ``hours``: a person is one at the first completion only.

    One course in two rows of a person is one course. Rows without a number of a person are not counted where there are
    such numbers; without any every row is a person.
    """
    table = completions
    if "officer" in table:
        table = table.dropna(subset=["officer"]).sort_values("course_end", kind="stable")
        same = [c for c in ("office", "officer", "course", "course_end") if c in table]
        table = table.drop_duplicates(same)
        table = table.assign(n=(~table.duplicated(["office", "officer"])).astype(int))
    if dose == "share":
        return table.loc[table["n"] > 0].drop(columns="hours", errors="ignore")
    if "hours" not in table:
        raise InputError(Message("training.no_hours_column"))
    persons = 1.0 if "officer" in table else table["n"]
    hours = _numbers(table["hours"], "hours")
    if (lacking := int((hours.isna() | (hours < 0)).sum())) > 0:
        raise InputError(Message("training.no_hours", n=lacking))
    return table.assign(hours=hours * persons)


def _cumulated(completions: pd.DataFrame, staff: pd.Series | None) -> pd.DataFrame:
    """Return ``office, month, n, done`` and, with staff numbers, ``share`` and ``hours``, added up over months."""
    added = [c for c in ("n", "hours") if c in completions]
    monthly = completions.groupby(["office", "month"])[added].sum().reset_index()
    so_far = monthly.groupby("office")[added].cumsum()
    members = np.nan if staff is None else monthly["office"].map(staff)
    hours = so_far["hours"] / members if "hours" in added else np.nan
    return monthly.assign(done=so_far["n"], share=so_far["n"] / members, hours=hours)


def _first_months(monthly: pd.DataFrame, share: float | None, offices: list[str]) -> pd.Series:
    """Return office -> first month at the share, missing where it is never reached."""
    reached = monthly if share is None else monthly.loc[monthly["share"] >= share - 1e-9]
    first = reached.groupby("office")["month"].min()
    months = pd.PeriodIndex([first.get(o, pd.NaT) for o in offices], freq="M")
    return pd.Series(months, index=pd.Index(offices, name="office"), name="adopted")


def _partly_treated(completions: pd.DataFrame, adopted: pd.Series) -> list[Message]:
    """Say how many offices were trained after the first day of their first treated month."""
    first = completions["office"].map(adopted) == completions["month"]
    late = completions.loc[first & (pd.to_datetime(completions["course_end"]).dt.day > 1), "office"].nunique()
    return [Message("training.partly_treated", n=late)] if late else []


def _rule(share: float | None, chosen: list[str]) -> Message:
    courses = Message("training.by_courses", n=len(chosen), courses=tuple(masked(c) for c in chosen))
    first = Message("training.first_completion") if share is None else Message("training.share_reached", share=share)
    return Message("training.rule", when=first, what=courses if chosen else Message("training.by_records"))


def _left_notes(left: Mapping[str, int]) -> list[Message]:
    """Say which rows were left out; a fault in the records surprises, what the analyst asked for does not."""
    counts = {code: n for code, n in left.items() if n}
    reasons = [Message("training.reason_count", reason=Message(f"training.reason.{c}"), n=n) for c, n in counts.items()]
    note = Message if counts.keys() <= _BY_RULE else Alert
    return [note("training.left_out", reasons=reasons)] if counts else []


def _over_full(monthly: pd.DataFrame) -> list[Message]:
    over = int((monthly.groupby("office")["share"].max() > 1).sum())
    return [Message("training.over_full", n=over)] if over else []


def _select_course(frame: nw.LazyFrame[Any], course: str | None) -> tuple[nw.LazyFrame[Any], list[str], dict[str, int]]:
    """Rows of the courses whose name contains the words, the names, and how many rows have none."""
    if "course" not in frame.collect_schema().names():
        if course is not None:
            raise InputError(Message("training.no_courses"))
        return frame, [], {}
    counts = {r["course"]: int(r["n"]) for r in frame.group_by("course").agg(n=nw.len()).collect().rows(named=True)}
    names = sorted(str(c) for c in counts if isinstance(c, str))
    words = course_categories().get(course.casefold(), frozenset()) if course is not None else frozenset()
    chosen = [c for c in names if course is None or course.casefold() in c.casefold() or in_category(c, words)]
    if not chosen:
        raise InputError(_unknown(Message("training.no_course", name=course), str(course), names))
    nameless = sum(n for c, n in counts.items() if not isinstance(c, str))
    return frame.filter(nw.col("course").is_in(chosen)), chosen, {"no_course": nameless}


def _completions(
    frame: nw.LazyFrame[Any], completion: Literal["passed", "attended"]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return one row a person and course, or a session with its number, of those who completed; rows left out."""
    names = frame.collect_schema().names()
    bad = {"bad_end": nw.col("asn_course_end_bad")} if "asn_course_end_bad" in names else {}
    reasons: dict[str, nw.Expr] = {
        **bad,
        "no_end": nw.col("course_end").is_null(),
        "no_office": nw.col("office").is_null() | (nw.col("office") == ""),
    }
    chosen: Any = nw.lit("")
    if "passed" in names:
        counts, there = _words_for_passed(frame, completion)
        reasons["attended"] = nw.col("passed").is_in(there)
        reasons["not_passed"] = ~nw.col("passed").is_in(counts) | nw.col("passed").is_null()
    if "officer" in names and "passed_count" not in names:
        reasons["no_person"] = nw.col("officer").is_null() | (nw.col("officer") == "")
    for reason, condition in reversed(list(reasons.items())):
        chosen = nw.when(condition).then(nw.lit(reason)).otherwise(chosen)
    judged = frame.with_columns(chosen.alias("asn_reason"))
    counts_of = judged.group_by("asn_reason").agg(n=nw.len()).collect().rows(named=True)
    numbers = {r["asn_reason"]: int(r["n"]) for r in counts_of}
    left = {reason: numbers[reason] for reason in reasons if reason in numbers}
    usable = judged.filter(nw.col("asn_reason") == "")
    table = _people(usable) if "passed_count" not in names else _sessions(usable)
    if table.empty:
        raise InputError(paragraph(Message("training.nothing_usable"), *_left_notes(left)))
    table["month"] = pd.to_datetime(table["course_end"]).dt.to_period("M")
    return table, left


def _words_for_passed(
    frame: nw.LazyFrame[Any], completion: Literal["passed", "attended"]
) -> tuple[list[str], list[str]]:
    """Return the words that count as completion, and those of attendance that do not."""
    words = [w for w in frame.select("passed").unique().collect()["passed"].to_list() if isinstance(w, str)]
    plain = {w: " ".join(w.split()).casefold() for w in words}
    unknown = [w for w in words if plain[w] not in _PASSED | _FAILED | _ATTENDED | {""}]
    if unknown:
        raise InputError(Message("training.passed_words", words=tuple(masked(w) for w in unknown)))
    passed = [w for w in words if plain[w] in _PASSED]
    there = [w for w in words if plain[w] in _ATTENDED]
    if completion == "attended":
        return [*passed, *there], []
    if there and not passed:
        raise InputError(Message("training.only_attended", words=there))
    return passed, there


def _people(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """One row a person and course; without numbers of persons every row is a person."""
    names = frame.collect_schema().names()
    extra = [c for c in ("officer", "course", "staff", "hours") if c in names]
    table = pd.DataFrame(frame.select("office", "course_end", *extra).collect().to_pandas())
    return table.assign(n=1)


def _sessions(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """One row a session with the number who passed; sessions are taken to train different persons."""
    extra = [c for c in ("staff", "hours") if c in frame.collect_schema().names()]
    table = pd.DataFrame(frame.select("office", "course_end", "passed_count", *extra).collect().to_pandas())
    table["n"] = _numbers(table["passed_count"], "passed_count").fillna(0)
    if (table["n"] < 0).any():
        raise InputError(Message("training.negative"))
    return table.loc[table["n"] > 0].drop(columns="passed_count").reset_index(drop=True)


def _numbers(values: pd.Series, name: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = [None if pd.isna(v) else str(v) for v in values]
    return parse_numbers(texts, name=name).set_axis(values.index)


def _staff_numbers(
    staff: Mapping[str, float] | Any | None,  # noqa: ANN401
    completions: pd.DataFrame,
    offices: Mapping[str, str] | None,
) -> pd.Series:
    """Office -> number of staff: as given, else the largest number in the records of the office."""
    if staff is None:
        if "staff" not in completions:
            raise InputError(Message("training.no_staff"))
        numbers = completions.assign(staff=_numbers(completions["staff"], "staff")).groupby("office")["staff"].max()
    elif isinstance(staff, Mapping):
        numbers = pd.Series({(offices or {}).get(o, o): float(n) for o, n in staff.items()}, dtype=float)
    else:
        table = _columns_of(staff, ("office", "staff"))
        numbers = table.set_index("office")["staff"].astype(float)
    lacking = sorted(set(completions["office"]) - set(numbers.index[numbers > 0]))
    if lacking:
        raise InputError(Message("training.staff_lacking", n=len(lacking), offices=lacking))
    return numbers
