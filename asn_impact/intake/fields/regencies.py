"""Whose office? An office is (regency, office) as soon as rows are of several regencies; never one panel unasked."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import narwhals as nw

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.intake.fields.canonical import NO_REGENCY
from asn_impact.intake.fields.canonical import REGENCY as REGENCY
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label, replaced, say_joined
from asn_impact.intake.privacy import masked
from asn_impact.starts import MONTHS, ROMAN
from asn_impact.words import Alert, Message, paragraph

Frame: TypeAlias = "nw.LazyFrame[Any]"

FOLDER: Final = "/"  # ends what is the name of a folder, and no more
_PERIODS: Final = frozenset(
    ["tahun", "thn", "ta", "semester", "smt", "triwulan", "tw", "kuartal", "bulan", "bln", "periode"]
)
_DATED: Final = ("received", "step_start", "date", "course_end")
ALL: Final = "all"
_KINDS: Final = re.compile(r"^(?:pemerintah (?:daerah )?|pemda )?(?:pemkab|kabupaten|kab)\b ?")
_CITY: Final = re.compile(r"^(?:pemerintah (?:daerah )?|pemda )?(?:pemkot|kota)\b ?")
_WITHIN: Final = re.compile(
    r"(?<!kecamatan )(?<!kelurahan )(?<!desa )\b(?P<kind>kabupaten|kab|pemkab|pemkot|kota)\b (?P<name>.+)$"
)
_FIRST: Final = 100  # rows by which a column is looked at
_MOSTLY: Final = 0.8  # share of the rows of one regency from which the others are where applicants live


def regency_key(label: str) -> str:
    """Return what two spellings of one regency share; a city is another than the regency of its name.

    Examples
    --------
    >>> regency_key("KAB. TEBO") == regency_key("Pemerintah Kabupaten Tebo"), regency_key("Kota Jambi")
    (True, 'kota jambi')
    """
    key = label_key(label)
    if _CITY.match(key):
        return f"kota {_CITY.sub('', key)}"
    return _KINDS.sub("", key)


def named_regencies(names: Sequence[str]) -> dict[str, str]:
    """Return the names, of folders say, that are those of regencies or cities; nothing where fewer than two are.

    Examples
    --------
    >>> named_regencies(["Kab. Tebo", "Kota_Jambi", "2024"])
    {'Kab. Tebo': 'Kab. Tebo', 'Kota_Jambi': 'Kota Jambi'}
    """
    said = {name: plain_label(re.sub(r"[_\-]+", " ", name)) for name in names}
    found = {name: label for name, label in said.items() if _names_one(label_key(label))}
    return found if len({regency_key(label) for label in found.values()}) > 1 else {}


def regencies_in(names: Sequence[str]) -> dict[str, str]:
    """Return the names, of files say, in which regencies or cities stand; nothing where fewer than two do.

    Examples
    --------
    >>> regencies_in(["izin_Kab_Hulu_2024", "rekap Kab. Hulu Rimba", "Kecamatan Kota Baru"])
    {'izin_Kab_Hulu_2024': 'kab hulu', 'rekap Kab. Hulu Rimba': 'kab hulu rimba'}
    """
    found: dict[str, str] = {}
    for name in names:
        if (told := _WITHIN.search(label_key(re.sub(r"[_\-]+", " ", name)))) is not None:
            words = itertools.takewhile(lambda word: not _of_time(word), told["name"].split())
            found[name] = " ".join((told["kind"], *words)).strip()
    known = {name: label for name, label in found.items() if _names_one(label)}
    return known if len({regency_key(label) for label in known.values()}) > 1 else {}


def told_apart_by_folder(names: Sequence[str]) -> dict[str, str]:
    """Return the names of folders that may be those of regencies without saying so, marked by a stroke at their end.

    What tells of a time only, such as ``2024`` or ``semester 1``, does not count, and one name alone tells nothing.

    Examples
    --------
    >>> told_apart_by_folder(["batanghari", "muaro_jambi"])
    {'batanghari': 'batanghari/', 'muaro_jambi': 'muaro jambi/'}
    >>> told_apart_by_folder(["izin 2023", "izin 2024"]), told_apart_by_folder(["2023", "Januari"])
    ({}, {})
    """
    words = {name: [w for w in label_key(re.sub(r"[_\-]+", " ", name)).split() if not _of_time(w)] for name in names}
    found = {name: f"{' '.join(said)}{FOLDER}" for name, said in words.items()}
    return found if len(set(found.values())) > 1 and FOLDER not in found.values() else {}


def _of_time(word: str) -> bool:
    return word in MONTHS or word in ROMAN or word in _PERIODS or any(sign.isdigit() for sign in word)


def settle_regencies(frame: Frame, regency: str | None, *, kept: Sequence[str] = ()) -> tuple[Frame, list[Message]]:
    """Return the rows of the regency asked for, or of all with offices told apart by it; and what has to be said.

    `kept` are columns of regencies that stay, in one spelling of each. With several, a row without one has no office.

    Raises
    ------
    InputError
        The rows are of several regencies and nobody said which; or none of them is the one asked for.
    """
    if not {REGENCY, "office"} <= {*frame.collect_schema().names()}:
        return frame, []
    settled, notes = _settled(frame, regency)
    if kept:
        chosen, joined = _one_spelling(settled)
        settled = settled.with_columns(*(replaced(settled, name, chosen).alias(name) for name in kept))
        notes = [*notes, *say_joined(joined, "regency")]
    return settled if REGENCY in kept else settled.drop(REGENCY), notes


def _one_spelling(frame: Frame) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return spelling -> the most frequent one of its regency; and that one -> all, where there are several."""
    counted = frame.group_by(REGENCY).agg(n=nw.len()).collect().rows()
    rows = Counter({str(label): int(n) for label, n in counted if isinstance(label, str) and plain_label(label)})
    ways: dict[str, list[str]] = {}
    for label in sorted(rows, key=lambda one: (-rows[one], one)):
        ways.setdefault(regency_key(label), []).append(label)
    chosen = {label: plain_label(same[0]) for same in ways.values() for label in same}
    told = {plain_label(same[0]): sorted({*map(plain_label, same)}) for same in ways.values()}
    return chosen, {masked(best): tuple(map(masked, same)) for best, same in told.items() if len(same) > 1}


def refuse_untold(tables: Iterable[tuple[Frame, str, Mapping[str, str]]]) -> None:
    """Refuse rows of one office in several regencies that a column tells whose heading does not.

    Each table comes with its column of offices and its columns that are not read, and their headings. Where most rows
    are of one regency the others are where somebody lives, or the course was.

    Raises
    ------
    InputError
        All that stands in a column are regencies, and an office has rows of several.
    """
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    for frame, office, others in tables:
        for column in _of_regencies(frame, list(others)):
            rows = frame.group_by(column, office).agg(n=nw.len()).collect().rows()
            pairs.setdefault(others[column], Counter()).update({(str(r), str(o)): n for r, o, n in rows if r and o})
    for heading, of_heading in pairs.items():
        known = _spellings(label for label, _ in of_heading)
        rows_of = [{REGENCY: label, "office": office, "n": n} for (label, office), n in of_heading.items()]
        offices = {(regency_key(label), label_key(office)): office for label, office in of_heading}
        shared = [office for key, office in offices.items() if any(k[1] == key[1] and k[0] != key[0] for k in offices)]
        if shared and all(_names_one(label_key(label)) for label in known) and _home(rows_of, known) is None:
            names = sorted({*known.values()})
            shown = {"heading": masked(heading), "office": masked(shared[0]), "first": masked(names[0])}
            raise InputError(Message("intake.regency.untold", n=len(names), names=tuple(map(masked, names)), **shown))


def _of_regencies(frame: Frame, columns: Sequence[str]) -> list[str]:
    """Return the columns in whose first cells stand regencies and nothing else."""
    if not columns:
        return []
    first = frame.select(*columns).head(_FIRST).collect()
    cells = {
        column: {v for v in first[column].to_list() if isinstance(v, str) and plain_label(v)} for column in columns
    }
    return [c for c, labels in cells.items() if labels and all(_names_one(label_key(label)) for label in labels)]


def _settled(frame: Frame, regency: str | None) -> tuple[Frame, list[Message]]:
    every = frame.group_by(REGENCY, "office").agg(n=nw.len()).collect().rows(named=True)
    pairs = [pair for pair in every if not TOTAL_LABEL.match(str(pair["office"]))]
    known = _spellings(r[REGENCY] for r in pairs)
    names = sorted(set(known.values()))
    lacking = sum(int(r["n"]) for r in pairs if r[REGENCY] not in known and r["office"])
    if regency is not None and regency != ALL:
        return _of_one(frame, regency, known, names, lacking)
    if len(names) < 2:
        return frame, []
    if regency is None:
        if all(label.endswith(FOLDER) for label in known):
            return _of_folders(frame, pairs, names)
        if (home := _home(pairs, known)) is not None:
            note = Message("intake.regency.of_applicants", home=masked(home), n=len(names) - 1)
            return frame, [note]
        shown, first = tuple(map(masked, names)), masked(names[0])
        raise InputError(Message("intake.regency.several", n=len(names), names=shown, first=first))
    joined = nw.concat_str([replaced(frame, REGENCY, known), nw.col("office")], separator=" / ")
    blank = sorted({r[REGENCY] for r in pairs if isinstance(r[REGENCY], str)} - set(known))
    label = nw.when(~nw.col(REGENCY).is_in(blank)).then(joined) if blank else joined
    totals = sorted({pair["office"] for pair in every if pair not in pairs})
    if totals:
        label = nw.when(nw.col("office").is_in(totals)).then(nw.col("office")).otherwise(label)
    note = Message("intake.regency.all", n=len(names), names=tuple(map(masked, names)))
    if lacking:
        untold, known_office = nw.col(REGENCY).fill_null("").is_in(["", *blank]), nw.col("office").fill_null("")
        frame = frame.with_columns((untold & ~known_office.is_in(["", *totals])).alias(NO_REGENCY))
    return frame.with_columns(label.alias("office")), [note]


def _of_folders(frame: Frame, pairs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[Frame, list[Message]]:
    """Return the rows of folders that have no office in common at the same time; whose a shared one is, is asked."""
    offices: dict[str, dict[str, str]] = {}
    for pair in pairs:
        if isinstance(pair["office"], str) and pair["office"]:
            offices.setdefault(label_key(pair["office"]), {})[pair[REGENCY]] = pair["office"]
    shared = [next(iter(of.values())) for of in offices.values() if len(of) > 1]
    if not shared or not _at_one_time(frame):
        return frame, []
    shown = {"n": len(names), "names": tuple(map(masked, names)), "first": masked(names[0])}
    raise InputError(Message("intake.regency.folders", **shown, office=masked(shared[0]), k=len(shared)))


def _at_one_time(frame: Frame) -> bool:
    """Say whether the rows of some folder begin before those of another end, or have no date to tell by."""
    schema = frame.collect_schema()
    date = next((name for name in _DATED if name in schema and schema[name].is_temporal()), None)
    if date is None:
        return True
    spans = frame.group_by(REGENCY).agg(nw.col(date).min().alias("first"), nw.col(date).max().alias("last")).collect()
    ends = sorted((r["first"], r["last"]) for r in spans.rows(named=True) if r["first"] is not None)
    return any(later[0] < earlier[1] for earlier, later in itertools.pairwise(ends))


def _names_one(key: str) -> bool:
    return bool((_CITY.match(key) or _KINDS.match(key)) and regency_key(key) not in {"", "kota "})


def _spellings(labels: Iterable[Any]) -> dict[str, str]:
    """Return spelling -> the name of the regency, which is the same in every file: ``Tebo``, ``Kota Jambi``."""
    return {label: regency_key(label).title() for label in labels if isinstance(label, str) and plain_label(label)}


def _of_one(
    frame: Frame, regency: str, known: Mapping[str, str], names: Sequence[str], lacking: int
) -> tuple[Frame, list[Message]]:
    own = [spelling for spelling in known if regency_key(spelling) == regency_key(regency)]
    if not own:
        absent = Message("intake.regency.absent", found=masked(regency), known=tuple(map(masked, names)))
        raise InputError(paragraph(absent, did_you_mean(regency, names)))
    name = masked(known[own[0]])
    notes = [Message("intake.regency.one", name=name, n=len(names) - 1)] if len(names) > 1 else []
    notes += [Alert("intake.regency.lacking", name=name, n=lacking)] if lacking else []
    return frame.filter(nw.col(REGENCY).is_in(own)), notes


def _home(pairs: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> str | None:
    """Return the regency of the offices where the column says where applicants live; None where it may be theirs.

    Then most rows are of one regency, and the offices of the others are all among its own.
    """
    rows: Counter[str] = Counter()
    offices: dict[str, set[str]] = {}
    for pair in pairs:
        if (name := known.get(pair[REGENCY])) is not None:
            rows[name] += int(pair["n"])
            offices.setdefault(name, set()).add(label_key(str(pair["office"])))
    home, most = rows.most_common(1)[0]
    others = set().union(*(of for name, of in offices.items() if name != home))
    return home if most >= _MOSTLY * sum(rows.values()) and others <= offices[home] else None
