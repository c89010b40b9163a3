"""Every chart takes a title, a size, an axis and a place of one's own, in one way."""

import inspect
import io
import json
import struct

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import InputError, NotThereError, PrivacyError

DESIGN = ai.example_design()
EFFECTS = ai.GroupTime()(DESIGN)
EVENTS = ai.infer(EFFECTS.event_study(), ai.BiasReduced())
ANSWER = ai.infer(EFFECTS.overall(), ai.BiasReduced())
CURVE = ai.specification_curve({"all": DESIGN}, [ai.GroupTime(), ai.TwoWay()], [ai.ClusterRobust(), ai.BiasReduced()])
CHARTS = {
    "event_study": lambda **look: ai.figures.event_study(EVENTS, **look),
    "forest": lambda **look: ai.figures.forest([ANSWER], **look),
    "raw_trends": lambda **look: ai.figures.raw_trends(DESIGN, **look),
    "who_is_compared": lambda **look: ai.figures.who_is_compared(DESIGN, **look),
    "maturity": lambda **look: ai.figures.maturity(DESIGN.panel, **look),
    "waits_calendar": lambda **look: ai.figures.waits_calendar(DESIGN.panel, **look),
    "specifications": lambda **look: ai.figures.specifications(CURVE, outcome=DESIGN.panel.outcome, **look),
}
SCALED = ("event_study", "raw_trends", "specifications")
CENTIMETRE = 2.54


def drawn(chart):
    return struct.unpack(">II", chart.png()[16:24])


@pytest.mark.parametrize("name", sorted(set(ai.figures.__all__) - {"PAGES", "Chart", "Page", "Size", "headline"}))
def test_every_figure_takes_the_same_look_and_says_so(name):
    parameters = inspect.signature(getattr(ai.figures, name)).parameters
    assert {"title", "subtitle", "size", "ylim", "dpi", "ax"} <= set(parameters)


@pytest.mark.parametrize("name", CHARTS)
def test_a_title_and_a_size_of_ones_own(name):
    chart = CHARTS[name](title="Judul saya", subtitle="Hari", size=(12, 9), dpi=100)
    assert (chart.title, chart.subtitle) == ("Judul saya", "Hari")
    assert drawn(chart) == (int(12 / CENTIMETRE * 100), int(9 / CENTIMETRE * 100))
    assert "Judul saya" in chart.svg()
    assert json.loads(chart.record())["size"] == [12, 9]


@pytest.mark.parametrize("name", CHARTS)
def test_the_alt_text_keeps_the_finding(name):
    assert CHARTS[name](title="Judul saya").alt == CHARTS[name]().alt


@pytest.mark.parametrize("name", SCALED)
def test_an_axis_of_ones_own_says_below_what_it_leaves_out(name):
    chart = CHARTS[name](ylim=(-1, 1))
    assert chart.figure().axes[0].get_ylim() == (-1, 1)
    assert "does not show all values" in chart.below
    assert CHARTS[name](ylim=(-100, 100)).below == CHARTS[name]().below


@pytest.mark.parametrize("name", ["forest", "who_is_compared", "waits_calendar"])
def test_an_axis_without_a_scale_is_refused(name):
    with pytest.raises(InputError, match="no scale on its y axis"):
        CHARTS[name](ylim=(0, 1))


@pytest.mark.parametrize("size", [(12,), (1, 2), "a5", (12, 900), "12", 12, ("a", "b"), (np.nan, 3.0)])
def test_a_size_that_is_none_is_refused_with_those_there_are(size):
    with pytest.raises(InputError, match="a4_width"):
        CHARTS["forest"](size=size)


def test_a_look_that_is_misspelt_is_answered():
    with pytest.raises(NotThereError, match=r"forest\(\) does not take titel=. Did you mean 'title'"):
        CHARTS["forest"](titel="x")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_drawn_on_an_ax_of_ones_own(name):
    figure, panels = plt.subplots(1, 2, figsize=(12, 5))
    before = dict(plt.rcParams)
    chart = CHARTS[name](ax=panels[1])
    figure.draw_without_rendering()
    assert isinstance(chart, ai.Chart)
    above = [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes]
    assert any(title.startswith(chart.title) for title in above)
    assert not panels[0].has_data()
    assert any(ax.has_data() for ax in figure.axes)
    assert dict(plt.rcParams) == before
    plt.close(figure)


def test_nothing_of_a_person_is_drawn_on_an_ax():
    figure, ax = plt.subplots()
    with pytest.raises(PrivacyError):
        CHARTS["forest"](title="NIP 19850101" + "201001" + "1" + "001", ax=ax)
    assert not ax.has_data()
    plt.close(figure)


def test_a_chart_is_one_file_of_its_ending(tmp_path):
    chart = CHARTS["event_study"]()
    together = {p.suffix: p.read_bytes() for p in chart.save(tmp_path / "event")}
    assert sorted(together) == [".csv", ".json", ".pdf", ".png", ".svg"]
    for ending, content in together.items():
        (file,) = chart.save(tmp_path / ending / f"event{ending}")
        assert [p.name for p in (tmp_path / ending).iterdir()] == [file.name] == [f"event{ending}"]
        assert file.read_bytes() == content


def test_an_ending_that_a_chart_cannot_be_is_refused(tmp_path, undrawn_here):
    with pytest.raises(InputError, match="ending='jpg'"):
        CHARTS["forest"]().save(tmp_path / "x.jpg")
    assert CHARTS["forest"]().save(tmp_path / "wait.time")[0].name == "wait.time.svg"


def test_the_csv_of_a_chart_is_read_back(tmp_path):
    chart = CHARTS["event_study"]()
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(chart.csv())), chart.data, rtol=1e-9, check_dtype=False)
