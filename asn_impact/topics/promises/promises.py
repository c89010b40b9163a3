"""The time limits an office has promised, by service, and which cases kept them: only cases that can answer count."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.arguments import check_value
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, match_columns, normalised, recognised
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.formats import open_file
from asn_impact.intake.frames import in_pandas
from asn_impact.measures.calendar import DayUnit
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcome_words import unit_words
from asn_impact.reference import read_rows
from asn_impact.timeline import Timeline
from asn_impact.verbs import Guided, Held, public_verb
from asn_impact.words import Alert, Message, paragraph

LimitUnit: TypeAlias = Literal["working days", "calendar days", "working hours", "hours", "working minutes", "minutes"]

#: Unit of a limit -> unit of the durations that can answer it, and how many of those make one.
_ANSWERED_BY: dict[str, tuple[DayUnit, int]] = {
    "working days": ("working days", 1),
    "calendar days": ("calendar days", 1),
    "working hours": ("working minutes", 60),
    "hours": ("minutes", 60),
    "working minutes": ("working minutes", 1),
    "minutes": ("minutes", 1),
}
_HOW = {
    "working days": "measure(extract, calendar)",
    "calendar days": "measure(extract, calendar, clock='calendar_days')",
    "working minutes": "measure(extract, calendar.hours(), times=...)",
    "minutes": "measure(extract, calendar.every_day().hours(), times=...)",
}
_UNIT_HEADINGS = frozenset(
    normalised(h) for h in ("satuan", "satuan_sla", "satuan waktu", "limit unit", "unit of limit")
)
_CALENDAR = re.compile("kalender|calendar", re.IGNORECASE)
_WEEKS = "weeks"  # of seven calendar days
_ABOUT = re.compile(r"^\s*(?:±|\+/-|kurang lebih|kira-?kira|sekitar|about)", re.IGNORECASE)
_AT_MOST = (
    r"(?:(?:±|\+/-|kurang lebih|kira-?kira|sekitar|about|paling (?:lama|lambat|cepat)|"
    r"maksimal|maksimum|maks\.?|selambat-?lambatnya|max\.?|at most|[<≤]=?)\s*)?"
)
#: The shorter end of a span: of 1 - 3 days the longest is promised.
_FROM = (
    r"(?P<least>[\d.,]+\s*(?:\([^)]*\)\s*)?(?:(?:hari|hr|jam|menit|minggu|pekan)(?: (?:kerja|kalender))?\s*)?"
    r"(?:-|\u2013|s\.?\s*/?\s*d\.?|sampai(?: dengan)?|hingga|to)\s*(?=\d))?"
)
_LIMIT_TEXT = re.compile(
    rf"^\s*{_AT_MOST}{_FROM}(?P<n>[\d.,]+)\s*(?:\([^)]*\)\s*)?(?P<unit>.*?)[\s.;]*$", re.IGNORECASE
)
_TIMES_24 = re.compile(r"^(\D*)(\d+)\s*(?:\([^)]*\)\s*)?[x×]\s*(\d+)(?=\s*\(?[^)\d]*\)?\s*jam)", re.IGNORECASE)
#: What may stand behind a limit: from when it runs, or for what.
_BEHIND = re.compile(
    r"[\s,(]*\b(?:sejak|setelah|sesudah|terhitung|dihitung|apabila|bila|jika|after|from|once)\b\D*$", re.IGNORECASE
)


@dataclass(frozen=True, eq=False)
class Promises(Held):
    """The time limit of each service.

    Attributes
    ----------
    limits : pandas.DataFrame
        One row a service: ``service``, ``limit`` (whole number), ``unit``.
    notes : tuple of Message

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> promises = ai.read_promises(pd.DataFrame({"layanan": ["SIUP"], "SLA": ["7 hari kerja"]}))
    >>> promises.limits.columns.tolist()
    ['service', 'limit', 'unit']
    """

    limits: pd.DataFrame
    notes: tuple[Message, ...] = ()

    def __repr__(self) -> str:
        counts = self.limits["unit"].value_counts().sort_index()
        return f"Promises({len(self.limits)} services: {', '.join(f'{n} in {unit}' for unit, n in counts.items())})"

    def _repr_html_(self) -> str:
        return card("Promises", noted(self), table=self.limits)


@public_verb
def read_promises(
    source: Any,  # noqa: ANN401
    *,
    columns: Headings | None = None,
    unit: LimitUnit | None = None,
) -> Promises:
    """Return the time limit of each service, from a table of the standards of service.

    Parameters
    ----------
    source
        A CSV, XLSX, Parquet or JSON file, or a frame, with a column for the service (``jenis izin``, ``layanan``), one
        for the limit (``SLA``, ``standar waktu``, ``v_hari``) and one for its unit (``satuan``). The unit may stand in
        the limit itself: "5 hari kerja", "paling lama 5 (lima) hari kerja sejak berkas lengkap", "10 menit",
        "1x24 jam".
    columns
        ``service``, ``limit`` -> heading, or a list of headings where files differ.
    unit
        The unit of all limits, where the table does not say it. There is no default.

    Raises
    ------
    InputError
        A column is absent, a limit is no whole number, a unit is not known or not said, one service has two limits.

    Notes
    -----
    "Hari", "jam" and "menit" without "kerja" count every day, hour and minute; a week has seven days.

    Examples
    --------
    >>> read_promises(pd.DataFrame({"layanan": ["SIP", "PBG"], "SLA": ["5 hari kerja", "28 hari"]})).limits
      service  limit           unit
    0     SIP      5   working days
    1     PBG     28  calendar days
    """
    if isinstance(source, str | Path):
        tables = open_file(Path(source), lambda cells: recognised(cells, ["service", "limit"]))
        frame = pd.concat([in_pandas(t.relation).set_axis(list(t.headings), axis=1) for t in tables], ignore_index=True)
    else:
        frame = in_pandas(source)
    headings = [str(heading) for heading in frame.columns]
    heading_of = match_columns(headings, ["service", "limit"], columns=columns, required=["service", "limit"])
    units = [heading for heading in headings if normalised(heading) in _UNIT_HEADINGS]
    if len(units) > 1:
        raise InputError(Message("promises.two_unit_columns", n=len(units), columns=units))
    texts = frame.rename(columns=str)
    words = texts[units[0]] if units else pd.Series([None] * len(texts), index=texts.index, dtype="object")
    rows = pd.DataFrame({"service": texts[heading_of["service"]], "limit": texts[heading_of["limit"]], "unit": words})
    rows = rows[rows["service"].notna() & (rows["service"].astype(str).str.strip() != "")]
    return _promise([(" ".join(str(s).split()), limit, word) for s, limit, word in rows.itertuples(index=False)], unit)


def _promise(rows: Sequence[tuple[str, Any, Any]], unit: LimitUnit | None) -> Promises:
    if not rows:
        raise InputError(Message("promises.empty"))
    empty = [service for service, limit, _ in rows if _is_missing(limit)]
    limit_of: dict[str, tuple[int, str]] = {}
    problems: dict[Message, None] = {}
    for service, limit, word in rows:
        try:
            number = None if _is_missing(limit) else _read_limit(service, limit, word, unit)
        except InputError as problem:
            problems[problem.message] = None
            continue
        if number is not None and limit_of.setdefault(service, number) != number:
            problems[Message("promises.two_limits", service=service)] = None
    if problems:
        raise InputError(paragraph(*problems))
    limits = pd.DataFrame([(s, n, u) for s, (n, u) in limit_of.items()], columns=["service", "limit", "unit"])
    notes = [Message("promises.without_limit", n=len(empty), services=empty)] if empty else []
    if spans := tuple(dict.fromkeys(s for s, limit, _ in rows if (m := _LIMIT_TEXT.match(str(limit))) and m["least"])):
        notes.append(Message("promises.spans", n=len(spans), services=spans))
    if about := tuple(dict.fromkeys(s for s, limit, _ in rows if _ABOUT.match(str(limit)))):
        notes.append(Message("promises.about", n=len(about), services=about))
    every = [s for s, limit, word in rows if limit_of.get(s, ("", ""))[1] == "calendar days" and unit is None
             and not _CALENDAR.search(f"{limit} {word}")]  # fmt: skip
    if bare := tuple(dict.fromkeys(every)):
        notes.append(Message("promises.every_day", n=len(bare), services=bare))
    if limits["unit"].isin(["hours", "minutes"]).any():
        notes.append(Message("promises.every_hour"))
    return Promises(limits, tuple(notes))


def _is_missing(value: object) -> bool:
    return value is None or value != value or str(value).strip() in {"", "-", "nan"}


def _read_limit(service: str, limit: object, word: object, unit: LimitUnit | None) -> tuple[int, str]:
    """Return the number and the unit of one limit."""
    text = _TIMES_24.sub(lambda m: f"{m[1]}{int(m[2]) * int(m[3])}", str(limit))
    match = _LIMIT_TEXT.match(_BEHIND.sub("", text))
    if match is None:
        raise InputError(Message("promises.no_number", service=service, limit=str(limit)))
    shown = match["n"]
    number = float(parse_numbers([shown], name="limit", style="1.234,56" if "," in shown else "1,234.56").iloc[0])
    if number < 0 or number != int(number):
        raise InputError(Message("promises.not_whole", service=service, limit=str(limit)))
    units = {_unit_of(service, text) for text in (match["unit"], word) if not _is_missing(text)}
    if units == {_WEEKS}:
        number, units = 7 * number, {"calendar days"}
    if unit is not None:
        units.add(unit)
    if len(units) > 1:
        raise InputError(Message("promises.two_units", service=service, units=sorted(units)))
    if not units:
        raise InputError(Message("promises.no_unit", service=service))
    return int(number), next(iter(units))


@cache
def _unit_words() -> Mapping[str, str]:
    return {row["kata"]: row["satuan"] for row in read_rows("limit_units.csv")}


def _unit_of(service: str, word: object) -> str:
    plain = _plain(word)
    if plain not in _unit_words():
        raise InputError(Message("promises.unknown_unit", unit=str(word), service=service))
    return _unit_words()[plain]


@dataclass(frozen=True, eq=False)
class Kept(Guided):
    """Cases of services with a promise, in months that can answer; for ``tabulate(kept, Share("kept"))``.

    Attributes
    ----------
    records
        ``office``, ``service``, ``status``, the extra columns, ``month``, ``days``, ``limit`` (both in the unit of the
        durations that answer), ``kept`` (1 decided within the limit, 0 not), and ``day``: follow-up with the sign
        turned, so that `as_of_day` is 0.
    as_of
        The day the records were taken.
    services
        One row a service of the records: ``service``, ``limit``, ``unit``, ``cases``; no limit where none is promised.
    immature
        Months left out, because a case in them has been followed for less than its own limit.
    notes
        What was left out or assumed.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> import pandas as pd
    >>> limits = pd.DataFrame({"layanan": ["SIUP", "IMB"], "SLA": ["7 hari kerja", "10 hari kerja"]})
    >>> answer = ai.kept(durations, ai.read_promises(limits))
    >>> ai.tabulate(answer, ai.Share("kept"))
    Panel(share_kept: 12 units x 12 periods, 2024-01 to 2024-12)
    """

    records: nw.LazyFrame[Any]
    as_of: dt.date
    services: pd.DataFrame
    immature: tuple[str, ...]
    notes: tuple[Message, ...] = ()

    @property
    def as_of_day(self) -> int:
        """The day of the export: 0."""
        return 0

    def __repr__(self) -> str:
        promised = int(self.services["limit"].notna().sum())
        young = len(self.immature)
        return f"Kept({promised} of {len(self.services)} services, {young} months too young, as of {self.as_of})"

    def _repr_html_(self) -> str:
        facts = [("as of", str(self.as_of)), ("months too young", ", ".join(self.immature) or "none")]
        return card("Promises kept", [*facts, *noted(self)], table=self.services)


@public_verb
def kept(durations: Durations | Sequence[Durations], promises: Promises) -> Kept:
    """Return which cases were decided within the limit of their service, for ``tabulate(..., Share("kept"))``.

    1 where a case was decided within its limit, 0 where it was not, undecided and withdrawn ones included. A month
    enters when every case in it with a promise was followed for at least its own limit, decided or not. A case whose
    limit has not passed is not late yet, and the fast ones of its month must not stand for it.
    Services without a promise are left out and listed.

    Parameters
    ----------
    durations
        What `measure` or `clocks` returned; one for each unit that the promises have, of the same export.
    promises
        What `read_promises` returned. Names of services match up to case and spacing.

    Raises
    ------
    InputError
        No service has a promise; limits are in a unit in which no durations were given; no month can answer.

    Warns
    -----
    DataWarning
        Services without a promise, or without a name, are left out.

    Examples
    --------
    >>> from asn_impact.intake.readers.exports import read_exports
    >>> from asn_impact.measures.calendar import WorkCalendar
    >>> from asn_impact.measures.durations import measure
    >>> from asn_impact.measures.outcomes import Share
    >>> from asn_impact.measures.tabulate import tabulate
    >>> frame = pd.DataFrame({
    ...     "case": ["a", "b", "c"], "office": "O1", "service": "SIP", "status": ["granted", "open", "open"],
    ...     "received": pd.to_datetime(["2024-01-08", "2024-01-09", "2024-02-27"]),
    ...     "decided": pd.to_datetime(["2024-01-10", None, None])})
    >>> times = measure(read_exports(frame, as_of="2024-02-29"), WorkCalendar.indonesia())
    >>> answer = kept(times, read_promises(pd.DataFrame({"layanan": ["SIP"], "SLA": ["5 hari kerja"]})))
    >>> answer.immature, tabulate(answer, Share("kept")).mean.tolist()
    (('2024-02',), [[0.5]])
    """
    clocks = (durations,) if isinstance(durations, Durations) else tuple(durations)
    by_unit = _one_a_unit(clocks)
    table = _match(_services(clocks[0]), promises)
    unpromised = _note_unpromised(table)
    table, of_times = _settle_hours(table, by_unit)
    _require_answers(table, by_unit)
    parts = {unit: table[table["answered_by"] == unit] for unit in by_unit}
    cases = nw.concat([_judge(by_unit[unit], part) for unit, part in parts.items() if len(part)])
    young, months = _young(cases)
    if len(young) == len(months):
        raise InputError(Message("promises.nothing_mature"))
    records = cases.filter(~nw.col("month").is_in(young)) if young else cases
    immature = tuple(map(str, Timeline.months(young).labels)) if young else ()
    notes = [*clocks[0].notes, *promises.notes, *unpromised, *of_times]
    if young:
        notes.append(Message("promises.young_months", months=immature))
    services = table[["service", "limit", "unit", "cases"]].reset_index(drop=True)
    return Kept(records, clocks[0].as_of, services, immature, tuple(notes))


def _one_a_unit(clocks: Sequence[Durations]) -> dict[str, Durations]:
    for times in clocks:
        check_value("durations", times, Durations, where="kept")
    by_unit = {str(times.calendar.unit): times for times in clocks}
    if not clocks or len(by_unit) < len(clocks) or len({times.as_of for times in clocks}) > 1:
        raise InputError(Message("promises.one_a_unit", units=[unit_words(times.calendar.unit) for times in clocks]))
    return by_unit


def _services(times: Durations) -> pd.DataFrame:
    """Return the services of the records and their cases."""
    counts = times.records.group_by("service").agg(nw.len().alias("cases")).collect().to_pandas()
    names = [None if pd.isna(name) else str(name) for name in counts["service"]]
    table = pd.DataFrame({"service": names, "cases": counts["cases"].astype("int64").to_numpy()})
    return table.sort_values("service", ignore_index=True)


def _plain(name: object) -> str:
    return " ".join(str(name).split()).casefold()


def _match(services: pd.DataFrame, promises: Promises) -> pd.DataFrame:
    """Return the services with their limits, and the durations that can answer them."""
    limits = {_plain(s): (int(n), str(u)) for s, n, u in promises.limits.itertuples(index=False)}
    each = [limits.get(_plain(name)) if not pd.isna(name) else None for name in services["service"]]
    if not any(each):
        names, limited = list(services["service"].dropna()), list(promises.limits["service"])
        raise InputError(Message("promises.nothing_promised", services=names, promised=limited))
    return services.assign(
        limit=pd.Series([None if one is None else one[0] for one in each], index=services.index, dtype="Int64"),
        unit=pd.Series([None if one is None else one[1] for one in each], index=services.index, dtype="str"),
        answered_by=pd.Series([None if one is None else _ANSWERED_BY[one[1]][0] for one in each], dtype="str"),
        scale=pd.Series([1 if one is None else _ANSWERED_BY[one[1]][1] for one in each], dtype="int64"),
    )


def _settle_hours(table: pd.DataFrame, by_unit: Mapping[str, Durations]) -> tuple[pd.DataFrame, list[Message]]:
    """Return the limits in hours and minutes as days of 24 hours, or left out, where the records have dates alone."""
    table, notes = table.copy(), list[Message]()
    lacking = table["answered_by"].isin(["minutes", "working minutes"]) & ~table["answered_by"].isin(list(by_unit))
    days = lacking & (table["unit"] == "hours") & (table["limit"] % 24 == 0).fillna(value=False)
    if days.any() and "calendar days" in by_unit:
        services = list(table.loc[days, "service"])
        table.loc[days, "limit"] //= 24
        table.loc[days, ["unit", "answered_by"]] = "calendar days"
        table.loc[days, "scale"] = 1
        lacking &= ~days
        notes.append(Message("promises.whole_days", n=len(services), services=services))
    if lacking.any() and table["answered_by"].isin(list(by_unit)).any():
        out = table[lacking]
        shown = {"n": len(out), "services": list(out["service"]), "cases": int(out["cases"].sum())}
        notes.append(Alert("promises.needs_times", **shown))
        table = table[~lacking].reset_index(drop=True)
    return table, notes


def _require_answers(table: pd.DataFrame, by_unit: Mapping[str, Durations]) -> None:
    for unit, group in table.dropna(subset=["limit"]).groupby("answered_by"):
        if unit not in by_unit:
            raise InputError(
                Message(
                    "promises.other_clock",
                    n=len(group),
                    unit=unit_words(str(unit)),
                    services=list(group["service"]),
                    units=[unit_words(times.calendar.unit) for times in by_unit.values()],
                    how=_HOW[str(unit)],
                )
            )


def _judge(times: Durations, table: pd.DataFrame) -> nw.LazyFrame[Any]:
    """Return the cases of these services with ``limit`` and ``kept``."""
    numbers = (table["limit"] * table["scale"]).astype("int64")
    limit: Any = nw.lit(int(numbers.iloc[0]), nw.Int32)  # every service of the table has one
    for number, group in table.groupby(numbers):
        those = nw.col("service").is_in(group["service"].tolist())
        limit = nw.when(those).then(nw.lit(int(number), nw.Int32)).otherwise(limit)
    in_time = nw.when(nw.col("days") <= nw.col("limit")).then(nw.lit(1, nw.Int32)).otherwise(nw.lit(0, nw.Int32))
    return (
        times.records.filter(nw.col("service").is_in(table["service"].tolist()))
        .with_columns(limit.alias("limit"), (nw.col("day") - times.as_of_day).cast(nw.Int32).alias("day"))
        .with_columns(in_time.alias("kept"))
    )


def _young(cases: nw.LazyFrame[Any]) -> tuple[list[int], list[int]]:
    """Return the months in which some case has been followed for less than its limit, and all months."""
    lacking = nw.col("limit") + nw.col("day")  # limit - follow-up
    each = cases.with_columns(lacking.alias("lacking")).group_by("month").agg(nw.col("lacking").max())
    worst = each.collect().to_pandas().astype("int64").set_index("month")["lacking"].sort_index()
    return [int(m) for m in worst.index[worst > 0]], [int(m) for m in worst.index]


def _note_unpromised(table: pd.DataFrame) -> list[Message]:
    unpromised = table[table["limit"].isna()]
    if unpromised.empty:
        return []
    names = [Message("promises.no_service") if pd.isna(name) else str(name) for name in unpromised["service"]]
    return [Alert("promises.left_out", cases=int(unpromised["cases"].sum()), n=len(unpromised), services=names)]
