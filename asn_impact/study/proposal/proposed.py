"""`propose_study`: from a folder of files to a filled study file with its open questions."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.display import card
from asn_impact.errors import StudyError
from asn_impact.identifiers import persons_in
from asn_impact.intake.fields.canonical import CASE_FIELDS
from asn_impact.intake.fields.labels import TOTAL_LABEL, label_key, plain_label
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.formats.lake import parts_of
from asn_impact.intake.privacy import masked
from asn_impact.intake.written import write_new
from asn_impact.study.proposal.facts import Facts, Word, facts, settled_orders
from asn_impact.study.proposal.look import files_in, look
from asn_impact.study.proposal.match import Matched, match, role_of, with_known_offices
from asn_impact.study.proposal.offices import Aliases, alike
from asn_impact.study.proposal.panels import write_panel
from asn_impact.study.proposal.several import (
    OTHERS,
    SECTIONS,
    known_elsewhere,
    last_days,
    names_in,
    others_in,
    write_claims,
    write_file,
)
from asn_impact.study.proposal.sources import SourceOf, above_parts, source_of, with_regency
from asn_impact.study.proposal.statuses import propose_statuses, unknown_statuses
from asn_impact.study.proposal.taught import POSITIONS, TAUGHT, write_rollout
from asn_impact.study.proposal.write import Page, Question, inline, written
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, for_file

if TYPE_CHECKING:
    import pandas as pd

STUDY_FILE: Final = "study.toml"
HORIZON: Final = 30  # working days; asked about in every proposal
MOST_STATUSES: Final = 40
MOST_LISTED: Final = 60  # offices listed in comments
LATE: Final = 120  # days after the last date within which a day in the name of a file can be that of the export


@dataclass(frozen=True, eq=False)
class Proposal:
    """A study file as proposed, and what it rests on.

    Attributes
    ----------
    text
        The study file, in TOML. What is proposed stands in it; what must be decided is a line that begins with ``# ?``.
    questions
        What must be decided, each with the lines to paste.
    folder
        The folder from which its paths are seen.
    files
        ``file``, ``rows`` and ``role`` of every table found.
    offices
        ``office``, ``rows`` and ``proposed`` of every label in the exports.
    unread
        File -> why it could not be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import asn_impact as ai
    >>> folder = Path(tempfile.mkdtemp())
    >>> ai.example_records().to_csv(folder / "izin.csv", index=False)
    >>> proposal = ai.propose_study(folder)
    >>> proposal.files.columns.tolist()
    ['file', 'rows', 'role']
    """

    text: str
    questions: tuple[Question, ...]
    folder: Path
    files: pd.DataFrame
    offices: pd.DataFrame
    unread: Mapping[str, Message]

    def write(self) -> Path:
        """Write study.toml into the folder, never over a file that is there, and return its path.

        Raises
        ------
        StudyError
            There is one already.
        """
        target = self.folder / STUDY_FILE
        if target.exists():
            raise StudyError(Message("cli.exists", file=target.as_posix()))
        self.folder.mkdir(parents=True, exist_ok=True)
        write_new(target, self.text.encode())
        return target

    def __repr__(self) -> str:
        return f"Proposal({len(self.files)} tables, {len(self.offices)} offices, {len(self.questions)} questions)"

    def _repr_html_(self) -> str:
        return card(repr(self), [(q.section, q.what) for q in self.questions], table=self.files)


@public_verb
def propose_study(
    data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    folder: str | os.PathLike[str] | None = None,
    language: Language = "id",
) -> Proposal:
    r"""Return a filled study file for a folder of files, with what must be decided as questions in it.

    Nothing is written until `Proposal.write`, and nothing is estimated. The proposal is a study file that `read_study`
    accepts wherever applications or a ready panel were found. Spellings that look like one office are written into
    ``[data.offices]``, where the reader sees them; those that only may be one stay comments. Values of columns of
    persons are never shown.

    Parameters
    ----------
    data : path or sequence of paths
        A folder (with those inside it), a file, or several.
    folder : path, optional
        Where study.toml will stand; its paths are seen from there. Without it the folder of the data.
    language : {"id", "en"}
        Of the comments and questions.

    Raises
    ------
    StudyError
        A path does not exist, or nothing in it is a table.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> _ = (place / "izin.csv").write_text("Dinas,Tanggal Masuk,Tanggal Selesai\nA,2024-01-02,2024-01-31\n")
    >>> proposal = propose_study(place, language="en")
    >>> [line for line in proposal.text.splitlines() if line.startswith(("path", "as_of"))]
    ['path = "izin.csv"', 'as_of = 2024-01-31']
    """
    import pandas as pd

    paths = [Path(data)] if isinstance(data, str | os.PathLike) else [Path(path) for path in data]
    for path in paths:
        if not path.exists():
            raise StudyError(Message("proposal.absent", path=path.name))
    home = Path(folder) if folder is not None else paths[0] if paths[0].is_dir() else paths[0].parent
    files, others = files_in(paths)
    seen, unread = look(files)
    if not seen and not unread:
        raise StudyError(Message("proposal.no_tables", names=tuple(p.name for p in others)))
    matched = [match(table, role_of(table)) for table in seen]
    page = Page(language)
    counts = _write(page, matched, unread, home)
    roles = [(m.seen.table.name, m.seen.rows, Message(f"proposal.role.{m.role}").text(language).text) for m in matched]
    return Proposal(
        page.text(_head(matched, unread, others)),
        tuple(page.questions),
        home,
        pd.DataFrame(roles, columns=["file", "rows", "role"]),
        pd.DataFrame(counts, columns=["office", "rows", "proposed"]),
        unread,
    )


def _head(matched: Sequence[Matched], unread: Mapping[str, Message], others: Sequence[Path]) -> list[Message]:
    """Return what stands above the file: how to read it, which file is what, and what was passed over."""
    listed = [
        Message("proposal.file", file=m.seen.table.name, n=m.seen.rows, role=Message(f"proposal.role.{m.role}"))
        for m in matched
    ]
    refused = [Message("proposal.unread", file=name, why=why) for name, why in unread.items()]
    passed = [Message("proposal.passed_over", names=tuple(p.name for p in others))] if others else []
    return [Message("proposal.head"), *listed, *refused, *passed]


def _write(
    page: Page, matched: Sequence[Matched], unread: Mapping[str, Message], home: Path
) -> list[tuple[str, int, str]]:
    """Write every section; return the offices with their rows and what is proposed for them."""
    page.begin("study")
    page.decide("title", {"id": "Apakah pelatihan mempersingkat waktu tunggu?",
                          "en": "Did training shorten the wait?"}, Message("proposal.title"))  # fmt: skip
    there = {m.role for m in matched}
    roles = {"records"} & there or {"steps", *OTHERS} & there or {"panel"}
    files = [m.seen.path for m in matched if m.role in roles]
    names = ", ".join(dict.fromkeys(above_parts(f).name if parts_of(f.resolve()) else f.name for f in files))
    page.put("source", names or "?", Message("proposal.source"))
    page.put("language", [page.language])
    exports = source_of(matched, "records", CASE_FIELDS)
    if exports is None:
        _write_others(page, matched, home)
        return []
    once = exports.said_once()
    found, orders, evidence = _read(exports, ["office"] if once else [])
    labels = [plain_label(label) for label in found.words.get("office", ())]
    elsewhere = [] if labels else exports.names()  # no column in some tables, or a question before it can be read
    known = labels or elsewhere or names_in([source for _, source in others_in(matched)])
    matched = [with_known_offices(table, known) for table in matched]
    others = others_in(matched)
    taught = source_of(matched, "training", TAUGHT)
    aliases, counts = _offices(found, names_in([taught] if taught is not None else []))
    if others:
        page.called = SECTIONS
        aliases = known_elsewhere(aliases, counts, [s for _, s in others])
        _as_of(page, replace(found, last={**found.last, **last_days([s for _, s in others])}), exports)
    page.begin("data")
    page.put("kind", "records")
    page.put("path", exports.path(home))
    if not others:
        _as_of(page, found, exports)
    for key, value in exports.settings().items():
        page.put(key, value)
    unused = [*exports.unused, *_no_statuses(page, found)]
    if unused:
        page.put("unused", unused, Message("proposal.unused"))
    if once:
        page.decide("fill_down", ["office"], Message("proposal.said_once"))
    elif exports.choice("office") is None and labels:
        page.say(Message("proposal.office_above", n=len(labels)))
    elif exports.choice("office") is None and "office" not in found.problems:
        page.ask(Message("proposal.no_office"), ['office = "Dinas ..."'], python='office="Dinas ..."')
    exports = with_regency(page, exports)
    if page.regencies and not others:
        page.say(Message("proposal.one_panel"))
    _zone(page, found)
    _columns(page, exports, "data.columns")
    if not labels and "office" not in {*found.problems, *exports.columns}:
        _unnamed(page, exports)
    _dates(page, found, orders, evidence)
    _status_words(page, found, skip="status" in unused)
    _write_offices(page, aliases, counts)
    _other_problems(page, found, orders)
    several = bool(others)
    others = [(role, source) for role, source in others if write_file(page, role, source, home)]
    if not several:
        page.begin("outcome")
        page.put("kind", "restricted_mean")
        page.decide("horizon", HORIZON, Message("proposal.horizon"))
    units = list(dict.fromkeys(aliases.sure.get(label, label) for label in [*counts, *elsewhere]))
    write_rollout(page, taught, home, units, aliases.sure, source_of(matched, "positions", POSITIONS))
    page.begin("report")
    page.put("folder", "result")
    if several:
        write_claims(page, [("records", exports), *others], home)
    return [(masked(label), n, masked(aliases.sure.get(label, label))) for label, n in counts.items()]


def _write_others(page: Page, matched: Sequence[Matched], home: Path) -> None:
    """Write a study without exports of permits: of their steps, of other records, or of a ready panel."""
    others = others_in(matched, ("steps", *OTHERS))
    if not others:
        write_panel(page, matched, home)
        return
    page.called = SECTIONS
    if last := last_days([source for _, source in others]):
        _as_of(page, Facts(last=last), others[0][1])
    others = [(role, source) for role, source in others if write_file(page, role, source, home)]
    taught, positions = (source_of(matched, "training", TAUGHT), source_of(matched, "positions", POSITIONS))
    write_rollout(page, taught, home, names_in([source for _, source in others]), {}, positions)
    page.begin("report")
    page.put("folder", "result")
    write_claims(page, others, home)


def _read(exports: SourceOf, once: Sequence[str]) -> tuple[Facts, dict[str, str], dict[str, tuple[int, int]]]:
    """Return what the exports hold, with the order of day and month that their waits tell where their dates do not."""
    fields = [f for f in CASE_FIELDS if f == "office" or exports.choice(f) is not None]
    columns: dict[str, Any] = {**exports.columns, **dict.fromkeys(exports.unused)}
    asked = {"columns": columns, "fill_down": once, **exports.settings()}
    found = facts(exports.files, fields, ("office", "status"), **asked)
    why = found.problems.get("office")
    if why is not None and not found.rows and exports.choice("office") is None:  # which rows are offices is unclear
        fields.remove("office")
        found = facts(exports.files, fields, ("status",), **{**asked, "fill_down": None})
        found = replace(found, problems={**found.problems, "office": why})
    settings = exports.settings()
    orders, evidence = settled_orders(exports.files, found.problems, ("received", "decided"), columns, **settings)
    if orders:
        found = facts(exports.files, fields, ("office", "status"), dates=orders, **asked)
    return found, orders, evidence


def _offices(found: Facts, official: Sequence[str]) -> tuple[Aliases, dict[str, int]]:
    """Return what is proposed for the labels of offices, and their rows: one spelling for those the reader joins."""
    plain: Counter[str] = Counter()
    for label, word in found.words.get("office", {}).items():
        plain[plain_label(label)] += word.rows
    safe = {label: n for label, n in plain.items() if label and not persons_in(label)}
    best: dict[str, str] = {}
    for label in sorted(safe, key=lambda a: (-safe[a], a)):
        best.setdefault(label_key(label), label)
    counts: Counter[str] = Counter()
    for label, n in safe.items():
        counts[best[label_key(label)]] += n
    ordered = dict(counts.most_common())
    aliases = alike(ordered, official)
    return aliases, {label: n for label, n in ordered.items() if not TOTAL_LABEL.match(label)}


def _as_of(page: Page, found: Facts, exports: SourceOf) -> None:
    """Propose the day of the export: one in the name of a file if it fits, else the last date there is."""
    today = dt.date.today()  # a day that has not come is a slip
    ends = [day for day in found.last.values() if day <= today]
    if not ends:
        page.decide("as_of", today, Message("proposal.as_of_unknown"))
        return
    last = max(ends)
    named = [day for file in exports.files if (day := _day_in(file.stem)) and 0 <= (day - last).days <= LATE]
    if named:
        page.decide("as_of", max(named), Message("proposal.as_of_named", last=last))
    else:
        page.decide("as_of", last, Message("proposal.as_of_last", last=last))


_DAYS: Final = (
    (r"(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)", (0, 1, 2)),
    (r"(?<!\d)(\d\d)[-_.](\d\d)[-_.](20\d\d)", (2, 1, 0)),
)


def _day_in(name: str) -> dt.date | None:
    """Return the day that the name of a file has in it."""
    for pattern, order in _DAYS:
        if (found := re.search(pattern, name)) is not None:
            try:
                return dt.date(*(int(found.groups()[i]) for i in order))
            except ValueError:
                continue
    return None


def _unnamed(page: Page, exports: SourceOf) -> None:
    """Ask whether the names of sheets or files are those of offices, where some tables have no column of offices."""
    if (found := exports.unnamed()) is not None:
        known = exports.choice("office")
        value = found[0] if known is None else [known.heading, found[0]]
        what = Message("proposal.office_by_name", names=tuple(map(masked, found[1])))
        page.ask(what, [f"office = {written(value)}"], python=f"columns={{'office': {value!r}}}")


def _no_statuses(page: Page, found: Facts) -> list[str]:
    """Return the field of the status where its column has far too many words for one."""
    many = len(unknown_statuses(found.words.get("status", {}))) > MOST_STATUSES
    if many:
        page.say(Message("proposal.no_statuses"))
    return ["status"] if many else []


def _zone(page: Page, found: Facts) -> None:
    zones = sorted({zone for every in found.zones.values() for zone in every} - {"+07:00"})
    if zones:
        page.ask(Message("proposal.zone", zones=tuple(zones)), ['zone = "Asia/Jakarta"'], python='zone="Asia/Jakarta"')


def _columns(page: Page, source: SourceOf, section: str) -> None:
    """Write the headings that were matched, those named here, and those left over with examples that may be shown."""
    page.begin(section)
    for field in dict.fromkeys(f for t in source.tables for f in t.choices):
        choice = source.choice(field)
        assert choice is not None
        word = {"field": field, "heading": masked(choice.heading)}
        if field not in source.columns:
            page.say(Message("proposal.matched", **word))
        elif choice.how == "guess":
            page.decide(field, source.columns[field], Message("proposal.guessed", **word))
        elif choice.how == "one_of_several":
            others = tuple(masked(other) for other in choice.others)
            page.decide(field, source.columns[field], Message("proposal.one_of_several", **word, others=others))
        else:
            page.put(field, source.columns[field])
    if REGENCY in source.columns:
        page.put(REGENCY, source.columns[REGENCY])
    used = {choice.heading for t in source.tables for choice in t.choices.values()} | {source.columns.get(REGENCY)}
    left = {c.heading: c for t in source.tables for c in t.left if c.heading not in used and REGENCY not in c.fields}
    for heading, column in left.items():
        if column.person:
            page.say(Message("proposal.of_persons", heading=masked(heading)))
        elif column.examples:
            page.say(Message("proposal.left", heading=masked(heading), examples=column.examples))
        else:
            page.say(Message("proposal.left_bare", heading=masked(heading)))


def _dates(page: Page, found: Facts, orders: Mapping[str, str], evidence: Mapping[str, tuple[int, int]]) -> None:
    untold = [f for f, why in found.problems.items() if why.key == "intake.dates.either_order"]
    if not orders and not untold:
        return
    page.begin("data.dates")
    for field, order in orders.items():
        few, many = evidence[field]
        page.put(field, order, Message("proposal.order_told", few=few, many=many))
    for field in untold:
        page.ask(
            for_file(found.problems[field]), [f'{field} = "day-first"'], python=f'dates={{"{field}": "day-first"}}'
        )


def _status_words(page: Page, found: Facts, *, skip: bool) -> None:
    words = found.words.get("status", {})
    unknown = unknown_statuses(words)
    if skip or not words:
        return
    known = _listed(words, unknown)
    page.begin("data.status_words", *([Message("proposal.statuses", words=known)] if known else []))
    sure, guesses = propose_statuses(words)
    for word, status in sure.items():
        if not persons_in(word):
            n = words[word]
            page.put(word, status, Message(f"proposal.{_counted(n, 'dated', 'rows')}", n=n.rows, dated=n.dated))
    for word, status in guesses.items():
        if not persons_in(word):
            n = words[word]
            what = Message(
                f"proposal.{_counted(n, 'status', 'status_undated')}", word=masked(word), n=n.rows, dated=n.dated
            )
            page.ask(what, [f"{inline(word)} = {written(status)}"], python=f"status_words={{{word!r}: {status!r}}}")


def _counted(word: Word, dated: str, undated: str) -> str:
    return undated if word.dated is None else dated


def _listed(words: Mapping[str, Word], unknown: Mapping[str, Word]) -> tuple[Message, ...]:
    known = [w for w in words if w not in unknown and not persons_in(w)]
    return tuple(Message("intake.status.word", word=masked(w), n=words[w].rows) for w in known[:MOST_STATUSES])


def _write_offices(page: Page, aliases: Aliases, counts: Mapping[str, int]) -> None:
    page.begin("data.offices", Message("proposal.offices", n=len(counts)))
    for label, n in list(counts.items())[:MOST_LISTED]:
        if label not in aliases.sure:
            page.say(Message("proposal.office", office=masked(label, 80), n=n))
    if aliases.sure:
        page.say(Message("proposal.aliases"), "# ?")
        lines = tuple(f"{inline(a)} = {written(b)}" for a, b in aliases.sure.items())
        page.note(Message("proposal.aliases"), lines, f"offices={dict(aliases.sure)!r}")
    for label, target in aliases.sure.items():
        page.put(label, target, Message("proposal.rows", n=counts.get(label, 0)))
    for first, second in aliases.doubtful:
        what = Message("proposal.alike", first=masked(first), second=masked(second), n=counts[first], m=counts[second])
        page.ask(what, [f"{inline(first)} = {written(second)}"], python=f"offices={{{first!r}: {second!r}}}")


def _other_problems(page: Page, found: Facts, orders: Mapping[str, str]) -> None:
    """Ask about everything else that the reader would refuse."""
    page.section = page.place("data")
    for field, why in found.problems.items():
        if why.key != "intake.dates.either_order" and field not in orders:
            page.ask(for_file(why))
