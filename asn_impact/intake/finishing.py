"""From cleaned rows to an extract: refused where its population is not plausible, else with what has to be said."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal

import narwhals as nw

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.checks import (
    FEWEST_CASES,
    FEWEST_OPEN,
    FEWEST_RECENT,
    FOLLOWED,
    Earlier,
    Part,
    day_said,
    drawn_on_completion,
    expected_open,
    lacking_open,
    late,
    once_above,
    refuse_losses,
    undecided,
)
from asn_impact.intake.cleaning import (
    GIVEN,
    NO_DATE,
    Cleaned,
)
from asn_impact.intake.copies import in_duckdb
from asn_impact.intake.extract import Extract, Selection, Source
from asn_impact.intake.fields.canonical import CASE_FIELDS
from asn_impact.intake.fields.columns import THE_DATA, check_mapping
from asn_impact.intake.fields.dates import dated
from asn_impact.intake.fields.free_text import numbers_of_persons, without_persons
from asn_impact.intake.fields.labels import join_spellings, settle_cases
from asn_impact.intake.fields.regencies import regency_key, settle_regencies
from asn_impact.intake.fields.sketched import examples_of
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.snapshots import refuse_changed
from asn_impact.intake.frames import looked_at
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message, paragraph

UNREADABLE = 0.1  # share of texts that are no dates above which the column was misread


def settle_keys(
    frame: nw.LazyFrame[Any],
    office: str | None,
    offices: Mapping[str, str] | None,
    regency: str | None,
    *,
    kept: Sequence[str] = (),
) -> tuple[nw.LazyFrame[Any], list[Message]]:
    """Return the rows with one spelling of each office and each case number, and what has to be said of it.

    An office of several regencies is one in each; the column of the regency goes unless it is among those `kept`.
    """
    check_mapping("offices", offices)
    frame, of_offices = settle_office(frame, office, offices)
    frame, of_regencies = settle_regencies(frame, regency, kept=kept)
    frame, of_cases = settle_cases(frame)
    return frame, [*of_cases, *of_offices, *of_regencies]


def settle_office(
    frame: nw.LazyFrame[Any], office: str | None, offices: Mapping[str, str] | None = None, *, door: str = "office"
) -> tuple[nw.LazyFrame[Any], list[Message]]:
    """Return the rows with the office given, or one spelling of each found; every reader of rows goes through here."""
    if office is not None:
        return frame.with_columns(nw.lit(office).alias("office"), nw.lit(1).alias(GIVEN)), []
    return join_spellings(frame, offices, door=door)


def finish(
    rows: Gathered,
    cleaned: Cleaned,
    as_of: dt.date,
    selection: Literal["received", "completed"] | None,
    most_lost: float,
    of_keys: Sequence[Message],
    exported: Mapping[int | str, dt.date] = MappingProxyType({}),
) -> Extract:
    """Return the extract, if its population is plausible."""
    ledger, last = cleaned.ledger, cleaned.latest
    unread = _unreadable(rows, ledger)
    refuse_empty(ledger, rows.tables)
    _refuse_dates_after(cleaned, exported, rows.tables)
    name = rows.tables[0].name if len(rows.tables) == 1 else THE_DATA
    lacking = [n for n in rows.notes if n.key == "intake.columns.in_some" and dict(n.values)["field"] == "case"]
    for file, of_file in {name: ledger, **_ledgers_by_name(cleaned.ledgers, rows.tables)}.items():
        refuse_losses(of_file, most_lost, file, [*unread, *lacking])
    files = {rows.tables[i].name: count for i, count in cleaned.files.items() if i is not None and i < len(rows.tables)}
    heading = rows.headings.get("decided") or rows.headings.get("step_end", "")
    notes = undecided(cleaned.offices, files, declared=selection is not None, heading=masked(heading))
    drawn, of_drawing = _tell_selection(cleaned, selection)
    until = as_of
    if last is not None and late(cleaned.earliest, last, as_of, ledger.kept):
        until = last if cleaned.open_cases and ledger.kept >= FEWEST_CASES else as_of
        gap = {"latest": last, "n": (as_of - last).days, "as_of": as_of}
        notes.append(Message("intake.late", **gap) if until == as_of else Alert("intake.followed_until", **gap))
    notes += [_say_earlier(one, _names_of(cleaned, rows.tables), last, as_of) for one in cleaned.earlier]
    for one in cleaned.appended:
        which = one.regency or rows.tables[0].name
        line = f'exported={{"{masked(which)}": "{as_of.isoformat()}"}}'
        gaps = {"name": masked(one.regency) if one.regency else name, "n": one.still_open}
        days = [day.isoformat() for day in one.days]
        notes.append(Alert("intake.exported.appended", first=masked(which), line=line, as_of=as_of, days=days, **gaps))
    if (lost := cleaned.without_status) is not None:
        names = [*(hidden(rows.tables[i].name, names=True) for i in lost.files), *map(masked, lost.offices)]
        counts = {"n": lost.n, "all": lost.said, "withdrawn": lost.withdrawn}
        notes.append(Alert("intake.status.none", names=names, first=lost.first, last=lost.last, **counts))
    left_out = ledger.note()
    asked = [c for c in cleaned.records.collect_schema().names() if c not in (*CASE_FIELDS, FOLLOWED)]
    records, of_persons = without_persons(cleaned.records, asked)
    of_persons += numbers_of_persons(rows.frame)
    sources = tuple(
        Source(hidden(t.name, names=True), cleaned.rows_by_file.get(i, 0), t.sha256) for i, t in enumerate(rows.tables)
    )
    refuse_changed(rows.tables)
    every = (*rows.notes, *of_keys, *cleaned.notes, *notes, *unread, *of_drawing, *of_persons)
    every += (left_out,) if left_out is not None else ()
    return Extract(in_duckdb(records), until, ledger, rows.headings, sources, every, drawn, layouts=rows.layouts)


def _ledgers_by_name(ledgers: Mapping[int, Ledger], tables: Sequence[RawTable]) -> dict[str | Message, Ledger]:
    """Return what became of the rows of each table and of each workbook: a bad one drowns among good ones."""
    named: dict[str | Message, Ledger] = {}
    sheets = Counter(t.sha256 for t in tables)
    for i, own in ledgers.items() if len(tables) > 1 else ():
        name = hidden(tables[i].name, names=True)
        named[name] = own
        if tables[i].sha256 and sheets[tables[i].sha256] > 1:
            file = name.rpartition("[")[0] or name
            named[file] = named[file] + own if file in named else own
    return named


def _names_of(cleaned: Cleaned, tables: Sequence[RawTable]) -> dict[Part, str]:
    """Return what a reader calls each part: its file, or its regency where the file is of several."""
    parts = Counter(file for file, _ in cleaned.ends)
    return {p: masked(p[1]) if parts[p[0]] > 1 else hidden(tables[p[0]].name, names=True) for p in cleaned.ends}


def _say_earlier(one: Earlier, called: Mapping[Part, str], latest: dt.date | None, as_of: dt.date) -> Message:
    """Say which parts were exported earlier, by which of their cases one sees it, and what the reader can answer."""
    names = list(dict.fromkeys(called[part] for part in one.parts))
    line = f'exported={{"{names[0]}": "{one.day.isoformat()}"}}'
    gaps = {"files": names, "first": names[0], "line": line, "day": one.day, "latest": latest, "as_of": as_of}
    counts = {"n": one.still_open, "month": one.month, "open": one.of_month[0], "all": one.of_month[1]}
    return Alert("intake.exported.earlier", **gaps, **counts)


def days_of(
    exported: Mapping[str, dt.date | str] | None,
    tables: Sequence[RawTable],
    as_of: dt.date,
    regencies: Sequence[str] = (),
) -> dict[int | str, dt.date]:
    """Return number of a table, or a regency -> the day that was said for it, or for the file of the table."""
    check_mapping("exported", exported)
    names = [t.name for t in tables]
    days: dict[int | str, dt.date] = {}
    for file, said in (exported or {}).items():
        own: list[int | str] = [i for i, name in enumerate(names) if name == file or name.startswith(f"{file}[")]
        own += [one for one in regencies if regency_key(one) == regency_key(file)]
        if not own:
            known = [*(hidden(n, names=True) for n in names), *regencies]
            what = Message("intake.exported.no_file", file=file, known=known)
            raise InputError(paragraph(what, did_you_mean(file, [*names, *regencies])))
        if (day := read_day(said)) > as_of:
            raise InputError(Message("intake.exported.after", file=file, day=day, as_of=as_of))
        days |= dict.fromkeys(own, day)
    return days


def _refuse_dates_after(cleaned: Cleaned, exported: Mapping[int | str, dt.date], tables: Sequence[RawTable]) -> None:
    called = _names_of(cleaned, tables) if exported else {}
    for part, name in called.items():
        if (day := day_said(part, exported)) is not None and cleaned.ends[part] > day:
            raise InputError(Message("intake.exported.dates_after", file=name, day=day, latest=cleaned.ends[part]))


def _tell_selection(
    cleaned: Cleaned, declared: Literal["received", "completed"] | None
) -> tuple[Selection, list[Message]]:
    """Return how the export was drawn, as declared or as the dates tell, and what has to be said of it."""
    if declared == "completed":
        return "completed", [Alert("intake.completed_only")]
    if cleaned.latest is None:
        return declared or "unknown", []
    records = looked_at(cleaned.records, "office", "received", "decided")
    if cleaned.open_cases:
        lacking = lacking_open(records, cleaned.latest, cleaned.offices) if declared is None else []
        return "received", lacking
    if declared is None and cleaned.decided_cases >= FEWEST_CASES and drawn_on_completion(records):
        return "completed", [Alert("intake.completed_only")]
    enough = cleaned.decided_cases >= FEWEST_RECENT  # below it the answer is known, and each question reads every row
    expected = expected_open(records, cleaned.latest) if enough else 0.0
    if expected < FEWEST_OPEN:
        return declared or "unknown", []
    gap = {"expected": round(expected), "latest": cleaned.latest}
    if declared == "received":
        return "received", [Message("intake.finished_declared", **gap)]
    return "completed", [Alert("intake.finished_only", **gap)]


def read_day(value: dt.date | str) -> dt.date:
    """Return the day of an export as given, or as ISO text says it."""
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise InputError(Message("intake.as_of", found=repr(value))) from None
    return day.date() if isinstance(day, dt.datetime) else day


def refuse_empty(ledger: Ledger, tables: Sequence[RawTable]) -> None:
    """Refuse an export without rows, or without any that can be used."""
    name = tables[0].name if tables else THE_DATA
    if ledger.read == 0:
        raise InputError(Message("intake.no_rows", file=name))
    if ledger.kept == 0:
        unusable = Message("intake.none_usable", file=name, n=ledger.read, reasons=ledger.reasons())
        raise InputError(paragraph(unusable, *once_above(ledger)))


MOST_ASKED: Final = 100  # different texts that are no dates, among which examples are looked for
_YEARLESS: Final = re.compile(r"\d{1,2}(?:[-/. ]+(?:\d{1,2}|[a-z]{3,9}))?\.?", re.IGNORECASE)  # 5, 05/01, 5 Januari


def _unreadable(rows: Gathered, ledger: Ledger) -> list[Message]:
    """Say which texts are no dates; too many mean that the column was misread."""
    notes = []
    for reading_of in rows.readings:
        code = NO_DATE.get(reading_of.column)
        count = 0 if code is None else ledger.dropped.get(reason(code), 0)
        if not count or rows.texts is None:
            continue
        texts = rows.texts.project(f'*, "{reading_of.column}" AS asn_text')
        wrong = dated(texts, reading_of).filter(f"asn_{reading_of.column}_bad").aggregate("asn_text, count(*) AS n")
        bad = wrong.order("n DESC, asn_text").project("asn_text").limit(MOST_ASKED).fetchall()
        examples = examples_of(v for (v,) in bad)
        what = Message("intake.dates.unreadable", field=reading_of.column, n=count, examples=examples)
        if count > UNREADABLE * reading_of.rows:
            yearless = all(_YEARLESS.fullmatch(str(v).strip()) for (v,) in bad)
            hint = [Message("intake.dates.no_year")] if yearless else []
            raise InputError(paragraph(what, Message("intake.dates.too_many", n=reading_of.rows), *hint))
        notes.append(what)
    return notes
