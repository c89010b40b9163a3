"""Charts state their finding, say it without the picture, and leave with their provenance."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.text import Text

from asn_impact import figures
from asn_impact.errors import InputError, PrivacyError
from asn_impact.reporting.drawn import apply_style
from asn_impact.scrutiny.grade import Grade

LANGUAGES = ["id", "en"]
KINDS = ["event_study", "raw_trends", "who_is_compared", "maturity", "forest"]


@pytest.fixture(scope="module")
def charts(event, answer, in_time, design, months, sources):
    source = {"id": "Sumber: data perizinan (data sintetis)", "en": "Source: permit data (synthetic data)"}
    made = {}
    for language in LANGUAGES:
        common = {"language": language, "source": source[language], "inputs": sources}
        made |= {
            ("event_study", language): figures.event_study(event, **common),
            ("raw_trends", language): figures.raw_trends(design, **common),
            ("who_is_compared", language): figures.who_is_compared(design, **common),
            ("maturity", language): figures.maturity(months, **common),
            ("forest", language): figures.forest([answer, in_time], **common),
        }
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", ["a4_width", "a4_column", "slide"])
def test_nothing_drawn_leaves_the_page(charts, kind, language, size):
    chart = charts[kind, language]
    page = figures.PAGES[size]
    with apply_style(page):
        figure = chart.figure(size)
        figure.draw_without_rendering()
        drawn = figure.get_tightbbox()  # in inches; tick labels outside the view are not drawn and not in it
    assert drawn.x0 >= -0.01
    assert drawn.y0 >= -0.01
    assert drawn.x1 <= page.width + 0.01
    assert drawn.y1 <= figure.get_figheight() + 0.01
    assert figure.get_figwidth() == pytest.approx(page.width)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_alt_text_states_the_finding(charts, kind, language):
    chart = charts[kind, language]
    assert chart.title.text in chart.alt
    assert chart.alt.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_indonesian_charts_hold_no_english(charts, kind):
    chart = charts[kind, "id"]
    figure = chart.figure()
    figure.draw_without_rendering()
    texts = " ".join(t.get_text() for t in figure.findobj(Text)) + " " + chart.alt
    english = {"the", "of", "and", "trained", "training", "months", "since", "never", "used", "open", "source", "by"}
    english |= {"may", "aug", "oct", "dec", "units", "interval", "with"}
    assert not english & set(re.findall(r"[a-z]+", texts.casefold()))


def test_indonesian_axes_have_a_decimal_comma_and_a_true_minus(charts):
    figure = charts["forest", "id"].figure()
    figure.draw_without_rendering()
    labels = [t.get_text() for axes in figure.axes for t in axes.get_xticklabels()]
    assert any("," in label for label in labels)
    assert any("−" in label for label in labels)
    assert not any("." in label or "-" in label for label in labels)


def test_the_event_study_draws_its_numbers(charts, event):
    table, data = event.table(), charts["event_study", "en"].data
    drawn = data[~data["base"]].merge(table, on="event_time", suffixes=("", "_given"))
    assert len(drawn) == (table["event_time"] != -1).sum()
    np.testing.assert_array_equal(drawn["estimate"], drawn["estimate_given"])
    np.testing.assert_array_equal(drawn["conf_low"], drawn["conf_low_given"])
    assert data.loc[data["base"], "event_time"].tolist() == [-1]


def test_the_title_of_the_event_study_is_the_overall_finding(charts, answer):
    assert charts["event_study", "en"].title.text == figures.headline(answer).text
    assert charts["event_study", "en"].title.text.startswith(
        "Among the trained, the mean waiting time fell by 2.0 working days"
    )


def test_no_effect_is_titled_as_missing_evidence(nothing):
    assert figures.headline(nothing, language="en").text.startswith("No sufficient evidence")
    assert figures.headline(nothing, language="id").text.startswith("Tidak ditemukan bukti yang cukup")


def test_shares_are_drawn_in_percentage_points(in_time):
    row = figures.forest([in_time], language="en").data.iloc[0]
    assert row["unit"] == "percentage points"
    assert row["estimate"] == pytest.approx(100 * in_time.estimate[0])


def test_the_forest_wants_single_numbers(event):
    with pytest.raises(InputError, match="overall"):
        figures.forest([event])


def test_the_event_study_wants_event_times(answer):
    with pytest.raises(InputError, match="event_study"):
        figures.event_study(answer)


def test_a_ready_panel_has_neutral_words(ready):
    assert figures.headline(ready, grade=Grade("B", (), ())).text.startswith(
        f"Treatment raised l_homicide by {ready.estimate[0]:.2f} (95% CI"
    )


def test_means_of_few_records_are_not_drawn(design):
    few = design.panel.n.copy()
    few[:3, 5] = 1
    few[3:9, 5] = 0.5
    thin = replace(design, panel=replace(design.panel, n=few))
    data = figures.raw_trends(thin).data
    hidden = data[(data["step"] == 5) & (data["wave"] != "never")]
    assert hidden["mean"].isna().all()
    assert data.loc[data["step"] == 6, "mean"].notna().all()


def test_a_heat_strip_of_very_many_units_stays_on_a_page(design):
    many = replace(
        design,
        panel=replace(design.panel.select(np.arange(400) % 20), units=tuple(f"unit {i:03d}" for i in range(400))),
        adopted=np.tile(design.adopted, 20),
        cluster=np.tile(design.cluster, 20),
    )
    chart = figures.who_is_compared(many)
    assert chart.figure().get_figheight() < 11.7
    assert chart.png().startswith(b"\x89PNG")


def test_the_heat_strip_has_every_office_and_month_once(charts, design):
    data = charts["who_is_compared", "en"].data
    assert len(data) == design.panel.n.size
    assert not data.duplicated(["unit", "period"]).any()
    trained = data[data["state"] == "trained"].groupby("unit").size()
    expected = pd.Series(design.treated().sum(axis=1), index=design.panel.units)
    assert trained.to_dict() == expected[expected > 0].to_dict()


def test_small_counts_do_not_show_in_the_maturity_chart(months):
    chart = figures.maturity(months.assign(open=[0] * 8 + [3, 25, 90, 310]))
    assert np.isnan(chart.data["open"].iloc[8])
    assert np.isnan(chart.data["open"].iloc[9])  # withheld with it, as in the table
    assert chart.data["open"].iloc[10] == 90


def test_a_panel_knows_which_months_are_immature(panel):
    chart = figures.maturity(panel)
    assert chart.data.loc[~chart.data["mature"], "period"].tolist() == ["2026-01", "2026-02"]
    assert chart.png().startswith(b"\x89PNG")


def test_the_saved_files_are_what_they_say_and_twice_the_same_bytes(charts, tmp_path, sources):
    chart = charts["event_study", "en"]
    first, second = (
        {p.name: p.read_bytes() for p in chart.save(tmp_path / folder / "event", size="a4_column")} for folder in "ab"
    )
    assert first == second
    assert {p.name for p in (tmp_path / "a").iterdir()} == set(first)
    files = {name.removeprefix("event"): content for name, content in first.items()}
    assert sorted(files) == [".csv", ".json", ".pdf", ".png", ".svg"]
    width, height = struct.unpack(">II", files[".png"][16:24])
    assert (width, height) == (945, 780)
    assert files[".pdf"].count(b"/FontFile2") >= 1
    assert b"/Type3" not in files[".pdf"]
    rows = list(csv.DictReader(io.StringIO(files[".csv"].decode())))
    assert [float(r["estimate"]) for r in rows] == pytest.approx(chart.data["estimate"].tolist(), rel=1e-9)
    record = json.loads(files[".json"])
    assert record["alt"] == chart.alt
    assert [i["sha256"] for i in record["provenance"]["inputs"]] == [s.sha256 for s in sources]
    assert record["provenance"]["versions"]["matplotlib"]
    assert {n["shown"] for n in record["numbers"]} >= {"2.0", "95%"}


def test_the_svg_speaks_to_screen_readers(charts):
    root = ElementTree.fromstring(charts["raw_trends", "id"].svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text == charts["raw_trends", "id"].title.text
    assert root.find(f"{space}desc").text == charts["raw_trends", "id"].alt
    assert root.get("aria-labelledby").split() == [root.find(f"{space}{t}").get("id") for t in ("title", "desc")]


def test_a_label_that_is_a_persons_number_does_not_leave(design, tmp_path):
    nip = "19850101" + "201001" + "1" + "001"
    units = (nip, *design.panel.units[1:])
    unsafe = replace(design, panel=replace(design.panel, units=units))
    chart = figures.who_is_compared(unsafe)
    for leave in (lambda: chart.save(tmp_path / "x"), chart.png, chart.svg):
        with pytest.raises(PrivacyError) as refused:
            leave()
        assert nip not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_file(charts, tmp_path, monkeypatch, undrawn_here):
    chart = charts["maturity", "en"]
    chart.save(tmp_path / "m")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        charts["maturity", "id"].save(tmp_path / "m")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_chart_shows_itself_in_a_notebook(charts):
    chart = charts["forest", "en"]
    bundle, _ = InteractiveShell.instance().display_formatter.format(chart)
    assert bundle["text/plain"] == chart.alt
    assert "image/png" in bundle
    assert repr(chart) == f"Chart(forest: {chart.title.text})"


def test_drawing_changes_no_global_setting(charts):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    charts["maturity", "en"].png()
    assert dict(mpl.rcParams) == before


def test_an_unknown_size_is_refused_with_the_known_ones(charts):
    with pytest.raises(InputError, match="a4_column"):
        charts["forest", "en"].figure("poster")
