"""Spellings that look like one office, proposed to the reader: never applied unless they stand in the study file."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from asn_impact.intake.fields.labels import TOTAL_LABEL, fuller, label_key, one_slip
from asn_impact.intake.fields.office_names import meanings, written_out

FEW: Final = 0.05  # of the rows of the other spelling: a slip of the pen is rarer than an office
_PLACES: Final = frozenset({"kecamatan", "kelurahan", "desa"})
_REGION: Final = re.compile(r" (?:pemerintah )?(?:kabupaten|kota|provinsi) (.+)$")
_REGENCY: Final = re.compile(r" (?:pemerintah )?(?:kabupaten|provinsi) (.+)$")
_UNDER: Final = re.compile(
    r"^(?:(?:blud|badan layanan umum daerah|unit pelaksana teknis (?:daerah|dinas)) )+"
    r"(?=pusat kesehatan masyarakat|rumah sakit)"
)


@dataclass(frozen=True, eq=False)
class Aliases:
    """Label -> the label to use; pairs that only may be one office; labels that are none of the known ones."""

    sure: Mapping[str, str]
    doubtful: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


def alike(counts: Mapping[str, int], official: Iterable[str] = ()) -> Aliases:
    """Return what to propose for the labels of one list, with their rows; names that are `official` stay.

    Examples
    --------
    >>> found = alike({"Dinas Kesehatan": 90, "Dinkes": 12, "Dinas Sosial": 40})
    >>> found.sure
    {'Dinkes': 'Dinas Kesehatan'}
    """
    labels, keys = _chosen(counts), {label_key(name) for name in official}
    names, best, rows = _cores(labels), dict[str, str](), Counter[str]()
    for label in labels:
        core = names[label]
        best[core] = fuller(best.get(core, label), label, counts, keys)[1]
        rows[core] += counts[label]
    sure = {label: best[names[label]] for label in labels if best[names[label]] != label}
    kept = {best[core]: n for core, n in rows.most_common()}
    doubtful: list[tuple[str, str]] = []
    for often, rare in itertools.combinations(kept, 2):
        if one_slip(names[rare].split(), names[often].split()) and not {rare, often} & sure.keys():
            pair = fuller(rare, often, kept, keys)
            if kept[rare] <= FEW * kept[often]:
                sure[pair[0]] = pair[1]
            else:
                doubtful.append(pair)
    doubtful += _initials(list(kept), names)
    sure = {label: sure.get(office, office) for label, office in sure.items()}
    return Aliases(sure, tuple(p for p in dict.fromkeys(doubtful) if p[0] not in sure))


def meet(labels: Iterable[str], offices: Iterable[str]) -> Aliases:
    """Return which labels of another list stand for which offices.

    Examples
    --------
    >>> meet(["DPMPTSP Kab. Batanghari"], ["Dinas Penanaman Modal dan PTSP"]).sure
    {'DPMPTSP Kab. Batanghari': 'Dinas Penanaman Modal dan PTSP'}
    """
    known = list(offices)
    keys = {label_key(office) for office in known}
    others = [label for label in dict.fromkeys(labels) if label_key(label) not in keys and not TOTAL_LABEL.match(label)]
    names, of_others = _cores(known), _cores(others)
    sure: dict[str, str] = {}
    doubtful: list[tuple[str, str]] = []
    unknown: list[str] = []
    for label in others:
        core = of_others[label]
        same = [office for office in known if names[office] == core]
        near = [office for office in known if one_slip(core.split(), names[office].split())]
        if len(same or near) == 1:
            sure[label] = (same or near)[0]
        elif maybe := [a for _, a in _initials([label, *known], {**names, label: core}) if a != label]:
            doubtful += [(label, office) for office in dict.fromkeys(maybe)]
        else:
            unknown.append(label)
    return Aliases(sure, tuple(doubtful), tuple(unknown))


def _chosen(counts: Mapping[str, int]) -> list[str]:
    """Return one spelling of each label, the most frequent, by rows; rows of totals are no office."""
    order = sorted((label for label in counts if not TOTAL_LABEL.match(label)), key=lambda a: (-counts[a], a))
    best: dict[str, str] = {}
    for label in order:
        best.setdefault(label_key(label), label)
    return list(best.values())


def _cores(labels: Iterable[str]) -> dict[str, str]:
    """Return label -> its name written out, without what offices of one region leave out at will."""
    written = {label: written_out(label_key(re.sub(r"\([^()]*\)", " ", label)) or label_key(label)) for label in labels}
    regions = {m.group(0) for name in written.values() if (m := _tail(name))}
    single = {re.sub(" pemerintah ", " ", region) for region in regions}
    return {label: _core(name, strip=len(single) == 1) for label, name in written.items()}


def _tail(name: str) -> re.Match[str] | None:
    in_region = name.split()[:1] and name.split()[0] in _PLACES  # Kecamatan Kota Baru is in no town of that name
    return (_REGENCY if in_region else _REGION).search(name)


def _core(name: str, *, strip: bool) -> str:
    tail = _tail(name) if strip else None
    bare = _UNDER.sub("", name[: tail.start()] if tail else name)
    return " ".join(word for word in bare.split() if word != "dan")


def _initials(labels: list[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs of an abbreviation and a name of which it has the first letters, or one of its known meanings."""
    pairs = []
    for short in labels:
        key = names[short]
        if not re.fullmatch(r"[a-z]{3,9}", key):
            continue
        known = {" ".join(w for w in name.split() if w != "dan") for name in meanings().get(key, ())}
        for label in labels:
            words = names[label].split()
            if label != short and len(words) > 1 and (names[label] in known or "".join(w[0] for w in words) == key):
                pairs.append((short, label))
    return pairs
