"""The rows of a training list -> who completed which course, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import narwhals as nw
import pandas as pd

from asn_impact.arguments import Names, check_choice
from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import NO_REGENCY
from asn_impact.intake.fields.columns import check_mapping, course_categories, in_category
from asn_impact.intake.fields.labels import (
    ALL_OFFICES,
    LONG_WORD,
    TOTAL_LABEL,
    is_one_of,
    label_key,
    one_slip,
    plain_label,
)
from asn_impact.intake.fields.numbers import parse_numbers
from asn_impact.intake.fields.people import counts_persons, persons_of
from asn_impact.intake.frames import distinct, object_text
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.rollout import unknown_name
from asn_impact.words import Alert, Message, paragraph

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
    "regency",
)
NOWHERE: Final = "asn_nowhere"  # office of the rows of a list that says none
PASSING: Final = ("passed", "attended", "failed")
#: Words in the column of passing; who organised or taught a course did not take it.
_PASSED = {"lulus", "l", "dinyatakan lulus", "kompeten", "k", "ya", "y", "yes", "1", "true", "passed", "pass"}
_ATTENDED = {"hadir", "hadir saja", "mengikuti", "telah mengikuti", "peserta", "selesai", "attended", "completed"}
_FAILED = {"tidak lulus", "tdk lulus", "tl", "tidak", "belum", "belum lulus", "t", "n", "no", "0", "false", "failed"}
_FAILED |= {"fail", "gagal", "gugur", "belum kompeten", "bk", "tidak kompeten", "batal", "dibatalkan", "tidak hadir"}
_FAILED |= {"tdk hadir", "tidak ikut", "tidak mengikuti", "belum mengikuti", "tidak selesai", "belum selesai"}
_FAILED |= {"mengundurkan diri", "undur diri", "mundur", "absen", "alpa", "alpha", "izin", "ijin", "sakit"}
_FAILED |= {"tanpa keterangan", "absent", "withdrawn", "no show", "panitia", "penyelenggara", "narasumber", "pengajar"}
_FAILED |= {"pemateri", "instruktur", "fasilitator", "moderator", "widyaiswara", "committee", "speaker", "trainer"}
_MEANINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_PASSED, "passed"),
    **dict.fromkeys(_ATTENDED, "attended"),
    **dict.fromkeys(_FAILED, "failed"),
}
_REMARK: Final = re.compile(r"(?P<word>[^()\[\]]+?)\s*[(\[](?P<remark>[^()\[\]]*)[)\]]")
_CONTRARY: Final = re.compile(r"\b(?:tidak|tdk|tak|belum|bukan|tanpa|kecuali|not|un\w+|non)\b")
_MOST_UNDATED: Final = 0.1  # share of completions without an end above which too many would be lost
_FEWEST_UNDATED: Final = 5  # fewer can be seen, and are said
_BY_RULE: Final = frozenset({"another_provider", "attended", "not_passed"})  # left out as asked, not for a fault


def several_courses(course: str | Names | None) -> tuple[str, ...]:
    """Return the courses asked for, none for all."""
    return () if course is None else (course,) if isinstance(course, str) else tuple(course)


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
    if not names:
        raise InputError(Message("training.unnamed_courses"))
    found: set[str] = set()
    for one in several_courses(course):
        words = course_categories().get(one.casefold(), frozenset())
        own = {c for c in names if holds(c, one) or in_category(c, words)}
        if not own:
            raise InputError(unknown_name(Message("training.no_course", name=one), one, names))
        found |= own
    courses = names if course is None else sorted(found)
    nameless = sum(n for c, n in counts.items() if not isinstance(c, str))
    return frame.filter(is_one_of("course", courses)), courses, {"no_course": nameless}


def holds(name: str, asked: str) -> bool:
    """Return whether a name holds what was asked; what no eye tells apart does not matter."""
    return asked.casefold() in name.casefold() or f" {label_key(asked)} " in f" {label_key(name)} "


def nearly_chosen(frame: nw.LazyFrame[Any], course: str | Names | None, courses: Sequence[str]) -> list[Message]:
    """Say which courses do not count although their name differs from what was asked in one letter only."""
    if course is None or "course" not in frame.collect_schema().names():
        return []
    names = distinct(frame, "course")
    others = sorted(name for name in names if isinstance(name, str) and name not in courses)
    near = [name for name in others if any(_nearly(name, one) for one in several_courses(course))]
    return [Alert("training.nearly_chosen", names=tuple(map(masked, near)))] if near else []


def _nearly(name: str, asked: str) -> bool:
    words, wanted = label_key(name).split(), label_key(asked).split()
    if len("".join(wanted)) < LONG_WORD:
        return False
    sizes = range(1, len(wanted) + 2)
    return any(one_slip(words[i : i + size], wanted) for size in sizes for i in range(len(words) - size + 1))


def select_provider(frame: nw.LazyFrame[Any], provider: str | None) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
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
    providers = [p for p in names if holds(p, provider)]
    if not providers:
        raise InputError(unknown_name(Message("training.no_provider", name=provider), provider, names))
    others = sum(n for p, n in counts.items() if p not in providers)
    return frame.filter(is_one_of("provider", providers)), {"another_provider": others}


def count_taught_by_others(everyone: nw.LazyFrame[Any], theirs: nw.LazyFrame[Any]) -> list[Message]:
    """Say how many offices took the course from another provider only: without a date they look untrained."""
    taught, own = (set(distinct(rows, "office")) for rows in (everyone, theirs))
    others = len(taught - own - {None, ""})
    return [Alert("training.taught_by_others", n=others)] if others else []


def who_completed(
    frame: nw.LazyFrame[Any],
    completion: Literal["passed", "attended"],
    unreadable: Sequence[str] = (),
    own: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, dict[str, int], list[Message]]:
    """Return one row a person and course, or a session with its number, of those who completed; rows left out; notes.

    `unreadable` are texts that should have been the end of a course, for the refusal; `own` what words of passing mean.
    """
    names = frame.collect_schema().names()
    reasons: dict[str, nw.Expr] = {
        **({"no_regency": nw.col(NO_REGENCY)} if NO_REGENCY in names else {}),
        "no_office": nw.col("office").is_null() | (nw.col("office") == ""),
        "total": is_one_of("office", _totals(frame)),
    }
    fate: Any = nw.lit("")
    remarks = list[Message]()
    if "passed" in names:
        counts, there, remarks = _words_for_passed(frame, completion, own)
        reasons["attended"] = is_one_of("passed", there)
        reasons["not_passed"] = ~is_one_of("passed", counts) | nw.col("passed").is_null()
    if "officer" in names and "passed_count" not in names:
        reasons["no_person"] = nw.col("officer").is_null() | (nw.col("officer") == "")
    if "asn_course_end_bad" in names:
        reasons["bad_end"] = nw.col("asn_course_end_bad")
    reasons["no_end"] = nw.col("course_end").is_null()
    for reason, condition in reversed(list(reasons.items())):
        fate = nw.when(condition).then(nw.lit(reason)).otherwise(fate)
    fates = frame.with_columns(fate.alias("asn_reason"))
    counts_of = fates.group_by("asn_reason").agg(n=nw.len()).sort("asn_reason").collect().rows(named=True)
    numbers = {r["asn_reason"]: int(r["n"]) for r in counts_of}
    losses = {reason: numbers[reason] for reason in reasons if reason in numbers}
    usable = fates.filter(nw.col("asn_reason") == "")
    table = _people(usable) if "passed_count" not in names else _sessions(usable)
    if table.empty:
        raise InputError(paragraph(Message("training.nothing_usable"), *loss_notes(losses)))
    for code, told in (("bad_end", "undated"), ("no_end", "unended")):
        n, total = losses.get(code, 0), losses.get(code, 0) + numbers.get("", 0)
        if n >= _FEWEST_UNDATED and n > _MOST_UNDATED * total:
            raise InputError(Message(f"training.most_{told}", n=n, total=total, examples=tuple(unreadable)))
    if offices := _without_an_end(fates, "bad_end", table["office"]):
        shown = {"n": len(offices), "offices": offices, "examples": tuple(unreadable)}
        raise InputError(Message("training.undated", **shown))
    offices = _without_an_end(fates, "no_end", table["office"])
    notes = [*remarks, *([Alert("training.unended", n=len(offices), offices=offices)] if offices else [])]
    table["month"] = pd.to_datetime(table["course_end"]).dt.to_period("M")
    return table, losses, notes


def _without_an_end(fates: nw.LazyFrame[Any], code: str, known: pd.Series) -> tuple[str, ...]:
    """Return the offices of whose courses no end is known: without a start they count as never trained."""
    offices = distinct(fates.filter(nw.col("asn_reason") == code), "office")
    dated = {label_key(str(office)) for office in known.unique()}
    return tuple(sorted(masked(str(o)) for o in offices if label_key(str(o)) not in dated))


def _totals(frame: nw.LazyFrame[Any]) -> list[str]:
    """Return the labels in the column of offices that say that their row adds up the others."""
    labels = [label for label in distinct(frame, "office") if isinstance(label, str)]
    return [o for o in labels if TOTAL_LABEL.match(plain_label(o)) and not ALL_OFFICES.search(label_key(o))]


def own_words(words: Mapping[str, str] | None) -> dict[str, str]:
    """Return what an office's own words in the column of passing mean, each as it is compared.

    Raises
    ------
    InputError
        A meaning is none of ``passed``, ``attended``, ``failed``.
    """
    check_mapping("passed_words", words)
    for word, meaning in (words or {}).items():
        check_choice(f"passed_words[{word!r}]", meaning, PASSING)
    return {_plain(word): meaning for word, meaning in (words or {}).items()}


def word_of_passing(word: str, own: Mapping[str, str] | None = None) -> str | None:
    """Return what a word in the column of passing says (`PASSING`); None for one that is not known.

    A remark in brackets is passed over, unless it may say something else: "Lulus (susulan)", not "Hadir (panitia)".

    Examples
    --------
    >>> [word_of_passing(word) for word in ("Lulus (susulan)", "Gugur", "Hadir (panitia)", "Remedial")]
    ['passed', 'failed', None, None]
    """
    meanings, plain = {**_MEANINGS, **(own or {})}, _plain(word)
    if not plain or plain in meanings:
        return meanings.get(plain, "failed")
    found = _REMARK.fullmatch(plain)
    meaning = meanings.get(found["word"]) if found else None
    if found is None or meaning is None or _CONTRARY.search(found["remark"]):
        return None
    inside = {meanings.get(part) for part in (found["remark"], *re.findall(r"\w+", found["remark"]))}
    return meaning if inside <= {None, meaning} else None


def tells_of_passing(word: str) -> bool:
    """Return whether a word shows what its column is about: a letter or a number may stand for anything."""
    return len(_plain(word)) > 1 and word_of_passing(word) is not None


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()


def _words_for_passed(
    frame: nw.LazyFrame[Any], completion: Literal["passed", "attended"], own: Mapping[str, str] | None
) -> tuple[list[str], list[str], list[Message]]:
    """Return the words that count as completion, those of attendance that do not, and which had a remark."""
    words = [w for w in distinct(frame, "passed") if isinstance(w, str)]
    known, meanings = own_words(own), dict[str, str | None]()
    for word in words:
        meanings[word] = word_of_passing(word, known)
    if unknown := sorted(w for w in words if meanings[w] is None):
        raise InputError(
            Message("training.passed_words", words=tuple(masked(w) for w in unknown), first=masked(unknown[0]))
        )
    passed, there = ([w for w in words if meanings[w] == meaning] for meaning in ("passed", "attended"))
    remarked = sorted(w for w in words if w.strip() and _plain(w) not in {**_MEANINGS, **known})
    notes = [Message("training.remarks", words=tuple(map(masked, remarked)))] if remarked else []
    if completion == "attended":
        return [*passed, *there], [], notes
    if there and not passed:
        raise InputError(Message("training.only_attended", words=there))
    return passed, there, notes


def _people(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """One row a person and course; without numbers of persons every row is a person."""
    names = frame.collect_schema().names()
    extra = [c for c in ("officer", "course", "staff", "hours", "provider") if c in names]
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
    extra = [c for c in ("course", "staff", "hours", "provider") if c in frame.collect_schema().names()]
    table = pd.DataFrame(frame.select("office", "course_end", "passed_count", *extra).collect().to_pandas())
    table["n"] = numbers_of(table["passed_count"], "passed_count").fillna(0)
    if (table["n"] < 0).any():
        raise InputError(Message("training.negative"))
    return table.loc[table["n"] > 0].drop(columns="passed_count").reset_index(drop=True)


def loss_notes(losses: Mapping[str, int]) -> list[Message]:
    """Say which rows were left out; a fault in the records surprises, what the analyst asked for does not."""
    counts = {code: n for code, n in losses.items() if n}
    reasons = [Message("training.reason_count", reason=Message(f"training.reason.{c}"), n=n) for c, n in counts.items()]
    note = Message if counts.keys() <= _BY_RULE else Alert
    return [note("training.left_out", reasons=reasons)] if counts else []


def numbers_of(values: pd.Series, name: str) -> pd.Series:
    """Return a column of numbers, or of texts of numbers, as floats."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    texts = [object_text(v) for v in values]
    return parse_numbers(texts, name=name).set_axis(values.index)
