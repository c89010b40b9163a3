"""No title, first page or brief claims more than the grade allows, and what speaks against it stands beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from asn_impact.designs import assign
from asn_impact.estimation import Along, BiasReduced, GroupTime, infer
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.training import read_rollout
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import CompletionCurve, RestrictedMean, Within
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import completion_curve, forest, sensitivity
from asn_impact.reporting.contents import Report
from asn_impact.reporting.report import publish
from asn_impact.scrutiny.grade import Grade
from asn_impact.scrutiny.heaping import heaping
from asn_impact.scrutiny.scrutinise import scrutinise
from asn_impact.scrutiny.sensitivity import RelativeMagnitude, robust_interval
from asn_impact.study.detail import say_tail
from asn_impact.words import Message

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
CLAIMS = ("With training", "Dengan pelatihan", "shortened", "mempersingkat")


@pytest.fixture(scope="module", name="times")
def _times():
    rng = np.random.default_rng(5)
    rows = []
    for office in range(14):
        for month in pd.period_range("2024-01", periods=14, freq="M"):
            for _ in range(20):
                days = int(rng.integers(3, 12)) - 3 * (office < 6 and month >= pd.Period("2024-08", "M")) + 3
                received = month.start_time + pd.Timedelta(days=int(rng.integers(0, 27)))
                rows.append(
                    (f"C{len(rows)}", f"O{office:02d}", received, received + pd.Timedelta(days=days), "granted")
                )
    frame = pd.DataFrame(rows, columns=["case", "office", "received", "decided", "status"])
    return measure(read_exports(frame, as_of="2025-03-31"), WorkCalendar.indonesia(), clock="calendar_days")


def design_of(times, outcome):
    panel = tabulate(times, outcome)
    dates = pd.DataFrame({"office": panel.units, "trained": ["2024-08" if u < "O06" else None for u in panel.units]})
    return assign(panel, read_rollout(dates, unit="office", adopted="trained"), cluster="office")


@pytest.fixture(scope="module")
def drawn(times):
    """A curve, an answer, intervals under departures, and how large these may be."""
    curve = infer(Along(GroupTime())(design_of(times, CompletionCurve(20))), BiasReduced())
    wait = infer(GroupTime()(design_of(times, RestrictedMean(20))).overall(), BiasReduced())
    scrutiny = scrutinise(GroupTime()(design_of(times, RestrictedMean(20))), rule=BiasReduced(), seed=1, reps=19)
    return curve, wait, [robust_interval(scrutiny.path, RelativeMagnitude(0.5))], scrutiny.breakdown


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("letter", ["B", "C", "D", "E"])
def test_no_title_claims_what_the_grade_does_not_allow(drawn, letter, language):
    grade = Grade(letter, (), (), ("pretrends",) if letter == "E" else ())
    curve, wait, intervals, breakdown = drawn
    outcome = wait.effects.design.panel.outcome
    charts = [
        completion_curve(curve, language=language, grade=grade),
        forest(wait, language=language, grade=grade),
        forest([wait, wait], language=language, grade=grade),
        sensitivity(intervals, breakdown, outcome=outcome, language=language, grade=grade),
    ]
    for chart in charts:
        claimed = any(claim in chart.title for claim in CLAIMS)
        assert not claimed or letter == "B", chart.title
        words = (grade.meaning.text(language).text, "not shown", "belum terbukti", "terbukti karena pelatihan")
        other = ("shown to be due to training: 0", "a description", "cannot be read", "gambaran", "tidak dapat dibaca")
        assert letter == "B" or any(word in chart.title for word in (*words, *other)), chart.title


def test_a_forest_counts_what_is_shown_measure_by_measure(times):
    wait = infer(GroupTime()(design_of(times, RestrictedMean(20))).overall(), BiasReduced())
    share = infer(GroupTime()(design_of(times, Within(8))).overall(), BiasReduced())
    grades = {"restricted_mean_20": Grade("B", (), ()), "within_8": Grade("C", (), ())}
    title = forest([wait, share], grade=grades).title
    assert title == "The interval leaves out zero for 2 of 2 measures; shown to be due to training: 1"
    assert forest([wait, share]).title == "Evidence of a change in 2 of 2 measures"


def test_the_first_page_and_the_brief_explain_the_scale_and_what_would_change_it(times, tmp_path):
    effects = GroupTime()(design_of(times, RestrictedMean(20)))
    scrutiny = scrutinise(effects, rule=BiasReduced(), seed=1, reps=19, durations=times)
    report = Report(
        title="x",
        source="y",
        answer=scrutiny.finding,
        scrutiny=scrutiny,
        beside=(Message("common.kept", kept=1, read=2),),
    )
    for language in ("id", "en"):
        publish(tmp_path / language, report, language=language, formats=["html"])
        pages = {
            file.stem: file.read_text(encoding="utf-8").replace("\u00a0", " ")
            for file in (tmp_path / language).glob("*.html")
        }
        for page in pages.values():
            first = page[: page.find("</section>")] if "</section>" in page else page
            assert Message("grade.scale.C").text(language).text in page, sorted(pages)
            assert report.beside[0].text(language).text in first
            assert Message("grade.scale.X").text(language).text in page
            assert scrutiny.turning.said["parts"][0].text(language).text in page.replace("\n", " ")


def quantiles(*rows):
    return pd.DataFrame(rows, columns=["quantile", "estimate", "conf_low", "conf_high"])


@pytest.mark.parametrize("outcome", [RestrictedMean(20), Within(8)])
def test_a_slowest_tenth_that_waits_longer_is_said_beside_a_shorter_mean(times, outcome):
    wait = infer(GroupTime()(design_of(times, outcome)).overall(), BiasReduced())
    said = say_tail(quantiles((0.5, -2.0, -3.0, -1.0), (0.9, 3.0, 1.0, 5.0)), wait)
    assert [str(message) for message in said] == [
        "Yet it took 3 calendar days longer until 90% of the applications were decided."
    ]
    unclear = say_tail(quantiles((0.9, 3.0, -1.0, 5.0)), wait)
    assert "the interval holds zero" in str(unclear[0])
    assert say_tail(quantiles((0.5, -2.0, -3.0, -1.0), (0.9, np.nan, -1.0, np.inf)), wait) == ()


def test_round_days_that_nobody_promised_are_looked_at():
    rng = np.random.default_rng(1)
    days = np.where(rng.random(4000) < 0.12, 14, rng.integers(1, 25, 4000))
    received = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 300, 4000), unit="D")
    frame = pd.DataFrame({"case": [f"c{i}" for i in range(4000)], "office": "O1", "status": "granted"})
    frame = frame.assign(received=received, decided=received + pd.to_timedelta(days, unit="D"))
    extract = read_exports(frame, as_of="2024-12-31", selection="received")
    check = heaping(measure(extract, WorkCalendar.indonesia(), clock="calendar_days"))
    assert check.verdict == "fails"
    assert "14 days" in check.answer
    heaps = [str(heap) for heap in check.table["heap"]]
    assert not any("30" in heap for heap in heaps)  # no wait is that long
