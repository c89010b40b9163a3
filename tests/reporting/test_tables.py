"""Tables in two languages, without a cell that is too small to show."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn_impact import tables
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.ledger import Ledger
from asn_impact.reporting.tables import Table, suppressed


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_no_small_count_shows_and_none_can_be_worked_out(counts):
    shown = suppressed(counts)
    visible = [c for c in shown if isinstance(c, int)]
    assert all(c == 0 or c >= 10 for c in visible)
    hidden = [true for true, cell in zip(counts, shown, strict=True) if not isinstance(cell, int)]
    if any(0 < c < 10 for c in counts) and sum(c > 0 for c in counts) > 1:
        assert len(hidden) >= 2
        assert sum(hidden) >= 10 or len(hidden) == sum(c > 0 for c in counts)


@given(st.lists(st.integers(10, 60), max_size=12))
def test_without_small_counts_nothing_is_hidden(counts):
    assert suppressed(counts) == counts


def test_a_minimum_below_five_is_refused():
    with pytest.raises(InputError, match="5 or more"):
        suppressed([12], minimum=3)


def test_what_rests_on_a_small_count_goes_with_it():
    frame = pd.DataFrame({"group": ["a", "b"], "records": [4, 90], "mean_before": [31.25, 7.5]})
    table = tables.Table(
        frame,
        {"id": "Uji", "en": "Test"},
        kinds={"records": "records", "mean_before": "one"},
        rests_on={"mean_before": "records"},
    )
    for out in (table.csv(), table.html("en"), table.html("id")):
        assert "31" not in out
        assert "90" not in out  # the other cell would give the small one away
    assert "kurang dari" not in table.html("en")
    assert "Jumlah di bawah 10" in table.html("id")
    assert frame["records"].tolist() == [4, 90]


def test_results_are_in_display_units_and_both_languages(answer, in_time):
    table = tables.results([answer, in_time])
    assert table.frame["estimate"].tolist() == pytest.approx([answer.estimate[0], 100 * in_time.estimate[0]])
    assert "Perkiraan" in table.html("id")
    assert f"{answer.estimate[0]:.2f}".replace("-", "−").replace(".", ",") in table.html("id")
    assert "poin persen" in table.html("id")
    assert "percentage points" in table.html("en")
    assert table.csv().startswith("outcome,unit,estimate,std_error,statistic,df,p_value,conf_low,conf_high")


def test_results_of_different_views_do_not_share_a_table(answer, event):
    with pytest.raises(InputError, match="different views"):
        tables.results([answer, event])


def test_event_time_results_keep_their_terms(event):
    table = tables.results([event])
    assert table.frame["event_time"].tolist() == event.effects.terms["event_time"].tolist()
    assert "Bulan sejak pelatihan" in table.html("id")


def test_clusters_come_in_the_order_of_adoption(design):
    frame = tables.clusters(design).frame
    assert frame["adopted"].tolist()[:3] == ["2025-01"] * 3
    assert frame["adopted"].tolist()[-1] == "never"
    assert "tidak pernah dilatih" in tables.clusters(design).html("id")


def test_descriptive_means_add_up(panel, design):
    frame = tables.descriptive(panel, design).frame
    assert (frame["change"] - (frame["mean_after"] - frame["mean_before"])).abs().max() < 1e-12
    assert frame["units"].sum() == len(design.adopted)
    assert frame["records_before"].sum() + frame["records_after"].sum() == design.panel.n.sum()


def test_a_ready_panel_has_no_records_to_suppress(ready):
    design = ready.effects.design
    plain = replace(design, panel=replace(design.panel, n=(design.panel.n > 0).astype(float)))
    frame = tables.descriptive(plain.panel, plain).frame
    assert "records_before" not in frame
    assert frame["mean_before"].notna().all()


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), max_size=6), st.integers(100, 1000))
def test_the_ledger_table_still_balances(dropped, kept):
    record = Ledger(read=kept + sum(dropped.values()), kept=kept, dropped=dropped)
    frame = tables.ledger(record).frame.set_index(tables.ledger(record).frame["term"].astype(str))
    assert frame["rows"].iloc[1:-1].to_dict() == {reason: n for reason, n in dropped.items() if n}
    assert frame["rows"].iloc[1:-1].sum() == record.read - record.kept


def test_a_cell_that_a_spreadsheet_would_run_is_text():
    frame = pd.DataFrame({"group": ["=1+1", "@x", "-x"]})
    out = tables.Table(frame, {"id": "", "en": ""}).csv().splitlines()
    assert out[1:] == ["'=1+1", "'@x", "'-x"]


def test_labels_are_escaped():
    frame = pd.DataFrame({"group": ["<script>alert(1)</script>"]})
    assert "<script>" not in tables.Table(frame, {"id": "<b>", "en": "<b>"}).html("id")


def test_the_html_is_well_formed_and_titled_above(answer):
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.seen = []

        def handle_starttag(self, tag, attrs):
            self.seen.append(tag)

    reader = Reader()
    html = tables.results([answer]).html("id", numbered="Tabel 1")
    reader.feed(html)
    assert reader.seen.index("caption") < reader.seen.index("thead")
    assert "Tabel 1." in html
    assert tables.results([answer])._repr_html_() == tables.results([answer]).html("en")


def test_a_second_version_that_differs_by_a_few_persons_is_said(tmp_path):
    def counted(n):
        frame = pd.DataFrame({"group": ["a", "b"], "records": [n, 80]})
        return Table(frame, {"id": "Uji", "en": "Test"}, kinds={"records": "records"})

    counted(57).save(tmp_path / "t", "en")
    with pytest.warns(DataWarning, match=r"t\.csv: 1 counts differ by fewer than 10"):
        counted(54).save(tmp_path / "t", "en")


def test_a_share_of_everyone_is_said():
    frame = pd.DataFrame({"group": ["a", "b"], "records": [40, 80], "late": [1.0, 0.4]})
    made = Table(
        frame, {"id": "Uji", "en": "Test"}, kinds={"records": "records", "late": "share"}, rests_on={"late": "records"}
    )
    assert "setiap permohonan" in made.html("id")
    fewer = Table(frame.assign(late=[0.9, 0.4]), made.title, kinds=made.kinds, rests_on=made.rests_on)
    assert "setiap permohonan" not in fewer.html("id")
