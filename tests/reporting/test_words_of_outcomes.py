"""Outcomes that every evaluation names are spoken of in words, others by the name of their column."""

from __future__ import annotations

import pytest

from asn_impact.measures.outcomes import Mean, Score, Share
from asn_impact.reporting.words import finding_message
from asn_impact.scrutiny.grade import Grade
from asn_impact.study.measured import days_between
from asn_impact.topics.surveys.answers import ELEMENTS, IKM
from asn_impact.words import Language, languages


def _said(outcome: object, language: Language) -> str:
    message = finding_message(outcome, estimate=0.2, low=0.1, high=0.3, level=0.95, grade=Grade("B", (), ()))
    return message.text(language).text


@pytest.mark.parametrize("name", [IKM, *ELEMENTS])
def test_the_index_and_every_element_have_words_in_both_languages(name: str) -> None:
    words = Score(name, "points (1 to 4)").words
    assert words.label["en"] != f"Score {name}"
    assert words.label["id"] != words.label["en"]
    assert [words.unit.text(language) for language in ("id", "en")] == ["poin (1 sampai 4)", "points (1 to 4)"]


def test_a_promise_kept_is_a_share_of_applications() -> None:
    said = _said(Share("kept"), "en")
    assert said.startswith("Training raised the share of applications decided within the promised time by 20.0 ")
    assert _said(Share("kept"), "id").startswith(
        "Pelatihan menaikkan bagian permohonan yang diputuskan dalam waktu yang dijanjikan sebesar 20,0 "
    )


def test_satisfaction_is_told_with_its_element() -> None:
    assert _said(Score("waktu"), "en").startswith("Training raised the score for time to completion (U3) by 0.20")
    assert _said(Score("waktu"), "id").startswith("Pelatihan menaikkan nilai waktu penyelesaian (U3) sebesar 0,20")


def test_complaints_and_facilities_are_named_without_a_number() -> None:
    """The regulation and its questionnaire number these two in opposite ways."""
    for name in ("pengaduan", "sarana"):
        assert not any(f"U{k}" in text for text in map(Score(name).words.label.text, languages()) for k in (8, 9))


def test_other_columns_keep_their_names() -> None:
    assert Share("digital").words.label["en"] == "Share digital (%)"
    assert Score("answer").words.label["en"] == "Score answer"
    assert Mean("waktu").words.label["en"] == "waktu"  # a ready panel's column is no element of a survey


def test_days_between_two_dates_are_called_in_the_order_in_which_they_are_counted() -> None:
    measure = days_between("Rencana Selesai", "Realisasi Selesai", 60)
    assert str(measure.words.short.text("en")) == "days from Rencana Selesai to Realisasi Selesai"
    assert str(measure.words.short.text("id")) == "hari dari Rencana Selesai sampai Realisasi Selesai"
    assert measure.column == "Realisasi Selesai - Rencana Selesai"
