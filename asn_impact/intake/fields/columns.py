"""The column contract: which heading of a file is which field, from a table of synonyms.

Only columns that are matched to a wanted field, or asked for by name, ever enter; everything else in an
export (names, addresses, numbers of persons) stays in the file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.privacy import masked
from asn_impact.reference import read_rows
from asn_impact.words import Message, paragraph

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
        "regency": "kabupaten",
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

#: Field -> the heading it has, or several where files differ; None for a field that is not to be used.
Headings: TypeAlias = Mapping[str, str | Sequence[str] | None]

#: Fields that identify a person: never kept in records.
PERSON_FIELDS = frozenset({"applicant", "handler", "officer", "certificate", "person"})


def normalised(heading: object) -> str:
    """Return a heading without what does not matter: case, spaces, underscores, dots, hyphens, slashes, line breaks.

    ``Day of``, which reporting tools put in front of a date, does not matter either.

    Examples
    --------
    >>> normalised("Tgl. Masuk") == normalised("tgl_masuk")
    True
    """
    return _plain(str(heading))


@functools.lru_cache(maxsize=65_536)  # a table is asked for its fields one by one, and each asks every heading
def _plain(heading: str) -> str:
    return re.sub(r"[\s_.\-:*/\u00a0\ufeff]+", "", re.sub(r"(?i)^\s*day of ", "", heading)).casefold()


@functools.cache
def synonyms() -> Mapping[str, frozenset[str]]:
    """Return normalised heading -> the fields it can stand for (``tgl_selesai`` ends a case, or a course).

    Examples
    --------
    >>> sorted(synonyms()[normalised("Tanggal Selesai")])
    ['course_end', 'decided']
    """
    return _fields_of("column_synonyms.csv", [(field, field) for field in FIELDS])


@functools.cache
def reserves() -> Mapping[str, frozenset[str]]:
    """Return normalised heading -> the fields it stands for where a table has none of their synonyms.

    Examples
    --------
    >>> sorted(reserves()[normalised("Unit Layanan")]), sorted(reserves()[normalised("Tanggal Pelaksanaan")])
    (['office'], ['course_end'])
    """
    return _fields_of("heading_reserves.csv", ())


def _fields_of(table: str, others: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Return normalised heading -> fields, by a table of reference and further pairs of heading and field."""
    english = {indonesian: field for field, indonesian in FIELDS.items()}
    rows = [(row["sinonim"], english.get(row["kanonik"])) for row in read_rows(table)]
    fields: dict[str, set[str]] = {}
    for heading, field in (*rows, *others):
        if field is not None:
            fields.setdefault(normalised(heading), set()).add(field)
    return MappingProxyType({heading: frozenset(every) for heading, every in fields.items()})


@functools.cache
def may_say_who_passed() -> frozenset[str]:
    """Return normalised headings whose words may say who passed a course: to be looked at, never taken unseen."""
    rows = read_rows("heading_reserves.csv")
    return frozenset(normalised(row["sinonim"]) for row in rows if row["kanonik"] == "lulus_menurut_isi")


@functools.cache
def status_meanings() -> Mapping[str, str]:
    """Return status word (lower case) -> ``open``, ``granted``, ``rejected`` or ``withdrawn``.

    Examples
    --------
    >>> status_meanings()["izin terbit"]
    'granted'
    """
    return MappingProxyType({row["kata"]: row["status"] for row in read_rows("status_words.csv")})


@functools.cache
def course_categories() -> Mapping[str, frozenset[str]]:
    """Return name of a category of courses (in lower case, either language) -> the words that courses in it carry.

    Examples
    --------
    >>> course_categories()["e-government"] >= {"spbe", "e government"}
    True
    """
    rows = read_rows("course_categories.csv")
    words: dict[str, set[str]] = {}
    for row in rows:
        words.setdefault(row["kategori"], set()).add(_space(row["kata"]))
    names = {row["kata"].casefold(): row["kategori"] for row in rows if row["peran"] == "nama"}
    return MappingProxyType({name: frozenset(words[category]) for name, category in names.items()})


def in_category(course: str, words: Iterable[str]) -> bool:
    """Return whether the name of a course holds one of the words, as whole words.

    Examples
    --------
    >>> in_category("Bimtek SPBE Tahun 2024", ["spbe"]), in_category("Sosialisasi SPBEX", ["spbe"])
    (True, False)
    """
    return any(f" {word} " in f" {_space(course)} " for word in words)


def _space(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def recognised(cells: Iterable[object], wanted: Iterable[str], named: Iterable[str] = ()) -> int:
    """Return how many cells of a row are headings of wanted fields, or are named by the reader.

    Examples
    --------
    >>> recognised(["No", "Tanggal Masuk", "Perangkat Daerah"], ["received", "office"])
    2
    """
    fields, names, known = set(wanted), _plainly(tuple(named)), _every_heading()
    keys = (normalised(cell) for cell in cells)
    return sum(1 for key in keys if key and (key in names or known.get(key, frozenset()) & fields))


@functools.lru_cache(64)  # each row in which headings may stand is asked for the same names
def _plainly(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(normalised, names))


@functools.cache
def _every_heading() -> Mapping[str, frozenset[str]]:
    both = (synonyms(), reserves())
    return MappingProxyType(
        {heading: frozenset().union(*(table.get(heading, ()) for table in both)) for table in both for heading in table}
    )


def check_mapping(name: str, value: object) -> None:
    """Refuse an argument that should be a mapping and is none."""
    if value is not None and not isinstance(value, Mapping):
        raise InputError(Message("intake.columns.no_mapping", name=name, found=repr(masked(str(value)))))


#: What a source without a name is called.
THE_DATA = Message("intake.the_data")


def _headings_there(headings: Sequence[str]) -> Message:
    filled = [repr(masked(h)) for h in headings if h.strip() and not h.startswith("asn_")]
    if (more := len(filled) - MOST_SHOWN) > 0:
        return Message("intake.columns.found_more", headings=filled[:MOST_SHOWN], n=more)
    return Message("intake.columns.found", headings=filled)


def listed_headings(columns: Headings | None) -> list[str]:
    """Return every heading that the reader has named."""
    named = [h for h in (columns or {}).values() if h is not None]
    return [one for h in named for one in ((h,) if isinstance(h, str) else h)]


def _find_heading(name: str | Sequence[str], headings: Sequence[str], source: str | Message) -> str:
    """Find the one heading that is the name asked for, or one of several: exactly, else up to case and spacing."""
    if not isinstance(name, str):
        keys = {normalised(one) for one in name}
        there = list(dict.fromkeys(h for h in headings if normalised(h) in keys))
        if len(there) > 1:
            raise InputError(Message("intake.columns.several_listed", file=source, headings=[masked(h) for h in there]))
        name = there[0] if there else next(iter(name), "")
    exact = [h for h in headings if h == name]
    close = exact or [h for h in headings if normalised(h) == normalised(name)]
    if len(close) > 1:
        raise InputError(Message("intake.columns.named_twice", file=source, n=len(close), heading=masked(name)))
    if not close:
        absent = Message("intake.columns.absent", file=source, heading=masked(name))
        near = did_you_mean(name, [masked(h) for h in headings])
        raise InputError(paragraph(absent, near, _headings_there(headings)))
    return close[0]


def _find_synonym(field: str, headings: Sequence[str], source: str | Message) -> str | None:
    matches = [h for h in headings if field in synonyms().get(normalised(h), frozenset())]
    matches = matches or [h for h in headings if field in reserves().get(normalised(h), frozenset())]
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
    columns: Headings | None = None,
    keep: Sequence[str] = (),
    required: Sequence[str] = (),
    source: str | Message = THE_DATA,
) -> dict[str, str]:
    """Return field -> heading for the wanted fields that are there, and for the extra columns asked for.

    Parameters
    ----------
    headings : sequence of str
        As found.
    wanted : sequence of str
        Fields to look for, names of `FIELDS`.
    columns : mapping, optional
        Field -> heading, settled by the reader; wins over the synonyms. Several headings where files differ, of which
        one is there. None for a field: do not use it.
    keep : sequence of str
        Extra columns: fields or headings. They keep the name they were asked by.
    required : sequence of str
        Fields without which there is no answer.
    source : str or Message
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
    settled = dict(columns or {})
    known = (*wanted, *keep)
    for field in settled:
        if field not in known:
            what = Message("intake.columns.no_field", field=field)
            raise InputError(paragraph(what, did_you_mean(field, known), Message("intake.columns.fields", known=known)))
    matches: dict[str, str] = {}
    taken = {_find_heading(h, headings, source) for h in settled.values() if h is not None}
    for field in wanted:
        if field in settled:
            heading = settled[field]
            match = None if heading is None else _find_heading(heading, headings, source)
        else:
            match = _find_synonym(field, [h for h in headings if h not in taken], source)
        if match is not None:
            matches[field] = match
    for name in keep:
        if name not in matches:
            matches[name] = _keep(name, headings, settled, source)
    _refuse_persons(matches)
    missing = [field for field in required if field not in matches]
    if missing and any(_VALUE.search(h) for h in headings) and not recognised(headings, FIELDS):
        raise InputError(Message("intake.columns.no_headings", file=source))
    if missing:
        what = Message("intake.columns.missing", file=source, fields=[repr(field) for field in missing])
        todo = Message("intake.columns.name_it", field=missing[0])
        of_name = missing[0] == "office" and isinstance(source, str)
        hint = Message("intake.columns.office_by_name") if of_name else None
        raise InputError(paragraph(what, _headings_there(headings), todo, hint))
    return matches


MOST_SHOWN = 20  # headings in a message
_VALUE = re.compile(r"^\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\d{5,}\s*$)")  # a date, or a long number


def _refuse_persons(matches: Mapping[str, str]) -> None:
    """Refuse a heading of persons for a field whose values are counted and shown."""
    for field, heading in matches.items():
        fields = synonyms().get(normalised(heading), frozenset())
        if field not in PERSON_FIELDS and fields and fields <= PERSON_FIELDS:
            raise PrivacyError(Message("intake.columns.of_persons", heading=masked(heading), field=field))


def _keep(name: str, headings: Sequence[str], settled: Headings, source: str | Message) -> str:
    heading = settled.get(name) or name
    if name in FIELDS and name not in settled and all(normalised(h) != normalised(name) for h in headings):
        heading = _find_synonym(name, headings, source) or name
    match = _find_heading(heading, headings, source)
    fields = synonyms().get(normalised(match), frozenset())
    if name in PERSON_FIELDS or (fields and fields <= PERSON_FIELDS):
        raise PrivacyError(Message("intake.columns.keep_persons", heading=masked(match)))
    return match


def stands_in(name: str, headings: Sequence[str], settled: Headings) -> bool:
    """Return whether an extra column, a field or a heading, is among the headings of a table.

    Examples
    --------
    >>> stands_in("Kanal", ["kanal", "OPD"], {}), stands_in("way", ["kanal"], {"way": ["jalur", "kanal"]})
    (True, True)
    """
    keys = set(map(normalised, listed_headings({name: settled.get(name) or name})))
    of_field = name in FIELDS and name not in settled and bool(recognised(headings, [name]))
    return of_field or not keys.isdisjoint(map(normalised, headings))


def may_name_persons(heading: str) -> bool:
    """Return whether a heading stands for persons as well as for something else: ``staff`` names one, or counts them.

    Examples
    --------
    >>> may_name_persons("Staff"), may_name_persons("Kecamatan")
    (True, False)
    """
    return bool(synonyms().get(normalised(heading), frozenset()) & PERSON_FIELDS)
