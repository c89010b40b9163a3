"""Who was taught what and when, as far as the list of training tells, and whose names are whose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from asn_impact.identifiers import persons_in
from asn_impact.intake.fields.labels import label_key, plain_label
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import TRAINING_FIELDS, tells_of_passing, word_of_passing
from asn_impact.study.proposal.facts import Facts, facts
from asn_impact.study.proposal.offices import alike, meet
from asn_impact.study.proposal.sources import SourceOf, of_another_regency, with_regency
from asn_impact.study.proposal.write import Page, inline, written
from asn_impact.words import Message, for_file

TAUGHT: Final = tuple(field for field in TRAINING_FIELDS if field != REGENCY)
POSITIONS: Final = ("officer", "office", "since")
MOST_COURSES: Final = 20
_BATCH: Final = re.compile(
    r"[\s,(-]*\b(?:angkatan|batch|gelombang|tahap|kelas|tahun|th|ta|hari|sesi|ke)\b.*$|[\s,(-]*(?:[ivx]+|\d+)\)?\s*$",
    re.IGNORECASE,
)


def one_course(names: Sequence[str]) -> str | None:
    """Return what the names of the batches of one course share; None where they are several courses.

    Examples
    --------
    >>> one_course(["Bimtek SPBE Angkatan I", "BIMTEK SPBE Angkatan II Tahun 2024"]), one_course(["SPBE", "Etika"])
    ('Bimtek SPBE', None)
    """
    bare: dict[str, str] = {}
    for name in names:
        plain = plain_label(name)
        while (shorter := _BATCH.sub("", plain).strip()) != plain and shorter:
            plain = shorter
        bare.setdefault(label_key(plain), plain)
    return next(iter(bare.values())) if len(bare) == 1 else None


def write_rollout(
    page: Page,
    source: SourceOf | None,
    home: Path,
    units: Sequence[str],
    aliases: Mapping[str, str],
    positions: SourceOf | None,
    cluster: str = "office",
) -> None:
    """Write [rollout] and [design]; without a list of training only the question who was trained."""
    if source is None or of_another_regency(page, source):
        page.section = page.place("rollout")
        page.lines.append("")
        page.ask(Message("proposal.no_training"), [f"[{page.section}]", 'kind = "training"', 'path = "pelatihan.xlsx"'])
        return
    columns: dict[str, Any] = {**source.columns, **dict.fromkeys(source.unused)}
    fields = [f for f in TAUGHT if source.choice(f) is not None]
    found = facts(source.files, fields, ("office", "course", "passed"), columns=columns, **source.settings())
    page.begin("rollout")
    page.put("kind", "training")
    page.put("path", source.path(home))
    for key, value in source.settings().items():
        page.put(key, value)
    if source.unused:
        page.put("unused", source.unused, Message("proposal.unused"))
    source = with_regency(page, source)
    _courses(page, found)
    _passing(page, found)
    if "staff" in found.headings:
        page.ask(Message("proposal.share"), ["share = 0.5"], python="share=0.5")
    if positions is not None:
        page.ask(Message("proposal.positions"), [f"positions = {written(positions.path(home))}"])
    _order(page, found)
    for why in found.problems.values():
        if why.key != "intake.dates.either_order":
            page.ask(for_file(why))
    _headings(page, source)
    _names(page, found, units, aliases)
    page.begin("design")
    page.put("cluster", cluster)


def _courses(page: Page, found: Facts) -> None:
    courses = {name: word.rows for name, word in found.words.get("course", {}).items() if not persons_in(name)}
    if not courses:
        return
    one = one_course(list(courses))
    each = tuple(Message("proposal.course", course=masked(c), n=n) for c, n in list(courses.items())[:MOST_COURSES])
    if one is not None and all(one.casefold() in name.casefold() for name in courses):
        page.put("course", one, Message("proposal.one_course", n=len(courses)))
    elif one is None:
        lines = [f"course = {written(name)}" for name in list(courses)[:MOST_COURSES]]
        page.ask(Message("proposal.courses", n=len(courses), courses=each), lines)


def _passing(page: Page, found: Facts) -> None:
    """Say who completed, where the words of passing tell."""
    words = found.words.get("passed", {})
    kinds = {word: word_of_passing(word) for word in words}
    unknown = tuple(masked(word) for word, kind in kinds.items() if kind is None and not persons_in(word))
    if unknown and any(map(tells_of_passing, words)):
        meanings = ", ".join(f'{inline(word)} = "failed"' for word in unknown)
        page.ask(Message("proposal.passed_meaning", words=unknown), [f"passed_words = {{{meanings}}}"])
    elif unknown:
        page.ask(Message("proposal.passed_unknown", words=unknown), ['unused = ["passed"]'])
    elif words and "passed" not in kinds.values() and "attended" in kinds.values():
        page.decide("completion", "attended", Message("proposal.attended"))


def _order(page: Page, found: Facts) -> None:
    why = found.problems.get("course_end")
    if why is not None and why.key == "intake.dates.either_order":
        page.ask(for_file(why), ['dates = {course_end = "day-first"}'], python='dates={"course_end": "day-first"}')


def _headings(page: Page, source: SourceOf) -> None:
    if not source.columns:
        return
    page.begin("rollout.columns")
    for field, heading in source.columns.items():
        choice = source.choice(field)
        if choice is not None and choice.how != "synonym":
            page.decide(field, heading, Message("proposal.guessed", field=field, heading=masked(choice.heading)))
        else:
            page.put(field, heading)


def _names(page: Page, found: Facts, units: Sequence[str], aliases: Mapping[str, str]) -> None:
    """Write which names of offices in the list stand for which offices of the exports."""
    labels: Counter[str] = Counter()
    for label, word in found.words.get("office", {}).items():
        labels[plain_label(label)] += word.rows
    safe = [label for label in labels if label and not persons_in(label)]
    direct = {label_key(old): new for old, new in aliases.items()}
    met = meet([label for label in safe if label_key(label) not in direct], units)
    by_key = {label_key(unit): unit for unit in units}
    exact = {a: by_key[label_key(a)] for a in safe if label_key(a) in by_key and by_key[label_key(a)] != a}
    sure = {**{a: direct[label_key(a)] for a in safe if label_key(a) in direct}, **met.sure, **exact}
    if not (sure or met.doubtful or met.unknown):
        return
    page.begin("rollout.offices", Message("proposal.names"))
    if sure:
        lines = tuple(f"{inline(a)} = {written(b)}" for a, b in sure.items())
        page.say(Message("proposal.aliases"), "# ?")
        page.note(Message("proposal.aliases"), lines, f"offices={sure!r}")
    for label, office in sure.items():
        page.put(label, office, Message("proposal.rows", n=labels[label]))
    for label, office in met.doubtful:
        what = Message("proposal.maybe", label=masked(label), office=masked(office))
        page.ask(what, [f"{inline(label)} = {written(office)}"], python=f"offices={{{label!r}: {office!r}}}")
    strangers = {label: labels[label] for label in met.unknown}
    for label in alike(strangers).sure:
        strangers.pop(label, None)
    for label, n in strangers.items():
        what = Message("proposal.stranger", label=masked(label), n=n)
        page.ask(what, [f'{inline(label)} = "-"'], python=f"offices={{{label!r}: '-'}}")
