"""Dated records: what is read, what is left out and counted, and what never enters."""

import datetime as dt
import warnings

import pandas as pd
import polars as pl
import pytest

from asn_impact.errors import DataWarning, InputError, PrivacyError
from asn_impact.intake.privacy import pseudonym
from asn_impact.intake.readers.observations import read_observations, with_days, with_flag, with_recorded
from asn_impact.measures.outcomes import Count, Score, Share
from asn_impact.measures.tabulate import tabulate

from .conftest import codes

KEY = b"0123456789abcdef0123456789abcdef"
PROJECTS = (
    "Daftar Kegiatan 2024;;;;\n"
    "Perangkat Daerah;Tanggal Mulai;Rencana Selesai;Realisasi Selesai;Pagu\n"
    "Dinas A;17 Januari 2024;01/06/2024;11/06/2024;1.500.000,50\n"
    "Dinas A;18 Januari 2024;01/06/2024;-;2.500.000,00\n"
    "Dinas B;05 Pebruari 2024;30/11/2024;25/11/2024;750.000,00\n"
    "JUMLAH;;;;4.750.000,50\n"
)


def write(tmp_path, text, name="kegiatan.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8-sig")
    return path


def projects(path, **more):
    return read_observations(
        path,
        as_of="2024-12-31",
        date="Tanggal Mulai",
        numbers=["Pagu"],
        moments=["Rencana Selesai", "Realisasi Selesai"],
        **more,
    )


def test_a_file_as_offices_write_it_becomes_typed_records_with_every_row_accounted_for(tmp_path):
    found = projects(write(tmp_path, PROJECTS))
    assert repr(found.ledger) == "Ledger(read 4 = kept 3 + dropped 1: row of totals 1)"
    assert found.notes[-1].text("id") == "1 dari 4 baris dikeluarkan: baris jumlah 1."
    rows = found.records.collect().to_pandas().sort_values("Pagu")
    assert rows["Pagu"].tolist() == [750_000.0, 1_500_000.5, 2_500_000.0]
    assert rows["month"].tolist() == [12 * 2024 + 1, 12 * 2024, 12 * 2024]
    assert rows["day"].tolist() == [dt.date(2024, 2, d).toordinal() for d in (5,)] + [
        dt.date(2024, 1, d).toordinal() for d in (17, 18)
    ]
    assert found.as_of_day == dt.date(2024, 12, 31).toordinal()
    assert found.sources[0].name == "kegiatan.csv"
    assert len(found.sources[0].sha256) == 64


def test_scores_shares_and_counts_are_tabulated_by_month(tmp_path):
    found = projects(write(tmp_path, PROJECTS))
    panel = tabulate(found, Score("Pagu"), by="office")
    assert panel.timeline.labels == ("2024-01", "2024-02")
    assert panel.mean[0, 0] == 2_000_000.25
    assert tabulate(found, Count(), by="office").mean.tolist() == [[2.0, 0.0], [0.0, 1.0]]


def test_workbooks_and_frames_of_any_kind_give_the_same_records(tmp_path):
    frame = pd.DataFrame({"office": ["O1", "O2"], "at": ["2024-03-01", "2024-04-02"], "score": ["3,5", "4,25"]})
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    reads = [frame, pl.from_pandas(frame), tmp_path / "a.xlsx"]
    answers = [
        read_observations(s, as_of="2024-12-31", date="at", numbers=["score"])
        .records.select("office", "score", "month", "day")
        .sort("office")
        .collect()
        .rows()
        for s in reads
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0][:2] == ("O1", 3.5)


def test_typed_numbers_stay_what_they_are_and_the_frame_is_not_changed():
    frame = pd.DataFrame({"office": ["O1"], "at": pd.to_datetime(["2024-03-01"]), "n": pd.array([None], "Int64")})
    before = frame.copy(deep=True)
    found = read_observations(frame, as_of="2024-12-31", date="at", numbers=["n"])
    assert found.records.collect()["n"].to_list() == [None]
    pd.testing.assert_frame_equal(frame, before)


def test_later_dates_and_rows_without_a_date_or_office_are_dropped_and_counted():
    frame = pd.DataFrame(
        {"office": ["O1", "O1", "O1", None], "at": pd.to_datetime(["2024-03-01", "2025-03-01", None, "2024-03-02"])}
    )
    with pytest.warns(DataWarning, match="3 of 4 rows left out"):
        found = read_observations(frame, as_of="2024-12-31", date="at")
    assert {str(r): n for r, n in found.ledger.dropped.items()} == {
        "no date": 1,
        "dated after as_of": 1,
        "no office": 1,
    }


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1.234", "5.678"], "can be read in two ways"),
        (["1,5", "2.5"], "mixes decimal commas and decimal points"),
        (["1", "baik"], "are no numbers"),
    ],
)
def test_a_column_of_numbers_that_cannot_be_read_in_one_way_is_refused(cells, message):
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"] * 2), "x": cells})
    with pytest.raises(InputError, match=message):
        read_observations(frame, as_of="2024-12-31", date="at", numbers=["x"])


def test_the_style_of_numbers_can_be_settled():
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"]), "x": ["1.234"]})
    for style, number in (("1.234,56", 1234.0), ("1,234.56", 1.234)):
        found = read_observations(frame, as_of="2024-12-31", date="at", numbers=["x"], style=style)
        assert found.records.collect()["x"].to_list() == [number]


def test_an_order_of_day_and_month_that_nothing_tells_is_asked_for_under_the_heading():
    frame = pd.DataFrame({"office": "O1", "at": ["03/04/2024"], "end": ["05/06/2024"]})
    with pytest.raises(InputError, match="Column 'at' can be read day first or month first") as error:
        read_observations(frame, as_of="2024-12-31", date="at")
    assert 'dates={"at": "day-first"}' in str(error.value)
    found = read_observations(
        frame, as_of="2024-12-31", date="at", moments=["end"], dates={"at": "day-first", "end": "month-first"}
    )
    assert found.records.select("date", "end").collect().rows() == [(dt.date(2024, 4, 3), dt.date(2024, 5, 6))]
    with pytest.raises(InputError, match="which is no date here"):
        read_observations(frame, as_of="2024-12-31", date="at", dates={"start": "day-first"})


def test_placeholders_and_single_texts_in_a_further_date_are_missing_and_counted():
    ends = [f"2024-05-{d:02d}" for d in range(1, 20)] + ["9999-12-31", "segera"]
    frame = pd.DataFrame({"office": "O1", "at": ["2024-03-01"] * len(ends), "end": ends})
    with pytest.warns(DataWarning, match="end: 1 texts are no date"):
        found = read_observations(frame, as_of="2024-12-31", date="at", moments=["end"])
    assert found.records.collect()["end"].to_list().count(None) == 2


def test_a_column_that_holds_no_dates_is_refused():
    frame = pd.DataFrame({"office": "O1", "at": ["baik", "cukup", "2024-03-01"]})
    with pytest.raises(InputError, match="2 of 3 texts are no date"):
        read_observations(frame, as_of="2024-12-31", date="at")


def test_persons_enter_as_keyed_pseudonyms_only():
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"] * 3), "NIP": ["A 1", "a1", None]})
    with pytest.warns(DataWarning, match="no person 1"):
        found = read_observations(frame, as_of="2024-12-31", date="at", person="NIP", key=KEY)
    people = found.records.collect()["person"].to_list()
    assert people == [pseudonym("person", "A1", KEY)] * 2
    assert "A 1" not in repr(found) + found._repr_html_()
    assert "officer" not in found.columns


def test_a_person_without_a_key_or_as_a_kept_column_is_refused():
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"]), "NIP": ["A1"]})
    with pytest.raises(PrivacyError, match="needs a key"):
        read_observations(frame, as_of="2024-12-31", date="at", person="NIP")
    with pytest.raises(PrivacyError, match="identifies persons"):
        read_observations(frame, as_of="2024-12-31", date="at", keep=["NIP"])
    with pytest.raises(PrivacyError, match="last digits are lost"):
        read_observations(frame.assign(NIP=[1.5e17]), as_of="2024-12-31", date="at", person="NIP", key=KEY)


def test_names_that_are_made_here_or_given_twice_are_refused():
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"]), "month": [3], "x": [1]})
    with pytest.raises(InputError, match="are made here"):
        read_observations(frame, as_of="2024-12-31", date="at", numbers=["month"])
    with pytest.raises(InputError, match="named more than once"):
        read_observations(frame, as_of="2024-12-31", date="at", numbers=["x"], keep=["x"])
    renamed = read_observations(frame, as_of="2024-12-31", date="at", numbers=["m"], columns={"m": "month"})
    assert renamed.records.collect()["m"].to_list() == [3.0]


def test_an_office_for_all_rows_can_be_given():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-03-01"])})
    found = read_observations(frame, as_of="2024-12-31", date="at", office="O9")
    assert found.records.collect()["office"].to_list() == ["O9"]


# --- verbs ----------------------------------------------------------------------------------------------------


def late(plan, done, as_of="2024-12-31", horizon=60):
    frame = pd.DataFrame(
        {
            "office": "O1",
            "at": pd.to_datetime(["2024-01-05"]),
            "plan": pd.to_datetime([plan]),
            "done": pd.to_datetime([done]),
        }
    )
    read = read_observations(frame, as_of=as_of, date="at", moments=["plan", "done"])
    return (
        with_days(read, start="plan", end="done", name="late", horizon=horizon).records.collect()["late"].to_list()[0]
    )


def test_days_are_counted_up_to_the_horizon_and_an_open_project_counts_as_the_horizon():
    assert late("2024-06-01", "2024-06-11") == 10
    assert late("2024-06-01", "2024-05-30") == -2
    assert late("2024-06-01", "2024-12-01") == 60
    assert late("2024-06-01", None) == 60


def test_what_cannot_answer_yet_has_no_value_finished_or_not():
    plan = pd.to_datetime(["2024-06-01", "2024-12-15", "2024-12-15"])
    done = pd.to_datetime(["2024-06-03", "2024-12-16", None])
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 3), "plan": plan, "done": done})
    read = read_observations(frame, as_of="2024-12-31", date="at", moments=["plan", "done"])
    made = with_days(read, start="plan", end="done", name="late", horizon=60)
    assert sorted(made.records.collect()["late"].to_list(), key=str) == [2.0, None, None]
    assert "2 of 3 cannot answer" in str(made.notes[-1])
    with pytest.warns(DataWarning, match="2 records without a value"):
        assert tabulate(made, Score("late"), by="office").mean.tolist() == [[2.0]]


def test_dates_after_the_export_and_columns_that_are_no_dates_are_refused():
    with pytest.raises(InputError, match="after as_of"):
        late("2024-06-01", "2025-01-01")
    with pytest.raises(InputError, match="Use a shorter horizon"):
        late("2024-12-20", None)
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-01-05"]), "x": [1.0]})
    read = read_observations(frame, as_of="2024-12-31", date="at", numbers=["x"])
    with pytest.raises(InputError, match="no dates"):
        with_days(read, start="date", end="x", name="late", horizon=5)
    with pytest.raises(InputError, match="is not in the records"):
        with_days(read, start="date", end="done", name="late", horizon=5)


def test_a_flag_is_a_share_and_a_word_that_does_not_occur_is_a_slip():
    frame = pd.DataFrame(
        {"office": "O1", "at": pd.to_datetime(["2024-01-05"] * 4), "kanal": ["Daring", "DARING ", "Loket", ""]}
    )
    read = read_observations(frame, as_of="2024-12-31", date="at", keep=["kanal"])
    flagged = with_flag(read, column="kanal", true=["daring"], name="digital")
    with pytest.warns(DataWarning, match="1 records without a value"):
        assert tabulate(flagged, Share("digital"), by="office").mean[0, 0] == pytest.approx(2 / 3)
    with pytest.raises(InputError, match="does not hold 'darin'"):
        with_flag(read, column="kanal", true=["darin"], name="digital")
    with pytest.raises(InputError, match="already"):
        with_flag(flagged, column="kanal", true=["daring"], name="digital")


def test_a_record_without_a_status_counts_as_not_recorded_and_is_never_left_out():
    """`with_flag` leaves empty cells missing, so that the share of recorded ones would always be 1."""
    frame = pd.DataFrame(
        {
            "office": "O1",
            "at": pd.to_datetime(["2024-01-05"] * 6),
            "status": ["Selesai", "Proses", "", "  ", "-", None],
            "score": [1.0, None, 0.0, 2.0, 3.0, 4.0],
            "answered": pd.to_datetime(["2024-02-05", None, "2024-02-05", "1900-01-01", None, None]),
        }
    )
    read = read_observations(
        frame, as_of="2024-12-31", date="at", keep=["status"], numbers=["score"], moments=["answered"]
    )
    for column, share in {"status": 2 / 6, "score": 5 / 6, "answered": 2 / 6}.items():
        told = with_recorded(read, column=column, name="told")
        panel = tabulate(told, Share("told"), by="office")
        assert (panel.mean[0, 0], panel.n[0, 0]) == (pytest.approx(share), 6)
    assert str(told.notes[-1]) == "told: 1 where answered was filled in, 0 in the 4 of 6 records where it was not."
    with pytest.raises(InputError, match="'stat' is not in the records"):
        with_recorded(read, column="stat", name="told")
    with pytest.raises(InputError, match="already"):
        with_recorded(read, column="status", name="score")


def test_kept_columns_called_as_those_of_permits_are_kept_as_they_are():
    """An open complaint is no record that contradicts itself, and two that share a number are no copies."""
    frame = pd.DataFrame(
        {
            "case": ["A1", "A1", "A2"],
            "office": "O1",
            "received": pd.to_datetime(["2024-01-05", "2024-01-05", "2024-01-08"]),
            "decided": pd.to_datetime(["2024-02-05", None, None]),
            "status": ["Selesai", "Proses", "tidak jelas"],
        }
    )
    read = read_observations(frame, as_of="2024-12-31", date="received", keep=["status", "case"], moments=["decided"])
    rows = read.records.collect().to_pandas().sort_values("status", ignore_index=True)
    assert (read.ledger.read, read.ledger.kept) == (3, 3)
    assert rows["status"].tolist() == ["Proses", "Selesai", "tidak jelas"]
    assert rows["case"].tolist() == ["A1", "A1", "A2"]
    assert rows["decided"].astype(str).str[:10].tolist()[1] == "2024-02-05"
    assert rows["decided"].notna().tolist() == [False, True, False]


def test_a_date_that_is_no_date_is_named_by_its_heading_in_every_language():
    frame = pd.DataFrame({"office": "O1", "at": ["03/04/2024"]})
    with pytest.raises(InputError) as error:
        read_observations(frame, as_of="2024-12-31", date="at")
    assert "'at'" in error.value.text("id")
    assert "received" not in error.value.text("id") + error.value.text("en")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"numbers": "x"}, r"Expected a tuple of names: numbers=\('x',\)"),
        ({"keep": [1]}, r"keep=\[1\]"),
        ({"date": None}, "Expected a text"),
        ({"style": "1.234"}, "Expected '1.*or '1,234"),
    ],
)
def test_arguments_of_read_observations_are_checked(asked, message):
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"]), "x": [1]})
    with pytest.raises(InputError, match=message):
        read_observations(frame, **{"as_of": "2024-12-31", "date": "at", **asked})


def test_arguments_of_derived_columns_are_checked():
    frame = pd.DataFrame({"office": "O1", "at": pd.to_datetime(["2024-03-01"]), "kanal": ["Loket"]})
    visits = read_observations(frame, as_of="2024-12-31", date="at", keep=["kanal"])
    with pytest.raises(InputError, match=r"with_days\(horizon=0\). Expected a whole number, 1 or more"):
        with_days(visits, start="date", end="date", name="n", horizon=0)
    with pytest.raises(InputError, match=r"Expected a tuple of names: true=\('loket',\)"):
        with_flag(visits, column="kanal", true="loket", name="n")
    with pytest.raises(InputError, match="Expected a text"):
        with_recorded(visits, column="kanal", name=1)


def test_an_office_in_several_spellings_is_one_office_in_every_reader_of_dated_records() -> None:
    names = ["Dinas A", "DINAS A", "Dinas A\u200b", " Dinas\u00a0A", "Dinas B"]
    frame = pd.DataFrame({"office": names, "tanggal": [f"{13 + i}/03/2024" for i in range(5)], "n": ["1"] * 5})
    with pytest.warns(DataWarning, match="read as one unit, 'Dinas A'"):
        found = read_observations(frame, as_of="2024-12-31", date="tanggal", numbers=["n"])
    assert sorted(found.records.collect()["office"].to_list()) == ["Dinas A"] * 4 + ["Dinas B"]


@pytest.mark.parametrize(
    "word", ["JUMLAH", "Total Keseluruhan", "Sub Total", "Rata - rata", "Rerata", "jumlah s.d. Mei"]
)
def test_a_row_of_totals_is_no_office_though_it_has_a_date(word: str) -> None:
    frame = pd.DataFrame(
        {"office": ["Dinas A", "Total 5 Express", word], "tanggal": ["2024-03-14"] * 3, "n": [1, 2, 3]}
    )
    found = read_observations(frame, as_of="2024-12-31", date="tanggal", numbers=["n"])
    assert sorted(found.records.collect()["office"].to_list()) == ["Dinas A", "Total 5 Express"]
    assert codes(found.ledger) == {"row_of_totals": 1}


def test_a_column_of_delays_that_is_blank_and_never_0_is_said():
    frame = pd.DataFrame({"office": "O1", "at": ["2024-03-04", "2024-03-05", "2024-03-06"], "Lama": [2, "", 3]})
    late = frame.assign(**{"Hari terlambat": [7, "", ""]})
    with pytest.warns(DataWarning, match="If blank stands for on time"):
        found = read_observations(late, as_of="2024-12-31", date="at", numbers=["Hari terlambat", "Lama"])
    (note,) = [note for note in found.notes if note.key == "observations.blank_delay"]
    assert "is blank in 2 of 3 rows, and 0 in none" in str(note)
    zero = frame.assign(**{"Hari terlambat": [7, "", 0]})
    found = read_observations(zero, as_of="2024-12-31", date="at", numbers=["Hari terlambat"])
    assert not [note for note in found.notes if note.key == "observations.blank_delay"]


@pytest.mark.parametrize(
    ("column", "other", "aloud"),
    [
        ("Target (%)", "Realisasi (%)", True),
        ("Realisasi", "Target", False),
        ("Hari", "Hari Terlambat", False),
        ("Jam Proses", "Lama (hari)", False),
        ("Skor", "Indeks", False),
        ("Skor", "Indeks (huruf)", None),
        ("Biaya", "Target", None),
    ],
)
def test_another_column_that_measures_the_same_is_said(tmp_path, column, other, aloud):
    cells = "B" if "huruf" in other else "80"
    rows = [f"Dinas {'AB'[i % 2]},2024-03-{i:02d},{70 + i},{cells},{i}" for i in range(1, 20)]
    (tmp_path / "a.csv").write_text("\n".join([f"office,date,{column},{other},No", *rows, ""]), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = read_observations(tmp_path / "a.csv", as_of="2024-12-31", date="date", numbers=[column])
    said = {note.key: note for note in read.notes if "beside" in note.key}
    assert [*said] == ([] if aloud is None else ["observations.planned_beside" if aloud else "observations.beside"])
    assert all(note["others"] == (other,) for note in said.values())
    if aloud is not None:
        both = read_observations(tmp_path / "a.csv", as_of="2024-12-31", date="date", numbers=[column, other])
        assert not [note for note in both.notes if "beside" in note.key]
