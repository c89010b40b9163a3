"""Identifiers of persons are found however they are written, and ordinary numbers are left alone."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from asn_impact.errors import AsnImpactError, PrivacyError
from asn_impact.identifiers import hidden, identifiers_in, names_in
from asn_impact.intake.readers.rollout import read_rollout_from_status
from asn_impact.measures.panel import read_panel
from asn_impact.reporting.gate import release

from .spellings import KINDS, identifiers, ordinary, spellings
from .spellings_again import identifiers_again, ordinary_again

FALSE_ALARMS = 1e-4


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_an_identifier_is_found_in_every_spelling(kind: str, seed: int) -> None:
    assert len(spellings()) >= 56
    texts = [(name, text) for k, name, text in identifiers(seed, 3) if k == kind]
    assert [pair for pair in texts if not identifiers_in(pair[1])] == []


def test_what_is_hidden_holds_no_identifier_any_more() -> None:
    shown = [hidden(text) for _, _, text in identifiers(3, 2)]
    assert [text for text in shown if identifiers_in(text)] == []


def test_ordinary_numbers_raise_fewer_than_one_false_alarm_in_ten_thousand() -> None:
    n = 30_000
    false = [text for text in ordinary(4, n) if identifiers_in(text)]
    assert len(false) < FALSE_ALARMS * n + 1, false


@pytest.mark.parametrize(
    "text",
    [
        "a.n. Dr. Contoh Nama, S.H., M.Si.",
        "Contoh Nama, S.H.",
        "CONTOH NAMA, S.Kom., M.M.",
        "atas nama Contoh Nama",
        "a/n Contoh",
        "an. Contoh Nama",
        "Bapak Contoh",
        "Ibu Hj. Contoh Nama",
        "Sdr. Contoh",
        "hubungi Pak Contoh",
        "dr. Contoh Nama, Sp.A.",
        "drg. Contoh",
        "Ir. H. Contoh Nama",
        "izin untuk Prof. Dr. Contoh",
    ],
)
def test_a_name_beside_a_title_is_found(text: str) -> None:
    assert names_in(text)
    assert "Contoh" not in hidden(text, names=True)
    with pytest.raises(PrivacyError):
        release(f'office,days\n"{text}",7.5\n', "t.csv")


@pytest.mark.parametrize(
    "text",
    [
        "RSUD dr. Contoh Nama",
        "RSUD H. Contoh Nama",
        "Jl. Ir. H. Juanda",
        "a.n. Bupati",
        "a.n. Kepala Dinas",
        "Bapak/Ibu Pemohon",
        "Dinas Pendidikan, Pemuda, dan Olahraga",
        "Dinas Penanaman Modal dan PTSP",
        "Rumah Sakit Ibu dan Anak",
        "Izin Praktik Dokter (SIP), Sarana A",
        "Callaway, B. and Sant'Anna, P. H. C. (2021)",
        "Table 2, M = 3",
        "Perda No. 3 Tahun 2020, Pasal 4",
    ],
)
def test_offices_streets_and_posts_are_no_names(text: str) -> None:
    assert names_in(text) == ()


def test_no_door_says_an_identifier_in_its_refusal() -> None:
    person = "9902" + "1445" + "0190" + "0003"
    twice = pd.DataFrame({"unit": [person, person], "month": ["2024-01"] * 2, "y": [1.0, 2.0], "d": [0, 1]})
    doors = (
        lambda: read_panel(twice, unit="unit", period="month", outcome="y"),
        lambda: read_rollout_from_status(twice, unit="unit", period="month", treated="d"),
        lambda: read_panel(twice, unit=person, period="month", outcome="y"),
    )
    for door in doors:
        with pytest.raises(AsnImpactError) as refused:
            door()
        for language in ("id", "en"):
            assert person not in refused.value.text(language)
        assert person not in str(refused.value)


@pytest.mark.parametrize("seed", [2, 3])
def test_spellings_of_somebody_else_are_found_too(seed: int) -> None:
    missed = [(kind, way, text) for kind, way, text in identifiers_again(seed, 5) if not identifiers_in(text)]
    assert missed == []


def test_ordinary_numbers_of_somebody_else_raise_fewer_than_one_false_alarm_in_ten_thousand() -> None:
    false = [text for text in ordinary_again(2026, 20_000) if identifiers_in(text)]
    assert len(false) < 2, false


@pytest.mark.parametrize("part", ["4|", "1 ", "Dr. ", "Ibu ", "0812 3456 7890 ", "NIK ", "a.n. Dr. ", "x@y", "B 1"])
def test_a_cell_of_a_hundred_thousand_signs_is_looked_through_in_seconds(part: str) -> None:
    began = time.process_time()
    hidden(part * (100_000 // len(part)), names=True)
    assert time.process_time() - began < 6
