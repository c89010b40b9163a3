"""A folder with several kinds of files as one study file: a [[claim]] for each kind that can be read."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from asn_impact.errors import AsnImpactError
from asn_impact.identifiers import persons_in
from asn_impact.intake.fields.labels import label_key, plain_label
from asn_impact.intake.fields.periods import years_in
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.study.proposal.facts import facts
from asn_impact.study.proposal.look import Column, tokens
from asn_impact.study.proposal.match import OF_ROLE, Matched, Role, is_date, respondents_of
from asn_impact.study.proposal.offices import Aliases, meet
from asn_impact.study.proposal.sources import SourceOf, of_another_regency, source_of, with_regency
from asn_impact.study.proposal.write import Page, Question, written
from asn_impact.words import Message, for_file, paragraph

#: Role -> name of its file and of its claim.
FILES: Final[dict[Role, str]] = {
    **{"records": "izin", "steps": "izin", "survey": "skm", "survey_recap": "rekap_skm"},
    **{"complaints": "aduan", "observations": "kegiatan"},
}
OTHERS: Final[tuple[Role, ...]] = ("survey", "survey_recap", "complaints", "observations")
#: Section of a study of one question -> what it is called in one of several.
SECTIONS: Final = {"data": f"files.{FILES['records']}", "data.offices": "offices.aliases", "rollout": "training"}
_NAMED: Final = frozenset(["office", "received", "decided", REGENCY, *OF_ROLE["steps"]])
_HORIZON: Final = 30
_PERIODS: Final = ("periode", "period", "bulan", "triwulan", "semester", "tahun", "year")
_LATE: Final = 120  # days behind plan that are told apart
_BEGIN: Final = frozenset(["mulai", "awal", "start", "kontrak"])
_PLANNED: Final = frozenset(["rencana", "target", "plan", "planned", "jadwal"])
_DONE: Final = frozenset(["realisasi", "aktual", "actual", "selesai", "serah"])


def others_in(matched: Sequence[Matched], roles: Sequence[Role] = OTHERS) -> list[tuple[Role, SourceOf]]:
    """Return the sources that are no permits and that a claim can be on, each with its role."""
    named = {"steps": OF_ROLE["steps"]}
    found = [(role, source_of(matched, role, named.get(role, ("office", "received", "decided")))) for role in roles]
    return [(role, source) for role, source in found if source is not None]


def last_days(sources: Sequence[SourceOf]) -> dict[str, dt.date]:
    """Return the last day in each source, by its columns of dates: an export was made no earlier."""
    found: dict[str, dt.date] = {}
    for source in sources:
        for heading in (c.heading for c in _columns(source) if not tokens(c.heading) & _PLANNED):
            own = facts(source.files, ["received"], (), columns={"received": heading}, **source.settings())
            days = [day for day in own.last.values() if day <= dt.date.today()]
            found |= {f"{source.files[0].name}.{heading}": day for day in days}
    return found


def known_elsewhere(aliases: Aliases, counts: Mapping[str, int], sources: Sequence[SourceOf]) -> Aliases:
    """Return the spellings of offices with those that other files write in full: claims speak of the same offices."""
    names = names_in(sources)
    full = {label_key(name) for name in names}
    alone = [label for label in counts if label not in aliases.sure and label_key(label) not in full]
    return replace(aliases, sure={**aliases.sure, **meet(alone, list(dict.fromkeys(names))).sure})


def names_in(sources: Sequence[SourceOf]) -> list[str]:
    """Return the names of offices in files, as they are written there."""
    names: list[str] = []
    for source in sources:
        columns = {name: source.columns[name] for name in source.columns if name == "office"}
        found = facts(source.files, ["office"], ("office",), columns=columns, **source.settings())
        names += [plain_label(name) for name in found.words.get("office", {}) if not persons_in(name)]
    return names


def write_file(page: Page, role: Role, source: SourceOf, home: Path) -> bool:
    """Write the section of a file that holds no permits; say so, and return False, where it is of another regency."""
    if of_another_regency(page, source):
        return False
    page.begin(f"files.{FILES[role]}")
    page.put("kind", role)
    page.put("path", source.path(home))
    for key, value in source.settings().items():
        page.put(key, value)
    if role == "observations":
        page.put("called", "projects")
        page.decide("date", _dated(source), Message("proposal.several.date"))
    source = with_regency(page, source)
    if role == "survey_recap":
        _write_recap(page, source)
    columns = {name: heading for name, heading in source.columns.items() if name in _NAMED}
    if columns:
        page.put("columns", columns)
    return True


def _write_recap(page: Page, source: SourceOf) -> None:
    """Write where the respondents of published results stand, and where their period does."""
    seen = source.tables[0].seen
    page.put("respondents", respondents_of(seen))
    period = next((c.heading for word in _PERIODS for c in seen.columns if word in tokens(c.heading)), None)
    if period is not None:
        page.put("period", period)
    else:
        page.put("year", "sheet" if years_in(seen.table.sheet or "") else "title")


def write_claims(page: Page, sources: Sequence[tuple[Role, SourceOf]], home: Path) -> None:
    """Write a claim for each file; one that cannot be computed yet stays a comment, with why."""
    for role, source in sources:
        lines = ["", "[[claim]]", f"id = {written(FILES[role])}", *_claim(role, source, page.language)]
        why = _refused("\n".join([*page.lines, *lines]), FILES[role], home)
        page.section = "claim"
        if why is None:
            page.lines += lines
        else:
            page.lines.append("")
            asked = Message("proposal.several.not_yet", file=FILES[role], why=why)
            page.say(asked, "# ?")
            page.lines += [f"# {line}" for line in lines if line]
            page.questions.append(Question(asked, "claim"))


def _claim(role: Role, source: SourceOf, language: str) -> list[str]:
    asks = written(Message(f"proposal.several.asks.{role}").text(language).text)
    if role in {"survey", "survey_recap"}:
        measure, hoped = '{kind = "index"}', "higher"
    elif role == "observations" and (span := _span(source)) is not None:
        ends = f"start = {written(span[0])}, end = {written(span[1])}"
        measure, hoped = f'{{kind = "days_between", {ends}, horizon = {_LATE}}}', "lower"
    elif role == "observations":
        measure, hoped = '{kind = "count"}', ""
    else:
        measure, hoped = f'{{kind = "restricted_mean", horizon = {_HORIZON}}}', "lower"
    period = ['period = "quarter"'] if role not in {"records", "steps", "survey_recap"} else []
    return [
        f"asks = {asks}",
        f"file = {written(FILES[role])}",
        f"measure = {measure}",
        *([f"hoped = {written(hoped)}"] if hoped else []),
        *period,
    ]


def _refused(text: str, name: str, home: Path) -> Message | None:
    """Return why the claim of a file cannot be computed as the file stands; None where it can."""
    from asn_impact.study.claims import claims_of
    from asn_impact.study.prepared import attempted

    try:
        _, claims = claims_of(home / "study.toml", tomllib.loads(text))
        tried = attempted(next(claim.study for claim in claims if claim.id == name))
    except AsnImpactError as problem:
        return for_file(problem.message)
    if tried.problems:
        return for_file(paragraph(*(problem.message for problem in tried.problems)))
    refusal = None if tried.ready is None else tried.ready.refusal
    return None if refusal is None or refusal.key == "study.no_rollout" else for_file(refusal)


def _columns(source: SourceOf) -> list[Column]:
    return [column for column in source.tables[0].seen.columns if is_date(column)]


def _dated(source: SourceOf) -> str | None:
    """Return the heading of the day on which a record begins: one that says so, else the first date."""
    dated = _columns(source)
    begun = [c for c in dated if tokens(c.heading) & _BEGIN and not tokens(c.heading) & _PLANNED]
    return next((column.heading for column in (*begun, *dated)), None)


def _span(source: SourceOf) -> tuple[str, str] | None:
    """Return the headings of the day on which a record was to end, and on which it did."""
    words = {column.heading: tokens(column.heading) for column in _columns(source)}
    planned = [name for name, said in words.items() if said & _PLANNED and not said & _BEGIN]
    done = [name for name, said in words.items() if said & _DONE and not said & (_PLANNED | _BEGIN)]
    return (planned[0], done[0]) if planned and done else None
