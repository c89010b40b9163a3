"""The explorer: every control leads to the finding that the library gives for that choice."""

import datetime as dt

import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.designs.example import example_design
from asn_impact.errors import InputError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, TwoWay, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import headline
from asn_impact.reporting.explorer import explore


@pytest.fixture(scope="module")
def world():
    offices = [f"O{i:02d}" for i in range(10)]
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    rows = [
        {
            "case": f"{office}-{month:%Y%m}-{k}",
            "office": office,
            "status": "granted",
            "received": month + pd.Timedelta(days=k),
            "decided": month + pd.Timedelta(days=k + 6 + (i + 3 * k + j) % 7 - 3 * (i < 4 and j >= 6)),
        }
        for i, office in enumerate(offices)
        for j, month in enumerate(months)
        for k in range(4)
    ]
    extract = read_exports(pd.DataFrame(rows), as_of=dt.date(2025, 3, 31))
    adopted = pd.DataFrame({"office": offices, "from": ["2024-07"] * 4 + [None] * 6})
    return measure(extract, WorkCalendar.indonesia()), read_rollout(adopted, unit="office", adopted="from")


def expected(times, rollout, horizon, estimator, language):
    design = assign(tabulate(times, RestrictedMean(horizon), by="office"), rollout, cluster="office")
    return headline(infer(estimator(design).event_study(), BiasReduced()), language=language).text


@pytest.mark.parametrize("language", ["id", "en"])
def test_moving_a_control_gives_the_finding_of_that_choice(world, language):
    times, rollout = world
    box = explore(times, rollout, cluster="office", horizons=(5, 10), language=language)
    horizon, estimator, controls, sentence, picture = box.children
    assert expected(times, rollout, 10, GroupTime(), language) in sentence.value
    horizon.value = 5
    assert expected(times, rollout, 5, GroupTime(), language) in sentence.value
    controls.value = "never"
    assert expected(times, rollout, 5, GroupTime(controls="never"), language) in sentence.value
    estimator.value = "two_way"
    assert expected(times, rollout, 5, TwoWay(), language) in sentence.value
    assert controls.disabled
    assert bytes(picture.value).startswith(b"\x89PNG")


def test_a_choice_that_cannot_be_estimated_says_why_and_the_next_one_works(world):
    times, rollout = world
    box = explore(times, rollout, cluster="office", horizons=(10, 900))
    horizon, _, _, sentence, picture = box.children
    horizon.value = 900
    assert "900" in sentence.value
    assert bytes(picture.value) == b""
    horizon.value = 10
    assert "rained" in sentence.value


def test_an_explorer_without_horizons_is_refused(world):
    with pytest.raises(InputError, match="horizons is empty"):
        explore(*world, cluster="office", horizons=())


def test_a_design_of_ones_own_is_explored_without_records():
    design = example_design()
    box = explore(design)
    estimator, controls, sentence, _ = box.children
    assert headline(infer(GroupTime()(design).event_study(), BiasReduced())).text in sentence.value
    estimator.value = "gls"
    assert headline(infer(GLSImputation()(design).event_study(), BiasReduced())).text in sentence.value
    assert controls.disabled


def test_durations_without_a_rollout_or_a_cluster_are_answered(world):
    times, rollout = world
    with pytest.raises(InputError, match="Expected Rollout"):
        explore(times)
    with pytest.raises(InputError, match="explore\\(\\) needs cluster="):
        explore(times, rollout)
