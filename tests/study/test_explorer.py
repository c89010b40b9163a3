"""The explorer: every control leads to the finding that the library gives for that choice."""

import datetime as dt

import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.designs.example import example_design
from asn_impact.errors import InputError, StudyError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Jackknife, TwoWay, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import headline
from asn_impact.reporting.findings import Finding
from asn_impact.study.explorer import explore
from asn_impact.study.programme import open_study
from asn_impact.words import Message

from .programme_files import STUDY, write_programme


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
    assert expected(times, rollout, 10, GLSImputation(), language) in sentence.value
    assert controls.disabled
    estimator.value = "group_time"
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
    assert headline(infer(GLSImputation()(design).event_study(), BiasReduced())).text in sentence.value  # the default
    estimator.value = "group_time"
    assert headline(infer(GroupTime()(design).event_study(), BiasReduced())).text in sentence.value
    assert not controls.disabled


def test_durations_without_a_rollout_or_a_cluster_are_answered(world):
    times, rollout = world
    with pytest.raises(InputError, match="Expected Rollout"):
        explore(times)
    with pytest.raises(InputError, match="explore\\(\\) needs cluster="):
        explore(times, rollout)


# ------------------------------------------------------------------------------------------- a study of one's own


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    write_programme(place)
    return place


@pytest.mark.usefixtures("ungraded_here")
def test_a_study_of_ones_own_opens_with_its_own_choices_in_its_own_language(folder):
    claim = STUDY.split("[[claim]]")
    (folder / "one.toml").write_text("[[claim]]".join(claim[:2]), encoding="utf-8")
    box = explore(folder / "one.toml")
    horizon, estimator, _, sentence, picture = box.children
    assert (horizon.value, horizon.options) == (20, (10, 20, 30, 60))
    assert estimator.value == "own"
    assert estimator.label.startswith("seperti dalam studi")
    assert "imputation" not in [name for _, name in estimator.options]  # it is that of the study
    finding = open_study(folder / "one.toml")["waktu"]
    assert str(headline(finding.inference, language="id")) in sentence.value
    assert bytes(picture.value).startswith(b"\x89PNG")
    horizon.value = 10
    assert str(headline(finding.inference, language="id")) not in sentence.value


def test_of_several_claims_one_is_chosen_and_the_others_are_not_read(folder, monkeypatch):
    read = []
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    from asn_impact.study import explorer

    real = explorer.prepared
    monkeypatch.setattr(explorer, "prepared", lambda study: read.append(str(study.title)) or real(study))
    box = explore(str(folder / "study.toml"), language="en")
    claim = box.children[0]
    assert claim.description == "Question"
    assert [label for label, _ in claim.options] == [str(one.label) for one in open_study(folder).claims]
    assert len(box.children) == 6
    assert len(read) == 1
    claim.value = 1  # a share within a limit: no longest wait to choose
    assert len(read) == 2
    before = box.children[-2].value
    claim.value = 0
    assert box.children[-2].value != before
    assert len(read) == 2  # seen before


def test_a_finding_is_explored_with_its_rule():
    design = example_design()
    finding = Finding(id="wait", label="Waits", inference=infer(GLSImputation()(design).overall(), Jackknife()))
    estimator, _, sentence, _ = explore(finding).children
    assert (estimator.value, len(estimator.options)) == ("own", 4)
    assert str(headline(infer(GLSImputation()(design).event_study(), Jackknife()))) in sentence.value


def test_a_claim_without_a_comparison_says_why():
    finding = Finding(id="skor", label="Scores", refusal=Message("study.no_rollout"))
    with pytest.raises(InputError) as refused:
        explore(finding)
    assert refused.value.message == Message("study.no_rollout")
    with pytest.raises(InputError, match="no effect that was computed"):
        explore(Finding(id="skor", label="Scores"))


def test_a_study_that_is_not_there_is_said_with_the_line_that_makes_one(tmp_path):
    with pytest.raises(StudyError, match=r"does not exist\. Make one with: asn-impact new"):
        explore(tmp_path / "study.toml")
