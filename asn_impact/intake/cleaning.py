"""Typed records -> records that can be measured, and the ledger of what was left out.

One chain of narwhals expressions for every engine. A reason is looked for only where it can occur (the
earliest and latest dates say so), and the records keep only the conditions that left a row out, so a clean
table costs later passes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add, and_, or_
from typing import Any, TypeAlias

import narwhals as nw

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError, PrivacyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.checks import (
    FEWEST_CASES,
    FEWEST_LEFT,
    FOLLOWED,
    Appended,
    Earlier,
    OfficeCount,
    Part,
    Unsaid,
    followed,
    is_remote,
    last_days,
    not_exported_again,
    without_status,
)
from asn_impact.intake.copies import MOST_ASKED, copies_of, held, one_row_a_case
from asn_impact.intake.fields.canonical import FILE, NO_REGENCY
from asn_impact.intake.fields.columns import check_mapping, status_meanings
from asn_impact.intake.fields.date_shapes import PLACEHOLDERS
from asn_impact.intake.fields.empty_words import NULL_WORDS
from asn_impact.intake.fields.labels import TOTAL_ROW, is_one_of
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.privacy import masked
from asn_impact.words import Alert, Message, paragraph

Frame: TypeAlias = "nw.LazyFrame[Any]"

STATUSES = ("open", "granted", "rejected", "withdrawn")
MOST_STATUSES = 40  # words; a column with more unknown ones is no status, and may hold names
LONGEST_WAIT = 10  # years; longer is a slip of the year in every export seen
TOTAL = r"(?i)^\s*(?:grand\s*total|sub\s*total|jumlah|total|rata-rata)"
TEST_ROW = r"(?i)test|(?:^|[^a-z])exp(?:[^a-z]|$)"

FIRST, GIVEN, PLACE = "asn_first", "asn_office_given", "asn_place"
REASON, BLANK, SAID, PART = "asn_reason", "asn_blank", "asn_status", "asn_part"
KEPT = "kept"
FEW_ROWS = 200_000  # that are held in memory: a file of them is written longer than they are worked out
#: Codes of the reasons to leave a row out; their words stand in words/reasons.toml.
FIRST_DAY = dt.date(1900, 1, 1)  # no permit is older: a year before it is a slip of the hand
NO_DATE = {"received": "received_is_no_date", "decided": "decided_is_no_date"}
UNDER = "below_the_table"  # place and date, title and name of who signed


@dataclass(frozen=True, eq=False)
class Bounds:
    """Earliest and latest dates, rows without a received date, and rows with a time of day by column."""

    earliest: dt.date
    latest: dt.date
    missing: int
    timed: Mapping[str, tuple[int, int]]


#: Nothing is known of the dates, so every reason is looked for (texts: one pass more would cost more).
UNKNOWN = Bounds(dt.date.min, dt.date.max, 1, {})


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Records, what became of the rows, and facts of the kept ones that later questions need, by office and file."""

    records: Frame
    ledger: Ledger
    rows_by_file: Mapping[int, int]
    ledgers: Mapping[int, Ledger]
    offices: Mapping[str, OfficeCount]
    files: Mapping[int | None, OfficeCount]
    earliest: dt.date | None
    latest: dt.date | None
    notes: tuple[Message, ...]
    ends: Mapping[Part, dt.date]
    earlier: tuple[Earlier, ...]
    appended: tuple[Appended, ...]
    without_status: Unsaid | None

    @property
    def open_cases(self) -> int:
        """Number of kept cases that wait for a decision."""
        return sum(o.still_open for o in self.offices.values())

    @property
    def decided_cases(self) -> int:
        """Number of usable rows with a date of decision: at least as many as kept cases that have one."""
        return sum(o.decided for o in self.offices.values())


def _one(frame: Frame) -> dict[str, Any]:
    return dict(frame.collect().rows(named=True)[0])


def _date(value: Any) -> dt.date | None:  # noqa: ANN401 (each engine has its own date)
    if value is None or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


def bounds_of(frame: Frame) -> Bounds:
    """Return the bounds of the typed columns ``received`` and ``decided``, from one cheap query.

    Without both columns nothing is known, and every reason is looked for.
    """
    schema = frame.collect_schema()
    if not {"received", "decided"} <= set(schema.names()):
        return UNKNOWN
    timed = [c for c in ("received", "decided") if schema[c] == nw.Datetime]
    clock = {c: (nw.col(c).dt.hour() + nw.col(c).dt.minute() + nw.col(c).dt.second()) for c in timed}
    flags = [nw.when(e > 0).then(1).otherwise(0).alias(f"t_{c}") for c, e in clock.items()]
    row = _one(
        (frame.with_columns(*flags) if flags else frame).select(
            n=nw.len(),
            r=nw.col("received").count(),
            d=nw.col("decided").count(),
            r0=nw.col("received").min(),
            r1=nw.col("received").max(),
            d0=nw.col("decided").min(),
            d1=nw.col("decided").max(),
            **{f"t_{c}": nw.col(f"t_{c}").sum() for c in timed},
        )
    )
    dates = [d for key in ("r0", "r1", "d0", "d1") if (d := _date(row[key])) is not None]
    counts = {c: (int(row[f"t_{c}"] or 0), int(row[c[0]])) for c in timed}
    earliest, latest = (min(dates), max(dates)) if dates else (dt.date.min, dt.date.max)
    return Bounds(earliest, latest, int(row["n"]) - int(row["r"]), counts)


# --- status words ---------------------------------------------------------------------------------------------


def _meaning(word: str, known: Mapping[str, str]) -> str | None:
    plain = " ".join(word.split()).casefold()
    if plain in known:
        return known[plain]
    return "open" if "nunggu" in plain else None


def _with_status(frame: Frame, status_words: Mapping[str, str] | None) -> Frame:
    """Words of the office -> the four statuses; without a word the decision date says open or granted."""
    by_date = nw.when(nw.col("decided").is_null()).then(nw.lit("open")).otherwise(nw.lit("granted"))
    if "status" not in frame.collect_schema().names():
        return frame.with_columns(status=by_date)
    frame = frame.with_columns(nw.col("status").cast(nw.String))
    counted = frame.group_by("status").agg(n=nw.len(), dated=nw.col("received").count()).sort("status")
    counts = counted.collect().rows(named=True)
    words = {r["status"]: int(r["n"]) for r in counts if isinstance(r["status"], str)}
    undated = {r["status"] for r in counts if not r["dated"]}  # rows of totals and the like: they are left out
    check_mapping("status_words", status_words)
    own = {" ".join(k.split()).casefold(): v for k, v in (status_words or {}).items()}
    _check_statuses(own)
    meanings = {w: _meaning(w, {**status_meanings(), **own}) for w in words}
    empty = {w for w in words if meanings[w] is None and (w.strip().casefold() in NULL_WORDS or w in undated)}
    unknown = sorted((w for w in words if meanings[w] is None and w not in empty), key=lambda w: -words[w])
    if unknown:
        raise InputError(_unknown_statuses(unknown, words))
    status, said = by_date, [w for w in words if meanings[w] is not None]
    for meaning in STATUSES:
        synonyms = [w for w in words if meanings[w] == meaning]
        if synonyms:
            status = nw.when(nw.col("status").is_in(synonyms)).then(nw.lit(meaning)).otherwise(status)
    return frame.with_columns(nw.when(is_one_of("status", said)).then(1).otherwise(0).alias(SAID), status=status)


def _check_statuses(own: Mapping[str, str]) -> None:
    wrong = [v for v in own.values() if v not in STATUSES]
    if wrong:
        what = Message("intake.status.wrong_meaning", wrong=wrong, known=STATUSES)
        raise InputError(paragraph(what, did_you_mean(wrong[0], STATUSES)))


def _unknown_statuses(unknown: list[str], words: Mapping[str, int]) -> Message:
    if len(unknown) > MOST_STATUSES:
        return Message("intake.status.no_statuses", n=len(unknown))
    examples = [Message("intake.status.word", word=masked(w), n=words[w]) for w in unknown[:10]]
    return Message("intake.status.unknown", n=len(unknown), words=examples, first=masked(unknown[0]), known=STATUSES)


# --- reasons to leave a row out -------------------------------------------------------------------------------


def without_placeholders(frame: Frame, dates: Sequence[str]) -> Frame:
    """Return the frame with dates that mean "no date" made missing; ``asn_blank`` counts them by row."""
    engine = frame.implementation
    if engine.is_pyspark() or engine.is_pyspark_connect():  # it refuses the day 0001-01-01 as a value
        empty = {c: nw.col(c).cast(nw.String).is_in(list(map(str, PLACEHOLDERS))) for c in dates}
    else:
        empty = {c: nw.col(c).is_in(list(PLACEHOLDERS)) for c in dates}
    counts = [nw.when(e).then(1).otherwise(0) for e in empty.values()]
    frame = frame.with_columns(reduce(add, counts).alias(BLANK))
    return frame.with_columns(
        *(nw.when(e).then(nw.lit(None, dtype=nw.Date)).otherwise(nw.col(c)).alias(c) for c, e in empty.items())
    )


def placeholders_read(count: int) -> tuple[Message, ...]:
    """Return the note about dates that mean "no date", or nothing."""
    return (Message("intake.dates.placeholders", n=count),) if count else ()


def _years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _too_long() -> nw.Expr:
    """Ten years or more between the two dates, by the calendar. An open case is never too old."""
    received, decided = nw.col("received"), nw.col("decided")

    def day_of_year(date: nw.Expr) -> nw.Expr:
        return date.dt.month().cast(nw.Int32) * 100 + date.dt.day().cast(nw.Int32)

    years = decided.dt.year() - received.dt.year()
    exactly = (years == LONGEST_WAIT) & (day_of_year(decided) >= day_of_year(received))
    return (years > LONGEST_WAIT) | exactly


def _surely(condition: nw.Expr) -> nw.Expr:
    """Return the condition with unknown taken as false."""
    return condition.fill_null(value=False)


#: What a row of a register of complaints is, where a column says it; and the words of rows that are none.
NATURE = "nature"
_NO_COMPLAINT = (
    r"^\s*(aspirasi(\s*(/|dan|&)\s*saran)?|(permintaan|permohonan) informasi( publik)?|pertanyaan|saran|masukan|usul|"
    r"usulan|apresiasi|pujian|aspirations?|suggestions?|requests? for information|information requests?|questions?)\s*$"
)


def _reasons(names: list[str], bounds: Bounds, as_of: dt.date) -> dict[str, nw.Expr]:
    """Code of a reason -> condition, in the order in which the first that applies counts."""
    received, decided, status = nw.col("received"), nw.col("decided"), nw.col("status")
    bad = {c: nw.col(f"asn_{c}_bad") for c in ("received", "decided") if f"asn_{c}_bad" in names}
    reasons: dict[str, nw.Expr] = {}
    totals = [_surely(nw.col(TOTAL_ROW))] if TOTAL_ROW in names else []
    if bounds.missing:
        totals += [received.is_null() & said for said in total_words(names)]
    if totals:
        reasons["row_of_totals"] = reduce(or_, totals)
    if "received" in bad:
        reasons[UNDER] = _below_the_table(names, bad["received"])
    if "case" in names:
        reasons["no_case_number"] = nw.col("case").is_null() | (nw.col("case") == "")
        reasons["test_row"] = names_a_test()
    if NATURE in names:
        reasons["no_complaint"] = _surely(nw.col(NATURE).cast(nw.String).str.to_lowercase().str.contains(_NO_COMPLAINT))
    if "received" in bad:
        reasons[NO_DATE["received"]] = bad["received"]
    if bounds.missing:
        reasons["no_received_date"] = received.is_null()
    if bounds.latest > as_of:
        reasons["received_after_export"] = received > as_of
    if bounds.earliest < FIRST_DAY:
        reasons["received_before_1900"] = received < FIRST_DAY
    if "decided" in bad:
        reasons[NO_DATE["decided"]] = bad["decided"]
    reasons["decided_before_received"] = decided < received
    if bounds.latest > as_of:
        reasons["decided_after_export"] = decided > as_of
    if bounds.earliest <= _years_before(min(max(bounds.latest, as_of), dt.date(9999, 1, 1)), LONGEST_WAIT):
        reasons["wait_of_ten_years"] = _too_long()
    if NO_REGENCY in names:
        reasons["no_regency"] = nw.col(NO_REGENCY)
    reasons["no_office"] = nw.col("office").is_null() | (nw.col("office") == "")
    if SAID in names:
        finished = status.is_in(["granted", "rejected"])
        reasons["finished_without_date"] = finished & decided.is_null()
        reasons["open_with_date"] = (status == "open") & ~decided.is_null()
    return reasons


def names_a_test() -> nw.Expr:
    """Write whether the number of a case says that somebody tried the system."""
    case = nw.col("case").fill_null("")
    small = case.str.to_lowercase()
    has_e = case.str.contains("e", literal=True) | case.str.contains("E", literal=True)  # cheap questions first
    looks = small.str.contains("te", literal=True) | small.str.contains("exp", literal=True)
    return has_e & looks & case.str.contains(TEST_ROW)


def total_words(names: Sequence[str]) -> list[nw.Expr]:
    """Return for each text column whether it says that its row adds up others; only where no date is."""
    return [_surely(nw.col(c).str.contains(TOTAL)) for c in (FIRST, "case", "office", "service") if c in names]


def _below_the_table(names: Sequence[str], no_date: nw.Expr) -> nw.Expr:
    """Words where the received date should be, and every other field empty."""
    others = [c for c in ("case", "office", "service") if c in names and not (c == "office" and GIVEN in names)]
    empty = [nw.col("decided").is_null(), *(nw.col(c).is_null() | (nw.col(c) == "") for c in others)]
    return reduce(and_, empty, no_date) if others else no_date & ~no_date


def _reason(reasons: Mapping[str, nw.Expr]) -> nw.Expr:
    chosen: Any = nw.lit(KEPT)
    for code, condition in reversed(list(reasons.items())):
        chosen = nw.when(condition).then(nw.lit(code)).otherwise(chosen)
    return chosen  # type: ignore[no-any-return]


def _count(frame: Frame, reasons: Mapping[str, nw.Expr], weight: str | None, long_ago: dt.date) -> list[dict[str, Any]]:
    """One grouped count: rows by office, file and reason, with the facts of each group."""
    names = frame.collect_schema().names()
    keys = ["office", *([FILE] if FILE in names else []), REASON]
    undated, waiting = nw.col("decided").is_null(), nw.col("status") == "open"
    old = waiting & (nw.col("received") <= long_ago)
    flags = {"asn_undated": undated, "asn_open": undated & waiting, "asn_old": old}
    ones = [nw.when(condition).then(1).otherwise(0).alias(name) for name, condition in flags.items()]
    blanks = {"blank": nw.col(BLANK).sum()} if BLANK in names else {}
    if SAID in names:
        ones.append(nw.when(~undated & (nw.col(SAID) == 0)).then(1).otherwise(0).alias("asn_unsaid"))
        blanks["unsaid"] = nw.col("asn_unsaid").sum()
    rows = (
        frame.with_columns(_reason(reasons).alias(REASON), *ones)
        .group_by(*keys)
        .agg(
            n=nw.len() if weight is None else nw.col(weight).sum(),
            cases=nw.len(),
            still_open=nw.col("asn_open").sum(),
            undated=nw.col("asn_undated").sum(),
            old=nw.col("asn_old").sum(),
            first_received=nw.col("received").min(),
            last_received=nw.col("received").max(),
            last_decided=nw.col("decided").max(),
            **blanks,
        )
        .sort(*keys)
        .collect()
    )
    return list(rows.rows(named=True))


def _check_labels(labels: list[str]) -> None:
    if any(persons_in(label) for label in labels):
        raise PrivacyError(Message("intake.office.persons"))


def clean(
    typed: Frame,
    *,
    bounds: Bounds,
    as_of: dt.date,
    columns: list[str],
    status_words: Mapping[str, str] | None = None,
    weight: str | None = None,
    exported: Mapping[int | str, dt.date] | None = None,
    regencies: bool = False,
) -> Cleaned:
    """Return the records that can be measured, and the ledger.

    Parameters
    ----------
    typed : narwhals.LazyFrame
        ``office`` text, ``received`` and ``decided`` dates; optional ``case``, ``service``, ``status`` texts.
    bounds : Bounds
        Of the dates, so that reasons that cannot occur are not looked for.
    as_of : datetime.date
        The day of the export.
    columns : list of str
        Columns of the records, in order.
    status_words : mapping, optional
        The reader's own words -> statuses.
    weight : str, optional
        Column with the number of rows a record stands for (steps of a case).
    exported : mapping, optional
        Number of a file, or a regency -> the day it was exported, where said; without it none is asked for its last.
    regencies : bool
        Whether the label of an office begins with its regency: each is then asked for its last day.
    """
    frame, reasons = _with_reasons(typed, bounds, as_of, status_words)
    groups = _count(frame, reasons, weight, _years_before(as_of, LONGEST_WAIT))
    _check_labels(_kept_labels(groups))
    return _settle(frame, reasons, groups, columns, weight, as_of, exported, regencies=regencies)


def _kept_labels(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({g["office"] for g in groups if isinstance(g["office"], str) and g[REASON] == KEPT})


def _with_reasons(
    typed: Frame, bounds: Bounds, as_of: dt.date, status_words: Mapping[str, str] | None
) -> tuple[Frame, dict[str, nw.Expr]]:
    """Return the records with their statuses, and code of a reason -> condition under which a row is left out."""
    if any(bounds.earliest <= day <= bounds.latest for day in PLACEHOLDERS):
        typed = without_placeholders(typed, ("received", "decided"))
        bounds = replace(bounds, missing=max(bounds.missing, 1))  # a date of receipt may have been one
    frame = _with_status(typed, status_words)
    return frame, _reasons(frame.collect_schema().names(), bounds, as_of)


def left_out(
    typed: Frame, *, as_of: dt.date, columns: Sequence[str], status_words: Mapping[str, str] | None = None
) -> tuple[Frame, dict[str, frozenset[str]]]:
    """Return the rows that `clean` drops, and the words of the kept rows by text column.

    Parameters
    ----------
    typed : narwhals.LazyFrame
        As for `clean`, with the number of each row in ``asn_place`` and of its file in ``asn_file``.
    as_of, status_words
        As for `clean`.
    columns : sequence of str
        What to give of each row, beside ``asn_file``, ``asn_place`` and ``asn_reason``.
    """
    frame, reasons = _with_reasons(typed, UNKNOWN, as_of, status_words)
    rows = held(frame.with_columns(_reason(reasons).alias(REASON)))  # each question below would work it out anew
    cells = [FILE, PLACE, REASON, *columns]
    dropped = rows.filter(nw.col(REASON) != KEPT).select(*cells)
    usable = rows.filter(nw.col(REASON) == KEPT)
    texts = [c for c in ("office", "service") if c in columns]
    counted = {c: usable.group_by(c).agg(n=nw.len()).collect() for c in texts}
    words = {c: frozenset(map(str, found[c].to_list())) for c, found in counted.items()}
    if "case" in frame.collect_schema().names():
        few = any(int(found["n"].sum()) <= FEW_ROWS for found in counted.values())
        dropped = nw.concat([dropped, copies_of(usable, few=few).select(*cells)], how="vertical")
    return dropped, words


def _settle(
    frame: Frame,
    reasons: Mapping[str, nw.Expr],
    groups: list[dict[str, Any]],
    columns: list[str],
    weight: str | None,
    as_of: dt.date,
    exported: Mapping[int | str, dt.date] | None,
    *,
    regencies: bool,
) -> Cleaned:
    dropped = {code: sum(int(g["n"]) for g in groups if g[REASON] == code) for code in reasons}
    biting = {code: condition for code, condition in reasons.items() if dropped[code]}
    records = frame.with_columns(_reason(biting).alias(REASON)).filter(nw.col(REASON) == KEPT) if biting else frame
    for name in columns:
        if name not in frame.collect_schema().names():
            records = records.with_columns(nw.lit(None, dtype=nw.String).alias(name))
    usable = [g for g in groups if g[REASON] == KEPT]
    for g in groups:
        g[PART] = (int(g.get(FILE) or 0), str(g["office"]).partition(" / ")[0] if regencies else "")
    ends = _ends(usable)
    latest = max(ends.values(), default=None)
    asked = weight is None and sum(int(g.get("unsaid") or 0) for g in usable) >= FEWEST_CASES
    unsaid = without_status(records, SAID) if asked else None
    until = last_days(ends, _counts_by(PART, usable), exported) if exported is not None else {}
    if until:
        records = records.with_columns(_last_day(until, usable, as_of).cast(nw.Date).alias(FOLLOWED))
    records = records.select(*columns, *([FOLLOWED] if until else []))
    n_read, n_usable = sum(int(g["n"]) for g in groups), sum(int(g["n"]) for g in usable)
    few = 0 < n_usable <= FEW_ROWS
    records = held(records, few=True) if few else records  # every later question would read the words again
    copies: dict[str, int] = {}
    notes: tuple[Message, ...] = ()
    if n_usable and weight is None and "case" in frame.collect_schema().names():  # cases of steps are one row each
        records, copies, notes = one_row_a_case(records, few=few)
    earlier: list[Earlier] = []
    if until and latest is not None:
        records, earlier = followed(records, until, exported or {}, as_of, min(latest, as_of))
    appended: list[Appended] = []
    asked = exported is not None and sum(int(g["still_open"]) for g in usable) >= FEWEST_LEFT
    # of offices of many regencies as many rows would come back as there are cases: asked where they are held anyway
    asked = asked and (few or (not regencies and n_usable <= MOST_ASKED)) and not is_remote(records)
    if asked and latest is not None and FOLLOWED not in records.collect_schema().names():
        of_office = {str(g["office"]): g[PART][1] for g in usable} if regencies else {}
        records, appended = not_exported_again(records, of_office, exported or {}, min(latest, as_of))
    blank = sum(int(g.get("blank") or 0) for g in groups)
    ledgers = _ledgers(groups)
    counts = {reason(code): n for code, n in {**dropped, **copies}.items()}
    return Cleaned(
        records=records,
        ledger=Ledger(read=n_read, kept=n_usable - sum(copies.values()), dropped=counts),
        rows_by_file={i: own.read for i, own in ledgers.items()},
        ledgers=ledgers,
        offices=_counts_by("office", usable),
        files=_counts_by(FILE, usable),
        earliest=min(_dates(usable, "first_received"), default=None),
        latest=latest,
        notes=(*placeholders_read(blank), *notes, *_old_cases(usable)),
        ends=ends,
        earlier=tuple(earlier),
        appended=tuple(appended),
        without_status=unsaid,
    )


def _ledgers(groups: Sequence[Mapping[str, Any]]) -> dict[int, Ledger]:
    """Return what became of the rows of each file; copies are not looked for, and kept."""
    counts: dict[int, dict[str, int]] = {}
    for group in groups:
        own = counts.setdefault(int(group.get(FILE) or 0), {})
        own[group[REASON]] = own.get(group[REASON], 0) + int(group["n"])
    return {
        i: Ledger(sum(own.values()), own.get(KEPT, 0), {reason(code): n for code, n in own.items() if code != KEPT})
        for i, own in counts.items()
    }


def _ends(groups: Sequence[Mapping[str, Any]]) -> dict[Part, dt.date]:
    """Return the last date of each part."""
    days: dict[Part, dt.date] = {}
    for g in groups:
        for day in _dates([g], "last_received", "last_decided"):
            days[g[PART]] = max(day, days.get(g[PART], day))
    return days


def _last_day(until: Mapping[Part, dt.date], groups: Sequence[Mapping[str, Any]], as_of: dt.date) -> nw.Expr:
    """Write the last day of the part of a row: by its file, or by its office where a file is of several parts."""
    by_file: dict[Any, dict[str, dt.date]] = {}
    for g in groups:
        by_file.setdefault(g.get(FILE), {})[g["office"]] = until.get(g[PART], as_of)
    alike = {file: days.pop() for file, own in by_file.items() if len(days := {*own.values()}) == 1}
    last: Any = nw.lit(as_of, dtype=nw.Date)
    if alike and None not in alike:
        last = nw.col(FILE).replace_strict(list(alike), list(alike.values()), default=last)
    for file, own in by_file.items():
        for day in sorted({*own.values()}) if file not in alike else ():
            its = nw.col("office").is_in([office for office, one in own.items() if one == day])
            last = (
                nw.when(its if file is None else its & (nw.col(FILE) == file))
                .then(nw.lit(day, dtype=nw.Date))
                .otherwise(last)
            )
    return last  # type: ignore[no-any-return]


def _counts_by(key: str, groups: Sequence[Mapping[str, Any]]) -> dict[Any, OfficeCount]:
    """Return the number of cases, of open ones and of decided ones, by office or by file."""
    counts: dict[Any, list[int]] = {}
    for g in groups:
        total = counts.setdefault(g.get(key), [0, 0, 0])
        total[0] += g["cases"]
        total[1] += g["still_open"]
        total[2] += g["cases"] - g["undated"]
    return {name: OfficeCount(*map(int, total)) for name, total in counts.items()}


def _dates(groups: Sequence[Mapping[str, Any]], *keys: str) -> list[dt.date]:
    return [day for g in groups for key in keys if (day := _date(g[key])) is not None]


def _old_cases(groups: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Say how many cases have been open for ten years: they stay, and a slip of the year would look the same."""
    n = sum(int(g["old"]) for g in groups)
    return [Alert("intake.open_for_ten_years", n=n, years=LONGEST_WAIT)] if n else []
