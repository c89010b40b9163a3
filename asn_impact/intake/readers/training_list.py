"""A training list as it comes -> its rows under field names: who passed, when it ended, and what cannot be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import narwhals as nw

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, may_name_persons, may_say_who_passed, normalised, synonyms
from asn_impact.intake.fields.dates import dated
from asn_impact.intake.fields.labels import ALL_OFFICES, join_spellings, label_key
from asn_impact.intake.fields.office_names import written_out
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.fields.sketched import sketched
from asn_impact.intake.formats import RawTable
from asn_impact.intake.frames import distinct
from asn_impact.intake.gathered import Gathered
from asn_impact.intake.gathering import gather, headings_of
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.attendance import sessions_of, with_attendance
from asn_impact.intake.readers.completions import (
    NOWHERE,
    TRAINING_FIELDS,
    own_words,
    tells_of_passing,
    word_of_passing,
)
from asn_impact.words import Alert, Message

_OF_PERSONS: Final = re.compile(
    r"\b(?:peserta|lulus\w*|alumni|dilatih|orang|participants?|attendees|trainees?)\b", re.I
)
#: What stands between two offices, and the first words of their names.
_BETWEEN: Final = re.compile(r"\s*(?:[/;,&+\n|]|\b(?:dan|serta|and)\b)\s*", re.IGNORECASE)
_OF_OFFICES: Final = frozenset(
    ["dinas", "badan", "kantor", "kecamatan", "kelurahan", "bagian", "sekretariat", "inspektorat", "satuan", "rsud"]
)
#: Words of headings under which it may be said who passed.
_OF_PASSING: Final = re.compile(
    r"\b(?:(?:ke)?lulus(?:an)?|(?:ke)?hadir(?:an)?|hasil|ket(?:erangan)?|status|catatan|predikat|kompetensi|"
    r"passed|result|remarks?|outcome|attendance)\b"
)
_PLAINLY: Final = re.compile(r"\b(?:lulus|kompeten|passed|failed)\b", re.IGNORECASE)
_PASSING: Final = ("passed", "attended")
_FILLED: Final = 0.5  # share of cells with a word from which a column may say who passed


def read_list(
    source: Any,  # noqa: ANN401
    *,
    columns: Headings | None,
    dates: Mapping[str, str],
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
    table: str | None = None,
    sheets: Sequence[str] = (),
    zone: str | None = None,
    placed: bool = False,
    counted: bool = False,
    attended: float | None = None,
    passed_words: Mapping[str, str] | None = None,
) -> Gathered:
    """Return the rows of a training list; a row without an end has its start, where one is there, and that is said.

    Where the history of positions has `placed` the persons, the list need not say their offices. Where persons are
    `counted`, a row counts as one of them only if no other column holds their number.

    Raises
    ------
    InputError
        Marks of attendance need a share, or there are none; a row is for all offices at once; a column marks who failed
        and leaves the others empty, or has words of passing and others that are not known; a column that is not read
        may hold the number of persons that are counted.
    """
    need = ("course_end",) if placed else ("office", "course_end")
    again = partial(gather, source, dates=dates, keep=(), required=need, table=table, sheets=sheets, zone=zone)
    if attended is not None:
        again = partial(again, reshape=partial(with_attendance, least=attended, columns=columns))
    try:
        rows = again(TRAINING_FIELDS, columns=columns)
    except InputError:
        if attended is None:
            _say_marks(partial(again, TRAINING_FIELDS, columns={**(columns or {}), **dict.fromkeys(need)}, required=()))
        raise
    if attended is not None and not any(note.key == "training.attendance" for note in rows.notes):
        raise InputError(Message("training.no_attendance"))
    if attended is None and "passed" not in rows.headings:
        _refuse_marks(rows)
    headings = headings_of(source, rows)
    if counted:
        _refuse_uncounted(rows, headings, columns, again)
    rows, of_passing = _with_passing(rows, headings, columns, own_words(passed_words), again)
    rows, of_ends = _with_starts(rows, headings, columns, dates, again)
    if "office" not in rows.headings:
        nowhere = rows.frame.with_columns(nw.lit(NOWHERE).alias("office"))
        rows = replace(rows, frame=nowhere.drop(REGENCY, strict=False))  # the history says whose office it is
    _refuse_everybody(rows.frame, offices)
    _refuse_several(rows.frame, offices)
    frame, of_regencies = _with_regencies(rows.frame, offices, regency)
    return replace(rows, frame=frame, notes=(*rows.notes, *of_passing, *of_ends, *of_regencies))


def _say_marks(again: Callable[[], Gathered]) -> None:
    """Say of a list that cannot be read that it is a sheet of attendance, where it is one."""
    try:
        rows = again()
    except (InputError, ValueError):  # what was wrong first is said; nothing but its own columns may be left of it
        return
    _refuse_marks(rows)


def _refuse_marks(rows: Gathered) -> None:
    """Refuse a sheet of attendance without a share of its sessions from which a person counts."""
    for table in rows.tables:
        if held := [session.heading for session in sessions_of(table) if session.held]:
            shown = {"table": table.name, "n": len(held), "headings": tuple(map(masked, held))}
            raise InputError(Message("training.attendance_share", **shown))


def _with_regencies(
    frame: nw.LazyFrame[Any], offices: Mapping[str, str] | None, regency: str | None
) -> tuple[nw.LazyFrame[Any], list[Message]]:
    """Return the rows with the office of each regency."""
    if REGENCY not in frame.collect_schema().names():
        return frame, []
    spelt, _ = join_spellings(frame, offices)
    return settle_regencies(spelt, regency)


def unreadable_ends(rows: Gathered) -> tuple[str, ...]:
    """Return the first texts that should have been the end of a course and are no date, for a message."""
    readings = [reading for reading in rows.readings if reading.column == "course_end" and reading.form is None]
    if not readings or rows.texts is None:
        return ()
    texts = dated(rows.texts.project("*, course_end AS asn_text"), readings[0])
    found = texts.filter("asn_course_end_bad").aggregate("asn_text").order("asn_text").limit(3).fetchall()
    return tuple(repr(sketched(str(text))) for (text,) in found)


def _with_passing(
    rows: Gathered,
    headings: Sequence[str],
    columns: Headings | None,
    own: Mapping[str, str],
    again: Any,  # noqa: ANN401
) -> tuple[Gathered, list[Message]]:
    """Return the rows with the column whose words say who passed, found by them where no heading tells."""
    if {"passed", "passed_count"} & {*rows.headings, *(columns or {})}:
        return rows, []
    looked = [h for h in headings if h not in rows.headings.values() and _may_say(h)]
    every = [_Said.read(again(TRAINING_FIELDS, columns={**(columns or {}), "passed": h}), h, own) for h in looked]
    told = [said for said in every if said.tells] or _told_by_words(rows, headings, looked, columns, own, again)
    if not told:
        unsaid = Message("training.no_words_of_passing", headings=tuple(map(masked, looked)))
        unsaid = unsaid if looked else Message("training.nobody_says_passed")
        return rows, [unsaid] if "officer" in rows.headings else []
    said = min(told, key=lambda one: ("passed" not in one.kinds.values(), bool(one.unknown)))
    shown = {"heading": said.heading, "words": tuple(map(masked, sorted(set(said.kinds) - set(said.unknown))))}
    if said.unknown:
        of_unknown = {"unknown": tuple(map(masked, said.unknown)), "first": masked(said.unknown[0])}
        raise InputError(Message("training.passed_some", **shown, **of_unknown))
    if not set(said.kinds.values()) & set(_PASSING) or said.empty > _FILLED * said.n:
        raise InputError(Message("training.marks_some", **shown, n=said.empty))
    note = Alert if said.empty else Message
    return said.rows, [note("training.passed_found", **shown, n=said.empty)]


def _told_by_words(
    rows: Gathered,
    headings: Sequence[str],
    looked: Sequence[str],
    columns: Headings | None,
    own: Mapping[str, str],
    again: Any,  # noqa: ANN401
) -> list[_Said]:
    """Return the column that says who passed by its words alone, whatever its heading; two are none."""
    known = {*rows.headings.values(), *looked}
    others = [h for h in headings if h.strip() and h not in known and not may_name_persons(h)]
    if tables := [table for table in rows.tables if table.sha256]:
        others = [h for h in others if any(_speaks_of_passing(table, h) for table in tables)]
    found = list[_Said]()
    for heading in others:
        with suppress(InputError):  # twice there, or in some of the files only
            rows_said = again(TRAINING_FIELDS, columns={**(columns or {}), "passed": heading})
            found.append(_Said.read(rows_said, heading, own))
    told = [said for said in found if said.plain and said.plain >= len(said.unknown)]
    return told if len(told) == 1 else []


def _speaks_of_passing(table: RawTable, heading: str) -> bool:
    """Return whether a word in a column of a file is one of passing."""
    cells = [f"CAST(c{i} AS VARCHAR)" for i, own in enumerate(table.headings) if own == heading]
    says = " OR ".join(f"regexp_matches({cell}, '{_PLAINLY.pattern}', 'i')" for cell in cells)
    return bool(cells) and len(table.relation.filter(says).limit(1).fetchall()) > 0


def _may_say(heading: str) -> bool:
    plain = heading.replace("_", " ").casefold()
    return normalised(heading) in may_say_who_passed() or bool(_OF_PASSING.search(plain))


@dataclass(frozen=True, eq=False)
class _Said:
    """What the words under a heading say of who passed."""

    rows: Gathered
    heading: str
    kinds: Mapping[str, str | None]
    n: int
    empty: int

    @classmethod
    def read(cls, rows: Gathered, heading: str, own: Mapping[str, str]) -> _Said:
        """Return what the words of a column are, which was gathered as that of passing."""
        counts: Counter[str] = Counter()
        for word, n in rows.frame.group_by("passed").agg(n=nw.len()).collect().rows():
            counts[" ".join(str(word or "").split())] += n
        kinds = {word: word_of_passing(word, own) for word in counts if word}
        return cls(rows, heading, kinds, counts.total(), counts[""])

    @property
    def unknown(self) -> list[str]:
        """The words that are not known."""
        return sorted(word for word, kind in self.kinds.items() if kind is None)

    @property
    def plain(self) -> int:
        """How many of the known words are of passing and nothing else."""
        return sum(kind is not None and _PLAINLY.search(word) is not None for word, kind in self.kinds.items())

    @property
    def tells(self) -> bool:
        """Whether the column is about passing: some of its words are, or all of them may be under that heading."""
        usual = normalised(self.heading) in may_say_who_passed()
        return any(map(tells_of_passing, self.kinds)) or (usual and bool(self.kinds) and not self.unknown)


def _refuse_uncounted(rows: Gathered, headings: Sequence[str], columns: Headings | None, again: Any) -> None:  # noqa: ANN401
    """Refuse to count each row as one person where a column that is not read holds numbers of them."""
    if {"officer", "passed_count"} & {*rows.headings, *(columns or {})}:
        return
    for heading in headings:
        if heading in rows.headings.values() or not _OF_PERSONS.search(heading.replace("_", " ")):
            continue
        found = again((*TRAINING_FIELDS,), columns={**(columns or {}), "passed_count": heading})
        texts = [str(v) for (v,) in found.frame.select("passed_count").collect().rows() if v is not None]
        if texts and all(re.fullmatch(r"\s*\d+(?:[.,]0+)?\s*(?:orang)?\s*|\s*-?\s*|nan", text) for text in texts):
            raise InputError(Message("training.count_unread", heading=heading))


def _with_starts(
    rows: Gathered,
    headings: Sequence[str],
    columns: Headings | None,
    dates: Mapping[str, str],
    again: Any,  # noqa: ANN401
) -> tuple[Gathered, list[Message]]:
    """Return the rows with the start of a course as its end where the end is empty."""
    names = rows.frame.collect_schema().names()
    lacking = nw.col("course_end").is_null()
    if "asn_course_end_bad" in names:
        lacking &= ~nw.col("asn_course_end_bad")
    starts = [h for h in headings if "course_start" in synonyms().get(normalised(h), ()) or h == "course_start"]
    starts = [h for h in starts if h not in rows.headings.values()]
    if len(starts) != 1 or not rows.frame.filter(lacking).select(nw.len()).collect().item():
        return rows, []
    orders = {r.column: r.order for r in rows.readings if r.column == "course_end" and not r.turned}
    order = {"course_start": dates.get("course_end") or orders["course_end"]} if "course_end" in orders else {}
    settled = {**(columns or {}), **{f: rows.headings[f] for f in ("passed",) if f in rows.headings}}
    found = again((*TRAINING_FIELDS, "course_start"), columns=settled, dates={**dates, **order})
    filled = found.frame.filter(lacking & ~nw.col("course_start").is_null()).select(nw.len()).collect().item()
    end = nw.when(lacking).then(nw.col("course_start")).otherwise(nw.col("course_end"))
    notes: list[Message] = [Alert("training.ends_from_starts", n=int(filled), heading=starts[0])] if filled else []
    return replace(found, frame=found.frame.with_columns(end.alias("course_end"))), notes


def _refuse_everybody(frame: nw.LazyFrame[Any], offices: Mapping[str, str] | None) -> None:
    """Refuse a row for all offices at once: it names no office, and who came is not known."""
    settled = {label_key(label) for label in offices or {}}
    labels = distinct(frame, "office")
    every = sorted(str(o) for o in labels if isinstance(o, str) and ALL_OFFICES.search(label_key(o)))
    every = [label for label in every if label_key(label) not in settled]
    if every:
        raise InputError(Message("training.everybody", n=len(every), first=masked(every[0])))


def _refuse_several(frame: nw.LazyFrame[Any], offices: Mapping[str, str] | None) -> None:
    """Refuse a cell that names several offices: how many of each came is not known."""
    settled = {label_key(label) for label in offices or {}}
    labels = [str(o) for o in distinct(frame, "office") if o is not None]
    several = sorted(o for o in labels if _counts_offices(o) > 1 and label_key(o) not in settled)
    if several:
        raise InputError(Message("training.several_offices", n=len(several), first=masked(several[0])))


def _counts_offices(label: str) -> int:
    """Return how many names of offices a label holds: "Pertanian dan Pangan" is no second one."""
    parts = [written_out(label_key(part)).split() for part in _BETWEEN.split(label)]
    return sum(len(words) > 1 and words[0] in _OF_OFFICES for words in parts)
