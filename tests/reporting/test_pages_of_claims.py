"""The pages of several claims on one file give no small count back together, whatever one less another would count."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact.designs import Design, assign
from asn_impact.errors import PrivacyError
from asn_impact.estimation import GroupTime, Jackknife, infer
from asn_impact.intake.ledger import Ledger, reason
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.panel import Panel
from asn_impact.reporting import publish, several
from asn_impact.reporting.chapters import Exhibits
from asn_impact.reporting.claims import claim_chapters
from asn_impact.reporting.contents import Report
from asn_impact.reporting.findings import Finding
from asn_impact.reporting.layers import Layers, alike
from asn_impact.reporting.proof import given_away
from asn_impact.reporting.several import Compared
from asn_impact.timeline import Timeline

from .test_one_release import make

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]


def trained(panel: Panel, starts: dict[int, int]) -> Design:
    when = {panel.units[i]: panel.timeline.period(t) for i, t in starts.items()}
    return assign(panel, Rollout(pd.Series(when, dtype=object)), cluster=str(panel.attributes.columns[0]))


def programme(*designs: Design, read: int = 5000) -> Report:
    findings = []
    for k, design in enumerate(designs):
        ledger = Ledger(read=read, kept=read - 9, dropped={reason("no_received_date"): 9})
        answer = infer(GroupTime()(design).overall(), Jackknife())
        findings.append(Finding(id=f"c{k}", label=f"Claim {k}", course=f"C{k}", inference=answer, ledger=ledger))
    return Report(title="t", source="made up", findings=tuple(findings))


def by_quarter(panel: Panel) -> Panel:
    quarters = np.unique(panel.timeline.ordinals // 3)
    n = np.stack([panel.n[:, panel.timeline.ordinals // 3 == q].sum(axis=1) for q in quarters], axis=1)
    cells = {"n": n, "mean": np.where(n > 0, 8.0 + n % 5, np.nan), "weight": (n > 0).astype(float)}
    return replace(panel, timeline=Timeline("quarter", quarters), within=np.zeros((*n.shape, 1, 1)), **cells)


@pytest.fixture
def town() -> Design:
    """Eight offices; the last has one case a month for six months."""
    n = np.full((8, 12), 20) + np.arange(8)[:, None]
    n[7] = [1, 0] * 6
    return make(n, {0: 5, 1: 5, 2: 8})


def unprotected() -> mock._patch:
    """Show every page as if it stood alone."""
    return mock.patch.object(several, "_safe", lambda hidden, finding, table, shown, said: Compared(table))


class Undrawn(Exhibits):
    """What is shown counts, not how it is drawn."""

    def figure(self, chart):
        self.shown.append(("Figure", chart))


def pages(report: Report) -> tuple[list[pd.DataFrame], int]:
    """Return the tables of who is compared, and how many hidden counts all pages give back."""
    shown = Undrawn("en")
    claim_chapters(shown, report)
    found = given_away(report, shown.shown, [number for said in shown.sentences for number in said.numbers])
    return [table.frame for _, table in shown.shown if "records_before" in getattr(table, "frame", ())], len(found)


def are_counts(column: pd.Series) -> list[bool]:
    return [isinstance(cell, int) for cell in column]


@pytest.mark.parametrize("what", ["an office less", "another course", "quarters without the office", "a month less"])
def test_a_later_page_does_not_give_back_what_an_earlier_one_hides(town, what):
    panel, others = town.panel, np.arange(7)
    second = {
        "an office less": lambda: trained(panel.select(others), {0: 5, 1: 5, 2: 8}),
        "another course": lambda: trained(panel, {i: 6 for i in (0, 1, 3, 7)}),
        "quarters without the office": lambda: trained(by_quarter(panel.select(others)), {0: 2, 1: 2}),
        "a month less": lambda: trained(_without_last_month(panel), {0: 5, 1: 5, 2: 8}),
    }[what]()
    third = trained(panel, {i: 6 for i in (0, 1, 3)})
    report = programme(town, second, third)
    shown, found = pages(report)
    assert len(shown) == 3
    assert found == 0
    assert any(are_counts(shown[0]["records_before"]))  # the first page stays as it is
    with unprotected():
        assert pages(report)[1] > 0  # the attacker finds it


def test_two_pages_that_count_all_cases_and_all_but_three_say_one_total(town):
    left = trained(town.panel.select(np.arange(7)), {0: 5, 1: 5, 2: 8})
    shown = Undrawn("en")
    claim_chapters(shown, programme(town, left))
    totals = [number.value for said in shown.sentences for number in said.numbers if number.source == "panel.n.sum()"]
    assert totals == [town.panel.n.sum()]


def test_a_programme_is_not_written_when_a_page_gives_a_count_back(town, tmp_path):
    left = trained(town.panel.select(np.arange(7)), {0: 5, 1: 5, 2: 8})
    with unprotected(), pytest.raises(PrivacyError, match="together give"):
        publish(tmp_path / "r", programme(town, left), language="en", formats=("html",))
    assert not (tmp_path / "r").exists()


def _without_last_month(panel: Panel) -> Panel:
    cells = {name: getattr(panel, name)[:, :-1] for name in ("n", "mean", "weight", "within")}
    return replace(panel, timeline=panel.timeline.select(np.arange(11)), **cells)


def test_pages_on_the_same_cases_and_course_show_all_their_counts():
    n = np.full((8, 12), 20) + np.arange(8)[:, None]
    one = make(n, {0: 5, 1: 5, 2: 8})
    shown, found = pages(programme(one, trained(by_quarter(one.panel), {0: 2, 1: 2})))
    assert found == 0
    assert all(all(are_counts(frame["records_before"])) for frame in shown)


def test_files_that_have_nothing_in_common_are_not_held_against_each_other(town):
    other = make(np.full((8, 12), 200) + np.arange(12), {0: 5})
    assert alike([town.panel, other.panel], {0: 5000, 1: 7000}) == [[0], [1]]
    assert alike([town.panel, other.panel], {}) == [[0], [1]]
    assert alike([town.panel, by_quarter(town.panel)], {0: 5000}) == [[0, 1]]


@given(st.integers(0, 10_000))
def test_parts_add_up_to_every_panel(seed):
    generator = np.random.default_rng(seed)
    base = make(generator.poisson(4.0, (5, 9)) + 0, {0: 3}).panel
    less = replace(base, n=np.maximum(base.n - generator.integers(0, 2, base.n.shape), 0))
    panels = [base, less, by_quarter(base), by_quarter(less), base.select(np.arange(4)), _shorter(base)]
    panels = [panels[i] for i in generator.permutation(6)[: int(generator.integers(1, 7))]]
    layers = Layers.of(panels)
    assert (layers.truth > 0).all()
    for panel, cell in zip(panels, layers.cell_of, strict=True):
        total = np.bincount(cell[cell >= 0], weights=layers.truth[cell >= 0], minlength=panel.n.size)
        assert (total == panel.n.ravel()).all()


def _shorter(panel: Panel) -> Panel:
    cells = {name: getattr(panel, name)[:, :-2] for name in ("n", "mean", "weight", "within")}
    return replace(panel, timeline=panel.timeline.select(np.arange(len(panel.timeline) - 2)), **cells)


class TestTwoReleases:
    """Each page is held against its own page of before, not against that of another claim."""

    starts = ({0: 5, 1: 5}, {0: 5, 1: 5, 2: 8})
    counts = (np.full((6, 12), 14), np.full((6, 12), 31))

    @classmethod
    def publish(cls, folder, *counts, ids=None, **how):
        report = programme(*(make(n, starts) for n, starts in zip(counts, cls.starts, strict=False)))
        named = [replace(f, id=ids[k] if ids else f.id) for k, f in enumerate(report.findings)]
        publish(folder, replace(report, findings=tuple(named)), language="en", formats=("html",), **how)
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    @pytest.fixture(scope="class")
    @classmethod
    def first(cls, tmp_path_factory):
        """The folder of the first release."""
        cls.publish(folder := tmp_path_factory.mktemp("first") / "r", *cls.counts)
        return folder

    @pytest.fixture
    def again(self, first, tmp_path):
        """How to publish into a copy of that folder."""
        return partial(self.publish, shutil.copytree(first, tmp_path / "r"))

    @pytest.mark.parametrize("which", [0, 1])
    @pytest.mark.parametrize("ids", [None, ("new", "names")])
    def test_a_person_more_on_any_page_is_named(self, again, which, ids):
        counts = [*self.counts]
        counts[which] = counts[which] + (np.arange(72).reshape(6, 12) == 60)
        with pytest.raises(PrivacyError, match=rf"{(ids or ('c0', 'c1'))[which]}: all that is analysed"):
            again(*counts, ids=ids)
        record = again(*counts, ids=ids, close="allow")
        assert any("records_before of never" in name for name in record["differs_by_few"])

    def test_a_line_that_changed_by_few_is_withheld_on_its_own_page_alone(self, again, tmp_path):
        more = self.counts[0].copy()
        more[0, 0] += 3  # in the wave
        more[4] += 40  # never trained
        record = again(more, self.counts[1])
        assert record["differs_by_few"] == ["c0: records_before of 2024-06"]
        tables = [
            (tmp_path / "r" / e["data"]).read_text(encoding="utf-8")
            for e in record["exhibits"]
            if "records_before" in e["counts"]
        ]
        assert "*" in tables[0]
        assert "*" not in tables[1]

    def test_pages_in_another_order_differ_in_nothing(self, again):
        assert again(*self.counts)["differs_by_few"] == []
