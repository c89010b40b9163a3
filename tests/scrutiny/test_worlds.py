"""The benchmark of known worlds goes the way of a study: rows in, a letter out."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / "benchmarks" / "worlds.py"


@pytest.fixture(scope="module")
def worlds():
    spec = importlib.util.spec_from_file_location("worlds", HOME)
    module = importlib.util.module_from_spec(spec)
    sys.modules["worlds"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["worlds"]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def told_in(worlds, name, seed=1):
    world = next(one for one in worlds.WORLDS if one.name == name)
    return worlds.tell(worlds.make_study(), worlds.draw(world, seed))


def test_an_honest_effect_is_estimated_where_it_is(worlds):
    told = told_in(worlds, "honest, -4 days")
    assert told.low < -2.5 < told.high + 2.5
    assert told.settled


@pytest.mark.parametrize("name", ["case mix", "demand", "IT change, one wave, events listed"])
def test_what_a_check_can_see_contradicts(worlds, name):
    assert told_in(worlds, name).letter == "E"


def test_an_export_of_finished_cases_has_no_estimate(worlds):
    assert told_in(worlds, "cut export: finished cases only").letter == "X"


def test_a_larger_study_holds_the_smaller_one(worlds):
    world = next(one for one in worlds.WORLDS if one.name == "honest, -4 days")
    larger = worlds.draw_larger(world, 1, 20)
    assert larger.permits["office"].nunique() == 44
    assert larger.first(24).permits["office"].nunique() == 24
    assert len(larger.training) == 18
    assert len(larger.first(24).training) == 10
