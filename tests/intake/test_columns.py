"""Headings find their field, or the reader is asked."""

from __future__ import annotations

import pytest

from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.fields.columns import match_columns, normalised, status_meanings, synonyms

WANTED = ("case", "office", "service", "received", "decided", "status")


def test_headings_of_the_demo_find_their_fields() -> None:
    headings = [
        "No Permohonan",
        "Perangkat Daerah",
        "Jenis Izin",
        "Kecamatan",
        "Tanggal Masuk",
        "Tanggal Selesai",
        "Status",
    ]
    found = match_columns(headings, WANTED)
    assert list(found) == list(WANTED)
    assert found["decided"] == "Tanggal Selesai"


@pytest.mark.parametrize("heading", ["tgl_masuk", "Tgl. Masuk", "TGL MASUK", " tgl masuk "])
def test_case_spaces_underscores_and_dots_do_not_matter(heading: str) -> None:
    assert match_columns([heading], ["received"]) == {"received": heading}


def test_the_reader_s_word_wins_over_synonyms() -> None:
    headings = ["tgl_pengajuan", "tanggal_pengajuan", "Dinas"]
    assert match_columns(headings, ["received"], columns={"received": "tgl_pengajuan"})["received"] == "tgl_pengajuan"


def test_two_headings_for_one_field_are_refused() -> None:
    with pytest.raises(InputError, match=r"tgl_pengajuan.*tanggal_pengajuan.*columns="):
        match_columns(["tgl_pengajuan", "tanggal_pengajuan"], ["received"])


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="2 columns named 'Status'"):
        match_columns(["Status", "Status"], ["status"])
    with pytest.raises(InputError, match="2 columns named 'x'"):
        match_columns(["x", "x"], ["status"], columns={"status": "x"})


def test_an_absent_heading_says_what_was_found_and_what_is_near() -> None:
    with pytest.raises(
        InputError, match=r"no column 'Tgl Masukk'.*Did you mean 'Tgl Masuk'.*Found: 'Tgl Masuk', 'Dinas'"
    ):
        match_columns(["Tgl Masuk", "Dinas"], WANTED, columns={"received": "Tgl Masukk"})


def test_a_field_can_be_left_unused() -> None:
    assert match_columns(["status"], ["status"], columns={"status": None}) == {}


def test_the_promised_date_is_not_the_decision() -> None:
    assert "decided" not in match_columns(["d_selesai_proses"], WANTED)


def test_only_wanted_columns_enter() -> None:
    assert match_columns(["Nama Pemohon", "NIK", "tgl masuk"], WANTED) == {"received": "tgl masuk"}


@pytest.mark.parametrize("column", ["NIP", "Nama Pemohon", "officer"])
def test_columns_of_persons_cannot_be_kept(column: str) -> None:
    with pytest.raises(PrivacyError, match="identifies persons"):
        match_columns(["NIP", "Nama Pemohon"], [], keep=[column])


def test_extra_columns_keep_the_name_they_were_asked_by() -> None:
    assert match_columns(["KEC."], [], keep=["district"]) == {"district": "KEC."}
    assert match_columns(["Luas m2"], [], keep=["luas_m2"]) == {"luas_m2": "Luas m2"}


def test_the_end_of_a_course_and_of_a_case_share_a_heading() -> None:
    assert {"decided", "course_end"} <= synonyms()[normalised("tgl_selesai")]


def test_every_status_word_has_a_known_meaning() -> None:
    assert set(status_meanings().values()) == {"open", "granted", "rejected", "withdrawn"}


def test_the_state_of_a_federation_is_no_status() -> None:
    assert "status" not in match_columns(["State", "Tanggal Masuk"], ["status", "received"])


def test_what_came_in_and_what_was_issued_are_the_two_dates() -> None:
    found = match_columns(["OPD", "Berkas Masuk", "Izin Terbit"], ["received", "decided"])
    assert found == {"received": "Berkas Masuk", "decided": "Izin Terbit"}
