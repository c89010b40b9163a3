"""Numbers, months and sentences in two languages."""

from __future__ import annotations

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asn_impact as ai
from asn_impact.errors import InputError
from asn_impact.measures.outcomes import CompletionCurve, Count, Mean, RestrictedMean, Score, Share, Within
from asn_impact.reporting import tables, words
from asn_impact.reporting.prose import say_compared
from asn_impact.scrutiny.grade import Grade
from asn_impact.words import Speech, writing

SHOWN = Grade("B", (), ())
OUTCOMES = [
    RestrictedMean(30),
    Within(5),
    Share("digital"),
    Score("answer", unit="points"),
    Count(),
    Mean("l_homicide"),
]
LANGUAGES = ["id", "en"]


def finding(outcome, *, language, **found):
    return words.finding_message(outcome, **found).text(language)


@pytest.mark.parametrize(
    ("value", "decimals", "indonesian", "english"),
    [
        (1234.56, 2, "1.234,56", "1,234.56"),
        (-0.5, 1, "−0,5", "−0.5"),
        (-0.001, 1, "0,0", "0.0"),
        (0.0, 0, "0", "0"),
        (math.nan, 1, "–", "–"),
        (-math.inf, 1, "−∞", "−∞"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, decimals, indonesian, english):
    assert writing.number(value, decimals, "id") == indonesian
    assert writing.number(value, decimals, "en") == english


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_an_indonesian_number_is_the_english_one_with_marks_exchanged(value, decimals):
    english = writing.number(value, decimals, "en")
    assert writing.number(value, decimals, "id") == english.translate(str.maketrans(",.", ".,"))
    assert float(english.replace(",", "").replace("−", "-")) == pytest.approx(value, abs=0.51 * 10**-decimals)


def test_months_and_days():
    assert writing.date(dt.date(2023, 8, 17), "en") == "17 August 2023"
    assert writing.period("2024-12", "id") == "Des 2024"
    assert writing.percent(0.8831, 2, "id") == "88,31%"


def test_a_shorter_wait_is_said_with_a_positive_size_and_the_ends_in_order():
    said = finding(RestrictedMean(30), estimate=-2.1, low=-3.5, high=-0.7, level=0.95, language="id", grade=SHOWN)
    assert said.text == (
        "Pelatihan mempersingkat waktu tunggu sebesar 2,1 hari kerja (selang kepercayaan 95%: 0,7 sampai 3,5)"
    )
    longer = finding(RestrictedMean(30), estimate=2.1, low=0.7, high=3.5, level=0.9, language="en", grade=SHOWN)
    assert longer.text == "Training lengthened the wait by 2.1 working days (90% CI 0.7 to 3.5)"


def test_a_finding_without_a_grade_is_no_effect_of_training():
    said = finding(RestrictedMean(30), estimate=-2.1, low=-3.5, high=-0.7, level=0.95, language="en").text
    assert said.startswith("Among the trained, the mean waiting time fell by 2.1 working days compared with the others")
    assert said.endswith("not graded")
    indonesian = finding(RestrictedMean(30), estimate=2.1, low=0.7, high=3.5, level=0.95, language="id").text
    assert "naik sebesar 2,1 hari kerja" in indonesian
    assert indonesian.endswith("belum dinilai")


def test_a_share_moves_in_percentage_points():
    said = finding(Within(5), estimate=0.042, low=0.01, high=0.074, level=0.95, language="en", grade=SHOWN)
    assert "raised the share of applications finished within 5 working days by 4.2 percentage points" in said.text
    assert "1.0 to 7.4" in said.text


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda o: o.name)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 2.0), (-2.0, 0.0)])
def test_an_interval_that_holds_zero_is_never_told_as_an_effect(outcome, language, low, high):
    said = finding(outcome, estimate=(low + high) / 2, low=low, high=high, level=0.95, language=language).text
    assert said.startswith({"id": "Tidak ditemukan bukti yang cukup", "en": "No sufficient evidence"}[language])


@given(st.floats(-50, 50), st.floats(0.001, 40))
def test_the_direction_in_words_is_the_sign_of_the_interval(estimate, reach):
    said = finding(
        RestrictedMean(30),
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        level=0.95,
        language="en",
        grade=SHOWN,
    ).text
    assert ("shortened" in said) == (estimate + reach < 0)
    assert ("lengthened" in said) == (estimate - reach > 0)


def test_no_end_of_an_interval_that_leaves_out_zero_is_shown_as_zero():
    said = finding(RestrictedMean(30), estimate=-2.0, low=-3.97, high=-0.03, level=0.95, language="en").text
    assert "(95% CI 0.03 to 3.97)" in said


def test_undefined_is_said_and_not_shown_as_a_number():
    nan = math.nan
    said = finding(RestrictedMean(30), estimate=nan, low=nan, high=nan, level=0.95, language="en")
    assert "cannot be estimated" in said.text
    assert said.numbers == ()
    alone = finding(RestrictedMean(30), estimate=-1.0, low=nan, high=nan, level=0.95, language="en").text
    assert "cannot be computed" in alone
    assert "nan" not in alone.casefold()


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda o: o.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_in_a_finding_is_on_record(outcome, language):
    said = finding(outcome, estimate=-2.13, low=-3.5, high=-0.71, level=0.95, language=language)
    label = outcome.words.fell[language]
    digits = re.findall(r"−?\d[\d.,]*\d|\d", said.text.replace("%", ""))
    known = [q.shown.removesuffix("%") for q in said.numbers] + re.findall(r"\d+", label)
    assert all(d in known for d in digits), (digits, known)
    assert {q.source for q in said.numbers} >= {"overall.estimate", "level"}


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda o: o.name)
def test_indonesian_findings_hold_no_english(outcome):
    english = {"the", "by", "of", "training", "treatment", "days", "wait", "share", "points", "applications", "to"}
    for estimate in (-1.0, 0.0, 1.0):
        said = finding(outcome, estimate=estimate, low=estimate - 0.5, high=estimate + 0.5, level=0.95, language="id")
        assert not english & set(re.findall(r"[a-z]+", said.text.casefold()))


def test_calendar_days_are_named_as_such():
    outcome = RestrictedMean(30, counted_in="calendar days")
    assert [outcome.words.unit.text(language) for language in LANGUAGES] == ["hari kalender", "calendar days"]


def test_braces_in_a_name_are_only_braces():
    outcome = Mean("rate {x}")
    said = finding(outcome, estimate=1.0, low=0.5, high=1.5, level=0.95, language="en", grade=SHOWN)
    assert said.text.startswith("Treatment raised rate {x} by 1.00")


def test_the_glossary_has_both_languages_and_no_empty_meaning():
    for term in words.glossary().values():
        assert all(term.names.text(code) and term.meaning.text(code).endswith(".") for code in LANGUAGES)


def test_a_language_we_do_not_have_is_refused_with_the_ones_we_have():
    with pytest.raises(InputError, match="'id'"):
        words.check_language("jv")


# ------------------------------------------------------------------------- time of day, promises, surveys


@pytest.mark.parametrize(
    ("minutes", "counted", "indonesian", "english", "scale"),
    [
        (240, "working minutes", "4 jam kerja", "4 working hours", 1 / 60),
        (270, "working minutes", "4,5 jam kerja", "4.5 working hours", 1 / 60),
        (50, "working minutes", "50 menit kerja", "50 working minutes", 1.0),
        (2880, "minutes", "48 jam", "48 hours", 1 / 60),
        (30, "calendar days", "30 hari kalender", "30 calendar days", 1.0),
    ],
)
def test_minutes_are_said_in_hours_only_where_that_is_exact(minutes, counted, indonesian, english, scale):
    limit = Within(minutes, counted).limit
    assert f"{limit.shown('id')} {limit.unit['id']}" == indonesian
    assert f"{limit.shown('en')} {limit.unit['en']}" == english
    assert limit.value / limit.scale == pytest.approx(minutes)
    assert indonesian in Within(minutes, counted).words.label["id"]
    wait = RestrictedMean(minutes, counted).words
    assert wait.scale == scale
    assert wait.unit["en"] == limit.unit["en"]


def test_a_finding_in_minutes_is_said_in_hours():
    found = finding(
        RestrictedMean(2400, "working minutes"),
        estimate=-90.0,
        low=-150.0,
        high=-30.0,
        level=0.95,
        language="id",
        grade=SHOWN,
    )
    assert found.text == (
        "Pelatihan mempersingkat waktu tunggu sebesar 1,5 jam kerja (selang kepercayaan 95%: 0,5 sampai 2,5)"
    )


def test_the_day_of_a_curve_a_promise_and_a_survey_have_their_own_words():
    assert CompletionCurve(30).words.label.text("id") == Within(30).words.label.text("id")
    assert "waktu yang dijanjikan" in Share("kept").words.label["id"]
    assert Score("ikm").words.label["id"] == "IKM (25–100)"
    assert Score("waktu").words.label["id"] == "Unsur waktu penyelesaian (1–4)"
    assert Score("waktu").words.label["en"] == "Element: time to completion (1–4)"
    assert "nilai waktu penyelesaian (U3)" in Score("waktu").words.fell["id"]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_page_on_an_event_says_who_was_trained_before_it_and_counts_from_it():
    panel, rollout = ai.after_event(
        ai.example_design().panel, ai.example_rollout(), at="2024-08", event="Perbup 3/2024"
    )
    design = ai.assign(panel, rollout, cluster="office")
    said = say_compared(design)[0]
    assert "3 units received training" in said.text("en")
    assert "before Perbup 3/2024 (Aug 2024)" in said.text("en")
    assert "gelombang" not in said.text("id")
    events = ai.infer(ai.GroupTime()(design).event_study(), ai.Jackknife())
    page = tables.results([events]).html(Speech("id", ["event"]))
    assert "Bulan sejak kejadian itu" in page
    assert "Bulan sejak pelatihan" in tables.results([events]).html("id")
