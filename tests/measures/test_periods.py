"""Quarters, half-years and years: a period is the records of its months, and enters when it is over."""

import warnings

import numpy as np
import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.intake.readers.exports import read_exports
from asn_impact.intake.readers.observations import read_observations
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.measures.durations import measure
from asn_impact.measures.outcomes import CompletionCurve, Count, RestrictedMean, Score
from asn_impact.measures.tabulate import LENGTHS, tabulate
from asn_impact.words import verbatim

LABELS = {"quarter": "2024Q3", "half_year": "2024-07", "year": "2024"}


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"office": rng.choice(["O1", "O2"], 900), "score": rng.normal(3, 1, 900)})
    frame["at"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 800, 900), unit="D")
    return frame, read_observations(frame, as_of="2025-03-20", date="at", numbers=["score"])


@pytest.mark.parametrize("per", LABELS)
def test_a_period_is_the_mean_of_its_records(answers, per):
    frame, observations = answers
    panel = tabulate(observations, Score("score"), per=per)
    first = frame["at"].dt.year * 12 + frame["at"].dt.month - 1
    groups = frame.groupby(["office", first - first % LENGTHS[per]])["score"]
    kept = panel.timeline.period_months
    assert kept == LENGTHS[per]
    assert LABELS[per] in panel.timeline.labels
    means = groups.mean().unstack().to_numpy()[:, : len(panel.timeline)]
    assert panel.mean == pytest.approx(means)
    assert panel.n.sum() == groups.size().unstack().to_numpy()[:, : len(panel.timeline)].sum()
    assert len(panel.immature) == 1  # the period of March 2025 is not over


def test_a_period_waits_until_all_its_cases_were_followed():
    received = pd.to_datetime(["2024-01-03", "2024-06-28", "2024-08-01"])
    frame = pd.DataFrame({"case": list("abc"), "office": "O1", "status": "granted", "received": received})
    times = measure(read_exports(frame.assign(decided=received), as_of="2024-12-31"), WorkCalendar.indonesia())
    assert tabulate(times, RestrictedMean(30), per="half_year").timeline.labels == ("2024-01", "2024-07")
    late = measure(read_exports(frame.assign(decided=received).head(2), as_of="2024-07-03"), WorkCalendar.indonesia())
    with pytest.raises(Exception, match="No month can answer"):
        tabulate(late, RestrictedMean(30), per="half_year")
    counted, curve = tabulate(times, [Count(), CompletionCurve(30)], per="quarter")
    assert counted.mean.tolist() == [[1.0, 1.0, 1.0]]
    assert curve.timeline.labels == ("2024Q1", "2024Q2", "2024Q3")


def test_a_measure_can_have_a_name_of_the_studys_own():
    label = verbatim({"id": "waktu jawab aduan", "en": "wait for an answer"})
    words = RestrictedMean(30, label=label).words
    assert words.short.text("id") == "waktu jawab aduan"
    assert str(words.label) == "wait for an answer (working days)"
    assert "wait for an answer" in str(words.fell)
    assert RestrictedMean(30, label=label) != RestrictedMean(30)
    assert hash(Score("x", label=label)) == hash(Score("x", label=label))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    "numbers",
    [
        [(day - pd.Timestamp("1899-12-30")).days for day in pd.date_range("2023-01-01", periods=12, freq="MS")],
        [(day - pd.Timestamp("1899-12-30")).days for day in pd.date_range("2023-01-31", periods=12, freq="ME")],
        [int(day.timestamp()) for day in pd.date_range("2023-01-01", periods=12, freq="MS")],
        [int(day.timestamp()) * 1000 for day in pd.date_range("2023-01-01", periods=12, freq="MS")],
        [int(f"{day:%Y%m%d}") for day in pd.date_range("2023-01-01", periods=12, freq="MS")],
    ],
    ids=["excel first", "excel last", "seconds", "milliseconds", "yyyymmdd"],
)
def test_days_written_as_numbers_are_no_steps(numbers: list[int], text: bool) -> None:
    periods = [str(n) for n in numbers] if text else numbers
    frame = pd.DataFrame({"office": "A", "period": periods, "days": range(12)})
    try:
        panel = ai.read_panel(frame, unit="office", period="period", outcome="days")
    except InputError:
        return  # said
    assert panel.timeline.labels == tuple(f"2023-{month:02d}" for month in range(1, 13))


@pytest.mark.filterwarnings("ignore:The periods")
def test_steps_and_yearly_months_stay_what_they_are() -> None:
    for periods in ([1, 2, 3], [0, 50, 100], [202301, 202401, 202501], [30000, 30001, 30002], [2021, 2022, 2023]):
        frame = pd.DataFrame({"office": "A", "period": periods, "days": range(3)})
        assert len(ai.read_panel(frame, unit="office", period="period", outcome="days").timeline) == 3


@pytest.mark.parametrize(
    ("periods", "n"),
    [
        (["2024-01", "2024-07"], 6),
        ([202401, 202407], 6),
        (["Januari 2024", "Juli 2024"], 6),
        (list(pd.to_datetime(["2024-01-01", "2024-07-01"])), 6),
        (["2024-01", "2024-05"], 4),
        (["Semester I 2024", "Semester II 2024"], None),
        (["2024-01", "2024-02"], None),
        (["2024-02", "2024-08"], None),
    ],
)
def test_months_read_as_half_years_are_said_where_no_word_says_it(periods, n):
    frame = pd.DataFrame({"unit": ["A", "A", "B", "B"], "period": periods * 2, "days": [1.0, 2, 3, 4]})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        panel = ai.read_panel(frame, unit="unit", period="period", outcome="days")
    assert [str(one.message)[:21] for one in said] == (["The periods '2024-01'"] if n else [])
    assert [note["n"] for note in panel.notes] == ([n] if n else [])
