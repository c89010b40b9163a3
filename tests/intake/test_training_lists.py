"""Training lists as offices write them: headings, dates, who passed, and what cannot be told."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError

PERSONS = [f"19870101201101{1001 + i}" for i in range(40)]


def people(n: int = 4, **columns: Any) -> pd.DataFrame:
    rows = {"NIP": PERSONS[:n], "Unit Kerja saat Pelatihan": ["Dinas A", "Dinas B"] * (n // 2), "Diklat": "E-Gov"}
    return pd.DataFrame({**rows, "Tanggal Selesai": "25/03/2024", **columns})


def months(rollout: ai.Rollout) -> dict[str, str]:
    return rollout.adopted.astype(str).to_dict()


def share(rollout: ai.Rollout) -> dict[str, float]:
    assert rollout.doses is not None
    return dict(zip(rollout.doses["office"], rollout.doses["share"], strict=True))


STAFF = {"Dinas A": 2, "Dinas B": 2}


def test_usual_headings_are_known() -> None:
    rows = pd.DataFrame(
        {
            "No": [1, 2],
            "Unit Layanan": ["Dinas A", "Dinas B"],
            "Judul Pelatihan": "Bimtek SPBE",
            "Tanggal Pelaksanaan": ["4-8 Maret 2024 (5 hari)", "28, 29 Februari, 1 Maret 2024"],
        }
    )
    assert months(ai.read_training(rows, course="spbe")) == {"Dinas A": "2024-03", "Dinas B": "2024-03"}


def test_a_usual_heading_is_used_only_where_no_better_one_is_there() -> None:
    rows = pd.DataFrame(
        {
            "OPD": ["Dinas A"],
            "Unit Layanan": ["Loket 1"],
            "Tanggal Pelaksanaan": "1 Mei 2024",
            "Tanggal Selesai": "3 Juni 2024",
        }
    )
    assert months(ai.read_training(rows)) == {"Dinas A": "2024-06"}


@pytest.mark.parametrize("heading", ["Keterangan", "KET.", "Status", "Status Kelulusan", "Hasil Evaluasi", "Predikat"])
def test_who_passed_is_found_by_its_words(heading: str) -> None:
    rollout = ai.read_training(people(**{heading: ["Lulus", "Tidak lulus", "LULUS", "Lulus"]}), staff=STAFF)
    assert share(rollout) == {"Dinas A": 1.0, "Dinas B": 0.5}


def test_other_words_under_that_heading_say_nothing_of_passing() -> None:
    rollout = ai.read_training(people(Keterangan=["undangan", "1", "", "gelombang 2"]), staff=STAFF)
    assert share(rollout) == {"Dinas A": 1.0, "Dinas B": 1.0}
    assert any("No known word of passing stands in 'Keterangan'" in note for note in rollout.notes)


@pytest.mark.parametrize(
    ("heading", "word"),
    [
        ("Keterangan", "Remedial"),
        ("Hasil", "Lulus bersyarat"),
        ("Ket. Kelulusan", "Lulus / Gagal"),
        ("Keterangan", "Hadir (panitia)"),
        ("Ket. Kelulusan", "Lulus (belum)"),
    ],
)
def test_a_word_that_is_not_known_does_not_make_everybody_pass(heading: str, word: str) -> None:
    rows = people(**{heading: ["Lulus", "Tidak Lulus", word, "Tidak Lulus"]})
    with pytest.raises(InputError, match=r"holds words that are not known.*passed_words=") as caught:
        ai.read_training(rows)
    assert f"'{word}': \"failed\"" in str(caught.value)
    assert share(ai.read_training(rows, staff=STAFF, passed_words={word: "failed"})) == {"Dinas A": 0.5}
    assert share(ai.read_training(rows, staff=STAFF, passed_words={word.upper(): "passed"})) == {"Dinas A": 1.0}


def test_what_a_word_means_is_passed_or_failed() -> None:
    with pytest.raises(InputError, match="passed_words"):
        ai.read_training(people(Hasil="Remedial"), passed_words={"Remedial": "gugur"})


@pytest.mark.parametrize(
    "word", ["Gugur", "TL", "Tidak Hadir", "Mengundurkan diri", "Panitia", "Narasumber", "Tidak Lulus (susulan)", "BK"]
)
def test_who_failed_stayed_away_or_taught_did_not_pass(word: str) -> None:
    rollout = ai.read_training(people(Keterangan=["Lulus", word, "Lulus (susulan)", word]), staff=STAFF)
    assert share(rollout) == {"Dinas A": 1.0}
    assert any("Remarks in brackets" in note and "'Lulus (susulan)'" in note for note in rollout.notes)


def test_of_two_columns_the_one_that_says_who_passed_counts() -> None:
    rows = people(Status=["Hadir", "Hadir", "PNS", "Hadir"], Keterangan=["Lulus", "Gugur", "Lulus", "Gugur"])
    assert share(ai.read_training(rows, staff=STAFF)) == {"Dinas A": 1.0}


def test_a_column_that_marks_only_who_failed_is_asked_about() -> None:
    failed = people(Keterangan=["", "Tidak lulus", "", ""])
    with pytest.raises(InputError, match=r"marks some persons only \('Tidak lulus'\).*columns=\{\"passed\": None\}"):
        ai.read_training(failed)
    assert share(ai.read_training(failed, staff=STAFF, columns={"passed": None})) == {"Dinas A": 1.0, "Dinas B": 1.0}


def test_attendance_under_any_heading_is_not_passing() -> None:
    rows = people(Keterangan=["Hadir", "Tidak hadir", "Hadir", "Hadir"])
    with pytest.raises(InputError, match="completion='attended'"):
        ai.read_training(rows)
    assert share(ai.read_training(rows, staff=STAFF, completion="attended")) == {"Dinas A": 1.0, "Dinas B": 0.5}


def test_an_empty_end_has_the_start_of_the_course() -> None:
    rows = people(**{"Tanggal Mulai": ["20/03/2024"] * 4, "Tanggal Selesai": ["25/03/2024", "", "25/03/2024", ""]})
    with pytest.warns(DataWarning, match="2 training rows have no end date: their start"):
        rollout = ai.read_training(rows)
    assert months(rollout) == {"Dinas A": "2024-03", "Dinas B": "2024-03"}


def test_without_a_start_nobody_becomes_a_control_in_silence() -> None:
    with pytest.warns(DataWarning, match="1 offices have only training rows without an end date: 'Dinas B'"):
        ai.read_training(people(**{"Tanggal Selesai": ["25/03/2024", "", "25/03/2024", ""]}))
    many = people(40, **{"Tanggal Selesai": ["25/03/2024"] * 20 + [""] * 20})
    with pytest.raises(InputError, match="20 of 40 completions have no end date"):
        ai.read_training(many)
    with pytest.raises(InputError, match=r"Written there: '25 Mrt. … 2024'"):
        ai.read_training(people(**{"Tanggal Selesai": ["25/03/2024", "25 Mrt. Maart 2024"] * 2}))


@pytest.mark.parametrize(
    "label",
    [
        "Semua OPD",
        "seluruh Perangkat Daerah",
        "OPD se-Kabupaten Batanghari",
        "Seluruh kecamatan",
        "All offices",
        "Se-Kabupaten",
    ],
)
def test_all_offices_at_once_are_no_office(label: str) -> None:
    rows = people(**{"Unit Kerja saat Pelatihan": ["Dinas A", label] * 2})
    with pytest.raises(InputError, match="That is no office") as caught:
        ai.read_training(rows)
    assert f'offices={{"{label}": "-"}}' in str(caught.value)
    assert months(ai.read_training(rows, offices={label: "-"})) == {"Dinas A": "2024-03"}


def test_one_whole_number_that_ends_in_zeros_is_no_damage() -> None:
    rows = people(NIP=[p[:-3] + f"{i:03d}" for i, p in enumerate(PERSONS[:4])])
    assert months(ai.read_training(rows)) == {"Dinas A": "2024-03", "Dinas B": "2024-03"}
    with pytest.raises(InputError, match="4 numbers of persons were damaged"):
        ai.read_training(people(NIP=[f"1987010120110{i}1000" for i in range(4)]))


@pytest.mark.parametrize("answered", ["Dinkes", "DINKES", "dinkes."])
def test_an_answer_for_an_office_holds_in_the_list_and_its_staff_in_every_spelling(answered: str) -> None:
    frame = pd.DataFrame(
        {"office": ["DINKES", "Dinkes"], "course": "SOP", "course_end": ["2024-03-14", "2024-05-14"], "passed_count": 3}
    )
    rollout = ai.read_training(frame, share=0.5, staff={"dinkes": 10}, offices={answered: "Dinas Kesehatan"})
    assert rollout.adopted.to_dict() == {"Dinas Kesehatan": pd.Period("2024-05", "M")}


@pytest.mark.parametrize("heading", ["Jumlah Peserta", "Peserta", "jumlah_orang", "Participants", "Alumni"])
def test_a_share_never_counts_a_row_of_many_persons_as_one(heading: str) -> None:
    frame = pd.DataFrame(
        {
            "OPD": ["A", "B"],
            "Tanggal Selesai": ["13/03/2023", "14/03/2023"],
            heading: [12, 3],
            "Pegawai": [20, 20],
        }
    )
    columns = {"staff": "Pegawai"}
    with pytest.raises(InputError, match="would count as one person"):
        ai.read_training(frame, share=0.5, columns=columns)
    if heading != "Peserta":  # what is answered goes the same way for every heading
        return
    read = ai.read_training(frame, share=0.5, columns={**columns, "passed_count": heading})
    assert read.adopted.to_dict() == {"A": pd.Period("2023-03", "M"), "B": pd.NaT}
    each = ai.read_training(frame, share=0.5, columns={**columns, "passed_count": None})
    assert each.adopted.isna().all()
    assert not ai.read_training(frame).adopted.isna().any()  # the first completion asks for no number


def test_names_in_a_column_of_participants_are_no_numbers() -> None:
    frame = pd.DataFrame({"OPD": ["A"] * 3, "Tanggal Selesai": ["13/03/2023"] * 3, "Peserta": ["Budi", "Ani", "Eka"]})
    assert ai.read_training(frame, share=0.5, staff={"A": 4}).adopted["A"] == pd.Period("2023-03", "M")


def _started(written: str, asked: str) -> tuple[set[str], set[str]]:
    frame = pd.DataFrame(
        {"OPD": ["A", "B"], "Pelatihan": [asked, written], "Tanggal Selesai": ["13/03/2023", "14/03/2023"]}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        read = ai.read_training(frame, course=asked)
    return set(read.adopted.dropna().index), {note.key for note in read.notes}


@pytest.mark.parametrize(
    "written", ["Manajemen  Proyek", "MANAJEMEN-PROYEK", "Diklat Manajemen Proyek\u200b II", "Manajemen\u00a0Proyek"]
)
def test_a_course_counts_in_every_spelling_that_no_eye_tells_apart(written: str) -> None:
    assert _started(written, "Manajemen Proyek")[0] == {"A", "B"}


@pytest.mark.parametrize("written", ["Menajemen Proyek", "Manajmen Proyek", "Pelatihan Manajemem Proyek, angkatan 2"])
def test_a_course_with_a_slip_is_not_left_out_unsaid(written: str) -> None:
    offices, keys = _started(written, "Manajemen Proyek")
    assert "B" in offices or "training.nearly_chosen" in keys


@pytest.mark.parametrize("written", ["Manajemen Risiko", "Proyek", "Pelayanan Prima", "SOP"])
def test_another_course_is_not_taken_for_a_slip(written: str) -> None:
    offices, keys = _started(written, "Manajemen Proyek")
    assert offices == {"A"}
    assert "training.nearly_chosen" not in keys


@pytest.mark.parametrize(
    "label", ["Dinas Kesehatan / Dinas Sosial", "Dinas Kesehatan dan Dinas Sosial", "Dinkes, Dinsos", "Dinkes & Dinsos"]
)
def test_two_offices_in_one_cell_are_refused_with_the_line_to_write(label: str) -> None:
    frame = pd.DataFrame(
        {"office": [label, "Bappeda"], "course": "E-Gov", "course_end": ["2024-03-05"] * 2, "passed_count": [4, 3]}
    )
    with pytest.raises(InputError, match="name several offices at once"):
        ai.read_training(frame)
    assert "Dinas Gabungan" in ai.read_training(frame, offices={label: "Dinas Gabungan"}).adopted.index


@pytest.mark.parametrize(
    "label",
    [
        "Dinas Pertanian dan Ketahanan Pangan",
        "Dinas Pemberdayaan Masyarakat dan Desa",
        "Dinas Perumahan, Kawasan Permukiman dan Pertanahan",
        "DPMPTSP",
        "Badan Perencanaan Pembangunan, Penelitian dan Pengembangan Daerah",
    ],
)
def test_a_long_name_of_one_office_is_one_office(label: str) -> None:
    frame = pd.DataFrame({"office": [label], "course": "E-Gov", "course_end": ["2024-03-05"], "passed_count": [4]})
    assert ai.read_training(frame).adopted.index.tolist() == [label]


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize(
    ("heading", "as_file"),
    [
        ("Info", False),
        ("Kolom7", True),
        ("Ket.", False),
        ("Catatan Panitia", False),
        ("Nilai Akhir", True),
        ("X", False),
    ],
)
def test_who_passed_is_found_by_its_words_under_any_heading(heading: str, as_file: bool, tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "NIP": [f"198709102011{i:06d}" for i in range(12)],
            "OPD": ["Dinas A", "Dinas B"] * 6,
            "Tanggal Selesai Pelatihan": "2024-03-01",
            heading: ["Lulus", "Tidak Lulus"] * 6,
        }
    )
    rows.to_csv(tmp_path / "a.csv", index=False)
    source = tmp_path / "a.csv" if as_file else rows
    assert ai.read_training(source).adopted.index.tolist() == ["Dinas A"]
    rows.loc[3, heading] = "Remedial"
    rows.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match="Remedial"):
        ai.read_training(source)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
def test_a_remark_that_speaks_of_another_exam_says_nothing_of_who_passed() -> None:
    rows = pd.DataFrame(
        {
            "NIP": [f"198709102011{i:06d}" for i in range(4)],
            "OPD": ["Dinas A", "Dinas B"] * 2,
            "course_end": "2024-03-01",
            "Info": ["lulus S1 tahun 2019", "pindahan", "", "Lulus"],
        }
    )
    assert ai.read_training(rows).adopted.index.tolist() == ["Dinas A", "Dinas B"]
