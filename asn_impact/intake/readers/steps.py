"""Exports with one row a processing step -> one `Extract` of cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import narwhals as nw

from asn_impact.arguments import Names, Share
from asn_impact.intake.checks import (
    MOST_LOST,
)
from asn_impact.intake.cleaning import (
    UNKNOWN,
    clean,
    placeholders_read,
)
from asn_impact.intake.copies import held, in_duckdb
from asn_impact.intake.extract import Extract
from asn_impact.intake.fields.canonical import CASE_FIELDS, FILE, STEP_FIELDS
from asn_impact.intake.fields.columns import Headings
from asn_impact.intake.fields.date_columns import Order
from asn_impact.intake.fields.regencies import ALL, REGENCY
from asn_impact.intake.finishing import finish, read_day, refuse_empty, settle_keys
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.given import office_given
from asn_impact.intake.readers.step_rows import (
    NUMBER,
    STEPS,
    Numbered,
    cases_of_steps,
    distinct_steps,
    number_cases,
    pair_stamps,
    tell_cases_apart,
)
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Message


@public_verb
def read_steps(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    columns: Headings | None = None,
    dates: Mapping[str, Order] | None = None,
    finished: Names = ("Selesai",),
    last_step: str | None = None,
    office: str | None = None,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    selection: Literal["received", "completed"] | None = None,
    most_lost: Share = MOST_LOST,
    table: str | None = None,
    zone: str | None = None,
    sheets: Names = (),
) -> Extract:
    """Return the cases of an export with one row a processing step, as SiCantik writes it.

    A case is received when its first step starts (or on the application date, where there is one) and decided
    when its last step ends, if every step is finished; with an unfinished step it is open. This is the gross
    time: waiting for the applicant is in it.

    Parameters
    ----------
    source, as_of, columns, dates, office, offices, regency, selection, most_lost, table, zone, sheets
        As for `read_exports`; the fields are ``case``, ``office``, ``service``, ``received``, ``step``,
        ``step_start``, ``step_end``, ``status`` (of the step) and ``deleted``.
    finished : sequence of str
        Status words of a finished step. Without a status column a step with an end date is finished. An event log with
        one time a row names it ``step_end``; rows of ``start`` and ``complete`` make one step.
    last_step : str, optional
        The step that decides a case (the signature, say): the case is decided when that step is finished,
        whatever is still open after it, and open until then.

    Returns
    -------
    Extract
        Records by case. The ledger counts steps, the rows of the export.

    Raises
    ------
    InputError
        Naming file, column, what was found and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> steps = pd.DataFrame({
    ...     "case": ["1", "1"], "office": "O1", "step": ["verify", "sign"], "status": ["Selesai", "Selesai"],
    ...     "step_start": pd.to_datetime(["2024-01-02", "2024-01-05"]),
    ...     "step_end": pd.to_datetime(["2024-01-05", "2024-01-09"])})
    >>> read_steps(steps, as_of="2024-01-31").records.collect().rows()[0][3:5]
    (datetime.date(2024, 1, 2), datetime.date(2024, 1, 9))
    """
    return cases_and_steps(**locals(), needed=("step",) if last_step is not None else ())[0]


def cases_and_steps(
    source: Any,  # noqa: ANN401
    *,
    as_of: dt.date | str,
    finished: Names,
    last_step: str | None,
    office: str | None,
    offices: Mapping[str, str] | None,
    regency: str | None,
    selection: Literal["received", "completed"] | None,
    most_lost: Share,
    needed: Sequence[str],
    **how: Any,  # noqa: ANN401 - columns, dates, table, zone, sheets: of `gather`
) -> tuple[Extract, Numbered]:
    """Return what `read_steps` does, and its cases with their steps, each once; both are worked out once and kept."""
    day = read_day(as_of)
    wanted = [f for f in (*STEP_FIELDS, REGENCY) if not (f == "office" and office is not None)]
    required = ["case", "step_end", *([] if office is not None else ["office"])]
    required += needed
    with explaining(source):
        rows = gather(source, wanted, keep=(), required=required, **how)
        of_given = office_given(office, source, rows.tables)
        frame, of_keys = settle_keys(rows.frame, office, offices, regency)
        as_found = frame is rows.frame and not rows.readings and all(one.parquet for one in rows.tables)
        steps, before, blanks = distinct_steps(frame if as_found else held(in_duckdb(frame)))
        steps, stamps = pair_stamps(steps)
        distinct, of_series = tell_cases_apart(steps, last_step)
        numbered = number_cases(cases_of_steps(distinct, finished=finished, last_step=last_step), distinct)
        cleaned = clean(numbered.cases, bounds=UNKNOWN, as_of=day, columns=[*CASE_FIELDS, NUMBER], weight=STEPS)
        ledger = Ledger(sum(before.values()), 0, {reason(code): n for code, n in before.items()}) + cleaned.ledger
        refuse_empty(ledger, rows.tables)
        n = int(cleaned.records.select(nw.len()).collect().item())
        note = Message("intake.steps_kept", kept=ledger.kept, n=n)
        sizes = {0: ledger.read} if len(rows.tables) == 1 else _rows_by_table(rows)
        notes = (
            *cleaned.notes,
            *stamps,
            *of_series,
            note,
            *placeholders_read(blanks),
            *_say_spread(cleaned.records, regency),
        )
        records = cleaned.records.drop(NUMBER)
        result = replace(cleaned, records=records, ledger=ledger, rows_by_file=sizes, ledgers={}, notes=notes)
        extract = finish(rows, result, day, selection, most_lost, [*of_given, *of_keys])
        return extract, numbered._replace(cases=cleaned.records)


def _say_spread(records: nw.LazyFrame[Any], regency: str | None) -> list[Message]:
    """Say how many case numbers stand in several offices: the wait in one of them is a part of that of the applicant.

    Short plain numbers start again in every office and say nothing; so do the numbers of two regencies.
    """
    keys = ["case"]
    if regency == ALL:
        records = records.with_columns(asn_regency=nw.col("office").str.replace_all(r" / .*$", ""))
        keys += ["asn_regency"]
    spread = records.group_by(*keys).agg(n=nw.len()).filter(nw.col("n") > 1)
    offices = spread.filter(~nw.col("case").str.contains(r"^\d{1,5}$"))
    n = int(offices.select(nw.len()).collect().item())
    return [Alert("intake.steps_in_offices", n=n)] if n else []


def _rows_by_table(rows: Gathered) -> dict[int, int]:
    counts = rows.frame.group_by(FILE).agg(n=nw.len()).sort(FILE).collect().rows(named=True)
    return {int(r[FILE]): int(r["n"]) for r in counts}
