"""Two regencies in one folder: offices of one name are two, equal numbers two cases, nothing is pooled unasked."""

import warnings

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import asn_impact as ai
from asn_impact.errors import DataWarning, InputError
from asn_impact.intake.readers.other_courses import read_other_courses
from asn_impact.study.gains import read_ratings, read_tests

NAMES = ("Kabupaten Tebo", "Kab. Bungo")


def cases(regency, wait, n=30):
    received = pd.date_range("2024-01-02", periods=n, freq="7D")
    return pd.DataFrame(
        {
            "No Permohonan": [f"P-{i:03d}" for i in range(n)],
            "Perangkat Daerah": ["Dinas Kesehatan", "Dinas Sosial"] * (n // 2),
            "Tanggal Masuk": received.strftime("%Y-%m-%d"),
            "Tanggal Selesai": (received + pd.Timedelta(days=wait)).strftime("%Y-%m-%d"),
            "Kabupaten/Kota": regency,
        }
    )


BOTH = pd.concat([cases(NAMES[0], 3), cases(NAMES[1], 10)], ignore_index=True)


def read(source, **options):
    return ai.read_exports(source, as_of="2025-06-30", selection="received", **options)


def quietly(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return read(source, **options)


def offices_of(extract):
    return sorted(set(extract.records.collect()["office"].to_list()))


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas])
def test_rows_of_two_regencies_are_refused_with_the_lines_to_write(engine):
    with pytest.raises(InputError, match=r"2 regencies.*regency='Bungo'.*compare.*regency='all'") as found:
        read(engine(BOTH))
    assert "columns={'regency': None}" in found.value.message.text("id")


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas])
def test_offices_of_one_name_are_two_and_equal_numbers_two_cases(engine):
    extract = read(engine(BOTH), regency="all")
    assert extract.ledger.kept == len(BOTH)
    assert offices_of(extract) == [f"{r} / {o}" for r in ("Bungo", "Tebo") for o in ("Dinas Kesehatan", "Dinas Sosial")]


@pytest.mark.parametrize("asked", ["Kab. Tebo", "tebo", "KABUPATEN TEBO"])
def test_one_regency_is_read_alone_however_it_is_written(asked):
    extract = read(BOTH, regency=asked)
    assert extract.ledger.kept == 30
    assert offices_of(extract) == ["Dinas Kesehatan", "Dinas Sosial"]


def test_a_regency_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(InputError, match=r"No row is of 'Tobe'.*'Bungo', 'Tebo'"):
        read(BOTH, regency="Tobe")


def test_two_spellings_of_one_regency_are_one_and_change_nothing():
    frame = BOTH.assign(**{"Kabupaten/Kota": ["Kab. Tebo", "TEBO"] * 30, "No Permohonan": range(100, 160)})
    assert offices_of(read(frame)) == ["Dinas Kesehatan", "Dinas Sosial"]


def test_a_city_is_another_than_the_regency_of_its_name():
    frame = BOTH.assign(**{"Kabupaten/Kota": ["Kota Solok"] * 30 + ["Kab. Solok"] * 30})
    assert len(offices_of(read(frame, regency="all"))) == 4


def test_where_applicants_live_is_no_regency_of_an_office():
    home = ["Kab. Tebo"] * 56 + ["Kota Jambi", "Kab. Bungo"] * 2
    frame = BOTH.assign(**{"Kabupaten/Kota": home, "No Permohonan": range(100, 160)})
    extract = read(frame)
    assert offices_of(extract) == ["Dinas Kesehatan", "Dinas Sosial"]
    assert any(note.key == "intake.regency.of_applicants" for note in extract.notes)


def test_a_column_of_regencies_that_is_kept_stays_a_column():
    extract = read(BOTH, regency="all", keep=["regency"])
    assert set(extract.records.collect()["regency"].to_list()) == set(NAMES)


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas])
@pytest.mark.parametrize("kept", ["regency", "Kabupaten/Kota"])
@pytest.mark.parametrize("other", ["KAB. BUNGO", "Kabupaten Bungo", "Bungo", "Kab. Bungo "])
def test_a_regency_in_two_spellings_is_one_group_and_said(engine, kept, other):
    frame = pd.concat([cases(NAMES[0], 3), cases(([NAMES[1]] * 2 + [other] * 2) * 8, 10, n=32)], ignore_index=True)
    extract = quietly(engine(frame), regency="all", keep=[kept])
    assert len(set(extract.records.collect()[kept].to_list())) == 2
    said = [note.key for note in extract.notes if note.key.startswith("intake.regency.")]
    assert ("intake.regency.joined" in said) == (other.strip() != NAMES[1])
    panel = ai.tabulate(ai.measure(extract, ai.WorkCalendar.indonesia()), ai.RestrictedMean(10), by=(kept, "office"))
    assert len(panel.units) == 4


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("nothing", [None, " "])
def test_a_row_without_a_regency_is_left_out_for_that_and_not_for_its_office(engine, nothing):
    frame = BOTH.assign(**{"Kabupaten/Kota": [*BOTH["Kabupaten/Kota"][:-4], *[nothing] * 4]})
    frame.loc[59, "Perangkat Daerah"] = None
    extract = quietly(engine(frame), regency="all")
    dropped = {why.key: n for why, n in extract.ledger.dropped.items()}
    assert dropped == {"reasons.no_regency": 3, "reasons.no_office": 1}
    assert (extract.dropped("id") == "tanpa nama kabupaten/kota").sum().sum() == 3
    notes = {note.key: note for note in quietly(engine(frame), regency="Tebo").notes}
    assert dict(notes["intake.regency.lacking"].values)["n"] == 3


def test_many_rows_without_a_regency_are_told_to_fill_it_down(tmp_path):
    frame = BOTH.assign(**{"Kabupaten/Kota": [NAMES[0], *[None] * 29, NAMES[1], *[None] * 29]})
    frame.to_csv(tmp_path / "izin.csv", index=False)
    with pytest.raises(InputError, match=r"no regency 58.*fill_down=\[.regency.\]"):
        read(tmp_path / "izin.csv", regency="all")
    assert read(tmp_path / "izin.csv", regency="all", fill_down=["regency"]).ledger.kept == 60


@pytest.mark.parametrize("nested", [True, False])
def test_a_folder_for_each_regency_says_whose_offices_they_are(tmp_path, nested):
    for name, wait in (("Kab Tebo", 3), ("Kota_Jambi", 10)):
        (tmp_path / name).mkdir()
        cases("", wait).drop(columns="Kabupaten/Kota").to_csv(tmp_path / name / "izin.csv", index=False)
    source = tmp_path if nested else [tmp_path / "Kab Tebo", tmp_path / "Kota_Jambi"]
    with pytest.raises(InputError, match="2 regencies: 'Kota Jambi', 'Tebo'"):
        read(source)
    assert read(source, regency="all").ledger.kept == 60
    assert read(source, regency="Kota Jambi").ledger.kept == 30


def test_folders_of_years_stay_one_regency(tmp_path):
    for name, first in (("2023", 100), ("2024", 200)):
        (tmp_path / name).mkdir()
        rows = cases("", 3).drop(columns="Kabupaten/Kota").assign(**{"No Permohonan": range(first, first + 30)})
        rows.to_csv(tmp_path / name / "izin.csv", index=False)
    assert offices_of(read([tmp_path / "2023", tmp_path / "2024"])) == ["Dinas Kesehatan", "Dinas Sosial"]


def in_folders(tmp_path, *names, **others):
    for name, wait in zip(names, (3, 10), strict=True):
        (tmp_path / name).mkdir()
        rows = cases("", wait).drop(columns="Kabupaten/Kota").assign(**others.get(name, {}))
        rows.to_csv(tmp_path / name / "izin.csv", index=False)
    return [tmp_path / name for name in names]


@pytest.mark.parametrize("files", [True, False])
def test_two_folders_that_share_an_office_are_asked_about_and_never_pooled_unasked(tmp_path, files):
    source = in_folders(tmp_path, "batanghari", "muaro_jambi")
    source = [folder / "izin.csv" for folder in source] if files else source
    with pytest.raises(
        InputError, match=r"2 folders.*'Muaro Jambi'.*'Dinas .*regency='Batanghari'.*regency='all'"
    ) as found:
        read(source)
    assert "Bila satu folder satu kabupaten" in found.value.message.text("id")
    assert read(source, regency="all").ledger.kept == 60
    assert offices_of(read(source, regency="all"))[0] == "Batanghari / Dinas Kesehatan"
    assert read(source, regency="muaro jambi").ledger.kept == 30


def test_folders_said_to_be_of_one_regency_are_read_as_one(tmp_path):
    later = {"No Permohonan": [f"Q-{i}" for i in range(30)]}
    source = in_folders(tmp_path, "batanghari", "muaro_jambi", muaro_jambi=later)
    extract = read(source, columns={"regency": None})
    assert offices_of(extract) == ["Dinas Kesehatan", "Dinas Sosial"]
    assert extract.ledger.kept == 60


def test_a_folder_for_each_office_or_for_each_time_is_not_asked_about(tmp_path):
    of_offices = {name: {"Perangkat Daerah": name, "No Permohonan": [f"{name}{i}" for i in range(30)]} for name in "AB"}
    (tmp_path / "1").mkdir()
    assert offices_of(read(in_folders(tmp_path / "1", "A", "B", **of_offices))) == ["A", "B"]
    (tmp_path / "2").mkdir()
    early = {"Tanggal Masuk": "2022-02-01", "Tanggal Selesai": "2022-02-08", "No Permohonan": range(30)}
    assert read(in_folders(tmp_path / "2", "arsip", "baru", arsip=early)).ledger.kept == 60


def test_training_and_cases_call_an_office_the_same():
    training = pd.DataFrame(
        {
            "Perangkat Daerah": ["DINKES", "Dinas Sosial"],
            "Kabupaten": ["TEBO", "Kab. Bungo"],
            "Pelatihan": "E-Government",
            "Tanggal Selesai": ["2024-03-05", "2024-05-20"],
            "Jumlah Lulus": [4, 6],
        }
    )
    with pytest.raises(InputError, match="2 regencies"):
        ai.read_training(training)
    aliases = {"DINKES": "Dinas Kesehatan"}
    rollout = ai.read_training(training, regency="all", offices=aliases)
    assert rollout.adopted.index.tolist() == ["Bungo / Dinas Sosial", "Tebo / Dinas Kesehatan"]
    units = set(offices_of(read(BOTH, regency="all")))
    assert set(rollout.adopted.index) <= units
    alone = ai.read_training(training, regency="Kab. Tebo", offices=aliases)
    assert alone.adopted.astype(str).to_dict() == {"Dinas Kesehatan": "2024-03"}


def test_steps_surveys_and_projects_are_told_apart_too():
    steps = BOTH.rename(columns={"Tanggal Masuk": "step_start", "Tanggal Selesai": "step_end"}).assign(
        step="Verifikasi"
    )
    with pytest.raises(InputError, match="2 regencies"):
        ai.read_step_log(steps, as_of="2025-06-30")
    log = ai.read_step_log(steps, as_of="2025-06-30", regency="all", selection="received")
    assert len(offices_of(log.cases)) == 4
    assert len(set(log.steps.collect()["office"].to_list())) == 4
    projects = BOTH.rename(columns={"Tanggal Masuk": "Tanggal"})
    with pytest.raises(InputError, match="2 regencies"):
        ai.read_observations(projects, as_of="2025-06-30", date="Tanggal")
    assert len(offices_of(ai.read_observations(projects, as_of="2025-06-30", date="Tanggal", regency="all"))) == 4


TAUGHT = pd.DataFrame(
    {
        "NIP": ["198701012011011001", "198701012011011002"],
        "Perangkat Daerah": ["Dinas Kesehatan", "Dinas Kesehatan"],
        "Kabupaten": NAMES,
        "Pelatihan": "E-Government",
        "Tanggal Selesai": ["2024-03-05", "2024-05-20"],
    }
)
POSTS = pd.DataFrame(
    {"NIP": TAUGHT["NIP"], "Unit": ["Dinkes", "Dinas Sosial"], "TMT": "2023-01-01", "Kabupaten": ["TEBO", "Bungo"]}
)


@pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
@pytest.mark.parametrize("named", [True, False])
def test_a_history_of_positions_by_regency_places_persons_in_the_office_of_theirs(named):
    taught = TAUGHT if named else TAUGHT.drop(columns="Perangkat Daerah")
    rollout = ai.read_training(taught, positions=POSTS, regency="all", offices={"Dinkes": "Dinas Kesehatan"})
    assert rollout.adopted.astype(str).to_dict() == {
        "Bungo / Dinas Sosial": "2024-05",
        "Tebo / Dinas Kesehatan": "2024-03",
    }


def test_a_history_of_positions_without_regencies_says_the_column_to_add():
    with pytest.raises(InputError, match="Add a column Kabupaten") as found:
        ai.read_training(TAUGHT, positions=POSTS.drop(columns="Kabupaten"), regency="all")
    assert "position_columns" in found.value.message.text("id")


@pytest.mark.parametrize("engine", [lambda f: f, pl.from_pandas, pl.LazyFrame])
def test_regencies_are_told_by_their_values_under_any_heading(engine, tmp_path):
    other = BOTH.rename(columns={"Kabupaten/Kota": "Asal Peserta"})
    with pytest.raises(InputError, match=r"'Asal Peserta' holds 2 regencies.*'Dinas Kesehatan'.*regency='Bungo'"):
        read(engine(other))
    numbers = [f"P-{i:03d}" for i in range(len(other))]
    other.assign(**{"No Permohonan": numbers}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match=r"'Asal Peserta' holds 2 regencies"):
        read(tmp_path)
    assert read(engine(other), columns={"regency": "Asal Peserta"}, regency="Tebo").ledger.kept == len(BOTH) / 2
    assert read(tmp_path, columns={"regency": None}).ledger.read == len(BOTH)
    at_home = other.iloc[: len(other) // 2].assign(**{"Asal Peserta": [NAMES[1]] * 4 + [NAMES[0]] * 26})
    assert read(engine(at_home)).ledger.read == len(at_home)  # where two applicants live, not whose office it is


def test_persons_of_two_regencies_are_not_added_to_one_office():
    persons = pd.DataFrame(
        {
            "Unit Kerja": ["Dinas A"] * 6,
            "NIP": [f"1980010120050110{i:02}" for i in range(6)],
            "Nama Pelatihan": "Bimtek",
            "Tanggal Selesai": "2024-05-07",
            "Asal Peserta": ["Kab. Rawa Lebak"] * 3 + ["Kota Muara Tenang"] * 3,
        }
    )
    options = {"share": 0.5, "course": "Bimtek", "staff": {"Dinas A": 8}}
    with pytest.raises(InputError, match=r"'Asal Peserta' holds 2 regencies"):
        ai.read_training(persons, **options)


def test_complaints_of_one_regency_are_read():
    rows = BOTH.rename(columns={"Perangkat Daerah": "Instansi Terdisposisi", "Tanggal Masuk": "Tanggal Laporan"})
    assert ai.read_complaints(rows, as_of="2025-06-30", regency="Bungo").ledger.kept == len(BOTH) / 2


def test_other_courses_are_those_of_the_regency_that_is_read():
    sessions = pd.DataFrame(
        {
            "office": "Dinas A",
            "course": ["E-Gov", "Etika", "Arsip"],
            "course_end": pd.to_datetime(["2024-03-05", "2024-03-20", "2024-04-02"]),
            "passed_count": 3,
            "kabupaten": [NAMES[0], NAMES[0], NAMES[1]],
        }
    )
    others = read_other_courses(sessions, course="E-Gov", regency="Tebo")
    assert others["course"].tolist() == ["Etika"]


def test_recaps_of_surveys_are_told_apart_and_their_totals_stay_totals():
    recap = pd.DataFrame(
        {
            "Kabupaten/Kota": [*NAMES, *NAMES],
            "OPD": ["Dinas Kesehatan", "Dinas Kesehatan", "Jumlah", "Jumlah"],
            "Periode": "2024",
            "n": 60,
            "Nilai IKM": [80.0, 70.0, 80.0, 70.0],
        }
    )
    with pytest.raises(InputError, match=r"2 regencies.*regency='Bungo'"):
        ai.read_survey_aggregates(recap, period="Periode", respondents="n")
    every = ai.read_survey_aggregates(recap, period="Periode", respondents="n", regency="all")
    assert every.ledger.kept == 2
    assert every.rows["office"].tolist() == ["Tebo / Dinas Kesehatan", "Bungo / Dinas Kesehatan"]
    one = ai.read_survey_aggregates(recap, period="Periode", respondents="n", regency="kab. tebo")
    assert one.rows[["office", "ikm"]].to_numpy().tolist() == [["Dinas Kesehatan", 80.0]]


@pytest.mark.parametrize("reader", [read_tests, read_ratings])
def test_tests_and_ratings_are_told_apart(reader):
    persons = pd.DataFrame(
        {
            "NIP": [f"1980010120050110{i:02}" for i in range(4)],
            "Kabupaten": NAMES[0],
            "Unit Kerja": "Dinas Kesehatan",
            "Pre": [1, 2, 3, 4],
            "Post": [3, 4, 5, 6],
        }
    )
    persons.loc[2:, "Kabupaten"] = NAMES[1]
    how = {"person": "NIP", "before": "Pre", "after": "Post"}
    if reader is read_ratings:
        persons = persons.melt(["NIP", "Kabupaten", "Unit Kerja"], var_name="Waktu", value_name="Nilai")
        how |= {"when": "Waktu", "scores": ["Nilai"]}
    with pytest.raises(InputError, match=r"2 regencies.*regency='Bungo'"):
        reader(persons, **how)
    assert reader(persons, **how, regency="Tebo").before.tolist() == [1, 2]
    every = reader(persons, **how, regency="all")
    assert sorted(set(every.office)) == ["Bungo / Dinas Kesehatan", "Tebo / Dinas Kesehatan"]
    assert any(note.key == "intake.regency.all" for note in every.notes)


def test_offices_of_two_regencies_are_no_spellings_of_one():
    pairs = [("Dinkes", "Tebo"), ("Dinas Kesehatan", "Bungo"), ("Dishub", "Bungo"), ("Dinas Perhubungan", "Bungo")]
    rows = [cases(regency, 5).assign(**{"Perangkat Daerah": office}) for office, regency in pairs]
    with pytest.warns(DataWarning):
        extract = ai.read_exports(pd.concat(rows), as_of="2025-01-31", regency="all")
    asked = [(note["first"], note["second"]) for note in extract.notes if note.key == "intake.office.alike"]
    assert asked == [("Dishub", "Dinas Perhubungan")]
