"""Training records -> `Rollout`: which unit was treated from when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, course_categories, in_category, match_columns, normalised
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label, settle_labels
from asn_impact.intake.fields.local import parse_numbers
from asn_impact.intake.fields.people import counts_persons, person_key, persons_of
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.privacy import masked, pseudonym
from asn_impact.intake.readers.rollout import Rollout, columns_of, read_rollout, read_rollout_from_status, unknown_name
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message, paragraph

__all__ = [
    "Rollout",
    "read_rollout",
    "read_rollout_from_status",
    "read_training",
    "select_course",
    "who_completed",
    "word_of_passing",
]

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
_NO_OFFICE: Final = "-"  # said of an office that is in no export
_BY_RULE: Final = frozenset({"another_provider", "attended", "not_passed"})  # left out as asked, not for a fault
_DAMAGED = re.compile(r"\s*\d[.,]\d+e\+?\d+\s*|\d{15}000", re.IGNORECASE)  # what a spreadsheet leaves of a long number


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
            dates=_dates_of(dates, positions, since=False),
            keep=(),
            required=("office", "course_end"),
            table=table,
            zone=zone,
        )
        of_provider, elsewhere = _select_provider(rows.frame, provider)
        frame, courses, nameless = select_course(of_provider, course)
        completions, unfit = who_completed(frame, completion)
        apart = _count_taught_by_others(select_course(rows.frame, course)[0], frame) if provider is not None else []
    losses = {**elsewhere, **nameless, **unfit}
    completions, unit_notes = _find_units_then(
        completions, positions, position_columns, _dates_of(dates, positions, since=True), rows.headings, key
    )
    completions, of_offices = _one_spelling(completions, offices)
    needed = share is not None or staff is not None or dose == "hours"
    by_office = _staff_numbers(staff, completions, offices) if needed else None
    monthly = _accumulate(_count_persons_once(completions, dose), by_office)
    listed_offices = by_office.index if by_office is not None and staff is not None else ()
    adopted = _first_months(monthly, share, sorted({*monthly["office"], *listed_offices}))
    doses = None if by_office is None else monthly[["office", "month", "share", *(["hours"] * (dose == "hours"))]]
    over = [] if by_office is None else _count_over_full(monthly)
    wanted = _several(course)
    label = wanted[0] if wanted else (courses[0] if len(courses) == 1 else "training")
    partly = _count_partly_treated(_count_persons_once(completions, "share"), adopted)
    about = (_rule(share, courses), *_guess_notes(course, courses), *partly, *rows.notes, *of_offices, *over)
    return Rollout(adopted, label, (*about, *_loss_notes(losses), *apart, *unit_notes), doses)


def _select_provider(frame: nw.LazyFrame[Any], provider: str | None) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
    """Rows of the courses given by the provider, and how many were given by another or by nobody named."""
    if provider is None:
        return frame, {}
    if "provider" not in frame.collect_schema().names():
        raise InputError(Message("training.no_providers"))
    counts = {
        r["provider"]: int(r["n"])
        for r in frame.group_by("provider").agg(n=nw.len()).sort("provider").collect().rows(named=True)
    }
    names = sorted(str(p) for p in counts if isinstance(p, str))
    providers = [p for p in names if provider.casefold() in p.casefold()]
    if not providers:
        raise InputError(unknown_name(Message("training.no_provider", name=provider), provider, names))
    others = sum(n for p, n in counts.items() if p not in providers)
    return frame.filter(nw.col("provider").is_in(providers)), {"another_provider": others}


def _count_taught_by_others(everyone: nw.LazyFrame[Any], theirs: nw.LazyFrame[Any]) -> list[Message]:
    """Say how many offices took the course from another provider only: without a date they look untrained."""
    taught, own = (set(rows.select("office").unique().collect()["office"].to_list()) for rows in (everyone, theirs))
    others = len(taught - own - {None, ""})
    return [Alert("training.taught_by_others", n=others)] if others else []


def _several(course: str | Names | None) -> tuple[str, ...]:
    """Return the courses asked for, none for all."""
    return () if course is None else (course,) if isinstance(course, str) else tuple(course)


def _guess_notes(course: str | Names | None, courses: Sequence[str]) -> list[Message]:
    """Say which courses count because of their category, and not because their name holds what was asked."""
    asked = _several(course)
    if not any(one.casefold() in course_categories() for one in asked):
        return []
    guesses = tuple(masked(c) for c in courses if not any(one.casefold() in c.casefold() for one in asked))
    return [Message("training.by_category", course=", ".join(asked), courses=guesses)] if guesses else []


def _find_units_then(
    completions: pd.DataFrame,
    positions: Any | None,  # noqa: ANN401
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str],
    headings: Mapping[str, str],
    key: bytes | None,
) -> tuple[pd.DataFrame, list[Message]]:
    """Completions with the unit of each person on the day the course ended, and what has to be said about it."""
    if "officer" not in completions:
        if positions is not None:
            raise InputError(Message("training.positions_need_persons"))
        return completions, []
    completions = completions.assign(officer=_tell_apart(completions["officer"], key))
    if positions is None:
        at_training = "pelatihan" in normalised(headings["office"]) or "training" in normalised(headings["office"])
        return completions, [] if at_training else [Alert("training.unit_of_records")]
    history, notes = _history(positions, columns, dates, key)
    days = pd.to_datetime(completions["course_end"]).astype("datetime64[s]")
    records = completions.assign(day=days, row=range(len(completions))).sort_values(["day", "row"])
    posts = pd.merge_asof(records, history, left_on="day", right_on="since", by="officer", suffixes=("", "_then"))
    posts = posts.sort_values("row").set_index(completions.index)
    known = posts["office_then"].notna()
    others = posts["office_then"].dropna().map(label_key) != completions["office"].map(label_key).loc[known]
    changes = int(others.sum())
    unknown = int((~known).sum())
    notes += [Message("training.unit_then", n=changes)] if changes else []
    notes += [Alert("training.unit_unknown", n=unknown)] if unknown else []
    return completions.assign(office=completions["office"].where(~known, posts["office_then"])), notes


def _one_spelling(completions: pd.DataFrame, offices: Mapping[str, str] | None) -> tuple[pd.DataFrame, list[Message]]:
    """Return the completions with one spelling of each office, and what has to be said of it."""
    counts = {str(label): int(n) for label, n in completions["office"].value_counts().items()}
    changed, notes = settle_labels(counts, offices)
    settled = completions.assign(office=completions["office"].replace(changed))
    elsewhere = sorted(label for label in counts if changed.get(label) == _NO_OFFICE)
    if elsewhere:
        notes = [*notes, Message("training.of_no_office", n=len(elsewhere), offices=tuple(map(masked, elsewhere)))]
    return settled.loc[settled["office"] != _NO_OFFICE], notes


def _dates_of(dates: Mapping[str, str] | None, positions: Any | None, *, since: bool) -> dict[str, str]:  # noqa: ANN401
    """Return the orders of dates of the history of positions, or those of the records."""
    both = {} if dates is None else dict(dates)
    return {f: o for f, o in both.items() if (f == "since" and positions is not None) == since}


def _history(
    positions: Any,  # noqa: ANN401
    columns: Mapping[str, str | None] | None,
    dates: Mapping[str, str],
    key: bytes | None,
) -> tuple[pd.DataFrame, list[Message]]:
    """Return ``officer, office_then, since`` in the order of time; of two units from one day none can be chosen."""
    fields = ("officer", "office", "since")
    with explaining(positions):
        rows = gather(positions, fields, columns=columns, dates=dates, keep=(), required=fields)
        every = pd.DataFrame(rows.frame.select(*fields).collect().to_pandas())
        table = every.dropna()
    lost = len(every) - len(table)
    notes = [*rows.notes, *([Alert("training.positions_lost", n=lost, total=len(every))] if lost else [])]
    table = table.assign(
        officer=_tell_apart(table["officer"], key), since=pd.to_datetime(table["since"]).astype("datetime64[s]")
    ).drop_duplicates()
    double = int(table.duplicated(["officer", "since"], keep=False).sum())
    if double:
        raise InputError(Message("training.two_units", n=double))
    if table.empty:
        raise InputError(Message("training.no_history"))
    return table.sort_values("since", kind="stable").rename(columns={"office": "office_then"}), notes


def _tell_apart(numbers: pd.Series, key: bytes | None) -> pd.Series:
    """Numbers of persons however they were spaced as one, or as keyed pseudonyms; damaged ones are refused."""
    texts = numbers.astype("string")
    damaged = int(texts.str.fullmatch(_DAMAGED.pattern, flags=re.IGNORECASE).fillna(value=False).sum())
    if damaged:
        raise InputError(Message("training.damaged", n=damaged))
    keys = {text: person_key(text) for text in texts.dropna().unique()}
    plain = texts.map(keys, na_action="ignore").astype("string")
    plain = plain.mask(plain == "")
    if key is not None:
        names = {p: pseudonym("nip", p, key) for p in plain.dropna().unique()}
        plain = plain.map(names, na_action="ignore").astype("string")
    return plain.astype(object).where(plain.notna(), None)


def _count_persons_once(completions: pd.DataFrame, dose: Literal["share", "hours"]) -> pd.DataFrame:
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


def _accumulate(completions: pd.DataFrame, staff: pd.Series | None) -> pd.DataFrame:
    """Return ``office, month, n, done`` and, with staff numbers, ``share`` and ``hours``, added up over months."""
    columns = [c for c in ("n", "hours") if c in completions]
    monthly = completions.groupby(["office", "month"])[columns].sum().reset_index()
    so_far = monthly.groupby("office")[columns].cumsum()
    members = np.nan if staff is None else monthly["office"].map(staff)
    hours = so_far["hours"] / members if "hours" in columns else np.nan
    return monthly.assign(done=so_far["n"], share=so_far["n"] / members, hours=hours)


def _first_months(monthly: pd.DataFrame, share: float | None, offices: list[str]) -> pd.Series:
    """Return office -> first month at the share, missing where it is never reached."""
    at_share = monthly if share is None else monthly.loc[monthly["share"] >= share - 1e-9]
    first = at_share.groupby("office")["month"].min()
    months = pd.PeriodIndex([first.get(o, pd.NaT) for o in offices], freq="M")
    return pd.Series(months, index=pd.Index(offices, name="office"), name="adopted")


def _count_partly_treated(completions: pd.DataFrame, adopted: pd.Series) -> list[Message]:
    """Say how many offices were trained after the first day of their first treated month."""
    first = completions["office"].map(adopted) == completions["month"]
    late = completions.loc[first & (pd.to_datetime(completions["course_end"]).dt.day > 1), "office"].nunique()
    return [Message("training.partly_treated", n=late)] if late else []


def _rule(share: float | None, names: list[str]) -> Message:
    courses = Message("training.by_courses", n=len(names), courses=tuple(masked(c) for c in names))
    first = Message("training.first_completion") if share is None else Message("training.share_reached", share=share)
    return Message("training.rule", when=first, what=courses if names else Message("training.by_records"))


def _loss_notes(losses: Mapping[str, int]) -> list[Message]:
    """Say which rows were left out; a fault in the records surprises, what the analyst asked for does not."""
    counts = {code: n for code, n in losses.items() if n}
    reasons = [Message("training.reason_count", reason=Message(f"training.reason.{c}"), n=n) for c, n in counts.items()]
    note = Message if counts.keys() <= _BY_RULE else Alert
    return [note("training.left_out", reasons=reasons)] if counts else []


def _count_over_full(monthly: pd.DataFrame) -> list[Message]:
    over = int((monthly.groupby("office")["share"].max() > 1).sum())
    return [Message("training.over_full", n=over)] if over else []


def select_course(
    frame: nw.LazyFrame[Any], course: str | Names | None
) -> tuple[nw.LazyFrame[Any], list[str], dict[str, int]]:
    """Rows of the courses whose name contains the words, the names, and how many rows have none."""
    if "course" not in frame.collect_schema().names():
        if course is not None:
            raise InputError(Message("training.no_courses"))
        return frame, [], {}
    counts = {
        r["course"]: int(r["n"])
        for r in frame.group_by("course").agg(n=nw.len()).sort("course").collect().rows(named=True)
    }
    names = sorted(str(c) for c in counts if isinstance(c, str))
    found: set[str] = set()
    for one in _several(course):
        words = course_categories().get(one.casefold(), frozenset())
        own = {c for c in names if one.casefold() in c.casefold() or in_category(c, words)}
        if not own:
            raise InputError(unknown_name(Message("training.no_course", name=one), one, names))
        found |= own
    courses = names if course is None else sorted(found)
    if not courses:
        raise InputError(unknown_name(Message("training.no_course", name=course), str(course), names))
    nameless = sum(n for c, n in counts.items() if not isinstance(c, str))
    return frame.filter(nw.col("course").is_in(courses)), courses, {"no_course": nameless}


def who_completed(
    frame: nw.LazyFrame[Any], completion: Literal["passed", "attended"]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return one row a person and course, or a session with its number, of those who completed; rows left out."""
    names = frame.collect_schema().names()
    bad = {"bad_end": nw.col("asn_course_end_bad")} if "asn_course_end_bad" in names else {}
    reasons: dict[str, nw.Expr] = {
        **bad,
        "no_end": nw.col("course_end").is_null(),
        "no_office": nw.col("office").is_null() | (nw.col("office") == ""),
        "total": nw.col("office").is_in(_totals(frame)),
    }
    fate: Any = nw.lit("")
    if "passed" in names:
        counts, there = _words_for_passed(frame, completion)
        reasons["attended"] = nw.col("passed").is_in(there)
        reasons["not_passed"] = ~nw.col("passed").is_in(counts) | nw.col("passed").is_null()
    if "officer" in names and "passed_count" not in names:
        reasons["no_person"] = nw.col("officer").is_null() | (nw.col("officer") == "")
    for reason, condition in reversed(list(reasons.items())):
        fate = nw.when(condition).then(nw.lit(reason)).otherwise(fate)
    fates = frame.with_columns(fate.alias("asn_reason"))
    counts_of = fates.group_by("asn_reason").agg(n=nw.len()).sort("asn_reason").collect().rows(named=True)
    numbers = {r["asn_reason"]: int(r["n"]) for r in counts_of}
    losses = {reason: numbers[reason] for reason in reasons if reason in numbers}
    usable = fates.filter(nw.col("asn_reason") == "")
    table = _people(usable) if "passed_count" not in names else _sessions(usable)
    if table.empty:
        raise InputError(paragraph(Message("training.nothing_usable"), *_loss_notes(losses)))
    _refuse_undated(fates, table["office"])
    table["month"] = pd.to_datetime(table["course_end"]).dt.to_period("M")
    return table, losses


def _refuse_undated(fates: nw.LazyFrame[Any], dated: pd.Series) -> None:
    """Refuse offices of whose courses no end can be read: without a start they would count as never trained."""
    rows = fates.filter(nw.col("asn_reason") == "bad_end").select("office").unique().collect()
    known = {label_key(str(office)) for office in dated.unique()}
    texts = [str(o) for o in rows["office"].to_list() if o is not None and not TOTAL_LABEL.match(plain_label(str(o)))]
    undated = sorted(masked(office) for office in texts if label_key(office) not in {*known, ""})
    if undated:
        raise InputError(Message("training.undated", n=len(undated), offices=tuple(undated[:5])))


def _totals(frame: nw.LazyFrame[Any]) -> list[str]:
    """Return the labels in the column of offices that say that their row adds up the others."""
    labels = frame.select("office").unique().collect()["office"].to_list()
    return [label for label in labels if isinstance(label, str) and TOTAL_LABEL.match(plain_label(label))]


def word_of_passing(word: str) -> Literal["passed", "attended", "failed"] | None:
    """Return what a word in the column of passing says; None for one that is not known."""
    plain = " ".join(word.split()).casefold()
    if plain in _PASSED:
        return "passed"
    return "attended" if plain in _ATTENDED else "failed" if plain in _FAILED | {""} else None


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
    return _one_person_a_row(table).assign(n=1)


def _one_person_a_row(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each person where a cell names several; of a name with a number the number."""
    if "officer" not in table:
        return table
    counts = [cell for cell in table["officer"].unique() if isinstance(cell, str) and counts_persons(cell)]
    if counts:
        raise InputError(Message("training.counts_of_persons", values=tuple(counts[:3])))
    persons = table["officer"].map(lambda cell: persons_of(cell) if isinstance(cell, str) else [cell])
    return table.assign(officer=persons).explode("officer", ignore_index=True)


def _sessions(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """One row a session with the number who passed; sessions are taken to train different persons."""
    extra = [c for c in ("course", "staff", "hours") if c in frame.collect_schema().names()]
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


def _staff_table(staff: Any) -> pd.DataFrame:  # noqa: ANN401
    """Return ``office, staff`` of a frame: under their names or synonyms, or the office and the only other column."""
    names = list(nw.from_native(staff).lazy().collect_schema().names())
    if {"office", "staff"} <= set(names):
        return columns_of(staff, ("office", "staff"))
    match = match_columns(names, ("office", "staff"), columns=None, keep=(), required=("office",))
    others = [name for name in names if name != match["office"]]
    if "staff" not in match and len(others) == 1:
        match = {**match, "staff": others[0]}
    if "staff" not in match:
        return columns_of(staff, ("office", "staff"))  # says which columns there are
    table = columns_of(staff, (match["office"], match["staff"]))
    return table.set_axis(["office", "staff"], axis=1)


def _given_staff(staff: Mapping[str, float] | Any) -> list[tuple[str, float]]:  # noqa: ANN401
    """Return office and number of staff as given; a row that adds up the others is no office."""
    if isinstance(staff, Mapping):
        return [(str(office), float(n)) for office, n in staff.items()]
    table = _staff_table(staff)
    pairs = zip(table["office"].astype(str), _numbers(table["staff"], "staff"), strict=True)
    return [(office, float(n)) for office, n in pairs if not TOTAL_LABEL.match(plain_label(office))]


def _staff_as_written(
    staff: Sequence[tuple[str, float]], completions: pd.DataFrame, offices: Mapping[str, str] | None
) -> pd.Series:
    """Return office -> number of staff, each office as the training records write it."""
    written = {label_key(o): o for o in completions["office"].unique()}
    named = {(offices or {}).get(o, o): n for o, n in staff}
    return pd.Series({written.get(label_key(o), o): n for o, n in named.items()}, dtype=float)


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
    else:
        numbers = _staff_as_written(_given_staff(staff), completions, offices)
    lacking = sorted(set(completions["office"]) - set(numbers.index[numbers > 0]))
    if lacking:
        raise InputError(Message("training.staff_lacking", n=len(lacking), offices=lacking))
    return numbers
