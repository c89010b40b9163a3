"""A start of treatment is a period of the panel, or an error that shows it; never silently "never treated"."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import DataWarning, DesignError
from asn_impact.timeline import Timeline
from asn_impact.topics.surveys.answers import ELEMENTS
from asn_impact.words import Message

MONTHS = Timeline.months(np.arange(12 * 2015, 12 * 2025))
YEARS = Timeline("year", np.arange(2015, 2025))
QUARTERS = Timeline("quarter", np.arange(4 * 2015, 4 * 2025))
HALVES = Timeline.of_length(np.arange(12 * 2015, 12 * 2025, 6), 6)
NAMES = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
FORMS: dict[str, Any] = {
    "iso": lambda d: d.isoformat(),
    "iso month": lambda d: f"{d:%Y-%m}",
    "with a time": lambda d: f"{d.isoformat()} 08:30:00",
    "with a zone": lambda d: f"{d.isoformat()}T08:30:00+07:00",
    "yyyymm": lambda d: d.year * 100 + d.month,
    "yyyymm text": lambda d: f"{d:%Y%m}",
    "yyyymm float": lambda d: float(d.year * 100 + d.month),
    "yyyymmdd": lambda d: f"{d:%Y%m%d}",
    "ddmmyyyy": lambda d: f"{d:%d%m%Y}",
    "serial": lambda d: (d - dt.date(1899, 12, 30)).days,
    "serial text": lambda d: str((d - dt.date(1899, 12, 30)).days),
    "date": lambda d: d,
    "timestamp": pd.Timestamp,
    "numpy": np.datetime64,
    "period": lambda d: pd.Period(d, "M"),
    "period of a day": lambda d: pd.Period(d, "D"),
    "words": lambda d: f"{d.day} {NAMES[d.month - 1]} {d.year}",
    "weekday": lambda d: f"Jum'at, {d.day} {NAMES[d.month - 1]} {d.year}",
    "month words": lambda d: f"{NAMES[d.month - 1]} {d.year}",
    "bulan": lambda d: f"Bulan {NAMES[d.month - 1].upper()} Tahun {d.year}",
    "short": lambda d: f"{d.day}-{NAMES[d.month - 1][:3]}-{d.year % 100:02d}",
    "roman": lambda d: f"{d.day}-{ROMAN[d.month - 1]}-{d.year}",
    "month/year": lambda d: f"{d.month:02d}/{d.year}",
}
SLASHED = {"day first": "%d/%m/%Y", "two digits": "%d/%m/%y", "dotted with a time": "%d.%m.%Y 08.30"}
DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2024, 12, 31))


def month_step(line: Timeline, value: Any) -> float:
    return float(line.place([value]).steps[0])


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(day=DAYS)
def test_a_start_in_any_form_is_its_period_on_every_frequency(form: str, day: dt.date) -> None:
    value, month = FORMS[form](day), 12 * day.year + day.month - 1
    expected = {
        "month": (MONTHS, month - 12 * 2015, False),
        "quarter": (QUARTERS, month // 3 - 4 * 2015, bool(month % 3)),
        "half": (HALVES, month // 6 - 2 * 2015, bool(month % 6)),
        "year": (YEARS, day.year - 2015, bool(month % 12)),
    }
    for name, (line, step, inside) in expected.items():
        placed = line.place([value])
        last = inside and step == len(line) - 1
        assert placed.steps[0] == (np.inf if last else step), name
        assert (placed.partly[0] == step) == inside, name


@pytest.mark.parametrize("form", SLASHED)
@settings(max_examples=25, deadline=None)
@given(day=DAYS)
def test_the_column_tells_day_from_month(form: str, day: dt.date) -> None:
    values = [day.strftime(SLASHED[form]), dt.date(2020, 4, 25).strftime(SLASHED[form])]
    assert MONTHS.place(values).steps[0] == 12 * (day.year - 2015) + day.month - 1


@pytest.mark.parametrize(
    ("value", "year_step", "quarter_step"),
    [("TW II 2019", 4, 17), ("2019Q2", 4, 17), ("Triwulan 2 Tahun 2019", 4, 17), (pd.Period("2019Q2"), 4, 17)],
)
def test_a_quarter_is_a_start_in_quarters_and_years(value: Any, year_step: int, quarter_step: int) -> None:
    assert (month_step(YEARS, value), month_step(QUARTERS, value)) == (year_step, quarter_step)
    with pytest.raises(DesignError, match="name more time than one period"):
        MONTHS.place([value])


@pytest.mark.parametrize("value", [2019, "2019", 2019.0, pd.Period("2019", "Y"), "Tahun 2019"])
def test_a_year_is_a_start_in_years_alone(value: Any) -> None:
    placed = YEARS.place([value])
    assert (placed.steps[0], np.isnan(placed.partly[0])) == (4, True)
    for line in (MONTHS, QUARTERS, HALVES):
        with pytest.raises(DesignError):
            line.place([value])


@pytest.mark.parametrize(
    "value",
    ["abc", "2024-13", "2024-02-30", "31/04/2024", 12345, 202313, "0024-03", 5, 7.5, 2019.5, 88888, True, "sudah", "?"],
)
@pytest.mark.parametrize("line", [MONTHS, QUARTERS, HALVES, YEARS], ids=["month", "quarter", "half", "year"])
def test_what_is_no_start_is_refused_and_shown(line: Timeline, value: Any) -> None:
    with pytest.raises(DesignError, match=str(value).replace("?", r"\?")):
        line.place([value, "2019-01-01", None])


@pytest.mark.parametrize("value", [45047, "45047", 20230517, "202305", 12345.0])
def test_a_date_as_a_number_on_a_panel_of_plain_numbers_is_refused(value: Any) -> None:
    with pytest.raises(DesignError, match="far beyond the last period"):
        Timeline("step", np.arange(1, 11)).place([value, 5])
    with pytest.raises(DesignError, match="plain numbers"):
        Timeline("step", np.arange(1, 11)).place(["2023-05", 5])


@pytest.mark.parametrize(
    "value", [None, np.nan, pd.NaT, pd.NA, np.inf, "", " ", "-", "Belum", "never", 9999, "9999", 0]
)
@pytest.mark.parametrize(
    "line", [MONTHS, QUARTERS, HALVES, YEARS, Timeline("step", np.arange(1, 11))], ids=lambda line: line.labels[-1]
)
def test_never_is_never_in_every_spelling(line: Timeline, value: Any) -> None:
    assert line.place([value]).steps[0] == np.inf


def test_a_day_that_fits_both_orders_is_refused_with_the_form_to_write() -> None:
    with pytest.raises(DesignError, match=r"'03/04/2019'.*Write them as 2024-03-15"):
        MONTHS.place(["03/04/2019", "05/04/2019"])


LONG = {
    "years": ["2022", "2023", "2024", "2025"],
    "quarters": [f"{y}Q{q}" for y in (2023, 2024) for q in (1, 2, 3, 4)],
    "half-years by first month": [f"{y}-{m:02d}" for y in (2022, 2023, 2024, 2025) for m in (1, 7)],
}


def long_panel(periods: list[str]) -> Any:
    rows = [
        (office, period, 3 + 0.5 * (office < "C" and period >= "2024") + 0.01 * i)
        for office in "ABCDEFGH"
        for i, period in enumerate(periods)
    ]
    frame = pd.DataFrame(rows, columns=["office", "p", "y"])
    return ai.read_panel(frame, unit="office", period="p", outcome="y")


@pytest.mark.filterwarnings("ignore:The periods")
@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("start", ["2024-02", "2024-03-28", pd.Period("2024-03", "M")], ids=str)
def test_a_course_inside_a_long_period_never_makes_it_the_reference(name: str, start: Any) -> None:
    panel = long_panel(LONG[name])
    rollout = ai.Rollout(pd.Series({"A": start, "B": start}), label="x")
    design = ai.assign(panel, rollout, cluster="office")
    for estimator in (ai.GroupTime(), ai.Imputation()):
        assert estimator(design).overall().estimate == pytest.approx([0.5])
    at = panel.timeline.labels.index(next(p for p in LONG[name] if p.startswith("2024")))
    assert design.treated()[:2, at].all()
    assert not design.panel.observed[:2, at].any()
    assert design.panel.observed.sum() == panel.observed.sum() - 2
    assert [n for n in design.notes if n.key == "designs.partly_treated"]
    kept = ai.assign(panel, rollout, cluster="office", partly="treated")
    assert kept.panel.observed.all()


@pytest.mark.filterwarnings("ignore:The periods")
def test_notes_and_the_table_of_groups_speak_of_the_periods_of_the_panel() -> None:
    inside_a_month = Message("training.partly_treated", n=2)
    rule = Message("training.rule", when="its month", what="a course")
    rollout = ai.Rollout(pd.Series({"A": "2024-03-28", "B": "2024-03-28"}), "x", (inside_a_month, rule))
    halves = ai.assign(long_panel(LONG["half-years by first month"]), rollout, cluster="office")
    said = " ".join(map(str, halves.notes))
    assert "ended inside a month, so inside a half-year. Unless that half-year is left out" in said
    assert "Here it is the half-year that holds this month." in said
    assert "the month they count as trained from" not in said
    below = str(ai.tables.descriptive(halves.panel, halves).note_below)
    assert "A wave is shown without the half-year that its course reached only in part" in below
    whole = ai.assign(halves.panel, ai.Rollout(pd.Series({"A": "2024-01", "B": "2024-01"})), cluster="office")
    assert "in part" not in str(ai.tables.descriptive(whole.panel, whole).note_below)


@pytest.mark.parametrize("start", ["2024", "2024-01", "2024-01-15"])
def test_a_start_at_the_beginning_of_a_period_leaves_no_cell_out(start: str) -> None:
    design = ai.assign(long_panel(LONG["years"]), ai.Rollout(pd.Series({"A": start, "B": start})), cluster="office")
    assert design.panel.observed.all()
    assert design.adopted[:2].tolist() == [2.0, 2.0]


@pytest.mark.filterwarnings("ignore:The periods")
@pytest.mark.parametrize(
    ("periods", "ready"),
    [
        (["2022", "2023", "2024", "2025"], ["2022", "2023", "2024", "2025"]),
        (
            [f"TW {q} {y}" for y in (2023, 2024) for q in ("I", "II", "III", "IV")],
            [f"{y}Q{q}" for y in (2023, 2024) for q in (1, 2, 3, 4)],
        ),
        (
            [f"Semester {s} {y}" for y in (2022, 2023, 2024, 2025) for s in ("I", "II")],
            [f"{y}-{m}" for y in (2022, 2023, 2024, 2025) for m in ("01", "07")],
        ),
    ],
    ids=["years", "quarters", "half-years"],
)
def test_ready_panels_and_published_surveys_date_a_course_alike(periods: list[str], ready: list[str]) -> None:
    rows = [
        (o, p, r, 60, 3 + 0.5 * (o < "C" and r >= "2024"))
        for o in "ABCDEFGH"
        for p, r in zip(periods, ready, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["office", "p", "r", "n", "x"])
    survey = ai.read_survey_aggregates(
        frame.drop(columns=["x", "r"]).assign(**dict.fromkeys(ELEMENTS, frame["x"])), period="p", respondents="n"
    )
    panels = [
        ai.satisfaction_panel(survey, "waktu"),
        ai.read_panel(frame, unit="office", period="r", outcome="x"),
    ]
    rollout = ai.Rollout(pd.Series({"A": pd.Period("2024-02", "M"), "B": pd.Period("2024-02", "M")}), label="x")
    one, two = (ai.assign(panel, rollout, cluster="office") for panel in panels)
    assert one.panel.timeline.labels == two.panel.timeline.labels
    assert one.table()["wave"].tolist() == two.table()["wave"].tolist()
    for design in (one, two):
        assert ai.GroupTime()(design).overall().estimate == pytest.approx([0.5])


def test_a_course_in_the_last_period_is_said_and_its_cell_left_out() -> None:
    panel = long_panel(LONG["years"])
    with pytest.warns(DataWarning, match="inside the last period"):
        design = ai.assign(panel, ai.Rollout(pd.Series({"A": "2024-02", "B": "2025-03"})), cluster="office")
    assert design.adopted[:2].tolist() == [2.0, np.inf]
    assert not design.panel.observed[1, 3]


@pytest.mark.parametrize("form", ["{r}/{y}", "{y}-{r}", "{r} {y}", "{y}-{n}", "{n}/{y}"])
@pytest.mark.parametrize(("line", "parts"), [(QUARTERS, 4), (HALVES, 2)], ids=["quarter", "half"])
def test_a_number_beside_the_year_that_may_be_a_month_or_a_quarter_is_asked_about(
    form: str, line: Timeline, parts: int
) -> None:
    values = [form.format(r=ROMAN[n - 1], n=n, y=2019) for n in range(1, parts + 1)]
    with pytest.raises(DesignError, match=r"can be months or"):
        line.place([*values, None])
    proof = form.format(r="XI", n=11, y=2020)  # a month: then all of them are
    assert line.place([values[0], proof]).steps[0] == 4 * parts
    assert YEARS.place(values).steps[0] == 4
    assert MONTHS.place(values).steps[0] == 48


@pytest.mark.parametrize(
    "value", ["Tahun 2019", "TA 2019", "thn. 2019", "Jum\u2019at, 1 Maret 2019", "Triwulan Kedua 2019"]
)
def test_more_ways_of_writing_a_start(value: str) -> None:
    assert month_step(YEARS, value) == 4
