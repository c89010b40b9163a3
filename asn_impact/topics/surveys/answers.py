"""Satisfaction surveys (SKM): the answers of respondents, or what is left of them in published tables.

The nine elements of PermenPANRB 14/2017 are found by their *labels*. ``U1`` to ``U7`` mean the same everywhere;
``U8`` and ``U9`` do not: the regulation lists complaints before facilities, its questionnaire asks them the other way
round. So their meaning is never inferred from the number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.display import card, noted
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.blocks import filled_down
from asn_impact.intake.extract import Source
from asn_impact.intake.fields.canonical import FILE, NO_REGENCY
from asn_impact.intake.fields.columns import Headings, listed_headings, normalised
from asn_impact.intake.fields.elements import (
    ELEMENTS,
    IKM,
    find_date,
    headings_in,
    index_alone,
    match_all,
    refuse_free_text,
)
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.fields.labels import TOTAL_LABEL, plain_label, settle_labels
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.formats.engine import from_arrow
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.given import office_given
from asn_impact.intake.readers.observations import Observations, observe
from asn_impact.intake.records import NumberStyle, Order, kind_of, quote, with_numbers
from asn_impact.starts import numbered_alike
from asn_impact.topics.surveys.answer_words import meanings
from asn_impact.topics.surveys.periods import (
    Year,
    dated_elsewhere,
    period_text,
    standing_for,
    survey_period,
    with_part,
    with_year,
)
from asn_impact.topics.surveys.published import OWN, held_against_elements, own_index
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Alert, Message

LOWEST, HIGHEST = 1, 4  # the answers a, b, c, d
PER_POINT = 25  # nilai konversi: 4 becomes 100
PERIOD = "period"  # what the date of answers is called where they have none
_NOBODY = Message("survey.no_respondents")
_FIELDS = ("office", "service", "received")


@dataclass(frozen=True, eq=False, repr=False)
class Survey(Observations):
    """The answers of a satisfaction survey, one row a respondent.

    As `Observations`; the records hold one column an element (1 to 4, missing where not answered) and ``ikm``: 25 times
    the mean of the elements a respondent answered, 25 to 100, missing where none was.

    Attributes
    ----------
    elements : tuple of str
        Names of the columns of answers.
    missing : mapping
        Element -> number of respondents who gave no answer.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> from asn_impact.topics.surveys.answers import ELEMENTS
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04", "2024-03-05"], **{e: [3, 4] for e in ELEMENTS}})
    >>> survey = ai.read_survey(frame, as_of="2024-12-31")
    >>> len(survey.elements), survey.records.collect()["ikm"].to_list()
    (9, [75.0, 100.0])
    """

    elements: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))

    def _facts(self) -> list[tuple[str, object]]:
        gaps = ", ".join(f"{element} {n:,}" for element, n in self.missing.items() if n)
        return [("elements", ", ".join(self.elements)), ("no answer", gaps or "none")]


@dataclass(frozen=True, eq=False)
class SurveyAggregates(Guided):
    """Published results of a survey: number of respondents and mean of each element, by office and period.

    Rows are groups, not people. What varied between the people of a group is not known; `satisfaction_panel` therefore
    puts the largest variation that the scale allows inside each cell, and all inference rests on the variation between
    cells.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``office``, ``service`` where there is one, ``period`` as text, ``month`` (the first of the period, 12 * year +
        month - 1), ``months`` (its length), ``respondents`` and one column an element (mean, 1 to 4).
    elements : tuple of str
        Names of the columns of means.
    ledger, sources, headings, notes
        As for `Observations`.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> from asn_impact.topics.surveys.answers import ELEMENTS
    >>> frame = pd.DataFrame({"office": ["O1"], "tahun": [2024], "n": [200], **{e: [3.5] for e in ELEMENTS}})
    >>> survey = ai.read_survey_aggregates(frame, period="tahun", respondents="n")
    >>> survey.rows[["office", "respondents"]].to_numpy().tolist()
    [['O1', 200]]
    """

    rows: pd.DataFrame
    elements: tuple[str, ...]
    ledger: Ledger
    headings: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", self.rows.copy(deep=False))
        object.__setattr__(self, "headings", MappingProxyType(dict(self.headings)))

    def frame(self) -> pd.DataFrame:
        """Return the rows as a new frame."""
        return self.rows.copy()

    def __repr__(self) -> str:
        people = int(self.rows["respondents"].sum())
        return f"SurveyAggregates({len(self.rows):,} groups, {people:,} respondents, {len(self.elements)} elements)"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("elements", ", ".join(self.elements)), ("rows", repr(self.ledger))]
        return card(repr(self), [*facts, *noted(self)], table=self.rows.head(12))


# --- answers of respondents -----------------------------------------------------------------------------------


@public_verb
def read_survey(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    as_of: dt.date | str,
    date: str | None = None,
    office: str | None = None,
    keep: Names = (),
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    elements: Mapping[str, str] | None = None,
    words: Mapping[str, int | None] | None = None,
    zone: str | None = None,
    period: str | None = None,
    regency: str | None = None,
    copies: Literal["once", "each"] = "once",
) -> Survey:
    """Return the answers of a satisfaction survey, one row a respondent.

    Parameters
    ----------
    source, as_of, office, keep, dates, zone, regency, copies
        As for `read_observations`. Free text (saran) is refused.
    date : str, optional
        Heading of the date; without it the usual ones (Tanggal, Tanggal Survei, Timestamp) are looked for.
    columns : mapping, optional
        ``office``, ``service`` or an element -> heading, or a list of headings where files differ; None for an element
        that was not asked.
    period : str, optional
        The period of all answers, where they have no date: ``"Semester I 2024"``, ``"TW II 2024"``, ``"Maret 2024"``.
        They count in its first month.
    elements : mapping, optional
        Name -> heading for a questionnaire of its own (14 elements of 2004, say), in the place of the nine.
    words : mapping, optional
        What a written answer means: ``{"Sangat baik": 4, "Tidak menjawab": None}``. The usual answers to each element
        (``Gratis``, ``b. Kurang sesuai``) and the letters a to d are known.

    Returns
    -------
    Survey

    Raises
    ------
    InputError
        An element has no column, two columns, or only the number 8 or 9; an answer is no whole number from 1 to 4 (a
        scale from 1 to 5 is another questionnaire: nothing is rescaled).
    PrivacyError
        A column of persons or of free text would enter.

    Warns
    -----
    DataWarning
        Rows were left out, or answers are missing.

    Notes
    -----
    PermenPANRB 14/2017, as described in docs/methods.md#satisfaction. Respondents are those who finished the service
    and were given the form: the survey is a repeated cross-section of *them*.

    Examples
    --------
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04", "2024-03-05"],
    ...     **{f"U{i}": [3, 4] for i in range(1, 8)}, "Penanganan Pengaduan": [4, 4], "Sarana": [2, 4]})
    >>> survey = read_survey(frame, as_of="2024-12-31")
    >>> sorted(survey.records.collect()["ikm"].to_list())
    [75.0, 100.0]
    """
    settled = dict(columns or {})
    refuse_free_text(keep, settled)
    if period is not None and date is not None:
        raise InputError(Message("survey.date_and_period"))
    first, months = (None, 1) if period is None else survey_period(period)
    with explaining(source):
        own_headings = [*listed_headings(settled), *(elements or {}).values(), *([] if date is None else [date])]
        tables = headings_in(source, _FIELDS, own_headings)
        headings_of = match_all(tables, settled, elements)
        answers = observe(
            source,
            as_of=as_of,
            date=PERIOD if period is not None else find_date(tables, date),
            office=office,
            regency=regency,
            keep=[*headings_of, *keep],
            columns={**{name: h for name, h in settled.items() if name not in ELEMENTS}, **headings_of},
            dates=dates,
            zone=zone,
            copies=copies,
            on=None if first is None else dt.date(first // 12, first % 12 + 1, 1),
        )
        table, missing = _check_answers(answers.records.to_native(), tuple(headings_of), words)
        lettered = [e for e in headings_of if _only_letters(answers.records.to_native(), e, words)]
    unasked = [e for e in ELEMENTS if elements is None and e not in headings_of]
    notes = [Message("survey.not_asked", elements=unasked, n=len(headings_of))] if unasked else []
    notes += [Alert("survey.letters", elements=lettered)] if len(lettered) == len(headings_of) else []
    notes += [] if period is None else [Message("survey.period_given", period=period, n=months)]
    if gaps := sum(missing.values()):
        worst = max(missing, key=lambda e: missing[e])
        notes.append(Alert("survey.answers_missing", n=gaps, element=worst, most=missing[worst]))
    own = {"records": nw.from_native(table).lazy(), "notes": (*answers.notes, *notes)}
    return Survey(**vars(answers) | own, elements=tuple(headings_of), missing=missing)


def _check_answers(
    table: duckdb.DuckDBPyRelation, elements: tuple[str, ...], words: Mapping[str, int | None] | None
) -> tuple[duckdb.DuckDBPyRelation, dict[str, int]]:
    """Return the answers as numbers with the index of each respondent, held in memory, and the missing by element."""
    for element in elements:
        table = with_numbers(table, element, words=meanings(element, _texts_of(table, element), words))
        counts = table.aggregate(f"{quote(element)} AS answer, count(*) AS n").fetchall()
        _refuse_other_answers(element, {a: int(n) for a, n in counts if a is not None})
    answered = " + ".join(f"({quote(e)} IS NOT NULL)::INTEGER" for e in elements)
    total = " + ".join(f"coalesce({quote(e)}, 0)" for e in elements)
    table = table.project(f"*, {PER_POINT} * ({total}) / nullif({answered}, 0) AS {IKM}")
    gaps = table.aggregate(", ".join(f"count(*) - count({quote(e)})" for e in elements)).fetchall()[0]
    answers = from_arrow(table.to_arrow_table())
    return answers, dict(zip(elements, map(int, gaps), strict=True))


def _only_letters(table: duckdb.DuckDBPyRelation, element: str, words: Mapping[str, int | None] | None) -> bool:
    """Return whether answers are letters alone, of which nothing says that d is the best."""
    answers = {text.strip().casefold() for text in _texts_of(table, element)}
    return bool(answers & set("abcd")) and words is None and answers <= set("abcd")


def _texts_of(table: duckdb.DuckDBPyRelation, element: str) -> list[str]:
    """Return the different answers to an element that are texts."""
    if not kind_of(table, element).startswith(("VARCHAR", "ENUM")):
        return []
    return [str(t) for (t,) in table.aggregate(f"CAST({quote(element)} AS VARCHAR) AS t").fetchall() if t is not None]


def _refuse_other_answers(element: str, counts: Mapping[float, int]) -> None:
    wrong = {a: n for a, n in counts.items() if a not in range(LOWEST, HIGHEST + 1)}
    if not wrong:
        return
    answers = [Message("survey.answer", answer=f"{a:g}", n=wrong[a]) for a in sorted(wrong)[:4]]
    kinds = {"none_to_five": {0.0, 5.0} <= set(wrong), "five": max(wrong) == 5, "zero": set(wrong) == {0.0}}
    why = next((kind for kind, met in kinds.items() if met), "other")
    ends = {"lowest": LOWEST, "highest": HIGHEST}
    problem = Message("survey.other_answers", element=element, answers=answers, **ends)
    raise InputError(problem + Message(f"survey.why.{why}"))


# --- published aggregates -------------------------------------------------------------------------------------


@public_verb
def read_survey_aggregates(
    source: Any,  # noqa: ANN401 (a path, or any frame narwhals knows)
    *,
    respondents: str,
    period: str | None = None,
    office: str | None = None,
    columns: Headings | None = None,
    elements: Mapping[str, str] | None = None,
    style: NumberStyle | None = None,
    zone: str | None = None,
    fill_down: Names = (),
    year: Year | None = None,
    regency: str | None = None,
) -> SurveyAggregates:
    """Return published survey results: one row an office (and service) and period, with the mean of each element (NRR).

    Parameters
    ----------
    source
        As for `read_survey`.
    period : str
        Heading of the period: ``2024``, ``Semester I 2024``, ``TW II 2024``, ``Maret 2024``, ``2024-03``, ``2024Q1``,
        ``Januari s.d. Maret 2024``. Below ``Semester`` or ``Triwulan`` a bare ``I`` or ``2`` is that part of its year.
        Of a recap without such a column the period itself: ``period="Semester I 2024"``; or nothing, where `year` says
        where the period stands. ``"[heading]"`` where the periods are headings, each above the index and respondents.
    respondents : str
        Heading of the number of respondents behind a row.
    office, columns, elements, regency
        As for `read_survey`. A recap of the index alone (``Nilai IKM``, 25 to 100) has the one element ``ikm``.
    style : {"1.234,56", "1,234.56"}, optional
        How numbers are written, where a column does not tell.
    zone : str, optional
        Zone in which a period that is a moment has its month.
    fill_down : sequence of str, optional
        Fields (``office``) or headings under which a name stands once a block: its empty cells hold what stands above.
    year : {"sheet", "title"}, optional
        Where the column of periods says ``Semester I`` alone, or there is none: the year, or the whole period, is in
        the name of the sheet, else of the file; or in a title above the headings (``REKAPITULASI IKM TAHUN 2024``).
        A column ``Tahun`` beside that of the periods is found without it.

    Raises
    ------
    InputError
        The name of a sheet or a title holds no year, or two; a mean lies outside 1 to 4, a number of respondents is no
        whole number above 0, a period cannot be read, or an office (and service) has two rows of one period.

    Warns
    -----
    DataWarning
        Rows were left out: totals, without an office, without respondents. The recap's own column of the index says
        something else than its elements, by more than rounding.

    Examples
    --------
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "Periode": ["Semester I 2024", "Semester II 2024"], "n": [60, 80],
    ...     **{e: ["3,25", "3,5"] for e in ELEMENTS}})
    >>> read_survey_aggregates(frame, period="Periode", respondents="n")
    SurveyAggregates(2 groups, 140 respondents, 9 elements)
    """
    settled = dict(columns or {})
    with explaining(source):
        named = [respondents] if period is None else [period, respondents]
        tables = headings_in(source, _FIELDS[:2], [*listed_headings(settled), *(elements or {}).values(), *named])
        of_rows = _period_headings(tables, period, year)
        of_rows |= _year_heading(tables, period, year) if "period" in of_rows else {}
        headings_of = match_all(tables, settled, elements or index_alone(tables, settled))
        fields = ["service", *([] if office is not None else ["office", REGENCY])]
        named_columns = {**{f: h for f, h in settled.items() if f in fields}, **headings_of}
        of_rows |= own_index(tables, headings_of)
        rows = gather(
            source,
            fields,
            columns={**named_columns, **of_rows, "respondents": respondents},
            dates=None,
            keep=[*of_rows, "respondents", *headings_of],
            required=[f for f in fields if f == "office"],
            zone=zone,
            reshape=partial(filled_down, names=fill_down, columns=settled) if fill_down else None,
        )
        frame, of_regencies = settle_regencies(rows.frame, regency)
        table = pd.DataFrame(frame.collect().to_pandas())
    of_given = [*office_given(office, source, rows.tables), *of_regencies]
    if office is not None:
        table["office"] = office
    if period is not None:
        table["period"] = with_part(table["period"], period) if "period" in of_rows else period
    of_periods = list[Message]()
    if YEAR in table:
        table["period"] = with_year(table["period"], table[YEAR])
    elif year is not None:
        table["period"], of_periods = dated_elsewhere(table, rows.tables, year)
    usable, ledger = _group_rows(table)
    counts_of = {str(label): int(n) for label, n in usable["office"].value_counts().items()}
    changed, of_offices = settle_labels(counts_of, door="unit")
    usable = usable.assign(office=usable["office"].replace(changed))
    groups, of_lengths = _aggregate_columns(usable, tuple(headings_of), style)
    _refuse_double(groups)
    nameless = ledger.dropped.get(reason("no_office"), 0)
    once = {"n": nameless, "total": len(table), "heading": rows.headings.get("office", "office")}
    if nameless >= len(usable) and not fill_down:  # a block of two rows and more
        of_offices = [*of_offices, Alert("survey.office_once", **once)]
    of_periods += of_lengths
    of_periods += held_against_elements(groups, usable.get(OWN), rows.headings.get(OWN), tuple(headings_of))
    headings = {f: h for f, h in rows.headings.items() if f != OWN} | {"respondents": respondents}
    headings |= {} if period is None else {"period": period}
    counts = table[FILE].value_counts() if FILE in table else pd.Series({0: len(table)})
    sources = tuple(Source(t.name, int(counts.get(i, 0)), t.sha256) for i, t in enumerate(rows.tables))
    notes = tuple(
        note for note in (*of_given, *rows.notes, *of_offices, *of_periods, ledger.note()) if note is not None
    )
    return SurveyAggregates(groups, tuple(headings_of), ledger, headings, sources, notes)


def _period_headings(
    tables: Sequence[tuple[str | Message, list[str]]], period: str | None, year: Year | None
) -> dict[str, str]:
    """Return the heading of the period, or nothing where no table has it and it is a period itself, or said elsewhere.

    Raises
    ------
    InputError
        Neither a period nor a place where it stands was given.
    """
    if period is None:
        if year is None:
            raise InputError(Message("survey.period_where"))
        return {}
    if any(normalised(heading) == normalised(period) for _, headings in tables for heading in headings):
        return {"period": period}
    try:
        survey_period(period if year is None else f"{period} {_ANY_YEAR}")
    except InputError:
        return {"period": period}  # which heading is absent is said where it is looked for
    return {}


def _year_heading(
    tables: Sequence[tuple[str | Message, list[str]]], period: str | None, year: Year | None
) -> dict[str, str]:
    """Return the heading of a column of years beside that of the periods, where every table has it."""
    own = None if period is None else normalised(period)
    found = {normalised(h): h for _, headings in tables for h in headings if normalised(h) in _YEARS}
    known = [[normalised(h) for h in headings] for _, headings in tables]
    there = [h for name, h in found.items() if name != own and all(name in headings for headings in known)]
    return {YEAR: there[0]} if len(there) == 1 and year is None else {}


YEAR: Final = "asn_year"
_YEARS: Final = frozenset(map(normalised, ("tahun", "thn", "year")))
_ANY_YEAR = 2000
_QUARTERS = 4  # in a year


def _group_rows(table: pd.DataFrame) -> tuple[pd.DataFrame, Ledger]:
    """Leave out rows of totals, rows without an office, and rows without respondents."""
    office = table["office"].map(lambda v: "" if pd.isna(v) else plain_label(str(v)))
    if any(persons_in(label) for label in set(office)):
        raise PrivacyError(Message("survey.office_of_persons"))
    blank = table["respondents"].map(lambda v: pd.isna(v) or str(v).strip().casefold() in {*NULL_WORDS, "0", "0.0"})
    fate = pd.Series("", index=table.index)
    fate[blank] = "no_respondents"
    fate[office == ""] = "no_office"
    if NO_REGENCY in table:
        fate[table[NO_REGENCY].to_numpy(bool)] = "no_regency"
    fate[office.map(lambda o: TOTAL_LABEL.match(o) is not None)] = "row_of_totals"
    groups = table.assign(office=office)[fate == ""]  # the index still says which row it was
    if groups.empty:
        raise InputError(Message("survey.nothing_usable", n=len(table)))
    counts = fate[fate != ""].value_counts().sort_index()
    dropped = {_NOBODY if code == "no_respondents" else reason(str(code)): int(n) for code, n in counts.items()}
    return groups, Ledger(len(table), len(groups), dropped)


def _aggregate_columns(
    table: pd.DataFrame, elements: tuple[str, ...], style: NumberStyle | None
) -> tuple[pd.DataFrame, list[Message]]:
    periods, notes = standing_for(table["period"].tolist(), [survey_period(v) for v in table["period"]])
    if either := numbered_alike(dict.fromkeys(table["period"]), _QUARTERS):
        raise InputError(Message("survey.month_or_part", values=tuple(either)))
    people = _numbers(table["respondents"], "respondents", style)
    if (broken := (~np.isfinite(people) | (people < 1) | (people != people.round()))).any():
        raise InputError(Message("survey.respondents", n=int(broken.sum()), row=int(broken[broken].index[0]) + 1))
    groups = pd.DataFrame({"office": table["office"]})
    if "service" in table and table["service"].notna().any():
        groups["service"] = table["service"].map(lambda v: None if pd.isna(v) else " ".join(str(v).split()))
    groups["period"] = [period_text(v) for v in table["period"]]
    groups["month"] = np.array([first for first, _ in periods], dtype=np.int64)
    groups["months"] = np.array([length for _, length in periods], dtype=np.int64)
    groups["respondents"] = people.astype(np.int64)
    for element in elements:
        groups[element] = _means(table[element], element, style)
    return groups.reset_index(drop=True), notes


def _means(values: pd.Series, element: str, style: NumberStyle | None) -> pd.Series:
    means = _numbers(values, element, style)
    factor = PER_POINT if element == IKM else 1
    lowest, highest = LOWEST * factor, HIGHEST * factor
    wrong = means.notna() & ~means.between(lowest, highest)
    if wrong.any():
        at, ends = means[wrong].index[0], {"lowest": lowest, "highest": highest}
        first = {"mean": f"{means[at]:g}", "row": int(at) + 1}
        raise InputError(Message("survey.means_outside", element=element, n=int(wrong.sum()), **ends, **first))
    return means


def _numbers(values: pd.Series, name: str, style: NumberStyle | None) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = [None if pd.isna(v) else str(v) for v in values]
    return parse_numbers(texts, name=name, style=style).set_axis(values.index)


def _refuse_double(rows: pd.DataFrame) -> None:
    keys = [c for c in ("office", "service", "month") if c in rows]
    double = rows.duplicated(keys)
    if double.any():
        first = rows.loc[double].iloc[0]
        names = {"office": str(first["office"]), "period": str(first["period"])}
        raise InputError(Message("survey.double_period", n=int(double.sum()), **names))
