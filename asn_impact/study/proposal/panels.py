"""A ready panel as a study: which column is the unit, which the period, which the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from asn_impact.intake.fields.periods import OF_HEADING, years_in
from asn_impact.intake.fields.regencies import REGENCY
from asn_impact.intake.privacy import masked
from asn_impact.study.proposal.look import Column, Seen, tokens
from asn_impact.study.proposal.match import Matched, periods_across
from asn_impact.study.proposal.several import names_in
from asn_impact.study.proposal.sources import source_of, with_regency
from asn_impact.study.proposal.taught import POSITIONS, TAUGHT, write_rollout
from asn_impact.study.proposal.write import Page, written
from asn_impact.words import Message

_PERIODS: Final = ("bulan", "month", "periode", "period", "triwulan", "quarter", "semester", "tahun", "year")
_UNITS: Final = (
    ["opd", "unit", "dinas", "kantor", "office", "kabupaten", "kota", "kecamatan", "pemda", "daerah", "municipality"],
    ["nama"],
)
_PLANNED: Final = frozenset(["target", "rencana", "plan", "planned", "pagu"])
_CODES: Final = frozenset(
    ["id", "kode", "code", "no", "nomor", "nik", "nip", "tahun", "bulan", "year", "month", "satuan"]
)


def write_panel(page: Page, matched: Sequence[Matched], home: Path) -> None:
    """Write [data] and [outcome] of a ready panel, or the question where the applications are."""
    panels = [m for m in matched if m.role == "panel"]
    if not panels:
        page.section = "data"
        page.lines.append("")
        page.ask(Message("proposal.no_records"), ["[data]", 'kind = "records"', 'path = "izin.csv"'])
        return
    first = max(panels, key=lambda m: (_one_row_a_cell(m.seen), m.seen.rows))
    source = source_of([first], "panel", ())
    assert source is not None
    unit, period, numbers = _unit(first.seen), _period(first.seen), _numbers(first.seen)
    across = periods_across(first.seen)
    page.begin("data")
    page.put("kind", "panel")
    page.put("path", source.path(home))
    beside = [m.seen.table.sheet or "" for m in matched if m.seen.path == first.seen.path]
    if len(beside) > 1 and first.seen.table.sheet is not None and not all(map(years_in, beside)):
        page.put("sheets", [first.seen.table.sheet])
    source = with_regency(page, replace(source, columns={"office": unit}))
    told = {REGENCY: source.columns[REGENCY]} if REGENCY in source.columns else {}
    found = {"unit": unit, "period": period, **told}
    page.decide("columns", found, Message("proposal.panel", unit=unit, period=period))
    if len(panels) > 1:
        page.say(Message("proposal.other_panels", names=tuple(m.seen.path.name for m in panels if m is not first)))
    page.begin("outcome")
    page.put("kind", "mean")
    page.decide("column", numbers[0], Message("proposal.number"))
    page.ask(Message("proposal.unit"), ['unit = "hari"'])
    for name in numbers[1:6]:
        page.lines.append(f"# column = {written(name)}")
    for column in first.seen.columns:
        if column.heading not in (unit, period, numbers[0], *across) and column.heading.strip():
            page.say(Message("proposal.left_bare", heading=masked(column.heading)))
    taught, positions = (source_of(matched, "training", TAUGHT), source_of(matched, "positions", POSITIONS))
    if taught is not None:
        write_rollout(page, taught, home, names_in([source]), {}, positions, unit)
        return
    page.section = "rollout"
    page.lines.append("")
    page.ask(Message("proposal.no_rollout"), ["[rollout]", 'kind = "panel"', 'adopted = "dilatih_sejak"',
                                              "[design]", f"cluster = {written(unit)}"])  # fmt: skip


def _one_row_a_cell(seen: Seen) -> bool:
    """Return whether no unit stands twice in one period."""
    headings = [c.heading for c in seen.columns]
    at = [headings.index(name) for name in (_unit(seen), _period(seen)) if name in headings]
    cells = seen.table.relation.project(", ".join(f"c{i}" for i in at)).distinct()
    return int(cells.aggregate("count(*)").fetchall()[0][0]) == seen.rows


def _unit(seen: Seen) -> str:
    def fits(column: Column) -> tuple[bool, int, bool, int]:
        words = tokens(column.heading)
        place = sum(word in words for word in _UNITS[0])
        return column.numbers < 0.5 and column.dates < 0.5, place, "nama" in words, column.distinct

    return max(seen.columns, key=fits).heading


def _period(seen: Seen) -> str:
    if periods_across(seen):
        return OF_HEADING
    dated = [c.heading for word in _PERIODS for c in seen.columns if word in tokens(c.heading)]
    return dated[0] if dated else seen.columns[0].heading


def _numbers(seen: Seen) -> list[str]:
    if across := periods_across(seen):
        return [beside or "Nilai" for beside in dict.fromkeys(across.values())]
    found = [c for c in seen.columns if c.numbers > 0.9 and not tokens(c.heading) & _CODES]
    found = found or [c for c in seen.columns if c.numbers > 0.9]
    return [c.heading for c in sorted(found, key=lambda c: (bool(tokens(c.heading) & _PLANNED), -c.distinct))]
