"""`check` of a programme: offices by file, labels nobody knows, rows lost and periods used, without an estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from asn_impact.errors import AsnImpactError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.labels import label_key
from asn_impact.intake.privacy import masked
from asn_impact.study.checked import say_headings
from asn_impact.study.derived import costs_of
from asn_impact.study.evidence import foreseen
from asn_impact.study.gains import OF_PERSONS
from asn_impact.study.keys import reading_once
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import Tried, attempted, staff_of
from asn_impact.study.proposal.offices import meet
from asn_impact.study.replacing import would_refuse
from asn_impact.words import Language, Message, Speech, each_once, for_file, together

if TYPE_CHECKING:
    from asn_impact.intake.ledger import Ledger
    from asn_impact.measures.panel import Panel
    from asn_impact.study.programme import Programme


@dataclass(frozen=True, eq=False)
class Looked:
    """What `Programme.check` found."""

    text: str  #: what is printed
    #: One row an office, one column the list of offices, each course and each file: True where it is there.
    offices: pd.DataFrame
    rows: pd.DataFrame  #: one row a file: ``file``, ``read``, ``kept``, ``offices``, ``periods``, ``first``, ``last``
    #: Labels of courses and files that nobody else knows -> the office that they may be, "" where none is near.
    unknown: Mapping[str, str]
    problems: tuple[AsnImpactError, ...] = ()  #: what was refused, claim by claim
    refusals: Mapping[str, Message] | None = None  #: claim -> why it can have no effect; a description is none
    notes: tuple[Message, ...] = ()  #: what was left out or assumed, each once

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def looked_at_all(programme: Programme, language: Language) -> Looked:
    """Return what the claims of a programme would use and lose."""
    with reading_once():
        tried = {claim.id: attempted(claim.study) for claim in programme.claims if claim.of is None}
    lists = _lists(programme, tried)
    offices = _offices(lists)
    unknown = _unknown(lists)
    rows = _rows(programme, tried)
    budgets, broken = _budgets(programme)
    problems = {str(p): p for p in (*(p for one in tried.values() for p in one.problems), *broken)}
    looked = {name: foreseen(programme.claim(name).study, one.ready) for name, one in tried.items() if one.ready}
    refusals = {name: why for name, why in looked.items() if why is not None}
    described = {name for name, why in refusals.items() if why.key == "programme.described"}
    notes = each_once(*((one.ready.notes if one.ready is not None else one.notes) for one in tried.values()), budgets)
    ledgers = {name: _ledger(one) for name, one in tried.items()}
    told = [(one.ready or one, Speech(language, nouns_of(programme.claim(name).study))) for name, one in tried.items()]
    parts = [
        Message("study.title", title=programme.shared.title).text(language).text,
        _block(Message("programme.check.offices"), _marked(offices, language), language),
        *_unknown_lines(unknown, language),
        _block(Message("programme.check.rows"), _headed(rows, language), language),
        *_layouts(programme, tried, language),
        *(
            Message("programme.check.refused", id=name, why=for_file(why)).text(language).text
            for name, why in refusals.items()
        ),
        *dict.fromkeys(
            Message("study.note", note=note).text(spoken).text for one, spoken in told for note in together(one.notes)
        ),
        *(Message("study.note", note=note).text(language).text for note in budgets),
        *(for_file(problem.message).text(language).text for problem in problems.values()),
        *(why.text(language).text for why in would_refuse(programme.about, ledgers)),
        Message("programme.check.end", n=len(tried), ready=len(looked) - len(refusals)).text(language).text,
    ]
    return Looked(
        hidden("\n\n".join(parts)),
        offices,
        rows,
        unknown,
        tuple(problems.values()),
        {n: w for n, w in refusals.items() if n not in described},
        notes,
    )


def _budgets(programme: Programme) -> tuple[tuple[Message, ...], list[AsnImpactError]]:
    """Return what must be known of the files of costs, and what is wrong with them."""
    notes: list[Message] = []
    problems = []
    for worth in (claim.worth for claim in programme.claims if claim.worth is not None):
        try:
            notes += costs_of(worth)[0].notes
        except AsnImpactError as problem:
            problems.append(problem)
    return each_once(notes), problems


def _lists(programme: Programme, tried: Mapping[str, Tried]) -> dict[str, list[str]]:
    """Return the labels of offices of the list, of each course and of each file."""
    lists: dict[str, list[str]] = {}
    for claim in (claim for claim in programme.claims if claim.id in tried):
        one = tried[claim.id]
        if claim.study.staff is not None and "list" not in lists:
            lists["list"] = list(staff_of(claim.study))
        if one.rollout is not None and claim.course is not None and claim.study.rollout is not None:
            lists.setdefault(
                f"course {claim.course}", [str(o) for o, t in one.rollout.adopted.items() if not pd.isna(t)]
            )
        if one.panel is not None:
            lists.setdefault(f"file {claim.file}", _named(one.panel))
    return lists


def _named(panel: Panel) -> list[str]:
    """Return the offices of a panel, each once; one without a name is none."""
    traits = panel.attributes
    named = traits["office"] if "office" in traits.columns else panel.units
    return [label for label in dict.fromkeys(map(str, named)) if label]


def _offices(lists: Mapping[str, list[str]]) -> pd.DataFrame:
    labels: dict[str, str] = {}
    for names in lists.values():
        for name in names:
            labels.setdefault(label_key(name), masked(name, 60))
    keys = sorted(labels, key=lambda key: labels[key])
    known = {source: {label_key(name) for name in names} for source, names in lists.items()}
    frame = pd.DataFrame({"office": [labels[key] for key in keys]})
    return frame.assign(**{source: [key in inside for key in keys] for source, inside in known.items()})


def _unknown(lists: Mapping[str, list[str]]) -> dict[str, str]:
    """Return labels that stand in one place alone, and what each may be: held against the list, else the files."""
    files = {s: names for s, names in lists.items() if s.startswith("file ")}
    trusted = lists.get("list") or [name for names in files.values() for name in names]
    seen = [label_key(name) for names in lists.values() for name in {label_key(n): n for n in names}.values()]
    found: dict[str, str] = {}
    for source, names in lists.items():
        others = trusted if source != "list" else []
        known = {label_key(name) for name in others} if "list" in lists else set()
        alone = [n for n in names if source != "list" and label_key(n) not in known and seen.count(label_key(n)) == 1]
        near = meet(alone, [name for name in trusted if label_key(name) not in {label_key(n) for n in alone}])
        maybe = {**dict(near.doubtful), **near.sure}
        found |= {
            name: maybe.get(name, "") for name in alone if "list" in lists or maybe.get(name) or "course" in source
        }
    return found


def _unknown_lines(unknown: Mapping[str, str], language: Language) -> list[str]:
    if not unknown:
        return []
    lines = [f'"{masked(name)}" = "{masked(near)}"' for name, near in unknown.items()]
    return [
        "\n".join([Message("programme.check.unknown", n=len(lines)).text(language).text, "[offices.aliases]", *lines])
    ]


def _layouts(programme: Programme, tried: Mapping[str, Tried], language: Language) -> list[str]:
    """Return the headings of files that do not all have the same ones, each file of the programme once."""
    files = {programme.claim(name).file: one.extract for name, one in tried.items() if one.extract is not None}
    return [
        say_headings(extract.headings, extract.layouts, language, file)
        for file, extract in files.items()
        if len(extract.layouts) > 1
    ]


def _rows(programme: Programme, tried: Mapping[str, Tried]) -> pd.DataFrame:
    """Return a row a claim: what was read, kept and counted."""
    rows: list[dict[str, Any]] = []
    for claim in (claim for claim in programme.claims if claim.id in tried):
        one = tried[claim.id]
        ledger = _ledger(one)
        row: dict[str, Any] = {"claim": claim.id, "file": claim.file}
        row |= {"read": np.nan, "kept": np.nan} if ledger is None else {"read": ledger.read, "kept": ledger.kept}
        if one.panel is not None:
            labels = one.panel.timeline.labels
            span = {"periods": len(labels), "first": str(labels[0]), "last": str(labels[-1])}
            persons = claim.study.data.name in OF_PERSONS
            row |= {"offices": len(_named(one.panel) if persons else one.panel.units), **span}
        rows.append(row)
    return pd.DataFrame(rows).astype({"read": "Int64", "kept": "Int64"})


def _ledger(one: Tried) -> Ledger | None:
    return one.extract.ledger if one.extract is not None else one.ready.ledger if one.ready is not None else None


def _block(title: Message, table: pd.DataFrame, language: Language) -> str:
    return f"{title.text(language)}\n{table.to_string(index=False)}"


def _marked(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return the table of offices with a mark where an office is there, its headings in the language."""
    marks = table.replace({True: "x", False: "."})
    kinds = {"list": "list", "course": "course", "file": "file"}
    names = {}
    for column in table.columns:
        kind, _, name = str(column).partition(" ")
        if kind in kinds:
            names[column] = Message(f"programme.check.{kind}", name=name).text(language).text
    office = Message("study.column.office").text(language).text if language != "en" else "office"
    return marks.rename(columns={**names, "office": office})


def _headed(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    names = {str(c): Message(f"programme.column.{c}").text(language).text for c in table.columns}
    return table.rename(columns=names)
