"""Waits office by office, and findings on a map: what is drawn is right, and nothing small is shown."""

from dataclasses import replace

import geopandas
import numpy as np
import pytest
from shapely import box

import asn_impact as ai
from asn_impact.errors import InputError

RECORDS = ai.example_records()
DURATIONS = ai.measure(ai.read_exports(RECORDS, as_of="2025-03-31"), ai.WorkCalendar.indonesia())
PANEL = ai.tabulate(DURATIONS, ai.CompletionCurve(20), by="office")
AREAS = ("Kecamatan Utara", "Kecamatan Tengah", "Kecamatan Selatan")
SHAPES = geopandas.GeoDataFrame({"kec": AREAS}, geometry=[box(0, y, 2, y + 1) for y in (2, 1, 0)], crs=4326)


def answer(effect):
    return ai.infer(ai.GroupTime()(ai.example_design(effect=effect)).overall(), ai.BiasReduced())


def test_the_quartiles_are_those_of_the_waits_themselves():
    days = DURATIONS.records.collect().to_pandas()
    one = days[(days["office"] == "Dinas A") & (days["month"] == 12 * 2024)]["days"]
    row = ai.figures.waits_by_office(PANEL).data.iloc[0]
    for name, share in (("low", 0.25), ("middle", 0.5), ("high", 0.75)):
        assert row[name] == np.quantile(one, share, method="inverted_cdf")


def test_offices_with_few_applications_in_a_month_are_empty():
    few = replace(PANEL, n=np.where(np.arange(12) == 3, 9.0, PANEL.n))
    data = ai.figures.waits_by_office(few).data
    assert data.loc[data["step"] == 3, ["low", "middle", "high"]].isna().all(axis=None)
    assert data.loc[data["step"] == 4, "middle"].notna().any()


def test_a_wait_beyond_the_horizon_is_no_number():
    short = ai.tabulate(DURATIONS, ai.CompletionCurve(5), by="office")
    chart = ai.figures.waits_by_office(short)
    assert chart.data["high"].isna().any()
    assert chart.data["high"].max() <= 5
    assert chart.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_title_names_the_soonest_and_the_latest(language):
    chart = ai.figures.waits_by_office(PANEL, language=language)
    assert "Dinas D" in chart.title
    assert chart.title in chart.alt
    assert {n.value for n in chart.title.numbers} == {4.0, 7.0}


def test_a_panel_without_curves_is_answered():
    with pytest.raises(InputError, match="CompletionCurve"):
        ai.figures.waits_by_office(ai.example_design().panel)


def test_the_map_holds_what_the_forest_holds(tmp_path):
    answers = {"KECAMATAN  UTARA": answer(-2.0), "kecamatan selatan": answer(0.0)}
    chart = ai.figures.map_of_effects(answers, SHAPES, area="kec")
    forest = ai.figures.forest(answers)
    assert chart.data["area"].tolist() == list(AREAS)
    assert chart.data["estimate"].dropna().tolist() == forest.data["estimate"].tolist()
    assert chart.data["estimate"].isna().tolist() == [False, True, False]
    assert "1 of 2 areas" in chart.title
    SHAPES.to_file(tmp_path / "batas.geojson")
    from_file = ai.figures.map_of_effects(answers, tmp_path / "batas.geojson", area="kec")
    assert from_file.png() == chart.png()
    assert len(chart.save(tmp_path / "map")) == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"area": "kecamatan"}, "is no column of the boundaries"),
        ({"area": "geometry"}, "is no column of the boundaries"),
        ({"boundaries": "nowhere.geojson"}, "'nowhere.geojson' is not there"),
        ({"boundaries": SHAPES[["kec"]]}, "Expected the name of a file"),
        ({"inferences": {"Kecamatan Utra": answer(0.0)}}, "Did you mean 'Kecamatan Utara'?"),
        ({"boundaries": SHAPES.iloc[[0, 0]]}, "more than once"),
        ({"inferences": {"Kecamatan Utara": answer(0.0), "kecamatan-utara": answer(0.0)}}, "of the same area"),
    ],
)
def test_a_map_that_cannot_be_drawn_says_what_to_write(given, said):
    arguments = {"inferences": {"Kecamatan Utara": answer(0.0)}, "boundaries": SHAPES, "area": "kec"} | given
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        ai.figures.map_of_effects(**arguments)
