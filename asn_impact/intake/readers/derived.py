"""Columns made of those of dated records: days between two dates, a word that is there, whether anything is."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import pyarrow as pa

from asn_impact.arguments import Names, Times, did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.privacy import masked
from asn_impact.intake.records import Observations, Observed, Relation, kind_of, map_texts, quote
from asn_impact.verbs import public_verb
from asn_impact.words import Message, paragraph

_MOST = 20  # names shown in a refusal


@public_verb
def with_days(observations: Observed, *, start: str, end: str, name: str, horizon: Times) -> Observed:
    """Return the observations with a column of calendar days from one date to another, each counted up to a horizon.

    The value is ``min(end - start, horizon)``; a record without an end by `as_of` counts as `horizon`. A record whose
    `start` lies less than `horizon` days before `as_of` cannot answer yet and gets no value, *finished or not*:
    otherwise the quick ones would stand for all, and every recent month would look better than it is. Days before the
    start are negative (a project that ended before its plan).

    For a wait from the day a case is received in working days use `read_exports` and `measure` instead.

    Parameters
    ----------
    observations
        With both columns among its dates (``moments=``, or ``"date"``).
    start, end
        Columns of dates, for instance the planned and the real end of a project.
    name
        Of the new column, for `Score`.
    horizon
        Longest number of days that is told apart.

    Raises
    ------
    InputError
        A column is absent or holds no dates, the name is taken, ends lie after `as_of`, or no record can answer.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.readers.observations import read_observations
    >>> frame = pd.DataFrame({"office": "O1", "begun": pd.to_datetime(["2024-01-05"] * 3),
    ...     "plan": pd.to_datetime(["2024-06-01", "2024-06-01", "2024-12-01"]),
    ...     "done": pd.to_datetime(["2024-06-11", None, "2024-11-30"])})
    >>> projects = read_observations(frame, as_of="2024-12-31", date="begun", moments=["plan", "done"])
    >>> late = with_days(projects, start="plan", end="done", name="days_late", horizon=90)
    >>> sorted(late.records.collect()["days_late"].to_list(), key=str)
    [10.0, 90.0, None]
    """
    table = _native(observations)
    _require_new(table, name)
    for column in (start, end):
        _require_column(table, column)
        if kind_of(table, column) != "DATE":
            raise InputError(Message("observations.no_dates", name=column, kind=kind_of(table, column)))
    as_of = f"DATE '{observations.as_of.isoformat()}'"
    late = len(table.filter(f"{quote(end)} > {as_of}").project("1").fetchall())
    if late:
        raise InputError(Message("observations.after_as_of", n=late, name=end, day=observations.as_of))
    days = f"""CASE WHEN {quote(start)} IS NULL OR datediff('day', {quote(start)}, {as_of}) < {int(horizon)} THEN NULL
        ELSE CAST(least(coalesce(datediff('day', {quote(start)}, {quote(end)}), {int(horizon)}), {int(horizon)})
        AS DOUBLE) END AS {quote(name)}"""
    table_of_days = table.project(f"*, {days}")
    without = len(table_of_days.filter(f"{quote(name)} IS NULL").project("1").fetchall())
    total = int(table.aggregate("count(*)").fetchall()[0][0])
    if without == total:
        raise InputError(Message("observations.none_followed", name=start, horizon=horizon))
    span = {"name": name, "start": start, "end": end, "horizon": horizon}
    return _extend(observations, table_of_days, Message("observations.days", **span, without=without, total=total))


def _extend(observations: Observed, table: Relation, note: Message) -> Observed:
    return replace(observations, records=nw.from_native(table).lazy(), notes=(*observations.notes, note))


@public_verb
def with_flag(observations: Observed, *, column: str, true: Names, name: str) -> Observed:
    """Return the observations with a column that is 1 where a text is one of some words, for `Share`.

    An empty text stays missing. Case and spacing of the words in `true` do not matter.

    Raises
    ------
    InputError
        The column is absent or holds no texts, the name is taken, or a word does not occur (a slip would give 0).

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.readers.observations import read_observations
    >>> frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 3),
    ...                       "kanal": ["Daring", "Loket", None]})
    >>> visits = read_observations(frame, as_of="2024-12-31", date="at", keep=["kanal"])
    >>> flagged = with_flag(visits, column="kanal", true=["daring"], name="digital")
    >>> sorted(flagged.records.collect()["digital"].to_list(), key=str)
    [0.0, 1.0, None]
    """
    table = _native(observations)
    _require_new(table, name)
    _require_column(table, column)
    if not kind_of(table, column).startswith("VARCHAR"):
        raise InputError(Message("observations.no_texts", name=column, kind=kind_of(table, column)))
    texts = [str(t) for (t,) in table.aggregate(quote(column)).fetchall() if t is not None and str(t).strip()]
    plain = {t: " ".join(t.split()).casefold() for t in texts}
    words = {" ".join(word.split()).casefold(): word for word in true}
    absent = [word for key, word in words.items() if key not in plain.values()]
    if absent:
        problem = Message("observations.no_such_word", name=column, words=absent)
        names = [masked(t) for t in sorted(texts)[:_MOST]]
        raise InputError(paragraph(problem, did_you_mean(absent[0], names), Message("observations.found", names=names)))
    flags = pa.array([float(plain[t] in words) for t in texts], pa.float64())
    table_of_flags = map_texts(table.project(f"*, {quote(column)} AS {quote(name)}"), name, texts, flags)
    return _extend(
        observations, table_of_flags, Message("observations.flag", name=name, column=column, words=tuple(true))
    )


@public_verb
def with_recorded(observations: Observed, *, column: str, name: str) -> Observed:
    """Return the observations with a column that is 1 where another column was filled in and 0 where it was not.

    For the share of records that say something at all (a status, a date of the answer). Empty are: nothing, spaces, a
    dash, words such as ``null`` and ``n/a``, and dates that stand for none. Every record answers, so that the empty
    ones count; in `with_flag` they do not.

    Raises
    ------
    InputError
        The column is absent, or the name is taken.

    Examples
    --------
    >>> import pandas as pd
    >>> from asn_impact.intake.readers.observations import read_observations
    >>> frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 4),
    ...                       "status": ["Selesai", None, " - ", "Proses"]})
    >>> complaints = read_observations(frame, as_of="2024-12-31", date="at", keep=["status"])
    >>> with_recorded(complaints, column="status", name="told").records.collect()["told"].to_list()
    [1.0, 0.0, 0.0, 1.0]
    """
    table = _native(observations)
    _require_new(table, name)
    _require_column(table, column)
    table_of_flags = table.project(f"*, CAST({_is_filled(table, column)} AS DOUBLE) AS {quote(name)}")
    empty = len(table_of_flags.filter(f"{quote(name)} = 0").project("1").fetchall())
    total = int(table.aggregate("count(*)").fetchall()[0][0])
    return _extend(
        observations,
        table_of_flags,
        Message("observations.recorded", name=name, column=column, empty=empty, total=total),
    )


def _is_filled(table: Relation, column: str) -> str:
    """Return the SQL condition that a cell holds something."""
    kind, cell = kind_of(table, column), quote(column)
    if kind.startswith(("VARCHAR", "ENUM")):
        empty = ", ".join("'" + word.replace("'", "''") + "'" for word in NULL_WORDS)
        return f"coalesce(lower(trim(CAST({cell} AS VARCHAR))) NOT IN ({empty}), FALSE)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"coalesce(NOT isnan({cell}), FALSE)"
    return f"{cell} IS NOT NULL"


def _native(observations: Observations) -> Relation:
    relation: Relation = observations.records.to_native()
    return relation


def _require_new(table: Relation, name: str) -> None:
    if name in table.columns:
        raise InputError(Message("observations.name_taken", name=name))


def _require_column(table: Relation, column: str) -> None:
    if column not in table.columns:
        problem, known = Message("observations.no_column", name=column), table.columns
        raise InputError(
            paragraph(problem, did_you_mean(column, known), Message("observations.found", names=known[:_MOST]))
        )
