"""Survey answers by label, the trap of U8 and U9, and published results that are not people."""

import numpy as np
import pandas as pd
import pytest

from asn_impact.errors import DataWarning, InputError, PrivacyError
from asn_impact.intake.fields.elements import ELEMENTS, element_of
from asn_impact.measures.outcomes import Score
from asn_impact.measures.tabulate import tabulate
from asn_impact.topics.surveys.answers import read_survey, read_survey_aggregates
from asn_impact.topics.surveys.periods import survey_period
from asn_impact.topics.surveys.satisfaction import satisfaction_panel, skm_index

AS_OF = "2024-12-31"


def answers(n=6, seed=1, **more):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({e: rng.integers(1, 5, n) for e in ELEMENTS})
    frame.insert(0, "Perangkat Daerah", [f"Dinas {i % 2}" for i in range(n)])
    frame.insert(1, "Tanggal", pd.date_range("2024-03-14", periods=n, freq="D").strftime("%d/%m/%Y"))
    return frame.assign(**more)


def index_of(survey):
    return sorted(survey.records.collect()["ikm"].to_list())


# --- elements by label ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "element"),
    [
        ("U1", "persyaratan"),
        ("Unsur 7", "perilaku"),
        ("P3", "waktu"),
        ("U3. Waktu Penyelesaian", "waktu"),
        ("Biaya/Tarif", "biaya"),
        ("Sistem, Mekanisme, dan Prosedur", "prosedur"),
        ("U8 Sarana dan Prasarana", "sarana"),
        ("U8 - Penanganan Pengaduan, Saran, dan Masukan", "pengaduan"),
        ("u9", "nomor_9"),
        ("Unsur 8", "nomor_8"),
        ("3", None),
        ("Umur", None),
        ("Pendidikan", None),
        ("Saran", None),
    ],
)
def test_an_element_is_known_by_its_label_and_by_number_up_to_seven(heading, element):
    assert element_of(heading) == element


@pytest.mark.parametrize("prefix", ["U", "Unsur ", "P"])
def test_eight_and_nine_are_never_inferred_from_the_number(prefix):
    frame = answers().set_axis(["Perangkat Daerah", "Tanggal", *(f"{prefix}{i}" for i in range(1, 10))], axis=1)
    with pytest.raises(InputError, match="Look at the questionnaire") as error:
        read_survey(frame, as_of=AS_OF)
    assert "8 pengaduan, 9 sarana" in str(error.value)
    assert "8 sarana, 9 pengaduan" in str(error.value)


def test_the_reader_settles_what_eight_and_nine_mean():
    frame = answers(40).rename(columns={"pengaduan": "U8", "sarana": "U9"})
    one = read_survey(frame, as_of=AS_OF, columns={"pengaduan": "U8", "sarana": "U9"})
    other = read_survey(frame, as_of=AS_OF, columns={"pengaduan": "U9", "sarana": "U8"})
    mean = {name: np.mean(s.records.collect()["sarana"].to_list()) for name, s in (("one", one), ("other", other))}
    assert mean["one"] == frame["U9"].mean()
    assert mean["other"] == frame["U8"].mean()
    assert index_of(one) == index_of(other)  # the index does not depend on it


def test_a_label_beside_the_number_settles_it():
    frame = answers().rename(columns={"pengaduan": "U9 Pengaduan", "sarana": "U8 Sarana dan Prasarana"})
    assert read_survey(frame, as_of=AS_OF).headings["sarana"] == "U8 Sarana dan Prasarana"


def test_an_element_without_a_column_or_with_two_is_asked_for():
    with pytest.raises(InputError, match="no column for 1 elements: 'biaya'"):
        read_survey(answers().drop(columns="biaya"), as_of=AS_OF)
    with pytest.raises(InputError, match="2 columns for 'waktu'"):
        read_survey(answers(U3=1), as_of=AS_OF)


def test_an_element_that_was_not_asked_is_left_out_of_the_index_and_said():
    frame = answers().drop(columns="biaya")
    found = read_survey(frame, as_of=AS_OF, columns={"biaya": None})
    rest = [e for e in ELEMENTS if e != "biaya"]
    assert index_of(found) == pytest.approx(sorted(frame[rest].mean(axis=1) * 25))
    assert any("not asked" in str(note) for note in found.notes)


# --- answers --------------------------------------------------------------------------------------------------


def test_the_index_of_a_respondent_is_25_times_the_mean_of_what_was_answered():
    frame = answers()
    assert index_of(read_survey(frame, as_of=AS_OF)) == pytest.approx(sorted(frame[list(ELEMENTS)].mean(axis=1) * 25))


def test_missing_answers_are_counted_and_an_empty_form_has_no_index():
    frame = answers().astype({e: object for e in ELEMENTS})
    frame.loc[0, "waktu"] = None
    frame.loc[1, list(ELEMENTS)] = ""
    frame.loc[2, "biaya"] = "-"
    with pytest.warns(DataWarning, match="11 answers are missing, most of them in waktu"):
        found = read_survey(frame, as_of=AS_OF)
    assert found.missing["waktu"] == 2
    assert found.missing["biaya"] == 2
    table = found.records.collect().to_pandas()
    assert table["ikm"].isna().sum() == 1
    assert found.ledger.kept == len(frame)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "scale from 1 to 5 is another questionnaire"),
        (0, "words={'0': None}"),
        (3.5, "read_survey_aggregates"),
        (9, "expected whole numbers from 1 to 4"),
    ],
)
def test_other_answers_than_one_to_four_stop_the_reading(value, message):
    frame = answers().astype({"waktu": float})
    frame.loc[3, "waktu"] = value
    with pytest.raises(InputError, match=message) as error:
        read_survey(frame, as_of=AS_OF)
    assert "'waktu'" in str(error.value)


def test_written_answers_are_read_when_their_meaning_is_given():
    frame = answers().astype({"waktu": object})
    frame["waktu"] = ["Sangat cepat", "cepat", "Sangat  Cepat", "Tidak tahu", "Cepat", "Cepat"]
    with pytest.raises(InputError, match="are no numbers"):
        read_survey(frame, as_of=AS_OF)
    with pytest.warns(DataWarning, match="1 answers are missing"):
        found = read_survey(frame, as_of=AS_OF, words={"sangat cepat": 4, "cepat": 3, "tidak tahu": None})
    assert sorted(v for v in found.records.collect()["waktu"].to_list() if v is not None) == [3, 3, 3, 4, 4]


def test_free_text_and_columns_of_persons_never_enter():
    frame = answers(Saran="Pak X lambat", NIK="A1", Pendidikan="S1")
    for column in ("Saran", "NIK"):
        with pytest.raises(PrivacyError):
            read_survey(frame, as_of=AS_OF, keep=[column])
    with pytest.raises(PrivacyError, match="own words"):
        read_survey(frame, as_of=AS_OF, keep=["x"], columns={"x": "Saran"})
    found = read_survey(frame, as_of=AS_OF, keep=["Pendidikan"])
    assert {"Saran", "NIK"}.isdisjoint(found.columns)
    assert "lambat" not in repr(found) + found._repr_html_()


def test_a_survey_is_tabulated_like_any_dated_record(tmp_path):
    frame = answers(60)
    frame.to_csv(tmp_path / "skm.csv", sep=";", index=False)
    found = read_survey(tmp_path / "skm.csv", as_of=AS_OF)
    panel = tabulate(found, Score("ikm"), by="office")
    month = pd.to_datetime(frame["Tanggal"], dayfirst=True).dt.month
    own = frame.assign(ikm=frame[list(ELEMENTS)].mean(axis=1) * 25).groupby(["Perangkat Daerah", month])["ikm"].mean()
    assert panel.mean == pytest.approx(own.unstack().to_numpy())
    assert found.sources[0].rows == 60
    assert found.sources[0].sha256


def test_titles_totals_and_a_second_file_are_read_and_files_that_differ_are_refused(tmp_path):
    folder = tmp_path / "skm"
    folder.mkdir()
    frame = answers(20)
    text = "REKAPITULASI SKM;;\n" + frame.to_csv(sep=";", index=False) + "JUMLAH;;" + ";".join(["9"] * 9) + "\n"
    (folder / "a.csv").write_text(text)
    (folder / "b.csv").write_text(answers(20, seed=2).to_csv(sep=";", index=False))
    found = read_survey(folder, as_of=AS_OF)
    assert found.ledger.kept == 40
    assert any("row of totals 1" in str(note) for note in found.notes)
    (folder / "b.csv").write_text(answers(20).rename(columns={"waktu": "U3"}).to_csv(sep=";", index=False))
    with pytest.raises(InputError, match=r"name the element 'waktu' differently"):
        read_survey(folder, as_of=AS_OF)


def test_a_date_that_is_not_found_is_asked_for():
    with pytest.raises(InputError, match="no column for the date"):
        read_survey(answers().rename(columns={"Tanggal": "Kapan"}), as_of=AS_OF)
    assert read_survey(answers().rename(columns={"Tanggal": "Kapan"}), as_of=AS_OF, date="Kapan").ledger.kept == 6


# --- published results ----------------------------------------------------------------------------------------


def published(**more):
    frame = pd.DataFrame(
        {"OPD": ["A", "A", "B"], "Periode": ["Semester I 2024", "Semester II 2024", "SMT 1 2024"], "n": [60, 80, 10]}
    )
    return frame.assign(**{e: ["3,25", "3,5", "4"] for e in ELEMENTS}).assign(**more)


def read(frame, **more):
    return read_survey_aggregates(frame, period="Periode", respondents="n", **more)


def test_published_results_keep_their_period_their_respondents_and_their_means():
    found = read(published())
    rows = found.frame()
    assert rows["month"].tolist() == [24288, 24294, 24288]
    assert rows["months"].tolist() == [6, 6, 6]
    assert rows["respondents"].sum() == 150
    assert rows["waktu"].tolist() == [3.25, 3.5, 4.0]


def test_published_results_are_no_people():
    assert not hasattr(read(published()), "records")  # so that tabulate() cannot count them as respondents


def test_totals_and_groups_without_respondents_are_left_out_and_counted():
    frame = published()
    more = pd.concat([frame, frame.assign(OPD="JUMLAH"), frame.assign(OPD="C", n="-")], ignore_index=True)
    with pytest.warns(DataWarning, match="no respondents 3, row of totals 3"):
        assert len(read(more).rows) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"waktu": ["0,36", "0,39", "0,4"]}, "not the weighted mean or the index"),
        ({"n": [60, 80.5, 10]}, "no whole number above 0 in 1 rows, first: row 2"),
        ({"Periode": ["Semester I 2024"] * 3}, "repeat a period of an office"),
        ({"Periode": ["2024 lama", "2023", "2024"]}, "no period that is known"),
    ],
)
def test_published_results_that_cannot_be_right_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        read(published(**change))


@pytest.mark.parametrize(
    ("text", "first", "months"),
    [
        ("2024", 24288, 12),
        (2024.0, 24288, 12),
        ("Tahun 2024", 24288, 12),
        ("Semester II Tahun 2024", 24294, 6),
        ("TW IV 2024", 24297, 3),
        ("Triwulan 2 2024", 24291, 3),
        ("2024Q3", 24294, 3),
        ("Nopember 2024", 24298, 1),
        ("2024-11", 24298, 1),
        (pd.Timestamp("2024-11-30"), 24298, 1),
    ],
)
def test_periods_as_offices_write_them(text, first, months):
    assert survey_period(text) == (first, months)


@pytest.mark.parametrize("text", ["Semester III 2024", "lama", "2023/2024", "13 2024", ""])
def test_other_periods_are_refused(text):
    with pytest.raises(InputError, match="no period that is known"):
        survey_period(text)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"keep": "Pendidikan"}, "Expected a tuple of names"),
        ({"date": 3}, "Expected a text"),
        ({"office": 3}, "Expected a text"),
    ],
)
def test_arguments_of_read_survey_are_checked(asked, message):
    with pytest.raises(InputError, match=message):
        read_survey(answers(), as_of=AS_OF, **asked)


def test_arguments_of_read_survey_aggregates_are_checked():
    with pytest.raises(InputError, match="style='1"):
        read(published(), style="1.234")
    with pytest.raises(InputError, match="Expected a text"):
        read_survey_aggregates(published(), period=1, respondents="n")


def test_an_element_known_by_its_number_is_asked_for_in_indonesian():
    with pytest.raises(InputError) as error:
        read_survey(answers().rename(columns={"pengaduan": "U8", "sarana": "U9"}), as_of=AS_OF)
    assert "nomor 8 pengaduan dan 9 sarana" in error.value.text("id")


QUESTIONS = {
    "persyaratan": "Bagaimana pendapat Saudara tentang kesesuaian persyaratan pelayanan dengan jenis pelayanannya?",
    "prosedur": "2. Bagaimana pemahaman Saudara tentang kemudahan prosedur pelayanan di unit ini?",
    "waktu": "Bagaimana pendapat Saudara tentang kecepatan waktu dalam memberikan pelayanan?",
    "biaya": "Bagaimana pendapat Saudara tentang kewajaran biaya/tarif dalam pelayanan?",
    "produk": "Bagaimana pendapat Saudara tentang kesesuaian produk pelayanan antara yang tercantum dalam standar "
    "pelayanan dengan hasil yang diberikan?",
    "kompetensi": "Bagaimana pendapat Saudara tentang kompetensi/kemampuan petugas dalam pelayanan?",
    "perilaku": "Bagaimana pendapat Saudara perilaku petugas dalam pelayanan terkait kesopanan dan keramahan?",
    "sarana": "Bagaimana pendapat Saudara tentang kualitas sarana dan prasarana?",
    "pengaduan": "Bagaimana pendapat Saudara tentang penanganan pengaduan pengguna layanan?",
}
HIGH_AND_LOW = {
    "persyaratan": ("Sangat sesuai", "Tidak sesuai"),
    "prosedur": ("d. Sangat mudah", "a. Tidak mudah"),
    "waktu": ("D", "a"),
    "biaya": ("Gratis", "Sangat mahal"),
    "produk": ("4. Sangat sesuai", "1. Tidak sesuai"),
    "kompetensi": ("(d) Sangat kompeten", "(a) Tidak kompeten"),
    "perilaku": ("Sangat sopan dan ramah", "Tidak sopan dan ramah"),
    "sarana": ("Sangat Baik", "Buruk"),
    "pengaduan": ("Dikelola dengan baik.", "Tidak ada"),
}


def test_a_survey_as_a_google_form_writes_it_is_read():
    answers = {QUESTIONS[e]: list(HIGH_AND_LOW[e]) for e in QUESTIONS}
    frame = pd.DataFrame({"Timestamp": ["2025/01/06 9:01:22", "2025/01/17 10:00:00"], **answers})
    survey = read_survey(frame, as_of="2025-12-31", office="Dinas A")
    assert sorted(survey.records.collect()["ikm"].to_list()) == [25.0, 100.0]


def test_options_that_run_the_other_way_are_refused():
    answers = {QUESTIONS[e]: list(HIGH_AND_LOW[e]) for e in QUESTIONS}
    answers[QUESTIONS["prosedur"]] = ["a. Sangat mudah", "d. Tidak mudah"]
    frame = pd.DataFrame({"Timestamp": ["2025-01-06", "2025-01-17"], **answers})
    with pytest.raises(
        InputError, match=r"'prosedur': answer '[ad]\. .*' means [14] by its words and [14] by its sign"
    ):
        read_survey(frame, as_of="2025-12-31", office="Dinas A")


def test_a_recap_without_a_period_is_told_its_period():
    frame = pd.DataFrame({"office": ["O1", "O2"], "n": [60, 80], **{e: ["3,25", "3,5"] for e in HIGH_AND_LOW}})
    recap = read_survey_aggregates(frame, period="Semester I 2024", respondents="n")
    assert recap.frame()[["month", "months"]].values.tolist() == [[12 * 2024, 6]] * 2
    with pytest.raises(InputError, match="Periode"):
        read_survey_aggregates(frame, period="Periode", respondents="n")


def test_an_office_in_several_spellings_is_one_office_in_answers_and_in_recaps() -> None:
    frame = answers(4, **{"Perangkat Daerah": ["Dinas A", "Dinas A", "DINAS A", "Dinas\u00a0A\u200b"]})
    with pytest.warns(DataWarning, match="read as one unit, 'Dinas A'"):
        survey = read_survey(frame, as_of=AS_OF)
    assert set(survey.records.collect()["office"].to_list()) == {"Dinas A"}
    recap = pd.DataFrame(
        {"office": ["Dinas A", "DINAS A"], "Periode": ["Semester I 2024", "Semester II 2024"], "n": 60}
    )
    recap = recap.assign(**dict.fromkeys(ELEMENTS, 3.5))
    with pytest.warns(DataWarning, match="read as one unit"):
        found = read_survey_aggregates(recap, period="Periode", respondents="n")
    assert set(found.rows["office"]) in ({"Dinas A"}, {"DINAS A"})


@pytest.mark.parametrize("periods", [["2024-1", "2024-2"], ["1/2024", "2/2024"]])
def test_a_number_that_may_be_a_month_or_a_half_year_is_asked_about(periods):
    recap = pd.DataFrame({"office": "Dinas A", "Periode": periods, "n": 60}).assign(**dict.fromkeys(ELEMENTS, 3.5))
    with pytest.raises(InputError, match="months, quarters or half-years"):
        read_survey_aggregates(recap, period="Periode", respondents="n")


# --- without dates, and with headings that differ


def test_answers_without_a_date_have_the_period_of_all() -> None:
    undated = answers().drop(columns="Tanggal")
    survey = read_survey(undated, as_of=AS_OF, period="Semester I 2024")
    assert set(survey.records.collect()["month"].to_list()) == {12 * 2024}
    assert survey.ledger.kept == 6
    assert any("first month of Semester I 2024 (6 months)" in note for note in survey.notes)
    with pytest.raises(InputError, match="Both date and period"):
        read_survey(answers(), as_of=AS_OF, period="2024", date="Tanggal")
    with pytest.raises(InputError):
        read_survey(undated, as_of=AS_OF, period="sometime")


def test_headings_that_differ_between_files_are_a_list(tmp_path) -> None:
    one, two = answers(), answers(seed=2).rename(columns={"Perangkat Daerah": "Nama Dinas", "waktu": "Kecepatan kami"})
    for name, frame in (("a.csv", one), ("b.csv", two)):
        frame.to_csv(tmp_path / name, index=False)
    named = {"office": ["Perangkat Daerah", "Nama Dinas"], "waktu": ["waktu", "Kecepatan kami"]}
    both = read_survey(tmp_path, as_of=AS_OF, columns=named)
    assert both.ledger.kept == 12
    assert index_of(both) == sorted([*index_of(read_survey(one, as_of=AS_OF)), *_index_of_renamed(two)])


def _index_of_renamed(frame):
    return index_of(read_survey(frame.rename(columns={"Kecepatan kami": "waktu", "Nama Dinas": "OPD"}), as_of=AS_OF))


def test_a_moment_has_its_month_in_the_zone_of_the_study() -> None:
    moments = pd.to_datetime(["2024-02-29 20:00", "2024-03-31 20:00"], utc=True)
    rows = pd.DataFrame({"office": "O1", "Periode": moments, "n": [60, 80], **{e: ["3,25", "3,5"] for e in ELEMENTS}})
    found = read_survey_aggregates(rows, period="Periode", respondents="n", zone="Asia/Jayapura")
    assert found.rows["month"].tolist() == [12 * 2024 + 2, 12 * 2024 + 3]


def test_the_year_of_a_recap_may_stand_in_the_name_of_its_sheet(tmp_path):
    path = tmp_path / "rekap.xlsx"
    with pd.ExcelWriter(path) as book:
        for name, base in (("2023", 3.0), ("IKM 2024", 3.2)):
            rows = {"UNIT PELAYANAN": ["A", "A", "B"], "PERIODE": ["Semester I", "Semester II", "Semester I"]}
            means = {"U1": [base, base + 0.1, base], "U2": [base] * 3}
            pd.DataFrame({**rows, "JUMLAH RESPONDEN": [30, 40, 50], **means}).to_excel(
                book, sheet_name=name, index=False
            )
    how = {"period": "PERIODE", "respondents": "JUMLAH RESPONDEN", "columns": {"office": "UNIT PELAYANAN"}}
    elements = {"persyaratan": "U1", "prosedur": "U2"}
    read = read_survey_aggregates(path, **how, elements=elements, year="sheet")
    assert sorted(read.frame()["period"].unique()) == [
        *("Semester I 2023", "Semester I 2024", "Semester II 2023", "Semester II 2024"),
    ]
    with pytest.raises(InputError, match="Semester I"):
        read_survey_aggregates(path, **how, elements=elements)
    plain = tmp_path / "rekap.csv"
    pd.read_excel(path, engine="openpyxl").to_csv(plain, index=False)
    with pytest.raises(InputError, match=r"'rekap.csv' holds no year"):
        read_survey_aggregates(plain, **how, elements=elements, year="sheet")


@pytest.mark.parametrize(
    ("heading", "values", "first", "months"),
    [
        ("Semester", ["I", "II"], ["2023-01", "2023-07"], 6),
        ("Triwulan", ["1", "2"], ["2023-01", "2023-04"], 3),
        ("Bulan", ["Januari", "Februari"], ["2023-01", "2023-02"], 1),
    ],
)
def test_a_column_of_years_beside_that_of_the_periods_is_read_with_it(tmp_path, heading, values, first, months):
    rows = [f"Dinas {o};2023;{v};81,2;50" for o in "AB" for v in values]
    text = "\n".join([f"Perangkat Daerah;Tahun;{heading};Nilai IKM;Jumlah Responden", *rows])
    (tmp_path / "rekap.csv").write_text(text + "\n", encoding="utf-8")
    found = read_survey_aggregates(tmp_path / "rekap.csv", period=heading, respondents="Jumlah Responden")
    assert sorted(set(found.frame()["month"])) == [12 * int(m[:4]) + int(m[5:]) - 1 for m in first]
    assert set(found.frame()["months"]) == {months}


@pytest.mark.parametrize("index", ["Nilai IKM", "IKM", "Indeks Kepuasan Masyarakat (IKM)", "Nilai SKM"])
def test_a_recap_of_the_index_alone_by_semester_is_read_as_offices_write_it(tmp_path, index):
    path = tmp_path / "rekap.xlsx"
    with pd.ExcelWriter(path) as book:
        for year, rest in (("2023", ["80,25", "82"]), ("2024", ["81,25", "83"])):
            rows = {"Perangkat Daerah": ["A", None, "B", None, "Rata-rata"], "Semester": ["I", "II", "I", "II", None]}
            values = {"Jumlah Responden": [30, 40, 50, 60, None], index: [*rest, "76,5", "78", "79,2"]}
            pd.DataFrame({**rows, **values}).to_excel(book, sheet_name=year, index=False)
    how = {"period": "Semester", "respondents": "Jumlah Responden", "year": "sheet", "fill_down": ["office"]}
    read = read_survey_aggregates(path, **how)
    assert read.elements == ("ikm",)
    panel = satisfaction_panel(read)
    assert panel.mean.tolist() == [[80.25, 82.0, 81.25, 83.0], [76.5, 78.0, 76.5, 78.0]]
    assert panel.n.tolist() == [[30.0, 40.0, 30.0, 40.0], [50.0, 60.0, 50.0, 60.0]]
    assert panel.timeline.period_months == 6
    assert "25 to 100" in str(panel.outcome.unit)


def test_an_index_that_is_none_is_refused():
    rows = pd.DataFrame({"office": ["A"], "Triwulan": ["II 2024"], "n": [50], "IKM": [3.2]})
    with pytest.raises(InputError, match="25"):
        read_survey_aggregates(rows, period="Triwulan", respondents="n")
    read = read_survey_aggregates(rows.assign(IKM=80.0), period="Triwulan", respondents="n")
    assert read.frame()[["month", "months"]].to_numpy().tolist() == [[12 * 2024 + 3, 3]]
    with pytest.raises(InputError):
        skm_index(read)


@pytest.mark.parametrize(
    ("text", "first", "length"),
    [
        *(("Januari s.d. Maret 2024", 0, 3), ("Jan-Mar 2024", 0, 3), ("April s/d Juni 2024", 3, 3)),
        *(("Juli sampai dengan Desember 2024", 6, 6), ("Januari 2024 - Desember 2024", 0, 12)),
    ],
)
def test_two_months_are_the_part_of_a_year_between_them(text, first, length):
    assert survey_period(text) == (12 * 2024 + first, length)


@pytest.mark.parametrize("text", ["Januari s.d. Mei 2024", "Mar-Mei 2024", "Okt 2023 s.d. Maret 2024", "Mar-Jan 2024"])
def test_a_stretch_that_is_no_part_of_a_year_is_refused(text):
    with pytest.raises(InputError, match="2024"):
        survey_period(text)


def _panel_of(periods):
    rows = [[f"Dinas {u}", p, 60, 80.0 + at] for u in "ABCD" for at, p in enumerate(periods)]
    recap = pd.DataFrame(rows, columns=["OPD", "Periode", "n", "Nilai IKM"])
    return satisfaction_panel(read_survey_aggregates(recap, period="Periode", respondents="n"), "ikm")


@pytest.mark.parametrize("numbers", [["2024-01", "2024-07"], ["01/2024", "07/2024"]])
def test_months_that_stand_for_half_years_shift_no_course(numbers):
    with pytest.warns(DataWarning, match=r"read as 6 months each.*Juli 2024"):
        panel = _panel_of(numbers)
    said = _panel_of(["Semester I 2024", "Semester II 2024"])
    assert (panel.timeline.frequency, panel.timeline.labels) == (said.timeline.frequency, said.timeline.labels)
    placed = panel.timeline.place(["2024-09-15"])
    assert (placed.steps.tolist(), placed.partly.tolist()) == ([np.inf], [1.0])  # inside the second half, the last


def test_months_far_apart_that_begin_no_period_are_said_to_be_months():
    with pytest.warns(DataWarning, match=r"lie 6 months apart.*Semester II 2024"):
        assert _panel_of(["2024-06", "2024-12"]).timeline.span == 1
    assert _panel_of(["Januari 2024", "Juli 2024"]).timeline.span == 1
    assert _panel_of(["2024-01", "2024-02", "2024-07"]).timeline.span == 1


@pytest.mark.parametrize("typed", [False, True])
def test_forms_that_are_copies_to_the_second_count_once(tmp_path, typed):
    frame = answers(20).assign(No=range(20))
    frame["Tanggal"] = pd.date_range("2024-03-14", periods=20, freq="h")
    again = pd.concat([frame, frame.iloc[5:8].assign(No=[20, 21, 22]), frame.iloc[:1]])
    source = again if typed else tmp_path / "skm.csv"
    again.assign(Tanggal=again["Tanggal"].dt.strftime("%d/%m/%Y %H:%M:%S")).to_csv(tmp_path / "skm.csv", index=False)
    with pytest.warns(DataWarning, match="4 rows are exact copies of others, to the second, and count once"):
        read = read_survey(source, as_of=AS_OF)
    assert (read.ledger.read, read.ledger.kept, len(read.records.collect())) == (24, 20, 20)
    assert not [name for name in (*read.columns, *read.headings) if name.startswith("asn_")]
    with pytest.warns(DataWarning, match="count as often as they stand there"):
        each = read_survey(source, as_of=AS_OF, copies="each")
    assert (each.ledger.kept, len(each.records.collect())) == (24, 24)


def test_answers_of_one_day_are_no_copies(tmp_path):
    days = answers(20).assign(Tanggal="14/03/2024", No=1)
    pd.concat([days, days]).to_csv(tmp_path / "days.csv", index=False)
    assert read_survey(tmp_path / "days.csv", as_of=AS_OF).ledger.kept == 40
