"""Sheets of attendance (daftar hadir), a column a day or session -> who was there often enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, listed_headings, normalised, synonyms
from asn_impact.intake.fields.labels import TOTAL_LABEL
from asn_impact.intake.formats import RawTable
from asn_impact.intake.formats.engine import quote
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS
from asn_impact.words import Message

_PRESENT: Final = frozenset(
    [
        *("hadir", "h", "hdr", "v", "1", "p", "ya", "y", "yes", "ada", "true", "present", "attended", "terlambat"),
        *("hadir daring", "hadir luring", "hadir online", "daring", "luring", "online", "offline"),
        *("\u2713", "\u2714", "\u221a", "\u2611", "\u00fc"),  # ticks; the last is that of Wingdings in another font
    ]
)
_ABSENT: Final = frozenset(
    [
        *("", "-", "\u2013", "\u2014", "0", "\u2610", "izin", "ijin", "i", "sakit", "s", "alpa", "alpha", "alfa", "a"),
        *("absen", "absent", "tidak", "tidak hadir", "th", "tk", "tanpa keterangan", "cuti", "c", "dinas luar", "dl"),
        *("no", "n", "false", "nan", "none"),
    ]
)
_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})(?!\d)"
    rf"|\d{{1,2}}[ -](?:{_MONTH})[a-z]*\.?[ -]\d{{2,4}}",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(
    r"\b(?:hari|sesi|pertemuan|tatap muka|kehadiran|hadir|presensi|absensi|tanggal|tgl|day|session|meeting|[hp])\b"
    r"[ .:#-]*(?:ke)?[ .:#-]*(?:\d{1,2}|[ivx]+)\b|^(?:\d{1,2}|\d{1,2}/\d{1,2})$|^[hp]\d{1,2}$"
    rf"|^\d{{1,2}} (?:{_MONTH})$",
    re.IGNORECASE,
)
_OF_COURSES: Final = re.compile(
    r"\b(?:bimtek|bimbingan teknis|diklat|pelatihan|workshop|lokakarya|sosialisasi|training|course)\b", re.IGNORECASE
)
_MOSTLY: Final = 0.5  # share of filled cells that are marks from which a column is one of attendance


@dataclass(frozen=True)
class Session:
    """A column of attendance: its place, its heading, the date in it if there is one, and whether it was held."""

    at: int
    heading: str
    date: str | None
    held: bool


def sessions_of(table: RawTable) -> tuple[Session, ...]:
    """Return the columns of a table that mark who was there; none where it is no sheet of attendance.

    Raises
    ------
    InputError
        Some of their marks are not known.
    """
    found: list[Session] = []
    unknown: dict[str, None] = {}
    for at, heading in enumerate(table.headings):
        plain = " ".join(heading.split())
        date = _DATE.search(plain)
        if (date is None and not _SESSION.search(plain)) or _names_field(heading):
            continue
        counts = _marks(table, at)
        known = {mark: n for mark, n in counts.items() if mark in _PRESENT | _ABSENT}
        filled = sum(n for mark, n in counts.items() if mark)
        if not counts or sum(n for mark, n in known.items() if mark) < _MOSTLY * filled:
            continue
        unknown |= dict.fromkeys(mark for mark in counts if mark not in known)
        found.append(Session(at, plain, date[0] if date else None, held=filled > 0))
    if not any(session.held for session in found):
        return ()
    if unknown:
        raise InputError(Message("training.unknown_marks", table=table.name, marks=tuple(map(masked, unknown))))
    return tuple(found)


def with_attendance(table: RawTable, least: float, columns: Headings | None = None) -> RawTable:
    """Return a table with who was there in at least a share of the sessions held as ``passed``, and what it lacks.

    A list without an end has that of its last session, or the one date above its headings; one without a course the
    name above them.

    Raises
    ------
    InputError
        Marks are not known, or nothing says when the course ended.
    """
    sessions = sessions_of(table)
    if not sessions:
        return table
    held = [session for session in sessions if session.held]
    there = " + ".join(f"CAST({_mark(s.at)} IN ({_listed(_PRESENT)}) AS INTEGER)" for s in held)
    enough = f"({there}) >= {least!r} * {len(held)} - 1e-9"
    added = {"passed": f"CASE WHEN {enough} THEN 'ya' ELSE 'tidak' END"}
    notes = [Message("training.attendance", n=len(held), share=least, headings=tuple(masked(s.heading) for s in held))]
    if len(held) < len(sessions):
        notes.append(Message("training.not_held", headings=tuple(masked(s.heading) for s in sessions if not s.held)))
    if not _has(table, "course_end", columns):
        end, note = _end(table, held)
        added["course_end"] = quote(end)
        notes.append(note)
    titles = [title for title in table.titles if _OF_COURSES.search(title)]
    if len(titles) == 1 and not _has(table, "course", columns):
        added["course"] = quote(titles[0])
    kept = [at for at in range(len(table.headings)) if at not in {s.at for s in sessions}]
    kept = [
        at for at in kept if not _says(table.headings[at], "passed") or table.headings[at] in listed_headings(columns)
    ]
    named = [f"{one} AS c{i}" for i, one in enumerate([*(f"c{at}" for at in kept), *added.values()])]
    headings = (*(table.headings[at] for at in kept), *added)
    relation = table.relation.project(", ".join(named))
    return replace(table, headings=headings, relation=relation, notes=(*table.notes, *notes), parquet=None)


def _end(table: RawTable, held: Sequence[Session]) -> tuple[str, Message]:
    """Return the date of the last session, or the one that the titles say, and where it was read."""
    if held[-1].date is not None:
        return held[-1].date, Message("training.end_of_sessions", heading=masked(held[-1].heading))
    dated = [title for title in table.titles if _DATE.search(title)]
    if len(dated) != 1:
        raise InputError(Message("training.no_end_of_sessions", table=table.name, heading=masked(held[-1].heading)))
    said = re.search(r"\d.*", dated[0])
    return said[0] if said else "", Message("training.end_of_title", title=masked(dated[0]))


def _says(heading: str, field: str) -> bool:
    return field in synonyms().get(normalised(heading), frozenset())


def _names_field(heading: str) -> bool:
    return bool(synonyms().get(normalised(heading), frozenset()) & {"course_end", "course_start", "received", "office"})


def _has(table: RawTable, field: str, columns: Headings | None) -> bool:
    return bool((columns or {}).get(field)) or any(_says(heading, field) for heading in table.headings)


def _mark(at: int) -> str:
    """Write SQL for a mark without what does not matter."""
    return f"regexp_replace(lower(trim(coalesce(CAST(c{at} AS VARCHAR), ''))), '(\\.0|\\.)$', '')"


def _listed(marks: frozenset[str]) -> str:
    return ", ".join(quote(mark) for mark in sorted(marks))


def _marks(table: RawTable, at: int) -> dict[str, int]:
    """Return the marks of a column and how often each comes, those of rows that add up the others left out."""
    before = [f"nullif(trim(CAST(c{i} AS VARCHAR)), '')" for i in range(at)]
    rows = table.relation.project(f"coalesce({', '.join([*before, repr('')])}) AS label, {_mark(at)} AS mark")
    counts: dict[str, int] = {}
    for label, mark, n in rows.aggregate("label, mark, count(*)", "label, mark").fetchall():
        if not (TOTAL_LABEL.match(label) or _OF_SUMS.match(label)):
            counts[mark] = counts.get(mark, 0) + n
    return counts


_OF_SUMS: Final = re.compile(r"\s*(?:persen\w*|prosen\w*|%|paraf|ttd|tanda tangan)", re.IGNORECASE)
