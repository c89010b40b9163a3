"""The nine elements of a satisfaction survey by the labels of their columns."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import narwhals as nw
import pandas as pd

from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.fields.columns import Headings, normalised, recognised
from asn_impact.intake.fields.periods import OF_HEADING, in_rows
from asn_impact.intake.formats import open_file
from asn_impact.intake.formats.folder import files_of, paths_of
from asn_impact.intake.privacy import masked
from asn_impact.reference import read_rows
from asn_impact.words import Message

Name: TypeAlias = str | Message  # of a table: that of its file, or what a frame is called

#: The nine elements of PermenPANRB 14/2017 in the order of the regulation.
ELEMENTS = (*("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana"),)
_UNTOLD = ("nomor_8", "nomor_9")
_MOST = 20  # headings shown in a refusal
_SHORTEST = 5  # words of a question; a heading with fewer is a label
_ASKING = {"bagaimana", "bagaimanakah", "pendapat", "pemahaman", "penilaian", "menurut", "apakah", "seberapa"}


def _plain(heading: object) -> str:
    return re.sub(r"[()\[\],;/'\"]+", "", normalised(heading))


@functools.cache
def _labels() -> Mapping[str, str]:
    """Return plain heading -> element, ``nomor_8``, ``nomor_9``, ``tanggal`` or ``teks_bebas``."""
    return MappingProxyType({_plain(row["sinonim"]): row["unsur"] for row in read_rows("skm_elements.csv")})


_NUMBERED = re.compile(r"(?:unsur|pertanyaan|butir|nilai|u|p|q)?0?([1-9])(.*)")


def element_of(heading: object) -> str | None:
    """Return the element a heading stands for, ``nomor_8`` or ``nomor_9`` where only its number is given, or None.

    Examples
    --------
    >>> element_of("U3. Waktu Penyelesaian"), element_of("Unsur 6"), element_of("U8 (Sarana dan Prasarana)")
    ('waktu', 'kompetensi', 'sarana')
    >>> element_of("U8"), element_of("Nama")
    ('nomor_8', None)
    """
    plain = _plain(heading)
    known = _labels()
    label = known.get(plain)
    numbered = _NUMBERED.fullmatch(plain)
    if label is None and numbered is not None:
        number, rest = numbered.groups()
        bare = plain[:1].isdigit()  # a lone "3" is the number of a column, not of an element
        label = known.get(rest) if rest else (None if bare else known.get(f"u{number}"))
    if label is None:
        label = _asked_about(str(heading))
    return label if label in (*ELEMENTS, *_UNTOLD) else None


@functools.cache
def _question_words() -> Mapping[str, str]:
    """Return word -> the element whose standard question it stands in."""
    return MappingProxyType({row["kata"]: row["unsur"] for row in read_rows("skm_questions.csv")})


def _asked_about(heading: str) -> str | None:
    """Return the element of a whole question, as a form has it for its heading, where its words leave only one."""
    words = re.findall(r"[^\W\d_]+", heading.casefold())
    if len(words) < _SHORTEST or not set(words) & _ASKING:
        return None
    about = {_question_words()[word] for word in words if word in _question_words()}
    return next(iter(about)) if len(about) == 1 else None


def _match_elements(
    headings: Sequence[str], columns: Headings, elements: Mapping[str, str] | None, source: Name
) -> dict[str, str]:
    """Return element -> heading; what is settled by the reader wins."""
    if elements is not None:
        return dict(elements)
    settled = {e: _heading_here(columns[e], headings) for e in ELEMENTS if e in columns}
    own_headings = {normalised(h) for h in settled.values() if h is not None}
    matches: dict[str, list[str]] = {}
    for heading in headings:
        if normalised(heading) not in own_headings and (element := element_of(heading)) is not None:
            matches.setdefault(element, []).append(heading)
    double = next((e for e in ELEMENTS if len(matches.get(e, ())) > 1 and e not in settled), None)
    if double is not None:
        several = {"n": len(matches[double]), "headings": matches[double], "first": matches[double][0]}
        raise InputError(Message("survey.double_element", source=source, element=double, **several))
    headings_of = {
        e: h
        for e in ELEMENTS
        if (h := settled[e] if e in settled else next(iter(matches.get(e, ())), None)) is not None
    }
    lacking = [e for e in ELEMENTS if e not in headings_of and e not in settled]
    if lacking:
        raise InputError(_explain_lacking(lacking, matches, headings, source))
    return headings_of


def _heading_here(heading: str | Sequence[str] | None, headings: Sequence[str]) -> str | None:
    """Return the one of several headings that a table has; any other is said to be absent where it is looked for."""
    if heading is None or isinstance(heading, str):
        return heading
    known = {normalised(h) for h in headings}
    return next((h for h in heading if normalised(h) in known), next(iter(heading), None))


def _explain_lacking(
    lacking: list[str], matches: Mapping[str, list[str]], headings: Sequence[str], source: Name
) -> Message:
    untold = [matches[n][0] for n in _UNTOLD if n in matches]
    if untold and set(lacking) <= {"pengaduan", "sarana"}:
        return Message("survey.by_number", source=source, headings=untold, first=untold[0], last=untold[-1])
    names = [masked(h) for h in headings if h.strip()][:_MOST]
    problem = {"n": len(lacking), "elements": lacking, "first": lacking[0]}
    return Message("survey.no_element", source=source, **problem, headings=names)


def headings_in(source: Any, fields: Sequence[str], named: Sequence[str]) -> list[tuple[Name, list[str]]]:  # noqa: ANN401
    """Return the name and the headings of every table of a source."""
    if not isinstance(source, str | Path | tuple | list):
        frame = Message("survey.the_frame")
        if isinstance(source, pd.DataFrame):
            return [(frame, [str(c) for c in source.columns])]
        try:
            return [(frame, list(nw.from_native(source).lazy().collect_schema().names()))]
        except TypeError:
            raise InputError(Message("survey.unreadable", kind=type(source).__name__)) from None

    def recognise(cells: Sequence[str]) -> int:
        return recognised(cells, fields, named) + sum(element_of(cell) is not None for cell in cells)

    files = [file for path in paths_of(source) for file in files_of(path)[0]]
    tables = [table for file in files for table in open_file(file, recognise)]
    tables = [in_rows(table, named) for table in tables] if OF_HEADING in named else tables
    return [(table.name, list(table.headings)) for table in tables]


IKM: Final = "ikm"
_INDEX = re.compile(
    r"(rata rata |nilai |skor |hasil )*(ikm|skm|indeks( kepuasan( masyarakat)?)?)( ikm| unit( pelayanan)?)?"
)


def index_alone(tables: Sequence[tuple[Name, list[str]]], columns: Headings) -> dict[str, str] | None:
    """Return the heading of the index where tables hold it and no element; None where an element is there or named."""
    if set(columns) & {*ELEMENTS} or any(element_of(h) is not None for _, headings in tables for h in headings):
        return None
    every = {h for _, headings in tables for h in headings}
    found = {h for h in every if _INDEX.fullmatch(" ".join(re.findall(r"\w+", h.casefold())))}
    named = _heading_here(columns.get(IKM), sorted(every)) or (found.pop() if len(found) == 1 else None)
    return None if named is None else {IKM: named}


def match_all(
    tables: Sequence[tuple[Name, list[str]]], columns: Headings, elements: Mapping[str, str] | None
) -> dict[str, str | Sequence[str]]:
    """Return element -> heading, the same for all tables, or the list of headings that the reader gave."""
    matched = [(name, _match_elements(headings, columns, elements, name)) for name, headings in tables]
    first_name, first = matched[0]
    listed = {e: h for e, h in columns.items() if e in first and h is not None and not isinstance(h, str)}
    for name, other in matched[1:]:
        named = [e for e in first if e not in listed]
        differing = [e for e in named if other.get(e) is None or normalised(other[e]) != normalised(first[e])]
        if differing or set(other) != set(first):
            what = differing[0] if differing else next(iter(set(other) - set(first)))
            headings = {"first": masked(str(first.get(what))), "second": masked(str(other.get(what)))}
            raise InputError(Message("survey.named_differently", one=first_name, other=name, element=what, **headings))
    return {**first, **listed}


def find_date(tables: Sequence[tuple[Name, list[str]]], date: str | None) -> str:
    """Return the heading of the date: as settled by the reader, else the one there is."""
    if date is not None:
        return date
    name, headings = tables[0]
    matches = [h for h in headings if _labels().get(_plain(h)) == "tanggal"]
    if not matches:
        raise InputError(Message("survey.no_date", source=name))
    if len(matches) > 1:
        raise InputError(Message("survey.several_dates", source=name, n=len(matches), headings=matches))
    return matches[0]


def refuse_free_text(keep: Sequence[str], columns: Headings) -> None:
    """Refuse a column of what people wrote in their own words."""
    for name in keep:
        if "teks_bebas" in (_labels().get(_plain(name)), _labels().get(_plain(columns.get(name) or ""))):
            raise PrivacyError(Message("survey.free_text", name=name))
