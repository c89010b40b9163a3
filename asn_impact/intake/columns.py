"""The column contract: which heading of a file is which field, from a table of synonyms.

Only columns that are matched to a wanted field, or asked for by name, ever enter; everything else in an
export (names, addresses, numbers of persons) stays in the file.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from types import MappingProxyType

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.privacy import masked
from asn_impact.words import Message, paragraph

__all__ = [
    "FIELDS",
    "PERSON_FIELDS",
    "check_mapping",
    "course_categories",
    "in_category",
    "match_columns",
    "normalised",
    "recognised",
    "status_meanings",
    "synonyms",
]

#: Canonical field -> its name in the Indonesian synonym table.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "case": "id_permohonan",
        "office": "unit",
        "service": "jenis_izin",
        "received": "tgl_masuk",
        "decided": "tgl_selesai",
        "status": "status",
        "promised": "tgl_janji",
        "request": "jenis_permohonan",
        "district": "kecamatan",
        "limit": "sla",
        "office_days": "durasi_kantor",
        "step": "langkah",
        "step_start": "langkah_mulai",
        "step_end": "langkah_selesai",
        "deleted": "dihapus",
        "course": "pelatihan",
        "hours": "jp",
        "course_start": "tgl_latih_mulai",
        "course_end": "tgl_latih_selesai",
        "provider": "penyelenggara",
        "passed": "lulus",
        "passed_count": "jumlah_lulus",
        "since": "tmt",
        "staff": "jumlah_petugas",
        "applicant": "pemohon",
        "handler": "petugas",
        "officer": "nip",
        "certificate": "no_sertifikat",
        "person": "data_pribadi",
    }
)

#: Fields that identify a person: never kept in records.
PERSON_FIELDS = frozenset({"applicant", "handler", "officer", "certificate", "person"})


def normalised(heading: object) -> str:
    """Return a heading without what does not matter: case, spaces, underscores, dots, hyphens, line breaks.

    ``Day of``, which reporting tools put in front of a date, does not matter either.

    Examples
    --------
    >>> normalised("Tgl. Masuk") == normalised("tgl_masuk")
    True
    """
    return re.sub(r"[\s_.\-:*\u00a0\ufeff]+", "", re.sub(r"(?i)^\s*day of ", "", str(heading))).casefold()


def _reference(name: str) -> list[dict[str, str]]:
    text = (resources.files("asn_impact.reference") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


#: Headings of personnel systems that the synonym table does not have yet.
_OF_PERSONNEL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "since": ("tmt jabatan", "tmt unor", "tmt unit", "tmt mutasi", "tmt", "tmtJabatan", "tmtUnor", "tmtMutasi"),
        "passed": ("status kelulusan", "hasil", "keterangan lulus", "status kehadiran", "kehadiran"),
        "office": ("unit kerja saat pelatihan", "unit saat pelatihan", "unor nama", "unorNama", "nama unor"),
        "provider": ("lembaga penyelenggara", "instansi penyelenggara"),
    }
)


@functools.cache
def synonyms() -> Mapping[str, frozenset[str]]:
    """Return normalised heading -> the fields it can stand for (``tgl_selesai`` ends a case, or a course).

    Examples
    --------
    >>> sorted(synonyms()[normalised("Tanggal Selesai")])
    ['course_end', 'decided']
    """
    english = {indonesian: field for field, indonesian in FIELDS.items()}
    found: dict[str, set[str]] = {}
    for row in _reference("column_synonyms.csv"):
        if row["kanonik"] in english:
            found.setdefault(normalised(row["sinonim"]), set()).add(english[row["kanonik"]])
    for field in FIELDS:
        found.setdefault(normalised(field), set()).add(field)
    for field, headings in _OF_PERSONNEL.items():
        for heading in headings:
            found.setdefault(normalised(heading), set()).add(field)
    return MappingProxyType({heading: frozenset(fields) for heading, fields in found.items()})


@functools.cache
def status_meanings() -> Mapping[str, str]:
    """Return status word (lower case) -> ``open``, ``granted``, ``rejected`` or ``withdrawn``.

    Examples
    --------
    >>> status_meanings()["izin terbit"]
    'granted'
    """
    return MappingProxyType({row["kata"]: row["status"] for row in _reference("status_words.csv")})


@functools.cache
def course_categories() -> Mapping[str, frozenset[str]]:
    """Return name of a category of courses (in lower case, either language) -> the words that courses in it carry.

    Examples
    --------
    >>> course_categories()["e-government"] >= {"spbe", "e government"}
    True
    """
    rows = _reference("course_categories.csv")
    words: dict[str, set[str]] = {}
    for row in rows:
        words.setdefault(row["kategori"], set()).add(_spaced(row["kata"]))
    names = {row["kata"].casefold(): row["kategori"] for row in rows if row["peran"] == "nama"}
    return MappingProxyType({name: frozenset(words[category]) for name, category in names.items()})


def in_category(course: str, words: Iterable[str]) -> bool:
    """Return whether the name of a course holds one of the words, as whole words.

    Examples
    --------
    >>> in_category("Bimtek SPBE Tahun 2024", ["spbe"]), in_category("Sosialisasi SPBEX", ["spbe"])
    (True, False)
    """
    return any(f" {word} " in f" {_spaced(course)} " for word in words)


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def recognised(cells: Iterable[object], wanted: Iterable[str], named: Iterable[str] = ()) -> int:
    """Return how many cells of a row are headings of wanted fields, or are named by the reader.

    Examples
    --------
    >>> recognised(["No", "Tanggal Masuk", "Perangkat Daerah"], ["received", "office"])
    2
    """
    fields, names = set(wanted), {normalised(n) for n in named}
    known = synonyms()
    keys = (normalised(cell) for cell in cells)
    return sum(1 for key in keys if key and (key in names or known.get(key, frozenset()) & fields))


def check_mapping(name: str, value: object) -> None:
    """Refuse an argument that should be a mapping and is none."""
    if value is not None and not isinstance(value, Mapping):
        raise InputError(Message("intake.columns.no_mapping", name=name, found=repr(masked(str(value)))))


def _headings_there(headings: Sequence[str]) -> Message:
    filled = [masked(h) for h in headings if h.strip()]
    more = len(filled) - MOST_SHOWN
    rest = Message("intake.columns.more", n=more) if more > 0 else None
    return Message("intake.columns.found", headings=[repr(h) for h in filled[:MOST_SHOWN]], more=rest)


def _find_heading(asked: str, headings: Sequence[str], source: str) -> str:
    """Find the one heading that is the name asked for: letter for letter, else up to case and spacing."""
    exact = [h for h in headings if h == asked]
    close = exact or [h for h in headings if normalised(h) == normalised(asked)]
    if len(close) > 1:
        raise InputError(Message("intake.columns.named_twice", file=source, n=len(close), heading=masked(asked)))
    if not close:
        absent = Message("intake.columns.absent", file=source, heading=masked(asked))
        near = did_you_mean(asked, [masked(h) for h in headings])
        raise InputError(paragraph(absent, near, _headings_there(headings)))
    return close[0]


def _find_synonym(field: str, headings: Sequence[str], source: str) -> str | None:
    matches = [h for h in headings if field in synonyms().get(normalised(h), frozenset())]
    if len(matches) > 1:
        first, n = masked(matches[0]), len(matches)
        if len(set(matches)) == 1:
            raise InputError(Message("intake.columns.named_twice", file=source, n=n, heading=first))
        every = [masked(h) for h in matches]
        raise InputError(Message("intake.columns.unclear", file=source, n=n, field=field, headings=every, first=first))
    return matches[0] if matches else None


def match_columns(
    headings: Sequence[str],
    wanted: Sequence[str],
    *,
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
    required: Sequence[str] = (),
    source: str = "the data",
) -> dict[str, str]:
    """Return field -> heading for the wanted fields that are there, and for the extra columns asked for.

    Parameters
    ----------
    headings : sequence of str
        As found.
    wanted : sequence of str
        Fields to look for, names of `FIELDS`.
    columns : mapping, optional
        Field -> heading, settled by the reader; wins over the synonyms. None for a field: do not use it.
    keep : sequence of str
        Extra columns: fields or headings. They keep the name they were asked by.
    required : sequence of str
        Fields without which there is no answer.
    source : str
        Name of the file in messages.

    Raises
    ------
    InputError
        A heading asked for is absent or double, two headings can be one field, a required field is absent.
    PrivacyError
        An extra column identifies persons.

    Examples
    --------
    >>> match_columns(["No Permohonan", "Tanggal Masuk", "NIK"], ["case", "received"])
    {'case': 'No Permohonan', 'received': 'Tanggal Masuk'}
    """
    asked = dict(columns or {})
    known = (*wanted, *keep)
    for field in asked:
        if field not in known:
            what = Message("intake.columns.no_field", field=field)
            raise InputError(paragraph(what, did_you_mean(field, known), Message("intake.columns.fields", known=known)))
    found: dict[str, str] = {}
    taken = {_find_heading(h, headings, source) for h in asked.values() if h is not None}
    for field in wanted:
        if field in asked:
            heading = asked[field]
            match = None if heading is None else _find_heading(heading, headings, source)
        else:
            match = _find_synonym(field, [h for h in headings if h not in taken], source)
        if match is not None:
            found[field] = match
    for name in keep:
        if name not in found:
            found[name] = _kept(name, headings, asked, source)
    _refuse_persons(found)
    missing = [field for field in required if field not in found]
    if missing and any(_VALUE.search(h) for h in headings) and not recognised(headings, FIELDS):
        raise InputError(Message("intake.columns.no_headings", file=source))
    if missing:
        what = Message("intake.columns.missing", file=source, fields=[repr(field) for field in missing])
        todo = Message("intake.columns.name_it", field=missing[0])
        raise InputError(paragraph(what, _headings_there(headings), todo))
    return found


MOST_SHOWN = 20  # headings in a message
_VALUE = re.compile(r"^\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\d{5,}\s*$)")  # a date, or a long number


def _refuse_persons(found: Mapping[str, str]) -> None:
    """Refuse a heading of persons for a field whose values are counted and shown."""
    for field, heading in found.items():
        fields = synonyms().get(normalised(heading), frozenset())
        if field not in PERSON_FIELDS and fields and fields <= PERSON_FIELDS:
            raise PrivacyError(Message("intake.columns.of_persons", heading=masked(heading), field=field))


def _kept(name: str, headings: Sequence[str], asked: Mapping[str, str | None], source: str) -> str:
    heading = asked.get(name) or name
    if name in FIELDS and name not in asked and all(normalised(h) != normalised(name) for h in headings):
        heading = _find_synonym(name, headings, source) or name
    match = _find_heading(heading, headings, source)
    fields = synonyms().get(normalised(match), frozenset()) | {name}
    if fields & PERSON_FIELDS and not fields - PERSON_FIELDS - {name}:
        raise PrivacyError(Message("intake.columns.keep_persons", heading=masked(match)))
    return match
